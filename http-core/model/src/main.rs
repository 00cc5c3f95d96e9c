//! What the threads of a server share, tried in every order in which they can come to it:
//! with up to three switches where a thread could have gone on, and any number where not.
//!
//! `cargo run --release --manifest-path http-core/model/Cargo.toml`
//!
//! `claim` and `threads` are http-core's own files, not copies. They take their atomics and
//! threads from `crate::sync`, which is loom's here; what else they name stands in below.

#[path = "../../src/net/claim.rs"]
mod claim;
#[path = "../../src/net/threads.rs"]
#[allow(dead_code)]
mod threads;

mod events;
mod places;

mod sync {
    pub use loom::{sync::atomic, thread};
}

mod http1 {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Refusal;

    impl Refusal {
        pub const TOO_MANY_WAIT: Refusal = Refusal;
    }

    pub struct Limits {
        pub waiting: usize,
    }
}

mod stop {
    use std::sync::Arc;

    use loom::sync::{Condvar, Mutex};

    /// The threads that are alive.
    #[derive(Debug)]
    pub struct Stop {
        alive: Mutex<usize>,
        changed: Condvar,
    }

    pub struct Worker(Arc<Stop>);

    impl Stop {
        pub fn new() -> Arc<Stop> {
            Arc::new(Stop {
                alive: Mutex::new(0),
                changed: Condvar::new(),
            })
        }

        pub fn worker(self: &Arc<Stop>) -> Worker {
            *self.alive.lock().unwrap() += 1;
            Worker(Arc::clone(self))
        }

        pub fn wait_until_all_have_ended(&self) {
            let mut alive = self.alive.lock().unwrap();
            while *alive > 0 {
                alive = self.changed.wait(alive).unwrap();
            }
        }
    }

    impl Drop for Worker {
        fn drop(&mut self) {
            *self.0.alive.lock().unwrap() -= 1;
            self.0.changed.notify_all();
        }
    }
}

fn main() {
    try_all("no event is missed, and one thread works at a time", || {
        events::come(claim::Claim::default());
    });
    try_all(
        "what comes in a connection's first turn is not missed",
        || {
            events::come_in_the_first_turn(claim::Claim::taken());
        },
    );
    try_all("a place is handed over, and none is lost", || {
        places::are_handed_over(1);
    });
    try_all("one that may not wait keeps its place", || {
        places::are_handed_over(0);
    });
}

fn try_all(what: &str, model: fn()) {
    let mut all = loom::model::Builder::new();
    all.preemption_bound = Some(3);
    let start = std::time::Instant::now();
    all.check(model);
    println!("{what}: {:.1?}", start.elapsed());
}
