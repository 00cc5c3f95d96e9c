//! What the author of a service sees, and how a handler is called safely.
//!
//! | module | what it is about |
//! | --- | --- |
//! | `handler` | the [`Handler`] trait |
//! | `request`, `response` | what a handler gets, and what it writes |
//! | `exchange` | the protocol behind both, and the [`Transport`] that moves its bytes |
//! | `call`, `panics` | a request to the handler, and what if that fails |
//! | `memory` | a handler served without a network, for tests and fuzzing |
//! | `text`, `page` | form fields and HTML; the page that stands for an error |
//! | `report` | what is said at the terminal, so that nobody can forge it |
//! | `error` | why a server could not start |

mod call;
mod error;
mod exchange;
mod handler;
mod memory;
pub(crate) mod page;
mod panics;
pub(crate) mod report;
mod request;
mod response;
mod text;

pub(crate) use self::call::Service;
pub use self::error::{Result, ServerError};
pub(crate) use self::exchange::{Transport, read_file};
pub(crate) use self::handler::unsupported;
pub use self::handler::{Answer, Handler};
pub use self::memory::serve_in_memory;
pub use self::request::{BodyReader, Request};
pub use self::response::{Answered, BodyWriter, Headers, Response};
pub use self::text::{escape_html, parse_form};
