//! What one request costs, in figures that a busy machine does not change: system
//! calls, as strace sees them, and instructions, as valgrind counts them.
//!
//! The calls are counted whenever strace is there. The instructions are those of a
//! release build, which takes a minute to make, so one has to ask for them:
//!
//! `cargo test -p http-core --test counts -- --ignored`

// Other systems have neither.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::program::{self, Program};
use libtest_mimic::{Arguments, Failed, Trial};

/// What a request takes, once each: the thread waits for it, reads it, writes the answer.
const CALLS: [&str; 3] = ["wait", "receive", "send"];

/// Instructions for one GET of 64 that come at once, and the compiler whose code they are.
/// It is what was measured last; when less is needed, write that here.
const INSTRUCTIONS: f64 = 2_331.0;
const COMPILER: &str = "rustc 1.95.0";
const ARCHITECTURE: &str = "x86_64";

/// What a change may add before this fails. Another compiler makes other code of the
/// same source, by a few hundredths; more than this is no compiler's doing.
const TOLERANCE: f64 = 0.02;
const TOLERANCE_OTHER_COMPILER: f64 = 0.10;

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const PIPELINE: usize = 64;

/// A server that runs under a tool. The tool is told to end, so that it ends what it has
/// started, and writes down what it has seen.
struct Watched(Option<Program>);

impl Watched {
    fn start(tool: &mut Command) -> Watched {
        Watched(Some(Program::start(tool)))
    }

    fn program(&self) -> &Program {
        self.0.as_ref().expect("it was not ended")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(program) = self.0.take() {
            #[cfg(unix)]
            program.signal("TERM");
            program.end();
        }
    }
}

/// The system calls for a request. Once in a while, Linux wakes the thread only to say that it may
/// write to the connection, where nothing waits to be written, and it looks in vain for something
/// to read. That is no doing of the server's, and does not come three times in a row.
fn system_calls() -> Result<(), Failed> {
    let again = |_| system_calls_once();
    system_calls_once().or_else(again).or_else(again)
}

/// The system calls between two requests on one connection, by what they are for, divided
/// by the requests.
fn system_calls_once() -> Result<(), Failed> {
    const MANY: usize = 100;
    let folder = tempfile::tempdir()?;
    // A file for each thread, so that no line has half a call. With -I2, strace can be told to
    // end, and ends what it has started.
    let mut strace = Command::new("strace");
    strace
        .args(["-ff", "-qq", "-I2", "-o"])
        .arg(folder.path().join("thread"))
        .arg(program::example("hello"))
        .args(["0", "1"]);
    let server = Watched::start(&mut strace);
    let mut client = server.program().connect();
    client.get("/warm");
    client.get("/begin");
    for _ in 1..MANY {
        client.get("/");
    }
    client.get("/end");
    drop(server);
    let mut counted = None;
    for file in fs::read_dir(folder.path())? {
        let text = fs::read_to_string(file?.path())?;
        let lines: Vec<&str> = text.lines().collect();
        let position = |path: &str| lines.iter().position(|line| line.contains(path));
        if let (Some(begin), Some(end)) = (position("GET /begin "), position("GET /end ")) {
            let lines = &lines[begin + 1..=end];
            let mut calls = BTreeMap::new();
            for line in lines {
                *calls.entry(purpose(line).to_owned()).or_insert(0) += 1;
            }
            // Behind the request that began it comes its answer: send, wait, receive, and again.
            let mut usual = ["send", "wait", "receive"].iter().cycle();
            let odd = lines
                .iter()
                .position(|line| Some(&purpose(line)) != usual.next());
            let odd = odd.map_or(&[][..], |at| {
                &lines[at.saturating_sub(3)..lines.len().min(at + 3)]
            });
            counted = Some((calls, odd.join("\n")));
        }
    }
    let (counted, odd) = counted.ok_or("strace has seen no thread that read the requests")?;
    let expected = CALLS.map(|name| (name.to_owned(), MANY)).into();
    if counted != expected {
        return Err(format!("system calls for {MANY} requests: {counted:?}\n{odd}").into());
    }
    Ok(())
}

/// What the system call in this line is for. Which of several does it differs by processor and
/// library.
fn purpose(line: &str) -> &str {
    let (name, _) = line.split_once('(').unwrap_or((line, ""));
    match name {
        "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => "wait",
        "recvfrom" | "recvmsg" | "read" | "readv" => "receive",
        "sendto" | "sendmsg" | "write" | "writev" => "send",
        other => other,
    }
}

/// Instructions for each request of a pipeline.
fn instructions() -> Result<(), Failed> {
    if std::env::consts::ARCH != ARCHITECTURE {
        return Err(format!("its bound is for {ARCHITECTURE}").into());
    }
    let hello = built_for_release("hello")?;
    let (few, many) = (20, 120);
    // What is needed to start and to end is in both.
    let more = instructions_for(&hello, many)? - instructions_for(&hello, few)?;
    let each = more as f64 / ((many - few) * PIPELINE) as f64;
    let compiler = compiler()?;
    let tolerance = if compiler.starts_with(&format!("{COMPILER} ")) {
        TOLERANCE
    } else {
        TOLERANCE_OTHER_COMPILER
    };
    let said = format!(
        "{each:.0} instructions for a GET in a pipeline of {PIPELINE}, by {compiler}; \
         they were {INSTRUCTIONS:.0} by {COMPILER}"
    );
    if each > INSTRUCTIONS * (1.0 + tolerance) {
        return Err(format!("{said}, and {:.0} % more are allowed", tolerance * 100.0).into());
    }
    println!("{said}");
    Ok(())
}

/// All instructions of a server, from its start to its end, that answers so many pipelines.
fn instructions_for(hello: &Path, pipelines: usize) -> Result<u64, Failed> {
    let folder = tempfile::tempdir()?;
    let counts = folder.path().join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(hello)
        .args(["0", "1"]);
    let server = Watched::start(&mut valgrind);
    let mut client = server.program().connect();
    for _ in 0..pipelines {
        client.send(GET.repeat(PIPELINE));
        for _ in 0..PIPELINE {
            assert_eq!(client.reply().text(), "Hello, HTTP!\n");
        }
    }
    drop(server);
    let text = fs::read_to_string(counts)?;
    let total = text.lines().find_map(|line| {
        let number = line
            .strip_prefix("summary: ")
            .or(line.strip_prefix("totals: "))?;
        number.trim().parse().ok()
    });
    total.ok_or_else(|| "valgrind has written no total".into())
}

/// Builds an example as it is used, with the optimizations of a release.
fn built_for_release(name: &str) -> Result<PathBuf, Failed> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            manifest,
        ])
        .args(["--message-format=json", "--example", name])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the example {name} does not build").into());
    }
    // The last message of a program says where it is.
    let messages = String::from_utf8(output.stdout)?;
    let mut paths = messages.lines().filter_map(|line| {
        let (_, behind) = line.split_once("\"executable\":\"")?;
        Some(PathBuf::from(behind.split_once('"')?.0))
    });
    paths
        .next_back()
        .ok_or_else(|| "Cargo has built no program".into())
}

/// The compiler that Cargo uses, as it calls itself.
fn compiler() -> Result<String, Failed> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Why a tool can't be used here, if so. It may be there and not be allowed to work, as
/// strace in some containers.
fn is_missing(tool: &str) -> Option<String> {
    let tried = Command::new(tool)
        .args(["-q", "true"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(_) => Some(format!("{tool} may not work here")),
        Err(_) => Some(format!("{tool} is not there")),
    }
}

#[cfg(target_os = "linux")]
fn main() {
    let strace = is_missing("strace");
    let mut trials = Vec::new();
    let trial = Trial::test("a_get_needs_three_system_calls", system_calls);
    let is_ignored = strace.is_some();
    trials.push(
        trial
            .with_kind(strace.unwrap_or_default())
            .with_ignored_flag(is_ignored),
    );
    let valgrind =
        is_missing("valgrind").unwrap_or("needs a release build, and asks for it".into());
    let trial = Trial::test(
        "a_get_in_a_pipeline_needs_no_more_instructions",
        instructions,
    );
    trials.push(trial.with_kind(valgrind).with_ignored_flag(true));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    let trial = Trial::test("what a request costs", || Ok(()));
    let trial = trial
        .with_kind("strace and valgrind are for Linux")
        .with_ignored_flag(true);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}
