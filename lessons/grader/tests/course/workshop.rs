//! A copy of the course in the target folder, in which any program can stand in the
//! place of a starter: built like the student's, graded by the lesson's own checks,
//! while the student's files are left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use serde_json::Value;

use crate::lesson::{self, Lesson};

/// The copy. One test at a time works in it, also of several runs at once: what cargo
/// has built in it is worth more than a copy for each.
pub struct Workshop {
    _only_one: MutexGuard<'static, ()>,
    pub root: PathBuf,
    /// How many programs were built in the place of a starter.
    programs: AtomicU32,
}

/// Where the programs are that were built in the place of a starter.
const GRADED: &str = "graded";

/// What a build has made.
pub struct Built {
    pub program: PathBuf,
    /// What the compiler warned of in this program.
    pub warnings: Vec<String>,
}

/// The checks of one lesson.
pub struct Checks {
    package: String,
    program: PathBuf,
}

/// The result of one check.
#[derive(Debug)]
pub struct Graded {
    pub step: u64,
    pub name: String,
    /// `passed`, `failed`, `skipped`, or `ignored`: this computer cannot do it.
    pub outcome: String,
    pub diagnosis: String,
    pub message: String,
    /// Whether it is held against the model, which knows the mistakes.
    pub by_model: bool,
}

impl Graded {
    /// Whether it needs a browser, and was to do without.
    pub fn is_skipped(&self) -> bool {
        self.outcome == "skipped"
    }
}

/// Which checks get a browser, if they need one.
#[derive(Clone, Copy)]
pub enum Browser {
    All,
    /// Those of this step.
    Step(u64),
    No,
}

impl Workshop {
    /// Brings the copy up to date, and works in it.
    pub fn open() -> Workshop {
        static ONLY_ONE: Mutex<()> = Mutex::new(());
        let only_one = ONLY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        only_this_run(&folder.join("workshop.lock"));
        let root = folder.join("workshop");
        let parts = [
            "Cargo.toml",
            "Cargo.lock",
            "http-core",
            "lessons",
            "starter",
            "solutions",
        ];
        for part in parts {
            mirror(&lesson::root().join(part), &root.join(part));
        }
        // The checks read many pages and weigh many mistakes. What a student's program is made
        // of stays as it is.
        let faster = ["grader", "html5gum"].map(|name| {
            format!("[profile.dev.package.{name}]\nopt-level = 1\ndebug-assertions = false\noverflow-checks = true\n")
        });
        fs::create_dir_all(root.join(".cargo")).expect("a folder");
        fs::write(root.join(".cargo/config.toml"), faster.concat()).expect("a file");
        // What a run has left that was killed.
        let _ = fs::remove_dir_all(root.join(GRADED));
        Workshop {
            _only_one: only_one,
            root,
            programs: AtomicU32::new(0),
        }
    }

    /// Builds a program that stands in the place of the lesson's starter.
    pub fn build(&self, lesson: &Lesson, text: &str) -> Built {
        self.put(lesson, text);
        let built = self.cargo_build(&lesson.package, "--bin", &lesson.package);
        // The next program takes its place.
        let number = self.programs.fetch_add(1, Ordering::Relaxed);
        let folder = self.root.join(GRADED);
        fs::create_dir_all(&folder).expect("a folder");
        let program = folder.join(format!("{number}{}", std::env::consts::EXE_SUFFIX));
        fs::copy(&built.program, &program).expect("a copy of the program");
        Built { program, ..built }
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

    /// Writes a program in the place of the lesson's starter.
    pub fn put(&self, lesson: &Lesson, text: &str) {
        fs::write(self.root.join(lesson.starter()), text).expect("a starter that can be written");
    }

    /// Writes a file beside the lesson's starter.
    pub fn put_beside(&self, lesson: &Lesson, name: &str, text: &str) {
        let file = self.root.join(lesson.starter()).with_file_name(name);
        fs::write(file, text).expect("a file that can be written");
    }

    /// Builds the lesson's checks.
    pub fn checks(&self, lesson: &Lesson) -> Checks {
        let name = format!("grade_{}", lesson.package);
        Checks {
            package: lesson.package.clone(),
            program: self
                .cargo_build(&lesson.package, "--example", &name)
                .program,
        }
    }

    /// A command that runs in the copy, with a target folder of the copy's own.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .stdin(Stdio::null());
        command
    }

    fn cargo_build(&self, package: &str, kind: &str, target: &str) -> Built {
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
        let said: BTreeMap<_, _> = rendered().collect();
        assert!(
            output.status.success(),
            "{target} does not compile:\n{said:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let warnings = rendered().filter(|(level, _)| *level == "warning");
        Built {
            warnings: warnings
                .map(|(_, text)| format!("{target} compiles with a warning:\n{text}"))
                .collect(),
            program: ours()
                .find_map(|message| message["executable"].as_str())
                .expect("an executable")
                .into(),
        }
    }
}

impl Checks {
    /// The same, as a program in this folder, which nobody builds anew.
    pub fn kept_in(self, folder: &Path) -> Self {
        let program = folder.join(format!("checks{}", std::env::consts::EXE_SUFFIX));
        fs::copy(&self.program, &program).expect("a copy of the checks");
        Self { program, ..self }
    }

    /// Their results for a program, with the usual number of drawn sessions or this one.
    pub fn grade(&self, program: &Path, browser: Browser, sessions: Option<&str>) -> Vec<Graded> {
        let report = program.with_extension("json");
        let _ = fs::remove_file(&report);
        let mut command = Command::new(&self.program);
        command
            .env("GRADE_PROGRAM", program)
            .env("GRADE_REPORT", &report)
            .env_remove("GRADE_SEED")
            .env_remove("GRADE_BROWSER_STEPS")
            .stdin(Stdio::null());
        match sessions {
            Some(sessions) => command.env("GRADE_SESSIONS", sessions),
            None => command.env_remove("GRADE_SESSIONS"),
        };
        match browser {
            Browser::All => {}
            Browser::Step(step) => drop(command.env("GRADE_BROWSER_STEPS", step.to_string())),
            // There is no such step.
            Browser::No => drop(command.env("GRADE_BROWSER_STEPS", "0")),
        }
        let output = command.output().expect("the checks run");
        let text = fs::read_to_string(&report).unwrap_or_else(|error| {
            panic!(
                "no results of {}: {error}\n{}",
                self.package,
                String::from_utf8_lossy(&output.stderr)
            )
        });
        let report: Value = serde_json::from_str(&text).expect("results in JSON");
        let text_of = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let checks = report["checks"].as_array().expect("a list of checks");
        let graded = |check: &Value| Graded {
            step: check["step"].as_u64().expect("a step"),
            name: text_of(&check["name"]),
            outcome: text_of(&check["outcome"]),
            diagnosis: text_of(&check["diagnosis"]),
            message: text_of(&check["message"]),
            by_model: !check["finding"]["expected"].is_null(),
        };
        checks.iter().map(graded).collect()
    }

    /// What the checks say of the mistakes of their model.
    pub fn mistakes(&self) -> Value {
        let output = Command::new(&self.program).arg("--mistakes").output();
        let output = output.expect("the checks run").stdout;
        serde_json::from_slice(&output).expect("mistakes in JSON")
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.root.join(GRADED));
    }
}

/// Waits until no other process has this file locked, and locks it until this one ends.
fn only_this_run(file: &Path) {
    static LOCKED: Once = Once::new();
    LOCKED.call_once(|| {
        let mut options = fs::File::options();
        let opened = options.create(true).truncate(false).write(true).open(file);
        let lock = Box::leak(Box::new(fd_lock::RwLock::new(
            opened.expect("a file to lock"),
        )));
        std::mem::forget(lock.write().expect("a lock"));
    });
}

/// Makes `to` the same as `from`. Files that are the same already are not touched,
/// so that cargo builds only what has changed.
fn mirror(from: &Path, to: &Path) {
    if from.is_file() {
        let bytes = fs::read(from).expect("a file that can be read");
        if fs::read(to).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(to.parent().expect("a file is in a folder")).expect("a folder");
            fs::write(to, bytes).expect("a file that can be written");
        }
        return;
    }
    fs::create_dir_all(to).expect("a folder");
    let names = lesson::names_in(from);
    for gone in lesson::names_in(to)
        .iter()
        .filter(|name| !names.contains(name))
    {
        let gone = to.join(gone);
        if gone.is_dir() {
            fs::remove_dir_all(gone)
        } else {
            fs::remove_file(gone)
        }
        .expect("an old file removed");
    }
    for name in names.iter().filter(|name| *name != "target") {
        mirror(&from.join(name), &to.join(name));
    }
}
