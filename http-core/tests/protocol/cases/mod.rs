//! What a client may send, and what the server does with it: the table in
//! http-core/README.md as data. A [`Class`] is a row of it, with its cases.
//!
//! The cases are run by `main.rs`. They are also what fuzzing starts from, and
//! what http-core and hyper are compared on.

mod bodies;
mod connections;
mod fields;
mod request_line;

use http_core::Limits;

/// A kind of input: a row of the table.
pub struct Class {
    /// What the client sends.
    pub input: &'static str,
    /// What the server does. It names every status that the cases expect.
    pub does: &'static str,
    /// Where it is written: the number of an RFC, then the section.
    pub rfc: &'static str,
    /// What is other than by default.
    pub limits: Limits,
    pub cases: Vec<Case>,
}

/// Bytes for one connection, and what comes back.
pub struct Case {
    pub input: Vec<u8>,
    /// `200`, or with its body, `200 GET /`. `HEAD 200` has none to read.
    /// `100?` may come or not.
    pub answers: Vec<String>,
    pub then: Then,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next request on it is answered.
    GoesOn,
    /// The last answer says `Connection: close`, and nothing follows it.
    Ends,
    /// It ends too, but the last answer was sent before that was known.
    EndsUnsaid,
    /// The client shuts down its side behind the last byte; it still gets the
    /// answers, then the end.
    AfterFin,
}

/// All rows of the table.
pub fn all() -> Vec<Class> {
    [
        request_line::classes(),
        fields::classes(),
        bodies::classes(),
        connections::classes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn class(input: &'static str, does: &'static str, rfc: &'static str) -> Class {
    Class {
        input,
        does,
        rfc,
        limits: Limits::default(),
        cases: Vec::new(),
    }
}

impl Class {
    fn limits(mut self, limits: Limits) -> Class {
        self.limits = limits;
        self
    }

    fn case(mut self, input: impl AsRef<[u8]>, answers: &[&str], then: Then) -> Class {
        self.cases.push(Case {
            input: input.as_ref().to_vec(),
            answers: answers.iter().map(|&answer| answer.to_owned()).collect(),
            then,
        });
        self
    }

    /// One request, its answer, and a connection that goes on.
    fn kept(self, input: impl AsRef<[u8]>, answer: &str) -> Class {
        self.case(input, &[answer], Then::GoesOn)
    }

    /// One request, its answer, and the end.
    fn ends(self, input: impl AsRef<[u8]>, answer: &str) -> Class {
        self.case(input, &[answer], Then::Ends)
    }

    /// Each is a request line, in a request that has no other fault.
    fn lines_kept(self, cases: &[(&str, &str)]) -> Class {
        cases.iter().fold(self, |class, (line, answer)| {
            class.kept(with_line(line), answer)
        })
    }

    fn lines_refused(self, status: &str, lines: &[&[u8]]) -> Class {
        lines.iter().fold(self, |class, line| {
            class.ends([line, &b"\r\nHost: h\r\n\r\n"[..]].concat(), status)
        })
    }

    /// Each is all the fields of a `POST /f?X` in HTTP/1.1.
    fn fields_kept(self, cases: &[(&[u8], &str)]) -> Class {
        cases.iter().fold(self, |class, (fields, answer)| {
            class.kept(with_fields(fields), answer)
        })
    }

    fn fields_refused(self, status: &str, cases: &[&[u8]]) -> Class {
        cases.iter().fold(self, |class, fields| {
            class.ends(with_fields(fields), status)
        })
    }

    /// Each is what follows the head of a `POST /` whose body is in chunks.
    fn chunks_kept(self, cases: &[(&str, &str)]) -> Class {
        cases.iter().fold(self, |class, (chunks, answer)| {
            class.kept(with_chunks("/", chunks), answer)
        })
    }

    fn chunks_refused(self, status: &str, cases: &[&str]) -> Class {
        cases.iter().fold(self, |class, chunks| {
            class.ends(with_chunks("/", chunks), status)
        })
    }
}

fn with_line(line: &str) -> String {
    format!("{line}\r\nHost: h\r\n\r\n")
}

fn with_fields(fields: &[u8]) -> Vec<u8> {
    [b"POST /f?X HTTP/1.1\r\n", fields, b"\r\n"].concat()
}

fn with_chunks(path: &str, chunks: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
}

fn with_length(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}")
}
