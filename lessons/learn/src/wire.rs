//! The bytes of HTTP as a picture: each line with its line end, each part with its name, and
//! the first byte that is not as it should be marked.

use std::fmt::Write as _;
use std::ops::Range;

use crate::html::{escaped, hides};

/// Which side of an exchange bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// The most bytes that are shown of a message.
const MOST: usize = 6 * 1024;

/// The names of the three parts of a first line, for each side.
const REQUEST_LINE: [(&str, &str); 3] = [
    ("method", "method"),
    ("target", "target: path and query"),
    ("version", "version"),
];
const STATUS_LINE: [(&str, &str); 3] = [
    ("version", "version"),
    ("status", "status code"),
    ("reason", "reason phrase"),
];

/// A message, head and body. `mark` is the byte that is marked; the end, if it is the length.
pub(crate) fn message(side: Side, bytes: &[u8], mark: Option<usize>) -> String {
    let mut picture = Picture::new(bytes, mark);
    let mut at = 0;
    let (first, names) = match side {
        Side::Request => ("request line", REQUEST_LINE),
        Side::Response => ("status line", STATUS_LINE),
    };
    let mut number = 0;
    while at < picture.end {
        let line = picture.line(at);
        at = line.end;
        let inside = picture.without_end(&line);
        if inside.is_empty() && number > 0 {
            picture.begin("empty line", "empty");
            picture.ends(&line, inside.end);
            break;
        }
        match number {
            0 => {
                picture.begin(first, "first");
                picture.words(&inside, names);
            }
            _ => {
                picture.begin("field", "field");
                picture.field(&inside);
            }
        }
        picture.ends(&line, inside.end);
        number += 1;
    }
    picture.body(at);
    picture.finish()
}

/// One field of a head.
pub(crate) fn field_line(line: &str, mark: Option<usize>) -> String {
    let mut picture = Picture::new(line.as_bytes(), mark);
    picture.begin("field", "field");
    picture.field(&(0..line.len()));
    picture.finish()
}

/// Bytes that are no message: a body by itself.
pub(crate) fn body(bytes: &[u8], mark: Option<usize>) -> String {
    let mut picture = Picture::new(bytes, mark);
    picture.body(0);
    picture.finish()
}

/// Where the body of a message begins, whose length is that of its bytes: not if it comes in
/// chunks, or behind a head of 1xx.
pub(crate) fn body_start(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let plain = !head.contains("\r\ntransfer-encoding:") && !head.starts_with("http/1.1 1");
    plain.then_some(end)
}

/// Where the value of the first field of this name stands.
pub(crate) fn field(bytes: &[u8], name: &str) -> Option<Range<usize>> {
    values(bytes, name).into_iter().next()
}

/// Where the value of the field that sets the cookie of this name stands.
pub(crate) fn cookie(bytes: &[u8], name: &str) -> Option<Range<usize>> {
    let begin = format!("{name}=");
    let mut all = values(bytes, "Set-Cookie").into_iter();
    all.find(|at| bytes[at.clone()].starts_with(begin.as_bytes()))
}

/// Where the values of the fields of this name stand.
fn values(bytes: &[u8], name: &str) -> Vec<Range<usize>> {
    let (mut at, mut found) = (0, Vec::new());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        let colon = line.iter().position(|&byte| byte == b':');
        if let Some(colon) = colon
            && line[..colon].eq_ignore_ascii_case(name.as_bytes())
        {
            let value = &line[colon + 1..];
            let start = at + colon + 1 + (value.len() - value.trim_ascii_start().len());
            found.push(start..start + value.trim_ascii().len());
        }
        at += line.len();
    }
    found
}

struct Picture<'a> {
    bytes: &'a [u8],
    /// Where what is shown ends.
    end: usize,
    mark: Option<usize>,
    out: String,
    open: bool,
}

impl<'a> Picture<'a> {
    fn new(bytes: &'a [u8], mark: Option<usize>) -> Self {
        // What is marked is shown, with some of what follows.
        let most = MOST.max(mark.map_or(0, |mark| mark + 512));
        Self {
            bytes,
            end: bytes.len().min(most),
            mark,
            out: String::from("<pre class=\"wire\" tabindex=\"0\">"),
            open: false,
        }
    }

    /// The line that begins here, its end included.
    fn line(&self, start: usize) -> Range<usize> {
        let rest = &self.bytes[start..self.end];
        let length = rest.iter().position(|&byte| byte == b'\n');
        start..length.map_or(self.end, |length| start + length + 1)
    }

    fn without_end(&self, line: &Range<usize>) -> Range<usize> {
        let text = &self.bytes[line.clone()];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        line.start..line.start + text.len()
    }

    /// Begins a line of the picture.
    fn begin(&mut self, name: &str, class: &str) {
        self.close();
        let _ = write!(self.out, "<span class=\"l {class}\" data-part=\"{name}\">");
        self.open = true;
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.out.push_str("\n</span>");
        }
    }

    /// A part of a line, which has a name.
    fn part(&mut self, range: Range<usize>, class: &str, name: &str) {
        let _ = write!(self.out, "<b class=\"{class}\" title=\"{name}\">");
        self.plain(range);
        self.out.push_str("</b>");
    }

    fn words(&mut self, line: &Range<usize>, names: [(&str, &str); 3]) {
        let mut at = line.start;
        for (number, (class, name)) in names.into_iter().enumerate() {
            let rest = &self.bytes[at..line.end];
            let blank = rest.iter().position(|&byte| byte == b' ');
            let end = match blank {
                Some(blank) if number < 2 => at + blank,
                _ => line.end,
            };
            self.part(at..end, class, name);
            at = (end + 1).min(line.end);
            self.plain(end..at);
        }
    }

    fn field(&mut self, line: &Range<usize>) {
        let colon = self.bytes[line.clone()]
            .iter()
            .position(|&byte| byte == b':');
        let Some(colon) = colon else {
            return self.plain(line.clone());
        };
        let colon = line.start + colon;
        self.part(line.start..colon, "name", "field name");
        let blanks = self.bytes[colon + 1..line.end].iter();
        let value = colon + 1 + blanks.take_while(|&&byte| byte == b' ').count();
        self.plain(colon..value);
        self.part(value..line.end, "value", "field value");
    }

    /// The end of a line, made visible.
    fn ends(&mut self, line: &Range<usize>, from: usize) {
        self.plain(from..line.end);
    }

    fn body(&mut self, start: usize) {
        let mut at = start;
        while at < self.end {
            let line = self.line(at);
            self.begin(if at == start { "body" } else { "" }, "body");
            self.plain(line.clone());
            at = line.end;
        }
    }

    /// Text, with what is not text made visible.
    fn plain(&mut self, range: Range<usize>) {
        let mut at = range.start;
        for chunk in self.bytes[range].utf8_chunks() {
            for c in chunk.valid().chars() {
                self.character(at, c);
                at += c.len_utf8();
            }
            for byte in chunk.invalid() {
                self.shown(at..at + 1, &format!("<i class=\"x\">\\x{byte:02x}</i>"));
                at += 1;
            }
        }
    }

    fn character(&mut self, at: usize, c: char) {
        let range = at..at + c.len_utf8();
        match c {
            '\r' => self.shown(range, "<i class=\"eol\" title=\"carriage return\">\\r</i>"),
            '\n' => self.shown(range, "<i class=\"eol\" title=\"line feed\">\\n</i>"),
            '\t' => self.shown(range, "<i class=\"x\" title=\"tab\">\\t</i>"),
            c if hides(c) => {
                let shown = format!("<i class=\"x\">{}</i>", c.escape_unicode());
                self.shown(range, &shown);
            }
            c => {
                let mut buffer = [0; 4];
                let shown = escaped(c.encode_utf8(&mut buffer));
                self.shown(range, &shown);
            }
        }
    }

    fn shown(&mut self, range: Range<usize>, html: &str) {
        if self.mark.is_some_and(|mark| range.contains(&mark)) {
            let _ = write!(self.out, "<mark>{html}</mark>");
        } else {
            self.out.push_str(html);
        }
    }

    fn finish(mut self) -> String {
        let left = self.bytes.len() - self.end;
        if self.bytes.is_empty() && self.mark.is_none() {
            self.begin("", "more");
            self.out.push_str("nothing");
        } else if left > 0 {
            self.begin("", "more");
            let _ = write!(self.out, "… and {left} more bytes");
        } else if self.mark == Some(self.bytes.len()) {
            // Behind a line end, the end is on a line of its own.
            if !self.open || self.bytes.ends_with(b"\n") {
                self.begin("", "body");
            }
            self.out.push_str("<mark class=\"end\">the end</mark>");
        }
        self.close();
        self.out + "</pre>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader sees.
    fn read(html: &str) -> String {
        let mut text = String::new();
        let mut tag = false;
        for c in html.chars() {
            match c {
                '<' => tag = true,
                '>' => tag = false,
                c if !tag => text.push(c),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }

    #[test]
    fn every_part_has_its_name() {
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: x\r\n\r\nname=\xe3\x81\xad\xff";
        let html = message(Side::Request, bytes, None);
        for expected in [
            "data-part=\"request line\"><b class=\"method\" title=\"method\">POST</b> ",
            "<b class=\"target\" title=\"target: path and query\">/a?b</b> ",
            "<b class=\"name\" title=\"field name\">Host</b>: <b class=\"value\" title=\"field value\">x</b>",
            "data-part=\"empty line\"",
            "data-part=\"body\">name=ね<i class=\"x\">\\xff</i>",
        ] {
            assert!(html.contains(expected), "{expected} in {html}");
        }
        assert_eq!(
            read(&html),
            "POST /a?b HTTP/1.1\\r\\n\nHost: x\\r\\n\n\\r\\n\nname=ね\\xff\n"
        );
    }

    #[test]
    fn what_is_no_http_is_shown_too() {
        for bytes in [
            &b""[..],
            b"\r\n",
            b"x",
            b"<script>\0",
            b"HTTP/1.1 200",
            b":\r\n:",
            b"\n\n\n",
            b"\xff\xfe \r",
        ] {
            for mark in [None, Some(0), Some(bytes.len())] {
                let html = message(Side::Response, bytes, mark);
                assert!(!html.contains("<script>"));
                assert_eq!(
                    html.matches("<span").count(),
                    html.matches("</span>").count(),
                    "{html}"
                );
            }
        }
    }

    #[test]
    fn one_byte_is_marked() {
        let bytes = b"HTTP/1.1 404 Not Found\r\n\r\nab";
        assert!(message(Side::Response, bytes, Some(9)).contains("<mark>4</mark>04"));
        let start = body_start(bytes).expect("a body");
        assert!(message(Side::Response, bytes, Some(start + 1)).contains("a<mark>b</mark>"));
        assert!(message(Side::Response, bytes, Some(start + 2)).contains("b<mark class=\"end\">"));
        assert!(body("ね".as_bytes(), Some(1)).contains("<mark>ね</mark>"));
    }

    #[test]
    fn a_long_message_is_cut() {
        let html = body(&vec![b'x'; 100_000], None);
        assert!(
            html.len() < 2 * MOST && html.contains("93856 more bytes"),
            "{}",
            html.len()
        );
    }

    #[test]
    fn a_field_is_found() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Type:  text/html\r\n\r\nX: y\r\n";
        assert_eq!(
            field(bytes, "content-type").map(|at| &bytes[at]),
            Some(&b"text/html"[..])
        );
        assert_eq!(field(bytes, "X"), None);
    }
}
