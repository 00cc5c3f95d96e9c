//! Which thread may work on something that an event may call any of them to.
//!
//! `http-core/model` tries it in every order in which a few threads can come.

use crate::sync::atomic::{AtomicU8, Ordering};

/// Makes sure that one thread at a time works on something, and that no event is missed
/// meanwhile: a lock that remembers who came while it was held, and makes nobody wait.
#[derive(Debug, Default)]
pub(super) struct Claim(AtomicU8);

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
/// Claimed, and an event has come since.
const CLAIMED_AND_MORE: u8 = 2;

impl Claim {
    /// A claim that the caller has from the start.
    pub fn taken() -> Claim {
        Claim(AtomicU8::new(CLAIMED))
    }

    /// An event has come. `true` if the caller now has the claim, and must handle the event
    /// and then `release` it; `false` if the thread that has it will.
    pub fn take(&self) -> bool {
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
        // Whoever has it goes on once for all of them.
        assert!(!claim.release());
        assert!(!claim.take());
        assert!(!claim.release());
        assert!(claim.release());
    }
}
