//! The checks of lesson 17, database: a message board that remembers, whatever is written on it,
//! whoever writes at the same time, and however its program ends.
//!
//! Each program has a folder of its own for its file: the variable DIRECTORY names it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use grader::record::What;
use grader::{Act, Draw, Expect, Mistakes, Model, Run, Seen, Service, Status, Verdict, Whole};
use grader::{get, post};
use rusqlite::{Connection, OpenFlags};

const HTML: &str = "text/html; charset=utf-8";

/// The number of messages on a page.
const PAGE: i64 = 20;

/// The table of the starter, as SQLite remembers it.
const TABLE: &str = "CREATE TABLE messages ( id INTEGER PRIMARY KEY, text TEXT NOT NULL, likes \
                     INTEGER NOT NULL DEFAULT 0 )";

/// What is said of a message that was acknowledged, and is lost.
const LOST: &str = "303 says: it is kept. If the program is killed right after that, it must be in the \
                    file. Do not collect messages in memory, nor in a transaction that is committed \
                    later: execute the INSERT, and then answer.";

/// What is said of a program that has an empty file after each start.
const EMPTY: &str = "When the program starts again, what was posted before is gone. Is it in the file? \
                     Connection::open(file), a table that is made only IF NOT EXISTS, and no DELETE.";

/// What is said of messages that are not counted in the table.
const OWN_COUNT: &str = "The page shows all messages, and the number of them is another one: it is that of what this \
                         program has inserted or counted itself, since it was started perhaps. So the link to the \
                         older page is missing. The program itself keeps nothing, no number either: SELECT count(*) \
                         each time.";

/// A page before which there are 5 * 2^64 messages: of this number, 64 bits keep nothing.
const WRAPS: &str = "4611686018427387905";

/// More letters than the page's form lets a browser send, and more than a server may have room for
/// that is stingy.
const MORE: usize = 200;
const MUCH_MORE: usize = 5000;

/// How many letters such a server keeps: any number between the lengths that are sent.
const STINGY: usize = 1000;

/// Where a browser says that a form was filled in.
const REFERER: &str = "http://localhost:8000/?page=2";

/// How many ask at the same time.
const AT_ONCE: usize = 50;

/// How many likes come one after the other before.
const ALONE: usize = 2;

fn main() -> ExitCode {
    grader::lesson!(DatabaseBoard)
        .served_folder("DIRECTORY")
        .example(1, 1, "a message is answered with 303", Status, |draw| {
            [posted(&draw.word()), posted(&draw.word()).of_script()]
        })
        .example(
            1,
            2,
            "the page shows the messages, the newest first",
            Whole,
            |draw| {
                let texts = [draw.word(), draw.word(), draw.word()];
                // At first, the table is empty.
                let mut acts = vec![get("/")];
                acts.extend(texts.iter().map(|text| posted(text)));
                acts.extend([get("/"), get("/".to_string() + &draw.query())]);
                acts
            },
        )
        .example(
            1,
            2,
            "they are there when the program starts again",
            Whole,
            |draw| {
                [
                    posted(&draw.word()),
                    posted(&format!("{} {}", draw.word(), draw.word())),
                    Act::Restart,
                    get("/"),
                    posted(&draw.word()),
                    Act::Restart,
                    get("/"),
                ]
            },
        )
        .example(1, 1, "two messages may have the same text", Whole, |draw| {
            let text = draw.word();
            [posted(&text), posted(&text), get("/")]
        })
        .example(2, 2, "a message with quotes is a message", Whole, |draw| {
            [
                posted(&format!("It's {}", draw.word())),
                posted(&format!("\"{}\"; -- '{}''", draw.word(), draw.word())),
                get("/"),
            ]
        })
        .example(2, 2, "SQL in a message does nothing", Whole, |draw| {
            let forged = draw.word();
            [
                posted(&draw.word()),
                posted(&format!("{}'), ('{forged}", draw.word())),
                posted(&format!("{}'); DELETE FROM messages; --", draw.word())),
                posted("' || (SELECT sql FROM sqlite_master) || '"),
                get("/"),
            ]
        })
        .example(2, 1, "a message may hold any text", Whole, |draw| {
            [
                posted(&draw.line()),
                posted(&format!("<b>{}</b> & 100% \\ ?1 :a $b", draw.word())),
                posted(&format!("{}\0{}", draw.word(), draw.word())),
                posted(&long(draw, MORE)),
                posted(&long(draw, MUCH_MORE)),
                get("/"),
            ]
        })
        .check(2, 0, "it is kept as it came", kept_as_it_came)
        .example(3, 1, "a like is counted", Whole, |draw| {
            [
                posted(&draw.word()),
                like("1"),
                get("/"),
                like("1").field("Referer", REFERER),
                get("/"),
            ]
        })
        .example(3, 1, "for its message alone, and for good", Whole, |draw| {
            [
                posted(&draw.word()),
                posted(&draw.word()),
                like("2"),
                Act::Restart,
                like("2"),
                get("/"),
            ]
        })
        .example(
            3,
            1,
            "a message that is not there gets 404",
            Status,
            |draw| {
                [
                    posted(&draw.word()),
                    like(&draw.number(2..1000).to_string()),
                    like("0"),
                    like("-1"),
                    like("100000000000"),
                    // Of these, 32, 16 and 8 bits keep a 1.
                    like("4294967297"),
                    like("65537"),
                    like("257"),
                ]
            },
        )
        .example(3, 1, "what is no number gets 400", Whole, |draw| {
            [
                posted(&draw.word()),
                like(&draw.word()),
                like("1 OR 1=1"),
                like("1.0"),
                like(""),
                post("/like").form(&[("number", "1")]),
                get("/"),
            ]
        })
        .check(3, 2, "fifty posts at once: all are there", posts_at_once)
        .check(3, 2, "fifty likes at once: all are counted", likes_at_once)
        .check(3, 1, "what was acknowledged survives kill -9", killed)
        .check(3, 1, "what cannot be kept is not acknowledged", not_kept)
        .check(3, 0, "other programs may use the file, too", shared)
        .example(
            4,
            2,
            "the first page has the newest twenty",
            Whole,
            |draw| {
                let mut acts = board(draw, PAGE as usize + 2);
                acts.extend([get("/"), Act::Restart, get("/")]);
                acts
            },
        )
        .example(4, 2, "the next page has those before", Whole, |draw| {
            let mut acts = board(draw, 2 * PAGE as usize + 3);
            acts.extend([get("/?page=1"), get("/?page=2"), get("/?page=3")]);
            acts
        })
        .example(4, 1, "twenty messages are one page", Whole, |draw| {
            let mut acts = board(draw, PAGE as usize);
            acts.push(get("/"));
            acts.push(posted(&draw.word()));
            acts.push(get("/"));
            acts
        })
        .example(4, 1, "a page behind the last one is empty", Whole, |draw| {
            [
                posted(&draw.word()),
                get("/?page=2"),
                get("/?page=999999999999999999"),
                get(format!("/?page={WRAPS}")),
            ]
        })
        .example(
            4,
            1,
            "what is no number of a page gets 400",
            Status,
            |draw| {
                [
                    get("/?page=0"),
                    get("/?page=-1"),
                    get(format!("/?page={}", draw.word())),
                    get(format!("/?page=1{}", draw.word())),
                    get("/?page=1.0"),
                    get("/?page="),
                ]
            },
        )
        .check(4, 0, "what other programs write is counted, too", counted)
        .check(4, 0, "in a browser, one reads from page to page", pages)
        .sessions(1)
        .grade()
}

// What is done.

fn posted(text: &str) -> Act {
    post("/").form(&[("message", text)])
}

fn like(id: &str) -> Act {
    post("/like").form(&[("id", id)])
}

/// This number of messages.
fn board(draw: &mut Draw, count: usize) -> Vec<Act> {
    (0..count).map(|_| posted(&draw.word())).collect()
}

// What is right.

#[derive(Clone, Debug, PartialEq)]
struct Message {
    text: String,
    likes: u64,
}

/// All messages, the oldest first.
#[derive(Clone, Default)]
struct World {
    messages: Vec<Message>,
    /// Those that are in the file.
    saved: Vec<Message>,
    /// All texts that were posted.
    posted: Vec<String>,
    /// Whether the program has been asked since it was started.
    asked: bool,
    /// The number of messages that were kept since then.
    since_start: i64,
    /// Which messages have been liked since then.
    liked: BTreeSet<i64>,
}

impl World {
    /// What is in memory goes into the file, with the likes or without.
    fn save(&mut self, with_likes: bool) {
        let likes: Vec<u64> = self.saved.iter().map(|message| message.likes).collect();
        self.saved.clone_from(&self.messages);
        if !with_likes {
            let likes = likes.into_iter().chain(std::iter::repeat(0));
            for (message, likes) in self.saved.iter_mut().zip(likes) {
                message.likes = likes;
            }
        }
    }
}

/// When likes are written into the file.
#[derive(Clone, Copy, PartialEq)]
enum Saved {
    AtOnce,
    /// When a page is shown.
    WithThePage,
    Never,
}

/// How the length of a message is counted.
type Length = fn(&str) -> usize;

/// What the program does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    posted: (u16, Option<String>),
    /// How many messages are written into the file together.
    saves_every: usize,
    /// Whether those that are not written yet are written before a page is shown, and before a like
    /// is counted and written.
    saves_for_more: bool,
    /// What a start finds of what is in the file.
    found: fn(&[Message]) -> Vec<Message>,
    /// Why a text cannot be kept, if it cannot; else the texts that are kept.
    kept: fn(&str) -> Result<Vec<String>, u16>,
    /// How long a message may be, and the status if it is longer.
    limit: Option<(Length, usize, u16)>,
    /// Where a message and a like lead to, if a request has a Referer.
    back: [fn(referer: &str) -> Option<String>; 2],
    /// Whether a text that is there already is kept once more.
    same_again: bool,
    /// Whether only the last message is kept.
    only_last: bool,
    newest_first: bool,
    /// Whether those with more likes come first.
    by_likes: bool,
    /// Whether a page is cut out of the oldest first, and turned around then.
    turned: bool,
    /// Whether a NUL ends the statement.
    nul_breaks: bool,
    liked: (u16, Option<String>),
    /// Which messages get a like that is for this one.
    likes: fn(id: i64, at: i64) -> bool,
    /// What becomes of a number of likes.
    counts: fn(u64) -> u64,
    /// The number that is shown as that of the likes.
    shown: fn(likes: u64, id: i64) -> u64,
    /// Whether a client can like a message once.
    one_like: bool,
    likes_saved: Saved,
    /// The number that is read in the field id.
    reads_id: fn(&str) -> Option<i64>,
    missing: u16,
    no_id: u16,
    /// The status if there is no field id, if it is another one.
    absent_id: Option<u16>,
    /// The id that stands for one that is not there.
    default_id: Option<&'static str>,
    /// The largest numbers that are read as such.
    largest_id: i64,
    smallest_id: i64,
    largest_page: i64,
    /// Whether an empty number of a page is as if there were none.
    empty_is_none: bool,
    /// The number of messages that a page shows at most. Pages are counted from 1.
    size: fn(page: i64) -> i64,
    /// The number of messages before a page.
    skipped: fn(page: i64) -> i64,
    /// Whether there is a page behind this one, on which so many are shown.
    has_older: fn(page: i64, count: i64, shown: i64) -> bool,
    /// What is taken for the number of messages.
    counted: fn(all: i64, since_start: i64) -> i64,
    no_page: Option<u16>,
    /// Which page is shown for a number below 1, if one is.
    below_one: fn(page: i64) -> Option<i64>,
    behind: u16,
    /// Whether a page behind the last one is that one.
    last_again: bool,
    /// The status of the page while there is no message.
    empty: u16,
}

impl Default for Knobs {
    fn default() -> Self {
        let to_the_page = || (303, Some("/".to_string()));
        Self {
            posted: to_the_page(),
            saves_every: 1,
            saves_for_more: false,
            found: |saved| saved.to_vec(),
            kept: |text| Ok(vec![text.into()]),
            limit: None,
            back: [|_| None; 2],
            same_again: true,
            only_last: false,
            newest_first: true,
            by_likes: false,
            turned: false,
            nul_breaks: false,
            liked: to_the_page(),
            likes: |id, at| id == at,
            counts: |likes| likes + 1,
            shown: |likes, _| likes,
            one_like: false,
            likes_saved: Saved::AtOnce,
            reads_id: |id| id.parse().ok(),
            missing: 404,
            no_id: 400,
            absent_id: None,
            default_id: None,
            largest_id: i64::MAX,
            smallest_id: i64::MIN,
            largest_page: i64::MAX,
            empty_is_none: false,
            size: |_| PAGE,
            skipped: before,
            has_older: |page, count, _| page.saturating_mul(PAGE) < count,
            counted: |all, _| all,
            no_page: Some(400),
            below_one: |_| None,
            behind: 200,
            last_again: false,
            empty: 200,
        }
    }
}

/// The number of messages before a page.
fn before(page: i64) -> i64 {
    (page - 1).saturating_mul(PAGE)
}

/// Whether the text of step 1 speaks of such a message: letters, digits and spaces.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
}

struct DatabaseBoard;

impl Model for DatabaseBoard {
    type Knobs = Knobs;
    type State = World;

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.respells(&["/", "/like"]) {
            return None;
        }
        if !std::mem::replace(&mut world.asked, true) {
            world.messages = (knobs.found)(&world.saved);
            world.since_start = 0;
            world.liked.clear();
        }
        let back = |at: usize, location: &Option<String>| {
            let back = asked.field("Referer").and_then(knobs.back[at]);
            back.or_else(|| location.clone())
        };
        match (&*asked.method, asked.path()) {
            ("GET", "/") => {
                let page = page(knobs, world, asked.query_field("page"));
                let is_shown = |expect: &Expect| {
                    let first = expect.all().first().map(|first| &first.what);
                    matches!(first, Some(What::Status(statuses)) if statuses[..] == [200])
                };
                let saves = knobs.saves_for_more || knobs.likes_saved == Saved::WithThePage;
                // What is left open, the starter takes for the number of a page.
                if saves && page.as_ref().is_none_or(is_shown) {
                    world.save(true);
                }
                page
            }
            ("GET", _) => Some(Expect::step(1).status(404)),
            ("POST", "/") => match asked.form_field("message") {
                Some(text) if text.contains('\r') => None,
                Some(text) => {
                    let location = back(0, &knobs.posted.1);
                    Some(kept(knobs, world, &text, location.as_deref()))
                }
                None => Some(Expect::step(1).status(400)),
            },
            ("POST", "/like") => {
                let id = asked.form_field("id");
                let location = back(1, &knobs.liked.1);
                liked(knobs, world, id.as_deref(), location.as_deref())
            }
            ("POST", _) => Some(Expect::step(1).status(404)),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        let count = world.messages.len() as u64;
        match draw.below(24) {
            0..=2 => vec![posted(&draw.word()), get("/")],
            3 => {
                let target = format!("/{}", draw.query());
                let act = post(target).form(&[("message", &draw.word())]);
                vec![act.field("Referer", REFERER), get("/")]
            }
            4..=8 => vec![posted(&text(draw)), get("/")],
            9 => vec![posted(&text(draw)), Act::Restart, get("/")],
            10..=12 => {
                let id = draw.below(count + 3).to_string();
                match draw.below(4) {
                    1 => vec![like(&id).field("Referer", REFERER), get("/")],
                    2 => vec![like(&id), Act::Restart, get("/")],
                    _ => vec![like(&id), get("/")],
                }
            }
            13 => vec![like(draw.pick(&[
                "300",
                "70000",
                "3000000000",
                "99999999999",
                "4294967297",
            ]))],
            14 => vec![like(draw.pick(&["", "one", "1 OR 1=1", "1.5", "1; --"]))],
            15 => vec![posted(draw.pick(&["", " ", "  \t "]))],
            16 => {
                let text = draw.word();
                vec![posted(&text), posted(&text), get("/")]
            }
            17 | 18 => vec![get(format!("/?page={}", draw.below(4)))],
            19 => vec![get(format!(
                "/?page={}",
                draw.pick(&[
                    "x",
                    "-1",
                    "1.5",
                    "",
                    "0",
                    "99999",
                    "3000000000",
                    "99999999999",
                    WRAPS
                ])
            ))],
            20 => {
                // To the edge of a page, or over it.
                let left = PAGE as usize - world.messages.len() % PAGE as usize;
                let mut acts = board(draw, left);
                acts.extend([get("/"), get("/?page=2")]);
                acts
            }
            21 => vec![get(draw.path_near(&["/", "/like"]))],
            22 => vec![post(draw.path_near(&["/", "/like"])).form(&[("text", &draw.word())])],
            _ => vec![Act::Restart, get("/")],
        }
    }

    fn restart(world: &mut World) {
        world.asked = false;
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_keeping(mistakes);
        about_quotes(mistakes);
        about_likes(mistakes);
        about_pages(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        if status >= 500 {
            return;
        }
        let came = (status, answer.field("Location").map(str::to_string));
        match (&*asked.method, asked.path()) {
            ("POST", "/like") if status == 400 || status == 404 || status == 422 => {
                mistakes.wrong(
                    "no-number-otherwise",
                    format!(
                        "What is no number in the field id is answered with {status}. The form \
                         is wrong: 400."
                    ),
                    move |knobs| knobs.no_id = status,
                );
                mistakes.wrong(
                    "no-field-otherwise",
                    format!(
                        "A like without the field id is answered with {status}. The form is \
                         wrong: 400."
                    ),
                    move |knobs| knobs.absent_id = Some(status),
                );
                mistakes.wrong(
                    "missing-otherwise",
                    format!(
                        "A like for a message that is not there is answered with {status}. Its \
                         status is 404."
                    ),
                    move |knobs| knobs.missing = status,
                );
            }
            ("POST", "/like") => {
                mistakes.wrong(
                    "liked-otherwise",
                    "The answer to a like must have the status 303 and Location: /. Compare both.",
                    move |knobs| knobs.liked = came.clone(),
                );
            }
            ("POST", "/") if (400..500).contains(&status) => {
                let letters: Length = |text| text.chars().count();
                for (length, most) in [(letters, MORE), (str::len, MORE), (letters, STINGY)] {
                    mistakes.wrong(
                        "long-refused",
                        format!(
                            "A long message is refused with {status}. How long one may be, the form says, and nobody \
                             else: keep it."
                        ),
                        move |knobs| knobs.limit = Some((length, most, status)),
                    );
                }
            }
            ("GET", "/") if asked.query_field("page").is_some() && status != 200 => {
                mistakes.wrong(
                    "empty-page-refused",
                    "A page behind the last one is refused. It is a page without messages: 200.",
                    move |knobs| knobs.behind = status,
                );
            }
            _ => {}
        }
    }
}

/// A message with something in it that SQL would take for its own.
fn text(draw: &mut Draw) -> String {
    let word = draw.word();
    match draw.below(17) {
        15 => long(draw, MORE),
        16 => format!("{word} {}", "é".repeat(MORE - 60)),
        1 => format!("It's {word}"),
        2 => format!("\"{word}\""),
        3 => format!("{word}'), ('{}", draw.word()),
        4 => format!("{word}'); DELETE FROM messages; --"),
        5 => format!("{word}'); DROP TABLE messages; --"),
        6 => format!("''{word}'"),
        7 => format!("{word} -- {}", draw.word()),
        8 => format!("{word}; {} /* {} */", draw.word(), draw.word()),
        9 => format!("?1 {word} :text"),
        10 => format!("{word}\\' {}", draw.word()),
        11 => format!("' || '{word}"),
        12 => draw.line(),
        13 => draw.text(),
        14 => format!("{word}\0{}", draw.word()),
        _ => format!("{word}'{}", draw.word()),
    }
}

/// A text with more than so many letters.
fn long(draw: &mut Draw, most: usize) -> String {
    let mut text = draw.line();
    while text.chars().count() <= most {
        text += " ";
        text += &draw.word();
    }
    text
}

/// The texts of the rows that are inserted if this text stands between two quotes of an INSERT.
/// If it makes no statement, the status of the answer.
fn as_sql(text: &str) -> Result<Vec<String>, u16> {
    const BROKEN: u16 = 500;
    const SCHEMA: &str = "(SELECT sql FROM sqlite_master)";
    if text.contains('\0') {
        return Err(BROKEN);
    }
    let mut rest = &*format!("{text}')");
    let mut rows = Vec::new();
    loop {
        let mut row = String::new();
        // The text up to its end. A quote that stands there twice is one.
        loop {
            let (before, after) = rest.split_once('\'').ok_or(BROKEN)?;
            row += before;
            match after.strip_prefix('\'') {
                Some(after) => {
                    row.push('\'');
                    rest = after;
                }
                None => {
                    let Some(joined) = after.strip_prefix(" || ") else {
                        rest = after;
                        break;
                    };
                    let schema = joined.strip_prefix(SCHEMA);
                    if schema.is_some() {
                        row += TABLE;
                    }
                    let joined = schema.map_or(Some(joined), |after| after.strip_prefix(" || "));
                    rest = joined
                        .and_then(|text| text.strip_prefix('\''))
                        .ok_or(BROKEN)?;
                }
            }
        }
        rows.push(row);
        match rest.strip_prefix(')') {
            Some("") => return Ok(rows),
            Some(more) => rest = more.strip_prefix(", ('").ok_or(BROKEN)?,
            None => return Err(BROKEN),
        }
    }
}

/// The page with this number.
fn page(knobs: &Knobs, world: &World, number: Option<String>) -> Option<Expect> {
    let count = world.messages.len() as i64;
    let parsed = match &number {
        None => Ok(1),
        Some(text) if text.is_empty() && knobs.empty_is_none => Ok(1),
        // What is read as a number in one program, and not in another.
        Some(text) if text.starts_with('+') => return None,
        Some(text) if text.len() > 18 && text.parse::<i64>().is_err() => return None,
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number <= knobs.largest_page => Ok(number),
            _ => Err(()),
        },
    };
    let step = match &number {
        Some(_) => 4,
        // (A little before the page is full: a wrong program may have more than are right.)
        None if world.posted.len() as i64 > PAGE - 5 => 4,
        None if world
            .messages
            .iter()
            .any(|message| !is_plain(&message.text)) =>
        {
            2
        }
        None if world.messages.iter().any(|message| message.likes > 0) => 3,
        None => 1,
    };
    let expect = Expect::step(step);
    let page = match parsed {
        Ok(page) if page > 0 => Some(page),
        Ok(page) => (knobs.below_one)(page),
        Err(_) => None,
    };
    let page = match (page, knobs.no_page) {
        (Some(page), _) => page,
        (None, Some(status)) => return Some(expect.status(status)),
        (None, None) => 1,
    };
    if count == 0 && knobs.empty != 200 {
        return Some(expect.status(knobs.empty));
    }
    let page = match knobs.last_again {
        true => page.min((count - 1).max(0) / PAGE + 1),
        false => page,
    };
    let size = (knobs.size)(page);
    let skipped = (knobs.skipped)(page).max(0);
    if page > 1 && skipped >= count && knobs.behind != 200 {
        return Some(expect.status(knobs.behind));
    }
    let mut order: Vec<(i64, &Message)> = (1..).zip(&world.messages).collect();
    if knobs.newest_first && !knobs.turned {
        order.reverse();
    }
    if knobs.by_likes {
        order.sort_by_key(|(_, message)| Reverse(message.likes));
    }
    let mut expect = expect.status(200).field("Content-Type", HTML);
    let here = skipped..skipped.saturating_add(size);
    let mut shown: Vec<(i64, &Message)> = (0..)
        .zip(order)
        .filter_map(|(at, message)| here.contains(&at).then_some(message))
        .collect();
    if knobs.turned {
        shown.reverse();
    }
    for text in &world.posted {
        // A short one may be a part of something else.
        let is_long = text.trim().chars().count() > 3;
        if is_long && !shown.iter().any(|(_, one)| one.text.contains(text)) {
            expect = expect.hides(text);
        }
    }
    // The number of likes stands behind its message.
    // How a page shows a NUL, nobody says.
    let parts = |message: &Message| -> Vec<String> {
        let parts = message.text.split('\0').filter(|part| !part.is_empty());
        parts.map(str::to_string).collect()
    };
    let number_shown = shown.len() as i64;
    let texts: Vec<String> = shown.iter().flat_map(|(_, one)| parts(one)).collect();
    let each = shown.into_iter().flat_map(|(id, message)| {
        let mut parts = parts(message);
        parts.push((knobs.shown)(message.likes, id).to_string());
        parts
    });
    expect = expect.shows_in_order(texts).then(step.max(3));
    expect = expect.shows_in_order(each);
    let link = |page: i64| format!("href=\"/?page={page}\"");
    expect = expect.then(4);
    let counted = (knobs.counted)(count, world.since_start);
    expect = match (knobs.has_older)(page, counted, number_shown) {
        true => expect.body_has(link(page + 1)),
        false => expect.body_lacks(link(page.saturating_add(1))),
    };
    Some(match page > 1 {
        true => expect.body_has(link(page - 1)),
        false => expect,
    })
}

/// A message comes to be kept.
fn kept(knobs: &Knobs, world: &mut World, text: &str, location: Option<&str>) -> Expect {
    let step = if is_plain(text) { 1 } else { 2 };
    let expect = Expect::step(step);
    if text.trim().is_empty() {
        return Expect::step(1).status(400);
    }
    world.posted.push(text.into());
    if knobs.nul_breaks && text.contains('\0') {
        return expect.status(500);
    }
    match knobs.limit {
        Some((length, most, status)) if length(text) > most => return expect.status(status),
        _ => {}
    }
    let texts = match (knobs.kept)(text) {
        Err(status) => return expect.status(status),
        Ok(texts) => texts,
    };
    let is_there = |text: &String| world.messages.iter().any(|message| message.text == *text);
    let new: Vec<Message> = texts
        .into_iter()
        .filter(|text| knobs.same_again || !is_there(text))
        .map(|text| Message { text, likes: 0 })
        .collect();
    if knobs.only_last {
        world.messages.clear();
    }
    world.since_start += new.len() as i64;
    world.messages.extend(new);
    if world.messages.len().is_multiple_of(knobs.saves_every) {
        world.save(knobs.likes_saved == Saved::AtOnce);
    }
    let expect = expect.status(knobs.posted.0);
    expect.field("Location", location)
}

/// A like comes to be counted.
fn liked(
    knobs: &Knobs,
    world: &mut World,
    id: Option<&str>,
    location: Option<&str>,
) -> Option<Expect> {
    let expect = Expect::step(3);
    let ids = knobs.smallest_id..=knobs.largest_id;
    let id = match id.or(knobs.default_id) {
        // What is read as a number in one program, and not in another.
        Some(id) if id.starts_with('+') || id.len() > 18 => return None,
        Some(id) => (knobs.reads_id)(id).filter(|id| ids.contains(id)),
        None => return Some(expect.status(knobs.absent_id.unwrap_or(knobs.no_id))),
    };
    let Some(id) = id else {
        return Some(expect.status(knobs.no_id));
    };
    if knobs.saves_for_more {
        world.save(true);
    }
    let is_there = (1..=world.messages.len() as i64).any(|at| (knobs.likes)(id, at));
    if !is_there {
        return Some(expect.status(knobs.missing));
    }
    let counts = world.liked.insert(id) || !knobs.one_like;
    for (at, message) in (1..).zip(&mut world.messages) {
        if counts && (knobs.likes)(id, at) {
            message.likes = (knobs.counts)(message.likes);
        }
    }
    let is_saved = knobs.saves_every == 1 || knobs.saves_for_more;
    if is_saved && knobs.likes_saved == Saved::AtOnce {
        world.save(true);
    }
    let expect = expect.status(knobs.liked.0);
    Some(expect.field("Location", location))
}

fn about_keeping(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "begins-empty",
            EMPTY,
            |knobs| knobs.found = |_| Vec::new(),
        )
        .wrong("acknowledged-lost", LOST, |knobs| knobs.saves_every = 10)
        .or(|knobs| {
            knobs.saves_every = 10;
            knobs.saves_for_more = true;
        })
        .or(|knobs| {
            knobs.saves_every = usize::MAX;
            knobs.saves_for_more = true;
        })
        .wrong(
            "oldest-first",
            "The oldest message is the first on the page. Without ORDER BY, the rows come in any \
             order, mostly the oldest first: ORDER BY id DESC. (Without quotes: 'id' is a text, the same \
             for each row.)",
            |knobs| knobs.newest_first = false,
        )
        .wrong(
            "likes-first",
            "Messages with more likes stand above newer ones. The newest is the first, whatever its \
             likes: ORDER BY id DESC, and nothing else.",
            |knobs| knobs.by_likes = true,
        )
        .wrong(
            "nothing-kept",
            "A message is answered with 303, and is not on the page: nothing has been inserted. \
             prepare alone does nothing yet: execute.",
            |knobs| knobs.kept = |_| Ok(Vec::new()),
        )
        .wrong(
            "same-text-once",
            "A message whose text is on the board already is answered with 303, and not kept. Two people may \
             write the same: each POST is a message of its own, and needs a row.",
            |knobs| knobs.same_again = false,
        )
        .wrong(
            "long-cut",
            "Of a long message, only the beginning is kept. How long a message may be, the form says, and nobody else: \
             keep all of it.",
            |knobs| knobs.kept = |text| Ok(vec![text.chars().take(MORE).collect()]),
        )
        .or(|knobs| knobs.kept = |text| Ok(vec![text.chars().take(STINGY).collect()]))
        .wrong(
            "goes-back-by-referer",
            "You send the client to where its header Referer says. The table says /, wherever it comes from; and what a \
             client says is no good place to send anyone to.",
            |knobs| knobs.back = [|_| None, |referer| Some(referer.into())],
        )
        .or(|knobs| knobs.back = [|referer| Some(referer.into()); 2])
        .or(|knobs| knobs.back = [|_| None, behind_the_host])
        .or(|knobs| knobs.back = [behind_the_host; 2])
        .wrong(
            "one-message",
            "Each new message takes the place of the old one. INSERT adds a row, UPDATE and \
             REPLACE change one that is there.",
            |knobs| knobs.only_last = true,
        );
}

/// The path of an address, and its query string.
fn behind_the_host(referer: &str) -> Option<String> {
    let path = referer.splitn(4, '/').nth(3)?;
    Some(format!("/{path}"))
}

/// The number that a text begins with.
fn beginning(id: &str) -> Option<i64> {
    let end = id.find(|c: char| !c.is_ascii_digit());
    id[..end.unwrap_or(id.len())].parse().ok()
}

fn about_quotes(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "text-is-sql",
            "A message is read as SQL. A quote in it ends the text, and what follows is a part of \
             your statement: it is an error, or it does what a stranger wants. Do not put the \
             message into the statement with format!. Write ?1 there, without quotes, and give \
             execute the message as (message,).",
            |knobs| knobs.kept = as_sql,
        )
        .or(|knobs| knobs.kept = |text| as_sql(&text.replace('\'', "\\'")))
        .wrong(
            "nul-ends-it",
            "A message with a NUL in it (the character with the number 0) is not kept: it ends your \
             statement. So the text is still a part of it, with its quotes doubled perhaps. There is \
             always one sign that you did not think of. Write ?1 in the statement, and give execute \
             the message as (message,).",
            |knobs| knobs.nul_breaks = true,
        )
        .wrong(
            "quotes-removed",
            "The quotes in a message are gone. Nobody has to give up an apostrophe: bind the \
             text with ?1, and leave it as it is.",
            |knobs| knobs.kept = |text| Ok(vec![text.replace('\'', "")]),
        )
        .or(|knobs| knobs.kept = |text| Ok(vec![text.replace(['\'', '"'], "")]))
        .wrong(
            "quotes-doubled",
            "A quote in a message is there twice. That is how SQL writes a quote inside of a \
             text. What is bound with ?1 is no SQL: leave it as it is.",
            |knobs| knobs.kept = |text| Ok(vec![text.replace('\'', "''")]),
        )
        .wrong(
            "quotes-escaped",
            "There is a backslash before each quote in a message. What is bound with ?1 needs no \
             escape: leave it as it is.",
            |knobs| knobs.kept = |text| Ok(vec![text.replace('\'', "\\'")]),
        )
        .wrong(
            "quotes-refused",
            "A message with a quote in it is refused. It is a message like others: bind it with \
             ?1, and there is no danger in it.",
            |knobs| {
                knobs.kept = |text| match text.contains('\'') {
                    true => Err(400),
                    false => Ok(vec![text.into()]),
                };
            },
        )
        .wrong(
            "words-refused",
            "A message that looks like SQL is refused. People may write about SQL: bind the text \
             with ?1, and it does nothing, whatever is in it.",
            |knobs| {
                knobs.kept = |text| match [";", "--"].iter().any(|sign| text.contains(sign)) {
                    true => Err(400),
                    false => Ok(vec![text.into()]),
                };
            },
        )
        .wrong(
            "escaped-twice",
            "The message is escaped as HTML before it is kept, and again on the page, so that a \
             reader sees &#39; and &amp;. Keep it as it came: what is HTML is decided where the \
             page is made.",
            |knobs| knobs.kept = |text| Ok(vec![http_core::escape_html(text)]),
        )
        .wrong(
            "special-letters-lost",
            "Only letters, digits and spaces are kept of a message. Any text is right: bind it \
             with ?1.",
            |knobs| {
                knobs.kept = |text| {
                    Ok(vec![
                        text.chars().filter(|c| is_plain(&c.to_string())).collect(),
                    ])
                };
            },
        );
}

fn about_likes(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "likes-all",
            "A like counts for every message. An UPDATE without WHERE changes all rows: WHERE id \
             = ?1.",
            |knobs| knobs.likes = |_, _| true,
        )
        .wrong(
            "like-is-one",
            "The second like is not counted: likes becomes 1, whatever it was. Let the database \
             add: SET likes = likes + 1.",
            |knobs| knobs.counts = |_| 1,
        )
        .wrong(
            "one-like-for-a-client",
            "A client can like a message once, and more likes of it are answered with 303 and not counted. Nobody has asked \
             to tell clients apart: each POST is one like more.",
            |knobs| knobs.one_like = true,
        )
        .wrong(
            "likes-wait",
            "Likes wait in memory after they are answered with 303, and are lost if the program ends. The 303 is a promise: \
             execute the UPDATE, and then answer.",
            |knobs| knobs.likes_saved = Saved::WithThePage,
        )
        .or(|knobs| knobs.likes_saved = Saved::Never)
        .wrong(
            "id-beginning",
            "Of the field id, only the digits at its beginning are read: 1 OR 1=1 is a like for message 1. It is no number as a \
             whole: parse all of it, and answer 400.",
            |knobs| knobs.reads_id = beginning,
        )
        .wrong(
            "likes-not-counted",
            "A like is answered with 303, and the number stays as it was.",
            |knobs| knobs.counts = |likes| likes,
        )
        .wrong(
            "id-as-likes",
            "The heart of a message shows its id, and not how many likes it has. The columns are counted from 0, \
             as they stand behind SELECT; row.get(\"likes\") takes the one of this name, wherever it stands.",
            |knobs| knobs.shown = |_, id| id.unsigned_abs(),
        )
        .wrong(
            "large-id-refused",
            "A large number in the field id gets 400, as if it were none. It is a number, and no \
             message has it: 404. Parse an i64, which is what the database has, and let the database \
             say that there is none.",
            |knobs| knobs.largest_id = i64::from(u32::MAX),
        )
        .or(|knobs| knobs.largest_id = i64::from(i32::MAX))
        .or(|knobs| knobs.largest_id = i64::from(u16::MAX))
        .or(|knobs| knobs.largest_id = i64::from(u8::MAX))
        // A type without a sign has no number below 0, either.
        .or(|knobs| (knobs.smallest_id, knobs.largest_id) = (0, i64::from(u32::MAX)))
        .or(|knobs| (knobs.smallest_id, knobs.largest_id) = (0, i64::from(u16::MAX)))
        .or(|knobs| (knobs.smallest_id, knobs.largest_id) = (0, i64::from(u8::MAX)))
        .wrong(
            "large-id-cut",
            "A like for an id that no message has is counted for another one: the number is cut to fewer bits, and \
             what is left of 4294967297 or 257 is 1. Take the id as an i64 all the way, and cast it nowhere with as.",
            |knobs| knobs.reads_id = |id| Some(i64::from(id.parse::<i64>().ok()? as u32)),
        )
        .or(|knobs| knobs.reads_id = |id| Some(i64::from(id.parse::<i64>().ok()? as i32)))
        .or(|knobs| knobs.reads_id = |id| Some(i64::from(id.parse::<i64>().ok()? as u16)))
        .or(|knobs| knobs.reads_id = |id| Some(i64::from(id.parse::<i64>().ok()? as u8)))
        .wrong(
            "small-id-refused",
            "An id of 0 or -1 gets 400, as if it were none. It is a number, and no message has it: 404. (For pages, \
             1 is the smallest number. Of an id, let the database say that there is none: parse an i64.)",
            |knobs| knobs.smallest_id = 1,
        )
        .or(|knobs| knobs.smallest_id = 0)
        .wrong(
            "no-id-is-one",
            "A like without the field id counts for the message with the number 1. Nobody has said which \
             message is meant, so the form is wrong: 400. (It is a page that is 1 if none is named.)",
            |knobs| knobs.default_id = Some("1"),
        )
        .wrong(
            "missing-liked",
            "A like for a message that is not there is answered with 303. execute returns the \
             number of rows that it has changed: if that is 0, there is no such message.",
            |knobs| knobs.missing = 303,
        );
}

fn about_pages(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "all-on-one-page",
            "A page shows more than twenty messages: LIMIT says how many rows a SELECT gives at \
             most.",
            |knobs| knobs.size = |_| i64::MAX,
        )
        .wrong(
            "other-page-size",
            "A page must have twenty messages, if there are as many. Look at LIMIT.",
            |knobs| knobs.size = |_| 10,
        )
        .or(|knobs| knobs.size = |_| 19)
        .wrong(
            "one-row-more",
            "A page shows one message too many, and the last one stands on the next page, too. If you ask for one row more, to see \
             whether there are older messages, leave it out of the page.",
            |knobs| knobs.size = |_| PAGE + 1,
        )
        .wrong("own-count", OWN_COUNT, |knobs| {
            knobs.counted = |all, since_start| match since_start {
                0 => 0,
                _ => all,
            };
        })
        .or(|knobs| knobs.counted = |_, since_start| since_start)
        .wrong(
            "always-the-first",
            "Each page shows the newest messages. OFFSET says how many rows are left out before.",
            |knobs| knobs.skipped = |_| 0,
        )
        .wrong(
            "one-page-too-far",
            "The first page leaves out the newest twenty messages. Pages are counted from 1, and \
             before the first there are none: (page - 1) * PAGE.",
            |knobs| knobs.skipped = |page| page.saturating_mul(PAGE),
        )
        .wrong(
            "offset-wraps",
            "The page with a very large number shows messages: the product of page and PAGE does not fit into \
             64 bits, and what is left of it is small again. saturating_mul gives the largest number in its \
             place.",
            |knobs| knobs.skipped = |page| (page - 1).wrapping_mul(PAGE),
        )
        .or(|knobs| {
            knobs.skipped = |page| (page - 1).wrapping_mul(PAGE);
            knobs.has_older = |page, count, _| page.wrapping_mul(PAGE) < count;
        })
        .wrong(
            "skips-too-few",
            "OFFSET is the number of a page, and not that of the messages before it. So the \
             second page shows nearly the same: (page - 1) * PAGE.",
            |knobs| knobs.skipped = |page| page - 1,
        )
        .wrong(
            "limit-is-offset",
            "The two numbers have changed places: LIMIT is how many rows come, and OFFSET how \
             many are left out before. The first value of the tuple is ?1, the second ?2.",
            |knobs| {
                knobs.size = before;
                knobs.skipped = |_| PAGE;
            },
        )
        .wrong(
            "older-always",
            "There is a link to an older page where there is none. Is page * PAGE less than the \
             number of messages?",
            |knobs| knobs.has_older = |_, _, _| true,
        )
        .wrong(
            "older-never",
            "There is no link to the older page, though there is one: the last argument of \
             send_board says whether there are more.",
            |knobs| knobs.has_older = |_, _, _| false,
        )
        .wrong(
            "older-at-full-page",
            "With just twenty messages, there is a link to an older page, and it is empty. There \
             are more only if page * PAGE is less than the number of messages.",
            |knobs| knobs.has_older = |page, count, _| page.saturating_mul(PAGE) <= count,
        )
        .wrong(
            "older-by-the-first",
            "Whether there is an older page is asked without regard to the page: count > PAGE is \
             true on the last one, too. page * PAGE < count.",
            |knobs| knobs.has_older = |_, count, _| count > PAGE,
        )
        .wrong(
            "older-by-the-shown",
            "There is a link to an older page as soon as there are more messages than those on this page. So the last \
             page has one, too: the others may be newer. Those of all pages up to this one count: page * PAGE < count.",
            |knobs| knobs.has_older = |_, count, shown| shown < count,
        )
        .wrong(
            "last-page-again",
            "A page behind the last one shows the messages of the last one. It is empty: LIMIT and OFFSET give no rows \
             there, and so there are none on the page.",
            |knobs| knobs.last_again = true,
        )
        .wrong(
            "empty-board-breaks",
            "As long as there is no message, the page cannot be shown: 500. What you ask the database for is NULL \
             then, such as max(id) or sum(1) of no rows. The number of rows is count(*), and it is 0.",
            |knobs| knobs.empty = 500,
        )
        .wrong(
            "no-number-is-first",
            "What is no number of a page gets the first page. Say that the address is wrong: 400.",
            |knobs| knobs.no_page = None,
        )
        .wrong(
            "empty-is-first",
            "An empty number, /?page=, gets the first page. What is empty is no number: 400. Only \
             without the field page, it is page 1.",
            |knobs| knobs.empty_is_none = true,
        )
        .wrong(
            "large-page-refused",
            "A large number of a page gets 400, as if it were none. It is a number, and the page is \
             empty: parse an i64.",
            |knobs| knobs.largest_page = i64::from(u32::MAX),
        )
        .or(|knobs| knobs.largest_page = i64::from(i32::MAX))
        .or(|knobs| knobs.largest_page = i64::from(u16::MAX))
        .or(|knobs| knobs.largest_page = i64::from(u8::MAX))
        .wrong(
            "turned-too-late",
            "The first page has the oldest messages, turned around. LIMIT cuts out what comes first \
             by ORDER BY: let the database order by id DESC, and leave the rows as they come.",
            |knobs| knobs.turned = true,
        )
        .wrong(
            "page-zero",
            "A number below 1 shows the newest messages, too. Pages are counted from 1: 400. (For \
             SQLite, an OFFSET below 0 is 0.)",
            |knobs| knobs.below_one = |_| Some(1),
        )
        .or(|knobs| knobs.below_one = Some)
        .or(|knobs| knobs.below_one = |page| (page == 0).then_some(1))
        .or(|knobs| knobs.below_one = |page| (page == 0).then_some(0));
}

// What no model says.

/// A folder for a file, and the program that has it there.
fn serve(run: &mut Run, folder: &tempfile::TempDir) -> Result<Service, grader::Failure> {
    let folder = folder.path().display().to_string();
    run.program().env("DIRECTORY", &folder).serve()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("database-").tempdir();
    folder.expect("a folder for temporary files")
}

/// How many of these texts no page of the board shows.
fn missing(service: &Service, texts: &[&String]) -> Result<usize, grader::Failure> {
    let mut all = String::new();
    for page in 1..=texts.len() as i64 / PAGE + 2 {
        let target = match page {
            1 => "/".to_string(),
            page => format!("/?page={page}"),
        };
        let answer = service.get(&target)?;
        if page == 1 {
            answer.expect_status(200)?;
        } else if answer.status() != 200 {
            // Before step 4, there is one page.
            break;
        }
        all += &answer.text();
    }
    Ok(texts.iter().filter(|text| !all.contains(**text)).count())
}

/// Whether so many messages are on the pages if they are posted one after the other. If they are
/// not, that some are missing says nothing of what happens at the same time.
fn are_there_one_by_one(run: &mut Run, count: usize) -> Result<bool, grader::Failure> {
    let folder = folder();
    let texts: Vec<String> = (0..count).map(|_| run.seed().word()).collect();
    let service = serve(run, &folder)?;
    for text in &texts {
        if service.ask(posted(text))?.status() != 303 {
            return Ok(false);
        }
    }
    Ok(missing(&service, &texts.iter().collect::<Vec<_>>())? == 0)
}

/// The file as another program has it open, which is about to write: until it has, no other
/// program writes. `None` if the messages are elsewhere.
struct Other(Connection);

impl Other {
    fn begin(folder: &tempfile::TempDir) -> Option<Self> {
        let file = folder.path().join("messages.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = Connection::open_with_flags(file, flags).ok()?;
        connection.execute_batch("BEGIN IMMEDIATE").ok()?;
        Some(Self(connection))
    }

    /// Writes, as soon as the program has had the time to read, and waits to write. A program
    /// that has not read by then is right: it reads what was written.
    fn writes(self, sql: &str) -> bool {
        std::thread::sleep(Duration::from_millis(300));
        let wrote = self.0.execute(sql, ()).is_ok_and(|changed| changed == 1);
        wrote && self.0.execute_batch("COMMIT").is_ok()
    }
}

/// What another program does while the student's reads, and is about to write.
const BETWEEN: &str = "meanwhile, another program that has the file open writes into it";

/// Two things in one statement are kept apart from what other programs do; two statements are not,
/// whatever lock is around them.
fn post_between(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    let [first, second] = [(); 2].map(|()| run.seed().word());
    service.ask(posted(&first))?.expect_status(303)?;
    let Some(other) = Other::begin(&folder) else {
        return Ok(());
    };
    let begun = service.begin(posted(&second));
    let theirs = run.seed().word();
    let insert = format!("INSERT INTO messages (text) VALUES ('{theirs}')");
    if !other.writes(&insert) {
        return begun.answer().map(drop);
    }
    let status = begun.answer()?.status();
    let missing = missing(&service, &[&first, &second, &theirs])?;
    if status == 303 && missing == 0 {
        return Ok(());
    }
    Err(service
        .wrong(
            &["post a message, and then another one", BETWEEN],
            "303, and all three messages are on the page",
            format!("status {status}, and {missing} of them are not on the page"),
        )
        .because("posts-lost", POSTS_LOST))
}

fn like_between(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    let text = run.seed().word();
    service.ask(posted(&text))?.expect_status(303)?;
    let Some(other) = Other::begin(&folder) else {
        return Ok(());
    };
    let begun = service.begin(like("1"));
    let wrote = other.writes("UPDATE messages SET likes = likes + 1 WHERE id = 1");
    let status = begun.answer()?.status();
    // What is not acknowledged is not lost.
    if !wrote || status != 303 {
        return Ok(());
    }
    let number = likes_of(&service, &text)?;
    if number == 2 {
        return Ok(());
    }
    Err(service
        .wrong(
            &["post a message, and send a like for it", BETWEEN],
            "two likes: that of the other program, and this one",
            format!("{number} shown"),
        )
        .because("likes-lost", LIKES_LOST))
}

const POSTS_LOST: &str = "One at a time, all goes well; at the same time, some are lost or refused. Does \
                          something happen in two steps, a SELECT and then an INSERT? Then two \
                          requests see the same, and both act on it. Let one statement do it.";

const LIKES_LOST: &str = "Likes that come at the same time are lost. If you read the number, add one, and \
                          write it back, somebody else may write in between: a thread of yours, or another \
                          program that has the file open, which no Mutex of yours stops. Let the database add, \
                          in one statement: SET likes = likes + 1.";

fn posts_at_once(run: &mut Run) -> Verdict {
    let texts: Vec<String> = (0..AT_ONCE).map(|_| run.seed().word()).collect();
    let folder = folder();
    let service = serve(run, &folder)?;
    // One alone goes well, or it is something else.
    let alone = run.seed().word();
    service.ask(posted(&alone))?.expect_status(303)?;
    let begun: Vec<_> = texts
        .iter()
        .map(|text| service.begin(posted(text)))
        .collect();
    let statuses: Vec<u16> = begun
        .into_iter()
        .map(|begun| begun.answer().map(|answer| answer.status()))
        .collect::<Result<_, _>>()?;
    let refused = statuses.iter().filter(|status| **status != 303).count();
    let missing = missing(&service, &texts.iter().collect::<Vec<_>>())?;
    if refused == 0 && missing == 0 {
        return post_between(run);
    }
    let failure = service.wrong(
        &[&*format!(
            "post {AT_ONCE} messages at the same time, each on a connection of its own"
        )],
        "all of them are answered with 303, and are on the pages",
        format!("{refused} have another answer, and {missing} are not on the pages"),
    );
    Err(match are_there_one_by_one(run, AT_ONCE)? {
        true => failure.because("posts-lost", POSTS_LOST),
        false => failure,
    })
}

fn likes_at_once(run: &mut Run) -> Verdict {
    let folder = folder();
    let text = run.seed().word();
    let service = serve(run, &folder)?;
    service.ask(posted(&text))?.expect_status(303)?;
    // One after the other goes well, or it is something else.
    for _ in 0..ALONE {
        service.ask(like("1"))?.expect_status(303)?;
    }
    let before = likes_of(&service, &text)?;
    if before != ALONE {
        return Err(service.wrong(
            &[&*format!(
                "post a message, and send {ALONE} likes for it, one after the other"
            )],
            format!("{ALONE} likes are counted"),
            format!("{before} are shown"),
        ));
    }
    let begun: Vec<_> = (0..AT_ONCE).map(|_| service.begin(like("1"))).collect();
    for begun in begun {
        begun.answer()?.expect_status(303)?;
    }
    let number = likes_of(&service, &text)?;
    let all = ALONE + AT_ONCE;
    if number == all {
        return like_between(run);
    }
    let failure = service.wrong(
        &[&*format!(
            "post a message, send {ALONE} likes for it, and then {AT_ONCE} at the same time"
        )],
        format!("{all} likes are counted"),
        format!("{number} are shown"),
    );
    Err(match (ALONE..all).contains(&number) {
        true => failure.because("likes-lost", LIKES_LOST),
        false => failure,
    })
}

/// The number behind this message on the page.
fn likes_of(service: &Service, text: &str) -> Result<usize, grader::Failure> {
    let page = service.get("/")?;
    page.expect_status(200)?;
    let page = grader::model::shown(&page.text());
    let behind = page.split_once(text).map_or("", |(_, behind)| behind);
    let number = behind
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty());
    Ok(number
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default())
}

/// The program is killed while messages come in. What it has answered with 303 must be there.
fn killed(run: &mut Run) -> Verdict {
    let folder = folder();
    let texts: Vec<String> = (0..60).map(|_| run.seed().word()).collect();
    let service = serve(run, &folder)?;
    let mut acknowledged: Vec<&String> = Vec::new();
    let mut begun = std::collections::VecDeque::new();
    let mut rest = texts.iter();
    while acknowledged.len() < 25 {
        while begun.len() < 12 {
            let Some(text) = rest.next() else { break };
            begun.push_back((text, service.begin(posted(text))));
        }
        let Some((text, post)) = begun.pop_front() else {
            break;
        };
        post.answer()?.expect_status(303)?;
        acknowledged.push(text);
    }
    // No goodbye: what kill -9 does, or a power cut.
    service.clone().stop();
    let in_the_file = texts_in(&folder).unwrap_or_default();
    for (text, post) in begun {
        if post.answer().is_ok_and(|answer| answer.status() == 303) {
            acknowledged.push(text);
        }
    }
    let again = serve(run, &folder)?;
    let lost = missing(&again, &acknowledged)?;
    if lost == 0 {
        return Ok(());
    }
    let all = acknowledged.len();
    let were_there = acknowledged.iter().all(|text| in_the_file.contains(text));
    let failure = again.wrong(
        &[
            "post messages, a dozen at the same time",
            "kill the program in the middle of it, as kill -9 does",
            "start it again",
        ],
        format!("the {all} messages that were answered with 303 are there"),
        format!("{lost} of them are not on the pages"),
    );
    if were_there && lost == all {
        return Err(failure.because("begins-empty", EMPTY));
    }
    Err(match are_there_one_by_one(run, all)? {
        true => failure.because("acknowledged-lost", LOST),
        false => failure,
    })
}

/// The texts in the table, the oldest first.
fn texts_in(folder: &tempfile::TempDir) -> rusqlite::Result<Vec<String>> {
    let file = folder.path().join("messages.db");
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut select = connection.prepare("SELECT text FROM messages ORDER BY id")?;
    let rows = select.query_map((), |row| row.get(0))?;
    rows.collect()
}

/// What is in the table is what was sent, white space around it and all. (A page does not show that.)
fn kept_as_it_came(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    let (one, two, three) = (run.seed().word(), run.seed().word(), run.seed().word());
    let texts = [
        format!("  {one}\n"),
        format!("<i>{two}</i> & {three}"),
        format!("{three}\t{one}  {two}"),
        // As a browser sends two lines; and the end of a line as old computers wrote it.
        format!("{two}\r\n{three}\r{one}"),
    ];
    for text in &texts {
        service.ask(posted(text))?.expect_status(303)?;
    }
    // A program that has it elsewhere, or under another name, is not asked.
    let Ok(kept) = texts_in(&folder) else {
        return Ok(());
    };
    if kept == texts {
        return Ok(());
    }
    let wrong = service.wrong(
        &["post four messages", "look into the table messages"],
        format!("the texts as they came: {texts:?}"),
        format!("{kept:?}"),
    );
    if texts.starts_with(&kept) {
        return Err(wrong.because("acknowledged-lost", LOST));
    }
    let is_changed =
        |changes: &fn(&str) -> String| kept == texts.each_ref().map(|text| changes(text));
    let trims: [fn(&str) -> String; 4] = [
        |text| text.trim().into(),
        |text| text.trim_start().into(),
        |text| text.trim_end().into(),
        |text| text.trim_matches(' ').into(),
    ];
    if trims.iter().any(is_changed) {
        return Err(wrong.because(
            "text-trimmed",
            "The white space around a message is lost. trim is for the question whether it is empty; \
             keep what came.",
        ));
    }
    let spaces: [fn(&str) -> String; 2] = [
        |text| text.split_whitespace().collect::<Vec<_>>().join(" "),
        |text| text.replace('\t', " "),
    ];
    if spaces.iter().any(is_changed) {
        return Err(wrong.because(
            "white-space-changed",
            "The white space in a message is kept otherwise than it came. How much of it a page shows is the \
             browser's business: keep what came.",
        ));
    }
    let feeds = |text: &String| text.replace("\r\n", "\n");
    let ends: [fn(&str) -> String; 4] = [
        |text| text.into(),
        |text| text.replace('\r', "\n"),
        |text| text.replace('\r', ""),
        |text| text.lines().collect::<Vec<_>>().join("\n"),
    ];
    let has_ends =
        |ends: &fn(&str) -> String| kept == texts.each_ref().map(|text| ends(&feeds(text)));
    Err(match ends.iter().any(has_ends) {
        true => wrong.because(
            "line-ends-changed",
            "The ends of lines in a message are kept otherwise than they came: a browser sends \\r\\n. Keep \
             the message as it came, with every byte of it.",
        ),
        false => wrong,
    })
}

/// What another program does with the file while the student's has it open, too. `None` if the
/// messages are elsewhere, or under another name; otherwise whether it could.
fn write_into(folder: &tempfile::TempDir, texts: &[String]) -> Option<bool> {
    let file = folder.path().join("messages.db");
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    connection.busy_timeout(Duration::from_secs(2)).ok()?;
    for text in texts {
        match connection.execute("INSERT INTO messages (text) VALUES (?1)", (text,)) {
            Ok(_) => {}
            Err(error) => {
                let busy = [
                    rusqlite::ErrorCode::DatabaseBusy,
                    rusqlite::ErrorCode::DatabaseLocked,
                ];
                let is_busy = error
                    .sqlite_error_code()
                    .is_some_and(|code| busy.contains(&code));
                return is_busy.then_some(false);
            }
        }
    }
    Some(true)
}

/// The file is no possession of one program.
fn shared(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    let [ours, theirs, last] = [(); 3].map(|()| run.seed().word());
    service.ask(posted(&ours))?.expect_status(303)?;
    service.ask(like("1"))?.expect_status(303)?;
    service.get("/")?.expect_status(200)?;
    let done = ["post a message", "another program writes one into the file"];
    match write_into(&folder, std::slice::from_ref(&theirs)) {
        None => return Ok(()),
        Some(true) => {}
        Some(false) => {
            let came = "the file is locked, also when nobody asks anything";
            return Err(service
                .wrong(&done, "the other program can write", came)
                .because(
                    "locks-the-file",
                    "While your program runs, no other can write into the file, not even when nothing is to \
                     be done. A file can be open in several programs: leave the locking to the database, and let \
                     no transaction stay open.",
                ));
        }
    }
    service.ask(posted(&last))?.expect_status(303)?;
    let missing = missing(&service, &[&ours, &theirs, &last])?;
    if missing == 0 {
        return Ok(());
    }
    Err(service
        .wrong(
            &[done[0], done[1], "post one more, and look at the page"],
            "all three messages",
            format!("{missing} of them are not on the page"),
        )
        .because(
            "kept-in-memory",
            "What another program has written into the file is not on the page. The program itself keeps \
             nothing: ask the database each time.",
        ))
}

/// The link to the second page, as it stands in a page.
const OLDER: &str = "href=\"/?page=2\"";

fn counted(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    let texts: Vec<String> = (0..PAGE).map(|_| run.seed().word()).collect();
    let text = run.seed().word();
    service.ask(posted(&text))?.expect_status(303)?;
    service.get("/?page=2")?.expect_status(200)?;
    let before = service.get("/")?;
    before.expect_status(200)?;
    // Where there is a link in any case, or the file is locked or elsewhere, other checks say it.
    if before.text().contains(OLDER) || write_into(&folder, &texts) != Some(true) {
        return Ok(());
    }
    let after = service.get("/")?;
    after.expect_status(200)?;
    if after.text().contains(OLDER) {
        return counted_without(&service, &folder);
    }
    let failure = service.wrong(
        &[
            "post a message",
            &*format!("another program writes {PAGE} more into the file"),
            "ask for /",
        ],
        "a link to the older page, /?page=2",
        "no such link",
    );
    // All are there, and are not counted; or they are not there, which is another mistake.
    let shows = |text: &&String| after.text().contains(text.as_str());
    let all_shown = texts.iter().filter(shows).count() == texts.len();
    Err(match all_shown && has_link_when_alone(run)? {
        true => failure.because("own-count", OWN_COUNT),
        false => failure,
    })
}

/// Of one message more than a page has, another program takes one out.
fn counted_without(service: &Service, folder: &tempfile::TempDir) -> Verdict {
    let file = folder.path().join("messages.db");
    let taken_out = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|file| file.execute("DELETE FROM messages WHERE id = 1", ()));
    if taken_out != Ok(1) {
        return Ok(());
    }
    let page = service.get("/")?;
    page.expect_status(200)?;
    if !page.text().contains(OLDER) {
        return Ok(());
    }
    let failure = service.wrong(
        &[
            &*format!("write {} messages", PAGE + 1),
            "another program deletes the first one from the file",
            "ask for /",
        ],
        "no link to an older page",
        "a link to /?page=2, where nothing is left",
    );
    Err(failure.because(
        "largest-id",
        "The number of messages is taken for one more than there are. The largest id is no number of messages: one          that is deleted leaves a gap. Ask the database for it, SELECT count(*) FROM messages, each time.",
    ))
}

/// Whether there is a link to an older page if the program has got all the messages itself.
fn has_link_when_alone(run: &mut Run) -> Result<bool, grader::Failure> {
    let folder = folder();
    let service = serve(run, &folder)?;
    for _ in 0..=PAGE {
        let text = run.seed().word();
        service.ask(posted(&text))?.expect_status(303)?;
    }
    Ok(service.get("/")?.text().contains(OLDER))
}

/// The table is taken away: a message cannot be kept.
fn not_kept(run: &mut Run) -> Verdict {
    let folder = folder();
    let service = serve(run, &folder)?;
    service
        .ask(posted(&run.seed().word()))?
        .expect_status(303)?;
    // A program that has it elsewhere, or under another name, is not asked.
    let file = folder.path().join("messages.db");
    let dropped = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.execute("DROP TABLE messages", ()));
    if dropped.is_err() {
        return Ok(());
    }
    let answer = service.ask(posted(&run.seed().word()))?;
    if answer.status() >= 500 {
        not_liked(&service)?;
        return goes_on(run, &service, &file);
    }
    Err(service
        .wrong(
            &[
                "post a message",
                "take the table out of the file: DROP TABLE messages",
                "post another one",
            ],
            "500 Internal Server Error: it cannot be kept",
            format!("status {}", answer.status()),
        )
        .because(
            "failed-acknowledged",
            "The message could not be written, and the answer says that it is kept. Execute the INSERT \
             before you answer. It returns a Result: hand its error on with ?, in keep and in do_post. Then \
             the answer is 500.",
        ))
}

/// Nor can a like be counted.
fn not_liked(service: &Service) -> Verdict {
    let answer = service.ask(like("1"))?;
    if answer.status() >= 500 {
        return Ok(());
    }
    Err(service
        .wrong(
            &[
                "post a message",
                "take the table out of the file: DROP TABLE messages",
                "send a like for the message",
            ],
            "500 Internal Server Error: it cannot be counted",
            format!("status {}", answer.status()),
        )
        .because(
            "failed-is-missing",
            "The UPDATE has failed, and the answer says something else. That there is no such message \
             is another thing than that the database cannot say it: hand the error on with ?. Then the \
             answer is 500.",
        ))
}

/// When the table is there again, the board goes on.
fn goes_on(run: &mut Run, service: &Service, file: &Path) -> Verdict {
    let made = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.execute(TABLE, ()));
    made.expect("a table in this file");
    let posted = service.ask(posted(&run.seed().word()))?;
    let page = service.get("/")?;
    let came = [posted.status(), page.status()];
    if came == [303, 200] {
        return Ok(());
    }
    let wrong = service.wrong(
        &[
            "post a message",
            "take the table out of the file: DROP TABLE messages",
            "post another one, and send a like",
            "make the table again",
            "post one more, and ask for /",
        ],
        "303 See Other, and 200 OK",
        format!("{} and {}", came[0], came[1]),
    );
    Err(match came.iter().any(|status| *status >= 500) {
        true => wrong.because(
            "broken-by-one-error",
            "Once a statement has failed, nothing works any more, though the table is there again. A panic under the \
             guard does that: it poisons the Mutex. So no unwrap behind execute: hand its error on with ?.",
        ),
        false => wrong,
    })
}

fn pages(run: &mut Run) -> Verdict {
    let folder = folder();
    let texts: Vec<String> = (0..45).map(|_| run.seed().word()).collect();
    run.env("DIRECTORY", &folder.path().display().to_string());
    for text in &texts {
        run.ask(posted(text))?.expect_status(303)?;
    }
    let mut page = run.browser()?;
    page.open("/")?;
    page.expect_text(&texts[44])?;
    page.expect_text(&texts[25])?;
    for (path, first, last) in [("/?page=2", 24, 5), ("/?page=3", 4, 0)] {
        page.follow(&format!("a[href='{path}']"))?;
        page.expect_text(&texts[first])?;
        page.expect_text(&texts[last])?;
        if page.text()?.contains(&texts[first + 1]) {
            return Err(page.wrong(format!(
                "the message {} on the page before only",
                texts[first + 1]
            )));
        }
    }
    page.follow("a[href='/?page=2']")?;
    page.expect_path("/?page=2")
}
