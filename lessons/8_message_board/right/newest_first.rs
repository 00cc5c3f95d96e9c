//! Another way to write it: the newest message first, in a list, with words of its own.

use std::io::{self, Read};
use std::sync::Mutex;

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

const BOARD_PAGE: &str = include_str!("../lessons/8_message_board/board.html");

const LONGEST: usize = 200;

struct MessageBoard {
    messages: Mutex<Vec<String>>,
}

impl Handler for MessageBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nothing to see.");
        }
        let messages = self.messages.lock().unwrap();
        let items: Vec<String> = messages
            .iter()
            .rev()
            .map(|message| format!("<li class=\"message\"><b>{}</b></li>", escape_html(message)))
            .collect();
        let list = format!("<ul>{}</ul>", items.join("\n"));
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(BOARD_PAGE.replace("<!-- messages -->", &list))
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nobody reads this.");
        }
        let Some(message) = read_message(request)? else {
            return response.send_error(400, "What did you want to say?");
        };
        if message.trim() == "" {
            return response.send_error(400, "Say something!");
        }
        if message.chars().nth(LONGEST).is_some() {
            return response.send_error(413, "At most 200 characters, please.");
        }
        let mut messages = self.messages.lock().unwrap();
        messages.push(message);
        response.redirect(303, "/")
    }
}

fn read_message(request: &mut Request) -> io::Result<Option<String>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    Ok(fields.get("message").map(|text| text.replace("\r\n", "\n")))
}

fn main() -> http_core::Result<()> {
    let messages = Mutex::new(Vec::new());
    HttpServer::bind(local_address())?.serve_forever(MessageBoard { messages })
}
