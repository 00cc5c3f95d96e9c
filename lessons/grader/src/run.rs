//! What a check has in hand: the running program, a client for it, and values
//! drawn from the seed.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::client;
use crate::failure::{Came, Failure, Symptom};
use crate::program::Address;
use crate::request::{Asked, Request};
use crate::seed::Seed;
use crate::wire::Wire;

/// The limits of every check of a lesson.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a program may take until it prints its start line. 5 seconds.
    pub start: Duration,
    /// How long a check may take, from the start line on. 10 seconds.
    pub check: Duration,
    /// The most bytes that an answer's body may have. 1 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(5),
            check: Duration::from_secs(10),
            body: 1024 * 1024,
        }
    }
}

/// One run of a check: a program started for it alone, and how to talk to it.
#[derive(Debug)]
pub struct Run {
    address: Address,
    until: Instant,
    limits: Limits,
    seed: Seed,
}

impl Run {
    pub(crate) fn new(address: Address, limits: Limits, seed: Seed) -> Self {
        let until = Instant::now() + limits.check;
        Self {
            address,
            until,
            limits,
            seed,
        }
    }

    /// Values that differ from run to run: paths, words, numbers, lines of text.
    pub fn seed(&mut self) -> &mut Seed {
        &mut self.seed
    }

    /// Asks for this path with GET. The path is sent as it is, so it must be
    /// percent-encoded where a URI needs it.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.request("GET", path).send()
    }

    /// A request with any method, to be completed and sent:
    /// `run.request("POST", "/").header("Accept", "text/plain").body("ねこ").send()?`
    pub fn request(&mut self, method: &str, path: &str) -> Ask<'_> {
        let request = Request {
            method: method.into(),
            path: path.into(),
            ..Request::default()
        };
        Ask { run: self, request }
    }

    /// Opens a raw connection.
    ///
    /// # Errors
    ///
    /// If the program does not accept it.
    pub fn connect(&mut self) -> Result<Wire, Failure> {
        let host = self.address.host.trim_matches(['[', ']']);
        // A program that accepts nobody must not hold this up.
        let connect = |address| {
            let left = self.until.saturating_duration_since(Instant::now());
            TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1)))
        };
        let addresses = (host, self.address.port).to_socket_addrs();
        match addresses
            .into_iter()
            .flatten()
            .find_map(|a| connect(a).ok())
        {
            Some(stream) => Ok(Wire::new(stream, self.until, self.limits.body)),
            None => Err(Failure::new(
                Some(Asked::Bytes(Vec::new())),
                "the program accepts a connection",
                Came::Bytes(Vec::new()),
                Symptom::Refused,
            )),
        }
    }
}

/// A request that is being put together; see [`Run::request`].
#[derive(Debug)]
#[must_use = "a request is only asked with `send`"]
pub struct Ask<'run> {
    run: &'run mut Run,
    request: Request,
}

impl Ask<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// Sends this body, with its Content-Length.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.request.body = Some(body.as_ref().to_vec());
        self
    }

    /// Sends the request and reads the answer. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    ///
    /// # Panics
    ///
    /// If the method, path or headers are not valid in HTTP: a mistake in the
    /// check. [`Run::connect`] can send anything.
    pub fn send(self) -> Result<Answer, Failure> {
        let run = self.run;
        client::ask(&self.request, &run.address, run.until, run.limits.body)
    }
}
