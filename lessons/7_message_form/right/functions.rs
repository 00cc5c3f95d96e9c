//! Another way to write it: functions that make pages, the form in the page with the message
//! as well, and a body that is read byte by byte.

use std::io::Read;

use http_core::{
    Answer, Handler, HttpServer, Request, Response, escape_html, local_address, parse_form,
};

const STYLE: &str = "<style>p { white-space: pre-wrap; }</style>";

struct MessageForm;

fn form() -> String {
    let field = "<textarea rows=4 name=message></textarea>";
    format!("<form method=post action=/>\n{field}\n<input type=submit value=\"Post it\">\n</form>")
}

fn page(title: &str, content: &str) -> String {
    format!("<!DOCTYPE html>\n<title>{title}</title>\n{STYLE}\n<h1>{title}</h1>\n{content}\n")
}

fn message_page(message: &str) -> String {
    let text = match message {
        "" => "<em>(nothing)</em>".to_string(),
        text => escape_html(text),
    };
    page("You wrote", &format!("<p>{text}</p>\n<hr>\n{}", form()))
}

fn fields_of(request: &mut Request) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    for byte in request.body().bytes() {
        bytes.push(byte?);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let fields = parse_form(&text);
    match fields.contains_key("message") {
        true => Ok(Some(fields["message"].clone())),
        false => Ok(None),
    }
}

fn send(response: Response, status: u16, page: String) -> Answer {
    let headers = response
        .send_response(status)
        .send_header("Content-Type", "text/html; charset=utf-8");
    headers.end_headers()?.send(page)
}

impl Handler for MessageForm {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() == "/" {
            true => send(response, 200, page("Write", &form())),
            false => send(response, 404, page("Not here", "")),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/" {
            let message = fields_of(request)?;
            match message {
                Some(message) => send(response, 200, message_page(&message)),
                None => send(response, 400, page("No field message", &form())),
            }
        } else {
            send(response, 404, page("Not here", ""))
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageForm)
}
