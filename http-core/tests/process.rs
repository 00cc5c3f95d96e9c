//! A server as a program: what it prints, how it ends, what it needs.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::thread;

use common::pattern;
use common::program::{self, Program};

fn upload(length: usize) -> String {
    format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn it_says_where_it_serves_and_echoes() {
    let echo = Program::echo();
    assert_eq!(
        echo.start_line,
        format!(
            "Serving HTTP on http://{}/ (press Ctrl-C to stop)\n",
            echo.address
        )
    );
    let mut client = echo.connect();
    let body = pattern(20 * 1024 * 1024);
    client.send(upload(body.len()));
    client.send(&body);
    let reply = client.reply();
    assert_eq!(
        reply.field("Content-Type"),
        Some("application/octet-stream")
    );
    assert!(reply.body == body);
    client.send("BREW /pot?milk HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 200);
    assert_eq!(echo.kill(), "");
}

#[cfg(unix)]
#[test]
fn one_signal_ends_it_in_good_order() {
    for signal in ["INT", "TERM"] {
        let echo = Program::echo();
        let mut idle = echo.connect();
        let mut half = echo.connect();
        half.send("GET / HT");
        assert_eq!(idle.get("/"), "");
        echo.signal(signal);
        idle.ends();
        let end = echo.end();
        assert_eq!((end.code, &end.stderr[..]), (Some(0), ""), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_does_not_wait() {
    let echo = Program::echo();
    let mut idle = echo.connect();
    assert_eq!(idle.get("/"), "");
    let mut hanging = echo.connect();
    hanging.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(hanging.reply().status, 100);
    echo.signal("INT");
    // Now it winds up, and waits for the handler that waits for its body.
    idle.ends();
    echo.signal("INT");
    assert_eq!(hanging.rest(), b"");
    assert_eq!(echo.end().code, Some(130));
}

/// The program of the next test: a server that leaves signals alone.
#[cfg(unix)]
#[test]
#[ignore = "run by signals_can_be_left_to_the_program"]
fn a_server_that_leaves_signals_alone() {
    use http_core::{HttpServer, Request, Response};

    let server = HttpServer::bind("127.0.0.1:0").unwrap();
    let server = server.handle_signals(false);
    let handler =
        |_: &mut Request, response: Response| response.send_response(200).end_headers()?.send("hi");
    server.serve_forever(handler).unwrap();
}

#[cfg(unix)]
#[test]
fn signals_can_be_left_to_the_program() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    // A shell starts what is in its background with SIGINT ignored, and the server would
    // inherit that; SIGTERM is taken over in the same way, and nobody ignores it.
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_that_leaves_signals_alone"])
        .args(["--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let serves = |line: &String| line.contains("Serving HTTP on http://");
    assert!(lines.map_while(Result::ok).any(|line| serves(&line)));
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    // It ends as any program does that makes nothing of the signal.
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_taken_port_is_said_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program::path()).arg(&port).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, b"");
    assert!(
        stderr.starts_with(&format!(
            "Error: port {port} is already in use: another program"
        )),
        "{stderr}"
    );
}

#[test]
fn the_trace_shows_the_wire() {
    let echo = Program::start(
        Command::new(program::path())
            .arg("0")
            .env("HTTP_TRACE", "1"),
    );
    let mut client = echo.connect();
    let me = client.stream.local_addr().unwrap();
    client.send(upload(5) + "c\x1bt\r\n");
    assert_eq!(client.reply().text(), "c\x1bt\r\n");
    let mut other = echo.connect();
    let it = other.stream.local_addr().unwrap();
    assert_eq!(other.get("/other"), "");
    // Once these are answered, the answers before them have been shown.
    assert_eq!(client.get("/last"), "");
    assert_eq!(other.get("/last"), "");
    let shown = echo.kill();
    let server = format!("< Server: http-core/{}\\r\\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        wire_of(me, &shown),
        [
            "> PUT / HTTP/1.1\\r\\n",
            "> Host: h\\r\\n",
            "> Content-Length: 5\\r\\n",
            "> \\r\\n",
            "> c\\x1bt\\r\\n",
            "< HTTP/1.1 200 OK\\r\\n",
            "< Content-Type: application/octet-stream\\r\\n",
            &server,
            "< Content-Length: 5\\r\\n",
            "< \\r\\n",
            "< c\\x1bt\\r\\n",
        ],
        "{shown}"
    );
    assert_eq!(
        wire_of(it, &shown),
        [
            "> GET /other HTTP/1.1\\r\\n",
            "> Host: h\\r\\n",
            "> \\r\\n",
            "< HTTP/1.1 200 OK\\r\\n",
            "< Content-Type: application/octet-stream\\r\\n",
            &server,
            "< Content-Length: 0\\r\\n",
            "< \\r\\n",
        ],
        "{shown}"
    );
}

/// As data, the trace has every byte: also those of a large answer, which a terminal is spared.
#[test]
fn the_trace_goes_to_a_program_as_data() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let echo = Program::start(
        Command::new(program::path())
            .arg("0")
            .env("HTTP_TRACE", &address),
    );
    let mut client = echo.connect();
    let me = client.stream.local_addr().unwrap();
    let body = pattern(20_000);
    client.send(upload(body.len()));
    client.send(&body);
    assert!(client.reply().body == body);
    let mut other = echo.connect();
    let it = other.stream.local_addr().unwrap();
    assert_eq!(other.get("/other"), "");
    // The bytes of an answer are told once they are written.
    assert_eq!(client.get("/last"), "");
    assert_eq!(other.get("/last"), "");
    assert_eq!(echo.kill(), "", "nothing of it at the terminal");

    // It has connected by now, or never will.
    listener.set_nonblocking(true).unwrap();
    let (told, _) = listener.accept().unwrap();
    told.set_nonblocking(false).unwrap();
    let mut told = BufReader::new(told);
    let mut wire = BTreeMap::new();
    let mut line = String::new();
    while told.read_line(&mut line).unwrap() > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [number, client, mark, length] = words[..] else {
            panic!("{line}");
        };
        let key = (client.parse::<SocketAddr>().unwrap(), mark.to_string());
        let (known, bytes) = wire.entry(key).or_insert((number.to_string(), Vec::new()));
        assert_eq!(known, number, "one number for one connection");
        let before = bytes.len();
        bytes.resize(before + length.parse::<usize>().unwrap(), 0);
        told.read_exact(&mut bytes[before..]).unwrap();
        line.clear();
    }
    let of = |client: SocketAddr, mark: &str| &wire[&(client, mark.to_string())];
    assert_ne!(of(me, ">").0, of(it, ">").0);
    let asked = [upload(body.len()).into_bytes(), body.clone()].concat();
    assert!(of(me, ">").1.starts_with(&asked));
    let (_, answered) = of(me, "<");
    assert!(answered.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answered.windows(body.len()).any(|part| part == body));
    assert!(of(it, ">").1.starts_with(b"GET /other HTTP/1.1\r\n"));
}

/// What a trace shows of one client's connection, up to the request for `/last`.
/// Several threads serve, so the connections may be shown in any order.
fn wire_of(client: SocketAddr, shown: &str) -> Vec<&str> {
    let mut is_it = false;
    let mut lines = Vec::new();
    for line in shown.lines() {
        if line.starts_with("--- connection ") {
            is_it = line.ends_with(&format!(" from {client}"));
        } else if is_it && !line.starts_with("< Date: ") {
            lines.push(line);
        }
    }
    lines
        .into_iter()
        .take_while(|line| !line.contains("/last"))
        .collect()
}

#[test]
fn clients_that_vanish_are_nothing_to_write_about() {
    let echo = Program::echo();
    let large = pattern(3_000_000);
    for _ in 0..20 {
        // In the middle of a head, of a small body, of a large one, of an answer.
        echo.connect().send("GET / HT");
        echo.connect().send(upload(10) + "cat");
        let mut client = echo.connect();
        client.send(upload(large.len()));
        client.send(&large[..1_000_000]);
        drop(client);
        let mut client = echo.connect();
        client.send(upload(large.len()));
        client.send(&large);
        client.take(1).unwrap();
    }
    // All eight threads are still there.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(echo.address, echo_once(echo.address)));
        }
    });
    assert_eq!(echo.kill(), "");
}

fn echo_once(address: SocketAddr) -> SocketAddr {
    let mut client = common::Client::connect(address);
    client.send(upload(3) + "cat");
    assert_eq!(client.reply().text(), "cat");
    address
}

/// With more clients than the system gives it sockets, some wait.
#[cfg(unix)]
#[test]
fn out_of_sockets_it_serves_on() {
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 40 && exec \"$0\" 0"])
        .arg(program::path());
    let echo = Program::start(&mut limited);
    let mut clients: Vec<_> = (0..60).map(|_| echo.connect()).collect();
    assert_eq!(clients[0].get("/"), "");
    clients[59].is_silent_for(std::time::Duration::from_millis(300));
    assert_eq!(clients[0].get("/"), "");
    for client in &mut clients {
        client.send(upload(3) + "cat");
    }
    // Each that goes makes room for the next.
    for mut client in clients {
        assert_eq!(client.reply().text(), "cat");
    }
    let stderr = echo.kill();
    assert!(
        stderr.starts_with("New connections have to wait: "),
        "{stderr}"
    );
    assert!(stderr.lines().count() < 60, "{stderr}");
}

/// What a client only claims to send costs nothing.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_set_aside_for_a_claim() {
    /// Memory that the program has asked the system for, in KiB, but for the stacks of its
    /// threads: a handler that waits for its client has one.
    fn memory(echo: &Program) -> usize {
        const STACK: usize = 2048;
        let status = std::fs::read_to_string(format!("/proc/{}/status", echo.child.id())).unwrap();
        let number = |name: &str| -> usize {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            number.unwrap().parse().unwrap()
        };
        number("VmData:") - STACK * (number("Threads:") - 1)
    }
    let echo = Program::echo();
    assert_eq!(echo.connect().get("/"), "");
    let before = memory(&echo);
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = echo.connect();
        client.send(upload(65_000) + "0123456789");
        clients.push(client);
    }
    for _ in 0..7 {
        let mut client = echo.connect();
        client.send(upload(16 * 1024 * 1024).replace("Host", "Expect: 100-continue\r\nHost"));
        assert_eq!(client.reply().status, 100);
        client.send("0123456789");
        clients.push(client);
    }
    assert_eq!(echo.connect().get("/"), "");
    let more = memory(&echo) - before;
    // Were they believed, it would be 118 MiB.
    assert!(more < 12 * 1024, "{more} KiB more");
}
