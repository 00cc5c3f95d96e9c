//! The pages by keyboard alone: each control is reached, in the order in which it stands there,
//! one sees where one is, and one stays there when the page changes.

use std::time::Duration;

use grader::Browser;
use serde_json::{Value, json};

use crate::browser::{browser, evaluate, open, soon, until};
use crate::stage::{self, Stage, failed, passed};

/// What the tests ask of a page.
const HELPERS: &str = "
window.controls = () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, summary, iframe')]
    .filter(control => control.checkVisibility() && control.tabIndex >= 0);
window.named = control => `${control.tagName} ${control.id} ${control.getAttribute('href') ?? control.form?.getAttribute('action') ?? ''} ${control.textContent.trim().slice(0, 60)}`;
window.here = () => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const style = getComputedStyle(at);
    const box = at.getClientRects()[0];
    const hit = document.elementFromPoint(box.left + Math.min(box.width, 200) / 2, box.top + Math.min(box.height, 40) / 2);
    return {
        index: controls().indexOf(at),
        name: named(at),
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
        seen: !!hit && (at.contains(hit) || hit.contains(at)),
    };
};
true";

fn press(browser: &mut Browser, key: &str) {
    let (code, text) = match key {
        "Tab" => (9, ""),
        "Enter" => (13, "\r"),
        other => panic!("{other}"),
    };
    for kind in ["keyDown", "keyUp"] {
        let text = if kind == "keyDown" { text } else { "" };
        let event = json!({
            "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
        });
        let done = browser.call("Input.dispatchKeyEvent", event, soon());
        done.unwrap_or_else(|trouble| panic!("{key}: {}", trouble.words()));
    }
}

/// Where the keys go, once it has been scrolled to.
fn here(browser: &mut Browser) -> Value {
    let mut here = evaluate(browser, "here()");
    for _ in 0..40 {
        if here["seen"] != false {
            break;
        }
        std::thread::sleep(Duration::from_millis(25));
        here = evaluate(browser, "here()");
    }
    here
}

fn is_at(browser: &mut Browser, name: &str) -> bool {
    let here = here(browser);
    here["name"].as_str().is_some_and(|at| at.contains(name))
}

/// Presses Tab until this control is reached, and then Enter.
fn choose(browser: &mut Browser, name: &str) {
    for _ in 0..100 {
        press(browser, "Tab");
        if is_at(browser, name) {
            return press(browser, "Enter");
        }
    }
    panic!("{name} is not reached");
}

/// Goes through the whole page with Tab, and says what is wrong.
fn walk(browser: &mut Browser, page: &str, faults: &mut Vec<String>) {
    let from_the_top = "document.body.tabIndex = -1; document.body.focus(); \
                        document.body.removeAttribute('tabindex'); controls().map(named)";
    let all = evaluate(browser, from_the_top);
    let all = all.as_array().expect("a list");
    let mut reached = Vec::new();
    // Places that can be scrolled are no controls, and are come by, too.
    for _ in 0..2 * all.len() + 20 {
        press(browser, "Tab");
        let here = here(browser);
        let Some(index) = here["index"].as_i64() else {
            break;
        };
        if here["marked"] != true || here["seen"] != true {
            faults.push(format!("{page}: one does not see where one is: {here}"));
        }
        if index >= 0 && reached.contains(&index) {
            break;
        }
        reached.extend((index >= 0).then_some(index));
    }
    if !reached.iter().copied().eq(0..all.len() as i64) {
        faults.push(format!(
            "{page}: {reached:?} in the place of all of {all:#?}"
        ));
    }
}

#[test]
fn a_student_has_a_keyboard_and_nothing_else() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    stage.program("<a href=x>Hello</a>");
    stage.reference("Hallo");
    // What is scrolled to is there at once.
    let still = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    let done = browser.call("Emulation.setEmulatedMedia", still, soon());
    done.unwrap_or_else(|trouble| panic!("{}", trouble.words()));
    let mut faults = Vec::new();
    let mut judge = |browser: &mut Browser, name: &str, path: &str| {
        until(browser, &format!("location.href === '{}'", stage.url(path)));
        let is_there = "document.readyState === 'complete' && \
                        (document.body.dataset.live === 'yes' || !document.body.dataset.news)";
        until(browser, is_there);
        evaluate(browser, HELPERS);
        walk(browser, name, &mut faults);
    };
    // Where the system does not tell who asks, all paths are below a secret.
    let button = |path: &str| {
        let url = stage.url(path);
        let path = url.splitn(4, '/').last().unwrap_or_default();
        format!("BUTTON  /{path}")
    };
    let says = |browser: &mut Browser, id: &str, what: &str| {
        let script = format!("/{what}/.test(document.getElementById('{id}').textContent)");
        until(browser, &script);
    };
    stage.events(&[passed(1, "GET / answers 200"), failed(2, "bye", "x")]);
    stage.save("fn main() {}");
    open(&mut browser, &stage.url("/"));
    judge(&mut browser, "home", "/");
    choose(&mut browser, "The greeter");
    judge(&mut browser, "lesson", "/lessons/1_greeter/");
    says(&mut browser, "step-2-is", "1 check fails");
    judge(&mut browser, "failing", "/lessons/1_greeter/");
    // Where one is, one stays, although what one is at is made anew.
    let runs = stage.runs();
    choose(&mut browser, "Check again");
    stage::until("it is checked again", || stage.runs() > runs);
    says(&mut browser, "rail", "Checked in");
    assert!(is_at(&mut browser, "Check again"));
    stage.events(&[passed(1, "GET / answers 200"), passed(2, "bye")]);
    stage.save("fn main() { }");
    says(&mut browser, "rest", "This lesson is done");
    choose(&mut browser, "Compare with the reference");
    judge(&mut browser, "compared", "/solutions/1_greeter.rs/");
    choose(&mut browser, "Lesson 1");
    judge(&mut browser, "done", "/lessons/1_greeter/");
    choose(&mut browser, "Run it");
    judge(&mut browser, "stopped", "/lessons/1_greeter/run/");
    choose(&mut browser, &button("/lessons/1_greeter/start"));
    says(&mut browser, "wire", "Hello");
    // Who has pressed one button goes on from the one in its place.
    assert!(is_at(&mut browser, "Stop"));
    choose(&mut browser, "Send bytes by hand");
    judge(&mut browser, "running", "/lessons/1_greeter/run/");
    choose(&mut browser, "/lessons/1_greeter/compare");
    says(&mut browser, "wire", "The reference answers");
    choose(&mut browser, &button("/lessons/1_greeter/stop"));
    says(&mut browser, "run-is", "It does not run");
    assert!(is_at(&mut browser, "Start"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
