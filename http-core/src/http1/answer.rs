//! The head of an answer, and what it demands of the body (RFC 9112, section 6).

use std::io::{self, ErrorKind};

use http::{Method, StatusCode, Version};

use super::chunks::Framing;
use super::fields::parse_length;
use super::grammar::{is_text_byte, is_token_byte};
use super::{Date, Head};

/// The answer to one request.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub stage: Stage,
    /// The status, once there is one.
    pub status: Option<StatusCode>,
    /// It answers a HEAD request: the body is counted, but not sent.
    is_to_head: bool,
    /// The client speaks HTTP/1.0, and so does not understand chunks.
    http_10: bool,
    said: Said,
}

/// What the fields written so far have said.
#[derive(Debug, Default)]
struct Said {
    date: bool,
    server: bool,
    /// `Connection: close`.
    close: bool,
    /// The handler's Content-Length.
    length: Option<u64>,
}

/// How far an answer has got. The framing of its body is one of these stages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is written yet.
    #[default]
    Nothing,
    /// The status line is written, and perhaps some fields.
    Head,
    /// The fields are complete except for the framing. The body is gathered: if it ends
    /// soon, its length is known.
    Gathering,
    /// The head has a Content-Length, and this many bytes are still to come.
    Sized(u64),
    /// The body goes out in chunks.
    Chunked,
    /// The body goes out as it is, and the end of the connection is its end (HTTP/1.0).
    UntilClose,
    /// No body is sent (HEAD, 204, 304). This is the length it would have had so far.
    NoBody(u64),
    /// The answer is complete.
    Whole,
    /// The connection failed. Nobody knows how much has arrived, so nothing can follow.
    Lost,
}

const SERVER: &str = concat!("Server: http-core/", env!("CARGO_PKG_VERSION"), "\r\n");

impl Answer {
    /// The answer to a request.
    pub fn to(head: &Head) -> Answer {
        Answer {
            is_to_head: *head.method() == Method::HEAD,
            http_10: head.version() == Version::HTTP_10,
            ..Answer::default()
        }
    }

    /// The answer to a refused request with this first line.
    pub fn to_refused(line: &[u8]) -> Answer {
        Answer {
            is_to_head: line.starts_with(b"HEAD "),
            ..Answer::default()
        }
    }

    /// Discards all that was said.
    pub fn start_again(&mut self) {
        self.stage = Stage::Nothing;
        self.status = None;
        self.said = Said::default();
    }

    /// Whether the handler said `Connection: close`.
    pub fn says_close(&self) -> bool {
        self.said.close
    }

    fn has_body(&self) -> bool {
        !self.is_to_head && self.status_has_body()
    }

    /// RFC 9110, sections 15.3.5 and 15.4.5.
    fn status_has_body(&self) -> bool {
        !matches!(
            self.status,
            Some(StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
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
        self.status = Some(status);
        let reason = status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    /// Writes one field of the head.
    pub fn field(&mut self, out: &mut Vec<u8>, name: &str, value: &[u8]) -> io::Result<()> {
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err(mistake(format!(
                "{name:?} is not a name for a header field"
            )));
        }
        // A line break would let somebody else write the next field, or a whole answer.
        // Without an early exit, the compiler can vectorize this.
        if !value.iter().fold(true, |all, &b| all & is_text_byte(b)) {
            return Err(mistake(format!(
                "the value of header field {name} has a line break or another control character in it: {:?}",
                String::from_utf8_lossy(value)
            )));
        }
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            14 if is("Content-Length") => {
                let length = parse_length(value).ok();
                if length.is_none() || self.said.length.is_some() {
                    return Err(mistake("Content-Length must be one number, and sent once"));
                }
                if self.status == Some(StatusCode::NO_CONTENT) {
                    return Err(mistake("an answer with status 204 has no Content-Length"));
                }
                self.said.length = length;
            }
            17 if is("Transfer-Encoding") => {
                return Err(mistake(
                    "Transfer-Encoding is the server's to choose: just write the body",
                ));
            }
            10 if is("Connection") => {
                let is_close = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(b"close");
                if value.split(|&b| b == b',').any(is_close) {
                    self.said.close = true;
                }
            }
            4 if is("Date") && self.said.date => return Err(mistake("Date must be sent once")),
            4 if is("Date") => self.said.date = true,
            6 if is("Server") => self.said.server = true,
            _ => {}
        }
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
        Ok(())
    }

    /// Ends the handler's fields. What is still missing is the framing.
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
            (false, _) => Stage::NoBody(0),
            (true, Some(length)) => Stage::Sized(length),
            (true, None) => Stage::Gathering,
        };
    }

    /// Checks `more` bytes of body against what the head has said.
    pub fn count(&mut self, more: u64, is_last: bool) -> io::Result<()> {
        if self.stage == Stage::Lost {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        // A 205 is framed as an empty body (RFC 9110, section 15.3.6).
        let no_body = matches!(self.stage, Stage::NoBody(_)) && !self.is_to_head;
        if more > 0 && (no_body || self.status == Some(StatusCode::RESET_CONTENT)) {
            let status = self.status.unwrap_or_default().as_u16();
            return Err(mistake(format!(
                "an answer with status {status} has no body"
            )));
        }
        match &mut self.stage {
            Stage::Sized(left) => {
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
            Stage::NoBody(count) => *count += more,
            _ => {}
        }
        Ok(())
    }

    /// The body is sent from now on, and its length is not known. `None` means that it ends
    /// with the connection.
    pub fn begin_stream(&mut self) -> Option<Framing> {
        if self.http_10 {
            self.stage = Stage::UntilClose;
            return None;
        }
        self.stage = Stage::Chunked;
        Some(Framing::Chunked)
    }

    /// The framing that a HEAD request is told, as GET would be (RFC 9110, section 9.3.2).
    pub fn unsent_framing(&self, length: u64) -> Option<Framing> {
        let tell = self.is_to_head && self.said.length.is_none() && self.status_has_body();
        tell.then_some(Framing::Length(length))
    }

    /// Ends the head, with the fields that frame the body and say whether the connection
    /// stays open.
    pub fn end_head(&mut self, out: &mut Vec<u8>, framing: Option<Framing>, keep_alive: bool) {
        match framing {
            Some(Framing::Length(length)) => {
                out.extend_from_slice(b"Content-Length: ");
                out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Some(Framing::Chunked) => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            None => {}
        }
        let line: &[u8] = match (keep_alive, self.http_10) {
            _ if self.said.close => b"",
            // The default of HTTP/1.1, the version in the status line.
            (true, false) => b"",
            (true, true) => b"Connection: keep-alive\r\n",
            (false, _) => b"Connection: close\r\n",
        };
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
}

/// An error for the author of a handler to fix.
pub fn mistake(message: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message.into())
}
