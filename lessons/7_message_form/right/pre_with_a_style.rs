//! Another way to write it: a <pre> with a style, and an escape that is written character by
//! character.

use std::io::{self, Read, Write};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

/// The page with the form.
const FORM_PAGE: &str = include_str!("../lessons/7_message_form/form.html");

/// The page that shows a message, before and behind it. (HTML passes over the one line end that
/// stands right behind `<pre>`, so this one takes the place of one in the message.)
const BEFORE: &str = "<!doctype html>
<html lang=en>
<head><meta charset=utf-8><title>Your message</title></head>
<body>
<h1>Your message</h1>
<pre style='white-space: pre-wrap'>\n";
const BEHIND: &str = "</pre>
<a href=/>Write another one</a>
</body>
</html>
";

const HTML: &str = "text/html; charset=utf-8";

struct MessageForm;

impl Handler for MessageForm {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => response
                .send_response(200)
                .send_header("Content-Type", HTML)
                .end_headers()?
                .send(FORM_PAGE),
            other => response.send_error(404, &format!("There is no page {other} here.")),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let message = read_message(request)?;
        match (request.path(), message) {
            ("/", Some(message)) => {
                let mut page = response
                    .send_response(200)
                    .send_header("Content-Type", HTML)
                    .end_headers()?;
                page.write_all(BEFORE.as_bytes())?;
                for c in message.chars() {
                    match entity(c) {
                        Some(entity) => page.write_all(entity.as_bytes())?,
                        None => write!(page, "{c}")?,
                    }
                }
                page.write_all(BEHIND.as_bytes())?;
                page.finish()
            }
            ("/", None) => response.send_error(400, "The field \"message\" is missing."),
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

/// What stands in HTML for a character that is markup there.
fn entity(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

/// The field `message` of the form in the body, as in lesson 6.
fn read_message(request: &mut Request) -> io::Result<Option<String>> {
    let mut body = vec![];
    request.body().read_to_end(&mut body)?;
    let text = String::from_utf8_lossy(&body);
    Ok(parse_form(&text)
        .get("message")
        .map(|message| message.to_string()))
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(MessageForm)
}
