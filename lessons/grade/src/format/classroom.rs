//! GitHub Classroom: what `autograding-grading-reporter` takes from a runner, which is JSON
//! in base64, on one line. It is made for a step's output:
//!
//! ```yaml
//! - run: echo "result=$(cargo grade --format classroom)" >> "$GITHUB_OUTPUT"
//! ```
//!
//! The reporter adds up the tests' scores, sends nothing if `max_score` is 0, and lets the
//! job fail unless the status is `pass`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::items::{bounded, fitting, items};
use crate::record::{Outcome, Record};

/// The most bytes. The reporter gets them in a variable, and on Linux none is longer than 128 KiB.
const MOST: usize = 120_000;

pub(super) fn write(record: &Record) -> String {
    fitting(MOST, |longest| {
        STANDARD.encode(results(record, longest).to_string()) + "\n"
    })
}

fn results(record: &Record, longest: usize) -> Value {
    let status = match (record.is_graded(), record.is_full()) {
        (false, _) => "error",
        (true, true) => "pass",
        (true, false) => "fail",
    };
    let tests = items(record).into_iter().map(|item| {
        let passed = item.outcome == Outcome::Passed;
        json!({
            "name": item.name,
            "status": if passed { "pass" } else { "fail" },
            "score": item.points,
            "message": bounded(&item.why, longest),
            "test_code": "",
            "filename": "",
            "line_no": 0,
            "execution_time": 0,
        })
    });
    json!({
        "version": 1,
        "status": status,
        "max_score": record.all_points,
        "tests": tests.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class};
    use crate::record::State;

    #[test]
    fn a_variable_can_hold_it() {
        let mut record = class().remove(1);
        for check in &mut record.lessons[0].steps[0].checks {
            check.report = Some("x".repeat(9_000));
        }
        record.lessons = vec![record.lessons[0].clone(); 20];
        assert!(write(&record).len() <= MOST, "{}", write(&record).len());
    }

    #[test]
    fn the_reporter_finds_the_points() {
        let mut broken = class().remove(0);
        broken.lessons[0].state = State::NotGraded;
        let records = class().into_iter().chain([adjusted(), broken]);
        for (record, status) in records.zip(["pass", "fail", "fail", "fail", "error"]) {
            let line = write(&record);
            let json = STANDARD.decode(line.trim_end()).unwrap();
            let results: Value = serde_json::from_slice(&json).unwrap();
            let scores = results["tests"].as_array().unwrap().iter();
            let sum: i64 = scores.map(|test| test["score"].as_i64().unwrap()).sum();
            assert_eq!(sum, i64::from(record.points));
            assert_eq!(results["max_score"], record.all_points);
            assert_eq!(results["status"], status);
            assert_eq!(line.lines().count(), 1);
        }
    }
}
