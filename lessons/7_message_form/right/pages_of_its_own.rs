//! Another way to write it: pages of its own, and an escape that writes most characters by
//! their number.

use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

const FORM: &str = "<form action='/' method=\"POST\">
<input type=text name='message'><button type=submit>Send</button>
</form>";

struct MessageForm;

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '\r' | '\n' => escaped.push(c),
            _ => escaped.push_str(&format!("&#{};", c as u32)),
        }
    }
    escaped
}

fn page(response: Response, status: u16, content: &str) -> Answer {
    let html = format!("<!doctype html>\n<html lang=en><title>Messages</title>{content}</html>\n");
    response
        .send_response(status)
        .send_header("Content-Type", "text/html; charset=UTF-8")
        .end_headers()?
        .send(html)
}

impl Handler for MessageForm {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/" {
            page(response, 200, FORM)
        } else {
            page(response, 404, "<h1>404</h1>")
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return page(response, 404, "<h1>404</h1>");
        }
        let mut bytes = vec![];
        request.body().read_to_end(&mut bytes)?;
        let fields = parse_form(&String::from_utf8_lossy(&bytes));
        if let Some(message) = fields.get("message") {
            let text = escape(message);
            page(
                response,
                200,
                &format!("<p>You said: <pre>\n{text}</pre></p>"),
            )
        } else {
            page(
                response,
                400,
                "<p>The field <code>message</code> is missing.</p>",
            )
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageForm)
}
