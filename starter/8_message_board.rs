//! Lesson 8: the message board, part three. Messages stay, and reload does no harm.
//!
//!     cargo run -p message_board      run it, then open http://localhost:8000/
//!     cargo test -p message_board     see which steps are done
//!
//! The lesson is in lessons/8_message_board/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::io::{self, Read};
use std::sync::Mutex;

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

/// The page: the form, and a place for the messages.
const BOARD_PAGE: &str = include_str!("../lessons/8_message_board/board.html");

/// The most characters that a message may have.
const LONGEST: usize = 200;

struct MessageBoard {
    messages: Mutex<Vec<String>>,
}

impl Handler for MessageBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => todo!("step 2: answer with the form and all messages"),
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        match read_message(request)? {
            Some(message) if message.trim().is_empty() => {
                todo!("step 3: answer 400, because the message is empty")
            }
            Some(message) if message.chars().count() > LONGEST => {
                todo!("step 4: answer 413, because the message is too long")
            }
            Some(message) => todo!("step 1: keep the message, and send the browser to /"),
            None => response.send_error(400, "Your form has no field message."),
        }
    }
}

/// The field `message` of the form in the body, as in lesson 7.
fn read_message(request: &mut Request) -> io::Result<Option<String>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    // A browser sends a line end as two characters. Here it is to count as one.
    Ok(fields.get("message").map(|text| text.replace("\r\n", "\n")))
}

/// Answers with a page in HTML.
fn send_page(response: Response, page: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(page)
}

fn main() -> http_core::Result<()> {
    let board = MessageBoard {
        messages: Mutex::new(Vec::new()),
    };
    HttpServer::bind(local_address())?.serve_forever(board)
}
