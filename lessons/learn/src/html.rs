//! Text as HTML: what comes from outside is escaped, wherever it stands.

use std::fmt::Write as _;

/// The text, so that it is text in HTML, between tags or in a quoted attribute. Characters
/// that a reader could not see, or that turn what stands around them, are written as what
/// they are.
pub(crate) fn escaped(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => visible.push(character),
            c if hides(c) => {
                let _ = write!(visible, "\\u{{{:x}}}", u32::from(c));
            }
            c => visible.push(c),
        }
    }
    http_core::escape_html(&visible)
}

/// Whether a character is a control, or changes the direction of the text around it, or has
/// no width.
pub(crate) fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The page, or a part of it, with its links below this root (which ends with a slash) in the
/// place of `/`. In a text, a quote is escaped, so all that is changed are attributes.
pub(crate) fn below(html: &str, root: &str, attributes: &[&str]) -> String {
    let mut html = html.to_string();
    for attribute in attributes {
        let mark = format!(" {attribute}=\"/");
        html = html.replace(&mark, &format!(" {attribute}=\"{root}"));
    }
    html
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
