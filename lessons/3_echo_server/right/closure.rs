//! Right: a closure answers all requests; the text is decoded part by part.

use http_core::{Answer, HttpServer, Request, Response, local_address};

fn answer(request: &mut Request, response: Response) -> Answer {
    let Some(text) = decode(without_slash(request.path())) else {
        return send_text(response, 400, "Bad percent-encoding\n");
    };
    let query = format!("&{}&", request.query().unwrap_or(""));
    let line = match query.contains("&shout=1&") {
        true => text.to_uppercase(),
        false => text,
    };
    send_text(response, 200, &(line + "\n"))
}

/// The path without the slash that it begins with.
fn without_slash(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// The text behind a percent-encoded one: `%41` is `A`. `None` if that cannot be.
fn decode(encoded: &str) -> Option<String> {
    let mut parts = encoded.split('%');
    let mut bytes: Vec<u8> = parts.next()?.into();
    for part in parts {
        if part.len() < 2 || !part.is_char_boundary(2) || part.starts_with('+') {
            return None;
        }
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
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
    HttpServer::bind(local_address())?.serve_forever(answer)
}
