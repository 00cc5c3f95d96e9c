//! What a wrong answer itself tells: the constants in which it differs from the right one,
//! and answers that are always the same.

use std::rc::Rc;

use crate::record::{Act, Answer, Bytes, Request, Text, What};

use super::super::guess::Compared;
use super::scope::Scope;
use super::texts::without_line_end;
use super::{Change, Slip, Writes};

/// The constants in which a wrong answer differs from the right one, each as a slip.
pub fn came(one: &Compared) -> Vec<(&'static str, String, Rc<Writes>)> {
    let mut all: Vec<(&'static str, String, Rc<Writes>)> = Vec::new();
    let Some(answer) = one.seen.answer() else {
        return all;
    };
    let differing = one.due.all().iter().filter(|due| !due.what.holds(one.seen));
    for due in differing.map(|due| due.what.clone()) {
        let instead = |what: What| -> Rc<Writes> {
            let due = due.clone();
            Rc::new(move |_, other| (*other == due).then(|| what.clone()))
        };
        match &due {
            What::Status(statuses) => {
                let (status, right) = (answer.status, statuses[0]);
                let says = format!(
                    "All is right but the status: it is {status} where it must be {right}."
                );
                all.push(("other-status", says, instead(What::Status(vec![status]))));
            }
            What::Field(name, Some(_)) if answer.all_fields(name).count() > 1 => {
                let values: Vec<String> = answer.all_fields(name).map(str::to_string).collect();
                let says = format!(
                    "The header {name} is there more than once: {values:?}. A second send_header \
                     does not replace the first one. Leave the one that is right, and take the \
                     other lines out."
                );
                let what = What::FieldTwice(name.clone(), values);
                all.push(("field-twice", says, instead(what)));
            }
            What::Field(name, right) => {
                let came = answer.field(name).map(str::to_string);
                let (says, slip) = match (&came, right) {
                    (None, _) => (format!("All is right, but {name} is missing."), "no-field"),
                    (Some(came), None) => (
                        format!("All is right, but {name} ({came}) must not be there."),
                        "other-field",
                    ),
                    (Some(came), Some(right)) => (
                        format!("All is right but {name}: it is {came:?}, and must be {right:?}."),
                        "other-field",
                    ),
                };
                let what = What::Field(name.clone(), came);
                all.push((slip, says, instead(what)));
            }
            What::Body(Text::Exactly(right)) => {
                let path = one.act.asked().map_or("", Request::path).to_string();
                if let Some((before, behind)) = around(&answer.body, right, &path) {
                    let says = match (&*before, behind.trim_end_matches('\n')) {
                        (before, "") => format!("The right text has {before:?} before it."),
                        ("", behind) => format!("The right text has {behind:?} behind it."),
                        (before, behind) => format!(
                            "The right text has {before:?} before it and {behind:?} behind it."
                        ),
                    };
                    let says = says.replace(r"\0", "PATH");
                    let writes: Rc<Writes> = Rc::new(move |act, what| match what {
                        What::Body(Text::Exactly(right)) => {
                            let path = act.asked().map_or("", Request::path);
                            let put = |text: &str| text.replace(THE_PATH, path).into_bytes();
                            let core = without_line_end(right);
                            let body = [&*put(&before), core, &*put(&behind)].concat();
                            Some(What::Body(Text::Exactly(Bytes(body))))
                        }
                        _ => None,
                    });
                    all.push(("more-text", says, writes));
                }
                let what = What::Body(Text::Exactly(answer.body.clone()));
                let says = match (answer.text(), right.text()) {
                    (came, right) if came.len().max(right.len()) < 60 => {
                        format!("All is right but the text: it is {came:?}, and must be {right:?}.")
                    }
                    _ => "All is right but the text. Compare it letter by letter.".into(),
                };
                all.push(("other-text", says, instead(what)));
            }
            _ => {}
        }
    }
    all
}

/// The name of the slip that all that is wrong is one answer, always the same.
pub const OWN_ANSWER: &str = "one-answer";

/// What is said of an answer that is always the same one here; nothing, where that says too
/// little.
pub fn says_where(scope: &Scope) -> Option<String> {
    let asked = match scope {
        Scope::Path(method, path) => format!("{method} {path}"),
        Scope::NoBody(method, path) => format!("{method} {path} with an empty body"),
        Scope::Status(method, status) => format!("each {method} that must be answered {status}"),
        Scope::Everywhere | Scope::Step(_) | Scope::Errors => return None,
    };
    Some(format!(
        "Of all that was asked, only {asked} is answered wrongly, and always with the same answer. \
         Look where your program makes it."
    ))
}

/// All that is wrong is the answer here, which is always this one.
pub fn own_answer(scope: Scope, says: String, answer: Answer) -> Slip {
    let writes = move |_: &Act, what: &What| {
        Some(match what {
            What::Status(_) => What::Status(vec![answer.status]),
            What::Field(name, _) | What::OwnField(name) => {
                What::Field(name.clone(), answer.field(name).map(str::to_string))
            }
            What::Body(_) => What::Body(Text::Exactly(answer.body.clone())),
            _ => return None,
        })
    };
    Slip {
        name: OWN_ANSWER.into(),
        says,
        scope,
        change: Change::Writes(Rc::new(writes)),
    }
}

/// Stands for the path that was asked for.
const THE_PATH: &str = "\u{0}";

/// What stands before and behind the right text, without its line end, in the one that
/// came.
fn around(came: &[u8], right: &[u8], path: &str) -> Option<(String, String)> {
    let came = str::from_utf8(came).ok()?;
    let right = str::from_utf8(without_line_end(right)).ok()?;
    let (before, behind) = came.split_once(right).filter(|_| !right.is_empty())?;
    if before.is_empty() && behind.trim_end_matches(['\r', '\n']).is_empty() {
        return None;
    }
    let marked = |text: &str| match path {
        "" | "/" => text.to_string(),
        path => text.replace(path, THE_PATH),
    };
    Some((marked(before), marked(behind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Expect, get};

    #[test]
    fn a_field_that_is_there_twice_is_told_with_its_values() {
        let twice = ["text/plain", "text/html"].map(str::to_string);
        let mut answer = Answer::new(200, "");
        let name = || "Content-Type".to_string();
        answer.fields.clear();
        answer
            .fields
            .extend(twice.clone().map(|value| (name(), value)));
        let seen = crate::cause::tests::came(answer);
        let due = Expect::step(1).field("Content-Type", "text/html");
        let act = get("/");
        let compared = Compared {
            act: &act,
            seen: &seen,
            due: &due,
            wrong: 1,
            is_another: false,
            unguessed: 1,
            is_weak: false,
        };
        let all = came(&compared);
        let [(slip, says, writes)] = &all[..] else {
            panic!("one thing is wrong");
        };
        assert_eq!(*slip, "field-twice");
        assert!(says.contains(r#"["text/plain", "text/html"]"#), "{says}");
        let written = writes(&act, &due.all()[0].what).unwrap();
        assert_eq!(written, What::FieldTwice(name(), twice.into()));
        assert!(written.holds(&seen));
    }

    #[test]
    fn what_stands_around_a_text_is_found() {
        let around = |came: &str, path| around(came.as_bytes(), b"Not found\n", path);
        let found = |before: &str, behind: &str| Some((before.into(), behind.into()));
        assert_eq!(around("Not found: /x\n", "/x"), found("", ": \0\n"));
        assert_eq!(around("Error. Not found\n", "/x"), found("Error. ", "\n"));
        assert_eq!(around("Not found", "/x"), None);
        assert_eq!(around("Not found\r\n", "/x"), None);
        assert_eq!(around("Nothing\n", "/x"), None);
    }
}
