//! The checks of lesson 11, deployment: where the server listens, how it ends, and how a host
//! asks whether it is well. The bookmarks themselves are those of lesson 10, so few checks
//! look at them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use grader::record::Request;
use grader::{
    Act, Answer, Draw, Expect, Failure, Finished, Mistakes, Model, NOBODY, SERVICE, Seen,
};
use grader::{Reply, Run, Service, Site, Status, Verdict, Whole};
use grader::{encode_form, get, post, request, serves, start};
use percent_encoding::percent_decode_str;

const TEXT: &str = "text/plain; charset=utf-8";
const HEALTHY: &str = "ok\n";

/// How long a check waits for what comes at once, if it comes.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    grader::lesson!(Deployment)
        .check(1, 2, "HOST=127.0.0.1 is where it listens", one_address)
        .check(1, 1, "and nowhere else", nowhere_else)
        .check(1, 1, "HOST=0.0.0.0 means all addresses", all_addresses)
        .check(1, 1, "PORT is the port", the_port)
        .check(1, 1, "without PORT, it is 8000", the_usual_port)
        .example(
            1,
            1,
            "a PORT that is no number is an error, and said",
            Whole,
            |draw| {
                let (host, word) = (any_host(draw), draw.word());
                ["8080x", "-1", "65536", "", &word].map(|port| hosted(&host, port))
            },
        )
        .example(
            1,
            0,
            "so is a number that is too large for a port",
            Whole,
            |draw| {
                let host = any_host(draw);
                let large = too_large(draw);
                ["65536", &large].map(|port| hosted(&host, port))
            },
        )
        .check(1, 0, "nginx can stand in front of it", behind_nginx)
        .check(
            2,
            2,
            "after SIGTERM, the request under way gets its answer",
            answers_first,
        )
        .check(2, 1, "then the program ends with exit code 0", ends_well)
        .check(2, 2, "no bookmark is lost", loses_nothing)
        .example(3, 1, "GET /healthz answers 200", Status, |_| {
            [get("/healthz")]
        })
        .example(3, 1, "its text is ok", Whole, |_| {
            [get("/healthz"), request("HEAD", "/healthz")]
        })
        .example(3, 1, "no bookmark can take its place", Whole, |draw| {
            let uri = any_uri(draw);
            let other = format!("healthz{}", draw.word());
            let bookmarks = ["healthz", &other].map(|name| format!("{name}={uri}"));
            let bookmarks = bookmarks.each_ref().map(|text| &**text);
            let path = draw.path();
            let posted = sent("healthz", &format!("{SERVICE}{path}"));
            [
                start(&bookmarks),
                get("/healthz"),
                get(format!("/{other}")),
                serves(path, site_with(200)),
                posted,
                get("/"),
                get("/healthz"),
            ]
        })
        .check(3, 0, "whoever asks learns this, and no more", says_no_more)
        .check(3, 0, "also before there is a file", needs_no_file)
        .check(
            3,
            0,
            "nobody who is slow keeps it waiting",
            waits_for_nobody,
        )
        .sessions(1)
        .grade()
}

// What is done.

/// A server that is told where to listen.
fn hosted(host: &str, port: &str) -> Act {
    start(&[]).variable("HOST", host).variable("PORT", port)
}

/// An address of this computer. A program that takes another port for a PORT that is none is alone
/// with it there, where there are several: sessions are played side by side, and so are the programs of
/// two students, which draw the same with the same seed, and may make the same mistake.
fn any_host(draw: &mut Draw) -> String {
    let drawn = draw.number(0..249) + u64::from(std::process::id());
    let last = match cfg!(target_os = "linux") {
        true => 1 + drawn % 249,
        false => 1,
    };
    format!("127.0.0.{last}")
}

/// A number that is no port. Where it is cut off to one, that is a port that everybody may take, and that
/// no system gives out by itself: it is free.
fn too_large(draw: &mut Draw) -> String {
    draw.number(70_000..98_000).to_string()
}

/// What the site of a bookmark replies.
fn site_with(status: u16) -> Reply {
    Reply::answer(status, "text/html", "<h1>Here I am</h1>\n")
}

fn any_uri(draw: &mut Draw) -> String {
    format!("http://{}.example{}", draw.word(), draw.path())
}

// What is right.

/// What a deployed server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// What comes of a PORT that is no port: the exit code, or that it serves.
    bad_port: Option<i32>,
    /// Where its message names PORT.
    says_port: Says,
    /// Whether this text is taken for a port.
    is_port: fn(text: &str) -> bool,
    /// Whether this target is the question for its health.
    is_health: fn(target: &str) -> bool,
    status: u16,
    kind: String,
    text: String,
    /// Whether it has the number of bookmarks in it.
    says_number: bool,
    /// Whether a bookmark of that name comes first.
    bookmark_first: bool,
    /// Its status if nobody is at the site of a bookmark, if it looks.
    status_if_gone: Option<u16>,
    /// Whether a POST to its address is answered like the question for its health.
    health_by_post: bool,
    /// The status of a bookmark with its name that is posted, if that is refused.
    name_refused: Option<u16>,
    /// Whether such a bookmark is thrown away, and nobody learns it.
    name_dropped: bool,
    /// Whether it is in the list.
    name_listed: bool,
}

#[derive(Clone, Copy)]
enum Says {
    OnStderr,
    OnStdout,
    Nowhere,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            bad_port: Some(1),
            says_port: Says::OnStderr,
            is_port: |text| text.parse::<u16>().is_ok(),
            is_health: |target| path_of(target) == "/healthz",
            status: 200,
            kind: TEXT.into(),
            text: HEALTHY.into(),
            says_number: false,
            bookmark_first: false,
            status_if_gone: None,
            health_by_post: false,
            name_refused: None,
            name_dropped: false,
            name_listed: true,
        }
    }
}

fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// What the service replies, and what the program keeps.
#[derive(Clone, Default)]
struct World {
    sites: BTreeMap<String, u16>,
    /// The bookmarks that the program was started with.
    begun: BTreeMap<String, String>,
    kept: BTreeMap<String, String>,
}

impl World {
    fn is_there(&self, uri: &str) -> bool {
        let path = uri.strip_prefix(SERVICE);
        path.is_some_and(|path| self.sites.get(path) == Some(&200))
    }
}

struct Deployment;

impl Model for Deployment {
    type Knobs = Knobs;
    type State = World;

    fn restart(world: &mut World) {
        world.kept.clone_from(&world.begun);
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
                world.kept.clone_from(&world.begun);
                let set = |wanted| command.variables.iter().find(|(name, _)| name == wanted);
                set("HOST")?;
                return match set("PORT").is_none_or(|(_, port)| (knobs.is_port)(port)) {
                    true => Some(Expect::step(1).serves()),
                    false => Some(refused(knobs)),
                };
            }
            act => act.asked()?,
        };
        if asked.method == "POST" {
            return posted(knobs, world, asked);
        }
        if !["GET", "HEAD"].contains(&&*asked.method) || asked.path().starts_with("//") {
            return None;
        }
        let name = percent_decode_str(&asked.path()[1..]).decode_utf8().ok()?;
        // Whether %68ealthz is healthz, the text leaves open.
        if asked.respells(&["/healthz"]) {
            return None;
        }
        let uri = world.kept.get(&*name);
        let expect = Expect::step(3);
        if (knobs.is_health)(&asked.target) && !(knobs.bookmark_first && uri.is_some()) {
            if let Some(status) = knobs.status_if_gone
                && !world.kept.values().all(|uri| world.is_there(uri))
            {
                return Some(expect.status(status));
            }
            let expect = expect
                .status(knobs.status)
                .field("Content-Type", &*knobs.kind);
            return Some(match &*asked.method {
                "GET" if knobs.says_number => expect.body_has(world.kept.len().to_string()),
                "GET" => expect.body(&*knobs.text),
                _ => expect.body(""),
            });
        }
        Some(match uri {
            _ if name.is_empty() => {
                let is_listed = |name: &str| knobs.name_listed || name != "healthz";
                let listed = world.kept.iter().filter(|(name, _)| is_listed(name));
                let (names, uris): (Vec<&String>, Vec<&String>) = listed.unzip();
                let page = expect.status(200);
                let alone =
                    |uri: &String| world.kept.values().filter(|one| *one == uri).count() == 1;
                let page = match world.kept.get("healthz").filter(|uri| alone(uri)) {
                    Some(uri) if !is_listed("healthz") && asked.method == "GET" => page.hides(uri),
                    _ => page,
                };
                match &*asked.method {
                    "GET" => {
                        let page = page.has_form("post", "/", "uri");
                        page.shows_in_order(names).shows_in_order(uris)
                    }
                    _ => page,
                }
            }
            Some(uri) => expect.status(303).field("Location", &**uri),
            None => expect.status(404),
        })
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        match draw.below(12) {
            0..=3 => vec![get(draw.path_near(&["/healthz"]) + &draw.query())],
            4 => vec![request("HEAD", draw.path_near(&["/healthz", "/"]))],
            // Servers that start take time, so these come seldom.
            5 if draw.one_in(4) => {
                let near = ["healthz", "Healthz", "health", "healthz/", "healthz2", "ok"];
                let name = draw.pick(&near);
                let bookmark = format!("{name}={}", any_uri(draw));
                vec![
                    start(&[&bookmark]),
                    get(format!("/{name}")),
                    get("/healthz"),
                ]
            }
            6 if draw.one_in(3) => {
                let port = match draw.below(8) {
                    0 => return vec![hosted(draw.pick(&["127.0.0.1", "0.0.0.0"]), "0")],
                    1 => "65536".into(),
                    2 => too_large(draw),
                    3 => "-1".into(),
                    4 => "http".into(),
                    5 => format!("8080{}", draw.word()),
                    6 => "8000/tcp".into(),
                    _ => "8.5".into(),
                };
                vec![hosted(&any_host(draw), &port)]
            }
            7 => {
                let path = draw.path();
                let uri = format!("{SERVICE}{path}");
                let (status, name, to) = match draw.below(4) {
                    0 => (404, draw.word(), "/".into()),
                    1 => (200, "healthz".into(), "/".into()),
                    2 => (200, draw.word(), draw.path_near(&["/healthz"])),
                    _ => (200, draw.word(), "/".into()),
                };
                vec![
                    serves(path, site_with(status)),
                    sent_to(&to, &name, &uri),
                    get("/"),
                ]
            }
            8 => vec![sent(&draw.word(), &format!("{NOBODY}{}", draw.path()))],
            9 => match world.kept.keys().next() {
                Some(name) => vec![get(format!("/{name}"))],
                None => vec![get("/")],
            },
            10 => vec![get("/".to_string() + &draw.query())],
            _ => vec![get(draw.path() + &draw.query())],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "bad-port-serves",
                "If PORT is no port, your program takes another one, and serves. Then it runs, \
                 and nobody finds it where it should be. Return an error, which says what PORT is.",
                |knobs| knobs.bad_port = None,
            )
            .wrong(
                "bad-port-is-success",
                "If PORT is no port, your program ends with exit code 0, which says that all went \
                 well. An error that main returns makes it 1.",
                |knobs| knobs.bad_port = Some(0),
            )
            .wrong(
                "empty-port-serves",
                "If PORT is there and empty, your program takes the usual port. An empty text is no number, \
                 so it is an error, as any other wrong setting is.",
                |knobs| knobs.is_port = |text| text.is_empty() || text.parse::<u16>().is_ok(),
            )
            .wrong(
                "port-cut-off",
                "A PORT such as 65536 is no error, and your program takes another port: you parse a \
                 number of another type, and make a port of what does not fit. (`as u16` cuts a part of it \
                 off.) Let parse make the u16. Then such a PORT is an Err, as a word is.",
                |knobs| knobs.is_port = |text| text.parse::<i64>().is_ok(),
            )
            .or(|knobs| knobs.is_port = |text| text.parse::<u64>().is_ok())
            .wrong(
                "health-with-number",
                "/healthz says how many bookmarks there are. Its text is always the same, \"ok\" and a line end: the \
                 host wants to know no more.",
                |knobs| knobs.says_number = true,
            )
            .wrong(
                "port-digits-only",
                "Of a PORT such as 8080x, your program takes the digits, leaves out the rest, and serves. A wrong \
                 setting is an error: give parse the whole text, which is a number or is none.",
                |knobs| {
                    knobs.is_port = |text| {
                        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
                        text[..text.len() - rest.len()].parse::<u16>().is_ok()
                    };
                },
            )
            .or(|knobs| {
                knobs.is_port = |text| {
                    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                    digits.parse::<u16>().is_ok()
                };
            })
            .wrong(ZERO_REFUSED.0, ZERO_REFUSED.1, |knobs| {
                knobs.is_port = |text| text.parse::<u16>().is_ok_and(|port| port > 0);
            })
            .wrong(
                "port-not-said",
                "The message for a PORT that is no port does not name PORT. Anyone who reads it must \
                 know which variable to look at.",
                |knobs| knobs.says_port = Says::Nowhere,
            )
            .wrong(
                "port-said-on-stdout",
                "The message for a PORT that is no port is printed by println!, on standard output. Errors belong on \
                 standard error, where Rust prints the error that main returns.",
                |knobs| knobs.says_port = Says::OnStdout,
            )
            .wrong(
                "health-by-beginning",
                "Every path that begins with /healthz gets the answer of /healthz. Compare the \
                 whole path: other paths are names of bookmarks.",
                |knobs| knobs.is_health = |target| target.starts_with("/healthz"),
            )
            .wrong(
                "health-with-slash",
                "/healthz/ gets the answer of /healthz, too. With the slash at its end it is another path, the \
                 name of a bookmark. Compare the whole path.",
                |knobs| knobs.is_health = |target| path_of(target).trim_end_matches('/') == "/healthz",
            )
            .or(|knobs| {
                knobs.is_health = |target| ["/healthz", "/healthz/"].contains(&path_of(target));
            })
            .wrong(
                "health-name-not-listed",
                "A bookmark named healthz is not in the list of the page. It is a bookmark like any other there: \
                 only its path is taken.",
                |knobs| knobs.name_listed = false,
            )
            .wrong(
                "health-by-target",
                "With a query behind it, /healthz is taken for a name: you compare \
                 request.target(). The path alone is request.path().",
                |knobs| knobs.is_health = |target| target == "/healthz",
            )
            .wrong(
                "bookmark-first",
                "A bookmark named healthz takes the place of your health page. Anybody could post \
                 one. Look at the path /healthz first, and at the bookmarks then.",
                |knobs| knobs.bookmark_first = true,
            )
            .wrong(
                "health-by-post",
                "A POST to /healthz is answered like a GET. Only a GET asks for the health of the \
                 server; a POST to any path brings a bookmark, as in lesson 10. Leave do_post as it was.",
                |knobs| knobs.health_by_post = true,
            )
            .wrong(
                HEALTH_NAME_NOT_STORED.0,
                HEALTH_NAME_NOT_STORED.1,
                |knobs| knobs.name_dropped = true,
            )
            .wrong(
                "health-as-page",
                "The health page is sent as text/html. It is a plain text: text/plain.",
                |knobs| knobs.kind = "text/html; charset=utf-8".into(),
            );
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let code = seen.ended().and_then(|ended| ended.code);
        if let Some(code) = code.filter(|code| *code > 1) {
            mistakes.wrong(
                "bad-port-other-code",
                format!(
                    "If PORT is no port, your program ends with exit code {code}. An error that main \
                     returns makes it 1."
                ),
                move |knobs| knobs.bad_port = Some(code),
            );
        }
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        if asked.method == "POST" && asked.form_field("name").as_deref() == Some("healthz") {
            mistakes.wrong(
                HEALTH_NAME_NOT_STORED.0,
                HEALTH_NAME_NOT_STORED.1,
                move |knobs| {
                    knobs.name_refused = Some(status);
                },
            );
        }
        if asked.path() != "/healthz" || asked.method == "POST" {
            return;
        }
        if status != 200 {
            mistakes.wrong(
                "health-asks-sites",
                format!(
                    "If nobody is at the site of a bookmark, the status of /healthz is {status}. Your \
                     server is well all the same. Ask no site there: one that breaks would make a host \
                     start your program anew."
                ),
                move |knobs| knobs.status_if_gone = Some(status),
            );
        }
        mistakes.wrong(
            "other-health-status",
            format!("The status of /healthz is {status}. A server that is well says 200."),
            move |knobs| knobs.status = status,
        );
        let text = answer.text().into_owned();
        if asked.method == "GET" {
            mistakes.wrong(
                "other-health-text",
                "The text of /healthz is not \"ok\" and a line end. Compare it letter by letter.",
                move |knobs| knobs.text.clone_from(&text),
            );
        }
    }
}

const HEALTH_NAME_NOT_STORED: (&str, &str) = (
    "health-name-not-stored",
    "A bookmark that is posted with the name healthz is not stored. It may be in the list, as any other: \
     it must only not answer GET /healthz, and the order of the arms in do_get sees to that.",
);

/// What is expected of a server whose PORT is no port.
fn refused(knobs: &Knobs) -> Expect {
    let expect = Expect::step(1);
    let Some(code) = knobs.bad_port else {
        return expect.serves();
    };
    let expect = expect.code(code);
    match knobs.says_port {
        Says::OnStderr => expect.stderr_has("PORT"),
        Says::OnStdout => expect.stderr_lacks("PORT").stdout_has("PORT"),
        Says::Nowhere => expect.stderr_lacks("PORT").stdout_lacks("PORT"),
    }
}

/// The form of the page, sent.
fn sent(name: &str, uri: &str) -> Act {
    sent_to("/", name, uri)
}

fn sent_to(path: &str, name: &str, uri: &str) -> Act {
    post(path).form(&[("name", name), ("uri", uri)])
}

fn posted(knobs: &Knobs, world: &mut World, asked: &Request) -> Option<Expect> {
    let (name, uri) = (asked.form_field("name")?, asked.form_field("uri")?);
    let expect = Expect::step(3);
    if knobs.health_by_post && asked.path() == "/healthz" {
        return Some(expect.status(knobs.status).body(&*knobs.text));
    }
    let is_health = name == "healthz";
    if let Some(status) = knobs.name_refused.filter(|_| is_health) {
        return Some(expect.status(status));
    }
    if !world.is_there(&uri) {
        return Some(expect.status(404));
    }
    if is_health && knobs.name_dropped {
        return Some(expect.status(303).field("Location", "/"));
    }
    world.kept.insert(name, uri);
    Some(expect.status(303).field("Location", "/"))
}

// Step 1, as far as addresses matter: acts have none.

/// Starts the server at this address.
fn serve_at(run: &mut Run, host: &str) -> Result<Service, Failure> {
    run.program().env("HOST", host).env("PORT", "0").serve()
}

/// The failure of a server that serves elsewhere than it should.
fn elsewhere(service: &Service, expected: &str) -> Failure {
    service.wrong(&[], expected, format!("a server at {}/", service.url()))
}

const ALL: (&str, &str) = (
    "all-addresses",
    "Your server listens at all addresses of the computer, though HOST names one: everybody in the \
     network can ask it. Give bind the text of HOST.",
);

const IGNORED: (&str, &str) = (
    "host-ignored",
    "Your server listens at an address of its own choice, whatever HOST says. Give bind the text \
     of HOST, and the port: bind((host.as_str(), port)).",
);

fn one_address(run: &mut Run) -> Verdict {
    let service = match serve_at(run, "127.0.0.1") {
        Ok(service) => service,
        Err(wrong) => return Err(zero_refused(run, wrong)),
    };
    if service.url().starts_with("http://127.0.0.1:") {
        return the_newer_form(run, &service);
    }
    let wrong = elsewhere(
        &service,
        "with HOST=127.0.0.1, a server at http://127.0.0.1",
    );
    // "localhost" is what the server says of local_address() and of 0.0.0.0.
    let (name, says) = match reaches(OTHER.into(), &service) {
        true => ALL,
        false => IGNORED,
    };
    Err(wrong.because(name, says))
}

/// The failure of a server that does not start with PORT=0: whether it starts with another tells why.
fn zero_refused(run: &mut Run, wrong: Failure) -> Failure {
    let program = run.program().env("HOST", "127.0.0.1");
    let Ok(other) = program.env("PORT", &free_port().to_string()).serve() else {
        return wrong;
    };
    let wrong = other.wrong(
        &["the same with PORT=0"],
        "a server on any free port",
        "the program ends, or does not serve",
    );
    wrong.because(ZERO_REFUSED.0, ZERO_REFUSED.1)
}

const ZERO_REFUSED: (&str, &str) = (
    "port-zero-refused",
    "With PORT=0 your program ends, and with another number it serves. 0 is a port, too, and means any \
     that is free: a port is a number from 0 to 65535, and parse knows these.",
);

/// An address in the newer form is as good, if this computer has any.
fn the_newer_form(run: &mut Run, older: &Service) -> Verdict {
    let newer = Ipv6Addr::LOCALHOST;
    if TcpListener::bind((newer, 0)).is_err() {
        return Ok(());
    }
    let wrong = match serve_at(run, "::1") {
        Ok(service) if reaches(newer.into(), &service) => return Ok(()),
        Ok(service) => elsewhere(&service, "with HOST=::1, a server at this address"),
        Err(_) => older.wrong(
            &["the same with HOST=::1"],
            "a server at this address, too",
            "the program ends, or does not serve",
        ),
    };
    Err(wrong.because(
        "older-form-only",
        "With HOST=127.0.0.1 your server is there, and with HOST=::1 it is not. That is an address, too, in \
         the newer form. Hand the text of HOST to bind as it is, which knows both forms.",
    ))
}

/// All of 127.0.0.0/8 is this computer: on Linux without further ado, elsewhere nobody
/// answers there.
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Whether somebody listens at this address, on the port of this server.
fn reaches(ip: IpAddr, service: &Service) -> bool {
    let address = SocketAddr::from((ip, service.port()));
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

fn nowhere_else(run: &mut Run) -> Verdict {
    let service = serve_at(run, "127.0.0.1")?;
    let others = [(OTHER.into(), ALL), (Ipv6Addr::LOCALHOST.into(), IGNORED)];
    for (other, (name, says)) in others {
        if reaches(other, &service) {
            let came = format!("somebody listens at {other}, too");
            let wrong = service.wrong(&[], "with HOST=127.0.0.1, nobody at another address", came);
            return Err(wrong.because(name, says));
        }
    }
    // Nobody has asked for more without HOST.
    let service = run.program().serve()?;
    if reaches(OTHER.into(), &service) {
        let came = format!("somebody listens at {OTHER}, too");
        let wrong = service.wrong(&[], "without HOST, only the address localhost", came);
        return Err(wrong.because(
            "open-without-host",
            "Without HOST, your server listens at all addresses of the computer: everybody in the network \
             can ask it, and nobody has asked for that. Without HOST, nothing is new: local_address().",
        ));
    }
    not_at_another(run)
}

/// An address that is for examples, and that no computer has; and a text that is no address, nor a name
/// of a computer: it is too long, so nobody need be asked what it means.
fn not_at_another(run: &mut Run) -> Verdict {
    // Whether HOST counts at all, other checks say.
    if all_addresses(run).is_err() {
        return Ok(());
    }
    let no_address = run.seed().word().repeat(20);
    for host in ["203.0.113.7", &no_address] {
        if TcpListener::bind((host, 0)).is_ok() {
            continue; // strange, but here it is one
        }
        let Ok(service) = serve_at(run, host) else {
            continue; // it has ended, and says why
        };
        let expected = format!("with HOST={host}, where this computer cannot listen, an error");
        return Err(elsewhere(&service, &expected).because(
            "takes-another-address",
            "If HOST is an address that this computer does not have, or is none, your server takes another one. Then \
             it runs, and nobody finds it where it should be. Hand the text of HOST to bind, and the error of bind \
             on with ?: the program ends, and says why.",
        ));
    }
    Ok(())
}

fn all_addresses(run: &mut Run) -> Verdict {
    let service = serve_at(run, "0.0.0.0")?;
    let is_there = match cfg!(target_os = "linux") {
        true => reaches(OTHER.into(), &service),
        false => !service.url().starts_with("http://127."),
    };
    match is_there {
        true => Ok(()),
        false => {
            let expected = "with HOST=0.0.0.0, a server at all addresses of this computer";
            Err(elsewhere(&service, expected).because(IGNORED.0, IGNORED.1))
        }
    }
}

fn the_port(run: &mut Run) -> Verdict {
    let port = free_port();
    let program = run.program().env("HOST", "127.0.0.1");
    let service = program.env("PORT", &port.to_string()).serve()?;
    if service.port() == port {
        the_port_alone(run, port)?;
        return the_last_port(run);
    }
    let expected = format!("with PORT={port}, a server on this port");
    Err(elsewhere(&service, &expected).because(
        "port-ignored",
        "With HOST, your server takes a port of its own choice, whatever PORT says. Read it with \
         env::var(\"PORT\"), and make a number of it with parse.",
    ))
}

/// While another server has the port, no second one takes another.
fn the_port_alone(run: &mut Run, taken: u16) -> Verdict {
    let program = run.program().env("HOST", "127.0.0.1");
    let Ok(second) = program.env("PORT", &taken.to_string()).serve() else {
        return Ok(()); // it has ended, and says why
    };
    let expected = format!("with PORT={taken}, which another server has, an error");
    Err(elsewhere(&second, &expected).because(
        "takes-another-port",
        "If the port is taken, your server takes another one. Then it runs, and nobody finds it where \
         it should be. Hand the error of bind on with ?: the program ends, and says why.",
    ))
}

/// An address at which this port is free: one of its own, so that nobody else is there, neither a
/// check with the same seed that runs beside this one. (On some systems, there is only the usual one.)
fn address_with(run: &mut Run, port: u16) -> Option<Ipv4Addr> {
    let own = run.seed().number(2..250) + u64::from(std::process::id());
    let own = (2 + own % 248) as u8;
    let addresses = [Ipv4Addr::new(127, 0, own, own), Ipv4Addr::LOCALHOST];
    let free = |address: &Ipv4Addr| TcpListener::bind((*address, port)).is_ok();
    addresses.into_iter().find(free)
}

/// The largest number of a port is one, too.
fn the_last_port(run: &mut Run) -> Verdict {
    let Some(address) = address_with(run, u16::MAX) else {
        return Ok(());
    };
    let program = run.program().env("HOST", &address.to_string());
    let serves = program.env("PORT", &u16::MAX.to_string()).serve().is_ok();
    // Somebody else may have taken it meanwhile.
    if serves || TcpListener::bind((address, u16::MAX)).is_err() {
        return Ok(());
    }
    let other = serve_at(run, &address.to_string())?;
    let wrong = other.wrong(
        &["the same with PORT=65535"],
        "a server on this port",
        "the program ends, or does not serve",
    );
    Err(wrong.because(
        "last-port-refused",
        "With PORT=65535 your program does not serve, and with a smaller number it does. It is a port as well: a \
         port is a number from 0 to 65535, and parse knows these.",
    ))
}

fn the_usual_port(run: &mut Run) -> Verdict {
    let Some(address) = address_with(run, 8000) else {
        return Err(Failure::not_here("another program has port 8000"));
    };
    let program = run.program().env("HOST", &address.to_string());
    let service = match program.without_port().serve() {
        Ok(service) => service,
        Err(wrong) => {
            return Err(match serve_at(run, &address.to_string()) {
                Ok(with_port) => with_port.wrong(&["the same without PORT"], "a server on port 8000", "the program ends, or does not serve").because(
                    "port-required",
                    "With HOST and PORT your server starts, and with HOST alone it does not. PORT need not be \
                     set: if env::var gives an Err, the port is 8000.",
                ),
                Err(_) => wrong,
            });
        }
    };
    if service.port() == 8000 {
        if reaches(address.into(), &service) {
            return Ok(());
        }
        let expected = format!("with HOST={address}, a server at this address");
        return Err(elsewhere(&service, &expected).because(IGNORED.0, IGNORED.1));
    }
    Err(
        elsewhere(&service, "without PORT, a server on port 8000").because(
            "no-usual-port",
            "If there is no PORT, env::var gives an Err. Then the port is 8000.",
        ),
    )
}

/// A port that is free now. Another program may take it before the student's does: a
/// pity, but rare.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

// nginx in front, with the site that the lesson gives.

struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// nginx with the lesson's site, before a server on this port; or why there is none.
    fn before(port: u16) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let here = folder.path().display();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let site = include_str!("nginx.conf")
            .replace("listen 80;", &format!("listen {address};"))
            .replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"))
            .replace("/srv/bookmarks", &here.to_string());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {here}/{kind};\n"))
            .concat();
        let all = format!(
            "daemon off; pid {here}/pid; error_log {here}/errors; worker_processes 1;\n\
             events {{}}\nhttp {{ access_log off; {temporary}{site} }}\n"
        );
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
                .and_then(|()| fs::write(&path, text))
        };
        let files = [("nginx.conf", &*all), ("static/style.css", STYLE)];
        for (name, text) in files {
            write(name, text).map_err(|error| error.to_string())?;
        }
        let mut command = std::process::Command::new(nginx());
        command.args([
            "-p",
            &here.to_string(),
            "-e",
            &format!("{here}/errors"),
            "-c",
            &format!("{here}/nginx.conf"),
        ]);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.map_err(|_| "no nginx is installed".to_string())?;
        let nginx = Self {
            child,
            address,
            _folder: folder,
        };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > until {
                let said = fs::read_to_string(nginx._folder.path().join("errors"));
                return Err(format!(
                    "nginx does not start here: {}",
                    said.unwrap_or_default()
                ));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(nginx)
    }
}

/// Debian has it where only root looks.
fn nginx() -> &'static str {
    let debian = "/usr/sbin/nginx";
    if Path::new(debian).exists() {
        debian
    } else {
        "nginx"
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to, it ends its workers, too.
        let id = self.child.id().to_string();
        let _ = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        let _ = self.child.wait();
    }
}

/// A file that nginx sends by itself.
const STYLE: &str = "body { color: teal }\n";

fn behind_nginx(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let site = Site::start();
    site.open();
    let service = serve_at(run, "127.0.0.1")?;
    // What is wrong with the server alone, other checks say.
    service.get("/")?.expect_status(200)?;
    let nowhere = "/no/such/name";
    let not_found = service.get(nowhere)?.text().into_owned();
    let nginx = Nginx::before(service.port()).map_err(Failure::not_here)?;
    let fails = |what: String, came: &str| {
        let done = ["start nginx in front of it, with lessons/11_deployment/nginx.conf"];
        Err(service.wrong(&done, what, came))
    };
    let mut client = match Client::connect(nginx.address, THE_SITE) {
        Ok(client) => client,
        Err(error) => return fails("a connection to nginx".into(), &error.to_string()),
    };
    let body = encode_form(&[("name", &word), ("uri", &site.uri())]);
    let long = "x".repeat(70_000);
    let asked = [
        ("GET", "/", "", "HTTP/1.1 200 OK", "<form"),
        (
            "POST",
            "/",
            &*body,
            "HTTP/1.1 303 See Other",
            "Location: /\r\n",
        ),
        ("GET", "/", "", "HTTP/1.1 200 OK", &*word),
        ("GET", "/static/style.css", "", "HTTP/1.1 200 OK", STYLE),
        // The words of this page are free, but they are not nginx's own.
        ("GET", nowhere, "", "HTTP/1.1 404 Not Found", &*not_found),
        ("POST", "/", &*long, "HTTP/1.1 413 ", "nginx"),
    ];
    // All on one connection, which nginx keeps.
    for (method, path, body, status, text) in asked {
        let came = client
            .ask(method, path, body)
            .unwrap_or_else(|error| error.to_string());
        if !came.starts_with(status) || !came.contains(text) {
            let with = match path == nowhere {
                true => "with the page of your own server".into(),
                false => format!("with {text:?}"),
            };
            let expected = format!("through nginx, {method} {path} gets {status}, {with}");
            let wrong = fails(expected, &came);
            return match knows_only_localhost(service.port()) {
                true => wrong.map_err(|wrong| wrong.because(OWN_HOST.0, OWN_HOST.1)),
                false => wrong,
            };
        }
    }
    Ok(())
}

/// The name that the lesson's site has for those who come through nginx.
const THE_SITE: &str = "bookmarks.example";

const OWN_HOST: (&str, &str) = (
    "own-host-only",
    "Your server answers those who ask for localhost, and refuses those who ask for another name: \
     look for the place where it reads the Host header. Through nginx everybody asks for the name \
     of the site. Answer them all, or get the name from the environment, too.",
);

/// Whether a server that is asked directly answers or refuses by the Host header alone.
fn knows_only_localhost(port: u16) -> bool {
    let answers = |host: &str| {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let answer =
            Client::connect(address, host).and_then(|mut client| client.ask("GET", "/", ""));
        answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
    };
    answers(&format!("localhost:{port}")) && !answers(THE_SITE)
}

/// A connection that is kept, and what it says in its Host header.
struct Client {
    stream: TcpStream,
    host: String,
}

impl Client {
    fn connect(address: SocketAddr, host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(2 * PATIENCE))?;
        let host = host.to_string();
        Ok(Self { stream, host })
    }

    /// The answer: its head, and the body that its Content-Length announces, or that comes in
    /// chunks.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let (host, length) = (&self.host, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes())?;
        self.stream.write_all(body.as_bytes())?;
        let mut came = Vec::new();
        while !came.ends_with(b"\r\n\r\n") {
            self.more(&mut came)?;
        }
        let head = String::from_utf8_lossy(&came).to_lowercase();
        if let Some((_, rest)) = head.split_once("content-length: ") {
            let length = rest
                .lines()
                .next()
                .and_then(|text| text.trim().parse().ok());
            for _ in 0..length.unwrap_or(0) {
                self.more(&mut came)?;
            }
        } else {
            while !came.ends_with(b"\r\n0\r\n\r\n") {
                self.more(&mut came)?;
            }
        }
        Ok(String::from_utf8_lossy(&came).into_owned())
    }

    fn more(&mut self, came: &mut Vec<u8>) -> io::Result<()> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        came.push(byte[0]);
        Ok(())
    }
}

// Step 2: SIGTERM while a request is under way.

/// A server that was told to stop while a form was under way.
struct Stopped {
    name: String,
    uri: String,
    /// What the client got.
    came: Result<Answer, Failure>,
    finished: Finished,
    /// The file of the bookmarks, in a folder that goes with this.
    file: String,
    _folder: tempfile::TempDir,
}

fn stopped(run: &mut Run) -> Result<Stopped, Failure> {
    stopped_while_it_waits(run, Duration::ZERO)
}

/// The same, with a site that takes this time more.
fn stopped_while_it_waits(run: &mut Run, more: Duration) -> Result<Stopped, Failure> {
    let name = run.seed().word();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bookmarks").display().to_string();
    let service = run.program().env("BOOKMARKS", &file).serve()?;
    let page = service.get("/");
    if let Err(wrong) = page {
        return Err(who_has_the_lock(run, wrong));
    }
    let site = Site::start();
    let uri = site.uri();
    let begun = service.begin(sent(&name, &uri));
    let asked = site.wait_for(1, PATIENCE);
    service.terminate()?;
    // One that the signal ends at once is gone then. One that takes it in good order has begun to
    // stop; if not, it is asked less than it could be, and no right one is refused.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, service.port()));
    let until = Instant::now() + Duration::from_millis(200);
    while TcpStream::connect(address).is_ok() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    let until = Instant::now() + more;
    while !begun.is_done() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    site.open();
    let came = begun.answer();
    let finished = service.wait()?;
    if asked == 0 {
        return Err(finished.wrong("the program asks the site of a bookmark that is posted"));
    }
    if finished.code() == 101 {
        return Err(finished.wrong("after SIGTERM, exit code 0"));
    }
    Ok(Stopped {
        name,
        uri,
        came,
        finished,
        file,
        _folder: folder,
    })
}

/// The failure of a server that does not answer GET /: whether a bookmark can be stored tells who has the
/// lock.
fn who_has_the_lock(run: &mut Run, wrong: Failure) -> Failure {
    let (site, name) = (Site::start(), run.seed().word());
    site.open();
    let service = run.program().serve();
    let stored = service.and_then(|service| service.ask(sent(&name, &site.uri())));
    match stored.is_ok_and(|answer| answer.status() == 303) {
        false => wrong.because(LOCKED.0, LOCKED.1),
        true => wrong.because(
            "locked-twice",
            "GET / never gets an answer, though nobody else has the lock of the bookmarks: one that is posted is \
             stored. Most likely the handler of GET locks a second time while its first guard lives, and waits for \
             itself. A guard that has a name lives to the end of its block: lock once, where the map is needed.",
        ),
    }
}

const LOCKED: (&str, &str) = (
    "locked-while-serving",
    "GET / waits for the lock of the bookmarks, for ever: main has it. A guard that has a name lives \
     to the end of its block, here as long as the server serves. Lock behind serve_forever, in the \
     line that writes the file.",
);

const KILLED: (&str, &str) = (
    "killed",
    "The signal has ended your program at once, in the middle of a request: the server does not \
     handle it. Leave handle_signals as it is, which is on.",
);

/// How long a site takes behind the signal: some of the 5 seconds that the request under way has, and
/// its site.
const SOME_TIME: Duration = Duration::from_millis(3500);

fn answers_first(run: &mut Run) -> Verdict {
    let is_answered = |stopped: &Stopped| {
        let came = stopped.came.as_ref();
        came.is_ok_and(|answer| answer.status() == 303)
    };
    let mut stopped = stopped_while_it_waits(run, SOME_TIME)?;
    if !is_answered(&stopped) {
        // A busy computer may be late once.
        stopped = stopped_while_it_waits(run, SOME_TIME)?;
    }
    if is_answered(&stopped) {
        return Ok(());
    }
    let finished = stopped.finished;
    let wrong =
        finished.wrong("the form that was under way when the program got SIGTERM is answered: 303");
    Err(match finished.code() {
        143 => wrong.because(KILLED.0, KILLED.1),
        _ => wrong.because(
            "cut-off",
            "Your program ended before the request under way had its answer. serve_forever \
             returns when all are answered, or when stop_time of the limits is over: do not end \
             the program in another way, and leave it the 5 seconds that it has by itself.",
        ),
    })
}

fn ends_well(run: &mut Run) -> Verdict {
    let Stopped {
        finished,
        came,
        file,
        ..
    } = &stopped(run)?;
    // What the signal has ended has done nothing more. (A program may also end with 143 by itself.)
    let goes_on = came.is_ok() || Path::new(file).exists();
    if finished.code() == 143 && !goes_on {
        let wrong = finished.wrong("after SIGTERM, exit code 0");
        return Err(wrong.because(KILLED.0, KILLED.1));
    }
    expect_success(finished)?;
    // Nor need it have a file.
    let program = run.program().elsewhere().arg("rust=https://rust-lang.org/");
    let service = program.serve()?;
    service.terminate()?;
    let finished = service.wait()?;
    if finished.code() == 101 {
        return Err(finished.wrong("exit code 0 without BOOKMARKS, too: then no file is written"));
    }
    if let Err(wrong) = finished.expect_code(0) {
        return Err(wrong.because(
            "needs-bookmarks",
            "With BOOKMARKS your program ends with exit code 0, and without it does not: it fails at what it \
             does behind serve_forever. Who names no file expects none. Write one only if BOOKMARKS is set.",
        ));
    }
    let folder = run.elsewhere()?;
    let written = fs::read_dir(folder).expect("the folder").next();
    let Some(Ok(written)) = written else {
        return Ok(());
    };
    let name = written.file_name().display().to_string();
    let wrong = finished.wrong(format!(
        "no file without BOOKMARKS, and there is one: {name}"
    ));
    Err(wrong.because(
        "file-without-bookmarks",
        "BOOKMARKS is not set, and your program writes a file all the same, under a name of its \
         own. Who names no file expects none: write it only if BOOKMARKS names one.",
    ))
}

/// Of a program that was told to end: that it says all went well.
fn expect_success(finished: &Finished) -> Verdict {
    finished.expect_code(0).map_err(|wrong| {
        wrong.because(
            "other-exit-code",
            "Your program was told to stop, and stopped. That is a success, exit code 0: main \
             returns Ok(()). Any other code tells the host that it broke.",
        )
    })
}

/// What was kept without any request is in the file, too.
fn keeps_what_it_had(run: &mut Run) -> Verdict {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bookmarks").display().to_string();
    let (name, uri) = (run.seed().word(), "https://rust-lang.org/");
    let program = run.program().env("BOOKMARKS", &file);
    let service = program.arg(&format!("{name}={uri}")).serve()?;
    service.terminate()?;
    let finished = service.wait()?;
    if finished.code() == 101 {
        return Err(finished.wrong("exit code 0, with the bookmarks in the file"));
    }
    let service = run.program().env("BOOKMARKS", &file).serve()?;
    let answer = service.get(&format!("/{name}"))?;
    if answer.header("Location") == Some(uri) {
        return keeps_what_has_changed(run, &name, &file);
    }
    let wrong = answer.wrong(format!(
        "the bookmark that was the argument of a program that got SIGTERM is there when it is started again: 303, to {uri}"
    ));
    Err(match finished.code() {
        143 => wrong.because(KILLED.0, KILLED.1),
        _ => not_saved(run, wrong),
    })
}

/// A bookmark of the file has another URI now.
fn keeps_what_has_changed(run: &mut Run, name: &str, file: &str) -> Verdict {
    let uri = "https://doc.rust-lang.org/";
    let program = run.program().env("BOOKMARKS", file);
    let service = program.arg(&format!("{name}={uri}")).serve()?;
    service.terminate()?;
    service.wait()?;
    let service = run.program().env("BOOKMARKS", file).serve()?;
    let answer = service.get(&format!("/{name}"))?;
    if answer.header("Location") == Some(uri) {
        return Ok(());
    }
    let wrong = answer.wrong(format!(
        "the bookmark of the file that an argument gave another URI still has that one when the program is started again: 303, to {uri}"
    ));
    let text = fs::read_to_string(file).unwrap_or_default();
    if text.matches(&format!("{name}=")).count() > 1 {
        return Err(wrong.because(
            "appended",
            "The file of BOOKMARKS has the same bookmark twice now, and the old URI counts: what is written at \
             the end is appended to what was there. It is to take its place: fs::write, as in write_bookmarks.",
        ));
    }
    Err(wrong.because(
        "change-not-saved",
        "A bookmark of the file has got another URI, and at the next start it has the old one again. What is in \
         memory at the end is all that counts: write just that, at every end, whatever the file has, and \
         however many bookmarks there are.",
    ))
}

/// The failure of a program that has not written its file: when it writes one tells why.
fn not_saved(run: &mut Run, wrong: Failure) -> Failure {
    if matches!(saves(run, &[], true), Ok(true)) {
        return wrong.because(
            "saved-if-there",
            "The file of BOOKMARKS is written only if there is one already. At the first start on a host, \
             there is none, and all is lost at its end. fs::write makes it: do not ask.",
        );
    }
    if matches!(saves(run, &ON_A_HOST, false), Ok(true)) {
        return wrong.because(
            "saved-with-host-only",
            "The file of BOOKMARKS is written at the end if HOST is set, and not without it. Both ways to begin \
             must come to the same end: a return in one arm of the match leaves main, and what stands behind \
             the match is not done.",
        );
    }
    wrong.because(NOT_SAVED.0, NOT_SAVED.1)
}

/// The settings of a host. (The port is any that is free, here as in all that is started.)
const ON_A_HOST: [(&str, &str); 1] = [("HOST", "127.0.0.1")];

/// Whether a program with these settings has written its file when it has ended. With `is_there`, an
/// empty one is there before.
fn saves(run: &mut Run, settings: &[(&str, &str)], is_there: bool) -> Result<bool, Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bookmarks");
    if is_there {
        fs::write(&file, "").expect("a file");
    }
    let program = run.program().env("BOOKMARKS", &file.display().to_string());
    let program = settings
        .iter()
        .fold(program, |program, (name, value)| program.env(name, value));
    let service = program.arg("rust=https://rust-lang.org/").serve()?;
    service.terminate()?;
    service.wait()?;
    Ok(fs::metadata(&file).is_ok_and(|file| file.len() > 0))
}

/// On a host, the file is written as well.
fn saves_on_a_host(run: &mut Run) -> Verdict {
    // Whether it serves there at all is the question of step 1.
    if !matches!(saves(run, &ON_A_HOST, false), Ok(false)) {
        return Ok(());
    }
    let service = run.program().serve()?;
    let wrong = service.wrong(
        &["HOST=127.0.0.1 BOOKMARKS=…, with a bookmark, and SIGTERM"],
        "a file with the bookmark",
        "none, though without HOST it is written",
    );
    Err(wrong.because(
        "saved-without-host-only",
        "The file of BOOKMARKS is written at the end if HOST is not set, and not with it: on a host, all is lost. \
         Both ways to begin must come to the same end: a return in one arm of the match leaves main, and what \
         stands behind the match is not done.",
    ))
}

const NOT_SAVED: (&str, &str) = (
    "not-saved",
    "The file of BOOKMARKS was not written at the end. When serve_forever has returned, call \
     write_bookmarks with its name and the bookmarks, whether or not there are more than at the start.",
);

/// What cannot be written is lost, and the exit code must say so.
fn tells_what_is_lost(run: &mut Run) -> Verdict {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("no/such/folder/bookmarks");
    let program = run.program().env("BOOKMARKS", &file.display().to_string());
    // (One that sees it at once, and ends, has said it in time.)
    let Ok(service) = program.arg("rust=https://rust-lang.org/").serve() else {
        return Ok(());
    };
    service.terminate()?;
    let finished = service.wait()?;
    // (One may also make the folder.)
    if finished.code() != 0 || file.exists() {
        return Ok(());
    }
    let wrong =
        finished.wrong("another exit code than 0: the file is in a folder that is not there");
    Err(wrong.because(
        "write-error-ignored",
        "If the file of BOOKMARKS cannot be written, your program ends with exit code 0, which says that all went well, \
         and the bookmarks are lost. Hand the error of write_bookmarks on, with ?.",
    ))
}

fn loses_nothing(run: &mut Run) -> Verdict {
    keeps_what_it_had(run)?;
    tells_what_is_lost(run)?;
    saves_on_a_host(run)?;
    let stopped = stopped(run)?;
    let Stopped {
        name,
        uri,
        finished,
        file,
        ..
    } = &stopped;
    let service = run.program().env("BOOKMARKS", file).serve()?;
    let answer = service.get(&format!("/{name}"))?;
    if answer.header("Location") == Some(&**uri) {
        return Ok(());
    }
    let wrong = answer.wrong(format!(
        "the bookmark that was posted while the program got SIGTERM is there when it is started again: 303, to {uri}"
    ));
    Err(match finished.code() {
        143 if !Path::new(file).exists() => wrong.because(KILLED.0, KILLED.1),
        _ if Path::new(file).exists() => not_in_it(run, wrong),
        _ => wrong.because(NOT_SAVED.0, NOT_SAVED.1),
    })
}

/// The failure of a file without the last bookmark: what becomes of one that was stored long before the
/// end tells why.
fn not_in_it(run: &mut Run, wrong: Failure) -> Failure {
    let mut stored = || {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bookmarks").display().to_string();
        let (site, name) = (Site::start(), run.seed().word());
        site.open();
        let service = run.program().env("BOOKMARKS", &file).serve()?;
        service.ask(sent(&name, &site.uri()))?.expect_status(303)?;
        let was_there = Path::new(&file).exists();
        service.terminate()?;
        service.wait()?;
        let service = run.program().env("BOOKMARKS", &file).serve()?;
        let answer = service.get(&format!("/{name}"))?;
        Ok::<bool, Failure>(was_there || answer.status() == 303)
    };
    match stored() {
        Ok(false) => wrong.because(
            "copy-saved",
            "The file of BOOKMARKS is written at the end, and nothing that was posted is in it: it is written \
             from another map than the one that the handler changes. Arc::clone(&bookmarks) makes one more \
             owner of the same map. A clone of the map in the Mutex is a copy, and stays as it was.",
        ),
        _ => wrong.because(
            "saved-too-early",
            "The file of BOOKMARKS was written, and the last bookmark is not in it. Requests are \
             answered until serve_forever returns: write the file behind it, with the bookmarks \
             that are in the Mutex then.",
        ),
    }
}

// Step 3: who asks for the health, and what it says.

/// The head of the answer to GET /healthz, without the date, for a client that asks for this host.
fn health_of(service: &Service, host: &str) -> io::Result<Vec<String>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, service.port()));
    let came = Client::connect(address, host)?.ask("GET", "/healthz", "")?;
    let lines = came.lines().take_while(|line| !line.is_empty());
    let is_date = |line: &&str| line.to_ascii_lowercase().starts_with("date:");
    Ok(lines
        .filter(|line| !is_date(line))
        .map(str::to_string)
        .collect())
}

/// Whether this line of the head is a version or another number. http-core's own have some, and those
/// about caches may.
fn has_number(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let Some((name, value)) = line.split_once(':') else {
        return false;
    };
    let usual = [
        "server",
        "content-length",
        "content-type",
        "connection",
        "cache-control",
        "expires",
    ];
    name.contains("version")
        || !usual.contains(&name) && value.contains(|c: char| c.is_ascii_digit())
}

/// No site of a bookmark is asked for the health, also if nothing of its answer is told.
fn asks_nobody(run: &mut Run) -> Verdict {
    let site = Site::start();
    site.open();
    let bookmark = format!("{}={}", run.seed().word(), site.uri());
    let service = run.program().arg(&bookmark).serve()?;
    let answer = service.get("/healthz")?;
    answer.expect_status(200)?;
    match site.asked() {
        0 => Ok(()),
        _ => Err(answer
            .wrong("the site of the bookmark is not asked")
            .because(
                "health-asks-in-vain",
                "GET /healthz asks the site of a bookmark before it says ok. Whoever asks waits for that site. It \
                 asks nobody and waits for nothing: leave out what asks.",
            )),
    }
}

/// At the first start on a host, the file of BOOKMARKS is not there yet.
fn needs_no_file(run: &mut Run) -> Verdict {
    run.program().serve()?.get("/healthz")?.expect_status(200)?;
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["bookmarks", "no/such/folder/bookmarks"] {
        let file = folder.path().join(file).display().to_string();
        // (One that cannot write it may say so at once.)
        let Ok(service) = run.program().env("BOOKMARKS", &file).serve() else {
            continue;
        };
        let answer = service.get("/healthz")?;
        answer.expect_status(200).map_err(|wrong| {
            wrong.because(
                "health-needs-file",
                "While the file that BOOKMARKS names is not there, /healthz does not say 200, and without BOOKMARKS \
                 it does. The file is only written when the program ends, and until then it is well without: look \
                 for no file, and answer 200.",
            )
        })?;
    }
    Ok(())
}

/// A bookmark is posted slowly. Meanwhile, the host asks.
fn waits_for_nobody(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    service.get("/healthz")?.expect_status(200)?;
    let bookmark = sent(&run.seed().word(), &any_uri(run.seed()));
    // A program that does not read it is no matter of this check.
    let slow = service.begin_slowly(&bookmark);
    let health = service.ask_within(get("/healthz"), PATIENCE)?;
    drop(slow);
    if let Some(answer) = health {
        return answer.expect_status(200);
    }
    let done = [
        "send the head of a POST and half of its form, and then wait",
        "meanwhile, GET /healthz on another connection",
    ];
    let came = format!("no answer in {} seconds", PATIENCE.as_secs());
    Err(service
        .wrong(&done, "200 OK, at once", came)
        .because(
            "health-waits",
            "While one client is slow to send its bookmark, /healthz gets no answer, and the host starts your \
             program anew. Some lock is held while the form is read, and /healthz waits for it. Read the form first, \
             and take the lock then; and say that all is well without any lock.",
        ))
}

fn says_no_more(run: &mut Run) -> Verdict {
    let empty = run.program().serve()?;
    empty.get("/healthz")?.expect_status(200)?;
    let own = format!("localhost:{}", empty.port());
    let head = |service: &Service, host: &str| health_of(service, host).unwrap_or_default();
    let first = head(&empty, &own);
    let status = |head: &[String]| head.first().cloned().unwrap_or_default();
    let other = head(&empty, THE_SITE);
    if status(&other) != status(&first) {
        let wrong = empty.wrong(
            &[&format!("GET /healthz, with Host: {THE_SITE}")],
            "the same answer as to those who ask for localhost: 200",
            status(&other),
        );
        return Err(match knows_only_localhost(empty.port()) {
            true => wrong.because(OWN_HOST.0, OWN_HOST.1),
            false => wrong.because(
                "health-own-host-only",
                "GET /healthz is answered if the Host header says localhost, and refused if it says another \
                 name. A host asks at the address of the machine, and nginx for the name of the site. \
                 Answer whoever asks.",
            ),
        });
    }
    let bookmarks: Vec<String> = (0..3)
        .map(|_| format!("{}=https://rust-lang.org/", run.seed().word()))
        .collect();
    let program = bookmarks
        .iter()
        .fold(run.program(), |program, one| program.arg(one));
    let full = program.serve()?;
    // Nothing of the bookmarks, of the requests so far, or of the program itself.
    let later = [head(&full, &own), head(&empty, &own)];
    let is_new = |line: &&String| !first.contains(*line);
    let differs = later.iter().flatten().find(is_new);
    let Some(line) = differs.or_else(|| first.iter().find(|line| has_number(line))) else {
        return asks_nobody(run);
    };
    let wrong = full.wrong(
        &["GET /healthz, with three bookmarks, and without any"],
        "the same answer, which says nothing of them",
        format!("the header {line}"),
    );
    Err(wrong.because(
        "health-says-more",
        format!(
            "The answer of /healthz has a header that says more than that the server is well: {line}. Anybody \
             can read it. Leave everything out but the 200, the type and the ok."
        ),
    ))
}
