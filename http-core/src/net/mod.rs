//! Sockets and threads: the shell around the protocol.
//!
//! | module | what it is about |
//! | --- | --- |
//! | `server`, `listen`, `shared` | [`HttpServer`]: addresses, settings, starting and stopping |
//! | `engine`, `slots`, `claim`, `poller` | how threads share the connections |
//! | `threads` | how many are at work, and how another takes the place of one that waits |
//! | `connection` | one connection, as far as it goes without waiting; when a wait is too long |
//! | `socket`, `file` | reading and writing, without waiting |
//! | `blocking` | reading and writing for a handler, which waits |
//! | `stop`, `time`, `log` | the end, the clock, the log of requests |
//! | `trace`, `secrets` | the bytes of the wire, and which of them a terminal is not shown |

mod blocking;
mod claim;
mod connection;
mod engine;
mod file;
mod listen;
mod log;
mod poller;
mod secrets;
mod server;
mod shared;
mod slots;
mod socket;
mod stop;
mod threads;
mod time;
mod trace;

pub use self::listen::{LocalAddress, local_address};
pub use self::server::HttpServer;
pub use self::stop::StopHandle;
