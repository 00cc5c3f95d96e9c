//! Lesson 4: the file server. A folder becomes a website.
//!
//!     cargo run -p file_server        run it, then open http://localhost:8000/
//!     cargo test -p file_server       see which steps are done
//!
//! The lesson is in lessons/4_file_server/README.md. This is the only file to edit.

// While a todo!() stands below, some names are not used yet. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_mut, unused_variables)]

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
            todo!("step 3: a path with a slash at its end is a directory: its page is index.html");
        } else if file.is_dir() {
            todo!("step 4: a directory without its slash: redirect to the path with the slash");
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
        if request.path().contains("..") {
            todo!("step 6: no path leads out of the directory, however it is spelled");
        }
        todo!("step 1: decode the path, and join it to the directory")
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
        _ => todo!("step 2: the types of web pages, style sheets, pictures and the rest"),
    }
}

fn not_found(response: Response) -> Answer {
    todo!("step 5: answer 404")
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
    if arguments.len() > 0 {
        todo!("step 7: read a port, --bind ADDRESS and --directory DIR from the arguments");
    }
    let server = match (bind, port) {
        // Nothing is said: as in the lessons before.
        (None, None) => HttpServer::bind(local_address())?,
        (None, Some(port)) => HttpServer::bind(("localhost", port))?,
        (Some(address), port) => HttpServer::bind((address, port.unwrap_or(8000)))?,
    };
    server.serve_forever(FileServer { directory })
}
