//! Answers: how they are framed, and what they can't become.

use std::fs::File;
use std::sync::Arc;

use super::super::FilePart;
use super::*;

/// The client asks by this; the handler has been called.
fn asked(request: &[u8]) -> Dialogue {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(request), Next::Call);
    d
}

fn part(length: u64) -> FilePart {
    FilePart {
        file: Arc::new(File::open(env!("CARGO_MANIFEST_DIR")).unwrap()),
        rest: 0..length,
    }
}

fn no_read(_: &FilePart, _: &mut [u8]) -> io::Result<()> {
    panic!("a large file is not read")
}

const HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
const HTTP_10: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const ALIVE_10: &[u8] = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

#[test]
fn a_short_answer_has_a_length() {
    let mut d = asked(GET);
    d.begins(200, &[("Content-Type", "text/plain")]);
    assert_eq!(d.http1.write(b"c").unwrap(), Written::Queued);
    assert_eq!(d.http1.write(b"a").unwrap(), Written::Queued);
    assert_eq!(d.http1.finish(b"t").unwrap(), Written::Queued);
    assert!(d.http1.is_answered());
    let server = concat!("Server: http-core/", env!("CARGO_PKG_VERSION"), "\r\n");
    let expected = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{server}\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\ncat"
    );
    assert_eq!(d.sends(), expected);
}

#[test]
fn fields_of_the_handlers_own_are_not_doubled() {
    let mut d = asked(GET);
    let own = [
        ("DATE", "today"),
        ("server", "mine"),
        ("content-length", "3"),
    ];
    d.begins(299, &own);
    d.http1.finish(b"cat").unwrap();
    assert_eq!(
        d.sends(),
        "HTTP/1.1 299 \r\nDATE: today\r\nserver: mine\r\ncontent-length: 3\r\n\r\ncat"
    );
}

#[test]
fn fields_that_would_lie_are_errors() {
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("a:", "x"),
        ("n\u{e4}me", "x"),
        ("X", "a\r\nSet-Cookie: b"),
        ("X", "a\0"),
        ("X", "\u{7f}"),
        ("Content-Length", "-1"),
        ("Content-Length", "many"),
        ("Transfer-Encoding", "chunked"),
    ] {
        let mut d = asked(GET);
        d.http1.status(StatusCode::OK).unwrap();
        let error = d.http1.field(name, value.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name} {value}");
    }
    let mut d = asked(GET);
    d.http1.status(StatusCode::OK).unwrap();
    d.http1.field("X-Tab", b"a\tb").unwrap();
    d.http1.field("!#$%&'*+-.^_`|~aZ09", b"1").unwrap();
    d.http1.field("Content-Length", b"1").unwrap();
    assert!(d.http1.field("Content-Length", b"1").is_err(), "twice");
    let mut d = asked(GET);
    d.http1.status(StatusCode::NO_CONTENT).unwrap();
    assert!(d.http1.field("Content-Length", b"0").is_err());
    assert!(d.http1.status(StatusCode::CONTINUE).is_err());
}

#[test]
fn a_long_answer_goes_out_in_chunks() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    assert_eq!(d.http1.write(b"cat").unwrap(), Written::Queued);
    assert_eq!(d.http1.write(&[b'x'; 40_000]).unwrap(), Written::Direct);
    let sent = d.sends();
    // Its head, and the frame of what passes by.
    assert!(
        sent.ends_with("Transfer-Encoding: chunked\r\n\r\n9c43\r\ncat"),
        "{sent}"
    );
    d.http1.sent_directly();
    assert_eq!(d.http1.finish(b"end").unwrap(), Written::Queued);
    assert_eq!(d.sends(), "\r\n3\r\nend\r\n0\r\n\r\n");
    d.http1.answered();
    assert_eq!(d.next(), Next::Read);
}

#[test]
fn what_is_flushed_leaves_at_once() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.write(b"cat").unwrap();
    assert_eq!(d.http1.flush().unwrap(), Written::Direct);
    assert!(d.sends().ends_with("chunked\r\n\r\n3\r\ncat\r\n"));
    d.http1.sent_directly();
    // Nothing to flush is no chunk: an empty one would be the end.
    assert_eq!(d.http1.flush().unwrap(), Written::Direct);
    assert_eq!(d.sends(), "");
    d.http1.sent_directly();
    d.http1.finish(b"").unwrap();
    assert_eq!(d.sends(), "0\r\n\r\n");
}

#[test]
fn a_large_last_piece_passes_by() {
    let large = [b'x'; 70_000];
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.write(b"cat").unwrap();
    assert_eq!(d.http1.finish(&large).unwrap(), Written::Direct);
    assert!(d.sends().ends_with("Content-Length: 70003\r\n\r\ncat"));
    assert!(!d.http1.is_answered());
    d.http1.sent_last_directly(&large[69_990..]);
    assert!(d.http1.is_answered());
    assert_eq!(d.sends(), "x".repeat(10));
    // In chunks as well.
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.flush().unwrap();
    d.sends();
    d.http1.sent_directly();
    assert_eq!(d.http1.finish(&large).unwrap(), Written::Direct);
    assert_eq!(d.sends(), "11170\r\n");
    d.http1.sent_last_directly(b"");
    assert_eq!(d.sends(), "\r\n0\r\n\r\n");
}

#[test]
fn http_1_0_gets_no_chunks() {
    for request in [HTTP_10, ALIVE_10] {
        let mut d = asked(request);
        d.begins(200, &[]);
        d.http1.write(b"cat").unwrap();
        assert_eq!(d.http1.flush().unwrap(), Written::Direct);
        let sent = d.sends();
        assert!(sent.ends_with("\r\nConnection: close\r\n\r\ncat"), "{sent}");
        assert!(!sent.contains("Content-Length"));
        d.http1.sent_directly();
        // As long as it is not whole, its end must not look like one.
        assert!(d.http1.is_cut());
        d.http1.finish(b"s").unwrap();
        assert_eq!(d.sends(), "s");
        assert!(!d.http1.is_cut());
        d.http1.answered();
    }
}

#[test]
fn half_an_answer_is_no_whole_one() {
    for (request, cut) in [(GET, false), (HTTP_10, true)] {
        let mut d = asked(request);
        d.begins(200, &[]);
        d.http1.write(b"cat").unwrap();
        d.http1.flush().unwrap();
        d.sends();
        d.http1.sent_directly();
        d.http1.write(b"more").unwrap();
        assert!(!d.http1.take_back());
        assert_eq!(d.http1.answered(), Some(StatusCode::OK));
        assert_eq!(d.next(), Next::Close);
        assert_eq!(d.http1.is_cut(), cut);
        assert_eq!(d.sends(), "");
    }
}

#[test]
fn a_declared_length_is_kept() {
    let mut d = asked(GET);
    d.begins(200, &[("Content-Length", "3")]);
    assert!(d.http1.write(b"cats").is_err());
    d.http1.write(b"ca").unwrap();
    let error = d.http1.finish(b"").unwrap_err().to_string();
    assert!(
        error.contains("says 3 bytes, but the body has 2"),
        "{error}"
    );
    assert!(d.http1.finish(b"ts").is_err());
    d.http1.finish(b"t").unwrap();
    assert!(d.sends().ends_with("\r\n\r\ncat"));
}

#[test]
fn answers_without_a_body() {
    for (request, status, length) in [
        (HEAD, 200, Some(3)),
        (GET, 204, None),
        (GET, 304, None),
        (HEAD, 304, None),
    ] {
        let mut d = asked(request);
        d.begins(status, &[]);
        if request == HEAD {
            assert_eq!(d.http1.write(b"ca").unwrap(), Written::Queued);
            assert_eq!(d.http1.flush().unwrap(), Written::Queued);
            d.http1.file(part(0), no_read).unwrap();
            d.http1.finish(b"t").unwrap();
        } else {
            assert!(d.http1.write(b"cat").is_err());
            d.http1.finish(b"").unwrap();
        }
        let sent = d.sends();
        assert!(sent.ends_with("\r\n\r\n"), "{sent}");
        let told = sent
            .split_once("Content-Length: ")
            .map(|(_, behind)| behind.trim_end().parse().unwrap());
        assert_eq!(told, length, "{sent}");
        d.http1.answered();
        assert_eq!(d.next(), Next::Read);
    }
    let mut d = asked(GET);
    d.begins(205, &[]);
    assert!(d.http1.write(b"cat").is_err());
    d.http1.finish(b"").unwrap();
    assert!(d.sends().ends_with("Content-Length: 0\r\n\r\n"));
}

#[test]
fn an_answer_can_be_replaced_until_it_leaves() {
    let mut d = asked(GET);
    // Behind one that waits.
    d.answer("first");
    assert_eq!(d.hears(GET), Next::Call);
    d.begins(200, &[("Content-Length", "9")]);
    d.http1.write(b"half").unwrap();
    d.http1.file(part(20_000), no_read).unwrap_err();
    assert!(d.http1.take_back());
    d.begins(500, &[]);
    d.http1.finish(b"sorry").unwrap();
    let sent = d.sends();
    assert_eq!(sent.matches("HTTP/1.1 ").count(), 2, "{sent}");
    assert!(sent.contains("first") && sent.ends_with("\r\n\r\nsorry"));
}

#[test]
fn files_go_out_between_bytes() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.write(b"cat").unwrap();
    d.http1.declare(20_000);
    d.http1.file(part(20_000), no_read).unwrap();
    d.http1.file(part(0), no_read).unwrap();
    d.http1.finish(b"").unwrap();
    assert_eq!(d.http1.output.pending(), d.http1.output.pending());
    let sent = d.sends();
    assert!(
        sent.ends_with("Content-Length: 20003\r\n\r\ncat[file]"),
        "{sent}"
    );
    // In chunks; a small one is read.
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.write(b"a").unwrap();
    d.http1.file(part(20_000), no_read).unwrap();
    let read = |part: &FilePart, into: &mut [u8]| {
        assert_eq!(part.left(), 2);
        into.fill(b'f');
        Ok(())
    };
    d.http1.file(part(2), read).unwrap();
    // Nothing is sent past a file that waits.
    assert_eq!(d.http1.finish(&[b'x'; 70_000]).unwrap(), Written::Queued);
    assert!(d.http1.output.pending() > 90_000);
    let sent = d.sends();
    let (_, body) = sent.split_once("\r\n\r\n").unwrap();
    let end = format!("11170\r\n{}\r\n0\r\n\r\n", "x".repeat(70_000));
    assert_eq!(body, format!("4e21\r\na[file]\r\n2\r\nff\r\n{end}"));
}

/// A file waits with its answer while its connection holds no other memory.
#[test]
fn a_file_that_waits_needs_no_memory() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.declare(20_000);
    d.http1.file(part(20_000), no_read).unwrap();
    d.http1.finish(b"").unwrap();
    d.http1.answered();
    let Some(Front::Bytes {
        bytes,
        file_follows: true,
    }) = d.http1.output.front()
    else {
        panic!("its head comes first");
    };
    let count = bytes.len();
    d.http1.output.sent(count);
    d.http1.output.sent(0);
    d.http1.release_memory();
    assert_eq!(d.http1.output.pending(), 20_000);
    assert_eq!(d.sends(), "[file]");
    assert!(d.http1.is_idle());
}

/// Finding: zeros within Content-Length, or a chunk without its end, looked whole.
#[test]
fn a_file_that_can_not_be_read_is_the_end_of_its_answer() {
    let fails = |_: &FilePart, _: &mut [u8]| Err(io::ErrorKind::UnexpectedEof.into());
    for fields in [&[("Content-Length", "2")][..], &[]] {
        let mut d = asked(GET);
        d.begins(200, fields);
        assert!(d.http1.file(part(2), fails).is_err());
        // The handler overlooks it.
        assert!(d.http1.write(b"x").is_err());
        assert!(d.http1.finish(b"").is_err());
        assert!(!d.http1.is_answered() && !d.http1.is_lost());
        // Nothing has left, so there can be another one.
        assert!(d.http1.take_back());
        d.answer("sorry");
        assert!(d.sends().ends_with("\r\n\r\nsorry"));
    }
}

#[test]
fn nothing_follows_an_answer_that_is_lost() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    assert_eq!(d.http1.write(&[0; 40_000]).unwrap(), Written::Direct);
    d.http1.lost();
    assert!(d.http1.is_lost());
    let error = d.http1.write(b"x").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert!(d.http1.finish(b"").is_err());
    assert!(!d.http1.take_back());
    d.http1.answered();
    assert_eq!(d.next(), Next::Close);
    // One that is whole stays so.
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.finish(b"cat").unwrap();
    d.http1.lost();
    assert!(d.http1.is_answered());
}
