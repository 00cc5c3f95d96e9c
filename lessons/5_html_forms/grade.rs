//! The checks of lesson 5, html_forms: the forms are served, and what is typed into
//! them comes back decoded and escaped.

use std::process::ExitCode;

use grader::{Answer, Failure, Run, Verdict, encode_form};

const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "GET / and GET /login answer the forms", 1, forms)
        .check(1, "the forms are sent as HTML", 1, forms_are_html)
        .check(
            1,
            "in a browser, the search form fills the address bar",
            0,
            search_in_address,
        )
        .check(2, "GET /search shows the words and the shelf", 2, search)
        .check(2, "the words come back as they were typed", 2, decoded)
        .check(2, "a field that does not come is no error", 1, no_fields)
        .check(3, "a tag that was typed comes back as text", 2, tag)
        .check(3, "an & and a quote come back as text", 1, ampersand)
        .check(3, "an escape that was typed comes back as typed", 1, escape)
        .check(
            3,
            "in a browser, a script in the words does not run",
            0,
            script,
        )
        .check(
            4,
            "GET /login answers a form that is sent by POST",
            1,
            by_post,
        )
        .check(4, "POST /login greets by name", 2, greeting)
        .check(4, "the name is decoded and escaped", 1, odd_name)
        .check(4, "the password is counted and not shown", 2, password)
        .check(4, "a POST to another path gets 404", 1, elsewhere)
        .check(
            4,
            "a password in the query is no login",
            1,
            query_is_no_login,
        )
        .check(
            4,
            "in a browser, the address bar shows no password",
            0,
            no_password_in_address,
        )
        .grade()
}

fn forms(run: &mut Run) -> Verdict {
    for (path, action) in [("/", "/search"), ("/login", "/login")] {
        let answer = run.get(path)?;
        answer.expect_status(200)?;
        answer.expect_body_contains(&format!("action=\"{action}\""))?;
    }
    Ok(())
}

fn forms_are_html(run: &mut Run) -> Verdict {
    for path in ["/", "/login"] {
        let answer = run.get(path)?;
        answer.expect_status(200)?;
        answer.expect_header("Content-Type", HTML)?;
    }
    Ok(())
}

fn search_in_address(run: &mut Run) -> Verdict {
    let words = run.seed().line();
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=words]", &words)?;
    page.follow("button")?;
    // Whatever the answer is.
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    page.expect_path(&format!("/search?{fields}"))
}

/// Submits the search form as a browser does: the fields go into the query.
fn search_for(run: &mut Run, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
    let answer = run.get(&format!("/search?{}", encode_form(fields)))?;
    answer.expect_status(200)?;
    Ok(answer)
}

fn search(run: &mut Run) -> Verdict {
    let (words, shelf) = (run.seed().word(), run.seed().word());
    let answer = search_for(run, &[("words", &words), ("shelf", &shelf)])?;
    answer.expect_body_contains(&words)?;
    answer.expect_body_contains(&shelf)?;
    // Fields have names: their order says nothing, and there may be others.
    let (words, shelf) = (run.seed().path(), run.seed().path());
    let fields = [("color", "blue"), ("shelf", &shelf), ("words", &words)];
    let answer = search_for(run, &fields)?;
    answer.expect_body_contains(&words)?;
    answer.expect_body_contains(&shelf)
}

fn decoded(run: &mut Run) -> Verdict {
    // A space, a letter that needs more than one byte, and a + that is meant.
    let words = format!("{} + {}", run.seed().line(), run.seed().word());
    search_for(run, &[("words", &words), ("shelf", "novels")])?.expect_body_contains(&words)
}

fn no_fields(run: &mut Run) -> Verdict {
    let shelf = run.seed().word();
    search_for(run, &[("shelf", &shelf)])?.expect_body_contains(&shelf)?;
    run.get("/search")?.expect_status(200)
}

fn tag(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let words = format!("<script>alert({number})</script>");
    let answer = search_for(run, &[("words", &words), ("shelf", &word)])?;
    answer.expect_body_lacks(&words)?;
    answer.expect_body_contains(&format!("&lt;script&gt;alert({number})&lt;/script&gt;"))?;
    // The other field comes from outside as well.
    let shelf = format!("<b>{word}</b>");
    let answer = search_for(run, &[("words", &word), ("shelf", &shelf)])?;
    answer.expect_body_lacks(&shelf)?;
    answer.expect_body_contains(&format!("&lt;b&gt;{word}&lt;/b&gt;"))
}

fn ampersand(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().word(), run.seed().word());
    let words = format!("{one}&\"{other}\"");
    search_for(run, &[("words", &words), ("shelf", "poems")])?
        .expect_body_contains(&format!("{one}&amp;&quot;{other}&quot;"))
}

fn escape(run: &mut Run) -> Verdict {
    // Somebody looks for a book about HTML.
    let words = format!("&lt;{}", run.seed().word());
    let due = words.replace('&', "&amp;");
    search_for(run, &[("words", &words), ("shelf", "novels")])?.expect_body_contains(&due)
}

fn script(run: &mut Run) -> Verdict {
    let number = run.seed().number(10..100);
    let words = format!("<script>alert({number})</script>");
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    let mut page = run.browser()?;
    page.open(&format!("/search?{fields}"))?;
    if !page.dialogs().is_empty() {
        return Err(page.wrong("no script of the words runs"));
    }
    page.expect_text(&words)
}

fn by_post(run: &mut Run) -> Verdict {
    let answer = run.get("/login")?;
    answer.expect_status(200)?;
    answer.expect_body_contains("method=\"post\"")
}

/// Submits the login form as a browser does: the fields go into the body.
fn log_in(run: &mut Run, name: &str, password: &str) -> Result<Answer, Failure> {
    let fields = [("name", name), ("password", password)];
    let answer = run.request("POST", "/login").form(&fields).send()?;
    answer.expect_status(200)?;
    Ok(answer)
}

fn greeting(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    log_in(run, &name, "sesame")?.expect_body_contains(&name)
}

fn odd_name(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    let name = format!("<i>{line}</i>");
    let answer = log_in(run, &name, "sesame")?;
    answer.expect_body_lacks(&name)?;
    answer.expect_body_contains(&line)
}

fn elsewhere(run: &mut Run) -> Verdict {
    let path = run.seed().path();
    let fields = [("name", "Ann"), ("password", "sesame")];
    let answer = run.request("POST", &path).form(&fields).send()?;
    answer.expect_status(404)
}

fn password(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    // No number that stands in the pages anyway.
    let length = run.seed().number(760..1000);
    // Letters of two bytes each.
    let password = "é".repeat(length as usize);
    let answer = log_in(run, &word, &password)?;
    answer.expect_body_lacks(&password)?;
    answer.expect_body_contains(&length.to_string())?;
    // What is counted is what was typed, not what would stand in a page.
    let password = "&".repeat(length as usize);
    let answer = log_in(run, &word, &password)?;
    answer.expect_body_contains(&length.to_string())
}

fn query_is_no_login(run: &mut Run) -> Verdict {
    let name = format!("{}{}", run.seed().word(), run.seed().number(10..100));
    let fields = encode_form(&[("name", &name), ("password", "sesame")]);
    let answer = run.get(&format!("/login?{fields}"))?;
    answer.expect_status(200)?;
    answer.expect_body_contains("name=\"password\"")?;
    answer.expect_body_lacks(&name)
}

fn no_password_in_address(run: &mut Run) -> Verdict {
    let (name, password) = (run.seed().word(), run.seed().word());
    let mut page = run.browser()?;
    page.open("/login")?;
    page.fill("[name=name]", &name)?;
    page.fill("[name=password]", &password)?;
    page.follow("button")?;
    page.expect_path("/login")?;
    page.expect_text(&name)
}
