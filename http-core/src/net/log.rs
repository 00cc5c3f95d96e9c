//! What the person at the terminal sees of each request: the access log.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;

use http::StatusCode;

use crate::Refusal;
use crate::face::report::visible;
use crate::http1::Date;

/// The line for a request, in the format of http.server, and before it one that says why if it
/// was refused. The time is UTC, as in the `Date` field; in place of the status, `-` says that the
/// client was gone before it had an answer.
///
/// ```text
/// 127.0.0.1 - - [22/Sep/2026 10:00:00] code 400, message the request has no Host field
/// 127.0.0.1 - - [22/Sep/2026 10:00:00] "GET / HTTP/1.1" 400 -
/// ```
pub(super) fn lines(
    client: SocketAddr,
    date: &Date,
    request_line: &[u8],
    refusal: Option<Refusal>,
    status: Option<StatusCode>,
) -> String {
    // "Sun, 06 Nov 1994 08:49:37 GMT": day, month, year, time.
    let part = |range: Range<usize>| String::from_utf8_lossy(&date[range]);
    let (day, month, year, time) = (part(5..7), part(8..11), part(12..16), part(17..25));
    let start = format!("{} - - [{day}/{month}/{year} {time}] ", client.ip());
    let mut text = String::new();
    if let Some(Refusal { status, reason }) = refusal {
        let _ = writeln!(text, "{start}code {}, message {reason}", status.as_u16());
    }
    text += &start;
    text.push('"');
    let shown = &request_line[..request_line.len().min(LONGEST_LINE)];
    visible(&mut text, shown);
    if request_line.len() > LONGEST_LINE {
        text.push('…');
    }
    let _ = match status {
        Some(status) => writeln!(text, "\" {} -", status.as_u16()),
        None => writeln!(text, "\" - -"),
    };
    text
}

/// Bytes of a request line that the log shows.
const LONGEST_LINE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::report::failure;

    #[test]
    fn the_access_line_is_that_of_http_server() {
        let date = b"Tue, 22 Sep 2026 10:00:00 GMT";
        let request_line = b"GET /\x1b[2J\xff\" HTTP/1.1";
        let client = "127.0.0.1:9".parse().unwrap();
        let line = lines(client, date, request_line, None, Some(StatusCode::OK));
        let (before, after) = line.split_at("127.0.0.1 - - [22/Sep/2026 10:00:00]".len());
        assert!(
            before.starts_with("127.0.0.1 - - [") && before.ends_with(']'),
            "{line}"
        );
        assert_eq!(before.matches(['/', ':']).count(), 4, "{line}");
        assert_eq!(after, " \"GET /\\x1b[2J\\xff\" HTTP/1.1\" 200 -\n");
        let unanswered = lines("[::1]:9".parse().unwrap(), date, b"GET /", None, None);
        assert!(
            unanswered.starts_with("::1 - - [") && unanswered.ends_with("] \"GET /\" - -\n"),
            "{unanswered}"
        );
    }

    /// Nothing that turns, hides or parts what stands around it reaches a terminal.
    #[test]
    fn nobody_forges_how_a_line_reads() {
        let forged = [
            '\u{85}',
            '\u{9b}',
            '\u{a0}',
            '\u{ad}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{202f}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e007f}',
        ];
        for c in forged {
            let client = "[::1]:9".parse().unwrap();
            let date = b"Tue, 22 Sep 2026 10:00:00 GMT";
            let line = format!("GET /a{c}b HTTP/1.1");
            let texts = [
                lines(client, date, line.as_bytes(), None, None),
                failure("It failed", &line),
            ];
            for text in texts {
                let code = format!("a\\u{{{:x}}}b", u32::from(c)).replace("\\u{85}", "\\x85");
                let code = code.replace("\\u{9b}", "\\x9b");
                let is_escaped =
                    text.contains(&code) || text.contains(&c.escape_default().to_string());
                assert!(is_escaped && !text.contains(c), "{c:?}: {text}");
            }
        }
        // What is to be read stays as it is: marks on letters, and those that choose a form, too.
        let seen = "/ねこ/e\u{301}/\u{e17}\u{e35}\u{e48}/\u{2764}\u{fe0f}/\u{1f638}";
        let mut text = String::new();
        visible(&mut text, seen.as_bytes());
        assert_eq!(text, seen);
        assert_eq!(failure("x", seen), format!("x: {seen}\n"));
    }
}
