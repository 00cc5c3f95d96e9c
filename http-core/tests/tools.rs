//! The example `echo` under clients and a proxy that others wrote. Most are not on
//! every machine, so their tests are ignored until they are asked for:
//!
//! `cargo test -p http-core --test tools -- --ignored`

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use common::program::Program;
use common::{Client, PATIENCE, pattern};
use ureq::{Agent, SendBody};

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

/// Where a browser may be.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// A page fills in its form and posts it; the browser shows the answer.
#[test]
#[ignore = "needs chromium"]
fn chromium() {
    let echo = Program::echo();
    let folder = Folder::new();
    // The one kind of form that a browser shows when it comes back.
    let form = format!(
        "<!doctype html>
         <form method=post enctype=text/plain action=http://{}/>
             <textarea name=said></textarea>
         </form>
         <script>
             document.forms[0].said.value = 'Tom & Ann < 3\\n'.repeat(20_000);
             document.forms[0].submit();
         </script>",
        echo.address
    );
    let page = folder.file("form.html", form);
    let profile = format!("--user-data-dir={}", folder.0.join("profile").display());
    let options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--timeout=20000",
        &profile,
        "--dump-dom",
        &page,
    ];
    let output = BROWSERS
        .iter()
        .find_map(|name| Command::new(name).args(options).output().ok())
        .expect("chromium is needed");
    let shown = String::from_utf8_lossy(&output.stdout);
    let expected = "Tom &amp; Ann &lt; 3\n".repeat(20_000);
    assert!(shown.contains(&format!(">said={expected}")), "{output:?}");
}

/// ureq comes with Cargo, so this one is not ignored.
#[test]
fn ureq() {
    let echo = Program::echo();
    let url = format!("http://{}/a%20path?and=query", echo.address);
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    for size in [0, 1, 1000, 100_000, 10_000_000] {
        let body = pattern(size);
        let whole = agent.post(&url).send(&body[..]);
        let asked = agent.put(&url).header("Expect", "100-continue");
        let asked = asked.send(&body[..]);
        let in_chunks = agent.post(&url).send(SendBody::from_reader(&mut &body[..]));
        for answer in [whole, asked, in_chunks] {
            let mut answer = answer.unwrap();
            let echoed = answer.body_mut().with_config().limit(u64::MAX);
            assert!(echoed.read_to_vec().unwrap() == body, "{size}");
        }
    }
    assert_eq!(agent.head(&url).call().unwrap().status(), 200);
    let mut empty = agent.get(&url).call().unwrap();
    assert_eq!(empty.body_mut().read_to_string().unwrap(), "");
}
