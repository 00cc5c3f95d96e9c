//! Sends parts of files.
//!
//! A file is not read into memory in order to be sent: it waits in the output, open, and is
//! sent as fast as the client receives it. No thread waits for that.

use std::io::{self, ErrorKind};

use super::socket::Socket;
use crate::face::read_file;
use crate::http1::FilePart;

/// The number of bytes read at once where the system can't send a file by itself.
const PIECE: usize = 64 * 1024;

/// Sends as much of a file as possible without waiting, up to `most` bytes. Returns the
/// number of bytes sent.
///
/// # Errors
/// `WouldBlock` when the socket's buffer is full; `UnexpectedEof` when the file has become
/// shorter than was promised.
pub(super) fn send(socket: &Socket, part: &FilePart, most: usize) -> io::Result<usize> {
    let most = part.left().min(most as u64) as usize;
    match socket.send_file(&part.file, part.rest.start, most) {
        // The file has become shorter; reading it gives the error.
        Ok(0) => read_file(part, &mut [0]).map(|_| 0),
        // The system, or this file system, can't do it: the bytes go through our memory.
        Err(error) if is_unsupported(&error) => {
            let mut piece = vec![0; most.min(PIECE)];
            let count = read_file(part, &mut piece)?;
            socket.write(&piece[..count], b"")
        }
        outcome => outcome,
    }
}

/// The errors of `sendfile` where it is not available (`EINVAL`, `ENOSYS`, `EOPNOTSUPP`).
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::InvalidInput
    )
}
