//! Files of a directory: what http.server's `SimpleHTTPRequestHandler` does.
//!
//! A request goes through these modules in turn:
//!
//! | module | what it is about |
//! | --- | --- |
//! | `path` | the path of a request to a path below the directory |
//! | `root`, `beneath` (Windows: `by_path`) | that path to an open file, without leaving the directory |
//! | `absence` | which errors on the way mean that there is nothing |
//! | `listing` | a directory to a page |
//! | `media`, `encoding` | a file to its Content-Type, and to a compressed copy |
//! | `representation` | an open file to an answer |
//! | `conditions`, `range` | which of its bytes the client needs, if any |

mod absence;
#[cfg(unix)]
mod beneath;
#[cfg(windows)]
mod by_path;
mod conditions;
mod encoding;
mod listing;
mod media;
mod path;
mod range;
mod representation;
mod root;
#[cfg(all(test, unix))]
mod swaps;

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use http::{Method, StatusCode};

use self::encoding::Encoding;
pub use self::path::FilePath;
use self::representation::Representation;
use self::root::{Found, Root};
use crate::face::unsupported;
use crate::{Answer, Handler, Request, Response, Result, ServerError};

/// Serves the files below a directory: http.server's `SimpleHTTPRequestHandler`.
///
/// It answers GET and HEAD. A path that ends with a slash is a directory: its
/// index.html or index.htm is sent, else a page that lists it. Conditional requests,
/// ranges, and compressed copies beside a file (`style.css.br`, `style.css.gz`) are
/// understood. A file, or one part of it, is sent as the client takes it, and holds no thread
/// meanwhile; several parts in one answer are written by the handler, which waits.
///
/// No path leads out of the directory, and no symbolic link unless
/// [`follow_links`](FileHandler::follow_links) allows it. Only regular files are opened.
/// What that rests on, and what an entity tag is made of, is in the crate's README.md,
/// for each system.
///
/// ```no_run
/// use http_core::{FileHandler, HttpServer, local_address};
///
/// fn main() -> http_core::Result<()> {
///     HttpServer::bind(local_address())?.serve_forever(FileHandler::new("public")?)
/// }
/// ```
///
/// A handler of your own can pass on to it what it does not answer itself:
///
/// ```no_run
/// use http_core::{Answer, FileHandler, Handler, Request, Response};
///
/// struct Site {
///     files: FileHandler,
/// }
///
/// impl Handler for Site {
///     fn do_get(&self, request: &mut Request, response: Response) -> Answer {
///         match request.path() {
///             "/hello" => response.send_response(200).end_headers()?.send("Hello.\n"),
///             _ => self.files.handle(request, response),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct FileHandler {
    root: Root,
    index: Vec<String>,
    listing: bool,
    compressed: bool,
}

impl FileHandler {
    /// Serves the files below `directory`. The directory may be replaced, or removed and
    /// made again, while the server runs, which is noticed within a second. A relative path
    /// is taken from where the program is now.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn new(directory: impl Into<PathBuf>) -> Result<FileHandler> {
        let directory = directory.into();
        // What is served stays the same place when the program goes elsewhere, and when this
        // folder, in which it was started, is removed and made again.
        let directory = std::path::absolute(&directory).unwrap_or(directory);
        let problem = match fs::metadata(&directory) {
            Ok(metadata) if metadata.is_dir() => {
                return Ok(FileHandler {
                    root: Root::new(directory),
                    index: vec!["index.html".into(), "index.htm".into()],
                    listing: true,
                    compressed: true,
                });
            }
            Ok(_) => io::Error::new(ErrorKind::NotADirectory, "it is not a directory"),
            Err(error) => error,
        };
        Err(ServerError::new(
            problem.kind(),
            format!(
                "cannot serve the files of {}: {problem}.\nName a directory that is there.",
                directory.display()
            ),
        ))
    }

    /// The names of the file that stands for its directory; the first one that is
    /// there is sent. The default is `["index.html", "index.htm"]`.
    pub fn index<I>(mut self, names: I) -> FileHandler
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.index = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether a directory without an index file is listed; else it is 404. The
    /// default is yes.
    pub fn listing(mut self, listing: bool) -> FileHandler {
        self.listing = listing;
        self
    }

    /// Whether symbolic links that lead out of the directory are followed. The
    /// default is no.
    pub fn follow_links(mut self, follow_links: bool) -> FileHandler {
        self.root.follow_links = follow_links;
        self
    }

    /// Whether `style.css.br` or `style.css.gz` is sent in place of `style.css` to
    /// clients that take it, unless it is older. The default is yes.
    pub fn compressed(mut self, compressed: bool) -> FileHandler {
        self.compressed = compressed;
        self
    }

    fn answer(&self, request: &Request, response: Response) -> Answer {
        let Some(path) = FilePath::new(request.path()) else {
            return not_found(response);
        };
        match self.root.open(path.relative())? {
            Some(Found::File(file, metadata)) if !path.names_directory() => {
                self.send_file(request, response, path.relative(), file, metadata)
            }
            Some(Found::Directory(directory)) => {
                if !path.names_directory() {
                    // Else links on its page would be taken from the directory above.
                    let query = request.query().map(|query| format!("?{query}"));
                    let location = path.as_directory() + &query.unwrap_or_default();
                    return response.redirect(StatusCode::MOVED_PERMANENTLY, &location);
                }
                for name in &self.index {
                    let index = path.relative().join(name);
                    match self.root.open(&index)? {
                        Some(Found::File(file, metadata)) => {
                            return self.send_file(request, response, &index, file, metadata);
                        }
                        // A folder of this name is no index.
                        Some(Found::Directory(_)) => {}
                        // Anyone who has put one there that can't be read wants no list either:
                        // a link that leads out or nowhere, a pipe, a file that is locked.
                        None if directory.has_name(name) => return not_found(response),
                        None => {}
                    }
                }
                let page = match self.listing {
                    true => listing::page(&self.root, &path, &directory)?,
                    false => None,
                };
                let Some(page) = page else {
                    return not_found(response);
                };
                response
                    .send_response(StatusCode::OK)
                    .send_header("Content-Type", "text/html; charset=utf-8")
                    .send_header("Cache-Control", "no-cache")
                    .send_header("X-Content-Type-Options", "nosniff")
                    // Whatever a name may bring in, it runs nothing.
                    .send_header(
                        "Content-Security-Policy",
                        "default-src 'none'; style-src 'unsafe-inline'",
                    )
                    .end_headers()?
                    .send(page)
            }
            _ => not_found(response),
        }
    }

    fn send_file(
        &self,
        request: &Request,
        response: Response,
        relative: &Path,
        file: File,
        metadata: Metadata,
    ) -> Answer {
        let content_type = media::content_type(relative);
        let copy = self.compressed_copy(request, relative, &metadata)?;
        let (file, metadata, encoding) = match copy {
            Some((copy, metadata, encoding)) => (copy, metadata, Some(encoding)),
            None => (file, metadata, None),
        };
        let representation = Representation {
            file,
            metadata,
            content_type,
            encoding,
            varies: self.compressed,
        };
        representation.send(request, response)
    }

    /// The first compressed copy beside a file that the client takes.
    fn compressed_copy(
        &self,
        request: &Request,
        relative: &Path,
        original: &Metadata,
    ) -> io::Result<Option<(File, Metadata, Encoding)>> {
        let Some(accepted) = request
            .header("Accept-Encoding")
            .filter(|_| self.compressed)
        else {
            return Ok(None);
        };
        for encoding in encoding::accepted(accepted) {
            let mut name = relative.as_os_str().to_owned();
            name.push(encoding.suffix);
            if let Some(Found::File(file, metadata)) = self.root.open(name.as_ref())?
                // An older one is a copy of what the file was before.
                && metadata.modified().ok() >= original.modified().ok()
            {
                return Ok(Some((file, metadata, encoding)));
            }
        }
        Ok(None)
    }
}

impl Handler for FileHandler {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        self.answer(request, response)
    }

    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return self.answer(request, response);
        }
        if !is_known(request.method()) {
            return unsupported(request, response);
        }
        let status = StatusCode::METHOD_NOT_ALLOWED;
        response
            .send_response(status)
            .send_header("Allow", "GET, HEAD")
            .send_error_page(status, "A file can be read here: with GET or HEAD.")
    }
}

/// Whether a method is one of RFC 9110 or PATCH. To others, 405 would say that they are
/// known here, and only not allowed for a file (section 15.5.6).
fn is_known(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::DELETE
            | Method::CONNECT
            | Method::OPTIONS
            | Method::TRACE
            | Method::PATCH
    )
}

/// Says nothing of the disk: neither what is there, nor why it can't be read.
fn not_found(response: Response) -> Answer {
    response.send_error(StatusCode::NOT_FOUND, "There is no such file here.")
}
