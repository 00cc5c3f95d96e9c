//! check50's JSON: each check has passed, has failed, or was not done, and then says why.
//! It knows no points.
//!
//! <https://cs50.readthedocs.io/projects/check50/en/latest/json_specification.html>

use serde_json::{Value, json};

use super::items::{Item, bounded, items};
use crate::record::{Outcome, Record, State};

/// The version of check50 whose format this is.
const VERSION: &str = "3.3.0";

/// The most characters of each report.
const LONGEST: usize = 10_000;

pub(super) fn write(record: &Record) -> String {
    let broken = |lesson: u32| {
        let mut lessons = record.lessons.iter();
        lessons.any(|own| own.number == lesson && own.state == State::NotGraded)
    };
    let checks = items(record).into_iter().filter(|item| !item.is_rule);
    let results: Vec<Value> = checks
        .map(|item| {
            let lesson = item.number.split('.').next().unwrap_or_default();
            let is_broken = lesson.parse().is_ok_and(broken);
            result(&item, is_broken)
        })
        .collect();
    let slug = match &record.lessons[..] {
        [one] => one.lesson.as_str(),
        _ => "small-web-servers",
    };
    let all = json!({ "slug": slug, "results": results, "version": VERSION });
    format!("{all:#}\n")
}

fn result(item: &Item, is_broken: bool) -> Value {
    let passed = match item.outcome {
        _ if is_broken => None,
        Outcome::Passed => Some(true),
        Outcome::Failed => Some(false),
        // Something else must be mended first.
        Outcome::NotGraded => Some(false),
        Outcome::Open | Outcome::Ignored => None,
    };
    let rationale = match (passed, item.outcome) {
        _ if is_broken => "the grader itself has failed, and that is no fault of the program",
        (None, _) => "its step is still open",
        _ if item.why.is_empty() => "it did not pass",
        _ => item.why.lines().next().unwrap_or_default(),
    };
    let help = (!item.says.is_empty()).then(|| item.says.join(" "));
    let log = bounded(&item.why, LONGEST);
    json!({
        "name": format!("check_{}", item.number.replace('.', "_")),
        "description": item.name,
        "passed": passed,
        "log": log.lines().collect::<Vec<_>>(),
        "cause": (passed != Some(true)).then(|| json!({ "rationale": rationale, "help": help })),
        "data": {},
        "dependency": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn what_has_not_passed_says_why() {
        let mut class = class();
        class[2].lessons[0].state = State::NotGraded;
        for record in class {
            let results: Value = serde_json::from_str(&write(&record)).unwrap();
            let results = results["results"].as_array().unwrap();
            assert_eq!(results.len(), 6);
            for result in results {
                assert_eq!(result["passed"] == true, result["cause"].is_null());
            }
        }
    }

    #[test]
    fn passed_failed_and_not_done_are_told_apart() {
        let results: Value = serde_json::from_str(&write(&class()[1])).unwrap();
        let passed = |at: usize| results["results"][at]["passed"].clone();
        assert_eq!(
            [passed(0), passed(1), passed(2)],
            [json!(true), json!(false), json!(null)]
        );
        let cause = &results["results"][1]["cause"];
        assert_eq!(cause["rationale"], "step 1: check");
        assert_eq!(cause["help"], "You count from 0. Count from 1 & <up>.");
    }
}
