//! A part of a file on its way to a client.
//!
//! A file is not read into memory to be sent: it waits with the answer, open, and
//! goes out as the client takes it, without a thread in between.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

use crate::socket::Socket;

/// What is still to be sent of a file.
#[derive(Debug)]
pub(crate) struct FilePart {
    file: Arc<File>,
    rest: Range<u64>,
}

/// Bytes that are read in one go where the system can't send them by itself.
const PIECE: usize = 64 * 1024;

impl FilePart {
    pub fn new(file: Arc<File>, part: Range<u64>) -> FilePart {
        FilePart { file, rest: part }
    }

    /// Bytes that are still to be sent.
    pub fn left(&self) -> u64 {
        self.rest.end - self.rest.start
    }

    /// Sends as much as goes out without waiting, up to `most` bytes. Says how much it was.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits; `UnexpectedEof` when the file has become
    /// shorter than what was promised of it.
    pub fn send(&mut self, socket: &Socket, most: usize) -> io::Result<usize> {
        let most = self.left().min(most as u64) as usize;
        let sent = match socket.send_file(&self.file, self.rest.start, most) {
            Ok(0) => return Err(shorter()),
            Ok(sent) => sent,
            // A file system, or a system, that can't: byte by byte through our hands.
            Err(error) if is_unsupported(&error) => {
                self.with_piece(|piece| socket.write(piece, b""))?
            }
            Err(error) => return Err(error),
        };
        self.rest.start += sent as u64;
        Ok(sent)
    }

    /// Hands the next piece to `write_all`, and counts it as sent.
    pub fn send_piece(
        &mut self,
        write_all: impl FnOnce(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let sent = self.with_piece(|piece| write_all(piece).map(|()| piece.len()))?;
        self.rest.start += sent as u64;
        Ok(())
    }

    /// Appends all of it to `bytes`.
    pub fn read_into(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let start = bytes.len();
        bytes.resize(start + self.left() as usize, 0);
        let mut filled = 0;
        while filled < bytes.len() - start {
            let offset = self.rest.start + filled as u64;
            match read_at(&self.file, &mut bytes[start + filled..], offset) {
                Ok(0) => return Err(shorter()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads the next piece into memory that this thread uses again and again.
    fn with_piece<T>(&self, use_it: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
        thread_local! {
            static PIECES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        PIECES.with_borrow_mut(|memory| {
            memory.resize(PIECE, 0);
            let most = self.left().min(PIECE as u64) as usize;
            loop {
                match read_at(&self.file, &mut memory[..most], self.rest.start) {
                    Ok(0) => return Err(shorter()),
                    Ok(count) => return use_it(&memory[..count]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

fn shorter() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "the file has become shorter while it was sent",
    )
}

/// What sendfile says where it can't be had (`EINVAL`, `ENOSYS`, `EOPNOTSUPP`).
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::InvalidInput
    )
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}
