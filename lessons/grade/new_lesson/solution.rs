//! Lesson NUMBER, the reference: TITLE.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct Handling;

impl Handler for Handling {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => response
                .send_response(200)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send("Hello\n"),
            _ => response.send_error(404, "Not here"),
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Handling)
}
