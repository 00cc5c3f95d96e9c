//! Right: it takes as much as the length says and reads that to its end; the fields are
//! looked at one by one.

use std::io::{self, Read};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

struct MessageEcho;

impl Handler for MessageEcho {
    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let length = match content_length(request) {
            Some(length) => length,
            None => return send_text(response, 411, "How long is it?\n"),
        };
        let path = request.path().to_string();
        if path == "/length" {
            return send_text(response, 200, length.to_string() + " bytes\n");
        }
        if path != "/" && path != "/body" {
            return send_text(response, 404, "Not here.\n");
        }
        let body = read_body(request, length)?;
        if path == "/body" {
            return send_text(response, 200, body);
        }
        if let Some(message) = message(&body) {
            send_text(response, 200, message + "\n")
        } else {
            send_text(response, 400, "a message=... is missing")
        }
    }
}

/// How many bytes the body has, if the client says so.
fn content_length(request: &Request) -> Option<usize> {
    match request.header("content-length") {
        Some(value) => value.trim().parse::<usize>().ok(),
        None => None,
    }
}

/// Reads this many bytes of the body, no more and no less.
fn read_body(request: &mut Request, length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(length);
    request.body().take(length as u64).read_to_end(&mut body)?;
    Ok(body)
}

/// The field `message` of the form that is in this body, if it has one.
fn message(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    for field in text.split('&') {
        if let Some(value) = parse_form(field).remove("message") {
            return Some(value);
        }
    }
    None
}

/// Answers with this status and plain text (or bytes that are text).
fn send_text(response: Response, status: u16, text: impl AsRef<[u8]>) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageEcho)
}
