//! One check against one program: start it, let the check talk to it, end it, and
//! if the check failed, find out why.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::diagnosis::diagnose;
use crate::failure::{Failure, Symptom, Verdict};
use crate::place::Place;
use crate::program::build::{self, NotBuilt};
use crate::report::{About, report};
use crate::run::{Limits, Run};
use crate::seed::Seed;
use crate::sync::lock;

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
    /// The steps whose checks may have a browser, if not all.
    pub(crate) browser_steps: Option<BTreeSet<u32>>,
    /// The programs built so far, by name.
    built: Mutex<BTreeMap<String, Result<build::Built, NotBuilt>>>,
}

impl Setting {
    pub(crate) fn new(
        place: Place,
        limits: Limits,
        seed: String,
        browser_steps: Option<BTreeSet<u32>>,
    ) -> Self {
        let built = Mutex::default();
        Self {
            place,
            limits,
            seed,
            browser_steps,
            built,
        }
    }

    /// Why the checks of this step get no browser, if this run says so.
    fn no_browser_for(&self, step: u32) -> Option<String> {
        let steps = self.browser_steps.as_ref()?;
        let why = format!("skipped: GRADE_BROWSER_STEPS asks for no browser in step {step}");
        (!steps.contains(&step)).then_some(why)
    }

    /// This program of the lesson's package, built when it is first asked for.
    ///
    /// # Errors
    ///
    /// With why there is none.
    pub(crate) fn built(&self, name: &str) -> Result<PathBuf, NotBuilt> {
        let mut built = lock(&self.built);
        let build = || build::build(&self.place, name, self.limits.build);
        let built = built.entry(name.into()).or_insert_with(build);
        built
            .as_ref()
            .map(|built| built.path.clone())
            .map_err(Clone::clone)
    }

    /// What the compiler warned of when it built this program.
    pub(crate) fn warnings(&self, name: &str) -> Vec<String> {
        let built = lock(&self.built);
        let built = built.get(name).and_then(|built| built.as_ref().ok());
        built
            .map(|built| built.warnings.clone())
            .unwrap_or_default()
    }
}

/// How a check ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed(Failed),
    /// Its step is open, for this reason.
    Open(String),
    /// It cannot be done on this computer, for this reason.
    NotHere(String),
    /// Something that is no fault of the program was in the way: this.
    NotGraded(String),
    /// It needs a browser, and this run was asked for none in its step.
    Skipped(String),
}

/// A failed check.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) diagnosis: &'static str,
    /// The whole report, for who reads it by itself.
    pub(crate) message: String,
    /// The same for who has read the reports before it: a likely cause that one of
    /// them tells is not told again.
    pub(crate) among_others: String,
}

impl Failed {
    /// A failure whose report says the same wherever it stands.
    pub(crate) fn new(diagnosis: &'static str, message: String) -> Self {
        Self {
            diagnosis,
            among_others: message.clone(),
            message,
        }
    }
}

/// A program and how its checks went so far: what is sure to fail again does not take
/// its time again.
pub(crate) struct Candidate {
    program: PathBuf,
    /// It does not serve: the other checks need not wait for that.
    never_serves: AtomicBool,
    /// A request had no answer: the next one without any is waited for less long.
    is_silent: AtomicBool,
    /// The likely causes that were told, each with the check whose report tells it.
    told: Mutex<BTreeMap<String, String>>,
}

/// After a request without an answer, checks have this part of their time.
const PATIENCE_LEFT: u32 = 5;

impl Candidate {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self {
            program,
            never_serves: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            told: Mutex::default(),
        }
    }

    /// Runs the check.
    pub(crate) fn attempt(&self, check: &Check, setting: &Arc<Setting>) -> Outcome {
        if self.never_serves.load(Relaxed) {
            let message = "not graded: the program does not start, see above";
            return Outcome::Failed(Failed::new("never-serves", message.into()));
        }
        let mut limits = setting.limits;
        if self.is_silent.load(Relaxed) {
            limits.check /= PATIENCE_LEFT;
        }
        let name = check.full_name();
        let seed = Seed::new(&setting.seed, &name);
        let mut run = Run::new(self.program.clone(), Arc::clone(setting), limits, seed);
        run.no_browser = setting.no_browser_for(check.step);
        let verdict = catch_unwind(AssertUnwindSafe(|| (check.action)(&mut run)))
            .unwrap_or_else(|panic| Err(Failure::of_the_grader(&message(panic.as_ref()))));
        let Err(failure) = verdict else {
            return Outcome::Passed;
        };
        match &failure.0.symptom {
            Symptom::NoBrowser(why) => return Outcome::NotHere(why.clone()),
            Symptom::BrowserSkipped(why) => return Outcome::Skipped(why.clone()),
            _ => {}
        }
        self.never_serves.store(run.never_serves, Relaxed);
        self.is_silent.fetch_or(failure.is_silence(), Relaxed);
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
        let cause = diagnose(check.step, &failure.0, &trace);
        let with_cause = |text: &str| report(&about, &failure.0, &trace, text);
        Outcome::Failed(Failed {
            diagnosis: cause.id,
            message: with_cause(&cause.text),
            among_others: with_cause(&self.in_short(cause.text.clone(), &name)),
        })
    }

    /// What the check of this name says of its likely cause: all of it, or where it
    /// was told already, if that is shorter.
    fn in_short(&self, cause: String, name: &str) -> String {
        let mut told = lock(&self.told);
        let Some(first) = told.get(&cause) else {
            told.insert(cause.clone(), name.to_string());
            return cause;
        };
        let short = format!("The same as above, for \"{first}\".");
        if short.len() < cause.len() {
            short
        } else {
            cause
        }
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".into())
}
