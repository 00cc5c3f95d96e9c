//! What is graded is what is there: every way in which the times of files mislead
//! Cargo, the target folder of the run, and what stops a build.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use libtest_mimic::Trial;

use crate::course::{RIGHT, course, program, says};
use crate::stage::{Result, Stage};
use crate::test;

const HOME: &str = "GET / answers the homepage";
const UNKNOWN: &str = "another path answers 404";
const STARTER: &str = "starter/1_path_router.rs";

/// What a program does that fails the second check.
const WRONG: &str = r#"("200 OK", "I know everything\n")"#;

pub fn trials() -> Vec<Trial> {
    vec![
        test("a starter with an older time is graded", older),
        test("two versions of one time are told apart", same_time),
        test("a clock that goes back misleads nobody", clock_goes_back),
        test("what is no Rust does not compile, however old", no_rust),
        test(
            "a build between two gradings misleads nobody",
            built_between,
        ),
        test("a module with an older time is graded", module),
        test("an included file with an older time is graded", included),
        test("a library with an older time is graded", library),
        test("a library is built once for all programs", shared_library),
        test("two gradings at once grade each its own", two_at_once),
        test("a grading keeps its program while another builds", kept),
        test("a checkout is not written into", read_only),
        test("the target folder is that of the run", target_folder),
        test("a relative target folder is made once", relative_target),
        test("variables of a run do not build anew", variables),
        test("a linker that is missing is nobody's fault", no_linker),
        test("a cargo that is missing is nobody's fault", no_cargo),
        test(
            "a library that does not compile is nobody's fault",
            broken_library,
        ),
        test("a constant that never ends is stopped", endless),
    ]
}

/// Writes a file and gives it this time.
fn put(stage: &Stage, path: &str, text: &str, time: SystemTime) {
    stage.write(path, text);
    let file = fs::File::options()
        .write(true)
        .open(stage.folder.join(path));
    file.and_then(|file| file.set_modified(time))
        .expect("a time can be set");
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

#[track_caller]
fn passed(result: &Result, expected: bool) {
    let (outcome, _, message) = result.check(UNKNOWN);
    let expected = if expected { "passed" } else { "failed" };
    assert_eq!(outcome, expected, "{message}\n{}", result.stdout);
}

fn older() {
    let mut stage = course(&program(RIGHT), None);
    passed(&stage.run(), true);
    // As `unzip`, `tar` and `cp -p` leave it: three submissions, one time.
    for right in [false, true, false] {
        let text = program(if right { RIGHT } else { WRONG });
        put(&stage, STARTER, &text, long_ago());
        passed(&stage.run(), right);
        // Nothing has changed, and nothing is built.
        let copies = copies(&stage);
        passed(&stage.run(), right);
        assert_eq!(copies, self::copies(&stage));
    }
}

/// The copies of programs that are kept in the stage's target folder.
fn copies(stage: &Stage) -> Vec<String> {
    let shelf = fs::read_dir(stage.folder.join("target/debug/graded")).expect("a shelf");
    let folders = shelf.flatten().filter(|entry| entry.path().is_dir());
    let copies = folders.flat_map(|folder| fs::read_dir(folder.path()).expect("a folder"));
    let copies = copies.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = copies
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn same_time() {
    let mut stage = course("", None);
    let now = SystemTime::now();
    put(&stage, STARTER, &program(RIGHT), now);
    passed(&stage.run(), true);
    put(&stage, STARTER, &program(WRONG), now);
    passed(&stage.run(), false);
    // Those that are not used any more are gone.
    put(&stage, STARTER, &program(RIGHT), now);
    passed(&stage.run(), true);
    assert_eq!(copies(&stage).len(), 1);
}

fn clock_goes_back() {
    let mut stage = course("", None);
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    put(&stage, STARTER, &program(RIGHT), tomorrow);
    passed(&stage.run(), true);
    put(&stage, STARTER, &program(WRONG), SystemTime::now());
    passed(&stage.run(), false);
    put(&stage, STARTER, &program(RIGHT), long_ago());
    passed(&stage.run(), true);
}

fn no_rust() {
    let mut stage = course(&program(RIGHT), None);
    passed(&stage.run(), true);
    put(&stage, STARTER, "Dear teacher, I was ill.\n", long_ago());
    let result = stage.run();
    says(&result, "starter/1_path_router.rs does not compile;");
    assert_eq!(result.check(HOME).0, "not-graded");
}

fn built_between() {
    let mut stage = course("", None);
    put(&stage, STARTER, &program(RIGHT), long_ago());
    passed(&stage.run(), true);
    // As the student does who tries something, and takes it back.
    let build = || {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "-q", "-p", "path_router"]);
        cargo.current_dir(&stage.folder);
        cargo.env("CARGO_TARGET_DIR", stage.folder.join("target"));
        assert!(cargo.status().expect("cargo runs").success());
    };
    put(&stage, STARTER, &program(WRONG), SystemTime::now());
    build();
    put(&stage, STARTER, &program(RIGHT), long_ago());
    build();
    passed(&stage.run(), true);
    put(&stage, STARTER, &program(WRONG), long_ago());
    passed(&stage.run(), false);
}

/// A program whose answer to other paths stands in a file beside it.
fn module() {
    let with_module = program("other::PATH") + "\nmod other;\n";
    let other = |answer: &str| format!("pub const PATH: (&str, &str) = {answer};\n");
    let mut stage = course(&with_module, None);
    stage.write("starter/other.rs", &other(RIGHT));
    passed(&stage.run(), true);
    put(&stage, "starter/other.rs", &other(WRONG), long_ago());
    passed(&stage.run(), false);
    put(&stage, "starter/other.rs", &other(RIGHT), long_ago());
    passed(&stage.run(), true);
}

fn included() {
    const TEXT: &str = "lessons/1_path_router/not found.txt";
    let including = format!("(\"404 Not Found\", include_str!(\"../{TEXT}\"))");
    let mut stage = course(&program(&including), None);
    stage.write(TEXT, "Page not found\n");
    passed(&stage.run(), true);
    put(&stage, TEXT, "Page?\n", long_ago());
    passed(&stage.run(), false);
    put(&stage, TEXT, "Page not found\n", long_ago());
    passed(&stage.run(), true);
}

/// A library of the course, as http-core is one.
fn with_library(answer: &str) -> Stage {
    let stage = course(&program("library::PATH"), None);
    stage.write("lessons/library/src/lib.rs", answer);
    let manifest = "[package]\nname = \"library\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    stage.write("lessons/library/Cargo.toml", manifest);
    let file = stage.folder.join("lessons/1_path_router/Cargo.toml");
    let manifest = fs::read_to_string(&file).expect("a manifest");
    let manifest = manifest + "[dependencies]\nlibrary = { path = \"../library\" }\n";
    fs::write(&file, manifest).expect("a manifest");
    stage
}

fn library() {
    let library = |answer: &str| format!("pub const PATH: (&str, &str) = {answer};\n");
    let mut stage = with_library(&library(RIGHT));
    passed(&stage.run(), true);
    let file = "lessons/library/src/lib.rs";
    put(&stage, file, &library(WRONG), long_ago());
    passed(&stage.run(), false);
    // Also where Cargo builds the program anyhow.
    put(&stage, file, &library(RIGHT), long_ago());
    stage.write(
        STARTER,
        &format!("// One line more.\n{}", program("library::PATH")),
    );
    passed(&stage.run(), true);
}

fn shared_library() {
    let mut stage = with_library(&format!("pub const PATH: (&str, &str) = {RIGHT};\n"));
    passed(&stage.run(), true);
    let first = built(&stage);
    // As for a program that is graded for the first time.
    let shelf = fs::read_dir(stage.folder.join("target/debug/graded")).expect("a shelf");
    for entry in shelf.flatten().filter(|entry| entry.path().is_dir()) {
        fs::remove_dir_all(entry.path()).expect("a folder removed");
    }
    passed(&stage.run(), true);
    assert_eq!(built(&stage), first);
}

/// When the library was built.
fn built(stage: &Stage) -> SystemTime {
    let made = fs::read_dir(stage.folder.join("target/debug/deps")).expect("a folder");
    let mut made = made.flatten().filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("liblibrary-") && name.ends_with(".rlib")
    });
    let library = made.next().expect("a library").metadata();
    library
        .and_then(|data| data.modified())
        .expect("a time of the library")
}

fn broken_library() {
    let mut stage = with_library("nonsense");
    let result = stage.run();
    not_graded(&result, "lessons/library/src/lib.rs:1:1");
}

fn two_at_once() {
    let mut one = course(&program(RIGHT), None);
    let mut other = course(&program(WRONG), None);
    // Two checkouts, one target folder, one name of a program.
    let target = one.folder.join("target");
    other.command.env("CARGO_TARGET_DIR", target);
    for _ in 0..2 {
        std::thread::scope(|scope| {
            let one = scope.spawn(|| one.run());
            passed(&other.run(), false);
            passed(&one.join().expect("the other grading"), true);
        });
    }
}

fn kept() {
    let mut stage = course(&program(RIGHT), None).set("SLOW_CHECK", "1");
    stage.command.stdout(std::process::Stdio::null());
    let mut first = stage.command.spawn().expect("the lesson runs");
    // Its program is built once its second check has begun.
    let begun = stage.folder.join("begun");
    let until = Instant::now() + Duration::from_secs(60);
    while !begun.exists() {
        assert!(Instant::now() < until, "the check does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    stage.write(STARTER, &program(WRONG));
    let mut second = Stage::in_folder(&stage.folder);
    second
        .command
        .env("CARGO_TARGET_DIR", stage.folder.join("target"));
    second
        .command
        .env("GRADE_REPORT", stage.folder.join("second.json"));
    assert!(!second.run().success);
    stage.write("go on", "");
    assert!(first.wait().expect("the lesson ends").success());
}

/// All files of a folder but those in `target`, with times and contents.
fn everything(folder: &Path) -> Vec<(std::path::PathBuf, SystemTime, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let time = entry.metadata().and_then(|data| data.modified());
        let time = time.expect("a time");
        if path.is_dir() {
            all.extend(everything(&path));
            all.push((path, time, Vec::new()));
        } else {
            let content = fs::read(&path).expect("a file");
            all.push((path, time, content));
        }
    }
    all.sort();
    all
}

fn read_only() {
    let mut stage = course(&program(RIGHT), Some(&program(RIGHT)));
    // Cargo writes its lock file, once.
    stage.write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"path_router\"\nversion = \"0.1.0\"\n",
    );
    let elsewhere = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    stage.command.env("CARGO_TARGET_DIR", elsewhere.path());
    stage
        .command
        .env("GRADE_REPORT", elsewhere.path().join("report.json"));
    let before = everything(&stage.folder);
    assert!(stage.run().success);
    put(&stage, STARTER, &program(RIGHT), long_ago());
    let between = everything(&stage.folder);
    assert!(stage.run().success);
    assert_eq!(between, everything(&stage.folder));
    assert_eq!(before.len(), between.len());
}

/// As `cargo test --target-dir elsewhere` and `--profile` do it: what they say is seen
/// in where the test program is.
fn target_folder() {
    let mut stage = course(&program(RIGHT), None);
    let elsewhere = stage.folder.join("elsewhere");
    let examples = elsewhere.join("debug/examples");
    fs::create_dir_all(&examples).expect("a folder");
    fs::write(elsewhere.join(".rustc_info.json"), "{}").expect("a file");
    let own = std::env::current_exe().expect("the path of the test");
    let name = format!("grade_path_router-0123{}", std::env::consts::EXE_SUFFIX);
    let example = examples.join(name);
    fs::copy(own, &example).expect("a copy");
    stage = stage.started_as(&example);
    stage.command.env_remove("CARGO_TARGET_DIR");
    passed(&stage.run(), true);
    assert!(elsewhere.join("debug/graded").is_dir());
    assert!(!stage.folder.join("target").exists());
}

fn relative_target() {
    let mut stage = course(&program(RIGHT), None);
    stage.command.env("CARGO_TARGET_DIR", "out");
    passed(&stage.run(), true);
    assert!(stage.folder.join("out/debug").is_dir());
    assert!(!stage.folder.join("lessons/1_path_router/out").exists());
}

fn variables() {
    let mut stage = course(&program(RIGHT), None);
    stage.write(
        "lessons/1_path_router/build.rs",
        "use std::io::Write;
fn main() {
    for name in [\"CARGO_MANIFEST_DIR\", \"CARGO_PKG_NAME\", \"CARGO_PKG_VERSION_PRE\"] {
        println!(\"cargo:rerun-if-env-changed={name}\");
    }
    let mut log = std::fs::File::options().create(true).append(true).open(\"../../log\").unwrap();
    writeln!(log, \"built\").unwrap();
}
",
    );
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["build", "-q", "-p", "path_router"]);
    cargo.current_dir(&stage.folder);
    cargo.env("CARGO_TARGET_DIR", stage.folder.join("target"));
    let of_a_package = |name: &String| {
        ["CARGO_MANIFEST_", "CARGO_PKG_"]
            .iter()
            .any(|begin| name.starts_with(begin))
    };
    for (name, _) in std::env::vars().filter(|(name, _)| of_a_package(name)) {
        cargo.env_remove(name);
    }
    assert!(cargo.status().expect("cargo runs").success());
    for (name, value) in [
        ("CARGO_MANIFEST_DIR", "/course"),
        ("CARGO_PKG_NAME", "path_router"),
        ("CARGO_PKG_VERSION_PRE", "1"),
    ] {
        stage.command.env(name, value);
    }
    passed(&stage.run(), true);
    let log = fs::read_to_string(stage.folder.join("log")).expect("a log");
    assert_eq!(log, "built\n");
}

/// Nothing is graded, the report says why, and nobody loses points.
#[track_caller]
fn not_graded(result: &Result, why: &str) {
    assert!(!result.success);
    says(result, "starter/1_path_router.rs cannot be built here:");
    says(result, why);
    // Its points count for nobody.
    assert_eq!(result.check(HOME).0, "ignored");
}

fn no_linker() {
    let stage = course(&program(RIGHT), None);
    let result = stage.set("RUSTFLAGS", "-Clinker=/no/such/linker").run();
    not_graded(&result, "/no/such/linker");
}

fn no_cargo() {
    let stage = course(&program(RIGHT), None);
    let result = stage.set("CARGO", "/no/such/cargo").run();
    not_graded(&result, "/no/such/cargo");
}

fn endless() {
    let constant = "
#![allow(long_running_const_eval)]
const _: () = loop {};
";
    let stage = course(&(constant.to_string() + &program(RIGHT)), None);
    let mut stage = stage.set("BUILD_LIMIT", "4000");
    let began = Instant::now();
    let result = stage.run();
    assert!(began.elapsed() < Duration::from_secs(40));
    says(
        &result,
        "starter/1_path_router.rs does not compile; the compiler had not finished after 4 seconds",
    );
    assert_eq!(result.check(HOME).0, "not-graded");
    // The compiler is gone, too: it has the folder among its arguments.
    #[cfg(target_os = "linux")]
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let folder = stage.folder.to_string_lossy();
        assert!(!line.contains(&*folder), "still there: {line}");
    }
}
