//! By hand: no crate for cookies, and each header taken apart and put together here.

use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const ASK_PAGE: &str = include_str!("../lessons/14_cookie_server/ask.html");
const HELLO_PAGE: &str = include_str!("../lessons/14_cookie_server/hello.html");

struct CookieServer;

impl Handler for CookieServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Not here.");
        }
        let name = request.header("Cookie").and_then(visitor);
        let page = match name {
            Some(name) => HELLO_PAGE.replace("<!-- name -->", &escape_html(&name)),
            None => ASK_PAGE.to_string(),
        };
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(page)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let cookie = match request.path() {
            "/visitor/keep" => {
                let mut body = String::new();
                request.body().read_to_string(&mut body)?;
                let mut fields = parse_form(&body);
                let name = fields.remove("name").unwrap_or_default();
                if name.trim().is_empty() {
                    return response.send_error(400, "A name, please.");
                }
                let value = utf8_percent_encode(&name, NON_ALPHANUMERIC);
                format!("visitor={value}; Max-Age=2592000")
            }
            "/visitor/forget" => "visitor=; Max-Age=0".to_string(),
            _ => return response.send_error(404, "Not here."),
        };
        response
            .send_response(303)
            .send_header("Location", "/")
            .send_header(
                "Set-Cookie",
                format!("{cookie}; Path=/; SameSite=Lax; HttpOnly"),
            )
            .end_headers()?
            .finish()
    }
}

/// The visitor's name in a header Cookie.
fn visitor(header: &str) -> Option<String> {
    header.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        let value = percent_decode_str(value).decode_utf8().ok()?;
        (name == "visitor" && !value.is_empty()).then(|| value.into_owned())
    })
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
