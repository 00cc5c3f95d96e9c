//! A table of scores: a row for each submission, a column for each lesson.

use grader::count;

use crate::record::{LessonRecord, Record, State};

pub(super) fn write(records: &[Record]) -> String {
    let lessons = records.first().map_or(&[][..], |record| &record.lessons);
    let mut head = vec!["submission".to_string(), "points".into(), "of".into()];
    head.extend(
        lessons
            .iter()
            .map(|lesson| format!("{} (of {})", lesson.lesson, lesson.all_points)),
    );
    head.push("remarks".into());
    let rows = records.iter().map(row);
    table([head].into_iter().chain(rows))
}

/// Rows of one length, with commas between the cells.
pub(super) fn table(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table
            .write_record(row)
            .expect("memory can be written, and rows have one length");
    }
    let bytes = table.into_inner().expect("memory can be written");
    String::from_utf8(bytes).expect("text remains text")
}

fn row(record: &Record) -> Vec<String> {
    // A lesson that the grader could not grade has no points, not 0 of them.
    let points = |is_graded: bool, points: u32| match is_graded {
        true => points.to_string(),
        false => String::new(),
    };
    let mut row = vec![
        plain(&record.who),
        points(record.is_graded(), record.points),
        record.all_points.to_string(),
    ];
    let lessons = record.lessons.iter();
    row.extend(lessons.map(|lesson| points(lesson.state != State::NotGraded, lesson.points)));
    row.push(remarks(record));
    row
}

/// What the points alone do not say.
fn remarks(record: &Record) -> String {
    let named = |state: State, words: &str| {
        let lessons = record.lessons.iter().filter(|lesson| lesson.state == state);
        let names: Vec<&str> = lessons
            .map(|lesson: &LessonRecord| lesson.lesson.as_str())
            .collect();
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let mut remarks: Vec<String> = [
        named(State::NotGraded, "NOT GRADED, grader's fault"),
        named(State::DoesNotCompile, "does not compile"),
        named(State::Missing, "missing"),
    ]
    .into_iter()
    .flatten()
    .collect();
    remarks.extend(record.adjustments.iter().map(ToString::to_string));
    if !record.notes.is_empty() {
        remarks.push(format!(
            "{}: {}",
            count(record.notes.len(), "note"),
            record.notes.join(" ")
        ));
    }
    plain(&remarks.join("; "))
}

/// Text that no spreadsheet takes for a formula.
pub(super) fn plain(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn each_submission_is_a_row() {
        assert_eq!(
            write(&class()),
            "submission,points,of,ant (of 6),bee (of 6),remarks\n\
             ada,12,12,6,6,\n\
             \"bob, jr.\",1,12,1,0,does not compile: bee; 1 note: main.rs was taken for 1_ant.rs.\n\
             cy <3,0,12,0,0,\"missing: ant, bee\"\n"
        );
    }

    #[test]
    fn what_was_not_graded_has_no_points() {
        let mut records = class();
        records[0].lessons[1].state = State::NotGraded;
        let table = write(&records[..1]);
        let row = table.lines().nth(1).unwrap();
        assert_eq!(row, "ada,,12,6,,\"NOT GRADED, grader's fault: bee\"");
    }

    #[test]
    fn what_a_rule_has_changed_is_a_remark() {
        let table = write(&[crate::format::tests::adjusted()]);
        let row = table.lines().nth(1).unwrap();
        assert_eq!(row, "ada,9,12,6,6,−3 points: 2 days late: 25 % of 12");
    }

    #[test]
    fn no_name_is_a_formula() {
        assert_eq!(plain("=1+1"), "'=1+1");
        assert_eq!(plain("ada"), "ada");
    }
}
