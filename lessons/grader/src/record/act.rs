//! What can be done to a program.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::{Bytes, Fields, field};

/// The type of a form's body.
/// The type of a form, as a browser says it.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The same, as a script in a page says it (`fetch`, of `URLSearchParams`).
const FORM_OF_SCRIPT: &str = "application/x-www-form-urlencoded;charset=UTF-8";

/// One thing that is done to a program. Acts are made by [`get`], [`post`], [`request`],
/// [`run`] and [`serves`], and completed by the methods here:
/// `post("/").form(&[("message", "ねこ")])`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Act {
    /// A server is asked.
    Ask(Request),
    /// The program is started with arguments, and runs to its end.
    Run(Command),
    /// A server is started with arguments, in place of the one that runs, if one does.
    Start(Command),
    /// From here on, the service at [`SERVICE`](super::SERVICE) has this reply for a path.
    Serve(String, Reply),
    /// A file of this name is written into the folder that the program serves, with these
    /// contents. A name that begins with `../` lies beside the folder.
    Write(String, Bytes),
    /// The server is ended and started again.
    Restart,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path and the query, percent-encoded where that is needed.
    pub target: String,
    /// The fields of the head that the client adds to its own (Host, the length).
    pub fields: Fields,
    /// The body, sent with its Content-Length; or in chunks, if a field says so.
    pub body: Option<Bytes>,
    /// Whether it is sent on the connection of the request before it.
    pub reuse: bool,
}

/// A program's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Command {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What is added to its environment.
    pub variables: Fields,
    /// Whether there is no `PORT` in its environment. Otherwise it is 0 there, if the variables
    /// say nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_port: bool,
    /// What it can read from its standard input.
    pub input: Bytes,
}

impl Command {
    /// Its arguments of the form `NAME=VALUE`, as pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        let pairs = self
            .arguments
            .iter()
            .filter_map(|text| text.split_once('='));
        pairs.map(|(name, value)| (name.into(), value.into()))
    }
}

/// Which connections requests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// Each request has one of its own, and is sent by ureq, the client that the course
    /// teaches.
    Ureq,
    /// Each request has one of its own.
    Each,
    /// The same, and the names of header fields have small letters.
    Small,
    /// All requests have one together, as long as the server keeps it.
    One,
}

/// What a service that is asked replies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// An answer. Content-Length and `Connection: close` are added.
    Answer(super::Answer),
    /// These bytes, whatever they are; then the connection is closed. Without bytes, that
    /// is a service which hangs up.
    Raw(Bytes),
    /// Nothing, on a connection that stays open.
    Silent,
    /// An answer without its last byte, on a connection that stays open.
    Stalled(super::Answer),
    /// An answer that comes only after this time.
    After(Duration, super::Answer),
}

/// Asks for this target with GET.
pub fn get(target: impl Into<String>) -> Act {
    request("GET", target)
}

/// Asks for this target with POST; a body is added by [`Act::body`] or [`Act::form`].
pub fn post(target: impl Into<String>) -> Act {
    request("POST", target)
}

/// Asks for this target with any method.
pub fn request(method: &str, target: impl Into<String>) -> Act {
    Act::Ask(Request {
        method: method.into(),
        target: target.into(),
        ..Request::default()
    })
}

/// Starts the program with these arguments; it runs to its end.
pub fn run(arguments: &[&str]) -> Act {
    Act::Run(Command {
        arguments: arguments.iter().map(|text| (*text).into()).collect(),
        ..Command::default()
    })
}

/// Starts the server with these arguments. Without it, a server starts without any.
pub fn start(arguments: &[&str]) -> Act {
    match run(arguments) {
        Act::Run(command) => Act::Start(command),
        other => other,
    }
}

/// Lets the service at [`SERVICE`](super::SERVICE) reply this to requests for a path
/// (with any query), from here on.
pub fn serves(path: impl Into<String>, reply: Reply) -> Act {
    Act::Serve(path.into(), reply)
}

/// Writes a file into the folder that the program serves, as [`Act::Write`] says.
pub fn write(name: impl Into<String>, contents: impl Into<Bytes>) -> Act {
    Act::Write(name.into(), contents.into())
}

impl Act {
    /// The request, if the act is one.
    pub fn asked(&self) -> Option<&Request> {
        match self {
            Self::Ask(request) => Some(request),
            _ => None,
        }
    }

    /// The same, if its method is `GET`.
    pub fn asked_get(&self) -> Option<&Request> {
        self.asked().filter(|request| request.method == "GET")
    }

    /// The same, if its method is `POST`.
    pub fn asked_post(&self) -> Option<&Request> {
        self.asked().filter(|request| request.method == "POST")
    }

    /// The cookies of a request, if it has some.
    pub fn cookie(&self) -> Option<&str> {
        self.asked()?.field("Cookie")
    }

    /// Adds a field to the head of a request.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    #[track_caller]
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request_mut().fields.push((name.into(), value.into()));
        self
    }

    /// Gives a request this body.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    #[track_caller]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.request_mut().body = Some(body.into());
        self
    }

    /// Sends the body in chunks: nobody says beforehand how long it is.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    #[track_caller]
    pub fn chunked(self) -> Self {
        self.field("Transfer-Encoding", "chunked")
    }

    /// Gives a request these fields in its body, as a browser sends a form by POST.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    #[track_caller]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.field("Content-Type", FORM).body(encode_form(fields))
    }

    /// Sends the form as a script in a page does, which says more behind its type: a charset.
    ///
    /// # Panics
    ///
    /// If the act is no request with a form: a mistake in the lesson.
    #[track_caller]
    pub fn of_script(mut self) -> Self {
        let mut fields = self.request_mut().fields.iter_mut();
        let kind = fields.find(|(_, value)| value == FORM);
        kind.expect("a form has its type").1 = FORM_OF_SCRIPT.into();
        self
    }

    /// Adds a variable to the environment of a program that is run or started.
    ///
    /// # Panics
    ///
    /// If the act starts no program: a mistake in the lesson.
    #[track_caller]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        let (Self::Run(command) | Self::Start(command)) = &mut self else {
            panic!("only a program that is started has variables: {self:?}")
        };
        command.variables.push((name.into(), value.into()));
        self
    }

    /// Whether it makes a program wait.
    pub(crate) fn waits(&self) -> bool {
        matches!(
            self,
            Self::Serve(_, Reply::Silent | Reply::Stalled(_) | Reply::After(..))
        )
    }

    #[track_caller]
    fn request_mut(&mut self) -> &mut Request {
        match self {
            Self::Ask(request) => request,
            other => panic!("only a request has fields and a body: {other:?}"),
        }
    }
}

impl Request {
    /// The path, without the query, as it is sent.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    /// Whether the path is spelled in the usual way: without percent signs, and with one
    /// slash at its beginning. Texts leave open what other spellings mean.
    pub fn has_plain_path(&self) -> bool {
        !self.path().contains('%') && !self.path().starts_with("//")
    }

    /// Whether its path is one of these, written in another way: percent-encoded, as
    /// `/%61bout`, or with more slashes, as `//about`. What those get, a text may leave open.
    /// A path that only has an encoded byte in it is not one of them.
    pub fn respells(&self, known: &[&str]) -> bool {
        let decoded = percent_decode_str(self.path()).decode_utf8_lossy();
        let plain = format!("/{}", decoded.trim_start_matches('/'));
        plain != self.path() && known.contains(&&*plain)
    }

    /// The query, as it is sent; empty if there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a field of the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    /// The same request, in which the names of fields have small letters.
    pub(crate) fn with_small_names(&self) -> Self {
        let mut small = self.clone();
        if let Some(body) = self.body.as_ref().filter(|_| !self.is_chunked()) {
            let length = body.len().to_string();
            small.fields.push(("Content-Length".into(), length));
        }
        for (name, _) in &mut small.fields {
            name.make_ascii_lowercase();
        }
        small
    }

    /// Whether its body is sent in chunks.
    pub fn is_chunked(&self) -> bool {
        self.field("Transfer-Encoding") == Some("chunked")
    }

    /// The body as text; empty if there is none.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        self.body.as_ref().map_or("".into(), Bytes::text)
    }

    /// The value of the first field of this name in the query, decoded.
    pub fn query_field(&self, name: &str) -> Option<String> {
        decoded(self.query().as_bytes(), name)
    }

    /// The value of the first field of this name in the form of the body, decoded.
    pub fn form_field(&self, name: &str) -> Option<String> {
        decoded(self.body.as_deref()?, name)
    }
}

/// The first value of this name in a form.
fn decoded(form: &[u8], name: &str) -> Option<String> {
    let mut same = form_urlencoded::parse(form).filter(|(known, _)| known == name);
    same.next().map(|(_, value)| value.into_owned())
}

/// The fields of a form, names and values, as a browser writes them into the query
/// or the body of a request: `words=Tom+%26+Jerry&shelf=novels`.
pub fn encode_form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl Reply {
    /// An answer with this status and this body, of this type (which may be empty: then
    /// nothing is said of it).
    pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut answer = super::Answer::new(status, body);
        if !content_type.is_empty() {
            let field = ("Content-Type".into(), content_type.into());
            answer.fields.push(field);
        }
        Self::Answer(answer)
    }

    /// The answer, whenever and however far it comes.
    pub fn what(&self) -> Option<&super::Answer> {
        match self {
            Self::Answer(answer) | Self::Stalled(answer) | Self::After(_, answer) => Some(answer),
            Self::Raw(_) | Self::Silent => None,
        }
    }
}

#[test]
fn another_spelling_of_a_known_path_is_told_from_an_unknown_one() {
    let respells = |target: &str| {
        request("GET", target)
            .asked()
            .unwrap()
            .respells(&["/", "/about"])
    };
    for other in ["//", "//about", "/%61bout", "/%2Fabout", "//%61bout?a=/"] {
        assert!(respells(other), "{other}");
    }
    for plain in [
        "/",
        "/about",
        "/about?%61",
        "/about%20",
        "/about%3Fa=1",
        "/%",
        "/%2561bout",
        "//x",
    ] {
        assert!(!respells(plain), "{plain}");
    }
}
