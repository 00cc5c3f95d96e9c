//! One connection: what the protocol says is to be done, as far as that goes without
//! waiting. Where it can't go on, it says how long it may wait, and the thread is free for
//! another connection. Only a handler may hold a thread.

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
use crate::http1::{Front, Head, Http1, Limits, Next, Patience, Refusal};

/// What all connections of a server share.
pub(super) struct Shared {
    pub service: Service,
    pub limits: Limits,
    pub access_log: bool,
    pub seconds: Seconds,
    pub stop: Arc<Stop>,
}

/// How to go on with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing to do before the client has sent or taken something.
    Wait,
    /// There is more to do, but others should have their turn.
    Yield,
    /// It has ended.
    Close,
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    /// When the present wait has lasted too long.
    deadline: Instant,
    /// Since when it has been idle; `None` is this turn.
    idle_since: Option<Instant>,
    /// The poller knows it. It is not told before there is something to wait for: many
    /// clients ask once and are gone.
    is_watched: bool,
    /// What is under way. An idle connection has none, and so holds next to no memory.
    work: Option<Box<Work>>,
}

/// What is under way on a connection.
#[derive(Debug)]
struct Work {
    http1: Http1,
    /// How fast the client sends the body that the connection waits for.
    receiving: Pace,
    /// How fast it takes its answers.
    sending: Pace,
    /// Since when the present request comes, or the connection is idle; `None` is this turn.
    since: Option<Instant>,
    /// When to stop lingering.
    linger_end: Option<Instant>,
    /// The last read left nothing, so the next has to wait for an event.
    socket_is_empty: bool,
    /// Bytes of files that may go out before others have their turn.
    file_bytes: usize,
}

/// Memory that a thread reuses for each connection.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    head: Head,
    calendar: Calendar,
    work: Option<Box<Work>>,
}

/// Reads and answers in a row before another connection has its turn.
const STEPS_PER_TURN: usize = 64;
/// Bytes of files in a row before another connection has its turn.
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

    /// From now on, the poller tells of it by this number.
    pub fn watch(&mut self, poller: &Poller, number: usize) -> io::Result<()> {
        if !self.is_watched {
            poller.add(self.socket.stream_mut(), number)?;
            self.is_watched = true;
        }
        Ok(())
    }

    /// When to call `turn` even if nothing has happened.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Since when it has been idle, if it is.
    pub fn idle_since(&self) -> Option<Instant> {
        self.idle_since
    }

    /// Goes on as far as it goes without waiting for the client. With `read_on`, it reads
    /// until the socket says that it is empty; else a read that does not fill its room is
    /// taken as the last, which saves asking once more.
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
            // This comes last: what came in time may have waited for a thread.
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

    /// An error is a connection that failed: there is nobody left to tell. Or the rest of a
    /// file is not there, and the client must not take what it got for all of it.
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

    /// For another connection to use.
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

    /// Does what the protocol asks for until it has to wait, or others should have their
    /// turn.
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
        if output.is_empty() {
            return Ok(true);
        }
        let sent = socket.send(output, b"", &mut self.sending, &mut self.file_bytes)?;
        Ok(sent.all)
    }

    /// How to go on where not all could be sent.
    fn wait(&self) -> Turn {
        match self.http1.output.front() {
            Some(Front::File(_)) if self.file_bytes == 0 => Turn::Yield,
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
                    // No request is taken any more, and none is on its way.
                    self.http1.expired();
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Lets the handler answer a request, or refuses it in the handler's place.
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

    /// When the wait that begins now is too long.
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
