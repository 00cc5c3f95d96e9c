//! A copy of the course in the target folder, in which any program can stand in the
//! place of a starter: built like the student's, graded by the lesson's own checks,
//! while the student's files are left alone.
//!
//! - `copy`: the files
//! - `checks`: a lesson's checks, and their results

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use crate::lesson::{self, Lesson};
pub use checks::{Asked, Browser, Checks, Graded, Known, Name, Which};

mod checks;
mod copy;

/// The copy. Lessons are worked on side by side in it: what cargo has built in it is worth more
/// than a copy for each. One process at a time works in it.
pub struct Workshop {
    pub root: PathBuf,
    /// For each lesson, whose program it is that stands in the place of its starter.
    starters: Mutex<BTreeMap<String, &'static Mutex<()>>>,
}

/// Where programs are kept that were built.
const GRADED: &str = "graded";

/// What a build has made.
pub struct Built {
    pub program: PathBuf,
    /// What the compiler warned of in this program.
    pub warnings: Vec<String>,
}

impl Workshop {
    /// The copy, which is brought up to date when it is first asked for.
    pub fn open() -> &'static Workshop {
        static OPENED: OnceLock<Workshop> = OnceLock::new();
        OPENED.get_or_init(|| {
            let root = copy::of_the_course(Path::new(env!("CARGO_TARGET_TMPDIR")));
            // What a run has left that was killed.
            let _ = fs::remove_dir_all(root.join(GRADED));
            fs::create_dir_all(root.join(GRADED)).expect("a folder");
            Workshop {
                root,
                starters: Mutex::default(),
            }
        })
    }

    /// A folder for programs that are to be kept for a while.
    pub fn folder(&self) -> TempDir {
        TempDir::new_in(self.root.join(GRADED)).expect("a folder")
    }

    /// Does something while this program stands in the place of the lesson's starter.
    pub fn with_starter<T>(&self, lesson: &Lesson, text: &str, work: impl FnOnce() -> T) -> T {
        let mut starters = self.starters.lock().unwrap_or_else(PoisonError::into_inner);
        let starter = starters.entry(lesson.package.clone());
        let starter: &Mutex<()> = starter.or_insert_with(|| Box::leak(Box::default()));
        drop(starters);
        let _ours = starter.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(self.root.join(lesson.starter()), text).expect("a starter that can be written");
        work()
    }

    /// Writes a file beside the lesson's starter.
    pub fn put_beside(&self, lesson: &Lesson, name: &str, text: &str) {
        let file = self.root.join(lesson.starter()).with_file_name(name);
        fs::write(file, text).expect("a file that can be written");
    }

    /// Builds a program that stands in the place of the lesson's starter, and keeps it in this
    /// folder.
    ///
    /// # Errors
    ///
    /// With what the compiler says, if it does not compile.
    pub fn build(&self, lesson: &Lesson, text: &str, folder: &Path) -> Result<Built, String> {
        self.with_starter(lesson, text, || {
            let built = self.try_build(&lesson.package, "--bin", &lesson.package)?;
            // The next program takes its place.
            let program = folder.join(format!("built{}", std::env::consts::EXE_SUFFIX));
            fs::copy(&built.program, &program).expect("a copy of the program");
            Ok(Built { program, ..built })
        })
    }

    /// Builds the library's own command, `http-core`.
    pub fn build_command(&self) -> Built {
        self.cargo_build("http-core", "--bin", "http-core")
    }

    pub fn build_solution(&self, lesson: &Lesson) -> Built {
        self.build_binary(lesson, &format!("{}_solution", lesson.package))
    }

    /// Builds another program of the lesson.
    pub fn build_binary(&self, lesson: &Lesson, name: &str) -> Built {
        self.cargo_build(&lesson.package, "--bin", name)
    }

    /// Builds the lesson's checks and the other programs that they need, and keeps them in this
    /// folder.
    pub fn checks(&self, lesson: &Lesson, folder: &Path) -> Checks {
        let name = format!("grade_{}", lesson.package);
        let built = self.cargo_build(&lesson.package, "--example", &name);
        self.with_helpers(lesson, built, folder)
    }

    /// The same of other checks, in the place of the lesson's: this is their `grade.rs`.
    ///
    /// # Errors
    ///
    /// With what the compiler says, if it does not compile.
    pub fn checks_of(&self, lesson: &Lesson, text: &str, folder: &Path) -> Result<Checks, String> {
        // Cargo finds examples in a folder of this name. Files that the checks include lie beside
        // them, as they do in the lesson.
        let name = format!("variant_of_{}", lesson.package);
        let own = self.root.join("lessons").join(&lesson.folder);
        let examples = own.join("examples");
        fs::create_dir_all(&examples).expect("a folder");
        let is_included = |name: &String| !name.ends_with(".rs") && *name != "examples";
        for file in lesson::names_in(&own).into_iter().filter(is_included) {
            copy::mirror(&own.join(&file), &examples.join(&file));
        }
        fs::write(examples.join(format!("{name}.rs")), text).expect("a file that can be written");
        let built = self.try_build(&lesson.package, "--example", &name);
        let built = built.map(|built| self.with_helpers(lesson, built, folder));
        fs::remove_dir_all(examples).expect("an old folder removed");
        built
    }

    /// These checks, and the other programs that they need.
    fn with_helpers(&self, lesson: &Lesson, built: Built, folder: &Path) -> Checks {
        let helpers = folder.join("helpers");
        fs::create_dir(&helpers).expect("a folder");
        let keep = |name: &str, built: Built, folder: &Path| {
            let kept = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            fs::copy(built.program, &kept).expect("a copy of a program");
            kept
        };
        for name in lesson.other_programs() {
            keep(&name, self.build_binary(lesson, &name), &helpers);
        }
        Checks {
            package: lesson.package.clone(),
            program: keep("checks", built, folder),
            helpers,
        }
    }

    /// A command that runs in the copy. What cargo builds there goes to a target folder of the
    /// copy's own. (If it shared the libraries with the course, the http-core of one would take the
    /// place of the other's while a program is built with it.)
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            // Each program is another one: what is kept for its next build is kept for nothing.
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null());
        command
    }

    /// Builds what is the course's own, or fails with what the compiler says.
    fn cargo_build(&self, package: &str, kind: &str, target: &str) -> Built {
        let built = self.try_build(package, kind, target);
        built.unwrap_or_else(|why| panic!("{why}"))
    }

    fn try_build(&self, package: &str, kind: &str, target: &str) -> Result<Built, String> {
        let output = self
            .command(env!("CARGO"))
            .args(["build", "--message-format=json", "-p", package])
            .args([kind, target])
            .output()
            .expect("cargo runs");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let messages: Vec<Value> = stdout
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let ours = || {
            messages
                .iter()
                .filter(|message| message["target"]["name"] == target)
        };
        let rendered = || {
            ours().filter_map(|message| {
                Some((
                    message["message"]["level"].as_str()?,
                    message["message"]["rendered"].as_str()?,
                ))
            })
        };
        if !output.status.success() {
            let errors = rendered().filter(|(level, _)| *level == "error");
            let errors: String = errors.map(|(_, text)| text).collect();
            return Err(match errors.is_empty() {
                true => format!(
                    "cargo cannot build {target}:\n{}",
                    String::from_utf8_lossy(&output.stderr)
                ),
                false => format!("{target} does not compile:\n{}", errors.trim_end()),
            });
        }
        let warnings = rendered().filter(|(level, _)| *level == "warning");
        Ok(Built {
            warnings: warnings
                .map(|(_, text)| format!("{target} compiles with a warning:\n{text}"))
                .collect(),
            program: ours()
                .find_map(|message| message["executable"].as_str())
                .expect("an executable")
                .into(),
        })
    }
}
