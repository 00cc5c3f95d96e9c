//! Lesson 17, another right program: one row more than is shown is asked for, and tells whether there is
//! an older page.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

use http_core::{Answer, Handler, HttpServer, Request, Response};
use http_core::{escape_html, local_address, parse_form};
use rusqlite::Connection;

/// The page: the form, and places for the messages and for two links.
const BOARD_PAGE: &str = include_str!("../lessons/17_database/board.html");

/// The number of messages on a page.
const PAGE: i64 = 20;

/// The table of the messages, unless there is one.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL,
        likes INTEGER NOT NULL DEFAULT 0
    )";

/// A row of the table.
struct Message {
    id: i64,
    text: String,
    likes: i64,
}

/// The messages, in a file.
struct Database {
    connection: Mutex<Connection>,
}

impl Database {
    /// Opens the file, or makes it.
    fn open(file: &Path) -> rusqlite::Result<Database> {
        let connection = Connection::open(file)?;
        connection.execute(TABLE, ())?;
        Ok(Database {
            connection: Mutex::new(connection),
        })
    }

    /// Keeps a message.
    fn keep(&self, message: &str) -> rusqlite::Result<()> {
        let connection = self.connection.lock().unwrap();
        connection.execute("INSERT INTO messages (text) VALUES (?1)", (message,))?;
        Ok(())
    }

    /// The messages of a page, the newest first. The first page is 1.
    fn page(&self, page: i64) -> rusqlite::Result<Vec<Message>> {
        let connection = self.connection.lock().unwrap();
        let mut select = connection
            .prepare("SELECT id, text, likes FROM messages ORDER BY id DESC LIMIT ?1 OFFSET ?2")?;
        let skipped = (page - 1).saturating_mul(PAGE);
        let rows = select.query_map((PAGE + 1, skipped), |row| {
            Ok(Message {
                id: row.get("id")?,
                text: row.get("text")?,
                likes: row.get("likes")?,
            })
        })?;
        rows.collect()
    }

    /// Counts one more like for a message. Whether there is such a message.
    fn like(&self, id: i64) -> rusqlite::Result<bool> {
        let connection = self.connection.lock().unwrap();
        let changed =
            connection.execute("UPDATE messages SET likes = likes + 1 WHERE id = ?1", (id,))?;
        Ok(changed > 0)
    }
}

impl Handler for Database {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "There is no such page here.");
        }
        let fields = parse_form(request.query().unwrap_or_default());
        let page = match fields.get("page").map(|page| page.parse()) {
            None => 1,
            Some(Ok(page)) if page > 0 => page,
            Some(_) => return response.send_error(400, "A page has a number, from 1 on."),
        };
        let mut messages = self.page(page).map_err(io::Error::other)?;
        let more = messages.len() as i64 > PAGE;
        messages.truncate(PAGE as usize);
        send_board(response, &messages, page, more)
    }

    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        let fields = read_form(request)?;
        match request.path() {
            "/" => match fields.get("message") {
                Some(message) if message.trim().is_empty() => {
                    response.send_error(400, "Your message is empty. Go back and write something.")
                }
                Some(message) => {
                    self.keep(message).map_err(io::Error::other)?;
                    response.redirect(303, "/")
                }
                None => response.send_error(400, "Your form has no field message."),
            },
            "/like" => match fields.get("id").map(|id| id.parse()) {
                Some(Ok(id)) => match self.like(id).map_err(io::Error::other)? {
                    true => response.redirect(303, "/"),
                    false => response.send_error(404, "There is no such message."),
                },
                _ => response.send_error(400, "Your form has no number of a message."),
            },
            _ => response.send_error(404, "Nothing can be sent here."),
        }
    }
}

/// The fields of the form in the body.
fn read_form(request: &mut Request) -> io::Result<HashMap<String, String>> {
    let mut body = Vec::new();
    request.body().read_to_end(&mut body)?;
    Ok(parse_form(&String::from_utf8_lossy(&body)))
}

/// Answers with these messages, and with links to the pages beside this one.
fn send_board(response: Response, messages: &[Message], page: i64, more: bool) -> Answer {
    let mut list = String::new();
    for Message { id, text, likes } in messages {
        let text = escape_html(text);
        list.push_str(&format!(
            "<form class=\"message\" action=\"/like\" method=\"post\">\
             <p>{text}</p> <button name=\"id\" value=\"{id}\">♥ {likes}</button></form>\n"
        ));
    }
    let link = |page: i64, words: &str| format!("<a href=\"/?page={page}\">{words}</a>");
    let newer = if page > 1 {
        link(page - 1, "Newer")
    } else {
        String::new()
    };
    let older = if more {
        link(page + 1, "Older")
    } else {
        String::new()
    };
    let page = BOARD_PAGE
        .replace("<!-- newer -->", &newer)
        .replace("<!-- older -->", &older)
        .replace("<!-- messages -->", &list);
    response
        .send_response(200)
        .send_header("Content-Type", "text/html; charset=utf-8")
        .end_headers()?
        .send(page)
}

/// The file messages.db in the folder of this lesson, unless the environment variable DIRECTORY
/// names another folder.
fn file() -> io::Result<PathBuf> {
    let directory = match env::var_os("DIRECTORY") {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).into(),
    };
    fs::create_dir_all(&directory)?;
    Ok(directory.join("messages.db"))
}

fn main() -> http_core::Result<()> {
    let database = Database::open(&file()?).map_err(io::Error::other)?;
    HttpServer::bind(local_address())?
        .threads(16)
        .serve_forever(database)
}
