//! Another way to write it: a page of its own with an input, an escape of its own, other
//! words, and a 303 with a body.

use std::io::Read;
use std::sync::Mutex;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

struct MessageBoard(Mutex<String>);

/// Every character that is no letter, digit or blank, by its number.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c.is_ascii_whitespace() {
            escaped.push(c);
        } else {
            escaped += &format!("&#x{:X};", c as u32);
        }
    }
    escaped
}

fn send(response: Response, status: u16, text: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(format!("<!DOCTYPE html><title>Board</title>\n{text}"))
}

impl Handler for MessageBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => {
                let list = self.0.lock().unwrap().clone();
                let form = "<form method='POST'><input name='message'><input type=submit></form>";
                send(response, 200, &(form.to_string() + &list))
            }
            _ => send(response, 404, "<p>No.</p>"),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return send(response, 404, "<p>No.</p>");
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let message = match fields.get("message") {
            Some(message) => message.replace("\r\n", "\n"),
            None => String::new(),
        };
        let length = message.chars().count();
        match length {
            _ if message.chars().all(char::is_whitespace) => send(response, 400, "<p>Empty.</p>"),
            0..=200 => {
                let line = format!("<pre>\n{}</pre>\n", escape(&message));
                self.0.lock().unwrap().push_str(&line);
                response
                    .send_response(303)
                    .send_header("Location", "/")
                    .end_headers()?
                    .send("See the board.\n")
            }
            _ => send(
                response,
                413,
                &format!("<p>{length}, and <b>200</b> is the most.</p>"),
            ),
        }
    }
}

fn main() -> http_core::Result<()> {
    let board = MessageBoard(Mutex::new(String::new()));
    HttpServer::bind(local_address())?.serve_forever(board)
}
