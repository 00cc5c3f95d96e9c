//! The slots that hold the connections.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use super::claim::Claim;
use super::connection::Connection;
use crate::sync::lock;

/// A slot for one connection. While it is vacant, it stays claimed.
#[derive(Debug)]
pub(super) struct Slot {
    pub claim: Claim,
    /// The connection's deadline, in milliseconds since the server was started.
    deadline: AtomicU64,
    /// When it became idle, likewise; `NEVER` while it is not idle.
    idle_since: AtomicU64,
    /// Locked only by the thread that has the claim, so there is hardly ever a wait.
    connection: Mutex<Option<Box<Connection>>>,
}

const NEVER: u64 = u64::MAX;

impl Slot {
    fn vacant() -> Slot {
        Slot {
            claim: Claim::taken(),
            deadline: AtomicU64::new(NEVER),
            idle_since: AtomicU64::new(NEVER),
            connection: Mutex::new(None),
        }
    }

    /// The connection, for the thread that has the claim.
    pub fn connection(&self) -> MutexGuard<'_, Option<Box<Connection>>> {
        lock(&self.connection)
    }
}

/// The connections of a server. Looking one up takes no lock.
#[derive(Debug)]
pub(super) struct Slots {
    all: boxcar::Vec<Slot>,
    /// The numbers of the vacant slots.
    vacant: Mutex<Vec<usize>>,
    /// The number of slots in use.
    open: AtomicUsize,
    started: Instant,
}

impl Slots {
    pub fn new() -> Slots {
        Slots {
            all: boxcar::Vec::new(),
            vacant: Mutex::default(),
            open: AtomicUsize::new(0),
            started: Instant::now(),
        }
    }

    pub fn get(&self, number: usize) -> Option<&Slot> {
        self.all.get(number)
    }

    /// The number of connections.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Puts a connection into a slot, which is claimed, and returns its number.
    pub fn add(&self, connection: Connection) -> usize {
        let vacant = lock(&self.vacant).pop();
        let number = vacant.unwrap_or_else(|| self.all.push(Slot::vacant()));
        let slot = &self.all[number];
        self.note_wait(slot, &connection);
        *slot.connection() = Some(Box::new(connection));
        self.open.fetch_add(1, Ordering::SeqCst);
        number
    }

    /// Drops the connection in a slot, which stays claimed. Returns whether it was the last
    /// connection.
    pub fn vacate(&self, number: usize) -> bool {
        let slot = &self.all[number];
        *slot.connection() = None;
        slot.deadline.store(NEVER, Ordering::Relaxed);
        slot.idle_since.store(NEVER, Ordering::Relaxed);
        lock(&self.vacant).push(number);
        self.open.fetch_sub(1, Ordering::SeqCst) == 1
    }

    /// Notes until when a connection waits, and since when it is idle.
    pub fn note_wait(&self, slot: &Slot, connection: &Connection) {
        let deadline = self.millis(connection.deadline());
        let idle = connection.idle_since();
        slot.deadline.store(deadline, Ordering::Relaxed);
        slot.idle_since.store(
            idle.map_or(NEVER, |since| self.millis(since)),
            Ordering::Relaxed,
        );
    }

    /// Claims the connections that are past their deadlines, or all of them, and calls
    /// `claimed` with each number.
    pub fn claim_late(&self, all: bool, mut claimed: impl FnMut(usize)) {
        let now = self.millis(Instant::now());
        for (number, slot) in &self.all {
            if (all || slot.deadline.load(Ordering::Relaxed) <= now) && slot.claim.take() {
                claimed(number);
            }
        }
    }

    /// Claims the connection that has been idle longest, if that is at least `millis`.
    pub fn claim_longest_idle(&self, millis: u64) -> Option<usize> {
        let idle = |slot: &Slot| slot.idle_since.load(Ordering::Relaxed);
        let (number, slot) = self.all.iter().min_by_key(|(_, slot)| idle(slot))?;
        let since = idle(slot).checked_add(millis)?;
        (since <= self.millis(Instant::now()) && slot.claim.take()).then_some(number)
    }

    /// Whether a connection that the caller has claimed is idle, and stays so: no request of its
    /// client has arrived that no thread has seen yet.
    pub fn is_idle(&self, number: usize) -> bool {
        let place = self.all[number].connection();
        let is_idle = |c: &Connection| c.idle_since().is_some() && !c.has_input();
        place.as_deref().is_some_and(is_idle)
    }

    fn millis(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.started).as_millis()).unwrap_or(NEVER)
    }
}
