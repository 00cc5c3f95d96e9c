//! The checks of lesson 16, caching: a page and two files, of which a client gets only what it
//! does not have.

use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use grader::record::{Answer, Request, Text, What};
use grader::{Act, Draw, Expect, Mistakes, Model, Run, Seen, Status, Verdict, Whole};
use grader::{get, post, request};
use http_core::{FileHandler, Limits, escape_html, serve_in_memory};

const PAGE: &str = include_str!("page.html");
const CAT: &[u8] = include_bytes!("public/cat-1.svg");
const SONG: &[u8] = include_bytes!("public/song-1.wav");
const FIRST_HEADLINE: &str = "Cat asleep on the warm router";

/// When all of it was published, in seconds since 1970, and as a date.
const PUBLISHED: u64 = 1_700_000_000;
const PUBLISHED_DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

const DAY: i64 = 24 * 60 * 60;

/// A date that is still to come, and that of the 20th of November 2286.
const TO_COME: u64 = 10_000_000_000;
const DATE_TO_COME: &str = "Sat, 20 Nov 2286 17:46:40 GMT";

/// What is said of a page that keeps its first date.
const NEVER_CHANGES: &str = "After a new headline, the date is still the one of the first page, so who has that one never \
                             sees another. Each state has its own date: modified, in the Resource.";

const PLACES: [&str; 3] = ["/", "/song-1.wav", "/cat-1.svg"];

fn main() -> ExitCode {
    let lesson = grader::lesson!(Caching)
        .example(1, 1, "an answer says when it was changed", Whole, |_| {
            let [page, song, cat] = PLACES.map(get);
            [since("/", &date(-DAY)), page, song, cat]
        })
        .example(1, 2, "the same date gets 304", Whole, |_| {
            [
                since("/", PUBLISHED_DATE),
                since("/song-1.wav", PUBLISHED_DATE),
            ]
        })
        .example(
            1,
            2,
            "an earlier date gets the page, a later one 304",
            Whole,
            |draw| {
                let days = draw.number(1..90) as i64;
                [
                    since("/", &date(-days * DAY)),
                    since("/", &date(days * DAY)),
                    since("/", &date(-1)),
                    since("/", &date(1)),
                    since("/", DATE_TO_COME),
                ]
            },
        )
        .example(
            1,
            1,
            "after a new headline, the old date gets the page",
            Whole,
            |draw| {
                [
                    headline(&draw.line()),
                    since("/", PUBLISHED_DATE),
                    since("/song-1.wav", PUBLISHED_DATE),
                ]
            },
        )
        .example(1, 1, "what is no date is as good as none", Whole, |draw| {
            [since("/", &draw.word()), since("/", "2023-11-14 22:13:20")]
        })
        .check(
            1,
            1,
            "the date of a new headline gets 304, too",
            just_changed,
        )
        .example(2, 1, "an answer has the tag of its body", Whole, |draw| {
            [
                with_tags("/", &format!("\"{}\"", draw.word())),
                get("/song-1.wav"),
                headline(&draw.line()),
                get("/"),
            ]
        })
        .example(2, 2, "the same tag gets 304", Whole, |draw| {
            let line = draw.line();
            let tag = tag_of(&page(&line));
            [
                with_tags("/song-1.wav", &tag_of(SONG)),
                headline(&line),
                with_tags("/", &tag),
            ]
        })
        .example(2, 1, "another tag gets the page", Whole, |draw| {
            [
                with_tags("/", &format!("\"{}\"", draw.word())),
                with_tags("/", &tag_of(CAT)),
                // Without its quotes, and half of that.
                with_tags("/song-1.wav", &fingerprint(SONG)),
                with_tags("/song-1.wav", &fingerprint(SONG)[..8]),
                headline(&draw.line()),
                with_tags("/", &tag_of(&page(FIRST_HEADLINE))),
            ]
        })
        .example(
            2,
            2,
            "it may stand among others, or be called weak",
            Whole,
            |draw| {
                let (one, other, tag) = (draw.word(), draw.word(), tag_of(CAT));
                [
                    with_tags("/cat-1.svg", &format!("\"{one}\", {tag}, \"{other}\"")),
                    with_tags(
                        "/cat-1.svg",
                        &format!("\"{one}\", W/\"{other}\", \"a\", W/{tag}"),
                    ),
                    with_tags("/cat-1.svg", &format!("W/{tag}")),
                    with_tags("/cat-1.svg", "*"),
                ]
            },
        )
        .example(
            2,
            1,
            "if there is a tag, the date does not count",
            Whole,
            |draw| {
                let word = draw.word();
                [
                    with_tags("/", &format!("\"{word}\""))
                        .field("If-Modified-Since", PUBLISHED_DATE),
                    with_tags("/cat-1.svg", &tag_of(CAT)).field("If-Modified-Since", date(-DAY)),
                ]
            },
        )
        .example(
            3,
            1,
            "the page is to be asked for each time",
            Whole,
            |draw| [get("/now"), get("/".to_string() + &draw.query())],
        )
        .example(
            3,
            1,
            "what never changes may be kept for a year",
            Whole,
            |_| [get("/now"), get("/cat-1.svg"), get("/song-1.wav")],
        )
        .example(3, 1, "a 304 says it as well", Whole, |_| {
            [with_tags("/", "*"), with_tags("/cat-1.svg", "*")]
        })
        .example(3, 1, "nobody may keep the time", Whole, |_| [get("/now")])
        .check(3, 0, "a second later, it is another time", another_time)
        .check(
            3,
            0,
            "in a browser, the second time moves no body",
            second_time,
        );
    parts(lesson).sessions(1).grade()
}

/// The examples of a part of a body.
fn parts(lesson: grader::Lesson<Caching>) -> grader::Lesson<Caching> {
    lesson
        .example(4, 1, "an answer says that parts can be had", Whole, |_| {
            [part("/cat-1.svg", "bytes=0-9"), get("/song-1.wav")]
        })
        .example(4, 1, "a part is answered with 206", Status, |_| {
            [part("/song-1.wav", "bytes=0-3")]
        })
        .example(
            4,
            2,
            "from one byte to another, both of them included",
            Whole,
            |draw| {
                let first = draw.number(0..1000);
                [
                    part("/song-1.wav", "bytes=8-11"),
                    part(
                        "/",
                        &format!("bytes={first}-{}", first + draw.number(0..100)),
                    ),
                    part("/cat-1.svg", "bytes=0-0"),
                ]
            },
        )
        .example(4, 1, "from one byte to the end", Whole, |draw| {
            let last = SONG.len() as u64 - 1;
            [
                part(
                    "/song-1.wav",
                    &format!("bytes={}-", last - draw.number(1..100)),
                ),
                part("/song-1.wav", &format!("bytes={last}-")),
            ]
        })
        .example(4, 1, "the last bytes", Whole, |draw| {
            [part(
                "/song-1.wav",
                &format!("bytes=-{}", draw.number(1..100)),
            )]
        })
        .example(
            4,
            1,
            "what lies behind the end is left out",
            Whole,
            |draw| {
                let length = CAT.len();
                [
                    part("/cat-1.svg", &format!("bytes={}-{length}", length - 10)),
                    part(
                        "/cat-1.svg",
                        &format!("bytes=-{}", length + draw.number(1..100) as usize),
                    ),
                    part("/cat-1.svg", &format!("bytes=8-{}", u64::MAX)),
                    part("/cat-1.svg", &format!("bytes={length}-{}", u64::MAX)),
                ]
            },
        )
        .example(
            5,
            1,
            "a part that is not there gets 416, and the length",
            Whole,
            |draw| {
                let length = SONG.len();
                [
                    part("/song-1.wav", &format!("bytes={length}-")),
                    part("/song-1.wav", &format!("bytes={}-{}", length, length + 10)),
                    part(
                        "/cat-1.svg",
                        &format!("bytes={}-", draw.number(10_000..1_000_000)),
                    ),
                    part("/cat-1.svg", "bytes=-0"),
                ]
            },
        )
        .example(
            5,
            1,
            "what is not understood gets all of it",
            Whole,
            |draw| {
                [
                    part("/", "bytes=9-2"),
                    part("/", "bytes=60000-50000"),
                    part("/", &format!("bytes={}", draw.word())),
                    part("/", &format!("bytes=8-{}", draw.word())),
                    part("/", &format!("bytes={}-8", draw.word())),
                    part("/", &format!("bytes=-{}", draw.word())),
                    part("/", "bytes=-"),
                    part("/", "bytes=7"),
                    part("/", "lines=0-9"),
                    part("/", "bytes=0-9,20-29"),
                    part("/", "bytes= 8-11"),
                    part("/", "bytes=8 - 11"),
                ]
            },
        )
        .example(
            5,
            2,
            "If-Range: of another state, nobody wants a part",
            Whole,
            |draw| {
                let tag = tag_of(&page(FIRST_HEADLINE));
                [
                    part("/", "bytes=10-").field("If-Range", &tag),
                    part("/", "bytes=10-").field("If-Range", format!("W/{tag}")),
                    part("/", "bytes=10-").field("If-Range", tag.to_uppercase()),
                    part("/", "bytes=10-").field("If-Range", tag.trim_matches('"')),
                    part("/", "bytes=10-").field("If-Range", "*"),
                    headline(&draw.line()),
                    part("/", "bytes=10-").field("If-Range", &tag),
                ]
            },
        )
        .example(
            5,
            1,
            "a part of what is known already gets 304",
            Whole,
            |_| {
                let part = || part("/song-1.wav", "bytes=0-9");
                [
                    part().field("If-None-Match", tag_of(SONG)),
                    part().field("If-Modified-Since", PUBLISHED_DATE),
                ]
            },
        )
        .example(
            5,
            0,
            "the library's file server says the same",
            Whole,
            |_| as_the_library(),
        )
}

// What is done.

fn since(target: &str, date: &str) -> Act {
    get(target).field("If-Modified-Since", date)
}

fn with_tags(target: &str, tags: &str) -> Act {
    get(target).field("If-None-Match", tags)
}

fn part(target: &str, range: &str) -> Act {
    get(target).field("Range", range)
}

fn headline(text: &str) -> Act {
    post("/headline").form(&[("headline", text)])
}

/// The date of this number of seconds after all was published.
fn date(seconds: i64) -> String {
    let seconds = PUBLISHED.saturating_add_signed(seconds);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

// What is right.

/// The page that a headline is on, if it is another than the first.
type World = Option<String>;

fn page(headline: &str) -> Vec<u8> {
    let page = PAGE.replace("<!-- headline -->", &escape_html(headline));
    page.into_bytes()
}

/// The fingerprint that the starter has a function for.
fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

fn tag_of(body: &[u8]) -> String {
    format!("\"{}\"", fingerprint(body))
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Page,
    Song,
    Cat,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let at = PLACES.iter().position(|known| *known == path)?;
        Some([Self::Page, Self::Song, Self::Cat][at])
    }

    fn body(self, world: &World) -> Vec<u8> {
        match self {
            Self::Page => page(world.as_deref().unwrap_or(FIRST_HEADLINE)),
            Self::Song => SONG.into(),
            Self::Cat => CAT.into(),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Song => "audio/wav",
            Self::Cat => "image/svg+xml",
        }
    }

    /// When it was changed. If that was now, any time will do that is later than the days around
    /// the first state, and earlier than what is still to come.
    fn modified(self, world: &World) -> u64 {
        match (self, world) {
            (Self::Page, Some(_)) => TO_COME - 1,
            _ => PUBLISHED,
        }
    }
}

/// What a server says of a Range.
#[derive(Clone, PartialEq)]
enum Ranged {
    Whole,
    Part(Range<usize>),
    Missing,
    /// 400.
    Refused,
}

/// Reads a Range. `None`, if it is not of the form that the text describes.
fn read_range(value: &str) -> Option<(Option<usize>, Option<usize>)> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text {
        "" => Some(None),
        digits => digits.parse().ok().map(Some),
    };
    match (number(first)?, number(last)?) {
        (None, None) => None,
        (Some(first), Some(last)) if first > last => None,
        both => Some(both),
    }
}

/// Whether there is a number in it that is too large for an i64.
fn is_huge(value: &str) -> bool {
    let mut numbers = value.split(|c: char| !c.is_ascii_digit());
    numbers.any(|number| !number.is_empty() && number.parse::<i64>().is_err())
}

fn ranged(value: &str, length: usize) -> Ranged {
    let part = match read_range(value) {
        None => return Ranged::Whole,
        Some((None, last)) => length.saturating_sub(last.unwrap_or_default())..length,
        Some((Some(first), None)) => first.min(length)..length,
        Some((Some(first), Some(last))) => first.min(length)..last.saturating_add(1).min(length),
    };
    match part.is_empty() {
        true => Ranged::Missing,
        false => Ranged::Part(part),
    }
}

/// The same, if the program makes up a number where none stands: for the first byte, for the last
/// one, and for how many of the last ones.
fn ranged_with(value: &str, length: usize, made_up: [bool; 3]) -> Ranged {
    let both = value
        .strip_prefix("bytes=")
        .and_then(|rest| rest.split_once('-'));
    let Some((first, last)) = both else {
        return Ranged::Whole;
    };
    let read = |text: &str, at: usize, otherwise: &'static str| match text.parse::<usize>() {
        Err(_) if made_up[at] && (at == 2 || !text.is_empty()) => otherwise.to_string(),
        _ => text.to_string(),
    };
    let (first, last) = match first {
        "" => (String::new(), read(last, 2, "0")),
        first => (read(first, 0, "0"), read(last, 1, "")),
    };
    ranged(&format!("bytes={first}-{last}"), length)
}

/// The same, if a number above this one is none for the program.
fn ranged_up_to(most: u32, value: &str, length: usize) -> Ranged {
    let numbers = value.split(|c: char| !c.is_ascii_digit());
    let mut numbers = numbers.flat_map(str::parse::<u64>);
    match numbers.any(|number| number > u64::from(most)) {
        true => Ranged::Whole,
        false => ranged(value, length),
    }
}

/// The same, if that goes for the last byte alone, behind a first one.
fn ranged_with_last_up_to(most: u32, value: &str, length: usize) -> Ranged {
    match read_range(value) {
        Some((Some(_), Some(last))) if last > most as usize => Ranged::Whole,
        _ => ranged(value, length),
    }
}

/// Makes the value of a header of a body.
type Made = fn(&[u8]) -> Option<String>;

/// How a value of a header is made.
#[derive(Clone)]
enum Value {
    Made(Made),
    /// The same for all.
    Constant(Option<String>),
    /// The same for all that was changed at one time; another one for what was changed since.
    OfDate(String),
    /// Made of the body, and of the date when it was changed. Only the first date is known.
    OfBodyAndDate(fn(&[u8], &str) -> String),
    /// Made of a part of the body alone.
    OfPart(Part),
    /// Another one in each answer.
    Unknown,
}

/// The first bytes of a body, or the last ones.
#[derive(Clone, Copy)]
enum Part {
    First(usize),
    Last(usize),
}

impl Part {
    fn of(self, body: &[u8]) -> &[u8] {
        match self {
            Self::First(count) => &body[..count.min(body.len())],
            Self::Last(count) => &body[body.len().saturating_sub(count)..],
        }
    }

    /// The part that such a tag is made of, if there is one.
    fn with_tag(tag: &str, body: &[u8]) -> Option<Self> {
        if tag.len() != tag_of(body).len() || tag == tag_of(body) {
            return None;
        }
        // More would take too long.
        let counts = || 1..body.len().min(4096);
        let parts = counts().map(Self::First).chain(counts().map(Self::Last));
        parts.into_iter().find(|part| tag_of(part.of(body)) == tag)
    }
}

/// What the server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    last_modified: Value,
    /// Whether a state that began then is known to a client that has sent this date; `None` if
    /// the request is refused.
    is_old: fn(modified: u64, date: &str) -> Option<bool>,
    /// Whether what was changed has the date of the first state.
    first_date: bool,
    etag: Value,
    /// Whether a tag is among those of a request.
    is_among: fn(tags: &str, own: &str) -> bool,
    /// What follows from the tags and from the date, where they are there.
    is_known: fn(tags: Option<bool>, date: Option<bool>) -> bool,
    known: u16,
    /// Whether a 304 has the tag, and says what may be kept.
    known_has: [bool; 2],
    /// What may be kept: the page, what never changes, and the time.
    kept: [Option<String>; 3],
    /// Whether the page may be kept as what never changes, until it has changed.
    first_page_kept: bool,
    accepts: Option<String>,
    /// Of which it is said that there are parts.
    accepts_of: fn(Place) -> bool,
    /// What is said of a Range otherwise than is right: the first of these that differs counts.
    ranged: Vec<fn(value: &str, length: usize) -> Ranged>,
    /// Of which there are parts.
    has_parts: fn(Place) -> bool,
    part: u16,
    /// What is sent of a body.
    cut: fn(&[u8], Range<usize>) -> Vec<u8>,
    content_range: fn(Range<usize>, usize) -> Option<String>,
    /// Whether a part has the date, the tag, its type, and says what may be kept.
    part_has: [bool; 4],
    missing: u16,
    missing_range: fn(usize) -> Option<String>,
    /// Whether a part may be sent.
    if_range: fn(tag: &str, own: &str) -> bool,
    /// Whether that is asked only of a part that is there.
    if_range_late: bool,
    /// Whether a Range is looked at before it is asked whether the client has it all.
    range_first: bool,
}

fn right_range(part: Range<usize>, length: usize) -> Option<String> {
    let last = part.end as i64 - 1;
    Some(format!("bytes {}-{last}/{length}", part.start))
}

fn is_old(modified: u64, date: &str) -> Option<bool> {
    Some(seconds(date).is_some_and(|date| modified <= date))
}

fn seconds(date: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(date).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

fn is_among(tags: &str, own: &str) -> bool {
    let mut each = tags.split(',').map(str::trim);
    each.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own)
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            last_modified: Value::Constant(Some(PUBLISHED_DATE.into())),
            is_old,
            first_date: false,
            etag: Value::Made(|body| Some(tag_of(body))),
            is_among,
            is_known: |tags, date| tags.or(date).unwrap_or(false),
            known: 304,
            known_has: [true; 2],
            kept: ["no-cache", "max-age=31536000, immutable", "no-store"]
                .map(|value| Some(value.into())),
            first_page_kept: false,
            accepts: Some("bytes".into()),
            accepts_of: |_| true,
            ranged: Vec::new(),
            has_parts: |_| true,
            part: 206,
            cut: |body, part| body[part].into(),
            content_range: right_range,
            part_has: [true; 4],
            missing: 416,
            missing_range: |length| Some(format!("bytes */{length}")),
            if_range: |tag, own| tag == own,
            if_range_late: false,
            range_first: false,
        }
    }
}

impl Knobs {
    fn ranged(&self, value: &str, length: usize) -> Ranged {
        let right = ranged(value, length);
        let mut others = self.ranged.iter().map(|says| says(value, length));
        others.find(|other| *other != right).unwrap_or(right)
    }

    fn cache_control(&self, expect: Expect, at: usize) -> Expect {
        // What says the same in more words.
        let others: &[&str] = match at {
            0 => &["no-cache", "no-cache, public"],
            1 => &[
                "max-age=31536000, immutable",
                "max-age=31536000, immutable, public",
            ],
            _ => &["no-store", "no-store, no-cache", "no-store, private"],
        };
        match &self.kept[at] {
            Some(value) if others.contains(&&**value) => expect.field_in("Cache-Control", others),
            value => expect.field("Cache-Control", value.as_deref()),
        }
    }
}

struct Caching;

impl Model for Caching {
    type Knobs = Knobs;
    type State = World;

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&PLACES) || asked.respells(&["/now", "/headline"]) {
            return None;
        }
        match (&*asked.method, asked.path()) {
            ("POST", "/headline") => match asked.form_field("headline") {
                Some(headline) if !headline.trim().is_empty() => {
                    *world = Some(headline);
                    let expect = Expect::step(1).status(303);
                    Some(expect.field("Location", "/"))
                }
                _ => Some(Expect::step(1).status(400)),
            },
            ("POST", _) => Some(Expect::step(1).status(404)),
            ("GET", "/now") => Some(knobs.cache_control(Expect::step(3).status(200), 2)),
            ("GET" | "HEAD", path) => match Place::of(path) {
                Some(place) => resource(knobs, world, asked, place),
                None => Some(Expect::step(1).status(404)),
            },
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        // The page most often: it changes, and it is short.
        let at = draw.pick(&[0, 0, 0, 0, 2, 2, 1]);
        let path = PLACES[at];
        let place = Place::of(path).expect("a known place");
        let body = place.body(world);
        let tag = tag_of(&body);
        vec![match draw.below(20) {
            0 => get(path.to_string() + &draw.query()),
            1..=3 => since(path, &drawn_date(draw)),
            4..=6 => with_tags(path, &tags(draw, &tag)),
            7 | 8 => {
                let date = drawn_date(draw);
                with_tags(path, &tags(draw, &tag)).field("If-Modified-Since", date)
            }
            9..=13 => part(path, &range(draw, body.len())),
            14 | 15 => {
                let tag = match draw.below(9) {
                    7 => "*".into(),
                    5 => tag.to_uppercase(),
                    6 => tag.trim_matches('"').into(),
                    1 => format!("\"{}\"", draw.word()),
                    2 => format!("W/{tag}"),
                    4 => format!("\"{}\", {tag}", draw.word()),
                    3 => tag_of(&page(FIRST_HEADLINE)),
                    _ => tag,
                };
                let mut wanted = range(draw, body.len());
                // Of a program that answers such a part with 200, it would not show whether the
                // tag counts.
                if ranged(&wanted, body.len()) == Ranged::Part(0..body.len()) {
                    wanted = format!("bytes=10-{}", 10 + draw.below(40));
                }
                part(path, &wanted).field("If-Range", tag)
            }
            16 => {
                let act = part(path, &range(draw, body.len()));
                match draw.below(3) {
                    1 => act.field("If-Modified-Since", drawn_date(draw)),
                    _ => act.field("If-None-Match", tags(draw, &tag)),
                }
            }
            17 => {
                let line = draw.text();
                match draw.below(8) {
                    1 => headline(draw.pick(&["", " "])),
                    2 => post("/headline").form(&[("title", &line)]),
                    3 => post(draw.path_near(&["/headline", "/"])).form(&[("headline", &line)]),
                    _ => headline(&line),
                }
            }
            18 => match draw.below(3) {
                0 => request("HEAD", path),
                1 => request("HEAD", path).field("If-None-Match", tags(draw, &tag)),
                _ => request("HEAD", path).field("If-Modified-Since", drawn_date(draw)),
            },
            _ => match draw.below(3) {
                0 => get("/now"),
                _ => get(draw.path_near(&["/", "/song-1.wav", "/cat-1.svg", "/now"])),
            },
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_dates(mistakes);
        about_tags(mistakes);
        about_keeping(mistakes);
        about_parts(mistakes);
        about_what_is_not_there(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let value = |name: &str| answer.field(name).map(str::to_string);
        let status = answer.status;
        let place = Place::of(asked.path());
        let is_plain = place.is_some() && status == 200;
        if let Some(date) = value("Last-Modified").filter(|_| is_plain) {
            let is_now = value("Date").is_some_and(|now| {
                let both = seconds(&now).zip(seconds(&date));
                both.is_some_and(|(now, date)| now.abs_diff(date) <= 1)
            });
            match is_now {
                // After a new headline, it is right.
                true => mistakes
                    .wrong(
                        "date-of-the-answer",
                        "Last-Modified is the time of the answer. It must be the time of the \
                         last change: modified, in the Resource.",
                        |knobs| knobs.last_modified = Value::Unknown,
                    )
                    // It is this date that the client's is compared with.
                    .or(|knobs| {
                        knobs.last_modified = Value::Unknown;
                        knobs.is_old =
                            |_, date| Some(seconds(date).is_some_and(|date| date >= TO_COME));
                    }),
                false => mistakes.wrong(
                    "other-date",
                    "Last-Modified is not the date of the last change, or is not written as HTTP \
                     writes dates: httpdate::fmt_http_date(self.modified).",
                    move |knobs| knobs.last_modified = Value::Constant(Some(date.clone())),
                ),
            };
        }
        if let Some(tag) = value("ETag").filter(|_| is_plain) {
            if value("Last-Modified").is_some_and(|date| tags_of_date(&date).contains(&tag)) {
                let tag = tag.clone();
                mistakes.wrong(
                    "tag-of-date",
                    "The ETag is made of the date of the last change. Two headlines of one second, \
                     and the cat and the song, have the same one then: make it of the body, \
                     fingerprint(&self.body).",
                    move |knobs| knobs.etag = Value::OfDate(tag.clone()),
                );
            }
            let body = place.map_or(Vec::new(), |place| place.body(&None));
            let made_of = |tags: &[fn(&[u8], &str) -> String]| {
                let made = |made: &&fn(&[u8], &str) -> String| made(&body, PUBLISHED_DATE) == tag;
                tags.iter().find(made).copied()
            };
            let is_it = |made: &&Made| made(&body).as_ref() == Some(&tag);
            let of_length = TAGS_OF_LENGTH.iter().find(is_it).copied();
            let of_length_and_date = made_of(&TAGS_OF_LENGTH_AND_DATE);
            let of_both = made_of(&TAGS_OF_BODY_AND_DATE);
            if let Some(made) = of_length {
                mistakes.wrong(
                    "length-as-tag",
                    "The ETag is made of the length of the body. Another headline may have the same \
                     length: make it of all the bytes, fingerprint(&self.body).",
                    move |knobs| knobs.etag = Value::Made(made),
                );
            }
            if let Some(made) = of_length_and_date {
                mistakes.wrong(
                    "tag-of-length-and-date",
                    "The ETag is made of the length of the body and of the date of the last change. Two \
                     headlines of the same length, and of one second, have the same one then: make it of \
                     the body, fingerprint(&self.body).",
                    move |knobs| knobs.etag = Value::OfBodyAndDate(made),
                );
            }
            if let Some(made) = of_both {
                mistakes.wrong(
                    "tag-of-body-and-date",
                    "Beside the body, the date of the last change goes into the ETag. If the same headline is \
                     printed once more, all bytes are the same, and the tag is another one. Make it of the \
                     body alone: fingerprint(&self.body).",
                    move |knobs| knobs.etag = Value::OfBodyAndDate(made),
                );
            }
            // To find out takes long: it is left out where it is known already what was done.
            let is_known = of_length.is_some() || of_length_and_date.is_some() || of_both.is_some();
            let part = (!is_known).then(|| Part::with_tag(&tag, &body));
            if let Some(part) = part.flatten() {
                let which = match part {
                    Part::First(count) => format!("the first {count} bytes"),
                    Part::Last(count) => format!("the last {count} bytes"),
                };
                mistakes.wrong(
                    "tag-of-a-part",
                    format!(
                        "The ETag is made of {which} of the body alone. If something changes elsewhere, the tag \
                         stays the same: make it of the whole body, fingerprint(&self.body)."
                    ),
                    move |knobs| knobs.etag = Value::OfPart(part),
                );
            }
            mistakes.wrong(
                "same-tag-for-all",
                "The ETag is the same whatever is in the body. So after a change, a client is \
                 told that it has the new state. Make it of the body: fingerprint(&self.body).",
                move |knobs| knobs.etag = Value::Constant(Some(tag.clone())),
            );
        }
        if let Some(kept) = value("Cache-Control") {
            let at = match (place, asked.path()) {
                (Some(Place::Page), _) => Some(0),
                (Some(_), _) => Some(1),
                (None, "/now") => Some(2),
                _ => None,
            };
            if let Some(at) = at {
                let which = ["the page", "the cat and the song", "the time"][at];
                let right = Knobs::default().kept[at].clone().unwrap_or_default();
                mistakes.wrong(
                    [
                        "page-kept-otherwise",
                        "files-kept-otherwise",
                        "time-kept-otherwise",
                    ][at],
                    format!(
                        "The Cache-Control of {which} must be {right}, and is {kept}. The table \
                         in step 3 says what each of these words means."
                    ),
                    move |knobs| knobs.kept[at] = Some(kept.clone()),
                );
            }
        }
        let asks = |name: &str| asked.field(name).is_some();
        let asks_for_news = asks("If-None-Match") || asks("If-Modified-Since");
        if asks_for_news && ![200, 206, 304, 416, 500].contains(&status) {
            mistakes.wrong(
                "known-otherwise",
                format!(
                    "What the client has already is answered with {status}. Only 304 says: take \
                     what you have."
                ),
                move |knobs| knobs.known = status,
            );
        }
        if asks("Range") && ![206, 304, 500].contains(&status) {
            mistakes.wrong(
                "part-status",
                format!("A part is answered with {status}. Its status is 206, Partial Content."),
                move |knobs| knobs.part = status,
            );
            if status != 200 {
                mistakes.wrong(
                    "missing-otherwise",
                    format!(
                        "A part that is not there is answered with {status}. For this, there is \
                         416, Range Not Satisfiable."
                    ),
                    move |knobs| knobs.missing = status,
                );
            }
        }
    }
}

/// What a tag is that is made of this date.
fn tags_of_date(date: &str) -> Vec<String> {
    let seconds = seconds(date).unwrap_or_default().to_string();
    vec![
        tag_of(date.as_bytes()),
        tag_of(seconds.as_bytes()),
        format!("\"{date}\""),
        format!("\"{seconds}\""),
    ]
}

/// How a tag may be made of a length: with a fingerprint of it, as a text or as a number, or without.
const TAGS_OF_LENGTH: [Made; 8] = [
    |body| Some(format!("\"{}\"", body.len())),
    |body| Some(format!("\"{:x}\"", body.len())),
    |body| Some(format!("\"{:016x}\"", body.len())),
    |body| Some(tag_of(body.len().to_string().as_bytes())),
    |body| Some(tag_of(format!("{:x}", body.len()).as_bytes())),
    |body| Some(tag_of(&(body.len() as u64).to_be_bytes())),
    |body| Some(tag_of(&(body.len() as u64).to_le_bytes())),
    |body| Some(tag_of(&(body.len() as u32).to_be_bytes())),
];

/// How a tag may be made of a length and a date, as a text and in seconds; with a fingerprint, or
/// as file servers do it.
const TAGS_OF_LENGTH_AND_DATE: [fn(&[u8], &str) -> String; 14] = [
    |body, date| tag_of(format!("{}{date}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{} {date}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{}-{date}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{date}{}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{date} {}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{date}-{}", body.len()).as_bytes()),
    |body, date| tag_of(format!("{}{}", body.len(), whole(date)).as_bytes()),
    |body, date| tag_of(format!("{}-{}", body.len(), whole(date)).as_bytes()),
    |body, date| tag_of(format!("{}{}", whole(date), body.len()).as_bytes()),
    |body, date| tag_of(format!("{}-{}", whole(date), body.len()).as_bytes()),
    |body, date| format!("\"{}-{}\"", body.len(), whole(date)),
    |body, date| format!("\"{}-{}\"", whole(date), body.len()),
    |body, date| format!("\"{:x}-{:x}\"", body.len(), whole(date)),
    |body, date| format!("\"{:x}-{:x}\"", whole(date), body.len()),
];

/// The same with the body itself: its bytes, or their fingerprint.
const TAGS_OF_BODY_AND_DATE: [fn(&[u8], &str) -> String; 14] = [
    |body, date| tag_of(&[body, date.as_bytes()].concat()),
    |body, date| tag_of(&[date.as_bytes(), body].concat()),
    |body, date| tag_of(&[body, whole(date).to_string().as_bytes()].concat()),
    |body, date| tag_of(&[whole(date).to_string().as_bytes(), body].concat()),
    |body, date| tag_of(&[body, &whole(date).to_be_bytes()].concat()),
    |body, date| tag_of(&[body, &whole(date).to_le_bytes()].concat()),
    |body, date| tag_of(&[body, by_debug(date).as_bytes()].concat()),
    |body, date| tag_of(&[by_debug(date).as_bytes(), body].concat()),
    |body, date| format!("\"{}-{}\"", fingerprint(body), whole(date)),
    |body, date| format!("\"{}-{}\"", whole(date), fingerprint(body)),
    |body, date| format!("\"{}{}\"", fingerprint(body), whole(date)),
    |body, date| format!("\"{}{}\"", whole(date), fingerprint(body)),
    |body, date| format!("\"{}-{:x}\"", fingerprint(body), whole(date)),
    |body, date| format!("\"{}-{}\"", fingerprint(body), fingerprint(date.as_bytes())),
];

/// The moment as {:?} shows it.
fn by_debug(date: &str) -> String {
    let since = Duration::from_secs(whole(date));
    format!("{:?}", SystemTime::UNIX_EPOCH + since)
}

/// The date in seconds.
fn whole(date: &str) -> u64 {
    seconds(date).unwrap_or_default()
}

fn drawn_date(draw: &mut Draw) -> String {
    match draw.below(10) {
        1 => date(-1),
        2 => date(1),
        3 => date(-DAY * draw.number(1..400) as i64),
        4 => date(DAY * draw.number(1..300) as i64),
        5 => draw.word(),
        6 => draw
            .pick(&["yesterday", "0", "2023-11-14T22:13:20Z", "1700000000"])
            .into(),
        7 => DATE_TO_COME.into(),
        _ => PUBLISHED_DATE.into(),
    }
}

/// The tags of a request, where this is that of the resource.
fn tags(draw: &mut Draw, tag: &str) -> String {
    let inside = tag.trim_matches('"').to_string();
    match draw.below(18) {
        14 => inside,
        15 => inside[..1 + draw.below(15) as usize].into(),
        1 | 2 => format!("W/{tag}"),
        3 => "*".into(),
        4 => format!("\"{}\", {tag}", draw.word()),
        5 => format!("{tag}, \"{}\"", draw.word()),
        6 => format!("\"{}\",W/{tag},\"{}\"", draw.word(), draw.word()),
        7 => format!("\"{}\"", draw.word()),
        8 => format!("\"{}\", W/\"{}\"", draw.word(), draw.word()),
        9 => format!("\"{inside}{}\"", draw.word()),
        10 => format!("\"{}{inside}\"", draw.word()),
        11 => tag.to_uppercase(),
        12 => tag_of(&page(FIRST_HEADLINE)),
        13 => tag_of(CAT),
        _ => tag.into(),
    }
}

/// A Range, for a body of this length.
fn range(draw: &mut Draw, length: usize) -> String {
    let end = length as u64;
    let some = draw.below(end);
    match draw.below(25) {
        23 => {
            // More than 32 bits hold.
            let far = 5_000_000_000 + draw.below(1000);
            let first = end - 1 - draw.below(9);
            draw.pick(&[
                format!("bytes={first}-{far}"),
                format!("bytes={far}-"),
                format!("bytes=-{far}"),
            ])
        }
        0 => format!("bytes=0-{}", draw.below(40)),
        1 => format!("bytes={some}-{some}"),
        2 | 3 => {
            let first = draw.below(end - 200);
            format!("bytes={first}-{}", first + draw.below(100))
        }
        4 => format!("bytes={}-", end - 1 - draw.below(60)),
        5 => format!("bytes={}-", end - 1),
        6 => format!("bytes=-{}", 1 + draw.below(60)),
        7 => "bytes=-1".into(),
        8 => format!("bytes={}-{}", end - 1 - draw.below(9), end - 1),
        9 => format!("bytes={}-{end}", end - 1 - draw.below(9)),
        10 => format!(
            "bytes={}-{}",
            end - 1 - draw.below(9),
            end + draw.below(1000)
        ),
        11 => format!("bytes={end}-"),
        12 => format!("bytes={end}-{}", end + draw.below(50)),
        13 => format!("bytes={}-", end + 1 + draw.below(50_000)),
        14 => "bytes=-0".into(),
        15 => format!("bytes=-{}", end + draw.below(2)),
        16 => format!("bytes=-{}", end + 1 + draw.below(50_000)),
        17 => {
            // The first byte, or both, may lie behind the end.
            let (near, far) = (draw.below(7), end + draw.below(50));
            let (first, last) = (7 + draw.below(9), end - 1 - draw.below(9));
            draw.pick(&[
                format!("bytes={first}-{near}"),
                format!("bytes={}-{near}", far + first),
                format!("bytes={}-{last}", far + first),
                format!("bytes={}-{far}", far + first),
            ])
        }
        18 => format!("{}=0-9", draw.pick(&["lines", "pages", "seconds"])),
        19 => "bytes=0-9,20-29".into(),
        20 => format!("bytes=-5, {}-", end - 9),
        21 => draw
            .pick(&[
                "bytes=-",
                "bytes=",
                "bytes",
                "0-9",
                "bytes=7",
                "bytes:0-9",
                "bytes= 0-9",
                "bytes=0 - 9",
            ])
            .into(),
        22 => match draw.below(3) {
            0 => format!("bytes={}-{some}", draw.word()),
            1 => format!("bytes=-{}", draw.word()),
            _ => format!("bytes={}-", draw.word()),
        },
        _ => format!("bytes=0-{}", draw.word()),
    }
}

/// What is said of a resource.
fn resource(knobs: &Knobs, world: &World, asked: &Request, place: Place) -> Option<Expect> {
    let body = place.body(world);
    let modified = match knobs.first_date {
        true => PUBLISHED,
        false => place.modified(world),
    };
    let tag = match &knobs.etag {
        Value::Made(made) => made(&body),
        Value::Constant(tag) => tag.clone(),
        Value::OfDate(tag) if modified == PUBLISHED => Some(tag.clone()),
        Value::OfBodyAndDate(made) if modified == PUBLISHED => Some(made(&body, PUBLISHED_DATE)),
        Value::OfPart(part) => Some(tag_of(part.of(&body))),
        Value::OfDate(_) | Value::OfBodyAndDate(_) | Value::Unknown => None,
    };
    // Without a tag in the answer, there still is one that it is compared with.
    let other_tag = match &knobs.etag {
        // No request has that of another date.
        Value::OfDate(_) | Value::OfBodyAndDate(_) => String::new(),
        _ => tag_of(&body),
    };
    let own = tag.as_deref().unwrap_or(&other_tag);
    let [tags, date, range, if_range] =
        ["If-None-Match", "If-Modified-Since", "Range", "If-Range"].map(|name| asked.field(name));
    if asked.method == "HEAD" && range.is_some() {
        return None;
    }
    // What more than 63 bits need may be no number for a program. It is none to break at.
    if range.is_some_and(is_huge) {
        let any = [200, 206, 416, knobs.part, knobs.missing];
        return Some(Expect::step(4).status_in(&any));
    }
    let right = |range| ranged(range, body.len());
    let step = match (range, if_range) {
        (Some(_), Some(_)) => 5,
        (Some(_), None) if tags.or(date).is_some() => 5,
        (Some(range), None) if !matches!(right(range), Ranged::Part(_)) => 5,
        (Some(_), None) => 4,
        (None, _) if tags.is_some() => 2,
        (None, _) => 1,
    };
    let by_tags = tags.map(|tags| (knobs.is_among)(tags, own));
    let by_date = date.map(|date| (knobs.is_old)(modified, date));
    if by_date == Some(None) && tags.is_none() {
        return Some(Expect::step(step).status(400));
    }
    let is_known = (knobs.is_known)(by_tags, by_date.flatten());
    let fits = if_range.is_none_or(|tag| (knobs.if_range)(tag, own));
    let ranged = match range.map(|range| knobs.ranged(range, body.len())) {
        Some(_) if !(knobs.has_parts)(place) => Ranged::Whole,
        Some(Ranged::Missing) if knobs.if_range_late => Ranged::Missing,
        Some(ranged) if fits => ranged,
        _ => Ranged::Whole,
    };
    let with_date = |expect: Expect| match &knobs.last_modified {
        Value::Constant(None) => expect.then(step).field("Last-Modified", None),
        Value::Constant(date) if modified == PUBLISHED => {
            expect.then(step).field("Last-Modified", date.as_deref())
        }
        _ => expect,
    };
    // What an answer must have since an earlier step belongs to this one: while it is open, the
    // program has no such answer.
    let with_tag = |expect: Expect| match knobs.etag {
        Value::Unknown => expect,
        Value::OfDate(_) | Value::OfBodyAndDate(_) if tag.is_none() => expect,
        _ => expect.then(step.max(2)).field("ETag", tag.as_deref()),
    };
    let is_kept = place != Place::Page || knobs.first_page_kept && modified == PUBLISHED;
    let kept = usize::from(is_kept);
    let with_keeping = |expect: Expect| knobs.cache_control(expect.then(step.max(3)), kept);
    let expect = Expect::step(step);
    if is_known && !(knobs.range_first && ranged != Ranged::Whole) {
        let [has_tag, has_keeping] = knobs.known_has;
        let expect = expect.status(knobs.known);
        let expect = match has_tag {
            true => with_tag(expect),
            false => expect.then(step.max(2)).field("ETag", None),
        };
        return Some(match has_keeping {
            true => with_keeping(expect),
            false => expect.then(step.max(3)).field("Cache-Control", None),
        });
    }
    let length = body.len();
    match ranged {
        Ranged::Refused => Some(expect.status(400)),
        Ranged::Missing => {
            let range = (knobs.missing_range)(length);
            Some(
                expect
                    .status(knobs.missing)
                    .field("Content-Range", range.as_deref()),
            )
        }
        Ranged::Part(part) => {
            let range = (knobs.content_range)(part.clone(), length);
            let [has_date, has_tag, has_type, has_keeping] = knobs.part_has;
            let kind = has_type.then(|| place.content_type());
            let expect = expect
                .status(knobs.part)
                .field("Content-Range", range.as_deref())
                .field("Content-Type", kind)
                .body((knobs.cut)(&body, part));
            let expect = match has_date {
                true => with_date(expect),
                false => expect.field("Last-Modified", None),
            };
            let expect = match has_tag {
                true => with_tag(expect),
                false => expect.then(step.max(2)).field("ETag", None),
            };
            Some(match has_keeping {
                true => with_keeping(expect),
                false => expect.then(step.max(3)).field("Cache-Control", None),
            })
        }
        Ranged::Whole => {
            let mut expect = expect
                .status(200)
                .field("Content-Type", place.content_type());
            if asked.method == "GET" {
                expect = expect.body(body);
            }
            let expect = with_keeping(with_tag(with_date(expect)));
            let accepts = knobs.accepts.as_deref();
            let accepts = accepts.filter(|_| (knobs.accepts_of)(place));
            let expect = expect.then(step.max(4)).field("Content-Range", None);
            Some(expect.field("Accept-Ranges", accepts))
        }
    }
}

// What goes wrong.

fn about_dates(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-last-modified",
            "The answer has no Last-Modified, so a client has no date that it could send back. \
             Send it in begin, with last_modified().",
            |knobs| knobs.last_modified = Value::Constant(None),
        )
        .wrong(
            "date-not-read",
            "The date in If-Modified-Since makes no difference: all is sent again, even if \
             nothing has changed since then. Look whether is_known says true, and what send does \
             then.",
            |knobs| knobs.is_old = |_, _| Some(false),
        )
        .wrong(
            "any-date",
            "Whatever date stands in If-Modified-Since, the answer is 304, so a client never \
             gets what is new. Compare the date with the time of the last change.",
            |knobs| knobs.is_old = |_, date| Some(seconds(date).is_some()),
        )
        .wrong(
            "anything-for-a-date",
            "Whatever stands in If-Modified-Since, even if it is no date, the answer is 304. \
             Read it with httpdate::parse_http_date, and compare it with the time of the last \
             change.",
            |knobs| knobs.is_old = |_, _| Some(true),
        )
        .wrong(
            "same-date-only",
            "Only just the same date gets 304. The client may send a later one, too: compare the \
             two as times, with <=, and not as texts with ==.",
            |knobs| knobs.is_old = |modified, date| Some(seconds(date) == Some(modified)),
        )
        .wrong(
            "date-to-come-unread",
            "A date in If-Modified-Since that is still to come gets the whole answer again. It is a date as \
             any other, and no older than the last change: 304. Compare it with that alone, and not with \
             the clock.",
            |knobs| {
                knobs.is_old = |modified, date| {
                    let is_there = |date: &u64| *date < TO_COME;
                    let date = seconds(date).filter(is_there);
                    Some(date.is_some_and(|date| modified <= date))
                };
            },
        )
        .wrong(
            "nearly-the-date",
            "A date that is a second earlier than your Last-Modified gets 304. The page may have changed in just this \
             second. Take the fractions off modified, and compare with <=: nothing is to be added.",
            |knobs| {
                knobs.is_old =
                    |modified, date| Some(seconds(date).is_some_and(|date| modified <= date + 1));
            },
        )
        .wrong(
            "date-never-changes",
            NEVER_CHANGES,
            |knobs| knobs.first_date = true,
        )
        .wrong(
            "same-date-is-new",
            "The very date of the last change gets the whole answer again. It is the date that \
             you have sent yourself, so the client has this state: <=, and not <.",
            |knobs| {
                knobs.is_old =
                    |modified, date| Some(seconds(date).is_some_and(|date| modified < date));
            },
        )
        .wrong(
            "dates-turned-round",
            "The comparison is the wrong way round: 304 comes if the change is newer than the \
             client's date. The client has it if the change is not newer than its date.",
            |knobs| {
                knobs.is_old =
                    |modified, date| Some(seconds(date).is_some_and(|date| modified > date));
            },
        )
        .or(|knobs| {
            knobs.is_old =
                |modified, date| Some(seconds(date).is_some_and(|date| modified >= date));
        })
        .wrong(
            "no-date-is-known",
            "What is no date in If-Modified-Since gets 304. Who sends it cannot have this state \
             for sure: answer as if the header were not there.",
            |knobs| {
                knobs.is_old =
                    |modified, date| Some(seconds(date).is_none_or(|date| modified <= date));
            },
        )
        .wrong(
            "no-date-refused",
            "What is no date in If-Modified-Since gets 400. It is a wish that you cannot read, \
             and no more: answer as if the header were not there.",
            |knobs| {
                knobs.is_old = |modified, date| seconds(date).map(|date| modified <= date);
            },
        );
}

fn about_tags(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-etag",
            "The answer has no ETag. Send it in begin, with etag().",
            |knobs| knobs.etag = Value::Constant(None),
        )
        .wrong(
            "tag-without-quotes",
            "The ETag has no quotes around it. They are a part of it: a client that finds none \
             may throw it away.",
            |knobs| knobs.etag = Value::Made(|body| Some(fingerprint(body))),
        )
        .or(|knobs| {
            knobs.etag = Value::Made(|body| Some(fingerprint(body)));
            knobs.is_among = |tags, own| is_among(tags, &format!("\"{own}\""));
            knobs.if_range = |tag, own| tag == format!("\"{own}\"");
        })
        .wrong(
            "weak-tag",
            "The ETag begins with W/, which makes it a weak one: two states of the same meaning \
             may share it. Yours is made of all the bytes, so it is a strong one, and only with \
             such a one are parts of a body safe.",
            |knobs| knobs.etag = Value::Made(|body| Some(format!("W/{}", tag_of(body)))),
        )
        .or(|knobs| {
            knobs.etag = Value::Made(|body| Some(format!("W/{}", tag_of(body))));
            knobs.is_among = |tags, own| is_among(tags, own.trim_start_matches("W/"));
        })
        .wrong(
            "tag-not-read",
            "If-None-Match makes no difference: all is sent again, even to a client that has the \
             tag of this state. Compare the tags in it with etag().",
            |knobs| knobs.is_among = |_, _| false,
        )
        .wrong(
            "any-tag",
            "Whatever tag stands in If-None-Match, the answer is 304, so a client never gets \
             what is new. Compare it with etag().",
            |knobs| knobs.is_among = |_, _| true,
        )
        .wrong(
            "one-tag-only",
            "The tag is found only if it stands alone in If-None-Match. A client may send \
             several, with commas between: split(','), and trim each.",
            |knobs| {
                knobs.is_among =
                    |tags, own| tags == "*" || tags.strip_prefix("W/").unwrap_or(tags) == own;
            },
        )
        .or(|knobs| knobs.is_among = |tags, own| tags == "*" || tags == own)
        .or(|knobs| knobs.is_among = |tags, own| tags == own)
        .or(|knobs| knobs.is_among = |tags, own| tags.strip_prefix("W/").unwrap_or(tags) == own)
        .wrong(
            "tags-not-trimmed",
            "Of several tags, only those without a space before them are found. Behind a comma, \
             there may be one: trim each.",
            |knobs| {
                knobs.is_among = |tags, own| {
                    let mut each = tags.split(',');
                    each.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own)
                };
            },
        )
        .wrong(
            "comma-and-space",
            "Several tags are found only where a space follows each comma. There need not be one: \
             split at the comma, and trim each.",
            |knobs| {
                knobs.is_among = |tags, own| {
                    let mut each = tags.split(", ");
                    each.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own)
                };
            },
        )
        .wrong(
            "first-tag-only",
            "Of several tags in If-None-Match, only the first is looked at. Look at each of \
             them: any.",
            |knobs| {
                knobs.is_among = |tags, own| is_among(tags.split(',').next().unwrap_or(""), own)
            },
        )
        .wrong(
            "weak-unknown",
            "A tag with W/ before it is taken for another one. For the question whether the \
             client has it, W/ makes no difference: strip_prefix(\"W/\").",
            |knobs| {
                knobs.is_among = |tags, own| {
                    let mut each = tags.split(',').map(str::trim);
                    each.any(|tag| tag == "*" || tag == own)
                };
            },
        )
        .wrong(
            "weak-first-only",
            "W/ is taken away from the first tag of If-None-Match alone. Each of them may have one before it: \
             split first, and then take it away from each tag.",
            |knobs| {
                knobs.is_among = |tags, own| {
                    let tags = tags.strip_prefix("W/").unwrap_or(tags);
                    let mut each = tags.split(',').map(str::trim);
                    each.any(|tag| tag == "*" || tag == own)
                };
            },
        )
        .wrong(
            "star-unknown",
            "If-None-Match: * is taken for another tag. A star fits to every state: 304.",
            |knobs| {
                knobs.is_among = |tags, own| {
                    let mut each = tags.split(',').map(str::trim);
                    each.any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == own)
                };
            },
        )
        .or(|knobs| knobs.is_among = |tags, own| tags.contains(own))
        .wrong(
            "weak-and-star-unknown",
            "Only the very text of the tag is found in If-None-Match. A W/ before it makes no \
             difference, and a star fits to every state.",
            |knobs| {
                knobs.is_among = |tags, own| tags.split(',').any(|tag| tag.trim() == own);
            },
        )
        .wrong(
            "part-of-a-tag",
            "A tag that only has yours in it, with more around it, is taken for yours. Compare \
             all of it, with its quotes.",
            |knobs| {
                knobs.is_among = |tags, own| tags.contains(own.trim_matches('"')) || tags == "*";
            },
        )
        .or(|knobs| knobs.is_among = |tags, own| tags.contains(own.trim_matches('"')))
        .wrong(
            "tag-without-its-quotes",
            "A tag without its quotes is taken for yours, or a piece of it. The quotes are a part of a tag: compare all \
             of it, with ==.",
            |knobs| {
                knobs.is_among = |tags, own| {
                    is_among(&tags.replace('"', ""), own.trim_matches('"'))
                };
            },
        )
        .or(|knobs| {
            knobs.is_among = |tags, own| {
                let mut each = tags.split(',').map(str::trim);
                each.any(|tag| tag == "*" || own.contains(tag.trim_start_matches("W/")))
            };
        })
        .wrong(
            "letters-of-tags",
            "A tag in capital letters is taken for yours. In tags, each letter counts: compare \
             with ==.",
            |knobs| {
                knobs.is_among =
                    |tags, own| is_among(&tags.to_lowercase().replace("w/", "W/"), own);
            },
        )
        .wrong(
            "date-beside-tag",
            "The tag says that the client has another state, and its date makes a 304 of it. If \
             there is an If-None-Match, If-Modified-Since does not count: else if, and not ||.",
            |knobs| knobs.is_known = |tags, date| tags.unwrap_or(false) || date.unwrap_or(false),
        )
        .wrong(
            "date-before-tag",
            "If both headers are there, you follow the date. Two states may have one date, so \
             the tag is worth more: look for If-None-Match first, and for the date only if it is \
             not there.",
            |knobs| knobs.is_known = |tags, date| date.or(tags).unwrap_or(false),
        )
        .wrong(
            "both-must-fit",
            "The tag is right, and you send all of it, since the date is an earlier one. If \
             there is an If-None-Match, If-Modified-Since does not count.",
            |knobs| {
                knobs.is_known = |tags, date| match (tags, date) {
                    (Some(tags), Some(date)) => tags && date,
                    (tags, date) => tags.or(date).unwrap_or(false),
                };
            },
        )
        .wrong(
            "known-without-tag",
            "A 304 has no ETag. Then a client that has several states does not know which of \
             them is meant: begin it with begin, as the 200.",
            |knobs| knobs.known_has = [false, true],
        )
        .or(|knobs| knobs.known_has = [false, false]);
}

fn about_keeping(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-cache-control",
            "The answer has no Cache-Control, so each browser decides by itself how long it \
             keeps this. Send it in begin, with cache_control().",
            |knobs| knobs.kept[..2].fill(None),
        )
        .wrong(
            "time-without-cache-control",
            "The answer to /now has no Cache-Control. It does not go through begin, so send the \
             header here.",
            |knobs| knobs.kept[2] = None,
        )
        .wrong(
            "keeping-turned-round",
            "What may change is kept for a year, and what never changes is asked for each time. \
             It is to be the other way round.",
            |knobs| knobs.kept.swap(0, 1),
        )
        .wrong(
            "all-kept",
            "All is kept for a year, the page, too. Whoever has read it would not see a new \
             headline for a year: may_change says which is which.",
            |knobs| knobs.kept[0].clone_from(&knobs.kept[1].clone()),
        )
        .wrong(
            "first-page-kept",
            "The page with its first headline may be kept for a year, and so nobody sees the next one. It may change, too, \
             though it has not yet: may_change says so, and not the date.",
            |knobs| knobs.first_page_kept = true,
        )
        .wrong(
            "nothing-kept",
            "What never changes is to be asked for each time, as the page is. Nobody need ask \
             for it: it may be kept for a year.",
            |knobs| knobs.kept[1].clone_from(&knobs.kept[0].clone()),
        )
        .wrong(
            "page-not-stored",
            "The page has no-store: it is not kept at all, so it is sent whole each time. \
             no-cache is what you mean: keep it, and ask each time whether it is still right.",
            |knobs| knobs.kept[0] = Some("no-store".into()),
        )
        .wrong(
            "time-stored",
            "The time has no-cache, so it is kept, even if it is asked for again. Nobody is to \
             keep it at all: no-store.",
            |knobs| knobs.kept[2] = Some("no-cache".into()),
        )
        .wrong(
            "known-without-keeping",
            "A 304 does not say how long what the client has may be kept from now on: begin it \
             with begin, as the 200.",
            |knobs| knobs.known_has = [true, false],
        );
}

fn about_parts(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-accept-ranges",
            "The answer does not say that parts can be had. Send Accept-Ranges: bytes with the \
             200.",
            |knobs| knobs.accepts = None,
        )
        .wrong(
            "not-all-accept-ranges",
            "Some answers with 200 have Accept-Ranges, and others do not. The page, the picture and the song all have \
             parts, so send Accept-Ranges: bytes with each 200 that send makes, whatever it sends.",
            |knobs| knobs.accepts_of = |place| place != Place::Page,
        )
        .or(|knobs| knobs.accepts_of = |place| place == Place::Song)
        .or(|knobs| knobs.accepts_of = |place| place == Place::Page)
        .or(|knobs| knobs.accepts_of = |place| place != Place::Cat)
        .wrong(
            "range-not-read",
            "A Range makes no difference: all of it is sent. Read the header, and answer with \
             that part.",
            |knobs| knobs.ranged.push(|_, _| Ranged::Whole),
        )
        .wrong(
            "not-all-have-parts",
            "A Range of the page is answered with all of it, and one of the song with a part. Whatever is sent by send \
             has parts. (That halves of two headlines are not joined is the matter of If-Range.)",
            |knobs| knobs.has_parts = |place| place != Place::Page,
        )
        .or(|knobs| knobs.has_parts = |place| place == Place::Song)
        .wrong(
            "large-number-is-none",
            "A part with a large number in it is not understood. A client may write a last byte as large as it \
             likes, to say: as far as it goes. Read the numbers as usize; u32 ends at 4294967295, and u16 at 65535.",
            |knobs| knobs.ranged.push(|value, length| ranged_up_to(u32::MAX, value, length)),
        )
        .or(|knobs| knobs.ranged.push(|value, length| ranged_up_to(u32::MAX / 2, value, length)))
        .or(|knobs| knobs.ranged.push(|value, length| ranged_up_to(u16::MAX.into(), value, length)))
        .or(|knobs| {
            knobs.ranged.push(|value, length| ranged_with_last_up_to(u32::MAX, value, length));
        })
        .wrong(
            "all-is-no-part",
            "A part that happens to be all of it, such as bytes=0-, is answered with 200. It was asked \
             for as a part: 206, with Content-Range, so that the client sees that it can have parts.",
            |knobs| {
                knobs.ranged.push(|value, length| match ranged(value, length) {
                    Ranged::Part(part) if part == (0..length) => Ranged::Whole,
                    other => other,
                });
            },
        )
        .wrong(
            "end-left-out",
            "The last byte is missing. bytes=0-3 are the four bytes 0, 1, 2 and 3, and in Rust, \
             a range a..b ends before b: add one.",
            |knobs| {
                knobs.ranged.push(|value, length| match (ranged(value, length), read_range(value)) {
                    (Ranged::Part(part), Some((Some(first), Some(last)))) => {
                        let end = last.min(part.end);
                        Ranged::Part(first..end.max(first))
                    }
                    (other, _) => other,
                });
            },
        )
        .or(|knobs| {
            knobs.ranged.push(|value, length| match (ranged(value, length), read_range(value)) {
                (Ranged::Part(part), Some((Some(first), Some(last)))) => {
                    let end = last.min(part.end);
                    match end <= first {
                        true => Ranged::Missing,
                        false => Ranged::Part(first..end),
                    }
                }
                (other, _) => other,
            });
        })
        .wrong(
            "whole-body-sent",
            "The status and Content-Range speak of a part, and the body is all of it. Send only \
             these bytes: &resource.body[part].",
            |knobs| knobs.cut = |body, _| body.into(),
        )
        .wrong(
            "no-content-range",
            "The part does not say where it belongs. Send Content-Range: bytes FIRST-LAST/LENGTH.",
            |knobs| knobs.content_range = |_, _| None,
        )
        .wrong(
            "range-end-in-header",
            "The second number in Content-Range is one too large. It is the last byte of the \
             part, and part.end is the one behind it.",
            |knobs| {
                knobs.content_range =
                    |part, length| Some(format!("bytes {}-{}/{length}", part.start, part.end));
            },
        )
        .wrong(
            "length-of-the-part",
            "The number behind the / in Content-Range is the length of the part. It must be that \
             of the whole body, so that the client knows how much there is.",
            |knobs| {
                knobs.content_range = |part, _| {
                    let length = part.len();
                    right_range(part, length)
                };
            },
        )
        .wrong(
            "no-length-in-range",
            "Content-Range does not say how long the whole body is: write / and the length at \
             its end.",
            |knobs| {
                knobs.content_range = |part, _| {
                    let last = part.end as i64 - 1;
                    Some(format!("bytes {}-{last}", part.start))
                };
            },
        )
        .wrong(
            "range-as-asked",
            "Content-Range is written as Range is, with bytes= in it. In Content-Range, a space \
             follows bytes.",
            |knobs| {
                knobs.content_range = |part, length| {
                    right_range(part, length).map(|range| range.replacen(' ', "=", 1))
                };
            },
        )
        .wrong(
            "no-unit-in-range",
            "Content-Range does not begin with its unit: bytes, and a space.",
            |knobs| {
                knobs.content_range = |part, length| {
                    right_range(part, length).map(|range| range.replacen("bytes ", "", 1))
                };
            },
        )
        .wrong(
            "part-without-type",
            "A part has no Content-Type. It has the type of the whole.",
            |knobs| knobs.part_has[2] = false,
        )
        .wrong(
            "part-without-tag",
            "A part has no ETag, so a client cannot tell whether it fits to the others that it \
             has. Begin it with begin, as the 200.",
            |knobs| knobs.part_has = [true, false, true, true],
        )
        .or(|knobs| knobs.part_has = [false, false, true, false])
        .or(|knobs| knobs.part_has = [false, false, true, true])
        .or(|knobs| knobs.part_has = [true, false, true, false])
        .wrong(
            "part-without-all",
            "A part has not all the headers that begin sends with the 200: Last-Modified and Cache-Control \
             belong to it, as ETag does. Begin it with begin, for each status.",
            |knobs| knobs.part_has = [false, true, true, true],
        )
        .or(|knobs| knobs.part_has = [true, true, true, false])
        .or(|knobs| knobs.part_has = [false, true, true, false])
        .wrong(
            "too-many-last-bytes",
            "A Range that asks for more last bytes than there are, such as bytes=-9999, gets no \
             part. There are fewer, so it means all of them: saturating_sub.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(last))) if last > length => Ranged::Whole,
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "no-open-end",
            "A Range without its second number, such as bytes=100-, gets all of it. It means: \
             from there to the end.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((Some(_), None)) => Ranged::Whole,
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "no-last-bytes",
            "A Range without its first number, such as bytes=-100, gets all of it. It means: the \
             last hundred bytes.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(_))) => Ranged::Whole,
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "last-bytes-from-start",
            "bytes=-100 gets the beginning of the body. It means the last hundred bytes: from \
             length - 100 to the end.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(last))) => Ranged::Part(0..(last + 1).min(length)),
                    _ => ranged(value, length),
                });
            },
        )
        .or(|knobs| {
            knobs.ranged.push(|value, length| match read_range(value) {
                Some((None, Some(0))) => Ranged::Missing,
                Some((None, Some(count))) => Ranged::Part(0..count.min(length)),
                _ => ranged(value, length),
            });
        })
        .wrong(
            "last-bytes-from-there",
            "bytes=-100 gets what begins at byte 100. It means the last hundred bytes: from \
             length - 100 to the end.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(first))) if first >= length => Ranged::Missing,
                    Some((None, Some(first))) => Ranged::Part(first..length),
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "too-far-refused",
            "A part that ends behind the end of the body is refused. Send what there is of it: \
             min(length).",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((Some(_), Some(last))) if last >= length => Ranged::Missing,
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "too-far-is-whole",
            "A part that ends behind the end of the body gets all of it. Send what there is of \
             the part: min(length).",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((Some(first), Some(last))) if first < length && last >= length => {
                        Ranged::Whole
                    }
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "too-many-refused",
            "More of the last bytes than there are is refused. bytes=-100 of ten bytes are these \
             ten: saturating_sub.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(count))) if count > length => Ranged::Missing,
                    _ => ranged(value, length),
                });
            },
        )
        .or(|knobs| {
            knobs.ranged.push(|value, length| match read_range(value) {
                Some((None, Some(count))) if count >= length => Ranged::Missing,
                _ => ranged(value, length),
            });
        });
}

fn about_what_is_not_there(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "missing-is-whole",
            "A part that is not there gets all of it. The client would take that for what it has \
             asked for: 416.",
            |knobs| {
                knobs.ranged.push(|value, length| match ranged(value, length) {
                    Ranged::Missing => Ranged::Whole,
                    other => other,
                });
            },
        )
        .or(|knobs| {
            knobs.ranged.push(|value, length| match read_range(value) {
                Some((Some(first), Some(_))) if first >= length => Ranged::Whole,
                _ => ranged(value, length),
            });
        })
        .wrong(
            "missing-without-length",
            "A 416 does not say how long the body is. Send Content-Range: bytes */LENGTH, so \
             that the client can ask for less.",
            |knobs| knobs.missing_range = |_| None,
        )
        .wrong(
            "missing-without-star",
            "The Content-Range of a 416 has the form bytes */LENGTH: a star in place of the \
             part, since there is none.",
            |knobs| knobs.missing_range = |length| Some(format!("bytes {length}")),
        )
        .or(|knobs| knobs.missing_range = |length| Some(format!("bytes 0-{}/{length}", length - 1)))
        .or(|knobs| knobs.missing_range = |length| Some(format!("bytes /{length}")))
        .wrong(
            "missing-without-unit",
            "The Content-Range of a 416 does not begin with its unit: bytes, a space, and then */LENGTH.",
            |knobs| knobs.missing_range = |length| Some(format!("*/{length}")),
        )
        .wrong(
            "empty-at-the-end",
            "bytes=N- of N bytes gets an empty part. The last byte has the number N - 1, so \
             there is nothing there: 416, as soon as the first one is the length.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((Some(first), _)) if first == length => Ranged::Part(length..length),
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "no-last-bytes-sent",
            "bytes=-0 asks for the last no bytes, and gets an empty part. There is no such part: \
             416.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(0))) => Ranged::Part(length..length),
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "no-last-bytes-whole",
            "bytes=-0 asks for the last no bytes, and gets all of it. There is no such part: 416.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    Some((None, Some(0))) => Ranged::Whole,
                    _ => ranged(value, length),
                });
            },
        )
        .wrong(
            "not-understood-is-missing",
            "A Range that is not of the form that you know gets 416. That is for parts that are \
             not there. What you do not understand, leave alone: 200, and all of it.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    None => Ranged::Missing,
                    Some(_) => ranged(value, length),
                });
            },
        )
        .wrong(
            "not-understood-refused",
            "A Range that is not of the form that you know gets 400. It is a wish, and you need \
             not follow it: 200, and all of it.",
            |knobs| {
                knobs.ranged.push(|value, length| match read_range(value) {
                    None => Ranged::Refused,
                    Some(_) => ranged(value, length),
                });
            },
        )
        .wrong(
            "backwards-is-missing",
            "bytes=9-2 gets 416. It is no part that is not there, but one that makes no sense: \
             answer as if the header were not there.",
            |knobs| {
                knobs.ranged.push(|value, length| match backwards(value) {
                    Some(_) => Ranged::Missing,
                    None => ranged(value, length),
                });
            },
        )
        .wrong(
            "far-backwards-is-missing",
            "A part that ends before it begins gets 416 where it begins behind the end of the body. \
             It makes no sense there either: answer as if the header were not there. Ask whether the \
             part ends before it begins, and only then whether it is there.",
            |knobs| {
                knobs.ranged.push(|value, length| match backwards(value) {
                    Some((first, _)) if first >= length => Ranged::Missing,
                    _ => ranged(value, length),
                });
            },
        )
        .or(|knobs| {
            knobs.ranged.push(|value, length| match backwards(value) {
                Some((_, last)) if last >= length => Ranged::Missing,
                _ => ranged(value, length),
            });
        })
        .wrong(
            "any-unit",
            "A Range in another unit than bytes is answered with bytes. What you do not \
             understand, leave alone: 200, and all of it.",
            |knobs| {
                knobs.ranged.push(|value, length| match value.split_once('=') {
                    Some((_, rest)) => ranged(&format!("bytes={rest}"), length),
                    None => ranged(value, length),
                });
            },
        )
        .wrong(
            "first-of-several",
            "Of several parts, you send the first as if it were all that was asked for. Send all \
             of the body: that is always right.",
            |knobs| {
                knobs.ranged.push(|value, length| ranged(value.split(',').next().unwrap_or(""), length))},
        )
        .wrong(
            "number-made-up",
            "Where something else than a number stands in a Range, as in bytes=8-b, you make up a number. \
             What you do not understand, leave alone: 200, and all of it. Only nothing at all stands for the \
             end; parse().ok()? leaves with None, and unwrap_or goes on.",
            |knobs| knobs.ranged.push(|value, length| ranged_with(value, length, [false, true, false])),
        )
        .or(|knobs| knobs.ranged.push(|value, length| ranged_with(value, length, [true, false, false])))
        .or(|knobs| knobs.ranged.push(|value, length| ranged_with(value, length, [true, true, false])))
        .or(|knobs| knobs.ranged.push(|value, length| ranged_with(value, length, [true; 3])))
        .wrong(
            "spaces-in-range",
            "A Range with spaces in it, as in bytes=8 - 11, gets a part. None of the three forms has one: it \
             is something that you do not understand, so 200, and all of it. Leave out the trim().",
            |knobs| knobs.ranged.push(|value, length| ranged(&value.replace(' ', ""), length)),
        )
        .or(|knobs| knobs.ranged.push(|value, length| ranged(&value.replacen("= ", "=", 1), length)))
        .wrong(
            "if-range-not-read",
            "If-Range has the tag of another state, and you send a part of this one. The client \
             would join halves that do not fit: send all of it.",
            |knobs| knobs.if_range = |_, _| true,
        )
        .wrong(
            "if-range-is-whole",
            "With If-Range, you always send all of it. If its tag is yours, the client has the \
             beginning of this very state: send the part.",
            |knobs| knobs.if_range = |_, _| false,
        )
        .wrong(
            "if-range-too-late",
            "If-Range has the tag of another state, and a part that this one does not have gets 416. \
             With another tag, the Range does not count at all, whatever stands in it: ask about \
             If-Range before you look at the part.",
            |knobs| knobs.if_range_late = true,
        )
        .wrong(
            "weak-if-range",
            "A tag with W/ before it counts in If-Range. Weak means that not each byte is the \
             same, and parts must fit to the byte: compare with ==, without taking the W/ away.",
            |knobs| knobs.if_range = |tag, own| tag.trim_start_matches("W/") == own,
        )
        .or(|knobs| knobs.if_range = is_among)
        .wrong(
            "if-range-nearly",
            "A tag in If-Range that is only nearly yours gets a part: in other letters, without its quotes, or with \
             something around it. Here it must be just the same: compare with ==.",
            |knobs| knobs.if_range = |tag, own| tag.eq_ignore_ascii_case(own),
        )
        .or(|knobs| knobs.if_range = |tag, own| tag.trim_matches('"') == own.trim_matches('"'))
        .or(|knobs| knobs.if_range = |tag, own| tag.contains(own.trim_matches('"')))
        .wrong(
            "star-in-if-range",
            "If-Range: * gets a part. In If-None-Match, the star matches every state; here it is no tag of a \
             state, and the client may have halves that do not fit. Compare with == alone.",
            |knobs| knobs.if_range = |tag, own| tag == "*" || tag == own,
        )
        .wrong(
            "part-of-what-is-known",
            "You send a part of what the client has already. First comes the question whether it \
             has it (304), and only then the part.",
            |knobs| knobs.range_first = true,
        );
}

/// The first and the last byte of a Range that ends before it begins.
fn backwards(value: &str) -> Option<(usize, usize)> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let both: (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    Some(both).filter(|(first, last)| first > last)
}

// What no model says.

/// A change has a time with fractions of a second, and its date has none.
fn just_changed(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    run.ask(since("/song-1.wav", PUBLISHED_DATE))?
        .expect_status(304)?;
    run.ask(headline(&line))?.expect_status(303)?;
    let page = run.get("/")?;
    let Some(date) = page.header("Last-Modified").map(str::to_string) else {
        return Err(page.wrong("a Last-Modified"));
    };
    if date == PUBLISHED_DATE {
        let wrong = page.wrong("in Last-Modified, the date of the new headline");
        return Err(wrong.because("date-never-changes", NEVER_CHANGES));
    }
    let again = run.ask(since("/", &date))?;
    again.expect_status(304).map_err(|failure| {
        // Of another date, other checks say what is wrong.
        let now = seconds(&httpdate::fmt_http_date(SystemTime::now()));
        match seconds(&date).zip(now) {
            Some((date, now)) if now.abs_diff(date) < 60 => failure.because(
                "fractions",
                "The date is your own, from the answer before, and yet you send it all again. \
                 modified has fractions of a second, and what is in the header has none, so modified \
                 is a little later. Compare the date with the one that you have sent.",
            ),
            _ => failure,
        }
    })
}

/// The time goes on, and /now says which one it is.
fn another_time(run: &mut Run) -> Verdict {
    let first = run.get("/now")?;
    first.expect_status(200)?;
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = run.get("/now")?;
    if first.body() == second.body() {
        let wrong = second.wrong("another time than a second before");
        return Err(match has_minutes_alone(second.body()) {
            true => wrong.because(
                "time-without-seconds",
                "/now says the time without its seconds, and so the same a second later. Say it to the second, \
                 as httpdate::fmt_http_date does.",
            ),
            false => wrong.because(
                "time-stands-still",
                "/now says the same time again, a second later. Ask SystemTime::now() in each request: what is \
                 made at the start, or in a static, is made once.",
            ),
        });
    }
    // At midnight, a time may seem to be before the one that came first: so there is one more try.
    let later = run.program().serve()?;
    for again in [true, false] {
        let (one, other) = (run.get("/now")?, later.get("/now")?);
        if numbers(other.body()) >= numbers(one.body()) {
            break;
        }
        if !again {
            return Err(other
                .wrong("the time, as the program says it that was started before")
                .because(
                    "time-since-start",
                    "Two programs are asked for the time, one right after the other. The one that was started \
                     later is behind. Say what time it is, SystemTime::now(), and not how long the program runs.",
                ));
        }
    }
    Ok(())
}

/// Whether it is the time of day as it is now, in hours and minutes alone.
fn has_minutes_alone(body: &[u8]) -> bool {
    let now = httpdate::fmt_http_date(SystemTime::now());
    let [minutes, text] = [&now[19..22], &*String::from_utf8_lossy(body)];
    let behind = text.split_once(minutes).map(|(_, behind)| behind);
    behind.is_some_and(|behind| !behind.starts_with(|c: char| c == ':' || c.is_ascii_digit()))
}

/// The numbers in a text.
fn numbers(body: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(body);
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.flat_map(str::parse).collect()
}

fn second_time(run: &mut Run) -> Verdict {
    let mut page = run.browser()?;
    page.open("/")?;
    let before = page.exchanges()?.len();
    page.follow("a[href='/']")?;
    let again = page.exchanges()?.split_off(before);
    let path = |url: &str| {
        url.splitn(4, '/')
            .nth(3)
            .map_or(String::new(), |path| format!("/{path}"))
    };
    let moved = again
        .iter()
        .filter(|one| one.status.is_some_and(|status| status != 304));
    let moved: Vec<String> = moved.map(|one| path(&one.url)).collect();
    if !moved.is_empty() {
        return Err(page.wrong(format!(
            "that the browser gets nothing a second time, and it got {} again",
            moved.join(" and ")
        )));
    }
    let asks = |one: &grader::Exchange| path(&one.url) == "/" && one.status == Some(304);
    match again.iter().any(asks) {
        true => Ok(()),
        false => Err(page.wrong("that the browser asks whether its page is still right")),
    }
}

/// What the library's file server says, which has the song as a file: the status, and the fields
/// and the body behind it.
fn library(asked: &Request) -> Answer {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("public");
    let files = FileHandler::new(public).expect("the folder of the lesson");
    let mut head = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n", asked.target);
    for (name, value) in &asked.fields {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let came = serve_in_memory(files, &Limits::default(), &[head.as_bytes()]);
    let end = came.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = came.split_at(end.expect("a head") + 4);
    let head = String::from_utf8_lossy(head);
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_string(), value.to_string()));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    Answer {
        fields: fields.collect(),
        ..Answer::new(status.expect("a status"), body)
    }
}

/// What is asked of both servers, where each has a tag and a date of its own.
fn questions(tag: &str, date: &str) -> Vec<Act> {
    let song = || get("/song-1.wav");
    let range = |range: &str| part("/song-1.wav", &format!("bytes={range}"));
    let last = SONG.len() - 1;
    let mut asked = vec![
        song(),
        since("/song-1.wav", date),
        since("/song-1.wav", "Sun, 06 Nov 1994 08:49:37 GMT"),
        with_tags("/song-1.wav", tag),
        with_tags("/song-1.wav", "\"another\""),
        with_tags("/song-1.wav", "\"another\"").field("If-Modified-Since", date),
        with_tags("/song-1.wav", &format!("\"another\", W/{tag}")),
        with_tags("/song-1.wav", "*"),
        range("0-99").field("If-Range", tag),
        range("0-99").field("If-Range", "\"another\""),
        range("0-99").field("If-None-Match", tag),
    ];
    let ranges = ["0-0", "8-11", "-10", "-0", "100-200", "9-2", "-", "7"].map(String::from);
    let at_the_end = [
        format!("{last}-"),
        format!("{}-", last + 1),
        format!("{last}-{}", last + 100),
        format!("-{}", last + 100),
    ];
    asked.extend(ranges.iter().chain(&at_the_end).map(|one| range(one)));
    asked.push(part("/song-1.wav", "lines=0-9"));
    asked
}

/// The questions to the student's server. What the model says of its answers is what the library's
/// file server says.
fn as_the_library() -> Vec<Act> {
    let first = library(questions("", "")[0].asked().expect("a request"));
    let [tag, date] = ["ETag", "Last-Modified"].map(|name| first.field(name).unwrap_or_default());
    let asked = questions(&tag_of(SONG), PUBLISHED_DATE);
    for (act, theirs) in asked.iter().zip(questions(tag, date)) {
        let its = library(theirs.asked().expect("a request"));
        let says = Caching::expect(&Knobs::default(), &mut None, act).expect("an answer");
        for expected in says.all() {
            let same = match &expected.what {
                What::Status(statuses) => statuses.contains(&its.status),
                What::Field(name, value) if name == "Content-Range" => {
                    its.field(name) == value.as_deref()
                }
                What::Body(Text::Exactly(body)) => its.body == *body,
                _ => true,
            };
            assert!(same, "the library says otherwise: {theirs:?}");
        }
    }
    asked
}
