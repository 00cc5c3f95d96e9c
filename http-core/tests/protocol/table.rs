//! The table in http-core/README.md is the one that the cases are run from.

use std::fs;
use std::path::Path;

use crate::cases::{self, Class};

const BEGIN: &str = "<!-- The table is checked by tests/protocol. -->\n";

/// The table as it must stand in the README.
fn table(classes: &[Class]) -> String {
    let mut text = String::from(
        "| what comes | what the server does | RFC | cases |\n| --- | --- | --- | ---: |\n",
    );
    for class in classes {
        // A bar would end the cell.
        let cells = [class.input, class.does, class.rfc].map(|cell| cell.replace('|', "\\|"));
        text += &format!("| {} | {} |\n", cells.join(" | "), class.cases.len());
    }
    text
}

#[test]
fn the_readme_has_this_table() {
    let classes = cases::all();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&readme).unwrap().replace("\r\n", "\n");
    let expected = table(&classes);
    let count: usize = classes.iter().map(|class| class.cases.len()).sum();
    assert!(count >= 200, "{count} cases");
    assert!(
        text.contains(&format!("{BEGIN}\n{expected}\n")),
        "the table in {} is not that of the cases ({count} in all). It must be:\n\n{expected}",
        readme.display()
    );
    assert!(
        text.contains(&format!("{} kinds of input, {count} cases", classes.len())),
        "the README has other figures than {} kinds of input, {count} cases",
        classes.len()
    );
}

#[test]
fn a_row_names_every_status_of_its_cases() {
    for class in cases::all() {
        assert!(!class.cases.is_empty(), "{}", class.input);
        for case in &class.cases {
            for answer in &case.answers {
                let status = answer.trim_start_matches("HEAD ").get(..3).unwrap();
                assert!(class.does.contains(status), "{}: {status}", class.input);
            }
        }
    }
}

/// The tests that the README names: as `file::name` in tests/, or as `module::tests::name` in src/.
#[test]
fn the_tests_that_the_readme_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut count = 0;
    // Every second piece stands between backticks.
    for code in readme
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
    {
        let Some((file, name)) = code.split_once("::") else {
            continue;
        };
        let (path, name) = match code.split_once("::tests::") {
            Some((module, name)) => (root.join("src").join(module.replace("::", "/")), name),
            None => (root.join("tests").join(file), name),
        };
        let text = fs::read_to_string(path.with_extension("rs"))
            .or_else(|_| fs::read_to_string(path.join("main.rs")))
            .unwrap_or_else(|_| panic!("there is no file for {code}"));
        assert!(text.contains(&format!("fn {name}()")), "there is no {code}");
        count += 1;
    }
    assert!(count > 30, "{count} tests");
}
