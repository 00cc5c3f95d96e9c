//! Whether a lesson keeps its promises: every mistake is told where it is made, and no
//! right program is rejected.
//!
//! All programs of a lesson are modules of one binary, which is built once: under the name
//! of one of them it is that program.
//!
//! A browser takes more time than all the rest of a grading. So a wrong program sees one only
//! if nothing else rejects it, and beyond that until each check in a browser has rejected one.
//! Of the right ones, all do if the check is of their lesson alone; otherwise the reference does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::edits;
use crate::lesson::{Lesson, names_in, root};
use crate::workshop::{Browser, Checks, Graded, Workshop};

/// How many sessions right programs are asked, if `GRADE_SESSIONS` does not say so. Each run
/// draws others.
const MANY_SESSIONS: &str = "50";

/// How the reference is called among the programs.
const REFERENCE: &str = "the reference";

/// One program that is to be graded.
struct Candidate {
    name: String,
    text: String,
    /// What must come of it.
    due: Due,
}

enum Due {
    /// All checks pass, with any seed.
    Right,
    /// A check of this step rejects it, and this cause is told.
    Wrong { step: u64, cause: String },
}

/// What is wrong with the lesson. The copy of the course is only needed until all is built.
pub fn faults(lesson: &Lesson) -> Vec<String> {
    let candidates = match candidates(lesson) {
        Ok(candidates) => candidates,
        Err(why) => return vec![why],
    };
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let workshop = Workshop::open();
    let checks = workshop.checks(lesson).kept_in(folder.path());
    let programs = build(&workshop, lesson, &candidates, folder.path());
    drop(workshop);
    let mut faults = mistakes(&checks, &candidates);
    let sessions = std::env::var("GRADE_SESSIONS").unwrap_or(MANY_SESSIONS.into());
    let mut programs: Vec<(Candidate, PathBuf)> = candidates.into_iter().zip(programs).collect();
    // Those that take long come first.
    programs.sort_by_key(|(candidate, _)| !matches!(candidate.due, Due::Right));
    // Most of a grading is waiting.
    let at_once = 2 * thread::available_parallelism().map_or(2, usize::from);
    let graded = side_by_side(&programs, at_once, |(candidate, program)| {
        grade(&checks, candidate, program, &sessions)
    });
    for ((candidate, _), graded) in programs.iter().zip(&graded) {
        faults.extend(judge(candidate, graded));
    }
    faults.extend(blind_browsers(&checks, &programs, &graded));
    faults
}

/// Does this for each, a few at a time; the results are in the order of what they are of.
pub fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    at_once: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { return };
                    let result = work(one);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The results of a program: of a wrong one without a browser, if that is enough.
fn grade(checks: &Checks, candidate: &Candidate, program: &Path, many: &str) -> Vec<Graded> {
    match candidate.due {
        Due::Right => {
            let alone = std::env::var_os("LESSON").is_some();
            let browser = match alone || candidate.name == REFERENCE {
                true => Browser::All,
                false => Browser::No,
            };
            checks.grade(program, browser, Some(many))
        }
        Due::Wrong { step, .. } => {
            let graded = checks.grade(program, Browser::No, None);
            let needs_one = graded
                .iter()
                .any(|one| one.step == step && one.is_skipped());
            match needs_one && !judge(candidate, &graded).is_empty() {
                true => checks.grade(program, Browser::Step(step), None),
                false => graded,
            }
        }
    }
}

/// The checks in a browser that reject no wrong program of their step.
fn blind_browsers(
    checks: &Checks,
    programs: &[(Candidate, PathBuf)],
    graded: &[Vec<Graded>],
) -> Vec<String> {
    let in_browser: BTreeSet<(u64, String)> = graded
        .iter()
        .flatten()
        .filter(|one| one.is_skipped())
        .map(|one| (one.step, one.name.clone()))
        .collect();
    let mut blind = in_browser;
    let mut see = |graded: &[Graded]| {
        // What this computer cannot do, it cannot do wrong.
        let seen = |one: &&Graded| ["failed", "ignored"].contains(&&*one.outcome);
        for one in graded.iter().filter(seen) {
            blind.remove(&(one.step, one.name.clone()));
        }
        blind.iter().map(|(step, _)| *step).collect::<BTreeSet<_>>()
    };
    let mut left = graded
        .iter()
        .map(|graded| see(graded))
        .last()
        .unwrap_or_default();
    for (candidate, program) in programs {
        if let Due::Wrong { step, .. } = candidate.due
            && left.contains(&step)
        {
            left = see(&checks.grade(program, Browser::Step(step), Some("1")));
        }
    }
    let fault = |(step, name): (u64, String)| {
        format!("no edit of step {step} is rejected by \"{name}\": it may be blind")
    };
    blind.into_iter().map(fault).collect()
}

/// The reference, its edits and the programs of right/.
fn candidates(lesson: &Lesson) -> Result<Vec<Candidate>, String> {
    let reference = lesson.solution_text();
    let mut all = vec![Candidate {
        name: REFERENCE.into(),
        text: reference.clone(),
        due: Due::Right,
    }];
    for (file, wrong) in [("wrong.edits", true), ("right.edits", false)] {
        let Some(text) = lesson.find(file) else {
            continue;
        };
        let read = edits::read(&text).map_err(|why| format!("{file}, {why}"))?;
        for edit in read {
            let text = edit
                .apply(&reference)
                .map_err(|why| format!("{file}, {why}"))?;
            let due = match (wrong, edit.step) {
                (false, None) => Due::Right,
                (true, Some(step)) => Due::Wrong {
                    step,
                    cause: edit.name.clone(),
                },
                _ => {
                    return Err(format!(
                        "{file}, {}: \"~ step N: NAME\" is for wrong.edits",
                        edit.name
                    ));
                }
            };
            let name = format!("{file}, {}", edit.name);
            all.push(Candidate { name, text, due });
        }
    }
    let folder = root().join("lessons").join(&lesson.folder).join("right");
    if folder.is_dir() {
        for file in names_in(&folder) {
            let text = fs::read_to_string(folder.join(&file)).expect("a file that can be read");
            let name = format!("right/{file}");
            let due = Due::Right;
            all.push(Candidate { name, text, due });
        }
    }
    if !all
        .iter()
        .any(|one| matches!(one.due, Due::Right) && one.name != "the reference")
    {
        return Err("there is no other right program, in right/ or right.edits".into());
    }
    Ok(all)
}

/// What is wrong with the mistakes of the model, and with what proves them.
fn mistakes(checks: &Checks, candidates: &[Candidate]) -> Vec<String> {
    let told = checks.mistakes();
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let proved: BTreeSet<&str> = candidates
        .iter()
        .filter_map(|candidate| match &candidate.due {
            Due::Wrong { cause, .. } => Some(cause.as_str()),
            Due::Right => None,
        })
        .collect();
    let mut faults = Vec::new();
    for name in list("names") {
        let name = name.as_str().expect("a name");
        if !proved.contains(name) {
            faults.push(format!("no edit in wrong.edits proves the mistake {name}"));
        }
    }
    for name in list("without_effect") {
        faults.push(format!(
            "the mistake {name} changes nothing: the model says the same as without it, or draws \
             nothing that shows it"
        ));
    }
    for name in list("two_sentences") {
        faults.push(format!(
            "two things are said of the mistake {name}: give them two names, or say what is true \
             of both"
        ));
    }
    for pair in list("alike") {
        faults.push(format!(
            "the mistakes {pair} cannot be told apart: give them one name, or draw what does"
        ));
    }
    faults
}

/// Builds all of them into this folder; the paths are in their order.
fn build(
    workshop: &Workshop,
    lesson: &Lesson,
    candidates: &[Candidate],
    folder: &Path,
) -> Vec<PathBuf> {
    let mut main = String::from("//! All programs of the lesson.\n");
    let mut arms = String::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let module = format!("program_{number}");
        main += &format!("mod {module};\n");
        arms += &format!("        Some(\"{module}\") => {module}::start(),\n");
        let start = "pub fn start() -> std::process::ExitCode {\n    \
                     std::process::Termination::report(main())\n}\n";
        // Warnings are the business of those who wrote it for students.
        let text = format!(
            "#![allow(warnings, clippy::all)]\n{}\n{start}",
            candidate.text
        );
        workshop.put_beside(lesson, &format!("{module}.rs"), &text);
    }
    main += &format!(
        "fn main() -> std::process::ExitCode {{\n    \
         let name = std::env::args_os().next().map(std::path::PathBuf::from);\n    \
         match name.as_ref().and_then(|name| name.file_stem()?.to_str()) {{\n{arms}        \
         other => panic!(\"no program {{other:?}}\"),\n    }}\n}}\n"
    );
    let built = workshop.build(lesson, &main).program;
    let names = (0..candidates.len()).map(|number| format!("program_{number}"));
    let path = |name: String| {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let linked = fs::hard_link(&built, &path);
        linked
            .or_else(|_| fs::copy(&built, &path).map(drop))
            .expect("a copy");
        path
    };
    names.map(path).collect()
}

/// Whether the results are what they must be.
fn judge(candidate: &Candidate, graded: &[Graded]) -> Vec<String> {
    let name = &candidate.name;
    let failed = || graded.iter().filter(|check| check.outcome == "failed");
    match &candidate.due {
        Due::Right => {
            let refused = graded
                .iter()
                .filter(|check| !["passed", "ignored", "skipped"].contains(&&*check.outcome));
            refused
                .map(|check| format!("{name} is right, and is rejected:\n{}", check.message))
                .collect()
        }
        Due::Wrong { step, cause } => {
            if !failed().any(|check| check.step == *step) {
                let steps: BTreeSet<u64> = failed().map(|check| check.step).collect();
                return vec![format!(
                    "{name} must be rejected by step {step}, and is by {steps:?}"
                )];
            }
            if !failed().any(|check| check.diagnosis == *cause) {
                let told: BTreeSet<&str> = failed().map(|check| &*check.diagnosis).collect();
                return vec![format!("{name}: its cause is not told, but {told:?}")];
            }
            // What is no model's, such as a page in a browser, has a cause of its own.
            let by_model = failed().filter(|check| check.by_model);
            let others = by_model.filter(|check| check.diagnosis != *cause);
            let others: BTreeSet<&str> = others.map(|check| &*check.diagnosis).collect();
            match others.first() {
                None => Vec::new(),
                Some(_) => vec![format!("{name}: the cause that is told is {others:?}")],
            }
        }
    }
}
