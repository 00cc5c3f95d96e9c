//! The text of a failed check, in five parts: the step; the request, to repeat it;
//! what was expected; what came back and what the program printed; the likely
//! cause and what to do.

use crate::failure::{Came, Facts, Symptom};
use crate::place::Place;
use crate::program::Trace;
use crate::request::Asked;
use crate::show::{WIDTH, body_lines, quoted, shell_word, wrapped};

/// The column in which the text of each part begins.
const INDENT: usize = 14;

/// The most lines shown of a body, and of what a program printed.
const MOST_LINES: usize = 12;

/// What a report is about.
pub(crate) struct About<'a> {
    pub(crate) place: &'a Place,
    pub(crate) step: u32,
    /// The check's whole name: `step 2: ...`.
    pub(crate) name: &'a str,
    pub(crate) seed: &'a str,
}

/// The whole report, with what is said of the likely cause.
pub(crate) fn report(about: &About, facts: &Facts, trace: &Trace, cause: &str) -> String {
    let mut report = Report::default();
    let readme = about.place.readme();
    let help = match about.place.heading(about.step) {
        Some(heading) => format!("{readme}, \"{heading}\""),
        None => readme,
    };
    report.text.push_str(about.name);
    report.text.push('\n');
    report.part("lesson", &[help]);
    report.text.push('\n');
    if let Some(asked) = &facts.asked {
        // One line, however long: it is there to be copied.
        let mut lines: Vec<String> = asked.command().lines().map(str::to_string).collect();
        let needed = asked.needs(&about.place.package);
        lines.extend(needed.map(|command| format!("(with this running: {command})")));
        let earlier = asked.earlier();
        let label = match asked {
            Asked::Program(_) => "ran",
            Asked::Page { .. } => "in a browser",
            _ if !earlier.is_empty() => "then asked",
            _ => "asked",
        };
        report.part("first asked", &earlier);
        report.part(label, &lines);
    }
    report.part("expected", &split(&facts.expected));
    report.part("came back", &came_back(facts));
    report.part("printed", &printed(trace));
    report.text.push('\n');
    let cause = about.place.without_detours(cause);
    report.part("likely cause", &wrapped(&cause, WIDTH - INDENT));
    report.part("again", &[again(about, cfg!(windows))]);
    about.place.without_detours(report.text.trim_end())
}

/// The command that runs the check again with the same values.
fn again(about: &About, powershell: bool) -> String {
    let Place { package, .. } = about.place;
    let test = format!("cargo test -p {package} \"step {}\"", about.step);
    if powershell {
        let seed = about.seed.replace('\'', "''");
        format!("$env:GRADE_SEED='{seed}'; {test}")
    } else {
        format!("GRADE_SEED={} {test}", shell_word(about.seed))
    }
}

#[derive(Default)]
struct Report {
    text: String,
}

impl Report {
    /// A label, and beside it the lines.
    fn part(&mut self, label: &str, lines: &[String]) {
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            let line = format!("{label:INDENT$}{line}");
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

/// The text in lines; a quoted body in it is not wrapped.
fn split(text: &str) -> Vec<String> {
    let lines = text.lines();
    let lines = lines.flat_map(|line| match line.starts_with('"') {
        true => vec![line.to_string()],
        false => wrapped(line, WIDTH - INDENT),
    });
    lines.collect()
}

fn came_back(facts: &Facts) -> Vec<String> {
    match &facts.came {
        Came::Answer(answer) => with_head(&answer.head, &answer.body),
        Came::Bytes(bytes) if bytes.is_empty() => {
            let nothing = match &facts.symptom {
                Symptom::NotStarted(_) => "nothing: the program never served",
                Symptom::Refused => "nothing: connection refused",
                Symptom::ClosedEarly => "nothing: the connection was closed",
                _ => "nothing until the time limit",
            };
            vec![nothing.into()]
        }
        Came::Bytes(bytes) => match crate::client::head_length(bytes) {
            Some(head) if !matches!(facts.symptom, Symptom::NotHttp(_)) => {
                with_head(&bytes[..head], &bytes[head..])
            }
            // No head to speak of: every byte as it came.
            _ => body_lines(bytes, MOST_LINES),
        },
        Came::Ended(lines) | Came::Page(lines) => split(lines),
        Came::Words(words) => wrapped(words, WIDTH - INDENT),
    }
}

/// The head as text (what is not text, in quotes), an empty line, the body in
/// quotes.
fn with_head(head: &[u8], body: &[u8]) -> Vec<String> {
    let head = head.strip_suffix(b"\r\n\r\n").unwrap_or(head);
    let head_lines = head.split(|&byte| byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(text) if !text.contains(char::is_control) => crate::show::plain_line(text),
            _ => quoted(line),
        }
    });
    let mut lines: Vec<String> = head_lines.take(3 * MOST_LINES).collect();
    lines.push(String::new());
    match error_page(body) {
        Some(said) => lines.extend(said),
        None => lines.extend(body_or_page(body)),
    }
    lines
}

/// A body. Of a page that is too long to show, the lines from `<body>` on: the
/// first lines of any page are its title and its style, and a check seldom means them.
fn body_or_page(body: &[u8]) -> Vec<String> {
    let is_long = body.iter().filter(|&&byte| byte == b'\n').count() > MOST_LINES;
    let text = std::str::from_utf8(body).ok();
    let page = text
        .filter(|text| is_long && text.starts_with("<!DOCTYPE html>"))
        .and_then(|text| text.find("<body>"));
    let Some(start) = page else {
        return body_lines(body, MOST_LINES);
    };
    let mut lines = vec!["(a page; without its <head>, it is:)".to_string()];
    lines.extend(body_lines(&body[start..], MOST_LINES));
    lines
}

/// What a ready-made error page says: its heading and its paragraph, with the tags
/// around them. All the rest of such a page is how it looks.
pub(crate) fn error_page(body: &[u8]) -> Option<Vec<String>> {
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

fn printed(trace: &Trace) -> Vec<String> {
    let marked = |mark: &str, lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .map(|line| format!("{mark}| {line}"))
            .collect()
    };
    let mut lines = marked("out", trace.stdout.shown(MOST_LINES));
    lines.extend(marked("err", trace.stderr.shown(MOST_LINES)));
    if lines.is_empty() {
        lines.push("nothing".into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_is_shown_from_its_body_on() {
        let style = "  p { color: red; }\n".repeat(20);
        let page =
            format!("<!DOCTYPE html>\n<head>\n{style}</head>\n<body>\n<p>here</p>\n</body>\n");
        let lines = body_or_page(page.as_bytes());
        assert_eq!(lines[1..3], [r#""<body>\n""#, r#""<p>here</p>\n""#]);
        let short = body_or_page(b"<!DOCTYPE html>\n<body>\n");
        assert_eq!(short, [r#""<!DOCTYPE html>\n""#, r#""<body>\n""#]);
    }

    #[test]
    fn the_command_for_another_run_suits_the_shell() {
        let place = Place::new("/course/lessons/1_path_router", "path_router");
        let about = |seed| About {
            place: &place,
            step: 2,
            name: "step 2: x",
            seed,
        };
        assert_eq!(
            again(&about("7342"), false),
            "GRADE_SEED=7342 cargo test -p path_router \"step 2\""
        );
        assert_eq!(
            again(&about("it's"), false),
            r#"GRADE_SEED='it'\''s' cargo test -p path_router "step 2""#
        );
        assert_eq!(
            again(&about("it's"), true),
            r#"$env:GRADE_SEED='it''s'; cargo test -p path_router "step 2""#
        );
    }
}
