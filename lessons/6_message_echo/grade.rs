//! The checks of lesson 6, message_echo: how long the body is, the body itself, and
//! the message in it.

use std::borrow::Cow;

use grader::record::Request;
use grader::{
    Act, Draw, Expect, FORM, Mistakes, Model, Run, Seen, Status, Verdict, Whole, encode_form, post,
    request,
};

const TEXT: &str = "text/plain; charset=utf-8";
const PATHS: [&str; 3] = ["/", "/length", "/body"];

fn main() -> std::process::ExitCode {
    grader::lesson!(MessageEcho)
        .example(
            1,
            1,
            "POST /length says how many bytes will come",
            Whole,
            |draw| {
                // More bytes than characters.
                let line = draw.line().repeat(draw.number(2..9) as usize);
                let page = draw.number(2..100);
                [
                    post("/length").body(line),
                    post("/length").body(""),
                    post(format!("/length?page={page}")).body(draw.word()),
                ]
            },
        )
        .example(
            1,
            1,
            "a body whose length nobody says gets 411",
            Status,
            |draw| {
                let paths = ["/length".into(), "/body".into(), "/".into(), draw.path()];
                let without = |path: &String| post(path.as_str());
                let chunked = |path: &String| post(path.as_str()).body("message=x").chunked();
                let all = paths.iter().map(chunked);
                all.chain(paths.iter().map(without)).collect::<Vec<_>>()
            },
        )
        .example(1, 0, "another path gets 404", Status, |draw| {
            let (path, word) = (draw.path(), draw.word());
            let paths = [
                path.clone(),
                format!("/length{path}"),
                "/length/".into(),
                "/body/".into(),
                "/Body".into(),
            ];
            paths.map(|path| post(path).body(word.as_str()))
        })
        .example(1, 0, "POST is taken, and no other method", Status, |draw| {
            let word = draw.word();
            let all = ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];
            all.map(|method| request(method, "/length").body(word.as_str()))
        })
        .example(2, 1, "POST /body gives the body back", Whole, |draw| {
            let text = format!("{}\r\n\r\n{}\n", draw.line(), draw.line());
            let page = draw.number(2..100);
            [
                post("/body").body(text),
                post("/body").body(""),
                post(format!("/body?page={page}")).body(draw.word()),
            ]
        })
        .example(2, 1, "a body of any bytes comes back", Whole, |draw| {
            let any: Vec<u8> = (0..=255).collect();
            let (word, other) = (draw.word(), draw.word());
            let zeros: &[u8] = b"\0\0";
            [
                post("/body").body([draw.word().as_bytes(), &any].concat()),
                post("/body").body([word.as_bytes(), zeros].concat()),
                post("/body").body([zeros, other.as_bytes()].concat()),
            ]
        })
        .example(2, 1, "a long body comes back whole", Whole, |draw| {
            let (middle, long) = (draw.number(1001..WHOLE), draw.number(LONG..LONG + 50_000));
            [middle, long].map(|length| post("/body").body(repeated(draw, length)))
        })
        .check(2, 0, "a body of more than 1 MiB comes back whole", large)
        .example(3, 2, "POST / answers the message", Whole, |draw| {
            let (word, other) = (draw.word(), draw.word());
            [
                message(&word),
                post(format!("/?message={other}")).form(&[("message", &word)]),
                message(&draw.word()).of_script(),
            ]
        })
        .example(
            3,
            1,
            "the message comes back as it was typed",
            Whole,
            |draw| {
                let text = format!("{} & {}: 1 + 1 = 2", draw.line(), draw.word());
                let lines = format!("  {}\r\n{}\r\n", draw.word(), draw.word());
                let long = repeated(draw, 70_000);
                let texts = [text, format!("{}\r\n", draw.word()), lines, long];
                // White space that ends the body, as it is.
                let raw = form(format!("message={} \r\n", draw.word()));
                [
                    texts.each_ref().map(|text| message(text)).as_slice(),
                    &[raw],
                ]
                .concat()
            },
        )
        .example(
            3,
            1,
            "the message may stand anywhere in the form",
            Whole,
            |draw| {
                let (word, other) = (draw.word(), draw.path());
                let (first, second) = (draw.word(), draw.word());
                [
                    post("/").form(&[("from", &other), ("message", &word), ("to", "x")]),
                    form(format!("message={first}&to=x&message={second}")),
                    form(format!("a=1&b&c=3&&message={second}")),
                ]
            },
        )
        .example(3, 1, "bytes that are not UTF-8 do no harm", Whole, |draw| {
            let fields = [b"message=", draw.word().as_bytes(), b"\xff"].concat();
            let (one, other) = (draw.word(), draw.word());
            [
                form(fields),
                form(format!("message={one}%FF")),
                message(&format!("{other}\u{fffd}")),
            ]
        })
        .example(4, 1, "a form without a message gets 400", Whole, |draw| {
            [
                post("/").form(&[("massage", &draw.word())]),
                post("/").form(&[("Message", &draw.word())]),
                post("/").form(&[("messages", &draw.word())]),
                post("/").form(&[("submessage", &draw.word())]),
                post("/").form(&[("message ", &draw.word())]),
                post("/").form(&[(" message", &draw.word())]),
                form(format!("to={};message={}", draw.word(), draw.word())),
                post(format!("/?message={}", draw.word())).form(&[]),
                post("/").form(&[]),
                post("/")
                    .field("Content-Type", "application/json")
                    .body(format!("{{\"massage\": \"{}\"}}", draw.word())),
            ]
        })
        .example(4, 1, "an empty message is a message", Whole, |draw| {
            let second = format!("message=&message={}", draw.word());
            [message(""), form(second)]
        })
        .sessions(1)
        .grade()
}

/// Sends a message as a browser does.
fn message(text: &str) -> Act {
    post("/").form(&[("message", text)])
}

/// Sends a form that is written out.
fn form(fields: impl Into<Vec<u8>>) -> Act {
    post("/").field("Content-Type", FORM).body(fields.into())
}

/// The longest body that comes whole in one read: what the client sends at once.
const WHOLE: u64 = 4000;

/// The shortest body that does not: more than the system keeps for a connection.
const LONG: u64 = 250_000;

/// A body that is longer than a limit of the student's own may be, and comes back as long as the
/// grader takes one. (The library's limit is 16 MiB.) It is no act of the model: each mistake would
/// have to be tried on it.
const LARGE: u64 = 2_000_000;

struct MessageEcho;

/// What the message echo does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// What is compared with the paths.
    path: fn(&Request) -> &str,
    /// Whether the length is looked at before the path.
    length_first: bool,
    /// What is taken for the length of a body, of which the client says the length.
    length: fn(usize) -> Option<usize>,
    /// How many bytes are read of a body whose length nobody says, if one is taken.
    unsaid: Option<fn(&[u8]) -> usize>,
    unsaid_status: u16,
    /// Whether a request without a body needs no length.
    bodiless: bool,
    /// The number that /length tells.
    counted: fn(&[u8]) -> usize,
    /// What is read of a body.
    read: fn(&[u8]) -> Read,
    /// The most bytes of it that are kept.
    most: usize,
    /// How a body comes into a buffer that all requests have together, if they do.
    kept: Option<Keep>,
    /// The paths whose bodies come there.
    kept_at: &'static [&'static str],
    /// The methods that are answered as POST, and the status of GET, if it is answered otherwise.
    takes: &'static [&'static str],
    get: Option<u16>,
    /// What becomes of a body on its way back.
    echo: fn(&[u8]) -> Vec<u8>,
    /// The message that is found in a form.
    message: fn(&[u8]) -> Option<String>,
    /// What becomes of it, and whether it is then taken for none.
    value: fn(&str) -> String,
    refuses: fn(&str) -> bool,
    /// Whether one in the query is taken, too: if the form has none, or in place of that one.
    from_query: Option<InQuery>,
    missing: u16,
    /// The types that a body without a message must not have, and the status then.
    refused_type: fn(Option<&str>) -> bool,
    type_status: u16,
    /// The paths at which a form without a message gets the answer to one.
    needs_form: fn(path: &str) -> bool,
    /// Whether the answer names the field that is missing.
    names_field: bool,
    /// The status of another path, unless it is taken for that of messages.
    elsewhere: Option<u16>,
    kind: Option<String>,
    /// What stands before the number of bytes and before the message, and behind it.
    length_line: [String; 2],
    message_line: [String; 2],
}

/// When a message in the query is taken.
#[derive(Clone, Copy, PartialEq)]
enum InQuery {
    First,
    Last,
}

/// Puts a body into a buffer that may have another one in it.
type Keep = fn(buffer: &mut Vec<u8>, body: &[u8]);

/// What a program has of a body.
enum Read<'a> {
    These(&'a [u8]),
    /// What has come when it reads for the first time; the rest of a buffer stays zero, if
    /// the buffer is not cut.
    Beginning {
        zeros: bool,
    },
    /// The end: each read writes to the beginning of the buffer, over what came before. What
    /// the buffer has behind it stays zero, if the buffer is not cut.
    End {
        zeros: bool,
    },
    /// All of it, in a buffer that is longer and not cut: zeros stand behind it.
    Padded,
    /// More is asked for than there is, which is an error.
    TooMuch,
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            path: Request::path,
            length_first: true,
            length: Some,
            unsaid: None,
            unsaid_status: 411,
            bodiless: false,
            counted: <[u8]>::len,
            read: |body| Read::These(body),
            most: usize::MAX,
            kept: None,
            kept_at: &["/", "/body"],
            takes: &[],
            get: None,
            echo: <[u8]>::to_vec,
            message: |form| first(form, "message"),
            value: str::to_string,
            refuses: |_| false,
            from_query: None,
            missing: 400,
            refused_type: |_| false,
            type_status: 415,
            needs_form: |path| path == "/",
            names_field: true,
            elsewhere: Some(404),
            kind: Some(TEXT.into()),
            length_line: ["".into(), " bytes\n".into()],
            message_line: ["".into(), "\n".into()],
        }
    }
}

/// Whether what is sent is said to be a form.
fn is_form(asked: &Request) -> bool {
    let kind = asked.field("Content-Type");
    kind.is_some_and(|kind| kind.starts_with(FORM))
}

/// The fields of a form that has come as bytes.
fn fields(form: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(form);
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn first(form: &[u8], name: &str) -> Option<String> {
    first_named(form, |known| known == name)
}

/// The value of the first field with such a name.
fn first_named(form: &[u8], is_such: impl Fn(&str) -> bool) -> Option<String> {
    let mut such = fields(form).into_iter().filter(|(name, _)| is_such(name));
    such.next().map(|(_, value)| value)
}

/// The text as a page in HTML has it, but for quotes.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// The value of the first field of this name as it stands in the form.
fn raw(form: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(form);
    let mut pairs = text.split('&').filter_map(|field| field.split_once('='));
    let found = pairs.find(|(name, _)| *name == "message");
    found.map(|(_, value)| value.into())
}

/// Whether the word message stands in what was sent, in a name or in a value.
fn holds_the_word(form: &[u8]) -> bool {
    let mut texts = fields(form)
        .into_iter()
        .flat_map(|(name, value)| [name, value]);
    texts.any(|text| text.to_lowercase().contains("message"))
}

impl Model for MessageEcho {
    type Knobs = Knobs;
    /// What is left in a buffer that is never made anew.
    type State = Vec<u8>;

    fn expect(knobs: &Knobs, buffer: &mut Vec<u8>, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&PATHS) {
            return None; // other spellings of a path are left open, as in lesson 1
        }
        match (&*asked.method, knobs.get) {
            ("POST", _) => {}
            ("GET" | "HEAD", Some(status)) => return Some(Expect::step(1).status(status)),
            (method, _) if knobs.takes.contains(&method) => {}
            _ => return Some(Expect::step(1).status(501)),
        }
        let sent = asked.body.as_deref().unwrap_or_default();
        let is_said = asked.body.is_some() && asked.field("Transfer-Encoding").is_none();
        let step = match asked.path() {
            _ if !is_said || asked.method != "POST" => 1,
            // 1 bytes, or 1 byte: the text does not say.
            "/length" if sent.len() == 1 => return None,
            "/body" => 2,
            "/" => match first(sent, "message") {
                // Whether that is a form, the text does not say.
                Some(_) if !is_form(asked) => return None,
                Some(message) if !message.is_empty() => 3,
                _ => 4,
            },
            _ => 1,
        };
        let expect = |status: u16| Expect::step(step).status(status);
        let with_body = |answered: Expect, body: Vec<u8>| match &*asked.method {
            "HEAD" => answered, // its answer has none
            _ => answered.body(body),
        };
        let text = |line: String| {
            let answered = expect(200).field("Content-Type", knobs.kind.as_deref());
            Some(with_body(answered, line.into()))
        };

        let is_known = |path: &&str| PATHS.contains(path);
        let path = Some((knobs.path)(asked)).filter(is_known);
        let elsewhere = match (path, knobs.elsewhere) {
            (None, Some(status)) => Some(expect(status)),
            _ => None,
        };
        if elsewhere.is_some() && !knobs.length_first {
            return elsewhere;
        }
        let (length, read) = match (is_said, knobs.unsaid) {
            (true, _) => ((knobs.length)(sent.len()), (knobs.read)(sent)),
            (false, Some(read)) => (Some(0), Read::These(&sent[..read(sent)])),
            (false, None) if knobs.bodiless && asked.body.is_none() => (Some(0), Read::These(&[])),
            (false, None) => (None, Read::TooMuch),
        };
        let Some(length) = length else {
            return Some(expect(knobs.unsaid_status));
        };
        let is_asked = (knobs.needs_form)(asked.path()) && asked.path() != "/";
        if is_asked && is_said && (knobs.message)(sent).is_none() {
            return Some(expect(knobs.missing));
        }
        if elsewhere.is_some() {
            return elsewhere;
        }
        let path = path.unwrap_or("/");
        if path == "/length" {
            let number = if is_said {
                (knobs.counted)(sent)
            } else {
                length
            };
            return text(knobs.length_line.join(&number.to_string()));
        }
        let body = match read {
            Read::These(body) => &body[..body.len().min(knobs.most)],
            Read::Padded => {
                // How much of a body that takes several reads comes before the first zeros, nobody
                // knows.
                let read = expect(200);
                let sent = match path {
                    // A field that ends the form, and has no =, has another name then.
                    "/" => (knobs.message)(&[sent, b"\0"].concat())
                        .map(|message| message.trim_end_matches('\0').to_string()),
                    _ => str::from_utf8(sent).ok().map(String::from),
                };
                return Some(match sent {
                    Some(sent) if sent.len() <= 500 => read.body_has(sent),
                    Some(_) => expect(200),
                    None if path == "/" => expect(knobs.missing),
                    None => read.body_has("\0"),
                });
            }
            Read::TooMuch => return Some(expect(500)),
            Read::Beginning { .. } | Read::End { .. } if sent.len() as u64 <= WHOLE => sent,
            Read::End { zeros } => {
                let text = String::from_utf8_lossy(sent);
                let tail = text.get(text.len() - 12..)?;
                if path == "/" {
                    // The name of the field may be lost.
                    return Some(Expect::step(step).status_in(&[200, knobs.missing]));
                }
                let end = expect(200).body_has(tail);
                return Some(match ((sent.len() as u64) < LONG, zeros) {
                    (true, _) => end,
                    (false, true) => end.body_has("\0"),
                    (false, false) => end.body_lacks("\0").body_lacks(text),
                });
            }
            Read::Beginning { zeros } => {
                // Of a form, only the message is sent back.
                let sent = String::from_utf8_lossy(sent);
                let sent = sent.strip_prefix("message=").unwrap_or(&sent);
                let (head, tail) = (sent.get(..100)?, sent.get(sent.len() - 12..)?);
                let beginning = expect(200).body_has(head);
                return Some(match ((sent.len() as u64) < LONG, zeros) {
                    (true, _) => beginning,
                    (false, true) => beginning.body_has("\0").body_lacks(tail),
                    (false, false) => beginning.body_lacks("\0").body_lacks(tail),
                });
            }
        };
        let body = match knobs.kept {
            Some(keep) if knobs.kept_at.contains(&path) => {
                keep(buffer, body);
                &buffer[..]
            }
            _ => body,
        };
        if path == "/body" {
            // Which type any bytes have, the text does not say.
            return Some(with_body(expect(200), (knobs.echo)(body)));
        }
        let found = (knobs.message)(body).map(|message| (knobs.value)(&message));
        let message = found.filter(|message| !(knobs.refuses)(message));
        let in_query = || asked.query_field("message");
        let message = match knobs.from_query {
            None => message,
            Some(InQuery::First) => in_query().or(message),
            Some(InQuery::Last) => message.or_else(in_query),
        };
        match message {
            Some(message) => text(knobs.message_line.join(&message)),
            None if (knobs.refused_type)(asked.field("Content-Type")) => {
                Some(expect(knobs.type_status))
            }
            None if knobs.names_field => Some(expect(knobs.missing).names(&["message"])),
            // It may say what came in place of it, and the word stands there.
            None if holds_the_word(sent) => Some(expect(knobs.missing)),
            None => Some(expect(knobs.missing).body_lacks("message")),
        }
    }

    fn draw(draw: &mut Draw, _: &Vec<u8>) -> Vec<Act> {
        let other = |draw: &mut Draw| draw.path_near(&PATHS) + &draw.query();
        vec![match draw.below(13) {
            0 => message(&draw.word()),
            1 => post("/body").body(body(draw)),
            2 => post("/length").body(body(draw)),
            3 => match draw.below(3) {
                0 => post("/")
                    .field(
                        "Content-Type",
                        draw.pick(&["application/json", "text/plain"]),
                    )
                    .body(format!("{{\"message\": \"{}\"}}", draw.word())),
                _ => post(other(draw)).body(draw.word()),
            },
            4 => post(other(draw)).body(body(draw)),
            5 | 6 => {
                let (fields, query) = (fields_drawn(draw), draw.query());
                post(format!("/{query}"))
                    .field("Content-Type", FORM)
                    .body(fields)
            }
            7 => message(&draw.text()),
            8 => message(draw.pick(&[" ", "  x ", "\r\n", "a\r\nb\n", " é", "%41+%2B", "1=2=3"])),
            9 => post(other(draw)).body(draw.word()).chunked(),
            10 => match draw.below(5) {
                4 => {
                    let method = draw.pick(&["PUT", "PATCH", "OPTIONS"]);
                    request(method, draw.pick(&PATHS)).body(draw.word())
                }
                3 => post(format!("/?message={}", draw.word())).form(&[]),
                0 => post(draw.pick(&PATHS)).body("message=x").chunked(),
                1 => post(draw.pick(&PATHS)), // neither a length nor a body
                _ => request(draw.pick(&["GET", "PUT", "HEAD", "DELETE"]), other(draw)),
            },
            11 => {
                let end: &[u8] = draw.pick(&[b"\xff", b"\xe3\x81", b"=1+=2"]);
                form([b"message=", draw.word().as_bytes(), end].concat())
            }
            _ => {
                let length = draw.pick(&[200, 2000, 300, WHOLE, 70_000, LONG]);
                let text = repeated(draw, length);
                match draw.below(4) {
                    0 => post("/length").body(text),
                    1 if length < LONG => form(format!("message={text}")),
                    _ => post("/body").body(text),
                }
            }
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("always-411", "Every POST gets 411: content_length returns None each time. Look at the name of the header, Content-Length, and at what becomes of its value.", |knobs| {
                knobs.length = |_| None;
            })
            .wrong("small-number", "A longer body gets 411: its length does not fit into the type of number that you parse it into, so parse fails. Use usize.", |knobs| {
                knobs.length = |length| u8::try_from(length).ok().map(usize::from);
            })
            .or(|knobs| {
                knobs.length = |length| u16::try_from(length).ok().map(usize::from);
            })
            .wrong("zero-is-none", "A length of 0 gets 411. It is a length like any other: the client says that the body is empty.", |knobs| {
                knobs.length = |length| Some(length).filter(|length| *length > 0);
            })
            .wrong("no-length-is-zero", "A body without a Content-Length is taken, as if its length were 0. Nobody has said how long it is: return None, and the answer is 411.", |knobs| knobs.unsaid = Some(|_| 0))
            .or(|knobs| knobs.unsaid = Some(<[u8]>::len))
            .wrong("no-body-is-zero", "A POST with no body and no Content-Length is taken, as if its length were 0. Nobody has said so: content_length returns None whenever the header is missing, and the answer is 411.", |knobs| knobs.bodiless = true)
            .wrong("path-first", "Another path without a Content-Length gets 404. The length is looked at before the path: the answer is 411.", |knobs| {
                knobs.length_first = false;
            })
            .wrong("characters-counted", "/length counts the characters of the body. The Content-Length counts bytes, and ねこ has 6.", |knobs| {
                knobs.counted = |body| String::from_utf8_lossy(body).chars().count();
            })
            .wrong("one-more", "The length is larger by one than the client says. Take it as it stands in the header.", |knobs| {
                knobs.counted = |body| body.len() + 1;
                knobs.read = |_| Read::TooMuch;
            })
            .wrong("one-less", "The length is smaller by one than the client says, so that the body loses its last byte. Take it as it stands in the header.", |knobs| {
                knobs.counted = |body| body.len().saturating_sub(1);
                knobs.read = |body| Read::These(&body[..body.len().saturating_sub(1)]);
            })
            .wrong("empty-buffer", "Nothing of the body is read. read_exact fills a buffer as far as it is long, and Vec::new() and Vec::with_capacity(length) are empty: vec![0; length] is as long as the body.", |knobs| {
                knobs.read = |_| Read::These(&[]);
            })
            .wrong("zeros", "The buffer has the right length, but it is never filled: all its bytes are zero. Read into it, with read_exact(&mut body).", |knobs| {
                knobs.echo = |body| vec![0; body.len()];
                knobs.message = |_| None;
            })
            .wrong("zeros-first", "Zeros stand before the body, as many as it has bytes. The buffer vec![0; length] is full of them, and read_to_end, like push and extend, puts what comes behind them: begin with Vec::new(), or let read_exact fill the buffer.", |knobs| {
                knobs.echo = behind_zeros;
                knobs.message = |form| first(&behind_zeros(form), "message");
            })
            .wrong("one-read", "Of a long body, only the beginning is read. read returns what has come so far, and a long body takes many calls: use read_exact, with a buffer for all of it.", |knobs| {
                knobs.read = |_| Read::Beginning { zeros: false };
            })
            .wrong("rest-is-zero", "Of a long body, only the beginning is read, and zeros stand for the rest. read fills a part of the buffer; read_exact fills all of it.", |knobs| {
                knobs.read = |_| Read::Beginning { zeros: true };
            })
            .wrong("end-only", "Of a long body, the beginning is lost: each read writes to the beginning of the buffer, over what came before. Go on where the last one has ended, with &mut body[filled..]; read_exact does just that.", |knobs| {
                knobs.read = |_| Read::End { zeros: true };
            })
            .or(|knobs| knobs.read = |_| Read::End { zeros: false })
            .wrong("buffer-not-cut", "Zeros stand behind what was read: the buffer is longer, and all of it is sent. read returns how many bytes it has put into the buffer; only these are of the body.", |knobs| {
                knobs.read = |body| match body {
                    [] => Read::These(body),
                    _ => Read::Padded,
                };
            })
            .or(|knobs| knobs.read = |_| Read::Padded)
            .wrong("kept-buffer", "The buffer is kept from one request to the next, so what an earlier body has left in it comes back. Make a new one for each request.", |knobs| {
                knobs.kept = Some(|buffer, body| {
                    buffer.resize(buffer.len().max(body.len()), 0);
                    buffer[..body.len()].copy_from_slice(body);
                });
            })
            .or(|knobs| knobs.kept = Some(|buffer, body| buffer.extend(body)))
            .or(|knobs| {
                knobs.kept_at = &["/body"];
                knobs.kept = Some(|buffer, body| {
                    buffer.resize(buffer.len().max(body.len()), 0);
                    buffer[..body.len()].copy_from_slice(body);
                });
            })
            .or(|knobs| {
                knobs.kept_at = &["/body"];
                knobs.kept = Some(|buffer, body| buffer.extend(body));
            })
            .wrong("more-methods", "Another method than POST is answered. In this lesson, the handler has do_post alone, and no do_get or handle: the library answers 501 to all others.", |knobs| knobs.takes = &["PUT"])
            .or(|knobs| knobs.takes = &["PATCH"])
            .or(|knobs| knobs.takes = &["DELETE"])
            .or(|knobs| knobs.takes = &["OPTIONS"])
            .or(|knobs| knobs.takes = &["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
            .or(|knobs| knobs.get = Some(200))
            .or(|knobs| knobs.get = Some(405))
            .or(|knobs| (knobs.takes, knobs.get) = (&["PUT"], Some(200)))
            .or(|knobs| (knobs.takes, knobs.get) = (&["PUT"], Some(405)))
            .wrong("one-line", "You read up to the first line end. A body may have many lines: read as many bytes as the Content-Length says.", |knobs| {
                knobs.read = |body| Read::These(body.split(|byte| *byte == b'\n').next().unwrap_or_default());
            })
            .or(|knobs| {
                knobs.read = |body| Read::These(body.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default());
            })
            .wrong("until-nul", "The body ends at its first byte 0. In a body, 0 is a byte like any other: only the Content-Length says where it ends.", |knobs| {
                knobs.read = |body| Read::These(body.split(|byte| *byte == 0).next().unwrap_or_default());
            })
            .or(|knobs| {
                knobs.echo = |body| body.split(|byte| *byte == 0).next().unwrap_or_default().into();
            })
            .wrong("through-a-text", "/body makes a text of the bytes on their way, and what is not UTF-8 becomes \u{fffd}. Send the bytes as they came.", |knobs| {
                knobs.echo = |body| String::from_utf8_lossy(body).into_owned().into();
            })
            .wrong("line-end-added", "A line end stands behind the body that comes back. /body sends the body and nothing else.", |knobs| {
                knobs.echo = |body| [body, b"\n"].concat();
            })
            .or(|knobs| {
                knobs.echo = |body| match body {
                    [.., b'\n'] => body.into(),
                    _ => [body, b"\n"].concat(),
                };
            })
            .wrong("body-trimmed", "White space at the ends of the body is taken off. /body sends every byte as it came.", |knobs| {
                knobs.echo = |body| body.trim_ascii().into();
            })
            .or(|knobs| knobs.echo = |body| body.trim_ascii_end().into())
            .or(|knobs| {
                knobs.echo = |body| String::from_utf8_lossy(body).trim().into();
            })
            .or(|knobs| {
                knobs.echo = |body| String::from_utf8_lossy(body).trim_end().into();
            })
            .or(|knobs| {
                knobs.echo = |body| {
                    let is_line_end = |byte: &u8| b"\r\n".contains(byte);
                    let end = body.iter().rposition(|byte| !is_line_end(byte));
                    body[..end.map_or(0, |last| last + 1)].into()
                };
            })
            .wrong("zeros-cut-off", "Bytes 0 at an end of a body are cut off. They were sent like the others: only the Content-Length says where the body ends.", |knobs| {
                knobs.read = |body| Read::These(without_zeros(body, false, true));
            })
            .or(|knobs| knobs.echo = |body| without_zeros(body, false, true).into())
            .or(|knobs| knobs.read = |body| Read::These(without_zeros(body, true, true)))
            .or(|knobs| knobs.echo = |body| without_zeros(body, true, true).into())
            .or(|knobs| knobs.read = |body| Read::These(without_zeros(body, true, false)))
            .or(|knobs| knobs.echo = |body| without_zeros(body, true, false).into())
            .wrong("zeros-removed", "The bytes 0 of a body are taken out. They were sent like the others: read_exact fills all of the buffer, so no zero of vec![0; length] is left in it.", |knobs| {
                knobs.echo = |body| body.iter().copied().filter(|byte| *byte != 0).collect();
            })
            .wrong("not-decoded", "The message comes back as it travels. A space comes as +, and other characters as % and two digits: let parse_form decode them.", |knobs| {
                knobs.message = raw;
            })
            .wrong("first-field-raw", "You look only at the first field of the form, and take its value as it travels. The message may stand behind other fields, and it is encoded: parse_form takes the form apart, and decodes.", |knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    Some(text.split('&').next()?.strip_prefix("message=")?.into())
                };
            })
            .wrong("plus", "A + in a form stands for a space. (One that was typed comes as %2B.) parse_form knows that.", |knobs| {
                knobs.message = |form| first(String::from_utf8_lossy(form).replace('+', "%2B").as_bytes(), "message");
            })
            .wrong("form-trimmed", "You trim the body before parse_form takes it apart. The white space at its end belongs to the last value: give parse_form the text as it came.", |knobs| {
                knobs.message = |form| first(String::from_utf8_lossy(form).trim().as_bytes(), "message");
            })
            .wrong("percent", "You decode the +, and leave each % with its two digits as it is. parse_form decodes both.", |knobs| {
                knobs.message = |form| raw(form).map(|value| value.replace('+', " "));
            })
            .wrong("decoded-twice", "You decode the message twice. parse_form has done it: %2541 was typed as %41.", |knobs| {
                knobs.message = |form| Some(percent(&first(form, "message")?).into());
            })
            .wrong("decoded-first", "You decode the whole body before you take it apart, so an & that was typed ends the message. Take the form apart first, and decode each value: parse_form does both.", |knobs| {
                knobs.message = |form| raw(percent(&String::from_utf8_lossy(form).replace('+', " ")).as_bytes());
            })
            .wrong("rest-of-the-form", "What stands behind message= is all taken for the message, as it travels. Other fields may follow it, and it is encoded: let parse_form take the form apart.", |knobs| {
                knobs.message = |form| Some(String::from_utf8_lossy(form).split_once("message=")?.1.into());
            })
            .or(|knobs| {
                knobs.message = |form| Some(String::from_utf8_lossy(form).strip_prefix("message=")?.into());
            })
            .wrong("part-of-a-name", "A field is taken for the message whose name only begins or ends with message, such as messages. Compare the whole name.", |knobs| {
                knobs.message = |form| first_named(form, |name| name.starts_with("message"));
            })
            .or(|knobs| knobs.message = |form| first_named(form, |name| name.ends_with("message")))
            .or(|knobs| knobs.message = |form| first_named(form, |name| name.contains("message")))
            .wrong("semicolon", "A ; stands between two fields for you, as an & does. Only the & does: to=a;message=b is one field, with the name to.", |knobs| {
                knobs.message = |form| first(String::from_utf8_lossy(form).replace(';', "&").as_bytes(), "message");
            })
            .wrong("whole-body", "The whole body comes back, and not the message in it. Send the value of the field message.", |knobs| {
                knobs.message = |form| first(form, "message").map(|_| String::from_utf8_lossy(form).into_owned());
            })
            .wrong("found-in-the-text", "You look for message= anywhere in the body, so a field submessage= is found as well, and a message= in another text. Take the form apart, and compare whole names: parse_form does.", |knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    let value = text.split_once("message=")?.1.split('&').next()?;
                    first(format!("message={value}").as_bytes(), "message")
                };
            })
            .or(|knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    let value = text.split_once("message=")?.1.split('&').next()?;
                    Some(value.replace('+', " "))
                };
            })
            .or(|knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    Some(text.split_once("message=")?.1.split('&').next()?.into())
                };
            })
            .wrong("last-of-all", "Only the last field of a form is looked at. The message may stand before others: look for its name.", |knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    first(text.rsplit('&').next()?.as_bytes(), "message")
                };
            })
            .wrong("message-first", "The message is only found at the beginning of the body. It may stand behind other fields: look for its name.", |knobs| {
                knobs.message = |form| first(form, "message").filter(|_| form.starts_with(b"message="));
            })
            .wrong("first-field", "The first field is taken for the message, whatever its name is. Look for the name message.", |knobs| {
                knobs.message = |form| fields(form).into_iter().next().map(|(_, value)| value);
            })
            .wrong("last-field", "If the field message comes twice, you take the last one. The first one counts.", |knobs| {
                knobs.message = |form| {
                    let mut same = fields(form).into_iter().filter(|(name, _)| name == "message");
                    same.next_back().map(|(_, value)| value)
                };
            })
            .or(|knobs| {
                knobs.message = |form| {
                    let text = String::from_utf8_lossy(form);
                    let mut same = text.split('&').filter(|pair| pair.starts_with("message="));
                    first(same.next_back()?.as_bytes(), "message")
                };
            })
            .wrong("cut-at-equals", "The message ends at its first =. Only the first = of a field stands between the name and the value: parse_form knows that.", |knobs| {
                knobs.message = |form| {
                    let equals = |value: String| value.split('=').next().unwrap_or_default().to_string();
                    raw(form).map(equals).map(|value| percent(&value.replace('+', " ")).into())
                };
            })
            .wrong("other-name", "No message is found in a form that has one: it is looked for under another name, or what was found is not returned. The name is message, letter by letter.", |knobs| knobs.message = |_| None)
            .or(|knobs| knobs.message = |form| first(form, "massage"))
            .or(|knobs| knobs.message = |form| first(form, "Message"))
            .wrong("any-case", "A field Message is taken for the message as well. Names of fields are compared letter by letter, capital letters too.", |knobs| {
                knobs.message = |form| {
                    let mut same = fields(form).into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("message"));
                    same.next().map(|(_, value)| value)
                };
            })
            .wrong("message-trimmed", "White space at the ends of the message is taken off. The message comes back as it was typed.", |knobs| {
                knobs.value = |message| message.trim().into();
            })
            .or(|knobs| knobs.value = |message| message.trim_end().into())
            .or(|knobs| knobs.value = |message| message.trim_start().into())
            .or(|knobs| knobs.value = |message| message.trim_end_matches(['\r', '\n']).into())
            .wrong("line-end-not-added", "If the message ends with a line end, none is added. The answer is the message and a line end, always: else nobody can tell this message from the one without.", |knobs| {
                knobs.value = |message| message.strip_suffix('\n').unwrap_or(message).into();
            })
            .wrong("line-ends-changed", "The line ends inside of a message are others than those that were typed: \\r\\n comes back as \\n. The message comes back as it came.", |knobs| {
                knobs.value = |message| message.replace("\r\n", "\n");
            })
            .wrong("escaped", "The message is escaped as for a page in HTML, so < comes back as &lt;. The answer is text/plain: a message is sent as it is.", |knobs| {
                knobs.value = |message| escaped(message);
            })
            .or(|knobs| knobs.value = |message| escaped(message).replace('"', "&quot;"))
            .or(|knobs| {
                knobs.value = |message| escaped(message).replace('"', "&quot;").replace('\'', "&#39;");
            })
            .wrong("message-first-line", "Only the first line of the message comes back. A message may have several.", |knobs| {
                knobs.value = |message| message.lines().next().unwrap_or_default().into();
            })
            .or(|knobs| {
                knobs.message = |form| Some(first(form, "message")?.lines().next()?.into());
            })
            .wrong("from-the-query", "A message that stands in the query of the address is taken, too. It comes in the body; a query changes nothing.", |knobs| {
                knobs.from_query = Some(InQuery::Last);
            })
            .or(|knobs| knobs.from_query = Some(InQuery::First))
            .wrong("utf8-needed", "A form with bytes that are not UTF-8 is taken for one without a message. Such bytes become \u{fffd}: from_utf8_lossy makes a text of any bytes.", |knobs| {
                knobs.message = |form| first(std::str::from_utf8(form).ok()?.as_bytes(), "message");
            })
            .wrong("replacement-sign", "A message with \u{fffd} in it is taken for none. It is a character like any other, and bytes that are not UTF-8 become it: they are no reason to fail.", |knobs| {
                knobs.refuses = |message| message.contains('\u{fffd}');
            })
            .wrong("missing-is-empty", "A form without the field message is answered as if it had an empty one. Return None where it is not there: get(\"message\").cloned(), without a default behind it.", |knobs| {
                knobs.message = |form| Some(first(form, "message").unwrap_or_default());
            })
            .wrong("no-form-taken", "A body without any = in it is taken for the message itself. It is no form, so there is no field message in it: the answer is 400. Do not guess what a client may have meant.", |knobs| {
                knobs.message = |form| match form.contains(&b'=') || form.is_empty() {
                    true => first(form, "message"),
                    false => Some(String::from_utf8_lossy(form).into()),
                };
            })
            .or(|knobs| {
                // A field of that name without a value is an empty message.
                knobs.message = |form| first(form, "message").or_else(|| {
                    let is_form = form.contains(&b'=') || form.is_empty();
                    (!is_form).then(|| String::from_utf8_lossy(form).into())
                });
            })
            .or(|knobs| {
                knobs.message = |form| match form.contains(&b'=') {
                    true => first(form, "message"),
                    false => Some(String::from_utf8_lossy(form).into()),
                };
            })
            .wrong("any-body-taken", "A body without the field message is taken for the message itself, as it travels. There is no message in it: the answer is 400. Do not guess what a client may have meant.", |knobs| {
                knobs.message = |form| first(form, "message").or_else(|| {
                    (!form.is_empty()).then(|| String::from_utf8_lossy(form).into())
                });
            })
            .or(|knobs| {
                knobs.message = |form| first(form, "message").or_else(|| {
                    Some(String::from_utf8_lossy(form).into())
                });
            })
            .wrong("empty-refused", "A message with nothing in it is refused. The field is there, so it is a message: only a field that is missing gets 400.", |knobs| {
                knobs.refuses = str::is_empty;
            })
            .or(|knobs| {
                knobs.refuses = |message| message.trim().is_empty();
            })
            .wrong("form-before-path", "A POST without a message gets 400, whatever its path is. Only / needs one: look at the path first.", |knobs| {
                knobs.needs_form = |path| !PATHS.contains(&path);
            })
            .or(|knobs| knobs.needs_form = |_| true)
            .wrong("missing-not-found", "A form without a message gets 404. The path is right; the form is not. That is a 400.", |knobs| knobs.missing = 404)
            .wrong("missing-ok", "A form without a message gets 200, which says that all is well. The client has made a mistake: the status is 400.", |knobs| knobs.missing = 200)
            .wrong("type-looked-at", "A body without a message gets another status than 400 if its Content-Type is not that of a form. The answer is the same, whatever was sent in place of a form: 400.", |knobs| {
                knobs.refused_type = |kind| !kind.is_some_and(|kind| kind.starts_with(FORM));
            })
            .or(|knobs| knobs.refused_type = |kind| kind.is_some_and(|kind| !kind.starts_with(FORM)))
            .wrong("nothing-said", "The answer with 400 does not say what is missing. The word message must be in it.", |knobs| knobs.names_field = false)
            .wrong("target", "You compare request.target(): the query string is part of it. Use request.path().", |knobs| knobs.path = |asked| &asked.target)
            .wrong("every-path", "A message is taken at every path. It is sent to /, and another path gets 404.", |knobs| knobs.elsewhere = None)
            .wrong("no-line-end", "The line end behind the message is missing: \\n.", |knobs| knobs.message_line[1].clear());
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked_post(), seen.answer()) else {
            return;
        };
        let sent = asked.body.as_deref().unwrap_or_default();
        let (status, text) = (answer.status, answer.text().into_owned());
        let kind = answer.field("Content-Type").map(str::to_string);
        let is_said = asked.body.is_some() && asked.field("Transfer-Encoding").is_none();
        if !is_said {
            mistakes.wrong(
                "no-length-status",
                "The status for a body whose length nobody says is 411, Length Required.",
                move |knobs| {
                    knobs.unsaid_status = status;
                },
            );
            return;
        }
        if !PATHS.contains(&asked.path()) {
            mistakes.wrong(
                "elsewhere-status",
                "The status for another path is 404, Not Found.",
                move |knobs| {
                    knobs.elsewhere = Some(status);
                },
            );
            return;
        }
        let value = first(sent, "message");
        if asked.path() == "/" && value.is_none() {
            mistakes.wrong(
                "missing-status",
                "The status for a form without a message is 400, Bad Request.",
                move |knobs| {
                    knobs.missing = status;
                },
            );
            return;
        }
        if status != 200 {
            return;
        }
        mistakes.wrong(
            "type",
            format!("Compare the Content-Type letter by letter: it is {TEXT}."),
            move |knobs| {
                knobs.kind = kind.clone();
            },
        );
        let came = answer.body.len();
        if asked.path() == "/body" && came < sent.len() && sent.starts_with(&answer.body) {
            mistakes.wrong("cut", cut(came), move |knobs| {
                knobs.most = came;
            });
        }
        let number = sent.len().to_string();
        let parts = match (asked.path(), &value) {
            ("/length", _) => text.split_once(&number),
            ("/", Some(value)) if value.len() > 3 => text.split_once(value),
            _ => None,
        };
        let Some((before, behind)) = parts else {
            return;
        };
        let line = [before.to_string(), behind.to_string()];
        if asked.path() == "/length" {
            mistakes.wrong("length-line", "The answer of /length is the number, a space, the word bytes and a line end. Compare it letter by letter.", move |knobs| {
                knobs.length_line = line.clone();
            });
        } else {
            mistakes.wrong("message-line", "The answer is the message and a line end, and nothing else. Compare it letter by letter.", move |knobs| {
                knobs.message_line = line.clone();
            });
        }
    }
}

/// The bytes, with as many zeros before them.
fn behind_zeros(body: &[u8]) -> Vec<u8> {
    [&vec![0; body.len()], body].concat()
}

/// The bytes without the zeros that they begin with, or end with, or both.
fn without_zeros(mut body: &[u8], at_the_beginning: bool, at_the_end: bool) -> &[u8] {
    while let (true, [0, rest @ ..]) = (at_the_beginning, body) {
        body = rest;
    }
    while let (true, [rest @ .., 0]) = (at_the_end, body) {
        body = rest;
    }
    body
}

/// A text whose percent-encoding is decoded, once.
fn percent(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

/// A text of this length: one word again and again, and another at its end.
fn repeated(draw: &mut Draw, length: u64) -> String {
    let (unit, end) = (draw.word() + "-", format!("{:->12}", draw.word()));
    let mut text = unit.repeat(length as usize / unit.len() + 1);
    text.truncate((length as usize).saturating_sub(end.len()));
    text + &end
}

fn cut(came: usize) -> String {
    format!(
        "Of a longer body, only the first {came} bytes are read. Read as many as the Content-Length says."
    )
}

/// A body that is too long for a limit of the student's own.
fn large(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let text = repeated(run.seed(), LONG);
    let answer = service.ask(post("/body").body(text.as_str()))?;
    if answer.status() == 411 {
        return Ok(()); // a matter of other checks, as is all that is wrong with this one
    }
    answer.expect_status(200)?;
    if answer.body() != text.as_bytes() {
        return Ok(());
    }
    let text = repeated(run.seed(), LARGE);
    let answer = service.ask(post("/body").body(text.as_str()))?;
    let came = answer.body().len();
    if answer.status() == 200 && answer.body() == text.as_bytes() {
        return Ok(());
    }
    let failure = service.wrong(
        &[&format!("send a body of {} bytes to /body", text.len())],
        "200 OK, and the same bytes",
        format!("the status {}, and {came} bytes", answer.status()),
    );
    let is_cut = answer.status() == 200 && text.as_bytes().starts_with(answer.body());
    let (status, length) = (answer.status(), text.len());
    Err(match status {
        _ if is_cut => failure.because("cut", cut(came)),
        400..500 => failure.because(
            "limit",
            format!(
                "A body of {length} bytes gets {status}, and a shorter one does not: your program \
                 has a limit of its own. The lesson asks for none, and the library has one."
            ),
        ),
        _ => failure,
    })
}

/// Any bytes: a text, or nearly one; or nothing.
fn body(draw: &mut Draw) -> Vec<u8> {
    let text = match draw.below(8) {
        0 => draw.word(),
        1 => draw.line(),
        2 => draw.text(),
        3 => format!(" {}\r\n{} \n", draw.word(), draw.line()),
        4 => format!("message={}+%2B", draw.word()),
        5 => draw.pick(&["\n", " ", "\0", "é", "%", "=", "&"]).into(),
        6 => draw.word().repeat(40),
        _ => String::new(),
    };
    let end: &[u8] = draw.pick(&[b"", b"", b"", b"\xff", b"\0\x80\r\n", b"\0"]);
    [text.as_bytes(), end].concat()
}

/// A form as it is sent: the message among others, twice, half encoded, or missing.
fn fields_drawn(draw: &mut Draw) -> String {
    let mut fields = vec![format!("message={}", draw.word())];
    for _ in 0..draw.below(3) {
        fields.push(match draw.below(10) {
            0 => format!("{}={}", draw.word(), draw.word()),
            1 => format!("message={}", draw.word()),
            2 => encode_form(&[("message", &draw.text())]),
            3 => "message=".into(),
            4 => "message".into(),
            5 => format!("the-message={}", draw.word()),
            6 => format!("message=%2541+%zz%+1=2{}", draw.word()),
            7 => {
                let name = draw.pick(&["x-message", "messages"]);
                format!("{name}={};message={}", draw.word(), draw.word())
            }
            8 => format!("%6Dessage={}+%2B+Two", draw.word()),
            _ => String::new(),
        });
    }
    if draw.one_in(2) {
        let kept = draw.pick(&["", "massage=", "Message=", "xmessage=", "messages=", "to="]);
        fields[0] = format!("{kept}{}", draw.word());
        // Which of message and Message a program finds that takes both, may be chance.
        if kept == "Message=" {
            fields.truncate(1);
        }
    }
    draw.shuffled(fields).join("&")
}
