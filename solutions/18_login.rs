//! Lesson 18, the reference: members, who log in.

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

impl Handler for Board {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/login" => send_page(response, LOGIN_PAGE),
            "/" => match self.member(request) {
                Some(name) => self.send_board(response, &name),
                None => response.redirect(303, "/login"),
            },
            "/messages" => match self.member(request) {
                Some(_) => self.send_messages(response),
                None => response
                    .send_response(401)
                    .send_header("WWW-Authenticate", "Cookie")
                    .end_headers()?
                    .send("Log in first.\n"),
            },
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        if is_foreign(request) {
            return response.send_error(403, "This form is not one of ours.");
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        match request.path() {
            "/register" => self.register(field("name"), field("password"), response),
            "/login" => self.login(field("name"), field("password"), response),
            "/logout" => self.logout(request, response),
            "/messages" => match self.member(request) {
                Some(name) => self.post(name, field("message"), response),
                None => response.redirect(303, "/login"),
            },
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

impl Board {
    /// Makes somebody a member.
    fn register(&self, name: &str, password: &str, response: Response) -> Answer {
        if name.trim().is_empty() {
            return response.send_error(400, "A member needs a name.");
        }
        if password.chars().count() < 8 {
            return response.send_error(400, "The password needs at least 8 characters.");
        }
        // Before the lock: it takes a while.
        let hash = hash(password);
        let mut members = self.members.lock().unwrap();
        if members.contains_key(name) {
            return response.send_error(409, "This name is taken.");
        }
        members.insert(name.to_string(), hash);
        write_members(&members)?;
        drop(members);
        response.redirect(303, "/login")
    }

    /// Begins a session.
    fn login(&self, name: &str, password: &str, response: Response) -> Answer {
        let kept = self.members.lock().unwrap().get(name).cloned();
        let is_right = match kept {
            Some(kept) => is_password(password, &kept),
            None => {
                // As much work as for a name that exists.
                hash(password);
                false
            }
        };
        if !is_right {
            return response.send_error(403, "The name or the password is wrong.");
        }
        let token = Token::new();
        let lasts = session_seconds();
        let session = Session {
            name: name.to_string(),
            ends: Instant::now() + Duration::from_secs(lasts),
        };
        let digest = token.digest();
        self.sessions.lock().unwrap().insert(digest, session);
        response
            .send_response(303)
            .send_header("Set-Cookie", session_cookie(&token.0, lasts))
            .send_header("Location", "/")
            .end_headers()?
            .finish()
    }

    /// The name of the member who has sent this, if it is one.
    fn member(&self, request: &Request) -> Option<String> {
        let token = token(request)?;
        let mut sessions = self.sessions.lock().unwrap();
        sessions.retain(|_, session| Instant::now() < session.ends);
        let session = sessions.get(&token.digest())?;
        Some(session.name.clone())
    }

    /// Ends a session.
    fn logout(&self, request: &Request, response: Response) -> Answer {
        if let Some(token) = token(request) {
            self.sessions.lock().unwrap().remove(&token.digest());
        }
        response
            .send_response(303)
            .send_header("Set-Cookie", session_cookie("", 0))
            .send_header("Location", "/login")
            .end_headers()?
            .finish()
    }

    /// Keeps a message.
    fn post(&self, name: String, message: &str, response: Response) -> Answer {
        if message.trim().is_empty() {
            return response.send_error(400, "Your message is empty.");
        }
        let message = (name, message.to_string());
        self.messages.lock().unwrap().push(message);
        response.redirect(303, "/")
    }

    /// Answers with the board, for this member.
    fn send_board(&self, response: Response, name: &str) -> Answer {
        let mut list = String::new();
        for (author, text) in self.messages.lock().unwrap().iter() {
            let (author, text) = (escape_html(author), escape_html(text));
            list += &format!("<li><b>{author}</b> {text}</li>\n");
        }
        let page = BOARD_PAGE.replace("<!-- messages -->", &list);
        send_page(response, &page.replace("<!-- name -->", &escape_html(name)))
    }

    /// Answers with the messages, for programs.
    fn send_messages(&self, response: Response) -> Answer {
        let mut list = Vec::new();
        for (author, text) in self.messages.lock().unwrap().iter() {
            list.push(json!({ "name": author, "text": text }));
        }
        response
            .send_response(200)
            .send_header("Content-Type", "application/json")
            .end_headers()?
            .send(json!(list).to_string())
    }
}

/// A secret that says who somebody is. It has no `Debug` and no `Display`, so that nothing prints
/// it by accident.
struct Token(String);

impl Token {
    /// A new one, which nobody can guess.
    fn new() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("random bytes");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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
    origin != format!("http://{host}") && origin != format!("https://{host}")
}

/// What is kept of a password: a salted hash, with all that is needed to check it.
fn hash(password: &str) -> String {
    let hash = hasher().hash_password(password.as_bytes());
    hash.expect("a password can be hashed").to_string()
}

/// Whether this is the password of which this hash was kept.
fn is_password(password: &str, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else {
        return false;
    };
    let verified = hasher().verify_password(password.as_bytes(), &kept);
    verified.is_ok()
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
    HttpServer::bind(local_address())?.serve_forever(board)
}
