//! Right: it writes the body in two pieces.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

trait WriteTwice {
    fn write_twice(self) -> Answer;
}

impl WriteTwice for http_core::BodyWriter<'_> {
    fn write_twice(mut self) -> Answer {
        std::io::Write::write_all(&mut self, b"Hello, ")?;
        self.send("HTTP!\n")
    }
}

impl Handler for HelloHandler {
    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            // First, send a 200 OK response.
            .send_response(200)
            // Then send headers.
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?
            .write_twice()
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(HelloHandler)
}
