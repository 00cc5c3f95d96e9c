//! Checks in a real browser, where there is one: of a small message board, right and
//! wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::OnceLock;

use grader::{Lesson, Model, Run, Verdict};
use libtest_mimic::{Completion, Trial};

use crate::stage::Stage;
use crate::student::{read_head, start_line, whole};
use crate::test;

/// Plays a message board. Its form has one field.
pub fn play(part: &str) -> ExitCode {
    crate::student::watched();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    start_line(listener.local_addr().expect("its address").port());
    let mut messages: Vec<String> = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let head = read_head(&mut stream);
        if head.starts_with("GET /favicon.ico ") {
            let _ = stream.write_all(whole("404 Not Found", "", "").as_bytes());
            continue;
        }
        let is_post = head.starts_with("POST ");
        if is_post {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then_some(value)
            });
            let length: usize = length.expect("a length").parse().expect("a number");
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            let body = String::from_utf8(body).expect("text");
            let message = body.strip_prefix("message=").expect("the field");
            messages.push(decoded(message));
        }
        let html = "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
        let answer = if is_post && part != "answers the post" {
            whole("303 See Other", "Location: /\r\nConnection: close\r\n", "")
        } else if head.starts_with("GET /kept ") {
            let headers = format!("{html}Cache-Control: max-age=60\r\n");
            whole("200 OK", &headers, "<p>Kept <a href=/kept>again</a></p>")
        } else {
            let items = messages.iter().map(|message| match part {
                "does not escape" => format!("<li>{message}</li>"),
                _ => format!("<li>{}</li>", message.replace('<', "&lt;")),
            });
            let page = format!(
                "<!DOCTYPE html><title>Board</title><form method=POST action=/>\
                 <input name=message required><button>Send</button></form><ul>{}</ul>",
                items.collect::<String>()
            );
            whole("200 OK", html, &page)
        };
        let _ = stream.write_all(answer.as_bytes());
    }
    ExitCode::SUCCESS
}

/// A value of a form as it was meant.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().expect("a digit")).to_digit(16);
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (digit().expect("hex"), digit().expect("hex"));
                u8::try_from(high * 16 + low).expect("a byte")
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).expect("text")
}

/// The checks of a message board.
pub fn checks<M: Model>(lesson: Lesson<M>) -> Lesson<M> {
    lesson
        .check(1, 1, "a message is shown", shown)
        .check(2, 2, "a script does not run", no_script)
        .check(2, 1, "a reload does not post again", reload)
        .check(3, 1, "the second load moves nothing", kept)
        .check(3, 1, "a field that is not there", |run| {
            let mut page = run.browser()?;
            page.open("/")?;
            page.fill("#no-such-field", "text")
        })
        .check(3, 1, "a form that is not sent", |run| {
            let mut page = run.browser()?;
            page.open("/")?;
            page.follow("button")
        })
        .check(3, 1, "nobody is there", |run| {
            // Port 9 of the loopback address is for discarding, and nobody has it.
            run.browser()?.open("http://127.0.0.1:9/")
        })
}

fn post(run: &mut Run<'_>, text: &str) -> Result<grader::Page, grader::Failure> {
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("input[name=message]", text)?;
    page.follow("button")?;
    Ok(page)
}

fn shown(run: &mut Run<'_>) -> Verdict {
    let line = run.seed().line();
    let mut page = post(run, &line)?;
    page.expect_text(&line)?;
    page.expect_path("/")?;
    let exchanges = page.exchanges()?;
    let short: Vec<(&str, Option<u16>)> = exchanges
        .iter()
        .map(|exchange| (&*exchange.method, exchange.status))
        .collect();
    let expected = [("GET", Some(200)), ("POST", Some(303)), ("GET", Some(200))];
    if short != expected {
        return Err(page.wrong(format!("a GET, a POST and a GET, not {exchanges:?}")));
    }
    Ok(())
}

fn no_script(run: &mut Run<'_>) -> Verdict {
    let script = "<img src=x onerror=\"alert('boo')\">";
    let mut page = post(run, script)?;
    if !page.dialogs().is_empty() {
        return Err(page.wrong("the script in the message does not run"));
    }
    page.expect_text(script)
}

fn reload(run: &mut Run<'_>) -> Verdict {
    let mut page = post(run, "once")?;
    page.reload()?;
    if page.count("li")? != 1 {
        return Err(page.wrong("one message"));
    }
    Ok(())
}

fn kept(run: &mut Run<'_>) -> Verdict {
    let mut page = run.browser()?;
    page.open("/kept")?;
    page.follow("a")?;
    page.click("p")?;
    let exchanges = page.exchanges()?;
    let statuses: Vec<_> = exchanges.iter().map(|exchange| exchange.status).collect();
    if statuses != [Some(200), None] {
        return Err(page.wrong(format!("the second from the cache, not {exchanges:?}")));
    }
    Ok(())
}

fn board(part: &str) -> Stage {
    Stage::of(&format!("board: {part}")).set("BROWSER", "1")
}

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![test("without a browser a check is ignored", || {
        let mut stage = board("is right");
        stage.command.env("GRADE_BROWSER", "/no/such/file");
        let result = stage.run();
        assert!(result.success, "{}", result.stdout);
        let why = "GRADE_BROWSER: there is no file /no/such/file";
        assert!(
            result.stdout.contains(&format!("ignored ({why})")),
            "{}",
            result.stdout
        );
        for name in result.names() {
            let (outcome, _, message) = result.check(name);
            assert_eq!((&*outcome, &*message), ("ignored", why));
        }
    })];
    trials.extend([
        test("a browser can be skipped by step", skipped),
        test("nothing is skipped of a student's program", never_skipped),
        in_browser("a board that is right", || {
            let result = board("is right").run();
            for name in &result.names()[..4] {
                let (outcome, _, message) = result.check(name);
                assert_eq!(outcome, "passed", "{message}");
            }
            let failed = |name: &str, words: &str| {
                let (outcome, diagnosis, message) = result.check(name);
                assert_eq!((&*outcome, &*diagnosis), ("failed", ""));
                assert!(message.contains(words), "\"{words}\" is not in:\n{message}");
            };
            failed(
                "a field that is not there",
                "an element #no-such-field on the page",
            );
            failed("a form that is not sent", "the page that follows");
            failed("nobody is there", "net::ERR_");
        }),
        in_browser("a board that does not escape", || {
            let result = { board("does not escape") }.only("step 2: a script does not run");
            let (outcome, _, message) = { result }.run().check("a script does not run");
            assert_eq!(outcome, "failed");
            assert!(message.contains("and a dialog: \"boo\""), "{message}");
            assert!(message.contains("did           open http://"), "{message}");
        }),
        in_browser("a board that answers the post", || {
            let stage = board("answers the post").only("step 2: a reload does not post again");
            let (outcome, _, message) = { stage }.run().check("a reload does not post again");
            assert_eq!(outcome, "failed");
            assert!(message.contains("one message"), "{message}");
        }),
        in_browser("nothing is left of a browser", || {
            let mut stage = board("is right").only("step 1: a message is shown");
            let temporary = stage.folder.join("temporary");
            std::fs::create_dir(&temporary).expect("a folder");
            stage.command.env("TMPDIR", &temporary);
            let result = stage.run();
            assert!(result.success, "{}", result.stdout);
            let left = std::fs::read_dir(&temporary).expect("a folder").count();
            assert_eq!(left, 0, "files are left");
        }),
    ]);
    trials
}

fn skipped() {
    let result = board("is right").set("GRADE_BROWSER_STEPS", "2, 7").run();
    for (name, step) in [("a message is shown", 1), ("nobody is there", 3)] {
        let why = format!("skipped: GRADE_BROWSER_STEPS asks for no browser in step {step}");
        let (outcome, _, message) = result.check(name);
        assert_eq!((&*outcome, &*message), ("skipped", &*why));
        let told = format!("ignored ({why})");
        assert!(result.stdout.contains(&told), "{}", result.stdout);
    }
    // What this computer can do is done; what needs no browser is never skipped.
    let (outcome, _, message) = result.check("a reload does not post again");
    assert_ne!(outcome, "skipped", "{message}");
    let stage = Stage::of("finds everything").set("GRADE_BROWSER_STEPS", "1");
    let (outcome, ..) = { stage }.run().check("another path answers 404");
    assert_eq!(outcome, "failed");
}

fn never_skipped() {
    let mut stage = Stage::empty().set("GRADE_BROWSER_STEPS", "2");
    let output = stage.command.output().expect("the lesson runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said,
        "GRADE_BROWSER_STEPS goes with GRADE_PROGRAM only: a student's program gets every check\n"
    );
    let mut stage = board("is right").set("GRADE_BROWSER_STEPS", "two");
    let output = stage.command.output().expect("the lesson runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("GRADE_BROWSER_STEPS=two: "), "{said}");
}

/// A test that is ignored where there is no browser.
fn in_browser(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    Trial::ignorable_test(name, move || {
        let missing = MISSING.get_or_init(|| {
            let mut stage = board("is right").only("step 1: a message is shown");
            let (outcome, _, message) = stage.run().check("a message is shown");
            (outcome == "ignored").then_some(message)
        });
        if let Some(why) = missing {
            return Ok(Completion::ignored_with(why));
        }
        run();
        Ok(Completion::Completed)
    })
}
