//! Pages of its own: whoever is known may also take another name, and every visit begins the thirty
//! days anew.

use std::io::Read;

use cookie::{Cookie, SameSite, time::Duration};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};

struct CookieServer;

impl Handler for CookieServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "?");
        }
        let name = visitor(request);
        let greeting = match &name {
            Some(name) => format!(
                "<p class='greeting'>Good to see you, <b title=\"{0}\">{0}</b>.</p>
                 <form method=post action=/visitor/forget><input type=submit value=Forget></form>",
                escape_html(name)
            ),
            None => "<p>Who are you?</p>".to_string(),
        };
        let page = format!(
            "<!doctype html><title>Hello</title>{greeting}
             <form method=post action=/visitor/keep><input name=name><button>OK</button></form>"
        );
        let mut headers = response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .send_header("Cache-Control", "no-store");
        if let Some(name) = name {
            headers = headers.send_header("Set-Cookie", keep(&name));
        }
        headers.end_headers()?.send(page)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/visitor/forget" {
            let mut cookie = Cookie::build(("visitor", "")).path("/").build();
            cookie.make_removal();
            return to_the_page(response, cookie.to_string());
        }
        if request.path() != "/visitor/keep" {
            return response.send_error(404, "?");
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let Some(name) = fields.get("name") else {
            return response.send_error(400, "No name");
        };
        if name.chars().all(char::is_whitespace) {
            return response.send_error(400, "An empty name");
        }
        to_the_page(response, keep(name))
    }
}

/// The value of Set-Cookie that keeps this name.
fn keep(name: &str) -> String {
    Cookie::build(("visitor", name))
        .same_site(SameSite::Lax)
        .max_age(Duration::hours(720))
        .http_only(true)
        .path("/")
        .build()
        .encoded()
        .to_string()
}

fn to_the_page(response: Response, cookie: String) -> Answer {
    response
        .send_response(303)
        .send_header("Set-Cookie", cookie)
        .send_header("Location", "/")
        .end_headers()?
        .finish()
}

fn visitor(request: &Request) -> Option<String> {
    for cookie in Cookie::split_parse_encoded(request.header("cookie")?) {
        let Ok(cookie) = cookie else { continue };
        match cookie.name_value() {
            ("visitor", "") => continue,
            ("visitor", name) => return Some(name.to_string()),
            _ => {}
        }
    }
    None
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(CookieServer)
}
