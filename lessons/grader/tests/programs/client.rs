//! Programs that run to their end: clients, mostly wrong, and a lesson that grades
//! them with stubs in the place of a server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grader::{Lesson, Reply, Run, Verdict};
use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::{student, test};

/// Plays a client: it asks the server that SERVICE names for the person that its
/// argument names, and prints what it is told.
pub fn play(part: &str) -> ExitCode {
    student::watched();
    match part {
        "does not end" => student::wait_for_ever(),
        "prints for ever" => loop {
            println!("My name is");
        },
        "leaves a program behind" => student::leave_behind(),
        _ => {}
    }
    let name = std::env::args().nth(1).unwrap_or_default();
    let answer = ask(&std::env::var("SERVICE").unwrap_or_default(), &name);
    let answer = match part {
        "panics" => answer.expect("an answer of the service"),
        "is not finished" => todo!("step 2: print the person"),
        _ => answer.unwrap_or_default(),
    };
    let status = answer.split(' ').nth(1).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match (status, part) {
        ("200", "forgets the line end") => print!("My name is {body}"),
        ("200", "uses the wrong stream") => eprintln!("My name is {body}"),
        ("200", "fails always") => return ExitCode::from(3),
        ("200", "asks twice") => {
            let _ = ask(&std::env::var("SERVICE").unwrap_or_default(), &name);
            println!("My name is {body}");
        }
        ("200", "is another one") => println!("Hello, {body}"),
        ("200", _) => println!("My name is {body}"),
        (_, "is always content") => eprintln!("the service does not answer"),
        (_, "complains on standard output") => {
            println!("the service does not answer");
            return ExitCode::from(1);
        }
        _ => {
            eprintln!("the service does not answer");
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}

/// The whole answer to one request, if it comes soon.
fn ask(url: &str, name: &str) -> Option<String> {
    let address = url.strip_prefix("http://")?;
    let mut stream = TcpStream::connect(address).ok()?;
    let limit = Duration::from_millis(1500);
    stream.set_read_timeout(Some(limit)).ok()?;
    let head = format!("POST /people?name={name} HTTP/1.1\r\nHost: {address}\r\n");
    write!(stream, "{head}Content-Length: 4\r\nX-Cat: yes\r\n\r\nbody").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The checks of a client.
pub fn checks(lesson: Lesson) -> Lesson {
    lesson
        .check(1, "it prints the name", 1, prints)
        .check(1, "it asks once", 1, asks_once)
        .check(2, "a status of 500 is told", 1, |run| {
            let stub = run.stub(|_| Reply::new(500));
            complains(run, &stub.url())
        })
        .check(2, "a refused connection is told", 1, |run| {
            let url = run.refusing_url();
            complains(run, &url)
        })
        .check(2, "silence is told", 1, |run| {
            let stub = run.stub(|_| Reply::silence());
            complains(run, &stub.url())
        })
        .check(2, "a late answer is none", 1, |run| {
            let late = Duration::from_secs(5);
            let stub = run.stub(move |_| Reply::json("1").after(late));
            complains(run, &stub.url())
        })
        .check(2, "a server that hangs up is told", 1, |run| {
            let stub = run.stub(|_| Reply::raw(""));
            complains(run, &stub.url())
        })
}

fn prints(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let stub = run.stub(|request| Reply::json(&request.query().replace("name=", "")));
    let end = run
        .program()
        .arg(&name)
        .env("SERVICE", &stub.url())
        .wait()?;
    end.expect_code(0)?;
    end.expect_stdout_contains(&name)?;
    end.expect_stdout(&format!("My name is {name}\n"))
}

fn asks_once(run: &mut Run) -> Verdict {
    let stub = run.stub(|_| Reply::new(200).header("X-Kind", "cat").body("Ada"));
    let call = run.program().arg("Ada").env("SERVICE", &stub.url());
    let end = call.wait()?;
    let [request] = &stub.requests()[..] else {
        return Err(end.wrong("one request to the service"));
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.target(), "/people?name=Ada");
    assert_eq!((request.path(), request.query()), ("/people", "name=Ada"));
    assert_eq!(request.header("x-cat"), Some("yes"));
    assert_eq!(request.header("x-dog"), None);
    assert_eq!(request.body(), b"body");
    Ok(())
}

fn complains(run: &mut Run, url: &str) -> Verdict {
    let end = run.program().arg("Ada").env("SERVICE", url).wait()?;
    end.expect_stderr_contains("does not answer")?;
    end.expect_code(1)
}

const PRINTS: &str = "step 1: it prints the name";
const ONCE: &str = "step 1: it asks once";
const STATUS: &str = "step 2: a status of 500 is told";
const SILENCE: &str = "step 2: silence is told";

/// What the program does, the check that sees it, the diagnosis, and words that
/// the report must have.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("does not end", PRINTS, "does-not-end", "within 1.5 seconds came back it still ran after 1."),
    ("prints for ever", PRINTS, "endless-output", "bytes in all"),
    ("panics", SILENCE, "panicked", "an answer of the service"),
    ("is not finished", PRINTS, "not-yet-implemented", r#"todo!("step 2: print the person")"#),
    ("forgets the line end", PRINTS, "final-newline", "line end (\\n) is missing"),
    ("uses the wrong stream", PRINTS, "wrong-stream", "println!"),
    ("complains on standard output", STATUS, "wrong-stream", "eprintln!"),
    ("fails always", PRINTS, "exit-code", "ExitCode::SUCCESS"),
    ("is always content", STATUS, "exit-code", "ExitCode::from(1)"),
    ("is another one", PRINTS, "other-body", "exactly this on standard output"),
    ("asks twice", ONCE, "unknown", "POST /people?name=Ada, and gave status 200 POST"),
];

pub fn trials() -> Vec<Trial> {
    let cases = CASES.iter().map(|&(student, check, id, words)| {
        test(&format!("a client that {student}: {id}"), move || {
            diagnose(student, check, id, words);
        })
    });
    let right = test("a client that is right passes", || {
        let result = client("is right").run();
        assert!(result.success, "{}", result.stdout);
        assert_eq!(result.names().len(), 7);
    });
    let command = test("a client's report has its command", || {
        let stage = client("is another one").only(PRINTS);
        let (_, _, message) = { stage }.run().check("it prints the name");
        let ran = message.lines().find(|line| line.starts_with("ran"));
        let ran = ran.unwrap_or_else(|| panic!("{message}"));
        assert!(ran.contains(" SERVICE=http://127.0.0.1:"), "{message}");
        assert!(ran.contains(" cargo run -p path_router -- "), "{message}");
        assert!(!message.contains("with this running"), "{message}");
    });
    cases.chain([right, command]).collect()
}

/// The lesson of clients, grading this one.
pub fn client(part: &str) -> Stage {
    Stage::of(&format!("client: {part}")).set("CLIENT", "1")
}

fn diagnose(student: &str, check: &str, id: &str, words: &str) {
    let mut stage = client(student);
    if student == "does not end" {
        stage = stage.set("CHECK_LIMIT", "1500");
    }
    let began = Instant::now();
    let result = stage.only(check).run();
    let (_, name) = check.split_once(": ").expect("a step and a name");
    let (outcome, diagnosis, message) = result.check(name);
    assert_eq!(outcome, "failed", "{message}");
    assert_eq!(diagnosis, id, "{message}");
    let flat = message.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "\"{words}\" is not in:\n{message}");
    assert!(message.len() < 8000, "too long to read:\n{message}");
    assert!(began.elapsed() < Duration::from_secs(15));
}
