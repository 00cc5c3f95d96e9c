//! A part of a file on its way to a client.
//!
//! A file is not read into memory to be sent: it waits with the answer, open, and goes out
//! as the client takes it, without a thread in between.

use std::cell::RefCell;
use std::io::{self, ErrorKind};

use super::socket::Socket;
use crate::face::read_file;
use crate::http1::FilePart;

/// Bytes that are read in one go where the system can't send them by itself.
const PIECE: usize = 64 * 1024;

/// Sends as much of a file as goes out without waiting, up to `most` bytes. Says how much it
/// was.
///
/// # Errors
/// `WouldBlock` when nothing fits; `UnexpectedEof` when the file has become shorter than
/// what was promised of it.
pub(super) fn send(socket: &Socket, part: &FilePart, most: usize) -> io::Result<usize> {
    let most = part.left().min(most as u64) as usize;
    match socket.send_file(&part.file, part.rest.start, most) {
        // Reading it says why.
        Ok(0) => with_piece(part, 1, |_| Ok(0)),
        // A file system, or a system, that can't: byte by byte through our hands.
        Err(error) if is_unsupported(&error) => {
            with_piece(part, most, |piece| socket.write(piece, b""))
        }
        outcome => outcome,
    }
}

/// Reads the next piece into memory that this thread uses again and again.
fn with_piece<T>(
    part: &FilePart,
    most: usize,
    use_it: impl FnOnce(&[u8]) -> io::Result<T>,
) -> io::Result<T> {
    thread_local! {
        static PIECES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    PIECES.with_borrow_mut(|memory| {
        memory.resize(PIECE, 0);
        let count = read_file(&part.file, &mut memory[..most.min(PIECE)], part.rest.start)?;
        use_it(&memory[..count])
    })
}

/// What sendfile says where it can't be had (`EINVAL`, `ENOSYS`, `EOPNOTSUPP`).
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::InvalidInput
    )
}
