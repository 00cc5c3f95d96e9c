//! `cargo learn`: the course in the browser. The text of each lesson stands beside what the
//! student's program really does: a file is saved, its checks run, and the page shows them.
//!
//! ```text
//! main ──► app ──► pages ──► failure ──► wire       app      who may ask, and what for
//!           │        ├─────► text, source, code     pages    the pages, and what changes on them
//!           │        └─────► owner                  owner    who is the one that asks
//!           ├──────► run ──► checks                 run      the program of a student
//!           │         ├────► exchange               exchange   its wire: which bytes are one request
//!           │         └────► reference              reference   the same asked of the reference
//!           └──────► checks ──► status              checks   files watched, checks run
//!                       └─────► course              course   the lessons as they lie there
//! ```
//!
//! It stands on http-core, and shows the events of the grader ([`grader::record::Event`]).

mod app;
mod checks;
mod code;
mod course;
mod editor;
mod exchange;
mod export;
mod failure;
mod html;
mod owner;
mod pages;
mod part;
mod reference;
mod run;
mod run_page;
mod source;
mod status;
mod terminal;
mod text;
mod wire;

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use http_core::{FileHandler, HttpServer, Limits};
use lexopt::prelude::*;
use tempfile::TempPath;

use app::{App, MOST_READERS};
use checks::Checks;
use course::Course;
use editor::Editor;
use owner::Owner;

const HELP: &str = "\
cargo learn: the course in your browser

  --port N        the port, 4000 if it is not said; 0 for any that is free
  --open          opens the course in your browser
  --terminal      in the terminal alone: checks what is saved, shows what fails first
  --export DIR    writes the texts as a plain site into this folder, and ends
  --source URL    where a stranger can get the course: linked from the first page of that site
  --editor NAME   opens files in this editor: vscode (if it is not said), vscodium,
                  cursor, zed, idea, emacs; or an address with {file} and {line} in it
";

/// How many ports are tried after one that is taken.
const MORE_PORTS: u16 = 20;

struct Arguments {
    port: u16,
    open: bool,
    terminal: bool,
    export: Option<PathBuf>,
    source: Option<String>,
    editor: Editor,
    help: bool,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut arguments = Self {
            port: 4000,
            open: false,
            terminal: false,
            export: None,
            source: None,
            editor: Editor::default(),
            help: false,
        };
        let mut parser = lexopt::Parser::from_env();
        let text = |error: lexopt::Error| error.to_string();
        while let Some(argument) = parser.next().map_err(text)? {
            match argument {
                Long("port") | Short('p') => {
                    arguments.port = parser
                        .value()
                        .and_then(|value| value.parse())
                        .map_err(text)?;
                }
                Long("open") => arguments.open = true,
                Long("terminal") => arguments.terminal = true,
                Long("export") => {
                    arguments.export = Some(parser.value().map_err(text)?.into());
                }
                Long("source") => {
                    let url = parser
                        .value()
                        .and_then(|value| value.string())
                        .map_err(text)?;
                    if !url.starts_with("https://") && !url.starts_with("http://") {
                        return Err(format!("{url:?} is no address of a page"));
                    }
                    arguments.source = Some(url);
                }
                Long("editor") => {
                    let name = parser
                        .value()
                        .and_then(|value| value.string())
                        .map_err(text)?;
                    arguments.editor = Editor::named(&name)?;
                }
                Long("help") | Short('h') => arguments.help = true,
                other => return Err(text(other.unexpected())),
            }
        }
        Ok(arguments)
    }
}

fn main() -> ExitCode {
    grader::guard_if_asked();
    let said = Arguments::read().and_then(|arguments| match arguments.help {
        true => {
            print!("{HELP}");
            Ok(())
        }
        false => serve(arguments),
    });
    match said {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cargo learn: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> Result<(), String> {
    let course = Course::find()
        .ok_or("there is no course here: type it in the folder that holds lessons/ and starter/")?;
    if let Some(folder) = arguments.export {
        let number = export::write(&course, &folder, arguments.source.as_deref())?;
        println!("{number} files are in {}.", folder.display());
        return Ok(());
    }
    if arguments.terminal {
        return terminal::run(&Checks::start(course)).map_err(|error| error.to_string());
    }
    let server = bind(arguments.port)?;
    let port = server
        .local_addresses()
        .first()
        .map_or(0, |address| address.port());
    let owner = Owner::new(port)?;
    let url = format!("http://localhost:{port}{}", owner.root());
    let files = FileHandler::new(&course.root).map_err(|error| error.to_string())?;
    let checks = Checks::start(course);
    let app = App {
        runner: run::Runner::start(Arc::clone(&checks)),
        checks,
        files: files.listing(false),
        editor: arguments.editor,
        port,
        owner,
        readers: AtomicUsize::new(0),
    };
    // Whoever reads this line can connect: the socket listens.
    let _ = writeln!(
        std::io::stdout(),
        "The course is at {url} (press Ctrl-C to stop)"
    );
    let _way = arguments.open.then(|| open(&url, &app.owner));
    let limits = Limits {
        body_size: 256 * 1024,
        connections: 256,
        // News go on for as long as somebody reads: nobody waits for their end.
        stop_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = server.threads(MOST_READERS + 8).limits(limits).quiet();
    server.serve_forever(app).map_err(|error| error.to_string())
}

/// Listens on the port, or on the next one that is free.
fn bind(port: u16) -> Result<HttpServer, String> {
    let bound = |port| HttpServer::bind(("localhost", port));
    let why = match bound(port) {
        Ok(server) => return Ok(server),
        Err(why) => why,
    };
    for other in port.saturating_add(1)..=port.saturating_add(MORE_PORTS) {
        if let Ok(server) = bound(other) {
            println!("Port {port} is already in use, so this is port {other}.");
            return Ok(server);
        }
    }
    Err(why.to_string())
}

/// Opens the address in the browser. If that does not work, it stands in the terminal.
///
/// All users of a computer can see what a program is started with, so a secret is not said there:
/// a page that leads to the address is opened, in a file that its owner alone can read. It is
/// removed when what is returned is dropped.
fn open(url: &str, owner: &Owner) -> io::Result<Option<TempPath>> {
    let way = match owner {
        Owner::Told { .. } => None,
        Owner::Knows { .. } => Some(way_to(url)?),
    };
    let mut command = match std::env::consts::OS {
        "macos" => Command::new("open"),
        "windows" => Command::new("explorer"),
        _ => Command::new("xdg-open"),
    };
    command.arg(
        way.as_deref()
            .map_or(OsStr::new(url), |way| way.as_os_str()),
    );
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = quiet.stderr(Stdio::null()).spawn()?;
    std::thread::spawn(move || child.wait());
    Ok(way)
}

/// A page that leads to this address.
fn way_to(url: &str) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    let mut page = builder.prefix("cargo-learn-").suffix(".html").tempfile()?;
    writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>The course</title>\n\
         <meta http-equiv=\"refresh\" content=\"0; url={url}\">\n<a href=\"{url}\">The course</a>"
    )?;
    Ok(page.into_temp_path())
}
