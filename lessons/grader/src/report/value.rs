//! Values for human eyes: bytes in quotes, with what repeats written as a product; pages
//! as their reader sees them; long things cut.

use serde_json::Value;

use crate::model::{miscounted, shown};
use crate::record::{Bytes, Printed, Text};
use crate::show::{body_lines, count, plain_line, quoted};

/// The most lines shown of a body.
const MOST_LINES: usize = 12;

/// The most bytes shown of a line.
const LONGEST: usize = 160;

/// How often something comes one behind the other before it is written as a product.
const MANY: usize = 20;

/// A line of a head, without control characters.
pub(super) fn line(text: &str) -> String {
    plain_line(text)
}

/// What was expected of a text.
pub(super) fn text(of: &str, due: &Text) -> Vec<String> {
    let quote = |text: &str| cut(text.as_bytes(), 2 * LONGEST);
    match due {
        Text::Exactly(due) if due.is_empty() => vec![format!("nothing on {of}")],
        Text::Exactly(due) => {
            let head = format!("exactly this {of}, {}:", count(due.len(), "byte"));
            [head].into_iter().chain(bytes(due)).collect()
        }
        Text::Has(due) => vec![format!("in the {of}, this text:"), quote(due)],
        Text::Lacks(due) => vec![format!("nowhere in the {of}, this text:"), quote(due)],
        Text::Shows(due) => vec!["a reader of the page sees this text:".into(), quote(due)],
        Text::ShowsSpaced(due) => vec![
            "a reader of the page sees this text, with each of its spaces:".into(),
            quote(due),
        ],
        Text::Names(words) => vec![format!("a reader sees the word {}", words.join(" or "))],
        Text::ShowsLines(lines) => {
            let head = "a reader of the page sees these lines, with none between them:".to_string();
            let lines = lines.iter().map(|line| quote(line));
            [head].into_iter().chain(lines).collect()
        }
        Text::InOnePiece { lines, .. } => {
            let head = "a reader of the page can tell that these lines are one text:".to_string();
            let lines = lines.iter().map(|line| quote(line));
            [head].into_iter().chain(lines).collect()
        }
        Text::Hides(due) => vec!["no reader of the page sees this text:".into(), quote(due)],
        Text::HidesOwnTags => vec!["no reader of the page sees one of its own tags".into()],
        Text::HasAttribute(name, true) => vec![format!("a tag with an attribute {name}")],
        Text::HasAttribute(name, false) => vec![format!("no tag with an attribute {name}")],
        Text::ShowsNumber(number) => vec![format!("a reader of the page sees the number {number}")],
        Text::ShowsInOrder(all) => {
            let head = "a reader of the page sees these texts, in this order:".to_string();
            let all = all.iter().map(|text| quote(text));
            [head].into_iter().chain(all).collect()
        }
        Text::ShowsEach(all) => {
            let head = match all.len() {
                1 => "a reader of the page sees this text, once:",
                _ => "a reader of the page sees these texts, each as often as it stands here:",
            };
            let all = all.iter().map(|text| quote(text));
            [head.to_string()].into_iter().chain(all).collect()
        }
        Text::Json(due) => vec![format!("a {of} in JSON that says:"), json(due)],
        Text::JsonText(field) => vec![format!(
            "a {of} in JSON: an object in which {field} is a text"
        )],
        Text::HasTag(name, attributes) => {
            let attributes = attributes
                .iter()
                .map(|(name, value)| format!(" {name}=\"{value}\""));
            let attributes: String = attributes.collect();
            vec![format!("in the page, a tag <{name}{attributes}>")]
        }
        Text::HasForm {
            method,
            action,
            field,
            cannot_be_sent,
        } => {
            let button = match cannot_be_sent {
                true => "no button",
                false => "a button",
            };
            let field = field
                .iter()
                .map(|name| format!("a field of the name {name} and "));
            let field: String = field.collect();
            let form = format!("<form method=\"{method}\" action=\"{action}\">");
            vec![
                format!("in the page, a form {form},"),
                format!("  with {field}{button} that sends it"),
            ]
        }
    }
}

/// A value in JSON, cut if it is long. (It has quotes of its own.)
fn json(text: &str) -> String {
    match text.char_indices().nth(2 * LONGEST) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.into(),
    }
}

/// Where a value in JSON differs from the one that was expected, for the first time.
pub(super) fn json_difference(due: &str, came: &[u8]) -> Vec<String> {
    let due: Value = serde_json::from_str(due).unwrap_or_default();
    let difference = match serde_json::from_slice(came) {
        Ok(came) => first_difference("", &due, &came),
        Err(why) => Some(format!("what came is no JSON: {why}")),
    };
    Vec::from_iter(difference)
}

fn first_difference(place: &str, due: &Value, came: &Value) -> Option<String> {
    let named = match place {
        "" => "all of it",
        place => place.trim_start_matches('.'),
    };
    match (due, came) {
        _ if due == came => None,
        (Value::Object(due), Value::Object(came)) => {
            let inner = |(name, due): (&String, &Value)| {
                let place = format!("{place}.{name}");
                match came.get(name) {
                    Some(came) => first_difference(&place, due, came),
                    None => Some(format!("{} is missing", place.trim_start_matches('.'))),
                }
            };
            let more = || came.keys().find(|name| !due.contains_key(*name));
            let more = || Some(format!("{}{} is too much", dotted(place), more()?));
            due.iter().find_map(inner).or_else(more)
        }
        (Value::Array(due), Value::Array(came)) => {
            let mut pairs = due.iter().zip(came).enumerate();
            let inner = |(at, (due, came)): (usize, (&Value, &Value))| {
                first_difference(&format!("{place}[{at}]"), due, came)
            };
            let lengths = || {
                let (due, came) = (due.len(), came.len());
                format!(
                    "{named} has {} where {due} were expected",
                    count(came, "element")
                )
            };
            pairs.find_map(inner).or_else(|| Some(lengths()))
        }
        _ => Some(format!(
            "{named} is {} where {} was expected",
            json(&came.to_string()),
            json(&due.to_string())
        )),
    }
}

fn dotted(place: &str) -> String {
    match place.trim_start_matches('.') {
        "" => String::new(),
        place => format!("{place}."),
    }
}

/// A text that came, as far as it matters for what was expected of it.
pub(super) fn seen(came: &Bytes, due: &Text) -> Vec<String> {
    match due {
        // What a reader sees is told without the spaces that matter here.
        Text::ShowsSpaced(_)
        | Text::ShowsLines(_)
        | Text::InOnePiece { .. }
        | Text::HasAttribute(..) => around(came, due),
        Text::Shows(_)
        | Text::Names(_)
        | Text::Hides(_)
        | Text::HidesOwnTags
        | Text::ShowsNumber(_)
        | Text::ShowsInOrder(_)
        | Text::ShowsEach(_) => {
            let mut lines = vec!["(a reader of the page sees:)".to_string()];
            lines.push(cut(shown(&came.text()).as_bytes(), 8 * LONGEST));
            lines.push("(its source:)".into());
            lines.extend(around(came, due));
            lines
        }
        Text::Exactly(_) => bytes(came),
        // It has quotes of its own; with others around them, nobody can read it.
        Text::Json(_) | Text::JsonText(_) if serde_json::from_slice::<Value>(came).is_ok() => {
            let text = came.text();
            text.trim_end().lines().take(MOST_LINES).map(json).collect()
        }
        _ => page(came),
    }
}

/// The lines of a page that matter for what was expected, or its beginning.
fn around(came: &Bytes, due: &Text) -> Vec<String> {
    let wanted: Vec<String> = match due {
        Text::Shows(due) | Text::ShowsSpaced(due) | Text::Hides(due) => words(due),
        Text::ShowsInOrder(all) | Text::ShowsEach(all) | Text::ShowsLines(all) => {
            all.iter().flat_map(|text| words(text)).collect()
        }
        Text::InOnePiece { lines, .. } => lines.clone(),
        Text::ShowsNumber(number) => vec![number.to_string()],
        Text::HidesOwnTags => vec!["&lt;/".into()],
        Text::HasAttribute(name, _) => vec![name.clone()],
        _ => Vec::new(),
    };
    let text = came.text();
    let fits = |line: &&str| wanted.iter().any(|word| line.contains(word.as_str()));
    let lines: Vec<String> = text
        .lines()
        .filter(fits)
        .map(|line| cut(line.as_bytes(), 2 * LONGEST))
        .take(MOST_LINES)
        .collect();
    match lines.is_empty() {
        true => page(came),
        false => lines,
    }
}

/// The words of a text, those that could not be anybody else's.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| word.len() > 3);
    words.map(str::to_string).collect()
}

/// A body. Of an error page, what it says; of a long page, the lines from `<body>` on.
pub(super) fn page(body: &Bytes) -> Vec<String> {
    if let Some(said) = error_page(body) {
        return said;
    }
    let is_long = body.iter().filter(|&&byte| byte == b'\n').count() > MOST_LINES;
    let text = std::str::from_utf8(body).ok();
    let start = text
        .filter(|text| is_long && text.starts_with("<!DOCTYPE html>"))
        .and_then(|text| text.find("<body>"));
    match start {
        Some(start) => {
            let mut lines = vec!["(a page; without its <head>, it is:)".to_string()];
            lines.extend(bytes(&body[start..]));
            lines
        }
        None => bytes(body),
    }
}

/// Bytes in quotes, one line for each of their lines.
pub(super) fn bytes(body: &[u8]) -> Vec<String> {
    if body.is_empty() {
        return vec!["(nothing)".into()];
    }
    let all: Vec<&[u8]> = body.split_inclusive(|&byte| byte == b'\n').collect();
    let mut lines: Vec<String> = all
        .iter()
        .take(MOST_LINES)
        .map(|line| cut(line, LONGEST))
        .collect();
    if all.len() > MOST_LINES {
        let rest: usize = all[MOST_LINES..].iter().map(|line| line.len()).sum();
        let more = count(all.len() - MOST_LINES, "more line");
        lines.push(format!("... ({more}, {rest} bytes)"));
    }
    lines
}

/// The bytes in quotes, with what repeats as a product: `"ab" + "é" × 200`. Of what is
/// longer than `longest`, the beginning.
pub(super) fn cut(bytes: &[u8], longest: usize) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return short(bytes, longest);
    };
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let same = characters[at..]
            .iter()
            .take_while(|c| **c == characters[at])
            .count();
        if same > MANY {
            if !plain.is_empty() {
                parts.push(short(plain.as_bytes(), longest));
                plain.clear();
            }
            let one = quoted(characters[at].to_string().as_bytes());
            parts.push(format!("{one} × {same}"));
        } else {
            plain.extend(&characters[at..at + same]);
        }
        at += same;
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(short(plain.as_bytes(), longest));
    }
    parts.join(" + ")
}

fn short(bytes: &[u8], longest: usize) -> String {
    crate::show::cut(bytes, longest)
}

/// Where two texts begin to differ.
pub(super) fn difference(due: &[u8], came: &[u8]) -> Vec<String> {
    let same = due
        .iter()
        .zip(came)
        .take_while(|(one, other)| one == other)
        .count();
    if same == 0 && (due.is_empty() || came.is_empty()) {
        return Vec::new();
    }
    // From the beginning of the character on.
    let mut start = same;
    while start > 0
        && due
            .get(start)
            .or(came.get(start))
            .is_some_and(|b| b & 0xc0 == 0x80)
    {
        start -= 1;
    }
    let rest = |bytes: &[u8]| match bytes.get(start..) {
        None | Some([]) => "the end".to_string(),
        Some(rest) => cut(rest, 24),
    };
    vec![format!(
        "at byte {}: {} where {} was expected",
        start + 1,
        rest(came),
        rest(due)
    )]
}

/// Which of some texts a reader of a page sees too often, or not often enough.
pub(super) fn miscount(due: &[String], came: &Bytes) -> Vec<String> {
    let told = miscounted(due, &shown(&came.text())).map(|(text, due, came)| {
        let text = cut(text.as_bytes(), LONGEST);
        let there = match came {
            0 => "not there".to_string(),
            often => format!("there {}", times(often)),
        };
        format!("{text} is {there}, and should be there {}", times(due))
    });
    told.into_iter().collect()
}

fn times(number: usize) -> String {
    match number {
        1 => "once".into(),
        number => format!("{number} times"),
    }
}

/// At most about `most` lines of what a program printed: the first and the last ones.
pub(super) fn lines_of(printed: &Printed, most: usize) -> Vec<String> {
    let (head, tail) = (printed.head.text(), printed.tail.text());
    let lines: Vec<&str> = head.lines().chain(tail.lines()).collect();
    let some =
        |lines: &[&str]| -> Vec<String> { lines.iter().map(|line| plain_line(line)).collect() };
    if lines.len() <= most && printed.left_out == 0 {
        return some(&lines);
    }
    let half = (most / 2).min(lines.len() / 2);
    let mut shown = some(&lines[..half]);
    shown.push(format!("... (cut: {} bytes in all) ...", printed.len()));
    shown.extend(some(&lines[lines.len() - half..]));
    shown
}

/// What a ready-made error page says: its heading and its paragraph, with the tags
/// around them. All the rest of such a page is how it looks.
fn error_page(body: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(body).ok()?;
    let (head, rest) = text.strip_prefix("<!DOCTYPE html>")?.split_once("<body>")?;
    let (said, _) = rest.split_once("</body>")?;
    let said = said.trim();
    let only = said.starts_with("<h1>") && said.ends_with("</p>") && said.matches('<').count() == 4;
    if !head.contains("<style>") || !only {
        return None;
    }
    let mut lines = vec!["(an error page; without its looks, it is:)".to_string()];
    lines.extend(body_lines(said.as_bytes(), MOST_LINES));
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_a_product() {
        let text = format!("ab{}c", "é".repeat(200));
        assert_eq!(cut(text.as_bytes(), 160), "\"ab\" + \"é\" × 200 + \"c\"");
        assert_eq!(cut(b"aaa\n", 160), "\"aaa\\n\"");
        assert_eq!(cut(b"", 160), "\"\"");
    }

    #[test]
    fn the_first_difference_is_told() {
        let differs = |due: &str, came: &str| difference(due.as_bytes(), came.as_bytes());
        let told = differs("Homepage\n", "Homepage");
        assert_eq!(told, ["at byte 9: the end where \"\\n\" was expected"]);
        let told = differs("é", "è");
        assert_eq!(told, ["at byte 1: \"è\" where \"é\" was expected"]);
        assert_eq!(differs("", "x"), [""; 0]);
    }

    #[test]
    fn the_text_that_is_not_there_often_enough_is_told() {
        let page = "<p>two cats</p><p>a cat</p>".into();
        let told =
            |due: &[&str]| miscount(&due.iter().map(|t| (*t).into()).collect::<Vec<_>>(), &page);
        assert_eq!(told(&["a cat", "two cats"]), [""; 0]);
        assert_eq!(
            told(&["two cats", "a cat", "a cat"]),
            ["\"a cat\" is there once, and should be there 2 times"]
        );
        assert_eq!(
            told(&["a dog", "a cat", "two cats"]),
            ["\"a dog\" is not there, and should be there once"]
        );
    }

    #[test]
    fn the_first_difference_of_two_values_is_told() {
        let due = r#"[{"id":1,"done":true},{"id":2,"done":false}]"#;
        let told = |came: &str| json_difference(due, came.as_bytes()).join("");
        assert_eq!(told(due), "");
        assert_eq!(told("[ {\"done\": true}]"), "[0].id is missing");
        assert_eq!(
            told(r#"[{"id":1,"done":"true"}]"#),
            "[0].done is \"true\" where true was expected"
        );
        assert_eq!(
            told(r#"[{"id":1,"done":true,"at":0}]"#),
            "[0].at is too much"
        );
        assert_eq!(
            told(r#"[{"id":1,"done":true}]"#),
            "all of it has 1 element where 2 were expected"
        );
        assert!(told("none").starts_with("what came is no JSON: "));
        let told = json_difference(r#"{"text":"a"}"#, br#"{"text":"b"}"#);
        assert_eq!(told, ["text is \"b\" where \"a\" was expected"]);
    }

    #[test]
    fn where_spaces_matter_they_are_told() {
        let page = "<p>walnut41  plum10</p>".into();
        let lines = seen(&page, &Text::ShowsSpaced("  walnut41  plum10".into()));
        assert_eq!(lines, ["\"<p>walnut41  plum10</p>\""]);
    }

    #[test]
    fn of_a_page_the_lines_that_matter_are_shown() {
        let page = format!("<p>x</p>\n{}<p>walnut41 &lt;</p>\n", "<br>\n".repeat(50));
        let lines = seen(&page.as_str().into(), &Text::Shows("walnut41 <b>".into()));
        assert_eq!(lines.last().unwrap(), "\"<p>walnut41 &lt;</p>\"");
    }
}
