//! The table of http-core's README, run over real sockets: every case whole, byte
//! by byte, cut in two at every place, and with the client's side shut down behind
//! it. What comes back is the same each time.

#[path = "../common/mod.rs"]
mod common;

mod cases;
mod table;

use std::io::{Read, Write};
use std::panic::{self, AssertUnwindSafe};

use cases::{Case, Then};
use common::{Client, Reply, TestServer};
use http_core::{Answer, Handler, Limits, Request, Response};

/// Answers with method and target; then the field that the query names; then the
/// body, unless the path is `/deaf`. It has no PATCH.
struct Mirror;

impl Mirror {
    fn answer(request: &mut Request, response: Response) -> Answer {
        let mut text = format!("{} {}", request.method(), request.target());
        let field = request.query().and_then(|wanted| {
            let mut fields = request.headers();
            fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        });
        if let Some((_, value)) = field {
            text += &format!(" [{}]", String::from_utf8_lossy(value));
        }
        if request.path() != "/deaf" {
            let mut body = String::new();
            request.body().read_to_string(&mut body)?;
            if !body.is_empty() {
                text += &format!(" {body}");
            }
        }
        response.send_response(200).end_headers()?.send(text)
    }
}

macro_rules! mirrored {
    ($($method:ident)*) => {
        $(fn $method(&self, request: &mut Request, response: Response) -> Answer {
            Mirror::answer(request, response)
        })*
    };
}

impl Handler for Mirror {
    mirrored!(do_get do_post do_put do_delete do_options);
}

const PROBE: &str = "GET /behind HTTP/1.1\r\nHost: h\r\n\r\n";

/// Runs `run` for each case on a server with the case's limits, and tells of all
/// that fail.
fn for_each_case(how: &str, run: impl Fn(&TestServer, &Case)) {
    let mut failed = Vec::new();
    let mut count = 0;
    let mut servers: Vec<(Limits, TestServer)> = Vec::new();
    for class in cases::all() {
        if !servers.iter().any(|(limits, _)| *limits == class.limits) {
            let limits = class.limits.clone();
            let server = TestServer::with(|server| server.threads(4).limits(limits), Mirror);
            servers.push((class.limits.clone(), server));
        }
        let mut fitting = servers.iter().filter(|(limits, _)| *limits == class.limits);
        let server = &fitting.next().expect("it was started").1;
        for case in &class.cases {
            count += 1;
            if panic::catch_unwind(AssertUnwindSafe(|| run(server, case))).is_err() {
                failed.push(format!("{}: {}", class.input, shown(&case.input)));
            }
        }
    }
    println!("{count} cases {how}");
    assert!(failed.is_empty(), "{how}:\n{}", failed.join("\n"));
}

/// The start of some bytes, to be read.
fn shown(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(120)];
    format!("\"{}\" ({} bytes)", start.escape_ascii(), bytes.len())
}

/// Checks all that comes back for a case, once its bytes are sent; with a request
/// behind them, unless the client's side is shut down.
#[track_caller]
fn check(client: &mut Client, case: &Case, is_shut_down: bool) {
    let mut last = None;
    let mut waiting: Option<Reply> = None;
    for expected in &case.answers {
        let (is_head, expected) = match expected.strip_prefix("HEAD ") {
            Some(rest) => (true, rest),
            None => (false, &expected[..]),
        };
        let (status, body) = match expected.split_once(' ') {
            Some((status, body)) => (status, Some(body)),
            None => (expected, None),
        };
        let reply = match waiting.take() {
            Some(reply) => reply,
            None if is_head => client.reply_to_head(),
            None => client.reply(),
        };
        if status == "100?" {
            if reply.status == 100 {
                assert_eq!(reply.fields, []);
            } else {
                waiting = Some(reply);
            }
            continue;
        }
        assert_eq!(reply.status.to_string(), status, "{}", shown(&reply.body));
        if let Some(body) = body {
            assert_eq!(reply.text(), body);
        }
        is_well_formed(&reply);
        last = Some(reply);
    }
    let says_close = last.is_some_and(|reply| reply.field("Connection") == Some("close"));
    match case.then {
        Then::GoesOn if is_shut_down => client.ends(),
        Then::GoesOn => {
            assert!(!says_close, "it says close");
            assert_eq!(client.reply().text(), "GET /behind");
        }
        Then::Ends => {
            assert!(says_close, "it does not say close");
            client.ends();
        }
        Then::EndsUnsaid | Then::AfterFin => client.ends(),
    }
}

/// What holds for every answer (RFC 9110, sections 6.6.1 and 8.6).
#[track_caller]
fn is_well_formed(reply: &Reply) {
    let date = reply.field("Date").expect("a Date");
    let time = httpdate::parse_http_date(date).expect("a date");
    assert_eq!(httpdate::fmt_http_date(time), date, "no IMF-fixdate");
    assert!(reply.field("Server").is_some());
    // That there is one framing only, and its end, `Client::reply` has seen.
    assert!(reply.field("Content-Length").is_some());
    if reply.status >= 400 {
        assert_eq!(
            reply.field("Content-Type"),
            Some("text/html; charset=utf-8")
        );
    }
}

/// The case's bytes, and the request behind them.
fn with_probe(case: &Case) -> Vec<u8> {
    match case.then {
        Then::AfterFin => case.input.clone(),
        _ => [&case.input, PROBE.as_bytes()].concat(),
    }
}

/// Whether the client itself asked for the end. Then it must not send more (RFC 9112,
/// section 9.6), and what comes behind the server's close is answered by a reset. The
/// probe is sent together with the request's end, or not at all.
fn asks_for_the_end(case: &Case) -> bool {
    let is_served = |answer: &String| answer.starts_with("200") && !answer.contains("/deaf");
    case.then == Then::Ends && case.answers.last().is_some_and(is_served)
}

/// Sends to a server that may have ended the connection.
fn send(client: &mut Client, bytes: &[u8], case: &Case) {
    let outcome = client.stream.write_all(bytes);
    if case.then == Then::GoesOn {
        outcome.expect("the server takes the bytes");
    }
}

#[test]
fn whole() {
    for_each_case("whole", |server, case| {
        let mut client = server.connect();
        send(&mut client, &with_probe(case), case);
        if case.then == Then::AfterFin {
            client.half_close();
        }
        check(&mut client, case, false);
    });
}

#[test]
fn byte_by_byte() {
    for_each_case("byte by byte", |server, case| {
        let mut client = server.connect();
        let bytes = match asks_for_the_end(case) {
            true => case.input.clone(),
            false => with_probe(case),
        };
        // The largest ones in pieces of some bytes, or it takes too long.
        for piece in bytes.chunks(1 + bytes.len() / 2000) {
            send(&mut client, piece, case);
        }
        if case.then == Then::AfterFin {
            client.half_close();
        }
        check(&mut client, case, false);
    });
}

/// How many connections wait at once for the second half of what they send.
const AT_ONCE: usize = 50;

#[test]
fn cut_at_every_place() {
    for_each_case("cut at every place", |server, case| {
        let bytes = with_probe(case);
        // Large ones at some places only; and so where ports are few, as each
        // connection that the server ends keeps one for a while.
        let most = if cfg!(target_os = "linux") { 300 } else { 15 };
        let places: Vec<usize> = match bytes.len() {
            0 => Vec::new(),
            length if length <= most => (1..length).collect(),
            length => {
                let count = most.min(100);
                (1..count).map(|n| n * length / count).collect()
            }
        };
        let is_apart = |place: &usize| asks_for_the_end(case) && *place >= case.input.len();
        let places: Vec<usize> = places
            .into_iter()
            .filter(|place| !is_apart(place))
            .collect();
        let mut clients: Vec<Client> = Vec::new();
        for places in places.chunks(AT_ONCE) {
            // A connection that goes on is used again.
            while clients.len() < places.len() {
                clients.push(server.connect());
            }
            clients.truncate(places.len());
            for (client, &place) in clients.iter_mut().zip(places) {
                send(client, &bytes[..place], case);
            }
            for (client, &place) in clients.iter_mut().zip(places) {
                send(client, &bytes[place..], case);
                if case.then == Then::AfterFin {
                    client.half_close();
                }
            }
            for (client, &place) in clients.iter_mut().zip(places) {
                let seen = panic::catch_unwind(AssertUnwindSafe(|| check(client, case, false)));
                assert!(seen.is_ok(), "cut at {place} of {}", bytes.len());
            }
            if case.then != Then::GoesOn {
                clients.clear();
            }
        }
    });
}

#[test]
fn with_the_clients_side_shut_down() {
    for_each_case("with the client's side shut down", |server, case| {
        if case.then != Then::GoesOn {
            return;
        }
        let mut client = server.connect();
        client.send(&case.input);
        client.half_close();
        check(&mut client, case, true);
    });
}
