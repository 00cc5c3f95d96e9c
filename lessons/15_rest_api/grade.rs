//! The checks of lesson 15, rest_api: notes in JSON, each method with what it promises, and what
//! a service says to a request that it cannot use.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grader::record::Request;
use grader::{
    Act, Draw, Expect, Mistakes, Model, Page, Run, Seen, Service, Status, Verdict, Whole,
};
use grader::{get, post, request};
use serde_json::{Value, json};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The same, as others write it.
const KINDS: [&str; 5] = [
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/json ; charset=utf-8",
    "application/json; version=1",
];

/// The notes that the program begins with.
const FIRST: [(&str, bool); 2] = [("Feed the cat", true), ("Learn what PUT does", false)];

fn main() -> ExitCode {
    let lesson = grader::lesson!(RestApi)
        .example(1, 1, "GET /notes answers 200", Status, |_| [get("/notes")])
        .example(1, 2, "it lists all notes, as JSON", Whole, |draw| {
            [get("/notes".to_string() + &draw.query())]
        })
        .example(1, 2, "GET /notes/2 answers this note", Whole, |_| {
            [get("/notes/1"), get("/notes/2")]
        })
        .example(
            1,
            2,
            "a note that is not there gets 404, with words in JSON",
            Whole,
            |draw| [get("/notes/1"), get(path(draw.number(3..1000) as u32))],
        )
        .example(2, 1, "POST /notes answers 201", Status, |draw| {
            [posted(json!({ "text": draw.line() }))]
        })
        .example(
            2,
            2,
            "it says where the new note is, and what is in it",
            Whole,
            |draw| [posted(json!({ "text": draw.line() }))],
        )
        .example(2, 1, "the note is there, and in the list", Whole, |draw| {
            let (one, done) = (draw.line(), draw.text());
            [
                posted(json!({ "text": one })),
                posted(json!({ "text": done, "done": true })),
                get("/notes/3"),
                get("/notes"),
            ]
        })
        .check(2, 0, "the list has them all", lists_all)
        .check(
            2,
            0,
            "a slow client keeps nobody waiting",
            nobody_waits_for_a_post,
        )
        .example(3, 1, "PUT answers the note as it is now", Whole, |draw| {
            [with("PUT", 2, json!({ "text": draw.line(), "done": true }))]
        })
        .example(
            3,
            1,
            "what PUT leaves out is as in a new note",
            Whole,
            |draw| {
                [
                    with("PUT", 1, json!({ "text": draw.line() })),
                    get("/notes/1"),
                ]
            },
        )
        .example(3, 1, "twice is the same as once", Whole, |draw| {
            let put = with("PUT", 2, json!({ "text": draw.line(), "done": true }));
            [put.clone(), put, get("/notes")]
        })
        .example(3, 2, "PATCH changes only what is named", Whole, |draw| {
            [
                with("PATCH", 1, json!({ "text": draw.line() })),
                with("PATCH", 2, json!({ "done": true })),
                get("/notes"),
            ]
        })
        .example(3, 0, "a text may be long", Whole, |draw| {
            let long = draw.word() + &" and so on".repeat(500);
            [
                posted(json!({ "text": long })),
                with("PUT", 1, json!({ "text": long })),
                with("PATCH", 2, json!({ "text": long })),
            ]
        })
        .example(3, 1, "a note that is not there gets 404", Whole, |draw| {
            let unknown = draw.number(3..1000) as u32;
            [
                with("PATCH", unknown, json!({ "done": true })),
                with("PUT", unknown, json!({ "text": draw.word() })),
                get("/notes"),
            ]
        })
        .check(
            3,
            0,
            "a slow client keeps nobody waiting",
            nobody_waits_for_a_change,
        )
        .example(4, 1, "DELETE answers 204", Status, |_| [delete(1)])
        .example(4, 2, "the note is gone, the other is there", Whole, |_| {
            [delete(2), get("/notes/2"), get("/notes")]
        })
        .example(4, 1, "the second time, it is not there", Whole, |_| {
            [delete(1), delete(1)]
        })
        .example(4, 1, "no id is given a second time", Whole, |draw| {
            [
                delete(2),
                posted(json!({ "text": draw.word() })),
                get("/notes"),
                // Nor if none is left.
                delete(1),
                delete(3),
                posted(json!({ "text": draw.word() })),
                get("/notes"),
            ]
        })
        .check(
            4,
            0,
            "in a browser, the page adds, ticks, changes and deletes",
            in_a_browser,
        )
        .check(
            4,
            0,
            "in a browser, a POST counts twice, and a DELETE once",
            twice_in_a_browser,
        );
    refusals(lesson).sessions(1).grade()
}

/// The examples of what a service refuses.
fn refusals(lesson: grader::Lesson<RestApi>) -> grader::Lesson<RestApi> {
    lesson
        .example(5, 1, "what is not JSON gets 400", Whole, |draw| {
            let body = |act: Act, body: String| act.field("Content-Type", JSON).body(body);
            [
                body(post("/notes"), format!("{{\"text\": \"{}", draw.word())),
                body(post("/notes"), String::new()),
                body(request("PATCH", path(1)), String::new()),
                body(
                    post("/notes"),
                    format!("{} {}", json!({ "text": draw.word() }), draw.word()),
                ),
                // No text in any language.
                post("/notes")
                    .field("Content-Type", JSON)
                    .body(b"{\"text\": \"\xff\"}".as_slice()),
            ]
        })
        .example(5, 1, "JSON that is no note gets 422", Whole, |draw| {
            [
                posted(json!({ "text": draw.number(1..1000) })),
                with("PATCH", 2, json!({ "done": "yes" })),
                posted(json!([])),
                with("PUT", 1, json!(draw.number(1..1000))),
            ]
        })
        .example(5, 1, "so does an empty text", Whole, |_| {
            [
                posted(json!({ "text": "" })),
                with("PUT", 1, json!({ "text": " \n\t" })),
                with("PATCH", 2, json!({ "text": "" })),
                posted(json!({ "text": "\u{a0}\u{3000}" })),
            ]
        })
        .example(
            5,
            1,
            "a body of another type gets 415, whatever is in it",
            Whole,
            |draw| {
                let note = json!({ "text": draw.word() }).to_string();
                [
                    post("/notes").form(&[("text", &draw.word())]),
                    post("/notes")
                        .field("Content-Type", "text/plain")
                        .body(&*note),
                    post("/notes")
                        .field("Content-Type", "application/jsonp")
                        .body(&*note),
                    post("/notes")
                        .field("Content-Type", "text/plain; a=application/json")
                        .body(&*note),
                    post("/notes")
                        .field("Content-Type", "text/json")
                        .body(&*note),
                    post("/notes")
                        .field("Content-Type", "application/problem+json")
                        .body(&*note),
                    post("/notes").body(&*note),
                    request("PUT", "/notes/1")
                        .field("Content-Type", "text/plain")
                        .body(&*note),
                    request("PATCH", "/notes/1")
                        .field("Content-Type", "text/plain")
                        .body(note),
                ]
            },
        )
        .example(
            5,
            1,
            "application/json; charset=utf-8 is JSON, too",
            Status,
            |draw| {
                let note = json!({ "text": draw.word() }).to_string();
                KINDS.map(|kind| post("/notes").field("Content-Type", kind).body(&*note))
            },
        )
        .example(5, 1, "what is refused changes nothing", Whole, |draw| {
            [
                posted(json!({ "text": 7 })),
                with("PATCH", 1, json!({ "text": draw.word(), "done": 0 })),
                with("PUT", 2, json!({ "text": "  ", "done": true })),
                with("PATCH", 2, json!({ "text": "", "done": true })),
                get("/notes"),
            ]
        })
        .example(6, 1, "DELETE /notes gets 405", Status, |_| {
            [request("DELETE", "/notes")]
        })
        .example(
            6,
            2,
            "with the methods that are there, in Allow, and with words",
            Whole,
            |draw| {
                [
                    request("DELETE", "/notes"),
                    with("PUT", 1, json!({ "text": draw.word() })),
                    post("/notes/1")
                        .field("Content-Type", JSON)
                        .body(json!({ "text": draw.word() }).to_string()),
                    post("/"),
                ]
            },
        )
        .example(6, 2, "OPTIONS answers 204, with Allow", Whole, |draw| {
            [
                request("OPTIONS", "/notes"),
                request("OPTIONS", "/notes/1"),
                request("OPTIONS", "/"),
                request("OPTIONS", draw.path()),
            ]
        })
        .example(
            6,
            1,
            "after all of that, nothing has changed",
            Whole,
            |_| {
                [
                    request("DELETE", "/notes"),
                    request("OPTIONS", "/notes/1"),
                    post("/notes/2"),
                    get("/notes"),
                ]
            },
        )
}

// What is done.

fn path(id: u32) -> String {
    format!("/notes/{id}")
}

fn posted(note: Value) -> Act {
    post("/notes")
        .field("Content-Type", JSON)
        .body(note.to_string())
}

/// PUT or PATCH of a note.
fn with(method: &str, id: u32, change: Value) -> Act {
    request(method, path(id))
        .field("Content-Type", JSON)
        .body(change.to_string())
}

fn delete(id: u32) -> Act {
    request("DELETE", path(id))
}

// What is right.

#[derive(Clone, Debug)]
struct Note {
    text: String,
    done: bool,
}

#[derive(Clone)]
struct World {
    notes: BTreeMap<u32, Note>,
    last_id: u32,
    /// The ids, if the last one takes the place of one that is deleted.
    swapped: Vec<u32>,
}

impl Default for World {
    fn default() -> Self {
        let note = |(text, done): (&str, bool)| Note {
            text: text.into(),
            done,
        };
        let notes: BTreeMap<u32, Note> = (1..).zip(FIRST.map(note)).collect();
        let last_id = notes.len() as u32;
        let swapped = notes.keys().copied().collect();
        Self {
            notes,
            last_id,
            swapped,
        }
    }
}

impl World {
    /// A note in JSON, with its fields in the order that the text has.
    fn json(&self, id: u32, written: Written) -> Option<String> {
        let Note { text, done } = self.notes.get(&id)?;
        let text = (written.text)(text);
        Some(match (written.leaves_out)(*done) {
            true => format!(r#"{{"id":{id},"text":{text}}}"#),
            false => format!(r#"{{"id":{id},"text":{text},"done":{done}}}"#),
        })
    }

    fn each(&self, written: Written) -> Vec<String> {
        self.each_of(self.notes.keys(), written)
    }

    fn each_of<'a>(&self, ids: impl Iterator<Item = &'a u32>, written: Written) -> Vec<String> {
        ids.filter_map(|id| self.json(*id, written)).collect()
    }

    /// The ids, ordered by this and then by themselves.
    fn each_by<T: Ord>(&self, key: fn(&Note) -> T, written: Written) -> Vec<String> {
        let mut ids: Vec<&u32> = self.notes.keys().collect();
        ids.sort_by_key(|id| key(&self.notes[*id]));
        self.each_of(ids.into_iter(), written)
    }

    /// After a change.
    fn swap(&mut self) {
        let gone = |id: &u32| !self.notes.contains_key(id);
        while let Some(at) = self.swapped.iter().position(gone) {
            self.swapped.swap_remove(at);
        }
        let new = self.notes.keys().filter(|id| !self.swapped.contains(id));
        let new: Vec<u32> = new.copied().collect();
        self.swapped.extend(new);
    }
}

/// How a note is written.
#[derive(Clone, Copy)]
struct Written {
    /// Its text, with the quotes.
    text: fn(&str) -> String,
    /// Whether done is left out where it is this.
    leaves_out: fn(done: bool) -> bool,
}

const AS_JSON: Written = Written {
    text: |text| json!(text).to_string(),
    leaves_out: |_| false,
};

/// That the body says this. What is no JSON, since it was written by hand, has its texts at least.
fn says<'a>(
    expect: Expect,
    json: String,
    texts: impl Iterator<Item = &'a Note>,
    written: Written,
) -> Expect {
    match serde_json::from_str::<Value>(&json) {
        Ok(_) => expect.json(json),
        Err(_) => texts.fold(expect, |expect, note| {
            expect.body_has((written.text)(&note.text))
        }),
    }
}

fn list_of(notes: &[String]) -> String {
    format!("[{}]", notes.join(","))
}

const PLACES: [&str; 3] = ["the page", "the list", "a note"];

/// What a path names.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Page,
    List,
    Note(u32),
    Nothing,
}

impl Place {
    /// `None` where the text leaves it open: whether 007 is 7.
    fn of(path: &str) -> Option<Self> {
        let place = match path {
            "/" => Self::Page,
            "/notes" => Self::List,
            path => {
                let id = path.strip_prefix("/notes/").unwrap_or_default();
                match id.parse() {
                    Ok(number) if path == self::path(number) => Self::Note(number),
                    Ok(_) => return None,
                    Err(_) => Self::Nothing,
                }
            }
        };
        Some(place)
    }

    /// The page, the list, or a note: where it stands in PLACES.
    fn kind(self) -> usize {
        match self {
            Self::Page => 0,
            Self::List => 1,
            Self::Note(_) | Self::Nothing => 2,
        }
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Page => &["GET", "HEAD", "OPTIONS"],
            Self::List => &["GET", "HEAD", "OPTIONS", "POST"],
            Self::Note(_) => &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"],
            Self::Nothing => &[],
        }
    }
}

/// What a body says.
struct Change {
    text: Option<String>,
    done: Option<bool>,
}

/// Why a body cannot be used.
#[derive(Clone, Copy, PartialEq)]
enum Why {
    OtherType,
    NoJson,
    /// No JSON, since it ends too early.
    Ended,
    NoNote,
    /// Nor an object at all.
    NoObject,
    Blank,
    Long,
}

/// How something is refused.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    /// With its status, and words in JSON.
    Problem,
    /// With its status, and a page in HTML.
    Page,
    /// With its status, and words alone.
    Text,
    /// With its status alone.
    Silence,
    /// With its status, and words in JSON, which do not say that they are.
    Untyped,
    /// With the status 200, and words in JSON.
    Well,
    /// With the status 200, and `null`.
    Null,
    /// With its status, and words in JSON, but not in the field error.
    Bare,
}

/// What the body of the answer to a POST is.
#[derive(Clone, Copy, PartialEq)]
enum Created {
    Note,
    /// The note, and no Content-Type.
    Untyped,
    Nothing,
    List,
}

/// What the service does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The type of JSON, if it is another one.
    kind: Option<String>,
    list: fn(&World, Written) -> String,
    /// How a text is written: in the answer to a POST, and in all others.
    written: [Written; 2],
    /// The id of the note that is shown for this one.
    item: fn(&World, u32) -> u32,
    missing_status: u16,
    /// How a note that is not there is told: to GET, to PUT and PATCH, to DELETE.
    missing: [Refusal; 3],
    /// How all else is told that send_problem is made for.
    problems: Refusal,
    escapes_errors: bool,
    created: (u16, Created),
    /// Where the new note is; the world has it already.
    location: fn(&World, u32) -> Option<String>,
    /// What stands around the id there, if it is something else.
    around_id: Option<[String; 2]>,
    next_id: fn(&World) -> u32,
    /// Whether a POST that is refused for this reason takes an id; None if it has no text.
    takes_id: fn(Option<Why>) -> bool,
    keeps_new: bool,
    kept: fn(String, Option<bool>) -> Note,
    /// What PUT and PATCH make of a note.
    put: fn(&mut Note, String, Option<bool>),
    patch: fn(&mut Note, Change),
    /// What is left of a change that is refused since its text is blank.
    blank_leaves: fn(&mut Note, method: &str, Change),
    patch_needs_text: bool,
    patch_needs_something: bool,
    /// Whether PUT and PATCH of this method change what is kept, not a copy.
    keeps: fn(method: &str) -> bool,
    /// The status of a PUT that makes a note which was not there, if it does. (404 is a status, too.)
    put_creates: Option<u16>,
    /// Whether the ids of new notes go on behind that of such a note.
    put_counts: bool,
    put_adds: bool,
    /// Whether the answer to this method has the note in it as it was before.
    shows_before: fn(method: &str) -> bool,
    changed: u16,
    deletes: fn(&mut World, u32),
    deleted: u16,
    missing_deleted: u16,
    is_json: fn(Option<&str>) -> bool,
    other_type: u16,
    no_json: u16,
    /// The status of what ends too early, if it is another one.
    ended: Option<u16>,
    no_note: u16,
    /// The status of what is no object either, if it is another one.
    no_object: Option<u16>,
    blank: u16,
    is_blank: fn(&str, method: &str) -> bool,
    /// Whether such a text in a request of this method is taken for one that is not there.
    drops_blank: fn(method: &str) -> bool,
    /// The status of a long text, if that is refused.
    too_long: Option<u16>,
    /// Whether a field that nobody knows is refused, or an id.
    refuses_more: bool,
    refuses_id: bool,
    /// The status of a change with an id in it that is not that of the path, by PUT alone or by PATCH,
    /// too.
    other_id: [Option<u16>; 2],
    /// Of which methods the type is looked at.
    types: fn(method: &str) -> bool,
    /// Of which methods a body without a single byte is taken for one that says nothing, `{}`.
    takes_nothing: fn(method: &str) -> bool,
    /// Whether what follows behind the first value of JSON is not looked at.
    takes_more_behind: bool,
    refused: u16,
    /// The kinds of places that are taken for nothing when they are asked for a method that they
    /// do not have.
    taken_for_nothing: &'static [usize],
    refusal: Refusal,
    deletes_list: bool,
    /// What Allow says of a place: after a method that it does not have, and after OPTIONS.
    allow: [fn(Place) -> Option<String>; 2],
    /// What it says of one kind of place, if that is something else.
    other_allow: Option<(usize, String)>,
    options: u16,
    options_of_nothing: u16,
}

fn all_methods(place: Place) -> Option<String> {
    Some(place.methods().join(", "))
}

fn media_type(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            kind: None,
            list: |world, written| list_of(&world.each(written)),
            written: [AS_JSON; 2],
            item: |_, id| id,
            missing_status: 404,
            missing: [Refusal::Problem; 3],
            problems: Refusal::Problem,
            escapes_errors: true,
            created: (201, Created::Note),
            location: |_, id| Some(path(id)),
            around_id: None,
            next_id: |world| world.last_id + 1,
            takes_id: |_| false,
            keeps_new: true,
            kept: |text, done| Note {
                text,
                done: done.unwrap_or(false),
            },
            put: |note, text, done| {
                note.text = text;
                note.done = done.unwrap_or(false);
            },
            patch: |note, change| {
                note.text = change.text.unwrap_or(std::mem::take(&mut note.text));
                note.done = change.done.unwrap_or(note.done);
            },
            blank_leaves: |_, _, _| {},
            patch_needs_text: false,
            patch_needs_something: false,
            keeps: |_| true,
            put_creates: None,
            put_counts: false,
            put_adds: false,
            shows_before: |_| false,
            changed: 200,
            deletes: |world, id| drop(world.notes.remove(&id)),
            deleted: 204,
            missing_deleted: 404,
            is_json: |kind| kind.is_some_and(|kind| media_type(kind).eq_ignore_ascii_case(JSON)),
            other_type: 415,
            no_json: 400,
            ended: None,
            no_note: 422,
            no_object: None,
            blank: 422,
            is_blank: |text, _| text.trim().is_empty(),
            drops_blank: |_| false,
            too_long: None,
            refuses_more: false,
            refuses_id: false,
            other_id: [None, None],
            types: |_| true,
            takes_nothing: |_| false,
            takes_more_behind: false,
            refused: 405,
            taken_for_nothing: &[],
            deletes_list: false,
            refusal: Refusal::Problem,
            allow: [all_methods; 2],
            other_allow: None,
            options: 204,
            options_of_nothing: 404,
        }
    }
}

impl Knobs {
    /// What Allow says of a place: after a method that it does not have, or after OPTIONS.
    fn allow(&self, at: usize, place: Place) -> Option<String> {
        match &self.other_allow {
            Some((which, allow)) if *which == place.kind() => Some(allow.clone()),
            _ => (self.allow[at])(place),
        }
    }

    fn status_of(&self, why: Why) -> u16 {
        match why {
            Why::OtherType => self.other_type,
            Why::NoJson => self.no_json,
            Why::Ended => self.ended.unwrap_or(self.no_json),
            Why::NoNote => self.no_note,
            Why::NoObject => self.no_object.unwrap_or(self.no_note),
            Why::Blank => self.blank,
            Why::Long => self.too_long.unwrap_or(self.no_note),
        }
    }

    /// An answer in JSON.
    fn json(&self, expect: Expect) -> Expect {
        match &self.kind {
            Some(kind) if kind.is_empty() => expect.field("Content-Type", None),
            Some(kind) => expect.field("Content-Type", &**kind),
            None => expect.field_in("Content-Type", &[JSON, "application/json; charset=utf-8"]),
        }
    }

    /// An answer that says in words what is wrong.
    fn problem(&self, step: u32, status: u16, refusal: Refusal) -> Expect {
        let expect = Expect::step(step);
        match refusal {
            Refusal::Problem => self.json(expect.status(status)).json_text("error"),
            Refusal::Page => expect.status(status).field("Content-Type", HTML),
            Refusal::Text => expect.status(status).field("Content-Type", TEXT),
            Refusal::Silence => expect.status(status).body(""),
            Refusal::Untyped => {
                let expect = expect.status(status).field("Content-Type", None);
                expect.json_text("error")
            }
            Refusal::Well => self.json(expect.status(200)).json_text("error"),
            Refusal::Null => self.json(expect.status(200)).json("null"),
            Refusal::Bare => {
                let expect = self.json(expect.status(status));
                expect.body_has("\"").body_lacks("\"error\"")
            }
        }
    }

    /// What the body says, or why it cannot be used; `None` where the text leaves it open.
    fn read(&self, asked: &Request) -> Option<Result<Change, Why>> {
        if (self.types)(&asked.method) && !(self.is_json)(asked.field("Content-Type")) {
            return Some(Err(Why::OtherType));
        }
        let body = asked.body.as_deref().unwrap_or_default();
        let body = match body {
            b"" if (self.takes_nothing)(&asked.method) => b"{}".as_slice(),
            body => body,
        };
        let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
        let value = match values.next() {
            Some(first) if self.takes_more_behind => first,
            _ => serde_json::from_slice(body),
        };
        let fields = match value {
            Ok(Value::Object(fields)) => fields,
            // A list of the right length is a struct to serde, and so is an empty one to which each
            // field has a default.
            Ok(Value::Array(list)) if !list.is_empty() || asked.method == "PATCH" => return None,
            Ok(_) => return Some(Err(Why::NoObject)),
            Err(error) if error.is_eof() => return Some(Err(Why::Ended)),
            Err(_) => return Some(Err(Why::NoJson)),
        };
        let more = fields.keys().any(|name| name != "text" && name != "done");
        let text = match fields.get("text") {
            None => None,
            Some(Value::Null) => return None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Some(Err(Why::NoNote)),
        };
        let done = match fields.get("done") {
            None => None,
            Some(Value::Null) => return None,
            Some(Value::Bool(done)) => Some(*done),
            Some(_) => return Some(Err(Why::NoNote)),
        };
        let is_blank = |text: &String| (self.is_blank)(text, &asked.method);
        if more && self.refuses_more || fields.contains_key("id") && self.refuses_id {
            return Some(Err(Why::NoNote));
        }
        if self.too_long.is_some() && text.as_ref().is_some_and(|text| text.len() > LONG) {
            return Some(Err(Why::Long));
        }
        if text.as_ref().is_some_and(is_blank) {
            return Some(match (self.drops_blank)(&asked.method) {
                true => Ok(Change { text: None, done }),
                false => Err(Why::Blank),
            });
        }
        Some(Ok(Change { text, done }))
    }
}

/// What is longer is a long text: nobody draws one by chance.
const LONG: usize = 1000;

struct RestApi;

impl Model for RestApi {
    type Knobs = Knobs;
    type State = World;

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        world.swap();
        if asked.respells(&["/", "/notes", "/notes/1", "/notes/2"]) {
            return None;
        }
        let place = Place::of(asked.path())?;
        match (&*asked.method, place) {
            ("GET", place) => Some(got(knobs, world, place)),
            ("HEAD", place) => {
                let of_get = got(knobs, world, place);
                let status = match of_get.all().first().map(|first| &first.what) {
                    Some(grader::record::What::Status(statuses)) => statuses[0],
                    _ => return None,
                };
                Some(Expect::step(1).status(status).body(""))
            }
            ("POST", Place::List) => match knobs.read(asked)? {
                Ok(change) => Some(created(knobs, world, change)),
                Err(why) => {
                    world.last_id += u32::from((knobs.takes_id)(Some(why)));
                    Some(unusable(knobs, why, asked))
                }
            },
            ("PUT" | "PATCH", Place::Note(id)) => changed(knobs, world, id, asked),
            ("DELETE", Place::Note(id)) => Some(deleted(knobs, world, id)),
            ("DELETE", Place::List) if knobs.deletes_list => {
                world.notes.clear();
                Some(Expect::step(6).status(204).body(""))
            }
            ("OPTIONS", place) => Some(options(knobs, world, place)),
            ("POST" | "PUT" | "PATCH" | "DELETE", place) => {
                // Of two things that are wrong, either may be told.
                if asked.body.is_some() && Knobs::default().read(asked)?.is_err() {
                    return None;
                }
                Some(refused(knobs, world, place))
            }
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        let act = drawn(draw, world);
        // What has changed, or not, shows in the list.
        match draw.below(30) {
            1..=10 => vec![act, get("/notes")],
            // Of ten ids, one has another digit.
            11 => {
                let new = (world.last_id..10).map(|_| posted(json!({ "text": draw.word() })));
                new.chain([get("/notes")]).collect()
            }
            _ => vec![act],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_reading(mistakes);
        about_creating(mistakes);
        about_changing(mistakes);
        about_deleting(mistakes);
        about_bodies(mistakes);
        about_methods(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        if let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) {
            constants(asked, answer, mistakes);
        }
    }
}

fn got(knobs: &Knobs, world: &World, place: Place) -> Expect {
    let expect = || Expect::step(1).status(200);
    match place {
        Place::Page => expect().field("Content-Type", HTML),
        Place::List => {
            let list = (knobs.list)(world, knobs.written[1]);
            let texts = world.notes.values();
            says(knobs.json(expect()), list, texts, knobs.written[1])
        }
        Place::Note(id) => {
            let id = (knobs.item)(world, id);
            match world.json(id, knobs.written[1]) {
                None => knobs.problem(1, knobs.missing_status, knobs.missing[0]),
                Some(note) => {
                    let text = world.notes.get(&id).into_iter();
                    says(knobs.json(expect()), note, text, knobs.written[1])
                }
            }
        }
        Place::Nothing => knobs.problem(1, 404, knobs.problems),
    }
}

fn unusable(knobs: &Knobs, why: Why, asked: &Request) -> Expect {
    let status = knobs.status_of(why);
    match quoted(asked)
        .filter(|_| matches!(why, Why::NoNote | Why::NoObject) && !knobs.escapes_errors)
    {
        Some(words) => {
            let expect = Expect::step(5).status(status);
            knobs.json(expect).body_has(words)
        }
        None => knobs.problem(5, status, knobs.problems),
    }
}

/// What serde says of a text that stands where none should be, with the quotes that are in it.
fn quoted(asked: &Request) -> Option<String> {
    let body: Value = serde_json::from_slice(asked.body.as_deref()?).ok()?;
    let text = match &body {
        Value::Object(fields) if fields.get("text").is_none_or(Value::is_string) => {
            fields.get("done")?.as_str()?
        }
        body => body.as_str()?,
    };
    Some(format!("string {text:?}"))
}

fn created(knobs: &Knobs, world: &mut World, change: Change) -> Expect {
    let Some(text) = change.text else {
        // The starter says it, whatever the program says of other notes.
        world.last_id += u32::from((knobs.takes_id)(None));
        return knobs.problem(2, 422, knobs.problems);
    };
    let id = (knobs.next_id)(world);
    let mut after = world.clone();
    after.last_id += 1;
    after.notes.insert(id, (knobs.kept)(text, change.done));
    let written = knobs.written[0];
    let note = after.json(id, written).unwrap_or_default();
    let list = list_of(&after.each(written));
    let location = match &knobs.around_id {
        Some([before, behind]) => Some(format!("{before}{id}{behind}")),
        None => (knobs.location)(&after, id),
    };
    let text = after.notes.get(&id).cloned();
    match knobs.keeps_new {
        true => *world = after,
        false => world.last_id = after.last_id,
    }
    let (status, what) = knobs.created;
    let expect = Expect::step(2)
        .status(status)
        .field("Location", location.as_deref());
    match what {
        Created::Note => says(knobs.json(expect), note, text.iter(), written),
        Created::Untyped => expect.field("Content-Type", None).json(note),
        Created::Nothing => expect.body(""),
        Created::List => knobs.json(expect).json(list),
    }
}

fn changed(knobs: &Knobs, world: &mut World, id: u32, asked: &Request) -> Option<Expect> {
    let put = asked.method == "PUT";
    let is_there = world.notes.contains_key(&id);
    let missing = knobs.problem(3, knobs.missing_status, knobs.missing[1]);
    // Who leaves out an empty text has one that is there before him.
    let drops = (knobs.drops_blank)(&asked.method) && sent(asked).is_some_and(|c| c.text.is_some());
    let needs_text = (put || knobs.patch_needs_text) && !drops;
    let change = match knobs.read(asked)? {
        Ok(change) if change.text.is_none() && needs_text => {
            return Some(match is_there {
                true => knobs.problem(3, 422, knobs.problems),
                // Of two things that are wrong, either may be told.
                false => Expect::step(3).status_in(&[404, 422]),
            });
        }
        Ok(Change {
            text: None,
            done: None,
        }) if knobs.patch_needs_something => {
            return Some(match is_there {
                true => knobs.problem(3, 422, knobs.problems),
                false => Expect::step(3).status_in(&[404, 422]),
            });
        }
        Ok(change) => change,
        Err(why) if is_there => {
            if let (Why::Blank, Some(note), Some(change)) =
                (why, world.notes.get_mut(&id), sent(asked))
            {
                (knobs.blank_leaves)(note, &asked.method, change);
            }
            return Some(unusable(knobs, why, asked));
        }
        Err(why) => return Some(Expect::step(5).status_in(&[404, knobs.status_of(why)])),
    };
    let other_id = knobs.other_id[usize::from(!put)];
    if let Some(status) = other_id.filter(|_| id_in(asked).is_some_and(|other| other != id)) {
        return Some(knobs.problem(3, status, knobs.problems));
    }
    let creates = knobs.put_creates.filter(|_| put && !is_there);
    if !is_there && creates.is_none() {
        return Some(missing);
    }
    let mut after = world.clone();
    let mut shown = id;
    if put && knobs.put_adds {
        shown = (knobs.next_id)(world);
        after.last_id += 1;
    }
    if creates.is_some() && knobs.put_counts {
        after.last_id = after.last_id.max(id);
    }
    let new = Note {
        text: String::new(),
        done: false,
    };
    let note = after.notes.entry(shown).or_insert(new);
    match change.text {
        Some(text) if put => (knobs.put)(note, text, change.done),
        text => {
            let done = match put {
                true => Some(change.done.unwrap_or(false)),
                false => change.done,
            };
            (knobs.patch)(note, Change { text, done });
        }
    }
    let written = knobs.written[1];
    let told = match (knobs.shows_before)(&asked.method) {
        true => &*world,
        false => &after,
    };
    let json = told.json(shown, written).unwrap_or_default();
    let text = told.notes.get(&shown).cloned();
    if (knobs.keeps)(&asked.method) {
        *world = after;
    }
    let status = creates.unwrap_or(knobs.changed);
    let expect = Expect::step(3).status(status);
    Some(match status {
        204 => expect.body(""),
        404 => missing,
        _ => says(knobs.json(expect), json, text.iter(), written),
    })
}

/// The fields of a body, whether they can be used or not.
fn sent(asked: &Request) -> Option<Change> {
    let body: Value = serde_json::from_slice(asked.body.as_deref()?).ok()?;
    let text = body.get("text").and_then(Value::as_str);
    Some(Change {
        text: text.map(str::to_string),
        done: body.get("done").and_then(Value::as_bool),
    })
}

fn deleted(knobs: &Knobs, world: &mut World, id: u32) -> Expect {
    if !world.notes.contains_key(&id) {
        return match knobs.missing_deleted {
            204 => Expect::step(4).status(204).body(""),
            status => knobs.problem(4, status, knobs.missing[2]),
        };
    }
    (knobs.deletes)(world, id);
    let expect = Expect::step(4).status(knobs.deleted);
    match knobs.deleted {
        204 => expect.body(""),
        // What a mistake has in its body is anybody's guess.
        _ => expect,
    }
}

fn options(knobs: &Knobs, world: &World, place: Place) -> Expect {
    let expect = Expect::step(6);
    match place {
        Place::Nothing if knobs.options_of_nothing == 404 => knobs.problem(6, 404, knobs.problems),
        Place::Nothing => expect.status(knobs.options_of_nothing),
        // The path has the form of a note's: that may count, or that no note is there.
        Place::Note(id) if !world.notes.contains_key(&id) => {
            expect.status_in(&[knobs.options, 404])
        }
        place => expect
            .status(knobs.options)
            .field("Allow", knobs.allow(1, place).as_deref()),
    }
}

fn refused(knobs: &Knobs, world: &World, place: Place) -> Expect {
    match place {
        Place::Nothing => knobs.problem(6, 404, knobs.problems),
        place if knobs.taken_for_nothing.contains(&place.kind()) => {
            knobs.problem(6, 404, knobs.problems).field("Allow", None)
        }
        Place::Note(id) if !world.notes.contains_key(&id) => {
            Expect::step(6).status_in(&[knobs.refused, 404])
        }
        place => {
            let allow = knobs.allow(0, place);
            let problem = knobs.problem(6, knobs.refused, knobs.refusal);
            problem.field("Allow", allow.as_deref())
        }
    }
}

/// The number in a field `id` of what is sent.
fn id_in(asked: &Request) -> Option<u32> {
    let value: Value = serde_json::from_slice(asked.body.as_deref()?).ok()?;
    value.get("id")?.as_u64()?.try_into().ok()
}

// What is drawn.

fn drawn(draw: &mut Draw, world: &World) -> Act {
    let known: Vec<u32> = world.notes.keys().copied().collect();
    let id = match draw.below(6) {
        4 => world.last_id + 1,
        // One that was there, or the last one.
        5 => draw.number(1..u64::from(world.last_id) + 1) as u32,
        _ if known.is_empty() => 1,
        _ => draw.pick(&known),
    };
    match draw.below(28) {
        0 | 1 => get("/notes".to_string() + &draw.query()),
        2 | 3 => get(path(id) + &draw.query()),
        4 => get(draw.path_near(&["/notes", "/notes/1", "/notes/2"])),
        5 => request("HEAD", draw.pick(&["/notes".into(), path(id), "/".into()])),
        6..=9 => posted(note(draw)),
        10 | 11 => with("PUT", id, note(draw)),
        12 => with("PATCH", id, note(draw)),
        13 => with("PATCH", id, json!({ "done": draw.one_in(2) })),
        14 => with("PATCH", id, json!({})),
        15..=17 => delete(id),
        18 => {
            let method = draw.pick(&["POST", "PUT"]);
            to(draw, method, id).body(json!({ "done": true }).to_string())
        }
        19..=22 => unfit(draw, id),
        23 | 24 => {
            let unknown = draw.path();
            let (method, path) = draw.pick(&[
                ("DELETE", "/notes".to_string()),
                ("PUT", "/notes".into()),
                ("PATCH", "/notes".into()),
                ("POST", path(id)),
                ("POST", "/".into()),
                ("DELETE", "/".into()),
                ("PUT", unknown.clone()),
                ("POST", format!("/notes{unknown}")),
            ]);
            let act = request(method, path);
            match method {
                "DELETE" => act,
                _ => act.field("Content-Type", JSON).body(note(draw).to_string()),
            }
        }
        _ => {
            let unknown = draw.path();
            let path = draw.pick(&["/notes".to_string(), path(id), "/".into(), unknown]);
            request("OPTIONS", path)
        }
    }
}

/// Signs that nobody sees. JSON and Rust write some of them, each in a way of its own.
const INVISIBLE: [&str; 6] = ["\u{1}", "\u{200d}", "\0", "\u{7f}", "\u{1b}", "\u{2028}"];

/// What a client sends as a whole note, or as its text.
fn note(draw: &mut Draw) -> Value {
    let text = match draw.below(5) {
        4 => format!("{}{}{}", draw.word(), draw.pick(&INVISIBLE), draw.word()),
        1 => draw.text(),
        2 => format!(" {}\n{} ", draw.word(), draw.line()),
        3 => draw.line(),
        _ => draw.word(),
    };
    match draw.below(8) {
        0..=2 => json!({ "text": text }),
        3 | 4 => json!({ "text": text, "done": false }),
        5 | 6 => json!({ "text": text, "done": true }),
        // Fields that are not the client's to say.
        _ if draw.one_in(2) => json!({ "id": draw.number(1..10), "text": text }),
        _ => json!({ (draw.word()): 7, "text": text }),
    }
}

/// A request with JSON, whose body is still to come.
fn to(draw: &mut Draw, method: &str, id: u32) -> Act {
    let kind = draw.pick(&[&[JSON; 5][..], &KINDS].concat());
    let path = match method {
        "POST" => "/notes".to_string(),
        _ => path(id),
    };
    request(method, path).field("Content-Type", kind)
}

/// A body that is not what it should be, or nearly not.
fn unfit(draw: &mut Draw, id: u32) -> Act {
    let method = draw.pick(&["POST", "PUT", "PATCH"]);
    let (word, text) = (draw.word(), draw.text());
    let body: String = match draw.below(15) {
        0 => "{\"text\": ".into(),
        1 => String::new(),
        2 => format!("{{\"text\": \"{word}\",}}"),
        3 => format!("{{'text': '{word}'}}"),
        4 => word,
        5 => json!({ "text": draw.number(0..100) }).to_string(),
        6 => json!({ "text": word, "done": draw.pick(&["true", "yes", ""]) }).to_string(),
        7 => json!(draw.pick(&["text", ""])).to_string(),
        8 => draw.pick(&["null", "[]", "7", "true"]).into(),
        9 => json!({ "text": draw.pick(&["", " ", "\n\t ", "\u{3000}"]) }).to_string(),
        10 => json!({ "text": text, "done": 1 }).to_string(),
        13 => {
            let behind = draw.pick(&["}", " x", "{\"text\":\"y\"}", ",", "\n7"]);
            json!({ "text": word }).to_string() + behind
        }
        14 => format!(" {}\n", json!({ "text": word })),
        11 => {
            let blank = draw.pick(&["", " ", "\t"]);
            json!({ "text": blank, "done": draw.one_in(2) }).to_string()
        }
        _ => json!({ "text": text }).to_string(),
    };
    match draw.below(4) {
        0..=2 => to(draw, method, id).body(body),
        _ => {
            let act = to(draw, method, id).body(json!({ "text": draw.word() }).to_string());
            let Act::Ask(mut asked) = act else {
                return act;
            };
            const OTHERS: [&str; 6] = [
                "application/problem+json",
                "application/x-www-form-urlencoded",
                "text/plain",
                "text/json",
                "application/jsonp",
                "application/xml; a=application/json",
            ];
            match draw.below(7) {
                6 => asked.fields.clear(),
                other => asked.fields[0].1 = OTHERS[other as usize].into(),
            }
            Act::Ask(asked)
        }
    }
}

// What students do instead.

fn about_reading(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "list-in-an-object",
            "The list stands in an object. The lesson asks for the list alone: [ first, then the \
             notes.",
            |knobs| knobs.list =
                    |world, written| format!(r#"{{"notes":{}}}"#, list_of(&world.each(written))),
        )
        .wrong(
            "ids-alone",
            "The list has only the ids. The whole notes belong there, as GET of each answers them: \
             values() gives them, keys() the ids.",
            |knobs| {
                knobs.list = |world, _| {
                    let ids: Vec<String> = world.notes.keys().map(u32::to_string).collect();
                    list_of(&ids)
                };
            },
        )
        .wrong(
            "last-first",
            "The list begins with the newest note. It is in the order of the ids, which is the one \
             that a BTreeMap has.",
            |knobs| {
                knobs.list = |world, written| {
                    let mut notes = world.each(written);
                    notes.reverse();
                    list_of(&notes)
                };
            },
        )
        .wrong(
            "out-of-order",
            "After a DELETE, the list is no longer in the order of the ids: the last note stands where the one was \
             that is gone. That is what swap_remove does. A BTreeMap keeps the order, and so does remove of a Vec.",
            |knobs| {
                knobs.list = |world, written| {
                    list_of(&world.each_of(world.swapped.iter(), written))
                };
            },
        )
        .wrong(
            "ordered-by-done",
            "The list is ordered by what is done and what is not. It is in the order of the ids alone: how the notes \
             are shown is the client's business.",
            |knobs| knobs.list = |world, written| list_of(&world.each_by(|note| note.done, written)),
        )
        .or(|knobs| knobs.list = |world, written| list_of(&world.each_by(|note| !note.done, written)))
        .wrong(
            "only-open-notes",
            "The list leaves out the notes that are done. All of them are there.",
            |knobs| {
                knobs.list = |world, written| {
                    let mut open = world.clone();
                    open.notes.retain(|_, note| !note.done);
                    list_of(&open.each(written))
                };
            },
        )
        .wrong(
            "by-position",
            "You count the notes to find one, so after a DELETE, its neighbour is found. A note has its \
             id for ever: look for it with get(&id).",
            |knobs| {
                knobs.item = |world, id| {
                    let at = (id as usize).wrapping_sub(1);
                    world.notes.keys().nth(at).copied().unwrap_or(0)
                };
            },
        )
        .wrong(
            "unknown-is-null",
            "A note that is not there is answered with 200 and null: that is a None as JSON. Look what \
             is in the Option, and answer 404 for a None.",
            |knobs| knobs.missing = [Refusal::Null, Refusal::Null, Refusal::Problem],
        )
        .or(|knobs| knobs.missing[0] = Refusal::Null)
        .or(|knobs| knobs.missing = [Refusal::Null; 3])
        .wrong(
            "error-with-200",
            "There are words that say what is wrong, but the status says 200: all is well. Programs look \
             at the status. It is 404.",
            |knobs| knobs.missing = [Refusal::Well, Refusal::Well, Refusal::Problem],
        )
        .or(|knobs| knobs.missing = [Refusal::Well; 3])
        .wrong(
            "error-as-page",
            "What is wrong is told in a page of HTML: send_error is made for people. The client here is a \
             program. Answer it in JSON: send_problem.",
            |knobs| knobs.missing = [Refusal::Page; 3],
        )
        .or(|knobs| knobs.missing = [Refusal::Page, Refusal::Page, Refusal::Problem])
        .or(|knobs| knobs.missing[2] = Refusal::Page)
        .or(|knobs| knobs.refusal = Refusal::Page)
        .wrong(
            "error-as-text",
            "What is wrong is told in plain text. The client here is a program, and it reads JSON: an \
             object with the field error, and the Content-Type application/json.",
            |knobs| knobs.missing = [Refusal::Text; 3],
        )
        .or(|knobs| knobs.missing = [Refusal::Text, Refusal::Text, Refusal::Problem])
        .or(|knobs| knobs.missing[2] = Refusal::Text)
        .or(|knobs| knobs.refusal = Refusal::Text)
        .wrong(
            "no-words",
            "The status is right, but the answer does not say what is wrong. A body in JSON belongs to it, \
             with the field error.",
            |knobs| knobs.missing = [Refusal::Silence, Refusal::Silence, Refusal::Problem],
        )
        .or(|knobs| knobs.missing = [Refusal::Silence; 3])
        .or(|knobs| knobs.missing[2] = Refusal::Silence)
        .or(|knobs| knobs.refusal = Refusal::Silence)
        .wrong(
            "no-content-type",
            "There is JSON in the body, and no header that says so: Content-Type: application/json belongs \
             to every answer that has a body, also where you send the headers yourself.",
            |knobs| knobs.refusal = Refusal::Untyped,
        )
        .or(|knobs| knobs.created.1 = Created::Untyped)
        .or(|knobs| {
            knobs.created.1 = Created::Untyped;
            knobs.refusal = Refusal::Untyped;
        })
        .or(|knobs| knobs.kind = Some(String::new()))
        .wrong(
            "text-by-debug",
            "The JSON is written by hand, with the text as {:?} shows it. That is made for Rust: some \
             letters are written in a way that is no JSON. Let serde_json::to_string make the body.",
            |knobs| knobs.written[0].text = |text| format!("{text:?}"),
        )
        .or(|knobs| {
            for written in &mut knobs.written {
                written.text = |text| format!("{text:?}");
            }
        })
        .wrong(
            "text-not-escaped",
            "The JSON is written by hand, with the text between two quotes as it came. If there is a quote \
             in it, or a \\ or a line end, that is no JSON. Let serde_json::to_string make the body.",
            |knobs| knobs.written[0].text = |text| format!("\"{text}\""),
        )
        .or(|knobs| {
            for written in &mut knobs.written {
                written.text = |text| format!("\"{text}\"");
            }
        })
        .wrong(
            "done-left-out",
            "A note that is not done is sent without its field done. What goes out has all three fields, \
             always: send false, too.",
            |knobs| {
                for written in &mut knobs.written {
                    written.leaves_out = |done| !done;
                }
            },
        )
        .wrong(
            "error-without-field",
            "What is wrong is told in JSON, but not in an object with the field error. A program looks for just \
             that: {\"error\":\"…\"}.",
            |knobs| knobs.refusal = Refusal::Bare,
        )
        .or(|knobs| (knobs.problems, knobs.missing) = (Refusal::Bare, [Refusal::Bare; 3]))
        .or(|knobs| {
            (knobs.problems, knobs.missing) = (Refusal::Bare, [Refusal::Bare; 3]);
            knobs.refusal = Refusal::Bare;
        })
        .or(|knobs| knobs.missing = [Refusal::Bare, Refusal::Bare, Refusal::Problem])
        .or(|knobs| knobs.missing[2] = Refusal::Bare)
        .wrong(
            "error-not-escaped",
            "The JSON of an error is written by hand, with the words between two quotes as they are. serde's have \
             quotes in them, where a text is of no use: that is no JSON. Let json! make the body.",
            |knobs| knobs.escapes_errors = false,
        );
}

fn about_creating(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "redirects",
            "The POST is answered with a redirect, as for a form. The client is a program, which has no \
             page to show: 201 says that something was made, and Location where it is.",
            |knobs| {
                knobs.created = (303, Created::Nothing);
                knobs.location = |_, _| Some("/notes".into());
            },
        )
        .or(|knobs| knobs.created = (303, Created::Nothing))
        .or(|knobs| {
            knobs.created = (303, Created::Nothing);
            knobs.location = |_, _| Some("/".into());
        })
        .wrong(
            "no-location",
            "The answer does not say where the new note is: the header Location is missing. Only the \
             server knows its id.",
            |knobs| knobs.location = |_, _| None,
        )
        .wrong(
            "location-of-the-list",
            "Location names the list. It is to name the new note: /notes/, and its id behind it.",
            |knobs| knobs.location = |_, _| Some("/notes".into()),
        )
        .or(|knobs| knobs.location = |_, _| Some("/notes/".into()))
        .wrong(
            "location-without-notes",
            "Location has the id, but not the path of the note: /notes/ belongs before it.",
            |knobs| knobs.location = |_, id| Some(id.to_string()),
        )
        .or(|knobs| knobs.location = |_, id| Some(format!("/{id}")))
        .or(|knobs| knobs.location = |_, id| Some(format!("notes/{id}")))
        .wrong(
            "location-from-the-number",
            "Location is made of the number of notes. After a DELETE, that is the address of another note, \
             or of none. The new note has an id: /notes/, and this id.",
            |knobs| {
                knobs.location = |world, _| Some(path(world.notes.len() as u32));
            },
        )
        .or(|knobs| {
            knobs.location = |world, _| Some(path(world.notes.len() as u32 + 1));
        })
        .wrong(
            "created-without-body",
            "The answer to the POST has no body. Send the new note in it, so that the client need not ask \
             for it.",
            |knobs| knobs.created = (201, Created::Nothing),
        )
        .wrong(
            "answers-the-list",
            "The answer to the POST has the whole list in it. It is about one note, the new one.",
            |knobs| knobs.created = (201, Created::List),
        )
        .wrong(
            "id-from-the-number",
            "The new id is the number of notes plus one. After a DELETE, that id is another note's, which \
             is lost then. Count last_id up, and never down.",
            |knobs| knobs.next_id = |world| world.notes.len() as u32 + 1,
        )
        .wrong(
            "id-given-twice",
            "The new id is the highest one plus one. When the last note is deleted, the next one gets its \
             id, and anyone who has kept the old address finds another note there. Count last_id up.",
            |knobs| {
                knobs.next_id = |world| world.notes.keys().next_back().map_or(1, |id| id + 1);
            },
        )
        .wrong(
            "counts-down",
            "A DELETE counts last_id down. So an id is given a second time, and the note that has it is \
             lost, or anyone who has kept the old address finds another note there. Count last_id up only.",
            |knobs| {
                knobs.deletes = |world, id| {
                    world.notes.remove(&id);
                    world.last_id = world.last_id.saturating_sub(1);
                };
            },
        )
        .or(|knobs| {
            knobs.deletes = |world, id| {
                world.notes.remove(&id);
                world.last_id -= u32::from(id == world.last_id);
            };
        })
        .wrong(
            "refused-takes-an-id",
            "A POST that is refused counts last_id up, so the next note does not get the next id. What is \
             refused changes nothing: count up where the note is made.",
            |knobs| knobs.takes_id = |_| true,
        )
        .or(|knobs| knobs.takes_id = |why| why.is_none())
        .wrong(
            "text-escaped",
            "The text is escaped as for HTML: & comes back as &amp;. JSON is no HTML. Keep the text as it \
             was sent; a page escapes it where it shows it.",
            |knobs| {
                knobs.kept = |text, done| Note {
                    text: escaped(&text),
                    done: done.unwrap_or(false),
                };
            },
        )
        .or(|knobs| {
            knobs.kept = |text, done| Note {
                text: escaped(&text),
                done: done.unwrap_or(false),
            };
            knobs.put = |note, text, done| {
                note.text = escaped(&text);
                note.done = done.unwrap_or(false);
            };
            knobs.patch = |note, change| {
                if let Some(text) = change.text {
                    note.text = escaped(&text);
                }
                note.done = change.done.unwrap_or(note.done);
            };
        })
        .wrong(
            "new-not-kept",
            "The answer has the new note in it, but it is not kept: nobody finds it later. insert it into \
             the map.",
            |knobs| knobs.keeps_new = false,
        )
        .wrong(
            "done-not-read",
            "A new note is never done, whatever the client says. done is an Option: take what is in it, and \
             false for a None.",
            |knobs| knobs.kept = |text, _| Note { text, done: false },
        )
        .wrong(
            "text-trimmed",
            "The white space at the ends of a text is lost. trim is for the question whether it is empty.",
            |knobs| {
                knobs.kept = |text, done| Note {
                    text: text.trim().into(),
                    done: done.unwrap_or(false),
                };
            },
        )
        .or(|knobs| {
            knobs.kept = |text, done| Note {
                text: text.trim().into(),
                done: done.unwrap_or(false),
            };
            knobs.put = |note, text, done| {
                note.text = text.trim().into();
                note.done = done.unwrap_or(false);
            };
            knobs.patch = |note, change| {
                if let Some(text) = change.text {
                    note.text = text.trim().into();
                }
                note.done = change.done.unwrap_or(note.done);
            };
        });
}

/// A text as it stands in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn about_changing(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "put-changes-a-part",
            "A PUT that does not name done leaves it as it was. PUT brings the whole note: what it leaves \
             out is as in a new note, false. (To change a part, there is PATCH.)",
            |knobs| {
                knobs.put = |note, text, done| {
                    note.text = text;
                    note.done = done.unwrap_or(note.done);
                };
            },
        )
        .wrong(
            "put-without-done",
            "A PUT changes the text, and not done. It brings the whole note: take both.",
            |knobs| knobs.put = |note, text, _| note.text = text,
        )
        .wrong(
            "patch-resets-done",
            "A PATCH that names only the text sets done to false. What it does not name stays as it is: \
             look what is in the Option, and do nothing for a None.",
            |knobs| {
                knobs.patch = |note, change| {
                    note.text = change.text.unwrap_or(std::mem::take(&mut note.text));
                    note.done = change.done.unwrap_or(false);
                };
            },
        )
        .wrong(
            "patch-only-ticks",
            "A PATCH can set done to true, and never to false. Some(false) names done, too: take what is in \
             the Some, whichever it is.",
            |knobs| {
                knobs.patch = |note, change| {
                    note.text = change.text.unwrap_or(std::mem::take(&mut note.text));
                    note.done |= change.done.unwrap_or(false);
                };
            },
        )
        .wrong(
            "patch-empties-text",
            "A PATCH that names only done takes the text away. What it does not name stays as it is: look \
             what is in the Option, and do nothing for a None.",
            |knobs| {
                knobs.patch = |note, change| {
                    note.text = change.text.unwrap_or_default();
                    note.done = change.done.unwrap_or(note.done);
                };
            },
        )
        .wrong(
            "patch-is-put",
            "You answer PATCH as PUT: what it does not name is lost. It stays as it is: look what is in \
             each Option, and do nothing for a None.",
            |knobs| {
                knobs.patch = |note, change| {
                    note.text = change.text.unwrap_or_default();
                    note.done = change.done.unwrap_or(false);
                };
            },
        )
        .wrong(
            "patch-of-one-field",
            "Of a PATCH that names both the text and done, only one is changed. The two have nothing to do with each \
             other: an if for each, and no else between them.",
            |knobs| {
                knobs.patch = |note, change| match change.text {
                    Some(text) => note.text = text,
                    None => note.done = change.done.unwrap_or(note.done),
                };
            },
        )
        .or(|knobs| {
            knobs.patch = |note, change| match change.done {
                Some(done) => note.done = done,
                None => note.text = change.text.unwrap_or(std::mem::take(&mut note.text)),
            };
        })
        .wrong(
            "answers-the-old",
            "The answer to a change has the note in it as it was before. Send it as it is now. (insert and replace \
             give back what they have pushed out.)",
            |knobs| knobs.shows_before = |method| method == "PUT",
        )
        .or(|knobs| knobs.shows_before = |method| method == "PATCH")
        .or(|knobs| knobs.shows_before = |_| true)
        .wrong(
            "patch-needs-text",
            "A PATCH without a text is refused. It names what is to change, and that may be done alone, or \
             nothing at all.",
            |knobs| knobs.patch_needs_text = true,
        )
        .wrong(
            "patch-of-nothing",
            "A PATCH with {} is refused. It names nothing, so nothing changes: 200, with the note as it is.",
            |knobs| knobs.patch_needs_something = true,
        )
        .wrong(
            "changes-a-copy",
            "The answer has the changed note in it, and the next GET the old one: a copy was changed. \
             get_mut lends the note that is in the map; what clone makes is another one.",
            |knobs| knobs.keeps = |_| false,
        )
        .or(|knobs| knobs.keeps = |method| method != "PUT")
        .or(|knobs| knobs.keeps = |method| method != "PATCH")
        .wrong(
            "put-creates",
            "A PUT makes a note that was not there. In this service, the server gives the ids, so there \
             is nothing to replace: 404.",
            |knobs| knobs.put_creates = Some(200),
        )
        .or(|knobs| knobs.put_creates = Some(201))
        .or(|knobs| (knobs.put_creates, knobs.put_counts) = (Some(200), true))
        .or(|knobs| (knobs.put_creates, knobs.put_counts) = (Some(201), true))
        .wrong(
            "refused-put-makes",
            "A PUT of a note that is not there is answered with 404, and the note is there all the same. \
             What is refused changes nothing: look with get_mut whether there is one, and change that.",
            |knobs| knobs.put_creates = Some(404),
        )
        .wrong(
            "refused-changes",
            "A PUT or PATCH that is refused, since its text is empty, has changed the note all the same. \
             What is refused changes nothing: look at all of it first (decode is the place), and change \
             then.",
            |knobs| {
                knobs.blank_leaves = |note, method, change| {
                    if method == "PATCH" {
                        note.done = change.done.unwrap_or(note.done);
                    }
                };
            },
        )
        .or(|knobs| {
            knobs.blank_leaves = |note, _, change| note.done = change.done.unwrap_or(note.done);
        })
        .or(|knobs| {
            knobs.blank_leaves = |note, method, change| {
                if method == "PUT" {
                    note.done = change.done.unwrap_or(false);
                }
            };
        })
        .or(|knobs| {
            knobs.blank_leaves = |note, method, change| {
                note.text = change.text.unwrap_or_default();
                note.done = change.done.unwrap_or(note.done && method == "PATCH");
            };
        })
        .or(|knobs| {
            knobs.blank_leaves = |note, method, change| {
                if method == "PATCH" {
                    note.text = change.text.unwrap_or_default();
                    note.done = change.done.unwrap_or(note.done);
                }
            };
        })
        .wrong(
            "put-adds",
            "A PUT adds a note, and the old one stays. It puts the new one in the place of the old, under \
             the same id.",
            |knobs| knobs.put_adds = true,
        );
}

fn about_deleting(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "not-deleted",
            "The answer to DELETE says that all is well, and the note is still there. remove takes it out \
             of the map.",
            |knobs| knobs.deletes = |_, _| {},
        )
        .wrong(
            "deletes-all",
            "One DELETE takes all notes away. remove(&id) takes this one.",
            |knobs| knobs.deletes = |world, _| world.notes.clear(),
        )
        .wrong(
            "deleted-is-done",
            "DELETE only marks the note as done. It is to be gone: remove takes it out of the map.",
            |knobs| {
                knobs.deletes = |world, id| {
                    if let Some(note) = world.notes.get_mut(&id) {
                        note.done = true;
                    }
                };
            },
        )
        .wrong(
            "ids-begin-anew",
            "When the last note is deleted, the ids begin anew, and a new note gets one that was given \
             before. Somebody may have kept the old address: DELETE takes the note out of the map, and \
             last_id stays what it is.",
            |knobs| {
                knobs.deletes = |world, id| {
                    world.notes.remove(&id);
                    if world.notes.is_empty() {
                        world.last_id = 0;
                    }
                };
            },
        )
        .wrong(
            "missing-deleted",
            "A DELETE of what is not there gets 204, as if it had been there. Look what remove returns: a \
             None is 404. (Idempotent means that the notes are the same after it, not the answers.)",
            |knobs| knobs.missing_deleted = 204,
        );
}

fn about_bodies(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "type-not-read",
            "You take a body whatever its Content-Type says. If it does not say application/json: 415.",
            |knobs| knobs.is_json = |_| true,
        )
        .wrong(
            "type-of-some",
            "Of some methods, you take a body whatever its Content-Type says. What is a rule for one of POST, PUT \
             and PATCH is one for all: decode is the place that all three go through.",
            |knobs| knobs.types = |method| method == "POST",
        )
        .or(|knobs| knobs.types = |method| method != "PATCH")
        .or(|knobs| knobs.types = |method| method != "PUT")
        .wrong(
            "missing-type-taken",
            "A body without a Content-Type is taken for JSON. Nobody has said that it is: 415.",
            |knobs| {
                knobs.is_json = |kind| {
                    kind.is_none_or(|kind| media_type(kind).eq_ignore_ascii_case(JSON))
                };
            },
        )
        .wrong(
            "type-with-more",
            "You compare the whole Content-Type. A ; may follow, with more behind it: \
             application/json; charset=utf-8 is JSON, too.",
            |knobs| {
                knobs.is_json = |kind| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(JSON));
            },
        )
        .or(|knobs| knobs.is_json = |kind| kind == Some(JSON))
        .wrong(
            "types-listed",
            "You compare the whole Content-Type with some spellings of it. Behind the ; anything may follow: compare \
             only what stands before it, without the spaces at its ends.",
            |knobs| {
                knobs.is_json = |kind| {
                    let kind = kind.unwrap_or_default();
                    let known = [JSON, KINDS[0], KINDS[1]];
                    known.iter().any(|known| kind.eq_ignore_ascii_case(known))
                };
            },
        )
        .or(|knobs| {
            knobs.is_json = |kind| {
                let kind = kind.unwrap_or_default();
                [JSON, KINDS[0]].iter().any(|known| kind.eq_ignore_ascii_case(known))
            };
        })
        .or(|knobs| knobs.is_json = |kind| [Some(JSON), Some(KINDS[0])].contains(&kind))
        .wrong(
            "type-not-trimmed",
            "A space before the ; makes another type for you: application/json ; charset=utf-8 is JSON, too. Leave \
             out the spaces at the ends of what stands before the ;, with trim.",
            |knobs| {
                knobs.is_json = |kind| {
                    let kind = kind.and_then(|kind| kind.split(';').next());
                    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(JSON))
                };
            },
        )
        .or(|knobs| {
            knobs.is_json = |kind| kind.and_then(|kind| kind.split(';').next()) == Some(JSON);
        })
        .wrong(
            "type-letters",
            "Capital letters make no difference in a media type: Application/JSON is JSON, too. \
             eq_ignore_ascii_case compares so.",
            |knobs| {
                knobs.is_json = |kind| kind.is_some_and(|kind| media_type(kind) == JSON);
            },
        )
        .wrong(
            "type-beginning",
            "You look only whether the Content-Type begins with application/json. So does \
             application/jsonp, which is something else: compare what stands before the ; as a whole.",
            |knobs| {
                knobs.is_json = |kind| {
                    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(JSON))
                };
            },
        )
        .or(|knobs| knobs.is_json = |kind| kind.is_some_and(|kind| kind.starts_with(JSON)))
        .wrong(
            "type-anywhere",
            "You look whether application/json stands anywhere in the Content-Type. Compare what stands \
             before the ; as a whole.",
            |knobs| knobs.is_json = |kind| kind.is_some_and(|kind| kind.contains(JSON)),
        )
        .or(|knobs| {
            knobs.is_json = |kind| kind.is_some_and(|kind| kind.to_ascii_lowercase().contains(JSON));
        })
        .wrong(
            "any-json-type",
            "A Content-Type in which json stands anywhere is taken. text/json is another type: compare all that stands \
             before the ; with application/json.",
            |knobs| {
                knobs.is_json = |kind| {
                    kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
                };
            },
        )
        .or(|knobs| knobs.is_json = |kind| kind.is_some_and(|kind| kind.contains("json")))
        .or(|knobs| {
            knobs.is_json = |kind| {
                kind.is_some_and(|kind| media_type(kind).to_ascii_lowercase().ends_with("json"))
            };
        })
        .or(|knobs| knobs.is_json = |kind| kind.is_some_and(|kind| media_type(kind).ends_with("json")))
        .wrong(
            "plus-json-type",
            "A Content-Type that ends with +json is taken, such as application/problem+json. That is another type, for \
             one kind of JSON alone: compare all that stands before the ; with application/json.",
            |knobs| {
                knobs.is_json = |kind| {
                    let kind = kind.map(|kind| media_type(kind).to_ascii_lowercase());
                    kind.is_some_and(|kind| kind == JSON || kind.ends_with("+json"))
                };
            },
        )
        .or(|knobs| {
            knobs.is_json = |kind| {
                let kind = kind.map(media_type);
                kind.is_some_and(|kind| kind == JSON || kind.ends_with("+json"))
            };
        })
        .wrong(
            "no-note-is-400",
            "JSON that is no note gets 400. The body can be read, but what it says cannot be used: 422. \
             error.is_data() tells the two apart.",
            |knobs| knobs.no_note = 400,
        )
        .or(|knobs| (knobs.no_note, knobs.blank) = (400, 400))
        .or(|knobs| (knobs.no_note, knobs.no_object) = (400, Some(422)))
        .wrong(
            "no-object-is-400",
            "JSON that is no object, such as a list or a number, gets 400. As JSON, it is well-formed: 422, as for a note \
             with a number for its text. error.is_data() is true for both.",
            |knobs| knobs.no_object = Some(400),
        )
        .wrong(
            "blank-is-400",
            "An empty text is refused with 400. The JSON can be read, but it is no note: 422.",
            |knobs| knobs.blank = 400,
        )
        .wrong(
            "no-json-is-422",
            "What is no JSON at all gets 422. It cannot even be read: 400. error.is_data() tells the two \
             apart.",
            |knobs| knobs.no_json = 422,
        )
        .wrong(
            "cut-off-is-422",
            "A body that is empty, or ends in the middle, gets 422. To serde, that is an end of file and no \
             error of the syntax, but it cannot be read either: 400. Ask for error.is_data(), which is 422, \
             and answer 400 for all others.",
            |knobs| knobs.ended = Some(422),
        )
        .wrong(
            "only-cut-off-is-400",
            "What is no JSON gets 422, unless it ends too early. is_eof is about the end alone. Ask for error.is_data(), \
             which is true if the JSON as such is well-formed: that is 422, and all others are 400.",
            |knobs| (knobs.no_json, knobs.ended) = (422, Some(400)),
        )
        .wrong(
            "nothing-taken",
            "A body without a single byte is taken for an object without fields, {}. Nothing is no JSON: 400. \
             from_slice says so itself.",
            |knobs| knobs.takes_nothing = |_| true,
        )
        .or(|knobs| knobs.takes_nothing = |method| method == "PATCH")
        .or(|knobs| knobs.takes_nothing = |method| method != "POST")
        .wrong(
            "more-behind-taken",
            "A note is taken, whatever follows behind it in the body: only the first value of JSON is read. The body as a \
             whole is no JSON then: 400. from_slice looks at the end, too.",
            |knobs| knobs.takes_more_behind = true,
        )
        .wrong(
            "empty-taken",
            "A note with an empty text is taken. Refuse it: 422.",
            |knobs| knobs.is_blank = |_, _| false,
        )
        .wrong(
            "blank-taken",
            "A text of nothing but white space is taken. It is empty, too: look at what trim leaves of it.",
            |knobs| knobs.is_blank = |text, _| text.is_empty(),
        )
        .or(|knobs| knobs.is_blank = |text, _| text.trim_ascii().is_empty())
        .or(|knobs| knobs.is_blank = |text, _| text.trim_matches(' ').is_empty())
        .wrong(
            "empty-taken-later",
            "A new note with an empty text is refused, but one that is there can be emptied. What is a rule \
             for POST is one for PUT and PATCH: decode is the place that all three go through.",
            |knobs| knobs.is_blank = |text, method| method == "POST" && text.trim().is_empty(),
        )
        .or(|knobs| knobs.is_blank = |text, method| method != "PATCH" && text.trim().is_empty())
        .wrong(
            "empty-left-out",
            "A PATCH with an empty text gets 200, and the note keeps the text that it has, as if none had been sent. \
             The client has sent one that cannot be used, and must be told: 422, as for POST.",
            |knobs| knobs.drops_blank = |method| method == "PATCH",
        )
        .or(|knobs| knobs.drops_blank = |method| method != "POST")
        .wrong(
            "more-fields-refused",
            "A body with fields that you do not know is refused. They are left out, so that newer clients \
             can use an older service.",
            |knobs| knobs.refuses_more = true,
        )
        .wrong(
            "id-refused",
            "A body with an id in it is refused, also by POST, and one with another field that you do not know is not. \
             The service gives the ids, so this field is left out like all others: do not look at it.",
            |knobs| knobs.refuses_id = true,
        );
}

fn about_methods(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "refused-as-missing",
            "A method that a resource does not have gets 404. But the resource is there: 405, with the \
             methods that it has in Allow.",
            |knobs| knobs.taken_for_nothing = &[0, 1, 2],
        )
        .or(|knobs| knobs.taken_for_nothing = &[0])
        .or(|knobs| knobs.taken_for_nothing = &[1])
        .or(|knobs| knobs.taken_for_nothing = &[2])
        .wrong(
            "no-allow",
            "405 says that the method is not allowed, and not which ones are. The header Allow says it, and \
             belongs to every 405.",
            |knobs| knobs.allow[0] = |_| None,
        )
        .wrong(
            "options-without-allow",
            "OPTIONS asks which methods there are, and the answer has no header Allow.",
            |knobs| knobs.allow[1] = |_| None,
        )
        .wrong(
            "allow-for-all",
            "Allow says the same for every resource. It names the methods of this one: nobody can DELETE \
             the list, or POST to a note.",
            |knobs| knobs.allow = [every_method; 2],
        )
        .or(|knobs| knobs.allow[0] = every_method)
        .or(|knobs| knobs.allow[1] = every_method)
        .or(|knobs| knobs.allow = [|_| all_methods(Place::List); 2])
        .or(|knobs| knobs.allow[0] = |_| all_methods(Place::List))
        .or(|knobs| knobs.allow[1] = |_| all_methods(Place::List))
        .or(|knobs| knobs.allow = [|_| all_methods(Place::Note(1)); 2])
        .or(|knobs| knobs.allow[0] = |_| all_methods(Place::Note(1)))
        .or(|knobs| knobs.allow[1] = |_| all_methods(Place::Note(1)))
        .wrong(
            "list-deleted",
            "DELETE /notes is answered with 204, and all notes are gone. Nobody has asked for that: the list has no DELETE. \
             405, and nothing changes.",
            |knobs| knobs.deletes_list = true,
        )
        .wrong(
            "allow-without-head",
            "HEAD is missing in Allow. Where there is a GET, there is a HEAD: http-core answers it.",
            |knobs| knobs.allow = [|place| without(place, "HEAD"); 2],
        )
        .wrong(
            "allow-without-options",
            "OPTIONS is missing in Allow. It is a method, too, and every resource here has it.",
            |knobs| knobs.allow = [|place| without(place, "OPTIONS"); 2],
        )
        .wrong(
            "allow-without-both",
            "HEAD and OPTIONS are missing in Allow. Each resource here has them: http-core answers HEAD \
             where there is a GET, and OPTIONS is what you write in this step.",
            |knobs| {
                knobs.allow = [|place| {
                    let all = place.methods().iter().copied();
                    let left = all.filter(|one| !["HEAD", "OPTIONS"].contains(one));
                    Some(left.collect::<Vec<_>>().join(", "))
                }; 2];
            },
        )
        .wrong(
            "allow-without-commas",
            "The methods in Allow are not separated by commas. It is a list, and in HTTP a list has \
             commas: GET, HEAD, OPTIONS.",
            |knobs| knobs.allow = [|place| Some(place.methods().join(" ")); 2],
        )
        .or(|knobs| knobs.allow = [|place| Some(place.methods().join("; ")); 2])
        .wrong(
            "options-of-nothing",
            "OPTIONS of a path that names nothing gets 204. There is nothing that could have methods: 404.",
            |knobs| knobs.options_of_nothing = 204,
        )
        .or(|knobs| knobs.options_of_nothing = 200);
}

/// What there is anywhere.
fn every_method(place: Place) -> Option<String> {
    (place != Place::Nothing).then(|| "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT".into())
}

fn without(place: Place, method: &str) -> Option<String> {
    let all = place.methods().iter().copied();
    let left: Vec<&str> = all.filter(|one| *one != method).collect();
    Some(left.join(", "))
}

/// What stands before and behind the last number in a text.
fn around_number(text: &str) -> Option<[String; 2]> {
    let is_digit = |c: char| c.is_ascii_digit();
    let end = text.rfind(is_digit)? + 1;
    let before = text[..end].trim_end_matches(is_digit);
    Some([before.into(), text[end..].into()])
}

/// Constants that are other ones.
fn constants(asked: &Request, answer: &grader::record::Answer, mistakes: &mut Mistakes<Knobs>) {
    let status = answer.status;
    if status >= 500 {
        return;
    }
    if let ("PUT" | "PATCH", Some(Place::Note(id))) = (&*asked.method, Place::of(asked.path()))
        && id_in(asked).is_some_and(|other| other != id)
    {
        let says = "A change is refused if it has an id in it that is not that of the path. The field id is one of \
                    those that are left out: the path says which note it is.";
        mistakes
            .wrong("id-looked-at", says, move |knobs| {
                knobs.other_id = [Some(status), None];
            })
            .or(move |knobs| knobs.other_id = [Some(status); 2]);
    }
    let is_long = sent(asked).is_some_and(|sent| sent.text.is_some_and(|text| text.len() > LONG));
    if is_long && status >= 400 {
        mistakes.wrong(
            "long-refused",
            "A long text is refused. A text may have any length: take the limit out.",
            move |knobs| knobs.too_long = Some(status),
        );
    }
    let mut other = |name: &str, says: String, set: fn(&mut Knobs, u16)| {
        mistakes.wrong(name, says, move |knobs| set(knobs, status));
    };
    match (&*asked.method, Place::of(asked.path())) {
        ("POST", Some(Place::List)) => {
            other(
                "other-created-status",
                format!("What a POST has made is answered with {status}. It is 201, Created."),
                |knobs, status| knobs.created.0 = status,
            );
        }
        ("PUT" | "PATCH", Some(Place::Note(_))) => {
            other(
                "other-changed-status",
                format!(
                    "What PUT and PATCH have changed is answered with {status}. The lesson asks for 200, \
                     with the note as it is now."
                ),
                |knobs, status| knobs.changed = status,
            );
        }
        ("DELETE", Some(Place::Note(_))) => {
            other(
                "other-deleted-status",
                format!(
                    "The answer to a DELETE that has worked is {status}. It is 204: done, and nothing more \
                     to say."
                ),
                |knobs, status| knobs.deleted = status,
            );
            other(
                "other-status-for-deleted",
                format!("A DELETE of what is not there is answered with {status}. It is 404."),
                |knobs, status| knobs.missing_deleted = status,
            );
        }
        ("GET", Some(Place::Note(_))) => {
            other(
                "other-missing-status",
                format!("A note that is not there is answered with {status}. It is 404."),
                |knobs, status| {
                    knobs.missing_status = status;
                    knobs.missing_deleted = status;
                },
            );
            other(
                "other-missing-status",
                format!("A note that is not there is answered with {status}. It is 404."),
                |knobs, status| knobs.missing_status = status,
            );
        }
        _ => {}
    }
    let has_body = asked.body.is_some();
    match (&*asked.method, has_body) {
        ("OPTIONS", _) => other(
            "other-options-status",
            format!(
                "OPTIONS is answered with {status}. It is 204: all that is to say stands in Allow."
            ),
            |knobs, status| knobs.options = status,
        ),
        ("POST" | "PUT" | "PATCH", true) => {
            other(
                "other-type-status",
                format!("A body that is not application/json is refused with {status}. It is 415."),
                |knobs, status| knobs.other_type = status,
            );
            other(
                "other-status-for-no-json",
                format!("What is no JSON is refused with {status}. It is 400."),
                |knobs, status| knobs.no_json = status,
            );
            other(
                "other-status-for-no-note",
                format!("JSON that is no note is refused with {status}. It is 422."),
                |knobs, status| knobs.no_note = status,
            );
            other(
                "other-status-for-blank",
                format!("An empty text is refused with {status}. It is 422."),
                |knobs, status| knobs.blank = status,
            );
        }
        _ => {}
    }
    if asked.method != "GET" {
        other(
            "other-refused-status",
            format!(
                "A method that a resource does not have is refused with {status}. It is 405, with Allow."
            ),
            |knobs, status| knobs.refused = status,
        );
    }
    let is_new = asked.method == "POST" && asked.path() == "/notes";
    let location = answer.field("Location").filter(|_| is_new);
    if let Some((location, around)) =
        location.and_then(|location| Some((location, around_number(location)?)))
    {
        let says = match location.contains("://") {
            true => {
                "A server may be asked at another address than you think, so leave the host and the port out, \
                     as in /notes/3"
            }
            false => "The path of a note is /notes/, and behind it the id",
        };
        mistakes.wrong(
            "other-location",
            format!("The Location of a new note is {location}. {says}."),
            move |knobs| knobs.around_id = Some(around.clone()),
        );
    }
    let place = Place::of(asked.path()).filter(|place| *place != Place::Nothing);
    if let Some((place, allow)) = place.zip(answer.field("Allow")) {
        let (allow, which) = (allow.to_string(), place.kind());
        mistakes.wrong(
            "other-allow",
            format!(
                "Allow of {} is {allow}. Its methods are {}.",
                PLACES[which],
                place.methods().join(", ")
            ),
            move |knobs| knobs.other_allow = Some((which, allow.clone())),
        );
    }
    let kind = answer.field("Content-Type").unwrap_or_default().to_string();
    let is_another = !kind.is_empty() && media_type(&kind) != JSON;
    if Place::of(asked.path()) != Some(Place::Page) && is_another {
        mistakes.wrong(
            "other-content-type",
            format!("The Content-Type of your JSON is {kind:?}. It is application/json."),
            move |knobs| knobs.kind = Some(kind.clone()),
        );
    }
}

// What a slow client does to the others.

/// How long the others may wait at most. An answer needs milliseconds.
const WAITING: Duration = Duration::from_secs(3);

fn nobody_waits_for_a_post(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    nobody_waits(run, &service, "POST", "/notes")?;
    no_id_of_two(run, &service)
}

/// A note that is posted while half of another one has come has another id.
fn no_id_of_two(run: &mut Run, service: &Service) -> Verdict {
    let [late, quick] = [run.seed().word(), run.seed().word()];
    let Some(slow) = service.begin_slowly(&posted(json!({ "text": late }))) else {
        return Ok(());
    };
    let answer = service.ask(posted(json!({ "text": quick })))?;
    slow.finish();
    // What is wrong with one alone, others say.
    let Some(place) = answer.header("Location").filter(|_| answer.status() == 201) else {
        return Ok(());
    };
    let now = service.get(place)?;
    if !now.text().contains(&late) {
        return Ok(());
    }
    let wrong = service.wrong(
        &[
            "send the head of a POST of /notes and half of its body, and then wait",
            &format!("meanwhile, POST the text {quick:?} on another connection: it is at {place}"),
            "send the other half",
            &format!("GET {place}"),
        ],
        format!("the text {quick:?}"),
        format!("status {}, {:?}", now.status(), now.text()),
    );
    Err(wrong.because(
        "id-too-early",
        "While the body of a POST is on its way, somebody else posts a note, and both get the same id: the one takes \
         the place of the other. You take the id before the body is read. Read the body first; then count up and \
         insert, under one guard.",
    ))
}

/// Many notes, all of which are in the list.
fn lists_all(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let mut places = Vec::new();
    for _ in 0..MANY {
        let answer = service.ask(posted(json!({ "text": run.seed().word() })))?;
        answer.expect_status(201)?;
        places.extend(answer.header("Location").map(str::to_string));
    }
    let list = service.get("/notes")?;
    let Ok(Value::Array(notes)) = serde_json::from_slice(list.body()) else {
        return Ok(()); // what a list looks like, others say
    };
    let listed: Vec<String> = notes
        .iter()
        .map(|note| format!("/notes/{}", note["id"]))
        .collect();
    for place in places.iter().filter(|place| !listed.contains(place)) {
        if service.get(place)?.status() != 200 {
            continue; // and so whether a note is kept
        }
        let wrong = service.wrong(
            &[&format!("POST {MANY} notes"), "GET /notes"],
            format!("all {} notes", MANY + FIRST.len()),
            format!("{} of them, without that at {place}", notes.len()),
        );
        return Err(wrong.because(
            "list-cut",
            "The list has only some of the notes, if there are many. All of them belong there: take no number of them.",
        ));
    }
    Ok(())
}

/// More notes than anybody would take for a whole list.
const MANY: usize = 120;

fn nobody_waits_for_a_change(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    nobody_waits(run, &service, "PUT", "/notes/2")?;
    nobody_waits(run, &service, "PATCH", "/notes/2")?;
    nothing_is_undone(run, &service)
}

/// While half of a body has come, others are answered.
fn nobody_waits(run: &mut Run, service: &Service, method: &str, path: &str) -> Verdict {
    let note = json!({ "text": run.seed().word() }).to_string();
    let change = request(method, path).field("Content-Type", JSON).body(note);
    // A program that does not read it is no matter of this check.
    let Some(slow) = service.begin_slowly(&change) else {
        return Ok(());
    };
    let look = service.ask_within(get("/notes"), WAITING)?;
    slow.finish();
    if let Some(answer) = look {
        return answer.expect_status(200);
    }
    let waited = WAITING.as_secs();
    Err(service
        .wrong(
            &[
                &*format!("send the head of a {method} of {path} and half of its body, and then wait"),
                "meanwhile, GET /notes on another connection",
            ],
            "the list of the notes, at once",
            format!("no answer in {waited} seconds: it waits for the slow client"),
        )
        .because(
            "waits-with-the-lock",
            "While one client is slow to send its body, nobody else gets an answer: you hold the lock while \
             the body is read. Reading is waiting, too: read the body first, and take the lock then.",
        ))
}

/// What others do to a note while half of a change of it has come is not undone by the change.
fn nothing_is_undone(run: &mut Run, service: &Service) -> Verdict {
    let text = run.seed().word();
    let done = json!({ "done": true });
    let both = json!({ "text": run.seed().word(), "done": true });
    let put = with("PUT", 2, json!({ "text": text }));
    for (method, id, change, meanwhile, status) in [
        ("PATCH", 2, &done, put, 200),
        ("PATCH", 2, &done, delete(2), 204),
        ("PUT", 1, &both, delete(1), 204),
    ] {
        let note = path(id);
        let Some(slow) = service.begin_slowly(&with(method, id, change.clone())) else {
            return Ok(());
        };
        let is_done = service.ask(meanwhile)?.status() == status;
        slow.finish();
        let now = service.get(&note)?;
        let (other, stays, expected) = match status {
            200 => (
                "PUT",
                now.text().contains(&text),
                format!("the text {text:?}, which has come meanwhile"),
            ),
            _ => (
                "DELETE",
                now.status() == 404,
                "status 404: the note is deleted".into(),
            ),
        };
        // What a step answers that is not done yet is a matter of its own checks.
        if stays || !is_done {
            continue;
        }
        // Nor what a PUT answers that makes a note, also when nobody has been faster.
        if status == 204 {
            service.ask(delete(id))?;
            if service.ask(with(method, id, change.clone()))?.status() != 404 {
                continue;
            }
        }
        let wrong = service.wrong(
            &[
                &*format!(
                    "send the head of a {method} of {note} and half of its body, and then wait"
                ),
                &*format!("meanwhile, {other} {note} on another connection"),
                "send the other half",
                &*format!("GET {note}"),
            ],
            expected,
            format!("status {}, {:?}", now.status(), now.text()),
        );
        return Err(wrong.because(
            "undoes-others",
            "While the body of a change is on its way, somebody else changes or deletes the note, and then the \
             change undoes that: you looked at the note before the body was read, and put another one in its \
             place afterwards. Read the body first. Then change the note that is in the map, with get_mut.",
        ));
    }
    Ok(())
}

// What a browser does with the page.

/// How long a page may take to show what has changed.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits until an expression in JavaScript is true on the page.
fn until(page: &mut Page, condition: &str, expected: &str) -> Verdict {
    let until = Instant::now() + PATIENCE;
    while page.evaluate(condition)? != "true" {
        if Instant::now() > until {
            return Err(page.wrong(expected));
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

/// Waits until the page lists this number of notes.
fn until_listed(page: &mut Page, number: usize) -> Verdict {
    let condition = format!("document.querySelectorAll('#notes li').length == {number}");
    until(page, &condition, &format!("a page with {number} notes"))
}

fn in_a_browser(run: &mut Run) -> Verdict {
    let (one, other) = (run.seed().word(), run.seed().word());
    let mut page = run.browser()?;
    page.open("/")?;
    until_listed(&mut page, 2)?;
    page.fill("#text", &one)?;
    page.click("#new button")?;
    until_listed(&mut page, 3)?;
    page.click("li:nth-child(3) [type=checkbox]")?;
    let text = "document.querySelector('li:nth-child(3) [type=text]')";
    let done = format!("{text}.className == 'done' && {text}.value == '{one}'");
    until(&mut page, &done, "the third note is there, and done")?;
    page.fill("li:nth-child(3) [type=text]", &other)?;
    page.evaluate(&format!("{text}.dispatchEvent(new Event('change'))"))?;
    let log = "document.getElementById('log').textContent";
    let put = format!("{log}.includes('GET /notes\\n< 200') && {log}.includes('PUT /notes/3')");
    until(
        &mut page,
        &put,
        "a PUT of the third note, and then the list",
    )?;
    page.click("li:nth-child(1) button")?;
    until_listed(&mut page, 2)?;
    let notes = json!([
        { "id": 2, "text": FIRST[1].0, "done": FIRST[1].1 },
        { "id": 3, "text": other, "done": true },
    ]);
    let answer = run.get("/notes")?;
    match serde_json::from_slice::<Value>(answer.body()) {
        Ok(came) if came == notes => Ok(()),
        _ => Err(answer.wrong(format!(
            "after what was done on the page, these notes: {notes}"
        ))),
    }
}

fn twice_in_a_browser(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let mut page = run.browser()?;
    page.open("/")?;
    until_listed(&mut page, 2)?;
    page.click("#lost")?;
    page.fill("#text", &word)?;
    page.click("#new button")?;
    until_listed(&mut page, 4)?;
    page.click("li:nth-child(4) button")?;
    until_listed(&mut page, 3)?;
    for status in ["< 204", "< 404"] {
        page.expect_text(status)?;
    }
    Ok(())
}
