//! Lesson 14: the cookie server. It knows you again, and remembers nothing.
//!
//!     cargo run -p cookie_server      run it, then open http://localhost:8000/
//!     cargo test -p cookie_server     see which steps are done
//!
//! The lesson is in lessons/14_cookie_server/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::io::Read;

use cookie::{Cookie, SameSite, time::Duration};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};

/// The page for those whom the server does not know.
const ASK_PAGE: &str = include_str!("../lessons/14_cookie_server/ask.html");

/// The page for those whom it knows, with a place for the name.
const HELLO_PAGE: &str = include_str!("../lessons/14_cookie_server/hello.html");

/// It remembers nothing. The browsers do.
struct CookieServer;

impl Handler for CookieServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "There is no such page here.");
        }
        match visitor(request) {
            Some(name) => todo!("step 2: greet the visitor by name"),
            None => send_page(response, ASK_PAGE),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/visitor/keep" => keep(request, response),
            "/visitor/forget" => todo!("step 5: let the browser forget the name"),
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

/// Lets the browser keep the name in the form.
fn keep(request: &mut Request, response: Response) -> Answer {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    match fields.get("name") {
        Some(name) if name.trim().is_empty() => {
            response.send_error(400, "Your name is empty. Go back and write it.")
        }
        Some(name) if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            todo!("step 3: take any name")
        }
        Some(name) => todo!("step 1: send a cookie, and the browser to /"),
        None => response.send_error(400, "Your form has no field name."),
    }
}

/// The visitor's name, if the browser has sent it in a cookie.
fn visitor(request: &Request) -> Option<String> {
    let header = request.header("Cookie")?;
    for cookie in Cookie::split_parse(header) {
        match cookie {
            Ok(cookie) => todo!("step 2: return its value, if this is the cookie visitor"),
            Err(error) => todo!("step 4: this is no cookie at all"),
        }
    }
    None
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
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
