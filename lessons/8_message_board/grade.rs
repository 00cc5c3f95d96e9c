//! The checks of lesson 8, message_board: Post-Redirect-Get, all messages on one page,
//! and messages that are refused.

use std::process::ExitCode;

use grader::{Answer, Failure, Run, Verdict};

const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "a POST with a message answers 303", 2, see_other)
        .check(1, "it sends the browser to /", 1, location)
        .check(1, "in a browser, reload does not post again", 0, reload)
        .check(2, "GET / answers the form while nothing is posted", 1, form)
        .check(2, "GET / shows every message that was posted", 2, messages)
        .check(2, "a tag in a message comes back as text", 2, tag)
        .check(2, "the tags around a message are still tags", 1, own_tags)
        .check(
            2,
            "in a browser, a script in a message does not run",
            0,
            script,
        )
        .check(3, "an empty message gets 400", 1, empty)
        .check(3, "a message of white space is empty, too", 1, white_space)
        .check(4, "a message of 201 characters gets 413", 1, too_long)
        .check(4, "a message that is too long is not kept", 1, not_kept)
        .check(4, "a message of 200 characters is taken", 1, long)
        .check(4, "a line end counts as one character", 1, line_ends)
        .grade()
}

/// Submits the form as a browser does. Whatever comes back is an answer.
fn post(run: &mut Run, message: &str) -> Result<Answer, Failure> {
    run.request("POST", "/")
        .form(&[("message", message)])
        .send()
}

fn see_other(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    post(run, &line)?.expect_status(303)
}

fn location(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    let answer = post(run, &line)?;
    answer.expect_status(303)?;
    answer.expect_header("Location", "/")
}

fn reload(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    // The form of step 2 may not be there yet, so the page gets one.
    let mut page = run.browser()?;
    page.open("/form-for-step-1")?;
    page.evaluate(&format!(
        "document.body.innerHTML = '<form action=\"/\" method=\"post\">\
         <input name=\"message\" value=\"{word}\"><button>Post it</button></form>'"
    ))?;
    page.follow("button")?;
    page.reload()?;
    let exchanges = page.exchanges()?;
    let posts = exchanges.iter().filter(|sent| sent.method == "POST");
    if posts.count() != 1 {
        return Err(page.wrong("one POST: reload asks for the page again with GET"));
    }
    page.expect_path("/")
}

fn form(run: &mut Run) -> Verdict {
    let answer = run.get("/")?;
    answer.expect_status(200)?;
    answer.expect_header("Content-Type", HTML)?;
    answer.expect_body_contains("method=\"post\"")?;
    answer.expect_body_contains("name=\"message\"")
}

/// The board, after these messages were posted.
fn board_with(run: &mut Run, messages: &[&str]) -> Result<Answer, Failure> {
    for message in messages {
        post(run, message)?;
    }
    let board = run.get("/")?;
    board.expect_status(200)?;
    Ok(board)
}

fn messages(run: &mut Run) -> Verdict {
    let lines = [run.seed().line(), run.seed().line(), run.seed().line()];
    let board = board_with(run, &[&lines[0], &lines[1], &lines[2]])?;
    // Who reads the board takes nothing off it.
    let again = run.get("/")?;
    for line in lines {
        board.expect_body_contains(&line)?;
        again.expect_body_contains(&line)?;
    }
    Ok(())
}

fn tag(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let text = format!("<script>alert({number})</script>");
    let board = board_with(run, &[&text, &format!("{word} &lt; b")])?;
    board.expect_body_lacks(&text)?;
    board.expect_body_contains(&format!("&lt;script&gt;alert({number})&lt;/script&gt;"))?;
    board.expect_body_contains(&format!("{word} &amp;lt; b"))
}

fn own_tags(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().line(), run.seed().line());
    let board = board_with(run, &[&one, &other])?;
    board.expect_body_contains(&one)?;
    board.expect_body_lacks("&lt;")
}

fn script(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let texts = [
        format!("<script>alert({number})</script>"),
        format!("<img src=x onerror=alert({number})> {word}"),
    ];
    let mut page = run.browser()?;
    page.open("/")?;
    for text in &texts {
        page.fill("[name=message]", text)?;
        page.follow("button")?;
        page.open("/")?;
        if !page.dialogs().is_empty() {
            return Err(page.wrong("no script of a message runs"));
        }
        page.expect_text(text)?;
    }
    Ok(())
}

fn empty(run: &mut Run) -> Verdict {
    post(run, "")?.expect_status(400)
}

fn white_space(run: &mut Run) -> Verdict {
    post(run, " \r\n\t ")?.expect_status(400)
}

/// A message of this many characters, each of them two or more bytes.
fn message_of(run: &mut Run, length: usize) -> String {
    let line = run.seed().line();
    let filler = "é".repeat(length);
    format!("{line} {filler}").chars().take(length).collect()
}

fn too_long(run: &mut Run) -> Verdict {
    let text = message_of(run, 201);
    let answer = post(run, &text)?;
    answer.expect_status(413)?;
    answer.expect_body_contains("200")
}

fn not_kept(run: &mut Run) -> Verdict {
    let text = message_of(run, 201);
    post(run, &text)?.expect_status(413)?;
    // Nor is its beginning.
    let beginning: String = text.chars().take(100).collect();
    board_with(run, &["cat"])?.expect_body_lacks(&beginning)
}

/// Expects that a message was not refused. How it is answered is for step 1.
fn taken(answer: &Answer) -> Verdict {
    match answer.status() {
        400.. => answer.expect_status(303),
        _ => Ok(()),
    }
}

fn long(run: &mut Run) -> Verdict {
    let text = message_of(run, 200);
    taken(&post(run, &text)?)
}

fn line_ends(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    // 200 characters in 100 lines, as a browser sends them.
    let text = "é\r\n".repeat(100).replacen('é', &word[..1], 1);
    taken(&post(run, &text)?)
}
