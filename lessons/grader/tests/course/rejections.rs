//! Whether the checks of a lesson reject its wrong answers as they should: each by its
//! own step alone, with its own diagnosis; and each check one of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::lesson::Wrong;
use crate::workshop::Graded;

/// What is wrong with these results, of all wrong answers of a lesson.
pub fn faults(graded: &[(Wrong, Vec<Graded>)]) -> Vec<String> {
    let mut faults = Vec::new();
    // How many wrong answers each check has rejected.
    let mut rejected: BTreeMap<&str, usize> = BTreeMap::new();
    // The checks that this computer cannot do.
    let mut not_here: BTreeSet<&str> = BTreeSet::new();
    for (wrong, checks) in graded {
        let Wrong { file, step, .. } = wrong;
        let mut diagnoses = BTreeSet::new();
        for check in checks {
            let name = &*check.name;
            let count = rejected.entry(name).or_default();
            let own = check.step == *step;
            match &*check.outcome {
                "passed" => {}
                // Another step's: the checks without a browser have seen it.
                "skipped" if !own => {}
                "ignored" => {
                    not_here.insert(name);
                }
                "failed" => {
                    *count += 1;
                    if own {
                        diagnoses.insert(&*check.diagnosis);
                    } else {
                        faults.push(format!(
                            "wrong/{file} belongs to step {step}, but \"{name}\" of step {} \
                             rejects it",
                            check.step
                        ));
                    }
                }
                other => faults.push(format!(
                    "wrong/{file} is {other} by \"{name}\" of its own step"
                )),
            }
        }
        if !diagnoses.contains(&*wrong.diagnosis) {
            faults.push(format!(
                "wrong/{file} should be diagnosed as {}, and is: {diagnoses:?}",
                wrong.diagnosis
            ));
        }
    }
    for (name, count) in &rejected {
        if *count == 0 && !not_here.contains(name) {
            faults.push(format!("no wrong answer is rejected by \"{name}\""));
        }
    }
    if rejected.is_empty() {
        faults.push("there is no wrong answer in wrong/".into());
    }
    faults
}

/// The faults of a lesson with two steps, whose second has a check with a browser, and
/// with a wrong answer for each: these outcomes of the three checks, and its diagnosis.
fn faults_of(results: [([&str; 3], &str); 2]) -> Vec<String> {
    let graded = (1..).zip(results).map(|(step, (outcomes, diagnosis))| {
        let wrong = Wrong {
            file: format!("{step}.rs"),
            text: String::new(),
            step,
            diagnosis: "due".into(),
        };
        let checks = [(1, "status"), (2, "body"), (2, "browser")];
        let checks = checks.into_iter().zip(outcomes);
        let checks = checks.map(|((step, name), outcome)| Graded {
            step,
            name: name.into(),
            outcome: outcome.into(),
            diagnosis: if outcome == "failed" { diagnosis } else { "" }.into(),
            message: String::new(),
            by_model: true,
        });
        (wrong, checks.collect())
    });
    faults(&graded.collect::<Vec<_>>())
}

#[test]
fn rejected_by_its_own_step_is_right() {
    let first = (["failed", "passed", "skipped"], "due");
    let second = (["passed", "failed", "failed"], "due");
    assert_eq!(faults_of([first, second]), [""; 0]);
    // Without a browser on this computer.
    let second = (["passed", "failed", "ignored"], "due");
    assert_eq!(faults_of([first, second]), [""; 0]);
    // By the browser alone; then nothing rejects for the other check.
    let second = (["passed", "passed", "failed"], "due");
    let idle = "no wrong answer is rejected by \"body\"";
    assert_eq!(faults_of([first, second]), [idle]);
}

#[test]
fn what_is_not_rejected_any_more_is_seen() {
    let first = (["failed", "passed", "skipped"], "due");
    let faults = faults_of([first, (["passed", "passed", "passed"], "due")]);
    let expected = [
        "wrong/2.rs should be diagnosed as due, and is: {}",
        "no wrong answer is rejected by \"body\"",
        "no wrong answer is rejected by \"browser\"",
    ];
    assert_eq!(faults, expected);
    // A browser that has become blind.
    let faults = faults_of([first, (["passed", "failed", "passed"], "due")]);
    assert_eq!(faults, ["no wrong answer is rejected by \"browser\""]);
}

#[test]
fn another_diagnosis_or_step_is_seen() {
    let first = (["failed", "passed", "skipped"], "due");
    let faults = faults_of([first, (["passed", "failed", "failed"], "other")]);
    let expected = "wrong/2.rs should be diagnosed as due, and is: {\"other\"}";
    assert_eq!(faults, [expected]);
    let faults = faults_of([first, (["failed", "failed", "failed"], "due")]);
    let expected = "wrong/2.rs belongs to step 2, but \"status\" of step 1 rejects it";
    assert_eq!(faults, [expected]);
}

#[test]
fn its_own_browser_must_see_it() {
    let first = (["failed", "passed", "skipped"], "due");
    let faults = faults_of([first, (["passed", "failed", "skipped"], "due")]);
    let expected = [
        "wrong/2.rs is skipped by \"browser\" of its own step",
        "no wrong answer is rejected by \"browser\"",
    ];
    assert_eq!(faults, expected);
    // A step without a wrong answer hides no check.
    let faults = faults_of([first, first]);
    assert!(faults.contains(&"no wrong answer is rejected by \"browser\"".into()));
    // Nor does a result that nobody knows.
    let faults = faults_of([first, (["passed", "failed", "lost"], "due")]);
    assert!(faults[0].contains("is lost by"), "{faults:?}");
}
