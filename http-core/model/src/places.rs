//! Requests to a server with one thread, of which two wait for their clients.

use std::sync::{Arc, Weak};

use loom::sync::{Condvar, Mutex};

use crate::http1::Limits;
use crate::stop::Stop;
use crate::threads::{Threads, Work};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Request {
    /// Its client is slow: more of its body comes only once `Fast` was answered.
    Slow,
    Fast,
}

#[derive(Debug)]
struct Engine {
    threads: Threads,
    /// What the poller has; the last one first.
    requests: Mutex<Vec<Request>>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Seen {
    fast_was_answered: bool,
    waiting: usize,
    most_waiting: usize,
    refused: usize,
    /// Threads that have found nothing more to do, and would wait at the poller.
    at_the_poller: usize,
}

impl Engine {
    fn answer(&self, request: Request) {
        if request == Request::Fast {
            self.seen.lock().unwrap().fast_was_answered = true;
            self.changed.notify_all();
            return;
        }
        let waiting = self.threads.hand_over();
        let mut seen = self.seen.lock().unwrap();
        if waiting.is_err() {
            seen.refused += 1;
            return;
        }
        seen.waiting += 1;
        seen.most_waiting = seen.most_waiting.max(seen.waiting);
        // Were its place not handed over, nobody would answer the other.
        while !seen.fast_was_answered {
            seen = self.changed.wait(seen).unwrap();
        }
        seen.waiting -= 1;
    }
}

impl Work for Engine {
    fn work(&self) {
        loop {
            let request = self.requests.lock().unwrap().pop();
            let Some(request) = request else {
                self.seen.lock().unwrap().at_the_poller += 1;
                return;
            };
            self.answer(request);
            if self.threads.leave() {
                return;
            }
        }
    }
}

/// With one thread, and so many handlers that may wait.
pub fn are_handed_over(waiting: usize) {
    let stop = Stop::new();
    let limits = Limits { waiting };
    let engine = Arc::new_cyclic(|engine: &Weak<Engine>| Engine {
        threads: Threads::new(engine.clone(), Arc::clone(&stop), 1, &limits),
        requests: Mutex::new(vec![Request::Fast, Request::Slow, Request::Slow]),
        seen: Mutex::default(),
        changed: Condvar::new(),
    });
    engine.threads.fill_up().unwrap();
    stop.wait_until_all_have_ended();
    let seen = engine.seen.lock().unwrap();
    assert!(seen.fast_was_answered);
    assert!(seen.most_waiting <= waiting && seen.waiting == 0);
    assert!(seen.refused + waiting >= 2);
    let at_the_poller = seen.at_the_poller;
    drop(seen);
    // The counts say what is so: as many are at work as there are threads, and none waits.
    assert!(at_the_poller >= 1, "a place was lost");
    for _ in 1..at_the_poller {
        assert!(engine.threads.leave(), "counted too few");
    }
    assert!(!engine.threads.leave(), "counted too many");
    engine.threads.fill_up().unwrap();
    stop.wait_until_all_have_ended();
    let seen = engine.seen.lock().unwrap();
    assert_eq!(seen.at_the_poller, at_the_poller, "counted too few");
}
