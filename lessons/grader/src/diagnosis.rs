//! From symptom to likely cause: one table of rules, in the order in which they
//! are tried. Each rule names its diagnosis (tools and tests go by the name) and,
//! where it applies, says what to look at, as a patient teacher would.

use crate::answer::Answer;
use crate::failure::{Came, Facts, Symptom};
use crate::program::{StartTrouble, Trace};

/// The likely cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// A short name that stays the same when the text gets better.
    pub(crate) id: &'static str,
    pub(crate) text: String,
}

/// Everything a rule can look at.
struct Case<'a> {
    facts: &'a Facts,
    trace: &'a Trace,
}

struct Rule {
    id: &'static str,
    /// What to say, if the rule applies.
    apply: fn(&Case) -> Option<String>,
}

/// The first rule that applies.
pub(crate) fn diagnose(facts: &Facts, trace: &Trace) -> Diagnosis {
    let case = Case { facts, trace };
    let found = RULES.iter().find_map(|rule| {
        let (id, text) = (rule.id, (rule.apply)(&case)?);
        Some(Diagnosis { id, text })
    });
    found.unwrap_or_else(|| Diagnosis {
        id: "unknown",
        text: "No rule knows this one. Compare what was expected with what came back, and \
               repeat the request in a terminal."
            .into(),
    })
}

/// From the program that does not run, over the connection that breaks, to the
/// answer that is not the right one.
const RULES: &[Rule] = &[
    Rule {
        id: "grader-fault",
        apply: grader_fault,
    },
    Rule {
        id: "port-taken",
        apply: port_taken,
    },
    Rule {
        id: "exits-at-once",
        apply: exits_at_once,
    },
    Rule {
        id: "endless-output",
        apply: endless_output,
    },
    Rule {
        id: "no-start-line",
        apply: no_start_line,
    },
    Rule {
        id: "not-yet-implemented",
        apply: not_yet_implemented,
    },
    Rule {
        id: "exits-while-answering",
        apply: exits_while_answering,
    },
    Rule {
        id: "refused",
        apply: refused,
    },
    Rule {
        id: "closed-early",
        apply: closed_early,
    },
    Rule {
        id: "no-answer",
        apply: no_answer,
    },
    Rule {
        id: "slow-answer",
        apply: slow_answer,
    },
    Rule {
        id: "not-http",
        apply: not_http,
    },
    Rule {
        id: "no-length",
        apply: no_length,
    },
    Rule {
        id: "short-body",
        apply: short_body,
    },
    Rule {
        id: "long-body",
        apply: long_body,
    },
    Rule {
        id: "endless-body",
        apply: endless_body,
    },
    Rule {
        id: "panicked",
        apply: panicked,
    },
    Rule {
        id: "no-method",
        apply: no_method,
    },
    Rule {
        id: "server-error",
        apply: server_error,
    },
    Rule {
        id: "unwanted-redirect",
        apply: unwanted_redirect,
    },
    Rule {
        id: "hello-answer",
        apply: hello_answer,
    },
    Rule {
        id: "not-found",
        apply: not_found,
    },
    Rule {
        id: "found-anyway",
        apply: found_anyway,
    },
    Rule {
        id: "other-status",
        apply: other_status,
    },
    Rule {
        id: "no-content-type",
        apply: no_content_type,
    },
    Rule {
        id: "wrong-content-type",
        apply: wrong_content_type,
    },
    Rule {
        id: "no-header",
        apply: no_header,
    },
    Rule {
        id: "wrong-header",
        apply: wrong_header,
    },
    Rule {
        id: "unwanted-header",
        apply: unwanted_header,
    },
    Rule {
        id: "empty-body",
        apply: empty_body,
    },
    Rule {
        id: "final-newline",
        apply: final_newline,
    },
    Rule {
        id: "only-case",
        apply: only_case,
    },
    Rule {
        id: "only-spaces",
        apply: only_spaces,
    },
    Rule {
        id: "cut-body",
        apply: cut_body,
    },
    Rule {
        id: "other-body",
        apply: other_body,
    },
];

impl Case<'_> {
    fn symptom(&self) -> &Symptom {
        &self.facts.symptom
    }

    fn answer(&self) -> Option<&Answer> {
        match &self.facts.came {
            Came::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    fn status(&self) -> Option<u16> {
        self.answer().map(Answer::status)
    }

    /// The status that the check expected, if that is what failed.
    fn due(&self) -> Option<u16> {
        match self.symptom() {
            Symptom::Status(due) => Some(*due),
            _ => None,
        }
    }

    /// The body that came and the body that was expected, if that is what failed.
    fn bodies(&self) -> Option<(&[u8], &[u8])> {
        match self.symptom() {
            Symptom::Body(due) => Some((self.answer()?.body(), due)),
            _ => None,
        }
    }

    fn method(&self) -> &str {
        self.facts
            .asked
            .as_ref()
            .and_then(|asked| asked.method())
            .unwrap_or("GET")
    }

    fn printed(&self, text: &str) -> bool {
        self.trace.stderr.contains(text) || self.trace.stdout.contains(text)
    }

    /// The last line of standard error that has this text in it, or the line after
    /// it: Rust prints a panic's place on one line and its message on the next.
    fn panic(&self) -> Option<String> {
        let lines: Vec<&str> = self.trace.stderr.lines().collect();
        let at = lines
            .iter()
            .rposition(|line| line.contains("panicked at "))?;
        let (_, place) = lines[at].split_once("panicked at ")?;
        let message = lines.get(at + 1).copied().unwrap_or("");
        Some(format!(
            "{} ({})",
            message.trim(),
            place.trim_end_matches(':')
        ))
    }
}

fn grader_fault(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::Grader).then(|| {
        "This is the grader's fault, not yours: the check itself broke. Please tell those who \
         keep the course, with this report."
            .into()
    })
}

fn port_taken(case: &Case) -> Option<String> {
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

fn exits_at_once(case: &Case) -> Option<String> {
    if *case.symptom() != Symptom::NotStarted(StartTrouble::Ended) {
        return None;
    }
    let ended = match case.trace.exit {
        Some(0) => "The program ended at once, without an error (exit code 0).".to_string(),
        Some(code) => format!("The program ended at once, with exit code {code}."),
        None => "The program ended at once.".to_string(),
    };
    Some(match case.panic() {
        Some(panic) => format!("{ended} It panicked: {panic}"),
        None => format!(
            "{ended} A server runs until somebody stops it: main must end with \
             serve_forever, and the value it returns must be main's own."
        ),
    })
}

fn endless_output(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::NotStarted(StartTrouble::Flood)).then(|| {
        "The program prints without end, and never says that it serves. Look for a loop that \
         prints and has no way out."
            .into()
    })
}

fn no_start_line(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::NotStarted(StartTrouble::Silent)).then(|| {
        "The program runs but does not say \"Serving HTTP on http://localhost:PORT/\". The \
         server prints that line in serve_forever: something before it takes too long, or waits \
         for ever (a loop, a lock, reading the keyboard)."
            .into()
    })
}

fn not_yet_implemented(case: &Case) -> Option<String> {
    const TODO: &str = "not yet implemented";
    if case.status().is_some_and(|status| status != 500) {
        return None;
    }
    let body = case.answer().map(|answer| answer.text());
    let mut places = body.iter().flat_map(|text| text.lines());
    let line = places.find(|line| line.contains(TODO));
    let line = line.or_else(|| case.trace.stderr.lines().find(|line| line.contains(TODO)))?;
    let (_, rest) = line.split_once(TODO)?;
    let rest = rest.split('<').next().unwrap_or(rest);
    let named = rest.trim_start_matches(':').trim();
    let named = if named.is_empty() {
        "todo!()".to_string()
    } else {
        format!("todo!(\"{named}\")")
    };
    Some(format!(
        "The program came to {named}. Write the code of that step in its place."
    ))
}

fn exits_while_answering(case: &Case) -> Option<String> {
    let code = case.trace.exit?;
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

fn refused(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::Refused).then(|| {
        "Nobody listens on the port that the start line names, though the program still runs. \
         Serve on the same address that was bound, and keep the server until the end of main."
            .into()
    })
}

fn closed_early(case: &Case) -> Option<String> {
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

fn no_answer(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::TooSlow && came_nothing(case)).then(|| {
        "The program took the request and never answered. Look for a loop without a way out, a \
         lock that is held twice, or a read that waits for more bytes than the client sent \
         (read exactly Content-Length bytes of the body)."
            .into()
    })
}

fn slow_answer(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::TooSlow).then(|| {
        "The answer began to come, and its end did not come in time. Look for what the program \
         does between two writes, and whether the end of the answer is ever written."
            .into()
    })
}

fn not_http(case: &Case) -> Option<String> {
    let Symptom::NotHttp(why) = case.symptom() else {
        return None;
    };
    Some(format!(
        "What came back is not an HTTP answer ({why}). It must begin with a status line such as \
         HTTP/1.1 200 OK; every line of the head ends with \\r\\n; an empty line ends the head."
    ))
}

fn no_length(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::NoLength).then(|| {
        "The answer has no Content-Length, so the client cannot know where the body ends, and \
         waits for more. Send a Content-Length with the number of bytes in the body."
            .into()
    })
}

fn short_body(case: &Case) -> Option<String> {
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

fn long_body(case: &Case) -> Option<String> {
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

fn endless_body(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::EndlessBody).then(|| {
        "The body does not end. Look for a loop that writes to the client and has no way out."
            .into()
    })
}

fn panicked(case: &Case) -> Option<String> {
    if case.status() != Some(500) {
        return None;
    }
    let panic = case.panic()?;
    Some(format!("The handler panicked: {panic}. Look at that line."))
}

fn no_method(case: &Case) -> Option<String> {
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

fn server_error(case: &Case) -> Option<String> {
    let status = case.status().filter(|status| *status >= 500)?;
    Some(format!(
        "Status {status} says that the program failed while it answered. What it printed may say \
         why; look for a `?` that returned an error, too."
    ))
}

fn unwanted_redirect(case: &Case) -> Option<String> {
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

fn hello_answer(case: &Case) -> Option<String> {
    let answer = case.answer()?;
    let due = !matches!(case.symptom(), Symptom::Body(body) if body == &answer.body);
    (due && answer.body().starts_with(b"Hello, HTTP!")).then(|| {
        "This is the hello server's answer. Is the file saved, and is this the lesson's own file? \
         If so, the handler still answers as in lesson 0: look at what it does with the path."
            .into()
    })
}

fn not_found(case: &Case) -> Option<String> {
    (case.status() == Some(404) && case.due().is_some_and(|due| due < 400)).then(|| {
        "The program does not know this path: 404. Compare the path in the request, letter by \
         letter, with the ones in the code. A path begins with a slash; what follows a question \
         mark is the query, not the path."
            .into()
    })
}

fn found_anyway(case: &Case) -> Option<String> {
    let status = case.status().filter(|status| (200..300).contains(status))?;
    let due = case.due().filter(|due| *due >= 400)?;
    Some(format!(
        "The program answers {status} as if all were well, where {due} was due. The client reads \
         the status, not the text of the page: give this case its own send_response({due}), and \
         see that this request comes to it."
    ))
}

fn other_status(case: &Case) -> Option<String> {
    let (due, status) = (case.due()?, case.status()?);
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

fn no_content_type(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    (name.eq_ignore_ascii_case("content-type") && came.is_none()).then(|| {
        format!(
            "The answer does not say what its body is. Send the header before end_headers: \
             send_header(\"Content-Type\", \"{expected}\")."
        )
    })
}

fn wrong_content_type(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    let came = came.filter(|_| name.eq_ignore_ascii_case("content-type"))?;
    Some(format!(
        "The body is declared as {came}, and {expected} was due. A browser goes by this header, \
         not by the look of the body: text/plain shows tags as text, and without the charset \
         letters such as é may come out wrong."
    ))
}

fn no_header(case: &Case) -> Option<String> {
    let (name, _, came) = header(case)?;
    came.is_none().then(|| {
        format!("The header {name} is missing. Send it with send_header, before end_headers.")
    })
}

fn wrong_header(case: &Case) -> Option<String> {
    let (name, expected, came) = header(case)?;
    let came = came?;
    if case.answer()?.headers.get_all(name).iter().count() > 1 {
        return Some(format!(
            "The header {name} is there more than once. Send it once."
        ));
    }
    Some(format!(
        "The header {name} says {came}, and {expected} was due."
    ))
}

fn unwanted_header(case: &Case) -> Option<String> {
    (*case.symptom() == Symptom::UnwantedHeader)
        .then(|| "The answer has a header that must not be there in this case.".into())
}

fn empty_body(case: &Case) -> Option<String> {
    let (came, _) = case.bodies()?;
    came.is_empty().then(|| {
        "The body is empty. end_headers only ends the headers; the body still has to be sent \
         after it: send(...)."
            .into()
    })
}

fn final_newline(case: &Case) -> Option<String> {
    let (came, due) = case.bodies()?;
    let plain = |body: &[u8]| body.trim_ascii_end().to_vec();
    if plain(came) != plain(due) {
        return None;
    }
    let text = if came.len() < due.len() {
        "The body is right but for its last character: the line end (\\n) is missing."
    } else {
        "The body is right, but there is more white space at its end than there should be."
    };
    Some(text.into())
}

fn only_case(case: &Case) -> Option<String> {
    let (came, due) = case.bodies()?;
    let small = |body: &[u8]| String::from_utf8_lossy(body).to_lowercase();
    (small(came).contains(&small(due)) && !small(due).is_empty()).then(|| {
        "The body is right but for capital and small letters. Compare them letter by letter.".into()
    })
}

fn only_spaces(case: &Case) -> Option<String> {
    let (came, due) = case.bodies()?;
    let tight = |body: &[u8]| -> Vec<u8> {
        body.iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect()
    };
    (tight(came) == tight(due)).then(|| {
        "The body is right but for its spaces or line ends. Compare the two closely.".into()
    })
}

fn cut_body(case: &Case) -> Option<String> {
    let (came, due) = case.bodies()?;
    due.starts_with(came).then(|| {
        "The beginning of the body is right, and the rest is missing. If the program sets \
         Content-Length itself: it counts bytes, not characters, so text.len() is right."
            .into()
    })
}

fn other_body(case: &Case) -> Option<String> {
    case.bodies()?;
    Some(
        "The status is right, the body is not. Compare what was expected with what came back; \
         then look which branch of the code sends this text."
            .into(),
    )
}
