//! rouille: tiny_http's connections, and handlers on a pool of threads.

use std::error::Error;
use std::{io, thread};

use rouille::{Request, Response, Server};

use peers::{HELLO, NAP};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (port, threads, _) = peers::arguments();
    Server::new(("127.0.0.1", port), answer)?
        .pool_size(threads)
        .run();
    Ok(())
}

fn answer(request: &Request) -> Response {
    match request.raw_url() {
        "/upload" => {
            let mut body = request.data().expect("a body, and the first to ask for it");
            let length = io::copy(&mut body, &mut io::sink()).unwrap_or(0);
            return Response::text(format!("{length}\n"));
        }
        "/sleep" | "/block" => thread::sleep(NAP),
        _ => {}
    }
    Response::text(HELLO)
}
