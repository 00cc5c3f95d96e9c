//! Files and directories below a directory, and nothing else.
//!
//! A symbolic link may lead out of the directory, and one may be put in the way
//! between a look and the opening. So a path is not judged by its text: `beneath` opens
//! it name by name, and where the system has no means for that, `by_path` makes sure of
//! what was opened.
//!
//! Only regular files and directories are opened. To open a pipe can wait for
//! ever, and to open a device can do anything.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::absence::present;
#[cfg(unix)]
use super::beneath::{self as opening, Base};
#[cfg(windows)]
use super::by_path::{self as opening, Base};
use super::listing::Item;

/// A directory whose files may be read.
#[derive(Debug)]
pub(super) struct Root {
    /// It may be replaced while the server runs.
    directory: PathBuf,
    /// Whether links that lead out are followed.
    pub follow_links: bool,
    base: Base,
}

/// What is there, opened.
#[derive(Debug)]
pub(super) enum Found {
    /// A regular file.
    File(File, Metadata),
    /// A directory.
    Directory(Directory),
}

/// A directory that was opened.
#[derive(Debug)]
pub(super) struct Directory {
    file: File,
    pub metadata: Metadata,
    /// Where it was found, for systems that can't do without.
    path: PathBuf,
}

impl Root {
    /// `directory` should be absolute: what a relative path stands for changes with the
    /// program's own directory, which may even be gone.
    pub fn new(directory: PathBuf) -> Root {
        Root {
            directory,
            follow_links: false,
            base: Base::default(),
        }
    }

    /// Opens what `relative`, a path of plain names, leads to. `None` where there is
    /// nothing that may be read.
    ///
    /// # Errors
    /// When the system is out of something, such as file descriptors.
    pub fn open(&self, relative: &Path) -> io::Result<Option<Found>> {
        let outcome = if self.follow_links {
            opening::open_regular(&self.directory.join(relative))
        } else {
            self.base.open(&self.directory, relative)
        };
        let Some(file) = present(outcome)? else {
            return Ok(None);
        };
        // Something else may have come there after the look.
        let metadata = file.metadata()?;
        Ok(if metadata.is_file() {
            Some(Found::File(file, metadata))
        } else if metadata.is_dir() {
            Some(Found::Directory(Directory {
                file,
                metadata,
                path: self.directory.join(relative),
            }))
        } else {
            None
        })
    }
}

impl Directory {
    /// Whether it has this name in it, whatever it stands for; also where that can't be
    /// known.
    pub fn has_name(&self, name: &str) -> bool {
        opening::has_name(&self.file, &self.path, OsStr::new(name))
    }

    /// What is in it; `None` where that may not be read.
    pub fn items(&self) -> io::Result<Option<Vec<Item>>> {
        present(opening::items(&self.file, &self.path))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn is_found(root: &Root, name: &str) -> bool {
        root.open(name.as_ref()).unwrap().is_some()
    }

    #[test]
    fn links_may_lead_about_but_not_out() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let base = inside.path();
        fs::create_dir_all(base.join("sub/deep")).unwrap();
        fs::write(base.join("file"), "file").unwrap();
        fs::write(base.join("sub/deep/file"), "file").unwrap();
        let back_in = Path::new("..").join(base.file_name().unwrap()).join("file");
        for (target, link) in [
            (Path::new("file"), "near"),
            (Path::new("../file"), "sub/up"),
            (Path::new("sub"), "dir"),
            (Path::new("sub/"), "slash"),
            (Path::new("sub/deep/.."), "there-and-back"),
            (Path::new("dir/../dir/./deep//file"), "winding"),
            (Path::new("."), "self"),
            (Path::new("near"), "chain"),
            (base, "top"),
            (&base.join("file"), "absolute"),
            (&base.join("sub"), "sub/deep/absolute"),
            (Path::new("file/"), "no-directory"),
            (Path::new("loop"), "loop"),
            (Path::new("nowhere"), "broken"),
            (outside.path(), "out"),
            (&outside.path().join("secret"), "leak"),
            (&base.join("../secret"), "absolute-climb"),
            (&back_in, "out-and-in"),
            (Path::new("../../../../../../../../etc/passwd"), "climb"),
            (Path::new("sub/../../secret"), "climb-later"),
            (Path::new("/"), "root"),
            (Path::new("/dev/null"), "device"),
            (Path::new("/proc/self/root/etc/passwd"), "magic"),
        ] {
            symlink(target, base.join(link)).unwrap();
        }
        let strict = Root::new(base.to_owned());
        for name in [
            "",
            "file",
            "near",
            "sub",
            "sub/up",
            "dir",
            "dir/up",
            "slash/up",
            "there-and-back/up",
            "winding",
            "self/self/file",
            "chain",
            "top/file",
            "top",
            "absolute",
            "sub/deep/absolute/deep/absolute/up",
        ] {
            assert!(is_found(&strict, name), "{name}");
        }
        for name in [
            "none",
            "file/x",
            "near/x",
            "no-directory",
            "loop",
            "loop/x",
            "broken",
            "broken/x",
            "out",
            "leak",
            "out/secret",
            "absolute-climb",
            "out-and-in",
            "climb",
            "climb-later",
            "root",
            "root/etc",
            "magic",
            "device",
        ] {
            assert!(!is_found(&strict, name), "{name}");
        }
        let free = Root {
            follow_links: true,
            ..strict
        };
        for name in ["file", "out", "leak", "out/secret", "out-and-in"] {
            assert!(is_found(&free, name), "{name}");
        }
        for name in ["device", "loop", "broken"] {
            assert!(!is_found(&free, name), "{name}");
        }
    }

    /// As many links as Linux follows, and one more; however long what they say is.
    #[test]
    fn a_chain_of_links_has_an_end() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("0"), "file").unwrap();
        for n in 1..=41 {
            symlink((n - 1).to_string(), dir.path().join(n.to_string())).unwrap();
        }
        let root = Root::new(dir.path().to_owned());
        assert!(is_found(&root, "40"));
        assert!(!is_found(&root, "41"));
    }

    /// Random directories, files and links: what is found is what the kernel finds that is
    /// asked to stay beneath the directory.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_walks_the_same_way() {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        use rustix::io::Errno;
        use std::os::unix::fs::MetadataExt;

        let names = ["a", "b", "c"];
        let (mut found, mut refused, mut through_links) = (0, 0, 0);
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let dir = tempfile::tempdir().unwrap();
            let base = dir.path().join("base");
            fs::create_dir(&base).unwrap();
            fs::write(dir.path().join("a"), "outside").unwrap();
            for _ in 0..20 {
                let path = |random: &mut fastrand::Rng, names: &[&str]| -> String {
                    let names: Vec<_> = (0..random.usize(1..4))
                        .map(|_| names[random.usize(..names.len())])
                        .collect();
                    names.join("/")
                };
                let place = base.join(path(&mut random, &names));
                // Some are in the way of others.
                let _ = match random.u8(..4) {
                    0 => fs::create_dir_all(&place),
                    1 => fs::write(&place, "inside"),
                    _ => symlink(
                        path(&mut random, &["a", "b", "c", "..", "..", ".", "a/", ""]),
                        &place,
                    ),
                };
            }
            let root = Root::new(base.clone());
            let top = File::open(&base).unwrap();
            for first in names {
                for second in ["", "a", "b", "c"] {
                    for third in ["", "a", "b"] {
                        let path: PathBuf = [first, second, third]
                            .iter()
                            .filter(|name| !name.is_empty())
                            .collect();
                        let kernels = loop {
                            let flags = (OFlags::RDONLY, Mode::empty(), ResolveFlags::BENEATH);
                            match openat2(&top, &path, flags.0, flags.1, flags.2) {
                                // It can't be sure while something is renamed, be it elsewhere.
                                Err(Errno::AGAIN) => {}
                                outcome => break outcome.map(File::from),
                            }
                        };
                        let kernels = kernels.map(|file| file.metadata().unwrap().ino());
                        let ours = match root.open(&path).unwrap() {
                            Some(Found::File(_, metadata)) => Some(metadata.ino()),
                            Some(Found::Directory(directory)) => Some(directory.metadata.ino()),
                            None => None,
                        };
                        assert_eq!(ours, kernels.ok(), "seed {seed}: {path:?}: {kernels:?}");
                        found += usize::from(ours.is_some());
                        refused += usize::from(kernels == Err(Errno::XDEV));
                        let real = base.join(&path).canonicalize();
                        through_links += usize::from(
                            ours.is_some()
                                && real.is_ok_and(|real| {
                                    real != base.canonicalize().unwrap().join(&path)
                                }),
                        );
                    }
                }
            }
        }
        assert!(
            found > 500 && refused > 100 && through_links > 100,
            "{found}, {refused}, {through_links}"
        );
    }

    #[test]
    fn a_directory_that_is_made_again_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("dist");
        fs::create_dir(&base).unwrap();
        fs::write(base.join("old"), "old").unwrap();
        let root = Root::new(base.clone());
        let list = || match root.open("".as_ref()).unwrap() {
            Some(Found::Directory(directory)) => directory.items().unwrap().unwrap().len(),
            Some(Found::File(..)) => panic!("a file"),
            None => 0,
        };
        assert_eq!((is_found(&root, "old"), list()), (true, 1));
        fs::remove_dir_all(&base).unwrap();
        assert_eq!((is_found(&root, "old"), list()), (false, 0));
        fs::create_dir(&base).unwrap();
        for name in ["new", "newer"] {
            fs::write(base.join(name), name).unwrap();
        }
        // At once: what was removed is not what is there.
        assert_eq!((list(), is_found(&root, "new")), (2, true));
        // So does what was moved away, by its place.
        fs::rename(&base, dir.path().join("moved")).unwrap();
        assert_eq!(list(), 0);
        fs::create_dir(&base).unwrap();
        fs::write(base.join("newest"), "newest").unwrap();
        assert_eq!((list(), is_found(&root, "newest")), (1, true));
    }
}
