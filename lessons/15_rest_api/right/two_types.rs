//! A type for a whole note and one for a part of it, read by one generic function.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const PAGE: &str = include_str!("../lessons/15_rest_api/notes.html");

const OF_PAGE: &str = "OPTIONS, HEAD, GET";
const OF_LIST: &str = "OPTIONS, POST, HEAD, GET";
const OF_NOTE: &str = "OPTIONS, PATCH, PUT, HEAD, GET, DELETE";

/// A whole note, as it comes and as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Content {
    text: String,
    #[serde(default)]
    done: bool,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    done: Option<bool>,
}

#[derive(Serialize)]
struct Note<'a> {
    id: u32,
    #[serde(flatten)]
    content: &'a Content,
}

#[derive(Serialize)]
struct Problem {
    error: String,
}

struct Service {
    notes: RwLock<HashMap<u32, Content>>,
    next: AtomicU32,
}

fn sent<T: DeserializeOwned>(request: &mut Request) -> io::Result<Result<T, (u16, String)>> {
    let is_json = request.header("Content-Type").is_some_and(|kind| {
        let end = kind.find(';').unwrap_or(kind.len());
        kind[..end].trim().eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Ok(Err((415, "I read application/json".into())));
    }
    let mut text = Vec::new();
    request.body().read_to_end(&mut text)?;
    Ok(
        serde_json::from_slice(&text).map_err(|why| match why.classify() {
            serde_json::error::Category::Data => (422, why.to_string()),
            _ => (400, why.to_string()),
        }),
    )
}

fn is_empty(text: &str) -> bool {
    text.split_whitespace().next().is_none()
}

const EMPTY: (u16, &str) = (422, "the text is empty");

fn json(response: Response, status: u16, value: impl Serialize) -> Answer {
    let text = serde_json::to_vec(&value).expect("it can be JSON");
    response
        .send_response(status)
        .send_header("Content-Type", "application/json")
        .send_header("Content-Length", text.len())
        .end_headers()?
        .send(text)
}

fn problem(response: Response, status: u16, error: &str) -> Answer {
    let error = error.to_string();
    json(response, status, Problem { error })
}

fn no_method(response: Response, allow: &str) -> Answer {
    let error = format!("only {allow}");
    let text = serde_json::to_string(&Problem { error })?;
    response
        .send_response(405)
        .send_header("allow", allow)
        .send_header("content-type", "application/json")
        .end_headers()?
        .send(text)
}

fn note(path: &str) -> Option<u32> {
    let (folder, id) = path.rsplit_once('/')?;
    (folder == "/notes").then(|| id.parse().ok())?
}

impl Service {
    fn answer(&self, id: u32, response: Response) -> Answer {
        let found = self.notes.read().unwrap().get(&id).cloned();
        match found {
            Some(content) => {
                let content = &content;
                json(response, 200, Note { id, content })
            }
            None => problem(response, 404, "no such note"),
        }
    }

    fn list(&self, response: Response) -> Answer {
        let notes = self.notes.read().unwrap().clone();
        let mut all: Vec<Note> = notes
            .iter()
            .map(|(&id, content)| Note { id, content })
            .collect();
        all.sort_by_key(|note| note.id);
        json(response, 200, all)
    }

    fn add(&self, request: &mut Request, response: Response) -> Answer {
        let content: Content = match sent(request)? {
            Ok(content) => content,
            Err((status, why)) => return problem(response, status, &why),
        };
        if is_empty(&content.text) {
            return problem(response, EMPTY.0, EMPTY.1);
        }
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        self.notes.write().unwrap().insert(id, content.clone());
        let text = serde_json::to_string(&Note {
            id,
            content: &content,
        })?;
        response
            .send_response(201)
            .send_header("Content-Type", "application/json")
            .send_header("Location", format_args!("/notes/{id}"))
            .end_headers()?
            .send(text)
    }

    fn replace(&self, id: u32, request: &mut Request, response: Response) -> Answer {
        match sent::<Content>(request)? {
            Ok(content) if is_empty(&content.text) => problem(response, EMPTY.0, EMPTY.1),
            Ok(content) => {
                if let Some(old) = self.notes.write().unwrap().get_mut(&id) {
                    *old = content;
                }
                self.answer(id, response)
            }
            Err((status, why)) => problem(response, status, &why),
        }
    }

    fn change(&self, id: u32, request: &mut Request, response: Response) -> Answer {
        match sent::<Part>(request)? {
            Ok(part) if part.text.as_deref().is_some_and(is_empty) => {
                problem(response, EMPTY.0, EMPTY.1)
            }
            Ok(part) => {
                if let Some(note) = self.notes.write().unwrap().get_mut(&id) {
                    note.done = part.done.unwrap_or(note.done);
                    if let Some(text) = part.text {
                        note.text = text;
                    }
                }
                self.answer(id, response)
            }
            Err((status, why)) => problem(response, status, &why),
        }
    }
}

impl Handler for Service {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        let path = request.path().to_string();
        let method = request.method().clone();
        match (path.as_str(), note(&path), method.as_str()) {
            ("/", _, "GET" | "HEAD") => response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send(PAGE),
            ("/notes", _, "GET" | "HEAD") => self.list(response),
            ("/notes", _, "POST") => self.add(request, response),
            (_, Some(id), "GET" | "HEAD") => self.answer(id, response),
            (_, Some(id), "PUT") => self.replace(id, request, response),
            (_, Some(id), "PATCH") => self.change(id, request, response),
            (_, Some(id), "DELETE") => {
                let old = self.notes.write().unwrap().remove(&id);
                if old.is_none() {
                    return problem(response, 404, "no such note");
                }
                response.send_response(204).end_headers()?.finish()
            }
            (path, id, method) => {
                let allow = match (path, id) {
                    ("/", _) => OF_PAGE,
                    ("/notes", _) => OF_LIST,
                    (_, Some(_)) => OF_NOTE,
                    _ => return problem(response, 404, "nothing is here"),
                };
                match method {
                    "OPTIONS" => response
                        .send_response(204)
                        .send_header("Allow", allow)
                        .end_headers()?
                        .finish(),
                    _ => no_method(response, allow),
                }
            }
        }
    }
}

fn main() -> http_core::Result<()> {
    let first = Content {
        text: "Feed the cat".into(),
        done: true,
    };
    let second = Content {
        text: "Learn what PUT does".into(),
        done: false,
    };
    let service = Service {
        notes: RwLock::new(HashMap::from([(1, first), (2, second)])),
        next: AtomicU32::new(3),
    };
    HttpServer::bind(local_address())?.serve_forever(service)
}
