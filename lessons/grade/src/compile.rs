//! Compiles a submission: rustc alone, with one file and the libraries that are built already.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process;
use crate::sandbox::{Confinement, Place};

/// How long it may take by the clock. Where submissions are confined, 10 seconds of the
/// processor are the limit, which is the same however busy the computer is.
const LIMIT: Duration = Duration::from_secs(120);

/// The most lines of messages that are kept.
const MOST_LINES: usize = 60;

/// What the compiler ends with if a limit ends it, as a shell tells it: a panic, SIGABRT,
/// SIGKILL, SIGSEGV, SIGXCPU.
const OF_THE_FILE: [i32; 5] = [101, 134, KILLED, 139, 152];

const KILLED: i32 = 137;

/// Why there is no program.
#[derive(Debug)]
pub(crate) enum NotCompiled {
    /// It is the file's fault: this is what the compiler says.
    Wrong(String),
    /// It is not.
    Fault(String),
}

/// Compiles the file at its place, and returns the compiler's warnings.
pub(crate) fn compile(
    confinement: &Confinement,
    place: &Place<'_>,
) -> Result<Vec<String>, NotCompiled> {
    let mut command = confinement.compiler(place);
    arguments(&mut command, place);
    let ended = process::run(&mut command, LIMIT);
    let ended =
        ended.map_err(|error| NotCompiled::Fault(format!("cannot run the compiler: {error}")))?;
    let messages = ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let messages: Vec<Value> = messages.collect();
    if ended.success() && place.program().is_file() {
        return Ok(rendered(&messages, "warning"));
    }
    let errors = rendered(&messages, "error").concat();
    // An error without a place is none in the source: no linker, no disk. But for the limits.
    let of_the_file = ["File too large", "signal: 9", "signal: 24", "signal: 25"];
    let limited = of_the_file.iter().any(|words| errors.contains(words));
    if messages
        .iter()
        .any(|message| message["level"] == "error" && has_place(message))
        || limited
    {
        return Err(NotCompiled::Wrong(cut(&errors)));
    }
    let code = ended.status.map(|status| status.code().unwrap_or(KILLED));
    if code.is_none_or(|code| OF_THE_FILE.contains(&code)) {
        return Err(NotCompiled::Wrong(
            "the compiler came to no end: it was stopped after 10 seconds of work, or took more \
             than 1 GiB of memory. Look for what the compiler itself has to work out: a const \
             whose loop never ends, a macro that expands to itself, a type that grows."
                .into(),
        ));
    }
    let plain = ended.stderr.lines().filter(|line| !line.starts_with('{'));
    let plain = [&[errors.as_str()], &plain.collect::<Vec<_>>()[..]].concat();
    Err(NotCompiled::Fault(format!(
        "the compiler does not work: {}",
        cut(&plain.join("\n"))
    )))
}

fn arguments(command: &mut Command, place: &Place<'_>) {
    let lesson = place.lesson;
    command
        .arg(lesson.shown())
        .args(["--crate-type=bin", "--error-format=json", "-Cdebuginfo=0"])
        // Many small files are linked more slowly than one, and what debuggers need of the
        // libraries is most of a program.
        .args(["-Ccodegen-units=1", "-Cstrip=debuginfo"]);
    command.args([
        "--crate-name",
        &lesson.package,
        "--edition",
        &lesson.edition,
    ]);
    command
        .args(&place.course.lints)
        .arg("-o")
        .arg(place.program());
    let libraries = place.course.libraries.display();
    command.arg(format!("-Ldependency={libraries}"));
    for (name, library) in &lesson.externs {
        command
            .arg("--extern")
            .arg(format!("{name}={}", library.display()));
    }
}

/// Whether a message points to a place in the source.
fn has_place(message: &Value) -> bool {
    let spans = message["spans"].as_array();
    spans.is_some_and(|spans| !spans.is_empty())
}

/// What rustc prints of the messages of this level, but for those that count the others.
fn rendered(messages: &[Value], level: &str) -> Vec<String> {
    let of_level = messages.iter().filter_map(|message| {
        let text = message["rendered"].as_str()?;
        let is_count = text.starts_with("error: aborting due to");
        let is_shown =
            message["level"] == level && (has_place(message) || level == "error" && !is_count);
        is_shown.then(|| text.to_string())
    });
    of_level.collect()
}

/// The text without what is too much to read at once.
fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut shown = lines[..lines.len().min(MOST_LINES)].join("\n");
    if lines.len() > MOST_LINES {
        shown += &format!("\n... ({} more lines)", lines.len() - MOST_LINES);
    }
    shown
}
