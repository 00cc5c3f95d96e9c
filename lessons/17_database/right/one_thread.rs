//! Lesson 17, another right program: one thread has the connection, and the others send it what is to be
//! done.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::{env, fs, thread};

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

type Work = Box<dyn FnOnce(&Connection) + Send>;

/// Where the thread with the connection gets its work from.
struct Database {
    work: Sender<Work>,
}

impl Database {
    fn open(file: &Path) -> rusqlite::Result<Database> {
        let connection = Connection::open(file)?;
        connection.execute(TABLE, ())?;
        let (work, all) = mpsc::channel::<Work>();
        thread::spawn(move || {
            for one in all {
                one(&connection);
            }
        });
        Ok(Database { work })
    }

    /// Has this done, and waits for what comes of it.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let (send, done) = mpsc::channel();
        let work: Work = Box::new(move |connection| send.send(work(connection)).unwrap_or(()));
        self.work.send(work).expect("the thread lives");
        done.recv().expect("the thread answers")
    }

    fn keep(&self, message: &str) -> rusqlite::Result<()> {
        let message = message.to_string();
        self.ask(move |connection| {
            connection.execute("INSERT INTO messages (text) VALUES (?1)", [message])?;
            Ok(())
        })
    }

    fn page(&self, page: i64) -> rusqlite::Result<Vec<Message>> {
        self.ask(move |connection| {
            let last: i64 =
                connection.query_row("SELECT count(*) FROM messages", (), |row| row.get(0))?;
            // There are no gaps in the ids, as nothing is ever deleted.
            let newest = (last - (page - 1).saturating_mul(PAGE)).max(0);
            let sql =
                "SELECT id, text, likes FROM messages WHERE id <= ?1 AND id > ?2 ORDER BY id DESC";
            let mut select = connection.prepare(sql)?;
            let rows = select.query_map((newest, newest - PAGE), |row| {
                let (id, text, likes) = row.try_into()?;
                Ok(Message { id, text, likes })
            })?;
            rows.collect()
        })
    }

    fn count(&self) -> rusqlite::Result<i64> {
        self.ask(|connection| {
            connection.query_row("SELECT count(*) FROM messages", (), |row| row.get(0))
        })
    }

    fn like(&self, id: i64) -> rusqlite::Result<bool> {
        self.ask(move |connection| {
            let sql = "UPDATE messages SET likes = likes + 1 WHERE id = ?1";
            Ok(connection.execute(sql, (id,))? > 0)
        })
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
        let messages = self.page(page).map_err(io::Error::other)?;
        let count = self.count().map_err(io::Error::other)?;
        send_board(response, &messages, page, page.saturating_mul(PAGE) < count)
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
