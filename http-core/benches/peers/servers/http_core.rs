//! http-core with the handlers that the example `hello` does not have.

use std::{io, thread};

use http_core::{HttpServer, Request, Response};

use peers::{HELLO, NAP, TEXT};

fn main() -> http_core::Result<()> {
    let (port, threads, _) = peers::arguments();
    HttpServer::bind(("127.0.0.1", port))?
        .threads(threads)
        .access_log(false)
        .serve_forever(|request: &mut Request, response: Response| {
            let headers = response
                .send_response(200)
                .send_header("Content-Type", TEXT);
            match request.path() {
                "/upload" => {
                    let length = io::copy(request.body(), &mut io::sink())?;
                    return headers.end_headers()?.send(format!("{length}\n"));
                }
                "/sleep" | "/block" => thread::sleep(NAP),
                _ => {}
            }
            headers.end_headers()?.send(HELLO)
        })
}
