//! The head of a request: bytes in; a head, "more bytes", or a refusal out.
//!
//! Nothing here touches a socket, so all of it can be read, tested and fuzzed
//! alone. httparse splits the bytes into method, target and fields; `fields` says
//! what the fields mean for the connection. A head that leaves that in doubt is refused.

use std::mem::MaybeUninit;
use std::ops::Range;

use http::{Method, StatusCode, Version};

use super::fields::Steering;
use super::line::{
    LONGEST_METHOD, METHOD_TOO_LONG, TARGET_TOO_LONG, Target, fault, request_line, split_target,
};
use super::{Framing, Limits, Refusal};

/// The head of a request: its first line and its fields.
///
/// ```
/// use http_core::{Head, Limits};
///
/// let bytes = b"GET /cat?size=2 HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// let (head, length) = Head::parse(bytes, &Limits::default())?.expect("it is complete");
/// assert_eq!(length, bytes.len());
/// assert_eq!(head.path(), "/cat");
/// assert_eq!(head.query(), Some("size=2"));
///
/// // Half a head is not an error: more bytes are needed.
/// assert!(Head::parse(&bytes[..20], &Limits::default())?.is_none());
/// # Ok::<(), http_core::Refusal>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The head as it came; the spans below point into it.
    bytes: Vec<u8>,
    method: Method,
    target: Span,
    path: Span,
    query: Option<Span>,
    version: Version,
    fields: Vec<(Span, Span)>,
    steering: Steering,
}

/// A stretch of a head's bytes.
type Span = Range<usize>;

/// What httparse is given room for; `Limits::fields` cannot go beyond.
const MOST_FIELDS: usize = 256;

impl Head {
    /// Reads the head at the start of `bytes`. `Ok(None)`: so far it is fine, but
    /// not all of it is there. Otherwise the head and its length in bytes; the
    /// body begins after it.
    ///
    /// # Errors
    /// A [`Refusal`] when no continuation of these bytes can be served.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Option<(Head, usize)>, Refusal> {
        let mut head = Head::default();
        let length = head.read(bytes, limits)?;
        Ok(length.map(|length| (head, length)))
    }

    /// As `parse`, in the place and with the memory of an earlier head.
    pub(super) fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let room = limits.fields.min(MOST_FIELDS);
        let mut request = httparse::Request::new(&mut []);
        // Bytes beyond the largest head have no say, so that a head is judged
        // alike however its bytes arrive.
        let judged = &bytes[..bytes.len().min(limits.head_size)];
        let length = match request.parse_with_uninit_headers(judged, &mut fields[..room]) {
            Ok(httparse::Status::Complete(length)) => length,
            outcome => {
                return match fault(outcome.err(), judged, limits)? {
                    Some(digit) => self.read_as_http_1_1(digit, bytes, limits),
                    None => more(bytes, limits),
                };
            }
        };
        let (Some(method), Some(target), Some(minor)) =
            (request.method, request.path, request.version)
        else {
            return Err(Refusal::bad("the request line is not complete"));
        };
        if method.len() > LONGEST_METHOD {
            return Err(METHOD_TOO_LONG);
        }
        if target.len() > limits.target_size {
            return Err(TARGET_TOO_LONG);
        }
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Refusal::bad("the method is not a word"))?;
        let version = if minor == 0 {
            Version::HTTP_10
        } else {
            Version::HTTP_11
        };
        let Target { host, path, query } = split_target(&method, target)?;
        let steering = Steering::of(version, request.headers, limits)?;

        // Spans instead of slices, so that the head can own its bytes.
        let span = |part: &[u8]| {
            let start = part.as_ptr() as usize - bytes.as_ptr() as usize;
            start..start + part.len()
        };
        self.method = method;
        self.target = span(target.as_bytes());
        self.path = span(path.as_bytes());
        self.query = query.map(|query| span(query.as_bytes()));
        self.version = version;
        self.fields.clear();
        self.fields.extend(request.headers.iter().map(|field| {
            let value = match host {
                // The target's host stands in the place of Host (RFC 9112, section 3.2.2).
                Some(host) if field.name.eq_ignore_ascii_case("host") => host.as_bytes(),
                _ => field.value,
            };
            (span(field.name.as_bytes()), span(value))
        }));
        self.steering = steering;
        self.bytes.clear();
        self.bytes.extend_from_slice(&bytes[..length]);
        Ok(Some(length))
    }

    /// As `read`, for a head whose minor version is later than 1; this is where its digit
    /// stands. It is read as HTTP/1.1, which is what httparse knows (RFC 9110, section 2.5).
    #[cold]
    fn read_as_http_1_1(
        &mut self,
        digit: usize,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<usize>, Refusal> {
        let mut known = bytes.to_vec();
        known[digit] = b'1';
        let length = self.read(&known, limits)?;
        if length.is_some() {
            self.bytes[digit] = bytes[digit];
        }
        Ok(length)
    }

    /// The method: GET, POST, or any other word.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The target as it was sent, with its query.
    pub fn target(&self) -> &str {
        self.text(&self.target)
    }

    /// The path as it was sent: percent-encoded, without the query. Slashes at
    /// its start are one slash, as in http.server: `//host/` would be another
    /// host's address if it were sent back in a redirect.
    pub fn path(&self) -> &str {
        match self.text(&self.path) {
            "" => "/",
            path => path,
        }
    }

    /// What follows the first `?`, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.query.as_ref().map(|span| self.text(span))
    }

    /// HTTP/1.0 or HTTP/1.1.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The value of the first field of this name, in any case; `None` also where
    /// the value is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers();
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The name and the value of each field, as they were sent, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (self.text(name), &self.bytes[value.clone()]))
    }

    /// How long the body is.
    pub fn framing(&self) -> Framing {
        self.steering.framing
    }

    /// Whether the client wants to send another request on this connection.
    pub fn keep_alive(&self) -> bool {
        self.steering.keep_alive
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.steering.expects_continue
    }

    /// The first line, without its line end, for the access log.
    pub(crate) fn request_line(&self) -> &[u8] {
        request_line(&self.bytes)
    }

    fn text(&self, span: &Span) -> &str {
        // The spans were cut out of text, so this never takes the default.
        std::str::from_utf8(&self.bytes[span.clone()]).unwrap_or_default()
    }
}

const HEAD_TOO_LARGE: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the request head is too large",
);
/// All of a head that is there is fine; more bytes are needed.
fn more(bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
    match bytes.len() < limits.head_size {
        true => Ok(None),
        false => Err(HEAD_TOO_LARGE),
    }
}

/// Heads from text, for the tests of all that reads them.
#[cfg(test)]
pub(super) mod parsing {
    use super::*;

    pub fn parse(text: &str) -> Result<Option<(Head, usize)>, Refusal> {
        Head::parse(text.as_bytes(), &Limits::default())
    }

    #[track_caller]
    pub fn head(text: &str) -> Head {
        parse(text).expect("not refused").expect("complete").0
    }

    #[track_caller]
    pub fn refused(text: &str) -> u16 {
        match parse(text) {
            Err(refusal) => refusal.status.as_u16(),
            Ok(_) => panic!("not refused: {text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parsing::{head, parse};
    use super::*;

    #[test]
    fn a_head_gives_its_parts() {
        let head = head(
            "POST /a%20b?x=1&y HTTP/1.1\r\nHost: h:1\r\nX-Cat: neko\r\nx-cat: gato\r\nContent-Length: 5\r\n\r\nhello",
        );
        assert_eq!(head.method(), Method::POST);
        assert_eq!(head.target(), "/a%20b?x=1&y");
        assert_eq!(head.path(), "/a%20b");
        assert_eq!(head.query(), Some("x=1&y"));
        assert_eq!(head.version(), Version::HTTP_11);
        assert_eq!(head.header("X-CAT"), Some("neko"));
        let cats = head.headers().filter(|(name, _)| *name != "Host");
        let cats: Vec<(&str, &[u8])> = cats.take(2).collect();
        assert_eq!(cats, [("X-Cat", &b"neko"[..]), ("x-cat", b"gato")]);
        assert_eq!(head.framing(), Framing::Length(5));
        assert_eq!(head.request_line(), b"POST /a%20b?x=1&y HTTP/1.1");
        assert!(head.keep_alive());
        assert!(!head.expects_continue());
    }

    #[test]
    fn every_cut_of_a_head_asks_for_more() {
        let text = "\r\nGET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for cut in 0..text.len() {
            assert!(parse(&text[..cut]).unwrap().is_none(), "cut at {cut}");
        }
        assert_eq!(parse(text).unwrap().unwrap().1, text.len());
    }

    #[test]
    fn too_large_is_said_in_the_right_way() {
        let limits = Limits {
            target_size: 20,
            head_size: 200,
            fields: 3,
            ..Limits::default()
        };
        let status = |text: &str| {
            Head::parse(text.as_bytes(), &limits)
                .map(|_| ())
                .unwrap_err()
                .status
        };
        let long = "x".repeat(300);
        assert_eq!(
            status(&format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", &long[..20])),
            StatusCode::URI_TOO_LONG
        );
        assert_eq!(status(&format!("GET /{long}")), StatusCode::URI_TOO_LONG);
        // What is wrong first is what is said, however much is there already.
        let method = "X".repeat(300);
        for (line, status) in [
            (format!("{method} / HTTP/1.1"), 501),
            (format!("{} /{long} HTTP/1.1", &method[..65]), 501),
            (format!("{} /{long} HTTP/1.1", &method[..64]), 414),
            (format!("G(T {long} HTTP/1.1"), 400),
            (format!("X{}( / HTTP/1.1", &method[..100]), 501),
        ] {
            let text = format!("{line}\r\nHost: h\r\n\r\n");
            let seen: Vec<u16> = (0..=text.len())
                .filter_map(|cut| Head::parse(&text.as_bytes()[..cut], &limits).err())
                .map(|refusal| refusal.status.as_u16())
                .collect();
            assert!(
                !seen.is_empty() && seen.iter().all(|s| *s == status),
                "{line}: {seen:?}"
            );
        }
        assert_eq!(
            status(&format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}")),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        );
        assert_eq!(
            status(&format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}\r\n\r\n")),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        );
        assert_eq!(
            status("GET / HTTP/1.1\r\nHost: h\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n"),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        );
    }
}
