//! A lesson's checks, done one after the other with one program; in the end come the causes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::graded::Graded;
use super::{Action, Check, Kind};
use crate::cause;
use crate::fault;
use crate::function;
use crate::model::{Draw, Model, Open};
use crate::program::build::Builds;
use crate::record::{Cause, CheckResult, Finding, Outcome};

/// The checks against one program.
pub(super) struct Run<M> {
    pub(super) graded: Graded<M>,
    pub(super) builds: Arc<Builds>,
    pub(super) seed: String,
    /// The steps whose checks may have a browser, if not all.
    pub(super) browser_steps: Option<BTreeSet<u32>>,
}

impl<M: Model> Run<M> {
    /// Does these checks, and says of each when it begins and when it has ended.
    pub(super) fn checks(
        &mut self,
        checks: &[&Check],
        open: &Open,
        mut see: impl FnMut(&Check, Option<&Outcome>),
    ) -> Vec<CheckResult> {
        let examples = |from: usize| {
            let closed = checks[from..]
                .iter()
                .filter(|check| !open.contains(&check.info.step));
            closed.filter_map(|check| match &check.kind {
                Kind::Example(_, acts) => Some((*check, acts)),
                _ => None,
            })
        };
        self.graded.begin_slow(examples(0));
        let mut results: Vec<CheckResult> = Vec::new();
        for (at, check) in checks.iter().enumerate() {
            self.graded.begin_silent(examples(at));
            see(check, None);
            let step = check.info.step;
            let outcome = match &check.kind {
                _ if open.contains(&step) => Ok(Outcome::Open(step)),
                kind => fault::caught(|| self.outcome(check, kind, open)),
            };
            let outcome = outcome.unwrap_or_else(|why| fault_of(check, &why));
            see(check, Some(&outcome));
            let check = check.info.clone();
            results.push(CheckResult { check, outcome });
        }
        let findings = results
            .iter_mut()
            .filter_map(|result| match &mut result.outcome {
                Outcome::Failed(finding) => Some(&mut **finding),
                _ => None,
            });
        let mut findings: Vec<&mut Finding> = findings.collect();
        self.graded.find_causes(&mut findings);
        results
    }

    fn outcome(&mut self, check: &Check, kind: &Kind, open: &Open) -> Outcome {
        match kind {
            Kind::Example(judge, acts) => self.graded.example(check, *judge, acts),
            Kind::Sessions => self.graded.sessions(check),
            Kind::Function(_) if self.graded.never_serves() => {
                Outcome::NotGraded("not graded: the program does not start, see above".into())
            }
            Kind::Function(action) => self.function(check, action, open),
        }
    }

    fn function(&mut self, check: &Check, action: &Action, open: &Open) -> Outcome {
        let step = check.info.step;
        let draw = Draw::new(&[&self.seed, &check.full_name()]);
        let steps = self.browser_steps.as_ref();
        let no_browser = steps
            .filter(|steps| !steps.contains(&step))
            .map(|_| format!("skipped: GRADE_BROWSER_STEPS asks for no browser in step {step}"));
        let run = function::Run::new(self.graded.bench(), &self.builds, draw, no_browser);
        let outcome = function::outcome(run, &check.info, &**action);
        if let Outcome::Failed(finding) = &outcome {
            self.graded.notice_silence(&finding.acts);
            // What it asks may need an earlier step, which is not written yet: no fault of this one.
            let earlier = cause::came_to(finding).filter(|other| *other < step);
            if let Some(earlier) = earlier.filter(|other| open.contains(other)) {
                return Outcome::Open(earlier);
            }
        }
        outcome
    }
}

/// What is said of a check that has broken.
fn fault_of(check: &Check, why: &str) -> Outcome {
    Outcome::Failed(Box::new(Finding {
        words: Some(fault::words(why)),
        cause: Cause::Rule(fault::told(why)),
        ..Finding::of(&check.info)
    }))
}
