//! Lesson 11, the reference: the bookmark server, ready for a host.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The page of lesson 10.
const PAGE: &str = include_str!("../lessons/10_bookmark_server/page.html");

type Bookmarks = BTreeMap<String, String>;

struct BookmarkServer {
    /// The URI that belongs to each name. `main` has a share in it.
    bookmarks: Arc<Mutex<Bookmarks>>,
}

impl Handler for BookmarkServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => self.send_page(response),
            "/healthz" => response
                .send_response(200)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send("ok\n"),
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
        if !check_uri(uri) {
            return response.send_error(404, &format!("Nobody answers 200 at {uri}"));
        }
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

/// Reads the bookmarks from a file that `write_bookmarks` has written. If there is no such
/// file yet, there are no bookmarks yet.
fn read_bookmarks(file: &str) -> io::Result<Bookmarks> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(parse_form(&text).into_iter().collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Bookmarks::new()),
        Err(error) => Err(error),
    }
}

/// Writes the bookmarks into a file, encoded like a form.
fn write_bookmarks(file: &str, bookmarks: &Bookmarks) -> io::Result<()> {
    let mut text = String::new();
    for (name, uri) in bookmarks {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let uri = utf8_percent_encode(uri, NON_ALPHANUMERIC);
        text += &format!("{name}={uri}&");
    }
    fs::write(file, text)
}

/// The port that PORT names; 8000 if there is no PORT.
fn port() -> io::Result<u16> {
    let Ok(text) = env::var("PORT") else {
        return Ok(8000);
    };
    match text.parse() {
        Ok(port) => Ok(port),
        Err(_) => Err(io::Error::other(format!(
            "PORT is {text:?}, but a port is a number from 0 to 65535"
        ))),
    }
}

fn main() -> http_core::Result<()> {
    // The file that keeps the bookmarks while the program does not run, if it has one.
    let file = env::var("BOOKMARKS").ok();
    let mut bookmarks = match &file {
        Some(file) => read_bookmarks(file)?,
        None => Bookmarks::new(),
    };
    for argument in env::args().skip(1) {
        // cargo run -p deployment -- rust=https://rust-lang.org/
        if let Some((name, uri)) = argument.split_once('=') {
            bookmarks.insert(name.to_string(), uri.to_string());
        }
    }

    let server = match env::var("HOST") {
        Ok(host) => HttpServer::bind((host.as_str(), port()?))?,
        // As in the lessons before: only this computer, and PORT or 8000.
        Err(_) => HttpServer::bind(local_address())?,
    };

    let bookmarks = Arc::new(Mutex::new(bookmarks));
    let handler = BookmarkServer {
        bookmarks: Arc::clone(&bookmarks),
    };
    server.serve_forever(handler)?;

    // The server was told to stop, and all requests are answered.
    if let Some(file) = &file {
        write_bookmarks(file, &bookmarks.lock().unwrap())?;
    }
    Ok(())
}
