//! Classroom 50's `result.json`, by its schema `classroom50/result/v1`: thirteen keys and no
//! other, and points as whole numbers. Which submission it is, its runner says in variables.
//!
//! <https://github.com/foundation50/classroom50/blob/main/schemas/result-v1.schema.json>

use serde_json::json;

use super::items::{bounded, items};
use crate::record::{Outcome, Record};

/// The most characters of each report.
const LONGEST: usize = 2_000;

/// Takes the variables of the runner from `variable`.
///
/// # Errors
///
/// If one of them is not there.
pub(super) fn write(
    record: &Record,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let of_runner = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            format!("{name} is not set: this format is for an autograder that Classroom 50 runs")
        })
    };
    let commit = of_runner("COMMIT_URL")?;
    // A test has no place for points that a rule gives or takes: those are in the score.
    let tests = items(record).into_iter().filter(|item| !item.is_rule);
    let tests = tests.map(|item| {
        json!({
            "test-name": item.name,
            "passed": item.outcome == Outcome::Passed,
            "score": item.points,
            "max-score": item.all_points,
            "message": bounded(&item.why, LONGEST),
        })
    });
    let result = json!({
        "schema": "classroom50/result/v1",
        "classroom": of_runner("CLASSROOM")?,
        "assignment": of_runner("ASSIGNMENT")?,
        // The runner writes these two itself, and the time: that of the commit.
        "assignment_type": variable("MODE").unwrap_or_else(|| "individual".into()),
        "owner": variable("USERNAME").unwrap_or_else(|| record.who.clone()),
        "submission": of_runner("SUBMISSION_TAG")?,
        "commit": commit,
        "release": of_runner("RELEASE_URL")?,
        "review": variable("REVIEW_URL").unwrap_or(commit),
        "datetime": record.grading.time,
        "score": record.points,
        "max-score": record.all_points,
        "tests": tests.collect::<Vec<_>>(),
    });
    Ok(format!("{result:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class};

    fn variable(name: &str) -> Option<String> {
        let value = match name {
            "CLASSROOM" => "web",
            "ASSIGNMENT" => "servers",
            "SUBMISSION_TAG" => "submit/2026-11-27T08-00-00Z-1234567",
            "COMMIT_URL" => "https://github.com/o/r/commit/1",
            "RELEASE_URL" => "https://github.com/o/r/releases/tag/submit%2F1",
            _ => return None,
        };
        Some(value.into())
    }

    #[test]
    fn it_has_the_keys_of_the_schema_and_no_other() {
        for record in class().into_iter().chain([adjusted()]) {
            let text = write(&record, variable).unwrap();
            let result: serde_json::Value = serde_json::from_str(&text).unwrap();
            let keys: Vec<&str> = result
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            let expected = "assignment assignment_type classroom commit datetime max-score owner \
                            release review schema score submission tests";
            assert_eq!(keys.join(" "), expected);
            assert_eq!(result["score"], record.points);
            for test in result["tests"].as_array().unwrap() {
                assert!(test["score"].as_u64() <= test["max-score"].as_u64());
            }
        }
    }

    #[test]
    fn without_its_runner_it_says_what_is_missing() {
        let why = write(&class()[0], |_| None).unwrap_err();
        assert!(why.starts_with("COMMIT_URL is not set"), "{why}");
    }
}
