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
pub fn of(lesson: &Lesson) -> Result<Vec<Candidate>, String> {
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
        .any(|one| one.is_right() && one.name != REFERENCE)
    {
        return Err("there is no other right program, in right/ or right.edits".into());
    }
    Ok(all)
}

/// Builds all of them into this folder; the paths are in their order.
pub fn build(
    workshop: &Workshop,
    lesson: &Lesson,
    candidates: &[Candidate],
    folder: &Path,
) -> Vec<PathBuf> {
    let mut main = String::from("//! All programs of the lesson.\n");
    let mut arms = String::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let module = format!("program_{number}");
        let file = format!("{}_{module}.rs", lesson.folder);
        main += &format!("#[path = \"{file}\"]\nmod {module};\n");
        arms += &format!("        Some(\"{module}\") => {module}::start(),\n");
        let start = "pub fn start() -> std::process::ExitCode {\n    \
                     std::process::Termination::report(main())\n}\n";
        // Warnings are the business of those who wrote it for students.
        let text = format!(
            "#![allow(warnings, clippy::all)]\n{}\n{start}",
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
    let built = workshop.build(lesson, &main, folder).program;
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
