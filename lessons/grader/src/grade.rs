//! A lesson: its model, its examples and checks, and their run as a test program.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use crate::failure::Verdict;
use crate::fault;
use crate::model::{self, Draw, LENGTH, Model, Open};
use crate::place::Place;
use crate::program::course::Course;
use crate::program::guard;
use crate::record::{Act, CheckInfo};
use crate::run::Run;

mod environment;
mod harness;
mod run;

/// How an example is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// By the status alone.
    Status,
    /// By all that the model expects.
    Whole,
}

type Acts = Arc<dyn Fn(&mut Draw) -> Vec<Act> + Send + Sync>;
type Action = Arc<dyn Fn(&mut Run) -> Verdict + Send + Sync>;

/// One check.
#[derive(Clone)]
struct Check {
    info: CheckInfo,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Acts, held against the model.
    Example(Judge, Acts),
    /// What no model says.
    Function(Action),
    /// Whatever is asked in this step.
    Sessions,
}

impl Check {
    /// The name under which it is listed and filtered.
    fn full_name(&self) -> String {
        let CheckInfo { step, name, .. } = &self.info;
        format!("step {step}: {name}")
    }
}

/// The name of the check that the drawn sessions are, in each step.
const WHATEVER: &str = "whatever is asked";

/// A lesson: what is right, and which examples of it give points. Begun by
/// [`lesson!`](crate::lesson!).
#[must_use = "nothing is graded before `grade`"]
pub struct Grading<M> {
    place: Place,
    checks: Vec<Check>,
    sessions: Option<u32>,
    served: Option<&'static str>,
    built_from: Option<&'static [u8]>,
    model: std::marker::PhantomData<M>,
}

impl<M: Model> Grading<M> {
    /// A lesson without checks: the package of this name in this folder. The macro
    /// [`lesson!`](crate::lesson!) knows both.
    pub fn new(manifest_dir: &str, package: &str, _: M) -> Self {
        Self {
            place: Place::new(manifest_dir, package),
            checks: Vec::new(),
            sessions: None,
            served: None,
            built_from: None,
            model: std::marker::PhantomData,
        }
    }

    /// Adds an example: the step that it belongs to, its points, what must be true, in
    /// words, how it is judged, and what is done. What is expected, the model says.
    ///
    /// It is judged by what the model expects for this step. If the last act has nothing
    /// of this step, all that is expected of that act counts.
    ///
    /// # Panics
    ///
    /// If the step has a check of this name already.
    pub fn example<A: Into<Vec<Act>>>(
        self,
        step: u32,
        points: u32,
        name: &str,
        judge: Judge,
        acts: impl Fn(&mut Draw) -> A + Send + Sync + 'static,
    ) -> Self {
        let acts: Acts = Arc::new(move |draw| acts(draw).into());
        self.add(step, points, name, Kind::Example(judge, acts))
    }

    /// Adds a check of what no model says: in a browser, over TLS.
    ///
    /// # Panics
    ///
    /// If the step has a check of this name already.
    pub fn check(
        self,
        step: u32,
        points: u32,
        name: &str,
        action: impl Fn(&mut Run) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.add(step, points, name, Kind::Function(Arc::new(action)))
    }

    /// Adds a check to every step that drawn sessions reach, "whatever is asked", with
    /// these points each.
    pub fn sessions(mut self, points: u32) -> Self {
        self.sessions = Some(points);
        self
    }

    /// Gives each program a folder of its own to serve: this variable names it, and
    /// [`Act::Write`] fills it.
    pub fn served_folder(mut self, variable: &'static str) -> Self {
        self.served = Some(variable);
        self
    }

    /// The grade.rs that this is; [`lesson!`](crate::lesson!) says it. If another one is
    /// there, the run says so: Cargo does not build checks again that have an older time.
    pub fn built_from(mut self, grade_rs: &'static [u8]) -> Self {
        self.built_from = Some(grade_rs);
        self
    }

    fn add(mut self, step: u32, points: u32, name: &str, kind: Kind) -> Self {
        let name = name.into();
        let info = CheckInfo { step, name, points };
        let check = Check { info, kind };
        let twice = self
            .checks
            .iter()
            .any(|other| other.full_name() == check.full_name());
        assert!(!twice, "two checks are named \"{}\"", check.full_name());
        self.checks.push(check);
        self
    }

    /// All checks, with those of drawn sessions at the end of each step.
    fn all_checks(&self) -> Vec<Check> {
        let mut checks = self.checks.clone();
        let Some(points) = self.sessions else {
            return checks;
        };
        let of_checks = || checks.iter().map(|check| check.info.step).collect();
        // What breaks is told where it is played.
        for step in fault::caught(steps::<M>).unwrap_or_else(|_| of_checks()) {
            let last = checks.iter().rposition(|check| check.info.step <= step);
            let name = WHATEVER.into();
            let info = CheckInfo { step, name, points };
            let kind = Kind::Sessions;
            checks.insert(last.map_or(0, |at| at + 1), Check { info, kind });
        }
        checks
    }

    /// Runs the checks that the command line asks for and prints the results: the
    /// whole `main` of a grade.rs.
    pub fn grade(self) -> ExitCode {
        guard::guard_if_asked();
        if std::env::args().nth(1).as_deref() == Some("--mistakes") {
            println!("{}", mistakes_as_json::<M>(&self.checks));
            return ExitCode::SUCCESS;
        }
        let arguments = match harness::Arguments::read() {
            Ok(arguments) => arguments,
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        };
        let environment = match environment::Environment::read(&self.place.root) {
            Ok(environment) => environment,
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        };
        let checks = self.all_checks();
        let course = Course::now(&self.place, self.built_from);
        let place = self.place;
        harness::main::<M>(place, checks, self.served, environment, &arguments, &course)
    }
}

/// The steps that drawn sessions reach.
fn steps<M: Model>() -> BTreeSet<u32> {
    let mut draw = Draw::new(&["the steps of a lesson"]);
    let mut steps = BTreeSet::new();
    for _ in 0..run::SESSIONS {
        for (_, expect) in model::session::<M>(&mut draw, LENGTH, &Open::new()).acts {
            steps.extend(expect.all().iter().map(|expected| expected.step));
        }
    }
    steps
}

/// What the check of the course asks of the mistakes: their names, and those of which the
/// model says the same in many acts, or that change nothing.
fn mistakes_as_json<M: Model>(checks: &[Check]) -> String {
    let mistakes = model::mistakes::<M>();
    let mut draw = Draw::new(&["the mistakes of a lesson"]);
    let mut sessions: Vec<_> = (0..MANY / LENGTH)
        .map(|_| model::session::<M>(&mut draw, LENGTH, &Open::new()).acts)
        .collect();
    // What has to be waited for stands only in examples.
    sessions.extend(checks.iter().filter_map(|check| match &check.kind {
        Kind::Example(_, acts) => Some(model::expected::<M>(acts(&mut draw), &Open::new())),
        _ => None,
    }));
    let answers = |knobs: &M::Knobs| -> Vec<_> {
        let session = |acts: &Vec<(Act, crate::record::Expect)>| {
            let mut state = M::State::default();
            let expect =
                |(act, _): &(Act, _)| model::step::<M>(knobs, &mut state, act, &Open::new());
            acts.iter().map(expect).collect::<Vec<_>>()
        };
        sessions.iter().map(session).collect()
    };
    let right = answers(&M::Knobs::default());
    let mut known = Vec::new();
    let mut without_effect = Vec::new();
    let mut alike = Vec::new();
    for mistake in mistakes.all() {
        let mut knobs = M::Knobs::default();
        mistake.set(&mut knobs);
        let answers = answers(&knobs);
        if answers == right {
            without_effect.push(&mistake.name);
        }
        for (name, others) in &known {
            if *others == answers && *name != &mistake.name {
                alike.push([*name, &mistake.name]);
            }
        }
        known.push((&mistake.name, answers));
    }
    let names: BTreeSet<&String> = mistakes.all().iter().map(|mistake| &mistake.name).collect();
    serde_json::json!({
        "names": names,
        "without_effect": without_effect,
        "alike": alike,
    })
    .to_string()
}

/// How many acts the mistakes of a lesson are compared in.
const MANY: usize = 10_000;
