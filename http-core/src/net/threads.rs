//! The threads of a server: how many are at work, and how one that waits for its client hands
//! its place over to another.
//!
//! A handler may have to wait for its client: for more of a long body, or until the client
//! receives more of a long answer. Meanwhile its thread does not count as one at work, and if
//! too few are left, another one is started. When the wait ends, it simply goes on: there may be
//! too many for a moment, and each thread that is done with a connection then ends. Nobody waits
//! for a permit, so a lock that a handler holds while it reads can't lead to a deadlock.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::stop::Stop;
use crate::http1::{Limits, Refusal};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::thread;

/// What each thread of a server does, until the server has stopped or the thread is
/// [one too many](Threads::leave).
pub(super) trait Work: Send + Sync {
    fn work(&self);
}

/// The threads of one server.
#[derive(Debug)]
pub(super) struct Threads {
    /// Weak, because the work refers to the threads, too.
    work: Weak<dyn Work>,
    stop: Arc<Stop>,
    /// The number of threads at work that the server was set up with.
    most_working: usize,
    most_waiting: usize,
    working: AtomicUsize,
    waiting: AtomicUsize,
    /// How often a place was handed over in this second.
    handed_over: AtomicUsize,
}

/// How long a handler waits for its client, in total, before it hands its place over. Most
/// bodies and answers need less, and other clients hardly notice.
const OWN_TIME: Duration = Duration::from_millis(1);

/// Once this many handlers are waiting or have handed over their places in this second, the next
/// ones do so at once.
const FEW: usize = 8;

impl Threads {
    pub fn new(work: Weak<dyn Work>, stop: Arc<Stop>, threads: usize, limits: &Limits) -> Threads {
        Threads {
            work,
            stop,
            most_working: threads,
            most_waiting: limits.waiting,
            working: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            handed_over: AtomicUsize::new(0),
        }
    }

    /// Starts the missing threads, if there are any.
    ///
    /// # Errors
    /// If the system does not allow another thread.
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
                // The work goes first, and the last of them drops the handler.
                let (_worker, work) = (worker, work);
                work.work();
            })
            .map(drop)
    }

    /// Whether the calling thread is one too many. If so, it must end.
    pub fn leave(&self) -> bool {
        let fewer = |working| (working > self.most_working).then(|| working - 1);
        self.working.load(Ordering::Relaxed) > self.most_working
            && self
                .working
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
                .is_ok()
    }

    /// How long a handler may wait for its client, in total, before it has to hand its place
    /// over. Once some have done so, it is no time at all: however many slow clients come, they
    /// keep places from others for no more than a few milliseconds in each second.
    pub fn own_time(&self) -> Duration {
        let others =
            self.handed_over.load(Ordering::Relaxed) + self.waiting.load(Ordering::Relaxed);
        match others < FEW {
            true => OWN_TIME,
            false => Duration::ZERO,
        }
    }

    /// Another second begins.
    pub fn tick(&self) {
        self.handed_over.store(0, Ordering::Relaxed);
    }

    /// Hands the calling thread's place over to another thread while it waits for its client:
    /// until the returned value is dropped.
    ///
    /// # Errors
    /// If too many are waiting already, or no thread can be started to take the place.
    pub fn hand_over(&self) -> Result<Waiting<'_>, Refusal> {
        if !count_up(&self.waiting, self.most_waiting) {
            return Err(Refusal::TOO_MANY_WAIT);
        }
        self.handed_over.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_sub(1, Ordering::SeqCst);
        let waiting = Waiting(self);
        match self.fill_up() {
            Ok(()) => Ok(waiting),
            Err(_) => Err(Refusal::TOO_MANY_WAIT),
        }
    }
}

/// A thread that is waiting for its client, and does not count as one at work.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Threads);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.working.fetch_add(1, Ordering::SeqCst);
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Adds one, unless the count has reached `most`.
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
    fn a_place_is_handed_over_and_the_one_too_many_leaves() {
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
        let first = threads.hand_over().unwrap();
        begun.recv().unwrap();
        let second = threads.hand_over().unwrap();
        begun.recv().unwrap();
        assert_eq!(threads.hand_over().err(), Some(Refusal::TOO_MANY_WAIT));
        assert!(!threads.leave());
        drop(first);
        assert!(threads.leave());
        assert!(!threads.leave());
        drop(second);
        // There is one at work still, so nobody has to be started.
        let third = threads.hand_over().unwrap();
        assert!(begun.try_recv().is_err());
        drop(third);
        // Where it happens often, it happens at once.
        assert_eq!(threads.own_time(), OWN_TIME);
        for _ in 3..FEW {
            drop(threads.hand_over().unwrap());
        }
        assert_eq!(threads.own_time(), Duration::ZERO);
        threads.tick();
        assert_eq!(threads.own_time(), OWN_TIME);
        assert!(threads.leave());
        assert_eq!(threads.working.load(Ordering::SeqCst), 1);
        assert_eq!(threads.waiting.load(Ordering::SeqCst), 0);
    }
}
