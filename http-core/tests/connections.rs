//! Many requests on one connection, many connections on few threads.

mod common;

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use common::{Client, PATIENCE, TestServer, pattern};
use http_core::{Answer, Limits, Request, Response};

/// Answers with method, target and body.
fn mirror(request: &mut Request, response: Response) -> Answer {
    let mut text = format!("{} {} ", request.method(), request.target()).into_bytes();
    request.body().read_to_end(&mut text)?;
    response.send_response(200).end_headers()?.send(text)
}

/// A handler that waits at `/wait` until it is told to go on, and says when it begins.
struct Gate {
    began: Receiver<()>,
    go_on: Sender<()>,
}

fn gated() -> (
    Gate,
    impl Fn(&mut Request, Response) -> Answer + Send + Sync + 'static,
) {
    let (tell, began) = mpsc::channel();
    let (go_on, wait) = mpsc::channel();
    let (tell, wait) = (Mutex::new(tell), Mutex::new(wait));
    let handler = move |request: &mut Request, response: Response| {
        if request.path() == "/wait" {
            tell.lock().unwrap().send(()).unwrap();
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        mirror(request, response)
    };
    (Gate { began, go_on }, handler)
}

#[test]
fn a_long_pipeline_leaves_others_their_turn() {
    const COUNT: usize = 2000;
    let (gate, handler) = gated();
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let server = TestServer::start(move |request: &mut Request, response: Response| {
        seen.lock().unwrap().push(request.path().to_owned());
        handler(request, response)
    });
    let mut many = server.connect();
    let mut one = server.connect();
    one.get("/one-is-here");
    many.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    gate.began.recv_timeout(PATIENCE).unwrap();
    // The answers fill what the system keeps for the client, so somebody must read them.
    let mut sender = many.stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        sender.write_all(
            "GET /many HTTP/1.1\r\nHost: h\r\n\r\n"
                .repeat(COUNT)
                .as_bytes(),
        )
    });
    one.send("GET /one HTTP/1.1\r\nHost: h\r\n\r\n");
    gate.go_on.send(()).unwrap();
    for _ in 0..=COUNT {
        assert_eq!(many.reply().status, 200);
    }
    assert_eq!(one.reply().text(), "GET /one ");
    sending.join().unwrap().unwrap();
    let order = order.lock().unwrap();
    let place = order.iter().position(|path| path == "/one").unwrap();
    assert!(place < 200, "the other client came after {place} requests");
    assert_eq!(order.len(), COUNT + 3);
}

#[test]
fn a_client_that_has_nothing_more_to_say_gets_its_answers() {
    const LARGE: usize = 2_000_000;
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let answer = match request.path() {
            "/large" => pattern(LARGE),
            path => path.into(),
        };
        response.send_response(200).end_headers()?.send(answer)
    });
    let mut client = server.connect();
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /large HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    client.half_close();
    assert_eq!(client.reply().text(), "/a");
    // Somebody else is served while most of it still waits.
    assert_eq!(server.get("/c").text(), "/c");
    assert!(client.reply().body == pattern(LARGE));
    assert_eq!(client.reply().text(), "/b");
    client.ends();
}

#[test]
fn silent_and_slow_clients_hold_up_nobody() {
    // Some systems give a program no more than 256 sockets.
    let crowd = if cfg!(target_os = "linux") { 300 } else { 60 };
    let server = TestServer::start(mirror);
    let silent: Vec<Client> = (0..crowd).map(|_| server.connect()).collect();
    assert_eq!(server.get("/").text(), "GET / ");
    let mut slow: Vec<(Client, &str, &str)> = [
        ("G", "ET /slow HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("GET /slow HTTP/1.1\r\nHos", "t: h\r\n\r\n"),
        ("GET /slow HTTP/1.1\r\nHost: h\r\n\r", "\n"),
        (
            "GET /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
            "cat",
        ),
        (
            "GET /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nca",
            "t",
        ),
        (
            "GET /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nca",
            "t\r\n0\r\n\r\n",
        ),
    ]
    .map(|(first, rest)| (server.connect(), first, rest))
    .into();
    for (client, first, _) in &mut slow {
        client.send(first);
        assert_eq!(server.get("/").text(), "GET / ");
    }
    // They were not forgotten; the last come first.
    for (client, _, rest) in slow.iter_mut().rev() {
        client.send(rest);
        assert!(client.reply().text().starts_with("GET /slow "));
    }
    for mut client in silent.into_iter().rev() {
        assert_eq!(client.get("/"), "GET / ");
    }
}

#[test]
fn a_client_that_floods_behind_its_error_holds_up_nobody() {
    let server = TestServer::start(mirror);
    let mut flood = server.connect();
    flood.send("nonsense\r\n\r\n");
    let mut sender = flood.stream.try_clone().unwrap();
    let (began, begins) = mpsc::channel();
    let flooding = thread::spawn(move || {
        let bytes = vec![b'x'; 1024 * 1024];
        // Until the server has had enough.
        while sender.write_all(&bytes).is_ok() {
            let _ = began.send(());
        }
    });
    begins.recv_timeout(PATIENCE).unwrap();
    for _ in 0..5 {
        assert_eq!(server.get("/").text(), "GET / ");
    }
    assert_eq!(flood.reply().status, 400);
    flooding.join().unwrap();
}

#[test]
fn a_second_thread_is_free_while_the_first_works() {
    let (gate, handler) = gated();
    let server = TestServer::with(|server| server.threads(2), handler);
    let mut waiting = server.connect();
    waiting.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    gate.began.recv_timeout(PATIENCE).unwrap();
    for _ in 0..5 {
        assert_eq!(server.get("/").text(), "GET / ");
    }
    // What arrives while its handler works is not forgotten either.
    waiting.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(server.get("/").text(), "GET / ");
    gate.go_on.send(()).unwrap();
    assert_eq!(waiting.reply().text(), "GET /wait ");
    assert_eq!(waiting.reply().text(), "GET /next ");
}

#[test]
fn one_thread_handles_one_request_at_a_time() {
    let busy = AtomicUsize::new(0);
    let server = TestServer::start(move |request: &mut Request, response: Response| {
        let others = busy.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        request.body().read_to_end(&mut Vec::new())?;
        busy.fetch_sub(1, Ordering::SeqCst);
        response
            .send_response(200)
            .end_headers()?
            .send(others.to_string())
    });
    let address = server.address;
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(move || {
                let mut client = Client::connect(address);
                for _ in 0..50 {
                    assert_eq!(client.get("/"), "0");
                }
            });
        }
    });
}

#[test]
fn several_threads_handle_several_at_once() {
    const THREADS: usize = 4;
    let barrier = Barrier::new(THREADS);
    let server = TestServer::with(
        |server| server.threads(THREADS),
        move |_: &mut Request, response: Response| {
            // Passed only by four together.
            barrier.wait();
            response.send_response(200).end_headers()?.send("together")
        },
    );
    for _ in 0..50 {
        // They come in together, and ask together again.
        let mut clients: Vec<Client> = (0..THREADS).map(|_| server.connect()).collect();
        for _ in 0..2 {
            for client in &mut clients {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            }
            for client in &mut clients {
                assert_eq!(client.reply().text(), "together");
            }
        }
    }
}

/// Many threads, many connections, requests that come in pieces: none is forgotten.
#[test]
fn no_connection_is_forgotten() {
    let server = TestServer::with(|server| server.threads(4), mirror);
    let address = server.address;
    thread::scope(|scope| {
        for worker in 0..8 {
            scope.spawn(move || {
                let mut clients: Vec<Client> = (0..10).map(|_| Client::connect(address)).collect();
                for round in 0..30 {
                    let request = format!(
                        "PUT /{worker}/{round} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat"
                    );
                    let (first, rest) =
                        request.split_at(1 + (worker * 31 + round * 7) % (request.len() - 1));
                    clients.iter_mut().for_each(|client| client.send(first));
                    clients.iter_mut().for_each(|client| client.send(rest));
                    for client in &mut clients {
                        assert_eq!(client.reply().text(), format!("PUT /{worker}/{round} cat"));
                    }
                }
            });
        }
    });
}

/// The lingering close (RFC 9112, section 9.6): the answer is not lost though the
/// client sends on, and what it sends is no request.
#[test]
fn a_refusal_reaches_a_client_that_still_sends() {
    let server = TestServer::start(mirror);
    let long = "x".repeat(1_000_000);
    for (bytes, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"), 431),
        (
            format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(200_000)),
            431,
        ),
        (format!("GET / HTTP/1.1\r\n\r\n{long}"), 400),
    ] {
        let mut client = server.connect();
        client.send(bytes);
        client.send("GET /behind HTTP/1.1\r\nHost: h\r\n\r\n");
        let reply = client.reply();
        assert_eq!(
            (reply.status, reply.field("Connection")),
            (status, Some("close"))
        );
        client.ends();
    }
}

/// The server's end may cross with a client's next request, which must not cost it
/// the answer before.
#[test]
fn an_end_that_the_client_did_not_ask_for_is_in_good_order() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response
            .send_response(200)
            .send_header("Connection", "close")
            .end_headers()?
            .send("bye")
    });
    let mut client = server.connect();
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    // The answer is there, and perhaps the end.
    client.stream.peek(&mut [0]).unwrap();
    // A server that has closed resets now.
    for _ in 0..3 {
        client.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(server.get("/c").text(), "bye");
    }
    assert_eq!(client.reply().text(), "bye");
    client.ends();
}

/// An upload of which the rest does not come for now, and its handler reads it.
fn begin_upload(client: &mut Client, length: usize, first: usize) {
    client.send(format!(
        "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"
    ));
    client.send(&pattern(length)[..first]);
}

/// Its thread is not one of those that the server has for others.
#[test]
fn a_handler_that_waits_for_its_client_holds_up_nobody() {
    const LENGTH: usize = 200_000;
    // More than the system keeps for a client. It is made once, so that what the handlers
    // do is to wait.
    let large: Arc<[u8]> = pattern(20_000_000).into();
    let upload = pattern(LENGTH);
    for threads in [1, 3] {
        let streamed = Arc::clone(&large);
        let server = TestServer::with(
            |server| server.threads(threads),
            move |request: &mut Request, response: Response| {
                let mut body = response.send_response(200).end_headers()?;
                match request.path() {
                    "/upload" => drop(io::copy(request.body(), &mut body)?),
                    "/stream" => body.write_all(&streamed)?,
                    path => body.write_all(path.as_bytes())?,
                }
                body.finish()
            },
        );
        let mut uploads: Vec<Client> = (0..16).map(|_| server.connect()).collect();
        let mut readers: Vec<Client> = (0..4).map(|_| server.connect()).collect();
        for client in &mut uploads {
            begin_upload(client, LENGTH, 70_000);
        }
        for client in &mut readers {
            client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        // One that waits to be asked for its body, and then does not send it.
        let mut asked = server.connect();
        asked.send(
            "POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        );
        assert_eq!(asked.reply().status, 100);
        assert_eq!(server.get("/other").text(), "/other");
        // All of them get what they came for.
        asked.send("cat");
        assert_eq!(asked.reply().text(), "cat");
        for client in &mut uploads {
            client.send(&upload[70_000..]);
            assert!(client.reply().body == upload);
        }
        for client in &mut readers {
            assert!(client.reply().body == large[..]);
        }
        assert_eq!(server.get("/other").text(), "/other");
    }
}

/// One more is told so at once, and holds nobody's place either.
#[test]
fn handlers_that_wait_for_their_clients_are_limited() {
    let limits = Limits {
        waiting: 2,
        ..Limits::default()
    };
    let (tell, began) = mpsc::channel();
    let tell = Mutex::new(tell);
    let server = TestServer::limited(limits, move |request: &mut Request, response: Response| {
        if request.path() == "/upload" {
            // It waits from here on.
            request.body().read_exact(&mut [0; 70_000])?;
            tell.lock().unwrap().send(()).unwrap();
        }
        mirror(request, response)
    });
    let mut waiting = [server.connect(), server.connect()];
    for client in &mut waiting {
        begin_upload(client, 100_000, 70_000);
        began.recv_timeout(PATIENCE).unwrap();
        // The other thread is there only once the first has handed its place on.
        assert_eq!(server.get("/other").text(), "GET /other ");
    }
    let mut refused = server.connect();
    begin_upload(&mut refused, 100_000, 70_000);
    let reply = refused.reply();
    assert_eq!(
        (reply.status, reply.field("Connection")),
        (503, Some("close"))
    );
    assert!(reply.text().contains("too many slow clients"));
    assert_eq!(server.get("/other").text(), "GET /other ");
    for client in &mut waiting {
        client.send(&pattern(100_000)[70_000..]);
        assert_eq!(client.reply().status, 200);
    }
}
