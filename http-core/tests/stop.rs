//! The end of a server: who is still answered, and that it comes.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{PATIENCE, TestServer, pattern};
use http_core::{Answer, HttpServer, Limits, Request, Response};

/// Waits at `/wait` until it is told to go on; `/large` is more than the system buffers.
fn gated() -> (
    Receiver<()>,
    Sender<()>,
    impl Fn(&mut Request, Response) -> Answer + Send + Sync + 'static,
) {
    let (tell, began) = mpsc::channel();
    let (go_on, wait) = mpsc::channel();
    let (tell, wait) = (Mutex::new(tell), Mutex::new(wait));
    let handler = move |request: &mut Request, response: Response| {
        let answer = match request.path() {
            "/wait" => {
                tell.lock().unwrap().send(()).unwrap();
                let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
                b"done".into()
            }
            "/large" => pattern(LARGE),
            _ => b"fine".into(),
        };
        if request.path() != "/deaf" {
            request.body().read_to_end(&mut Vec::new())?;
        }
        response.send_response(200).end_headers()?.send(answer)
    };
    (began, go_on, handler)
}

const LARGE: usize = 5_000_000;

/// So patient that no time limit can pass for an end in good order.
fn patient() -> Limits {
    Limits {
        stop_time: PATIENCE * 2,
        ..Limits::default()
    }
}

#[test]
fn the_request_under_way_is_answered() {
    for threads in [1, 3] {
        let (began, go_on, handler) = gated();
        let server = TestServer::with(|s| s.limits(patient()).threads(threads), handler);
        let mut client = server.connect();
        // The second one comes too late.
        client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
        began.recv_timeout(PATIENCE).unwrap();
        server.stop.stop();
        go_on.send(()).unwrap();
        let reply = client.reply();
        assert_eq!(reply.text(), "done");
        // RFC 9112, section 9.6: the client is told, so it sends nothing more in vain.
        assert_eq!(reply.field("Connection"), Some("close"));
        client.ends();
        // It had more to say, so it would be listened to for a while.
        drop(client);
        server.has_stopped();
        assert!(TcpStream::connect(server.address).is_err());
    }
}

#[test]
fn an_answer_on_its_way_arrives() {
    let (_, _, handler) = gated();
    let server = TestServer::limited(patient(), handler);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.take(1).unwrap(), b"H");
    // Its handler has returned long ago, if this is answered by the same thread.
    assert_eq!(server.get("/").text(), "fine");
    server.stop.stop();
    client.through(b"\r\n\r\n").unwrap();
    assert!(client.take(LARGE).unwrap() == pattern(LARGE));
    client.ends();
    server.has_stopped();
}

#[test]
fn who_asks_nothing_does_not_delay_it() {
    for threads in [1, 3] {
        let (_, _, handler) = gated();
        let server = TestServer::with(|s| s.limits(patient()).threads(threads), handler);
        let mut used = server.connect();
        assert_eq!(used.get("/"), "fine");
        let mut silent = server.connect();
        let mut half_a_head = server.connect();
        half_a_head.send("GET / HT");
        let mut half_a_body = server.connect();
        half_a_body.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nca");
        let mut answered = server.connect();
        answered.send("PUT /deaf HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nca");
        assert_eq!(answered.reply().text(), "fine");
        assert_eq!(server.get("/").text(), "fine");
        server.stop.stop();
        answered.ends();
        drop(answered);
        used.ends();
        silent.ends();
        half_a_head.ends();
        assert_eq!(half_a_body.rest(), b"");
        drop(half_a_head);
        server.has_stopped();
    }
}

#[test]
fn no_newcomer_is_let_in() {
    let (began, go_on, handler) = gated();
    let server = TestServer::with(|s| s.limits(patient()).threads(2), handler);
    let mut idle = server.connect();
    assert_eq!(idle.get("/"), "fine");
    let mut client = server.connect();
    client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    began.recv_timeout(PATIENCE).unwrap();
    server.stop.stop();
    // It sees the end after the listeners are gone.
    idle.ends();
    assert!(TcpStream::connect(server.address).is_err());
    go_on.send(()).unwrap();
    assert_eq!(client.reply().text(), "done");
    server.has_stopped();
}

#[test]
fn a_handler_that_hangs_is_left_behind() {
    for threads in [1, 3] {
        let (began, go_on, handler) = gated();
        let limits = Limits {
            stop_time: Duration::from_millis(100),
            ..Limits::default()
        };
        let server = TestServer::with(|s| s.limits(limits).threads(threads), handler);
        let mut client = server.connect();
        client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
        began.recv_timeout(PATIENCE).unwrap();
        server.stop.stop();
        server.has_stopped();
        // Another server can take its place at once.
        HttpServer::bind(server.address).expect("the port is free");
        drop(go_on);
    }
}

/// A stream of events, say, which would go on for ever.
#[test]
fn a_body_without_end_learns_of_it() {
    for threads in [2, 4] {
        let (tell, began) = mpsc::channel();
        let tell = Mutex::new(tell);
        let endless = move |_: &mut Request, response: Response| {
            let mut body = response.send_response(200).end_headers()?;
            tell.lock().unwrap().send(()).unwrap();
            while !body.is_stopping() {
                body.write_all(b"on")?;
                body.flush()?;
                thread::sleep(Duration::from_millis(1));
            }
            body.send("end")
        };
        let server = TestServer::with(|s| s.limits(patient()).threads(threads), endless);
        let mut clients = [server.connect(), server.connect()];
        for client in &mut clients {
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            began.recv_timeout(PATIENCE).unwrap();
        }
        server.stop.stop();
        for client in &mut clients {
            // A body that is cut off is no reply.
            let text = client.reply().text();
            assert!(text.trim_start_matches("on") == "end", "{text}");
            client.ends();
        }
        server.has_stopped();
    }
}

/// What a handler does when it is dropped, such as writing a last line, is done then.
#[test]
fn the_handler_is_gone_when_the_server_has_stopped() {
    for _ in 0..50 {
        let owned = Arc::new(());
        let shared = Arc::clone(&owned);
        let server = TestServer::with(
            |s| s.threads(8),
            move |_: &mut Request, response: Response| {
                let _shared = &shared;
                response.send_response(200).end_headers()?.send("fine")
            },
        );
        assert_eq!(server.get("/").text(), "fine");
        server.stop.stop();
        server.has_stopped();
        assert_eq!(Arc::strong_count(&owned), 1);
    }
}

/// In HTTP/1.0, an answer of unknown length ends with the connection.
#[test]
fn half_an_answer_is_no_whole_one() {
    const FIRST: usize = 100_000;
    let limits = Limits {
        stop_time: Duration::from_millis(100),
        ..patient()
    };
    let (owned, gone) = mpsc::channel::<()>();
    let server = TestServer::limited(limits, move |_: &mut Request, response: Response| {
        let _owned = &owned;
        let mut body = response.send_response(200).end_headers()?;
        body.write_all(&pattern(FIRST))?;
        // The rest waits until the client takes it.
        body.send(pattern(4 * LARGE))
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.through(b"\r\n\r\n").unwrap();
    server.stop.stop();
    server.has_stopped();
    // As long as its thread is there, it may still send what the client takes.
    let end = gone.recv_timeout(PATIENCE);
    assert_eq!(end, Err(RecvTimeoutError::Disconnected));
    let error = client.take(FIRST + 4 * LARGE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_server_may_be_stopped_before_it_starts_and_twice() {
    let server = HttpServer::bind("127.0.0.1:0").unwrap().quiet();
    let stop = server.stop_handle();
    stop.stop();
    stop.clone().stop();
    let (_, _, handler) = gated();
    server.serve_forever(handler).unwrap();
    stop.stop();
}

#[test]
fn one_server_ends_without_the_other() {
    let (_, _, handler) = gated();
    let first = TestServer::start(handler);
    let (_, _, handler) = gated();
    let second = TestServer::start(handler);
    drop(first);
    assert_eq!(second.get("/").text(), "fine");
}
