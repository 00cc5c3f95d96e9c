//! The results of a run: told to the student in a few lines, and to tools as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::json;

use super::{Told, finding};
use crate::place::Place;
use crate::record::{CheckInfo, Outcome, Record};
use crate::show::count;

/// What is said of a check whose step is open.
pub(crate) fn still_open(place: &Place, step: u32) -> String {
    format!("step {step} is still a todo!() in {}", place.starter())
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    checks: usize,
    failed: usize,
    open: usize,
    /// The earlier step, still open, that some of its checks need.
    needs: Option<u32>,
    not_here: usize,
    points: u32,
    all_points: u32,
}

impl Progress {
    fn of(record: &Record) -> BTreeMap<u32, Self> {
        let mut steps: BTreeMap<u32, Self> = BTreeMap::new();
        for result in &record.checks {
            let CheckInfo { step, points, .. } = result.check;
            let progress = steps.entry(step).or_default();
            progress.checks += 1;
            progress.all_points += points;
            match &result.outcome {
                Outcome::Passed => progress.points += points,
                Outcome::Open(of) => {
                    progress.open += 1;
                    progress.needs = Some(*of).filter(|of| *of != step);
                }
                Outcome::NotHere(_) => {
                    progress.not_here += 1;
                    progress.all_points -= points;
                }
                Outcome::Failed(_) | Outcome::NotGraded(_) => progress.failed += 1,
            }
        }
        steps
    }

    fn word(self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "failing",
            Self { open: 1.., .. } => "open",
            _ => "done",
        }
    }

    /// What is left to say behind the points.
    fn detail(self, place: &Place) -> String {
        match self {
            Self { failed: 1.., .. } => {
                let (failed, checks) = (self.failed, count(self.checks, "check"));
                format!("{failed} of {checks} failed")
            }
            Self {
                open: 1..,
                needs: Some(step),
                ..
            } => {
                let (open, checks) = (self.open, count(self.checks, "check"));
                format!("{open} of {checks} need step {step}, which is open")
            }
            Self { open: 1.., .. } => format!("still a todo!() in {}", place.starter()),
            Self { not_here: 1.., .. } => {
                format!("{} not done here", count(self.not_here, "check"))
            }
            _ => String::new(),
        }
    }
}

/// The lines after a run: each step, the points, what comes next; or less, if not all
/// checks were done.
pub(crate) fn summary(place: &Place, record: &Record, all: &[CheckInfo]) -> String {
    if record.checks.is_empty() && record.not_built.is_none() {
        return String::new();
    }
    let (points, all_points) = (record.points, record.all_points);
    if record.not_built.is_some() {
        let all_points = all.iter().map(|check| check.points).sum();
        let heading = heading(place, 0, all_points);
        let starter = place.starter();
        return match place.has(&starter) {
            true => {
                format!("{heading}next: {starter} must compile; the compiler's message is above\n")
            }
            false => format!("{heading}next: get {starter} back: git checkout {starter}\n"),
        };
    }
    if record.checks.len() < all.len() {
        let passed = record
            .checks
            .iter()
            .filter(|c| c.outcome == Outcome::Passed);
        return format!(
            "in this run: {} of {} passed; all of them: cargo test -p {}\n",
            passed.count(),
            count(record.checks.len(), "check"),
            place.package
        );
    }
    let steps = Progress::of(record);
    let mut text = heading(place, points, all_points);
    for (step, progress) in &steps {
        let word = progress.word();
        let all = count(progress.all_points as usize, "point");
        let points = format!("{} of {all}", progress.points);
        let detail = progress.detail(place);
        let line = format!("  step {step}  {word:7}  {points:15}  {detail}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    // A failing step before an open one: it was begun first.
    let unfinished = |wanted: &str| steps.iter().find(|(_, p)| p.word() == wanted);
    let next = match unfinished("failing").or_else(|| unfinished("open")) {
        Some((step, _)) => format!("next: step {step}, in {}", place.starter()),
        None => all_done(place),
    };
    let _ = writeln!(text, "{next}");
    text
}

fn heading(place: &Place, points: u32, all_points: u32) -> String {
    let all = count(all_points as usize, "point");
    format!("{}: {points} of {all}\n", place.package)
}

/// The lines after a run whose filter fits no check: what there is.
pub(crate) fn nothing_fits(place: &Place, checks: &[CheckInfo], filter: &str) -> String {
    let Place { package, .. } = place;
    let mut text = format!("{package}: no check has \"{filter}\" in its name. There are:\n");
    let mut steps: BTreeMap<u32, usize> = BTreeMap::new();
    for check in checks {
        *steps.entry(check.step).or_default() += 1;
    }
    for (step, number) in steps {
        let _ = writeln!(text, "  \"step {step}\"  {}", count(number, "check"));
    }
    let _ = writeln!(text, "all names: cargo test -p {package} -- --list");
    text
}

fn all_done(place: &Place) -> String {
    match place.next() {
        Some(next) => format!(
            "All of this lesson is done.\nnext: {}, then cargo test -p {}",
            next.readme(),
            next.package
        ),
        None => "All of this lesson is done, and it is the last one.".into(),
    }
}

/// Writes the results as JSON: to this file, if its name ends in `.json`, or else to
/// `PACKAGE.json` in this folder, which is made if need be.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn write(path: &Path, place: &Place, record: &Record) -> io::Result<()> {
    let results = record.checks.iter().map(|result| {
        // Each stands by itself: a cause that several share is told by each.
        let (outcome, message, found) = match &result.outcome {
            Outcome::Passed => ("passed", None, None),
            Outcome::Failed(found) => {
                let message = finding(place, &record.seed, found, &Told::default());
                ("failed", Some(message), Some(found))
            }
            Outcome::Open(step) => ("open", Some(still_open(place, *step)), None),
            Outcome::NotHere(why) if why.starts_with("skipped") => {
                ("skipped", Some(why.clone()), None)
            }
            Outcome::NotHere(why) => ("ignored", Some(why.clone()), None),
            Outcome::NotGraded(why) => ("not-graded", Some(why.clone()), None),
        };
        json!({
            "step": result.check.step,
            "name": result.check.name,
            "points": result.check.points,
            "outcome": outcome,
            "diagnosis": found.map(|found| found.cause.names().join(" + ")),
            "message": message,
            "finding": found,
        })
    });
    let report = json!({
        "version": record.version,
        "lesson": record.lesson,
        "seed": record.seed,
        "points": record.points,
        "all_points": record.all_points,
        "not_built": record.not_built,
        "warnings": record.warnings,
        "changed": record.changed,
        "checks": results.collect::<Vec<_>>(),
    });
    let file = match path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        true => path.to_path_buf(),
        false => path.join(format!("{}.json", place.package)),
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, format!("{report:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CheckResult, Event};

    #[test]
    fn the_summary_names_every_step_and_the_next() {
        let place = Place::new("/none/lessons/1_path_router", "path_router");
        let check = |step, points| CheckInfo {
            step,
            name: "x".into(),
            points,
        };
        let checks = [
            check(1, 1),
            check(1, 2),
            check(2, 2),
            check(2, 1),
            check(3, 1),
        ];
        let outcomes = [
            Outcome::Passed,
            Outcome::Passed,
            Outcome::NotGraded("x".into()),
            Outcome::Passed,
            Outcome::Open(3),
        ];
        let results = checks.iter().cloned().zip(outcomes);
        let events = results.map(|(check, outcome)| Event::Checked(CheckResult { check, outcome }));
        assert_eq!(
            summary(&place, &Record::of(events), &checks),
            "path_router: 4 of 7 points\n\
             \u{20} step 1  done     3 of 3 points\n\
             \u{20} step 2  failing  1 of 3 points    1 of 2 checks failed\n\
             \u{20} step 3  open     0 of 1 point     still a todo!() in starter/1_path_router.rs\n\
             next: step 2, in starter/1_path_router.rs\n"
        );
    }
}
