//! The bodies of requests: waited for, read, asked for, skipped.

use super::super::{Patience, Refusal};
use super::*;

#[test]
fn a_short_body_is_there_before_the_handler() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(POST), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Body);
    assert_eq!(d.hears(b"ca"), Next::Read);
    assert_eq!(d.hears(b"tGET"), Next::Call);
    assert_eq!(d.reads().unwrap(), ("cat".into(), Got::End));
    d.answer("thanks");
    assert_eq!(d.next(), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Head);
}

#[test]
fn so_are_chunks() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(CHUNKED), Next::Read);
    assert_eq!(d.hears(b"3\r\ncat\r\n1;x=y\r\n"), Next::Read);
    assert_eq!(d.hears(b"s\r\n0\r\nX: y\r\n"), Next::Read);
    assert_eq!(d.hears(b"\r\n"), Next::Call);
    assert_eq!(d.reads().unwrap(), ("cats".into(), Got::End));
}

#[test]
fn a_long_body_is_read_as_it_comes() {
    let mut d = Dialogue::new();
    let request = post(70_000);
    assert_eq!(d.hears(&request), Next::Call);
    assert_eq!(d.reads().unwrap(), (String::new(), Got::NeedsInput));
    d.receives(b"cat");
    assert_eq!(d.reads().unwrap(), ("cat".into(), Got::NeedsInput));
    // Straight to the handler's memory, if there is enough of it.
    assert_eq!(d.http1.direct_room(100), 0);
    assert_eq!(d.http1.direct_room(100_000), 69_997);
    d.http1.received_directly(&[b'x'; 69_000]);
    d.receives(&[b'y'; 1000]);
    assert_eq!(d.http1.direct_room(100_000), 0);
    assert_eq!(d.reads().unwrap(), ("y".repeat(997), Got::End));
    d.answer("thanks");
    // What is behind it is the next request.
    assert_eq!(d.next(), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Head);
}

/// Of chunks nobody knows beforehand where they end, so they don't pass.
#[test]
fn chunks_come_through_the_buffer() {
    let mut d = Dialogue::with(Limits {
        body_ahead: 0,
        ..Limits::default()
    });
    assert_eq!(d.hears(CHUNKED), Next::Call);
    assert_eq!(d.reads().unwrap(), (String::new(), Got::NeedsInput));
    assert_eq!(d.http1.direct_room(100_000), 0);
}

#[test]
fn a_body_is_asked_for_when_it_is_read() {
    let mut d = Dialogue::new();
    // Behind an answer that the client may wait for.
    d.receives(GET);
    assert_eq!(d.hears(EXPECTING), Next::Call);
    d.answer("1");
    assert_eq!(d.next(), Next::Write);
    d.sends();
    assert_eq!(d.next(), Next::Call);
    assert_eq!(d.reads().unwrap(), (String::new(), Got::NeedsContinue));
    assert_eq!(CONTINUE, b"HTTP/1.1 100 Continue\r\n\r\n");
    d.http1.continued();
    assert_eq!(d.reads().unwrap(), (String::new(), Got::NeedsInput));
    d.receives(b"cat");
    assert_eq!(d.reads().unwrap(), ("cat".into(), Got::End));
    d.answer("thanks");
    assert_eq!(d.answers(), ("HTTP/1.1 200 OK|thanks".into(), false));
}

#[test]
fn a_body_that_is_there_is_not_asked_for() {
    let mut d = Dialogue::new();
    d.receives(EXPECTING);
    assert_eq!(d.hears(b"cat"), Next::Call);
    assert_eq!(d.reads().unwrap(), ("cat".into(), Got::End));
    d.answer("thanks");
    assert!(!d.answers().1);
}

/// The client may send its body now, or not: nobody could tell it from a request.
#[test]
fn a_body_that_was_not_asked_for_is_the_end() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(EXPECTING), Next::Call);
    d.answer("no");
    assert_eq!(d.answers(), ("HTTP/1.1 200 OK|no".into(), true));
    assert_eq!(d.next(), Next::ShutDown);
    // Unless it is there already.
    let mut d = Dialogue::new();
    d.receives(EXPECTING);
    assert_eq!(d.hears(b"catGET"), Next::Call);
    d.answer("no");
    assert!(!d.answers().1);
    assert_eq!(d.next(), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Head);
}

/// 100 would stand in the middle of the answer.
#[test]
fn a_body_is_not_asked_for_within_an_answer() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(EXPECTING), Next::Call);
    d.begins(200, &[]);
    d.writes("echo: ");
    assert!(d.http1.write(b"", true).unwrap());
    d.sends();
    assert_eq!(d.reads().unwrap(), (String::new(), Got::NeedsInput));
}

#[test]
fn what_the_handler_leaves_is_skipped() {
    let body = "5\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for request in [[POST, b"cat"].concat(), [CHUNKED, body.as_bytes()].concat()] {
        let mut d = Dialogue::with(Limits {
            body_ahead: 0,
            ..Limits::default()
        });
        let (head, rest) = request.split_at(request.len() - 1);
        assert_eq!(d.hears(head), Next::Call);
        d.answer("no, thanks");
        assert!(!d.answers().1);
        assert_eq!(d.next(), Next::Read);
        assert_eq!(d.http1.patience(), Patience::Body);
        assert_eq!(d.hears(rest), Next::Read);
        assert!(d.http1.is_idle());
        assert_eq!(d.hears(GET), Next::Call);
    }
}

#[test]
fn what_can_not_be_skipped_is_the_end() {
    let limits = Limits {
        body_ahead: 0,
        drain: 10,
        ..Limits::default()
    };
    // Too long: its answer says so.
    let mut d = Dialogue::with(limits.clone());
    assert_eq!(d.hears(&post(11)), Next::Call);
    d.answer("no");
    assert!(d.answers().1);
    assert_eq!(d.next(), Next::ShutDown);
    // Read so far that the rest is short.
    let mut d = Dialogue::with(limits.clone());
    assert_eq!(d.hears(&post(11)), Next::Call);
    d.receives(b"x");
    assert_eq!(d.reads().unwrap().0, "x");
    d.answer("no");
    assert!(!d.answers().1);
    assert_eq!(d.next(), Next::Read);
    // Chunks that turn out to be too long, or malformed.
    for chunks in [&b"20\r\n0123456789"[..], b"nonsense\r\n"] {
        let mut d = Dialogue::with(limits.clone());
        assert_eq!(d.hears(CHUNKED), Next::Call);
        d.answer("no");
        assert!(!d.answers().1);
        assert_eq!(d.next(), Next::Read);
        assert_eq!(d.hears(chunks), Next::ShutDown);
    }
    // A client that stops, and a server that does.
    let mut d = Dialogue::with(limits.clone());
    assert_eq!(d.hears(POST), Next::Call);
    d.answer("no");
    d.sends();
    assert_eq!(d.hears_the_end(), Next::Close);
    let mut d = Dialogue::with(limits);
    assert_eq!(d.hears(POST), Next::Call);
    d.answer("no");
    d.sends();
    assert_eq!(d.next(), Next::Read);
    d.stopping = true;
    assert_eq!(d.next(), Next::ShutDown);
}

#[test]
fn a_body_that_is_refused_stays_refused() {
    let too_large = Limits {
        body_size: 2,
        ..Limits::default()
    };
    let refused = |d: &mut Dialogue| {
        let status = || d.http1.refusal().map(|refusal| refusal.status.as_u16());
        status()
    };
    for (chunks, status) in [(&b"x\r\n"[..], 400), (b"3\r\ncat\r\n0\r\n\r\n", 413)] {
        let mut d = Dialogue::with(too_large.clone());
        d.receives(CHUNKED);
        assert_eq!(d.hears(chunks), Next::Call);
        assert_eq!(refused(&mut d), None);
        let first = d.reads().unwrap_err().to_string();
        assert_eq!(d.reads().unwrap_err().to_string(), first);
        assert_eq!(refused(&mut d), Some(status));
        // The handler may overlook it, but the connection ends.
        d.answer("fine");
        assert!(d.answers().1);
        assert_eq!(d.next(), Next::ShutDown);
    }
    // It is cut off, or late.
    let mut d = Dialogue::new();
    assert_eq!(d.hears(&post(70_000)), Next::Call);
    d.http1.received(0);
    assert!(d.reads().is_err());
    assert_eq!(d.http1.refusal(), Some(Refusal::CUT_OFF));
    let mut d = Dialogue::new();
    assert_eq!(d.hears(&post(70_000)), Next::Call);
    d.http1.body_failed(Some(Refusal::TOO_SLOW));
    assert!(d.reads().is_err());
    assert_eq!(d.http1.refusal(), Some(Refusal::TOO_SLOW));
}

#[test]
fn a_body_that_is_lost_is_the_end() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(&post(70_000)), Next::Call);
    d.http1.body_failed(None);
    assert!(d.http1.is_lost());
    assert_eq!(
        d.reads().unwrap_err().kind(),
        io::ErrorKind::ConnectionAborted
    );
    assert_eq!(d.http1.refusal(), None);
    d.answer("for nobody");
    d.sends();
    assert_eq!(d.next(), Next::ShutDown);
    // Between requests there is none to read.
    assert!(Dialogue::new().reads().is_err());
}
