//! The checks of lesson 3, echo_server: a path and a query, decoded.

use std::path::{Path, PathBuf};

use grader::record::Request;
use grader::{Act, Draw, Expect, Mistakes, Model, Seen, Status, Whole, get};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> std::process::ExitCode {
    grader::lesson!(EchoServer)
        .example(
            1,
            2,
            "the path comes back without its slash",
            Whole,
            |draw| {
                let dots = format!("/./{}", draw.word());
                let signs = format!("/{}{SIGNS_OF_A_PATH}{}", draw.word(), draw.word());
                [get(draw.path()), get("/Balloon"), get(dots), get(signs)]
            },
        )
        .example(1, 1, "the other slashes stay", Whole, |draw| {
            let (one, other) = (draw.word(), draw.word());
            [
                get(format!("/{one}/{other}/")),
                get(format!("/{one}//{other}")),
            ]
        })
        .example(1, 1, "the path / is an empty line", Whole, |_| [get("/")])
        .example(
            2,
            1,
            "a percent sign and two digits are one byte",
            Whole,
            |draw| {
                let (one, other) = (draw.word(), draw.word());
                [
                    get(format!("/{one}%20{other}")),
                    get(format!("/{}", bytes(&one))),
                    get(format!("/{one}%0D%0A{other}")),
                    get(format!("/{one}%09{other}")),
                    get(format!("/%20{one}%0D%0A")),
                    get(format!("/%20{other}%20")),
                    get(format!("/{one}{}", bytes(&ascii(false)))),
                    get(format!("/{one}{}", bytes(&ascii(true)))),
                ]
            },
        )
        .example(2, 1, "a text in any language is decoded", Whole, |draw| {
            let line = format!("/{}", encoded(&draw.line()));
            let sign = format!("/{}{}", draw.word(), encoded("\u{fffd}"));
            let letters = format!("/{}{}", encoded(&letters()), draw.word());
            [line, sign, letters].map(get)
        })
        .example(2, 1, "the digits may be small letters", Whole, |draw| {
            let (line, word) = (draw.line(), draw.word());
            let [seen, unseen] = [false, true].map(|is_control| word.clone() + &ascii(is_control));
            [line, seen, unseen, word + &letters()]
                .map(|text| get(format!("/{}", bytes(&text).to_lowercase())))
        })
        .example(2, 1, "a text is decoded once", Whole, |draw| {
            [get(format!("/{}%2541", draw.word())), get("/100%25")]
        })
        .example(
            2,
            1,
            "an encoded slash comes back as a slash",
            Whole,
            |draw| {
                let (one, other) = (draw.word(), draw.word());
                [
                    get(format!("/%2F{one}")),
                    get(format!("/{one}%2F{other}%2F")),
                ]
            },
        )
        .example(2, 1, "a plus sign is a plus sign", Whole, |draw| {
            [get(format!("/{}+{}%2B", draw.word(), draw.word()))]
        })
        .example(
            3,
            1,
            "a text that ends in the middle of it: 400",
            Status,
            |draw| bad(draw, &CUT),
        )
        .example(3, 1, "letters that are no digits: 400", Status, |draw| {
            bad(draw, &NO_DIGITS)
        })
        .example(3, 1, "a sign is no digit: 400", Status, |draw| {
            bad(draw, &SIGNS)
        })
        .example(3, 1, "bytes that are not UTF-8: 400", Status, |draw| {
            bad(draw, &NOT_UTF8)
        })
        .example(3, 1, "the text is Bad percent-encoding", Whole, |draw| {
            let query = format!("%?{}=2", draw.word());
            bad(draw, &["%", "%?shout=1", &query, "%?", "%?a&shout=1"])
        })
        .example(4, 2, "?shout=1 answers in capitals", Whole, |draw| {
            [draw.path(), "/".into()].map(|path| get(path + "?shout=1"))
        })
        .example(4, 1, "in any language", Whole, |draw| {
            [get(format!(
                "/{}?shout=1",
                encoded(&format!("Straße, Kätzchen, {}", draw.line()))
            ))]
        })
        .example(4, 1, "shout=1 may be one field of several", Whole, |draw| {
            let (path, name, other) = (draw.path(), draw.word(), draw.word());
            let fields = [
                format!("shout=1&{name}=2"),
                format!("{name}=2&shout=1"),
                format!("{name}&shout=1"),
                format!("shout=1&{name}"),
                "&shout=1".into(),
                "shout=0&shout=1".into(),
                "shout=1&shout=0".into(),
                "shout=1&shout=1".into(),
                format!("{name}=2&{other}=a?b&shout=1"),
                format!("{name}=2&shout=1&{other}"),
                format!("a=1&{name}=2&{other}&shout=1&b"),
            ];
            fields.map(|fields| get(format!("{path}?{fields}")))
        })
        .example(4, 1, "any other query changes nothing", Whole, |draw| {
            let path = format!("{}Cat", draw.path());
            let queries = [
                "?",
                "?shout",
                "?shout=0",
                "?shout=10",
                "?shout=01",
                "?shout=1%20",
                "?+shout=1",
                "?no-shout=1",
                "?a=b;shout=1",
                "?a?shout=1",
                "?shout=1?a",
                "&shout=1",
            ];
            let mut acts: Vec<Act> = queries.map(|query| get(format!("{path}{query}"))).into();
            acts.push(get(format!("/{}?shout=0", encoded(&draw.line()))));
            acts
        })
        .sessions(1)
        .grade()
}

const HTML: &str = "text/html; charset=utf-8";
const HTML_SENT: &str = "You send the text as text/html. Then a browser takes tags in it for tags, and a stranger writes your page. The type is text/plain; charset=utf-8.";

/// The signs that may stand in a path as they are. (`+` is a matter of step 2.)
const SIGNS_OF_A_PATH: &str = "-._~!$&'()*,;=:@";

const CUT: [&str; 4] = ["%", "%4", "%41%", "%41%4"];
const NO_DIGITS: [&str; 5] = ["%zz", "%4g", "%g4x", "%zzBalloon", "%%41"];
const SIGNS: [&str; 4] = ["%+4", "%-4", "%-0", "%4+"];
const NOT_UTF8: [&str; 5] = ["%FF", "%E3%81", "K%E4tzchen", "%C0%AF", "%ED%A0%80"];

/// Paths that end with what can't be decoded.
fn bad(draw: &mut Draw, ends: &[&str]) -> Vec<Act> {
    let path = draw.path();
    ends.iter().map(|end| get(format!("{path}{end}"))).collect()
}

/// The text as a browser writes it into an address.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Every byte of the text percent-encoded, letters and digits as well.
fn bytes(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Every character of ASCII that is seen, or every one that is not.
fn ascii(is_control: bool) -> String {
    let all = '\0'..='\x7f';
    all.filter(|c| c.is_control() == is_control).collect()
}

/// Letters whose bytes have every digit that there is beyond ASCII: of two, three and four bytes;
/// and a sign at the beginning that some leave out there.
fn letters() -> String {
    let latin: String = ('\u{a0}'..='ÿ').collect();
    format!("\u{feff}{latin}, кошка, ねこ, 🐈")
}

struct EchoServer;

/// What an echo server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The part of a request that is decoded.
    echoed: fn(&Request) -> String,
    decode: fn(&str) -> Option<String>,
    /// What is taken, by the query and by whether that shouts, for the text of what can't be
    /// decoded.
    taken_for: fn(query: bool, shouts: bool, encoded: &str) -> Option<String>,
    /// The answer to what can't be decoded: status, type, text.
    bad: (u16, String, String),
    /// The answer, status and text, where nothing is behind the slash; the usual one if `None`.
    empty: Option<u16>,
    kind: String,
    line_end: &'static str,
    shouts: fn(query: &str, path: &str) -> bool,
    capitals: fn(&str) -> String,
    /// Whether what can't be decoded is answered in capitals, by the query and by whether that
    /// shouts.
    loud_bad: fn(query: &str, shouts: bool) -> bool,
    /// Whether a request behind one that shouted is loud, too: with any query, or without.
    stays_loud: Option<bool>,
    /// What is done to the encoded text of a request that shouts.
    before: fn(String) -> String,
    /// Whether a query gets the answer to what can't be decoded.
    refuses: fn(query: &str) -> bool,
    /// What happens with a query that does not shout: the status, and the text.
    other: fn(text: String, encoded: &str) -> (u16, Option<String>),
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            echoed: |asked| asked.path()[1..].into(),
            decode: strictly,
            taken_for: |_, _, _| None,
            bad: (400, TEXT.into(), "Bad percent-encoding\n".into()),
            empty: None,
            kind: TEXT.into(),
            line_end: "\n",
            shouts: |query, _| fields(query).any(|field| field == "shout=1"),
            capitals: str::to_uppercase,
            loud_bad: |_, _| false,
            stays_loud: None,
            before: |text| text,
            refuses: |_| false,
            other: |text, _| (200, Some(text)),
        }
    }
}

/// The text up to the first of these signs.
fn until(text: &str, ends: &[char]) -> String {
    text.split(ends).next().unwrap_or_default().into()
}

/// The text as a page in HTML has it, but for quotes.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// The fields with the name shout.
fn named(query: &str) -> impl Iterator<Item = &str> + Clone {
    fields(query).filter(|field| field.split('=').next() == Some("shout"))
}

/// Those that have a value.
fn with_value(query: &str) -> impl Iterator<Item = &str> {
    fields(query).filter(|field| field.starts_with("shout="))
}

fn fields(query: &str) -> impl Iterator<Item = &str> + Clone {
    query.split('&')
}

/// Whether a field is `shout=1` only when it is decoded.
fn shouts_when_decoded(query: &str) -> bool {
    let decoded =
        |field: &str| percent_decode_str(&field.replace('+', " ")).decode_utf8_lossy() == "shout=1";
    fields(query).any(|field| field != "shout=1" && decoded(field))
}

/// The text in which a percent-encoding with a sign is one with a zero in its place. `digit` says what
/// stands behind the sign, if there is one.
fn with_signs(text: &str, digit: impl Fn(&str) -> Option<&str>) -> String {
    let mut signed = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let digit = digit(after);
        signed += before;
        signed += if digit.is_some() { "%0" } else { "%" };
        rest = digit.unwrap_or(after);
    }
    signed + rest
}

/// Whether two hexadecimal digits follow each percent sign.
fn is_encoded(text: &str) -> bool {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut signs = text.match_indices('%');
    signs.all(|(at, _)| is_digit(at + 1) && is_digit(at + 2))
}

fn strictly(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    is_encoded(text).then(|| decoded.into_owned())
}

/// The text with \u{fffd} for what can't be decoded, and with each % that stands alone.
fn loosely(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into()
}

/// What becomes of a text if these are the bytes for two digits.
fn with_byte(text: &str, byte: fn(high: u32, low: u32) -> u32) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' => {
                let (high, low) = (rest.next()?.to_digit(16)?, rest.next()?.to_digit(16)?);
                bytes.push(byte(high, low) as u8);
            }
            c => bytes.extend(c.to_string().bytes()),
        }
    }
    String::from_utf8(bytes).ok()
}

impl Model for EchoServer {
    type Knobs = Knobs;
    /// Whether somebody has shouted.
    type State = bool;

    fn expect(knobs: &Knobs, loud: &mut bool, act: &Act) -> Option<Expect> {
        let asked = act.asked_get().filter(|asked| asked.target.is_ascii())?;
        let query = asked.target.split_once('?').map(|(_, query)| query);
        if asked.path().starts_with("//") || query.is_some_and(shouts_when_decoded) {
            return None; // both are left open
        }
        let right = strictly(&asked.path()[1..]);
        let step = match (&right, query) {
            (None, _) => 3,
            (_, Some(_)) => 4,
            _ if asked.path().contains('%') => 2,
            _ => 1,
        };
        let expect = Expect::step(step);
        let (echoed, mut shouts) = (
            (knobs.echoed)(asked),
            query.map(|q| (knobs.shouts)(q, asked.path())),
        );
        if let Some(whatever) = knobs.stays_loud.filter(|_| right.is_some()) {
            *loud |= shouts == Some(true);
            if *loud && (query.is_none() || whatever) {
                shouts = Some(true);
            }
        }
        if let Some(status) = knobs.empty.filter(|_| echoed.is_empty()) {
            return Some(expect.status(status));
        }
        let refuses = query.is_some_and(knobs.refuses);
        let echoed = if shouts == Some(true) {
            (knobs.before)(echoed)
        } else {
            echoed
        };
        let taken = || (knobs.taken_for)(query.is_some(), shouts == Some(true), &echoed);
        let decoded = (knobs.decode)(&echoed).or_else(taken);
        let Some(text) = decoded.filter(|_| !refuses) else {
            let (status, kind, text) = &knobs.bad;
            let is_loud = (knobs.loud_bad)(query.unwrap_or_default(), shouts == Some(true));
            let text = match is_loud {
                true => text.to_uppercase(),
                false => text.clone(),
            };
            let refused = expect.status(*status);
            return Some(refused.field("Content-Type", &**kind).body(text));
        };
        let (status, text) = match shouts {
            None => (200, Some(text)),
            Some(true) => (200, Some((knobs.capitals)(&text))),
            Some(false) => (knobs.other)(text, &echoed),
        };
        let expect = expect.status(status);
        Some(match text {
            Some(text) => expect
                .field("Content-Type", &*knobs.kind)
                .body(text + knobs.line_end),
            None => expect,
        })
    }

    fn draw(draw: &mut Draw, _: &bool) -> Vec<Act> {
        let mut path = String::from("/");
        if draw.one_in(12) {
            path += draw.pick(&["./", "../", ".", ".."]); // what clients take for a place
        }
        for _ in 0..draw.below(4) {
            path += &piece(draw);
        }
        if draw.one_in(8) {
            path += draw.pick(&[&CUT[..], &NO_DIGITS, &SIGNS, &NOT_UTF8].concat());
            if draw.one_in(3) {
                return vec![get(path + "?shout=1")];
            }
        }
        vec![get(path + &query(draw))]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("slash", "The slash at the beginning is still there. The text is what stands behind it.", |knobs| {
                knobs.echoed = |asked| asked.path().into();
            })
            .wrong("slash-alone", "The path / comes back as a slash. Its first slash goes as well, and nothing is left: the answer is an empty line.", |knobs| {
                knobs.echoed = |asked| match asked.path() {
                    "/" => "/".into(),
                    path => path[1..].into(),
                };
            })
            .wrong("every-slash", "You take away every slash of the path. Only the first one goes; the others are part of the text.", |knobs| {
                knobs.echoed = |asked| asked.path().replace('/', "");
            })
            .wrong("slash-at-the-end", "You take away slashes at the end of the path, too. Only the first one goes.", |knobs| {
                knobs.echoed = |asked| asked.path().trim_matches('/').into();
            })
            .wrong("slashes-joined", "You make one slash of several that follow each other, so /a//b comes back as a/b. Only the first slash of the path goes; the others are part of the text.", |knobs| {
                knobs.echoed = |asked| asked.path()[1..].replace("//", "/");
            })
            .or(|knobs| knobs.echoed = |asked| joined(&asked.path()[1..]))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.replace("//", "/")))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| joined(&text)))
            .wrong("empty-parts", "You take the path apart at its slashes and leave empty parts out, so /a//b comes back as a/b, and /a/ as a. Only the first slash goes; the others are part of the text.", |knobs| {
                knobs.echoed = |asked| {
                    let parts = asked.path().split('/').filter(|part| !part.is_empty());
                    parts.collect::<Vec<_>>().join("/")
                };
            })
            .wrong("name-of-a-file", "You take the path for the name of a file (std::path::Path), in which a slash at the end and a part that is a single dot mean nothing. Here it is a text: strip_prefix of a &str takes the first slash away, and nothing else.", |knobs| {
                knobs.echoed = |asked| {
                    let path = Path::new(asked.path());
                    let rest = path.strip_prefix("/").ok().and_then(Path::to_str);
                    rest.unwrap_or(asked.path()).into()
                };
            })
            .or(|knobs| {
                knobs.echoed = |asked| {
                    let parts = Path::new(asked.path()).components().skip(1);
                    parts.collect::<PathBuf>().to_string_lossy().into()
                };
            })
            .wrong("last-part", "You echo only what stands behind the last slash. The whole path comes back, without its first slash.", |knobs| {
                knobs.echoed = |asked| asked.path().rsplit('/').next().unwrap_or_default().into();
            })
            .or(|knobs| {
                knobs.echoed = |asked| match asked.path().strip_suffix('/') {
                    Some(_) => asked.path()[1..].into(),
                    None => asked.path().rsplit('/').next().unwrap_or_default().into(),
                };
            })
            .wrong("dots-resolved", "A part of the path that is . or .. does not come back. Here a path is a text: without its first slash, it comes back as it came.", |knobs| {
                knobs.echoed = |asked| {
                    let path = &asked.path()[1..];
                    path.strip_prefix("./").unwrap_or(path).into()
                };
            })
            .or(|knobs| {
                knobs.echoed = |asked| {
                    let parts = asked.path()[1..].split('/').filter(|part| *part != ".");
                    parts.collect::<Vec<_>>().join("/")
                };
            })
            .or(|knobs| {
                knobs.echoed = |asked| {
                    let parts = asked.path()[1..].split('/').filter(|part| ![".", ".."].contains(part));
                    parts.collect::<Vec<_>>().join("/")
                };
            })
            .or(|knobs| knobs.echoed = |asked| asked.path()[1..].replace("../", ""))
            .or(|knobs| knobs.echoed = |asked| asked.path()[1..].replace("./", ""))
            .wrong("target", "The query comes back as well: that is request.target(). request.path() ends before the question mark.", |knobs| {
                knobs.echoed = |asked| asked.target[1..].into();
            })
            .wrong("small-letters", "You change capital letters of the path into small ones. It comes back as it was written.", |knobs| {
                knobs.echoed = |asked| asked.path()[1..].to_lowercase();
            })
            .wrong("empty", "The path / has nothing behind its slash, and its answer is an empty line with status 200. You treat it as an error.", |knobs| {
                knobs.empty = Some(404);
            })
            .or(|knobs| {
                knobs.empty = Some(400);
            })
            .wrong("sign-ends-text", "A sign such as ;, & or = in the path, or an encoded one such as %3F, ends the text for you. The path ends where the query begins, and request.path() is all of it.", |knobs| {
                knobs.echoed = |asked| until(&asked.path()[1..], &[';']);
            })
            .or(|knobs| knobs.echoed = |asked| until(&asked.path()[1..], &['&']))
            .or(|knobs| knobs.echoed = |asked| until(&asked.path()[1..], &['&', '=']))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| until(&text, &['?'])))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| until(&text, &['#'])))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| until(&text, &['?', '#'])))
            .wrong("form-decoded", "You take the path for a form (parse_form): there, & and = end the text, and + is a space. Write decode as step 2 says: only the % is special.", |knobs| {
                knobs.decode = |text| Some(loosely(&until(text, &['&', '=']).replace('+', " ")));
            })
            .wrong("escaped", "You escape the text as for a page in HTML, so < comes back as &lt;. The answer is text/plain: the text is sent as it is.", |knobs| {
                knobs.decode = |text| strictly(text).map(|text| escaped(&text));
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(text).map(|text| escaped(&text).replace('"', "&quot;"));
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(text).map(|text| escaped(&text).replace('"', "&quot;").replace('\'', "&#39;"));
            })
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.replace('<', "&lt;").replace('>', "&gt;")))
            .wrong("html", HTML_SENT, |knobs| knobs.kind = HTML.into())
            .wrong("html", HTML_SENT, |knobs| (knobs.kind, knobs.bad.1) = (HTML.into(), HTML.into()))
            .wrong("line-end", "The line end behind the text is missing: \\n.", |knobs| knobs.line_end = "")
            .wrong("not-decoded", "The text comes back encoded. Where a % stands, two digits are one byte: see step 2.", |knobs| {
                knobs.decode = |text| Some(text.into());
            })
            .wrong("slash-after-decoding", "You decode first and take the slash away afterwards. So an encoded slash (%2F) goes, too: it is part of the text and stays.", |knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.trim_start_matches('/').into());
            })
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.trim_matches('/').into()))
            .or(|knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.strip_prefix('/').unwrap_or(&text).into());
            })
            .wrong("slash-encoded", "An encoded slash (%2F) stays as it is. It is decoded like every other byte, and comes back as a slash.", |knobs| {
                knobs.decode = |text| strictly(&text.replace("%2F", "%252F"));
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(&text.replace("%2F", "%252F").replace("%2f", "%252f"));
            })
            .wrong("decoded-twice", "You decode twice. What comes out of decode is the text, even if a % stands in it: %2541 is %41.", |knobs| {
                knobs.decode = |text| strictly(text).map(|once| strictly(&once).unwrap_or(once));
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(&strictly(text)?);
            })
            .wrong("plus", "You make a space of each +. That is right in the fields of a form, but in a path a + is a +.", |knobs| {
                knobs.decode = |text| strictly(&text.replace('+', " "));
            })
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.replace('+', " ")))
            .wrong("byte-by-byte", "You make a character of each byte. Several bytes can be one character: collect all bytes, and make a text of them at the end.", |knobs| {
                knobs.decode = |text| {
                    let bytes = percent_decode_str(text).map(char::from).collect();
                    strictly(text).map(|_| bytes)
                };
            })
            .or(|knobs| {
                knobs.decode = |text| {
                    let bytes = percent_decode_str(text).map(char::from).collect();
                    is_encoded(text).then_some(bytes)
                };
            })
            .wrong("capital-digits", "You take only capital letters for hexadecimal digits. %e3 is the same byte as %E3.", |knobs| {
                knobs.decode = |text| digits_without(text, |digit| digit.is_ascii_lowercase());
            })
            .wrong("small-digits", "You take only small letters for hexadecimal digits. %E3 is the same byte as %e3.", |knobs| {
                knobs.decode = |text| digits_without(text, |digit| digit.is_ascii_uppercase());
            })
            .wrong("space", "%20 stays as it is. It is a space, decoded like every other byte.", |knobs| {
                knobs.decode = |text| strictly(&text.replace("%20", "%2520"));
            })
            .wrong("digits-swapped", "The two digits are swapped. The first one counts sixteen times, the second one once.", |knobs| {
                knobs.decode = |text| with_byte(text, |high, low| low * 16 + high);
            })
            .wrong("decimal", "You count the first digit ten times. There are sixteen digits, so it counts sixteen times.", |knobs| {
                knobs.decode = |text| with_byte(text, |high, low| high * 10 + low);
            })
            .wrong("shift-first", "You write high << 4 + low. In Rust, + comes before <<, so it shifts by 4 + low. Write (high << 4) + low, or high * 16 + low.", |knobs| {
                knobs.decode = |text| with_byte(text, |high, low| high << (4 + low));
            })
            .wrong("last-digit", "The last of the digits in a range, F, f or 9, is none for you, so the answer is 400. A range that is written with .. ends before its end: write ..=.", |knobs| {
                knobs.decode = |text| digits_without(text, |digit| *digit == b'F');
            })
            .or(|knobs| knobs.decode = |text| digits_without(text, |digit| *digit == b'f'))
            .or(|knobs| knobs.decode = |text| digits_without(text, |digit| *digit == b'9'))
            .or(|knobs| knobs.decode = |text| digits_without(text, |digit| b"fF".contains(digit)))
            .or(|knobs| knobs.decode = |text| digits_without(text, |digit| b"9F".contains(digit)))
            .or(|knobs| knobs.decode = |text| digits_without(text, |digit| b"9fF".contains(digit)))
            .wrong("sign", "You take a sign for a digit, as in %+4 or %-0: a number may have a sign, but a percent-encoding may not. Look at each of the two characters.", |knobs| {
                knobs.decode = |text| {
                    let is_digit = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_hexdigit());
                    strictly(&with_signs(text, |after| after.strip_prefix('+').filter(is_digit)))
                };
            })
            // (Any other one behind a minus is no UTF-8.)
            .or(|knobs| {
                knobs.decode = |text| strictly(&with_signs(text, |after| after.strip_prefix('-').filter(|rest| rest.starts_with('0'))));
            })
            .or(|knobs| {
                knobs.decode = |text| {
                    let is_digit = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_hexdigit());
                    strictly(&with_signs(text, |after| {
                        let minus = after.strip_prefix('-').filter(|rest| rest.starts_with('0'));
                        minus.or(after.strip_prefix('+').filter(is_digit))
                    }))
                };
            })
            .wrong("bad-stays", "A % without two digits behind it stays as it is, and the answer is 200. It can't be decoded, so the answer is 400. (request.decoded_path() is milder than this lesson.)", |knobs| {
                knobs.decode = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into());
            })
            .wrong("rest-stays", "A % at the end of the text, with one character behind it or none, comes back as it is. Two digits must follow it: else the answer is 400.", |knobs| {
                knobs.decode = |text| {
                    let cut = text.rfind('%').filter(|at| text.len() < at + 3);
                    let (before, rest) = text.split_at(cut.unwrap_or(text.len()));
                    Some(strictly(before)? + rest)
                };
            })
            .wrong("bad-digits-stay", "A % with two characters behind it that are no digits stays as it is, and the answer is 200. It can't be decoded, so the answer is 400.", |knobs| {
                knobs.decode = |text| {
                    let mut signs = text.match_indices('%');
                    let is_whole = signs.all(|(at, _)| text.len() > at + 2);
                    is_whole.then(|| percent_decode_str(text).decode_utf8().ok().map(Into::into))?
                };
            })
            .or(|knobs| {
                knobs.decode = |text| {
                    let mut bytes = Vec::new();
                    let mut rest = text.bytes();
                    while let Some(byte) = rest.next() {
                        let digit = |byte: u8| char::from(byte).to_digit(16);
                        match byte {
                            b'%' => {
                                let (high, low) = (rest.next()?, rest.next()?);
                                match (digit(high), digit(low)) {
                                    (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                                    _ => bytes.extend([byte, high, low]),
                                }
                            }
                            byte => bytes.push(byte),
                        }
                    }
                    String::from_utf8(bytes).ok()
                };
            })
            .wrong("one-digit-is-enough", "Where the text ends behind one digit, the answer is 200, as if there were another one. Two digits must follow: else the answer is 400.", |knobs| {
                knobs.decode = |text| match text.as_bytes() {
                    [before @ .., b'%', digit] if digit.is_ascii_hexdigit() => {
                        let digit = (*digit as char).to_digit(16)?;
                        let byte = char::from_u32(digit * 16)?;
                        Some(strictly(str::from_utf8(before).ok()?)? + &byte.to_string())
                    }
                    _ => strictly(text),
                };
            })
            .or(|knobs| {
                // The one digit is the whole number.
                knobs.decode = |text| match text.as_bytes() {
                    [before @ .., b'%', digit] if digit.is_ascii_hexdigit() => {
                        let (before, digit) = (str::from_utf8(before).ok()?, char::from(*digit));
                        strictly(&format!("{before}%0{digit}"))
                    }
                    _ => strictly(text),
                };
            })
            .or(|knobs| {
                knobs.decode = |text| match text.strip_suffix('%') {
                    Some(text) => strictly(text).map(|text| text + "\0"),
                    None => match text.as_bytes() {
                        [.., b'%', digit] if digit.is_ascii_hexdigit() => strictly(&format!("{text}0")),
                        _ => strictly(text),
                    },
                };
            })
            .wrong("digits-to-z", "You take letters behind f for digits: in the base 16, the digits end with f. That is to_digit(16).", |knobs| {
                knobs.decode = |text| {
                    let mut bytes = Vec::new();
                    let mut rest = text.chars();
                    while let Some(c) = rest.next() {
                        match c {
                            '%' => bytes.push(u8::try_from(rest.next()?.to_digit(36)? * 16 + rest.next()?.to_digit(36)?).ok()?),
                            c => bytes.extend(c.to_string().bytes()),
                        }
                    }
                    String::from_utf8(bytes).ok()
                };
            })
            .wrong("cut-character", "A text that ends in the middle of a character, as /caf%C3 does, gets 200: that beginning is left out. It can't be decoded, so the answer is 400.", |knobs| {
                knobs.decode = |text| {
                    let bytes: Vec<u8> = percent_decode_str(text).collect();
                    let whole = match str::from_utf8(&bytes) {
                        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
                        _ => &bytes[..],
                    };
                    let whole = String::from_utf8(whole.to_vec()).ok();
                    whole.filter(|_| is_encoded(text))
                };
            })
            .wrong("latin-1", "Bytes that are not UTF-8 are read in another encoding, and the answer is 200. They can't be decoded, so the answer is 400.", |knobs| {
                knobs.decode = |text| {
                    let latin: String = percent_decode_str(text).map(char::from).collect();
                    is_encoded(text).then(|| strictly(text).unwrap_or(latin))
                };
            })
            .wrong("trimmed", "You take white space away at an end of the decoded text. It is a part of the text.", |knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.trim().into());
            })
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.trim_end().into()))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.trim_start().into()))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.trim_matches(' ').into()))
            .or(|knobs| knobs.decode = |text| strictly(text).map(|text| text.trim_end_matches(' ').into()))
            .or(|knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.trim_end_matches(['\r', '\n']).into());
            })
            .wrong("line-end-not-added", "If the text ends with a line end, you add none. The answer is the text and a line end, always: else nobody can tell this text from the one without.", |knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.strip_suffix('\n').unwrap_or(&text).into());
            })
            .wrong("control-refused", "Signs that are not seen, such as a line end (%0A) or a tab (%09), get a 400. They can be decoded like any other byte: only what can't be decoded is refused.", |knobs| {
                knobs.decode = |text| strictly(text).filter(|text| !text.chars().any(char::is_control));
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(text).filter(|text| !text.contains(['\r', '\n']));
            })
            .or(|knobs| knobs.decode = |text| strictly(text).filter(|text| !text.contains('\0')))
            .wrong("replacement-sign", "A text in which the sign \u{fffd} was sent (%EF%BF%BD) gets a 400. It is a character like any other: String::from_utf8 says whether the bytes are a text, and what from_utf8_lossy has made does not.", |knobs| {
                knobs.decode = |text| strictly(text).filter(|text| !text.contains('\u{fffd}'));
            })
            .wrong("bad-bytes-left-out", "Bytes that are not UTF-8 are left out, and the answer is 200. They can't be decoded, so the answer is 400.", |knobs| {
                knobs.decode = |text| is_encoded(text).then(|| loosely(text).replace('\u{fffd}', ""));
            })
            .or(|knobs| {
                knobs.decode = |text| {
                    let bytes: Vec<u8> = percent_decode_str(text).collect();
                    let good = bytes.utf8_chunks().map(|chunk| chunk.valid());
                    is_encoded(text).then(|| good.collect())
                };
            })
            .wrong("lossy", "Bytes that are not UTF-8 become \u{fffd}, and the answer is 200. They can't be decoded, so the answer is 400: from_utf8, not from_utf8_lossy.", |knobs| {
                knobs.decode = |text| is_encoded(text).then(|| percent_decode_str(text).decode_utf8_lossy().into());
            })
            .wrong("nothing-is-bad", "You answer 200 to everything. What can't be decoded is the client's mistake: a % without two digits, and bytes that are not UTF-8. The answer is 400.", |knobs| {
                knobs.decode = |text| Some(percent_decode_str(text).decode_utf8_lossy().into());
            })
            .wrong("bad-not-found", "What can't be decoded gets a 404. Nothing is missing here; the request itself makes no sense. That is a 400.", |knobs| knobs.bad.0 = 404)
            .wrong("bad-ok", "What can't be decoded gets a 200, which says that all is well. The status is 400.", |knobs| knobs.bad.0 = 200)
            .wrong("bad-server", "What can't be decoded gets a 500, which says that the server is at fault. The client is: the status is 400.", |knobs| knobs.bad.0 = 500)
            .wrong("silent", "Nothing comes in capitals. Look at what you compare with shout=1, and at what you answer then: to_uppercase() makes a new text and does not change the old one.", |knobs| {
                knobs.capitals = str::to_string;
            })
            .wrong("english-capitals", "Only the letters a to z become capitals. Other languages have capitals, too: ä becomes Ä.", |knobs| {
                knobs.capitals = str::to_ascii_uppercase;
            })
            .wrong("one-capital-each", "You make one capital of each letter. It can be two: the ß of Straße is SS. text.to_uppercase() knows that; of a char's to_uppercase(), take all that comes.", |knobs| {
                knobs.capitals = |text| letter_for_letter(text, |letter| letter);
            })
            .or(|knobs| {
                knobs.capitals = |text| letter_for_letter(text, |letter| letter.to_uppercase().next().unwrap_or(letter));
            })
            .wrong("capitals-before-decoding", "You make capitals of the encoded text. The letters that are percent-encoded are still bytes then, and stay small. Decode first.", |knobs| {
                knobs.before = |text| text.to_uppercase();
                knobs.capitals = str::to_string;
            })
            .wrong("bad-shouted", "With shout=1, the text Bad percent-encoding comes in capitals, too. It is always the same, whatever the query is.", |knobs| {
                knobs.loud_bad = |_, shouts| shouts;
            })
            .or(|knobs| knobs.loud_bad = |query, _| query == "shout=1")
            .wrong("query-first", "With a query, what can't be decoded gets 200: with any, or with one that shouts. Look first whether the text can be decoded. If not, the answer is 400, whatever the query is.", |knobs| {
                knobs.taken_for = |_, shouts, _| shouts.then(String::new);
            })
            .or(|knobs| knobs.taken_for = |_, shouts, text| shouts.then(|| text.into()))
            .or(|knobs| knobs.taken_for = |_, shouts, text| shouts.then(|| loosely(text)))
            .or(|knobs| knobs.taken_for = |query, _, _| query.then(String::new))
            .or(|knobs| knobs.taken_for = |query, _, text| query.then(|| text.into()))
            .or(|knobs| knobs.taken_for = |query, _, text| query.then(|| loosely(text)))
            .wrong("control-left-out", "Signs that are not seen, such as a line end (%0A) or a tab (%09), are left out of the text. They come back like any other.", |knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.chars().filter(|c| !c.is_control()).collect());
            })
            .or(|knobs| {
                knobs.decode = |text| strictly(text).map(|text| text.replace(['\r', '\n'], ""));
            })
            .wrong("semicolon", "A ; stands between two fields for you, as an & does. Only the & does: color=red;shout=1 is one field, with the name color.", |knobs| {
                knobs.shouts = |query, _| query.split(['&', ';']).any(|field| field == "shout=1");
            })
            .wrong("any-query", "Every query shouts. Only the field shout=1 does.", |knobs| knobs.shouts = |_, _| true)
            .wrong("stays-loud", "After a request that shouted, others are loud, too. Each request stands alone: nothing of one may be left for the next.", |knobs| {
                knobs.stays_loud = Some(false);
            })
            .or(|knobs| knobs.stays_loud = Some(true))
            .wrong("any-value", "Every field with the name shout shouts, whatever its value is. Only shout=1 does.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| field.split('=').next() == Some("shout"));
            })
            .wrong("anywhere", "You look for shout=1 anywhere in the query, so no-shout=1 and shout=10 shout as well. Take the query apart at each &, and compare whole fields.", |knobs| {
                knobs.shouts = |query, _| query.contains("shout=1");
            })
            .wrong("beginning", "A field that only begins with shout=1 shouts, too, such as shout=10. Compare the whole field.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| field.starts_with("shout=1"));
            })
            .wrong("query-begins", "You look whether the query begins with shout=1. The field can stand anywhere between the others, and it ends at the next &.", |knobs| {
                knobs.shouts = |query, _| query.starts_with("shout=1");
            })
            .wrong("query-ends", "You look whether the query ends with shout=1. The field can stand anywhere between the others, and it begins behind an &.", |knobs| {
                knobs.shouts = |query, _| query.ends_with("shout=1");
            })
            .wrong("begins-or-ends", "You look at the beginning and at the end of the query. The field can stand between others, and a field that only ends with shout=1 is another one: take the query apart at each &.", |knobs| {
                knobs.shouts = |query, _| query.starts_with("shout=1") || query.ends_with("shout=1");
            })
            .wrong("begins-or-ends", "You look at the beginning and at the end of the query. The field can stand between others, and a field that only ends with shout=1 is another one: take the query apart at each &.", |knobs| {
                knobs.shouts = |query, _| query.starts_with("shout=1&") || query.ends_with("shout=1");
            })
            .or(|knobs| {
                knobs.shouts = |query, _| query.starts_with("shout=1") || query.ends_with("&shout=1");
            })
            .or(|knobs| {
                knobs.shouts = |query, _| {
                    let is_field = query == "shout=1" || query.starts_with("shout=1&");
                    is_field || query.ends_with("&shout=1")
                };
            })
            .wrong("field-trimmed", "You take white space away around a field, so shout=1%20 shouts. The field must be shout=1, just as it stands here.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| {
                    let field = field.replace('+', " ");
                    percent_decode_str(&field).decode_utf8_lossy().trim() == "shout=1"
                });
            })
            .wrong("every-equals-sign", "You split a field at every =, and look at the first two parts, so shout=1=2 shouts. The whole field must be shout=1.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| {
                    let mut parts = field.split('=');
                    (parts.next(), parts.next()) == (Some("shout"), Some("1"))
                });
            })
            .wrong("query-decoded-first", "You decode the query before you split it, so a %26 in a field looks like the & between two. Split first, then compare.", |knobs| {
                knobs.shouts = |query, _| fields(&percent_decode_str(query).decode_utf8_lossy()).any(|field| field == "shout=1");
            })
            .or(|knobs| {
                // A query that can't be decoded does not shout.
                knobs.shouts = |query, _| strictly(query).is_some_and(|query| fields(&query).any(|field| field == "shout=1"));
            })
            .or(|knobs| {
                // One that can't be decoded is taken as it is.
                knobs.shouts = |query, _| {
                    let decoded = strictly(query).unwrap_or(query.into());
                    fields(&decoded).any(|field| field == "shout=1")
                };
            })
            .or(|knobs| {
                knobs.shouts = |query, _| {
                    let decoded = percent_decode_str(query).decode_utf8();
                    fields(&decoded.unwrap_or(query.into())).any(|field| field == "shout=1")
                };
            })
            .wrong("field-without-value", "If a field has no = in it, as in ?loud&shout=1, you do not find the field shout=1. Such a field is just another one: go on with the next.", |knobs| {
                // A ? or a break behind split_once ends the search.
                knobs.shouts = |query, _| {
                    let mut named = fields(query).take_while(|field| field.contains('='));
                    named.any(|field| field == "shout=1")
                };
            })
            .or(|knobs| {
                // All of them, or nothing.
                knobs.shouts = |query, _| {
                    let mut all = fields(query);
                    all.clone().all(|field| field.contains('=')) && all.any(|field| field == "shout=1")
                };
            })
            .wrong("empty-field", "Your search ends at an empty field, as the first one of ?&shout=1 is. Such a field is just another one: go on with the next.", |knobs| {
                knobs.shouts = |query, _| {
                    let mut until = fields(query).take_while(|field| !field.is_empty());
                    until.any(|field| field == "shout=1")
                };
            })
            .wrong("as-a-number", "You take the value of shout for a number, so that shout=01 and shout=+1 shout, too. The field is shout=1, just as it stands there: compare it as a text.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| {
                    let value = field.strip_prefix("shout=");
                    value.is_some_and(|value| value.parse::<u32>() == Ok(1))
                });
            })
            .wrong("query-refused", "A query that can't be decoded gets 400. It is a query that does not shout, so it changes nothing.", |knobs| {
                knobs.refuses = |query| strictly(query).is_none();
            })
            .wrong("only-field", "You compare the whole query with shout=1. It may be one field of several: take the query apart at each &.", |knobs| {
                knobs.shouts = |query, _| query == "shout=1";
            })
            .wrong("first-field", "You look at the first field only. shout=1 can be any of them.", |knobs| {
                knobs.shouts = |query, _| fields(query).next() == Some("shout=1");
            })
            .wrong("last-field", "You look at the last field only. shout=1 can be any of them.", |knobs| {
                knobs.shouts = |query, _| fields(query).last() == Some("shout=1");
            })
            .wrong("first-of-its-name", "If shout comes twice in a query, you look at the first one only (parse_form does that). One shout=1 is enough, wherever it stands.", |knobs| {
                knobs.shouts = |query, _| named(query).next() == Some("shout=1");
            })
            .or(|knobs| {
                knobs.shouts = |query, _| with_value(query).next() == Some("shout=1");
            })
            .wrong("last-of-its-name", "If shout comes twice in a query, you look at the last one only. One shout=1 is enough, wherever it stands.", |knobs| {
                knobs.shouts = |query, _| named(query).last() == Some("shout=1");
            })
            .or(|knobs| {
                knobs.shouts = |query, _| with_value(query).last() == Some("shout=1");
            })
            .wrong("other-value-wins", "If shout comes twice in a query, and once with another value than 1, you stay quiet. One shout=1 is enough, whatever the other fields are.", |knobs| {
                knobs.shouts = |query, _| {
                    let mut all = named(query);
                    all.clone().any(|field| field == "shout=1") && all.all(|field| field == "shout=1")
                };
            })
            .or(|knobs| {
                knobs.shouts = |query, _| {
                    let mut all = named(query);
                    all.clone().any(|field| field == "shout=1") && all.all(|field| field != "shout=0")
                };
            })
            .wrong("twice-is-quiet", "If shout=1 comes twice, you stay quiet. One is enough, and a second one changes nothing: do not count them, nor turn a bool over at each.", |knobs| {
                knobs.shouts = |query, _| fields(query).filter(|field| *field == "shout=1").count() % 2 == 1;
            })
            .or(|knobs| {
                knobs.shouts = |query, _| fields(query).filter(|field| *field == "shout=1").count() == 1;
            })
            .wrong("few-fields", "You look at the first two or three fields only. There may be any number of them, and shout=1 can be any: go through all that split gives.", |knobs| {
                knobs.shouts = |query, _| fields(query).take(2).any(|field| field == "shout=1");
            })
            .or(|knobs| knobs.shouts = |query, _| query.splitn(2, '&').any(|field| field == "shout=1"))
            .or(|knobs| knobs.shouts = |query, _| fields(query).take(3).any(|field| field == "shout=1"))
            .or(|knobs| knobs.shouts = |query, _| query.splitn(3, '&').any(|field| field == "shout=1"))
            .wrong("every-question-mark", "You take the address apart at every question mark. The query begins at the first one, and any other is a part of a field: request.query() is the whole query.", |knobs| {
                knobs.shouts = |query, _| fields(&until(query, &['?'])).any(|field| field == "shout=1");
            })
            .or(|knobs| {
                knobs.shouts = |query, _| {
                    let last = query.rsplit('?').next().unwrap_or(query);
                    fields(last).any(|field| field == "shout=1")
                };
            })
            .or(|knobs| knobs.shouts = |query, _| query.split(['&', '?']).any(|field| field == "shout=1"))
            .wrong("any-case", "Capital and small letters in the query are the same to you. The field is shout=1, just as it stands there.", |knobs| {
                knobs.shouts = |query, _| fields(query).any(|field| field.eq_ignore_ascii_case("shout=1"));
            })
            .wrong("in-the-path", "You look for shout=1 in the path. It stands in the query: request.query().", |knobs| {
                knobs.shouts = |_, path| path.contains("shout=1");
            })
            .wrong("query-not-found", "A query without shout=1 gets a 404. It changes nothing: the text comes back as it is.", |knobs| {
                knobs.other = |_, _| (404, None);
            })
            .wrong("query-empties", "With a query that does not shout, the text is gone. Such a query changes nothing: the text comes back as it is.", |knobs| {
                knobs.other = |_, _| (200, Some(String::new()));
            })
            .wrong("query-undecoded", "With a query that does not shout, the text comes back as it stands in the address, with its % signs. Such a query changes nothing: the text is decoded, as without it.", |knobs| {
                knobs.other = |_, encoded| (200, Some(encoded.into()));
            });
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked_get(), seen.answer()) else {
            return;
        };
        let kind = answer.field("Content-Type").unwrap_or_default().to_string();
        if strictly(&asked.path()[1..]).is_some() {
            if answer.status == 200 {
                let says = format!("Compare the Content-Type letter by letter: it is {TEXT}.");
                let same = kind.clone();
                mistakes.wrong("type", &*says, move |knobs| knobs.kind = kind.clone());
                mistakes.wrong("type", says, move |knobs| {
                    (knobs.kind, knobs.bad.1) = (same.clone(), same.clone())
                });
            }
            return;
        }
        let (status, text) = (answer.status, answer.text().into_owned());
        let right = &Knobs::default().bad;
        if text == right.2 && kind == TEXT {
            mistakes.wrong("bad-status", "What can't be decoded has another status than 400, which is the client's mistake in general.", move |knobs| knobs.bad.0 = status);
        }
        let (name, says) = if text.starts_with("<!DOCTYPE html>") {
            (
                "bad-page",
                "The answer to what can't be decoded is a page in HTML, which send_error makes. The text asks for plain text: Bad percent-encoding and a line end.",
            )
        } else if text == right.2 {
            (
                "bad-type",
                "The answer to what can't be decoded has another Content-Type than text/plain; charset=utf-8.",
            )
        } else if text.trim_end() == right.2.trim_end() {
            (
                "bad-line-end",
                "The answer to what can't be decoded is right but for its end: there is one line end, \\n.",
            )
        } else {
            (
                "bad-text",
                "The answer to what can't be decoded has other words than Bad percent-encoding and a line end. Compare them letter by letter.",
            )
        };
        if status == 400 {
            mistakes.wrong(name, says, move |knobs| {
                knobs.bad = (status, kind.clone(), text.clone())
            });
        }
    }
}

/// The text with one slash for several in a row.
fn joined(text: &str) -> String {
    let mut text = text.to_string();
    while text.contains("//") {
        text = text.replace("//", "/");
    }
    text
}

/// Decodes the text if none of its digits is such a one.
fn digits_without(text: &str, is_wrong: fn(&u8) -> bool) -> Option<String> {
    let mut signs = text.match_indices('%');
    let digits = |at: usize| text.as_bytes().iter().skip(at + 1).take(2);
    signs
        .all(|(at, _)| !digits(at).any(is_wrong))
        .then(|| strictly(text))?
}

/// Texts whose capitals are more letters, or not those that one looks for.
const ODD_CAPITALS: [&str; 5] = ["Straße", "ﬁsh", "ŉ", "ısſ", "ǆ"];

/// Each letter in capitals, as long as that is one letter.
fn letter_for_letter(text: &str, otherwise: fn(char) -> char) -> String {
    let capital = |letter: char| {
        let mut capitals = letter.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(capital), None) => capital,
            _ => otherwise(letter),
        }
    };
    text.chars().map(capital).collect()
}

/// A piece of a path.
fn piece(draw: &mut Draw) -> String {
    match draw.below(13) {
        4 => encoded(&draw.line()),
        5 => bytes(&draw.word()),
        6 => bytes(&draw.line()).to_lowercase(),
        7 => draw
            .pick(&["/", "//", "+", "%2B", "%2F", "%2f", "%20"])
            .into(),
        8 => draw
            .pick(&[
                "%25",
                "%3F",
                "%23",
                "%26",
                "%0A",
                "%2541",
                "%25zz",
                "%c3%a4",
                "%09",
                "%00",
                "%EF%BF%BD",
            ])
            .into(),
        9 => encoded(&draw.text()),
        10 => draw
            .pick(&[
                "Balloon",
                "K%C3%A4tzchen",
                "ABC",
                "shout=1",
                "&shout=1",
                ";v=2",
                SIGNS_OF_A_PATH,
            ])
            .into(),
        11 => encoded(draw.pick(&ODD_CAPITALS)),
        _ => draw.word(),
    }
}

/// A query, often one that nearly shouts.
fn query(draw: &mut Draw) -> String {
    const NAME: &str = "shout";
    // @ is the name of the field, and ^ the same in capitals.
    const NEAR: [&str; 28] = [
        "@=1",
        "@=1",
        "@=10",
        "no@=1",
        "@=0",
        "@",
        "",
        "@=",
        "^=1",
        "@=1=1",
        "@=1;a=b",
        "a?@=1",
        "@=1?a",
        "@=1&@=1",
        "@=01",
        "@=+1",
        "@=1+",
        "%20@=1",
        "@=true",
        "@=0&@=1",
        "@&@=1",
        "@=1=2",
        "a=%26@=1",
        "a=b%26@=1%26c",
        "discount=100%",
        "a=%zz",
        "cat=K%C3%A4tzchen",
        "a=1+%2B+1",
    ];
    let near = |draw: &mut Draw| {
        let near = draw.pick(&NEAR).replace('@', NAME);
        near.replace('^', &NAME.to_uppercase())
    };
    let number = match draw.below(8) {
        0..=4 => return String::new(),
        5 => 1,
        number => number - 4,
    };
    let field = |draw: &mut Draw| match draw.one_in(4) {
        true => format!("{}={}", draw.word(), draw.below(2)),
        false => near(draw),
    };
    let fields: Vec<String> = (0..number).map(|_| field(draw)).collect();
    format!("?{}", fields.join("&"))
}
