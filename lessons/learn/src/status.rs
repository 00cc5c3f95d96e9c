//! How far a lesson is: what its checks have said so far.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use grader::record::{CheckInfo, CheckResult, Event, Outcome, Record};

/// What is being done about a lesson just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing: what is known is known.
    #[default]
    Idle,
    /// Its turn comes.
    Waiting,
    /// Its checks, or its program, are built.
    Building,
    /// The checks run.
    Checking,
}

/// What is known of a lesson.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub(crate) phase: Phase,
    /// The steps whose `todo!` is still there.
    pub(crate) open: BTreeSet<u32>,
    /// The lesson's checks, once they are known.
    pub(crate) checks: Vec<CheckInfo>,
    /// What was said of each; by its name.
    results: BTreeMap<String, Result>,
    /// Why the program is not built.
    pub(crate) not_built: Option<String>,
    pub(crate) warnings: Vec<String>,
    /// What is not as it should be with the files of the course.
    pub(crate) changed: Vec<String>,
    /// Why the checks could not be run: no fault of the student's.
    pub(crate) trouble: Option<String>,
    pub(crate) seed: String,
    /// How often the checks have come to their end, or could not be run.
    pub(crate) runs: u64,
    /// From the save to the end of the checks.
    pub(crate) took: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Result {
    result: CheckResult,
    /// From a run before this one.
    old: bool,
}

/// How a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Its `todo!` is still there.
    Open,
    /// Its checks have not been run since it was written.
    Unknown,
    /// This number of its checks fail.
    Failing(usize),
    /// All of its checks pass that can be done here.
    Done,
}

impl Status {
    /// Takes in what has happened.
    pub(crate) fn add(&mut self, event: Event) {
        match event {
            Event::Started { checks, seed, .. } => {
                self.phase = Phase::Building;
                self.seed = seed;
                self.trouble = None;
                let names: BTreeSet<String> = checks.iter().map(CheckInfo::full_name).collect();
                self.results.retain(|name, _| names.contains(name));
                self.results
                    .values_mut()
                    .for_each(|result| result.old = true);
                self.checks = checks;
            }
            Event::Built(warnings) => {
                self.phase = Phase::Checking;
                self.warnings = warnings;
                self.not_built = None;
            }
            Event::NotBuilt(why) => {
                self.not_built = Some(why);
                self.warnings.clear();
            }
            Event::Checked(result) | Event::Explained(result) => {
                // What was not graded because nothing was built says nothing of the check.
                if self.not_built.is_none() {
                    let name = result.check.full_name();
                    let old = false;
                    self.results.insert(name, Result { result, old });
                }
            }
            Event::Changed(said) => self.changed = said,
            Event::Ended => {
                self.phase = Phase::Idle;
                self.runs += 1;
            }
        }
    }

    /// Takes in that the checks could not be run, for this reason.
    pub(crate) fn fail(&mut self, trouble: String) {
        self.trouble = Some(trouble);
        self.runs += 1;
    }

    /// What was kept of a run that is over.
    pub(crate) fn restore(&mut self, checks: Vec<CheckInfo>, record: Record) {
        let version = record.version;
        let (lesson, seed) = (record.lesson, record.seed);
        self.add(Event::Started {
            version,
            lesson,
            seed,
            checks,
        });
        self.add(Event::Built(record.warnings));
        record
            .checks
            .into_iter()
            .for_each(|result| self.add(Event::Checked(result)));
        self.add(Event::Changed(record.changed));
        self.add(Event::Ended);
    }

    /// What was said of the checks of a step, and whether that is from an earlier run.
    pub(crate) fn of_step(
        &self,
        step: u32,
    ) -> impl Iterator<Item = (&CheckInfo, Option<&Outcome>, bool)> {
        let own = self.checks.iter().filter(move |check| check.step == step);
        own.map(|check| {
            let known = self.results.get(&check.full_name());
            let outcome = known.map(|known| &known.result.outcome);
            (check, outcome, known.is_some_and(|known| known.old))
        })
    }

    /// How this step is.
    pub(crate) fn state(&self, step: u32) -> State {
        if self.open.contains(&step) {
            return State::Open;
        }
        let (mut failing, mut known, mut all) = (0, 0, 0);
        for (_, outcome, _) in self.of_step(step) {
            all += 1;
            match outcome {
                Some(Outcome::Failed(_) | Outcome::NotGraded(_)) => failing += 1,
                Some(Outcome::Passed | Outcome::NotHere(_)) => known += 1,
                Some(Outcome::Open(_)) | None => {}
            }
        }
        match (failing, all > 0 && known == all) {
            (1.., _) => State::Failing(failing),
            // A program that does not compile does nothing.
            (0, true) if self.not_built.is_none() => State::Done,
            _ => State::Unknown,
        }
    }

    /// What is to be said of a program that is not built: it may be the compiler that says no, or
    /// that nothing could be asked of it.
    pub(crate) fn not_built_in_short(&self) -> Option<&'static str> {
        self.not_built.as_ref().map(|why| match compiler(why) {
            Some(_) => "Your program does not compile",
            None => "Your program could not be built",
        })
    }

    /// The steps that have checks, in order.
    pub(crate) fn steps(&self) -> BTreeSet<u32> {
        self.checks.iter().map(|check| check.step).collect()
    }

    /// The points that were reached, and those that can be; `None` if they are not known.
    pub(crate) fn points(&self) -> Option<(u32, u32)> {
        let mut points = (0, 0);
        for step in self.steps() {
            for (check, outcome, _) in self.of_step(step) {
                if let Some(Outcome::NotHere(_)) = outcome {
                    continue;
                }
                points.1 += check.points;
                let passed = outcome == Some(&Outcome::Passed);
                let counts = passed && !self.open.contains(&step) && self.not_built.is_none();
                points.0 += if counts { check.points } else { 0 };
            }
        }
        (!self.checks.is_empty()).then_some(points)
    }

    /// Whether every check passes that can be done here.
    pub(crate) fn is_done(&self) -> bool {
        let steps = self.steps();
        !steps.is_empty()
            && steps
                .into_iter()
                .all(|step| self.state(step) == State::Done)
    }

    /// Whether the steps that are written, and at least one is, are all done.
    pub(crate) fn is_right_so_far(&self) -> bool {
        let steps = self.steps();
        let mut written = steps
            .iter()
            .filter(|step| !self.open.contains(step))
            .peekable();
        written.peek().is_some() && written.all(|step| self.state(*step) == State::Done)
    }

    /// The step that what the compiler says belongs to: the first one that is written, and
    /// was not seen to be right.
    pub(crate) fn step_in_work(&self) -> Option<u32> {
        let passes = |step: &u32| {
            let mut outcomes = self
                .of_step(*step)
                .map(|(_, outcome, _)| outcome)
                .peekable();
            outcomes.peek().is_some() && outcomes.all(|outcome| outcome == Some(&Outcome::Passed))
        };
        let steps = self.steps();
        let written = || steps.iter().filter(|step| !self.open.contains(step));
        let in_work = written().find(|step| !passes(step));
        in_work.or(written().next_back()).or(steps.first()).copied()
    }
}

/// What the compiler says, without what stands around it for a terminal; `None` if it was not
/// asked.
pub(crate) fn compiler(why: &str) -> Option<&str> {
    let (_, message) = why.split_once("compiler says:\n\n")?;
    Some(
        message
            .rsplit_once("\n\nagain: ")
            .map_or(message, |(message, _)| message),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(step: u32, name: &str) -> CheckInfo {
        let (name, points) = (name.into(), 2);
        CheckInfo { step, name, points }
    }

    fn started() -> Event {
        let checks = vec![check(1, "a"), check(1, "b"), check(2, "c")];
        let (version, lesson, seed) = (1, "x".into(), "7".into());
        Event::Started {
            version,
            lesson,
            seed,
            checks,
        }
    }

    fn checked(step: u32, name: &str, outcome: Outcome) -> Event {
        let check = check(step, name);
        Event::Checked(CheckResult { check, outcome })
    }

    #[test]
    fn a_lesson_grows_step_by_step() {
        let mut status = Status {
            open: [1, 2].into(),
            ..Status::default()
        };
        status.add(started());
        assert_eq!(
            (status.state(1), status.points()),
            (State::Open, Some((0, 6)))
        );
        status.open = [2].into();
        assert_eq!(status.state(1), State::Unknown);
        assert!(!status.is_right_so_far());
        status.add(Event::Built(Vec::new()));
        status.add(checked(1, "a", Outcome::Passed));
        assert_eq!(status.state(1), State::Unknown);
        status.add(checked(1, "b", Outcome::NotGraded("x".into())));
        assert_eq!(
            (status.state(1), status.step_in_work()),
            (State::Failing(1), Some(1))
        );
        status.add(Event::Ended);
        // Of a run that has only begun, nothing is known but what was before.
        status.add(started());
        status.add(Event::Built(Vec::new()));
        assert_eq!(status.state(1), State::Failing(1));
        status.add(checked(1, "b", Outcome::Passed));
        assert_eq!(
            (status.state(1), status.points()),
            (State::Done, Some((4, 6)))
        );
        assert!(!status.is_done() && status.is_right_so_far());
        status.open.clear();
        assert!(!status.is_right_so_far());
        assert_eq!(status.step_in_work(), Some(2));
        status.add(Event::NotBuilt("oh".into()));
        status.add(checked(1, "a", Outcome::NotGraded("not compiled".into())));
        assert_eq!(
            (status.state(1), status.points()),
            (State::Unknown, Some((0, 6)))
        );
        status.add(started());
        status.add(Event::Built(Vec::new()));
        status.add(checked(2, "c", Outcome::Passed));
        assert!(status.is_done());
    }
}
