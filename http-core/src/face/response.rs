//! The response as a handler writes it: status, then header fields, then body.
//!
//! Each part is a type of its own, and each step turns one into the next. So a
//! field after the body, a forgotten `end_headers` or an unfinished answer is
//! not a fault that shows when the server runs: it does not compile.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use http::StatusCode;

use super::exchange::{Exchange, SHORTER};
use super::page::error_page;
use crate::Answer;
use crate::http1::{FilePart, mistake};

/// A response of which nothing is written yet. The status comes first.
#[derive(Debug)]
pub struct Response<'c> {
    exchange: &'c Exchange<'c>,
}

/// A response whose status is written. The header fields come next.
#[derive(Debug)]
pub struct Headers<'c> {
    exchange: &'c Exchange<'c>,
    /// The first thing that was wrong; `end_headers` returns it.
    outcome: io::Result<()>,
}

/// The body of a response, http.server's `wfile`: the head is written.
///
/// [`send`](BodyWriter::send) writes a body in one go. Or use it as an
/// [`io::Write`] and [`finish`](BodyWriter::finish) it: a body that stays small
/// gets its Content-Length, a long one streams to the client as it is written.
///
/// ```
/// use std::io::Write;
/// use http_core::{Limits, Request, Response, serve_in_memory};
///
/// let count_down = |_: &mut Request, response: Response| {
///     let mut body = response.send_response(200).end_headers()?;
///     for n in (1..=3).rev() {
///         writeln!(body, "{n}")?;
///         body.flush()?; // in a chunk of its own, now
///     }
///     body.finish()
/// };
/// let get = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
/// let answer = serve_in_memory(count_down, &Limits::default(), &[get]);
/// let chunks = b"2\r\n3\n\r\n2\r\n2\n\r\n2\r\n1\n\r\n0\r\n\r\n";
/// assert!(answer.ends_with(chunks));
/// ```
#[derive(Debug)]
pub struct BodyWriter<'c> {
    exchange: &'c Exchange<'c>,
}

/// The proof that a response was finished, which a handler returns.
#[derive(Debug)]
pub struct Answered(());

/// A part of a file of up to this size is read: that costs less than to have the system
/// send it.
const SMALL: u64 = 16 * 1024;

impl<'c> Response<'c> {
    pub(super) fn new(exchange: &'c Exchange<'c>) -> Response<'c> {
        Response { exchange }
    }

    /// Sends the status: `200`, or `StatusCode::OK` from the `http` crate. An invalid
    /// status (below 200 or above 999) is an error of `end_headers`.
    pub fn send_response(self, status: impl TryInto<StatusCode>) -> Headers<'c> {
        let Response { exchange } = self;
        let outcome = match status.try_into() {
            Ok(status) => exchange.with(|http1| http1.status(status)),
            Err(_) => Err(mistake("the status must be a number from 200 to 999")),
        };
        Headers { exchange, outcome }
    }

    /// Answers with an error: a small page that shows the status and your
    /// explanation, which is escaped. Like http.server's `send_error`. An invalid status
    /// becomes 500.
    ///
    /// # Errors
    /// If the status is not a final one (100 to 199); and as [`BodyWriter::send`].
    pub fn send_error(self, status: impl TryInto<StatusCode>, explanation: &str) -> Answer {
        let status = status
            .try_into()
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = self.send_response(status);
        if matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            return headers.end_headers()?.finish();
        }
        headers.send_error_page(status, explanation)
    }

    /// Sends the client to another address: 303 after a form was posted, 301
    /// when a page has moved for good (RFC 9110, section 15.4).
    ///
    /// # Errors
    /// If `location` has a line break in it; and as [`BodyWriter::send`].
    pub fn redirect(self, status: impl TryInto<StatusCode>, location: &str) -> Answer {
        self.send_response(status)
            .send_header("Location", location)
            .end_headers()?
            .finish()
    }
}

impl<'c> Headers<'c> {
    /// Sends a header field. The value is anything that can be printed: text or
    /// a number.
    ///
    /// The server adds Date, Server and the fields that frame the body. A
    /// Content-Length of your own is held against the body you write.
    #[must_use = "end the headers and send a body"]
    pub fn send_header(mut self, name: &str, value: impl Display) -> Headers<'c> {
        if self.outcome.is_ok() {
            self.outcome = self.exchange.field(name, &value);
        }
        self
    }

    /// Ends the header fields and sends the page that stands for an error.
    pub(crate) fn send_error_page(self, status: StatusCode, explanation: &str) -> Answer {
        self.send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(error_page(status, explanation))
    }

    /// Ends the header fields. The body is next.
    ///
    /// # Errors
    /// If the status or a header field was not acceptable: a value with a line
    /// break in it, say, by which somebody could add fields of their own.
    pub fn end_headers(self) -> io::Result<BodyWriter<'c>> {
        let Headers { exchange, outcome } = self;
        outcome?;
        exchange.end_fields();
        Ok(BodyWriter { exchange })
    }
}

impl BodyWriter<'_> {
    /// Writes `last` and finishes the response. Text is sent as UTF-8.
    ///
    /// # Errors
    /// If the body does not fit the Content-Length that you sent, or the status
    /// allows none; and when the client is gone.
    pub fn send(self, last: impl AsRef<[u8]>) -> Answer {
        self.exchange.finish(last.as_ref())?;
        Ok(Answered(()))
    }

    /// Sends a file, and finishes the response.
    ///
    /// A large one is not read now: it goes out as the client takes it, when the handler has
    /// returned, and no thread waits for that. So it costs no memory, however large
    /// it is. Should it get shorter meanwhile, the connection is cut; what is
    /// added to it is not sent.
    ///
    /// # Errors
    /// If it is not a regular file; and as [`send`](BodyWriter::send).
    pub fn send_file(self, file: File) -> Answer {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(mistake("only a regular file can be sent"));
        }
        self.send_part(file, 0..metadata.len())
    }

    /// Sends a part of a regular file that is known to have it.
    pub(crate) fn send_part(mut self, file: File, part: Range<u64>) -> Answer {
        let is_small = part.end - part.start <= SMALL;
        // (Something follows the last chunk, and nothing can follow a file that waits.)
        if is_small || self.exchange.with(|http1| http1.is_chunked()) {
            self.write_part(&file, part)?;
            return self.finish();
        }
        self.exchange
            .finish_with_file(FilePart { file, rest: part })?;
        Ok(Answered(()))
    }

    /// Writes a part of a regular file, with more of the body to follow. This reads it, and
    /// waits for the client.
    pub(crate) fn write_part(&mut self, file: &File, part: Range<u64>) -> io::Result<()> {
        let mut file = file;
        file.seek(SeekFrom::Start(part.start))?;
        let length = part.end - part.start;
        if io::copy(&mut file.take(length), self)? < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, SHORTER));
        }
        Ok(())
    }

    /// Whether the server was told to stop. A body that goes on until somebody ends it, such as
    /// a stream of events, ends then: it is [`finish`](BodyWriter::finish)ed, and the client
    /// sees a whole answer. One that goes on is cut off after
    /// [`Limits::stop_time`](crate::Limits::stop_time).
    ///
    /// ```
    /// use std::io::Write;
    /// use std::thread;
    /// use std::time::Duration;
    /// use http_core::{Answer, Request, Response};
    ///
    /// /// A line each second, until the server stops. (Or until the client is gone: then
    /// /// writing is an error, at the second try at the latest.)
    /// fn tick(_: &mut Request, response: Response) -> Answer {
    ///     let mut body = response.send_response(200).end_headers()?;
    ///     while !body.is_stopping() {
    ///         writeln!(body, "tick")?;
    ///         body.flush()?;
    ///         thread::sleep(Duration::from_secs(1));
    ///     }
    ///     body.finish()
    /// }
    /// ```
    pub fn is_stopping(&self) -> bool {
        self.exchange.is_stopping()
    }

    /// Finishes the response: all of its body is written.
    ///
    /// # Errors
    /// As [`send`](BodyWriter::send).
    pub fn finish(self) -> Answer {
        self.send(b"")
    }
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.exchange.write(data, false)?;
        Ok(data.len())
    }

    /// Sends what was written so far to the client now.
    fn flush(&mut self) -> io::Result<()> {
        self.exchange.write(b"", true)
    }
}
