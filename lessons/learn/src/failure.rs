//! A failed check as a picture of what happened: the request as it went over the wire, the
//! answer that came, what was expected, and why.

use std::fmt::Write as _;

use grader::Part;
use grader::record::{Exchange, Expected, Finding, Seen, Text, What};

use crate::course::Course;
use crate::course::Lesson;
use crate::editor::Editor;
use crate::html::escaped;
use crate::source::with_places;
use crate::wire::{self, Side};

/// What is told of an answer beside the answer itself.
#[derive(Default)]
struct Difference {
    /// What was expected, as HTML, if a picture says it better than words.
    expected: Option<String>,
    /// The byte of what came that is marked.
    mark: Option<usize>,
}

/// Who reads it, and where the files are.
pub(crate) struct Reader<'a> {
    pub(crate) course: &'a Course,
    pub(crate) lesson: &'a Lesson,
    pub(crate) editor: &'a Editor,
}

impl Reader<'_> {
    /// What a program, or the compiler, has printed: its places lead into the editor.
    pub(crate) fn printed(&self, text: &str) -> String {
        let file = self.course.starter(self.lesson);
        let link = |line, column| self.editor.link(&file, line, column);
        with_places(text, &self.lesson.starter(), link)
    }

    /// What rustc says, with its colors.
    pub(crate) fn compiler(&self, text: &str) -> String {
        let mut out = String::from("<pre class=\"rustc\" tabindex=\"0\">");
        for line in text.lines() {
            let start = line.trim_start();
            let class = match start {
                _ if start.starts_with("error") => "error",
                _ if start.starts_with("warning") => "warning",
                _ if start.starts_with("--> ") || start.starts_with("::: ") => "place",
                _ if start.starts_with("= help") || start.starts_with("help:") => "help",
                _ if start.starts_with("= note") || start.starts_with("note:") => "note",
                _ if start.starts_with('|') && line.contains('^') => "caret",
                _ if start.starts_with('|') && line.contains("---") => "dash",
                _ => "line",
            };
            let _ = writeln!(out, "<span class=\"{class}\">{}</span>", self.printed(line));
        }
        out + "</pre>"
    }

    /// The picture of a failed check. Causes are `sought` when all checks are done.
    pub(crate) fn failure(&self, seed: &str, finding: &Finding, sought: bool) -> String {
        let folder = self.course.root.join("lessons").join(&self.lesson.folder);
        let folder = folder.to_string_lossy();
        let parts = grader::report(&folder, &self.lesson.package, seed, finding);
        let parts = grouped(parts);
        let lines = |labels: &[&str]| -> Vec<&Part> {
            let of = parts.iter().filter(|(label, _)| labels.contains(label));
            of.flat_map(|(_, parts)| parts).collect()
        };
        let mut out = String::new();
        let is_known = sought || !finding.cause.names().is_empty();
        if !is_known {
            out += "<p class=\"cause\"><span class=\"busy\">Looking for the cause …</span></p>";
        }
        for (label, name) in [
            ("your mistake", "Your mistake"),
            ("one of these", "One of these"),
            ("two mistakes", "Two mistakes"),
            ("cause", "Why"),
        ] {
            let told = lines(&[label]);
            if !told.is_empty() && is_known {
                let said = told.iter().flat_map(|part| &part.lines);
                let said: String = said
                    .map(|line| format!("<span>{}</span> ", self.printed(line)))
                    .collect();
                let said = match label {
                    // Each of several stands on a line of its own.
                    "one of these" | "two mistakes" => said.replace("<span>", "<br><span>"),
                    _ => said,
                };
                let _ = write!(
                    out,
                    "<p class=\"cause\"><strong>{name}.</strong> {said}</p>"
                );
            }
        }
        let first = lines(&["first"]);
        if !first.is_empty() {
            let _ = write!(out, "<h5>First</h5>{}", self.lines(&first));
        }
        let exchange = finding.acts.last().and_then(|(_, seen)| match seen {
            Seen::Exchange(exchange) if !exchange.sent.is_empty() => Some(exchange),
            _ => None,
        });
        match exchange {
            Some(exchange) => {
                let told = lines(&["expected"]);
                out += &self.exchange(exchange, finding.expected.as_ref(), &told);
            }
            None => {
                let done = [
                    (
                        &["asked", "then asked", "ran", "then ran", "did"][..],
                        "What was done",
                    ),
                    (&["expected"][..], "What was expected"),
                    (&["came back"][..], "What came of it"),
                ];
                for (labels, name) in done {
                    let told = lines(labels);
                    if !told.is_empty() {
                        let _ = write!(out, "<h5>{name}</h5>{}", self.lines(&told));
                    }
                }
            }
        }
        let differs = lines(&["difference"]);
        if !differs.is_empty() {
            let differs = differs.iter().flat_map(|part| &part.lines);
            let differs: Vec<String> = differs.map(|line| escaped(line)).collect();
            let _ = write!(
                out,
                "<p class=\"difference\">The difference: {}</p>",
                differs.join("<br>")
            );
        }
        let printed = lines(&["printed"]);
        let _ = write!(
            out,
            "<details data-key=\"printed {0}\"><summary>What your program printed</summary>{1}</details>",
            escaped(&finding.check),
            self.lines(&printed)
        );
        let again = match exchange {
            Some(_) => lines(&["asked", "then asked", "again"]),
            None => lines(&["again"]),
        };
        let _ = write!(
            out,
            "<details data-key=\"again {0}\"><summary>The same in a terminal</summary>{1}</details>",
            escaped(&finding.check),
            self.lines(&again)
        );
        out
    }

    /// Lines as they are, or sentences.
    fn lines(&self, parts: &[&Part]) -> String {
        let mut out = String::new();
        for part in parts {
            let text = self.printed(&part.lines.join("\n"));
            let _ = match part.prose {
                true => write!(out, "<p>{text}</p>"),
                false => write!(out, "<pre class=\"plain\" tabindex=\"0\">{text}</pre>"),
            };
        }
        out
    }

    fn exchange(&self, exchange: &Exchange, expected: Option<&Expected>, told: &[&Part]) -> String {
        let difference = expected.and_then(|expected| difference(&expected.what, exchange));
        let Difference { expected, mark } = difference.unwrap_or_default();
        let expected = expected.unwrap_or_else(|| self.lines(told));
        let request = wire::message(Side::Request, &exchange.sent, None);
        let response = match exchange.came.is_empty() {
            true => "<p class=\"nothing\">No byte came back.</p>".into(),
            false => wire::message(Side::Response, &exchange.came, mark),
        };
        format!(
            "<div class=\"exchange\"><figure><figcaption>The request</figcaption>{request}</figure>\
             <figure class=\"came\"><figcaption>What came back</figcaption>{response}</figure>\
             <figure class=\"expected\"><figcaption>What was expected</figcaption>{expected}</figure></div>"
        )
    }
}

/// Each label with its parts: what has none goes on with the part before it.
fn grouped(parts: Vec<Part>) -> Vec<(&'static str, Vec<Part>)> {
    let mut groups: Vec<(&'static str, Vec<Part>)> = Vec::new();
    for part in parts {
        match groups.last_mut() {
            Some((_, group)) if part.label.is_empty() => group.push(part),
            _ => groups.push((part.label, vec![part])),
        }
    }
    groups
}

impl Difference {
    /// This byte is not as it should be, and words say what was expected.
    fn at(mark: usize) -> Self {
        Self {
            expected: None,
            mark: Some(mark),
        }
    }
}

/// Where this stands in these bytes.
fn place(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let length = what.len().max(1);
    bytes.windows(length).position(|window| window == what)
}

/// The number of bytes that are alike at the beginning.
fn alike(one: &[u8], other: &[u8]) -> usize {
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// What was expected and what came, with the first byte that differs marked in both; `None`
/// where that is no question of bytes.
fn difference(what: &What, exchange: &Exchange) -> Option<Difference> {
    let came = &exchange.came[..];
    match what {
        What::Status(statuses) => {
            let lines: Vec<String> = statuses.iter().map(|status| status_line(*status)).collect();
            let end = came
                .windows(2)
                .position(|two| two == b"\r\n")
                .unwrap_or(came.len());
            // Of several that would do, the difference to one is that to none.
            let mark = match &lines[..] {
                [line] => Some(alike(line.as_bytes(), &came[..end])).filter(|at| *at < line.len()),
                _ => came
                    .iter()
                    .position(|&byte| byte == b' ')
                    .map(|blank| blank + 1),
            };
            let shown = lines.iter().map(|line| {
                let mark = mark.filter(|_| lines.len() == 1);
                wire::message(Side::Response, line.as_bytes(), mark)
            });
            let expected = shown.collect::<Vec<_>>().join("<p class=\"or\">or</p>");
            let expected = Some(expected);
            Some(Difference { expected, mark })
        }
        What::Field(name, Some(value)) => {
            let line = format!("{name}: {value}");
            let before = name.len() + 2;
            let (expected, mark) = match wire::field(came, name) {
                Some(at) => {
                    let same = alike(value.as_bytes(), &came[at.clone()]);
                    (
                        wire::field_line(&line, Some(before + same)),
                        Some(at.start + same),
                    )
                }
                None => {
                    let note = format!("<p>There is no field {} in what came.</p>", escaped(name));
                    (wire::field_line(&line, None) + &note, None)
                }
            };
            let expected = Some(expected);
            Some(Difference { expected, mark })
        }
        What::Field(name, None) => Some(Difference {
            expected: Some(format!("<p>No field {}.</p>", escaped(name))),
            mark: wire::field(came, name).map(|at| at.start),
        }),
        What::Body(Text::Exactly(body)) => {
            let answer = exchange.answer.as_ref().ok()?;
            let same = alike(body, &answer.body);
            let start = wire::body_start(came);
            Some(Difference {
                expected: Some(wire::body(body, Some(same))),
                mark: start.map(|start| start + same),
            })
        }
        // What should not be there can be pointed at.
        What::Body(Text::Lacks(text) | Text::Hides(text)) => {
            let start = wire::body_start(came)?;
            let at = place(&came[start..], text.as_bytes())?;
            Some(Difference::at(start + at))
        }
        What::FieldIn(name, _) => Some(Difference::at(wire::field(came, name)?.start)),
        What::Cookie(name, _) => Some(Difference::at(wire::cookie(came, name)?.start)),
        What::CookieAttribute(name, attribute, _) => {
            let cookie = wire::cookie(came, name)?;
            let value = came[cookie.clone()].to_ascii_lowercase();
            let attribute = attribute.to_ascii_lowercase();
            let mut at = cookie.start;
            for part in value.split(|&byte| byte == b';') {
                let blank = part.len() - part.trim_ascii_start().len();
                let name = part.split(|&byte| byte == b'=').next()?;
                // The first part is the cookie itself.
                if at > cookie.start && name.trim_ascii() == attribute.as_bytes() {
                    return Some(Difference::at(at + blank));
                }
                at += part.len() + 1;
            }
            // It is missing.
            Some(Difference::at(cookie.end))
        }
        _ => None,
    }
}

fn status_line(status: u16) -> String {
    format!("HTTP/1.1 {}", grader::with_reason(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grader::Bytes;
    use grader::record::Answer;

    fn came(bytes: &str, status: u16, body: &str) -> Exchange {
        Exchange {
            request: None,
            answer: Ok(Answer::new(status, body)),
            sent: Bytes::from("GET / HTTP/1.1\r\n\r\n"),
            came: Bytes::from(bytes),
            connection: 1,
            took: Default::default(),
        }
    }

    #[test]
    fn the_first_byte_that_differs_is_marked_in_both() {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nHello";
        let exchange = came(bytes, 200, "Hello");
        let marked = |what: What| {
            let told = difference(&what, &exchange).expect("bytes");
            let shown = wire::message(Side::Response, &exchange.came, told.mark);
            (told.expected.unwrap_or_default(), shown)
        };
        let (expected, shown) = marked(What::Status(vec![404]));
        assert!(expected.contains("<mark>4</mark>04"), "{expected}");
        assert!(shown.contains("<mark>2</mark>00"), "{shown}");
        let field = What::Field("Content-Type".into(), Some("text/html".into()));
        let (expected, shown) = marked(field);
        assert!(expected.contains("text/<mark>h</mark>tml"), "{expected}");
        assert!(shown.contains("text/<mark>p</mark>lain"), "{shown}");
        let (expected, shown) = marked(What::Body(Text::Exactly("Hello\n".into())));
        assert!(
            expected.contains("Hello<mark><i class=\"eol\""),
            "{expected}"
        );
        assert!(shown.contains("Hello<mark class=\"end\">"), "{shown}");
        let (expected, _) = marked(What::Field("Location".into(), Some("/".into())));
        assert!(
            expected.contains("There is no field Location"),
            "{expected}"
        );
    }

    #[test]
    fn what_words_say_is_pointed_at_too() {
        let bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: path=a\r\nset-cookie: id=7; Path=/; SameSite=None\r\n\r\n<b>x</b>";
        let exchange = came(bytes, 200, "<b>x</b>");
        let marked = |what: What| {
            let mark = difference(&what, &exchange).map(|told| (told.expected, told.mark));
            mark.map(|(expected, mark)| (expected, &bytes[mark.expect("a place")..]))
        };
        let attribute =
            |cookie: &str, name: &str| What::CookieAttribute(cookie.into(), name.into(), None);
        for (what, begins) in [
            (attribute("id", "samesite"), "SameSite=None"),
            (attribute("id", "Path"), "Path=/"),
            (attribute("id", "HttpOnly"), "\r\n\r\n<b>"),
            (attribute("path", "Path"), "\r\nset-cookie"),
            (What::Body(Text::Lacks("<b>".into())), "<b>x"),
            (What::FieldIn("Set-Cookie".into(), Vec::new()), "path=a"),
        ] {
            let (expected, from) = marked(what.clone()).expect("a difference");
            assert_eq!(expected, None);
            assert!(from.starts_with(begins), "{what:?}: {from}");
        }
        for what in [
            attribute("other", "Path"),
            What::Body(Text::Lacks("y".into())),
            What::Body(Text::Hides("<i>".into())),
        ] {
            assert_eq!(marked(what), None);
        }
    }
}
