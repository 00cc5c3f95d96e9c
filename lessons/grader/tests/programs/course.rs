//! A whole lesson with a starter, a solution and Cargo: names, filters, open
//! steps, and programs that do not compile.

use libtest_mimic::Trial;

use crate::stage::{Result, Stage};
use crate::test;

const HOME: &str = "GET / answers the homepage";
const UNKNOWN: &str = "another path answers 404";

pub fn trials() -> Vec<Trial> {
    vec![
        test("the names of the trials", names),
        test("an open step is ignored with its reason", open_step),
        test("a filter runs its step alone", filter),
        test("a program that does not compile", does_not_compile),
        test(
            "a check of one that does not compile",
            does_not_compile_alone,
        ),
        test("a starter that is gone", no_starter),
        test("a filter that fits nothing", nothing_fits),
        test("a lesson that is done names the next", done),
        test("a second program of the lesson", second_program),
        test(
            "a solution that fails is the course's fault",
            wrong_solution,
        ),
        test(
            "a solution that has not changed is not graded again",
            known_solution,
        ),
    ]
}

/// A lesson in a workspace of its own, with these programs.
pub fn course(starter: &str, solution: Option<&str>) -> Stage {
    let stage = Stage::empty();
    let program = |bin: &str, folder: &str| {
        format!("[[bin]]\nname = \"{bin}\"\npath = \"../../{folder}/1_path_router.rs\"\n")
    };
    let mut manifest = String::from(
        "[package]\nname = \"path_router\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    manifest += &program("path_router", "starter");
    if let Some(solution) = solution {
        manifest += &program("path_router_solution", "solutions");
        stage.write("solutions/1_path_router.rs", solution);
    }
    stage.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n",
    );
    stage.write("lessons/1_path_router/Cargo.toml", &manifest);
    stage.write("starter/1_path_router.rs", starter);
    let target = stage.folder.join("target");
    stage.set(
        "CARGO_TARGET_DIR",
        target.to_str().expect("a path in UTF-8"),
    )
}

/// A program that answers `/` right and does this with every other path.
pub fn program(otherwise: &str) -> String {
    include_str!("router.rs.txt").replace("OTHERWISE", otherwise)
}

pub const RIGHT: &str = r#"("404 Not Found", "Page not found\n")"#;
const OPEN: &str = r#"todo!("step 2: answer every other path with 404")"#;

#[track_caller]
pub fn says(result: &Result, text: &str) {
    assert!(
        result.stdout.contains(text),
        "\"{text}\" is not in:\n{}",
        result.stdout
    );
}

#[track_caller]
fn says_not(result: &Result, text: &str) {
    assert!(
        !result.stdout.contains(text),
        "\"{text}\" is in:\n{}",
        result.stdout
    );
}

fn names() {
    let list = |arguments: &[&str]| {
        let mut stage = course(&program(OPEN), Some(&program(RIGHT)));
        stage.command.arg("--list").args(arguments);
        let result = stage.run();
        assert!(result.success);
        assert!(
            !stage.folder.join("target").exists(),
            "listing must not build"
        );
        result.stdout
    };
    assert_eq!(
        list(&[]),
        "the program compiles: test\n\
         step 1: GET / answers the homepage: test\n\
         step 2: another path answers 404: test\n\
         the reference in solutions/ passes all 2 checks: test\n"
    );
    assert_eq!(
        list(&["--ignored"]),
        "step 2: another path answers 404: test\n"
    );
    assert_eq!(
        list(&["step 1"]),
        "step 1: GET / answers the homepage: test\n"
    );
}

fn open_step() {
    let mut stage = course(&program(OPEN), None);
    let result = stage.run();
    assert!(result.success, "{}", result.stdout);
    let reason = "step 2 is still a todo!() in starter/1_path_router.rs";
    says(&result, &format!("ignored ({reason})"));
    says_not(&result, "the reference");
    assert_eq!(
        result.check(UNKNOWN),
        ("open".into(), String::new(), reason.into())
    );
    says(
        &result,
        "path_router: 1 of 3 points\n\
         \u{20} step 1  done     1 of 1 point\n\
         \u{20} step 2  open     0 of 2 points    still a todo!() in starter/1_path_router.rs\n\
         next: step 2, in starter/1_path_router.rs\n",
    );

    // A step that is made to run although it is open fails, and says why.
    stage.command.arg("--include-ignored");
    let result = stage.run();
    assert!(!result.success);
    assert_eq!(result.check(UNKNOWN).0, "failed");
    says(
        &result,
        "  step 2  failing  0 of 2 points    1 of 1 check failed\n",
    );
}

fn filter() {
    let mut stage = course(&program(RIGHT), Some("fn main() {}"));
    stage = stage.argument("step 2");
    let result = stage.run();
    assert!(result.success, "{}", result.stdout);
    assert_eq!(result.names(), [UNKNOWN]);
    says(&result, "running 1 test\n");
    says(
        &result,
        "in this run: 1 of 1 check passed; all of them: cargo test -p path_router\n",
    );
    says_not(&result, "next:");
    says_not(&result, "done");
}

fn does_not_compile() {
    let starter = "fn main() {\n    let unused = 1;\n    nonsense();\n}\n";
    let mut stage = course(starter, Some(&program(RIGHT)));
    let result = stage.run();
    assert!(!result.success);
    says(
        &result,
        "starter/1_path_router.rs does not compile; this is what the compiler says:",
    );
    says(
        &result,
        "error[E0425]: cannot find function `nonsense` in this scope\n",
    );
    says(&result, "--> starter/1_path_router.rs:3:5\n");
    says_not(&result, "unused");
    // One failure with one cause; the checks are not graded, and that is no pass.
    let not_graded = "not graded: the program does not compile";
    says(&result, &format!("... ignored ({not_graded})\n"));
    says(&result, "1 passed; 1 failed; 2 ignored;");
    for check in [HOME, UNKNOWN] {
        let (outcome, diagnosis, message) = result.check(check);
        assert_eq!((&*outcome, &*diagnosis), ("not-graded", ""));
        assert_eq!(message, not_graded);
    }
    let last = "path_router: 0 of 3 points\n\
                next: starter/1_path_router.rs must compile; the compiler's message is above\n\n";
    assert!(result.stdout.ends_with(last), "{}", result.stdout);

    // With a filter, the first check has to tell it.
    stage.command.arg("step");
    let result = stage.run();
    assert!(!result.success);
    says(&result, "0 passed; 1 failed; 1 ignored;");
    says(&result, "error[E0425]");
    assert_eq!(result.check(UNKNOWN).2, not_graded);
    assert!(result.not_built().contains("error[E0425]"));
}

/// As a runner does that starts a process for each check.
fn does_not_compile_alone() {
    let stage = course("fn main() { nonsense() }", None);
    let mut stage = stage.only(&format!("step 2: {UNKNOWN}"));
    let result = stage.run();
    assert!(!result.success);
    says(&result, "step 2: another path answers 404 ... FAILED\n");
    says(&result, "error[E0425]");
    assert_eq!(result.check(UNKNOWN).0, "not-graded");
    assert!(result.not_built().contains("error[E0425]"));
}

fn no_starter() {
    let mut stage = course("", None);
    std::fs::remove_file(stage.folder.join("starter/1_path_router.rs")).expect("a file to remove");
    let result = stage.run();
    assert!(!result.success);
    says(&result, "There is no file starter/1_path_router.rs.\n");
    says(&result, ": git checkout starter/1_path_router.rs\n");
    says(
        &result,
        "next: get starter/1_path_router.rs back: git checkout starter/1_path_router.rs\n",
    );
}

fn nothing_fits() {
    let mut stage = course(&program(RIGHT), None).argument("step2");
    let result = stage.run();
    assert!(result.success, "as with any other test program");
    says(
        &result,
        "path_router: no check has \"step2\" in its name. There are:\n\
         \u{20} \"step 1\"  1 check\n\
         \u{20} \"step 2\"  1 check\n\
         all names: cargo test -p path_router -- --list\n",
    );
    let mut stage = course(&program(RIGHT), None).only("step 3: no such thing");
    let result = stage.run();
    says_not(&result, "There are:");
}

fn done() {
    let stage = course(&program(RIGHT), Some(&program(RIGHT)));
    stage.write("lessons/0_before/README.md", "");
    stage.write("lessons/10_much_later/README.md", "");
    stage.write("lessons/2_text_and_bytes/README.md", "");
    stage.write("lessons/grader/README.md", "");
    // The folders around it are no packages.
    stage.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"lessons/1_path_router\"]\n",
    );
    let result = { stage }.run();
    assert!(result.success, "{}", result.stdout);
    says(&result, "the reference in solutions/ passes all 2 checks");
    says(
        &result,
        "All of this lesson is done.\n\
         next: lessons/2_text_and_bytes/README.md, then cargo test -p text_and_bytes\n",
    );
}

fn second_program() {
    let people = program("(\"200 OK\", \"Ada\")").replace("127.0.0.1", "localhost");
    let mut stage = course(&program(RIGHT), None);
    stage.write("lessons/1_path_router/people.rs", &people);
    let manifest = stage.folder.join("lessons/1_path_router/Cargo.toml");
    let mut text = std::fs::read_to_string(&manifest).expect("a manifest");
    text += "[[bin]]\nname = \"people\"\npath = \"people.rs\"\n";
    std::fs::write(&manifest, text).expect("a manifest");
    stage.command.env("SECOND_PROGRAM", "1");
    let result = stage.run();
    let (outcome, _, message) = result.check("the second program answers");
    assert_eq!(outcome, "passed", "{message}");
    let (_, _, message) = result.check("the second program is named");
    let asked = "asked         curl -i http://localhost:8000/bob\n              \
                 (with this running: KIND=cat cargo run -p path_router --bin people -- -v)\n";
    assert!(message.contains(asked), "{message}");
    let (_, _, message) = result.check("the variable is named");
    let needed = "(with this running: COLOR='light blue' cargo run -p path_router)";
    assert!(message.contains(needed), "{message}");
    let (_, diagnosis, message) = result.check("a program that is not there");
    assert_eq!(diagnosis, "grader-fault", "{message}");
    assert!(message.contains("nobody"), "{message}");
}

fn wrong_solution() {
    let mut stage = course(&program(RIGHT), Some(&program("(\"200 OK\", \"\")")));
    let result = stage.run();
    assert!(!result.success);
    says(
        &result,
        "solutions/1_path_router.rs is the course's own: this is no fault of yours.\n",
    );
    says(
        &result,
        "It fails 1 check:\n\nstep 2: another path answers 404\n",
    );
    assert_eq!(result.check(UNKNOWN).0, "passed");
}

fn known_solution() {
    const STARTED: &str = r#"fn main() {
    let log = std::fs::File::options().append(true).create(true).open("started.log");
    std::io::Write::write_all(&mut log.unwrap(), b"x").unwrap();"#;
    let solution = program(RIGHT).replace("fn main() {", STARTED);
    assert!(solution.contains("started.log"));
    let mut stage = course(&program(RIGHT), Some(&solution));
    let log = stage.folder.join("started.log");
    // Whether it is started by a run; it passes in any case.
    let starts = |stage: &mut Stage| {
        let _ = std::fs::remove_file(&log);
        let result = stage.run();
        assert!(result.success, "{}", result.stdout);
        says(
            &result,
            "the reference in solutions/ passes all 2 checks ... ok",
        );
        log.exists()
    };
    assert!(starts(&mut stage));
    assert!(!starts(&mut stage));
    stage.write("lessons/1_path_router/page.html", "x");
    assert!(starts(&mut stage), "a file of the course is another");
    assert!(!starts(&mut stage));
    stage.write("solutions/1_path_router.rs", &format!("{solution}// x\n"));
    assert!(starts(&mut stage), "the solution is another");
    stage.command.arg("the reference");
    assert!(starts(&mut stage), "it is asked for by its name");
}
