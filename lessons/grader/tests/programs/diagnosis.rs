//! Every misbehaviour gets its diagnosis, in bounded time.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

const HOME: &str = "step 1: GET / answers the homepage";
const UNKNOWN: &str = "step 2: another path answers 404";
const HEAD: &str = "step 3: HEAD / answers 200";
const OLD: &str = "step 3: GET /old is no redirect";
const QUERY: &str = "step 1: a query string changes nothing";
const SENT: &str = "step 3: POST / answers 303";
const BYTES: &str = "step 3: POST / answers bytes";
const FORM: &str = "step 3: GET /form shows a text";
const KEPT: &str = "step 3: a message is kept";
const SORTED: &str = "step 3: the names are sorted";

/// What the program does, the check that sees it, the diagnosis (none where the model of the
/// test does not know the mistake), and words that the report must have.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("exits at once", HOME, "exits-at-once", "exit code 3"),
    ("panics at once", HOME, "exits-at-once", "no configuration"),
    ("returns an error at once", HOME, "exits-at-once", r#"returned an error: "Error: no such option"#),
    ("is a todo at once", HOME, "not-yet-implemented", r#"todo!("step 3: read the arguments")"#),
    ("takes a taken port", HOME, "port-taken", "PORT=0"),
    ("is silent", HOME, "no-start-line", "within 1."),
    ("prints for ever", HOME, "endless-output", "bytes in all"),
    ("prints for ever without a line end", HOME, "endless-output", "bytes in all"),
    ("prints instead of answering, never ends", HOME, "endless-output", "before it has answered"),
    ("is not served", HOME, "refused", "came back nothing"),
    ("never answers", HOME, "no-answer", "came back nothing"),
    ("overflows its stack", HOME, "stack-overflow", "calls itself"),
    ("ends while answering", HOME, "exits-while-answering", "exit code 7"),
    ("panics while answering", HOME, "exits-while-answering", "index out of bounds"),
    ("closes the connection", HOME, "closed-early", "came back nothing"),
    ("stops in the head", HOME, "closed-early", r#""HTTP/1.1 200 OK\r\n""#),
    ("stops in the head, open", HOME, "slow-answer", r#""Content-""#),
    ("is no server of HTTP", HOME, "not-http", r#""+OK ready\r\n""#),
    ("has no length, open", HOME, "no-length", "Content-Length"),
    ("is short", HOME, "short-body", "promises 12 bytes, only 9 came"),
    ("is short, open", HOME, "short-body", "waits for the rest"),
    ("is long", HOME, "long-body", "promises 4 bytes, and 5 more came"),
    ("sends a body to HEAD", HEAD, "long-body", "no body"),
    ("has no end", HOME, "endless-body", "does not end"),
    ("has headers without an end", HOME, "not-http", "not an HTTP answer"),
    ("has no do_post", SENT, "no-method", "do_post"),
    ("tells todo without a text", HOME, "not-yet-implemented", "came to todo!() (starter/1_path_router.rs, line 9). Write"),
    ("tells todo", UNKNOWN, "not-yet-implemented", "what step 2 asks for is not there"),
    ("answers todo", UNKNOWN, "not-yet-implemented", r#"todo!("step 2: answer with 404")"#),
    ("prints todo", HOME, "not-yet-implemented", r#"todo!("step 3: the page")"#),
    ("tells todo", HOME, "not-yet-implemented", r#"todo!("step 1: it's a page") (starter/1_path_router.rs, line 9)."#),
    ("tells of a panic", HOME, "panicked", "index out of bounds (src/main.rs, line 9)"),
    ("answers a panic", HOME, "panicked", "index out of bounds (src/main.rs:9:5)"),
    ("cuts a letter", HOME, "panicked", "(src/main.rs, line 9). Look at that line. A text was cut"),
    ("answers 500", HOME, "", "came back status 500"),
    ("tells why it failed", HOME, "server-error", "The server says which: its Content-Length is 8, but 9 bytes"),
    ("counts in the wrong unit", HOME, "server-error", "Content-Length says 8 bytes, but the body has 9. Content-Length must say how many bytes"),
    ("reads too much", HOME, "server-error", "failed to fill whole buffer. This comes from read_exact"),
    ("reads no text", HOME, "server-error", "valid UTF-8. This comes from a function that reads text"),
    ("finds everything", UNKNOWN, "always-found", "answer 200 for a path that nobody knows"),
    ("forgets the line end", HOME, "final-newline", "The line end is missing"),
    ("forgets the line end", HOME, "final-newline", r#"at byte 9: the end where "\n" was expected"#),
    ("never answers", SORTED, "no-answer", "came back nothing"),
    ("answers a panic", SORTED, "panicked", "index out of bounds"),
    ("says something else", SORTED, "unsorted", "Sort the names before you list them."),
    ("is right", KEPT, "", r#"a body with "Tom & Jerry""#),
    ("is right", "step 3: a broken check", "grader-fault", "the check has a bug"),
    ("redirects", OLD, "", "expected status 200 OK came back status 302 Found Location: /new"),
    ("is the hello server", HOME, "", r#"at byte 2: "ello, HTTP!\n" where "omepage\n" was expected"#),
    ("is the hello server", UNKNOWN, "", "so we don't guess"),
    ("finds nothing", HOME, "one-answer", "expected status 200 OK came back status 404 Not Found"),
    ("finds nothing", QUERY, "one-answer", "expected status 200 OK came back status 404 Not Found"),
    ("says hello with 404", HOME, "", "came back status 404 Not Found"),
    ("answers an error page", HOME, "", r#""<h1>404 Not Found</h1>\n" "<p>no &lt;such&gt; page</p>" printed"#),
    ("is forbidden", HOME, "", "came back status 403 Forbidden"),
    ("wants a length", SENT, "", "came back status 411 Length Required"),
    ("declares HTML", HOME, "", "came back status 200 OK Content-Type: text/html"),
    ("declares with an underscore", HOME, "", "came back status 200 OK Content_Type: text/plain"),
    ("declares nothing", HOME, "", "expected the header Content-Type: text/plain; charset=utf-8"),
    ("may be kept", OLD, "", "expected the header Cache-Control: no-store came back status 200 OK Cache-Control: private"),
    ("says something else", OLD, "", "expected the header Cache-Control: no-store"),
    ("tells too much", OLD, "", "expected no header X-Powered-By came back status 200 OK X-Powered-By: steam"),
    ("is the homepage", SENT, "", "expected status 303 See Other came back status 200 OK"),
    ("sends on", SENT, "", r#"a reader of the page sees this text: "Tom & Jerry""#),
    ("shows a script", FORM, "", r#"nowhere in the body, this text: "<script>""#),
    ("shows what came", FORM, "", r#"(a reader of the page sees:) "Tom & the" (its source:)"#),
    ("escapes twice", FORM, "", r#"(a reader of the page sees:) "Tom & the &lt;b&gt;" (its source:)"#),
    ("shows the form's own text", FORM, "", r#"(a reader of the page sees:) "Tom+%26+the+%3Cb%3E""#),
    ("decodes all but +", FORM, "", r#"(a reader of the page sees:) "Tom+&+the+""#),
    ("decodes + alone", FORM, "", r#"(a reader of the page sees:) "Tom %26 the %3Cb%3E""#),
    ("asks by GET", FORM, "", r#"in the page, a tag <form method="post">"#),
    ("escapes its page", FORM, "", "in the page, a tag <p>"),
    ("takes tags out", FORM, "", r#"a reader of the page sees this text: "Tom & the <b>""#),
    ("tells a secret", FORM, "", r#"no reader of the page sees this text: "secret""#),
    ("sends no body", HOME, "no-text", r#"exactly this body, 9 bytes: "Homepage\n" came back status 200 OK"#),
    ("sends no body", BYTES, "no-text", r#"exactly this body, 7 bytes: "cat \xff \0" came back"#),
    ("makes text of bytes", BYTES, "", r#"where "\xff \0" was expected"#),
    ("reads once", BYTES, "", r#"at byte 5: the end where "\xff \0" was expected"#),
    ("fills a part of its buffer", BYTES, "", r#"at byte 5: "\0\0\0" where "\xff \0" was expected"#),
    ("shouts", HOME, "", r#"at byte 2: "OMEPAGE\n" where "omepage\n" was expected"#),
    ("says more first", HOME, "", r#"at byte 1: "My Homepage\n" where "Homepage\n" was expected"#),
    ("shouts in a page", OLD, "", r#"in the body, this text: "Homepage" came back"#),
    ("spaces out", HOME, "", r#"at byte 5: " page\n" where "page\n" was expected"#),
    ("is percent-encoded", HOME, "", r#"at byte 5: "%70age%0A" where "page\n" was expected"#),
    ("counts characters", HOME, "", r#"at byte 6: the end where "age\n" was expected"#),
    ("says something else", HOME, "", r#""Welcome\n""#),
    ("is a ready-made page", OLD, "", "(an error page; without its looks, it is:)"),
    ("sends bytes", HOME, "", "X-Odd: "),
];

pub fn trials() -> Vec<Trial> {
    let cases = CASES
        .iter()
        .enumerate()
        .map(|(number, &(student, check, id, words))| {
            test(
                &format!("diagnosis: a program that {student}: {id} ({number})"),
                move || {
                    diagnose(student, check, id, words);
                },
            )
        });
    let right = test("a program that is right passes", || {
        let result = Stage::of("is right").run();
        assert!(result.success, "{}", result.stdout);
        assert_eq!(result.names().len(), 2);
    });
    let silent = test("a program that never serves is waited for once", || {
        let began = Instant::now();
        let stage = Stage::of("is silent").set("MORE_CHECKS", "1");
        let result = { stage.set("START_LIMIT", "1500") }.run();
        assert!(
            began.elapsed() < Duration::from_secs(6),
            "{:?}",
            began.elapsed()
        );
        all_fail(&result);
        let (outcome, _, message) = result.check("the names are sorted");
        assert_eq!(outcome, "not-graded");
        assert_eq!(message, "not graded: the program does not start, see above");
    });
    let mute = test(
        "a program that never answers is waited for less and less",
        || {
            let began = Instant::now();
            let stage = Stage::of("never answers").set("MORE_CHECKS", "1");
            let result = stage.set("CHECK_LIMIT", "4000").run();
            // Twice 4 seconds, and one for each of the twelve others; not 52 in all.
            assert!(
                began.elapsed() < Duration::from_secs(40),
                "{:?}",
                began.elapsed()
            );
            all_fail(&result);
            let (_, diagnosis, _) = result.check("the names are sorted");
            assert_eq!(diagnosis, "no-answer");
        },
    );
    cases.chain([right, silent, mute]).collect()
}

/// The first check has failed, and no other has passed.
#[track_caller]
fn all_fail(result: &crate::stage::Result) {
    assert!(!result.success);
    assert_eq!(result.names().len(), 13);
    for (number, name) in result.names().into_iter().enumerate() {
        let outcome = result.check(name).0;
        let failed = outcome == "failed" || outcome == "not-graded" && number > 0;
        assert!(failed, "{name}: {outcome}");
    }
}

fn diagnose(student: &str, check: &str, id: &str, words: &str) {
    let mut stage = Stage::of(student).set("MORE_CHECKS", "1");
    if student == "is silent" {
        stage = stage.set("START_LIMIT", "1500");
    }
    if student.contains("never") || student.contains("open") {
        stage = stage.set("CHECK_LIMIT", "1500");
    }
    let began = Instant::now();
    let result = stage.only(check).run();
    let took = began.elapsed();
    let (_, name) = check.split_once(": ").expect("a step and a name");
    let (outcome, diagnosis, message) = result.check(name);
    assert_eq!(outcome, "failed", "{message}");
    assert_eq!(diagnosis, id, "{message}");
    let flat = message.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "\"{words}\" is not in:\n{message}");
    assert!(message.len() < 8000, "too long to read:\n{message}");
    assert!(!result.success);
    // Far more than the limits, far less than a student's patience.
    assert!(took < Duration::from_secs(15), "took {took:?}");
}
