//! The files of lesson 11 that a host reads, held against the tools that read them.
//!
//! These tests are for authors, where the tools are:
//!
//!     cargo test -p grader --test host -- --ignored

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn lesson() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join("11_deployment")
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_accepts_the_unit() {
    let unit = fs::read_to_string(lesson().join("bookmarks.service")).expect("the unit");
    // Nobody has installed the program here.
    let start = "ExecStart=/usr/local/bin/bookmarks\n";
    assert!(unit.contains(start));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bookmarks.service");
    fs::write(&file, unit.replace(start, "ExecStart=/bin/true\n")).expect("a file");
    let mut command = Command::new("systemd-analyze");
    let output = command
        .arg("verify")
        .arg(&file)
        .output()
        .expect("systemd-analyze");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// The command that the Dockerfile builds with is one that builds the student's program, and the
/// file that it copies is where that command puts it.
#[test]
#[ignore = "builds"]
fn the_dockerfile_builds_what_it_copies() {
    let file = fs::read_to_string(lesson().join("Dockerfile")).expect("the Dockerfile");
    let after = |begin: &str| file.lines().find_map(|line| line.strip_prefix(begin));
    let build = after("RUN cargo build --release ").expect("a build");
    let copied = after("COPY --from=build /course/target/release/").expect("a copy");
    let program = copied.split(' ').next().expect("a program");
    // (Optimised, it takes minutes, and is the same otherwise.)
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dockerfile");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(lesson())
        .arg("build")
        .args(build.split(' '))
        .env("CARGO_TARGET_DIR", &folder);
    assert!(cargo.status().expect("cargo").success());
    let program = folder.join("debug").join(program);
    assert!(program.is_file(), "{}", program.display());
}
