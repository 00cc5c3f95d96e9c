//! What fuzzing checks. Each check takes any bytes, and panics where http-core
//! does not do with them what the RFCs say.
//!
//! `fuzz_targets` feeds these from libFuzzer; `http-core/tests/fuzz.rs` includes
//! this folder and feeds them from the cases of the table, changed at random.

pub mod answers;
pub mod checks;
pub mod reading;
