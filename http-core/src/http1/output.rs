//! The output buffer: bytes to be sent to a client, and parts of files between them.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// The output buffer. Answers to pipelined requests gather here and leave together.
#[derive(Debug, Default)]
pub struct Output {
    /// The bytes from `sent` on are still to be sent; new ones are appended.
    pub(super) bytes: Vec<u8>,
    sent: usize,
    files: VecDeque<Insert>,
    /// Where the current answer begins.
    start: Mark,
    /// Some of the current answer has been sent.
    has_left: bool,
    /// The current answer ends with the connection: until it is complete, closing has to
    /// look like a failure.
    pub(super) ends_with_connection: bool,
}

/// A part of a file, to be sent behind the first `at` bytes.
#[derive(Debug)]
struct Insert {
    at: usize,
    part: FilePart,
}

/// A position in the output.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    bytes: usize,
    files: usize,
}

/// A part of a file that is still to be sent. It is not read here: the kernel can send it
/// without a copy through the program's memory.
#[derive(Debug)]
pub struct FilePart {
    /// The file, open.
    pub file: Arc<File>,
    /// The range of bytes still to be sent.
    pub rest: Range<u64>,
}

impl FilePart {
    /// The number of bytes still to be sent.
    pub fn left(&self) -> u64 {
        self.rest.end - self.rest.start
    }
}

/// What is to be sent next.
#[derive(Debug)]
pub enum Front<'a> {
    /// These bytes.
    Bytes {
        /// All bytes up to the next file, or up to the end.
        bytes: &'a [u8],
        /// A part of a file comes right behind them.
        file_follows: bool,
    },
    /// A part of a file.
    File(&'a FilePart),
}

/// The memory kept for the next answers; what a larger one needed is given back.
const KEPT: usize = 64 * 1024;

impl Output {
    /// What is to be sent next; `None` when the output is empty.
    pub fn front(&self) -> Option<Front<'_>> {
        match self.files.front() {
            Some(insert) if insert.at == self.sent => Some(Front::File(&insert.part)),
            Some(insert) => Some(Front::Bytes {
                bytes: &self.bytes[self.sent..insert.at],
                file_follows: true,
            }),
            None if self.sent < self.bytes.len() => Some(Front::Bytes {
                bytes: &self.bytes[self.sent..],
                file_follows: false,
            }),
            None => None,
        }
    }

    /// `count` bytes of the front were sent.
    pub fn sent(&mut self, count: usize) {
        match self.files.front_mut() {
            Some(insert) if insert.at == self.sent => {
                insert.part.rest.start += count as u64;
                if insert.part.left() == 0 {
                    self.files.pop_front();
                    self.start.files = self.start.files.saturating_sub(1);
                }
            }
            _ => self.sent += count,
        }
        self.has_left |= self.sent > self.start.bytes;
        if self.files.is_empty() && self.sent == self.bytes.len() {
            self.clear();
        }
    }

    /// The number of bytes to be sent, including those of files.
    pub fn pending(&self) -> u64 {
        let files: u64 = self.files.iter().map(|insert| insert.part.left()).sum();
        (self.bytes.len() - self.sent) as u64 + files
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len() && self.files.is_empty()
    }

    /// Whether the current answer ends with the connection.
    pub fn ends_with_connection(&self) -> bool {
        self.ends_with_connection
    }

    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn push_file(&mut self, part: FilePart) {
        let at = self.bytes.len();
        self.files.push_back(Insert { at, part });
    }

    /// Marks the beginning of an answer.
    pub(super) fn begin_answer(&mut self) {
        self.start = Mark {
            bytes: self.bytes.len(),
            files: self.files.len(),
        };
        self.has_left = false;
        self.ends_with_connection = false;
    }

    /// Whether some of the current answer has been sent.
    pub(super) fn has_left(&self) -> bool {
        self.has_left
    }

    /// Discards the current answer, of which nothing has been sent.
    pub(super) fn take_back(&mut self) {
        self.bytes.truncate(self.start.bytes);
        self.files.truncate(self.start.files);
        self.ends_with_connection = false;
    }

    /// Discards everything.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.files.clear();
        self.sent = 0;
        self.start = Mark::default();
    }

    /// Makes it as new, for another connection, but keeps its memory.
    pub(super) fn reset(&mut self) {
        self.clear();
        self.has_left = false;
        self.ends_with_connection = false;
        self.bytes.shrink_to(KEPT);
    }

    /// Frees the memory if no bytes are left to send.
    pub(super) fn release_memory(&mut self) {
        if self.sent == self.bytes.len() {
            // A part of a file may still wait: it needs no memory.
            self.files.iter_mut().for_each(|insert| insert.at = 0);
            self.start.bytes = 0;
            self.sent = 0;
            self.bytes = Vec::new();
        }
    }
}
