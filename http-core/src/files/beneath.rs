//! Opening below a directory on Unix, without ever leaving it.
//!
//! A path is walked name by name. Each name is looked up in a directory that is open
//! already, and what is opened by it is never a link: a link is read, and the names in
//! it are walked in the same way. So there is no path that is judged first and trusted
//! later, and anyone who swaps files, directories and links meanwhile can only choose among
//! what is below.
//!
//! Linux and FreeBSD could do the same in one call (`openat2` with RESOLVE_BENEATH,
//! O_RESOLVE_BENEATH), and macOS could refuse every link in one (O_NOFOLLOW_ANY); this is
//! alike on every Unix, and follows an absolute link that leads to a place below, too.
//!
//! How a name is compared is the system's own matter: on a Mac, `INDEX.HTML` and `index.html`
//! are mostly one file, and so are the two ways to write é. Only the text of an absolute link
//! is held against that of the directory, letter by letter: where the two are written
//! differently, it leads nowhere.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, open, openat, readlinkat, statat};
use rustix::io::Errno;

use super::listing::{Item, Kind};
use crate::sync::lock;

/// The directory, opened. It is opened again from time to time, as another one may
/// have taken its place.
#[derive(Debug, Default)]
pub(super) struct Base(Mutex<Option<(Arc<OwnedFd>, Instant)>>);

/// How long a directory that was replaced may still be served.
const FRESH: Duration = Duration::from_secs(1);

/// Links that are followed for one path, as in Linux. Each time that the walk goes back, and
/// each time that a name is something else at the second look, counts as one, too.
const MOST_TURNS: usize = 40;

/// For a directory on the way: only names are looked up in it. Where the system has no
/// such thing, it must be readable.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const SEARCH: OFlags = OFlags::RDONLY;

/// For what is read. Should a pipe take the place of a file, it is opened without waiting.
const READ: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

impl Base {
    /// Opens what `relative` leads to below `directory`, if it is a regular file or a
    /// directory.
    ///
    /// # Errors
    /// As the system has them; `NotFound` for a way that leads out.
    pub fn open(&self, directory: &Path, relative: &Path) -> io::Result<File> {
        let known = lock(&self.0).clone();
        if let Some((base, opened)) = known
            && opened.elapsed() < FRESH
        {
            match walk(&base, directory, relative) {
                // It may be in the directory that is there by now.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // Nor is its list that of one which was moved or removed.
                Ok(file) if relative.as_os_str().is_empty() && !is_still(&file, directory)? => {}
                outcome => return outcome,
            }
        }
        let flags = SEARCH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let base = Arc::new(open(directory, flags, Mode::empty())?);
        *lock(&self.0) = Some((Arc::clone(&base), Instant::now()));
        walk(&base, directory, relative)
    }
}

/// Whether what was opened is what this path leads to now. (How many names a directory has
/// that was removed, systems say differently.)
fn is_still(opened: &File, path: &Path) -> io::Result<bool> {
    let opened = opened.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (opened.dev(), opened.ino())))
}

/// A path that is walked. What was walked of it are names of directories, none of them a
/// link, so that `..` after them is a matter of text.
struct Walk<'a> {
    path: Cow<'a, [u8]>,
    /// This many bytes of the path are walked, with a slash at their end, and lead here.
    walked: usize,
    here: Option<OwnedFd>,
    /// Links that were followed, steps back, and attempts that came to nothing.
    turns: usize,
}

fn walk(base: &OwnedFd, directory: &Path, relative: &Path) -> io::Result<File> {
    let mut walk = Walk {
        path: relative.as_os_str().as_bytes().into(),
        walked: 0,
        here: None,
        turns: 0,
    };
    loop {
        let here = walk.here.as_ref().unwrap_or(base);
        let ahead = &walk.path[walk.walked..];
        let (name, is_last) = match ahead.iter().position(|&b| b == b'/') {
            Some(end) => (&ahead[..end], false),
            None => (ahead, true),
        };
        let outcome = match name {
            b"" | b"." if is_last => openat(here, ".", READ | STAY, Mode::empty()),
            b"" | b"." => {
                walk.replace(name.len() + 1, b"");
                continue;
            }
            b".." => {
                walk.go_back()?;
                continue;
            }
            name if is_last => open_last(here, name),
            name => openat(here, name, SEARCH | OFlags::DIRECTORY | STAY, Mode::empty()),
        };
        match outcome {
            Ok(file) if is_last => return Ok(file.into()),
            Ok(directory) => {
                walk.walked += name.len() + 1;
                walk.here = Some(directory);
            }
            Err(error) => match target(here, name, error)? {
                Some(target) if target.starts_with(b"/") => {
                    let length = walk.walked + name.len();
                    let start = below(directory, &target).ok_or(ErrorKind::NotFound)?;
                    (walk.walked, walk.here) = (0, None);
                    walk.replace(length, &start);
                    walk.turn()?;
                }
                Some(target) => {
                    walk.replace(name.len(), &target);
                    walk.turn()?;
                }
                // Something else is there by now: once more.
                None => walk.turn()?,
            },
        }
    }
}

impl Walk<'_> {
    /// Puts `start` in the place of the next `length` bytes.
    fn replace(&mut self, length: usize, start: &[u8]) {
        let (before, behind) = (
            &self.path[..self.walked],
            &self.path[self.walked + length..],
        );
        self.path = Cow::Owned([before, start, behind].concat());
    }

    /// Takes each `..` that is next, and a directory before it for each. Walks to the one
    /// that is left from the base on, as what is above a directory can change.
    fn go_back(&mut self) -> io::Result<()> {
        let (mut before, mut behind) = self.path.split_at(self.walked);
        while let Some(rest) = behind.strip_prefix(b"..")
            && let Some(rest) = rest.strip_prefix(b"/").or(rest.is_empty().then_some(rest))
        {
            let names = before.strip_suffix(b"/").ok_or(ErrorKind::NotFound)?;
            let parent = names.iter().rposition(|&b| b == b'/');
            (before, behind) = (&names[..parent.map_or(0, |slash| slash + 1)], rest);
        }
        self.path = Cow::Owned([before, behind].concat());
        (self.walked, self.here) = (0, None);
        self.turn()
    }

    fn turn(&mut self) -> io::Result<()> {
        self.turns += 1;
        match self.turns > MOST_TURNS {
            true => Err(Errno::LOOP.into()),
            false => Ok(()),
        }
    }
}

/// Opens what a path ends with, if it is a regular file or a directory.
fn open_last(here: &OwnedFd, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    // To open a pipe or a device can do something, so the look comes first.
    match kind(&statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?) {
        Kind::File | Kind::Directory => openat(here, name, READ | STAY, Mode::empty()),
        Kind::Link => Err(Errno::LOOP),
        Kind::Other => Err(Errno::NOENT),
    }
}

/// What the link says that could not be opened; `None` where it was one and is none now.
fn target(here: &OwnedFd, name: &[u8], error: Errno) -> io::Result<Option<Vec<u8>>> {
    // What O_NOFOLLOW says of a link; FreeBSD has the second one, and with O_DIRECTORY
    // Linux has the third one.
    let may_be_link = [Errno::LOOP, Errno::MLINK, Errno::NOTDIR].contains(&error);
    if !may_be_link {
        return Err(error.into());
    }
    match kind(&statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?) {
        Kind::Link => match readlinkat(here, name, Vec::new()) {
            Ok(target) => Ok(Some(target.into_bytes())),
            Err(Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        },
        // A file is no directory, and that is all.
        Kind::File | Kind::Other if error == Errno::NOTDIR => Err(error.into()),
        _ => Ok(None),
    }
}

/// What is opened on a walk is no link.
const STAY: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// The rest of an absolute path that begins with that of the directory. It says where to
/// walk, no more.
fn below(directory: &Path, target: &[u8]) -> Option<Vec<u8>> {
    let target = Path::new(OsStr::from_bytes(target));
    let rest = target.strip_prefix(directory).ok();
    let rest = rest.map(Path::to_owned).or_else(|| {
        let real = directory.canonicalize().ok()?;
        target.strip_prefix(real).ok().map(Path::to_owned)
    });
    rest.map(|rest| rest.into_os_string().into_vec())
}

/// Opens a regular file or a directory for reading, and follows links.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    // To open a pipe or a device can do something, so the look comes first.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(ErrorKind::NotFound.into());
    }
    Ok(open(path, READ, Mode::empty())?.into())
}

/// Whether a directory has this name in it, whatever it stands for; also where that
/// can't be known.
pub(super) fn has_name(directory: &File, _path: &Path, name: &OsStr) -> bool {
    !matches!(
        statat(directory, name, AtFlags::SYMLINK_NOFOLLOW),
        Err(Errno::NOENT)
    )
}

/// What is in a directory.
pub(super) fn items(directory: &File, _path: &Path) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = OsString::from_vec(entry?.file_name().to_bytes().to_vec());
        if name == "." || name == ".." {
            continue;
        }
        // One that is gone by now is not there.
        let Ok(stat) = statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        items.push(Item {
            kind: kind(&stat),
            size: stat.st_size.try_into().unwrap_or(0),
            modified: modified(&stat),
            name,
        });
    }
    Ok(items)
}

fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

/// In whole seconds.
fn modified(stat: &Stat) -> Option<SystemTime> {
    let seconds = u64::try_from(stat.st_mtime).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
