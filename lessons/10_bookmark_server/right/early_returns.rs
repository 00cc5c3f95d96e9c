//! Functions for the steps, early returns, a RwLock, and every check in one place.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::RwLock;
use std::time::Duration;

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const PAGE: &str = include_str!("../lessons/10_bookmark_server/page.html");

#[derive(Default)]
struct BookmarkServer {
    bookmarks: RwLock<BTreeMap<String, String>>,
}

impl BookmarkServer {
    fn find(&self, name: &str) -> Option<String> {
        let bookmarks = self.bookmarks.read().unwrap();
        if bookmarks.contains_key(name) {
            return Some(bookmarks[name].to_owned());
        }
        None
    }

    fn add(&self, name: &str, uri: &str) {
        let mut bookmarks = self.bookmarks.write().unwrap();
        bookmarks.remove(name);
        bookmarks.insert(name.to_owned(), uri.to_owned());
    }
}

impl Handler for BookmarkServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/" {
            let bookmarks = self.bookmarks.read().unwrap();
            let items = bookmarks.iter().map(|(name, uri)| {
                let path = utf8_percent_encode(name, NON_ALPHANUMERIC);
                let (name, uri) = (escape_html(name), escape_html(uri));
                format!("<li><a href=\"/{path}\">{name}</a> <small>{uri}</small></li>")
            });
            let items: Vec<String> = items.collect();
            return response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send(PAGE.replace("<!-- bookmarks -->", &items.join("\n")));
        }
        let name = match request.decoded_path() {
            Err(error) => return response.send_error(400, &error.to_string()),
            Ok(path) => path.strip_prefix('/').unwrap_or_default().to_owned(),
        };
        if let Some(uri) = self.find(&name) {
            return response.redirect(303, &uri);
        }
        response.send_error(404, "Not here.")
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let mut fields = parse_form(&String::from_utf8_lossy(&body));
        let name = fields.remove("name").unwrap_or_default();
        let uri = fields.remove("uri").unwrap_or_default();
        if name.is_empty() {
            return response.send_error(400, "Please give it a name.");
        }
        if uri.is_empty() {
            return response.send_error(400, "Please give an address.");
        }
        if check_uri(&uri) {
            self.add(&name, &uri);
            response.redirect(303, "/")
        } else {
            response.send_error(
                404,
                &format!("\"{uri}\" does not answer, so {name} is not kept."),
            )
        }
    }
}

fn check_uri(uri: &str) -> bool {
    let request = ureq::get(uri)
        .config()
        .timeout_global(Some(Duration::from_secs(5)));
    let Ok(answer) = request.build().call() else {
        return false;
    };
    matches!(answer.status().as_u16(), 200)
}

fn main() -> http_core::Result<()> {
    let server = BookmarkServer::default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() == 2 && arguments[0] == "--check" {
        println!("{}", check_uri(&arguments[1]));
        return Ok(());
    }
    for argument in &arguments {
        let mut parts = argument.splitn(2, '=');
        if let (Some(name), Some(uri)) = (parts.next(), parts.next()) {
            server.add(name, uri);
        }
    }
    HttpServer::bind(local_address())?.serve_forever(server)
}
