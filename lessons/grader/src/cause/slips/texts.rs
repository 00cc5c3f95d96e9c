//! Texts that are written in another way.

use crate::record::{Text, What};

use super::Named;

/// The text that is written for the right one.
pub type Writing = fn(&[u8]) -> Vec<u8>;

/// Texts that are written in another way.
#[rustfmt::skip]
pub const TEXTS: &[Named<Writing>] = &[
    ("no-line-end", "The text is right, but for the line end (\\n) behind it, which is missing.",
        &[|text| without_line_end(text).into()]),
    ("line-end-twice", "The text is right, but for one more line end behind it.",
        &[|text| [text, b"\n"].concat()]),
    ("line-end-cr", "The text is right, but for its line end, which is \\r\\n. The text asks for \\n alone.",
        &[|text| changed(text, |text| text.replace('\n', "\r\n"))]),
    ("space-at-end", "The text is right, but for a space at its end.",
        &[|text| [without_line_end(text), b" ", &text[without_line_end(text).len()..]].concat()]),
    ("quoted", "The text is right, but for the quotes around it, which {:?} writes. {} writes the text alone.",
        &[|text| changed(text, |text| text.strip_suffix('\n').map_or(format!("{text:?}"), |line| format!("{line:?}\n")))]),
    ("escaped", "The text is escaped as for a page in HTML. But it is plain text, in which a & is a &: escape only what you put into a page.", &[
        |text| changed(text, |text| escaped(text).replace("&#x27;", "'")),
        |text| changed(text, escaped),
        |text| changed(text, |text| escaped(text).replace("&#x27;", "&#39;")),
    ]),
    ("no-text", "There is no text at all in the answer. Look whether .send is given the text.",
        &[|_| Vec::new()]),
    ("text-letters", "The text has small letters where it must have capital ones, or the other way round. Compare it letter by letter.", &[
        |text| changed(text, str::to_lowercase),
        |text| changed(text, str::to_uppercase),
    ]),
];

/// The text with another one in its place; bytes that are no text stay.
fn changed(text: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    str::from_utf8(text).map_or_else(|_| text.into(), |text| change(text).into_bytes())
}

fn escaped(text: &str) -> String {
    let signs = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#x27;"),
    ];
    let escape = |text: String, (sign, escape): (char, &str)| text.replace(sign, escape);
    signs.into_iter().fold(text.to_string(), escape)
}

/// What is expected of a text, with another text.
pub fn with_text(what: &What, change: Writing) -> Option<What> {
    let exactly = |text: &Text| match text {
        Text::Exactly(due) => Some(Text::Exactly(change(due).into())),
        _ => None,
    };
    match what {
        What::Body(text) => exactly(text).map(What::Body),
        What::Stdout(text) => exactly(text).map(What::Stdout),
        _ => None,
    }
}

pub fn without_line_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}
