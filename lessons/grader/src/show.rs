//! Text for human eyes: bytes made visible, long things cut, lines wrapped.

use std::fmt::Write as _;

/// The longest line shown of something that a program wrote.
pub(crate) const LONGEST_LINE: usize = 160;

/// The bytes in quotes, with everything that is not plain text as an escape
/// (`\n`, `\u{1b}`, `\xff`), so that two bodies which differ also look different.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' => text.push('\''),
                other => text.extend(other.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    text
}

/// A body as quoted lines, one for each of its lines, cut after `most` lines.
pub(crate) fn body_lines(body: &[u8], most: usize) -> Vec<String> {
    if body.is_empty() {
        return vec!["(an empty body)".into()];
    }
    let all: Vec<&[u8]> = body.split_inclusive(|&byte| byte == b'\n').collect();
    let mut lines: Vec<String> = all
        .iter()
        .take(most)
        .map(|line| cut(line, LONGEST_LINE))
        .collect();
    if all.len() > most {
        let rest: usize = all[most..].iter().map(|line| line.len()).sum();
        lines.push(format!(
            "... ({} more lines, {rest} bytes)",
            all.len() - most
        ));
    }
    lines
}

/// The bytes in quotes; of more than `longest`, the beginning.
pub(crate) fn cut(bytes: &[u8], longest: usize) -> String {
    if bytes.len() <= longest {
        return quoted(bytes);
    }
    // Not in the middle of a character, which would look like a broken one.
    let mut end = longest;
    while end > longest - 3 && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let left = bytes.len() - end;
    format!("{} ... ({left} more bytes)", quoted(&bytes[..end]))
}

/// One line of a program's output, without control characters and not too long.
pub(crate) fn plain_line(line: &str) -> String {
    let mut plain: String = line
        .chars()
        .take(LONGEST_LINE)
        .map(|c| if c.is_control() && c != '\t' { '?' } else { c })
        .collect();
    if line.chars().nth(LONGEST_LINE).is_some() {
        plain.push_str(" ...");
    }
    plain
}

/// The text with line breaks between words, so that no line is longer than
/// `width` where a word does not force it. Line breaks in the text stay.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && longer > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// `404 Not Found`; behind a status that has no name, a space alone, as on the wire.
pub fn with_reason(status: u16) -> String {
    let named = ureq::http::StatusCode::from_u16(status).ok();
    let reason = named.and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default())
}

/// `1 check`, `2 checks`.
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_becomes_visible() {
        assert_eq!(quoted(b"it's\n\x00\xff"), r#""it's\n\0\xff""#);
        assert_eq!(quoted("ねこ \u{200b}".as_bytes()), "\"ねこ \\u{200b}\"");
    }

    #[test]
    fn a_long_body_is_cut() {
        let body = "line\n".repeat(30);
        let lines = body_lines(body.as_bytes(), 3);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "... (27 more lines, 135 bytes)");
        let long = "é".repeat(200);
        let line = &body_lines(long.as_bytes(), 3)[0];
        assert!(line.ends_with("(240 more bytes)"), "{line}");
        assert!(!line.contains("\\x"), "{line}");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        let lines = wrapped("one two three\n\nfour", 8);
        assert_eq!(lines, ["one two", "three", "", "four"]);
    }
}
