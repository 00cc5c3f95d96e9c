//! How an answer is framed, and that no handler, however wrong, breaks the framing.

mod common;

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use common::{PATIENCE, TestServer, pattern};
use http_core::{Answer, Limits, Request, Response};

/// Longer than what is gathered before it is framed.
const LONG: usize = 300_000;

/// The number in the query.
fn number(request: &Request) -> usize {
    request
        .query()
        .and_then(|query| query.parse().ok())
        .unwrap_or(0)
}

/// Writes as many bytes as the query says, in pieces, or in one go.
fn writer(request: &mut Request, response: Response) -> Answer {
    let bytes = pattern(number(request));
    let mut body = response.send_response(200).end_headers()?;
    match request.path() {
        "/pieces" => {
            for piece in bytes.chunks(1000) {
                body.write_all(piece)?;
            }
            body.finish()
        }
        "/both" => {
            body.write_all(&bytes[..bytes.len() / 2])?;
            body.send(&bytes[bytes.len() / 2..])
        }
        _ => body.send(bytes),
    }
}

#[test]
fn a_short_answer_has_a_length_and_comes_at_once() {
    let server = TestServer::start(writer);
    let mut client = server.connect();
    client.send("GET /pieces?5000 HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut bytes = [0; 60_000];
    let count = client.stream.read(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    assert!(text.contains("\r\nContent-Length: 5000\r\n"), "{text}");
    assert!(
        bytes[..count].ends_with(&[&b"\r\n\r\n"[..], &pattern(5000)].concat()),
        "not all of it came in one read: {count} bytes"
    );
}

#[test]
fn answers_of_every_size_arrive_whole() {
    let server = TestServer::start(writer);
    let mut client = server.connect();
    for size in [
        0, 1, 999, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, LONG, 3_000_001,
    ] {
        for way in ["pieces", "both", "send"] {
            client.send(format!("GET /{way}?{size} HTTP/1.1\r\nHost: h\r\n\r\n"));
            let reply = client.reply();
            assert!(reply.body == pattern(size), "/{way}?{size}");
            let is_short = way == "send" || size <= 32 * 1024 || (way == "both" && size <= 65_537);
            assert_eq!(
                reply.field("Content-Length").is_some(),
                is_short,
                "/{way}?{size} {:?}",
                reply.fields
            );
            assert_eq!(reply.field("Connection"), None);
        }
    }
}

#[test]
fn http_1_0_gets_no_chunks() {
    let server = TestServer::start(writer);
    for connection in ["", "Connection: keep-alive\r\n"] {
        let mut client = server.connect();
        client.send(format!("GET /pieces?{LONG} HTTP/1.0\r\n{connection}\r\n"));
        let reply = client.reply();
        assert_eq!(reply.field("Transfer-Encoding"), None);
        assert_eq!(reply.field("Content-Length"), None);
        assert_eq!(reply.field("Connection"), Some("close"), "{connection}");
        assert!(reply.body == pattern(LONG));
        client.ends();
    }
}

#[test]
fn flush_sends_at_once() {
    let (go_on, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let server = TestServer::start(move |_: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        body.flush()?;
        body.flush()?;
        for piece in ["first", "second"] {
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            body.write_all(piece.as_bytes())?;
            body.flush()?;
        }
        body.send("third")
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.through(b"\r\n\r\n").unwrap();
    assert!(
        head.ends_with(b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        "{head:?}"
    );
    go_on.send(()).unwrap();
    // With its line end: a client may wait for that.
    assert_eq!(client.take(10).unwrap(), b"5\r\nfirst\r\n");
    go_on.send(()).unwrap();
    assert_eq!(
        client.through(b"0\r\n\r\n").unwrap(),
        b"6\r\nsecond\r\n5\r\nthird\r\n0\r\n\r\n"
    );

    // The same for HEAD: no byte of body, and the connection stays in step.
    for _ in 0..4 {
        go_on.send(()).unwrap();
    }
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply_to_head().status, 200);
    assert_eq!(client.reply_to_head().status, 200);
    client.half_close();
    client.ends();
}

/// Declares the length in the query, and writes 10 bytes.
fn declares(request: &mut Request, response: Response) -> Answer {
    let mut body = response
        .send_response(200)
        .send_header("Content-Length", request.query().unwrap_or_default())
        .end_headers()?;
    match request.path() {
        "/write" => {
            body.write_all(b"01234")?;
            body.write_all(b"56789")?;
            body.finish()
        }
        _ => body.send("0123456789"),
    }
}

#[test]
fn a_declared_length_is_held_against_the_body() {
    let server = TestServer::start(declares);
    let mut client = server.connect();
    for way in ["send", "write"] {
        client.send(format!("GET /{way}?10 HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!((reply.status, &reply.body[..]), (200, &b"0123456789"[..]));
        assert_eq!(reply.field("Content-Length"), Some("10"));
        for (wrong, said) in [
            ("9", "Content-Length says 9 bytes, but the body has 10"),
            ("0", "Content-Length says 0 bytes, but the body has "),
            ("11", "Content-Length says 11 bytes, but the body has 10"),
            (
                "18446744073709551615",
                "Content-Length says 18446744073709551615 bytes, but the body has 10",
            ),
            ("ten", "Content-Length must be one number"),
            ("+10", "Content-Length must be one number"),
            ("18446744073709551616", "Content-Length must be one number"),
            ("", "Content-Length must be one number"),
        ] {
            client.send(format!("GET /{way}?{wrong} HTTP/1.1\r\nHost: h\r\n\r\n"));
            let reply = client.reply();
            assert_eq!(reply.status, 500, "/{way}?{wrong}");
            assert!(
                reply.text().contains(said),
                "/{way}?{wrong} {}",
                reply.text()
            );
        }
    }
    client.send("HEAD /send?10 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply_to_head().field("Content-Length"), Some("10"));
    assert_eq!(client.get("/send?10"), "0123456789");
}

#[test]
fn an_answer_that_breaks_off_has_no_end() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let headers = response.send_response(200);
        let headers = match request.path() {
            "/declared" => headers.send_header("Content-Length", LONG + 1),
            _ => headers,
        };
        let mut body = headers.end_headers()?;
        body.write_all(&pattern(LONG))?;
        body.flush()?;
        match request.path() {
            "/panic" => panic!("in the middle"),
            "/error" => Err(std::io::Error::other("in the middle")),
            _ => body.finish(),
        }
    });
    for path in ["/declared", "/panic", "/error"] {
        let mut client = server.connect();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        client.through(b"\r\n\r\n").unwrap();
        let rest = client.rest();
        assert!(rest.len() >= LONG, "{path}: {}", rest.len());
        assert!(!rest.ends_with(b"0\r\n\r\n"), "{path}");
    }
    // HTTP/1.0 takes the end of the connection for that of the answer, but not a reset.
    for path in ["/panic", "/error"] {
        let mut client = server.connect();
        client.send(format!("GET {path} HTTP/1.0\r\n\r\n"));
        client.try_reply(true).expect_err("half an answer");
    }
    // "/" is the same answer without the fault.
    assert!(server.get("/").body == pattern(LONG));
}

#[test]
fn answers_without_a_body() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let status = number(request) as u16;
        let headers = response.send_response(status);
        match request.path() {
            "/body" => headers.end_headers()?.send("x"),
            "/length" => headers
                .send_header("Content-Length", 0)
                .end_headers()?
                .finish(),
            _ => headers.end_headers()?.finish(),
        }
    });
    let mut client = server.connect();
    // A 205 has none either, but says so with its length (RFC 9110, section 15.3.6).
    client.send("GET /?205 HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!(
        (reply.status, reply.field("Content-Length")),
        (205, Some("0"))
    );
    client.send("GET /body?205 HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.status, 500);
    assert!(
        reply
            .text()
            .contains("an answer with status 205 has no body")
    );
    for status in [204, 304] {
        client.send(format!("GET /?{status} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, status);
        assert_eq!(reply.field("Content-Length"), None, "{status}");
        assert_eq!(reply.field("Transfer-Encoding"), None, "{status}");
        client.send(format!("GET /body?{status} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 500);
        let said = format!("an answer with status {status} has no body");
        assert!(reply.text().contains(&said), "{}", reply.text());
    }
    // A client may keep what it has, and be told how long that is; but nothing has no length.
    client.send("GET /length?304 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 304);
    client.send("GET /length?204 HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.status, 500);
    assert!(
        reply
            .text()
            .contains("an answer with status 204 has no Content-Length"),
        "{}",
        reply.text()
    );
    client.send("GET /?205 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().field("Content-Length"), Some("0"));
}

#[test]
fn nothing_is_injected_into_a_head() {
    const FIELDS: [(&str, &str, &str); 13] = [
        (
            "X",
            "a\r\nSet-Cookie: b=c",
            "header field X has a line break",
        ),
        ("X", "a\nSet-Cookie: b=c", "header field X has a line break"),
        ("X", "a\rb", "header field X has a line break"),
        ("X", "a\0b", "another control character"),
        (
            "X",
            "\r\n\r\nHTTP/1.1 200 OK\r\n",
            "header field X has a line break",
        ),
        ("X", "a\x7f", "another control character"),
        ("X: a\r\nY", "b", "is not a name for a header field"),
        ("X\n", "b", "is not a name for a header field"),
        ("X\0", "b", "is not a name for a header field"),
        ("X Y", "b", "is not a name for a header field"),
        ("X:", "b", "is not a name for a header field"),
        ("", "b", "is not a name for a header field"),
        (
            "Transfer-Encoding",
            "chunked",
            "Transfer-Encoding is the server",
        ),
    ];
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let (name, value, _) = FIELDS[number(request)];
        response
            .send_response(200)
            .send_header("X-Before", "1")
            .send_header(name, value)
            .send_header("X-Behind", "1")
            .end_headers()?
            .send("sent all the same")
    });
    let mut client = server.connect();
    for (n, (name, value, said)) in FIELDS.iter().enumerate() {
        client.send(format!("GET /?{n} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 500, "{name:?}: {value:?}");
        assert!(reply.text().contains(said), "{}", reply.text());
        let names: Vec<&str> = reply.fields.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(
            names,
            ["Content-Type", "Server", "Date", "Content-Length"],
            "{name:?}: {value:?}"
        );
    }
}

#[test]
fn text_of_any_language_and_tabs_are_no_injection() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response
            .send_response(200)
            .send_header("X", "ね\tκότα")
            .end_headers()?
            .finish()
    });
    assert_eq!(server.get("/").field("X"), Some("ね\tκότα"));
}

#[test]
fn a_status_that_is_none() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        response
            .send_response(number(request) as u16)
            .end_headers()?
            .send("x")
    });
    let mut client = server.connect();
    for status in [0, 99, 100, 101, 199, 1000, 65535] {
        client.send(format!("GET /?{status} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 500, "{status}");
        assert!(reply.text().contains("200"), "{}", reply.text());
    }
    client.send("GET /?799 HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.status, &reply.reason[..]), (799, ""));
}

#[test]
fn the_handler_may_end_the_connection() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response
            .send_response(200)
            .send_header("Connection", "X, Close")
            .end_headers()?
            .send("bye")
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(2));
    let reply = client.reply();
    assert_eq!(reply.field("Connection"), Some("X, Close"));
    assert_eq!(reply.text(), "bye");
    client.ends();
}

/// Other options of a handler's don't hide that the connection ends.
#[test]
fn the_end_is_said_beside_the_handlers_options() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response
            .send_response(200)
            .send_header("Connection", "keep-alive, x")
            .end_headers()?
            .send("hi")
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.all("Connection"), ["keep-alive, x", "close"]);
    client.ends();
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().field("Connection"), Some("keep-alive, x"));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 200);
}

#[test]
fn a_client_that_takes_its_answer_late_holds_up_nobody() {
    const LARGE: usize = 5 * 1024 * 1024;
    let server = TestServer::start(writer);
    let mut late = server.connect();
    late.send(format!("GET /send?{LARGE} HTTP/1.1\r\nHost: h\r\n\r\n"));
    // The answer has begun, and its client does not read on.
    let begin = late.take(1).unwrap();
    for _ in 0..10 {
        assert_eq!(server.get("/send?3").body, pattern(3));
    }
    // The next request waits in the meantime.
    late.send("GET /send?5 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(server.get("/send?3").body, pattern(3));
    assert_eq!(begin, b"H");
    let head = late.through(b"\r\n\r\n").unwrap();
    assert!(
        String::from_utf8(head)
            .unwrap()
            .contains("Content-Length: 5242880\r\n")
    );
    assert!(late.take(LARGE).unwrap() == pattern(LARGE));
    assert_eq!(late.reply().body, pattern(5));
}

#[test]
fn a_handler_that_ignores_a_lost_client_sends_nothing_twice() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let (go_on, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let limits = Limits {
        stall_time: Duration::from_millis(100),
        least_rate: u32::MAX,
        ..Limits::default()
    };
    let server = TestServer::limited(limits, move |_: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        let bytes = pattern(1024 * 1024);
        // Until the client's side is full, and it was waited for long enough.
        while body.write_all(&bytes).is_ok() {}
        tell.lock().unwrap().send(()).unwrap();
        wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        // The client reads again by now.
        let _ = body.write_all(b"the end");
        body.finish()
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    told.recv_timeout(PATIENCE).unwrap();
    client.through(b"\r\n\r\n").unwrap();
    assert_eq!(client.through(b"\r\n").unwrap(), b"100000\r\n");
    let mut rest = client.take(100_000).unwrap();
    go_on.send(()).unwrap();
    rest.extend(client.rest());
    // What came is the beginning of what was written, and has no end.
    let mut written = Vec::new();
    while written.len() < rest.len() {
        written.extend(pattern(1024 * 1024));
        written.extend(b"\r\n100000\r\n");
    }
    assert!(written.starts_with(&rest), "not what was written");
}
