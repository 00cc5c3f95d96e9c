//! Lesson 1: the path router.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct PathRouter;

impl Handler for PathRouter {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => answer(response, 200, "text/plain; charset=utf-8", "Homepage\n"),
            "/about" => answer(
                response,
                200,
                "text/html; charset=utf-8",
                "<h1>Hello from Rust!</h1>\n",
            ),
            _ => answer(response, 404, "text/plain; charset=utf-8", "Page not found\n"),
        }
    }
}

/// print header(...), $body;
fn answer(response: Response, status: u16, kind: &str, body: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", kind)
        .end_headers()?
        .send(body)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(PathRouter)
}
