//! A page as its reader sees it.

use std::cell::OnceCell;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use crate::record::Bytes;

/// A start tag of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name, in small letters.
    pub name: String,
    /// Its attributes, with their escapes decoded.
    pub attributes: Vec<(String, String)>,
    /// What a reader sees between it and the next tag of this name, or its end tag.
    pub text: String,
}

impl Tag {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut same = self.attributes.iter().filter(|(known, _)| known == name);
        same.next().map(|(_, value)| value.as_str())
    }
}

/// What was read of a page so far: to read one takes time, and many things may be expected
/// of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read {
    shown: OnceCell<String>,
    tags: OnceCell<Vec<Tag>>,
}

impl Read {
    /// What a reader sees of this page, which is the same at each call.
    pub(super) fn shown(&self, page: &Bytes) -> &str {
        self.shown.get_or_init(|| shown(&page.text()))
    }

    /// The start tags of this page, which is the same at each call.
    pub(super) fn tags(&self, page: &Bytes) -> &[Tag] {
        self.tags.get_or_init(|| tags(&page.text()))
    }
}

/// The tokens of a page, as a browser reads them. What is inside of `<script>` and the like
/// is text for the tokenizer, too.
fn tokens(page: &str) -> impl Iterator<Item = Token<()>> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter).map(|token| match token {
        Ok(token) => token,
        Err(never) => match never {},
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn tag(start: &StartTag<()>) -> Tag {
    let attributes = start.attributes.iter();
    Tag {
        name: text(&start.name),
        attributes: attributes
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
        text: String::new(),
    }
}

/// The start tags of a page, in order.
pub fn tags(page: &str) -> Vec<Tag> {
    let mut all: Vec<(Tag, bool)> = Vec::new();
    let close = |all: &mut Vec<(Tag, bool)>, name: &[u8]| {
        let same = |(tag, open): &&mut (Tag, bool)| *open && tag.name.as_bytes() == name;
        if let Some((_, open)) = all.iter_mut().rev().find(same) {
            *open = false;
        }
    };
    for token in tokens(page) {
        match token {
            Token::StartTag(start) => {
                close(&mut all, &start.name);
                all.push((tag(&start), true));
            }
            Token::EndTag(end) => close(&mut all, &end.name),
            Token::String(string) => {
                let string = text(&string);
                for (tag, _) in all.iter_mut().filter(|(_, open)| *open) {
                    tag.text += &string;
                }
            }
            _ => {}
        }
    }
    let folded = |(tag, _): (Tag, bool)| Tag {
        text: folded(&tag.text),
        ..tag
    };
    all.into_iter().map(folded).collect()
}

/// What a reader of a page sees: its text without tags, with escapes decoded, every run of
/// white space one space. What stands in the fields of a form is seen, too, unless it is
/// hidden or a password. Tags do not part words, but those of blocks and line breaks do.
pub fn shown(page: &str) -> String {
    let mut seen = String::new();
    let mut hidden = false;
    for token in tokens(page) {
        match token {
            Token::StartTag(start) => {
                hidden = matches!(&**start.name, b"script" | b"style");
                if !INLINE.contains(&&**start.name) {
                    seen.push(' ');
                }
                if **start.name == *b"input" {
                    seen += &field(&tag(&start)).unwrap_or_default();
                    seen.push(' ');
                }
            }
            Token::EndTag(end) => {
                hidden = false;
                if !INLINE.contains(&&**end.name) {
                    seen.push(' ');
                }
            }
            Token::String(string) if !hidden => seen += &text(&string),
            _ => {}
        }
    }
    folded(&seen)
}

/// Tags that stand inside of a line.
const INLINE: [&[u8]; 20] = [
    b"a", b"abbr", b"b", b"bdi", b"cite", b"code", b"data", b"em", b"i", b"kbd", b"mark", b"q",
    b"s", b"samp", b"small", b"span", b"strong", b"u", b"var", b"wbr",
];

/// What a reader sees in a field of a form.
fn field(tag: &Tag) -> Option<String> {
    let kind = tag.attribute("type").unwrap_or("text").to_lowercase();
    let seen = !["hidden", "password", "checkbox", "radio"].contains(&&*kind);
    tag.attribute("value").filter(|_| seen).map(str::to_string)
}

/// The text with every run of white space as one space, and none at its ends.
pub(super) fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_however_they_are_written() {
        for page in [
            "&lt;b&gt; &amp; &quot;x&quot; &#39;",
            "&#60;b&#x3E; &#38; &#34;x&#x22; &#x27;",
            "&ltb&gt &amp \"x\" &apos;",
        ] {
            assert_eq!(shown(page), "<b> & \"x\" '", "{page}");
        }
    }

    #[test]
    fn tags_are_left_out_and_scripts_are_not_seen() {
        let page = "<!DOCTYPE html><head><title>T</title><style>p { }</style></head>
            <p>one\n  <b>two</b>th<i>ree</i></p><p>four<br>five<script>alert(1)</script>
            <input value='six &amp; 7'><input type=password value=x><!-- no -->";
        assert_eq!(shown(page), "T one twothree four five six & 7");
        assert_eq!(shown("a <script>alert(1)</script> b"), "a b");
        assert_eq!(shown("walnut<b"), "walnut");
    }

    #[test]
    fn tags_have_attributes_and_text() {
        let page = "<FORM Method='post' action=/><ul><li><a href='/a&amp;b'> <b>x</b></a> y<li>z";
        let found = tags(page);
        assert_eq!(found[0].name, "form");
        assert_eq!(found[0].attribute("method"), Some("post"));
        let link = &found[3];
        assert_eq!((link.attribute("href"), &*link.text), (Some("/a&b"), "x"));
        assert_eq!((&*found[2].text, &*found[5].text), ("x y", "z"));
    }
}
