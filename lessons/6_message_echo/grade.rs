//! The checks of lesson 6, message_echo: how long the body is, the body itself, and
//! the message in it.

use std::process::ExitCode;

use grader::{Answer, Failure, Run, Verdict};

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "POST /length says how many bytes will come", 2, length)
        .check(1, "a body whose length nobody says gets 411", 1, no_length)
        .check(2, "POST /body gives the body back", 1, body)
        .check(2, "a body of any bytes comes back", 1, any_bytes)
        .check(2, "a long body comes back whole", 2, long_body)
        .check(3, "POST / answers the message", 2, message)
        .check(3, "the message comes back as it was typed", 2, decoded)
        .check(3, "the message may stand anywhere in the form", 1, anywhere)
        .check(3, "bytes that are not UTF-8 do no harm", 1, not_utf8)
        .check(4, "a form without a message gets 400", 2, no_message)
        .check(4, "an empty message is a message", 1, empty_message)
        .grade()
}

/// Sends bytes that are no form.
fn post(run: &mut Run, path: &str, body: impl AsRef<[u8]>) -> Result<Answer, Failure> {
    let ask = run.request("POST", path);
    let answer = ask.header("Content-Type", "text/plain").body(body).send()?;
    answer.expect_status(200)?;
    Ok(answer)
}

fn length(run: &mut Run) -> Verdict {
    // More bytes than characters.
    let text = run.seed().line().repeat(run.seed().number(2..9) as usize);
    post(run, "/length", &text)?.expect_body(format!("{} bytes\n", text.len()))?;
    post(run, "/length", "")?.expect_body("0 bytes\n")
}

fn no_length(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    // The body comes in chunks, each with its own length: there is no Content-Length.
    let ask = run.request("POST", "/length");
    let ask = ask.header("Transfer-Encoding", "chunked").body(word);
    ask.send()?.expect_status(411)
}

fn body(run: &mut Run) -> Verdict {
    let text = format!("{}\r\n\r\n{}\n", run.seed().line(), run.seed().line());
    post(run, "/body", &text)?.expect_body(&text)
}

fn any_bytes(run: &mut Run) -> Verdict {
    let mut bytes = run.seed().word().into_bytes();
    bytes.extend(0..=255);
    post(run, "/body", &bytes)?.expect_body(&bytes)
}

fn long_body(run: &mut Run) -> Verdict {
    // More than the program gets in one read.
    let count = run.seed().number(250_000..300_000);
    let text: String = (0..count / 6).map(|line| format!("{line:5}\n")).collect();
    post(run, "/body", &text)?.expect_body(&text)
}

fn message(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let answer = run
        .request("POST", "/")
        .form(&[("message", &word)])
        .send()?;
    answer.expect_status(200)?;
    answer.expect_body(format!("{word}\n"))
}

fn decoded(run: &mut Run) -> Verdict {
    let text = format!("{} & {}: 1 + 1 = 2", run.seed().line(), run.seed().word());
    let answer = run
        .request("POST", "/")
        .form(&[("message", &text)])
        .send()?;
    answer.expect_status(200)?;
    answer.expect_body(format!("{text}\n"))
}

fn anywhere(run: &mut Run) -> Verdict {
    let (word, other) = (run.seed().word(), run.seed().path());
    let fields = [("from", &*other), ("message", &word), ("to", "x")];
    let answer = run.request("POST", "/").form(&fields).send()?;
    answer.expect_status(200)?;
    answer.expect_body(format!("{word}\n"))
}

fn not_utf8(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let fields = [b"message=".as_slice(), word.as_bytes(), b"\xff"].concat();
    let ask = run.request("POST", "/");
    let ask = ask.header("Content-Type", "application/x-www-form-urlencoded");
    let answer = ask.body(fields).send()?;
    answer.expect_status(200)?;
    answer.expect_body(format!("{word}\u{fffd}\n"))
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

fn empty_message(run: &mut Run) -> Verdict {
    let ask = run.request("POST", "/").form(&[("message", "")]);
    let answer = ask.send()?;
    answer.expect_status(200)?;
    answer.expect_body("\n")
}
