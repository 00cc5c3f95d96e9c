//! What was seen of a program.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Bytes, Fields, Request, SetCookie, field};

/// What was seen after an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seen {
    /// Of a request: what came back.
    Exchange(Box<Exchange>),
    /// Of a program that was run: how it ended, or that it does not.
    Ended(Box<Result<Ended, Hangs>>),
    /// Of a server that was started: it serves.
    Serves,
    /// Of an act that has nothing to see, such as a restart.
    Nothing,
}

/// A request and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The request; of a service that is asked, `None` if the bytes are none.
    pub request: Option<Request>,
    /// The answer, or why there is none.
    pub answer: Result<Answer, Broken>,
    /// The bytes that went out: the request; of a service that is asked, the answer. Of
    /// very many, the first.
    #[serde(default)]
    pub sent: Bytes,
    /// The bytes that came, as far as they came.
    pub came: Bytes,
    /// The number of the connection, counted from the program's start.
    pub connection: u32,
    /// From the first byte that was sent to the last one that came.
    pub took: Duration,
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// The status code, such as 200.
    pub status: u16,
    /// The fields of the head, in their order.
    pub fields: Fields,
    /// The body, decoded if it came in chunks.
    pub body: Bytes,
}

/// Why there is no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Broken {
    /// Nobody listens.
    Refused,
    /// This computer lets nobody connect to where the program is: no fault of the program.
    Unreachable,
    /// The connection ended before the answer did.
    Closed,
    /// Nothing came before the time was up.
    Silent,
    /// Some of the answer came, and its end did not come before the time was up.
    Slow,
    /// What came is no HTTP, from this byte on.
    NotHttp {
        /// The number of bytes before it.
        at: usize,
    },
    /// Nothing says where the body ends, and the connection stays open.
    NoLength,
    /// The body has fewer bytes than its Content-Length says.
    Short {
        /// What the Content-Length says.
        declared: u64,
        /// The number of bytes that came.
        came: u64,
        /// Whether the connection stays open.
        open: bool,
    },
    /// More bytes came than the Content-Length says, or a body where there is none.
    Long {
        /// What the Content-Length says.
        declared: u64,
        /// The number of bytes that came after them.
        more: u64,
    },
    /// The body is larger than any answer should be.
    Endless,
}

/// A program that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its exit code; 128 plus the number of a signal that ended it. `None` if it was
    /// ended by the grader.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Printed,
    /// What it wrote to standard error.
    pub stderr: Printed,
    /// How long it ran.
    pub took: Duration,
    /// What the service at [`SERVICE`](super::SERVICE) was asked meanwhile.
    pub asked: Vec<Exchange>,
}

/// A program that does not end by itself, with what it did until it was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hangs {
    /// It still ran when the time was up.
    Runs(Ended),
    /// It prints without end.
    Flood(Ended),
}

/// Why a program does not serve, with what it did until it was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotServing {
    /// It ended before it said where it serves.
    Ended(Box<Ended>),
    /// It runs, and did not say it in time.
    Silent(Box<Ended>),
    /// It prints without end, and does not say it.
    Flood(Box<Ended>),
    /// It could not be started, for this reason: no fault of the program.
    NotStarted(String),
}

/// A program that has printed this much before it serves, answers or ends prints for ever.
pub(crate) const FLOOD: u64 = 4 * 1024 * 1024;

/// What a program printed, perhaps without its middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// The beginning, or all of it.
    pub head: Bytes,
    /// The number of bytes that are left out.
    pub left_out: u64,
    /// The end, if some is left out.
    pub tail: Bytes,
}

impl Seen {
    /// The answer, if a whole one came.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Exchange(exchange) => exchange.answer.as_ref().ok(),
            _ => None,
        }
    }

    /// Whether the program may be ending just now: it has closed the connection.
    pub(crate) fn may_be_ending(&self) -> bool {
        let waited = [Broken::Silent, Broken::Slow, Broken::NoLength];
        let open =
            |why: &Broken| waited.contains(why) || matches!(why, Broken::Short { open: true, .. });
        matches!(self, Self::Exchange(exchange) if exchange.answer.as_ref().is_err_and(|why| !open(why)))
    }

    /// How the program ended, if it did.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            Self::Ended(ended) => ended.as_ref().as_ref().ok(),
            _ => None,
        }
    }
}

impl Hangs {
    /// What the program did until it was ended.
    pub fn so_far(&self) -> &Ended {
        match self {
            Self::Runs(ended) | Self::Flood(ended) => ended,
        }
    }

    /// The same, with what the program did told in another way.
    pub(crate) fn map(self, tell: impl FnOnce(Ended) -> Ended) -> Self {
        match self {
            Self::Runs(ended) => Self::Runs(tell(ended)),
            Self::Flood(ended) => Self::Flood(tell(ended)),
        }
    }
}

impl NotServing {
    /// What the program did until it was ended.
    pub(crate) fn so_far(&self) -> Ended {
        match self {
            Self::Ended(ended) | Self::Silent(ended) | Self::Flood(ended) => Ended::clone(ended),
            Self::NotStarted(_) => Ended::default(),
        }
    }
}

impl Answer {
    /// An answer without fields.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    /// The value of a field of the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    /// The values of this field, each time that it is there.
    pub(crate) fn all_fields(&self, name: &str) -> impl Iterator<Item = &str> {
        let same = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.fields.iter().filter(same).map(|(_, value)| &**value)
    }

    /// The cookies that it sets, as a browser reads them, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie> {
        let fields = self.fields.iter();
        let set = fields.filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
        set.filter_map(|(_, value)| SetCookie::parse(value))
    }

    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        self.body.text()
    }
}

impl Printed {
    /// All that was kept, as text.
    pub fn text(&self) -> String {
        format!("{}{}", self.head.text(), self.tail.text())
    }

    /// The number of bytes that were printed.
    pub fn len(&self) -> u64 {
        self.head.len() as u64 + self.left_out + self.tail.len() as u64
    }

    /// This, and behind it what was printed later.
    pub(crate) fn followed_by(self, later: Self) -> Self {
        let is_whole = self.left_out == 0 && later.left_out == 0;
        if is_whole {
            let all = [&*self.head, &*self.tail, &*later.head, &*later.tail].concat();
            return Self {
                head: Bytes(all),
                ..Self::default()
            };
        }
        let all = self.len() + later.len();
        let tail = match later.left_out {
            0 => Bytes([&*later.head, &*later.tail].concat()),
            _ => later.tail,
        };
        Self {
            left_out: all - self.head.len() as u64 - tail.len() as u64,
            head: self.head,
            tail,
        }
    }

    /// Whether so much was printed that it would never end.
    pub(crate) fn is_flood(&self) -> bool {
        self.len() > FLOOD
    }

    /// Whether nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<&str> for Printed {
    fn from(text: &str) -> Self {
        Self {
            head: text.into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_later_stands_behind() {
        let (one, two) = (Printed::from("one\n"), Printed::from("two\n"));
        assert_eq!(one.clone().followed_by(two), Printed::from("one\ntwo\n"));
        let long = Printed {
            head: "first\n".into(),
            left_out: 100,
            tail: "last\n".into(),
        };
        let both = long.clone().followed_by(one.clone());
        assert_eq!(both.text(), "first\none\n");
        assert_eq!(both.len(), long.len() + one.len());
        let both = one.clone().followed_by(long.clone());
        assert_eq!(both.text(), "one\nlast\n");
        assert_eq!(both.len(), long.len() + one.len());
    }
}
