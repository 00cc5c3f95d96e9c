//! Tables for the terminal: of a class, a row for each submission; of one submission, a row
//! for each lesson, and below it the reports.

use grader::count;

use crate::record::{LessonRecord, Outcome, Record, State, StepState};

pub(super) fn write(records: &[Record]) -> String {
    match records {
        [one] => of_one(one),
        all => of_class(all),
    }
}

/// Columns as wide as they must be; the last one is not filled up.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn of_one(record: &Record) -> String {
    let mut rows: Vec<Vec<String>> = record.lessons.iter().map(lesson_row).collect();
    let total = format!("{} of {}", record.points, record.all_points);
    rows.push(vec!["total".into(), total, String::new()]);
    let mut text = columns(&rows);
    for note in &record.notes {
        text += &format!("{note}\n");
    }
    for adjustment in &record.adjustments {
        text += &format!("{adjustment}\n");
    }
    for lesson in &record.lessons {
        text += &reports(lesson);
    }
    text
}

fn lesson_row(lesson: &LessonRecord) -> Vec<String> {
    vec![
        format!("{} {}", lesson.number, lesson.lesson),
        format!("{} of {}", lesson.points, lesson.all_points),
        match lesson.state {
            State::Graded => steps(lesson),
            State::DoesNotCompile => "does not compile".into(),
            State::Missing => "missing".into(),
            State::NotGraded => "NOT GRADED, and that is the grader's fault".into(),
        },
    ]
}

/// The steps, those together that have come equally far.
fn steps(lesson: &LessonRecord) -> String {
    let all_points: u32 = lesson.checks().map(|check| check.points).sum();
    if lesson.points == all_points
        && lesson
            .steps
            .iter()
            .all(|step| step.state == StepState::Passed)
    {
        return "done".into();
    }
    let named = |state: StepState, word: &str| {
        let steps = lesson.steps.iter().filter(|step| step.state == state);
        let numbers: Vec<String> = steps.map(|step| step.step.to_string()).collect();
        (!numbers.is_empty()).then(|| format!("{word} {}", numbers.join(" ")))
    };
    let parts = [
        named(StepState::Passed, "passed"),
        named(StepState::Failed, "failed"),
        named(StepState::Open, "open"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Why points are missing.
fn reports(lesson: &LessonRecord) -> String {
    let mut parts = Vec::new();
    if let Some(why) = &lesson.why {
        parts.push(why.trim_end().to_string());
    }
    let failed = lesson
        .checks()
        .filter(|check| check.outcome == Outcome::Failed);
    if lesson.state == State::Graded {
        parts
            .extend(failed.filter_map(|check| Some(check.report.as_ref()?.trim_end().to_string())));
    }
    let heading = format!("\n---- {} {} ----\n", lesson.number, lesson.lesson);
    match parts.is_empty() {
        true => String::new(),
        false => format!("{heading}{}\n", parts.join("\n\n")),
    }
}

fn of_class(records: &[Record]) -> String {
    let lessons = records.first().map_or(&[][..], |record| &record.lessons);
    let mut head = vec!["submission".to_string(), "points".into()];
    head.extend(lessons.iter().map(|lesson| lesson.number.to_string()));
    let mut rows = vec![head];
    rows.extend(records.iter().map(|record| {
        let mut row = vec![
            record.who.clone(),
            format!("{} of {}", record.points, record.all_points),
        ];
        row.extend(record.lessons.iter().map(|lesson| match lesson.state {
            State::Graded => lesson.points.to_string(),
            State::DoesNotCompile => "x".into(),
            State::Missing => "-".into(),
            State::NotGraded => "?".into(),
        }));
        row
    }));
    let mut text = columns(&rows);
    let any = |state: State| {
        let mut lessons = records.iter().flat_map(|record| &record.lessons);
        lessons.any(|lesson| lesson.state == state)
    };
    for (state, mark, words) in [
        (State::DoesNotCompile, "x", "does not compile"),
        (State::Missing, "-", "there is no file for it"),
        (
            State::NotGraded,
            "?",
            "NOT GRADED, and that is the grader's fault: see below",
        ),
    ] {
        if any(state) {
            text += &format!("{mark}  {words}\n");
        }
    }
    for record in records {
        for note in &record.notes {
            text += &format!("{}: {note}\n", record.who);
        }
        for adjustment in &record.adjustments {
            text += &format!("{}: {adjustment}\n", record.who);
        }
        for lesson in record
            .lessons
            .iter()
            .filter(|lesson| lesson.state == State::NotGraded)
        {
            let why = lesson.why.as_deref().unwrap_or_default();
            text += &format!("{}, {}: {why}\n", record.who, lesson.lesson);
        }
    }
    let full = records.iter().filter(|record| record.is_full()).count();
    text += &format!(
        "{}, {full} with full points\n",
        count(records.len(), "submission")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn one_submission_is_told_with_its_reports() {
        let class = class();
        assert_eq!(
            write(&class[..1]),
            "1 ant  6 of 6    done\n2 bee  6 of 6    done\ntotal  12 of 12\n"
        );
        assert_eq!(
            write(&class[1..2]),
            "1 ant  1 of 6   failed 1, open 2\n\
             2 bee  0 of 6   does not compile\n\
             total  1 of 12\n\
             main.rs was taken for 1_ant.rs.\n\
             \n\
             ---- 1 ant ----\n\
             step 1: check\n\
             asked  curl 'x' <b>\n\
             \n\
             ---- 2 bee ----\n\
             error: expected `;`\n \
             --> starter/2_bee.rs:3:5\n"
        );
    }

    #[test]
    fn a_class_is_a_row_for_each() {
        assert_eq!(
            write(&class()),
            "submission  points    1  2\n\
             ada         12 of 12  6  6\n\
             bob, jr.    1 of 12   1  x\n\
             cy <3       0 of 12   -  -\n\
             x  does not compile\n\
             -  there is no file for it\n\
             bob, jr.: main.rs was taken for 1_ant.rs.\n\
             3 submissions, 1 with full points\n"
        );
    }
}
