//! The student's program while it runs for somebody who looks: started, its log, its wire, and
//! surely ended.
//!
//! The program is told to send the trace of its wire here, as data (`HTTP_TRACE`, which http-core
//! reads): so the wire is seen of whatever asks, a frame, curl or a phone, at whatever port the
//! program has chosen. It listens on the port of the texts, 8000, if nobody else has it.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use grader::{Guarded, guarded, without_variables_of_a_run};

use crate::checks::{Checks, Stop, build, lock};
use crate::course::{Course, Lesson};
use crate::exchange::{Compared, Exchange, Exchanges, Message, read_trace};
use crate::owner;
use crate::reference;

/// The port that the texts name.
const PORT: u16 = 8000;

/// How often what is new is told.
const TICK: Duration = Duration::from_millis(100);

/// How long a program runs when no page shows it any more.
const ALONE: Duration = Duration::from_secs(10);

/// The most lines of a log that are kept, and the most bytes of one.
const MOST_LINES: usize = 300;
const LONGEST_LINE: u64 = 2000;

/// How long one waits for an answer to what was sent by hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most connections over which a program may tell of its wire: each of its processes has one.
const MOST_TRACES: usize = 16;

/// What runs, for whoever looks at it.
pub(crate) struct Runner {
    checks: Arc<Checks>,
    current: Mutex<Option<Arc<Program>>>,
    /// The pages that show a program, and when one did last.
    pub(crate) readers: AtomicUsize,
    seen: Mutex<Instant>,
}

/// One start of a program.
pub(crate) struct Program {
    pub(crate) folder: String,
    /// What was typed behind its name.
    pub(crate) arguments: String,
    /// Tells it from those before.
    pub(crate) number: u128,
    stop: Stop,
    shown: Mutex<Shown>,
    is_new: AtomicBool,
}

/// What there is to see.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) state: State,
    /// Lines, and whether they are of standard error.
    pub(crate) log: VecDeque<(bool, String)>,
    pub(crate) wire: Exchanges,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Building,
    /// It is not built, for this reason.
    NotBuilt(String),
    /// It runs, and has not said where it serves.
    Running,
    /// It serves its clients on this port.
    Serving(u16),
    /// It has ended, with this exit code.
    Ended(Option<i32>),
}

impl Runner {
    pub(crate) fn start(checks: Arc<Checks>) -> Arc<Self> {
        let runner = Arc::new(Self {
            checks,
            current: Mutex::default(),
            readers: AtomicUsize::new(0),
            seen: Mutex::new(Instant::now()),
        });
        let ticking = Arc::clone(&runner);
        thread::spawn(move || {
            remove_old(&ticking.checks.kept);
            loop {
                ticking.tick();
                thread::sleep(TICK);
            }
        });
        runner
    }

    /// Tells what is new, starts a program again whose file was saved, and ends one that nobody
    /// looks at.
    fn tick(&self) {
        let Some(program) = lock(&self.current).clone() else {
            return;
        };
        if program.is_new.swap(false, Ordering::SeqCst) {
            self.checks.touch();
        }
        if self.readers.load(Ordering::SeqCst) > 0 {
            *lock(&self.seen) = Instant::now();
        }
        if lock(&self.seen).elapsed() > ALONE {
            self.stop();
        } else if self.checks.take_built(&program.folder)
            && let Some(lesson) = self.checks.course.lesson(&program.folder)
        {
            self.begin(&lesson, &program.arguments);
        }
    }

    /// The program of this lesson, if it is the one that was started last.
    pub(crate) fn of(&self, lesson: &Lesson) -> Option<Arc<Program>> {
        let current = lock(&self.current);
        current
            .clone()
            .filter(|program| program.folder == lesson.folder)
    }

    /// Starts the program of a lesson, in the place of the one that runs.
    pub(crate) fn begin(&self, lesson: &Lesson, arguments: &str) {
        let began = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        let program = Arc::new(Program {
            folder: lesson.folder.clone(),
            arguments: arguments.into(),
            number: began.as_millis(),
            stop: Stop::default(),
            shown: Mutex::default(),
            is_new: AtomicBool::new(true),
        });
        *lock(&self.seen) = Instant::now();
        self.checks.take_built(&lesson.folder);
        let before = lock(&self.current).replace(Arc::clone(&program));
        if let Some(before) = before {
            before.stop.stop();
        }
        let (checks, lesson) = (Arc::clone(&self.checks), lesson.clone());
        thread::spawn(move || {
            let state = match program.run(&checks, &lesson) {
                Ok(code) => State::Ended(code),
                Err(why) => State::NotBuilt(why),
            };
            program.change(|shown| shown.state = state);
        });
        self.checks.touch();
    }

    pub(crate) fn stop(&self) {
        if let Some(program) = lock(&self.current).take() {
            program.stop.stop();
        }
        self.checks.touch();
    }
}

impl Program {
    /// What there is to see, to be looked at.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Shown) -> T) -> T {
        look(&lock(&self.shown))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        let changed = change(&mut lock(&self.shown));
        self.is_new.store(true, Ordering::SeqCst);
        changed
    }

    /// Builds and runs it to its end. Returns its exit code.
    fn run(self: &Arc<Self>, checks: &Checks, lesson: &Lesson) -> Result<Option<i32>, String> {
        let text = |error: io::Error| error.to_string();
        let what = ["--bin", lesson.package.as_str()];
        let built = build(&checks.course, lesson, &what, |lifeline| {
            self.stop.hold(lifeline)
        })?;
        // A copy: the next build replaces the file, which not every system allows while it runs.
        let folder = checks.kept.join(format!("run-{}", self.number));
        let copy = folder.join(built.file_name().unwrap_or_default());
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&built, &copy))
            .map_err(text)?;
        let mut outcome = self.started(checks, &copy, port());
        let has_failed = matches!(outcome, Ok(Some(1..)));
        let is_lost = self.with(|shown| shown.state == State::Running) && !self.stop.is_stopped();
        if has_failed && is_lost && !is_free() {
            // Somebody else was faster to take the port.
            self.change(|shown| shown.log.clear());
            outcome = self.started(checks, &copy, 0);
        }
        self.stop.stop();
        let _ = fs::remove_dir_all(&folder);
        outcome.map_err(text)
    }

    /// Runs this file to its end.
    fn started(
        self: &Arc<Self>,
        checks: &Checks,
        path: &Path,
        port: u16,
    ) -> io::Result<Option<i32>> {
        let trace = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut child = command(&checks.course, path, &self.arguments, port)?
            .env("HTTP_TRACE", trace.local_addr()?.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        self.stop.hold(child.stdin.take());
        self.change(|shown| shown.state = State::Running);
        let seeing = Arc::clone(self);
        thread::spawn(move || seeing.see(&trace));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading = Arc::clone(self);
        let errors = thread::spawn(move || reading.read(stderr, true));
        self.read(stdout, false);
        let _ = errors.join();
        Ok(child.wait()?.code())
    }

    /// Takes in what it prints, line by line.
    fn read(self: &Arc<Self>, from: Option<impl Read>, is_error: bool) {
        let Some(from) = from else { return };
        let mut from = BufReader::new(from);
        let (mut line, mut number) = (Vec::new(), 0_u64);
        while let Ok(1..) = (&mut from).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches(['\r', '\n'])
                .to_string();
            line.clear();
            // Who prints without end waits for us, and leaves the processor to others.
            number += 1;
            if number % 100 == 0 {
                thread::sleep(Duration::from_millis(10));
            }
            if let Some(port) = address(&text).filter(|_| !is_error) {
                self.change(|shown| {
                    if shown.state == State::Running {
                        shown.state = State::Serving(port);
                    }
                });
            }
            self.change(|shown| {
                shown.log.push_back((is_error, text));
                if shown.log.len() > MOST_LINES {
                    shown.log.pop_front();
                }
            });
        }
    }

    /// Takes in what the program tells of its wire, until it has ended.
    fn see(self: &Arc<Self>, listener: &TcpListener) {
        let mut traces = 0;
        let _ = listener.set_nonblocking(true);
        while !self.stop.is_stopped() && traces < MOST_TRACES {
            let Ok((trace, teller)) = listener.accept() else {
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            let port = listener.local_addr().map_or(0, |address| address.port());
            if !owner::may_be_ours(teller, port) {
                continue;
            }
            traces += 1;
            let seeing = Arc::clone(self);
            thread::spawn(move || {
                // On some systems, it would not wait, like its listener.
                let _ = trace.set_nonblocking(false);
                // What breaks off ends with the program.
                let _ = read_trace(trace, |change| {
                    seeing.change(|shown| change(&mut shown.wire))
                });
            });
        }
    }

    /// What was typed behind its name, with 0 (any port) in the place of the port that it has.
    fn arguments_on_another_port(&self) -> String {
        let State::Serving(port) = self.with(|shown| shown.state.clone()) else {
            return self.arguments.clone();
        };
        without_port(&self.arguments, port)
    }

    /// Sends these bytes to the program as they are, as one more client. What comes back is
    /// seen on the wire.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        let State::Serving(port) = self.with(|shown| shown.state.clone()) else {
            return;
        };
        thread::spawn(move || reference::ask(port, &bytes, Instant::now() + PATIENCE));
    }

    /// Asks the reference what this program was asked since it was started, up to the exchange
    /// of this number, and keeps what it answers to that. One at a time.
    pub(crate) fn compare(self: &Arc<Self>, course: &Course, lesson: &Lesson, number: u64) {
        let requests = self.change(|shown| {
            let asked = |exchange: &Exchange| exchange.reference == Some(Compared::Asked);
            let is_busy = shown.wire.kept.iter().any(asked);
            let before = shown.wire.kept.iter().filter(|one| one.number < number);
            let mut requests: Vec<Message> = before.map(|one| one.request.clone()).collect();
            let mut all = shown.wire.kept.iter_mut();
            let exchange = all.find(|one| one.number == number).filter(|_| !is_busy)?;
            requests.push(exchange.request.clone());
            exchange.reference = Some(Compared::Asked);
            Some(requests)
        });
        let Some(requests) = requests else { return };
        let (program, course, lesson) = (Arc::clone(self), course.clone(), lesson.clone());
        thread::spawn(move || {
            let arguments = program.arguments_on_another_port();
            let said = match reference::answer(&course, &lesson, &arguments, &requests) {
                Ok(answer) => Compared::Came(answer),
                Err(why) => Compared::Failed(why),
            };
            program.change(|shown| {
                let mut all = shown.wire.kept.iter_mut();
                if let Some(exchange) = all.find(|one| one.number == number) {
                    exchange.reference = Some(said);
                }
            });
        });
    }
}

/// The command that runs a program of a lesson, on this port if its arguments name no other. As in
/// a shell, `NAME=VALUE` before them sets a variable of the environment.
///
/// # Errors
///
/// If the path of the running program cannot be found out.
pub(crate) fn command(
    course: &Course,
    path: &Path,
    arguments: &str,
    port: u16,
) -> io::Result<Command> {
    let mut command = guarded(path, None, Guarded::Program)?;
    command.current_dir(&course.root);
    without_variables_of_a_run(&mut command).env("PORT", port.to_string());
    let (variables, arguments) = words(arguments);
    command.envs(variables).args(arguments);
    Ok(command)
}

/// The same, typed for a program that serves on any port in the place of this one.
fn without_port(typed: &str, port: u16) -> String {
    let port = port.to_string();
    let words = typed
        .split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((name, value)) if value == port => format!("{name}=0"),
            None if word == port => "0".into(),
            _ => word.into(),
        });
    words.collect::<Vec<String>>().join(" ")
}

/// The variables that are set in what was typed behind a program's name, and its arguments.
fn words(typed: &str) -> (Vec<(String, String)>, Vec<String>) {
    let is_name = |name: &str| {
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.chars().all(fits)
    };
    let mut variables = Vec::new();
    let mut words = parted(typed).into_iter().peekable();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('='))
        && is_name(name)
    {
        variables.push((name.to_string(), value.to_string()));
        words.next();
    }
    (variables, words.collect())
}

/// The words of what was typed. As in a shell, what stands in quotes of either kind is one word,
/// or a part of one.
fn parted(typed: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in typed.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                // Nothing in quotes is a word, too.
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Removes copies of programs that a course which was killed has left here. One of today may
/// belong to another course that runs.
fn remove_old(kept: &Path) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let yesterday = now.as_millis().saturating_sub(24 * 60 * 60 * 1000);
    for entry in fs::read_dir(kept).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let began = name.to_str().and_then(|name| name.strip_prefix("run-"));
        let began: Option<u128> = began.and_then(|number| number.parse().ok());
        if began.is_some_and(|began| began < yesterday) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The port of the texts, or 0, for any that is free.
fn port() -> u16 {
    // The program before may take a moment to end.
    for _ in 0..20 {
        if is_free() {
            return PORT;
        }
        thread::sleep(Duration::from_millis(25));
    }
    0
}

/// Whether nobody has the port of the texts, on either loopback address.
fn is_free() -> bool {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT));
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, PORT));
    // Not every system has IPv6.
    let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
    v4.is_ok() && !v6.as_ref().is_err_and(is_taken)
}

/// The port in a line that says where a program serves.
pub(crate) fn address(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("http://")?;
    let (_, port) = rest.split('/').next()?.rsplit_once(':')?;
    port.parse().ok()
}

/// The bytes of a text as one writes it by hand: each line end is CR LF, and `\x00` is the byte
/// of this number.
pub(crate) fn bytes_of(text: &str) -> Vec<u8> {
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mut bytes = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let number = rest
            .get(at + 2..at + 4)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match number {
            Some(number) => {
                bytes.push(number);
                rest = &rest[at + 4..];
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = &rest[at + 2..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_bytes() {
        assert_eq!(
            bytes_of("GET / HTTP/1.1\nA: \\xff\\xzz\r\n\n"),
            b"GET / HTTP/1.1\r\nA: \xff\\xzz\r\n\r\n"
        );
        assert_eq!(bytes_of("\\x"), b"\\x");
        assert_eq!(bytes_of("ね\\x4"), "ね\\x4".as_bytes());
    }

    #[test]
    fn what_was_left_behind_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_millis();
        let (old, new, other) = ("run-1000", format!("run-{now}"), "1_x.json");
        for name in [old, &new, other] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        remove_old(folder.path());
        let is_there = |name: &str| folder.path().join(name).exists();
        assert_eq!(
            (is_there(old), is_there(&new), is_there(other)),
            (false, true, true)
        );
    }

    #[test]
    fn variables_stand_before_arguments() {
        let (variables, arguments) = words(" HOST=0.0.0.0 A_1= -x=1 B=2 a=3");
        let set = |name: &str, value: &str| (name.to_string(), value.to_string());
        assert_eq!(variables, [set("HOST", "0.0.0.0"), set("A_1", "")]);
        assert_eq!(arguments, ["-x=1", "B=2", "a=3"]);
        for none in ["a=1", "=", "8000 --bind 0.0.0.0", ""] {
            assert_eq!(words(none).0, [], "{none}");
        }
        assert_eq!(
            without_port("PORT=8000 8000 --port=8000 80001 x", 8000),
            "PORT=0 0 --port=0 80001 x"
        );
    }

    #[test]
    fn what_stands_in_quotes_is_one_word() {
        let typed = "NAME='a b' \"Two cats\" it's one' '' \"a 'b' c\" \"open  end";
        let (variables, arguments) = words(typed);
        assert_eq!(variables, [("NAME".to_string(), "a b".to_string())]);
        let expected = ["Two cats", "its one", "", "a 'b' c", "open  end"];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn the_line_of_a_server_is_known() {
        assert_eq!(
            address("Serving HTTP on http://localhost:8000/ (press Ctrl-C to stop)"),
            Some(8000)
        );
        assert_eq!(address("Serving HTTP on http://[::1]:17/"), Some(17));
        assert_eq!(address("see https://x/ or http://example"), None);
    }
}
