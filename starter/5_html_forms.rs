//! Lesson 5: HTML forms. What somebody types into a page comes to your server.
//!
//!     cargo run -p html_forms         run it, then open http://localhost:8000/
//!     cargo test -p html_forms        see which steps are done
//!
//! The lesson is in lessons/5_html_forms/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::collections::HashMap;
use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address, parse_form};

// The pages. They become part of the program when it is compiled.
const SEARCH_PAGE: &str = include_str!("../lessons/5_html_forms/search.html");
const LOGIN_PAGE: &str = include_str!("../lessons/5_html_forms/login.html");
const RESULT_PAGE: &str = include_str!("../lessons/5_html_forms/result.html");

struct Bookshop;

impl Handler for Bookshop {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => send_page(response, SEARCH_PAGE),
            "/login" => send_page(response, LOGIN_PAGE),
            "/search" => todo!("step 2: take the words and the shelf out of the query"),
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        todo!("step 4: take the name and the password out of the body")
    }
}

/// Answers with a page in HTML.
fn send_page(response: Response, page: &str) -> Answer {
    todo!("step 1: answer 200, with the page as text/html")
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
    todo!("step 3: replace the characters that mean something in HTML")
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Bookshop)
}
