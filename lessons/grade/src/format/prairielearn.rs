//! PrairieLearn's `/grade/results/results.json`: a score from 0 to 1, and the checks with
//! their points. The file may have 1 MB. What the grader itself has failed at is not
//! gradable, which costs nobody an attempt.
//!
//! <https://docs.prairielearn.com/externalGrading/#grading-results>

use serde_json::{Value, json};

use super::items::{bounded, fitting, items};
use crate::record::Record;

/// The most bytes of the file.
const MOST: usize = 1_000_000;

pub(super) fn write(record: &Record) -> String {
    fitting(MOST, |longest| format!("{:#}\n", results(record, longest)))
}

fn results(record: &Record, longest: usize) -> Value {
    if !record.is_graded() {
        let broken =
            "The grader itself has failed. This is no fault of your program: tell your instructor.";
        return json!({ "gradable": false, "message": broken });
    }
    let score = match record.all_points {
        0 => 0.0,
        all => f64::from(record.points) / f64::from(all),
    };
    let tests = items(record).into_iter().map(|item| {
        json!({
            "name": item.name,
            "description": item.says.join(" "),
            "points": item.points,
            "max_points": item.all_points,
            "output": bounded(&item.why, longest),
        })
    });
    json!({
        "gradable": true,
        "score": score,
        "message": format!("{} of {} points", record.points, record.all_points),
        "output": record.notes.join("\n"),
        "tests": tests.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class};
    use crate::record::State;

    fn written(record: &Record) -> Value {
        serde_json::from_str(&write(record)).unwrap()
    }

    #[test]
    fn the_score_is_a_part_of_one() {
        let scores: Vec<Value> = class()
            .iter()
            .map(|one| written(one)["score"].clone())
            .collect();
        assert_eq!(scores, [json!(1.0), json!(1.0 / 12.0), json!(0.0)]);
        assert_eq!(written(&adjusted())["score"], 0.75);
        assert_eq!(written(&adjusted())["tests"][6]["points"], -3);
    }

    #[test]
    fn nobody_loses_an_attempt_by_the_grader() {
        let mut record = class().remove(0);
        record.lessons[0].state = State::NotGraded;
        assert_eq!(written(&record)["gradable"], false);
        assert!(written(&record)["score"].is_null());
    }

    #[test]
    fn it_is_never_too_long() {
        let mut record = class().remove(1);
        for check in &mut record.lessons[0].steps[0].checks {
            check.report = Some("\u{1}".repeat(9_000));
        }
        record.lessons = vec![record.lessons[0].clone(); 20];
        assert!(write(&record).len() <= MOST);
        assert_eq!(written(&record)["tests"].as_array().map(Vec::len), Some(60));
    }
}
