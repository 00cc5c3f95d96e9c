//! The check of the course itself: that every lesson keeps what a student and an
//! instructor rely on.
//!
//! These tests are for authors; a student's work must not fail them. So they are
//! ignored unless asked for:
//!
//!     cargo test -p grader --test course -- --ignored
//!
//! For one lesson alone, while it is written:
//!
//!     LESSON=path_router cargo test -p grader --test course -- --ignored
//!
//! `GRADE_SESSIONS=200` asks right programs that many drawn sessions.
//!
//! They look at every folder of lessons/ that has a grade.rs, and work in a copy
//! of the course (see `workshop`), where they put other programs in the place of a
//! starter.

mod console;
mod edits;
mod lesson;
mod prove;
mod workshop;

use std::collections::BTreeSet;

use lesson::Lesson;
use workshop::{Browser, Graded, Workshop};

/// Does something for each lesson, and fails with all that was found wrong. Two lessons go
/// side by side: while the programs of one are built, those of the other are graded, which
/// waits as much as it works. The last come first: they wait longest.
#[track_caller]
fn for_each_lesson(check: impl Fn(&Lesson, &mut Vec<String>) + Sync) {
    let only = std::env::var("LESSON").ok();
    let wanted = |one: &Lesson| only.as_ref().is_none_or(|only| one.package == *only);
    let lessons: Vec<Lesson> = lesson::all().into_iter().rev().filter(wanted).collect();
    assert!(!lessons.is_empty(), "there is no lesson {only:?}");
    let faults = prove::side_by_side(&lessons, 2, |lesson| {
        let mut found = Vec::new();
        check(lesson, &mut found);
        let of_lesson = |fault| format!("{}: {fault}", lesson.folder);
        found.into_iter().map(of_lesson).collect::<Vec<_>>()
    });
    let faults = faults.concat();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_solution_compiles_without_warnings() {
    // (That it passes all checks is seen with the other right programs.)
    for_each_lesson(|lesson, faults| {
        faults.extend(Workshop::open().build_solution(lesson).warnings);
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_starter_serves_and_fails_each_step_at_its_todo() {
    for_each_lesson(|lesson, faults| {
        let workshop = Workshop::open();
        let built = workshop.build(lesson, &lesson.starter_text());
        faults.extend(built.warnings);
        let checks = workshop.checks(lesson);
        let checks = checks.grade(&built.program, Browser::No, Some("1"));
        let steps: BTreeSet<u64> = checks
            .iter()
            .map(|check| check.step)
            .filter(|&step| step > 0)
            .collect();
        let todos = lesson.todo_steps();
        if steps != todos {
            faults.push(format!(
                "there are checks for steps {steps:?}, but todo!s for {todos:?}"
            ));
        }
        if steps.iter().copied().ne(1..=steps.len() as u64) {
            faults.push(format!("the steps are not numbered from 1 on: {steps:?}"));
        }
        for Graded {
            step,
            name,
            outcome,
            diagnosis,
            ..
        } in checks
        {
            let due = if step == 0 {
                ("passed", "")
            } else {
                ("failed", "not-yet-implemented")
            };
            let left_out = ["ignored", "skipped", "not-graded"].contains(&&*outcome);
            if !left_out && (&*outcome, &*diagnosis) != due {
                faults.push(format!(
                    "with the starter, \"{name}\" has {outcome} ({diagnosis}), not {due:?}"
                ));
            }
        }
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn every_mistake_is_told_and_no_right_program_is_rejected() {
    for_each_lesson(|lesson, faults| faults.extend(prove::faults(lesson)));
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_console_blocks_of_the_lessons_are_true() {
    for_each_lesson(|lesson, faults| {
        faults.extend(console::faults(&Workshop::open(), &lesson.readme()));
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_console_blocks_of_the_readme_are_true() {
    if std::env::var_os("LESSON").is_some() {
        return; // It belongs to no lesson.
    }
    let readme = std::fs::read_to_string(lesson::root().join("README.md")).expect("a README.md");
    let faults = console::faults(&Workshop::open(), &readme);
    assert!(
        faults.is_empty(),
        "\nREADME.md: {}\n",
        faults.join("\nREADME.md: ")
    );
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn every_lesson_has_its_parts_and_every_step_a_hint() {
    for_each_lesson(|lesson, faults| {
        let title = format!("# Lesson {}: ", lesson.number);
        let readme = lesson.readme();
        if !readme.starts_with(&title) {
            faults.push(format!("README.md does not begin with \"{title}...\""));
        }
        for part in [
            "## What you will build",
            "## What you will learn",
            "## The tour",
            "## Mistakes everybody makes once",
            "## In Python this was",
            "## Where this goes",
        ] {
            if !readme.lines().any(|line| line == part) {
                faults.push(format!("README.md has no part \"{part}\""));
            }
        }
        // The tour quotes the starter line by line.
        let starter: BTreeSet<String> = lesson
            .starter_text()
            .lines()
            .map(|line| line.trim().to_string())
            .collect();
        let tour = lesson::section(&readme, "## The tour").unwrap_or_default();
        for line in lesson::code_blocks(tour, "rust") {
            if !starter.contains(line.trim()) {
                faults.push(format!(
                    "the tour shows a line that is not in the starter: {line}"
                ));
            }
        }
        for step in lesson.todo_steps() {
            let Some(section) = lesson::section(&readme, &format!("### Step {step}:")) else {
                faults.push(format!("README.md has no part \"### Step {step}: ...\""));
                continue;
            };
            for needed in ["<details>", "</details>", "```console"] {
                if !section.contains(needed) {
                    faults.push(format!(
                        "README.md has no {needed} in step {step}: a hint, and a command to try"
                    ));
                }
            }
        }
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn numbers_names_and_the_syllabus_agree() {
    let lessons = lesson::all();
    let root = lesson::root();
    let mut faults = Vec::new();
    for (number, lesson) in lessons.iter().enumerate() {
        if lesson.number != number {
            faults.push(format!(
                "{} stands where lesson {number} should",
                lesson.folder
            ));
        }
        let (package, folder) = (&lesson.package, &lesson.folder);
        let manifest = lesson.read("Cargo.toml");
        for line in [
            format!("name = \"{package}\""),
            format!("default-run = \"{package}\""),
            format!("path = \"../../starter/{folder}.rs\""),
            format!("name = \"{package}_solution\""),
            format!("path = \"../../solutions/{folder}.rs\""),
            format!("name = \"grade_{package}\""),
        ] {
            if !manifest.lines().any(|found| found == line) {
                faults.push(format!("{folder}/Cargo.toml has no line {line}"));
            }
        }
    }
    // Nothing in starter/ and solutions/ that is no lesson's.
    let expected: BTreeSet<String> = lessons
        .iter()
        .map(|lesson| format!("{}.rs", lesson.folder))
        .collect();
    for folder in ["starter", "solutions"] {
        let found: BTreeSet<String> = lesson::names_in(&root.join(folder))
            .into_iter()
            .filter(|name| name.ends_with(".rs"))
            .collect();
        if found != expected {
            faults.push(format!(
                "{folder}/ has {found:?}, the lessons are {expected:?}"
            ));
        }
    }
    // The syllabus links each lesson, in order, and no other.
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README.md");
    let linked: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| {
            Some(
                line.split_once("](lessons/")?
                    .1
                    .split_once("/README.md)")?
                    .0,
            )
        })
        .collect();
    let folders: Vec<&str> = lessons.iter().map(|lesson| &*lesson.folder).collect();
    if linked != folders {
        faults.push(format!(
            "the syllabus in README.md links {linked:?}, the lessons are {folders:?}"
        ));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
