//! Dialogues: what a client says, byte by byte, what the protocol asks for, and what the
//! client gets. No network, no thread, no time: each transition, in memory.

mod answers;
mod bodies;
mod connections;

use std::io;

use http::StatusCode;

use super::{CONTINUE, Date, Front, Got, Head, Http1, Limits, Next, Written};

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
        while let Some(front) = self.http1.output.front() {
            let count = match front {
                Front::Bytes { bytes, .. } => {
                    sent.extend_from_slice(bytes);
                    bytes.len()
                }
                Front::File(part) => {
                    sent.extend_from_slice(b"[file]");
                    part.left() as usize
                }
            };
            self.http1.output.sent(count);
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

    /// The handler answers 200 and this.
    fn answer(&mut self, body: &str) {
        self.begins(200, &[]);
        assert_eq!(self.http1.finish(body.as_bytes()).unwrap(), Written::Queued);
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
