//! What happened, as plain data: what was done to a program, what was seen of it, what
//! was expected, and why it went wrong.
//!
//! This room knows no other. All that the grader does is made of these values: a model
//! says what is expected of them, a program is played with them, a report is written from
//! them, and as JSON they are what other tools read.
//!
//! Addresses in them are constants: a service that is asked is always
//! [`SERVICE`], and [`NOBODY`] refuses every connection. The real ones are
//! put in on the way to the program, and taken out again on the way back. So two runs of
//! the same acts can be compared.

mod act;
mod bytes;
mod cookie;
mod expect;
mod outcome;
mod seen;

pub(crate) use act::Connections;
pub use act::{Act, Command, FORM, Reply, Request, encode_form};
pub use act::{get, post, request, run, serves, start, write};
pub use bytes::Bytes;
pub(crate) use cookie::set_by;
pub use cookie::{CookieValue, SetCookie};
pub use expect::{Expect, Expected, Text, What};
pub use outcome::{Cause, CheckInfo, CheckResult, Event, Finding, Outcome, Record, Told};
pub use seen::{Answer, Broken, Ended, Exchange, Hangs, Printed, Seen};
pub(crate) use seen::{FLOOD, NotServing};

/// The address of the service that a program asks, as acts and expectations name it.
pub const SERVICE: &str = "http://service.test";

/// An address where nobody listens, as acts and expectations name it.
pub const NOBODY: &str = "http://nobody.test";

/// The folder that holds the one that a program serves, as acts name it: a path from the top
/// of the disk. What lies in it is outside.
pub const OUTSIDE: &str = "/outside.test";

/// The value of the cookie that a program draws at random ([`Lesson::random_cookie`]), as acts and
/// expectations name it: the first that it gives is `random_value(1)`, and one that it gives again
/// keeps its name. It is sent as the program has given it, and told like this wherever it comes
/// back, in what the program prints, too.
///
/// [`Lesson::random_cookie`]: crate::Lesson::random_cookie
pub fn random_value(number: usize) -> String {
    format!("TOKEN-{number:02}")
}

/// The same, where it has fewer than 22 characters. That is less than 128 bits, so somebody may
/// guess it, and it is no secret.
pub fn short_value(number: usize) -> String {
    format!("SHORT-{number:02}")
}

/// Names and values: the fields of a head, of a form, of an environment.
pub type Fields = Vec<(String, String)>;

/// The value of the first field of this name, as it stands in `fields`; capital and small
/// letters of the name make no difference.
pub(crate) fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
    fields.iter().find(same).map(|(_, value)| value.as_str())
}
