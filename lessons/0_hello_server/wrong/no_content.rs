//! Wrong: the status says that there is no body.
//! rejected by: step 0
//! diagnosis: other-status

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct HelloHandler;

impl Handler for HelloHandler {
    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            // First, send a 204 No Content response.
            .send_response(204)
            // Then send headers.
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?
            // Now, write the response body.
            .finish()
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(HelloHandler)
}
