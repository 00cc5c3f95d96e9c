//! Tables that gradebooks of learning platforms import. Whoever was not graded has no row:
//! an empty grade would take away the one that is there.

use super::csv::{plain, table};
use crate::record::{Person, Record};

/// The name of the column in Canvas. A new name makes a new assignment there.
const ASSIGNMENT: &str = "Small web servers";

/// Canvas: a person is found by the SIS login, which is the id on the roster, or the name of
/// the submission. The row below the head says how many points there are.
pub(super) fn canvas(records: &[Record]) -> String {
    let row = |cells: [&str; 5]| cells.map(String::from).to_vec();
    let all = records
        .first()
        .map_or(0, |record| record.all_points)
        .to_string();
    let mut rows = vec![
        row(["Student", "ID", "SIS Login ID", "Section", ASSIGNMENT]),
        row(["Points Possible", "", "", "", &all]),
    ];
    for record in records.iter().filter(|record| record.is_graded()) {
        let known = |part: fn(&Person) -> &String| {
            let part = record.person.as_ref().map(part);
            plain(part.filter(|text| !text.is_empty()).unwrap_or(&record.who))
        };
        let (name, login) = (known(|person| &person.name), known(|person| &person.id));
        rows.push(row([&name, "", &login, "", &record.points.to_string()]));
    }
    table(rows)
}

/// Moodle: the worksheet of an assignment, whose downloaded submissions are named
/// `Ada Lovelace_12345_assignsubmission_file_`. Other names are taken for users' names. The
/// import of a gradebook finds people by the address for mail, if the roster has it.
pub(super) fn moodle(records: &[Record]) -> String {
    let head = [
        "Identifier",
        "Full name",
        "Email address",
        "Grade",
        "Maximum Grade",
        "Feedback comments",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for record in records.iter().filter(|record| record.is_graded()) {
        let mut parts = record.who.split('_');
        let name = parts.next().unwrap_or_default();
        let number = parts.next().filter(|number| number.parse::<u64>().is_ok());
        let (identifier, name) = match number {
            Some(number) => (format!("Participant {number}"), name),
            None => (record.who.clone(), &*record.who),
        };
        let person = record.person.clone().unwrap_or_default();
        let name = if person.name.is_empty() {
            name
        } else {
            &person.name
        };
        rows.push(vec![
            plain(&identifier),
            plain(name),
            // Moodle minds capitals there.
            plain(&person.email),
            record.points.to_string(),
            record.all_points.to_string(),
            feedback(record),
        ]);
    }
    table(rows)
}

/// A line for each lesson that has not all points.
fn feedback(record: &Record) -> String {
    let lessons = record
        .lessons
        .iter()
        .filter(|lesson| lesson.points < lesson.all_points);
    let lines = lessons.map(|lesson| {
        let checks = lesson.checks().filter(|check| !check.private);
        let mistakes = checks.flat_map(|check| &check.mistakes);
        let mut says: Vec<&str> = mistakes.map(|mistake| mistake.says.as_str()).collect();
        says.dedup();
        let says = says
            .first()
            .map(|says| format!(" {says}"))
            .unwrap_or_default();
        format!(
            "{}: {} of {}.{says}",
            lesson.lesson, lesson.points, lesson.all_points
        )
    });
    let adjustments = record.adjustments.iter().map(ToString::to_string);
    let lines: Vec<String> = lines.chain(adjustments).collect();
    match lines.is_empty() {
        true => "All points.".into(),
        false => lines.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;
    use crate::record::State;

    #[test]
    fn canvas_finds_people_by_their_login() {
        assert_eq!(
            canvas(&class()),
            "Student,ID,SIS Login ID,Section,Small web servers\n\
             Points Possible,,,,12\n\
             ada,,ada,,12\n\
             \"bob, jr.\",,\"bob, jr.\",,1\n\
             cy <3,,cy <3,,0\n"
        );
    }

    #[test]
    fn the_roster_knows_names_logins_and_addresses() {
        let mut class = class();
        class.truncate(1);
        class[0].person = Some(Person {
            name: "Ada Lovelace".into(),
            id: "al7".into(),
            email: "Ada@example.org".into(),
        });
        let last = |table: String| table.lines().last().map(String::from);
        let canvas = last(canvas(&class)).unwrap();
        assert_eq!(canvas, "Ada Lovelace,,al7,,12");
        let moodle = last(moodle(&class)).unwrap();
        assert_eq!(moodle, "ada,Ada Lovelace,Ada@example.org,12,12,All points.");
    }

    #[test]
    fn moodle_finds_people_by_their_number() {
        let mut class = class();
        class[0].who = "Ada Lovelace_12345_assignsubmission_file_".into();
        class[2].lessons[0].state = State::NotGraded;
        assert_eq!(
            moodle(&class),
            "Identifier,Full name,Email address,Grade,Maximum Grade,Feedback comments\n\
             Participant 12345,Ada Lovelace,,12,12,All points.\n\
             \"bob, jr.\",\"bob, jr.\",,1,12,\"ant: 1 of 6. You count from 0. Count from 1 & <up>.\n\
             bee: 0 of 6.\"\n"
        );
    }
}
