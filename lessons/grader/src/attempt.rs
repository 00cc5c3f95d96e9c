//! One check against one program: start it, let the check talk to it, end it, and
//! if the check failed, find out why.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::compile;
use crate::diagnosis::diagnose;
use crate::failure::{Failure, Verdict};
use crate::place::Place;
use crate::report::{About, report};
use crate::run::{Limits, Run};
use crate::seed::Seed;

/// What a check does.
pub(crate) type Action = Arc<dyn Fn(&mut Run) -> Verdict + Send + Sync>;

/// One check of a lesson.
#[derive(Clone)]
pub(crate) struct Check {
    pub(crate) step: u32,
    pub(crate) name: String,
    pub(crate) points: u32,
    pub(crate) action: Action,
}

impl Check {
    /// The name under which the check is listed and filtered.
    pub(crate) fn full_name(&self) -> String {
        format!("step {}: {}", self.step, self.name)
    }
}

/// What all checks of a lesson have in common.
pub(crate) struct Setting {
    pub(crate) place: Place,
    pub(crate) limits: Limits,
    pub(crate) seed: String,
    /// The programs built so far, by name.
    built: Mutex<BTreeMap<String, Result<PathBuf, String>>>,
}

impl Setting {
    pub(crate) fn new(place: Place, limits: Limits, seed: String) -> Self {
        let built = Mutex::default();
        Self {
            place,
            limits,
            seed,
            built,
        }
    }

    /// This program of the lesson's package, built when it is first asked for.
    ///
    /// # Errors
    ///
    /// With why it does not compile.
    pub(crate) fn built(&self, name: &str) -> Result<PathBuf, String> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || compile::build(&self.place, name);
        built.entry(name.into()).or_insert_with(build).clone()
    }
}

/// A failed check.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) diagnosis: &'static str,
    pub(crate) message: String,
}

/// Runs the check.
///
/// # Errors
///
/// With the report, if it fails.
pub(crate) fn attempt(check: &Check, program: &Path, setting: &Arc<Setting>) -> Result<(), Failed> {
    let name = check.full_name();
    let seed = Seed::new(&setting.seed, &name);
    let mut run = Run::new(program.into(), Arc::clone(setting), setting.limits, seed);
    let verdict = catch_unwind(AssertUnwindSafe(|| (check.action)(&mut run)))
        .unwrap_or_else(|panic| Err(Failure::of_the_grader(&message(panic.as_ref()))));
    let Err(failure) = verdict else {
        return Ok(());
    };
    let trace = match &failure.0.trace {
        Some(trace) => trace.clone(),
        None => run.end(failure.may_be_an_end()),
    };
    let about = About {
        place: &setting.place,
        step: check.step,
        name: &name,
        seed: &setting.seed,
    };
    let cause = diagnose(&failure.0, &trace);
    Err(Failed {
        diagnosis: cause.id,
        message: report(&about, &failure.0, &trace, &cause),
    })
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".into())
}
