//! A site that a program asks, and that answers when the check says so. So a check knows
//! which requests are under way at the same time, without a look at a clock.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::sync::lock;

/// How long a request is read, or held, before the connection is given up.
const LONGEST: Duration = Duration::from_secs(20);

/// A site. Every request, whatever its path, is held until [`Site::open`], and then answered
/// with 200. It ends when this is dropped.
pub struct Site {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    most: usize,
    asked: usize,
    open: bool,
    ended: bool,
}

impl Site {
    /// A site that holds what it is asked.
    ///
    /// # Panics
    ///
    /// If there is no free port on the loopback address.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&accepting.state).ended {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // One that breaks off is the client's affair.
                thread::spawn(move || stream.and_then(|stream| shared.serve(stream)));
            }
        });
        Self { shared, address }
    }

    /// Its address, such as `http://127.0.0.1:4133/`.
    pub fn uri(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Waits until this number of requests have been inside at the same time, at most for
    /// `patience`. Returns the most that were.
    pub fn wait_for(&self, number: usize, patience: Duration) -> usize {
        let until = Instant::now() + patience;
        let mut state = lock(&self.shared.state);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.most >= number || left.is_zero() {
                return state.most;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// The number of requests so far.
    pub fn asked(&self) -> usize {
        lock(&self.shared.state).asked
    }

    /// Answers those that are inside, and all that come from now on.
    pub fn open(&self) {
        lock(&self.shared.state).open = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.open();
        lock(&self.shared.state).ended = true;
        // Wakes the thread that accepts.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(LONGEST))?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        self.hold();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    fn hold(&self) {
        let mut state = lock(&self.state);
        state.inside += 1;
        state.asked += 1;
        state.most = state.most.max(state.inside);
        self.changed.notify_all();
        let closed = |state: &mut State| !state.open;
        let held = self.changed.wait_timeout_while(state, LONGEST, closed);
        let (mut state, _) = held.unwrap_or_else(std::sync::PoisonError::into_inner);
        state.inside -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_it_is_asked_and_counts_those_inside() {
        let site = Site::start();
        let ask = || {
            let mut stream = TcpStream::connect(site.address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            stream
        };
        assert_eq!(site.wait_for(1, Duration::ZERO), 0);
        let clients = [ask(), ask()];
        assert_eq!(site.wait_for(2, LONGEST), 2);
        site.open();
        for mut client in clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
        let mut answer = String::new();
        ask().read_to_string(&mut answer).unwrap();
        assert_eq!((site.asked(), site.wait_for(3, Duration::ZERO)), (3, 2));
    }
}
