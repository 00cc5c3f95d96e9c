//! A picture board with pages of its own for what is refused, and forms that are read in small pieces.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::{env, mem};

use http_core::{Answer, BodyWriter, Handler, HttpServer, Limits, Request, Response};
use http_core::{escape_html, local_address};
use memchr::memmem;
use tempfile::NamedTempFile;

/// The page, with a place for the pictures.
const PAGE: &str = include_str!("../lessons/19_file_upload/board.html");

const MIB: u64 = 1024 * 1024;

/// The most bytes of a line in the head of a part.
const LONGEST_LINE: usize = 8 * 1024;

/// A kind of picture: what a browser calls it, and how its files end here.
#[derive(Clone, Copy)]
struct Kind {
    media_type: &'static str,
    extension: &'static str,
}

const PNG: Kind = Kind {
    media_type: "image/png",
    extension: "png",
};
const JPEG: Kind = Kind {
    media_type: "image/jpeg",
    extension: "jpg",
};
const GIF: Kind = Kind {
    media_type: "image/gif",
    extension: "gif",
};
const WEBP: Kind = Kind {
    media_type: "image/webp",
    extension: "webp",
};

const KINDS: [Kind; 4] = [PNG, JPEG, GIF, WEBP];

/// A picture on the board.
#[derive(Clone)]
struct Picture {
    number: u64,
    kind: Kind,
    /// What it is called on the page.
    name: String,
    /// The number of its bytes.
    length: u64,
}

/// A picture that has come, and is not on the board yet.
struct Upload {
    kind: Kind,
    name: String,
    length: u64,
    /// Where its bytes are. When this value goes, the file goes with it, unless it was renamed.
    file: NamedTempFile,
}

struct Board {
    /// Where the pictures lie.
    folder: PathBuf,
    /// The most bytes of a picture.
    limit: u64,
    /// The pictures, the oldest first.
    pictures: Mutex<Vec<Picture>>,
}

impl Handler for Board {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => self.send_page(response),
            path => match path.strip_prefix("/pictures/") {
                Some(number) => self.send_picture(number, response),
                None => response.send_error(404, "There is no such page here."),
            },
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let path = request.path().to_string();
        if path == "/wire" {
            return send_back(request, response);
        }
        if path != "/parts" && path != "/pictures" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        let Some(boundary) = boundary(request) else {
            return Problem::Refused(415, "?".to_string()).answer(response);
        };
        let mut form = Multipart::new(request.body(), &boundary);
        if path == "/parts" {
            return match list_parts(&mut form) {
                Ok(list) => begin_text(response)?.send(list),
                Err(problem) => problem.answer(response),
            };
        }
        match self.receive(&mut form) {
            Ok(()) => response.redirect(303, "/"),
            Err(problem) => problem.answer(response),
        }
    }
}

/// Why a form is not taken.
enum Problem {
    /// Because of what is in it: a status, and a sentence.
    Refused(u16, String),
    /// Because the client cannot be read, or the disk cannot be written.
    Failed(io::Error),
}

/// With this, `?` makes a Problem of an error.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        match error.kind() {
            // From a Multipart: see `malformed`.
            ErrorKind::InvalidInput => Problem::Refused(400, error.to_string()),
            ErrorKind::StorageFull => Problem::Refused(507, "No room.".to_string()),
            _ => Problem::Failed(error),
        }
    }
}

impl Problem {
    fn answer(self, response: Response) -> Answer {
        match self {
            Problem::Refused(status, why) => response
                .send_response(status)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .end_headers()?
                .send(format!("{why}\n")),
            // The library knows what to answer.
            Problem::Failed(error) => Err(error),
        }
    }
}

/// Begins an answer that a browser shows as text, whatever is in it.
fn begin_text<'c>(response: Response<'c>) -> io::Result<BodyWriter<'c>> {
    response
        .send_response(200)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .send_header("X-Content-Type-Options", "nosniff")
        .end_headers()
}

/// Sends the body of the request back, byte for byte.
fn send_back(request: &mut Request, response: Response) -> Answer {
    let mut body = begin_text(response)?;
    io::copy(request.body(), &mut body)?;
    body.finish()
}

/// The boundary between the parts of a form; `None` if the request brings something else.
fn boundary(request: &Request) -> Option<String> {
    let content_type = request.header("Content-Type")?;
    let (media_type, _) = content_type.split_once(';')?;
    if !media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return None;
    }
    parameter(content_type, "boundary")
}

/// Says of each part of a form what it is.
fn list_parts<R: Read>(form: &mut Multipart<R>) -> Result<String, Problem> {
    let mut list = String::new();
    while let Some(part) = form.next_part()? {
        let mut seen = Fingerprint::default();
        io::copy(form, &mut seen)?;
        list += &part.name;
        if let Some(file_name) = part.file_name {
            list += &format!(", the file \"{file_name}\"");
        }
        list += &format!(
            ": {} bytes, fingerprint {:016x}\n",
            seen.length, seen.number
        );
    }
    Ok(list)
}

/// What the head of a part says.
#[derive(Default)]
struct Part {
    /// The name of the field in the form.
    name: String,
    /// The name of the file, if it is one. A browser sends an empty one if none was chosen.
    file_name: Option<String>,
}

/// A form that is taken apart as it comes. To read from it is to read the part that it is at.
struct Multipart<R> {
    body: R,
    /// What ends a part: a line end, two hyphens, and the boundary.
    delimiter: Vec<u8>,
    /// What has come of the body, and is not used yet.
    buffer: Vec<u8>,
}

impl<R: Read> Multipart<R> {
    fn new(body: R, boundary: &str) -> Multipart<R> {
        Multipart {
            body,
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // There is no line end before the first delimiter. With this one, it is like the others.
            buffer: b"\r\n".to_vec(),
        }
    }

    /// Waits for more of the body, and puts it into the buffer.
    fn fill(&mut self) -> io::Result<()> {
        let mut more = [0; 777];
        let count = self.body.read(&mut more)?;
        if count == 0 {
            return Err(malformed("The form ends before its last boundary."));
        }
        self.buffer.extend_from_slice(&more[..count]);
        Ok(())
    }

    /// Takes this number of bytes out of the buffer.
    fn take_bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            self.fill()?;
        }
        let rest = self.buffer.split_off(count);
        Ok(mem::replace(&mut self.buffer, rest))
    }

    /// Takes the next line out of the buffer, and leaves its line end away.
    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n") {
                let line = self.take_bytes(end + 2)?;
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(malformed("The head of a part is too long."));
            }
            self.fill()?;
        }
    }

    /// Goes on to the next part; `None` at the end of the form.
    fn next_part(&mut self) -> io::Result<Option<Part>> {
        // What nobody has read of the part before.
        io::copy(self, &mut io::sink())?;
        self.take_bytes(self.delimiter.len())?;
        if self.take_bytes(2)? == b"--" {
            return Ok(None);
        }
        let mut part = Part::default();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(Some(part));
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("Content-Disposition") {
                part.name = parameter(value, "name").unwrap_or_default();
                part.file_name = parameter(value, "filename");
            }
        }
    }
}

impl<R: Read> Read for Multipart<R> {
    /// Reads from the part that it is at, and not beyond its end.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = match memmem::find(&self.buffer, &self.delimiter) {
                Some(0) => return Ok(0),
                Some(end) => end,
                // The last bytes may be the beginning of a delimiter.
                None => (self.buffer.len() + 1).saturating_sub(self.delimiter.len()),
            };
            if ready > 0 {
                let count = ready.min(into.len());
                into[..count].copy_from_slice(&self.take_bytes(count)?);
                return Ok(count);
            }
            self.fill()?;
        }
    }
}

/// The error of a form that does not have the form of one.
fn malformed(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

/// The value of a parameter in a header, such as that of `name` in `form-data; name="x"`. The
/// quotes are not a part of it.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => up_to_quote(quoted)?,
            None => {
                let (value, behind) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_string(), behind)
            }
        };
        if name.trim_matches([' ', ';']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

/// The text up to the next quote, and what is behind it. `\"` is a quote in the text.
fn up_to_quote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        rest = behind;
        match before.strip_suffix('\\') {
            Some(before) => value = value + before + "\"",
            None => return Some((value + before, rest)),
        }
    }
}

/// A number that is made of all the bytes that are written into it. If one of them changes, so
/// does the number.
struct Fingerprint {
    length: u64,
    number: u64,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint {
            length: 0,
            number: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl Write for Fingerprint {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            self.number = (self.number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a file is called on the page.
fn display_name(file_name: &str) -> String {
    let mut name = file_name;
    if let Some(at) = name.rfind(|letter| letter == '/' || letter == '\\') {
        name = &name[at + 1..];
    }
    let letters: Vec<char> = name.chars().filter(|c| !c.is_control()).collect();
    let short = &letters[..letters.len().min(80)];
    let name = String::from_iter(short);
    if name.trim() == "" {
        return String::from("picture");
    }
    name.trim().into()
}

/// What kind of picture begins with these bytes; `None` if it is no picture.
fn kind(beginning: &[u8]) -> Option<Kind> {
    if beginning.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(PNG)
    } else if beginning.starts_with(b"\xff\xd8\xff") {
        Some(JPEG)
    } else if beginning.starts_with(b"GIF87a") || beginning.starts_with(b"GIF89a") {
        Some(GIF)
    } else if beginning.starts_with(b"RIFF") && beginning.get(8..12) == Some(b"WEBP") {
        Some(WEBP)
    } else {
        None
    }
}

impl Board {
    /// The board with the pictures that lie in this folder. It is made if it is not there. What
    /// the pictures were called is forgotten.
    fn open(folder: PathBuf, limit: u64) -> io::Result<Board> {
        fs::create_dir_all(&folder)?;
        let mut pictures = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(".tmp") {
                // The program was killed while this one came.
                fs::remove_file(entry.path())?;
                continue;
            }
            let Some((number, extension)) = name.split_once('.') else {
                continue;
            };
            let kind = KINDS.into_iter().find(|kind| kind.extension == extension);
            if let (Ok(number), Some(kind)) = (number.parse(), kind) {
                let length = entry.metadata()?.len();
                pictures.push(Picture {
                    number,
                    kind,
                    name,
                    length,
                });
            }
        }
        pictures.sort_by_key(|picture| picture.number);
        let pictures = Mutex::new(pictures);
        Ok(Board {
            folder,
            limit,
            pictures,
        })
    }

    /// Where a picture lies.
    fn path(&self, picture: &Picture) -> PathBuf {
        let Picture { number, kind, .. } = picture;
        self.folder.join(format!("{number}.{}", kind.extension))
    }

    /// Takes the pictures of a form: all of them, or none.
    fn receive<R: Read>(&self, form: &mut Multipart<R>) -> Result<(), Problem> {
        let mut uploads = Vec::new();
        while let Some(part) = form.next_part()? {
            if let Some(file_name) = part.file_name
                && part.name == "picture"
                && !file_name.is_empty()
            {
                uploads.push(self.upload(display_name(&file_name), form)?);
            }
        }
        if uploads.is_empty() {
            return Err(Problem::Refused(
                400,
                "There is no picture in it.".to_string(),
            ));
        }
        uploads
            .into_iter()
            .try_for_each(|upload| self.publish(upload))
    }

    /// Takes a picture in. It is not on the board yet.
    fn upload<R: Read>(&self, name: String, form: &mut Multipart<R>) -> Result<Upload, Problem> {
        let mut beginning = Vec::new();
        form.take(12).read_to_end(&mut beginning)?;
        let Some(kind) = kind(&beginning) else {
            return Err(Problem::Refused(415, "This is no picture.".to_string()));
        };
        let file = tempfile::Builder::new()
            .prefix(".tmp-incoming-")
            .tempfile_in(&self.folder)?;
        let mut writer = io::BufWriter::with_capacity(64 * 1024, file);
        let most = self.limit - (self.limit.min(beginning.len() as u64));
        writer.write_all(&beginning)?;
        let rest = io::copy(&mut form.by_ref().take(most + 1), &mut writer)?;
        let length = rest + beginning.len() as u64;
        let file = writer.into_inner().map_err(|error| error.into_error())?;
        if length > self.limit {
            let why = format!("A picture may have {} bytes.", self.limit);
            return Err(Problem::Refused(413, why));
        }
        Ok(Upload {
            kind,
            name,
            length,
            file,
        })
    }

    /// Puts a picture on the board.
    fn publish(&self, upload: Upload) -> Result<(), Problem> {
        let mut pictures = self.pictures.lock().unwrap();
        let picture = Picture {
            number: pictures.iter().map(|one| one.number).max().unwrap_or(0) + 1,
            kind: upload.kind,
            name: upload.name,
            length: upload.file.as_file().metadata()?.len(),
        };
        match upload.file.persist_noclobber(self.path(&picture)) {
            Ok(_) => pictures.push(picture),
            Err(error) => return Err(error.error.into()),
        }
        Ok(())
    }

    /// Answers with the page, the newest picture first.
    fn send_page(&self, response: Response) -> Answer {
        let mut figures = String::new();
        for picture in self.pictures.lock().unwrap().iter().rev() {
            figures += &figure(picture);
        }
        response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(PAGE.replace("<!-- pictures -->", &figures))
    }

    /// Answers with the picture of this number.
    fn send_picture(&self, number: &str, response: Response) -> Answer {
        let Some(picture) = self.find(number) else {
            return response.send_error(404, "There is no such picture.");
        };
        response
            .send_response(200)
            .send_header("Content-Type", picture.kind.media_type)
            .send_header("X-Content-Type-Options", "nosniff")
            .end_headers()?
            .send_file(File::open(self.path(&picture))?)
    }

    /// The picture of this number, if there is one.
    fn find(&self, number: &str) -> Option<Picture> {
        let number: u64 = number.parse().ok()?;
        let pictures = self.pictures.lock().unwrap();
        pictures.iter().find(|one| one.number == number).cloned()
    }
}

/// A picture on the page, with its name and its size.
fn figure(picture: &Picture) -> String {
    let Picture {
        number,
        name,
        length,
        ..
    } = picture;
    let name = name
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&#34;");
    let img = format!("<IMG loading='lazy' src='/pictures/{number}' alt=\"{name}\"/>");
    format!("<div>{img}<p>{length} bytes</p><p>{name}</p></div>")
}

/// The value of a variable of the environment, or else this one.
fn variable(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or(otherwise.to_string())
}

fn main() -> http_core::Result<()> {
    let limit = variable("PICTURE_LIMIT", "").parse().unwrap_or(100 * MIB);
    let board = Board::open(variable("PICTURES", "pictures").into(), limit)?;
    let limits = Limits {
        // A form has more in it than the picture.
        body_size: limit + MIB,
        ..Limits::default()
    };
    HttpServer::bind(local_address())?
        .limits(limits)
        .serve_forever(board)
}
