//! Asks a request with ureq and reads the answer, strictly: redirects are not followed,
//! statuses are no errors, all of it has a time limit, and what came over the connection
//! is held against what the client made of it.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::http;

use super::transport::{Record, agent};
use super::{LARGEST_BODY, LARGEST_HEAD, MOST_SENT};
use crate::program::Address;
use crate::record::{Answer, Broken, Bytes, Exchange, Fields, Request};

/// The most fields of a head that are read.
const MOST_FIELDS: usize = 256;

/// Asks on a connection of its own. (The number of the connection is 0: who asks counts.)
///
/// # Panics
///
/// If the request is none that ureq can send: a mistake in the lesson.
pub(crate) fn ask(request: &Request, address: &Address, until: Instant) -> Exchange {
    let record = Record::new(LARGEST_BODY + LARGEST_HEAD, MOST_SENT);
    let began = Instant::now();
    let left = until.saturating_duration_since(began);
    let answer = match left.is_zero() {
        true => Err(Broken::Silent),
        false => exchange(request, address, left, &record),
    };
    Exchange {
        request: Some(request.clone()),
        answer,
        sent: Bytes(record.sent()),
        came: Bytes(record.bytes()),
        connection: 0,
        took: began.elapsed(),
    }
}

/// Whether ureq can send it as it is: it refuses what breaks the rules, and sends a POST, PUT or
/// PATCH without a body as one in chunks.
pub(crate) fn can_send(request: &Request) -> bool {
    let uri = format!("http://localhost{}", request.target);
    let has_body = request.body.is_some() || request.field("Content-Length").is_some();
    let is_as_asked = has_body || !matches!(&*request.method, "POST" | "PUT" | "PATCH");
    is_as_asked && !request.target.contains('#') && uri.parse::<http::Uri>().is_ok()
}

fn exchange(
    request: &Request,
    address: &Address,
    limit: Duration,
    record: &Record,
) -> Result<Answer, Broken> {
    let sent = send(request, address, limit, record);
    let response = sent.map_err(|error| broken(error, &record.bytes()))?;
    let (parts, body) = response.into_parts();
    let (status, head) = (parts.status.as_u16(), Head::of(&record.bytes()));
    let head = head.ok_or(Broken::NotHttp { at: 0 })?;
    let declared = parts.headers.get("content-length");
    let declared = declared.and_then(|length| length.to_str().ok()?.trim().parse().ok());
    let chunked = parts.headers.contains_key("transfer-encoding");

    let mut bytes = Vec::new();
    let mut reader = body.into_reader().take(LARGEST_BODY as u64 + 1);
    if let Err(error) = reader.read_to_end(&mut bytes) {
        let error = broken(error.into(), &record.bytes());
        let open = matches!(error, Broken::Slow | Broken::Silent);
        return Err(match (declared, error) {
            (Some(declared), Broken::Slow | Broken::Closed) if !chunked => Broken::Short {
                declared,
                came: bytes.len() as u64,
                open,
            },
            (None, Broken::Slow) if !chunked => Broken::NoLength,
            (_, other) => other,
        });
    }
    if bytes.len() > LARGEST_BODY {
        return Err(Broken::Endless);
    }
    let bodiless = request.method == "HEAD" || matches!(status, 204 | 304);
    let length = match bodiless {
        true => Some(0),
        false => declared.filter(|_| !chunked),
    };
    let behind_head = (record.bytes().len() - head.length) as u64;
    if let Some(declared) = length.filter(|declared| behind_head > *declared) {
        let more = behind_head - declared;
        return Err(Broken::Long { declared, more });
    }
    Ok(Answer {
        status,
        fields: head.fields,
        body: Bytes(bytes),
    })
}

/// The head of an answer as it came, which ureq hands out without its order.
struct Head {
    length: usize,
    fields: Fields,
}

impl Head {
    /// The last of the heads that these bytes begin with: one of 100 or 103 only says that
    /// another one comes.
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut before = 0;
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut head = httparse::Response::new(&mut fields);
            let httparse::Status::Complete(length) = head.parse(&bytes[before..]).ok()? else {
                return None;
            };
            before += length;
            if head.code.is_some_and(|code| code < 200 && code != 101) {
                continue;
            }
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let fields = head.headers.iter();
            return Some(Self {
                length: before,
                fields: fields.map(|f| (f.name.into(), text(f.value))).collect(),
            });
        }
    }
}

/// The number of bytes until it is sure that they begin no head of an answer.
fn not_http_at(bytes: &[u8]) -> usize {
    let fits = |length: usize| {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        head.parse(&bytes[..length]).is_ok()
    };
    // What begins wrong does not become right.
    let (mut right, mut wrong) = (0, bytes.len());
    while right + 1 < wrong {
        let middle = right.midpoint(wrong);
        match fits(middle) {
            true => right = middle,
            false => wrong = middle,
        }
    }
    right
}

fn send(
    request: &Request,
    address: &Address,
    limit: Duration,
    record: &Record,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let agent = agent(address, limit, record);
    let Address { host, port } = address;
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("http://{host}:{port}{}", request.target));
    for (name, value) in &request.fields {
        builder = builder.header(name, value);
    }
    match &request.body {
        Some(body) => agent.run(builder.body(&body[..])?),
        None => agent.run(builder.body(())?),
    }
}

/// Whether this computer lets nobody through to the program.
pub(super) fn is_unreachable(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable, PermissionDenied};
    matches!(
        kind,
        AddrNotAvailable | HostUnreachable | NetworkUnreachable | PermissionDenied
    )
}

/// What an error of ureq says about the program, which has sent these bytes.
///
/// # Panics
///
/// If it says nothing about the program: the request cannot be sent like this.
fn broken(error: ureq::Error, came: &[u8]) -> Broken {
    use io::ErrorKind::{ConnectionRefused, TimedOut, WouldBlock};
    let late = match came.is_empty() {
        true => Broken::Silent,
        false => Broken::Slow,
    };
    match error {
        ureq::Error::Timeout(_) => late,
        ureq::Error::Io(error) => match error.kind() {
            ConnectionRefused => Broken::Refused,
            TimedOut | WouldBlock => late,
            kind if is_unreachable(kind) && came.is_empty() => Broken::Unreachable,
            // The end of the connection, in all its forms.
            _ => Broken::Closed,
        },
        ureq::Error::HostNotFound => Broken::Unreachable,
        error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
            panic!("this request cannot be sent with ureq: {error}")
        }
        _ => Broken::NotHttp {
            at: not_http_at(came),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpListener};

    use crate::record::{Act, get, post};

    /// The exchange with a program that sends these bytes and then keeps the connection
    /// `open`, or closes it.
    fn exchange_with(bytes: &'static [u8], open: bool, act: Act) -> Exchange {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let _ = stream.write_all(bytes);
            if open {
                let _ = wait.recv();
            }
            head
        });
        let address = Address {
            host: "localhost".into(),
            port,
        };
        let Act::Ask(request) = act else { panic!() };
        // Long enough on a busy computer; only those that stay open wait for it.
        let limit = Duration::from_millis(if open { 400 } else { 10_000 });
        let exchange = ask(&request, &address, Instant::now() + limit);
        drop(done);
        let got = server.join().unwrap();
        assert_eq!(&exchange.sent[..], got, "the bytes that went out");
        exchange
    }

    #[track_caller]
    fn is_broken(bytes: &'static [u8], open: bool, expected: Broken) {
        let exchange = exchange_with(bytes, open, get("/"));
        assert_eq!(exchange.answer, Err(expected));
        assert_eq!(&exchange.came[..], bytes);
    }

    #[test]
    fn what_ureq_would_send_otherwise_it_does_not_send() {
        let sends = |act: Act| can_send(act.asked().unwrap());
        assert!(sends(get("/")));
        assert!(sends(post("/").body("")));
        assert!(sends(post("/").field("Content-Length", "0")));
        assert!(!sends(post("/")), "it would come in chunks");
        assert!(!sends(get("/a#b")));
    }

    #[test]
    fn a_whole_answer_has_its_fields_in_order() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nX-B: 1\r\nX-A: \xe9\r\nX-B: 2\r\nContent-Length: 2\r\n\r\nok";
        let answer = exchange_with(bytes, false, get("/")).answer.unwrap();
        let fields: Vec<_> = answer.fields.iter().map(|(n, v)| (&**n, &**v)).collect();
        let expected = [("x-b", "1"), ("x-a", "\u{fffd}"), ("x-b", "2")];
        for ((name, value), (known, expected)) in fields.iter().zip(expected) {
            assert!(name.eq_ignore_ascii_case(known));
            assert_eq!(*value, expected);
        }
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    }

    #[test]
    fn an_interim_answer_is_none() {
        let bytes =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\nA: b\r\n\r\n";
        let answer = exchange_with(bytes, false, get("/")).answer.unwrap();
        assert_eq!((answer.status, answer.field("A")), (404, Some("b")));
    }

    #[test]
    fn what_is_no_whole_answer_is_told_apart() {
        is_broken(b"", false, Broken::Closed);
        is_broken(b"", true, Broken::Silent);
        is_broken(b"HTTP/1.1 200 OK\r\nA:", false, Broken::Closed);
        is_broken(b"HTTP/1.1 200 OK\r\nA:", true, Broken::Slow);
        is_broken(b"+OK ready\r\n\r\n", false, Broken::NotHttp { at: 0 });
        let bad = b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n";
        is_broken(bad, false, Broken::NotHttp { at: 18 });
        is_broken(b"HTTP/1.1 200 OK\r\n\r\nab", true, Broken::NoLength);
        let short = |open| Broken::Short {
            declared: 3,
            came: 2,
            open,
        };
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        is_broken(bytes, true, short(true));
        is_broken(bytes, false, short(false));
        let (declared, more) = (1, 1);
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab";
        is_broken(bytes, false, Broken::Long { declared, more });
        let (declared, more) = (0, 2);
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
        let head = crate::record::request("HEAD", "/");
        let answer = exchange_with(bytes, false, head).answer;
        assert_eq!(answer, Err(Broken::Long { declared, more }));
    }

    #[test]
    fn nobody_refuses() {
        let nobody = super::super::service::Nobody::open().unwrap();
        let address = Address {
            host: nobody.address().ip().to_string(),
            port: nobody.address().port(),
        };
        let until = Instant::now() + Duration::from_secs(10);
        let exchange = ask(&Request::default_get(), &address, until);
        assert_eq!(exchange.answer, Err(Broken::Refused));
        let address = Address {
            host: "no.such.name.invalid".into(),
            port: 80,
        };
        let exchange = ask(&Request::default_get(), &address, until);
        assert_eq!(exchange.answer, Err(Broken::Unreachable));
    }

    impl Request {
        fn default_get() -> Self {
            let Act::Ask(request) = get("/") else {
                unreachable!()
            };
            request
        }
    }
}
