//! Wrong: the answer does not say what it is.
//! rejected by: step 0
//! diagnosis: no-content-type

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            // First, send a 200 OK response.
            .send_response(200)
            // Then send headers.
            .end_headers()?
            // Now, write the response body.
            .send("Hello, HTTP!\n")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(HelloHandler)
}
