//! One client's socket. There is one way to read and to write: try; if it would block,
//! wait. A connection waits at the poller, a handler here.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Type};

use crate::log::{Direction, Trace};
use crate::threads::Threads;
use crate::{Limits, Refusal};

/// How long a client may keep us waiting in one transfer: some time in any case,
/// and more for every byte that moved. One rule for a client that stalls and for
/// one that is too slow. Only waiting counts: a handler may take its time.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    stall_time: Duration,
    least_rate: u32,
    moved: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    pub fn new(limits: &Limits) -> Pace {
        Pace {
            stall_time: limits.stall_time,
            least_rate: limits.least_rate.max(1),
            moved: 0,
            waited: Duration::ZERO,
            waiting_since: None,
        }
    }

    pub fn moved(&mut self, bytes: usize) {
        self.moved += bytes as u64;
    }

    /// A wait begins; it is too long after the time returned.
    pub fn start_waiting(&mut self) -> Duration {
        self.waiting_since = Some(Instant::now());
        let earned =
            Duration::from_millis(self.moved.saturating_mul(1000) / u64::from(self.least_rate));
        // Nobody waits longer than a year, and no sum overflows.
        (self.stall_time + earned.min(Duration::from_secs(365 * 24 * 3600)))
            .saturating_sub(self.waited)
    }

    /// The wait is over.
    pub fn stop_waiting(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
    }
}

/// What the reader of a request and the writer of its answer must know of each
/// other. They share nothing but the socket.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// Some of the answer has left: `100 Continue` would stand in the middle of it.
    pub answer_begun: Cell<bool>,
    /// So much of the body is unread, or may never come, that the connection has
    /// to end with this answer.
    pub body_in_the_way: Cell<bool>,
    /// So long the handler has waited for its client.
    pub waited: Cell<Duration>,
}

/// What is written leaves at once: an answer is written in one piece anyway. On
/// Linux a connection has this from its listener.
const INHERITS_NO_DELAY: bool = cfg!(target_os = "linux");

/// Clients that may wait in the system's queue; it allows fewer if it likes.
const BACKLOG: i32 = 4096;

#[cfg(unix)]
const NO_SUCH_FAMILY: i32 = nix::libc::EAFNOSUPPORT;
/// `WSAEAFNOSUPPORT`.
#[cfg(windows)]
const NO_SUCH_FAMILY: i32 = 10047;

/// Listens at an address: clients can connect from now on, and wait.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP));
    let socket = socket.map_err(|error| match error.raw_os_error() {
        // A system without IPv6. The standard library has no kind for it.
        Some(NO_SUCH_FAMILY) => io::Error::new(ErrorKind::Unsupported, error),
        _ => error,
    })?;
    // So that a server can be started again at once. On Windows it would mean more: that
    // two programs may listen on one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if INHERITS_NO_DELAY {
        socket.set_tcp_nodelay(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// The socket of one connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    client: SocketAddr,
    exchange: Exchange,
    /// Whether closing it resets it.
    resets: Cell<bool>,
    trace: Option<Trace>,
    threads: Arc<Threads>,
}

impl Socket {
    /// # Errors
    /// If the client is gone already.
    pub fn new(
        stream: TcpStream,
        client: SocketAddr,
        trace: Option<Trace>,
        threads: Arc<Threads>,
    ) -> io::Result<Socket> {
        if !INHERITS_NO_DELAY {
            stream.set_nodelay(true)?;
        }
        Ok(Socket {
            stream,
            client,
            exchange: Exchange::default(),
            resets: Cell::new(false),
            trace,
            threads,
        })
    }

    /// The address of the client.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// The request under way and its answer.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// For registering it with the poller.
    pub fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads what is there. 0 means the client will send nothing more.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there.
    pub fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let count = retry(|| (&self.stream).read(into))?;
        self.show(Direction::In, &into[..count]);
        Ok(count)
    }

    /// Writes as much as fits: of `first`, then of `second`.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits.
    pub fn write(&self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        let count = retry(|| match (first.is_empty(), second.is_empty()) {
            (_, true) => (&self.stream).write(first),
            (true, _) => (&self.stream).write(second),
            _ => (&self.stream).write_vectored(&[IoSlice::new(first), IoSlice::new(second)]),
        })?;
        if count == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        let from_first = count.min(first.len());
        self.show(Direction::Out, &first[..from_first]);
        self.show(Direction::Out, &second[..count - from_first]);
        Ok(count)
    }

    /// Writes as much of `head` as fits. The bytes of a file follow, so the system may
    /// hold them back to send both together.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits.
    pub fn write_before_file(&self, head: &[u8]) -> io::Result<usize> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let more = nix::libc::MSG_MORE | nix::libc::MSG_NOSIGNAL;
            let count = retry(|| SockRef::from(&self.stream).send_with_flags(head, more))?;
            self.show(Direction::Out, &head[..count]);
            Ok(count)
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        self.write(head, b"")
    }

    /// Lets the system send up to `most` bytes of a file, as many as fit. 0 means
    /// that the file has none at `offset`.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits; `Unsupported` where it can't be done.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn send_file(&self, file: &File, offset: u64, most: usize) -> io::Result<usize> {
        let (Ok(offset), None) = (usize::try_from(offset), &self.trace) else {
            // Who wants to see the bytes has to have them in memory.
            return Err(ErrorKind::Unsupported.into());
        };
        let most = NonZeroUsize::new(most);
        retry(|| SockRef::from(&self.stream).sendfile(file, offset, most))
    }

    /// There is none. (On macOS it exists, but socket2 does not tell how much was sent
    /// when the call ends with `WouldBlock`.)
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn send_file(&self, _file: &File, _offset: u64, _most: usize) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Reads, and waits for it as long as `pace` allows.
    ///
    /// # Errors
    /// A [`Refusal`] with 408 when the client is too slow, with 503 when too many are;
    /// else the system's error.
    pub fn read_waiting(&self, into: &mut [u8], pace: &mut Pace) -> io::Result<usize> {
        loop {
            match self.read(into) {
                Ok(count) => {
                    pace.moved(count);
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(PollFlags::IN, pace)? {
                        return Err(TOO_SLOW.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes all of `first` and `second`, and waits for it as long as `pace` allows.
    ///
    /// # Errors
    /// `TimedOut` when the client takes the bytes too slowly, a [`Refusal`] with 503 when
    /// too many do; else the system's error.
    pub fn write_all_waiting(
        &self,
        first: &[u8],
        second: &[u8],
        pace: &mut Pace,
    ) -> io::Result<()> {
        let (mut first, mut second) = (first, second);
        while !first.is_empty() || !second.is_empty() {
            match self.write(first, second) {
                Ok(count) => {
                    pace.moved(count);
                    let from_first = count.min(first.len());
                    first = &first[from_first..];
                    second = &second[count - from_first..];
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(PollFlags::OUT, pace)? {
                        return Err(io::Error::new(
                            ErrorKind::TimedOut,
                            "the client takes its answer too slowly",
                        ));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A handler waits until the socket can be read or written again: on its own thread
    /// at first, then beside the others. `false` if it took longer than `pace` allows.
    fn wait(&self, event: PollFlags, pace: &mut Pace) -> io::Result<bool> {
        let since = Instant::now();
        let left = pace.start_waiting();
        let own = OWN_TIME.saturating_sub(self.exchange.waited.get());
        let mut is_ready = self.poll(event, own.min(left))?;
        if !is_ready && left > own {
            let _waiting = self.threads.hand_on()?;
            is_ready = self.poll(event, left)?;
        }
        pace.stop_waiting();
        let waited = &self.exchange.waited;
        waited.set(waited.get() + since.elapsed());
        Ok(is_ready)
    }

    /// Whether the socket can be read or written within this time.
    fn poll(&self, event: PollFlags, time: Duration) -> io::Result<bool> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            // Some systems count milliseconds in 32 bits.
            let time = Timespec::try_from(left.min(Duration::from_secs(3600))).ok();
            let mut socket = [PollFd::new(&self.stream, event)];
            match rustix::event::poll(&mut socket, time.as_ref()) {
                Ok(0) if left.is_zero() => return Ok(false),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether closing, by whatever way it comes to that, tells the client that
    /// something went wrong.
    pub fn reset_on_close(&self, reset: bool) {
        if self.resets.replace(reset) != reset {
            let time = reset.then_some(Duration::ZERO);
            let _ = SockRef::from(&self.stream).set_linger(time);
        }
    }

    /// Tells the client that nothing more will be sent.
    pub fn shut_down_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn show(&self, direction: Direction, bytes: &[u8]) {
        if let (Some(trace), false) = (&self.trace, bytes.is_empty()) {
            trace.show(direction, bytes);
        }
    }
}

pub(crate) const TOO_SLOW: Refusal = Refusal::new(
    http::StatusCode::REQUEST_TIMEOUT,
    "the request came too slowly",
);

/// So long a handler waits for its client in the place of a request at work. Most bodies
/// and answers need no more, and it is less than what others notice.
const OWN_TIME: Duration = Duration::from_millis(1);

/// Calls again when a signal interrupted the call.
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
    use std::sync::Weak;

    use super::*;
    use crate::engine::Engine;
    use crate::poller::Poller;
    use crate::stop::Stop;

    #[test]
    fn time_is_earned_by_bytes() {
        let limits = Limits {
            least_rate: 100,
            stall_time: Duration::from_secs(10),
            ..Limits::default()
        };
        let mut pace = Pace::new(&limits);
        assert_eq!(pace.start_waiting(), Duration::from_secs(10));
        pace.moved(250);
        assert_eq!(pace.start_waiting(), Duration::from_millis(12_500));
        pace.waited = Duration::from_secs(12);
        assert_eq!(pace.start_waiting(), Duration::from_millis(500));
        pace.waited = Duration::from_secs(20);
        assert_eq!(pace.start_waiting(), Duration::ZERO);
        pace.moved = u64::MAX;
        assert!(pace.start_waiting() > Duration::from_secs(10));
    }

    /// With Nagle's algorithm, the second of two answers could wait 40 ms for the client to
    /// acknowledge the first.
    #[test]
    fn what_is_written_leaves_at_once_to_those_who_came_first_too() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = loop {
            match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                outcome => break outcome.unwrap(),
            }
        };
        assert_eq!(address, client.local_addr().unwrap());
        let stop = Stop::new(Arc::new(Poller::new().unwrap()));
        let threads = Threads::new(Weak::<Engine>::new(), stop, 1, &Limits::default());
        let socket = Socket::new(stream, address, None, Arc::new(threads)).unwrap();
        assert!(SockRef::from(&socket.stream).tcp_nodelay().unwrap());
    }
}
