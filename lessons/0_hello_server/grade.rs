//! The checks of lesson 0, hello_server: that the complete server still says hello.

use std::process::ExitCode;

use grader::{Run, Verdict};

fn main() -> ExitCode {
    grader::lesson!()
        .check(0, "GET / answers 200", 1, status)
        .check(0, "GET / says Hello, HTTP!", 1, body)
        .check(0, "the answer is plain text in UTF-8", 1, content_type)
        .check(0, "any other path gets the same answer", 1, any_path)
        .check(0, "HEAD gets the headers without the body", 1, head)
        .check(0, "POST answers 501", 1, post)
        .grade()
}

fn status(run: &mut Run) -> Verdict {
    run.get("/")?.expect_status(200)
}

fn body(run: &mut Run) -> Verdict {
    run.get("/")?.expect_body("Hello, HTTP!\n")
}

fn content_type(run: &mut Run) -> Verdict {
    run.get("/")?
        .expect_header("Content-Type", "text/plain; charset=utf-8")
}

fn any_path(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&path)?;
    answer.expect_status(200)?;
    answer.expect_body("Hello, HTTP!\n")
}

fn head(run: &mut Run) -> Verdict {
    let answer = run.request("HEAD", "/").send()?;
    answer.expect_status(200)?;
    answer.expect_header("Content-Length", "13")?;
    answer.expect_body("")
}

/// The handler has no `do_post`, and the library says so for it.
fn post(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    run.request("POST", "/")
        .body(line)
        .send()?
        .expect_status(501)
}
