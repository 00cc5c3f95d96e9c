//! The files of the course that can be read as pages: programs, pages, texts. A reference is
//! shown beside one's own program once its lesson is done, and not before.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use similar::{ChangeTag, TextDiff};

use crate::code::colored;
use crate::course::Course;
use crate::html::escaped;

/// The most bytes of a file that is shown.
const LARGEST: u64 = 256 * 1024;

/// What a file is that can be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file to be read.
    File(PathBuf),
    /// The reference of the lesson in this folder.
    Solution(String),
}

/// The file of this name, seen from the root of the course, if it is one to be shown: in
/// `starter/`, in `solutions/`, or in the folder of a lesson.
pub(crate) fn file(course: &Course, name: &str) -> Option<Source> {
    let parts: Vec<&str> = name.split('/').collect();
    let is_plain = |part: &&str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(fits)
    };
    if !parts.iter().all(is_plain) {
        return None;
    }
    let path = course.root.join(name);
    match parts[..] {
        ["solutions", file] => {
            let folder = file.strip_suffix(".rs")?;
            path.is_file().then(|| Source::Solution(folder.into()))
        }
        ["starter", file] if file.ends_with(".rs") => readable(path),
        ["lessons", folder, .., file]
            if folder.starts_with(|c: char| c.is_ascii_digit())
                && [".rs", ".html", ".txt", ".css"]
                    .iter()
                    .any(|end| file.ends_with(end))
                && !parts.contains(&"right") =>
        {
            readable(path)
        }
        _ => None,
    }
}

fn readable(path: PathBuf) -> Option<Source> {
    // A link in the folder leads nowhere.
    let metadata = fs::symlink_metadata(&path).ok()?;
    (metadata.is_file() && metadata.len() <= LARGEST).then_some(Source::File(path))
}

/// The language of a file, by its name.
pub(crate) fn language(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, end)| end)
}

/// A program with the numbers of its lines, each of which can be linked to (`#L12`).
pub(crate) fn listing(name: &str, text: &str) -> String {
    let mut lines = String::new();
    for number in 1..=text.lines().count() {
        let _ = writeln!(
            lines,
            "<a id=\"L{number}\" href=\"#L{number}\" tabindex=\"-1\">{number}</a>"
        );
    }
    let code = colored(language(name), text);
    format!(
        "<div class=\"listing\"><pre class=\"numbers\" aria-hidden=\"true\">{lines}</pre>\
         <pre class=\"code\" tabindex=\"0\"><code>{code}</code></pre></div>"
    )
}

/// What differs between one's own program and the reference, line by line.
pub(crate) fn difference(own: &str, reference: &str) -> String {
    let diff = TextDiff::from_lines(own, reference);
    let mut out = String::from("<pre class=\"diff\" tabindex=\"0\"><code>");
    for change in diff.iter_all_changes() {
        let (class, mark) = match change.tag() {
            ChangeTag::Delete => ("own", "−"),
            ChangeTag::Insert => ("reference", "+"),
            ChangeTag::Equal => ("same", " "),
        };
        let line = colored("rust", change.value().trim_end_matches(['\n', '\r']));
        let _ = write!(out, "<span class=\"{class}\"><i>{mark}</i> {line}\n</span>");
    }
    out + "</code></pre>"
}

/// The places in a text that name a line of this file (`starter/x.rs:12:5`, as rustc writes it,
/// or `starter/x.rs, line 12`) as links that open it there. The text is escaped.
pub(crate) fn with_places(text: &str, file: &str, link: impl Fn(u32, u32) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(file) {
        let (before, from) = rest.split_at(at);
        let Some((length, line, column)) = place(&from[file.len()..]) else {
            out += &escaped(&rest[..at + file.len()]);
            rest = &from[file.len()..];
            continue;
        };
        let (named, after) = from.split_at(file.len() + length);
        let _ = write!(
            out,
            "{}<a href=\"{}\">{}</a>",
            escaped(before),
            escaped(&link(line, column)),
            escaped(named)
        );
        rest = after;
    }
    out + &escaped(rest)
}

/// The line and the column that stand behind the name of a file, and how long that is.
fn place(after: &str) -> Option<(usize, u32, u32)> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let digits = &text[..end.unwrap_or(text.len())];
        Some((digits.len(), digits.parse().ok()?))
    };
    if let Some(behind) = after.strip_prefix(", line ") {
        let (length, line) = number(behind)?;
        return Some((", line ".len() + length, line, 1));
    }
    let (length, line) = number(after.strip_prefix(':')?)?;
    let column = after[1 + length..].strip_prefix(':').and_then(number);
    match column {
        Some((more, column)) => Some((2 + length + more, line, column)),
        None => Some((1 + length, line, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_course_are_shown() {
        let course = Course::find().expect("the course");
        let shown = |name: &str| file(&course, name).is_some();
        assert!(shown("starter/1_path_router.rs"));
        assert!(shown("lessons/5_html_forms/search.html"));
        for name in [
            "Cargo.lock",
            "starter/../Cargo.toml",
            "../x.rs",
            "lessons/1_path_router/wrong.edits",
            "lessons/grader/src/lib.rs",
            "starter//1_path_router.rs",
            "starter/.hidden.rs",
            "target/debug/x.rs",
            "",
        ] {
            assert!(!shown(name), "{name}");
        }
    }

    #[test]
    fn places_are_links() {
        let link = |line, column| format!("x:{line}:{column}");
        let text = "<b> --> starter/1_a.rs:12:5\nstarter/1_a.rs, starter/1_a.rs:7 (starter/1_a.rs, line 40)";
        assert_eq!(
            with_places(text, "starter/1_a.rs", link),
            "&lt;b&gt; --&gt; <a href=\"x:12:5\">starter/1_a.rs:12:5</a>\nstarter/1_a.rs, \
             <a href=\"x:7:1\">starter/1_a.rs:7</a> (<a href=\"x:40:1\">starter/1_a.rs, line 40</a>)"
        );
    }

    #[test]
    fn a_difference_shows_both() {
        let shown = difference("a\nb\n", "a\nc\n");
        assert!(
            shown.contains("<span class=\"own\"><i>−</i> b\n</span>"),
            "{shown}"
        );
        assert!(
            shown.contains("<span class=\"reference\"><i>+</i> c\n</span>"),
            "{shown}"
        );
    }
}
