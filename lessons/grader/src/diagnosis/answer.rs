//! Rules about a whole answer: its status, its headers, its body.

use percent_encoding::percent_decode;

use super::Case;
use crate::failure::Symptom;

pub(super) fn panicked(case: &Case) -> Option<String> {
    if case.status() != Some(500) {
        return None;
    }
    let panic = case.panic()?;
    let advice = if panic.starts_with("called `") && panic.contains("::unwrap()` on ") {
        " What comes from a client may be anything, and `unwrap` panics if it is not what you \
         thought: a `match` has an arm for that case as well."
    } else {
        ""
    };
    Some(format!(
        "The handler panicked: {panic}. Look at that line.{advice}"
    ))
}

pub(super) fn no_method(case: &Case) -> Option<String> {
    if case.status() != Some(501) {
        return None;
    }
    let method = case.method();
    let function = format!("do_{}", method.to_lowercase());
    Some(format!(
        "501 means that the handler has no {function}: the server does not know what to do with \
         {method}. Define fn {function} in `impl Handler for ...`, spelled exactly like this."
    ))
}

/// Why the handler failed, as http-core tells it on standard error.
fn failure(case: &Case) -> Option<String> {
    let said = case.trace.stderr.lines().filter_map(|line| {
        let (_, why) = line.split_once("handler failed: ")?;
        Some(why.trim().to_string())
    });
    said.last()
}

/// http-core sends no head that does not fit its body.
pub(super) fn wrong_length(case: &Case) -> Option<String> {
    case.status().filter(|status| *status == 500)?;
    let why = failure(case)?;
    why.starts_with("Content-Length says ").then(|| {
        format!(
            "The header and the body do not fit together, so the server sent neither: {why}. \
             Content-Length counts bytes: text.len() of all that is sent, line end included. \
             text.chars().count() counts characters."
        )
    })
}

pub(super) fn server_error(case: &Case) -> Option<String> {
    let status = case.status().filter(|status| *status >= 500)?;
    Some(match failure(case) {
        Some(why) => format!(
            "Status {status} says that the program failed while it answered. The server says why: \
             {why}. Where that can be the client's fault, a `match` can give it a status of its \
             own; a `?` makes it the server's."
        ),
        None => format!(
            "Status {status} says that the program failed while it answered. What it printed may \
             say why; look for a `?` that returned an error, too."
        ),
    })
}

pub(super) fn unwanted_redirect(case: &Case) -> Option<String> {
    let status = case
        .status()
        .filter(|status| (300..400).contains(status) && *status != 304)?;
    case.due().filter(|due| !(300..400).contains(due))?;
    let to = case.answer()?.header("location").unwrap_or("nowhere");
    Some(format!(
        "The program sends the client to another place ({status}, Location: {to}), where an answer \
         to this very request was due."
    ))
}

/// The hello server has do_get alone, and answers 200 to every path.
pub(super) fn hello_answer(case: &Case) -> Option<String> {
    const HELLO: &[u8] = b"Hello, HTTP!\n";
    let answer = case.answer()?;
    let hello = case.method() == "GET" && answer.status() == 200 && answer.body() == HELLO;
    let elsewhere = case.due().is_some() || case.texts().is_some();
    (hello && elsewhere).then(|| {
        "This is the hello server's answer. Is the file saved, and is this the lesson's own file? \
         If so, the handler still answers as in lesson 0: look at what it does with the path."
            .into()
    })
}

pub(super) fn not_found(case: &Case) -> Option<String> {
    if case.status() != Some(404) || case.due().is_none_or(|due| due >= 400) {
        return None;
    }
    if case.query().is_some() {
        return Some(
            "The program does not know this path: 404. What follows the question mark is the query \
             string, and no part of the path. request.path() comes without it, request.target() \
             with it: compare request.path()."
                .into(),
        );
    }
    Some(
        "The program found nothing at this path: 404. If the paths stand in the code, compare them \
         with the one in the request, letter by letter; a path begins with a slash. If the program \
         makes the name of a file of the path, let it print that name with eprintln!(\"{name:?}\"), \
         and look under `printed`."
            .into(),
    )
}

pub(super) fn found_anyway(case: &Case) -> Option<String> {
    let status = case.status().filter(|status| (200..300).contains(status))?;
    let due = case.due().filter(|due| (400..500).contains(due))?;
    Some(format!(
        "The program answers {status} as if all were well, where {due} was due. The client reads \
         the status, not the text of the page: give this case its own send_response({due}), and \
         see that this request comes to it."
    ))
}

pub(super) fn no_redirect(case: &Case) -> Option<String> {
    let status = case.status().filter(|status| (200..300).contains(status))?;
    let due = case.due().filter(|due| (300..400).contains(due))?;
    Some(format!(
        "The program answers {status} with a page of its own, where a redirect ({due}) was due: \
         the browser is to go on to another page with GET. response.redirect({due}, ...) sends \
         it there."
    ))
}

pub(super) fn other_status(case: &Case) -> Option<String> {
    let (due, status) = (case.due()?, case.status()?);
    if status == 411 && case.asked_body().is_some() {
        return Some(
            "The program says that the request has no length (411), and it has one. Compare the \
             name of the header in the code, letter by letter: Content-Length."
                .into(),
        );
    }
    Some(format!(
        "The status is {status}, and {due} was due. Look which send_response this request comes \
         to."
    ))
}

/// The name of the header that failed and the value that came, if any did.
fn header<'a>(case: &'a Case) -> Option<(&'a str, &'a str, Option<&'a str>)> {
    let Symptom::Header { name, expected } = case.symptom() else {
        return None;
    };
    let came = case.answer()?.headers.get(name);
    let came = came.map(|value| value.to_str().unwrap_or("(not text)"));
    Some((name, expected, came))
}

/// A header of nearly this name is there: `Content_Type`, `ContentType`.
pub(super) fn misspelled_header(case: &Case) -> Option<String> {
    let (name, _, came) = header(case)?;
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect()
    };
    if came.is_some() {
        return None;
    }
    // As it was written: the client knows names in small letters only.
    let head = String::from_utf8_lossy(&case.answer()?.head);
    let mut names = head
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0));
    let near = names.find(|near| plain(near) == plain(name))?;
    Some(format!(
        "The answer has a header {near}, and none of the name {name}. Write the name with a \
         hyphen: send_header(\"{name}\", ...)."
    ))
}

pub(super) fn no_content_type(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    (name.eq_ignore_ascii_case("content-type") && came.is_none()).then(|| {
        format!(
            "The answer does not say what its body is. Send the header before end_headers: \
             send_header(\"Content-Type\", \"{expected}\")."
        )
    })
}

pub(super) fn wrong_content_type(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    let came = came.filter(|_| name.eq_ignore_ascii_case("content-type"))?;
    let media_type = |value: &str| value.split(';').next().map(|v| v.trim().to_lowercase());
    let why = if media_type(came) == media_type(expected) {
        "The charset says in which encoding the text is: without the right one, letters such as é \
         may come out wrong."
    } else if media_type(expected).as_deref() == Some("text/html") {
        "A browser goes by this header, not by the look of the body: tags in text/plain are shown \
         as text."
    } else {
        "A browser goes by this header, not by the look of the body. Compare the two letter by \
         letter."
    };
    Some(format!(
        "The body is declared as {came}, and {expected} was due. {why}"
    ))
}

pub(super) fn no_header(case: &Case) -> Option<String> {
    let (name, _, came) = header(case)?;
    came.is_none().then(|| {
        format!("The header {name} is missing. Send it with send_header, before end_headers.")
    })
}

pub(super) fn wrong_header(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    let came = came?;
    if case.answer()?.headers.get_all(name).iter().count() > 1 {
        return Some(format!(
            "The header {name} is there more than once. Send it once."
        ));
    }
    let came = if came.is_empty() { "nothing" } else { came };
    Some(format!(
        "The header {name} says {came}, and {expected} was due."
    ))
}

pub(super) fn added_header(case: &Case) -> Option<String> {
    let Symptom::AddedHeader(name) = case.symptom() else {
        return None;
    };
    Some(format!(
        "The program sends no header {name}. The library added one, behind its own Server and \
         Date. Send yours with send_header(\"{name}\", ...), before end_headers, with the name \
         spelled just like this."
    ))
}

pub(super) fn unwanted_header(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::UnwantedHeader)
        .then(|| "The answer has a header that must not be there in this case.".into())
}

pub(super) fn empty_body(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    came.is_empty().then(|| match case.text() {
        "body" if case.asked_body() == Some(due) => {
            "The body came, and the answer is empty. A read fills a buffer only as far as it is \
             long already: vec![0; length] has room for the body, Vec::new() and \
             Vec::with_capacity(length) have none."
                .into()
        }
        "body" => "The body is empty. end_headers only ends the headers; the body still has to be \
                   sent after it, with send(...), and the text that is sent must not be empty."
            .into(),
        text => match case.trace.exit {
            Some(code @ 1..) if case.trace.stderr.total > 0 => format!(
                "The {text} is empty. The program took this for a failure: it ended with exit \
                 code {code}, and what it printed to standard error, above, says why."
            ),
            _ => format!("The {text} is empty: nothing was printed there."),
        },
    })
}

pub(super) fn final_newline(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    let plain = |body: &[u8]| body.trim_ascii_end().to_vec();
    if case.is_part() || plain(came) != plain(due) {
        return None;
    }
    let text = case.text();
    Some(if came.len() < due.len() {
        format!("The {text} is right but for its last character: the line end (\\n) is missing.")
    } else {
        format!(
            "The {text} is right, but there is more white space at its end than there should be."
        )
    })
}

pub(super) fn only_case(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    // Bytes that are no text have no capitals. (Made a text, they would all look alike.)
    let small = |body: &[u8]| Some(std::str::from_utf8(body).ok()?.to_lowercase());
    let (small_came, small_due) = (small(came)?, small(due)?);
    let in_capitals = |text: &[u8]| {
        let text = std::str::from_utf8(text);
        text.is_ok_and(|text| text == text.to_uppercase() && text != text.to_lowercase())
    };
    case.fits(&small_came, &small_due).then(|| {
        let text = case.text();
        match (case.is_part(), in_capitals(came), in_capitals(due)) {
            (false, true, false) => format!(
                "The {text} is right, but it came in capitals, and should not have. Look at what \
                 decides that, for this very request."
            ),
            (false, false, true) if small_came.as_bytes() == came => format!(
                "The {text} is right, but it should have come in capitals. Look at what decides \
                 that, for this very request."
            ),
            _ => format!(
                "The {text} is right but for capital and small letters. Compare them letter by \
                 letter."
            ),
        }
    })
}

/// The end is right, and the beginning is too long or too short.
pub(super) fn other_beginning(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    // (Of what is short, any end is right by chance.)
    let long = |text: &[u8]| text.trim_ascii().len() >= 4;
    if case.is_part() || !long(came) || !long(due) {
        return None;
    }
    let text = case.text();
    let shown = crate::show::quoted;
    if let Some(more) = came.strip_suffix(due) {
        let more = shown(more);
        return Some(format!(
            "The {text} has more at its beginning than it should have: {more}. The rest is right."
        ));
    }
    let missing = shown(due.strip_suffix(came)?);
    Some(format!(
        "The beginning of the {text} is missing: {missing}. The rest is right."
    ))
}

pub(super) fn lossy_text(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    let lossy = String::from_utf8_lossy(due);
    (came != due && came == lossy.as_bytes()).then(|| {
        "The body should have bytes in it that are no text in UTF-8, and each came as \u{fffd}. It \
         went through a String on its way: keep bytes that may be anything in a Vec<u8>, and send \
         them as they are."
            .into()
    })
}

pub(super) fn only_spaces(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    let tight = |body: &[u8]| -> Option<String> {
        let text = std::str::from_utf8(body).ok()?;
        Some(text.chars().filter(|c| !c.is_ascii_whitespace()).collect())
    };
    let (came, due) = (tight(came)?, tight(due)?);
    case.fits(&came, &due).then(|| {
        let text = case.text();
        format!("The {text} is right but for its spaces or line ends. Compare the two closely.")
    })
}

/// What `byte as char` makes of a text.
pub(super) fn byte_by_byte(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    let torn: String = due.iter().copied().map(char::from).collect();
    (!due.is_ascii() && came == torn.as_bytes()).then(|| {
        "Each byte became a character of its own, but a character such as é or ね has several \
         bytes. Collect all bytes in a Vec<u8> first, and then make one text of them: \
         String::from_utf8(bytes)."
            .into()
    })
}

pub(super) fn still_encoded(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    (came != due && percent_decode(came).eq(due.iter().copied())).then(|| {
        let text = case.text();
        format!(
            "The {text} is still percent-encoded: %20 stands for a space, %E3%81%AD for ね. It must \
             be decoded, once."
        )
    })
}

pub(super) fn cut_body(case: &Case) -> Option<String> {
    let (came, due) = case.texts()?;
    // A buffer that was filled in part has zeros where the rest should be.
    let zeros = came.iter().rev().take_while(|byte| **byte == 0).count();
    let came = &came[..came.len() - zeros];
    (!case.is_part() && due.starts_with(came)).then(|| {
        let text = case.text();
        let cause = match (text, case.method()) {
            ("body", "POST") => {
                " If this was the body of the request: one read may bring only a part of it; \
                 read_exact brings all, whatever bytes are in it."
            }
            ("body", _) => {
                " If the program sets Content-Length itself: it counts bytes, not characters, so \
                 text.len() is right."
            }
            _ => "",
        };
        format!("The beginning of the {text} is right, and the rest is missing.{cause}")
    })
}

/// Says nothing of the status: a check need not have looked at it.
pub(super) fn other_body(case: &Case) -> Option<String> {
    let (came, _) = case.texts()?;
    if crate::report::error_page(came).is_some() {
        if case.is_part() && case.status() >= Some(400) {
            return Some(
                "This is an error page, as send_error makes one, and what it says to the reader \
                 lacks the text that was expected. The sentence is what send_error takes behind \
                 the status."
                    .into(),
            );
        }
        return Some(
            "This is a ready-made error page, as send_error makes one. Here the body should be \
             the one that was expected: send the status, the headers and the body yourself."
                .into(),
        );
    }
    let text = case.text();
    let sends = if text == "body" { "sends" } else { "prints" };
    Some(format!(
        "This is another {text} than the one that was due. Compare what was expected with what \
         came back; then look which branch of the code {sends} this text."
    ))
}

pub(super) fn other_page(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::Page).then(|| {
        "Do the same in your own browser, and compare what you see with what was expected. The \
         developer tools (F12) show each request, under Network."
            .into()
    })
}
