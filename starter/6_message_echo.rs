//! Lesson 6: the message echo, part one of a message board. The body of a POST.
//!
//!     cargo run -p message_echo       run it, then post to it with curl
//!     cargo test -p message_echo      see which steps are done
//!
//! The lesson is in lessons/6_message_echo/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(unused_imports, unused_variables)]

use std::io::{self, Read};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

struct MessageEcho;

impl Handler for MessageEcho {
    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let Some(length) = content_length(request) else {
            return send_text(response, 411, "Send a Content-Length with your body.\n");
        };
        match request.path() {
            "/length" => send_text(response, 200, format!("{length} bytes\n")),
            "/body" => {
                let body = read_body(request, length)?;
                send_text(response, 200, body)
            }
            "/" => {
                let body = read_body(request, length)?;
                match message(&body) {
                    Some(message) => send_text(response, 200, format!("{message}\n")),
                    None => todo!("step 4: answer 400, because the form has no message"),
                }
            }
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

/// How many bytes the body has, if the client says so.
fn content_length(request: &Request) -> Option<usize> {
    todo!("step 1: make a number of the header Content-Length")
}

/// Reads this many bytes of the body, no more and no less.
fn read_body(request: &mut Request, length: usize) -> io::Result<Vec<u8>> {
    todo!("step 2: read exactly that much")
}

/// The field `message` of the form that is in this body, if it has one.
fn message(body: &[u8]) -> Option<String> {
    todo!("step 3: take the field out of the form")
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
