//! What is written can be read back, for values drawn at random: answers by
//! httparse, which http-core does not use for them; heads and bodies in chunks by
//! http-core, from bytes that are put together here.
//!
//! The values are the same in each run; a failure names the seed of its values.

mod common;

use std::io::Write;

use common::{Client, TestServer, pattern};
use fastrand::Rng;
use http_core::http::Version;
use http_core::{Answer, Decoder, Framing, Head, Limits, Piece, Request, Response};

const TOKEN: &str = "!#$%&'*+-.^_`|~0189AZaz";

/// A text of characters from `from`.
fn text(rng: &mut Rng, from: &str, lengths: std::ops::Range<usize>) -> String {
    let from: Vec<char> = from.chars().collect();
    (0..rng.usize(lengths))
        .map(|_| *rng.choice(&from).unwrap())
        .collect()
}

/// A field's name that means nothing to the server.
fn name(rng: &mut Rng) -> String {
    format!("X-{}", text(rng, TOKEN, 0..9))
}

/// A field's value: no space at its ends.
fn value(rng: &mut Rng) -> String {
    let text = text(rng, "aZ09 \t,;:=\"()/ねé~", 0..40);
    text.trim_matches([' ', '\t']).to_owned()
}

fn fields(rng: &mut Rng) -> Vec<(String, String)> {
    (0..rng.usize(..6))
        .map(|_| (name(rng), value(rng)))
        .collect()
}

/// What a handler does, drawn from the number in the path.
struct Plan {
    status: u16,
    fields: Vec<(String, String)>,
    declares_length: bool,
    /// Parts of the body, and whether each is flushed.
    parts: Vec<(Vec<u8>, bool)>,
    last: Vec<u8>,
}

impl Plan {
    fn of(seed: u64) -> Plan {
        let rng = &mut Rng::with_seed(seed);
        let part = |rng: &mut Rng| {
            let size = rng.choice([0, 1, 100, 5000, 32 * 1024, 70_000]).unwrap();
            pattern(rng.usize(..=size))
        };
        let status = rng
            .choice([200, 200, 200, 201, 204, 205, 299, 304, 404, 500, 799])
            .unwrap();
        let has_body = !matches!(status, 204 | 205 | 304);
        let parts = if has_body { rng.usize(..5) } else { 0 };
        Plan {
            status,
            fields: fields(rng),
            declares_length: has_body && rng.u8(..4) == 0,
            parts: (0..parts).map(|_| (part(rng), rng.bool())).collect(),
            last: if has_body { part(rng) } else { Vec::new() },
        }
    }

    fn body(&self) -> Vec<u8> {
        let parts = self.parts.iter().map(|(part, _)| &part[..]);
        parts.chain([&self.last[..]]).collect::<Vec<_>>().concat()
    }
}

fn follow_the_plan(request: &mut Request, response: Response) -> Answer {
    let plan = Plan::of(request.path()[1..].parse().expect("a number"));
    let mut headers = response.send_response(plan.status);
    for (name, value) in &plan.fields {
        headers = headers.send_header(name, value);
    }
    if plan.declares_length {
        headers = headers.send_header("Content-Length", plan.body().len());
    }
    let mut body = headers.end_headers()?;
    for (part, is_flushed) in &plan.parts {
        body.write_all(part)?;
        if *is_flushed {
            body.flush()?;
        }
    }
    body.send(plan.last)
}

/// Reads an answer with httparse and compares it with its plan.
fn read_back(client: &mut Client, plan: &Plan, method: &str, version: &str) {
    let head = client.through(b"\r\n\r\n").unwrap();
    let mut fields = [httparse::EMPTY_HEADER; 20];
    let mut response = httparse::Response::new(&mut fields);
    let parsed = response.parse(&head).unwrap();
    assert_eq!(parsed, httparse::Status::Complete(head.len()));
    assert_eq!(
        (response.version, response.code),
        (Some(1), Some(plan.status))
    );
    let all = |name: &str| -> Vec<&[u8]> {
        let of_name = response
            .headers
            .iter()
            .filter(|f| f.name.eq_ignore_ascii_case(name));
        of_name.map(|f| f.value).collect()
    };
    let own: Vec<(String, String)> = response
        .headers
        .iter()
        .filter(|f| f.name.starts_with("X-"))
        .map(|f| {
            (
                f.name.to_owned(),
                String::from_utf8(f.value.to_vec()).unwrap(),
            )
        })
        .collect();
    assert_eq!(own, plan.fields);
    assert_eq!((all("Date").len(), all("Server").len()), (1, 1));

    let body = plan.body();
    let has_body = !matches!(plan.status, 204 | 304);
    let length = all("Content-Length");
    match (&length[..], &all("Transfer-Encoding")[..]) {
        ([], []) if method == "HEAD" || !has_body => {}
        ([length], []) => {
            assert_eq!(*length, body.len().to_string().as_bytes());
            if method == "GET" && has_body {
                assert!(client.take(body.len()).unwrap() == body);
            }
        }
        ([], [b"chunked"]) if version == "1.1" => {
            if method == "GET" {
                let mut read = Vec::new();
                loop {
                    let line = String::from_utf8(client.through(b"\r\n").unwrap()).unwrap();
                    let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
                    read.extend(client.take(size).unwrap());
                    assert_eq!(client.take(2).unwrap(), b"\r\n");
                    if size == 0 {
                        break;
                    }
                }
                assert!(read == body);
            }
        }
        // HTTP/1.0: it ends with the connection.
        ([], []) if version == "1.0" => {
            assert_eq!(all("Connection"), [b"close"]);
            assert!(client.rest() == body);
        }
        framing => panic!("{framing:?}"),
    }
}

#[test]
fn answers_are_read_back_by_another_parser() {
    let server = TestServer::start(follow_the_plan);
    for seed in 0..600 {
        let mut rng = Rng::with_seed(seed ^ 0xface);
        let method = rng.choice(["GET", "GET", "HEAD"]).unwrap();
        let version = rng.choice(["1.1", "1.1", "1.0"]).unwrap();
        let count = if version == "1.1" { rng.u64(1..4) } else { 1 };
        let plans: Vec<u64> = (0..count).map(|n| seed * 10 + n).collect();
        println!("{method} {plans:?} in HTTP/{version}");
        let mut client = server.connect();
        for plan in &plans {
            client.send(format!(
                "{method} /{plan} HTTP/{version}\r\nHost: h\r\n\r\n"
            ));
        }
        // None of them has a byte too many, or the next one were none.
        for &plan in &plans {
            read_back(&mut client, &Plan::of(plan), method, version);
        }
        client.half_close();
        client.ends();
    }
}

#[test]
fn heads_give_back_their_parts() {
    for seed in 0..3000 {
        let rng = &mut Rng::with_seed(seed);
        println!("seed {seed}");
        let method = text(rng, TOKEN, 1..12);
        let path = format!(
            "/{}",
            text(rng, "aZ09-._~!$&'()*+,;=:@/%[]{}|\"<>ね", 0..30)
        );
        let path = format!("/{}", path.trim_start_matches('/'));
        let query = rng.bool().then(|| text(rng, "aZ09&=?/%ね", 0..30));
        let target = match &query {
            Some(query) => format!("{path}?{query}"),
            None => path.clone(),
        };
        let fields = fields(rng);
        let mut bytes = "\r\n".repeat(rng.usize(..3));
        let line_end = rng.choice(["\r\n", "\n"]).unwrap();
        bytes += &format!("{method} {target} HTTP/1.1{line_end}host:h{line_end}");
        for (name, value) in &fields {
            let space = text(rng, " \t", 0..3);
            bytes += &format!("{name}:{space}{value}{space}{line_end}");
        }
        bytes += line_end;
        let length = bytes.len();
        bytes += &text(rng, "GET /\r\n", 0..20);

        let (head, size) = Head::parse(bytes.as_bytes(), &Limits::default())
            .unwrap()
            .unwrap();
        assert_eq!(size, length);
        assert_eq!(
            (head.method().as_str(), head.target()),
            (&method[..], &target[..])
        );
        assert_eq!((head.path(), head.query()), (&path[..], query.as_deref()));
        assert_eq!(head.version(), Version::HTTP_11);
        assert_eq!(head.headers().count(), fields.len() + 1);
        for (name, _) in &fields {
            let same_name = fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            let values: Vec<&[u8]> = same_name.map(|(_, value)| value.as_bytes()).collect();
            let read = head.headers();
            let read = read.filter(|(field, _)| field.eq_ignore_ascii_case(name));
            assert_eq!(read.map(|(_, value)| value).collect::<Vec<_>>(), values);
            assert_eq!(head.header(name).map(str::as_bytes), Some(values[0]));
        }
    }
}

#[test]
fn chunks_give_back_their_body() {
    for seed in 0..2000 {
        let rng = &mut Rng::with_seed(seed);
        println!("seed {seed}");
        let body = pattern(rng.usize(..5000));
        let mut bytes = Vec::new();
        let mut rest = &body[..];
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at(rng.usize(1..=rest.len().min(900)));
            let zeros = "0".repeat(rng.usize(..3));
            let extension = match rng.u8(..4) {
                0 => format!(
                    " ;{}=\"{}\"",
                    text(rng, "az", 1..5),
                    text(rng, "a ;=", 0..9)
                ),
                _ => String::new(),
            };
            match rng.bool() {
                true => write!(bytes, "{zeros}{:x}{extension}\r\n", chunk.len()),
                false => write!(bytes, "{zeros}{:X}{extension}\r\n", chunk.len()),
            }
            .unwrap();
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
            rest = behind;
        }
        bytes.extend_from_slice(b"0\r\n");
        for (name, value) in fields(rng) {
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        bytes.extend_from_slice(b"\r\n");
        let length = bytes.len();
        bytes.extend_from_slice(b"GET");

        let mut decoder = Decoder::new(Framing::Chunked, &Limits::default());
        let (mut at, mut known) = (0, 0);
        let mut decoded = Vec::new();
        loop {
            match decoder.next(&bytes[at..known], rng.usize(1..2000)).unwrap() {
                Piece::Data(count) => {
                    decoded.extend_from_slice(&bytes[at..at + count]);
                    at += count;
                }
                Piece::Overhead(count) => at += count,
                Piece::More => {
                    assert!(known < bytes.len(), "the body never ends");
                    known = (known + rng.usize(1..400)).min(bytes.len());
                }
                Piece::End => break,
            }
        }
        assert!(decoded == body);
        assert_eq!(at, length);
    }
}
