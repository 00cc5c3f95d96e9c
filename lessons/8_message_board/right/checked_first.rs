//! Another way to write it: a function that says what is wrong with a message, an RwLock, a
//! numbered list that is written with `writeln!`, and its own lines for the redirect.

use std::fmt::Write as _;
use std::io::Read;
use std::sync::RwLock;

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

const BOARD_PAGE: &str = include_str!("../lessons/8_message_board/board.html");

struct Message {
    number: usize,
    text: String,
}

#[derive(Default)]
struct MessageBoard {
    messages: RwLock<Vec<Message>>,
}

/// What is wrong with a message: a status, and a sentence.
fn fault(message: Option<&str>) -> Option<(u16, &'static str)> {
    let Some(text) = message else {
        return Some((400, "There is no message in what you sent."));
    };
    if text.split_whitespace().next().is_none() {
        return Some((400, "An empty message says nothing."));
    }
    let too_long = text.chars().skip(200).next().is_some();
    too_long.then_some((413, "Be brief: 200 characters, and no more."))
}

impl MessageBoard {
    fn keep(&self, text: String) {
        let mut messages = self.messages.write().unwrap();
        let number = messages.len() + 1;
        messages.push(Message { number, text });
    }

    fn page(&self) -> String {
        let messages = self.messages.read().unwrap();
        let mut list = format!("<h2>{} so far</h2>\n<dl>\n", messages.len());
        for Message { number, text } in &*messages {
            let text = escape_html(text);
            writeln!(list, "<dt>No. {number}</dt><dd><pre>\n{text}</pre></dd>").unwrap();
        }
        BOARD_PAGE.replace("<!-- messages -->", &(list + "</dl>"))
    }
}

impl Handler for MessageBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Only / is here.");
        }
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .send_header("Cache-Control", "no-store")
            .end_headers()?
            .send(self.page())
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Only / is here.");
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let mut fields = parse_form(&String::from_utf8_lossy(&body));
        let message = fields.remove("message");
        let message = message.map(|text| text.replace("\r\n", "\n"));
        if let Some((status, why)) = fault(message.as_deref()) {
            return response.send_error(status, why);
        }
        self.keep(message.unwrap_or_default());
        response
            .send_response(303)
            .send_header("Location", "/")
            .end_headers()?
            .send("")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageBoard::default())
}
