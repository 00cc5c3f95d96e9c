//! Events that come for one connection, to several threads at once.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::claim::Claim;

struct Connection {
    claim: Claim,
    /// Bytes that have come. To keep the order of memory is up to the claim: hence `Relaxed`.
    came: AtomicUsize,
    /// Bytes that were read.
    read: Mutex<usize>,
}

impl Connection {
    fn new(claim: Claim) -> Arc<Connection> {
        Arc::new(Connection {
            claim,
            came: AtomicUsize::new(0),
            read: Mutex::new(0),
        })
    }

    /// A byte comes, and a thread is told of it: `Engine::handle`.
    fn receive(&self) {
        self.came.fetch_add(1, Ordering::Relaxed);
        if self.claim.take() {
            self.serve();
        }
    }

    /// `Engine::serve`.
    fn serve(&self) {
        loop {
            let mut read = self.read.try_lock().expect("no other thread is here");
            *read = self.came.load(Ordering::Relaxed);
            drop(read);
            if self.claim.release() {
                return;
            }
        }
    }

    /// All has come.
    fn is_over(&self, came: usize) {
        assert_eq!(*self.read.lock().unwrap(), came, "bytes that were read");
        assert!(self.claim.take(), "nobody has the claim any more");
    }
}

pub fn come(claim: Claim) {
    let connection = Connection::new(claim);
    let other = Arc::clone(&connection);
    let other = thread::spawn(move || other.receive());
    let third = Arc::clone(&connection);
    let third = thread::spawn(move || third.receive());
    connection.receive();
    other.join().unwrap();
    third.join().unwrap();
    connection.is_over(3);
}

pub fn come_in_the_first_turn(claim: Claim) {
    let connection = Connection::new(claim);
    let other = Arc::clone(&connection);
    let other = thread::spawn(move || other.receive());
    connection.serve();
    other.join().unwrap();
    connection.is_over(1);
}
