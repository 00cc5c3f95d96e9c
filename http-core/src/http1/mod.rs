//! HTTP/1.1, the server's side of one connection (RFC 9112): bytes in, what to do next out.
//!
//! Nothing here knows a socket, a thread, a clock or the environment. A shell around it
//! (the module `net`, a test, a fuzzer) asks [`Http1::next`] what to do, does it, and says
//! what came of it:
//!
//! ```text
//!          bytes ──► room, received ──► ┌───────┐ ──► output, sent ──► bytes
//!                                       │ Http1 │
//!     Read, Write, Call, … ◄── next ◄── └───────┘ ◄── status, field, write, … ◄── handler
//! ```
//!
//! Its state is one of these, and `next` is where it changes:
//!
//! ```text
//!  ┌─► Head ──► Body ──► Exchange ──► Skip ──┐
//!  └────────────────────────┴────────────────┘
//!  from each of them: ──► Finish ──► Linger ──► Closed
//! ```
//!
//! | module | what it is about |
//! | --- | --- |
//! | `head`, `line`, `fields`, `host` | bytes to a request's [`Head`], and what it says of the connection |
//! | `chunks` | where a body ends: Content-Length and chunks |
//! | `body` | a request's body, as the handler reads it |
//! | `answer`, `framing` | an answer, as the handler writes it: its head, and how its body is framed |
//! | `buffer`, `output` | bytes that came; bytes and files that wait to be sent |
//! | `limits`, `refusal` | what is refused, and how |

mod answer;
mod body;
mod buffer;
mod chunks;
#[cfg(test)]
mod dialogues;
mod fields;
mod framing;
mod head;
mod host;
mod limits;
mod line;
mod output;
mod refusal;

use http::StatusCode;

use self::answer::{Answer, Stage};
use self::body::{Ahead, Body, Waiting};
pub use self::body::{CONTINUE, Got};
use self::buffer::Buffer;
pub use self::chunks::{Decoder, Framing, Piece};
pub use self::framing::Written;
pub use self::head::Head;
pub use self::limits::Limits;
use self::line::request_line;
pub use self::output::{FilePart, Front, Output};
pub use self::refusal::Refusal;

/// A time as in a `Date` field (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub type Date = [u8; 29];

/// The HTTP/1.1 side of one connection.
#[derive(Debug, Default)]
pub struct Http1 {
    state: State,
    /// Why the connection ends with the present answer, or without one. `None`: it goes on.
    ending: Option<Ending>,
    input: Buffer,
    /// The client sends nothing more.
    input_ended: bool,
    /// What waits to be sent.
    pub output: Output,
    /// The answer under way, or the last one.
    answer: Answer,
    /// The part of its body that was written, but not framed yet.
    gathered: Vec<u8>,
    /// The line end behind a chunk that passed by is still to be written.
    owes_chunk_end: bool,
    /// Bytes of a body the handler did not read that are skipped to keep the connection.
    skip_limit: u64,
}

/// The life of a connection, from top to bottom.
#[derive(Debug)]
enum State {
    /// Between requests, or within a head: so many bytes were found to be less than one.
    Head {
        seen: usize,
    },
    /// A short body is on its way, and the handler is not called before it is complete.
    Body(Box<Waiting>),
    /// The handler has the request.
    Exchange(Body),
    /// The request is answered; the rest of its body is thrown away, up to so many bytes.
    Skip(Decoder, u64),
    /// The request is answered without a handler, once the shell is told so.
    Refused(Refusal, Vec<u8>),
    /// The last answer leaves; then the connection is closed, or lingers before.
    Finish {
        linger: bool,
    },
    /// The client may still be sending. If the socket were closed with bytes unread, the
    /// system would reset the connection, and the client might never see its answer (RFC
    /// 9112, section 9.6).
    Linger,
    Closed,
}

impl Default for State {
    fn default() -> State {
        State::Head { seen: 0 }
    }
}

/// Why a connection ends. Keep-alive goes one way: the first reason stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client asked for it, or did not ask for another request (HTTP/1.0).
    Client,
    /// The handler said `Connection: close`.
    Handler,
    /// The server stops.
    Stopping,
    /// A request was refused, so nobody knows where the next one begins.
    Refused,
    /// A long body, or one that may never come, lies before the next request.
    UnreadBody,
    /// The end of the answer is the end of the connection.
    UntilClose,
}

/// What the shell has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Let the handler answer the request whose head is in the head that was lent; then
    /// say [`Http1::answered`].
    Call,
    /// Answer a request of this first line with an error, in the handler's place; then say
    /// [`Http1::answered`].
    Refuse(Refusal, Vec<u8>),
    /// Send what waits, then read; report it with [`Http1::received`].
    Read,
    /// Send all that waits.
    Write,
    /// Tell the client that nothing more will be sent (FIN); it may still be sending.
    ShutDown,
    /// Close the connection.
    Close,
}

/// What a connection waits for, as there is a limit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// The first byte of a request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// That the client stops sending.
    Linger,
}

/// Bytes without a line end that are worth looking at the head from its start again, which
/// may come one byte at a time.
const WORTH_A_LOOK: usize = 1024;
/// Bytes that wait to be sent before no more requests are answered.
const HIGH_WATER: u64 = 64 * 1024;

impl Http1 {
    /// As new, for another connection, but with the memory it has.
    pub fn reset(&mut self) {
        self.input.reset();
        self.output.reset();
        self.gathered.clear();
        *self = Http1 {
            input: std::mem::take(&mut self.input),
            output: std::mem::take(&mut self.output),
            gathered: std::mem::take(&mut self.gathered),
            ..Http1::default()
        };
    }

    /// Holds memory only for what waits.
    pub fn release_memory(&mut self) {
        self.input.release_memory();
        self.output.release_memory();
        if self.gathered.is_empty() {
            self.gathered = Vec::new();
        }
    }

    /// What to do next. `head` is memory for the head of a request; `stopping` says that
    /// no more requests are answered.
    pub fn next(&mut self, head: &mut Head, limits: &Limits, stopping: bool) -> Next {
        if stopping {
            self.end_after(Ending::Stopping);
        }
        loop {
            let ends = self.ending.is_some();
            self.state = match &mut self.state {
                // A client that is sending is told so in good order.
                State::Head { .. } if ends && !self.input.is_empty() => {
                    State::Finish { linger: true }
                }
                State::Head { .. } if self.output.pending() > HIGH_WATER => return Next::Write,
                State::Head { seen } => {
                    let bytes = self.input.filled();
                    let is_new = |new: &[u8]| new.len() >= WORTH_A_LOOK || new.contains(&b'\n');
                    let outcome = if bytes.is_empty() || (*seen > 0 && !is_new(&bytes[*seen..])) {
                        Ok(None)
                    } else {
                        *seen = bytes.len();
                        head.read(bytes, limits)
                    };
                    match outcome {
                        Ok(Some(length)) => {
                            self.input.consume(length);
                            let mut ahead = Ahead::new(head, limits);
                            if head.framing() == Framing::Length(0)
                                || ahead.is_complete(self.input.filled())
                            {
                                return self.call(head, limits);
                            }
                            let head = std::mem::take(head);
                            State::Body(Box::new(Waiting { head, ahead }))
                        }
                        Ok(None) if self.input_ended => self.cut_off(),
                        Ok(None) => return Next::Read,
                        Err(refusal) => {
                            State::Refused(refusal, request_line(self.input.filled()).to_vec())
                        }
                    }
                }
                State::Body(waiting) => {
                    let input = self.input.filled();
                    let is_complete = waiting.ahead.is_complete(input);
                    if !is_complete && waiting.is_worth_it(input, limits) {
                        if ends {
                            State::Finish { linger: false }
                        } else if self.input_ended {
                            self.cut_off()
                        } else {
                            return Next::Read;
                        }
                    } else if !is_complete && !self.output.is_empty() {
                        // The client may wait for its earlier answers before it sends this.
                        return Next::Write;
                    } else {
                        std::mem::swap(head, &mut waiting.head);
                        return self.call(head, limits);
                    }
                }
                State::Exchange(_) => {
                    // Nobody has answered it, and nobody will.
                    self.give_up();
                    State::Finish { linger: false }
                }
                State::Skip(decoder, left) => {
                    match decoder.next(self.input.filled(), usize::MAX) {
                        Ok(Piece::Data(count) | Piece::Framing(count)) if count as u64 <= *left => {
                            *left -= count as u64;
                            self.input.consume(count);
                            continue;
                        }
                        Ok(Piece::End) => State::default(),
                        // Nothing is answered behind it any more.
                        Ok(Piece::More) if ends => State::Finish { linger: true },
                        Ok(Piece::More) if self.input_ended => State::Finish { linger: false },
                        Ok(Piece::More) => return Next::Read,
                        // Too much of it, or malformed: its answer is written already.
                        _ => State::Finish { linger: true },
                    }
                }
                State::Refused(refusal, line) => {
                    let (refusal, line) = (*refusal, std::mem::take(line));
                    self.end_after(Ending::Refused);
                    self.begin(Answer::to_refused(&line), Body::Refused(refusal));
                    return Next::Refuse(refusal, line);
                }
                State::Finish { .. } if !self.output.is_empty() => return Next::Write,
                State::Finish { linger: true } => {
                    self.input.clear();
                    self.state = State::Linger;
                    return Next::ShutDown;
                }
                State::Finish { linger: false } => State::Closed,
                State::Linger if self.input_ended => State::Closed,
                State::Linger => {
                    self.input.clear();
                    return Next::Read;
                }
                State::Closed => return Next::Close,
            };
        }
    }

    /// A request is complete, or as much of it as is waited for.
    fn call(&mut self, head: &Head, limits: &Limits) -> Next {
        if !head.keep_alive() {
            self.end_after(Ending::Client);
        }
        self.skip_limit = limits.drain;
        self.begin(Answer::to(head), Body::new(head, limits));
        Next::Call
    }

    /// The request was answered, or will never be: how the connection goes on. Returns the
    /// status of the answer, if there is one.
    pub fn answered(&mut self) -> Option<StatusCode> {
        let status = self.answer.status;
        let State::Exchange(body) = std::mem::replace(&mut self.state, State::Closed) else {
            return status;
        };
        let unread = body.is_unread();
        let linger = unread || self.ending != Some(Ending::Client) || !self.input.is_empty();
        self.state = match (self.ending, body) {
            _ if self.answer.stage != Stage::Whole => {
                // Half an answer, or none: the end of the connection says so.
                self.give_up();
                State::Finish { linger: false }
            }
            (Some(_), _) | (_, Body::Refused(_) | Body::Lost) => State::Finish { linger },
            (None, _) if !unread => State::default(),
            // It is short, or `end_head` would have ended the connection.
            (None, Body::Awaited(decoder) | Body::Coming(decoder)) => {
                State::Skip(decoder, self.skip_limit)
            }
        };
        status
    }

    /// The connection ends with the present answer, or now if there is none.
    pub fn end_after(&mut self, reason: Ending) {
        // That the client wants the end says more than any other reason: it sends no more.
        if self.ending.is_none() || reason == Ending::Client {
            self.ending = Some(reason);
        }
    }

    /// Room for bytes from the client.
    pub fn room(&mut self) -> &mut [u8] {
        self.input.room()
    }

    /// So many bytes were read to the start of [`room`](Http1::room). 0: the client sends
    /// nothing more.
    pub fn received(&mut self, count: usize) {
        self.input_ended |= count == 0;
        self.input.filled_more(count);
    }

    /// The wait for the client was too long.
    pub fn expired(&mut self) {
        if self.output.is_empty()
            && let Some(line) = self.half_request()
        {
            self.state = State::Refused(Refusal::TOO_SLOW, line);
        } else {
            self.give_up();
            self.state = State::Finish { linger: false };
        }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.patience() == Patience::Idle && self.output.is_empty()
    }

    /// What it waits for, once all is sent.
    pub fn patience(&self) -> Patience {
        match &self.state {
            State::Head { .. } if self.input.is_empty() => Patience::Idle,
            State::Head { .. } => Patience::Head,
            State::Body(_) | State::Skip(..) => Patience::Body,
            _ => Patience::Linger,
        }
    }

    /// Whether closing the connection must look like a failure, as a part of an answer
    /// would look like all of it.
    pub fn is_cut(&self) -> bool {
        self.output.ends_with_connection() && self.answer.stage != Stage::Whole
    }

    /// Forgets what waits: nobody will take it.
    fn give_up(&mut self) {
        self.output.clear();
        self.gathered.clear();
        self.answer.stage = Stage::Lost;
    }

    /// The client sends nothing more. It may still read: RFC 9112, section 8, allows the
    /// answer, and somebody who forgot the empty line needs it.
    fn cut_off(&self) -> State {
        match self.half_request() {
            Some(line) => State::Refused(Refusal::CUT_OFF, line),
            None => State::Finish { linger: false },
        }
    }

    /// The first line of a request of which more is to come.
    fn half_request(&self) -> Option<Vec<u8>> {
        let line = match &self.state {
            State::Head { .. } => request_line(self.input.filled()),
            State::Body(waiting) => waiting.head.request_line(),
            _ => b"",
        };
        (!line.is_empty()).then(|| line.to_vec())
    }
}
