//! The copy of the course.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::lesson;

/// What is copied.
const PARTS: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "http-core",
    "lessons",
    "starter",
    "solutions",
];

/// Brings the copy in this folder up to date, once nobody else works in it. From then on it is
/// this process's. Returns its root.
pub fn of_the_course(folder: &Path) -> PathBuf {
    only_this_run(&folder.join("workshop.lock"));
    let root = folder.join("workshop");
    for part in PARTS {
        mirror(&lesson::root().join(part), &root.join(part));
    }
    forget_what_was_kept(&root.join("target"));
    // The checks read many pages and weigh many mistakes. What a student's program is made
    // of stays as it is.
    let faster = ["grader", "html5gum"].map(|name| {
        format!(
            "[profile.dev.package.{name}]\nopt-level = 1\ndebug-assertions = false\n\
             overflow-checks = true\n"
        )
    });
    fs::create_dir_all(root.join(".cargo")).expect("a folder");
    fs::write(root.join(".cargo/config.toml"), faster.concat()).expect("a file");
    root
}

/// Removes what the programs of an earlier run have written into the target folder, such as the
/// members of lesson 18. (Cargo has folders there, and two files that say what it is.)
fn forget_what_was_kept(target: &Path) {
    let Ok(entries) = fs::read_dir(target) else {
        return; // Nothing was built yet.
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let cargos = [".rustc_info.json", "CACHEDIR.TAG"];
        if path.is_file() && !cargos.iter().any(|name| path.ends_with(name)) {
            fs::remove_file(path).expect("an old file removed");
        }
    }
}

/// Waits until no other process has this file locked, and locks it until this one ends.
fn only_this_run(file: &Path) {
    static LOCKED: Once = Once::new();
    LOCKED.call_once(|| {
        let mut options = fs::File::options();
        let opened = options.create(true).truncate(false).write(true).open(file);
        let lock = Box::leak(Box::new(fd_lock::RwLock::new(
            opened.expect("a file to lock"),
        )));
        std::mem::forget(lock.write().expect("a lock"));
    });
}

/// Makes `to` the same as `from`. Files that are the same already are not touched,
/// so that cargo builds only what has changed.
pub fn mirror(from: &Path, to: &Path) {
    if from.is_file() {
        let bytes = fs::read(from).expect("a file that can be read");
        if fs::read(to).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(to.parent().expect("a file is in a folder")).expect("a folder");
            fs::write(to, bytes).expect("a file that can be written");
        }
        return;
    }
    fs::create_dir_all(to).expect("a folder");
    let names = lesson::names_in(from);
    for gone in lesson::names_in(to)
        .iter()
        .filter(|name| !names.contains(name))
    {
        let gone = to.join(gone);
        if gone.is_dir() {
            fs::remove_dir_all(gone)
        } else {
            fs::remove_file(gone)
        }
        .expect("an old file removed");
    }
    // (A file for a database is what a program has kept, and no part of its lesson.)
    let is_part = |name: &&String| *name != "target" && !name.contains(".db");
    for name in names.iter().filter(is_part) {
        mirror(&from.join(name), &to.join(name));
    }
}
