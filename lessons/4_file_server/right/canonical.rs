//! Right: it asks the system where a path really leads, and compares whole components.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

struct FileServer {
    directory: PathBuf,
}

impl Handler for FileServer {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let path = request.path().to_string();
        let Some(found) = self.find(request) else {
            return not_found(response);
        };
        let file = match (path.ends_with('/'), found.is_dir()) {
            (true, true) => found.join("index.html"),
            (false, false) => found,
            (false, true) => {
                let query = request.query().map(|query| format!("?{query}"));
                let location = format!("{path}/{}", query.unwrap_or_default());
                return response
                    .send_response(301)
                    .send_header("Location", location)
                    .end_headers()?
                    .send("");
            }
            (true, false) => return not_found(response),
        };
        let Ok(mut contents) = fs::File::open(&file) else {
            return not_found(response);
        };
        if !file.is_file() {
            return not_found(response);
        }
        let mut body = response
            .send_response(200)
            .send_header("Content-Type", content_type(&file))
            .end_headers()?;
        io::copy(&mut contents, &mut body)?;
        body.send("")
    }
}

impl FileServer {
    fn find(&self, request: &Request) -> Option<PathBuf> {
        let decoded = request.decoded_path().ok()?;
        // Where names can mean more than themselves, the library knows which do.
        if cfg!(windows) && http_core::FilePath::new(request.path()).is_none() {
            return None;
        }
        let relative = decoded.trim_start_matches('/');
        let root = self.directory.canonicalize().ok()?;
        let real = root.join(relative).canonicalize().ok()?;
        real.starts_with(&root).then_some(real)
    }
}

const TYPES: [(&str, &str); 9] = [
    ("css", "text/css;charset=utf-8"),
    ("html", "text/html;charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript;charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain;charset=utf-8"),
];

fn content_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|extension| extension.to_str());
    TYPES
        .iter()
        .find(|(known, _)| extension.is_some_and(|own| own.eq_ignore_ascii_case(known)))
        .map_or("application/octet-stream", |(_, kind)| kind)
}

fn not_found(response: Response) -> Answer {
    response
        .send_response(404)
        .send_header("Content-Type", "text/plain; charset=UTF-8")
        .end_headers()?
        .send(b"Page not found\n")
}

fn usage() -> io::Error {
    io::Error::other("type: cargo run -p file_server -- [PORT] [--bind ADDRESS] [--directory DIR]")
}

fn main() -> http_core::Result<()> {
    let mut directory = env::var_os("DIRECTORY").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("public"),
        PathBuf::from,
    );
    let (mut port, mut bind) = (None, None);
    let words: Vec<String> = env::args().skip(1).collect();
    let mut rest = words.as_slice();
    loop {
        rest = match rest {
            [] => break,
            [option, value, rest @ ..] if option == "--bind" => {
                bind = Some(value.clone());
                rest
            }
            [option, value, rest @ ..] if option == "--directory" => {
                directory = value.into();
                rest
            }
            [number, rest @ ..] => {
                port = Some(number.parse::<u16>().map_err(|_| usage())?);
                rest
            }
        };
    }
    let server = match (bind, port) {
        (None, None) => HttpServer::bind(local_address())?,
        (bind, port) => {
            let address = bind.unwrap_or("localhost".into());
            HttpServer::bind((address, port.unwrap_or(8000)))?
        }
    };
    server.serve_forever(FileServer { directory })
}
