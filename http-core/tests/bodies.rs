//! The bodies of requests: read whole, read in part, not read, too long, malformed.

mod common;

use std::io::{self, Read, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use common::{Client, TestServer, pattern};
use http_core::{Answer, Limits, Request, Response};

/// Answers with the request's body.
fn echo(request: &mut Request, response: Response) -> Answer {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    // Behind the end there is only the end.
    assert_eq!(request.body().read(&mut [0; 8])?, 0);
    response.send_response(200).end_headers()?.send(body)
}

/// Answers without a look at the body.
fn deaf(_: &mut Request, response: Response) -> Answer {
    response
        .send_response(200)
        .end_headers()?
        .send("no, thanks")
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// In chunks of many sizes, with extensions and trailer fields.
fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let (mut rest, mut size) = (body, 1);
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(size.min(rest.len()));
        write!(bytes, "{:X};n=\"{size}\"\r\n", chunk.len()).unwrap();
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
        (rest, size) = (behind, size * 7 % 60_013);
    }
    bytes.extend_from_slice(b"0\r\nX-Trailer: 1\r\n\r\n");
    bytes
}

#[test]
fn bodies_of_every_size_come_back() {
    const K: usize = 1024;
    let server = TestServer::start(echo);
    let mut client = server.connect();
    for size in [
        0,
        1,
        8 * K - 1,
        8 * K,
        8 * K + 1,
        64 * K - 1,
        64 * K,
        64 * K + 1,
        1024 * K,
        3 * 1024 * K,
    ] {
        let body = pattern(size);
        for request in [with_length(&body), in_chunks(&body)] {
            let steps = match size {
                0..=1 => vec![1, request.len()],
                2..=8192 => vec![1, 4093, request.len()],
                8193..=65_537 => vec![997, 8192, request.len()],
                _ => vec![65_521, request.len()],
            };
            for step in steps {
                client.send_in_pieces(&request, step);
                let reply = client.reply();
                assert!(
                    reply.status == 200 && reply.body == body,
                    "{size} bytes in steps of {step}: {} {}",
                    reply.status,
                    reply.body.len()
                );
            }
        }
    }
}

#[test]
fn a_body_can_be_answered_while_it_comes() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let mut out = response.send_response(200).end_headers()?;
        io::copy(request.body(), &mut out)?;
        out.finish()
    });
    let body = pattern(3_000_000);
    for request in [with_length(&body), in_chunks(&body)] {
        let mut client = server.connect();
        let mut sender = client.stream.try_clone().unwrap();
        let sending = thread::spawn(move || sender.write_all(&request));
        assert!(client.reply().body == body);
        sending.join().unwrap().unwrap();
    }
}

fn expecting(length: usize) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[test]
fn the_body_is_asked_for_when_the_handler_reads_it() {
    let server = TestServer::start(echo);
    let mut client = server.connect();
    for length in [5, 200_000] {
        client.send(expecting(length));
        let reply = client.reply();
        assert_eq!((reply.status, &reply.reason[..]), (100, "Continue"));
        assert_eq!(reply.fields, []);
        client.send(pattern(length));
        assert!(client.reply().body == pattern(length));
    }
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    assert_eq!(client.reply().status, 100);
    client.send("3\r\ncat\r\n0\r\n\r\n");
    assert_eq!(client.reply().text(), "cat");
    // Behind an answer that is not sent yet, too.
    client.send(format!(
        "GET /x HTTP/1.1\r\nHost: h\r\n\r\n{}",
        expecting(3)
    ));
    assert_eq!(client.reply().status, 200);
    assert_eq!(client.reply().status, 100);
    client.send("cat");
    assert_eq!(client.reply().text(), "cat");
}

#[test]
fn a_body_that_is_there_or_none_is_not_asked_for() {
    let server = TestServer::start(echo);
    let mut client = server.connect();
    client.send(expecting(3) + "cat");
    assert_eq!(client.reply().text(), "cat");
    client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().status, 200);
    client.send(expecting(0));
    assert_eq!(client.reply().status, 200);
    // HTTP/1.0 knows no 100.
    client.send(expecting(3).replace("1.1", "1.0"));
    client.send("cat");
    assert_eq!(client.reply().text(), "cat");
    client.ends();
}

#[test]
fn a_body_that_nobody_reads_is_not_asked_for() {
    let server = TestServer::start(deaf);
    let mut client = server.connect();
    client.send(expecting(3));
    let reply = client.reply();
    assert_eq!(reply.text(), "no, thanks");
    // The client may send the body now or not: nobody could tell it from a request.
    assert_eq!(reply.field("Connection"), Some("close"));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client.ends();

    // Unless it is there already.
    let mut client = server.connect();
    client.send(expecting(3) + "cat");
    assert_eq!(client.reply().field("Connection"), None);
    assert_eq!(client.get("/"), "no, thanks");
}

#[test]
fn the_body_is_not_asked_for_in_the_middle_of_an_answer() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let mut out = response.send_response(200).end_headers()?;
        out.write_all(b"echo: ")?;
        out.flush()?;
        io::copy(request.body(), &mut out)?;
        out.finish()
    });
    let mut client = server.connect();
    client.send(expecting(3));
    let head = client.through(b"\r\n\r\n6\r\necho: \r\n");
    assert!(head.unwrap().starts_with(b"HTTP/1.1 200 OK\r\n"));
    client.send("cat");
    assert_eq!(
        client.through(b"0\r\n\r\n").unwrap(),
        b"3\r\ncat\r\n0\r\n\r\n"
    );
    client.ends();
}

#[test]
fn what_the_handler_leaves_is_read_away() {
    let server = TestServer::start(deaf);
    let mut client = server.connect();
    for body in [pattern(1), pattern(70_000), pattern(200_000)] {
        for request in [with_length(&body), in_chunks(&body)] {
            client.send(&request);
            let reply = client.reply();
            assert_eq!((reply.status, reply.field("Connection")), (200, None));
            assert_eq!(client.get("/"), "no, thanks");
        }
    }
}

#[test]
fn the_connection_ends_where_too_much_is_left() {
    let server = TestServer::start(deaf);
    let body = pattern(1_000_000);
    let mut client = server.connect();
    client.send(with_length(&body));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.reply();
    assert_eq!(
        (reply.text(), reply.field("Connection")),
        ("no, thanks".into(), Some("close"))
    );
    client.ends();
    // Of chunks nobody knows how many follow.
    let mut client = server.connect();
    client.send(in_chunks(&body));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().text(), "no, thanks");
    client.ends();
}

#[test]
fn a_body_read_in_part_leaves_the_rest() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let mut first = [0; 3];
        request.body().read_exact(&mut first)?;
        response.send_response(200).end_headers()?.send(first)
    });
    let mut client = server.connect();
    for length in [3, 4, 100_000] {
        let body = [b"cat", &pattern(length)[..]].concat();
        for request in [with_length(&body), in_chunks(&body)] {
            client.send(&request);
            assert_eq!(client.reply().text(), "cat", "{length}");
        }
    }
}

#[test]
fn too_large_is_said_while_the_client_still_sends() {
    let limits = Limits {
        body_size: 100_000,
        ..Limits::default()
    };
    let server = TestServer::limited(limits, echo);
    let large = pattern(4_000_000);
    for request in [with_length(&large), in_chunks(&large)] {
        let mut client = server.connect();
        client.send(&request);
        let reply = client.reply();
        assert_eq!(reply.status, 413);
        assert_eq!(reply.field("Connection"), Some("close"));
        assert!(reply.text().contains("too large"), "{}", reply.text());
        client.ends();
    }
    // To the byte.
    let mut client = server.connect();
    for request in [with_length(&large[..100_000]), in_chunks(&large[..100_000])] {
        client.send(request);
        assert!(client.reply().body == large[..100_000]);
    }
    client.send(in_chunks(&large[..100_001]));
    assert_eq!(client.reply().status, 413);
}

#[test]
fn a_handler_that_overlooks_a_malformed_body_ends_the_connection() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let body = request.body();
        let first = body.read_to_end(&mut Vec::new()).map_err(|e| e.to_string());
        let again = body.read(&mut [0; 8]).map_err(|e| e.to_string());
        assert_eq!(again.unwrap_err(), first.unwrap_err());
        response.send_response(200).end_headers()?.send("fine")
    });
    let mut client = server.connect();
    client
        .send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nGET / HTTP/1.1\r\n");
    let reply = client.reply();
    assert_eq!((reply.status, reply.text()), (200, "fine".into()));
    client.ends();
}

/// A client that is gone in the middle of its body is an error of the reader, and
/// of nobody else.
#[test]
fn a_client_that_vanishes_is_told_to_the_handler() {
    let (tell, told) = mpsc::channel();
    let tell = Arc::new(Mutex::new(tell));
    let server = TestServer::start(move |request: &mut Request, response: Response| {
        let outcome = request.body().read_to_end(&mut Vec::new());
        tell.lock().unwrap().send(outcome.is_ok()).unwrap();
        outcome?;
        response.send_response(200).end_headers()?.send("fine")
    });
    let request = with_length(&pattern(100_000));
    for half_close in [false, true] {
        let mut client: Client = server.connect();
        client.send(&request[..70_000]);
        if half_close {
            client.half_close();
            let reply = client.reply();
            assert_eq!(reply.status, 400);
            assert!(reply.text().contains("stopped sending"));
            client.ends();
        }
        drop(client);
        assert!(!told.recv_timeout(common::PATIENCE).unwrap());
    }
    assert_eq!(server.get("/").text(), "fine");
}
