//! Bytes that came from a client and were not used yet.

/// A buffer that is filled at its end and used from its start.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// All of it initialised: `start..end` are the bytes at hand, the rest is room.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// Room a buffer starts with: most requests fit.
const FIRST_SIZE: usize = 8 * 1024;

impl Buffer {
    /// The bytes at hand.
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

    /// Holds no memory while it is empty.
    pub fn release_memory(&mut self) {
        if self.is_empty() {
            *self = Buffer::default();
        }
    }

    /// Room for new bytes behind those at hand; report with `filled_more` how many came.
    pub fn room(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                // Twice as much as has really come: nothing is set aside for a
                // length that was only claimed.
                self.bytes.resize((self.bytes.len() * 2).max(FIRST_SIZE), 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes were written to the start of `room`.
    pub fn filled_more(&mut self, count: usize) {
        self.end += count;
        assert!(
            self.end <= self.bytes.len(),
            "more filled than there was room"
        );
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
}
