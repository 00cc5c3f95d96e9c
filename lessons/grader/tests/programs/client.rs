//! Programs that run to their end: clients, mostly wrong, and a lesson that grades
//! them with stubs in the place of a server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grader::record::{Answer, Reply};
use grader::{Act, Draw, Expect, Lesson, Model, NOBODY, SERVICE, Whole, run, serves};
use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::{lesson, student, test};

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

/// The lesson of clients: whose name they print, and how they take what goes wrong.
pub fn grade(folder: &str) -> ExitCode {
    let late = Duration::from_secs(5);
    let told = |reply: Reply| move |_: &mut Draw| [serves("/people", reply.clone()), asks("Ada")];
    lesson::with_limits(Lesson::new(folder, "path_router", Client))
        .example(1, 1, "it prints the name", Whole, |draw| {
            let name = draw.word();
            let reply = Reply::answer(200, "text/plain", &name);
            [serves("/people", reply), asks(&name)]
        })
        .example(
            2,
            1,
            "a status of 500 is told",
            Whole,
            told(Reply::answer(500, "", "")),
        )
        .example(2, 1, "a refused connection is told", Whole, |_| {
            [run(&["Ada"]).variable("SERVICE", NOBODY)]
        })
        .example(2, 1, "silence is told", Whole, told(Reply::Silent))
        .example(
            2,
            1,
            "a late answer is none",
            Whole,
            told(Reply::After(late, Answer::new(200, "Ada"))),
        )
        .example(
            2,
            1,
            "a server that hangs up is told",
            Whole,
            told(Reply::Raw("".into())),
        )
        .grade()
}

/// The client asks for this name.
fn asks(name: &str) -> Act {
    run(&[name]).variable("SERVICE", SERVICE)
}

/// What a client does; it remembers what the service replies now.
struct Client;

impl Model for Client {
    type Knobs = ();
    type State = Option<Reply>;

    fn expect((): &(), service: &mut Option<Reply>, act: &Act) -> Option<Expect> {
        let command = match act {
            Act::Serve(_, reply) => {
                *service = Some(reply.clone());
                return None;
            }
            Act::Run(command) => command,
            _ => return None,
        };
        let reaches = command.variables.iter().any(|(_, value)| value == SERVICE);
        Some(match service.as_ref().filter(|_| reaches) {
            Some(Reply::Answer(answer)) if answer.status == 200 => {
                let expect = Expect::step(1).code(0);
                expect.stdout(format!("My name is {}\n", answer.text()))
            }
            _ => Expect::step(2).stderr_has("does not answer").code(1),
        })
    }

    fn draw(draw: &mut Draw, _: &Option<Reply>) -> Vec<Act> {
        let name = draw.word();
        let reply = Reply::answer(200, "text/plain", &name);
        vec![serves("/people", reply), asks(&name)]
    }
}

const PRINTS: &str = "step 1: it prints the name";
const STATUS: &str = "step 2: a status of 500 is told";
const SILENCE: &str = "step 2: silence is told";

/// What the program does, the check that sees it, the diagnosis (none where no model of the
/// test knows the mistake), and words that the report must have.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("does not end", PRINTS, "does-not-end", "no end: it still ran after 1."),
    ("prints for ever", PRINTS, "endless-output", "no end: output without end"),
    ("panics", SILENCE, "panicked", "an answer of the service"),
    ("is not finished", PRINTS, "not-yet-implemented", r#"todo!("step 2: print the person")"#),
    ("forgets the line end", PRINTS, "", "exactly this standard output"),
    ("uses the wrong stream", PRINTS, "", "err| My name is"),
    ("complains on standard output", STATUS, "", "out| the service does not answer"),
    ("fails always", PRINTS, "", "exit code 0 came back exit code 3"),
    ("is always content", STATUS, "", "exit code 1 came back exit code 0"),
    ("is another one", PRINTS, "", "exactly this standard output"),
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
        assert_eq!(result.names().len(), 6);
    });
    let command = test("a client's report has its command", || {
        let stage = client("is another one").only(PRINTS);
        let (_, _, message) = { stage }.run().check("it prints the name");
        let ran = message.lines().find(|line| line.starts_with("then ran"));
        let ran = ran.unwrap_or_else(|| panic!("{message}"));
        assert!(ran.contains(" SERVICE=http://service.test "), "{message}");
        assert!(ran.contains(" cargo run -p path_router -- "), "{message}");
        assert!(!message.contains("with this running"), "{message}");
    });
    cases.chain([right, command]).collect()
}

/// The lesson of clients, grading this one.
pub fn client(part: &str) -> Stage {
    let stage = Stage::of(&format!("client: {part}")).set("CLIENT", "1");
    // Each act of a session is a start of the program: a few show as much here.
    stage.set("GRADE_SESSIONS", "3")
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
