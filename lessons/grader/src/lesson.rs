//! A lesson's list of checks, and its run as a test program: which checks are
//! graded, against which program, and what is said in the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};

use libtest_mimic::{Arguments, Completion, FormatSetting, Trial};

use crate::attempt::{Candidate, Check, Failed, Outcome, Setting};
use crate::failure::Verdict;
use crate::place::Place;
use crate::program::build::NotBuilt;
use crate::program::{guard, steps};
use crate::results::{self, Outcomes};
use crate::run::{Limits, Run};
use crate::seed;
use crate::show::count;
use crate::sync::lock;

/// The name of the first trial.
const COMPILES: &str = "the program compiles";

/// What is said of each check of a program that does not compile, once it is told why.
const NOT_COMPILED: &str = "not graded: the program does not compile";

/// The same where the reason is none of the program's.
const HINDERED: &str = "not graded: there is no program to grade, see above";

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
        let environment = match Environment::read(&self.place.root) {
            Ok(environment) => environment,
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        };
        let report = environment.report.clone();
        let session = Arc::new(Session::new(self, environment, &arguments));
        let trials = session.trials(&arguments);
        let none_fits = trials.iter().all(|trial| arguments.is_filtered_out(trial));
        let conclusion = libtest_mimic::run(&arguments, trials);
        if arguments.list {
            return ExitCode::SUCCESS;
        }
        session.say(&arguments, none_fits);
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
    browser_steps: Option<BTreeSet<u32>>,
}

impl Environment {
    /// Paths are meant from the root of the workspace, where people type; Cargo runs
    /// tests in the folder of their package.
    ///
    /// # Errors
    ///
    /// With what is wrong with a variable.
    fn read(root: &Path) -> Result<Self, String> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let seed = set("GRADE_SEED");
        let program = set("GRADE_PROGRAM").map(|path| root.join(path));
        if let Some(missing) = program.as_ref().filter(|path| !path.is_file()) {
            return Err(format!(
                "GRADE_PROGRAM: there is no file {}",
                missing.display()
            ));
        }
        let browser_steps = match set("GRADE_BROWSER_STEPS") {
            Some(_) if program.is_none() => {
                let why = "a student's program gets every check";
                return Err(format!(
                    "GRADE_BROWSER_STEPS goes with GRADE_PROGRAM only: {why}"
                ));
            }
            Some(steps) => Some(numbers(&steps.to_string_lossy())?),
            None => None,
        };
        Ok(Self {
            seed: seed.map_or_else(seed::any, |seed| seed.to_string_lossy().into_owned()),
            program,
            report: set("GRADE_REPORT").map(|path| root.join(path)),
            browser_steps,
        })
    }
}

/// The numbers in `1,2`.
fn numbers(text: &str) -> Result<BTreeSet<u32>, String> {
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers.collect::<Result<_, _>>().map_err(|_| {
        format!("GRADE_BROWSER_STEPS={text}: numbers of steps with commas between, such as 1,2")
    })
}

/// One run of the test program.
struct Session {
    setting: Arc<Setting>,
    checks: Vec<Check>,
    /// The steps whose `todo!` still stands.
    open: BTreeSet<u32>,
    /// A program given from outside; then nothing is built.
    given: Option<PathBuf>,
    candidate: OnceLock<Result<Candidate, NotBuilt>>,
    /// Whether a trial of this run says (or has said) why the program does not compile.
    says_why: AtomicBool,
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
            setting: Arc::new(Setting::new(
                place,
                limits,
                environment.seed,
                environment.browser_steps,
            )),
            checks,
            open,
            given: environment.program,
            candidate: OnceLock::new(),
            says_why: says_why.into(),
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
                let built = session.candidate().map(drop);
                built.map_err(|why| session.says_not_built(why).into())
            }));
        }
        for (at, check) in self.checks.iter().enumerate() {
            let session = Arc::clone(self);
            let open = self.open.contains(&check.step);
            let trial = Trial::ignorable_test(check.full_name(), move || {
                let outcome = if open && !flagged {
                    Outcome::Open(session.open_reason(at))
                } else {
                    session.outcome(at)
                };
                session.note(at, outcome.clone());
                match outcome {
                    Outcome::Passed => Ok(Completion::Completed),
                    // Where no other trial fails for it, this one does.
                    Outcome::NotGraded(why) if why != HINDERED => Err(why.into()),
                    Outcome::Open(why)
                    | Outcome::NotHere(why)
                    | Outcome::NotGraded(why)
                    | Outcome::Skipped(why) => Ok(Completion::ignored_with(why)),
                    // One compiler's message, one failure.
                    Outcome::Failed(failed) if failed.message == NOT_COMPILED => {
                        Ok(Completion::ignored_with(failed.message))
                    }
                    Outcome::Failed(failed) => Err(failed.among_others.into()),
                }
            });
            trials.push(trial.with_ignored_flag(open && flagged));
        }
        let place = &self.setting.place;
        if self.given.is_none() && place.has(&place.solution()) {
            let session = Arc::clone(self);
            let checks = count(self.checks.len(), "check");
            trials.push(Trial::ignorable_test(
                format!("the reference in solutions/ passes all {checks}"),
                move || session.reference().map_err(Into::into),
            ));
        }
        trials
    }

    /// The program to grade, built when it is first asked for.
    fn candidate(&self) -> Result<&Candidate, &NotBuilt> {
        let candidate = self.candidate.get_or_init(|| {
            let place = &self.setting.place;
            let program = match &self.given {
                Some(given) => given.clone(),
                None if place.has(&place.starter()) => self.setting.built(&place.package)?,
                None => return Err(NotBuilt::DoesNotCompile("the file is gone".into())),
            };
            Ok(Candidate::new(program))
        });
        candidate.as_ref()
    }

    fn says_not_built(&self, why: &NotBuilt) -> String {
        let place = &self.setting.place;
        let (starter, package) = (place.starter(), &place.package);
        if !place.has(&starter) {
            return format!(
                "There is no file {starter}.\n\n\
                 To get it back as it was in the beginning: git checkout {starter}"
            );
        }
        let said = match why {
            NotBuilt::DoesNotCompile(why) => format!("{starter} does not compile; {why}"),
            NotBuilt::Hindered(why) => {
                format!("Not graded, and that is no fault of {starter}:\n{why}")
            }
        };
        format!("{said}\n\nagain: cargo build -p {package}")
    }

    fn open_reason(&self, at: usize) -> String {
        let (step, starter) = (self.checks[at].step, self.setting.place.starter());
        format!("step {step} is still a todo!() in {starter}")
    }

    fn outcome(&self, at: usize) -> Outcome {
        match self.candidate() {
            Ok(candidate) => candidate.attempt(&self.checks[at], &self.setting),
            Err(why) => {
                // Where no trial says why, the first check has to.
                let is_said = self.says_why.swap(true, Relaxed);
                let says = || self.says_not_built(why);
                match why {
                    NotBuilt::DoesNotCompile(_) => {
                        let message = if is_said { NOT_COMPILED.into() } else { says() };
                        Outcome::Failed(Failed::new("does-not-compile", message))
                    }
                    NotBuilt::Hindered(_) => {
                        Outcome::NotGraded(if is_said { HINDERED.into() } else { says() })
                    }
                }
            }
        }
    }

    fn note(&self, at: usize, outcome: Outcome) {
        let mut outcomes = lock(&self.outcomes);
        outcomes.insert(at, outcome);
    }

    /// Runs every check against the reference.
    fn reference(&self) -> Result<Completion, String> {
        let place = &self.setting.place;
        let fault = format!(
            "{} is the course's own: this is no fault of yours.",
            place.solution()
        );
        let program = self
            .setting
            .built(&format!("{}_solution", place.package))
            .map_err(|why| format!("{fault}\nIt was not built: {}", why.why()))?;
        let candidate = Candidate::new(program);
        let (mut failures, mut not_here) = (Vec::new(), Vec::new());
        for check in &self.checks {
            match candidate.attempt(check, &self.setting) {
                Outcome::Failed(failed) => failures.push(failed.among_others),
                Outcome::NotHere(why) | Outcome::NotGraded(why) | Outcome::Skipped(why) => {
                    not_here.push(why);
                }
                Outcome::Passed | Outcome::Open(_) => {}
            }
        }
        if !failures.is_empty() {
            let failing = count(failures.len(), "check");
            let failures = failures.join("\n\n");
            return Err(format!("{fault}\nIt fails {failing}:\n\n{failures}"));
        }
        Ok(match not_here.first() {
            None => Completion::Completed,
            Some(why) => {
                let passed = self.checks.len() - not_here.len();
                Completion::ignored_with(format!("{passed} passed; {why} for the rest"))
            }
        })
    }

    /// Prints where the student is, if this run can tell.
    fn say(&self, arguments: &Arguments, none_fits: bool) {
        let outcomes = lock(&self.outcomes);
        let place = &self.setting.place;
        // Output for a machine stays clean, and a runner that starts a process for
        // each test tells its own story.
        let for_tools = arguments.format == Some(FormatSetting::Json) || arguments.exact;
        if for_tools {
            return;
        }
        if let Some(filter) = arguments.filter.as_ref().filter(|_| none_fits) {
            print!("{}", results::nothing_fits(place, &self.checks, filter));
        } else if outcomes.is_empty() || self.given.is_some() {
            return;
        } else if let Some(Err(why)) = self.candidate.get() {
            match why {
                NotBuilt::DoesNotCompile(_) => {
                    print!("{}", results::must_compile(place, &self.checks));
                }
                NotBuilt::Hindered(_) => print!("{}", results::not_graded(place)),
            }
        } else if outcomes.len() < self.checks.len() {
            print!("{}", results::part_summary(place, &outcomes));
        } else {
            print!("{}", results::summary(place, &self.checks, &outcomes));
        }
        println!();
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let outcomes = lock(&self.outcomes);
        let Setting { place, seed, .. } = &*self.setting;
        results::write(path, place, seed, &self.checks, &outcomes)
    }
}
