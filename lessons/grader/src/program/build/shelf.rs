//! Where copies of programs are kept, with what they were built from.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Value, json};

use super::contents::Contents;

/// Where the copies of one program are kept: `target/debug/graded/NAME/`. While it is
/// open, no other grading builds this program in this target folder.
pub(super) struct Shelf {
    folder: PathBuf,
    /// What the libraries were built from that all programs of the course share.
    libraries: PathBuf,
    _only_one: fd_lock::RwLockWriteGuard<'static, fs::File>,
}

/// The last program that was built, and from what.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) contents: Contents,
    path: PathBuf,
}

/// The file of a shelf that says what is kept.
const NOTE: &str = "kept.json";

/// The file beside a copy that is locked while the copy is used.
const IN_USE: &str = "in-use";

impl Shelf {
    pub(super) fn open(profile: &Path, program: &str, root: &Path) -> io::Result<Self> {
        // Courses in several folders may have one target folder.
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(root, &mut hasher);
        let of_root = std::hash::Hasher::finish(&hasher);
        let all = profile.join("graded");
        let folder = all.join(format!("{program}-{of_root:016x}"));
        fs::create_dir_all(&folder)?;
        let file = lock_file(&all.join(format!("{program}.lock")))?;
        // As long as the process: a lock of one that has ended is gone.
        let file: &'static mut _ = Box::leak(Box::new(fd_lock::RwLock::new(file)));
        Ok(Self {
            folder,
            libraries: all.join(format!("libraries-{of_root:016x}.json")),
            _only_one: file.write()?,
        })
    }

    pub(super) fn kept(&self) -> Kept {
        let note = fs::read(self.folder.join(NOTE)).unwrap_or_default();
        let note: Value = serde_json::from_slice(&note).unwrap_or_default();
        Kept {
            contents: Contents::from_json(&note["contents"]),
            path: note["path"].as_str().unwrap_or_default().into(),
        }
    }

    /// What the libraries were built from, as far as it is known.
    pub(super) fn libraries(&self) -> Contents {
        let note = fs::read(&self.libraries).unwrap_or_default();
        Contents::from_json(&serde_json::from_slice(&note).unwrap_or_default())
    }

    /// Notes that some libraries are built from these contents, beside the `known` ones.
    /// (Of two programs that do so at once, one is not heard: its libraries are built once more.)
    pub(super) fn note_libraries(&self, known: &Contents, contents: Contents) -> io::Result<()> {
        let all = contents.over(known);
        if all == *known {
            return Ok(());
        }
        fs::write(&self.libraries, all.to_json().to_string())
    }

    /// Keeps a copy of this program, and holds it.
    pub(super) fn keep(&self, program: &Path, contents: &Contents) -> io::Result<PathBuf> {
        self.sweep();
        // A name of its own: the copies before it may still be in use.
        let folder = tempfile::Builder::new()
            .prefix("")
            .tempdir_in(&self.folder)?;
        let folder = folder.keep();
        let path = folder.join(program.file_name().unwrap_or(OsStr::new("program")));
        fs::copy(program, &path)?;
        let kept = Kept {
            contents: contents.clone(),
            path,
        };
        let path = kept.hold().ok_or(io::ErrorKind::WouldBlock)?;
        let note = json!({"contents": contents.to_json(), "path": path.to_string_lossy()});
        fs::write(self.folder.join(NOTE), note.to_string())?;
        Ok(path)
    }

    /// Removes the copies that nobody uses.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        for folder in folders.filter(|folder| folder.is_dir()) {
            let is_free = lock_file(&folder.join(IN_USE))
                .is_ok_and(|file| fd_lock::RwLock::new(file).try_write().is_ok());
            if is_free {
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

/// A file that is there to be locked.
pub(super) fn lock_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.create(true).truncate(false).write(true).open(path)
}

impl Kept {
    /// Whether this is the program that was kept, byte for byte.
    pub(super) fn is(&self, program: &Path) -> bool {
        match (fs::read(&self.path), fs::read(program)) {
            (Ok(kept), Ok(made)) => kept == made,
            _ => false,
        }
    }

    /// Lets nobody remove the copy while this process runs, and returns its path.
    pub(super) fn hold(&self) -> Option<PathBuf> {
        let file = lock_file(&self.path.with_file_name(IN_USE)).ok()?;
        let file: &'static mut _ = Box::leak(Box::new(fd_lock::RwLock::new(file)));
        std::mem::forget(file.try_read().ok()?);
        Some(self.path.clone())
    }
}
