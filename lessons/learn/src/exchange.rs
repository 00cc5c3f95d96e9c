//! Requests and answers as they went over the wire: where each of them ends, and which belong
//! together.
//!
//! What comes in is the trace of http-core: the bytes of each read and write of each connection.
//! Two requests may be in one read, the body of one may come long after its head, and answers
//! may come before. So each message is read as far as it has come, as a server and a client do.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use http_core::{Decoder, Framing, Head, Limits, Piece};

use crate::wire;

/// The most exchanges that are kept, and the most bytes of one side of each.
const MOST_EXCHANGES: usize = 40;
pub(crate) const MOST_BYTES: usize = 32 * 1024;

/// The longest head in which the end is looked for.
const LONGEST_HEAD: usize = 128 * 1024;

/// A request or an answer, as far as it has come.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    kind: Kind,
    /// Its bytes, up to a limit.
    pub(crate) bytes: Vec<u8>,
    /// The number of its bytes.
    pub(crate) size: u64,
    state: State,
    /// Bytes of it in which the next thing cannot be told yet.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request,
    /// An answer; to a HEAD, which has no body.
    Answer {
        to_head: bool,
    },
}

#[derive(Clone, Debug)]
enum State {
    Head,
    Body(Decoder),
    /// Nothing more belongs to it.
    Whole,
    /// It ends with its connection.
    Endless,
}

/// What the beginning of some bytes is.
enum Start {
    More,
    /// An answer of 1xx of this length: another one follows.
    Interim(usize),
    /// A head of this length, with a body behind it.
    Head(usize, Framing),
    /// Nothing that says where it ends.
    Endless,
}

impl Message {
    pub(crate) fn request() -> Self {
        Self::of(Kind::Request)
    }

    /// The answer to this request.
    pub(crate) fn answer_to(request: &[u8]) -> Self {
        let to_head = request.starts_with(b"HEAD ");
        Self::of(Kind::Answer { to_head })
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            bytes: Vec::new(),
            size: 0,
            state: State::Head,
            pending: Vec::new(),
        }
    }

    /// Whether nothing more belongs to it.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.state, State::Whole)
    }

    /// Takes in what belongs to it, and returns the number of these bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let held = self.pending.len();
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        let taken = loop {
            let rest = &self.pending[used..];
            match &mut self.state {
                State::Whole => break used - held,
                State::Endless => break bytes.len(),
                State::Head => match head(self.kind, rest) {
                    Start::More => break bytes.len(),
                    Start::Interim(length) => used += length,
                    Start::Head(length, framing) => {
                        used += length;
                        self.state = State::Body(Decoder::new(framing, &limits()));
                    }
                    Start::Endless => self.state = State::Endless,
                },
                State::Body(decoder) => match decoder.next(rest, usize::MAX) {
                    Ok(Piece::Data(length) | Piece::Overhead(length)) => used += length,
                    Ok(Piece::More) => break bytes.len(),
                    Ok(Piece::End) => self.state = State::Whole,
                    Err(_) => self.state = State::Endless,
                },
            }
        };
        match self.state {
            State::Whole | State::Endless => self.pending = Vec::new(),
            State::Head | State::Body(_) => drop(self.pending.drain(..used)),
        }
        let room = MOST_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken.min(room)]);
        self.size += taken as u64;
        taken
    }
}

/// Whatever its size, a message is shown.
fn limits() -> Limits {
    Limits {
        head_size: LONGEST_HEAD,
        target_size: LONGEST_HEAD,
        fields: 256,
        body_size: u64::MAX,
        ..Limits::default()
    }
}

/// What stands at the start of a message of this kind.
fn head(kind: Kind, bytes: &[u8]) -> Start {
    let to_head = match kind {
        Kind::Request => {
            return match Head::parse(bytes, &limits()) {
                Ok(None) => Start::More,
                Ok(Some((head, length))) => Start::Head(length, head.framing()),
                Err(_) => Start::Endless,
            };
        }
        Kind::Answer { to_head } => to_head,
    };
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(length) = end.map(|end| end + 4) else {
        return match bytes.len() < LONGEST_HEAD {
            true => Start::More,
            false => Start::Endless,
        };
    };
    let head = &bytes[..length];
    let value = |name: &str| {
        let at = wire::field(head, name)?;
        Some(String::from_utf8_lossy(&head[at]).to_lowercase())
    };
    let status = head.get(9..12).unwrap_or_default();
    match (status, value("Content-Length"), value("Transfer-Encoding")) {
        ([b'1', ..], ..) => Start::Interim(length),
        (b"204" | b"304", ..) => Start::Head(length, Framing::Length(0)),
        _ if to_head => Start::Head(length, Framing::Length(0)),
        (_, _, Some(coding)) if coding == "chunked" => Start::Head(length, Framing::Chunked),
        (_, Some(size), None) => match size.parse() {
            Ok(size) => Start::Head(length, Framing::Length(size)),
            Err(_) => Start::Endless,
        },
        _ => Start::Endless,
    }
}

/// A request as it came, and what went back.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) number: u64,
    pub(crate) connection: u64,
    pub(crate) request: Message,
    pub(crate) response: Message,
    began: Instant,
    /// From the first byte of the request to the last one of the answer.
    pub(crate) took: Option<Duration>,
    /// What the reference has said to it, if somebody has asked.
    pub(crate) reference: Option<Compared>,
}

/// The answer of the reference to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is being asked.
    Asked,
    Came(Vec<u8>),
    /// There is none, for this reason.
    Failed(String),
}

/// The latest exchanges of all connections of a program, in their order.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    pub(crate) kept: VecDeque<Exchange>,
    number: u64,
}

impl Exchanges {
    /// Bytes that came from a client.
    fn asked(&mut self, connection: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut latest_first = self.kept.iter_mut().rev();
            let own = latest_first.find(|exchange| exchange.connection == connection);
            if let Some(exchange) = own.filter(|exchange| !exchange.request.is_whole()) {
                bytes = &bytes[exchange.request.take(bytes)..];
                continue;
            }
            self.number += 1;
            self.kept.push_back(Exchange {
                number: self.number,
                connection,
                request: Message::request(),
                response: Message::answer_to(b""),
                began: Instant::now(),
                took: None,
                reference: None,
            });
            if self.kept.len() > MOST_EXCHANGES {
                self.kept.pop_front();
            }
        }
    }

    /// Bytes that went to a client.
    fn answered(&mut self, connection: u64, mut bytes: &[u8]) {
        let own = self.kept.iter_mut();
        for exchange in own.filter(|exchange| exchange.connection == connection) {
            if exchange.response.is_whole() || bytes.is_empty() {
                continue;
            }
            if exchange.response.size == 0 {
                exchange.response = Message::answer_to(&exchange.request.bytes);
            }
            bytes = &bytes[exchange.response.take(bytes)..];
            exchange.took = Some(exchange.began.elapsed());
        }
    }
}

/// The most bytes that are taken in at once.
const MOST_AT_ONCE: usize = 16 * 1024;

/// Reads a trace of http-core to its end: records of a line, `7 127.0.0.1:50712 > 78` (the
/// connection, its client, the direction, the number of bytes), and these bytes. What is none
/// ends it.
///
/// # Errors
///
/// If the connection breaks.
pub(crate) fn read_trace(
    trace: impl Read,
    mut change: impl FnMut(&mut dyn FnMut(&mut Exchanges)),
) -> io::Result<()> {
    let mut trace = BufReader::new(trace);
    let mut buffer = vec![0; MOST_AT_ONCE];
    loop {
        let mut line = String::new();
        (&mut trace).take(200).read_line(&mut line)?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [connection, _, mark @ (">" | "<"), length] = words[..] else {
            return Ok(());
        };
        let (Ok(connection), Ok(length)) = (connection.parse(), length.parse::<u64>()) else {
            return Ok(());
        };
        let mut left = length;
        while left > 0 {
            let most = left.min(MOST_AT_ONCE as u64) as usize;
            let bytes = &mut buffer[..most];
            trace.read_exact(bytes)?;
            change(&mut |exchanges: &mut Exchanges| match mark {
                ">" => exchanges.asked(connection, bytes),
                _ => exchanges.answered(connection, bytes),
            });
            left -= most as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\n";

    /// The length of the first message in these bytes, if it is whole; and whatever the pieces
    /// in which they come, it is the same.
    fn first(start: impl Fn() -> Message, bytes: &[u8]) -> Option<usize> {
        let mut whole = start();
        let length = whole.take(bytes);
        let mut slow = start();
        let taken: usize = bytes.iter().map(|&byte| slow.take(&[byte])).sum();
        assert_eq!((slow.is_whole(), taken), (whole.is_whole(), length));
        assert_eq!((&slow.bytes, slow.size), (&whole.bytes, whole.size));
        whole.is_whole().then_some(length)
    }

    #[test]
    fn an_answer_is_whole_when_it_says_so() {
        let whole = |request: &str, rest: &str| {
            let bytes = HEAD.to_owned() + rest;
            let length = first(|| Message::answer_to(request.as_bytes()), bytes.as_bytes());
            length.map(|length| bytes.len() - length)
        };
        assert_eq!(whole("GET /", "Content-Length: 2\r\n\r\nhi"), Some(0));
        assert_eq!(whole("GET /", "Content-Length: 2\r\n\r\nhiHTTP"), Some(4));
        assert_eq!(whole("GET /", "Content-Length: 2\r\n\r\nh"), None);
        assert_eq!(whole("GET /", "Content-Length: 2\r\n"), None);
        assert_eq!(whole("HEAD / HTTP", "Content-Length: 2\r\n\r\n"), Some(0));
        let chunked = "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
        assert_eq!(whole("GET /", &format!("{chunked}0\r\n\r\nH")), Some(1));
        assert_eq!(whole("GET /", chunked), None);
        assert_eq!(whole("GET /", "\r\nto the end"), None);
        let of = |bytes: &[u8]| first(|| Message::answer_to(b""), bytes);
        assert_eq!(of(b"HTTP/1.1 304 Not Modified\r\n\r\n"), Some(29));
        assert_eq!(of(b"HTTP/1.1 100 Continue\r\n\r\n"), None);
        let both = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(of(both), Some(both.len()));
        for broken in [
            &b"\r\n\r\n"[..],
            b"x",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        ] {
            assert_eq!(of(broken), None);
        }
    }

    #[test]
    fn a_request_is_whole_when_it_says_so() {
        let whole = |text: &str| first(Message::request, text.as_bytes());
        assert_eq!(whole("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"), Some(27));
        let with_body = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(whole(with_body), Some(with_body.len()));
        assert_eq!(whole(&with_body[..with_body.len() - 1]), None);
        let chunked = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
        assert_eq!(whole(chunked), None);
        assert!(whole(&format!("{chunked}0\r\n\r\n")).is_some());
        for broken in ["GET\r\n\r\n", "\0", &"x".repeat(3 * LONGEST_HEAD)] {
            let mut message = Message::request();
            assert_eq!(message.take(broken.as_bytes()), broken.len());
            assert!(!message.is_whole());
            assert!(message.bytes.len() <= MOST_BYTES && message.pending.is_empty());
        }
    }

    /// The records of a trace, and what is made of them: the bytes of each exchange.
    fn exchanges(records: &[(u64, char, &str)]) -> Vec<(u64, String, String)> {
        let mut trace = String::new();
        for (connection, mark, bytes) in records {
            trace += &format!("{connection} 127.0.0.1:9 {mark} {}\n{bytes}", bytes.len());
        }
        let mut exchanges = Exchanges::default();
        read_trace(trace.as_bytes(), |change| change(&mut exchanges)).expect("records");
        let text = |message: &Message| String::from_utf8_lossy(&message.bytes).into_owned();
        let kept = exchanges.kept.iter();
        kept.map(|one| (one.connection, text(&one.request), text(&one.response)))
            .collect()
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    #[test]
    fn each_request_has_its_answer() {
        let one = |connection| (connection, GET.to_string(), ANSWER.to_string());
        // One after the other, and two connections at once.
        let records = [
            (1, '>', GET),
            (2, '>', GET),
            (2, '<', ANSWER),
            (1, '<', ANSWER),
        ];
        assert_eq!(exchanges(&records), [one(1), one(2)]);
        // Two in one read, and their answers in one write.
        let (two, both) = (GET.repeat(2), ANSWER.repeat(2));
        let records = [(1, '>', &*two), (1, '<', &both)];
        assert_eq!(exchanges(&records), [one(1), one(1)]);
    }

    #[test]
    fn a_body_that_comes_after_its_answer_is_no_other_request() {
        let head = "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
        let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        let asked = exchanges(&[
            (1, '>', head),
            (1, '<', go_on),
            (1, '>', "abc"),
            (1, '<', ANSWER),
        ]);
        assert_eq!(
            asked,
            [(1, format!("{head}abc"), format!("{go_on}{ANSWER}"))]
        );
        let early = exchanges(&[
            (1, '>', head),
            (1, '<', ANSWER),
            (1, '>', "abc"),
            (1, '>', GET),
        ]);
        assert_eq!(early[0], (1, format!("{head}abc"), ANSWER.into()));
        assert_eq!(early[1].1, GET);
    }

    #[test]
    fn what_is_no_trace_ends_it() {
        for bytes in [
            "GET / HTTP/1.1\r\n\r\n",
            "1 x > -1\n",
            "1 x ? 1\nx",
            "1\n",
            "",
        ] {
            let read = read_trace(bytes.as_bytes(), |_| panic!("{bytes}"));
            assert!(read.is_ok(), "{bytes}");
        }
        let cut = read_trace(&b"1 x > 18446744073709551615\nx"[..], |_| panic!("bytes"));
        assert!(cut.is_err());
    }

    #[test]
    fn only_the_latest_exchanges_are_kept() {
        let mut kept = Exchanges::default();
        for connection in 0..1000 {
            kept.asked(connection, GET.as_bytes());
            kept.answered(connection, &vec![b'x'; 100_000]);
        }
        assert_eq!(kept.kept.len(), MOST_EXCHANGES);
        let last = kept.kept.back().expect("one");
        assert_eq!(last.number, 1000);
        assert_eq!(
            (last.response.bytes.len(), last.response.size),
            (MOST_BYTES, 100_000)
        );
    }
}
