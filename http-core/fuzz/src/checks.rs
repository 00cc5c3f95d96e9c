//! The checks: http-core on one side, the independent reading on the other.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Component;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use http_core::http::Version;
use http_core::{
    Answer, Decoder, FilePath, Framing, Head, HttpServer, Limits, Piece, Request, Response,
};

use super::answers;
use super::reading::{self, No, Seen};

/// So small that the inputs reach them.
fn limits() -> Limits {
    Limits {
        head_size: 2000,
        target_size: 300,
        fields: 20,
        body_size: 5000,
        body_ahead: 500,
        ..Limits::default()
    }
}

/// The path of a file: the names that the reading finds, all of them plain ones.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match (FilePath::new(text), reading::path(bytes)) {
        (Some(path), Some((names, is_directory))) => {
            let found: Vec<&[u8]> = path
                .relative()
                .components()
                .map(|part| match part {
                    Component::Normal(name) => name.as_encoded_bytes(),
                    way_out => panic!("{way_out:?} in {text:?}"),
                })
                .collect();
            assert_eq!(found, names, "{text:?}");
            assert_eq!(path.names_directory(), is_directory, "{text:?}");
        }
        // Windows has fewer names.
        (None, Some(_)) if cfg!(windows) => {}
        (None, None) => {}
        (path, names) => panic!("{text:?}: {path:?}, but {names:?}"),
    }
}

/// The parser of heads: the same heads, of the same size and meaning; and its
/// verdict does not depend on how much of the bytes it has seen so far.
pub fn head(bytes: &[u8]) {
    let limits = limits();
    let parsed = Head::parse(bytes, &limits);
    match (&parsed, reading::head(bytes, &limits)) {
        (Ok(Some((head, size))), Ok(expected)) => {
            assert_eq!(*size, expected.size);
            assert_eq!(head.method().as_str().as_bytes(), expected.method);
            assert_eq!(head.target().as_bytes(), expected.target);
            let length = match head.framing() {
                Framing::Length(length) => Some(length),
                Framing::Chunked => None,
            };
            assert_eq!(length, expected.length);
            assert_eq!(head.keep_alive(), !expected.is_last);
            assert_eq!(head.expects_continue(), expected.expects);
            assert!(matches!(
                head.version(),
                Version::HTTP_10 | Version::HTTP_11
            ));
            assert!(head.target().contains(head.path()) || head.path() == "/");
            assert!(head.headers().count() <= limits.fields);
        }
        // It may see earlier than the reading that it will never be a head.
        (Err(_), Err(_)) | (Ok(None), Err(No::Incomplete)) => {}
        (parsed, expected) => panic!("{parsed:?}, but {expected:?}"),
    }
    for end in cuts(bytes) {
        let earlier = Head::parse(&bytes[..end], &limits);
        match (&earlier, &parsed) {
            (Ok(None), _) => {}
            (Ok(Some((_, size))), Ok(Some((_, whole)))) => assert_eq!(size, whole),
            (Err(_), Err(_)) => {}
            _ => panic!("{earlier:?} of {end} bytes, then {parsed:?}"),
        }
    }
}

/// The decoder of chunks: the same body, the same end.
pub fn chunks(bytes: &[u8]) {
    let limits = limits();
    let expected = reading::chunks(bytes, &limits);
    for step in [bytes.len().max(1), 1, 7] {
        let decoded = decode(bytes, step, &limits);
        match (&decoded, &expected) {
            (Ok(Some(decoded)), Ok(expected)) => assert_eq!(decoded, expected),
            (Err(_), Err(_)) | (Ok(None), Err(No::Incomplete)) => {}
            _ => panic!("{decoded:?}, but {expected:?}, in steps of {step}"),
        }
    }
}

/// `None` if the end does not come.
fn decode(
    bytes: &[u8],
    step: usize,
    limits: &Limits,
) -> Result<Option<(Vec<u8>, usize)>, http_core::Refusal> {
    let mut decoder = Decoder::new(Framing::Chunked, limits);
    let mut body = Vec::new();
    let (mut at, mut known) = (0, 0);
    loop {
        let input = &bytes[at..known];
        match decoder.next(input, 1000)? {
            Piece::Data(count) => {
                assert!((1..=1000).contains(&count) && count <= input.len());
                body.extend_from_slice(&input[..count]);
                at += count;
            }
            Piece::Overhead(count) => {
                assert!((1..=input.len()).contains(&count));
                at += count;
            }
            Piece::More if known == bytes.len() => return Ok(None),
            Piece::More => known = (known + step).min(bytes.len()),
            Piece::End => {
                assert!(decoder.has_ended() && body.len() as u64 <= limits.body_size);
                return Ok(Some((body, at)));
            }
        }
    }
}

/// Some places at which to cut, other ones for other bytes.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let length = bytes.len();
    let sum = bytes.iter().fold(7usize, |sum, &b| {
        sum.wrapping_mul(31).wrapping_add(b.into())
    });
    (0..8)
        .map(move |n| (sum >> n) % (length + 1))
        .chain(length.saturating_sub(3)..=length)
}

/// A whole connection, in memory: as many answers as requests, each to the request that the
/// reading finds there, then perhaps one refusal, then the end.
pub fn connection(bytes: &[u8]) {
    let pieces: Vec<&[u8]> = bytes.chunks(piece_size(bytes)).collect();
    let answers = http_core::serve_in_memory(echo, &limits(), &pieces);
    check_answers(&reading::requests(bytes, &limits()), &answers);
}

/// The same, over a socket.
pub fn socket(bytes: &[u8]) {
    let requests = reading::requests(bytes, &limits());
    match exchange(server(), bytes) {
        Ok(answers) => check_answers(&requests, &answers),
        Err(_) => {
            // A client that says that a request is the last one, and sends more, may be cut
            // off.
            let sent_more = |seen: &Seen| match seen {
                Seen::Request(request) => request.is_last && request.end < bytes.len(),
                _ => false,
            };
            assert!(requests.last().is_some_and(sent_more), "a reset");
        }
    }
}

fn check_answers(requests: &[Seen], answers: &[u8]) {
    let mut rest = answers;
    let mut is_last = false;
    for seen in requests {
        assert!(!is_last);
        let (is_head, may_continue) = match seen {
            Seen::Request(request) => (request.method == b"HEAD", request.expects),
            Seen::Refused {
                is_head,
                may_continue,
            } => (*is_head, *may_continue),
            Seen::Empty if rest.is_empty() => return,
            Seen::Empty => (true, false),
        };
        let mut answer = answers::next(&mut rest, is_head);
        if answer.status == 100 && may_continue {
            answer = answers::next(&mut rest, is_head);
        }
        match seen {
            Seen::Request(request) => {
                assert_eq!(answer.status, 200, "to {request:?}: {answer:?}");
                if !is_head {
                    let expected = [
                        &request.method[..],
                        b" ",
                        &request.target,
                        b"\n",
                        &request.body,
                    ];
                    assert_eq!(answer.body, expected.concat());
                }
                is_last = request.is_last;
                assert_eq!(answer.says_close(), is_last, "{request:?}: {answer:?}");
            }
            Seen::Refused { .. } | Seen::Empty => {
                if *seen == Seen::Empty {
                    // Its page, perhaps.
                    rest = b"";
                }
                assert!((400..600).contains(&answer.status), "{answer:?}");
                assert!(answer.says_close());
                is_last = true;
            }
        }
    }
    assert!(rest.is_empty(), "more answers: {}", rest.escape_ascii());
}

/// The size of the pieces in which bytes are sent, which depends on them.
fn piece_size(bytes: &[u8]) -> usize {
    match bytes.len() % 4 {
        0 => bytes.len() / 3 + 1,
        1 => bytes.len() / 20 + 1,
        _ => bytes.len() + 1,
    }
}

/// Answers with method, target and body.
fn echo(request: &mut Request, response: Response) -> Answer {
    let mut text = format!("{} {}\n", request.method(), request.target()).into_bytes();
    request.body().read_to_end(&mut text)?;
    response.send_response(200).end_headers()?.send(text)
}

/// Sends the bytes, in pieces of a size that depends on them, and nothing more;
/// returns all that comes back. An error is a reset.
fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    for piece in bytes.chunks(piece_size(bytes)) {
        // It may have refused them by now.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    match stream.read_to_end(&mut answers) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("{error}"),
        Err(error) => Err(error),
        Ok(_) => Ok(answers),
    }
}

/// A server that answers each request with method, target and body; the same for
/// all inputs.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let server = HttpServer::bind("127.0.0.1:0")
            .expect("a free port")
            .limits(limits())
            .access_log(false)
            .threads(2);
        let address = server.local_addresses()[0];
        thread::spawn(move || server.serve_forever(echo));
        address
    })
}
