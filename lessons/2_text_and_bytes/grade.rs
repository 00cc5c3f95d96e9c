//! The checks of lesson 2, text_and_bytes: lengths in bytes, counts in characters,
//! and bytes that are no text.

use std::process::ExitCode;

use grader::{Answer, Failure, Run, Verdict};

const TEXT: &str = "text/plain; charset=utf-8";

const CATS: [(&str, &str); 7] = [
    ("ar", "قط"),
    ("es", "gato"),
    ("fa", "گربه"),
    ("hi", "बिल्ली"),
    ("ja", "ねこ"),
    ("uk", "кіт"),
    ("zh", "猫"),
];

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "all seven words are answered with 200", 1, words_status)
        .check(1, "each word comes in UTF-8, with a line end", 1, words)
        .check(1, "each answer says its type and charset", 1, words_type)
        .check(1, "the program sends a Content-Length", 1, own_length)
        .check(1, "Content-Length counts bytes", 1, words_length)
        .check(1, "another path is answered with 404", 1, unknown)
        .check(2, "the bytes of a text come back as numbers", 2, bytes)
        .check(2, "a small byte has two digits", 1, small_bytes)
        .check(2, "the body may be any bytes", 1, any_bytes)
        .check(3, "characters and bytes are counted", 2, count)
        .check(3, "in English they are as many", 1, count_ascii)
        .check(3, "a cat in pictures is counted", 1, count_emoji)
        .check(3, "spaces and line ends count, too", 1, count_spaces)
        .check(3, "an empty body has none", 1, count_nothing)
        .check(
            4,
            "a body that is not UTF-8 is answered with 400",
            2,
            broken,
        )
        .check(
            4,
            "the answer says how many bytes are good",
            1,
            broken_place,
        )
        .check(4, "a text that is cut in a character is refused", 1, cut)
        .grade()
}

fn words_status(run: &mut Run) -> Verdict {
    for (language, _) in CATS {
        run.get(&format!("/cat/{language}"))?.expect_status(200)?;
    }
    Ok(())
}

fn words(run: &mut Run) -> Verdict {
    for (language, word) in CATS {
        let answer = run.get(&format!("/cat/{language}"))?;
        answer.expect_status(200)?;
        answer.expect_body(format!("{word}\n"))?;
    }
    Ok(())
}

fn words_type(run: &mut Run) -> Verdict {
    for (language, _) in CATS {
        let answer = run.get(&format!("/cat/{language}"))?;
        answer.expect_status(200)?;
        answer.expect_header("Content-Type", TEXT)?;
    }
    Ok(())
}

/// The library would count as well.
fn own_length(run: &mut Run) -> Verdict {
    let answer = run.get("/cat/ja")?;
    answer.expect_status(200)?;
    answer.expect_own_header("Content-Length")
}

fn words_length(run: &mut Run) -> Verdict {
    for (language, word) in CATS {
        let answer = run.get(&format!("/cat/{language}"))?;
        answer.expect_status(200)?;
        let length = word.len() + "\n".len();
        answer.expect_header("Content-Length", &length.to_string())?;
    }
    Ok(())
}

fn unknown(run: &mut Run) -> Verdict {
    let path = format!("/cat{}", run.seed().path());
    let answer = run.get(&path)?;
    answer.expect_status(404)?;
    answer.expect_body("Page not found\n")?;
    post(run, &path, b"")?.expect_status(404)
}

fn post(run: &mut Run, path: &str, body: &[u8]) -> Result<Answer, Failure> {
    run.request("POST", path).body(body).send()
}

fn expect_bytes(run: &mut Run, body: &[u8]) -> Verdict {
    let answer = post(run, "/bytes", body)?;
    answer.expect_status(200)?;
    let numbers: Vec<String> = body.iter().map(|byte| format!("{byte:02X}")).collect();
    answer.expect_body(format!("{}\n", numbers.join(" ")))
}

fn bytes(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    expect_bytes(run, line.as_bytes())
}

fn small_bytes(run: &mut Run) -> Verdict {
    let text = format!("{}\n{}\t", run.seed().word(), run.seed().word());
    expect_bytes(run, text.as_bytes())
}

fn any_bytes(run: &mut Run) -> Verdict {
    let mut body = run.seed().word().into_bytes();
    body.extend([0xe4, 0x80, 0xff]);
    body.extend(run.seed().word().bytes());
    expect_bytes(run, &body)
}

fn expect_count(run: &mut Run, text: &str) -> Verdict {
    let answer = post(run, "/count", text.as_bytes())?;
    answer.expect_status(200)?;
    let (characters, bytes) = (text.chars().count(), text.len());
    answer.expect_body(format!("characters: {characters}, bytes: {bytes}\n"))
}

fn count(run: &mut Run) -> Verdict {
    expect_count(run, "ねこ")?;
    let line = run.seed().line();
    expect_count(run, &line)
}

fn count_ascii(run: &mut Run) -> Verdict {
    let text = format!("{} {}", run.seed().word(), run.seed().word());
    expect_count(run, &text)
}

fn count_emoji(run: &mut Run) -> Verdict {
    let text = "🐈".repeat(run.seed().number(2..20) as usize);
    expect_count(run, &text)
}

fn count_spaces(run: &mut Run) -> Verdict {
    let text = format!("  {}\r\nねこ \n", run.seed().word());
    expect_count(run, &text)
}

fn count_nothing(run: &mut Run) -> Verdict {
    expect_count(run, "")
}

/// Some bytes of good text, and a byte that is in no text in UTF-8.
fn broken_body(run: &mut Run) -> (usize, Vec<u8>) {
    let good = run.seed().line();
    let mut body = good.clone().into_bytes();
    body.push(0xff);
    body.extend(run.seed().word().bytes());
    (good.len(), body)
}

fn broken(run: &mut Run) -> Verdict {
    let (_, body) = broken_body(run);
    post(run, "/count", &body)?.expect_status(400)
}

fn broken_place(run: &mut Run) -> Verdict {
    let (good, body) = broken_body(run);
    let answer = post(run, "/count", &body)?;
    answer.expect_status(400)?;
    answer.expect_body(format!("not UTF-8, good bytes: {good}\n"))
}

fn cut(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let body = format!("{word}ね").into_bytes();
    let answer = post(run, "/count", &body[..body.len() - 1])?;
    answer.expect_status(400)?;
    answer.expect_body(format!("not UTF-8, good bytes: {}\n", word.len()))
}
