//! Right: it has a do_head of its own.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
    fn do_head(&self, _request: &mut Request, response: Response) -> Answer {
        response
            .send_response(200)
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .send_header("Content-Length", 13)
            .end_headers()?
            .finish()
    }

    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            // First, send a 200 OK response.
            .send_response(200)
            // Then send headers.
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?
            // Now, write the response body.
            .send("Hello, HTTP!\n")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(HelloHandler)
}
