//! Slips: mistakes that can be made in every lesson, so no model names them.
//!
//! A slip is a change of what is read or of what is written. A program that takes white
//! space away from a body answers as the right one would answer the body without; one that
//! forgets a line end gives the right answer, but for the line end. So a slip needs no
//! knobs: the model says what is expected of the other request, or the right expectation is
//! changed. It may be made everywhere, in one step, or for one path alone.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::record::{Act, Answer, Bytes, Expect, Request, Text, What};

use super::guess::Compared;

/// The most wrong answers that are looked at.
const MOST: usize = 12;

/// A change of what is read or written.
#[derive(Clone)]
pub(super) struct Slip {
    pub name: String,
    /// What a teacher says.
    pub says: String,
    scope: Scope,
    change: Change,
}

/// Where it is made.
#[derive(Clone, PartialEq)]
enum Scope {
    Everywhere,
    /// In what the answers of this step are made of.
    Step(u32),
    /// In the answers to this method that must have this status.
    Status(String, u16),
    /// In the answers that must have a status from 400 on.
    Errors,
    /// Where the body is empty, for a method and a path.
    NoBody(String, String),
    /// Where this path is asked for with this method.
    Path(String, String),
}

impl Scope {
    /// Whether an act is in it after which this is right.
    fn covers(&self, act: &Act, due: &Expect) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Step(step) => due.all().first().is_some_and(|first| first.step == *step),
            Self::Status(method, status) => {
                let same_method = act.asked().is_some_and(|asked| asked.method == *method);
                same_method && status_of(due) == Some(*status)
            }
            Self::NoBody(method, path) => act.asked().is_some_and(|asked| {
                let is_empty = asked.body.as_deref().is_none_or(<[u8]>::is_empty);
                is_empty && asked.method == *method && asked.path() == path
            }),
            Self::Errors => status_of(due).is_some_and(|status| status >= 400),
            Self::Path(method, path) => act
                .asked()
                .is_some_and(|asked| asked.method == *method && asked.path() == path),
        }
    }
}

type Reads = dyn Fn(&Request) -> Option<Request>;
type Writes = dyn Fn(&Act, &What) -> Option<What>;

#[derive(Clone)]
enum Change {
    /// The request is read as another one.
    Reads(Rc<Reads>),
    /// Something else is written.
    Writes(Rc<Writes>),
}

impl Slip {
    /// Whether it is made where this is right after an act.
    pub fn concerns(&self, act: &Act, due: &Expect) -> bool {
        self.scope.covers(act, due)
    }

    /// The request as it is read, if it is read as another one.
    pub fn read(&self, request: &Request) -> Option<Request> {
        match &self.change {
            Change::Reads(reads) => reads(request).filter(|read| read != request),
            Change::Writes(_) => None,
        }
    }

    /// What is expected of the answer that is written.
    pub fn written(&self, act: &Act, expect: Expect) -> Expect {
        let Change::Writes(writes) = &self.change else {
            return expect;
        };
        let mut lengths = None;
        let written = expect.map(|right| {
            let Some(what) = writes(act, &right) else {
                return right;
            };
            if let (What::Body(Text::Exactly(old)), What::Body(Text::Exactly(new))) =
                (&right, &what)
            {
                lengths = Some((old.len().to_string(), new.len().to_string()));
            }
            what
        });
        let Some((old, new)) = lengths else {
            return written;
        };
        // Another text has another length.
        let length = |length: &str| What::Field("Content-Length".into(), Some(length.into()));
        written.map(|what| match what == length(&old) {
            true => length(&new),
            false => what,
        })
    }

    /// Whether it is a change of what is written.
    pub fn writes(&self) -> bool {
        matches!(self.change, Change::Writes(_))
    }
}

/// The status that must come.
fn status_of(due: &Expect) -> Option<u16> {
    due.all().iter().find_map(|due| match &due.what {
        What::Status(statuses) => statuses.first().copied(),
        _ => None,
    })
}

/// All slips that could be the cause of these wrong answers: those that are made
/// everywhere, those in one step, those for one path, and answers of their own.
pub(super) fn slips(wrong: &[Compared]) -> [Vec<Slip>; 4] {
    let mut scopes = vec![Scope::Everywhere];
    for one in wrong.iter().take(MOST) {
        let steps = one.due.all().first().map(|first| Scope::Step(first.step));
        let errors = status_of(one.due).filter(|status| *status >= 400);
        let mut found = Vec::from_iter(steps.into_iter().chain(errors.map(|_| Scope::Errors)));
        if let Some(asked) = one.act.asked() {
            let (method, path) = (asked.method.clone(), asked.path().to_string());
            let status = status_of(one.due);
            found.extend(status.map(|status| Scope::Status(method.clone(), status)));
            if asked.body.as_deref().is_some_and(<[u8]>::is_empty) {
                found.push(Scope::NoBody(method.clone(), path.clone()));
            }
            found.push(Scope::Path(method, path));
        }
        for scope in found {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    // A path of its own for each wrong answer is no place where anything is made.
    scopes.truncate(12);
    let mut slips = Vec::new();
    let mut add = |name: &str, says: &str, change: Change| {
        slips.extend(scopes.iter().map(|scope| Slip {
            name: name.into(),
            says: says.into(),
            scope: scope.clone(),
            change: change.clone(),
        }));
    };
    for &(name, says, changes) in READS {
        for &change in changes {
            add(name, says, Change::Reads(Rc::new(change)));
        }
    }
    for &(name, says, changes) in VALUES {
        for &change in changes {
            let change = move |request: &Request| with_fields(request, change);
            add(name, says, Change::Reads(Rc::new(change)));
        }
    }
    for &(name, says, changes) in TEXTS {
        for &change in changes {
            let change = move |_: &Act, what: &What| with_text(what, change);
            add(name, says, Change::Writes(Rc::new(change)));
        }
    }
    for one in wrong.iter().take(MOST) {
        for (name, says, writes) in came(one) {
            add(name, &says, Change::Writes(writes));
        }
    }
    // A value may be read otherwise in one field alone, wherever it comes.
    for field in fields_of(wrong) {
        for &(name, says, changes) in VALUES {
            for &change in changes {
                let field = field.clone();
                let change = move |request: &Request| {
                    with_fields(request, |pairs| in_field(pairs, &field, change))
                };
                slips.push(Slip {
                    name: name.into(),
                    says: says.into(),
                    scope: Scope::Everywhere,
                    change: Change::Reads(Rc::new(change)),
                });
            }
        }
    }
    // An answer of its own is the least that can be said: where it is given.
    for scope in &scopes {
        let first = wrong.iter().find(|one| scope.covers(one.act, one.due));
        if let Some((says, answer)) = says_where(scope).zip(first.and_then(|one| one.seen.answer()))
        {
            slips.push(own_answer(scope.clone(), says, answer.clone()));
        }
    }
    let mut sorted = [const { Vec::new() }; 4];
    for slip in slips {
        let width = match slip.scope {
            Scope::Everywhere => 0,
            _ if slip.name == OWN_ANSWER => 3,
            Scope::Step(_) | Scope::Status(..) | Scope::Errors => 1,
            Scope::NoBody(..) | Scope::Path(..) => 2,
        };
        sorted[width].push(slip);
    }
    sorted
}

// What is read.

/// A name, what a teacher says, and the changes in which students make this slip.
type Named<F> = (&'static str, &'static str, &'static [F]);

/// The request that is read for one.
type Reading = fn(&Request) -> Option<Request>;

/// The fields that are read for those that came.
type Typing = fn(Pairs) -> Pairs;

/// The text that is written for the right one.
type Writing = fn(&[u8]) -> Vec<u8>;

/// A request whose target is another one.
fn with_target(request: &Request, target: String) -> Option<Request> {
    Some(Request {
        target,
        ..request.clone()
    })
}

/// A request whose path is another one; the query stays.
fn with_path(request: &Request, path: &str) -> Option<Request> {
    let path = if path.is_empty() { "/" } else { path };
    let query = &request.target[request.path().len()..];
    with_target(request, format!("{path}{query}"))
}

/// A request whose body is another one.
fn with_body(request: &Request, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Request> {
    let body = request.body.as_ref()?;
    Some(Request {
        body: Some(change(body).into()),
        ..request.clone()
    })
}

/// The same, if the body is a text.
fn with_body_text(request: &Request, change: impl Fn(&str) -> String) -> Option<Request> {
    let text = str::from_utf8(request.body.as_deref()?).ok()?;
    with_body(request, |_| change(text).into_bytes())
}

/// Requests that are read as others.
#[rustfmt::skip]
const READS: &[Named<Reading>] = &[
    ("path-letters", "You make no difference between capital and small letters in a path. To the web, /About and /about are two paths.",
        &[|asked| with_path(asked, &asked.path().to_lowercase())]),
    ("path-end-slash", "You take a slash at the end of a path away, so that /about/ is answered as /about. To the web, these are two paths.", &[
        |asked| with_path(asked, asked.path().trim_end_matches('/')),
        |asked| with_path(asked, asked.path().strip_suffix('/')?),
    ]),
    ("path-slashes", "You make one slash of several in a row. Each of them is a part of the path.",
        &[|asked| with_path(asked, &one_slash(asked.path()))]),
    ("path-beginning", "You look only at the first part of a path, so that /about/x is answered as /about. Compare the whole path.",
        &[|asked| with_path(asked, &format!("/{}", asked.path()[1..].split('/').next()?))]),
    ("path-end", "You look only at the last part of a path, so that /x/about is answered as /about. Compare the whole path.",
        &[|asked| with_path(asked, &format!("/{}", asked.path().rsplit('/').next()?))]),
    ("path-extension", "You take .html at the end of a path away. To the web, /about.html and /about are two paths.",
        &[|asked| with_path(asked, asked.path().strip_suffix(".html")?)]),
    ("index-html", "You answer /index.html as you answer /. To the web, these are two paths, and the text names only one of them.",
        &[|asked| with_path(asked, asked.path().strip_suffix("index.html")?)]),
    ("query-in-path", "You take the query, from the ? on, for a part of the path. request.path() comes without it.", &[
        |asked| with_target(asked, format!("{}-", asked.target.split_once('?')?.0)),
        |asked| (!asked.query().is_empty()).then(|| with_target(asked, format!("{}-", asked.path())))?,
    ]),
    ("empty-query", "You take a ? with nothing behind it for a part of the path. A query may be empty; request.path() comes without it.",
        &[|asked| with_path(asked, &format!("{}-", asked.target.strip_suffix('?')?))]),
    ("last-question-mark", "You split the address at its last ?. The query begins at the first one, and may have more of them.",
        &[|asked| (asked.query().contains('?')).then(|| with_target(asked, format!("{}-?{}", asked.path(), asked.target.rsplit('?').next()?)))?]),
    ("query-unread", "You do not look at the query.",
        &[|asked| with_target(asked, asked.path().into())]),
    ("query-decoded-first", "You decode the query before you split it. Then a %26 in a value looks like the & between two fields: split first, then decode each part.",
        &[|asked| with_target(asked, format!("{}?{}", asked.path(), decoded(asked.query())))]),
    ("body-trimmed", "You take white space away at an end of the body. It is a part of the body, too: take the body as it comes.", &[
        |asked| with_body_text(asked, |text| text.trim().into()),
        |asked| with_body_text(asked, |text| text.trim_end().into()),
        |asked| with_body_text(asked, |text| text.trim_start().into()),
        |asked| with_body(asked, |bytes| bytes.trim_ascii().into()),
        |asked| with_body(asked, |bytes| bytes.trim_ascii_end().into()),
    ]),
    ("body-line-end", "You take a line end at the end of the body away. It is a part of the body, too.", &[
        |asked| with_body_text(asked, |text| text.strip_suffix('\n').unwrap_or(text).into()),
        |asked| with_body_text(asked, |text| text.trim_end_matches(['\r', '\n']).into()),
    ]),
    ("body-line-ends", "You change the line ends in the body: CR LF (\\r\\n) is two characters, and both of them count.",
        &[|asked| with_body_text(asked, |text| text.replace("\r\n", "\n"))]),
    ("body-first-line", "You read only the first line of the body. It goes on behind a line end.",
        &[|asked| with_body_text(asked, |text| text.split_inclusive('\n').next().unwrap_or_default().into())]),
    ("body-lossy", "You make the body a text before you look at its bytes, so what is not UTF-8 becomes the sign \u{fffd}. Take the bytes as they come.",
        &[|asked| with_body(asked, |bytes| String::from_utf8_lossy(bytes).into_owned().into_bytes())]),
    ("body-latin-1", "You take each byte of the body for a character. A character in UTF-8 may have several bytes.",
        &[|asked| with_body(asked, |bytes| bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())]),
    ("body-letters", "You change the letters of the body to small or to capital ones. Take the body as it comes.", &[
        |asked| with_body_text(asked, str::to_lowercase),
        |asked| with_body_text(asked, str::to_uppercase),
    ]),
    ("get-as-post", "You answer GET as you answer POST. They are two methods: a GET only asks.",
        &[|asked| (asked.method == "GET").then(|| Request { method: "POST".into(), body: Some(asked.query().into()), ..asked.clone() })]),
    ("post-as-get", "You answer POST as you answer GET. They are two methods: a POST brings something.",
        &[|asked| (asked.method == "POST").then(|| Request { method: "GET".into(), body: None, ..asked.clone() })]),
    ("method-unread", "You do not look at the method: PUT is answered as POST.",
        &[|asked| (asked.method == "PUT").then(|| Request { method: "POST".into(), ..asked.clone() })]),
    ("query-for-body", "You look for the fields in the query. A form that is sent by POST has them in its body.",
        &[|asked| with_body(asked, |_| asked.query().into())]),
    ("query-and-body", "You take fields of the query as well. A form that is sent by POST has its fields in the body, and only there.", &[
        |asked| with_body(asked, |body| [body, b"&", asked.query().as_bytes()].concat()),
        |asked| with_body(asked, |body| [asked.query().as_bytes(), b"&", body].concat()),
    ]),
];

fn one_slash(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let end = if path.ends_with('/') && path.len() > 1 {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", parts.collect::<Vec<_>>().join("/"))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

type Pairs = Vec<(String, String)>;

/// The length of a body that is not looked at as a form: that takes time.
const LONG: usize = 4096;

/// A request whose fields, in its query and in the form of its body, are others.
fn with_fields(request: &Request, change: impl Fn(Pairs) -> Pairs) -> Option<Request> {
    let changed = |form: &[u8]| {
        let pairs: Pairs = form_urlencoded::parse(form).into_owned().collect();
        let new = change(pairs.clone());
        (new != pairs).then(|| {
            let pairs = new.iter().map(|(name, value)| (&**name, &**value));
            crate::record::encode_form(&pairs.collect::<Vec<_>>())
        })
    };
    let query = changed(request.query().as_bytes());
    let body = request.body.as_deref().filter(|body| body.len() < LONG);
    let body = body.and_then(changed);
    if query.is_none() && body.is_none() {
        return None;
    }
    let mut read = request.clone();
    if let Some(query) = query {
        read.target = format!("{}?{query}", request.path());
    }
    if let Some(body) = body {
        read.body = Some(body.into());
    }
    Some(read)
}

/// The most fields that are looked at alone.
const MOST_FIELDS: usize = 4;

/// The names of the fields that came where an answer is wrong, those that came most often.
fn fields_of(wrong: &[Compared]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for asked in wrong.iter().filter_map(|one| one.act.asked()) {
        let body = asked.body.as_deref().filter(|body| body.len() < LONG);
        let body = form_urlencoded::parse(body.unwrap_or_default());
        let all = form_urlencoded::parse(asked.query().as_bytes()).chain(body);
        for (name, _) in all {
            *counts.entry(name.into_owned()).or_default() += 1;
        }
    }
    let mut names = Vec::from_iter(counts);
    names.sort_by_key(|(_, count)| Reverse(*count));
    let most = names.into_iter().take(MOST_FIELDS);
    most.map(|(name, _)| name).collect()
}

/// Changes the fields of this name alone, where they stand.
fn in_field(pairs: Pairs, name: &str, change: Typing) -> Pairs {
    let own = pairs.iter().filter(|(known, _)| known == name).cloned();
    let changed: Pairs = change(own.collect());
    let mut changed = changed.into_iter();
    let put = |pair: (String, String)| match pair.0 == name {
        true => changed.next(),
        false => Some(pair),
    };
    pairs.into_iter().filter_map(put).collect()
}

/// Changes each value.
fn each(pairs: Pairs, change: impl Fn(&str) -> String) -> Pairs {
    let changed = |(name, value): (String, String)| (name, change(&value));
    pairs.into_iter().map(changed).collect()
}

/// Fields that are read as others.
#[rustfmt::skip]
const VALUES: &[Named<Typing>] = &[
    ("values-trimmed", "You take white space away at an end of a value. It was typed, too: take the value as it comes.", &[
        |pairs| each(pairs, |value| value.trim().into()),
        |pairs| each(pairs, |value| value.trim_end().into()),
    ]),
    ("values-folded", "You make one space of all the white space between words. It must come back as it was typed.",
        &[|pairs| each(pairs, |value| value.split_whitespace().collect::<Vec<_>>().join(" "))]),
    ("values-quoted", "You write a value with {:?}, which puts quotes around it and a \\ before some signs. {} writes it as it is.", &[
        |pairs| each(pairs, |value| format!("{value:?}")),
        |pairs| each(pairs, |value| format!("\"{}\"", value.replace('\\', "\\\\"))),
    ]),
    ("values-letters", "You change the letters of a value to small or to capital ones. It must come back as it was typed.", &[
        |pairs| each(pairs, str::to_lowercase),
        |pairs| each(pairs, str::to_uppercase),
    ]),
    ("plus-twice", "You make spaces of + signs in values that are decoded already. A + that is left there was typed.",
        &[|pairs| each(pairs, |value| value.replace('+', " "))]),
    ("values-decoded-twice", "You decode a value twice. What stands in it after the first time was typed so.",
        &[|pairs| each(pairs, |value| decoded(value).into())]),
    ("values-first-line", "You take only the first line of a value. It goes on behind a line end.",
        &[|pairs| each(pairs, |value| value.lines().next().unwrap_or_default().into())]),
    ("values-line-ends", "You change the line ends in a value.",
        &[|pairs| each(pairs, |value| value.replace("\r\n", "\n"))]),
    ("values-one-line", "You make spaces of the line ends in a value.",
        &[|pairs| each(pairs, |value| value.replace("\r\n", " ").replace('\n', " "))]),
    ("values-ascii", "You drop characters of a value that are not English (ASCII). Every character counts.",
        &[|pairs| each(pairs, |value| value.chars().filter(char::is_ascii).collect())]),
    ("values-signs", "You take < and > out of a value. What was typed must come back: escape it, and remove nothing.",
        &[|pairs| each(pairs, |value| value.replace(['<', '>'], ""))]),
    ("values-quotes", "You take quotes out of a value. What was typed must come back: escape it, and remove nothing.",
        &[|pairs| each(pairs, |value| value.replace('"', ""))]),
    ("values-unescaped", "Who types &lt; sees < instead of these four characters. Escape each & of a value, whatever stands behind it, and decode nothing.",
        &[|pairs| each(pairs, |value| value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))]),
    ("value-to-equals", "You take a value only up to an = in it. The first = of a field ends its name; all behind it is the value.",
        &[|pairs| each(pairs, |value| value.split('=').next().unwrap_or_default().into())]),
    ("last-of-its-name", "If a field comes twice, you take the last one. The first one counts.",
        &[|pairs| pairs.into_iter().rev().collect()]),
    ("empty-as-missing", "You take a field with an empty value for one that did not come.",
        &[|pairs| pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()]),
    ("names-letters", "You make no difference between capital and small letters in the name of a field. Names are compared letter by letter.",
        &[|pairs| pairs.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()]),
    ("names-trimmed", "You take white space away around the name of a field. Names are compared letter by letter.",
        &[|pairs| pairs.into_iter().map(|(name, value)| (name.trim().into(), value)).collect()]),
];

// What is written.

/// Texts that are written in another way.
#[rustfmt::skip]
const TEXTS: &[Named<Writing>] = &[
    ("no-line-end", "The text is right, but for the line end (\\n) behind it, which is missing.",
        &[|text| without_line_end(text).into()]),
    ("line-end-twice", "The text is right, but for one more line end behind it.",
        &[|text| [text, b"\n"].concat()]),
    ("line-end-cr", "The text is right, but for its line end, which is \\r\\n. The text asks for \\n alone.",
        &[|text| changed(text, |text| text.replace('\n', "\r\n"))]),
    ("space-at-end", "The text is right, but for a space at its end.",
        &[|text| [without_line_end(text), b" ", &text[without_line_end(text).len()..]].concat()]),
    ("quoted", "The text is right, but for the quotes around it, which {:?} writes. {} writes the text alone.",
        &[|text| changed(text, |text| text.strip_suffix('\n').map_or(format!("{text:?}"), |line| format!("{line:?}\n")))]),
    ("escaped", "The text is escaped as for a page in HTML. But it is plain text, in which a & is a &: escape only what you put into a page.", &[
        |text| changed(text, |text| escaped(text).replace("&#x27;", "'")),
        |text| changed(text, escaped),
        |text| changed(text, |text| escaped(text).replace("&#x27;", "&#39;")),
    ]),
    ("no-text", "There is no text at all in the answer. Look whether .send is given the text.",
        &[|_| Vec::new()]),
    ("text-letters", "The text has small letters where it must have capital ones, or the other way round. Compare it letter by letter.", &[
        |text| changed(text, str::to_lowercase),
        |text| changed(text, str::to_uppercase),
    ]),
];

/// The text with another one in its place; bytes that are no text stay.
fn changed(text: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    str::from_utf8(text).map_or_else(|_| text.into(), |text| change(text).into_bytes())
}

fn escaped(text: &str) -> String {
    let signs = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#x27;"),
    ];
    let escape = |text: String, (sign, escape): (char, &str)| text.replace(sign, escape);
    signs.into_iter().fold(text.to_string(), escape)
}

/// What is expected of a text, with another text.
fn with_text(what: &What, change: Writing) -> Option<What> {
    let exactly = |text: &Text| match text {
        Text::Exactly(due) => Some(Text::Exactly(change(due).into())),
        _ => None,
    };
    match what {
        What::Body(text) => exactly(text).map(What::Body),
        What::Stdout(text) => exactly(text).map(What::Stdout),
        _ => None,
    }
}

/// The constants in which a wrong answer differs from the right one, each as a slip.
fn came(one: &Compared) -> Vec<(&'static str, String, Rc<Writes>)> {
    let mut all: Vec<(&'static str, String, Rc<Writes>)> = Vec::new();
    let Some(answer) = one.seen.answer() else {
        return all;
    };
    let differing = one.due.all().iter().filter(|due| !due.what.holds(one.seen));
    for due in differing.map(|due| due.what.clone()) {
        let instead = |what: What| -> Rc<Writes> {
            let due = due.clone();
            Rc::new(move |_, other| (*other == due).then(|| what.clone()))
        };
        match &due {
            What::Status(statuses) => {
                let (status, right) = (answer.status, statuses[0]);
                let says = format!(
                    "All is right but the status: it is {status} where it must be {right}."
                );
                all.push(("other-status", says, instead(What::Status(vec![status]))));
            }
            What::Field(name, right) => {
                let came = answer.field(name).map(str::to_string);
                let (says, slip) = match (&came, right) {
                    (None, _) => (format!("All is right, but {name} is missing."), "no-field"),
                    (Some(came), None) => (
                        format!("All is right, but {name} ({came}) must not be there."),
                        "other-field",
                    ),
                    (Some(came), Some(right)) => (
                        format!("All is right but {name}: it is {came:?}, and must be {right:?}."),
                        "other-field",
                    ),
                };
                let what = What::Field(name.clone(), came);
                all.push((slip, says, instead(what)));
            }
            What::Body(Text::Exactly(right)) => {
                let path = one.act.asked().map_or("", Request::path).to_string();
                if let Some((before, behind)) = around(&answer.body, right, &path) {
                    let says = match (&*before, behind.trim_end_matches('\n')) {
                        (before, "") => format!("The right text has {before:?} before it."),
                        ("", behind) => format!("The right text has {behind:?} behind it."),
                        (before, behind) => format!(
                            "The right text has {before:?} before it and {behind:?} behind it."
                        ),
                    };
                    let says = says.replace(r"\0", "PATH");
                    let writes: Rc<Writes> = Rc::new(move |act, what| match what {
                        What::Body(Text::Exactly(right)) => {
                            let path = act.asked().map_or("", Request::path);
                            let put = |text: &str| text.replace(THE_PATH, path).into_bytes();
                            let core = without_line_end(right);
                            let body = [&*put(&before), core, &*put(&behind)].concat();
                            Some(What::Body(Text::Exactly(Bytes(body))))
                        }
                        _ => None,
                    });
                    all.push(("more-text", says, writes));
                }
                let what = What::Body(Text::Exactly(answer.body.clone()));
                let says = match (answer.text(), right.text()) {
                    (came, right) if came.len().max(right.len()) < 60 => {
                        format!("All is right but the text: it is {came:?}, and must be {right:?}.")
                    }
                    _ => "All is right but the text. Compare it letter by letter.".into(),
                };
                all.push(("other-text", says, instead(what)));
            }
            _ => {}
        }
    }
    all
}

/// The name of the slip that all that is wrong is one answer, always the same.
const OWN_ANSWER: &str = "one-answer";

fn says_where(scope: &Scope) -> Option<String> {
    let asked = match scope {
        Scope::Path(method, path) => format!("{method} {path}"),
        Scope::NoBody(method, path) => format!("{method} {path} with an empty body"),
        Scope::Status(method, status) => format!("each {method} that must be answered {status}"),
        Scope::Everywhere | Scope::Step(_) | Scope::Errors => return None,
    };
    Some(format!(
        "Only the answer to {asked} is wrong, and it is always the same one. Look where your \
         program makes it."
    ))
}

/// All that is wrong is the answer here, which is always this one.
fn own_answer(scope: Scope, says: String, answer: Answer) -> Slip {
    let writes = move |_: &Act, what: &What| {
        Some(match what {
            What::Status(_) => What::Status(vec![answer.status]),
            What::Field(name, _) | What::OwnField(name) => {
                What::Field(name.clone(), answer.field(name).map(str::to_string))
            }
            What::Body(_) => What::Body(Text::Exactly(answer.body.clone())),
            _ => return None,
        })
    };
    Slip {
        name: OWN_ANSWER.into(),
        says,
        scope,
        change: Change::Writes(Rc::new(writes)),
    }
}

/// Stands for the path that was asked for.
const THE_PATH: &str = "\u{0}";

/// What stands before and behind the right text, without its line end, in the one that
/// came.
fn around(came: &[u8], right: &[u8], path: &str) -> Option<(String, String)> {
    let came = str::from_utf8(came).ok()?;
    let right = str::from_utf8(without_line_end(right)).ok()?;
    let (before, behind) = came.split_once(right).filter(|_| !right.is_empty())?;
    if before.is_empty() && behind.trim_end_matches('\n').is_empty() {
        return None;
    }
    let marked = |text: &str| match path {
        "" | "/" => text.to_string(),
        path => text.replace(path, THE_PATH),
    };
    Some((marked(before), marked(behind)))
}

fn without_line_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{get, post};

    /// What a slip of this name makes of a request.
    fn read(name: &str, act: Act) -> Vec<Request> {
        let request = act.asked().expect("a request");
        let [everywhere, ..] = slips(&[]);
        let named = everywhere.iter().filter(|slip| slip.name == name);
        named.filter_map(|slip| slip.read(request)).collect()
    }

    fn targets(name: &str, target: &str) -> Vec<String> {
        let read = read(name, get(target)).into_iter();
        read.map(|request| request.target).collect()
    }

    #[test]
    fn paths_and_queries_are_read_as_others() {
        assert_eq!(targets("path-letters", "/About?X=1"), ["/about?X=1"]);
        assert_eq!(targets("path-end-slash", "/about//"), ["/about", "/about/"]);
        assert_eq!(targets("path-end-slash", "/"), [""; 0]);
        assert_eq!(targets("path-beginning", "/about/x"), ["/about"]);
        assert_eq!(targets("index-html", "/index.html?a"), ["/?a"]);
        assert_eq!(targets("empty-query", "/about?"), ["/about-?"]);
        assert_eq!(targets("last-question-mark", "/?a=b?c"), ["/-?c"]);
        assert_eq!(targets("plus-twice", "/?a=1%2B1+1"), ["/?a=1+1+1"]);
        assert_eq!(targets("values-letters", "/?a=%C3%84"), ["/?a=%C3%A4"]);
    }

    #[test]
    fn bodies_are_read_as_others() {
        let bodies = |name: &str, body: &[u8]| -> Vec<String> {
            let read = read(name, post("/").body(body)).into_iter();
            read.map(|request| request.text().into_owned()).collect()
        };
        assert_eq!(bodies("body-line-ends", b"a\r\nb\n"), ["a\nb\n"]);
        assert_eq!(bodies("body-lossy", b"a\xff"), ["a\u{fffd}"]);
        assert_eq!(bodies("last-of-its-name", b"a=1&a=2"), ["a=2&a=1"]);
        assert_eq!(bodies("body-trimmed", b"plain"), [""; 0]);
    }

    /// A student who meets a name again reads the same.
    #[test]
    fn of_each_name_one_thing_is_said() {
        let mut said = BTreeMap::new();
        for slip in slips(&[]).into_iter().flatten() {
            let first = said.entry(slip.name).or_insert_with(|| slip.says.clone());
            assert_eq!(*first, slip.says);
        }
    }

    #[test]
    fn what_stands_around_a_text_is_found() {
        let around = |came: &str, path| around(came.as_bytes(), b"Not found\n", path);
        let found = |before: &str, behind: &str| Some((before.into(), behind.into()));
        assert_eq!(around("Not found: /x\n", "/x"), found("", ": \0\n"));
        assert_eq!(around("Error. Not found\n", "/x"), found("Error. ", "\n"));
        assert_eq!(around("Not found", "/x"), None);
        assert_eq!(around("Nothing\n", "/x"), None);
    }
}
