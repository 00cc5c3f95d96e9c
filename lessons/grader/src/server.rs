//! A server that a check talks to: the student's program, or another program that
//! the check has started.

use std::cell::RefCell;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client;
use crate::earlier::Earlier;
use crate::failure::{Came, Failure, Symptom};
use crate::program::{Address, Launch, Program};
use crate::request::{Asked, Request};
use crate::run::{Ask, Limits};
use crate::wire::Wire;

/// A program that serves.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: Address,
    /// What a student types to start it.
    pub(crate) command: String,
    /// When the check's time is up.
    pub(crate) until: Instant,
    pub(crate) largest_body: usize,
    /// What it was asked so far.
    earlier: RefCell<Vec<Earlier>>,
}

impl Server {
    /// Starts the program and waits for its start line.
    ///
    /// # Errors
    ///
    /// If it does not print one, with what it printed instead.
    pub(crate) fn start(launch: &Launch, command: String, limits: Limits) -> Result<Self, Failure> {
        let program = Program::launch(launch).map_err(|error| {
            let what = format!("it cannot start {}: {error}", launch.program.display());
            Failure::of_the_grader(&what)
        })?;
        let address = match program.address(limits.start) {
            Ok(address) => address,
            Err(trouble) => {
                let seconds = limits.start.as_secs_f32();
                let expected = format!(
                    "within {seconds} seconds, the line\n\
                     \"Serving HTTP on http://localhost:PORT/ (press Ctrl-C to stop)\""
                );
                let symptom = Symptom::NotStarted(trouble);
                let nothing = Came::Bytes(Vec::new());
                let failure = Failure::new(None, expected, nothing, symptom);
                let ended = program.end(failure.may_be_an_end());
                return Err(failure.with_trace(ended.into()));
            }
        };
        Ok(Self {
            program,
            address,
            command,
            until: Instant::now() + limits.check,
            largest_body: limits.body,
            earlier: RefCell::default(),
        })
    }

    /// Its address as a URI without a path, such as `http://localhost:4133`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}:{}", self.address.host, self.address.port)
    }

    /// The text with the port that the server has by default, not that of this run.
    pub(crate) fn with_usual_port(&self, text: &str) -> String {
        let real = format!("localhost:{}", self.address.port);
        text.replace(&real, "localhost:8000")
    }

    pub(crate) fn ask(&self, mut request: Request) -> Result<crate::Answer, Failure> {
        request.started_with.clone_from(&self.command);
        request.earlier.clone_from(&self.earlier.borrow());
        let came = client::ask(&request, &self.address, self.until, self.largest_body);
        let asked = Earlier::new(&request, &came);
        self.earlier.borrow_mut().push(asked);
        came
    }

    pub(crate) fn connect(&self) -> Result<Wire, Failure> {
        // A program that accepts nobody must not hold this up.
        let connect = |address| {
            let left = self.until.saturating_duration_since(Instant::now());
            TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1)))
        };
        let sockets = self.address.sockets();
        match sockets.into_iter().find_map(|a| connect(a).ok()) {
            Some(stream) => Ok(Wire::new(stream, self.until, self.largest_body)),
            None => Err(Failure::new(
                Some(Asked::Bytes(Vec::new())),
                "the program accepts a connection",
                Came::Bytes(Vec::new()),
                Symptom::Refused,
            )),
        }
    }
}

/// A server that a check has started beside the student's: another program of the
/// lesson, or the student's own once more. From
/// [`Invocation::serve`](crate::Invocation::serve); it ends with the check.
pub struct Service {
    pub(crate) server: std::rc::Rc<Server>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Service").field(&self.url()).finish()
    }
}

impl Service {
    /// Its address without a slash at the end, such as `http://localhost:4133`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.server.address.port
    }

    /// Asks it as [`Run::get`](crate::Run::get) does.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn get(&self, path: &str) -> Result<crate::Answer, Failure> {
        self.request("GET", path).send()
    }

    /// Asks it as [`Run::request`](crate::Run::request) does.
    pub fn request(&self, method: &str, path: &str) -> Ask<'_> {
        Ask::new(Ok(&self.server), method, path)
    }

    /// Opens a raw connection to it.
    ///
    /// # Errors
    ///
    /// If it does not accept it.
    pub fn connect(&self) -> Result<Wire, Failure> {
        self.server.connect()
    }

    /// Ends it. What it printed until then is no longer shown in a report.
    pub fn stop(self) {
        self.server.program.end(false);
    }
}
