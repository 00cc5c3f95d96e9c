//! Gradescope's `results.json`: a test for each check. Its score is the sum of theirs, so
//! there is none at the top, which would take the sum's place.

use serde_json::json;

use crate::record::{Outcome, Record};

pub(super) fn write(record: &Record) -> String {
    let tests = record.lessons.iter().flat_map(|lesson| {
        lesson.steps.iter().flat_map(move |step| {
            step.checks.iter().enumerate().map(move |(at, check)| {
                // Points that count for nobody are none here.
                let counts = check.outcome != Outcome::Ignored;
                let passed = check.outcome == Outcome::Passed;
                let why = check.report.as_ref().or(lesson.why.as_ref());
                json!({
                    "name": format!("{}, step {}: {}", lesson.lesson, step.step, check.name),
                    "number": format!("{}.{}.{}", lesson.number, step.step, at + 1),
                    "score": if passed { check.points } else { 0 },
                    "max_score": if counts { check.points } else { 0 },
                    "status": if passed { "passed" } else { "failed" },
                    "output": why.map_or("", String::as_str),
                    "output_format": "text",
                })
            })
        })
    });
    let tests: Vec<_> = tests.collect();
    let results = json!({
        "output": record.notes.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    });
    format!("{results:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn the_sum_of_the_tests_is_what_was_reached() {
        for record in class() {
            let results: serde_json::Value = serde_json::from_str(&write(&record)).unwrap();
            let tests = results["tests"].as_array().unwrap();
            let sum =
                |key: &str| -> u64 { tests.iter().map(|test| test[key].as_u64().unwrap()).sum() };
            assert_eq!(sum("score"), u64::from(record.points));
            assert_eq!(sum("max_score"), u64::from(record.all_points));
            assert!(results["score"].is_null());
        }
    }
}
