//! Starts a lesson that grades a program, and collects what it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// One run of a lesson.
pub struct Stage {
    pub command: Command,
    pub folder: PathBuf,
    /// Removes the folder in the end.
    #[expect(dead_code)]
    owner: Option<TempDir>,
}

/// What came of it.
pub struct Result {
    pub success: bool,
    pub stdout: String,
    report: Value,
}

impl Stage {
    /// The lesson in a folder of its own, without a starter or a solution.
    pub fn empty() -> Self {
        let owner = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let stage = Self::in_folder(owner.path());
        let lesson = stage.folder.join("lessons/1_path_router");
        std::fs::create_dir_all(&lesson).expect("a folder for the test");
        Self {
            owner: Some(owner),
            ..stage
        }
    }

    /// The lesson in this folder, which stays in the end.
    pub fn in_folder(folder: &Path) -> Self {
        let own = std::env::current_exe().expect("the path of the test");
        let stage = Self {
            command: Command::new(&own),
            folder: folder.to_path_buf(),
            owner: None,
        };
        stage.started_as(&own)
    }

    /// Plays the lesson with this copy of the test.
    pub fn started_as(mut self, own: &Path) -> Self {
        let folder = &self.folder;
        let lesson = folder.join("lessons/1_path_router");
        let mut command = Command::new(own);
        command
            .env("LESSON", &lesson)
            .env("GRADE_SEED", "7342")
            .env("GRADE_REPORT", folder.join("report.json"))
            .env_remove("GRADE_PROGRAM")
            .env_remove("PORT")
            .stdin(Stdio::null());
        self.command = command;
        self
    }

    /// The lesson grading this program that the test plays itself.
    pub fn of(student: &str) -> Self {
        let mut stage = Self::empty();
        let own = std::env::current_exe().expect("the path of the test");
        stage
            .command
            .env("STUDENT", student)
            .env("GRADE_PROGRAM", own);
        stage
    }

    /// Runs only this check.
    pub fn only(mut self, check: &str) -> Self {
        self.command.args(["--exact", check]);
        self
    }

    /// Sets a variable of the lesson.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Runs the lesson to its end.
    pub fn run(&mut self) -> Result {
        let output = self.command.output().expect("the lesson runs");
        let report = std::fs::read_to_string(self.folder.join("report.json"));
        let report: Value = report.map_or(Value::Null, |text| {
            serde_json::from_str(&text).expect("the report is JSON")
        });
        Result {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            report,
        }
    }

    /// Writes a file in the folder of the stage.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}

impl Result {
    /// The outcome, diagnosis and message of the check of this name.
    #[track_caller]
    pub fn check(&self, name: &str) -> (String, String, String) {
        self.first(name, |check| check["name"] == name)
    }

    /// The same, where several steps have a check of this name.
    #[track_caller]
    pub fn check_of(&self, step: u64, name: &str) -> (String, String, String) {
        let is_it = |check: &Value| check["name"] == name && check["step"] == step;
        self.first(name, is_it)
    }

    #[track_caller]
    fn first(&self, name: &str, is_it: impl Fn(&Value) -> bool) -> (String, String, String) {
        let check = self.checks().iter().find(|check| is_it(check));
        let check = check.unwrap_or_else(|| panic!("no result for {name}:\n{}", self.stdout));
        let text = |key: &str| check[key].as_str().unwrap_or("").to_string();
        (text("outcome"), text("diagnosis"), text("message"))
    }

    fn checks(&self) -> &[Value] {
        self.report["checks"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Why the program was not built, as the results have it.
    pub fn not_built(&self) -> &str {
        self.report["not_built"].as_str().unwrap_or_default()
    }

    /// The names of the checks that ran.
    pub fn names(&self) -> Vec<&str> {
        self.checks()
            .iter()
            .filter_map(|check| check["name"].as_str())
            .collect()
    }
}
