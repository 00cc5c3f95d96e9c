//! Lesson 16: caching. What need not be sent a second time.
//!
//!     cargo run -p caching            run it, then open http://localhost:8000/
//!     cargo test -p caching           see which steps are done
//!
//! The lesson is in lessons/16_caching/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use http_core::{Answer, Handler, Headers, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};

/// The page, with a place for the headline.
const PAGE: &str = include_str!("../lessons/16_caching/page.html");

/// The headline that the program begins with.
const FIRST_HEADLINE: &str = "Cat asleep on the warm router";

const CAT: &[u8] = include_bytes!("../lessons/16_caching/public/cat-1.svg");
const SONG: &[u8] = include_bytes!("../lessons/16_caching/public/song-1.wav");

/// When all of it was published: 14 November 2023, 22:13:20, in seconds since 1970.
const PUBLISHED: Duration = Duration::from_secs(1_700_000_000);

/// What an address names, in one of its states. It is never changed: when the headline
/// changes, a new one takes its place.
#[derive(Clone)]
struct Resource {
    content_type: &'static str,
    /// When this state began.
    modified: SystemTime,
    /// Whether another state may follow at the same address.
    may_change: bool,
    body: Vec<u8>,
}

impl Resource {
    /// The value of Last-Modified.
    fn last_modified(&self) -> String {
        todo!("step 1: the date, as HTTP writes it")
    }

    /// The value of ETag.
    fn etag(&self) -> String {
        todo!("step 2: the fingerprint of the body, in double quotes")
    }

    /// The value of Cache-Control.
    fn cache_control(&self) -> &'static str {
        todo!("step 3: how long it may be kept")
    }
}

/// Which bytes of a body a client wants.
enum Wanted {
    /// All of them.
    Whole,
    /// These.
    Part(Range<usize>),
    /// Some that the body does not have.
    Missing,
}

struct FrontPage {
    page: Mutex<Resource>,
    cat: Resource,
    song: Resource,
}

impl Handler for FrontPage {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => {
                let page = self.page.lock().unwrap().clone();
                send(request, response, &page)
            }
            "/cat-1.svg" => send(request, response, &self.cat),
            "/song-1.wav" => send(request, response, &self.song),
            "/now" => todo!("step 3: the time, which nobody may keep"),
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/headline" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        match fields.get("headline") {
            Some(headline) if !headline.trim().is_empty() => {
                *self.page.lock().unwrap() = page(headline, SystemTime::now());
                response.redirect(303, "/")
            }
            _ => response.send_error(400, "There is no headline in it."),
        }
    }
}

/// Answers with a resource, or with what the client needs of it.
fn send(request: &Request, response: Response, resource: &Resource) -> Answer {
    if is_known(request, resource) {
        todo!("step 1: answer 304, without a body");
    }
    match wanted(request, resource) {
        Wanted::Whole => begin(response, 200, resource)
            .send_header("Content-Type", resource.content_type)
            .end_headers()?
            .send(&resource.body),
        Wanted::Part(part) => todo!("step 4: answer 206, with this part"),
        Wanted::Missing => todo!("step 5: answer 416, with the length"),
    }
}

/// Begins an answer: its status, and what the client needs to know to keep it.
fn begin<'c>(response: Response<'c>, status: u16, resource: &Resource) -> Headers<'c> {
    response.send_response(status)
}

/// Whether the client has this state of the resource already.
fn is_known(request: &Request, resource: &Resource) -> bool {
    if let Some(tags) = request.header("If-None-Match") {
        todo!("step 2: is this state's tag among them?")
    } else if let Some(date) = request.header("If-Modified-Since") {
        todo!("step 1: is the resource no newer than this date?")
    } else {
        false
    }
}

/// Which bytes of the resource the client wants.
fn wanted(request: &Request, resource: &Resource) -> Wanted {
    match request.header("Range") {
        Some(range) => todo!("step 4: find out which bytes these are"),
        None => Wanted::Whole,
    }
}

/// A number that is made of all the bytes. If one of them changes, so does the number.
fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

/// The page with this headline.
fn page(headline: &str, modified: SystemTime) -> Resource {
    let page = PAGE.replace("<!-- headline -->", &escape_html(headline));
    Resource {
        content_type: "text/html; charset=utf-8",
        modified,
        may_change: true,
        body: page.into_bytes(),
    }
}

/// Something that never changes at its address.
fn fixed(content_type: &'static str, body: &[u8]) -> Resource {
    Resource {
        content_type,
        modified: SystemTime::UNIX_EPOCH + PUBLISHED,
        may_change: false,
        body: body.to_vec(),
    }
}

fn main() -> http_core::Result<()> {
    let front_page = FrontPage {
        page: Mutex::new(page(FIRST_HEADLINE, SystemTime::UNIX_EPOCH + PUBLISHED)),
        cat: fixed("image/svg+xml", CAT),
        song: fixed("audio/wav", SONG),
    };
    HttpServer::bind(local_address())?.serve_forever(front_page)
}
