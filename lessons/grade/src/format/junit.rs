//! JUnit's XML: a suite for each lesson of each submission, a case for each check. It has no
//! points, so a case names them.

use crate::format::{count, escape};
use crate::record::{Check, LessonRecord, Outcome, Record, State};

pub(super) fn write(records: &[Record]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for record in records {
        for lesson in &record.lessons {
            xml += &suite(record, lesson);
        }
    }
    xml + "</testsuites>\n"
}

fn suite(record: &Record, lesson: &LessonRecord) -> String {
    let name = escape(&format!("{} {}", record.who, lesson.lesson));
    let cases: Vec<(String, &Check)> = lesson
        .steps
        .iter()
        .flat_map(|step| {
            step.checks
                .iter()
                .map(|check| (format!("step {}: {}", step.step, check.name), check))
        })
        .collect();
    let number = |outcomes: &[Outcome]| {
        let with = cases
            .iter()
            .filter(|(_, check)| outcomes.contains(&check.outcome));
        with.count()
    };
    let (all, error) = (cases.len(), lesson.state == State::NotGraded);
    // A check that nobody did because the program does not compile has failed.
    let failed = number(&[Outcome::Failed, Outcome::NotGraded]);
    let (failures, errors) = if error { (0, failed) } else { (failed, 0) };
    let skipped = number(&[Outcome::Open, Outcome::Ignored]);
    let mut xml = format!(
        "  <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n"
    );
    for (title, check) in &cases {
        let title = escape(&format!(
            "{title} ({})",
            count(check.points as usize, "point")
        ));
        let head = format!("    <testcase classname=\"{name}\" name=\"{title}\"");
        let why = check.report.as_ref().or(lesson.why.as_ref());
        let why = escape(why.map_or("", String::as_str));
        let message = escape(
            &check
                .mistakes
                .iter()
                .map(|mistake| &*mistake.name)
                .collect::<Vec<_>>()
                .join(" + "),
        );
        xml += &match (check.outcome, error) {
            (Outcome::Passed, _) => format!("{head}/>\n"),
            (Outcome::Open | Outcome::Ignored, _) => {
                format!("{head}><skipped message=\"{why}\"/></testcase>\n")
            }
            (_, true) => format!("{head}><error message=\"{message}\">{why}</error></testcase>\n"),
            (_, false) => {
                format!("{head}><failure message=\"{message}\">{why}</failure></testcase>\n")
            }
        };
    }
    xml + "  </testsuite>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn each_check_is_a_case() {
        let xml = write(&class()[1..2]);
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
  <testsuite name=\"bob, jr. ant\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">
    <testcase classname=\"bob, jr. ant\" name=\"step 1: check of 1 (1 point)\"/>
    <testcase classname=\"bob, jr. ant\" name=\"step 1: check of 2 (2 points)\"><failure message=\"one-too-few\">step 1: check
asked  curl &#39;x&#39; &lt;b&gt;
</failure></testcase>
    <testcase classname=\"bob, jr. ant\" name=\"step 2: check of 3 (3 points)\"><skipped message=\"\"/></testcase>
  </testsuite>
";
        assert!(xml.starts_with(expected), "{xml}");
        assert_eq!(
            xml.matches("<failure message=\"\">error: expected `;`")
                .count(),
            3
        );
    }
}
