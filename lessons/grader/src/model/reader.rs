//! A page as its reader sees it.

use std::cell::OnceCell;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use crate::record::{Bytes, SERVICE};

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
    spaced: OnceCell<String>,
    shown: OnceCell<String>,
    tags: OnceCell<Vec<Tag>>,
    forms: OnceCell<Vec<Form>>,
}

impl Read {
    /// What a reader sees of this page, which is the same at each call.
    pub(super) fn shown(&self, page: &Bytes) -> &str {
        self.shown.get_or_init(|| folded(self.spaced(page)))
    }

    /// The same, with its white space, in which a tag that parts words is a line end.
    pub(super) fn spaced(&self, page: &Bytes) -> &str {
        self.spaced.get_or_init(|| text_of(&page.text()))
    }

    /// Whether something parts these lines, and not a line end together with a tag for a line
    /// break, if the page's style shows its line ends. If the first one is empty: whether its
    /// line end is not passed over. If the last one is: whether it is there.
    pub(super) fn parts_lines(&self, page: &Bytes, lines: &[String]) -> bool {
        let page = page.text();
        if let [first, second, ..] = lines
            && first.is_empty()
        {
            return !is_passed_over(&page, second);
        }
        if let [first, .., last] = lines
            && last.is_empty()
        {
            return ends_with_empty_line(&page, first);
        }
        let keeps = |style: &str| page.to_lowercase().contains(style);
        let kept = ["pre-wrap", "pre-line", "white-space: pre", "<pre"];
        let seen = lines_of(&page);
        let lost = seen.contains(&lines.join(" "));
        let doubled = kept.into_iter().any(keeps) && seen.contains(&lines.join("\n\n"));
        !(lost || doubled)
    }

    /// The start tags of this page, which is the same at each call.
    pub(super) fn tags(&self, page: &Bytes) -> &[Tag] {
        self.tags.get_or_init(|| tags(&page.text()))
    }

    /// The forms of this page, which is the same at each call.
    pub(super) fn forms(&self, page: &Bytes) -> &[Form] {
        self.forms.get_or_init(|| forms(&page.text()))
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

/// A form of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// How it is sent, in small letters: `get`, if it does not say.
    pub(super) method: String,
    /// Where it is sent to; empty, if it does not say: then it is the page's own address.
    pub(super) action: String,
    /// The names of its fields. A field without a name is not sent, nor one that is disabled.
    pub(super) fields: Vec<String>,
    /// Whether it has a button that sends it.
    has_button: bool,
    /// How many fields of one line it has. A browser sends a form with one of them on Enter.
    lines: usize,
    /// Whether the page has scripts, one of which may send it.
    is_scripted: bool,
    id: Option<String>,
    /// How its fields are written, in small letters, if it says so.
    enctype: String,
    has_file: bool,
}

impl Form {
    fn add(&mut self, control: Control) {
        self.fields.extend(control.name);
        match control.kind {
            Kind::File => self.has_file = true,
            Kind::Submit => self.has_button = true,
            Kind::Line => self.lines += 1,
            Kind::Other => {}
        }
    }

    /// Whether it is sent to this path: it names it in one of many ways, or its own page.
    pub(super) fn leads_to(&self, path: &str) -> bool {
        self.action.is_empty()
            || self.action.starts_with(['?', '#'])
            || from_the_top(&self.action) == from_the_top(path)
    }

    /// Whether its reader can send it, as far as the page shows.
    pub(super) fn can_be_sent(&self) -> bool {
        self.has_button || self.lines == 1 || self.is_scripted
    }

    /// Whether its fields are written as every server of the course reads them: as in a query, or
    /// in parts where one of them is a file.
    pub(super) fn is_readable(&self) -> bool {
        match &*self.enctype {
            "multipart/form-data" => self.method != "post" || self.has_file,
            "text/plain" => self.method != "post",
            _ => true,
        }
    }
}

/// The path that an address names in a page at the top, as those of the lessons are, without its
/// slash: that of `http://service.test/x`, `/x`, `x?y` and `./x#y` is `x`.
fn from_the_top(address: &str) -> &str {
    let address = address.strip_prefix(SERVICE).unwrap_or(address);
    let path = address.split(['?', '#']).next().unwrap_or_default();
    match path {
        "." => "",
        _ => path
            .strip_prefix("./")
            .or(path.strip_prefix('/'))
            .unwrap_or(path),
    }
}

/// What stands in a form to be filled in or pressed.
struct Control {
    name: Option<String>,
    kind: Kind,
}

enum Kind {
    File,
    /// A button that sends the form.
    Submit,
    /// A field of one line.
    Line,
    Other,
}

impl Control {
    /// Nothing, if it is disabled: it can be neither sent nor pressed.
    fn of(tag: &Tag) -> Option<Self> {
        const SUBMIT: [&str; 2] = ["submit", "image"];
        const OTHER: [&str; 7] = [
            "button", "checkbox", "color", "hidden", "radio", "range", "reset",
        ];
        if tag.attribute("disabled").is_some() {
            return None;
        }
        let kind = tag.attribute("type").unwrap_or_default();
        let kind = match (&*tag.name, &*kind.to_ascii_lowercase()) {
            ("button", "button" | "reset") => Kind::Other,
            ("button", _) => Kind::Submit,
            ("input", "file") => Kind::File,
            ("input", kind) if SUBMIT.contains(&kind) => Kind::Submit,
            ("input", kind) if !OTHER.contains(&kind) => Kind::Line,
            _ => Kind::Other,
        };
        let name = tag.attribute("name").map(str::to_string);
        Some(Self { name, kind })
    }
}

/// Whether a page has scripts.
fn is_scripted(page: &str) -> bool {
    let is_script = |tag: &Tag| {
        let mut names = tag.attributes.iter().map(|(name, _)| name);
        tag.name == "script" || names.any(|name| name.starts_with("on"))
    };
    tags(page).iter().any(is_script) || page.contains("javascript:")
}

/// The forms of a page, in order.
fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    // A field can say to which form it belongs, wherever it stands.
    let mut elsewhere = Vec::new();
    let mut is_open = false;
    for token in tokens(page) {
        match token {
            // A form cannot stand in a form.
            Token::StartTag(start) if **start.name == *b"form" && !is_open => {
                let tag = tag(&start);
                let attribute = |name| tag.attribute(name).map(|value| value.trim().to_string());
                let method = attribute("method").unwrap_or_default().to_ascii_lowercase();
                is_open = true;
                forms.push(Form {
                    method: if method.is_empty() {
                        "get".into()
                    } else {
                        method
                    },
                    action: attribute("action").unwrap_or_default(),
                    id: attribute("id"),
                    enctype: attribute("enctype")
                        .unwrap_or_default()
                        .to_ascii_lowercase(),
                    ..Form::default()
                });
            }
            Token::EndTag(end) if **end.name == *b"form" => is_open = false,
            Token::StartTag(start) if FIELDS.contains(&&**start.name) => {
                let tag = tag(&start);
                let Some(control) = Control::of(&tag) else {
                    continue;
                };
                match (tag.attribute("form"), forms.last_mut()) {
                    (Some(form), _) => elsewhere.push((form.to_string(), control)),
                    (None, Some(form)) if is_open => form.add(control),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for (id, control) in elsewhere {
        if let Some(form) = forms.iter_mut().find(|form| form.id.as_ref() == Some(&id)) {
            form.add(control);
        }
    }
    let is_scripted = !forms.is_empty() && is_scripted(page);
    forms
        .iter_mut()
        .for_each(|form| form.is_scripted = is_scripted);
    forms
}

/// Tags of fields that are sent with a form.
const FIELDS: [&[u8]; 4] = [b"button", b"input", b"select", b"textarea"];

/// What a reader of a page sees: its text without tags, with escapes decoded, every run of
/// white space one space. What stands in the fields of a form is seen, too, unless it is
/// hidden or a password. Tags do not part words, but those of blocks and line breaks do.
pub fn shown(page: &str) -> String {
    folded(&text_of(page))
}

/// The same, with its white space. A tag that parts words is a line end.
fn text_of(page: &str) -> String {
    let mut seen = String::new();
    let mut hidden = false;
    for token in tokens(page) {
        match token {
            Token::StartTag(start) => {
                hidden = matches!(&**start.name, b"script" | b"style");
                if !INLINE.contains(&&**start.name) {
                    seen.push('\n');
                }
                if **start.name == *b"input" {
                    seen += &field(&tag(&start)).unwrap_or_default();
                    seen.push('\n');
                }
            }
            Token::EndTag(end) => {
                hidden = false;
                if !INLINE.contains(&&**end.name) {
                    seen.push('\n');
                }
            }
            Token::String(string) if !hidden => seen += &text(&string),
            _ => {}
        }
    }
    spaced(&seen)
}

/// What a reader sees of a page whose line ends are shown: of several in a row, two. Other
/// tags that part words are marked.
fn lines_of(page: &str) -> String {
    const OTHER: char = '\u{b}';
    let mut seen = String::new();
    let parts = |name: &[u8]| match name {
        b"br" => Some('\n'),
        name => (!INLINE.contains(&name)).then_some(OTHER),
    };
    for token in tokens(page) {
        match token {
            Token::StartTag(start) => seen.extend(parts(&start.name)),
            Token::EndTag(end) => seen.extend(parts(&end.name)),
            Token::String(string) => {
                seen += &text(&string).replace("\r\n", "\n").replace('\r', "\n");
            }
            _ => {}
        }
    }
    while seen.contains("\n\n\n") {
        seen = seen.replace("\n\n\n", "\n\n");
    }
    seen
}

/// Whether a line end before this text stands right behind a tag where HTML passes over one.
fn is_passed_over(page: &str, line: &str) -> bool {
    const PASSED: [&[u8]; 3] = [b"listing", b"pre", b"textarea"];
    let mut is_behind = false;
    tokens(page).any(|token| {
        let was_behind = is_behind;
        is_behind = matches!(&token, Token::StartTag(start) if PASSED.contains(&&**start.name));
        let Token::String(string) = token else {
            return false;
        };
        let string = text(&string).replace("\r\n", "\n");
        let passed = string.strip_prefix('\n').filter(|_| was_behind);
        passed.is_some_and(|rest| rest.starts_with(line))
    })
}

/// Whether a reader sees an empty line behind this text, in one of its places. (The title of a page
/// has no lines.)
fn ends_with_empty_line(page: &str, line: &str) -> bool {
    let tokens: Vec<Token<()>> = tokens(page).collect();
    let is_title =
        |token: &Token<()>| matches!(token, Token::StartTag(start) if **start.name == *b"title");
    let mut places = tokens.iter().enumerate().filter_map(|(at, token)| {
        let Token::String(string) = token else {
            return None;
        };
        let string = text(string);
        let (_, rest) = string.rsplit_once(line)?;
        let in_title = at > 0 && is_title(&tokens[at - 1]);
        (!in_title).then(|| is_empty_line(rest, &tokens[at + 1..]))
    });
    let first = places.next();
    first.is_none_or(|first| first || places.any(|other| other))
}

/// Whether the rest of a text, and what stands behind it, looks like one more line. Of the line
/// ends at the end of an element, a browser shows all but the last. With an element for each line,
/// one more of them is an empty line, too.
fn is_empty_line(rest: &str, behind: &[Token<()>]) -> bool {
    let mut seen = rest.to_string();
    let mut closed: Option<&[u8]> = None;
    for token in behind {
        match (token, closed) {
            (Token::String(string), None) => seen += &text(string),
            (Token::String(string), _) if !text(string).trim().is_empty() => return false,
            (Token::StartTag(tag), None) if **tag.name == *b"br" => seen.push('\n'),
            (Token::StartTag(tag), None) if !INLINE.contains(&&**tag.name) => return true,
            (Token::EndTag(tag), None) if !INLINE.contains(&&**tag.name) => {
                // What is no white space was written behind the text.
                if !seen.trim().is_empty() || line_ends(&seen) > 1 {
                    return true;
                }
                closed = Some(&tag.name);
            }
            (Token::EndTag(tag), Some(name)) if **tag.name == *name => return true,
            _ => {}
        }
    }
    closed.is_none()
}

/// How many line ends stand in a text.
fn line_ends(text: &str) -> usize {
    text.replace("\r\n", "\n").matches(['\r', '\n']).count()
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

/// The text with plain spaces for those that do not break a line: they look the same.
pub(super) fn spaced(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The text with every run of white space as one space, and none at its ends.
pub fn folded(text: &str) -> String {
    let text = spaced(text);
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
    fn a_line_end_right_behind_pre_is_passed_over() {
        let lines = ["", "word"].map(str::to_string);
        let parts = |page: &str| Read::default().parts_lines(&page.into(), &lines);
        for page in ["<pre>\r\nword</pre>", "a<PRE class=x>\nword"] {
            assert!(!parts(page), "{page}");
        }
        for page in [
            "<pre>\n\nword",
            "<pre><b>\nword</b>",
            "<p>\nword",
            "<pre>word",
        ] {
            assert!(parts(page), "{page}");
        }
    }

    #[test]
    fn an_empty_line_at_the_end_of_a_text_is_seen_or_lost() {
        let lines = ["word", ""].map(str::to_string);
        let is_there = |page: &str| Read::default().parts_lines(&page.into(), &lines);
        for page in [
            "<title>word</title><p>word\r\n\r\n</p>\n<p><a>Back</a>",
            "<pre>\nword\n\n</pre>",
            "<p><b>word<br><br></b></p>",
            "<p>word<br>\n<br>\n</p>",
            "<div>word</div>\n<div></div><div></div>\n<p>Back</p>",
            "<li>word<li><li>",
            "<p>word is what was typed</p>",
            "<input value=word>",
        ] {
            assert!(is_there(page), "{page}");
        }
        for page in [
            "<title>word\n\n</title><p>word</p>\n<p><a>Back</a></p>",
            "<pre>\nword\n</pre>",
            "<p><b>word<br></b></p><p>Back</p>",
            "<p>word\r\n</p>",
        ] {
            assert!(!is_there(page), "{page}");
        }
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

    #[test]
    fn forms_have_their_fields() {
        let page = "<input name=a><FORM id=one><input Name='b'><form action=/x><textarea id=c>
            </textarea></form><input name=d><form method=POST action='/y '><select name=e></select>
            <input form=one name=f><p name=g>";
        let found = forms(page);
        let told = |form: &Form| {
            (
                form.method.clone(),
                form.action.clone(),
                form.fields.join(""),
            )
        };
        let told: Vec<_> = found.iter().map(told).collect();
        let form = |method: &str, action: &str, fields: &str| {
            (method.into(), action.into(), fields.into())
        };
        assert_eq!(told, [form("get", "", "bf"), form("post", "/y", "e")]);
    }

    #[test]
    fn what_sends_a_form() {
        let sends = |page: &str| forms(page)[0].can_be_sent();
        for button in [
            "<button>",
            "<button type=Submit>",
            "<button type=send>",
            "<input type=submit>",
            "<input type=image src=/send.png>",
            "</form><button form=f>",
            "<button type=button onclick='this.form.submit()'>",
        ] {
            let page = format!("<form id=f><textarea name=x></textarea>{button}");
            assert!(sends(&page), "{button}");
        }
        for none in [
            "",
            "<button type=button>",
            "<button type=reset>",
            "<input type=button>",
            "<button disabled>",
            "</form><button>",
            "<button form=g>",
            "<input type=hidden name=y>",
        ] {
            let page = format!("<form id=f><textarea name=x></textarea>{none}");
            assert!(!sends(&page), "{none}");
        }
        assert!(sends("<form><input name=x>"), "Enter sends it");
        assert!(!sends("<form><input name=x><input type=password name=y>"));
        let disabled = forms("<form><input name=x disabled><input name=y>");
        assert_eq!(disabled[0].fields, ["y"]);
    }
}
