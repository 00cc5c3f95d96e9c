//! Opening below a directory on Linux, where the kernel itself stays there: openat2
//! with RESOLVE_BENEATH goes no way that leads out, be it by `..` or by a link, and
//! be the link put there in this moment.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, fstatat};

use crate::sync::lock;

/// The directory, opened. It is opened again from time to time, as another one may
/// have taken its place.
#[derive(Debug, Default)]
pub(super) struct Base(Mutex<Option<(Arc<OwnedFd>, Instant)>>);

/// How long a directory that was replaced may still be served.
const FRESH: Duration = Duration::from_secs(1);

impl Base {
    /// Opens what `relative` leads to below `directory`, if it is a regular file or a
    /// directory.
    ///
    /// # Errors
    /// `CrossesDevices` for a link that leads out; `Unsupported` where the kernel is
    /// older than 5.6, or a sandbox forbids the call. An absolute link is one that
    /// leads out here, wherever it leads.
    pub fn open(&self, directory: &Path, relative: &Path) -> io::Result<File> {
        let relative = match relative.as_os_str().is_empty() {
            true => Path::new("."),
            false => relative,
        };
        let known = lock(&self.0).clone();
        if let Some((base, opened)) = known
            && opened.elapsed() < FRESH
        {
            match open_below(&base, relative) {
                // It may be in the directory that is there by now.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                outcome => return outcome,
            }
        }
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let base = Arc::new(open(directory, flags, Mode::empty())?);
        *lock(&self.0) = Some((Arc::clone(&base), Instant::now()));
        open_below(&base, relative)
    }
}

fn open_below(base: &OwnedFd, relative: &Path) -> io::Result<File> {
    // To open a pipe or a device can do something, so the look comes first.
    let kind =
        SFlag::from_bits_truncate(fstatat(base, relative, nix::fcntl::AtFlags::empty())?.st_mode);
    let kind = kind & SFlag::S_IFMT;
    if kind != SFlag::S_IFREG && kind != SFlag::S_IFDIR {
        return Err(ErrorKind::NotFound.into());
    }
    // And should one come there in between, then at least without waiting.
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    match openat2(base, relative, how) {
        Ok(file) => Ok(File::from(file)),
        Err(Errno::EXDEV) => Err(ErrorKind::CrossesDevices.into()),
        // EAGAIN: so much is renamed meanwhile that the kernel can't be sure.
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EAGAIN) => Err(ErrorKind::Unsupported.into()),
        Err(error) => Err(error.into()),
    }
}
