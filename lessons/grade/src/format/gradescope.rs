//! Gradescope's `results.json`: a test for each check. Its score is the sum of theirs, so
//! there is none at the top, which would take the sum's place; but for where a rule of the
//! class changes the sum, so that nobody has to believe in tests below 0.
//!
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/>

use serde_json::json;

use super::items::{bounded, items};
use crate::record::{Outcome, Record};

/// The most characters of each report.
const LONGEST: usize = 10_000;

pub(super) fn write(record: &Record) -> String {
    let tests = items(record).into_iter().map(|item| {
        json!({
            "name": item.name,
            "number": item.number,
            "score": item.points,
            "max_score": item.all_points,
            "status": if item.outcome == Outcome::Passed { "passed" } else { "failed" },
            "output": bounded(&item.why, LONGEST),
            "output_format": "text",
        })
    });
    let tests: Vec<_> = tests.collect();
    let mut results = json!({
        "output": record.notes.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    });
    if !record.adjustments.is_empty() {
        results["score"] = record.points.into();
    }
    format!("{results:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class};

    fn written(record: &Record) -> serde_json::Value {
        serde_json::from_str(&write(record)).unwrap()
    }

    #[test]
    fn the_sum_of_the_tests_is_what_was_reached() {
        for record in class() {
            let results = written(&record);
            let tests = results["tests"].as_array().unwrap();
            let sum =
                |key: &str| -> u64 { tests.iter().map(|test| test[key].as_u64().unwrap()).sum() };
            assert_eq!(sum("score"), u64::from(record.points));
            assert_eq!(sum("max_score"), u64::from(record.all_points));
            assert!(results["score"].is_null());
        }
    }

    #[test]
    fn what_a_rule_takes_is_said_and_counts() {
        let results = written(&adjusted());
        assert_eq!(results["score"], 9);
        assert_eq!(results["tests"][6]["score"], -3);
    }
}
