//! Right: a function answers all requests, other methods as well; the body is read to its
//! end, once it is clear that it has a length.

use std::io::Read;

use http_core::{Answer, HttpServer, Request, Response, local_address, parse_form};

fn answer(request: &mut Request, response: Response) -> Answer {
    if request.method() != "POST" {
        return response.send_error(501, "Only POST is of use here.");
    }
    let length: usize = match request.header("Content-Length").map(str::parse) {
        Some(Ok(length)) => length,
        _ => return response.send_response(411).end_headers()?.send(""),
    };
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let (status, text) = match request.path() {
        "/length" => (200, format!("{length} bytes\n").into_bytes()),
        "/body" => (200, body),
        "/" => {
            let form = parse_form(&String::from_utf8_lossy(&body));
            match form.get("message") {
                Some(message) => (200, format!("{message}\n").into_bytes()),
                None => (400, b"No message!".to_vec()),
            }
        }
        _ => (404, Vec::new()),
    };
    response
        .send_response(status)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(answer)
}
