//! No channels: a listener waits until there are more messages than it has seen.

use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use http_core::{Answer, BodyWriter, Handler, HttpServer, Request, Response};
use http_core::{local_address, parse_form};

/// The page. Its script asks for /events, and shows what comes.
const PAGE: &str = include_str!("../lessons/20_live_board/live.html");

/// The most characters that a message may have.
const LONGEST: usize = 200;

/// The most listeners at a time. Each of them keeps a thread.
const LISTENERS: usize = 32;

/// The longest time for which a listener hears nothing.
const HEARTBEAT: Duration = Duration::from_secs(1);

struct LiveBoard {
    board: Mutex<Board>,
    /// Told when there is a new message.
    posted: Condvar,
}

/// What all requests share.
#[derive(Default)]
struct Board {
    /// All messages. Message 1 is the first one.
    messages: Vec<String>,
    /// The number of those who listen.
    listeners: usize,
}

impl Handler for LiveBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => send(response, "text/html; charset=utf-8", PAGE),
            "/events" => self.listen(request, response),
            // The number of those who listen.
            "/listeners" => {
                let number = self.board.lock().unwrap().listeners.to_string();
                send(response, "text/plain; charset=utf-8", &number)
            }
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_head(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            // HEAD gets no body, so there is nothing to listen to.
            "/events" => send(response, "text/event-stream", ""),
            _ => self.do_get(request, response),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "Nothing can be sent here.");
        }
        match read_message(request)? {
            Some(text) if text.trim().is_empty() => {
                response.send_error(400, "Your message is empty. Go back and write something.")
            }
            Some(text) if text.chars().count() > LONGEST => {
                let why = format!("Your message is too long. {LONGEST} characters are allowed.");
                response.send_error(413, &why)
            }
            Some(text) => {
                self.board.lock().unwrap().messages.push(text);
                self.posted.notify_all();
                response.send_response(204).end_headers()?.finish()
            }
            None => response.send_error(400, "Your form has no field message."),
        }
    }
}

impl LiveBoard {
    fn listen(&self, request: &Request, response: Response) -> Answer {
        {
            let mut board = self.board.lock().unwrap();
            if board.listeners == LISTENERS {
                return response.send_error(503, "All places are taken.");
            }
            board.listeners += 1;
        }
        let last = request.header("Last-Event-ID");
        let seen = last.and_then(|id| id.parse().ok()).unwrap_or(0);
        let answer = self.stream(seen, response);
        self.board.lock().unwrap().listeners -= 1;
        answer
    }

    fn stream(&self, mut seen: usize, response: Response) -> Answer {
        let mut body = response
            .send_response(200)
            .send_header("Cache-Control", "no-store")
            .send_header("Content-Type", "text/event-stream; charset=utf-8")
            .end_headers()?;
        body.flush()?;
        if seen > self.board.lock().unwrap().messages.len() {
            seen = 0;
        }
        while !body.is_stopping() {
            let new = self.wait(seen);
            if new.is_empty() {
                body.write_all(b": still here\n")?;
            }
            for text in &new {
                seen += 1;
                send_event(&mut body, seen, text)?;
            }
            body.flush()?;
        }
        body.finish()
    }

    /// What comes after this many messages; nothing, if there is nothing new for a while.
    fn wait(&self, seen: usize) -> Vec<String> {
        let board = self.board.lock().unwrap();
        let nothing_new = |board: &mut Board| board.messages.len() == seen;
        let waited = self
            .posted
            .wait_timeout_while(board, HEARTBEAT, nothing_new);
        let (board, _) = waited.unwrap();
        board.messages[seen..].to_vec()
    }
}

/// Sends one message as an event.
fn send_event(body: &mut BodyWriter, number: usize, text: &str) -> io::Result<()> {
    writeln!(body, "id: {number}")?;
    for line in text.split('\n') {
        writeln!(body, "data: {line}")?;
    }
    writeln!(body)
}

/// The message in a form that was sent by POST, if there is one. Its lines end with `\n`.
fn read_message(request: &mut Request) -> io::Result<Option<String>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    let fields = parse_form(&String::from_utf8_lossy(&body));
    let text = fields.get("message");
    Ok(text.map(|text| text.replace("\r\n", "\n").replace('\r', "\n")))
}

/// Answers with a text of this type.
fn send(response: Response, content_type: &str, text: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", content_type)
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    // What is on the board from the beginning: cargo run -p live_board -- "Two cats"
    let board = Board {
        messages: std::env::args().skip(1).collect(),
        listeners: 0,
    };
    HttpServer::bind(local_address())?
        // A thread for each listener, and some for all others.
        .threads(LISTENERS + 8)
        .serve_forever(LiveBoard {
            board: Mutex::new(board),
            posted: Condvar::new(),
        })
}
