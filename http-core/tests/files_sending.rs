//! How files are sent: by any handler, to slow clients, and while they change.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use common::{Client, TestServer, pattern};
use http_core::{Answer, FileHandler, Handler, HttpServer, Limits, Request, Response};
use tempfile::TempDir;

/// More than the system takes for a client that reads nothing.
const LARGE: usize = 20_000_000;

fn large() -> (TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let bytes = pattern(LARGE);
    fs::write(dir.path().join("large"), &bytes).unwrap();
    fs::write(dir.path().join("small"), "small").unwrap();
    (dir, bytes)
}

fn files(dir: &TempDir) -> FileHandler {
    FileHandler::new(dir.path()).unwrap()
}

/// A client that asked for the large file and has seen its head.
fn slow_client(server: &TestServer) -> Client {
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    client.through(b"\r\n\r\n").unwrap();
    client
}

#[test]
fn slow_clients_hold_no_thread() {
    let (dir, bytes) = large();
    // One thread, ten clients that read nothing.
    let server = TestServer::start(files(&dir));
    let mut slow: Vec<Client> = (0..10).map(|_| slow_client(&server)).collect();
    for _ in 0..3 {
        assert_eq!(server.get("/small").text(), "small");
    }
    for client in &mut slow[..3] {
        assert!(client.take(LARGE).unwrap() == bytes);
        assert_eq!(client.get("/small"), "small");
    }
}

/// Nor does one that takes it as fast as it comes.
#[test]
fn fast_clients_share_a_thread() {
    let dir = tempfile::tempdir().unwrap();
    // Sparse: 2 GiB of nothing, and no time to make it.
    let size = 2 * 1024 * 1024 * 1024;
    File::create(dir.path().join("huge"))
        .unwrap()
        .set_len(size)
        .unwrap();
    fs::write(dir.path().join("small"), "small").unwrap();
    let server = TestServer::start(files(&dir));
    let mut fast = server.connect();
    fast.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = String::from_utf8(fast.through(b"\r\n\r\n").unwrap()).unwrap();
    assert!(
        head.contains(&format!("Content-Length: {size}\r\n")),
        "{head}"
    );
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        scope.spawn(move || {
            // As fast as it can, until the others are through.
            while told.try_recv().is_err() {
                fast.take(1024 * 1024).unwrap();
            }
        });
        for _ in 0..20 {
            assert_eq!(server.get("/small").text(), "small");
        }
        tell.send(()).unwrap();
    });
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let (dir, _) = large();
    let limits = Limits {
        stall_time: Duration::from_millis(300),
        least_rate: 1_000_000_000,
        ..Limits::default()
    };
    let server = TestServer::limited(limits, files(&dir));
    let mut client = slow_client(&server);
    client
        .stream
        .set_read_timeout(Some(common::PATIENCE))
        .unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(client.rest().len() < LARGE);
}

#[test]
fn pipelined_requests_stay_in_order() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut client = server.connect();
    let ask = |path: &str| format!("GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let part =
        |range: &str| format!("GET /large HTTP/1.1\r\nHost: h\r\nRange: bytes={range}\r\n\r\n");
    client.send(
        ask("small")
            + &part("0-49999")
            + &ask("none")
            + &part("5-9,100000-199999")
            + &ask("large")
            + "HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"
            + &ask("small"),
    );
    assert_eq!(client.reply().text(), "small");
    assert!(client.reply().body == bytes[..50_000]);
    assert_eq!(client.reply().status, 404);
    let parts = client.reply();
    assert!(parts.status == 206 && parts.body.len() > 100_005);
    assert!(client.reply().body == bytes);
    assert_eq!(
        client.reply_to_head().field("Content-Length"),
        Some("20000000")
    );
    assert_eq!(client.reply().text(), "small");
}

#[test]
fn a_file_that_gets_shorter_cuts_the_connection() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut client = slow_client(&server);
    File::options()
        .write(true)
        .open(dir.path().join("large"))
        .unwrap()
        .set_len(1_000_000)
        .unwrap();
    let got = client.rest();
    assert!(got.len() < LARGE, "{}", got.len());
    // The system sends a file from where it keeps it: what it had on its way of the part
    // that was cut off may have become zeros.
    let (kept, cut) = got.split_at(got.len().min(1_000_000));
    assert!(kept == &bytes[..kept.len()]);
    let mut sent = cut.iter().zip(&bytes[kept.len()..]);
    assert!(sent.all(|(got, byte)| got == byte || *got == 0));
    // The server goes on.
    assert_eq!(server.get("/small").text(), "small");
}

#[test]
fn a_file_that_grows_is_sent_as_it_was_promised() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut client = slow_client(&server);
    let mut file = File::options()
        .append(true)
        .open(dir.path().join("large"))
        .unwrap();
    file.write_all(b"more").unwrap();
    assert!(client.take(LARGE).unwrap() == bytes);
    assert_eq!(client.get("/small"), "small");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_or_removed_is_sent_to_its_end() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut replaced = slow_client(&server);
    fs::write(dir.path().join("new"), "new").unwrap();
    fs::rename(dir.path().join("new"), dir.path().join("large")).unwrap();
    assert!(replaced.take(LARGE).unwrap() == bytes);
    assert_eq!(replaced.get("/large"), "new");
}

#[test]
fn a_client_of_http_1_0_gets_its_file() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut client = server.connect();
    client.send("GET /large HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.field("Content-Length"), Some("20000000"));
    assert!(reply.body == bytes);
    client.ends();
}

/// What a handler of one's own may do with a file.
struct Own(std::path::PathBuf);

impl Handler for Own {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let file = File::open(&self.0)?;
        let small = File::open(self.0.with_file_name("small"))?;
        let headers = response.send_response(200);
        match request.path() {
            "/all" => headers.end_headers()?.send_file(file),
            "/directory" => headers
                .end_headers()?
                .send_file(File::open(self.0.parent().unwrap())?),
            "/short" => headers
                .send_header("Content-Length", LARGE + 1)
                .end_headers()?
                .send_file(file),
            "/short-and-small" => headers
                .send_header("Content-Length", 6)
                .end_headers()?
                .send_file(small),
            "/declared" => headers
                .send_header("Content-Length", LARGE)
                .end_headers()?
                .send_file(file),
            "/framed" => {
                let mut body = headers.end_headers()?;
                body.write_all(b"before ")?;
                body.send_file(file)
            }
            // More than is gathered, so what is sent of the file is a chunk, or several.
            "/streamed" => {
                let mut body = headers.end_headers()?;
                body.write_all(&[b'x'; 100_000])?;
                body.send_file(file)
            }
            // It can't be read, which shows when that is tried.
            "/unreadable" => {
                let unreadable = File::options()
                    .append(true)
                    .open(self.0.with_file_name("small"))?;
                headers.end_headers()?.send_file(unreadable)
            }
            "/small" => headers.end_headers()?.send_file(small),
            _ => headers.end_headers()?.send("plain"),
        }
    }
}

#[test]
fn any_handler_can_send_files() {
    let (dir, bytes) = large();
    let own = Own(dir.path().join("large"));
    let server = TestServer::start(own);
    let mut client = server.connect();
    let mut get = |path: &str| {
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
        ));
        let reply = client.reply();
        assert_eq!(client.reply().text(), "plain", "behind {path}");
        reply
    };
    for (path, expected) in [
        ("/all", &bytes[..]),
        ("/declared", &bytes),
        ("/small", b"small"),
        ("/framed", &[b"before ", &bytes[..]].concat()),
    ] {
        let reply = get(path);
        let length = expected.len().to_string();
        assert_eq!(
            (reply.status, reply.field("Content-Length")),
            (200, Some(&length[..]))
        );
        assert!(reply.body == expected, "{path}");
    }
    for (path, said) in [
        (
            "/short",
            "Content-Length says 20000001 bytes, but the body has 20000000",
        ),
        (
            "/short-and-small",
            "Content-Length says 6 bytes, but the body has 5",
        ),
        ("/unreadable", ""),
    ] {
        let reply = get(path);
        assert_eq!(reply.status, 500, "{path}");
        assert!(reply.text().contains(said), "{path}: {}", reply.text());
    }
    #[cfg(unix)]
    assert!(
        get("/directory")
            .text()
            .contains("only a regular file can be sent")
    );
    let streamed = get("/streamed");
    let expected = [&[b'x'; 100_000], &bytes[..]].concat();
    assert_eq!(streamed.field("Transfer-Encoding"), Some("chunked"));
    assert!(streamed.body == expected);
    client.send("GET /streamed HTTP/1.0\r\n\r\n");
    assert!(client.reply().body == expected);
    client.ends();
}

/// A client that takes nothing of several parts holds up nobody: its handler waits for it.
#[test]
fn parts_are_read_while_others_are_served() {
    let (dir, bytes) = large();
    let server = TestServer::start(files(&dir));
    let mut slow: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for client in &mut slow {
        client.send("GET /large HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9999999,-10000000\r\n\r\n");
        client.through(b"\r\n\r\n").unwrap();
    }
    for _ in 0..3 {
        assert_eq!(server.get("/small").text(), "small");
    }
    for mut client in slow {
        // Behind the head of each part.
        for half in bytes.chunks(LARGE / 2) {
            client.through(b"\r\n\r\n").unwrap();
            assert!(client.take(LARGE / 2).unwrap() == half);
        }
        client.through(b"--\r\n").unwrap();
        assert_eq!(client.get("/small"), "small");
    }
}

/// It is answered without being read into memory, however large it is.
#[cfg(target_os = "linux")]
#[test]
fn thirty_gibibytes_are_only_promised() {
    let dir = tempfile::tempdir().unwrap();
    let size: u64 = 30 * 1024 * 1024 * 1024;
    File::create(dir.path().join("huge"))
        .unwrap()
        .set_len(size)
        .unwrap();
    let server = TestServer::start(files(&dir));
    let mut client = server.connect();
    client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = String::from_utf8(client.through(b"\r\n\r\n").unwrap()).unwrap();
    assert!(
        head.contains(&format!("Content-Length: {size}\r\n")),
        "{head}"
    );
    assert!(client.take(50_000_000).unwrap().iter().all(|&b| b == 0));
    let mut end = server.connect();
    end.send("GET /huge HTTP/1.1\r\nHost: h\r\nRange: bytes=-70000\r\n\r\n");
    assert_eq!(end.reply().body, [0; 70_000]);
    drop(client);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: usize = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 400_000, "{peak} KiB");
}

#[test]
fn a_stop_lets_a_file_finish() {
    let (dir, bytes) = large();
    let server = TestServer::with(
        |server: HttpServer| {
            server.limits(Limits {
                stop_time: common::PATIENCE,
                ..Limits::default()
            })
        },
        files(&dir),
    );
    let mut client = slow_client(&server);
    server.stop.stop();
    assert!(client.take(LARGE).unwrap() == bytes);
    client.ends();
    server.has_stopped();
}
