//! What a build has read, file by file, told apart by content.
//!
//! Cargo compares times. A file that is replaced by one with an older time (out of an
//! archive, by `cp -p`, by a clock that goes back) looks unchanged to it, and the
//! program of before would be graded.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Files, each with a fingerprint of its content: `None` if it cannot be read. The
/// fingerprints are those of this build of the grader; another compiler's may differ,
/// and then a program is built once more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents(BTreeMap<PathBuf, Option<u64>>);

impl Contents {
    /// The contents of these files now.
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let read = |file: PathBuf| {
            let content = fs::read(&file).ok().map(|bytes| {
                let mut hasher = DefaultHasher::new();
                hasher.write(&bytes);
                hasher.finish()
            });
            (file, content)
        };
        Self(files.into_iter().map(read).collect())
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    pub(super) fn has(&self, file: &Path) -> bool {
        self.0.contains_key(file)
    }

    /// Those of these files.
    pub(super) fn only(&self, wanted: impl Fn(&Path) -> bool) -> Self {
        let files = self.0.iter().filter(|(file, _)| wanted(file));
        Self(
            files
                .map(|(file, content)| (file.clone(), *content))
                .collect(),
        )
    }

    /// The files of both, where they differ with the content in `self`.
    pub(super) fn over(mut self, other: &Self) -> Self {
        for (file, content) in &other.0 {
            self.0.entry(file.clone()).or_insert(*content);
        }
        self
    }

    /// The files of `self` that are not known to `other` with the same content.
    pub(super) fn unlike<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Path> {
        let unlike = self
            .0
            .iter()
            .filter(|(file, content)| other.0.get(*file) != Some(*content));
        unlike.map(|(file, _)| file.as_path())
    }

    pub(super) fn to_json(&self) -> Value {
        let files = self.0.iter();
        files
            .map(|(file, content)| json!([file.to_string_lossy(), content]))
            .collect()
    }

    /// What `to_json` has written; anything else is the contents of no file.
    pub(super) fn from_json(value: &Value) -> Self {
        let files = value.as_array().into_iter().flatten();
        let files = files.filter_map(|file| Some((file[0].as_str()?.into(), file[1].as_u64())));
        Self(files.collect())
    }
}

/// The files that a dep-info file names: what rustc and Cargo write for `make`, as
/// `made: file file\ with\ blanks`.
pub(super) fn in_dep_info(text: &str) -> Vec<PathBuf> {
    const BLANK: &str = "\u{0}";
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let names = lines.flat_map(|(_, names)| {
        let names = names.replace("\\ ", BLANK);
        let names: Vec<String> = names.split(' ').map(str::to_string).collect();
        names
    });
    names
        .filter(|name| !name.is_empty())
        .map(|name| name.replace(BLANK, " ").into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dep_info_file_names_what_was_read() {
        let text = "C:\\a\\target\\x.exe: C:\\a\\x.rs /home/my\\ course/page.html\n\n/x.rs:\n";
        let expected = ["C:\\a\\x.rs", "/home/my course/page.html"].map(PathBuf::from);
        assert_eq!(in_dep_info(text), expected);
        assert!(in_dep_info("x:\n").is_empty());
    }

    #[test]
    fn contents_differ_by_bytes_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.rs");
        let gone = folder.path().join("gone.rs");
        let now = || Contents::of([file.clone(), gone.clone()]);
        fs::write(&file, "one").expect("a file");
        let one = now();
        let read_back = Contents::from_json(&one.to_json());
        assert_eq!(one, read_back);
        fs::write(&file, "two").expect("a file");
        let two = now();
        assert_eq!(two.unlike(&one).collect::<Vec<_>>(), [file.as_path()]);
        fs::write(&file, "one").expect("a file");
        assert_eq!(now().unlike(&one).count(), 0);
        // A file that the other does not know is unlike, too.
        assert_eq!(one.unlike(&Contents::default()).count(), 2);
        assert_eq!(Contents::from_json(&Value::Null), Contents::default());
    }
}
