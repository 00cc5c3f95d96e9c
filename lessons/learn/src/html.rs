//! Text as HTML: what comes from outside is escaped, wherever it stands.

use std::fmt::Write as _;

/// The text, so that it is text in HTML, between tags or in a quoted attribute. Characters
/// that a reader could not see, or that turn what stands around them, are written as what
/// they are.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(character),
            c if hides(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a character is a control, or changes the direction of the text around it, or has
/// no width.
pub(crate) fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `1 check`, `2 checks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(
            escaped("<b title=\"x\" id='y'>&\u{202e}\u{1b}[2J</b>\n"),
            "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;\\u{202e}\\u{1b}[2J&lt;/b&gt;\n"
        );
    }
}
