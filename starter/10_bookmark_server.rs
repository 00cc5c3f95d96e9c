//! Lesson 10: the bookmark server. Short names for long addresses.
//!
//!     cargo run -p bookmark_server        run it, then open http://localhost:8000/
//!     cargo test -p bookmark_server       see which steps are done
//!
//! The lesson is in lessons/10_bookmark_server/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(unused_imports, unused_variables)]

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Mutex;
use std::time::Duration;

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const PAGE: &str = include_str!("../lessons/10_bookmark_server/page.html");

struct BookmarkServer {
    /// The URI that belongs to each name. A BTreeMap keeps its names in order.
    bookmarks: Mutex<BTreeMap<String, String>>,
}

impl Handler for BookmarkServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/" {
            return self.send_page(response);
        }
        todo!("step 2: send the client to the URI of the name in the path, or answer 404")
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let (Some(name), Some(uri)) = (fields.get("name"), fields.get("uri")) else {
            todo!("step 3: answer 400 if a field is missing or empty")
        };
        if !check_uri(uri) {
            todo!("step 5: answer 404 and show the URI")
        }
        todo!("step 4: store the bookmark and send the client to /")
    }
}

impl BookmarkServer {
    /// Answers with the form and all bookmarks.
    fn send_page(&self, response: Response) -> Answer {
        let mut list = String::new();
        for (name, uri) in self.bookmarks.lock().unwrap().iter() {
            // In an address, a name is percent-encoded; in a page, a text is escaped.
            let path = utf8_percent_encode(name, NON_ALPHANUMERIC);
            let (name, uri) = (escape_html(name), escape_html(uri));
            list += &format!("<li><a href=\"/{path}\">{name}</a> <small>{uri}</small></li>\n");
        }
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(PAGE.replace("<!-- bookmarks -->", &list))
    }
}

/// Whether somebody is there: whether a GET of this URI answers 200 within 5 seconds.
fn check_uri(uri: &str) -> bool {
    todo!("step 1: ask for the URI with GET and see whether the answer is 200")
}

fn main() -> http_core::Result<()> {
    let mut bookmarks = BTreeMap::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() == 2 && arguments[0] == "--check" {
        // cargo run -p bookmark_server -- --check http://localhost:8001/
        println!("{}", check_uri(&arguments[1]));
        return Ok(());
    }
    for argument in &arguments {
        // cargo run -p bookmark_server -- rust=https://rust-lang.org/
        if let Some((name, uri)) = argument.split_once('=') {
            bookmarks.insert(name.to_string(), uri.to_string());
        }
    }
    let bookmarks = Mutex::new(bookmarks);
    HttpServer::bind(local_address())?.serve_forever(BookmarkServer { bookmarks })
}
