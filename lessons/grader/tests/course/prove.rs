//! Whether a lesson keeps its promises: every mistake is told where it is made, and no
//! right program is rejected.
//!
//! What is left out is what could change nothing. Checks that are functions are done with a
//! wrong program only if the rest does not reject it in its step, with its cause: their
//! failures have no mistake of the model as their cause. Then those of its step come first.
//! A browser takes more time than all the rest of a grading, so it is the last of all. Each
//! function must reject one program of its step; those that have not yet, are tried.
//!
//! Of the right programs, all see a browser if the check is of their lesson alone; otherwise the
//! reference does.
//!
//! With `GRADE_PART=3/20`, only each twentieth program of the lesson is graded, from the third on.
//! Whether a function is blind, a part cannot say.
//!
//! - `programs`: the programs, and how they are built
//! - `part`: a part of them
//! - `side_by_side`: how many are graded at the same time
//! - `variants`: whether the lesson is whole in each of its variants

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::faults::{Faults, tell};
use crate::lesson::{self, Lesson};
use crate::workshop::{Asked, Browser, Checks, Graded, Known, Name, Which, Workshop};
use part::Part;
use programs::{Candidate, Due, REFERENCE};
use side_by_side::Turns;

mod part;
mod programs;
mod side_by_side;
mod variants;

pub use side_by_side::side_by_side;
pub use variants::prove_variants;

/// How many sessions right programs are asked, if `GRADE_SESSIONS` does not say so. Each run
/// draws others, if `GRADE_SEED` does not say which.
const MANY_SESSIONS: &str = "50";

/// Held while a lesson is built.
static BUILDING: Mutex<()> = Mutex::new(());

/// How many gradings go on at the same time, of all lessons together. A program and the grader
/// take turns.
static WORKING: Turns = Turns::for_each_processor(2);

/// The same, of functions alone: they mostly wait.
static WAITING: Turns = Turns::for_each_processor(4);

/// How many programs of one lesson may wait for their turn.
const OF_A_LESSON: usize = 16;

/// Finds what is wrong with the lesson.
pub fn prove(lesson: &Lesson, faults: &Faults) {
    let candidates = match programs::of(lesson) {
        Ok(candidates) => candidates,
        Err(all) => return faults.add_all(all),
    };
    let proved: BTreeSet<String> = candidates.iter().filter_map(Candidate::cause).collect();
    let part = Part::wanted();
    let candidates = match part {
        Some(part) => part.of(candidates, lesson.number),
        None => candidates,
    };
    if candidates.is_empty() {
        return; // It has fewer programs than there are parts.
    }
    let workshop = Workshop::open();
    let folder = workshop.folder();
    // One lesson is built after the other, so that the first one is graded meanwhile.
    let (checks, programs, built) = {
        let _one_lesson = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        let checks = workshop.checks(lesson, folder.path());
        let programs = match programs::build(workshop, lesson, &candidates, folder.path()) {
            Ok(programs) => programs,
            Err(why) => return faults.add(why),
        };
        (checks, programs, began.elapsed())
    };
    let began = Instant::now();
    let proof = Proof {
        known: WORKING.take(|| checks.known()),
        checks,
        sessions: std::env::var("GRADE_SESSIONS").unwrap_or(MANY_SESSIONS.into()),
        is_alone: lesson::wanted().is_some_and(|wanted| wanted.len() == 1),
    };
    for fault in mistakes(&proof.known, &proved) {
        faults.add(fault);
    }
    let mut programs: Vec<(Candidate, PathBuf)> = candidates.into_iter().zip(programs).collect();
    // Those that take long come first.
    programs.sort_by_key(|(candidate, _)| !candidate.is_right());
    let graded = side_by_side(&programs, OF_A_LESSON, |(candidate, program)| {
        let graded = proof.grade(candidate, program);
        for fault in judge(candidate, &graded) {
            faults.add(fault);
        }
        graded
    });
    if part.is_none() {
        proof.find_blind(&programs, &graded.concat(), faults);
    }
    tell(&format!(
        "{}: {} programs, built in {:.0?}, graded in {:.0?}",
        lesson.folder,
        programs.len(),
        built,
        began.elapsed()
    ));
}

/// What is needed to grade the programs of a lesson.
struct Proof {
    checks: Checks,
    known: Known,
    sessions: String,
    /// Whether no other lesson is proved in this run.
    is_alone: bool,
}

impl Proof {
    /// The results of a program: all of a right one; of a wrong one as many as are needed.
    fn grade(&self, candidate: &Candidate, program: &Path) -> Vec<Graded> {
        match candidate.due {
            Due::Right => {
                let browser = match self.is_alone || candidate.name == REFERENCE {
                    true => Browser::All,
                    false => Browser::No,
                };
                let (which, sessions) = (Which::All, Some(&*self.sessions));
                let asked = Asked {
                    which,
                    browser,
                    sessions,
                };
                WORKING.take(|| self.checks.grade(program, asked))
            }
            Due::Wrong { step, .. } => self.grade_wrong(candidate, program, step),
        }
    }

    fn grade_wrong(&self, candidate: &Candidate, program: &Path, step: u64) -> Vec<Graded> {
        let by_model = Asked {
            which: Which::AllBut(&self.known.functions),
            browser: Browser::No,
            sessions: None,
        };
        let mut graded = WORKING.take(|| self.checks.grade(program, by_model));
        let functions = self.known.functions.iter().cloned();
        let (own, others): (Vec<Name>, Vec<Name>) = functions.partition(|one| one.step == step);
        let mut more = |functions: &[Name], browser| {
            if !functions.is_empty() && !judge(candidate, &graded).is_empty() {
                graded.extend(self.functions(program, functions, browser));
            }
            let skipped = graded.iter().filter(|one| one.is_skipped());
            skipped.map(|one| one.check.clone()).collect::<Vec<_>>()
        };
        let skipped = more(&own, Browser::No);
        more(&others, Browser::No);
        more(&skipped, Browser::Step(step));
        graded
    }

    /// The results of these checks, which are functions.
    fn functions(&self, program: &Path, functions: &[Name], browser: Browser) -> Vec<Graded> {
        let asked = Asked {
            which: Which::Only(functions),
            browser,
            sessions: None,
        };
        WAITING.take(|| self.checks.grade(program, asked))
    }

    /// Finds the functions that reject no wrong program of their step: they may be blind.
    fn find_blind(&self, programs: &[(Candidate, PathBuf)], graded: &[Graded], faults: &Faults) {
        let mut blind: BTreeSet<Name> = self.known.functions.iter().cloned().collect();
        let mut see = |graded: &[Graded]| {
            // What this computer cannot do, it cannot do wrong.
            let sees = |one: &&Graded| one.has_failed() || one.outcome == "ignored";
            for one in graded.iter().filter(sees) {
                blind.remove(&one.check);
            }
            blind.clone()
        };
        let mut left = see(graded);
        for (candidate, program) in programs {
            let Due::Wrong { step, .. } = candidate.due else {
                continue;
            };
            let of_step = left.iter().filter(|one| one.step == step);
            let of_step: Vec<Name> = of_step.cloned().collect();
            if !of_step.is_empty() {
                left = see(&self.functions(program, &of_step, Browser::Step(step)));
            }
        }
        for Name { step, name } in left {
            faults.add(format!(
                "no edit of step {step} is rejected by \"{name}\": it may be blind"
            ));
        }
    }
}

/// What is wrong with the mistakes of the model, of which these are proved by edits.
fn mistakes(known: &Known, proved: &BTreeSet<String>) -> Vec<String> {
    let unproved = known.names.iter().filter(|name| !proved.contains(*name));
    let unproved = unproved.map(|name| format!("no edit in wrong.edits proves the mistake {name}"));
    let without_effect = known.without_effect.iter().map(|name| {
        format!(
            "the mistake {name} changes nothing: the model says the same as without it, or draws \
             nothing that shows it"
        )
    });
    let two_sentences = known.two_sentences.iter().map(|name| {
        format!(
            "two things are said of the mistake {name}: give them two names, or say what is true \
             of both"
        )
    });
    let alike = known.alike.iter().map(|[one, other]| {
        format!(
            "the mistakes {one} and {other} cannot be told apart: give them one name, or draw \
             what does"
        )
    });
    let all = unproved.chain(without_effect).chain(two_sentences);
    all.chain(alike).collect()
}

/// Whether the results are what they must be.
fn judge(candidate: &Candidate, graded: &[Graded]) -> Vec<String> {
    let name = &candidate.name;
    let failed = || graded.iter().filter(|check| check.has_failed());
    match &candidate.due {
        Due::Right => {
            let refused = graded
                .iter()
                .filter(|check| !["passed", "ignored", "skipped"].contains(&&*check.outcome));
            refused
                .map(|check| format!("{name} is right, and is rejected:\n{}", check.message))
                .collect()
        }
        Due::Wrong { step, cause } => {
            if !failed().any(|check| check.check.step == *step) {
                let steps: BTreeSet<u64> = failed().map(|check| check.check.step).collect();
                return vec![match steps.is_empty() {
                    true => format!(
                        "{name} must be rejected by step {step}, and no check rejects it: ask for \
                         what shows it, in an example or in draw"
                    ),
                    false => format!(
                        "{name} must be rejected by step {step}, and is only by step {}",
                        listed(steps)
                    ),
                }];
            }
            if !failed().any(|check| check.diagnosis == *cause) {
                return vec![format!(
                    "{name}: this cause is told in no check; what is told is {}",
                    listed(failed().map(told))
                )];
            }
            // What is no model's, such as a page in a browser, has a cause of its own.
            let by_model = failed().filter(|check| check.by_model);
            let others = by_model.filter(|check| check.diagnosis != *cause);
            let others = listed(others.map(told));
            match others.is_empty() {
                true => Vec::new(),
                false => vec![format!(
                    "{name}: this cause is told, but in other checks another one: {others}"
                )],
            }
        }
    }
}

/// The cause that a check tells.
fn told(check: &Graded) -> &str {
    match &*check.diagnosis {
        "" => "that no mistake explains all answers",
        name => name,
    }
}

/// Each of these once, with commas between.
fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let texts: BTreeSet<String> = values.into_iter().map(|value| value.to_string()).collect();
    Vec::from_iter(texts).join(", ")
}

#[test]
fn what_is_told_of_a_wrong_program_says_where_it_is_rejected_and_why() {
    let (step, cause) = (2, "loud".to_string());
    let due = Due::Wrong { step, cause };
    let candidate = Candidate::made_up("wrong.edits, loud", due);
    let failed = |step, diagnosis: &str| Graded {
        check: Name {
            step,
            name: "a check".into(),
        },
        outcome: "failed".into(),
        diagnosis: diagnosis.into(),
        message: String::new(),
        by_model: true,
    };
    let said = |graded: &[Graded]| judge(&candidate, graded).concat();
    assert!(said(&[]).contains("step 2, and no check rejects it"));
    let elsewhere = [failed(3, "loud"), failed(1, "loud")];
    assert!(said(&elsewhere).ends_with("and is only by step 1, 3"));
    let unknown = [failed(2, "other-status")];
    assert!(said(&unknown).ends_with("what is told is other-status"));
    let unexplained = [failed(2, "")];
    assert!(said(&unexplained).ends_with("what is told is that no mistake explains all answers"));
    let two = [failed(2, "loud"), failed(3, "mute")];
    assert!(said(&two).ends_with("another one: mute"));
    assert_eq!(said(&[failed(2, "loud")]), "");
}
