//! What a program prints: read until its end, so that it never waits for a reader,
//! and kept up to a limit.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::record::{Bytes, Printed};
use crate::sync::lock;

/// How many bytes of the beginning are kept, and as many of the end.
const KEPT: usize = 8 * 1024;

/// The longest line that is looked at whole.
const LONGEST_LINE: usize = 4 * 1024;

/// One output of a program.
#[derive(Clone, Default)]
pub(crate) struct Output(Arc<(Mutex<Kept>, Condvar)>);

#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
    ended: bool,
}

impl Output {
    /// Starts a thread that reads `source` until its end. `see` gets each line as
    /// it comes, and how many bytes have come so far.
    pub(crate) fn read(
        mut source: impl Read + Send + 'static,
        mut see: impl FnMut(&str, u64) + Send + 'static,
    ) -> Self {
        let output = Self::default();
        let shared = output.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            let mut line = Vec::new();
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                let total = shared.keep(&buffer[..length]);
                for part in buffer[..length].split_inclusive(|&byte| byte == b'\n') {
                    let room = LONGEST_LINE.saturating_sub(line.len());
                    line.extend_from_slice(&part[..part.len().min(room)]);
                    if part.ends_with(b"\n") {
                        see(&String::from_utf8_lossy(&line), total);
                        line.clear();
                    }
                }
                // Also without a line end: a flood need not have any.
                see("", total);
            }
            shared.lock().ended = true;
            shared.0.1.notify_all();
        });
        output
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        lock(&self.0.0)
    }

    fn keep(&self, bytes: &[u8]) -> u64 {
        let mut printed = self.lock();
        let room = (KEPT - printed.head.len()).min(bytes.len());
        printed.head.extend_from_slice(&bytes[..room]);
        printed.tail.extend(&bytes[room..]);
        let too_many = printed.tail.len().saturating_sub(KEPT);
        printed.tail.drain(..too_many);
        printed.total += bytes.len() as u64;
        printed.total
    }

    /// What was printed, once the program has ended and all of it was read; or
    /// after `limit`, what has come until then.
    pub(crate) fn printed(&self, limit: Duration) -> Printed {
        let until = Instant::now() + limit;
        let mut printed = self.lock();
        while !printed.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.0.1.wait_timeout(printed, left);
            printed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let mut head = printed.head.clone();
        let mut tail: Vec<u8> = printed.tail.iter().copied().collect();
        let left_out = printed.total - (head.len() + tail.len()) as u64;
        if left_out == 0 {
            head.append(&mut tail);
        }
        Printed {
            head: Bytes(head),
            left_out,
            tail: Bytes(tail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn lines_are_seen_and_everything_is_kept() {
        let (send, seen) = mpsc::channel();
        let output = Output::read("one\ntwo\nrest".as_bytes(), move |line, _| {
            let _ = send.send(line.to_string());
        });
        let printed = output.printed(LONG);
        assert_eq!(printed.text(), "one\ntwo\nrest");
        assert_eq!(printed.left_out, 0);
        let seen: Vec<String> = seen.iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(seen, ["one\n", "two\n"]);
    }

    #[test]
    fn of_a_flood_both_ends_are_kept() {
        let flood = format!("first\n{}last", "x\n".repeat(1_000_000));
        let output = Output::read(std::io::Cursor::new(flood), |_, _| ());
        let printed = output.printed(LONG);
        assert_eq!(printed.len(), 2_000_010);
        assert!(printed.head.len() + printed.tail.len() <= 2 * KEPT);
        assert!(printed.head.starts_with(b"first\nx\n"));
        assert!(printed.tail.ends_with(b"x\nlast"));
    }
}
