//! The programs that prove a lesson: its reference, the edits of it, and those of right/. All
//! are modules of one binary, which is built once: under the name of one of them it is that
//! program.

use std::fs;
use std::path::{Path, PathBuf};

use grader::edits;

use crate::lesson::{Lesson, names_in, root};
use crate::workshop::Workshop;

/// How the reference is called among the programs.
pub const REFERENCE: &str = "the reference";

/// One program that is to be graded.
pub struct Candidate {
    pub name: String,
    text: String,
    /// What must come of it.
    pub due: Due,
}

pub enum Due {
    /// All checks pass, with any seed.
    Right,
    /// A check of this step rejects it, and this cause is told.
    Wrong { step: u64, cause: String },
}

impl Candidate {
    /// One that is right.
    pub fn right(name: &str, text: String) -> Self {
        let (name, due) = (name.into(), Due::Right);
        Self { name, text, due }
    }

    /// One for a test.
    #[cfg(test)]
    pub fn made_up(name: &str, due: Due) -> Self {
        let (name, text) = (name.into(), String::new());
        Self { name, text, due }
    }

    pub fn is_right(&self) -> bool {
        matches!(self.due, Due::Right)
    }

    /// The cause that must be told of it, if it is wrong.
    pub fn cause(&self) -> Option<String> {
        match &self.due {
            Due::Wrong { cause, .. } => Some(cause.clone()),
            Due::Right => None,
        }
    }
}

/// The reference, its edits and the programs of right/.
///
/// # Errors
///
/// With all that is wrong in the files of edits: who changes a reference has many to mend.
pub fn of(lesson: &Lesson) -> Result<Vec<Candidate>, Vec<String>> {
    let mut faults = Vec::new();
    let reference = lesson.solution_text();
    let mut all = vec![Candidate::right(REFERENCE, reference.clone())];
    for (file, wrong) in [("wrong.edits", true), ("right.edits", false)] {
        let Some(text) = lesson.find(file) else {
            continue;
        };
        let (edited, broken) = edited(file, &text, wrong, &reference);
        all.extend(edited);
        faults.extend(broken);
    }
    let folder = root().join("lessons").join(&lesson.folder).join("right");
    if folder.is_dir() {
        for file in names_in(&folder) {
            let text = fs::read_to_string(folder.join(&file)).expect("a file that can be read");
            all.push(Candidate::right(&format!("right/{file}"), text));
        }
    }
    if !all
        .iter()
        .any(|one| one.is_right() && one.name != REFERENCE)
    {
        faults.push("there is no other right program, in right/ or right.edits".into());
    }
    match faults.is_empty() {
        true => Ok(all),
        false => Err(faults),
    }
}

/// The programs of a file of edits, and what is wrong with the others.
fn edited(file: &str, text: &str, wrong: bool, reference: &str) -> (Vec<Candidate>, Vec<String>) {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    let edits = edits::read(text).unwrap_or_else(|why| {
        faults.push(format!("{file}, {why}"));
        Vec::new()
    });
    for edit in edits {
        let text = match edit.apply(reference) {
            Ok(text) => text,
            Err(why) => {
                faults.push(format!("{file}, {why}"));
                continue;
            }
        };
        let name = format!("{file}, {}", edit.name);
        let due = match (wrong, edit.step) {
            (false, None) => Due::Right,
            (true, Some(step)) => Due::Wrong {
                step,
                cause: edit.name,
            },
            _ => {
                faults.push(format!(
                    "{name}: an edit begins with \"~ step N: NAME\" in wrong.edits, and with \
                     \"~ NAME\" in right.edits"
                ));
                continue;
            }
        };
        all.push(Candidate { name, text, due });
    }
    (all, faults)
}

/// Builds all of them into this folder; the paths are in their order.
///
/// # Errors
///
/// With what the compiler says, if one does not compile.
pub fn build(
    workshop: &Workshop,
    lesson: &Lesson,
    candidates: &[Candidate],
    folder: &Path,
) -> Result<Vec<PathBuf>, String> {
    let mut main = String::from("//! All programs of the lesson.\n");
    let mut arms = String::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let module = format!("program_{number}");
        let file = file_of(lesson, number);
        main += &format!("#[path = \"{file}\"]\nmod {module};\n");
        arms += &format!("        Some(\"{module}\") => {module}::start(),\n");
        let start = "pub fn start() -> std::process::ExitCode {\n    \
                     std::process::Termination::report(main())\n}\n";
        // Warnings are the business of those who wrote it for students. (In the first line, so that
        // the compiler counts the lines as the author does.)
        let text = format!(
            "#![allow(warnings, clippy::all)] {}\n{start}",
            candidate.text
        );
        workshop.put_beside(lesson, &file, &text);
    }
    main += &format!(
        "fn main() -> std::process::ExitCode {{\n    \
         let name = std::env::args_os().next().map(std::path::PathBuf::from);\n    \
         match name.as_ref().and_then(|name| name.file_stem()?.to_str()) {{\n{arms}        \
         other => panic!(\"no program {{other:?}}\"),\n    }}\n}}\n"
    );
    let built = workshop.build(lesson, &main, folder).map_err(|why| {
        // The author knows them by other names. (The last ones first: 1 is the beginning of 10.)
        let names = candidates.iter().enumerate().rev();
        names.fold(why, |why, (number, candidate)| {
            let file = format!(
                "lessons/{0}/../../starter/{1}",
                lesson.folder,
                file_of(lesson, number)
            );
            why.replace(&file, &candidate.name)
        })
    })?;
    let built = built.program;
    let names = (0..candidates.len()).map(|number| format!("program_{number}"));
    let path = |name: String| {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let linked = fs::hard_link(&built, &path);
        linked
            .or_else(|_| fs::copy(&built, &path).map(drop))
            .expect("a copy");
        path
    };
    Ok(names.map(path).collect())
}

/// The file that a program stands in, beside the starter.
fn file_of(lesson: &Lesson, number: usize) -> String {
    format!("{}_program_{number}.rs", lesson.folder)
}

#[test]
fn all_that_is_wrong_with_a_file_of_edits_is_found() {
    let text = "~ step 1: gone\n- z\n+ y\n\n~ unstepped\n- a\n+ y\n\n~ step 1: good\n- a\n+ y\n";
    let (all, faults) = edited("wrong.edits", text, true, "a b\n");
    let names: Vec<&str> = all.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["wrong.edits, good"]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("gone: the reference does not have this:\nz"));
    assert!(faults[1].contains("unstepped: an edit begins with"));
}
