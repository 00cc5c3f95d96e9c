//! A connection without a client: bytes out, bytes in, for what ureq cannot send
//! and for checks of the wire itself.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::client::head_length;
use crate::failure::{Came, Failure, Symptom};
use crate::request::Asked;

/// One raw connection to the program, from [`Run::connect`](crate::Run::connect).
/// Everything ends at the time limit of the check.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    until: Instant,
    limit: usize,
    sent: Vec<u8>,
    received: Vec<u8>,
    /// How much of `received` was handed out.
    taken: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, until: Instant, limit: usize) -> Self {
        let (sent, received) = Default::default();
        Self {
            stream,
            until,
            limit,
            sent,
            received,
            taken: 0,
        }
    }

    /// Sends these bytes as they are.
    ///
    /// # Errors
    ///
    /// If the program has closed the connection, or takes nothing until the limit.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        let bytes = bytes.as_ref();
        self.sent.extend_from_slice(bytes);
        let sent = self.time_left().and_then(|left| {
            self.stream.set_write_timeout(Some(left))?;
            self.stream.write_all(bytes)
        });
        sent.map_err(|error| self.failure("the program reads all that is sent", &error))
    }

    /// Reads through the empty line that ends a status line and headers.
    ///
    /// # Errors
    ///
    /// If the connection ends first, or the time is up.
    pub fn read_head(&mut self) -> Result<Vec<u8>, Failure> {
        self.read_until("a status line, headers and an empty line", head_length)
    }

    /// Reads exactly this many bytes.
    ///
    /// # Errors
    ///
    /// If the connection ends first, or the time is up.
    pub fn read_exact(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        let enough = |bytes: &[u8]| (bytes.len() >= length).then_some(length);
        self.read_until(&format!("{length} more bytes"), enough)
    }

    /// Reads what is left until the program closes the connection.
    ///
    /// # Errors
    ///
    /// If it is still open when the time is up.
    pub fn read_to_end(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            match self.read_more() {
                Ok(0) => return Ok(self.take(self.received.len() - self.taken)),
                Ok(_) => {}
                Err(error) => return Err(self.failure("the program closes the connection", &error)),
            }
        }
    }

    /// The failure of a check that did not find what it expected in what it read:
    /// `return Err(wire.wrong("two answers, in the order of the requests"))`.
    pub fn wrong(&self, expected: impl Into<String>) -> Failure {
        self.failure_with(expected.into(), Symptom::Other)
    }

    fn read_until(
        &mut self,
        expected: &str,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Vec<u8>, Failure> {
        loop {
            if let Some(length) = end(&self.received[self.taken..]) {
                return Ok(self.take(length));
            }
            match self.read_more() {
                Ok(0) => {
                    return Err(self.failure(expected, &io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(_) => {}
                Err(error) => return Err(self.failure(expected, &error)),
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let from = self.taken;
        self.taken += length;
        self.received[from..self.taken].to_vec()
    }

    fn read_more(&mut self) -> io::Result<usize> {
        if self.received.len() > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let left = self.time_left()?;
        self.stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 16 * 1024];
        let length = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..length]);
        Ok(length)
    }

    fn time_left(&self) -> io::Result<std::time::Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }

    fn failure(&self, expected: &str, error: &io::Error) -> Failure {
        let symptom = match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Symptom::TooSlow,
            io::ErrorKind::FileTooLarge => Symptom::EndlessBody,
            _ => Symptom::ClosedEarly,
        };
        self.failure_with(expected.into(), symptom)
    }

    fn failure_with(&self, expected: String, symptom: Symptom) -> Failure {
        let asked = Asked::Bytes(self.sent.clone());
        Failure::new(
            Some(asked),
            expected,
            Came::Bytes(self.received.clone()),
            symptom,
        )
    }
}
