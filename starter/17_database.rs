//! Lesson 17: the database. What is written down stays.
//!
//!     cargo run -p database           run it, then open http://localhost:8000/
//!     cargo test -p database          see which steps are done
//!
//! The lesson is in lessons/17_database/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

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
        if !message
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == ' ')
        {
            todo!("step 2: keep any message, whatever is in it");
        }
        todo!("step 1: insert a row")
    }

    /// The messages of a page, the newest first. The first page is 1.
    fn page(&self, page: i64) -> rusqlite::Result<Vec<Message>> {
        todo!("step 1: select the rows")
    }

    /// The number of messages.
    fn count(&self) -> rusqlite::Result<i64> {
        todo!("step 4: let the database count")
    }

    /// Counts one more like for a message. Whether there is such a message.
    fn like(&self, id: i64) -> rusqlite::Result<bool> {
        todo!("step 3: update the row")
    }
}

impl Handler for Database {
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        if request.path() != "/" {
            return response.send_error(404, "There is no such page here.");
        }
        let fields = parse_form(request.query().unwrap_or_default());
        let page: i64 = match fields.get("page") {
            Some(page) => todo!("step 4: which page is it?"),
            None => 1,
        };
        let messages = self.page(page).map_err(io::Error::other)?;
        send_board(response, &messages, page, false)
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
            "/like" => todo!("step 3: count a like for the message with this id"),
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
