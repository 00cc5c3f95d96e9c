//! The checks of lesson 20, live_board: answers that do not end, read as a browser reads them.
//!
//! What comes is held against what must come, event by event. A check never waits to see that
//! nothing comes: it has something else sent, and looks at what has come before that. Only of a
//! program that is wrong, something is waited for in vain.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use grader::{Act, Draw, Expect, Failure, Mistakes, Model, Run, Seen, Service, Status, Verdict};
use grader::{get, post, request};
use http_core::{Decoder, Framing, Limits, Piece, escape_html};

/// How long is waited for what comes at once, or a second later, if it comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same, when something was waited for in vain: then the program is wrong already, and its
/// student waits for the report.
const LITTLE_PATIENCE: Duration = Duration::from_secs(2);

static IN_VAIN: AtomicBool = AtomicBool::new(false);

fn patience() -> Duration {
    match IN_VAIN.load(Ordering::Relaxed) {
        true => LITTLE_PATIENCE,
        false => PATIENCE,
    }
}

/// Asks again and again whether this is so. `false` if it is not in time.
fn comes_true(is_so: impl FnMut() -> Result<bool, Failure>) -> Result<bool, Failure> {
    comes_true_in(patience(), is_so)
}

/// The same, for this long.
fn comes_true_in(
    patience: Duration,
    mut is_so: impl FnMut() -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let until = Instant::now() + patience;
    let mut pause = Duration::from_millis(10);
    loop {
        if is_so()? {
            return Ok(true);
        }
        if Instant::now() > until {
            IN_VAIN.store(true, Ordering::Relaxed);
            return Ok(false);
        }
        thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(200));
    }
}

/// How often a comment comes, as the starter has it.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The most listeners, as the starter has it.
const LISTENERS: usize = 32;

/// The most characters of a message.
const LONGEST: usize = 200;

const HTML: &str = "text/html; charset=utf-8";

/// The most lines of a stream that a report shows.
const MOST_LINES: usize = 40;

fn main() -> ExitCode {
    grader::lesson!(LiveBoard)
        .check(1, 2, "/events is a stream of events", a_stream)
        .check(
            1,
            2,
            "each message is an event, with its number",
            one_event_each,
        )
        .check(
            1,
            2,
            "it comes as it was typed, whatever is in it",
            as_typed,
        )
        .check(1, 1, "the answer does not end", does_not_end)
        .example(2, 1, "a POST with a message answers 204", Status, |draw| {
            [message(&draw.word()), message(&draw.word()).of_script()]
        })
        .check(2, 2, "a new message reaches one who listens", reaches_one)
        .check(2, 1, "a message that is refused reaches nobody", refused)
        .check(2, 2, "it reaches all who listen, in order", reaches_all)
        .check(
            2,
            1,
            "a listener that comes while many post misses nothing",
            crowd,
        )
        .check(
            2,
            0,
            "thousands of messages have each a number of their own",
            storm,
        )
        .check(
            2,
            0,
            "however many there are, all messages stay on the board",
            all_stay,
        )
        .check(
            2,
            0,
            "in a browser, what is posted in one page shows in the other",
            two_pages,
        )
        .check(
            3,
            2,
            "a listener that comes back gets what it has missed, and no more",
            comes_back,
        )
        .check(
            3,
            2,
            "a number that the board has not sent: all from the beginning",
            unknown_number,
        )
        .check(
            4,
            2,
            "while nobody posts, a comment comes now and then",
            comments,
        )
        .check(4, 2, "a listener that has gone is forgotten", forgotten)
        .check(4, 1, "one that stays is not", not_forgotten)
        .check(4, 1, "a place that is free again is given away", full_house)
        .check(
            5,
            3,
            "told to stop, the server ends all answers in good order",
            stops,
        )
        .sessions(1)
        .grade()
}

/// The form of the page, sent.
fn message(text: &str) -> Act {
    post("/").form(&[("message", text)])
}

// What is no stream: a model.

/// What a live board does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The status of the answer to a message, and its Location.
    taken: (u16, Option<String>),
    empty: u16,
    too_long: u16,
    limit: usize,
    length: fn(&str) -> usize,
    is_empty: fn(&str) -> bool,
    missing: u16,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            taken: (204, None),
            empty: 400,
            too_long: 413,
            limit: LONGEST,
            length: |text| text.chars().count(),
            is_empty: |text| text.trim().is_empty(),
            missing: 400,
        }
    }
}

struct LiveBoard;

impl Model for LiveBoard {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, _: &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&["/", "/events", "/listeners"]) {
            return None;
        }
        match (&*asked.method, asked.path()) {
            ("GET", "/") => {
                let page = Expect::step(2).status(200).field("Content-Type", HTML);
                Some(page.has_form("post", "/", "message"))
            }
            // What is no HEAD goes on for ever.
            ("HEAD", "/events") => Some(Expect::step(2).status(200).body("")),
            ("HEAD", "/") => Some(Expect::step(2).status(200).body("")),
            ("GET", "/listeners") => Some(Expect::step(2).status(200).shows_number(0)),
            ("POST", "/") => {
                let expect = Expect::step(2);
                let Some(text) = asked.form_field("message") else {
                    return Some(expect.status(knobs.missing));
                };
                // A line end is one character, however it comes.
                let text = text.replace("\r\n", "\n");
                Some(if (knobs.is_empty)(&text) {
                    expect.status(knobs.empty)
                } else if (knobs.length)(&text) > knobs.limit {
                    expect.status(knobs.too_long)
                } else {
                    let (status, location) = &knobs.taken;
                    let expect = expect.status(*status);
                    expect.field("Location", location.as_deref())
                })
            }
            ("GET" | "POST", "/events") => None,
            ("GET" | "POST", _) => Some(Expect::step(2).status(404)),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, _: &()) -> Vec<Act> {
        vec![match draw.below(12) {
            0..=2 => message(&draw.text()),
            3 => message(&draw.line()),
            4 => {
                let letter = draw.pick(&["a", "é", "🐈", "<"]);
                message(&letter.repeat(draw.pick(&[LONGEST, LONGEST + 1, 150, 300])))
            }
            5 => message(draw.pick(&["", " ", "\r\n", "\t \n"])),
            6 => post("/").form(&[("massage", &draw.word())]),
            7 => get("/".to_string() + &draw.query()),
            8 => request(
                "HEAD",
                draw.pick(&["/events", "/"]).to_string() + &draw.query(),
            ),
            9 => get("/listeners"),
            10 => post(unknown_path(draw)).form(&[("message", &draw.word())]),
            _ => get(unknown_path(draw)),
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "redirects",
                "The answer to a message is a redirect, so the browser loads the page anew. That is no \
                 longer needed: the message comes to the page by itself. Answer 204, and no body.",
                |knobs| knobs.taken = (303, Some("/".into())),
            )
            .wrong(
                "answers-200",
                "The answer to a message is 200, so the browser shows its body in the place of the page. \
                 With 204, it stays where it is.",
                |knobs| knobs.taken = (200, None),
            )
            .wrong(
                "counts-bytes",
                "The length of a message is that in bytes: len(). An é has two of them. Leave the two \
                 conditions as they are in the starter: they count characters.",
                |knobs| knobs.length = str::len,
            )
            .wrong(
                "refusals-gone",
                "Messages that are empty or too long are taken. The arms of the starter refuse them, if \
                 yours comes behind them.",
                |knobs| {
                    knobs.is_empty = |_| false;
                    knobs.limit = usize::MAX;
                },
            );
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked_post(), seen.answer()) else {
            return;
        };
        let taken = asked.form_field("message").is_some_and(|text| {
            !text.trim().is_empty() && text.replace("\r\n", "\n").chars().count() <= LONGEST
        });
        if asked.path() == "/" && taken {
            let (status, location) = (answer.status, answer.field("Location").map(str::to_string));
            mistakes.wrong(
                "other-answer",
                format!(
                    "The answer to a message has the status {status}. The lesson asks for 204, No Content, \
                     with which a browser stays on its page."
                ),
                move |knobs| knobs.taken = (status, location.clone()),
            );
        }
    }
}

/// A path that nobody knows. (One that is nearly /events might be answered without an end.)
fn unknown_path(draw: &mut Draw) -> String {
    let path = draw.path();
    path + draw.pick(&["", "%20", "/events"])
}

// What is a stream: one who listens.

/// An event, as a browser hands it to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    /// What its own field says.
    id: Option<String>,
    /// The name; without one, it is a message.
    name: String,
    data: String,
}

/// The events of a stream, as the rules of the HTML standard make them of its lines.
fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // What stands behind the last line end is no line yet.
    let Some((lines, _)) = text.rsplit_once('\n') else {
        return Vec::new();
    };
    let (mut events, mut id, mut name, mut data) = (Vec::new(), None, String::new(), None);
    for line in lines.split('\n') {
        if line.is_empty() {
            let (id, name) = (id.take(), std::mem::take(&mut name));
            let name = if name.is_empty() {
                "message".into()
            } else {
                name
            };
            events.extend(data.take().map(|data| Event { id, name, data }));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => id = Some(value.to_string()),
            "event" => name = value.to_string(),
            "data" => match &mut data {
                Some(data) => *data += &format!("\n{value}"),
                None => data = Some(value.to_string()),
            },
            _ => {}
        }
    }
    events
}

/// One who listens, from the head of the answer on.
struct Listener {
    stream: TcpStream,
    /// Status line and fields.
    head: String,
    decoder: Option<Decoder>,
    /// What has come, and is not decoded yet.
    raw: Vec<u8>,
    /// What has come of the body.
    body: Vec<u8>,
    /// Where in the body a chunk ends.
    ends_of_chunks: Vec<usize>,
    /// Whether nothing more comes; and whether the end of the body has come.
    closed: bool,
    /// What was done, for a report.
    done: String,
}

const NOTHING_FLUSHED: (&str, &str) = (
    "nothing-flushed",
    "Nothing comes, not even the head of the answer. What you write is collected until there is enough \
     of it: flush() sends it now. The starter does this once, behind what is on the board.",
);

impl Listener {
    /// Asks for /events, and waits for the head of the answer. Nobody else listens, so nobody holds
    /// it up.
    fn first(service: &Service) -> Result<Self, Failure> {
        let listener = Self::asked(service, None, Some(NOTHING_FLUSHED))?;
        listener.expect_200(service, None)
    }

    /// Asks for /events, as one who has got the event of this number last, and waits for the head
    /// of the answer.
    fn open(service: &Service, last: Option<&str>) -> Result<Self, Failure> {
        Self::try_open(service, last)?.expect_200(service, last)
    }

    fn expect_200(self, service: &Service, last: Option<&str>) -> Result<Self, Failure> {
        if self.status() == "200" {
            return Ok(self);
        }
        let wrong = service.wrong(&[&*self.done], "status 200", self.told());
        if self.status() != "500" {
            return Err(wrong);
        }
        // It has panicked, most likely: ask again in the usual way, so that the report shows it.
        let again = get("/events");
        let again = match last {
            Some(last) => again.field("Last-Event-ID", last),
            None => again,
        };
        service.ask(again)?.expect_status(200)?;
        Err(wrong)
    }

    /// The same, with any status.
    fn try_open(service: &Service, last: Option<&str>) -> Result<Self, Failure> {
        Self::asked(service, last, None)
    }

    /// Asks for /events. If nothing at all comes, this is why, if that is sure.
    fn asked(
        service: &Service,
        last: Option<&str>,
        silent: Option<(&str, &str)>,
    ) -> Result<Self, Failure> {
        let mut asks =
            "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n".to_string();
        let mut done = "GET /events".to_string();
        if let Some(last) = last {
            asks += &format!("Last-Event-ID: {last}\r\n");
            done += &format!(", with Last-Event-ID: {last}");
        }
        asks += "\r\n";
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, service.port()));
        let connected = TcpStream::connect(address).and_then(|mut stream| {
            stream.write_all(asks.as_bytes())?;
            Ok(stream)
        });
        let stream = connected
            .map_err(|error| service.wrong(&[&*done], "a connection", error.to_string()))?;
        let mut listener = Self {
            stream,
            head: String::new(),
            decoder: None,
            raw: Vec::new(),
            body: Vec::new(),
            ends_of_chunks: Vec::new(),
            closed: false,
            done,
        };
        let patience = patience();
        if listener.wait(patience, |listener| !listener.head.is_empty()) {
            return Ok(listener);
        }
        let done = [&*listener.done];
        let head = "the head of the answer, at once";
        let came = String::from_utf8_lossy(&listener.raw).into_owned();
        Err(match (&*came, listener.closed) {
            ("", false) => {
                let seconds = patience.as_secs();
                let wrong = service.wrong(&done, head, format!("nothing, in {seconds} seconds"));
                match silent {
                    Some((name, says)) => wrong.because(name, says),
                    None => wrong,
                }
            }
            ("", true) => service.wrong(&done, head, "the end of the connection"),
            _ => service.wrong(&done, head, came),
        })
    }

    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        let mut same = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.next().map(|(_, value)| value.trim())
    }

    /// Reads until this is true. `false` if it is not in time, or never can be.
    fn wait(&mut self, time: Duration, enough: impl Fn(&Self) -> bool) -> bool {
        self.wait_until(Instant::now() + time, enough)
    }

    fn wait_until(&mut self, until: Instant, enough: impl Fn(&Self) -> bool) -> bool {
        let began = Instant::now();
        loop {
            if enough(self) {
                return true;
            }
            if self.closed {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            self.read(left);
            if left.is_zero() {
                let came = enough(self);
                if !came && began.elapsed() >= LITTLE_PATIENCE {
                    IN_VAIN.store(true, Ordering::Relaxed);
                }
                return came;
            }
        }
    }

    /// Reads what comes within this time, and in any case what is here already.
    fn read(&mut self, time: Duration) {
        let time = time.max(Duration::from_millis(1));
        let mut bytes = [0; 16 * 1024];
        let came = self
            .stream
            .set_read_timeout(Some(time))
            .and_then(|()| self.stream.read(&mut bytes));
        match came {
            Ok(0) => self.closed = true,
            Ok(count) => self.came(&bytes[..count]),
            Err(error) => {
                let waits = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                self.closed = !waits.contains(&error.kind());
            }
        }
    }

    fn came(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        if self.head.is_empty() {
            let end = self.raw.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(end) = end else { return };
            self.head = String::from_utf8_lossy(&self.raw[..end]).into_owned();
            self.raw.drain(..end + 4);
            let length = self
                .field("Content-Length")
                .and_then(|text| text.parse().ok());
            let framing = match (self.field("Transfer-Encoding"), length) {
                (Some(_), _) => Some(Framing::Chunked),
                (None, Some(length)) => Some(Framing::Length(length)),
                (None, None) => None,
            };
            self.decoder = framing.map(|framing| Decoder::new(framing, &Limits::default()));
        }
        let Some(decoder) = &mut self.decoder else {
            // It ends with the connection.
            self.body.append(&mut self.raw);
            return;
        };
        loop {
            match decoder.next(&self.raw, usize::MAX) {
                Ok(Piece::Data(count)) => {
                    self.body.extend(self.raw.drain(..count));
                }
                Ok(Piece::Overhead(count)) => {
                    self.raw.drain(..count);
                    self.ends_of_chunks.push(self.body.len());
                }
                Ok(Piece::More) => break,
                Ok(Piece::End) | Err(_) => {
                    self.closed = true;
                    break;
                }
            }
        }
    }

    /// Whether the answer has its end: all of it has come, and was meant to be all.
    fn is_whole(&self) -> bool {
        self.decoder.as_ref().is_some_and(Decoder::has_ended)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The events so far.
    fn events(&self) -> Vec<Event> {
        events(&self.text())
    }

    /// The number of comments.
    fn comments(&self) -> usize {
        self.text()
            .lines()
            .filter(|line| line.starts_with(':'))
            .count()
    }

    /// Why events come only when a comment follows them, if it is so.
    fn waits_for_comments(&self) -> Option<(&'static str, &'static str)> {
        let text = self.text().replace("\r\n", "\n");
        let has_comment = |event: &str| {
            let data = event.find("data:");
            data.is_some_and(|at| event[at..].contains("\n:"))
        };
        // It has no end of its own: that of the comment ends it, too.
        if text.split("\n\n").any(has_comment) {
            return Some(NO_BLANK_LINE);
        }
        // They have left together.
        let mut begin = 0;
        let mut chunks = self.ends_of_chunks.iter().map(|&end| {
            let chunk = String::from_utf8_lossy(&self.body[begin..end]).into_owned();
            begin = end;
            chunk
        });
        chunks
            .any(|chunk| has_comment(&chunk))
            .then_some(NOT_FLUSHED)
    }

    /// What has come, for a report.
    fn told(&self) -> String {
        if self.status() != "200" {
            return self.head.lines().next().unwrap_or("nothing").to_string();
        }
        let mut told = match self.text() {
            text if text.is_empty() => "the head of an answer, and nothing of its body".to_string(),
            text => {
                let lines: Vec<&str> = text.lines().collect();
                let shown = lines.len().min(MOST_LINES);
                let more = match lines.len() - shown {
                    0 => String::new(),
                    more => format!("\n(and {more} more)"),
                };
                format!("these lines:\n{}{more}", lines[..shown].join("\n"))
            }
        };
        if self.closed {
            told += match self.is_whole() {
                true => "\nand then the end of the answer",
                false => "\nand then the end of the connection, in the middle of the answer",
            };
        }
        told
    }
}

// What must come.

/// The events of these messages, of which the first one has this number.
fn due(first: usize, texts: &[&str]) -> Vec<Event> {
    let event = |(at, text): (usize, &&str)| Event {
        id: Some((first + at).to_string()),
        name: "message".into(),
        data: (*text).to_string(),
    };
    texts.iter().enumerate().map(event).collect()
}

/// A mistake that shows in what comes: its name, what a teacher would say, and what comes with it
/// instead of what must come.
struct Slip {
    name: &'static str,
    says: &'static str,
    comes: fn(&[Event]) -> Vec<Event>,
}

/// Each event, changed like this.
fn each(events: &[Event], change: impl Fn(&Event) -> Event) -> Vec<Event> {
    events.iter().map(change).collect()
}

fn with_data(event: &Event, data: impl Into<String>) -> Event {
    let data = data.into();
    Event {
        data,
        ..event.clone()
    }
}

/// The event, with this much added to its number.
fn moved(event: &Event, by: i64) -> Event {
    let number = event.id.as_ref().and_then(|id| id.parse::<i64>().ok());
    let id = number.map(|number| (number + by).to_string());
    Event {
        id,
        ..event.clone()
    }
}

/// Each event, with a space less where a line of its text begins with one, in the lines whose place this is.
fn without_space(events: &[Event], is_there: fn(usize) -> bool) -> Vec<Event> {
    each(events, |event| {
        let lines = event.data.split('\n').enumerate();
        let lines = lines.map(|(at, line)| match line.strip_prefix(' ') {
            Some(rest) if is_there(at) => rest,
            _ => line,
        });
        with_data(event, lines.collect::<Vec<_>>().join("\n"))
    })
}

const SLIPS: [Slip; 15] = [
    Slip {
        name: "no-id",
        says: "The events have no number. Without a line such as id: 3, a browser that comes back cannot \
               say what it has seen.",
        comes: |due| {
            each(due, |event| Event {
                id: None,
                ..event.clone()
            })
        },
    },
    Slip {
        name: "one-less",
        says: "The numbers are too small by one: the first message has the number 1. A message that is \
               pushed when the list has n of them is number n + 1.",
        comes: |due| each(due, |event| moved(event, -1)),
    },
    Slip {
        name: "one-more",
        says: "The numbers are too large by one: the first message has the number 1.",
        comes: |due| each(due, |event| moved(event, 1)),
    },
    Slip {
        name: "escaped",
        says: "The text of a message is escaped. It goes to a script, not into a page in HTML: what you \
               send is what its reader sees. (The script sets textContent, so nothing becomes a tag.)",
        comes: |due| each(due, |event| with_data(event, escape_html(&event.data))),
    },
    Slip {
        name: "line-ends-to-spaces",
        says: "The lines of a message come as one line. Send each of them as a line of its own, each with \
               its data: in front.",
        comes: |due| each(due, |event| with_data(event, event.data.replace('\n', " "))),
    },
    Slip {
        name: "line-ends-lost",
        says: "The line ends of a message are lost. Send each of its lines with its own data: in front.",
        comes: |due| each(due, |event| with_data(event, event.data.replace('\n', ""))),
    },
    Slip {
        name: "last-line-end-lost",
        says: "The line end at the end of a message is lost: lines() makes no line of what is behind it. \
               split('\\n') does.",
        comes: |due| {
            each(due, |event| {
                let text = event.data.strip_suffix('\n').unwrap_or(&event.data);
                with_data(event, text)
            })
        },
    },
    Slip {
        name: "empty-lines-lost",
        says: "The empty lines of a message are lost. An empty line is a data: with nothing behind it, and \
               does not end the event: send all lines.",
        // The one behind the last line end says nothing: to leave that out is another mistake.
        comes: |due| {
            let inside = |event: &Event| event.data.trim_end_matches('\n').contains("\n\n");
            match due.iter().any(inside) {
                false => due.to_vec(),
                true => each(due, |event| {
                    let lines = event.data.split('\n').filter(|line| !line.is_empty());
                    with_data(event, lines.collect::<Vec<_>>().join("\n"))
                }),
            }
        },
    },
    Slip {
        name: "space-lost",
        says: SPACE_LOST,
        comes: |due| without_space(due, |_| true),
    },
    Slip {
        name: "space-lost",
        says: SPACE_LOST,
        comes: |due| without_space(due, |at| at == 0),
    },
    Slip {
        name: "space-lost",
        says: SPACE_LOST,
        comes: |due| without_space(due, |at| at > 0),
    },
    Slip {
        name: "trimmed",
        says: TRIMMED,
        comes: |due| each(due, |event| with_data(event, event.data.trim())),
    },
    Slip {
        name: "trimmed",
        says: TRIMMED,
        comes: |due| {
            each(due, |event| {
                let lines: Vec<&str> = event.data.split('\n').map(str::trim).collect();
                with_data(event, lines.join("\n"))
            })
        },
    },
    Slip {
        name: "twice",
        says: "Each message comes twice. Look for a second send, or a second listener of one client in the \
               list.",
        comes: |due| {
            due.iter()
                .flat_map(|event| [event.clone(), event.clone()])
                .collect()
        },
    },
    Slip {
        name: "newest-first",
        says: "The newest message comes first. The stream has them in the order of their numbers; the page \
               puts each new one at its top.",
        comes: |due| due.iter().rev().cloned().collect(),
    },
];

const SPACE_LOST: &str = "A space at the beginning of a line is lost: a browser takes one away behind \
                          data:, if it is there. Send data: with a space behind it, and then the line, \
                          for each line of a message.";

const TRIMMED: &str = "The spaces at the ends of a message, or of its lines, are lost. It comes as it was \
                       typed: no trim().";

/// The mistake of this name.
fn slip(name: &str) -> &'static Slip {
    let mut all = SLIPS.iter();
    all.find(|slip| slip.name == name).expect("a known name")
}

/// Its name, and what a teacher would say.
fn named(name: &str) -> (&'static str, &'static str) {
    let slip = slip(name);
    (slip.name, slip.says)
}

/// Something else that comes, with the name of the mistake and what a teacher would say.
type Other = ((&'static str, &'static str), Vec<Event>);

/// Whether a line of a stream says nothing.
fn is_silent(line: &str) -> bool {
    line.is_empty() || line.starts_with(':')
}

/// What the lines themselves say of the mistake, where events are missing.
fn slip_of_lines(
    text: &str,
    due: &[Event],
    came: &[Event],
) -> Option<(&'static str, &'static str)> {
    let (last, all_but_one) = due.split_last()?;
    let first_line = |event: &Event| {
        let is_seen = |line: &&str| !line.trim().is_empty();
        let first = event.data.lines().find(is_seen);
        first.unwrap_or_default().to_string()
    };
    let all_there = due.iter().all(|event| text.contains(&first_line(event)));
    let has_data = text.lines().any(|line| line.starts_with("data:"));
    let ends = text.replace("\r\n", "\n").contains("\n\n");
    // More often than in the events that have come: an earlier message may have the same line.
    let line = first_line(last);
    let often = |text: &str| text.matches(&line).count();
    let comes_without_end = often(text) > came.iter().map(|event| often(&event.data)).sum();
    let last_has_no_end = came == all_but_one && comes_without_end;
    match came.is_empty() {
        true if text.lines().all(is_silent) => Some(NOTHING_OF_BEFORE),
        true if all_there && !has_data => Some((
            "no-data",
            "The text of the messages comes without data: in front of it. A browser leaves out lines that \
             begin with no field it knows.",
        )),
        _ if has_data && all_there && (!ends || last_has_no_end) => Some(NO_BLANK_LINE),
        _ => None,
    }
}

const NO_BLANK_LINE: (&str, &str) = (
    "no-blank-line",
    "An event has no end. A blank line behind it ends it, and only then the browser hands it to the page.",
);

const NOT_FLUSHED: (&str, &str) = (
    "not-flushed",
    "A new message does not leave at once, but with the comment that follows it. What you write is collected \
     until there is enough of it; flush() behind each event sends it now.",
);

const COMMENT_IS_EVENT: (&str, &str) = (
    "comment-is-event",
    "What is to be a comment comes as an event without a text, and the page shows an empty message. A \
     comment is a line that begins with a colon.",
);

/// Waits for these events, and for nothing else before the last of them. `done` is what was done
/// beside listening; `others` are mistakes of this check alone.
fn expect_events(
    service: &Service,
    listener: &mut Listener,
    done: &[&str],
    due: &[Event],
    others: &[Other],
) -> Verdict {
    let until = Instant::now() + patience();
    expect_events_until(until, service, listener, done, due, others)
}

/// The same. Several listeners have one time for all of them.
fn expect_events_until(
    until: Instant,
    service: &Service,
    listener: &mut Listener,
    done: &[&str],
    due: &[Event],
    others: &[Other],
) -> Verdict {
    listener.wait_until(until, |listener| {
        let came = listener.events();
        came.len() >= due.len() || !due.starts_with(&came)
    });
    if listener.events() == due {
        return Ok(());
    }
    // All that there is to see.
    listener.wait(Duration::from_millis(300), |_| false);
    let (came, text) = (listener.events(), listener.text());
    // What has ended says nothing of what it would have sent.
    let ended = listener.closed;
    let mut all = vec![&*listener.done];
    all.extend(done);
    let told = due.iter().map(|event| {
        let id = event.id.as_deref().unwrap_or_default();
        format!("number {id}: {:?}", event.data)
    });
    let told: Vec<String> = told.collect();
    let expected = format!("just these events, in this order:\n{}", told.join("\n"));
    let wrong = service.wrong(&all, expected, listener.told());
    let cause = cause(due, &came, &text, others).filter(|_| !ended);
    Err(match cause {
        Some((name, says)) => wrong.because(name, says),
        None => wrong,
    })
}

/// The same, where messages can be posted: if nothing but a number is wrong, more of them say why.
fn expect_posted(
    service: &Service,
    listener: &mut Listener,
    done: &[&str],
    due: &[Event],
    others: &[Other],
) -> Verdict {
    expect_events(service, listener, done, due, others).map_err(|wrong| {
        match why_other_numbers(service, listener, due) {
            Some((name, says)) => wrong.because(name, says),
            None => wrong,
        }
    })
}

/// Why numbers are wrong, if nothing else is. One alone may be one less, or the number of something else.
fn why_other_numbers(
    service: &Service,
    listener: &mut Listener,
    due: &[Event],
) -> Option<(&'static str, &'static str)> {
    if other_numbers(due, &listener.events()) == 0 {
        return None;
    }
    let number = |event: &Event| event.id.as_ref()?.parse::<usize>().ok();
    let more = self::due(number(due.last()?)? + 1, &[ONCE_MORE; 3]);
    // Should the number be that of a listener, it is another one now.
    let _another = Listener::open(service, None).ok()?;
    for _ in &more {
        posts(service, ONCE_MORE).ok()?;
    }
    let due = [due, &more].concat();
    listener.wait(patience(), |listener| listener.events().len() >= due.len());
    let came = listener.events();
    // What is not kept has no place.
    let all = number(due.last()?)?;
    let kept = kept(service, all).ok()?;
    let texts = |events: &[Event]| {
        each(events, |event| Event {
            id: None,
            ..event.clone()
        })
    };
    if other_numbers(&due, &came) < 2 || kept.len() != all || !texts(&kept).ends_with(&texts(&due))
    {
        return None;
    }
    let by_one = BY_ONE.iter().find(|name| {
        let moved = (slip(name).comes)(&due);
        let mut all = due.iter().zip(&came).zip(moved);
        all.all(|((due, came), moved)| came == due || *came == moved)
    });
    Some(by_one.map_or(OTHER_NUMBERS, |name| named(name)))
}

/// What a newcomer gets, of a board that is to have so many messages.
fn kept(service: &Service, messages: usize) -> Result<Vec<Event>, Failure> {
    let mut newcomer = Listener::open(service, None)?;
    newcomer.wait(patience(), |newcomer| newcomer.events().len() >= messages);
    Ok(newcomer.events())
}

const ONCE_MORE: &str = "once more";

/// The mistake that explains what has come, if it is the only one.
fn cause(
    due: &[Event],
    came: &[Event],
    text: &str,
    others: &[Other],
) -> Option<(&'static str, &'static str)> {
    if came.iter().any(|event| event.name != "message") {
        return Some((
            "named",
            "The events have a name of their own, so the page's onmessage does not get them. Leave the \
             line event: out.",
        ));
    }
    if came.iter().any(|event| event.data.is_empty()) {
        return Some(COMMENT_IS_EVENT);
    }
    let nothing = others.iter().find(|(_, comes)| comes.is_empty());
    if let Some((told, _)) = nothing.filter(|_| text.lines().all(is_silent)) {
        return Some(*told);
    }
    if let Some(told) = slip_of_lines(text, due, came) {
        return Some(told);
    }
    let slips = SLIPS
        .iter()
        .map(|slip| ((slip.name, slip.says), (slip.comes)(due)));
    let one_data = (ONE_DATA_LINE, events(&with_one_data(due)));
    // The blank line of a comment ends all of them at once.
    let no_ends = (NO_BLANK_LINE, in_one(due));
    let all = others.iter().cloned().chain(slips);
    let all = all.chain([one_data, no_ends]);
    let is_sure = |told: &(&str, &str)| !BY_ONE.contains(&told.0) || other_numbers(due, came) > 1;
    let mut explaining = all.filter(|(told, comes)| comes == came && comes != due && is_sure(told));
    let Some((told, _)) = explaining.next() else {
        return (other_numbers(due, came) > 1 && !are_by_one(due, came)).then_some(OTHER_NUMBERS);
    };
    explaining.all(|(other, _)| other == told).then_some(told)
}

/// Mistakes of which one number that is wrong says nothing: it may be one less, or the number of
/// something else.
const BY_ONE: [&str; 2] = ["one-less", "one-more"];

const OTHER_NUMBERS: (&str, &str) = (
    "other-numbers",
    "The texts are the right ones, and their numbers are not. A message has one number, for good: its place \
     on the board, from 1 on. A new one gets len() + 1 of the list of messages, whoever listens.",
);

/// The number of events that differ in nothing but their number; 0 if something else is wrong.
fn other_numbers(due: &[Event], came: &[Event]) -> usize {
    let is_same = |(due, came): (&Event, &Event)| due.data == came.data && came.id.is_some();
    if due.len() != came.len() || !due.iter().zip(came).all(is_same) {
        return 0;
    }
    due.iter()
        .zip(came)
        .filter(|(due, came)| due != came)
        .count()
}

/// Whether each number that differs does so by one, and all in the same direction.
fn are_by_one(due: &[Event], came: &[Event]) -> bool {
    let differ = || due.iter().zip(came).filter(|(due, came)| due != came);
    [-1, 1]
        .iter()
        .any(|by| differ().all(|(due, came)| moved(due, *by) == *came))
}

const ONE_DATA_LINE: (&str, &str) = (
    "one-data-line",
    "Of a message with several lines, only the first one comes. What stands behind a line end is a new \
     line of the stream: it needs a data: of its own in front. Otherwise, anybody could write whole events \
     into a message.",
);

/// The one event that these are, if none of them has an end.
fn in_one(due: &[Event]) -> Vec<Event> {
    let all: Vec<&str> = due.iter().map(|event| &*event.data).collect();
    let last = due.last().into_iter();
    last.map(|event| with_data(event, all.join("\n"))).collect()
}

/// The lines of these events, if there is one data: in front of each message.
fn with_one_data(due: &[Event]) -> String {
    let event = |event: &Event| {
        let id = event.id.as_deref().unwrap_or_default();
        format!("id: {id}\ndata: {}\n\n", event.data)
    };
    due.iter().map(event).collect()
}

// Step 1: what is on the board from the beginning.

/// The server, with these messages on its board.
fn board(run: &mut Run, texts: &[&str]) -> Result<Service, Failure> {
    let program = run.program();
    let program = texts
        .iter()
        .fold(program, |program, text| program.arg(text));
    program.serve()
}

fn words(run: &mut Run, number: usize) -> Vec<String> {
    (0..number).map(|_| run.seed().word()).collect()
}

fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(|word| &**word).collect()
}

fn a_stream(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = board(run, &[&word])?;
    is_a_stream(&service, &Listener::first(&service)?)?;
    is_a_stream(&service, &Listener::open(&service, Some("1"))?)
}

/// Its head says so, and that nobody may keep it.
fn is_a_stream(service: &Service, listener: &Listener) -> Verdict {
    let (kind, kept) = (
        listener.field("Content-Type"),
        listener.field("Cache-Control"),
    );
    let plain = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let wrong = |expected: &str, came: Option<&str>| {
        service.wrong(
            &[&*listener.done],
            expected,
            came.unwrap_or("no such field"),
        )
    };
    if !plain.is_some_and(|plain| plain.eq_ignore_ascii_case("text/event-stream")) {
        let wrong = wrong("Content-Type: text/event-stream", kind);
        return Err(wrong.because(
            "other-type",
            "The answer does not have the type text/event-stream, and a browser takes no other for a stream \
             of events. Send it as the header Content-Type.",
        ));
    }
    let directives = kept.map(str::to_ascii_lowercase).unwrap_or_default();
    let says = |wanted: &str| directives.split(',').any(|one| one.trim() == wanted);
    if says("no-store") {
        return Ok(());
    }
    let wrong = wrong("Cache-Control: no-store", kept);
    Err(match says("no-cache") {
        true => wrong.because(
            "kept-and-asked",
            "With Cache-Control: no-cache, a cache may keep this answer: it only asks each time whether it is \
             still right. An answer that is never whole is not to be kept at all: no-store.",
        ),
        false => wrong.because(
            "may-be-kept",
            "A cache on the way may keep this answer, and hand it to others. Send Cache-Control: no-store.",
        ),
    })
}

/// What is told of a program that does not send all that is on the board.
fn before(due: &[Event]) -> Vec<Other> {
    let only_the_last = (
        "only-the-last",
        "Of the messages on the board, only the last one comes. Anyone who begins to listen gets all of them.",
    );
    vec![(only_the_last, due.last().cloned().into_iter().collect())]
}

fn one_event_each(run: &mut Run) -> Verdict {
    let words = words(run, 3);
    let service = board(run, &texts(&words))?;
    let due = due(1, &texts(&words));
    let mut listener = Listener::first(&service)?;
    let started = started_with(&words);
    expect_events(&service, &mut listener, &[&started], &due, &before(&due))
}

/// How the program was started, for a report.
fn started_with(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("(started with the messages {})", quoted.join(" "))
}

fn as_typed(run: &mut Run) -> Verdict {
    let [one, two, three, four] = [(); 4].map(|()| run.seed().word());
    let messages = [
        format!("{one}\n{two}\n\n{three}"),
        format!("  {one}\n {four}  "),
        format!("<b>{two}</b> & \"{three}\""),
        format!(" {four}\n{one}\n"),
        // An event within a message is a text.
        format!("{three}\n\nid: 99\ndata: {one}\n\n"),
        format!("{one}: {two}"),
        format!("\n{one}\t{two}  {three}"),
        format!("ねこ {three} 🐈"),
    ];
    // One after the other, so that the first one that is wrong is told alone.
    for text in &messages {
        let service = board(run, &[text])?;
        let mut listener = Listener::first(&service)?;
        let started = started_with(std::slice::from_ref(text));
        expect_events(&service, &mut listener, &[&started], &due(1, &[text]), &[])?;
        service.stop();
    }
    Ok(())
}

fn does_not_end(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = board(run, &[&word])?;
    let mut listener = Listener::first(&service)?;
    listener.wait(patience(), |listener| !listener.events().is_empty());
    // An end that comes, comes at once; and a program that takes longer is let through.
    listener.wait(Duration::from_millis(300), |_| false);
    if !listener.closed {
        return Ok(());
    }
    let wrong = service.wrong(
        &[&*listener.done],
        "an answer that does not end",
        listener.told(),
    );
    Err(match listener.is_whole() {
        true => wrong.because(
            "ends",
            "The answer ends behind the messages that are on the board. Its listener waits for more: stay \
             in the loop, and do not finish it.",
        ),
        false => wrong,
    })
}

// Step 2: new messages.

/// Posts this, which must be taken: what is wrong with the answer alone, an example says.
fn posts(service: &Service, text: &str) -> Verdict {
    let answer = service.ask(message(text))?;
    match answer.status() {
        200..=399 => Ok(()),
        _ => answer.expect_status(204),
    }
}

/// The same, while somebody listens.
fn posts_to(service: &Service, text: &str) -> Verdict {
    let begun = service.begin(message(text));
    let seconds = patience().as_secs();
    if comes_true(|| Ok(begun.is_done()))? {
        let answer = begun.answer()?;
        return match answer.status() {
            200..=399 => Ok(()),
            _ => answer.expect_status(204),
        };
    }
    let done = [
        "GET /events",
        "POST / with a message, while the first one listens",
    ];
    let wrong = service.wrong(
        &done,
        "an answer to POST",
        format!("none, in {seconds} seconds"),
    );
    Err(wrong.because(
        "lock-held",
        "While somebody listens, nobody can post: the listener has the lock. A guard that has a name lives \
         to the end of its block. Hold no lock while you wait.",
    ))
}

const DOES_NOT_COME: (&str, &str) = (
    "does-not-come",
    "The new message does not come to one who listens. When it is posted, it is sent to each of the board's \
     listeners; and send_event, which writes it, ends with flush().",
);

const TAKEN_OUT: (&str, &str) = (
    "listeners-taken-out",
    "A message takes those who listen out of the list, so the next one comes to nobody. Only look at them, \
     with board.listeners.values(), and leave them where they are.",
);

/// Whether the program says that nobody listens.
fn says_nobody(service: &Service) -> Result<bool, Failure> {
    let answer = service.get("/listeners")?;
    Ok(answer.status() == 200 && answer.text().trim() == "0")
}

const NOT_KEPT: (&str, &str) = (
    "not-kept",
    "The message comes to those who listen, and one who begins to listen later does not get it. push it \
     onto the board's messages, too.",
);

const NOTHING_OF_BEFORE: (&str, &str) = (
    "nothing-of-before",
    "Of what is on the board already, nothing comes to one who begins to listen. Send all of it first, \
     flushed, and then what is new.",
);

/// What comes if something is wrong with each message that is posted, and with none of the first
/// ones, this many, which were on the board from the beginning.
fn wrongly_posted(due: &[Event], old: usize) -> Vec<Other> {
    let (old, new) = due.split_at(old);
    let wrong = |name| (named(name), [old, &(slip(name).comes)(new)].concat());
    let slips = ["twice", "one-less", "one-more", "escaped", "trimmed"];
    let mut all: Vec<Other> = slips.map(wrong).into();
    let lines = each_line(new, old.len() + 1);
    if lines.len() > new.len() {
        all.push((LINES_AS_MESSAGES, [old, &lines].concat()));
    }
    all
}

/// What is told of one who listens and gets the messages behind the first one otherwise, or none of them.
fn wrongly_sent(due: &[Event]) -> Vec<Other> {
    let mut others = wrongly_posted(due, 1);
    others.push((DOES_NOT_COME, due[..1].to_vec()));
    others
}

/// What comes if each line is a message, from this number on.
fn each_line(new: &[Event], first: usize) -> Vec<Event> {
    let lines = new.iter().flat_map(|event| event.data.split('\n'));
    due(first, &lines.collect::<Vec<_>>())
}

const LINES_AS_MESSAGES: (&str, &str) = (
    "lines-as-messages",
    "A message with several lines becomes several messages, each with a number of its own. It is one, and is \
     kept as it was posted. Only send_event takes it apart: an event with a data: for each line.",
);

/// What is on the board when a listener comes: more messages than there are listeners, so that who counts
/// these is not just one below the right number.
const OLD: usize = 4;

const SAME_TEXT: (&str, &str) = (
    "same-text-once",
    "A message with the text of an earlier one does not come. It is another message all the same: put it on the \
     board, with a number of its own, and send it.",
);

fn reaches_one(run: &mut Run) -> Verdict {
    let mut words = words(run, OLD + 5);
    // Lines as forms send them, and as somebody may who sends no form.
    words[OLD + 2] = format!("{0}\r\n{1}\r{0}", words[OLD + 2], words[OLD + 3]);
    words[OLD + 1] = format!("{} & <b>{}</b>", words[OLD + 1], words[OLD + 3]);
    words[OLD + 3] = format!("\n  {0}\t {0}  {1}\n\n{0} \n", words[OLD + 3], words[OLD]);
    // The same text right behind it is another message.
    words[OLD + 4] = words[OLD + 3].clone();
    let service = board(run, &texts(&words[..OLD]))?;
    let mut listener = Listener::first(&service)?;
    let lines = |word: &String| word.replace("\r\n", "\n").replace('\r', "\n");
    let all: Vec<String> = words.iter().map(lines).collect();
    let all = due(1, &texts(&all));
    expect_events(
        &service,
        &mut listener,
        &[],
        &all[..OLD],
        &before(&all[..OLD]),
    )?;
    let (mut late, mut soonest, mut done) = (0, Duration::MAX, Vec::new());
    let mut newcomers = Vec::new();
    for (at, word) in words.iter().enumerate().skip(OLD) {
        posts_to(&service, word)?;
        let posted = Instant::now();
        done.push(format!("POST / with the message {word:?}"));
        let done: Vec<&str> = done.iter().map(|done| &**done).collect();
        let mut others = wrongly_posted(&all[..=at], OLD);
        // Why one number is wrong, nobody knows: two of them say it.
        if at == OLD {
            listener.wait_until(Instant::now() + patience(), |listener| {
                listener.events().len() > at
            });
            if other_numbers(&all[..=at], &listener.events()) == 1 {
                continue;
            }
        }
        // The first new one has come, so it was in the list.
        let why = match at > OLD && says_nobody(&service)? {
            true => TAKEN_OUT,
            false if words[..at].contains(word) => SAME_TEXT,
            false => DOES_NOT_COME,
        };
        others.push((why, all[..at].to_vec()));
        expect_events(&service, &mut listener, &done, &all[..=at], &others)?;
        soonest = soonest.min(posted.elapsed());
        late += usize::from(posted.elapsed() > LATE);
        if at == OLD {
            let mut newcomer = Listener::open(&service, None)?;
            let others = [(NOT_KEPT, all[..OLD].to_vec())];
            let done = [done[0], "GET /events, by another one"];
            expect_events(&service, &mut newcomer, &done, &all[..=OLD], &others)?;
            // It stays, so that none has to be forgotten.
            newcomers.push(newcomer);
        }
    }
    // A message that waits for the next comment is late each time.
    let why = listener.waits_for_comments();
    if let Some((name, says)) = why.filter(|_| late == words.len() - OLD) {
        let done = [&*listener.done, "POST / with a message, five times"];
        let came = "each event only together with the comment that follows it, a second later";
        let wrong = service.wrong(&done, "each event at once", came);
        return Err(wrong.because(name, says));
    }
    // A computer may be busy for some seconds: more of them, until one comes at once.
    for _ in 0..MORE {
        if soonest <= LATE {
            return Ok(());
        }
        let posted = Instant::now();
        posts_to(&service, ONCE_MORE)?;
        let came = listener.events().len() + 1;
        listener.wait(patience(), |listener| listener.events().len() >= came);
        soonest = soonest.min(posted.elapsed());
    }
    let done = [&*listener.done, "POST / with a message, again and again"];
    let came = format!("each event after {} ms, or more", soonest.as_millis());
    Err(service.wrong(&done, "each event at once", came).because(
        "sleeps",
        "A new message does not come at the moment at which it is posted, but up to a second later. Do not \
         sleep and look: recv_timeout returns as soon as there is a message, and waits no longer than it must.",
    ))
}

/// What takes longer is late.
const LATE: Duration = Duration::from_millis(500);

/// How many more messages are posted if each of the first ones was late.
const MORE: usize = 6;

fn refused(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = board(run, &[])?;
    let mut listener = Listener::first(&service)?;
    let long = "x".repeat(LONGEST + 1);
    for text in [" ", "", &long] {
        let answer = service.ask(message(text))?;
        answer.expect_status(if text == long { 413 } else { 400 })?;
    }
    posts_to(&service, &word)?;
    let done = [
        "POST / with an empty message, and with one of 201 characters",
        "POST / with a good one",
    ];
    let others = [(DOES_NOT_COME, Vec::new())];
    expect_posted(&service, &mut listener, &done, &due(1, &[&word]), &others)
}

fn reaches_all(run: &mut Run) -> Verdict {
    let words = words(run, 5);
    let all = due(1, &texts(&words));
    let service = board(run, &texts(&words[..1]))?;
    let mut first = Listener::first(&service)?;
    expect_events(&service, &mut first, &[], &all[..1], &before(&all[..1]))?;
    posts_to(&service, &words[1])?;
    let mut listeners = vec![first];
    for _ in 0..3 {
        listeners.push(Listener::open(&service, None)?);
    }
    for word in &words[2..] {
        posts_to(&service, word)?;
    }
    let done = [
        "(and so do three others, after the first message)",
        "POST / with a message, four times in all",
    ];
    let others = wrongly_sent(&all);
    let until = Instant::now() + patience();
    let verdicts = listeners
        .iter_mut()
        .map(|listener| expect_events_until(until, &service, listener, &done, &all, &others));
    let verdicts: Vec<Verdict> = verdicts.collect();
    let failed = verdicts.iter().filter(|verdict| verdict.is_err()).count();
    let without = |listener: &Listener| listener.events() == all[..2];
    let left_out = listeners
        .iter()
        .filter(|listener| without(listener))
        .count();
    // The first one has got the first new one, and was in the list.
    let was_there = listeners[0].events().len() > 1;
    match verdicts.into_iter().find(Result::is_err) {
        Some(Err(wrong)) if was_there && says_nobody(&service)? => {
            Err(wrong.because(TAKEN_OUT.0, TAKEN_OUT.1))
        }
        Some(Err(wrong)) if (failed, left_out) == (3, 3) => Err(wrong.because(
            "only-one-listener",
            "A new message comes to one of the listeners, and to no other. Go through all that are in the \
             list.",
        )),
        Some(Err(wrong)) if was_there && kept(&service, all.len())? == all[..1] => {
            Err(wrong.because(NOT_KEPT.0, NOT_KEPT.1))
        }
        Some(verdict) => verdict,
        None => Ok(()),
    }
}

fn crowd(run: &mut Run) -> Verdict {
    const POSTS: usize = 20;
    let words = words(run, POSTS);
    let service = board(run, &[])?;
    let mut listeners = vec![Listener::first(&service)?];
    posts_to(&service, &words[0])?;
    let mut begun = Vec::new();
    for (at, word) in words.iter().enumerate().skip(1) {
        begun.push(service.begin(message(word)));
        if at % 4 == 0 {
            listeners.push(Listener::open(&service, None)?);
        }
    }
    for post in begun {
        let answer = post.answer()?;
        if !(200..400).contains(&answer.status()) {
            answer.expect_status(204)?;
        }
    }
    let done = [
        "(and so do some others, at different times)",
        "POST / with a message, 19 at once",
    ];
    let expected = "the numbers from 1 to 20, in this order, for each listener the same messages";
    let mut first: Option<Vec<Event>> = None;
    let until = Instant::now() + patience();
    for (at, listener) in listeners.iter_mut().enumerate() {
        listener.wait_until(until, |listener| listener.events().len() >= POSTS);
        let came = listener.events();
        let numbers: Vec<String> = came.iter().filter_map(|event| event.id.clone()).collect();
        let right: Vec<String> = (1..=POSTS).map(|number| number.to_string()).collect();
        let mut sorted: Vec<&str> = came.iter().map(|event| &*event.data).collect();
        sorted.sort_unstable();
        let mut posted = texts(&words);
        posted.sort_unstable();
        let same = first.get_or_insert_with(|| came.clone());
        if numbers == right && sorted == posted && *same == came {
            continue;
        }
        let all = [&*listener.done, done[0], done[1]];
        let came_back = match numbers.is_empty() {
            true => "no number".to_string(),
            false => format!("the numbers {}", numbers.join(" ")),
        };
        let wrong = service.wrong(&all, expected, came_back);
        let mut in_order = numbers
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect::<Vec<usize>>();
        in_order.sort_unstable();
        let all_there = in_order == (1..=POSTS).collect::<Vec<_>>();
        // Each text has come once, and nothing is wrong but the numbers.
        if at == 0
            && sorted == posted
            && numbers.len() == POSTS
            && !all_there
            && let Some((name, says)) = why_in_the_crowd(run, &service, &in_order)?
        {
            return Err(wrong.because(name, says));
        }
        // The first one was there before all messages, so each has come to it by itself.
        if !came.is_empty() && says_nobody(&service)? {
            return Err(wrong.because(TAKEN_OUT.0, TAKEN_OUT.1));
        }
        return Err(match at == 0 && all_there && numbers != right {
            true => wrong.because(OUT_OF_ORDER.0, OUT_OF_ORDER.1),
            false => wrong,
        });
    }
    Ok(())
}

const OUT_OF_ORDER: (&str, &str) = (
    "out-of-order",
    "With several who post at once, messages overtake each other on their way to the listeners. A listener \
     that comes back then says a number, and misses what came late. Push and send under one guard.",
);

/// So many post at once that one comes in between what another one does, wherever there is a place for
/// it. Who begins to listen then gets all of them in the order of the board.
fn storm(run: &mut Run) -> Verdict {
    const CONNECTIONS: u32 = 16;
    const EACH: usize = 500;
    let word = run.seed().word();
    let service = board(run, &[])?;
    let listener = Listener::first(&service)?;
    posts_to(&service, &word)?;
    service.ask_often(&message(&word), CONNECTIONS, EACH);
    let all = 1 + CONNECTIONS as usize * EACH;
    let posted = format!("POST / with a message, {all} times, on {CONNECTIONS} connections");
    let numbers = numbers(&kept(&service, all)?);
    if right_ones(&numbers) == all {
        return each_is_heard(&service, listener, &posted, all);
    }
    let wrong = misnumbered(&service, &[&posted, "GET /events"], &numbers, all);
    // Few have fallen behind, and none has a number that nobody could have counted yet.
    let late = (1..)
        .zip(&numbers)
        .filter(|(at, number)| **number != Some(*at));
    let few = late.count() * 10 < all;
    let is_possible = |(at, number): (usize, &Option<usize>)| number.is_some_and(|it| it <= at);
    let mut sorted: Vec<usize> = numbers.iter().flatten().copied().collect();
    sorted.sort_unstable();
    if numbers.len() == all
        && few
        && (1..).zip(&numbers).all(is_possible)
        && let Some((name, says)) = why_in_the_crowd(run, &service, &sorted)?
    {
        return Err(wrong.because(name, says));
    }
    Err(wrong)
}

/// One who has listened all the time has got all messages, or its answer has ended: a program may part
/// with those that are slow.
fn each_is_heard(service: &Service, mut listener: Listener, posted: &str, all: usize) -> Verdict {
    listener.wait(patience(), |listener| listener.events().len() >= all);
    let numbers = numbers(&listener.events());
    let right = right_ones(&numbers);
    if right == all || right == numbers.len() && listener.closed {
        return Ok(());
    }
    let wrong = misnumbered(service, &[&listener.done, posted], &numbers, all);
    if numbers.is_empty() {
        return Err(wrong.because(DOES_NOT_COME.0, DOES_NOT_COME.1));
    }
    Err(match numbers.is_sorted() && right < numbers.len() {
        true => wrong.because(
            "lost-on-the-way",
            "Of many messages that are posted within a short time, some do not come to one who listens, and later \
             ones do. So it never learns that it has missed some. A channel that has room for a few only is full \
             then, and try_send throws away what has no room: take mpsc::channel(), which takes any number.",
        ),
        false => wrong,
    })
}

fn numbers(events: &[Event]) -> Vec<Option<usize>> {
    let number = |event: &Event| event.id.as_ref()?.parse().ok();
    events.iter().map(number).collect()
}

/// How many of them are 1, 2, 3, … up to the first one that is wrong.
fn right_ones(numbers: &[Option<usize>]) -> usize {
    let right = (1..).zip(numbers);
    right
        .take_while(|(at, number)| **number == Some(*at))
        .count()
}

/// The failure of numbers that are not those from 1 on, this many.
fn misnumbered(service: &Service, done: &[&str], numbers: &[Option<usize>], all: usize) -> Failure {
    let right = right_ones(numbers);
    let came = match numbers.get(right) {
        Some(Some(number)) => format!("behind {right} of them, the number {number}"),
        Some(None) => format!("behind {right} of them, a message without a number"),
        None => format!("{right} of them, and no more"),
    };
    let expected = format!("the numbers from 1 to {all}, in this order");
    service.wrong(done, expected, came)
}

/// Why these numbers have come, and not those from 1 on, where many have posted at once.
fn why_in_the_crowd(
    run: &mut Run,
    service: &Service,
    numbers: &[usize],
) -> Result<Option<(&'static str, &'static str)>, Failure> {
    for (name, first) in BY_ONE.iter().zip([0, 2]) {
        if numbers.iter().copied().eq(first..first + numbers.len()) {
            return Ok(Some(named(name)));
        }
    }
    // What is not kept has no place.
    if kept(service, numbers.len())?.len() != numbers.len() {
        return Ok(None);
    }
    // One after the other, while more and more listen, two for each message.
    let words = words(run, 6);
    let service = board(run, &[])?;
    let mut listeners = Vec::new();
    for word in &words {
        listeners.push(Listener::open(&service, None)?);
        listeners.push(Listener::open(&service, None)?);
        posts_to(&service, word)?;
    }
    let first = &mut listeners[0];
    first.wait(patience(), |first| first.events().len() >= words.len());
    let (due, came) = (due(1, &texts(&words)), first.events());
    Ok(match came == due {
        true => Some(NUMBER_TWICE),
        false if other_numbers(&due, &came) > 1 => Some(OTHER_NUMBERS),
        false => None,
    })
}

const NUMBER_TWICE: (&str, &str) = (
    "number-twice",
    "With several who post at once, two messages get the same number: between the count and the push, \
     another thread has counted, too. Count and push under one guard.",
);

fn all_stay(run: &mut Run) -> Verdict {
    /// More than a program keeps that wants to be done with old ones.
    const POSTS: usize = 250;
    let words = words(run, POSTS);
    let all = due(1, &texts(&words));
    let service = board(run, &[])?;
    for word in &words {
        posts(&service, word)?;
    }
    let mut listener = Listener::open(&service, None)?;
    listener.wait(patience(), |listener| listener.events().len() >= POSTS);
    if listener.events() == all {
        return Ok(());
    }
    // All that there is to see.
    listener.wait(Duration::from_millis(300), |_| false);
    let (came, text) = (listener.events(), listener.text());
    let newest = &all[POSTS - came.len().min(POSTS)..];
    let is_same = |(due, came): (&Event, &Event)| due.data == came.data;
    let mut others = before(&all);
    others.push((NOT_KEPT, Vec::new()));
    // Of fewer, other checks say why.
    if (10..POSTS).contains(&came.len()) && newest.iter().zip(&came).all(is_same) {
        others.push((OLD_ONES_GONE, came.clone()));
    }
    let done = format!("(before that, POST / with a message, {POSTS} times)");
    let wrong = service.wrong(
        &[&*listener.done, &done],
        format!("{POSTS} events, with the numbers from 1 to {POSTS}"),
        format!("{} events\n{}", came.len(), listener.told()),
    );
    let cause = cause(&all, &came, &text, &others).filter(|_| !listener.closed);
    Err(match cause {
        Some((name, says)) => wrong.because(name, says),
        None => wrong,
    })
}

const OLD_ONES_GONE: (&str, &str) = (
    "old-ones-gone",
    "With many messages on the board, the oldest ones are gone. All of them stay: who begins to listen gets \
     each, from number 1 on, and the number of a message is its place on the board.",
);

fn two_pages(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let text = format!("{word} <img src=x onerror=alert({number})>");
    let mut page = run.browser()?;
    page.open("/")?;
    // The other page is a frame in this one.
    page.evaluate(
        "window.stays = 'stays', \
         document.body.append(Object.assign(document.createElement('iframe'), { src: '/' })), ''",
    )?;
    let ready = "String(frames[0].document.readyState === 'complete' && \
                 !!frames[0].document.querySelector('form'))";
    wait_for(&mut page, ready, "true")?;
    page.fill("[name=message]", &text)?;
    page.press("[name=message]")?;
    let both = format!(
        "String([document, frames[0].document].every(page => page.body.innerText.includes('{word} <img')))"
    );
    if !wait_for(&mut page, &both, "true")? {
        return Err(page.wrong("both pages show the message that was posted in one of them"));
    }
    if page.evaluate("String(window.stays)")? != "stays" {
        return Err(page.wrong("a page that stays where it is when a message is posted"));
    }
    match page.dialogs().is_empty() {
        true => Ok(()),
        false => Err(page.wrong("no script of a message runs")),
    }
}

/// Whether an expression has this value in time.
fn wait_for(page: &mut grader::Page, expression: &str, value: &str) -> Result<bool, Failure> {
    comes_true(|| Ok(page.evaluate(expression)? == value))
}

// Step 3: listeners that come back.

fn comes_back(run: &mut Run) -> Verdict {
    const FIRST: usize = 5;
    let mut posted = words(run, FIRST);
    let service = board(run, &texts(&posted))?;
    let all = due(1, &texts(&posted));
    let mut newcomer = Listener::open(&service, None)?;
    expect_events(&service, &mut newcomer, &[], &all, &before(&all))?;
    // All of them stay, so that none has to be forgotten.
    let mut listeners = vec![newcomer];
    // One that has missed several (and has seen more than one, so that all differs from one too
    // many), one that has missed nothing, and one that has missed one.
    let several = run.seed().number(2..4) as usize;
    for missed in [several, 0, 1] {
        let before = posted.len();
        let seen = before - missed;
        let mut listener = Listener::open(&service, Some(&seen.to_string()))?;
        let word = run.seed().word();
        posts_to(&service, &word)?;
        posted.push(word);
        let all = due(1, &texts(&posted));
        let mut others = vec![
            (DOES_NOT_COME, all[seen..before].to_vec()),
            (
                if missed == 0 { NONE_MISSED } else { ALL_AGAIN },
                all.clone(),
            ),
            (ONE_AGAIN, all[seen - 1..].to_vec()),
            (ONE_LOST, all[seen + 1..].to_vec()),
            (NOTHING_MISSED, all[before..].to_vec()),
        ];
        others.extend(wrongly_posted(&all[seen..], FIRST.saturating_sub(seen)));
        let on_the_board = format!("(the messages 1 to {before} are on the board)");
        let done = [&*on_the_board, "POST / with one more"];
        let verdict = expect_posted(&service, &mut listener, &done, &all[seen..], &others);
        let is_all = listener.events() == all;
        listeners.push(listener);
        let word = run.seed().word();
        if is_all && depends_on_listeners(&service, &mut listeners, &all, seen, &word)? {
            let (name, says) = COMPARED_WITH_LISTENERS;
            return verdict.map_err(|wrong| wrong.because(name, says));
        }
        verdict?;
    }
    Ok(())
}

/// One that had seen this many messages has got all of them again. Whether another one, which has missed as
/// many, gets just these, once there are more listeners than messages.
fn depends_on_listeners(
    service: &Service,
    listeners: &mut Vec<Listener>,
    all: &[Event],
    seen: usize,
    word: &str,
) -> Result<bool, Failure> {
    while listeners.len() <= all.len() {
        listeners.push(Listener::open(service, None)?);
    }
    let mut again = Listener::open(service, Some(&(seen + 1).to_string()))?;
    posts_to(service, word)?;
    let is_last = |event: &Event| event.data == word;
    again.wait(patience(), |again| {
        again.events().last().is_some_and(is_last)
    });
    let new = due(all.len() + 1, &[word]);
    let is_right = again.events() == [&all[seen + 1..], &new].concat();
    listeners.push(again);
    Ok(is_right)
}

const COMPARED_WITH_LISTENERS: (&str, &str) = (
    "compared-with-listeners",
    "Whether a listener that comes back gets all messages again, or only those it has missed, depends on how \
     many have listened. Its Last-Event-ID is the number of a message: compare it with \
     board.messages.len(), and not with next or the number of listeners.",
);

const ALL_AGAIN: (&str, &str) = (
    "all-again",
    "A listener that comes back gets all messages again, and the page shows them twice. Last-Event-ID says which \
     one was the last that came: begin behind it.",
);

/// One that has missed some gets these alone: that was seen before.
const NONE_MISSED: (&str, &str) = (
    "none-missed-all-again",
    "A listener that has missed nothing gets all messages again. Its Last-Event-ID is the number of the last \
     message on the board: you have sent that one. Only a number that is larger is of an earlier run.",
);

const ONE_AGAIN: (&str, &str) = (
    "one-again",
    "Last-Event-ID is the number of the last message that has come, and you send this one again. Its number \
     is the number of messages that were seen: skip as many.",
);

const ONE_LOST: (&str, &str) = (
    "one-lost",
    "Of what was missed, the first message does not come. Last-Event-ID is the number of messages that were \
     seen, as they are numbered from 1 on: skip just as many.",
);

const NOTHING_MISSED: (&str, &str) = (
    "nothing-missed",
    "A listener that comes back gets what is new from now on, and not what was missed meanwhile.",
);

fn unknown_number(run: &mut Run) -> Verdict {
    let words = words(run, 3);
    let service = board(run, &texts(&words))?;
    let all = due(1, &texts(&words));
    let mut newcomer = Listener::open(&service, None)?;
    expect_events(&service, &mut newcomer, &[], &all, &before(&all))?;
    let word = run.seed().word();
    let too_large = ["4", "99", "4294967297"];
    // Whoever has seen the messages up to 0 has seen none.
    let none = ["-1", "18446744073709551616", "1.5", "3 cats", "", &*word];
    for last in too_large.iter().chain(&none).chain(&["0"]) {
        let listener = Listener::try_open(&service, Some(last))?;
        if listener.status() == "400" {
            let wrong = service.wrong(&[&*listener.done], "status 200", listener.told());
            return Err(wrong.because(
                "number-refused",
                "A Last-Event-ID that your board has not sent is refused. The one who sends it cannot mend \
                 that: it may be of an earlier run of your program. Send everything, as if there were none.",
            ));
        }
        let mut listener = Listener::open(&service, Some(last))?;
        let nothing = match too_large.contains(last) {
            true => (
                "too-large-gets-nothing",
                "A Last-Event-ID that is larger than all of the board's numbers gets nothing. It is of an \
                 earlier run of your program, and what is on the board is new to this one: send all of it.",
            ),
            false => (
                "no-number-gets-nothing",
                "A Last-Event-ID that is no number gets nothing. It is none of yours: send everything, as \
                 if there were none.",
            ),
        };
        let done = ["(the messages 1 to 3 are on the board)"];
        let mut others = match *last {
            "0" => Vec::new(),
            _ => vec![(nothing, Vec::new())],
        };
        if *last == "-1" {
            let picked = (
                "number-picked-out",
                "A Last-Event-ID of -1 is taken for 1. It is none of yours: take the text as a whole, with \
                 parse, and send everything if that fails.",
            );
            others.push((picked, all[1..].to_vec()));
        }
        expect_events(&service, &mut listener, &done, &all, &others)?;
    }
    Ok(())
}

// Step 4: listeners that have gone.

const NO_COMMENT: (&str, &str) = (
    "no-comment",
    "Nothing comes to one who listens while nobody posts, so you never learn whether it is still there. Wait \
     no longer than HEARTBEAT for the next message, with recv_timeout; then write a comment, and flush it.",
);

/// Whether comments were seen to come. Then no other check waits for them.
static COMMENTS_COME: AtomicBool = AtomicBool::new(false);

/// Begins to listen, gets what is on the board, and then, if it is not known that comments come,
/// a comment.
fn listens(service: &Service, due: &[Event]) -> Result<Listener, Failure> {
    if !COMMENTS_COME.load(Ordering::Relaxed) {
        return quiet(service, due, 1);
    }
    let mut listener = Listener::open(service, None)?;
    expect_events(service, &mut listener, &[], due, &before(due))?;
    Ok(listener)
}

/// Begins to listen, gets what is on the board, and then this number of comments.
fn quiet(service: &Service, due: &[Event], comments: usize) -> Result<Listener, Failure> {
    let mut listener = Listener::open(service, None)?;
    expect_events(service, &mut listener, &[], due, &before(due))?;
    // What ends here was never meant to go on: step 1.
    listener.wait(Duration::from_millis(100), |_| false);
    let ended = listener.closed;
    let seconds = Duration::from_secs(comments as u64 - 1);
    let came = listener.wait(patience() + seconds, |listener| {
        listener.comments() >= comments || listener.events().len() > due.len()
    });
    let done = [&*listener.done, "(nobody posts anything)"];
    let wrong = service.wrong(&done, "a comment each second", listener.told());
    if listener.events().len() > due.len() {
        return Err(match listener.events().last() {
            Some(event) if event.data.is_empty() => {
                wrong.because(COMMENT_IS_EVENT.0, COMMENT_IS_EVENT.1)
            }
            _ => wrong,
        });
    }
    if listener.closed {
        return Err(match listener.is_whole() && !ended {
            true => wrong.because(
                "ends-when-quiet",
                "When nothing is new for a while, the answer ends. Its listener is still there: write a \
                 comment, and go on.",
            ),
            false => wrong,
        });
    }
    match (came, listener.comments()) {
        (true, _) => {
            COMMENTS_COME.store(true, Ordering::Relaxed);
            Ok(listener)
        }
        (false, 0) => {
            let (name, says) = match comments_come_with(service, &mut listener) {
                true => COMMENT_NOT_FLUSHED,
                false => NO_COMMENT,
            };
            Err(wrong.because(name, says))
        }
        (false, _) => Err(wrong),
    }
}

const COMMENT_NOT_FLUSHED: (&str, &str) = (
    "comment-not-flushed",
    "You write comments, and they do not leave: they come all together with the next message. What you write \
     is collected until there is enough of it; flush() behind each comment sends it now.",
);

/// Whether the comments of some seconds come with a message, where none has come before.
fn comments_come_with(service: &Service, listener: &mut Listener) -> bool {
    let events = listener.events().len();
    if posts(service, ONCE_MORE).is_err() {
        return false;
    }
    listener.wait(patience(), |listener| listener.events().len() > events);
    // One may belong to the message itself.
    listener.comments() > 1
}

fn comments(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = board(run, &[&word])?;
    let mut listener = quiet(&service, &due(1, &[&word]), 2)?;
    // The time from one comment to the next. What is late because the computer is busy is late
    // once, and not each time.
    let mut last = Instant::now();
    let mut between = Vec::new();
    for comments in 3..6 {
        listener.wait(PATIENCE, |listener| listener.comments() >= comments);
        between.push(last.elapsed());
        if between.iter().any(|time| *time < 2 * HEARTBEAT) {
            not_too_often(&service, &mut listener)?;
            return head_at_once(run);
        }
        last = Instant::now();
    }
    let seconds = between.iter().min().map_or(0, Duration::as_secs);
    let wrong = service.wrong(
        &[&*listener.done, "(nobody posts anything)"],
        "a comment each second",
        format!("a comment each {seconds} seconds or more"),
    );
    Err(wrong.because(
        "seldom",
        "Comments come, and too seldom. Wait no longer than HEARTBEAT, which is a second: it is also the \
         longest time until the server notices that a listener has gone, or that it is told to stop.",
    ))
}

/// How many comments are too many for two seconds, in which two or three are due.
const MANY_COMMENTS: usize = 10;

/// What was held up because the computer is busy comes all at once, and then not again.
fn not_too_often(service: &Service, listener: &mut Listener) -> Verdict {
    let mut fewest = usize::MAX;
    for _ in 0..3 {
        let before = listener.comments();
        let until = Instant::now() + 2 * HEARTBEAT;
        while Instant::now() < until && !listener.closed {
            listener.read(until.saturating_duration_since(Instant::now()));
        }
        fewest = fewest.min(listener.comments() - before);
        if fewest <= MANY_COMMENTS {
            return Ok(());
        }
    }
    let wrong = service.wrong(
        &[&*listener.done, "(nobody posts anything)"],
        "a comment each second",
        format!("{fewest} comments in two seconds"),
    );
    Err(wrong.because(
        "too-often",
        "Comments come much more often than each second. Each of them wakes up the computers on both sides for \
         nothing: wait for HEARTBEAT before you write one.",
    ))
}

/// Where nothing is on the board, the head comes before there is anything else to send.
fn head_at_once(run: &mut Run) -> Verdict {
    let service = board(run, &[])?;
    let soon = HEARTBEAT / 2;
    let mut shortest = Duration::MAX;
    // What is late because the computer is busy is not late each time.
    for _ in 0..5 {
        let began = Instant::now();
        Listener::open(&service, None)?;
        shortest = shortest.min(began.elapsed());
        if shortest < soon {
            return Ok(());
        }
    }
    let wrong = service.wrong(
        &["start the server without a message", "GET /events"],
        "the head of the answer, at once",
        format!("the head of the answer, after {} ms", shortest.as_millis()),
    );
    Err(wrong.because(
        "head-waits",
        "While the board is empty, the head of the answer waits for the first comment. Until it comes, the page does \
         not know that it is heard. What you write is collected: flush once before you wait, as the starter does \
         behind what is on the board.",
    ))
}

/// Waits until the program says that this number of listeners is there. Returns what it says at last.
fn count(service: &Service, expected: usize) -> Result<String, Failure> {
    let mut said = String::new();
    // Some comments must have failed before, whatever is wrong elsewhere.
    comes_true_in(PATIENCE, || {
        let answer = service.get("/listeners")?;
        answer.expect_status(200)?;
        said = answer.text().trim().to_string();
        Ok(said == expected.to_string())
    })?;
    Ok(said)
}

fn miscounted(service: &Service, done: &str, expected: usize, said: &str) -> Failure {
    let expected = format!("GET /listeners says {expected}");
    let came = format!("GET /listeners says {said}");
    service.wrong(&[done], expected, came)
}

const OTHERS_FORGOTTEN: (&str, &str) = (
    "others-forgotten",
    "When one listener goes, others that are still there are taken out of the list, and get no more messages. \
     Take out just the one with this number, and leave the rest.",
);

const NEVER_FORGOTTEN: (&str, &str) = (
    "never-forgotten",
    "A listener that has gone stays in the list, and after some hours the board is full of nobody. Take a \
     listener out of the list when its answer has ended, however that was.",
);

fn forgotten(run: &mut Run) -> Verdict {
    let words = words(run, 2);
    let service = board(run, &texts(&words[..1]))?;
    let mut listeners = vec![listens(&service, &due(1, &texts(&words[..1])))?];
    for _ in 0..2 {
        listeners.push(Listener::open(&service, None)?);
    }
    let said = count(&service, 3)?;
    if said != "3" {
        return Err(miscounted(&service, "while three listen", 3, &said));
    }
    // One that has got something new is forgotten as well.
    posts_to(&service, &words[1])?;
    let all = due(1, &[&words[0], &words[1]]);
    for listener in &mut listeners {
        let others = [(DOES_NOT_COME, all[..1].to_vec())];
        let done = ["POST / with a message"];
        expect_posted(&service, listener, &done, &all, &others)?;
    }
    drop(listeners);
    let said = count(&service, 0)?;
    if said == "0" {
        return Ok(());
    }
    let wrong = miscounted(&service, "after three who listened have gone", 0, &said);
    Err(still_there(&service, wrong, 0, 3)?)
}

/// The failure of a list in which more stand than still listen, with its cause.
fn still_there(
    service: &Service,
    wrong: Failure,
    listening: usize,
    in_list: usize,
) -> Result<Failure, Failure> {
    // The second message is one too many for a connection that is gone.
    for _ in 0..2 {
        posts(service, ONCE_MORE)?;
        thread::sleep(Duration::from_millis(200));
    }
    let said = count(service, listening)?.parse::<usize>();
    Ok(match said {
        Ok(said) if said == listening => wrong.because(
            "forgotten-by-posts",
            "A listener that has gone stays in the list until somebody posts. Where nobody posts for hours, \
             the board fills up with them. Take a listener out of the list when its answer has ended.",
        ),
        // Where some are forgotten, it is others than those who have gone.
        Ok(said) if said == in_list => wrong.because(NEVER_FORGOTTEN.0, NEVER_FORGOTTEN.1),
        _ => wrong,
    })
}

fn not_forgotten(run: &mut Run) -> Verdict {
    let words = words(run, 5);
    let service = board(run, &texts(&words[..1]))?;
    let all = due(1, &texts(&words));
    let mut listeners = vec![listens(&service, &all[..1])?];
    for _ in 0..2 {
        listeners.push(Listener::open(&service, None)?);
    }
    posts_to(&service, &words[1])?;
    let listens = "(and so do two others)";
    for listener in &mut listeners {
        let done = [listens, "POST / with a message"];
        let mut others = wrongly_posted(&all[..2], 1);
        others.push((DOES_NOT_COME, all[..1].to_vec()));
        expect_posted(&service, listener, &done, &all[..2], &others)?;
    }
    let said = count(&service, 3)?;
    if said != "3" {
        let done = "while three listen, who have got a message";
        let wrong = miscounted(&service, done, 3, &said);
        return Err(match &*said {
            "0" => wrong.because(TAKEN_OUT.0, TAKEN_OUT.1),
            _ => wrong,
        });
    }
    // Neither the first nor the last.
    one_goes(&service, listeners, 1, &all)
}

/// One of those who listen goes, and another one comes: the others still hear all. `all` is what
/// they have got, and then three messages.
fn one_goes(
    service: &Service,
    mut listeners: Vec<Listener>,
    gone: usize,
    all: &[Event],
) -> Verdict {
    let many = listeners.len();
    let (heard, more) = all.split_at(all.len() - 3);
    drop(listeners.remove(gone));
    // The server writes twice to one that has gone, and finds it out at once.
    for event in &more[..2] {
        posts_to(service, &event.data)?;
        thread::sleep(Duration::from_millis(50));
    }
    let said = count(service, many - 1)?;
    if said != (many - 1).to_string() {
        let done = format!("after one of {many} who listened has gone");
        let wrong = miscounted(service, &done, many - 1, &said);
        return Err(match said.parse::<usize>() {
            Ok(said) if said == many => still_there(service, wrong, many - 1, many)?,
            Ok(said) if said < many => wrong.because(OTHERS_FORGOTTEN.0, OTHERS_FORGOTTEN.1),
            _ => wrong,
        });
    }
    listeners.push(Listener::open(service, None)?);
    let said = count(service, many)?;
    if said != many.to_string() {
        let done = format!("after one of {many} has gone, and another one has come");
        let wrong = miscounted(service, &done, many, &said);
        return Err(match said.parse::<usize>() {
            // One may have ended the answer whose place was taken, and with it the other one's.
            Ok(said) if said < many => wrong.because(
                "place-taken",
                "One who comes takes the place of another one, who still listens and gets no more messages: \
                 both have the same number. Give no number a second time: count next up, and never down.",
            ),
            _ => wrong,
        });
    }
    posts_to(service, &more[2].data)?;
    let until = Instant::now() + patience();
    for listener in &mut listeners {
        // One of the messages may have come before it was forgotten.
        let forgotten = heard.len()..all.len();
        let others: Vec<Other> = forgotten
            .clone()
            .map(|came| (OTHERS_FORGOTTEN, all[..came].to_vec()))
            .collect();
        let done = [
            &*format!("(and so do {} others)", many - 1),
            "(one of the others goes)",
            "POST / with a message, three times",
            "(before the last one, somebody else comes)",
        ];
        expect_events_until(until, service, listener, &done, all, &others).map_err(|wrong| {
            // It was there until the other one went: then its answer has ended, as nothing can come any more.
            let came = listener.events();
            match listener.closed && forgotten.contains(&came.len()) && all.starts_with(&came) {
                true => wrong.because(OTHERS_FORGOTTEN.0, OTHERS_FORGOTTEN.1),
                false => wrong,
            }
        })?;
    }
    Ok(())
}

fn full_house(run: &mut Run) -> Verdict {
    let words = words(run, 5);
    let service = board(run, &texts(&words[..1]))?;
    let all = due(1, &texts(&words));
    let mut listeners = vec![listens(&service, &all[..1])?];
    for _ in 1..LISTENERS {
        listeners.push(Listener::open(&service, None)?);
    }
    let one_more = Listener::try_open(&service, None)?;
    let done = [&*format!(
        "{LISTENERS} who listen, and GET /events by one more"
    )];
    if one_more.status() != "503" {
        return Err(service.wrong(&done, "status 503", one_more.told()));
    }
    service.get("/")?.expect_status(200)?;
    posts_to(&service, &words[1])?;
    let others = wrongly_sent(&all[..2]);
    let done = [
        &*format!("(so do {} others)", LISTENERS - 1),
        "POST / with a message",
    ];
    let until = Instant::now() + patience();
    for listener in &mut listeners {
        expect_events_until(until, &service, listener, &done, &all[..2], &others)?;
    }
    let gone = run.seed().below(LISTENERS as u64) as usize;
    one_goes(&service, listeners, gone, &all)
}

// Step 5: the end.

fn stops(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = board(run, &[&word])?;
    let mut listeners = [
        Listener::open(&service, None)?,
        Listener::open(&service, None)?,
    ];
    for listener in &mut listeners {
        expect_events(&service, listener, &[], &due(1, &[&word]), &[])?;
    }
    service.terminate()?;
    for listener in &mut listeners {
        listener.wait(2 * PATIENCE, |listener| listener.closed);
        let done = [&*listener.done, "the program is told to end: SIGTERM"];
        if listener.is_whole() {
            if listener.events().len() > 1 {
                let wrong = service.wrong(&done, "no more messages", listener.told());
                return Err(wrong.because(
                    "goodbye",
                    "At the end, one more event comes, and each page shows it as a message that somebody has \
                     posted. Only finish the answer: a browser then comes back by itself.",
                ));
            }
            continue;
        }
        let wrong = service.wrong(&done, "the end of the answer", listener.told());
        return Err(wrong.because(
            "cut-off",
            "When the server is told to stop, the answers of those who listen are cut off in the middle. A \
             listener that hears nothing new looks whether body.is_stopping(), and then finishes its answer: \
             body.finish().",
        ));
    }
    let finished = service.wait()?;
    match finished.code() {
        0 => Ok(()),
        _ => Err(finished.wrong("after SIGTERM, exit code 0")),
    }
}
