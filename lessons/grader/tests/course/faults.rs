//! What is wrong with the lessons.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// What is wrong with a lesson, told as soon as it is found: a whole proof takes minutes.
pub struct Faults {
    of: String,
    found: Mutex<Vec<String>>,
}

impl Faults {
    /// None so far, of this lesson.
    pub fn of(lesson: &str) -> Self {
        let (of, found) = (lesson.into(), Mutex::default());
        Self { of, found }
    }

    pub fn add(&self, fault: impl AsRef<str>) {
        let fault = format!("{}: {}", self.of, fault.as_ref());
        tell(&fault);
        self.found.lock().unwrap().push(fault);
    }

    pub fn add_all(&self, faults: impl IntoIterator<Item = impl AsRef<str>>) {
        for fault in faults {
            self.add(fault);
        }
    }

    /// Does this; if it panics, that is a fault.
    pub fn catch(&self, work: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            self.add(text.unwrap_or("its check broke"));
        }
    }

    pub fn found(self) -> Vec<String> {
        self.found.into_inner().unwrap()
    }
}

/// Prints this at once: what a test prints in the usual way is only seen when it fails.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn a_panic_is_a_fault_beside_others() {
    let faults = Faults::of("0_made_up");
    faults.add("one");
    faults.catch(|| panic!("no {}", "two"));
    faults.catch(|| panic!("three"));
    faults.catch(|| ());
    let found = ["0_made_up: one", "0_made_up: no two", "0_made_up: three"];
    assert_eq!(faults.found(), found);
}
