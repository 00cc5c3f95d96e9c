//! The run as a test program: what the command line asks for, and what is printed, both
//! as `cargo test` and `cargo nextest` expect it.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use lexopt::prelude::*;

use super::environment::Environment;
use super::run::Graded;
use super::{Check, Kind};
use crate::attempt::{self, Candidate, Setting};
use crate::bench::Bench;
use crate::fault;
use crate::model::{Model, Open};
use crate::place::Place;
use crate::program::build::NotBuilt;
use crate::program::course::Course;
use crate::program::steps;
use crate::record::{Cause, CheckResult, Ended, Event, Finding, Outcome, Record, Told};
use crate::show::count;
use crate::tell;

/// The name of the first test.
const COMPILES: &str = "the program compiles";

/// The version of records.
const VERSION: u32 = 1;

/// What the command line asks for: what `cargo test -- --help` lists, as far as it means
/// something here. Other options of `cargo test` are taken and do nothing.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    list: bool,
    ignored: bool,
    include_ignored: bool,
    quiet: bool,
}

impl Arguments {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(lexopt::Parser::from_env()).map_err(|error| error.to_string())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(filter) => arguments.filters.push(filter.string()?),
                Long("skip") => arguments.skip.push(parser.value()?.string()?),
                Long("exact") => arguments.exact = true,
                Long("list") => arguments.list = true,
                Long("ignored") => arguments.ignored = true,
                Long("include-ignored") => arguments.include_ignored = true,
                Short('q') | Long("quiet") => arguments.quiet = true,
                Long("test" | "bench" | "nocapture" | "no-capture" | "show-output") => {}
                Long("test-threads" | "color" | "format" | "logfile" | "report-time")
                | Short('Z') => drop(parser.value()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(arguments)
    }

    fn asks_for(&self, name: &str) -> bool {
        let fits = |filter: &String| match self.exact {
            true => name == filter,
            false => name.contains(filter.as_str()),
        };
        let wanted = self.filters.is_empty() || self.filters.iter().any(fits);
        wanted && !self.skip.iter().any(fits)
    }

    /// Whether a flag decides what becomes of checks of open steps.
    fn flagged(&self) -> bool {
        self.list || self.ignored || self.include_ignored
    }
}

/// What is said of one test.
enum Said {
    Ok,
    Failed(String),
    Ignored(String),
}

/// Prints tests as they end, and counts them.
struct Printer {
    width: usize,
    quiet: bool,
    passed: usize,
    ignored: usize,
    failures: Vec<(String, String)>,
    /// What the compiler said of the program, though it has built it.
    warnings: Vec<String>,
}

impl Printer {
    fn begin(&self, name: &str) {
        if !self.quiet {
            let width = self.width;
            print!("test {name:width$} ... ");
            let _ = std::io::stdout().flush();
        }
    }

    fn end(&mut self, name: &str, said: Said) {
        let (word, letter) = match &said {
            Said::Ok => ("ok".to_string(), '.'),
            Said::Failed(_) => ("FAILED".into(), 'F'),
            Said::Ignored(why) if why.is_empty() => ("ignored".into(), 'i'),
            Said::Ignored(why) => (format!("ignored ({why})"), 'i'),
        };
        match said {
            Said::Ok => self.passed += 1,
            Said::Ignored(_) => self.ignored += 1,
            Said::Failed(why) => self.failures.push((name.into(), why)),
        }
        match self.quiet {
            true => print!("{letter}"),
            false => println!("{word}"),
        }
    }

    fn finish(&self, filtered_out: usize, began: Instant) {
        if !self.failures.is_empty() {
            println!("\nfailures:\n");
            for (name, why) in &self.failures {
                println!("---- {name} ----\n{why}\n");
            }
            if !self.warnings.is_empty() {
                println!(
                    "---- what the compiler warns of ----\n{}",
                    self.warnings.join("\n")
                );
            }
            println!("\nfailures:");
            for (name, _) in &self.failures {
                println!("    {name}");
            }
        }
        let (passed, ignored, failed) = (self.passed, self.ignored, self.failures.len());
        let result = if failed == 0 { "ok" } else { "FAILED" };
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "\ntest result: {result}. {passed} passed; {failed} failed; {ignored} ignored; \
             0 measured; {filtered_out} filtered out; finished in {seconds:.2}s\n"
        );
    }
}

/// Runs the checks and prints the results.
pub(super) fn main<M: Model>(
    place: Place,
    checks: Vec<Check>,
    served: Option<&'static str>,
    environment: Environment,
    arguments: &Arguments,
    course: &Course,
) -> ExitCode {
    let starter = place.starter();
    let open = match environment.program {
        Some(_) => Open::new(),
        None => place
            .read(&starter)
            .map(|text| steps::open(&text))
            .unwrap_or_default(),
    };
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
    println!("\nrunning {}", count(number, "test"));
    let full_names = selected.iter().map(|check| check.full_name());
    let full_names = full_names
        .chain(reference.cloned())
        .chain([COMPILES.into()]);
    let mut printer = Printer {
        width: full_names
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0),
        quiet: arguments.quiet,
        passed: 0,
        ignored: 0,
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    let setting = Arc::new(Setting::new(
        place,
        crate::run::Limits::default(),
        environment.seed.clone(),
        environment.browser_steps,
    ));
    let place = &setting.place;
    let run_of = |program: &std::path::Path, open: &Open| Run::<M> {
        graded: Graded::new(
            Bench {
                program: program.into(),
                folder: place.root.clone(),
                served,
                limits: crate::bench::Limits::default(),
            },
            open.clone(),
            environment.seed.clone(),
            environment.sessions,
        ),
        candidate: Candidate::new(program.into()),
        setting: Arc::clone(&setting),
    };
    let mut record = Record::of([Event::Started {
        version: VERSION,
        lesson: place.package.clone(),
        seed: environment.seed.clone(),
        checks: selected.iter().map(|check| check.info.clone()).collect(),
    }]);

    if compiles {
        printer.begin(COMPILES);
    }
    let wanted = compiles || !selected.is_empty();
    let program = match &environment.program {
        Some(program) => Some(Ok(program.clone())),
        None => wanted.then(|| setting.built(&place.package)),
    };
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
            let graded_open = match arguments.flagged() {
                true => Open::new(),
                false => open.clone(),
            };
            let mut run = run_of(program, &graded_open);
            let see = |name: &str, outcome: Option<&Outcome>, printer: &mut Printer| match outcome {
                None => printer.begin(name),
                Some(outcome) => printer.end(name, said_at_once(place, outcome)),
            };
            let results = run.checks(&selected, &graded_open, |check, outcome| {
                see(&check.full_name(), outcome, &mut printer);
            });
            let told = tell::Told::default();
            for result in &results {
                if let Outcome::Failed(finding) = &result.outcome {
                    let text = tell::finding(place, &environment.seed, finding, &told);
                    let known = printer.failures.iter_mut();
                    if let Some((_, why)) = known.into_iter().find(|(n, _)| *n == finding.check) {
                        *why = text;
                    }
                }
            }
            let warnings = setting.warnings(&place.package);
            printer.warnings = match printer.failures.is_empty() {
                true => Vec::new(),
                false => warnings.clone(),
            };
            record.add(Event::Built(warnings));
            results
                .into_iter()
                .for_each(|result| record.add(Event::Checked(result)));
        }
        (_, Some(why)) => {
            // One compiler's message, one failure.
            let mut told = compiles;
            for check in &selected {
                let outcome = match &program {
                    // No fault of the program, so its points are not lost.
                    Some(Err(NotBuilt::Hindered(_))) => Outcome::NotHere(NOT_BUILT.into()),
                    _ => Outcome::NotGraded(NOT_COMPILED.into()),
                };
                printer.begin(&check.full_name());
                let said = match std::mem::replace(&mut told, true) {
                    true => said_at_once(place, &outcome),
                    false => Said::Failed(why.clone()),
                };
                printer.end(&check.full_name(), said);
                let check = check.info.clone();
                record.add(Event::Checked(CheckResult { check, outcome }));
            }
            record.add(Event::NotBuilt(why));
        }
        _ => {}
    }
    if let Some(name) = reference {
        printer.begin(name);
        printer.end(
            name,
            reference_of(&setting, &checks, run_of, &environment.seed),
        );
    }
    let changed = course.changed(place);
    record.add(Event::Changed(
        [&changed.doubtful[..], &changed.known[..]].concat(),
    ));
    record.add(Event::Ended);

    printer.finish(all.saturating_sub(number), began);
    let none_fits = number == 0;
    if !arguments.exact && !given {
        let said = match (none_fits, arguments.filters.first()) {
            (true, Some(filter)) => tell::nothing_fits(place, &checks_of(&checks), filter),
            _ => tell::summary(place, &record, &checks_of(&checks)),
        };
        if !said.is_empty() {
            println!("{said}");
        }
    }
    for said in &record.changed {
        println!("{said}");
    }
    if let Some(path) = &environment.report
        && let Err(error) = tell::write(path, place, &record)
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

fn checks_of(checks: &[Check]) -> Vec<crate::record::CheckInfo> {
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
        Outcome::Open(step) => {
            let starter = place.starter();
            Said::Ignored(format!("step {step} is still a todo!() in {starter}"))
        }
        Outcome::NotHere(why) | Outcome::NotGraded(why) => Said::Ignored(why.clone()),
    }
}

/// The checks against one program.
struct Run<M> {
    graded: Graded<M>,
    candidate: Candidate,
    setting: Arc<Setting>,
}

impl<M: Model> Run<M> {
    /// Does these checks, and says of each when it begins and when it has ended.
    fn checks(
        &mut self,
        checks: &[&Check],
        open: &Open,
        mut see: impl FnMut(&Check, Option<&Outcome>),
    ) -> Vec<CheckResult> {
        let closed = |check: &&&Check| !open.contains(&check.info.step);
        let examples = checks
            .iter()
            .filter(closed)
            .filter_map(|check| match &check.kind {
                Kind::Example(_, acts) => Some((*check, acts)),
                _ => None,
            });
        self.graded.begin(examples);
        let mut results: Vec<CheckResult> = Vec::new();
        for check in checks {
            see(check, None);
            let step = check.info.step;
            let outcome = match &check.kind {
                _ if open.contains(&step) => Ok(Outcome::Open(step)),
                kind => fault::caught(|| self.outcome(check, kind)),
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

    fn outcome(&mut self, check: &Check, kind: &Kind) -> Outcome {
        match kind {
            Kind::Example(judge, acts) => self.graded.example(check, *judge, acts),
            Kind::Sessions => self.graded.sessions(check),
            Kind::Function(_) if self.graded.never_serves() => {
                Outcome::NotGraded("not graded: the program does not start, see above".into())
            }
            Kind::Function(action) => self.function(check, action),
        }
    }

    fn function(&self, check: &Check, action: &super::Action) -> Outcome {
        let attempted = self.candidate.attempt(
            &attempt::Check {
                step: check.info.step,
                name: check.info.name.clone(),
                points: check.info.points,
                action: Arc::clone(action),
            },
            &self.setting,
        );
        match attempted {
            attempt::Outcome::Passed => Outcome::Passed,
            attempt::Outcome::Failed(failed) => Outcome::Failed(Box::new(Finding {
                step: check.info.step,
                check: check.full_name(),
                acts: Vec::new(),
                expected: None,
                words: Some((failed.message, String::new())),
                printed: Ended::default(),
                cause: Cause::Rule(Told {
                    name: failed.diagnosis.into(),
                    says: String::new(),
                }),
            })),
            attempt::Outcome::Open(_) => Outcome::Open(check.info.step),
            attempt::Outcome::NotHere(why) | attempt::Outcome::Skipped(why) => {
                Outcome::NotHere(why)
            }
            attempt::Outcome::NotGraded(why) => Outcome::NotGraded(why),
        }
    }
}

/// What is said of a check that has broken.
fn fault_of(check: &Check, why: &str) -> Outcome {
    Outcome::Failed(Box::new(Finding {
        step: check.info.step,
        check: check.full_name(),
        acts: Vec::new(),
        expected: None,
        words: Some(fault::words(why)),
        printed: Ended::default(),
        cause: Cause::Rule(fault::told(why)),
    }))
}

/// Does every check with the reference.
fn reference_of<M: Model>(
    setting: &Setting,
    checks: &[Check],
    run_of: impl Fn(&std::path::Path, &Open) -> Run<M>,
    seed: &str,
) -> Said {
    let place = &setting.place;
    let fault = format!(
        "{} is the course's own: this is no fault of yours.",
        place.solution()
    );
    let program = match setting.built(&format!("{}_solution", place.package)) {
        Ok(program) => program,
        Err(why) => return Said::Failed(format!("{fault}\nIt is not built; {}", why.why())),
    };
    let checks: Vec<&Check> = checks.iter().collect();
    let results = run_of(&program, &Open::new()).checks(&checks, &Open::new(), |_, _| {});
    let told = tell::Told::default();
    let failures = results.iter().filter_map(|result| match &result.outcome {
        Outcome::Failed(finding) => Some(tell::finding(place, seed, finding, &told)),
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
        Some(why) => {
            let passed = results.len() - not_here.len();
            Said::Ignored(format!("{passed} passed; {why} for the rest"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &[&str]) -> Arguments {
        let words = ["grade"].iter().chain(line);
        Arguments::parse(lexopt::Parser::from_iter(words)).expect("arguments")
    }

    #[test]
    fn tests_are_chosen_as_cargo_test_chooses_them() {
        let names = ["step 1: a", "step 1: b", "step 12: a"];
        let chosen = |line: &[&str]| {
            let arguments = arguments(line);
            names
                .into_iter()
                .filter(|name| arguments.asks_for(name))
                .collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[]), names);
        assert_eq!(chosen(&["step 1:"]), names[..2]);
        assert_eq!(chosen(&["step 1: b", "step 12"]), names[1..]);
        assert_eq!(chosen(&["--exact", "step 1"]), [""; 0]);
        assert_eq!(chosen(&["--skip", "step 1:", "a"]), names[2..]);
        assert_eq!(
            chosen(&["--nocapture", "--test-threads=1", "--exact", "step 1: a"]),
            names[..1]
        );
    }
}
