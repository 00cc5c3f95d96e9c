//! What is no misconception: programs that do not serve or panic, and connections that
//! bring no whole answer. Each rule says what was seen, by its kind, and where to look.

use crate::fault;
use crate::place::steps;
use crate::record::{Act, Answer, Broken, Ended, Finding, Hangs, NotServing, Request, Seen, Told};

/// Whether something was seen that says nothing of what the program means to answer.
pub(super) fn is_broken(seen: &Seen) -> bool {
    match seen {
        Seen::Exchange(exchange) => match &exchange.answer {
            Ok(answer) => answer.status >= 500 && answer.text().contains("panicked"),
            Err(_) => true,
        },
        Seen::Ended(ended) => match &**ended {
            Ok(ended) => [101, 134, 139].map(Some).contains(&ended.code),
            Err(_) => true,
        },
        Seen::Serves | Seen::Nothing => false,
    }
}

/// The answer, if it says that the server has failed.
pub(super) fn failure(seen: &Seen) -> Option<&Answer> {
    seen.answer().filter(|answer| answer.status == FAILURE)
}

/// The status that is sent where the handler has panicked, or returned an error.
const FAILURE: u16 = 500;

fn told(name: &str, says: impl Into<String>) -> Option<Told> {
    let (name, says) = (name.into(), says.into());
    Some(Told { name, says })
}

/// What was expected of a program that does not serve, and what came, in words.
pub(crate) fn never_served(why: &NotServing) -> (String, String) {
    let line = "the line \"Serving HTTP on http://localhost:PORT/ (press Ctrl-C to stop)\"";
    let came = match why {
        NotServing::Ended(_) => "no such line before the program ended".into(),
        NotServing::Silent(ended) => {
            let seconds = ended.took.as_secs_f32();
            format!("no such line within {seconds:.1} seconds: the program never served")
        }
        NotServing::Flood(_) => "output without end, and no such line in it".into(),
        NotServing::NotStarted(_) => "the program could not be started".into(),
    };
    (line.into(), came)
}

/// The cause of a program that does not serve.
pub(crate) fn not_serving(step: u32, why: &NotServing) -> Told {
    let (name, says) = match why {
        NotServing::NotStarted(why) => return fault::told(why),
        NotServing::Ended(ended) => return ended_at_once(step, ended),
        NotServing::Silent(_) => (
            "no-start-line",
            "The program runs but does not say \"Serving HTTP on http://localhost:PORT/\". The \
             server prints that line in serve_forever: something before it takes too long, or \
             waits for ever (a loop, a lock, reading the keyboard)."
                .into(),
        ),
        NotServing::Flood(_) => (
            "endless-output",
            "The program prints without end, before it serves. Look for a loop that prints and \
             has no way out."
                .into(),
        ),
    };
    let name = name.into();
    Told { name, says }
}

fn ended_at_once(step: u32, ended: &Ended) -> Told {
    let said = ended.stderr.text();
    if let Some(told) = panic(ended, None).and_then(|panic| todo(step, &panic)) {
        return told;
    }
    let (name, says) = if said.contains("AddrInUse") {
        (
            "port-taken",
            "The program wanted a port that another program has. The checks give it a free one: \
             they set PORT=0 in its environment. Bind to local_address(), which reads PORT, not \
             to a port written in the code."
                .into(),
        )
    } else if let Some(told) = stack_overflow(ended) {
        return told;
    } else {
        let code = match ended.code {
            Some(0) => "without an error (exit code 0)".to_string(),
            Some(code) => format!("with exit code {code}"),
            None => "before it served".into(),
        };
        let error = said.lines().find(|line| line.starts_with("Error: "));
        let more = match (panic(ended, None), error) {
            (Some(panic), _) => format!("It panicked: {panic}"),
            (None, Some(error)) => format!("Its main returned an error: {error:?}"),
            (None, None) => "A server runs until somebody stops it: main must end with \
                             serve_forever, and the value that it returns must be main's own."
                .into(),
        };
        (
            "exits-at-once",
            format!("The program ended at once, {code}. {more}"),
        )
    };
    let name = name.into();
    Told { name, says }
}

fn stack_overflow(ended: &Ended) -> Option<Told> {
    let overflowed = ended.stderr.text().contains("has overflowed its stack");
    overflowed.then(|| Told {
        name: "stack-overflow".into(),
        says: "The program used up its stack and was ended. A function calls itself without end, \
               directly or by way of another (a do_get that calls do_get, say): find the call, \
               and what should stop it."
            .into(),
    })
}

/// The cause of what was seen after an act of this step, if it is one of these; with what
/// the program printed.
pub(crate) fn rule(step: u32, act: &Act, seen: &Seen, printed: &Ended) -> Option<Told> {
    match seen {
        Seen::Exchange(exchange) => {
            let request = act.asked()?;
            match &exchange.answer {
                Ok(answer) => of_answer(step, request, answer, printed),
                Err(broken) => of_broken(request, *broken, &exchange.came, printed),
            }
        }
        Seen::Ended(ended) => of_end(step, ended),
        Seen::Serves | Seen::Nothing => None,
    }
}

/// Whether it is the answer of a handler that has panicked: it tells of it, as the program did on
/// standard error.
pub(super) fn tells_of_panic(seen: &Seen, printed: &Ended) -> bool {
    failure(seen).is_some_and(|answer| {
        let shown = crate::model::shown(&answer.text());
        panics(printed).iter().any(|panic| shown.contains(panic))
    })
}

/// What the program last panicked with. With the text of an answer, the panic that this answer
/// tells of.
fn panic(printed: &Ended, answer: Option<&str>) -> Option<String> {
    let panics = panics(printed);
    let shown = answer.map(crate::model::shown).unwrap_or_default();
    let this = panics.iter().find(|panic| shown.contains(panic.as_str()));
    this.or(panics.first()).cloned()
}

/// What the program panicked with, and where, the last first, as it told on standard error:
/// http-core tells it on one line, Rust itself on two.
fn panics(printed: &Ended) -> Vec<String> {
    let said = printed.stderr.text();
    let lines: Vec<&str> = said.lines().collect();
    let panics = lines.iter().enumerate().rev().filter_map(|(at, line)| {
        if let Some((_, told)) = line.split_once("handler panicked: ") {
            return Some(told.to_string());
        }
        let (_, place) = line.split_once("panicked at ")?;
        let message = lines.get(at + 1).copied().unwrap_or("");
        let place = place.trim_end_matches(':');
        Some(format!("{} ({place})", message.trim()))
    });
    panics.collect()
}

const TODO: &str = "not yet implemented";

/// The step whose `todo!` the program came to when this was found, if it came to one.
pub(crate) fn came_to(finding: &Finding) -> Option<u32> {
    let answer = finding.acts.last().and_then(|(_, seen)| failure(seen));
    let text = answer.map(Answer::text);
    let on_page = || text.as_deref().and_then(todo_on_page);
    let panic = panic(&finding.printed, text.as_deref()).or_else(on_page)?;
    steps::number(named_by_todo(&panic)?)
}

/// The step whose `todo!` this answer tells of, if it is that of one.
pub(crate) fn todo_told_by(answer: &Answer) -> Option<u32> {
    let panic = todo_on_page(&answer.text()).filter(|_| answer.status == FAILURE)?;
    steps::number(named_by_todo(&panic)?)
}

/// What a reader sees of a page that tells of a `todo!`.
fn todo_on_page(text: &str) -> Option<String> {
    Some(crate::model::shown(text)).filter(|shown| shown.contains(TODO))
}

/// What the `todo!` says that this is the panic of.
fn named_by_todo(panic: &str) -> Option<&str> {
    let (_, named) = panic.split_once(TODO)?;
    Some(named.trim_start_matches(':').trim())
}

fn todo(step: u32, panic: &str) -> Option<Told> {
    let named = named_by_todo(panic)?;
    let (named, place) = match named.rsplit_once('(') {
        Some((named, place)) if named.is_empty() || named.ends_with(' ') => {
            (named.trim_end(), format!(" ({}", place.trim_end()))
        }
        _ => (named, String::new()),
    };
    let todo = match named {
        "" => "todo!()".to_string(),
        named => format!("todo!(\"{named}\")"),
    };
    let says = match steps::number(named) {
        Some(other) if other != step => format!(
            "This check is one of step {step}, and the program went on to {todo}{place}. Look at what \
             it does before: what step {step} asks for is not there, or not right."
        ),
        _ => {
            format!("The program came to {todo}{place}. Write the code of that step in its place.")
        }
    };
    told("not-yet-implemented", says)
}

fn of_answer(step: u32, request: &Request, answer: &Answer, printed: &Ended) -> Option<Told> {
    match answer.status {
        501 => {
            let method = &request.method;
            let function = format!("do_{}", method.to_lowercase());
            told(
                "no-method",
                format!(
                    "501 means that the handler has no {function}: the server does not know what to \
                     do with {method}. Define fn {function} in `impl Handler for ...`, spelled \
                     exactly like this."
                ),
            )
        }
        FAILURE => of_failure(step, &answer.text(), printed),
        _ => None,
    }
}

fn of_failure(step: u32, text: &str, printed: &Ended) -> Option<Told> {
    // A program of the student's own making may tell of its panic on the page alone.
    let Some(panic) = panic(printed, Some(text)).or_else(|| todo_on_page(text)) else {
        return of_error(text, printed);
    };
    if let Some(told) = todo(step, &panic) {
        return Some(told);
    }
    let advice = if panic.contains("PoisonError") {
        " The lock is poisoned: a handler has panicked while it held a guard of this Mutex. Look for \
         that panic, and let the guard go before anything that may panic."
    } else if panic.starts_with("called `") && panic.contains("::unwrap()` on ") {
        " What comes from a client may be anything, and `unwrap` panics if it is not what you \
         thought: a `match` has an arm for that case as well."
    } else if panic.contains("char boundary") || panic.contains("char_boundary") {
        " A text was cut at a byte that is in the middle of a character: in UTF-8, é has two \
         bytes. Count characters in place of bytes, with chars()."
    } else {
        ""
    };
    told(
        "panicked",
        format!("The handler panicked: {panic}. Look at that line.{advice}"),
    )
}

/// The cause of a status 500 that no panic has made.
fn of_error(text: &str, printed: &Ended) -> Option<Told> {
    let said = printed.stderr.text();
    let failed = said.lines().filter_map(|line| {
        let (_, why) = line.split_once("handler failed: ")?;
        Some(why.trim().to_string())
    });
    let failed: Vec<String> = failed.collect();
    let shown = crate::model::shown(text);
    let this = failed.iter().rev().find(|why| shown.contains(why.as_str()));
    let why = this.or(failed.last())?;
    let advice = if why.contains("Content-Length") {
        " Content-Length must say how many bytes the body has. The len() of what is sent is that number."
    } else if why.contains("failed to fill whole buffer") {
        " This comes from read_exact, if there are fewer bytes than it is to read. A `take(…)` that is \
         read to its end takes what there is."
    } else if why.contains("stream did not contain valid UTF-8") {
        " This comes from a function that reads text, if the bytes are none: read_to_end takes any."
    } else {
        ""
    };
    told(
        "server-error",
        format!(
            "Status 500 says that the handler returned an error, most often by a `?`. The \
             server says which: {why}.{advice}"
        ),
    )
}

fn of_broken(request: &Request, broken: Broken, came: &[u8], printed: &Ended) -> Option<Told> {
    if let Some(told) = stack_overflow(printed) {
        return Some(told);
    }
    let panicked = panic(printed, None);
    if let Some(code) = printed.code {
        let what = match panicked {
            Some(panic) => format!("It panicked: {panic}"),
            None => "Look for a call of std::process::exit, or a main that goes on after \
                     serve_forever."
                .into(),
        };
        return told(
            "exits-while-answering",
            format!("The program ended (exit code {code}) instead of answering. {what}"),
        );
    }
    let flood = printed.stdout.is_flood() || printed.stderr.is_flood();
    match broken {
        Broken::Silent | Broken::Slow if flood => told(
            "endless-output",
            "The program prints without end, before it has answered. Look for a loop that prints \
             and has no way out.",
        ),
        Broken::Refused => told(
            "refused",
            "Nobody listens on the port that the start line names, though the program still \
             runs. Serve on the same address that was bound, and keep the server until the end \
             of main.",
        ),
        Broken::Unreachable => told(
            "grader-fault",
            "This computer lets nobody connect to where the program listens. That is no fault of \
             yours.",
        ),
        Broken::Closed => told(
            "closed-early",
            match panicked {
                Some(panic) => {
                    format!("The connection was closed because a thread panicked: {panic}")
                }
                None => "The program closed the connection before its answer was whole. Every \
                         request needs an answer: a status, the headers, an empty line, and all \
                         of the body."
                    .into(),
            },
        ),
        Broken::Silent => {
            let read = match request.body {
                Some(_) => ", a read that waits for more bytes than the client sent",
                None => "",
            };
            told(
                "no-answer",
                format!(
                    "The program took the request, and did not answer before the time was up. \
                     What never ends may be a loop{read}, or the lock() of a Mutex that is \
                     locked already; what takes too long, a sleep."
                ),
            )
        }
        Broken::Slow => told(
            "slow-answer",
            "The answer began to come, and its end did not come in time. Look for what the \
             program does between two writes, and whether the end of the answer is ever written.",
        ),
        Broken::NotHttp { .. } => told(
            "not-http",
            "What came back is not an HTTP answer. It must begin with a status line such as \
             HTTP/1.1 200 OK; every line of the head ends with \\r\\n; an empty line ends the \
             head.",
        ),
        Broken::NoLength => told(
            "no-length",
            "The answer has no Content-Length, so the client cannot know where the body ends, \
             and waits for more. Send a Content-Length with the number of bytes in the body.",
        ),
        Broken::Short {
            declared,
            came,
            open,
        } => {
            let then = match open {
                true => "and the client waits for the rest",
                false => "and the connection was closed before the rest",
            };
            told(
                "short-body",
                format!(
                    "Content-Length promises {declared} bytes, only {came} came, {then}. Count \
                     the bytes of what is really sent, and send all of it."
                ),
            )
        }
        Broken::Long { declared, more } if request.method == "HEAD" => {
            let _ = (declared, more);
            told(
                "long-body",
                "An answer to HEAD has the headers that GET would get, and no body. Don't send \
                 one.",
            )
        }
        Broken::Long { declared, more } => told(
            "long-body",
            format!(
                "Content-Length promises {declared} bytes, and {more} more came after them. \
                 Content-Length counts bytes, not characters."
            ),
        ),
        Broken::Endless => told(
            "endless-body",
            format!(
                "The body does not end: more than {} bytes have come. Look for a loop that \
                 writes to the client and has no way out.",
                came.len()
            ),
        ),
    }
}

fn of_end(step: u32, ended: &Result<Ended, Hangs>) -> Option<Told> {
    match ended {
        Err(Hangs::Flood(_)) => told(
            "endless-output",
            "The program prints without end. Look for a loop that prints and has no way out.",
        ),
        Err(Hangs::Runs(ended)) if ended.stdout.text().contains("Serving HTTP on ") => told(
            "does-not-end",
            "The program serves, as if nothing were wrong with what it was told. In such a case \
             main must return its error before it comes to serve_forever.",
        ),
        Err(Hangs::Runs(_)) => told(
            "does-not-end",
            "The program still ran when its time was up. If it waits for an answer that never \
             comes, or never comes to an end, give the request a time limit for all of it, and ask \
             once; else look for a loop without a way out.",
        ),
        Ok(ended) => {
            if let Some(told) = stack_overflow(ended) {
                return Some(told);
            }
            let panic = panic(ended, None).filter(|_| ended.code == Some(101))?;
            if let Some(told) = todo(step, &panic) {
                return Some(told);
            }
            told(
                "panicked",
                format!(
                    "The program panicked: {panic}. Look at that line: an unwrap or expect there \
                     ends the program without a word to its user, where a match or `?` could tell \
                     what went wrong."
                ),
            )
        }
    }
}
