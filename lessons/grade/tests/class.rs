//! A made-up class, graded as an instructor grades it: with the command. It is interrupted in the
//! middle and goes on; graded once more, in parts, it gets the same results.
//!
//!     CLASS=200 cargo test -p grade --test class -- --ignored --nocapture
//!
//! `CLASS` is the number of students. Each has a kind (see [`KINDS`]) and all lessons. As in a class,
//! some files are the same; with `UNLIKE=1`, each is another, which takes longer, and shows what a
//! file costs.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use grade::course::root;
use grade::record::{Chosen, LessonRecord, Mistake, Outcome, Record, State, StepState};
use grader::edits;

const SEED: &str = "7342";

const KINDS: [&str; 8] = [
    "untouched",
    "half",
    "right",
    "wrong",
    "broken",
    "late",
    "hostile",
    "copied",
];

/// What hostile programs begin with, in the place of `fn main() {`. If it did not stop them, they
/// would go on to be right.
const ATTACKS: [&str; 6] = [
    "loop { std::hint::spin_loop() }",
    "loop { println!(\"x\") }",
    "std::hint::black_box(vec![1_u8; 1 << 31]);",
    "while std::process::Command::new(\"sleep\").arg(\"99\").spawn().is_ok() {}",
    "if !std::process::Command::new(\"sh\").args([\"-c\", \"kill -9 -1\"]).status().unwrap().success() { std::process::exit(3) }",
    "if std::fs::metadata(\"/etc/passwd\").is_err() { std::process::exit(3) }",
];

struct Lesson {
    folder: String,
    starter: String,
    solution: String,
    wrong: Vec<edits::Edit>,
}

fn lessons() -> Vec<Lesson> {
    let root = root();
    let read = |path: String| fs::read_to_string(root.join(&path)).unwrap_or_default();
    let entries = fs::read_dir(root.join("lessons")).unwrap().flatten();
    let folders = entries.map(|entry| entry.file_name().into_string().unwrap());
    let mut folders: Vec<String> = folders
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    folders.sort_by_key(|name| name.split('_').next().unwrap().parse::<u32>().unwrap());
    let lesson = |folder: String| Lesson {
        starter: read(format!("starter/{folder}.rs")),
        solution: read(format!("solutions/{folder}.rs")),
        wrong: edits::read(&read(format!("lessons/{folder}/wrong.edits"))).unwrap(),
        folder,
    };
    folders.into_iter().map(lesson).collect()
}

/// What this student has handed in for a lesson.
fn program(lesson: &Lesson, at: usize, of: usize, student: usize) -> String {
    let Lesson {
        starter,
        solution,
        wrong,
        ..
    } = lesson;
    let half = at < of / 2;
    let which = student / KINDS.len();
    match KINDS[student % KINDS.len()] {
        "untouched" => starter.clone(),
        "half" if !half => starter.clone(),
        // The one before has lent it; but for the first lesson, which is short.
        "wrong" | "copied" if !wrong.is_empty() => {
            let fits = |edit: &edits::Edit| edit.apply(solution).ok();
            let programs: Vec<String> = wrong.iter().filter_map(fits).collect();
            let program = &programs[(which * 5 + at) % programs.len()];
            let copied = student % KINDS.len() == 7;
            format!(
                "{program}{}",
                own_function(which, if copied { "mine" } else { "value" })
            )
        }
        "broken" if !half => solution.replacen(';', "", 1),
        "hostile" if at == 0 => {
            let attack = ATTACKS[which % ATTACKS.len()];
            solution.replacen(
                "Result<()> {\n",
                &format!("Result<()> {{\n    {attack}\n"),
                1,
            )
        }
        _ => solution.clone(),
    }
}

/// A function that nobody else would write, with this name in it.
fn own_function(which: usize, name: &str) -> String {
    let mut text = format!("\n#[allow(dead_code)]\nfn own(mut {name}: u64) -> u64 {{\n");
    let mut state = which as u64 + 1;
    for _ in 0..24 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text += "    ";
        text += &match (state >> 33) % 6 {
            0 => format!("{name} += 3;"),
            1 => format!("if {name} > 9 {{ {name} -= 1; }}"),
            2 => format!("while {name} % 7 == 1 {{ {name} /= 2; }}"),
            3 => format!("{name} = {name}.max(4).min(99);"),
            4 => format!("let ({name}, _) = ({name} ^ 5, true);\n    let mut {name} = {name};"),
            _ => format!("for step in 0..3 {{ {name} |= step; }}"),
        };
        text += "\n";
    }
    text + &format!("    {name}\n}}\n")
}

/// The class in a folder. Each file has a comment of this class, so that none is graded for that
/// of another; with `unlike`, also of the student, so that none is graded for that of another
/// student.
fn make(folder: &Path, lessons: &[Lesson], number: usize, salt: &str, unlike: bool) {
    let mut roster = "submission,name,handed_in\n".to_string();
    for student in 0..number {
        let kind = KINDS[student % KINDS.len()];
        let name = format!("{student:03}-{kind}");
        let day = if kind == "late" { 3 } else { 1 };
        writeln!(roster, "{name},Student {student},2026-12-0{day}T12:00:00Z").unwrap();
        let starter = folder.join(&name).join("starter");
        fs::create_dir_all(&starter).unwrap();
        for (at, lesson) in lessons.iter().enumerate() {
            let text = program(lesson, at, lessons.len(), student);
            let own = if unlike { &*name } else { "" };
            let text = format!("{text}// {own} {salt}\n");
            fs::write(starter.join(format!("{}.rs", lesson.folder)), text).unwrap();
        }
    }
    fs::write(folder.join("roster.csv"), roster).unwrap();
    let rules =
        "roster = \"roster.csv\"\n[late]\ndue = 2026-12-01T23:59:00Z\npercent_per_day = 10\n";
    fs::write(folder.join("class.toml"), rules).unwrap();
}

fn command(class: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    grader::without_variables_of_a_run(&mut command);
    command
        .current_dir(root())
        .args(["--seed", SEED, "--class"])
        .arg(class)
        .args(more);
    command
}

fn runs(command: &mut Command) {
    // 1 says that not everything was graded: what was not is looked at below.
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn records(file: &Path) -> Vec<Record> {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// What the grading of a class has found, without what may differ: times, reports with their
/// ports, and the hashes of files with other comments.
type Found<'a> = Vec<(&'a str, u32, u32, Vec<OfLesson<'a>>)>;

type OfLesson<'a> = (State, Vec<(Outcome, &'a [Mistake])>);

fn found(records: &[Record]) -> Found<'_> {
    fn of_lesson(lesson: &LessonRecord) -> OfLesson<'_> {
        let checks = lesson
            .checks()
            .map(|check| (check.outcome, &*check.mistakes));
        (lesson.state, checks.collect())
    }
    let all = records.iter();
    all.map(|record| {
        let lessons = record.lessons.iter().map(of_lesson).collect();
        (&*record.who, record.points, record.all_points, lessons)
    })
    .collect()
}

/// The students who got something else, and in which lessons.
fn differences(one: &[Record], other: &[Record]) -> Vec<String> {
    let mut differences = Vec::new();
    for (own, others) in found(one).iter().zip(found(other)) {
        for (at, (own_lesson, other_lesson)) in own.3.iter().zip(&others.3).enumerate() {
            if own_lesson != other_lesson {
                differences.push(format!(
                    "{}, lesson {at}: {own_lesson:?}\n{other_lesson:?}",
                    own.0
                ));
            }
        }
    }
    differences
}

/// Whether a quarter is done: `10 of 40 files graded, …`.
fn is_in_the_middle(line: &str) -> bool {
    let mut words = line.split(' ');
    let mut number = || words.find_map(|word| word.parse::<usize>().ok());
    let (done, all) = (number(), number());
    line.contains(" files graded") && done.zip(all).is_some_and(|(done, all)| done * 4 >= all)
}

#[test]
#[ignore = "grades a class, which takes minutes: CLASS=200 cargo test -p grade --test class -- --ignored --nocapture"]
fn a_class_is_graded_in_one_command_interrupted_and_in_parts() {
    let number: usize = env::var("CLASS").map_or(24, |number| number.parse().unwrap());
    let lessons = lessons();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let salt = format!("{:?}", std::time::SystemTime::now());
    let unlike = env::var_os("UNLIKE").is_some();
    for class in ["a", "b"] {
        make(
            &at(class),
            &lessons,
            number,
            &format!("{class} {salt}"),
            unlike,
        );
    }

    // Ended in the middle, as by a power failure.
    let began = Instant::now();
    let mut first = command(&at("a"), &["--format", "json", "--output", "/dev/null"]);
    let mut child = first.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let line = lines
        .find(|line| is_in_the_middle(line))
        .expect("it tells how far it is");
    eprintln!("ended at: {line}");
    child.kill().unwrap();
    child.wait().unwrap();

    let json = at("a.json");
    let outputs = [json.to_str().unwrap(), "--output", "report.html"];
    let mut second = command(&at("a"), &["--output"]);
    second.args(outputs).current_dir(folder.path());
    runs(&mut second);
    let took = began.elapsed();
    eprintln!(
        "{number} submissions of {} lessons in {} s: {:.1} a minute",
        lessons.len(),
        took.as_secs(),
        number as f64 * 60.0 / took.as_secs_f64()
    );
    let whole = records(&json);

    // Known, and the same.
    let began = Instant::now();
    runs(command(&at("a"), &["--output"]).arg(at("again.json")));
    eprintln!("once more in {:.1} s", began.elapsed().as_secs_f64());
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(found(&whole), found(&records(&at("again.json"))));

    // In parts, by a class whose results are not known.
    let began = Instant::now();
    let mut merge = Command::new(env!("CARGO_BIN_EXE_grade"));
    merge.current_dir(root()).arg("merge");
    for part in ["1", "2", "3"] {
        let json = at(&format!("part{part}.json"));
        runs(command(&at("b"), &["--shard", &format!("{part}/3"), "--output"]).arg(&json));
        merge.arg(json);
    }
    runs(merge.arg("--output").arg(at("b.json")));
    eprintln!("in three parts in {} s", began.elapsed().as_secs());
    let differences = differences(&whole, &records(&at("b.json")));
    assert!(differences.is_empty(), "{}", differences.join("\n"));

    // And each has got what is deserved.
    assert_eq!(whole.len(), number);
    let is_like =
        |one: &Record, other: &str| one.similar.iter().any(|similar| similar.with == other);
    for (student, record) in whole.iter().enumerate() {
        let all = record.all_points;
        assert_eq!(all, whole[0].all_points, "{}", record.who);
        let kind = KINDS[student % KINDS.len()];
        let points = record.points;
        let reached: u32 = record.lessons.iter().map(|lesson| lesson.points).sum();
        let first = &record.lessons[0];
        match kind {
            "untouched" => assert!(points < all / 4, "{}: {points}", record.who),
            "half" | "broken" => {
                assert!((all / 4..all).contains(&points), "{}: {points}", record.who)
            }
            "right" => assert_eq!(points, all, "{}", record.who),
            "late" => assert_eq!(
                (reached, points),
                (all, all - all * 20 / 100),
                "{}",
                record.who
            ),
            "hostile" => assert_eq!(
                (first.points, reached),
                (0, all - first.all_points),
                "{}",
                record.who
            ),
            _ => assert!(points < all, "{}: {points}", record.who),
        }
        if kind == "copied" {
            let lent = &whole[student - 4].who;
            assert!(is_like(record, lent), "{} is like {lent}", record.who);
        }
    }
    fs::copy(
        folder.path().join("report.html"),
        root().join("target/made-up-class.html"),
    )
    .unwrap();
}

/// With this phrase, ada has one word in lesson 3, dan another, and bob that of the course.
const PHRASE: &str = "variants = \"a phrase\"\n";
const WORDS: [(&str, &str); 3] = [("ada", "whoop"), ("bob", "shout"), ("dan", "blare")];

/// Grades lesson 3 of the class in this folder: the records, and what the command says.
fn grade_variants(class: &Path) -> (Vec<Record>, String) {
    let json = class.with_extension("json");
    let mut command = command(class, &["echo_server", "--output"]);
    let output = command.arg(&json).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (records(&json), said)
}

/// What each student has in lesson 3, and which steps passed.
fn variants_and_steps(records: &[Record]) -> Vec<(&str, Vec<String>, Vec<bool>)> {
    let all = records.iter().map(|record| {
        let [lesson] = &record.lessons[..] else {
            panic!("one lesson: {:?}", record.lessons)
        };
        let words = lesson.variant.iter().map(Chosen::to_string).collect();
        let is_passed = |state| state == StepState::Passed;
        let steps = lesson.steps.iter().map(|step| is_passed(step.state));
        (&*record.who, words, steps.collect())
    });
    all.collect()
}

#[test]
#[ignore = "builds the whole course: cargo test -p grade --test class -- --ignored"]
fn who_hands_in_the_variant_of_somebody_else_has_not_solved_the_own_one() {
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("class");
    let solution = root().join("solutions/3_echo_server.rs");
    let solution = fs::read_to_string(solution).unwrap();
    // What is kept of another run is none of this one's.
    let salt = format!("// {:?}\n", std::time::SystemTime::now());
    let hand_in = |who: &str, word: &str| {
        fs::create_dir_all(class.join(who)).unwrap();
        let text = solution.replace("shout", word) + &salt;
        fs::write(class.join(who).join("3_echo_server.rs"), text).unwrap();
    };
    for (who, word) in WORDS {
        hand_in(who, word);
    }
    let own = |steps: [[bool; 4]; 3]| {
        let all = WORDS.iter().zip(steps);
        let all = all.map(|((who, word), steps)| {
            let words = vec![format!("shout = \"{word}\"")];
            (*who, words, steps.to_vec())
        });
        all.collect::<Vec<_>>()
    };
    fs::write(class.join("class.toml"), PHRASE).unwrap();
    let (first, _) = grade_variants(&class);
    assert_eq!(variants_and_steps(&first), own([[true; 4]; 3]));

    // Nothing is graded twice.
    let (second, said) = grade_variants(&class);
    assert!(
        said.contains("3 results are known from before, 0 files are to be graded"),
        "{said}"
    );
    assert_eq!(variants_and_steps(&second), variants_and_steps(&first));

    // ada has it from dan, and dan from bob, who has only his own.
    hand_in("ada", "blare");
    hand_in("dan", "shout");
    let (swapped, said) = grade_variants(&class);
    assert!(said.contains("1 results are known"), "{said}");
    let fails = [true, true, true, false];
    assert_eq!(variants_and_steps(&swapped), own([fails, [true; 4], fails]));

    // With no phrase, all have the same.
    fs::write(class.join("class.toml"), "").unwrap();
    let (without, _) = grade_variants(&class);
    let steps = [fails, [true; 4], [true; 4]];
    let steps = WORDS.iter().zip(steps);
    let expected: Vec<_> = steps
        .map(|((who, _), steps)| (*who, vec![], steps.to_vec()))
        .collect();
    assert_eq!(variants_and_steps(&without), expected);
}
