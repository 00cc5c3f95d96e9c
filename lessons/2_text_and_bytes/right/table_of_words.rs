//! Right: the words stand in a table, the digits in another; the type is written without a space.

use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct TextAndBytes;

impl Handler for TextAndBytes {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        // The word for cat, in the language that the path names.
        let words = [
            ("ar", "قط"),
            ("es", "gato"),
            ("fa", "گربه"),
            ("hi", "बिल्ली"),
            ("ja", "ねこ"),
            ("uk", "кіт"),
            ("zh", "猫"),
        ];
        let language = request.path().strip_prefix("/cat/").unwrap_or("");
        let Some((_, word)) = words.iter().find(|(known, _)| *known == language) else {
            return send_text(response, 404, "Page not found\n");
        };
        send_text(response, 200, &format!("{word}\n"))
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        // The body of the request, as it came: bytes.
        let mut body: Vec<u8> = Vec::new();
        request.body().read_to_end(&mut body)?;
        match request.path() {
            "/bytes" => {
                let mut numbers: Vec<String> = Vec::new();
                for byte in &body {
                    // In hexadecimal, always two digits.
                    const DIGITS: &[u8] = b"0123456789ABCDEF";
                    let digit = |digit: u8| char::from(DIGITS[usize::from(digit)]);
                    numbers.push(String::from_iter([digit(byte >> 4), digit(byte & 15)]));
                }
                let line = numbers.join(" ");
                send_text(response, 200, &format!("{line}\n"))
            }
            // Any bytes can come, and not all bytes are text.
            "/count" => match String::from_utf8(body) {
                Ok(text) => {
                    let characters = text.chars().count();
                    let bytes = text.len();
                    let line = format!("characters: {characters}, bytes: {bytes}\n");
                    send_text(response, 200, &line)
                }
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    send_text(response, 400, &format!("not UTF-8, good bytes: {good}\n"))
                }
            },
            _ => send_text(response, 404, "Page not found\n"),
        }
    }
}

/// Every answer of this server: a status and a text.
fn send_text(response: Response, status: u16, text: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/plain;charset=UTF-8")
        // In bytes, not in characters.
        .send_header("Content-Length", text.len())
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(TextAndBytes)
}
