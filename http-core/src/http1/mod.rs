//! HTTP/1.1, the server's side of one connection (RFC 9112): bytes in, what to do next out.
//!
//! Nothing here knows about sockets, threads, clocks or the environment. A shell around it
//! (the module `net`, a test, a fuzzer) asks [`Http1::next`] what to do, does it, and says
//! what came of it:
//!
//! ```text
//!          bytes ──► room, received ──► ┌───────┐ ──► output, sent ──► bytes
//!                                       │ Http1 │
//!     Read, Write, Call, … ◄── next ◄── └───────┘ ◄── status, field, write, … ◄── handler
//! ```
//!
//! It is a state machine. [`Http1::next`] moves it on when bytes have come or have been sent,
//! [`Http1::answered`] when the handler is done, and [`Http1::expired`] when the client is late:
//!
//! ```text
//!  ┌──────────────── keep-alive ───────────────┐
//!  ▼                                           │
//! Head ─────────────────► Exchange ────────────┤
//!  ├────► Body ────────────► ▲ │               │
//!  │       │                 │ └────► Skip ────┘
//!  └───────┴───► Refused ────┘
//!
//! from each of them but Refused ──► Finish ──► Linger ──► Closed
//!                                        └────────────────►
//! ```
//!
//! | module | what it is about |
//! | --- | --- |
//! | `head`, `line`, `fields`, `host`, `grammar` | bytes to a request's [`Head`], and what it says of the connection |
//! | `chunks` | where a body ends: Content-Length and chunks |
//! | `body` | a request's body, as the handler reads it |
//! | `answer`, `write` | an answer, as the handler writes it: its head, and how its body is framed |
//! | `keep_alive` | whether the connection stays open after it |
//! | `buffer`, `output` | bytes that came; bytes and files that wait to be sent |
//! | `limits`, `refusal` | what is refused, and how |
//! | `next` | what the shell is asked to do |

mod answer;
mod body;
mod buffer;
mod chunks;
#[cfg(test)]
mod dialogues;
mod fields;
mod grammar;
mod head;
mod host;
mod keep_alive;
mod limits;
mod line;
mod next;
mod output;
mod refusal;
mod write;

pub use self::answer::mistake;
use self::answer::{Answer, Stage};
use self::body::{Body, Waiting};
pub use self::body::{CONTINUE, Got};
use self::buffer::Buffer;
pub use self::chunks::{Decoder, Framing, Piece};
pub use self::head::Head;
pub use self::keep_alive::Ending;
pub use self::limits::Limits;
use self::line::request_line;
pub use self::next::{Next, Patience};
pub use self::output::{FilePart, Output};
pub use self::refusal::Refusal;

/// A time as in a `Date` field (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub type Date = [u8; 29];

/// The HTTP/1.1 side of one connection.
#[derive(Debug, Default)]
pub struct Http1 {
    state: State,
    /// Why the connection ends after the current answer. `None`: it stays open (keep-alive).
    ending: Option<Ending>,
    input: Buffer,
    /// The client will send nothing more (it has half-closed the connection).
    input_ended: bool,
    /// What waits to be sent.
    pub output: Output,
    /// The answer under way, or the last one.
    answer: Answer,
    /// The part of its body that the handler has written and that is not framed yet.
    gathered: Vec<u8>,
    /// The CR LF that ends a chunk still has to be written.
    is_in_chunk: bool,
    /// The number of unread body bytes that are worth skipping to keep the connection open.
    skip_limit: u64,
}

/// The life of a connection, from top to bottom.
#[derive(Debug)]
enum State {
    /// Between requests, or within a head. The first `seen` bytes are known to be only a
    /// part of one.
    Head {
        seen: usize,
    },
    /// A short body is on its way, and the handler is not called before it is complete.
    Body(Box<Waiting>),
    /// The handler has the request.
    Exchange(Body),
    /// The request is answered. The rest of its body is thrown away, up to this many bytes.
    Skip(Decoder, u64),
    /// The request is refused: the shell is about to be told to answer it with an error.
    Refused(Refusal, Vec<u8>),
    /// The last answer is being sent; then the connection closes, perhaps after lingering.
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

/// A head is parsed again from its start once this many bytes have come without a line end:
/// not for every byte, as it may come one byte at a time.
const WORTH_A_LOOK: usize = 1024;

impl Http1 {
    /// Makes it as new, for another connection, but keeps its buffers.
    pub fn reset(&mut self) {
        self.input.reset();
        self.output.reset();
        self.gathered.clear();
        self.gathered.shrink_to(write::GATHERED);
        *self = Http1 {
            input: std::mem::take(&mut self.input),
            output: std::mem::take(&mut self.output),
            gathered: std::mem::take(&mut self.gathered),
            ..Http1::default()
        };
    }

    /// Frees the buffers that hold nothing.
    pub fn release_memory(&mut self) {
        self.input.release_memory();
        self.output.release_memory();
        if self.gathered.is_empty() {
            self.gathered = Vec::new();
        }
    }

    /// Says what to do next. `head` is where the head of a request is written; `stopping`
    /// means that no more requests are answered.
    ///
    /// # Panics
    /// If it has asked for an answer, and [`answered`](Http1::answered) was not called.
    pub fn next(&mut self, head: &mut Head, limits: &Limits, stopping: bool) -> Next {
        if stopping {
            self.end_after(Ending::Stopping);
        }
        loop {
            let ends = self.ending.is_some();
            self.state = match &mut self.state {
                // The client may be sending still, so the end has to be an orderly one.
                State::Head { .. } if ends && !self.input.is_empty() => {
                    State::Finish { linger: true }
                }
                State::Head { .. } if self.output.is_full() => return Next::Write,
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
                            if head.framing() == Framing::Length(0) {
                                return self.call(head, limits);
                            }
                            let mut waiting = Waiting::new(std::mem::take(head), limits);
                            if waiting.is_complete(self.input.filled()) {
                                *head = waiting.head;
                                return self.call(head, limits);
                            }
                            State::Body(Box::new(waiting))
                        }
                        Ok(None) if self.input_ended => self.break_off(Refusal::CUT_OFF),
                        Ok(None) => return Next::Read,
                        Err(refusal) => {
                            State::Refused(refusal, request_line(self.input.filled()).to_vec())
                        }
                    }
                }
                State::Body(waiting) => {
                    let input = self.input.filled();
                    let is_complete = waiting.is_complete(input);
                    if !is_complete && waiting.is_buffered_first(input, limits) {
                        if ends {
                            // It has asked nothing, and so is not waited for.
                            State::Finish { linger: false }
                        } else if self.input_ended {
                            self.break_off(Refusal::CUT_OFF)
                        } else {
                            return Next::Read;
                        }
                    } else if !is_complete && !self.output.is_empty() {
                        // The client may want its earlier answers before it sends this body.
                        return Next::Write;
                    } else {
                        std::mem::swap(head, &mut waiting.head);
                        return self.call(head, limits);
                    }
                }
                State::Exchange(_) => unreachable!("`answered` must be called first"),
                State::Skip(decoder, left) => {
                    match decoder.next(self.input.filled(), usize::MAX) {
                        Ok(Piece::Data(count) | Piece::Overhead(count))
                            if count as u64 <= *left =>
                        {
                            *left -= count as u64;
                            self.input.consume(count);
                            continue;
                        }
                        Ok(Piece::End) => State::default(),
                        // No request after this body will be answered.
                        Ok(Piece::More) if ends => State::Finish { linger: true },
                        Ok(Piece::More) if self.input_ended => State::Finish { linger: false },
                        Ok(Piece::More) => return Next::Read,
                        // It is too long or malformed, and its request is answered already.
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

    /// A request has arrived: all of it, or as much as the server waits for.
    fn call(&mut self, head: &Head, limits: &Limits) -> Next {
        if !head.keep_alive() {
            self.end_after(Ending::Client);
        }
        self.skip_limit = limits.drain;
        self.begin(Answer::to(head), Body::new(head, limits));
        Next::Call
    }

    /// Room for bytes from the client.
    pub fn room(&mut self) -> &mut [u8] {
        self.input.room()
    }

    /// `count` bytes were read into the start of [`room`](Http1::room). 0 means that the
    /// client will send nothing more.
    pub fn received(&mut self, count: usize) {
        self.input_ended |= count == 0;
        self.input.filled_more(count);
    }

    /// The client has taken longer than its limit allows.
    pub fn expired(&mut self) {
        self.state = if self.output.is_empty() {
            self.break_off(Refusal::TOO_SLOW)
        } else {
            self.give_up();
            State::Finish { linger: false }
        };
    }

    /// Whether the connection is between requests, with nothing left to send.
    pub fn is_idle(&self) -> bool {
        self.patience() == Patience::Idle && self.output.is_empty()
    }

    /// What it is waiting for when all output is sent and `next` wants to read.
    pub fn patience(&self) -> Patience {
        match &self.state {
            State::Head { .. } if self.input.is_empty() => Patience::Idle,
            State::Head { .. } => Patience::Head,
            State::Body(_) | State::Skip(..) => Patience::Body,
            // The other states do not read.
            _ => Patience::Linger,
        }
    }

    /// Whether the connection must be reset (RST) rather than closed, because a close would make
    /// an incomplete answer look complete.
    pub fn is_cut(&self) -> bool {
        self.output.ends_with_connection && self.answer.stage != Stage::Whole
    }

    /// Drops the output: nobody will read it.
    fn give_up(&mut self) {
        self.output.clear();
        self.gathered.clear();
        self.answer.stage = Stage::Lost;
    }

    /// No more of the client's bytes are waited for. If half a request has come, its client is
    /// told why: RFC 9112, section 8, allows an answer even to one who sends no more, and anyone
    /// who forgot the empty line needs it.
    fn break_off(&self, why: Refusal) -> State {
        let line = match &self.state {
            State::Head { .. } => request_line(self.input.filled()),
            State::Body(waiting) => waiting.head.request_line(),
            _ => b"",
        };
        match &self.state {
            _ if !line.is_empty() => State::Refused(why, line.to_vec()),
            // This client has its answer, but may look at it only behind its body.
            State::Skip(..) => State::Finish { linger: true },
            _ => State::Finish { linger: false },
        }
    }
}
