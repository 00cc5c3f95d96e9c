//! What is handed out: `cargo grade pack`.
//!
//! The **student edition** is the course without what gives answers away: no references, no
//! wrong or right programs, no tests of the course's own parts, no texts for instructors.
//! Every command of Cargo works in it. The other editions are made of it:
//!
//! | edition | what it is |
//! | --- | --- |
//! | `student` | a folder, with a light workflow |
//! | `zip` | the same as an archive |
//! | `github-classroom` | a folder to be a template repository, with a workflow that reports points |
//! | `gradescope` | the archive of an autograder: the student edition beside `setup.sh` and `run_autograder` |
//!
//! `student` and `zip` can be made for each student of a class, with a variant of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use grader::variants::Variable;

use crate::rules;
use crate::variants::{self, Variants};

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// For students, as a folder.
    Student,
    /// For students, as an archive.
    Zip,
    /// For students, as a repository of GitHub Classroom.
    GithubClassroom,
    /// For Gradescope: its autograder.
    Gradescope,
}

impl Edition {
    /// Whether each student can have their own.
    pub fn is_for_one(self) -> bool {
        matches!(self, Self::Student | Self::Zip)
    }
}

impl FromStr for Edition {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "student" => Self::Student,
            "zip" => Self::Zip,
            "github-classroom" => Self::GithubClassroom,
            "gradescope" => Self::Gradescope,
            _ => {
                let known = "student, zip, github-classroom, gradescope";
                return Err(format!("there is no edition {name}; there are {known}"));
            }
        })
    }
}

/// Files by their paths, which have slashes.
type Files = BTreeMap<String, File>;

#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    is_program: bool,
}

impl File {
    fn of(text: &str) -> Self {
        Self {
            bytes: text.into(),
            is_program: text.starts_with("#!"),
        }
    }
}

/// The files and folders of which the course consists; what else lies beside them, such as the
/// submissions of a class, is no part of it.
const COURSE: [&str; 11] = [
    ".cargo/config.toml",
    ".devcontainer",
    ".gitattributes",
    ".gitignore",
    ".vscode",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "http-core",
    "starter",
];

/// Folders of packages that test or measure the course itself.
const OF_THE_COURSE: [&str; 4] = ["tests", "benches", "fuzz", "model"];

/// Parts of texts that are for others than students.
const FOR_INSTRUCTORS: [(&str, &[&str]); 2] = [
    ("README.md", &["For instructors", "How it is built"]),
    (
        "lessons/README.md",
        &[
            "A class, meeting by meeting",
            "Where students get stuck",
            "Things worth showing",
            "Grading",
            "Writing a lesson",
        ],
    ),
];

/// Makes this edition of the course in `root`, for these lessons, at this path. The checks in the
/// folder `private` become a part of an autograder.
///
/// # Errors
///
/// If something is there already, or a lesson is not, or a file cannot be read or written.
pub fn pack(
    root: &Path,
    edition: Edition,
    lessons: &[String],
    private: Option<&Path>,
    path: &Path,
) -> Result<(), String> {
    is_free(path)?;
    let files = files_of(root, edition, lessons, private, path)?;
    write(&files, edition, path)
}

/// Makes this edition for each student on the roster of the class in this folder, each with their own
/// variants of the lessons: `PATH/SUBMISSION`, or `PATH/SUBMISSION.zip`.
///
/// # Errors
///
/// As with [`pack`], and if the class has no roster, or no variants.
pub fn for_each(
    root: &Path,
    edition: Edition,
    lessons: &[String],
    class: &Path,
    path: &Path,
) -> Result<(), String> {
    let (students, who_has_what) = rules::students(class)?;
    // Each becomes the name of a folder or archive.
    if let Some(who) = students
        .iter()
        .find(|who| Path::new(who).file_name() != Some(who.as_ref()))
    {
        return Err(format!("{who} on the roster is no name of a folder"));
    }
    is_free(path)?;
    let differ = all_that_differs(root)?;
    let usual = files_of(root, edition, lessons, None, path)?;
    let broken = |error: io::Error| format!("cannot pack {}: {error}", path.display());
    fs::create_dir_all(path).map_err(broken)?;
    for who in &students {
        let files = with_variants(&usual, &differ, who, &who_has_what);
        let name = match edition {
            Edition::Zip => format!("{who}.zip"),
            _ => who.clone(),
        };
        write(&files, edition, &path.join(name))?;
    }
    Ok(())
}

/// What may differ in the lessons, by their folders.
fn all_that_differs(root: &Path) -> Result<BTreeMap<String, Vec<Variable>>, String> {
    let folders = fs::read_dir(root.join("lessons")).into_iter().flatten();
    let of_folder = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        variants::of_lesson(&entry.path()).map(|variables| (name, variables))
    };
    let all = folders.flatten().map(of_folder);
    let mut all = all.collect::<Result<BTreeMap<_, _>, String>>()?;
    all.retain(|_, variables| !variables.is_empty());
    Ok(all)
}

/// The files as this student has them.
fn with_variants(
    files: &Files,
    differ: &BTreeMap<String, Vec<Variable>>,
    who: &str,
    who_has_what: &Variants,
) -> Files {
    let mut files = files.clone();
    for (folder, variables) in differ {
        let (_, lesson) = folder.split_once('_').unwrap_or(("", folder));
        let variant = who_has_what.of(who, lesson, variables);
        for path in [
            format!("lessons/{folder}/README.md"),
            format!("lessons/{folder}/grade.rs"),
            format!("starter/{folder}.rs"),
        ] {
            if let Some(file) = files.get_mut(&path) {
                file.bytes = variant.apply(&String::from_utf8_lossy(&file.bytes)).into();
            }
        }
    }
    files
}

/// Whether nothing is there already.
fn is_free(path: &Path) -> Result<(), String> {
    let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    match path.exists() && !is_empty {
        true => Err(format!("{} is there already", path.display())),
        false => Ok(()),
    }
}

/// The files of an edition.
fn files_of(
    root: &Path,
    edition: Edition,
    lessons: &[String],
    private: Option<&Path>,
    path: &Path,
) -> Result<Files, String> {
    let lessons = packages(root, lessons)?;
    let broken = |error: io::Error| format!("cannot pack {}: {error}", path.display());
    let mut files = student(root).map_err(broken)?;
    let with_private = private.map_or("", |_| " --private \"$autograder/source/private\"");
    let fill = |template: &str| {
        let text = template.replace("LESSONS", &lessons.join(" "));
        File::of(&text.replace(" PRIVATE", with_private))
    };
    let mut add = |path: &str, file: File| files.insert(path.into(), file);
    match edition {
        Edition::Student | Edition::Zip => {
            let named: Vec<String> = lessons.iter().map(|name| format!("-p {name}")).collect();
            let checks = include_str!("../pack/checks.yml").replace("LESSONS", &named.join(" "));
            add(".github/workflows/checks.yml", File::of(&tidy(&checks)));
        }
        Edition::GithubClassroom => {
            add(
                ".github/workflows/classroom.yml",
                fill(include_str!("../pack/classroom.yml")),
            );
        }
        Edition::Gradescope => {
            files = files
                .into_iter()
                .map(|(path, file)| (format!("course/{path}"), file))
                .collect();
            if let Some(private) = private {
                for (name, file) in checks(private).map_err(broken)? {
                    files.insert(format!("private/{name}"), file);
                }
            }
            let mut add = |path: &str, file| files.insert(path.into(), file);
            add("setup.sh", fill(include_str!("../pack/setup.sh")));
            add(
                "run_autograder",
                fill(include_str!("../pack/run_autograder")),
            );
        }
    }
    Ok(files)
}

/// Writes the files of an edition to this path.
fn write(files: &Files, edition: Edition, path: &Path) -> Result<(), String> {
    let written = match edition {
        Edition::Student | Edition::GithubClassroom => write_folder(files, path),
        // Gradescope looks for its files at the top; a person wants a folder.
        Edition::Gradescope => write_zip(files, path, ""),
        Edition::Zip => write_zip(files, path, "small-web-servers/"),
    };
    written.map_err(|error| format!("cannot pack {}: {error}", path.display()))
}

/// The packages of the lessons that are meant.
fn packages(root: &Path, names: &[String]) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(root.join("lessons"))
        .into_iter()
        .flatten()
        .flatten();
    let folders = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let folders: Vec<String> = folders.collect();
    let package = |name: &String| {
        let mut lessons = folders.iter().filter_map(|folder| folder.split_once('_'));
        let found = lessons.find(|(number, package)| {
            number.parse::<u32>().is_ok()
                && [*number, *package, &format!("{number}_{package}")].contains(&name.as_str())
        });
        found
            .map(|(_, package)| package.to_string())
            .ok_or_else(|| format!("there is no lesson {name}"))
    };
    names.iter().map(package).collect()
}

/// The files of the student edition.
fn student(root: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for path in COURSE {
        add_all(root, path, &mut files)?;
    }
    add_all(root, "lessons", &mut files)?;
    files.retain(|path, _| is_for_students(path));
    let paths: Vec<String> = files.keys().cloned().collect();
    let has = |path: &str| paths.iter().any(|own| own == path);
    for (path, file) in &mut files {
        let text = || String::from_utf8_lossy(&file.bytes).into_owned();
        if path.ends_with("Cargo.toml") {
            file.bytes = manifest(&text(), folder_of(path), &has).into();
        } else if path.ends_with(".md") {
            let for_others = FOR_INSTRUCTORS.iter().find(|(own, _)| own == path);
            let left_out = for_others.map_or(&[][..], |(_, sections)| sections);
            let text = without_sections(&text(), left_out);
            file.bytes = without_dead_links(&text, folder_of(path), &has).into();
        }
    }
    Ok(files)
}

/// The instructor's own checks in this folder.
fn checks(folder: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rs") {
            add_all(folder, &name, &mut files)?;
        }
    }
    Ok(files)
}

fn add_all(root: &Path, path: &str, files: &mut Files) -> io::Result<()> {
    let at = root.join(path);
    if at.is_dir() {
        for entry in fs::read_dir(&at)? {
            let entry = entry?;
            // A link may lead anywhere.
            if !entry.file_type()?.is_symlink() {
                let name = entry.file_name().to_string_lossy().into_owned();
                add_all(root, &format!("{path}/{name}"), files)?;
            }
        }
    } else if at.is_file() {
        let file = File {
            bytes: fs::read(&at)?,
            is_program: false,
        };
        files.insert(path.into(), file);
    }
    Ok(())
}

fn is_for_students(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let is_built = parts.contains(&"target");
    let is_hidden = parts.len() > 1 && parts[1..].iter().any(|part| part.starts_with('.'));
    match parts[..] {
        [".cargo", "config.toml"] => true,
        _ if is_built || is_hidden => false,
        // Only packages are beside the lessons.
        ["lessons", "README.md"] => true,
        ["lessons", _] => false,
        ["lessons", lesson, name, ..] if lesson.starts_with(|c: char| c.is_ascii_digit()) => {
            name != "right" && !path.ends_with(".edits")
        }
        ["lessons", "grade", "README.md" | "spread", ..] => false,
        ["lessons", "grader" | "grade" | "learn", folder, ..] | ["http-core", folder, ..] => {
            !OF_THE_COURSE.contains(&folder)
        }
        ["lessons", ..] => false,
        _ => true,
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A manifest without the programs and tests whose files are not there. A target is one
/// paragraph, with the comment before it.
fn manifest(text: &str, folder: &str, has: &dyn Fn(&str) -> bool) -> String {
    let is_there = |paragraph: &&str| {
        let lines = || paragraph.lines().filter(|line| !line.starts_with('#'));
        let value = |key: &str| {
            let mut values =
                lines().filter_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
            values
                .next()
                .map(|value| value.trim().trim_matches('"').to_string())
        };
        let kinds = [
            ("[[bin]]", "src/bin"),
            ("[[test]]", "tests"),
            ("[[bench]]", "benches"),
            ("[[example]]", "examples"),
        ];
        let head = lines().next().unwrap_or_default();
        let Some((_, usual)) = kinds.iter().find(|(kind, _)| *kind == head) else {
            return true;
        };
        let usual = || format!("{usual}/{}.rs", value("name").unwrap_or_default());
        has(&joined(folder, &value("path").unwrap_or_else(usual)))
    };
    let paragraphs = text.split("\n\n").filter(is_there);
    let text = paragraphs.collect::<Vec<_>>().join("\n\n");
    format!("{}\n", text.trim_end())
}

/// A text without the sections of these names. (A heading of the second level begins one.)
fn without_sections(text: &str, names: &[&str]) -> String {
    let (mut kept, mut is_left_out, mut in_code) = (String::new(), false, false);
    for line in text.lines() {
        in_code ^= line.starts_with("```");
        if let Some(name) = line.strip_prefix("## ").filter(|_| !in_code) {
            is_left_out = names.contains(&name.trim());
        }
        if !is_left_out {
            kept += &format!("{line}\n");
        }
    }
    kept
}

/// A text in which a link to a file that is not there is none.
fn without_dead_links(text: &str, folder: &str, has: &dyn Fn(&str) -> bool) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(middle) = rest.find("](") {
        let Some(end) = rest[middle..].find(')') else {
            break;
        };
        let target = &rest[middle + 2..middle + end];
        let file = target.split('#').next().unwrap_or_default();
        let is_outside =
            file.is_empty() || file.contains("://") || file.contains(char::is_whitespace);
        let path = joined(folder, file.trim_end_matches('/'));
        let is_folder = has(&format!("{path}/Cargo.toml")) || has(&format!("{path}/README.md"));
        let is_dead = !is_outside && !has(&path) && !is_folder && path != "starter";
        match rest[..middle].rfind('[').filter(|_| is_dead) {
            Some(start) => {
                let words = &rest[start + 1..middle];
                kept += &format!("{}{words} (not in this edition)", &rest[..start]);
            }
            None => kept += &rest[..=middle + end],
        }
        rest = &rest[middle + end + 1..];
    }
    kept + rest
}

/// A path below a folder, without `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Without spaces at the ends of lines, which a list of no lessons leaves.
fn tidy(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn write_folder(files: &Files, folder: &Path) -> io::Result<()> {
    for (path, file) in files {
        let path: PathBuf = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, &file.bytes)?;
    }
    Ok(())
}

fn write_zip(files: &Files, path: &Path, folder: &str) -> io::Result<()> {
    let mut archive = zip::ZipWriter::new(fs::File::create(path)?);
    for (name, file) in files {
        let mode = if file.is_program { 0o755 } else { 0o644 };
        let options = zip::write::SimpleFileOptions::default().unix_permissions(mode);
        archive.start_file(format!("{folder}{name}"), options)?;
        archive.write_all(&file.bytes)?;
    }
    archive.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_what_is_there() {
        let has = |path: &str| ["starter/1_ant.rs", "lessons/1_ant/tests/b.rs"].contains(&path);
        let text = "[package]\nname = \"ant\"\n\n# Yours.\n[[bin]]\nname = \"ant\"\npath = \"../../starter/1_ant.rs\"\n\n\
                    # Not yours.\n[[bin]]\nname = \"x\"\npath = \"../../solutions/1_ant.rs\"\n\n\
                    [[test]]\nname = \"a\"\n\n[[test]]\nname = \"b\"\n\n[lints]\nworkspace = true\n";
        let expected = "[package]\nname = \"ant\"\n\n# Yours.\n[[bin]]\nname = \"ant\"\npath = \"../../starter/1_ant.rs\"\n\n\
                        [[test]]\nname = \"b\"\n\n[lints]\nworkspace = true\n";
        assert_eq!(manifest(text, "lessons/1_ant", &has), expected);
    }

    #[test]
    fn a_section_goes_with_all_that_is_in_it() {
        let text = "# A\n\n## B\n\nb\n\n### C\n\n```sh\n## no heading\n```\n\n## D\n\nd\n";
        assert_eq!(without_sections(text, &["B"]), "# A\n\n## D\n\nd\n");
        assert_eq!(without_sections(text, &[]), text);
    }

    #[test]
    fn a_dead_link_is_plain_text() {
        let has = |path: &str| path == "a/b.md";
        let text = "See [b](b.md#x), [c](../c.rs), [d](https://d.org), [e](#e), [f](../a/b.md).";
        assert_eq!(
            without_dead_links(text, "a", &has),
            "See [b](b.md#x), c (not in this edition), [d](https://d.org), [e](#e), [f](../a/b.md)."
        );
    }
}
