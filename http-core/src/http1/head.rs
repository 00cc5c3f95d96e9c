//! The head of a request: bytes in; a head, "more bytes", or a refusal out.
//!
//! Nothing here touches a socket, so all of it can be read, tested and fuzzed
//! alone. httparse splits the bytes into method, target and fields; `fields` says
//! what the fields mean for the connection. A head that leaves that in doubt is refused.

use std::cell::OnceCell;
use std::mem::MaybeUninit;
use std::ops::Range;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

use super::fields::Steering;
use super::host::is_host;
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
    /// The head as it came; everything below points into it.
    bytes: Vec<u8>,
    method: Method,
    target: Span,
    path: Span,
    query: Option<Span>,
    version: Version,
    fields: Vec<(Span, Span)>,
    steering: Steering,
    /// Made when first asked for: most requests are answered without it.
    headers: OnceCell<HeaderMap>,
}

/// A stretch of a head's bytes.
type Span = Range<usize>;

/// What httparse is given room for; `Limits::fields` cannot go beyond.
const MOST_FIELDS: usize = 256;

impl Head {
    /// Reads the head at the start of `bytes`. `Ok(None)`: so far it is fine, but
    /// not all of it is there. Otherwise the head and its length in bytes; the
    /// body begins behind it.
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
        // What stands behind the largest head has no say, so that a head is judged
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
        self.headers.take();
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

    /// What stands behind the first `?`, if there is one.
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
        let (_, value) = self
            .fields
            .iter()
            .find(|(field, _)| self.bytes[field.clone()].eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(&self.bytes[value.clone()]).ok()
    }

    /// All the fields, as the `http` crate's map.
    pub fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| {
            let mut map = HeaderMap::with_capacity(self.fields.len());
            for (name, value) in &self.fields {
                // httparse lets through nothing that these two refuse.
                if let (Ok(name), Ok(value)) = (
                    HeaderName::from_bytes(&self.bytes[name.clone()]),
                    HeaderValue::from_bytes(&self.bytes[value.clone()]),
                ) {
                    map.append(name, value);
                }
            }
            map
        })
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

const TARGET_TOO_LONG: Refusal =
    Refusal::new(StatusCode::URI_TOO_LONG, "the request target is too long");
const METHOD_TOO_LONG: Refusal = Refusal::new(
    StatusCode::NOT_IMPLEMENTED,
    "the method is longer than any that is known",
);
const OTHER_VERSION: Refusal = Refusal::new(
    StatusCode::HTTP_VERSION_NOT_SUPPORTED,
    "only HTTP/1.0 and HTTP/1.1 are spoken here",
);
const NO_VERSION: Refusal = Refusal::bad("the request line does not end with HTTP/1.1 or HTTP/1.0");
const NO_PROXY: Refusal = Refusal::new(
    StatusCode::NOT_IMPLEMENTED,
    "this is no proxy, so it connects nobody",
);
const HEAD_TOO_LARGE: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the request head is too large",
);
const TOO_MANY_FIELDS: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the request has too many header fields",
);

/// The letters of a method; no known one has a third of them.
const LONGEST_METHOD: usize = 64;

/// The first line in `bytes` (empty lines before it passed over), without its
/// line end; as much of it as is there.
pub(super) fn request_line(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|b| !matches!(b, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    let line = bytes[start..]
        .split(|&b| b == b'\n')
        .next()
        .unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// All of a head that is there is fine; more bytes are needed.
fn more(bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
    match bytes.len() < limits.head_size {
        true => Ok(None),
        false => Err(HEAD_TOO_LARGE),
    }
}

/// What is wrong with bytes that httparse did not take for a whole head. `Ok(None)`:
/// nothing so far. `Ok(Some(n))`: nothing but that the n-th byte is the digit of a later
/// minor version.
#[cold]
fn fault(
    error: Option<httparse::Error>,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<usize>, Refusal> {
    let line = request_line(bytes);
    if let Some((end, refusal)) = too_long(line, limits) {
        // A fault in front of that was there before it.
        let start = &line[..end];
        if let Err(error) = httparse::Request::new(&mut []).parse(start) {
            explain(error, start)?;
        }
        return Err(refusal);
    }
    error.map_or(Ok(None), |error| explain(error, bytes))
}

/// Whether a request line is too long already: at which length that shows, and why.
fn too_long(line: &[u8], limits: &Limits) -> Option<(usize, Refusal)> {
    let method = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    if method > LONGEST_METHOD {
        return Some((LONGEST_METHOD + 1, METHOD_TOO_LONG));
    }
    let longest = limits
        .target_size
        .saturating_add(LONGEST_METHOD + b"  HTTP/1.1".len());
    (line.len() > longest).then(|| (longest + 1, TARGET_TOO_LONG))
}

/// Says in our words what httparse found wrong; as `fault`.
fn explain(error: httparse::Error, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    Err(match error {
        httparse::Error::TooManyHeaders => TOO_MANY_FIELDS,
        httparse::Error::Version => return other_version(bytes),
        httparse::Error::HeaderName => Refusal::bad("a header field has a malformed name"),
        httparse::Error::HeaderValue => Refusal::bad("a header field has a malformed value"),
        // In `HTTP/1.10`, it misses the line end behind `HTTP/1.1`.
        httparse::Error::NewLine => match version_word(request_line(bytes)).get(8) {
            Some(&behind) if behind != b'\r' => NO_VERSION,
            _ => Refusal::bad("a line does not end with CR LF"),
        },
        // What TLS begins with: a handshake (RFC 8446, section 5.1).
        httparse::Error::Token if request_line(bytes).starts_with(&[0x16]) => {
            Refusal::bad("this was https://, and only http:// is spoken here")
        }
        httparse::Error::Token | httparse::Error::Status => {
            Refusal::bad("the request line is not METHOD /path HTTP/1.1")
        }
    })
}

/// Judges a version that is not, or not yet, 1.0 or 1.1; as `fault`.
fn other_version(bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    let line = request_line(bytes);
    let end = line.as_ptr_range().end as usize - bytes.as_ptr() as usize;
    // A lone CR may be the half of a line end.
    let line_has_ended = bytes[end..].contains(&b'\n');
    let word = version_word(line);
    let pattern = b"HTTP/1.1";
    let fits = word.len() <= pattern.len()
        && word.iter().zip(pattern).all(|(byte, wanted)| {
            byte == wanted || (byte.is_ascii_digit() && wanted.is_ascii_digit())
        });
    match fits {
        true if !line_has_ended => Ok(None),
        true if word.len() == pattern.len() => match word.starts_with(b"HTTP/1.") {
            true => Ok(Some(end - 1)),
            false => Err(OTHER_VERSION),
        },
        _ => Err(NO_VERSION),
    }
}

/// What stands behind method and target.
fn version_word(line: &[u8]) -> &[u8] {
    line.splitn(3, |&b| b == b' ').nth(2).unwrap_or_default()
}

/// The parts of a target.
struct Target<'a> {
    host: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// Takes apart the forms of a target (RFC 9112, section 3.2).
fn split_target<'a>(method: &Method, target: &'a str) -> Result<Target<'a>, Refusal> {
    if method == Method::CONNECT {
        // Its client may take what follows for a tunnel already, whatever is answered.
        return Err(NO_PROXY);
    }
    // One look for both, as hardly any target has either.
    if target.bytes().any(|byte| byte == b'#' || !byte.is_ascii()) {
        if target.contains('#') {
            return Err(Refusal::bad("a request target has no fragment (#)"));
        }
        // httparse refuses those of ASCII; U+0080 to U+009F are others.
        if target.contains(char::is_control) {
            return Err(Refusal::bad("a request target has no control characters"));
        }
    }
    let (host, origin) = if target.starts_with('/') || (target == "*" && method == Method::OPTIONS)
    {
        (None, target)
    } else if let Some(rest) = strip_scheme(target) {
        // absolute-form: what a proxy is sent; the path begins behind the host.
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.is_empty() || authority.starts_with(':') || !is_host(authority.as_bytes()) {
            return Err(Refusal::bad("the request target names no host"));
        }
        // `http://host` asks for `/`; `Head::path` says so.
        (Some(authority), path)
    } else {
        return Err(Refusal::bad("the request target does not begin with /"));
    };
    let (path, query) = match origin.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (origin, None),
    };
    let extra = path
        .bytes()
        .take_while(|&b| b == b'/')
        .count()
        .saturating_sub(1);
    let path = &path[extra..];
    Ok(Target { host, path, query })
}

fn strip_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<(Head, usize)>, Refusal> {
        Head::parse(text.as_bytes(), &Limits::default())
    }

    #[track_caller]
    fn head(text: &str) -> Head {
        parse(text).expect("not refused").expect("complete").0
    }

    #[track_caller]
    fn refused(text: &str) -> u16 {
        match parse(text) {
            Err(refusal) => refusal.status.as_u16(),
            Ok(_) => panic!("not refused: {text:?}"),
        }
    }

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
        assert_eq!(head.headers().get_all("x-cat").iter().count(), 2);
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

    /// Also where what follows looks like the end of the line.
    #[test]
    fn a_refused_version_stays_refused() {
        let text = "GET / HTTP/2\nGET / HTTP/2";
        for end in "GET / HTTP/2\n".len()..=text.len() {
            assert_eq!(refused(&text[..end]), 400, "{:?}", &text[..end]);
        }
        // It may go on.
        assert!(parse("GET / HTTP/2").unwrap().is_none());
    }

    #[test]
    fn the_four_forms_of_a_target() {
        let with = |line: &str| head(&format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(with("GET /").path(), "/");
        assert_eq!(with("GET //evil.example/x").path(), "/evil.example/x");
        assert_eq!(with("GET /a//b").path(), "/a//b");
        assert_eq!(with("GET http://h/a?b").path(), "/a");
        assert_eq!(with("GET http://h/a?b").query(), Some("b"));
        assert_eq!(with("GET HTTP://h").path(), "/");
        assert_eq!(with("GET http://h?q").path(), "/");
        assert_eq!(with("GET http://h?q").query(), Some("q"));
        assert_eq!(with("OPTIONS *").path(), "*");
        // What a proxy is sent names the host, whatever stands in the field.
        assert_eq!(
            with("GET http://a.example:80/b").header("host"),
            Some("a.example:80")
        );
        assert_eq!(
            with("GET http://a.example?b").headers()["host"],
            "a.example"
        );
        assert_eq!(with("GET /http://a.example/b").header("host"), Some("h"));
        assert_eq!(refused("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
        for line in [
            "GET *",
            "GET x",
            "GET /a#b",
            "GET http:///a",
            "GET http://",
            "GET ftp://h/",
        ] {
            assert_eq!(
                refused(&format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n")),
                400,
                "{line}"
            );
        }
    }

    #[test]
    fn request_lines_that_are_none() {
        for line in [
            "GET / HTTP/1.1 ",
            "GET  / HTTP/1.1",
            "GET /",
            " GET / HTTP/1.1",
            "GET / http/1.1",
            "GET / HTTP/11",
            "G\u{0}T / HTTP/1.1",
            "G(T / HTTP/1.1",
            "GET /\u{7f} HTTP/1.1",
            "GET / HTTP/1.1\rX",
        ] {
            assert_eq!(
                refused(&format!("{line}\r\nHost: h\r\n\r\n")),
                400,
                "{line:?}"
            );
        }
        assert_eq!(refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
    }

    /// Nothing is said of a version before its line has ended, as it may go on.
    #[test]
    fn other_versions() {
        for (word, status) in [
            ("HTTP/2.0", 505),
            ("HTTP/0.9", 505),
            ("HTTP/9.9.9", 400),
            ("HTTP/2.0x", 400),
            ("HTTP/9.9@@@", 400),
            ("HTTP/1.10", 400),
            ("HTTP/1.1.1", 400),
        ] {
            let text = format!("GET / {word}\r\nHost: h\r\n\r\n");
            assert_eq!(refused(&text), status, "{word}");
            for cut in 0..text.len() {
                match parse(&text[..cut]) {
                    Ok(head) => assert!(head.is_none(), "{word} cut at {cut}"),
                    Err(refusal) => assert_eq!(refusal.status, status, "{word} cut at {cut}"),
                }
            }
        }
        for word in ["HTTP/1.10", "HTTP/1.1.1", "HTTP/1.1 ", "HTTP/2.0x"] {
            let refusal = parse(&format!("GET / {word}\r\nHost: h\r\n\r\n")).unwrap_err();
            let said = "the request line does not end with HTTP/1.1 or HTTP/1.0";
            assert_eq!(refusal.reason, said, "{word}");
        }
        let refusal = parse("GET / HTTP/1.1\rX\r\n\r\n").unwrap_err();
        assert_eq!(refusal.reason, "a line does not end with CR LF");
    }

    #[test]
    fn a_later_minor_version_is_taken_as_the_one_known() {
        let text = "\r\nGET /x HTTP/1.7\r\nHost: h\r\nX: HTTP/1.7\r\n\r\nrest";
        let (head, length) = parse(text).unwrap().unwrap();
        assert_eq!((head.version(), length), (Version::HTTP_11, text.len() - 4));
        assert_eq!((head.target(), head.header("x")), ("/x", Some("HTTP/1.7")));
        assert_eq!(head.request_line(), b"GET /x HTTP/1.7");
        assert!(head.keep_alive());
        for cut in 0..length {
            assert!(parse(&text[..cut]).unwrap().is_none(), "cut at {cut}");
        }
        assert_eq!(refused("GET / HTTP/1.2\r\n\r\n"), 400, "it has no Host");
    }

    #[test]
    fn fields_that_are_refused() {
        for (fields, status) in [
            ("", 400),
            ("Host: a\r\nHost: a\r\n", 400),
            ("Host: a b\r\n", 400),
            ("Host: a/b\r\n", 400),
            ("Host : a\r\n", 400),
            ("Host: a\r\n folded: x\r\n", 400),
            ("Host: a\r\nX: \u{0}\r\n", 400),
            ("Host: a\r\n: x\r\n", 400),
            ("Host: a\r\nContent-Length: -1\r\n", 400),
            ("Host: a\r\nContent-Length: +1\r\n", 400),
            ("Host: a\r\nContent-Length: 0x1\r\n", 400),
            ("Host: a\r\nContent-Length: 1, 1\r\n", 400),
            ("Host: a\r\nContent-Length:\r\n", 400),
            ("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
            ("Host: a\r\nContent-Length: 99999999999999999999\r\n", 400),
            ("Host: a\r\nContent-Length: 99999999999\r\n", 413),
            ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
            ("Host: a\r\nTransfer-Encoding: xchunked\r\n", 400),
            (
                "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                400,
            ),
            (
                "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                400,
            ),
            ("Host: a\r\nExpect: a-miracle\r\n", 417),
        ] {
            assert_eq!(
                refused(&format!("GET / HTTP/1.1\r\n{fields}\r\n")),
                status,
                "{fields:?}"
            );
        }
        assert_eq!(
            refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400
        );
    }

    #[test]
    fn the_connection_goes_on_or_ends() {
        let keeps = |version: &str, connection: &str| {
            head(&format!(
                "GET / HTTP/{version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n"
            ))
            .keep_alive()
        };
        assert!(keeps("1.1", "upgrade, x"));
        assert!(!keeps("1.1", "x , Close"));
        assert!(!keeps("1.1", "keep-alive, close"));
        assert!(!keeps("1.0", "x"));
        assert!(keeps("1.0", "Keep-Alive"));
    }

    #[test]
    fn bodies_and_expectations() {
        let one = |fields: &str| head(&format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        assert_eq!(one("").framing(), Framing::Length(0));
        assert_eq!(one("Content-Length: 007\r\n").framing(), Framing::Length(7));
        assert_eq!(
            one("Transfer-Encoding: CHUNKED\r\n").framing(),
            Framing::Chunked
        );
        assert!(one("Content-Length: 7\r\nExpect: 100-Continue\r\n").expects_continue());
        // Nothing to wait for when there is no body.
        assert!(!one("Expect: 100-continue\r\n").expects_continue());
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
