//! One client's socket. It is non-blocking: a call that can't go on returns `WouldBlock`, and
//! the caller decides how to wait.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::sockopt;

use super::file;
use super::listen::MOST_UNSENT;
use super::time::Pace;
use super::trace::{IN, OUT, Trace};
use crate::http1::Output;

/// Nagle's algorithm is off (`TCP_NODELAY`): an answer is written in one piece anyway. On
/// Linux, a connection inherits this from its listener.
pub(super) const INHERITS_NO_DELAY: bool = cfg!(target_os = "linux");

/// The socket of one connection.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    client: SocketAddr,
    /// Whether closing it sends a reset (RST).
    resets: Cell<bool>,
    /// See [`Socket::limit_unsent`].
    unsent_limit: Cell<u32>,
    trace: Option<Trace>,
}

impl Socket {
    /// # Errors
    /// If the client is gone already.
    pub fn new(stream: TcpStream, client: SocketAddr) -> io::Result<Socket> {
        if !INHERITS_NO_DELAY {
            stream.set_nodelay(true)?;
        }
        Ok(Socket {
            stream,
            client,
            resets: Cell::new(false),
            unsent_limit: Cell::new(MOST_UNSENT),
            trace: Trace::wanted(client),
        })
    }

    /// The address of the client.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// For registering it with the poller.
    pub fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads what has arrived. 0 means that the client will send nothing more.
    ///
    /// # Errors
    /// `WouldBlock` when nothing has arrived.
    pub fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let count = retry(|| (&self.stream).read(into))?;
        self.show(IN, &into[..count]);
        Ok(count)
    }

    /// Sends `output`, then `data`, as far as possible without waiting: until its buffer is full,
    /// or the turn is over. `file_bytes` is the number of file bytes that may be sent, and is
    /// counted down. Returns the number of bytes of `data` that were sent.
    pub fn send(
        &self,
        output: &mut Output,
        data: &[u8],
        pace: &mut Pace,
        file_bytes: &mut usize,
    ) -> io::Result<usize> {
        self.reset_on_close(output.ends_with_connection || self.resets.get());
        let mut data_sent = 0;
        loop {
            let (bytes, rest) = (output.bytes(), &data[data_sent..]);
            let outcome = match output.file() {
                None if bytes.is_empty() && rest.is_empty() => return Ok(data_sent),
                None => self.write(bytes, rest),
                Some(_) if !bytes.is_empty() => self.write_before_file(bytes),
                Some(_) if *file_bytes == 0 => return Ok(data_sent),
                Some(part) => {
                    if part.left() > MOST_UNSENT.into() {
                        // No thread writes it, and in small pieces it costs twice the time.
                        self.limit_unsent(u32::MAX);
                    }
                    file::send(self, part, *file_bytes)
                        .inspect(|count| *file_bytes = file_bytes.saturating_sub(*count))
                }
            };
            let sent = match outcome {
                Ok(sent) => sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(data_sent),
                Err(error) => return Err(error),
            };
            pace.moved(sent);
            let from_output = match output.file() {
                Some(_) => sent,
                None => sent.min(bytes.len()),
            };
            output.sent(from_output);
            data_sent += sent - from_output;
        }
    }

    /// Writes as much as the socket takes of `first`, then of `second`.
    ///
    /// # Errors
    /// `WouldBlock` when its buffer is full.
    pub fn write(&self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        let count = retry(|| match (first, second) {
            (bytes, []) | ([], bytes) => (&self.stream).write(bytes),
            _ => (&self.stream).write_vectored(&[IoSlice::new(first), IoSlice::new(second)]),
        })?;
        if count == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        let from_first = count.min(first.len());
        self.show(OUT, &first[..from_first]);
        self.show(OUT, &second[..count - from_first]);
        Ok(count)
    }

    /// Writes as much of `head` as the socket takes. A file follows, so the system may hold
    /// the bytes back and send both together (`MSG_MORE`).
    ///
    /// # Errors
    /// `WouldBlock` when the socket's buffer is full.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn write_before_file(&self, head: &[u8]) -> io::Result<usize> {
        use rustix::net::{SendFlags, send};
        let more = SendFlags::MORE | SendFlags::NOSIGNAL;
        let count = retry(|| Ok(send(&self.stream, head, more)?))?;
        self.show(OUT, &head[..count]);
        Ok(count)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn write_before_file(&self, head: &[u8]) -> io::Result<usize> {
        self.write(head, b"")
    }

    /// Has the system send up to `most` bytes of a file, as many as the socket takes. 0 means
    /// that the file ends at `offset`.
    ///
    /// # Errors
    /// `WouldBlock` when the socket's buffer is full; `Unsupported` where it can't be done.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn send_file(&self, file: &File, offset: u64, most: usize) -> io::Result<usize> {
        if self.trace.is_some() {
            // To be shown, the bytes have to be in memory.
            return Err(ErrorKind::Unsupported.into());
        }
        let mut offset = offset;
        retry(|| {
            let sent = rustix::fs::sendfile(&self.stream, file, Some(&mut offset), most);
            Ok(sent?)
        })
    }

    /// Not available here. (macOS has a `sendfile`, but rustix does not.)
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn send_file(&self, _file: &File, _offset: u64, _most: usize) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Waits until the socket can be read or written again. `false` if that takes longer
    /// than `time`.
    pub fn poll(&self, event: PollFlags, time: Duration) -> io::Result<bool> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let time = Timespec::try_from(left).ok();
            let mut socket = [PollFd::new(&self.stream, event)];
            match rustix::event::poll(&mut socket, time.as_ref()) {
                Ok(0) if left.is_zero() => return Ok(false),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sets the number of bytes that the system takes before it can send them, where it can be
    /// told: [`MOST_UNSENT`], or more.
    pub fn limit_unsent(&self, limit: u32) {
        if self.unsent_limit.replace(limit) != limit {
            #[cfg(target_os = "linux")]
            let _ = socket2::SockRef::from(&self.stream).set_tcp_notsent_lowat(limit);
        }
    }

    /// Sets whether closing the socket, in whatever way that happens, tells the client that
    /// something went wrong (RST).
    pub fn reset_on_close(&self, reset: bool) {
        if self.resets.replace(reset) != reset {
            let time = reset.then_some(Duration::ZERO);
            let _ = sockopt::set_socket_linger(&self.stream, time);
        }
    }

    /// Tells the client that nothing more will be sent (FIN).
    pub fn shut_down_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn show(&self, mark: &str, bytes: &[u8]) {
        if let (Some(trace), false) = (&self.trace, bytes.is_empty()) {
            trace.show(mark, bytes);
        }
    }
}

/// Repeats a call that a signal interrupted.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::listen::listen_at;
    use super::*;

    /// With Nagle's algorithm, the second of two answers could wait 40 ms for the client to
    /// acknowledge the first.
    #[test]
    fn what_is_written_leaves_at_once_and_little_of_it_waits() {
        let listener = listen_at("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = loop {
            match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                outcome => break outcome.unwrap(),
            }
        };
        assert_eq!(address, client.local_addr().unwrap());
        let socket = Socket::new(stream, address).unwrap();
        assert!(sockopt::tcp_nodelay(&socket.stream).unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(
            socket2::SockRef::from(&socket.stream)
                .tcp_notsent_lowat()
                .unwrap(),
            MOST_UNSENT
        );
    }
}
