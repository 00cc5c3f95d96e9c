//! Right: the numbers are one text from the beginning, and a `match` chooses the word.

use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct TextAndBytes;

impl Handler for TextAndBytes {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        // The word for cat, in the language that the path names.
        let word: &str = match request.path() {
            "/cat/ar" => "قط",
            "/cat/es" => "gato",
            "/cat/fa" => "گربه",
            "/cat/hi" => "बिल्ली",
            "/cat/ja" => "ねこ",
            "/cat/uk" => "кіт",
            "/cat/zh" => "猫",
            _ => return send_text(response, 404, "Page not found\n"),
        };
        send_text(response, 200, &format!("{word}\n"))
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        // The body of the request, as it came: bytes.
        let mut body: Vec<u8> = Vec::new();
        request.body().read_to_end(&mut body)?;
        match request.path() {
            "/bytes" => {
                let mut line = String::new();
                for byte in body {
                    if !line.is_empty() {
                        line.push(' ');
                    }
                    line += &format!("{byte:02X}");
                }
                line += "\n";
                send_text(response, 200, &line)
            }
            // Any bytes can come, and not all bytes are text.
            "/count" => match String::from_utf8(body) {
                Ok(text) => {
                    let characters = text.chars().fold(0, |count, _| count + 1);
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
        .send_header("Content-Type", "text/plain; charset=utf-8")
        // In bytes, not in characters.
        .send_header("Content-Length", text.len())
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(TextAndBytes)
}
