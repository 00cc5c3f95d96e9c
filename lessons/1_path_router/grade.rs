//! The checks of lesson 1, path_router: the right page for each path.

use std::process::ExitCode;

use grader::record::Request;
use grader::{Act, Draw, Expect, Mistakes, Model, Seen, Status, Whole, get};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!(PathRouter)
        .example(1, 1, "GET / answers 200", Status, |_| [get("/")])
        .example(1, 2, "GET / answers the text Homepage", Whole, |_| {
            [get("/")]
        })
        .example(1, 1, "a query string changes nothing", Whole, |draw| {
            let (name, value) = (draw.word(), draw.number(1..100));
            [
                format!("/?{name}={value}"),
                format!("/?{name}"),
                "/?".into(),
            ]
            .map(get)
        })
        .example(2, 2, "a path nobody knows answers 404", Status, |draw| {
            [&*draw.path(), "/about/", "/About", "/home"].map(get)
        })
        .example(2, 1, "its text is Page not found", Whole, |draw| {
            let (path, other) = (draw.path(), draw.path());
            [
                path,
                format!("{other}?{}={}", draw.word(), draw.number(1..100)),
            ]
            .map(get)
        })
        .example(
            2,
            1,
            "a path that only begins like a known one is unknown, too",
            Status,
            |draw| {
                let (path, word) = (draw.path(), draw.word());
                [format!("/about{path}"), format!("/about{word}")].map(get)
            },
        )
        .example(3, 1, "GET /about answers 200", Status, |_| [get("/about")])
        .example(
            3,
            2,
            "GET /about answers the heading, as HTML",
            Whole,
            |draw| {
                let query = format!("/about?{}={}", draw.word(), draw.number(1..100));
                ["/about", &query].map(get)
            },
        )
        .sessions(1)
        .grade()
}

/// A page: its status, its type and its text.
#[derive(Clone, Debug)]
struct Page {
    status: u16,
    kind: Option<String>,
    text: String,
}

impl Page {
    fn new(status: u16, kind: &str, text: &str) -> Self {
        let (kind, text) = (Some(kind.into()), text.into());
        Self { status, kind, text }
    }
}

/// Whether a path is of some kind.
type IsSuch = fn(path: &str) -> bool;

/// What a path router does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// Whether the path, in this target, is taken by the arm for this one.
    takes: fn(path: &str, target: &str, arm: &str) -> bool,
    arms: [&'static str; 2],
    /// The homepage, the about page, and that of all other paths.
    pages: [Page; 3],
    /// The answer to unknown paths of some kind, if they have one of their own.
    of_its_own: Option<(IsSuch, Page)>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            takes: |path, _, arm| path == arm,
            arms: PATHS,
            pages: [
                Page::new(200, TEXT, "Homepage\n"),
                Page::new(200, HTML, "<h1>Hello from Rust!</h1>\n"),
                Page::new(404, TEXT, "Page not found\n"),
            ],
            of_its_own: None,
        }
    }
}

const PATHS: [&str; 2] = ["/", "/about"];

/// Which page is asked for; `None` where the text leaves it open: for other spellings of the
/// paths that are known.
fn asked_page(asked: &Request) -> Option<usize> {
    let page = PATHS.iter().position(|path| *path == asked.path());
    (!asked.respells(&PATHS)).then_some(page.unwrap_or(2))
}

/// Whether there is a percent sign in the path, as before an encoded byte.
fn is_encoded(path: &str) -> bool {
    path.contains('%')
}

/// What ends a path that can't be decoded.
const BROKEN: [&str; 3] = ["%", "%zz", "%E4"];

fn is_broken(path: &str) -> bool {
    BROKEN.iter().any(|end| path.ends_with(end))
}

/// The same, if the bytes are no text; % is left as it is.
fn is_no_text(path: &str) -> bool {
    path.ends_with(BROKEN[2])
}

/// Whether a path is one that is known, but for a slash at its end, or for capital letters.
fn is_known_with_slash(path: &str) -> bool {
    path.strip_suffix('/')
        .is_some_and(|path| PATHS.contains(&path))
}

fn is_known_in_capitals(path: &str) -> bool {
    PATHS.contains(&&*path.to_ascii_lowercase())
}

/// Names that other servers have for the homepage, and paths that are nearly /about.
const NAMES: [&str; 9] = [
    "/home",
    "/About",
    "/about/",
    "/index.html",
    "/index",
    "/a",
    "/homepage",
    "/about;a=1",
    "/about&a=1",
];

struct PathRouter;

impl Model for PathRouter {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked_get()?;
        let step = [1, 3, 2][asked_page(asked)?];
        let takes = |arm: &&str| (knobs.takes)(asked.path(), &asked.target, arm);
        let taken = knobs.arms.iter().position(takes);
        let page = match (taken, &knobs.of_its_own) {
            (None, Some((is_such, page))) if is_such(asked.path()) => page,
            _ => &knobs.pages[taken.unwrap_or(2)],
        };
        Some(
            Expect::step(step)
                .status(page.status)
                .field("Content-Type", page.kind.as_deref())
                .body(&page.text),
        )
    }

    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        let path = match draw.below(12) {
            10 => draw.pick(&NAMES).to_string(),
            11 => draw.path() + draw.pick(&BROKEN),
            _ => draw.path_near(&PATHS),
        };
        vec![get(path + &draw.query())]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "compares-target",
                "A query string makes another page of a path for you: the page is the same with it. \
                 Compare request.path() alone, which comes without, and not request.target().",
                |knobs| knobs.takes = |_, target, arm| target == arm,
            )
            .or(|knobs| {
                knobs.takes = |path, target, arm| match arm {
                    "/" => target == arm,
                    _ => path == arm,
                };
            })
            .or(|knobs| {
                knobs.takes = |path, target, arm| match arm {
                    "/" => path == arm,
                    _ => target == arm,
                };
            })
            .wrong(
                "query-without-value",
                "A query string without a = in it, as in /?blue, makes another page of a path for \
                 you. What follows the ? is the query string, whatever it is: request.path() \
                 comes without it.",
                |knobs| {
                    knobs.takes = |path, target, arm| match target.split_once('?') {
                        Some((_, query)) if !query.contains('=') => target == arm,
                        _ => path == arm,
                    };
                },
            )
            .wrong(
                "encoded-question-mark",
                "You take an encoded question mark, %3F, for the beginning of a query. It is a part \
                 of the path, so /about%3Fa=1 is a path that nobody knows: request.path() is \
                 what the homepage and /about are compared with.",
                |knobs| knobs.takes = |path, _, arm| path.split("%3F").next() == Some(arm),
            )
            .wrong(
                "any-query",
                "Every address with a query gets the homepage. The path alone chooses the page, \
                 whatever the query is.",
                |knobs| {
                    knobs.takes =
                        |path, target, arm| path == arm || arm == "/" && target.contains('?');
                },
            )
            .wrong(
                "unknown-query",
                "A path that nobody knows gets the homepage if a query stands behind it. The path alone chooses the \
                 answer, whatever the query is: 404.",
                |knobs| {
                    knobs.takes = |path, target, arm| {
                        path == arm || arm == "/" && path != "/about" && target.contains('?')
                    };
                },
            )
            .wrong(
                "beginning",
                "You take every path that begins with /about. Compare the whole path.",
                |knobs| {
                    knobs.takes = |path, _, arm| path == arm || arm != "/" && path.starts_with(arm);
                },
            )
            .wrong(
                "shorter",
                "A path is enough for you that is only a part of /about, such as /a. Compare the \
                 whole path: one that is shorter is another one, and nobody knows it.",
                |knobs| knobs.takes = |path, _, arm| path == arm || arm == "/about" && arm.starts_with(path),
            )
            .or(|knobs| {
                knobs.takes = |path, _, arm| path == arm || arm == "/about" && arm.contains(path);
            })
            .wrong(
                "more-names",
                "A page has a second path at your server, such as /home, /index.html or /About. \
                 The text names one for each page. The others are paths that nobody knows.",
                |knobs| knobs.takes = |path, _, arm| path == arm || arm == "/" && path == "/home",
            )
            .or(|knobs| {
                knobs.takes = |path, _, arm| {
                    path == arm || arm == "/" && ["/home", "/index.html"].contains(&path)
                };
            })
            .or(|knobs| {
                knobs.takes = |path, _, arm| {
                    path == arm || arm == "/" && ["/index", "/index.html"].contains(&path)
                };
            })
            .or(|knobs| {
                knobs.takes = |path, _, arm| path == arm || arm == "/about" && path == "/About";
            })
            .or(|knobs| {
                knobs.takes = |path, _, arm| {
                    path == arm || arm == "/about" && ["/About", "/about/"].contains(&path)
                };
            })
            .wrong(
                "ends-with-slash",
                "You take every path that ends with a slash for the homepage. Compare the whole \
                 path: the homepage is / alone.",
                |knobs| {
                    knobs.takes = |path, _, arm| path == arm || arm == "/" && path.ends_with(arm);
                },
            )
            .wrong(
                "small-letters",
                "You compare without regard to capital and small letters. In a path they are \
                 different: /ABOUT is a page nobody knows.",
                |knobs| knobs.takes = |path, _, arm| path.eq_ignore_ascii_case(arm),
            )
            .wrong(
                "about-with-slash",
                "Your arm is for /about/. The path is /about, without a slash at its end.",
                |knobs| knobs.arms[1] = "/about/",
            )
            .wrong(
                "no-about",
                "There is no arm for /about: its requests come to the arm of all other paths.",
                |knobs| knobs.arms[1] = "",
            )
            .wrong(
                "homepage-for-all",
                "Every path gets the homepage. The last arm is for the paths that nobody knows: \
                 404 and Page not found.",
                |knobs| knobs.pages[2] = knobs.pages[0].clone(),
            );
        let pages = [
            ("home", "/"),
            ("about", "/about"),
            ("unknown", "a path that nobody knows"),
        ];
        for (page, (id, name)) in pages.into_iter().enumerate() {
            let status = [200, 200, 404][page];
            for wrong in [200, 404].into_iter().filter(|wrong| *wrong != status) {
                mistakes.wrong(
                    &format!("other-status-{id}"),
                    format!(
                        "The answer to {name} has the right text and the status {wrong}. Its \
                         status is {status}: people read the text, programs the status."
                    ),
                    move |knobs| knobs.pages[page].status = wrong,
                );
            }
            mistakes.wrong(
                &format!("no-content-type-{id}"),
                format!(
                    "The answer to {name} has no Content-Type. Look whether the .send_header is \
                     there, between the status and end_headers, and whether its name is spelled \
                     Content-Type."
                ),
                move |knobs| knobs.pages[page].kind = None,
            );
        }
        mistakes.wrong(
            "heading-escaped",
            "The tags of the heading are escaped, so a browser shows them as text. Here they are \
             yours, and are to be tags: the body is the line as it stands in the text.",
            |knobs| knobs.pages[1].text = "&lt;h1&gt;Hello from Rust!&lt;/h1&gt;\n".into(),
        );
        mistakes.wrong(
            "html-as-text",
            "The about page says that it is text/plain, so a browser shows the tags. It is \
             text/html.",
            |knobs| knobs.pages[1].kind = Some(TEXT.into()),
        );
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let Some(page) = asked_page(asked) else {
            return;
        };
        let right = &Knobs::default().pages[page];
        let text = answer.text().into_owned();
        let kind = answer.field("Content-Type").map(str::to_string);
        if page == 2 {
            let (status, kind, text) = (answer.status, kind.clone(), text.clone());
            let came = Page { status, kind, text };
            let mut own = |name: &str, says: &str, kinds: &[IsSuch]| {
                for &is_such in kinds {
                    let came = came.clone();
                    let set = move |knobs: &mut Knobs| {
                        knobs.of_its_own = Some((is_such, came.clone()));
                    };
                    mistakes.wrong(name, says, set);
                }
            };
            if is_encoded(asked.path()) {
                own(
                    "percent-sign",
                    "A path with a percent sign in it has an answer of its own. It is a path that \
                     nobody knows, like any other: 404 and Page not found.",
                    &[is_encoded],
                );
            }
            if is_broken(asked.path()) {
                own(
                    "not-decodable",
                    "A path that can't be decoded, such as one with %E4 at its end, has an answer \
                     of its own. It need not be decoded: it is a path that nobody knows, like any \
                     other, 404 and Page not found. Compare request.path() as it comes.",
                    &[is_broken, is_no_text],
                );
            }
            if (300..400).contains(&status) {
                own(
                    "redirects",
                    "You send the client to another page. A path that nobody knows has an answer \
                     of its own: 404, and the text Page not found.",
                    &[|_| true],
                );
                own(
                    "redirects-near",
                    "A path that is nearly a known one, such as /about/ or /About, is redirected. \
                     Here it is a path that nobody knows, like any other: 404 and Page not found. \
                     (Lesson 4 is about redirects.)",
                    &[
                        is_known_with_slash,
                        |path| path.len() > 1 && path.ends_with('/'),
                        is_known_in_capitals,
                        |path| is_known_with_slash(path) || is_known_in_capitals(path),
                    ],
                );
            }
        }
        if answer.status == 404 && text.starts_with("<!DOCTYPE html>") {
            let status = answer.status;
            let came = Page { status, kind, text };
            mistakes.wrong(
                "error-page",
                "The answer is the page in HTML that send_error makes. This one is plain text: \
                 send_response, send_header, end_headers and send.",
                move |knobs| knobs.pages[page] = came.clone(),
            );
            return;
        }
        let line = right.text.trim_end();
        let around = text.split_once(line);
        let (name, says) = match around {
            Some(("", "\\n")) => (
                "raw-line-end",
                "The body ends with the two signs \\ and n. In a raw string, r\"…\", they are no \
                 line end: take the r away."
                    .into(),
            ),
            Some(("", behind)) if behind.trim_end_matches(' ') == "\n" && behind.len() > 1 => (
                "indented-end",
                "Spaces stand behind the line end. A string goes on over the end of a line, with \
                 all spaces up to its second quote: write \\n, and close the quote at once."
                    .into(),
            ),
            Some(("", behind)) if behind.trim().is_empty() => (
                "line-end",
                "The text is right but for its end. It ends with one line end, \\n.".into(),
            ),
            Some((before, behind)) => {
                let behind = behind.trim_end_matches('\n');
                let found = [(before, "before"), (behind, "behind")];
                let found = found.iter().filter(|(more, _)| !more.is_empty());
                let more: Vec<String> = found
                    .map(|(more, place)| format!("{more:?} stands {place} it"))
                    .collect();
                let more = more.join(", and ");
                (
                    "more-around",
                    format!("The right text is there, and {more}. The body is this one line."),
                )
            }
            None => (
                "other-text",
                "The text is another one than the lesson asks for. Compare the two letter by \
                 letter."
                    .into(),
            ),
        };
        mistakes.wrong(name, says, move |knobs| {
            knobs.pages[page].text = text.clone()
        });
        mistakes.wrong(
            "other-content-type",
            format!(
                "The Content-Type is another one than the lesson asks for, which is {}.",
                right.kind.as_deref().unwrap_or_default()
            ),
            move |knobs| knobs.pages[page].kind.clone_from(&kind),
        );
    }
}
