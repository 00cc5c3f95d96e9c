//! Clients that are too slow, and those that only look it.
//!
//! The server looks for late clients once a second, so these tests take a while.

mod common;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use common::{Client, PATIENCE, TestServer, is_timeout, pattern};
use http_core::{Answer, BodyWriter, Limits, Request, Response};

/// All limits as long as they are by default, so that a test sees its own only.
fn patient() -> Limits {
    Limits {
        head_time: PATIENCE * 2,
        idle_time: PATIENCE * 2,
        stall_time: PATIENCE * 2,
        ..Limits::default()
    }
}

const SHORT: Duration = Duration::from_millis(400);

/// Answers with the length of the body.
fn measure(request: &mut Request, response: Response) -> Answer {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    response
        .send_response(200)
        .end_headers()?
        .send(body.len().to_string())
}

/// More than the system takes of an answer.
const LONG: usize = 200 * 1024 * 1024;

/// A server that writes a long answer in one call, behind a beginning, and what came of that call.
fn writes(
    limits: Limits,
    begin: impl Fn(&mut BodyWriter) -> io::Result<()> + Send + Sync + 'static,
) -> (TestServer, Receiver<Result<(), ErrorKind>>) {
    let (tell, outcomes) = mpsc::channel();
    let tell = Mutex::new(tell);
    let server = TestServer::limited(limits, move |_: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        begin(&mut body)?;
        let written = body.write_all(&vec![0; LONG]);
        let outcome = written.as_ref().map_err(|error| error.kind()).copied();
        tell.lock().unwrap().send(outcome).unwrap();
        written?;
        body.finish()
    });
    (server, outcomes)
}

/// A server whose handler says when it begins with `/wait`, and waits there until it is told to
/// go on.
fn gated(limits: Limits) -> (TestServer, Receiver<()>, Sender<()>) {
    let (tell, began) = mpsc::channel();
    let (go_on, wait) = mpsc::channel();
    let (tell, wait) = (Mutex::new(tell), Mutex::new(wait));
    let server = TestServer::limited(limits, move |request: &mut Request, response: Response| {
        if request.path() == "/wait" {
            tell.lock().unwrap().send(()).unwrap();
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        measure(request, response)
    });
    (server, began, go_on)
}

/// Sends a byte now and then, until the server has something to say or ends the
/// connection.
fn trickle(client: &mut Client) {
    let start = Instant::now();
    client
        .stream
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    while client.stream.write_all(b"x").is_ok() {
        match client.stream.peek(&mut [0]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            _ => break,
        }
        assert!(start.elapsed() < PATIENCE, "it may trickle for ever");
    }
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let limits = Limits {
        idle_time: SHORT,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    let mut fresh = server.connect();
    let mut used = server.connect();
    assert_eq!(used.get("/"), "0");
    // A head that has begun is not idle.
    let mut slow = server.connect();
    slow.send("GET / HTTP/1.1\r\n");
    fresh.ends();
    used.ends();
    slow.send("Host: h\r\n\r\n");
    assert_eq!(slow.reply().text(), "0");
}

/// Some clients send one behind a body (RFC 9112, section 2.2). A 408 in answer to it
/// would be taken for the answer to the next request.
#[test]
fn an_empty_line_is_no_slow_head() {
    let limits = Limits {
        head_time: SHORT,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat\r\n");
    assert_eq!(client.reply().text(), "3");
    client.ends();
}

/// Its end would be that of the connection (HTTP/1.0), so the connection has another.
#[test]
fn half_an_answer_that_is_given_up_is_no_whole_one() {
    const FIRST: usize = 100_000;
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 1_000_000_000,
        connections: 1,
        ..patient()
    };
    let server = TestServer::limited(limits, |_: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        body.write_all(&pattern(FIRST))?;
        body.send(pattern(20 * 1024 * 1024))
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.through(b"\r\n\r\n").unwrap();
    // There is room for another one only when this one was given up.
    let mut other = server.connect();
    other.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    other.reply_to_head();
    let error = client.take(FIRST + 20 * 1024 * 1024).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    // It is as good as any other for a client that takes it.
    drop(other);
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert!(reply.body == [pattern(FIRST), pattern(20 * 1024 * 1024)].concat());
}

/// The end of the connection is the end of this answer, and it comes while the client has not
/// read much of it yet.
#[test]
fn a_whole_answer_that_ends_with_its_connection_is_not_reset() {
    // More than this client's system holds while it does not read, less than the server's does.
    const LENGTH: usize = 150_000;
    let limits = Limits {
        linger_time: SHORT,
        connections: 1,
        ..patient()
    };
    let server = TestServer::limited(limits, |_: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        body.write_all(&pattern(LENGTH))?;
        body.send("")
    });
    let mut client = server.connect();
    let socket = socket2::SockRef::from(&client.stream);
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.through(b"\r\n\r\n").unwrap();
    // There is room for another one only when this one was closed.
    let mut other = server.connect();
    other.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    other.reply_to_head();
    assert!(client.take(LENGTH).unwrap() == pattern(LENGTH));
    client.ends();
}

#[test]
fn a_slow_head_is_408() {
    let limits = Limits {
        head_time: SHORT,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    let mut idle = server.connect();
    let mut stalled = server.connect();
    stalled.send("GET / HTTP/1.1\r\nHost");
    // The next head, right behind an answer.
    let mut second = server.connect();
    second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET");
    assert_eq!(second.reply().text(), "0");
    let mut trickling = server.connect();
    trickling.send("GET /");
    trickle(&mut trickling);
    for mut client in [stalled, second] {
        let reply = client.reply();
        assert_eq!(
            (reply.status, reply.field("Connection")),
            (408, Some("close"))
        );
        assert!(reply.text().contains("too slowly"));
        client.ends();
    }
    assert_eq!(trickling.reply().status, 408);
    assert_eq!(idle.get("/"), "0");
}

fn upload(length: usize) -> String {
    format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn a_slow_body_is_408() {
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 1_000_000,
        ..patient()
    };
    let server = TestServer::with(|server| server.limits(limits).threads(4), measure);
    // Waited for by the server, and by a handler.
    let mut clients = [server.connect(), server.connect(), server.connect()];
    clients[0].send(upload(10) + "cat");
    clients[1].send(upload(1_000_000) + "cat");
    clients[2].send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nca");
    // A trickle far below the least rate.
    let mut trickling = [server.connect(), server.connect()];
    trickling[0].send(upload(60_000));
    trickling[1].send(upload(1_000_000));
    trickling.iter_mut().for_each(trickle);
    for mut client in clients {
        let reply = client.reply();
        assert_eq!(
            (reply.status, reply.field("Connection")),
            (408, Some("close"))
        );
        client.ends();
    }
    for client in &mut trickling {
        assert_eq!(client.reply().status, 408);
    }
}

/// However much has come: the time it has earned is not for one silence.
#[test]
fn a_body_that_stops_after_a_fast_start_is_408() {
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 1,
        ..patient()
    };
    let server = TestServer::with(|server| server.limits(limits).threads(2), measure);
    // Waited for by the server, and by a handler.
    for length in [60_000, 1_000_000] {
        let mut client = server.connect();
        client.send(upload(length));
        client.send(&pattern(length)[1..]);
        assert_eq!(client.reply().status, 408, "{length}");
        client.ends();
    }
}

/// Of what has been taken, only what the system may still hold counts.
#[test]
fn an_answer_of_which_no_more_is_taken_after_a_fast_start_is_given_up() {
    // The server has each piece taken before it writes the next one, and so little fits into any
    // socket: it never waits for the client, however slow the machine is.
    const PIECE: usize = 16 * 1024;
    const PIECES: usize = 256;
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 100_000,
        ..patient()
    };
    let (taken, next) = mpsc::channel();
    let next = Mutex::new(next);
    let (server, given_up) = writes(limits, move |body| {
        for _ in 0..PIECES {
            body.write_all(&[0; PIECE])?;
            body.flush()?;
            next.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        Ok(())
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n"); // no chunks, so a piece is a piece
    client.through(b"\r\n\r\n").unwrap();
    for _ in 0..PIECES {
        client.take(PIECE).unwrap();
        taken.send(()).unwrap();
    }
    // All that was taken would earn the client 40 s.
    let outcome = given_up.recv_timeout(PATIENCE).expect("not given up");
    assert_eq!(outcome, Err(ErrorKind::TimedOut));
}

#[test]
fn a_body_that_takes_long_but_comes_is_no_slow_one() {
    let limits = Limits {
        stall_time: Duration::from_millis(1000),
        least_rate: 10_000,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    // It takes longer than a stall may, at more than twice the least rate.
    for length in [60_000, 66_000] {
        let mut client = server.connect();
        client.send(upload(length));
        let start = Instant::now();
        for piece in pattern(length).chunks(1000) {
            client.send(piece);
            thread::sleep(Duration::from_millis(25));
        }
        assert!(start.elapsed() > Duration::from_millis(1400));
        assert_eq!(client.reply().text(), length.to_string());
    }
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 1_000_000_000,
        ..patient()
    };
    let server = TestServer::limited(limits, |request: &mut Request, response: Response| {
        let mut body = response.send_response(200).end_headers()?;
        if request.path() == "/stream" {
            for _ in 0..20 {
                body.write_all(&[b'x'; 1024 * 1024])?;
            }
        }
        body.send(vec![b'x'; 20 * 1024 * 1024])
    });
    for path in ["/send", "/stream"] {
        let start = Instant::now();
        loop {
            let mut client = server.connect();
            client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
            assert_eq!(client.stream.peek(&mut [0]).unwrap(), 1);
            // With one thread, the server is free for others only if it lets this one go.
            let mut other = server.connect();
            other.send("HEAD /send HTTP/1.1\r\nHost: h\r\n\r\n");
            other.reply_to_head();
            // A client that takes the rest before the server looks may have all of it.
            thread::sleep(SHORT + Duration::from_secs(1));
            match client.try_reply(true) {
                Err(error) if !is_timeout(&error) => break,
                outcome => assert!(start.elapsed() < PATIENCE, "{:?}", outcome.err()),
            }
        }
    }
}

/// Each piece of the answer is taken in good time, but all in all the client is too slow.
#[test]
fn an_answer_that_is_taken_in_sips_is_given_up() {
    let limits = Limits {
        stall_time: SHORT,
        least_rate: 1_000_000_000,
        ..patient()
    };
    let (server, given_up) = writes(limits, |_| Ok(()));
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let start = Instant::now();
    let mut sip = vec![0; 256 * 1024];
    let outcome = loop {
        client.stream.read_exact(&mut sip).unwrap();
        if let Ok(outcome) = given_up.recv_timeout(SHORT / 8) {
            break outcome;
        }
        assert!(start.elapsed() < PATIENCE, "it may sip for ever");
    };
    assert_eq!(outcome, Err(ErrorKind::TimedOut));
}

/// A client that always has a request at hand is never idle.
#[test]
fn a_long_pipeline_is_not_idle() {
    const COUNT: usize = 300;
    let limits = Limits {
        idle_time: SHORT,
        head_time: SHORT,
        ..patient()
    };
    let server = TestServer::limited(limits, |request: &mut Request, response: Response| {
        thread::sleep(Duration::from_millis(4));
        measure(request, response)
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(COUNT));
    for n in 0..COUNT {
        assert_eq!(client.reply().status, 200, "the answer {n}");
    }
}

/// A request that came in time, but had to wait for another one's handler, is answered.
#[test]
fn the_servers_own_delay_is_not_the_clients() {
    let limits = Limits {
        idle_time: SHORT,
        head_time: SHORT,
        stall_time: SHORT,
        ..patient()
    };
    let (server, began, go_on) = gated(limits);
    let mut idle = server.connect();
    let mut half = server.connect();
    let mut body = server.connect();
    assert_eq!(idle.get("/"), "0");
    half.send("GET / HTTP/1.1\r\nHo");
    body.send(upload(3) + "c");
    let mut busy = server.connect();
    busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    began.recv_timeout(PATIENCE).unwrap();
    idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    half.send("st: h\r\n\r\n");
    body.send("at");
    // The handler takes its time, and that of all the others.
    thread::sleep(SHORT * 2);
    go_on.send(()).unwrap();
    assert_eq!(busy.reply().text(), "0");
    assert_eq!(idle.reply().text(), "0");
    assert_eq!(half.reply().text(), "0");
    assert_eq!(body.reply().text(), "3");
}

#[test]
fn above_the_limit_connections_wait() {
    let limits = Limits {
        connections: 3,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    let mut inside = [server.connect(), server.connect(), server.connect()];
    for client in &mut inside {
        assert_eq!(client.get("/"), "0");
        // One that is idle would give way.
        client.send("GET / HTTP/1.1\r\n");
    }
    let mut outside = [server.connect(), server.connect()];
    for client in &mut outside {
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    }
    outside[0].is_silent_for(SHORT);
    outside[1].is_silent_for(SHORT);
    // Those who are in are served on, and each that goes makes room.
    for client in &mut inside {
        client.send("Host: h\r\n\r\n");
        assert_eq!(client.reply().text(), "0");
    }
    drop(inside);
    for client in &mut outside {
        assert_eq!(client.reply().text(), "0");
        client.ends();
    }
}

/// What is kept for a client that may ask again is not kept from one that does.
#[test]
fn at_the_limit_the_longest_idle_connection_gives_way() {
    let limits = Limits {
        connections: 3,
        ..patient()
    };
    let server = TestServer::limited(limits, measure);
    let mut busy = server.connect();
    busy.send("GET / HTTP/1.1\r\n");
    let mut idle = [server.connect(), server.connect()];
    for client in &mut idle {
        assert_eq!(client.get("/"), "0");
    }
    let mut newcomer = server.connect();
    assert_eq!(newcomer.get("/"), "0");
    let [first, second] = &mut idle;
    first.ends();
    assert_eq!(second.get("/"), "0");
    busy.send("Host: h\r\n\r\n");
    assert_eq!(busy.reply().text(), "0");
}

/// One whose request has come while all threads were busy only looks idle.
#[test]
fn at_the_limit_who_has_asked_does_not_give_way() {
    let limits = Limits {
        connections: 2,
        ..patient()
    };
    let (server, began, go_on) = gated(limits);
    let (mut idle, mut busy) = (server.connect(), server.connect());
    assert_eq!(idle.get("/"), "0");
    busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    began.recv_timeout(PATIENCE).unwrap();
    // By now it has been idle for long enough to give way.
    thread::sleep(SHORT);
    let mut newcomer = server.connect();
    newcomer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    go_on.send(()).unwrap();
    for client in [&mut busy, &mut idle, &mut newcomer] {
        assert_eq!(client.reply().text(), "0");
    }
}

/// `Duration::MAX` is how an author says "no limit".
#[test]
fn no_limit_is_a_limit_too() {
    let limits = Limits {
        head_size: usize::MAX,
        target_size: usize::MAX,
        fields: usize::MAX,
        body_size: u64::MAX,
        body_ahead: usize::MAX,
        drain: u64::MAX,
        connections: usize::MAX,
        waiting: usize::MAX,
        head_time: Duration::MAX,
        idle_time: Duration::MAX,
        stall_time: Duration::MAX,
        least_rate: 0,
        linger_time: Duration::MAX,
        stop_time: Duration::MAX,
    };
    let server = TestServer::limited(limits, |request: &mut Request, response: Response| {
        if request.path() == "/large" {
            let bytes = pattern(5_000_000);
            return response.send_response(200).end_headers()?.send(bytes);
        }
        measure(request, response)
    });
    let mut client = server.connect();
    client.send("GET / HT");
    assert_eq!(server.get("/").text(), "0");
    client.send("TP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().text(), "0");
    client.send(upload(3));
    assert_eq!(server.get("/").text(), "0");
    client.send("cat");
    assert_eq!(client.reply().text(), "3");
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(server.get("/").text(), "0");
    assert!(client.reply().body == pattern(5_000_000));
    client.send("nonsense\r\n\r\n");
    assert_eq!(client.reply().status, 400);
    client.ends();
}
