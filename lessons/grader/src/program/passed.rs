//! The checks that the reference has passed, noted beside it: they are not done again until
//! something has changed.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::course::Course;

/// The note of one program.
pub(crate) struct Passed {
    note: PathBuf,
    /// What the checks were done with.
    with: String,
}

impl Passed {
    /// The note of this program, which was built from what is there now and lies in a folder of its
    /// own. It holds for these files of the course, and for this number of sessions.
    pub(crate) fn of(program: &Path, course: &Course, sessions: usize) -> Self {
        let mut hasher = DefaultHasher::new();
        (course, sessions).hash(&mut hasher);
        Self {
            note: program.with_file_name("passed.json"),
            with: format!("{:016x}", hasher.finish()),
        }
    }

    /// The names of the checks that it has passed; none if something has changed.
    pub(crate) fn known(&self) -> BTreeSet<String> {
        let note = fs::read(&self.note).unwrap_or_default();
        let note: Value = serde_json::from_slice(&note).unwrap_or_default();
        if note["with"] != self.with {
            return BTreeSet::new();
        }
        let names = note["checks"].as_array().into_iter().flatten();
        names
            .filter_map(|name| Some(name.as_str()?.into()))
            .collect()
    }

    /// Notes that it has passed these. If that cannot be written, they are done again.
    pub(crate) fn note(&self, names: &BTreeSet<String>) {
        let note = json!({"with": self.with, "checks": names});
        let _ = fs::write(&self.note, note.to_string());
    }
}
