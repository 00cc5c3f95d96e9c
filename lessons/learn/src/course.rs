//! The lessons as they lie in the folders of the course. Nothing here is kept: a page shows
//! what is there when it is asked for.

use std::fs;
use std::path::{Path, PathBuf};

/// The course: the folder with `lessons/`, `starter/` and `solutions/` in it.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) root: PathBuf,
}

/// A lesson.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    /// Its folder, such as `1_path_router`.
    pub(crate) folder: String,
    /// Its package, such as `path_router`.
    pub(crate) package: String,
    pub(crate) number: u32,
    /// Its title, without the number: `The path router`.
    pub(crate) title: String,
    /// How long it takes.
    pub(crate) minutes: Option<u32>,
    /// The idea to take home, as Markdown.
    pub(crate) idea: String,
    pub(crate) steps: Vec<Step>,
}

/// A part of the course: lessons that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) number: u32,
    /// What it is about: `Servers and handlers`.
    pub(crate) title: String,
    /// What one can do after it, as Markdown.
    pub(crate) said: String,
    /// The folders of its lessons, in their order.
    pub(crate) folders: Vec<String>,
}

/// A step, as the text of the lesson names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) number: u32,
    /// What it is about: `the homepage`.
    pub(crate) title: String,
}

impl Course {
    /// The course that this program was built in, or in which it is started.
    pub(crate) fn find() -> Option<Self> {
        let here = std::env::current_dir().ok();
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
        let candidates = [here, Some(built)];
        let mut candidates = candidates
            .iter()
            .flatten()
            .flat_map(|path| path.ancestors());
        let is_it = |path: &&Path| path.join("lessons").is_dir() && path.join("starter").is_dir();
        let root = candidates.find(is_it)?.to_path_buf();
        Some(Self { root })
    }

    /// The lessons, in their order.
    pub(crate) fn lessons(&self) -> Vec<Lesson> {
        let ideas = self.ideas();
        let folders = self.folders();
        let read = folders.filter_map(|folder| self.read_lesson(&folder, &ideas));
        let mut lessons: Vec<Lesson> = read.collect();
        lessons.sort_by_key(|lesson| lesson.number);
        lessons
    }

    /// The names of the folders of lessons, in no order.
    pub(crate) fn folders(&self) -> impl Iterator<Item = String> {
        let entries = fs::read_dir(self.root.join("lessons"));
        let entries = entries.into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The lesson in this folder of `lessons/`, which may be any text.
    pub(crate) fn lesson(&self, folder: &str) -> Option<Lesson> {
        let known = self.folders().find(|known| known == folder)?;
        self.read_lesson(&known, &self.ideas())
    }

    /// The parts, as the text about the course has them: a heading, what one can do after it,
    /// and a table of lessons. A lesson that is not there is in no part.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let text = self.ideas();
        let folders: Vec<String> = self.folders().collect();
        let mut parts: Vec<Part> = Vec::new();
        let mut is_inside = false;
        for line in lines_outside_code(&text) {
            if line.starts_with('#') {
                let begun = numbered("Part ", line.trim_start_matches('#').trim());
                is_inside = begun.is_some();
                parts.extend(begun.map(|(number, title)| Part {
                    number,
                    title,
                    said: String::new(),
                    folders: Vec::new(),
                }));
            } else if let Some(part) = parts.last_mut().filter(|_| is_inside) {
                let is_row_of = |folder: &&String| line.contains(&link(folder));
                match line.starts_with('|') {
                    true => part.folders.extend(folders.iter().find(is_row_of).cloned()),
                    // What stands below the table is not about what one can do.
                    false if part.folders.is_empty() => part.said += &format!("{line}\n"),
                    false => {}
                }
            }
        }
        parts.retain(|part| !part.folders.is_empty());
        parts
    }

    /// The part whose last lesson is in this folder.
    pub(crate) fn part_that_ends_with(&self, folder: &str) -> Option<Part> {
        let mut parts = self.parts().into_iter();
        parts.find(|part| part.folders.last().is_some_and(|last| last == folder))
    }

    /// The text with the table of the ideas to take home.
    fn ideas(&self) -> String {
        fs::read_to_string(self.root.join("lessons/README.md")).unwrap_or_default()
    }

    fn read_lesson(&self, folder: &str, ideas: &str) -> Option<Lesson> {
        let (number, package) = folder.split_once('_')?;
        let number = number.parse().ok()?;
        let text = fs::read_to_string(self.root.join("lessons").join(folder).join("README.md"));
        let text = text.ok()?;
        let lines = lines_outside_code(&text);
        let title = lines.iter().find_map(|line| line.strip_prefix("# "));
        let title = title.unwrap_or(package);
        let title = title.split_once(": ").map_or(title, |(_, title)| title);
        let headings = lines.iter().filter(|line| line.starts_with("##"));
        let steps = headings.filter_map(|line| step(line.trim_start_matches('#').trim()));
        Some(Lesson {
            folder: folder.into(),
            package: package.into(),
            number,
            title: title.into(),
            minutes: lines.iter().find_map(|line| minutes(line)),
            idea: idea(ideas, folder),
            steps: steps.collect(),
        })
    }

    /// The file that the student edits.
    pub(crate) fn starter(&self, lesson: &Lesson) -> PathBuf {
        self.root.join(lesson.starter())
    }
}

impl Part {
    /// Where its page is.
    pub(crate) fn path(&self) -> String {
        format!("/parts/{}/", self.number)
    }
}

impl Lesson {
    /// The file that the student edits, as it is shown.
    pub(crate) fn starter(&self) -> String {
        format!("starter/{}.rs", self.folder)
    }

    /// The reference, as it is shown.
    pub(crate) fn solution(&self) -> String {
        format!("solutions/{}.rs", self.folder)
    }

    /// Where its page is.
    pub(crate) fn path(&self) -> String {
        format!("/lessons/{}/", self.folder)
    }
}

/// The lines of a text in Markdown that stand in no block of code.
fn lines_outside_code(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let outside = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    });
    outside.collect()
}

/// The step that a heading speaks of: `Step 2: page not found`.
pub(crate) fn step(heading: &str) -> Option<Step> {
    let (number, title) = numbered("Step ", heading)?;
    Some(Step { number, title })
}

/// The number and the title in a heading such as `Step 2: page not found`.
fn numbered(word: &str, heading: &str) -> Option<(u32, String)> {
    let rest = heading.strip_prefix(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (number, title) = rest.split_at(end.unwrap_or(rest.len()));
    let title = title.trim_start_matches(':').trim().into();
    Some((number.parse().ok()?, title))
}

/// How a table links to the lesson in this folder.
fn link(folder: &str) -> String {
    format!("({folder}/README.md)")
}

/// The minutes in `*About 25 minutes. …*`.
fn minutes(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix('*')?.split_once("bout ")?;
    let (number, unit) = rest.split_once(' ')?;
    number.parse().ok().filter(|_| unit.starts_with("minutes"))
}

/// The last cell of the row that links to this lesson, in the table of the whole course.
fn idea(table: &str, folder: &str) -> String {
    let link = link(folder);
    let row = table
        .lines()
        .find(|line| line.starts_with('|') && line.contains(&link));
    let cell = row.and_then(|row| row.trim().trim_end_matches('|').rsplit('|').next());
    cell.unwrap_or_default().trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_of_the_course_is_found() {
        let course = Course::find().expect("the course");
        let lessons = course.lessons();
        assert!(!lessons.is_empty());
        for lesson in &lessons {
            assert!(course.starter(lesson).is_file(), "{lesson:?}");
            assert!(lesson.minutes.is_some(), "{lesson:?}");
            assert!(!lesson.idea.is_empty(), "{lesson:?}");
            assert!(!lesson.title.is_empty(), "{lesson:?}");
            let numbers: Vec<u32> = lesson.steps.iter().map(|step| step.number).collect();
            let expected: Vec<u32> = (1..=lesson.steps.len() as u32).collect();
            assert_eq!(numbers, expected, "{lesson:?}");
        }
        let numbers: Vec<u32> = lessons.iter().map(|lesson| lesson.number).collect();
        assert!(numbers.is_sorted());
    }

    #[test]
    fn every_lesson_is_in_one_part() {
        let course = Course::find().expect("the course");
        let parts = course.parts();
        let numbers: Vec<u32> = parts.iter().map(|part| part.number).collect();
        let expected: Vec<u32> = (1..=parts.len() as u32).collect();
        assert_eq!(numbers, expected);
        for part in &parts {
            assert!(
                !part.title.is_empty() && !part.said.trim().is_empty(),
                "{part:?}"
            );
        }
        let in_parts = parts.iter().flat_map(|part| part.folders.clone());
        let in_parts: Vec<String> = in_parts.collect();
        let folders: Vec<String> = course
            .lessons()
            .into_iter()
            .map(|lesson| lesson.folder)
            .collect();
        assert_eq!(in_parts, folders, "the tables in lessons/README.md");
    }

    #[test]
    fn what_stands_in_code_is_no_heading() {
        let lines = lines_outside_code("# a\n```sh\n# b\n```\n## c\n");
        assert_eq!(lines, ["# a", "## c"]);
        let title = "the homepage".to_string();
        assert_eq!(
            step("Step 1: the homepage"),
            Some(Step { number: 1, title })
        );
        assert_eq!(step("Steps"), None);
        assert_eq!(minutes("*About 25 minutes. You write …*"), Some(25));
    }
}
