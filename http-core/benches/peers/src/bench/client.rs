//! A strict little client, for checks and for single requests.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A connection to a server.
pub struct Client {
    stream: TcpStream,
    /// What came after the last answer.
    rest: Vec<u8>,
}

/// An answer that was read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub media_type: String,
    pub body: Vec<u8>,
    /// Whether it says that the connection ends with it (RFC 9112, section 9.3).
    pub is_last: bool,
}

/// A request without a body.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Client, String> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(stream)
            })
            .map_err(|e| format!("cannot connect: {e}"))?;
        Ok(Client {
            stream,
            rest: Vec::new(),
        })
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream
            .write_all(bytes)
            .map_err(|e| format!("closes while it is sent to: {e}"))
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &str) -> Result<Reply, String> {
        self.send(request.as_bytes())?;
        self.reply()
    }

    /// Reads the next answer. Its end must be told by a Content-Length.
    pub fn reply(&mut self) -> Result<Reply, String> {
        loop {
            if let Some((reply, length)) = parse(&self.rest)? {
                self.rest.drain(..length);
                return Ok(reply);
            }
            if !self.more()? {
                return Err("closes before it has answered".into());
            }
        }
    }

    /// Whether the server closes the connection next.
    pub fn is_closed(&mut self) -> Result<bool, String> {
        self.stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .map_err(|e| e.to_string())?;
        let closed = match self.stream.read(&mut [0]) {
            Ok(n) => Ok(n == 0),
            Err(e) if is_timeout(e.kind()) => Ok(false),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => Ok(true),
            Err(e) => Err(e.to_string()),
        };
        let _ = self.stream.set_read_timeout(Some(PATIENCE));
        closed
    }

    /// Whether the connection still stands, without waiting.
    pub fn is_open(&self) -> bool {
        let _ = self.stream.set_nonblocking(true);
        let open = match self.stream.peek(&mut [0]) {
            Ok(n) => n > 0,
            Err(e) => e.kind() == ErrorKind::WouldBlock,
        };
        let _ = self.stream.set_nonblocking(false);
        open
    }

    fn more(&mut self) -> Result<bool, String> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part) {
            Ok(n) => {
                self.rest.extend_from_slice(&part[..n]);
                Ok(n > 0)
            }
            Err(e) if is_timeout(e.kind()) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
            Err(e) => Err(format!("no answer: {e}")),
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The first answer in `bytes` and its length, if it is there whole.
fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, String> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut fields);
    let start = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(e) => return Err(format!("answers with a malformed head: {e}")),
    };
    let field = |name: &str| {
        head.headers
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| String::from_utf8_lossy(field.value).into_owned())
    };
    let connection = field("Connection").unwrap_or_default().to_ascii_lowercase();
    let is_last = match head.version {
        Some(0) => connection != "keep-alive",
        _ => connection == "close",
    };
    let length = field("Content-Length")
        .and_then(|length| length.parse::<usize>().ok())
        .ok_or("answers without a Content-Length")?;
    let Some(body) = bytes.get(start..start + length) else {
        return Ok(None);
    };
    let reply = Reply {
        status: head.code.unwrap_or(0),
        media_type: field("Content-Type").unwrap_or_default(),
        body: body.to_vec(),
        is_last,
    };
    Ok(Some((reply, start + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let bytes =
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Type: text/plain\r\n\r\nhiHTTP/";
        let (reply, length) = parse(bytes).unwrap().unwrap();
        assert_eq!((reply.status, &reply.body[..]), (200, &b"hi"[..]));
        assert_eq!(reply.media_type, "text/plain");
        assert!(!reply.is_last);
        assert_eq!(length, bytes.len() - 5);
        for end in 0..length {
            assert!(parse(&bytes[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn the_last_answer_of_a_connection_is_known() {
        let is_last = |head: &str| {
            let bytes = format!("{head}\r\nContent-Length: 0\r\n\r\n");
            parse(bytes.as_bytes()).unwrap().unwrap().0.is_last
        };
        assert!(is_last("HTTP/1.0 200 OK"));
        assert!(is_last("HTTP/1.1 200 OK\r\nConnection: Close"));
        assert!(!is_last("HTTP/1.0 200 OK\r\nConnection: keep-alive"));
        assert!(!is_last("HTTP/1.1 200 OK"));
    }

    #[test]
    fn an_answer_without_a_length_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\nhi").is_err());
        assert!(parse(b"hello\r\n\r\n").is_err());
    }
}
