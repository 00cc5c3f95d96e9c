//! The example `echo` under clients and a proxy that others wrote. They are not on
//! every machine, so these tests are ignored until they are asked for:
//!
//! `cargo test -p http-core --test tools -- --ignored`

// nginx and wrk are at home on Unix.
#![cfg(unix)]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use common::program::Program;
use common::{Client, PATIENCE, pattern};

/// What a tool prints; it must end well.
#[track_caller]
fn run(tool: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool} is needed: {error}"));
    assert!(output.status.success(), "{tool} {arguments:?}: {output:?}");
    output.stdout
}

/// A folder of its own, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("http-core-tools-{process}-{number}"));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A file in it; its path as text.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// nginx as a proxy in front of a server, with persistent connections to it.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: Folder,
}

impl Nginx {
    fn before(server: SocketAddr) -> Nginx {
        let folder = Folder::new();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let here = folder.0.display();
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {here}/{kind};\n"))
            .collect();
        let configuration = folder.file(
            "nginx.conf",
            format!(
                "daemon off; pid {here}/pid; error_log {here}/errors; worker_processes 1;
                 events {{}}
                 http {{
                     access_log off; client_max_body_size 32m; {temp}
                     upstream echo {{ server {server}; keepalive 4; }}
                     server {{
                         listen {address};
                         location / {{
                             proxy_pass http://echo; proxy_http_version 1.1;
                             proxy_set_header Connection ''; proxy_request_buffering off;
                         }}
                     }}
                 }}"
            ),
        );
        let child = Command::new("nginx")
            .args(["-c", &configuration])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is needed");
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(start.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::yield_now();
        }
        Nginx {
            child,
            address,
            _folder: folder,
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to, it ends its workers, too.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

/// Uploads of every kind that curl knows, to `address`.
#[track_caller]
fn curl_gets_back_what_it_sends(address: SocketAddr) {
    let url = format!("http://{address}/a%20path?and=query");
    let folder = Folder::new();
    for size in [0, 1, 1000, 100_000, 10_000_000] {
        let body = pattern(size);
        let file = folder.file(&format!("body-{size}"), &body);
        let data = format!("@{file}");
        for kind in [
            &["-H", "Expect:"][..],
            &["-H", "Expect: 100-continue"],
            &["-H", "Transfer-Encoding: chunked"],
            &["--http1.0"],
            &["-X", "DELETE"],
        ] {
            let fixed = ["-sS", "--fail", "--data-binary", &data, &url, &url];
            let echoed = run("curl", &[kind, &fixed].concat());
            // Twice, on one connection where the version has persistent ones.
            assert!(echoed == [&body[..], &body].concat(), "{kind:?} {size}");
        }
        let put = run("curl", &["-sS", "--fail", "-T", &file, &url]);
        assert!(put == body, "-T {size}");
    }
    let head = run("curl", &["-sS", "--fail", "-I", &url]);
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
#[ignore = "needs curl"]
fn curl() {
    curl_gets_back_what_it_sends(Program::echo().address);
}

#[test]
#[ignore = "needs curl and nginx"]
fn curl_through_nginx() {
    let echo = Program::echo();
    let nginx = Nginx::before(echo.address);
    curl_gets_back_what_it_sends(nginx.address);
    // nginx refuses what it can't read; what it passes on is one request each.
    let mut client = Client::connect(nginx.address);
    for n in 0..100 {
        assert_eq!(client.get(&format!("/{n}")), "");
    }
}

#[test]
#[ignore = "needs wrk"]
fn wrk() {
    let echo = Program::echo();
    let url = format!("http://{}/", echo.address);
    let shown = run("wrk", &["-t2", "-c50", "-d2s", &url]);
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("requests in"), "{shown}");
    let faults = ["Socket errors", "Non-2xx"];
    assert!(!faults.iter().any(|fault| shown.contains(fault)), "{shown}");
}
