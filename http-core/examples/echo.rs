//! Answers every request with its own body, byte for byte, and its Content-Type.
//!
//! `cargo run -p http-core --example echo -- 8000`

use std::env;
use std::io;

use http_core::{HttpServer, Limits, Request, Response};

fn main() -> http_core::Result<()> {
    let Some(port) = env::args().nth(1).and_then(|port| port.parse::<u16>().ok()) else {
        eprintln!("usage: echo PORT");
        std::process::exit(2);
    };
    HttpServer::bind(("127.0.0.1", port))?
        .threads(8)
        .access_log(false)
        .limits(Limits {
            body_size: 64 * 1024 * 1024,
            ..Limits::default()
        })
        .serve_forever(|request: &mut Request, response: Response| {
            let kind = request.header("Content-Type");
            let kind = kind.unwrap_or("application/octet-stream").to_owned();
            let mut body = Vec::new();
            io::copy(request.body(), &mut body)?;
            response
                .send_response(200)
                .send_header("Content-Type", kind)
                .end_headers()?
                .send(body)
        })
}
