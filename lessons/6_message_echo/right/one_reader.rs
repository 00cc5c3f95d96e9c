//! Right: the body is copied out of its reader; every answer is made in one place.

use std::borrow::Cow;
use std::io::{self, Read};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

struct MessageEcho;

enum Said {
    Length(usize),
    Body(Vec<u8>),
    Message(String),
    NoMessage,
    NoLength,
    Nowhere,
}

impl Handler for MessageEcho {
    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let (status, text): (u16, Cow<[u8]>) = match said(request)? {
            Said::Length(length) => (200, format!("{length} bytes\n").into_bytes().into()),
            Said::Body(body) => (200, body.into()),
            Said::Message(message) => (200, (message + "\n").into_bytes().into()),
            Said::NoMessage => (400, b"{\"missing\": \"message\"}\n".into()),
            Said::NoLength => (411, b"Content-Length, please.\n".into()),
            Said::Nowhere => (404, b"No such path.\n".into()),
        };
        response
            .send_response(status)
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .send_header("Cache-Control", "no-store")
            .end_headers()?
            .send(text)
    }
}

fn said(request: &mut Request) -> io::Result<Said> {
    let Some(length) = request
        .header("Content-Length")
        .and_then(|value| value.parse::<u64>().ok())
    else {
        return Ok(Said::NoLength);
    };
    let (is_body, is_home) = match request.path() {
        "/length" => return Ok(Said::Length(length as usize)),
        path => (path == "/body", path == "/"),
    };
    if !is_body && !is_home {
        return Ok(Said::Nowhere);
    }
    let mut body = Vec::new();
    io::copy(&mut request.body().take(length), &mut body)?;
    if is_body {
        return Ok(Said::Body(body));
    }
    let text = String::from_utf8_lossy(&body);
    Ok(match parse_form(&text).remove("message") {
        Some(message) => Said::Message(message),
        None => Said::NoMessage,
    })
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageEcho)
}
