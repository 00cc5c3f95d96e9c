//! Every misbehaviour gets its diagnosis, in bounded time.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

const HOME: &str = "step 1: GET / answers the homepage";
const UNKNOWN: &str = "step 2: another path answers 404";
const POST: &str = "step 3: POST / answers 200";
const HEAD: &str = "step 3: HEAD / answers 200";
const OLD: &str = "step 3: GET / is no redirect";
const QUERY: &str = "step 1: a query string changes nothing";
const SENT: &str = "step 3: POST / answers 303";
const BYTES: &str = "step 3: POST / answers bytes";
const FORM: &str = "step 3: GET /form shows a text";
const WIRE: &str = "step 3: the wire";
const SORTED: &str = "step 3: the names are sorted";
const CLOSED: &str = "step 3: the wire is closed";

/// What the program does, the check that sees it, the diagnosis, and words that
/// the report must have.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("exits at once", HOME, "exits-at-once", "exit code 3"),
    ("panics at once", HOME, "exits-at-once", "no configuration"),
    ("returns an error at once", HOME, "exits-at-once", r#"returned an error: "Error: no such option"#),
    ("is a todo at once", HOME, "not-yet-implemented", r#"todo!("step 3: read the arguments")"#),
    ("takes a taken port", HOME, "port-taken", "PORT=0"),
    ("is silent", HOME, "no-start-line", "within 1.5 seconds"),
    ("prints for ever", HOME, "endless-output", "bytes in all"),
    ("prints for ever without a line end", HOME, "endless-output", "bytes in all"),
    ("prints instead of answering, never ends", HOME, "endless-output", "before it has answered"),
    ("is not served", HOME, "refused", "connection refused"),
    ("is not served", WIRE, "refused", "connection refused"),
    ("never answers", HOME, "no-answer", "nothing until the time limit"),
    ("never answers", WIRE, "no-answer", "nothing until the time limit"),
    ("overflows its stack", HOME, "stack-overflow", "calls itself"),
    ("ends while answering", HOME, "exits-while-answering", "exit code 7"),
    ("panics while answering", HOME, "exits-while-answering", "index out of bounds"),
    ("closes the connection", HOME, "closed-early", "the connection was closed"),
    ("closes the connection", WIRE, "closed-early", "the connection was closed"),
    ("stops in the head", HOME, "closed-early", r#""HTTP/1.1 200 OK\r\n""#),
    ("stops in the head, open", HOME, "slow-answer", r#""Content-""#),
    ("stops in the head, open", WIRE, "slow-answer", r#""Content-""#),
    ("is right, open", CLOSED, "slow-answer", r"printf '\026\003 100%% '\''nonsense'\''\r\n\r\n' | nc"),
    ("is no server of HTTP", HOME, "not-http", r#""+OK ready\r\n""#),
    ("has no length, open", HOME, "no-length", "Content-Length"),
    ("is short", HOME, "short-body", "promises 12 bytes, only 9 came"),
    ("is short, open", HOME, "short-body", "waits for the rest"),
    ("is long", HOME, "long-body", "promises 4 bytes, and 5 more came"),
    ("sends a body to HEAD", HEAD, "long-body", "no body"),
    ("has no end", HOME, "endless-body", "at most 1048576 bytes"),
    ("has no end", CLOSED, "endless-body", "does not end"),
    ("has headers without an end", HOME, "not-http", "too many headers"),
    ("has no do_post", POST, "no-method", "do_post"),
    ("tells todo without a text", HOME, "not-yet-implemented", "came to todo!() (starter/1_path_router.rs, line 9). Write"),
    ("prints todo", HOME, "not-yet-implemented", "look whether the arm for its path is still there"),
    ("tells todo", UNKNOWN, "not-yet-implemented", "Do step 1 first;"),
    ("prints todo", QUERY, "not-yet-implemented", "request.path()"),
    ("answers todo", UNKNOWN, "not-yet-implemented", r#"todo!("step 2: answer with 404")"#),
    ("prints todo", HOME, "not-yet-implemented", r#"todo!("step 3: the page")"#),
    ("tells todo", HOME, "not-yet-implemented", r#"todo!("step 1: it's a page") (starter/1_path_router.rs, line 9)."#),
    ("tells of a panic", HOME, "panicked", "index out of bounds (src/main.rs, line 9)"),
    ("answers a panic", HOME, "panicked", "index out of bounds (src/main.rs:9:5)"),
    ("answers 500", HOME, "server-error", "Status 500"),
    ("tells why it failed", HOME, "server-error", "The server says why: its Content-Length is 8, but 9 bytes"),
    ("redirects", OLD, "unwanted-redirect", "Location: /new"),
    ("is the hello server", HOME, "hello-answer", "hello server"),
    ("is the hello server", UNKNOWN, "hello-answer", "hello server"),
    ("finds nothing", HOME, "not-found", "404"),
    ("finds nothing", QUERY, "not-found", "request.path()"),
    ("says hello with 404", HOME, "not-found", "404"),
    ("answers an error page", HOME, "not-found", r#""<h1>404 Not Found</h1>\n" "<p>no &lt;such&gt; page</p>" printed"#),
    ("finds everything", UNKNOWN, "found-anyway", "send_response(404)"),
    ("is forbidden", HOME, "other-status", "403"),
    ("wants a length", SENT, "other-status", "name of the header in the code"),
    ("declares HTML", HOME, "wrong-content-type", "text/html"),
    ("declares with an underscore", HOME, "misspelled-header", "a header Content_Type, and none of the name Content-Type"),
    ("declares nothing", HOME, "no-content-type", "send_header"),
    ("may be kept", OLD, "wrong-header", "private"),
    ("says something else", OLD, "no-header", "Cache-Control is missing"),
    ("tells too much", OLD, "unwanted-header", "X-Powered-By: steam"),
    ("is the homepage", SENT, "no-redirect", "response.redirect(303"),
    ("shows a script", FORM, "unescaped", "without this text in it: \"<script>\""),
    ("shows what came", FORM, "unescaped", "Escape every text"),
    ("escapes twice", FORM, "escaped-twice", "& must be the first"),
    ("shows the form's own text", FORM, "not-decoded", "Tom+%26+the+%3Cb%3E"),
    ("decodes all but +", FORM, "not-decoded", "space travels as +"),
    ("decodes + alone", FORM, "not-decoded", "% and two digits"),
    ("escapes < alone", FORM, "unescaped", "& < > and the quotes"),
    ("asks by GET", FORM, "form-by-get", "attribute of the <form>"),
    ("sends on", SENT, "not-from-body", "not in its query"),
    ("escapes its page", FORM, "escaped-page", "before it goes into the page"),
    ("takes tags out", FORM, "tags-removed", "write about HTML"),
    ("tells a secret", FORM, "unwanted-text", "\"secret\""),
    ("sends no body", HOME, "empty-body", "(an empty body)"),
    ("sends no body", BYTES, "empty-body", "vec![0; length]"),
    ("forgets the line end", HOME, "final-newline", r#""Homepage""#),
    ("shouts", HOME, "only-case", r#"should not have. Look at what decides that"#),
    ("says more first", HOME, "other-beginning", r#"more at its beginning than it should have: "My ""#),
    ("counts in the wrong unit", HOME, "wrong-length", "text.len()"),
    ("shouts in a page", OLD, "only-case", "<h1>HOMEPAGE</h1>"),
    ("makes text of bytes", BYTES, "lossy-text", "Vec<u8>"),
    ("reads once", BYTES, "cut-body", "read_exact"),
    ("fills a part of its buffer", BYTES, "cut-body", "read_exact"),
    ("spaces out", HOME, "only-spaces", "spaces"),
    ("is percent-encoded", HOME, "still-encoded", "decoded, once"),
    ("counts characters", HOME, "cut-body", "bytes, not characters"),
    ("says something else", HOME, "other-body", r#""Welcome\n""#),
    ("is a ready-made page", OLD, "other-body", "send_error makes one"),
    ("sends bytes", HOME, "no-content-type", r#""X-Odd: \xff""#),
    ("sends bytes", HOME, "no-content-type", r#""\0\xff""#),
    ("finds nothing", WIRE, "unknown", "status 200"),
    ("says something else", SORTED, "unsorted", "Sort the names before you list them."),
    ("never answers", SORTED, "no-answer", "nothing until the time limit"),
    ("answers a panic", SORTED, "panicked", "index out of bounds"),
    ("is right", "step 3: a broken check", "grader-fault", "the check has a bug"),
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
    let wire = test("a raw connection reads heads, bytes and the end", || {
        for check in [WIRE, CLOSED] {
            let stage = Stage::of("is the homepage");
            let result = stage.set("MORE_CHECKS", "1").only(check).run();
            assert!(result.success, "{}", result.stdout);
        }
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
        let (_, diagnosis, message) = result.check("the wire");
        assert_eq!(diagnosis, "never-serves");
        assert_eq!(message, "not graded: the program does not start, see above");
    });
    let mute = test(
        "a program that never answers is waited for less and less",
        || {
            let began = Instant::now();
            let stage = Stage::of("never answers").set("MORE_CHECKS", "1");
            let result = stage.set("CHECK_LIMIT", "4000").run();
            // 4 seconds, and 0.8 for each of the nine others; not 40 in all.
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "{:?}",
                began.elapsed()
            );
            all_fail(&result);
            let (_, diagnosis, _) = result.check("the wire");
            assert_eq!(diagnosis, "no-answer");
        },
    );
    cases.chain([right, wire, silent, mute]).collect()
}

/// Every check has failed, and the run with them.
#[track_caller]
fn all_fail(result: &crate::stage::Result) {
    assert!(!result.success);
    assert_eq!(result.names().len(), 16);
    for name in result.names() {
        assert_eq!(result.check(name).0, "failed", "{name}");
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
