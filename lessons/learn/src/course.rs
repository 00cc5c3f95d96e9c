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
    let rest = heading.strip_prefix("Step ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (number, title) = rest.split_at(end.unwrap_or(rest.len()));
    Some(Step {
        number: number.parse().ok()?,
        title: title.trim_start_matches(':').trim().into(),
    })
}

/// The minutes in `*About 25 minutes. …*`.
fn minutes(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix('*')?.split_once("bout ")?;
    let (number, unit) = rest.split_once(' ')?;
    number.parse().ok().filter(|_| unit.starts_with("minutes"))
}

/// The last cell of the row that links to this lesson, in the table of the whole course.
fn idea(table: &str, folder: &str) -> String {
    let link = format!("({folder}/README.md)");
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
