//! Makes sure that only one thread at a time works on a connection, whichever thread gets its
//! events.
//!
//! `http-core/model` tries it in every order in which a few threads can come.

use crate::sync::atomic::{AtomicUsize, Ordering};

/// The right to work on something. It is a lock for which nobody waits, and which remembers that
/// an event has come while it was held, so that none is missed.
#[derive(Debug, Default)]
pub(super) struct Claim(AtomicUsize);

const FREE: usize = 0;
/// One more for each event that has come since.
const CLAIMED: usize = 1;

impl Claim {
    /// A claim that the caller has from the start.
    pub fn taken() -> Claim {
        Claim(AtomicUsize::new(CLAIMED))
    }

    /// An event has come. `true` if the caller now has the claim, and must handle the event
    /// and then `release` it; `false` if the thread that has it will.
    pub fn take(&self) -> bool {
        self.0.fetch_add(1, Ordering::AcqRel) == FREE
    }

    /// Gives the claim back. `false` if an event has come meanwhile: the caller still has the
    /// claim, and must go on.
    pub fn release(&self) -> bool {
        let released = self
            .0
            .compare_exchange(CLAIMED, FREE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if !released {
            // Not just a store: this thread must see everything that those saw that failed to
            // take the claim meanwhile.
            self.0.swap(CLAIMED, Ordering::AcqRel);
        }
        released
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_meanwhile_is_not_missed() {
        let claim = Claim::default();
        assert!(claim.take());
        assert!(claim.release());
        assert!(claim.take());
        assert!(!claim.take() && !claim.take());
        // The thread that has it goes on once for all of them.
        assert!(!claim.release());
        assert!(!claim.take());
        assert!(!claim.release());
        assert!(claim.release());
    }
}
