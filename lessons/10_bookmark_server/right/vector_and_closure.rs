//! A closure for a handler, a sorted list of pairs for a map, and pages of its own.

use std::io::Read;
use std::sync::Mutex;
use std::time::Duration;

use http_core::{Answer, HttpServer, Request, Response, escape_html, local_address};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

type Bookmarks = Vec<(String, String)>;

fn page(response: Response, status: u16, inner: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/html")
        .end_headers()?
        .send(format!(
            "<!DOCTYPE html>\n<meta charset=utf-8>\n<title>Bookmarks</title>\n{inner}\n"
        ))
}

fn list(bookmarks: &Bookmarks, response: Response) -> Answer {
    let mut rows = String::new();
    for (name, uri) in bookmarks {
        let href = utf8_percent_encode(name, NON_ALPHANUMERIC);
        rows += &format!(
            "<tr>\n  <td><a href='/{href}'>\n    <b>{}</b>\n  </a>\n  <td><code>{}</code>\n",
            escape_html(name),
            escape_html(uri).replace('/', "&#x2F;")
        );
    }
    page(
        response,
        200,
        &format!(
            "<form method=POST action=/><input name=name><input type=url name=uri>\
             <input type=submit></form>\n<table>\n{rows}</table>"
        ),
    )
}

fn is_there(uri: &str) -> bool {
    if !(uri.starts_with("http://") || uri.starts_with("https://")) {
        return false;
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_millis(5000)))
        .http_status_as_error(false)
        .build()
        .into();
    agent
        .get(uri)
        .call()
        .is_ok_and(|answer| answer.status().as_u16() == 200)
}

fn add(bookmarks: &Mutex<Bookmarks>, request: &mut Request, response: Response) -> Answer {
    let mut body = String::new();
    if request.body().read_to_string(&mut body).is_err() {
        return page(response, 400, "<p>This form is not text.</p>");
    }
    let fields = http_core::parse_form(&body);
    let field = |name: &str| fields.get(name).filter(|value| !value.is_empty()).cloned();
    match (field("name"), field("uri")) {
        (None, _) => page(response, 400, "<p>The name is missing.</p>"),
        (_, None) => page(response, 400, "<p>The address is missing.</p>"),
        (Some(_), Some(uri)) if !is_there(&uri) => {
            let uri = uri
                .replace('&', "&#38;")
                .replace('<', "&#60;")
                .replace('>', "&#x3E;");
            page(
                response,
                404,
                &format!("<h1>Oh</h1>\n<p>Is this right?\n<b>{uri}</b>"),
            )
        }
        (Some(name), Some(uri)) => {
            let mut bookmarks = bookmarks.lock().unwrap();
            match bookmarks.binary_search_by(|(known, _)| known.cmp(&name)) {
                Ok(at) => bookmarks[at].1 = uri,
                Err(at) => bookmarks.insert(at, (name, uri)),
            }
            drop(bookmarks);
            response
                .send_response(303)
                .send_header("Location", "/")
                .end_headers()?
                .send("The list is at /\n")
        }
    }
}

fn main() -> http_core::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [option, uri] = &arguments[..]
        && option == "--check"
    {
        eprintln!("asking {uri}");
        println!("{}", is_there(uri));
        return Ok(());
    }
    let pairs = arguments.iter().filter_map(|text| text.split_once('='));
    let mut bookmarks: Bookmarks = pairs.map(|(n, u)| (n.to_string(), u.to_string())).collect();
    bookmarks.sort();
    let bookmarks = Mutex::new(bookmarks);
    HttpServer::bind(local_address())?.serve_forever(
        move |request: &mut Request, response: Response| {
            if request.method() == "POST" {
                return add(&bookmarks, request, response);
            }
            if request.method() != "GET" && request.method() != "HEAD" {
                return response.send_error(501, "There is GET, HEAD and POST.");
            }
            let bookmarks = bookmarks.lock().unwrap();
            let path = request.path();
            if path == "/" {
                return list(&bookmarks, response);
            }
            let bytes: Vec<u8> = percent_decode_str(&path[1..]).collect();
            let Ok(name) = String::from_utf8(bytes) else {
                return page(response, 400, "<p>What is this?</p>");
            };
            let found = bookmarks.iter().find(|(known, _)| *known == name);
            match found {
                None => page(response, 404, "<p>Never heard of it.</p>"),
                Some((_, uri)) => response
                    .send_response(303)
                    .send_header("Location", uri)
                    .end_headers()?
                    .send(""),
            }
        },
    )
}
