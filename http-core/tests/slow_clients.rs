//! Handlers that wait for slow clients: all others are served, each gets what it came
//! for, and what the server has taken for them it gives back.
//!
//! `crowd.rs` does so with a thousand, and with a stopwatch.

mod common;

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cfg(target_os = "linux")]
use common::program::Program;
use common::slow::{self, STREAM, upload};
use common::{Client, PATIENCE, TestServer, pattern};
use http_core::{Answer, Limits, Request, Response};

/// More than the server waits for before it calls the handler.
const LONG: usize = 200_000;
/// So much of it that the handler is called.
const FIRST: usize = 70_000;
const PIECE: usize = 100_000;

/// Says at `/upload` when it was called, and counts the body; streams at `/stream`.
fn handler() -> (
    Receiver<()>,
    impl Fn(&mut Request, Response) -> Answer + Send + Sync + 'static,
) {
    let (tell, called) = mpsc::channel();
    let tell = Mutex::new(tell);
    let handler = move |request: &mut Request, response: Response| match request.path() {
        "/upload" => {
            tell.lock().unwrap().send(()).unwrap();
            slow::count_body(request, response)
        }
        "/stream" => slow::stream(response, &pattern(PIECE), STREAM),
        _ => response.send_response(200).end_headers()?.send("fine"),
    };
    (called, handler)
}

/// A client whose answer has begun, and who takes nothing of it for now.
fn begin_stream(server: &TestServer) -> Client {
    let mut client = server.connect();
    client.send(slow::get("/stream"));
    assert_eq!(client.stream.peek(&mut [0]).unwrap(), 1);
    client
}

#[track_caller]
fn finish_stream(client: &mut Client) {
    let reply = client.reply();
    let piece = pattern(PIECE);
    assert_eq!(reply.body.len(), STREAM);
    assert!(reply.body.chunks(PIECE).all(|part| part == piece));
}

/// An upload of which a part comes, so that its handler waits for the rest.
fn begin_upload(client: &mut Client) {
    client.send(upload(LONG));
    client.send([b'x'; FIRST]);
}

#[track_caller]
fn finish_upload(client: &mut Client) {
    client.send([b'x'; LONG - FIRST]);
    assert_eq!(client.reply().text(), LONG.to_string());
}

/// With one thread as with eight: the handlers of all of them are called, and between
/// their sips all others are answered.
#[test]
fn sixteen_of_each_kind_hold_up_nobody() {
    for threads in [1, 8] {
        let (called, handler) = handler();
        let server = TestServer::with(|server| server.threads(threads), handler);
        let mut known = server.connect();
        assert_eq!(known.get("/"), "fine");
        let mut uploads: Vec<Client> = (0..16).map(|_| server.connect()).collect();
        let mut asked: Vec<Client> = (0..16).map(|_| server.connect()).collect();
        for client in &mut uploads {
            client.send(upload(16_000_000));
            called.recv_timeout(PATIENCE).expect("a handler is free");
        }
        for client in &mut asked {
            client.send(slow::upload_on_demand(1_000));
            assert_eq!(client.reply().status, 100);
        }
        let mut readers: Vec<Client> = (0..16).map(|_| begin_stream(&server)).collect();
        let mut reader = begin_stream(&server);
        for _ in 0..3 {
            uploads
                .iter_mut()
                .for_each(|client| client.send([b'x'; 1_500]));
            asked.iter_mut().for_each(|client| client.send([b'x'; 100]));
            for client in &mut readers {
                client.take(1_500).unwrap();
            }
            assert_eq!(known.get("/"), "fine");
            assert_eq!(server.get("/").text(), "fine");
        }
        for client in &mut asked {
            client.send([b'x'; 700]);
            assert_eq!(client.reply().text(), "1000");
        }
        // Most of them vanish. Each that stays gets what it came for.
        uploads.truncate(1);
        uploads[0].send(vec![b'x'; 16_000_000 - 3 * 1_500]);
        assert_eq!(uploads[0].reply().text(), "16000000");
        drop(readers);
        finish_stream(&mut reader);
        assert_eq!(reader.get("/"), "fine");
        assert_eq!(known.get("/"), "fine");
    }
}

/// The threads of a program, once there are as many as `fits` asks for.
#[cfg(target_os = "linux")]
fn threads(program: &Program, fits: impl Fn(usize) -> bool) -> usize {
    let start = std::time::Instant::now();
    loop {
        let count = slow::threads(program);
        if fits(count) || start.elapsed() > PATIENCE {
            return count;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_threads_that_waiting_took_end_with_it() {
    const CROWD: usize = 40;
    let echo = Program::echo();
    // Eight threads serve, and they start one after the other.
    let before = threads(&echo, |count| count >= 10);
    for _ in 0..2 {
        let mut clients: Vec<Client> = (0..CROWD).map(|_| echo.connect()).collect();
        clients.iter_mut().for_each(begin_upload);
        let most = threads(&echo, |count| count == before + CROWD);
        assert_eq!(most, before + CROWD, "a thread for each that waits");
        for client in &mut clients {
            client.send([b'x'; LONG - FIRST]);
            assert_eq!(client.reply().body, [b'x'; LONG]);
        }
        assert_eq!(threads(&echo, |count| count == before), before);
    }
    // It is the same for those that vanish.
    let mut clients: Vec<Client> = (0..CROWD).map(|_| echo.connect()).collect();
    clients.iter_mut().for_each(begin_upload);
    assert_eq!(
        threads(&echo, |count| count == before + CROWD),
        before + CROWD
    );
    drop(clients);
    assert_eq!(threads(&echo, |count| count == before), before);
    assert_eq!(echo.kill(), "");
}

/// A handler that has what it waited for goes on at once, whoever has its place by then:
/// were it to wait for a place, and the other for its lock, both would wait for ever.
#[test]
fn a_lock_held_over_a_wait_is_no_deadlock() {
    for threads in [1, 2] {
        let (tell, locked) = mpsc::channel();
        let lock = Mutex::new(tell);
        let server = TestServer::with(
            |server| server.threads(threads),
            move |request: &mut Request, response: Response| {
                if request.path() == "/" {
                    return response.send_response(200).end_headers()?.send("fine");
                }
                let tell = lock.lock().unwrap();
                tell.send(()).unwrap();
                slow::count_body(request, response)
            },
        );
        let mut first = server.connect();
        begin_upload(&mut first);
        locked.recv_timeout(PATIENCE).unwrap();
        assert_eq!(server.get("/").text(), "fine");
        // The lock keeps these waiting: as many as there are threads, so they have every place.
        let mut others: Vec<Client> = (0..threads).map(|_| server.connect()).collect();
        for other in &mut others {
            other.send(slow::get("/lock"));
        }
        let mut late = server.connect();
        late.send(slow::get("/"));
        finish_upload(&mut first);
        for other in &mut others {
            assert_eq!(other.reply().text(), "0");
        }
        assert_eq!(late.reply().text(), "fine");
    }
}

/// Where an answer has begun, there is no other way to say it: it ends without its end.
#[test]
fn a_reader_above_the_limit_is_cut_off() {
    let (called, handler) = handler();
    let limits = Limits {
        waiting: 2,
        ..Limits::default()
    };
    let server = TestServer::limited(limits, handler);
    let mut waiting = [server.connect(), server.connect()];
    for client in &mut waiting {
        begin_upload(client);
        called.recv_timeout(PATIENCE).unwrap();
        assert_eq!(server.get("/").text(), "fine");
    }
    let mut reader = begin_stream(&server);
    assert_eq!(server.get("/").text(), "fine");
    let rest = reader.rest();
    assert!(rest.len() < STREAM && !rest.ends_with(b"0\r\n\r\n"));
    waiting.iter_mut().for_each(finish_upload);
    // Now there is room again.
    let mut reader = begin_stream(&server);
    assert_eq!(server.get("/").text(), "fine");
    finish_stream(&mut reader);
}

/// Who may not wait may still have what is there at once.
#[test]
fn a_limit_of_none_refuses_the_slow_ones_only() {
    let (called, handler) = handler();
    let limits = Limits {
        waiting: 0,
        ..Limits::default()
    };
    let server = TestServer::limited(limits, handler);
    let mut slow = server.connect();
    begin_upload(&mut slow);
    called.recv_timeout(PATIENCE).unwrap();
    let reply = slow.reply();
    assert_eq!(
        (reply.status, reply.field("Connection")),
        (503, Some("close"))
    );
    // A body of up to `body_ahead` needs nobody to wait for it.
    let mut short = server.connect();
    short.send(upload(1_000));
    assert_eq!(server.get("/").text(), "fine");
    short.send(pattern(1_000));
    assert_eq!(short.reply().text(), "1000");
}

/// What is under way when the server stops is answered, as any request is.
#[test]
fn those_that_wait_are_answered_at_the_end() {
    let limits = Limits {
        stop_time: PATIENCE * 2,
        ..Limits::default()
    };
    for threads in [1, 8] {
        let (called, handler) = handler();
        let owned = Arc::new(());
        let shared = Arc::clone(&owned);
        let server = TestServer::with(
            |server| server.limits(limits.clone()).threads(threads),
            move |request: &mut Request, response: Response| {
                let _shared = &shared;
                handler(request, response)
            },
        );
        let mut uploads: Vec<Client> = (0..16).map(|_| server.connect()).collect();
        for client in &mut uploads {
            begin_upload(client);
            called.recv_timeout(PATIENCE).unwrap();
        }
        let mut reader = begin_stream(&server);
        let mut idle = server.connect();
        assert_eq!(idle.get("/"), "fine");
        server.stop.stop();
        idle.ends();
        for client in &mut uploads {
            finish_upload(client);
            client.ends();
        }
        drop(uploads);
        finish_stream(&mut reader);
        reader.ends();
        drop(reader);
        server.has_stopped();
        assert_eq!(Arc::strong_count(&owned), 1, "the handler is gone, too");
    }
}

/// Those that never come do not hold the end up for longer than `stop_time`.
#[test]
fn those_that_never_come_are_left_behind() {
    let limits = Limits {
        stop_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let (called, handler) = handler();
    let server = TestServer::limited(limits, handler);
    let mut uploads: Vec<Client> = (0..16).map(|_| server.connect()).collect();
    for client in &mut uploads {
        begin_upload(client);
        called.recv_timeout(PATIENCE).unwrap();
    }
    server.stop.stop();
    server.has_stopped();
}
