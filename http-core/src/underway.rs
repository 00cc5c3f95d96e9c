//! The answer under way: what its head says, and what must hold for its body
//! (RFC 9112, section 6). It writes the head into memory, and touches no socket.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use http::header::{self, HeaderName};
use http::{Method, StatusCode, Version};

use crate::clock::Date;
use crate::meaning::{Framing, parse_length};
use crate::outbox::Mark;
use crate::socket::Pace;
use crate::{Head, Limits};

/// The answer under way.
#[derive(Debug)]
pub(crate) struct Underway {
    pub stage: Stage,
    /// Where it begins in the outbox.
    pub start: Mark,
    /// Some of it has left: it can't be taken back any more.
    pub on_wire: bool,
    /// The connection failed while it was sent.
    pub lost: bool,
    /// Whether the connection can go on after it.
    pub keep_alive: bool,
    /// How fast the client takes it, and what waits before it.
    pub pace: Pace,
    status: StatusCode,
    /// It answers a HEAD request: a body is counted, but not sent.
    head_only: bool,
    /// The client speaks HTTP/1.1 and so understands chunks.
    http_11: bool,
    said: Said,
}

/// What the fields written so far say.
#[derive(Debug, Default)]
struct Said {
    date: bool,
    server: bool,
    /// `Connection: close`.
    close: bool,
    /// The Content-Length, of the handler's or declared in its place.
    length: Option<u64>,
}

/// How far the answer under way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was written.
    Unanswered,
    /// The status line, perhaps fields.
    Head,
    /// The fields are complete but for the framing: the body is gathered, as it
    /// may end soon and then has a known length.
    Gathering,
    /// So many bytes are to come of the length that the handler declared.
    Declared(u64),
    /// The body goes out in chunks.
    Chunked,
    /// The body goes out as it is and ends with the connection (HTTP/1.0).
    UntilClose,
    /// No body is sent (HEAD, 204, 304). So many bytes would have been.
    Bodiless(u64),
    /// All of it is written.
    Finished,
}

const SERVER: &str = concat!("Server: http-core/", env!("CARGO_PKG_VERSION"), "\r\n");

impl Underway {
    /// Without a head, it answers a request that is refused.
    pub fn to(head: Option<&Head>, keep_alive: bool, start: Mark, limits: &Limits) -> Underway {
        Underway {
            stage: Stage::Unanswered,
            start,
            on_wire: false,
            lost: false,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            head_only: head.is_some_and(|head| head.method() == Method::HEAD),
            http_11: head.is_none_or(|head| head.version() == Version::HTTP_11),
            keep_alive,
            said: Said::default(),
            pace: Pace::new(limits),
        }
    }

    /// Takes it back to before its first byte.
    pub fn start_again(&mut self) {
        self.stage = Stage::Unanswered;
        self.said = Said::default();
    }

    /// It answers a HEAD request, though one that is refused.
    pub fn set_head_only(&mut self) {
        self.head_only = true;
    }

    /// The status, once there is one.
    pub fn status(&self) -> Option<StatusCode> {
        (self.stage != Stage::Unanswered).then_some(self.status)
    }

    fn has_body(&self) -> bool {
        !self.head_only && self.status_has_body()
    }

    /// RFC 9110, sections 15.3.5 and 15.4.5.
    fn status_has_body(&self) -> bool {
        !matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        )
    }

    /// Writes the status line.
    pub fn status_line(&mut self, out: &mut Vec<u8>, status: StatusCode) -> io::Result<()> {
        if status.is_informational() {
            return Err(mistake(format!(
                "{} is not a final status; choose one from 200 on",
                status.as_u16()
            )));
        }
        self.stage = Stage::Head;
        self.status = status;
        let reason = status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    /// Writes one field of the head.
    pub fn field(&mut self, out: &mut Vec<u8>, name: &str, value: impl Display) -> io::Result<()> {
        let Ok(id) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(mistake(format!(
                "{name:?} is not a name for a header field"
            )));
        };
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        let start = out.len();
        write!(out, "{value}")?;
        let value = &out[start..];
        // A line break would begin a field, or an answer, that somebody else wrote.
        let is_control = |&b: &u8| (b < b' ' && b != b'\t') || b == 0x7f;
        if value.iter().any(is_control) {
            return Err(mistake(format!(
                "the value of header field {name} has a line break or another control character in it: {:?}",
                String::from_utf8_lossy(value)
            )));
        }
        match id {
            header::CONTENT_LENGTH => {
                let length = parse_length(value).ok();
                if length.is_none() || self.said.length.is_some() {
                    return Err(mistake("Content-Length must be one number, and sent once"));
                }
                if self.status == StatusCode::NO_CONTENT {
                    return Err(mistake("an answer with status 204 has no Content-Length"));
                }
                self.said.length = length;
            }
            header::TRANSFER_ENCODING => {
                return Err(mistake(
                    "Transfer-Encoding is the server's to choose: just write the body",
                ));
            }
            header::CONNECTION => {
                let is_close = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(b"close");
                if value.split(|&b| b == b',').any(is_close) {
                    self.said.close = true;
                    self.keep_alive = false;
                }
            }
            header::DATE => self.said.date = true,
            header::SERVER => self.said.server = true,
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// The handler has no more fields. What is still missing is the framing.
    pub fn end_fields(&mut self, out: &mut Vec<u8>, date: &Date) {
        if !self.said.server {
            out.extend_from_slice(SERVER.as_bytes());
        }
        if !self.said.date {
            out.extend_from_slice(b"Date: ");
            out.extend_from_slice(date);
            out.extend_from_slice(b"\r\n");
        }
        self.stage = match (self.has_body(), self.said.length) {
            (false, _) => Stage::Bodiless(0),
            (true, Some(length)) => Stage::Declared(length),
            (true, None) => Stage::Gathering,
        };
    }

    /// Holds `more` bytes of body against what the head said of it.
    pub fn count(&mut self, more: u64, is_last: bool) -> io::Result<()> {
        if self.lost {
            // Nobody knows how much has arrived, so nothing can follow it.
            return Err(ErrorKind::ConnectionAborted.into());
        }
        // A 205 is framed as an empty body (RFC 9110, section 15.3.6).
        let is_bodiless = matches!(self.stage, Stage::Bodiless(_)) && !self.head_only;
        if more > 0 && (is_bodiless || self.status == StatusCode::RESET_CONTENT) {
            let status = self.status.as_u16();
            return Err(mistake(format!(
                "an answer with status {status} has no body"
            )));
        }
        match &mut self.stage {
            Stage::Declared(left) => {
                let declared = self.said.length.unwrap_or_default();
                let written = (declared - *left).saturating_add(more);
                if written > declared || (is_last && written < declared) {
                    let or_more = if is_last { "" } else { " or more" };
                    return Err(mistake(format!(
                        "Content-Length says {declared} bytes, but the body has {written}{or_more}"
                    )));
                }
                *left -= more;
            }
            Stage::Bodiless(count) => *count += more,
            _ => {}
        }
        Ok(())
    }

    /// The body is sent from now on, though its length is not known.
    pub fn begin_stream(&mut self) -> Option<Framing> {
        if self.http_11 {
            self.stage = Stage::Chunked;
            return Some(Framing::Chunked);
        }
        self.stage = Stage::UntilClose;
        self.keep_alive = false;
        None
    }

    /// The body has a length that is known now, of which so many bytes are to come.
    pub fn declare(&mut self, length: u64, to_come: u64) -> Framing {
        self.said.length = Some(length);
        self.stage = Stage::Declared(to_come);
        Framing::Length(length)
    }

    /// What HEAD is told of the body that GET would get (RFC 9110, section 9.3.2).
    pub fn unsent_framing(&self, length: u64) -> Option<Framing> {
        let tell = self.head_only && self.said.length.is_none() && self.status_has_body();
        tell.then_some(Framing::Length(length))
    }

    /// Ends the head: how the body is framed, whether the connection goes on.
    pub fn end_head(&mut self, out: &mut Vec<u8>, framing: Option<Framing>) {
        match framing {
            Some(Framing::Length(length)) => {
                // Writing to a Vec can't fail.
                let _ = write!(out, "Content-Length: {length}\r\n");
            }
            Some(Framing::Chunked) => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            None => {}
        }
        let line: &[u8] = match (self.keep_alive, self.http_11) {
            _ if self.said.close => b"",
            // What goes without saying in HTTP/1.1, which is what the status line speaks.
            (true, true) => b"",
            (true, false) => b"Connection: keep-alive\r\n",
            (false, _) => b"Connection: close\r\n",
        };
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
}

/// An error that the author of a handler made.
fn mistake(message: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message.into())
}
