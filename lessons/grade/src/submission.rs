//! Submissions: folders, .zip and .tar.gz, each with starters somewhere in it. Of all that
//! is in them, only those files are taken.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::course::{Course, Lesson};
use crate::hash::hash_of;
use crate::record::File;
use crate::variants::Variants;

/// The longest file that is taken for a starter.
const LONGEST: u64 = 1024 * 1024;

/// How many files of a submission are looked at, and how many bytes of an archive are
/// unpacked: some archives have no end.
const MOST_FILES: usize = 200_000;
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Folders whose files nobody has written for a submission.
const SKIPPED: [&str; 6] = [
    "target",
    "solutions",
    "http-core",
    "right",
    "__MACOSX",
    "node_modules",
];

/// One submission.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// Whose it is: the name of the folder or archive.
    pub who: String,
    /// The file for each lesson, by the lesson's folder.
    pub files: BTreeMap<String, Submitted>,
    /// The lessons as this student has them, where students have their own, by their folders.
    pub own_lessons: BTreeMap<String, Arc<Lesson>>,
    /// What is to be known of it, in sentences.
    pub notes: Vec<String>,
}

/// One file of it.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Its path and its hash.
    pub file: File,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Submitted {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        let (path, sha256) = (path.into(), hash_of(&bytes));
        let file = File { path, sha256 };
        Self { file, bytes }
    }
}

/// The submission that this workspace is: its starters, or its solutions.
pub fn of_workspace(course: &Course, solutions: bool) -> Submission {
    let folder = if solutions { "solutions" } else { "starter" };
    let files = course.lessons.iter().filter_map(|lesson| {
        let shown = format!("{folder}/{}.rs", lesson.folder);
        let bytes = fs::read(course.root.join(&shown)).ok()?;
        Some((lesson.folder.clone(), Submitted::new(&shown, bytes)))
    });
    Submission {
        who: folder.into(),
        files: files.collect(),
        ..Submission::default()
    }
}

/// The submissions in this folder, in the order of their names; but for the folder of the
/// instructor's own checks. Their starters may have variants.
///
/// # Errors
///
/// If the folder cannot be read, or none is in it.
pub fn of_class(
    course: &Course,
    folder: &Path,
    private: Option<&Path>,
    variants: Option<&Variants>,
) -> Result<Vec<Submission>, String> {
    let broken = |error: io::Error| format!("cannot read {}: {error}", folder.display());
    let mut submissions = Vec::new();
    for entry in fs::read_dir(folder).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && Some(&*path) != private {
            submissions.extend(of_path(course, &path, variants));
        }
    }
    if submissions.is_empty() {
        return Err(format!(
            "no submission in {}: one is a folder, a .zip or a .tar.gz there",
            folder.display()
        ));
    }
    submissions.sort_by(|one, other| one.who.cmp(&other.who));
    Ok(submissions)
}

/// One submission: this folder or archive.
///
/// # Errors
///
/// If it is neither.
pub fn of_one(course: &Course, path: &Path) -> Result<Submission, String> {
    let shown = path.display();
    // `.` and `x/..` have a name, too.
    let whole = path.canonicalize();
    let whole = whole.map_err(|error| format!("cannot read {shown}: {error}"))?;
    of_path(course, &whole, None)
        .ok_or_else(|| format!("{shown} is no folder, no .zip and no .tar.gz"))
}

/// The Kth of N parts of these: every Nth one.
pub fn part(submissions: Vec<Submission>, (k, n): (usize, usize)) -> Vec<Submission> {
    submissions.into_iter().skip(k - 1).step_by(n).collect()
}

/// What is at this path, if it is a folder or an archive.
fn of_path(course: &Course, path: &Path, variants: Option<&Variants>) -> Option<Submission> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let lower = name.to_lowercase();
    let mut endings = [".zip", ".tar.gz", ".tgz"].into_iter();
    let (who, found) = match endings.find(|ending| lower.ends_with(ending)) {
        _ if path.is_dir() => (name.as_str(), in_folder(path)),
        Some(ending) => {
            let who = &name[..name.len() - ending.len()];
            let is_zip = ending == ".zip";
            (who, if is_zip { in_zip(path) } else { in_tar(path) })
        }
        None => return None,
    };
    Some(match found {
        Ok(found) => Submission::of(course, who, found, variants),
        Err(error) => Submission {
            who: who.into(),
            notes: vec![format!("{name} cannot be read: {error}")],
            ..Submission::default()
        },
    })
}

/// A file that may be a starter: its path, with slashes, and its bytes.
type Found = (String, Vec<u8>);

/// Whether a file is worth reading.
fn may_be_one(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let skipped = parts.iter().any(|part| {
        SKIPPED.contains(part) || part.starts_with('.') && *part != "." && *part != ".."
    });
    let is_source = name.ends_with(".rs") || name.ends_with(".rs.txt");
    is_source && !name.starts_with("._") && !skipped
}

fn in_folder(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_path_buf()];
    let mut seen = 0;
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            seen += 1;
            if seen > MOST_FILES {
                return Err(too_much("files"));
            }
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            // A link may lead out of the submission.
            if kind.is_dir() && may_be_one(&format!("{name}/x.rs")) {
                left.push(path);
            } else if kind.is_file() && may_be_one(&name) {
                found.push((name, read(fs::File::open(path)?)?));
            }
        }
    }
    Ok(found)
}

fn in_zip(path: &Path) -> io::Result<Vec<Found>> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path)?)?;
    let mut found = Vec::new();
    if archive.len() > MOST_FILES {
        return Err(too_much("files"));
    }
    for number in 0..archive.len() {
        let file = archive.by_index(number)?;
        let name = file.name()?.replace('\\', "/");
        if file.is_file() && may_be_one(&name) {
            found.push((name, read(file)?));
        }
    }
    Ok(found)
}

fn in_tar(path: &Path) -> io::Result<Vec<Found>> {
    let unpacked = flate2::read::MultiGzDecoder::new(fs::File::open(path)?);
    let mut archive = tar::Archive::new(unpacked.take(MOST_BYTES));
    let mut found = Vec::new();
    for (number, entry) in archive.entries()?.enumerate() {
        let entry = entry?;
        if number > MOST_FILES {
            return Err(too_much("files"));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type().is_file() && may_be_one(&name) {
            found.push((name, read(entry)?));
        }
    }
    Ok(found)
}

/// The beginning of a file, as long as a starter can be; of one that is longer, a byte more.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_much(what: &str) -> io::Error {
    io::Error::other(format!("there are too many {what} in it"))
}

/// How a file was recognized, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Name,
    FirstLine,
    NameWithin,
}

impl Submission {
    /// The lesson as this student has it.
    pub(crate) fn own<'a>(&'a self, lesson: &'a Lesson) -> &'a Lesson {
        self.own_lessons
            .get(&lesson.folder)
            .map_or(lesson, |own| own)
    }

    /// The starters among these files.
    fn of(course: &Course, who: &str, mut found: Vec<Found>, variants: Option<&Variants>) -> Self {
        let mut submission = Self {
            who: who.into(),
            ..Self::default()
        };
        // As they were handed out to this student.
        let starters = course.lessons.iter().map(|lesson| match variants {
            Some(variants) => {
                lesson.starter_of(&variants.of(who, &lesson.package, &lesson.variables))
            }
            None => lesson.starter.clone(),
        });
        let starters: Vec<Vec<u8>> = starters.collect();
        // The shortest path first: a copy in a folder of old versions comes later.
        found.sort_by_key(|(path, _)| (path.matches('/').count(), path.clone()));
        let mut candidates: BTreeMap<usize, Vec<(Known, Found)>> = BTreeMap::new();
        for (path, bytes) in found {
            if bytes.len() as u64 > LONGEST {
                submission.notes.push(format!(
                    "{path} is too long for a program, and is left out."
                ));
            } else if let Some((lesson, known)) =
                recognized(&course.lessons, &starters, &path, &bytes)
            {
                candidates
                    .entry(lesson)
                    .or_default()
                    .push((known, (path, bytes)));
            }
        }
        for (number, mut all) in candidates {
            let lesson = &course.lessons[number];
            let is_changed = |bytes: &[u8]| bytes != starters[number];
            // An exact name before others; what was worked on before what was not.
            all.sort_by_key(|(known, (path, bytes))| {
                let in_place =
                    path == &lesson.shown() || path.ends_with(&format!("/{}", lesson.shown()));
                (!is_changed(bytes), *known, !in_place)
            });
            let (known, (path, bytes)) = all.remove(0);
            if known != Known::Name {
                submission
                    .notes
                    .push(format!("{path} was taken for {}.rs.", lesson.folder));
            }
            let others = all
                .iter()
                .filter(|(_, (_, other))| *other != bytes && is_changed(other));
            let others: Vec<&str> = others.map(|(_, (path, _))| path.as_str()).collect();
            if !others.is_empty() {
                submission.notes.push(format!(
                    "Several files are {}.rs: {path} was taken, not {}.",
                    lesson.folder,
                    others.join(", ")
                ));
            }
            submission
                .files
                .insert(lesson.folder.clone(), Submitted::new(&path, bytes));
        }
        if submission.files.is_empty() {
            submission.notes.push("No starter was found in it.".into());
        }
        submission
    }
}

/// The lesson that a file belongs to, and how that is known.
fn recognized(
    lessons: &[Lesson],
    starters: &[Vec<u8>],
    path: &str,
    bytes: &[u8],
) -> Option<(usize, Known)> {
    let name = Path::new(path).file_name().and_then(OsStr::to_str)?;
    let find = |is_it: &dyn Fn(&Lesson) -> bool| lessons.iter().position(is_it);
    if let Some(lesson) = find(&|lesson| name == format!("{}.rs", lesson.folder)) {
        return Some((lesson, Known::Name));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty()).unwrap_or_default();
    if let Some(lesson) = starters
        .iter()
        .position(|starter| first_line(starter) == first)
    {
        return Some((lesson, Known::FirstLine));
    }
    let within = find(&|lesson| name.contains(&lesson.package));
    within.map(|lesson| (lesson, Known::NameWithin))
}

/// The line by which a starter is known, whatever its name is.
fn first_line(starter: &[u8]) -> String {
    let text = String::from_utf8_lossy(starter);
    text.lines().next().unwrap_or_default().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::tests::course;

    fn of(files: &[(&str, &str)]) -> Submission {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_string(), text.as_bytes().to_vec()));
        Submission::of(&course(), "ada", files.collect(), None)
    }

    fn taken(submission: &Submission) -> Vec<(&str, &str)> {
        let files = submission.files.iter();
        files
            .map(|(lesson, file)| (lesson.as_str(), file.file.path.as_str()))
            .collect()
    }

    #[test]
    fn starters_are_found_wherever_they_lie() {
        let submission = of(&[
            ("a/b/starter/1_ant.rs", "x"),
            ("2_bee.rs", "y"),
            ("a/main.rs", "z"),
        ]);
        let expected = [("1_ant", "a/b/starter/1_ant.rs"), ("2_bee", "2_bee.rs")];
        assert_eq!(taken(&submission), expected);
        assert_eq!(submission.notes, [""; 0]);
    }

    #[test]
    fn a_file_with_another_name_is_known_by_its_first_line() {
        let submission = of(&[
            ("main.rs", "\u{feff}//! Lesson 1: the ant.\nfn main() {}"),
            ("my_bee (1).rs", "z"),
        ]);
        assert_eq!(
            taken(&submission),
            [("1_ant", "main.rs"), ("2_bee", "my_bee (1).rs")]
        );
        assert_eq!(
            submission.notes,
            [
                "main.rs was taken for 1_ant.rs.",
                "my_bee (1).rs was taken for 2_bee.rs."
            ]
        );
    }

    #[test]
    fn of_several_files_the_one_that_was_worked_on_is_taken_and_the_others_are_named() {
        let starter = "//! Lesson 1: the ant.\n";
        let submission = of(&[("1_ant.rs", starter), ("x/1_ant.rs", "mine")]);
        assert_eq!(taken(&submission), [("1_ant", "x/1_ant.rs")]);
        assert_eq!(submission.notes, [""; 0]);
        let submission = of(&[("old/1_ant.rs", "first"), ("starter/1_ant.rs", "second")]);
        assert_eq!(taken(&submission), [("1_ant", "starter/1_ant.rs")]);
        let said = "Several files are 1_ant.rs: starter/1_ant.rs was taken, not old/1_ant.rs.";
        assert_eq!(submission.notes, [said]);
    }

    #[test]
    fn a_starter_with_a_variant_is_one_that_was_not_worked_on() {
        let mut course = course();
        let text = "//! Lesson 1: the ant.\n// shout\n";
        course.lessons[0].starter = text.into();
        let variables = grader::variants::read("~ x\n- shout\n+ cheer\n+ whoop\n");
        course.lessons[0].variables = variables.unwrap();
        let variants = Variants::new("a phrase");
        let mut words = std::collections::BTreeSet::new();
        for who in ["ada", "bob", "cy", "dan", "eve", "flo"] {
            let variant = variants.of(who, "ant", &course.lessons[0].variables);
            words.insert(variant.apply("shout"));
            // Untouched, and another one that was worked on.
            let files = [
                ("starter/1_ant.rs", variant.apply(text)),
                ("old/1_ant.rs", format!("{text}fn main() {{}}\n")),
            ];
            let files = files.map(|(path, text)| (path.to_string(), text.into_bytes()));
            let submission = Submission::of(&course, who, files.into(), Some(&variants));
            assert_eq!(taken(&submission), [("1_ant", "old/1_ant.rs")], "{who}");
        }
        assert!(words.len() > 1, "{words:?}");
    }

    #[test]
    fn nothing_is_read_that_nobody_has_written_for_it() {
        for path in [
            "a/target/x.rs",
            "solutions/1_ant.rs",
            ".git/x.rs",
            "__MACOSX/._1_ant.rs",
            "a.toml",
        ] {
            assert!(!may_be_one(path), "{path}");
        }
        for path in [
            "1_ant.rs",
            "./starter/1_ant.rs",
            "Ada Lovelace/x y.rs",
            "1_ant.rs.txt",
        ] {
            assert!(may_be_one(path), "{path}");
        }
        let long = "x".repeat(LONGEST as usize + 1);
        let submission = of(&[("1_ant.rs", &long)]);
        assert!(submission.files.is_empty());
        assert_eq!(submission.notes.len(), 2);
    }

    #[test]
    fn archives_and_folders_hold_the_same() {
        use std::io::Write as _;
        let class = tempfile::tempdir().unwrap();
        let at = |name: &str| class.path().join(name);
        fs::create_dir_all(at("ada/starter")).unwrap();
        fs::write(at("ada/starter/1_ant.rs"), "mine").unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(at("bob.zip")).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("../../starter/1_ant.rs", options).unwrap();
        zip.write_all(b"mine").unwrap();
        zip.finish().unwrap();
        let tar = fs::File::create(at("cy.tar.gz")).unwrap();
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
            tar,
            flate2::Compression::fast(),
        ));
        tar.append_path_with_name(at("ada/starter/1_ant.rs"), "x/1_ant.rs")
            .unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        fs::write(at("dan.zip"), "no zip").unwrap();
        fs::write(at("notes.txt"), "").unwrap();
        let all = of_class(&course(), class.path(), None, None).unwrap();
        let names: Vec<&str> = all.iter().map(|one| one.who.as_str()).collect();
        assert_eq!(names, ["ada", "bob", "cy", "dan"]);
        for one in &all[..3] {
            assert_eq!(one.files["1_ant"].bytes, b"mine", "{}", one.who);
        }
        assert!(
            all[3].notes[0].starts_with("dan.zip cannot be read: "),
            "{:?}",
            all[3].notes
        );
    }

    #[test]
    fn the_parts_together_are_all() {
        let all = || {
            let named = |who: char| Submission {
                who: who.into(),
                ..Submission::default()
            };
            "abcdefg".chars().map(named).collect()
        };
        let names = |k| -> String { part(all(), (k, 3)).into_iter().map(|one| one.who).collect() };
        assert_eq!([1, 2, 3].map(names), ["adg", "be", "cf"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere() {
        let class = tempfile::tempdir().unwrap();
        let ada = class.path().join("ada");
        fs::create_dir(&ada).unwrap();
        fs::write(class.path().join("secret.rs"), "secret").unwrap();
        std::os::unix::fs::symlink("../secret.rs", ada.join("1_ant.rs")).unwrap();
        std::os::unix::fs::symlink("..", ada.join("up")).unwrap();
        let all = of_class(&course(), class.path(), None, None).unwrap();
        assert!(all[0].files.is_empty());
    }
}
