//! Lesson 4, the reference: the file server.

use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct FileServer {
    /// The directory that is served. Nobody may see anything outside of it.
    directory: PathBuf,
}

impl Handler for FileServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let Some(mut file) = self.find(request) else {
            return not_found(response);
        };
        if request.path().ends_with('/') {
            file.push("index.html");
        } else if file.is_dir() {
            return response.redirect(301, &format!("{}/", request.path()));
        }
        match fs::read(&file) {
            Ok(contents) => response
                .send_response(200)
                .send_header("Content-Type", content_type(&file))
                .end_headers()?
                .send(contents),
            Err(_) => not_found(response),
        }
    }
}

impl FileServer {
    /// The file or directory that the request's path stands for, if there may be one.
    fn find(&self, request: &Request) -> Option<PathBuf> {
        let path = request.decoded_path().ok()?;
        let relative = Path::new(path.strip_prefix('/')?);
        for component in relative.components() {
            match component {
                // The name of a file or directory: one level down.
                Component::Normal(_) => {}
                // `..` leads up, and `/` or `C:` to the top of a disk.
                _ => return None,
            }
        }
        // On Windows, a plain name can still mean something else: `aux` is a device there,
        // `a.txt.` is `a.txt`. The library knows these names.
        if cfg!(windows) && http_core::FilePath::new(request.path()).is_none() {
            return None;
        }
        Some(self.directory.join(relative))
    }
}

/// The type of a file, by the extension of its name.
fn content_type(file: &Path) -> &str {
    let extension: String = match file.extension() {
        Some(extension) => extension.to_string_lossy().to_lowercase(),
        None => String::new(),
    };
    match extension.as_str() {
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

fn not_found(response: Response) -> Answer {
    response
        .send_response(404)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send("Page not found\n")
}

/// The folder `public` of this lesson, unless the environment variable DIRECTORY names
/// another directory.
fn default_directory() -> PathBuf {
    match env::var_os("DIRECTORY") {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("public"),
    }
}

fn usage() -> io::Error {
    io::Error::other("type: cargo run -p file_server -- [PORT] [--bind ADDRESS] [--directory DIR]")
}

fn main() -> http_core::Result<()> {
    let mut directory: PathBuf = default_directory();
    let mut port: Option<u16> = None;
    let mut bind: Option<String> = None;
    // The first argument is the name of the program.
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bind" => bind = Some(arguments.next().ok_or_else(usage)?),
            "--directory" => directory = PathBuf::from(arguments.next().ok_or_else(usage)?),
            number => match number.parse() {
                Ok(number) => port = Some(number),
                Err(_) => return Err(usage().into()),
            },
        }
    }
    let server = match (bind, port) {
        // Nothing is said: as in the lessons before.
        (None, None) => HttpServer::bind(local_address())?,
        (None, Some(port)) => HttpServer::bind(("localhost", port))?,
        (Some(address), port) => HttpServer::bind((address, port.unwrap_or(8000)))?,
    };
    server.serve_forever(FileServer { directory })
}
