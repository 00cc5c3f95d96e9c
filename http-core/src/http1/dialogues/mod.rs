//! Dialogues: what a client says, byte by byte, what the protocol asks for, and what the
//! client gets. No network, no thread, no time: each transition, in memory.

mod answers;
mod bodies;
mod connections;

use std::io;

use http::StatusCode;

use super::{CONTINUE, Date, Got, Head, Http1, Limits, Next};

const DATE: Date = *b"Sun, 06 Nov 1994 08:49:37 GMT";

/// A client on one side, a shell without a network on the other.
struct Dialogue {
    http1: Http1,
    head: Head,
    limits: Limits,
    stopping: bool,
}

impl Dialogue {
    fn new() -> Dialogue {
        Dialogue::with(Limits::default())
    }

    fn with(limits: Limits) -> Dialogue {
        Dialogue {
            http1: Http1::default(),
            head: Head::default(),
            limits,
            stopping: false,
        }
    }

    /// What is to be done next.
    fn next(&mut self) -> Next {
        self.http1.next(&mut self.head, &self.limits, self.stopping)
    }

    /// The client sends these bytes, and the server reads them.
    fn receives(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let room = self.http1.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            self.http1.received(count);
            bytes = &bytes[count..];
        }
    }

    /// The client sends these bytes: what is to be done next.
    fn hears(&mut self, bytes: &[u8]) -> Next {
        self.receives(bytes);
        self.next()
    }

    /// The client sends nothing more (FIN): what is to be done next.
    fn hears_the_end(&mut self) -> Next {
        self.http1.received(0);
        self.next()
    }

    /// Sends all that waits; `[file]` stands for a part of a file.
    fn sends(&mut self) -> String {
        let mut sent = Vec::new();
        let output = &mut self.http1.output;
        while !output.is_empty() {
            let count = match (output.bytes(), output.file()) {
                ([], Some(part)) => {
                    sent.extend_from_slice(b"[file]");
                    part.left() as usize
                }
                (bytes, _) => {
                    sent.extend_from_slice(bytes);
                    bytes.len()
                }
            };
            output.sent(count);
        }
        String::from_utf8(sent).unwrap()
    }

    /// Sends all that waits, of which this is the status line and the body behind it; and
    /// whether it says `Connection: close`.
    fn answers(&mut self) -> (String, bool) {
        let sent = self.sends();
        let (head, body) = sent.split_once("\r\n\r\n").expect("an empty line");
        let (line, fields) = head.split_once("\r\n").expect("fields");
        let closes = fields.split("\r\n").any(|line| line == "Connection: close");
        (format!("{line}|{body}"), closes)
    }

    /// The handler begins its answer with these fields.
    fn begins(&mut self, status: u16, fields: &[(&str, &str)]) {
        let status = StatusCode::from_u16(status).unwrap();
        self.http1.status(status).unwrap();
        for (name, value) in fields {
            self.http1.field(name, value.as_bytes()).unwrap();
        }
        self.http1.end_fields(&DATE);
    }

    /// The handler writes this, which is gathered.
    fn writes(&mut self, piece: &str) {
        assert!(!self.http1.write(piece.as_bytes(), false).unwrap());
    }

    /// The handler writes the last piece of the body.
    fn finishes(&mut self, last: &str) {
        self.tries_to_finish(last).unwrap();
    }

    fn tries_to_finish(&mut self, last: &str) -> io::Result<()> {
        if self.http1.begin_last(last.len() as u64)? {
            self.http1.end_last(last.as_bytes());
        }
        Ok(())
    }

    /// The handler answers 200 and this.
    fn answer(&mut self, body: &str) {
        self.begins(200, &[]);
        self.finishes(body);
        assert_eq!(self.http1.answered(), Some(StatusCode::OK));
    }

    /// The handler reads what there is of the body.
    fn reads(&mut self) -> io::Result<(String, Got)> {
        let mut read = Vec::new();
        loop {
            let mut into = [0; 7];
            match self.http1.read_body(&mut into)? {
                Got::Data(count) => read.extend_from_slice(&into[..count]),
                got => return Ok((String::from_utf8(read).unwrap(), got)),
            }
        }
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const EXPECTING: &[u8] =
    b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";

fn post(length: usize) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n").into()
}
