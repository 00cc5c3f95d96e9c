//! What a mistake looks like in a program: the edits of the references that each lesson's
//! `wrong.edits` has for its mistakes (lessons/AUTHORING.md). They quote the reference, so they are
//! for the instructor's report alone. Where the references are not, there are none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The first edit of each mistake: its lines with `-` and `+`.
#[derive(Debug, Default)]
pub struct Edits(BTreeMap<(String, String), String>);

impl Edits {
    /// Those of the course in this workspace.
    pub fn of(root: &Path) -> Self {
        let mut edits = Self::default();
        for entry in fs::read_dir(root.join("lessons"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let folder = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(entry.path().join("wrong.edits"));
            if let (Some((_, lesson)), Ok(text)) = (folder.split_once('_'), text) {
                edits.add(lesson, &text);
            }
        }
        edits
    }

    fn add(&mut self, lesson: &str, text: &str) {
        for edit in grader::edits::read(text).unwrap_or_default() {
            let shown = edit.to_string();
            let key = (lesson.to_string(), edit.name);
            self.0.entry(key).or_insert(shown);
        }
    }

    /// The edit of this mistake, if there is one.
    pub(crate) fn get(&self, lesson: &str, mistake: &str) -> Option<&str> {
        let key = (lesson.to_string(), mistake.to_string());
        self.0.get(&key).map(String::as_str)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An edit of the made-up class's one mistake.
    pub(crate) fn edits() -> Edits {
        let mut edits = Edits::default();
        edits.add(
            "ant",
            "# It counts from 0.\n~ step 1: one-too-few\n- 1..\n+ 0..\n\n~ x\n- a\n",
        );
        edits
    }

    #[test]
    fn an_edit_is_known_by_its_lesson_and_name() {
        let edits = edits();
        assert_eq!(edits.get("ant", "one-too-few"), Some("- 1..\n+ 0.."));
        assert_eq!(edits.get("ant", "x"), Some("- a"));
        assert_eq!(edits.get("bee", "x"), None);
    }

    #[test]
    fn the_edits_of_a_course_are_those_of_its_lessons() {
        let course = tempfile::tempdir().unwrap();
        let lessons = course.path().join("lessons");
        for folder in ["1_ant", "2_bee", "grader"] {
            fs::create_dir_all(lessons.join(folder)).unwrap();
        }
        fs::write(lessons.join("2_bee/wrong.edits"), "~ step 1: x\n- a\n+ b\n").unwrap();
        let edits = Edits::of(course.path());
        assert_eq!(edits.get("bee", "x"), Some("- a\n+ b"));
        assert_eq!(edits.0.len(), 1);
        // What is handed out to students has none.
        assert!(Edits::of(&lessons).0.is_empty());
    }
}
