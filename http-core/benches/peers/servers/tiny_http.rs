//! tiny_http: its own thread for each connection, and handlers on `THREADS` threads.

use std::error::Error;
use std::{io, thread};

use tiny_http::{Header, Request, Response, Server};

use peers::{HELLO, NAP, TEXT};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (port, threads, _) = peers::arguments();
    let server = Server::http(("127.0.0.1", port))?;
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for request in server.incoming_requests() {
                    // A client that is gone is no news.
                    let _ = answer(request);
                }
            });
        }
    });
    Ok(())
}

fn answer(mut request: Request) -> io::Result<()> {
    let mut body = HELLO.to_owned();
    match request.url() {
        "/upload" => {
            let length = io::copy(request.as_reader(), &mut io::sink())?;
            body = format!("{length}\n");
        }
        "/sleep" | "/block" => thread::sleep(NAP),
        _ => {}
    }
    let text = Header::from_bytes("Content-Type", TEXT).expect("a valid header");
    request.respond(Response::from_string(body).with_header(text))
}
