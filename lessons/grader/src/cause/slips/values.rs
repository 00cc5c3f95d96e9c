//! Fields of a query or a form that are read as others.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::record::Request;

use super::super::guess::Compared;
use super::Named;

/// The fields that are read for those that came.
pub type Typing = fn(Pairs) -> Pairs;

pub type Pairs = Vec<(String, String)>;

/// The length of a body that is not looked at as a form: that takes time.
const LONG: usize = 4096;

/// A request whose fields, in its query and in the form of its body, are others.
pub fn with_fields(request: &Request, change: impl Fn(Pairs) -> Pairs) -> Option<Request> {
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
pub fn fields_of(wrong: &[Compared]) -> Vec<String> {
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
pub fn in_field(pairs: Pairs, name: &str, change: Typing) -> Pairs {
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
pub const VALUES: &[Named<Typing>] = &[
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

/// Whether one of these slips can be the cause of these wrong answers. Quotes that are written around a
/// value show; that a status is what it would be with two more characters is no sign of them.
pub fn may_be(name: &str, wrong: &[Compared]) -> bool {
    let has_quote = |text: &str| {
        ["\"", "&quot;", "&#34;", "%22"]
            .iter()
            .any(|quote| text.contains(quote))
    };
    let shows_one = |one: &Compared| {
        let answer = one.seen.answer();
        answer.is_some_and(|answer| {
            has_quote(&answer.text()) || answer.fields.iter().any(|(_, value)| has_quote(value))
        })
    };
    name != "values-quoted" || wrong.iter().any(shows_one)
}

pub fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}
