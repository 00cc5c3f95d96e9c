//! JSON without a struct: all is a serde_json::Value. The notes stand in a list.

use std::io::Read;
use std::sync::Mutex;

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
use serde_json::{Map, Value, json};

const PAGE: &str = include_str!("../lessons/15_rest_api/notes.html");

struct Service {
    /// The notes, in the order of their ids; and the id of the next one.
    notes: Mutex<(Vec<Value>, u64)>,
}

fn id_of(path: &str) -> Option<u64> {
    path.strip_prefix("/notes/")?.parse().ok()
}

type Fields = Map<String, Value>;

/// The fields of the body, checked; or a status.
fn fields(request: &mut Request) -> std::io::Result<Result<Fields, u16>> {
    let kind = request.header("Content-Type").map(str::to_ascii_lowercase);
    let mut text = Vec::new();
    request.body().read_to_end(&mut text)?;
    Ok((|| {
        let kind = kind.ok_or(415_u16)?;
        let kind = kind.split(';').next().ok_or(415_u16)?.trim_end();
        if kind != "application/json" {
            return Err(415);
        }
        let value: Value = serde_json::from_slice(&text).map_err(|_| 400_u16)?;
        let Value::Object(mut fields) = value else {
            return Err(422);
        };
        fields.retain(|name, _| name == "text" || name == "done");
        let text = fields.get("text").map(|text| text.as_str().unwrap_or(""));
        if text.is_some_and(|text| text.trim() == "") {
            return Err(422);
        }
        if fields.get("done").is_some_and(|done| !done.is_boolean()) {
            return Err(422);
        }
        Ok(fields)
    })())
}

fn send(response: Response, status: u16, value: &Value) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "application/json")
        .end_headers()?
        .send(value.to_string())
}

fn fail(response: Response, status: u16) -> Answer {
    let words = match status {
        400 => "That is no JSON.",
        404 => "Not found.",
        415 => "That does not say that it is JSON.",
        _ => "That is no note.",
    };
    send(response, status, &json!({ "error": words }))
}

fn allowed(path: &str) -> Option<&'static str> {
    match path {
        "/" => Some("HEAD, GET, OPTIONS"),
        "/notes" => Some("HEAD, GET, OPTIONS, POST"),
        path => id_of(path).map(|_| "HEAD, GET, OPTIONS, PUT, PATCH, DELETE"),
    }
}

fn not_here(path: &str, response: Response) -> Answer {
    let Some(methods) = allowed(path) else {
        return fail(response, 404);
    };
    let body = json!({ "error": format!("Here, there are {methods}.") });
    response
        .send_response(405)
        .send_header("Content-Type", "application/json")
        .send_header("Allow", methods)
        .end_headers()?
        .send(body.to_string())
}

impl Service {
    /// Does something with a note, if it is there, and returns it.
    fn with(&self, id: u64, change: impl FnOnce(&mut Value)) -> Option<Value> {
        let mut notes = self.notes.lock().unwrap();
        let note = notes.0.iter_mut().find(|note| note["id"] == id)?;
        change(note);
        Some(note.clone())
    }
}

impl Handler for Service {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => response
                .send_response(200)
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send(PAGE),
            "/notes" => {
                let all = Value::Array(self.notes.lock().unwrap().0.clone());
                send(response, 200, &all)
            }
            path => match id_of(path).and_then(|id| self.with(id, |_| {})) {
                Some(note) => send(response, 200, &note),
                None => fail(response, 404),
            },
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/notes" {
            return not_here(request.path(), response);
        }
        let mut note = match fields(request)? {
            Ok(fields) if fields.contains_key("text") => fields,
            Ok(_) => return fail(response, 422),
            Err(status) => return fail(response, status),
        };
        note.entry("done").or_insert(false.into());
        let mut notes = self.notes.lock().unwrap();
        let id = notes.1;
        notes.1 += 1;
        note.insert("id".into(), id.into());
        let note = Value::Object(note);
        notes.0.push(note.clone());
        drop(notes);
        response
            .send_response(201)
            .send_header("Content-Type", "application/json")
            .send_header("Location", format!("/notes/{id}"))
            .end_headers()?
            .send(note.to_string())
    }

    fn do_put(&self, request: &mut Request, response: Response) -> Answer {
        let Some(id) = id_of(request.path()) else {
            return not_here(request.path(), response);
        };
        match fields(request)? {
            Ok(fields) if fields.contains_key("text") => {
                let changed = self.with(id, |note| {
                    note["text"] = fields["text"].clone();
                    note["done"] = fields.get("done").cloned().unwrap_or(Value::Bool(false));
                });
                match changed {
                    Some(note) => send(response, 200, &note),
                    None => fail(response, 404),
                }
            }
            Ok(_) => fail(response, 422),
            Err(status) => fail(response, status),
        }
    }

    fn do_patch(&self, request: &mut Request, response: Response) -> Answer {
        let Some(id) = id_of(request.path()) else {
            return not_here(request.path(), response);
        };
        // Whether it is there comes before what was sent.
        if self.with(id, |_| {}).is_none() {
            return fail(response, 404);
        }
        match fields(request)? {
            Err(status) => fail(response, status),
            Ok(fields) => {
                let changed = self.with(id, |note| {
                    for (name, value) in fields {
                        note[&name] = value;
                    }
                });
                send(response, 200, &changed.unwrap_or_default())
            }
        }
    }

    fn do_delete(&self, request: &mut Request, response: Response) -> Answer {
        let Some(id) = id_of(request.path()) else {
            return not_here(request.path(), response);
        };
        let mut notes = self.notes.lock().unwrap();
        let before = notes.0.len();
        notes.0.retain(|note| note["id"] != id);
        if notes.0.len() == before {
            return fail(response, 404);
        }
        response.send_response(204).end_headers()?.send("")
    }

    fn do_options(&self, request: &mut Request, response: Response) -> Answer {
        match allowed(request.path()) {
            Some(methods) => response
                .send_response(204)
                .send_header("Allow", methods)
                .end_headers()?
                .send(""),
            None => fail(response, 404),
        }
    }
}

fn main() -> http_core::Result<()> {
    let notes = vec![
        json!({ "id": 1, "text": "Feed the cat", "done": true }),
        json!({ "id": 2, "text": "Learn what PUT does", "done": false }),
    ];
    let notes = Mutex::new((notes, 3));
    HttpServer::bind(local_address())?.serve_forever(Service { notes })
}
