//! The threads of a server and how they share its connections.
//!
//! One poller watches all connections. A thread with nothing to do takes the seat
//! at the poller, waits there until clients send something, queues their
//! connections as ready, and leaves the seat to the next. Then it serves ready
//! connections, one after the other, each as far as it goes without waiting for
//! the client. So a thread is held by a handler only, never by a connection that
//! is idle or slow; and while one handler runs, the next thread has the seat.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

use crate::connection::{Connection, Next, Service, Spare};
use crate::log::{self, Trace};
use crate::socket::Socket;
use crate::stop::Stop;
use crate::sync::lock;

/// The poller's name for its waker; connections have the numbers from 0 on.
pub(crate) const WAKE: Token = Token(usize::MAX);
/// The poller's names for the listeners: this one, the one below, …
const LISTENER: usize = usize::MAX - 1;

/// How often connections that wait too long are looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// How soon to try again when no connection could be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A running server.
pub(crate) struct Engine {
    service: Service,
    trace: bool,
    stop: Arc<Stop>,
    registry: Registry,
    seat: Mutex<Poller>,
    /// Connections that can go on.
    ready: Mutex<VecDeque<Arc<Slot>>>,
    /// Connections that could go on, but let others go first.
    yielded: Mutex<Vec<Arc<Slot>>>,
    /// Numbers of connections that have ended.
    closed: Mutex<Vec<usize>>,
    /// The server was told to stop, and its time to finish is over.
    given_up: AtomicBool,
    started: Instant,
}

/// The place of one connection.
struct Slot {
    number: usize,
    state: AtomicU8,
    /// When its wait is too long, in milliseconds since the engine was started.
    deadline: AtomicU64,
    /// Locked by the thread that made the state `BUSY`, so never waited for.
    place: Mutex<Place>,
}

struct Place {
    connection: Option<Connection>,
    /// What the poller tells of it.
    watched: Interest,
}

/// It waits for its client.
const IDLE: u8 = 0;
/// It is queued or served by a thread.
const BUSY: u8 = 1;
/// Like `BUSY`, and the poller has seen something new since.
const BUSY_AND_MORE: u8 = 2;

impl Slot {
    /// Something has happened. `true` if it is for the caller to queue.
    fn wake(&self) -> bool {
        let woken = |state| Some(if state == IDLE { BUSY } else { BUSY_AND_MORE });
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, woken)
            == Ok(IDLE)
    }

    /// The thread that served it has done what it could. `false` if something has
    /// happened meanwhile, and it must go on.
    fn rest(&self) -> bool {
        let rested = self
            .state
            .compare_exchange(BUSY, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if !rested {
            self.state.store(BUSY, Ordering::Release);
        }
        rested
    }
}

/// What the thread in the seat works with.
struct Poller {
    poll: Poll,
    events: Events,
    listeners: Vec<TcpListener>,
    slots: Slab<Arc<Slot>>,
    /// A listener may have connections for us.
    accept: bool,
    /// The system would not give us one, and we have said so.
    accept_failed: bool,
    swept: Instant,
}

impl Engine {
    pub fn new(
        poll: Poll,
        mut listeners: Vec<TcpListener>,
        service: Service,
        stop: Arc<Stop>,
    ) -> io::Result<Engine> {
        let registry = poll.registry().try_clone()?;
        for (n, listener) in listeners.iter_mut().enumerate() {
            registry.register(listener, Token(LISTENER - n), Interest::READABLE)?;
        }
        let now = Instant::now();
        Ok(Engine {
            service,
            trace: Trace::is_wanted(),
            stop,
            registry,
            seat: Mutex::new(Poller {
                poll,
                events: Events::with_capacity(256),
                listeners,
                slots: Slab::new(),
                accept: false,
                accept_failed: false,
                swept: now,
            }),
            ready: Mutex::default(),
            yielded: Mutex::default(),
            closed: Mutex::default(),
            given_up: AtomicBool::new(false),
            started: now,
        })
    }

    /// What each thread of the server does until the server stops.
    pub fn work(&self) {
        let mut spare = Spare::default();
        while let Some(slot) = self.next_ready() {
            let served = panic::catch_unwind(AssertUnwindSafe(|| self.serve(&slot, &mut spare)));
            if served.is_err() {
                // A fault of ours (a handler's panic does not come this far) costs one connection.
                self.close(&slot, &mut lock(&slot.place).connection);
            }
        }
    }

    /// The server stops: threads that still wait for clients must not any more.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
        self.stop.wake();
        // Should a handler hang on its thread, at least the port is free again.
        lock(&self.seat).listeners.clear();
    }

    /// Waits for a connection that can go on; `None` when the server has stopped.
    fn next_ready(&self) -> Option<Arc<Slot>> {
        loop {
            if let Some(slot) = lock(&self.ready).pop_front() {
                return Some(slot);
            }
            let mut poller = lock(&self.seat);
            if self.stop.is_stopping() && poller.wind_up(self) {
                return None;
            }
            // Whoever had the seat before may have queued enough for both.
            if lock(&self.ready).is_empty()
                && let Err(error) = poller.turn(self)
            {
                self.stop.fail(error);
                return None;
            }
        }
    }

    /// Serves a connection as far as it goes without waiting.
    fn serve(&self, slot: &Arc<Slot>, spare: &mut Spare) {
        let mut place = lock(&slot.place);
        let Place {
            connection: occupant,
            watched,
        } = &mut *place;
        while let Some(connection) = occupant {
            let wanted = match connection.advance(&self.service, spare) {
                Next::Close => return self.close(slot, occupant),
                Next::Yield => {
                    lock(&self.yielded).push(Arc::clone(slot));
                    // Whoever waits at the poller must see it.
                    return self.stop.wake();
                }
                Next::WaitForInput => Interest::READABLE,
                // And not of input: nobody would read it now, so it would be told again.
                Next::WaitForRoom => Interest::WRITABLE,
            };
            if *watched != wanted {
                *watched = wanted;
                let stream = connection.socket_mut().stream_mut();
                let number = Token(slot.number);
                // The poller looks at once, so nothing that came before is missed.
                if self.registry.reregister(stream, number, wanted).is_err() {
                    return self.close(slot, occupant);
                }
            }
            slot.deadline
                .store(self.millis(connection.deadline()), Ordering::Relaxed);
            if slot.rest() {
                return;
            }
        }
    }

    /// Ends a connection. Its slot stays `BUSY`, so nothing wakes it any more.
    fn close(&self, slot: &Slot, occupant: &mut Option<Connection>) {
        if occupant.take().is_some() {
            lock(&self.closed).push(slot.number);
            if self.stop.is_stopping() {
                // It may be the last one that somebody at the poller waits for.
                self.stop.wake();
            }
        }
    }

    fn millis(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Poller {
    /// Waits until something happens, and queues the connections it happens to.
    fn turn(&mut self, engine: &Engine) -> io::Result<()> {
        self.forget_closed(engine);
        let timeout = if !lock(&engine.yielded).is_empty() {
            Some(Duration::ZERO)
        } else if self.accept {
            Some(ACCEPT_AGAIN)
        } else if self.slots.is_empty() {
            None
        } else {
            Some(SWEEP)
        };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let mut ready = lock(&engine.ready);
        for event in &self.events {
            match event.token() {
                WAKE => {}
                Token(number) => match self.slots.get(number) {
                    Some(slot) if slot.wake() => ready.push_back(Arc::clone(slot)),
                    Some(_) => {}
                    None => self.accept |= number > LISTENER - self.listeners.len(),
                },
            }
        }
        if self.swept.elapsed() >= SWEEP {
            self.swept = Instant::now();
            let now = engine.millis(self.swept);
            let late =
                |slot: &&Arc<Slot>| slot.deadline.load(Ordering::Relaxed) <= now && slot.wake();
            ready.extend(
                self.slots
                    .iter()
                    .map(|(_, slot)| slot)
                    .filter(late)
                    .cloned(),
            );
        }
        ready.append(&mut lock(&engine.yielded).drain(..).collect());
        drop(ready);
        if self.accept {
            self.accept(engine)?;
        }
        Ok(())
    }

    /// The server was told to stop. No client is let in any more; those who wait
    /// for nothing leave, the others get their answers. `true` when all are gone.
    fn wind_up(&mut self, engine: &Engine) -> bool {
        if !self.listeners.is_empty() {
            self.listeners.clear();
            let all = self.slots.iter().map(|(_, slot)| slot);
            lock(&engine.ready).extend(all.filter(|slot| slot.wake()).cloned());
        }
        self.forget_closed(engine);
        self.slots.is_empty() || engine.given_up.load(Ordering::Relaxed)
    }

    fn forget_closed(&mut self, engine: &Engine) {
        for number in lock(&engine.closed).drain(..) {
            self.slots.try_remove(number);
        }
    }

    /// Takes in the clients that wait at the listeners.
    fn accept(&mut self, engine: &Engine) -> io::Result<()> {
        for n in 0..self.listeners.len() {
            loop {
                if self.slots.len() >= engine.service.limits.connections {
                    // They wait in the system's queue until a connection ends.
                    return Ok(());
                }
                match self.listeners[n].accept() {
                    Ok((stream, client)) => {
                        self.accept_failed = false;
                        // A client that is gone again is no reason to stop.
                        let _ = self.take_in(stream, client, engine);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => {
                        // Out of file descriptors, most likely: those who are in are
                        // served on, and the others wait.
                        if !self.accept_failed {
                            self.accept_failed = true;
                            log::to_stderr(&format!("New connections have to wait: {error}\n"));
                        }
                        return Ok(());
                    }
                }
            }
        }
        self.accept = false;
        Ok(())
    }

    fn take_in(
        &mut self,
        stream: TcpStream,
        client: SocketAddr,
        engine: &Engine,
    ) -> io::Result<()> {
        // What is written leaves at once: an answer is written in one piece anyway.
        stream.set_nodelay(true)?;
        let trace = engine.trace.then(|| Trace::new(client));
        let mut connection =
            Connection::new(Socket::new(stream, client, trace), &engine.service.limits);
        let entry = self.slots.vacant_entry();
        let number = entry.key();
        engine.registry.register(
            connection.socket_mut().stream_mut(),
            Token(number),
            Interest::READABLE,
        )?;
        entry.insert(Arc::new(Slot {
            number,
            state: AtomicU8::new(IDLE),
            deadline: AtomicU64::new(engine.millis(connection.deadline())),
            place: Mutex::new(Place {
                connection: Some(connection),
                watched: Interest::READABLE,
            }),
        }));
        Ok(())
    }
}
