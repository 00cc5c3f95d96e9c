//! The servers: how each is built and started.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::files;
use crate::options::Options;
use crate::process::{Server, free_port};
use crate::scenario::Scenario;

/// A server that is measured.
pub struct Peer {
    pub name: &'static str,
    /// What it is, and how it is set up.
    pub what: &'static str,
    pub role: Role,
    kind: Kind,
}

/// What a server's figures are compared as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// http-core itself.
    Subject,
    /// http-core as it was.
    Before,
    Peer,
    /// Parses nothing: nobody can do better with these means.
    Limit,
}

/// How a server is built and started.
#[derive(Clone, Copy)]
enum Kind {
    /// http-core: its example `hello`, for files its command, or for other paths the
    /// server in this package.
    HttpCore,
    /// The same, of another checkout of the course.
    Before,
    /// A program of this package that has a feature of its own.
    Rust {
        feature: &'static str,
        program: &'static str,
        mode: &'static str,
    },
    /// The class of http.server.
    Python(&'static str),
    Node,
    Go,
    Nginx,
    /// tower-http's ServeDir, which is no program by itself.
    ServeDir,
    /// A program that serves the files of a folder, and its arguments, with PORT and
    /// FOLDER in them. It has as many threads as it likes.
    Files(&'static str, &'static [&'static str]),
}

use Kind::{Before, Files, Go, HttpCore, Nginx, Node, Python, Rust, ServeDir};

/// All servers.
#[rustfmt::skip]
pub const PEERS: &[Peer] = &[
    Peer { name: "http-core", what: "the example `hello`; for `sleep`, `block` and `upload` servers/http_core.rs", role: Role::Subject, kind: HttpCore },
    Peer { name: "before", what: "http-core of another checkout, which --before names", role: Role::Before, kind: Before },
    Peer { name: "nginx", what: "`return 200` from its configuration, a process per thread", role: Role::Peer, kind: Nginx },
    Peer { name: "hyper", what: "on tokio, with pipeline_flush", role: Role::Peer, kind: Rust { feature: "hyper", program: "hyper_server", mode: "" } },
    Peer { name: "axum", what: "on tokio", role: Role::Peer, kind: Rust { feature: "axum", program: "axum_server", mode: "" } },
    Peer { name: "actix-web", what: "an event loop per worker", role: Role::Peer, kind: Rust { feature: "actix_web", program: "actix_web_server", mode: "" } },
    Peer { name: "khttp", what: "a thread per connection (serve_threaded)", role: Role::Peer, kind: Rust { feature: "khttp", program: "khttp_server", mode: "threaded" } },
    Peer { name: "khttp-epoll", what: "one event loop and a pool of threads (serve_epoll)", role: Role::Peer, kind: Rust { feature: "khttp", program: "khttp_server", mode: "epoll" } },
    Peer { name: "may_minihttp", what: "a coroutine per connection", role: Role::Peer, kind: Rust { feature: "may_minihttp", program: "may_minihttp_server", mode: "" } },
    Peer { name: "tiny_http", what: "a thread per connection, and a pool for the handlers", role: Role::Peer, kind: Rust { feature: "tiny_http", program: "tiny_http_server", mode: "" } },
    Peer { name: "rouille", what: "on tiny_http", role: Role::Peer, kind: Rust { feature: "rouille", program: "rouille_server", mode: "" } },
    Peer { name: "go", what: "net/http, a goroutine per connection", role: Role::Peer, kind: Go },
    Peer { name: "node", what: "http, with cluster a process per thread", role: Role::Peer, kind: Node },
    Peer { name: "HTTPServer", what: "Python's, one request at a time, HTTP/1.0", role: Role::Peer, kind: Python("HTTPServer") },
    Peer { name: "ThreadingHTTPServer", what: "Python's, a thread per connection, HTTP/1.1", role: Role::Peer, kind: Python("ThreadingHTTPServer") },
    Peer { name: "tower-http", what: "files: ServeDir in axum, on tokio", role: Role::Peer, kind: ServeDir },
    Peer { name: "static-web-server", what: "files: on hyper; `cargo install static-web-server`", role: Role::Peer, kind: Files("static-web-server", &["--host", "127.0.0.1", "--port", "PORT", "--root", "FOLDER", "--compression", "false"]) },
    Peer { name: "miniserve", what: "files: on actix-web; `cargo install miniserve`", role: Role::Peer, kind: Files("miniserve", &["--interfaces", "127.0.0.1", "--port", "PORT", "FOLDER"]) },
    Peer { name: "http.server", what: "files: `python3 -m http.server`, a thread per connection, HTTP/1.0", role: Role::Peer, kind: Files("python3", &["-m", "http.server", "PORT", "--bind", "127.0.0.1", "--directory", "FOLDER"]) },
    Peer { name: "thread_limit", what: "limit: a thread per connection that parses nothing", role: Role::Limit, kind: Rust { feature: "thread_limit", program: "thread_limit", mode: "" } },
    Peer { name: "event_loop_limit", what: "limit: an event loop per thread that parses nothing", role: Role::Limit, kind: Rust { feature: "event_loop_limit", program: "event_loop_limit", mode: "" } },
];

impl Peer {
    /// Whether it takes part only where a checkout is named for it.
    pub fn needs_checkout(&self) -> bool {
        matches!(self.kind, Before)
    }

    /// Whether it is one of those that the scenario compares.
    pub fn serves(&self, scenario: &Scenario) -> bool {
        match self.kind {
            HttpCore | Before | Nginx => true,
            ServeDir | Files(..) => scenario.file().is_some(),
            _ => scenario.file().is_none(),
        }
    }
}

/// A server that is ready to be started.
pub struct Programs {
    pub peer: &'static Peer,
    /// The program for `GET /`; for an interpreter, its script.
    plain: PathBuf,
    /// The program for other paths, where it is another.
    other: Option<PathBuf>,
    /// The program for files, where it is another.
    files: Option<PathBuf>,
}

/// The folder of the bench's package.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

impl Programs {
    /// Builds it, as far as it must be built. The error says why it is skipped.
    pub fn build(peer: &'static Peer, options: &Options) -> Result<Programs, String> {
        let servers = Path::new(HERE).join("servers");
        let mut files = None;
        let (plain, other) = match peer.kind {
            HttpCore | Before => {
                let here = Path::new(HERE).join("../..");
                let package = match (peer.kind, &options.before) {
                    (Before, Some(checkout)) => checkout.join("http-core"),
                    _ => here,
                };
                let is_wanted =
                    |wanted: fn(&Scenario) -> bool| options.scenarios.iter().any(|one| wanted(one));
                let plain = cargo(&package, &["--example", "hello"])?;
                if is_wanted(|one| one.file().is_some()) {
                    files = Some(cargo(&package, &["--bin", "http-core"])?);
                }
                let other = is_wanted(|one| !one.is_plain() && one.file().is_none());
                let bench = package.join("benches/peers");
                let other = other.then(|| program(&bench, "http_core", "http_core_server"));
                (plain, other.transpose()?)
            }
            Rust {
                feature,
                program: name,
                ..
            } => (program(Path::new(HERE), feature, name)?, None),
            ServeDir => {
                let server = program(Path::new(HERE), "tower_http", "tower_http_server")?;
                (server, None)
            }
            Files(program, _) => {
                installed(program, "--version")?;
                (program.into(), None)
            }
            Python(_) => {
                installed("python3", "--version")?;
                (servers.join("python.py"), None)
            }
            Node => {
                installed("node", "--version")?;
                (servers.join("node.js"), None)
            }
            Nginx => {
                installed("nginx", "-v")?;
                (servers.join("nginx.conf"), None)
            }
            Go => {
                installed("go", "version")?;
                let program = scratch()?.join("go_server");
                let mut build = Command::new("go");
                build
                    .args(["build", "-o"])
                    .arg(&program)
                    .arg(servers.join("go.go"));
                succeed(&mut build)?;
                (program, None)
            }
        };
        Ok(Programs {
            peer,
            plain,
            other,
            files,
        })
    }

    /// Starts it for a scenario.
    pub fn start(&self, scenario: &Scenario, options: &Options) -> Result<Server, String> {
        let folder = match scenario.file() {
            Some(_) => {
                let sizes = options.scenarios.iter().filter_map(|one| one.file());
                files::make(&scratch()?, sizes)?
            }
            None => scratch()?,
        };
        let program = match (&self.other, &self.files) {
            (_, Some(files)) if scenario.file().is_some() => files,
            (Some(other), _) if !scenario.is_plain() => other,
            _ => &self.plain,
        };
        let is_other = !scenario.is_plain() && scenario.file().is_none();
        if is_other && matches!(self.peer.kind, Nginx) {
            return Err("has no handlers".into());
        }
        if is_other && self.peer.role == Role::Limit {
            return Err("parses nothing, so it knows no paths and no bodies".into());
        }
        let (port, threads) = (free_port(), options.threads.to_string());
        let mut command;
        match self.peer.kind {
            HttpCore | Before if scenario.file().is_some() => {
                command = Command::new(program);
                command
                    .args([&port.to_string(), "--bind", "127.0.0.1", "--quiet"])
                    .args(["--threads", &threads, "--directory"])
                    .arg(&folder);
            }
            ServeDir => {
                command = Command::new(program);
                command.args([&port.to_string(), &threads]).arg(&folder);
            }
            Files(_, arguments) => {
                command = Command::new(program);
                for argument in arguments {
                    match *argument {
                        "PORT" => command.arg(port.to_string()),
                        "FOLDER" => command.arg(&folder),
                        other => command.arg(other),
                    };
                }
            }
            HttpCore | Before | Rust { .. } => {
                command = Command::new(program);
                command.args([&port.to_string(), &threads]);
                if let Rust { mode, .. } = self.peer.kind
                    && !mode.is_empty()
                {
                    command.arg(mode);
                }
            }
            Python(class) => {
                command = Command::new("python3");
                command.arg(program).args([&port.to_string(), class]);
            }
            Node => {
                command = Command::new("node");
                command.arg(program).args([&port.to_string(), &threads]);
            }
            Go => {
                command = Command::new(program);
                command.arg(port.to_string()).env("GOMAXPROCS", threads);
            }
            Nginx => {
                let prefix = scratch()?.join("nginx");
                let conf = fs::read_to_string(program).map_err(|e| e.to_string())?;
                let conf = conf
                    .replace("PORT", &port.to_string())
                    .replace("THREADS", &threads)
                    .replace("FOLDER", &folder.to_string_lossy());
                fs::create_dir_all(&prefix)
                    .and_then(|()| fs::write(prefix.join("nginx.conf"), conf))
                    .map_err(|e| format!("{}: {e}", prefix.display()))?;
                command = Command::new("nginx");
                command
                    .arg("-p")
                    .arg(&prefix)
                    .args(["-e", "stderr", "-c", "nginx.conf"]);
            }
        }
        let log = scratch()?.join(format!("{}.log", self.peer.name));
        Server::start(&command, port, log)
    }
}

/// A folder for logs and the like, beside the bench's own program.
fn scratch() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    let folder = program.with_file_name("bench-scratch");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// Builds a program of a bench, with the feature it needs and no other.
fn program(bench: &Path, feature: &str, name: &str) -> Result<PathBuf, String> {
    cargo(bench, &["--features", feature, "--bin", name])
}

/// Builds one program of a package and says where it is.
fn cargo(package: &Path, arguments: &[&str]) -> Result<PathBuf, String> {
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args(["build", "--release", "--message-format=json"])
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .args(arguments);
    let messages = succeed(&mut build)?;
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    programs
        .next_back()
        .ok_or_else(|| "cargo built no program".into())
}

fn installed(program: &str, version: &str) -> Result<(), String> {
    succeed(Command::new(program).arg(version)).map(drop)
}

/// Runs a command and gives what it printed. Its errors go to the terminal.
fn succeed(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| match e.kind() {
            ErrorKind::NotFound => format!("{name} is not installed"),
            _ => format!("{name} could not be started: {e}"),
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(format!("{name} failed ({})", output.status))
}
