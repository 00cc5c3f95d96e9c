//! A request as a check asks it, and as a student can repeat it in a terminal.

use std::fmt::Write as _;

use crate::earlier::{self, Earlier};
use crate::show::{printf, shell_word};

/// The type of a form's body.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of a form, names and values, as a browser writes them into the query
/// or the body of a request: `words=Tom+%26+Jerry&shelf=novels`.
pub fn encode_form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// A request, as data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// What a student types to start the server that is asked.
    pub(crate) started_with: String,
    /// What the check has asked the same server before.
    pub(crate) earlier: Vec<Earlier>,
}

/// What a check sent: a request, or bytes of its own.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A whole request.
    Request(Request),
    /// Bytes over a raw connection.
    Bytes(Vec<u8>),
    /// No request, but a program with its arguments; and what it then did.
    Program(Vec<String>),
    /// What was done in a browser, and what has to run for that.
    Page {
        steps: Vec<String>,
        started_with: String,
    },
}

impl Asked {
    /// A line for a POSIX shell that asks the same of a server on port 8000.
    pub(crate) fn command(&self) -> String {
        match self {
            Self::Request(request) => request.curl(),
            Self::Bytes(bytes) => format!("{} | nc localhost 8000", printf(bytes)),
            Self::Program(lines) | Self::Page { steps: lines, .. } => lines.join("\n"),
        }
    }

    pub(crate) fn method(&self) -> Option<&str> {
        match self {
            Self::Request(request) => Some(&request.method),
            Self::Bytes(_) | Self::Program(_) | Self::Page { .. } => None,
        }
    }

    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Request(request) => Some(&request.path),
            _ => None,
        }
    }

    pub(crate) fn has_body(&self) -> bool {
        matches!(self, Self::Request(request) if request.body.is_some())
    }

    /// What the check has asked before, as far as that may matter: lines of a report.
    pub(crate) fn earlier(&self) -> Vec<String> {
        match self {
            Self::Request(request) => earlier::lines(&request.earlier),
            _ => Vec::new(),
        }
    }

    /// What has to run before the command is of use, if anything.
    pub(crate) fn needs(&self, package: &str) -> Option<String> {
        match self {
            Self::Request(request) if !request.started_with.is_empty() => {
                Some(request.started_with.clone())
            }
            Self::Request(_) | Self::Bytes(_) => Some(format!("cargo run -p {package}")),
            Self::Page { started_with, .. } => Some(started_with.clone()),
            Self::Program(_) => None,
        }
    }
}

impl Request {
    /// Whether the request says that its body is a form.
    pub(crate) fn is_form(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value == FORM)
    }

    pub(crate) fn curl(&self) -> String {
        let mut line = String::from("curl -i");
        let body = self.body.as_deref();
        match self.method.as_str() {
            "GET" if body.is_none() => {}
            "POST" if body.is_some() => {}
            // curl waits for a body that never comes after `-X HEAD`.
            "HEAD" if body.is_none() => line = "curl -I".into(),
            other => {
                let _ = write!(line, " -X {}", shell_word(other));
            }
        }
        for (name, value) in &self.headers {
            // What curl says of a body by itself.
            if body.is_some() && name.eq_ignore_ascii_case("content-type") && value == FORM {
                continue;
            }
            // An empty value needs a `;`: with a colon curl would drop the header.
            let header = if value.is_empty() {
                format!("{name};")
            } else {
                format!("{name}: {value}")
            };
            let _ = write!(line, " -H {}", shell_word(&header));
        }
        if let Some(body) = body {
            let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
            if !self.headers.iter().any(named) {
                // curl would say that the body is a form.
                line.push_str(" -H Content-Type:");
            }
            // Text goes into the line (--data-raw leaves a leading @ alone), anything
            // else through a pipe: no argument can hold a NUL byte.
            match std::str::from_utf8(body) {
                Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n') => {
                    let _ = write!(line, " --data-raw {}", shell_word(text));
                }
                _ => {
                    line.push_str(" --data-binary @-");
                    line = format!("{} | {line}", printf(body));
                }
            }
        }
        // curl gives [ ] { } a meaning of its own, and shortens /../.
        if self.path.contains(['[', ']', '{', '}']) {
            line.push_str(" -g");
        }
        if self.path.contains("/.") {
            line.push_str(" --path-as-is");
        }
        let url = format!("http://localhost:8000{}", self.path);
        let _ = write!(line, " {}", shell_word(&url));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, body: Option<&[u8]>) -> Request {
        Request {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: body.map(<[u8]>::to_vec),
            ..Request::default()
        }
    }

    #[track_caller]
    fn curl(request: &Request, expected: &str) {
        assert_eq!(request.curl(), expected);
    }

    #[test]
    fn the_line_asks_the_same() {
        curl(&request("GET", "/", None), "curl -i http://localhost:8000/");
        curl(
            &request("HEAD", "/", None),
            "curl -I http://localhost:8000/",
        );
        curl(
            &request("DELETE", "/a?b=c&d", None),
            "curl -i -X DELETE 'http://localhost:8000/a?b=c&d'",
        );
        curl(
            &request("GET", "/../[x]", None),
            "curl -i -g --path-as-is 'http://localhost:8000/../[x]'",
        );
        let mut form = request("POST", "/", Some(b"@it's"));
        form.headers
            .push(("Content-Type".into(), "text/plain".into()));
        form.headers.push(("X-None".into(), String::new()));
        curl(
            &form,
            r"curl -i -H 'Content-Type: text/plain' -H 'X-None;' --data-raw '@it'\''s' http://localhost:8000/",
        );
        let mut form = request("POST", "/", Some(b"message=cat"));
        form.headers.push(("Content-Type".into(), FORM.into()));
        curl(
            &form,
            "curl -i --data-raw message=cat http://localhost:8000/",
        );
        curl(
            &request("PUT", "/", Some(b"\0\xff")),
            r"printf '\000\377' | curl -i -X PUT -H Content-Type: --data-binary @- http://localhost:8000/",
        );
    }
}
