//! Files of a directory: what http.server's `SimpleHTTPRequestHandler` does.
//!
//! A request goes through these modules in turn:
//!
//! | module | what it is about |
//! | --- | --- |
//! | `path` | the path of a request to a path below the directory |
//! | `root`, `beneath` | that path to an open file, without leaving the directory |
//! | `listing` | a directory to a page |
//! | `media`, `encoding` | a file to its Content-Type, and to a compressed copy |
//! | `conditions`, `range` | which of its bytes the client needs, if any |

#[cfg(any(target_os = "linux", target_os = "android"))]
mod beneath;
mod conditions;
mod encoding;
mod listing;
mod media;
mod path;
mod range;
mod root;

use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{Method, StatusCode};

use self::conditions::{Validators, Verdict};
use self::encoding::Encoding;
pub use self::path::FilePath;
use self::range::Wanted;
use self::root::{Found, Root};
use crate::face::Headers;
use crate::face::unsupported;
use crate::{Answer, Handler, Request, Response, Result, ServerError};

/// Serves the files below a directory: http.server's `SimpleHTTPRequestHandler`.
///
/// It answers GET and HEAD. A path that ends with a slash is a directory: its
/// index.html or index.htm is sent, else a page that lists it. Conditional requests,
/// ranges, and compressed copies beside a file (`style.css.br`, `style.css.gz`) are
/// understood. A file is sent as the client takes it, and holds no thread meanwhile.
///
/// No path leads out of the directory, and no symbolic link unless
/// [`follow_links`](FileHandler::follow_links) allows it. Only regular files are opened.
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
    /// Serves the files below `directory`. The directory may be replaced while the
    /// server runs, which is noticed within a second.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn new(directory: impl Into<PathBuf>) -> Result<FileHandler> {
        let directory = directory.into();
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
        let shown = std::path::absolute(&directory).unwrap_or(directory);
        Err(ServerError::new(
            problem.kind(),
            format!(
                "cannot serve the files of {}: {problem}.\nName a directory that is there.",
                shown.display()
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
            Some(Found::Directory(directory, place)) => {
                if !path.names_directory() {
                    // Else links on its page would be taken from the directory above.
                    let query = request.query().map(|query| format!("?{query}"));
                    let location = path.as_directory() + &query.unwrap_or_default();
                    return response.redirect(StatusCode::MOVED_PERMANENTLY, &location);
                }
                for name in &self.index {
                    let index = path.relative().join(name);
                    if let Some(Found::File(file, metadata)) = self.root.open(&index)? {
                        return self.send_file(request, response, &index, file, metadata);
                    }
                    // Whoever has put one there that can't be read wants no list either.
                    if fs::symlink_metadata(place.join(name)).is_ok_and(|found| found.is_file()) {
                        return not_found(response);
                    }
                }
                if !self.listing {
                    return not_found(response);
                }
                let page = listing::page(&self.root, &path, &directory, &place)?;
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
        let validators = Validators::new(&metadata);
        let length = metadata.len();
        let fields = Fields {
            validators: &validators,
            encoding,
            varies: self.compressed,
        };
        match validators.judge(request) {
            Verdict::Send => {}
            Verdict::NotModified => {
                let headers = response.send_response(StatusCode::NOT_MODIFIED);
                // What it has is packed as it is (RFC 9110, section 15.4.5).
                let fields = Fields {
                    encoding: None,
                    ..fields
                };
                return fields.add_to(headers).end_headers()?.finish();
            }
            Verdict::Failed => {
                return response.send_error(
                    StatusCode::PRECONDITION_FAILED,
                    "The file is in another state than the request asks for.",
                );
            }
        }
        let wanted = match request.header("Range") {
            Some(range) if *request.method() == Method::GET && validators.allow_range(request) => {
                range::parse(range, length)
            }
            _ => Wanted::Whole,
        };
        match wanted {
            Wanted::Whole => fields
                .add_to(response.send_response(StatusCode::OK))
                .send_header("Content-Type", content_type)
                .send_header("Accept-Ranges", "bytes")
                .end_headers()?
                .send_known_part(file, 0..length),
            Wanted::Parts(parts) if parts.len() == 1 => fields
                .add_to(response.send_response(StatusCode::PARTIAL_CONTENT))
                .send_header("Content-Type", content_type)
                .send_header("Content-Range", content_range(&parts[0], length))
                .end_headers()?
                .send_known_part(file, parts[0].clone()),
            Wanted::Parts(parts) => {
                let headers = fields.add_to(response.send_response(StatusCode::PARTIAL_CONTENT));
                send_parts(headers, file, &parts, length, &content_type)
            }
            Wanted::Unsatisfiable => response
                .send_response(StatusCode::RANGE_NOT_SATISFIABLE)
                .send_header("Content-Range", format!("bytes */{length}"))
                .send_error_page(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    &format!("The file has {length} bytes, and none of those asked for."),
                ),
        }
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

/// The fields that a 200, a 206 and a 304 have in common.
struct Fields<'a> {
    validators: &'a Validators,
    encoding: Option<Encoding>,
    varies: bool,
}

impl Fields<'_> {
    fn add_to<'c>(&self, mut headers: Headers<'c>) -> Headers<'c> {
        if let Some(modified) = self.validators.last_modified() {
            headers = headers.send_header("Last-Modified", modified);
        }
        if let Some(encoding) = self.encoding {
            headers = headers.send_header("Content-Encoding", encoding.name);
        }
        if self.varies {
            headers = headers.send_header("Vary", "Accept-Encoding");
        }
        headers
            .send_header("ETag", &self.validators.etag)
            // To be asked for again each time, which costs a 304: so a change is seen at once.
            .send_header("Cache-Control", "no-cache")
            .send_header("X-Content-Type-Options", "nosniff")
    }
}

/// Says nothing of the disk: neither what is there, nor why it can't be read.
fn not_found(response: Response) -> Answer {
    response.send_error(StatusCode::NOT_FOUND, "There is no such file here.")
}

fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// Several parts of a file in one answer (RFC 9110, section 15.3.7.2).
fn send_parts(
    headers: Headers,
    file: File,
    parts: &[Range<u64>],
    length: u64,
    content_type: &str,
) -> Answer {
    // Random, so that no file has it in it.
    let random = || RandomState::new().build_hasher().finish();
    let boundary = format!("{:016x}{:016x}", random(), random());
    let heads: Vec<String> = parts
        .iter()
        .map(|part| {
            let range = content_range(part, length);
            format!(
                "\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {range}\r\n\r\n"
            )
        })
        .collect();
    let end = format!("\r\n--{boundary}--\r\n");
    let total = heads.iter().map(|head| head.len() as u64).sum::<u64>()
        + parts.iter().map(|part| part.end - part.start).sum::<u64>()
        + end.len() as u64;
    let mut body = headers
        .send_header(
            "Content-Type",
            format!("multipart/byteranges; boundary={boundary}"),
        )
        .send_header("Content-Length", total)
        .end_headers()?;
    let file = Arc::new(file);
    for (head, part) in heads.iter().zip(parts) {
        body.write_all(head.as_bytes())?;
        body.write_file(&file, part.clone())?;
    }
    body.send(end)
}
