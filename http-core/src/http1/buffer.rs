//! The input buffer: bytes that were received and are not yet used.

/// A buffer that is filled at its end and used from its start.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// All of it is initialized: `start..end` holds the buffered bytes, the rest is room.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The last read filled all the room there was.
    was_full: bool,
}

/// The size that a buffer starts with: most requests fit.
const FIRST_SIZE: usize = 8 * 1024;
/// The size that a buffer grows to while a body arrives as fast as it is read.
const LARGE_SIZE: usize = 64 * 1024;

impl Buffer {
    /// The buffered bytes.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The first `count` bytes are used.
    pub fn consume(&mut self, count: usize) {
        self.start += count;
        assert!(self.start <= self.end, "more consumed than there was");
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    pub fn clear(&mut self) {
        self.consume(self.len());
    }

    /// Frees the memory if the buffer is empty.
    pub fn release_memory(&mut self) {
        if self.is_empty() {
            *self = Buffer::default();
        }
    }

    /// Discards everything, and gives back memory that an unusually large head needed.
    pub fn reset(&mut self) {
        self.clear();
        self.bytes.truncate(LARGE_SIZE);
        self.bytes.shrink_to(LARGE_SIZE);
    }

    /// Room for new bytes after the buffered ones; report their number with `filled_more`.
    pub fn room(&mut self) -> &mut [u8] {
        let is_fast = self.was_full && self.is_empty() && self.bytes.len() < LARGE_SIZE;
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.end == self.bytes.len() || is_fast {
            // Twice as much as has really arrived: no memory is set aside for a length that
            // was only claimed.
            let size = (self.bytes.len() * 2).max(FIRST_SIZE);
            if self.bytes.is_empty() {
                // Unlike `resize`, this gets zeroed memory from the system, and writes none.
                self.bytes = vec![0; size];
            } else {
                self.bytes.resize(size, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were written to the start of `room`.
    pub fn filled_more(&mut self, count: usize) {
        self.end += count;
        assert!(
            self.end <= self.bytes.len(),
            "more filled than there was room"
        );
        self.was_full = self.end == self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffer: &mut Buffer, bytes: &[u8]) {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let room = buffer.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            buffer.filled_more(count);
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut buffer = Buffer::default();
        let bytes: Vec<u8> = (0..3 * FIRST_SIZE).map(|n| (n % 251) as u8).collect();
        fill(&mut buffer, &bytes[..FIRST_SIZE]);
        buffer.consume(100);
        fill(&mut buffer, &bytes[FIRST_SIZE..]);
        assert_eq!(buffer.filled(), &bytes[100..]);
        buffer.consume(buffer.len() - 1);
        assert_eq!(buffer.filled(), &bytes[bytes.len() - 1..]);
        buffer.clear();
        assert!(buffer.is_empty());
    }

    #[test]
    fn room_grows_for_a_client_that_fills_it_and_for_no_other() {
        let mut buffer = Buffer::default();
        for _ in 0..10 {
            assert_eq!(buffer.room().len(), FIRST_SIZE);
            buffer.filled_more(100);
            buffer.clear();
        }
        for _ in 0..10 {
            let count = buffer.room().len();
            buffer.filled_more(count);
            buffer.clear();
        }
        assert_eq!(buffer.room().len(), LARGE_SIZE);
        buffer.release_memory();
        assert_eq!(buffer.room().len(), FIRST_SIZE);
        fill(&mut buffer, &[0; 3 * LARGE_SIZE]);
        buffer.reset();
        assert_eq!(buffer.bytes.capacity(), LARGE_SIZE);
    }
}
