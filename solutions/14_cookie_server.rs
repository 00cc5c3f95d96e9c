//! Lesson 14, the reference: the cookie server.

use std::io::Read;

use cookie::{Cookie, CookieBuilder, SameSite, time::Duration};
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
            Some(name) => {
                let page = HELLO_PAGE.replace("<!-- name -->", &escape_html(&name));
                send_page(response, &page)
            }
            None => send_page(response, ASK_PAGE),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/visitor/keep" => keep(request, response),
            "/visitor/forget" => {
                let cookie = visitor_cookie("").max_age(Duration::ZERO);
                send_cookie(response, cookie)
            }
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
        Some(name) => {
            let cookie = visitor_cookie(name).max_age(Duration::days(30));
            send_cookie(response, cookie)
        }
        None => response.send_error(400, "Your form has no field name."),
    }
}

/// The cookie, whether it is to be kept or to be forgotten: for both, the Path must be the same.
fn visitor_cookie(name: &str) -> CookieBuilder<'_> {
    Cookie::build(("visitor", name))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
}

/// Sends a cookie, and the browser to the page.
fn send_cookie(response: Response, cookie: CookieBuilder) -> Answer {
    response
        .send_response(303)
        .send_header("Set-Cookie", cookie.build().encoded())
        .send_header("Location", "/")
        .end_headers()?
        .finish()
}

/// The visitor's name, if the browser has sent it in a cookie.
fn visitor(request: &Request) -> Option<String> {
    let header = request.header("Cookie")?;
    for cookie in Cookie::split_parse_encoded(header) {
        match cookie {
            Ok(cookie) => {
                if cookie.name() == "visitor" && !cookie.value().is_empty() {
                    return Some(cookie.value().to_string());
                }
            }
            // Anybody can write anything into a header. The next one may be ours.
            Err(_) => continue,
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
