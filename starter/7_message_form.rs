//! Lesson 7: the message form, part two of a message board. A page to type into.
//!
//!     cargo run -p message_form       run it, then open http://localhost:8000/
//!     cargo test -p message_form      see which steps are done
//!
//! The lesson is in lessons/7_message_form/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::io::{self, Read};

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

/// The page that shows a message.
const MESSAGE_PAGE: &str = include_str!("../lessons/7_message_form/message.html");

struct MessageForm;

impl Handler for MessageForm {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => todo!("step 1: answer with the form, which is in form.html"),
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        match read_message(request)? {
            Some(message) => todo!("step 2: answer with a page that shows the message"),
            None => todo!("step 3: answer 400, because the form has no message"),
        }
    }
}

/// The field `message` of the form in the body, as in lesson 6.
fn read_message(request: &mut Request) -> io::Result<Option<String>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    Ok(fields.get("message").cloned())
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
    HttpServer::bind(local_address())?.serve_forever(MessageForm)
}
