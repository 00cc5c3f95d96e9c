//! The checks of lesson 0, hello_server: that the complete server still says hello.

use grader::{Act, Draw, Expect, Mistakes, Model, Seen, Status, Whole, get, post, request};

const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> std::process::ExitCode {
    grader::lesson!(HelloServer)
        .example(0, 1, "GET / answers 200", Status, |_| [get("/")])
        .example(
            0,
            1,
            "GET / says Hello, HTTP!, as plain text in UTF-8",
            Whole,
            |_| [get("/")],
        )
        .example(0, 1, "any other path gets the same answer", Whole, |draw| {
            let path = draw.path();
            let asked = format!("{path}?{}=1", draw.word());
            [&*path, &asked, "/favicon.ico"].map(get)
        })
        .example(
            0,
            1,
            "HEAD gets the headers without the body",
            Whole,
            |_| vec![request("HEAD", "/")],
        )
        .example(0, 1, "any other method answers 501", Whole, |draw| {
            let others = ["PUT", "DELETE", "PATCH", "OPTIONS"].map(|method| request(method, "/"));
            let posts = ["/".into(), draw.path()].map(|path| post(path).body(draw.line()));
            posts.into_iter().chain(others).collect::<Vec<_>>()
        })
        .sessions(1)
        .grade()
}

struct HelloServer;

/// What the hello server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The status for a path.
    status: fn(path: &str) -> u16,
    /// Another status for all paths, by which nothing is said of the rest.
    status_only: Option<u16>,
    kind: Option<String>,
    greeting: String,
    /// Whether another path than / is not found, whatever is said then.
    only_root: bool,
    /// The methods that get the greeting, besides GET and HEAD.
    others: &'static [&'static str],
}

impl Default for Knobs {
    fn default() -> Self {
        let (kind, greeting) = (Some(TEXT.into()), "Hello, HTTP!\n".into());
        Knobs {
            status: |_| 200,
            status_only: None,
            kind,
            greeting,
            only_root: false,
            others: &[],
        }
    }
}

impl Model for HelloServer {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        let is_head = asked.method == "HEAD";
        if asked.method != "GET" && !is_head && !knobs.others.contains(&&*asked.method) {
            return Some(Expect::step(0).status(501));
        }
        if let Some(status) = knobs.status_only {
            return Some(Expect::step(0).status(status));
        }
        if knobs.only_root && asked.path() != "/" {
            return Some(Expect::step(0).status(404));
        }
        let expect = Expect::step(0)
            .status((knobs.status)(asked.path()))
            .field("Content-Type", knobs.kind.as_deref());
        let length = knobs.greeting.len().to_string();
        Some(match is_head {
            true => expect.field("Content-Length", &*length).body(""),
            false => expect.body(&*knobs.greeting),
        })
    }

    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        let target = draw.path_near(&["/", "/goodbye", "/%41/b"]) + &draw.query();
        let act = match draw.below(8) {
            5 => request("HEAD", target),
            6 => post(target).body(draw.text()),
            7 => request(draw.pick(&["PUT", "DELETE", "PATCH", "OPTIONS"]), target),
            _ => get(target),
        };
        vec![match draw.one_in(4) {
            // As a browser asks, which would like a page better.
            true => act.field("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            false => act,
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("line-end", "The line end behind the greeting is missing: \\n.", |knobs| knobs.greeting = "Hello, HTTP!".into())
            .wrong("only-the-root", "Only the path / gets 200. The hello server never looks at the path.", |knobs| {
                knobs.status = |path| if path == "/" { 200 } else { 404 };
            })
            .or(|knobs| knobs.only_root = true)
            .wrong("not-found", "Every path gets 404. That was an experiment: send 200 again.", |knobs| knobs.status = |_| 404)
            .wrong("no-charset", "The type does not say which encoding the text has: it is text/plain; charset=utf-8.", |knobs| {
                knobs.kind = Some("text/plain".into());
            })
            .wrong("html", "The type is text/html. That was an experiment: it is text/plain; charset=utf-8.", |knobs| {
                knobs.kind = Some("text/html; charset=utf-8".into());
            })
            .wrong("no-type", "The Content-Type is missing.", |knobs| knobs.kind = None)
            .wrong("answers-post", "Another method than GET gets the greeting, such as POST. The handler of this lesson has only do_get, so that the library answers 501.", |knobs| {
                knobs.others = &["POST"];
            })
            .or(|knobs| knobs.others = &["PUT"])
            .or(|knobs| knobs.others = &["POST", "PUT", "DELETE", "PATCH"])
            .or(|knobs| knobs.others = &["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);
    }

    fn mistyped(_: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let Some(answer) = seen.answer() else {
            return;
        };
        let (kind, text) = (
            answer.field("Content-Type").map(str::to_string),
            answer.text().into_owned(),
        );
        if answer.status == 200 && !text.is_empty() {
            mistakes.wrong("greeting", "The greeting is not the one of the lesson: Hello, HTTP! and a line end. Compare it letter by letter.", move |knobs| {
                knobs.greeting = text.clone();
            });
        }
        let status = answer.status;
        if status != 200 && status < 400 {
            mistakes.wrong(
                "other-status",
                "The status is not 200, which says that all is well and that a body follows.",
                move |knobs| {
                    knobs.status_only = Some(status);
                },
            );
        }
        mistakes.wrong(
            "type",
            format!("Compare the Content-Type letter by letter: it is {TEXT}."),
            move |knobs| {
                knobs.kind = kind.clone();
            },
        );
    }
}
