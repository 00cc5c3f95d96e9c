//! Right: it sends a header more, and its own length.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            // First, send a 200 OK response.
            .send_response(200)
            // Then send headers.
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .send_header("X-Mood", "good")
            .send_header("Content-Length", 13)
            .end_headers()?
            // Now, write the response body.
            .send("Hello, HTTP!\n")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(HelloHandler)
}
