//! Lesson 0: the hello server. It is complete: read it, run it, play with it.
//!
//!     cargo run -p hello_server
//!
//! Then open http://localhost:8000/ in your browser. The tour of this file is in
//! lessons/0_hello_server/README.md.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
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
