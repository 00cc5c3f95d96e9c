//! The student's program while it runs for somebody who looks: started, its log, its wire, and
//! surely ended.
//!
//! Between the program and its clients stands a proxy that hands on each byte as it comes, and
//! keeps it: so the wire is seen of whatever asks, a frame, curl or a phone, and the program
//! needs to know nothing of it. The program listens on a port that is free; its clients use
//! that of the texts, 8000, if nobody else has it.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use grader::{Guarded, guarded, without_variables_of_a_run};

use crate::checks::{Checks, Stop, build, lock};
use crate::course::{Course, Lesson};
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

/// The most exchanges that are kept, and the most bytes of one side of each.
const MOST_EXCHANGES: usize = 40;
pub(crate) const MOST_BYTES: usize = 32 * 1024;

/// How long one waits for an answer to what was sent by hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most clients at once.
const MOST_CLIENTS: usize = 64;

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
    clients: AtomicUsize,
}

/// What there is to see.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) state: State,
    /// Lines, and whether they are of standard error.
    pub(crate) log: VecDeque<(bool, String)>,
    /// The latest one last.
    pub(crate) wire: VecDeque<Exchange>,
    exchanges: u64,
    connections: u64,
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

/// A request as it came, and what went back.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) number: u64,
    pub(crate) connection: u64,
    pub(crate) request: Vec<u8>,
    pub(crate) response: Vec<u8>,
    began: Instant,
    pub(crate) took: Option<Duration>,
    /// What the reference has said to it, if somebody has asked.
    pub(crate) reference: Option<Compared>,
}

/// The answer of the reference to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is being asked.
    Asked,
    Came(Vec<u8>),
    /// There is none, for this reason.
    Failed(String),
}

impl Shown {
    /// The exchange that came last on this connection.
    fn latest_of(&mut self, connection: u64) -> Option<&mut Exchange> {
        let mut latest_first = self.wire.iter_mut().rev();
        latest_first.find(|exchange| exchange.connection == connection)
    }
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
            clients: AtomicUsize::new(0),
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
        let outcome = self.started(checks, &copy);
        let _ = fs::remove_dir_all(&folder);
        outcome.map_err(text)
    }

    fn started(self: &Arc<Self>, checks: &Checks, path: &Path) -> io::Result<Option<i32>> {
        let mut child = command(&checks.course, path, &self.arguments)?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        self.stop.hold(child.stdin.take());
        self.change(|shown| shown.state = State::Running);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading = Arc::clone(self);
        let errors = thread::spawn(move || reading.read(stderr, true));
        self.read(stdout, false);
        let _ = errors.join();
        let code = child.wait()?.code();
        // Its clients' port is free from now on.
        self.stop.stop();
        Ok(code)
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
            let text = match address(&text).filter(|_| !is_error) {
                Some(port) if self.with(|shown| shown.state == State::Running) => {
                    match self.serve(port) {
                        // Its clients know it under another port.
                        Ok(own) => text.replace(&format!(":{port}/"), &format!(":{own}/")),
                        Err(error) => format!("{text} (no port for its clients: {error})"),
                    }
                }
                _ => text,
            };
            self.change(|shown| {
                shown.log.push_back((is_error, text));
                if shown.log.len() > MOST_LINES {
                    shown.log.pop_front();
                }
            });
        }
    }

    /// Hands on what comes to its port. Returns the port of its clients.
    fn serve(self: &Arc<Self>, port: u16) -> io::Result<u16> {
        let listeners = listen()?;
        let own = listeners
            .first()
            .map_or(Ok(0), |one| Ok::<_, io::Error>(one.local_addr()?.port()))?;
        self.change(|shown| shown.state = State::Serving(own));
        let serving = Arc::clone(self);
        thread::spawn(move || {
            while !serving.stop.is_stopped() {
                for listener in &listeners {
                    while let Ok((client, _)) = listener.accept() {
                        serving.take(client, port);
                    }
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
        Ok(own)
    }

    /// Hands on the bytes of one client, both ways.
    fn take(self: &Arc<Self>, client: TcpStream, port: u16) {
        let one_more = |number| (number < MOST_CLIENTS).then_some(number + 1);
        if self
            .clients
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
            .is_err()
        {
            return;
        }
        let program = Arc::clone(self);
        thread::spawn(move || {
            // What goes wrong with a connection ends it, and is seen by its client.
            let _ = program.hand_on(&client, port);
            program.clients.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn hand_on(self: &Arc<Self>, client: &TcpStream, port: u16) -> io::Result<()> {
        client.set_nonblocking(false)?;
        client.set_nodelay(true)?;
        let server = reference::connect(port)?;
        let connection = self.change(|shown| {
            shown.connections += 1;
            shown.connections
        });
        let (from, into) = (server.try_clone()?, client.try_clone()?);
        let answering = Arc::clone(self);
        let back = thread::spawn(move || {
            pump(&from, &into, &answering.stop, |bytes| {
                answering.answered(connection, bytes)
            })
        });
        pump(client, &server, &self.stop, |bytes| {
            self.asked(connection, bytes)
        });
        let _ = back.join();
        Ok(())
    }

    /// Bytes of a request. Behind an answer, they begin the next one.
    fn asked(&self, connection: u64, bytes: &[u8]) {
        self.change(|shown| {
            let own = shown.latest_of(connection);
            if let Some(exchange) = own.filter(|exchange| exchange.response.is_empty()) {
                keep(&mut exchange.request, bytes);
                return;
            }
            shown.exchanges += 1;
            let mut exchange = Exchange {
                number: shown.exchanges,
                connection,
                request: Vec::new(),
                response: Vec::new(),
                began: Instant::now(),
                took: None,
                reference: None,
            };
            keep(&mut exchange.request, bytes);
            shown.wire.push_back(exchange);
            if shown.wire.len() > MOST_EXCHANGES {
                shown.wire.pop_front();
            }
        });
    }

    /// Bytes of an answer.
    fn answered(&self, connection: u64, bytes: &[u8]) {
        self.change(|shown| {
            let own = shown.latest_of(connection);
            if let Some(exchange) = own {
                keep(&mut exchange.response, bytes);
                exchange.took = Some(exchange.began.elapsed());
            }
        });
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
            let is_busy = shown.wire.iter().any(asked);
            let before = shown.wire.iter().filter(|one| one.number < number);
            let mut requests: Vec<Vec<u8>> = before.map(|one| one.request.clone()).collect();
            let mut all = shown.wire.iter_mut();
            let exchange = all.find(|one| one.number == number).filter(|_| !is_busy)?;
            requests.push(exchange.request.clone());
            exchange.reference = Some(Compared::Asked);
            Some(requests)
        });
        let Some(requests) = requests else { return };
        let (program, course, lesson) = (Arc::clone(self), course.clone(), lesson.clone());
        thread::spawn(move || {
            let said = match reference::answer(&course, &lesson, &program.arguments, &requests) {
                Ok(answer) => Compared::Came(answer),
                Err(why) => Compared::Failed(why),
            };
            program.change(|shown| {
                let mut all = shown.wire.iter_mut();
                if let Some(exchange) = all.find(|one| one.number == number) {
                    exchange.reference = Some(said);
                }
            });
        });
    }
}

/// The command that runs a program of a lesson, on a port that is free.
///
/// # Errors
///
/// If the path of the running program cannot be found out.
pub(crate) fn command(course: &Course, path: &Path, arguments: &str) -> io::Result<Command> {
    let mut command = guarded(path, None, Guarded::Program)?;
    command.args(arguments.split_whitespace());
    command.current_dir(&course.root);
    without_variables_of_a_run(&mut command).env("PORT", "0");
    Ok(command)
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

/// Keeps bytes, up to a limit.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = MOST_BYTES.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Hands bytes on to the end, or until it is stopped.
fn pump(mut from: &TcpStream, mut into: &TcpStream, stop: &Stop, mut see: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    let _ = from.set_read_timeout(Some(Duration::from_millis(250)));
    while !stop.is_stopped() {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                see(&buffer[..length]);
                if into.write_all(&buffer[..length]).is_err() {
                    let _ = from.shutdown(Shutdown::Both);
                    break;
                }
            }
            Err(error)
                if reference::is_late(&error) || error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = into.shutdown(Shutdown::Write);
}

/// Listens on the port of the texts, on both loopback addresses, or on one that is free.
fn listen() -> io::Result<Vec<TcpListener>> {
    // The one of a program before may take a moment to be free.
    let mut bound = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT));
    for _ in 0..20 {
        if bound.is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(25));
        bound = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT));
    }
    let first = bound.or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)));
    for listener in &listeners {
        listener.set_nonblocking(true)?;
    }
    Ok(listeners)
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
    fn the_line_of_a_server_is_known() {
        assert_eq!(
            address("Serving HTTP on http://localhost:8000/ (press Ctrl-C to stop)"),
            Some(8000)
        );
        assert_eq!(address("Serving HTTP on http://[::1]:17/"), Some(17));
        assert_eq!(address("see https://x/ or http://example"), None);
    }
}
