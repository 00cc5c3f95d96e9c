//! The checks of lesson 12, threaded_server: requests that are under way at the same time, and
//! the bookmarks that they share. Who is in at the same time, a site tells that holds what it is
//! asked; no check looks at a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use grader::record::Request;
use grader::{
    Act, Answer, Begun, Draw, Expect, Failure, Mistakes, Model, NOBODY, Reply, Run, SERVICE,
};
use grader::{Seen, Service, Site, Status, Verdict, Whole};
use grader::{encode_form, get, post, serves, start};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How long a check waits for requests to come in that come at once, if they come: less than the
/// 5 seconds after which a program gives a site up.
const PATIENCE: Duration = Duration::from_secs(4);

const THREADS: usize = 16;

fn main() -> ExitCode {
    grader::lesson!(ThreadedServer)
        .check(
            1,
            2,
            "others are served while a site is asked",
            others_are_served,
        )
        .check(1, 1, "the server can be asked about itself", asks_itself)
        .check(1, 1, "16 threads serve 16 requests at once", sixteen)
        .check(1, 0, "and not more than the argument says", no_more)
        .check(2, 0, "no request waits for ever", nobody_waits_for_ever)
        .example(2, 1, "a good bookmark answers 303", Whole, |draw| {
            let (site, uri) = site(draw, 200);
            let name = draw.word();
            // A name is free, too, that has another one in it, or is a part of it.
            let like = [format!("{name}s"), name[1..].into(), name[..3].into()];
            let like = like.map(|like| posted(&like, &uri));
            let first = [site, posted(&name, &uri), get("/")];
            first.into_iter().chain(like).collect::<Vec<_>>()
        })
        .example(2, 1, "a name that is taken answers 409", Status, |draw| {
            let ((one, old), (other, new)) = (site(draw, 200), site(draw, 200));
            let name = draw.word();
            [one, other, posted(&name, &old), posted(&name, &new)]
        })
        .example(2, 1, "and keeps its URI", Whole, |draw| {
            let ((one, old), (other, new)) = (site(draw, 200), site(draw, 200));
            // One name came with an argument, and one is posted.
            let (begun, name) = (draw.word(), draw.word());
            let acts = [one, other, start(&[&format!("{begun}={old}")])];
            let twice = [posted(&name, &old), posted(&name, &new), look_up(&name)];
            let again = [get("/"), posted(&name, &old)];
            let of_begun = [posted(&begun, &new), look_up(&begun)];
            let acts = acts.into_iter().chain(twice).chain(again);
            acts.chain(of_begun).collect::<Vec<_>>()
        })
        .example(2, 1, "also if nobody is at the new URI", Status, |draw| {
            let (one, old) = site(draw, 200);
            let (name, new) = (draw.word(), format!("{NOBODY}{}", draw.path()));
            [one, posted(&name, &old), posted(&name, &new)]
        })
        .check(2, 0, "its site is not even asked", taken_asks_nobody)
        .example(
            2,
            1,
            "a URI where nobody is gets 404, and the name stays free",
            Whole,
            |draw| {
                let (good, uri) = site(draw, 200);
                let (name, bad) = (draw.word(), format!("{NOBODY}{}", draw.path()));
                let mut acts = vec![good];
                acts.extend([&bad, &uri].map(|uri| posted(&name, uri)));
                acts.push(look_up(&name));
                // A site may go and come back: what it was the last time, does not count.
                let other = draw.word();
                for status in [404, 200] {
                    let path = uri.trim_start_matches(SERVICE);
                    let reply = Reply::answer(status, "text/html", "<h1>Another time</h1>\n");
                    acts.extend([serves(path, reply), posted(&other, &uri)]);
                }
                acts
            },
        )
        .check(
            2,
            2,
            "the page is served while a site is asked",
            page_meanwhile,
        )
        .check(2, 2, "of two who want one name, one gets it", one_name)
        .check(3, 1, "/status lists the bookmarks in their order", in_order)
        .example(3, 1, "/status says who is there", Whole, |draw| {
            let statuses = draw.shuffled([&[200; 6][..], &[404; 5]].concat());
            let sites = statuses.into_iter().map(|status| site(draw, status));
            let (mut acts, uris): (Vec<Act>, Vec<String>) = sites.unzip();
            let mut bookmarks: Vec<String> = uris
                .iter()
                .map(|uri| format!("{}={uri}", draw.word()))
                .collect();
            // What is text stays text, and is escaped once.
            bookmarks[5].insert_str(0, "Q&a<b>");
            let bookmarks: Vec<&str> = bookmarks.iter().map(String::as_str).collect();
            acts.extend([start(&bookmarks), get("/status")]);
            acts
        })
        .example(3, 1, "without bookmarks, it is a page, too", Status, |_| {
            [get("/status")]
        })
        .check(3, 3, "all sites are asked at once", all_sites)
        .check(
            3,
            1,
            "the page is served meanwhile",
            page_meanwhile_of_status,
        )
        .sessions(1)
        .grade()
}

// What is done.

/// A page of the service with this status, and its URI.
fn site(draw: &mut Draw, status: u16) -> (Act, String) {
    let path = draw.path();
    let uri = format!("{SERVICE}{path}");
    let reply = Reply::answer(status, "text/html", "<h1>Here I am</h1>\n");
    (serves(path, reply), uri)
}

fn look_up(name: &str) -> Act {
    get(format!("/{}", utf8_percent_encode(name, NON_ALPHANUMERIC)))
}

/// A name that has this one in it, or is in it.
fn part_or_more(draw: &mut Draw, name: &str) -> String {
    let mut part: Vec<char> = name.chars().collect();
    match draw.below(4) {
        0 => return format!("{name}s"),
        1 => return format!("my {name}"),
        2 => part.pop(),
        _ => Some(part.remove(0)),
    };
    part.into_iter().collect()
}

/// The form of the page, sent.
fn posted(name: &str, uri: &str) -> Act {
    post("/").form(&[("name", name), ("uri", uri)])
}

// What is right.

/// What a threaded server does with requests that come one after the other. The default is right;
/// every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// Whether a bookmark with this name and this URI finds its name taken.
    is_taken: fn(kept: &Bookmarks, name: &str, uri: &str) -> bool,
    /// Whether its URI is, once its site was asked.
    uri_is_taken: fn(kept: &Bookmarks, uri: &str) -> bool,
    /// What comes of a name that is taken since the start.
    begun: Taken,
    /// What comes of a name that is taken.
    taken: Taken,
    taken_status: u16,
    asks_first: bool,
    stores: bool,
    stores_refused: bool,
    refused: u16,
    stored: (u16, Option<String>),
    /// What /status says of a site.
    says: fn(there: bool) -> &'static str,
    /// The answers that it takes for those of the bookmarks, of what they are.
    finds: fn(there: Vec<bool>) -> Vec<bool>,
    /// What a reader of it sees of a bookmark.
    named: fn(name: &str, uri: &str) -> String,
    /// Of how many bookmarks it says something.
    lists: usize,
    /// Whether also of those that are gone.
    lists_gone: bool,
    /// Which of those that have one URI.
    of_one_uri: OfOneUri,
    order: Order,
    /// Whether a bookmark that is there already may be posted again.
    again: bool,
    /// Whether the page of the 404 has the URI in it.
    names_uri: bool,
}

type Bookmarks = BTreeMap<String, String>;

#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Refused,
    Overwritten,
    /// As if all were well, and the old URI stays.
    Kept,
}

#[derive(Clone, Copy, PartialEq)]
enum OfOneUri {
    All,
    First,
    Last,
}

/// The order of the bookmarks that /status has.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Map,
    Reversed,
    Any,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            is_taken: |kept, name, _| kept.contains_key(name),
            uri_is_taken: |_, _| false,
            begun: Taken::Refused,
            taken: Taken::Refused,
            taken_status: 409,
            asks_first: false,
            stores: true,
            stores_refused: false,
            refused: 404,
            stored: (303, Some("/".into())),
            says: |there| if there { "is there" } else { "is gone" },
            finds: |there| there,
            named: |name, _| name.into(),
            lists: usize::MAX,
            lists_gone: true,
            of_one_uri: OfOneUri::All,
            order: Order::Map,
            again: false,
            names_uri: true,
        }
    }
}

/// What the service replies, and what the program keeps.
#[derive(Clone, Default)]
struct World {
    sites: BTreeMap<String, u16>,
    /// The bookmarks that the program was started with.
    begun: Bookmarks,
    /// The names that were given away since then.
    posted: BTreeSet<String>,
    kept: Bookmarks,
}

impl World {
    fn is_there(&self, uri: &str) -> bool {
        let path = uri.strip_prefix(SERVICE);
        path.is_some_and(|path| self.sites.get(path) == Some(&200))
    }
}

struct ThreadedServer;

impl Model for ThreadedServer {
    type Knobs = Knobs;
    type State = World;

    fn restart(world: &mut World) {
        world.kept.clone_from(&world.begun);
        world.posted.clear();
    }

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        let asked = match act {
            Act::Serve(path, reply) => {
                let status = reply.what().map_or(0, |answer| answer.status);
                world.sites.insert(path.clone(), status);
                return None;
            }
            Act::Start(command) => {
                world.begun = command.pairs().collect();
                Self::restart(world);
                return None;
            }
            act => act.asked()?,
        };
        match &*asked.method {
            "POST" => posts(knobs, world, asked),
            "GET" => gets(knobs, world, asked),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        let known = |draw: &mut Draw| match world.kept.keys().next() {
            Some(name) => name.clone(),
            None => draw.word(),
        };
        match draw.below(12) {
            0..=3 => {
                let status = draw.pick(&[200, 200, 200, 404]);
                let (site, uri) = site(draw, status);
                let name = match draw.below(6) {
                    0 => known(draw),
                    1 => known(draw).to_uppercase(),
                    2 => draw.line(),
                    3 => {
                        let known = known(draw);
                        part_or_more(draw, &known)
                    }
                    4 => format!("{}{}", draw.pick(&["<i>", "a&b", "&lt;"]), draw.word()),
                    _ => draw.word(),
                };
                let page = draw.pick(&["/", "/", "/status"]);
                vec![site, posted(&name, &uri), get(page)]
            }
            4 => {
                let name = known(draw);
                let bad = format!("{NOBODY}{}", draw.path());
                let (site, uri) = site(draw, 200);
                vec![
                    site,
                    posted(&name, &bad),
                    posted(&name, &uri),
                    look_up(&name),
                ]
            }
            5 => vec![posted(&draw.word(), &format!("{NOBODY}/{}", draw.text()))],
            6 => {
                let name = draw.word();
                let ((one, old), (other, new)) = (site(draw, 200), site(draw, 200));
                if draw.one_in(2) {
                    // Several names may lead to one site.
                    let (second, status) = (draw.word(), get("/status"));
                    return vec![one, posted(&name, &old), posted(&second, &old), status];
                }
                vec![
                    one,
                    other,
                    posted(&name, &old),
                    posted(&name, &new),
                    look_up(&name),
                ]
            }
            7 | 8 => {
                // A site that was there may have gone meanwhile.
                let path = world.sites.keys().next().cloned();
                let path = path.unwrap_or_else(|| draw.path());
                let status = draw.pick(&[500, 200]);
                let reply = Reply::answer(status, "text/html", "<h1>Another time</h1>\n");
                vec![serves(path, reply), get("/status")]
            }
            9 if draw.one_in(3) => {
                // A name may be taken from the beginning.
                let ((one, old), (other, new)) = (site(draw, 200), site(draw, 200));
                let name = draw.word();
                let begun = start(&[&format!("{name}={old}")]);
                let page = draw.pick(&["/", "/status"]);
                vec![
                    one,
                    other,
                    begun,
                    posted(&name, &new),
                    look_up(&name),
                    get(page),
                ]
            }
            9 => vec![get("/status".to_string() + &draw.query())],
            10 => vec![get(draw.path())],
            _ => vec![post("/").form(&[("name", &draw.word())])],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "overwritten",
                "A name that is taken gets the new URI. The first one keeps it: look with \
                 contains_key whether the name is there, and answer 409.",
                |knobs| knobs.taken = Taken::Overwritten,
            )
            .wrong(
                "silently-kept",
                "A name that is taken keeps its URI, and the client is told that all went well: 303. \
                 It must learn that its bookmark was not stored: 409.",
                |knobs| knobs.taken = Taken::Kept,
            )
            .wrong(
                "begun-not-taken",
                "A name that came with an argument is not taken for you, as one that was posted is: who posts it gets \
                 303. All names are in the map, also those from the command line. Ask the map, and keep no other \
                 list of what is taken.",
                |knobs| knobs.begun = Taken::Overwritten,
            )
            .or(|knobs| knobs.begun = Taken::Kept)
            .wrong(ASKS_FIRST.0, ASKS_FIRST.1, |knobs| knobs.asks_first = true)
            .wrong(
                "not-stored",
                "The bookmark is checked and then forgotten. insert it into the map, and answer 303 \
                 then.",
                |knobs| knobs.stores = false,
            )
            .wrong(
                "name-stays-taken",
                "If nobody is at its site, the name is taken all the same, and nobody can have it any \
                 more. Store the bookmark only if check_uri says true.",
                |knobs| knobs.stores_refused = true,
            )
            .wrong(
                "uri-not-shown",
                "The page of the 404 does not name the URI at which nobody is. As in lesson 10, its reader \
                 has to see what was wrong: put the URI into the sentence.",
                |knobs| knobs.names_uri = false,
            )
            .wrong(OTHER_ORDER.0, OTHER_ORDER.1, |knobs| {
                knobs.order = Order::Any;
            })
            .or(|knobs| knobs.order = Order::Reversed)
            .wrong(AGAIN_STORED.0, AGAIN_STORED.1, |knobs| knobs.again = true)
            .wrong(
                "ignores-case",
                "A name is taken, you think, if it differs from one in the list only in capital letters. \
                 Capitals count: Rust is another name than rust. Look with contains_key.",
                |knobs| {
                    knobs.is_taken = |kept, name, _| {
                        let name = name.to_lowercase();
                        kept.keys().any(|known| known.to_lowercase() == name)
                    };
                },
            )
            .or(|knobs| {
                knobs.is_taken =
                    |kept, name, _| kept.keys().any(|known| known.eq_ignore_ascii_case(name));
            })
            .wrong(
                "part-is-taken",
                "A free name gets 409, because a name in the list is like it: one is a part of the other. Only \
                 the very same name is taken: look with contains_key, which compares whole names.",
                |knobs| knobs.is_taken = |kept, name, _| kept.keys().any(|known| known.contains(name)),
            )
            .or(|knobs| knobs.is_taken = |kept, name, _| kept.keys().any(|known| known.starts_with(name)))
            .or(|knobs| knobs.is_taken = |kept, name, _| kept.keys().any(|known| known.ends_with(name)))
            .or(|knobs| knobs.is_taken = |kept, name, _| kept.keys().any(|known| name.contains(&**known)))
            .or(|knobs| knobs.is_taken = |kept, name, _| kept.keys().any(|known| name.starts_with(&**known)))
            .wrong(
                "uri-taken",
                "A free name gets 409, because its URI is in the list under another name. Several names \
                 may lead to one site: look only for the name.",
                |knobs| {
                    knobs.is_taken = |kept, name, uri| {
                        kept.contains_key(name) || kept.values().any(|known| known == uri)
                    };
                },
            )
            .or(|knobs| knobs.uri_is_taken = |kept, uri| kept.values().any(|known| known == uri))
            .wrong(
                "one-name-a-site",
                "Of several bookmarks with the same URI, /status has only one. Each name is to be on the \
                 page: keep a name and a handle for each bookmark, and not one for each URI.",
                |knobs| knobs.of_one_uri = OfOneUri::First,
            )
            .or(|knobs| knobs.of_one_uri = OfOneUri::Last)
            .wrong(
                "gone-left-out",
                "/status leaves out the sites that are gone. Each bookmark belongs there, with true or with \
                 false: whoever reads the page wants to see just these.",
                |knobs| knobs.lists_gone = false,
            )
            .wrong(
                "answers-mixed",
                "What /status says of one site depends on others: the answers are put together, as with the && or \
                 || of two. Each name gets the answer of its own thread: what its own join returns.",
                |knobs| {
                    knobs.finds = |there| {
                        let mut all = true;
                        there.into_iter().map(|one| { all &= one; all }).collect()
                    };
                },
            )
            .or(|knobs| {
                knobs.finds = |there| {
                    let mut any = false;
                    there.into_iter().map(|one| { any |= one; any }).collect()
                };
            })
            .or(|knobs| knobs.finds = |there| vec![there.iter().all(|one| *one); there.len()])
            .or(|knobs| knobs.finds = |there| vec![there.contains(&true); there.len()])
            .wrong(
                "answers-turned",
                "/status says of the first site what the last one has answered, and so on: names and answers \
                 are not in the same order. (pop takes the last one.) Keep each name together with its handle.",
                |knobs| knobs.finds = |there| there.into_iter().rev().collect(),
            )
            .wrong(
                "name-escaped-twice",
                "A name with a sign of HTML in it stands on the page of /status as &lt; or &amp;: it is escaped \
                 twice. send_status escapes the names. Give it each name as it is.",
                |knobs| knobs.named = |name, _| http_core::escape_html(name),
            )
            .wrong(
                "uris-listed",
                "/status lists the URIs of the bookmarks, and not their names. send_status wants the names: in a map, \
                 they are the keys, and the URIs are the values.",
                |knobs| knobs.named = |_, uri| uri.into(),
            )
            .wrong(
                "everybody-there",
                "/status says of every site that it is there, whatever check_uri says of it. Hand on \
                 what the thread returns: join gives it to you.",
                |knobs| knobs.says = |_| "is there",
            )
            .wrong(
                "turned-around",
                "/status says of the sites that are there that they are gone, and of those that \
                 are gone that they are there.",
                |knobs| knobs.says = |there| if there { "is gone" } else { "is there" },
            );
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        if let (Some(asked), Some(answer)) = (act.asked_get(), seen.answer())
            && asked.path() == "/status"
        {
            let text = answer.text();
            let listed = text.matches(">is there<").count() + text.matches(">is gone<").count();
            let (name, says) = only_the_first(listed);
            mistakes.wrong(name, says, move |knobs| knobs.lists = listed);
        }
        let (Some(asked), Some(answer)) = (act.asked_post(), seen.answer()) else {
            return;
        };
        let (status, location) = (answer.status, answer.field("Location").map(str::to_string));
        if asked.form_field("uri").is_none() {
            return;
        }
        mistakes
            .wrong(
                "other-status-for-taken",
                format!(
                    "A name that is taken gets the status {status}. The lesson asks for 409, Conflict: \
                     the form is right, and does not fit to what is there."
                ),
                move |knobs| knobs.taken_status = status,
            )
            .wrong(
                "other-status-for-nobody",
                format!("If nobody is at the URI, your status is {status}. It is 404, as in lesson 10."),
                move |knobs| knobs.refused = status,
            )
            .wrong(
                "other-answer-to-post",
                "The answer to a bookmark that is stored is 303, with Location: /. Compare both.",
                move |knobs| knobs.stored = (status, location.clone()),
            );
    }
}

fn posts(knobs: &Knobs, world: &mut World, asked: &Request) -> Option<Expect> {
    let expect = Expect::step(2);
    let (Some(name), Some(uri)) = (asked.form_field("name"), asked.form_field("uri")) else {
        return Some(expect.status(400));
    };
    let there = world.is_there(&uri);
    let taken = (knobs.is_taken)(&world.kept, &name, &uri);
    let refused = expect.clone().status(knobs.refused);
    let refused = match knobs.names_uri {
        true => refused.shows(&*uri),
        false => refused.hides(&*uri),
    };
    if knobs.asks_first && !there {
        return Some(refused);
    }
    let (status, location) = &knobs.stored;
    let stored = expect
        .clone()
        .status(*status)
        .field("Location", location.as_deref());
    if taken {
        let is_begun = world.begun.contains_key(&name) && !world.posted.contains(&name);
        let taken = match (knobs.begun, knobs.taken) {
            (begun, Taken::Refused) if is_begun => begun,
            (_, taken) => taken,
        };
        match taken {
            _ if knobs.again && world.kept.get(&name) == Some(&uri) => return Some(stored),
            Taken::Refused => return Some(expect.status(knobs.taken_status)),
            Taken::Kept if there => {
                world.posted.insert(name);
                return Some(stored);
            }
            Taken::Kept | Taken::Overwritten => {}
        }
    }
    if there && (knobs.uri_is_taken)(&world.kept, &uri) {
        return Some(expect.status(knobs.taken_status));
    }
    if there && knobs.stores || !there && knobs.stores_refused {
        world.posted.insert(name.clone());
        world.kept.insert(name, uri);
    }
    Some(if there { stored } else { refused })
}

/// The mistake of a list that ends too early, and what is said of it.
fn only_the_first(listed: usize) -> (&'static str, String) {
    let first = match listed {
        0 => "no bookmark at all".into(),
        1 => "the first bookmark only".into(),
        _ => format!("the first {listed} bookmarks only"),
    };
    let says = format!("/status has {first}. Every one of them belongs there.");
    ("only-the-first", says)
}

/// The lines that /status has, and what it has not.
fn listed(knobs: &Knobs, world: &World) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut left_out) = (Vec::new(), Vec::new());
    let all: Vec<_> = world.kept.iter().collect();
    let there = all.iter().map(|(_, uri)| world.is_there(uri)).collect();
    for (at, ((name, uri), there)) in all.iter().zip((knobs.finds)(there)).enumerate() {
        let has_it = |others: &[(&String, &String)]| others.iter().any(|(_, other)| other == uri);
        let is_listed = at < knobs.lists
            && (there || knobs.lists_gone)
            && match knobs.of_one_uri {
                OfOneUri::All => true,
                OfOneUri::First => !has_it(&all[..at]),
                OfOneUri::Last => !has_it(&all[at + 1..]),
            };
        let line = |says: &str| format!("{} {says}", (knobs.named)(name, uri));
        match is_listed {
            true => lines.push(line((knobs.says)(there))),
            false => left_out.extend(["is there", "is gone"].map(line)),
        }
    }
    // (One that ends like it may be there.)
    left_out.retain(|text| !lines.iter().any(|line| line.contains(text)));
    if knobs.order == Order::Reversed {
        lines.reverse();
    }
    (lines, left_out)
}

fn gets(knobs: &Knobs, world: &World, asked: &Request) -> Option<Expect> {
    match asked.path() {
        "/" => {
            let page = Expect::step(2).status(200);
            let page = page.shows_in_order(world.kept.keys());
            Some(page.shows_in_order(world.kept.values()))
        }
        "/status" => {
            let page = Expect::step(3).status(200);
            let (lines, left_out) = listed(knobs, world);
            let page = left_out.into_iter().fold(page, Expect::hides);
            Some(match knobs.order {
                Order::Map | Order::Reversed => page.shows_in_order(lines),
                Order::Any => lines.into_iter().fold(page, Expect::shows),
            })
        }
        "/check" => None,
        path => {
            let name = percent_encoding::percent_decode_str(&path[1..])
                .decode_utf8()
                .ok()?;
            Some(match world.kept.get(&*name) {
                Some(uri) => Expect::step(2).status(303).field("Location", &**uri),
                None => Expect::step(2).status(404),
            })
        }
    }
}

// What needs several requests at the same time.

/// The server with sixteen threads and these bookmarks.
fn threaded(run: &mut Run, bookmarks: &[String]) -> Result<Service, Failure> {
    with_threads(run, THREADS, bookmarks)
}

fn with_threads(run: &mut Run, number: usize, bookmarks: &[String]) -> Result<Service, Failure> {
    let program = run.program().arg(&format!("--threads={number}"));
    let program = bookmarks
        .iter()
        .fold(program, |program, one| program.arg(one));
    program.serve()
}

/// The server is asked whether somebody is there.
fn check(uri: &str) -> Act {
    get(format!("/check?{}", encode_form(&[("uri", uri)])))
}

/// Whether the page comes while this request is under way, which a site holds.
fn is_served_during(service: &Service, slow: &Begun) -> Result<bool, Failure> {
    service.get("/")?.expect_status(200)?;
    Ok(!slow.is_done())
}

fn others_are_served(run: &mut Run) -> Verdict {
    let (service, site) = (threaded(run, &[])?, Site::start());
    let slow = service.begin(check(&site.uri()));
    let came = site.wait_for(1, PATIENCE);
    let served = is_served_during(&service, &slow)?;
    site.open();
    let answer = slow.answer()?;
    // It says "false" if it had to give up first.
    if served && answer.body() == b"true\n" {
        return Ok(());
    }
    if came == 0 {
        return Err(answer.wrong("the site is asked"));
    }
    let wrong = service.wrong(
        &[CHECK, "GET / meanwhile"],
        "the answer to GET / at once",
        "the answer to GET / only when the first request was done",
    );
    Err(wrong.because(ONE_THREAD.0, ONE_THREAD.1))
}

const CHECK: &str = "GET /check?uri=…, of a site that takes its time";

const ONE_THREAD: (&str, &str) = (
    "one-thread",
    "Your server does one thing at a time, though its argument says 16: nobody else is served \
     while it waits for a site. Hand the number to threads: server.threads(number).",
);

fn asks_itself(run: &mut Run) -> Verdict {
    let service = threaded(run, &[])?;
    let answer = service.ask(check(&format!("{}/", service.url())))?;
    let verdict = answer.expect_body("true\n");
    verdict.map_err(|wrong| wrong.because(ONE_THREAD.0, ONE_THREAD.1))
}

fn sixteen(run: &mut Run) -> Verdict {
    // The argument counts, not the number of the lesson.
    as_many(run, THREADS)?;
    as_many(run, MANY)
}

/// That so many threads serve so many requests at once.
fn as_many(run: &mut Run, threads: usize) -> Verdict {
    let (service, site) = (with_threads(run, threads, &[])?, Site::start());
    let begun: Vec<Begun> = (0..threads)
        .map(|_| service.begin(check(&site.uri())))
        .collect();
    let most = site.wait_for(threads, PATIENCE);
    site.open();
    for slow in begun {
        slow.answer()?.expect_status(200)?;
    }
    if most == threads {
        return Ok(());
    }
    let wrong = service.wrong(
        &[&format!("{threads} times at once: {CHECK}")],
        format!("{threads} requests at the site at the same time"),
        format!("{most} at the most"),
    );
    Err(match most {
        1 => wrong.because(ONE_THREAD.0, ONE_THREAD.1),
        _ => wrong.because(
            "other-number",
            format!(
                "Your server has {most} threads, and its argument says {threads}. Hand that number to \
                 threads."
            ),
        ),
    })
}

/// How long a check waits for a request that must not come in.
const A_WHILE: Duration = Duration::from_millis(500);

/// That one or two threads serve so many requests at once and the next one waits, and that without
/// the argument the second one does.
fn no_more(run: &mut Run) -> Verdict {
    for number in [1, 2] {
        let service = with_threads(run, number, &[])?;
        let most = at_once(&service, number + 2, number);
        if most > number {
            let wrong = service.wrong(
                &[&format!(
                    "--threads={number}, and {} times at once: {CHECK}",
                    number + 2
                )],
                format!("no more than {number} at the site at the same time"),
                most.to_string(),
            );
            return Err(wrong.because(
                "too-many-threads",
                "Your server handles more requests at once than its argument says. Hand that number to threads as \
                 it is, also if it is a small one.",
            ));
        }
    }
    let service = run.program().serve()?;
    if at_once(&service, 2, 1) == 1 {
        return Ok(());
    }
    let wrong = service.wrong(
        &[&format!("no --threads, and 2 times at once: {CHECK}")],
        "one request at the site, and the other one behind it",
        "both at the same time",
    );
    Err(wrong.because(
        "threads-without-argument",
        "Without --threads, your server handles several requests at once. Then nothing is new: one request \
         after the other. Only an argument changes it, so leave the arm for None as it was.",
    ))
}

/// The most of these requests that are at a site at the same time, if this number of them come and
/// the others have some time.
fn at_once(service: &Service, begun: usize, expected: usize) -> usize {
    let site = Site::start();
    let begun: Vec<Begun> = (0..begun)
        .map(|_| service.begin(check(&site.uri())))
        .collect();
    site.wait_for(expected, PATIENCE);
    let most = site.wait_for(expected + 1, A_WHILE);
    site.open();
    drop(begun);
    most
}

const LOCKED_TWICE: (&str, &str) = (
    "locked-twice",
    "The POST never ends, and has the lock of the bookmarks all the time: GET / waits, too. Most likely it \
     locks a second time while its first guard lives, and waits for itself. A guard with a name lives to \
     the end of its block, and one in the head of a `match` in all its arms.",
);

/// A bookmark of a site that answers at once: if that POST does not end, whether it has the lock.
fn nobody_waits_for_ever(run: &mut Run) -> Verdict {
    let (service, site) = (threaded(run, &[])?, Site::start());
    site.open();
    let names = [run.seed().word(), run.seed().word()];
    // A name that is free, one that is taken, and another one that is free.
    for name in [&names[0], &names[0], &names[1]] {
        let Err(silent) = service.ask(posted(name, &site.uri())) else {
            continue;
        };
        // There are threads for both. This one needs no lock,
        service.ask(check(&site.uri()))?.expect_body("true\n")?;
        // and this one nothing else.
        return Err(match service.get("/") {
            Ok(_) => silent,
            Err(_) => silent.because(LOCKED_TWICE.0, LOCKED_TWICE.1),
        });
    }
    Ok(())
}

/// Posts a bookmark of a site that answers at once: what is wrong with that, others say.
fn posts_one(run: &mut Run, service: &Service) -> Verdict {
    let (site, name) = (Site::start(), run.seed().word());
    site.open();
    service.ask(posted(&name, &site.uri()))?.expect_status(303)
}

const AGAIN_STORED: (&str, &str) = (
    "again-stored",
    "A bookmark that is there already, with the same URI, is posted again, and the answer is not 409. Its name is \
     taken, whoever has taken it.",
);

const ASKS_FIRST: (&str, &str) = (
    "asks-first",
    "You ask the site before you look whether the name is taken. If it is, the client waits for nothing: \
     look first.",
);

/// The site of a name that is taken would answer, and is not asked.
fn taken_asks_nobody(run: &mut Run) -> Verdict {
    let service = threaded(run, &[])?;
    let (site, other, name) = (Site::start(), Site::start(), run.seed().word());
    site.open();
    other.open();
    service
        .ask(posted(&name, &site.uri()))?
        .expect_status(303)?;
    let answer = service.ask(posted(&name, &other.uri()))?;
    answer.expect_status(409)?;
    match other.asked() {
        0 => Ok(()),
        _ => Err(answer
            .wrong("the name is taken, so its site is not asked")
            .because(ASKS_FIRST.0, ASKS_FIRST.1)),
    }
}

fn page_meanwhile(run: &mut Run) -> Verdict {
    let (service, site) = (threaded(run, &[])?, Site::start());
    posts_one(run, &service)?;
    let name = run.seed().word();
    let slow = service.begin(posted(&name, &site.uri()));
    let came = site.wait_for(1, PATIENCE);
    let began = Instant::now();
    let page = service.get("/")?;
    page.expect_status(200)?;
    let (served, waited) = (!slow.is_done(), began.elapsed());
    let other = run.seed().word();
    let uri = site.uri() + &other;
    let another = (served && came == 1).then(|| service.begin(posted(&other, &uri)));
    let asked = match another {
        Some(_) => site.wait_for(2, PATIENCE),
        None => came,
    };
    site.open();
    let answer = slow.answer()?;
    let done = [
        "POST a bookmark whose site takes its time",
        "GET / meanwhile",
    ];
    if served && came == 1 && page.text().contains(&name) {
        let wrong = service.wrong(
            &done,
            "a page without this bookmark: nobody knows yet whether its site is there",
            "a page with it",
        );
        return Err(wrong.because(STORED_TOO_EARLY.0, STORED_TOO_EARLY.1));
    }
    if served && asked == 1 {
        let wrong = service.wrong(
            &[done[0], "POST another one with another name meanwhile"],
            "both sites are asked at the same time",
            "the second one is not asked while the first one is",
        );
        return Err(wrong.because(
            "one-post-at-a-time",
            "While a POST waits for its site, one with another name waits, too: you hold a lock while you \
             ask, not that of the list, but another one. Hold none while you ask, and look once more when \
             you store.",
        ));
    }
    if served && answer.status() == 303 {
        return both_are_stored(&service, another, [&name, &other]);
    }
    let came_then = "the answer to GET / only when the POST was done";
    let wrong = service.wrong(&done, "the answer to GET / at once", came_then);
    match came {
        0 => Err(answer.wrong("the site is asked")),
        // A POST that gives its site up, and so the lock, may be done a moment after GET / is.
        _ if served && waited < PATIENCE / 2 => Err(answer.wrong("status 303 See Other")),
        _ => {
            // With one thread, everybody waits, and for no lock.
            others_are_served(run)?;
            Err(wrong.because(LOCK_HELD.0, LOCK_HELD.1))
        }
    }
}

/// Two bookmarks that were under way at the same time: the second one is stored, too, and both are kept.
fn both_are_stored(service: &Service, another: Option<Begun>, names: [&str; 2]) -> Verdict {
    let Some(another) = another else {
        return Ok(());
    };
    another.answer()?.expect_status(303)?;
    let page = service.get("/")?;
    let kept = names.iter().filter(|name| page.text().contains(**name));
    // What is wrong if none is kept, a single bookmark shows.
    if kept.count() != 1 {
        return Ok(());
    }
    let wrong = service.wrong(
        &[
            "POST two bookmarks at the same time, whose sites take their time",
            "GET /",
        ],
        "a page with both: each of them was told 303",
        "a page without one of them",
    );
    Err(wrong.because(
        "others-lost",
        "Two bookmarks with two names are posted at the same time, both clients are told 303, and only one \
         bookmark is kept. Most likely you make a copy of the map, ask the site, and put the copy in the place of \
         the map, which others have changed meanwhile. Insert the one bookmark into the map as it is then.",
    ))
}

const STORED_TOO_EARLY: (&str, &str) = (
    "stored-too-early",
    "The bookmark is stored before its site is asked. So others see it meanwhile, and are told 409 for a \
     name that is free if nobody is there. Ask first, without the lock; then look once more and store, \
     under one guard.",
);

const LOCK_HELD: (&str, &str) = (
    "lock-held",
    "While a POST waits for its site, GET / waits, too, although there are 16 threads: the POST \
     has the lock. A guard that has a name lives to the end of its block, and one in the head of a \
     `match` in all its arms. Lock in one line, ask the site without the lock, and lock again to store.",
);

fn one_name(run: &mut Run) -> Verdict {
    let service = threaded(run, &[])?;
    posts_one(run, &service)?;
    let name = run.seed().word();
    let sites = [Site::start(), Site::start()];
    let uris = sites.each_ref().map(Site::uri);
    let one = service.begin(posted(&name, &uris[0]));
    sites[0].wait_for(1, PATIENCE);
    let two = service.begin(posted(&name, &uris[1]));
    // It may be refused at once, because the other one was first.
    for _ in 0..30 {
        if two.is_done() || sites[1].wait_for(1, PATIENCE / 40) == 1 {
            break;
        }
    }
    // So the first one is stored first, if both are.
    sites[0].open();
    let is_late = sites[1].asked() == 1 && !one.is_done_within(PATIENCE / 2);
    if is_late && waits_for_another(run)? {
        let wrong = service.wrong(
            &[
                "POST a bookmark whose site takes its time",
                "POST another one meanwhile, whose site answers at once",
            ],
            "303 for the second one, at once",
            "no answer while the site of the first one is asked",
        );
        return Err(wrong.because(
            "read-lock-held",
            "While a POST waits for its site, another one cannot be stored, although its own site has answered: most \
             likely you hold a lock while you ask, perhaps a read lock, which lets others read and nobody write. \
             Hold none while you ask, and look once more when you store.",
        ));
    }
    let one = one.answer()?.status();
    sites[1].open();
    let statuses = [one, two.answer()?.status()];
    let location = service.get(&format!("/{name}"))?;
    let kept = location.header("Location");
    let done = [
        "POST a bookmark whose site takes its time",
        "POST another one of the same name meanwhile",
    ];
    let expected = "303 for one, 409 for the other, and the first one is kept";
    let came = format!(
        "{} and {}, and the URI that is kept is {}",
        statuses[0],
        statuses[1],
        kept.unwrap_or("none")
    );
    let wrong = service.wrong(&done, expected, came);
    match statuses {
        [303, 409] if kept == Some(&uris[0]) => free_until_stored(run),
        [409, 303] if kept == Some(&uris[1]) => Ok(()),
        [303, 409] if kept == Some(&uris[1]) => Err(wrong.because(
            "refused-and-stored",
            "The second client is told 409, and its URI is stored all the same: insert puts it in the \
             place of the first one. Look with contains_key, and insert only if the name is free.",
        )),
        [303, other] if !is_late && other != 303 && other != 409 => Err(wrong.because(
            "other-status-for-taken",
            format!(
                "A name that is taken gets the status {other}. The lesson asks for 409, Conflict: \
                 the form is right, and does not fit to what is there."
            ),
        )),
        [303, 303] if kept == Some(&uris[0]) => Err(wrong.because(
            "second-look-not-told",
            "Both clients are told that their bookmark is stored, and the second one's is not: the name \
             was taken meanwhile. You look once more when you store, and that is right. Answer by what \
             it finds: 409 if nothing was stored.",
        )),
        [303, 303] if kept.is_some() => Err(wrong.because(
            "no-second-look",
            "Both clients are told that their bookmark is stored, and only one is. While you asked \
             the site, without the lock, somebody else took the name. Look once more when you \
             store, under the same guard.",
        )),
        _ => Err(wrong),
    }
}

/// Whether a POST whose site has answered waits until that of another one has.
fn waits_for_another(run: &mut Run) -> Result<bool, Failure> {
    let service = threaded(run, &[])?;
    let [slow, quick] = [Site::start(), Site::start()];
    let one = service.begin(posted(&run.seed().word(), &slow.uri()));
    let came = slow.wait_for(1, PATIENCE);
    let two = service.begin(posted(&run.seed().word(), &quick.uri()));
    let came = came + quick.wait_for(1, PATIENCE / 4);
    quick.open();
    Ok(came == 2 && !two.is_done_within(PATIENCE / 4) && !one.is_done())
}

/// A name belongs to the one whose bookmark is stored first, and not to the one who asks first:
/// perhaps nobody is at that site.
fn free_until_stored(run: &mut Run) -> Verdict {
    let service = threaded(run, &[])?;
    let name = run.seed().word();
    let [slow, quick] = [Site::start(), Site::start()];
    let one = service.begin(posted(&name, &slow.uri()));
    let came = slow.wait_for(1, PATIENCE);
    quick.open();
    let two = service.begin(posted(&name, &quick.uri()));
    if came == 1 && !two.is_done_within(PATIENCE / 2) {
        return waits_for_the_name(run, &service, [&one, &two], &quick);
    }
    let two = two.answer()?.status();
    let was_under_way = !one.is_done();
    let is_seen = service.get("/")?.text().contains(&slow.uri());
    slow.open();
    one.answer()?;
    if came == 0 || !was_under_way || two == 303 {
        return one_bookmark_twice(run);
    }
    let wrong = service.wrong(
        &[
            "POST a bookmark whose site takes its time",
            "POST another one of the same name meanwhile, whose site answers at once",
        ],
        "303 for the second one: the name is free as long as no bookmark of this name is stored",
        two.to_string(),
    );
    Err(match is_seen {
        true => wrong.because(STORED_TOO_EARLY.0, STORED_TOO_EARLY.1),
        false => wrong.because(
            "taken-too-early",
            "While the site of one client is asked, another one is told that the name is taken. It is not \
             in the list yet, and if nobody is at that site, it never will be. Let both ask, and give the \
             name to the first one who stores.",
        ),
    })
}

/// Two clients post the very same bookmark at the same time. It has one name, and so only one gets it.
fn one_bookmark_twice(run: &mut Run) -> Verdict {
    let (service, site, name) = (threaded(run, &[])?, Site::start(), run.seed().word());
    let begun = [(); 2].map(|()| service.begin(posted(&name, &site.uri())));
    site.wait_for(2, PATIENCE / 2);
    site.open();
    let [one, two] = begun.map(|begun| begun.answer().map(|answer| answer.status()));
    let statuses = [one?, two?];
    if statuses != [303, 303] {
        return Ok(());
    }
    let wrong = service.wrong(
        &[
            "POST a bookmark whose site takes its time",
            "POST the same one meanwhile",
        ],
        "303 for one, 409 for the other",
        "303 for both",
    );
    Err(wrong.because(AGAIN_STORED.0, AGAIN_STORED.1))
}

/// The failure of a server at which the second one waits for the site of the first one, if one with
/// another name need not: what is wrong otherwise, the check before this one says.
fn waits_for_the_name(
    run: &mut Run,
    service: &Service,
    [one, two]: [&Begun; 2],
    quick: &Site,
) -> Verdict {
    let other = service.begin(posted(&run.seed().word(), &quick.uri()));
    let is_late = |begun: &Begun| !begun.is_done_within(PATIENCE / 8);
    if is_late(&other) || !is_late(two) || one.is_done() {
        return Ok(());
    }
    let wrong = service.wrong(
        &[
            "POST a bookmark whose site takes its time",
            "POST another one of the same name meanwhile, whose site answers at once",
        ],
        "303 for the second one, at once",
        "no answer while the site of the first one is asked",
    );
    Err(wrong.because(
        "waits-for-the-name",
        "While the site of one client is asked, another one who wants the same name waits for it. Nobody is to wait \
         for the site of somebody else: let both ask, and give the name to the first one who stores.",
    ))
}

/// How many sites are asked at once, and requests served. Who stops at some round number does fewer.
const MANY: usize = 70;

/// The server with a bookmark for each of many pages of this site.
fn with_many(run: &mut Run, site: &Site) -> Result<(Service, Vec<String>), Failure> {
    let names: Vec<String> = (0..MANY).map(|_| run.seed().word()).collect();
    let bookmark = |name: &String| format!("{name}={}{name}", site.uri());
    let bookmarks: Vec<String> = names.iter().map(bookmark).collect();
    Ok((threaded(run, &bookmarks)?, names))
}

/// That /status has all of these.
fn all_listed(answer: &Answer, names: &[String]) -> Verdict {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    let text = answer.text();
    let first = sorted
        .iter()
        .take_while(|name| text.contains(&***name))
        .count();
    let others = sorted[first..].iter().any(|name| text.contains(&***name));
    let (name, says) = only_the_first(first);
    let verdict = sorted
        .iter()
        .try_for_each(|name| answer.expect_body_contains(name));
    match others {
        true => verdict,
        false => verdict.map_err(|wrong| wrong.because(name, says)),
    }
}

fn all_sites(run: &mut Run) -> Verdict {
    let site = Site::start();
    let (service, names) = with_many(run, &site)?;
    let slow = service.begin(get("/status"));
    let most = site.wait_for(MANY, PATIENCE);
    site.open();
    let answer = slow.answer()?;
    answer.expect_status(200)?;
    all_listed(&answer, &names)?;
    if most == MANY {
        return Ok(());
    }
    let wrong = service.wrong(
        &[&format!(
            "GET /status, with {MANY} bookmarks whose sites take their time"
        )],
        format!("{MANY} sites are asked at the same time"),
        format!("{most} at the most"),
    );
    Err(match most {
        1 => wrong.because(
            "one-after-another",
            "The sites are asked one after the other, so that their times add up. Either you join each thread \
             before you start the next one: start all, keep what spawn returns in a list, and only then \
             join. Or each thread holds a lock while it asks, and the others wait for it: ask first, and lock \
             only to keep what came.",
        ),
        2.. => wrong.because(
            "some-at-a-time",
            format!(
                "Of {MANY} sites, {most} are asked at once, and the others wait. Start a thread for each \
                 of them before you join the first one."
            ),
        ),
        _ => wrong,
    })
}

const OTHER_ORDER: (&str, &str) = (
    "other-order",
    "/status does not list the bookmarks in the order of the map. If each thread adds what it has found, \
     they come in the order in which the sites answer; and pop takes the last one first. Keep what spawn \
     returns in the order of the map, join in this order, and sort nothing by what came.",
);

/// The site of the first name answers last.
fn in_order(run: &mut Run) -> Verdict {
    let (last, others) = (Site::start(), Site::start());
    let mut names: Vec<String> = (0..4).map(|_| run.seed().word()).collect();
    names.sort();
    let site_of = |at: usize| if at == 0 { &last } else { &others };
    let bookmark = |(at, name): (usize, &String)| format!("{name}={}{name}", site_of(at).uri());
    let bookmarks: Vec<String> = names.iter().enumerate().map(bookmark).collect();
    let service = threaded(run, &bookmarks)?;
    let slow = service.begin(get("/status"));
    // What is wrong if they are not asked together, the check before this one says.
    others.open();
    if last.wait_for(1, PATIENCE) == 1 {
        let until = Instant::now() + PATIENCE / 4;
        while others.asked() < 3 && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        // Until the program has these answers. If it is slow to take them, it is asked less than
        // it could be.
        thread::sleep(Duration::from_millis(100));
    }
    last.open();
    let answer = slow.answer()?;
    answer.expect_status(200)?;
    let text = answer.text();
    let mut listed = names.clone();
    listed.sort_by_key(|name| text.find(name.as_str()));
    if listed == names {
        return Ok(());
    }
    let [expected, came] = [&names, &listed].map(|names| names.join(", "));
    Err(service
        .wrong(
            &["GET /status, with four bookmarks, of which the site of the first one answers last"],
            format!("the names in the order of the map: {expected}"),
            came,
        )
        .because(OTHER_ORDER.0, OTHER_ORDER.1))
}

fn page_meanwhile_of_status(run: &mut Run) -> Verdict {
    let site = Site::start();
    let (service, _) = with_many(run, &site)?;
    let slow = service.begin(get("/status"));
    let came = site.wait_for(1, PATIENCE);
    let served = is_served_during(&service, &slow)?;
    if served && came > 0 {
        nobody_waits_for_status(run, &service, &site, &slow)?;
    }
    site.open();
    let answer = slow.answer()?;
    answer.expect_status(200)?;
    // A site is gone for those that had to give up first.
    let served = served && !answer.text().contains("is gone");
    match (served, came) {
        (true, _) => Ok(()),
        (false, 0) => Err(answer.wrong("the sites are asked")),
        (false, _) => {
            others_are_served(run)?;
            let wrong = service.wrong(
                &[
                    "GET /status, with sites that take their time",
                    "GET / meanwhile",
                ],
                "the answer to GET / at once",
                "the answer to GET / only when /status was done",
            );
            Err(wrong.because(
                "lock-held-for-status",
                "While /status waits for the sites, GET / waits, too: it has the lock of the map all the time. \
                 A guard lives to the end of the statement in which it is made. So copy the map in a \
                 statement of its own, let bookmarks = self.bookmarks.lock().unwrap().clone(); and ask the \
                 sites in the next one, with the copy.",
            ))
        }
    }
}

/// While this /status waits for its sites, a bookmark can be posted, and another /status asks them, too.
fn nobody_waits_for_status(run: &mut Run, service: &Service, site: &Site, slow: &Begun) -> Verdict {
    let quick = Site::start();
    quick.open();
    let before = site.wait_for(MANY, PATIENCE / 8);
    // This one first: who waits to write may keep others from reading, too.
    let other = service.begin(get("/status"));
    let is_asked = site.wait_for(before + 1, PATIENCE / 2) > before;
    let post = service.begin(posted(&run.seed().word(), &quick.uri()));
    let is_posted = post.is_done_within(PATIENCE / 2);
    // It may have come late, on a busy computer.
    let is_asked = is_asked || site.wait_for(before + 1, PATIENCE / 8) > before;
    if slow.is_done() || is_posted && is_asked {
        return Ok(());
    }
    if is_posted && other.is_done() {
        let done = [
            "GET /status, with sites that take their time",
            "GET /status meanwhile",
        ];
        return Err(service.wrong(&done, "both ask all the sites", "the second one asks none"));
    }
    let waits = match is_asked {
        true => "a POST",
        false => "another GET /status",
    };
    let done = [
        "GET /status, with sites that take their time",
        &format!("{waits} meanwhile"),
    ];
    let wrong = service.wrong(
        &done,
        "it is served at once",
        "it waits until /status is done",
    );
    Err(match is_asked {
        true => wrong.because(
            "read-lock-held-for-status",
            "While /status waits for the sites, a POST waits, too, and another /status does not: most likely you \
             hold a read lock of the list while you ask, which lets others read and nobody write. Copy the list in \
             a statement of its own, and ask the sites in the next one, with the copy.",
        ),
        false => wrong.because(
            "one-status-at-a-time",
            "While /status waits for the sites, another /status waits, too: you hold a lock while you ask, not that \
             of the list, but another one. Hold none while you ask.",
        ),
    })
}
