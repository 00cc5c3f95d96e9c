//! Right: it reads in pieces until it has all, takes the form apart by hand, and sends the
//! length itself. The answer with 400 is a page.

use std::io::{self, ErrorKind, Read};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct MessageEcho;

impl Handler for MessageEcho {
    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let Some(length) = content_length(request) else {
            return response.send_error(411, "Send a Content-Length with your body.");
        };
        match request.path() {
            "/length" => send_text(response, 200, format!("{length} bytes\n")),
            "/body" => {
                let body = read_body(request, length)?;
                response
                    .send_response(200)
                    .send_header("Content-Type", "application/octet-stream")
                    .end_headers()?
                    .send(body)
            }
            "/" => {
                let body = read_body(request, length)?;
                match message(&body) {
                    Some(message) => send_text(response, 200, format!("{message}\n")),
                    None => response.send_error(400, "There is no field message in it."),
                }
            }
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

fn content_length(request: &Request) -> Option<usize> {
    let mut fields = request.headers();
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn read_body(request: &mut Request, length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut piece = [0; 700];
    while body.len() < length {
        let most = piece.len().min(length - body.len());
        match request.body().read(&mut piece[..most])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => body.extend(&piece[..count]),
        }
    }
    Ok(body)
}

fn message(body: &[u8]) -> Option<String> {
    for field in body.split(|byte| *byte == b'&') {
        let mut parts = field.splitn(2, |byte| *byte == b'=');
        if decode(parts.next()?) == "message" {
            return Some(decode(parts.next().unwrap_or(b"")));
        }
    }
    None
}

/// A name or a value of a form. A percent sign without two digits stays.
fn decode(encoded: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < encoded.len() {
        let digit = |at: usize| char::from(*encoded.get(at)?).to_digit(16);
        match (encoded[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            (byte, ..) => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn send_text(response: Response, status: u16, text: String) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Length", text.len())
        .send_header("Content-Type", "text/plain;charset=UTF-8")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageEcho)
}
