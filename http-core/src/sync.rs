//! What the threads share their work by, and locks that a panic elsewhere does not close.

// By these names, so that `http-core/model` can put others in their place.
pub(crate) use std::{sync::atomic, thread};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, even if a thread has panicked while it held the lock: nothing here is
/// left half changed at a place where that could happen.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
