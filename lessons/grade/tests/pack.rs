//! The editions that are handed out, as they come out of `cargo grade pack`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

use base64::Engine as _;
use grade::course::root;
use grade::pack::{Edition, for_each, pack};
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
    pack(&root(), Edition::Student, &[], None, folder.path()).unwrap();
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
    pack(
        &root(),
        Edition::Student,
        &["1".into()],
        None,
        folder.path(),
    )
    .unwrap();
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

/// A class of two in this folder.
fn class_of_two(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("roster.csv"), "submission\nada\nbob\n").unwrap();
    let rules = "roster = \"roster.csv\"\nvariants = \"a phrase\"\n";
    fs::write(folder.join("class.toml"), rules).unwrap();
}

#[test]
fn each_student_gets_an_edition_of_the_own() {
    let folder = tempfile::tempdir().unwrap();
    let (class, out) = (folder.path().join("class"), folder.path().join("out"));
    class_of_two(&class);
    for_each(&root(), Edition::Student, &[], &class, &out).unwrap();
    let usual = folder.path().join("usual");
    pack(&root(), Edition::Student, &[], None, &usual).unwrap();
    // What differs is the text, the starter and the checks of lessons that have variants, and
    // they say the same thing.
    let mut differing = BTreeSet::new();
    for who in ["ada", "bob"] {
        assert_eq!(files(&out.join(who)), files(&usual));
        for path in files(&usual) {
            let read = |edition: &Path| fs::read(edition.join(&path)).unwrap();
            if read(&out.join(who)) != read(&usual) {
                differing.insert(path);
            }
        }
    }
    let folders = differing.iter().map(|path| path.split('/').nth(1).unwrap());
    let lessons: BTreeSet<&str> = folders.map(|name| name.trim_end_matches(".rs")).collect();
    for lesson in &lessons {
        let own = root().join("lessons").join(lesson).join("variants.edits");
        assert!(own.is_file(), "{lesson}");
        for path in [
            format!("lessons/{lesson}/README.md"),
            format!("lessons/{lesson}/grade.rs"),
        ] {
            assert!(differing.contains(&path), "{path}");
        }
    }
    assert!(lessons.len() > 2, "{lessons:?}");
    // With this phrase, ada whoops in lesson 3, and bob shouts.
    for (who, word) in [("ada", "whoop=1"), ("bob", "shout=1")] {
        for path in [
            "lessons/3_echo_server/README.md",
            "lessons/3_echo_server/grade.rs",
            "starter/3_echo_server.rs",
        ] {
            let text = text(out.join(who).join(path));
            assert!(text.contains(word), "{who}: {path}");
            assert_eq!(text.contains("shout=1"), who == "bob", "{who}: {path}");
        }
    }
    let zips = folder.path().join("zips");
    for_each(&root(), Edition::Zip, &[], &class, &zips).unwrap();
    assert_eq!(
        files(&zips),
        ["ada.zip", "bob.zip"].map(str::to_string).into()
    );
    let mut archive = zip::ZipArchive::new(fs::File::open(zips.join("ada.zip")).unwrap()).unwrap();
    let starter = archive.by_name("small-web-servers/starter/3_echo_server.rs");
    let starter = io::read_to_string(starter.unwrap()).unwrap();
    assert!(starter.contains("whoop=1"), "{starter}");
}

#[test]
fn without_a_phrase_nobody_gets_an_edition_of_the_own() {
    let folder = tempfile::tempdir().unwrap();
    let (class, out) = (folder.path().join("class"), folder.path().join("out"));
    class_of_two(&class);
    let why = || for_each(&root(), Edition::Student, &[], &class, &out).unwrap_err();
    fs::write(class.join("roster.csv"), "submission\nada\n../bob\n").unwrap();
    assert!(
        why().contains("../bob on the roster is no name of a folder"),
        "{}",
        why()
    );
    fs::write(class.join("class.toml"), "roster = \"roster.csv\"\n").unwrap();
    assert!(
        why().contains("class.toml has no line variants = "),
        "{}",
        why()
    );
    assert!(!out.exists());
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    let why = pack(&root(), Edition::Student, &[], None, folder.path()).unwrap_err();
    assert!(why.ends_with("is there already"), "{why}");
    let why = pack(
        &root(),
        Edition::Zip,
        &["cat".into()],
        None,
        Path::new("/x/y.zip"),
    )
    .unwrap_err();
    assert_eq!(why, "there is no lesson cat");
}

#[test]
fn an_autograder_has_its_programs_at_the_top() {
    let folder = tempfile::tempdir().unwrap();
    let (path, private) = (
        folder.path().join("autograder.zip"),
        folder.path().join("private"),
    );
    fs::create_dir(&private).unwrap();
    fs::write(private.join("path_router.rs"), "fn main() {}").unwrap();
    fs::write(private.join("notes.txt"), "mine").unwrap();
    let lessons = ["1".into()];
    pack(
        &root(),
        Edition::Gradescope,
        &lessons,
        Some(&private),
        &path,
    )
    .unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    for name in ["setup.sh", "run_autograder"] {
        let file = archive.by_name(name).unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let script = io::read_to_string(file).unwrap();
        assert!(
            script.contains("grade path_router --submission"),
            "{script}"
        );
        assert!(
            script.contains(" --private \"$autograder/source/private\""),
            "{script}"
        );
    }
    assert!(archive.by_name("private/path_router.rs").is_ok());
    assert!(archive.by_name("private/notes.txt").is_err());
    assert!(archive.by_name("course/starter/1_path_router.rs").is_ok());
}

/// What a student's computer has, and nothing of the run of this test.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    grader::without_variables_of_a_run(&mut command);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed");
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        // Nobody debugs what is built here, or builds it again.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
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

/// Puts the references of the lessons before this one in the place of what a student edits, and
/// the starters as they were in all others.
fn hand_in(folder: &Path, before: u32) {
    fs::create_dir_all(folder).unwrap();
    for file in fs::read_dir(root().join("starter")).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let number = name.split('_').next().unwrap().parse::<u32>();
        let Ok(number) = number else { continue };
        let from = if number < before {
            "solutions"
        } else {
            "starter"
        };
        fs::copy(root().join(from).join(&name), folder.join(&name)).unwrap();
    }
}

/// What somebody hands in who has done nothing, half of the lessons, and all of them.
const UNTOUCHED: u32 = 0;
const HALF: u32 = 8;
const SOLVED: u32 = u32::MAX;

/// Whether these points of three submissions are those of nothing, of a half, and of everything.
/// The first lesson is a tour, and has its points from the beginning.
#[track_caller]
fn are_as_deserved([untouched, half, solved]: [(i64, i64); 3]) {
    let (all, of) = solved;
    assert_eq!(all, of);
    assert_eq!((untouched.1, half.1), (of, of), "what there is to reach");
    assert!((1..20).contains(&untouched.0), "{untouched:?}");
    assert!((of / 4..of * 3 / 4).contains(&half.0), "{half:?} of {of}");
}

/// Every command of Cargo works in the student edition, whose starters have next to no points, and
/// whose solved ones have all; GitHub Classroom is told so, too.
#[test]
#[ignore = "builds the course anew, which takes minutes: cargo test -p grade --test pack -- --ignored"]
fn a_student_can_work_with_what_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pack(&root(), Edition::GithubClassroom, &[], None, folder).unwrap();
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
    let points = |before| -> (i64, i64) {
        hand_in(&folder.join("starter"), before);
        let told = runs("cargo", &["grade", "--format", "classroom"], folder);
        let base64 = String::from_utf8(told.stdout).unwrap();
        let engine = base64::engine::general_purpose::STANDARD;
        let results: Value =
            serde_json::from_slice(&engine.decode(base64.trim()).unwrap()).unwrap();
        let scores = results["tests"].as_array().unwrap().iter();
        let sum = scores.map(|test| test["score"].as_i64().unwrap()).sum();
        (sum, results["max_score"].as_i64().unwrap())
    };
    are_as_deserved([UNTOUCHED, HALF, SOLVED].map(points));
}

/// The autograder is set up and run as Gradescope does it.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "builds the course anew, which takes minutes: cargo test -p grade --test pack -- --ignored"]
fn gradescope_gets_the_points() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, source) = (folder.path().join("a.zip"), folder.path().join("source"));
    pack(&root(), Edition::Gradescope, &[], None, &archive).unwrap();
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
    let points = |before| -> (i64, i64) {
        hand_in(&folder.path().join("submission"), before);
        run("run_autograder");
        let results: Value =
            serde_json::from_str(&text(folder.path().join("results/results.json"))).unwrap();
        let tests = results["tests"].as_array().unwrap();
        let sum = |key: &str| tests.iter().map(|test| test[key].as_i64().unwrap()).sum();
        (sum("score"), sum("max_score"))
    };
    are_as_deserved([UNTOUCHED, HALF, SOLVED].map(points));
}
