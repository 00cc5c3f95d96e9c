//! The requests of a check before the one that failed, in short: what a server keeps of
//! one may decide how it answers the next.

use crate::answer::Answer;
use crate::failure::Failure;
use crate::request::Request;
use crate::show::{LONGEST_LINE, count, cut, plain_line, with_reason};

/// The most requests shown.
const MOST: usize = 6;

/// How much is shown of a body that makes the command too long.
const MOST_OF_BODY: usize = 60;

/// A request that was answered, as a student reads it.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    asked: String,
    came: String,
    /// GET and HEAD only ask: by their definition, they change nothing.
    only_asks: bool,
}

impl Earlier {
    pub(crate) fn new(request: &Request, came: &Result<Answer, Failure>) -> Self {
        let came = came.as_ref().map_or_else(
            |_| "no whole answer".into(),
            |answer| with_reason(answer.status()),
        );
        Self {
            asked: short(request),
            came: came.trim_end().into(),
            only_asks: matches!(request.method.as_str(), "GET" | "HEAD"),
        }
    }
}

/// The command that repeats the request, if that is short; or else what it asked.
fn short(request: &Request) -> String {
    let body = request.body.as_deref().unwrap_or_default();
    // No command is shorter than the body in it.
    if body.len() <= LONGEST_LINE {
        let command = request.curl();
        if command.chars().count() <= LONGEST_LINE {
            return command;
        }
    }
    let line = plain_line(&format!("{} {}", request.method, request.path));
    if body.is_empty() {
        return line;
    }
    let length = count(body.len(), "byte");
    format!(
        "{line}, with a body of {length}: {}",
        cut(body, MOST_OF_BODY)
    )
}

/// The lines of a report about these requests, in their order: from the first one on
/// that may have changed something.
pub(crate) fn lines(earlier: &[Earlier]) -> Vec<String> {
    let first = earlier.iter().position(|earlier| !earlier.only_asks);
    let earlier = &earlier[first.unwrap_or(earlier.len())..];
    let left_out = earlier.len().saturating_sub(MOST);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(format!("({} before these)", count(left_out, "request")));
    }
    for Earlier { asked, came, .. } in &earlier[left_out..] {
        lines.extend(asked.lines().map(str::to_string));
        lines.push(format!("  came back: {came}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(method: &str, path: &str, body: Option<&str>) -> Earlier {
        let request = Request {
            method: method.into(),
            path: path.into(),
            body: body.map(Into::into),
            ..Request::default()
        };
        let failure = Failure::of_the_grader("no answer");
        Earlier::new(&request, &Err(failure))
    }

    #[test]
    fn what_came_before_the_first_change_is_left_out() {
        let get = |path| earlier("GET", path, None);
        assert_eq!(lines(&[get("/a"), get("/b")]), [""; 0]);
        let all = [get("/a"), earlier("DELETE", "/b", None), get("/c")];
        let expected = [
            "curl -i -X DELETE http://localhost:8000/b",
            "  came back: no whole answer",
            "curl -i http://localhost:8000/c",
            "  came back: no whole answer",
        ];
        assert_eq!(lines(&all), expected);
    }

    #[test]
    fn many_are_cut_to_the_last() {
        let all: Vec<Earlier> = (1..=9)
            .map(|number| earlier("PUT", &format!("/{number}"), None))
            .collect();
        let lines = lines(&all);
        assert_eq!(lines[0], "(3 requests before these)");
        assert_eq!(lines[1], "curl -i -X PUT http://localhost:8000/4");
        assert_eq!(lines.len(), 1 + 2 * MOST);
    }

    #[test]
    fn a_long_one_is_cut() {
        let body = format!("{}{}", "x".repeat(59), "é".repeat(100));
        let lines = lines(&[earlier("POST", "/a", Some(&body))]);
        let begin = "x".repeat(59);
        let expected =
            format!("POST /a, with a body of 259 bytes: \"{begin}\" ... (200 more bytes)");
        assert_eq!(lines[0], expected);
    }
}
