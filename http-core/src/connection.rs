//! One connection: from the bytes at hand to answers, as far as it goes without
//! waiting. Where it can't go on, it says what it waits for and how long, and the
//! thread is free for another connection. Only a handler may hold a thread.

use std::io::{self, ErrorKind};
use std::time::Instant;

use crate::clock::Clock;
use crate::service::Service;
use crate::socket::Socket;
use crate::work::{Phase, Work};
use crate::{Head, Limits, log};

/// How to go on with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing to do before the client has sent or taken something.
    Wait,
    /// There is more to do, but others should have their turn.
    Yield,
    /// It has ended.
    Close,
}

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: Socket,
    /// When the present wait has lasted too long.
    deadline: Instant,
    /// Since when it has been idle; `None` is this turn.
    idle_since: Option<Instant>,
    /// What is under way. An idle connection has none, and so holds next to no memory.
    work: Option<Box<Work>>,
}

/// What a thread lends to one connection after the other.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    pub clock: Clock,
    pub head: Head,
    work: Option<Box<Work>>,
}

impl Connection {
    pub fn new(socket: Socket, limits: &Limits) -> Connection {
        Connection {
            socket,
            deadline: Instant::now() + limits.idle_time,
            idle_since: None,
            work: None,
        }
    }

    pub fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// When to call `advance` even if nothing has happened.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Goes on as far as it goes without waiting for the client. With `read_on`, it
    /// reads until the socket says that it is empty; else a read that does not fill
    /// its buffer is taken as the last, which saves asking once more.
    pub fn advance(&mut self, read_on: bool, service: &Service, spare: &mut Spare) -> Next {
        spare.clock.now();
        let mut work = self.work.take().unwrap_or_else(|| {
            let lent = spare.work.take();
            let mut work = lent.unwrap_or_else(|| Box::new(Work::new(&service.limits)));
            work.phase = Phase::Head(self.idle_since);
            work
        });
        work.begin_turn(&spare.clock);
        let next = loop {
            let next = match work.run(read_on, &self.socket, service, spare) {
                Ok(next) => next,
                Err(error) => {
                    self.failed(&error, service);
                    Next::Close
                }
            };
            if next == Next::Close {
                break next;
            }
            // This comes last: what came in time may have waited for a thread.
            let now = spare.clock.now();
            self.deadline = work.next_deadline(now, &service.limits);
            if now < self.deadline {
                break next;
            }
            work.expire(&self.socket, &spare.clock, service);
        };
        self.idle_since = work.idle_since();
        if next == Next::Close || (next == Next::Wait && self.idle_since.is_some()) {
            work.clear();
            spare.work = Some(work);
        } else {
            if next == Next::Wait {
                work.release_memory();
            }
            self.work = Some(work);
        }
        next
    }

    /// An error is a connection that failed: there is nobody left to tell. Or the rest of
    /// a file is not there, and the client must not take what it got for all of it.
    fn failed(&self, error: &io::Error, service: &Service) {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.socket.reset_on_close(true);
            if !service.quiet {
                log::to_stderr(&log::failure("An answer was cut off", &error.to_string()));
            }
        }
    }
}
