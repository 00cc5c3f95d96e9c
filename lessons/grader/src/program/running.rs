//! A student's program while a check talks to it: started under a guard, its
//! address read from its start line, ended with the check.

use std::cell::Cell;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use shared_child::SharedChild;

use super::address::Address;
use super::guard::{self, Guarded};
use super::output::Output;
use crate::record::{Command, Ended, FLOOD, Hangs, NotServing};

/// How long a program that has closed a connection may take to end, so that "it
/// crashed" can be told from "it closed the connection".
const ENDING: Duration = Duration::from_millis(500);

/// Whether a variable of this process is none of the program's business: what the
/// grading is told, what Cargo says of its own run, and the proxies of the computer, which
/// would send the requests of a program elsewhere.
fn is_kept_back(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let begins = ["GRADE_", "CARGO_", "NEXTEST_"];
    let is_one = ["CARGO", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    begins.iter().any(|begin| name.starts_with(begin)) || is_one.contains(&&*name)
}

/// How long a guard may take to end what it guards.
const LAST_WAY: Duration = Duration::from_secs(4);

/// A program that can be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) path: PathBuf,
    /// The command that starts it, if it is not to be started by itself: the path and its
    /// arguments are added to it. It confines the program.
    pub(crate) wrap: Vec<String>,
}

impl From<PathBuf> for Executable {
    fn from(path: PathBuf) -> Self {
        let wrap = Vec::new();
        Self { path, wrap }
    }
}

/// A program to start, and how.
#[derive(Clone, Copy, Debug)]
struct Launch<'a> {
    pub(crate) program: &'a Executable,
    /// The folder in which it runs.
    pub(crate) folder: &'a Path,
    pub(crate) arguments: &'a [String],
    /// What is added to the environment.
    pub(crate) variables: &'a [(String, String)],
    /// Whether it has no `PORT`.
    pub(crate) no_port: bool,
    /// What it can read from standard input.
    pub(crate) input: &'a [u8],
}

impl<'a> Launch<'a> {
    fn of(program: &'a Executable, folder: &'a Path, command: &'a Command) -> Self {
        Self {
            program,
            folder,
            arguments: &command.arguments,
            variables: &command.variables,
            no_port: command.no_port,
            input: &command.input,
        }
    }
}

/// Why a program did not come as far as its start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StartTrouble {
    /// It ended first.
    Ended,
    /// It runs, and did not print the line in time.
    Silent,
    /// It prints and prints, and the line is not there.
    Flood,
}

/// Why a program did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndTrouble {
    /// It still runs when the time is up.
    Runs,
    /// It prints and prints.
    Flood,
}

/// A program that serves. It ends when this is dropped.
pub(crate) struct Server {
    program: Program,
    pub(crate) address: Address,
}

/// Starts a program in this folder and waits for its start line, at most for `limit`. Where
/// the command does not say otherwise, `PORT=0` is in its environment.
///
/// # Errors
///
/// If it does not print the line.
pub(crate) fn serve(
    program: &Executable,
    folder: &Path,
    command: &Command,
    limit: Duration,
) -> Result<Server, NotServing> {
    let program = Program::launch(&Launch::of(program, folder, command));
    let program = program.map_err(|error| NotServing::NotStarted(error.to_string()))?;
    match program.address(limit) {
        Ok(address) => Ok(Server { program, address }),
        Err(StartTrouble::Ended) => {
            let ended = program.end(true);
            Err(match not_started(&ended) {
                Some(why) => NotServing::NotStarted(why),
                None => NotServing::Ended(ended.into()),
            })
        }
        Err(StartTrouble::Silent) => Err(NotServing::Silent(program.end(false).into())),
        Err(StartTrouble::Flood) => Err(NotServing::Flood(program.end(false).into())),
    }
}

impl Server {
    /// Ends the program and returns what it printed. With `ending`, one that seems to be
    /// ending by itself gets a moment to do so, for its exit code.
    pub(crate) fn end(&self, ending: bool) -> Ended {
        self.program.end(ending)
    }

    /// Asks the program to end (SIGTERM).
    ///
    /// # Errors
    ///
    /// If that cannot be done here, with the reason.
    pub(crate) fn terminate(&self) -> Result<(), &'static str> {
        if self.program.is_wrapped {
            return match guard::terminate_within(self.program.guard.id(), &self.program.path) {
                true => Ok(()),
                false => Err("the program runs in a room of its own, and is not found in it"),
            };
        }
        match guard::terminate(self.program.guard.id()) {
            true => Ok(()),
            false => Err("this system has no signal SIGTERM"),
        }
    }

    /// The most memory that the program has used so far, in bytes; `None` where the system does
    /// not tell.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        guard::peak_memory(self.program.guard.id(), &self.program.path)
    }

    /// Waits for the program to end by itself, until then.
    pub(crate) fn wait(&self, until: Instant) -> Box<Result<Ended, Hangs>> {
        self.program.waited(until)
    }
}

/// Starts a program in this folder and waits for its end.
///
/// # Errors
///
/// If it cannot be started: no fault of the program. The inner ones are, if it has not ended
/// by `until`.
pub(crate) fn run(
    program: &Executable,
    folder: &Path,
    command: &Command,
    until: Instant,
) -> io::Result<Result<Ended, Hangs>> {
    let program = Program::launch(&Launch::of(program, folder, command))?;
    let ended = *program.waited(until);
    match ended.as_ref().ok().and_then(not_started) {
        Some(why) => Err(io::Error::other(why)),
        None => Ok(ended),
    }
}

/// Why the guard did not start the program, if it did not.
fn not_started(ended: &Ended) -> Option<String> {
    guard::why_not_started(ended.code, &ended.stderr.text()).map(String::from)
}

#[derive(Debug)]
enum Event {
    Serving(Address),
    Flood,
    Ended,
}

/// Events that are kept until somebody asks. Nobody does once the program serves, and
/// it may print without end.
const MOST_EVENTS: usize = 4;

/// What an output tells of: a flood, and the start line if it is the output for that.
fn watch(events: SyncSender<Event>, has_start_line: bool) -> impl FnMut(&str, u64) {
    move |line, total| {
        let address = Address::in_line(line).filter(|_| has_start_line);
        let event = match address {
            Some(address) => Event::Serving(address),
            None if total > FLOOD => Event::Flood,
            None => return,
        };
        let _ = events.try_send(event);
    }
}

/// A running program. Dropping it ends the program and all that it has started.
struct Program {
    guard: Arc<SharedChild>,
    // While this is open, the guard lets the program run.
    lifeline: Cell<Option<ChildStdin>>,
    events: Receiver<Event>,
    stdout: Output,
    stderr: Output,
    began: Instant,
    path: PathBuf,
    /// Whether it runs in a room of its own, which no signal to its group reaches.
    is_wrapped: bool,
    /// The file that is its standard input; it goes with the program.
    _input: Option<tempfile::TempPath>,
}

impl Program {
    /// Starts the program. Where `launch` does not say otherwise, `PORT=0` is in its
    /// environment.
    ///
    /// # Errors
    ///
    /// If the guard cannot be started. (That the program itself cannot be started
    /// is seen later, as its end.)
    pub(crate) fn launch(launch: &Launch) -> io::Result<Self> {
        let input = match launch.input {
            [] => None,
            bytes => {
                let mut file = tempfile::NamedTempFile::new()?;
                file.write_all(bytes)?;
                Some(file.into_temp_path())
            }
        };
        let Executable { path, wrap } = launch.program;
        let mut words = wrap.iter().map(Path::new).chain([path.as_path()]);
        let first = words.next().unwrap_or(path);
        let mut command = guard::command(first, input.as_deref(), Guarded::Program)?;
        command.args(words);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_kept_back(name)) {
            command.env_remove(name);
        }
        match launch.no_port {
            true => command.env_remove("PORT"),
            false => command.env("PORT", "0"),
        };
        command
            .args(launch.arguments)
            .current_dir(launch.folder)
            .envs(launch.variables.iter().map(|(name, value)| (name, value)))
            // The place of a panic is worth a line, the way there is too long to read.
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let guard = Arc::new(SharedChild::spawn(&mut command)?);
        let missing = || io::Error::other("a pipe of the program is missing");

        let (send, events) = mpsc::sync_channel(MOST_EVENTS);
        let stdout = guard.take_stdout().ok_or_else(missing)?;
        let stdout = Output::read(stdout, watch(send.clone(), true));
        let stderr = guard.take_stderr().ok_or_else(missing)?;
        let stderr = Output::read(stderr, watch(send.clone(), false));
        let waiting = Arc::clone(&guard);
        std::thread::spawn(move || {
            let _ = waiting.wait();
            let _ = send.send(Event::Ended);
        });
        Ok(Self {
            lifeline: Cell::new(guard.take_stdin()),
            guard,
            events,
            stdout,
            stderr,
            began: Instant::now(),
            path: path.clone(),
            is_wrapped: !wrap.is_empty(),
            _input: input,
        })
    }

    /// Waits for the start line, and returns the address in it.
    pub(crate) fn address(&self, limit: Duration) -> Result<Address, StartTrouble> {
        let until = Instant::now() + limit;
        let left = || until.saturating_duration_since(Instant::now());
        match self.events.recv_timeout(left()) {
            Ok(Event::Serving(address)) => Ok(address),
            Ok(Event::Flood) => Err(StartTrouble::Flood),
            Ok(Event::Ended) => Err(StartTrouble::Ended),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(StartTrouble::Silent)
            }
        }
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(&self, until: Instant) -> Result<(), EndTrouble> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(Event::Serving(_)) => {}
                Ok(Event::Flood) => return Err(EndTrouble::Flood),
                Ok(Event::Ended) => return Ok(()),
                Err(_) => return Err(EndTrouble::Runs),
            }
        }
    }

    /// The same, and what it printed.
    fn waited(&self, until: Instant) -> Box<Result<Ended, Hangs>> {
        let waited = self.wait(until);
        let ended = self.end(waited.is_ok());
        Box::new(match waited {
            Ok(()) => Ok(ended),
            Err(EndTrouble::Runs) => Err(Hangs::Runs(ended)),
            Err(EndTrouble::Flood) => Err(Hangs::Flood(ended)),
        })
    }

    /// Ends the program and returns what it printed. With `ending`, a program that
    /// seems to be ending by itself gets a moment to do so, for its exit code.
    pub(crate) fn end(&self, ending: bool) -> Ended {
        let limit = if ending { ENDING } else { Duration::ZERO };
        let status = self.guard.wait_timeout(limit).ok().flatten();
        let took = self.began.elapsed();
        self.stop();
        // The pipes end with the last process that holds them.
        Ended {
            code: status.and_then(|status| status.code()),
            stdout: self.stdout.printed(Duration::from_secs(1)),
            stderr: self.stderr.printed(Duration::from_secs(1)),
            took,
            asked: Vec::new(),
        }
    }

    fn stop(&self) {
        // At the end of its pipe, a guard ends its program and all that this has started,
        // and then itself.
        drop(self.lifeline.take());
        match self.guard.wait_timeout(LAST_WAY) {
            Ok(Some(status)) if status.code().is_some() => {}
            // It cannot, or was killed alone: then its program is still there.
            _ => {
                guard::end_group(self.guard.id());
                let _ = self.guard.kill();
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_its_business_is_kept_back_from_a_program() {
        let kept_back = |name: &str| is_kept_back(OsStr::new(name));
        for name in [
            "GRADE_REPORT",
            "CARGO",
            "CARGO_PKG_NAME",
            "http_proxy",
            "All_Proxy",
        ] {
            assert!(kept_back(name), "{name}");
        }
        for name in ["PATH", "HOME", "CARGOES", "NO_PROXY", "DEGRADE_X"] {
            assert!(!kept_back(name), "{name}");
        }
    }

    #[test]
    fn a_flood_of_lines_is_no_flood_of_events() {
        let (send, events) = mpsc::sync_channel(MOST_EVENTS);
        let mut see = watch(send, true);
        see("Serving HTTP on http://localhost:4133/\n", 40);
        for line in 0..1000 {
            see("x\n", FLOOD + line);
        }
        assert!(matches!(events.recv(), Ok(Event::Serving(address)) if address.port == 4133));
        assert!(matches!(events.recv(), Ok(Event::Flood)));
        drop(see);
        assert!(events.iter().count() < MOST_EVENTS);
    }
}
