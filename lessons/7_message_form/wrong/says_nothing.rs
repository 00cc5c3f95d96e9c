//! Wrong: it answers 400, and does not say what is missing.
//! rejected by: step 3
//! diagnosis: other-body

use std::io::{self, Read};

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

/// The page with the form.
const FORM_PAGE: &str = include_str!("../lessons/7_message_form/form.html");

/// The page that shows a message.
const MESSAGE_PAGE: &str = include_str!("../lessons/7_message_form/message.html");

struct MessageForm;

impl Handler for MessageForm {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => send_page(response, FORM_PAGE),
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        match read_message(request)? {
            Some(message) => {
                let text = escape_html(&message);
                send_page(response, &MESSAGE_PAGE.replace("<!-- message -->", &text))
            }
            None => response.send_error(400, "Bad form."),
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
