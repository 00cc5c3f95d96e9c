//! Right: it lets the library decode, after a look at every percent sign.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct EchoServer;

impl Handler for EchoServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let encoded: &str = without_slash(request.path());
        let text: String = match decode(request, encoded) {
            Some(text) => text,
            None => return send_text(response, 400, "Bad percent-encoding\n"),
        };
        let text: String = match request.query() {
            Some(query) => {
                let shout = query.split('&').any(|field| field == "shout=1");
                if shout { text.to_uppercase() } else { text }
            }
            None => text,
        };
        send_text(response, 200, &format!("{text}\n"))
    }
}

/// The path without the slash that it begins with.
fn without_slash(path: &str) -> &str {
    &path[1..]
}

/// The text behind a percent-encoded one: `%41` is `A`. `None` if that cannot be.
fn decode(request: &Request, encoded: &str) -> Option<String> {
    for part in encoded.split('%').skip(1) {
        let digits = part.as_bytes().get(..2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    let path = request.decoded_path().ok()?;
    Some(path[1..].to_string())
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
