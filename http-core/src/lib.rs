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
//! To read the library, follow a request through it:
//!
//! | module | what it is about |
//! | --- | --- |
//! | `server` | [`HttpServer`]: addresses, settings, starting and stopping |
//! | `engine`, `poller` | how threads share the connections |
//! | `threads` | how many are at work, and how one that waits hands its place on |
//! | `connection`, `work` | one connection: requests in, answers out, when it ends |
//! | `service` | what connections share; a request to the handler, and what if that fails |
//! | `socket`, `buffer` | its bytes: reading and writing without waiting, or with a limit |
//! | `head`, `meaning`, `host` | bytes to a request [`Head`], and what it means for the connection |
//! | `decode` | where a body ends: Content-Length and chunks |
//! | `request`, `response` | what a handler gets and what it writes |
//! | `underway`, `output` | how an answer is held against its own head, and framed |
//! | `outbox`, `transfer` | what waits to be sent: bytes, and parts of files |
//! | `handler` | the [`Handler`] trait |
//! | `files` | [`FileHandler`]: the files of a directory |
//! | `text` | form fields and HTML, for handlers |
//! | `limits`, `refusal`, `page` | what is refused, and how |
//! | `error` | why a server could not start |
//! | `panics`, `stop`, `log` | handlers that fail, Ctrl-C, what the terminal shows |
//! | `clock`, `sync` | the time, and locks |
//!
//! The command `http-core` is `main.rs`: a command line around [`FileHandler`].
//!
//! `head` and `decode` touch no socket: they are functions from bytes to values.

mod buffer;
mod clock;
mod connection;
mod decode;
mod engine;
mod error;
mod files;
mod handler;
mod head;
mod host;
mod limits;
mod log;
mod meaning;
mod outbox;
mod output;
mod page;
mod panics;
mod poller;
mod refusal;
mod request;
mod response;
mod server;
mod service;
mod socket;
mod stop;
mod sync;
mod text;
mod threads;
mod transfer;
mod underway;
mod work;

pub use decode::{Decoder, Piece};
pub use error::{Result, ServerError};
pub use files::{FileHandler, FilePath};
pub use handler::{Answer, Handler};
pub use head::Head;
pub use http;
pub use limits::Limits;
pub use meaning::Framing;
pub use refusal::Refusal;
pub use request::{BodyReader, Request};
pub use response::{Answered, BodyWriter, Headers, Response};
pub use server::{HttpServer, LocalAddress, local_address};
pub use stop::StopHandle;
pub use text::{escape_html, parse_form};

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
