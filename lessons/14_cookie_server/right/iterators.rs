//! Iterators over what could be parsed, and one function for all requests.

use std::io::Read;

use cookie::{Cookie, SameSite, time::Duration};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};

struct CookieServer;

impl Handler for CookieServer {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        match (request.method().as_str(), request.path()) {
            ("GET" | "HEAD", "/") => {
                let page = match visitor(request) {
                    Some(name) => include_str!("../lessons/14_cookie_server/hello.html")
                        .replace("<!-- name -->", &escape_html(&name)),
                    None => include_str!("../lessons/14_cookie_server/ask.html").into(),
                };
                response
                    .send_response(200)
                    .send_header("Content-Type", "text/html; charset=utf-8")
                    .end_headers()?
                    .send(page)
            }
            ("POST", "/visitor/keep") => {
                let mut body = Vec::new();
                request.body().read_to_end(&mut body)?;
                let name = parse_form(&String::from_utf8_lossy(&body)).remove("name");
                match name.filter(|name| !name.trim().is_empty()) {
                    Some(name) => set(response, &name, Duration::seconds(30 * 24 * 60 * 60)),
                    None => response.send_error(400, "There is no name."),
                }
            }
            ("POST", "/visitor/forget") => set(response, "nobody", Duration::seconds(-1)),
            _ => response.send_error(404, "There is nothing here."),
        }
    }
}

fn set(response: Response, name: &str, age: Duration) -> Answer {
    let mut cookie = Cookie::new("visitor", name);
    cookie.set_max_age(age);
    cookie.set_path("/");
    cookie.set_same_site(SameSite::Lax);
    cookie.set_http_only(true);
    response
        .send_response(303)
        .send_header("Set-Cookie", cookie.encoded())
        .send_header("Location", "/")
        .end_headers()?
        .finish()
}

fn visitor(request: &Request) -> Option<String> {
    Cookie::split_parse_encoded(request.header("Cookie")?)
        .flatten()
        .find(|cookie| cookie.name() == "visitor")
        .map(|cookie| cookie.value().to_string())
        .filter(|name| !name.is_empty())
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
