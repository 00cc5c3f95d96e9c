//! The checks of a lesson, run as a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

/// The checks of one lesson.
pub struct Checks {
    pub package: String,
    pub program: PathBuf,
    /// The folder of the lesson's other programs.
    pub helpers: PathBuf,
}

/// The name of a check, and its step.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub step: u64,
    pub name: String,
}

/// What is asked of the checks.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub which: Which<'a>,
    pub browser: Browser,
    /// How many sessions are drawn, if not as many as for a student.
    pub sessions: Option<&'a str>,
}

/// Which checks are done.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    All,
    AllBut(&'a [Name]),
    Only(&'a [Name]),
}

/// Which checks get a browser, if they need one.
#[derive(Clone, Copy)]
pub enum Browser {
    All,
    /// Those of this step.
    Step(u64),
    No,
}

/// The result of one check.
#[derive(Clone, Debug)]
pub struct Graded {
    pub check: Name,
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

    pub fn has_failed(&self) -> bool {
        self.outcome == "failed"
    }
}

/// What the checks say of themselves.
#[derive(Deserialize)]
pub struct Known {
    /// The mistakes of the model.
    pub names: Vec<String>,
    /// The checks that no mistake of the model is the cause of.
    pub functions: Vec<Name>,
    pub two_sentences: Vec<String>,
    pub without_effect: Vec<String>,
    pub alike: Vec<[String; 2]>,
}

impl Checks {
    /// Their results for a program.
    pub fn grade(&self, program: &Path, asked: Asked) -> Vec<Graded> {
        let report = program.with_extension("json");
        let _ = fs::remove_file(&report);
        let mut command = Command::new(&self.program);
        command
            .env("GRADE_PROGRAM", program)
            .env("GRADE_REPORT", &report)
            .env("GRADE_HELPERS", &self.helpers)
            .env_remove("GRADE_BROWSER_STEPS")
            .stdin(Stdio::null());
        let full_name = |check: &Name| format!("step {}: {}", check.step, check.name);
        match asked.which {
            Which::All => {}
            Which::AllBut(left_out) => {
                command.arg("--exact");
                for check in left_out {
                    command.arg("--skip").arg(full_name(check));
                }
            }
            Which::Only(wanted) => drop(command.arg("--exact").args(wanted.iter().map(full_name))),
        }
        match asked.sessions {
            Some(sessions) => command.env("GRADE_SESSIONS", sessions),
            None => command.env_remove("GRADE_SESSIONS"),
        };
        match asked.browser {
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
            check: Name {
                step: check["step"].as_u64().expect("a step"),
                name: text_of(&check["name"]),
            },
            outcome: text_of(&check["outcome"]),
            diagnosis: text_of(&check["diagnosis"]),
            message: text_of(&check["message"]),
            by_model: !check["finding"]["expected"].is_null(),
        };
        checks.iter().map(graded).collect()
    }

    /// What they say of themselves, and of the mistakes of their model.
    pub fn known(&self) -> Known {
        let output = Command::new(&self.program).arg("--mistakes").output();
        let output = output.expect("the checks run");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!(
                "the model breaks where its mistakes are compared:\n{}",
                said.trim_end()
            )
        })
    }
}
