//! Each method is a function that returns what came of it, or why not; one place makes
//! an answer of it.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
use serde::{Deserialize, Serialize};
use serde_json::json;

const PAGE: &str = include_str!("../lessons/15_rest_api/notes.html");

#[derive(Clone, Serialize)]
struct Note {
    id: u32,
    text: String,
    done: bool,
}

#[derive(Deserialize)]
struct Change {
    text: Option<String>,
    done: Option<bool>,
}

/// What has come of a request.
enum Outcome {
    Page,
    All(Vec<Note>),
    One(Note),
    Created(Note),
    Deleted,
    Methods(&'static str),
}

/// Why nothing has come of it.
enum Problem {
    NotFound,
    NotAllowed(&'static str),
    NotJson,
    Malformed(String),
    NoNote(String),
    Broken(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Broken(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        if error.is_data() {
            Problem::NoNote(error.to_string())
        } else {
            Problem::Malformed(error.to_string())
        }
    }
}

#[derive(Default)]
struct Notes {
    by_id: BTreeMap<u32, Note>,
    last_id: u32,
}

impl Notes {
    fn add(&mut self, text: String, done: bool) -> Note {
        self.last_id += 1;
        let id = self.last_id;
        let note = Note { id, text, done };
        self.by_id.insert(id, note.clone());
        note
    }

    fn get(&mut self, id: u32) -> Result<&mut Note, Problem> {
        self.by_id.get_mut(&id).ok_or(Problem::NotFound)
    }
}

struct NotesService(Mutex<Notes>);

impl NotesService {
    fn outcome(&self, request: &mut Request) -> Result<Outcome, Problem> {
        let path = request.path().to_string();
        let method = request.method().as_str().to_string();
        if path == "/" {
            return match method.as_str() {
                "GET" | "HEAD" => Ok(Outcome::Page),
                "OPTIONS" => Ok(Outcome::Methods("GET, HEAD, OPTIONS")),
                _ => Err(Problem::NotAllowed("GET, HEAD, OPTIONS")),
            };
        }
        if path == "/notes" {
            return match method.as_str() {
                "GET" | "HEAD" => {
                    let notes = self.0.lock().unwrap();
                    Ok(Outcome::All(notes.by_id.values().cloned().collect()))
                }
                "POST" => {
                    let change = read(request)?;
                    let text = change.text.ok_or(Problem::NoNote("no text".into()))?;
                    let done = change.done.unwrap_or_default();
                    Ok(Outcome::Created(self.0.lock().unwrap().add(text, done)))
                }
                "OPTIONS" => Ok(Outcome::Methods("GET, HEAD, POST, OPTIONS")),
                _ => Err(Problem::NotAllowed("GET, HEAD, POST, OPTIONS")),
            };
        }
        let id = path.strip_prefix("/notes/").ok_or(Problem::NotFound)?;
        let id: u32 = id.parse().map_err(|_| Problem::NotFound)?;
        // A note that is not there has no methods.
        self.0.lock().unwrap().get(id)?;
        match method.as_str() {
            "GET" | "HEAD" => Ok(Outcome::One(self.0.lock().unwrap().get(id)?.clone())),
            "PUT" | "PATCH" => {
                let change = read(request)?;
                let mut notes = self.0.lock().unwrap();
                let note = notes.get(id)?;
                if method == "PUT" {
                    note.text = change.text.ok_or(Problem::NoNote("no text".into()))?;
                    note.done = change.done == Some(true);
                } else {
                    note.text = change.text.unwrap_or(note.text.clone());
                    note.done = change.done.unwrap_or(note.done);
                }
                Ok(Outcome::One(note.clone()))
            }
            "DELETE" => {
                self.0.lock().unwrap().by_id.remove(&id);
                Ok(Outcome::Deleted)
            }
            "OPTIONS" => Ok(Outcome::Methods("GET, HEAD, PUT, PATCH, DELETE, OPTIONS")),
            _ => Err(Problem::NotAllowed(
                "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            )),
        }
    }
}

fn read(request: &mut Request) -> Result<Change, Problem> {
    let kind = request.header("Content-Type").unwrap_or_default();
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind);
    if kind.trim().to_lowercase() != "application/json" {
        return Err(Problem::NotJson);
    }
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let change: Change = serde_json::from_slice(&body)?;
    match &change.text {
        Some(text) if text.chars().all(char::is_whitespace) => {
            Err(Problem::NoNote("an empty text".into()))
        }
        _ => Ok(change),
    }
}

impl Handler for NotesService {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        match self.outcome(request) {
            Ok(Outcome::Page) => response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send(PAGE),
            Ok(Outcome::All(notes)) => json(response, 200, &[], &notes),
            Ok(Outcome::One(note)) => json(response, 200, &[], &note),
            Ok(Outcome::Created(note)) => {
                let location = format!("/notes/{}", note.id);
                json(response, 201, &[("Location", &location)], &note)
            }
            Ok(Outcome::Deleted) => response.send_response(204).end_headers()?.finish(),
            Ok(Outcome::Methods(methods)) => response
                .send_response(204)
                .send_header("Allow", methods)
                .end_headers()?
                .finish(),
            Err(Problem::Broken(error)) => Err(error),
            Err(problem) => {
                let mut fields = Vec::new();
                let (status, words) = match problem {
                    Problem::NotFound => (404, "there is nothing".to_string()),
                    Problem::NotAllowed(methods) => {
                        fields.push(("Allow", methods));
                        (405, "not here".into())
                    }
                    Problem::NotJson => (415, "only JSON".into()),
                    Problem::Malformed(words) => (400, words),
                    Problem::NoNote(words) => (422, words),
                    Problem::Broken(error) => return Err(error),
                };
                json(
                    response,
                    status,
                    &fields,
                    &json!({ "error": words, "status": status }),
                )
            }
        }
    }
}

fn json(
    response: Response,
    status: u16,
    fields: &[(&str, &str)],
    value: &impl Serialize,
) -> Answer {
    let mut headers = response.send_response(status);
    for (name, value) in fields {
        headers = headers.send_header(name, value);
    }
    let mut body = headers
        .send_header("Content-Type", "application/json")
        .end_headers()?;
    serde_json::to_writer_pretty(&mut body, value)?;
    body.finish()
}

fn main() -> http_core::Result<()> {
    let mut notes = Notes::default();
    notes.add("Feed the cat".into(), true);
    notes.add("Learn what PUT does".into(), false);
    HttpServer::bind(local_address())?.serve_forever(NotesService(Mutex::new(notes)))
}
