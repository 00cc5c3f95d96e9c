//! The request as a handler sees it.

use std::borrow::Cow;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::str::Utf8Error;

use http::{Method, Version};

use super::exchange::Exchange;
use crate::Head;

/// A request: what the client asks, and the body it sends along.
#[derive(Debug)]
pub struct Request<'c> {
    head: &'c Head,
    body: BodyReader<'c>,
}

impl<'c> Request<'c> {
    pub(super) fn new(head: &'c Head, exchange: &'c Exchange<'c>) -> Request<'c> {
        let body = BodyReader { exchange };
        Request { head, body }
    }

    /// The method, http.server's `command`: GET, POST, …
    pub fn method(&self) -> &Method {
        self.head.method()
    }

    /// The path as it was sent: percent-encoded, and without the query. (In
    /// http.server, `path` has the query, too: that is [`target`](Request::target).)
    ///
    /// It begins with one slash: of several at the start, one is left, so `//cat` is
    /// `/cat`. Slashes further on stay. Nothing else is changed: `/%63at`, `/cat/` and
    /// `/./cat` are different paths from `/cat`. (Only of `OPTIONS *`, the path is `*`.)
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// The [`path`](Request::path) with its percent-encoding decoded, once: `/%E3%81%AD`
    /// is `/ね`. A `%` that two hexadecimal digits don't follow stays as it is. An encoded
    /// slash becomes a slash, so `/%2Fcat` is `//cat`.
    ///
    /// # Errors
    /// When the decoded bytes are not UTF-8.
    pub fn decoded_path(&self) -> Result<Cow<'_, str>, Utf8Error> {
        percent_encoding::percent_decode_str(self.path()).decode_utf8()
    }

    /// What follows the first `?` of the target, as it was sent; `Some("")` if
    /// nothing does, and `None` if there is no `?`.
    pub fn query(&self) -> Option<&str> {
        self.head.query()
    }

    /// The request target as it was sent: path, `?` and query. A client that takes the server
    /// for a proxy puts the scheme and the host before them.
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// HTTP/1.0 or HTTP/1.1.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// The value of the first header field of this name (in any case), if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The name and the value of each header field, as they were sent, in their order. (Where the
    /// target has a host in it, that is the value of Host: RFC 9112, section 3.2.2.)
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.head.headers()
    }

    /// The address of the client.
    pub fn client_address(&self) -> SocketAddr {
        self.body.exchange.client()
    }

    /// The body, http.server's `rfile`. It ends where the body ends, whether the
    /// client sent a Content-Length or chunks, so reading to its end is safe.
    ///
    /// ```
    /// use std::io::Read;
    /// use http_core::{Limits, Request, Response, serve_in_memory};
    ///
    /// let count = |request: &mut Request, response: Response| {
    ///     let mut body = Vec::new();
    ///     request.body().read_to_end(&mut body)?;
    ///     response.send_response(200).end_headers()?.send(body.len().to_string())
    /// };
    /// let post = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat";
    /// assert!(serve_in_memory(count, &Limits::default(), &[post]).ends_with(b"\r\n\r\n3"));
    /// ```
    pub fn body(&mut self) -> &mut BodyReader<'c> {
        &mut self.body
    }
}

/// The body of a request, as a reader.
///
/// A read that fails because of the client (a body that is too large, malformed,
/// cut off or too slow) gives an error that a handler passes on with `?`; the server
/// then answers with the fitting status (413, 400, 408, 503).
#[derive(Debug)]
pub struct BodyReader<'c> {
    exchange: &'c Exchange<'c>,
}

impl Read for BodyReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.exchange.read(into)
    }
}
