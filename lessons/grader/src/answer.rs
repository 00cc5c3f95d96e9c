//! A whole answer, and what a check may expect of it.

use std::borrow::Cow;

use ureq::http::HeaderMap;

use crate::failure::{Came, Failure, Symptom, Verdict};
use crate::request::{Asked, Request};
use crate::show::{body_lines, quoted, with_reason};

/// An answer to a request of a check.
///
/// The `expect_...` methods return a [`Failure`] that says what was expected and
/// what came; a check hands it on with `?`.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) request: Request,
    /// The status line and the headers, byte for byte.
    pub(crate) head: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The status code, such as 200.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of this header, if it is there and is text. Of a header that is
    /// there more than once, the first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, decoded if it came in chunks.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Expects this status.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn expect_status(&self, status: u16) -> Verdict {
        if self.status == status {
            return Ok(());
        }
        let expected = format!("status {}", with_reason(status));
        Err(self.failure(expected.trim_end().into(), Symptom::Status(status)))
    }

    /// Expects exactly this body, byte for byte.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn expect_body(&self, body: impl AsRef<[u8]>) -> Verdict {
        let body = body.as_ref();
        if self.body == body {
            return Ok(());
        }
        let lines = body_lines(body, 12).join("\n");
        let expected = format!("exactly this body, {} bytes:\n{lines}", body.len());
        Err(self.failure(expected, Symptom::Body(body.to_vec())))
    }

    /// Expects this text anywhere in the body.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_body_contains(&self, text: &str) -> Verdict {
        if self.text().contains(text) {
            return Ok(());
        }
        let expected = format!("a body with this text in it:\n{}", quoted(text.as_bytes()));
        Err(self.failure(expected, Symptom::BodyLacks(text.into())))
    }

    /// Expects that this text is nowhere in the body.
    ///
    /// # Errors
    ///
    /// If it is.
    pub fn expect_body_lacks(&self, text: &str) -> Verdict {
        if !self.text().contains(text) {
            return Ok(());
        }
        let expected = format!(
            "a body without this text in it:\n{}",
            quoted(text.as_bytes())
        );
        Err(self.failure(expected, Symptom::BodyHas(text.into())))
    }

    /// Expects this header with this value. In a Content-Type, capital and small
    /// letters and spaces after the semicolon make no difference.
    ///
    /// # Errors
    ///
    /// If the header is missing, there twice, or has another value.
    pub fn expect_header(&self, name: &str, value: &str) -> Verdict {
        let mut found = self.headers.get_all(name).iter();
        if let (Some(one), None) = (found.next(), found.next())
            && same_value(name, one.as_bytes(), value.as_bytes())
        {
            return Ok(());
        }
        let symptom = Symptom::Header {
            name: name.into(),
            expected: value.into(),
        };
        Err(self.failure(format!("the header {name}: {value}"), symptom))
    }

    /// Expects that the program itself sends this header: that it is not one of those
    /// that http-core adds behind the program's own, of which `Server` is the first.
    ///
    /// # Errors
    ///
    /// If it is missing, or comes after `Server`.
    pub fn expect_own_header(&self, name: &str) -> Verdict {
        let head = String::from_utf8_lossy(&self.head);
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        let mut own = fields.take_while(|(name, _)| !name.eq_ignore_ascii_case("server"));
        if own.any(|(own, _)| own.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        let expected = format!("a header {name} that the program itself sends, before Server");
        Err(self.failure(expected, Symptom::AddedHeader(name.into())))
    }

    /// Expects that this header is not there.
    ///
    /// # Errors
    ///
    /// If it is.
    pub fn expect_no_header(&self, name: &str) -> Verdict {
        if !self.headers.contains_key(name) {
            return Ok(());
        }
        Err(self.failure(format!("no header {name}"), Symptom::UnwantedHeader))
    }

    /// The failure of a check that looked at this answer and did not find what it
    /// expected, for what the `expect_...` methods cannot say:
    /// `return Err(answer.wrong("the names in alphabetical order"))`.
    pub fn wrong(&self, expected: impl Into<String>) -> Failure {
        self.failure(expected.into(), Symptom::Other)
    }

    fn failure(&self, expected: String, symptom: Symptom) -> Failure {
        let asked = Asked::Request(self.request.clone());
        Failure::new(
            Some(asked),
            expected,
            Came::Answer(Box::new(self.clone())),
            symptom,
        )
    }
}

/// Whether two values of a header mean the same.
fn same_value(name: &str, one: &[u8], other: &[u8]) -> bool {
    if !name.eq_ignore_ascii_case("content-type") {
        return one == other;
    }
    let plain = |value: &[u8]| -> Vec<u8> {
        let kept = value.iter().filter(|byte| !b" \t\"".contains(byte));
        kept.map(u8::to_ascii_lowercase).collect()
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_content_type_can_be_written_in_more_ways() {
        let same = |a: &str, b: &str| same_value("Content-Type", a.as_bytes(), b.as_bytes());
        assert!(same("text/html; charset=utf-8", "text/html;charset=UTF-8"));
        assert!(same(
            "text/html; charset=\"utf-8\"",
            "text/html; charset=utf-8"
        ));
        assert!(!same("text/html", "text/html; charset=utf-8"));
        assert!(!same_value("Location", b"/A", b"/a"));
    }
}
