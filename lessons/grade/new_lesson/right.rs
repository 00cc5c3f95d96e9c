//! Another right program for lesson NUMBER: a function for the answer.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct Handling;

fn text(response: Response, text: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

impl Handler for Handling {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() == "/" {
            return text(response, "Hello\n");
        }
        response.send_error(404, "There is nothing")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Handling)
}
