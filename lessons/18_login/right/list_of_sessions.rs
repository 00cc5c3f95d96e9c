//! Sessions in a list, digests compared by hand, a salt of its own, the time of day, and pages of its
//! own. A member who logs in again in the same browser has one session, not two.

use std::collections::HashMap;
use std::io::Read;
use std::sync::RwLock;
use std::time::{Duration, SystemTime};
use std::{env, fs, io};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use cookie::{Cookie, SameSite};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

struct Session {
    digest: [u8; 32],
    member: String,
    begun: SystemTime,
}

struct Message {
    author: String,
    text: String,
}

#[derive(Default)]
struct Server {
    members: RwLock<HashMap<String, String>>,
    sessions: RwLock<Vec<Session>>,
    messages: RwLock<Vec<Message>>,
}

/// Why a request is not done.
enum No {
    Status(u16, &'static str),
    ToLogin,
}

impl Handler for Server {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        let name = self.who(request);
        match request.path() {
            "/login" => send(response, "text/html; charset=utf-8", LOGIN.to_string()),
            "/" => match name {
                Ok(name) => send(response, "text/html; charset=utf-8", self.board(&name)),
                Err(no) => refuse(response, no),
            },
            "/messages" => match name {
                Ok(_) => send(response, "application/json", self.json().to_string()),
                Err(_) => response
                    .send_response(401)
                    .send_header("WWW-Authenticate", "Cookie realm=\"members\"")
                    .end_headers()?
                    .send("Members only.\n"),
            },
            _ => response.send_error(404, "?"),
        }
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let origin = request.header("Origin").map(str::to_string);
        let host = request.header("Host").unwrap_or("").to_string();
        if let Some(origin) = origin
            && origin != ["http://", &host].concat()
        {
            return refuse(response, No::Status(403, "This is another site."));
        }
        let mut body = Vec::new();
        request.body().read_to_end(&mut body)?;
        let fields = parse_form(&String::from_utf8_lossy(&body));
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let done = match request.path() {
            "/register" => self.register(field("name"), field("password"))?,
            "/login" => self.begin(request, field("name"), field("password")),
            "/logout" => {
                self.end(request);
                Ok((
                    "/login",
                    Some(cookie("").max_age(cookie::time::Duration::ZERO)),
                ))
            }
            "/messages" => self.who(request).and_then(|author| {
                let text = field("message");
                if text.trim().is_empty() {
                    return Err(No::Status(400, "Your message is empty."));
                }
                self.messages
                    .write()
                    .unwrap()
                    .push(Message { author, text });
                Ok(("/", None))
            }),
            _ => Err(No::Status(404, "?")),
        };
        match done {
            Err(no) => refuse(response, no),
            Ok((location, None)) => response.redirect(303, location),
            Ok((location, Some(cookie))) => response
                .send_response(303)
                .send_header("Set-Cookie", cookie)
                .send_header("Location", location)
                .end_headers()?
                .finish(),
        }
    }
}

/// Where to go next, perhaps with a cookie.
type Done = Result<(&'static str, Option<cookie::CookieBuilder<'static>>), No>;

impl Server {
    fn register(&self, name: String, password: String) -> io::Result<Done> {
        if name.chars().all(char::is_whitespace) || password.chars().nth(7).is_none() {
            return Ok(Err(No::Status(
                400,
                "A name, and a password of 8 characters.",
            )));
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).expect("random bytes");
        let hash = hasher().hash_password_with_salt(password.as_bytes(), &salt);
        let hash = hash.expect("a hash").to_string();
        let mut members = self.members.write().unwrap();
        if members.contains_key(&name) {
            return Ok(Err(No::Status(409, "There is somebody of this name.")));
        }
        members.insert(name, hash);
        if let Some(file) = env::var_os("MEMBERS") {
            fs::write(file, json!(*members).to_string())?;
        }
        Ok(Ok(("/login", None)))
    }

    fn begin(&self, request: &Request, name: String, password: String) -> Done {
        let kept = self.members.read().unwrap().get(&name).cloned();
        let is_right = if let Some(kept) = kept {
            let verified = PasswordHash::new(&kept)
                .map(|kept| hasher().verify_password(password.as_bytes(), &kept));
            matches!(verified, Ok(Ok(())))
        } else {
            let _ = hasher().hash_password(password.as_bytes());
            false
        };
        if !is_right {
            return Err(No::Status(403, "Name and password do not fit."));
        }
        self.end(request);
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("random bytes");
        let token: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        self.sessions.write().unwrap().push(Session {
            digest: Sha256::digest(&token).into(),
            member: name,
            begun: SystemTime::now(),
        });
        let age = cookie::time::Duration::seconds(lasts().as_secs() as i64);
        Ok(("/", Some(cookie(&token).max_age(age))))
    }

    fn end(&self, request: &Request) {
        if let Some(digest) = digest(request) {
            let mut sessions = self.sessions.write().unwrap();
            sessions.retain(|session| session.digest != digest);
        }
    }

    fn who(&self, request: &Request) -> Result<String, No> {
        let digest = digest(request).ok_or(No::ToLogin)?;
        for session in self.sessions.read().unwrap().iter() {
            let age = session.begun.elapsed().unwrap_or(Duration::MAX);
            if session.digest == digest && age < lasts() {
                return Ok(session.member.clone());
            }
        }
        Err(No::ToLogin)
    }

    fn board(&self, name: &str) -> String {
        let mut html = format!(
            "<!doctype html><title>Board</title><h1>Hello, {}</h1>",
            escape_html(name)
        );
        for Message { author, text } in self.messages.read().unwrap().iter() {
            html += &format!(
                "<h2>{}</h2><p>{}</p>",
                escape_html(author),
                escape_html(text)
            );
        }
        html + "<form method=post action=/messages><textarea name=message></textarea><button>Post</button></form>
            <form method=POST action='/logout'><input type=submit value='Log out'></form>"
    }

    fn json(&self) -> Value {
        let messages = self.messages.read().unwrap();
        let list = messages
            .iter()
            .map(|Message { author, text }| json!({"name": author, "text": text}));
        Value::Array(list.collect())
    }
}

const LOGIN: &str = "<!doctype html><title>Log in</title>
    <form method=post action=/login><input name=name><input name=password type=password><button>In</button></form>
    <form method=post action=/register><input name=name><input name=password type=password><button>New</button></form>";

fn refuse(response: Response, no: No) -> Answer {
    match no {
        No::Status(status, why) => response.send_error(status, why),
        No::ToLogin => response.redirect(303, "/login"),
    }
}

fn send(response: Response, kind: &str, body: String) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", kind)
        .end_headers()?
        .send(body)
}

fn cookie(token: &str) -> cookie::CookieBuilder<'static> {
    Cookie::build(("session", token.to_string()))
        .same_site(SameSite::Lax)
        .http_only(true)
        .path("/")
}

fn digest(request: &Request) -> Option<[u8; 32]> {
    for cookie in Cookie::split_parse(request.header("Cookie")?).flatten() {
        if cookie.name() == "session" {
            return Some(Sha256::digest(cookie.value()).into());
        }
    }
    None
}

fn number(name: &str) -> Option<u32> {
    env::var(name).ok()?.parse().ok()
}

fn lasts() -> Duration {
    Duration::from_secs(number("SESSION_SECONDS").unwrap_or(60 * 60).into())
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(number("HASH_KIB").unwrap_or(19 * 1024), 2, 1, None);
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.expect("parameters"),
    )
}

fn main() -> http_core::Result<()> {
    let server = Server::default();
    let file = env::var_os("MEMBERS").and_then(|file| fs::read_to_string(file).ok());
    if let Some(text) = file {
        *server.members.write().unwrap() = serde_json::from_str(&text).expect("members");
    }
    HttpServer::bind(local_address())?.serve_forever(server)
}
