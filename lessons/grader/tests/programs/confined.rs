//! What reaches a program that is graded, and what it may take.

use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        test("no variable of the grading reaches it", variables),
        test("a source tells which steps are open", open_steps),
    ];
    if cfg!(unix) {
        trials.push(test("it is started by the command that wraps it", wrapped));
    }
    // The other systems limit less, or nothing.
    if cfg!(target_os = "linux") {
        trials.push(test("a signal reaches it, wrapped or not", signal));
        trials.push(test("it gets no two gibibytes of memory", memory));
        trials.push(test("it writes no file of two gibibytes", file));
    }
    trials
}

/// What the check shows of the program's answer, and how the program ended.
fn answer(part: &str) -> String {
    let mut stage = Stage::of(part).set("SHOWN", "1");
    let variables = [
        ("GRADE_BROWSER_STEPS", "1"),
        ("CARGO", "/cargo"),
        ("CARGO_PKG_NAME", "x"),
        ("http_proxy", "http://proxy.test"),
        ("HTTPS_PROXY", "http://proxy.test"),
        ("ALL_PROXY", "http://proxy.test"),
    ];
    stage.command.envs(variables);
    stage.run().check("the answer is shown").2
}

fn variables() {
    let shown = answer("tells its variables").to_uppercase();
    // This one is meant for it.
    assert!(shown.contains("\"ITS VARIABLES: PORT\""), "{shown}");
}

fn memory() {
    let shown = answer("takes two gibibytes");
    assert!(shown.contains("exit code 134"), "{shown}");
    assert!(
        shown.contains("memory allocation of 2147483648 bytes failed"),
        "{shown}"
    );
}

fn file() {
    let shown = answer("takes much of the disk");
    // SIGXFSZ, unless the program takes the error.
    assert!(!shown.contains("Ok("), "{shown}");
    assert!(
        shown.contains("exit code 153") || shown.contains("kind: FileTooLarge"),
        "{shown}"
    );
}

fn wrapped() {
    let mut stage = Stage::of("tells its variables").set("SHOWN", "1");
    stage
        .command
        .env("GRADE_WRAP", r#"["env", "PORT=0", "PORT_OF=the wrap"]"#);
    let shown = stage.run().check("the answer is shown").2;
    assert!(shown.contains("PORT_OF"), "{shown}");
    let mut stage = Stage::of("is right").set("GRADE_WRAP", "bwrap");
    let output = stage.command.output().expect("the lesson runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.starts_with("GRADE_WRAP: a command as a list in JSON"),
        "{said}"
    );
}

fn signal() {
    // A shell that starts it, and waits.
    let wrap = r#"["sh", "-c", "\"$@\"; exit $?", "sh"]"#;
    for wrap in [None, Some(wrap)] {
        let mut stage = Stage::of("is right").set("TERMINATED", "1");
        stage.command.envs(wrap.map(|wrap| ("GRADE_WRAP", wrap)));
        let (outcome, _, why) = stage.run().check("SIGTERM ends it");
        assert_eq!(outcome, "passed", "{wrap:?}: {why}");
    }
}

fn open_steps() {
    let mut stage = Stage::of("is right");
    stage.write("submitted.rs", "fn main() { todo!(\"step 2: the rest\") }");
    stage.command.env("GRADE_SOURCE", "submitted.rs");
    let result = stage.run();
    let outcome = |name: &str| result.check(name).0;
    assert_eq!(outcome("GET / answers the homepage"), "passed");
    assert_eq!(outcome("another path answers 404"), "open");
}
