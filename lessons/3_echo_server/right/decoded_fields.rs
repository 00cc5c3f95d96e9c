//! Right: it decodes the fields of the query as well, which the text leaves open.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct EchoServer;

impl Handler for EchoServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let encoded: &str = without_slash(request.path());
        let text: String = match decode(encoded) {
            Some(text) => text,
            None => return send_text(response, 400, "Bad percent-encoding\n"),
        };
        let text: String = match request.query() {
            Some(query) => {
                let is_shout = |field: &str| match decode(&field.replace('+', "%20")) {
                    Some(field) => field == "shout=1",
                    None => false,
                };
                let shout = query.split('&').any(is_shout);
                if shout { text.to_uppercase() } else { text }
            }
            None => text,
        };
        let line = text + "\n";
        response
            .send_response(200)
            .send_header("X-Echo", "yes")
            .send_header("Content-Type", "text/plain;charset=UTF-8")
            .send_header("Content-Length", line.len())
            .end_headers()?
            .send(line)
    }
}

/// The path without the slash that it begins with.
fn without_slash(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// The text behind a percent-encoded one: `%41` is `A`. `None` if that cannot be.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes: Vec<u8> = Vec::new();
    // An iterator over the bytes: each `next` gives one more, until there are none.
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            // The two bytes behind it, if there are two.
            let (high, low) = (rest.next(), rest.next());
            // A `?` ends `decode` with `None`: there is no byte, or it is no digit.
            let high = char::from(high?).to_digit(16)?;
            let low = char::from(low?).to_digit(16)?;
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Every answer of this server: a status and a text.
fn send_text(response: Response, status: u16, text: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(EchoServer)
}
