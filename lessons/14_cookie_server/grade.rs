//! The checks of lesson 14, cookie_server: a name that the browser keeps, and brings back with each
//! request. The server remembers nothing, so each request stands by itself.

use std::collections::BTreeSet;
use std::process::ExitCode;

use grader::record::SetCookie;
use grader::{
    Act, CookieValue, Draw, Expect, Mistakes, Model, Run, Seen, Status, Verdict, Whole, get, post,
};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

const HTML: &str = "text/html; charset=utf-8";
const VISITOR: &str = "visitor";
const SECONDS_KEPT: &str = "2592000";
const KEEP: &str = "/visitor/keep";
const FORGET: &str = "/visitor/forget";

/// The most characters of a name that are asked for: the form allows no more.
const LONGEST: usize = 50;

fn main() -> ExitCode {
    grader::lesson!(CookieServer)
        .example(1, 1, "a POST with a name answers 303", Status, |draw| {
            [keep(&draw.word()), keep(&draw.word()).of_script()]
        })
        .example(
            1,
            3,
            "it sets the cookie, with all its attributes",
            Whole,
            |draw| {
                // Another field may come first.
                let fields = [(&*draw.word(), "1"), ("name", &*draw.word())];
                let with_other = post(KEEP).form(&fields);
                [
                    keep(&draw.word()),
                    keep(&capital(draw)),
                    keep("O"),
                    with_other,
                ]
            },
        )
        .example(1, 1, "an empty name sets no cookie", Whole, |draw| {
            [keep(&draw.word()), keep(" "), keep("")]
        })
        .check(1, 0, "in a browser, no script reads the cookie", scripts)
        .example(
            2,
            2,
            "a browser with the cookie is greeted by name",
            Whole,
            |draw| {
                let word = draw.word();
                // As long as the form allows.
                let long = "n".repeat(LONGEST - word.len()) + &word;
                [word, capital(draw), long].map(|name| with_cookies(&format!("visitor={name}")))
            },
        )
        .example(
            2,
            1,
            "the cookie is found wherever it stands",
            Whole,
            |draw| {
                let [one, other, name] = [draw.word(), draw.word(), draw.word()];
                let many: String = (0..20).map(|_| format!("{}=1; ", draw.word())).collect();
                [
                    with_cookies(&format!("{many}visitor={name}")),
                    with_cookies(&format!("theme={one}; visitor={name}; lang={other}")),
                    with_cookies(&format!("theme={other}; lang={one}; visitor={name}")),
                ]
            },
        )
        .example(
            2,
            2,
            "a cookie with a similar name is another one",
            Whole,
            |draw| {
                let similar = [
                    "visitors=",
                    "visitor2=",
                    "my_visitor=",
                    "ref=visitor=",
                    "Visitor=",
                ];
                similar.map(|name| with_cookies(&format!("{name}{}", draw.word())))
            },
        )
        .example(2, 1, "a tag in a name comes back as text", Whole, |draw| {
            [with_cookies(&format!("visitor=<b>{}</b>", draw.word()))]
        })
        .example(2, 1, "the server itself remembers nobody", Whole, |draw| {
            let (name, other) = (draw.word(), draw.word());
            [
                keep(&name),
                with_cookies(&format!("theme={other}")),
                get("/"),
            ]
        })
        .example(
            3,
            2,
            "a name with any signs comes into the cookie",
            Whole,
            |draw| {
                let (one, other) = (draw.word(), draw.word());
                [
                    keep(&format!("{one} {other}; 100%, a+b=c")),
                    keep(&format!(" \"{other}\" \\{one} ")),
                ]
            },
        )
        .example(3, 1, "so does one in any script", Whole, |draw| {
            let names = ["é", "ね", "🐈"].map(|letter| letter.repeat(LONGEST));
            // Some letters fewer, in many bytes: what is refused shows what is counted.
            let fewer = [LONGEST - 1, 30].map(|length| "🐈".repeat(length));
            let long = names.iter().chain(&fewer).map(|name| keep(name));
            [keep(&draw.line())]
                .into_iter()
                .chain(long)
                .collect::<Vec<_>>()
        })
        .example(3, 2, "the value is decoded", Whole, |draw| {
            let (line, word) = (draw.line(), draw.word());
            let names = [
                line,
                format!("<b>{word}</b>"),
                format!("&lt;{word}&gt;"),
                format!(" {word} "),
            ];
            names.map(|name| with_cookies(&format!("visitor={}", encoded(&name))))
        })
        .example(
            3,
            1,
            "a + and quotes are parts of the value",
            Whole,
            |draw| {
                let (one, other) = (draw.word(), draw.word());
                [
                    with_cookies(&format!("visitor={one}+{other}")),
                    with_cookies(&format!("visitor=\"{other}\"")),
                    with_cookies(&format!("visitor=%22{one}%22")),
                ]
            },
        )
        .check(3, 0, "a browser keeps any name, also over a reload", reload)
        .example(4, 1, "what is no cookie hides none", Whole, |draw| {
            let (one, name) = (draw.word(), draw.word());
            [
                with_cookies(&format!("{one}; =x; visitor={name}")),
                with_cookies(&format!("theme=%ff; visitor={name}")),
            ]
        })
        .example(
            4,
            1,
            "a value that is not UTF-8 is no name",
            Whole,
            |draw| {
                [
                    with_cookies("visitor=%ff"),
                    with_cookies(&format!("visitor={}%E3%81", draw.word())),
                ]
            },
        )
        .example(4, 1, "an empty value is no name", Whole, |draw| {
            [with_cookies(&format!("visitor=; theme={}", draw.word()))]
        })
        .example(
            5,
            1,
            "POST /visitor/forget answers 303, and GET 404",
            Status,
            |_| [post(FORGET), get(FORGET)],
        )
        .example(5, 2, "the browser is to forget the cookie", Whole, |draw| {
            let cookie = format!("visitor={}", draw.word());
            [post(FORGET).field("Cookie", cookie)]
        })
        .check(5, 0, "a browser forgets the name", forgotten)
        .sessions(1)
        .grade()
}

/// Posts a name, as the form does.
fn keep(name: &str) -> Act {
    post(KEEP).form(&[("name", name)])
}

/// A name with a capital letter and small ones.
fn capital(draw: &mut Draw) -> String {
    format!("Ada{}", draw.word())
}

/// Asks for the page with these cookies, as a browser sends them.
fn with_cookies(cookies: &str) -> Act {
    get("/").field("Cookie", cookies)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn decoded(value: &str) -> Option<String> {
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.ok().map(std::borrow::Cow::into_owned)
}

/// Encoded, but for the percent signs: `always` is encoded besides.
fn but_percent(text: &str, always: &'static AsciiSet) -> CookieValue {
    match text.contains('%') {
        true => CookieValue::Exactly(utf8_percent_encode(text, always).to_string()),
        false => CookieValue::Text(text.into()),
    }
}

/// What must not stand in a value, but for the percent sign.
const NOT_IN_VALUE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\');

/// What browsers encode in the user's part of an address, but for the percent sign.
const NOT_IN_ADDRESS: &AsciiSet = &NOT_IN_VALUE
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'#')
    .add(b'?')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b':')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'|');

/// All that is no letter or digit, but for the percent sign.
const NO_LETTER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'%');

/// The name in as much of a form as is read.
fn name_in(body: &[u8], length: usize) -> Option<String> {
    let read = &body[..length.min(body.len())];
    http_core::parse_form(&String::from_utf8_lossy(read)).remove("name")
}

/// What a cookie server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The status of the answer to a name that is kept, and its Location.
    kept: (u16, Option<String>),
    /// The name of the cookie that is set.
    sets: String,
    /// What the browser is to keep for a name.
    writes: fn(&str) -> CookieValue,
    /// The attributes of the cookie; those without a value are not there.
    attributes: Vec<(&'static str, Option<String>)>,
    /// Names that are refused, besides empty ones.
    refuses: fn(&str) -> bool,
    /// The number of bytes of a form that are read.
    reads_form: usize,
    /// What is said of the cookie if the name is empty, and if there is none; and the status.
    refused: [CookieValue; 2],
    refused_status: [u16; 2],
    /// The most bytes and characters of a name that is not refused, and the status of longer ones.
    longest: usize,
    most: usize,
    too_long: u16,
    /// Whether this is the name of the cookie.
    is_it: fn(&str) -> bool,
    /// Whether the name of the cookie is looked for in all of the header.
    anywhere: bool,
    /// Whether only the first cookie is looked at.
    only_first: bool,
    /// Whether the last of two cookies of this name counts.
    last: bool,
    /// The name that a value stands for, if it stands for one.
    reads: fn(&str) -> Option<String>,
    /// What becomes of a request with something broken among its cookies.
    broken: Broken,
    /// Whether a value that cannot be decoded is broken in other cookies, too.
    decodes_all: bool,
    /// Whether an empty value is a name.
    takes_empty: bool,
    greets: bool,
    /// What a reader sees of a name.
    shown: fn(&str) -> String,
    /// Whether names are escaped.
    escapes: bool,
    /// Whether they are escaped as they stand in the cookie, and decoded then.
    escapes_first: bool,
    /// Whether they stand in the page as they came, too.
    raw_elsewhere: bool,
    place: Place,
    /// Whom the server itself remembers.
    remembers: Remembers,
    /// The answer to the wish to be forgotten.
    forgot: (u16, Option<String>),
    /// What it says of the cookie then, and which Path and Domain that has.
    forgets: CookieValue,
    forgets_at: Option<String>,
    forgets_in: Option<String>,
    forgets_by_get: bool,
    /// The answer to one who is not known and wants to be forgotten, if it is another one.
    forgets_unknown: Option<(u16, Option<String>)>,
}

/// Where the name goes in the page.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    OfComment,
    /// In the comment, where nobody sees it.
    InComment,
    /// Nowhere: the comment is as it was.
    Nowhere,
}

#[derive(Clone, Copy, PartialEq)]
enum Remembers {
    Nobody,
    /// The last name that came, which everybody is greeted by.
    TheLast,
    /// All names that came: no other one is greeted.
    All,
}

/// What only a server that does it wrong remembers.
#[derive(Clone, Default)]
struct Memory {
    last: Option<String>,
    all: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Broken {
    /// The next one may be right.
    Skipped,
    /// Nothing behind it is looked at.
    Ends,
    /// Nothing is looked at, neither what stands in front of it.
    HidesAll,
    Refused,
    /// The same, also if it stands behind the visitor's.
    AllRefused,
}

impl Default for Knobs {
    fn default() -> Self {
        let to_the_page = (303, Some("/".to_string()));
        let value = |text: &str| Some(text.to_string());
        Self {
            kept: to_the_page.clone(),
            sets: VISITOR.into(),
            writes: |name| CookieValue::Text(name.into()),
            attributes: vec![
                ("Max-Age", value(SECONDS_KEPT)),
                ("Path", value("/")),
                ("HttpOnly", value("")),
                ("SameSite", value("Lax")),
                ("Secure", None),
                ("Domain", None),
            ],
            refuses: |_| false,
            reads_form: usize::MAX,
            refused: [CookieValue::Unset, CookieValue::Unset],
            refused_status: [400, 400],
            longest: usize::MAX,
            most: usize::MAX,
            too_long: 400,
            is_it: |name| name == VISITOR,
            anywhere: false,
            only_first: false,
            last: false,
            reads: decoded,
            broken: Broken::Skipped,
            decodes_all: true,
            takes_empty: false,
            greets: true,
            shown: str::to_string,
            escapes: true,
            escapes_first: false,
            raw_elsewhere: false,
            place: Place::OfComment,
            remembers: Remembers::Nobody,
            forgot: to_the_page,
            forgets: CookieValue::Forgotten,
            forgets_at: value("/"),
            forgets_in: None,
            forgets_by_get: false,
            forgets_unknown: None,
        }
    }
}

impl Knobs {
    fn attribute(&mut self, name: &str, value: Option<&str>) {
        let known = self
            .attributes
            .iter_mut()
            .find(|(known, _)| *known == name)
            .expect("a known attribute");
        known.1 = value.map(str::to_string);
    }
}

/// Whom a request is from.
enum Who {
    Nobody,
    Visitor(String),
    /// The request is refused.
    Refused,
}

/// The parts of a header Cookie, each with its name and its value, if it has both.
fn parts(header: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    let parts = header.split(';').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| {
        let pair = part.split_once('=')?;
        (!pair.0.is_empty()).then_some(pair)
    })
}

/// Whom a request with these cookies is from.
fn who_is(knobs: &Knobs, header: &str) -> Who {
    let name = |value: &str| (knobs.reads)(value).map(Who::Visitor);
    if knobs.anywhere {
        let found = header.split_once("visitor=");
        let value = found.and_then(|(_, rest)| rest.split(';').next());
        let value = value.filter(|value| !value.is_empty());
        return value.and_then(name).unwrap_or(Who::Nobody);
    }
    let whole = |part: Option<(&'_ str, &'_ str)>| {
        part.is_some_and(|(known, value)| match (knobs.is_it)(known) {
            true => (knobs.reads)(value).is_some(),
            false => !knobs.decodes_all || decoded(value).is_some(),
        })
    };
    let all_whole = parts(header).all(whole);
    match knobs.broken {
        Broken::HidesAll if !all_whole => return Who::Nobody,
        Broken::AllRefused if !all_whole => return Who::Refused,
        _ => {}
    }
    let mut found = Who::Nobody;
    for part in parts(header) {
        match part.filter(|_| whole(part)) {
            None if knobs.broken == Broken::Refused => return Who::Refused,
            None if knobs.broken == Broken::Ends => return Who::Nobody,
            Some((known, value))
                if (knobs.is_it)(known) && (!value.is_empty() || knobs.takes_empty) =>
            {
                found = name(value).unwrap_or(Who::Nobody);
                if !knobs.last {
                    return found;
                }
            }
            _ => {}
        }
        if knobs.only_first {
            break;
        }
    }
    found
}

/// The step that a request with these cookies belongs to; none where the text leaves open what they
/// mean.
fn step_of(header: &str) -> Option<u32> {
    let parts: Vec<_> = parts(header).collect();
    let own = |part: &&Option<(&str, &str)>| part.is_some_and(|(name, _)| name == VISITOR);
    let own: Vec<&str> = parts.iter().filter(own).flatten().map(|p| p.1).collect();
    let is_broken = |value: &&str| value.is_empty() || decoded(value).is_none();
    let broken_own = own.iter().any(is_broken);
    if !header.is_ascii() || own.len() > 1 && broken_own {
        return None;
    }
    let broken = |part: &Option<(&str, &str)>| part.is_none_or(|(_, v)| decoded(v).is_none());
    if broken_own || parts.iter().any(broken) {
        return Some(4);
    }
    let to_decode = |value: &&str| value.contains(['%', '+', '"']);
    Some(if own.iter().any(to_decode) { 3 } else { 2 })
}

struct CookieServer;

impl Model for CookieServer {
    type Knobs = Knobs;
    type State = Memory;

    fn expect(knobs: &Knobs, memory: &mut Memory, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&["/", KEEP, FORGET]) {
            return None;
        }
        match (&*asked.method, asked.path()) {
            ("GET", "/") => {
                let header = asked.field("Cookie").unwrap_or_default();
                let step = step_of(header)?;
                let who = match (knobs.remembers, who_is(knobs, header)) {
                    (Remembers::TheLast, _) => match &memory.last {
                        Some(name) => Who::Visitor(name.clone()),
                        None => Who::Nobody,
                    },
                    (Remembers::All, Who::Visitor(name)) if !memory.all.contains(&name) => {
                        Who::Nobody
                    }
                    (_, who) => who,
                };
                Some(page(knobs, step, header, who))
            }
            ("GET", FORGET) if knobs.forgets_by_get => Some(forgot(knobs)),
            ("GET", FORGET) => Some(Expect::step(5).status(404).sets_no_cookie(VISITOR)),
            ("GET", _) => Some(Expect::step(2).status(404)),
            ("POST", KEEP) => match asked.form_field("name") {
                Some(name) if name.chars().count() > LONGEST => None,
                Some(name) => {
                    let body = asked.body.as_deref().unwrap_or_default();
                    let read = name_in(body, knobs.reads_form);
                    Some(kept(knobs, memory, &name, read.as_deref()))
                }
                None => Some(refused(knobs, 1, None)),
            },
            ("POST", FORGET) => {
                memory.last = None;
                let header = asked.field("Cookie").unwrap_or_default();
                let is_known = matches!(who_is(knobs, header), Who::Visitor(_));
                if let Some((status, location)) =
                    knobs.forgets_unknown.as_ref().filter(|_| !is_known)
                {
                    let expect = Expect::step(5).status(*status).sets_no_cookie(VISITOR);
                    return Some(expect.field("Location", location.as_deref()));
                }
                Some(forgot(knobs))
            }
            ("POST", _) => Some(Expect::step(1).status(404).sets_no_cookie(VISITOR)),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, _: &Memory) -> Vec<Act> {
        vec![match draw.below(17) {
            0..=3 => keep(&name(draw)),
            4..=9 => with_cookies(&cookies(draw)),
            10 => get("/".to_string() + &draw.query()),
            11 => match draw.below(3) {
                0 => post(FORGET),
                1 => post(FORGET).field("Cookie", format!("visitor={}", draw.word())),
                _ => post(FORGET).field("Cookie", cookies(draw)),
            },
            12 => {
                let near = draw.path_near(&["/", FORGET, KEEP, "/visitor"]);
                get(near).field("Cookie", format!("visitor={}", draw.word()))
            }
            13 => {
                let near = draw.path_near(&[KEEP, FORGET, "/", "/visitor"]);
                post(near).form(&[("name", &draw.word())])
            }
            14 => keep(draw.pick(&["", " ", "\t", "  "])),
            15 => {
                // What was posted comes back, and what never was.
                let (one, other) = (draw.word(), draw.word());
                let came = [&one, &other].map(|name| with_cookies(&format!("visitor={name}")));
                return [keep(&one)].into_iter().chain(came).collect();
            }
            _ => {
                let (one, other) = (draw.word(), draw.word());
                match draw.below(5) {
                    0 => post(KEEP).form(&[("visitor", &one)]),
                    3 => post(KEEP).form(&[(&one, "1"), ("name", &other)]),
                    1 => post(KEEP).form(&[("name", &one), ("name", &other)]),
                    2 => post(KEEP).form(&[]),
                    // Who has a name may take another one.
                    _ => keep(&one).field("Cookie", format!("visitor={other}")),
                }
            }
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_setting(mistakes);
        about_finding(mistakes);
        about_the_page(mistakes);
        about_encoding(mistakes);
        about_what_is_broken(mistakes);
        about_forgetting(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked_post(), seen.answer()) else {
            return;
        };
        let came = (answer.status, answer.field("Location").map(str::to_string));
        let cookies: Vec<SetCookie> = answer.cookies().collect();
        match asked.path() {
            KEEP => {
                let (status, location) = came.clone();
                let name = asked.form_field("name").unwrap_or_default();
                // The limit is between this name and others that are taken: round numbers, most likely.
                let limits = [
                    LONGEST,
                    60,
                    64,
                    80,
                    99,
                    100,
                    120,
                    127,
                    128,
                    name.len().wrapping_sub(1),
                ];
                // A limit in characters is such a number, too, or one too few.
                let most = [LONGEST - 1, 45, 40, 36, 32, 31, 30];
                for most in most.into_iter().filter(|most| *most < name.chars().count()) {
                    if (400..500).contains(&status) {
                        mistakes.wrong(
                            "fifty-refused",
                            "A name of fifty characters is refused. The form allows fifty, so all of them must be \
                             taken: refuse only what has more, or nothing at all.",
                            move |knobs| (knobs.most, knobs.too_long) = (most, status),
                        );
                    }
                }
                for longest in limits.into_iter().filter(|longest| *longest < name.len()) {
                    if (400..500).contains(&status) {
                        mistakes.wrong(
                            "long-refused",
                            "A long name is refused, and the lesson takes any. The form allows fifty characters, \
                             and they may be two hundred bytes: len counts bytes. Take this limit out.",
                            move |knobs| (knobs.longest, knobs.too_long) = (longest, status),
                        );
                    }
                }
                let body = asked.body.as_deref().unwrap_or_default();
                let kept = cookies.first().and_then(|cookie| decoded(&cookie.value));
                if let Some(kept) = kept.filter(|kept| *kept != name) {
                    let as_much = |length: &usize| name_in(body, *length).as_ref() == Some(&kept);
                    for length in (0..body.len()).filter(as_much).take(MOST_LENGTHS) {
                        mistakes.wrong(
                            "form-cut-off",
                            "Only the beginning of the form is read, and the end of a long name is lost. Each byte \
                             of a letter that is not English travels as three, such as %E3, so fifty characters \
                             may be 600 bytes. Read the body to its end.",
                            move |knobs| knobs.reads_form = length,
                        );
                    }
                }
                if status == 400 {
                    return;
                }
                if name.trim().is_empty() && cookies.is_empty() {
                    let says = format!(
                        "An empty name is answered with {status}. It is no name to be kept: the status is 400."
                    );
                    mistakes
                        .wrong("other-status-for-empty", says, move |knobs| {
                            knobs.refused_status = [status; 2];
                        })
                        .or(move |knobs| knobs.refused_status[0] = status);
                }
                mistakes.wrong(
                    "other-answer",
                    "The answer to a name must have the status 303 and Location: /. Compare both.",
                    move |knobs| knobs.kept = (status, location.clone()),
                );
                let [cookie] = &cookies[..] else { return };
                let name = cookie.name.clone();
                if name != VISITOR {
                    mistakes.wrong(
                        "other-name",
                        format!(
                            "The cookie that you set is called {name:?}. Its name must be visitor."
                        ),
                        move |knobs| knobs.sets.clone_from(&name),
                    );
                }
                let domain = cookie.attribute("Domain").map(str::to_string);
                if domain.is_some() {
                    mistakes.wrong(DOMAIN.0, DOMAIN.1, move |knobs| {
                        knobs.attribute("Domain", domain.as_deref());
                        knobs.forgets_in.clone_from(&domain);
                    });
                }
                for (attribute, right) in Knobs::default().attributes {
                    let value = cookie.attribute(attribute).map(str::to_string);
                    let (Some(value), Some(right)) = (value, right) else {
                        continue;
                    };
                    mistakes.wrong(
                        "other-attribute",
                        format!(
                            "The cookie has {attribute}={value}. It must be {attribute}={right}."
                        ),
                        move |knobs| knobs.attribute(attribute, Some(&value)),
                    );
                }
            }
            FORGET => {
                let (unknown, header) = (came.clone(), asked.field("Cookie").unwrap_or_default());
                let is_known = matches!(who_is(&Knobs::default(), header), Who::Visitor(_));
                if !is_known && cookies.is_empty() {
                    mistakes.wrong(FORGETS_ONLY_KNOWN.0, FORGETS_ONLY_KNOWN.1, move |knobs| {
                        knobs.forgets_unknown = Some(unknown.clone())
                    });
                }
                mistakes.wrong(
                    "other-answer-to-forget",
                    "The answer to POST /visitor/forget must have the status 303 and Location: /. \
                     Compare both.",
                    move |knobs| knobs.forgot = came.clone(),
                );
                let [cookie] = &cookies[..] else { return };
                let domain = cookie.attribute("Domain").map(str::to_string);
                if domain.is_some() {
                    mistakes.wrong(
                        "forgets-in-domain",
                        "The cookie that is to be forgotten has a Domain, and the one to be kept has none. A \
                         browser takes them for two, and keeps the other one: leave Domain out.",
                        move |knobs| knobs.forgets_in.clone_from(&domain),
                    );
                }
                let path = cookie.attribute("Path").map(str::to_string);
                if path.as_deref() != Some("/") {
                    mistakes.wrong(
                        "forgets-elsewhere",
                        "The cookie that is to be forgotten does not come with Path=/. A browser \
                         forgets only a cookie that it has with the same name and the same Path. The \
                         one to be kept has Path=/: send this here, too.",
                        move |knobs| knobs.forgets_at.clone_from(&path),
                    );
                }
            }
            _ => {}
        }
    }
}

const DOMAIN: (&str, &str) = (
    "domain",
    "The cookie has a Domain. A browser keeps such a cookie only if the address of the page belongs to that domain: \
     with Domain=localhost, your server at http://127.0.0.1:8000/ cannot set it. Leave Domain out: then it is \
     for the host that has set it, whatever that is called.",
);

/// The most lengths of a form that are tried: where a letter is cut off, several look the same.
const MOST_LENGTHS: usize = 12;

const FORGETS_ONLY_KNOWN: (&str, &str) = (
    "forgets-only-known",
    "The cookie with Max-Age=0 is sent only to a browser that brings a name. Let it forget in any \
     case, and answer 303: a cookie that you cannot read, empty or broken, is in the browser all the same.",
);

/// A name, of letters and digits or not.
fn name(draw: &mut Draw) -> String {
    let word = draw.word();
    match draw.below(15) {
        13 => format!("Ada{word}"),
        1 => draw.text(),
        2 => draw.line(),
        3 => format!("{word} {}", draw.word()),
        4 => format!("{word}; {}", draw.word()),
        5 => format!("\"{word}\""),
        6 => format!("{word}, {}=\\{}", draw.word(), draw.word()),
        7 => format!(" {word}  "),
        8 => format!("{word}%41+%"),
        9 => format!("{word}'{}", draw.pick(&["🐈", "é", "ー"])),
        10 => format!("<i>{word}</i>"),
        12 => format!("{}{word}", draw.pick(&["&lt;", "&amp;", "&gt;", "&"])),
        // As long as the form allows, in letters of one byte up to four.
        11 => {
            draw.pick(&["n", "é", "ね", "🐈"])
                .repeat(LONGEST - word.len())
                + &word
        }
        _ => word,
    }
}

/// A header with some cookies, perhaps with the visitor's among them.
fn cookies(draw: &mut Draw) -> String {
    let mut parts = Vec::new();
    let word = draw.word();
    match draw.below(12) {
        0..=2 => parts.push(format!("visitor={word}")),
        3 => parts.push(format!("visitor={}", encoded(&name(draw)))),
        4 => {
            let lower = encoded(&draw.line()).to_ascii_lowercase();
            parts.push(format!("visitor={lower}"));
        }
        5 => parts.push(format!("visitor={word}+{}", draw.word())),
        6 => parts.push(format!("visitor=\"{word}\"")),
        7 => parts.push(format!("visitor=<i>{word}</i>&{}=1", draw.word())),
        8 => parts.push(format!("visitor={}", draw.pick(&["%ff", "", "%E3%81"]))),
        9 => {
            let other = draw.word();
            parts.extend([format!("visitor={word}"), format!("visitor={other}")]);
        }
        10 => parts.push(format!("visitor=%2541{word}")),
        _ => {}
    }
    for _ in 0..draw.below(3) {
        let word = draw.word();
        parts.push(match draw.below(12) {
            0..=2 => format!("theme={word}"),
            3 => format!("visitors={word}"),
            4 => format!("visitor2={word}"),
            5 => format!("my_visitor={word}"),
            6 => format!("Visitor={word}"),
            7 => format!("ref=visitor={word}"),
            8 => word,
            9 => format!("={word}"),
            10 => "lang=%ff".into(),
            _ => "lang=".into(),
        });
    }
    if parts.is_empty() {
        parts.push(format!("theme={word}"));
    }
    draw.shuffled(parts).join("; ")
}

/// The page, for those whom it is from.
fn page(knobs: &Knobs, step: u32, header: &str, who: Who) -> Expect {
    let expect = Expect::step(step);
    let name = match who {
        Who::Refused => return expect.status(400),
        Who::Visitor(name) if knobs.greets => Some(name),
        _ => None,
    };
    let mut expect = expect.status(200).field("Content-Type", HTML);
    let late = name.as_ref().filter(|_| knobs.escapes_first);
    let late = late.and_then(|_| decoded_late(header));
    if let Some(name) = name.as_ref().filter(|name| name.contains('<')) {
        let is_raw = late.as_ref().is_some_and(|html| html.contains(name));
        expect = match knobs.escapes && !knobs.raw_elsewhere && !is_raw {
            true => expect.body_lacks(name),
            false => expect.body_has(name),
        };
    }
    expect = match (&name, late) {
        (Some(name), _) if knobs.place != Place::OfComment => {
            let inside = match knobs.place {
                Place::InComment => http_core::escape_html(name),
                _ => "name".into(),
            };
            expect.hides(&**name).body_has(format!("<!-- {inside} -->"))
        }
        (Some(_), Some(html)) => expect.shows(grader::model::shown(&html)),
        (Some(name), None) => {
            let shown = (knobs.shown)(name);
            let is_word = |c: char| c == ' ' || c.is_ascii_alphanumeric();
            match shown.contains("  ") || shown.trim() != shown {
                true if shown.chars().all(is_word) => expect.shows(&*shown).shows_spaced(shown),
                _ => expect.shows(shown),
            }
        }
        (None, _) => expect.has_form("post", KEEP, "name"),
    };
    // Of a mistake, as much must be said as of what is right: a text that is there.
    let right = who_is(&Knobs::default(), header);
    if name.is_none() && matches!(right, Who::Visitor(_)) {
        expect = expect.body_has(KEEP);
    }
    // Nobody sees what else came.
    for (_, value) in parts(header).flatten() {
        let word = value.rsplit('=').next().unwrap_or_default();
        let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_shown = |name: &String| (knobs.shown)(name).contains(word);
        if is_word && word != "1" && !name.as_ref().is_some_and(is_shown) {
            expect = expect.hides(word);
        }
    }
    expect
}

/// What becomes of the visitor's name in a page if it is escaped first and decoded then.
fn decoded_late(header: &str) -> Option<String> {
    let own = |(name, value): &(&str, &str)| *name == VISITOR && !value.is_empty();
    let (_, value) = parts(header).flatten().find(own)?;
    let escaped = http_core::escape_html(value);
    let decoded = percent_decode_str(&escaped).decode_utf8_lossy();
    Some(decoded.into_owned())
}

/// The first characters of a name.
fn first<const MOST: usize>(name: &str) -> String {
    name.chars().take(MOST).collect()
}

/// A form with an empty name, or without any.
fn refused(knobs: &Knobs, step: u32, name: Option<&str>) -> Expect {
    let which = usize::from(name.is_none());
    let expect = Expect::step(step).status(knobs.refused_status[which]);
    expect.cookie_is(VISITOR, knobs.refused[which].clone())
}

/// A name comes to be kept, of which as much is read.
fn kept(knobs: &Knobs, memory: &mut Memory, name: &str, read: Option<&str>) -> Expect {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let step = if is_plain || name.trim().is_empty() {
        1
    } else {
        3
    };
    let Some(name) = read.filter(|name| !name.trim().is_empty()) else {
        return refused(knobs, step, read);
    };
    let expect = Expect::step(step);
    if (knobs.refuses)(name) {
        return expect.status(400).sets_no_cookie(VISITOR);
    }
    if name.len() > knobs.longest || name.chars().count() > knobs.most {
        return expect.status(knobs.too_long).sets_no_cookie(VISITOR);
    }
    memory.last = Some(name.into());
    memory.all.insert(name.into());
    let (status, location) = &knobs.kept;
    let expect = expect
        .status(*status)
        .field("Location", location.as_deref());
    let value = (knobs.writes)(name);
    if value == CookieValue::Unset {
        return expect.field("Set-Cookie", None);
    }
    let mut expect = match knobs.sets == VISITOR {
        true => expect,
        false => expect.sets_no_cookie(VISITOR),
    };
    expect = expect.cookie_is(&knobs.sets, value);
    for (name, value) in &knobs.attributes {
        expect = expect.cookie_attribute(&knobs.sets, name, value.as_deref());
    }
    expect
}

/// Somebody wants to be forgotten.
fn forgot(knobs: &Knobs) -> Expect {
    let (status, location) = &knobs.forgot;
    let expect = Expect::step(5).status(*status);
    let expect = expect.field("Location", location.as_deref());
    let expect = expect.cookie_is(VISITOR, knobs.forgets.clone());
    match knobs.forgets {
        CookieValue::Unset => expect,
        _ => expect
            .cookie_attribute(VISITOR, "Path", knobs.forgets_at.as_deref())
            .cookie_attribute(VISITOR, "Domain", knobs.forgets_in.as_deref()),
    }
}

fn about_setting(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-redirect",
            "A name is answered with a page and the status 200, and not with a redirect. So a reload \
             posts it again: answer 303 and Location: /.",
            |knobs| knobs.kept = (200, None),
        )
        .wrong(
            "no-cookie",
            "The answer to a name sets no cookie. Send the header Set-Cookie, before end_headers. \
             (Cookie, without Set, is the header that a browser sends back.)",
            |knobs| knobs.writes = |_| CookieValue::Unset,
        )
        .wrong(
            "no-max-age",
            "The cookie has no Max-Age, so a browser forgets it when it is closed. It is to keep it \
             for thirty days: max_age(Duration::days(30)).",
            |knobs| knobs.attribute("Max-Age", None),
        )
        .wrong(
            "no-path",
            "The cookie has no Path. So a browser sends it only with addresses below /visitor/, where \
             it was set, and the page at / never sees it. Set the path to /.",
            |knobs| knobs.attribute("Path", None),
        )
        .wrong(
            "no-http-only",
            "The cookie has no HttpOnly, so every script on the page can read it: http_only(true).",
            |knobs| knobs.attribute("HttpOnly", None),
        )
        .wrong(
            "no-same-site",
            "The cookie has no SameSite, so each browser decides by itself whether other sites may \
             send it along. Say it: same_site(SameSite::Lax).",
            |knobs| knobs.attribute("SameSite", None),
        )
        .wrong(
            "secure",
            "The cookie has Secure: over http, most browsers throw it away. It is for servers with \
             https, and yours has none. (SameSite=None brings it along, too.)",
            |knobs| knobs.attribute("Secure", Some("")),
        )
        .or(|knobs| {
            knobs.attribute("Secure", Some(""));
            knobs.attribute("SameSite", Some("None"));
        })
        .wrong(
            "server-remembers",
            "The server itself keeps the last name, and greets everybody with it. It must not remember \
             anybody: look for the name in the cookie of each request.",
            |knobs| knobs.remembers = Remembers::TheLast,
        )
        .wrong(
            "greets-its-own-only",
            "Only a name that was posted to this server is greeted, since it keeps them all: after a restart it \
             knows nobody. It must not remember anybody. Whoever brings the cookie is greeted, by the name in it.",
            |knobs| knobs.remembers = Remembers::All,
        )
        .wrong(
            "refused-and-forgotten",
            "The 400 for an empty name has a Set-Cookie for visitor, so the browser loses the name that it \
             had. Nothing was asked for that can be done, so change nothing: no cookie with a 400.",
            |knobs| knobs.refused = [CookieValue::Forgotten, CookieValue::Forgotten],
        )
        .or(|knobs| knobs.refused[0] = CookieValue::Forgotten)
        .or(|knobs| knobs.refused[0] = CookieValue::Text(String::new()));
}

fn about_finding(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "any-cookie",
            "Any cookie is taken for the visitor's. A browser may bring others, too: compare the name.",
            |knobs| knobs.is_it = |_| true,
        )
        .wrong(
            "similar-name",
            "A cookie whose name only begins with visitor is taken, too. Compare the whole name.",
            |knobs| knobs.is_it = |name| name.starts_with(VISITOR),
        )
        .or(|knobs| knobs.is_it = |name| name.contains(VISITOR))
        .wrong(
            "any-letters",
            "Visitor is taken for visitor. In the names of cookies, capital and small letters are \
             different ones: compare with ==.",
            |knobs| knobs.is_it = |name| name.eq_ignore_ascii_case(VISITOR),
        )
        .wrong(
            "anywhere",
            "You look for visitor= in the whole header, and find it in other cookies as well: in \
             my_visitor=…, and in the value of ref=visitor=…. Take the header apart first, at each ;.",
            |knobs| knobs.anywhere = true,
        )
        .wrong(
            "only-the-first",
            "The cookie is found only if it is the first one in the header. Look at each of them. (If \
             you take the header apart yourself: behind each ; there is a space.)",
            |knobs| knobs.only_first = true,
        )
        .wrong(
            "last-of-two",
            "If there are two cookies named visitor, you take the last one. Browsers put the one that \
             fits better first: take that.",
            |knobs| knobs.last = true,
        )
        .wrong(
            "value-to-equals",
            "A value is taken only up to an = in it. The first = of a cookie ends its name; all behind \
             it is the value.",
            |knobs| knobs.reads = |value| decoded(value.split('=').next()?),
        )
        .or(|knobs| {
            knobs.reads = |value| Some(decoded(value)?.split('=').next()?.to_string());
        });
}

fn about_the_page(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "greets-nobody",
            "Even a browser that brings the cookie is asked for a name. Look whether the function \
             visitor returns Some(…), and what do_get does with it.",
            |knobs| knobs.greets = false,
        )
        .wrong(
            "name-in-comment",
            "The name stands inside of the comment, where no reader sees it: <!-- and --> are still around it. \
             Replace the comment as a whole, with its arrows: <!-- name -->.",
            |knobs| knobs.place = Place::InComment,
        )
        .wrong(
            "comment-left",
            "The name is not on the page, and the comment <!-- name --> still is. replace finds only the very \
             same text, with both spaces; and it gives you a new text, which you have to send.",
            |knobs| knobs.place = Place::Nowhere,
        )
        .wrong(
            "name-cut",
            "A long name is cut in the greeting. The form allows fifty characters, and all of them are the name.",
            |knobs| knobs.shown = first::<32>,
        )
        .or(|knobs| knobs.shown = first::<40>)
        .or(|knobs| knobs.shown = first::<30>)
        .or(|knobs| knobs.shown = first::<25>)
        .or(|knobs| knobs.shown = first::<20>)
        .or(|knobs| knobs.shown = first::<16>)
        .wrong(
            "not-escaped",
            "A name with tags in it becomes tags of the page. What is in a cookie comes from outside, \
             like all of a request: escape_html.",
            |knobs| {
                knobs.escapes = false;
                knobs.shown = |name| grader::model::shown(name);
            },
        )
        .wrong(
            "amp-not-escaped",
            "The & in a name is not escaped, so a visitor who is called &lt; is greeted as <. In HTML, an & begins \
             an escape, and must be escaped itself: escape_html does it.",
            |knobs| {
                knobs.shown = |name| {
                    let html = name.replace('<', "&lt;").replace('>', "&gt;");
                    grader::model::shown(&html)
                };
            },
        )
        .wrong(
            "amp-escaped-last",
            "You replace the & after the other signs, and with it those that you have just written: < becomes \
             &amp;lt;. Either the & comes first, or escape_html does all of it.",
            |knobs| {
                knobs.shown = |name| {
                    let html = name.replace('<', "&lt;").replace('>', "&gt;");
                    grader::model::shown(&html.replace('&', "&amp;"))
                };
            },
        )
        .or(|knobs| {
            knobs.shown = |name| {
                let html = name.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
                grader::model::shown(&html.replace('&', "&amp;"))
            };
        })
        .wrong(
            "escaped-first",
            "The name is escaped as it stands in the cookie, and decoded then: %3Cb%3E becomes a tag of the \
             page. Decode first, and escape last, where the name goes into the page.",
            |knobs| knobs.escapes_first = true,
        )
        .or(|knobs| {
            knobs.escapes_first = true;
            knobs.reads = |value| Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        })
        .wrong(
            "escaped-twice",
            "A name is escaped twice: the reader sees &lt; where < was typed. Keep it as it was typed, \
             and escape it once, where it goes into the page.",
            |knobs| knobs.shown = http_core::escape_html,
        )
        .wrong(
            "raw-elsewhere",
            "The name stands on the page in two places, and in one of them it is not escaped.",
            |knobs| knobs.raw_elsewhere = true,
        );
}

fn about_encoding(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "not-encoded",
            "The name stands in the cookie as it was typed. A ; ends the value there, spaces at its ends \
             are lost, and other scripts are not allowed: send cookie.build().encoded().",
            |knobs| {
                knobs.writes = |name| {
                    let cookie = SetCookie::parse(&format!("visitor={name}"));
                    let value = cookie.map(|cookie| cookie.value);
                    // Of what needs no encoding, nothing is wrong.
                    match value.as_deref() == Some(name) && name.bytes().all(is_plain) {
                        true => CookieValue::Text(name.into()),
                        false => CookieValue::Exactly(value.unwrap_or_default()),
                    }
                };
            },
        )
        .wrong(
            "plus-for-space",
            "A space becomes a + in the cookie. That is how forms are encoded; in a cookie, a + is a +, \
             and a space is %20.",
            |knobs| knobs.writes = |name| CookieValue::Text(name.replace(' ', "+")),
        )
        .wrong(
            "escaped-in-cookie",
            "The name is escaped as for HTML before it goes into the cookie, and so & becomes &amp; there. A \
             cookie is no page: keep the name as it was typed, and escape it where it goes into the page.",
            |knobs| knobs.writes = |name| CookieValue::Text(http_core::escape_html(name)),
        )
        .wrong(
            "encoded-twice",
            "The name is encoded twice: the % of the first time becomes %25. Encode it once.",
            |knobs| knobs.writes = |name| CookieValue::Text(encoded(name)),
        )
        .wrong(
            "percent-not-encoded",
            "A % in a name stands in the cookie as it is. When the cookie comes back, it is taken for the beginning \
             of an encoding: 100%41 is 100A then. What marks the encoding must be encoded, too: a % is %25.",
            |knobs| knobs.writes = |name| but_percent(name, NOT_IN_VALUE),
        )
        .or(|knobs| knobs.writes = |name| but_percent(name, NO_LETTER))
        .or(|knobs| knobs.writes = |name| but_percent(name, NOT_IN_ADDRESS))
        .wrong(
            "trimmed",
            "The spaces at the ends of a name are lost. trim is for the question whether it is empty: \
             keep the name as it was typed.",
            |knobs| knobs.writes = |name| CookieValue::Text(name.trim().into()),
        )
        .or(|knobs| knobs.writes = |name| CookieValue::Text(name.trim_start().into()))
        .or(|knobs| knobs.writes = |name| CookieValue::Text(name.trim_end().into()))
        .wrong(
            "trimmed-when-read",
            "A name that comes in the cookie with spaces at its ends is greeted without them. The value of the \
             cookie is the name, as it was typed: decode it, and leave it as it is.",
            |knobs| knobs.reads = |value| Some(decoded(value)?.trim().into()),
        )
        .or(|knobs| knobs.reads = |value| Some(decoded(value)?.trim_start().into()))
        .or(|knobs| knobs.reads = |value| Some(decoded(value)?.trim_end().into()))
        .wrong(
            "letters-changed",
            "The letters of a name are changed to small or to capital ones. Keep it as it was typed, \
             and greet by what is in the cookie.",
            |knobs| knobs.writes = |name| CookieValue::Text(name.to_lowercase()),
        )
        .or(|knobs| knobs.writes = |name| CookieValue::Text(name.to_uppercase()))
        .or(|knobs| knobs.reads = |value| Some(decoded(value)?.to_lowercase()))
        .or(|knobs| knobs.reads = |value| Some(decoded(value)?.to_uppercase()))
        .wrong(
            "short-refused",
            "A name of one letter is refused. Any name is right that is not empty.",
            |knobs| knobs.refuses = |name| name.chars().count() < 2,
        )
        .wrong(
            "refused",
            "A name is refused if it has other characters than English letters and digits. Any name is \
             right: take that arm out.",
            |knobs| knobs.refuses = |name| !name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        )
        .wrong(
            "not-decoded",
            "The name is greeted as it stands in the cookie, with its % signs. Decode it: \
             Cookie::split_parse_encoded.",
            |knobs| {
                knobs.reads = |value| Some(value.into());
                knobs.decodes_all = false;
            },
        )
        .wrong(
            "plus-is-space",
            "A + in a cookie becomes a space. Forms are encoded like that, cookies are not: only the % \
             are to be decoded.",
            |knobs| knobs.reads = |value| decoded(&value.replace('+', " ")),
        )
        .or(|knobs| knobs.reads = |value| Some(decoded(value)?.replace('+', " ")))
        .wrong(
            "decoded-as-form",
            "The value is decoded as a form is: a + becomes a space, an & ends it, and what is not UTF-8 \
             becomes the sign \u{fffd}. A cookie is no form: split_parse_encoded decodes it, and says if \
             that cannot be done.",
            |knobs| {
                knobs.reads = |value| {
                    let fields = http_core::parse_form(&format!("visitor={value}"));
                    fields.get("visitor").cloned()
                };
                knobs.decodes_all = false;
            },
        )
        .or(|knobs| {
            knobs.reads = |value| {
                let value = value.replace('+', " ");
                Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
            };
            knobs.decodes_all = false;
        })
        .wrong(
            "decoded-twice",
            "The value is decoded twice: %2541 stands for %41, and not for A. Decode it once.",
            |knobs| knobs.reads = |value| decoded(&decoded(value)?),
        )
        .wrong(
            "no-quotes",
            "Quotes around a value are lost. They are a part of it, so a visitor who types them sees \
             them again: value(), not value_trimmed().",
            |knobs| {
                knobs.reads = |value| {
                    let name = decoded(value)?;
                    let inside = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    Some(inside.map_or(name.clone(), str::to_string))
                };
            },
        );
}

/// Whether a character may stand in a cookie, and means itself there.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\%".contains(&byte)
}

fn about_what_is_broken(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "broken-ends-it",
            "Behind something that is no cookie, you look no further, so the visitor's cookie is not \
             found. Go on with the next one.",
            |knobs| knobs.broken = Broken::Ends,
        )
        .or(|knobs| {
            knobs.broken = Broken::Ends;
            knobs.decodes_all = false;
        })
        .wrong(
            "broken-refused",
            "A request with something broken among its cookies is refused. Its reader cannot mend that: \
             other programs have set it. Go on as if it were not there.",
            |knobs| knobs.broken = Broken::Refused,
        )
        .or(|knobs| {
            knobs.broken = Broken::Refused;
            knobs.decodes_all = false;
        })
        .or(|knobs| knobs.broken = Broken::AllRefused)
        .or(|knobs| {
            knobs.broken = Broken::AllRefused;
            knobs.decodes_all = false;
        })
        .wrong(
            "broken-hides-all",
            "One broken part, wherever it stands in the header, makes all cookies disappear. (What collects many \
             Results into one gets an Err if any of them is.) Leave out what is broken, and look at the others.",
            |knobs| knobs.broken = Broken::HidesAll,
        )
        .or(|knobs| {
            knobs.broken = Broken::HidesAll;
            knobs.decodes_all = false;
        })
        .wrong(
            "half-decoded",
            "A value that is not UTF-8 becomes a name with the sign \u{fffd} in it. It is no name: ask for \
             one.",
            |knobs| {
                knobs.reads = |value| {
                    let decoded = percent_decode_str(value).decode_utf8_lossy();
                    Some(decoded.into_owned())
                };
            },
        )
        .wrong(
            "undecoded-greeted",
            "A value that cannot be decoded, such as %ff, is greeted as it stands in the cookie. It is no name of \
             anybody: leave this cookie out, and ask, without trying it once more undecoded.",
            |knobs| {
                knobs.reads = |value| decoded(value).or_else(|| Some(value.into()));
            },
        )
        .or(|knobs| {
            knobs.reads = |value| decoded(value).or_else(|| Some(value.into()));
            knobs.decodes_all = false;
        })
        .wrong(
            "empty-greeted",
            "A cookie with an empty value is greeted, without a name. Ask for one, as if there were no \
             cookie.",
            |knobs| knobs.takes_empty = true,
        );
}

fn about_forgetting(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "forgets-nothing",
            "The answer to POST /visitor/forget has no Set-Cookie, so the browser keeps what it has. \
             Only a cookie of the same name and Path, with Max-Age=0, takes it away.",
            |knobs| knobs.forgets = CookieValue::Unset,
        )
        .wrong(
            "only-emptied",
            "The cookie gets an empty value, and its time goes on. The browser sends it with each request: \
             with Max-Age=0 it is gone.",
            |knobs| knobs.forgets = CookieValue::Text(String::new()),
        )
        .wrong(
            "forgets-without-redirect",
            "POST /visitor/forget is answered with a page, and not with a redirect: answer 303 and \
             Location: /.",
            |knobs| knobs.forgot = (200, None),
        )
        .wrong(FORGETS_ONLY_KNOWN.0, FORGETS_ONLY_KNOWN.1, |knobs| {
            knobs.forgets_unknown = Some(knobs.forgot.clone());
        })
        .wrong(
            "forgets-by-get",
            "GET /visitor/forget forgets the name, too. A GET only asks: a browser that fetches pages \
             beforehand, or a picture on another site, would do it. Forget by POST alone.",
            |knobs| knobs.forgets_by_get = true,
        );
}

// In a browser.

/// Tells the server a name.
fn introduce(page: &mut grader::Page, name: &str) -> Verdict {
    page.open("/")?;
    page.fill("[name=name]", name)?;
    page.submit("[name=name]")
}

fn scripts(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let mut page = run.browser()?;
    introduce(&mut page, &word)?;
    let read = page.evaluate("document.cookie")?;
    match read.contains(VISITOR) || read.contains(&word) {
        false => Ok(()),
        true => Err(page
            .wrong("an empty document.cookie: scripts cannot read it")
            .because(
                "no-http-only",
                "The cookie has no HttpOnly, so every script on the page can read it: \
                 http_only(true).",
            )),
    }
}

fn reload(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let mut page = run.browser()?;
    let name = format!("{word}; ねこ 🐈 \"100%\" <b>");
    introduce(&mut page, &name)?;
    page.expect_path("/")?;
    page.expect_text(&name)?;
    page.reload()?;
    page.expect_text(&name)
}

fn forgotten(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let mut page = run.browser()?;
    introduce(&mut page, &word)?;
    page.expect_text(&word)?;
    page.submit(&format!("form[action='{FORGET}']"))?;
    for _ in 0..2 {
        if page.count("[name=name]")? == 0 || page.text()?.contains(&word) {
            return Err(page.wrong("a page that asks for a name"));
        }
        page.reload()?;
    }
    Ok(())
}
