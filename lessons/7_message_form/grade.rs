//! The checks of lesson 7, message_form: a page with a form, and a page with what was
//! typed into it.

use std::process::ExitCode;

use grader::{Answer, Failure, Run, Verdict};

const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "GET / answers a form that is sent by POST", 2, form)
        .check(1, "the form has a field message", 1, field)
        .check(1, "the form is sent as HTML", 1, form_type)
        .check(1, "a path nobody knows answers 404", 1, unknown_path)
        .check(2, "POST / answers a page with the message", 2, message)
        .check(2, "the message comes back as it was typed", 1, decoded)
        .check(2, "a tag in a message comes back as text", 2, tag)
        .check(2, "the tags of the page are still tags", 1, own_tags)
        .check(3, "a form without a message gets 400", 1, no_message)
        .grade()
}

fn form(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_body_contains("method=\"post\"")
}

fn field(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_body_contains("name=\"message\"")
}

fn form_type(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_header("Content-Type", HTML)
}

fn unknown_path(run: &mut Run) -> Verdict {
    // Else the form could be the answer to everything.
    run.get("/")?.expect_status(200)?;
    let path = run.seed().path();
    run.get(&path)?.expect_status(404)
}

/// Submits the form as a browser does.
fn post(run: &mut Run, message: &str) -> Result<Answer, Failure> {
    let ask = run.request("POST", "/").form(&[("message", message)]);
    let answer = ask.send()?;
    answer.expect_status(200)?;
    Ok(answer)
}

fn message(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let answer = post(run, &word)?;
    answer.expect_body_contains(&word)?;
    answer.expect_header("Content-Type", HTML)
}

fn decoded(run: &mut Run) -> Verdict {
    let text = format!("{} + {}", run.seed().line(), run.seed().word());
    post(run, &text)?.expect_body_contains(&text)
}

fn tag(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let text = format!("<script>alert({number})</script>");
    let answer = post(run, &text)?;
    answer.expect_body_lacks(&text)?;
    answer.expect_body_contains(&format!("&lt;script&gt;alert({number})&lt;/script&gt;"))?;
    post(run, &format!("{word} &lt; b"))?.expect_body_contains(&format!("{word} &amp;lt; b"))
}

fn own_tags(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    post(run, &word)?.expect_body_contains("<h1>")
}

fn no_message(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    for fields in [&[("massage", &*word)][..], &[]] {
        let ask = run.request("POST", "/").form(fields);
        ask.send()?.expect_status(400)?;
    }
    Ok(())
}
