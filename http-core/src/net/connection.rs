//! One connection: does what the protocol asks for, for as long as that is possible without
//! waiting. When it would have to wait, it sets a deadline, and the thread is free for
//! another connection. Only a handler can hold a thread.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use mio::Interest;
use rustix::event::PollFlags;

use super::blocking::BlockingSocket;
use super::listen::MOST_UNSENT;
use super::log;
use super::poller::Poller;
use super::shared::Shared;
use super::socket::Socket;
use super::time::{Calendar, Pace, after};
use crate::face::report;
use crate::http1::{Head, Http1, Limits, Next, Patience, Refusal};

/// How a turn of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is nothing to do until the client sends or receives something.
    Wait,
    /// There is more to do, but other connections should have their turn.
    Yield,
    /// The connection is over.
    Close,
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    /// When it became idle, the current head began to arrive, or it began to linger; `None`
    /// if that was in this turn.
    since: Option<Instant>,
    /// When the client will have kept us waiting for too long.
    deadline: Instant,
    /// What the poller has been told that it waits for. That is done only once there is something
    /// to wait for: many clients ask once and are gone.
    interest: Option<Interest>,
    /// What is in progress. An idle connection has none, and so takes next to no memory.
    active: Option<Box<Active>>,
}

/// What is in progress on a connection that is not idle.
#[derive(Debug, Default)]
struct Active {
    http1: Http1,
    /// How fast the client sends the body that the server waits for.
    receiving: Pace,
    /// How fast it receives its answers.
    sending: Pace,
}

/// Memory that a thread reuses for one connection after another.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    head: Head,
    calendar: Calendar,
    /// That of a connection that became idle or ended, as good as new.
    active: Option<Box<Active>>,
}

/// The number of steps in a row, such as reads and answers, before another connection has its
/// turn.
const STEPS_PER_TURN: usize = 64;
/// The number of file bytes sent in a row before another connection has its turn.
const FILE_BYTES_PER_TURN: usize = 4 * 1024 * 1024;

impl Connection {
    pub fn new(socket: Socket, limits: &Limits) -> Connection {
        Connection {
            socket,
            since: None,
            deadline: after(Instant::now(), limits.idle_time),
            interest: None,
            active: None,
        }
    }

    /// Has the poller report what it waits for.
    pub fn watch(&mut self, poller: &Poller, number: usize) -> io::Result<()> {
        let sends = |active: &Active| !active.http1.output.is_empty();
        let interest = match self.active.as_deref().is_some_and(sends) {
            true => Interest::WRITABLE,
            false => Interest::READABLE,
        };
        let stream = self.socket.stream_mut();
        match self.interest.replace(interest) {
            None => poller.add(stream, number, interest),
            Some(before) if before != interest => poller.change(stream, number, interest),
            Some(_) => Ok(()),
        }
    }

    /// When to call `turn` even if nothing happens.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether there is something to read: bytes, or the end.
    pub fn has_input(&self) -> bool {
        let polled = self.socket.poll(PollFlags::IN, Duration::ZERO);
        polled.unwrap_or(true)
    }

    /// When it became idle, if it is.
    pub fn idle_since(&self) -> Option<Instant> {
        self.since.filter(|_| self.active.is_none())
    }

    /// Does all that can be done without waiting for the client. With `read_on`, it reads
    /// until the socket reports that it is empty; otherwise, a read that does not fill its
    /// buffer is taken to have emptied it, which saves a system call.
    pub fn turn(&mut self, read_on: bool, shared: &Shared, scratch: &mut Scratch) -> Turn {
        let lent = self.active.take().or_else(|| scratch.active.take());
        let mut active = lent.unwrap_or_default();
        active.receiving.stop_waiting();
        active.sending.stop_waiting();
        let mut running = Running {
            socket: &self.socket,
            since: &mut self.since,
            active: &mut active,
            shared,
            scratch,
            read_on,
            socket_is_empty: false,
            file_bytes: FILE_BYTES_PER_TURN,
        };
        let turn = loop {
            let turn = running.run().unwrap_or_else(|error| running.failed(&error));
            if turn == Turn::Close {
                break turn;
            }
            // Only now: what arrived in time may have had to wait for a thread.
            let now = Instant::now();
            self.deadline = running.next_deadline(now);
            if now < self.deadline {
                break turn;
            }
            running.active.http1.expired();
        };
        if turn == Turn::Close || (turn == Turn::Wait && active.http1.is_idle()) {
            active.http1.reset();
            (active.receiving, active.sending) = (Pace::default(), Pace::default());
            scratch.active = Some(active);
        } else {
            if turn == Turn::Wait {
                active.http1.release_memory();
            }
            self.active = Some(active);
        }
        turn
    }
}

/// A turn of a connection, while it lasts.
struct Running<'a> {
    socket: &'a Socket,
    since: &'a mut Option<Instant>,
    active: &'a mut Active,
    shared: &'a Shared,
    scratch: &'a mut Scratch,
    read_on: bool,
    /// The last read emptied the socket, so the next one has to wait for an event.
    socket_is_empty: bool,
    /// The number of file bytes that may still be sent in this turn.
    file_bytes: usize,
}

impl Running<'_> {
    /// Does what the protocol asks for, until it has to wait or the turn is over.
    fn run(&mut self) -> io::Result<Turn> {
        for _ in 0..STEPS_PER_TURN {
            let stopping = self.shared.stop.is_stopping();
            let (head, limits) = (&mut self.scratch.head, &self.shared.limits);
            match self.active.http1.next(head, limits, stopping) {
                Next::Call => self.answer(None),
                Next::Refuse(refusal, line) => self.answer(Some((refusal, line))),
                Next::Write => {
                    if let Some(turn) = self.send()? {
                        return Ok(turn);
                    }
                }
                Next::Read => {
                    // The client may be waiting for its answers before it sends more.
                    if let Some(turn) = self.send()? {
                        return Ok(turn);
                    }
                    if self.socket_is_empty {
                        return Ok(Turn::Wait);
                    }
                    self.read(stopping)?;
                }
                Next::ShutDown => {
                    self.socket.reset_on_close(false);
                    self.socket.shut_down_writing();
                    *self.since = None;
                }
                Next::Close => {
                    self.socket.reset_on_close(self.active.http1.is_cut());
                    return Ok(Turn::Close);
                }
            }
        }
        Ok(self.send()?.unwrap_or(Turn::Yield))
    }

    /// Sends the output. If that is not possible for all of it, this is how the turn ends.
    fn send(&mut self) -> io::Result<Option<Turn>> {
        let Active { http1, sending, .. } = &mut *self.active;
        if !http1.output.is_empty() {
            let (output, file_bytes) = (&mut http1.output, &mut self.file_bytes);
            self.socket.send(output, b"", sending, file_bytes)?;
        }
        Ok(match self.file_bytes {
            _ if http1.output.is_empty() => None,
            0 => Some(Turn::Yield),
            _ => Some(Turn::Wait),
        })
    }

    fn read(&mut self, stopping: bool) -> io::Result<()> {
        let http1 = &mut self.active.http1;
        let patience = http1.patience();
        let room = http1.room();
        let most = room.len();
        match self.socket.read(room) {
            Ok(count) => {
                http1.received(count);
                self.socket_is_empty = count < most && !self.read_on && count > 0;
                match patience {
                    Patience::Idle => *self.since = None,
                    Patience::Body => self.active.receiving.moved(count),
                    Patience::Head | Patience::Linger => {}
                }
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.socket_is_empty = true;
                if stopping && patience == Patience::Idle {
                    // The server is stopping, and no request has arrived.
                    http1.expired();
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Has the handler answer a request, on this thread, or answers it with an error.
    fn answer(&mut self, refused: Option<(Refusal, Vec<u8>)>) {
        let Scratch { head, calendar, .. } = &mut *self.scratch;
        let http1 = &mut self.active.http1;
        self.active.sending = Pace::default();
        let mut transport = BlockingSocket {
            socket: self.socket,
            shared: self.shared,
            calendar,
            receiving: Pace::default(),
            sending: &mut self.active.sending,
            waited: Duration::ZERO,
        };
        match &refused {
            None => self.shared.service.call(head, http1, &mut transport),
            Some((refusal, _)) => self.shared.service.refuse(*refusal, http1, &mut transport),
        }
        let refusal = http1.refusal();
        let status = http1.answered();
        if self.shared.access_log {
            let line = match &refused {
                None => head.request_line(),
                Some((_, line)) => line,
            };
            // A handler may also have its own answer to a body that could not be read.
            let why = refusal.filter(|refusal| Some(refusal.status) == status);
            let (client, date) = (self.socket.client(), calendar.date(&self.shared.seconds));
            report::to_stderr(&log::lines(client, date, line, why, status));
        }
        *self.since = None;
        self.active.receiving = Pace::default();
    }

    /// When a wait that begins now will have taken too long.
    fn next_deadline(&mut self, now: Instant) -> Instant {
        let (active, limits) = (&mut *self.active, &self.shared.limits);
        if !active.http1.output.is_empty() {
            return after(now, active.sending.start_waiting(limits, MOST_UNSENT));
        }
        let mut since = || *self.since.get_or_insert(now);
        match active.http1.patience() {
            Patience::Idle => after(since(), limits.idle_time),
            Patience::Head => after(since(), limits.head_time),
            Patience::Body => after(now, active.receiving.start_waiting(limits, 0)),
            Patience::Linger => after(since(), limits.linger_time),
        }
    }

    /// Most errors mean that the connection failed, and nobody is left to tell. But if a
    /// file became shorter, the client must not take what it got for all of it.
    fn failed(&self, error: &io::Error) -> Turn {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.socket.reset_on_close(true);
            if !self.shared.service.quiet {
                let text = report::failure("An answer was cut off", &error.to_string());
                report::to_stderr(&text);
            }
        }
        Turn::Close
    }
}
