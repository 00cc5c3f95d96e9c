//! Opening below a directory on Windows, where the standard library has no way to
//! look up a name in a directory that is open.
//!
//! So a path is judged, opened, and judged again: it must lead to a place below the
//! directory before and after, and this place must be the very file that was opened, by
//! its volume and its index there. What that rests on: nobody who may write in the
//! directory exchanges one of its folders with a junction or a link, back, and again,
//! each time at the right moment of one request. Anybody may make junctions, so where
//! strangers may write into the directory, serve it from a Unix system.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use winapi_util::file::information;

use super::listing::{Item, Kind};

/// Nothing is kept of the directory: each path begins with it.
#[derive(Debug, Default)]
pub(super) struct Base {}

impl Base {
    /// Opens what `relative` leads to below `directory`, if it is a regular file or a
    /// directory.
    ///
    /// # Errors
    /// As the system has them; `NotFound` for a way that leads out.
    pub fn open(&self, directory: &Path, relative: &Path) -> io::Result<File> {
        let path = directory.join(relative);
        let place = place_below(directory, &path)?;
        let file = open_regular(&place)?;
        let is_same = place_below(directory, &path)? == place
            && identity(&open_regular(&place)?)? == identity(&file)?;
        if is_same {
            Ok(file)
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }
}

/// Where a path leads to, with all links and junctions followed.
fn place_below(directory: &Path, path: &Path) -> io::Result<PathBuf> {
    let base = directory.canonicalize()?;
    let place = path.canonicalize()?;
    if place.starts_with(&base) {
        Ok(place)
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

/// Opens a regular file or a directory for reading.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    // To open a device can do something, so the look comes first.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(ErrorKind::NotFound.into());
    }
    // Without it, Windows opens no directories.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    File::options()
        .read(true)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
}

/// What no other file of this machine has while this one is open: its volume, and its
/// index there. In NTFS, the index is new for a new file in an old place, too.
pub(super) fn identity(file: &File) -> io::Result<(u64, u64)> {
    let information = information(file)?;
    Ok((information.volume_serial_number(), information.file_index()))
}

/// Whether a directory has this name in it, whatever it stands for; also where that
/// can't be known.
pub(super) fn has_name(_directory: &File, place: &Path, name: &OsStr) -> bool {
    let outcome = fs::symlink_metadata(place.join(name));
    !outcome.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// What is in a directory, if the one that was opened is still there.
pub(super) fn items(directory: &File, place: &Path) -> io::Result<Vec<Item>> {
    let is_there =
        || Ok::<bool, io::Error>(identity(&open_regular(place)?)? == identity(directory)?);
    if !is_there()? {
        return Err(ErrorKind::NotFound.into());
    }
    let items = fs::read_dir(place)?
        .map(|entry| {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let kind = metadata.file_type();
            Ok(Item {
                name: entry.file_name(),
                kind: match () {
                    () if kind.is_symlink() => Kind::Link,
                    () if kind.is_dir() => Kind::Directory,
                    () if kind.is_file() => Kind::File,
                    () => Kind::Other,
                },
                size: metadata.len(),
                modified: metadata.modified().ok(),
            })
        })
        .collect();
    match is_there()? {
        true => items,
        false => Err(ErrorKind::NotFound.into()),
    }
}
