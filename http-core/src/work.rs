//! What is under way on a connection: from the bytes at hand to answers, as far as it
//! goes without waiting.

use std::io::{self, ErrorKind};
use std::time::Instant;

use crate::buffer::Buffer;
use crate::clock::Clock;
use crate::connection::{Next, Spare};
use crate::decode::{Decoder, Piece};
use crate::head::request_line;
use crate::meaning::Framing;
use crate::output::Output;
use crate::refusal::CUT_OFF;
use crate::request::BodyReader;
use crate::service::Service;
use crate::socket::{Pace, Socket, TOO_SLOW};
use crate::underway::Stage;
use crate::{Head, Limits, Refusal, Request, log};

/// The requests and answers that are under way on a connection.
#[derive(Debug)]
pub(crate) struct Work {
    input: Buffer,
    output: Output,
    pub phase: Phase,
    /// The last read left nothing, so the next has to wait for an event.
    is_drained: bool,
    /// So many bytes of input were found to be less than a head.
    tried: usize,
}

/// What a connection is about.
#[derive(Debug)]
pub(crate) enum Phase {
    /// The next request head, and since when it comes: since its first byte, or
    /// as long as there is none, since the connection is idle. `None` is this turn.
    Head(Option<Instant>),
    /// A request whose handler was not called yet.
    Request(Box<Incoming>),
    /// The rest of a body that the handler did not read; so much of it may come.
    Drain(Decoder, u64, Pace),
    /// The last answer is on its way; then perhaps linger.
    Closing { linger: bool },
    /// The client may still be sending. If the socket were closed with bytes
    /// unread, the system would reset the connection, and the client might never
    /// see its answer (RFC 9112, section 9.6). It has until this time to stop.
    Linger(Instant),
}

/// A request whose body is on its way.
#[derive(Debug)]
pub(crate) struct Incoming {
    head: Head,
    pace: Pace,
    /// Looks ahead for the end of the body, which stays in the input: it has come so far.
    ahead: Decoder,
    seen: usize,
}

impl Incoming {
    /// Whether all of the body is in `input`; or cannot be, because it is malformed
    /// or too large, which the handler gets to know when it reads it.
    fn is_complete(&mut self, input: &[u8]) -> bool {
        loop {
            match self.ahead.next(&input[self.seen..], usize::MAX) {
                Ok(Piece::Data(count) | Piece::Framing(count)) => self.seen += count,
                Ok(Piece::More) => return false,
                Ok(Piece::End) | Err(_) => return true,
            }
        }
    }

    /// Whether the handler is not called before the body is complete.
    fn is_waited_for(&self, input: &[u8], limits: &Limits) -> bool {
        let most = limits.body_ahead;
        let left = self.ahead.remaining().unwrap_or(0);
        !self.head.expects_continue() && input.len() < most && left <= (most - input.len()) as u64
    }
}

impl Phase {
    /// How fast the client sends the body that the connection waits for.
    fn pace(&mut self) -> Option<&mut Pace> {
        match self {
            Phase::Request(incoming) => Some(&mut incoming.pace),
            Phase::Drain(_, _, pace) => Some(pace),
            _ => None,
        }
    }
}

/// What one step led to.
enum Step {
    /// More of the same at once.
    Again,
    /// A request was answered.
    Answered,
    /// More bytes are needed.
    NeedsInput,
    /// The bytes that wait must leave first.
    NeedsRoom,
    /// It has ended.
    Close,
}

/// Reads and answers in a row before another connection has its turn.
const TURN: usize = 64;
/// Bytes without a line end that are worth looking at the head from its start
/// again, which may come one byte at a time.
const TRY_AGAIN: usize = 1024;
/// Bytes that wait to be sent before no more requests are answered.
const HIGH_WATER: u64 = 64 * 1024;

impl Work {
    /// Nothing, yet.
    pub fn new(limits: &Limits) -> Work {
        Work {
            input: Buffer::default(),
            output: Output::new(limits),
            phase: Phase::Head(None),
            is_drained: false,
            tried: 0,
        }
    }

    /// A thread turns to it.
    pub fn begin_turn(&mut self, clock: &Clock) {
        self.is_drained = false;
        self.output.date = clock.date();
        if let Some(pace) = self.phase.pace() {
            pace.stop_waiting();
        }
        self.output.answer.pace.stop_waiting();
    }

    /// Since when there is nothing under way, if so.
    pub fn idle_since(&self) -> Option<Instant> {
        match self.phase {
            Phase::Head(since) if self.input.is_empty() && self.output.pending() == 0 => since,
            _ => None,
        }
    }

    /// For another connection to use.
    pub fn clear(&mut self) {
        self.input.clear();
        self.output.clear();
        self.tried = 0;
    }

    /// Holds only what waits, and no memory for more.
    pub fn release_memory(&mut self) {
        self.input.release_memory();
        self.output.release_memory();
    }

    /// Reads, answers and sends until it has to wait, or others should have their turn.
    pub fn run(
        &mut self,
        read_on: bool,
        socket: &Socket,
        service: &Service,
        spare: &mut Spare,
    ) -> io::Result<Next> {
        let mut done = 0;
        loop {
            let must_send = done >= TURN || self.output.pending() > HIGH_WATER;
            if must_send && !self.output.send_pending(socket)? {
                return Ok(self.wait());
            }
            if done >= TURN {
                return Ok(Next::Yield);
            }
            match self.step(socket, service, spare)? {
                Step::Again => {}
                Step::Answered => done += 1,
                Step::NeedsRoom => return Ok(self.wait()),
                Step::Close => return Ok(Next::Close),
                Step::NeedsInput => {
                    if !self.output.send_pending(socket)? || self.is_drained {
                        return Ok(self.wait());
                    }
                    let room = self.input.room();
                    let most = room.len();
                    match socket.read(room) {
                        Ok(0) => match self.half_request() {
                            Some(line) => {
                                self.refuse(CUT_OFF, &line, socket, &spare.clock, service)
                            }
                            // The client sends nothing more, and all it asked for is answered.
                            None => return Ok(Next::Close),
                        },
                        Ok(count) => {
                            self.received(count);
                            self.is_drained = count < most && !read_on;
                            done += 1;
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            self.is_drained = true;
                            if !service.stop.is_stopping() {
                                return Ok(Next::Wait);
                            }
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// How to go on where nothing more is to be done, or not all could be sent.
    fn wait(&self) -> Next {
        if self.output.has_had_its_turn() {
            Next::Yield
        } else {
            Next::Wait
        }
    }

    fn received(&mut self, count: usize) {
        let is_first = self.input.is_empty();
        self.input.filled_more(count);
        if let Some(pace) = self.phase.pace() {
            pace.moved(count);
        }
        match &mut self.phase {
            Phase::Head(since) if is_first => *since = None,
            Phase::Linger(_) => self.input.clear(),
            _ => {}
        }
    }

    /// The first line of a request of which more is to come.
    fn half_request(&self) -> Option<Vec<u8>> {
        let line = match &self.phase {
            Phase::Head(_) => request_line(self.input.filled()),
            Phase::Request(incoming) => incoming.head.request_line(),
            _ => b"",
        };
        (!line.is_empty()).then(|| line.to_vec())
    }

    fn step(&mut self, socket: &Socket, service: &Service, spare: &mut Spare) -> io::Result<Step> {
        match &mut self.phase {
            Phase::Head(_) => {
                // Who is sending is told so in good order; the others just end.
                let linger = !self.input.is_empty();
                if service.stop.is_stopping() && (linger || self.is_drained) {
                    self.phase = Phase::Closing { linger };
                    return Ok(Step::Again);
                }
                let (bytes, tried) = (self.input.filled(), self.tried);
                let is_new = |new: &[u8]| new.len() >= TRY_AGAIN || new.contains(&b'\n');
                if bytes.is_empty() || (tried > 0 && !is_new(&bytes[tried..])) {
                    return Ok(Step::NeedsInput);
                }
                self.tried = bytes.len();
                match spare.head.read(self.input.filled(), &service.limits) {
                    Ok(None) => Ok(Step::NeedsInput),
                    Ok(Some(length)) => {
                        self.input.consume(length);
                        self.tried = 0;
                        if spare.head.framing() == Framing::Length(0) {
                            self.answer(&spare.head, socket, &mut spare.clock, service);
                            return Ok(Step::Answered);
                        }
                        self.phase = Phase::Request(Box::new(Incoming {
                            pace: Pace::new(&service.limits),
                            ahead: Decoder::new(spare.head.framing(), &service.limits),
                            seen: 0,
                            head: std::mem::take(&mut spare.head),
                        }));
                        Ok(Step::Again)
                    }
                    Err(refusal) => {
                        let line = request_line(self.input.filled()).to_vec();
                        self.refuse(refusal, &line, socket, &spare.clock, service);
                        Ok(Step::Again)
                    }
                }
            }
            Phase::Request(incoming) => {
                let input = self.input.filled();
                let body_is_there = incoming.is_complete(input);
                if !body_is_there && incoming.is_waited_for(input, &service.limits) {
                    if service.stop.is_stopping() {
                        self.phase = Phase::Closing { linger: false };
                        return Ok(Step::Again);
                    }
                    return Ok(Step::NeedsInput);
                }
                // The client may wait for its earlier answers before it sends this body.
                if !body_is_there && !self.output.send_pending(socket)? {
                    return Ok(Step::NeedsRoom);
                }
                // `answer` says what comes next.
                let next = Phase::Closing { linger: false };
                let Phase::Request(incoming) = std::mem::replace(&mut self.phase, next) else {
                    return Ok(Step::Again);
                };
                self.answer(&incoming.head, socket, &mut spare.clock, service);
                Ok(Step::Answered)
            }
            Phase::Drain(decoder, left, _) => match decoder.next(self.input.filled(), usize::MAX) {
                Ok(Piece::End) => {
                    self.phase = Phase::Head(None);
                    Ok(Step::Again)
                }
                // Nothing is answered behind it any more.
                Ok(Piece::More) if service.stop.is_stopping() => {
                    self.phase = Phase::Closing { linger: true };
                    Ok(Step::Again)
                }
                Ok(Piece::More) => Ok(Step::NeedsInput),
                Ok(Piece::Data(count) | Piece::Framing(count)) if count as u64 <= *left => {
                    *left -= count as u64;
                    self.input.consume(count);
                    Ok(Step::Again)
                }
                // Too much of it, or malformed: its answer is sent already.
                _ => {
                    self.phase = Phase::Closing { linger: true };
                    Ok(Step::Again)
                }
            },
            Phase::Closing { linger } => {
                let linger = *linger;
                if !self.output.send_pending(socket)? {
                    return Ok(Step::NeedsRoom);
                }
                if self.output.answer.stage == Stage::Finished {
                    socket.reset_on_close(false);
                }
                if !linger {
                    return Ok(Step::Close);
                }
                socket.shut_down_writing();
                self.input.clear();
                self.phase = Phase::Linger(spare.clock.now() + service.limits.linger_time);
                Ok(Step::NeedsInput)
            }
            Phase::Linger(_) => Ok(Step::NeedsInput),
        }
    }

    /// Lets the handler answer a request, and decides how the connection goes on.
    fn answer(&mut self, head: &Head, socket: &Socket, clock: &mut Clock, service: &Service) {
        let limits = &service.limits;
        let keep_alive = head.keep_alive() && !service.stop.is_stopping();
        let mut decoder = Decoder::new(head.framing(), limits);
        self.output.begin(Some(head), keep_alive, limits);
        let body = BodyReader::new(
            socket,
            &mut self.input,
            &mut decoder,
            limits,
            head.expects_continue(),
        );
        let mut request = Request::new(head, body);
        let is_complete = service.answer(&mut request, &mut self.output, socket);
        let has_failed = request.body().failure().is_some();
        if service.access_log {
            clock.now();
            self.log_access(head.request_line(), socket, clock);
        }

        let unread = !decoder.has_ended();
        self.phase = if !is_complete {
            // Half an answer, or none: the end of the connection says so.
            self.output.abandon();
            Phase::Closing { linger: false }
        } else if !self.output.answer.keep_alive || has_failed {
            Phase::Closing {
                // Who did not ask for the end may be sending its next request.
                linger: unread || head.keep_alive() || !self.input.is_empty(),
            }
        } else if !unread {
            Phase::Head(None)
        } else {
            // It is short, else `body_in_the_way` would have ended the connection.
            Phase::Drain(decoder, limits.drain, Pace::new(limits))
        };
    }

    /// Answers a request that no handler sees.
    fn refuse(
        &mut self,
        refusal: Refusal,
        line: &[u8],
        socket: &Socket,
        clock: &Clock,
        service: &Service,
    ) {
        service.refuse(refusal, line, &mut self.output, socket);
        if service.access_log {
            self.log_access(line, socket, clock);
        }
        self.phase = Phase::Closing { linger: true };
    }

    fn log_access(&self, line: &[u8], socket: &Socket, clock: &Clock) {
        let (client, status) = (socket.client(), self.output.answer.status());
        log::to_stderr(&log::access_line(client, &clock.date(), line, status));
    }

    /// The wait has lasted too long.
    pub fn expire(&mut self, socket: &Socket, clock: &Clock, service: &Service) {
        if self.output.pending() == 0
            && let Some(line) = self.half_request()
        {
            return self.refuse(TOO_SLOW, &line, socket, clock, service);
        }
        self.output.abandon();
        self.phase = Phase::Closing { linger: false };
    }

    /// When the wait that begins now is too long.
    pub fn next_deadline(&mut self, now: Instant, limits: &Limits) -> Instant {
        if self.output.pending() > 0 {
            return now + self.output.answer.pace.start_waiting();
        }
        if let Some(pace) = self.phase.pace() {
            return now + pace.start_waiting();
        }
        match &mut self.phase {
            Phase::Head(since) => {
                let is_idle = self.input.is_empty();
                let time = if is_idle {
                    limits.idle_time
                } else {
                    limits.head_time
                };
                *since.get_or_insert(now) + time
            }
            Phase::Linger(end) => *end,
            // All is sent: it ends at its next turn.
            _ => now + limits.linger_time,
        }
    }
}
