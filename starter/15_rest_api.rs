//! Lesson 15: a service for programs. Notes in JSON, and all the methods of HTTP.
//!
//!     cargo run -p rest_api      run it, then open http://localhost:8000/
//!     cargo test -p rest_api     see which steps are done
//!
//! The lesson is in lessons/15_rest_api/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A page that uses the service.
const PAGE: &str = include_str!("../lessons/15_rest_api/notes.html");

/// A note, as a client gets it.
#[derive(Clone, Serialize)]
struct Note {
    id: u32,
    text: String,
    done: bool,
}

/// What a client sends. A field that it leaves out is None.
#[derive(Deserialize)]
struct Change {
    text: Option<String>,
    done: Option<bool>,
}

/// All notes by their ids, and the last id that was given to one.
struct Notes {
    by_id: BTreeMap<u32, Note>,
    last_id: u32,
}

struct NotesService {
    notes: Mutex<Notes>,
}

/// What a path names.
enum Resource {
    Page,
    List,
    Note(u32),
    Nothing,
}

fn resource(path: &str) -> Resource {
    if path == "/" {
        return Resource::Page;
    }
    if path == "/notes" {
        return Resource::List;
    }
    match path.strip_prefix("/notes/").map(|id| id.parse()) {
        Some(Ok(id)) => Resource::Note(id),
        _ => Resource::Nothing,
    }
}

impl Handler for NotesService {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Page => response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send(PAGE),
            Resource::List => todo!("step 1: answer with all notes"),
            Resource::Note(id) => todo!("step 1: find this note, and answer with it"),
            Resource::Nothing => send_problem(response, 404, "There is nothing here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::List => match read_change(request)? {
                Ok(Change {
                    text: Some(text),
                    done,
                }) => todo!("step 2: keep a new note, and say where it is"),
                Ok(_) => send_problem(response, 422, "A note needs a text."),
                Err((status, words)) => send_problem(response, status, &words),
            },
            other => refuse(&other, response),
        }
    }

    fn do_put(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Note(id) => match read_change(request)? {
                Ok(Change {
                    text: Some(text),
                    done,
                }) => todo!("step 3: put this in the place of what the note says"),
                Ok(_) => send_problem(response, 422, "A whole note has a text."),
                Err((status, words)) => send_problem(response, status, &words),
            },
            other => refuse(&other, response),
        }
    }

    fn do_patch(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Note(id) => match read_change(request)? {
                Ok(change) => todo!("step 3: change only what is named"),
                Err((status, words)) => send_problem(response, status, &words),
            },
            other => refuse(&other, response),
        }
    }

    fn do_delete(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Note(id) => todo!("step 4: take the note away"),
            other => refuse(&other, response),
        }
    }

    fn do_options(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Nothing => send_problem(response, 404, "There is nothing here."),
            known => todo!("step 6: answer with the methods that it has"),
        }
    }
}

/// The methods that a resource has, as they stand in Allow.
fn methods(resource: &Resource) -> &'static str {
    todo!("step 6: name its methods")
}

/// The answer to a method that this resource does not have.
fn refuse(resource: &Resource, response: Response) -> Answer {
    if let Resource::Nothing = resource {
        return send_problem(response, 404, "There is nothing here.");
    }
    todo!("step 6: answer 405, and say which methods are allowed")
}

/// What the body says; or why it cannot be used, as a status and words.
fn read_change(request: &mut Request) -> io::Result<Result<Change, (u16, String)>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let content_type = request.header("Content-Type").unwrap_or("");
    Ok(decode(content_type, &body))
}

fn decode(content_type: &str, body: &[u8]) -> Result<Change, (u16, String)> {
    match serde_json::from_slice::<Change>(body) {
        Ok(change) => Ok(change),
        Err(error) => todo!("step 5: refuse what is no JSON, and JSON that is no note"),
    }
}

/// Answers with a note; or with 404, if there is none.
fn send_note(response: Response, note: Option<Note>) -> Answer {
    todo!("step 1: answer 200 with the note, or 404")
}

/// Answers with a value, as JSON.
fn send_json(response: Response, status: u16, value: &impl Serialize) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "application/json")
        .end_headers()?
        .send(serde_json::to_string(value)? + "\n")
}

/// Answers that something is wrong, as JSON: `{"error":"There is no such note."}`.
fn send_problem(response: Response, status: u16, words: &str) -> Answer {
    send_json(response, status, &json!({ "error": words }))
}

fn main() -> http_core::Result<()> {
    // Two notes to begin with.
    let mut notes = Notes {
        by_id: BTreeMap::new(),
        last_id: 0,
    };
    for (text, done) in [("Feed the cat", true), ("Learn what PUT does", false)] {
        notes.last_id += 1;
        let id = notes.last_id;
        let text = text.to_string();
        notes.by_id.insert(id, Note { id, text, done });
    }
    let notes = Mutex::new(notes);
    HttpServer::bind(local_address())?.serve_forever(NotesService { notes })
}
