//! A small course of its own, and `cargo learn` running in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use grader::Bytes;
use grader::record::{
    Act, Answer as Seen, Cause, CheckInfo, CheckResult, Ended, Event, Exchange, Expected, Finding,
    Outcome, Seen as What, Text, What as Wanted, get,
};
use serde_json::Value;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stage {
    pub folder: tempfile::TempDir,
    asked: Asked,
    pub served: Served,
}

/// `cargo learn`, as it serves.
pub struct Served {
    pub child: Child,
    pub port: u16,
    /// The path below which its pages are: `/`, or a secret on systems that do not tell who asks.
    pub root: String,
    /// What it has printed before it served.
    pub said: String,
}

impl Served {
    /// The address of the page at this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{}", self.port, self.below(path))
    }

    /// This path, below the root.
    fn below(&self, path: &str) -> String {
        format!("{}{}", self.root, path.trim_start_matches('/'))
    }

    /// A page with links as they are below `/`.
    fn plain(&self, html: &str) -> String {
        html.replace(&format!("\"{}", self.root), "\"/")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer that has come to its end.
pub struct Answer {
    pub status: u16,
    fields: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub struct Asked {
    pub port: u16,
    /// On a system that does not tell who asks.
    pub untold: bool,
    /// With `--open`, and what it opens is written to `opened`.
    pub open: bool,
}

impl Asked {
    fn start(&self, root: &Path) -> Served {
        let mut command = faked(root, self.port);
        if self.untold {
            command.env("LEARN_UNTOLD", "1");
        }
        if self.open {
            let others = std::env::var("PATH").unwrap_or_default();
            let path = format!("{}:{others}", root.join("commands").display());
            command.arg("--open").env("PATH", path);
        }
        serving(&mut command)
    }
}

const TEXT: &str = "# Lesson 1: The greeter\n\n*About 25 minutes. [the file](../../starter/1_greeter.rs)*\n\n\
![a picture](hello.png)\n\n## What you will learn\n\nOf words:\n\n- a greeting\n\nOf Rust: nothing.\n\n## The steps\n\n### Step 1: hello\n\nSay it.\n\n```rust\nlet x = 1;\n```\n\n\
<details>\n<summary>Hint</summary>\n\nHello.\n\n</details>\n\n### Step 2: bye\n\nSay it.\n\n### Done\n\nWell.\n";

/// Stands in the place of Cargo: it builds nothing, and names the checks.
const CARGO: &str = "#!/bin/sh
case \"$*\" in
    *--bin*_solution) echo '{\"executable\": \"FOLDER/reference\"}' ;;
    *--bin*) echo '{\"executable\": \"FOLDER/program\"}' ;;
    *) echo '{\"executable\": \"FOLDER/grade\"}' ;;
esac
";

/// Stands in the place of the student's program: it tells what it was started with, and serves.
const PROGRAM: &str = "#!/bin/sh
echo $$ >> FOLDER/pids
if [ -e FOLDER/flood ]; then exec yes '<script>alert(1)</script>'; fi
echo \"Started with $*, HOST is $HOST\"
if [ -e FOLDER/script ]; then . FOLDER/script; fi
exec GREETER FOLDER/page FOLDER/asked
";

/// Stands in the place of the reference, in the same way.
const REFERENCE: &str = "#!/bin/sh
echo $$ >> FOLDER/reference-pids
exec GREETER FOLDER/reference-page FOLDER/reference-asked
";

/// Stands in the place of what opens a browser.
const OPEN: &str = "#!/bin/sh
echo \"$@\" > FOLDER/opening && mv FOLDER/opening FOLDER/opened
";

/// Where Cargo has put the example `greeter`.
fn greeter() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("the folder of the profile");
    let path = folder.join("examples/greeter");
    assert!(path.is_file(), "type: cargo build -p learn --examples");
    path
}

/// Stands in the place of the checks: it says what it was told to say.
const GRADE: &str = "#!/bin/sh\necho run >> FOLDER/runs\n\
if [ -e FOLDER/slow ]; then echo $$ >> FOLDER/pids; exec sleep 600; fi\ncat FOLDER/events\n";

impl Stage {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(set: impl FnOnce(&mut Asked)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("Cargo.toml", "");
        write(
            "lessons/README.md",
            "# The route\n\n## Part 1: Words\n\nYou can *greet*.\n\n| lesson | idea |\n| --- | --- |\n\
            | [1 greeter](1_greeter/README.md) | a greeting is *polite* |\n",
        );
        write("lessons/1_greeter/README.md", TEXT);
        write("lessons/1_greeter/Cargo.toml", "");
        write("lessons/1_greeter/hello.png", "a picture");
        write("outside.png", "outside");
        symlink(
            root.join("Cargo.toml"),
            root.join("lessons/1_greeter/link.html"),
        )
        .expect("a link");
        write(
            "starter/1_greeter.rs",
            "fn main() { todo!(\"step 1: hello\"); todo!(\"step 2: bye\") }",
        );
        write("solutions/1_greeter.rs", "fn main() { SECRET }");
        write("events", "");
        for (name, script) in [
            ("cargo", CARGO),
            ("grade", GRADE),
            ("program", PROGRAM),
            ("reference", REFERENCE),
            ("commands/open", OPEN),
            ("commands/xdg-open", OPEN),
        ] {
            let script = script.replace("FOLDER", &root.to_string_lossy());
            write(
                name,
                &script.replace("GREETER", &greeter().to_string_lossy()),
            );
            let path = root.join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
        }
        let mut asked = Asked {
            port: 0,
            untold: false,
            open: false,
        };
        set(&mut asked);
        let served = asked.start(folder.path());
        Self {
            folder,
            asked,
            served,
        }
    }

    /// The address of the page at this path.
    pub fn url(&self, path: &str) -> String {
        self.served.url(path)
    }

    /// Ends it and starts it again.
    pub fn restart(&mut self) {
        self.end("TERM");
        self.served = self.asked.start(self.folder.path());
    }

    /// Sends it this signal, and waits for its end.
    pub fn end(&mut self, signal: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &self.served.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
        let began = Instant::now();
        self.served.child.wait().expect("its end");
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{signal}: {:?}",
            began.elapsed()
        );
    }

    /// Sends these bytes; what comes back until the end.
    pub fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let fields = lines.filter_map(|line| line.split_once(": "));
        Answer {
            status: status.unwrap_or(0),
            fields: fields
                .map(|(name, value)| (name.to_lowercase(), value.into()))
                .collect(),
            body: self.served.plain(body),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("localhost", self.served.port)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    pub fn ask(&self, method: &str, path: &str, fields: &str) -> Answer {
        self.ask_at(method, &self.served.below(path), fields)
    }

    /// The same, wherever the root is.
    pub fn ask_at(&self, method: &str, path: &str, fields: &str) -> Answer {
        let port = self.served.port;
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n"
        ))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// The news of a page, as they come.
    pub fn news(&self, path: &str) -> News<'_> {
        let mut stream = self.connect();
        let (port, path) = (self.served.port, self.served.below(path));
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
        )
        .expect("sent");
        let mut lines = BufReader::new(stream);
        let mut first = String::new();
        lines.read_line(&mut first).expect("a status");
        News {
            served: &self.served,
            first,
            lines,
            page: BTreeMap::new(),
        }
    }

    pub fn news_status(&self, path: &str) -> u16 {
        let news = self.news(path);
        news.first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0)
    }

    /// What the checks are to say.
    pub fn events(&self, results: &[CheckResult]) {
        let checks: Vec<CheckInfo> = results.iter().map(|result| result.check.clone()).collect();
        let (version, lesson, seed) = (1, "greeter".into(), "7".into());
        let mut events = vec![
            Event::Started {
                version,
                lesson,
                seed,
                checks,
            },
            Event::Built(Vec::new()),
        ];
        events.extend(results.iter().cloned().map(Event::Checked));
        events.extend(results.iter().cloned().map(Event::Explained));
        events.push(Event::Ended);
        self.say(&events);
    }

    /// From now on, the program is not built, for this reason.
    pub fn not_built(&self, why: &str) {
        let check = failed(1, "GET / answers 200", "").check;
        let (version, lesson, seed) = (1, "greeter".into(), "7".into());
        let checks = vec![check];
        let events = [
            Event::Started {
                version,
                lesson,
                seed,
                checks,
            },
            Event::NotBuilt(why.into()),
            Event::Ended,
        ];
        self.say(&events);
    }

    fn say(&self, events: &[Event]) {
        let lines = events
            .iter()
            .map(|event| serde_json::to_string(event).expect("JSON") + "\n");
        fs::write(self.folder.path().join("events"), lines.collect::<String>()).expect("a file");
    }

    /// From now on, the checks don't end.
    pub fn slow(&self) {
        fs::write(self.folder.path().join("slow"), "").expect("a file");
    }

    /// From now on, the student's program answers with this page.
    pub fn program(&self, page: &str) {
        fs::write(self.folder.path().join("page"), page).expect("a file");
    }

    /// From now on, the reference answers with this page.
    pub fn reference(&self, page: &str) {
        fs::write(self.folder.path().join("reference-page"), page).expect("a file");
    }

    /// What the reference was asked.
    pub fn reference_asked(&self) -> String {
        fs::read_to_string(self.folder.path().join("reference-asked")).unwrap_or_default()
    }

    /// From now on, the program begins with these lines of a shell.
    pub fn script(&self, lines: &str) {
        fs::write(self.folder.path().join("script"), lines).expect("a file");
    }

    /// From now on, the program prints without end.
    pub fn flood(&self) {
        fs::write(self.folder.path().join("flood"), "").expect("a file");
    }

    /// Posts this form from a page of the course itself.
    pub fn post(&self, path: &str, form: &str) -> u16 {
        let (port, length) = (self.served.port, form.len());
        let path = self.served.below(path);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{form}"
        );
        self.send(&request).status
    }

    /// How often checks were run.
    pub fn runs(&self) -> usize {
        fs::read_to_string(self.folder.path().join("runs")).map_or(0, |text| text.lines().count())
    }

    /// The processes of runs that don't end.
    pub fn pids(&self) -> Vec<u32> {
        self.pids_in("pids")
    }

    /// The processes of references that were asked.
    pub fn reference_pids(&self) -> Vec<u32> {
        self.pids_in("reference-pids")
    }

    fn pids_in(&self, file: &str) -> Vec<u32> {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub fn save(&self, source: &str) {
        // In one step: one that is written in two is seen as two saves now and then.
        let new = self.folder.path().join("new.rs");
        fs::write(&new, source).expect("a file");
        fs::rename(new, self.folder.path().join("starter/1_greeter.rs")).expect("a file");
    }

    /// The same in a terminal that is none.
    pub fn terminal(&self) -> Terminal {
        let mut command = faked(self.folder.path(), 0);
        let piped = command
            .arg("--terminal")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Terminal {
            child: piped.spawn().expect("it starts"),
        }
    }

    /// What it has in memory, in KiB, where the system tells.
    pub fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.served.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

/// The same with a script in the place of Cargo.
fn faked(root: &Path, port: u16) -> Command {
    let mut command = command(root, port);
    command
        .env("CARGO", root.join("cargo"))
        .env_remove("CARGO_TARGET_DIR");
    command
}

/// `cargo learn` in this folder.
pub fn command(root: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_learn"));
    command
        .args(["--port", &port.to_string()])
        .current_dir(root);
    command
}

/// Starts it, and waits until it serves.
pub fn serving(command: &mut Command) -> Served {
    let mut served = Served {
        child: command.stdout(Stdio::piped()).spawn().expect("it starts"),
        port: 0,
        root: String::new(),
        said: String::new(),
    };
    let mut lines = BufReader::new(served.child.stdout.take().expect("a pipe"));
    while served.port == 0 {
        let mut line = String::new();
        let length = lines.read_line(&mut line).expect("a line");
        served.said += &line;
        assert!(length > 0, "it does not serve: {}", served.said);
        if let Some((_, url)) = line.split_once("http://localhost:") {
            let (port, root) = url.split_once('/').expect("an address");
            served.port = port.parse().expect("a port");
            served.root = format!("/{}", root.split(' ').next().unwrap_or_default());
        }
    }
    served
}

/// `cargo learn --terminal`.
pub struct Terminal {
    child: Child,
}

impl Terminal {
    pub fn types(&mut self, key: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{key}").expect("typed");
    }

    /// Reads on until this was said; all that was said.
    pub fn until(&mut self, text: &str) -> String {
        let stdout = self.child.stdout.as_mut().expect("a pipe");
        let (mut said, mut byte) = (Vec::new(), [0]);
        while !String::from_utf8_lossy(&said).contains(text) {
            let length = stdout.read(&mut byte).expect("what it says");
            let so_far = String::from_utf8_lossy(&said);
            assert!(length > 0, "it ends without {text}: {so_far}");
            said.push(byte[0]);
        }
        String::from_utf8_lossy(&said).into_owned()
    }

    pub fn ended(&mut self) -> bool {
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// News, and the page that they make.
pub struct News<'s> {
    served: &'s Served,
    first: String,
    lines: BufReader<TcpStream>,
    page: BTreeMap<String, String>,
}

impl News<'_> {
    fn next(&mut self) -> Value {
        let (began, mut line) = (Instant::now(), String::new());
        loop {
            line.clear();
            // Comments come all the time.
            assert!(began.elapsed() < PATIENCE, "no news: {:?}", self.page);
            let length = self.lines.read_line(&mut line).expect("news");
            assert!(length > 0, "no more news");
            if let Some(data) = line.strip_prefix("data: ") {
                let Ok(Value::Object(mut new)) = serde_json::from_str(data) else {
                    panic!("no map: {data}");
                };
                for html in new.values_mut() {
                    *html = self.served.plain(html.as_str().expect("HTML")).into();
                }
                return Value::Object(new);
            }
        }
    }

    /// The next news of this element.
    pub fn next_with(&mut self, id: &str) -> Value {
        loop {
            let new = self.next();
            if !new[id].is_null() {
                return new;
            }
        }
    }

    /// The page, once this is true of it.
    pub fn until(
        &mut self,
        is_so: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> BTreeMap<String, String> {
        let began = Instant::now();
        loop {
            let new = self.next();
            for (id, html) in new.as_object().expect("a map") {
                self.page
                    .insert(id.clone(), html.as_str().unwrap_or_default().into());
            }
            if is_so(&self.page) {
                return self.page.clone();
            }
            assert!(began.elapsed() < PATIENCE, "{:?}", self.page);
        }
    }
}

/// A check that has failed: the program has answered this in the place of "Hello".
pub fn failed(step: u32, name: &str, came: &str) -> CheckResult {
    let name = name.to_string();
    let check = CheckInfo {
        step,
        name,
        points: 2,
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", came.len());
    let exchange = Exchange {
        request: None,
        answer: Ok(Seen::new(200, came)),
        sent: Bytes::from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        came: Bytes::from(head + came),
        connection: 1,
        took: Duration::ZERO,
    };
    let what = Wanted::Body(Text::Exactly(Bytes::from("Hello")));
    let finding = Finding {
        step,
        check: check.full_name(),
        done: Vec::new(),
        acts: vec![(Act::clone(&get("/")), What::Exchange(Box::new(exchange)))],
        running: None,
        expected: Some(Expected { step, what }),
        words: None,
        printed: Ended {
            stdout: came.into(),
            ..Ended::default()
        },
        cause: Cause::Unexplained(Vec::new()),
    };
    let outcome = Outcome::Failed(Box::new(finding));
    CheckResult { check, outcome }
}

/// A check that has passed.
pub fn passed(step: u32, name: &str) -> CheckResult {
    let outcome = Outcome::Passed;
    CheckResult {
        outcome,
        ..failed(step, name, "")
    }
}

/// Answers every request with this page.
pub fn serve(listener: TcpListener, page: &'static str) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = page.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{page}"
            );
        }
    });
}

/// Whether there is a process with this number that has not ended.
pub fn is_there(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output();
    let state = state.expect("ps").stdout;
    !state.is_empty() && !state.starts_with(b"Z")
}

/// Waits until this is true.
#[track_caller]
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
