//! What others say of the pages: axe-core of what a screen reader and weak eyes have of them,
//! html-validate of their HTML. Both are npm's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::Browser;
use serde_json::json;

use crate::browser::{browser, evaluate, open, soon, until};
use crate::stage::{Stage, failed, passed};

/// The versions that were seen to agree with the pages.
const TOOLS: [&str; 2] = ["axe-core@4", "html-validate@10"];

/// Fetches the tools into this folder; `None` where that cannot be done.
fn fetch(folder: &Path) -> Option<()> {
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
    ]);
    let fetched = npm.arg(folder).args(TOOLS).status();
    match fetched {
        Ok(status) if status.success() => Some(()),
        Ok(_) => {
            println!("not tried: npm cannot fetch {TOOLS:?}");
            None
        }
        Err(error) => {
            println!("not tried: there is no npm here ({error})");
            None
        }
    }
}

/// Asks html-validate whether these files are HTML.
fn validate(tools: &Path, files: &[PathBuf]) {
    let config = tools.join("htmlvalidate.json");
    fs::write(
        &config,
        r#"{"root": true, "extends": ["html-validate:standard"]}"#,
    )
    .expect("a file");
    let mut command = Command::new(tools.join("node_modules/.bin/html-validate"));
    let said = command.arg("--config").arg(config).args(files).output();
    let said = said.expect("html-validate runs");
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

/// Asks axe about the page that is open, by day and by night, on a wide screen and on a phone.
/// Adds what it finds to the faults.
fn look(browser: &mut Browser, axe: &str, name: &str, faults: &mut Vec<String>) {
    let is_there = evaluate(browser, "typeof axe") == json!("object");
    if !is_there {
        evaluate(browser, axe);
    }
    for (scheme, width) in [
        ("light", 1280),
        ("dark", 1280),
        ("light", 390),
        ("dark", 390),
    ] {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        for (method, how) in [
            ("Emulation.setEmulatedMedia", media),
            ("Emulation.setDeviceMetricsOverride", size),
        ] {
            let done = browser.call(method, how, soon());
            done.unwrap_or_else(|trouble| panic!("{method}: {}", trouble.words()));
        }
        let run = "axe.run(document, {resultTypes: ['violations'], iframes: false}).then(result => \
                   result.violations.map(v => `${v.impact} ${v.id}: ${v.help}: ` + \
                   v.nodes.slice(0, 3).map(n => n.html + n.failureSummary).join('; ')))";
        let found = evaluate(browser, run);
        if found != json!([]) {
            faults.push(format!("{name}, {scheme}, {width} pixels: {found:#}"));
        }
        let wide = evaluate(browser, "document.documentElement.scrollWidth - innerWidth");
        if wide.as_i64() > Some(0) {
            faults.push(format!(
                "{name} is {wide} pixels wider than a screen of {width}"
            ));
        }
    }
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        match path.is_dir() {
            true => files_in(&path, found),
            false if path.extension().is_some_and(|end| end == "html") => found.push(path),
            false => {}
        }
    }
}

/// What the tools say of the pages that change: in every state in which they can be.
#[test]
#[ignore = "fetches axe-core and html-validate with npm: cargo test -p learn -- --ignored judged"]
fn every_kind_of_page_is_judged() {
    let Some(mut browser) = browser() else { return };
    let tools = tempfile::tempdir().expect("a folder");
    let Some(()) = fetch(tools.path()) else {
        return;
    };
    let axe = fs::read_to_string(tools.path().join("node_modules/axe-core/axe.min.js"));
    let axe = axe.expect("axe-core");
    let stage = Stage::new();
    let mut pages: Vec<PathBuf> = Vec::new();
    let mut faults = Vec::new();
    let mut judge = |name: &str, path: &str, is_there: &str| {
        open(&mut browser, &stage.url(path));
        until(&mut browser, is_there);
        let html = evaluate(
            &mut browser,
            "'<!DOCTYPE html>\\n' + document.documentElement.outerHTML",
        );
        let file = tools.path().join(format!("{}.html", pages.len()));
        fs::write(&file, html.as_str().unwrap_or_default()).expect("a file");
        pages.push(file);
        look(&mut browser, &axe, name, &mut faults);
    };
    judge("home", "/", "document.body.dataset.live === 'yes'");
    judge(
        "open",
        "/lessons/1_greeter/",
        "document.body.dataset.live === 'yes'",
    );
    let lesson = |what: &str| format!("/{what}/.test(document.querySelector('main').textContent)");
    stage.events(&[
        failed(1, "GET / answers 200", "<b>x</b>\u{1b}"),
        passed(1, "the rest"),
    ]);
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    judge("failing", "/lessons/1_greeter/", &lesson("1 check fails"));
    stage.not_built(
        "starter/1_greeter.rs does not compile. The compiler says:\n\nerror[E0308]: mismatched types\n --> starter/1_greeter.rs:1:5\n  |\n1 | x\n  | ^\n",
    );
    stage.save("fn main() { x; todo!(\"step 2: bye\") }");
    judge(
        "not built",
        "/lessons/1_greeter/",
        &lesson("does not compile"),
    );
    stage.events(&[passed(1, "GET / answers 200"), passed(2, "bye")]);
    stage.save("fn main() {}");
    judge(
        "done",
        "/lessons/1_greeter/",
        &lesson("This lesson is done"),
    );
    judge("home, done", "/", &lesson("All lessons are done"));
    judge("part", "/parts/1/", "true");
    judge("route", "/lessons/", "true");
    judge("source", "/starter/1_greeter.rs/", "true");
    judge(
        "compared",
        "/solutions/1_greeter.rs/",
        &lesson("in the reference alone"),
    );
    judge("nothing", "/nothing", "true");
    judge(
        "stopped",
        "/lessons/1_greeter/run/",
        &lesson("It does not run"),
    );
    stage.program("Hello");
    stage.reference("Hallo");
    stage.post("/lessons/1_greeter/start", "");
    judge(
        "running",
        "/lessons/1_greeter/run/",
        &lesson("It serves at"),
    );
    stage.post("/lessons/1_greeter/compare", "number=1");
    judge(
        "wire compared",
        "/lessons/1_greeter/run/",
        &lesson("The reference answers"),
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    validate(tools.path(), &pages);
}

/// What the tools say of the texts of the course, as a plain site.
#[test]
#[ignore = "fetches axe-core and html-validate with npm: cargo test -p learn -- --ignored judged"]
fn every_text_is_judged() {
    let Some(mut browser) = browser() else { return };
    let tools = tempfile::tempdir().expect("a folder");
    let Some(()) = fetch(tools.path()) else {
        return;
    };
    let axe = fs::read_to_string(tools.path().join("node_modules/axe-core/axe.min.js"));
    let axe = axe.expect("axe-core");
    let site = tools.path().join("site");
    let made = Command::new(env!("CARGO_BIN_EXE_learn"))
        .arg("--export")
        .arg(&site)
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let mut pages = Vec::new();
    files_in(&site, &mut pages);
    validate(tools.path(), &pages);
    let mut faults = Vec::new();
    for page in &pages {
        open(&mut browser, &format!("file://{}", page.display()));
        look(&mut browser, &axe, &page.display().to_string(), &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
