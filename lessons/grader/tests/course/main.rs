//! The check of the course itself: that every lesson keeps what a student and an
//! instructor rely on.
//!
//! These tests are for authors; a student's work must not fail them. So they are
//! ignored unless asked for:
//!
//!     cargo test -p grader --test course -- --ignored
//!
//! For one lesson alone, while it is written; or for some, with commas between their names:
//!
//!     LESSON=path_router cargo test -p grader --test course -- --ignored
//!
//! `GRADE_SESSIONS=200` asks right programs that many drawn sessions. `GRADE_PART=3/20` grades
//! only each twentieth program of a lesson, from the third on: with another part each time, all have
//! their turn. What is drawn is another thing in each run, if `GRADE_SEED` does not say which. What
//! is wrong is printed as soon as it is found, and all of it once more at the end.
//!
//! They look at every folder of lessons/ that has a grade.rs, and work in a copy
//! of the course (see `workshop`), where they put other programs in the place of a
//! starter.

mod console;
mod faults;
mod lesson;
mod prove;
mod workshop;

use std::collections::BTreeSet;

use faults::Faults;
use lesson::Lesson;
use workshop::{Asked, Browser, Graded, Which, Workshop};

/// How many lessons are looked at side by side: while the programs of one are built, those of
/// another run.
const SOME: usize = 2;

/// The same, if there is something else that says when each has its turn.
const ALL: usize = usize::MAX;

/// Does something for each lesson, a few at once, and fails with all that was found wrong. The
/// last lessons come first: they wait longest.
#[track_caller]
fn for_each_lesson(at_once: usize, check: impl Fn(&Lesson, &Faults) + Sync) {
    let mut lessons: Vec<Lesson> = lesson::all().into_iter().rev().collect();
    if let Some(wanted) = lesson::wanted() {
        let is_there = |name: &String| lessons.iter().any(|one| one.package == *name);
        if let Some(missing) = wanted.iter().find(|name| !is_there(name)) {
            panic!(
                "LESSON names {missing}, and there is no such lesson. Is it path_router, and not 1_path_router?"
            );
        }
        lessons.retain(|one| wanted.contains(&one.package));
    }
    let faults = prove::side_by_side(&lessons, at_once, |lesson| {
        let faults = Faults::of(&lesson.folder);
        // It is a fault of this lesson, and hides none of another.
        faults.catch(|| check(lesson, &faults));
        faults.found()
    });
    let faults = faults.concat();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_solution_compiles_without_warnings() {
    // (That it passes all checks is seen with the other right programs.)
    for_each_lesson(SOME, |lesson, faults| {
        faults.add_all(Workshop::open().build_solution(lesson).warnings);
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_starter_serves_and_fails_each_step_at_its_todo() {
    for_each_lesson(SOME, |lesson, faults| {
        let workshop = Workshop::open();
        let folder = workshop.folder();
        let built = match workshop.build(lesson, &lesson.starter_text(), folder.path()) {
            Ok(built) => built,
            Err(why) => return faults.add(why),
        };
        faults.add_all(built.warnings);
        let asked = Asked {
            which: Which::All,
            browser: Browser::No,
            sessions: Some("1"),
        };
        let checks = workshop.checks(lesson, folder.path());
        let checks = checks.grade(&built.program, asked);
        let steps: BTreeSet<u64> = checks
            .iter()
            .map(|graded| graded.check.step)
            .filter(|&step| step > 0)
            .collect();
        let todos = lesson.todo_steps();
        if steps != todos {
            faults.add(format!(
                "there are checks for the steps {steps:?}, but a todo!(\"step N: ...\") for {todos:?}"
            ));
        }
        if steps.iter().copied().ne(1..=steps.len() as u64) {
            faults.add(format!("the steps are not numbered from 1 on: {steps:?}"));
        }
        for Graded {
            check,
            outcome,
            diagnosis,
            message,
            ..
        } in checks
        {
            let due = if check.step == 0 {
                ("passed", "")
            } else {
                ("failed", "not-yet-implemented")
            };
            let left_out = ["ignored", "skipped", "not-graded"].contains(&&*outcome);
            if !left_out && (&*outcome, &*diagnosis) != due {
                let (step, name) = (check.step, check.name);
                let wanted = match step {
                    0 => "pass".into(),
                    _ => format!("come to the todo! of step {step}"),
                };
                faults.add(match &*outcome {
                    "passed" => format!("with the starter, \"{name}\" must {wanted}, and passes"),
                    _ => format!(
                        "with the starter, \"{name}\" must {wanted}, and does not:\n{message}"
                    ),
                });
            }
        }
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn every_mistake_is_told_and_no_right_program_is_rejected() {
    for_each_lesson(ALL, prove::prove);
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn a_lesson_is_whole_in_each_of_its_variants() {
    for_each_lesson(SOME, prove::prove_variants);
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_console_blocks_of_the_lessons_are_true() {
    for_each_lesson(SOME, |lesson, faults| {
        faults.add_all(console::faults(Workshop::open(), &lesson.readme()));
    });
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn the_console_blocks_of_the_readme_are_true() {
    if lesson::wanted().is_some() {
        return; // It belongs to no lesson.
    }
    let readme = std::fs::read_to_string(lesson::root().join("README.md")).expect("a README.md");
    let faults = console::faults(Workshop::open(), &readme);
    assert!(
        faults.is_empty(),
        "\nREADME.md: {}\n",
        faults.join("\nREADME.md: ")
    );
}

#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn every_lesson_has_its_parts_and_every_step_a_hint() {
    for_each_lesson(SOME, |lesson, faults| {
        let title = format!("# Lesson {}: ", lesson.number);
        let readme = lesson.readme();
        if !readme.starts_with(&title) {
            faults.add(format!("README.md does not begin with \"{title}...\""));
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
                faults.add(format!("README.md has no part \"{part}\""));
            }
        }
        // The page at the end of a part shows what its lessons have taught.
        let learned = lesson::section(&readme, "## What you will learn").unwrap_or_default();
        if !(learned.contains("\n- ") && learned.contains("Of Rust")) {
            faults.add(
                "README.md has, in \"## What you will learn\", no list of what is learned of HTTP, or \
                 nothing \"Of Rust\"",
            );
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
                faults.add(format!(
                    "the tour shows a line that is not in the starter: {line}"
                ));
            }
        }
        // A starter that was solved, and left so, has no `todo!` any more.
        let (steps, todos) = (lesson::steps(&readme), lesson.todo_steps());
        if steps != todos {
            faults.add(format!(
                "README.md has a part \"### Step N: ...\" for {steps:?}, and the starter a \
                 todo!(\"step N: ...\") for {todos:?}"
            ));
        }
        for step in steps {
            let section = lesson::section(&readme, &format!("### Step {step}:"));
            let section = section.expect("its heading was found");
            for needed in ["<details>", "</details>", "```console"] {
                if !section.contains(needed) {
                    faults.add(format!(
                        "README.md has no {needed} in step {step}: a hint, and a command to try"
                    ));
                }
            }
        }
    });
}

/// What a package is built with: its libraries, each with its features. `what` says which kinds of
/// dependencies are left out.
fn built_with(package: &str, what: &[&str]) -> BTreeSet<String> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--quiet", "--package", package, "--prefix", "none"])
        .args(["--format", "{p} with {f}"])
        .args(what)
        .current_dir(lesson::root())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    // (What a tree has shown already, it marks.)
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_string).collect()
}

/// Cargo unites the features of all that it builds at once. If a dependency of the checks asks for
/// one more, `cargo test` builds libraries again that `cargo run` has built.
#[test]
#[ignore = "for authors: cargo test -p grader --test course -- --ignored"]
fn a_library_is_built_once_for_a_program_and_its_checks() {
    for_each_lesson(SOME, |lesson, faults| {
        let program = built_with(&lesson.package, &["--edges", "no-dev"]);
        let checks = built_with(&lesson.package, &[]);
        for library in program.difference(&checks) {
            faults.add(format!(
                "the program is built with {library}; its checks want other features of it"
            ));
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
    // Both tables have each lesson, in order, and no other, with the minutes that its text says.
    let expected: Vec<(String, String)> = lessons
        .iter()
        .map(|lesson| (lesson.folder.clone(), lesson::minutes(&lesson.readme())))
        .collect();
    for (file, folder) in [("README.md", "lessons/"), ("lessons/README.md", "")] {
        let text = std::fs::read_to_string(root.join(file)).expect("a table of lessons");
        let rows = lesson::rows(&text, folder);
        let names = |rows: &[(String, String)]| -> Vec<String> {
            rows.iter().map(|(folder, _)| folder.clone()).collect()
        };
        if names(&rows) != names(&expected) {
            faults.push(format!(
                "the table in {file} has {:?}, the lessons are {:?}",
                names(&rows),
                names(&expected)
            ));
            continue;
        }
        for ((folder, minutes), (_, said)) in rows.iter().zip(&expected) {
            if minutes != said {
                faults.push(format!(
                    "{folder} takes {minutes} minutes in {file}, and {said} in its own text"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
