//! A page for each student: the points, what is missing, and why. It has a bounded size, is
//! one file, and says nothing of others, nor of what the instructor's own checks ask.

use std::path::Path;
use std::{fs, io};

use crate::format::{bounded, escape};
use crate::record::{LessonRecord, Outcome, Record, State, Step, StepState};

/// The most characters of one report, and of all on a page.
const LONGEST: usize = 6_000;
const MOST: usize = 200_000;

/// Writes the page of each record into this folder, which is made.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(records: &[Record], folder: &Path) -> Result<(), String> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for record in records {
            fs::write(folder.join(file_name(&record.who)), page(record))?;
        }
        Ok(())
    };
    write().map_err(|error| format!("cannot write into {}: {error}", folder.display()))
}

/// A name that leads nowhere else, and that every system can have.
fn file_name(who: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | ',' | '@');
    let plain: String = who
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    format!("{}.html", plain.trim_matches([' ', '.']))
}

fn page(record: &Record) -> String {
    let name = record.person.as_ref().map(|person| person.name.as_str());
    let name = name.filter(|name| !name.is_empty()).unwrap_or(&record.who);
    let mut left = MOST;
    let mut rows = String::new();
    let mut parts = String::new();
    for lesson in &record.lessons {
        rows += &row(lesson);
        parts += &of_lesson(lesson, &mut left);
    }
    let points = match record.is_graded() {
        true => format!("{} of {} points", record.points, record.all_points),
        false => "not all of it is graded yet".into(),
    };
    let said = record.notes.iter().cloned();
    let said = said.chain(record.adjustments.iter().map(ToString::to_string));
    let said: String = said
        .map(|text| format!("<p>{}</p>\n", escape(&text)))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: {points}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         <h1>{name}: {points}</h1>\n{said}<table class=\"lessons\">\n{rows}</table>\n{parts}\
         <p class=\"quiet\">Graded {time}, with seed {seed}. The same checks on your computer: \
         <code>GRADE_SEED={seed} cargo test -p LESSON</code></p>\n</body>\n</html>\n",
        name = escape(name),
        style = include_str!("format/report.css"),
        time = escape(&record.grading.time.replace('T', ", ").replace('Z', " UTC")),
        seed = escape(&record.grading.seed),
    )
}

fn row(lesson: &LessonRecord) -> String {
    let steps = match lesson.state {
        State::Graded => {
            let steps = lesson.steps.iter().map(|step| {
                let state = match step.state {
                    StepState::Passed => "done",
                    StepState::Failed => "failing",
                    StepState::Open => "open",
                    StepState::NotGraded => "not graded",
                };
                format!("step {} {state}", step.step)
            });
            steps.collect::<Vec<_>>().join(", ")
        }
        State::DoesNotCompile => "does not compile".into(),
        State::Missing => "not handed in".into(),
        State::NotGraded => "not graded, which is not your fault".into(),
    };
    format!(
        "<tr><th>{} {}</th><td>{} of {}</td><td>{steps}</td></tr>\n",
        lesson.number,
        escape(&lesson.lesson),
        lesson.points,
        lesson.all_points
    )
}

/// What a lesson's report says, as long as there is room for it.
fn of_lesson(lesson: &LessonRecord, left: &mut usize) -> String {
    let mut parts = String::new();
    if lesson.state == State::DoesNotCompile {
        parts += &report(lesson.why.as_deref().unwrap_or_default(), left);
    }
    for step in lesson
        .steps
        .iter()
        .filter(|_| lesson.state == State::Graded)
    {
        parts += &of_step(step, left);
    }
    let variant = lesson.variant.iter();
    let variant = variant.map(|chosen| format!("<p>{}</p>\n", escape(&chosen.told())));
    match parts.is_empty() {
        true => parts,
        false => format!(
            "<h2>{} {}</h2>\n{}{parts}",
            lesson.number,
            escape(&lesson.lesson),
            variant.collect::<String>()
        ),
    }
}

fn of_step(step: &Step, left: &mut usize) -> String {
    let failed = || {
        step.checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed)
    };
    let mut parts = String::new();
    let mut said = Vec::new();
    for check in failed().filter(|check| !check.private) {
        for mistake in &check.mistakes {
            if !said.contains(&&mistake.says) {
                said.push(&mistake.says);
                parts += &format!("<p>{}</p>\n", escape(&mistake.says));
            }
        }
        let text = check.report.as_deref().unwrap_or_default();
        parts += &format!(
            "<details><summary>{}</summary>\n{}</details>\n",
            escape(&check.name),
            report(text, left)
        );
    }
    let private = failed().filter(|check| check.private).count();
    if private > 0 {
        let checks = grader::count(private, "check");
        parts += &format!("<p>{checks} of the instructor's own did not pass.</p>\n");
    }
    if step.state == StepState::Open {
        parts += "<p>Still a <code>todo!()</code>.</p>\n";
    }
    let title = step.title.clone();
    let title = title.unwrap_or_else(|| format!("Step {}", step.step));
    match parts.is_empty() {
        true => parts,
        false => format!(
            "<h3>{}: {} of {}</h3>\n{parts}",
            escape(&title),
            step.points,
            step.all_points
        ),
    }
}

fn report(text: &str, left: &mut usize) -> String {
    let shown = bounded(text, LONGEST.min(*left));
    *left = left.saturating_sub(shown.chars().count());
    format!("<pre>{}</pre>\n", escape(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class, with_variant};

    #[test]
    fn a_page_says_what_is_missing_and_why() {
        let page = page(&class()[1]);
        for part in [
            "<h1>bob, jr.: 1 of 12 points</h1>",
            "<p>main.rs was taken for 1_ant.rs.</p>",
            "<tr><th>1 ant</th><td>1 of 6</td><td>step 1 failing, step 2 open</td></tr>",
            "<tr><th>2 bee</th><td>0 of 6</td><td>does not compile</td></tr>",
            "<h3>Step 1: 1 of 3</h3>\n<p>You count from 0. Count from 1 &amp; &lt;up&gt;.</p>",
            "<details><summary>check of 2</summary>\n<pre>step 1: check\nasked  curl &#39;x&#39; &lt;b&gt;\n</pre>",
            "<h3>Step 2: 0 of 3</h3>\n<p>Still a <code>todo!()</code>.</p>",
            "<pre>error: expected `;`\n --&gt; starter/2_bee.rs:3:5</pre>",
        ] {
            assert!(page.contains(part), "{part}\nis not in\n{page}");
        }
        assert!(super::page(&adjusted()).contains("<p>−3 points: 2 days late"));
    }

    #[test]
    fn a_page_says_which_variant_a_report_is_of() {
        let page = page(&with_variant());
        let told =
            "<h2>1 ant</h2>\n<p>In this copy of the lesson, the &lt;path&gt; is b.</p>\n<h3>";
        assert!(page.contains(told), "{page}");
    }

    #[test]
    fn nothing_is_said_of_others_or_of_private_checks() {
        let mut record = class().remove(1);
        record.similar = vec![crate::record::Similar {
            lesson: "ant".into(),
            with: "ada".into(),
            percent: 100,
            passages: Vec::new(),
        }];
        record.lessons[0].steps[0].checks[1].private = true;
        let page = page(&record);
        assert!(!page.contains("ada"), "{page}");
        assert!(!page.contains("curl"), "{page}");
        assert!(
            page.contains("<p>1 check of the instructor's own did not pass."),
            "{page}"
        );
    }

    #[test]
    fn a_page_is_bounded() {
        let mut record = class().remove(1);
        record.lessons[0].steps[0].checks[1].report = Some("x".repeat(100_000));
        record.lessons = vec![record.lessons[0].clone(); 200];
        assert!(page(&record).len() < 2 * MOST, "{}", page(&record).len());
    }

    #[test]
    fn the_name_of_a_file_leads_nowhere_else() {
        assert_eq!(file_name("../../Ada <3"), "_.._Ada _3.html");
        assert_eq!(file_name("Ada Lovelace_12"), "Ada Lovelace_12.html");
        let folder = tempfile::tempdir().unwrap();
        write(&class(), folder.path()).unwrap();
        assert!(folder.path().join("bob, jr.html").is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
