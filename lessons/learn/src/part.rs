//! The page at the end of a part: what its lessons have taught, to be kept. All of it stands in
//! their texts, and is only put together here.

use std::fmt::Write as _;
use std::fs;

use grader::count;

use crate::course::{Lesson, Part};
use crate::html::escaped;
use crate::pages::{Page, Pages, onward, sign};
use crate::status::{State, Status};
use crate::text;
use crate::wire::{self, Side};

impl Pages<'_> {
    /// What a part has taught.
    pub(crate) fn part(&self, part: &Part) -> Page {
        let file = "lessons/README.md";
        let said = text::page(self.course, file, &part.said, |_| String::new());
        let lessons = part.folders.iter();
        let lessons: Vec<Lesson> = lessons
            .filter_map(|folder| self.course.lesson(folder))
            .collect();
        let mut taught = String::new();
        for lesson in &lessons {
            let _ = write!(taught, "{}", self.taught(lesson));
        }
        let before = lessons
            .last()
            .map(|last| onward("Before", "prev", &last.path(), &named(last)));
        let all = self.course.lessons().into_iter();
        let next = all
            .skip_while(|lesson| Some(&lesson.folder) != part.folders.last())
            .nth(1)
            .map(|next| onward("Next", "next", &next.path(), &named(&next)));
        let title = format!("Part {}: {}", part.number, part.title);
        let body = format!(
            "<main id=\"main\" class=\"part\"><p class=\"eyebrow\"><a href=\"/\">Small web servers</a> / \
             What part {} teaches</p><h1>{}</h1>{}{}{taught}\
             <nav class=\"onward\" aria-label=\"Other lessons\">{}{}</nav></main>",
            part.number,
            escaped(&title),
            said.html,
            self.so_far(&lessons),
            before.unwrap_or_default(),
            next.unwrap_or_default(),
        );
        Page::still(title, body)
    }

    /// How far one is in these lessons.
    fn so_far(&self, lessons: &[Lesson]) -> String {
        if !self.is_live() {
            return String::new();
        }
        let (mut done, mut all, mut points) = (0, 0, (0, 0));
        for lesson in lessons.iter().filter(|lesson| !lesson.steps.is_empty()) {
            self.status(lesson, |status| {
                all += 1;
                done += usize::from(status.is_done());
                let of = status.points().unwrap_or_default();
                points = (points.0 + of.0, points.1 + of.1);
            });
        }
        // Of a lesson that nobody has begun, the points are not known.
        let points = match done == all {
            true => format!(
                " with {} of {}",
                points.0,
                count(points.1 as usize, "point")
            ),
            false => String::new(),
        };
        let of = count(all, "lesson");
        format!("<p class=\"so-far\">Done so far: {done} of {of}{points}.</p>")
    }

    /// What one lesson has taught.
    fn taught(&self, lesson: &Lesson) -> String {
        let file = format!("lessons/{}/README.md", lesson.folder);
        let source = fs::read_to_string(self.course.root.join(&file)).unwrap_or_default();
        let taught = text::page(self.course, &file, &learned(&source), |_| String::new());
        let is_done = self.status(lesson, Status::is_done);
        let done = match is_done {
            true => format!(" {}<span class=\"unseen\">done</span>", sign(State::Done)),
            false => String::new(),
        };
        let answer = answer(&source).map_or_else(String::new, |bytes| {
            let picture = wire::message(Side::Response, &bytes, None);
            format!("<figure class=\"names\"><figcaption>An answer, as it goes over the wire</figcaption>{picture}</figure>")
        });
        format!(
            "<section><h2><a href=\"{}\">{}</a>{done}</h2><p class=\"idea\">{}.</p>{}{answer}</section>",
            lesson.path(),
            escaped(&named(lesson)),
            text::line(&lesson.idea),
            taught.html,
        )
    }
}

/// A lesson as links name it.
pub(crate) fn named(lesson: &Lesson) -> String {
    format!("{} {}", lesson.number, lesson.title)
}

/// What a text promises to teach, as Markdown: what it has begun with `Of HTTP:` and the like,
/// with the lists below.
fn learned(text: &str) -> String {
    let section = text
        .lines()
        .skip_while(|line| *line != "## What you will learn")
        .skip(1);
    let section: Vec<&str> = section
        .take_while(|line| !line.starts_with("## "))
        .collect();
    let section = section.join("\n");
    let paragraphs = section.split("\n\n").map(str::trim);
    let kept =
        paragraphs.filter(|paragraph| paragraph.starts_with("Of ") || paragraph.starts_with("- "));
    kept.collect::<Vec<_>>().join("\n\n")
}

/// The first answer that a text shows as it went over the wire: what `curl -i` printed, with
/// nothing left out.
fn answer(text: &str) -> Option<Vec<u8>> {
    let mut asked = text.split("\n$ curl -i ").skip(1);
    asked.find_map(|rest| {
        let (_, came) = rest.split_once('\n')?;
        let came = came.split("```").next()?;
        // The next command begins behind the end of a line, which is a part of the answer.
        let came = came
            .split_inclusive('\n')
            .take_while(|line| !line.starts_with("$ "));
        let came: String = came.collect();
        let is_whole = came.starts_with("HTTP/1.1 ") && came.lines().all(|line| line != "...");
        let (head, body) = came.split_once("\n\n").filter(|_| is_whole)?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))?;
        let head = head.replace('\n', "\r\n") + "\r\n\r\n";
        // What follows the body is of the terminal.
        let body = body.as_bytes().get(..length.parse().ok()?)?;
        Some([head.as_bytes(), body].concat())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;

    #[test]
    fn what_a_text_teaches_is_found() {
        let text = "# x\n\n## What you will learn\n\nOf HTTP:\n\n- the path\n- a status\n\nOf Rust: `match`.\n\n\
                    **New since lesson 4:** more\n\n## The tour\n\nOf all\n";
        assert_eq!(
            learned(text),
            "Of HTTP:\n\n- the path\n- a status\n\nOf Rust: `match`."
        );
    }

    #[test]
    fn an_answer_is_found() {
        let text = "a\n```console\n$ curl -i http://w/\nHTTP/1.1 404 Not Found\n...\n```\n\n```console\n\
                    $ curl -i http://x/\nHTTP/1.1 200 OK\nContent-Length: 3\n\nhi\n$ curl y\n```\n";
        assert_eq!(
            answer(text).as_deref(),
            Some(&b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n"[..])
        );
        assert_eq!(answer("$ curl -i x\n"), None);
    }

    #[test]
    fn every_lesson_says_what_it_teaches() {
        let course = Course::find().expect("the course");
        for lesson in course.lessons() {
            let file = course
                .root
                .join("lessons")
                .join(&lesson.folder)
                .join("README.md");
            let text = fs::read_to_string(file).expect("a text");
            let learned = learned(&text);
            assert!(
                learned.contains("\n- ") && learned.contains("Of Rust"),
                "{}: {learned}",
                lesson.folder
            );
        }
    }
}
