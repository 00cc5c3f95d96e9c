//! A lesson to begin with: `cargo grade new-lesson NAME`. It is whole, with one step; its author
//! puts another lesson in its place, part by part. How that is done is in lessons/AUTHORING.md.

use std::fs;
use std::path::Path;

/// Each file, where it goes, and what is in it.
const FILES: [(&str, &str); 7] = [
    (
        "lessons/FOLDER/Cargo.toml",
        include_str!("../new_lesson/manifest.toml"),
    ),
    (
        "lessons/FOLDER/README.md",
        include_str!("../new_lesson/text.md"),
    ),
    (
        "lessons/FOLDER/grade.rs",
        include_str!("../new_lesson/grade.rs"),
    ),
    (
        "lessons/FOLDER/wrong.edits",
        include_str!("../new_lesson/edits.txt"),
    ),
    (
        "lessons/FOLDER/right/function.rs",
        include_str!("../new_lesson/right.rs"),
    ),
    (
        "starter/FOLDER.rs",
        include_str!("../new_lesson/starter.rs"),
    ),
    (
        "solutions/FOLDER.rs",
        include_str!("../new_lesson/solution.rs"),
    ),
];

/// The tables of lessons: the file, and a row of a lesson.
const TABLES: [(&str, &str); 2] = [
    (
        "README.md",
        "| [NUMBER PACKAGE](lessons/FOLDER/README.md) | 30 | what you learn |",
    ),
    (
        "lessons/README.md",
        "| [NUMBER PACKAGE](FOLDER/README.md) | 30 | 0 | the idea to take home |",
    ),
];

/// Begins a lesson of this name, and says what to do next.
///
/// # Errors
///
/// If the name cannot be that of a package, or is taken, or a file cannot be written.
pub fn begin(root: &Path, package: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !package.starts_with(|c: char| c.is_ascii_lowercase()) || !package.chars().all(is_plain) {
        return Err(format!(
            "{package}: a lesson is named with small letters, digits and _, as in path_router"
        ));
    }
    let entries = fs::read_dir(root.join("lessons"))
        .into_iter()
        .flatten()
        .flatten();
    let folders = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut number = 0;
    for folder in folders {
        let (before, name) = folder.split_once('_').unwrap_or(("", &folder));
        if name == package || ["http-core", "http_core"].contains(&package) {
            return Err(format!("the name {package} is taken"));
        }
        number = number.max(before.parse().map_or(0, |before: u32| before + 1));
    }
    let fill = |text: &str| {
        text.replace("FOLDER", &format!("{number}_{package}"))
            .replace("PACKAGE", package)
            .replace("NUMBER", &number.to_string())
            .replace("Handling", &type_name(package))
            .replace("TITLE", &package.replace('_', " "))
    };
    let broken = |path: &Path, error| format!("cannot write {}: {error}", path.display());
    for (path, text) in FILES {
        let path = root.join(fill(path));
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|error| broken(folder, error))?;
        fs::write(&path, fill(text)).map_err(|error| broken(&path, error))?;
    }
    for (path, row) in TABLES {
        let path = root.join(path);
        let text = fs::read_to_string(&path).map_err(|error| broken(&path, error))?;
        let lines: Vec<&str> = text.lines().collect();
        // There are other tables with links.
        let is_row = |line: &&str| {
            let link = line.strip_prefix("| [");
            link.is_some_and(|link| link.starts_with(|c: char| c.is_ascii_digit()))
        };
        let last = lines
            .iter()
            .rposition(is_row)
            .map_or(lines.len(), |at| at + 1);
        let (before, after) = lines.split_at(last);
        let row = fill(row);
        let whole = [before, &[row.as_str()], after].concat().join("\n") + "\n";
        fs::write(&path, whole).map_err(|error| broken(&path, error))?;
    }
    Ok(fill(include_str!("../new_lesson/next.txt"))
        .trim_end()
        .into())
}

/// `path_router` as the name of a type: `PathRouter`.
fn type_name(package: &str) -> String {
    let words = package.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_has_all_its_files_and_its_rows() {
        let course = tempfile::tempdir().unwrap();
        let at = |path: &str| course.path().join(path);
        fs::create_dir_all(at("lessons/9_ant_hill")).unwrap();
        fs::create_dir_all(at("lessons/10_bee")).unwrap();
        fs::write(
            at("README.md"),
            "| [10 bee](lessons/10_bee/README.md) |\n\nEnd.\n\n| [lessons/x/](lessons/x) | other |\n",
        )
        .unwrap();
        fs::write(at("lessons/README.md"), "| [10 bee](10_bee/README.md) |\n").unwrap();
        let said = begin(course.path(), "cat_flap").unwrap();
        assert!(said.contains("cargo test -p cat_flap"), "{said}");
        for (path, text) in [
            (
                "lessons/11_cat_flap/Cargo.toml",
                "path = \"../../starter/11_cat_flap.rs\"",
            ),
            ("lessons/11_cat_flap/README.md", "# Lesson 11: cat flap\n"),
            ("lessons/11_cat_flap/grade.rs", "grader::lesson!(CatFlap)"),
            ("starter/11_cat_flap.rs", "struct CatFlap;"),
            ("solutions/11_cat_flap.rs", "struct CatFlap;"),
            (
                "README.md",
                "(lessons/10_bee/README.md) |\n| [11 cat_flap](lessons/11_cat_flap/README.md) | 30 | what you learn |\n\nEnd.\n",
            ),
            (
                "lessons/README.md",
                "| [11 cat_flap](11_cat_flap/README.md) | 30 |",
            ),
        ] {
            let written = fs::read_to_string(at(path)).unwrap();
            assert!(written.contains(text), "{path}: {written}");
        }
        assert_eq!(
            begin(course.path(), "bee"),
            Err("the name bee is taken".into())
        );
        for wrong in ["", "Cat", "1cat", "a-b", "../x"] {
            assert!(begin(course.path(), wrong).is_err(), "{wrong}");
        }
    }
}
