//! The lessons, as files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use grader::edits;

/// One lesson: a folder of lessons/ with a grade.rs.
pub struct Lesson {
    pub number: usize,
    /// `1_path_router`
    pub folder: String,
    /// `path_router`
    pub package: String,
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors()
        .nth(2)
        .expect("grader is two folders below the root")
        .to_path_buf()
}

/// The names of all files and folders in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name in UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// All lessons, by number.
pub fn all() -> Vec<Lesson> {
    let folder = root().join("lessons");
    let mut lessons: Vec<Lesson> = names_in(&folder)
        .into_iter()
        .filter(|name| folder.join(name).join("grade.rs").is_file())
        .map(|name| {
            let (number, package) = name
                .split_once('_')
                .expect("a lesson's folder is NUMBER_NAME");
            Lesson {
                number: number
                    .parse()
                    .expect("a lesson's folder begins with its number"),
                package: package.to_string(),
                folder: name,
            }
        })
        .collect();
    assert!(!lessons.is_empty(), "no lessons in {}", folder.display());
    lessons.sort_by_key(|lesson| lesson.number);
    lessons
}

/// The packages that `LESSON` names, with commas between, if only these lessons are looked at.
pub fn wanted() -> Option<Vec<String>> {
    let only = std::env::var("LESSON").ok()?;
    Some(only.split(',').map(|name| name.trim().into()).collect())
}

/// The part of a text in Markdown under the first heading that begins like this, up
/// to the next heading of the same rank or a higher one.
pub fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let start = text
        .match_indices(heading)
        .find(|(at, _)| *at == 0 || text[..*at].ends_with('\n'))?
        .0;
    let rank = heading.bytes().take_while(|&b| b == b'#').count();
    let rest = &text[start + heading.len()..];
    let ends = rest.match_indices("\n#").find(|(at, _)| {
        let found = rest[at + 1..].bytes().take_while(|&b| b == b'#').count();
        found <= rank && rest[at + 1 + found..].starts_with(' ')
    });
    Some(ends.map_or(rest, |(end, _)| &rest[..end]))
}

/// The steps that a text has a part for.
pub fn steps(text: &str) -> BTreeSet<u64> {
    let headings = text.lines().filter_map(|line| {
        let (number, _) = line.strip_prefix("### Step ")?.split_once(':')?;
        number.parse().ok()
    });
    headings.collect()
}

/// The lines in the code blocks of this language.
pub fn code_blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let mut inside = false;
    let fence = format!("```{language}");
    let lines = text.lines().filter(move |line| {
        if line.starts_with("```") {
            inside = *line == fence;
            return false;
        }
        inside
    });
    lines.collect()
}

/// The lessons in the table of this text, each a link into a folder here: its folder, its minutes.
pub fn rows(text: &str, here: &str) -> Vec<(String, String)> {
    let row = |line: &str| {
        let (_, link) = line.strip_prefix("| [")?.split_once("](")?;
        let (folder, rest) = link.strip_prefix(here)?.split_once("/README.md) | ")?;
        let (minutes, _) = rest.split_once(" |")?;
        Some((folder.to_string(), minutes.to_string()))
    };
    text.lines().filter_map(row).collect()
}

/// The minutes that the text of a lesson says, in the line in italics.
pub fn minutes(text: &str) -> String {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("*About "));
    let minutes = line.and_then(|line| line.split_once(" minutes."));
    minutes.map_or("no \"*About N minutes.\"".into(), |(minutes, _)| {
        minutes.into()
    })
}

impl Lesson {
    /// Reads a file of the lesson's folder.
    pub fn read(&self, file: &str) -> String {
        read(&root().join("lessons").join(&self.folder).join(file))
    }

    pub fn readme(&self) -> String {
        self.read("README.md")
    }

    /// A file of the lesson's folder, if it is there.
    pub fn find(&self, file: &str) -> Option<String> {
        let path = root().join("lessons").join(&self.folder).join(file);
        fs::read_to_string(path).ok()
    }

    /// The wrong program that a text calls `wrong/NAME`.
    pub fn wrong_program(&self, place: &str) -> String {
        let text = self.read("wrong.edits");
        let edits = edits::read(&text).unwrap_or_else(|why| panic!("wrong.edits, {why}"));
        let name = place.trim_start_matches("wrong/");
        let edit = edits.iter().find(|edit| edit.name == name);
        let edit = edit.unwrap_or_else(|| {
            panic!("a console block shows {place}, and no edit in wrong.edits is named {name}")
        });
        edit.apply(&self.solution_text())
            .unwrap_or_else(|why| panic!("wrong.edits, {why}"))
    }

    /// The reference.
    pub fn solution_text(&self) -> String {
        read(&root().join("solutions").join(format!("{}.rs", self.folder)))
    }

    pub fn starter_text(&self) -> String {
        read(&root().join(self.starter()))
    }

    /// Where the starter is, from the root.
    pub fn starter(&self) -> String {
        format!("starter/{}.rs", self.folder)
    }

    /// The names of its programs that are neither the starter nor the reference.
    pub fn other_programs(&self) -> Vec<String> {
        let manifest = self.read("Cargo.toml");
        let programs = manifest.split("[[bin]]").skip(1).filter_map(|program| {
            let line = program.lines().find(|line| line.starts_with("name = "))?;
            Some(line.split('"').nth(1)?.to_string())
        });
        let own = [self.package.clone(), format!("{}_solution", self.package)];
        programs.filter(|name| !own.contains(name)).collect()
    }

    /// The steps that the starter has a `todo!` for.
    pub fn todo_steps(&self) -> BTreeSet<u64> {
        let text = self.starter_text();
        let numbers = text.split("todo!(\"step ").skip(1).map(|rest| {
            let digits = rest.split(':').next().unwrap_or_default();
            digits
                .parse()
                .unwrap_or_else(|_| panic!("a todo! of step {digits:?}, which is no number"))
        });
        numbers.collect()
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

#[test]
fn a_section_ends_at_the_next_heading_of_its_rank() {
    let text =
        "# A\n### Step 1: x\none\n#### more\n# comment? no: a heading\n### Step 10: y\nten\n";
    assert_eq!(section(text, "### Step 1:"), Some(" x\none\n#### more"));
    assert_eq!(section(text, "### Step 10:"), Some(" y\nten\n"));
    assert_eq!(section(text, "### Step 2:"), None);
}

#[test]
fn the_steps_of_a_text_are_those_with_a_heading() {
    let text = "### Step 1: x\nStep 2: no\n## Step 3: no\n### Step 10: y\n";
    assert_eq!(steps(text), BTreeSet::from([1, 10]));
}

#[test]
fn a_table_of_lessons_is_read_with_its_minutes() {
    let text = "| [0 ant](lessons/0_ant/README.md) | 30 | hills |\n| [grade](lessons/grade) | 5 |\n\
                | 1 | [1 bee](lessons/1_bee/README.md) | 5 |\n";
    assert_eq!(rows(text, "lessons/"), [("0_ant".into(), "30".into())]);
    assert_eq!(minutes("# A\n\n*About 25 minutes. You write.*\n"), "25");
    assert!(minutes("# A\n").contains("About N minutes"));
}
