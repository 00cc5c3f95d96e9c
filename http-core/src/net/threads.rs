//! The threads of a server: how many are at work, and how one that waits for its client
//! hands its place on.
//!
//! A handler may wait for its client: for the next bytes of a long body, or for room to
//! write. Its thread does not count as one at work meanwhile, and if too few are left,
//! another is started. When the wait ends, it simply goes on: there may be too many for a
//! moment, and each thread that is done with a connection then ends. Nobody waits for a
//! permit, so a lock that a handler holds while it reads can't lead to a deadlock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use std::{fmt, io};

use super::stop::Stop;
use crate::http1::{Limits, Refusal};

/// What each thread of a server does, until the server stops or the thread is
/// [one too many](Threads::leave).
pub(super) trait Work: fmt::Debug + Send + Sync {
    fn work(&self);
}

/// The threads of one server.
#[derive(Debug)]
pub(super) struct Threads {
    /// Weak, as the work needs the threads, too.
    work: Weak<dyn Work>,
    stop: Arc<Stop>,
    /// How many requests are handled at once.
    most_working: usize,
    most_waiting: usize,
    working: AtomicUsize,
    waiting: AtomicUsize,
    /// How often a place was handed on in this second.
    handed_on: AtomicUsize,
}

/// The time that a handler waits for its client, in all, before it hands its place on. Most
/// bodies and answers need no more, and others hardly notice.
const OWN_TIME: Duration = Duration::from_millis(1);

impl Threads {
    pub fn new(work: Weak<dyn Work>, stop: Arc<Stop>, threads: usize, limits: &Limits) -> Threads {
        Threads {
            work,
            stop,
            most_working: threads,
            most_waiting: limits.waiting,
            working: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            handed_on: AtomicUsize::new(0),
        }
    }

    /// Starts as many as are missing.
    ///
    /// # Errors
    /// If the system gives us no thread.
    pub fn fill_up(&self) -> io::Result<()> {
        while count_up(&self.working, self.most_working) {
            let started = self.start();
            if started.is_err() {
                self.working.fetch_sub(1, Ordering::SeqCst);
                return started;
            }
        }
        Ok(())
    }

    fn start(&self) -> io::Result<()> {
        let Some(work) = self.work.upgrade() else {
            return Ok(());
        };
        let worker = self.stop.worker();
        thread::Builder::new()
            .name("http-core".into())
            .spawn(move || {
                // The work is dropped first, and with the last one the handler.
                let (_worker, work) = (worker, work);
                work.work();
            })
            .map(drop)
    }

    /// Whether the calling thread is one too many; if so, it must end.
    pub fn leave(&self) -> bool {
        let fewer = |working| (working > self.most_working).then(|| working - 1);
        self.working.load(Ordering::Relaxed) > self.most_working
            && self
                .working
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
                .is_ok()
    }

    /// The time that a handler may wait for its client, in all, before it must hand its place
    /// on. It is shorter where many do: however many clients come, and even if each is slow,
    /// they keep the places from others for a few milliseconds in a second.
    pub fn own_time(&self) -> Duration {
        let others = self.handed_on.load(Ordering::Relaxed) + self.waiting.load(Ordering::Relaxed);
        OWN_TIME / u32::try_from(others + 1).unwrap_or(u32::MAX)
    }

    /// A second is over.
    pub fn tick(&self) {
        self.handed_on.store(0, Ordering::Relaxed);
    }

    /// Whether nobody may wait for a client any more, as the server has stopped.
    pub fn have_given_up(&self) -> bool {
        self.stop.has_given_up()
    }

    /// The calling thread begins to wait for its client, and hands its place on to
    /// another one until what is returned is dropped.
    ///
    /// # Errors
    /// If too many wait already, or nobody is left to take the place.
    pub fn hand_on(&self) -> Result<Waiting<'_>, Refusal> {
        if !count_up(&self.waiting, self.most_waiting) {
            return Err(Refusal::TOO_MANY_WAIT);
        }
        self.handed_on.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_sub(1, Ordering::SeqCst);
        let waiting = Waiting(self);
        match self.fill_up() {
            Ok(()) => Ok(waiting),
            Err(_) => Err(Refusal::TOO_MANY_WAIT),
        }
    }
}

/// A thread that waits for its client: it does not count as one at work.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Threads);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.working.fetch_add(1, Ordering::SeqCst);
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Counts one more, unless that were more than `most`.
fn count_up(count: &AtomicUsize, most: usize) -> bool {
    let more = |count| (count < most).then_some(count + 1);
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, more)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{self, Receiver, Sender};

    use super::super::poller::Poller;
    use super::*;
    use crate::sync::lock;

    /// Work that lasts until it is told to end.
    #[derive(Debug)]
    struct Wait {
        began: Sender<()>,
        end: Mutex<Receiver<()>>,
    }

    impl Work for Wait {
        fn work(&self) {
            self.began.send(()).unwrap();
            let _ = lock(&self.end).recv();
        }
    }

    #[test]
    fn a_place_is_handed_on_and_the_one_too_many_leaves() {
        let (began, begun) = mpsc::channel();
        let (_end, end) = mpsc::channel();
        let work: Arc<dyn Work> = Arc::new(Wait {
            began,
            end: Mutex::new(end),
        });
        let limits = Limits {
            waiting: 2,
            ..Limits::default()
        };
        let stop = Stop::new(Arc::new(Poller::new().unwrap()));
        let threads = Threads::new(Arc::downgrade(&work), stop, 1, &limits);
        threads.fill_up().unwrap();
        begun.recv().unwrap();
        assert!(!threads.leave());
        let first = threads.hand_on().unwrap();
        begun.recv().unwrap();
        let second = threads.hand_on().unwrap();
        begun.recv().unwrap();
        assert_eq!(threads.hand_on().err(), Some(Refusal::TOO_MANY_WAIT));
        assert!(!threads.leave());
        drop(first);
        assert!(threads.leave());
        assert!(!threads.leave());
        drop(second);
        // There is one at work still, so nobody has to be started.
        let third = threads.hand_on().unwrap();
        assert!(begun.try_recv().is_err());
        drop(third);
        // The more it happens, the less time there is before.
        assert_eq!(threads.own_time(), OWN_TIME / 4);
        threads.tick();
        assert_eq!(threads.own_time(), OWN_TIME);
        assert!(threads.leave());
        assert_eq!(threads.working.load(Ordering::SeqCst), 1);
        assert_eq!(threads.waiting.load(Ordering::SeqCst), 0);
    }
}
