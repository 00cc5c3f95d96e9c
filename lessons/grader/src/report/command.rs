//! An act as a command that a student can type.

use super::*;

/// The command, for a server on port 8000.
pub(super) fn of(place: &Place, act: &Act) -> String {
    match act {
        Act::Ask(request) => Shell::here().curl(request),
        Act::Run(command) | Act::Start(command) => Shell::here().cargo_run(&place.package, command),
        Act::Serve(path, reply) => format!("(the service replies to {path} with {})", shown(reply)),
        Act::Write(name, contents) => {
            let contents = value::cut(contents, 30);
            format!("(the file {name} is written into the folder served: {contents})")
        }
        Act::Restart => "(the server is ended and started again)".into(),
    }
}

fn shown(reply: &Reply) -> String {
    let answer = |answer: &crate::record::Answer| {
        let location = answer
            .field("Location")
            .map(|to| format!(", Location: {to}"));
        let body = match answer.body.is_empty() {
            true => String::new(),
            false => format!(" and the body {}", value::cut(&answer.body, 100)),
        };
        format!(
            "{}{}{body}",
            with_reason(answer.status).trim_end(),
            location.unwrap_or_default()
        )
    };
    match reply {
        Reply::Answer(what) => answer(what),
        Reply::Raw(bytes) if bytes.is_empty() => "a closed connection".into(),
        Reply::Raw(bytes) => format!("the bytes {}", value::cut(bytes, 100)),
        Reply::Silent => "silence, on an open connection".into(),
        Reply::Stalled(what) => format!("{}, but never the last byte", answer(what)),
        Reply::After(time, what) => {
            format!("{}, after {} seconds", answer(what), time.as_secs_f32())
        }
    }
}
