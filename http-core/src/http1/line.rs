//! The request line: the forms of its target, and the reasons to refuse it.

use http::{Method, StatusCode};

use super::host::is_host;
use super::{Limits, Refusal};

pub(super) const TARGET_TOO_LONG: Refusal =
    Refusal::new(StatusCode::URI_TOO_LONG, "the request target is too long");
pub(super) const METHOD_TOO_LONG: Refusal = Refusal::new(
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
const TOO_MANY_FIELDS: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the request has too many header fields",
);

/// The longest method accepted, in bytes. No known one is a third as long.
pub(super) const LONGEST_METHOD: usize = 64;

/// The first line in `bytes`, without its line end, as far as it has arrived. Empty lines
/// before it are skipped.
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

/// What is wrong with bytes that httparse did not take for a whole head. `Ok(None)`:
/// nothing so far. `Ok(Some(n))`: nothing but that the n-th byte is the digit of a later
/// minor version.
#[cold]
pub(super) fn fault(
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

/// What follows the method and the target.
fn version_word(line: &[u8]) -> &[u8] {
    line.splitn(3, |&b| b == b' ').nth(2).unwrap_or_default()
}

/// The parts of a target.
pub(super) struct Target<'a> {
    pub host: Option<&'a str>,
    pub path: &'a str,
    pub query: Option<&'a str>,
}

/// Takes apart the forms of a target (RFC 9112, section 3.2).
pub(super) fn split_target<'a>(method: &Method, target: &'a str) -> Result<Target<'a>, Refusal> {
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
        // absolute-form: what a proxy is sent; the path begins after the host.
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
    use http::Version;

    use super::super::head::parsing::{head, parse, refused};

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
        let head = with("GET http://a.example?b");
        let host = head.headers().next();
        assert_eq!(host, Some(("Host", &b"a.example"[..])));
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
}
