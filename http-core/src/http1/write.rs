//! Writing an answer: what the handler's calls become on the wire. Its body gets exactly one
//! framing (RFC 9112, section 6), chosen when its length is known, or when there is too much to
//! wait for that. Small pieces are gathered, and large ones are sent directly from the handler's
//! buffer.

use std::io::{self, Write};

use http::StatusCode;

use super::answer::{Answer, Stage};
use super::body::Body;
use super::{Date, Ending, FilePart, Framing, Http1, State};

/// The number of body bytes gathered before a framing is chosen.
pub(super) const GATHERED: usize = 32 * 1024;

impl Http1 {
    /// Writes the status line.
    ///
    /// # Errors
    /// If it is not a final status.
    pub fn status(&mut self, status: StatusCode) -> io::Result<()> {
        self.answer.status_line(&mut self.output.bytes, status)
    }

    /// Writes one field of the head.
    ///
    /// # Errors
    /// If the name or the value is not one, or the field is not the handler's to choose.
    pub fn field(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        self.answer.field(&mut self.output.bytes, name, value)
    }

    /// Memory for the value of a field, so that none has to be asked for. It is that of the
    /// body, of which nothing is written yet, and must be given back empty.
    pub fn field_memory(&mut self) -> &mut Vec<u8> {
        &mut self.gathered
    }

    /// Ends the fields. The body is next.
    pub fn end_fields(&mut self, date: &Date) {
        self.answer.end_fields(&mut self.output.bytes, date);
        if self.answer.says_close() {
            self.end_after(Ending::Handler);
        }
        if let Stage::Sized(_) = self.answer.stage {
            self.end_head(None);
        }
    }

    /// Writes a piece of the body. It is gathered with others unless there are too many by
    /// now, or they are to be sent `now`. `true` means that: the caller sends the output, then
    /// the piece itself, which is not copied.
    ///
    /// # Errors
    /// If the head does not allow it, or the connection failed before.
    pub fn write(&mut self, piece: &[u8], now: bool) -> io::Result<bool> {
        self.answer.count(piece.len() as u64, false)?;
        if let Stage::NoBody(_) = self.answer.stage {
            return Ok(false);
        }
        if !now && self.gathered.len() + piece.len() <= GATHERED {
            self.gathered.extend_from_slice(piece);
            return Ok(false);
        }
        if self.answer.stage == Stage::Gathering {
            let framing = self.answer.begin_stream();
            if framing.is_none() {
                self.output.ends_with_connection = true;
                self.end_after(Ending::UntilClose);
            }
            self.end_head(framing);
        }
        // An empty chunk would be the end.
        if !self.gathered.is_empty() || !piece.is_empty() {
            self.begin_chunk(piece.len() as u64);
        }
        if piece.is_empty() {
            // Behind a piece, it leaves with what follows: it is not worth a system call.
            self.end_chunk();
        }
        Ok(true)
    }

    /// Begins the last piece of the body, which has `length` bytes. `true` means that
    /// [`end_last`](Http1::end_last) or [`end_with_file`](Http1::end_with_file) is next;
    /// `false`, that the answer has no body, and is complete.
    ///
    /// # Errors
    /// As [`write`](Http1::write); and if the body is shorter than its Content-Length.
    pub fn begin_last(&mut self, length: u64) -> io::Result<bool> {
        self.answer.count(length, true)?;
        let all = self.gathered.len() as u64 + length;
        match self.answer.stage {
            Stage::NoBody(length) => {
                let framing = self.answer.unsent_framing(length);
                self.end_head(framing);
                self.answer.stage = Stage::Whole;
                return Ok(false);
            }
            Stage::Gathering => self.end_head(Some(Framing::Length(all))),
            _ => {}
        }
        if all > 0 {
            self.begin_chunk(length);
        }
        Ok(true)
    }

    /// Ends the answer with the last piece, or with the `rest` of it if some was sent already.
    /// It may still be in the output: answers to pipelined requests leave together.
    pub fn end_last(&mut self, rest: &[u8]) {
        self.output.push(rest);
        self.end_chunk();
        if self.answer.stage == Stage::Chunked {
            self.output.push(b"0\r\n\r\n");
        }
        self.answer.stage = Stage::Whole;
    }

    /// Ends the answer with this part of a file as the last piece, which waits in the output.
    pub fn end_with_file(&mut self, part: FilePart) {
        self.output.file = Some(part);
        self.answer.stage = Stage::Whole;
    }

    /// Discards the answer, so that another can be written in its place. `false` if some of
    /// it has left already.
    pub fn take_back(&mut self) -> bool {
        let can_be_replaced = !self.output.has_left && self.answer.stage != Stage::Lost;
        if can_be_replaced {
            self.output.take_back();
            self.gathered.clear();
            self.is_in_chunk = false;
            self.answer.start_again();
        }
        can_be_replaced
    }

    /// Whether the body goes out in chunks, so that something has to follow its last piece.
    pub fn is_chunked(&self) -> bool {
        self.answer.stage == Stage::Chunked
    }

    /// Whether the answer is complete.
    pub fn is_answered(&self) -> bool {
        self.answer.stage == Stage::Whole
    }

    /// Whether the connection failed.
    pub fn is_lost(&self) -> bool {
        let body_is_lost = matches!(self.state, State::Exchange(Body::Lost));
        self.answer.stage == Stage::Lost || body_is_lost
    }

    /// The connection failed while the answer was being sent.
    pub fn lost(&mut self) {
        if self.answer.stage != Stage::Whole {
            self.answer.stage = Stage::Lost;
        }
    }

    pub(super) fn begin(&mut self, answer: Answer, body: Body) {
        self.answer = answer;
        self.gathered.clear();
        self.is_in_chunk = false;
        self.output.begin_answer();
        self.state = State::Exchange(body);
    }

    /// Begins a chunk, if the body is chunked, with what was gathered; `more` bytes follow.
    fn begin_chunk(&mut self, more: u64) {
        self.end_chunk();
        if self.answer.stage == Stage::Chunked {
            let length = self.gathered.len() as u64 + more;
            // Writing to a Vec can't fail.
            let _ = write!(self.output.bytes, "{length:x}\r\n");
            self.is_in_chunk = true;
        }
        self.output.bytes.append(&mut self.gathered);
    }

    fn end_chunk(&mut self) {
        if std::mem::take(&mut self.is_in_chunk) {
            self.output.push(b"\r\n");
        }
    }

    /// Ends the head of the answer, which says whether the connection stays open.
    fn end_head(&mut self, framing: Option<Framing>) {
        let keep_alive = self.decide_keep_alive();
        self.answer
            .end_head(&mut self.output.bytes, framing, keep_alive);
    }
}
