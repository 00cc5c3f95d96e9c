//! The checks of lesson 8, message_board: Post-Redirect-Get, all messages on one page,
//! and messages that are refused.

use std::process::ExitCode;
use std::time::Duration;

use grader::model::folded;
use grader::record::Request;
use grader::{
    Act, Answer, Draw, Expect, FORM, Failure, Mistakes, Model, Run, Seen, Status, Verdict, Whole,
    get, post, request, spaced_message,
};

const HTML: &str = "text/html; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!(MessageBoard)
        .example(1, 2, "a POST with a message answers 303", Status, |draw| {
            let put = request("PUT", "/").form(&[("message", &draw.line())]);
            [
                message(&draw.line()),
                message(&draw.word()).of_script(),
                put,
            ]
        })
        .example(1, 1, "it sends the browser to /", Whole, |draw| {
            [message(&draw.line())]
        })
        .check(1, 0, "in a browser, reload does not post again", reload)
        .check(
            1,
            0,
            "nobody waits for a client that sends its message slowly",
            slow_client,
        )
        .example(
            2,
            1,
            "GET / answers the form while nothing is posted",
            Whole,
            |_| [get("/")],
        )
        .example(
            2,
            2,
            "GET / shows every message that was posted",
            Whole,
            |draw| {
                let lines = format!("{}\r\n{}", draw.word(), draw.word());
                let (one, other) = (message(&draw.word()), message(&lines));
                let poem = message(&indented(draw));
                let spaced = message(&format!("  {}  {}  ", draw.word(), draw.word()));
                let tabbed = message(&format!("{}\t{}", draw.word(), draw.word()));
                // The last two end the body.
                let raw = format!("message={}  {}  ", draw.word(), draw.word());
                let raw = post("/").field("Content-Type", FORM).body(raw);
                // Reading the board takes nothing off it, and one can be posted again, also at once.
                let first = vec![
                    one.clone(),
                    other,
                    poem,
                    get("/"),
                    one.clone(),
                    one,
                    spaced,
                    tabbed,
                    raw,
                ];
                let empty_lines = with_empty_lines(draw).map(|text| message(&text));
                // What stands in the query was not posted, and what got 404 was refused.
                let in_query = post(format!("/?message={}", draw.word()));
                let in_query = in_query.form(&[("message", &draw.word())]);
                let elsewhere = post(draw.path()).form(&[("message", &draw.word())]);
                let more: Vec<Act> = (0..5).map(|_| message(&draw.word())).collect();
                let last = vec![in_query, elsewhere, get("/")];
                [first, empty_lines.into(), more, last].concat()
            },
        )
        .example(
            2,
            2,
            "a tag in a message comes back as text",
            Whole,
            |draw| {
                let word = draw.word();
                let script = format!("<script>alert('{word}')</script>");
                let signs = format!("{}{}", draw.word(), "&<".repeat(60));
                [
                    message(&script),
                    message(&format!("{word} &lt; b")),
                    // Escaped, it has more characters than are allowed.
                    message(&signs),
                    get("/"),
                ]
                .into_iter()
                .chain(with_an_attribute(draw))
                .chain([get("/")])
                .collect::<Vec<_>>()
            },
        )
        .example(
            2,
            1,
            "the tags around a message are still tags",
            Whole,
            |draw| [message(&draw.word()), get("/")],
        )
        .check(
            2,
            0,
            "in a browser, a script in a message does not run",
            script,
        )
        .check(
            2,
            0,
            "no white space is seen before a message",
            no_space_before,
        )
        .check(
            2,
            0,
            "in a browser, the white space of a message is seen",
            white_space,
        )
        .check(2, 0, "a long board shows every message", long_board)
        .example(3, 1, "an empty message gets 400", Whole, |draw| {
            let without = post(format!("/?message={}", draw.word())).form(&[]);
            [without, message("")]
        })
        .example(
            3,
            1,
            "a message of white space is empty, too",
            Status,
            |_| [message(" \r\n\t "), message(&" ".repeat(300))],
        )
        .check(
            3,
            0,
            "a message that is refused leaves nothing on the page",
            nothing_left,
        )
        .example(
            4,
            1,
            "a message of 201 characters gets 413",
            Whole,
            |draw| {
                let (word, spaces) = (draw.word(), " ".repeat(5));
                [
                    long(draw, "é", 201),
                    long(draw, "a", 196) + &spaces,
                    spaces + &long(draw, "a", 196),
                    format!("{}{word}", long(draw, " ", 201 - word.len())),
                    long(draw, "\r\n", 201),
                    long(draw, "a", 5000),
                ]
                .map(|text| message(&text))
            },
        )
        .example(
            4,
            1,
            "a message that is too long is not kept",
            Whole,
            |draw| {
                [
                    message(&long(draw, "é", 201)),
                    message(&draw.word()),
                    get("/"),
                ]
            },
        )
        .example(
            4,
            1,
            "a message of 200 characters is taken",
            Whole,
            |draw| {
                let [one, other] = ["é", "🐈"].map(|filler| message(&long(draw, filler, 200)));
                [one, other, get("/")]
            },
        )
        .example(4, 1, "a line end counts as one character", Status, |draw| {
            [message(&long(draw, "\r\n", 200))]
        })
        .sessions(1)
        .grade()
}

/// Posts a message, as the form does.
fn message(text: &str) -> Act {
    post("/").form(&[("message", text)])
}

/// Messages that become an attribute, of this name, of a tag that has them in one of its own, if
/// they end that one.
fn with_an_attribute(draw: &mut Draw) -> [Act; 3] {
    ["\"", "'", ""].map(|quote| {
        let (word, name) = (draw.word(), draw.word());
        message(&format!("{word}{quote} {name}={quote}1"))
    })
}

/// The name of the attribute that such a message would become.
fn attribute_of(message: &str) -> Option<&str> {
    let (before, name) = message
        .strip_suffix('1')
        .and_then(|_| message.split_once(' '))?;
    let (name, _) = name.split_once('=')?;
    let is_word = |text: &str| !text.is_empty() && text.chars().all(char::is_alphanumeric);
    (is_word(name) && is_word(before.trim_end_matches(['"', '\'']))).then_some(name)
}

/// A message of this many characters, a line end being one: a word, and then only these.
fn long(draw: &mut Draw, filler: &str, length: usize) -> String {
    let word = draw.word() + ":";
    let left = length - word.chars().count();
    format!("{word}{}.", filler.repeat(left - 1))
}

/// Lines as in a poem, or in a program: with spaces before them.
fn indented(draw: &mut Draw) -> String {
    let (one, other, third) = (draw.word(), draw.word(), draw.word());
    format!("{one}\r\n    {other}\r\n  {third}")
}

/// Messages with an empty line: at the beginning, at the end, and in the middle.
fn with_empty_lines(draw: &mut Draw) -> [String; 3] {
    let [one, other, third, fourth] = [(); 4].map(|()| draw.word());
    [
        format!("\r\n{one}"),
        format!("{other}\r\n\r\n"),
        format!("{third}\r\n\r\n\r\n{fourth}"),
    ]
}

/// What a message board does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The answer to a message that is taken: its status and its Location.
    taken: (u16, Option<String>),
    /// Whether a redirect has a page with the form, and one with the message.
    page_with_it: [bool; 2],
    /// Whether the Location is the target of the POST, with its query.
    to_target: bool,
    /// The status of a form without a message.
    missing: u16,
    /// Whether PUT is answered as POST.
    takes_put: bool,
    /// Whether a message to another path is kept, which gets 404.
    keeps_elsewhere: bool,
    /// How a message is kept among the others.
    keep: fn(&mut Vec<String>, String),
    is_empty: fn(&str) -> bool,
    /// The length of a message as it came, with `\r\n` at the ends of its lines.
    length: fn(&str) -> usize,
    limit: usize,
    /// Whether the length is looked at before the message is found empty.
    length_first: bool,
    /// The statuses of a message that is empty, and of one that is too long.
    empty: u16,
    too_long: u16,
    says_limit: bool,
    /// Whether what is too long is cut and taken.
    cuts: bool,
    /// Whether a message is kept before it is looked at.
    keeps_first: bool,
    /// Whether the beginning of a message that is too long is kept, and the message refused.
    keeps_beginning: bool,
    /// Which of the messages are shown.
    shows: fn(&[String]) -> &[String],
    /// Whether messages stand in the page as they came, beside the escaped ones.
    raw_elsewhere: bool,
    /// What ends an attribute that messages stand in, and begins another one, if something does.
    ends_attribute: Option<char>,
    /// Whether a body is trimmed before it is read as a form.
    trims_form: bool,
    /// Whether messages are escaped.
    escapes: bool,
    /// What a reader sees of a message.
    read: fn(&str) -> String,
    /// Whether its lines have lost their spaces then.
    loses_spaces: bool,
    /// Whether each line is kept as a message.
    by_line: bool,
    /// What stands between two lines, if a reader sees more line ends than were typed.
    between_lines: Option<&'static str>,
    /// Whether the tags around the messages are tags.
    own_tags: bool,
    /// Whether a message in the query of a GET is kept.
    get_posts: bool,
    /// Whether the board is empty when it was shown.
    shown_once: bool,
    page: u16,
    kind: String,
    form: bool,
    /// The status of a path that nobody knows.
    unknown: u16,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            taken: (303, Some("/".into())),
            page_with_it: [false; 2],
            to_target: false,
            missing: 400,
            takes_put: false,
            keeps_elsewhere: false,
            keep: |messages, message| messages.push(message),
            is_empty: |message| message.trim().is_empty(),
            length: |came| came.replace("\r\n", "\n").chars().count(),
            limit: 200,
            length_first: false,
            empty: 400,
            too_long: 413,
            says_limit: true,
            cuts: false,
            keeps_first: false,
            keeps_beginning: false,
            shows: |messages| messages,
            raw_elsewhere: false,
            ends_attribute: None,
            trims_form: false,
            escapes: true,
            read: str::to_string,
            loses_spaces: false,
            by_line: false,
            between_lines: None,
            own_tags: true,
            get_posts: false,
            shown_once: false,
            page: 200,
            kind: HTML.into(),
            form: true,
            unknown: 404,
        }
    }
}

/// What is on the board, what was posted to come there, and words of what was refused, with
/// the step that says so.
#[derive(Clone, Default)]
struct Board {
    messages: Vec<String>,
    posted: Vec<String>,
    refused: Vec<(u32, String)>,
    /// What stood in a query.
    in_query: Vec<String>,
}

struct MessageBoard;

impl Model for MessageBoard {
    type Knobs = Knobs;
    type State = Board;

    fn expect(knobs: &Knobs, board: &mut Board, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if asked.path() != "/" {
            if asked.respells(&["/"]) {
                return None;
            }
            if asked.method != "POST" {
                return Some(refusal(2, knobs.unknown));
            }
            match asked.form_field("message") {
                Some(message) if knobs.keeps_elsewhere => board.messages.push(message),
                Some(message) => board
                    .refused
                    .extend(word_of(&message).map(|word| (2, word))),
                None => {}
            }
            return Some(refusal(1, 404));
        }
        match &*asked.method {
            "GET" | "HEAD" => {
                if let Some(message) = asked.query_field("message") {
                    match knobs.get_posts && asked.method == "GET" {
                        true => board.messages.push(message),
                        false => board.in_query.push(message),
                    }
                }
                let expect = match &*asked.method {
                    "GET" => page(knobs, board),
                    _ => {
                        let head = Expect::step(2).status(knobs.page);
                        head.field("Content-Type", &*knobs.kind).body("")
                    }
                };
                if knobs.shown_once {
                    board.messages.clear();
                }
                Some(expect)
            }
            "POST" => {
                board.in_query.extend(asked.query_field("message"));
                let trimmed = Request {
                    body: Some(asked.text().trim().to_string().into()),
                    ..asked.clone()
                };
                let asked = if knobs.trims_form { &trimmed } else { asked };
                Some(match asked.form_field("message") {
                    Some(came) => posted(knobs, board, &came, &asked.target),
                    None => refusal(3, knobs.missing),
                })
            }
            "PUT" if knobs.takes_put => {
                let came = asked.form_field("message")?;
                Some(posted(knobs, board, &came, &asked.target))
            }
            _ => Some(Expect::step(1).status(501)),
        }
    }

    fn draw(draw: &mut Draw, board: &Board) -> Vec<Act> {
        let act = match draw.below(20) {
            0..=3 => get("/".to_string() + &draw.query()),
            4 => get(format!("/?message={}", draw.word())),
            5..=7 => message(&draw.text()),
            8 => message(&draw.line()),
            9 if board.messages.is_empty() => message(&draw.word()),
            9 => message(&draw.pick(&board.messages)),
            10 | 11 => {
                let filler = draw.pick(&["é", "a", "\r\n", "ね", "🐈", "\n", "&", "<"]);
                let length = draw.pick(&[200, 201, 199, 202, 101, 300]);
                let spaces = draw.pick(&["", "", "     "]);
                message(&(long(draw, filler, length - spaces.len()) + spaces))
            }
            12 => {
                let blank = draw.pick(&["", " ", "\r\n", "\t \r\n ", "\n\n"]);
                message(&blank.repeat(draw.pick(&[1, 210])))
            }
            13 if draw.one_in(3) => message(&format!("{}\t{}", draw.word(), draw.word())),
            13 => message(&format!("  {}  {}  ", draw.word(), draw.word())),
            14 if draw.one_in(3) => message(&indented(draw)),
            14 if draw.one_in(3) => {
                let texts = with_empty_lines(draw);
                message(&draw.pick(&texts))
            }
            14 => {
                let lines = [draw.word(), draw.word(), draw.word()];
                message(&lines.join("\r\n"))
            }
            15 => {
                let (one, other, name) = (draw.text(), draw.word(), draw.word());
                let fields = [("message", &*one), ("message", &other), (&name, "x")];
                let fields = draw
                    .pick(&[[0, 1], [2, 0], [0, 2], [1, 0]])
                    .map(|at| fields[at]);
                let query = match draw.one_in(4) {
                    true => format!("?message={}", draw.word()),
                    false => draw.query(),
                };
                post("/".to_string() + &query).form(&fields)
            }
            16 => match draw.below(6) {
                0 if draw.one_in(2) => post(format!("/?message={}", draw.word())).form(&[]),
                0 => post("/").form(&[]),
                1 => post("/").form(&[("massage", &draw.word())]),
                2 => post("/").form(&[("Message", &draw.word())]),
                3 => post("/").form(&[(&draw.word(), "message")]),
                4 => post("/").field("Content-Type", FORM).body("message"),
                _ => {
                    let bytes = [b"message=", draw.word().as_bytes(), b"\xff%FF"].concat();
                    post("/").field("Content-Type", FORM).body(bytes)
                }
            },
            17 => get(draw.path_near(&["/", "/", "/messages", "/board.html", "/board"])),
            18 => {
                let path = draw.path_near(&["/", "/", "/messages"]);
                let text = if draw.one_in(3) {
                    String::new()
                } else {
                    draw.word()
                };
                post(path).form(&[("message", &text)])
            }
            _ => match draw.below(4) {
                0 | 1 => request("HEAD", "/"),
                2 => {
                    let method = draw.pick(&["PUT", "DELETE", "PATCH"]);
                    request(method, "/").form(&[("message", &draw.word())])
                }
                // A board may become long.
                _ => {
                    let many = (0..draw.pick(&[12, 25])).map(|_| message(&draw.word()));
                    let mut many: Vec<Act> = many.collect();
                    many.push(get("/"));
                    return many;
                }
            },
        };
        // Whatever was posted shows on the board.
        match draw.below(3) {
            1 => vec![act, get("/")],
            _ => vec![act],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_redirects(mistakes);
        about_the_list(mistakes);
        about_escaping(mistakes);
        about_refusing(mistakes);
        about_the_page(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        let location = answer.field("Location").map(str::to_string);
        let Some(came) = asked
            .form_field("message")
            .filter(|_| asked.method == "POST")
        else {
            let kind = answer.field("Content-Type").unwrap_or_default().to_string();
            if asked.path() == "/" && asked.method == "GET" && kind != HTML {
                mistakes.wrong(
                    "other-content-type",
                    "The Content-Type of the page is not text/html; charset=utf-8.",
                    move |knobs| knobs.kind.clone_from(&kind),
                );
            }
            if asked.path() == "/" && asked.method == "POST" {
                mistakes.wrong(
                    "other-status-for-missing",
                    format!(
                        "A form without a field message is answered with {status}. The path is \
                         right and the form is not: 400."
                    ),
                    move |knobs| knobs.missing = status,
                );
            }
            if asked.path() == "/" && asked.method == "GET" {
                mistakes.wrong(
                    "other-page-status",
                    format!("The page has the status {status}. A page that is there has 200."),
                    move |knobs| knobs.page = status,
                );
            }
            return;
        };
        let right = Knobs::default();
        if asked.path() != "/" {
            return;
        }
        if (right.is_empty)(&came) {
            mistakes.wrong(
                "other-status-for-empty",
                format!(
                    "An empty message is refused with {status}. It is a request that makes no \
                     sense: 400."
                ),
                move |knobs| knobs.empty = status,
            );
        } else if (right.length)(&came) > right.limit {
            mistakes.wrong(
                "other-status-for-long",
                format!(
                    "A message that is too long is refused with {status}. There is a status \
                     of its own for it: 413."
                ),
                move |knobs| knobs.too_long = status,
            );
        } else {
            let (name, says) = if (300..400).contains(&status) && location.as_deref() == Some("/") {
                (
                    "other-redirect",
                    format!(
                        "You redirect with {status}. After a form, the status is 303: done, and \
                         what to see next is at the Location. (301 says: moved for good.)"
                    ),
                )
            } else {
                (
                    "other-answer-to-post",
                    "The answer to a message that was kept is the status 303 and Location: /. \
                     Compare both: response.redirect(303, \"/\")."
                        .to_string(),
                )
            };
            mistakes.wrong(name, says, move |knobs| {
                knobs.taken = (status, location.clone());
            });
        }
    }
}

/// The page with the form and the messages.
fn page(knobs: &Knobs, board: &Board) -> Expect {
    let mut expect = Expect::step(2).status(knobs.page);
    expect = expect.field("Content-Type", &*knobs.kind);
    if knobs.form {
        expect = expect.has_form("post", "/", "message");
    }
    let messages = (knobs.shows)(&board.messages);
    let read: Vec<String> = messages.iter().map(|text| (knobs.read)(text)).collect();
    // What was lost, or is read otherwise, is not there as it was typed.
    let lost = |text: &&String| !read.contains(text) && !knobs.by_line;
    for text in board.posted.iter().filter(lost) {
        let text = folded(text);
        if !read.iter().any(|read| folded(read).contains(&text)) {
            expect = expect.hides(text);
        }
    }
    expect = expect.shows_each(&read);
    // What is escaped stands nowhere as it was typed, in no attribute either.
    for text in messages {
        if text.contains('<') && knobs.escapes {
            expect = match knobs.raw_elsewhere {
                true => expect.body_has(text),
                false => expect.body_lacks(text),
            };
        }
    }
    // Nor does it become an attribute of a tag.
    for text in messages {
        let ended = knobs.ends_attribute;
        expect = match (attribute_of(text), ended) {
            (Some(name), Some(quote)) if text.contains(quote) => expect.has_attribute(name),
            // Whether it ends an attribute, its quotes say.
            (Some(name), _) if !knobs.raw_elsewhere => expect.lacks_attribute(name),
            _ => expect,
        };
    }
    // Where nothing has to be escaped, the spaces can be looked at as well.
    let is_plain = |text: &str| text.chars().all(|c| c == ' ' || c.is_alphanumeric());
    for text in &read {
        let lines: Vec<&str> = text.split('\n').collect();
        if !lines.iter().all(|line| is_plain(line)) {
            continue;
        }
        let is_spaced = |line: &&&str| match lines.len() {
            1 => line.trim().contains("  "),
            _ => line.contains("  "),
        };
        for line in lines.iter().filter(is_spaced) {
            expect = expect.shows_spaced(*line);
        }
    }
    for (text, read) in messages.iter().zip(&read).filter(|_| knobs.loses_spaces) {
        let is_left = |line: &&str| read.split('\n').any(|left| left == *line);
        let lost = text.split('\n').filter(|line| !is_left(line));
        for line in lost.filter(|line| line.contains("  ") && is_plain(line)) {
            expect = expect.body_lacks(line);
        }
    }
    let others: Vec<&str> = read
        .iter()
        .map(String::as_str)
        .filter(|text| is_plain(text) && !text.trim().is_empty())
        .collect();
    for lines in read.iter().filter_map(|text| plain_lines(text)) {
        expect = match knobs.between_lines {
            Some(between) => expect.body_has(lines.join(between)),
            None => expect.in_one_piece(&lines, &others).shows_lines(lines),
        };
    }
    for text in read.iter().filter(|_| knobs.between_lines.is_none()) {
        let lines: Vec<&str> = text.split('\n').collect();
        if !lines
            .iter()
            .all(|line| line.chars().all(char::is_alphanumeric))
        {
            continue;
        }
        expect = match lines[..] {
            ["", line] | [line, "", ""] if line.is_empty() => expect,
            ["", line] => expect.shows_lines(["", line]),
            [line, "", ""] => expect.shows_lines([line, ""]),
            [one, ref empty @ .., other]
                if ![one, other].contains(&"") && empty.iter().all(|line| line.is_empty()) =>
            {
                let fewer = (1..=empty.len()).flat_map(|ends| with_line_ends(one, ends, other));
                fewer.fold(expect, Expect::body_lacks)
            }
            _ => expect,
        };
    }
    if knobs.by_line {
        for lines in board.posted.iter().filter_map(|text| plain_lines(text)) {
            for parted in ["<br", "\n", "\r", " ", "&"].map(|end| format!("{}{end}", lines[0])) {
                expect = expect.body_lacks(parted);
            }
        }
    }
    // A reader sees no tags of the page, unless somebody has typed some.
    if !messages.iter().any(|message| message.contains('<')) {
        expect = match knobs.own_tags {
            true => expect.hides_own_tags(),
            false if messages.is_empty() => expect,
            false => expect.shows("</"),
        };
    }
    for word in &board.in_query {
        if !board.messages.iter().any(|text| text.contains(word)) {
            expect = expect.hides(word);
        }
    }
    for (step, word) in &board.refused {
        // Another message may have the same word.
        if !board.messages.iter().any(|text| text.contains(word)) {
            expect = expect.then(*step).hides(word);
        }
    }
    expect
}

/// Two lines of a page with so many line ends between them, in each way to write these.
fn with_line_ends(one: &str, number: usize, other: &str) -> [String; 4] {
    ["\n", "\r\n", "<br>", "<br>\n"].map(|end| format!("{one}{}{other}", end.repeat(number)))
}

/// The lines of a text of several, if nothing of them has to be escaped.
fn plain_lines(text: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = text.split('\n').collect();
    let is_plain = |line: &&str| !line.is_empty() && line.chars().all(char::is_alphanumeric);
    (lines.len() > 1 && lines.iter().all(is_plain)).then_some(lines)
}

/// A page that says why something is refused.
fn refusal(step: u32, status: u16) -> Expect {
    let expect = Expect::step(step).status(status);
    match status {
        400.. => expect.field("Content-Type", HTML),
        _ => expect,
    }
}

/// The word that a message begins with, if it does.
fn word_of(message: &str) -> Option<String> {
    let letters = message.trim().chars();
    let word: String = letters.take_while(char::is_ascii_alphanumeric).collect();
    Some(word).filter(|word| !word.is_empty())
}

/// A message comes, in the form it has when it was decoded.
fn posted(knobs: &Knobs, board: &mut Board, came: &str, target: &str) -> Expect {
    let message = came.replace("\r\n", "\n");
    let (empty, long) = (
        (knobs.is_empty)(&message),
        (knobs.length)(came) > knobs.limit,
    );
    let cut: String = message.chars().take(knobs.limit).collect();
    let refused = empty || long && !knobs.cuts;
    if refused && knobs.keeps_first {
        (knobs.keep)(&mut board.messages, message.clone());
    }
    if !empty && long && knobs.keeps_beginning {
        (knobs.keep)(&mut board.messages, cut.clone());
        board.posted.push(message.clone());
    }
    if empty && !(long && knobs.length_first) {
        let location = (knobs.empty == 303).then_some("/");
        return refusal(3, knobs.empty).field("Location", location);
    }
    if refused {
        if !knobs.keeps_first && !knobs.keeps_beginning && knobs.too_long >= 400 {
            board
                .refused
                .extend(word_of(&message).map(|word| (4, word)));
        }
        let expect = refusal(4, knobs.too_long);
        return match knobs.says_limit {
            // What is said of a message that is empty, too, is another matter.
            _ if empty => expect,
            true => expect.shows_number(200),
            // It may say how many there are.
            false if message.chars().count() == 200 => expect,
            false => expect.hides("200"),
        };
    }
    board.posted.push(message.clone());
    let step = if message.chars().count() > 100 { 4 } else { 1 };
    let word = word_of(&message).unwrap_or_default();
    (knobs.keep)(&mut board.messages, if long { cut } else { message });
    let (status, location) = &knobs.taken;
    let location = match (status, knobs.to_target) {
        (303, true) => Some(target),
        _ => location.as_deref(),
    };
    let expect = Expect::step(step).status(*status).then(1);
    let expect = expect.field("Location", location);
    if !(300..400).contains(status) {
        return expect;
    }
    // Whether a few words stand in it for somebody who is not sent on, is left open.
    let [form, message] = knobs.page_with_it;
    let expect = match form {
        true => expect.has_form("post", "/", "message"),
        false => expect.body_lacks("<form"),
    };
    let is_drawn = word.len() > 3 && word.ends_with(|c: char| c.is_ascii_digit());
    match (is_drawn, message) {
        (false, _) => expect,
        (true, true) => expect.shows(word),
        (true, false) => expect.hides(word),
    }
}

fn about_redirects(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "to-the-target",
            "The Location is the address that the form was sent to, with its query. It is /, \
             whatever the query is.",
            |knobs| knobs.to_target = true,
        )
        .wrong(
            "page-with-redirect",
            "The answer to the POST is a redirect, and a page as well. The browser throws that away \
             and asks for / at once: redirect without a page, as response.redirect does.",
            |knobs| knobs.page_with_it = [true, true],
        )
        .or(|knobs| knobs.page_with_it = [true, false])
        .or(|knobs| knobs.page_with_it = [false, true])
        .wrong(
            "takes-put",
            "PUT is answered as POST. Only GET and POST have an answer of their own here; for \
             other methods the library answers 501.",
            |knobs| knobs.takes_put = true,
        )
        .wrong(
            "no-redirect",
            "The POST is answered with a page and the status 200. It looks right until somebody \
             presses reload: then the message is posted again. Answer with a redirect, 303.",
            |knobs| knobs.taken = (200, None),
        )
        .wrong(
            "no-location",
            "The answer is 303, but it does not say where to go: there is no header Location. \
             response.redirect(303, \"/\") sends both.",
            |knobs| knobs.taken = (303, None),
        );
}

fn about_the_list(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "not-kept",
            "Messages that were posted are not on the page. push each one onto the list in the \
             Mutex, and put the list in the place of the comment.",
            |knobs| knobs.keep = |_, _| {},
        )
        .wrong(
            "only-the-last",
            "Only the last message is on the page. push adds it to the others; an = puts it in \
             their place.",
            |knobs| knobs.keep = |messages, message| *messages = vec![message],
        )
        .wrong(
            "only-the-first",
            "Only the first message is on the page. Go through the whole list.",
            |knobs| {
                knobs.keep = |messages, message| {
                    if messages.is_empty() {
                        messages.push(message);
                    }
                };
            },
        )
        .wrong(
            "once-each",
            "A message that is posted twice is on the page once. It is to be there as often as \
             it was posted.",
            |knobs| {
                knobs.keep = |messages, message| {
                    if !messages.contains(&message) {
                        messages.push(message);
                    }
                };
            },
        )
        .or(|knobs| {
            knobs.keep = |messages, message| {
                if messages.last() != Some(&message) {
                    messages.push(message);
                }
            };
        })
        .wrong(
            "line-by-line",
            "Each line of a message is on the page as a message of its own. A message may have \
             several lines: keep it as one text.",
            |knobs| {
                knobs.by_line = true;
                knobs.keep = |messages, message| {
                    let lines = message.lines().filter(|line| !line.trim().is_empty());
                    messages.extend(lines.map(str::to_string));
                };
            },
        )
        .or(|knobs| {
            knobs.by_line = true;
            knobs.keep = |messages, message| messages.extend(message.lines().map(str::to_string));
        })
        .wrong(
            "kept-twice",
            "Every message is on the page twice. Look for a second push, or for a second place \
             where the list goes into the page.",
            |knobs| {
                knobs.keep = |messages, message| messages.extend([message.clone(), message]);
            },
        )
        .wrong(
            "first-lost",
            "The oldest message is never on the page. The list begins at 0; for … in ….iter() \
             goes through all of it.",
            |knobs| knobs.shows = |messages| messages.get(1..).unwrap_or_default(),
        )
        .wrong(
            "last-lost",
            "The newest message is not on the page. for … in ….iter() goes through the whole \
             list.",
            |knobs| {
                knobs.shows = |messages| &messages[..messages.len().saturating_sub(1)];
            },
        )
        .wrong("only-some", ONLY_SOME, |knobs| knobs.shows = last::<10>)
        .or(|knobs| knobs.shows = last::<5>)
        .or(|knobs| knobs.shows = last::<3>)
        .or(|knobs| knobs.shows = last::<20>)
        .wrong(
            "shown-once",
            "The messages are on the page once, and gone the next time. Reading takes nothing \
             off the list: iter() lends the messages, drain and take remove them.",
            |knobs| knobs.shown_once = true,
        )
        .wrong(
            "posts-by-get",
            "A GET with a message in its query posts, too. A GET only asks, and may be repeated: \
             a query changes nothing.",
            |knobs| knobs.get_posts = true,
        )
        .wrong(
            "form-trimmed",
            "You trim the body before parse_form takes it apart. The white space at its end belongs \
             to the last value: give parse_form the text as it came.",
            |knobs| knobs.trims_form = true,
        )
        .wrong(
            "trimmed",
            "The spaces at the ends of a message are lost. trim is for the question whether it \
             is empty; what is kept is the message as it was typed.",
            |knobs| {
                knobs.loses_spaces = true;
                knobs.read = |message| message.trim().into();
            },
        )
        .or(|knobs| {
            knobs.loses_spaces = true;
            knobs.read = |message| message.trim_start().into();
        })
        .or(|knobs| {
            knobs.loses_spaces = true;
            knobs.read = |message| message.trim_end().into();
        });
}

/// So many of the messages, the last ones.
fn last<const MOST: usize>(messages: &[String]) -> &[String] {
    &messages[messages.len().saturating_sub(MOST)..]
}

fn about_escaping(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "cut-where-shown",
            "The end of a message is not on the page: its text is cut off where it is shown. A \
             message that was taken is shown whole. (Escaped, it may have more than 200 characters: \
             an & has five then. The limit is for what was typed.)",
            |knobs| {
                knobs.read = |message| {
                    let escaped = http_core::escape_html(message);
                    match escaped.chars().count() {
                        ..=200 => message.into(),
                        _ => grader::model::shown(&first::<200>(&escaped)),
                    }
                };
            },
        )
        .or(|knobs| knobs.read = first::<100>)
        .or(|knobs| knobs.read = first::<50>)
        .or(|knobs| knobs.read = first::<80>)
        .or(|knobs| knobs.read = first::<140>)
        .or(|knobs| knobs.read = first::<150>)
        .wrong(
            "lines-trimmed",
            "The spaces at the ends of the lines of a message are lost. It reads just as it was \
             typed: do not trim lines, also not those of the finished page. The messages are in it \
             by then.",
            |knobs| {
                knobs.loses_spaces = true;
                knobs.read = |message| match message.contains('\n') {
                    true => with_trimmed_lines(message),
                    false => message.into(),
                };
            },
        )
        .or(|knobs| {
            knobs.loses_spaces = true;
            knobs.read = with_trimmed_lines;
        })
        // Without the line end behind the last one.
        .or(|knobs| {
            knobs.loses_spaces = true;
            knobs.read = |message| {
                let lines: Vec<&str> = message.lines().map(str::trim).collect();
                lines.join("\n")
            };
        })
        .wrong(
            "first-line-end",
            "A message that begins with an empty line is shown without it: right behind <pre>, HTML \
             passes over a line end. Put a line end of your own there, or take a <p> with the style \
             white-space: pre-wrap.",
            |knobs| knobs.read = |message| message.strip_prefix('\n').unwrap_or(message).into(),
        )
        .wrong(
            "last-line-end",
            "A message that ends with an empty line is shown without it. Lines that are joined again \
             have one line end less: lines() does not tell whether there was one behind the last. \
             Show the message as it was typed, and the style of the page shows its lines.",
            |knobs| knobs.read = |message| message.strip_suffix('\n').unwrap_or(message).into(),
        )
        .wrong(
            "empty-lines-lost",
            "Empty lines between the lines of a message are lost. It reads just as it was typed: leave \
             its lines as they are.",
            |knobs| {
                knobs.read = |message| {
                    let lines: Vec<&str> = message.lines().filter(|line| !line.is_empty()).collect();
                    lines.join("\n")
                };
            },
        )
        // Of several, one stays.
        .or(|knobs| knobs.read = |message| message.replace("\n\n\n", "\n\n"))
        .wrong(
            "tabs-lost",
            "Tabs are taken out of a message, so that the words beside one become one word. A message reads \
             just as it was typed: take nothing out of it.",
            |knobs| {
                knobs.read = |message| {
                    let is_kept = |c: &char| *c == '\n' || !c.is_control();
                    message.chars().filter(is_kept).collect()
                };
            },
        )
        .wrong(
            "not-escaped",
            "A message with tags in it comes back as tags, not as the text that was typed. \
             Escape each message on its way into the page: escape_html.",
            |knobs| {
                knobs.escapes = false;
                knobs.read = |message| grader::model::shown(message);
            },
        )
        .wrong(
            "escaped-twice",
            "A message is escaped twice: the reader sees &lt; where < was typed. Keep it as it \
             was typed, and escape it once, where it goes into the page.",
            |knobs| knobs.read = http_core::escape_html,
        )
        .wrong(
            "ampersand-last",
            "You replace the & after others, and with it those that you have just written: < \
             becomes &amp;lt;. escape_html does it right.",
            |knobs| knobs.read = |message| signs_as(message, &[]),
        )
        .or(|knobs| knobs.read = |message| signs_as(message, &[('"', "&quot;")]))
        .or(|knobs| {
            knobs.read = |message| signs_as(message, &[('"', "&quot;"), ('\'', "&#39;")]);
        })
        .or(|knobs| {
            knobs.read = |message| signs_as(message, &[('"', "&quot;"), ('\'', "&#x27;")]);
        })
        .wrong(
            "raw-elsewhere",
            "A message stands on the page in two places, and in one of them it is not escaped. \
             In a title or in an attribute, too, somebody else's text must be escaped.",
            |knobs| knobs.raw_elsewhere = true,
        )
        .wrong(
            "ends-an-attribute",
            "A message stands in an attribute of a tag, and can end it and begin another one, such \
             as onclick, which runs a script. Put the attribute into double quotes, and escape those \
             of the message, too: escape_html does.",
            |knobs| knobs.ends_attribute = Some(' '),
        )
        .or(|knobs| knobs.ends_attribute = Some('"'))
        .or(|knobs| knobs.ends_attribute = Some('\''))
        .wrong(
            "br-escaped",
            "The line ends become <br> before the message is escaped, so the reader sees these \
             letters. Escape first. And the style of the page shows line ends without any <br>.",
            |knobs| knobs.read = |message| message.replace('\n', "<br>"),
        )
        .or(|knobs| knobs.read = |message| message.replace('\n', "<br>\n"))
        .wrong(
            "br-and-line-end",
            "Between two lines of a message stands a <br>, and the line end as well, which the \
             style of the page shows: white-space: pre-wrap. So the reader sees an empty line \
             that nobody typed. One of the two is enough.",
            |knobs| knobs.between_lines = Some("<br>\n"),
        )
        .or(|knobs| knobs.between_lines = Some("<br/>\n"))
        .or(|knobs| knobs.between_lines = Some("<br />\n"))
        .or(|knobs| knobs.between_lines = Some("\n<br>"))
        .wrong(
            "lines-lost",
            "The line ends of a message are spaces on the page. It reads just as it was typed: \
             keep the line ends. (The style of the page shows them.)",
            |knobs| knobs.between_lines = Some(" "),
        )
        .wrong(
            "escapes-the-list",
            "The reader sees the tags of your own page as text. Escape each message alone, not \
             the text with all of them.",
            |knobs| knobs.own_tags = false,
        );
}

/// A message in which < and > are written as in HTML, and so are these.
fn signs_as(message: &str, others: &[(char, &str)]) -> String {
    let text = message.replace('<', "&lt;").replace('>', "&gt;");
    let others = others.iter();
    others.fold(text, |text, (sign, written)| text.replace(*sign, written))
}

/// The lines of a message without the spaces at their ends.
fn with_trimmed_lines(message: &str) -> String {
    let lines: Vec<&str> = message.split('\n').map(str::trim).collect();
    lines.join("\n")
}

/// This number of characters of a message, the first ones.
fn first<const MOST: usize>(message: &str) -> String {
    message.chars().take(MOST).collect()
}

fn about_refusing(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "empty-taken",
            "An empty message is taken like any other. It is refused: 400.",
            |knobs| knobs.is_empty = |_| false,
        )
        .wrong(
            "blank-taken",
            "A message of nothing but white space is taken. It is empty, too: look at what trim \
             leaves of it.",
            |knobs| knobs.is_empty = str::is_empty,
        )
        .wrong(
            "only-spaces",
            "A message of line ends or tabs is taken. They are white space, too: trim takes all \
             of it off, trim_matches(' ') only spaces.",
            |knobs| knobs.is_empty = |message| message.trim_matches(' ').is_empty(),
        )
        .wrong(
            "empty-ignored",
            "An empty message is dropped without a word: the browser is sent to the board as if \
             all were well. Answer 400, and say what to do.",
            |knobs| knobs.empty = 303,
        )
        .wrong(
            "length-first",
            "A long message of nothing but white space is called too long. Ask first whether it \
             is empty: the order of the arms counts.",
            |knobs| knobs.length_first = true,
        )
        .wrong(
            "counts-bytes",
            "The length is that in bytes: len(). An é has two of them. Characters are \
             chars().count().",
            |knobs| knobs.length = |came| came.replace("\r\n", "\n").len(),
        )
        .wrong(
            "counts-utf16",
            "The length is that in UTF-16, in which an emoji such as 🐈 counts as two. Characters \
             are chars().count().",
            |knobs| {
                knobs.length = |came| came.replace("\r\n", "\n").encode_utf16().count();
            },
        )
        .wrong(
            "line-end-is-two",
            "A line end counts as two characters, as the browser sends it. It is to count as \
             one: read_message of the starter replaces \\r\\n by \\n.",
            |knobs| knobs.length = |came| came.chars().count(),
        )
        .wrong(
            "counts-escaped",
            "The length is that of the escaped message, in which an & has five characters. Count \
             what was typed, and escape it where it goes into the page.",
            |knobs| {
                knobs.length = |came| {
                    let message = came.replace("\r\n", "\n");
                    http_core::escape_html(&message).chars().count()
                };
            },
        )
        .wrong(
            "counts-trimmed",
            "Spaces at the ends of a message are not counted. trim is for the question whether \
             it is empty; each character counts for its length.",
            |knobs| knobs.length = |came| came.replace("\r\n", "\n").trim().chars().count(),
        )
        .or(|knobs| {
            knobs.length = |came| came.replace("\r\n", "\n").trim_start().chars().count();
        })
        .or(|knobs| knobs.length = |came| came.replace("\r\n", "\n").trim_end().chars().count())
        .wrong(
            "white-space-uncounted",
            "Spaces or line ends are left out of the length. They count as well: each character of a \
             message does. Count those of the message as it is.",
            |knobs| knobs.length = |came| came.chars().filter(|c| !c.is_whitespace()).count(),
        )
        .or(|knobs| {
            knobs.length = |came| came.replace("\r\n", "\n").replace(' ', "").chars().count();
        })
        .or(|knobs| knobs.length = |came| came.replace(['\r', '\n'], "").chars().count())
        .wrong(
            "one-too-few",
            "A message of just 200 characters is refused. 200 are allowed: look at the number, and \
             whether you compare with > or with >=.",
            |knobs| knobs.limit = 199,
        )
        .wrong(
            "long-taken",
            "Messages of more than 200 characters are taken. They are refused: 413.",
            |knobs| knobs.limit = usize::MAX,
        )
        .or(|knobs| knobs.limit = 201)
        .wrong(
            "cut-short",
            "A message that is too long is cut and taken. Its writer does not learn that a part \
             is lost. Refuse it: 413.",
            |knobs| knobs.cuts = true,
        )
        .wrong(
            "too-long-is-400",
            "A message that is too long gets 400. There is a status of its own for it: 413.",
            |knobs| knobs.too_long = 400,
        )
        .wrong(
            "limit-not-said",
            "The answer to a message that is too long does not say how many characters are \
             allowed. The number 200 must be in it. (If the name stands there in braces, it is in no \
             format!.)",
            |knobs| knobs.says_limit = false,
        )
        .wrong(
            REFUSED_AND_KEPT.0,
            REFUSED_AND_KEPT.1,
            |knobs| knobs.keeps_first = true,
        )
        .wrong(
            "kept-elsewhere",
            "A message that was posted to another path is on the board, though the answer is 404. A \
             message that is refused is not kept: look at the path first.",
            |knobs| knobs.keeps_elsewhere = true,
        )
        .wrong(
            "beginning-kept",
            "A message that is too long is refused, but its beginning is on the board. A message \
             that is refused is not kept at all.",
            |knobs| knobs.keeps_beginning = true,
        );
}

fn about_the_page(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "page-as-text",
            "The page is sent as text/plain, so a browser shows its tags. It is text/html.",
            |knobs| knobs.kind = "text/plain; charset=utf-8".into(),
        )
        .wrong(
            "no-form",
            "There is no form on the page that posts a field message to /. It is in board.html: send \
             that page, with the messages in the place of the comment.",
            |knobs| knobs.form = false,
        )
        .wrong(
            "every-path",
            "A path that nobody knows gets 200. Only / is the board; every other path is 404.",
            |knobs| knobs.unknown = 200,
        );
}

fn reload(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    // The form of step 2 may not be there yet.
    let mut page = run.browser()?;
    page.post_from("/form-for-step-1", "message", &word)?;
    page.reload()?;
    let exchanges = page.exchanges()?;
    let posts = exchanges.iter().filter(|sent| sent.method == "POST");
    if posts.count() != 1 {
        return Err(page.wrong("one POST: reload asks for the page again with GET"));
    }
    page.expect_path("/")
}

const REFUSED_AND_KEPT: (&str, &str) = (
    "refused-and-kept",
    "A message that is refused is on the board all the same. Look at it first, and push it when it \
     is neither empty nor too long.",
);

/// A message of white space is seen as an empty box at most.
fn nothing_left(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = run.program().serve()?;
    is_answered(&service.ask(message(&word))?, 303)?;
    let boxes = || {
        let page = service.get("/")?;
        is_answered(&page, 200)?;
        Ok::<usize, Failure>(grader::model::tags(&page.text()).len())
    };
    let before = boxes()?;
    for refused in [message(""), message(" \r\n "), post("/").form(&[])] {
        is_answered(&service.ask(refused)?, 400)?;
    }
    let behind = boxes()?;
    if behind <= before {
        return Ok(());
    }
    let failure = service.wrong(
        &[
            "post a message, and ask for /",
            "post an empty message, one of white space, and a form without one",
            "ask for / again",
        ],
        format!("a page with as many tags as before: {before}"),
        format!("a page with {behind} tags"),
    );
    Err(failure.because(REFUSED_AND_KEPT.0, REFUSED_AND_KEPT.1))
}

/// What is said where the board has become too long for a program.
const ONLY_SOME: &str = "When there are many messages, the older ones are not on the page any \
                         more. All of them are to be kept and shown.";

/// That it has failed is one thing; which other answer comes is a matter of other checks.
fn is_answered(answer: &Answer, status: u16) -> Verdict {
    match answer.status() {
        500.. => answer.expect_status(status),
        _ => Ok(()),
    }
}

/// More messages than anybody would take for all of them.
fn long_board(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let words: Vec<String> = (0..120).map(|_| run.seed().word()).collect();
    let mut shown = Vec::new();
    for number in [5, words.len()] {
        for word in &words[shown.len()..number] {
            is_answered(&service.ask(message(word))?, 303)?;
        }
        service.get("/")?;
        // The first look at it may have taken them off.
        let page = service.get("/")?;
        is_answered(&page, 200)?;
        let posted = words[..number].iter();
        shown = posted.filter(|word| page.text().contains(*word)).collect();
        if number < words.len() && shown.len() < number {
            return Ok(()); // a short one is a matter of other checks
        }
    }
    if shown.len() == words.len() {
        return Ok(());
    }
    let done = format!("post {} messages, one after the other", words.len());
    let failure = service.wrong(
        &[&done, "ask for /"],
        "all of them on the page",
        format!("a page with {} of them", shown.len()),
    );
    // Those that came last, and more than a few.
    let newest = &words[words.len() - shown.len()..];
    if shown.len() > 2 && newest.iter().eq(shown) {
        return Err(failure.because("only-some", ONLY_SOME));
    }
    Err(failure)
}

/// How long others may wait while one client is slow: far longer than an answer takes.
const WAITING: Duration = Duration::from_secs(5);

/// Half of a form comes, and then nothing more. Meanwhile, others post.
fn slow_client(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    // A program that does not read it is no matter of this check.
    let slow = service.begin_slowly(&message(&run.seed().word()));
    let other = service.ask_within(message(&run.seed().word()), WAITING)?;
    drop(slow);
    if let Some(answer) = other {
        return is_answered(&answer, 303);
    }
    let waited = WAITING.as_secs();
    Err(service
        .wrong(
            &[
                "send the head of a POST and half of its form, and then wait",
                "meanwhile, post a message on another connection",
            ],
            "303 See Other for the other message, at once",
            format!("no answer in {waited} seconds: it waits for the slow client"),
        )
        .because(
            "waits-with-the-lock",
            "While one client is slow to send its message, nobody else gets an answer: you hold \
             the lock while the form is read. Read the message first, and take the lock then, for \
             the push alone.",
        ))
}

/// The style of board.html shows white space, that of the program's own making, too.
fn no_space_before(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = run.program().serve()?;
    service.ask(message(&word))?;
    service.get("/")?.expect_no_space_before(&word)?;
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=message]", &word)?;
    page.submit("[name=message]")?;
    page.open("/")?;
    page.expect_text(&word)?;
    page.expect_no_space_before(&word)
}

/// In HTML, white space looks like one space, unless the style of the page shows it.
fn white_space(run: &mut Run) -> Verdict {
    let words = [(); 5].map(|()| run.seed().word());
    let words = words.each_ref().map(String::as_str);
    let mut page = run.browser()?;
    page.post_from("/form-for-step-1", "message", &spaced_message(words))?;
    page.open("/")?;
    page.expect_white_space_of(words)
}

fn script(run: &mut Run) -> Verdict {
    let (word, number) = (run.seed().word(), run.seed().number(10..100));
    let texts = [
        format!("<script>alert({number})</script>"),
        format!("<img src=x onerror=alert({number})> {word}"),
    ];
    let mut page = run.browser()?;
    page.open("/")?;
    for text in &texts {
        page.fill("[name=message]", text)?;
        page.submit("[name=message]")?;
        page.open("/")?;
        if !page.dialogs().is_empty() {
            return Err(page.wrong("no script of a message runs"));
        }
        page.expect_text(text)?;
    }
    Ok(())
}
