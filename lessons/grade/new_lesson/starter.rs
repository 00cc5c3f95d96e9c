//! Lesson NUMBER: TITLE.
//!
//!     cargo run -p PACKAGE        run it, then open http://localhost:8000/
//!     cargo test -p PACKAGE       see which steps are done
//!
//! The lesson is in lessons/FOLDER/README.md. This is the only file to edit.

// Without this line, the compiler warns until you use `response`. Delete it at the end.
#![allow(unused_variables)]

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct Handling;

impl Handler for Handling {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => todo!("step 1: answer 200 and the text Hello"),
            _ => response.send_error(404, "Not here"),
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(Handling)
}
