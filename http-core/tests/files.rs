//! What a `FileHandler` answers: files, directories, conditions, ranges, copies.

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use common::{PATIENCE, Reply, TestServer, pattern};
use http_core::FileHandler;
use tempfile::TempDir;

/// A directory with a few files, and a server for it.
fn site() -> (TempDir, TestServer) {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path();
    for name in ["blog", "blog/index.html", "htm", "plain"] {
        fs::create_dir(base.join(name)).unwrap();
    }
    for (name, content) in [
        ("index.html", &b"<h1>Home</h1>"[..]),
        ("htm/index.htm", b"htm"),
        ("blog/post.txt", b"A post."),
        ("plain/cat.txt", "ねこ".as_bytes()),
        ("digits", b"0123456789"),
        ("empty.css", b""),
        ("large.bin", &pattern(300_000)),
    ] {
        fs::write(base.join(name), content).unwrap();
    }
    let server = TestServer::start(FileHandler::new(base).unwrap());
    (dir, server)
}

/// The answer to a request with these fields.
fn ask(server: &TestServer, request: &str, fields: &[(&str, &str)]) -> Reply {
    let mut client = server.connect();
    let fields: String = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    client.send(format!(
        "{request} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n"
    ));
    let reply = match request.starts_with("HEAD ") {
        true => client.reply_to_head(),
        false => client.reply(),
    };
    client.ends();
    reply
}

fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// 21 Oct 2015 07:28:00, and half a second.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_445_412_480_500)
}
const THEN: &str = "Wed, 21 Oct 2015 07:28:00 GMT";

/// The entity tag of a file, once its last change is long enough ago for a strong one.
fn etag(server: &TestServer, path: &str) -> String {
    etag_for(server, path, &[])
}

fn etag_for(server: &TestServer, path: &str, fields: &[(&str, &str)]) -> String {
    let start = Instant::now();
    loop {
        let reply = ask(server, &format!("GET {path}"), fields);
        let tag = reply.field("ETag").unwrap().to_owned();
        if tag.starts_with('"') {
            return tag;
        }
        assert!(start.elapsed() < PATIENCE, "it stays {tag}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_file_is_sent_with_all_that_is_known_of_it() {
    let (dir, server) = site();
    set_time(&dir.path().join("plain/cat.txt"), then());
    let get = server.get("/plain/cat.txt");
    let head = ask(&server, "HEAD /plain/cat.txt", &[]);
    assert_eq!(get.text(), "ねこ");
    for reply in [get, head] {
        assert_eq!(reply.status, 200);
        for (name, value) in [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", "6"),
            ("Last-Modified", THEN),
            ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-cache"),
            ("Vary", "Accept-Encoding"),
        ] {
            assert_eq!(reply.field(name), Some(value), "{name}");
        }
        let etag = reply.field("ETag").unwrap();
        let opaque = etag.strip_prefix("W/").unwrap_or(etag);
        assert!(opaque.starts_with('"') && opaque.ends_with('"'), "{etag}");
    }
    assert_eq!(
        server.get("/digits").field("Content-Type"),
        Some("application/octet-stream")
    );
    let empty = server.get("/empty.css");
    assert_eq!(
        (empty.status, empty.field("Content-Length")),
        (200, Some("0"))
    );
}

/// Below, at and above the size from which the system sends a file by itself.
#[test]
fn files_of_any_size_arrive_whole() {
    let (dir, server) = site();
    let mut client = server.connect();
    for size in [1, 16_383, 16_384, 16_385, 65_536, 1_000_000, 20_000_000] {
        let bytes = pattern(size);
        fs::write(dir.path().join("sized"), &bytes).unwrap();
        client.send("GET /sized HTTP/1.1\r\nHost: h\r\n\r\n");
        let reply = client.reply();
        assert!(reply.body == bytes, "{size}");
        client.send("HEAD /sized HTTP/1.1\r\nHost: h\r\n\r\n");
        let length = size.to_string();
        assert_eq!(
            client.reply_to_head().field("Content-Length"),
            Some(&length[..])
        );
    }
}

#[test]
fn a_directory_is_its_index_or_a_list() {
    let (_dir, server) = site();
    let home = server.get("/");
    assert_eq!(home.text(), "<h1>Home</h1>");
    assert_eq!(home.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(server.get("/htm/").text(), "htm");
    // There, index.html is a folder.
    let blog = server.get("/blog/").text();
    assert!(blog.contains("<title>Index of /blog/</title>"), "{blog}");
    assert!(blog.contains("<a href=\"index.html/\">"), "{blog}");
    assert!(blog.contains("<a href=\"post.txt\">"), "{blog}");
    assert!(
        server
            .get("/blog/index.html/")
            .text()
            .contains("This folder is empty.")
    );
}

#[test]
fn a_directory_without_its_slash_is_redirected() {
    let (dir, server) = site();
    for (target, location) in [
        ("/blog", "/blog/"),
        ("/blog?a=1&b=%20", "/blog/?a=1&b=%20"),
        ("/blog?", "/blog/?"),
        ("//blog", "/blog/"),
        ("/blog/index.html", "/blog/index.html/"),
        ("http://evil.example//blog", "/blog/"),
        ("/blog//index.html", "/blog/index.html/"),
    ] {
        let reply = server.get(target);
        assert_eq!(
            (reply.status, reply.field("Location")),
            (301, Some(location)),
            "{target}"
        );
    }
    #[cfg(unix)]
    {
        fs::create_dir(format!("{}/\\evil.example", dir.path().display())).unwrap();
        for target in ["/\\evil.example", "/%5Cevil.example", "//\\evil.example"] {
            let reply = server.get(target);
            assert_eq!(
                reply.field("Location"),
                Some("/%5Cevil.example/"),
                "{target}"
            );
        }
    }
    drop(dir);
}

#[test]
fn what_is_not_there_is_404_and_tells_nothing() {
    let (dir, server) = site();
    let long = format!("/{}", "x".repeat(5000));
    let targets = [
        "/none",
        "/digits/",
        "/digits//",
        "/digits/x",
        "/none/",
        "/blog/none",
        "/%ff",
        &long,
    ];
    let page = server.get("/none").text();
    for target in targets {
        let reply = server.get(target);
        assert_eq!(reply.status, 404, "{target}");
        assert_eq!(reply.text(), page, "{target}");
    }
    let place = dir.path().to_str().unwrap();
    assert!(
        !page.contains(place) && !page.contains("os error"),
        "{page}"
    );
}

#[test]
fn other_methods_are_told_which_there_are() {
    let (_dir, server) = site();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let reply = ask(&server, &format!("{method} /digits"), &[]);
        assert_eq!(
            (reply.status, reply.field("Allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    // Those that nobody knows are another matter (RFC 9110, section 9.1).
    for method in ["FOO", "PROPFIND", "get"] {
        let reply = ask(&server, &format!("{method} /digits"), &[]);
        assert_eq!(
            (reply.status, reply.field("Allow")),
            (501, None),
            "{method}"
        );
    }
}

#[test]
fn a_client_that_has_it_is_told_so() {
    let (dir, server) = site();
    set_time(&dir.path().join("digits"), then());
    let etag = etag(&server, "/digits");
    let weak = format!("W/{etag}");
    let list = format!("\"x\", {weak} , \"y\"");
    let later = "Wed, 21 Oct 2015 07:28:01 GMT";
    let earlier = "Wed, 21 Oct 2015 07:27:59 GMT";
    for (fields, status) in [
        (&[("If-None-Match", &etag[..])][..], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", &list)], 304),
        (&[("If-None-Match", "\"x\""), ("If-None-Match", &etag)], 304),
        (&[("If-None-Match", "*")], 304),
        (&[("If-None-Match", "\"x\"")], 200),
        (&[("If-None-Match", etag.trim_matches('"'))], 200),
        (&[("If-Modified-Since", THEN)], 304),
        (&[("If-Modified-Since", later)], 304),
        (&[("If-Modified-Since", earlier)], 200),
        // The older forms of a date, which RFC 9110 asks a server to read.
        (
            &[("If-Modified-Since", "Wednesday, 21-Oct-15 07:28:00 GMT")],
            304,
        ),
        (&[("If-Modified-Since", "Wed Oct 21 07:28:00 2015")], 304),
        (&[("If-Modified-Since", "yesterday")], 200),
        (&[("If-Modified-Since", "")], 200),
        // The entity tag knows better than the time.
        (
            &[("If-None-Match", "\"x\""), ("If-Modified-Since", later)],
            200,
        ),
        (
            &[("If-None-Match", &etag), ("If-Modified-Since", earlier)],
            304,
        ),
        (&[("If-Match", &etag)], 200),
        (&[("If-Match", "*")], 200),
        (&[("If-Match", "\"x\"")], 412),
        (&[("If-Match", &weak)], 412),
        (&[("If-Unmodified-Since", THEN)], 200),
        (&[("If-Unmodified-Since", earlier)], 412),
        (&[("If-Unmodified-Since", "never")], 200),
        (
            &[("If-Match", &etag), ("If-Unmodified-Since", earlier)],
            200,
        ),
        // Conditions come before the range.
        (&[("If-None-Match", &etag), ("Range", "bytes=0-1")], 304),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(&server, &format!("{method} /digits"), fields);
            assert_eq!(reply.status, status, "{method} {fields:?}");
            if status == 304 {
                assert_eq!(reply.field("ETag"), Some(&etag[..]));
                assert_eq!(reply.field("Last-Modified"), Some(THEN));
                assert_eq!(reply.field("Content-Length"), None);
            }
        }
    }
}

#[test]
fn a_change_shows_in_the_entity_tag() {
    let (dir, server) = site();
    let path = dir.path().join("digits");
    set_time(&path, then());
    let first = etag(&server, "/digits");
    // The same size and time, but another file.
    fs::write(dir.path().join("new"), "9876543210").unwrap();
    set_time(&dir.path().join("new"), then());
    fs::rename(dir.path().join("new"), &path).unwrap();
    let second = etag(&server, "/digits");
    assert_ne!(second, first);
    // The same second.
    set_time(&path, then() + Duration::from_millis(1));
    let third = etag(&server, "/digits");
    assert_ne!(third, second);
    assert_eq!(server.get("/digits").field("Last-Modified"), Some(THEN));
    // The same file, of the same size, at the same time, with other bytes.
    fs::write(&path, "abcdefghij").unwrap();
    set_time(&path, then() + Duration::from_millis(1));
    #[cfg(unix)]
    assert_ne!(etag(&server, "/digits"), third);
}

/// What was written in this very moment may be written once more in the same step of the
/// clock, and would look the same.
#[test]
fn who_has_the_state_of_this_moment_gets_the_next_one() {
    let (dir, server) = site();
    let path = dir.path().join("digits");
    for n in 0..50 {
        let write = |state: &str| {
            fs::write(&path, format!("{state} {n:02}")).unwrap();
            // On Windows, who sets a time back is believed.
            if cfg!(unix) {
                set_time(&path, then());
            }
        };
        write("state");
        let seen = server.get("/digits");
        let tag = seen.field("ETag").unwrap();
        write("STATE");
        let again = ask(&server, "GET /digits", &[("If-None-Match", tag)]);
        assert_eq!((again.status, again.text()), (200, format!("STATE {n:02}")));
        let part = [("If-Range", tag), ("Range", "bytes=0-1")];
        assert_eq!(ask(&server, "GET /digits", &part).status, 200);
    }
}

/// Archives and package managers give each file the time 0 or 1; all its states have it.
#[test]
fn a_time_that_says_nothing_makes_no_answer_stale() {
    let (dir, server) = site();
    let path = dir.path().join("digits");
    let mut tags = Vec::new();
    let epoch = SystemTime::UNIX_EPOCH;
    let second = Duration::from_secs(1);
    let times = [epoch, epoch + second, epoch - second, epoch - 7 * second];
    for time in times {
        let file = File::options().write(true).open(&path).unwrap();
        if file.set_modified(time).is_err() {
            // Not every file system has times before 1970.
            continue;
        }
        let tag = etag(&server, "/digits");
        assert!(!tags.contains(&tag), "{time:?}");
        tags.push(tag);
        assert_eq!(server.get("/digits").field("Last-Modified"), None);
        for date in ["Thu, 01 Jan 1970 00:00:01 GMT", THEN] {
            for name in ["If-Modified-Since", "If-Unmodified-Since"] {
                let reply = ask(&server, "GET /digits", &[(name, date)]);
                assert_eq!(reply.status, 200, "{time:?} {name} {date}");
            }
        }
    }
    assert!(tags.len() >= 2);
}

#[test]
fn dots_that_stay_within_are_resolved() {
    let (_dir, server) = site();
    for path in [
        "/plain/./cat.txt",
        "/./plain/cat.txt",
        "/blog/../plain/cat.txt",
        "/none/../plain/cat.txt",
        "/blog/%2e%2E/plain/%2e/cat.txt",
    ] {
        assert_eq!(server.get(path).text(), "ねこ", "{path}");
    }
    assert!(
        server
            .get("/plain/x/..")
            .text()
            .contains("Index of /plain/")
    );
    assert_eq!(server.get("/blog/../digits/").status, 404);
    assert_eq!(
        server.get("/blog/../plain?q").field("Location"),
        Some("/plain/?q")
    );
    for path in ["/..", "/../digits", "/blog/../../digits", "/%2e%2e/digits"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

/// In /proc and /sys, files are made as they are read. Their size says nothing.
#[cfg(target_os = "linux")]
#[test]
fn files_that_do_not_know_their_size_are_sent() {
    for path in [
        "/proc/self/cmdline",
        "/proc/sys/kernel/ostype",
        "/proc/filesystems",
        "/sys/kernel/uevent_seqnum",
        "/sys/class/net/lo/mtu",
        "/sys/kernel/mm/transparent_hugepage/enabled",
    ] {
        // A container may have none.
        let Ok(bytes) = fs::read(path) else {
            continue;
        };
        let path = Path::new(path);
        let server = TestServer::start(FileHandler::new(path.parent().unwrap()).unwrap());
        let target = format!("/{}", path.file_name().unwrap().to_str().unwrap());
        let reply = server.get(&target);
        assert_eq!((reply.status, &reply.body), (200, &bytes), "{target}");
        for name in ["ETag", "Last-Modified", "Accept-Ranges"] {
            assert_eq!(reply.field(name), None, "{target}");
        }
        // Nor is there anything by which a part or a copy could be told.
        for field in [("Range", "bytes=0-0"), ("If-Modified-Since", THEN)] {
            let reply = ask(&server, &format!("GET {target}"), &[field]);
            assert_eq!((reply.status, &reply.body), (200, &bytes), "{target}");
        }
        assert_eq!(ask(&server, &format!("HEAD {target}"), &[]).status, 200);
    }
}

#[test]
fn times_that_no_field_can_say_are_left_out() {
    let (dir, server) = site();
    let path = dir.path().join("digits");
    let day = Duration::from_secs(24 * 3600);
    for time in [
        SystemTime::now() + day,
        SystemTime::UNIX_EPOCH - day * 8000,
        SystemTime::UNIX_EPOCH + day * 366 * 400,
    ] {
        set_time(&path, time);
        let reply = server.get("/digits");
        assert_eq!(
            (reply.status, reply.field("Last-Modified")),
            (200, None),
            "{time:?}"
        );
        assert!(reply.field("ETag").is_some());
        assert_eq!(server.get("/blog/").status, 200);
        assert_eq!(
            ask(&server, "GET /digits", &[("If-Modified-Since", THEN)]).status,
            200
        );
    }
}

#[test]
fn a_part_of_a_file() {
    let (_dir, server) = site();
    for (range, expected, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=5-500", "56789", "bytes 5-9/10"),
        ("bytes=50-60,5-5", "5", "bytes 5-5/10"),
    ] {
        let reply = ask(&server, "GET /digits", &[("Range", range)]);
        assert_eq!(
            (reply.status, &reply.text()[..]),
            (206, expected),
            "{range}"
        );
        assert_eq!(reply.field("Content-Range"), Some(content_range));
        assert!(reply.field("ETag").is_some());
    }
    for range in ["bytes=10-", "bytes=-0"] {
        let reply = ask(&server, "GET /digits", &[("Range", range)]);
        assert_eq!(
            (reply.status, reply.field("Content-Range")),
            (416, Some("bytes */10"))
        );
    }
    for range in ["bytes=0-", "bytes=-1"] {
        let reply = ask(&server, "GET /empty.css", &[("Range", range)]);
        assert_eq!((reply.status, &reply.text()[..]), (200, ""), "{range}");
    }
    for range in ["bytes=3-1", "bytes=x", "digits=0-3"] {
        let reply = ask(&server, "GET /digits", &[("Range", range)]);
        assert_eq!(
            (reply.status, &reply.text()[..]),
            (200, "0123456789"),
            "{range}"
        );
    }
    // Only GET has ranges.
    let reply = ask(&server, "HEAD /digits", &[("Range", "bytes=0-3")]);
    assert_eq!(
        (reply.status, reply.field("Content-Length")),
        (200, Some("10"))
    );
    // Out of the middle of a large one, which goes out without a copy.
    let reply = ask(
        &server,
        "GET /large.bin",
        &[("Range", "bytes=100000-250000")],
    );
    assert!(reply.body == pattern(300_000)[100_000..=250_000]);
}

#[test]
fn a_part_is_of_the_state_the_client_knows() {
    let (dir, server) = site();
    set_time(&dir.path().join("digits"), then());
    let etag = etag(&server, "/digits");
    for (condition, status) in [
        (&etag[..], 206),
        (&format!("W/{etag}"), 200),
        ("\"x\"", 200),
        // The file may have changed twice in that second (RFC 9110, section 13.1.5).
        (THEN, 200),
        ("Wed, 21 Oct 2015 07:28:01 GMT", 200),
        ("nonsense", 200),
    ] {
        let fields = [("Range", "bytes=0-3"), ("If-Range", condition)];
        assert_eq!(
            ask(&server, "GET /digits", &fields).status,
            status,
            "{condition}"
        );
    }
}

#[test]
fn several_parts_in_one_answer() {
    let (_dir, server) = site();
    let all = pattern(300_000);
    let reply = ask(
        &server,
        "GET /large.bin",
        &[("Range", "bytes=0-9, 1000-100999, -5")],
    );
    assert_eq!((reply.status, reply.field("Content-Range")), (206, None));
    let boundary = reply
        .field("Content-Type")
        .and_then(|value| value.strip_prefix("multipart/byteranges; boundary="))
        .unwrap();
    let mut expected = Vec::new();
    for (range, part) in [
        ("0-9", 0..10),
        ("1000-100999", 1000..101_000),
        ("299995-299999", 299_995..300_000),
    ] {
        expected.extend_from_slice(
            format!(
                "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Range: bytes {range}/300000\r\n\r\n"
            )
            .as_bytes(),
        );
        expected.extend_from_slice(&all[part]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert!(reply.body == expected);
    // Asked for too much, it sends all of it, once.
    let reply = ask(&server, "GET /digits", &[("Range", "bytes=0-,0-,0-")]);
    assert_eq!((reply.status, &reply.text()[..]), (200, "0123456789"));
}

#[test]
fn compressed_copies_for_those_who_take_them() {
    let (dir, server) = site();
    let base = dir.path();
    for (name, content) in [
        ("style.css", "plain"),
        ("style.css.gz", "gzipped"),
        ("style.css.br", "brotli"),
        ("old.css", "plain"),
        ("old.css.gz", "gzipped"),
    ] {
        fs::write(base.join(name), content).unwrap();
        set_time(&base.join(name), then());
    }
    set_time(&base.join("old.css"), then() + Duration::from_secs(1));
    fs::create_dir(base.join("digits.gz")).unwrap();
    for (path, accept, encoding, body) in [
        ("/style.css", "gzip, deflate, br", Some("br"), "brotli"),
        ("/style.css", "gzip", Some("gzip"), "gzipped"),
        ("/style.css", "br;q=0, *", Some("gzip"), "gzipped"),
        ("/style.css", "gzip;q=0", None, "plain"),
        ("/style.css", "br;q=0.5, gzip", Some("gzip"), "gzipped"),
        ("/style.css", "zstd", None, "plain"),
        ("/old.css", "gzip", None, "plain"),
        ("/digits", "gzip", None, "0123456789"),
    ] {
        let reply = ask(
            &server,
            &format!("GET {path}"),
            &[("Accept-Encoding", accept)],
        );
        assert_eq!(
            (reply.field("Content-Encoding"), &reply.text()[..]),
            (encoding, body),
            "{accept}"
        );
        assert_eq!(reply.field("Vary"), Some("Accept-Encoding"));
        if path == "/style.css" {
            assert_eq!(reply.field("Content-Type"), Some("text/css; charset=utf-8"));
        }
    }
    // By itself it is what it is; and each has an entity tag of its own.
    let itself = server.get("/style.css.gz");
    assert_eq!(itself.field("Content-Type"), Some("application/gzip"));
    assert_eq!(itself.field("Content-Encoding"), None);
    assert_ne!(itself.field("ETag"), server.get("/style.css").field("ETag"));
    let part = [("Accept-Encoding", "br"), ("Range", "bytes=0-2")];
    assert_eq!(ask(&server, "GET /style.css", &part).text(), "bro");
    // A 304 says nothing of how its body would be packed.
    let etag = &etag_for(&server, "/style.css", &[("Accept-Encoding", "gzip")]);
    let known = [("Accept-Encoding", "gzip"), ("If-None-Match", etag)];
    let reply = ask(&server, "GET /style.css", &known);
    assert_eq!((reply.status, reply.field("ETag")), (304, Some(&etag[..])));
    assert_eq!(reply.field("Content-Encoding"), None);
    assert_eq!(reply.field("Vary"), Some("Accept-Encoding"));
    let plain = TestServer::start(FileHandler::new(base).unwrap().compressed(false));
    let reply = ask(&plain, "GET /style.css", &[("Accept-Encoding", "br")]);
    assert_eq!((&reply.text()[..], reply.field("Vary")), ("plain", None));
}

#[test]
fn index_and_listing_are_a_choice() {
    let (dir, _server) = site();
    fs::write(dir.path().join("plain/start"), "start").unwrap();
    let files = FileHandler::new(dir.path()).unwrap();
    let server = TestServer::start(files.index(["none", "start"]).listing(false));
    assert_eq!(server.get("/plain/").text(), "start");
    assert_eq!(server.get("/").status, 404);
    // That it is a directory is no secret: what is in it is.
    assert_eq!(server.get("/blog").status, 301);
}

#[test]
fn the_directory_may_be_replaced() {
    let (dir, _server) = site();
    let base = dir.path();
    let server = TestServer::start(FileHandler::new(base.join("plain")).unwrap());
    assert_eq!(server.get("/cat.txt").status, 200);
    fs::rename(base.join("plain"), base.join("gone")).unwrap();
    let start = Instant::now();
    while server.get("/cat.txt").status != 404 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.get("/").status, 404);
    fs::create_dir(base.join("plain")).unwrap();
    fs::write(base.join("plain/cat.txt"), "neko").unwrap();
    assert_eq!(server.get("/cat.txt").text(), "neko");
}

#[test]
fn a_missing_directory_is_said_in_words() {
    let (dir, _server) = site();
    let message = FileHandler::new(dir.path().join("none"))
        .unwrap_err()
        .to_string();
    let place = dir.path().join("none");
    assert!(message.contains(place.to_str().unwrap()), "{message}");
    assert!(
        message.contains("Name a directory that is there."),
        "{message}"
    );
    let message = FileHandler::new(dir.path().join("digits"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("it is not a directory"), "{message}");
}
