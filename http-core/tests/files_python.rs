//! The same directory of odd names, the same requests, to `http-core` and to
//! `python3 -m http.server`. They answer the same, but for the differences that the
//! table in README.md names; and each of these is shown here to be one.

// Of its parts, other systems need none but the last.
#![cfg_attr(not(unix), allow(dead_code, unused_imports))]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use common::{PATIENCE, TestServer};
use http_core::FileHandler;
use libtest_mimic::{Arguments, Trial};
use percent_encoding::percent_decode_str;

const README: &str = include_str!("../README.md");

/// Requests that both answer alike.
const SAME: [&str; 38] = [
    "GET /",
    "HEAD /",
    "GET /?C=M;O=D",
    "GET /plain.txt",
    "HEAD /plain.txt",
    "GET /plain.txt?download=1",
    "GET //plain.txt",
    "GET /plain.txt/",
    "GET /plain.txt/x",
    "GET /none",
    "GET /none/",
    "GET /empty.bin",
    "GET /with%20space.txt",
    "GET /with+space.txt",
    "GET /%E3%81%AD%E3%81%93.txt",
    "GET /a:b",
    "GET /a%3Ab",
    "GET /100%",
    "GET /100%25",
    "GET /%252e%252e",
    "GET /back%5Cslash",
    "GET /%3Cb%3Ebold.html",
    "GET /sub",
    "GET /sub?a=1&b=2",
    "GET /sub/",
    "GET /sub//",
    "GET /sub/deep/",
    "GET /site/",
    "GET /old/",
    "GET /image.png",
    "GET /page.html",
    "GET /near",
    "GET /./plain.txt",
    "GET /sub/../plain.txt",
    "GET /none/%2e%2e/sub/./deep/b.txt",
    "GET /sub/deep/../../site/",
    "FOO /plain.txt",
    "PROPFIND /sub/",
];

/// Requests that they answer differently, and the row of the table that says so.
const DIFFERENT: [(&str, &str); 20] = [
    ("GET /../plain.txt", "`..` above the root"),
    ("GET /%2e%2e/plain.txt", "`..` above the root"),
    ("GET /sub/deep/..", "a path that ends with `.` or `..`"),
    ("GET /a%2fb", "an encoded slash in a name"),
    ("GET /%00", "an encoded NUL"),
    ("GET http://h/plain.txt", "`GET http://host/path`"),
    ("GET /plain.txt#part", "a `#` in the target"),
    ("POST /plain.txt", "POST and other methods of RFC 9110"),
    (
        "GET /plain.txt HTTP/1.1\r\nConnection: close",
        "HTTP/1.1 without Host",
    ),
    ("GET /plain.txt\r\nX: a\r\n b", "a folded line (obs-fold)"),
    (
        "GET /plain.txt ",
        "`GET /path` without a version (HTTP/0.9)",
    ),
    ("GET /links/out", "a link that leads out"),
    ("GET /links/%ff%fe.bin", "a name that is not UTF-8"),
    ("GET /sub//deep", "several slashes in a row"),
    ("GET /plain.txt\r\nRange: bytes=0-3", "Range"),
    ("GET /plain.txt\r\nRange: bytes=1000-", "Range"),
    (
        "GET /plain.txt\r\nIf-None-Match: *",
        "ETag, If-None-Match, If-Match",
    ),
    (
        "GET /plain.txt\r\nIf-Match: \"x\"",
        "ETag, If-None-Match, If-Match",
    ),
    (
        "GET /style.css\r\nAccept-Encoding: gzip",
        "`style.css.gz` beside `style.css`",
    ),
    ("GET /source.rs", "media types"),
];

/// What can be compared of an answer.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    location: Option<String>,
    /// Without its charset.
    content_type: Option<String>,
    length: Option<String>,
    last_modified: Option<String>,
    /// Of a list, its links in order; nothing of an error.
    body: String,
}

/// Sends a request, and reads until the connection ends. A line without a version gets
/// what a client would send, unless there is a space in place of it.
fn ask(address: SocketAddr, request: &str) -> Option<Answer> {
    let (line, fields) = request.split_once("\r\n").unwrap_or((request, ""));
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!("{fields}\r\n")
    };
    let bytes = match line.split(' ').count() {
        2 => format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n"),
        _ => format!("{}\r\n{fields}\r\n", line.trim_end()),
    };
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let field = |name: &str| {
        let mut fields = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(value.to_owned())
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer {
        status,
        location: field("Location").map(|location| {
            percent_decode_str(&location)
                .decode_utf8_lossy()
                .into_owned()
        }),
        content_type: field("Content-Type")
            .map(|value| value.split(';').next().unwrap().to_owned()),
        length: field("Content-Length"),
        last_modified: field("Last-Modified"),
        body: String::from_utf8_lossy(&bytes[end + 4..]).into_owned(),
    };
    let is_page = status >= 300 || answer.last_modified.is_none();
    if is_page {
        // Each has pages of its own.
        let links: BTreeSet<String> = answer
            .body
            .split("<a href=\"")
            .skip(1)
            .filter_map(|piece| piece.split('"').next())
            .map(|link| percent_decode_str(link).decode_utf8_lossy().into_owned())
            .filter(|link| !link.starts_with("../"))
            .collect();
        answer.body = links.into_iter().collect::<Vec<_>>().join("\n");
        (answer.length, answer.content_type) = (None, None);
    }
    Some(answer)
}

/// `python3 -m http.server`; it has ended when this is dropped.
struct Python {
    child: Child,
    address: SocketAddr,
}

impl Python {
    fn start(directory: &std::path::Path) -> Python {
        let mut child = Command::new("python3")
            .args([
                "-u",
                "-m",
                "http.server",
                "0",
                "--bind",
                "127.0.0.1",
                "--directory",
            ])
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        // Serving HTTP on 127.0.0.1 port 40000 (http://127.0.0.1:40000/) ...
        let port = line
            .split(' ')
            .nth(5)
            .and_then(|port| port.parse::<u16>().ok());
        let address = ([127, 0, 0, 1], port.unwrap_or_else(|| panic!("{line:?}"))).into();
        Python { child, address }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both servers, on one directory.
struct Both {
    ours: TestServer,
    python: Python,
    _dir: tempfile::TempDir,
}

#[cfg(unix)]
fn start() -> Both {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("public");
    for name in ["sub/deep", "site", "old", "a:b", "<script>"] {
        fs::create_dir_all(base.join(name)).unwrap();
    }
    for name in [
        "plain.txt",
        "with space.txt",
        "with+space.txt",
        "ねこ.txt",
        "100%",
        "%2e%2e",
        "%41",
        "back\\slash",
        "<b>bold.html",
        "quote\".txt",
        "apostrophe'",
        "a&b=c",
        "&amp;",
        "#hash",
        "what?",
        "page.html",
        "image.png",
        "source.rs",
        "style.css",
        "style.css.gz",
        "sub/a.txt",
        "sub/deep/b.txt",
        "site/index.html",
        "old/index.htm",
        "../secret",
    ] {
        fs::write(base.join(name), format!("this is {name}\n")).unwrap();
    }
    fs::write(base.join("empty.bin"), "").unwrap();
    fs::create_dir(base.join("a")).unwrap();
    fs::write(base.join("a/b"), "below").unwrap();
    symlink("plain.txt", base.join("near")).unwrap();
    let ours = TestServer::start(FileHandler::new(&base).unwrap());
    let python = Python::start(&base);
    // Not in a directory whose list is asked for: one has them, the other not.
    fs::create_dir(base.join("links")).unwrap();
    // (The file systems of macOS take only text.)
    if !cfg!(target_os = "macos") {
        let undecodable = OsStr::from_bytes(b"\xff\xfe.bin");
        fs::write(base.join("links").join(undecodable), "undecodable").unwrap();
    }
    symlink("../../secret", base.join("links/out")).unwrap();
    Both {
        ours,
        python,
        _dir: dir,
    }
}

#[cfg(unix)]
fn main() {
    let arguments = Arguments::from_args();
    let version = Command::new("python3").arg("--version").output();
    let there = version.is_ok();
    // Another Python may have caught up in one thing or the other.
    let is_known = version.is_ok_and(|version| version.stdout.starts_with(b"Python 3.11."));
    let kind = if there { "" } else { "python3 is not there" };
    let both = there.then(start);
    let addresses = both
        .as_ref()
        .map(|both| (both.ours.address, both.python.address));
    let mut trials = Vec::new();
    for (request, row) in SAME
        .map(|request| (request, None))
        .into_iter()
        .chain(DIFFERENT.map(|(request, row)| (request, Some(row))))
    {
        let name = request.escape_default().to_string();
        let is_known = is_known && !(cfg!(target_os = "macos") && request.contains("%ff"));
        let trial = Trial::test(name, move || {
            let (ours, pythons) = addresses.expect("ignored without Python");
            let ours = ask(ours, request).ok_or("no answer")?;
            let pythons = ask(pythons, request);
            let is_same = pythons.as_ref() == Some(&ours);
            if is_same == row.is_some() && (is_known || row.is_none()) {
                return Err(format!("ours: {ours:?}\nPython's: {pythons:?}").into());
            }
            match row {
                Some(row) if !README.contains(&format!("| {row} |")) => {
                    Err(format!("README.md has no row {row:?} in its table of differences").into())
                }
                _ => Ok(()),
            }
        });
        trials.push(trial.with_kind(kind).with_ignored_flag(!there));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(both);
    conclusion.exit();
}

/// Names like these can't be made on other systems.
#[cfg(not(unix))]
fn main() {
    let trial = Trial::test("the same as python3 -m http.server", || Ok(()));
    let trial = trial
        .with_kind("not on this system")
        .with_ignored_flag(true);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}
