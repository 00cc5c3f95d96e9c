//! What is said at the terminal, so that no client can forge it.

use std::fmt::Write as _;
use std::io::Write as _;

/// Writes `text` to standard error in one piece, so that lines of several
/// threads don't mix; a terminal that is gone is no reason to stop serving.
pub(crate) fn to_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Tells of a handler's failure. Its message may have a client's text in it, which
/// must not reach the terminal as a command or pass for a line of the log.
pub(crate) fn failure(what: &str, message: &str) -> String {
    let mut text = format!("{what}: ");
    for c in message.chars() {
        match c {
            '\n' => text.push_str("\n    "),
            '\t' => text.push(c),
            c if misleads(c) => text.extend(c.escape_default()),
            c => text.push(c),
        }
    }
    text.push('\n');
    text
}

/// Whether a reader might take the text around this character for another one: controls;
/// what looks like a space, ends a line or cannot be seen at all; what turns the order of
/// letters around (U+202E), as in "Trojan Source". Characters that only choose the form of
/// the one before them (U+FE0F) are left alone.
fn misleads(c: char) -> bool {
    // Unicode's Default_Ignorable_Code_Point, but for variation selectors.
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}'
    );
    // Annotations, and a letter of Braille without a dot.
    let is_others = matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{2800}');
    c.is_control() || (c.is_whitespace() && c != ' ') || is_invisible || is_others
}

/// Appends `bytes` as text in which everything can be seen: control characters, bytes that
/// are no text, and what misleads a reader are escaped, so nobody can forge a line of
/// the log or send commands to a terminal.
pub(crate) fn visible(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => out.push_str("\\r"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                c if c.is_control() => {
                    let _ = write!(out, "\\x{:02x}", u32::from(c));
                }
                c if misleads(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_commands_no_terminal() {
        assert_eq!(
            failure("It failed", "no \x1b[2J\r in C:\\ね\n127.0.0.1 - -"),
            "It failed: no \\u{1b}[2J\\r in C:\\ね\n    127.0.0.1 - -\n"
        );
    }
}
