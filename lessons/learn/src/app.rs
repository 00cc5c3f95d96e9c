//! What answers the browser: pages, their news, and who may ask.
//!
//! This server starts programs, so it is for the browser of this computer alone:
//!
//! - It listens on the loopback addresses, and answers only to the names of these in `Host`.
//!   A page of another site whose name was made to point here (DNS rebinding) has another one.
//! - It is for the user who has started it: the system tells whose a connection is, or the
//!   client knows a secret that was printed ([`Owner`]).
//! - What changes something is a POST, and its `Origin` must be this server's own. Every
//!   browser says from where a POST comes, so no page of another site can send one, nor can
//!   the student's own page: that has another port, and with it another origin.
//! - No other page may hold one of these in a frame, or read it, and a page here runs no
//!   script but its own (`Content-Security-Policy`).

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_core::http::Method;
use http_core::{Answer, FileHandler, Handler, Request, Response};

use crate::checks::Checks;
use crate::course::{Course, Lesson};
use crate::editor::Editor;
use crate::html::below;
use crate::owner::Owner;
use crate::pages::{Page, Pages};
use crate::run::{self, Runner};
use crate::text;

/// The most pages that get news at once. Each of them holds a thread.
pub(crate) const MOST_READERS: usize = 24;

/// How often a page without news is told that there are none: so it is noticed when it is
/// closed.
const SILENCE: Duration = Duration::from_secs(3);

/// Nothing from elsewhere, nothing in between, and in no other page's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// On the page of a program, its own page may stand in a frame: on this computer, under
/// another port, which is another origin.
const FRAMES: &str = "; frame-src http://localhost:* http://127.0.0.1:*";

/// What the pages are made with: the path, the type, the bytes.
pub(crate) const ASSETS: [(&str, &str, &[u8]); 3] = [
    (
        "/learn.css",
        "text/css; charset=utf-8",
        include_bytes!("learn.css"),
    ),
    (
        "/learn.js",
        "text/javascript; charset=utf-8",
        include_bytes!("learn.js"),
    ),
    ("/learn.svg", "image/svg+xml", include_bytes!("learn.svg")),
];

/// The course as a web service.
pub(crate) struct App {
    pub(crate) checks: Arc<Checks>,
    pub(crate) runner: Arc<Runner>,
    /// What serves the pictures of the lessons. All files of the course lie below it, so it is
    /// asked for a picture, and for nothing else.
    pub(crate) files: FileHandler,
    pub(crate) editor: Editor,
    pub(crate) port: u16,
    pub(crate) owner: Owner,
    pub(crate) readers: AtomicUsize,
}

impl Handler for App {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        if !self.is_for_us(request) {
            let why = "This server answers to localhost alone.";
            return response.send_error(421, why);
        }
        let Ok(asked) = request.decoded_path().map(|path| path.into_owned()) else {
            return response.send_error(400, "The path is not UTF-8.");
        };
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match self.owner.admits(request.client_address(), &asked) {
            Some(path) if is_read => self.get(path, request, response),
            Some(path) if *request.method() == Method::POST => match self.is_from_us(request) {
                true => self.post(path, request, response),
                false => response.send_error(403, "Only a page of this server may ask for that."),
            },
            Some(_) => response.send_error(405, "There is nothing here but to read and to post."),
            None if is_read && self.is_for_everyone(&asked) => self.get(&asked, request, response),
            None => response.send_error(403, self.owner.refusal()),
        }
    }
}

impl App {
    /// Whether the client means this server, under a name that only this computer has.
    fn is_for_us(&self, request: &Request) -> bool {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let known = names.map(|name| format!("{name}:{}", self.port));
        request
            .header("Host")
            .is_some_and(|host| known.iter().any(|known| host == known))
    }

    /// Whether a page of this server has sent it.
    fn is_from_us(&self, request: &Request) -> bool {
        let own = request.header("Host").map(|host| format!("http://{host}"));
        own.is_some() && request.header("Origin") == own.as_deref()
    }

    fn pages(&self) -> Pages<'_> {
        Pages {
            course: &self.checks.course,
            checks: Some(&self.checks),
            editor: &self.editor,
            source: None,
        }
    }

    /// Whether there is a picture or what pages are made with at this path, which tells nothing of
    /// the owner. (`FileHandler` looks for a file at the path of the request, so pictures have no
    /// address of their own below the secret.)
    fn is_for_everyone(&self, path: &str) -> bool {
        ASSETS.iter().any(|(known, ..)| *known == path)
            || picture(&self.checks.course, path.trim_matches('/')).is_some()
    }

    /// A page, or a part of it, with links below the owner's root.
    fn linked(&self, html: &str) -> String {
        let attributes = ["href", "action", "data-home", "data-news"];
        below(html, &self.owner.root(), &attributes)
    }

    fn redirect(&self, status: u16, path: &str, response: Response) -> Answer {
        let path = path.trim_start_matches('/');
        response.redirect(status, &format!("{}{path}", self.owner.root()))
    }

    fn get(&self, path: &str, request: &mut Request, response: Response) -> Answer {
        let asset = ASSETS.iter().find(|(known, ..)| *known == path);
        match (path, asset) {
            ("/news", _) => self.news(request, response),
            (_, Some((_, kind, bytes))) => send_bytes(response, kind, bytes),
            (path, None) => self.file(path, request, response),
        }
    }

    /// A page, a picture, or the program of a lesson.
    fn file(&self, path: &str, request: &mut Request, response: Response) -> Answer {
        let course = &self.checks.course;
        let name = path.trim_matches('/');
        let below = name.strip_prefix("lessons/");
        if let Some(lesson) = below.and_then(|folder| course.lesson(folder)) {
            self.checks.look_at(&lesson.folder);
        }
        if let Some(found) = self.pages().at(path) {
            return self.send_page(response, 200, &found, "");
        }
        let run = below.and_then(|name| course.lesson(name.strip_suffix("/run")?));
        if let Some(lesson) = run.filter(|_| path.ends_with('/')) {
            // The number of an exchange, to change its request and send it again.
            let again = request.query();
            let again = again.and_then(|query| query.strip_prefix("again=")?.parse().ok());
            let page = self.pages().program(&self.runner, &lesson, again);
            return self.send_page(response, 200, &page, FRAMES);
        }
        // One page, one address.
        if !path.ends_with('/') && self.pages().at(&format!("{path}/")).is_some() {
            return self.redirect(308, &format!("/{name}/"), response);
        }
        if picture(course, name).is_some() {
            if path != request.path() {
                return response.redirect(308, path);
            }
            return self.files.handle(request, response);
        }
        let lost = Pages::note("Nothing here", "There is no such page in the course.");
        self.send_page(response, 404, &lost, "")
    }

    fn post(&self, path: &str, request: &mut Request, response: Response) -> Answer {
        let asked = path
            .strip_prefix("/lessons/")
            .and_then(|rest| rest.rsplit_once('/'));
        let lesson =
            asked.and_then(|(folder, what)| Some((self.checks.course.lesson(folder)?, what)));
        match lesson {
            Some((lesson, "check")) => {
                self.checks.again(&lesson.folder);
                self.redirect(303, &lesson.path(), response)
            }
            Some((lesson, what @ ("start" | "stop" | "send" | "compare"))) => {
                let mut text = String::new();
                request.body().read_to_string(&mut text)?;
                let fields = http_core::parse_form(&text);
                let field = |name: &str| fields.get(name).map_or("", String::as_str);
                match what {
                    "start" => self.runner.begin(&lesson, field("arguments")),
                    "stop" => self.runner.stop(),
                    _ => {
                        if let Some(program) = self.runner.of(&lesson) {
                            self.ask(&program, &lesson, what, field);
                        }
                    }
                }
                self.redirect(303, &format!("{}run/", lesson.path()), response)
            }
            _ => response.send_error(404, "There is no such thing to do."),
        }
    }

    fn send_page(&self, response: Response, status: u16, page: &Page, more: &str) -> Answer {
        with_safety(response.send_response(status), more)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .send_header("Cache-Control", "no-store")
            .end_headers()?
            .send(self.linked(&page.html()))
    }

    /// Sends bytes to a program, or asks the reference what it was asked.
    fn ask<'f>(
        &self,
        program: &Arc<run::Program>,
        lesson: &Lesson,
        what: &str,
        field: impl Fn(&str) -> &'f str,
    ) {
        match (what, field("number").parse()) {
            ("send", _) => program.send(run::bytes_of(field("bytes"))),
            ("compare", Ok(number)) if self.pages().may_compare(lesson) => {
                program.compare(&self.checks.course, lesson, number);
            }
            _ => {}
        }
    }

    /// What is new on a page, as it happens: Server-Sent Events, each a map from the ids of
    /// elements to what is in them now.
    fn news(&self, request: &Request, response: Response) -> Answer {
        if request.method() == Method::HEAD {
            return response
                .send_response(200)
                .send_header("Content-Type", "text/event-stream")
                .end_headers()?
                .finish();
        }
        let _reader = match Reader::of(&self.readers) {
            Some(reader) => reader,
            None => return response.send_error(503, "Too many pages of the course are open."),
        };
        let query = request.query();
        let is_run = query.is_some_and(|query| query.ends_with("/run"));
        let lesson = match query {
            None => None,
            Some(query) => match self.checks.course.lesson(query.trim_end_matches("/run")) {
                Some(lesson) => Some(lesson),
                None => return response.send_error(404, "There is no such lesson."),
            },
        };
        let _watcher = is_run.then(|| Reader::of(&self.runner.readers));
        let response = with_safety(response.send_response(200), "")
            .send_header("Content-Type", "text/event-stream")
            .send_header("Cache-Control", "no-store");
        let mut body = response.end_headers()?;
        let mut shown = BTreeMap::new();
        let mut seen = 0;
        body.write_all(b"retry: 1000\n\n")?;
        loop {
            let version = self.checks.wait(seen, SILENCE);
            if version == seen {
                // A comment: whoever is still there passes over it.
                body.write_all(b":\n\n")?;
                body.flush()?;
                continue;
            }
            seen = version;
            let fragments = match &lesson {
                None => self.pages().home_fragments(),
                Some(lesson) if is_run => self.pages().program_fragments(&self.runner, lesson),
                Some(lesson) => self.pages().lesson_fragments(lesson),
            };
            let fragments = fragments.into_iter();
            let new = fragments
                .map(|(id, html)| (id, self.linked(&html)))
                .filter(|(id, html)| shown.get(id) != Some(html));
            let new: BTreeMap<String, String> = new.collect();
            if !new.is_empty() {
                let data = serde_json::to_string(&new).map_err(io::Error::other)?;
                write!(body, "data: {data}\n\n")?;
                body.flush()?;
            }
            shown.extend(new);
        }
    }
}

/// One page that gets news.
struct Reader<'a>(&'a AtomicUsize);

impl<'a> Reader<'a> {
    fn of(readers: &'a AtomicUsize) -> Option<Self> {
        let one_more = |number| (number < MOST_READERS).then_some(number + 1);
        let taken = readers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        taken.ok().map(|_| Self(readers))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The file of a picture in the folder of a lesson.
pub(crate) fn picture(course: &Course, name: &str) -> Option<PathBuf> {
    let (folder, file) = name.strip_prefix("lessons/")?.split_once('/')?;
    let lesson = course.lesson(folder)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !file.chars().all(fits) || !text::is_picture(file) {
        return None;
    }
    let path = course.root.join("lessons").join(lesson.folder).join(file);
    path.is_file().then_some(path)
}

fn with_safety<'c>(headers: http_core::Headers<'c>, more: &str) -> http_core::Headers<'c> {
    headers
        .send_header("Content-Security-Policy", format_args!("{POLICY}{more}"))
        .send_header("Cross-Origin-Opener-Policy", "same-origin")
        .send_header("Cross-Origin-Resource-Policy", "same-origin")
        .send_header("Referrer-Policy", "same-origin")
        .send_header("X-Content-Type-Options", "nosniff")
}

fn send_bytes(response: Response, kind: &str, bytes: &[u8]) -> Answer {
    with_safety(response.send_response(200), "")
        .send_header("Content-Type", kind)
        .send_header("Cache-Control", "no-cache")
        .end_headers()?
        .send(bytes)
}
