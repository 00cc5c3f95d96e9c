//! The checks of lesson 2, text_and_bytes: lengths in bytes, counts in characters,
//! and bytes that are no text.

use std::io::Read;

use grader::{Act, Draw, Expect, Mistakes, Model, Seen, Status, Whole, get, post};
use percent_encoding::percent_encode_byte;

const TEXT: &str = "text/plain; charset=utf-8";

const CATS: [(&str, &str); 7] = [
    ("/cat/es", "gato"),
    ("/cat/ja", "ねこ"),
    ("/cat/ar", "قط"),
    ("/cat/fa", "گربه"),
    ("/cat/hi", "बिल्ली"),
    ("/cat/uk", "кіт"),
    ("/cat/zh", "猫"),
];

fn main() -> std::process::ExitCode {
    grader::lesson!(TextAndBytes)
        .example(
            1,
            1,
            "all seven words are answered with 200",
            Status,
            |_| words(),
        )
        .example(
            1,
            2,
            "each word comes in UTF-8, with a line end, and its length",
            Whole,
            |_| words(),
        )
        .example(1, 1, "the program sends a Content-Length", Whole, |_| {
            [get("/cat/ja")]
        })
        .example(1, 1, "another path is answered with 404", Whole, |draw| {
            let path = format!("/cat{}", draw.path());
            let known = draw.pick(&CATS).0;
            [
                get(&path),
                post(path).body(""),
                get("/"),
                get("/bytes"),
                get("/count"),
                get(format!("{known}/")),
                post(known).body(draw.word()),
            ]
        })
        .example(
            2,
            1,
            "the bytes of a text come back as numbers",
            Whole,
            |draw| {
                // More than fits into a buffer that somebody thinks of.
                let long = draw.word().repeat(10_000);
                [draw.line(), long].map(|text| post("/bytes").body(text))
            },
        )
        .example(2, 1, "a small byte has two digits", Whole, |draw| {
            [post("/bytes").body(format!("{}\n{}\t", draw.word(), draw.word()))]
        })
        .example(2, 1, "the body may be any bytes", Whole, |draw| {
            let word = draw.word().into_bytes();
            let all: Vec<u8> = (0..=255).rev().collect();
            [
                post("/bytes").body([&word[..], &[0xe4, 0x80, 0xff, 0], &word].concat()),
                post("/bytes").body([&word[..], &all, &word].concat()),
                post("/bytes").body(format!("\u{feff}{}", draw.word())),
                post("/bytes").body(""),
            ]
        })
        .example(3, 1, "characters and bytes are counted", Whole, |draw| {
            [
                post("/count").body("ねこ"),
                post("/count").body(draw.line()),
                post("/count").body(long(draw)),
                // Nobody says beforehand how long it is.
                post("/count").body(draw.line()).chunked(),
            ]
        })
        .example(
            3,
            1,
            "in English, both numbers are the same",
            Whole,
            |draw| [post("/count").body(format!("{} {}", draw.word(), draw.word()))],
        )
        .example(3, 1, "a cat in pictures is counted", Whole, |draw| {
            [post("/count").body("🐈".repeat(draw.number(2..20) as usize))]
        })
        .example(3, 1, "spaces and line ends count, too", Whole, |draw| {
            [
                // No two ways to lose white space lose the same number here: 6 in front, 5 at the
                // end, 2 line ends there, 3 of \n, 4 of both, and so on.
                post("/count").body(format!("      {}\r\nねこ   \n\n", draw.word())),
                // What some editors begin a text with, and what stands for bytes that are none.
                post("/count").body(format!("\u{feff}{}", draw.word())),
                post("/count").body(format!("{}\u{fffd}{}", draw.word(), draw.word())),
                post("/count").body(format!("{}\t\0\u{1b}!", draw.word())),
            ]
        })
        .example(3, 1, "an empty body has none", Whole, |_| {
            [post("/count").body(""), post("/count")]
        })
        .example(
            4,
            1,
            "a body that is not UTF-8 is answered with 400",
            Status,
            broken,
        )
        .example(
            4,
            1,
            "the answer says how many bytes are good",
            Whole,
            |draw| {
                let long = [long(draw).as_bytes(), b"\xff"].concat();
                let first = [b"\xff", draw.word().as_bytes()].concat();
                // A sign that stands for bytes that are none, and was sent.
                let sign = format!("{}\u{fffd}{}", draw.word(), draw.word());
                let sign = [sign.as_bytes(), b"\xff"].concat();
                let more = [first, long, sign].map(|body| post("/count").body(body));
                [broken(draw), more.into()].concat()
            },
        )
        .example(
            4,
            1,
            "a text that is cut in a character is refused",
            Whole,
            |draw| {
                let text = format!("{}ね", draw.word());
                [post("/count").body(&text.as_bytes()[..text.len() - 1])]
            },
        )
        .sessions(1)
        .grade()
}

fn words() -> Vec<Act> {
    CATS.map(|(path, _)| get(path)).into()
}

/// A text with more characters than a number of two bytes can count.
fn long(draw: &mut Draw) -> String {
    format!("{}ね", draw.word()).repeat(16_000)
}

/// Some good text, and a byte that stands in no text in UTF-8.
fn broken(draw: &mut Draw) -> Vec<Act> {
    let good = draw.line().into_bytes();
    vec![post("/count").body([&good[..], &[0xff], draw.word().as_bytes()].concat())]
}

struct TextAndBytes;

/// A status, and the line that is answered with it.
type Answered = (u16, String);

/// The lines of steps 3 and 4, with `C`, `B` and `N` for numbers.
const COUNTED: &str = "characters: C, bytes: B\n";
const BROKEN: &str = "not UTF-8, good bytes: N\n";

/// What the program does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    status: fn(u16) -> u16,
    kind: Option<String>,
    /// The Content-Length that the program itself sends, if it does.
    length: Option<fn(&str) -> usize>,
    /// Whether there is a Content-Length at all.
    has_length: bool,
    words_end: &'static str,
    unknown: (u16, String),
    /// The status of GET where POST is meant, and of POST where GET is.
    other_method: [Option<u16>; 2],
    numbers: fn(&[u8]) -> Answered,
    /// What stands between two numbers, in the place of a space.
    between: String,
    /// Whether all requests have one buffer for their bodies.
    keeps_buffer: bool,
    /// The most bytes of a body that are read.
    most: usize,
    /// Of a body with more bytes than this, any number from that on is read.
    surely: usize,
    /// Whether a body whose length nobody says is taken for an empty one.
    by_length: bool,
    /// Whether /bytes refuses what is not UTF-8, in any words.
    text_only: bool,
    /// Where a text breaks off, if it is taken for one that is not UTF-8.
    taken_for_broken: fn(&str) -> Option<usize>,
    /// The numbers of characters and of bytes.
    counts: fn(&str) -> (usize, usize),
    /// The line that says them: `C` and `B` stand for the numbers.
    counted: String,
    /// Words of that line that are others when their number is 1.
    singular: &'static [(&'static str, &'static str)],
    /// The answer of /count to an empty body, and that of /bytes.
    empty: [Option<Empty>; 2],
    /// The answer to a body that is not UTF-8, of which `good` bytes are good: its status, and
    /// the number that is told, unless the broken body is counted like a text.
    broken: fn(body: &[u8], good: usize) -> (u16, Told),
    /// The line that tells the number, for which `N` stands.
    broken_line: String,
    /// Another status for it.
    broken_status: Option<u16>,
}

/// An answer to an empty body.
#[derive(Clone)]
enum Empty {
    Refused,
    /// With status 200, but in other words.
    Line(String),
}

/// What is said of a body that is not UTF-8.
enum Told {
    Good(usize),
    Counts(usize, usize),
    Other(String),
    /// The library's page of an error.
    Page,
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            status: |status| status,
            kind: Some(TEXT.into()),
            length: Some(str::len),
            has_length: true,
            words_end: "\n",
            unknown: (404, "Page not found\n".into()),
            other_method: [None, None],
            numbers: |body| (200, numbers(body, " ", hex)),
            between: " ".into(),
            keeps_buffer: false,
            most: usize::MAX,
            surely: usize::MAX,
            by_length: false,
            text_only: false,
            taken_for_broken: |_| None,
            counts: |text| count(text, text),
            counted: COUNTED.into(),
            singular: &[],
            empty: [None, None],
            broken: |_, good| (400, Told::Good(good)),
            broken_line: BROKEN.into(),
            broken_status: None,
        }
    }
}

/// The number of characters of one text, and the number of bytes of another.
fn count(characters: &str, bytes: &str) -> (usize, usize) {
    (characters.chars().count(), bytes.len())
}

/// A byte as two digits.
fn hex(byte: u8) -> String {
    percent_encode_byte(byte)[1..].into()
}

/// One line with a number for each byte.
fn numbers(body: &[u8], between: &str, number: fn(u8) -> String) -> String {
    let numbers: Vec<String> = body.iter().map(|&byte| number(byte)).collect();
    numbers.join(between) + "\n"
}

impl Model for TextAndBytes {
    type Knobs = Knobs;
    /// The bodies that a buffer still has, which is never made anew.
    type State = Vec<u8>;

    fn expect(knobs: &Knobs, buffer: &mut Vec<u8>, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        let path = asked.path();
        let known = CATS.map(|(path, _)| path);
        if asked.respells(&known) || asked.respells(&["/count", "/bytes"]) {
            return None; // other spellings of a path are left open, as in lesson 1
        }
        let (is_get, body) = (
            asked.method == "GET",
            asked.body.as_deref().unwrap_or_default(),
        );
        if !is_get && asked.method != "POST" {
            return None;
        }
        let body = match knobs.keeps_buffer && !is_get {
            true => {
                buffer.extend(body);
                &buffer[..]
            }
            false if knobs.by_length && asked.is_chunked() => &[],
            false => &body[..body.len().min(knobs.most)],
        };
        let is_form = ["/count", "/bytes"].contains(&path);
        if !is_get && is_form && body.len() > knobs.surely {
            return Some(beginning(knobs, path, &body[..knobs.surely]));
        }
        let word = CATS.iter().find(|(known, _)| *known == path);
        let counted = |(characters, bytes): (usize, usize)| {
            let line = knobs.counted.replace('C', &characters.to_string());
            let line = line.replace('B', &bytes.to_string());
            let one = |line: String, (many, one): &(&str, &str)| line.replace(many, one);
            knobs.singular.iter().fold(line, one)
        };
        let (step, (status, text)) = match (word, path) {
            (Some((_, word)), _) if is_get => (1, (200, format!("{word}{}", knobs.words_end))),
            (_, "/bytes") if !is_get && knobs.text_only && std::str::from_utf8(body).is_err() => {
                return Some(refused(2));
            }
            (_, "/bytes") if !is_get => match &knobs.empty[1] {
                Some(Empty::Refused) if body.is_empty() => return Some(refused(2)),
                Some(Empty::Line(line)) if body.is_empty() => (2, (200, line.clone())),
                _ => {
                    let (status, line) = (knobs.numbers)(body);
                    (2, (status, line.replace(' ', &knobs.between)))
                }
            },
            (_, "/count") if !is_get => match (std::str::from_utf8(body), &knobs.empty[0]) {
                (Ok(""), Some(Empty::Refused)) => return Some(refused(3)),
                (Ok(""), Some(Empty::Line(line))) => (3, (200, line.clone())),
                (Ok(text), _) => match (knobs.taken_for_broken)(text) {
                    Some(good) => (3, (400, knobs.broken_line.replace('N', &good.to_string()))),
                    None => (3, (200, counted((knobs.counts)(text)))),
                },
                (Err(error), _) => {
                    let (status, told) = (knobs.broken)(body, error.valid_up_to());
                    let text = match told {
                        Told::Good(good) => knobs.broken_line.replace('N', &good.to_string()),
                        Told::Counts(characters, bytes) => counted((characters, bytes)),
                        Told::Other(text) => text,
                        Told::Page => {
                            let page = Expect::step(4).status(status);
                            return Some(page.field("Content-Type", "text/html; charset=utf-8"));
                        }
                    };
                    (4, (knobs.broken_status.unwrap_or(status), text))
                }
            },
            _ => match knobs.other_method[usize::from(word.is_some())] {
                Some(status) if word.is_some() || is_form => {
                    return Some(Expect::step(1).status(status));
                }
                _ => (1, knobs.unknown.clone()),
            },
        };
        let expect = Expect::step(step).status((knobs.status)(status));
        let expect = expect.field("Content-Type", knobs.kind.as_deref());
        let expect = match knobs.length {
            // The library does not send what contradicts the length.
            Some(length) if length(&text) != text.len() => {
                let said = format!("Content-Length says {} bytes", length(&text));
                return Some(Expect::step(step).status(500).body_has(said));
            }
            Some(_) => expect.own_field("Content-Length"),
            None => expect,
        };
        let expect = match knobs.has_length {
            true => expect.field("Content-Length", &*text.len().to_string()),
            false => expect.field("Content-Length", None),
        };
        Some(expect.body(text))
    }

    fn draw(draw: &mut Draw, _: &Vec<u8>) -> Vec<Act> {
        let known = CATS.map(|(path, _)| path);
        vec![match draw.below(8) {
            0 => get(draw.pick(&known)),
            1 => get(draw.path_near(&known) + &draw.query()),
            2 => get(draw.pick(&["/", "/cat", "/cat/", "/cat/JA", "/bytes", "/count"])),
            3 => post(draw.path_near(&["/count", "/bytes", "/cat/ja"])).body(body(draw)),
            4 | 5 => post(format!("/count{}", draw.query())).body(body(draw)),
            6 => post(format!("/bytes{}", draw.query())).body(body(draw)),
            _ => post(draw.pick(&["/count", "/bytes"])).body(""),
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("characters-as-length", "Your Content-Length counts characters. It must be the number of bytes of the text, which is larger as soon as the text is not English.", |knobs| {
                knobs.length = Some(|text| text.chars().count());
            })
            .wrong("length-by-one", "Your Content-Length is one more than the text has bytes. Its len() counts the line end already.", |knobs| {
                knobs.length = Some(|text| text.len() + 1);
            })
            .wrong("length-in-few-bits", "Your Content-Length is cut to a small number: as u16 keeps no more than 65535, and as u8 no more than 255. Send the len() as it is, a usize.", |knobs| {
                knobs.length = Some(|text| usize::from(text.len() as u16));
            })
            .or(|knobs| knobs.length = Some(|text| usize::from(text.len() as u8)))
            .wrong("length-without-line-end", "Your Content-Length does not count the line end, which is sent as well.", |knobs| {
                knobs.length = Some(|text| text.trim_end().len());
            })
            .wrong("no-own-length", "There are answers whose Content-Length is that of the library. In this lesson your program sends it, with every answer, whatever its status is: look whether send_text has the header, and whether its name is spelled Content-Length.", |knobs| {
                knobs.length = None;
            })
            .wrong("no-length", "No Content-Length says where the body ends: it goes out in pieces. Send the header, then the whole text at once.", |knobs| {
                knobs.length = None;
                knobs.has_length = false;
            })
            .wrong("status-ignored", "send_text always sends 200. It must send the status that it is given.", |knobs| knobs.status = |_| 200)
            .wrong("no-charset", "The type does not say which encoding the text has: it is text/plain; charset=utf-8.", |knobs| {
                knobs.kind = Some("text/plain".into());
            })
            .wrong("html", "The type is text/plain, not text/html: these answers are plain text.", |knobs| {
                knobs.kind = Some("text/html; charset=utf-8".into());
            })
            .wrong("no-type", "The Content-Type is missing.", |knobs| knobs.kind = None)
            .wrong("word-end", "The line end behind the word is missing: \\n.", |knobs| knobs.words_end = "")
            .wrong("word-end-twice", "There are two line ends behind the word. send_text sends the text as it is given.", |knobs| knobs.words_end = "\n\n")
            .wrong("unknown-ok", "A path that you don't know gets 200, which says that all is well. Its status is 404.", |knobs| knobs.unknown.0 = 200)
            .wrong("one-digit", "A byte below 16 has only one digit. Each byte has two: a line end is 0A.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, " ", |byte| format!("{byte:X}")));
            })
            .or(|knobs| {
                knobs.numbers = |body| (200, numbers(body, " ", |byte| format!("{byte:2X}")));
            })
            .wrong("small-letters", "The digits A to F are small letters. The text asks for capital ones.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, " ", |byte| format!("{byte:02x}")));
            })
            .wrong("decimal", "The numbers are decimal. The text asks for hexadecimal ones, with two digits for each byte.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, " ", |byte| byte.to_string()));
            })
            .wrong("prefixed", "0x stands before each number. There are only the two digits.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, " ", |byte| format!("0x{}", &percent_encode_byte(byte)[1..])));
            })
            .wrong("commas", "There is a comma between the numbers. One space is between each two, and nothing else.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, ", ", hex));
            })
            .wrong("no-spaces", "Nothing is between the numbers. One space is between each two.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, "", hex));
            })
            .wrong("space-at-the-end", "There is a space behind the last number, too. A space stands only between two numbers.", |knobs| {
                knobs.numbers = |body| {
                    let line = numbers(body, " ", hex);
                    (200, if body.is_empty() { line } else { line.replace('\n', " \n") })
                };
            })
            .wrong("space-at-the-start", "There is a space before the first number, too. A space stands only between two numbers.", |knobs| {
                knobs.numbers = |body| {
                    let line = numbers(body, " ", hex);
                    (200, if body.is_empty() { line } else { format!(" {line}") })
                };
            })
            .wrong("one-line-each", "Each number has a line of its own. All of them stand in one line, with a space between each two.", |knobs| {
                knobs.numbers = |body| (200, numbers(body, "\n", hex));
            })
            .wrong("sixteen-in-a-line", "You begin a new line after sixteen numbers. All of them stand in one line.", |knobs| {
                knobs.numbers = |body| {
                    let lines = body.chunks(16).map(|chunk| numbers(chunk, " ", hex));
                    let lines: String = lines.collect();
                    (200, if lines.is_empty() { "\n".into() } else { lines })
                };
            })
            .wrong("numbers-end", "The line end behind the numbers is missing: \\n.", |knobs| {
                knobs.numbers = |body| {
                    let line = numbers(body, " ", hex);
                    (200, line.trim_end().into())
                };
            })
            .wrong("characters-as-bytes", "You write a number for each character. Go through the bytes: a character may have several.", |knobs| {
                knobs.numbers = |body| {
                    let text = String::from_utf8_lossy(body);
                    let numbers: Vec<String> = text.chars().map(|c| format!("{:02X}", c as u32)).collect();
                    (200, numbers.join(" ") + "\n")
                };
            })
            .wrong("text-only", "You make a text of the bytes first, and what is not UTF-8 becomes \u{fffd}. /bytes takes any bytes as they are.", |knobs| {
                knobs.numbers = |body| {
                    let text = String::from_utf8_lossy(body);
                    (200, numbers(text.as_bytes(), " ", hex))
                };
            })
            .wrong("text-asked", "/bytes refuses bytes that are not UTF-8. It takes any bytes; only /count needs a text.", |knobs| {
                knobs.numbers = |body| match std::str::from_utf8(body) {
                    Ok(_) => (200, numbers(body, " ", hex)),
                    Err(error) => (400, format!("not UTF-8, good bytes: {}\n", error.valid_up_to())),
                };
            })
            .or(|knobs| knobs.text_only = true)
            .wrong("zero-ends", "A byte 00 and what stands behind it are lost. In Rust, a zero ends nothing: a Vec and a String know how long they are, and 00 is a byte like any other.", |knobs| {
                knobs.numbers = |body| (200, numbers(until_zero(body), " ", hex));
            })
            .or(|knobs| knobs.counts = counts_until_zero)
            .or(|knobs| {
                knobs.numbers = |body| (200, numbers(until_zero(body), " ", hex));
                knobs.counts = counts_until_zero;
            })
            .wrong("zero-left-out", "A byte 00 is left out of the numbers. It is a byte like any other: it is shown as 00.", |knobs| {
                knobs.numbers = |body| {
                    let others: Vec<u8> = body.iter().copied().filter(|byte| *byte != 0).collect();
                    (200, numbers(&others, " ", hex))
                };
            })
            .wrong("begins-again", "A large number is told as a small one: it begins again at 0 behind 255, as a u8 does, or behind 65535, as a u16 does. len(), count() and valid_up_to() return a usize, which is large enough: leave it as it is.", |knobs| {
                knobs.counts = wrapped::<65536, 65536>;
            })
            .or(|knobs| knobs.counts = wrapped::<65536, { usize::MAX }>)
            .or(|knobs| knobs.counts = wrapped::<{ usize::MAX }, 65536>)
            .or(|knobs| knobs.counts = wrapped::<256, 256>)
            .or(|knobs| knobs.counts = wrapped::<256, { usize::MAX }>)
            .or(|knobs| knobs.counts = wrapped::<{ usize::MAX }, 256>)
            .or(|knobs| knobs.broken = |_, good| (400, Told::Good(good % 65536)))
            .or(|knobs| knobs.broken = |_, good| (400, Told::Good(good % 256)))
            .or(|knobs| {
                knobs.counts = wrapped::<65536, 65536>;
                knobs.broken = |_, good| (400, Told::Good(good % 65536));
            })
            .or(|knobs| {
                knobs.counts = wrapped::<256, 256>;
                knobs.broken = |_, good| (400, Told::Good(good % 256));
            })
            .wrong("bytes-twice", "Both numbers count bytes. text.len() is the number of bytes; the characters are text.chars().", |knobs| {
                knobs.counts = |text| (text.len(), text.len());
            })
            .wrong("characters-twice", "Both numbers count characters. The number of bytes is text.len().", |knobs| {
                knobs.counts = |text| (text.chars().count(), text.chars().count());
            })
            .wrong("kept-buffer", "The bytes of earlier requests are still there when the next body comes. Make a new Vec for each request.", |knobs| {
                knobs.keeps_buffer = true;
            })
            .wrong("replacement-sign", "A text in which the sign \u{fffd} was sent gets 400. It is a character like any other, of three bytes: from_utf8 says whether a body is text, and what from_utf8_lossy has made does not.", |knobs| {
                knobs.taken_for_broken = |text| text.find('\u{fffd}');
            })
            .or(|knobs| {
                knobs.taken_for_broken = |text| text.find('\u{fffd}');
                // Behind such a sign, nobody looks for bytes that are none.
                knobs.broken = |body, _| {
                    let good = String::from_utf8_lossy(body).find('\u{fffd}');
                    (400, Told::Good(good.unwrap_or_default()))
                };
            })
            .wrong("sign-as-error", "Where the bytes of a body are no text any more, you look for the sign \u{fffd} in what from_utf8_lossy has made. It may have been sent, too. The error of from_utf8 knows the place: valid_up_to().", |knobs| {
                knobs.broken = |body, good| {
                    let found = String::from_utf8_lossy(body).find('\u{fffd}');
                    (400, Told::Good(found.unwrap_or(good)))
                };
            })
            .wrong("by-content-length", "A body that is sent in chunks is empty for you: nobody says beforehand how long it is, and you read as many bytes as Content-Length says. read_to_end reads all that comes.", |knobs| knobs.by_length = true)
            .wrong("capacity", "The number of bytes is the capacity of the Vec: how many it has room for. How many are in it says len().", |knobs| {
                knobs.counts = |text| (text.chars().count(), room(Vec::new(), text));
            })
            .or(|knobs| knobs.counts = |text| (text.chars().count(), room(Vec::with_capacity(1024), text)))
            .or(|knobs| knobs.counts = |text| (text.chars().count(), room(Vec::with_capacity(4096), text)))
            .wrong("swapped", "The two numbers are in each other's place: characters come first, then bytes.", |knobs| {
                knobs.counts = |text| (text.len(), text.chars().count());
            })
            .wrong("trimmed", "You take white space off the text before you count. Spaces and line ends count, too.", |knobs| {
                knobs.counts = |text| count(text.trim(), text.trim());
            })
            .or(|knobs| knobs.counts = |text| count(text.trim(), text))
            .or(|knobs| knobs.counts = |text| count(text.trim_end(), text.trim_end()))
            .or(|knobs| knobs.counts = |text| count(text.trim_end(), text))
            .or(|knobs| knobs.counts = |text| count(text.trim_start(), text.trim_start()))
            .or(|knobs| knobs.counts = |text| count(text.trim_start(), text))
            .wrong("white-space-left-out", "You leave white space out when you count characters. It counts, too.", |knobs| {
                knobs.counts = |text| (text.chars().filter(|c| !c.is_whitespace()).count(), text.len());
            })
            .wrong("line-ends-left-out", "You leave line ends out when you count characters. They count, too: text.chars() of the whole text has them, and lines() does not.", |knobs| {
                knobs.counts = |text| (text.chars().filter(|c| !['\r', '\n'].contains(c)).count(), text.len());
            })
            .or(|knobs| {
                knobs.counts = |text| (text.chars().filter(|c| *c != '\n').count(), text.len());
            })
            .or(|knobs| {
                knobs.counts = |text| (text.lines().map(|line| line.chars().count()).sum(), text.len());
            })
            .or(|knobs| {
                knobs.counts = |text| {
                    let lines = || text.lines();
                    (lines().map(|line| line.chars().count()).sum(), lines().map(str::len).sum())
                };
            })
            // Only those at the end.
            .or(|knobs| knobs.counts = |text| count(text.trim_end_matches(['\r', '\n']), text))
            .or(|knobs| {
                knobs.counts = |text| {
                    let text = text.trim_end_matches(['\r', '\n']);
                    count(text, text)
                };
            })
            .wrong("line-end-is-one", "A line end counts as one character, and it comes as two, \\r and \\n. Each of them counts: text.chars().", |knobs| {
                knobs.counts = |text| (text.replace("\r\n", "\n").chars().count(), text.len());
            })
            .wrong("byte-order-mark", "You leave out U+FEFF, which some editors put before a text. It was sent like the rest, so it counts: one character, three bytes.", |knobs| {
                knobs.counts = |text| {
                    let text = text.trim_start_matches('\u{feff}');
                    (text.chars().count(), text.len())
                };
            })
            .or(|knobs| {
                knobs.counts = |text| (text.trim_start_matches('\u{feff}').chars().count(), text.len());
            })
            .wrong("unseen-left-out", "You leave out characters that are not seen, such as a tab or a byte 00. Every character counts: text.chars().", |knobs| {
                knobs.counts = |text| (text.chars().filter(|c| !c.is_control()).count(), text.len());
            })
            .or(|knobs| knobs.counts = |text| (text.chars().filter(|c| *c != '\0').count(), text.len()))
            .wrong("letters-only", "You count only letters and digits. Every other character counts, too: text.chars().", |knobs| {
                knobs.counts = |text| (text.chars().filter(|c| c.is_alphanumeric()).count(), text.len());
            })
            .wrong("words", "You count words. The text asks for characters: text.chars().", |knobs| {
                knobs.counts = |text| (text.split_whitespace().count(), text.len());
            })
            .wrong("utf-16", "You count as UTF-16 does, in which 🐈 is two. In Rust it is one char: text.chars().", |knobs| {
                knobs.counts = |text| (text.encode_utf16().count(), text.len());
            })
            .wrong("english-only", "You count only the English characters (ASCII). Every character counts.", |knobs| {
                knobs.counts = |text| (text.chars().filter(char::is_ascii).count(), text.len());
            })
            .wrong("marks", "You leave out signs that the eye sees as a part of another character: accents of their own, vowels of Hindi, joiners. For Rust, each of them is a char of its own: text.chars().", |knobs| {
                knobs.counts = |text| (text.chars().filter(|c| !MARKS[..2].contains(c)).count(), text.len());
            })
            .or(|knobs| knobs.counts = |text| (text.chars().filter(|c| !MARKS[..1].contains(c)).count(), text.len()))
            .or(|knobs| knobs.counts = |text| (text.chars().filter(|c| !MARKS[1..2].contains(c)).count(), text.len()))
            .or(|knobs| knobs.counts = |text| (text.chars().filter(|c| !MARKS.contains(c)).count(), text.len()))
            .or(|knobs| knobs.counts = |text| (text.chars().filter(|c| ![MARKS[0], MARKS[2]].contains(c)).count(), text.len()))
            .or(|knobs| {
                // What a joiner joins is one sign for the eye.
                knobs.counts = |text| {
                    let joined = text.matches(MARKS[2]).count();
                    (text.chars().filter(|c| !MARKS.contains(c)).count() - joined, text.len())
                };
            })
            .wrong("singular", "Where a number is 1, you leave out an s: character: 1. The words are the same for every number: characters: 1.", |knobs| {
                knobs.singular = &[("characters: 1,", "character: 1,"), ("bytes: 1\n", "byte: 1\n")];
            })
            .or(|knobs| knobs.singular = &[("characters: 1,", "character: 1,")])
            .or(|knobs| knobs.singular = &[("bytes: 1\n", "byte: 1\n")])
            .wrong("empty-refused", "An empty body gets an error. Nothing is wrong with it: for /count it is a text with 0 characters and 0 bytes, for /bytes a line without numbers. The status is 200.", |knobs| {
                knobs.empty[0] = Some(Empty::Refused);
            })
            .or(|knobs| knobs.empty[1] = Some(Empty::Refused))
            .or(|knobs| knobs.empty = [Some(Empty::Refused), Some(Empty::Refused)])
            .wrong("lossy", "Bytes that are not UTF-8 become \u{fffd}, and are counted. The answer is 400: from_utf8, not from_utf8_lossy.", |knobs| {
                knobs.broken = |body, _| {
                    let text = String::from_utf8_lossy(body);
                    (200, Told::Counts(text.chars().count(), text.len()))
                };
            })
            .or(|knobs| {
                knobs.broken = |body, _| {
                    let text = String::from_utf8_lossy(body);
                    (200, Told::Counts(text.chars().count(), body.len()))
                };
            })
            .wrong("cut-off", "A body that ends in the middle of a character is counted, as if all were well. Such a body is not UTF-8: the answer is 400.", |knobs| {
                knobs.broken = |body, good| {
                    let (text, rest) = body.split_at(good);
                    let text = String::from_utf8_lossy(text);
                    match std::str::from_utf8(rest).err().and_then(|error| error.error_len()) {
                        None => (200, Told::Counts(text.chars().count(), good)),
                        Some(_) => (400, Told::Good(good)),
                    }
                };
            })
            .or(|knobs| {
                knobs.broken = |body, good| {
                    let rest = std::str::from_utf8(&body[good..]);
                    let text = String::from_utf8_lossy(body);
                    match rest.err().and_then(|error| error.error_len()) {
                        None => (200, Told::Counts(text.chars().count(), body.len())),
                        Some(_) => (400, Told::Good(good)),
                    }
                };
            })
            .or(|knobs| {
                // The characters are whole ones, and the bytes are all.
                knobs.broken = |body, good| {
                    let (text, rest) = body.split_at(good);
                    let text = String::from_utf8_lossy(text);
                    match std::str::from_utf8(rest).err().and_then(|error| error.error_len()) {
                        None => (200, Told::Counts(text.chars().count(), body.len())),
                        Some(_) => (400, Told::Good(good)),
                    }
                };
            })
            .wrong("broken-page", "The answer to a body that is not UTF-8 is a page in HTML (send_error makes one). The text asks for a line of plain text: send_text sends it.", |knobs| {
                knobs.broken = |_, _| (400, Told::Page);
            })
            .wrong("broken-not-found", "A body that is not UTF-8 gets 404. Nothing is missing here; the body makes no sense. That is a 400.", |knobs| {
                knobs.broken = |_, good| (404, Told::Good(good));
            })
            .wrong("broken-ok", "A body that is not UTF-8 gets 200, which says that all is well. The client has made a mistake: the status is 400.", |knobs| {
                knobs.broken = |_, good| (200, Told::Good(good));
            })
            .wrong("all-bytes", "You say how many bytes the whole body has. Say how many are good, up to the first one that does not fit.", |knobs| {
                knobs.broken = |body, _| (400, Told::Good(body.len()));
            })
            .wrong("one-more", "Your number is larger by one: it counts the bad byte, too. Only the bytes before it are good.", |knobs| {
                knobs.broken = |_, good| (400, Told::Good(good + 1));
            })
            .wrong("good-characters", "You count the good characters. The text asks for the good bytes.", |knobs| {
                knobs.broken = |body, good| {
                    let text = String::from_utf8_lossy(&body[..good]);
                    (400, Told::Good(text.chars().count()))
                };
            })
            .wrong("first-not-english", "You say where the first byte stands that is not English (ASCII). Bytes above 127 are good, too, where they make up a character: see valid_up_to().", |knobs| {
                knobs.broken = |body, _| (400, Told::Good(body.iter().position(|byte| !byte.is_ascii()).unwrap_or(0)));
            })
            .wrong("all-good-bytes", "You count all bytes that are good, also behind the first bad one. Only those before it count: see valid_up_to().", |knobs| {
                knobs.broken = |body, _| (400, Told::Good(body.utf8_chunks().map(|chunk| chunk.valid().len()).sum()));
            })
            .wrong("no-bytes-good", "You say that no byte is good. Count those before the first one that does not fit.", |knobs| {
                knobs.broken = |_, _| (400, Told::Good(0));
            })
            .wrong("error-printed", "You print the error as it is. The words are: not UTF-8, good bytes: and the number of good bytes.", |knobs| {
                knobs.broken = |body, _| match std::str::from_utf8(body) {
                    Err(error) => (400, Told::Other(format!("{error}\n"))),
                    Ok(_) => (400, Told::Good(0)),
                };
            });
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let kind = answer.field("Content-Type").map(str::to_string);
        let (status, text) = (answer.status, answer.text().into_owned());
        let body = asked.body.as_deref().unwrap_or_default();
        let read = text.split_whitespace().count();
        if asked.path() == "/bytes" && read >= 100 && read < body.len() {
            let says = "Of a longer body, only the beginning is read: one read takes what is \
                        there, or what fits into the buffer. read_to_end goes on to the end.";
            mistakes
                .wrong("one-read", says, move |knobs| knobs.most = read)
                // What is there may be more the next time, or less.
                .or(move |knobs| knobs.surely = read.min(SURELY_THERE));
        }
        let is_form = ["/count", "/bytes"].contains(&asked.path());
        let is_word = CATS.iter().any(|(path, _)| *path == asked.path());
        if status != 404 && (is_form && asked.method == "GET" || is_word && asked.method == "POST")
        {
            let says = "A path that you know for another method has a status of its own. In this \
                        lesson it is a page that is not found, like any other: 404.";
            mistakes
                .wrong("other-method", says, move |knobs| {
                    knobs.other_method = [Some(status); 2];
                })
                .or(move |knobs| knobs.other_method[usize::from(is_word)] = Some(status));
        }
        // What stands between the first two numbers, if it is white space.
        let [first, second] = [0, 1].map(|at| body.get(at).map(|&byte| hex(byte)));
        let behind = first.and_then(|first| text.strip_prefix(&*first));
        let between = behind
            .zip(second)
            .and_then(|(behind, second)| behind.split_once(&*second));
        if asked.path() == "/bytes" && status == 200 {
            let is_white =
                |text: &&str| !text.is_empty() && text.trim_matches([' ', '\t']).is_empty();
            if let Some(between) = between.map(|(between, _)| between).filter(is_white) {
                let between = between.to_string();
                mistakes.wrong(
                    "between-numbers",
                    "There is more than one space between two numbers, or a tab. It is one space.",
                    move |knobs| {
                        knobs.between = between.clone();
                    },
                );
            }
        }
        let forms = ["/count", "/bytes"];
        let at = forms.iter().position(|path| *path == asked.path());
        if let Some(at) = at.filter(|_| asked.method == "POST" && body.is_empty() && status == 200)
        {
            let line = text.clone();
            mistakes.wrong("empty-words", "An empty body has an answer in other words. It is a body like any other: characters: 0, bytes: 0 for /count, and an empty line for /bytes.", move |knobs| {
                knobs.empty[at] = Some(Empty::Line(line.clone()));
            });
        }
        if asked.method == "POST" && asked.path() == "/count" {
            let numbers = |n: usize| n.to_string();
            match std::str::from_utf8(body) {
                Err(error) => {
                    let line = text.replace(&numbers(error.valid_up_to()), "N");
                    let says = match line.as_str() == BROKEN.trim_end() {
                        true => "The line end behind the number of good bytes is missing: \\n.",
                        false => {
                            "Compare the line letter by letter: not UTF-8, good bytes: and the number, then a line end."
                        }
                    };
                    if line == BROKEN && status != 500 {
                        mistakes.wrong("broken-status", "A body that is not UTF-8 has another status than 400, which is the client's mistake in general.", move |knobs| {
                            knobs.broken_status = Some(status);
                        });
                    }
                    if status == 400 && line.contains('N') {
                        mistakes.wrong("broken-line", says, move |knobs| {
                            knobs.broken_line = line.clone()
                        });
                    }
                }
                Ok(counted) => {
                    let (characters, bytes) = (counted.chars().count(), counted.len());
                    let line = text.replacen(&numbers(characters), "C", 1).replacen(
                        &numbers(bytes),
                        "B",
                        1,
                    );
                    let says = match line.as_str() == COUNTED.trim_end() {
                        true => "The line end behind the numbers is missing: \\n.",
                        false => {
                            "Compare the line letter by letter: characters: N, bytes: M, then a line end."
                        }
                    };
                    if status == 200 && line.contains('C') && line.contains('B') {
                        mistakes.wrong("count-line", says, move |knobs| {
                            knobs.counted = line.clone()
                        });
                    }
                }
            }
        }
        if status == 200 {
            mistakes.wrong(
                "type",
                format!("Compare the Content-Type letter by letter: it is {TEXT}."),
                move |knobs| {
                    knobs.kind = kind.clone();
                },
            );
        } else if status == 404 {
            mistakes.wrong(
                "unknown-text",
                "The 404 has the text Page not found and a line end, letter by letter.",
                move |knobs| {
                    knobs.unknown = (404, text.clone());
                },
            );
        }
    }
}

/// The bytes before the first zero.
fn until_zero(body: &[u8]) -> &[u8] {
    let end = body.iter().position(|byte| *byte == 0);
    &body[..end.unwrap_or(body.len())]
}

/// The same, counted.
fn counts_until_zero(text: &str) -> (usize, usize) {
    let text = text.split('\0').next().unwrap_or_default();
    (text.chars().count(), text.len())
}

/// The numbers of characters and of bytes, where each begins again at 0 behind its largest.
fn wrapped<const CHARACTERS: usize, const BYTES: usize>(text: &str) -> (usize, usize) {
    (text.chars().count() % CHARACTERS, text.len() % BYTES)
}

/// How many bytes a Vec has room for that a body was read into.
fn room(mut body: Vec<u8>, text: &str) -> usize {
    /// A body, of which nobody knows beforehand how long it is.
    struct Body<'a>(&'a [u8]);
    impl Read for Body<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    let read = Body(text.as_bytes()).read_to_end(&mut body);
    read.map_or(0, |_| body.capacity())
}

/// Signs that are a part of another one for the eye: an accent, a vowel of Hindi, and what
/// joins two pictures to one.
const MARKS: [char; 3] = ['\u{301}', '\u{93f}', '\u{200d}'];

/// As many bytes are there together, if so many are sent.
const SURELY_THERE: usize = 1000;

/// What is known of the answer if at least these bytes of a longer body are read.
fn beginning(knobs: &Knobs, path: &str, read: &[u8]) -> Expect {
    match path {
        "/bytes" => {
            let (status, line) = (knobs.numbers)(read);
            let expect = Expect::step(2).status(status);
            expect.body_has(line.trim_end())
        }
        _ => Expect::step(3).status_in(&[200, 400]),
    }
}

/// The answer to a body that is taken for a mistake of the client.
fn refused(step: u32) -> Expect {
    Expect::step(step).status_in(&[400, 404, 411, 422])
}

/// A body for /bytes and /count: a text, or bytes that are nearly one.
fn body(draw: &mut Draw) -> Vec<u8> {
    let mut body = match draw.below(10) {
        0 => draw.word(),
        1 | 2 => draw.line(),
        3 => draw.text(),
        4 => format!(" {}\r\n{} \n", draw.word(), draw.line()),
        5 => "🐈".repeat(draw.number(1..4) as usize),
        6 => draw
            .pick(&[
                "\n",
                " ",
                "\t\u{1}\0",
                "a\0b",
                "\u{feff}x",
                "é",
                "x",
                "ね\u{fffd}",
            ])
            .into(),
        // One sign for the eye, and several characters.
        7 => draw
            .pick(&["नि", "a\u{301}", "👨\u{200d}👩\u{200d}👧"])
            .into(),
        // More than comes in one small piece.
        8 if draw.one_in(4) => draw.word().repeat(200),
        _ => String::new(),
    }
    .into_bytes();
    match draw.below(10) {
        6 => body.push(0xff),
        7 => body.extend([&[0xe4, b't'], draw.word().as_bytes()].concat()),
        8 => body.extend(&"ねこ".as_bytes()[..draw.pick(&[1, 2, 4, 5])]),
        9 => body.extend([0x80, 0xc0, 0xaf]),
        _ => {}
    }
    body
}
