//! Another way to write it: one function for all methods, and the routes in one match.

use std::io::Read;

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

const FORM_PAGE: &str = include_str!("../lessons/7_message_form/form.html");
const MESSAGE_PAGE: &str = include_str!("../lessons/7_message_form/message.html");

struct MessageForm;

impl MessageForm {
    fn shown(&self, request: &mut Request, response: Response) -> Answer {
        let mut body = String::new();
        let mut bytes = Vec::new();
        request.body().read_to_end(&mut bytes)?;
        body.push_str(&String::from_utf8_lossy(&bytes));
        let Some(message) = parse_form(&body).remove("message") else {
            return response.send_error(400, "Please send a message.");
        };
        let (before, after) = MESSAGE_PAGE
            .split_once("<!-- message -->")
            .unwrap_or(("", ""));
        let page = before.to_string() + &escape_html(&message) + after;
        html(response, page)
    }
}

fn html(response: Response, page: String) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(page)
}

impl Handler for MessageForm {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        let method = request.method().as_str().to_string();
        match (method.as_str(), request.path()) {
            ("GET" | "HEAD", "/") => html(response, FORM_PAGE.to_string()),
            ("POST", "/") => self.shown(request, response),
            ("GET" | "HEAD" | "POST", _) => response.send_error(404, "There is nothing."),
            _ => response.send_error(501, "Only GET and POST."),
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageForm)
}
