//! The output buffer: bytes to be sent to a client, and perhaps a file after them.

use std::fs::File;
use std::ops::Range;

/// The output buffer. Answers to pipelined requests gather here and leave together.
#[derive(Debug, Default)]
pub struct Output {
    /// The bytes from `sent` on are still to be sent; new ones are appended.
    pub(super) bytes: Vec<u8>,
    sent: usize,
    /// What the current answer ends with, after the bytes. Nothing follows before it is sent.
    pub(super) file: Option<FilePart>,
    /// Where the current answer begins.
    start: usize,
    /// Some of the current answer has been sent.
    pub(super) has_left: bool,
    /// The current answer ends with the connection: until it is complete, closing has to
    /// look like a failure.
    pub ends_with_connection: bool,
}

/// A part of a file that is still to be sent. It is not read here: the kernel can send it
/// without a copy through the program's memory.
#[derive(Debug)]
pub struct FilePart {
    /// The file, open.
    pub file: File,
    /// The range of bytes still to be sent.
    pub rest: Range<u64>,
}

impl FilePart {
    /// The number of bytes still to be sent.
    pub fn left(&self) -> u64 {
        self.rest.end - self.rest.start
    }
}

/// Backpressure: with more bytes than this waiting to be sent, no more requests are answered.
const HIGH_WATER: usize = 64 * 1024;
/// The memory kept for the next answers; what a larger one needed is given back.
const KEPT: usize = 64 * 1024;

impl Output {
    /// The bytes to be sent next.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The file to be sent after them.
    pub fn file(&self) -> Option<&FilePart> {
        self.file.as_ref()
    }

    /// `count` of the bytes were sent or, if there are none, of the file.
    pub fn sent(&mut self, count: usize) {
        match &mut self.file {
            Some(part) if self.bytes.is_empty() => {
                part.rest.start += count as u64;
                if part.left() == 0 {
                    self.file = None;
                }
            }
            _ => {
                self.sent += count;
                self.has_left |= self.sent > self.start;
                if self.sent == self.bytes.len() {
                    self.bytes.clear();
                    (self.sent, self.start) = (0, 0);
                }
            }
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty() && self.file.is_none()
    }

    /// Whether output must be sent before another answer is added: too many bytes are waiting, or a
    /// file, which nothing may follow.
    pub(super) fn is_full(&self) -> bool {
        self.bytes().len() > HIGH_WATER || self.file.is_some()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Marks the beginning of an answer.
    pub(super) fn begin_answer(&mut self) {
        self.start = self.bytes.len();
        self.has_left = false;
        self.ends_with_connection = false;
    }

    /// Discards the current answer, of which nothing has been sent.
    pub(super) fn take_back(&mut self) {
        self.bytes.truncate(self.start);
        self.file = None;
        self.ends_with_connection = false;
    }

    /// Discards everything.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.sent, self.start) = (0, 0);
        self.file = None;
    }

    /// Makes it as new, for another connection, but keeps its memory.
    pub(super) fn reset(&mut self) {
        self.clear();
        self.begin_answer();
        self.bytes.shrink_to(KEPT);
    }

    /// Frees the memory if no bytes are left to send. (A file needs none.)
    pub(super) fn release_memory(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }
}
