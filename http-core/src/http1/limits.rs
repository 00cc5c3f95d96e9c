//! The limits of a server: sizes, counts and times.

use std::time::Duration;

/// The limits a server keeps, all in one place.
///
/// The defaults suit a server on the open internet that answers pages and takes
/// forms. To change one, name it and take the rest as they are:
///
/// ```
/// use http_core::Limits;
///
/// let limits = Limits { body_size: 100 * 1024 * 1024, ..Limits::default() };
/// assert_eq!(limits.fields, 100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request head (request line and fields) before it is refused
    /// with 431. Default: 64 KiB.
    pub head_size: usize,
    /// Bytes of a request target (`/path?query`) before it is refused with 414.
    /// Default: 16 KiB.
    pub target_size: usize,
    /// Fields in a request head before it is refused with 431; at most 256.
    /// Default: 100.
    pub fields: usize,
    /// Bytes of a request body before it is refused with 413. Default: 16 MiB.
    pub body_size: u64,
    /// A body of no more than this many bytes (with its chunk sizes, if it comes in
    /// chunks) is waited for before the handler is called, so that a slow client
    /// with a small form holds no thread. A longer body streams to the handler; so
    /// does one that the client sends only when it is asked for (`Expect:
    /// 100-continue`). Default: 64 KiB.
    pub body_ahead: usize,
    /// Bytes of a body the handler did not read that are read and thrown away to
    /// keep the connection. With more left, it is closed. Default: 256 KiB.
    pub drain: u64,
    /// Connections open at once. At the limit, the one that has been idle longest gives way
    /// to a newcomer; where none is idle, newcomers wait in the system's queue. Default:
    /// 16,384.
    pub connections: usize,
    /// Handlers that may wait for their clients at once, each on a thread of its own
    /// beside those of [`threads`](crate::HttpServer::threads): for more of a long body,
    /// or until a client takes a long answer. One more is refused with 503, or cut
    /// off where its answer has begun. Default: 1,024.
    pub waiting: usize,
    /// Time for a whole request head, from its first byte. Default: 30 s.
    pub head_time: Duration,
    /// Time a connection may wait for its next request. Default: 60 s.
    pub idle_time: Duration,
    /// Time in which a body or an answer may make no progress at all. An answer makes none
    /// while the client receives what the system has taken of it already: it has the time
    /// for 128 KiB more, by `least_rate`. Default: 30 s.
    pub stall_time: Duration,
    /// Bytes a second below which a client is too slow: a body or an answer of n
    /// bytes may be waited for `stall_time` plus n / `least_rate` seconds in total.
    /// Default: 1,024.
    pub least_rate: u32,
    /// Time a connection that is being closed goes on reading, so that a client
    /// which is still sending gets to see its answer. Default: 2 s.
    pub linger_time: Duration,
    /// Time that requests under way have to finish once the server is told to
    /// stop. Default: 5 s.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_size: 64 * 1024,
            target_size: 16 * 1024,
            fields: 100,
            body_size: 16 * 1024 * 1024,
            body_ahead: 64 * 1024,
            drain: 256 * 1024,
            connections: 16 * 1024,
            waiting: 1024,
            head_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            stall_time: Duration::from_secs(30),
            least_rate: 1024,
            linger_time: Duration::from_secs(2),
            stop_time: Duration::from_secs(5),
        }
    }
}
