//! The checks of lesson 1, path_router: the right page for each path.

use std::process::ExitCode;

use grader::{Run, Verdict};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "GET / answers 200", 1, homepage_status)
        .check(1, "GET / answers the text Homepage", 2, homepage)
        .check(1, "a query string changes nothing", 1, homepage_with_query)
        .check(2, "a path nobody knows answers 404", 2, unknown_status)
        .check(2, "its text is Page not found", 1, unknown_text)
        .check(
            2,
            "a path that only begins like a known one is unknown, too",
            1,
            longer_path,
        )
        .check(3, "GET /about answers 200", 1, about_status)
        .check(3, "GET /about answers the heading", 1, about)
        .check(3, "GET /about says that it is HTML", 1, about_type)
        .grade()
}

fn homepage_status(run: &mut Run) -> Verdict {
    run.get("/")?.expect_status(200)
}

fn homepage(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_body("Homepage\n")?;
    answer.expect_header("Content-Type", TEXT)
}

fn homepage_with_query(run: &mut Run) -> Verdict {
    let path = format!("/?{}={}", run.seed().word(), run.seed().number(1..100));
    let answer = run.get(&path)?;
    answer.expect_status(200)?;
    answer.expect_body("Homepage\n")
}

fn unknown_status(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    run.get(&path)?.expect_status(404)
}

fn unknown_text(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&path)?;
    answer.expect_status(404)?;
    answer.expect_body("Page not found\n")?;
    answer.expect_header("Content-Type", TEXT)
}

fn longer_path(run: &mut Run) -> Verdict {
    let path = format!("/about{}", run.seed().path());
    run.get(&path)?.expect_status(404)
}

fn about_status(run: &mut Run) -> Verdict {
    let path = format!("/about?{}", run.seed().word());
    run.get("/about")?.expect_status(200)?;
    run.get(&path)?.expect_status(200)
}

fn about(run: &mut Run) -> Verdict {
    let answer = run.get("/about")?;
    answer.expect_status(200)?;
    answer.expect_body_contains("<h1>Hello from Rust!</h1>")
}

fn about_type(run: &mut Run) -> Verdict {
    let answer = run.get("/about")?;
    // An error page is HTML as well.
    answer.expect_status(200)?;
    answer.expect_header("Content-Type", HTML)
}
