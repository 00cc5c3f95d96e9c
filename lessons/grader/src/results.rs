//! The results of a run: gathered check by check, then told to the student in a
//! few lines, and to tools as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::json;

use crate::attempt::{Check, Failed, Outcome};
use crate::place::Place;
use crate::show::count;

/// What became of each check that ran, by its place in the list.
pub(crate) type Outcomes = BTreeMap<usize, Outcome>;

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    checks: usize,
    passed: usize,
    failed: usize,
    open: usize,
    /// Checks that this run could not do; their points don't count.
    not_here: usize,
    points: u32,
    all_points: u32,
}

impl Progress {
    fn of(checks: &[Check], outcomes: &Outcomes) -> BTreeMap<u32, Self> {
        let mut steps: BTreeMap<u32, Self> = BTreeMap::new();
        for (at, check) in checks.iter().enumerate() {
            let progress = steps.entry(check.step).or_default();
            progress.checks += 1;
            progress.all_points += check.points;
            match outcomes.get(&at) {
                Some(Outcome::Passed) => {
                    progress.passed += 1;
                    progress.points += check.points;
                }
                Some(Outcome::Open(_)) => progress.open += 1,
                Some(Outcome::NotHere(_) | Outcome::NotGraded(_) | Outcome::Skipped(_)) => {
                    progress.not_here += 1;
                    progress.all_points -= check.points;
                }
                Some(Outcome::Failed(_)) | None => progress.failed += 1,
            }
        }
        steps
    }

    fn word(self) -> &'static str {
        match self {
            Self { open: 1.., .. } => "open",
            Self { failed: 1.., .. } => "failing",
            _ => "done",
        }
    }

    /// What is left to say behind the points.
    fn detail(self, place: &Place) -> String {
        match self {
            Self { open: 1.., .. } => format!("still a todo!() in {}", place.starter()),
            Self { failed: 1.., .. } => {
                let (failed, checks) = (self.failed, count(self.checks, "check"));
                format!("{failed} of {checks} failed")
            }
            Self { not_here: 1.., .. } => {
                format!("{} not done here", count(self.not_here, "check"))
            }
            _ => String::new(),
        }
    }
}

/// The lines after a run of all checks: each step, the points, what comes next.
pub(crate) fn summary(place: &Place, checks: &[Check], outcomes: &Outcomes) -> String {
    let steps = Progress::of(checks, outcomes);
    let sum = |of: fn(&Progress) -> u32| steps.values().map(of).sum::<u32>();
    let (points, all_points) = (sum(|p| p.points), sum(|p| p.all_points));
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

/// The lines after a run in which there was no program to grade.
pub(crate) fn must_compile(place: &Place, checks: &[Check]) -> String {
    let heading = heading(place, 0, checks.iter().map(|check| check.points).sum());
    let starter = place.starter();
    if !place.has(&starter) {
        return format!("{heading}next: get {starter} back: git checkout {starter}\n");
    }
    format!("{heading}next: {starter} must compile; the compiler's message is above\n")
}

/// The line after a run in which something else than the program was in the way.
pub(crate) fn not_graded(place: &Place) -> String {
    format!(
        "{}: not graded, because of what is said above\n",
        place.package
    )
}

/// The lines after a run whose filter fits no check: what there is.
pub(crate) fn nothing_fits(place: &Place, checks: &[Check], filter: &str) -> String {
    let Place { package, .. } = place;
    let mut text = format!("{package}: no check has \"{filter}\" in its name. There are:\n");
    let mut last = None;
    for check in checks
        .iter()
        .filter(|check| last.replace(check.step) != Some(check.step))
    {
        let step = check.step;
        let number = checks.iter().filter(|check| check.step == step).count();
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

/// The line after a run of some checks only.
pub(crate) fn part_summary(place: &Place, outcomes: &Outcomes) -> String {
    let passed = outcomes
        .values()
        .filter(|o| matches!(o, Outcome::Passed))
        .count();
    format!(
        "in this run: {passed} of {} passed; all of them: cargo test -p {}\n",
        count(outcomes.len(), "check"),
        place.package
    )
}

/// Writes the results as JSON: to this file, if its name ends in `.json`, or else to
/// `PACKAGE.json` in this folder, which is made if need be.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn write(
    path: &Path,
    place: &Place,
    seed: &str,
    checks: &[Check],
    outcomes: &Outcomes,
) -> io::Result<()> {
    let results = checks.iter().enumerate().filter_map(|(at, check)| {
        let (outcome, diagnosis, message) = match outcomes.get(&at)? {
            Outcome::Passed => ("passed", None, None),
            Outcome::Failed(Failed {
                diagnosis, message, ..
            }) => ("failed", Some(*diagnosis), Some(message)),
            Outcome::Open(why) | Outcome::NotHere(why) => ("ignored", None, Some(why)),
            Outcome::NotGraded(why) => ("not-graded", None, Some(why)),
            Outcome::Skipped(why) => ("skipped", None, Some(why)),
        };
        Some(json!({
            "step": check.step,
            "name": check.name,
            "points": check.points,
            "outcome": outcome,
            "diagnosis": diagnosis,
            "message": message,
        }))
    });
    let report = json!({
        "lesson": place.package,
        "seed": seed,
        "checks": results.collect::<Vec<_>>(),
    });
    let file = if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        path.to_path_buf()
    } else {
        path.join(format!("{}.json", place.package))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, format!("{report:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn check(step: u32, points: u32) -> Check {
        Check {
            step,
            name: "x".into(),
            points,
            action: Arc::new(|_| Ok(())),
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failed::new("x", String::new()))
    }

    #[test]
    fn the_summary_names_every_step_and_the_next() {
        let place = Place::new("/none/lessons/1_path_router", "path_router");
        let checks = [
            check(1, 1),
            check(1, 2),
            check(2, 2),
            check(2, 1),
            check(3, 1),
        ];
        let ignored = Outcome::Open("todo".into());
        let outcomes = [
            Outcome::Passed,
            Outcome::Passed,
            failed(),
            Outcome::Passed,
            ignored,
        ];
        let outcomes: Outcomes = outcomes.into_iter().enumerate().collect();
        assert_eq!(
            summary(&place, &checks, &outcomes),
            "path_router: 4 of 7 points\n\
             \u{20} step 1  done     3 of 3 points\n\
             \u{20} step 2  failing  1 of 3 points    1 of 2 checks failed\n\
             \u{20} step 3  open     0 of 1 point     still a todo!() in starter/1_path_router.rs\n\
             next: step 2, in starter/1_path_router.rs\n"
        );
    }
}
