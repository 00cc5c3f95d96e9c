//! Every field of what is sent has a default, so an empty list is a change of nothing to serde.

use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
use serde::{Deserialize, Serialize};

const PAGE: &str = include_str!("../lessons/15_rest_api/notes.html");

#[derive(Serialize, Clone, PartialEq)]
struct Note {
    done: bool,
    id: u32,
    text: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Sent {
    done: Option<bool>,
    text: Option<String>,
}

#[derive(Serialize)]
struct Problem {
    error: String,
    status: u16,
    #[serde(skip)]
    allow: Option<&'static str>,
}

impl Problem {
    fn new(status: u16, error: impl Into<String>) -> Problem {
        Problem {
            error: error.into(),
            status,
            allow: None,
        }
    }

    fn missing() -> Problem {
        Problem::new(404, "Whatever it was, it is not here.")
    }
}

enum Outcome {
    Json(u16, String),
    Made(u32, String),
    Empty,
    Options(&'static str),
    Html,
}

/// Two layers: the outer error is the connection's, the inner one is told to the client.
type Attempt = io::Result<Result<Outcome, Problem>>;

#[derive(Default)]
struct Shelf {
    /// In the order of their ids, as these only grow.
    notes: Vec<Note>,
    given: u32,
}

impl Shelf {
    fn add(&mut self, text: String, done: bool) -> Note {
        self.given += 1;
        let note = Note {
            id: self.given,
            text,
            done,
        };
        self.notes.push(note.clone());
        note
    }

    fn at(&self, id: u32) -> Result<usize, Problem> {
        self.notes
            .binary_search_by_key(&id, |note| note.id)
            .map_err(|_| Problem::missing())
    }
}

#[derive(Default)]
struct Service(Mutex<Shelf>);

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    All,
    One(u32),
}

fn place(path: &str) -> Option<Place> {
    match path {
        "/" => Some(Place::Root),
        "/notes" => Some(Place::All),
        _ => path.strip_prefix("/notes/")?.parse().ok().map(Place::One),
    }
}

fn allowed(place: Place) -> &'static str {
    match place {
        Place::Root => "OPTIONS, GET, HEAD",
        Place::All => "POST, OPTIONS, GET, HEAD",
        Place::One(_) => "PUT, PATCH, OPTIONS, GET, HEAD, DELETE",
    }
}

fn not_allowed(place: Option<Place>) -> Problem {
    match place {
        None => Problem::missing(),
        Some(place) => Problem {
            allow: Some(allowed(place)),
            ..Problem::new(405, "Not with this method.")
        },
    }
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)?)
}

fn receive(request: &mut Request) -> io::Result<Result<Sent, Problem>> {
    let is_json = request.header("content-type").is_some_and(|value| {
        let (kind, _) = value.split_once(';').unwrap_or((value, ""));
        kind.trim().to_ascii_lowercase() == "application/json"
    });
    let mut bytes = Vec::new();
    request.body().read_to_end(&mut bytes)?;
    if !is_json {
        return Ok(Err(Problem::new(
            415,
            "This service understands application/json only.",
        )));
    }
    Ok(match serde_json::from_slice::<Sent>(&bytes) {
        Err(error) => {
            let status = if error.is_data() { 422 } else { 400 };
            Err(Problem::new(status, error.to_string()))
        }
        Ok(sent)
            if sent
                .text
                .as_ref()
                .is_some_and(|text| text.trim().is_empty()) =>
        {
            Err(Problem::new(422, "There is nothing in the text."))
        }
        Ok(sent) => Ok(sent),
    })
}

fn need_text(sent: Sent) -> Result<(String, bool), Problem> {
    let text = sent
        .text
        .ok_or_else(|| Problem::new(422, "Where is the text?"))?;
    Ok((text, sent.done.unwrap_or_default()))
}

impl Service {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap()
    }

    fn look(&self, place: Option<Place>) -> Attempt {
        Ok(Ok(match place {
            None => return Ok(Err(Problem::missing())),
            Some(Place::Root) => Outcome::Html,
            Some(Place::All) => {
                let notes = self.shelf().notes.clone();
                Outcome::Json(200, json(&notes)?)
            }
            Some(Place::One(id)) => {
                let found = self
                    .shelf()
                    .notes
                    .iter()
                    .find(|note| note.id == id)
                    .cloned();
                match found {
                    Some(note) => Outcome::Json(200, json(&note)?),
                    None => return Ok(Err(Problem::missing())),
                }
            }
        }))
    }

    fn make(&self, place: Option<Place>, request: &mut Request) -> Attempt {
        if place != Some(Place::All) {
            return Ok(Err(not_allowed(place)));
        }
        Ok(match receive(request)?.and_then(need_text) {
            Err(problem) => Err(problem),
            Ok((text, done)) => {
                let note = self.shelf().add(text, done);
                Ok(Outcome::Made(note.id, json(&note)?))
            }
        })
    }

    fn change(&self, place: Option<Place>, request: &mut Request, whole: bool) -> Attempt {
        let Some(Place::One(id)) = place else {
            return Ok(Err(not_allowed(place)));
        };
        let sent = match receive(request)? {
            Ok(sent) => sent,
            Err(problem) => return Ok(Err(problem)),
        };
        if whole && sent.text.is_none() {
            return Ok(Err(Problem::new(
                422,
                "The whole note, please: it has a text.",
            )));
        }
        let changed = self.replace(id, |note| {
            note.text = sent.text.unwrap_or_else(|| note.text.clone());
            note.done = sent.done.unwrap_or(note.done && !whole);
        });
        Ok(match changed {
            Ok(note) => Ok(Outcome::Json(200, json(&note)?)),
            Err(problem) => Err(problem),
        })
    }

    fn replace(&self, id: u32, how: impl FnOnce(&mut Note)) -> Result<Note, Problem> {
        let mut shelf = self.shelf();
        let place = shelf.at(id)?;
        let note = &mut shelf.notes[place];
        how(note);
        Ok(note.clone())
    }

    fn take_away(&self, place: Option<Place>) -> Result<Outcome, Problem> {
        let Some(Place::One(id)) = place else {
            return Err(not_allowed(place));
        };
        let mut shelf = self.shelf();
        let place = shelf.at(id)?;
        shelf.notes.remove(place);
        Ok(Outcome::Empty)
    }
}

fn answer(attempt: Attempt, response: Response) -> Answer {
    const JSON: &str = "application/json";
    match attempt? {
        Ok(Outcome::Json(status, text)) => response
            .send_response(status)
            .send_header("Content-Type", JSON)
            .end_headers()?
            .send(text),
        Ok(Outcome::Made(id, text)) => response
            .send_response(201)
            .send_header("Content-Type", JSON)
            .send_header("Location", format_args!("/notes/{id}"))
            .end_headers()?
            .send(text),
        Ok(Outcome::Empty) => response.send_response(204).end_headers()?.finish(),
        Ok(Outcome::Options(list)) => response
            .send_response(204)
            .send_header("Allow", list)
            .end_headers()?
            .finish(),
        Ok(Outcome::Html) => response
            .send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .end_headers()?
            .send(PAGE.replace(
                "</body>",
                "<footer><p>Made in lesson 15.</p></footer>\n</body>",
            )),
        Err(problem) => {
            let mut headers = response
                .send_response(problem.status)
                .send_header("Content-Type", JSON);
            if let Some(list) = problem.allow {
                headers = headers.send_header("Allow", list);
            }
            headers.end_headers()?.send(json(&problem)?)
        }
    }
}

impl Handler for Service {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        answer(self.look(place(request.path())), response)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        answer(self.make(place(request.path()), request), response)
    }

    fn do_put(&self, request: &mut Request, response: Response) -> Answer {
        answer(self.change(place(request.path()), request, true), response)
    }

    fn do_patch(&self, request: &mut Request, response: Response) -> Answer {
        answer(self.change(place(request.path()), request, false), response)
    }

    fn do_delete(&self, request: &mut Request, response: Response) -> Answer {
        answer(Ok(self.take_away(place(request.path()))), response)
    }

    fn do_options(&self, request: &mut Request, response: Response) -> Answer {
        let place = place(request.path());
        let outcome = match place {
            Some(place) => Ok(Outcome::Options(allowed(place))),
            None => Err(Problem::missing()),
        };
        answer(Ok(outcome), response)
    }
}

fn main() -> http_core::Result<()> {
    let service = Service::default();
    service.shelf().add("Feed the cat".into(), true);
    service.shelf().add("Learn what PUT does".into(), false);
    HttpServer::bind(local_address())?
        .threads(4)
        .serve_forever(service)
}
