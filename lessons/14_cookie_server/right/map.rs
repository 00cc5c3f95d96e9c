//! All cookies of a request in a map, in which the first of a name stays.

use std::collections::HashMap;
use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

const ASK_PAGE: &str = include_str!("../lessons/14_cookie_server/ask.html");
const HELLO_PAGE: &str = include_str!("../lessons/14_cookie_server/hello.html");

/// What must not stand in a value as it is.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

struct CookieServer;

impl Handler for CookieServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "There is no such page here.");
        }
        let cookies = cookies(request);
        let page = match cookies.get("visitor") {
            Some(name) => HELLO_PAGE.replace("<!-- name -->", &escape_html(name)),
            None => ASK_PAGE.to_string(),
        };
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(page)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let (value, age) = match request.path() {
            "/visitor/forget" => (String::new(), 0),
            "/visitor/keep" => match fields.get("name") {
                Some(name) if !name.trim().is_empty() => (
                    utf8_percent_encode(name, ENCODED).to_string(),
                    60 * 60 * 24 * 30,
                ),
                _ => return response.send_error(400, "Your form has no name in it."),
            },
            _ => return response.send_error(404, "Nothing can be sent here."),
        };
        let attributes = "Path=/; HttpOnly; SameSite=Lax";
        let cookie = format!("visitor={value}; Max-Age={age}; {attributes}");
        response
            .send_response(303)
            .send_header("Set-Cookie", cookie)
            .send_header("Location", "/")
            .end_headers()?
            .finish()
    }
}

/// The cookies of a request that can be read and are not empty.
fn cookies(request: &Request) -> HashMap<String, String> {
    let mut cookies = HashMap::new();
    let header = request.header("Cookie").unwrap_or("");
    for (name, value) in header.split("; ").filter_map(|part| part.split_once('=')) {
        let Ok(value) = percent_decode_str(value).decode_utf8() else {
            continue;
        };
        if !value.is_empty() {
            let value = value.into_owned();
            cookies.entry(name.to_string()).or_insert(value);
        }
    }
    cookies
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
