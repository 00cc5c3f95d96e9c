//! Markdown: the points, and the reports, one part for each submission. It is made to be
//! sent, so what the instructor's own checks ask is not told.

use crate::record::{LessonRecord, Outcome, Record, State};

pub(super) fn write(records: &[Record]) -> String {
    let parts: Vec<String> = records.iter().map(of_one).collect();
    parts.join("\n")
}

fn of_one(record: &Record) -> String {
    let Record {
        who,
        points,
        all_points,
        ..
    } = record;
    let mut text = format!("# {}: {points} of {all_points} points\n\n", plain(who));
    text += "| lesson | points | steps |\n| --- | --- | --- |\n";
    for lesson in &record.lessons {
        let LessonRecord {
            number,
            lesson: name,
            points,
            all_points,
            ..
        } = lesson;
        text += &format!(
            "| {number} {} | {points} of {all_points} | {} |\n",
            plain(name),
            steps(lesson)
        );
    }
    let adjustments = record.adjustments.iter().map(ToString::to_string);
    for note in record.notes.iter().cloned().chain(adjustments) {
        text += &format!("\n{}\n", plain(&note));
    }
    for lesson in &record.lessons {
        for chosen in &lesson.variant {
            text += &format!("\n{}: {}\n", plain(&lesson.lesson), plain(&chosen.told()));
        }
    }
    for lesson in &record.lessons {
        let why = (lesson.why.as_ref(), "what the compiler says");
        let failed = lesson
            .checks()
            .filter(|check| check.outcome == Outcome::Failed && !check.private);
        let reports = failed.map(|check| (check.report.as_ref(), check.name.as_str()));
        for (report, name) in [why].into_iter().chain(reports) {
            if let Some(report) = report {
                let fence = fence(report);
                text += &format!(
                    "\n## {}: {}\n\n{fence}text\n{}\n{fence}\n",
                    plain(&lesson.lesson),
                    plain(name),
                    report.trim_end()
                );
            }
        }
    }
    text
}

fn steps(lesson: &LessonRecord) -> String {
    use crate::record::StepState::{Failed, NotGraded, Open, Passed};
    match lesson.state {
        State::DoesNotCompile => return "does not compile".into(),
        State::Missing => return "missing".into(),
        State::NotGraded => return "**not graded**: the grader's fault".into(),
        State::Graded => {}
    }
    let steps = lesson.steps.iter().map(|step| {
        let word = match step.state {
            Passed => "passed",
            Failed => "failed",
            Open => "open",
            NotGraded => "not graded",
        };
        format!("{} {word}", step.step)
    });
    steps.collect::<Vec<_>>().join(", ")
}

/// A fence that no line of the text ends.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Text in which nothing means anything to Markdown.
fn plain(text: &str) -> String {
    let special = |c: char| "\\`*_[]<>|#&".contains(c);
    text.chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{class, with_variant};

    #[test]
    fn a_submission_is_a_part_with_its_reports() {
        let text = write(&class()[1..2]);
        let expected = "\
# bob, jr.: 1 of 12 points

| lesson | points | steps |
| --- | --- | --- |
| 1 ant | 1 of 6 | 1 failed, 2 open |
| 2 bee | 0 of 6 | does not compile |

main.rs was taken for 1\\_ant.rs.

## ant: check of 2

```text
step 1: check
asked  curl 'x' <b>
```

## bee: what the compiler says

```text
error: expected `;`
 --> starter/2_bee.rs:3:5
```
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_student_is_told_the_own_variant() {
        let text = write(&[with_variant()]);
        let told = "\n\nant: In this copy of the lesson, the \\<path\\> is b.\n\n";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn no_report_ends_its_fence() {
        assert_eq!(fence("a ``` b"), "````");
        assert_eq!(fence(""), "```");
    }
}
