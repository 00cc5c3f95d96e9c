//! What the trace does not show: what lets others in.

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"(hidden)";

/// The line without what lets others in: the values of cookies, what stands behind the scheme in
/// `Authorization` and `Proxy-Authorization`, and the fields of a form, or of a query, in whose name
/// there is `password`. Each line is looked at by itself, and only in the bytes of one read or write;
/// in JSON, nothing is found.
pub(super) fn without_secrets(line: &[u8]) -> Vec<u8> {
    let colon = line.iter().position(|&b| b == b':');
    let (name, value) = line.split_at(colon.map_or(0, |at| at + 1));
    let is = |known: &[u8]| {
        let name = name.strip_suffix(b":");
        name.is_some_and(|name| name.eq_ignore_ascii_case(known))
    };
    let mut seen = name.to_vec();
    if is(b"Cookie") {
        let pairs = value.split_inclusive(|&b| b == b';');
        pairs.for_each(|pair| hide_behind(&mut seen, pair, b'=', b';'));
    } else if is(b"Set-Cookie") {
        let end = value.iter().position(|&b| b == b';');
        let (pair, attributes) = value.split_at(end.unwrap_or(value.len()));
        hide_behind(&mut seen, pair, b'=', b';');
        seen.extend(attributes);
    } else if is(b"Authorization") || is(b"Proxy-Authorization") {
        let spaces = value.iter().take_while(|&&b| b == b' ').count();
        seen.extend(&value[..spaces]);
        hide_behind(&mut seen, &value[spaces..], b' ', b'\n');
    } else {
        seen.clear();
        // In a request line, a form stands between the question mark and the version.
        let version = line.windows(8).rposition(|word| word == b" HTTP/1.");
        let query = line.iter().position(|&b| b == b'?');
        let (start, end) = match (query, version) {
            (Some(query), Some(version)) if query < version => (query + 1, version),
            _ => (0, line.len()),
        };
        seen.extend(&line[..start]);
        for field in line[start..end].split_inclusive(|&b| b == b'&') {
            let name = field.split(|&b| b == b'=').next().unwrap_or_default();
            let lower = name.to_ascii_lowercase();
            let is_secret = lower.windows(8).any(|word| word == b"password");
            match is_secret && name.len() < field.len() {
                true => hide_behind(&mut seen, field, b'=', b'&'),
                false => seen.extend(field),
            }
        }
        seen.extend(&line[end..]);
    }
    seen
}

/// Adds a part of a line. What stands behind the first `mark` is hidden, up to `end` or a line end.
fn hide_behind(seen: &mut Vec<u8>, part: &[u8], mark: u8, end: u8) {
    let value = part.iter().position(|&b| b == mark).map(|at| at + 1);
    let spaces = part.iter().take_while(|&&b| b == b' ').count();
    let (before, value) = part.split_at(value.unwrap_or(spaces));
    let ends = value.iter().rev();
    let ends = ends.take_while(|&&b| b == end || b == b'\r' || b == b'\n');
    let (value, end) = value.split_at(value.len() - ends.count());
    seen.extend(before);
    seen.extend(if value.is_empty() { value } else { HIDDEN });
    seen.extend(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_others_in_is_hidden() {
        for (came, seen) in [
            (
                "cookie: a=b; c=d=e;f\r\n",
                "cookie: a=(hidden); c=(hidden);(hidden)\r\n",
            ),
            ("Cookie: ab\r\n", "Cookie: (hidden)\r\n"),
            (
                "Set-Cookie: a=b; Path=/; Max-Age=5\r\n",
                "Set-Cookie: a=(hidden); Path=/; Max-Age=5\r\n",
            ),
            (
                "Set-Cookie: a=; Max-Age=0\r\n",
                "Set-Cookie: a=; Max-Age=0\r\n",
            ),
            (
                "AUTHORIZATION: Bearer x.y z\r\n",
                "AUTHORIZATION: Bearer (hidden)\r\n",
            ),
            (
                "Proxy-Authorization:x\r\n",
                "Proxy-Authorization:(hidden)\r\n",
            ),
            (
                "name=Ann&password=a b?c;d=e f",
                "name=Ann&password=(hidden)",
            ),
            ("password=a+b%20c\r\n", "password=(hidden)\r\n"),
            ("new_Password=a&x=y", "new_Password=(hidden)&x=y"),
            ("password=&x=", "password=&x="),
            (
                "GET /?a=1&password=sesame HTTP/1.1\r\n",
                "GET /?a=1&password=(hidden) HTTP/1.1\r\n",
            ),
            ("Host: localhost:8000\r\n", "Host: localhost:8000\r\n"),
            (
                "<input name=\"password\" type=\"text\">",
                "<input name=\"password\" type=\"text\">",
            ),
            (
                "Your password has 6 characters",
                "Your password has 6 characters",
            ),
        ] {
            let shown = without_secrets(came.as_bytes());
            assert_eq!(String::from_utf8_lossy(&shown), seen);
        }
    }
}
