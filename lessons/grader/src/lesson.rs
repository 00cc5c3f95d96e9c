//! A lesson's list of checks, and its run as a test program: which checks are
//! graded, against which program, and what is said in the end.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, FormatSetting, Trial};

use crate::attempt::{Check, Failed, Setting, attempt};
use crate::failure::Verdict;
use crate::place::Place;
use crate::results::{self, Outcome, Outcomes};
use crate::run::{Limits, Run};
use crate::show::count;
use crate::{guard, seed, steps};

/// The name of the first trial.
const COMPILES: &str = "the program compiles";

/// The checks of one lesson; begun by [`lesson!`](crate::lesson!).
#[must_use = "nothing is graded before `grade`"]
pub struct Lesson {
    place: Place,
    checks: Vec<Check>,
    limits: Limits,
}

impl Lesson {
    /// A lesson without checks: the package of this name in this folder. The macro
    /// [`lesson!`](crate::lesson!) knows both.
    pub fn new(manifest_dir: &str, package: &str) -> Self {
        Self {
            place: Place::new(manifest_dir, package),
            checks: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Adds a check: the step it belongs to (0 if there is nothing to do for it),
    /// its name (what must be true), its points, and what it does.
    ///
    /// # Panics
    ///
    /// If the step has a check of this name already.
    pub fn check(
        mut self,
        step: u32,
        name: &str,
        points: u32,
        action: impl Fn(&mut Run) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        let check = Check {
            step,
            name: name.into(),
            points,
            action: Arc::new(action),
        };
        let twice = self
            .checks
            .iter()
            .any(|other| other.full_name() == check.full_name());
        assert!(!twice, "two checks are named \"{}\"", check.full_name());
        self.checks.push(check);
        self
    }

    /// Sets other limits than the usual ones for every check.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs the checks that the command line asks for and prints the results: the
    /// whole `main` of a grade.rs.
    pub fn grade(self) -> ExitCode {
        guard::guard_if_asked();
        let mut arguments = Arguments::from_args();
        // In order, one after the other: the first failure is the one to read first.
        arguments.test_threads.get_or_insert(1);
        let environment = Environment::read();
        if let Some(missing) = environment.program.as_ref().filter(|path| !path.is_file()) {
            eprintln!("GRADE_PROGRAM: there is no file {}", missing.display());
            return ExitCode::FAILURE;
        }
        let report = environment.report.clone();
        let session = Arc::new(Session::new(self, environment, &arguments));
        let trials = session.trials(&arguments);
        let conclusion = libtest_mimic::run(&arguments, trials);
        if arguments.list {
            return ExitCode::SUCCESS;
        }
        session.say(&arguments);
        let written = report.map_or(Ok(()), |path| {
            session.write(&path).map_err(|error| (path, error))
        });
        if let Err((path, error)) = written {
            eprintln!("cannot write the results to {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        conclusion.exit_code()
    }
}

/// What the environment asks for; see the documentation of the crate.
struct Environment {
    seed: String,
    program: Option<PathBuf>,
    report: Option<PathBuf>,
}

impl Environment {
    fn read() -> Self {
        let path = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        let seed = std::env::var_os("GRADE_SEED").filter(|seed| !seed.is_empty());
        // The program runs in another folder than this one.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        Self {
            seed: seed.map_or_else(seed::any, |seed| seed.to_string_lossy().into_owned()),
            program: path("GRADE_PROGRAM").map(absolute),
            report: path("GRADE_REPORT"),
        }
    }
}

/// One run of the test program.
struct Session {
    setting: Arc<Setting>,
    checks: Vec<Check>,
    /// The steps whose `todo!` still stands.
    open: BTreeSet<u32>,
    /// A program given from outside; then nothing is built.
    given: Option<PathBuf>,
    /// Whether the trial that shows why the program does not compile is in this run.
    says_why: bool,
    outcomes: Mutex<Outcomes>,
}

impl Session {
    fn new(lesson: Lesson, environment: Environment, arguments: &Arguments) -> Self {
        let Lesson {
            place,
            checks,
            limits,
        } = lesson;
        let open = match environment.program {
            Some(_) => BTreeSet::new(),
            None => place
                .read(&place.starter())
                .map(|text| steps::open(&text))
                .unwrap_or_default(),
        };
        let says_why = !arguments.is_filtered_out(&Trial::test(COMPILES, || Ok(())));
        Self {
            setting: Arc::new(Setting::new(place, limits, environment.seed)),
            checks,
            open,
            given: environment.program,
            says_why,
            outcomes: Mutex::default(),
        }
    }

    fn trials(self: &Arc<Self>, arguments: &Arguments) -> Vec<Trial> {
        // Test runners that list first want to know then what is ignored; with a
        // flag about ignored tests, the flag decides. Else the reason is worth more.
        let flagged = arguments.list || arguments.ignored || arguments.include_ignored;
        let mut trials = Vec::new();
        if self.given.is_none() {
            let session = Arc::clone(self);
            trials.push(Trial::test(COMPILES, move || {
                session
                    .program()
                    .map(|_| ())
                    .map_err(|why| session.does_not_compile(&why).into())
            }));
        }
        for (at, check) in self.checks.iter().enumerate() {
            let session = Arc::clone(self);
            let open = self.open.contains(&check.step);
            let trial = Trial::ignorable_test(check.full_name(), move || {
                let outcome = if open && !flagged {
                    Outcome::Ignored(session.open_reason(at))
                } else {
                    session.outcome(at)
                };
                session.note(at, outcome.clone());
                match outcome {
                    Outcome::Passed => Ok(Completion::Completed),
                    Outcome::Ignored(reason) => Ok(Completion::ignored_with(reason)),
                    Outcome::Failed { message, .. } => Err(message.into()),
                }
            });
            trials.push(trial.with_ignored_flag(open && flagged));
        }
        let place = &self.setting.place;
        if self.given.is_none() && place.has(&place.solution()) {
            let session = Arc::clone(self);
            let checks = count(self.checks.len(), "check");
            trials.push(Trial::test(
                format!("the solution passes all {checks}"),
                move || session.solution().map_err(Into::into),
            ));
        }
        trials
    }

    /// The program to grade, built when it is first asked for.
    fn program(&self) -> Result<PathBuf, String> {
        match &self.given {
            Some(given) => Ok(given.clone()),
            None => self.setting.built(&self.setting.place.package),
        }
    }

    fn does_not_compile(&self, why: &str) -> String {
        let place = &self.setting.place;
        let (starter, package) = (place.starter(), &place.package);
        format!("{starter} does not compile; {why}\n\nagain: cargo build -p {package}")
    }

    fn open_reason(&self, at: usize) -> String {
        let (step, starter) = (self.checks[at].step, self.setting.place.starter());
        format!("step {step} is still a todo!() in {starter}")
    }

    fn outcome(&self, at: usize) -> Outcome {
        let failed = match self.program() {
            Ok(program) => attempt(&self.checks[at], &program, &self.setting),
            Err(why) => Err(Failed {
                diagnosis: "does-not-compile",
                message: if self.says_why {
                    format!("not graded: see \"{COMPILES}\" above")
                } else {
                    self.does_not_compile(&why)
                },
            }),
        };
        match failed {
            Ok(()) => Outcome::Passed,
            Err(Failed { diagnosis, message }) => Outcome::Failed { diagnosis, message },
        }
    }

    fn note(&self, at: usize, outcome: Outcome) {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(at, outcome);
    }

    /// Runs every check against the solution.
    fn solution(&self) -> Result<(), String> {
        let place = &self.setting.place;
        let fault = format!(
            "{} is the course's own: this is no fault of yours.",
            place.solution()
        );
        let program = self
            .setting
            .built(&format!("{}_solution", place.package))
            .map_err(|why| format!("{fault}\nIt does not compile; {why}"))?;
        let failures: Vec<String> = self
            .checks
            .iter()
            .filter_map(|check| attempt(check, &program, &self.setting).err())
            .map(|failed| failed.message)
            .collect();
        if failures.is_empty() {
            return Ok(());
        }
        let failing = count(failures.len(), "check");
        Err(format!(
            "{fault}\nIt fails {failing}:\n\n{}",
            failures.join("\n\n")
        ))
    }

    /// Prints where the student is, if this run can tell.
    fn say(&self, arguments: &Arguments) {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &self.setting.place;
        // Output for a machine stays clean, and a runner that starts a process for
        // each test tells its own story.
        let for_tools = arguments.format == Some(FormatSetting::Json) || arguments.exact;
        if for_tools || outcomes.is_empty() || self.given.is_some() {
            return;
        }
        if outcomes.len() < self.checks.len() {
            print!("{}", results::part_summary(place, &outcomes));
        } else if self.program().is_err() {
            println!("{}: first, {} must compile", place.package, place.starter());
        } else {
            print!("{}", results::summary(place, &self.checks, &outcomes));
        }
        println!();
    }

    fn write(&self, path: &std::path::Path) -> std::io::Result<()> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let Setting { place, seed, .. } = &*self.setting;
        results::write(path, place, seed, &self.checks, &outcomes)
    }
}
