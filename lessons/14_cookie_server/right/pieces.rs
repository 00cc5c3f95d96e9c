//! In small functions: what a request is for, decided before anything is answered.

use std::io::{self, Read};

use cookie::{Cookie, SameSite, time};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};

const ASK_PAGE: &str = include_str!("../lessons/14_cookie_server/ask.html");
const HELLO_PAGE: &str = include_str!("../lessons/14_cookie_server/hello.html");
const COOKIE: &str = "visitor";

/// What a POST wants.
enum Wish {
    Keep(String),
    Forget,
    Nothing(u16, &'static str),
}

fn wish(request: &mut Request) -> io::Result<Wish> {
    if request.path() == "/visitor/forget" {
        return Ok(Wish::Forget);
    }
    if request.path() != "/visitor/keep" {
        return Ok(Wish::Nothing(404, "Nothing can be sent here."));
    }
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    Ok(match fields.get("name").map(String::as_str) {
        None => Wish::Nothing(400, "Your form has no name."),
        Some(name) if name.trim() == "" => Wish::Nothing(400, "Your name is empty."),
        Some(name) => Wish::Keep(name.to_owned()),
    })
}

struct CookieServer;

impl Handler for CookieServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let page = match (request.path(), name_of(request)) {
            ("/", None) => ASK_PAGE.to_owned(),
            ("/", Some(name)) => HELLO_PAGE.replace("<!-- name -->", &escape_html(&name)),
            _ => return response.send_error(404, "There is no such page here."),
        };
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(page)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let base = Cookie::build(COOKIE).path("/");
        let mut cookie = base.same_site(SameSite::Lax).http_only(true).build();
        match wish(request)? {
            Wish::Nothing(status, why) => return response.send_error(status, why),
            Wish::Keep(name) => {
                cookie.set_value(name);
                cookie.set_max_age(time::Duration::weeks(4) + time::Duration::days(2));
            }
            Wish::Forget => {
                cookie.set_expires(time::OffsetDateTime::UNIX_EPOCH);
            }
        }
        let sent = response
            .send_response(303)
            .send_header("Location", "/")
            .send_header("Set-Cookie", cookie.encoded())
            .end_headers()?;
        sent.send("")
    }
}

/// The name in the first cookie that has one.
fn name_of(request: &Request) -> Option<String> {
    let all = request.header("Cookie").map(Cookie::split_parse_encoded)?;
    let good = all.filter_map(Result::ok);
    let mut named = good.filter(|cookie| cookie.name() == COOKIE && cookie.value() != "");
    named.next().map(|cookie| cookie.value().to_owned())
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
