//! Wrong: its buffer has no room, so read_exact reads nothing.
//! rejected by: step 2
//! diagnosis: empty-body

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
                let mut body = vec![0; length];
                request.body().read_exact(&mut body)?;
                match message(&body) {
                    Some(message) => send_text(response, 200, format!("{message}\n")),
                    None => send_text(response, 400, "Your form has no field message.\n"),
                }
            }
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

/// How many bytes the body has, if the client says so.
fn content_length(request: &Request) -> Option<usize> {
    let value = request.header("Content-Length")?;
    value.parse().ok()
}

/// Reads this many bytes of the body, no more and no less.
fn read_body(request: &mut Request, length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(length);
    request.body().read_exact(&mut body)?;
    Ok(body)
}

/// The field `message` of the form that is in this body, if it has one.
fn message(body: &[u8]) -> Option<String> {
    let fields = parse_form(&String::from_utf8_lossy(body));
    fields.get("message").cloned()
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
