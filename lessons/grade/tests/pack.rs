//! The editions that are handed out, as they come out of `cargo grade pack`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

use base64::Engine as _;
use grade::course::root;
use grade::pack::{Edition, pack};
use serde_json::Value;

/// The paths of all files below a folder, seen from there.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => left.push(path),
                false => {
                    let path = path.strip_prefix(folder).unwrap();
                    found.insert(path.to_string_lossy().replace('\\', "/"));
                }
            }
        }
    }
    found
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn nothing_that_gives_answers_away_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    pack(&root(), Edition::Student, &[], folder.path()).unwrap();
    let files = files(folder.path());
    for path in &files {
        for part in ["solutions/", "right/", ".edits", "/tests/", "target/"] {
            assert!(!path.contains(part), "{path}");
        }
    }
    let handed_out: Vec<Vec<u8>> = files
        .iter()
        .map(|path| fs::read(folder.path().join(path)).unwrap())
        .collect();
    for solution in fs::read_dir(root().join("solutions")).unwrap().flatten() {
        let solution = fs::read(solution.path()).unwrap();
        assert!(!handed_out.contains(&solution));
    }
    for path in [
        ".cargo/config.toml",
        ".github/workflows/checks.yml",
        "Cargo.lock",
        "http-core/src/lib.rs",
        "lessons/1_path_router/grade.rs",
        "starter/1_path_router.rs",
    ] {
        assert!(files.contains(path), "{path}");
    }
}

#[test]
fn what_is_for_instructors_is_left_out_and_no_link_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    pack(&root(), Edition::Student, &["1".into()], folder.path()).unwrap();
    let at = |path: &str| text(folder.path().join(path));
    for (path, left_out, kept) in [
        ("README.md", "## For instructors", "## For students"),
        ("README.md", "## How it is built", "## License"),
        (
            "lessons/README.md",
            "## A class, meeting by meeting",
            "## The lessons",
        ),
        (
            "lessons/README.md",
            "## Where students get stuck",
            "## The lessons",
        ),
        (
            "lessons/README.md",
            "## Things worth showing",
            "## The lessons",
        ),
        ("lessons/README.md", "## Grading", "## The lessons"),
        (
            "lessons/1_path_router/Cargo.toml",
            "solutions",
            "[[example]]",
        ),
    ] {
        let here = text(root().join(path));
        assert!(here.contains(left_out), "{path} has no {left_out} any more");
        assert!(!at(path).contains(left_out), "{path}: {left_out}");
        assert!(at(path).contains(kept), "{path}: {kept}");
    }
    let lesson = at("lessons/1_path_router/README.md");
    assert!(lesson.contains("solutions/1_path_router.rs (not in this edition)"));
    let workflow = at(".github/workflows/checks.yml");
    assert!(workflow.contains("cargo test --no-fail-fast -p path_router\n"));
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    let why = pack(&root(), Edition::Student, &[], folder.path()).unwrap_err();
    assert!(why.ends_with("is there already"), "{why}");
    let why = pack(
        &root(),
        Edition::Zip,
        &["cat".into()],
        Path::new("/x/y.zip"),
    )
    .unwrap_err();
    assert_eq!(why, "there is no lesson cat");
}

#[test]
fn an_autograder_has_its_programs_at_the_top() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("autograder.zip");
    pack(&root(), Edition::Gradescope, &["1".into()], &path).unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    for name in ["setup.sh", "run_autograder"] {
        let file = archive.by_name(name).unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let script = io::read_to_string(file).unwrap();
        assert!(
            script.contains("cargo grade path_router")
                || script.contains("cargo --quiet grade path_router"),
            "{script}"
        );
    }
    assert!(archive.by_name("course/starter/1_path_router.rs").is_ok());
}

/// What a student's computer has, and nothing of the run of this test.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    grader::without_variables_of_a_run(&mut command);
    command.current_dir(folder).env(
        "CARGO_TARGET_DIR",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed"),
    );
    command
}

fn runs(program: &str, arguments: &[&str], folder: &Path) -> Output {
    eprintln!("{program} {}", arguments.join(" "));
    let output = command(program, folder).args(arguments).output().unwrap();
    let told = || {
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        format!("{program} {}\n{out}\n{err}", arguments.join(" "))
    };
    assert!(output.status.success(), "{}", told());
    output
}

/// Puts the references, or the starters as they were, in the place of what a student edits.
fn hand_in(folder: &Path, from: &str) {
    for file in fs::read_dir(root().join(from)).unwrap().flatten() {
        if file.path().extension().is_some_and(|end| end == "rs") {
            fs::create_dir_all(folder).unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
}

/// Every command of Cargo works in the student edition, whose starters have next to no points,
/// and whose solved ones have all; GitHub Classroom is told so, too.
#[test]
#[ignore = "builds the course anew, which takes minutes: cargo test -p grade --test pack -- --ignored"]
fn a_student_can_work_with_what_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pack(&root(), Edition::GithubClassroom, &[], folder).unwrap();
    for arguments in [
        &["fmt", "--all", "--check"][..],
        &["build", "--workspace", "--all-targets", "--locked"],
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &["doc", "--workspace", "--no-deps", "--locked"],
        &["test", "--workspace", "--locked"],
        &["learn", "--help"],
    ] {
        runs("cargo", arguments, folder);
    }
    let points = || -> (i64, i64) {
        let told = runs("cargo", &["grade", "--format", "classroom"], folder);
        let base64 = String::from_utf8(told.stdout).unwrap();
        let engine = base64::engine::general_purpose::STANDARD;
        let results: Value =
            serde_json::from_slice(&engine.decode(base64.trim()).unwrap()).unwrap();
        let scores = results["tests"].as_array().unwrap().iter();
        let sum = scores.map(|test| test["score"].as_i64().unwrap()).sum();
        (sum, results["max_score"].as_i64().unwrap())
    };
    // The first lesson is a tour, and has its points from the beginning.
    let (untouched, _) = points();
    assert!((1..20).contains(&untouched), "{untouched}");
    hand_in(&folder.join("starter"), "solutions");
    let (solved, all) = points();
    assert_eq!(solved, all);
}

/// The autograder is set up and run as Gradescope does it.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "builds the course anew, which takes minutes: cargo test -p grade --test pack -- --ignored"]
fn gradescope_gets_the_points() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, source) = (folder.path().join("a.zip"), folder.path().join("source"));
    pack(&root(), Edition::Gradescope, &[], &archive).unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(archive).unwrap()).unwrap();
    archive.extract(&source).unwrap();
    let run = |script: &str| {
        let mut command = command("bash", &source);
        let output = command
            .arg(script)
            .env("AUTOGRADER", folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{script}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run("setup.sh");
    let points = |from: &str| -> (i64, i64) {
        hand_in(&folder.path().join("submission"), from);
        run("run_autograder");
        let results: Value =
            serde_json::from_str(&text(folder.path().join("results/results.json"))).unwrap();
        let tests = results["tests"].as_array().unwrap();
        let sum = |key: &str| tests.iter().map(|test| test[key].as_i64().unwrap()).sum();
        (sum("score"), sum("max_score"))
    };
    let (untouched, all) = points("starter");
    assert!((1..20).contains(&untouched), "{untouched}");
    assert_eq!(points("solutions"), (all, all));
}
