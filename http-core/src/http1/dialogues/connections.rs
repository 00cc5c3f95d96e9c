//! How a connection goes on from one request to the next, and how it ends.

use super::super::{Ending, Patience, Refusal, State};
use super::*;

const OK: &str = "HTTP/1.1 200 OK|";

#[test]
fn a_get_and_another_one() {
    let mut d = Dialogue::new();
    assert_eq!(d.next(), Next::Read);
    assert!(d.http1.is_idle());
    for path in ["/a", "/b"] {
        let get = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(d.hears(get.as_bytes()), Next::Call);
        assert_eq!(d.head.path(), path);
        d.answer("cat");
        assert_eq!(d.next(), Next::Read);
        assert!(!d.http1.is_idle());
        assert_eq!(d.answers(), (format!("{OK}cat"), false));
        assert!(d.http1.is_idle());
    }
}

#[test]
fn a_head_comes_byte_by_byte() {
    let mut d = Dialogue::new();
    for &byte in &GET[..GET.len() - 1] {
        assert_eq!(d.hears(&[byte]), Next::Read);
        assert_eq!(d.http1.patience(), Patience::Head);
    }
    assert_eq!(d.hears(b"\n"), Next::Call);
}

/// However long a line is, it is looked at a few times, not once for each byte.
#[test]
fn a_long_line_is_looked_at_now_and_then() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(b"GET /"), Next::Read);
    for _ in 0..3000 {
        assert_eq!(d.hears(b"x"), Next::Read);
    }
    assert!(matches!(d.http1.state, State::Head { seen: 1.. }));
    for _ in 0..100 {
        if d.hears(&[b'x'; 1000]) != Next::Read {
            break;
        }
    }
    let line = d.http1.answered();
    assert_eq!(line, None, "414 is told before its line ends");
}

#[test]
fn a_pipeline_is_answered_in_one_go() {
    let mut d = Dialogue::new();
    d.receives(&GET.repeat(3));
    for n in ["1", "2", "3"] {
        assert_eq!(d.next(), Next::Call);
        d.answer(n);
    }
    assert_eq!(d.next(), Next::Read);
    let sent = d.sends();
    let bodies: Vec<&str> = sent.split("\r\n\r\n").collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies[3] == "3" && bodies[1].starts_with('1'));
}

#[test]
fn no_more_is_answered_while_much_waits() {
    let mut d = Dialogue::new();
    d.receives(&GET.repeat(3));
    for _ in 0..2 {
        assert_eq!(d.next(), Next::Call);
        d.answer(&"x".repeat(40_000));
    }
    assert_eq!(d.next(), Next::Write);
    assert_eq!(d.next(), Next::Write);
    d.sends();
    assert_eq!(d.next(), Next::Call);
}

#[test]
fn who_wants_the_end_gets_it() {
    for (request, ending, goes_on) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", None, true),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            Some(Ending::Client),
            false,
        ),
        ("GET / HTTP/1.0\r\n\r\n", Some(Ending::Client), false),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            None,
            true,
        ),
    ] {
        let mut d = Dialogue::new();
        assert_eq!(d.hears(request.as_bytes()), Next::Call);
        d.answer("cat");
        assert_eq!(d.http1.ending, ending);
        let sent = d.sends();
        assert_eq!(
            sent.contains("\r\nConnection: close\r\n"),
            !goes_on,
            "{sent}"
        );
        let says_keep = sent.contains("\r\nConnection: keep-alive\r\n");
        assert_eq!(says_keep, goes_on && request.contains("1.0"), "{sent}");
        // It asked for the end, so it needs no time to see it.
        assert_eq!(d.next(), if goes_on { Next::Read } else { Next::Close });
    }
}

#[test]
fn the_handler_may_end_it_and_the_client_gets_to_know() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(GET), Next::Call);
    d.begins(200, &[("Connection", "x, Close")]);
    d.finishes("cat");
    d.http1.answered();
    assert_eq!(d.http1.ending, Some(Ending::Handler));
    assert_eq!(d.next(), Next::Write);
    assert_eq!(d.sends().matches("onnection: ").count(), 1);
    assert_eq!(d.next(), Next::ShutDown);
    // It may have sent its next request already: that is not answered, and not reset either.
    assert_eq!(d.next(), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Linger);
    assert_eq!(d.hears(GET), Next::Read);
    assert_eq!(d.hears_the_end(), Next::Close);
    assert_eq!(d.next(), Next::Close);
}

#[test]
fn lingering_has_an_end() {
    let mut d = Dialogue::new();
    assert!(matches!(d.hears(b"nonsense\r\n\r\n"), Next::Refuse(..)));
    d.answer("as a page");
    d.sends();
    assert_eq!(d.next(), Next::ShutDown);
    assert_eq!(d.next(), Next::Read);
    d.http1.expired();
    assert_eq!(d.next(), Next::Close);
}

/// A whole answer whose end is the end of the connection: an end by a reset would take the bytes
/// that a slow reader has not received yet, and would look like half an answer.
#[test]
fn an_answer_that_was_sent_stays_whole_when_lingering_ends() {
    let mut d = Dialogue::new();
    let request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(d.hears(request), Next::Call);
    d.begins(200, &[]);
    d.writes("cat");
    assert!(d.http1.write(b"", true).unwrap());
    d.finishes("s");
    d.http1.answered();
    assert!(d.sends().ends_with("cats"));
    assert_eq!(d.next(), Next::ShutDown);
    assert_eq!(d.next(), Next::Read);
    d.http1.expired();
    assert_eq!(d.next(), Next::Close);
    assert!(!d.http1.is_cut());
}

#[test]
fn what_is_no_request_is_refused() {
    let mut d = Dialogue::new();
    d.receives(GET);
    assert_eq!(d.hears(b"HEAD nonsense\r\n\r\n"), Next::Call);
    d.answer("cat");
    let Next::Refuse(refusal, line) = d.next() else {
        panic!("not refused");
    };
    assert_eq!(
        (refusal.status, &line[..]),
        (StatusCode::BAD_REQUEST, &b"HEAD nonsense"[..])
    );
    assert_eq!(d.http1.refusal(), Some(refusal));
    d.begins(400, &[]);
    d.finishes("a page");
    assert_eq!(d.http1.answered(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(d.next(), Next::Write);
    let sent = d.sends();
    // HEAD gets no body, even here.
    assert!(
        sent.ends_with("Content-Length: 6\r\nConnection: close\r\n\r\n"),
        "{sent}"
    );
    assert_eq!(d.next(), Next::ShutDown);
}

#[test]
fn a_client_that_is_done_gets_its_answers() {
    let mut d = Dialogue::new();
    d.receives(&GET.repeat(2));
    assert_eq!(d.hears_the_end(), Next::Call);
    d.answer("1");
    assert_eq!(d.next(), Next::Call);
    d.answer("2");
    assert_eq!(d.next(), Next::Write);
    d.sends();
    assert_eq!(d.next(), Next::Close);
    assert!(!d.http1.is_cut());
}

#[test]
fn a_client_that_stops_in_the_middle_is_told_so() {
    for (before, status) in [
        (&b""[..], None),
        (b"\r\n", None),
        (b"GET /", Some(400)),
        (&POST[..POST.len() - 1], Some(400)),
        (POST, Some(400)),
    ] {
        let mut d = Dialogue::new();
        assert_eq!(d.hears(before), Next::Read);
        match (d.hears_the_end(), status) {
            (Next::Close, None) => {}
            (Next::Refuse(Refusal::CUT_OFF, line), Some(400)) => {
                assert!(before.starts_with(&line) && !line.is_empty());
            }
            other => panic!("{before:?}: {other:?}"),
        }
    }
}

#[test]
fn a_client_that_is_late_is_told_so() {
    for (before, patience) in [
        (&b"GET /"[..], Patience::Head),
        (b"\r\n", Patience::Head),
        (POST, Patience::Body),
        (b"", Patience::Idle),
    ] {
        let mut d = Dialogue::new();
        assert_eq!(d.hears(before), Next::Read);
        assert_eq!(d.http1.patience(), patience);
        d.http1.expired();
        let is_request = before.len() > 2;
        match d.next() {
            Next::Refuse(Refusal::TOO_SLOW, _) if is_request => {}
            Next::Close if !is_request => {}
            other => panic!("{before:?}: {other:?}"),
        }
    }
}

/// Its client may read the answer only once it has sent all of its body.
#[test]
fn a_client_that_is_late_with_what_is_skipped_sees_its_answer() {
    let mut d = Dialogue::new();
    d.receives(&post(100_000));
    assert_eq!(d.next(), Next::Call);
    d.answer("cat");
    assert_eq!(d.answers(), (format!("{OK}cat"), false));
    assert_eq!(d.next(), Next::Read);
    assert_eq!(d.http1.patience(), Patience::Body);
    d.http1.expired();
    assert_eq!(d.next(), Next::ShutDown);
    assert_eq!(d.hears(b"more"), Next::Read);
    d.http1.expired();
    assert_eq!(d.next(), Next::Close);
}

#[test]
fn answers_that_nobody_takes_are_given_up() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(GET), Next::Call);
    d.answer("cat");
    assert_eq!(d.hears(b"GET / HT"), Next::Read);
    d.http1.expired();
    assert_eq!(d.next(), Next::Close);
    assert!(d.http1.output.is_empty());
}

#[test]
fn a_server_that_stops_takes_no_more_requests() {
    // Idle: it looks once more, and then goes.
    let mut d = Dialogue::new();
    d.stopping = true;
    assert_eq!(d.next(), Next::Read);
    d.http1.expired();
    assert_eq!(d.next(), Next::Close);
    // One that comes is not answered, but its client sees the end in good order.
    let mut d = Dialogue::new();
    d.stopping = true;
    assert_eq!(d.hears(GET), Next::ShutDown);
    // A body that is waited for.
    let mut d = Dialogue::new();
    assert_eq!(d.hears(POST), Next::Read);
    d.stopping = true;
    assert_eq!(d.next(), Next::Close);
    // One whose handler is called already gets its answer, which says that it is the last.
    let mut d = Dialogue::new();
    assert_eq!(d.hears(GET), Next::Call);
    d.http1.end_after(Ending::Stopping);
    d.answer("cat");
    assert_eq!(d.answers(), (format!("{OK}cat"), true));
    assert_eq!(d.next(), Next::ShutDown);
}

#[test]
fn the_first_reason_to_end_stays_unless_the_client_wants_it() {
    let mut http1 = Http1::default();
    http1.end_after(Ending::Stopping);
    http1.end_after(Ending::Refused);
    assert_eq!(http1.ending, Some(Ending::Stopping));
    http1.end_after(Ending::Client);
    assert_eq!(http1.ending, Some(Ending::Client));
}

/// That would be a fault of ours.
#[test]
#[should_panic = "`answered` must be called first"]
fn nothing_is_next_before_the_handler_is_done() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(GET), Next::Call);
    d.next();
}

#[test]
fn a_handler_that_wrote_nothing_leaves_an_end() {
    let mut d = Dialogue::new();
    assert_eq!(d.hears(GET), Next::Call);
    assert_eq!(d.http1.answered(), None);
    assert_eq!(d.next(), Next::Close);
}

#[test]
fn it_can_be_used_for_another_connection() {
    let mut d = Dialogue::new();
    assert_eq!(
        d.hears(b"nonsense\r\n\r\nGET"),
        Next::Refuse(
            Refusal::bad("the request line is not METHOD /path HTTP/1.1"),
            b"nonsense".to_vec(),
        )
    );
    d.answer("no");
    d.http1.received(0);
    d.http1.reset();
    assert!(d.http1.is_idle());
    assert_eq!(d.hears(GET), Next::Call);
    d.answer("cat");
    assert_eq!(d.answers(), (format!("{OK}cat"), false));
    d.http1.release_memory();
    assert_eq!(d.hears(GET), Next::Call);
}
