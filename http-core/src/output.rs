//! The answer that is being written, with its framing (RFC 9112, section 6).
//!
//! A handler sees this through [`Response`](crate::Response), whose types keep
//! the order of status, fields and body. What types can't rule out is checked here.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::mem;

use http::header::{self, HeaderName};
use http::{Method, StatusCode, Version};

use crate::clock::Date;
use crate::meaning::{Framing, parse_length};
use crate::outbox::{Mark, Outbox};
use crate::socket::{Pace, Socket};
use crate::transfer::FilePart;
use crate::{Head, Limits};

/// The outgoing side of one connection.
#[derive(Debug)]
pub(crate) struct Output {
    /// This answer and those before it, as far as they are not sent.
    outbox: Outbox,
    /// Body that was written, but not framed yet.
    body: Vec<u8>,
    /// For the Date field.
    pub date: Date,
    answer: Underway,
}

/// Memory for answers, while no connection needs it.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    bytes: Vec<u8>,
    body: Vec<u8>,
}

/// The answer under way.
#[derive(Debug)]
struct Underway {
    stage: Stage,
    /// Where it begins in the outbox.
    start: Mark,
    /// Some of it has left: it can't be taken back any more.
    on_wire: bool,
    /// The connection failed while it was sent.
    lost: bool,
    status: StatusCode,
    /// It answers a HEAD request: a body is counted, but not sent.
    head_only: bool,
    /// The client speaks HTTP/1.1 and so understands chunks.
    http_11: bool,
    keep_alive: bool,
    has_date: bool,
    has_server: bool,
    says_close: bool,
    /// The Content-Length that the handler sent.
    length: Option<u64>,
    pace: Pace,
}

/// How far the answer under way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was written.
    Unanswered,
    /// The status line, perhaps fields.
    Head,
    /// The fields are complete but for the framing: the body is gathered, as it
    /// may end soon and then has a known length.
    Gathering,
    /// So many bytes are to come of the length that the handler declared.
    Declared(u64),
    /// The body goes out in chunks.
    Chunked,
    /// The body goes out as it is and ends with the connection (HTTP/1.0).
    UntilClose,
    /// No body is sent (HEAD, 204, 304). So many bytes would have been.
    Bodiless(u64),
    /// All of it is written.
    Finished,
}

/// Body that is gathered before it is framed.
const GATHERED: usize = 32 * 1024;
/// A last piece of a body is sent from where it is, without a copy, if it is larger.
const LARGE: usize = 64 * 1024;

const SERVER: &str = concat!("Server: http-core/", env!("CARGO_PKG_VERSION"), "\r\n");

impl Output {
    pub fn new(limits: &Limits) -> Output {
        Output {
            outbox: Outbox::default(),
            body: Vec::new(),
            date: [b' '; 29],
            answer: Underway::to(None, false, Mark::default(), limits),
        }
    }

    /// Begins the answer to a request; without a head, to one that is refused.
    pub fn begin(&mut self, head: Option<&Head>, keep_alive: bool, limits: &Limits) {
        self.body.clear();
        self.answer = Underway::to(head, keep_alive, self.outbox.mark(), limits);
    }

    /// The answer is to a HEAD request, though one that is refused.
    pub fn set_head_only(&mut self) {
        self.answer.head_only = true;
    }

    /// Takes the answer under way back to before its first byte. `false` if some
    /// of it has left already.
    pub fn take_back(&mut self) -> bool {
        if !self.answer.on_wire {
            self.outbox.take_back(self.answer.start);
            self.body.clear();
            self.answer.stage = Stage::Unanswered;
            self.answer.length = None;
            self.answer.has_date = false;
            self.answer.has_server = false;
            self.answer.says_close = false;
        }
        !self.answer.on_wire
    }

    pub fn is_finished(&self) -> bool {
        self.answer.stage == Stage::Finished
    }

    pub fn is_lost(&self) -> bool {
        self.answer.lost
    }

    /// The status of the answer, once there is one.
    pub fn status(&self) -> Option<StatusCode> {
        (self.answer.stage != Stage::Unanswered).then_some(self.answer.status)
    }

    /// Whether only the end of the connection ends the answer: a client can't see
    /// then that some of it is missing.
    pub fn is_until_close(&self) -> bool {
        self.answer.stage == Stage::UntilClose
    }

    /// Whether the connection can go on after this answer.
    pub fn keep_alive(&self) -> bool {
        self.answer.keep_alive
    }

    /// No other request will be answered on this connection.
    pub fn set_close(&mut self) {
        self.answer.keep_alive = false;
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> u64 {
        self.outbox.pending()
    }

    /// Sends what waits, as far as it goes without waiting. `true` when all is sent.
    pub fn send_pending(&mut self, socket: &Socket) -> io::Result<bool> {
        self.outbox.send(socket, &mut self.answer.pace)
    }

    /// Whether the last `send_pending` could have gone on, but has had its turn.
    pub fn has_had_its_turn(&self) -> bool {
        self.outbox.has_had_its_turn()
    }

    /// Forgets what waits: nobody will take it.
    pub fn abandon(&mut self) {
        self.outbox.clear();
        self.body.clear();
    }

    /// How fast the client takes what waits.
    pub fn pace(&mut self) -> &mut Pace {
        &mut self.answer.pace
    }

    /// Takes the memory of `spare`, where it has none of its own.
    pub fn borrow_memory(&mut self, spare: &mut Answers) {
        self.outbox.borrow_memory(&mut spare.bytes);
        mem::swap(&mut self.body, &mut spare.body);
    }

    /// Gives its memory to `spare`, unless bytes in it wait to be sent.
    pub fn return_memory(&mut self, spare: &mut Answers) {
        self.outbox.return_memory(&mut spare.bytes);
        mem::swap(&mut self.body, &mut spare.body);
        spare.body.clear();
    }

    /// Writes the status line.
    pub fn status_line(&mut self, status: StatusCode) -> io::Result<()> {
        if status.is_informational() {
            return Err(mistake(format!(
                "{} is not a final status; choose one from 200 on",
                status.as_u16()
            )));
        }
        self.answer.stage = Stage::Head;
        self.answer.status = status;
        let reason = status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
            self.outbox.push(part.as_bytes());
        }
        Ok(())
    }

    /// Writes one field of the head.
    pub fn field(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        let Ok(id) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(mistake(format!(
                "{name:?} is not a name for a header field"
            )));
        };
        self.outbox.push(name.as_bytes());
        self.outbox.push(b": ");
        let start = self.outbox.bytes.len();
        write!(self.outbox.bytes, "{value}")?;
        let value = &self.outbox.bytes[start..];
        // A line break would begin a field, or an answer, that somebody else wrote.
        let is_control = |&b: &u8| (b < b' ' && b != b'\t') || b == 0x7f;
        if value.iter().any(is_control) {
            return Err(mistake(format!(
                "the value of header field {name} has a line break or another control character in it: {:?}",
                String::from_utf8_lossy(value)
            )));
        }
        let answer = &mut self.answer;
        match id {
            header::CONTENT_LENGTH => {
                let length = parse_length(value).ok();
                if length.is_none() || answer.length.is_some() {
                    return Err(mistake("Content-Length must be one number, and sent once"));
                }
                if answer.status == StatusCode::NO_CONTENT {
                    return Err(mistake("an answer with status 204 has no Content-Length"));
                }
                answer.length = length;
            }
            header::TRANSFER_ENCODING => {
                return Err(mistake(
                    "Transfer-Encoding is the server's to choose: just write the body",
                ));
            }
            header::CONNECTION => {
                let is_close = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(b"close");
                if value.split(|&b| b == b',').any(is_close) {
                    answer.says_close = true;
                    answer.keep_alive = false;
                }
            }
            header::DATE => answer.has_date = true,
            header::SERVER => answer.has_server = true,
            _ => {}
        }
        self.outbox.push(b"\r\n");
        Ok(())
    }

    /// The handler has no more fields. The body is next.
    pub fn end_fields(&mut self, socket: &Socket) -> io::Result<()> {
        let answer = &mut self.answer;
        if !answer.has_server {
            self.outbox.push(SERVER.as_bytes());
        }
        if !answer.has_date {
            self.outbox.push(b"Date: ");
            self.outbox.push(&self.date);
            self.outbox.push(b"\r\n");
        }
        answer.stage = match (answer.has_body(), answer.length) {
            (false, _) => Stage::Bodiless(0),
            (true, Some(length)) => Stage::Declared(length),
            (true, None) => Stage::Gathering,
        };
        if let Stage::Declared(_) = answer.stage {
            self.end_head(socket, None);
        }
        Ok(())
    }

    /// Writes a part of the body.
    pub fn write(&mut self, socket: &Socket, data: &[u8]) -> io::Result<()> {
        self.count(data.len() as u64, false)?;
        if let Stage::Bodiless(_) = self.answer.stage {
            return Ok(());
        }
        if self.body.len() + data.len() <= GATHERED {
            self.body.extend_from_slice(data);
            return Ok(());
        }
        self.stream(socket, data)
    }

    /// Sends everything written so far now.
    pub fn flush(&mut self, socket: &Socket) -> io::Result<()> {
        self.count(0, false)?;
        match self.answer.stage {
            Stage::Bodiless(_) => Ok(()),
            _ => self.stream(socket, b""),
        }
    }

    /// Declares the length of a body that ends with `more` bytes.
    pub fn declare(&mut self, socket: &Socket, more: u64) {
        if self.answer.stage == Stage::Gathering {
            let length = self.body.len() as u64 + more;
            self.end_head(socket, Some(Framing::Length(length)));
            self.answer.length = Some(length);
            self.answer.stage = Stage::Declared(more);
        }
    }

    /// Writes a part of a file as a part of the body. A large one is not read now, but
    /// waits to be sent.
    pub fn write_file(&mut self, socket: &Socket, part: FilePart) -> io::Result<()> {
        let length = part.left();
        self.count(length, false)?;
        if let (Stage::Bodiless(_), _) | (_, 0) = (self.answer.stage, length) {
            return Ok(());
        }
        self.frame_stream(socket);
        self.begin_chunk(self.body.len() as u64 + length);
        self.outbox.bytes.append(&mut self.body);
        self.outbox.push_file(part)?;
        self.end_chunk();
        Ok(())
    }

    /// Writes the last part of the body. The answer is complete then, though
    /// perhaps not sent yet: the caller sends it, or gathers more answers first.
    pub fn finish(&mut self, socket: &Socket, last: &[u8]) -> io::Result<()> {
        self.count(last.len() as u64, true)?;
        let length = (self.body.len() + last.len()) as u64;
        match self.answer.stage {
            Stage::Bodiless(length) => {
                // HEAD is told what GET would get (RFC 9110, section 9.3.2).
                let tell = self.answer.head_only
                    && self.answer.length.is_none()
                    && self.answer.status_has_body();
                self.end_head(socket, tell.then_some(Framing::Length(length)));
                self.answer.stage = Stage::Finished;
                return Ok(());
            }
            Stage::Gathering => self.end_head(socket, Some(Framing::Length(length))),
            _ => {}
        }
        if length > 0 {
            self.begin_chunk(length);
            self.outbox.bytes.append(&mut self.body);
            self.push_last(socket, last)?;
            self.end_chunk();
        }
        if self.answer.stage == Stage::Chunked {
            self.outbox.push(b"0\r\n\r\n");
        }
        self.answer.stage = Stage::Finished;
        Ok(())
    }

    /// Holds `more` bytes of body against what the head said of it.
    fn count(&mut self, more: u64, is_last: bool) -> io::Result<()> {
        if self.answer.lost {
            // Nobody knows how much has arrived, so nothing can follow it.
            return Err(ErrorKind::ConnectionAborted.into());
        }
        match &mut self.answer.stage {
            Stage::Declared(left) => {
                let declared = self.answer.length.unwrap_or_default();
                let written = (declared - *left).saturating_add(more);
                if written > declared || (is_last && written < declared) {
                    let or_more = if is_last { "" } else { " or more" };
                    return Err(mistake(format!(
                        "Content-Length says {declared} bytes, but the body has {written}{or_more}"
                    )));
                }
                *left -= more;
            }
            Stage::Bodiless(count) => {
                if more > 0 && !self.answer.head_only {
                    let status = self.answer.status.as_u16();
                    return Err(mistake(format!(
                        "an answer with status {status} has no body"
                    )));
                }
                *count += more;
            }
            _ => {}
        }
        Ok(())
    }

    /// Frames what was gathered, with `data` behind it, and sends it all.
    fn stream(&mut self, socket: &Socket, data: &[u8]) -> io::Result<()> {
        self.frame_stream(socket);
        let length = self.body.len() + data.len();
        if length > 0 {
            self.begin_chunk(length as u64);
        }
        self.outbox.bytes.append(&mut self.body);
        if length > 0 && data.is_empty() {
            self.end_chunk();
        }
        self.goes_out(socket);
        let outcome = self
            .outbox
            .send_waiting(socket, data, &mut self.answer.pace);
        self.answer.lost = outcome.is_err();
        outcome?;
        if !data.is_empty() {
            // It leaves with what follows: not worth a copy of `data`, or a write of its own.
            self.end_chunk();
        }
        Ok(())
    }

    /// Ends the head of an answer whose body is sent before its length is known.
    fn frame_stream(&mut self, socket: &Socket) {
        if self.answer.stage != Stage::Gathering {
            return;
        }
        if self.answer.http_11 {
            self.answer.stage = Stage::Chunked;
            self.end_head(socket, Some(Framing::Chunked));
        } else {
            self.answer.stage = Stage::UntilClose;
            self.answer.keep_alive = false;
            self.end_head(socket, None);
        }
    }

    fn begin_chunk(&mut self, length: u64) {
        if self.answer.stage == Stage::Chunked {
            // Writing to a Vec can't fail.
            let _ = write!(self.outbox.bytes, "{length:x}\r\n");
        }
    }

    fn end_chunk(&mut self) {
        if self.answer.stage == Stage::Chunked {
            self.outbox.push(b"\r\n");
        }
    }

    /// Appends the last part of a body; a large one is sent as far as it goes
    /// without waiting, so that only the rest is copied.
    fn push_last(&mut self, socket: &Socket, last: &[u8]) -> io::Result<()> {
        let mut rest = last;
        while rest.len() > LARGE && !self.outbox.has_files() {
            self.goes_out(socket);
            match self.outbox.write_with(socket, rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.answer.lost = true;
                    return Err(error);
                }
            }
        }
        self.outbox.push(rest);
        Ok(())
    }

    /// From here on the answer can't be taken back.
    fn goes_out(&mut self, socket: &Socket) {
        self.answer.on_wire = true;
        socket.exchange().answer_begun.set(true);
    }

    /// Ends the head: how the body is framed, whether the connection goes on.
    fn end_head(&mut self, socket: &Socket, framing: Option<Framing>) {
        if socket.exchange().body_in_the_way.get() {
            self.answer.keep_alive = false;
        }
        match framing {
            Some(Framing::Length(length)) => {
                // Writing to a Vec can't fail.
                let _ = write!(self.outbox.bytes, "Content-Length: {length}\r\n");
            }
            Some(Framing::Chunked) => self
                .outbox
                .bytes
                .extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            None => {}
        }
        let answer = &self.answer;
        let line: &[u8] = match (answer.keep_alive, answer.http_11) {
            _ if answer.says_close => b"",
            // What goes without saying in HTTP/1.1, which is what the status line speaks.
            (true, true) => b"",
            (true, false) => b"Connection: keep-alive\r\n",
            (false, _) => b"Connection: close\r\n",
        };
        self.outbox.push(line);
        self.outbox.push(b"\r\n");
    }
}

impl Underway {
    fn to(head: Option<&Head>, keep_alive: bool, start: Mark, limits: &Limits) -> Underway {
        Underway {
            stage: Stage::Unanswered,
            start,
            on_wire: false,
            lost: false,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            head_only: head.is_some_and(|head| head.method() == Method::HEAD),
            http_11: head.is_none_or(|head| head.version() == Version::HTTP_11),
            keep_alive,
            has_date: false,
            has_server: false,
            says_close: false,
            length: None,
            pace: Pace::new(limits),
        }
    }

    fn has_body(&self) -> bool {
        !self.head_only && self.status_has_body()
    }

    /// RFC 9110, sections 15.3.5 and 15.4.5.
    fn status_has_body(&self) -> bool {
        !matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        )
    }
}

/// An error that the author of a handler made.
fn mistake(message: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message.into())
}
