//! Lesson 2: text and bytes. How long is a cat?
//!
//!     cargo run -p text_and_bytes        run it, then open http://localhost:8000/cat/ja
//!     cargo test -p text_and_bytes       see which steps are done
//!
//! The lesson is in lessons/2_text_and_bytes/README.md. This is the only file to edit.

// While a todo!() stands below, some names are not used yet. Take this line out at the end.
#![allow(unused_variables)]

use std::io::Read;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct TextAndBytes;

impl Handler for TextAndBytes {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        // The word for cat, in the language that the path names.
        let word: &str = match request.path() {
            "/cat/ar" => "قط",
            "/cat/es" => "gato",
            "/cat/fa" => "گربه",
            "/cat/hi" => "बिल्ली",
            "/cat/ja" => "ねこ",
            "/cat/uk" => "кіт",
            "/cat/zh" => "猫",
            _ => return send_text(response, 404, "Page not found\n"),
        };
        send_text(response, 200, &format!("{word}\n"))
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        // The body of the request, as it came: bytes.
        let mut body: Vec<u8> = Vec::new();
        request.body().read_to_end(&mut body)?;
        match request.path() {
            "/bytes" => todo!("step 2: answer with the bytes of the body as numbers"),
            // Any bytes can come, and not all bytes are text.
            "/count" => match String::from_utf8(body) {
                Ok(text) => todo!("step 3: answer how many characters and bytes the text has"),
                Err(error) => todo!("step 4: answer 400: this body is not UTF-8"),
            },
            _ => send_text(response, 404, "Page not found\n"),
        }
    }
}

/// Every answer of this server: a status and a text.
fn send_text(response: Response, status: u16, text: &str) -> Answer {
    todo!("step 1: answer with the status, the type, the length in bytes, and the text")
}

fn main() -> http_core::Result<()> {
    HttpServer::bind(local_address())?.serve_forever(TextAndBytes)
}
