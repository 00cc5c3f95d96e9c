//! Submissions that mean harm, and a class with them: each costs itself its points, and
//! nothing else. Where nothing confines them, the tests are ignored, with the reason.
//!
//! Most are the reference of the first lesson with an attack before it: if that succeeds,
//! the program goes on, and is right. So whoever has all points has broken out.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::{env, fs};

use grade::course::{self, Course, Lesson};
use grade::hash::hash_of;
use grade::progress::Progress;
use grade::record::{File, LessonRecord, Record, State};
use grade::sandbox::Confinement;
use grade::submission::{self, Submission, Submitted};
use grade::{How, class};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// A variable of the instructor's, of which no submission may know.
const SECRET: &str = "HOME";

/// What a child that stays behind is called with.
const LEFT_BEHIND: &str = "98765.4321";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let class: Arc<OnceLock<Result<Class, String>>> = Arc::default();
    let trial = |name: &str, test: fn(&Class)| {
        let class = Arc::clone(&class);
        Trial::ignorable_test(name, move || match class.get_or_init(Class::graded) {
            Err(why) => Ok(Completion::ignored_with(why.clone())),
            Ok(class) => std::panic::catch_unwind(|| test(class))
                .map(|()| Completion::Completed)
                .map_err(|_| Failed::without_message()),
        })
    };
    let trials = vec![
        trial("the right one beside them has all its points", |class| {
            let right = class.of("right");
            assert_eq!(
                (right.state, right.points),
                (State::Graded, right.all_points),
                "{right:?}"
            );
        }),
        trial("nothing is within reach of a program", |class| {
            // It says what it could do, and exits.
            let report = class.report_of("quiet");
            assert!(report.contains("tried everything"), "{report}");
            assert!(!report.contains("could"), "{report}");
        }),
        trial("a child in a session of its own does not stay", |class| {
            let right = class.of("leaves-a-child");
            assert_eq!(right.points, right.all_points, "{right:?}");
            let processes = fs::read_dir("/proc")
                .expect("a list of processes")
                .flatten();
            let mut commands =
                processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
            assert!(
                !commands.any(|command| String::from_utf8_lossy(&command).contains(LEFT_BEHIND))
            );
        }),
        trial("who ends all processes ends itself", |class| {
            class.has_nothing("kills")
        }),
        trial("who takes memory is ended", |class| {
            class.has_nothing("memory")
        }),
        trial("who speaks for the grader has no points", |class| {
            class.has_nothing("pretends")
        }),
        trial("who never serves is ended", |class| {
            class.has_nothing("loops");
            class.has_nothing("sleeps");
        }),
        trial("who starts itself without end is ended", |class| {
            class.has_nothing("forks")
        }),
        trial("who takes every port takes its own", |class| {
            // All of it is in a network of its own. The others are looked at above.
            assert_eq!(class.of("squats").state, State::Graded);
        }),
        trial("who prints without end is ended", |class| {
            class.has_nothing("prints")
        }),
        trial("what is printed beside the answers is bounded", |class| {
            let chatters = class.of("chatters");
            assert_eq!(chatters.state, State::Graded);
            for check in chatters.checks() {
                let report = check.report.as_deref().unwrap_or_default();
                assert!(report.len() < 100_000, "{}", report.len());
            }
        }),
        trial("of a folder, nothing but the file is taken", |class| {
            // It has a build script, a wrapper for the compiler, and checks of its own.
            let right = class.of("brings-its-own");
            assert_eq!(right.points, right.all_points, "{right:?}");
            assert!(!class.has_run_something(), "what was handed in was run");
        }),
        trial(
            "the compiler reads nothing but the file and its lesson",
            |class| {
                for (who, why) in [
                    ("includes", "couldn't read"),
                    ("is-elsewhere", "couldn't read"),
                    ("environment", "not defined at compile time"),
                    ("passwords", "couldn't read"),
                    ("checks", "couldn't read"),
                    ("unsafe", "unsafe"),
                    ("assembly", "unsafe"),
                    ("procedural", "proc_macro"),
                    ("solution-in-the-libraries", "can't find crate"),
                ] {
                    class.does_not_compile(who, why);
                }
            },
        ),
        trial("a compiler that does not end is ended", |class| {
            for (who, why) in [
                ("constant", "came to no end"),
                ("macro", "came to no end"),
                ("static", "more memory"),
                ("zeros", ""),
            ] {
                class.does_not_compile(who, why);
            }
        }),
        trial("who fills a disk fills its own", |class| {
            assert_eq!(class.of("fills").state, State::Graded);
        }),
        trial("the course is as it was", |class| {
            assert!(class.seen_by_others.is_none(), "{:?}", class.seen_by_others);
            let root = course::root();
            for file in ["x", "starter/x", "lessons/x", "target/grade/x"] {
                assert!(!root.join(file).exists(), "{file}");
            }
        }),
        trial("what was graded is known, and the same", |class| {
            let again = class.again();
            let lessons = |records: &[Record]| {
                records
                    .iter()
                    .flat_map(|record| record.lessons.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(lessons(&again), lessons(&class.records));
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A class of hostile submissions, graded.
struct Class {
    course: Course,
    submissions: Vec<Submission>,
    how: How,
    records: Vec<Record>,
    /// Whether a program came out of its network.
    seen_by_others: Option<String>,
    /// A folder that was handed in, with more in it than a starter.
    handed_in: tempfile::TempDir,
}

/// What is made if something else than the starter of a submission is run.
const RUN: &str = "run";

impl Class {
    fn graded() -> Result<Self, String> {
        let course = Course::prepare(&course::root()).expect("the course is built");
        let confinement = Confinement::probe(&course)?;
        let lesson = &course.lessons[0];
        let reference = course
            .solution(lesson)
            .ok_or("the reference is not there")?;
        let reference = String::from_utf8(reference).expect("a reference in UTF-8");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener
            .set_nonblocking(true)
            .expect("a socket that does not wait");
        let spoken_to = other_program();
        let handed_in = tempfile::tempdir().expect("a folder");
        let mut submissions = submissions(&course, lesson, &reference, port);
        submissions.push(brings_its_own(
            &course,
            lesson,
            &reference,
            handed_in.path(),
        ));
        let how = How {
            confinement,
            seed: format!("{}-{port}", std::process::id()),
            keep: true,
            browser: false,
        };
        // The compiler and the grader are started by this process.
        let records = class::grade(&course, &[lesson], &submissions, &how, &Progress::new(true))?;
        let seen_by_others = listener
            .accept()
            .ok()
            .map(|(_, address)| address.to_string());
        let by_name = spoken_to().then(|| OTHER_PROGRAM.to_string());
        let seen_by_others = seen_by_others.or(by_name);
        Ok(Self {
            submissions,
            how,
            records,
            seen_by_others,
            handed_in,
            course,
        })
    }

    fn again(&self) -> Vec<Record> {
        let lesson = &self.course.lessons[0];
        let began = std::time::Instant::now();
        let records = class::grade(
            &self.course,
            &[lesson],
            &self.submissions,
            &self.how,
            &Progress::new(true),
        );
        // Nothing was compiled.
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
        records.expect("records")
    }

    fn has_run_something(&self) -> bool {
        self.handed_in.path().join(RUN).exists()
    }

    fn of(&self, who: &str) -> &LessonRecord {
        let record = self.records.iter().find(|record| record.who == who);
        &record.unwrap_or_else(|| panic!("{who} was graded")).lessons[0]
    }

    fn report_of(&self, who: &str) -> String {
        let reports = self
            .of(who)
            .checks()
            .filter_map(|check| check.report.clone());
        reports.collect()
    }

    #[track_caller]
    fn has_nothing(&self, who: &str) {
        let record = self.of(who);
        assert_eq!(
            (record.state, record.points),
            (State::Graded, 0),
            "{record:?}"
        );
    }

    #[track_caller]
    fn does_not_compile(&self, who: &str, why: &str) {
        let record = self.of(who);
        let said = record.why.as_deref().unwrap_or_default();
        assert!(said.contains(why), "{who}: {said}");
        assert_eq!(
            (record.state, record.points),
            (State::DoesNotCompile, 0),
            "{record:?}"
        );
    }
}

/// The name of a socket of another program of this computer, which is no file.
const OTHER_PROGRAM: &str = "another program of this computer";

/// Begins to listen there; the answer says whether somebody has come.
#[cfg(target_os = "linux")]
fn other_program() -> impl Fn() -> bool {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener};
    let address = SocketAddr::from_abstract_name(OTHER_PROGRAM).expect("a name");
    let other = UnixListener::bind_addr(&address).expect("a socket");
    other
        .set_nonblocking(true)
        .expect("a socket that does not wait");
    move || other.accept().is_ok()
}

#[cfg(not(target_os = "linux"))]
fn other_program() -> impl Fn() -> bool {
    || false
}

/// A folder with the right program, and with all that Cargo would run, or that would change the
/// checks, if it were taken from there.
fn brings_its_own(course: &Course, lesson: &Lesson, reference: &str, folder: &Path) -> Submission {
    let run = folder.join(RUN).display().to_string();
    let script = format!("fn main() {{ std::fs::write({run:?}, \"\").unwrap(); }}");
    let package = folder.join("lessons").join(&lesson.folder);
    for (path, text) in [
        (folder.join(lesson.shown()), reference.to_string()),
        (folder.join("build.rs"), script.clone()),
        (package.join("build.rs"), script.clone()),
        (package.join("grade.rs"), script),
        (
            package.join("Cargo.toml"),
            "[package]\nname = \"x\"\nbuild = \"build.rs\"\n".into(),
        ),
        (
            folder.join(".cargo/config.toml"),
            format!(
                "[build]\nrustc-wrapper = \"{}/wrapper\"\n",
                folder.display()
            ),
        ),
        (
            folder.join("wrapper"),
            format!("#!/bin/sh\ntouch '{run}'\n"),
        ),
        (
            folder.join("rust-toolchain.toml"),
            format!("[toolchain]\npath = {:?}\n", folder.display().to_string()),
        ),
    ] {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let mut submission = submission::of_one(course, folder).expect("a submission");
    submission.who = "brings-its-own".into();
    submission
}

/// The submissions, each with one file for this lesson.
fn submissions(course: &Course, lesson: &Lesson, reference: &str, port: u16) -> Vec<Submission> {
    let solution = course.root.join(format!("solutions/{}.rs", lesson.folder));
    let checks = course
        .root
        .join(format!("lessons/{}/grade.rs", lesson.folder));
    let solution_built = course.root.join("target/debug");
    let home = env::var(SECRET).unwrap_or_default() + "/.cargo";
    let shown = |path: &Path| path.display().to_string();
    // What a program can do without being stopped for it. All of it fails.
    let quiet = format!(
        r#"
        use std::os::linux::net::SocketAddrExt as _;
        let could = |what: &str| eprintln!("could {{what}}");
        for path in [{:?}, {:?}, {:?}, {:?}, {:?}, {:?}, "/etc/passwd", "/etc/shadow", "/proc/1/environ"] {{
            if std::fs::metadata(path).is_ok() {{ could(path) }}
        }}
        // Where it is itself, there are its results and, beside, other submissions.
        let own = std::path::PathBuf::from(std::env::args_os().next().unwrap());
        for path in [own.clone(), own.join("../../report/report.json"), own.with_file_name("x")] {{
            if std::fs::OpenOptions::new().create(true).write(true).open(&path).is_ok() {{ could(&path.display().to_string()) }}
        }}
        if let Ok(all) = std::fs::read_dir(own.join("../../..")) {{
            if all.count() > 1 {{ could("see other submissions") }}
        }}
        let name = std::os::unix::net::SocketAddr::from_abstract_name({OTHER_PROGRAM:?}).unwrap();
        if std::os::unix::net::UnixStream::connect_addr(&name).is_ok() {{ could("talk to another program") }}
        if std::env::vars().any(|(name, _)| name == {SECRET:?} || name.starts_with("GRADE_")) {{ could("see the environment") }}
        let limit = std::time::Duration::from_secs(1);
        for address in ["127.0.0.1:{port}", "192.0.2.1:80", "1.1.1.1:53"] {{
            if std::net::TcpStream::connect_timeout(&address.parse().unwrap(), limit).is_ok() {{ could(address) }}
        }}
        for folder in [{:?}, "/", "/usr", "/etc", "/dev", "/dev/shm", "/var/tmp"] {{
            if std::fs::write(format!("{{folder}}/x"), "x").is_ok() {{ could(folder) }}
        }}
        let page = vec![0; 1 << 20];
        let mut written = 0;
        for file in 0..200 {{
            if std::fs::write(format!("/tmp/{{file}}"), &page).is_ok() {{ written += 1 }}
        }}
        if written > 64 {{ could("fill the disk") }}
        let files: Vec<_> = (0..4000).filter_map(|_| std::fs::File::open("/dev/null").ok()).collect();
        if files.len() > 2000 {{ could("take all descriptors") }}
        drop(files);
        let children = (0..400).map_while(|_| std::process::Command::new("sleep").arg("9").spawn().ok()).count();
        if children > 300 {{ could("start processes without end") }}
        eprintln!("tried everything");
        false
        "#,
        shown(&solution),
        shown(&checks),
        shown(&solution_built),
        home,
        shown(&course.own_folder().join("results")),
        shown(&course.own_folder().join("seed")),
        shown(&course.root),
    );
    let with_attack = |attack: &str| {
        let before = "fn main() { if attack() { let _ = right(); } else { std::process::exit(3) } }\nfn right()";
        reference.replacen("fn main()", before, 1)
            + &format!("\nfn attack() -> bool {{ {attack} }}\n")
    };
    let with = |item: &str| format!("{reference}\n{item}\n");
    let file = format!("{}.rs", lesson.folder);
    let all = [
        ("right", reference.to_string()),
        ("quiet", with_attack(&quiet)),
        (
            "leaves-a-child",
            with_attack(&format!(
                r#"std::process::Command::new("setsid").args(["sleep", {LEFT_BEHIND:?}]).spawn().is_ok()"#
            )),
        ),
        // All that it may signal, which would be the grader, too.
        (
            "kills",
            with_attack(
                r#"!std::process::Command::new("sh").args(["-c", "kill -9 -1"]).status().unwrap().success()"#,
            ),
        ),
        (
            "memory",
            with_attack("std::hint::black_box(vec![1_u8; 1 << 30]).len() > 1"),
        ),
        (
            "pretends",
            with_attack("eprintln!(\"bwrap: no room for this\"); false"),
        ),
        (
            "fills",
            with_attack(
                r#"(0..).all(|file| std::fs::write(format!("/tmp/grading/{file}"), vec![0; 1 << 20]).is_ok()); true"#,
            ),
        ),
        (
            "loops",
            "fn main() { loop { std::hint::spin_loop() } }".into(),
        ),
        (
            "sleeps",
            "fn main() { std::thread::sleep(std::time::Duration::from_secs(99_999)) }".into(),
        ),
        ("prints", "fn main() { loop { println!(\"x\") } }".into()),
        // Each child is a program that does the same.
        (
            "forks",
            with_attack(
                "let own = std::env::args_os().next().unwrap(); loop { let _ = std::process::Command::new(&own).spawn(); }",
            ),
        ),
        (
            "squats",
            with_attack(
                "std::mem::forget((1024..u16::MAX).map_while(|port| std::net::TcpListener::bind((\"127.0.0.1\", port)).ok()).collect::<Vec<_>>()); true",
            ),
        ),
        (
            "chatters",
            with_attack(
                "std::thread::spawn(|| loop { eprintln!(\"{}\", \"x\".repeat(1 << 16)) }); true",
            ),
        ),
        (
            "includes",
            with(&format!(
                "const X: &str = include_str!({:?});",
                format!("../solutions/{file}")
            )),
        ),
        (
            "is-elsewhere",
            with(&format!("#[path = {:?}] mod x;", shown(&solution))),
        ),
        (
            "environment",
            with(&format!("const X: &str = env!({SECRET:?});")),
        ),
        (
            "passwords",
            with("const X: &str = include_str!(\"/etc/passwd\");"),
        ),
        (
            "checks",
            with(&format!(
                "const X: &str = include_str!({:?});",
                shown(&checks)
            )),
        ),
        (
            "unsafe",
            with("fn x() { unsafe { std::hint::unreachable_unchecked() } }"),
        ),
        (
            "assembly",
            with("std::arch::global_asm!(\".incbin \\\"/etc/passwd\\\"\");"),
        ),
        (
            "procedural",
            with(
                "extern crate proc_macro;\n#[proc_macro] pub fn x(of: proc_macro::TokenStream) -> proc_macro::TokenStream { of }",
            ),
        ),
        (
            "solution-in-the-libraries",
            with(&format!("extern crate {}_solution;", lesson.package)),
        ),
        (
            "zeros",
            with("const X: &[u8] = include_bytes!(\"/dev/zero\");"),
        ),
        (
            "constant",
            with(
                "#[allow(long_running_const_eval)]\nconst X: u64 = { let mut n = 0_u64; while n < u64::MAX { n += 1 } n };\nfn x() -> u64 { X }",
            ),
        ),
        (
            "macro",
            format!(
                "#![recursion_limit = \"1000000000\"]\n{}",
                with("macro_rules! x { ($($t:tt)*) => { x! { $($t)* $($t)* a } } }\nx! { a }")
            ),
        ),
        (
            "static",
            with("static X: [u64; 1 << 31] = [1; 1 << 31];\nfn x() -> u64 { X[0] }"),
        ),
    ];
    let submission = |(who, text): (&str, String)| {
        let file = File {
            path: file.clone(),
            sha256: hash_of(text.as_bytes()),
        };
        let bytes = text.into_bytes();
        Submission {
            who: who.into(),
            files: [(lesson.folder.clone(), Submitted { file, bytes })].into(),
            ..Submission::default()
        }
    };
    all.into_iter().map(submission).collect()
}
