//! Runs the ```` ```console ```` blocks of a text and compares what comes out with
//! what the text says.
//!
//! A line that begins with `$ ` is a command; the lines after it are its output.
//!
//! - `$ cargo run -p NAME` starts the lesson's solution, and `--bin OTHER` another
//!   program of the lesson; `http-core` is the library's own command. It runs in the
//!   top folder of the course. Arguments after `--` are the program's.
//! - If its output begins with `Serving HTTP`, it is a server. It runs on while the
//!   blocks after it are run, until the text starts another one on its port or presses
//!   Ctrl-C, which a line `^C` shows. The port is 8000, unless `PORT=8001` or a number
//!   among the arguments says otherwise. Its output must have the lines of the block in
//!   it, in their order; others may come between.
//! - If its output begins with `Error:` and it has no arguments and no variables, it is a second server
//!   on the port of the last one, and must print just this. (On Windows, only the first line: what
//!   to type there is another command.)
//! - Any other command runs to its end, and must print just what the text says. A line
//!   `...` stands for any lines. `curl` asks the running servers. `echo $?` shows the
//!   exit code of the last `cargo run`.
//! - `cargo test` runs with the starter as it is; after ```` ```console solved ````
//!   with the solution in its place, and after ```` ```console wrong/NAME ```` with
//!   the first edit of this name in wrong.edits.
//!
//! Ports, dates, times, and the addresses and names of clients may differ.

use std::process::{Command, Stdio};

use crate::lesson::{self, Lesson};
use crate::workshop::Workshop;
use lines::{alike, indented, is_match, lines};
use servers::{Server, Servers};

mod lines;
mod servers;

/// A command of a text, and what it prints there.
struct Shown {
    /// What stands behind `console` in the first line of the block.
    place: String,
    command: String,
    output: Vec<String>,
}

/// What is not true in the console blocks of a text.
pub fn faults(workshop: &Workshop, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut servers = Servers::default();
    let mut exit_code = None;
    for shown in shown(text) {
        if !is_for_every_terminal(&shown.command) {
            let command = &shown.command;
            faults.push(format!(
                "$ {command}\nhas single quotes, which quote nothing in cmd: write double ones"
            ));
        }
        let (variables, words) = words(&shown.command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let begins_with = |text| shown.output.first().is_some_and(|l| l.starts_with(text));
        let mut output = shown.output.as_slice();
        let printed = match words[..] {
            ["cargo", "run", "-p", package] if begins_with("Error:") && variables.is_empty() => {
                let printed = servers.second(workshop, package);
                match cfg!(windows) {
                    false => printed,
                    true => {
                        output = &output[..1];
                        printed.lines().take(1).collect()
                    }
                }
            }
            ["cargo", "run", "-p", ..] if begins_with("Serving HTTP") => {
                let server = Server::start(workshop, &words[3..], &variables, shown);
                faults.extend(servers.add(server));
                continue;
            }
            ["cargo", "run", "-p", ..] => {
                let (mut command, arguments) = program(workshop, &words[3..]);
                command
                    .args(arguments.iter().map(|word| servers.to_real(word)))
                    .env("PORT", "0")
                    .envs(variables);
                let (code, printed) = all_output_of(command);
                exit_code = code;
                servers.to_shown(&printed)
            }
            ["echo", "$?"] => match exit_code {
                Some(code) => format!("{code}\n"),
                None => panic!("no program has run to its end before: {}", shown.command),
            },
            ["cargo", "test", "-p", package, ..] => {
                cargo_test(workshop, &lesson_of(package), &shown.place, &words[1..])
            }
            ["curl", ..] => {
                let mut curl = Command::new("curl");
                // No progress meter, which it shows where its output is no terminal.
                curl.current_dir(&workshop.root)
                    .arg("-sS")
                    .args(words[1..].iter().map(|word| servers.to_real(word)));
                servers.to_shown(&output_of(curl))
            }
            _ => panic!(
                "a console block has the command `{}`. It can have `cargo run -p`, `cargo test -p`, \
                 `curl` and `echo $?`; a block that is not to be run is of another kind, `sh` or `text`",
                shown.command
            ),
        };
        let (said, found) = (alike(output), alike(&lines(&printed)));
        if !is_match(&said, &found) {
            faults.push(format!(
                "$ {}\nprints, says the text:\n{}\nand prints:\n{}",
                shown.command,
                indented(&said),
                indented(&found)
            ));
        }
    }
    faults.extend(servers.running.into_iter().filter_map(Server::end));
    faults
}

/// Whether no single quotes are to quote: cmd takes them for letters. Double ones do in every
/// terminal.
fn is_for_every_terminal(command: &str) -> bool {
    let mut outside = command.split('"').step_by(2);
    outside.all(|part| !part.contains('\''))
}

/// The program that these words behind `cargo run -p` start, and its arguments.
fn program<'a>(workshop: &Workshop, words: &'a [&'a str]) -> (Command, &'a [&'a str]) {
    let end = words.iter().position(|word| *word == "--");
    let (options, arguments) = match end {
        Some(end) => (&words[1..end], &words[end + 1..]),
        None => (&words[1..], &[][..]),
    };
    let built = match options {
        [] if words[0] == "http-core" => workshop.build_command(),
        [] => workshop.build_solution(&lesson_of(words[0])),
        ["--bin", name] => workshop.build_binary(&lesson_of(words[0]), name),
        _ => panic!(
            "a console block has `cargo run` with {options:?}. Before `--`, only `--bin NAME` is known"
        ),
    };
    let mut command = Command::new(built.program);
    command.current_dir(&workshop.root);
    (command, arguments)
}

/// The commands in the console blocks.
fn shown(text: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut place: Option<&str> = None;
    for line in text.lines() {
        match (place, line.strip_prefix("```")) {
            (None, Some(info)) => {
                place = info
                    .strip_prefix("console")
                    .map(str::trim)
                    .or(Some("not ours"))
            }
            (Some(_), Some(_)) => place = None,
            (Some("not ours") | None, _) => {}
            (Some(at), None) => match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push(Shown {
                    place: at.to_string(),
                    command: command.to_string(),
                    output: Vec::new(),
                }),
                (None, Some(last)) => last.output.push(line.to_string()),
                (None, None) => panic!("a console block begins with a command, not with: {line}"),
            },
        }
    }
    commands
}

/// The variables and the words of a command line.
fn words(command: &str) -> (Vec<(String, String)>, Vec<String>) {
    let mut words =
        shell_words::split(command).unwrap_or_else(|_| panic!("not a command line: {command}"));
    let is_variable = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
    };
    let variables = words.iter().take_while(|word| is_variable(word)).count();
    let rest = words.split_off(variables);
    let pairs = words
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.into(), value.into()));
    (pairs.collect(), rest)
}

fn lesson_of(package: &str) -> Lesson {
    let found = lesson::all()
        .into_iter()
        .find(|lesson| lesson.package == package);
    found.unwrap_or_else(|| panic!("no lesson is named {package}"))
}

fn cargo_test(workshop: &Workshop, lesson: &Lesson, place: &str, arguments: &[&str]) -> String {
    let text = match place {
        "" => lesson.starter_text(),
        "solved" => {
            std::fs::read_to_string(lesson::root().join(format!("solutions/{}.rs", lesson.folder)))
                .expect("a solution")
        }
        wrong => lesson.wrong_program(wrong),
    };
    let mut cargo = workshop.command(env!("CARGO"));
    cargo.args(arguments).env("GRADE_SEED", "7342");
    workshop.with_starter(lesson, &text, || output_of(cargo))
}

/// The standard output of a command that ends by itself.
fn output_of(mut command: Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The exit code of a command that ends by itself, and all that it prints.
fn all_output_of(mut command: Command) -> (Option<i32>, String) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}

#[test]
fn commands_and_their_output_are_found() {
    let text = "```sh\n$ no\n```\n```console\n$ A=1 B= curl 'a b'\nout\n\n$ next\n```\n```console solved\n$ x\n```\n";
    let found = shown(text);
    let commands: Vec<&str> = found.iter().map(|shown| &*shown.command).collect();
    assert_eq!(commands, ["A=1 B= curl 'a b'", "next", "x"]);
    assert_eq!(found[0].output, ["out", ""]);
    assert_eq!((&*found[0].place, &*found[2].place), ("", "solved"));
    let (variables, words) = words(&found[0].command);
    assert_eq!(
        variables,
        [("A".into(), "1".into()), ("B".into(), String::new())]
    );
    assert_eq!(words, ["curl", "a b"]);
}
