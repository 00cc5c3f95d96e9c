//! PUT makes a new note and puts it in the place of the old one; PATCH is a `map`.

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
            Resource::List => {
                let notes: Vec<Note> = self.notes.lock().unwrap().by_id.values().cloned().collect();
                send_json(response, 200, &notes)
            }
            Resource::Note(id) => {
                let note = self.notes.lock().unwrap().by_id.get(&id).cloned();
                send_note(response, note)
            }
            Resource::Nothing => send_problem(response, 404, "There is nothing here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::List => match read_change(request)? {
                Ok(Change {
                    text: Some(text),
                    done,
                }) => {
                    let note = {
                        let mut notes = self.notes.lock().unwrap();
                        notes.last_id += 1;
                        let note = Note {
                            id: notes.last_id,
                            text,
                            done: done.unwrap_or(false),
                        };
                        notes.by_id.insert(note.id, note.clone());
                        note
                    };
                    response
                        .send_response(201)
                        .send_header("Location", format!("/notes/{}", note.id))
                        .send_header("Content-Type", "application/json")
                        .end_headers()?
                        .send(serde_json::to_string(&note)? + "\n")
                }
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
                }) => {
                    let done = done.unwrap_or(false);
                    let new = Note { id, text, done };
                    let mut notes = self.notes.lock().unwrap();
                    let old = notes.by_id.get_mut(&id);
                    let note = old.map(|old| {
                        *old = new.clone();
                        new
                    });
                    drop(notes);
                    send_note(response, note)
                }
                Ok(_) => send_problem(response, 422, "A whole note has a text."),
                Err((status, words)) => send_problem(response, status, &words),
            },
            other => refuse(&other, response),
        }
    }

    fn do_patch(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Note(id) => match read_change(request)? {
                Ok(change) => {
                    let mut notes = self.notes.lock().unwrap();
                    let note = notes.by_id.get_mut(&id).map(|note| {
                        change.text.into_iter().for_each(|text| note.text = text);
                        change.done.into_iter().for_each(|done| note.done = done);
                        note.clone()
                    });
                    drop(notes);
                    send_note(response, note)
                }
                Err((status, words)) => send_problem(response, status, &words),
            },
            other => refuse(&other, response),
        }
    }

    fn do_delete(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Note(id) => {
                let removed = self.notes.lock().unwrap().by_id.remove(&id);
                match removed {
                    Some(_) => response.send_response(204).end_headers()?.finish(),
                    None => send_problem(response, 404, "There is no such note."),
                }
            }
            other => refuse(&other, response),
        }
    }

    fn do_options(&self, request: &mut Request, response: Response) -> Answer {
        match resource(request.path()) {
            Resource::Nothing => send_problem(response, 404, "There is nothing here."),
            known => response
                .send_response(204)
                .send_header("Allow", methods(&known))
                .end_headers()?
                .finish(),
        }
    }
}

/// The methods that a resource has, as they stand in Allow.
fn methods(resource: &Resource) -> &'static str {
    match resource {
        Resource::Page => "GET, HEAD, OPTIONS",
        Resource::List => "GET, HEAD, OPTIONS, POST",
        Resource::Note(_) => "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
        Resource::Nothing => "",
    }
}

/// The answer to a method that this resource does not have.
fn refuse(resource: &Resource, response: Response) -> Answer {
    if let Resource::Nothing = resource {
        return send_problem(response, 404, "There is nothing here.");
    }
    response
        .send_response(405)
        .send_header("Allow", methods(resource))
        .send_header("Content-Type", "application/json")
        .end_headers()?
        .send(json!({ "error": "This method is not allowed here." }).to_string() + "\n")
}

/// What the body says; or why it cannot be used, as a status and words.
fn read_change(request: &mut Request) -> io::Result<Result<Change, (u16, String)>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let content_type = request.header("Content-Type").unwrap_or("");
    Ok(decode(content_type, &body))
}

fn decode(content_type: &str, body: &[u8]) -> Result<Change, (u16, String)> {
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err((415, "The body must be application/json.".to_string()));
    }
    match serde_json::from_slice::<Change>(body) {
        Ok(Change {
            text: Some(text), ..
        }) if text.trim().is_empty() => Err((422, "The text is empty.".to_string())),
        Ok(change) => Ok(change),
        Err(error) if error.is_data() => Err((422, error.to_string())),
        Err(error) => Err((400, error.to_string())),
    }
}

/// Answers with a note; or with 404, if there is none.
fn send_note(response: Response, note: Option<Note>) -> Answer {
    match note {
        Some(note) => send_json(response, 200, &note),
        None => send_problem(response, 404, "There is no such note."),
    }
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
