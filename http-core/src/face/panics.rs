//! A handler that panics is an error of one request, not the end of the server.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::report;

thread_local! {
    /// The handler that runs on this thread, if one does: whether its panic is printed.
    static HANDLER: Cell<Option<bool>> = const { Cell::new(None) };
    /// The last panic in it, which it may have caught: its message, and its place in the source.
    static PANIC: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Runs a handler. A panic becomes an `Err` with its message and place; the same
/// is printed to standard error (unless `quiet`), in one line instead of Rust's
/// usual report.
pub(super) fn catch<T>(quiet: bool, handler: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    // A handler may serve others in memory (`serve_in_memory`).
    let outer = HANDLER.replace(Some(!quiet));
    // The handler is shared by `&`: what a panic may leave half done behind a lock
    // is for the handler to see (a poisoned Mutex), as in any Rust program.
    let outcome = panic::catch_unwind(AssertUnwindSafe(handler));
    HANDLER.set(outer);
    outcome.map_err(|payload| match (PANIC.take(), message(&*payload)) {
        (Some((known, place)), message) if known == message => known + &place,
        // Thrown with `resume_unwind`, which calls no hook.
        (_, message) => message.to_owned(),
    })
}

/// Asks Rust to tell us of panics, once for the whole program. Panics outside of
/// handlers go on to the hook that was there before.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let Some(is_printed) = HANDLER.get() else {
                return before(info);
            };
            let message = message(info.payload()).to_owned();
            let place = info.location().map_or_else(String::new, |place| {
                format!(" ({}, line {})", tidy(place.file()), place.line())
            });
            if is_printed {
                let text = report::failure("The handler panicked", &(message.clone() + &place));
                report::to_stderr(&text);
            }
            PANIC.set(Some((message, place)));
        }));
    });
}

/// The path without its detours: Cargo knows a lesson's program as
/// `lessons/1_path_router/../../starter/1_path_router.rs`.
fn tidy(file: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in file.split(['/', '\\']) {
        match parts.last() {
            Some(&last) if part == ".." && last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_detours() {
        assert_eq!(tidy("lessons/1_x/../../starter/1_x.rs"), "starter/1_x.rs");
        assert_eq!(
            tidy("lessons\\1_x\\..\\..\\starter\\1_x.rs"),
            "starter/1_x.rs"
        );
        assert_eq!(tidy("../a/b.rs"), "../a/b.rs");
    }

    #[test]
    fn a_panic_becomes_its_message_and_place() {
        assert_eq!(catch(true, || 7), Ok(7));
        let text = catch(true, || todo!("step 1: say hello"))
            .map(|(): ()| ())
            .unwrap_err();
        assert!(
            text.starts_with("not yet implemented: step 1: say hello ("),
            "{text}"
        );
        assert!(text.contains("panics.rs, line "), "{text}");
        assert_eq!(
            catch(true, || panic::resume_unwind(Box::new("thrown"))).map(|(): ()| ()),
            Err("thrown".into())
        );
    }

    #[test]
    fn a_handler_within_a_handler_ends_and_the_outer_one_goes_on() {
        let text = catch(true, || {
            assert!(catch(true, || panic!("inner")).map(|(): ()| ()).is_err());
            panic!("outer")
        });
        let text = text.map(|(): ()| ()).unwrap_err();
        assert!(
            text.starts_with("outer (") && text.contains("panics.rs, line "),
            "{text}"
        );
    }

    /// What the handler caught is its own affair, and not what a later one failed with.
    #[test]
    fn a_panic_that_was_caught_is_not_told_for_another() {
        let caught = || panic::catch_unwind(|| panic!("first")).map(|(): ()| ());
        let throw = |payload| -> Result<(), String> {
            catch(true, || {
                let _ = caught();
                panic::resume_unwind(payload)
            })
        };
        assert_eq!(throw(Box::new("second")), Err("second".into()));
        assert_eq!(throw(Box::new(7)), Err("no message".into()));
        // Neither in the same request, nor in the next one of the same thread.
        assert!(catch(true, caught).unwrap().is_err());
        let next = catch(true, || panic::resume_unwind(Box::new("third"))).map(|(): ()| ());
        assert_eq!(next, Err("third".into()));
        // One that is passed on is told with its place.
        let passed_on = catch(true, || {
            let payload = caught().unwrap_err();
            panic::resume_unwind(payload)
        })
        .map(|(): ()| ())
        .unwrap_err();
        assert!(passed_on.starts_with("first ("), "{passed_on}");
    }
}
