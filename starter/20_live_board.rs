//! Lesson 20, the reference: the live board.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
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
}

/// What all requests share.
#[derive(Default)]
struct Board {
    /// All messages, in the order of their numbers: 1, 2, 3, …
    messages: Vec<Arc<Message>>,
    /// For each listener, by its number, where to send new messages.
    listeners: BTreeMap<u64, Sender<Arc<Message>>>,
    /// The number of the next listener.
    next: u64,
}

struct Message {
    number: usize,
    text: String,
}

/// One who listens.
struct Listener {
    number: u64,
    /// The messages that it has missed.
    missed: Vec<Arc<Message>>,
    /// Where new messages arrive.
    new: Receiver<Arc<Message>>,
}

impl Handler for LiveBoard {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => send(response, "text/html; charset=utf-8", PAGE),
            "/events" => self.listen(request, response),
            // The number of those who listen.
            "/listeners" => {
                let number = self.board.lock().unwrap().listeners.len().to_string();
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
                // One guard for all of it, so that everybody gets the messages in their order.
                let mut board = self.board.lock().unwrap();
                let number = board.messages.len() + 1;
                let message = Arc::new(Message { number, text });
                board.messages.push(Arc::clone(&message));
                for listener in board.listeners.values() {
                    // An error means that this one has just gone.
                    listener
                        .send(Arc::clone(&message))
                        .map_err(io::Error::other)?;
                }
                drop(board);
                response.send_response(204).end_headers()?.finish()
            }
            None => response.send_error(400, "Your form has no field message."),
        }
    }
}

impl LiveBoard {
    /// Answers with events, until the listener goes or the server stops.
    fn listen(&self, request: &Request, response: Response) -> Answer {
        let seen = match request.header("Last-Event-ID") {
            None => 0,
            // What is no number was not sent by this board.
            Some(id) => id.parse().unwrap_or(0),
        };
        let Some(listener) = self.join(seen) else {
            return response.send_error(503, "Too many are listening. Come back later.");
        };
        let answer = stream(&listener, response);
        // However it has ended.
        self.leave(listener.number);
        answer
    }

    /// Takes in a listener that has seen this many messages. `None` if there are too many
    /// already.
    fn join(&self, seen: usize) -> Option<Listener> {
        let (sender, new) = mpsc::channel();
        // One guard for both, so that no message gets lost in between, and none comes twice.
        let mut board = self.board.lock().unwrap();
        if board.listeners.len() >= LISTENERS {
            return None;
        }
        // A number that is too large was not sent since this program has started.
        let seen = if seen > board.messages.len() { 0 } else { seen };
        let missed = board.messages.iter().skip(seen).cloned().collect();
        let number = board.next;
        board.next += 1;
        board.listeners.insert(number, sender);
        Some(Listener {
            number,
            missed,
            new,
        })
    }

    /// Forgets a listener.
    fn leave(&self, number: u64) {
        self.board.lock().unwrap().listeners.remove(&number);
    }
}

/// Sends a listener what it has missed, and then each new message.
fn stream(listener: &Listener, response: Response) -> Answer {
    let mut body = response
        .send_response(200)
        .send_header("Content-Type", "text/event-stream")
        .send_header("Cache-Control", "no-store")
        .end_headers()?;
    for message in &listener.missed {
        send_event(&mut body, message)?;
    }
    // The head leaves now, even if there was nothing to send.
    body.flush()?;
    loop {
        match listener.new.recv_timeout(HEARTBEAT) {
            Ok(message) => send_event(&mut body, &message)?,
            Err(_) if body.is_stopping() => return body.finish(),
            // Nothing new for a while. A comment means nothing to the listener, and cannot be
            // written for long when it is gone.
            Err(_) => {
                body.write_all(b":\n\n")?;
                body.flush()?;
            }
        }
    }
}

/// Sends one message as an event.
fn send_event(body: &mut BodyWriter, message: &Message) -> io::Result<()> {
    writeln!(body, "id: {}", message.number)?;
    for line in message.text.split('\n') {
        writeln!(body, "data: {line}")?;
    }
    writeln!(body)?;
    body.flush()
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
    let mut messages = Vec::new();
    // What is on the board from the beginning: cargo run -p live_board -- "Two cats"
    for text in std::env::args().skip(1) {
        let number = messages.len() + 1;
        messages.push(Arc::new(Message { number, text }));
    }
    let board = Mutex::new(Board {
        messages,
        ..Board::default()
    });
    HttpServer::bind(local_address())?
        // A thread for each listener, and some for all others.
        .threads(LISTENERS + 8)
        .serve_forever(LiveBoard { board })
}
