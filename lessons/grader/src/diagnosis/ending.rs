//! Rules about a program that should run to its end, such as a client: whether and
//! how it ended, and what it printed.

use super::Case;
use crate::failure::{Came, Symptom};
use crate::program::EndTrouble;

/// Whether the program has ended by itself, as it should.
fn ended(case: &Case) -> bool {
    let runs_on = matches!(case.symptom(), Symptom::DoesNotEnd(_));
    matches!(case.facts.came, Came::Ended(_)) && !runs_on
}

/// More than a program prints that comes to its end.
const MUCH: u64 = 64 * 1024;

pub(super) fn prints_without_end(case: &Case) -> Option<String> {
    let Symptom::DoesNotEnd(trouble) = *case.symptom() else {
        return None;
    };
    (trouble == EndTrouble::Flood || case.trace.printed() > MUCH).then(|| {
        "The program prints without end. Look for a loop that prints and has no way out.".into()
    })
}

pub(super) fn does_not_end(case: &Case) -> Option<String> {
    matches!(case.symptom(), Symptom::DoesNotEnd(_)).then(|| {
        if case.printed("Serving HTTP on ") {
            return "The program serves, as if nothing were wrong with what it was told. In such a \
                    case main must return its error before it comes to serve_forever."
                .into();
        }
        "The program does not end. If it waits for an answer that never comes, or never comes to an \
         end, give the request a time limit for all of it; else look for a loop without a way out."
            .into()
    })
}

/// Also where the check looked at something else first: the panic is the cause.
pub(super) fn program_panicked(case: &Case) -> Option<String> {
    let panic = case.panic().filter(|_| ended(case))?;
    (case.trace.exit == Some(101)).then(|| {
        format!(
            "The program panicked: {panic}. Look at that line: an unwrap or expect there ends the \
             program without a word to its user, where a match or `?` could tell what went wrong."
        )
    })
}

pub(super) fn exit_code(case: &Case) -> Option<String> {
    let Symptom::ExitCode(due) = *case.symptom() else {
        return None;
    };
    let code = case.trace.exit.unwrap_or(-1);
    Some(match (code, due) {
        (0, _) => format!(
            "The program ended with exit code 0, which says that all went well. In this case main \
             must say on standard error what is wrong, and return an error or \
             ExitCode::from({due})."
        ),
        (_, 0) => format!(
            "The program ended with exit code {code}, which says that something went wrong. What \
             it printed may say what; see that main returns ExitCode::SUCCESS in this case."
        ),
        _ => format!(
            "The exit code is {code}, and {due} was due. See what main returns in this case."
        ),
    })
}

pub(super) fn wrong_stream(case: &Case) -> Option<String> {
    let (due, other, advice) = match case.symptom() {
        Symptom::Stdout(due) | Symptom::StdoutLacks(due) => (
            due,
            &case.trace.stderr,
            "standard error. Results go to standard output: println!.",
        ),
        Symptom::StderrLacks(due) => (
            due,
            &case.trace.stdout,
            "standard output. Messages about what went wrong go to standard error: eprintln!, so \
             that they don't get mixed up with the results.",
        ),
        _ => return None,
    };
    let due = due.trim_end();
    (!due.is_empty() && other.contains(due)).then(|| format!("The text is there, but on {advice}"))
}
