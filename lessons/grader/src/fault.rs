//! Faults of the checks themselves: a panic in them stops no grading. It is told as what it
//! is, so that nobody looks for it in a student's program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::record::Told;

/// Does this, which is the lesson's own code.
///
/// # Errors
///
/// If it panics: what it said. Nothing is used any more then that it may have left half
/// done.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "it panicked".into())
    })
}

/// What was expected and what came, in words.
pub(crate) fn words(why: &str) -> (String, String) {
    (
        "a check that works".into(),
        format!("the check broke: {why}"),
    )
}

/// The cause.
pub(crate) fn told(why: &str) -> Told {
    Told {
        name: "grader-fault".into(),
        says: format!(
            "This is the fault of the check itself, not yours: {why}. Please tell the people who \
             keep the course, with this report."
        ),
    }
}
