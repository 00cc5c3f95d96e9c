//! Lesson 12, the reference: the threaded server.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The page of lesson 10.
const PAGE: &str = include_str!("../lessons/10_bookmark_server/page.html");

type Bookmarks = BTreeMap<String, String>;

struct BookmarkServer {
    /// The URI that belongs to each name.
    bookmarks: Mutex<Bookmarks>,
}

impl Handler for BookmarkServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => self.send_page(response),
            "/check" => check(request, response),
            "/status" => {
                // A copy, so that nobody waits for the lock while the sites are asked.
                let bookmarks = self.bookmarks.lock().unwrap().clone();
                let mut list = Vec::new();
                thread::scope(|scope| {
                    let mut running = Vec::new();
                    for (name, uri) in &bookmarks {
                        running.push((name, scope.spawn(move || check_uri(uri))));
                    }
                    for (name, check) in running {
                        list.push((name.clone(), check.join().unwrap()));
                    }
                });
                send_status(response, &list)
            }
            _ => self.send_to_site(request, response),
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
        let taken = format!("There is a bookmark named {name} already.");
        // The lock is held for this line only, not while the site is asked.
        if self.bookmarks.lock().unwrap().contains_key(name) {
            return response.send_error(409, &taken);
        }
        if !check_uri(uri) {
            return response.send_error(404, &format!("Nobody answers 200 at {uri}"));
        }
        // Meanwhile, somebody else may have taken the name.
        match self.store(name, uri) {
            true => response.redirect(303, "/"),
            false => response.send_error(409, &taken),
        }
    }
}

impl BookmarkServer {
    /// Stores a bookmark, unless its name is taken. Returns whether it is stored.
    fn store(&self, name: &str, uri: &str) -> bool {
        // One guard for both, to look and to store: nobody comes in between.
        let mut bookmarks = self.bookmarks.lock().unwrap();
        if bookmarks.contains_key(name) {
            return false;
        }
        bookmarks.insert(name.to_string(), uri.to_string());
        true
    }

    /// Answers with the form and all bookmarks.
    fn send_page(&self, response: Response) -> Answer {
        let mut list = String::new();
        for (name, uri) in self.bookmarks.lock().unwrap().iter() {
            let path = utf8_percent_encode(name, NON_ALPHANUMERIC);
            let (name, uri) = (escape_html(name), escape_html(uri));
            list += &format!("<li><a href=\"/{path}\">{name}</a> <small>{uri}</small></li>\n");
        }
        send_html(response, &PAGE.replace("<!-- bookmarks -->", &list))
    }

    /// Sends the client to the URI of the name in the path.
    fn send_to_site(&self, request: &Request, response: Response) -> Answer {
        let Ok(path) = request.decoded_path() else {
            return response.send_error(400, "The name in this address is not UTF-8.");
        };
        let name = &path[1..];
        let uri = self.bookmarks.lock().unwrap().get(name).cloned();
        match uri {
            Some(uri) => response.redirect(303, &uri),
            None => response.send_error(404, &format!("There is no bookmark named {name}.")),
        }
    }
}

/// Answers whether somebody is at the URI in the query: `/check?uri=http://localhost:8000/`.
fn check(request: &Request, response: Response) -> Answer {
    let fields = parse_form(request.query().unwrap_or_default());
    let Some(uri) = fields.get("uri") else {
        return response.send_error(400, "Which uri?");
    };
    response
        .send_response(200)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(format!("{}\n", check_uri(uri)))
}

/// Answers with a page that says of each name whether somebody is at its site.
fn send_status(response: Response, list: &[(String, bool)]) -> Answer {
    let mut lines = String::new();
    for (name, there) in list {
        let name = escape_html(name);
        let says = if *there { "is there" } else { "is gone" };
        lines += &format!("<li>{name} <small>{says}</small></li>\n");
    }
    send_html(response, &STATUS_PAGE.replace("<!-- sites -->", &lines))
}

const STATUS_PAGE: &str = include_str!("../lessons/12_threaded_server/status.html");

/// Answers with a page in HTML.
fn send_html(response: Response, page: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(page)
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
    let mut threads: Option<usize> = None;
    let mut bookmarks = Bookmarks::new();
    for argument in std::env::args().skip(1) {
        // cargo run -p threaded_server -- --threads=16 rust=https://rust-lang.org/
        match argument.split_once('=') {
            Some(("--threads", number)) => match number.parse() {
                Ok(number) => threads = Some(number),
                Err(_) => {
                    let why = format!("--threads is {number:?}, but it is a number, such as 16");
                    return Err(io::Error::other(why).into());
                }
            },
            Some((name, uri)) => {
                bookmarks.insert(name.to_string(), uri.to_string());
            }
            None => {}
        }
    }
    let bookmarks = Mutex::new(bookmarks);
    let server = HttpServer::bind(local_address())?;
    let server = match threads {
        // As in the lessons before: one request after the other.
        None => server,
        Some(number) => server.threads(number),
    };
    server.serve_forever(BookmarkServer { bookmarks })
}
