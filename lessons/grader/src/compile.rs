//! Builds a lesson's program with Cargo, and tells why it does not compile.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::place::Place;
use crate::show::count;

/// The most lines of compiler messages that are shown.
const MOST_LINES: usize = 60;

/// Builds this program of the lesson's package and returns its path.
///
/// # Errors
///
/// With what the compiler said, or what else went wrong.
pub(crate) fn build(place: &Place, program: &str) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["build", "-p", &place.package, "--bin", program])
        .arg("--message-format=json")
        .current_dir(place.manifest_dir())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", cargo.to_string_lossy()))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let messages = stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let messages: Vec<Value> = messages.collect();
    if output.status.success() {
        let found = messages.iter().rev().find_map(|message| {
            let same = message["target"]["name"] == program;
            message["executable"].as_str().filter(|_| same)
        });
        return found
            .map(PathBuf::from)
            .ok_or_else(|| format!("cargo has built {program} but does not say where it is"));
    }
    let errors = errors(&messages, place);
    if errors.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let from = said.find("error").unwrap_or(0);
        return Err(format!(
            "cargo could not build it:\n\n{}",
            cut(&said[from..])
        ));
    }
    let shown = cut(&errors.concat());
    Err(format!("this is what the compiler says:\n\n{shown}"))
}

/// The errors among Cargo's messages, as rustc prints them.
fn errors(messages: &[Value], place: &Place) -> Vec<String> {
    let errors = messages.iter().filter_map(|message| {
        let diagnostic = &message["message"];
        let text = diagnostic["rendered"].as_str()?;
        // The last "error" only counts the others.
        let counts = text.starts_with("error: aborting due to");
        if diagnostic["level"] != "error" || counts {
            return None;
        }
        Some(place.without_detours(text))
    });
    errors.collect()
}

/// The text without what is too much to read at once.
fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let shown = lines[..lines.len().min(MOST_LINES)].iter();
    let mut shown: Vec<String> = shown.map(|line| crate::show::plain_line(line)).collect();
    if lines.len() > MOST_LINES {
        let left = count(lines.len() - MOST_LINES, "more line");
        shown.push(format!("... ({left})"));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_errors_are_shown_and_paths_without_a_detour() {
        let message = |level: &str, text: &str| json!({"reason": "compiler-message", "message": {"level": level, "rendered": text}});
        let place = Place::new("/course/lessons/1_path_router", "path_router");
        let messages = [
            message("warning", "warning: unused variable"),
            message(
                "error",
                "error: oh\n --> lessons/1_path_router/../../starter/1_path_router.rs:3:5\n",
            ),
            message("error", "error: aborting due to 1 previous error"),
        ];
        let shown = errors(&messages, &place);
        assert_eq!(shown, ["error: oh\n --> starter/1_path_router.rs:3:5\n"]);
    }

    #[test]
    fn many_lines_are_cut() {
        let text = cut(&"line\n".repeat(100));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(text.ends_with("... (40 more lines)"), "{text}");
    }
}
