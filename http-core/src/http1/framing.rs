//! Writing an answer: what the handler's calls become on the wire. Exactly one framing is
//! chosen (RFC 9112, section 6); small pieces are gathered, and large ones are sent directly
//! from the handler's buffer.

use std::io::{self, Write};

use http::StatusCode;

use super::answer::{Answer, Stage};
use super::body::Body;
use super::{Date, Ending, FilePart, Framing, Http1, State};

/// What became of a piece of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is in the output, and nothing has to be done now.
    Queued,
    /// It is large: the caller sends the output, then the piece itself, and reports that
    /// with [`Http1::sent_directly`] or [`Http1::sent_last_directly`].
    Direct,
}

/// The number of body bytes gathered before a framing is chosen.
pub(super) const GATHERED: usize = 32 * 1024;
/// A last piece larger than this is sent directly, without a copy.
const LARGE: usize = 64 * 1024;
/// A part of a file up to this size is read into the output: that costs less than a
/// `sendfile` of its own.
const SMALL_FILE: u64 = 16 * 1024;
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

    /// Writes a part of the body.
    ///
    /// # Errors
    /// If the head does not allow it, or the connection failed before.
    pub fn write(&mut self, data: &[u8]) -> io::Result<Written> {
        self.answer.count(data.len() as u64, false)?;
        if let Stage::NoBody(_) = self.answer.stage {
            return Ok(Written::Queued);
        }
        if self.gathered.len() + data.len() <= GATHERED {
            self.gathered.extend_from_slice(data);
            return Ok(Written::Queued);
        }
        self.stream(data.len());
        Ok(Written::Direct)
    }

    /// Frames all that was written so far, to be sent now.
    ///
    /// # Errors
    /// As [`write`](Http1::write).
    pub fn flush(&mut self) -> io::Result<Written> {
        self.answer.count(0, false)?;
        if let Stage::NoBody(_) = self.answer.stage {
            return Ok(Written::Queued);
        }
        self.stream(0);
        Ok(Written::Direct)
    }

    /// The piece was sent directly.
    pub fn sent_directly(&mut self) {
        // This CR LF leaves with what follows: it is not worth a system call of its own.
        if std::mem::take(&mut self.owes_chunk_end) {
            self.output.push(b"\r\n");
        }
    }

    /// Declares the length of the body, of which `more` bytes are still to come.
    pub fn declare(&mut self, more: u64) {
        if self.answer.stage == Stage::Gathering {
            let length = self.gathered.len() as u64 + more;
            let framing = self.answer.declare(length, more);
            self.end_head(Some(framing));
        }
    }

    /// Writes a part of a file as a piece of the body. A small part is read now, with
    /// `read`; a large one waits in the output.
    ///
    /// # Errors
    /// As [`write`](Http1::write); and if the file can't be read: this answer can't be
    /// finished then.
    pub fn file(
        &mut self,
        part: FilePart,
        read: impl FnOnce(&FilePart, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let length = part.left();
        self.answer.count(length, false)?;
        if let (Stage::NoBody(_), _) | (_, 0) = (self.answer.stage, length) {
            return Ok(());
        }
        self.frame_stream();
        self.begin_chunk(self.gathered.len() as u64 + length);
        if length <= SMALL_FILE {
            let start = self.output.bytes.len();
            self.output.bytes.resize(start + length as usize, 0);
            if let Err(error) = read(&part, &mut self.output.bytes[start..]) {
                self.break_off();
                return Err(error);
            }
        } else {
            self.output.push_file(part);
        }
        self.end_chunk();
        Ok(())
    }

    /// A piece of the body is missing, so this answer can't be finished any more.
    pub fn break_off(&mut self) {
        self.answer.stage = Stage::Broken;
    }

    /// Writes the last piece of the body. Unless it is sent directly, the answer is complete
    /// then, though still in the output: answers to pipelined requests leave together.
    ///
    /// # Errors
    /// As [`write`](Http1::write); and if the body is shorter than its Content-Length.
    pub fn finish(&mut self, last: &[u8]) -> io::Result<Written> {
        self.answer.count(last.len() as u64, true)?;
        let length = (self.gathered.len() + last.len()) as u64;
        match self.answer.stage {
            Stage::NoBody(length) => {
                let framing = self.answer.unsent_framing(length);
                self.end_head(framing);
                self.answer.stage = Stage::Whole;
                return Ok(Written::Queued);
            }
            Stage::Gathering => self.end_head(Some(Framing::Length(length))),
            _ => {}
        }
        if length > 0 {
            self.begin_chunk(length);
            if last.len() > LARGE && !self.output.has_files() {
                return Ok(Written::Direct);
            }
            self.output.push(last);
            self.end_chunk();
        }
        self.end_body();
        Ok(Written::Queued)
    }

    /// The last piece was sent directly, except for `rest`, which goes into the output.
    pub fn sent_last_directly(&mut self, rest: &[u8]) {
        self.output.push(rest);
        self.end_chunk();
        self.end_body();
    }

    /// Discards the answer, so that another can be written in its place. `false` if some of
    /// it has left already.
    pub fn take_back(&mut self) -> bool {
        let can_be_replaced = !self.output.has_left() && self.answer.stage != Stage::Lost;
        if can_be_replaced {
            self.output.take_back();
            self.gathered.clear();
            self.owes_chunk_end = false;
            self.answer.start_again();
        }
        can_be_replaced
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
        self.owes_chunk_end = false;
        self.output.begin_answer();
        self.state = State::Exchange(body);
    }

    /// Frames what was gathered, and `more` bytes that are sent directly behind it.
    fn stream(&mut self, more: usize) {
        self.frame_stream();
        let length = self.gathered.len() + more;
        if length == 0 {
            return;
        }
        self.begin_chunk(length as u64);
        self.owes_chunk_end = self.answer.stage == Stage::Chunked;
        if more == 0 {
            self.sent_directly();
        }
    }

    /// Ends the head of an answer whose length is not known before its body is sent.
    fn frame_stream(&mut self) {
        if self.answer.stage == Stage::Gathering {
            let framing = self.answer.begin_stream();
            if self.answer.stage == Stage::UntilClose {
                self.output.ends_with_connection = true;
                self.end_after(Ending::UntilClose);
            }
            self.end_head(framing);
        }
    }

    /// Begins a chunk of this length, if the body is chunked, with what was gathered.
    fn begin_chunk(&mut self, length: u64) {
        if self.answer.stage == Stage::Chunked {
            // Writing to a Vec can't fail.
            let _ = write!(self.output.bytes, "{length:x}\r\n");
        }
        self.output.bytes.append(&mut self.gathered);
    }

    fn end_chunk(&mut self) {
        if self.answer.stage == Stage::Chunked {
            self.output.push(b"\r\n");
        }
    }

    fn end_body(&mut self) {
        if self.answer.stage == Stage::Chunked {
            self.output.push(b"0\r\n\r\n");
        }
        self.answer.stage = Stage::Whole;
    }

    /// Ends the head of the answer. It says whether the connection stays open, so this is
    /// where it is decided whether an unread request body stands in the way.
    fn end_head(&mut self, framing: Option<Framing>) {
        if let State::Exchange(body) = &self.state
            && body.is_unread()
            && !body.can_be_skipped(self.input.len(), self.skip_limit)
        {
            self.end_after(Ending::UnreadBody);
        }
        let keep_alive = self.ending.is_none();
        self.answer
            .end_head(&mut self.output.bytes, framing, keep_alive);
    }
}
