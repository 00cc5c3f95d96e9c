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
//!   on the port of the last one, and must print just this.
//! - Any other command runs to its end, and must print just what the text says. A line
//!   `...` stands for any lines. `curl` asks the running servers. `echo $?` shows the
//!   exit code of the last `cargo run`.
//! - `cargo test` runs with the starter as it is; after ```` ```console solved ````
//!   with the solution in its place, and after ```` ```console wrong/NAME ```` with
//!   the first edit of this name in wrong.edits.
//!
//! Ports, dates, times, and the addresses and names of clients may differ.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::lesson::{self, Lesson};
use crate::workshop::Workshop;

/// How long a command or a server may take to print what it should.
const PATIENCE: Duration = Duration::from_secs(60);

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
        let (variables, words) = words(&shown.command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let begins_with = |text| shown.output.first().is_some_and(|l| l.starts_with(text));
        let printed = match words[..] {
            ["cargo", "run", "-p", package] if begins_with("Error:") && variables.is_empty() => {
                servers.second(workshop, package)
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
            _ => panic!("the console blocks cannot run: {}", shown.command),
        };
        let (said, found) = (alike(&shown.output), alike(&lines(&printed)));
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
        _ => panic!("the console blocks cannot run: cargo run with {options:?}"),
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
        shlex::split(command).unwrap_or_else(|| panic!("not a command line: {command}"));
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
    workshop.put(lesson, &text);
    let mut cargo = workshop.command(env!("CARGO"));
    cargo.args(arguments).env("GRADE_SEED", "7342");
    output_of(cargo)
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

/// The servers that run, each on a port of its own.
#[derive(Default)]
struct Servers {
    running: Vec<Server>,
}

impl Servers {
    /// Adds a server, and ends the one on its port; what was not true of that one.
    fn add(&mut self, server: Server) -> Option<String> {
        let same = |other: &Server| other.shown_port == server.shown_port;
        let old = self.running.iter().position(same);
        let old = old.map(|at| self.running.remove(at));
        self.running.push(server);
        old.and_then(Server::end)
    }

    /// What one more says that wants the port of the last one.
    fn second(&self, workshop: &Workshop, package: &str) -> String {
        let first = self.running.last();
        let first = first.expect("a first server that has the port");
        first.second(workshop, package)
    }

    fn to_real(&self, word: &str) -> String {
        let running = self.running.iter();
        running.fold(word.into(), |word, server| server.to_real(&word))
    }

    fn to_shown(&self, text: &str) -> String {
        let running = self.running.iter();
        running.fold(text.into(), |text, server| server.to_shown(&text))
    }
}

/// A server of a lesson while it runs.
struct Server {
    child: Child,
    shown: Shown,
    /// The port in the text, and the real one.
    shown_port: String,
    port: u16,
    output: String,
    more: Receiver<String>,
}

impl Server {
    fn start(
        workshop: &Workshop,
        words: &[&str],
        variables: &[(String, String)],
        shown: Shown,
    ) -> Server {
        let (mut command, arguments) = program(workshop, words);
        let (send, more) = mpsc::channel();
        let is_port = |argument: &&str| argument.bytes().all(|byte| byte.is_ascii_digit());
        let mut child = command
            .args(arguments.iter().map(|a| if is_port(a) { "0" } else { a }))
            .envs(variables.iter().cloned())
            .env("PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the solution starts");
        pass_on(child.stdout.take().expect("a pipe"), send.clone());
        pass_on(child.stderr.take().expect("a pipe"), send);
        let port = variables.iter().find(|(name, _)| name == "PORT");
        let port = port.map(|(_, value)| value.as_str());
        let port = port.or(arguments.iter().copied().find(is_port));
        let mut server = Server {
            child,
            shown,
            shown_port: port.unwrap_or("8000").into(),
            port: 0,
            output: String::new(),
            more,
        };
        server.wait_for("Serving HTTP on http://");
        let (_, rest) = server.output.split_once("http://").expect("just seen");
        let authority = rest.split('/').next().unwrap_or_default();
        server.port = authority
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("a port");
        server
    }

    /// Reads on until the output has this text in it.
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.output.contains(text) || !self.output.ends_with('\n') {
            match self
                .more
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(more) => self.output.push_str(&more),
                Err(_) => panic!("the server does not print {text:?}, but:\n{}", self.output),
            }
        }
    }

    /// What another one says that wants the same port.
    fn second(&self, workshop: &Workshop, package: &str) -> String {
        let built = workshop.build_solution(&lesson_of(package));
        let output = Command::new(built.program)
            .env("PORT", self.port.to_string())
            .stdin(Stdio::null())
            .output()
            .expect("the solution starts");
        assert!(
            !output.status.success(),
            "a second server on one port reports success"
        );
        let solution = format!("{package}_solution");
        let next = (self.port + 1).to_string();
        self.to_shown(&String::from_utf8_lossy(&output.stderr))
            .replace(&solution, package)
            .replace(&next, "8001")
    }

    fn to_real(&self, word: &str) -> String {
        let (shown, real) = (&self.shown_port, self.port);
        word.replace(
            &format!("://localhost:{shown}"),
            &format!("://localhost:{real}"),
        )
        .replace(
            &format!("://127.0.0.1:{shown}"),
            &format!("://127.0.0.1:{real}"),
        )
    }

    fn to_shown(&self, text: &str) -> String {
        text.replace(&self.port.to_string(), &self.shown_port)
    }

    /// Ends the server, with Ctrl-C if the text says so; what was not true of it.
    fn end(mut self) -> Option<String> {
        let interrupted = self.shown.output.iter().any(|line| line == "^C");
        if interrupted && cfg!(unix) {
            self.interrupt();
            let status = self.child.wait().expect("the server's end");
            if !status.success() {
                return Some(format!("$ {}\nafter Ctrl-C: {status}", self.shown.command));
            }
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        while let Ok(more) = self.more.recv() {
            self.output.push_str(&more);
        }
        let printed = alike(&lines(&self.to_shown(&self.output)));
        let mut left = printed.iter();
        for line in alike(&self.shown.output)
            .iter()
            .filter(|line| *line != "^C")
        {
            if !left.any(|found| found == line) {
                return Some(format!(
                    "$ {}\nprints, says the text, in this order:\n{line}\nand prints:\n{}",
                    self.shown.command,
                    indented(&printed)
                ));
            }
        }
        None
    }

    #[cfg(unix)]
    fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    }

    #[cfg(not(unix))]
    fn interrupt(&self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what comes out of a pipe, until its end.
fn pass_on(mut pipe: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            let _ = to.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    });
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_string).collect()
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("    {line}\n")).collect()
}

/// The lines without what may differ: dates, times, addresses of clients; and
/// without the empty lines around them.
fn alike(lines: &[String]) -> Vec<String> {
    let mut alike: Vec<String> = lines
        .iter()
        .map(|line| without_what_differs(line))
        .collect();
    while alike.last().is_some_and(String::is_empty) {
        alike.pop();
    }
    alike.drain(..alike.iter().take_while(|line| line.is_empty()).count());
    alike
}

fn without_what_differs(line: &str) -> String {
    let line = line.trim_end().replace("::1 - -", "127.0.0.1 - -");
    let after = |mark: &str, end: &str| -> Option<String> {
        let at = line.find(mark)? + mark.len();
        let rest = &line[at..];
        let end = if end.is_empty() {
            rest.len()
        } else {
            rest.find(end)?
        };
        Some(format!("{}*{}", &line[..at], &rest[end..]))
    };
    // `Date: Sat, 21 Nov 2026 10:00:00 GMT`, also marked and escaped in a trace.
    after("Date: ", " GMT")
        .or_else(|| after(" - - [", "]"))
        .or_else(|| {
            line.starts_with("--- connection ")
                .then(|| after(" from ", ""))
                .flatten()
        })
        .or_else(|| after("User-Agent: ", ""))
        .or_else(|| after("; finished in ", ""))
        .unwrap_or(line.clone())
}

/// Whether the lines found are those said, where `...` is any lines.
fn is_match(said: &[String], found: &[String]) -> bool {
    match said.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=found.len()).any(|skip| is_match(rest, &found[skip..]))
        }
        Some((first, rest)) => found.first() == Some(first) && is_match(rest, &found[1..]),
    }
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

#[test]
fn only_what_may_differ_differs() {
    let same = |a: &str, b: &str| without_what_differs(a) == without_what_differs(b);
    assert!(same(
        "Date: Sat, 21 Nov 2026 10:00:00 GMT",
        "Date: Sun, 22 Nov 2026 11:11:11 GMT"
    ));
    assert!(same(
        "127.0.0.1 - - [21/Nov/2026 10:00:00] \"GET / HTTP/1.1\" 200 -",
        "::1 - - [22/Nov/2026 10:00:00] \"GET / HTTP/1.1\" 200 -"
    ));
    assert!(same(
        "--- connection 1 from 127.0.0.1:50000",
        "--- connection 1 from [::1]:40000"
    ));
    assert!(!same(
        "--- connection 1 from 127.0.0.1:50000",
        "--- connection 2 from 127.0.0.1:50000"
    ));
    assert!(!same(
        "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 -",
        "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 404 -"
    ));
    let lines = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
    assert!(is_match(&lines("a ... d"), &lines("a b c d")));
    assert!(is_match(&lines("a ... d"), &lines("a d")));
    assert!(!is_match(&lines("a ... d"), &lines("a b c")));
    assert!(!is_match(&lines("a b"), &lines("a b c")));
}
