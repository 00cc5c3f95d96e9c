//! A student goes through lesson 1, from the untouched starter to the end, and has nothing
//! but an editor and the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use grader::Browser;

use crate::browser::{browser, evaluate, open};
use crate::stage;

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(from, to).expect("a copy");
        return;
    }
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file").file_name();
        if entry != "target" {
            copy(&from.join(&entry), &to.join(&entry));
        }
    }
}

/// Waits until this is true of the page.
fn sees(browser: &mut Browser, script: &str) {
    let began = Instant::now();
    while evaluate(browser, script) != true {
        let page = "document.querySelector('main').innerText.slice(-3000)";
        let late = began.elapsed() > Duration::from_secs(240);
        assert!(!late, "{script}: {}", evaluate(browser, page));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the reference has for this pattern.
fn arm(reference: &str, pattern: &str) -> String {
    let (_, rest) = reference
        .split_once(&format!("{pattern} => "))
        .expect("an arm");
    let end = rest.find("\"),\n").expect("its end") + 3;
    rest[..end].to_string()
}

#[test]
#[ignore = "builds the checks of lesson 1 anew: cargo test -p learn -- --ignored"]
fn a_student_goes_through_lesson_1() {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the course")
        .into();
    let Ok(reference) = fs::read_to_string(root.join("solutions/1_path_router.rs")) else {
        println!("not tried: the solutions are not here");
        return;
    };
    let Some(mut browser) = browser() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "lessons",
        "starter",
        "solutions",
        "http-core",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        copy(&root.join(name), &folder.path().join(name));
    }
    let target = std::env::current_exe().expect("a path");
    let target = target
        .ancestors()
        .nth(3)
        .expect("the target folder")
        .to_path_buf();
    let mut command = stage::command(folder.path(), 0);
    let course = stage::serving(command.env("CARGO_TARGET_DIR", target));
    open(&mut browser, &course.url("/lessons/1_path_router/"));
    evaluate(
        &mut browser,
        "window.same = true; const is = step => document.getElementById(`step-${step}-is`)?.innerText ?? ''",
    );
    // Its checks are known once they are built.
    sees(
        &mut browser,
        "/0 of \\d+ points/.test(document.getElementById('rail').innerText)",
    );
    for step in 1..=3 {
        sees(
            &mut browser,
            &format!("is({step}).includes('Step {step}: open')"),
        );
    }

    let file = folder.path().join("starter/1_path_router.rs");
    let mut source = fs::read_to_string(&file).expect("the starter");
    let mut times = Vec::new();
    let mut write = |browser: &mut Browser, from: &str, to: &str, script: &str| {
        assert!(source.contains(from), "{from} in {source}");
        source = source.replacen(from, to, 1);
        let began = Instant::now();
        fs::write(&file, &source).expect("saved");
        sees(browser, script);
        times.push(began.elapsed());
    };
    let todo = |step: u32| {
        let starter = fs::read_to_string(root.join("starter/1_path_router.rs")).expect("a starter");
        let at = starter
            .find(&format!("todo!(\"step {step}:"))
            .expect("a todo!");
        let end = starter[at..].find("\"),\n").expect("its end") + 3;
        starter[at..at + end].to_string()
    };
    let (home_arm, other_arm) = (arm(&reference, "\"/\""), arm(&reference, "_"));
    let about_arm = arm(&reference, "\"/about\"");
    // A part is missing: the compiler says so, at this step.
    let broken = home_arm.replace(".end_headers()?", "");
    write(
        &mut browser,
        &todo(1),
        &broken,
        "is(1).includes('does not compile') && is(1).includes('error[E')",
    );
    write(
        &mut browser,
        &broken,
        &home_arm,
        "is(1).includes('Step 1: done') && is(2).includes('Step 2: open')",
    );
    // The text of the 404 is right, and its status is not.
    let wrong = other_arm.replace("404", "200");
    write(
        &mut browser,
        &todo(2),
        &wrong,
        "is(2).includes('checks fail') && is(2).includes('Your mistake.')",
    );
    let marked = evaluate(
        &mut browser,
        "[...document.querySelectorAll('#step-2-is details[open] mark')].map(m => m.textContent).join()",
    );
    assert_eq!(marked, "2,4", "the 2 of 200 that came, and the 4 of 404");
    write(
        &mut browser,
        &wrong,
        &other_arm,
        "is(2).includes('Step 2: done')",
    );
    write(
        &mut browser,
        &todo(3),
        &about_arm,
        "document.getElementById('rest').innerText.includes('This lesson is done: 14 of 14')",
    );
    assert_eq!(
        evaluate(&mut browser, "window.same"),
        true,
        "the page was never loaded again"
    );
    println!("from a save until it is seen: {times:.2?}");

    // Now, and not before, the reference stands beside the program.
    open(&mut browser, &course.url("/solutions/1_path_router.rs/"));
    sees(
        &mut browser,
        "document.querySelectorAll('.diff .same').length > 20",
    );
    open(&mut browser, &course.url("/"));
    sees(
        &mut browser,
        "document.querySelectorAll('ol.path > li.done').length === 1",
    );
}
