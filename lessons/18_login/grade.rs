//! The checks of lesson 18, login: members with passwords, and sessions that begin and end. The
//! program draws its tokens at random; here they are called `random_value(1)`, `random_value(2)`, …,
//! in the order in which they come.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grader::record::{Request, SetCookie, What};
use grader::{
    Act, CookieValue, Draw, Expect, Failure, Mistakes, Model, Run, Seen, Service, Status, Verdict,
    Whole, get, post, random_value, short_value,
};

const HTML: &str = "text/html; charset=utf-8";
const SESSION: &str = "session";
const AN_HOUR: &str = "3600";

/// What is said of a token that is taken from the request.
const FIXATION: &str = "A login keeps using the token that the browser has sent. Somebody else may \
    have put it there, and know it: draw a new one for each login.";

/// Where forms are sent to.
const FORMS: [&str; 4] = ["/messages", "/logout", "/login", "/register"];

/// The host that requests name if it matters where they come from.
const HOST: &str = "board.test";

/// Pages of others.
const OTHER_PAGES: [&str; 2] = [
    "http://other.test/prize.html",
    "http://localhost:8001/other_site.html",
];

fn main() -> ExitCode {
    let lesson = grader::lesson!(Login)
        // A password costs nothing here, where it is not said otherwise.
        .variable("HASH_KIB", "8")
        .random_cookie(SESSION);
    let lesson = register_examples(lesson);
    let lesson = login_examples(lesson);
    let lesson = member_examples(lesson);
    let lesson = logout_examples(lesson);
    let lesson = foreign_examples(lesson);
    lesson
        .example(6, 1, "the name of no member answers 403", Whole, |draw| {
            let (ann, word) = (Someone::new(draw), draw.word());
            [ann.registers(), login(&word, &ann.password)]
        })
        .check(6, 1, "with the same page as a wrong password", same_page)
        .check(6, 2, "after the same work", same_work)
        .sessions(1)
        .grade()
}

type Lesson = grader::Lesson<Login>;

fn register_examples(lesson: Lesson) -> Lesson {
    lesson
        .example(1, 1, "a new member is sent to /login", Whole, |draw| {
            let by_script = Someone::new(draw).registers().of_script();
            [Someone::new(draw).registers(), get("/login"), by_script]
        })
        .example(
            1,
            2,
            "a name that is taken answers 409, and keeps its password",
            Whole,
            |draw| {
                let (ann, other) = (Someone::new(draw), Someone::new(draw));
                [ann.registers(), register(&ann.name, &other.password)]
            },
        )
        .example(
            1,
            1,
            "a password of 7 characters answers 400",
            Whole,
            |draw| {
                let word = draw.word();
                [
                    register(&word, "7 chars"),
                    register(&word, "éèêëēėę"),
                    register(&word, "éèêëēėęě"),
                    register(" ", "correct horse"),
                ]
            },
        )
        .check(
            1,
            2,
            "what is kept is a hash by Argon2, not the password",
            hashed,
        )
        .check(1, 1, "and a different one for each member", salted)
        .check(
            1,
            0,
            "of some who want one name at once, one gets it",
            one_name_once,
        )
        .check(
            1,
            0,
            "who cannot be written is told so, and nobody after that",
            not_kept,
        )
}

fn login_examples(lesson: Lesson) -> Lesson {
    lesson
        .example(2, 1, "a login is sent to /", Status, |draw| {
            let ann = Someone::new(draw);
            [ann.registers(), ann.logs_in()]
        })
        .example(
            2,
            3,
            "with a token in a cookie, and all its attributes",
            Whole,
            |draw| {
                let ann = Someone::new(draw);
                [ann.registers(), ann.logs_in()]
            },
        )
        .example(2, 2, "a wrong password answers 403", Whole, |draw| {
            let (ann, other) = (Someone::new(draw), Someone::new(draw));
            let upper = ann.password.to_uppercase();
            [
                ann.registers(),
                // Who wants a name that is taken gives it no password.
                register(&ann.name, &other.password),
                login(&ann.name, &other.password),
                login(&ann.name, &upper),
                login(&ann.name, &format!("{} ", ann.password)),
                login(&ann.name, ""),
            ]
        })
        .example(2, 2, "every login has a token of its own", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            [
                ann.registers(),
                ben.registers(),
                ann.logs_in(),
                ben.logs_in(),
                ann.logs_in(),
                ann.logs_in()
                    .field("Cookie", format!("session={}", random_value(1))),
            ]
        })
        .check(
            2,
            0,
            "members stay when the server starts again",
            members_stay,
        )
        .example(2, 0, "a name counts as it was typed", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            let (word, upper) = (&ann.name, ann.name.to_uppercase());
            let [before, behind] = [format!(" {word}"), format!("{word} ")];
            [
                ann.registers(),
                register(&before, &ann.password),
                register(&behind, &ann.password),
                register(&upper, &ben.password),
                login(&before, &ann.password),
                login(&behind, &ann.password),
                login(&upper, &ben.password),
            ]
        })
        .check(2, 1, "which nobody can guess", unguessed)
        .check(2, 0, "what is no hash opens nothing", no_hash)
}

fn member_examples(lesson: Lesson) -> Lesson {
    lesson
        .example(3, 2, "a member sees the board", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            [
                ann.registers(),
                ben.registers(),
                ann.logs_in(),
                ben.logs_in(),
                ann.logs_in(),
                with(1, get("/")),
                with(2, get("/")),
                with(3, get("/")),
                with(1, get("/login")),
            ]
        })
        .example(3, 0, "and no other form ends the session", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            [
                ann.registers(),
                ann.logs_in(),
                with(1, login(&ann.name, &ben.password)),
                with(1, ben.registers()),
                with(1, get("/")),
            ]
        })
        .example(3, 2, "nobody else does", Whole, |draw| {
            let (ann, word) = (Someone::new(draw), draw.word());
            [
                ann.registers(),
                ann.logs_in(),
                get("/"),
                get("/").field("Cookie", format!("session={word}")),
            ]
        })
        .example(
            3,
            2,
            "the API answers members, and others 401",
            Whole,
            |draw| {
                let ann = Someone::new(draw);
                [
                    ann.registers(),
                    ann.logs_in(),
                    with(1, message(&draw.text())),
                    with(1, get("/messages")),
                    get("/messages"),
                ]
            },
        )
        .example(3, 1, "only members can post", Whole, |draw| {
            let (ann, one, other) = (Someone::new(draw), draw.line(), draw.word());
            [
                ann.registers(),
                ann.logs_in(),
                message(&other),
                message(""),
                with(1, message(&one)),
                with(1, get("/")),
            ]
        })
        .check(3, 1, "a session ends by itself", ends)
        .check(3, 0, "and no other one with it", others_go_on)
        .check(3, 0, "a 401 promises no login of another kind", challenge)
        .check(
            3,
            0,
            "in a browser, a member logs in and posts",
            in_a_browser,
        )
}

fn logout_examples(lesson: Lesson) -> Lesson {
    lesson
        .example(4, 1, "a logout is sent to /login", Status, |draw| {
            let ann = Someone::new(draw);
            [ann.registers(), ann.logs_in(), with(1, post("/logout"))]
        })
        .example(
            4,
            1,
            "the browser is told to forget the token",
            Whole,
            |draw| {
                let (ann, word) = (Someone::new(draw), draw.word());
                [
                    ann.registers(),
                    ann.logs_in(),
                    with(1, post("/logout")),
                    // Where there is nothing to end, too.
                    with(1, post("/logout")),
                    post("/logout"),
                    post("/logout").field("Cookie", format!("session={word}")),
                ]
            },
        )
        .example(4, 2, "and it opens nothing any more", Whole, |draw| {
            let ann = Someone::new(draw);
            [
                ann.registers(),
                ann.logs_in(),
                with(1, post("/logout")),
                with(1, get("/")),
                with(1, get("/messages")),
            ]
        })
        .example(4, 1, "other sessions go on", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            [
                ann.registers(),
                ben.registers(),
                ann.logs_in(),
                ben.logs_in(),
                ann.logs_in(),
                with(1, post("/logout")),
                with(2, get("/logout")),
                with(2, get("/")),
                with(3, get("/")),
            ]
        })
}

fn foreign_examples(lesson: Lesson) -> Lesson {
    lesson
        .example(
            5,
            2,
            "a form from another site answers 403, and does nothing",
            Whole,
            |draw| {
                let (ann, word) = (Someone::new(draw), draw.word());
                [
                    ann.registers(),
                    ann.logs_in(),
                    from("http://other.test", with(1, message(&word))),
                    from("https://other.test", with(1, message(&word))),
                    from("null", with(1, message(&word))),
                    with(1, get("/messages")),
                ]
            },
        )
        .example(5, 1, "so does one from another port", Whole, |draw| {
            let (ann, word) = (Someone::new(draw), draw.word());
            let post = from("http://board.test:8001", with(1, message(&word)));
            [
                ann.registers(),
                ann.logs_in(),
                post.clone(),
                // A browser says this of another port.
                post.field("Sec-Fetch-Site", "same-site"),
            ]
        })
        .example(5, 2, "or from a similar name", Whole, |draw| {
            let (ann, word) = (Someone::new(draw), draw.word());
            let similar = [
                "http://board.test.evil.test",
                "https://board.test.evil.test",
                "http://my-board.test",
                "http://board.tes",
                "ftp://board.test",
            ];
            let similar = similar.map(|origin| from(origin, with(1, message(&word))));
            let mut acts = vec![ann.registers(), ann.logs_in()];
            acts.extend(similar);
            acts
        })
        .example(5, 1, "every form is checked", Whole, |draw| {
            let (ann, ben) = (Someone::new(draw), Someone::new(draw));
            let (path, word) = (draw.path(), draw.word());
            [
                ann.registers(),
                ann.logs_in(),
                from("http://other.test", ben.registers()),
                from("http://other.test", ann.logs_in()),
                from("http://other.test", with(1, post("/logout"))),
                from("http://other.test", message(&word)),
                from("http://other.test", post(path)),
                // None of it was done.
                from("http://board.test", ben.registers()),
                with(1, get("/")),
            ]
        })
        .example(
            5,
            1,
            "forms of your own pages are accepted, and no others",
            Whole,
            |draw| {
                let (ann, word) = (Someone::new(draw), draw.word());
                [
                    from("http://board.test", ann.registers()),
                    from("http://board.test", ann.logs_in()),
                    from("http://board.test", with(1, message(&word))),
                    from("http://other.test", with(1, message(&word))),
                ]
            },
        )
        .example(
            5,
            0,
            "a form without an Origin is accepted",
            Whole,
            |draw| {
                let (ann, word) = (Someone::new(draw), draw.word());
                // curl -e says where it comes from like this.
                let referred = |act: Act| act.field("Referer", draw.pick(&OTHER_PAGES));
                [ann.registers(), ann.logs_in(), with(1, message(&word))].map(referred)
            },
        )
        .example(
            5,
            0,
            "a link from another site leads to the board",
            Whole,
            |draw| {
                let ann = Someone::new(draw);
                let fetched = from("http://other.test", with(1, get("/messages")));
                [
                    ann.registers(),
                    ann.logs_in(),
                    linked(draw, get("/login")),
                    linked(draw, with(1, get("/"))),
                    fetched,
                ]
            },
        )
        .check(
            5,
            0,
            "in a browser, a page at another address posts nothing",
            other_page,
        )
}

/// Somebody who becomes a member.
struct Someone {
    name: String,
    password: String,
}

impl Someone {
    fn new(draw: &mut Draw) -> Self {
        Self {
            name: draw.word(),
            password: format!("{}-{}", draw.word(), draw.word()),
        }
    }

    fn registers(&self) -> Act {
        register(&self.name, &self.password)
    }

    fn logs_in(&self) -> Act {
        login(&self.name, &self.password)
    }
}

fn register(name: &str, password: &str) -> Act {
    post("/register").form(&[("name", name), ("password", password)])
}

fn login(name: &str, password: &str) -> Act {
    post("/login").form(&[("name", name), ("password", password)])
}

fn message(text: &str) -> Act {
    post("/messages").form(&[("message", text)])
}

/// With the token that was given out as this one.
fn with(token: usize, act: Act) -> Act {
    act.field("Cookie", format!("session={}", random_value(token)))
}

/// As a browser sends a form that is on a page of this origin, to the server at [`HOST`].
fn from(origin: &str, act: Act) -> Act {
    act.field("Host", HOST).field("Origin", origin)
}

/// As a browser follows a link that is on a page of others.
fn linked(draw: &mut Draw, act: Act) -> Act {
    let act = act.field("Referer", draw.pick(&OTHER_PAGES));
    act.field("Sec-Fetch-Site", "cross-site")
}

/// What a program does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The status of the answer to who has registered, and its Location.
    registered: Target,
    /// Whether a name and a password are too little for a member.
    too_little: fn(name: &str, password: &str) -> bool,
    /// The status if a name is taken, and what becomes of its password.
    taken: u16,
    overwrites: bool,
    overwrites_all_the_same: bool,
    /// What counts of a name: where one looks whether it is taken, where it is kept, and at a login;
    /// and what of a password.
    name: [fn(&str) -> String; 3],
    password: fn(&str) -> String,
    /// Whether any password is right, or none.
    any_password: bool,
    no_password: bool,
    logged_in: Target,
    /// The status for a wrong password, and for a name that nobody has.
    refused: u16,
    unknown: u16,
    /// What these two say of the cookie.
    refusals: [Refusal; 2],
    /// Whether the page of an answer with this status shows the password that was typed.
    shows_password: fn(status: u16, password: &str) -> bool,
    /// Whether the session that a browser has ends by the form to log in, also if that is refused, or by
    /// the one to register.
    form_ends: [bool; 2],
    /// The token of a login.
    token: Tokens,
    short: bool,
    /// Whether a program that starts again gives the same ones once more.
    counts: bool,
    sets: String,
    /// The attributes of the cookie; those without a value are not there.
    attributes: Vec<(&'static str, Option<String>)>,
    /// Whom a request is from.
    who: Who,
    /// Which sessions a login ends.
    ends: Ends,
    /// Whether a member is sent on from the page to log in.
    sends_on: bool,
    /// What somebody gets who is no member.
    guest: Target,
    guest_sees_board: bool,
    guest_api: u16,
    /// Whether a 401 says how to log in.
    says_how: bool,
    guest_sees_api: bool,
    guest_posts: bool,
    /// Whether an empty message is refused before anybody asks whose it is.
    empty_first: bool,
    posts_to: Target,
    posted: Target,
    /// What a logout does.
    logged_out: Target,
    forgets: CookieValue,
    forgets_at: Option<String>,
    logout_ends: Ends,
    /// Whether a GET logs out, too.
    get_logs_out: bool,
    /// Who is told something else by a logout, without a cookie, and what.
    is_guest: fn(token: Option<&str>, member: Option<&str>) -> bool,
    guest_logged_out: Target,
    /// Whether a form of this origin is taken at this host.
    takes: fn(origin: Option<&str>, host: &str) -> bool,
    /// To which requests that applies, and at which paths it is forgotten.
    looks_at: fn(asked: &Request) -> bool,
    unguarded: Vec<&'static str>,
    /// Whether it is forgotten where nobody is logged in who could post.
    guests_unguarded: bool,
    foreign: u16,
    /// Whether a form without an Origin is refused if its Referer is a page of others.
    refuses_referer: bool,
    /// At which paths a form that is refused has its effect all the same.
    does_it_anyway: fn(path: &str) -> bool,
    /// Which GETs are refused.
    refuses_get: fn(asked: &Request) -> bool,
}

/// A status, and a Location.
type Target = (u16, Option<String>);

#[derive(Clone, Copy, PartialEq)]
enum Tokens {
    /// A new one for each login.
    New,
    /// The same for all logins of a member.
    OfMember,
    /// The same for everybody.
    One,
    /// The name of the member.
    Name,
    /// The one that the browser has sent, if it has.
    Sent,
}

/// What a login that is refused says of the cookie.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    Nothing,
    /// The browser is to forget it, or to keep an empty one.
    Forget,
    Empty,
    /// There is a new token, which opens nothing, or the board.
    Token,
    Session,
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    /// Whose token it is.
    Owner,
    /// Whoever has a cookie is the last one of those who are logged in.
    AnyCookie,
    /// Whoever asks is.
    Anybody,
    Nobody,
}

#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// A login ends none; a logout ends its own.
    Right,
    /// None is ended by a logout.
    Nothing,
    /// All that the member has.
    OfMember,
    All,
    /// All, but none by a logout without a token.
    AllByToken,
}

impl Default for Knobs {
    fn default() -> Self {
        let value = |text: &str| Some(text.to_string());
        let to = |path: &str| (303, value(path));
        Self {
            registered: to("/login"),
            too_little: |name, password| name.trim().is_empty() || password.chars().count() < 8,
            taken: 409,
            overwrites: false,
            overwrites_all_the_same: false,
            name: [str::to_string; 3],
            password: str::to_string,
            any_password: false,
            no_password: false,
            logged_in: to("/"),
            refused: 403,
            unknown: 403,
            refusals: [Refusal::Nothing; 2],
            shows_password: |_, _| false,
            form_ends: [false; 2],
            token: Tokens::New,
            short: false,
            counts: false,
            sets: SESSION.into(),
            attributes: vec![
                ("Path", value("/")),
                ("HttpOnly", value("")),
                ("SameSite", value("Lax")),
                ("Max-Age", value(AN_HOUR)),
                ("Secure", None),
            ],
            who: Who::Owner,
            ends: Ends::Right,
            sends_on: false,
            guest: to("/login"),
            guest_sees_board: false,
            guest_api: 401,
            says_how: true,
            guest_sees_api: false,
            guest_posts: false,
            empty_first: false,
            posts_to: to("/login"),
            posted: to("/"),
            logged_out: to("/login"),
            forgets: CookieValue::Forgotten,
            forgets_at: value("/"),
            logout_ends: Ends::Right,
            get_logs_out: false,
            is_guest: |_, _| false,
            guest_logged_out: to("/login"),
            takes: is_own,
            looks_at: |_| true,
            unguarded: Vec::new(),
            guests_unguarded: false,
            foreign: 403,
            refuses_referer: false,
            does_it_anyway: |_| false,
            refuses_get: |_| false,
        }
    }
}

impl Knobs {
    fn attribute(&mut self, name: &str, value: Option<&str>) {
        let mut all = self.attributes.iter_mut();
        let known = all.find(|(known, _)| *known == name);
        known.expect("a known attribute").1 = value.map(str::to_string);
    }
}

/// Whether a form comes from a page of the server itself, or from no browser.
fn is_own(origin: Option<&str>, host: &str) -> bool {
    origin.is_none_or(|origin| origin.strip_prefix("http://") == Some(host))
}

/// What a program remembers.
#[derive(Clone, Default)]
struct State {
    /// Names and passwords, as far as they count.
    members: BTreeMap<String, String>,
    /// The tokens of sessions, as they stand in a cookie, and whose they are.
    sessions: BTreeMap<String, String>,
    /// The tokens of sessions that a logout has ended.
    logged_out: BTreeSet<String>,
    /// Tokens that have been given out; and those of which the text leaves open what they still open,
    /// so that nobody asks with them.
    tokens: Vec<String>,
    open: BTreeSet<String>,
    /// The number of logins since the program was started.
    logins: usize,
    /// The tokens, if a member has always the same.
    of_member: BTreeMap<String, String>,
    messages: Vec<(String, String)>,
    /// Whether a form of its own was refused.
    refuses_own: bool,
}

/// The token in a request, if it has one.
fn token(asked: &Request) -> Option<&str> {
    let cookies = asked.field("Cookie")?.split(';').map(str::trim);
    let mut pairs = cookies.filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| *name == SESSION)
        .map(|(_, value)| value)
}

impl State {
    /// Of those who are logged in, the last one.
    fn last(&self) -> Option<String> {
        self.sessions.values().next_back().cloned()
    }

    /// The member who has sent a request.
    fn who(&self, knobs: &Knobs, asked: &Request) -> Option<String> {
        match knobs.who {
            Who::Owner => self.sessions.get(token(asked)?).cloned(),
            Who::AnyCookie => token(asked).and(self.last()),
            Who::Anybody => self.last(),
            Who::Nobody => None,
        }
    }

    /// A member logs in: the token of it.
    fn begin(&mut self, knobs: &Knobs, name: &str, asked: &Request) -> String {
        let sent = token(asked);
        let number = self.tokens.len() + 1;
        let new = match knobs.short {
            true => short_value(number),
            false => random_value(number),
        };
        let key = match knobs.token {
            Tokens::OfMember => name,
            _ => "",
        };
        let known = self.of_member.get(key).cloned();
        let counted = self.tokens.get(self.logins).cloned();
        let new = counted.filter(|_| knobs.counts).unwrap_or(new);
        self.logins += 1;
        let token = match knobs.token {
            Tokens::OfMember | Tokens::One => known.unwrap_or_else(|| new.clone()),
            // As it comes back: a cookie loses the spaces around its value.
            Tokens::Name => name.trim().to_string(),
            Tokens::Sent => sent.map_or_else(|| new.clone(), str::to_string),
            Tokens::New => new.clone(),
        };
        // What was sent, the program has not drawn.
        let is_sent = sent == Some(&*token) && knobs.token == Tokens::Sent;
        if token == new && !is_sent && !self.tokens.contains(&token) {
            self.tokens.push(token.clone());
        }
        self.of_member.insert(key.into(), token.clone());
        match knobs.ends {
            Ends::All => self.sessions.clear(),
            Ends::OfMember => self.sessions.retain(|_, owner| owner != name),
            Ends::Right | Ends::Nothing | Ends::AllByToken => {}
        }
        self.logged_out.remove(&token);
        self.sessions.insert(token.clone(), name.to_string());
        token
    }

    /// Ends the session of a request, if that is what its form does.
    fn end_by_form(&mut self, ends: bool, asked: &Request) {
        if let Some(token) = token(asked).filter(|_| ends) {
            self.sessions.remove(token);
        }
    }

    /// A login is refused: what the answer says of the cookie.
    fn refuse(
        &mut self,
        knobs: &Knobs,
        refusal: Refusal,
        name: &str,
        asked: &Request,
        expect: Expect,
    ) -> Expect {
        let value = match refusal {
            Refusal::Nothing => CookieValue::Unset,
            Refusal::Forget => CookieValue::Forgotten,
            Refusal::Empty => CookieValue::Exactly(String::new()),
            Refusal::Session => CookieValue::Exactly(self.begin(knobs, name, asked)),
            Refusal::Token => {
                let token = self.begin(knobs, name, asked);
                self.sessions.remove(&token);
                CookieValue::Exactly(token)
            }
        };
        expect.cookie_is(SESSION, value)
    }
}

struct Login;

impl Model for Login {
    type Knobs = Knobs;
    type State = State;

    fn expect(knobs: &Knobs, state: &mut State, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&["/", "/login", "/register", "/messages", "/logout"]) {
            return None;
        }
        match asked.method.as_str() {
            "GET" if knobs.get_logs_out && asked.path() == "/logout" => posted(knobs, state, asked),
            "GET" if (knobs.refuses_get)(asked) => Some(Expect::step(5).status(403)),
            "GET" => {
                let expect = got(knobs, state, asked);
                let is_linked = ["Origin", "Referer"].map(|name| asked.field(name).is_some());
                Some(match is_linked {
                    [false, false] => expect,
                    _ => in_step_5(expect),
                })
            }
            "POST" => {
                let origin = asked.field("Origin");
                // Whether https is one's own, the text leaves open; and curl always says a host.
                let host = asked.field("Host");
                let secure = origin.and_then(|origin| origin.strip_prefix("https://"));
                if origin.is_some() != host.is_some() || secure.is_some() && secure == host {
                    return None;
                }
                // If a page of others sends one, its Origin says so; programs may say what they like.
                let is_referred = asked.field("Referer").is_some();
                if is_referred && origin.is_some() {
                    return None;
                }
                let host = host.unwrap_or("localhost:8000");
                let is_own = is_own(origin, host);
                let is_guest = || asked.path() == "/messages" && state.who(knobs, asked).is_none();
                let is_looked_at = (knobs.looks_at)(asked)
                    && !knobs.unguarded.contains(&asked.path())
                    && !(knobs.guests_unguarded && is_guest());
                let is_taken =
                    (knobs.takes)(origin, host) && !(is_referred && knobs.refuses_referer);
                if is_looked_at && !is_taken {
                    state.refuses_own |= is_own;
                    if (knobs.does_it_anyway)(asked.path()) {
                        posted(knobs, state, asked);
                    }
                    let expect = Expect::step(5)
                        .status(knobs.foreign)
                        .sets_no_cookie(SESSION)
                        .field("Location", None);
                    return Some(typed(|_, _| false, asked, expect));
                }
                let expect = posted(knobs, state, asked)?;
                let expect = typed(knobs.shows_password, asked, expect);
                // A program that takes and refuses other forms than it should has other members than it
                // should. What it says to somebody who is none belongs to step 6: before that step, it
                // comes to a todo!.
                let has_others = !is_own || state.refuses_own;
                if has_others && expect.all().iter().any(|expected| expected.step == 6) {
                    return Some(Expect::step(5).sets_no_cookie(SESSION));
                }
                Some(match origin.is_some() || is_referred {
                    false => expect,
                    true => in_step_5(expect),
                })
            }
            _ => None,
        }
    }

    /// Members, sessions and messages are in memory. The tokens keep their numbers.
    fn restart(state: &mut State) {
        *state = State {
            tokens: std::mem::take(&mut state.tokens),
            open: std::mem::take(&mut state.open),
            of_member: std::mem::take(&mut state.of_member),
            ..State::default()
        };
    }

    fn draw(draw: &mut Draw, state: &State) -> Vec<Act> {
        let ann = Someone::new(draw);
        if state.members.is_empty() {
            return vec![register(&name(draw), &ann.password)];
        }
        let members: Vec<_> = state.members.iter().collect();
        let (name, password) = draw.pick(&members);
        let act = match draw.below(22) {
            0..=1 => with_any(ann.registers(), draw, state),
            2 => with_any(register(name, &ann.password), draw, state),
            3 => {
                let seven: String = format!("ß{}", draw.word()).chars().take(7).collect();
                let password = draw.pick(&["", &seven, "8 chars!", "ねこねこねこね"]);
                register(&ann.name, password)
            }
            4 => register(draw.pick(&["", " ", "\t"]), &ann.password),
            5..=8 => with_any(login(name, password), draw, state),
            9 => with_any(login(name, &near(draw, password)), draw, state),
            10 => with_any(login(&near(draw, name), password), draw, state),
            11 => with_any(login(&ann.name, password), draw, state),
            12..=14 => {
                let path = draw.pick(&["/", "/", "/", "/login"]).to_string();
                with_any(get(path + &draw.query()), draw, state)
            }
            15 => with_any(get("/messages"), draw, state),
            16..=17 => with_any(message(&draw.text()), draw, state),
            18 => with_any(post("/logout"), draw, state),
            19 => with_any(message(draw.pick(&["", "  "])), draw, state),
            20 => {
                let near = draw.path_near(&["/", "/messages", "/login", "/register", "/logout"]);
                with_any(get(near), draw, state)
            }
            _ => {
                let near = draw.path_near(&["/messages", "/logout", "/register", "/"]);
                with_any(post(near).form(&[("message", &draw.word())]), draw, state)
            }
        };
        if act.asked_post().is_some() && draw.one_in(3) {
            return vec![from_somewhere(draw, act)];
        }
        if act.asked_get().is_some() && draw.one_in(8) {
            return vec![match draw.one_in(2) {
                false => linked(draw, act),
                true => from("http://other.test", act),
            }];
        }
        vec![act]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_registering(mistakes);
        about_logging_in(mistakes);
        about_tokens(mistakes);
        about_members(mistakes);
        about_logging_out(mistakes);
        about_other_sites(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        let came = (status, answer.field("Location").map(str::to_string));
        match (asked.method.as_str(), asked.path()) {
            ("POST", _)
                if asked
                    .field("Origin")
                    .is_some_and(|o| !is_own(Some(o), HOST)) =>
            {
                mistakes.wrong(
                    "other-status-for-other-sites",
                    "A form from another site must be answered with 403.",
                    move |knobs| knobs.foreign = status,
                );
            }
            ("POST", "/register") => {
                mistakes
                    .wrong(
                        "other-answer-to-register",
                        "The answer to a new member must have the status 303 and Location: /login. \
                         Compare both.",
                        {
                            let came = came.clone();
                            move |knobs| knobs.registered = came.clone()
                        },
                    )
                    .wrong(
                        "other-status-for-taken",
                        "A name that is taken must be answered with 409.",
                        move |knobs| knobs.taken = status,
                    );
            }
            ("POST", "/login") => {
                mistakes
                    .wrong(
                        "other-answer-to-login",
                        "The answer to a login must have the status 303 and Location: /. Compare both.",
                        {
                            let came = came.clone();
                            move |knobs| knobs.logged_in = came.clone()
                        },
                    )
                    .wrong(
                        "other-status-for-wrong",
                        "A wrong password must be answered with 403.",
                        move |knobs| knobs.refused = status,
                    )
                    .or(move |knobs| {
                        knobs.refused = status;
                        knobs.unknown = status;
                    })
                    .wrong(
                        "other-status-for-nobody",
                        "The name of no member is answered with another status than a wrong password. So \
                         anybody can find out which names exist: answer 403 here, too.",
                        move |knobs| knobs.unknown = status,
                    );
                for cookie in answer.cookies() {
                    other_cookie(&cookie, mistakes);
                }
            }
            ("GET", "/") => {
                mistakes.wrong(
                    "other-answer-to-guest",
                    "Without a login, the answer to GET / must have the status 303 and Location: /login. \
                     Compare both.",
                    move |knobs| knobs.guest = came.clone(),
                );
            }
            ("GET", "/messages") => {
                mistakes.wrong(
                    "other-status-of-api",
                    "Without a login, the answer to GET /messages must have the status 401.",
                    move |knobs| knobs.guest_api = status,
                );
            }
            ("POST", "/messages") => {
                mistakes.wrong(
                    "other-answer-to-guest-post",
                    "Without a login, the answer to POST /messages must have the status 303 and Location: \
                     /login. Compare both.",
                    move |knobs| knobs.posts_to = came.clone(),
                );
            }
            ("POST", "/logout") => {
                mistakes.wrong(
                    "other-answer-to-logout",
                    "The answer to POST /logout must have the status 303 and Location: /login. Compare \
                     both.",
                    {
                        let came = came.clone();
                        move |knobs| knobs.logged_out = came.clone()
                    },
                );
                mistakes
                    .wrong(
                        "other-answer-to-guest-logout",
                        "A logout without a session is not answered like the others. It must get the same \
                         answer: 303 to /login, and the cookie with Max-Age=0.",
                        {
                            let came = came.clone();
                            move |knobs| {
                                knobs.is_guest = |token, _| token.is_none();
                                knobs.guest_logged_out = came.clone();
                            }
                        },
                    )
                    .or({
                        let came = came.clone();
                        move |knobs| {
                            knobs.is_guest = |_, member| member.is_none();
                            knobs.guest_logged_out = came.clone();
                        }
                    })
                    .or(move |knobs| {
                        knobs.is_guest = |token, member| token.is_some() && member.is_none();
                        knobs.guest_logged_out = came.clone();
                    });
                for cookie in answer.cookies() {
                    let path = cookie.attribute("Path").map(str::to_string);
                    if cookie.name == SESSION && path.as_deref() != Some("/") {
                        mistakes.wrong(
                            "forgets-elsewhere",
                            "The cookie of the logout has another Path than that of the login, or none. To a \
                             browser it is another cookie, so the old one stays. Send Path=/ here, \
                             too.",
                            move |knobs| knobs.forgets_at.clone_from(&path),
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

/// A cookie that came with a login, and is not as it must be.
fn other_cookie(cookie: &SetCookie, mistakes: &mut Mistakes<Knobs>) {
    let name = cookie.name.clone();
    if name != SESSION {
        mistakes.wrong(
            "other-name",
            format!("The cookie that you set is called {name:?}. Its name must be session."),
            move |knobs| knobs.sets.clone_from(&name),
        );
        return;
    }
    for (attribute, right) in Knobs::default().attributes {
        let value = cookie.attribute(attribute).map(str::to_string);
        let (Some(value), Some(right)) = (value, right) else {
            continue;
        };
        if value == right || right.is_empty() {
            continue;
        }
        mistakes.wrong(
            "other-attribute",
            format!("The cookie has {attribute}={value}. It must be {attribute}={right}."),
            move |knobs| knobs.attribute(attribute, Some(&value)),
        );
    }
}

/// The same, and the password that was typed is neither printed nor shown.
fn typed(is_shown: fn(u16, &str) -> bool, asked: &Request, expect: Expect) -> Expect {
    let password = asked.form_field("password").unwrap_or_default();
    if password.chars().count() < SHORTEST {
        return expect;
    }
    let is_shown = expect.all().iter().any(|expected| match &expected.what {
        What::Status(statuses) => statuses.iter().any(|status| is_shown(*status, &password)),
        _ => false,
    });
    let expect = expect.keeps_secret(&password);
    match is_shown {
        true => expect.shows(&password),
        false => expect.body_lacks(&password),
    }
}

/// What has fewer characters may stand on any page.
const SHORTEST: usize = 6;

/// The same, in step 5; what belongs to step 6 stays there.
fn in_step_5(expect: Expect) -> Expect {
    let all = expect.all().iter();
    all.fold(Expect::step(5), |all, expected| {
        all.then(expected.step.max(5)).what(expected.what.clone())
    })
}

/// What is expected after a GET.
fn got(knobs: &Knobs, state: &State, asked: &Request) -> Expect {
    let who = state.who(knobs, asked);
    match asked.path() {
        "/login" if knobs.sends_on && who.is_some() => {
            Expect::step(1).status(303).field("Location", Some("/"))
        }
        "/login" => Expect::step(1)
            .status(200)
            .field("Content-Type", HTML)
            .has_form("post", "/login", "password")
            .has_form("post", "/register", "password"),
        "/" => {
            let expect = Expect::step(step_of(state, asked));
            let who = who.or_else(|| knobs.guest_sees_board.then(String::new));
            let Some(name) = who else {
                let expect = expect.status(knobs.guest.0);
                return expect.field("Location", knobs.guest.1.as_deref());
            };
            let mut expect = expect
                .status(200)
                .field("Content-Type", HTML)
                .has_form("post", "/messages", "message")
                .shows(name.trim());
            for (author, text) in &state.messages {
                // Which of the two comes first, the text does not say.
                expect = expect.shows(author.trim()).shows(text.trim());
            }
            match token(asked) {
                Some(token) if token.len() > 3 => expect.body_lacks(token).keeps_secret(token),
                _ => expect,
            }
        }
        "/messages" => {
            let expect = Expect::step(step_of(state, asked));
            if who.is_none() && !knobs.guest_sees_api {
                let expect = expect.status(knobs.guest_api);
                // With which word, no standard says.
                return match (knobs.guest_api, knobs.says_how) {
                    (401, true) => expect.own_field("WWW-Authenticate"),
                    (401, false) => expect.field("WWW-Authenticate", None),
                    _ => expect,
                };
            }
            let messages = state.messages.iter();
            let json = messages.map(|(name, text)| {
                format!("{{\"name\": {}, \"text\": {}}}", quoted(name), quoted(text))
            });
            let json: Vec<String> = json.collect();
            let expect = expect.status(200).field("Content-Type", "application/json");
            // What a guest is called, nobody knows.
            match state.messages.iter().any(|(name, _)| name.is_empty()) {
                true => expect,
                false => expect.json(format!("[{}]", json.join(", "))),
            }
        }
        "/logout" => Expect::step(4).status(404),
        _ => Expect::step(3).status(404),
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Step 4, if a token comes whose session a logout has ended; otherwise step 3.
fn step_of(state: &State, asked: &Request) -> u32 {
    let is_logged_out = token(asked).is_some_and(|token| state.logged_out.contains(token));
    if is_logged_out { 4 } else { 3 }
}

/// What is expected after a POST that is not refused.
fn posted(knobs: &Knobs, state: &mut State, asked: &Request) -> Option<Expect> {
    let field = |name: &str| asked.form_field(name).unwrap_or_default();
    let (name, password) = (field("name"), field("password"));
    match asked.path() {
        "/register" => {
            let expect = Expect::step(1);
            state.end_by_form(knobs.form_ends[1], asked);
            if (knobs.too_little)(&name, &password) {
                return Some(expect.status(400).sets_no_cookie(SESSION));
            }
            let [looked_up, key] = [knobs.name[0], knobs.name[1]].map(|counts| counts(&name));
            let kept = (knobs.password)(&password);
            let is_taken = state.members.contains_key(&looked_up);
            if !is_taken || knobs.overwrites || knobs.overwrites_all_the_same {
                state.members.insert(key, kept);
            }
            if is_taken && !knobs.overwrites {
                return Some(expect.status(knobs.taken));
            }
            let expect = expect.status(knobs.registered.0);
            Some(expect.field("Location", knobs.registered.1.as_deref()))
        }
        "/login" => {
            state.end_by_form(knobs.form_ends[0], asked);
            let key = (knobs.name[2])(&name);
            let Some(kept) = state.members.get(&key) else {
                let expect = Expect::step(6).status(knobs.unknown);
                return Some(state.refuse(knobs, knobs.refusals[1], &key, asked, expect));
            };
            let expect = Expect::step(2);
            let is_right = *kept == (knobs.password)(&password) || knobs.any_password;
            if !is_right || knobs.no_password {
                let expect = expect.status(knobs.refused);
                return Some(state.refuse(knobs, knobs.refusals[0], &key, asked, expect));
            }
            if let Some(old) = token(asked) {
                // Whether a browser that logs in again has two sessions, the text leaves open.
                if knobs.token != Tokens::Sent {
                    state.open.insert(old.into());
                }
            }
            let expect = expect.status(knobs.logged_in.0);
            let expect = expect.field("Location", knobs.logged_in.1.as_deref());
            if knobs.sets != SESSION {
                let expect = expect.sets_no_cookie(SESSION);
                return Some(expect.cookie_attribute(&knobs.sets, "Path", "/"));
            }
            let token = state.begin(knobs, &key, asked);
            let mut expect = expect.cookie_is(SESSION, CookieValue::Exactly(token.clone()));
            for (name, value) in &knobs.attributes {
                expect = expect.cookie_attribute(SESSION, name, value.as_deref());
            }
            Some(expect.keeps_secret(token))
        }
        "/logout" => {
            let member = state.who(knobs, asked);
            let sent = token(asked);
            if (knobs.is_guest)(sent, member.as_deref()) {
                let (status, location) = &knobs.guest_logged_out;
                let expect = Expect::step(4).status(*status);
                let expect = expect.field("Location", location.as_deref());
                return Some(expect.cookie_is(SESSION, CookieValue::Unset));
            }
            let goes_on = |token: &str, owner: &str| match knobs.logout_ends {
                Ends::Right => Some(token) != sent,
                Ends::Nothing => true,
                Ends::OfMember => Some(owner) != member.as_deref(),
                Ends::All => false,
                Ends::AllByToken => sent.is_none(),
            };
            let sessions = std::mem::take(&mut state.sessions).into_iter();
            let (live, ended): (BTreeMap<_, _>, BTreeMap<_, _>) =
                sessions.partition(|(token, owner)| goes_on(token, owner));
            state.sessions = live;
            state.logged_out.extend(ended.into_keys());
            let expect = Expect::step(4).status(knobs.logged_out.0);
            let expect = expect.field("Location", knobs.logged_out.1.as_deref());
            let expect = expect.cookie_is(SESSION, knobs.forgets.clone());
            Some(match knobs.forgets {
                CookieValue::Unset => expect,
                _ => expect.cookie_attribute(SESSION, "Path", knobs.forgets_at.as_deref()),
            })
        }
        "/messages" => {
            let expect = Expect::step(step_of(state, asked));
            let who = state.who(knobs, asked);
            let who = who.or_else(|| knobs.guest_posts.then(String::new));
            let text = field("message");
            if knobs.empty_first && text.trim().is_empty() {
                return Some(expect.status(400));
            }
            let Some(name) = who else {
                let expect = expect.status(knobs.posts_to.0);
                return Some(expect.field("Location", knobs.posts_to.1.as_deref()));
            };
            if text.trim().is_empty() {
                return Some(expect.status(400));
            }
            state.messages.push((name, text));
            let expect = expect.status(knobs.posted.0);
            Some(expect.field("Location", knobs.posted.1.as_deref()))
        }
        _ => Some(Expect::step(1).status(404)),
    }
}

/// A name, of letters and digits or not.
fn name(draw: &mut Draw) -> String {
    let word = draw.word();
    match draw.below(7) {
        5 => format!("{word} "),
        6 => format!(" {word}"),
        1 => format!("{}, {word}", draw.word()),
        2 => word.to_uppercase(),
        3 => format!("<b>{word}</b>"),
        4 => format!("ねこ {word}"),
        _ => word,
    }
}

/// A text that is nearly this one.
fn near(draw: &mut Draw, text: &str) -> String {
    match draw.below(6) {
        0 => text.to_uppercase(),
        1 => format!("{text} "),
        2 => format!(" {text}"),
        3 => format!("{text}1"),
        4 => text.chars().take(8).collect(),
        _ => text.to_lowercase(),
    }
}

/// With a token: of a session, one that was of a session, one that nobody has given out; or none.
fn with_any(act: Act, draw: &mut Draw, state: &State) -> Act {
    let is_sure = |token: &&String| !state.open.contains(*token);
    let live: Vec<&String> = state.sessions.keys().filter(is_sure).collect();
    let given: Vec<&String> = state.tokens.iter().filter(is_sure).collect();
    let token = match draw.below(8) {
        0..=4 if !live.is_empty() => draw.pick(&live).clone(),
        5 if !given.is_empty() => draw.pick(&given).clone(),
        6 => draw.word(),
        _ => return act,
    };
    let (before, behind) = draw.pick(&[("", ""), ("theme=dark; ", ""), ("", "; theme=dark")]);
    act.field("Cookie", format!("{before}session={token}{behind}"))
}

/// A form of some origin.
fn from_somewhere(draw: &mut Draw, act: Act) -> Act {
    let host = draw.pick(&[HOST, "localhost:8000", "board.test:8000", "localhost:4133"]);
    let own = format!("http://{host}");
    let origin = match draw.below(14) {
        13 => format!("ftp://{host}"),
        10 => return act.field("Referer", draw.pick(&OTHER_PAGES)),
        0..=2 => own,
        3 => "http://other.test".into(),
        11 => "https://other.test".into(),
        12 => format!("https://{host}.evil.test"),
        4 => format!("{own}.evil.test"),
        5 => format!("http://my-{host}"),
        6 => "null".into(),
        7 => format!("http://{}:8001", host.split(':').next().unwrap_or(host)),
        8 => "http://localhost:8000".into(),
        _ => own[..own.len() - 1].into(),
    };
    let act = act.field("Host", host).field("Origin", &origin);
    match draw.one_in(3) {
        true => act.field("Sec-Fetch-Site", site(&origin, host)),
        false => act,
    }
}

/// What a browser says of a form from this origin, to the server at this host: old ones say nothing.
fn site(origin: &str, host: &str) -> &'static str {
    let own = origin.strip_prefix("http://").unwrap_or(origin);
    match own == host {
        true => "same-origin",
        false if without_port(own) == without_port(host) => "same-site",
        false => "cross-site",
    }
}

/// A host alone, if a port stands behind it.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}

fn about_registering(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "password-in-bytes",
            "You count the bytes of the password. An é has two of them. Characters are chars().count().",
            |knobs| {
                knobs.too_little = |name, password| name.trim().is_empty() || password.len() < 8;
            },
        )
        .wrong(
            "eight-refused",
            "A password of 8 characters is refused. 8 are enough: only fewer are too few.",
            |knobs| {
                knobs.too_little =
                    |name, password| name.trim().is_empty() || password.chars().count() <= 8;
            },
        )
        .wrong(
            "short-taken",
            "A password of fewer than 8 characters is taken. The starter asks for that, and answers 400: the \
             question must be asked before anything else is done.",
            |knobs| knobs.too_little = |name, _| name.trim().is_empty(),
        )
        .or(|knobs| {
            knobs.too_little =
                |name, password| name.trim().is_empty() || password.chars().count() < 7;
        })
        .wrong(
            "nameless-taken",
            "A member may have an empty name, or one of white space. The starter asks for that, and answers 400: \
             the question must be asked before anything else is done.",
            |knobs| knobs.too_little = |_, password| password.chars().count() < 8,
        )
        .or(|knobs| {
            knobs.too_little = |name, password| name.is_empty() || password.chars().count() < 8;
        })
        .wrong(
            "overwrites",
            "A name that is taken gets the new password, and so a stranger gets the account. If the \
             name is there already, change nothing, and answer 409.",
            |knobs| knobs.overwrites = true,
        )
        .wrong(
            "overwritten-all-the-same",
            "A name that is taken answers 409, but gets the new password all the same. Look first, and \
             insert only if the name is not there.",
            |knobs| knobs.overwrites_all_the_same = true,
        )
        .wrong(
            "name-any-case",
            "Ann and ann are taken for one member. The lesson has no such rule: keep a name as it was \
             typed.",
            |knobs| knobs.name = [|name| name.to_lowercase(); 3],
        )
        .wrong(
            "name-trimmed",
            "Spaces at the ends of a name make no difference. The lesson has no such rule: use trim only \
             to see whether the name is empty.",
            |knobs| knobs.name = [|name| name.trim().into(); 3],
        )
        .wrong(
            "name-trimmed-once",
            "Spaces at the ends of a name are lost in one place, and count in another: so a name is kept that is \
             not the one that was looked up, or that logs in. Use the name as it came, to look whether it is \
             taken, to keep it and to log in, and trim only to see whether it is empty.",
            |knobs| knobs.name[..2].fill(|name| name.trim().into()),
        )
        .or(|knobs| knobs.name[0] = |name| name.trim().into())
        .or(|knobs| knobs.name[1] = |name| name.trim().into())
        .or(|knobs| knobs.name[2] = |name| name.trim().into())
        .wrong(
            "name-any-case-once",
            "Capital letters of a name are lost in one place, and count in another: so a name is kept that is \
             not the one that was looked up, or that logs in. Use the name as it came, to look whether it is \
             taken, to keep it and to log in.",
            |knobs| knobs.name[..2].fill(|name| name.to_lowercase()),
        )
        .or(|knobs| knobs.name[0] = |name| name.to_lowercase())
        .or(|knobs| knobs.name[1] = |name| name.to_lowercase())
        .or(|knobs| knobs.name[2] = |name| name.to_lowercase())
        .wrong(
            "password-any-case",
            "Capital and small letters make no difference in a password. Hash it as it was typed.",
            |knobs| knobs.password = |password| password.to_lowercase(),
        )
        .wrong(
            "password-trimmed",
            "Spaces at the ends of a password are lost. They are part of it: hash it as it was typed.",
            |knobs| knobs.password = |password| password.trim().into(),
        )
        .wrong(
            "password-cut",
            "Only the beginning of a password counts. Hash all of it.",
            |knobs| knobs.password = |password| password.chars().take(8).collect(),
        );
}

fn about_logging_in(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "any-password",
            "Any password is accepted, as long as the name exists. Look at what verify_password returns.",
            |knobs| knobs.any_password = true,
        )
        .wrong(
            "right-refused",
            "The right password is refused. Two hashes of the same password differ, since each has its \
             own salt. So do not compare hashes: give verify_password what was typed and the hash that \
             was kept.",
            |knobs| knobs.no_password = true,
        )
        .wrong(
            "refusal-forgets",
            "A login that is refused sends the cookie, empty or with Max-Age=0. So a browser that was logged \
             in loses its token by a mistyped password. A refusal sets no cookie: say nothing of it there.",
            |knobs| knobs.refusals = [Refusal::Forget; 2],
        )
        .or(|knobs| knobs.refusals[0] = Refusal::Forget)
        .or(|knobs| knobs.refusals[1] = Refusal::Forget)
        .or(|knobs| knobs.refusals = [Refusal::Empty; 2])
        .wrong(
            "refusal-gives-token",
            "A login that is refused gets a cookie with a new token all the same. A refusal sets no cookie: \
             make a token, and a session for it, only once the password is right.",
            |knobs| knobs.refusals = [Refusal::Token; 2],
        )
        .or(|knobs| knobs.refusals[0] = Refusal::Token)
        .or(|knobs| knobs.refusals[1] = Refusal::Token)
        .or(|knobs| knobs.refusals = [Refusal::Session; 2])
        .or(|knobs| knobs.refusals[0] = Refusal::Session)
        .wrong(
            "shows-password",
            "A page that refuses somebody shows the password that was typed. It may be right, for another name \
             or but for a letter, and whoever looks at the screen reads it: say what is wrong, and leave the \
             password out.",
            |knobs| knobs.shows_password = |status, _| status == 403,
        )
        .or(|knobs| knobs.shows_password = |status, _| status == 409)
        .or(|knobs| {
            knobs.shows_password = |status, password| status == 400 && password.chars().count() < 8;
        })
        .or(|knobs| knobs.shows_password = |status, _| [403, 409].contains(&status))
        .wrong(
            "no-path",
            "The cookie has no Path, so the browser takes one from the address of the request. Say which \
             one you mean: set the path to /.",
            |knobs| {
                knobs.attribute("Path", None);
                knobs.forgets_at = None;
            },
        )
        .or(|knobs| knobs.attribute("Path", None))
        .wrong(
            "no-http-only",
            "The cookie has no HttpOnly, so every script on the page can read the token and send it \
             elsewhere. Add http_only(true).",
            |knobs| knobs.attribute("HttpOnly", None),
        )
        .wrong(
            "no-same-site",
            "The cookie has no SameSite, so each browser decides for itself when it sends the cookie with \
             requests from other sites. Add same_site(SameSite::Lax).",
            |knobs| knobs.attribute("SameSite", None),
        )
        .wrong(
            "no-max-age",
            "The cookie has no Max-Age. The browser should forget it when the session ends, after \
             session_seconds().",
            |knobs| knobs.attribute("Max-Age", None),
        )
        .wrong(
            "secure",
            "The cookie has Secure. Over http, a browser may throw it away: it is for servers with https, \
             and yours has none yet.",
            |knobs| knobs.attribute("Secure", Some("")),
        );
}

fn about_tokens(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "short-token",
            "The token is so short that somebody can guess it, or try all there are. Use 32 random bytes, \
             and write all of them.",
            |knobs| knobs.short = true,
        )
        .or(|knobs| {
            knobs.short = true;
            knobs.counts = true;
        })
        .wrong(
            "name-as-token",
            "The cookie contains the name of the member, and anybody can write a name into a cookie. Send \
             a token that nobody can guess.",
            |knobs| knobs.token = Tokens::Name,
        )
        .wrong(
            "same-token",
            "A member who logs in again gets the same token. Anyone who has the old one is logged in, \
             too: draw a new one for each login.",
            |knobs| knobs.token = Tokens::OfMember,
        )
        .or(|knobs| {
            knobs.token = Tokens::OfMember;
            knobs.short = true;
        })
        .wrong(
            "one-token",
            "All members get the same token, so the server takes one member for another. Draw a new one \
             for each login.",
            |knobs| knobs.token = Tokens::One,
        )
        .or(|knobs| {
            knobs.token = Tokens::One;
            knobs.short = true;
        })
        .wrong(
            "token-of-client",
            FIXATION,
            |knobs| knobs.token = Tokens::Sent,
        )
        .wrong(
            "one-session",
            "A login ends everybody else's session. Keep all of them: one for each token.",
            |knobs| knobs.ends = Ends::All,
        )
        .wrong(
            "one-session-each",
            "A login ends the other sessions of the same member, who may have two browsers. Keep one \
             session for each token, and not for each name.",
            |knobs| knobs.ends = Ends::OfMember,
        );
}

fn about_members(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "form-ends-session",
            "A form that is no logout ends the session that the browser has: one to log in that is refused, or \
             one to become a member. Until its time is over, only a logout ends a session.",
            |knobs| knobs.form_ends = [true, false],
        )
        .or(|knobs| knobs.form_ends = [false, true])
        .or(|knobs| knobs.form_ends = [true; 2])
        .wrong(
            "login-page-for-guests",
            "Whoever is logged in is sent on from /login, and does not see the page with the two forms. In this \
             lesson, it is the same for all: 200, and the page.",
            |knobs| knobs.sends_on = true,
        )
        .wrong(
            "board-for-all",
            "The board is shown to people who are not logged in. Send them to /login, with 303.",
            |knobs| knobs.guest_sees_board = true,
        )
        .wrong(
            "api-for-all",
            "GET /messages gives the messages to anybody. It is not enough to protect the page: look for \
             the member in each request.",
            |knobs| knobs.guest_sees_api = true,
        )
        .wrong(
            "no-challenge",
            "The 401 has no WWW-Authenticate. Such an answer must say how to log in: \
             send_header(\"WWW-Authenticate\", \"Cookie\").",
            |knobs| knobs.says_how = false,
        )
        .wrong(
            "empty-before-member",
            "An empty message gets 400 before anybody has asked who sends it. Whoever is no member is sent to \
             /login, whatever the message is: look for the member first.",
            |knobs| knobs.empty_first = true,
        )
        .wrong(
            "posts-for-all",
            "A message is kept although nobody is logged in. It does not help that there is no form: \
             anybody can send a request. Look for the member before you keep the message.",
            |knobs| knobs.guest_posts = true,
        )
        .wrong(
            "any-cookie",
            "Anyone with a cookie is taken for a member, whatever its value. Look the token up among the \
             sessions.",
            |knobs| knobs.who = Who::AnyCookie,
        )
        .wrong(
            "last-one",
            "Everybody is taken for the member who has logged in last. Look at the token of each \
             request.",
            |knobs| knobs.who = Who::Anybody,
        )
        .wrong(
            "nobody-is-member",
            "A new token opens nothing. Is its session in the map, and under its digest? Is the end of \
             the session in the future?",
            |knobs| knobs.who = Who::Nobody,
        );
}

fn about_logging_out(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "session-stays",
            "After a logout, the old token still opens the board. It is not enough that the browser \
             forgets it: somebody else may have a copy. Take the session out of the map.",
            |knobs| knobs.logout_ends = Ends::Nothing,
        )
        .wrong(
            "all-logged-out",
            "A logout ends everybody's sessions. Take out only the one of this token.",
            |knobs| knobs.logout_ends = Ends::All,
        )
        .or(|knobs| knobs.logout_ends = Ends::AllByToken)
        .wrong(
            "logged-out-everywhere",
            "A logout ends all sessions of the member. Take out only the one of this token.",
            |knobs| knobs.logout_ends = Ends::OfMember,
        )
        .wrong(
            "cookie-stays",
            "The answer to a logout sets no cookie, so the browser keeps the token. Send the cookie with \
             Max-Age=0.",
            |knobs| knobs.forgets = CookieValue::Unset,
        )
        .wrong(
            "get-logs-out",
            "A GET of /logout logs out, too. Any picture or link on any page could do that, and browsers load \
             some links in advance. Only a POST changes something: leave the path out of do_get.",
            |knobs| knobs.get_logs_out = true,
        )
        .wrong(
            "only-emptied",
            "The cookie gets an empty value, but the browser keeps it. Send it with Max-Age=0.",
            |knobs| knobs.forgets = CookieValue::Exactly(String::new()),
        );
}

fn about_other_sites(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "takes-all",
            "Forms from other sites are accepted. Compare the header Origin with http:// and the header \
             Host.",
            |knobs| knobs.takes = |_, _| true,
        )
        .wrong(
            "only-cross-site",
            "A form is refused only if it comes with Sec-Fetch-Site: cross-site. The starter's if is still \
             there. Not every browser sends this header, and for a page at another port it says \
             same-site: take the if out, and compare the Origin of every POST.",
            |knobs| {
                knobs.looks_at = |asked| asked.field("Sec-Fetch-Site") == Some("cross-site");
            },
        )
        .wrong(
            "trusts-fetch-site",
            "A form with Sec-Fetch-Site: same-site is taken without a look at its Origin. But a site is more \
             than one address: for a page at another port, a browser says same-site, too. Compare the Origin \
             with the Host, and nothing else.",
            |knobs| {
                knobs.looks_at = |asked| {
                    let site = asked.field("Sec-Fetch-Site");
                    !site.is_some_and(|site| ["same-site", "same-origin"].contains(&site))
                };
            },
        )
        .or(|knobs| {
            knobs.looks_at = |asked| {
                let site = asked.field("Sec-Fetch-Site");
                site.is_none_or(|site| site == "cross-site")
            };
        })
        .wrong(
            "beginning-of-origin",
            "An Origin that only begins like yours is accepted. Compare all of it.",
            |knobs| {
                knobs.takes = |origin, host| {
                    origin.is_none_or(|origin| origin.starts_with(&format!("http://{host}")))
                };
            },
        )
        // With either scheme.
        .or(|knobs| {
            knobs.takes = |origin, host| {
                let begins = |origin: &str| {
                    let schemes = ["http", "https"];
                    schemes.iter().any(|scheme| origin.starts_with(&format!("{scheme}://{host}")))
                };
                origin.is_none_or(begins)
            };
        })
        .or(|knobs| {
            knobs.takes = |origin, host| {
                let begins = |origin: &str| origin.starts_with(&format!("https://{host}"));
                is_own(origin, host) || origin.is_some_and(begins)
            };
        })
        // The host alone, without its port.
        .or(|knobs| {
            knobs.takes = |origin, host| {
                let own = format!("http://{}", without_port(host));
                origin.is_none_or(|origin| origin.starts_with(&own))
            };
        })
        .wrong(
            "any-https",
            "Every Origin with https:// is accepted, those of other sites, too. Compare all of it: your own is \
             http:// and what Host says, or https:// and what Host says.",
            |knobs| {
                knobs.takes = |origin, host| {
                    is_own(origin, host)
                        || origin.is_some_and(|origin| origin.starts_with("https://"))
                };
            },
        )
        .wrong(
            "any-scheme",
            "An Origin with your host and another scheme is accepted, such as ftp://board.test. The scheme is a part \
             of an origin: compare all of it with http:// and the header Host.",
            |knobs| {
                knobs.takes = |origin, host| {
                    let own = |origin: &str| origin.split_once("://").is_some_and(|(_, from)| from == host);
                    origin.is_none_or(own)
                };
            },
        )
        .wrong(
            "end-of-origin",
            "An Origin that only ends like yours is accepted, such as http://my-board.test. Compare all \
             of it.",
            |knobs| knobs.takes = |origin, host| origin.is_none_or(|origin| origin.ends_with(host)),
        )
        .wrong(
            "part-of-origin",
            "An Origin that only has your host somewhere in it is accepted. Compare all of it.",
            |knobs| knobs.takes = |origin, host| origin.is_none_or(|origin| origin.contains(host)),
        )
        .wrong(
            "part-of-host",
            "An Origin that is only the beginning of yours is accepted, such as http://board.tes. \
             Compare all of it.",
            |knobs| {
                knobs.takes = |origin, host| {
                    let part = |origin: &str| host.starts_with(origin.trim_start_matches("http://"));
                    origin.is_none_or(part)
                };
            },
        )
        .wrong(
            "any-port",
            "An Origin with another port is accepted. At another port is another program, perhaps another \
             person's: compare the port, too.",
            |knobs| {
                knobs.takes = |origin, host| {
                    let name = |text: &str| text.split(':').next().unwrap_or_default().to_string();
                    let own = |origin: &str| {
                        let origin = origin.strip_prefix("http://");
                        origin.is_some_and(|origin| name(origin) == name(host))
                    };
                    origin.is_none_or(own)
                };
            },
        )
        // What stands behind the host is no port everywhere.
        .or(|knobs| {
            knobs.takes = |origin, host| {
                let own = |origin: &str| {
                    let origin = origin.strip_prefix("http://");
                    origin.is_some_and(|origin| without_port(origin) == without_port(host))
                };
                origin.is_none_or(own)
            };
        })
        .wrong(
            "null-is-own",
            "Origin: null is accepted. A browser sends it for a page that hides where it comes from. Your \
             pages do not: refuse it.",
            |knobs| knobs.takes = |origin, host| origin == Some("null") || is_own(origin, host),
        )
        .wrong(
            "no-origin-refused",
            "A request without Origin is refused. Browsers send an Origin with every POST, so this is not \
             a browser with somebody's cookies: accept it.",
            |knobs| knobs.takes = |origin, host| origin.is_some() && is_own(origin, host),
        )
        .wrong(
            "referer-refused",
            "A request without Origin is refused because of its Referer. Whoever sends no Origin is no browser \
             with somebody's cookies, whatever else it says. Look at the Origin, and at no other header.",
            |knobs| knobs.refuses_referer = true,
        )
        .wrong(
            "own-refused",
            "Each form with an Origin is refused, those of your own pages, too. An Origin begins with the \
             scheme, as in http://localhost:8000, and the header Host does not have it. (If you compare with \
             https://, too: foreign is what is neither of the two, so join them by &&.)",
            |knobs| knobs.takes = |origin, _| origin.is_none(),
        )
        .wrong(
            "wrong-way-round",
            "Forms of your own pages are refused, and those of other sites are accepted: the comparison is \
             the wrong way round. Foreign is an Origin that is not http:// and your Host.",
            |knobs| {
                knobs.takes = |origin, host| origin.is_none() || !is_own(origin, host);
            },
        )
        .wrong(
            "fixed-origin",
            "Only http://localhost:8000 is accepted as your own origin. Your server may have another \
             address: compare with the header Host.",
            |knobs| {
                knobs.takes = |origin, _| origin.is_none_or(|o| o == "http://localhost:8000");
            },
        )
        .wrong(
            "refused-and-done",
            "A form from another site is answered with 403, but what it asks for is done all the same. Refuse \
             it before you do anything.",
            |knobs| knobs.does_it_anyway = |path| path == "/messages",
        )
        .or(|knobs| knobs.does_it_anyway = |path| path == "/register")
        .or(|knobs| knobs.does_it_anyway = |path| path == "/logout")
        // A login gives no token then.
        .or(|knobs| knobs.does_it_anyway = |path| path != "/login")
        .wrong(
            "get-refused",
            "A GET from a page of another site is refused, so that no link there leads to your board. It changes \
             nothing here: look where it comes from in do_post alone.",
            |knobs| {
                knobs.refuses_get = |asked| {
                    let origin = asked.field("Origin");
                    origin.is_some_and(|origin| !is_own(Some(origin), HOST))
                };
            },
        )
        .or(|knobs| {
            knobs.refuses_get = |asked| asked.field("Sec-Fetch-Site") == Some("cross-site");
        });
    // At some paths, and not at the others: each such set, as the bits of a number. The last bit
    // stands for paths to which no form is sent.
    for bits in 1..(2 << FORMS.len()) - 1 {
        let paths = FORMS.iter().enumerate();
        let unguarded = paths.filter(|(at, _)| (bits >> at) & 1 == 1);
        let unguarded: Vec<&str> = unguarded.map(|(_, path)| *path).collect();
        let set = move |knobs: &mut Knobs| {
            knobs.unguarded.clone_from(&unguarded);
            if bits >> FORMS.len() == 1 {
                knobs.looks_at = |asked| FORMS.contains(&asked.path());
            }
        };
        match bits {
            1 => mistakes.wrong(
                "not-every-form",
                "Some forms are refused if they come from another site, and others are not. None may come from \
                 there, not even those to become a member, to log in and to log out: check each POST, before \
                 anything else.",
                set,
            ),
            _ => mistakes.or(set),
        };
    }
    // Where a member posts, and not where nobody could.
    mistakes.or(|knobs| knobs.guests_unguarded = true);
}

// What no model says.

/// Registers somebody, and returns what the program keeps in its file.
fn kept_of(
    run: &mut Run,
    members: &[&Someone],
) -> Result<(Failure, Vec<(String, String)>), Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("members.json");
    let path = file.display().to_string();
    // As much work as there is without the variable.
    let service = run
        .program()
        .env("MEMBERS", &path)
        .env("HASH_KIB", "")
        .serve()?;
    for member in members {
        service.ask(member.registers())?.expect_status(303)?;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let start = format!("start the server with MEMBERS={path}");
    let done = [&*start, "register, and read the file"];
    let words = "each member with a hash, in JSON: {\"Ann\": \"$argon2id$…\"}";
    let failure = service.wrong(&done, words, text.clone());
    let kept: BTreeMap<String, String> = match serde_json::from_str(&text) {
        Ok(kept) => kept,
        // Nobody has written anything.
        Err(_) if text.is_empty() => BTreeMap::new(),
        Err(_) => return Err(failure),
    };
    let of = |member: &&Someone| Some((member.name.clone(), kept.get(&member.name)?.clone()));
    let kept: Vec<_> = members.iter().filter_map(of).collect();
    match kept.len() == members.len() {
        true => Ok((failure, kept)),
        false => Err(failure.because(
            "not-written",
            "A new member is not in the file: call write_members once the member is in the map.",
        )),
    }
}

fn members_stay(run: &mut Run) -> Verdict {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("members.json").display().to_string();
    let ann = Someone::new(run.seed());
    let service = run.program().env("MEMBERS", &file).serve()?;
    service.ask(ann.registers())?.expect_status(303)?;
    drop(service);
    // With which work a hash was made stands in it. What is set today counts for new ones.
    let program = run.program().env("MEMBERS", &file);
    let answer = program.env("HASH_KIB", "16").serve()?.ask(ann.logs_in())?;
    if answer.status() == 303 {
        return Ok(());
    }
    let wrong = answer.wrong(
        "a member who registered before the server was started again, with the same MEMBERS, can log in: \
         status 303 See Other",
    );
    let service = run.program().env("MEMBERS", &file).serve()?;
    Err(match service.ask(ann.logs_in())?.status() {
        303 => wrong.because(
            "parameters-of-today",
            "Once hasher() has other parameters, nobody can log in who was a member before. Those of a hash stand \
             in it, beside its salt, and verify_password takes them from there: do not hash again yourself.",
        ),
        _ => wrong,
    })
}

fn hashed(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let (failure, kept) = kept_of(run, &[&ann])?;
    is_hash_of(&ann.password, &kept[0].1, failure)
}

/// Whether this is a hash of this password, as the text wants it; otherwise the failure, with its cause.
fn is_hash_of(password: &str, hash: &str, failure: Failure) -> Verdict {
    let secrets = [password.to_string(), hexadecimal(password)];
    if secrets.iter().any(|secret| hash.contains(secret)) {
        return Err(failure.because(
            "password-kept",
            "The password itself is kept. Anyone who reads the file, or a copy of it, can log in as any \
             member: keep what hash_password returns.",
        ));
    }
    let Some(rest) = hash.strip_prefix("$argon2id$v=19$") else {
        return Err(failure.because(
            "no-argon2",
            "What is kept is not a hash by Argon2id. Use hasher(): with a fast hash, a thief tries \
             millions of passwords in a second.",
        ));
    };
    let parameters = rest.split('$').next().unwrap_or_default();
    match parameters.split(',').collect::<Vec<_>>()[..] {
        ["m=19456", "t=2", "p=1"] => Ok(()),
        _ => Err(failure.because(
            "other-work",
            "The hash was made with other parameters than those of hasher(): 19 MiB of memory, and two \
             passes over it.",
        )),
    }
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn salted(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let ben = Someone {
        name: run.seed().word(),
        password: ann.password.clone(),
    };
    let (failure, kept) = kept_of(run, &[&ann, &ben])?;
    is_hash_of(&ann.password, &kept[0].1, failure.clone())?;
    match kept[0].1 != kept[1].1 {
        true => Ok(()),
        false => Err(failure.because(
            "no-salt",
            "Two members with the same password have the same hash, so a thief has to guess only once for \
             both. hash_password draws a new salt each time.",
        )),
    }
}

/// The lesson asks for no threads, and a program may have them all the same. Then somebody else may
/// take the name while the hash is made.
fn one_name_once(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let service = run.program().env("HASH_KIB", "16384").serve()?;
    let ann = Someone::new(run.seed());
    service.ask(ann.registers())?.expect_status(303)?;
    // Who takes a name again when nobody else does is told so by another check.
    if service.ask(ann.registers())?.status() != 409 {
        return Ok(());
    }
    let all: Vec<_> = (0..4)
        .map(|_| service.begin(register(&name, &run.seed().word().repeat(2))))
        .collect();
    let mut statuses = Vec::new();
    for one in all {
        statuses.push(one.answer()?.status());
    }
    statuses.sort_unstable();
    if statuses == [303, 409, 409, 409] {
        return Ok(());
    }
    let done =
        format!("POST /register, four times at once, with the name {name} and four passwords");
    let wrong = service.wrong(&[&done], "303 once, and else 409", format!("{statuses:?}"));
    Err(match statuses[..] {
        [303, 303, ..] => wrong.because(
            "name-given-twice",
            "Several who register one name at the same time are all told that it is theirs, and the last \
             password counts. Between the look at the map and the insert, others have done the same. Make the \
             hash first; then look and insert under one guard.",
        ),
        _ => wrong,
    })
}

/// A disk may be full. Who is not written is no member after the next start, and is told so; when there is
/// room again, it goes on.
fn not_kept(run: &mut Run) -> Verdict {
    let (ann, ben) = (Someone::new(run.seed()), Someone::new(run.seed()));
    // Where nothing needs to be written, all is well.
    run.ask(ann.registers())?.expect_status(303)?;
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let file = missing.join("members.json");
    let path = file.display().to_string();
    let service = run.program().env("MEMBERS", &path).serve()?;
    let refused = service.ask(ann.registers())?;
    std::fs::create_dir(&missing).expect("a folder in this folder");
    let next = service.ask(ben.registers())?;
    let start = format!("start the server with MEMBERS={path}, in a folder that is not there");
    if refused.status() < 500 {
        // Who never writes is told so by another check.
        if !file.exists() {
            return Ok(());
        }
        let came = format!("status {}", refused.status());
        let wrong = service.wrong(&[&*start, "register"], "an error, 500", came);
        return Err(match refused.status() {
            303 => wrong.because(
                "write-ignored",
                "The file of the members cannot be written, and the answer is 303 all the same: a member who is gone \
                 after the next start. The ? of write_members(&members)? hands the error on, and so the answer is 500.",
            ),
            _ => wrong,
        });
    }
    if next.status() < 500 {
        return next.expect_status(303);
    }
    let done = [
        &*start,
        "register: the file cannot be written",
        "make the folder, and register with another name",
    ];
    let wrong = service.wrong(&done, "status 303", format!("status {}", next.status()));
    Err(wrong.because(
        "broken-by-one-error",
        "Once the file of the members could not be written, nobody can register any more, though it can be written \
         again. A panic under the guard does that: it poisons the Mutex. So no unwrap there: write_members(&members)? \
         hands the error on.",
    ))
}

/// Who reads how to log in does it. A browser asks for a name and a password for some of the words that a
/// standard knows, and sends them where nobody reads them.
fn challenge(run: &mut Run) -> Verdict {
    let answer = run.get("/messages")?;
    let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
    let scheme = challenge.split([' ', ',']).next().unwrap_or_default();
    let others = ["Basic", "Bearer", "Digest", "Negotiate"];
    if answer.status() != 401
        || !others
            .iter()
            .any(|other| scheme.eq_ignore_ascii_case(other))
    {
        return Ok(());
    }
    let says = format!(
        "The WWW-Authenticate of your 401 says {scheme}. That is a word of a standard for another way to log in, which \
         your server does not know. Send Cookie."
    );
    let wrong = answer.wrong("in WWW-Authenticate, the word Cookie");
    Err(wrong.because("other-challenge", says))
}

/// The token that a program gives for the first login of somebody who registers.
fn first_token(service: &Service, ann: &Someone) -> Result<String, Failure> {
    service.ask(ann.registers())?;
    next_token(service, ann)
}

/// The token that it gives for one more login.
fn next_token(service: &Service, ann: &Someone) -> Result<String, Failure> {
    let answer = service.ask(ann.logs_in())?;
    match answer.cookies().find(|cookie| cookie.name == SESSION) {
        Some(cookie) => Ok(cookie.value),
        None => Err(answer.wrong("a cookie session")),
    }
}

/// How many random bytes a token is made of.
const TOKEN_BYTES: usize = 32;

/// How many tokens are looked at: so many that chance alone does not hide a digit that is lost.
const TOKENS: usize = 32;

/// How many bytes of hexadecimal tokens differ at all: those that are the same in all of them do not count,
/// and in one of them, each only once.
fn random_bytes(tokens: &[String]) -> usize {
    let pairs = |token: &String| -> Vec<String> {
        let digits = token.as_bytes().chunks(2);
        digits
            .map(|two| String::from_utf8_lossy(two).into())
            .collect()
    };
    let all: Vec<_> = tokens.iter().map(pairs).collect();
    let differ = |at: &usize| all.iter().any(|token| token.get(*at) != all[0].get(*at));
    let differing = (0..all[0].len()).filter(differ).count();
    // Among 32 bytes, a few are the same by chance.
    let once = all
        .iter()
        .map(|token| token.iter().collect::<BTreeSet<_>>().len());
    match once.max() {
        Some(once) if once <= TOKEN_BYTES / 2 => once.min(differing),
        _ => differing,
    }
}

fn unguessed(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let first = run.program().serve()?;
    let (one, next) = (first_token(&first, &ann)?, next_token(&first, &ann)?);
    let chosen = hexadecimal(&format!("{} was here before", ann.name));
    let cookie = format!("session={chosen}");
    let answer = first.ask(ann.logs_in().field("Cookie", cookie))?;
    if answer.cookies().any(|cookie| cookie.value == chosen) {
        let failure = answer.wrong("another token than the one that the browser has sent");
        return Err(failure.because("token-of-client", FIXATION));
    }
    let mut tokens = vec![one.clone(), next.clone()];
    for _ in 2..TOKENS {
        tokens.push(next_token(&first, &ann)?);
    }
    // A number has no letters.
    let is_hexadecimal = |token: &String| {
        let mut all = token.chars();
        token.contains(|c: char| c.is_ascii_alphabetic()) && all.all(|c| c.is_ascii_hexdigit())
    };
    let is_long = |token: &&String| token.len() > 22;
    let lengths: BTreeSet<usize> = tokens.iter().filter(is_long).map(String::len).collect();
    if lengths.len() > 1 && tokens.iter().all(is_hexadecimal) {
        let failure = first.wrong(
            &[&*format!("register, and log in {TOKENS} times")],
            "tokens with two digits for each byte",
            format!("tokens of {lengths:?} digits"),
        );
        return Err(failure.because(
            "digits-lost",
            "The tokens have hexadecimal digits, and not all have the same number of them: zeros are lost where a \
             number begins with them, so that other bytes can give the same token. Write each byte with two digits, \
             {byte:02x}.",
        ));
    }
    if let Some(&digits) = lengths.first()
        && digits < 2 * TOKEN_BYTES
        && tokens.iter().all(is_hexadecimal)
    {
        let failure = first.wrong(
            &["register, and log in"],
            format!("a token of {TOKEN_BYTES} bytes, with two digits for each"),
            format!("a token of {digits} digits: {one}"),
        );
        return Err(failure.because(
            "fewer-bytes",
            format!(
                "The token has {digits} hexadecimal digits, so {} bytes are in it. It is made of {TOKEN_BYTES} \
                 random bytes: [0; {TOKEN_BYTES}]. Each of them becomes two digits.",
                digits / 2
            ),
        ));
    }
    // One and the same token for all, the model sees.
    let random = random_bytes(&tokens);
    // Where bytes are the same, a token may have no letters.
    let digits = tokens.concat();
    if lengths.len() == 1
        && random < TOKEN_BYTES
        && tokens.iter().any(|token| *token != one)
        && is_hexadecimal(&digits)
    {
        let failure = first.wrong(
            &[&*format!("register, and log in {TOKENS} times")],
            format!("tokens of {TOKEN_BYTES} random bytes"),
            tokens[..4].join("\n"),
        );
        return Err(failure.because(
            "few-random-bytes",
            format!(
                "The tokens are long enough, but less than {TOKEN_BYTES} bytes of them are random: some are the same in \
                 all tokens, or stand in one again and again. Let getrandom::fill fill the whole array, and write each \
                 of its bytes once."
            ),
        ));
    }
    first.stop();
    let second = run.program().serve()?;
    let other = first_token(&second, &ann)?;
    if one != other {
        return Ok(());
    }
    let done = [
        "start the server, register, log in",
        "start it again, do the same",
    ];
    let failure = second.wrong(&done, "another token", "the same token");
    // Of one that is short, or always the same, the model says more.
    if one == next || one.len() < 22 {
        return Err(failure);
    }
    Err(failure.because(
        "can-be-computed",
        "After a restart, the program gives the same token again. It is computed from something, and \
         others can compute it, too. Take its bytes from getrandom::fill.",
    ))
}

/// A file of members may have been edited by hand. What stands there in the place of a hash is no
/// password, and nothing to break on.
fn no_hash(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("members.json");
    let members = serde_json::json!({ &ann.name: &ann.password }).to_string();
    std::fs::write(&file, &members).expect("a file in this folder");
    let path = file.display().to_string();
    let service = run.program().env("MEMBERS", &path).serve()?;
    let answer = service.ask(ann.logs_in())?;
    let done = [
        &*format!("write into a file: {members}"),
        "start the server with the name of this file in MEMBERS",
        "log in with this name and this password",
    ];
    let failure = service.wrong(&done, "status 403", format!("status {}", answer.status()));
    match answer.status() {
        403 => Ok(()),
        303 if answer.cookies().any(|cookie| cookie.name == "session") => Err(failure.because(
            "password-compared",
            "What is kept is compared with the password itself. It is a hash, and only verify_password can say \
             whether it belongs to a password.",
        )),
        // Why, its page and its log say.
        500.. => answer.expect_status(403),
        _ => Err(failure),
    }
}

fn ends(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let service = run.program().env("SESSION_SECONDS", "1").serve()?;
    let token = first_token(&service, &ann)?;
    let board = || get("/").field("Cookie", format!("session={token}"));
    let at_once = service.ask(board())?.status();
    let looked = Instant::now();
    let guest = service.ask(get("/"))?;
    let guest_elsewhere = elsewhere(&service, None)?;
    let longer = run
        .program()
        .env("SESSION_SECONDS", &LONGER.to_string())
        .serve()?;
    longer.ask(ann.registers())?;
    let login = longer.ask(ann.logs_in())?;
    let logged_in = Instant::now();
    let used = used_ends(run, &ann)?;
    // The first look after the end: one that ends the session, and still gets the board, is too many.
    std::thread::sleep(OVER.saturating_sub(looked.elapsed()));
    let first = service.ask(board())?;
    if first.status() != 200 {
        first.expect_status(303)?;
        let ended_elsewhere = elsewhere(&service, Some(&token))?;
        let is_taken = ended_elsewhere[0].starts_with("200") || ended_elsewhere[1] == "303 /";
        let [of_guest, of_ended] =
            [(&guest, guest_elsewhere), (&first, ended_elsewhere)].map(|(board, [got, posted])| {
                let board = said(board);
                format!("{board} to GET /, {got} to GET /messages, {posted} to POST /messages")
            });
        if of_ended != of_guest {
            let done = [
                "start the server with SESSION_SECONDS=1, register, log in",
                "wait for two seconds, ask for / and for /messages, and post a message",
            ];
            let wrong = service.wrong(&done, of_guest, of_ended);
            return Err(match is_taken {
                true => wrong.because(
                    "ended-elsewhere",
                    "GET / knows that a session has ended, and /messages still takes its token, for GET or for POST. \
                     Look at the end in member, and ask member in each request.",
                ),
                false => wrong.because(
                    "ended-otherwise",
                    "Who comes with a session that has ended gets another answer than who has none. Both are no \
                     members, and the text has one answer for all who are none: the same status, and the same Location.",
                ),
            });
        }
        return match used {
            Some(failure) => Err(failure),
            None => lasts(&longer, &login, logged_in),
        };
    }
    std::thread::sleep(OVER);
    let has_ended = service.ask(board())?.status() == 303;
    // Where anybody sees the board, or nobody does at first, it is not the end that is wrong.
    let is_end = guest.status() != 200 && at_once == 200;
    if has_ended && is_end {
        let done = [
            "start the server with SESSION_SECONDS=1, register, log in",
            "wait for two seconds, and ask for / twice",
        ];
        let came = "the board, and then 303";
        return Err(service
            .wrong(&done, "the session has ended: 303 to /login", came)
            .because(
                "ended-opens-once",
                "The first request after the end of a session still gets the board. Look at the end before you \
                 use a session: first throw away what has ended, and then look up the token.",
            ));
    }
    let done = [
        "start the server with SESSION_SECONDS=1, register, log in",
        "wait for two seconds, and ask for /",
    ];
    let failure = service.wrong(&done, "the session has ended: 303 to /login", "the board");
    if !is_end {
        return Err(failure);
    }
    Err(failure.because(
        "no-end",
        "A session that lasts a second still opens the board after two. It is not enough that the browser \
             forgets the cookie, since a thief's program does not: compare Instant::now() with ends in each \
             request. And ends must be session_seconds() after the login.",
    ))
}

/// What is answered to who asks for the messages with this token, and to who posts one.
fn elsewhere(service: &Service, token: Option<&str>) -> Result<[String; 2], Failure> {
    let asked = |act: Act| -> Result<String, Failure> {
        let answer = service.ask(match token {
            Some(token) => act.field("Cookie", format!("session={token}")),
            None => act,
        })?;
        Ok(said(&answer))
    };
    Ok([asked(get("/messages"))?, asked(message("too late"))?])
}

/// The status of an answer, and its Location.
fn said(answer: &grader::Answer) -> String {
    let location = answer.header("Location").unwrap_or_default();
    let said = format!("{} {location}", answer.status());
    said.trim().into()
}

/// Whether a younger session goes on when an older one has ended, and whether a login gets its whole time
/// long after the server was started.
fn others_go_on(run: &mut Run) -> Verdict {
    let ann = Someone::new(run.seed());
    let lasts = Duration::from_secs(2);
    let service = run
        .program()
        .env("SESSION_SECONDS", &lasts.as_secs().to_string())
        .serve()?;
    service.ask(ann.registers())?;
    let looks = |token: &str| service.ask(get("/").field("Cookie", format!("session={token}")));
    for _ in 0..TRIES {
        let began = Instant::now();
        let old = next_token(&service, &ann)?;
        // A computer may be so busy that it has ended; and some count whole seconds.
        for _ in 0..2 {
            let answer = looks(&old)?;
            if began.elapsed() * 2 < lasts {
                answer.expect_status(200)?;
            }
            std::thread::sleep(lasts * 2 / 5);
        }
        let logged_in = Instant::now();
        let young = next_token(&service, &ann)?;
        std::thread::sleep((lasts + Duration::from_millis(200)).saturating_sub(began.elapsed()));
        // Some look at all sessions when one of them is asked for that has ended.
        looks(&old)?;
        let answer = looks(&young)?;
        if answer.status() == 303 && logged_in.elapsed() * 2 > lasts {
            continue;
        }
        if answer.status() != 303 {
            return answer.expect_status(200);
        }
        let newest = next_token(&service, &ann)?;
        let logged_in = Instant::now();
        let at_once = looks(&newest)?.status();
        if logged_in.elapsed() * 2 > lasts {
            continue;
        }
        let started = "start the server with SESSION_SECONDS=2, register";
        return Err(match at_once {
            303 => service
                .wrong(
                    &[started, "more than two seconds later, log in, and ask for /"],
                    "status 200, and the board",
                    "status 303",
                )
                .because(
                    "counted-from-the-start",
                    "A session that begins later than SESSION_SECONDS after the start of the server has ended \
                     before it begins. Its end is counted from another time than that of the login: take \
                     Instant::now() in login.",
                ),
            _ => service
                .wrong(
                    &[
                        started,
                        "log in, and a second later once more",
                        "when the first session has ended, ask for / with the second token",
                    ],
                    "status 200, and the board",
                    "status 303",
                )
                .because(
                    "all-end-together",
                    "When one session has ended, others are gone as well, though their time is not over. Throw \
                     away only those that have ended: retain looks at each of them by itself.",
                ),
        });
    }
    Ok(())
}

/// After this time, a session of a second has ended, also where whole seconds are counted.
const OVER: Duration = Duration::from_millis(2100);

/// How many times it is tried, if the computer is so busy that too much time is between two looks.
const TRIES: usize = 3;

/// Whether a session that lasts a second is longer for somebody who looks at the board again and again.
fn used_ends(run: &mut Run, ann: &Someone) -> Result<Option<Failure>, Failure> {
    let service = run.program().env("SESSION_SECONDS", "1").serve()?;
    service.ask(ann.registers())?;
    for _ in 0..TRIES {
        let token = next_token(&service, ann)?;
        let (logged_in, mut last) = (Instant::now(), Duration::ZERO);
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let asked = logged_in.elapsed();
            let cookie = format!("session={token}");
            let answer = service.ask(get("/").field("Cookie", &cookie))?;
            // No other request moves its end, either.
            service.ask(get("/messages").field("Cookie", &cookie))?;
            service.ask(message("once more").field("Cookie", &cookie))?;
            service.ask(ann.logs_in())?;
            match answer.status() {
                200 if asked < OVER => last = asked,
                200 => {
                    let done = [
                        "start the server with SESSION_SECONDS=1, register, log in",
                        "ask for /, ask for /messages, post a message and log in once more, again and again, \
                         for more than two seconds",
                    ];
                    let expected = "the session has ended after a second: 303 to /login";
                    let failure = service.wrong(&done, expected, "the board");
                    return Ok(Some(failure.because(
                        "looks-prolong",
                        "Requests make a session longer, so one that is used never ends. Its end is set by its own \
                         login, and nothing that comes later changes it: only compare it with Instant::now().",
                    )));
                }
                _ if logged_in.elapsed() - last > Duration::from_millis(900) => break,
                _ => return Ok(None),
            }
        }
    }
    Ok(None)
}

/// The seconds for which a session lasts that is not to end while it is looked at.
const LONGER: u64 = 30;

/// Whether a session that lasts [`LONGER`] says so to the browser, and has not ended a second later.
fn lasts(service: &Service, login: &grader::Answer, logged_in: Instant) -> Verdict {
    let Some(cookie) = login.cookies().find(|cookie| cookie.name == SESSION) else {
        return Err(login.wrong("a cookie session"));
    };
    let answer = service.ask(get("/").field("Cookie", format!("session={}", cookie.value)))?;
    // A computer may be so busy that the session has ended.
    if answer.status() == 303 && logged_in.elapsed() < Duration::from_secs(LONGER) {
        let done = [
            &*format!("start the server with SESSION_SECONDS={LONGER}, register, log in"),
            "wait for a second or two, and ask for /",
        ];
        let failure = service.wrong(&done, "status 200, and the board", "status 303");
        return Err(failure.because(
            "ends-early",
            "A session ends much earlier than it should. It lasts session_seconds() seconds from the \
             login on: Duration::from_secs(…).",
        ));
    }
    if cookie.attribute("Max-Age") == Some(LONGER.to_string().as_str()) {
        return Ok(());
    }
    let failure = login.wrong(format!(
        "with SESSION_SECONDS={LONGER}, a cookie with Max-Age={LONGER}"
    ));
    Err(match cookie.attribute("Max-Age") == Some(AN_HOUR) {
        true => failure.because(
            "always-an-hour",
            "The browser keeps the cookie for an hour, however long its session lasts. Its Max-Age is \
             session_seconds(), too, so that both end at the same time.",
        ),
        false => failure,
    })
}

/// How many wrong passwords are tried, one after the other.
const GUESSES: usize = 12;

/// What a wrong password and an unknown name are answered with, the names left out.
fn same_page(run: &mut Run) -> Verdict {
    let (ann, ben) = (Someone::new(run.seed()), Someone::new(run.seed()));
    run.ask(ann.registers())?.expect_status(303)?;
    // Nobody is locked out who could not log in before.
    run.ask(ann.logs_in())?.expect_status(303)?;
    let shown = |answer: &grader::Answer, name: &str| answer.text().replace(name, "NAME");
    let another = |wrong: &grader::Answer, unknown: &grader::Answer| {
        let expected = format!("the same answer as to a wrong password:\n{}", wrong.text());
        unknown.wrong(expected).because(
            "another-page",
            "The answer for the name of no member differs from the one for a wrong password. So anybody \
             can find out who is a member: say the same in both cases.",
        )
    };
    // No password of a member is so short, and yet it is tried.
    for password in ["", "short"] {
        let wrong = run.ask(login(&ann.name, password))?;
        wrong.expect_status(403)?;
        let unknown = run.ask(login(&ben.name, password))?;
        let same = shown(&wrong, &ann.name) == shown(&unknown, &ben.name);
        if unknown.status() != 403 || !same {
            return Err(another(&wrong, &unknown));
        }
    }
    for times in 1..=GUESSES {
        let wrong = run.ask(login(&ann.name, &ben.password))?;
        let unknown = run.ask(login(&ben.name, &ben.password))?;
        for (answer, whose) in [(&wrong, "a member"), (&unknown, "no member")] {
            if times == 1 || answer.status() == 403 || answer.status() >= 500 {
                answer.expect_status(403)?;
                continue;
            }
            let expected = format!("status 403, as for the first wrong password of {whose}");
            return Err(answer.wrong(expected).because(
                "other-answer-in-the-end",
                "After some wrong passwords for one name, the answer is another one than 403. In this lesson, \
                 each wrong password gets 403, however many have come before. (And if only the names of members \
                 are counted, anybody can find out who is one.)",
            ));
        }
        if shown(&wrong, &ann.name) != shown(&unknown, &ben.name) {
            return Err(another(&wrong, &unknown));
        }
    }
    let right = run.ask(ann.logs_in())?;
    match right.status() {
        303 => Ok(()),
        _ => Err(right
            .wrong(format!(
                "status 303, to the right password after {GUESSES} wrong ones"
            ))
            .because(
                "locked-out",
                "After some wrong passwords for one name, the right one is refused, too. In this lesson, nobody \
                 counts them: whoever knows the password logs in.",
            )),
    }
}

/// How many times it is measured before it is said that one of both is much faster.
const MOST_TIMES: usize = 20;

fn same_work(run: &mut Run) -> Verdict {
    let (ann, ben) = (Someone::new(run.seed()), Someone::new(run.seed()));
    // So much work that little else counts beside it, and not more than a busy computer does in time.
    let service = run.program().env("HASH_KIB", "16384").serve()?;
    service.ask(ann.registers())?.expect_status(303)?;
    let took = |name: &str| -> Result<Duration, Failure> {
        let began = Instant::now();
        service
            .ask(login(name, &ben.password))?
            .expect_status(403)?;
        Ok(began.elapsed())
    };
    // The shortest of several: what else the computer does only makes it longer. On a busy one, it
    // takes a while until one of them is not held up.
    let (mut wrong, mut unknown) = (Duration::MAX, Duration::MAX);
    let (mut all_wrong, mut all_unknown) = (Duration::ZERO, Duration::ZERO);
    let is_similar = |unknown: Duration, wrong: Duration| unknown * 4 > wrong;
    for times in 1..=MOST_TIMES {
        let (one, other) = (took(&ann.name)?, took(&ben.name)?);
        (wrong, unknown) = (wrong.min(one), unknown.min(other));
        (all_wrong, all_unknown) = (all_wrong + one, all_unknown + other);
        if times > 2 && is_similar(unknown, wrong) {
            return Ok(());
        }
    }
    // On a very busy one, only one of the two may have had such luck. All together had the same.
    if is_similar(all_unknown, all_wrong) {
        return Ok(());
    }
    let done = [
        "start the server with HASH_KIB=16384, and register",
        "log in with a wrong password, and with the name of no member",
    ];
    let millis = |time: Duration| time.as_millis();
    Err(service
        .wrong(
            &done,
            format!("about the same time for both: {} ms", millis(wrong)),
            format!("{} ms for the name of no member", millis(unknown)),
        )
        .because(
            "fast-for-nobody",
            "The name of no member is refused much faster than a wrong password, so a clock tells who is a \
             member. Hash the password in this case, too, and throw the hash away.",
        ))
}

// In a browser.

/// A page in a browser, in which somebody logs in who is a member.
fn entered(run: &mut Run, ann: &Someone) -> Result<grader::Page, Failure> {
    run.ask(ann.registers())?;
    let mut page = run.browser()?;
    page.open("/login")?;
    page.fill("form[action='/login'] [name=name]", &ann.name)?;
    page.fill("form[action='/login'] [name=password]", &ann.password)?;
    page.submit("form[action='/login']")?;
    page.expect_path("/")?;
    Ok(page)
}

fn in_a_browser(run: &mut Run) -> Verdict {
    let (ann, text) = (Someone::new(run.seed()), run.seed().line());
    let mut page = entered(run, &ann)?;
    page.expect_text(&ann.name)?;
    page.fill("[name=message]", &text)?;
    page.submit("form[action='/messages']")?;
    page.expect_text(&text)
}

/// A page at another port of this computer, which is another origin on the same site: a browser
/// sends the cookie along.
fn other_page(run: &mut Run) -> Verdict {
    let (ann, text) = (Someone::new(run.seed()), run.seed().word());
    let mut page = entered(run, &ann)?;
    let target = page.evaluate("location.origin")?;
    let other = serve_page(format!(
        "<!DOCTYPE html><title>Another page</title><link rel='icon' href='data:,'>\
         <form action='{target}/messages' method='post'>\
         <input name='message' value='{text}'><button>OK</button></form>"
    ));
    page.open(&format!("http://localhost:{other}/"))?;
    page.follow("button")?;
    // What has become of it, a program reads, and not the browser: that is slow.
    let answer = run.ask(ann.logs_in())?;
    let cookie = answer.cookies().find(|cookie| cookie.name == SESSION);
    let token = cookie.map(|cookie| cookie.value).unwrap_or_default();
    let messages = run.ask(get("/messages").field("Cookie", format!("session={token}")))?;
    messages.expect_status(200)?;
    match messages.text().contains(&text) {
        false => Ok(()),
        true => Err(page
            .wrong("a board without the message that another page has sent")
            .because(
                "takes-all",
                "A form of a page at another address is accepted. Compare all of the header Origin with http:// \
                 and the header Host: other ports are other addresses, too.",
            )),
    }
}

/// Serves this page on a port of its own, until the program ends.
fn serve_page(page: String) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = page.len();
            let head =
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8";
            let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{page}");
        }
    });
    port
}
