//! One lock for everything, one function for all requests, and a session that lasts an hour from its
//! last use.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, fs};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use sha2::{Digest, Sha256};

#[derive(Default)]
struct State {
    members: BTreeMap<String, String>,
    sessions: HashMap<Vec<u8>, (String, Instant)>,
    messages: Vec<(String, String)>,
}

struct Board(Mutex<State>);

impl Handler for Board {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        let method = request.method().to_string();
        if method == "POST" && !comes_from_here(request) {
            return response.send_error(403, "Not from here.");
        }
        let mut body = String::new();
        request.body().read_to_string(&mut body)?;
        let mut fields = parse_form(&body);
        let mut field = |name| fields.remove(name).unwrap_or_default();
        let path = request.path().to_string();
        let member = self.member(request);
        match (method.as_str(), path.as_str(), member) {
            ("GET" | "HEAD", "/login", _) => page(
                response,
                include_str!("../lessons/18_login/login.html").to_string(),
            ),
            ("GET" | "HEAD", "/", Some(name)) => {
                let state = self.0.lock().unwrap();
                let messages = state.messages.iter().map(|(author, text)| {
                    format!("<li><b>{}</b> {}", escape_html(author), escape_html(text))
                });
                let list = messages.collect::<String>();
                let html = include_str!("../lessons/18_login/board.html")
                    .replace("<!-- name -->", &escape_html(&name))
                    .replace("<!-- messages -->", &list);
                page(response, html)
            }
            ("GET" | "HEAD", "/messages", Some(_)) => {
                let state = self.0.lock().unwrap();
                let list = state.messages.iter();
                let list: Vec<_> = list
                    .map(|(name, text)| serde_json::json!({"text": text, "name": name}))
                    .collect();
                response
                    .send_response(200)
                    .send_header("Content-Type", "application/json")
                    .end_headers()?
                    .send(serde_json::to_string_pretty(&list)?)
            }
            ("GET" | "HEAD", "/messages", None) => response
                .send_response(401)
                .send_header("www-authenticate", "Form realm=\"board\"")
                .end_headers()?
                .finish(),
            ("POST", "/messages", Some(name)) => {
                let text = field("message");
                if text.trim().is_empty() {
                    return response.send_error(400, "Nothing?");
                }
                self.0.lock().unwrap().messages.push((name, text));
                response.redirect(303, "/")
            }
            ("GET" | "HEAD", "/", None) | ("POST", "/messages", None) => {
                response.redirect(303, "/login")
            }
            ("POST", "/register", _) => {
                let (name, password) = (field("name"), field("password"));
                if name.trim().is_empty() || password.chars().count() < 8 {
                    return response.send_error(400, "A name, and 8 characters.");
                }
                let hash = hash(&password);
                let mut state = self.0.lock().unwrap();
                match state.members.get(&name) {
                    Some(_) => response.send_error(409, "Somebody has it."),
                    None => {
                        state.members.insert(name, hash);
                        if let Ok(file) = env::var("MEMBERS") {
                            fs::write(file, serde_json::to_vec(&state.members)?)?;
                        }
                        response.redirect(303, "/login")
                    }
                }
            }
            ("POST", "/login", _) => self.log_in(&field("name"), &field("password"), response),
            ("POST", "/logout", _) => {
                if let Some(digest) = digest(request) {
                    self.0.lock().unwrap().sessions.remove(&digest);
                }
                let cookie = "session=gone; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
                response
                    .send_response(303)
                    .send_header("Location", "/login")
                    .send_header("Set-Cookie", cookie)
                    .end_headers()?
                    .finish()
            }
            _ => response.send_error(404, "There is nothing here."),
        }
    }
}

impl Board {
    fn log_in(&self, name: &str, password: &str, response: Response) -> Answer {
        let kept = self.0.lock().unwrap().members.get(name).cloned();
        // The hash of something else, for those who are not there.
        let is_there = kept.is_some();
        let kept = kept.unwrap_or_else(|| hash("somebody else's"));
        let fits = match PasswordHash::new(&kept) {
            Ok(kept) => hasher().verify_password(password.as_bytes(), &kept),
            Err(_) => return response.send_error(403, "That is not right."),
        };
        if fits.is_err() || !is_there {
            return response.send_error(403, "That is not right.");
        }
        let mut halves = [[0; 16]; 2];
        getrandom::fill(halves.as_flattened_mut()).expect("random bytes");
        let [one, other] = halves.map(u128::from_ne_bytes);
        let token = format!("{one:032x}{other:032x}");
        let digest = Sha256::digest(&token).to_vec();
        let until = Instant::now() + lasts();
        let session = (name.to_string(), until);
        self.0.lock().unwrap().sessions.insert(digest, session);
        let age = lasts().as_secs();
        let attributes = "Path=/; HttpOnly; SameSite=Lax";
        let cookie = format!("session={token}; {attributes}; Max-Age={age}");
        response
            .send_response(303)
            .send_header("Location", "/")
            .send_header("Set-Cookie", cookie)
            .end_headers()?
            .finish()
    }

    fn member(&self, request: &Request) -> Option<String> {
        let digest = digest(request)?;
        let mut state = self.0.lock().unwrap();
        let (name, until) = state.sessions.get(&digest)?;
        if *until > Instant::now() {
            return Some(name.clone());
        }
        state.sessions.remove(&digest);
        None
    }
}

fn digest(request: &Request) -> Option<Vec<u8>> {
    let mut cookies = request.header("Cookie")?.split(';').map(str::trim);
    let token = cookies.find_map(|cookie| cookie.strip_prefix("session="))?;
    Some(Sha256::digest(token).to_vec())
}

fn comes_from_here(request: &Request) -> bool {
    match (request.header("Origin"), request.header("Host")) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        _ => false,
    }
}

fn hash(password: &str) -> String {
    let hash = hasher().hash_password(password.as_bytes());
    hash.unwrap().to_string()
}

fn hasher() -> Argon2<'static> {
    let memory = env::var("HASH_KIB").ok().and_then(|text| text.parse().ok());
    let params = Params::new(memory.unwrap_or(19456), 2, 1, None).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn lasts() -> Duration {
    let seconds = env::var("SESSION_SECONDS");
    Duration::from_secs(
        seconds
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(3600),
    )
}

fn page(response: Response, html: String) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(html)
}

fn main() -> http_core::Result<()> {
    let mut state = State::default();
    if let Some(text) = env::var("MEMBERS")
        .ok()
        .and_then(|file| fs::read(file).ok())
    {
        state.members = serde_json::from_slice(&text).unwrap_or_default();
    }
    HttpServer::bind(local_address())?.serve_forever(Board(Mutex::new(state)))
}
