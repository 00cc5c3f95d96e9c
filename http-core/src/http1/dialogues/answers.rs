//! Answers: how they are framed, and what they can't become.

use std::fs::File;

use super::super::FilePart;
use super::*;

/// The client asks by this; the handler has been called.
fn asked(request: &[u8]) -> Dialogue {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(request), Next::Call);
    d
}

const HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
const HTTP_10: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const ALIVE_10: &[u8] = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

#[test]
fn a_short_answer_has_a_length() {
    let mut d = asked(GET);
    d.begins(200, &[("Content-Type", "text/plain")]);
    d.writes("c");
    d.writes("a");
    d.finishes("t");
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
    d.finishes("cat");
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
    d.writes("cat");
    assert!(d.http1.write(&[b'x'; 40_000], false).unwrap());
    let sent = d.sends();
    // Its head, and the frame of what passes by.
    assert!(
        sent.ends_with("Transfer-Encoding: chunked\r\n\r\n9c43\r\ncat"),
        "{sent}"
    );
    d.finishes("end");
    assert_eq!(d.sends(), "\r\n3\r\nend\r\n0\r\n\r\n");
    d.http1.answered();
    assert_eq!(d.next(), Next::Read);
}

#[test]
fn what_is_flushed_leaves_at_once() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.writes("cat");
    assert!(d.http1.write(b"", true).unwrap());
    assert!(d.sends().ends_with("chunked\r\n\r\n3\r\ncat\r\n"));
    // Nothing to flush is no chunk: an empty one would be the end.
    assert!(d.http1.write(b"", true).unwrap());
    assert_eq!(d.sends(), "");
    d.finishes("");
    assert_eq!(d.sends(), "0\r\n\r\n");
}

#[test]
fn a_large_last_piece_passes_by() {
    let large = [b'x'; 70_000];
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.writes("cat");
    assert!(d.http1.begin_last(70_000).unwrap());
    assert!(d.sends().ends_with("Content-Length: 70003\r\n\r\ncat"));
    assert!(!d.http1.is_answered());
    d.http1.end_last(&large[69_990..]);
    assert!(d.http1.is_answered());
    assert_eq!(d.sends(), "x".repeat(10));
    // In chunks as well.
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.http1.write(b"", true).unwrap();
    d.sends();
    assert!(d.http1.begin_last(70_000).unwrap());
    assert_eq!(d.sends(), "11170\r\n");
    d.http1.end_last(b"");
    assert_eq!(d.sends(), "\r\n0\r\n\r\n");
}

#[test]
fn http_1_0_gets_no_chunks() {
    for request in [HTTP_10, ALIVE_10] {
        let mut d = asked(request);
        d.begins(200, &[]);
        d.writes("cat");
        assert!(d.http1.write(b"", true).unwrap());
        let sent = d.sends();
        assert!(sent.ends_with("\r\nConnection: close\r\n\r\ncat"), "{sent}");
        assert!(!sent.contains("Content-Length"));
        // As long as it is not whole, its end must not look like one.
        assert!(d.http1.is_cut());
        d.finishes("s");
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
        d.writes("cat");
        d.http1.write(b"", true).unwrap();
        d.sends();
        d.writes("more");
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
    assert!(d.http1.write(b"cats", false).is_err());
    d.writes("ca");
    let error = d.tries_to_finish("").unwrap_err().to_string();
    assert!(
        error.contains("says 3 bytes, but the body has 2"),
        "{error}"
    );
    assert!(d.tries_to_finish("ts").is_err());
    d.finishes("t");
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
            d.writes("ca");
            assert!(!d.http1.write(b"", true).unwrap());
            d.finishes("t");
        } else {
            assert!(d.http1.write(b"cat", false).is_err());
            d.finishes("");
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
    assert!(d.http1.write(b"cat", false).is_err());
    d.finishes("");
    assert!(d.sends().ends_with("Content-Length: 0\r\n\r\n"));
}

#[test]
fn an_answer_can_be_replaced_until_it_leaves() {
    let mut d = asked(GET);
    // Behind one that waits.
    d.answer("first");
    assert_eq!(d.hears(GET), Next::Call);
    d.begins(200, &[("Content-Length", "9")]);
    d.writes("half");
    assert!(d.http1.begin_last(20_000).is_err());
    assert!(d.http1.take_back());
    d.begins(500, &[]);
    d.finishes("sorry");
    let sent = d.sends();
    assert_eq!(sent.matches("HTTP/1.1 ").count(), 2, "{sent}");
    assert!(sent.contains("first") && sent.ends_with("\r\n\r\nsorry"));
}

/// An answer that ends with 20,000 bytes of a file.
fn ends_with_a_file(d: &mut Dialogue) {
    assert!(d.http1.begin_last(20_000).unwrap());
    let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    d.http1.end_with_file(FilePart {
        file,
        rest: 7..20_007,
    });
    assert!(d.http1.is_answered());
    d.http1.answered();
}

#[test]
fn a_file_goes_out_behind_bytes() {
    let mut d = asked(GET);
    // The next request is there already, but nothing goes behind the file.
    d.receives(GET);
    d.begins(200, &[]);
    d.writes("cat");
    ends_with_a_file(&mut d);
    assert_eq!(d.next(), Next::Write);
    let sent = d.sends();
    assert!(
        sent.ends_with("Content-Length: 20003\r\n\r\ncat[file]"),
        "{sent}"
    );
    assert_eq!(d.next(), Next::Call);
    d.answer("next");
    assert!(d.sends().ends_with("\r\n\r\nnext"));
}

/// A file waits with its answer while its connection holds no other memory.
#[test]
fn a_file_that_waits_needs_no_memory() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    ends_with_a_file(&mut d);
    let count = d.http1.output.bytes().len();
    d.http1.output.sent(count);
    d.http1.output.sent(1);
    d.http1.release_memory();
    assert!(d.http1.output.bytes().is_empty() && !d.http1.is_idle());
    assert_eq!(d.http1.output.file().unwrap().left(), 19_999);
    assert_eq!(d.sends(), "[file]");
    assert!(d.http1.is_idle());
}

/// Instead of the half of an answer, the handler's failure is told.
#[test]
fn a_file_is_taken_back_with_its_answer() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    ends_with_a_file(&mut d);
    assert!(d.http1.take_back());
    d.answer("sorry");
    assert!(d.sends().ends_with("\r\n\r\nsorry"));
}

#[test]
fn nothing_follows_an_answer_that_is_lost() {
    let mut d = asked(GET);
    d.begins(200, &[]);
    assert!(d.http1.write(&[0; 40_000], false).unwrap());
    d.http1.lost();
    assert!(d.http1.is_lost());
    let error = d.http1.write(b"x", false).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert!(d.tries_to_finish("").is_err());
    assert!(!d.http1.take_back());
    d.http1.answered();
    assert_eq!(d.next(), Next::Close);
    // One that is whole stays so.
    let mut d = asked(GET);
    d.begins(200, &[]);
    d.finishes("cat");
    d.http1.lost();
    assert!(d.http1.is_answered());
}
