//! One check against one program: start it, let the check talk to it, end it, and
//! if the check failed, find out why.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::diagnosis::diagnose;
use crate::failure::{Came, Failure, Symptom, Verdict};
use crate::place::Place;
use crate::program::{Program, Trace};
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
pub(crate) fn attempt(check: &Check, program: &Path, setting: &Setting) -> Result<(), Failed> {
    let folder = &setting.place.root;
    let (verdict, program) = match Program::launch(program, folder) {
        Ok(running) => (talk(check, &running, setting), Some(running)),
        Err(error) => {
            let what = format!("it cannot start {}: {error}", program.display());
            (Err(Failure::of_the_grader(&what)), None)
        }
    };
    let Err(failure) = verdict else {
        return Ok(());
    };
    let ending = failure.may_be_an_end();
    let trace = program.map_or_else(Trace::default, |program| program.end(ending));
    let name = check.full_name();
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

fn talk(check: &Check, program: &Program, setting: &Setting) -> Verdict {
    let limits = setting.limits;
    let address = program.address(limits.start).map_err(|trouble| {
        let seconds = limits.start.as_secs_f32();
        let expected = format!(
            "within {seconds} seconds, the line\n\
             \"Serving HTTP on http://localhost:PORT/ (press Ctrl-C to stop)\""
        );
        let symptom = Symptom::NotStarted(trouble);
        Failure::new(None, expected, Came::Bytes(Vec::new()), symptom)
    })?;
    let seed = Seed::new(&setting.seed, &check.full_name());
    let mut run = Run::new(address, limits, seed);
    catch_unwind(AssertUnwindSafe(|| (check.action)(&mut run)))
        .unwrap_or_else(|panic| Err(Failure::of_the_grader(&message(panic.as_ref()))))
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".into())
}
