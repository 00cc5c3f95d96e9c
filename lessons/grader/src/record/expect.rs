//! What must be true of what is seen after an act.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Act, Bytes, CookieValue, Request};

/// What must be true after an act, each thing with the step that it belongs to. A model
/// says it, with the methods here:
///
/// ```
/// use grader::Expect;
///
/// Expect::step(1)
///     .status(200)
///     .field("Content-Type", "text/html; charset=utf-8")
///     .then(2)
///     .shows("two words");
/// ```
///
/// What is expected is judged in this order; the first thing that is not true is reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    step: u32,
    all: Vec<Expected>,
}

/// One thing that must be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The step that it belongs to.
    pub step: u32,
    /// What must be true.
    pub what: What,
}

/// What must be true of an answer, or of the end of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// The server that was started serves.
    Serves,
    /// The status is one of these.
    Status(Vec<u16>),
    /// This field of the head is there once, with this value; or it is not there.
    Field(String, Option<String>),
    /// This field of the head is there once, with one of these values.
    FieldIn(String, Vec<String>),
    /// This field of the head is there more than once, with these values: a mistake, whatever
    /// they are.
    FieldTwice(String, Vec<String>),
    /// The program itself sends this field: http-core has not added it.
    OwnField(String),
    /// Of the cookie of this name, the answer says this.
    Cookie(String, CookieValue),
    /// The cookie of this name is set with this attribute and this value (an empty one if the
    /// attribute has none), in any order and any case; or it is set without it.
    CookieAttribute(String, String, Option<String>),
    /// The body.
    Body(Text),
    /// The exit code is one of these.
    Code(Vec<i32>),
    /// Standard output.
    Stdout(Text),
    /// Standard error.
    Stderr(Text),
    /// The program prints this nowhere, neither as it is nor as a form encodes it. (This is
    /// judged when all acts are played.)
    Unprinted(String),
    /// The time until the answer, or until the end of the program, lies in this range.
    Took(Range<Duration>),
    /// The service was asked for just this, in this order. Fields and bodies count if they
    /// are there; the fields of a query may come in any order, and be encoded in any way.
    Asked(Vec<Request>),
}

/// What must be true of a text. *Shows* and *hides* speak of what a reader sees: of a page,
/// tags are left out and escapes decoded, however they are written, and white space is one
/// space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Text {
    /// It is exactly this, byte for byte.
    Exactly(Bytes),
    /// This stands in it, letter by letter.
    Has(String),
    /// This does not stand in it.
    Lacks(String),
    /// A reader sees this in it.
    Shows(String),
    /// A reader sees this in it, with each of its spaces.
    ShowsSpaced(String),
    /// A reader does not see this in it.
    Hides(String),
    /// A reader does not see one of the end tags that a page is laid out with.
    HidesOwnTags,
    /// Whether one of its tags has an attribute of this name.
    HasAttribute(String, bool),
    /// A reader sees one of these words in it, in capital letters or small ones.
    Names(Vec<String>),
    /// A reader sees these lines in it, one below the other. Where the page's style shows its
    /// line ends, there is one between two of them, and no tag for a line break as well.
    ShowsLines(Vec<String>),
    /// These lines are one text: what stands between two of them does not also part them from
    /// one of the others, unless it is nothing but line ends.
    InOnePiece {
        /// The lines of the text.
        lines: Vec<String>,
        /// Texts of their own.
        others: Vec<String>,
    },
    /// A reader sees this number in it, and not only as a part of a longer one.
    ShowsNumber(u64),
    /// A reader sees these in it, one behind the other.
    ShowsInOrder(Vec<String>),
    /// A reader sees each of these in it, in any order, just as often as it is named here.
    ShowsEach(Vec<String>),
    /// It is JSON with this value. White space, the order of an object's fields, and the ways in
    /// which a letter can be written make no difference.
    Json(String),
    /// It is a JSON object, in which this field is a text with something in it.
    JsonText(String),
    /// It has this tag with these attributes, among others.
    HasTag(String, Vec<(String, String)>),
    /// It has a form that is sent like this, with this field, if one is named.
    HasForm {
        /// The method, in small letters.
        method: String,
        /// The path to which it is sent. A form that does not say where is sent to the page's
        /// own address: that counts, too.
        action: String,
        /// The name of a field: an `input`, a `textarea`, whatever.
        field: Option<String>,
        /// Whether nothing in it sends it, neither a button nor Enter.
        #[serde(default)]
        cannot_be_sent: bool,
    },
}

impl Expect {
    /// Nothing so far; what follows belongs to this step.
    pub fn step(step: u32) -> Self {
        let all = Vec::new();
        Self { step, all }
    }

    /// What follows belongs to this step.
    pub fn then(mut self, step: u32) -> Self {
        self.step = step;
        self
    }

    /// All that is expected, in order.
    pub fn all(&self) -> &[Expected] {
        &self.all
    }

    /// The same, with other things in the place of these.
    pub(crate) fn map(mut self, mut change: impl FnMut(What) -> What) -> Self {
        let changed = |Expected { step, what }| Expected {
            step,
            what: change(what),
        };
        self.all = self.all.into_iter().map(changed).collect();
        self
    }

    /// What is left of it.
    pub(crate) fn retain(mut self, keep: impl FnMut(&Expected) -> bool) -> Self {
        self.all.retain(keep);
        self.step = self.all.last().map_or(0, |last| last.step);
        self
    }

    /// Adds a thing that must be true.
    pub fn what(mut self, what: What) -> Self {
        let step = self.step;
        self.all.push(Expected { step, what });
        self
    }

    /// The server that was started serves, and does not end.
    pub fn serves(self) -> Self {
        self.what(What::Serves)
    }

    /// The status.
    pub fn status(self, status: u16) -> Self {
        self.status_in(&[status])
    }

    /// The status is one of these: where the text leaves a choice.
    pub fn status_in(self, statuses: &[u16]) -> Self {
        self.what(What::Status(statuses.into()))
    }

    /// A field of the head with this value; with `None`, it must not be there. In a
    /// Content-Type, capital letters, quotes and spaces make no difference; in Allow and
    /// Cache-Control, the order makes none; a Location may have the address of the server before its path.
    /// White space around a value is no part of it (RFC 9110, section 5.5).
    pub fn field<'a>(self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        let value = value
            .into()
            .map(|value| value.trim_matches([' ', '\t']).into());
        self.what(What::Field(name.into(), value))
    }

    /// A field of the head with one of these values: where the text leaves a choice.
    pub fn field_in(self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(ToString::to_string).collect();
        self.what(What::FieldIn(name.into(), values))
    }

    /// The program itself sends this field: it comes before those that http-core adds.
    pub fn own_field(self, name: &str) -> Self {
        self.what(What::OwnField(name.into()))
    }

    /// The browser is to keep this text in the cookie of this name, percent-encoded.
    pub fn cookie(self, name: &str, text: impl Into<String>) -> Self {
        self.what(What::Cookie(name.into(), CookieValue::Text(text.into())))
    }

    /// Of the cookie of this name, the answer says this: where [`cookie`](Self::cookie) says too
    /// much.
    pub fn cookie_is(self, name: &str, kept: CookieValue) -> Self {
        self.what(What::Cookie(name.into(), kept))
    }

    /// The browser is to forget the cookie of this name: `Max-Age=0`, or `Expires` in the past.
    /// (It does so only if the cookie's `Path` is the same. Say that, too.)
    pub fn forgets_cookie(self, name: &str) -> Self {
        self.cookie_is(name, CookieValue::Forgotten)
    }

    /// The answer does not set the cookie of this name.
    pub fn sets_no_cookie(self, name: &str) -> Self {
        self.cookie_is(name, CookieValue::Unset)
    }

    /// The cookie of this name is set with this attribute: with a value, such as that of `Path`, or
    /// with an empty one, as `HttpOnly`. With `None`, it must not be there. Attributes may come in any
    /// order; capital letters make no difference in their names, nor in the value of `SameSite`.
    pub fn cookie_attribute<'a>(
        self,
        cookie: &str,
        name: &str,
        value: impl Into<Option<&'a str>>,
    ) -> Self {
        let value = value.into().map(str::to_string);
        self.what(What::CookieAttribute(cookie.into(), name.into(), value))
    }

    /// The body, byte for byte.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.what(What::Body(Text::Exactly(body.into())))
    }

    /// This stands in the body, letter by letter.
    pub fn body_has(self, text: impl Into<String>) -> Self {
        self.what(What::Body(Text::Has(text.into())))
    }

    /// This does not stand in the body.
    pub fn body_lacks(self, text: impl Into<String>) -> Self {
        self.what(What::Body(Text::Lacks(text.into())))
    }

    /// A reader of the page sees this text, whatever is around it.
    pub fn shows(self, text: impl Into<String>) -> Self {
        self.what(What::Body(Text::Shows(text.into())))
    }

    /// A reader of the page sees these texts, one behind the other.
    pub fn shows_in_order<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        self.what(What::Body(Text::ShowsInOrder(texts)))
    }

    /// A reader of the page sees each of these texts, in any order, and each one just as often
    /// as it is named here. (What is a part of another text counts there as well. So the
    /// texts must be such that the page has none of them on its own account.)
    pub fn shows_each<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().map(Into::into).collect();
        self.what(What::Body(Text::ShowsEach(texts)))
    }

    /// A reader of the page sees this text with each of its spaces, if the page's style does
    /// not fold them. However they are written: `&nbsp;` is a space, too.
    pub fn shows_spaced(self, text: impl Into<String>) -> Self {
        self.what(What::Body(Text::ShowsSpaced(text.into())))
    }

    /// A reader of the page sees one of these words, in capital letters or small ones.
    pub fn names(self, words: &[&str]) -> Self {
        let words = words.iter().map(ToString::to_string).collect();
        self.what(What::Body(Text::Names(words)))
    }

    /// A reader of the page sees these lines, one below the other, with none between them: they
    /// are not parted by a tag for a line break and by a line end that is shown, too. (If the first
    /// one is empty, or the last, this is about that one.)
    pub fn shows_lines<T: Into<String>>(self, lines: impl IntoIterator<Item = T>) -> Self {
        let lines = lines.into_iter().map(Into::into).collect();
        self.what(What::Body(Text::ShowsLines(lines)))
    }

    /// A reader of the page can tell that these lines are one text: they are not parted from
    /// each other as they are from one of these others. (All of them are such that nobody need
    /// escape anything in them.)
    pub fn in_one_piece(self, lines: &[&str], others: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let (lines, others) = (owned(lines), owned(others));
        self.what(What::Body(Text::InOnePiece { lines, others }))
    }

    /// A reader of the page sees this number.
    pub fn shows_number(self, number: usize) -> Self {
        self.what(What::Body(Text::ShowsNumber(number as u64)))
    }

    /// A reader of the page does not see this text.
    pub fn hides(self, text: impl Into<String>) -> Self {
        self.what(What::Body(Text::Hides(text.into())))
    }

    /// A reader of the page does not see its own tags. (A page may speak of tags: a reader may see
    /// those of a few letters or words, such as `</b>`.)
    pub fn hides_own_tags(self) -> Self {
        self.what(What::Body(Text::HidesOwnTags))
    }

    /// A tag of the page has an attribute of this name, in small letters.
    pub fn has_attribute(self, name: impl Into<String>) -> Self {
        self.what(What::Body(Text::HasAttribute(name.into(), true)))
    }

    /// No tag of the page has an attribute of this name, in small letters.
    pub fn lacks_attribute(self, name: impl Into<String>) -> Self {
        self.what(What::Body(Text::HasAttribute(name.into(), false)))
    }

    /// The body is JSON with this value, however it is written.
    ///
    /// ```
    /// # use grader::Expect;
    /// Expect::step(1).json(r#"{"id": 7, "text": "\u306d\u3053"}"#);
    /// ```
    pub fn json(self, value: impl Into<String>) -> Self {
        self.what(What::Body(Text::Json(value.into())))
    }

    /// The body is a JSON object with a field of this name, which is a text; its words are free.
    pub fn json_text(self, field: impl Into<String>) -> Self {
        self.what(What::Body(Text::JsonText(field.into())))
    }

    /// The page has this tag with these attributes.
    pub fn has_tag(self, name: &str, attributes: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.into(), value.into());
        let attributes = attributes.iter().map(owned).collect();
        self.what(What::Body(Text::HasTag(name.into(), attributes)))
    }

    /// The page has a form that is sent by this method (in small letters) to this path, or, if
    /// it does not say where, to the page's own; with a field of this name, if one is given.
    pub fn has_form<'a>(
        self,
        method: &str,
        action: &str,
        field: impl Into<Option<&'a str>>,
    ) -> Self {
        self.form(method, action, field.into(), false)
    }

    /// The same of a form that nobody can send: neither a button nor Enter does.
    pub fn has_form_without_button<'a>(
        self,
        method: &str,
        action: &str,
        field: impl Into<Option<&'a str>>,
    ) -> Self {
        self.form(method, action, field.into(), true)
    }

    fn form(self, method: &str, action: &str, field: Option<&str>, cannot_be_sent: bool) -> Self {
        self.what(What::Body(Text::HasForm {
            method: method.into(),
            action: action.into(),
            field: field.map(str::to_string),
            cannot_be_sent,
        }))
    }

    /// The program's exit code.
    pub fn code(self, code: i32) -> Self {
        self.what(What::Code(vec![code]))
    }

    /// The program's exit code is one of these: where the text leaves a choice.
    pub fn code_in(self, codes: &[i32]) -> Self {
        self.what(What::Code(codes.into()))
    }

    /// All of standard output.
    pub fn stdout(self, text: impl Into<Bytes>) -> Self {
        self.what(What::Stdout(Text::Exactly(text.into())))
    }

    /// This stands in standard output.
    pub fn stdout_has(self, text: impl Into<String>) -> Self {
        self.what(What::Stdout(Text::Has(text.into())))
    }

    /// This does not stand in standard output.
    pub fn stdout_lacks(self, text: impl Into<String>) -> Self {
        self.what(What::Stdout(Text::Lacks(text.into())))
    }

    /// All of standard error.
    pub fn stderr(self, text: impl Into<Bytes>) -> Self {
        self.what(What::Stderr(Text::Exactly(text.into())))
    }

    /// This stands in standard error.
    pub fn stderr_has(self, text: impl Into<String>) -> Self {
        self.what(What::Stderr(Text::Has(text.into())))
    }

    /// This does not stand in standard error.
    pub fn stderr_lacks(self, text: impl Into<String>) -> Self {
        self.what(What::Stderr(Text::Lacks(text.into())))
    }

    /// The program keeps a secret: it prints it nowhere, until all acts are played.
    pub fn keeps_secret(self, secret: impl Into<String>) -> Self {
        self.what(What::Unprinted(secret.into()))
    }

    /// The time that it takes, in milliseconds.
    pub fn took(self, milliseconds: Range<u64>) -> Self {
        let Range { start, end } = milliseconds;
        let range = Duration::from_millis(start)..Duration::from_millis(end);
        self.what(What::Took(range))
    }

    /// The service was asked for just this.
    ///
    /// # Panics
    ///
    /// If one of the acts is no request: a mistake in the lesson.
    #[track_caller]
    pub fn asked(self, acts: impl IntoIterator<Item = Act>) -> Self {
        let request = |act| match act {
            Act::Ask(request) => request,
            other => panic!("a service is only asked with requests: {other:?}"),
        };
        self.what(What::Asked(acts.into_iter().map(request).collect()))
    }
}
