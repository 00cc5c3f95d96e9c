//! The checks of lesson 10, bookmark_server: a server that is a client, too. The site that
//! it asks is the grader's service; what it replies, the acts say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use grader::model::folded;
use grader::model::shown;
use grader::record::{Answer, Command, Reply, Request};
use grader::{Act, Draw, Expect, Mistakes, Model, NOBODY, SERVICE, Seen, Status, Whole};
use grader::{Run, Site, Verdict, get, post, request, run, serves, start};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

const HTML: [&str; 2] = ["text/html; charset=utf-8", "text/html"];

/// How long a site may take, in milliseconds.
const PATIENCE: u64 = 5000;

fn main() -> ExitCode {
    grader::lesson!(BookmarkServer)
        .example(1, 1, "a site that answers 200 is there", Whole, |draw| {
            let (mut acts, path) = (checked(draw, &[200]), draw.path());
            acts.push(serves(&*path, picture()));
            acts.push(check(&format!("{SERVICE}{path}")));
            acts
        })
        .example(
            1,
            1,
            "one that answers 403, 404 or 500 is not",
            Whole,
            |draw| {
                let (client, server) = (400 + draw.below(100) as u16, 500 + draw.below(100) as u16);
                checked(draw, &[403, 404, 500, client, server])
            },
        )
        .example(1, 1, "only 200 counts, not 204", Whole, |draw| {
            let other = draw.pick(&[202, 203, 206, 207, 226]);
            checked(draw, &[204, 201, other, 304])
        })
        .example(
            1,
            1,
            "a redirect counts as the page it leads to",
            Whole,
            |draw| {
                let (good, bad) = (draw.path(), draw.path());
                let (to_good, to_bad) = (redirects(draw, 302, &good), redirects(draw, 301, &bad));
                let mut acts = vec![
                    serves(good, page(200)),
                    serves(bad, page(404)),
                    serves("/one", to_good),
                    serves("/other", to_bad),
                    check(&format!("{SERVICE}/one")),
                    check(&format!("{SERVICE}/other")),
                ];
                // Nine of them in a row, which lead to the first.
                let hop = |left: u32| match left {
                    0 => "/one".to_string(),
                    _ => format!("/{left}"),
                };
                acts.extend(
                    (1..9).map(|left| serves(hop(left), redirects(draw, 302, &hop(left - 1)))),
                );
                acts.push(check(&format!("{SERVICE}{}", hop(8))));
                acts
            },
        )
        .example(
            1,
            1,
            "a redirect that leads to itself is not there",
            Whole,
            |draw| {
                let path = draw.path();
                let again = redirects(draw, 302, &path);
                [serves(&*path, again), check(&format!("{SERVICE}{path}"))]
            },
        )
        .example(1, 1, "a site that breaks off is not there", Whole, |draw| {
            let mut acts = vec![check(&format!("{NOBODY}{}", draw.path()))];
            for came in ["", "HTTP/1.1 200 OK\r\n"] {
                let path = draw.path();
                acts.push(serves(&*path, Reply::Raw(came.into())));
                acts.push(check(&format!("{SERVICE}{path}")));
            }
            acts
        })
        .example(1, 1, "only http and https are asked", Whole, |draw| {
            let path = draw.path();
            let mut acts = vec![serves(&*path, page(200))];
            let other = ["javascript:alert(1)".into(), draw.word()];
            acts.extend(other.iter().map(|uri| check(uri)));
            acts.push(check(&format!("ftp://service.test{path}")));
            acts
        })
        .check(1, 1, "https is asked over TLS", tls)
        .check(1, 0, "no scheme is put before a URI", no_scheme)
        .check(1, 0, "a proxy in the environment is asked", by_proxy)
        .example(
            1,
            1,
            "a site that needs three seconds is there",
            Whole,
            |draw| {
                slow(
                    draw,
                    Reply::After(Duration::from_secs(3), Answer::new(200, "")),
                )
            },
        )
        .example(
            1,
            1,
            "a silent site is given up after 5 seconds",
            Whole,
            |draw| slow(draw, Reply::Silent),
        )
        .example(
            1,
            1,
            "one that answers later than that is not there",
            Whole,
            |draw| {
                // Late enough that nobody takes it for a program that gives up and says true.
                let late = Duration::from_millis(7500);
                slow(draw, Reply::After(late, Answer::new(200, "")))
            },
        )
        .example(
            1,
            0,
            "nor is one that is half a second too late",
            Whole,
            |draw| {
                let late = Duration::from_millis(5600);
                slow(draw, Reply::After(late, Answer::new(200, "")))
            },
        )
        .example(1, 1, "redirects have 5 seconds together", Whole, |draw| {
            let (path, time) = (draw.path(), Duration::from_millis(3700));
            let mut moved = Answer::new(302, "");
            moved.fields.push(("Location".into(), path.clone()));
            vec![
                serves(path, Reply::After(time, Answer::new(200, ""))),
                serves("/moved", Reply::After(time, moved)),
                check(&format!("{SERVICE}/moved")),
            ]
        })
        .example(
            1,
            0,
            "a site whose page does not end is there",
            Whole,
            |draw| {
                slow(
                    draw,
                    Reply::Stalled(Answer::new(200, "<h1>Here I am</h1>\n")),
                )
            },
        )
        .example(2, 1, "GET /NAME answers 303", Status, |draw| {
            let name = draw.word();
            // A bookmark can be used as often as anybody likes.
            [
                started(&name, &any_uri(draw)),
                look_up(&name),
                look_up(&name),
            ]
        })
        .example(
            2,
            0,
            "favicon.ico is a name like any other",
            Whole,
            |draw| [started("favicon.ico", &any_uri(draw)), get("/favicon.ico")],
        )
        .example(
            2,
            1,
            "its Location is the URI, as it was given",
            Whole,
            |draw| {
                let (one, other) = (draw.word(), draw.word());
                let uri = format!("http://{}.example/?a=1&b=%C3%A9+%2B#c'd", draw.word());
                let third = draw.word();
                let arguments = [
                    format!("{one}={uri}"),
                    format!("{other}={}", any_uri(draw)),
                    format!("{third}=http://{}.example/Käse", draw.word()),
                ];
                let arguments = arguments.each_ref().map(|text| &**text);
                let with_query = get(format!("/{other}?{}=1", draw.word()));
                [
                    start(&arguments),
                    look_up(&one),
                    look_up(&other),
                    look_up(&third),
                    with_query,
                ]
            },
        )
        .example(
            2,
            1,
            "a name can have spaces and any letters",
            Whole,
            |draw| {
                let (name, other) = (draw.line(), format!(" {} ", draw.word()));
                let asking = format!("{}? {}#1&2", draw.word(), draw.word());
                let names = [name, other, asking];
                let bookmarks = names
                    .each_ref()
                    .map(|name| format!("{name}={}", any_uri(draw)));
                let bookmarks = bookmarks.each_ref().map(|text| &**text);
                let mut acts = vec![start(&bookmarks)];
                acts.extend(names.iter().map(|name| look_up(name)));
                acts
            },
        )
        .example(2, 1, "a name can have a slash in it", Whole, |draw| {
            let inside = format!("{}/{}/", draw.word(), draw.word());
            let before = format!("/{}", draw.word());
            let bookmarks = [
                format!("{inside}={}", any_uri(draw)),
                format!("{before}={}", any_uri(draw)),
            ];
            let bookmarks = bookmarks.each_ref().map(|text| &**text);
            let plain = get(format!("/{inside}"));
            [start(&bookmarks), plain, look_up(&inside), look_up(&before)]
        })
        .example(
            2,
            1,
            "it is decoded once, and a plus sign stays",
            Whole,
            |draw| {
                let name = format!("{}%41+{}", draw.word(), draw.word());
                let plain = get(format!("/{}", name.replace('%', "%25")));
                [started(&name, &any_uri(draw)), look_up(&name), plain]
            },
        )
        .example(
            2,
            1,
            "a name that nobody knows answers 404",
            Status,
            |draw| {
                let name = draw.word();
                let beginning = &name[..name.len() - 1];
                [
                    started(&name, &any_uri(draw)),
                    get(draw.path()),
                    get("/index.html"),
                    look_up(beginning),
                ]
            },
        )
        .example(2, 1, "capital letters make another name", Status, |draw| {
            let name = draw.word();
            let capitals = name.to_uppercase();
            [started(&name, &any_uri(draw)), look_up(&capitals)]
        })
        .example(2, 1, "a path that is no text answers 400", Whole, |draw| {
            [get("/%FF"), get(format!("/{}%E3%81", draw.word()))]
        })
        .example(3, 1, "without a name, 400", Status, |draw| {
            let (site, uri) = good(draw);
            [site, post("/").form(&[("uri", &uri)])]
        })
        .example(3, 1, "without a uri, 400", Whole, |draw| {
            [
                post("/").form(&[("name", &draw.word())]),
                post("/").body(""),
            ]
        })
        .example(3, 1, "an empty name or uri is like none", Whole, |draw| {
            let (site, uri) = good(draw);
            [
                site,
                post("/").form(&[("name", ""), ("uri", &uri)]),
                post("/").form(&[("name", &draw.word()), ("uri", "")]),
            ]
        })
        .example(
            3,
            1,
            "if something is missing, no site is asked",
            Whole,
            |draw| {
                let (site, uri) = (draw.path(), SERVICE);
                let uri = format!("{uri}{site}");
                [
                    serves(site, Reply::Silent),
                    post("/").form(&[("name", ""), ("uri", &uri)]),
                    post("/").form(&[("uri", &uri)]),
                    // Neither the query has it nor the path.
                    post(format!("/?name={}", draw.word())).form(&[("uri", &uri)]),
                    post(draw.path()).form(&[("uri", &uri)]),
                ]
            },
        )
        .example(4, 1, "a good bookmark answers 303", Status, |draw| {
            let (site, uri) = good(draw);
            let of_script = posted(&draw.word(), &uri).of_script();
            [site, posted(&draw.word(), &uri), of_script]
        })
        .example(4, 1, "its Location is /", Whole, |draw| {
            let (site, uri) = good(draw);
            let more = [("name", &*draw.word()), ("uri", &uri), ("button", "keep")];
            // A name of one space is a name, too.
            let name = draw.word();
            [
                site,
                request("PUT", "/").form(&more),
                posted(&name, &uri),
                // No other method changes the list.
                request("DELETE", format!("/{name}")),
                request("PATCH", format!("/{name}")),
                look_up(&name),
                posted(" ", &uri),
                post("/").form(&more),
                post(draw.path()).form(&more),
            ]
        })
        .example(4, 1, "the page shows the bookmark", Whole, |draw| {
            let (site, uri) = good(draw);
            // And it is found under its name, with all of its spaces, however long it is.
            let spaced = format!(" {} ", draw.word());
            let long = draw.word().repeat(40);
            vec![
                site,
                posted(&draw.line(), &uri),
                get("/"),
                posted(&long, &uri),
                look_up(&long),
                posted(&spaced, &uri),
                look_up(&spaced),
            ]
        })
        .example(4, 1, "the page shows the names in order", Whole, |draw| {
            let (site, uri) = good(draw);
            let mut acts = vec![site];
            let name = draw.word();
            let mut names: Vec<String> = (0..6).map(|_| draw.word()).collect();
            names.extend([format!("{name}/"), name.clone(), name.to_uppercase()]);
            acts.extend(names.iter().map(|name| posted(name, &uri)));
            acts.push(get("/"));
            acts
        })
        .example(4, 1, "a name can get another URI", Whole, |draw| {
            let ((one, old), (other, new)) = (good(draw), good(draw));
            let name = draw.word();
            let acts = [one, other, posted(&name, &old), posted(&name, &new)];
            acts.into_iter().chain([get("/")]).collect::<Vec<_>>()
        })
        .example(
            4,
            1,
            "a name with tags in it is shown as text",
            Whole,
            |draw| {
                let (site, uri) = good(draw);
                let name = format!("<i>{}</i> & &amp;", draw.word());
                [site, posted(&name, &format!("{uri}?a=1&lt=2")), get("/")]
            },
        )
        .example(
            5,
            1,
            "a URI where nobody answers gets 404",
            Status,
            |draw| {
                let uri = format!("{NOBODY}{}", draw.path());
                let (site, good) = good(draw);
                // With a space at an end, it is no URI.
                let spaced = [format!(" {good}"), format!("{good} ")];
                let spaced = spaced.map(|uri| posted(&draw.word(), &uri));
                let acts = [site, posted(&draw.word(), &uri), posted(&draw.word(), " ")];
                [acts.as_slice(), &spaced].concat()
            },
        )
        .example(5, 1, "the answer shows the URI, escaped", Whole, |draw| {
            let uri = format!("{NOBODY}/?a&b=<b>{}</b>&lt;", draw.word());
            let long = format!("{NOBODY}{}", draw.path().repeat(40));
            [&uri, &long].map(|uri| posted(&draw.word(), uri))
        })
        .example(5, 1, "nothing is stored", Whole, |draw| {
            let uri = format!("{NOBODY}{}", draw.path());
            [posted(&draw.word(), &uri), get("/")]
        })
        .example(
            5,
            1,
            "a name that is there keeps its old URI",
            Whole,
            |draw| {
                let (site, old) = good(draw);
                let (name, new) = (draw.word(), format!("{NOBODY}{}", draw.path()));
                [
                    site,
                    posted(&name, &old),
                    posted(&name, &new),
                    look_up(&name),
                ]
            },
        )
        .sessions(1)
        .grade()
}

// What is done.

/// The program is asked by its command line whether somebody is there.
fn check(uri: &str) -> Act {
    run(&["--check", uri])
}

fn page(status: u16) -> Reply {
    Reply::answer(status, "text/html", "<h1>Here I am</h1>\n")
}

/// A page that is no text.
fn picture() -> Reply {
    Reply::answer(200, "image/png", &b"\x89PNG\r\n\x1a\n\xff\xfe"[..])
}

/// A reply that sends the client to this path of the service.
fn redirects(draw: &mut Draw, status: u16, path: &str) -> Reply {
    let mut answer = Answer::new(status, "");
    let address = match draw.one_in(2) {
        true => format!("{SERVICE}{path}"),
        false => path.into(),
    };
    answer.fields.push(("Location".into(), address));
    Reply::Answer(answer)
}

/// A page of the service with each status, and the question whether it is there.
fn checked(draw: &mut Draw, statuses: &[u16]) -> Vec<Act> {
    let pages = statuses.iter().flat_map(|status| {
        let (path, word) = (draw.path(), draw.word());
        let uri = format!("{SERVICE}{path}?q={word}&r=1");
        [serves(path, page(*status)), check(&uri)]
    });
    pages.collect()
}

fn slow(draw: &mut Draw, reply: Reply) -> Vec<Act> {
    let path = draw.path();
    let uri = format!("{SERVICE}{path}");
    vec![serves(path, reply), check(&uri)]
}

/// A server that has this bookmark from the beginning.
fn started(name: &str, uri: &str) -> Act {
    start(&[&format!("{name}={uri}")])
}

fn look_up(name: &str) -> Act {
    get(format!("/{}", utf8_percent_encode(name, NON_ALPHANUMERIC)))
}

/// A page that is there, and its URI.
fn good(draw: &mut Draw) -> (Act, String) {
    let path = draw.path();
    let uri = format!("{SERVICE}{path}");
    (serves(path, page(200)), uri)
}

/// The form of the page, sent.
fn posted(name: &str, uri: &str) -> Act {
    post("/").form(&[("name", name), ("uri", uri)])
}

/// An address anywhere.
fn any_uri(draw: &mut Draw) -> String {
    let uri = format!("http://{}.example{}", draw.word(), rest(draw));
    match draw.below(8) {
        6 => format!("mailto:{}@{}.example", draw.word(), draw.word()),
        7 => format!("https://{}.EXAMPLE", draw.word()),
        5 => uri + "é",
        _ => uri,
    }
}

/// The end of a URI: its path, which is drawn, with what may follow it.
fn rest(draw: &mut Draw) -> String {
    draw.path() + draw.pick(&ENDS)
}

/// Ends of URIs. What stands in them is a part of the URI, and nothing else.
const ENDS: [&str; 16] = [
    "",
    "",
    "/",
    "?a=1&b=2",
    "?q=a+b%2Bc",
    "#part",
    "/%C3%A9%20x",
    "?u=http%3A%2F%2Fx.example%2F",
    "/it's;v=(1)",
    "?%26amp;=&lt;",
    "?A=B#C",
    "?",
    "/a//b/",
    "/%2541",
    "?a&amp;b",
    "/~x,y@z!$*:",
];

/// What is percent-encoded in a path at least.
const NEEDED: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'%')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'[')
    .add(b']');

/// A name, often nearly one that is kept.
fn name(draw: &mut Draw, world: &World) -> String {
    match draw.below(14) {
        5..=7 => draw.text(),
        8 => draw.line(),
        9 => format!(" {}\t", draw.word()),
        10 => format!("{}/{}+{}%2B", draw.word(), draw.word(), draw.word()),
        11 => format!("/{}%41/", draw.word()),
        4 => format!(
            "{}{}{}",
            draw.word(),
            draw.pick(&["?", "#", "&", "? "]),
            draw.word()
        ),
        12 => {
            let known = known_name(draw, world);
            near(draw, known)
        }
        13 => known_name(draw, world),
        _ => draw.word(),
    }
}

/// A name that is kept; if there is none, any.
fn known_name(draw: &mut Draw, world: &World) -> String {
    let names: Vec<&String> = world.kept.keys().collect();
    match names.is_empty() {
        true => draw.word(),
        false => draw.pick(&names).clone(),
    }
}

/// A name that is nearly this one.
fn near(draw: &mut Draw, name: String) -> String {
    match draw.below(12) {
        0 => name.to_uppercase(),
        1 => name + "/",
        2 => format!("/{name}"),
        3 => name.to_lowercase(),
        4 => name.trim().into(),
        5 => name + " ",
        6 => name.replace(' ', "+"),
        7 => name.replace('+', " "),
        8 => utf8_percent_encode(&name, NON_ALPHANUMERIC).to_string(),
        9 => percent_decode_str(&name).decode_utf8_lossy().into_owned(),
        10 => name + &draw.word(),
        _ => name.trim_matches('/').into(),
    }
}

/// The path of a name, encoded in one of the ways in which it can be.
fn path_of(draw: &mut Draw, name: &str) -> String {
    let all = |byte: u8| format!("%{byte:02x}");
    match draw.below(6) {
        3 if !name.starts_with('/') => format!("/{}", utf8_percent_encode(name, &NEEDED)),
        4 => format!("/{}", name.bytes().map(all).collect::<String>()),
        _ => format!("/{}", utf8_percent_encode(name, NON_ALPHANUMERIC)),
    }
}

/// A URI, with what the service replies there.
fn site(draw: &mut Draw) -> (Vec<Act>, String) {
    let rest = rest(draw);
    let path = rest
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_string();
    let uri = format!("{SERVICE}{rest}");
    match draw.below(12) {
        4 => {
            let other = 400 + draw.below(200) as u16;
            let status = draw.pick(&[404, 201, 204, 206, 400, 403, 500, 503, 202, 203, 304, other]);
            (vec![serves(path, page(status))], uri)
        }
        5 | 6 => {
            let status = draw.pick(&[302, 301, 303, 307, 308]);
            let hops = draw.pick(&[1, 1, 2, 3, 9]);
            let last = draw.pick(&[200, 200, 404, 204]);
            let mut acts = Vec::new();
            let mut from = path;
            for _ in 0..hops {
                let to = draw.path();
                acts.push(serves(from, redirects(draw, status, &to)));
                from = to;
            }
            acts.push(serves(from, page(last)));
            (acts, uri)
        }
        7 => {
            let came = draw.pick(&["", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\n"]);
            (vec![serves(path, Reply::Raw(came.into()))], uri)
        }
        8 => (Vec::new(), format!("{NOBODY}{rest}")),
        9 => (Vec::new(), format!("{NOBODY}/?{}", draw.text())),
        11 => {
            let empty = Reply::answer(200, "text/plain", "");
            let reply = if draw.one_in(2) { empty } else { picture() };
            (vec![serves(path, reply)], uri)
        }
        10 => {
            let scheme = draw.pick(&[
                "javascript:",
                "ftp://service.test/",
                "data:,",
                "file:///",
                "",
            ]);
            (Vec::new(), format!("{scheme}{}", draw.word()))
        }
        _ => (vec![serves(path, page(200))], uri),
    }
}

// What is right.

/// What there is: what the service replies, and what the program keeps.
#[derive(Clone, Default)]
struct World {
    /// The replies of the service, by path.
    sites: BTreeMap<String, Reply>,
    /// The bookmarks that the program is started with.
    begun: BTreeMap<String, String>,
    kept: BTreeMap<String, String>,
    /// What was sent and must not be on the page, with the step that says so.
    gone: BTreeSet<(u32, String)>,
}

/// What comes of asking for a URI.
struct Visit {
    there: bool,
    /// What the service is asked, if that is sure.
    asked: Option<Vec<Act>>,
    /// Whether the time was up.
    given_up: bool,
    /// Whether it is an error for ureq, and whether it is one with a status.
    is_error: bool,
    has_status: bool,
    /// The address that was asked last.
    last: String,
}

impl Visit {
    /// An error of ureq's, and no answer.
    fn failed(there: bool, asked: Option<Vec<Act>>, last: String) -> Self {
        Self {
            there,
            asked,
            given_up: false,
            is_error: true,
            has_status: false,
            last,
        }
    }
}

/// Where the client is sent, for a name and its URI.
type Place = fn(name: &str, uri: &str) -> String;

/// What a bookmark server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    // Step 1.
    method: &'static str,
    counts: fn(status: u16) -> bool,
    /// What is said if there is no answer.
    error: bool,
    /// What is said if the time is up.
    late: bool,
    follows: bool,
    /// How many redirects are followed.
    hops: usize,
    /// Whether a page without any text is none, and one whose body is no text.
    needs_text: bool,
    reads_text: bool,
    /// Whether a page that does not end is none.
    reads_all: bool,
    /// How often it asks if it goes wrong, and what it takes for that.
    tries: usize,
    tries_after: fn(&Visit) -> bool,
    /// Whether a URI that is in the list is not asked again.
    trusts_known: bool,
    /// In milliseconds.
    patience: u64,
    /// Whether each request has all of this time.
    for_each: bool,
    // Step 2.
    name: fn(path: &str) -> Option<String>,
    finds: fn(kept: &BTreeMap<String, String>, name: &str) -> Option<String>,
    /// Whether a bookmark is gone when it was used.
    takes_out: bool,
    found: u16,
    location: Place,
    /// What becomes of that where the request has a query.
    with_query: fn(location: String, query: &str) -> String,
    /// The answer for a name that nobody knows: status, and Location.
    unknown: (u16, Option<&'static str>),
    /// The status for a path that is no text.
    no_text: u16,
    /// Whether DELETE removes a bookmark.
    takes_delete: bool,
    // Step 3.
    is_empty: fn(name: &str, uri: &str) -> bool,
    /// Whether the URI is trimmed, behind this question.
    trims_uri: bool,
    /// The status if a field is not there, and if it is empty.
    missing: [u16; 2],
    /// Whether a form with these names is refused, though it has the fields that it needs.
    refuses: fn(names: &[&str]) -> bool,
    /// Whether it does so before it looks for the fields, and names the first one then.
    refuses_first: bool,
    /// Whether only / takes forms.
    only_home: bool,
    /// Whether the page names a field then, and which it names for one of the two, that is
    /// empty or not there.
    names_missing: fn(empty: bool) -> bool,
    named: fn(lacks: &'static str, empty: bool) -> &'static str,
    asks_first: fn(name: &str, uri: &str) -> bool,
    /// Whether it asks first, and tells what is missing all the same: of a field that is not there,
    /// and of one that is empty.
    asks_always: [bool; 2],
    // Step 4.
    keeps_name: fn(&str) -> String,
    /// The same, of a name that the program is started with.
    keeps_given: fn(&str) -> String,
    keeps_uri: fn(&str) -> String,
    /// Whether the address is stored to which redirects have led.
    keeps_last: bool,
    keeps: bool,
    /// Whether a URI loses the name that it had before.
    one_name: bool,
    /// Whether a new bookmark takes the place of all others.
    keeps_one: bool,
    first_stays: bool,
    /// The answer to a good bookmark: status, and Location.
    posted: (u16, Option<Place>),
    /// Whether the Location of that is the path that the form went to, or all of its target.
    posted_back: Option<fn(&Request) -> &str>,
    sorted: bool,
    /// What a reader sees of a text in the list.
    listed: fn(&str) -> String,
    // Step 5.
    refused: u16,
    /// What a reader sees of a URI where nobody is; nothing, if it is `None`.
    shows: Option<fn(&str) -> String>,
    keeps_refused: bool,
    forgets_refused: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            method: "GET",
            counts: |status| status == 200,
            error: false,
            late: false,
            follows: true,
            hops: 10,
            needs_text: false,
            reads_text: false,
            reads_all: false,
            tries: 1,
            tries_after: |visit| visit.is_error,
            trusts_known: false,
            patience: PATIENCE,
            for_each: false,
            name: |path| Some(decoded(path)?[1..].into()),
            finds: |kept, name| kept.get(name).cloned(),
            takes_out: false,
            found: 303,
            location: |_, uri| uri.into(),
            with_query: |location, _| location,
            unknown: (404, None),
            no_text: 400,
            takes_delete: false,
            is_empty: |name, uri| name.is_empty() || uri.is_empty(),
            trims_uri: false,
            missing: [400, 400],
            refuses: |_| false,
            refuses_first: false,
            only_home: false,
            names_missing: |_| true,
            named: |lacks, _| lacks,
            asks_first: |_, _| false,
            asks_always: [false, false],
            keeps_name: str::to_string,
            keeps_given: str::to_string,
            keeps_uri: str::to_string,
            keeps_last: false,
            keeps: true,
            one_name: false,
            keeps_one: false,
            first_stays: false,
            posted: (303, Some(|_, _| "/".into())),
            posted_back: None,
            sorted: true,
            listed: str::to_string,
            refused: 404,
            shows: Some(str::to_string),
            keeps_refused: false,
            forgets_refused: false,
        }
    }
}

/// The text that a path is, decoded once; `None` if its bytes are not UTF-8.
fn decoded(path: &str) -> Option<String> {
    Some(percent_decode_str(path).decode_utf8().ok()?.into_owned())
}

/// Whether the text leaves open what a path names: two slashes at its beginning, `%` without
/// two digits, and names that clients take for folders.
fn is_open(path: &str) -> bool {
    let is_digit = |at: usize| path.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut signs = path.match_indices('%');
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    path.starts_with("//")
        || signs.any(|(at, _)| !is_digit(at + 1) || !is_digit(at + 2))
        || decoded.split('/').any(|part| [".", ".."].contains(&part))
}

/// Where a URI leads to.
enum Leads {
    /// To this target of the service.
    Service(String),
    /// To nobody.
    Nowhere,
}

/// Where it leads to, where the text is sure of it.
fn leads(uri: &str) -> Option<Leads> {
    if uri.starts_with(' ') || uri.ends_with(' ') {
        return Some(Leads::Nowhere); // no URI
    }
    let Some(rest) = uri.strip_prefix(SERVICE) else {
        let other =
            uri.starts_with("https:") || uri.contains("service.test") && !uri.starts_with("ftp:");
        return (!other).then_some(Leads::Nowhere);
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    if !rest.is_empty() && !rest.starts_with(['/', '?', '#']) || !rest.chars().all(plain) {
        return None;
    }
    let target = rest.split('#').next().unwrap_or_default();
    let slash = if target.starts_with('/') { "" } else { "/" };
    Some(Leads::Service(format!("{slash}{target}")))
}

/// What comes of asking for a URI, and of asking again if that went wrong.
fn visit(knobs: &Knobs, world: &World, uri: &str) -> Option<Visit> {
    let mut visit = visit_once(knobs, world, uri)?;
    if knobs.tries > 1 && (knobs.tries_after)(&visit) {
        let asked = visit.asked.filter(|_| !visit.given_up);
        // How often a site is asked that does not answer in time depends on what time is left.
        visit.asked = asked.map(|asked| vec![asked; knobs.tries].concat());
    }
    Some(visit)
}

fn visit_once(knobs: &Knobs, world: &World, uri: &str) -> Option<Visit> {
    let mut asked = Vec::new();
    let mut elapsed = 0;
    let mut uri = uri.to_string();
    for _ in 0..=knobs.hops {
        let Leads::Service(target) = leads(&uri)? else {
            return Some(Visit::failed(knobs.error, Some(asked), uri));
        };
        uri = format!("{SERVICE}{target}");
        let path = target.split('?').next().unwrap_or_default().to_string();
        asked.push(request(knobs.method, target));
        let takes = match world.sites.get(&path) {
            Some(Reply::Silent) if knobs.patience == u64::MAX => return None,
            Some(Reply::Silent) => u64::MAX,
            Some(Reply::After(time, _)) => time.as_millis() as u64,
            // To HEAD there is no body, so it is the head that does not end.
            Some(Reply::Stalled(_))
                if knobs.method == "HEAD"
                    || knobs.reads_all
                    || knobs.needs_text
                    || knobs.reads_text =>
            {
                u64::MAX
            }
            _ => 0,
        };
        elapsed = if knobs.for_each {
            takes
        } else {
            takes.saturating_add(elapsed)
        };
        if elapsed > knobs.patience {
            return Some(Visit {
                given_up: true,
                ..Visit::failed(knobs.error || knobs.late, Some(asked), uri)
            });
        }
        let answer = match world.sites.get(&path) {
            Some(Reply::Stalled(answer)) => Some(answer.clone()),
            Some(Reply::Raw(_)) => return Some(Visit::failed(knobs.error, None, uri)),
            reply => reply.and_then(Reply::what).cloned(),
        };
        let answer = answer.unwrap_or_else(|| Answer::new(404, ""));
        match answer.field("Location").filter(|_| knobs.follows) {
            Some(to) if to.starts_with('/') => uri = format!("{SERVICE}{to}"),
            Some(to) => uri = to.into(),
            None => {
                let counts = (knobs.counts)(answer.status);
                let has_text = !answer.text().trim().is_empty();
                let is_text = std::str::from_utf8(&answer.body).is_ok();
                let will_do = (has_text || !knobs.needs_text) && (is_text || !knobs.reads_text);
                return Some(Visit {
                    there: counts && will_do,
                    asked: Some(asked),
                    given_up: false,
                    is_error: answer.status >= 400,
                    has_status: true,
                    last: uri,
                });
            }
        }
    }
    // More redirects than it follows. How many of them were followed, the client decides.
    Some(Visit::failed(knobs.error, None, uri))
}

struct BookmarkServer;

impl Model for BookmarkServer {
    type Knobs = Knobs;
    type State = World;

    fn restart(world: &mut World) {
        world.kept = world.begun.clone();
        world.gone.clear();
    }

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        match act {
            Act::Serve(path, reply) => {
                world.sites.insert(path.clone(), reply.clone());
                None
            }
            Act::Start(command) => {
                let kept = |(name, uri): (String, _)| ((knobs.keeps_given)(&name), uri);
                world.begun = command.pairs().map(kept).collect();
                world.kept = world.begun.clone();
                None
            }
            Act::Run(command) => checks(knobs, world, command),
            Act::Ask(asked) => match &*asked.method {
                "GET" | "HEAD" => gets(knobs, world, asked),
                "POST" => posts(knobs, world, asked),
                "DELETE" if knobs.takes_delete => {
                    let name = (knobs.name)(asked.path())?;
                    let was_there = world.kept.remove(&name).is_some();
                    let done: &[u16] = &[200, 202, 204, 301, 302, 303];
                    let statuses = if was_there { done } else { &[400, 404, 410] };
                    Some(Expect::step(4).status_in(statuses))
                }
                _ => Some(Expect::step(4).status(501)),
            },
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        match draw.below(24) {
            0..=4 => {
                let name = match draw.below(4) {
                    0 | 1 => known_name(draw, world),
                    2 => {
                        let known = known_name(draw, world);
                        near(draw, known)
                    }
                    _ => name(draw, world),
                };
                let target = path_of(draw, &name) + &draw.query();
                let method = if draw.one_in(8) { "HEAD" } else { "GET" };
                vec![request(method, target)]
            }
            5 => {
                let end = draw.pick(&["%FF", "%E3%81", "%C0%AF", "%ED%A0%80"]);
                let path = draw.path() + end;
                // A name that this path would have, if what is no text became �.
                let name = percent_decode_str(&path[1..]).decode_utf8_lossy();
                match draw.one_in(2) {
                    true => vec![started(&name, &any_uri(draw)), get(path)],
                    false => vec![request(draw.pick(&["GET", "GET", "HEAD"]), path)],
                }
            }
            6 if draw.one_in(3) => {
                let name = known_name(draw, world);
                vec![request("DELETE", path_of(draw, &name))]
            }
            6 => vec![get(format!("/{}", draw.query()))],
            7..=14 => {
                let (mut acts, uri) = site(draw);
                let name = name(draw, world);
                acts.push(match draw.below(12) {
                    9 => {
                        let target = draw.path() + &draw.query();
                        post(target).form(&[("uri", &uri), ("name", &name)])
                    }
                    10 => post("/").form(&[("name", &name), ("name", &draw.word()), ("uri", &uri)]),
                    11 => {
                        post("/").form(&[("x", "1"), ("name", &name), ("uri", &uri), ("uri", "")])
                    }
                    8 => {
                        let other = draw.word();
                        post("/").form(&[("uri", &uri), (&other, "1"), ("name", &name)])
                    }
                    _ => posted(&name, &uri),
                });
                if draw.below(3) > 0 {
                    acts.push(get("/"));
                }
                acts
            }
            15..=17 => {
                let name = name(draw, world);
                let (mut acts, uri) = match draw.below(4) {
                    0 => (Vec::new(), draw.word()),
                    _ => site(draw),
                };
                acts.push(match draw.below(10) {
                    0 => post("/").form(&[("name", &name)]),
                    1 => post("/").form(&[("uri", &uri)]),
                    2 => post("/").form(&[("name", ""), ("uri", &uri)]),
                    3 => post("/").form(&[("name", &name), ("uri", "")]),
                    4 => post("/").form(&[("name", ""), ("uri", "")]),
                    5 => post("/").form(&[("Name", &name), ("uri", &uri)]),
                    6 => post("/").form(&[("name", &name), ("url", &uri)]),
                    7 => post("/").form(&[("name", " "), ("uri", &uri)]),
                    8 => posted(&name, draw.pick(&[" ", "\t", "  "])),
                    _ => post("/").body(draw.pick(&["", "=", "name", "{\"name\":\"a\"}"])),
                });
                acts
            }
            18 | 19 => {
                let bookmark = |draw: &mut Draw| {
                    let name = name(draw, world).replace('=', "-");
                    format!("{name}={}", any_uri(draw))
                };
                let number = draw.below(4);
                let mut bookmarks: Vec<String> = (0..=number).map(|_| bookmark(draw)).collect();
                // Which of two URIs counts that are given for one name, the text leaves open.
                let mut known = BTreeSet::new();
                bookmarks.retain(|text| known.insert(text.split('=').next().map(str::to_string)));
                let arguments: Vec<&str> = bookmarks.iter().map(|text| &**text).collect();
                vec![start(&arguments), get("/")]
            }
            20 => {
                let (mut acts, uri) = site(draw);
                acts.push(check(&uri));
                acts
            }
            21 => {
                // A site that is there, and later is not.
                let (site, uri) = good(draw);
                let path = uri.trim_start_matches(SERVICE).to_string();
                vec![
                    site,
                    posted(&draw.word(), &uri),
                    serves(path, page(404)),
                    posted(&draw.word(), &uri),
                    get("/"),
                ]
            }
            _ => {
                let (mut acts, uri) = site(draw);
                let name = name(draw, world);
                acts.push(posted(&name, &uri));
                acts.push(get(path_of(draw, &name)));
                acts
            }
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        asking(mistakes);
        looking_up(mistakes);
        missing(mistakes);
        keeping(mistakes);
        refusing(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        if let (Act::Run(_), Seen::Ended(ended)) = (act, seen)
            && let Ok(ended) = &**ended
            && ended.took > Duration::from_millis(300)
            && ended.stdout.text() == "false\n"
        {
            let took = ended.took.as_millis() as u64;
            let says = format!(
                "The program gave up after {:.1} seconds. The limit for all of the exchange is 5 \
                 seconds: timeout_global(Some(Duration::from_secs(5))).",
                ended.took.as_secs_f32()
            );
            mistakes.wrong("other-time-limit", says, move |knobs| {
                knobs.patience = took - 100
            });
        }
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        let says =
            |what: &str, right: u16| format!("{what} has the status {status}. It is {right}.");
        match &*asked.method {
            "POST" => {
                mistakes
                    .wrong(
                        "posted-status",
                        says("The answer to a good bookmark", 303),
                        move |knobs| knobs.posted.0 = status,
                    )
                    .wrong(
                        "missing-status",
                        says(
                            "The answer to a form in which something is missing or empty",
                            400,
                        ),
                        move |knobs| knobs.missing = [status; 2],
                    )
                    .wrong(
                        "missing-status",
                        says("The answer to a form without a name or a uri", 400),
                        move |knobs| knobs.missing[0] = status,
                    )
                    .wrong(
                        "missing-status",
                        says("The answer to a form with an empty name or uri", 400),
                        move |knobs| knobs.missing[1] = status,
                    )
                    .wrong(
                        "refused-status",
                        says("The answer to a URI where nobody is", 404),
                        move |knobs| knobs.refused = status,
                    );
            }
            _ => {
                mistakes
                    .wrong(
                        "found-status",
                        says("The answer for a name that is there", 303),
                        move |knobs| knobs.found = status,
                    )
                    .wrong(
                        "unknown-status",
                        says("The answer for a name that nobody knows", 404),
                        move |knobs| knobs.unknown = (status, None),
                    )
                    .wrong(
                        "no-text-status",
                        says("The answer to a path that can't be decoded", 400),
                        move |knobs| knobs.no_text = status,
                    );
            }
        }
    }
}

/// What `--check` says.
fn checks(knobs: &Knobs, world: &World, command: &Command) -> Option<Expect> {
    let [option, uri] = &command.arguments[..] else {
        return None;
    };
    if option != "--check" {
        return None;
    }
    let visit = visit(knobs, world, uri)?;
    let mut expect = Expect::step(1).code(0).stdout(format!("{}\n", visit.there));
    if let Some(asked) = visit.asked {
        expect = expect.asked(asked);
    }
    if visit.given_up {
        // It never ends before its time; after it, as soon as the computer can.
        expect =
            expect.took(knobs.patience.saturating_sub(100)..knobs.patience.saturating_add(1500));
    }
    Some(expect)
}

fn gets(knobs: &Knobs, world: &mut World, asked: &Request) -> Option<Expect> {
    let path = asked.path();
    if is_open(path) {
        return None;
    }
    if path == "/" {
        let head = asked.method == "HEAD";
        let expect = list(knobs, world, head);
        if !head {
            // The next page need not be searched for it again.
            world.gone.clear();
        }
        return Some(expect);
    }
    let expect = Expect::step(2);
    let Some(name) = (knobs.name)(path) else {
        return Some(expect.status(knobs.no_text));
    };
    Some(match (knobs.finds)(&world.kept, &name) {
        Some(uri) => {
            if knobs.takes_out {
                world.kept.remove(&name);
            }
            let location = (knobs.location)(&name, &uri);
            let location = match asked.target.split_once('?') {
                Some((_, query)) => (knobs.with_query)(location, query),
                None => location,
            };
            expect.status(knobs.found).field("Location", &*location)
        }
        None => expect
            .status(knobs.unknown.0)
            .field("Location", knobs.unknown.1),
    })
}

/// The page with the form and all bookmarks.
fn list(knobs: &Knobs, world: &World, head: bool) -> Expect {
    let expect = Expect::step(4).status(200).field_in("Content-Type", &HTML);
    if head {
        return expect;
    }
    let expect = expect.has_tag("form", &[("method", "post")]);
    let mut expect = expect.has_tag("input", &[("name", "uri")]);
    let listed = |text: &String| (knobs.listed)(text);
    let names: Vec<String> = world.kept.keys().map(listed).collect();
    let uris: Vec<String> = world.kept.values().map(listed).collect();
    let texts = [&*names, &*uris].concat();
    expect = match knobs.sorted {
        // Whether a name stands before its URI, the text does not say.
        true => expect.shows_in_order(names).shows_in_order(uris),
        false => texts.iter().fold(expect, |expect, text| expect.shows(text)),
    };
    let texts: Vec<String> = texts.iter().map(|text| folded(text)).collect();
    for (step, gone) in &world.gone {
        // What is there may look like it, or two texts that stand one behind the other.
        let folded = folded(gone);
        let looks_like_it = |text: &String| {
            let with_next = |next: &String| format!("{text} {next}").contains(&folded);
            texts.iter().any(with_next)
        };
        if !texts.iter().any(looks_like_it) {
            expect = expect.then(*step).hides(gone);
        }
    }
    expect
}

fn posts(knobs: &Knobs, world: &mut World, asked: &Request) -> Option<Expect> {
    let expect = Expect::step(3);
    if knobs.only_home && asked.path() != "/" {
        return Some(expect.status(404));
    }
    let (name, uri) = (asked.form_field("name"), asked.form_field("uri"));
    let is_there = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
    // If both are missing, one of them will do.
    let lacks = match (is_there(&name), is_there(&uri)) {
        (false, true) => Some("name"),
        (true, false) => Some("uri"),
        _ => None,
    };
    let empty = name.is_some() && uri.is_some();
    let hides = |expect, lacks| {
        let words = words_for(lacks).iter();
        words.fold(expect, |expect: Expect, word| expect.hides(*word))
    };
    let refused = |status: u16| {
        let expect = expect.clone().status(status);
        let is_named = (knobs.names_missing)(empty);
        let Some(lacks) = lacks else {
            let both = ["name", "uri"].map(words_for).concat();
            return if is_named {
                expect.names(&both)
            } else {
                expect
            };
        };
        let named = (knobs.named)(lacks, empty);
        let expect = match is_named {
            true => expect.names(words_for(named)),
            // Whoever names a field elsewhere would have named the other one here.
            false if (knobs.names_missing)(!empty) => hides(expect, other_one(lacks)),
            false => expect,
        };
        match is_named && named == lacks {
            true => expect,
            false => hides(expect, lacks),
        }
    };
    let text = asked.text();
    let names = text.split('&').filter_map(|field| field.split('=').next());
    let refuses = (knobs.refuses)(&names.collect::<Vec<_>>());
    if refuses && knobs.refuses_first {
        let expect = expect.status(knobs.missing[0]).names(words_for("name"));
        return Some(match lacks {
            Some("uri") => hides(expect, "uri"),
            _ => expect,
        });
    }
    // No site is asked, so no site is waited for.
    let waits = knobs.asks_always[usize::from(empty)]
        && visit(knobs, world, uri.as_deref().unwrap_or_default())?.given_up;
    let times = match waits {
        true => PATIENCE - 500..2 * PATIENCE,
        false => 0..PATIENCE - 1000,
    };
    let (Some(name), Some(uri)) = (name, uri) else {
        return Some(refused(knobs.missing[0]).took(times));
    };
    if refuses {
        return Some(refused(knobs.missing[0]));
    }
    let nothing = name.is_empty() || uri.is_empty();
    if (knobs.is_empty)(&name, &uri) && !(knobs.asks_first)(&name, &uri) {
        return Some(refused(knobs.missing[1]).took(times));
    }
    let uri = match knobs.trims_uri {
        true => uri.trim().to_string(),
        false => uri,
    };
    let is_known = world.kept.values().any(|known| *known == uri);
    let (there, last) = match knobs.trusts_known && is_known {
        true => (true, uri.clone()),
        false => {
            let visit = visit(knobs, world, &uri)?;
            (visit.there, visit.last)
        }
    };
    // The step that says what is right here: in step 3, that something is missing.
    let step = |step: u32| Expect::step(if nothing { 3 } else { step });
    if there && (knobs.is_empty)(&name, &uri) {
        return Some(refused(knobs.missing[1]));
    }
    if !there {
        world.gone.extend(
            [(5, uri.clone()), (5, name.clone())]
                .into_iter()
                .filter(is_told),
        );
        if knobs.forgets_refused {
            world.kept.remove(&name);
        }
        if knobs.keeps_refused {
            keep(knobs, world, &name, &uri);
        }
        let expect = step(5).status(knobs.refused);
        return Some(match knobs.shows {
            Some(shows) => expect.shows(shows(&uri)),
            None => {
                let words = uri.split(|c: char| !c.is_ascii_alphanumeric());
                match words.max_by_key(|word| word.len()).unwrap_or_default() {
                    "" => expect,
                    word => expect.hides(word),
                }
            }
        });
    }
    if let Some(old) = world.kept.get(&name) {
        world
            .gone
            .extend([(4, old.clone())].into_iter().filter(is_told));
    }
    if knobs.keeps {
        let kept = if knobs.keeps_last { &last } else { &uri };
        keep(knobs, world, &name, kept);
    }
    let (status, location) = knobs.posted;
    let location = match knobs.posted_back {
        Some(place) => Some(place(asked).to_string()),
        None => location.map(|location| location(&name, &uri)),
    };
    Some(
        step(4)
            .status(status)
            .field("Location", location.as_deref()),
    )
}

/// The words that name one of the two fields, or the other.
fn words_for(field: &str) -> &'static [&'static str] {
    match field {
        "name" => &["name"],
        _ => &["uri", "url", "address"],
    }
}

/// Whether a text can be told from others on a page: a word was drawn for it.
fn is_told((_, text): &(u32, String)) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.len() > 3
}

fn keep(knobs: &Knobs, world: &mut World, name: &str, uri: &str) {
    let (name, uri) = ((knobs.keeps_name)(name), (knobs.keeps_uri)(uri));
    if knobs.keeps_one {
        world.kept.clear();
    }
    if knobs.one_name {
        world.kept.retain(|_, known| *known != uri);
    }
    if !(knobs.first_stays && world.kept.contains_key(&name)) {
        world.kept.insert(name, uri);
    }
}

// What students get wrong.

fn asking(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong("asks-with-head", "The site is asked with HEAD. Not every site answers that, and a browser asks with GET: ureq::get.", |knobs| {
            knobs.method = "HEAD";
        })
        .wrong("any-success", "Not only 200 counts for you, but other answers of success as well, such as 204 No Content, where there is nothing to see. For ureq they are Ok, too: compare the status with 200.", |knobs| {
            knobs.counts = |status| (200..300).contains(&status);
        })
        // What ureq calls Ok.
        .or(|knobs| knobs.counts = |status| (200..400).contains(&status))
        .wrong("any-status", "Any answer counts for you, a 404 or a 500, too. For ureq a status of 400 or more is an Err. Such an Err means false, and in the Ok case only 200 means true.", |knobs| {
            knobs.counts = |_| true;
        })
        .wrong("status-errors-count", "A status of 400 or more counts as if somebody were there. For ureq it is an Err, which means false: the site is there, the page is not.", |knobs| {
            knobs.counts = |status| status == 200 || status >= 400;
        })
        .wrong("errors-count", "Where there is no answer at all, you say true. An Err of ureq means false, whichever it is.", |knobs| {
            knobs.error = true;
        })
        .or(|knobs| {
            knobs.error = true;
            knobs.counts = |status| status == 200 || status >= 400;
        })
        .wrong("late-counts", "A site that does not answer in time counts as if somebody were there. Nobody has answered 200: that is false, too.", |knobs| {
            knobs.late = true;
        })
        .wrong("always-there", "You say true, whatever the answer was. Only the status 200 means true.", |knobs| {
            knobs.error = true;
            knobs.counts = |_| true;
        })
        .wrong("never-there", "You say false, also where the answer is 200. That one means true.", |knobs| {
            knobs.counts = |_| false;
        })
        .wrong("upside-down", "You say true where somebody answers 200 is false, and false where it is true. Look at the comparison with 200.", |knobs| {
            knobs.counts = |status| (200..400).contains(&status) && status != 200;
        })
        .wrong("redirects-not-followed", "A redirect is not followed. A browser follows it, and so does ureq, if you don't switch that off: the status of the last answer counts.", |knobs| {
            knobs.follows = false;
        })
        .wrong("redirects-count", "A redirect counts as if the page were there, wherever it leads. Follow it: the status of the last answer counts.", |knobs| {
            knobs.follows = false;
            knobs.counts = |status| status == 200 || (300..400).contains(&status);
        })
        .or(|knobs| {
            knobs.follows = false;
            knobs.counts = |status| (200..400).contains(&status);
        })
        .wrong("needs-text", "A page without any text counts as if nobody were there. Only the status counts: 200, whatever the body is.", |knobs| {
            knobs.needs_text = true;
        })
        .or(|knobs| (knobs.needs_text, knobs.reads_text) = (true, true))
        .wrong("reads-text", "You read the body of the page as text, so a page that is none, such as a picture, counts as if nobody were there. Only the status counts: you need not read the body.", |knobs| {
            knobs.reads_text = true;
        })
        .wrong("reads-all", "You read all of the page, and if that does not come to an end, you say false. Only the status counts, which is in the head of the answer: do not read the body.", |knobs| {
            knobs.reads_all = true;
        })
        .wrong("asks-again", "If it goes wrong, the site is asked once more, and waited for again. Ask once: one answer says all, and 5 seconds are the limit for all of it.", |knobs| {
            knobs.tries = 2;
        })
        .or(|knobs| knobs.tries = 3)
        .or(|knobs| {
            knobs.tries = 2;
            knobs.tries_after = |visit| visit.is_error && !visit.has_status;
        })
        .or(|knobs| {
            knobs.tries = 3;
            knobs.tries_after = |visit| visit.is_error && !visit.has_status;
        })
        .or(|knobs| {
            knobs.tries = 2;
            knobs.tries_after = |visit| !visit.there;
        })
        .or(|knobs| {
            knobs.tries = 3;
            knobs.tries_after = |visit| !visit.there;
        })
        .wrong("few-redirects", "A site behind several redirects counts as if nobody were there: you follow only a few. Leave their number to ureq, which follows up to ten.", |knobs| {
            knobs.hops = 1;
        })
        .or(|knobs| knobs.hops = 2)
        .or(|knobs| knobs.hops = 3)
        .wrong("does-not-end", "The program waits as long as the site wants: an answer that came later than 5 seconds still counted. The limit for all of it is timeout_global.", |knobs| {
            knobs.patience = u64::MAX;
        })
        .wrong("waits-longer", "An answer that comes after more than 5 seconds still counts for you. The limit for all of the exchange is 5 seconds: timeout_global(Some(Duration::from_secs(5))).", |knobs| {
            knobs.patience = 6000;
        })
        .wrong("limit-for-each-redirect", "Your limit is for each request alone, so a site that redirects slowly gets several times 5 seconds. The limit for all of it is timeout_global.", |knobs| {
            knobs.for_each = true;
        });
}

/// The URI of the first bookmark whose name is like this.
fn first_with(kept: &BTreeMap<String, String>, is_like: impl Fn(&str) -> bool) -> Option<String> {
    let mut all = kept.iter();
    let (_, uri) = all.find(|(known, _)| is_like(known))?;
    Some(uri.clone())
}

/// A URI as a parser writes it; what it can't read stays as it is.
fn rewritten(uri: &str) -> String {
    let parsed = uri.parse::<http_core::http::Uri>();
    parsed.map_or_else(|_| uri.into(), |parsed| parsed.to_string())
}

fn looking_up(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong("slash-stays", "You look up the name with the slash of the path before it. The name begins behind it: &path[1..].", |knobs| {
            knobs.name = decoded;
        })
        .wrong("path-not-decoded", "You look up the name percent-encoded, as it stands in the path. request.decoded_path() gives the text back.", |knobs| {
            knobs.name = |path| Some(path[1..].into());
        })
        .or(|knobs| {
            // It only looks whether it could be decoded.
            knobs.name = |path| decoded(path).map(|_| path[1..].into());
        })
        .wrong("decoded-twice", "You decode the path twice. What comes out of decoded_path is the name, even if a % stands in it.", |knobs| {
            knobs.name = |path| decoded(&decoded(path)?).map(|path| path[1..].into());
        })
        .wrong("plus-as-space", "You make a space of each + in the path. That is right in the fields of a form, but in a path a + is a plus sign.", |knobs| {
            knobs.name = |path| Some(decoded(&path.replace('+', " "))?[1..].into());
        })
        .or(|knobs| {
            knobs.name = |path| Some(decoded(path)?[1..].replace('+', " "));
        })
        .wrong("all-slashes", "You take all slashes away at an end of the path. Only the first one goes: a name may begin or end with a slash.", |knobs| {
            knobs.name = |path| Some(decoded(path)?.trim_matches('/').into());
        })
        .or(|knobs| {
            knobs.name = |path| Some(decoded(path)?.trim_start_matches('/').into());
        })
        .or(|knobs| {
            knobs.name = |path| Some(decoded(path)?[1..].trim_end_matches('/').into());
        })
        .wrong("no-slashes", "You take every slash out of the path. Only the first one goes: a name may have a slash in it.", |knobs| {
            knobs.name = |path| Some(decoded(path)?.replace('/', ""));
        })
        .wrong("last-part", "You look up only what stands behind the last slash. The name is all of the path without its first slash.", |knobs| {
            knobs.name = |path| Some(decoded(path)?.rsplit('/').next()?.into());
        })
        .wrong("trimmed-name", "Spaces at the ends of a name are lost when you look it up. They are part of the name.", |knobs| {
            knobs.name = |path| Some(decoded(path)?[1..].trim().into());
        })
        .wrong("cut-at-a-sign", "A name ends for you at its first ? or #, which is lost with what follows. In the decoded path they are letters of the name: the query is not in it any more.", |knobs| {
            knobs.name = |path| Some(decoded(path)?[1..].split('?').next()?.into());
        })
        .or(|knobs| {
            knobs.name = |path| Some(decoded(path)?[1..].split(['?', '#']).next()?.into());
        })
        .wrong("lossy", "Bytes that are not UTF-8 become \u{fffd}, and you look for a name with that. Such a path is no name: the answer is 400. request.decoded_path() is an Err then.", |knobs| {
            knobs.name = |path| Some(percent_decode_str(&path[1..]).decode_utf8_lossy().into());
        })
        .wrong("any-case", "Capital and small letters of a name are the same to you. They make different names.", |knobs| {
            knobs.finds = |kept, name| first_with(kept, |known| known.to_lowercase() == name.to_lowercase());
        })
        .or(|knobs| {
            knobs.finds = |kept, name| first_with(kept, |known| known.eq_ignore_ascii_case(name));
        })
        .wrong("next-name", "A name that is not in the list leads to the site of another name, which begins like it or comes next in the order. Only this very name counts: get finds it, or nothing.", |knobs| {
            knobs.finds = |kept, name| {
                let mut next = kept.range(name.to_string()..);
                next.next().map(|(_, uri)| uri.clone())
            };
        })
        .or(|knobs| {
            knobs.finds = |kept, name| first_with(kept, |known| known.starts_with(name));
        })
        .wrong("gone-when-used", "A bookmark works once: it is taken out of the map when somebody asks for it. remove does that. get(name).cloned() copies the URI, and the bookmark stays.", |knobs| {
            knobs.takes_out = true;
        })
        .wrong("no-favicon", "/favicon.ico is answered with 404 even if there is a bookmark of this name. It is a name like any other: look it up.", |knobs| {
            knobs.finds = |kept, name| kept.get(name).filter(|_| name != "favicon.ico").cloned();
        })
        .wrong("location-escaped", "You escape the URI for HTML, and it goes into a header. There it must be as it was given: & and not &amp;.", |knobs| {
            knobs.location = |_, uri| http_core::escape_html(uri);
        })
        .wrong("location-encoded", "You percent-encode the URI once more. As Location it must be as it was given.", |knobs| {
            knobs.location = |_, uri| utf8_percent_encode(uri, NON_ALPHANUMERIC).to_string();
        })
        .or(|knobs| knobs.location = |_, uri| utf8_percent_encode(uri, CONTROLS).to_string())
        .wrong("location-is-the-name", "The Location is the name. It must be the URI that belongs to the name.", |knobs| {
            // The value of a header has no spaces at its ends.
            knobs.location = |name, _| name.trim_matches([' ', '\t']).into();
        })
        .wrong("location-rewritten", "The Location is not the URI as it was given: it was parsed and written anew, which loses what stands behind a #, and puts a slash behind a host without a path. Send the text that is in the map.", |knobs| {
            knobs.location = |_, uri| rewritten(uri);
        })
        .wrong("location-cut", "The Location ends where a # stands in the URI. What stands behind it is for the browser, which looks for it in the page: send the URI as it was given.", |knobs| {
            knobs.location = |_, uri| uri.split('#').next().unwrap_or_default().into();
        })
        .wrong("query-handed-on", "The query of the request is put behind the URI. A query string changes nothing: the Location is the URI, as it was given.", |knobs| {
            knobs.with_query = |uri, query| format!("{uri}?{query}");
        })
        .or(|knobs| {
            knobs.with_query = |uri, query| match query {
                "" => uri,
                query => format!("{uri}?{query}"),
            };
        })
        .or(|knobs| {
            knobs.with_query = |uri, query| format!("{uri}{}{query}", if uri.contains('?') { "&" } else { "?" });
        })
        .or(|knobs| {
            knobs.with_query = |uri, query| match query {
                "" => uri,
                query => format!("{uri}{}{query}", if uri.contains('?') { "&" } else { "?" }),
            };
        })
        .wrong("unknown-goes-home", "A name that nobody knows sends the client to the page. Then nobody learns that the name was wrong. The answer is 404.", |knobs| {
            knobs.unknown = (303, Some("/"));
        })
        .wrong("no-text-not-found", "A path that can't be decoded to a text gets 404, as if it were a name that nobody knows. It is no name: the answer is 400.", |knobs| {
            knobs.no_text = 404;
        });
    for status in [301, 302, 307, 308] {
        mistakes.wrong("other-redirect", "The redirect to the site has another status than 303, See Other. Only 303 says both: ask there with GET, and ask here again the next time.", move |knobs| {
            knobs.found = status;
        });
    }
}

fn missing(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong("empty-taken", "A field that nobody filled in is sent as well, with an empty value: fields.get gives Some of an empty text then. Ask for is_empty() of both, and answer 400.", |knobs| {
            knobs.is_empty = |_, _| false;
        })
        .wrong("empty-name-taken", "An empty uri gets a 400, an empty name does not. For both the answer is 400.", |knobs| {
            knobs.is_empty = |_, uri| uri.is_empty();
        })
        .wrong("empty-uri-taken", "An empty name gets a 400, an empty uri does not. For both the answer is 400.", |knobs| {
            knobs.is_empty = |name, _| name.is_empty();
        })
        .wrong("both-empty", "Only if name and uri are both empty, you answer 400. One of them is enough: || and not &&.", |knobs| {
            knobs.is_empty = |name, uri| name.is_empty() && uri.is_empty();
        })
        .wrong("blank-is-empty", "You take a name or uri of spaces for an empty one. For this lesson it is not empty: is_empty() without trim().", |knobs| {
            knobs.is_empty = |name, uri| name.trim().is_empty() || uri.trim().is_empty();
        })
        .or(|knobs| knobs.is_empty = |name, uri| name.trim().is_empty() || uri.is_empty())
        .or(|knobs| knobs.is_empty = |name, uri| name.is_empty() || uri.trim().is_empty())
        .wrong("other-fields-refused", "A form with one more field than name and uri gets a 400. Other fields do no harm: look whether name and uri are there, and do not count the fields.", |knobs| {
            knobs.refuses = |names| names.iter().collect::<BTreeSet<_>>().len() != 2;
        })
        .or(|knobs| knobs.refuses = |names| names.len() != 2)
        .or(|knobs| {
            knobs.refuses_first = true;
            knobs.refuses = |names| names.iter().collect::<BTreeSet<_>>().len() != 2;
        })
        .or(|knobs| {
            knobs.refuses_first = true;
            knobs.refuses = |names| names.len() != 2;
        })
        .wrong("missing-not-found", "If a field is missing, you answer 404. That says that nothing is at this path. The path is right, the form is not: 400.", |knobs| {
            knobs.missing = [404; 2];
        })
        .or(|knobs| knobs.missing[0] = 404)
        .wrong("missing-not-named", "The answer is 400, but its page does not say what is missing. One of the words name and uri must be in it.", |knobs| {
            knobs.names_missing = |_| false;
        })
        .or(|knobs| knobs.names_missing = |empty| !empty)
        .or(|knobs| knobs.names_missing = |empty| empty)
        .wrong("other-one-named", "The answer is 400, but of name and uri, its page names the one that is there. Say which one is missing or empty.", |knobs| {
            knobs.named = |lacks, _| other_one(lacks);
        })
        .or(|knobs| {
            knobs.named = |lacks, empty| if empty { other_one(lacks) } else { lacks };
        })
        .or(|knobs| {
            knobs.named = |lacks, empty| if empty { lacks } else { other_one(lacks) };
        })
        .or(|knobs| knobs.named = |_, _| "name")
        .or(|knobs| knobs.named = |_, _| "uri")
        // The same words for both, only where a field is empty, or only where it is not there.
        .or(|knobs| knobs.named = |lacks, empty| if empty { "name" } else { lacks })
        .or(|knobs| knobs.named = |lacks, empty| if empty { "uri" } else { lacks })
        .or(|knobs| knobs.named = |lacks, empty| if empty { lacks } else { "name" })
        .or(|knobs| knobs.named = |lacks, empty| if empty { lacks } else { "uri" })
        .wrong("post-only-home", "A POST to another path than / gets 404. In this lesson, a form is taken at every path.", |knobs| {
            knobs.only_home = true;
        })
        .wrong("asks-first", "You ask the site before you look whether name and uri are empty. First look for what is missing: then no site need be asked.", |knobs| {
            knobs.asks_first = |_, _| true;
        })
        // An empty uri alone would be asked, too: nobody is there, which is empty-uri-taken.
        .or(|knobs| knobs.asks_first = |_, uri| !uri.is_empty())
        .or(|knobs| knobs.asks_always = [true, true])
        .or(|knobs| knobs.asks_always = [false, true]);
}

/// The other one of the two fields.
fn other_one(field: &str) -> &'static str {
    if field == "name" { "uri" } else { "name" }
}

fn keeping(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong("known-not-asked", "A URI that is in the list already is not asked again. The site may be gone meanwhile: ask each time.", |knobs| {
            knobs.trusts_known = true;
        })
        .wrong("not-stored", "The bookmark is checked and then forgotten. insert it into the map: the name is the key, the URI the value.", |knobs| {
            knobs.keeps = false;
        })
        .wrong("only-the-last", "Of all bookmarks, only the last one is kept: a new map takes the place of the old one. insert adds to the map that is there.", |knobs| {
            knobs.keeps_one = true;
        })
        .wrong("first-one-stays", "If a name is there already, it keeps its first URI. The new one takes its place: insert does that.", |knobs| {
            knobs.first_stays = true;
        })
        .wrong("one-name-for-a-uri", "A URI that is in the list under one name loses it when it gets another. A site may have several names: keep them all.", |knobs| {
            knobs.one_name = true;
        })
        .wrong("not-sorted", "The names on the page are not in order. A BTreeMap keeps them so; a HashMap has no order, and a Vec has that in which they came.", |knobs| {
            knobs.sorted = false;
        })
        .wrong("name-trimmed", "You trim the name before you store it. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_name = |name| name.trim().into();
        })
        .wrong("uri-trimmed", "You trim the URI before you ask for it. Take it just as parse_form gives it: with a space at an end it is another one, at which nobody is.", |knobs| {
            knobs.trims_uri = true;
        })
        .or(|knobs| {
            knobs.trims_uri = true;
            knobs.is_empty = |name, uri| name.is_empty() || uri.trim().is_empty();
        })
        .wrong("takes-delete", "DELETE removes a bookmark. Here only GET and POST have an answer of their own, and other methods get 501: leave do_delete out, and the library sees to that.", |knobs| {
            knobs.takes_delete = true;
        })
        .wrong("name-letters", "You change the capitals of the name before you store it. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_name = str::to_lowercase;
        })
        .or(|knobs| {
            knobs.keeps_name = str::to_lowercase;
            knobs.name = |path| Some(decoded(path)?[1..].to_lowercase());
        })
        .or(|knobs| {
            (knobs.keeps_given, knobs.keeps_name) = (str::to_lowercase, str::to_lowercase);
            knobs.name = |path| Some(decoded(path)?[1..].to_lowercase());
        })
        .wrong("stored-escaped", "You escape the name or the URI before you store it, and send_page escapes it once more. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_name = http_core::escape_html;
            knobs.keeps_uri = http_core::escape_html;
        })
        .wrong("name-stored-escaped", "You escape the name before you store it, and send_page escapes it once more. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_name = http_core::escape_html;
        })
        .wrong("uri-stored-escaped", "You escape the URI before you store it, and send_page escapes it once more. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_uri = http_core::escape_html;
        })
        .wrong("stored-encoded", "You percent-encode the name before you store it, and send_page does it once more. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_name = |name| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        })
        .wrong("stored-decoded", "You decode what parse_form has decoded already. Store name and URI just as it gives them.", |knobs| {
            knobs.keeps_name = again;
            knobs.keeps_uri = again;
        })
        .wrong("name-stored-decoded", "You decode the name once more, which parse_form has decoded already. Store it just as it is.", |knobs| {
            knobs.keeps_name = again;
        })
        .wrong("uri-stored-decoded", "You decode the URI once more, which parse_form has decoded already. Store it just as it is.", |knobs| {
            knobs.keeps_uri = again;
        })
        .wrong("uri-cut", "You store the URI without what follows its question mark. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_uri = |uri| uri.split('?').next().unwrap_or_default().into();
        })
        .wrong("uri-where-it-led", "You store the address to which redirects have led, and not the URI that was sent. A site may redirect to another page tomorrow: store the URI just as parse_form gives it.", |knobs| {
            knobs.keeps_last = true;
        })
        .wrong("fragment-not-stored", "You store the URI without its # and what stands behind that. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_uri = |uri| uri.split('#').next().unwrap_or_default().into();
        })
        .wrong("uri-without-slash", "You take the slash at the end of the URI away. Store it just as parse_form gives it.", |knobs| {
            knobs.keeps_uri = |uri| uri.trim_end_matches('/').into();
        })
        .wrong("goes-to-the-name", "After the POST, you send the client on to the new bookmark. The lesson sends it to the list, which is /.", |knobs| {
            knobs.posted.1 = Some(|name, _| format!("/{}", utf8_percent_encode(name, NON_ALPHANUMERIC)));
        })
        .wrong("goes-back", "After the POST, you send the client to the path that it posted to. The list is at /, whatever that path was.", |knobs| {
            knobs.posted_back = Some(Request::path);
        })
        .or(|knobs| knobs.posted_back = Some(|asked| &asked.target))
        .wrong("goes-to-the-site", "After the POST, you send the client on to the site. The lesson sends it to the list, which is /.", |knobs| {
            knobs.posted.1 = Some(|_, uri| uri.into());
        })
        .wrong("no-redirect", "You answer the POST with a page. If somebody reloads it, the form is sent again: answer 303 with Location: /.", |knobs| {
            knobs.posted = (200, None);
        })
        .wrong("posted-other-redirect", "After the POST you redirect with another status than 303, See Other. Only 303 says: now ask for the new address, with GET.", |knobs| {
            knobs.posted.0 = 302;
        })
        .or(|knobs| knobs.posted.0 = 301)
        .or(|knobs| knobs.posted.0 = 307)
        .wrong("list-not-escaped", "Names and URIs stand in the list as they came, so the browser takes tags in them for tags. They must be escaped: escape_html.", |knobs| {
            knobs.listed = shown;
        })
        .wrong("list-escaped-twice", "Names and URIs in the list are escaped twice, so a reader sees &amp; where an & was sent. Escape them once.", |knobs| {
            knobs.listed = http_core::escape_html;
        });
}

/// What is decoded once more.
fn again(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn refusing(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong("refused-with-200", "The text of your answer says that nobody is there, its status 200 says that all is well. The status is 404.", |knobs| {
            knobs.refused = 200;
        })
        .wrong("refused-with-400", "If nobody is at the URI, you answer 400. Here the lesson asks for 404: the form is complete, the site is not found.", |knobs| {
            knobs.refused = 400;
        })
        .wrong("uri-not-shown", "The page does not show the URI that was sent, so its reader can't see the mistake in it.", |knobs| {
            knobs.shows = None;
        })
        .wrong("uri-not-escaped", "The URI stands in the page as it came, so the browser takes tags in it for tags: a stranger can write your page. Escape it: escape_html.", |knobs| {
            knobs.shows = Some(shown);
        })
        .wrong("uri-escaped-twice", "The URI is escaped twice, so a reader sees &amp; where an & was sent. send_error escapes its text itself.", |knobs| {
            knobs.shows = Some(http_core::escape_html);
        })
        .wrong("uri-in-debug", "The page shows the URI as {:?} does, for programmers: in quotes, and with a backslash before each quote and backslash in it. {} shows it as it was sent.", |knobs| {
            knobs.shows = Some(|uri| format!("{uri:?}"));
        })
        .wrong("refused-stored", "A bookmark whose URI nobody answers is stored all the same. Ask check_uri first, and return before anything is stored.", |knobs| {
            knobs.keeps_refused = true;
        })
        .wrong("refused-forgets", "If nobody is at the new URI, you remove the bookmark that the name had. It keeps its old URI.", |knobs| {
            knobs.forgets_refused = true;
        });
}

// What no model says.

/// The first byte that an https site gets is the first one of TLS.
fn tls(run: &mut Run) -> Verdict {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (send, first_byte) = mpsc::channel();
    std::thread::spawn(move || {
        let mut byte = [0];
        let stream = listener.accept().and_then(|(mut stream, _)| {
            stream.read_exact(&mut byte)?;
            let _ = send.send(byte[0]);
            Ok(stream)
        });
        drop(stream);
    });
    let uri = format!("https://{address}/");
    let end = run.program().arg("--check").arg(&uri).wait()?;
    end.expect_code(0)?;
    // A TLS record of the kind "handshake" begins with 22.
    if first_byte.recv_timeout(Duration::from_secs(1)) != Ok(22) {
        let failure = end.wrong("a connection to the site, in which TLS begins");
        return Err(failure.because(
            "https-refused",
            "The program never began to speak TLS with the site of this https URI. Most sites \
             are https today. ureq takes both, so check_uri need not look at the scheme.",
        ));
    }
    Ok(())
}

/// A URI that has no scheme is none, though a site is there.
fn no_scheme(run: &mut Run) -> Verdict {
    let site = Site::start();
    site.open();
    let uri = site.uri();
    let mut checked = |uri: &str| run.program().arg("--check").arg(uri).wait();
    let end = checked(&uri)?;
    end.expect_code(0)?;
    if end.stdout().trim() != "true" {
        return Ok(()); // a matter of other checks
    }
    let rest = uri.trim_start_matches("http:");
    for rest in [rest, rest.trim_start_matches('/')] {
        let end = checked(rest)?;
        if end.stdout().trim() == "true" {
            let failure = end.wrong("false: this has no scheme, so it is no URI");
            return Err(failure.because(
                "scheme-added",
                "A URI without a scheme is asked all the same: the program puts one before it. Ask \
                 for the URI as it was given. ureq gives an Err if it has no scheme, which means \
                 false.",
            ));
        }
    }
    Ok(())
}

/// Behind a proxy, no site can be reached in another way.
fn by_proxy(run: &mut Run) -> Verdict {
    let proxy = Site::start();
    proxy.open();
    let uri = format!("http://{}.example/", run.seed().word());
    let program = run.program().env("http_proxy", &proxy.uri());
    let end = program.arg("--check").arg(&uri).wait()?;
    end.expect_code(0)?;
    if proxy.asked() > 0 {
        return Ok(());
    }
    let failure = end.wrong("a request to the proxy that http_proxy names");
    Err(failure.because(
        "proxy-ignored",
        "If the environment names a proxy, it is not asked. Behind a proxy, sites on the internet can be reached in \
         no other way: leave out the .proxy(None) of lesson 9.",
    ))
}
