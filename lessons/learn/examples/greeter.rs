//! A student's program, as the tests run it: it answers every request with the page in a file,
//! and writes down what it was asked.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::{env, io};

use http_core::{HttpServer, Request, Response, local_address};

fn main() -> http_core::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().expect("two files: the page, the requests");
    let page = fs::read_to_string(next())?;
    let asked = OpenOptions::new().create(true).append(true).open(next())?;
    HttpServer::bind(local_address())?.serve_forever(
        move |request: &mut Request, response: Response| {
            io::copy(&mut request.body(), &mut io::sink())?;
            writeln!(&asked, "{} {}", request.method(), request.target())?;
            response
                .send_response(200)
                .send_header("Content-Type", "text/html")
                .end_headers()?
                .send(&page)
        },
    )
}
