//! Why a server could not start, or had to stop.

use std::{error, fmt, io};

/// Why a server could not start, or had to stop, in words for the person at the terminal.
///
/// `main` may return it: Rust prints an error that `main` returns by its `Debug`,
/// so `Debug` is the same sentence here as `Display`, not the insides of a struct.
pub struct ServerError {
    message: String,
    kind: io::ErrorKind,
}

/// What [`HttpServer`](crate::HttpServer) returns, and a fitting return type for `main`.
pub type Result<T> = std::result::Result<T, ServerError>;

impl ServerError {
    pub(crate) fn new(kind: io::ErrorKind, message: impl Into<String>) -> ServerError {
        ServerError {
            message: message.into(),
            kind,
        }
    }

    /// The kind of the failure: `AddrInUse` when the port is taken.
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for ServerError {}

impl From<io::Error> for ServerError {
    fn from(error: io::Error) -> ServerError {
        ServerError::new(error.kind(), error.to_string())
    }
}

impl From<ServerError> for io::Error {
    fn from(error: ServerError) -> io::Error {
        io::Error::new(error.kind, error)
    }
}
