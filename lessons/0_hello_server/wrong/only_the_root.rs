//! Wrong: other paths are not found.
//! rejected by: step 0
//! diagnosis: not-found

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let status = if request.path() == "/" { 200 } else { 404 };
        response
            // First, send a 200 OK response.
            .send_response(status)
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
