//! Errors of the system that mean: there is nothing to read. All others mean that reading failed.

use std::io::{self, ErrorKind};

/// `None` where an error means that there is nothing to read.
pub(super) fn present<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
    ) || error.raw_os_error().is_some_and(is_absence_of_this_system)
}

/// ELOOP, a link that leads to itself; ENXIO, a socket or a device without a driver, which
/// macOS calls EOPNOTSUPP; EAGAIN, what has nothing to read yet; EILSEQ, a name that is no UTF-8
/// or has characters that the file system does not know, where it wants text, as those of
/// macOS do.
#[cfg(unix)]
fn is_absence_of_this_system(code: i32) -> bool {
    use rustix::io::Errno;
    [
        Errno::LOOP,
        Errno::NXIO,
        Errno::OPNOTSUPP,
        Errno::AGAIN,
        Errno::ILSEQ,
    ]
    .map(Errno::raw_os_error)
    .contains(&code)
}

/// ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION, a file that another program keeps
/// for itself; ERROR_CANT_ACCESS_FILE and ERROR_CANT_RESOLVE_FILENAME, a link that leads
/// to itself; ERROR_STOPPED_ON_SYMLINK, ERROR_INVALID_REPARSE_DATA and
/// ERROR_REPARSE_TAG_INVALID, one that leads nowhere.
#[cfg(windows)]
fn is_absence_of_this_system(code: i32) -> bool {
    [32, 33, 1920, 1921, 681, 4392, 4393].contains(&code)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::io::Errno;

    /// Some of them come on macOS alone.
    #[test]
    fn what_cannot_be_there_is_no_failure_of_reading() {
        let outcome = |errno: Errno| present::<()>(Err(errno.into()));
        for absent in [
            Errno::NOENT,
            Errno::ACCESS,
            Errno::PERM,
            Errno::NAMETOOLONG,
            Errno::LOOP,
            Errno::NXIO,
            Errno::OPNOTSUPP,
            Errno::ILSEQ,
        ] {
            assert!(matches!(outcome(absent), Ok(None)), "{absent}");
        }
        for failed in [Errno::IO, Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            assert!(outcome(failed).is_err(), "{failed}");
        }
    }
}
