//! A lesson: its model, its examples and checks, and their run as a test program.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use crate::bench::Limits;
use crate::fault;
use crate::function::{Run, Verdict};
use crate::model::{self, Draw, LENGTH, Model, Open};
use crate::place::Place;
use crate::program::guard;
use crate::record::{Act, CheckInfo, Fields};

mod arguments;
mod checks;
mod environment;
mod graded;
mod harness;
mod mistakes;
mod printer;

/// How an example is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// By the status alone.
    Status,
    /// By all that the model expects.
    Whole,
}

type Acts = Arc<dyn Fn(&mut Draw) -> Vec<Act> + Send + Sync>;
type Action = Arc<dyn Fn(&mut Run<'_>) -> Verdict + Send + Sync>;

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
    fn full_name(&self) -> String {
        self.info.full_name()
    }
}

/// The check that the drawn sessions are in this step.
fn whatever(step: u32, points: u32) -> CheckInfo {
    let name = "whatever is asked".into();
    CheckInfo { step, name, points }
}

/// A lesson: what is right, and which examples of it give points. Begun by
/// [`lesson!`](crate::lesson!).
#[must_use = "nothing is graded before `grade`"]
pub struct Lesson<M> {
    place: Place,
    checks: Vec<Check>,
    sessions: Option<u32>,
    served: Option<&'static str>,
    variables: Fields,
    random_cookie: Option<&'static str>,
    built_from: Option<&'static [u8]>,
    limits: Limits,
    model: std::marker::PhantomData<M>,
}

impl<M: Model> Lesson<M> {
    /// A lesson without checks: the package of this name in this folder. The macro
    /// [`lesson!`](crate::lesson!) knows both.
    pub fn new(manifest_dir: &str, package: &str, _: M) -> Self {
        Self {
            place: Place::new(manifest_dir, package),
            checks: Vec::new(),
            sessions: None,
            served: None,
            variables: Fields::new(),
            random_cookie: None,
            built_from: None,
            limits: Limits::default(),
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
        action: impl Fn(&mut Run<'_>) -> Verdict + Send + Sync + 'static,
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

    /// Sets a variable in the environment of each program that is started. What a check sets itself
    /// counts more.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Programs draw the value of this cookie at random. Acts and expectations name it by
    /// [`random_value`](crate::random_value), so that a session can be played again.
    pub fn random_cookie(mut self, name: &'static str) -> Self {
        self.random_cookie = Some(name);
        self
    }

    /// Sets other limits than the usual ones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
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
            let (info, kind) = (whatever(step, points), Kind::Sessions);
            checks.insert(last.map_or(0, |at| at + 1), Check { info, kind });
        }
        checks
    }

    /// Runs the checks that the command line asks for and prints the results: the
    /// whole `main` of a grade.rs.
    pub fn grade(self) -> ExitCode {
        guard::guard_if_asked();
        if std::env::args().nth(1).as_deref() == Some("--mistakes") {
            println!("{}", mistakes::as_json::<M>(&self.checks));
            return ExitCode::SUCCESS;
        }
        if std::env::args().nth(1).as_deref() == Some("--checks") {
            let checks = self.all_checks().into_iter().map(|check| check.info);
            println!("{}", serde_json::json!(checks.collect::<Vec<_>>()));
            return ExitCode::SUCCESS;
        }
        let arguments = match arguments::Arguments::read() {
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
        let place = self.place;
        let set = harness::Set {
            served: self.served,
            variables: self.variables,
            random_cookie: self.random_cookie,
            limits: self.limits,
            built_from: self.built_from,
        };
        harness::main::<M>(place, checks, &set, environment, &arguments)
    }
}

/// The steps that drawn sessions reach.
fn steps<M: Model>() -> BTreeSet<u32> {
    let mut draw = Draw::new(&["the steps of a lesson"]);
    let mut steps = BTreeSet::new();
    for _ in 0..graded::SESSIONS {
        for (_, expect) in model::session::<M>(&mut draw, LENGTH, &Open::new()).acts {
            steps.extend(expect.all().iter().map(|expected| expected.step));
        }
    }
    steps
}
