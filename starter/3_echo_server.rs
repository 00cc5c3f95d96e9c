//! Lesson 3: the echo server. What you write into the address comes back.
//!
//!     cargo run -p echo_server        run it, then open http://localhost:8000/Balloon
//!     cargo test -p echo_server       see which steps are done
//!
//! The lesson is in lessons/3_echo_server/README.md. This is the only file to edit.

// While a todo!() stands below, some names are not used yet. Take this line out at the end.
#![allow(unused_variables)]

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct EchoServer;

impl Handler for EchoServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let encoded: &str = without_slash(request.path());
        let text: String = match decode(encoded) {
            Some(text) => text,
            None => todo!("step 3: answer 400: this cannot be decoded"),
        };
        let text: String = match request.query() {
            Some(query) => todo!("step 4: in capitals if shout=1 is in the query, else as it is"),
            None => text,
        };
        send_text(response, 200, &format!("{text}\n"))
    }
}

/// The path without the slash that it begins with.
fn without_slash(path: &str) -> &str {
    todo!("step 1: the path without its first slash")
}

/// The text behind a percent-encoded one: `%41` is `A`. `None` if that cannot be.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes: Vec<u8> = Vec::new();
    // An iterator over the bytes: each `next` gives one more, until there are none.
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            // The two bytes behind it, if there are two.
            let (high, low) = (rest.next(), rest.next());
            todo!("step 2: push the one byte that these two digits stand for");
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Every answer of this server: a status and a text.
fn send_text(response: Response, status: u16, text: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(EchoServer)
}
