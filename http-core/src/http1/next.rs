//! What the protocol asks of the shell around it.

use super::Refusal;

/// What the shell has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Let the handler answer the request, whose head was written to the `head` passed to
    /// [`Http1::next`](super::Http1::next); then call [`Http1::answered`](super::Http1::answered).
    Call,
    /// Answer with this error instead of calling the handler; then call
    /// [`Http1::answered`](super::Http1::answered). The bytes are the first line of the request, for the log.
    Refuse(Refusal, Vec<u8>),
    /// Send the output, then read, and report the bytes with [`Http1::received`](super::Http1::received).
    Read,
    /// Send all of the output.
    Write,
    /// Tell the client that nothing more will be sent (FIN); it may still be sending.
    ShutDown,
    /// Close the connection.
    Close,
}

/// What a connection is waiting for: each has a time limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// The first byte of a request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// The client's FIN, after ours.
    Linger,
}
