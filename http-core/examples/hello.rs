//! The hello server without an access log, on any port and any number of threads:
//! the one to measure.
//!
//! `cargo run --release -p http-core --example hello -- 8000 2`

use std::{env, thread};

use http_core::{HttpServer, Request, Response};

fn main() -> http_core::Result<()> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok());
    let threads = match arguments.next() {
        Some(threads) => threads.parse().ok(),
        None => thread::available_parallelism().map(Into::into).ok(),
    };
    let (Some(port), Some(threads)) = (port, threads) else {
        eprintln!("usage: hello PORT [THREADS]");
        std::process::exit(2);
    };
    HttpServer::bind(("127.0.0.1", port))?
        .threads(threads)
        .access_log(false)
        .serve_forever(|_request: &mut Request, response: Response| {
            response
                .send_response(200)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send("Hello, HTTP!\n")
        })
}
