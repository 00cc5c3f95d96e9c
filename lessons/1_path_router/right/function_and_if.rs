//! Right: a function for all answers, and `if` for `match`.

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct Router;

fn page(response: Response, status: u16, kind: &str, text: &str) -> Answer {
    let headers = response.send_response(status);
    let headers = headers.send_header("content-type", &format!("{kind};charset=UTF-8"));
    let mut body = headers.end_headers()?;
    std::io::Write::write_all(&mut body, text.as_bytes())?;
    body.finish()
}

impl Handler for Router {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let path = request.path().to_string();
        if path == "/" {
            return page(response, 200, "text/plain", "Homepage\n");
        }
        if path == "/about" {
            return page(response, 200, "text/html", "<h1>Hello from Rust!</h1>\n");
        }
        page(response, 404, "text/plain", "Page not found\n")
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Router)
}
