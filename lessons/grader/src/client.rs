//! The room of the client: how a program is asked over HTTP, and the service that a
//! program under test asks in its turn.
//!
//! - `ask`: one request by ureq, the client that the course teaches
//! - `transport`: where ureq connects to, and the bytes that it reads
//! - `wire`: one connection for many requests, read strictly by the rules of framing
//! - `service`: a server whose replies are data, and an address where nobody listens
//! - `site`: a server that answers when it is told to
//! - `browser`: Chromium, for the pages of a program

pub(crate) mod ask;
pub(crate) mod browser;
pub(crate) mod service;
pub(crate) mod site;
mod transport;
pub(crate) mod wire;

use crate::record::Bytes;

/// The most bytes that the body of an answer may have.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// The most bytes that are read of an answer beyond its body: heads are small.
const LARGEST_HEAD: usize = 128 * 1024;

/// The most bytes that are kept of what went out: it is known anyway.
const MOST_SENT: usize = 64 * 1024;

/// The bytes that went out, as far as they are kept.
fn kept(mut sent: Vec<u8>) -> Bytes {
    sent.truncate(MOST_SENT);
    Bytes(sent)
}
