//! Lesson 20: the live board. New messages appear on the page by themselves.
//!
//!     cargo run -p live_board      run it, then open http://localhost:8000/
//!     cargo test -p live_board     see which steps are done
//!
//! The lesson is in lessons/20_live_board/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

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
            Some(text) => todo!("step 2: put it on the board, and send it to all who listen"),
            None => response.send_error(400, "Your form has no field message."),
        }
    }
}

impl LiveBoard {
    /// Answers with events, until the listener goes or the server stops.
    fn listen(&self, request: &Request, response: Response) -> Answer {
        let seen = match request.header("Last-Event-ID") {
            None => 0,
            Some(id) => todo!("step 3: the number of the message that it has seen last"),
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
        todo!("step 4: take this one out of the list")
    }
}

/// Sends a listener what it has missed, and then each new message.
fn stream(listener: &Listener, response: Response) -> Answer {
    let mut body = response
        .send_response(200)
        // Step 1: say of which type it is, and that nobody is to keep it.
        .end_headers()?;
    for message in &listener.missed {
        send_event(&mut body, message)?;
    }
    // The head leaves now, even if there was nothing to send.
    body.flush()?;
    loop {
        // It waits for ever. In step 4, it waits no longer than HEARTBEAT.
        match listener.new.recv() {
            Ok(message) => send_event(&mut body, &message)?,
            Err(_) if body.is_stopping() => todo!("step 5: end the answer in good order"),
            Err(_) => todo!("step 4: find out whether the listener is still there"),
        }
    }
}

/// Sends one message as an event.
fn send_event(body: &mut BodyWriter, message: &Message) -> io::Result<()> {
    todo!("step 1: send its lines, and flush")
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
