//! `HTTP_TRACE`: the bytes of each connection as they come and go, for a person at the terminal
//! or, as data, for a program.
//!
//! At a terminal, what lets others in is left out ([`without_secrets`]): a trace is copied into
//! mails and bug reports. `HTTP_TRACE=all` shows that, too, and a program is told all bytes.

use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use crate::face::report::{to_stderr, visible};
use crate::net::secrets::without_secrets;
use crate::sync::lock;

/// The trace of one connection.
#[derive(Debug)]
pub(super) struct Trace {
    number: u64,
    client: SocketAddr,
    sink: &'static Sink,
}

/// What stands before bytes from the client.
pub(super) const IN: &str = ">";
/// What stands before bytes to the client.
pub(super) const OUT: &str = "<";

/// Where the bytes of all connections go.
#[derive(Debug)]
enum Sink {
    /// As text to standard error. With the connection shown last: a heading says when another
    /// one follows.
    Terminal {
        /// The number of that connection.
        shown: Mutex<u64>,
        /// Whether secrets are shown.
        all: bool,
    },
    /// As data to whoever listened at the address; to nobody once that has failed.
    Program(Mutex<Option<TcpStream>>),
}

/// Bytes of one read or write that are shown at the terminal.
const MOST_SHOWN: usize = 4096;

/// How long a program that is told the bytes may keep the server waiting.
const PATIENCE: Duration = Duration::from_secs(5);

impl Trace {
    /// A trace of a new connection, if the environment asks for it.
    pub fn wanted(client: SocketAddr) -> Option<Trace> {
        static SINK: LazyLock<Option<Sink>> =
            LazyLock::new(|| Sink::named(env::var_os("HTTP_TRACE")?.to_str()?));
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        let sink = SINK.as_ref()?;
        let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        Some(Trace {
            number,
            client,
            sink,
        })
    }

    /// Shows bytes that went over the connection in one read or write.
    pub fn show(&self, mark: &str, bytes: &[u8]) {
        let Self { number, client, .. } = self;
        match self.sink {
            Sink::Terminal { shown, all } => {
                let mut shown = lock(shown);
                let mut text = String::new();
                if *shown != *number {
                    *shown = *number;
                    let _ = writeln!(text, "--- connection {number} from {client}");
                }
                render(&mut text, mark, bytes, *all);
                to_stderr(&text);
            }
            Sink::Program(listener) => {
                let mut listener = lock(listener);
                let record = record(*number, *client, mark, bytes);
                if let Some(stream) = &mut *listener
                    && let Err(error) = stream.write_all(&record)
                {
                    to_stderr(&format!("HTTP_TRACE ends here: {error}\n"));
                    *listener = None;
                }
            }
        }
    }
}

impl Sink {
    /// What the variable asks for. An address means the program that listens there.
    fn named(value: &str) -> Option<Sink> {
        if value.is_empty() || value == "0" {
            return None;
        }
        let Ok(address) = value.parse::<SocketAddr>() else {
            let (shown, all) = (Mutex::default(), value == "all");
            return Some(Sink::Terminal { shown, all });
        };
        let connected = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => Some(Sink::Program(Mutex::new(Some(stream)))),
            Err(error) => {
                to_stderr(&format!("HTTP_TRACE={value}: nobody is told: {error}\n"));
                None
            }
        }
    }
}

/// A record for a program: a line with the number of the connection, its client, the direction
/// and the number of bytes; then the bytes.
fn record(number: u64, client: SocketAddr, mark: &str, bytes: &[u8]) -> Vec<u8> {
    let mut record = format!("{number} {client} {mark} {}\n", bytes.len()).into_bytes();
    record.extend_from_slice(bytes);
    record
}

/// One line of output for each line of `bytes`, behind a mark; with secrets, if `all` is wanted.
fn render(out: &mut String, mark: &str, bytes: &[u8], all: bool) {
    let shown = &bytes[..bytes.len().min(MOST_SHOWN)];
    for line in shown.split_inclusive(|&b| b == b'\n') {
        let _ = write!(out, "{mark} ");
        match all {
            true => visible(out, line),
            false => visible(out, &without_secrets(line)),
        }
        out.push('\n');
    }
    if bytes.len() > shown.len() {
        let left = bytes.len() - shown.len();
        let _ = writeln!(out, "{mark} … and {left} more bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_shows_line_ends_and_bytes() {
        let mut text = String::new();
        render(
            &mut text,
            IN,
            b"GET / HTTP/1.1\r\n\r\nn\xe3\x81\xad\xff\x00",
            false,
        );
        assert_eq!(text, "> GET / HTTP/1.1\\r\\n\n> \\r\\n\n> nね\\xff\\x00\n");
        text.clear();
        render(&mut text, OUT, &[b'x'; MOST_SHOWN + 5], false);
        assert!(text.ends_with("\n< … and 5 more bytes\n"), "{text}");
    }

    #[test]
    fn secrets_are_shown_only_if_all_is_wanted() {
        let shown = |all| {
            let mut text = String::new();
            render(&mut text, IN, b"Cookie: a=b\r\n", all);
            text
        };
        assert_eq!(shown(false), "> Cookie: a=(hidden)\\r\\n\n");
        assert_eq!(shown(true), "> Cookie: a=b\\r\\n\n");
    }

    #[test]
    fn a_record_has_the_bytes_as_they_are() {
        let client = "127.0.0.1:50712".parse().unwrap();
        assert_eq!(
            record(7, client, OUT, b"\n\xff\0"),
            b"7 127.0.0.1:50712 < 3\n\n\xff\0"
        );
    }

    #[test]
    fn the_variable_names_where_to() {
        assert!(Sink::named("").is_none() && Sink::named("0").is_none());
        let secrets = |value| match Sink::named(value) {
            Some(Sink::Terminal { all, .. }) => all,
            other => panic!("{other:?}"),
        };
        assert!(!secrets("1") && secrets("all"));
        // An address at which nobody listens is told, and costs nothing else.
        assert!(Sink::named("127.0.0.1:1").is_none());
    }
}
