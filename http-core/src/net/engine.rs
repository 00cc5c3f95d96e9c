//! How the threads of a server share its connections.
//!
//! Every thread does the same ([`work`](Work::work)): it waits at the poller for a connection
//! that is ready, and does all that can be done for it without waiting for the client. That
//! includes the call of the handler: it runs on the thread that has read its request. So a thread
//! is held by handlers only, never by a connection that is idle or slow; and while one handler
//! runs, the other threads serve all other connections.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};

use super::claim::Claim;
use super::connection::{Connection, Scratch, Turn};
use super::poller::{Event, Poller, WOKEN};
use super::shared::Shared;
use super::slots::{Slot, Slots};
use super::socket::Socket;
use super::threads::Work;
use crate::face::report;
use crate::sync::lock;

/// The number of an event at any of the listeners. Those of connections are the numbers of their
/// slots, from 0 on.
const LISTENER: usize = WOKEN - 1;

/// At the limit, a connection that has been idle for this many milliseconds gives way to a
/// new one. A client that has just connected sends its request sooner than that.
const GIVES_WAY_AFTER: u64 = 100;

/// A running server.
pub(super) struct Engine {
    shared: Shared,
    poller: Arc<Poller>,
    listeners: Listeners,
    slots: Slots,
    /// The numbers of claimed connections that are ready to go on without an event.
    queue: Mutex<VecDeque<usize>>,
}

/// Where clients connect.
struct Listeners {
    claim: Claim,
    all: Mutex<Vec<TcpListener>>,
    /// Clients that could not be accepted may be waiting.
    try_again: AtomicBool,
    /// Accepting has failed, and that was logged.
    has_failed: AtomicBool,
}

impl Engine {
    pub fn new(
        poller: Arc<Poller>,
        mut listeners: Vec<TcpListener>,
        shared: impl FnOnce(Weak<Engine>) -> Shared,
    ) -> io::Result<Arc<Engine>> {
        for listener in &mut listeners {
            poller.add_listener(listener, LISTENER)?;
        }
        Ok(Arc::new_cyclic(|engine: &Weak<Engine>| Engine {
            shared: shared(engine.clone()),
            poller,
            listeners: Listeners {
                claim: Claim::default(),
                all: Mutex::new(listeners),
                try_again: AtomicBool::new(false),
                has_failed: AtomicBool::new(false),
            },
            slots: Slots::new(),
            queue: Mutex::default(),
        }))
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// If the system does not allow them.
    pub fn start(&self) -> io::Result<()> {
        self.shared.threads.fill_up()
    }

    /// Does what no event triggers: sets the time, ends the waits of connections that are past
    /// their deadlines, accepts clients that could not be accepted before. Returns the time
    /// until the next second begins, when it must be called again.
    pub fn tick(&self) -> Duration {
        let left = self.shared.seconds.tick();
        self.shared.threads.tick();
        self.slots.claim_late(false, |number| self.queue(number));
        self.try_to_accept_again();
        left
    }

    /// The server has stopped: no thread may wait for its client any longer.
    pub fn give_up(&self) {
        self.shared.stop.give_up();
        // Should a handler hang on its thread, at least the port is free again.
        lock(&self.listeners.all).clear();
    }

    /// Does what an event asks for.
    fn handle(&self, event: Event, scratch: &mut Scratch) {
        match event.number {
            WOKEN => {
                if let Some(number) = self.next_queued() {
                    self.serve(number, true, scratch);
                }
            }
            LISTENER => {
                if let Some(newcomer) = self.accept_all() {
                    self.serve(newcomer, false, scratch);
                }
            }
            number => {
                if self.slots.get(number).is_some_and(|slot| slot.claim.take()) {
                    self.serve(number, event.read_on, scratch);
                }
            }
        }
    }

    /// Serves a connection, which the caller has claimed, until it has to wait.
    fn serve(&self, number: usize, read_on: bool, scratch: &mut Scratch) {
        let Some(slot) = self.slots.get(number) else {
            return;
        };
        let mut read_on = read_on;
        loop {
            match self.turn(number, slot, read_on, scratch) {
                Some(Turn::Wait) if slot.claim.release() => return,
                Some(Turn::Wait) => read_on = true,
                Some(Turn::Yield) => return self.queue(number),
                Some(Turn::Close) => return self.end(number),
                // A vacant slot stays claimed.
                None => return,
            }
        }
    }

    /// One turn of the connection in a slot, if there is one.
    fn turn(
        &self,
        number: usize,
        slot: &Slot,
        read_on: bool,
        scratch: &mut Scratch,
    ) -> Option<Turn> {
        let mut place = slot.connection();
        let connection = place.as_mut()?;
        let turn = AssertUnwindSafe(|| connection.turn(read_on, &self.shared, scratch));
        // A bug of ours costs one connection. (A handler's panic does not get this far.)
        let turn = panic::catch_unwind(turn).unwrap_or(Turn::Close);
        if turn != Turn::Wait {
            return Some(turn);
        }
        if connection.watch(&self.poller, number).is_err() {
            return Some(Turn::Close);
        }
        self.slots.note_wait(slot, connection);
        Some(Turn::Wait)
    }

    /// Has a connection, which the caller has claimed, served by the first thread that is
    /// free.
    fn queue(&self, number: usize) {
        lock(&self.queue).push_back(number);
        self.poller.wake();
    }

    fn next_queued(&self) -> Option<usize> {
        let mut queue = lock(&self.queue);
        let number = queue.pop_front()?;
        if !queue.is_empty() {
            // Two calls to `wake` may have been merged into the one event that got us here.
            self.poller.wake();
        }
        Some(number)
    }

    /// A connection has ended. Its slot stays claimed, so no thread serves it any more.
    fn end(&self, number: usize) {
        let is_last = self.slots.vacate(number);
        if is_last && self.shared.stop.is_stopping() {
            // A thread at the poller may be waiting for just this.
            self.poller.wake();
        }
        self.try_to_accept_again();
    }

    /// The server was told to stop: from now on, no client is accepted. Every connection has a
    /// turn, in which it closes if it has no request; the others get their answers first.
    fn close_listeners(&self) {
        let listeners = std::mem::take(&mut *lock(&self.listeners.all));
        if !listeners.is_empty() {
            drop(listeners);
            self.slots.claim_late(true, |number| self.queue(number));
        }
    }

    /// Accepts all waiting clients. The last one is for the caller to serve, the others are
    /// queued.
    fn accept_all(&self) -> Option<usize> {
        let mut last = None;
        if self.listeners.claim.take() {
            loop {
                for listener in &*lock(&self.listeners.all) {
                    self.accept_from(listener, &mut last);
                }
                if self.listeners.claim.release() {
                    break;
                }
            }
        }
        last
    }

    fn try_to_accept_again(&self) {
        if self.listeners.try_again.swap(false, Ordering::SeqCst)
            && let Some(newcomer) = self.accept_all()
        {
            self.queue(newcomer);
        }
    }

    fn accept_from(&self, listener: &TcpListener, last: &mut Option<usize>) {
        loop {
            let gives_way = match self.is_full() {
                true => self.claim_idle(),
                false => None,
            };
            if self.is_full() && gives_way.is_none() {
                // Clients wait in the system's backlog until a connection ends.
                self.listeners.try_again.store(true, Ordering::SeqCst);
                // A connection that ended just now has not seen this flag.
                if self.is_full() {
                    return;
                }
            }
            let accepted = listener.accept();
            if let Some(number) = gives_way {
                match &accepted {
                    Ok(_) => drop(self.slots.vacate(number)),
                    Err(_) => self.let_go(number),
                }
            }
            match accepted {
                Ok((stream, client)) => {
                    self.listeners.has_failed.store(false, Ordering::Relaxed);
                    // An error means that the client is gone again.
                    if let Ok(newcomer) = self.add(stream, client)
                        && let Some(one_before) = last.replace(newcomer)
                    {
                        self.queue(one_before);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => {
                        // Most likely, the process is out of file descriptors: open
                        // connections are served, and new ones wait.
                        if !self.listeners.has_failed.swap(true, Ordering::Relaxed) {
                            let text = format!("New connections have to wait: {error}\n");
                            report::to_stderr(&text);
                        }
                        return self.listeners.try_again.store(true, Ordering::Relaxed);
                    }
                },
            }
        }
    }

    fn is_full(&self) -> bool {
        self.slots.open() >= self.shared.limits.connections
    }

    /// Claims the connection that has been idle longest.
    fn claim_idle(&self) -> Option<usize> {
        let number = self.slots.claim_longest_idle(GIVES_WAY_AFTER)?;
        if self.slots.is_idle(number) {
            return Some(number);
        }
        // Another thread has served it in the meantime, or has to now.
        self.let_go(number);
        None
    }

    /// Gives back the claim on a connection without having served it.
    fn let_go(&self, number: usize) {
        if let Some(slot) = self.slots.get(number)
            && !slot.claim.release()
        {
            self.queue(number);
        }
    }

    /// Puts a new connection into a slot, which is claimed, and returns its number.
    fn add(&self, stream: TcpStream, client: SocketAddr) -> io::Result<usize> {
        let socket = Socket::new(stream, client)?;
        let connection = Connection::new(socket, &self.shared.limits);
        Ok(self.slots.add(connection))
    }
}

impl Work for Engine {
    fn work(&self) {
        let mut scratch = Scratch::default();
        loop {
            if self.shared.stop.is_stopping() {
                self.close_listeners();
                if self.slots.open() == 0 || self.shared.stop.has_given_up() {
                    break;
                }
            }
            match self.poller.next() {
                Ok(Some(event)) => {
                    self.handle(event, &mut scratch);
                    if self.shared.threads.leave() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.shared.stop.fail(error);
                    break;
                }
            }
        }
        // The other waiting threads have to see it, too.
        self.poller.wake();
    }
}
