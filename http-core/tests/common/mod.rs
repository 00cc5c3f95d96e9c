//! What the black-box tests share: a server in a thread, and a client that sees
//! every byte. Nothing here waits without a limit.

// Each file in tests/ is a program of its own, and none of them uses all of this.
#![allow(dead_code)]

pub mod program;
pub mod slow;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use http_core::{Handler, HttpServer, Limits, StopHandle};

/// Longer than anything here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port. It is stopped when this is dropped, and one that does
/// not stop fails the test.
pub struct TestServer {
    pub address: SocketAddr,
    pub stop: StopHandle,
    ended: Receiver<http_core::Result<()>>,
}

impl TestServer {
    /// A server as it is by default, but without an access log.
    pub fn start(handler: impl Handler) -> TestServer {
        TestServer::with(|server| server, handler)
    }

    /// A server with settings of its own.
    pub fn with(
        settings: impl FnOnce(HttpServer) -> HttpServer,
        handler: impl Handler,
    ) -> TestServer {
        let server = HttpServer::bind("127.0.0.1:0").expect("a free port");
        let server = settings(server.quiet().show_errors(true));
        let (address, stop) = (server.local_addresses()[0], server.stop_handle());
        let (end, ended) = mpsc::channel();
        thread::spawn(move || end.send(server.serve_forever(handler)));
        TestServer {
            address,
            stop,
            ended,
        }
    }

    /// A server with limits of its own.
    pub fn limited(limits: Limits, handler: impl Handler) -> TestServer {
        TestServer::with(|server| server.limits(limits), handler)
    }

    /// A new connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The answer to a GET on a connection of its own, and then the connection's end.
    pub fn get(&self, path: &str) -> Reply {
        let mut client = self.connect();
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        ));
        let reply = client.reply();
        client.ends();
        reply
    }

    /// Waits until `serve_forever` has returned.
    #[track_caller]
    pub fn has_stopped(&self) {
        self.ended
            .recv_timeout(PATIENCE)
            .expect("the server stops")
            .expect("without an error");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.stop();
        let stopped = match self.ended.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome.is_ok(),
            // It had ended before, and the test has seen it.
            Err(error) => error == mpsc::RecvTimeoutError::Disconnected,
        };
        assert!(stopped || thread::panicking(), "the server did not stop");
    }
}

/// A connection to a server, and what came from there and was not looked at yet.
pub struct Client {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            unread: Vec::new(),
        }
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("the server takes the bytes");
    }

    /// Sends in pieces of `size` bytes.
    #[track_caller]
    pub fn send_in_pieces(&mut self, bytes: &[u8], size: usize) {
        bytes.chunks(size).for_each(|piece| self.send(piece));
    }

    /// Says that nothing more will be sent.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// A GET that is answered with 200 on this connection, which goes on; its body.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = self.reply();
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.text()
    }

    /// The next answer. It must have its end: by length, in chunks, or with the connection.
    #[track_caller]
    pub fn reply(&mut self) -> Reply {
        self.try_reply(true).expect("a whole answer")
    }

    /// The next answer, which is to a HEAD request.
    #[track_caller]
    pub fn reply_to_head(&mut self) -> Reply {
        self.try_reply(false).expect("a whole head")
    }

    /// The next answer; an error if it is cut off.
    pub fn try_reply(&mut self, with_body: bool) -> io::Result<Reply> {
        let mut reply = Reply::from_head(&self.through(b"\r\n\r\n")?);
        let bodiless = reply.status < 200 || matches!(reply.status, 204 | 304);
        if !with_body || bodiless {
            return Ok(reply);
        }
        match (
            reply.field("Transfer-Encoding"),
            reply.field("Content-Length"),
        ) {
            (Some("chunked"), None) => loop {
                let line = String::from_utf8(self.through(b"\r\n")?).expect("a size line");
                let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
                reply.chunks.push(size);
                reply.body.extend(self.take(size)?);
                assert_eq!(self.take(2)?, b"\r\n", "behind a chunk");
                if size == 0 {
                    return Ok(reply);
                }
            },
            (None, Some(length)) => {
                let length = length.parse().expect("a length");
                reply.body = self.take(length)?;
            }
            (None, None) => {
                while self.fill()? {}
                reply.body = std::mem::take(&mut self.unread);
            }
            both => panic!("two framings, or none that is known: {both:?}"),
        }
        Ok(reply)
    }

    /// Asserts that the server ends the connection in good order, with nothing more on it.
    #[track_caller]
    pub fn ends(&mut self) {
        let more = self.fill().expect("an end in good order");
        assert!(
            !more && self.unread.is_empty(),
            "more on the connection: {:?}",
            String::from_utf8_lossy(&self.unread)
        );
    }

    /// Everything up to the end of the connection, in good order or not.
    pub fn rest(&mut self) -> Vec<u8> {
        loop {
            match self.fill() {
                Ok(true) => {}
                Err(error) if is_timeout(&error) => panic!("the connection does not end"),
                _ => return std::mem::take(&mut self.unread),
            }
        }
    }

    /// Asserts that nothing comes for a while.
    #[track_caller]
    pub fn is_silent_for(&mut self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let outcome = self.fill();
        assert!(
            outcome.as_ref().is_err_and(is_timeout) && self.unread.is_empty(),
            "{outcome:?} {:?}",
            String::from_utf8_lossy(&self.unread)
        );
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < count {
            self.fill_or_end()?;
        }
        Ok(self.unread.drain(..count).collect())
    }

    /// The bytes through the first `mark`.
    pub fn through(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        let mut seen = 0;
        loop {
            let found = self.unread[seen..]
                .windows(mark.len())
                .position(|w| w == mark);
            if let Some(at) = found {
                return self.take(seen + at + mark.len());
            }
            seen = (self.unread.len() + 1).saturating_sub(mark.len());
            self.fill_or_end()?;
        }
    }

    fn fill_or_end(&mut self) -> io::Result<()> {
        match self.fill()? {
            true => Ok(()),
            false => Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                format!("cut off: {:?}", String::from_utf8_lossy(&self.unread)),
            )),
        }
    }

    /// Reads once. `false` at the connection's end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 64 * 1024];
        let count = loop {
            match self.stream.read(&mut piece) {
                // With a time limit, Linux does not begin again by itself after a stop.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.unread.extend_from_slice(&piece[..count]);
        Ok(count > 0)
    }
}

pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub reason: String,
    pub fields: Vec<(String, String)>,
    /// The sizes of its chunks, with the last one of 0.
    pub chunks: Vec<usize>,
    pub body: Vec<u8>,
}

impl Reply {
    fn from_head(head: &[u8]) -> Reply {
        let text = String::from_utf8(head.to_vec()).expect("a head of text");
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default();
        let rest = first
            .strip_prefix("HTTP/1.1 ")
            .unwrap_or_else(|| panic!("no status line: {first:?}"));
        let (status, reason) = rest.split_once(' ').expect("a status and a reason");
        let fields = lines
            .map(|line| line.split_once(": ").expect("a field"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Reply {
            status: status.parse().expect("a status"),
            reason: reason.to_owned(),
            fields,
            chunks: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The values of all fields of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| &value[..])
            .collect()
    }

    /// The value of the only field of this name.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} twice: {all:?}");
        all.first().copied()
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }
}

/// Bytes in which a lost, doubled or moved piece shows.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8)
        .collect()
}
