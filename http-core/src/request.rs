//! The request as a handler sees it.

use std::borrow::Cow;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::str::Utf8Error;
use std::time::Duration;

use http::{HeaderMap, Method, Version};

use crate::buffer::Buffer;
use crate::decode::{Decoder, Piece};
use crate::refusal::CUT_OFF;
use crate::socket::{Pace, Socket};
use crate::{Head, Limits, Refusal};

/// A request: what the client asks, and the body it sends along.
#[derive(Debug)]
pub struct Request<'c> {
    head: &'c Head,
    body: BodyReader<'c>,
}

impl<'c> Request<'c> {
    pub(crate) fn new(head: &'c Head, body: BodyReader<'c>) -> Request<'c> {
        Request { head, body }
    }

    /// The method, http.server's `command`: GET, POST, …
    pub fn method(&self) -> &Method {
        self.head.method()
    }

    /// The path as it was sent: percent-encoded, and without the query. (In
    /// http.server, `path` has the query, too: that is [`target`](Request::target).)
    ///
    /// It begins with one slash: of several at the start, one is left, so `//cat` is
    /// `/cat`. Slashes further on stay. Nothing else is changed: `/%63at`, `/cat/` and
    /// `/./cat` are other texts than `/cat`.
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// The [`path`](Request::path) with its percent-encoding decoded, once: `/%E3%81%AD`
    /// is `/ね`. A `%` that two hexadecimal digits don't follow stays as it is. An encoded
    /// slash becomes a slash, so `/%2Fcat` is `//cat`.
    ///
    /// # Errors
    /// When the decoded bytes are not UTF-8.
    pub fn decoded_path(&self) -> Result<Cow<'_, str>, Utf8Error> {
        percent_encoding::percent_decode_str(self.path()).decode_utf8()
    }

    /// What stands behind the first `?` of the target, as it was sent; `Some("")` if
    /// nothing does, and `None` if there is no `?`.
    pub fn query(&self) -> Option<&str> {
        self.head.query()
    }

    /// The request target as it was sent: path, `?` and query.
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// HTTP/1.0 or HTTP/1.1.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// The value of the first header field of this name (in any case), if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// All header fields, as the map that other Rust web crates use.
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The address of the client.
    pub fn client_address(&self) -> SocketAddr {
        self.body.socket.client()
    }

    /// The body, http.server's `rfile`. It ends where the body ends, whether the
    /// client sent a Content-Length or chunks, so reading to its end is safe.
    pub fn body(&mut self) -> &mut BodyReader<'c> {
        &mut self.body
    }
}

/// The body of a request, as a reader.
///
/// A read that fails because of the client (a body that is too large, malformed,
/// cut off or too slow) gives an error that a handler passes on with `?`; the server
/// then answers with the fitting status (413, 400, 408).
#[derive(Debug)]
pub struct BodyReader<'c> {
    socket: &'c Socket,
    input: &'c mut Buffer,
    decoder: &'c mut Decoder,
    pace: Pace,
    /// Unread body that does not keep the connection from going on.
    drain: u64,
    /// The client waits for `100 Continue`, and did not get it yet.
    continue_due: bool,
    /// What went wrong, once something did.
    failure: Option<Failure>,
}

/// Why no more can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// The client's body is not acceptable.
    Refused(Refusal),
    /// The connection failed.
    Lost,
}

impl<'c> BodyReader<'c> {
    pub(crate) fn new(
        socket: &'c Socket,
        input: &'c mut Buffer,
        decoder: &'c mut Decoder,
        limits: &Limits,
        continue_due: bool,
    ) -> BodyReader<'c> {
        socket.exchange().answer_begun.set(false);
        socket.exchange().waited.set(Duration::ZERO);
        let body = BodyReader {
            socket,
            input,
            decoder,
            pace: Pace::new(limits),
            drain: limits.drain,
            continue_due,
            failure: None,
        };
        body.judge_the_rest();
        body
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Says whether the connection could go on if no more of the body were read.
    fn judge_the_rest(&self) {
        let left = self.decoder.remaining();
        let is_long = left.is_some_and(|left| left > self.drain);
        // A client that was not asked for its body may send it or not.
        let may_not_come =
            self.continue_due && left.is_none_or(|left| left > self.input.len() as u64);
        self.socket
            .exchange()
            .body_in_the_way
            .set(is_long || may_not_come);
    }

    fn read_body(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.decoder.next(self.input.filled(), into.len())? {
                Piece::Data(count) => {
                    into[..count].copy_from_slice(&self.input.filled()[..count]);
                    self.input.consume(count);
                    return Ok(count);
                }
                Piece::Framing(count) => self.input.consume(count),
                Piece::End => return Ok(0),
                Piece::More => self.fill()?,
            }
        }
    }

    /// Waits for more bytes from the client.
    fn fill(&mut self) -> io::Result<()> {
        if self.continue_due && !self.socket.exchange().answer_begun.get() {
            // The client holds the body back until it is asked for (RFC 9110, section 10.1.1).
            self.continue_due = false;
            self.socket
                .write_all_waiting(b"HTTP/1.1 100 Continue\r\n\r\n", b"", &mut self.pace)?;
        }
        match self
            .socket
            .read_waiting(self.input.room(), &mut self.pace)?
        {
            0 => Err(CUT_OFF.into()),
            count => {
                self.input.filled_more(count);
                Ok(())
            }
        }
    }
}

impl Read for BodyReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        match self.failure {
            Some(Failure::Refused(refusal)) => return Err(refusal.into()),
            Some(Failure::Lost) => return Err(io::ErrorKind::ConnectionAborted.into()),
            None => {}
        }
        let outcome = self.read_body(into);
        self.judge_the_rest();
        outcome.inspect_err(|error| {
            let refusal = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<Refusal>());
            self.failure =
                Some(refusal.map_or(Failure::Lost, |&refusal| Failure::Refused(refusal)));
        })
    }
}
