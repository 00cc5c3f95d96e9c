//! The checks of lesson 3, echo_server: a path and a query, decoded.

use std::process::ExitCode;

use grader::{Run, Verdict};

const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "the path comes back without its slash", 2, echo)
        .check(1, "the other slashes stay", 1, slashes)
        .check(1, "the path / is an empty line", 1, empty)
        .check(1, "the answer is plain text", 1, plain_text)
        .check(2, "a percent sign and two digits are one byte", 2, decoded)
        .check(2, "a text in any language is decoded", 1, foreign)
        .check(2, "the digits may be small letters", 1, small_digits)
        .check(2, "a text is decoded once", 1, decoded_once)
        .check(2, "a plus sign is a plus sign", 1, plus)
        .check(3, "a text that ends in the middle of it: 400", 1, cut)
        .check(3, "letters that are no digits: 400", 1, no_digits)
        .check(3, "a sign is no digit: 400", 1, signs)
        .check(3, "bytes that are not UTF-8: 400", 1, not_utf8)
        .check(3, "the text is Bad percent-encoding", 1, bad_text)
        .check(4, "?shout=1 answers in capitals", 2, shout)
        .check(4, "in any language", 1, shout_foreign)
        .check(4, "shout=1 may be one field of several", 1, several)
        .check(4, "any other query changes nothing", 1, other_queries)
        .grade()
}

/// Asks for the path and expects this line.
fn expect(run: &mut Run, path: &str, text: &str) -> Verdict {
    let answer = run.get(path)?;
    answer.expect_status(200)?;
    answer.expect_body(format!("{text}\n"))
}

/// Every byte of the text percent-encoded, with capital digits.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn echo(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    expect(run, &path, &path[1..])?;
    expect(run, "/Balloon", "Balloon")
}

fn slashes(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().word(), run.seed().word());
    expect(run, &format!("/{one}/{other}/"), &format!("{one}/{other}/"))?;
    expect(run, &format!("/{one}//{other}"), &format!("{one}//{other}"))
}

fn empty(run: &mut Run) -> Verdict {
    expect(run, "/", "")
}

fn plain_text(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&path)?;
    answer.expect_status(200)?;
    answer.expect_header("Content-Type", TEXT)
}

fn decoded(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().word(), run.seed().word());
    expect(run, &format!("/{one}%20{other}"), &format!("{one} {other}"))?;
    expect(run, &format!("/{}", encoded(&one)), &one)
}

fn foreign(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    expect(run, &format!("/{}", encoded(&line)), &line)
}

fn small_digits(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    let small = encoded(&line).to_lowercase();
    expect(run, &format!("/{small}"), &line)
}

fn decoded_once(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let twice = format!("/{}", encoded(&encoded(&word)));
    expect(run, &twice, &encoded(&word))?;
    expect(run, "/100%25", "100%")
}

fn plus(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().word(), run.seed().word());
    let path = format!("/{one}+{other}%2B");
    expect(run, &path, &format!("{one}+{other}+"))
}

fn expect_bad(run: &mut Run, ends: &[&str]) -> Verdict {
    for end in ends {
        let path = run.seed().path();
        run.get(&format!("{path}{end}"))?.expect_status(400)?;
    }
    Ok(())
}

fn cut(run: &mut Run) -> Verdict {
    expect_bad(run, &["%", "%4", "%41%", "%41%4"])
}

fn no_digits(run: &mut Run) -> Verdict {
    expect_bad(run, &["%zz", "%4g", "%g4x", "%%41"])
}

fn signs(run: &mut Run) -> Verdict {
    expect_bad(run, &["%+4", "%-4", "%4+"])
}

fn not_utf8(run: &mut Run) -> Verdict {
    expect_bad(run, &["%FF", "%E3%81", "K%E4tzchen"])
}

fn bad_text(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&format!("{path}%"))?;
    answer.expect_status(400)?;
    answer.expect_body("Bad percent-encoding\n")?;
    answer.expect_header("Content-Type", TEXT)
}

fn shout(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    expect(run, &format!("/{word}?shout=1"), &word.to_uppercase())
}

fn shout_foreign(run: &mut Run) -> Verdict {
    // Some scripts have no capitals: the ä is there in each run.
    let text = format!("Kätzchen, {}", run.seed().line());
    let path = format!("/{}", encoded(&text));
    let loud = run.get(&format!("{path}?shout=1"))?;
    loud.expect_status(200)?;
    // In capitals of what the program itself decodes: how it does that is step 2's.
    let plain = run.get(&path)?;
    loud.expect_body(plain.text().to_uppercase())
}

fn several(run: &mut Run) -> Verdict {
    let (word, name) = (run.seed().word(), run.seed().word());
    let number = run.seed().number(2..100);
    for query in [
        format!("shout=1&{name}={number}"),
        format!("{name}={number}&shout=1"),
        format!("{name}&shout=1&{number}"),
    ] {
        expect(run, &format!("/{word}?{query}"), &word.to_uppercase())?;
    }
    Ok(())
}

fn other_queries(run: &mut Run) -> Verdict {
    let (word, name) = (run.seed().word(), run.seed().word());
    for query in [
        format!("{name}=1"),
        String::new(),
        "shout".into(),
        "shout=0".into(),
        "shout=10".into(),
        format!("{name}shout=1"),
    ] {
        expect(run, &format!("/{word}?{query}"), &word)?;
    }
    Ok(())
}
