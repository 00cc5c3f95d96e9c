//! What the servers written in Rust and the bench agree on: the command line of a
//! server and what it answers.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /` | [`HELLO`] |
//! | `GET /sleep` | the same after a [`NAP`], in the way the library's documentation asks for |
//! | `GET /block` | the same after a [`NAP`] in the midst of the handler |
//! | `POST /upload` | the number of bytes in the body, after reading them |

use std::env;
use std::process;
use std::time::Duration;

/// The body of the answer to `GET /`.
pub const HELLO: &str = "Hello, HTTP!\n";

/// Its media type.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// How long the handlers of `/sleep` and `/block` take.
pub const NAP: Duration = Duration::from_millis(200);

/// The command line of a server, `PORT THREADS`; then the mode, for servers that
/// have several. Ends the process if it is malformed.
pub fn arguments() -> (u16, usize, Option<String>) {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok());
    let threads = arguments.next().and_then(|threads| threads.parse().ok());
    let (Some(port), Some(threads)) = (port, threads) else {
        eprintln!("usage: SERVER PORT THREADS [MODE]");
        process::exit(2);
    };
    (port, threads, arguments.next())
}
