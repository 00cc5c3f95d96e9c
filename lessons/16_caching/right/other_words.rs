//! Lesson 16, another right program: fields in another order and in other letters, more of them, and words
//! with the 416.

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
        httpdate::fmt_http_date(self.modified)
    }

    /// The value of ETag.
    fn etag(&self) -> String {
        format!("\"{}\"", fingerprint(&self.body))
    }

    /// The value of Cache-Control.
    fn cache_control(&self) -> &'static str {
        if self.may_change {
            "no-cache"
        } else {
            "public, immutable, max-age=31536000"
        }
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
            "/now" => response
                .send_response(200)
                .send_header("Content-Type", "text/plain; charset=utf-8")
                .send_header("Cache-Control", "No-Store")
                .end_headers()?
                .send(httpdate::fmt_http_date(SystemTime::now()) + "\n"),
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
        return begin(response, 304, resource).end_headers()?.finish();
    }
    let whole = resource.body.len();
    let (status, body, range) = match wanted(request, resource) {
        Wanted::Whole => (200, &resource.body[..], None),
        Wanted::Part(part) => {
            let (first, last) = (part.start, part.end - 1);
            let range = format!("bytes {first}-{last}/{whole}");
            (206, &resource.body[part], Some(range))
        }
        Wanted::Missing => {
            return response
                .send_response(416)
                .send_header("content-type", "text/plain; charset=utf-8")
                .send_header("content-range", format!("bytes */{whole}"))
                .end_headers()?
                .send(format!("There are {whole} bytes.\n"));
        }
    };
    let mut headers = begin(response, status, resource)
        .send_header("content-length", body.len())
        .send_header("content-type", resource.content_type)
        .send_header("accept-ranges", "bytes");
    if let Some(range) = range {
        headers = headers.send_header("content-range", range);
    }
    headers.end_headers()?.send(body)
}

/// Begins an answer: its status, and what the client needs to know to keep it.
fn begin<'c>(response: Response<'c>, status: u16, resource: &Resource) -> Headers<'c> {
    response
        .send_response(status)
        .send_header("cache-control", resource.cache_control())
        .send_header("x-content-type-options", "nosniff")
        .send_header("etag", resource.etag())
        .send_header("last-modified", resource.last_modified())
}

/// Whether the client has this state of the resource already.
fn is_known(request: &Request, resource: &Resource) -> bool {
    if let Some(tags) = request.header("If-None-Match") {
        let tag = resource.etag();
        tags.split(',').any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        })
    } else if let Some(date) = request.header("If-Modified-Since") {
        // What was sent has no fractions of a second, so it is that which counts.
        let own = httpdate::parse_http_date(&resource.last_modified());
        match (own, httpdate::parse_http_date(date)) {
            (Ok(own), Ok(theirs)) => own <= theirs,
            // What cannot be read is as good as not sent.
            _ => false,
        }
    } else {
        false
    }
}

/// Which bytes of the resource the client wants.
fn wanted(request: &Request, resource: &Resource) -> Wanted {
    let Some(range) = request.header("Range") else {
        return Wanted::Whole;
    };
    // The client has a part of another state: this part does not fit to it.
    if request
        .header("If-Range")
        .is_some_and(|tag| tag != resource.etag())
    {
        return Wanted::Whole;
    }
    match part(range, resource.body.len()) {
        Some(part) if part.is_empty() => Wanted::Missing,
        Some(part) => Wanted::Part(part),
        None => Wanted::Whole,
    }
}

/// The bytes that a Range means, as far as the body has them; `None` if it is not one that this
/// server understands.
fn part(range: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: usize = last.parse().ok()?;
        return Some(length.saturating_sub(count)..length);
    }
    let first: usize = first.parse().ok()?;
    if last.is_empty() {
        return Some(first.min(length)..length);
    }
    let last: usize = last.parse().ok()?;
    if first > last {
        return None;
    }
    Some(first.min(length)..last.saturating_add(1).min(length))
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
