//! Why a request is not served.

use std::{error, fmt, io};

use http::StatusCode;

/// A request that the server answers itself, with an error: it is malformed, too large or too
/// slow, or asks for what is not supported here. The connection is closed afterwards: where
/// the next request would begin is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status it is answered with: 400, 408, 413, 414, 417, 431, 501, 503 or 505.
    pub status: StatusCode,
    /// What is wrong, in a sentence for the person who wrote the client.
    pub reason: &'static str,
}

impl Refusal {
    /// 400: the client half-closed the connection before its request was complete.
    pub(crate) const CUT_OFF: Refusal =
        Refusal::bad("the client stopped sending in the middle of its request");

    /// 408: a head or a body takes too long.
    pub(crate) const TOO_SLOW: Refusal =
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request came too slowly");

    /// 503: too many handlers wait for slow clients already
    /// ([`Limits::waiting`](super::Limits::waiting)).
    pub(crate) const TOO_MANY_WAIT: Refusal = Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "the server waits for too many slow clients",
    );

    pub(crate) const fn new(status: StatusCode, reason: &'static str) -> Refusal {
        Refusal { status, reason }
    }

    /// 400: the request does not follow the rules of HTTP.
    pub(crate) const fn bad(reason: &'static str) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.reason)
    }
}

impl error::Error for Refusal {}

/// So that a handler which reads a body can pass the failure on with `?`.
impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        let kind = match refusal.status {
            StatusCode::REQUEST_TIMEOUT => io::ErrorKind::TimedOut,
            StatusCode::SERVICE_UNAVAILABLE => io::ErrorKind::ResourceBusy,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, refusal)
    }
}
