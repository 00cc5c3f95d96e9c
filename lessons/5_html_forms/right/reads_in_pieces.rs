//! Right: the body is read in pieces, and the query is asked for first.

use std::collections::HashMap;
use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

// The pages. They become part of the program when it is compiled.
const SEARCH_PAGE: &str = include_str!("../lessons/5_html_forms/search.html");
const LOGIN_PAGE: &str = include_str!("../lessons/5_html_forms/login_by_post.html");
const RESULT_PAGE: &str = include_str!("../lessons/5_html_forms/result.html");

struct Bookshop;

impl Handler for Bookshop {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => send_page(response, SEARCH_PAGE),
            "/login" => send_page(response, LOGIN_PAGE),
            "/search" => {
                // Without a question mark there is no query, and no field either.
                let fields = match request.query() {
                    Some(query) => parse_form(query),
                    None => HashMap::new(),
                };
                let words = escape(&field(&fields, "words"));
                let shelf = escape(&field(&fields, "shelf"));
                let result =
                    format!("<p>Nothing found for <strong>{words}</strong> among the {shelf}.</p>");
                send_page(response, &result_page(&result))
            }
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/login" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        let mut body = Vec::new();
        let mut piece = [0; 7];
        loop {
            match request.body().read(&mut piece)? {
                0 => break,
                count => body.extend_from_slice(&piece[..count]),
            }
        }
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let name = escape(&field(&fields, "name"));
        // The password itself is shown to nobody.
        let length = field(&fields, "password").chars().count();
        let result = format!(
            "<p>Welcome, <strong>{name}</strong>. Your password has {length} characters.</p>"
        );
        send_page(response, &result_page(&result))
    }
}

/// Answers with a page in HTML.
fn send_page(response: Response, page: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(page)
}

/// The page that shows the result of a form.
fn result_page(result: &str) -> String {
    RESULT_PAGE.replace("<!-- result -->", result)
}

/// What was typed into a field of a form, or nothing if the field did not come.
fn field(fields: &HashMap<String, String>, name: &str) -> String {
    match fields.get(name) {
        Some(value) => value.clone(),
        None => String::new(),
    }
}

/// A text from somebody else, made ready to stand in a page.
fn escape(text: &str) -> String {
    // The & comes first: the others put new ones into the text.
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Bookshop)
}
