//! Small web servers: Python's `http.server`, with the guarantees of Rust.
//!
//! A web server has two parts. [`HttpServer`] is the same for every service: it
//! listens on a port, takes in connections and reads requests. A [`Handler`] is
//! different for every service: it is handed each request and answers it.
//!
//! ```no_run
//! use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
//!
//! struct HelloHandler;
//!
//! impl Handler for HelloHandler {
//!     fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
//!         response
//!             // First, send a 200 OK response.
//!             .send_response(200)
//!             // Then send headers.
//!             .send_header("Content-Type", "text/plain; charset=utf-8")
//!             .end_headers()?
//!             // Now, write the response body.
//!             .send("Hello, HTTP!\n")
//!     }
//! }
//!
//! fn main() -> http_core::Result<()> {
//!     HttpServer::bind(local_address())?.serve_forever(HelloHandler)
//! }
//! ```
//!
//! # Layout
//!
//! | module | what it is about |
//! | --- | --- |
//! | `face` | what the author of a service sees, and how a handler is called safely |
//! | `http1` | the protocol: bytes in, what to do next out. No socket, thread, clock or environment |
//! | `net` | sockets, threads, poller, timers, signals, terminal: the shell around `http1` |
//! | `files` | [`FileHandler`]: the files of a directory |
//!
//! ```text
//! main ──► files ──► face ──► http1
//!   │                 ▲         ▲
//!   └──────► net ─────┴─────────┘
//! ```
//!
//! Nothing points back. The command `http-core` is `main.rs`: a command line around
//! [`FileHandler`].
//!
//! # Seeing the wire
//!
//! The environment variable `HTTP_TRACE` has a server show every byte that it reads and writes:
//!
//! | value | who sees it |
//! | --- | --- |
//! | `1` | the person at the terminal: as text, on standard error; the first 4 KiB of each piece, without what lets others in |
//! | `all` | the same, with that |
//! | an address, `127.0.0.1:9000` | the program that listens there: as data, all of it, over one connection |
//!
//! What lets others in is the value of a cookie (in `Cookie` and `Set-Cookie`), what stands behind the
//! scheme in `Authorization` and `Proxy-Authorization`, and in a query or a form the value of a field with
//! `password` in its name. In its place stands `(hidden)`, since a trace is copied into mails and bug
//! reports. Each line of a piece is looked at by itself: what is cut in two on its way is missed, and so
//! is what stands in JSON or multipart.
//!
//! As data, each piece is a line, `7 127.0.0.1:50712 > 78`, and its bytes. In the line stand the number
//! of the connection, its client, `>` for what came and `<` for what went, and the number of bytes.
//! The pieces of a connection are in their order. The program has to read on: while it does not, the
//! server waits, for 5 seconds, and then it tells nobody any more. (`cargo learn` shows the wire with this.)

mod face;
mod files;
mod http1;
mod net;
mod sync;

pub use face::{
    Answer, Answered, BodyReader, BodyWriter, Handler, Headers, Request, Response, Result,
    ServerError, escape_html, parse_form, serve_in_memory,
};
pub use files::{FileHandler, FilePath};
pub use http;
pub use http1::{Decoder, Framing, Head, Limits, Piece, Refusal};
pub use net::{HttpServer, LocalAddress, StopHandle, local_address};

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
