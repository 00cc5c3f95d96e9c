//! What waits to be sent to one client: bytes, and parts of files between them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use crate::socket::{Pace, Socket};
use crate::transfer::FilePart;

/// Answers on their way, in the order in which they go out.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// From `sent` on still to be sent; new ones are appended. Answers to pipelined
    /// requests gather here and leave together.
    pub bytes: Vec<u8>,
    sent: usize,
    files: VecDeque<Insert>,
    /// Bytes of files that may go out before others have their turn.
    turn: usize,
}

/// A part of a file, and its place: so many of the bytes go before it.
#[derive(Debug)]
struct Insert {
    at: usize,
    part: FilePart,
}

/// A place in an outbox: its end as it was once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    bytes: usize,
    files: usize,
}

/// A part of a file up to this size is copied: that costs less than a call for itself.
const SMALL_FILE: u64 = 16 * 1024;
/// Bytes of files in a row before another connection has its turn.
const TURN: usize = 4 * 1024 * 1024;
/// Memory that is kept for the next answers; what a larger one needed goes back to the
/// system.
const KEPT: usize = 64 * 1024;

impl Outbox {
    /// Its present end.
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            files: self.files.len(),
        }
    }

    /// Forgets what came after `mark`, of which nothing was sent.
    pub fn take_back(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.files.truncate(mark.files);
    }

    /// Forgets all of it.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.files.clear();
        self.sent = 0;
    }

    /// Gives back what an unusually large answer needed.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to(KEPT);
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a part of a file. A large one is not read now.
    pub fn push_file(&mut self, part: FilePart) -> io::Result<()> {
        if part.left() <= SMALL_FILE {
            return part.read_into(&mut self.bytes);
        }
        let at = self.bytes.len();
        self.files.push_back(Insert { at, part });
        Ok(())
    }

    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Bytes that wait, those of files included.
    pub fn pending(&self) -> u64 {
        let files: u64 = self.files.iter().map(|insert| insert.part.left()).sum();
        (self.bytes.len() - self.sent) as u64 + files
    }

    /// Sends what waits, as far as it goes without waiting. `true` when all is sent.
    pub fn send(&mut self, socket: &Socket, pace: &mut Pace) -> io::Result<bool> {
        self.turn = TURN;
        loop {
            let outcome = match self.files.front_mut() {
                None if self.sent == self.bytes.len() => break,
                None => socket.write(&self.bytes[self.sent..], b""),
                Some(insert) if self.sent < insert.at => {
                    socket.write_before_file(&self.bytes[self.sent..insert.at])
                }
                Some(_) if self.turn == 0 => return Ok(false),
                Some(insert) => {
                    let outcome = insert.part.send(socket, self.turn);
                    if let Ok(count) = outcome {
                        self.turn = self.turn.saturating_sub(count);
                        pace.moved(count);
                        if insert.part.left() == 0 {
                            self.files.pop_front();
                        }
                        continue;
                    }
                    outcome
                }
            };
            match outcome {
                Ok(count) => {
                    self.sent += count;
                    pace.moved(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.clear();
        Ok(true)
    }

    /// Whether the last `send` could have gone on, but has had its turn.
    pub fn has_had_its_turn(&self) -> bool {
        self.turn == 0 && self.has_files()
    }

    /// Sends all that waits, and `data` behind it, and waits until the client takes it.
    pub fn send_waiting(
        &mut self,
        socket: &Socket,
        data: &[u8],
        pace: &mut Pace,
    ) -> io::Result<()> {
        while let Some(Insert { at, part }) = self.files.front_mut() {
            socket.write_all_waiting(&self.bytes[self.sent..*at], b"", pace)?;
            self.sent = *at;
            while part.left() > 0 {
                part.send_piece(|piece| socket.write_all_waiting(piece, b"", pace))?;
            }
            self.files.pop_front();
        }
        socket.write_all_waiting(&self.bytes[self.sent..], data, pace)?;
        self.clear();
        Ok(())
    }

    /// Where no file waits: sends the bytes that do, and `data` behind them, as far as
    /// one write goes without waiting. Says how much of `data` went.
    pub fn write_with(&mut self, socket: &Socket, data: &[u8]) -> io::Result<usize> {
        let count = socket.write(&self.bytes[self.sent..], data)?;
        let from_bytes = count.min(self.bytes.len() - self.sent);
        self.sent += from_bytes;
        Ok(count - from_bytes)
    }

    /// Holds memory for what waits only.
    pub fn release_memory(&mut self) {
        if self.sent == self.bytes.len() {
            // A part of a file that still waits needs none.
            self.files.iter_mut().for_each(|insert| insert.at = 0);
            self.sent = 0;
            self.bytes = Vec::new();
        }
    }
}
