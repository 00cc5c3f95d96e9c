//! The name of its author stands behind each message; what is to be answered is a value.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, fs};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use cookie::{Cookie, SameSite};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The page with two forms: to log in, and to become a member.
const LOGIN_PAGE: &str = include_str!("../lessons/18_login/login.html");

/// The board, with places for the name and the messages.
const BOARD_PAGE: &str = include_str!("../lessons/18_login/board.html");

/// The hash of each member's password, by the member's name.
type Members = BTreeMap<String, String>;

struct Board {
    members: Mutex<Members>,
    /// Who is logged in, by the digest of the token.
    sessions: Mutex<HashMap<[u8; 32], Session>>,
    /// Each with the name of its author.
    messages: Mutex<Vec<(String, String)>>,
}

/// What the server knows of somebody who is logged in.
struct Session {
    name: String,
    ends: Instant,
}

/// What is to be answered.
enum Reply {
    Page(String),
    Json(String),
    /// To this path, perhaps with a cookie.
    Go(&'static str, Option<String>),
    WhoAreYou,
    Sorry(u16, &'static str),
}

use Reply::*;

impl Reply {
    fn send(self, response: Response) -> Answer {
        match self {
            Page(page) => send_page(response, &page),
            Json(text) => response
                .send_response(200)
                .send_header("Content-Type", "application/json")
                .send_header("Cache-Control", "no-store")
                .end_headers()?
                .send(text),
            Go(path, cookie) => {
                let mut headers = response.send_response(303).send_header("Location", path);
                if let Some(cookie) = cookie {
                    headers = headers.send_header("Set-Cookie", cookie);
                }
                let words = format!("<p>Please go on to <a href=\"{path}\">{path}</a>.</p>\n");
                headers
                    .send_header("Content-Type", "text/html; charset=utf-8")
                    .end_headers()?
                    .send(words)
            }
            WhoAreYou => response
                .send_response(401)
                .send_header("WWW-Authenticate", "Cookie")
                .send_header("Content-Type", "text/html; charset=utf-8")
                .end_headers()?
                .send("<p>This is for members. <a href=\"/login\">Log in</a></p>\n"),
            Sorry(status, words) => response.send_error(status, words),
        }
    }
}

impl Handler for Board {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let reply = match request.path() {
            "/" => self
                .member(request)
                .map_or(Go("/login", None), |name| Page(self.board(&name))),
            "/messages" => match self.member(request) {
                None => WhoAreYou,
                Some(_) => Json(self.json()),
            },
            "/login" => Page(LOGIN_PAGE.to_string()),
            _ => Sorry(404, "We have looked for this page, too."),
        };
        reply.send(response)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if is_foreign(request) {
            return Sorry(403, "We take our own forms only.").send(response);
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let mut fields = parse_form(&String::from_utf8_lossy(&body));
        let mut take = |name: &str| fields.remove(name).unwrap_or_default();
        let reply = match request.path() {
            "/login" => self.login(take("name"), &take("password")),
            "/logout" => self.logout(request),
            "/register" => self.register(take("name"), &take("password"))?,
            "/messages" => match self.member(request) {
                Some(author) => self.post(author, take("message")),
                None => Go("/login", None),
            },
            _ => Sorry(404, "Nobody waits for a form here."),
        };
        reply.send(response)
    }
}

impl Board {
    fn register(&self, name: String, password: &str) -> io::Result<Reply> {
        let length = password.chars().count();
        if name.trim().is_empty() || length < 8 {
            return Ok(Sorry(
                400,
                "We need a name, and a password of 8 characters or more.",
            ));
        }
        let hash = hash(password);
        let mut members = self.members.lock().unwrap();
        if members.contains_key(&name) {
            return Ok(Sorry(409, "This name is taken."));
        }
        members.insert(name, hash);
        write_members(&members)?;
        Ok(Go("/login", None))
    }

    fn login(&self, name: String, password: &str) -> Reply {
        let kept = self.members.lock().unwrap().get(&name).cloned();
        let is_member = kept.is_some();
        let fits = match kept {
            Some(kept) => is_password(password, &kept),
            None => !hash(password).is_empty(),
        };
        if !(is_member && fits) {
            return Sorry(403, "One of the two was wrong. We do not say which.");
        }
        let token = Token::new();
        let lasts = session_seconds();
        let ends = Instant::now() + Duration::from_secs(lasts);
        let key = token.digest();
        self.sessions
            .lock()
            .unwrap()
            .insert(key, Session { name, ends });
        Go("/", Some(session_cookie(&token.0, lasts)))
    }

    fn member(&self, request: &Request) -> Option<String> {
        let key = token(request)?.digest();
        let mut sessions = self.sessions.lock().unwrap();
        sessions.retain(|_, session| session.ends > Instant::now());
        sessions.get(&key).map(|session| session.name.clone())
    }

    fn logout(&self, request: &Request) -> Reply {
        let key = token(request).map(|token| token.digest());
        if let Some(key) = key {
            self.sessions.lock().unwrap().remove(&key);
        }
        Go("/login", Some(session_cookie("", 0)))
    }

    fn post(&self, author: String, text: String) -> Reply {
        if text.trim().is_empty() {
            return Sorry(400, "An empty message helps nobody.");
        }
        self.messages.lock().unwrap().push((author, text));
        Go("/", None)
    }

    fn board(&self, name: &str) -> String {
        let messages = self.messages.lock().unwrap();
        let mut list: Vec<String> = Vec::new();
        for (author, text) in messages.iter() {
            let (author, text) = (escape_html(author), escape_html(text));
            list.push(format!("<li>{text}<br><i>by {author}</i></li>"));
        }
        let page = BOARD_PAGE.replace("<!-- messages -->", &list.join("\n"));
        page.replace("<!-- name -->", &escape_html(name))
    }

    fn json(&self) -> String {
        let messages = self.messages.lock().unwrap();
        let list: Vec<_> = messages
            .iter()
            .map(|(author, text)| json!({ "name": author, "text": text }))
            .collect();
        json!(list).to_string()
    }
}

/// A secret that says who somebody is. It has no `Debug` and no `Display`, so that nothing prints
/// it by accident.
struct Token(String);

impl Token {
    /// A new one, which nobody can guess.
    fn new() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the computer has random bytes");
        Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key of its session. Nobody learns the token from it, nor from the time that it takes to
    /// find it.
    fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// The token that a request has with it.
fn token(request: &Request) -> Option<Token> {
    let cookies = Cookie::split_parse(request.header("Cookie")?);
    let mut named = cookies
        .flatten()
        .filter(|cookie| cookie.name() == "session");
    named.next().map(|cookie| Token(cookie.value().to_string()))
}

/// The cookie with a token, for this number of seconds.
fn session_cookie(token: &str, seconds: u64) -> String {
    Cookie::build(("session", token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds as i64))
        .to_string()
}

/// Whether a form was sent from a page of another origin. A browser says where it comes from; a client that
/// does not is no browser.
fn is_foreign(request: &Request) -> bool {
    let Some(origin) = request.header("Origin") else {
        return false;
    };
    let host = request.header("Host").unwrap_or_default();
    // nginx, in front of this server, speaks HTTPS.
    ["http", "https"]
        .iter()
        .all(|scheme| origin != format!("{scheme}://{host}"))
}

/// What is kept of a password: a salted hash, with all that is needed to check it.
fn hash(password: &str) -> String {
    let hash = hasher().hash_password(password.as_bytes());
    hash.expect("the computer has random bytes").to_string()
}

/// Whether this is the password of which this hash was kept.
fn is_password(password: &str, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else {
        return false;
    };
    hasher().verify_password(password.as_bytes(), &kept).is_ok()
}

/// Argon2id, with as much work as OWASP asks for: 19 MiB of memory, gone over twice. The checks of this
/// lesson ask for less by HASH_KIB.
fn hasher() -> Argon2<'static> {
    let params = Params::new(number("HASH_KIB", 19 * 1024) as u32, 2, 1, None);
    let params = params.expect("HASH_KIB is at least 8");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// How long a session lasts: an hour, if SESSION_SECONDS does not say otherwise.
fn session_seconds() -> u64 {
    number("SESSION_SECONDS", 60 * 60)
}

/// The number in an environment variable.
fn number(variable: &str, default: u64) -> u64 {
    let text = env::var(variable).unwrap_or_default();
    text.parse().unwrap_or(default)
}

/// Reads the members from the file that MEMBERS names, if it is there.
fn read_members() -> io::Result<Members> {
    let Ok(file) = env::var("MEMBERS") else {
        return Ok(Members::new());
    };
    match fs::read_to_string(file) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Members::new()),
        Err(error) => Err(error),
    }
}

/// Writes the members into the file that MEMBERS names, if it names one.
fn write_members(members: &Members) -> io::Result<()> {
    let Ok(file) = env::var("MEMBERS") else {
        return Ok(());
    };
    fs::write(file, serde_json::to_string_pretty(members)?)
}

/// Answers with a page in HTML.
fn send_page(response: Response, page: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .send_header("Cache-Control", "no-store")
        .end_headers()?
        .send(page)
}

fn main() -> http_core::Result<()> {
    let board = Board {
        members: Mutex::new(read_members()?),
        sessions: Mutex::default(),
        messages: Mutex::default(),
    };
    HttpServer::bind(local_address())?
        .threads(4)
        .serve_forever(board)
}
