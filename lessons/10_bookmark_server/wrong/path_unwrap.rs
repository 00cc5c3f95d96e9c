//! Wrong: it panics at a path that is no UTF-8.
//! rejected by: step 2
//! diagnosis: panicked

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
        let path = request.decoded_path().unwrap();
        // The path is the name with a slash before it.
        let name = &path[1..];
        // A copy of the URI, so that the lock is held for this line only.
        let uri = self.bookmarks.lock().unwrap().get(name).cloned();
        match uri {
            Some(uri) => response.redirect(303, &uri),
            None => response.send_error(404, &format!("There is no bookmark named {name}.")),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let (Some(name), Some(uri)) = (fields.get("name"), fields.get("uri")) else {
            return response.send_error(400, "A bookmark needs a name and a uri.");
        };
        if name.is_empty() || uri.is_empty() {
            return response.send_error(400, "A bookmark needs a name and a uri.");
        }
        if !check_uri(uri) {
            // send_error escapes its text.
            return response.send_error(404, &format!("Nobody answers 200 at {uri}"));
        }
        // The lock is held for this line only, never while the program waits for a site.
        self.bookmarks
            .lock()
            .unwrap()
            .insert(name.clone(), uri.clone());
        response.redirect(303, "/")
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
    let answer = ureq::get(uri)
        .config()
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .call();
    match answer {
        Ok(answer) => answer.status() == 200,
        Err(_) => false,
    }
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
