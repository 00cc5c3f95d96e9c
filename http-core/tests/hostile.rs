//! Requests that are none: the right refusal, once, then the connection's end; and
//! a server that goes on, with nothing to complain of.

mod common;

use common::program::Program;
use common::{Client, TestServer};
use http_core::{Request, Response};

fn server() -> TestServer {
    TestServer::start(|request: &mut Request, response: Response| {
        response
            .send_response(200)
            .end_headers()?
            .send(request.target())
    })
}

/// `bytes`, with a good request behind them, have exactly one answer: the refusal.
#[track_caller]
fn is_refused(server: &TestServer, bytes: impl AsRef<[u8]>, status: u16) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    let mut client = server.connect();
    client.send(bytes);
    client.send("GET /behind HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.status, status, "{shown:?}");
    assert_eq!(reply.field("Connection"), Some("close"), "{shown:?}");
    assert_eq!(
        reply.field("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    client.ends();
}

#[test]
fn malformed_request_lines() {
    let server = server();
    for (line, status) in [
        ("GET / HTTP/1.1 ", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET /", 400),
        ("GET", 400),
        (" GET / HTTP/1.1", 400),
        ("GET / http/1.1", 400),
        ("GET / HTTP/11", 400),
        ("GET / HTTP/1.1\rX", 400),
        ("GET / HTTP/1.10", 400),
        ("GET / HTTPS/1.1", 400),
        ("G\0T / HTTP/1.1", 400),
        ("G(T / HTTP/1.1", 400),
        ("G\u{e9}T / HTTP/1.1", 400),
        ("GET /\x7f HTTP/1.1", 400),
        ("GET /a b HTTP/1.1", 400),
        ("GET /\0 HTTP/1.1", 400),
        ("GET /\t HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET x HTTP/1.1", 400),
        ("GET /a#b HTTP/1.1", 400),
        ("GET http:///a HTTP/1.1", 400),
        ("GET http:// HTTP/1.1", 400),
        ("GET ftp://h/ HTTP/1.1", 400),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/1.2", 505),
        ("GET / HTTP/0.9", 505),
        ("PRI * HTTP/2.0", 505),
    ] {
        is_refused(&server, format!("{line}\r\nHost: h\r\n\r\n"), status);
    }
    assert_eq!(server.get("/").text(), "/");
}

#[test]
fn malformed_fields() {
    let server = server();
    for (fields, status) in [
        ("", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a\r\nHOST: b\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: a@b\r\n", 400),
        ("Host : a\r\n", 400),
        ("Host\r\n", 400),
        (" Host: a\r\n", 400),
        ("Host: a\r\n folded: x\r\n", 400),
        ("Host: a\r\nX: \0\r\n", 400),
        ("Host: a\r\nX: a\rb\r\n", 400),
        ("Host: a\r\nX: \x08\r\n", 400),
        ("Host: a\r\nX(Y): b\r\n", 400),
        ("Host: a\r\n: x\r\n", 400),
        ("Host: a\r\nContent-Length: -1\r\n", 400),
        ("Host: a\r\nContent-Length: +1\r\n", 400),
        ("Host: a\r\nContent-Length: 0x1\r\n", 400),
        ("Host: a\r\nContent-Length: 1, 1\r\n", 400),
        ("Host: a\r\nContent-Length: 1 1\r\n", 400),
        ("Host: a\r\nContent-Length:\r\n", 400),
        ("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
        ("Host: a\r\nContent-Length: 99999999999999999999\r\n", 400),
        ("Host: a\r\nContent-Length: 18446744073709551615\r\n", 413),
        ("Host: a\r\nContent-Length: 99999999999\r\n", 413),
        ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        ("Host: a\r\nTransfer-Encoding: xchunked\r\n", 501),
        ("Host: a\r\nTransfer-Encoding: chunked, identity\r\n", 501),
        ("Host: a\r\nTransfer-Encoding: \x0bchunked\r\n", 400),
        ("Host: a\r\nTransfer-Encoding:\r\n", 501),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
        ),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            400,
        ),
        (
            "Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
            400,
        ),
        ("Host: a\r\nExpect: a-miracle\r\n", 417),
    ] {
        is_refused(&server, format!("GET / HTTP/1.1\r\n{fields}\r\n"), status);
    }
    is_refused(
        &server,
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    );
    assert_eq!(server.get("/").text(), "/");
}

#[test]
fn what_is_too_long() {
    let server = server();
    let long = "x".repeat(1_000_000);
    for (bytes, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"), 414),
        (format!("GET /{long}"), 414),
        (long.clone(), 414),
        (format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{long}: x\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nX: {long}"), 431),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
                "X: y\r\n".repeat(100)
            ),
            431,
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: h\r\n{}",
                "X: y\r\n".repeat(100_000)
            ),
            431,
        ),
        ("\r\n".repeat(100_000), 431),
    ] {
        is_refused(&server, bytes, status);
    }
    // As long as it may be.
    let target = format!("/{}", &long[..16 * 1024 - 1]);
    assert_eq!(server.get(&target).text(), target);
    let fields = "X: y\r\n".repeat(99);
    let mut client = server.connect();
    client.send(format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
    assert_eq!(client.reply().text(), "/");
}

#[test]
fn other_protocols() {
    let server = server();
    // The first bytes of a TLS handshake.
    is_refused(
        &server,
        [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0x5a, 0, 0xff],
        400,
    );
    is_refused(&server, "SSH-2.0-OpenSSH_9.6\r\n", 400);
    is_refused(&server, "\0\0\0\0", 400);
    is_refused(&server, "{\"json\": true}\n", 400);
}

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

/// A program of its own shows what in this one would be lost: a panic on one of the
/// server's threads.
#[test]
fn random_bytes_hurt_nobody() {
    let echo = Program::echo();
    let mut numbers = Numbers(0x5eed_cafe_f00d);
    let good: [&[u8]; 3] = [
        b"POST /a?b#c HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world",
        b"PUT http://h/%41 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n0\r\nA: b\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    ];
    for round in 0..1500 {
        let bytes: Vec<u8> = if round % 5 == 0 {
            let length = numbers.below(2000);
            (0..length).map(|_| numbers.below(256) as u8).collect()
        } else {
            // Good requests with some faults.
            let mut bytes: Vec<u8> = good.concat();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(bytes.len());
                match numbers.below(4) {
                    0 => bytes[at] = numbers.below(256) as u8,
                    1 => bytes[at] ^= 1 << numbers.below(8),
                    2 => drop(bytes.drain(at..(at + numbers.below(20)).min(bytes.len()))),
                    _ => bytes.insert(at, b"\r\n \t:;,0\0\xff"[numbers.below(10)]),
                }
            }
            bytes
        };
        let mut client: Client = echo.connect();
        client.send(&bytes);
        client.half_close();
        // Whatever it is, it ends.
        let answers = client.rest();
        assert!(
            answers.is_empty() || answers.starts_with(b"HTTP/1.1 "),
            "{answers:?}"
        );
    }
    let mut client = echo.connect();
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat");
    assert_eq!(client.reply().text(), "cat");
    assert_eq!(echo.kill(), "");
}
