//! Rules about a program that does not serve, and about connections that do not
//! bring a whole answer.

use super::Case;
use crate::failure::{Came, Symptom};
use crate::program::StartTrouble;
use crate::program::output::FLOOD;
use crate::program::steps;
use crate::request::Asked;

pub(super) fn grader_fault(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::Grader).then(|| {
        "This is the grader's fault, not yours: the check itself broke. Please tell those who \
         keep the course, with this report."
            .into()
    })
}

pub(super) fn port_taken(case: &Case) -> Option<String> {
    let started = !matches!(case.symptom(), Symptom::NotStarted(_));
    let said = ["in use", "Only one usage of each socket address"];
    if started || !said.iter().any(|text| case.printed(text)) {
        return None;
    }
    Some(
        "The program wanted a port that another program has. The checks give it a free one: \
         they set PORT=0 in its environment. Bind to local_address(), which reads PORT, not to \
         a port written in the code."
            .into(),
    )
}

pub(super) fn stack_overflow(case: &Case) -> Option<String> {
    case.printed("has overflowed its stack").then(|| {
        "The program used up its stack and was ended. A function calls itself without end, \
         directly or by way of another (a do_get that calls do_get, say): find the call, and what \
         should stop it."
            .into()
    })
}

pub(super) fn exits_at_once(case: &Case) -> Option<String> {
    if *case.symptom() != Symptom::NotStarted(StartTrouble::Ended) {
        return None;
    }
    let ended = match case.trace.exit {
        Some(0) => "The program ended at once, without an error (exit code 0).".to_string(),
        Some(code) => format!("The program ended at once, with exit code {code}."),
        None => "The program ended at once.".to_string(),
    };
    let error = case.trace.stderr.lines().find(|l| l.starts_with("Error: "));
    Some(match (case.panic(), error) {
        (Some(panic), _) => format!("{ended} It panicked: {panic}"),
        (None, Some(error)) => format!("{ended} Its main returned an error: {error:?}"),
        (None, None) => format!(
            "{ended} A server runs until somebody stops it: main must end with \
             serve_forever, and the value it returns must be main's own."
        ),
    })
}

pub(super) fn endless_output(case: &Case) -> Option<String> {
    let before = match case.symptom() {
        Symptom::NotStarted(StartTrouble::Flood) => "serves",
        Symptom::TooSlow if case.trace.printed() > FLOOD => "has answered",
        _ => return None,
    };
    Some(format!(
        "The program prints without end, before it {before}. Look for a loop that prints and has \
         no way out."
    ))
}

pub(super) fn no_start_line(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::NotStarted(StartTrouble::Silent)).then(|| {
        "The program runs but does not say \"Serving HTTP on http://localhost:PORT/\". The \
         server prints that line in serve_forever: something before it takes too long, or waits \
         for ever (a loop, a lock, reading the keyboard)."
            .into()
    })
}

pub(super) fn not_yet_implemented(case: &Case) -> Option<String> {
    const TODO: &str = "not yet implemented";
    if case.status().is_some_and(|status| status != 500) {
        return None;
    }
    let body = case.answer().map(|answer| answer.text());
    let page = body.iter().flat_map(|text| text.lines());
    let line = case.panic().filter(|panic| panic.contains(TODO));
    let line = line.or_else(|| {
        let mut lines = case.trace.stderr.lines().chain(page);
        lines.find(|line| line.contains(TODO)).map(str::to_string)
    })?;
    let (_, named) = line.split_once(TODO)?;
    // In a page, a tag ends the text.
    let named = named.split('<').next().unwrap_or(named);
    let named = named.trim_start_matches(':').trim();
    // The place stands in brackets at the end; without a text, it is all there is.
    let (named, place) = match named.rsplit_once('(') {
        Some((named, place)) if named.is_empty() || named.ends_with(' ') => {
            (named.trim_end(), format!(" ({}", place.trim_end()))
        }
        _ => (named, String::new()),
    };
    let todo = if named.is_empty() {
        "todo!()".to_string()
    } else {
        format!("todo!(\"{named}\")")
    };
    let step = case.step;
    Some(match steps::number(named) {
        Some(other) if other > step => {
            let query = match case.query().is_some() {
                true => {
                    " The request has a query string: compare request.path(), which comes without \
                     it, not request.target()."
                }
                false => "",
            };
            format!(
                "The program came to {todo}{place}, which is left for a later step. So this \
                 request did not come to the code of step {step}: look whether the arm for its \
                 path is still there, with the path spelled right, and whether the condition \
                 before that code is true for this request.{query}"
            )
        }
        Some(other) if other < step => format!(
            "The program came to {todo}{place}, not to the code of step {step}. Do step {other} \
             first; and look whether the arm for this path is there."
        ),
        _ => {
            format!("The program came to {todo}{place}. Write the code of that step in its place.")
        }
    })
}

pub(super) fn exits_while_answering(case: &Case) -> Option<String> {
    let talked = matches!(case.facts.came, Came::Bytes(_));
    let code = case.trace.exit.filter(|_| talked)?;
    let what = case.panic().map_or_else(
        || {
            "Look for a call of std::process::exit, or a main that goes on after serve_forever."
                .to_string()
        },
        |panic| format!("It panicked: {panic}"),
    );
    Some(format!(
        "The program ended (exit code {code}) instead of answering. {what}"
    ))
}

pub(super) fn refused(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::Refused).then(|| {
        "Nobody listens on the port that the start line names, though the program still runs. \
         Serve on the same address that was bound, and keep the server until the end of main."
            .into()
    })
}

pub(super) fn closed_early(case: &Case) -> Option<String> {
    if *case.symptom() != Symptom::ClosedEarly {
        return None;
    }
    Some(match case.panic() {
        Some(panic) => format!("The connection was closed because a thread panicked: {panic}"),
        None => "The program closed the connection before its answer was whole. Every request \
                 needs an answer: a status, the headers, an empty line, and all of the body."
            .into(),
    })
}

fn came_nothing(case: &Case) -> bool {
    matches!(&case.facts.came, Came::Bytes(bytes) if bytes.is_empty())
}

pub(super) fn no_answer(case: &Case) -> Option<String> {
    if *case.symptom() != Symptom::TooSlow || !came_nothing(case) {
        return None;
    }
    let asked = case.facts.asked.as_ref();
    let read = match asked.is_some_and(Asked::has_body) {
        true => {
            " A read that waits for more bytes than the client sent never ends, either; nor does \
             the lock() of a Mutex that this function has locked already."
        }
        false => "",
    };
    Some(format!(
        "The program took the request, and did not answer before the time was up. Look for a loop \
         that has no way out, and for something that waits too long, such as a sleep.{read}"
    ))
}

pub(super) fn slow_answer(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::TooSlow).then(|| {
        "The answer began to come, and its end did not come in time. Look for what the program \
         does between two writes, and whether the end of the answer is ever written."
            .into()
    })
}

pub(super) fn not_http(case: &Case) -> Option<String> {
    let Symptom::NotHttp(why) = case.symptom() else {
        return None;
    };
    Some(format!(
        "What came back is not an HTTP answer ({why}). It must begin with a status line such as \
         HTTP/1.1 200 OK; every line of the head ends with \\r\\n; an empty line ends the head."
    ))
}

pub(super) fn no_length(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::NoLength).then(|| {
        "The answer has no Content-Length, so the client cannot know where the body ends, and \
         waits for more. Send a Content-Length with the number of bytes in the body."
            .into()
    })
}

pub(super) fn short_body(case: &Case) -> Option<String> {
    let Symptom::ShortBody {
        declared,
        got,
        open,
    } = case.symptom()
    else {
        return None;
    };
    let then = if *open {
        "and the client waits for the rest"
    } else {
        "and the connection was closed before the rest"
    };
    Some(format!(
        "Content-Length promises {declared} bytes, only {got} came, {then}. Count the bytes of \
         what is really sent, text.len(), and send all of it."
    ))
}

pub(super) fn long_body(case: &Case) -> Option<String> {
    let Symptom::LongBody { declared, surplus } = case.symptom() else {
        return None;
    };
    if case.method() == "HEAD" {
        return Some(
            "An answer to HEAD has the headers that GET would get, and no body. Don't send one."
                .into(),
        );
    }
    Some(format!(
        "Content-Length promises {declared} bytes, and {surplus} more came after them. \
         Content-Length counts bytes, not characters: text.len() is right, \
         text.chars().count() is too small where a character needs more than one byte."
    ))
}

pub(super) fn endless_body(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::EndlessBody).then(|| {
        "The body does not end. Look for a loop that writes to the client and has no way out."
            .into()
    })
}
