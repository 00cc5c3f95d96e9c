//! What the tests of slow clients share: what they ask for, and the handler that has to wait
//! for them.

use std::io::{self, Write};

use http_core::{Answer, Request, Response};

use super::program::Program;

/// Reads all of the body, and answers with its length.
pub fn count_body(request: &mut Request, response: Response) -> Answer {
    let length = io::copy(request.body(), &mut io::sink())?;
    response
        .send_response(200)
        .end_headers()?
        .send(length.to_string())
}

/// Answers with as many pieces as it takes to have `length` bytes.
pub fn stream(response: Response, piece: &[u8], length: usize) -> Answer {
    let mut body = response.send_response(200).end_headers()?;
    for _ in 0..length / piece.len() {
        body.write_all(piece)?;
    }
    body.finish()
}

/// More than the system holds for a client that reads nothing.
pub const STREAM: usize = 13_000_000;

/// The head of a GET.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// The head of an upload of `length` bytes.
pub fn upload(length: usize) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

/// The head of an upload whose client waits until it is asked for it.
pub fn upload_on_demand(length: usize) -> String {
    upload(length).replace("Host", "Expect: 100-continue\r\nHost")
}

/// The number of threads that a program has, as Linux tells it.
pub fn threads(program: &Program) -> usize {
    let folder = format!("/proc/{}/task", program.child.id());
    std::fs::read_dir(folder).unwrap().count()
}
