//! A connection in memory: no port, no thread, no time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::exchange::read_file;
use super::{Handler, Service, Transport};
use crate::http1::{Date, Head, Http1, Limits, Next, Output};

/// Serves one connection in memory: returns what a client receives that sends these pieces,
/// one after the other, and then half-closes the connection. The protocol is that of
/// [`HttpServer`](crate::HttpServer), but there is no port, no thread and no clock, which
/// suits a handler's tests and fuzzing.
///
/// ```
/// use http_core::{Limits, Request, Response, serve_in_memory};
///
/// let handler = |request: &mut Request, response: Response| {
///     response.send_response(200).end_headers()?.send(request.path())
/// };
/// let pieces = [&b"GET /cat HT"[..], b"TP/1.1\r\nHost: h\r\n\r\n"];
/// let answers = serve_in_memory(handler, &Limits::default(), &pieces);
/// assert!(answers.starts_with(b"HTTP/1.1 200 OK\r\n") && answers.ends_with(b"\r\n\r\n/cat"));
/// ```
///
/// No time passes: no client is too slow, and the date is always the same. Where a server
/// would reset the connection, it just ends.
pub fn serve_in_memory(handler: impl Handler, limits: &Limits, pieces: &[&[u8]]) -> Vec<u8> {
    let service = Service {
        handler: Box::new(handler),
        show_errors: true,
        quiet: true,
    };
    let mut client = Client {
        piece: b"",
        more: pieces,
        sent: Vec::new(),
    };
    let (mut http1, mut head) = (Http1::default(), Head::default());
    loop {
        let next = http1.next(&mut head, limits, false);
        match next {
            Next::Call => {
                service.call(&head, &mut http1, &mut client);
                http1.answered();
            }
            Next::Refuse(refusal, _) => {
                service.refuse(refusal, &mut http1, &mut client);
                http1.answered();
            }
            Next::ShutDown => {}
            Next::Read | Next::Write | Next::Close => {
                // An error means that a file became shorter, which ends the connection.
                if client.send(&mut http1.output, b"", true).is_err() || next == Next::Close {
                    return client.sent;
                }
                if next == Next::Read {
                    let count = client.take(http1.room());
                    http1.received(count);
                }
            }
        }
    }
}

/// A client whose bytes are known beforehand.
struct Client<'a> {
    /// What is left of the current piece.
    piece: &'a [u8],
    more: &'a [&'a [u8]],
    sent: Vec<u8>,
}

impl Client<'_> {
    fn take(&mut self, into: &mut [u8]) -> usize {
        while let (true, [next, more @ ..]) = (self.piece.is_empty(), self.more) {
            (self.piece, self.more) = (next, more);
        }
        let count = self.piece.len().min(into.len());
        let (taken, rest) = self.piece.split_at(count);
        into[..count].copy_from_slice(taken);
        self.piece = rest;
        count
    }
}

impl Transport for Client<'_> {
    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.take(into))
    }

    fn send(&mut self, output: &mut Output, data: &[u8], _wait: bool) -> io::Result<usize> {
        while !output.is_empty() {
            let before = self.sent.len();
            self.sent.extend_from_slice(output.bytes());
            if let (true, Some(part)) = (self.sent.len() == before, output.file()) {
                self.sent
                    .resize(before + part.left().min(64 * 1024) as usize, 0);
                let count = read_file(part, &mut self.sent[before..])?;
                self.sent.truncate(before + count);
            }
            output.sent(self.sent.len() - before);
        }
        self.sent.extend_from_slice(data);
        Ok(data.len())
    }

    fn client(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 9).into()
    }

    fn is_stopping(&self) -> bool {
        false
    }

    fn date(&mut self) -> &Date {
        b"Sun, 06 Nov 1994 08:49:37 GMT"
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fmt;
    use std::io::Read;

    use super::*;
    use crate::{Request, Response};

    fn served(handler: impl Handler, bytes: &str) -> String {
        let answers = serve_in_memory(handler, &Limits::default(), &[bytes.as_bytes()]);
        String::from_utf8(answers).unwrap()
    }

    const GET: &str = "GET /cat HTTP/1.1\r\nHost: h\r\n\r\n";
    const EXPECTING: &str =
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";

    #[test]
    fn what_a_handler_does_wrong_is_said() {
        let panics = |_: &mut Request, _: Response| panic!("a cat walked by");
        assert!(served(panics, GET).contains("a cat walked by"));
        let fails = |_: &mut Request, _: Response| Err(io::Error::other("no cat"));
        let answers = served(fails, &GET.repeat(2));
        assert_eq!(answers.matches("HTTP/1.1 500 ").count(), 2, "{answers}");
        assert_eq!(answers.matches("no cat").count(), 2);
    }

    #[test]
    fn a_body_is_read_and_asked_for() {
        let echo = |request: &mut Request, response: Response| {
            let mut body = Vec::new();
            request.body().read_to_end(&mut body)?;
            response.send_response(200).end_headers()?.send(body)
        };
        let pieces = [EXPECTING.as_bytes(), b"cat"];
        let answers = serve_in_memory(echo, &Limits::default(), &pieces);
        assert!(answers.starts_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
        assert!(answers.ends_with(b"\r\n\r\ncat"));
        assert!(
            served(
                echo,
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n"
            )
            .contains(" 400 ")
        );
    }

    /// The answer and the request share what is behind them, and to print a value can be to
    /// read the body, to ask for it, and to fail.
    #[test]
    fn a_field_may_be_printed_from_the_request() {
        struct Print<'a, 'c>(RefCell<&'a mut Request<'c>>);
        impl fmt::Display for Print<'_, '_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut body = String::new();
                let mut request = self.0.borrow_mut();
                let outcome = request.body().read_to_string(&mut body);
                outcome.map_err(|_| fmt::Error)?;
                write!(f, "{body} of {}", request.client_address())
            }
        }
        let handler = |request: &mut Request, response: Response| {
            let print = Print(RefCell::new(request));
            let response = response.send_response(200).send_header("X", print);
            response.end_headers()?.send("fine")
        };
        let pieces = [EXPECTING.as_bytes(), b"cat"];
        let answers = serve_in_memory(handler, &Limits::default(), &pieces);
        let answers = String::from_utf8(answers).unwrap();
        let answers = answers.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n");
        let answers = answers.expect("the body was asked for");
        assert!(
            answers.contains("\r\nX: cat of 127.0.0.1:9\r\n"),
            "{answers}"
        );
        assert!(answers.ends_with("\r\n\r\nfine"), "{answers}");

        let fails = |_: &mut Request, response: Response| {
            struct Unprintable;
            impl fmt::Display for Unprintable {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("half")?;
                    Err(fmt::Error)
                }
            }
            let response = response.send_response(200);
            response
                .send_header("X", Unprintable)
                .end_headers()?
                .send("")
        };
        let answers = served(fails, &GET.repeat(2));
        assert_eq!(answers.matches("HTTP/1.1 500 ").count(), 2, "{answers}");
        assert_eq!(answers.matches("field X can&#39;t be printed").count(), 2);
        assert!(!answers.contains("half"));
    }
}
