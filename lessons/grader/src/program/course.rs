//! Whether the files of the course are as the course has them: the checks, the library,
//! the lesson's own. A program that is graded can write where the student can. This does
//! not keep it from that, it tells.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::place::Place;

/// The files of the course that a lesson is graded with, as they are at one time.
#[derive(Hash)]
pub(crate) struct Course {
    root: PathBuf,
    files: BTreeMap<PathBuf, Vec<u8>>,
    lesson: String,
    solution: String,
    /// The grade.rs that this program was built from.
    built_from: Option<&'static [u8]>,
}

/// What is not as it should be, in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// What makes the results doubtful.
    pub(crate) doubtful: Vec<String>,
    /// What only is to be known: an author changes files, too.
    pub(crate) known: Vec<String>,
}

impl Course {
    /// Reads them; this program was built from this grade.rs, if that is known.
    pub(crate) fn now(place: &Place, built_from: Option<&'static [u8]>) -> Self {
        let mut course = Self {
            root: place.root.clone(),
            files: BTreeMap::new(),
            lesson: format!("lessons/{}", place.folder),
            solution: place.solution(),
            built_from,
        };
        for path in course.paths() {
            course.add(&place.root.join(path));
        }
        course
    }

    /// Where they are, seen from the workspace: its own files, its libraries, the lesson,
    /// the grader, and the reference.
    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = ["Cargo.toml", "Cargo.lock", ".cargo", "lessons/grader/src"]
            .map(Into::into)
            .into();
        paths.extend([self.lesson.clone(), self.solution.clone()]);
        let entries = fs::read_dir(&self.root).into_iter().flatten();
        let packages = entries.filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_string();
            path.join("Cargo.toml").is_file().then_some(name)
        });
        let packages: Vec<String> = packages.collect();
        paths.extend(packages.iter().map(|package| format!("{package}/src")));
        paths.extend(
            packages
                .iter()
                .map(|package| format!("{package}/Cargo.toml")),
        );
        paths
    }

    fn add(&mut self, path: &Path) {
        if let Ok(entries) = fs::read_dir(path) {
            for entry in entries.flatten() {
                self.add(&entry.path());
            }
        } else if let Ok(bytes) = fs::read(path) {
            self.files.insert(path.into(), bytes);
        }
    }

    /// What is not as it should be, now.
    pub(crate) fn changed(&self, place: &Place) -> Changed {
        let mut changed = Changed::default();
        let checks = format!("{}/grade.rs", self.lesson);
        let there = self.files.get(&self.root.join(&checks)).map(Vec::as_slice);
        if self
            .built_from
            .is_some_and(|built| there.is_some_and(|there| there != built))
        {
            let package = &place.package;
            changed.doubtful.push(format!(
                "{checks} is not the file that these checks were built from. To build them \
                 again: cargo clean -p {package}"
            ));
        }
        match &self.changed_since(place)[..] {
            [] => {}
            files => changed.doubtful.push(format!(
                "Changed while the program was graded, so the results may be false: {}",
                files.join(", ")
            )),
        }
        match &self.changed_since_commit()[..] {
            [] => {}
            files => changed
                .known
                .push(format!("Not as in the last commit: {}", files.join(", "))),
        }
        changed
    }

    /// The files that are not any more as they were when this was read, as shown.
    fn changed_since(&self, place: &Place) -> Vec<String> {
        let now = Self::now(place, None);
        let all = self.files.keys().chain(now.files.keys());
        let changed = all.filter(|path| self.files.get(*path) != now.files.get(*path));
        let mut changed: Vec<String> = changed.map(|path| self.shown(path)).collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// The files that are not as the last commit has them, as shown; none if git, or a
    /// repository, is not there.
    fn changed_since_commit(&self) -> Vec<String> {
        let output = Command::new("git")
            // What the folder's own configuration would run is not run.
            .args(["-c", "core.fsmonitor=false", "--no-optional-locks"])
            .args([
                "diff",
                "--name-only",
                "--no-ext-diff",
                "--relative",
                "HEAD",
                "--",
            ])
            .args(self.paths())
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .output();
        let Some(output) = output.ok().filter(|output| output.status.success()) else {
            return Vec::new();
        };
        let names = String::from_utf8_lossy(&output.stdout);
        names.lines().map(str::to_string).collect()
    }

    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.display().to_string().replace('\\', "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("Cargo.toml", "[workspace]\n"),
            ("library/Cargo.toml", ""),
            ("library/src/lib.rs", ""),
            ("lessons/1_path_router/grade.rs", "fn main() {}\n"),
            ("solutions/1_path_router.rs", ""),
            ("starter/1_path_router.rs", ""),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let lesson = folder.path().join("lessons/1_path_router");
        let place = Place::new(lesson.to_str().unwrap(), "path_router");
        (folder, place)
    }

    #[test]
    fn a_file_of_the_course_that_changes_is_noticed() {
        let (folder, place) = course();
        let write = |path: &str| fs::write(folder.path().join(path), "changed").unwrap();
        let course = Course::now(&place, None);
        write("starter/1_path_router.rs");
        assert_eq!(course.changed_since(&place), [""; 0]);
        write("library/src/lib.rs");
        write("lessons/1_path_router/grade.rs");
        write("lessons/1_path_router/new.html");
        fs::remove_file(folder.path().join("Cargo.toml")).unwrap();
        let expected = [
            "Cargo.toml",
            "lessons/1_path_router/grade.rs",
            "lessons/1_path_router/new.html",
            "library/src/lib.rs",
        ];
        assert_eq!(course.changed_since(&place), expected);
    }

    #[test]
    fn checks_that_were_built_from_another_file_are_noticed() {
        let (_folder, place) = course();
        let doubtful = |built: &'static [u8]| Course::now(&place, Some(built)).changed(&place);
        assert_eq!(doubtful(b"fn main() {}\n"), Changed::default());
        let said = &doubtful(b"fn main() { }\n").doubtful[0];
        assert!(
            said.starts_with("lessons/1_path_router/grade.rs is not"),
            "{said}"
        );
    }

    #[test]
    fn what_differs_from_the_last_commit_is_noticed_where_there_is_one() {
        let (folder, place) = course();
        let course = Course::now(&place, None);
        assert_eq!(course.changed_since_commit(), [""; 0]);
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                .args(["-c", "user.name=x", "-c", "user.email=x@x.test"])
                .args(arguments)
                .current_dir(folder.path())
                .output();
            output.is_ok_and(|output| output.status.success())
        };
        // Without git there is nothing more to see.
        if !git(&["init", "-q"]) {
            return;
        }
        assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "x"]));
        let lesson = folder.path().join("lessons/1_path_router");
        fs::write(lesson.join("grade.rs"), "fn main() { }\n").unwrap();
        fs::write(folder.path().join("starter/1_path_router.rs"), "x").unwrap();
        let changed = course.changed_since_commit();
        assert_eq!(changed, ["lessons/1_path_router/grade.rs"]);
    }
}
