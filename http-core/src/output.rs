//! The outgoing side of a connection: what a handler writes, framed, on its way to
//! the client.
//!
//! A handler sees this through [`Response`](crate::Response), whose types keep
//! the order of status, fields and body. What types can't rule out is checked in
//! `underway`.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use http::StatusCode;

use crate::clock::Date;
use crate::meaning::Framing;
use crate::outbox::{Mark, Outbox};
use crate::socket::Socket;
use crate::transfer::FilePart;
use crate::underway::{Stage, Underway};
use crate::{Head, Limits};

/// The outgoing side of one connection.
#[derive(Debug)]
pub(crate) struct Output {
    /// The answer to the present request.
    pub answer: Underway,
    /// This answer and those before it, as far as they are not sent.
    outbox: Outbox,
    /// Body that was written, but not framed yet.
    body: Vec<u8>,
    /// For the Date field.
    pub date: Date,
}

/// Body that is gathered before it is framed.
const GATHERED: usize = 32 * 1024;
/// A last piece of a body is sent from where it is, without a copy, if it is larger.
const LARGE: usize = 64 * 1024;

impl Output {
    pub fn new(limits: &Limits) -> Output {
        Output {
            answer: Underway::to(None, false, Mark::default(), limits),
            outbox: Outbox::default(),
            body: Vec::new(),
            date: [b' '; 29],
        }
    }

    /// Begins the answer to a request; without a head, to one that is refused.
    pub fn begin(&mut self, head: Option<&Head>, keep_alive: bool, limits: &Limits) {
        self.body.clear();
        self.answer = Underway::to(head, keep_alive, self.outbox.mark(), limits);
    }

    /// Takes the answer under way back to before its first byte. `false` if some
    /// of it has left already.
    pub fn take_back(&mut self) -> bool {
        if !self.answer.on_wire {
            self.outbox.take_back(self.answer.start);
            self.body.clear();
            self.answer.start_again();
        }
        !self.answer.on_wire
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
        self.answer.stage = Stage::Unanswered;
    }

    /// Forgets what waits, to be used for another connection.
    pub fn clear(&mut self) {
        self.abandon();
        self.outbox.shrink();
    }

    /// Holds memory for what waits only.
    pub fn release_memory(&mut self) {
        self.outbox.release_memory();
        if self.body.is_empty() {
            self.body = Vec::new();
        }
    }

    /// Writes the status line.
    pub fn status_line(&mut self, status: StatusCode) -> io::Result<()> {
        self.answer.status_line(&mut self.outbox.bytes, status)
    }

    /// Writes one field of the head.
    pub fn field(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        self.answer.field(&mut self.outbox.bytes, name, value)
    }

    /// The handler has no more fields. The body is next.
    pub fn end_fields(&mut self, socket: &Socket) {
        self.answer.end_fields(&mut self.outbox.bytes, &self.date);
        if let Stage::Declared(_) = self.answer.stage {
            self.end_head(socket, None);
        }
    }

    /// Writes a part of the body.
    pub fn write(&mut self, socket: &Socket, data: &[u8]) -> io::Result<()> {
        self.answer.count(data.len() as u64, false)?;
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
        self.answer.count(0, false)?;
        match self.answer.stage {
            Stage::Bodiless(_) => Ok(()),
            _ => self.stream(socket, b""),
        }
    }

    /// Declares the length of a body that ends with `more` bytes.
    pub fn declare(&mut self, socket: &Socket, more: u64) {
        if self.answer.stage == Stage::Gathering {
            let length = self.body.len() as u64 + more;
            let framing = self.answer.declare(length, more);
            self.end_head(socket, Some(framing));
        }
    }

    /// Writes a part of a file as a part of the body. A large one is not read now, but
    /// waits to be sent.
    pub fn write_file(&mut self, socket: &Socket, part: FilePart) -> io::Result<()> {
        let length = part.left();
        self.answer.count(length, false)?;
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
        self.answer.count(last.len() as u64, true)?;
        let length = (self.body.len() + last.len()) as u64;
        match self.answer.stage {
            Stage::Bodiless(length) => {
                let framing = self.answer.unsent_framing(length);
                self.end_head(socket, framing);
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
        if self.answer.stage == Stage::Gathering {
            let framing = self.answer.begin_stream();
            // Where its end is that of the connection, that looks like one only once all is sent.
            socket.reset_on_close(self.answer.stage == Stage::UntilClose);
            self.end_head(socket, framing);
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

    fn end_head(&mut self, socket: &Socket, framing: Option<Framing>) {
        if socket.exchange().body_in_the_way.get() {
            self.answer.keep_alive = false;
        }
        self.answer.end_head(&mut self.outbox.bytes, framing);
    }
}
