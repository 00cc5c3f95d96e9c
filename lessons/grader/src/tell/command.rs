//! An act as a command that a student can type.

use super::*;

/// The command, for a server on port 8000.
pub(super) fn of(place: &Place, act: &Act) -> String {
    match act {
        Act::Ask(request) => curl(request),
        Act::Run(command) | Act::Start(command) => run(place, command),
        Act::Serve(path, reply) => format!("(the service replies to {path} with {})", shown(reply)),
        Act::Write(name, contents) => {
            let contents = value::cut(contents, 60);
            format!("(a file is written into the folder served: {name}, {contents})")
        }
        Act::Restart => "(the server is ended and started again)".into(),
    }
}

fn run(place: &Place, command: &Command) -> String {
    let Command {
        arguments,
        variables,
        ..
    } = command;
    let mut line = String::new();
    for (name, value) in variables {
        line += &format!("{name}={} ", shell_word(value));
    }
    line += &format!("cargo run -p {}", place.package);
    if !arguments.is_empty() {
        line += " --";
    }
    for argument in arguments {
        line += " ";
        line += &shell_word(argument);
    }
    line
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

fn curl(request: &Request) -> String {
    let asked = crate::request::Request {
        method: request.method.clone(),
        path: request.target.clone(),
        headers: request.fields.clone(),
        body: request.body.as_ref().map(|body| body.to_vec()),
        ..crate::request::Request::default()
    };
    asked.curl()
}
