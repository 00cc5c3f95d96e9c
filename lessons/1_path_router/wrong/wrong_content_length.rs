//! Wrong: it counts the length of the body by hand, and wrongly.
//! rejected by: step 1
//! diagnosis: wrong-length

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct PathRouter;

impl Handler for PathRouter {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        // The first arm that fits the path gives the answer.
        match request.path() {
            "/" => response
                .send_response(200)
                .send_header("Content-Length", 8)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send("Homepage\n"),
            "/about" => response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send("<h1>Hello from Rust!</h1>\n"),
            // `_` fits every path that is left, so this arm stays the last.
            _ => response
                .send_response(404)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send("Page not found\n"),
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(PathRouter)
}
