//! Cookies as a browser reads them out of an answer.

use std::time::{Duration, SystemTime};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::{Answer, Fields};

/// What an answer says of a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CookieValue {
    /// The browser is to keep this text, percent-encoded: only characters stand in the value that a
    /// server may write there (RFC 6265bis, section 4.1.1), and decoded it is the text.
    Text(String),
    /// The browser is to keep just this value, whatever it means.
    Exactly(String),
    /// The browser is to forget it: its time is over.
    Forgotten,
    /// Nothing: the answer does not name it.
    Unset,
}

impl CookieValue {
    /// Whether the answer says this of the cookie of this name: once, unless it says nothing.
    pub(crate) fn is_said_of(&self, name: &str, answer: &Answer) -> bool {
        match (self, set_by(answer, name)) {
            (Self::Unset, None) => !answer.cookies().any(|cookie| cookie.name == name),
            (Self::Unset, _) | (_, None) => false,
            (Self::Forgotten, Some(cookie)) => cookie.is_over(answer),
            (Self::Exactly(value), Some(cookie)) => {
                !cookie.is_over(answer) && cookie.value == *value
            }
            (Self::Text(text), Some(cookie)) => {
                !cookie.is_over(answer) && cookie.text().as_ref() == Some(text)
            }
        }
    }
}

/// A cookie as a browser keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// Its name. Capital and small letters differ.
    pub name: String,
    /// Its value, as it stands there. Quotes around it are a part of it.
    pub value: String,
    /// Its attributes, such as `Path`, with their values; an empty one if it has none.
    pub attributes: Fields,
}

impl SetCookie {
    /// Reads the value of a field `Set-Cookie` as browsers do (RFC 6265bis, section 5.6): white space
    /// around names and values is dropped, and what stands behind the first `;` are attributes. `None`
    /// if a browser throws it away: with a control character in it, without anything, or larger than
    /// 4096 bytes.
    pub fn parse(field: &str) -> Option<Self> {
        if field.contains(|c: char| c.is_ascii_control() && c != '\t') {
            return None;
        }
        let trimmed = |text: &str| text.trim_matches([' ', '\t']).to_string();
        let mut parts = field.split(';');
        let pair = parts.next().unwrap_or_default();
        // Without an = it is all value.
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (trimmed(name), trimmed(value));
        let attributes = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (trimmed(name), trimmed(value))
        });
        let attributes = attributes.collect();
        let length = name.len() + value.len();
        (1..=4096).contains(&length).then_some(Self {
            name,
            value,
            attributes,
        })
    }

    /// The value of an attribute, empty if it has none. Capital and small letters of its name make
    /// no difference, and of several the last one counts.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let last = self.attributes.iter().rfind(same);
        last.map(|(_, value)| value.as_str())
    }

    /// The text that is percent-encoded in the value, if only characters stand there that a server
    /// may write.
    pub fn text(&self) -> Option<String> {
        let quoted = self.value.strip_prefix('"');
        let inside = quoted.and_then(|rest| rest.strip_suffix('"'));
        let is_allowed = |c: char| c.is_ascii_graphic() && !['"', ',', ';', '\\'].contains(&c);
        let inside = inside.unwrap_or(&self.value);
        let decoded = percent_decode_str(&self.value).decode_utf8().ok()?;
        inside.chars().all(is_allowed).then(|| decoded.into_owned())
    }

    /// Whether its time is over when this answer comes: by `Max-Age`, or without one by `Expires`.
    pub(crate) fn is_over(&self, answer: &Answer) -> bool {
        // What is no number does not count.
        let number = |age: &str| {
            let digits = age.strip_prefix('-').unwrap_or(age);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| digits.len() < age.len() || digits.bytes().all(|b| b == b'0'))
        };
        if let Some(is_over) = self.attribute("Max-Age").and_then(number) {
            return is_over;
        }
        let time = |date: &str| {
            // Many servers write `01-Jan-1970`, which browsers take as well.
            let spaced = date.replace('-', " ");
            let parsed = httpdate::parse_http_date(date);
            parsed.or_else(|_| httpdate::parse_http_date(&spaced)).ok()
        };
        let now = answer.field("Date").and_then(time);
        let now = now.unwrap_or(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        let expires = self.attribute("Expires").and_then(time);
        expires.is_some_and(|expires| expires < now)
    }
}

/// The cookie of this name that an answer sets, if it does so once. (With another Path it is another
/// one: beside the cookie for all paths, an old one may be forgotten.)
pub(crate) fn set_by(answer: &Answer, name: &str) -> Option<SetCookie> {
    let mut same: Vec<_> = answer.cookies().filter(|c| c.name == name).collect();
    if same.len() > 1 {
        same.retain(|cookie| cookie.attribute("Path") == Some("/") || !cookie.is_over(answer));
    }
    (same.len() == 1).then(|| same.remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cookies: &[&str]) -> Answer {
        let mut answer = Answer::new(200, "");
        let date = ("Date", "Sat, 21 Nov 2026 10:00:00 GMT");
        let fields = cookies.iter().map(|cookie| ("set-cookie", *cookie));
        answer.fields = fields
            .chain([date])
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        answer
    }

    #[test]
    fn a_field_is_read_as_a_browser_reads_it() {
        let cookie = SetCookie::parse(" a =\t\"b=c\" ;path=/x; HTTPONLY ;Path = / ;").unwrap();
        assert_eq!((&*cookie.name, &*cookie.value), ("a", "\"b=c\""));
        assert_eq!(cookie.attribute("PATH"), Some("/"), "the last one counts");
        assert_eq!(cookie.attribute("HttpOnly"), Some(""));
        assert_eq!(cookie.attribute("Secure"), None);
        let nameless = SetCookie::parse("a; Path=/").unwrap();
        assert_eq!((&*nameless.name, &*nameless.value), ("", "a"));
        let large = format!("a={}", "x".repeat(4096));
        for thrown_away in ["", "=", ";Path=/", "a=\u{1}", &large] {
            assert_eq!(SetCookie::parse(thrown_away), None, "{thrown_away}");
        }
    }

    #[test]
    fn a_text_is_percent_encoded() {
        let text = |value: &str| SetCookie::parse(&format!("a={value}")).unwrap().text();
        assert_eq!(text("%E3%81%ad+%20b=100%").as_deref(), Some("ね+ b=100%"));
        assert_eq!(text("\"b\"").as_deref(), Some("\"b\""));
        assert_eq!(text("").as_deref(), Some(""));
        for not_allowed in ["ね", "a b", "a,b", "a\"b", "\"", "a\\b", "%ff"] {
            assert_eq!(text(not_allowed), None, "{not_allowed}");
        }
    }

    #[test]
    fn a_cookie_is_kept_forgotten_or_left_as_it_is() {
        let said = |kept: CookieValue, cookies: &[&str]| kept.is_said_of("a", &answer(cookies));
        let text = || CookieValue::Text("b c".into());
        assert!(said(text(), &["x=1", "a=b%20c"]));
        assert!(said(
            text(),
            &["a=b%20c; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
        ));
        assert!(said(CookieValue::Exactly("b%20c".into()), &["a=b%20c"]));
        assert!(said(CookieValue::Unset, &["A=1", "x=1"]));
        for over in [
            "a=b%20c; Max-Age=0",
            "a=b%20c; max-age=-1",
            "a=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
            "a=b%20c; Max-Age=soon; Expires=Sat, 21 Nov 2026 09:59:59 GMT",
        ] {
            assert!(said(CookieValue::Forgotten, &[over]), "{over}");
            assert!(!said(text(), &[over]), "{over}");
            assert!(!said(CookieValue::Unset, &[over]), "{over}");
        }
        for not_over in [
            "a=",
            "a=; Max-Age=10",
            "a=; Expires=Sat, 21 Nov 2026 10:00:01 GMT",
        ] {
            assert!(!said(CookieValue::Forgotten, &[not_over]), "{not_over}");
        }
        assert!(!said(text(), &["A=b%20c"]));
        assert!(
            !said(text(), &["a=b%20c", "a=b%20c; Path=/x"]),
            "it is set twice"
        );
        assert!(!said(CookieValue::Unset, &["a=1", "a=2"]));
        let (old, over) = ("a=; Path=/x; Max-Age=0", "a=; Path=/; Max-Age=0");
        assert!(said(CookieValue::Forgotten, &[old, over]));
        assert!(said(text(), &["a=b%20c; Path=/", old]));
        assert!(!said(text(), &["a=b%20c; Path=/", over]));
        assert!(!said(CookieValue::Forgotten, &[over, over]));
    }
}
