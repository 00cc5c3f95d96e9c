//! The room of the client: how a program is asked over HTTP, and the service that a
//! program under test asks in its turn.
//!
//! - `ask`: one request by ureq, the client that the course teaches
//! - `browser`: Chromium, for the pages of a program
//! - `service`: a server whose replies are data, and an address where nobody listens
//! - `transport`: where ureq connects to, and the bytes that it reads
//! - `old`: the same as `ask`, for checks that are functions

pub(crate) mod ask;
pub(crate) mod browser;
mod old;

pub(crate) mod service;
mod transport;

pub(crate) use old::{ask, head_length};
