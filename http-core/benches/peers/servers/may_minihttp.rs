//! may_minihttp: coroutines on an event loop per thread.

use std::io::{self, Read};
use std::thread;

use may_minihttp::{HttpServer, HttpService, Request, Response};

use peers::{HELLO, NAP};

#[derive(Clone)]
struct Hello;

impl HttpService for Hello {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        response.header("Content-Type: text/plain; charset=utf-8");
        match request.path() {
            "/upload" => {
                let mut length = 0;
                let mut body = request.body();
                let mut part = [0; 8192];
                loop {
                    match body.read(&mut part)? {
                        0 => break,
                        n => length += n,
                    }
                }
                response.body_vec(format!("{length}\n").into_bytes());
                return Ok(());
            }
            "/sleep" => may::coroutine::sleep(NAP),
            "/block" => thread::sleep(NAP),
            _ => {}
        }
        response.body(HELLO);
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let (port, threads, _) = peers::arguments();
    may::config().set_workers(threads);
    let server = HttpServer(Hello).start(("127.0.0.1", port))?;
    server.wait();
    Ok(())
}
