//! From symptom to likely cause: one table of rules, in the order in which they
//! are tried. Each rule names its diagnosis (tools and tests go by the name) and,
//! where it applies, says what to look at, as a patient teacher would.
//!
//! The rules about a server and its connection are in `program`, those about a whole
//! answer in `answer`, those about text from a form in `form`, those about a program
//! that runs to its end in `ending`.

use crate::answer::Answer;
use crate::failure::{Came, Facts, Symptom};
use crate::program::Trace;
use crate::request::Asked;

mod answer;
mod ending;
mod form;
mod program;

/// The likely cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// A short name that stays the same when the text gets better.
    pub(crate) id: &'static str,
    pub(crate) text: String,
}

/// Everything a rule can look at.
struct Case<'a> {
    /// The step of the check.
    step: u32,
    facts: &'a Facts,
    trace: &'a Trace,
}

/// The name of a diagnosis, and what to say if it applies.
type Rule = (&'static str, fn(&Case) -> Option<String>);

/// The first rule that applies to the failure of a check of this step; or, between the
/// two tables, what the check itself knows.
pub(crate) fn diagnose(step: u32, facts: &Facts, trace: &Trace) -> Diagnosis {
    let case = Case { step, facts, trace };
    let find = |rules: &[Rule]| {
        rules
            .iter()
            .find_map(|&(id, rule)| rule(&case).map(|text| Diagnosis { id, text }))
    };
    let known = facts.cause.clone().map(|(id, text)| Diagnosis { id, text });
    let found = find(BROKEN).or(known).or_else(|| find(NOT_RIGHT));
    found.unwrap_or_else(|| Diagnosis {
        id: "unknown",
        text: "Compare what was expected with what came back, and repeat the request in a \
               terminal."
            .into(),
    })
}

/// From the program that does not run, over the connection that breaks, to the
/// handler that fails.
const BROKEN: &[Rule] = &[
    ("grader-fault", program::grader_fault),
    ("port-taken", program::port_taken),
    ("not-yet-implemented", program::not_yet_implemented),
    ("stack-overflow", program::stack_overflow),
    ("exits-at-once", program::exits_at_once),
    ("endless-output", program::endless_output),
    ("no-start-line", program::no_start_line),
    ("endless-output", ending::prints_without_end),
    ("does-not-end", ending::does_not_end),
    ("panicked", ending::program_panicked),
    ("exits-while-answering", program::exits_while_answering),
    ("refused", program::refused),
    ("closed-early", program::closed_early),
    ("no-answer", program::no_answer),
    ("slow-answer", program::slow_answer),
    ("not-http", program::not_http),
    ("no-length", program::no_length),
    ("short-body", program::short_body),
    ("long-body", program::long_body),
    ("endless-body", program::endless_body),
    ("panicked", answer::panicked),
    ("no-method", answer::no_method),
    ("wrong-length", answer::wrong_length),
    ("server-error", answer::server_error),
];

/// The answer that is not the right one.
const NOT_RIGHT: &[Rule] = &[
    ("exit-code", ending::exit_code),
    ("wrong-stream", ending::wrong_stream),
    ("unwanted-redirect", answer::unwanted_redirect),
    ("hello-answer", answer::hello_answer),
    ("not-found", answer::not_found),
    ("found-anyway", answer::found_anyway),
    ("no-redirect", answer::no_redirect),
    ("other-status", answer::other_status),
    ("misspelled-header", answer::misspelled_header),
    ("no-content-type", answer::no_content_type),
    ("wrong-content-type", answer::wrong_content_type),
    ("no-header", answer::no_header),
    ("wrong-header", answer::wrong_header),
    ("added-header", answer::added_header),
    ("unwanted-header", answer::unwanted_header),
    ("unescaped", form::unescaped),
    ("escaped-twice", form::escaped_twice),
    ("escaped-page", form::escaped_page),
    ("not-decoded", form::not_decoded),
    ("tags-removed", form::tags_removed),
    ("unwanted-text", form::unwanted_text),
    ("form-by-get", form::form_by_get),
    ("empty-body", answer::empty_body),
    ("final-newline", answer::final_newline),
    ("only-case", answer::only_case),
    ("lossy-text", answer::lossy_text),
    ("only-spaces", answer::only_spaces),
    ("byte-by-byte", answer::byte_by_byte),
    ("still-encoded", answer::still_encoded),
    ("cut-body", answer::cut_body),
    ("not-from-body", form::not_from_body),
    ("not-from-query", form::not_from_query),
    ("other-beginning", answer::other_beginning),
    ("other-body", answer::other_body),
    ("other-page", answer::other_page),
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

    /// The text that came and the text that was expected, if that is what failed: a
    /// body, or what a program printed.
    fn texts(&self) -> Option<(&[u8], &[u8])> {
        match self.symptom() {
            Symptom::Body(due) => Some((self.answer()?.body(), due)),
            Symptom::BodyLacks(due) => Some((self.answer()?.body(), due.as_bytes())),
            Symptom::Stdout(due) | Symptom::StdoutLacks(due) => {
                Some((self.trace.stdout.head.as_bytes(), due.as_bytes()))
            }
            Symptom::StderrLacks(due) => Some((self.trace.stderr.head.as_bytes(), due.as_bytes())),
            _ => None,
        }
    }

    /// What the text is.
    fn text(&self) -> &'static str {
        match self.symptom() {
            Symptom::Stdout(_) | Symptom::StdoutLacks(_) => "standard output",
            Symptom::StderrLacks(_) => "standard error",
            _ => "body",
        }
    }

    /// Whether the text is only a part of what is there.
    fn is_part(&self) -> bool {
        let symptom = self.symptom();
        matches!(
            symptom,
            Symptom::BodyLacks(_) | Symptom::StdoutLacks(_) | Symptom::StderrLacks(_)
        )
    }

    /// Whether what came is, or has in it, what was due.
    fn fits(&self, came: &str, due: &str) -> bool {
        if self.is_part() {
            came.contains(due)
        } else {
            came == due
        }
    }

    fn method(&self) -> &str {
        self.facts
            .asked
            .as_ref()
            .and_then(|asked| asked.method())
            .unwrap_or("GET")
    }

    /// The query string of the request, if it has one.
    fn query(&self) -> Option<&str> {
        let path = self.facts.asked.as_ref()?.path()?;
        Some(path.split_once('?')?.1)
    }

    /// The body of the request, if it has one.
    fn asked_body(&self) -> Option<&[u8]> {
        match &self.facts.asked {
            Some(Asked::Request(request)) => request.body.as_deref(),
            _ => None,
        }
    }

    /// The form in the body of the request, if it has one.
    fn asked_form(&self) -> Option<&[u8]> {
        match &self.facts.asked {
            Some(Asked::Request(request)) if request.is_form() => request.body.as_deref(),
            _ => None,
        }
    }

    fn printed(&self, text: &str) -> bool {
        self.trace.stderr.contains(text) || self.trace.stdout.contains(text)
    }

    /// What the program last panicked with, and where, as it told on standard error:
    /// http-core tells it on one line, Rust itself on two.
    fn panic(&self) -> Option<String> {
        let lines: Vec<&str> = self.trace.stderr.lines().collect();
        lines.iter().enumerate().rev().find_map(|(at, line)| {
            if let Some((_, told)) = line.split_once("handler panicked: ") {
                return Some(told.to_string());
            }
            let (_, place) = line.split_once("panicked at ")?;
            let message = lines.get(at + 1).copied().unwrap_or("");
            let place = place.trim_end_matches(':');
            Some(format!("{} ({place})", message.trim()))
        })
    }
}
