//! Work on many things at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

/// Does this for each, a few at a time; the results are in the order of what they are of.
pub fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    at_once: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..at_once.min(all.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { return };
                    let result = work(one);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Turns: no more than a few things are done at the same time, by whichever thread.
pub struct Turns {
    /// For each of the computer's processors.
    each: usize,
    taken: Mutex<usize>,
    given_back: Condvar,
}

impl Turns {
    /// This many for each of the computer's processors.
    pub const fn for_each_processor(each: usize) -> Self {
        Self {
            each,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
        }
    }

    /// Does this when it is its turn.
    pub fn take<T>(&self, work: impl FnOnce() -> T) -> T {
        let most = self.each * thread::available_parallelism().map_or(2, usize::from);
        let taken = self.taken.lock().unwrap();
        let mut taken = self
            .given_back
            .wait_while(taken, |taken| *taken >= most)
            .unwrap();
        *taken += 1;
        drop(taken);
        let _given_back = GivenBack(self);
        work()
    }
}

/// Gives a turn back, also if the work has panicked.
struct GivenBack<'a>(&'a Turns);

impl Drop for GivenBack<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap() -= 1;
        self.0.given_back.notify_one();
    }
}

#[test]
fn no_more_than_a_few_have_their_turn() {
    let turns = Turns::for_each_processor(1);
    let most = thread::available_parallelism().map_or(2, usize::from);
    let (now, seen) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = side_by_side(&[0; 40], 2 * most, |_| {
        turns.take(|| {
            seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        });
    });
    assert_eq!(done.len(), 40);
    assert!(seen.into_inner() <= most);
}
