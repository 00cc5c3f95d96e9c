//! The threads of a server and how they share its connections.
//!
//! Every thread does the same: it waits at the poller for one connection that can
//! go on, and serves it as far as it goes without waiting for the client. So a
//! thread is held by a handler only, never by a connection that is idle or slow;
//! and while one handler runs, the other threads serve all other connections.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use std::{fmt, io};

use mio::net::{TcpListener, TcpStream};

use crate::connection::{Connection, Next, Spare};
use crate::log::{self, Trace};
use crate::poller::{Event, Poller, WOKEN};
use crate::service::Service;
use crate::socket::Socket;
use crate::sync::lock;
use crate::threads::{Threads, Work};

/// The poller's numbers for the listeners: this one, the one below, …; connections
/// have the numbers of their slots, from 0 on.
const LISTENER: usize = WOKEN - 1;

/// How often somebody must call [`Engine::tick`].
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// A running server.
pub(crate) struct Engine {
    service: Service,
    threads: Arc<Threads>,
    trace: bool,
    poller: Arc<Poller>,
    door: Door,
    /// The places of connections, taken or vacant: looking one up locks nothing.
    slots: boxcar::Vec<Slot>,
    /// The numbers of the vacant ones.
    vacant: Mutex<Vec<usize>>,
    /// How many are taken.
    open: AtomicUsize,
    /// The numbers of claimed connections that can go on without an event.
    queue: Mutex<VecDeque<usize>>,
    /// The server was told to stop, and its time to finish is over.
    given_up: AtomicBool,
    started: Instant,
}

/// Where clients come in.
struct Door {
    claim: Claim,
    listeners: Mutex<Vec<TcpListener>>,
    /// Clients may be waiting that could not be let in.
    try_again: AtomicBool,
    /// The system would not give us a connection, and we have said so.
    has_failed: AtomicBool,
}

/// The place of one connection. While it is vacant, it is claimed.
struct Slot {
    claim: Claim,
    /// When its wait is too long, in milliseconds since the engine was started.
    deadline: AtomicU64,
    /// Locked by the thread that has the claim, so hardly ever waited for.
    occupant: Mutex<Option<Box<Occupant>>>,
}

struct Occupant {
    connection: Connection,
    /// The poller knows it. It is not told before there is something to wait for:
    /// many clients ask once and are gone.
    is_watched: bool,
}

/// Makes sure that one thread at a time is busy with a thing, and that what
/// happens meanwhile is not missed.
#[derive(Default)]
struct Claim(AtomicU8);

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
/// Claimed, and something has happened since.
const CLAIMED_AND_MORE: u8 = 2;

impl Claim {
    /// Something has happened. `true` if it is for the caller to see to it, who
    /// must `release` the claim; `false` if somebody else will.
    fn take(&self) -> bool {
        let taken = |state| {
            Some(if state == FREE {
                CLAIMED
            } else {
                CLAIMED_AND_MORE
            })
        };
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, taken)
            == Ok(FREE)
    }

    /// The caller has done what it could. `false` if something has happened
    /// meanwhile, and it must go on.
    fn release(&self) -> bool {
        let released = self
            .0
            .compare_exchange(CLAIMED, FREE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if !released {
            // Not a mere store: whoever goes on must see what those saw who came meanwhile.
            self.0.swap(CLAIMED, Ordering::AcqRel);
        }
        released
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Work for Engine {
    fn work(&self) {
        let mut spare = Spare::default();
        while !self.has_ended() {
            match self.poller.next() {
                Ok(Some(event)) => {
                    self.see_to(event, &mut spare);
                    if self.threads.leave() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.service.stop.fail(error);
                    break;
                }
            }
        }
        // Whoever else waits has to see it, too.
        self.poller.wake();
    }
}

impl Slot {
    fn vacant() -> Slot {
        Slot {
            claim: Claim(AtomicU8::new(CLAIMED)),
            deadline: AtomicU64::new(u64::MAX),
            occupant: Mutex::new(None),
        }
    }
}

impl Engine {
    pub fn new(
        poller: Arc<Poller>,
        mut listeners: Vec<TcpListener>,
        service: Service,
        threads: usize,
    ) -> io::Result<Arc<Engine>> {
        for (n, listener) in listeners.iter_mut().enumerate() {
            poller.add_listener(listener, LISTENER - n)?;
        }
        Ok(Arc::new_cyclic(|engine: &Weak<Engine>| Engine {
            threads: Arc::new(Threads::new(
                engine.clone(),
                Arc::clone(&service.stop),
                threads,
                &service.limits,
            )),
            service,
            trace: Trace::is_wanted(),
            poller,
            door: Door {
                claim: Claim::default(),
                listeners: Mutex::new(listeners),
                try_again: AtomicBool::new(false),
                has_failed: AtomicBool::new(false),
            },
            slots: boxcar::Vec::new(),
            vacant: Mutex::default(),
            open: AtomicUsize::new(0),
            queue: Mutex::default(),
            given_up: AtomicBool::new(false),
            started: Instant::now(),
        }))
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives us none.
    pub fn start(&self) -> io::Result<()> {
        self.threads.fill_up()
    }

    /// The server stops: threads that still wait for clients must not any more.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
        self.poller.wake();
        // Should a handler hang on its thread, at least the port is free again.
        lock(&self.door.listeners).clear();
    }

    fn see_to(&self, event: Event, spare: &mut Spare) {
        if event.number == WOKEN {
            if let Some(number) = self.next_queued() {
                self.serve(number, &self.slots[number], true, spare);
            }
            return;
        }
        match self.slots.get(event.number) {
            Some(slot) if slot.claim.take() => {
                self.serve(event.number, slot, event.read_on, spare);
            }
            Some(_) => {}
            None => {
                if let Some(newcomer) = self.open_door() {
                    self.serve(newcomer, &self.slots[newcomer], false, spare);
                }
            }
        }
    }

    /// Serves a connection as far as it goes without waiting. The caller has claimed it.
    fn serve(&self, number: usize, slot: &Slot, read_on: bool, spare: &mut Spare) {
        let mut place = lock(&slot.occupant);
        let mut read_on = read_on;
        while let Some(occupant) = &mut *place {
            let connection = &mut occupant.connection;
            let advanced = AssertUnwindSafe(|| connection.advance(read_on, &self.service, spare));
            // A fault of ours (a handler's panic does not come this far) costs one connection.
            let next = panic::catch_unwind(advanced).unwrap_or(Next::Close);
            if next == Next::Yield {
                drop(place);
                return self.queue(number);
            }
            if next == Next::Wait && !occupant.is_watched {
                let stream = connection.socket_mut().stream_mut();
                occupant.is_watched = self.poller.add(stream, number).is_ok();
            }
            if next == Next::Close || !occupant.is_watched {
                *place = None;
                slot.deadline.store(u64::MAX, Ordering::Relaxed);
                drop(place);
                return self.forget(number);
            }
            let deadline = self.millis(connection.deadline());
            slot.deadline.store(deadline, Ordering::Relaxed);
            if slot.claim.release() {
                return;
            }
            read_on = true;
        }
    }

    /// Has a connection served by whoever is free first. The caller has claimed it.
    fn queue(&self, number: usize) {
        lock(&self.queue).push_back(number);
        self.poller.wake();
    }

    fn next_queued(&self) -> Option<usize> {
        let mut queue = lock(&self.queue);
        let number = queue.pop_front()?;
        if !queue.is_empty() {
            // Two calls to wake in a row may have made one event: this one.
            self.poller.wake();
        }
        Some(number)
    }

    /// A connection has ended. Its slot stays claimed, so nobody serves it any more.
    fn forget(&self, number: usize) {
        lock(&self.vacant).push(number);
        let is_last = self.open.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last && self.service.stop.is_stopping() {
            // Somebody at the poller may wait for just this.
            self.poller.wake();
        }
        self.try_door_again();
    }

    /// Sees to what no event tells of: connections that wait too long, clients that
    /// could not be let in. To be called every [`TICK`].
    pub fn tick(&self) {
        let now = self.millis(Instant::now());
        self.queue_where(|slot| slot.deadline.load(Ordering::Relaxed) <= now);
        self.try_door_again();
    }

    fn queue_where(&self, chosen: impl Fn(&Slot) -> bool) {
        for (number, slot) in &self.slots {
            if chosen(slot) && slot.claim.take() {
                self.queue(number);
            }
        }
    }

    /// Whether the server was told to stop and all is done. No client is let in any
    /// more then; those who wait for nothing leave, the others get their answers.
    fn has_ended(&self) -> bool {
        if !self.service.stop.is_stopping() {
            return false;
        }
        let listeners = std::mem::take(&mut *lock(&self.door.listeners));
        if !listeners.is_empty() {
            drop(listeners);
            self.queue_where(|_| true);
        }
        self.open.load(Ordering::SeqCst) == 0 || self.given_up.load(Ordering::Relaxed)
    }

    /// Lets in the clients that wait at the listeners. The last is for the caller to
    /// serve, the others are queued.
    fn open_door(&self) -> Option<usize> {
        let mut last = None;
        if self.door.claim.take() {
            loop {
                for listener in &*lock(&self.door.listeners) {
                    self.accept(listener, &mut last);
                }
                if self.door.claim.release() {
                    break;
                }
            }
        }
        last
    }

    fn try_door_again(&self) {
        if self.door.try_again.swap(false, Ordering::SeqCst)
            && let Some(newcomer) = self.open_door()
        {
            self.queue(newcomer);
        }
    }

    fn accept(&self, listener: &TcpListener, last: &mut Option<usize>) {
        loop {
            if self.is_full() {
                // They wait in the system's queue until a connection ends.
                self.door.try_again.store(true, Ordering::SeqCst);
                // One that ended just before has not seen this.
                if self.is_full() {
                    return;
                }
            }
            match listener.accept() {
                Ok((stream, client)) => {
                    self.door.has_failed.store(false, Ordering::Relaxed);
                    // A client that is gone again is no reason to stop.
                    if let Ok(newcomer) = self.take_in(stream, client)
                        && let Some(one_before) = last.replace(newcomer)
                    {
                        self.queue(one_before);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => {
                        // Out of file descriptors, most likely: those who are in are
                        // served on, and the others wait.
                        if !self.door.has_failed.swap(true, Ordering::Relaxed) {
                            log::to_stderr(&format!("New connections have to wait: {error}\n"));
                        }
                        return self.door.try_again.store(true, Ordering::Relaxed);
                    }
                },
            }
        }
    }

    fn is_full(&self) -> bool {
        self.open.load(Ordering::SeqCst) >= self.service.limits.connections
    }

    /// Gives a client's connection a slot, claimed, and says which.
    fn take_in(&self, stream: TcpStream, client: SocketAddr) -> io::Result<usize> {
        let trace = self.trace.then(|| Trace::new(client));
        let socket = Socket::new(stream, client, trace, Arc::clone(&self.threads))?;
        let occupant = Box::new(Occupant {
            connection: Connection::new(socket, &self.service.limits),
            is_watched: false,
        });
        let vacant = lock(&self.vacant).pop();
        let number = vacant.unwrap_or_else(|| self.slots.push(Slot::vacant()));
        let slot = &self.slots[number];
        let deadline = self.millis(occupant.connection.deadline());
        slot.deadline.store(deadline, Ordering::Relaxed);
        *lock(&slot.occupant) = Some(occupant);
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(number)
    }

    fn millis(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }
}
