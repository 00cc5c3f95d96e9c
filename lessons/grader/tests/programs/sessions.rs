//! Drawn sessions: what they find, what is told of it, and faults of the lesson in them.

use std::process::{Command, Stdio};

use libtest_mimic::{Completion, Trial};

use crate::stage::{Result, Stage};
use crate::test;

const HOME: &str = "GET / answers the homepage";
const UNKNOWN: &str = "another path answers 404";

pub fn trials() -> Vec<Trial> {
    vec![
        test("whatever is asked of a program that is right", right),
        test(
            "what only sessions find is told by its shortest case",
            found,
        ),
        test(
            "where an example fails, sessions are not graded",
            not_graded,
        ),
        test("of two mistakes each report has its own", two),
        test(
            "a failure of a function has no mistake of the model",
            function,
        ),
        test(
            "a function that needs an earlier step, still open, is open",
            earlier,
        ),
        test(
            "a function that is content with the answer of a todo has seen nothing",
            content,
        ),
        test("a knob that panics stops no grading", broken_knob),
        test("a model that panics stops no grading", broken_model),
        Trial::ignorable_test("where nobody knows localhost, a right one passes", || {
            Ok(nobody_knows_localhost())
        }),
    ]
}

fn sessions(student: &str) -> Stage {
    Stage::of(student).set("SESSIONS", "1")
}

/// What is told of the check of this step that the sessions are.
fn whatever(result: &Result, step: u64) -> (String, String, String) {
    result.check_of(step, "whatever is asked")
}

fn right() {
    let result = sessions("is right").run();
    assert!(result.success, "{}", result.stdout);
    assert_eq!(whatever(&result, 1).0, "passed");
    assert_eq!(whatever(&result, 2).0, "passed");
}

fn found() {
    let result = sessions("knows a path too many").run();
    let (outcome, diagnosis, message) = whatever(&result, 2);
    assert_eq!((&*outcome, &*diagnosis), ("failed", ""), "{message}");
    assert!(message.contains("so we don't guess"), "{message}");
    // One request, and the simplest one.
    assert!(!message.contains("\nfirst "), "{message}");
    let asked = "\nasked         curl -i http://localhost:8000/about\n";
    assert!(message.contains(asked), "{message}");
    assert_eq!(whatever(&result, 1).0, "passed");
}

fn not_graded() {
    let result = sessions("finds everything").run();
    let (outcome, _, message) = whatever(&result, 2);
    assert_eq!(outcome, "not-graded");
    let why = "not graded: first mend the check of step 2 that fails above";
    assert_eq!(message, why);
    assert_eq!(whatever(&result, 1).0, "passed");
}

fn two() {
    let result = sessions("forgets both").run();
    for (check, mistake) in [(HOME, "final-newline"), (UNKNOWN, "always-found")] {
        let (outcome, diagnosis, message) = result.check(check);
        assert_eq!((&*outcome, &*diagnosis), ("failed", mistake), "{message}");
        assert_eq!(message.matches("\nyour mistake  ").count(), 1, "{message}");
    }
}

fn function() {
    let result = sessions("finds everything").run();
    assert_eq!(result.check(UNKNOWN).1, "always-found");
    let (outcome, diagnosis, message) = result.check("a function finds nothing");
    assert_eq!((&*outcome, &*diagnosis), ("failed", ""), "{message}");
    assert!(!message.contains("You answer 200"), "{message}");
}

fn earlier() {
    let function = |source: &str| {
        let mut stage = sessions("tells todo");
        stage.write("submitted.rs", source);
        stage.command.env("GRADE_SOURCE", "submitted.rs");
        let result = stage.run();
        let (outcome, _, message) = result.check("a function finds nothing");
        (outcome, message)
    };
    let (outcome, why) = function("fn main() { todo!(\"step 1: the page\") }");
    assert_eq!(outcome, "open");
    assert_eq!(why, "step 1 is still a todo!() in starter/1_path_router.rs");
    // Of a step that is not open, it is a mistake.
    assert_eq!(function("fn main() {}").0, "failed");
}

fn content() {
    let function = |step: u64, source: &str| {
        let mut stage = Stage::of("answers todo").set("CONTENT", "1");
        stage.write("submitted.rs", source);
        stage.command.env("GRADE_SOURCE", "submitted.rs");
        stage.run().check_of(step, "a function is content")
    };
    // It is the todo of step 2.
    assert_eq!(function(1, "fn main() {}").0, "passed");
    let (outcome, diagnosis, message) = function(2, "fn main() {}");
    let failed = ("failed", "not-yet-implemented");
    assert_eq!((&*outcome, &*diagnosis), failed, "{message}");
    let asked = "\nasked         curl -i http://localhost:8000/nowhere\n";
    assert!(message.contains(asked), "{message}");
    let (outcome, _, why) = function(3, "fn main() { todo!(\"step 2: the others\") }");
    assert_eq!(outcome, "open", "{why}");
    assert_eq!(why, "step 2 is still a todo!() in starter/1_path_router.rs");
}

fn broken_knob() {
    let result = sessions("finds everything").set("BROKEN_KNOB", "1").run();
    let (outcome, diagnosis, message) = result.check(UNKNOWN);
    assert_eq!((&*outcome, &*diagnosis), ("failed", ""), "{message}");
    let told = message.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("expected status 404 Not Found came back status 200 OK"));
    let fault = "the fault of the check itself, not yours (the knob has a bug)";
    assert!(told.contains(fault), "{message}");
    // All checks were done.
    let counted = "test result: FAILED. 2 passed; 2 failed; 1 ignored;";
    assert!(result.stdout.contains(counted), "{}", result.stdout);
}

fn broken_model() {
    let result = sessions("is right").set("BROKEN_MODEL", "1").run();
    assert!(!result.success);
    assert_eq!(result.check(HOME).0, "passed");
    assert_eq!(result.check(UNKNOWN).0, "passed");
    for step in [1, 2] {
        let (outcome, diagnosis, message) = whatever(&result, step);
        assert_eq!((&*outcome, &*diagnosis), ("failed", "grader-fault"));
        assert!(message.contains("the model has a bug"), "{message}");
    }
}

/// As in a container or a sandbox whose hosts file is bare.
fn nobody_knows_localhost() -> Completion {
    let mut stage = sessions("is right");
    stage.write("hosts", "");
    let hosts = stage.folder.join("hosts");
    let room = |program: &Command| {
        let mut room = Command::new("bwrap");
        room.args(["--dev-bind", "/", "/", "--ro-bind"]).arg(&hosts);
        room.args(["/etc/hosts", "--"]).arg(program.get_program());
        room.args(program.get_args()).stdin(Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => room.env(name, value),
                None => room.env_remove(name),
            };
        }
        room
    };
    let asked = |name: &str| {
        let mut getent = Command::new("getent");
        let output = room(getent.args(["ahosts", name])).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !asked("127.0.0.1") {
        return Completion::ignored_with("bubblewrap is not there, or makes no room here");
    }
    if asked("localhost") {
        return Completion::ignored_with("here, somebody else than the hosts file knows localhost");
    }
    stage.command = room(&stage.command);
    let result = stage.run();
    assert!(result.success, "{}", result.stdout);
    assert_eq!(whatever(&result, 1).0, "passed");
    assert_eq!(whatever(&result, 2).0, "passed");
    Completion::Completed
}
