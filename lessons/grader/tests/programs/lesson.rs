//! A lesson that grades the programs of `student`, in its own process.

use std::process::ExitCode;
use std::time::Duration;

use grader::{Lesson, Limits, Run, Verdict};

/// Grades, as the main of a grade.rs does.
pub fn grade(folder: &str) -> ExitCode {
    let milliseconds = |name: &str| {
        let value = std::env::var(name).ok()?.parse().ok()?;
        Some(Duration::from_millis(value))
    };
    let usual = Limits::default();
    let lesson = Lesson::new(folder, "path_router").limits(Limits {
        start: milliseconds("START_LIMIT").unwrap_or(usual.start),
        check: milliseconds("CHECK_LIMIT").unwrap_or(usual.check),
        build: milliseconds("BUILD_LIMIT").unwrap_or(usual.build),
        ..usual
    });
    if std::env::var_os("CLIENT").is_some() {
        return crate::client::checks(lesson).grade();
    }
    if std::env::var_os("BROWSER").is_some() {
        return crate::browser::checks(lesson).grade();
    }
    if std::env::var_os("SECOND_PROGRAM").is_some() {
        return second_program(lesson).grade();
    }
    if std::env::var_os("SHOWN").is_some() {
        let shown = |run: &mut Run| Err(run.get("/")?.wrong("another answer"));
        return lesson.check(1, "the answer is shown", 1, shown).grade();
    }
    if std::env::var_os("SLOW_CHECK").is_some() {
        let folder = std::path::PathBuf::from(folder);
        return lesson
            .check(1, "a check that waits", 1, move |run| {
                homepage(run)?;
                let root = folder.ancestors().nth(2).expect("a root");
                std::fs::write(root.join("begun"), "").expect("a file");
                while !root.join("go on").exists() {
                    std::thread::sleep(Duration::from_millis(10));
                }
                // The same program, from the same bytes.
                run.program()
                    .env("PORT", "0")
                    .serve()?
                    .get("/x")?
                    .expect_status(404)
            })
            .grade();
    }
    let lesson = lesson
        .check(1, "GET / answers the homepage", 1, homepage)
        .check(2, "another path answers 404", 2, unknown_path);
    if std::env::var_os("MORE_CHECKS").is_none() {
        return lesson.grade();
    }
    lesson
        .check(1, "a query string changes nothing", 1, |run| {
            run.get("/?a=b")?.expect_status(200)
        })
        .check(3, "POST / answers 200", 1, post)
        .check(3, "HEAD / answers 200", 1, head)
        .check(3, "GET / is no redirect", 1, old)
        .check(3, "POST / answers 303", 1, post_redirects)
        .check(3, "a message is kept", 1, kept)
        .check(3, "POST / answers bytes", 1, bytes_come_back)
        .check(3, "GET /form shows a text", 1, form)
        .check(3, "the wire", 1, wire)
        .check(3, "the wire is closed", 1, wire_closed)
        .check(3, "the seed", 1, seed)
        .check(3, "the names are sorted", 1, sorted)
        .check(3, "the names are still sorted", 1, sorted)
        .check(3, "a broken check", 1, |run| {
            run.get("/")?;
            panic!("the check has a bug")
        })
        .grade()
}

fn homepage(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_header("Content-Type", "text/plain; charset=utf-8")?;
    answer.expect_body("Homepage\n")
}

fn unknown_path(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&path)?;
    answer.expect_status(404)?;
    answer.expect_body("Page not found\n")
}

fn post(run: &mut Run) -> Verdict {
    let ask = run.request("POST", "/").header("X-Cat", "it's a cat");
    ask.body("ねこ").send()?.expect_status(200)
}

fn head(run: &mut Run) -> Verdict {
    run.request("HEAD", "/").send()?.expect_status(200)
}

fn old(run: &mut Run) -> Verdict {
    let answer = run.get("/old")?;
    answer.expect_status(200)?;
    answer.expect_no_header("X-Powered-By")?;
    answer.expect_header("Cache-Control", "no-store")?;
    answer.expect_body_contains("Homepage")
}

fn post_redirects(run: &mut Run) -> Verdict {
    let ask = run.request("POST", "/").form(&[("message", "Tom & Jerry")]);
    let answer = ask.send()?;
    answer.expect_status(303)?;
    answer.expect_body_contains("Tom &amp; Jerry")
}

fn kept(run: &mut Run) -> Verdict {
    run.get("/")?;
    let fields = [("message", "Tom & Jerry")];
    run.request("POST", "/").form(&fields).send()?;
    let page = run.get("/")?;
    run.request("DELETE", "/").send()?;
    page.expect_body_contains("Tom & Jerry")
}

fn bytes_come_back(run: &mut Run) -> Verdict {
    let answer = run.request("POST", "/").body(b"cat \xff \0").send()?;
    answer.expect_body(b"cat \xff \0")
}

fn form(run: &mut Run) -> Verdict {
    let answer = run.get("/form")?;
    answer.expect_status(200)?;
    answer.expect_body_lacks("<script>")?;
    answer.expect_body_lacks("secret")?;
    answer.expect_body_contains("<p>")?;
    answer.expect_body_contains("method=\"post\"")?;
    answer.expect_body_contains("Tom &amp; the &lt;b&gt;")
}

/// Knows the likely cause itself.
fn sorted(run: &mut Run) -> Verdict {
    let sorted = run.get("/")?.expect_body_contains("ant, bee, cat");
    sorted.map_err(|failure| failure.because("unsorted", "Sort the names before you list them."))
}

/// Two requests in one write, two answers.
fn wire(run: &mut Run) -> Verdict {
    let mut wire = run.connect()?;
    wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let head = wire.read_head()?;
    if !head.starts_with(b"HTTP/1.1 200 ") {
        return Err(wire.wrong("status 200"));
    }
    let body = wire.read_exact(9)?;
    if body != b"Homepage\n" {
        return Err(wire.wrong("the body \"Homepage\\n\""));
    }
    Ok(())
}

fn wire_closed(run: &mut Run) -> Verdict {
    let mut wire = run.connect()?;
    wire.send(b"\x16\x03 100% 'nonsense'\r\n\r\n")?;
    let rest = wire.read_to_end()?;
    if !rest.ends_with(b"Homepage\n") {
        return Err(wire.wrong("the homepage"));
    }
    Ok(())
}

/// Fails, and tells the values in its report.
fn seed(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let word = run.seed().word();
    Err(run.get(&path)?.wrong(format!("another word than {word}")))
}

/// Checks with a second program of the lesson's package.
fn second_program(lesson: Lesson) -> Lesson {
    lesson
        .check(1, "the second program answers", 1, |run| {
            let people = run.binary("people").serve()?;
            people.get("/ada")?.expect_body("Ada")?;
            people.connect()?.send("GET / HTTP/1.1\r\n\r\n")?;
            assert!(people.url().ends_with(&format!("t:{}", people.port())));
            run.get("/ada")?.expect_status(404)?;
            let again = run.program().env("PORT", "0").serve()?;
            again.get("/")?.expect_body("Homepage\n")?;
            people.stop();
            // Nobody listens any more, so another one may have the port.
            run.get("/")?.expect_status(200)
        })
        .check(1, "the second program is named", 1, |run| {
            let call = run.binary("people").arg("-v").env("KIND", "cat");
            let people = call.serve()?;
            people.request("GET", "/bob").send()?.expect_status(404)
        })
        .check(1, "the variable is named", 1, |run| {
            run.env("COLOR", "light blue");
            run.get("/")?.expect_status(404)
        })
        .check(1, "a program that is not there", 1, |run| {
            run.binary("nobody").serve().map(drop)
        })
}
