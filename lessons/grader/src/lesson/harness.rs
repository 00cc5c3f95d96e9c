//! The run as a test program: what the command line asks for, and what is printed, both
//! as `cargo test` and `cargo nextest` expect it.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use super::Check;
use super::arguments::Arguments;
use super::checks::Run;
use super::environment::Environment;
use super::graded::Graded;
use super::printer::{Form, Printer, Said};
use crate::bench::{Bench, Limits};
use crate::model::{Model, Open};
use crate::place::{Place, steps};
use crate::program::Executable;
use crate::program::build::{Builds, NotBuilt};
use crate::program::course::Course;
use crate::program::passed::Passed;
use crate::record::{CheckInfo, CheckResult, Event, Fields, Outcome, Record};
use crate::report;
use crate::show::count;

/// The name of the first test.
const COMPILES: &str = "the program compiles";

/// The version of records.
const VERSION: u32 = 1;

/// What the lesson has set for all its checks.
pub(super) struct Set {
    /// The variable that names the folder which a program serves.
    pub(super) served: Option<&'static str>,
    /// What is in the environment of each program.
    pub(super) variables: Fields,
    /// The cookie whose values programs draw at random.
    pub(super) random_cookie: Option<&'static str>,
    pub(super) limits: Limits,
    /// The grade.rs that this is, if that is known.
    pub(super) built_from: Option<&'static [u8]>,
}

/// What has happened so far, told as it happens if a tool asks for it.
struct Log {
    record: Record,
    told: bool,
}

impl Log {
    fn add(&mut self, event: Event) {
        if self.told
            && let Ok(line) = serde_json::to_string(&event)
        {
            println!("{line}");
        }
        self.record.add(event);
    }
}

/// Runs the checks and prints the results.
pub(super) fn main<M: Model>(
    place: Place,
    checks: Vec<Check>,
    set: &Set,
    environment: Environment,
    arguments: &Arguments,
) -> ExitCode {
    let starter = place.starter();
    let source = match (&environment.program, &environment.source) {
        (_, Some(source)) => std::fs::read_to_string(source).ok(),
        (Some(_), None) => None,
        (None, None) => place.read(&starter),
    };
    let open = source.map_or_else(Open::new, |source| steps::open(&source));
    let is_open = |check: &Check| open.contains(&check.info.step);
    let given = environment.program.is_some();
    let reference = (!given && place.has(&place.solution())).then(|| {
        let checks = count(checks.len(), "check");
        format!("the reference in solutions/ passes all {checks}")
    });
    let selected: Vec<&Check> = checks
        .iter()
        .filter(|check| arguments.asks_for(&check.full_name()))
        .filter(|check| !arguments.ignored || is_open(check))
        .collect();
    let compiles = !given && !arguments.ignored && arguments.asks_for(COMPILES);
    let reference = reference
        .as_ref()
        .filter(|name| !arguments.ignored && arguments.asks_for(name));
    if arguments.list {
        let names = compiles.then(|| COMPILES.to_string()).into_iter();
        let names = names.chain(selected.iter().map(|check| check.full_name()));
        for name in names.chain(reference.cloned()) {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }

    let began = Instant::now();
    let number = usize::from(compiles) + selected.len() + usize::from(reference.is_some());
    let all = checks.len() + usize::from(!given) + usize::from(!given && reference.is_some());
    let form = match (environment.events, arguments.quiet) {
        (true, _) => Form::Nothing,
        (false, true) => Form::Letters,
        (false, false) => Form::Lines,
    };
    if form != Form::Nothing {
        println!("\nrunning {}", count(number, "test"));
    }
    let mut names: Vec<String> = selected.iter().map(|check| check.full_name()).collect();
    names.extend(reference.cloned());
    names.push(COMPILES.into());
    let mut printer = Printer::new(names.iter().map(String::as_str), form);
    let helpers = environment.helpers.clone();
    let builds = Arc::new(Builds::new(place, set.limits.build, helpers));
    let place = &builds.place;
    let run_of = |program: &Executable, open: &Open| Run::<M> {
        graded: Graded::new(
            Bench {
                program: program.clone(),
                folder: place.root.clone(),
                served: set.served,
                variables: set.variables.clone(),
                random_cookie: set.random_cookie,
                limits: set.limits,
            },
            open.clone(),
            environment.seed.clone(),
            environment.sessions,
            environment.again,
        ),
        builds: Arc::clone(&builds),
        seed: environment.seed.clone(),
        browser_steps: environment.browser_steps.clone(),
    };
    let mut log = Log {
        record: Record::default(),
        told: environment.events,
    };
    log.add(Event::Started {
        version: VERSION,
        lesson: place.package.clone(),
        seed: environment.seed.clone(),
        checks: selected.iter().map(|check| check.info.clone()).collect(),
    });

    if compiles {
        printer.begin(COMPILES);
    }
    let wanted = compiles || !selected.is_empty();
    let program = match &environment.program {
        Some(program) => Some(Ok(program.clone())),
        None => wanted.then(|| builds.built(&place.package).map(Executable::from)),
    };
    // Cargo may have written its lock file; nothing of the program has run so far.
    let course = Course::now(place, set.built_from);
    let failed = program.as_ref().and_then(|built| built.as_ref().err());
    let why = failed.map(|why| not_built(place, why));
    if compiles {
        let said = match &why {
            None => Said::Ok,
            Some(why) => Said::Failed(why.clone()),
        };
        printer.end(COMPILES, said);
    }
    match (&program, why) {
        (Some(Ok(program)), _) => {
            let open = match arguments.flagged() {
                true => Open::new(),
                false => open.clone(),
            };
            let warnings = builds.warnings(&place.package);
            log.add(Event::Built(warnings.clone()));
            let run = run_of(program, &open);
            done(run, &selected, &open, &mut printer, &mut log);
            if !printer.failures.is_empty() {
                printer.warnings = warnings;
            }
        }
        (Some(Err(reason)), Some(why)) => {
            // One compiler's message, one failure.
            let tell = (!compiles).then(|| why.clone());
            log.add(Event::NotBuilt(why));
            let results = left_out(place, &selected, reason, tell, &mut printer);
            let checked = results.into_iter().map(Event::Checked);
            checked.for_each(|checked| log.add(checked));
        }
        _ => {}
    }
    if let Some(name) = reference {
        printer.begin(name);
        let again = !arguments.filters.is_empty();
        let said = reference_of(&builds, &checks, run_of, &environment, &course, again);
        printer.end(name, said);
    }
    let changed = course.changed(place);
    log.add(Event::Changed(
        [&changed.doubtful[..], &changed.known[..]].concat(),
    ));
    log.add(Event::Ended);
    let record = log.record;

    printer.finish(all.saturating_sub(number), began);
    let none_fits = number == 0;
    if !arguments.exact && !given && !environment.events {
        let said = match (none_fits, arguments.filters.first()) {
            (true, Some(filter)) => report::nothing_fits(place, &checks_of(&checks), filter),
            _ => report::summary(place, &record, &checks_of(&checks)),
        };
        if !said.is_empty() {
            println!("{said}");
        }
    }
    if !environment.events {
        record.changed.iter().for_each(|said| println!("{said}"));
    }
    if let Some(path) = &environment.report
        && let Err(error) = report::write(path, place, &record)
    {
        eprintln!("cannot write the results to {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let hindered = record.not_built.is_some();
    match printer.failures.is_empty() && !hindered && changed.doubtful.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(101),
    }
}

/// Does these checks with a program; what is said of each failure stands with the printer.
fn done<M: Model>(
    mut run: Run<M>,
    checks: &[&Check],
    open: &Open,
    printer: &mut Printer,
    log: &mut Log,
) {
    let builds = Arc::clone(&run.builds);
    let place = &builds.place;
    let results = run.checks(checks, open, |check, outcome| match outcome {
        None => printer.begin(&check.full_name()),
        Some(outcome) => {
            printer.end(&check.full_name(), said_at_once(place, outcome));
            let (check, outcome) = (check.info.clone(), outcome.clone());
            log.add(Event::Checked(CheckResult { check, outcome }));
        }
    });
    // Causes are known when all is done.
    let told = report::Told::default();
    for result in results {
        if let Outcome::Failed(finding) = &result.outcome {
            let text = report::finding(place, &run.seed, finding, &told);
            let mut failures = printer.failures.iter_mut();
            if let Some((_, why)) = failures.find(|(name, _)| *name == finding.check) {
                *why = text;
            }
            log.add(Event::Explained(result));
        }
    }
}

/// What becomes of checks whose program is not built. The first one tells why, if nothing else
/// has told it.
fn left_out(
    place: &Place,
    checks: &[&Check],
    reason: &NotBuilt,
    mut tell: Option<String>,
    printer: &mut Printer,
) -> Vec<CheckResult> {
    let outcome = match reason {
        // No fault of the program, so its points are not lost.
        NotBuilt::Hindered(_) => Outcome::NotHere(NOT_BUILT.into()),
        NotBuilt::DoesNotCompile(_) => Outcome::NotGraded(NOT_COMPILED.into()),
    };
    let mut results = Vec::new();
    for check in checks {
        printer.begin(&check.full_name());
        let said = match tell.take() {
            None => said_at_once(place, &outcome),
            Some(why) => Said::Failed(why),
        };
        printer.end(&check.full_name(), said);
        let (check, outcome) = (check.info.clone(), outcome.clone());
        results.push(CheckResult { check, outcome });
    }
    results
}

fn checks_of(checks: &[Check]) -> Vec<CheckInfo> {
    checks.iter().map(|check| check.info.clone()).collect()
}

/// What is said of each check of a program that does not compile, once it is told why.
const NOT_COMPILED: &str = "not graded: the program does not compile";

/// What is said of each check of a program that cannot be built here.
const NOT_BUILT: &str = "not graded: the program cannot be built here";

fn not_built(place: &Place, why: &NotBuilt) -> String {
    let (starter, package) = (place.starter(), &place.package);
    if !place.has(&starter) {
        return format!(
            "There is no file {starter}.\n\n\
             To get it back as it was in the beginning: git checkout {starter}"
        );
    }
    let why = match why {
        NotBuilt::DoesNotCompile(why) => format!("{starter} does not compile; {why}"),
        NotBuilt::Hindered(why) => format!("{starter} cannot be built here: {why}"),
    };
    format!("{why}\n\nagain: cargo build -p {package}")
}

/// What is said of a check as soon as it has ended. Why it failed is said in the end.
fn said_at_once(place: &Place, outcome: &Outcome) -> Said {
    match outcome {
        Outcome::Passed => Said::Ok,
        Outcome::Failed(_) => Said::Failed(String::new()),
        Outcome::Open(step) => Said::Ignored(report::still_open(place, *step)),
        Outcome::NotHere(why) | Outcome::NotGraded(why) => Said::Ignored(why.clone()),
    }
}

/// Does every check with the reference; unless `again`, those that it has not passed yet as
/// it is and with the course as it is.
fn reference_of<M: Model>(
    builds: &Builds,
    checks: &[Check],
    run_of: impl Fn(&Executable, &Open) -> Run<M>,
    environment: &Environment,
    course: &Course,
    again: bool,
) -> Said {
    let place = &builds.place;
    let fault = format!(
        "{} is the course's own: this is no fault of yours.",
        place.solution()
    );
    let program = match builds.built(&format!("{}_solution", place.package)) {
        Ok(program) => Executable::from(program),
        Err(why) => return Said::Failed(format!("{fault}\nIt is not built; {}", why.why())),
    };
    let passed = Passed::of(&program.path, course, environment.sessions);
    let mut known = if again {
        BTreeSet::new()
    } else {
        passed.known()
    };
    let is_new = |check: &&Check| !known.contains(&check.full_name());
    let checks: Vec<&Check> = checks.iter().filter(is_new).collect();
    if checks.is_empty() {
        return Said::Ok;
    }
    let results = run_of(&program, &Open::new()).checks(&checks, &Open::new(), |_, _| {});
    let has_passed = |result: &&CheckResult| result.outcome == Outcome::Passed;
    let names = results
        .iter()
        .filter(has_passed)
        .map(|result| result.check.full_name());
    known.extend(names);
    passed.note(&known);
    let told = report::Told::default();
    let failures = results.iter().filter_map(|result| match &result.outcome {
        Outcome::Failed(finding) => Some(report::finding(place, &environment.seed, finding, &told)),
        Outcome::NotGraded(why) => Some(why.clone()),
        _ => None,
    });
    let failures: Vec<String> = failures.collect();
    if !failures.is_empty() {
        let failing = count(failures.len(), "check");
        let failures = failures.join("\n\n");
        return Said::Failed(format!("{fault}\nIt fails {failing}:\n\n{failures}"));
    }
    let not_here = results.iter().filter_map(|result| match &result.outcome {
        Outcome::NotHere(why) => Some(why),
        _ => None,
    });
    let not_here: Vec<&String> = not_here.collect();
    match not_here.first() {
        None => Said::Ok,
        Some(why) => Said::Ignored(format!("{} passed; {why} for the rest", known.len())),
    }
}
