//! The grading of one file: compiled, run against the checks of its lesson, and read off.

use std::fs;
use std::path::Path;
use std::time::Duration;

use grader::record::{CheckInfo, Finding, What};
use serde::Deserialize;

use crate::compile::{NotCompiled, compile};
use crate::course::Lesson;
use crate::process;
use crate::record::{Check, LessonRecord, Mistake, Outcome, State};
use crate::sandbox::{Confinement, Place};
use crate::submission::Submitted;

/// How long the checks of one lesson may take. Each act has a limit of its own, so this is
/// reached only if something is wrong with the grader.
const LIMIT: Duration = Duration::from_secs(600);

/// The causes that a busy computer could have, too.
const OF_TIME: [&str; 6] = [
    "closed-early",
    "does-not-end",
    "no-answer",
    "no-length",
    "no-start-line",
    "slow-answer",
];

/// How to grade.
#[derive(Clone, Debug)]
pub struct How {
    /// How submissions are confined.
    pub confinement: Confinement,
    /// What values are drawn from.
    pub seed: String,
    /// Whether results are kept, and those of before taken.
    pub keep: bool,
    /// Whether pages are opened in a browser, where a lesson has checks for that.
    pub browser: bool,
}

/// A file that was graded.
#[derive(Debug)]
pub(crate) struct Graded {
    pub(crate) record: LessonRecord,
    /// The first check that failed, or may have failed, because of the time.
    pub(crate) by_time: Option<String>,
}

/// The checks of a lesson, of which none was done.
fn undone(lesson: &Lesson) -> Vec<(u32, Check)> {
    let undone = |check: &CheckInfo, private: bool| {
        let undone = Check {
            name: check.name.clone(),
            points: check.points,
            outcome: Outcome::NotGraded,
            mistakes: Vec::new(),
            report: None,
            private,
        };
        (check.step, undone)
    };
    let own = lesson.checks.iter().map(|check| undone(check, false));
    let private = lesson.private.iter().flat_map(|private| &private.checks);
    own.chain(private.map(|check| undone(check, true)))
        .collect()
}

/// What is said of a lesson for which there is no file.
pub(crate) fn missing(lesson: &Lesson) -> LessonRecord {
    LessonRecord::of(lesson, None, State::Missing, undone(lesson))
}

pub(crate) fn not_graded(
    lesson: &Lesson,
    submitted: &Submitted,
    state: State,
    why: String,
) -> LessonRecord {
    let file = Some(submitted.file.clone());
    LessonRecord {
        why: Some(why),
        ..LessonRecord::of(lesson, file, state, undone(lesson))
    }
}

/// Compiles the file in this folder, which is made: a program, or what there is to say
/// without one.
pub(crate) fn build(
    place: &Place<'_>,
    submitted: &Submitted,
    how: &How,
) -> Result<Vec<String>, Box<LessonRecord>> {
    let fault = |error: std::io::Error| {
        let why = format!("cannot write into {}: {error}", place.folder.display());
        Box::new(not_graded(place.lesson, submitted, State::NotGraded, why))
    };
    if std::str::from_utf8(&submitted.bytes).is_err() {
        let why = "error: the file is no text in UTF-8, so it is no Rust".into();
        return Err(Box::new(not_graded(
            place.lesson,
            submitted,
            State::DoesNotCompile,
            why,
        )));
    }
    how.confinement.prepare(place).map_err(fault)?;
    fs::write(place.source(), &submitted.bytes).map_err(fault)?;
    compile(&how.confinement, place).map_err(|why| {
        let (state, why) = match why {
            NotCompiled::Wrong(why) => (State::DoesNotCompile, why),
            NotCompiled::Fault(why) => (State::NotGraded, why),
        };
        Box::new(not_graded(place.lesson, submitted, state, why))
    })
}

/// Does the checks with the program in this folder: all, or the one of this name.
pub(crate) fn grade(
    place: &Place<'_>,
    submitted: &Submitted,
    how: &How,
    only: Option<&str>,
) -> Graded {
    match report(place, how, only) {
        Ok(report) => {
            // What is printed in the name of bubblewrap may be the program's own words.
            let broken = report.checks.iter().any(Reported::names_the_room);
            let broken = broken && !how.confinement.works(place);
            report.graded(place.lesson, submitted, broken)
        }
        Err(why) => Graded {
            record: not_graded(place.lesson, submitted, State::NotGraded, why),
            by_time: None,
        },
    }
}

/// What the checks say: those of the course, and then the instructor's own.
fn report(place: &Place<'_>, how: &How, only: Option<&str>) -> Result<Report, String> {
    let mut report = report_of(&place.lesson.grader, place, how, only)?;
    if let Some(private) = &place.lesson.private {
        let more = report_of(&private.grader, place, how, only)?;
        report.version = report.version.max(more.version);
        let more = more.checks.into_iter();
        report.checks.extend(more.map(|check| Reported {
            private: true,
            ..check
        }));
    }
    Ok(report)
}

fn report_of(
    checks: &Path,
    place: &Place<'_>,
    how: &How,
    only: Option<&str>,
) -> Result<Report, String> {
    let mut command = how.confinement.grader(place, checks);
    // What fails by time is done once more when nothing else runs: see `class`.
    command.env("GRADE_SEED", &how.seed).env("GRADE_AGAIN", "0");
    if !how.browser {
        command.env("GRADE_BROWSER_STEPS", "0");
    }
    if let Some(only) = only {
        command.args(["--exact", only]);
    }
    let path = place.report();
    let _ = fs::remove_file(&path);
    let ended = process::run(&mut command, LIMIT)
        .map_err(|error| format!("cannot start the checks: {error}"))?;
    let broken = |why: String| format!("the checks have broken: {why}\n{}", ended.stderr.trim());
    if ended.status.is_none() {
        return Err(broken(format!("no end after {} seconds", LIMIT.as_secs())));
    }
    let text = read_plain(&path).map_err(|error| broken(format!("no results ({error})")))?;
    serde_json::from_str(&text).map_err(|error| broken(error.to_string()))
}

fn read_plain(path: &Path) -> std::io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What a run of a grade.rs has written.
#[derive(Debug, Deserialize)]
struct Report {
    version: u32,
    checks: Vec<Reported>,
}

#[derive(Debug, Deserialize)]
struct Reported {
    step: u32,
    name: String,
    points: u32,
    outcome: Outcome,
    message: Option<String>,
    finding: Option<Finding>,
    #[serde(skip)]
    private: bool,
}

impl Report {
    fn graded(self, lesson: &Lesson, submitted: &Submitted, room_is_broken: bool) -> Graded {
        let by_time = self.checks.iter().find(|check| check.is_of_time());
        let by_time = by_time.map(|check| format!("step {}: {}", check.step, check.name));
        let fault = match self.version {
            1 => self
                .checks
                .iter()
                .find_map(|check| check.fault(room_is_broken)),
            other => Some(format!("results of version {other}, which is not known")),
        };
        let checks = self.checks.into_iter().map(Reported::check).collect();
        let state = if fault.is_some() {
            State::NotGraded
        } else {
            State::Graded
        };
        let file = Some(submitted.file.clone());
        Graded {
            record: LessonRecord {
                why: fault,
                ..LessonRecord::of(lesson, file, state, checks)
            },
            by_time,
        }
    }
}

impl Reported {
    fn mistakes(&self) -> Vec<Mistake> {
        let Some(finding) = &self.finding else {
            return Vec::new();
        };
        let told = finding.cause.told().into_iter();
        told.map(|told| Mistake {
            name: told.name.clone(),
            says: told.says.clone(),
        })
        .collect()
    }

    fn is_of_time(&self) -> bool {
        let of_time = |mistake: &Mistake| OF_TIME.contains(&mistake.name.as_str());
        let expected = self
            .finding
            .as_ref()
            .and_then(|finding| finding.expected.as_ref());
        let took = expected.is_some_and(|expected| matches!(expected.what, What::Took(_)));
        self.outcome == Outcome::Failed && (took || self.mistakes().iter().any(of_time))
    }

    /// Whether the program's output has what bubblewrap says when it fails.
    fn names_the_room(&self) -> bool {
        let message = self.message.as_deref();
        message.is_some_and(|message| message.contains("err| bwrap: "))
    }

    /// Why it is the grader that has failed, and not the program.
    fn fault(&self, room_is_broken: bool) -> Option<String> {
        let message = self.message.as_deref().unwrap_or_default();
        let mistakes = self.mistakes();
        let is_fault = mistakes
            .iter()
            .any(|mistake| mistake.name == "grader-fault");
        // The room has a disk of its own, and who has filled it is the program.
        let is_fault = is_fault && !message.contains("No space left on device");
        let no_room = room_is_broken && self.names_the_room();
        (self.outcome == Outcome::Failed && (is_fault || no_room)).then(|| message.to_string())
    }

    fn check(self) -> (u32, Check) {
        let mistakes = self.mistakes();
        let check = Check {
            name: self.name,
            points: self.points,
            outcome: self.outcome,
            mistakes,
            report: self.message,
            private: self.private,
        };
        (self.step, check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::tests::course;
    use crate::hash::hash_of;
    use crate::record::{File, StepState};

    fn submitted() -> Submitted {
        let file = File {
            path: "1_ant.rs".into(),
            sha256: hash_of(b""),
        };
        Submitted {
            file,
            bytes: Vec::new(),
        }
    }

    fn graded(outcomes: [&str; 3], mistake: &str) -> Graded {
        let finding = serde_json::json!({
            "step": 1, "check": "x", "acts": [], "expected": null, "words": null,
            "printed": {"code": null, "stdout": {"head": "", "left_out": 0, "tail": ""},
                "stderr": {"head": "", "left_out": 0, "tail": ""}, "took": {"secs": 0, "nanos": 0}, "asked": []},
            "cause": {"Rule": {"name": mistake, "says": "Mend it."}},
        });
        let check = |step: u32, points: u32, outcome: &str| {
            let finding = if outcome == "failed" {
                finding.clone()
            } else {
                serde_json::Value::Null
            };
            serde_json::json!({"step": step, "name": "x", "points": points, "outcome": outcome,
                "message": "why", "finding": finding})
        };
        let [one, two, three] = outcomes;
        let checks = [check(1, 1, one), check(1, 2, two), check(2, 3, three)];
        let report = serde_json::json!({"version": 1, "checks": checks});
        let report: Report = serde_json::from_value(report).unwrap();
        report.graded(&course().lessons[0], &submitted(), false)
    }

    #[test]
    fn points_are_for_what_has_passed() {
        let Graded { record, by_time } = graded(["passed", "failed", "open"], "too-long");
        assert_eq!((record.points, record.all_points), (1, 6));
        let states: Vec<StepState> = record.steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Failed, StepState::Open]);
        assert_eq!(record.steps[0].checks[1].mistakes[0].name, "too-long");
        assert_eq!(by_time, None);
        let Graded { record, .. } = graded(["passed", "skipped", "ignored"], "");
        assert_eq!((record.points, record.all_points), (1, 1));
    }

    #[test]
    fn what_a_busy_computer_could_have_caused_is_known() {
        let Graded { by_time, .. } = graded(["passed", "passed", "failed"], "no-answer");
        assert_eq!(by_time.as_deref(), Some("step 2: x"));
    }

    #[test]
    fn a_fault_of_the_grader_is_none_of_the_program() {
        let Graded { record, .. } = graded(["passed", "failed", "open"], "grader-fault");
        assert_eq!(record.state, State::NotGraded);
        assert_eq!(record.why.as_deref(), Some("why"));
    }

    #[test]
    fn without_a_file_all_points_are_lost() {
        let record = missing(&course().lessons[0]);
        assert_eq!((record.points, record.all_points), (0, 6));
        assert_eq!(record.state, State::Missing);
    }
}
