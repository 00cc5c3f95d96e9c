//! An independent reading of what a client sends: where each request begins and
//! ends, and which are none. Written from RFC 9110 and RFC 9112 and from the table
//! in http-core's README where they leave a choice; and which file a path names. It
//! shares no code with http-core, has all bytes before it begins, and does not care
//! how fast it is.

use http_core::Limits;

/// One request, or the end of all understanding.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Request(Request),
    /// Malformed, too large, not supported, or cut off: answered with an error,
    /// and the connection ends.
    Refused {
        /// The answer to a HEAD request has no body, though it is refused.
        is_head: bool,
        /// `100 Continue` may stand before the error.
        may_continue: bool,
    },
    /// Lines that are too many or that no LF ends, with or without something behind
    /// them: refused, before or after that is seen; or dropped if nothing comes.
    Empty,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub body: Vec<u8>,
    /// Where it ends in the bytes.
    pub end: usize,
    /// The connection ends with it.
    pub is_last: bool,
    /// The client waits for `100 Continue`.
    pub expects: bool,
}

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    /// `None`: in chunks.
    pub length: Option<u64>,
    pub is_last: bool,
    pub expects: bool,
    /// Bytes of it, with the empty lines before it and the one at its end.
    pub size: usize,
}

/// Why bytes are no head, no body.
#[derive(Debug, PartialEq, Eq)]
pub enum No {
    /// They may become one with more bytes behind them.
    Incomplete,
    /// Never.
    Wrong,
}

/// All requests in `bytes`, behind which the client sends nothing more.
pub fn requests(bytes: &[u8], limits: &Limits) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let begin = rest.iter().position(|&b| b != b'\r' && b != b'\n');
        let empty_lines = &rest[..begin.map_or(rest.len(), |begin| begin + 1)];
        let is_lone_cr = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
        if empty_lines.windows(2).any(is_lone_cr) {
            seen.push(Seen::Empty);
            return seen;
        }
        let Some(first) = begin else {
            // Nothing, or empty lines; too many of them are too large a head.
            if rest.len() >= limits.head_size {
                seen.push(Seen::Empty);
            }
            return seen;
        };
        let Ok(head) = head(rest, limits) else {
            seen.push(refused(&rest[first..], false));
            return seen;
        };
        let body_at = at + head.size;
        let body = match head.length {
            Some(length) => usize::try_from(length)
                .ok()
                .and_then(|length| bytes[body_at..].get(..length))
                .map(|body| (body.to_vec(), body.len()))
                .ok_or(No::Incomplete),
            None => chunks(&bytes[body_at..], limits),
        };
        let Ok((body, size)) = body else {
            seen.push(refused(&rest[first..], head.expects));
            return seen;
        };
        at = body_at + size;
        let is_last = head.is_last;
        seen.push(Seen::Request(Request {
            method: head.method,
            target: head.target,
            body,
            end: at,
            is_last,
            expects: head.expects,
        }));
        if is_last {
            return seen;
        }
    }
}

fn refused(line: &[u8], may_continue: bool) -> Seen {
    Seen::Refused {
        is_head: line.starts_with(b"HEAD "),
        may_continue,
    }
}

/// Splits at the first line end: the line, and what is behind. In a head, LF alone
/// ends a line, too (RFC 9112, section 2.2); CR elsewhere is never right.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), No> {
    let Some(end) = bytes.iter().position(|&b| b == b'\n') else {
        return Err(No::Incomplete);
    };
    let text = &bytes[..end];
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.contains(&b'\r') {
        return Err(No::Wrong);
    }
    Ok((text, &bytes[end + 1..]))
}

/// RFC 9112, sections 2 to 6: the head at the start of `bytes`.
pub fn head(bytes: &[u8], limits: &Limits) -> Result<Head, No> {
    let mut rest = bytes;
    let first = loop {
        let (text, behind) = line(rest)?;
        rest = behind;
        if !text.is_empty() {
            break text;
        }
    };
    let mut fields = Vec::new();
    loop {
        let (text, behind) = line(rest)?;
        rest = behind;
        if text.is_empty() {
            break;
        }
        fields.push(field(text).ok_or(No::Wrong)?);
    }
    let size = bytes.len() - rest.len();
    if size > limits.head_size || fields.len() > limits.fields {
        return Err(No::Wrong);
    }
    judge(first, &fields, size, limits).ok_or(No::Wrong)
}

/// `field-name ":" OWS field-value OWS` (RFC 9112, section 5): a name in lower
/// case, and a value.
fn field(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let colon = text.iter().position(|&b| b == b':')?;
    let (name, value) = (&text[..colon], trim(&text[colon + 1..]));
    (is_token(name) && !value.iter().any(|&b| is_control(b)))
        .then(|| (name.to_ascii_lowercase(), value.to_vec()))
}

fn trim(value: &[u8]) -> &[u8] {
    let is_space = |b: &u8| *b == b' ' || *b == b'\t';
    let start = value
        .iter()
        .position(|b| !is_space(b))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !is_space(b))
        .map_or(start, |last| last + 1);
    &value[start..end]
}

/// Not HTAB: that one may stand in a value.
fn is_control(byte: u8) -> bool {
    byte != b'\t' && (byte < 0x20 || byte == 0x7f)
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

type Field = (Vec<u8>, Vec<u8>);

/// What a head means, if it can be served.
fn judge(first: &[u8], fields: &[Field], size: usize, limits: &Limits) -> Option<Head> {
    let parts: Vec<&[u8]> = first.split(|&b| b == b' ').collect();
    let [method, target, version] = parts[..] else {
        return None;
    };
    let is_1_1 = match version {
        b"HTTP/1.0" => false,
        // RFC 9110, section 2.5: a later minor version is taken as the one known here.
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => true,
        _ => return None,
    };
    if !is_token(method) || !is_target(method, target) {
        return None;
    }
    if target.len() > limits.target_size || method.len() > 64 {
        return None;
    }

    let all = |name: &str| -> Vec<&[u8]> {
        let of_name = fields.iter().filter(|(field, _)| field == name.as_bytes());
        of_name.map(|(_, value)| &value[..]).collect()
    };
    // RFC 9112, section 3.2.
    match all("host")[..] {
        [] if is_1_1 => return None,
        [] => {}
        [host] if is_authority(host) => {}
        _ => return None,
    }
    // RFC 9110, section 10.1.1.
    let expectations = all("expect");
    let is_continue = |value: &&[u8]| value.eq_ignore_ascii_case(b"100-continue");
    if is_1_1 && !expectations.iter().all(is_continue) {
        return None;
    }
    // RFC 9112, section 6: nothing that could be read in two ways.
    let (lengths, codings) = (all("content-length"), all("transfer-encoding"));
    let length = match (&lengths[..], &codings[..]) {
        ([], []) => Some(0),
        ([length], []) if length.iter().all(u8::is_ascii_digit) => {
            let length: u64 = std::str::from_utf8(length).ok()?.parse().ok()?;
            (length <= limits.body_size).then_some(Some(length))?
        }
        ([], [coding]) if is_1_1 && coding.eq_ignore_ascii_case(b"chunked") => None,
        _ => return None,
    };
    // RFC 9112, section 9.3.
    let options: Vec<Vec<u8>> = all("connection")
        .iter()
        .flat_map(|value| value.split(|&b| b == b','))
        .map(|option| trim(option).to_ascii_lowercase())
        .collect();
    let has = |option: &[u8]| options.iter().any(|o| o == option);
    Some(Head {
        method: method.to_vec(),
        target: target.to_vec(),
        length,
        is_last: has(b"close") || !(is_1_1 || has(b"keep-alive")),
        expects: is_1_1 && !expectations.is_empty() && length != Some(0),
        size,
    })
}

/// RFC 9112, section 3.2, and in a path whatever browsers send.
fn is_target(method: &[u8], target: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(target) else {
        return false;
    };
    let is_control = |c: char| c < '\u{21}' || ('\u{7f}'..='\u{9f}').contains(&c);
    if text.is_empty() || text.contains('#') || text.contains(is_control) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let absolute = lower
        .strip_prefix("http://")
        .or(lower.strip_prefix("https://"));
    if method == b"CONNECT" {
        // To a proxy; this is none.
        false
    } else if text.starts_with('/') {
        true
    } else if let Some(rest) = absolute {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        !authority.is_empty() && !authority.starts_with(':') && is_authority(authority.as_bytes())
    } else {
        text == "*" && method == b"OPTIONS"
    }
}

/// `uri-host [ ":" port ]` (RFC 9110, section 7.2).
fn is_authority(authority: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(authority) else {
        return false;
    };
    let (host, port) = match text.rsplit_once(':') {
        // The last colon may be one in an IPv6 address.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let host_is_good = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            let mut parts = host.split('%');
            let first = parts.next().unwrap_or_default();
            let is_name = |part: &str| {
                part.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b))
            };
            // Behind each % stand two hexadecimal digits.
            is_name(first)
                && parts.all(|part| {
                    part.len() >= 2
                        && part.bytes().take(2).all(|b| b.is_ascii_hexdigit())
                        && is_name(part)
                })
        }
    };
    host_is_good && port.bytes().all(|b| b.is_ascii_digit())
}

/// RFC 9112, section 7.1: the body in chunks at the start of `bytes`, and how many
/// bytes it takes. Here CR LF is the only line end.
pub fn chunks(bytes: &[u8], limits: &Limits) -> Result<(Vec<u8>, usize), No> {
    const EXTRAS: usize = 16 * 1024;
    let mut body = Vec::new();
    let mut extras = 0;
    let mut rest = bytes;
    loop {
        let (text, behind) = strict_line(rest)?;
        let digits = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let extension = &text[digits..];
        extras += extension.len();
        if !(1..=16).contains(&digits) || !are_extensions(extension) || extras > EXTRAS {
            return Err(No::Wrong);
        }
        let size = std::str::from_utf8(&text[..digits])
            .ok()
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or(No::Wrong)?;
        if size > limits.body_size - body.len() as u64 {
            return Err(No::Wrong);
        }
        rest = behind;
        if size == 0 {
            break;
        }
        let size = size as usize;
        if rest.len() < size + 2 {
            let end = rest.get(size..).unwrap_or_default();
            return Err(if b"\r\n".starts_with(end) {
                No::Incomplete
            } else {
                No::Wrong
            });
        }
        if &rest[size..size + 2] != b"\r\n" {
            return Err(No::Wrong);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
    loop {
        let (text, behind) = strict_line(rest)?;
        rest = behind;
        if text.is_empty() {
            return Ok((body, bytes.len() - rest.len()));
        }
        extras += text.len();
        if field(text).is_none() || extras > EXTRAS {
            return Err(No::Wrong);
        }
    }
}

/// RFC 9112, section 7.1.1: `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`.
fn are_extensions(bytes: &[u8]) -> bool {
    // Cut at the semicolons that stand in no quotes.
    let mut parts = vec![Vec::new()];
    let (mut quoted, mut escaped) = (false, false);
    for &byte in bytes {
        if byte == b';' && !quoted {
            parts.push(Vec::new());
            continue;
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
        parts.last_mut().expect("there is one").push(byte);
    }
    let last = parts.len() - 1;
    parts.iter().enumerate().all(|(n, part)| {
        if n == 0 {
            // In front of the first semicolon stands nothing but space.
            return trim(part).is_empty() && (part.is_empty() || last > 0);
        }
        // Space at the end belongs to a semicolon behind it.
        if n == last && trim(part).last() != part.last() {
            return false;
        }
        let part = trim(part);
        match part.iter().position(|&b| b == b'=') {
            None => is_token(part),
            Some(at) => {
                let (name, value) = (trim(&part[..at]), trim(&part[at + 1..]));
                is_token(name) && (is_token(value) || is_quoted(value))
            }
        }
    })
}

/// RFC 9110, section 5.6.4.
fn is_quoted(value: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = value else {
        return false;
    };
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        let behind_backslash = match byte {
            b'"' => return false,
            b'\\' => bytes.next().copied(),
            other => Some(other),
        };
        if behind_backslash.is_none_or(is_control) {
            return false;
        }
    }
    true
}

fn strict_line(bytes: &[u8]) -> Result<(&[u8], &[u8]), No> {
    let (text, behind) = line(bytes)?;
    if bytes[text.len()] == b'\n' {
        return Err(No::Wrong);
    }
    Ok((text, behind))
}

/// The names in the path of a file, from the outermost on, and whether it is one of a
/// directory; `None` if it leads above the root, or one of its parts can't be a name. What
/// stands for a byte is RFC 3986, section 2.1, and what dots mean is section 5.2.4.
pub fn path(path: &[u8]) -> Option<(Vec<Vec<u8>>, bool)> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut parts = Vec::new();
    for part in path.strip_prefix(b"/")?.split(|&b| b == b'/') {
        let mut name = Vec::new();
        let mut at = 0;
        while at < part.len() {
            let next = |n: usize| part.get(at + n).and_then(|&b| digit(b));
            let (byte, size) = match (part[at], next(1), next(2)) {
                (b'%', Some(high), Some(low)) => ((16 * high + low) as u8, 3),
                (byte, ..) => (byte, 1),
            };
            name.push(byte);
            at += size;
        }
        parts.push(name);
    }
    if parts.iter().flatten().any(|&b| b == b'/' || b == 0) {
        return None;
    }
    let is_dots = |part: &[u8]| part == b"." || part == b"..";
    let is_directory = parts
        .last()
        .is_none_or(|last| last.is_empty() || is_dots(last));
    parts.retain(|part| !part.is_empty() && part != b".");
    // Each `..` takes the name before it away; the first one has none but names before it.
    while let Some(at) = parts.iter().position(|part| part == b"..") {
        let before = at.checked_sub(1)?;
        parts.drain(before..=at);
    }
    Some((parts, is_directory))
}
