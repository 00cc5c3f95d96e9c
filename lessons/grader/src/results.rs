//! The results of a run: gathered check by check, then told to the student in a
//! few lines, and to tools as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::json;

use crate::attempt::Check;
use crate::place::Place;
use crate::show::count;

/// How a check ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed {
        diagnosis: &'static str,
        message: String,
    },
    /// Its step is open, for this reason.
    Ignored(String),
}

/// What became of each check that ran, by its place in the list.
pub(crate) type Outcomes = BTreeMap<usize, Outcome>;

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    checks: usize,
    passed: usize,
    failed: usize,
    open: usize,
}

impl Progress {
    fn word(self) -> &'static str {
        match self {
            Self { open: 1.., .. } => "open",
            Self { failed: 1.., .. } => "failing",
            _ => "done",
        }
    }
}

/// The lines after a run of all checks: each step, the points, what comes next.
pub(crate) fn summary(place: &Place, checks: &[Check], outcomes: &Outcomes) -> String {
    let mut steps: BTreeMap<u32, Progress> = BTreeMap::new();
    let (mut points, mut all_points) = (0, 0);
    for (at, check) in checks.iter().enumerate() {
        let progress = steps.entry(check.step).or_default();
        progress.checks += 1;
        all_points += check.points;
        match outcomes.get(&at) {
            Some(Outcome::Passed) => {
                progress.passed += 1;
                points += check.points;
            }
            Some(Outcome::Ignored(_)) => progress.open += 1,
            Some(Outcome::Failed { .. }) | None => progress.failed += 1,
        }
    }
    let mut text = format!(
        "{}: {points} of {}\n",
        place.package,
        count(all_points as usize, "point")
    );
    for (step, progress) in &steps {
        let word = progress.word();
        let passed = format!(
            "{} of {} passed",
            progress.passed,
            count(progress.checks, "check")
        );
        let detail = match word {
            "open" => format!("still a todo!() in {}", place.starter()),
            _ => passed,
        };
        let _ = writeln!(text, "  step {step}  {word:7}  {detail}");
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

/// Writes the results as JSON: to this file, or to `PACKAGE.json` if the path is a
/// folder.
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
            Outcome::Failed { diagnosis, message } => ("failed", Some(*diagnosis), Some(message)),
            Outcome::Ignored(reason) => ("ignored", None, Some(reason)),
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
    let file = if path.is_dir() {
        path.join(format!("{}.json", place.package))
    } else {
        path.to_path_buf()
    };
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
        Outcome::Failed {
            diagnosis: "x",
            message: String::new(),
        }
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
        let ignored = Outcome::Ignored("todo".into());
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
             \u{20} step 1  done     2 of 2 checks passed\n\
             \u{20} step 2  failing  1 of 2 checks passed\n\
             \u{20} step 3  open     still a todo!() in starter/1_path_router.rs\n\
             next: step 2, in starter/1_path_router.rs\n"
        );
    }
}
