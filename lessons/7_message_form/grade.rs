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
        .check(1, "in a browser, the button posts the form", 0, button)
        .check(2, "POST / answers a page with the message", 2, message)
        .check(2, "the message comes back as it was typed", 1, decoded)
        .check(2, "a tag in a message comes back as text", 2, tag)
        .check(2, "the tags of the page are still tags", 1, own_tags)
        .check(
            2,
            "in a browser, a script in a message does not run",
            0,
            script,
        )
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

fn button(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=message]", &line)?;
    page.follow("button")?;
    // Whatever the answer is: the message is not in the address.
    page.expect_path("/")?;
    let exchanges = page.exchanges()?;
    if !exchanges.iter().any(|sent| sent.method == "POST") {
        return Err(page.wrong("a POST of the form"));
    }
    Ok(())
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

fn script(run: &mut Run) -> Verdict {
    let number = run.seed().number(10..100);
    let texts = [
        format!("<script>alert({number})</script>"),
        format!("<img src=x onerror=alert({number})>"),
    ];
    let mut page = run.browser()?;
    for text in &texts {
        // A form of the check's own, in the page of an error: this is not about step 1.
        page.open("/form-for-step-2")?;
        page.evaluate(
            "document.body.innerHTML = '<form action=\"/\" method=\"post\">\
             <input name=\"message\"><button>Post it</button></form>'",
        )?;
        page.fill("[name=message]", text)?;
        page.follow("button")?;
        if !page.dialogs().is_empty() {
            return Err(page.wrong("no script of a message runs"));
        }
        page.expect_text(text)?;
    }
    Ok(())
}

fn no_message(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    for fields in [&[("massage", &*word)][..], &[]] {
        let ask = run.request("POST", "/").form(fields);
        let answer = ask.send()?;
        answer.expect_status(400)?;
        // What is missing is the field of this name.
        answer.expect_body_contains("message")?;
    }
    Ok(())
}
