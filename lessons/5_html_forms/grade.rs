//! The checks of lesson 5, html_forms: the forms are served, and what is typed into
//! them comes back decoded and escaped.

use std::collections::{BTreeMap, BTreeSet};

use grader::model::{shown, tags};
use grader::record::Request;
use grader::{Act, Answer, Draw, Expect, Mistakes, Model, Run, Seen, Status, Verdict, Whole};
use grader::{FORM, encode_form, get, post};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> std::process::ExitCode {
    grader::lesson!(Bookshop)
        .example(1, 1, "GET / and GET /login answer the forms", Whole, |_| {
            [get("/"), get("/login")]
        })
        .check(
            1,
            0,
            "in a browser, the search form fills the address bar",
            search_in_address,
        )
        .example(
            2,
            2,
            "GET /search shows the words and the shelf",
            Whole,
            |draw| {
                [
                    search(&draw.word(), &draw.word()),
                    get(format!(
                        "/search?color=blue&shelf={}&words={}",
                        draw.word(),
                        draw.word()
                    )),
                ]
            },
        )
        .example(
            2,
            1,
            "the words come back as they were typed",
            Whole,
            |draw| {
                [
                    search(&format!("{} + {} \\ 1", draw.line(), draw.word()), "novels"),
                    // What a program might put in the place of a value.
                    search(&format!("{{shelf}} {}", draw.word()), &draw.word()),
                    search(&format!("{} {}", draw.word(), places()), &draw.word()),
                    search(&draw.word().repeat(50), &draw.word().repeat(50)),
                    search(&draw.word().repeat(700), "novels"),
                ]
            },
        )
        .example(
            2,
            1,
            "a field that does not come is no error",
            Whole,
            |draw| {
                [
                    search(&draw.word(), &draw.word()),
                    get(format!("/search?words={}", draw.word())),
                    get(format!("/search?shelf={}", draw.word())),
                    get("/search"),
                ]
            },
        )
        .check(
            2,
            0,
            "a field of a search that does not come is like an empty one",
            search_left_out,
        )
        .example(
            3,
            1,
            "a tag that was typed comes back as text",
            Whole,
            |draw| {
                vec![
                    search(
                        &format!("<script>alert({})</script>", draw.number(10..100)),
                        &draw.word(),
                    ),
                    search(&draw.word(), &format!("<b>{}</b>", draw.word())),
                ]
            },
        )
        .example(3, 1, "an & and a quote come back as text", Whole, |draw| {
            let text = format!("{}&\"{}\"", draw.word(), draw.word());
            [search(&text, "poems"), search(&draw.word(), &text)]
        })
        .example(
            3,
            1,
            "an escape that was typed comes back as typed",
            Whole,
            |draw| {
                [
                    search(&format!("&lt;{}", draw.word()), "novels"),
                    search(&format!("{}&amp;{}", draw.word(), draw.word()), "novels"),
                    search(&draw.word(), &format!("&lt;{}", draw.word())),
                ]
            },
        )
        .check(
            3,
            0,
            "what is typed into a search begins no attribute",
            search_in_attributes,
        )
        .check(
            3,
            0,
            "in a browser, a script in the words does not run",
            script,
        )
        .example(
            4,
            1,
            "GET /login answers a form that is sent by POST",
            Whole,
            |_| [get("/login")],
        )
        .example(4, 2, "POST /login greets by name", Whole, |draw| {
            let mut all = vec![
                log_in(&draw.word(), "sesame"),
                // Nobody says beforehand how long it is.
                log_in(&draw.word(), "sesame").chunked(),
            ];
            // However a client calls what it sends.
            all.extend(FORM_TYPES.map(|kind| {
                let login = post("/login").body(format!("name={}", draw.word()));
                match kind {
                    "" => login,
                    kind => login.field("Content-Type", kind),
                }
            }));
            all
        })
        .example(4, 1, "the name is decoded and escaped", Whole, |draw| {
            [
                log_in(&format!("<i>{}</i>", draw.line()), "sesame"),
                log_in(&format!("{}&\"{}\"", draw.word(), draw.word()), "sesame"),
                log_in(&format!("&lt;{}", draw.word()), "sesame"),
                log_in(&format!("{} {}", draw.word(), places()), "sesame"),
                log_in(&draw.word().repeat(50), "sesame"),
            ]
        })
        .example(
            4,
            1,
            "the password is counted and not shown",
            Whole,
            |draw| {
                let (word, length) = (draw.word(), draw.number(3000..4000) as usize);
                let long = length + usize::from(u16::MAX);
                [
                    log_in(&word, &"é".repeat(length)),
                    log_in(&word, &"&".repeat(length)),
                    log_in(&word, &"o".repeat(long)),
                    log_in(&word, &format!("{SECRET}{}", draw.word())),
                ]
            },
        )
        .example(4, 1, "a POST to another path gets 404", Status, |draw| {
            let path = draw.path();
            let paths = [format!("/login{path}"), format!("{path}/login"), path];
            let known = ["/", "/search"].map(str::to_string);
            let form = [("name", "Ann"), ("password", "sesame")];
            let all = paths.into_iter().chain(known);
            all.map(|path| post(path).form(&form)).collect::<Vec<_>>()
        })
        .example(4, 1, "a password in the query is no login", Whole, |draw| {
            [get(format!("/login?name={}&password=sesame", draw.word()))]
        })
        .check(
            4,
            0,
            "a field of a login that does not come is like an empty one",
            login_left_out,
        )
        .check(
            4,
            0,
            "the name of a login begins no attribute",
            name_in_attributes,
        )
        .check(
            4,
            0,
            "in a browser, the address bar shows no password",
            no_password_in_address,
        )
        .sessions(1)
        .grade()
}

/// What begins a password that stands nowhere else, so that it must not be printed.
const SECRET: &str = "sesame-";

/// Sends the search form as a browser does.
fn search(words: &str, shelf: &str) -> Act {
    let fields = encode_form(&[("words", words), ("shelf", shelf)]);
    get(format!("/search?{fields}"))
}

/// Sends the login form as a browser does.
fn log_in(name: &str, password: &str) -> Act {
    post("/login").form(&[("name", name), ("password", password)])
}

struct Bookshop;

/// What the bookshop does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The type of the forms, that of the page of a search, and that of the greeting.
    kinds: [Option<String>; 3],
    /// Where the form of the homepage is sent.
    home: &'static str,
    /// What is taken for the query of a search.
    query: fn(&Request) -> String,
    /// The value of a field in a form, which is sent as it stands here.
    value: fn(form: &str, name: &str) -> Option<String>,
    /// Whether a form is refused: what came of the query, and the fields of the page, `None`
    /// if they did not come.
    refuses: fn(query: Option<&str>, fields: &Fields) -> bool,
    /// Whether the answer to a form is the form again.
    form_again: fn(fields: &Fields) -> bool,
    words: Shown,
    shelf: Shown,
    name: Shown,
    /// A sign that is escaped wrongly, and what a reader sees in its place.
    misspelled: Option<(char, String)>,
    /// A place that is looked for in what was typed, if one is.
    fills_again: Option<Filled>,
    /// The fields that the last value stands for, if they do not come, or if they are empty.
    remembers: &'static [&'static str],
    /// Whether it stands for those alone that do not come.
    forgets_if_empty: bool,
    /// The most characters that a reader sees of the words, of the shelf, and of the name.
    most: [usize; 3],
    /// How the login form is sent.
    method: &'static str,
    /// Whether a GET of /login with a name in its query greets.
    get_greets: bool,
    /// Whether a GET of /login with this query, if it has one, is refused, or redirected.
    get_refuses: fn(query: Option<&str>) -> bool,
    get_redirects: fn(query: Option<&str>) -> bool,
    /// The paths of a login.
    is_login: fn(path: &str, target: &str) -> bool,
    /// Whether a form with this Content-Type is no login.
    type_refused: IsKind,
    /// Whether the fields of one with this Content-Type are not looked at.
    type_ignored: IsKind,
    /// Where the fields of a login are.
    login: fn(query: &str, body: &str) -> String,
    /// Whether a form whose length nobody says is taken for an empty one.
    by_length: bool,
    count: fn(&str) -> usize,
    /// How the number of characters is written.
    number: fn(Expect, usize) -> Expect,
    password: fn(Expect, &str) -> Expect,
    post_elsewhere: u16,
    /// Paths where a POST gets the page that a GET gets.
    posts_as_get: &'static [&'static str],
}

/// A place that is looked for in a value which was filled in before.
#[derive(Clone, Copy)]
struct Filled {
    /// The name of that value.
    first: &'static str,
    place: &'static str,
    /// Whether all such places are filled, or the first one alone.
    all: bool,
}

impl Filled {
    /// What becomes of this value when the other one is filled in.
    fn fill(self, name: &str, value: &str, other: &str) -> String {
        match (name == self.first, self.all) {
            (false, _) => value.into(),
            (true, true) => value.replace(self.place, other),
            (true, false) => value.replacen(self.place, other, 1),
        }
    }
}

/// What a program might put where a value is to stand, and nobody need escape. None is a part of
/// another one.
const PLACES: [&str; 26] = [
    "{}", "{0}", "{1}", "{words}", "{shelf}", "{name}", "{length}", "{count}", "%s", "%d", "%1",
    "%2", "$1", "$2", "$words", "$shelf", "?", "*", "#", "@", "_", "~", "WORDS", "SHELF", "NAME",
    "LENGTH",
];

/// The same, without any signs: these are parts of others.
const NAMES: [&str; 4] = ["words", "shelf", "name", "length"];

/// All of these, one behind the other.
fn places() -> String {
    PLACES.join(" ")
}

/// Whether a Content-Type, or none, is one of some.
type IsKind = fn(Option<&str>) -> bool;

/// The names of two fields and their values.
type Fields<'a> = [(&'a str, Option<String>); 2];

/// Adds what is to be seen of a text that somebody has typed.
type Shown = fn(Expect, &str) -> Expect;

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            kinds: std::array::from_fn(|_| Some(HTML.into())),
            home: "/search",
            query: |asked| asked.query().into(),
            value: first,
            refuses: |_, _| false,
            form_again: |_| false,
            words: as_typed,
            shelf: as_typed,
            name: as_typed,
            misspelled: None,
            fills_again: None,
            remembers: &[],
            forgets_if_empty: false,
            most: [usize::MAX; 3],
            method: "post",
            get_greets: false,
            get_refuses: |_| false,
            get_redirects: |_| false,
            is_login: |path, _| path == "/login",
            type_refused: |_| false,
            type_ignored: |_| false,
            login: |_, body| body.into(),
            by_length: false,
            count: |password| password.chars().count(),
            number: Expect::shows_number,
            password: |expect, password| match password.len() {
                0..4 => expect,
                _ if password.starts_with(SECRET) => {
                    let shown = expect.hides(password).body_lacks(password);
                    shown.keeps_secret(password)
                }
                _ => expect.hides(password),
            },
            post_elsewhere: 404,
            posts_as_get: &[],
        }
    }
}

fn first(form: &str, name: &str) -> Option<String> {
    let mut same = form_urlencoded::parse(form.as_bytes()).filter(|(known, _)| known == name);
    same.next().map(|(_, value)| value.into_owned())
}

/// The text with its escapes decoded.
fn decoded(query: &str) -> String {
    percent_encoding::percent_decode_str(query)
        .decode_utf8_lossy()
        .into()
}

/// The field that comes at the place where one of these names does, whatever its own is.
fn by_position(form: &str, name: &str, names: &[&str]) -> Option<String> {
    let Some(at) = names.iter().position(|known| *known == name) else {
        return first(form, name);
    };
    let mut all = form_urlencoded::parse(form.as_bytes());
    all.nth(at % 2).map(|(_, value)| value.into_owned())
}

/// The same, where a part without a = counts as well, as an empty value.
fn part(form: &str, name: &str, names: &[&str]) -> Option<String> {
    let Some(at) = names.iter().position(|known| *known == name) else {
        return first(form, name);
    };
    let part = form.split('&').nth(at % 2)?;
    let value = part.split_once('=').map_or("", |(_, value)| value);
    first(&format!("value={value}"), "value")
}

/// The field of this name, if it is in the part whose place its name has.
fn in_its_part(form: &str, name: &str, names: &[&str]) -> Option<String> {
    match names.iter().position(|known| *known == name) {
        Some(at) => first(form.split('&').nth(at % 2)?, name),
        None => first(form, name),
    }
}

/// The same, where the second part is all that stands behind the first one, and there are none
/// without an &.
fn in_its_half(form: &str, name: &str, names: &[&str]) -> Option<String> {
    let (one, other) = form.split_once('&').unwrap_or_default();
    match names.iter().position(|known| *known == name) {
        Some(at) => first([one, other][at % 2], name),
        None => first(form, name),
    }
}

/// A reader sees just this text, and nothing of it can be taken for markup.
fn as_typed(expect: Expect, text: &str) -> Expect {
    let expect = raw(text).fold(expect.shows(text), Expect::body_lacks);
    match text.contains('<') {
        true => expect.body_lacks(text),
        false => expect,
    }
}

/// The places of a text where a character that must be escaped stands before a word that was
/// drawn: nobody else writes that, neither the page nor another field.
fn raw(text: &str) -> impl Iterator<Item = String> {
    text.match_indices(['>', '"']).filter_map(|(at, sign)| {
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let is_drawn = word.ends_with(|c: char| c.is_ascii_digit()) && word.len() > 3;
        is_drawn.then(|| format!("{sign}{word}"))
    })
}

/// Whether it is a word that was drawn, which stands in no page on its own account.
fn is_drawn(text: &str) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word && text.len() > 4 && text.ends_with(|c: char| c.is_ascii_digit())
}

/// The text stands in the page letter by letter.
fn as_it_came(expect: Expect, text: &str) -> Expect {
    expect.body_has(text)
}

/// A reader sees nothing of the text.
fn not_there(expect: Expect, text: &str) -> Expect {
    if text.is_empty() {
        expect
    } else {
        expect.hides(text)
    }
}

fn is_special(text: &str) -> bool {
    text.contains(['&', '<', '>', '"'])
}

impl Model for Bookshop {
    type Knobs = Knobs;
    /// What was typed last into each field.
    type State = BTreeMap<&'static str, String>;

    fn expect(knobs: &Knobs, last: &mut Self::State, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&["/", "/login", "/search"]) {
            return None; // other spellings of a path are left open, as in lesson 1
        }
        let page = |step: u32| {
            let kind = &knobs.kinds[match (&*asked.method, asked.path()) {
                ("GET", "/search") => 1,
                ("GET", _) => 0,
                _ => 2,
            }];
            Expect::step(step)
                .status(200)
                .field("Content-Type", kind.as_deref())
        };
        let value = |form: &str, name: &str| (knobs.value)(form, name);
        let typed = |expect: Expect, name: &str, text: &str| {
            let (shown, most) = match name {
                "words" => (knobs.words, knobs.most[0]),
                "shelf" => (knobs.shelf, knobs.most[1]),
                _ => (knobs.name, knobs.most[2]),
            };
            match &knobs.misspelled {
                _ if text.chars().count() > most => cut(expect, text, most),
                Some((sign, read)) if text.contains(*sign) => {
                    expect.shows(text.replace(*sign, read))
                }
                _ => shown(expect, text),
            }
        };
        // Nothing that was typed earlier stands in the place of what is empty.
        let mut remembered = |expect: Expect, name: &'static str, value: &mut String, came| {
            if !value.is_empty() || came && knobs.forgets_if_empty {
                last.insert(name, value.clone());
                return expect;
            }
            match last.get(name).filter(|before| is_drawn(before)) {
                Some(before) if knobs.remembers.contains(&name) => {
                    value.clone_from(before);
                    expect
                }
                Some(before) => expect.hides(before),
                None => expect,
            }
        };
        let query = asked.query();
        let came = asked.target.contains('?').then_some(query);
        Some(match (&*asked.method, asked.path()) {
            ("GET", "/") => page(1).has_tag("form", &[("action", knobs.home)]),
            ("GET", "/login") => {
                let name = value(query, "name").unwrap_or_default();
                if (knobs.get_refuses)(came) {
                    return Some(refused(1));
                }
                if (knobs.get_redirects)(came) {
                    return Some(Expect::step(1).status_in(&[301, 302, 303, 307, 308]));
                }
                if knobs.get_greets && !query.is_empty() {
                    return Some((knobs.name)(page(1), &name));
                }
                let form = [("action", "/login"), ("method", knobs.method)];
                let expect = page(1)
                    .has_tag("form", &form[..1])
                    .then(4)
                    .has_tag("form", &form);
                if name.len() > 3 {
                    expect.hides(name)
                } else {
                    expect
                }
            }
            ("GET", "/search") => {
                let read = (knobs.query)(asked);
                let (words, shelf) = (value(&read, "words"), value(&read, "shelf"));
                let right = [first(query, "words"), first(query, "shelf")];
                let step = if right.iter().flatten().any(|text| is_special(text)) {
                    3
                } else {
                    2
                };
                let fields = [("words", words), ("shelf", shelf)];
                if (knobs.refuses)(came, &fields) {
                    return Some(refused(step));
                }
                if (knobs.form_again)(&fields) {
                    return Some(page(step).has_tag("form", &[("action", "/search")]));
                }
                let came = [0, 1].map(|at| fields[at].1.is_some());
                let [mut words, mut shelf] = fields.map(|(_, value)| value.unwrap_or_default());
                if let Some(filled) = knobs.fills_again {
                    words = filled.fill("words", &words, &shelf);
                    shelf = filled.fill("shelf", &shelf, &words);
                }
                let mut expect = remembered(page(step), "words", &mut words, came[0]);
                expect = remembered(expect, "shelf", &mut shelf, came[1]);
                expect = typed(expect, "words", &words);
                expect = typed(expect, "shelf", &shelf);
                // What is taken for another value is not there as it was typed.
                for right in right.iter().flatten().filter(|_| read != query) {
                    if ![&words, &shelf].iter().any(|value| value.contains(right)) {
                        expect = expect.hides(right);
                    }
                }
                expect
            }
            ("GET", _) => Expect::step(1).status(404),
            ("POST", path) if (knobs.is_login)(path, &asked.target) => {
                if (knobs.type_refused)(asked.field("Content-Type")) {
                    return Some(refused(4));
                }
                let form = match (knobs.type_ignored)(asked.field("Content-Type")) {
                    true => String::new(),
                    false if knobs.by_length && asked.is_chunked() => String::new(),
                    false => (knobs.login)(query, &asked.text()),
                };
                let (name, password) = (value(&form, "name"), value(&form, "password"));
                let fields = [("name", name), ("password", password)];
                if (knobs.refuses)(Some(&form), &fields) {
                    return Some(refused(4));
                }
                if (knobs.form_again)(&fields) {
                    return Some(page(4).has_tag("form", &[("action", "/login")]));
                }
                let came = fields[0].1.is_some();
                let [mut name, password] = fields.map(|(_, value)| value.unwrap_or_default());
                let mut expect = page(4);
                // Nobody without a name is greeted by another one.
                if name.is_empty()
                    && let Some(elsewhere) = first(query, "name").filter(|name| is_drawn(name))
                {
                    expect = expect.hides(elsewhere);
                }
                expect = remembered(expect, "name", &mut name, came);
                let length = (knobs.count)(&password);
                if let Some(filled) = knobs.fills_again {
                    name = filled.fill("name", &name, &length.to_string());
                }
                let expect = typed(expect, "name", &name);
                let expect = (knobs.number)(expect, length);
                (knobs.password)(expect, &password)
            }
            ("POST", path) if knobs.posts_as_get.contains(&path) => Expect::step(4).status(200),
            ("POST", _) => Expect::step(4).status(knobs.post_elsewhere),
            _ => return None,
        })
    }

    fn draw(draw: &mut Draw, _: &Self::State) -> Vec<Act> {
        vec![match draw.below(10) {
            0 => search(&draw.word(), draw.pick(&SHELVES)),
            1 => get(draw.path_near(&["/", "/login", "/search"]) + &draw.query()),
            2 => match draw.below(7) {
                6 if draw.one_in(2) => search(&draw.text(), &escape(draw)),
                6 => search(&escape(draw), &draw.text()),
                // What a program might put in the place of a value.
                5 => search(&place(draw), &draw.word()),
                4 => search(&draw.word(), &place(draw)),
                _ => search(&draw.text(), &draw.text()),
            },
            3 | 4 => get(format!("/search?{}", fields(draw, &["words", "shelf"]))),
            5 => match draw.below(4) {
                3 => log_in(&place(draw), &password(draw)),
                2 => log_in(&escape(draw), &password(draw)),
                _ => log_in(&draw.text(), &password(draw)),
            },
            6 => {
                let query = fields(draw, &["name", "password"]);
                let (name, password) = (draw.word(), password(draw));
                let both = [("password", &*password), ("name", &*name)];
                post(format!("/login?{query}")).form(match draw.below(4) {
                    0 => &both[..1],
                    1 => &both[1..],
                    2 => &[],
                    _ => &both,
                })
            }
            7 => {
                let form = fields(draw, &["name", "password"]);
                let path = match draw.one_in(6) {
                    true => draw.path() + "/login",
                    false => draw.path_near(&["/login", "/login", "/search", "/"]),
                };
                let login = post(path);
                match draw.pick(&FORM_TYPES) {
                    "" => login.body(form),
                    kind => login.field("Content-Type", kind).body(form),
                }
            }
            8 => get(format!("/login?{}", fields(draw, &["name", "password"]))),
            _ => {
                let (name, password) = (draw.word(), draw.word());
                let form = [
                    b"name=",
                    name.as_bytes(),
                    b"\xff&password=",
                    password.as_bytes(),
                ]
                .concat();
                post("/login").field("Content-Type", FORM).body(form)
            }
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        let types = [
            (
                "text",
                "The pages are declared as plain text, so that a browser shows their tags. The type is text/html; charset=utf-8.",
                Some(TEXT),
            ),
            (
                "no-charset",
                "The type does not say which encoding the pages have: it is text/html; charset=utf-8.",
                Some("text/html"),
            ),
            (
                "no-type",
                "The Content-Type is missing: text/html; charset=utf-8.",
                None,
            ),
        ];
        for (name, says, kind) in types {
            of_some_pages(mistakes, name, says, kind);
        }
        mistakes
            .wrong("target-for-query", "You take the whole target for the query, so the name of the first field begins with the path. The query is what stands behind the ?: request.query().", |knobs| {
                knobs.query = |asked| asked.target.replace('?', "%3F");
            })
            .wrong("other-question-mark", "You split the address at each ?, or at the last one, so a ? in a value cuts the query. It begins at the first ?, and all that follows belongs to it: request.query().", |knobs| {
                knobs.query = |asked| asked.target.rsplit('?').next().unwrap_or_default().into();
            })
            .or(|knobs| knobs.query = |asked| asked.target.split('?').nth(1).unwrap_or_default().into())
            .wrong("query-escaped", "You escape the query before you take it apart, so each & between two fields becomes &amp;. Escape each value, on its way into the page.", |knobs| {
                knobs.query = |asked| asked.query().replace('&', "&amp;");
                (knobs.words, knobs.shelf) = (as_it_came, as_it_came);
            })
            .or(|knobs| knobs.query = |asked| asked.query().replace('&', "&amp;"))
            .wrong("decoded-before-split", "You decode the query before it is taken apart. Then a %26 that was typed looks like the & between two fields. parse_form splits first, and decodes each part.", |knobs| {
                knobs.query = |asked| decoded(asked.query());
            })
            .or(|knobs| knobs.query = |asked| decoded(&asked.query().replace("%2B", "%252B")))
            .wrong("login-at-home", "The homepage is the login form. The path / has the search form.", |knobs| knobs.home = "/login")
            .wrong("plus", "A + in a form stands for a space. (One that was typed comes as %2B.) parse_form knows that.", |knobs| {
                knobs.value = |form, name| first(&form.replace('+', "%2B"), name);
            })
            .wrong("not-decoded", "The values come back as they stand in the address. They are encoded there: let parse_form decode them.", |knobs| {
                knobs.value = |form, name| {
                    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
                    fields.find(|(known, _)| *known == name).map(|(_, value)| value.into())
                };
            })
            .wrong("decoded-twice", "You decode the values twice. parse_form has done it: %2541 was typed as %41.", |knobs| {
                knobs.value = |form, name| Some(percent_encoding::percent_decode_str(&first(form, name)?).decode_utf8_lossy().into());
            })
            .wrong("last-field", "If a field comes twice, you take the last one. parse_form takes the first.", |knobs| {
                knobs.value = |form, name| {
                    let same = form_urlencoded::parse(form.as_bytes()).filter(|(known, _)| known == name);
                    same.last().map(|(_, value)| value.into_owned())
                };
            })
            .wrong("by-position", BY_POSITION, |knobs| {
                knobs.value = |form, name| by_position(form, name, &["words", "shelf", "name", "password"]);
            })
            .or(|knobs| knobs.value = |form, name| by_position(form, name, &["words", "shelf"]))
            .or(|knobs| knobs.value = |form, name| by_position(form, name, &["name", "password"]))
            .or(|knobs| knobs.value = |form, name| part(form, name, &["words", "shelf", "name", "password"]))
            .or(|knobs| knobs.value = |form, name| part(form, name, &["words", "shelf"]))
            .or(|knobs| knobs.value = |form, name| part(form, name, &["name", "password"]))
            .or(|knobs| knobs.value = |form, name| in_its_part(form, name, &["words", "shelf", "name", "password"]))
            .or(|knobs| knobs.value = |form, name| in_its_part(form, name, &["words", "shelf"]))
            .or(|knobs| knobs.value = |form, name| in_its_part(form, name, &["name", "password"]))
            .or(|knobs| knobs.value = |form, name| in_its_half(form, name, &["words", "shelf", "name", "password"]))
            .or(|knobs| knobs.value = |form, name| in_its_half(form, name, &["words", "shelf"]))
            .or(|knobs| knobs.value = |form, name| in_its_half(form, name, &["name", "password"]))
            .wrong("small-letters", "You change capital letters of the values. They come back as they were typed.", |knobs| {
                knobs.value = |form, name| first(form, name).map(|value| value.to_lowercase());
            })
            .wrong("field-needed", "If a field does not come, you answer with an error. It is then like an empty one, and the status is 200.", |knobs| {
                knobs.refuses = |_, fields| fields.iter().any(|(_, value)| value.is_none());
            })
            .or(|knobs| knobs.refuses = |_, fields| fields.iter().all(|(_, value)| value.is_none()))
            .or(|knobs| knobs.refuses = |_, fields| ["words", "shelf"].iter().any(|name| needed(fields, name, false)))
            .or(|knobs| knobs.refuses = |_, fields| ["name", "password"].iter().any(|name| needed(fields, name, false)))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "words", false))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "shelf", false))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "name", false))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "password", false))
            .wrong("fields-counted", "You count the fields of a form, and answer with an error if their number is not the one that you expect. Anybody can add fields, or leave some out: look for those that you know.", |knobs| {
                knobs.refuses = |form, fields| fields[0].0 == "words" && distinct(form) > 2;
            })
            .or(|knobs| knobs.refuses = |form, fields| fields[0].0 == "name" && distinct(form) > 2)
            .or(|knobs| knobs.refuses = |form, _| distinct(form) > 2)
            .or(|knobs| knobs.refuses = |form, fields| fields[0].0 == "words" && distinct(form) != 2)
            .or(|knobs| knobs.refuses = |form, fields| fields[0].0 == "name" && distinct(form) != 2)
            .or(|knobs| knobs.refuses = |form, _| distinct(form) != 2)
            .wrong("empty-refused", "If a field is empty or does not come, you answer with an error. Nothing is wrong with an empty field: the status is 200.", |knobs| {
                knobs.refuses = |_, fields| fields.iter().any(|(_, value)| value.as_deref().is_none_or(str::is_empty));
            })
            .or(|knobs| knobs.refuses = |_, fields| fields.iter().all(|(_, value)| value.as_deref().is_none_or(str::is_empty)))
            .or(|knobs| knobs.refuses = |_, fields| ["words", "shelf"].iter().any(|name| needed(fields, name, true)))
            .or(|knobs| knobs.refuses = |_, fields| ["name", "password"].iter().any(|name| needed(fields, name, true)))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "words", true))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "shelf", true))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "name", true))
            .or(|knobs| knobs.refuses = |_, fields| needed(fields, "password", true))
            .wrong("form-again", "If a field is empty or does not come, you answer with the form again. An empty field is a value like any other: the answer is the page that shows it.", |knobs| {
                knobs.form_again = |fields| needed(fields, "words", true);
            })
            .or(|knobs| knobs.form_again = |fields| needed(fields, "name", true))
            .or(|knobs| knobs.form_again = |fields| ["words", "name"].iter().any(|name| needed(fields, name, true)))
            .or(|knobs| knobs.form_again = |fields| fields[0].0 == "words" && fields.iter().all(|(_, value)| value.as_deref().is_none_or(str::is_empty)))
            .wrong("query-needed", "An address without a query gets an error. Nothing is wrong with it: the fields are empty, and the status is 200.", |knobs| {
                knobs.refuses = |query, _| query.is_none();
            })
            .or(|knobs| knobs.refuses = |query, _| query.is_none_or(str::is_empty))
            .wrong("no-shelf", "The shelf is not on the page: look which field is shown in its place.", |knobs| {
                knobs.shelf = not_there;
            })
            .wrong("no-words", "The words are not on the page: look which field is shown in their place.", |knobs| {
                knobs.words = not_there;
            })
            .wrong("words-raw", "The words stand on the page as they came, so that a tag in them is a tag. Escape them on their way into the page.", |knobs| {
                knobs.words = as_it_came;
            })
            .wrong("shelf-raw", "The shelf stands on the page as it came, so that a tag in it is a tag. The form has a list, but an address can have anything in it: escape the shelf, too.", |knobs| {
                knobs.shelf = as_it_came;
            })
            .wrong("name-raw", "The name stands on the page as it came, so that a tag in it is a tag. Escape it on its way into the page.", |knobs| {
                knobs.name = as_it_came;
            })
            .wrong("nothing-escaped", "Nothing is escaped: what was typed stands on the page as it came. Look whether escape returns the new text. replace does not change the old one.", |knobs| {
                knobs.words = as_it_came;
                knobs.shelf = as_it_came;
                knobs.name = as_it_came;
            });
        everywhere(
            mistakes,
            "ampersand",
            "You don't escape the &. So a text such as &lt; that was typed is read as <.",
            &[|expect, text| expect.body_has(escaped(text, &['<', '>', '"']))],
        );
        everywhere(
            mistakes,
            "ampersand-last",
            "You replace the & after others, and with it those that you have just written: < becomes &amp;lt;. The & comes first.",
            &[
                |expect, text| expect.shows(escaped(text, &['<', '>', '"'])),
                |expect, text| expect.shows(escaped(text, &['<', '>'])),
                |expect, text| expect.shows(escaped(text, &['<'])),
                |expect, text| expect.shows(escaped(text, &['<', '>', '"']).replace('\'', "&#39;")),
                |expect, text| {
                    expect.shows(escaped(text, &['<', '>', '"']).replace('\'', "&#x27;"))
                },
                |expect, text| {
                    expect.shows(escaped(text, &['<', '>', '"']).replace('\'', "&apos;"))
                },
            ],
        );
        everywhere(
            mistakes,
            "escaped-twice",
            "You escape the text twice, so that a reader sees &lt; where < was typed.",
            &[|expect, text| expect.shows(escaped(text, &['&', '<', '>', '"']))],
        );
        everywhere(
            mistakes,
            "first-only",
            "Of a sign, only the first one is escaped: replacen(…, 1) changes one. replace changes all of them.",
            &[
                |expect, text| expect.body_has(once(once(once(once(text, '&'), '<'), '>'), '"')),
                |expect, text| once_only(expect, text, '&'),
                |expect, text| once_only(expect, text, '<'),
                |expect, text| once_only(expect, text, '>'),
                |expect, text| once_only(expect, text, '"'),
            ],
        );
        everywhere(
            mistakes,
            "single-quote",
            SINGLE_QUOTE,
            &[|expect, text| match text.split_once('\'') {
                Some((before, rest)) => expect.shows(before).hides(rest.trim_matches('\'')),
                None => as_typed(expect, text),
            }],
        );
        everywhere(
            mistakes,
            "tags-removed",
            "You take tags out of what was typed. A reader must see all of it: escape the text, and remove nothing.",
            &[
                |expect, text| {
                    without(
                        expect,
                        text,
                        &text.replace("<script>", "").replace("</script>", ""),
                    )
                },
                |expect, text| {
                    let parts = text.split('<').enumerate();
                    let kept = parts.map(|(at, part)| {
                        if at == 0 {
                            part
                        } else {
                            part.split_once('>').map_or(part, |(_, rest)| rest)
                        }
                    });
                    without(expect, text, &kept.collect::<String>())
                },
            ],
        );
        everywhere(
            mistakes,
            "quote",
            "You don't escape the double quote. It is one of the four characters of the table: in an attribute, it would end the value.",
            &[|expect, text| expect.body_has(escaped(text, &['&', '<', '>']))],
        );
        everywhere(
            mistakes,
            "greater",
            "You don't escape the >. It is one of the four characters of the table.",
            &[|expect, text| expect.body_has(escaped(text, &['&', '<', '"']))],
        );
        everywhere(
            mistakes,
            "less",
            "You don't escape the <. It begins a tag, so it is the most important one of the table.",
            &[|expect, text| expect.body_has(escaped(text, &['&', '>', '"']))],
        );
        everywhere(
            mistakes,
            "escape-undone",
            "An escape that was typed, such as &amp; or &lt;, is taken for one, so a reader sees a & or a < in its place. Escape every &, whatever stands behind it.",
            &[
                |expect, text| match text.replace("&amp;", "&") {
                    undone if undone == text => as_typed(expect, text),
                    undone => expect.body_has(escaped(&undone, &['&', '<', '>', '"'])),
                },
                |expect, text| escaped_once(expect, text, &["amp;", "lt;", "gt;", "quot;"]),
                |expect, text| escaped_once(expect, text, &["lt;", "gt;"]),
            ],
        );
        everywhere(
            mistakes,
            "debug-format",
            "You write a value with {:?}, which puts quotes around it and a \\ before some signs. {} writes it as it is.",
            &[
                |expect, text| expect.shows(format!("{text:?}")),
                |expect, text| expect.shows(format!("\"{}\"", text.replace('\\', "\\\\"))),
            ],
        );
        everywhere(
            mistakes,
            "escaped-already",
            "You leave a text as it is if there is an escape in it, such as &lt;. It was typed so, and was not escaped: what else is in that text gets into your page as it came. Escape every text, once, whatever is in it.",
            &[
                |expect, text| escaped_unless(expect, text, &["&amp;", "&lt;", "&gt;"]),
                |expect, text| escaped_unless(expect, text, &["&amp;", "&lt;", "&gt;", "&quot;"]),
                |expect, text| escaped_unless(expect, text, &["&lt;", "&gt;"]),
                |expect, text| escaped_unless(expect, text, &["&lt;"]),
                |expect, text| escaped_unless(expect, text, &["&amp;"]),
            ],
        );
        for first in ["words", "shelf", "name"] {
            for place in PLACES.into_iter().chain(NAMES) {
                for all in [true, false] {
                    mistakes.wrong("fills-again", "What was typed is searched for a place to fill: what stands there for a value in your text, such as {} or ?, is replaced in the words of a client as well. Put all values in at once, with one format!.", move |knobs| {
                        knobs.fills_again = Some(Filled { first, place, all });
                    });
                }
            }
        }
        for with in LOGIN_QUERIES {
            mistakes.wrong("login-query-refused", "GET /login with something in its query gets an error. It answers the form, whatever the query is.", move |knobs| knobs.get_refuses = with);
            mistakes.wrong("login-query-redirected", "GET /login with something in its query is answered with a redirect. It answers the form at once, with 200, whatever the query is.", move |knobs| knobs.get_redirects = with);
        }
        for with in OTHER_TYPES {
            mistakes.wrong("type-refused", "You look at the Content-Type of what is sent to /login, and answer some with an error. It makes no difference here: read the body, whatever its type is.", move |knobs| knobs.type_refused = with);
            mistakes.wrong("type-ignored", "You look at the Content-Type of what is sent to /login, and with some of them you do not take the body for a form, so no field comes. It makes no difference here: take the body for a form in any case.", move |knobs| knobs.type_ignored = with);
        }
        mistakes
            .wrong("login-beginning", "A POST to a path that only begins with /login is taken for a login, such as /login/x. Compare the whole path.", |knobs| {
                knobs.is_login = |path, _| path.starts_with("/login");
            })
            .or(|knobs| knobs.is_login = |path, _| path == "/login" || path.starts_with("/login/"))
            .wrong("login-anywhere", "A POST to a path that has login in it, or at its end, is taken for a login. Compare the whole path with /login.", |knobs| {
                knobs.is_login = |path, _| path.ends_with("/login");
            })
            .or(|knobs| knobs.is_login = |path, _| path.contains("/login"))
            .or(|knobs| knobs.is_login = |path, _| path.contains("login"))
            .wrong("target-of-post", "A POST of /login with a query string gets 404: you compare request.target(), which has the query in it. A query changes nothing: compare request.path().", |knobs| {
                knobs.is_login = |_, target| target == "/login";
            })
            .wrong("query-if-empty", "If the body of a POST is empty, you take the fields from the query. They are in the body: if it is empty, no field has come, whatever the query is.", |knobs| {
                knobs.login = |query, body| if body.is_empty() { query.into() } else { body.into() };
            })
            .or(|knobs| {
                knobs.login = |query, body| match form_urlencoded::parse(body.as_bytes()).next() {
                    None => query.into(),
                    Some(_) => body.into(),
                };
            })
            .wrong("shelf-from-the-list", "Only the shelves of the form's list are shown. An address can have anything in it, and a reader must see it.", |knobs| {
                knobs.shelf = |expect, text| match SHELVES.contains(&text) {
                    true => as_typed(expect, text),
                    false => not_there(expect, text),
                };
            })
            .or(|knobs| {
                knobs.shelf = |expect, text| match SHELVES[..2].contains(&text) {
                    true => as_typed(expect, text),
                    false => not_there(expect, text),
                };
            })
            .wrong("number-in-words", "A small number of characters is written as a word. The text asks for digits.", |knobs| {
                knobs.number = |expect, number| in_words(expect, number, 1);
            })
            .or(|knobs| knobs.number = |expect, number| in_words(expect, number, 13))
            .wrong("by-content-length", "A form that is sent in chunks is empty for you: nobody says beforehand how long it is, and you read as many bytes as Content-Length says. read_to_end reads all that comes.", |knobs| knobs.by_length = true)
            .wrong("one-read", "Of a long form, only the beginning is read. One read takes what is there, or what fits into the buffer, and take(…) no more than it says: read_to_end goes on to the end.", |knobs| {
                knobs.login = beginning::<1024>;
            })
            .or(|knobs| knobs.login = beginning::<512>)
            .or(|knobs| knobs.login = beginning::<2048>)
            .or(|knobs| knobs.login = beginning::<4096>)
            .or(|knobs| knobs.login = beginning::<8192>)
            .or(|knobs| knobs.login = beginning::<16384>)
            .or(|knobs| knobs.login = beginning::<32768>)
            .or(|knobs| knobs.login = beginning::<65536>)
            .wrong("stars", "There is a star for each character of the password. The text asks for their number, in digits.", |knobs| {
                knobs.number = |expect, number| expect.shows("*".repeat(number));
            })
            .or(|knobs| knobs.number = |expect, number| expect.shows("•".repeat(number)))
            .wrong("still-by-get", "The login form is still sent by GET: method=\"get\". Include login_by_post.html.", |knobs| knobs.method = "get")
            .wrong("login-by-get", "A GET of /login greets as well, so a password may still stand in an address. GET answers the form, whatever the query is.", |knobs| {
                knobs.get_greets = true;
            })
            .wrong("fields-of-the-query", "do_post looks for the fields in the query. A form that is sent by POST has them in the body.", |knobs| {
                knobs.login = |query, _| query.into();
            })
            .wrong("fields-of-both", "A field that is not in the body is taken from the query. A form that is sent by POST has its fields in the body: the query changes nothing.", |knobs| {
                knobs.login = |query, body| format!("{body}&{query}");
            })
            .or(|knobs| knobs.login = |query, body| format!("{query}&{body}"))
            .wrong("remembers-name", "Who sends no name is greeted by that of an earlier visitor. Each request stands alone: nothing of one may be left for the next.", |knobs| {
                knobs.remembers = &["name"];
            })
            .wrong("remembers-search", "If a field of a search is empty or does not come, the one of an earlier search stands in its place. Each request stands alone: nothing of one may be left for the next.", |knobs| {
                knobs.remembers = &["words", "shelf"];
            })
            .or(|knobs| knobs.remembers = &["words"])
            .or(|knobs| knobs.remembers = &["shelf"])
            .or(|knobs| (knobs.remembers, knobs.forgets_if_empty) = (&["words", "shelf"], true))
            .or(|knobs| (knobs.remembers, knobs.forgets_if_empty) = (&["words"], true))
            .or(|knobs| (knobs.remembers, knobs.forgets_if_empty) = (&["shelf"], true))
            .wrong("utf8-needed", "A body with bytes that are not UTF-8 is taken for an empty one. Such bytes become \u{fffd}: from_utf8_lossy makes a text of any bytes.", |knobs| {
                knobs.login = |_, body| match body.contains('\u{fffd}') {
                    true => String::new(),
                    false => body.into(),
                };
            })
            .wrong("utf8-refused", "A body with bytes that are not UTF-8 gets an error. It is none here: from_utf8_lossy makes a text of any bytes.", |knobs| {
                knobs.refuses = |form, fields| {
                    fields[0].0 == "name" && form.is_some_and(|form| form.contains('\u{fffd}'))
                };
            })
            .wrong("query-not-utf8", "A query with bytes that are not UTF-8 gets an error. It is none here: parse_form makes \u{fffd} of such bytes.", |knobs| {
                knobs.refuses = |_, fields| {
                    let is_bad = |value: &Option<String>| {
                        value.as_ref().is_some_and(|value| value.contains('\u{fffd}'))
                    };
                    fields[0].0 == "words" && fields.iter().any(|(_, value)| is_bad(value))
                };
            })
            .wrong("login-everywhere", "A POST to any path is taken for a login. Answer 404 if the path is not /login.", |knobs| knobs.post_elsewhere = 200)
            .wrong("posts-as-get", "A POST to / or to /search gets the page that a GET gets. Only /login takes a POST: for every other path the answer is 404.", |knobs| {
                knobs.posts_as_get = &["/", "/search"];
            })
            .or(|knobs| knobs.posts_as_get = &["/search"])
            .or(|knobs| knobs.posts_as_get = &["/"])
            .wrong("name-missing", "The name is not on the page.", |knobs| knobs.name = not_there)
            .wrong("utf16-counted", "You count as UTF-16 does, in which 🐈 is two. In Rust it is one char: chars().count().", |knobs| {
                knobs.count = |password| password.encode_utf16().count();
            })
            .wrong("bytes-counted", "You count the bytes of the password. An é has two of them. Characters are chars().count().", |knobs| knobs.count = str::len)
            .wrong("count-in-few-bits", "The number of characters is cut to a small one: as u16 keeps no more than 65535, and as u8 no more than 255. Write what count() returns, a usize.", |knobs| knobs.count = |password| usize::from(password.chars().count() as u16))
            .or(|knobs| knobs.count = |password| usize::from(password.chars().count() as u8))
            .wrong("escaped-counted", "You count the characters of the escaped password, in which & has five. Count what was typed.", |knobs| {
                knobs.count = |password| escaped(password, &['&', '<', '>', '"']).chars().count();
            })
            .wrong("password-trimmed", "White space at the ends of the password is not counted. It was typed, so it counts: take the password as it comes.", |knobs| knobs.count = |password| password.trim().chars().count())
            .wrong("password-in-the-page", "The password stands in the page, in a place that is not seen, such as a hidden field. The source of a page can be read: it must not be there at all.", |knobs| {
                knobs.password = |expect, password| match password.starts_with(SECRET) {
                    true => expect.hides(password).body_has(escaped(password, &['&', '<', '>', '"'])),
                    false => expect,
                };
            })
            .wrong("password-shown", "The page shows the password. It must be shown to nobody.", |knobs| {
                knobs.password = |expect, password| expect.shows(password);
            });
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        if asked.method == "POST"
            && asked.path() != "/login"
            && status != 404
            && (300..500).contains(&status)
        {
            mistakes.wrong(
                "other-status-elsewhere",
                format!(
                    "A POST to another path than /login is answered with {status}. Nothing is \
                     there, whatever the method is: 404."
                ),
                move |knobs| knobs.post_elsewhere = status,
            );
        }
        if status != 200 {
            return;
        }
        let page = shown(&answer.text());
        let form = match &*asked.method {
            "POST" => asked.text(),
            _ => asked.query().into(),
        };
        let fields = ["words", "shelf", "name"];
        let texts = fields.map(|name| first(&form, name).unwrap_or_default());
        if let Some((sign, read)) = texts.iter().find_map(|text| misread(text, &page)) {
            let right = escaped(&sign.to_string(), &[sign]);
            mistakes.wrong(
                "misspelled-escape",
                format!(
                    "Where {sign} was typed, a reader sees {read}. Look at how you escape it, \
                     letter by letter: it becomes {right}."
                ),
                move |knobs| knobs.misspelled = Some((sign, read.clone())),
            );
        }
        for (at, text) in texts.iter().enumerate() {
            // How far a reader sees a long text. A number in its beginning was drawn: that stands
            // in no page on its own account.
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).skip(1).collect();
            let most = ends.partition_point(|end| page.contains(&text[..*end]));
            let is_drawn = text.chars().take(10).any(|c| c.is_ascii_digit());
            if !is_drawn || !(10..ends.len()).contains(&most) {
                continue;
            }
            const SAYS: &str = "A long text is cut off. A reader must see all that was typed.";
            mistakes
                .wrong("cut-off", SAYS, move |knobs| knobs.most[at] = most)
                .or(move |knobs| knobs.most[..2].fill(most))
                .or(move |knobs| knobs.most.fill(most));
        }
        let kind = answer.field("Content-Type").map(str::to_string);
        of_some_pages(
            mistakes,
            "type",
            &format!("Compare the Content-Type letter by letter: it is {HTML}."),
            kind.as_deref(),
        );
    }
}

/// This is the type of some pages, or of all.
fn of_some_pages(mistakes: &mut Mistakes<Knobs>, name: &str, says: &str, kind: Option<&str>) {
    const SOME: [&[usize]; 7] = [&[0, 1, 2], &[0], &[1], &[2], &[1, 2], &[0, 1], &[0, 2]];
    for pages in SOME {
        let kind = kind.map(str::to_string);
        mistakes.wrong(name, says, move |knobs| {
            for page in pages {
                knobs.kinds[*page].clone_from(&kind);
            }
        });
    }
}

/// A sign of this text that must be escaped, and what stands on the page in its place, if that is
/// neither the sign nor its escape.
fn misread(text: &str, page: &str) -> Option<(char, String)> {
    let mut signs = text.match_indices(['&', '<', '>', '"']);
    signs.find_map(|(at, typed)| {
        let sign = typed.chars().next()?;
        let before = text[..at].rsplit(sign).next()?;
        let behind = text[at + 1..].split(sign).next()?;
        if before.trim().is_empty() || behind.trim().is_empty() {
            return None;
        }
        let escape = escaped(typed, &[sign]);
        let mut places = page.match_indices(before);
        places.find_map(|(at, _)| {
            let (read, _) = page[at + before.len()..].split_once(behind)?;
            let is_other = read != typed && read != escape && !read.contains(char::is_whitespace);
            (is_other && (1..=10).contains(&read.len())).then(|| (sign, read.into()))
        })
    })
}

/// A number below `end` is written as a word.
fn in_words(expect: Expect, number: usize, end: usize) -> Expect {
    const WORDS: [&[&str]; 13] = [
        &["no ", "none", "zero"],
        &["one", "a "],
        &["two"],
        &["three"],
        &["four"],
        &["five"],
        &["six"],
        &["seven"],
        &["eight"],
        &["nine"],
        &["ten"],
        &["eleven"],
        &["twelve"],
    ];
    match number < end {
        true => expect.names(WORDS[number]),
        false => expect.shows_number(number),
    }
}

/// A reader sees what was kept of a text, and not all of it.
fn without(expect: Expect, text: &str, kept: &str) -> Expect {
    if kept == text {
        return expect.shows(text);
    }
    // What stands there in another form is not gone.
    let joined = [">", ";"].map(|end| format!("{end}{kept}"));
    let expect = expect.shows(kept).hides(text);
    joined.into_iter().fold(expect, Expect::hides)
}

/// A reader sees no more characters of a text than these.
fn cut(expect: Expect, text: &str, most: usize) -> Expect {
    let kept: String = text.chars().take(most).collect();
    without(expect, text, &kept)
}

/// Of a form that is sent by POST, as many bytes.
fn beginning<const BYTES: usize>(_query: &str, body: &str) -> String {
    String::from_utf8_lossy(&body.as_bytes()[..body.len().min(BYTES)]).into_owned()
}

/// A mistake that is made with all values, or with one of them.
fn everywhere(mistakes: &mut Mistakes<Knobs>, name: &str, says: &str, shown: &[Shown]) {
    for &shown in shown {
        mistakes
            .wrong(name, says, move |knobs| {
                (knobs.words, knobs.shelf, knobs.name) = (shown, shown, shown);
            })
            .or(move |knobs| (knobs.words, knobs.shelf) = (shown, shown))
            .or(move |knobs| knobs.words = shown)
            .or(move |knobs| knobs.shelf = shown)
            .or(move |knobs| knobs.name = shown);
    }
}

/// What the query of a GET of /login may be looked at for.
const LOGIN_QUERIES: [fn(Option<&str>) -> bool; 12] = [
    |query| has(query, "password"),
    |query| has(query, "name"),
    |query| ["name", "password"].iter().any(|name| has(query, name)),
    |query| ["name", "password"].iter().all(|name| has(query, name)),
    |query| query.is_some_and(|query| first(query, "password").is_some_and(|it| !it.is_empty())),
    |query| query.is_some_and(|query| query.contains("password")),
    |query| query.is_some_and(|query| query.contains("password=")),
    |query| {
        query.is_some_and(|query| query.starts_with("password=") || query.contains("&password="))
    },
    |query| query.is_some_and(|query| query.contains("name=")),
    |query| query.is_some_and(|query| query.contains('=')),
    |query| query.is_some_and(|query| !query.is_empty()),
    |query| query.is_some(),
];

/// Types with which a program may take what is sent to /login for no form.
const OTHER_TYPES: [IsKind; 6] = [
    |kind| kind != Some(FORM_TYPES[0]),
    |kind| kind.is_none_or(|kind| !kind.starts_with(FORM_TYPES[0])),
    |kind| kind.is_some_and(|kind| kind != FORM_TYPES[0]),
    |kind| kind.is_some_and(|kind| !kind.starts_with(FORM_TYPES[0])),
    |kind| kind.is_some_and(|kind| kind.contains("json")),
    |kind| kind.is_some_and(|kind| kind.contains(';')),
];

/// Whether a query has this field.
fn has(query: Option<&str>, name: &str) -> bool {
    query.is_some_and(|query| first(query, name).is_some())
}

/// The shelves that the form offers.
const SHELVES: [&str; 3] = ["novels", "poems", "travel books"];

/// The answer to a form that is taken for a mistake of the client.
fn refused(step: u32) -> Expect {
    Expect::step(step).status_in(&[400, 403, 404, 405, 406, 411, 415, 422])
}

/// How many fields with different names came.
fn distinct(form: Option<&str>) -> usize {
    let fields = form_urlencoded::parse(form.unwrap_or_default().as_bytes());
    fields.map(|(name, _)| name).collect::<BTreeSet<_>>().len()
}

/// Whether this field is one of these and did not come, or came empty, if that counts, too.
fn needed(fields: &Fields, name: &str, or_empty: bool) -> bool {
    let is_missing = |value: &Option<String>| match value {
        None => true,
        Some(value) => or_empty && value.is_empty(),
    };
    let mut named = fields.iter().filter(|(known, _)| *known == name);
    named.any(|(_, value)| is_missing(value))
}

/// The text with the first of these signs escaped.
fn once(text: impl Into<String>, sign: char) -> String {
    let text = text.into();
    match text.find(sign) {
        Some(at) => format!(
            "{}{}{}",
            &text[..at],
            escaped(&sign.to_string(), &[sign]),
            &text[at + 1..]
        ),
        None => text,
    }
}

/// Of one sign, only the first is escaped, and all others are.
fn once_only(expect: Expect, text: &str, sign: char) -> Expect {
    if text.matches(sign).count() < 2 {
        return as_typed(expect, text);
    }
    let others: Vec<char> = ['&', '<', '>', '"']
        .into_iter()
        .filter(|other| *other != sign)
        .collect();
    // An & is the first that is escaped: the others put new ones into the text.
    expect.body_has(match sign {
        '&' => escaped(&once(text, sign), &others),
        _ => once(escaped(text, &others), sign),
    })
}

/// The text with these characters escaped, and no others.
fn escaped(text: &str, signs: &[char]) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        c => c.to_string(),
    };
    text.chars()
        .map(|c| {
            if signs.contains(&c) {
                escape(c)
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// The text is escaped, if none of these escapes stands in it already.
fn escaped_unless(expect: Expect, text: &str, escapes: &[&str]) -> Expect {
    match escapes.iter().any(|escape| text.contains(escape)) {
        true => expect.body_has(text),
        false => as_typed(expect, text),
    }
}

/// The text is escaped, but for each & that begins one of these escapes already.
fn escaped_once(expect: Expect, text: &str, escapes: &[&str]) -> Expect {
    let twice = escaped(text, &['&', '<', '>', '"']);
    let once = escapes.iter().fold(twice.clone(), |text, escape| {
        text.replace(&format!("&amp;{escape}"), &format!("&{escape}"))
    });
    match once == twice {
        true => as_typed(expect, text),
        false => expect.body_has(once),
    }
}

/// Fields of a form as they are sent: some of these, in any order, with others between them,
/// some twice, some empty.
fn fields(draw: &mut Draw, names: &[&str]) -> String {
    let number = draw.number(0..4);
    let names = &draw.shuffled(names.to_vec())[..];
    let mut fields: Vec<String> = names
        .iter()
        .take(number as usize)
        .map(|name| format!("{name}={}", draw.word()))
        .collect();
    if number > 0 {
        fields.push(match draw.below(10) {
            9 => format!("{}={}%FF", draw.pick(names), draw.word()),
            // Only the first ? of an address begins the query.
            8 => format!("{}={}?{}", draw.pick(names), draw.word(), draw.word()),
            0 => format!("{}={}", draw.word(), draw.word()),
            1 => encode_form(&[(draw.pick(names), &draw.text())]),
            2 => format!("{}={}", draw.pick(names), draw.word()),
            3 => format!("{}=", draw.pick(names)),
            4 => draw.pick(names).to_string(),
            5 => format!("{}=%2541%zz%", draw.pick(names)),
            6 => format!("{}={}+%2B+Two", draw.pick(names), draw.word()),
            _ => String::new(),
        });
    }
    draw.shuffled(fields).join("&")
}

const SINGLE_QUOTE: &str = "The text stands in an attribute between single quotes, so a ' in it ends the value. Escape the ', too, or put double quotes around the value.";

/// Of what is typed into a search, nothing becomes an attribute of the page.
fn search_in_attributes(run: &mut Run) -> Verdict {
    for typed in attributes(run) {
        no_attribute(run, search(&typed, "novels"), &typed)?;
        no_attribute(run, search("cats", &typed), &typed)?;
    }
    Ok(())
}

/// The same, for the name of a login.
fn name_in_attributes(run: &mut Run) -> Verdict {
    for typed in attributes(run) {
        no_attribute(run, log_in(&typed, "sesame"), &typed)?;
    }
    Ok(())
}

/// What begins an attribute in one without quotes, and in one between single quotes.
fn attributes(run: &mut Run) -> [String; 2] {
    ["", "'"].map(|quote| {
        let (word, name) = (run.seed().word(), run.seed().word());
        format!("{word}{quote} data-{name}={quote}x")
    })
}

/// The page has no attribute whose name was typed.
fn no_attribute(run: &mut Run, act: Act, typed: &str) -> Verdict {
    let name = typed.split([' ', '=']).nth(1).unwrap_or_default();
    let answer = run.ask(act)?;
    let page = tags(&answer.text());
    let mut attributes = page.iter().flat_map(|tag| &tag.attributes);
    if answer.status() != 200 || attributes.all(|(known, _)| known != name) {
        return Ok(()); // what else is wrong is a matter of other checks
    }
    let wrong = answer.wrong(format!("a page in which no tag has the attribute {name}"));
    Err(match typed.contains('\'') {
        true => wrong.because("single-quote", SINGLE_QUOTE),
        false => wrong.because(
            "no-quotes",
            "The text stands in an attribute without quotes, so a space in it ends the value. Put \
             double quotes around the value.",
        ),
    })
}

/// How clients call what they send: as a browser does, in other words, or not at all.
const FORM_TYPES: [&str; 6] = [
    FORM,
    FORM,
    "application/x-www-form-urlencoded; charset=UTF-8",
    "text/plain",
    "application/json",
    "",
];

/// A word, and an escape that somebody has typed; perhaps with a tag behind it.
fn escape(draw: &mut Draw) -> String {
    let escape = draw.pick(&["&amp;", "&lt;", "&quot;", "&amp;lt;"]);
    let tag = draw.pick(&["", " <i>"]);
    format!("{}{escape}{tag}{}", draw.word(), draw.word())
}

/// A word, and what a program might put in the place of a value.
fn place(draw: &mut Draw) -> String {
    format!("{}{}", draw.word(), draw.pick(&PLACES))
}

/// A password that nobody guesses, of letters with one byte or more.
fn password(draw: &mut Draw) -> String {
    match draw.below(6) {
        5 => format!("  {} ", draw.word()),
        1 => "é".repeat(draw.number(4..60) as usize),
        2 => "&".repeat(draw.number(4..60) as usize),
        3 => format!("{SECRET}{}🐈<\"", draw.word()),
        4 => String::new(),
        _ => format!("{SECRET}{}", draw.word()),
    }
}

/// Whatever the answer is.
fn search_in_address(run: &mut Run) -> Verdict {
    let words = run.seed().line();
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=words]", &words)?;
    page.submit("[name=words]")?;
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    page.expect_path(&format!("/search?{fields}"))
}

/// Each field of the search comes empty, and then not at all.
fn search_left_out(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let both = |words: &str, shelf: &str| get(format!("/search?words={words}&shelf={shelf}"));
    let alone = |field| get(format!("/search?{field}={word}"));
    let [words, shelf, none] = [both(&word, ""), both("", &word), both("", "")];
    expect_alike(run, "shelf", &words, &alone("words"), [&shelf, &none])?;
    expect_alike(run, "words", &shelf, &alone("shelf"), [&words, &none])
}

/// The same with the login.
fn login_left_out(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let alone = |field| post("/login").form(&[(field, &word)]);
    let [name, password, none] = [log_in(&word, ""), log_in("", &word), log_in("", "")];
    expect_alike(run, "name", &password, &alone("password"), [&name, &none])?;
    expect_alike(run, "password", &name, &alone("name"), [&password, &none])
}

/// What a reader sees is the same without a field as with an empty one, whatever the words are. (A
/// page may count its visitors, so numbers may differ. Whether there is a page, the model says.)
/// If it is the page of one of the `others`, it is the field that came which is not found.
fn expect_alike(
    run: &mut Run,
    field: &str,
    empty: &Act,
    left_out: &Act,
    others: [&Act; 2],
) -> Verdict {
    let read = |answer: &Answer| shown(&answer.text()).replace(|c: char| c.is_ascii_digit(), "");
    let (empty, left_out) = (run.ask(empty.clone())?, run.ask(left_out.clone())?);
    if [&empty, &left_out]
        .iter()
        .any(|answer| answer.status() != 200)
        || read(&empty) == read(&left_out)
    {
        return Ok(());
    }
    let wrong = left_out.wrong(format!("the page that an empty {field} gets"));
    for other in others {
        if read(&left_out) == read(&run.ask(other.clone())?) {
            return Err(wrong.because("by-position", BY_POSITION));
        }
    }
    Err(wrong.because(
        "default-for-missing",
        format!(
            "If the field {field} does not come, you take something else for its value. It is then \
             like an empty one: the page is the same. The function field does so."
        ),
    ))
}

const BY_POSITION: &str = "You count on the order of the fields. They may come in any order, with \
     others between them: give parse_form all that came, and look for each name in that.";

fn script(run: &mut Run) -> Verdict {
    let number = run.seed().number(10..100);
    let words = format!("<script>alert({number})</script>");
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    let mut page = run.browser()?;
    page.open(&format!("/search?{fields}"))?;
    if !page.dialogs().is_empty() {
        return Err(page.wrong("no script of the words runs"));
    }
    // No script runs in a page that is not there, either.
    let asked = page.exchanges()?;
    match asked.last() {
        Some(last) if last.status == Some(200) => Ok(()),
        _ => Err(page.wrong("the page of the search, with status 200")),
    }
}

fn no_password_in_address(run: &mut Run) -> Verdict {
    let (name, password) = (run.seed().word(), run.seed().word());
    let mut page = run.browser()?;
    page.open("/login")?;
    page.fill("[name=name]", &name)?;
    page.fill("[name=password]", &password)?;
    page.submit("[name=password]")?;
    page.expect_path("/login")?;
    page.expect_text(&name)
}
