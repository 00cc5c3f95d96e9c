//! Right: a list of pages that is searched, and paths that are decoded and trimmed where
//! the lesson leaves that open.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

const PAGES: [(&str, &str, &str); 2] = [
    ("/", "text/plain; charset=utf-8", "Homepage\n"),
    (
        "/about",
        "text/html; charset=utf-8",
        "<h1>Hello from Rust!</h1>\n",
    ),
];

struct Pages;

impl Handler for Pages {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let decoded = request.decoded_path().map(|path| path.into_owned());
        let path = decoded.unwrap_or_default();
        let found = PAGES.iter().find(|(known, _, _)| *known == path);
        let (status, kind, text) = match found {
            Some((_, kind, text)) => (200, *kind, *text),
            None => (404, "text/plain; charset=utf-8", "Page not found\n"),
        };
        response
            .send_response(status)
            .send_header("X-Powered-By", "Rust")
            .send_header("Content-Type", kind)
            .send_header("Content-Length", &text.len().to_string())
            .end_headers()?
            .send(text)
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Pages)
}
