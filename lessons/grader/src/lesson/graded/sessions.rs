//! Sessions that are drawn from the model: played, and what fails shrunk to the acts that are
//! needed for it.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::super::{Check, whatever};
use super::{Graded, NOT_SERVING, must_come_again};
use crate::bench::Played;
use crate::model::{self, Draw, Drawn, Model};
use crate::record::{
    Act, Connections, Ended, Expect, Expected, Finding, NotServing, Outcome, Seen,
};

/// How many sessions are drawn.
pub(crate) const SESSIONS: usize = 20;

/// How many sessions are played on one program, if it remembers nothing.
const TOGETHER: usize = 5;

/// How many programs play sessions side by side: a program and the grader take turns, and
/// most computers can do more than one thing at a time.
const SIDE_BY_SIDE: usize = 2;

/// How long a session that fails is shrunk.
const SHRINKING: Duration = Duration::from_millis(1500);

/// How many sessions are tried again that have failed in a step: what a busy computer did to
/// one must not hide what a program does in another.
const TRIED: usize = 3;

/// A session that fails.
pub(super) struct Failing {
    drawn: Drawn,
    /// The act after which it does, and what is not true of it.
    at: usize,
    what: Expected,
}

impl<M: Model> Graded<M> {
    /// Whatever is asked in this step.
    pub(crate) fn sessions(&mut self, check: &Check) -> Outcome {
        if self.never_serves {
            return Outcome::NotGraded(NOT_SERVING.into());
        }
        self.play_sessions();
        let step = check.info.step;
        // A session may be charged to a later step than it fails in.
        while let Some(entry) = self.failing.first_entry().filter(|e| *e.key() <= step) {
            let (of, failing) = entry.remove_entry();
            // Where an example has failed already, that is what is to be mended first.
            if self.failed.contains(&of) {
                continue;
            }
            let shrunk = |one: &Failing| self.shrunk(&one.drawn, &one.what);
            if let Some(finding) = failing.iter().take(TRIED).find_map(shrunk) {
                self.found.entry(finding.step).or_insert(finding);
            }
        }
        if self.failed.contains(&step) {
            let why = format!("not graded: first mend the check of step {step} that fails above");
            return Outcome::NotGraded(why);
        }
        match self.found.get(&step) {
            None => Outcome::Passed,
            Some(finding) => Outcome::Failed(Box::new(finding.clone())),
        }
    }

    /// Plays the sessions, if that was not done yet.
    pub(super) fn play_sessions(&mut self) {
        if self.played || self.never_serves {
            return;
        }
        let draw = |number: usize| {
            let mut draw = Draw::new(&[&self.seed, "session", &number.to_string()]);
            model::usual_session::<M>(&mut draw, &self.open)
        };
        let drawn: Vec<Drawn> = (0..self.sessions).map(draw).collect();
        // Not before: a model that breaks breaks again at the next check.
        self.played = true;
        // What remembers nothing need not start again.
        let together = match size_of::<M::State>() {
            0 => TOGETHER,
            _ => 1,
        };
        let starts: Vec<(usize, &[Drawn])> = drawn.chunks(together).enumerate().collect();
        for some in starts.chunks(SIDE_BY_SIDE) {
            for ((_, drawn), played) in some.iter().zip(self.side_by_side(some)) {
                let Ok(played) = played else {
                    return;
                };
                self.notice_silence(&played.acts);
                let mut rest = &played.acts[..];
                for drawn in *drawn {
                    let (own, others) = rest.split_at(rest.len().min(drawn.acts.len()));
                    rest = others;
                    if let Some((at, what)) = first_wrong(&drawn.acts, own, &played.printed) {
                        let same = self.failing.entry(what.step).or_default();
                        let place = same.partition_point(|other| other.at <= at);
                        let drawn = drawn.clone();
                        same.insert(place, Failing { drawn, at, what });
                        same.truncate(TRIED);
                    }
                    self.plays.push(own.to_vec());
                }
            }
            if self.is_impatient() && self.failing.len() > 1 {
                break;
            }
        }
    }

    /// Plays each of these on a program of its own, all at the same time.
    fn side_by_side(&self, starts: &[(usize, &[Drawn])]) -> Vec<Result<Played, NotServing>> {
        let bench = &self.bench;
        let play = |(number, drawn): (usize, &[Drawn])| {
            let connections = match number % 2 {
                0 => Connections::Each,
                _ => Connections::One,
            };
            let acts = drawn.iter().flat_map(|drawn| &drawn.acts);
            bench.play(acts.map(|(act, _)| act), connections)
        };
        thread::scope(|scope| {
            let plays = starts.iter().map(|start| scope.spawn(|| play(*start)));
            let plays: Vec<_> = plays.collect();
            let ended =
                |play: ScopedJoinHandle<_>| play.join().unwrap_or_else(|why| resume_unwind(why));
            plays.into_iter().map(ended).collect()
        })
    }

    /// The shortest session that fails in the same step, if it fails again.
    fn shrunk(&self, drawn: &Drawn, what: &Expected) -> Option<Finding> {
        let mut last = None;
        let mut fails = |acts: &[(Act, Expect)]| {
            let (at, wrong, played) = self.fails(acts)?;
            if wrong.step != what.step {
                return None;
            }
            last = Some((acts[..=at].to_vec(), wrong, played));
            Some(at)
        };
        let until = Instant::now() + SHRINKING;
        let shrunk = model::shrink::<M>(drawn, &self.open, until, &mut fails)?;
        // Once more, for what the program prints for these acts alone.
        fails(&shrunk)?;
        let (acts, expected, played) = last?;
        // The latest step that is needed for it.
        let steps = acts
            .iter()
            .filter_map(|(_, expect)| Some(expect.all().first()?.step));
        let step = steps.chain([expected.step]).max()?;
        Some(Finding {
            acts: played.acts[..acts.len()].to_vec(),
            expected: Some(expected),
            printed: played.printed,
            ..Finding::of(&whatever(step, 0))
        })
    }

    /// The first act of these that goes wrong, also on a second fresh program if it may
    /// have been chance.
    fn fails(&self, acts: &[(Act, Expect)]) -> Option<(usize, Expected, Played)> {
        let play = || {
            let played = self
                .bench
                .play(acts.iter().map(|(act, _)| act), Connections::Each);
            let played = played.ok()?;
            let (at, what) = first_wrong(acts, &played.acts, &played.printed)?;
            Some((at, what, played))
        };
        let (at, what, played) = play()?;
        match must_come_again(&played.acts[at].1, &what) {
            true => play(),
            false => Some((at, what, played)),
        }
    }
}

/// The first act after which not all is true that is expected.
fn first_wrong(
    acts: &[(Act, Expect)],
    played: &[(Act, Seen)],
    printed: &Ended,
) -> Option<(usize, Expected)> {
    let mut both = acts.iter().zip(played).enumerate();
    both.find_map(|(at, ((_, expect), (_, seen)))| {
        let printed = |expected: &&Expected| !expected.what.holds_of_printed(printed);
        let wrong = expect.differs(seen).or(expect.all().iter().find(printed))?;
        Some((at, wrong.clone()))
    })
}
