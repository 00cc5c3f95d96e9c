//! Files and directories below a directory, and nothing else.
//!
//! A symbolic link may lead out of the directory, and one may be put in the way
//! between a look and the opening. So a path is not judged by its text: on Linux
//! the kernel is asked to stay below the directory (`beneath`), elsewhere what was
//! opened is compared with where it must lie.
//!
//! Only regular files and directories are opened. To open a pipe can wait for
//! ever, and to open a device can do anything.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::beneath::Base;

/// A directory whose files may be read.
#[derive(Debug)]
pub(super) struct Root {
    /// It may be replaced while the server runs.
    directory: PathBuf,
    /// Whether links that lead out are followed.
    pub follow_links: bool,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    base: Base,
}

/// What is there, opened.
#[derive(Debug)]
pub(super) enum Found {
    /// A regular file.
    File(File, Metadata),
    /// A directory.
    Directory(File, PathBuf),
}

impl Root {
    pub fn new(directory: PathBuf) -> Root {
        Root {
            directory,
            follow_links: false,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            base: Base::default(),
        }
    }

    /// Opens what `relative`, a path of plain names, leads to. `None` where there is
    /// nothing that may be read.
    ///
    /// # Errors
    /// When the system is out of something, such as file descriptors.
    pub fn open(&self, relative: &Path) -> io::Result<Option<Found>> {
        let path = self.directory.join(relative);
        let file = if self.follow_links {
            open_regular(&path)
        } else {
            self.open_below(relative, &path)
        };
        let file = match file {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        // Something else may have come there after the look.
        let metadata = file.metadata()?;
        Ok(if metadata.is_file() {
            Some(Found::File(file, metadata))
        } else if metadata.is_dir() {
            Some(Found::Directory(file, path))
        } else {
            None
        })
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn open_below(&self, relative: &Path, path: &Path) -> io::Result<File> {
        match self.base.open(&self.directory, relative) {
            // An absolute link, which may still lead to a place below; or it can't be asked.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::CrossesDevices | ErrorKind::Unsupported
                ) =>
            {
                self.open_and_compare(path)
            }
            outcome => outcome,
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn open_below(&self, _relative: &Path, path: &Path) -> io::Result<File> {
        self.open_and_compare(path)
    }

    /// Opens the place that `path` leads to if that is below the directory, and
    /// makes sure afterwards that this place was what was opened.
    fn open_and_compare(&self, path: &Path) -> io::Result<File> {
        let base = self.directory.canonicalize()?;
        let place = path.canonicalize()?;
        if !place.starts_with(&base) {
            return Err(ErrorKind::NotFound.into());
        }
        let file = open_regular(&place)?;
        if path.canonicalize()? == place && is_same(&file.metadata()?, &fs::metadata(&place)?) {
            Ok(file)
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }
}

/// Opens a regular file or a directory for reading.
fn open_regular(path: &Path) -> io::Result<File> {
    // To open a pipe or a device can do something, so the look comes first.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(ErrorKind::NotFound.into());
    }
    // And should one come there in between, then at least without waiting.
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use nix::fcntl::OFlag;
        let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits());
    }
    #[cfg(windows)]
    {
        // Without it, Windows opens no directories.
        const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
        std::os::windows::fs::OpenOptionsExt::custom_flags(
            &mut options,
            FILE_FLAG_BACKUP_SEMANTICS,
        );
    }
    options.open(path)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// As far as the standard library can tell: there, only administrators make links.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.file_type(), one.len(), one.created().ok())
        == (other.file_type(), other.len(), other.created().ok())
}

/// A link that leads to itself: the standard library has no stable name for it.
#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32)
}

#[cfg(not(unix))]
fn is_loop(_error: &io::Error) -> bool {
    false
}

/// Whether an error means that there is nothing to read, rather than that reading failed.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
    ) || is_loop(error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What both ways to open must agree on.
    #[test]
    fn links_may_lead_about_but_not_out() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let base = inside.path();
        fs::create_dir(base.join("sub")).unwrap();
        fs::write(base.join("file"), "file").unwrap();
        for (target, link) in [
            (Path::new("file"), "near"),
            (Path::new("../file"), "sub/up"),
            (Path::new("sub"), "dir"),
            (&base.join("file"), "absolute"),
            (Path::new("loop"), "loop"),
            (Path::new("nowhere"), "broken"),
            (outside.path(), "out"),
            (&outside.path().join("secret"), "leak"),
            (Path::new("../../../../../../../../etc/passwd"), "climb"),
            (Path::new("/dev/null"), "device"),
            (Path::new("/proc/self/root/etc/passwd"), "magic"),
        ] {
            symlink(target, base.join(link)).unwrap();
        }
        let strict = Root::new(base.to_owned());
        for name in [
            "", "file", "near", "sub", "sub/up", "dir", "dir/up", "absolute",
        ] {
            assert!(strict.open(name.as_ref()).unwrap().is_some(), "{name}");
            assert!(strict.open_and_compare(&base.join(name)).is_ok(), "{name}");
        }
        for name in [
            "none",
            "file/x",
            "loop",
            "broken",
            "out",
            "leak",
            "out/secret",
            "climb",
            "magic",
            "device",
        ] {
            assert!(strict.open(name.as_ref()).unwrap().is_none(), "{name}");
            assert!(strict.open_and_compare(&base.join(name)).is_err(), "{name}");
        }
        let free = Root {
            follow_links: true,
            ..strict
        };
        for name in ["file", "out", "leak", "out/secret"] {
            assert!(free.open(name.as_ref()).unwrap().is_some(), "{name}");
        }
        assert!(free.open("device".as_ref()).unwrap().is_none());
    }

    /// While somebody swaps a file with a link that leads out, nothing from outside comes in.
    #[test]
    fn a_link_put_in_the_way_does_not_help() {
        use std::io::Read;
        use std::sync::atomic::{AtomicBool, Ordering};

        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(outside.path().join("d")).unwrap();
        fs::write(outside.path().join("d/file"), "out").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let base = inside.path();
        fs::create_dir(base.join("real")).unwrap();
        fs::write(base.join("real/file"), "in").unwrap();
        symlink("real", base.join("d")).unwrap();
        let root = Root::new(base.to_owned());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0.. {
                    let target = [Path::new("real"), &outside.path().join("d")][n % 2].to_owned();
                    symlink(target, base.join("new")).unwrap();
                    fs::rename(base.join("new"), base.join("d")).unwrap();
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let mut seen = 0;
            for _ in 0..20_000 {
                let opened = [
                    root.open("d/file".as_ref())
                        .unwrap()
                        .map(|found| match found {
                            Found::File(file, _) => file,
                            Found::Directory(..) => panic!("a directory"),
                        }),
                    root.open_and_compare(&base.join("d/file")).ok(),
                ];
                for mut file in opened.into_iter().flatten() {
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    assert_eq!(text, "in");
                    seen += 1;
                }
            }
            done.store(true, Ordering::Relaxed);
            assert!(seen > 100, "{seen} were opened");
        });
    }
}
