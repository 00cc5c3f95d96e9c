//! http-core and hyper side by side: the cases of the table on both, with handlers
//! that do the same. Prints where they differ, and fails where the README does not
//! explain a difference.

#[path = "../../tests/protocol/cases/mod.rs"]
#[allow(dead_code)]
mod cases;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cases::{Case, Then};
use fuzz::answers;
use fuzz::reading::{self, Seen};
use http_body_util::{BodyExt, Full};
use http_core::{HttpServer, Limits, Request, Response};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

const PROBE: &[u8] = b"GET /behind HTTP/1.1\r\nHost: h\r\n\r\n";

fn main() -> ExitCode {
    let hyper = start_hyper();
    let mut differences: BTreeMap<(usize, String, String), Vec<String>> = BTreeMap::new();
    let classes = cases::all();
    let mut same = 0;
    for (row, class) in classes.iter().enumerate() {
        // Limits are a server's own affair.
        if class.limits != Limits::default() {
            continue;
        }
        let ours = start_ours(class.limits.clone());
        for case in &class.cases {
            let (ours, theirs) = (outcome(ours, case), outcome(hyper, case));
            if ours == theirs {
                same += 1;
            } else {
                let inputs = differences.entry((row, ours, theirs)).or_default();
                let start = &case.input[..case.input.len().min(100)];
                inputs.push(start.escape_ascii().to_string());
            }
        }
    }
    let readme = include_str!("../../README.md");
    let mut unexplained = 0;
    let mut different = 0;
    for ((row, ours, theirs), inputs) in &differences {
        different += inputs.len();
        let input = classes[*row].input.replace('|', "\\|");
        let line = format!("| {input} | {ours} | {theirs} | {} |", inputs.len());
        let is_explained = readme.contains(&line);
        unexplained += usize::from(!is_explained);
        println!(
            "{}{line}",
            if is_explained { "" } else { "NOT EXPLAINED: " }
        );
        for input in inputs {
            println!("    {input}");
        }
    }
    let summary = format!("{same} cases with the same outcome, {different} with another");
    println!("{summary}");
    if unexplained > 0 || !readme.contains(&summary) {
        println!("http-core/README.md must have these lines");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What comes back for a case: its statuses, and whether the connection goes on.
fn outcome(address: SocketAddr, case: &Case) -> String {
    let mut bytes = case.input.clone();
    if case.then != Then::AfterFin {
        bytes.extend_from_slice(PROBE);
    }
    let mut sent = exchange(address, &bytes);
    const IN_KIND: &[u8] = b"HTTP/1.0 200 OK\r\n";
    while let Some(at) = sent.windows(IN_KIND.len()).position(|w| w == IN_KIND) {
        // hyper answers HTTP/1.0 in kind, which is as good.
        sent[at + b"HTTP/1.".len()] = b'1';
    }
    let methods: Vec<bool> = reading::requests(&bytes, &Limits::default())
        .iter()
        .map(|seen| match seen {
            Seen::Request(request) => request.method == b"HEAD",
            Seen::Refused { is_head, .. } => *is_head,
            Seen::Empty => false,
        })
        .collect();
    let mut rest = &sent[..];
    let mut statuses = Vec::new();
    let mut goes_on = false;
    while !rest.is_empty() {
        let is_head = methods.get(statuses.len()).copied().unwrap_or(false);
        let answer = answers::next(&mut rest, is_head);
        if answer.status == 100 {
            continue;
        }
        goes_on = answer.body == b"GET /behind ";
        let mut status = answer.status.to_string();
        // Where a body ends shows in what is echoed.
        let expected = case.answers.iter().filter(|a| !a.starts_with("100"));
        let expected = expected.map(String::as_str).nth(statuses.len());
        let body = expected.and_then(|expected| expected.strip_prefix("200 "));
        if let (200, Some(body), false) = (answer.status, body, goes_on) {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let is_same = text.trim_end().split(" [").next() == body.trim_end().split(" [").next();
            if !is_same {
                status += " with another echo";
            }
        }
        statuses.push(status);
    }
    if goes_on {
        statuses.pop();
    }
    let end = match (case.then, goes_on) {
        (Then::AfterFin, _) => "the end",
        (_, true) => "goes on",
        (_, false) => "closed",
    };
    let shown = match &statuses[..] {
        [] => "nothing".to_owned(),
        [first, .., last] if statuses.len() > 2 => {
            format!("{first}, … {last} ({} answers)", statuses.len())
        }
        few => few.join(", "),
    };
    format!("{shown}, {end}")
}

/// Sends all, then nothing more; all that comes back. (Neither server is given
/// time to close before: that is http-core's own tests' affair.)
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    // hyper may reset a connection that it refuses.
    let _ = stream.read_to_end(&mut answers);
    answers
}

/// Method, target, body.
fn echo(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    [method.as_bytes(), b" ", target.as_bytes(), b" ", body].concat()
}

fn start_ours(limits: Limits) -> SocketAddr {
    let server = HttpServer::bind("127.0.0.1:0").expect("a free port");
    let server = server.limits(limits).access_log(false);
    let address = server.local_addresses()[0];
    thread::spawn(move || {
        server.serve_forever(|request: &mut Request, response: Response| {
            let mut body = Vec::new();
            if request.path() != "/deaf" {
                request.body().read_to_end(&mut body)?;
            }
            let text = echo(request.method().as_str(), request.target(), &body);
            response.send_response(200).end_headers()?.send(text)
        })
    });
    address
}

async fn answer(
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let mut response = hyper::Response::new(Full::default());
    let body = match parts.uri.path() {
        "/deaf" => Ok(Bytes::new()),
        _ => body.collect().await.map(|body| body.to_bytes()),
    };
    match body {
        // A 200 would turn the connection into a tunnel.
        _ if parts.method == "CONNECT" => {
            *response.status_mut() = hyper::StatusCode::NOT_IMPLEMENTED;
        }
        Ok(body) => {
            *response.body_mut() = echo(parts.method.as_str(), &target, &body).into();
        }
        // What an application does with an error of the body.
        Err(_) => *response.status_mut() = hyper::StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

fn start_hyper() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.expect("a free port");
            tell.send(listener.local_addr().expect("it has one"))
                .expect("somebody waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                tokio::spawn(async move {
                    let _ = http1::Builder::new()
                        .half_close(true)
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await;
                });
            }
        });
    });
    told.recv().expect("it starts")
}
