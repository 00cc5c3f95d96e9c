//! Right: it counts positions, and looks whether they are there; the query is looked at in a loop.

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
                let mut loud = false;
                for field in query.split('&') {
                    match field.split_once('=') {
                        Some(("shout", "1")) => loud = true,
                        _ => {}
                    }
                }
                if loud {
                    text.chars().flat_map(char::to_uppercase).collect()
                } else {
                    text
                }
            }
            None => text,
        };
        send_text(response, 200, &format!("{text}\n"))
    }
}

/// The path without the slash that it begins with.
fn without_slash(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// The text behind a percent-encoded one: `%41` is `A`. `None` if that cannot be.
fn decode(encoded: &str) -> Option<String> {
    let all = encoded.as_bytes();
    let mut bytes: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if all[at] != b'%' {
            bytes.push(all[at]);
            at += 1;
            continue;
        }
        if at + 2 >= all.len() {
            return None;
        }
        let value = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            b'A'..=b'F' => Some(byte - b'A' + 10),
            _ => None,
        };
        bytes.push(value(all[at + 1])? << 4 | value(all[at + 2])?);
        at += 3;
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
