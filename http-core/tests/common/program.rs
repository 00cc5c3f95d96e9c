//! The example `echo` as a program of its own: for signals, exit codes, and what
//! the terminal shows.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use super::{Client, PATIENCE};

/// A running program. Whatever happens, it has ended when this is dropped.
pub struct Program {
    pub child: Child,
    pub address: SocketAddr,
    pub start_line: String,
    // Kept open, as a terminal would be.
    _stdout: BufReader<ChildStdout>,
}

/// How a program ended: its exit code (none after a signal), its standard error.
#[derive(Debug)]
pub struct End {
    pub code: Option<i32>,
    pub stderr: String,
}

/// Where Cargo has put the example `echo`.
pub fn path() -> PathBuf {
    example("echo")
}

/// Where Cargo has put an example.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let path = test
        .ancestors()
        .nth(2)
        .expect("target/debug/deps/test")
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "there is no {}: build it with `cargo build -p http-core --examples`",
        path.display()
    );
    path
}

impl Program {
    /// `echo` on a free port.
    pub fn echo() -> Program {
        Program::start(Command::new(path()).arg("0"))
    }

    /// What `command` starts. It must print where it serves.
    pub fn start(command: &mut Command) -> Program {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut start_line = String::new();
        stdout.read_line(&mut start_line).expect("text");
        let address = start_line
            .strip_prefix("Serving HTTP on http://")
            .and_then(|rest| rest.split_once('/'))
            .and_then(|(address, _)| address.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let output = child.wait_with_output();
            panic!("no start line: {start_line:?} {output:?}");
        };
        Program {
            child,
            address,
            start_line,
            _stdout: stdout,
        }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends a signal by the system's own program.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.expect("there is a kill").success());
    }

    /// Ends it by force; what it has written to standard error.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("it still runs");
        self.end().stderr
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> End {
        let mut stderr = self.child.stderr.take().expect("piped");
        let (tell, told) = mpsc::channel();
        // Standard error ends with the program.
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            let _ = tell.send(text);
        });
        let stderr = told.recv_timeout(PATIENCE).expect("the program ends");
        let code = self.child.wait().expect("it can be waited for").code();
        End { code, stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
