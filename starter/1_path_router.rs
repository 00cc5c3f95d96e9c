//! Lesson 1: the path router. One server, several pages.
//!
//!     cargo run -p path_router        run it, then open http://localhost:8000/
//!     cargo test -p path_router       see which steps are done
//!
//! The lesson is in lessons/1_path_router/README.md. This is the only file to edit.

// Without this line, the compiler warns until you use `response`. Delete it at the end.
#![allow(unused_variables)]

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct PathRouter;

impl Handler for PathRouter {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        // The first arm that fits the path gives the answer.
        match request.path() {
            "/" => todo!("step 1: answer the homepage with 200 and the text Homepage"),
            "/about" => todo!("step 3: answer the about page with 200 and some HTML"),
            // Step 2's arm stays the last one: `_` fits every path that is left.
            _ => todo!("step 2: answer every other path with 404 and the text Page not found"),
        }
    }
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(PathRouter)
}
