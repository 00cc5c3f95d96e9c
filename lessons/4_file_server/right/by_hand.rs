//! Right: it takes the path apart by hand, and refuses every detour.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::{env, fs, io};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

enum Found {
    Page(PathBuf),
    Directory,
    Nothing,
}

struct FileServer {
    directory: PathBuf,
}

impl Handler for FileServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let Ok(decoded) = request.decoded_path() else {
            return response.send_error(400, "This path is not UTF-8.");
        };
        match self.look_up(&decoded) {
            Found::Page(file) => match fs::read(&file) {
                Ok(contents) => {
                    let length = contents.len();
                    response
                        .send_response(200)
                        .send_header("Content-Length", length)
                        .send_header("Content-Type", media_type(file.extension()))
                        .end_headers()?
                        .send(contents)
                }
                Err(_) => not_found(response),
            },
            Found::Directory => {
                let location = request.path().to_string() + "/";
                response.redirect(301, &location)
            }
            Found::Nothing => not_found(response),
        }
    }
}

impl FileServer {
    fn look_up(&self, decoded: &str) -> Found {
        let mut file = self.directory.clone();
        let mut parts: Vec<&str> = decoded.split('/').skip(1).collect();
        let wants_page = parts.last() == Some(&"");
        if wants_page {
            parts.pop();
        }
        for part in parts {
            let strange = |c: char| c == '\0' || (cfg!(windows) && "\\:".contains(c));
            if part.is_empty() || part == "." || part == ".." || part.contains(strange) {
                return Found::Nothing;
            }
            if cfg!(windows) && is_more_than_a_name(part) {
                return Found::Nothing;
            }
            file.push(part);
        }
        match (wants_page, file.is_dir()) {
            (true, _) => Found::Page(file.join("index.html")),
            (false, true) => Found::Directory,
            (false, false) => Found::Page(file),
        }
    }
}

/// What Windows takes for a device, or for the name of another file.
fn is_more_than_a_name(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end();
    let stem = stem.to_ascii_lowercase();
    let port = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
    part.ends_with(['.', ' '])
        || ["aux", "con", "nul", "prn"].contains(&stem.as_str())
        || port.is_some_and(|number| number.chars().count() == 1)
}

fn media_type(extension: Option<&OsStr>) -> String {
    let extension = extension.map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let text = |kind: &str| format!("text/{kind}; charset=\"utf-8\"");
    match extension.as_deref() {
        Some("txt") => text("plain"),
        Some("js") => text("javascript"),
        Some(known @ ("html" | "css")) => text(known),
        Some("json") => "application/json".into(),
        Some("svg") => "image/svg+xml".into(),
        Some("png") => "image/png".into(),
        Some("jpg" | "jpeg") => "image/jpeg".into(),
        _ => "application/octet-stream".into(),
    }
}

fn not_found(response: Response) -> Answer {
    let text = "Page not found\n";
    response
        .send_response(404)
        .send_header("Content-Length", text.len())
        .send_header("content-type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

/// What is typed behind the name of the program.
struct Arguments {
    port: Option<u16>,
    bind: Option<String>,
    directory: Option<PathBuf>,
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments {
        port: None,
        bind: None,
        directory: None,
    };
    while let Some(word) = words.next() {
        if word == "--directory" {
            arguments.directory = Some(words.next()?.into());
        } else if word == "--bind" {
            arguments.bind = Some(words.next()?);
        } else {
            arguments.port = Some(word.parse().ok()?);
        }
    }
    Some(arguments)
}

fn main() -> http_core::Result<()> {
    let Some(arguments) = parse(env::args().skip(1)) else {
        let usage =
            "Give me a port, --bind with an address, --directory with a folder, or nothing.";
        return Err(io::Error::other(usage).into());
    };
    let directory = arguments.directory.unwrap_or_else(|| {
        env::var_os("DIRECTORY").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("public"),
            PathBuf::from,
        )
    });
    let server = match (arguments.bind, arguments.port) {
        (None, None) => HttpServer::bind(local_address()),
        (None, Some(port)) => HttpServer::bind(("localhost", port)),
        (Some(bind), None) => HttpServer::bind((bind, 8000)),
        (Some(bind), Some(port)) => HttpServer::bind((bind, port)),
    };
    server?.serve_forever(FileServer { directory })
}
