//! One connection: does what the protocol asks for, for as long as that is possible without
//! waiting. When it would have to wait, it sets a deadline, and the thread is free for
//! another connection. Only a handler can hold a thread.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::log;
use super::poller::Poller;
use super::socket::Socket;
use super::stop::Stop;
use super::threads::Threads;
use super::time::{Calendar, Pace, Seconds};
use crate::face::{Service, report};
use crate::http1::{Head, Http1, Limits, Next, Patience, Refusal};

/// What all connections of a server share.
pub(super) struct Shared {
    pub service: Service,
    pub limits: Limits,
    pub access_log: bool,
    pub seconds: Seconds,
    pub stop: Arc<Stop>,
}

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
    /// When the client will have kept us waiting for too long.
    deadline: Instant,
    /// When it became idle; `None` while it is not.
    idle_since: Option<Instant>,
    /// It is registered with the poller. That is done only once there is something to wait
    /// for: many clients ask once and are gone.
    is_watched: bool,
    /// What is in progress. An idle connection has none, and so takes next to no memory.
    work: Option<Box<Work>>,
}

/// What is in progress on a connection.
#[derive(Debug)]
struct Work {
    http1: Http1,
    /// How fast the client sends the body that the server waits for.
    receiving: Pace,
    /// How fast it receives its answers.
    sending: Pace,
    /// When the current head began to arrive, or the connection became idle; `None` if that
    /// was in this turn.
    since: Option<Instant>,
    /// When to stop lingering.
    linger_end: Option<Instant>,
    /// The last read emptied the socket, so the next one has to wait for an event.
    socket_is_empty: bool,
    /// The number of file bytes that may still be sent in this turn.
    file_bytes: usize,
}

/// Memory that a thread reuses for one connection after another.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    head: Head,
    calendar: Calendar,
    work: Option<Box<Work>>,
}

/// The number of reads and answers in a row before another connection has its turn.
const STEPS_PER_TURN: usize = 64;
/// The number of file bytes sent in a row before another connection has its turn.
const FILE_BYTES_PER_TURN: usize = 4 * 1024 * 1024;

impl Connection {
    pub fn new(socket: Socket, limits: &Limits) -> Connection {
        Connection {
            socket,
            deadline: Instant::now() + limits.idle_time,
            idle_since: None,
            is_watched: false,
            work: None,
        }
    }

    /// Registers it with the poller, unless it is registered already.
    pub fn watch(&mut self, poller: &Poller, number: usize) -> io::Result<()> {
        if !self.is_watched {
            poller.add(self.socket.stream_mut(), number)?;
            self.is_watched = true;
        }
        Ok(())
    }

    /// When to call `turn` even if nothing happens.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When it became idle, if it is.
    pub fn idle_since(&self) -> Option<Instant> {
        self.idle_since
    }

    /// Does all that can be done without waiting for the client. With `read_on`, it reads
    /// until the socket reports that it is empty; otherwise, a read that does not fill its
    /// buffer is taken to have emptied it, which saves a system call.
    pub fn turn(
        &mut self,
        read_on: bool,
        shared: &Shared,
        threads: &Threads,
        scratch: &mut Scratch,
    ) -> Turn {
        let limits = &shared.limits;
        let mut work = self.work.take().unwrap_or_else(|| {
            let lent = scratch.work.take();
            let mut work = lent.unwrap_or_else(|| Box::new(Work::new(limits)));
            work.since = self.idle_since;
            work
        });
        work.begin_turn();
        let turn = loop {
            let turn = match work.run(read_on, &self.socket, shared, threads, scratch) {
                Ok(turn) => turn,
                Err(error) => {
                    self.failed(&error, shared);
                    Turn::Close
                }
            };
            if turn == Turn::Close {
                break turn;
            }
            // Only now: what arrived in time may have had to wait for a thread.
            let now = Instant::now();
            self.deadline = work.next_deadline(now, limits);
            if now < self.deadline {
                break turn;
            }
            work.http1.expired();
        };
        self.idle_since = work.since.filter(|_| work.http1.is_idle());
        if turn == Turn::Close || (turn == Turn::Wait && self.idle_since.is_some()) {
            work.reset(limits);
            scratch.work = Some(work);
        } else {
            if turn == Turn::Wait {
                work.http1.release_memory();
            }
            self.work = Some(work);
        }
        turn
    }

    /// Most errors mean that the connection failed, and nobody is left to tell. But if a
    /// file became shorter, the client must not take what it got for all of it.
    fn failed(&self, error: &io::Error, shared: &Shared) {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.socket.reset_on_close(true);
            if !shared.service.quiet {
                let text = report::failure("An answer was cut off", &error.to_string());
                report::to_stderr(&text);
            }
        }
    }
}

impl Work {
    fn new(limits: &Limits) -> Work {
        Work {
            http1: Http1::default(),
            receiving: Pace::new(limits),
            sending: Pace::new(limits),
            since: None,
            linger_end: None,
            socket_is_empty: false,
            file_bytes: 0,
        }
    }

    /// Makes it as new, for another connection.
    fn reset(&mut self, limits: &Limits) {
        self.http1.reset();
        self.receiving = Pace::new(limits);
        self.sending = Pace::new(limits);
        self.linger_end = None;
    }

    fn begin_turn(&mut self) {
        self.socket_is_empty = false;
        self.file_bytes = FILE_BYTES_PER_TURN;
        self.receiving.stop_waiting();
        self.sending.stop_waiting();
    }

    /// Does what the protocol asks for, until it has to wait or the turn is over.
    fn run(
        &mut self,
        read_on: bool,
        socket: &Socket,
        shared: &Shared,
        threads: &Threads,
        scratch: &mut Scratch,
    ) -> io::Result<Turn> {
        let mut steps = 0;
        while steps < STEPS_PER_TURN {
            let stopping = shared.stop.is_stopping();
            match self.http1.next(&mut scratch.head, &shared.limits, stopping) {
                Next::Call => {
                    steps += 1;
                    self.answer(None, socket, shared, threads, scratch);
                }
                Next::Refuse(refusal, line) => {
                    self.answer(Some((refusal, line)), socket, shared, threads, scratch);
                }
                Next::Read if !self.send(socket)? => return Ok(self.wait()),
                Next::Read if self.socket_is_empty => return Ok(Turn::Wait),
                Next::Read => {
                    steps += 1;
                    self.read(read_on, stopping, socket)?;
                }
                Next::Write if !self.send(socket)? => return Ok(self.wait()),
                Next::Write => {}
                Next::ShutDown => {
                    socket.reset_on_close(false);
                    socket.shut_down_writing();
                    self.linger_end = Some(Instant::now() + shared.limits.linger_time);
                }
                Next::Close => {
                    socket.reset_on_close(self.http1.is_cut());
                    return Ok(Turn::Close);
                }
            }
        }
        match self.send(socket)? {
            true => Ok(Turn::Yield),
            false => Ok(self.wait()),
        }
    }

    fn send(&mut self, socket: &Socket) -> io::Result<bool> {
        let output = &mut self.http1.output;
        if !output.is_empty() {
            socket.send(output, b"", &mut self.sending, &mut self.file_bytes)?;
        }
        Ok(output.is_empty())
    }

    /// How the turn ends if not all output could be sent.
    fn wait(&self) -> Turn {
        match self.file_bytes {
            0 => Turn::Yield,
            _ => Turn::Wait,
        }
    }

    fn read(&mut self, read_on: bool, stopping: bool, socket: &Socket) -> io::Result<()> {
        let patience = self.http1.patience();
        let room = self.http1.room();
        let most = room.len();
        match socket.read(room) {
            Ok(count) => {
                self.http1.received(count);
                self.socket_is_empty = count < most && !read_on && count > 0;
                match patience {
                    Patience::Idle => self.since = None,
                    Patience::Body => self.receiving.moved(count),
                    Patience::Head | Patience::Linger => {}
                }
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.socket_is_empty = true;
                if stopping && patience == Patience::Idle {
                    // The server is stopping, and no request has arrived.
                    self.http1.expired();
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Has the handler answer a request, or answers it with an error.
    fn answer(
        &mut self,
        refused: Option<(Refusal, Vec<u8>)>,
        socket: &Socket,
        shared: &Shared,
        threads: &Threads,
        scratch: &mut Scratch,
    ) {
        self.sending = Pace::new(&shared.limits);
        let mut client = Client {
            socket,
            threads,
            seconds: &shared.seconds,
            calendar: &mut scratch.calendar,
            receiving: Pace::new(&shared.limits),
            sending: &mut self.sending,
            waited: Duration::ZERO,
        };
        let (service, http1) = (&shared.service, &mut self.http1);
        match &refused {
            None => service.call(&scratch.head, http1, &mut client),
            Some((refusal, _)) => service.refuse(*refusal, http1, &mut client),
        }
        let status = http1.answered();
        if shared.access_log {
            let (line, refusal) = match &refused {
                None => (scratch.head.request_line(), None),
                Some((refusal, line)) => (&line[..], Some(refusal)),
            };
            let date = scratch.calendar.date(&shared.seconds);
            let mut text = refusal.map_or_else(String::new, |refusal| {
                log::refusal_line(socket.client(), date, refusal)
            });
            text += &log::access_line(socket.client(), date, line, status);
            report::to_stderr(&text);
        }
        self.since = None;
        self.receiving = Pace::new(&shared.limits);
    }

    /// When a wait that begins now will have taken too long.
    fn next_deadline(&mut self, now: Instant, limits: &Limits) -> Instant {
        if !self.http1.output.is_empty() {
            return now + self.sending.start_waiting();
        }
        match self.http1.patience() {
            Patience::Idle => *self.since.get_or_insert(now) + limits.idle_time,
            Patience::Head => *self.since.get_or_insert(now) + limits.head_time,
            Patience::Body => now + self.receiving.start_waiting(),
            Patience::Linger => self.linger_end.unwrap_or(now + limits.linger_time),
        }
    }
}
