//! What became of a check, and of all checks of a run.

use serde::{Deserialize, Serialize};

use super::{Act, Ended, Expected, Seen};

/// A cause that can be told: its name, which stays the same when the words get better, and
/// what a teacher would say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name, such as `about-with-slash`.
    pub name: String,
    /// What is said of it.
    pub says: String,
}

/// Why a program is wrong, as far as that is sure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It follows from what was seen: a panic, a connection that breaks.
    Rule(Told),
    /// This mistake, alone of those that are known, explains every answer.
    Certain(Told),
    /// Each of these explains every answer, and no question tells them apart.
    OneOf(Vec<Told>),
    /// These two together explain every answer.
    Both(Told, Told),
    /// No mistake that is known explains every answer. What the wrong answers, and only
    /// they, have in common.
    Unexplained(Vec<String>),
    /// The search for a mistake broke, for this reason: a fault of the lesson.
    NotSought(String),
}

/// What a failed check has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The step that it is charged to.
    pub step: u32,
    /// The name of the check.
    pub check: String,
    /// What was done, in words, where they say more than the acts.
    #[serde(default)]
    pub done: Vec<String>,
    /// What was done, and what was seen; the last one is what differs.
    pub acts: Vec<(Act, Seen)>,
    /// What a student types to start the server that was asked, if that is not the plain
    /// command.
    #[serde(default)]
    pub running: Option<String>,
    /// What was expected of the last one, if a model has said it.
    pub expected: Option<Expected>,
    /// What was expected and what came, in words, if no model has said it.
    pub words: Option<(String, String)>,
    /// What the program printed.
    pub printed: Ended,
    /// Why.
    pub cause: Cause,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed(Box<Finding>),
    /// This step is open: its own, or an earlier one that it needs.
    Open(u32),
    /// It cannot be done on this computer, for this reason. Its points count for nobody.
    NotHere(String),
    /// It was not done, because something else must be mended first. Its points are lost.
    NotGraded(String),
}

/// A check, before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInfo {
    /// The step that it belongs to.
    pub step: u32,
    /// Its name, without the step.
    pub name: String,
    /// Its points.
    pub points: u32,
}

impl CheckInfo {
    /// The name under which it is listed and filtered.
    pub fn full_name(&self) -> String {
        format!("step {}: {}", self.step, self.name)
    }
}

/// A check, when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Which check.
    pub check: CheckInfo,
    /// How it ended.
    pub outcome: Outcome,
}

/// One thing that happens in a run. They come in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The run begins.
    Started {
        /// The version of this format.
        version: u32,
        /// The lesson's package.
        lesson: String,
        /// What values are drawn from.
        seed: String,
        /// The checks of this run.
        checks: Vec<CheckInfo>,
    },
    /// The program is built, with these warnings about the student's file.
    Built(Vec<String>),
    /// The program is not built, for this reason.
    NotBuilt(String),
    /// A check has ended. What its failure is due to is not known yet.
    Checked(CheckResult),
    /// The cause of a failure is known: the result of its check once more, with it.
    Explained(CheckResult),
    /// Files of the course are not as they should be: in sentences.
    Changed(Vec<String>),
    /// The run has ended.
    Ended,
}

/// A run, when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format.
    pub version: u32,
    /// The lesson's package.
    pub lesson: String,
    /// What values were drawn from.
    pub seed: String,
    /// The points that were reached.
    pub points: u32,
    /// The points that could be reached.
    pub all_points: u32,
    /// Why the program was not built, if it was not.
    pub not_built: Option<String>,
    /// The compiler's warnings about the student's file.
    pub warnings: Vec<String>,
    /// What is not as it should be with the files of the course, in sentences.
    pub changed: Vec<String>,
    /// The checks that were done, in order.
    pub checks: Vec<CheckResult>,
}

impl Record {
    /// A record is its events, folded.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut record = Self::default();
        for event in events {
            record.add(event);
        }
        record
    }

    /// Adds an event.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Started {
                version,
                lesson,
                seed,
                ..
            } => (self.version, self.lesson, self.seed) = (version, lesson, seed),
            Event::Built(warnings) => self.warnings = warnings,
            Event::NotBuilt(why) => self.not_built = Some(why),
            Event::Checked(result) => {
                let points = result.check.points;
                if !matches!(result.outcome, Outcome::NotHere(_)) {
                    self.all_points += points;
                }
                if result.outcome == Outcome::Passed {
                    self.points += points;
                }
                self.checks.push(result);
            }
            Event::Explained(result) => {
                let same = |known: &&mut CheckResult| known.check == result.check;
                if let Some(known) = self.checks.iter_mut().find(same) {
                    *known = result;
                }
            }
            Event::Changed(said) => self.changed = said,
            Event::Ended => {}
        }
    }
}

impl Finding {
    /// That a check has failed, and nothing more yet.
    pub(crate) fn of(check: &CheckInfo) -> Self {
        Self {
            step: check.step,
            check: check.full_name(),
            done: Vec::new(),
            acts: Vec::new(),
            running: None,
            expected: None,
            words: None,
            printed: Ended::default(),
            cause: Cause::Unexplained(Vec::new()),
        }
    }
}

impl Cause {
    /// What is told.
    pub fn told(&self) -> Vec<&Told> {
        match self {
            Self::Rule(told) | Self::Certain(told) => vec![told],
            Self::OneOf(all) => all.iter().collect(),
            Self::Both(one, other) => vec![one, other],
            Self::Unexplained(_) | Self::NotSought(_) => Vec::new(),
        }
    }

    /// The names of what is told.
    pub fn names(&self) -> Vec<&str> {
        let told = self.told().into_iter();
        told.map(|told| told.name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_events() {
        let checked = |points, outcome| {
            let (step, name) = (1, "x".to_string());
            let check = CheckInfo { step, name, points };
            Event::Checked(CheckResult { check, outcome })
        };
        let name = || "x".to_string();
        let failed = |says: &str| {
            let (name, says) = (name(), says.into());
            let told = Told { name, says };
            let (step, name, points) = (1, "x".to_string(), 8);
            let check = CheckInfo { step, name, points };
            let mut finding = Finding::of(&check);
            finding.cause = Cause::Rule(told);
            let outcome = Outcome::Failed(Box::new(finding));
            CheckResult { check, outcome }
        };
        let record = Record::of([
            checked(2, Outcome::Passed),
            checked(1, Outcome::Open(1)),
            checked(4, Outcome::NotHere("no browser".into())),
            Event::Checked(failed("")),
            Event::Explained(failed("an empty line is missing")),
            Event::Ended,
        ]);
        assert_eq!((record.points, record.all_points), (2, 11));
        assert_eq!(record.checks.len(), 4);
        assert_eq!(record.checks[3], failed("an empty line is missing"));
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
}
