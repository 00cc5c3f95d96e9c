//! Servers of the lessons, which run on while the blocks of a text are run.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::lines::{alike, indented, lines};
use super::{Shown, lesson_of, program};
use crate::workshop::Workshop;

/// How long a server may take to print what it should.
const PATIENCE: Duration = Duration::from_secs(60);

/// The servers that run, each on a port of its own.
#[derive(Default)]
pub struct Servers {
    pub running: Vec<Server>,
}

impl Servers {
    /// Adds a server, and ends the one on its port; what was not true of that one.
    pub fn add(&mut self, server: Server) -> Option<String> {
        let same = |other: &Server| other.shown_port == server.shown_port;
        let old = self.running.iter().position(same);
        let old = old.map(|at| self.running.remove(at));
        self.running.push(server);
        old.and_then(Server::end)
    }

    /// What one more says that wants the port of the last one.
    pub fn second(&self, workshop: &Workshop, package: &str) -> String {
        let first = self.running.last();
        let first = first.expect("a first server that has the port");
        first.second(workshop, package)
    }

    pub fn to_real(&self, word: &str) -> String {
        let running = self.running.iter();
        running.fold(word.into(), |word, server| server.to_real(&word))
    }

    pub fn to_shown(&self, text: &str) -> String {
        let running = self.running.iter();
        running.fold(text.into(), |text, server| server.to_shown(&text))
    }
}

/// A server of a lesson while it runs.
pub struct Server {
    child: Child,
    shown: Shown,
    /// The port in the text, and the real one.
    shown_port: String,
    port: u16,
    output: String,
    more: Receiver<String>,
}

impl Server {
    pub fn start(
        workshop: &Workshop,
        words: &[&str],
        variables: &[(String, String)],
        shown: Shown,
    ) -> Server {
        let (mut command, arguments) = program(workshop, words);
        let (send, more) = mpsc::channel();
        let is_port = |argument: &&str| argument.bytes().all(|byte| byte.is_ascii_digit());
        let mut child = command
            .args(arguments.iter().map(|a| if is_port(a) { "0" } else { a }))
            .envs(variables.iter().cloned())
            .env("PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the solution starts");
        pass_on(child.stdout.take().expect("a pipe"), send.clone());
        pass_on(child.stderr.take().expect("a pipe"), send);
        let port = variables.iter().find(|(name, _)| name == "PORT");
        let port = port.map(|(_, value)| value.as_str());
        let port = port.or(arguments.iter().copied().find(is_port));
        let mut server = Server {
            child,
            shown,
            shown_port: port.unwrap_or("8000").into(),
            port: 0,
            output: String::new(),
            more,
        };
        server.wait_for("Serving HTTP on http://");
        let (_, rest) = server.output.split_once("http://").expect("just seen");
        let authority = rest.split('/').next().unwrap_or_default();
        server.port = authority
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("a port");
        server
    }

    /// Reads on until the output has this text in it.
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.output.contains(text) || !self.output.ends_with('\n') {
            match self
                .more
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(more) => self.output.push_str(&more),
                Err(_) => panic!("the server does not print {text:?}, but:\n{}", self.output),
            }
        }
    }

    /// What another one says that wants the same port.
    pub fn second(&self, workshop: &Workshop, package: &str) -> String {
        let built = workshop.build_solution(&lesson_of(package));
        let output = Command::new(built.program)
            .env("PORT", self.port.to_string())
            .stdin(Stdio::null())
            .output()
            .expect("the solution starts");
        assert!(
            !output.status.success(),
            "a second server on one port reports success"
        );
        let solution = format!("{package}_solution");
        let next = (self.port + 1).to_string();
        self.to_shown(&String::from_utf8_lossy(&output.stderr))
            .replace(&solution, package)
            .replace(&next, "8001")
    }

    pub fn to_real(&self, word: &str) -> String {
        let (shown, real) = (&self.shown_port, self.port);
        word.replace(
            &format!("://localhost:{shown}"),
            &format!("://localhost:{real}"),
        )
        .replace(
            &format!("://127.0.0.1:{shown}"),
            &format!("://127.0.0.1:{real}"),
        )
    }

    pub fn to_shown(&self, text: &str) -> String {
        text.replace(&self.port.to_string(), &self.shown_port)
    }

    /// Ends the server, with Ctrl-C if the text says so; what was not true of it.
    pub fn end(mut self) -> Option<String> {
        let interrupted = self.shown.output.iter().any(|line| line == "^C");
        if interrupted && cfg!(unix) {
            self.interrupt();
            let status = self.child.wait().expect("the server's end");
            if !status.success() {
                return Some(format!("$ {}\nafter Ctrl-C: {status}", self.shown.command));
            }
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        while let Ok(more) = self.more.recv() {
            self.output.push_str(&more);
        }
        let printed = alike(&lines(&self.to_shown(&self.output)));
        let mut left = printed.iter();
        for line in alike(&self.shown.output)
            .iter()
            .filter(|line| *line != "^C")
        {
            if !left.any(|found| found == line) {
                return Some(format!(
                    "$ {}\nprints, says the text, in this order:\n{line}\nand prints:\n{}",
                    self.shown.command,
                    indented(&printed)
                ));
            }
        }
        None
    }

    #[cfg(unix)]
    fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    }

    #[cfg(not(unix))]
    fn interrupt(&self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what comes out of a pipe, until its end.
fn pass_on(mut pipe: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            let _ = to.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    });
}
