//! The checks of lesson 7, message_form: a page with a form, and a page with what was
//! typed into it.

use std::ops::Range;
use std::process::ExitCode;

use grader::record::Request;
use grader::{
    Act, Draw, Expect, FORM, LINES_NOT_SHOWN, Mistakes, Model, Run, Seen, Status, Verdict, Whole,
    get, post, request, spaced_message,
};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> ExitCode {
    grader::lesson!(MessageForm)
        .example(
            1,
            4,
            "GET / answers a form that posts a field message",
            Whole,
            |_| [get("/")],
        )
        .example(1, 1, "a path nobody knows answers 404", Status, |draw| {
            // Else the form could be the answer to everything.
            vec![
                get("/"),
                get(draw.path()),
                get("/form.html"),
                get("/index.html"),
            ]
        })
        .check(1, 0, "the program needs no file of its page", needs_no_file)
        .check(1, 0, "in a browser, the button posts the form", button)
        .example(
            2,
            2,
            "POST / answers a page with the message",
            Whole,
            |draw| {
                let word = draw.word();
                let mut acts = vec![
                    message(""),
                    message(&word),
                    // As with the browser's reload.
                    message(&word),
                    message(""),
                    message(&draw.word()).of_script(),
                    get("/"),
                ];
                for method in ["PUT", "PATCH", "DELETE"] {
                    acts.push(request(method, "/").form(&[("message", &draw.word())]));
                }
                for name in [draw.word(), "message".into()] {
                    let target = format!("/?{name}={}", draw.word());
                    acts.push(post(target).form(&[("message", &draw.word())]));
                }
                // A path that nobody knows.
                acts.push(post(draw.path()).form(&[("message", &draw.word())]));
                acts
            },
        )
        .example(
            2,
            1,
            "the message comes back as it was typed",
            Whole,
            |draw| {
                let (line, word) = (draw.line(), draw.word());
                let lines = format!("{}\r\n{}", draw.word(), draw.word());
                [
                    message(&format!("{line} + {word}: 100%")),
                    message(&lines),
                    message(&indented(draw)),
                    message(&format!("{}\r\n\r\n\r\n{}", draw.word(), draw.word())),
                    message(&format!("{}\t{}", draw.word(), draw.word())),
                    message(&format!("\r\n{}", draw.word())),
                    message(&format!("{}\r\n\r\n", draw.word())),
                    message(&format!("{}\r\n\r\n{}", draw.word(), draw.word())),
                    message(&draw.word().repeat(2000)),
                    not_utf8(draw),
                    raw_spaces(draw),
                ]
            },
        )
        .example(
            2,
            2,
            "a tag in a message comes back as text",
            Whole,
            |draw| {
                let word = draw.word();
                let tags = [
                    message(&format!("<script>alert('{word}')</script>")),
                    message(&format!("{word} &lt; b")),
                ];
                [&tags[..], &with_an_attribute(draw)].concat()
            },
        )
        .example(2, 1, "the tags of the page are still tags", Whole, |draw| {
            [message(&draw.word())]
        })
        .check(
            2,
            0,
            "in a browser, a script in a message does not run",
            script,
        )
        .check(
            2,
            0,
            "no white space is seen before the message",
            no_space_before,
        )
        .check(2, 0, "the white space of a message is seen", white_space)
        .check(2, 0, "a body of more than 1 MiB is read whole", long_body)
        .example(3, 1, "a form without a message gets 400", Whole, |draw| {
            let form = post("/").form(&[("massage", &draw.word())]);
            let capital = post("/").form(&[("Message", &draw.word())]);
            let longer = post("/").form(&[("messages", &draw.word())]);
            let in_query = post(format!("/?message={}", draw.word())).form(&[]);
            // The path comes first: it is no form without a message where nobody takes any.
            let elsewhere = post(draw.path()).form(&[("massage", &draw.word())]);
            let empty = post("/").form(&[]);
            [form, capital, longer, empty, in_query, elsewhere]
        })
        .sessions(1)
        .grade()
}

/// Posts a message with bytes that are not UTF-8.
fn not_utf8(draw: &mut Draw) -> Act {
    let bytes = [b"message=", draw.word().as_bytes(), b"\xff%FF"].concat();
    post("/").field("Content-Type", FORM).body(bytes)
}

/// Posts a message whose spaces come as they are: the last two end the body.
fn raw_spaces(draw: &mut Draw) -> Act {
    let body = format!("message={}  {}  ", draw.word(), draw.word());
    post("/").field("Content-Type", FORM).body(body)
}

/// Messages that become an attribute, of this name, of a tag that has them in one of its own, if
/// they end that one.
fn with_an_attribute(draw: &mut Draw) -> [Act; 3] {
    ["\"", "'", ""].map(|quote| {
        let (word, name) = (draw.word(), draw.word());
        message(&format!("{word}{quote} {name}={quote}1"))
    })
}

/// Posts a message, as the form does.
fn message(text: &str) -> Act {
    post("/").form(&[("message", text)])
}

/// Lines as in a poem, or in a program: with spaces before them.
fn indented(draw: &mut Draw) -> String {
    let (one, other, third) = (draw.word(), draw.word(), draw.word());
    format!("{one}\r\n    {other}\r\n  {third}")
}

/// What the server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The status and the type of the page with the form, and of that with the message.
    form: (u16, String),
    shown: (u16, String),
    /// Whether the first page has a form, how and where it is sent, and the name of its field.
    has_form: bool,
    method: &'static str,
    /// How its fields are written, if it says so.
    enctype: Option<&'static str>,
    action: String,
    named: Option<&'static str>,
    /// Whether something in it sends it.
    has_button: bool,
    /// Whether every path gets the form.
    every_path: bool,
    /// Whether what is posted there is looked at, by whether it has a message.
    takes: fn(asked: &Request, has_message: bool) -> bool,
    /// The field of a request, as far as the program takes it out.
    field: fn(&Request) -> Option<String>,
    /// What is left of the message before it goes into the page.
    kept: fn(&str) -> &str,
    /// How many of its characters there are at most.
    most: usize,
    /// What is to be seen of it on the page.
    seen: fn(Expect, &str) -> Expect,
    /// Whether the page is made once, for the first message.
    first_stays: bool,
    /// Bodies of earlier requests stand before the next one.
    keeps_buffer: bool,
    /// Whether the page shows the messages before as well.
    shows_all: bool,
    /// Whether a form without a message is answered with the message before, if there is one.
    stays: bool,
    /// The same, for an empty message.
    empty_stays: bool,
    /// Whether this message is refused if it is the same as the one before.
    refuses_again: fn(&str) -> bool,
    /// Whether PUT is answered as POST.
    takes_put: bool,
    /// The type that HEAD gets with 200, at every path, if the program answers it itself.
    own_head: Option<Option<&'static str>>,
    /// Whether GET of another path is redirected to /.
    redirects_others: bool,
    /// Whether the form comes with the message that stands in the query.
    prefilled: bool,
    /// Whether the form comes with the last message in it, whoever has sent that.
    form_remembers: bool,
    /// Whether a message in the query is shown, as one that was posted.
    get_shows: bool,
    /// Paths that get the form as well.
    others: &'static [&'static str],
    /// Whether a message is answered with a redirect.
    redirects: bool,
    /// Whether the tags of the page are tags.
    own_tags: bool,
    /// The status and the type of the answer to a form without a message, and whether it names
    /// the field.
    missing: u16,
    missing_kind: Option<String>,
    names_what_is_missing: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            form: (200, HTML.into()),
            shown: (200, HTML.into()),
            has_form: true,
            method: "post",
            enctype: None,
            action: "/".into(),
            named: Some("message"),
            has_button: true,
            every_path: false,
            takes: |asked, _| asked.path() == "/",
            field: |asked| asked.form_field("message"),
            kept: |message| message,
            most: usize::MAX,
            seen: as_typed,
            first_stays: false,
            keeps_buffer: false,
            shows_all: false,
            stays: false,
            empty_stays: false,
            refuses_again: |_| false,
            takes_put: false,
            own_head: None,
            redirects_others: false,
            prefilled: false,
            form_remembers: false,
            get_shows: false,
            others: &[],
            redirects: false,
            own_tags: true,
            missing: 400,
            missing_kind: Some(HTML.into()),
            names_what_is_missing: true,
        }
    }
}

/// What a program remembers that should remember nothing.
#[derive(Clone, Default)]
struct Kept {
    /// The bodies that a buffer still has, which is never made anew.
    buffer: Vec<u8>,
    /// The messages before.
    messages: Vec<String>,
}

struct MessageForm;

impl Model for MessageForm {
    type Knobs = Knobs;
    type State = Kept;

    fn expect(knobs: &Knobs, kept: &mut Kept, act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        let is_other = knobs.every_path || knobs.others.contains(&asked.path());
        let is_home = match &*asked.method {
            "POST" => (knobs.takes)(asked, (knobs.field)(asked).is_some()),
            _ => asked.path() == "/" || is_other,
        };
        // The text does not say whether %2F is a slash, and what // is.
        if asked.respells(&["/"]) {
            return None;
        }
        let unknown = |step| Expect::step(step).status(404).field("Content-Type", HTML);
        if let ("HEAD", Some(kind)) = (&*asked.method, knobs.own_head) {
            return Some(Expect::step(1).status(200).field("Content-Type", kind));
        }
        if knobs.redirects_others && asked.method != "POST" && !is_home {
            let redirect = Expect::step(1).status_in(&[301, 302, 303, 307, 308]);
            return Some(redirect.field("Location", "/"));
        }
        match &*asked.method {
            "GET" | "HEAD" if !is_home => Some(unknown(1)),
            "GET" => {
                let page = form(knobs);
                let page = match asked.query_field("message") {
                    Some(word) if knobs.get_shows => Expect::step(1)
                        .status(200)
                        .field("Content-Type", HTML)
                        .shows(word)
                        .body_lacks("<form"),
                    Some(word) if knobs.prefilled => page.body_has(word),
                    Some(word) => page.body_lacks(word),
                    None => page,
                };
                // Nor does it remember what was posted.
                let page = page.then(2);
                let is_word = |text: &&String| is_plain(text) && text.len() < 100;
                Some(match kept.messages.last().filter(is_word) {
                    Some(last) if knobs.form_remembers => page.body_has(last),
                    _ if knobs.form_remembers => page,
                    _ => kept
                        .messages
                        .iter()
                        .filter(is_word)
                        .fold(page, |page, message| page.body_lacks(message)),
                })
            }
            "HEAD" => {
                let (status, kind) = &knobs.form;
                let head = Expect::step(1).status(*status);
                Some(head.field("Content-Type", &**kind).body(""))
            }
            "POST" if !is_home => {
                let has_message = asked.form_field("message").is_some();
                Some(unknown(if has_message { 2 } else { 3 }))
            }
            "POST" if knobs.keeps_buffer => {
                let body = asked.body.as_deref().unwrap_or_default();
                kept.buffer.extend(body);
                let body = Some(kept.buffer.clone().into());
                let read = Request {
                    body,
                    ..asked.clone()
                };
                Some(posted(knobs, kept, &read))
            }
            "POST" => Some(posted(knobs, kept, asked)),
            "PUT" if knobs.takes_put => Some(posted(knobs, kept, asked)),
            _ => Some(Expect::step(2).status(501)),
        }
    }

    fn draw(draw: &mut Draw, _: &Kept) -> Vec<Act> {
        vec![match draw.below(17) {
            0 => match draw.below(3) {
                0 => get(format!("/?message={}", draw.word())),
                _ => get("/".to_string() + &draw.query()),
            },
            1..=5 => message(&draw.text()),
            6 => message(&draw.line()),
            7 => message(draw.pick(&["", " ", "\r\n"])),
            8 if draw.one_in(3) => message(&indented(draw)),
            8 => {
                let lines = [draw.word(), draw.word(), draw.word()];
                message(&lines.join("\r\n"))
            }
            9 | 10 => {
                let (one, other) = (draw.text(), draw.word());
                let (name, value) = (draw.pick(&["my-message", "x"]), draw.word());
                let fields = [("message", &*one), ("message", &other), (name, &value)];
                let order = draw.pick(&[[0, 1], [2, 0], [0, 2]]);
                post("/".to_string() + &draw.query()).form(&order.map(|at| fields[at]))
            }
            11 => {
                let name = draw.pick(&["massage", "messages", "message2"]);
                post("/").form(&[(name, &draw.word())])
            }
            12 => match draw.below(4) {
                0 => post("/").form(&[]),
                1 => post("/").form(&[("Message", &draw.word())]),
                2 => post("/").form(&[(&draw.word(), "message")]),
                _ => post(format!("/?message={}", draw.word())).form(&[]),
            },
            13 => not_utf8(draw),
            14 => match draw.below(4) {
                // Empty lines at its ends, or between its lines.
                3 => {
                    let ends = "\r\n".repeat(draw.pick(&[2, 3]));
                    message(&format!("{}{ends}{}", draw.word(), draw.word()))
                }
                1 => message(&format!("{}\r\n\r\n", draw.word())),
                2 => message(&format!("\r\n{}", draw.word())),
                _ => message(&format!("  {}  {}  ", draw.word(), draw.word())),
            },
            15 => match draw.below(6) {
                // The pages are files of the program, and no paths.
                0 => get(draw.pick(&["/form.html", "/form", "/message.html", "/index.html"])),
                _ => get(draw.path_near(&["/"])),
            },
            _ => match draw.below(5) {
                0 => request("HEAD", "/"),
                3 => request("HEAD", draw.path_near(&["/"])),
                4 => {
                    let method = draw.pick(&["PUT", "DELETE", "PATCH"]);
                    request(method, "/").form(&[("message", &draw.word())])
                }
                1 => {
                    let name = draw.pick(&["message", "massage"]);
                    post(draw.path_near(&["/"])).form(&[(name, &draw.word())])
                }
                _ => message(&draw.word().repeat(2000)),
            },
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_the_form(mistakes);
        about_the_message(mistakes);
        about_no_message(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        let kind = answer.field("Content-Type").unwrap_or_default().to_string();
        if asked.path() != "/" {
            return;
        }
        let sent_to = grader::model::tags(&answer.text())
            .iter()
            .find(|tag| tag.name == "form")
            .and_then(|form| form.attribute("action").map(str::to_string));
        if let Some(action) = sent_to.filter(|_| asked.method == "GET") {
            mistakes.wrong(
                "form-to-another-path",
                format!(
                    "The form is sent to {action:?}. It has to be sent to the path /, where \
                     do_post has an answer: action=\"/\"."
                ),
                move |knobs| knobs.action.clone_from(&action),
            );
        }
        let names = |names: &str| answer.text().contains(names);
        let field = asked.form_field("message").filter(|_| status == 200);
        if let Some(message) = field.filter(|message| is_plain(message)) {
            // How far a reader sees a long message.
            let (page, ends) = (answer.text(), message.char_indices().map(|(at, _)| at));
            let ends: Vec<usize> = ends.skip(1).collect();
            let most = ends.partition_point(|end| page.contains(&message[..*end]));
            if (100..ends.len()).contains(&most) {
                mistakes.wrong(
                    "shortened",
                    format!(
                        "Only the first {most} characters of a long message are on the page. In \
                         this lesson a message may have any length: show all of it."
                    ),
                    move |knobs| knobs.most = most,
                );
            }
        }
        match (&*asked.method, asked.form_field("message")) {
            ("GET", _) => mistakes.wrong(
                "other-form-page",
                "The page with the form is sent with another status or type than 200 and \
                 text/html; charset=utf-8. send_page sends both.",
                move |knobs| knobs.form = (status, kind.clone()),
            ),
            ("POST", Some(_)) => mistakes.wrong(
                "other-message-page",
                "The page with the message is sent with another status or type than 200 and \
                 text/html; charset=utf-8. send_page sends both.",
                move |knobs| knobs.shown = (status, kind.clone()),
            ),
            ("POST", None) => {
                let kind = answer.field("Content-Type").map(str::to_string);
                let other = kind.clone();
                mistakes.wrong(
                    "other-type-for-missing",
                    "The answer to a form without a field message is no page in HTML: its type is \
                     another one than text/html; charset=utf-8.",
                    move |knobs| knobs.missing_kind.clone_from(&other),
                );
                let names = names("message");
                if status == 400 {
                    return;
                }
                mistakes.wrong(
                    "other-status-for-missing",
                    format!(
                        "A form without a field message is answered with {status}. The path is \
                         right and the request makes no sense: 400."
                    ),
                    move |knobs| {
                        knobs.missing = status;
                        knobs.missing_kind.clone_from(&kind);
                        knobs.names_what_is_missing = names;
                    },
                )
            }
            _ => return,
        };
    }
}

/// The page with the form.
fn form(knobs: &Knobs) -> Expect {
    let (status, kind) = &knobs.form;
    let page = Expect::step(1).status(*status);
    let mut page = page.field("Content-Type", &**kind);
    page = match (knobs.has_form, knobs.enctype) {
        (true, None) if !knobs.has_button => {
            page.has_form_without_button(knobs.method, &knobs.action, knobs.named)
        }
        (true, None) => page.has_form(knobs.method, &knobs.action, knobs.named),
        (true, Some(kind)) => {
            let sent = [("method", knobs.method), ("enctype", kind)];
            page.has_tag("form", &sent)
        }
        (false, _) => page.body_lacks("<form"),
    };
    page
}

/// The answer to a form.
fn posted(knobs: &Knobs, kept: &mut Kept, asked: &Request) -> Expect {
    let before = kept.messages.last().filter(|_| knobs.stays).cloned();
    let Some(message) = (knobs.field)(asked).or(before) else {
        let missing = Expect::step(3).status(knobs.missing);
        let missing = missing.field("Content-Type", knobs.missing_kind.as_deref());
        return match knobs.names_what_is_missing {
            true => missing.names(&["message"]),
            false => missing.hides("message"),
        };
    };
    if kept.messages.last() == Some(&message) && (knobs.refuses_again)(&message) {
        return Expect::step(2).status_in(&[301, 302, 303, 400, 403, 409, 422, 429]);
    }
    let before = kept.messages.iter().rfind(|before| !before.is_empty());
    let message = match before {
        Some(before) if knobs.empty_stays && message.is_empty() => before.clone(),
        _ => message,
    };
    let first = kept.messages.first().filter(|_| knobs.first_stays);
    let message = first.cloned().unwrap_or(message);
    if knobs.redirects {
        let step = if asked.form_field("message").is_some() {
            2
        } else {
            3
        };
        return Expect::step(step)
            .status_in(&[301, 302, 303])
            .field("Location", "/");
    }
    let (status, kind) = &knobs.shown;
    // An empty message that was taken for none at all.
    let step = if asked.form_field("message").is_some() {
        2
    } else {
        3
    };
    let mut page = Expect::step(step).status(*status);
    page = page.field("Content-Type", &**kind);
    let kept_of_it = (knobs.kept)(&message);
    let shown: String = kept_of_it.chars().take(knobs.most).collect();
    page = (knobs.seen)(page, &shown);
    let is_blank = |c: char| c.is_whitespace() || c.is_alphanumeric();
    if !kept_of_it.is_empty() && kept_of_it != message && message.chars().all(is_blank) {
        page = page.body_lacks(&message);
    }
    if shown.len() < kept_of_it.len() {
        let more: String = kept_of_it.chars().take(knobs.most + 1).collect();
        page = page.hides(more).hides(kept_of_it);
    }
    // Of the messages before, a reader sees nothing.
    for earlier in kept.messages.iter().filter(|text| is_plain(text)) {
        if !message.contains(earlier.as_str()) {
            page = match knobs.shows_all {
                true => page.shows(earlier),
                false => page.hides(earlier),
            };
        }
    }
    // Nor of the other fields.
    for (_, value) in form_urlencoded::parse(asked.text().as_bytes()) {
        let value = value.into_owned();
        if is_plain(&value) && !message.contains(&value) {
            page = page.hides(value);
        }
    }
    kept.messages.push(message.clone());
    let mut all = kept.messages.iter().filter(|_| knobs.shows_all);
    // A reader sees no tags of the page, unless somebody has typed some.
    let has_tags = message.contains('<') || all.any(|earlier| earlier.contains('<'));
    match (has_tags, knobs.own_tags) {
        (false, true) => page.hides_own_tags(),
        (_, false) => page.shows("</"),
        _ => page,
    }
}

/// Whether a text is a word that no page has by itself: one that was drawn.
fn is_plain(text: &str) -> bool {
    text.len() > 3
        && text.chars().all(char::is_alphanumeric)
        && text.contains(|c: char| c.is_ascii_digit())
}

/// A reader sees just this text.
fn as_typed(page: Expect, message: &str) -> Expect {
    let mut page = page.shows(message);
    // What is escaped stands nowhere as it was typed, in no attribute either.
    if message.contains('<') {
        page = page.body_lacks(message);
    }
    // Nor does it become an attribute of a tag.
    if let Some(name) = attribute_of(message) {
        page = page.lacks_attribute(name);
    }
    // Where nothing has to be escaped, the spaces and line ends can be looked at as well.
    if let Some(lines) = plain_lines(message) {
        page = page.shows_lines(lines);
    }
    // An empty line at its beginning is a line of it, too.
    if let Some(rest) = message.strip_prefix("\r\n")
        && is_plain(rest)
    {
        page = page.shows_lines(["", rest]);
    }
    // And an empty line at its end.
    if let Some(rest) = with_empty_line(message) {
        page = page.shows_lines([rest, ""]);
    }
    // And those between its lines.
    if let Some((one, ends, other)) = with_empty_lines_between(message) {
        page = without_line_ends(page, one, 1..ends, other);
    }
    // A comment of the page is no place for it.
    if is_plain(message) {
        page = page.body_lacks(in_comment(message));
    }
    let is_spaced = |line: &str| line.chars().all(|c| c == ' ' || c.is_alphanumeric());
    let lines: Vec<&str> = message.split("\r\n").collect();
    let is_spaced = lines.iter().all(|line| is_spaced(line));
    match &lines[..] {
        [line] if is_spaced && line.trim().contains("  ") => page.shows_spaced(*line),
        [_, _, ..] if is_spaced => {
            let spaced = lines.iter().filter(|line| line.contains("  "));
            spaced.fold(page, |page, line| page.shows_spaced(*line))
        }
        _ => page,
    }
}

/// The name of the attribute that a message would become.
fn attribute_of(message: &str) -> Option<&str> {
    let (before, name) = message
        .strip_suffix('1')
        .and_then(|_| message.split_once(' '))?;
    let (name, _) = name.split_once('=')?;
    let is_word = |text: &str| !text.is_empty() && text.chars().all(char::is_alphanumeric);
    (is_word(name) && is_word(before.trim_end_matches(['"', '\'']))).then_some(name)
}

/// A message with such a quote in it becomes an attribute.
fn ends_attribute<const QUOTE: char>(page: Expect, message: &str) -> Expect {
    match attribute_of(message) {
        Some(name) if message.contains(QUOTE) => page.shows(message).has_attribute(name),
        _ => as_typed(page, message),
    }
}

/// The word before an empty line.
fn with_empty_line(message: &str) -> Option<&str> {
    let rest = message.strip_suffix("\r\n\r\n");
    rest.filter(|rest| is_plain(rest))
}

/// The words before and behind one empty line or several, and the number of line ends between them.
fn with_empty_lines_between(message: &str) -> Option<(&str, usize, &str)> {
    let (one, _) = message.split_once("\r\n")?;
    let (_, other) = message.rsplit_once("\r\n")?;
    let between = message.strip_prefix(one)?.strip_suffix(other)?;
    let ends = between.matches("\r\n").count();
    let is_empty = ends >= 2 && between == "\r\n".repeat(ends);
    (is_empty && is_plain(one) && is_plain(other)).then_some((one, ends, other))
}

/// Between these two words do not stand so many line ends, however they are written.
fn without_line_ends(page: Expect, one: &str, numbers: Range<usize>, other: &str) -> Expect {
    let ends = [
        "\r\n", "\n", "<br>", "<br/>", "<br />", "<br>\n", "<br/>\n", "<br />\n",
    ];
    let parted = |number| ends.map(|end: &str| format!("{one}{}{other}", end.repeat(number)));
    numbers.flat_map(parted).fold(page, Expect::body_lacks)
}

/// A text in the place of the words in the comment of message.html.
fn in_comment(text: &str) -> String {
    format!("<!-- {text} -->")
}

/// A reader sees the first of these lines, and none of the others.
fn only_first<'a>(page: Expect, mut lines: impl Iterator<Item = &'a str>) -> Expect {
    let page = as_typed(page, lines.next().unwrap_or_default());
    let others = lines.filter(|line| !line.trim().is_empty());
    others.fold(page, |page, line| page.hides(line))
}

/// Of the lines of a message, a reader sees these, and not those with more spaces.
fn without_spaces(page: Expect, message: &str, left: &str) -> Expect {
    let is_left = |line: &&str| left.split("\r\n").any(|left| left == *line);
    let is_spaced = |line: &&str| line.contains("  ") && !line.trim().is_empty();
    let lost = message.split("\r\n").filter(|line| !is_left(line));
    let page = as_typed(page, left);
    lost.filter(is_spaced)
        .fold(page, |page, line| page.body_lacks(line))
}

/// The text with lines that have lost the spaces at their ends; of the first line and of the last
/// one, those between the lines alone.
fn trimmed_between(text: &str) -> String {
    let lines: Vec<&str> = text.split("\r\n").collect();
    let last = lines.len() - 1;
    let trimmed = lines.iter().enumerate().map(|(at, line)| match at {
        0 if last == 0 => line,
        0 => line.trim_end(),
        at if at == last => line.trim_start(),
        _ => line.trim(),
    });
    trimmed.collect::<Vec<_>>().join("\r\n")
}

/// The lines of a text of several, if nothing of them has to be escaped.
fn plain_lines(text: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = text.split("\r\n").collect();
    let is_plain = |line: &&str| !line.is_empty() && line.chars().all(char::is_alphanumeric);
    (lines.len() > 1 && lines.iter().all(is_plain)).then_some(lines)
}

/// Between the lines of a text stands this, and a reader sees more line ends than were typed.
fn parted(page: Expect, message: &str, between: &str) -> Expect {
    match with_empty_line(message).is_some() || plain_lines(message).is_some() {
        true => page.body_has(message.replace("\r\n", between)),
        false => as_typed(page, message),
    }
}

/// Of the empty line at the end of a message, a reader sees nothing.
fn without_empty_line(page: Expect, message: &str) -> Expect {
    match with_empty_line(message) {
        Some(rest) => {
            let both = ["\r\n\r\n", "\n\n", "<br><br>", "<br>\n<br>"];
            let page = page.shows(rest).body_has(rest);
            let lost = both.iter().map(|both| format!("{rest}{both}"));
            lost.fold(page, Expect::body_lacks)
        }
        None => as_typed(page, message),
    }
}

/// The text stands in the page letter by letter, and a reader sees something else.
fn as_it_came(page: Expect, message: &str) -> Expect {
    match message.contains(['<', '&']) {
        // What is a tag is not seen as text anywhere.
        true if message.contains("<b>") => page.body_has(message).hides(message),
        true => page.body_has(message),
        false => as_typed(page, message),
    }
}

/// A reader sees it all, but it stands on the page letter by letter as well.
fn as_typed_and_raw(page: Expect, message: &str) -> Expect {
    match message.contains(['<', '&']) {
        true => page.body_has(message).shows(message),
        // Whether it ends an attribute, its quotes say.
        false if attribute_of(message).is_some() => page.shows(message),
        false => as_typed(page, message),
    }
}

/// Of the form, only so many bytes were read.
fn cut<const BYTES: usize>(page: Expect, message: &str) -> Expect {
    let form = grader::encode_form(&[("message", message)]);
    if form.len() <= BYTES {
        return as_typed(page, message);
    }
    let read = form_urlencoded::parse(&form.as_bytes()[..BYTES]).next();
    let (_, kept) = read.unwrap_or_default();
    // And not one character more: what cuts the message itself off, cuts elsewhere.
    let more: String = message.chars().take(kept.chars().count() + 1).collect();
    page.shows(&*kept).hides(more)
}

/// Of empty lines between two others, a reader sees as many as these at most.
fn with_empty_lines<const MOST: usize>(page: Expect, message: &str) -> Expect {
    match with_empty_lines_between(message) {
        Some((one, ends, other)) if ends > MOST + 1 => {
            let page = page.shows(format!("{one} {other}"));
            without_line_ends(page, one, MOST + 2..ends + 1, other)
        }
        _ => as_typed(page, message),
    }
}

fn not_there(page: Expect, message: &str) -> Expect {
    match message.trim().is_empty() {
        true => page,
        false => page.body_lacks(message),
    }
}

/// What stands behind the first message= of the body, up to one of these, decoded.
fn behind_name(asked: &Request, ends: &[&str]) -> Option<String> {
    let text = asked.text();
    let (_, mut rest) = text.split_once("message=")?;
    for end in ends {
        rest = rest.split(end).next().unwrap_or_default();
    }
    let alone = format!("message={}", rest.replace('&', "%26"));
    let mut fields = form_urlencoded::parse(alone.as_bytes());
    fields.next().map(|(_, value)| value.into_owned())
}

/// The field as it stands in the body.
fn raw(asked: &Request) -> Option<String> {
    let body = asked.text();
    let field = body
        .split('&')
        .find_map(|field| field.strip_prefix("message="));
    field.map(str::to_string)
}

fn about_the_form(mistakes: &mut Mistakes<Knobs>) {
    mistakes.wrong(
        "prefilled",
        "The form comes with the message that stands in the query of the address. A query changes \
         nothing: the form is always the same.",
        |knobs| knobs.prefilled = true,
    );
    mistakes.wrong(
        "get-shows",
        "A GET with a message in its query is answered with the page of the message. GET brings \
         the form, whatever the query is; a message comes with POST.",
        |knobs| knobs.get_shows = true,
    );
    mistakes
        .wrong(
            "file-names",
            "The name of the file is taken for a path: /form.html gets the form, too. To the \
             web, that is another path than /. It is 404.",
            |knobs| knobs.others = &["/form.html"],
        )
        .or(|knobs| knobs.others = &["/form"])
        .or(|knobs| knobs.others = &["/form", "/form.html"])
        .wrong(
            "index-html",
            "/index.html gets the form, too. That was the name of a file, in lesson 4. Here there \
             are no files: only / has the form, and every other path is 404.",
            |knobs| knobs.others = &["/index.html"],
        )
        .or(|knobs| knobs.others = &["/index.html", "/form.html"])
        .wrong(
            "form-with-enctype",
            "The form has an enctype, so a browser writes its fields in another way than \
             name=value, and parse_form finds no message. Leave enctype out. (Lesson 19 needs it, \
             for files.)",
            |knobs| knobs.enctype = Some("multipart/form-data"),
        )
        .or(|knobs| knobs.enctype = Some("text/plain"));
    mistakes
        .wrong(
            "no-form",
            "The answer to GET / has no form in it. It is in form.html: include_str! puts the \
             text of the file into the program. (A path in quotes alone is only that path.)",
            |knobs| knobs.has_form = false,
        )
        .wrong(
            "form-by-get",
            "The form is sent with GET, so the message goes into the address, and do_post is \
             never called. The form needs method=\"post\".",
            |knobs| knobs.method = "get",
        )
        .wrong(
            "field-not-sent",
            "No field message is sent with the form. The field must stand between <form> and \
             </form> and have name=\"message\" (an id is for the label), and not be disabled.",
            |knobs| knobs.named = None,
        )
        .wrong(
            "button-sends-nothing",
            "No button of the form sends it. The button must stand between <form> and </form>, and \
             its type must be submit, which it is if it has none: type=\"button\" is for scripts, \
             and reset empties the fields.",
            |knobs| knobs.has_button = false,
        )
        .wrong(
            "form-as-text",
            "The form is sent as text/plain, so a browser shows its tags. It is text/html: \
             send_page says so.",
            |knobs| knobs.form.1 = TEXT.into(),
        )
        .wrong(
            "form-everywhere",
            "Every path gets the form. Only / has it; every other path is 404.",
            |knobs| knobs.every_path = true,
        );
}

fn about_the_message(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "not-on-the-page",
            "The message is not on the page. Compare the text that replace looks for with the \
             comment in message.html: every character must be the same.",
            |knobs| knobs.seen = not_there,
        )
        .wrong(
            "message-as-text",
            "The page with the message is sent as text/plain, so a browser shows its tags. It \
             is text/html: send_page says so.",
            |knobs| knobs.shown.1 = TEXT.into(),
        )
        .wrong(
            "not-decoded",
            "The message comes back as it travels, with + and %. parse_form decodes the fields.",
            |knobs| knobs.field = raw,
        )
        .wrong(
            "cut-out",
            "You look for message= in the body and take what stands behind it. That may be the end \
             of another name, as in my-message=, and other fields may follow. parse_form takes the \
             fields apart, and finds the one with this name.",
            |knobs| knobs.field = |asked| behind_name(asked, &["&"]),
        )
        .or(|knobs| knobs.field = |asked| behind_name(asked, &[]))
        .wrong(
            "message-first",
            "The field message is only found at the beginning of the body. It may stand behind other fields: \
             parse_form finds it there.",
            |knobs| {
                knobs.field = |asked| {
                    let message = asked.form_field("message");
                    message.filter(|_| asked.text().starts_with("message="))
                };
            },
        )
        .wrong(
            "last-field",
            "If the field message comes twice, the first one counts. You take the last.",
            |knobs| {
                knobs.field = |asked| {
                    let text = asked.text();
                    let mut fields = text.rsplit('&');
                    let last = fields.find(|field| field.starts_with("message="))?;
                    let body = Some(last.to_string().into());
                    let alone = Request {
                        body,
                        ..Request::default()
                    };
                    alone.form_field("message")
                };
            },
        )
        .wrong(
            "trimmed",
            "The spaces at the ends of the message are lost. Its reader must see it just as it \
             was typed: do not trim it.",
            |knobs| knobs.kept = str::trim,
        )
        .or(|knobs| knobs.kept = str::trim_end)
        .or(|knobs| knobs.kept = str::trim_start)
        .wrong(
            "form-trimmed",
            "You trim the body before parse_form takes it apart. The white space at its end belongs \
             to the last value: give parse_form the text as it came.",
            |knobs| {
                knobs.field = |asked| {
                    let body = Some(asked.text().trim().to_string().into());
                    let trimmed = Request {
                        body,
                        ..asked.clone()
                    };
                    trimmed.form_field("message")
                };
            },
        )
        .wrong(
            "lines-trimmed",
            "The spaces at the ends of the lines of a message are lost. Its reader must see each \
             line just as it was typed: do not trim lines, also not those of the finished page. The \
             message is in it by then.",
            |knobs| {
                knobs.seen = |page, message| without_spaces(page, message, &trimmed_between(message));
            },
        )
        .or(|knobs| {
            knobs.seen = |page, message| {
                let lines: Vec<&str> = message.split("\r\n").map(str::trim).collect();
                without_spaces(page, message, &lines.join("\r\n"))
            };
        })
        .or(|knobs| {
            knobs.seen = |page, message| {
                let lines: Vec<&str> = message.lines().map(str::trim).collect();
                match with_empty_line(message) {
                    Some(_) => without_empty_line(page, message),
                    None => without_spaces(page, message, &lines.join("\r\n")),
                }
            };
        })
        .wrong(
            "first-line-end",
            "A message that begins with an empty line is shown without it: right behind <pre>, HTML \
             passes over a line end. Put a line end of your own there, or take a <p> with the style \
             white-space: pre-wrap.",
            |knobs| {
                knobs.seen = |page, message| {
                    as_typed(page, message.strip_prefix("\r\n").unwrap_or(message))
                };
            },
        )
        .wrong(
            "last-line-end",
            "A message that ends with an empty line is shown without it. Lines that are joined again \
             have one line end less: lines() does not tell whether there was one behind the last. \
             Show the message as it was typed, and the style of the page shows its lines.",
            |knobs| knobs.seen = without_empty_line,
        )
        .wrong(
            "empty-line-lost",
            "An empty line between two lines of a message is lost. Its reader must see the message \
             just as it was typed: leave out no line, also not an empty one.",
            |knobs| knobs.seen = with_empty_lines::<0>,
        )
        // Of several, one stays.
        .or(|knobs| knobs.seen = with_empty_lines::<1>)
        // At its beginning and at its end, too.
        .or(|knobs| {
            knobs.seen = |page, message| match with_empty_line(message) {
                Some(_) => without_empty_line(page, message),
                None => {
                    with_empty_lines::<0>(page, message.strip_prefix("\r\n").unwrap_or(message))
                }
            };
        })
        .wrong(
            "first-stays",
            "Each message is answered with the page of the first one. Make the page anew for each \
             message: what is made once, as in a OnceLock, stays as it is.",
            |knobs| knobs.first_stays = true,
        )
        .wrong(
            "in-a-comment",
            "The message stands in a comment of the page, between <!-- and -->, where nobody sees \
             it. It has to take the place of the whole comment: give replace all of it, from <!-- to \
             -->.",
            |knobs| {
                knobs.seen = |page, message| match is_plain(message) {
                    true => page.shows(message).body_has(in_comment(message)),
                    false => as_typed(page, message),
                };
            },
        )
        .or(|knobs| {
            knobs.seen = |page, message| match is_plain(message) {
                true => page.hides(message).body_has(format!("<!--{message}-->")),
                false => page,
            };
        })
        .or(|knobs| {
            knobs.seen = |page, message| match is_plain(message) {
                true => page.hides(message).body_has(in_comment(message)),
                false => page,
            };
        })
        .wrong(
            "tabs-lost",
            "Tabs are taken out of the message, so that the words beside one become one word. Its reader must see \
             it just as it was typed: take nothing out of it.",
            |knobs| {
                knobs.seen = |page, message| {
                    let is_kept = |c: &char| "\r\n".contains(*c) || !c.is_control();
                    as_typed(page, &message.chars().filter(is_kept).collect::<String>())
                };
            },
        )
        .wrong(
            "first-line",
            "Only the first line of a message is on the page. A message may have several lines.",
            |knobs| {
                knobs.seen = |page, message| only_first(page, message.lines());
            },
        )
        .or(|knobs| {
            knobs.seen = |page, message| {
                let lines = message.lines();
                only_first(page, lines.filter(|line| !line.trim().is_empty()))
            };
        })
        .wrong(
            "br-escaped",
            "The line ends become <br> before the message is escaped, so the reader sees these \
             letters. Escape first. And the style of the page shows line ends without any <br>.",
            |knobs| {
                knobs.seen = |page, message| as_typed(page, &message.replace("\r\n", "<br>"));
            },
        )
        .or(|knobs| {
            knobs.seen = |page, message| as_typed(page, &message.replace('\n', "<br>"));
        })
        .or(|knobs| {
            knobs.seen = |page, message| as_typed(page, &message.replace('\n', "<br>\n"));
        })
        .wrong(
            "br-and-line-end",
            "Between two lines stands a <br>, and the line end as well, which the style of the \
             page shows: white-space: pre-wrap. So the reader sees an empty line that nobody \
             typed. One of the two is enough.",
            |knobs| knobs.seen = |page, message| parted(page, message, "<br>\n"),
        )
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r<br>\n"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\n<br>"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r\n<br>"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "<br>\r\n"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "<br/>\n"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "<br />\n"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r<br>"))
        .wrong(
            "lines-lost",
            "The line ends of a message are spaces on the page. Its reader must see it just as it \
             was typed: keep the line ends. (The style of the page shows them.)",
            |knobs| knobs.seen = |page, message| parted(page, message, " "),
        )
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r "))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "  "))
        .wrong(
            "line-ends-doubled",
            "Each line end of a message is two line ends on the page. The two bytes \\r\\n are one \
             line end: leave them as they are, or make one \\n of both.",
            |knobs| knobs.seen = |page, message| parted(page, message, "\n\n"),
        )
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r\n\r\n"))
        .or(|knobs| knobs.seen = |page, message| parted(page, message, "\r\n\n"))
        .wrong(
            "spaces-folded",
            "Several spaces and line ends become one space. The reader must see the message just \
             as it was typed: take nothing out of it.",
            |knobs| {
                knobs.seen = |page, message| {
                    let words: Vec<&str> = message.split_whitespace().collect();
                    let folded = words.join(" ");
                    let is_plain = |c: char| c.is_alphanumeric() || c.is_whitespace();
                    match folded != message && message.chars().all(is_plain) {
                        true => page.body_has(folded),
                        false => as_typed(page, &folded),
                    }
                };
            },
        )
        .wrong(
            "shows-all",
            "The page shows messages of earlier requests, too. In this lesson the server \
             remembers none: the page has the message that was just sent.",
            |knobs| knobs.shows_all = true,
        )
        .wrong(
            "stays",
            "A form without a field message is answered with the message before. In this lesson \
             the server remembers none: the answer is 400.",
            |knobs| knobs.stays = true,
        )
        .wrong(
            "form-remembers",
            "The form comes with the message in it that was posted last, whoever opens it. In this \
             lesson the server remembers none: each form is empty.",
            |knobs| knobs.form_remembers = true,
        )
        .wrong(
            "empty-stays",
            "An empty message is answered with the message before. In this lesson the server \
             remembers none: the page shows what was just sent, and that is nothing.",
            |knobs| knobs.empty_stays = true,
        )
        .wrong(
            "refuses-again",
            "A message that comes twice in a row is not shown the second time. In this lesson the \
             server remembers none: whoever sends a message gets the page with it, however often.",
            |knobs| knobs.refuses_again = |_| true,
        )
        .or(|knobs| knobs.refuses_again = |message| !message.trim().is_empty())
        .wrong(
            "own-head",
            "HEAD gets 200 at every path. It gets what GET gets, without the body: without a \
             do_head of yours, the library sees to that.",
            |knobs| knobs.own_head = Some(None),
        )
        .or(|knobs| knobs.own_head = Some(Some(HTML)))
        .wrong(
            "redirects-others",
            "Another path than / is redirected to the form. Then nobody learns that the address \
             was wrong: the answer is 404.",
            |knobs| knobs.redirects_others = true,
        )
        .wrong(
            "path-last",
            "A POST to another path is looked at as one to /: if it has no field message, the \
             answer is 400. Look at the path first: another one is 404, whatever the form has.",
            |knobs| knobs.takes = |asked, has_message| asked.path() == "/" || !has_message,
        )
        .wrong(
            "posted-anywhere",
            "A message that is sent to any path is shown. Only / takes one: for another path, the \
             answer is 404.",
            |knobs| knobs.takes = |_, _| true,
        )
        .or(|knobs| knobs.takes = |asked, has_message| asked.path() == "/" || has_message)
        .wrong(
            "target-of-post",
            "A POST with a query string gets 404: you compare request.target(), which has the \
             query in it. A query changes nothing: compare request.path().",
            |knobs| knobs.takes = |asked, _| asked.target == "/",
        )
        .or(|knobs| knobs.takes = |asked, _| asked.path() == "/" && asked.query().is_empty())
        .wrong(
            "takes-put",
            "PUT is answered as POST. Only GET and POST have an answer of their own here; for \
             other methods the library answers 501.",
            |knobs| knobs.takes_put = true,
        )
        .wrong(
            "no-charset",
            "The type does not say which encoding the pages have: it is text/html; charset=utf-8.",
            |knobs| {
                knobs.form.1 = "text/html".into();
                knobs.shown.1 = "text/html".into();
            },
        )
        .or(|knobs| {
            knobs.form.1 = "text/html".into();
            knobs.shown.1 = "text/html".into();
            knobs.missing_kind = Some("text/html".into());
        })
        .or(|knobs| knobs.form.1 = "text/html".into())
        .or(|knobs| knobs.shown.1 = "text/html".into())
        .or(|knobs| knobs.missing_kind = Some("text/html".into()))
        .wrong(
            "kept-buffer",
            "The bytes of earlier requests are still there when the next body comes. Make a new \
             Vec for each request.",
            |knobs| knobs.keeps_buffer = true,
        )
        .wrong(
            CUT_OFF.0,
            CUT_OFF.1,
            |knobs| knobs.seen = cut::<4096>,
        )
        .or(|knobs| knobs.seen = cut::<1024>)
        .or(|knobs| knobs.seen = cut::<2048>)
        .or(|knobs| knobs.seen = cut::<8192>)
        .or(|knobs| knobs.seen = cut::<512>)
        .or(|knobs| knobs.seen = cut::<1000>)
        .wrong(
            "any-field",
            "You take the first field of the form, whatever its name. The message is in the \
             field message: look for this name.",
            |knobs| {
                knobs.field = |asked| {
                    let text = asked.text();
                    let mut all = form_urlencoded::parse(text.as_bytes());
                    all.next().map(|(_, value)| value.into_owned())
                };
            },
        )
        .or(|knobs| {
            knobs.field = |asked| {
                let text = asked.text();
                let mut all = form_urlencoded::parse(text.as_bytes());
                let first = all.next().map(|(_, value)| value.into_owned());
                asked.form_field("message").or(first)
            };
        })
        .wrong(
            "any-case",
            "A field Message is taken for the message as well. Names of fields are compared letter \
             by letter, capital letters too.",
            |knobs| {
                knobs.field = |asked| {
                    let text = asked.text();
                    let mut all = form_urlencoded::parse(text.as_bytes());
                    let found = all.find(|(name, _)| name.eq_ignore_ascii_case("message"));
                    found.map(|(_, value)| value.into_owned())
                };
            },
        )
        .wrong(
            "longer-name",
            "A field whose name only begins with message, such as messages, is taken for the \
             message. Compare the whole name.",
            |knobs| {
                knobs.field = |asked| {
                    let text = asked.text();
                    let mut all = form_urlencoded::parse(text.as_bytes());
                    let found = all.find(|(name, _)| name.starts_with("message"));
                    found.map(|(_, value)| value.into_owned())
                };
            },
        )
        .wrong(
            "query-counts",
            "A message in the query of the address is taken for the one of the form. A form that is \
             sent by POST has its fields in the body, and the query changes nothing.",
            |knobs| {
                knobs.field = |asked| {
                    let query = asked.query_field("message");
                    query.or_else(|| asked.form_field("message"))
                };
            },
        )
        .or(|knobs| {
            knobs.field = |asked| {
                let field = asked.form_field("message");
                field.or_else(|| asked.query_field("message"))
            };
        })
        .wrong(
            "redirects",
            "A message is answered with a redirect, so nobody ever sees it. Here the answer is \
             the page with the message, and the status is 200.",
            |knobs| knobs.redirects = true,
        )
        .wrong(
            "not-escaped",
            "A message with tags in it comes back as tags, not as the text that was typed. \
             Escape the message on its way into the page: escape_html.",
            |knobs| knobs.seen = as_it_came,
        )
        .wrong(
            "escaped-twice",
            "The message is escaped twice: the reader sees &lt; where < was typed. Escape it \
             once, where it goes into the page.",
            |knobs| {
                knobs.seen = |page, message| as_typed(page, &http_core::escape_html(message));
            },
        )
        .wrong(
            "only-script",
            "You take the tag <script> out, and nothing else. There are many tags that can do \
             harm, and a reader wants to see what was typed. Escape the message: escape_html.",
            |knobs| {
                knobs.seen = |page, message| {
                    let rest = message.replace("<script>", "").replace("</script>", "");
                    match rest == message {
                        true => as_it_came(page, &rest),
                        false => as_it_came(page.hides("script"), &rest),
                    }
                };
            },
        )
        .wrong(
            "escaped-if-script",
            "Only a message with a <script> in it is escaped. Other tags can do harm as well, \
             and a reader wants to see what was typed. Escape every message.",
            |knobs| {
                knobs.seen = |page, message| match message.contains("<script") {
                    true => as_typed(page, message),
                    false => as_it_came(page, message),
                };
            },
        )
        .wrong(
            "raw-elsewhere",
            "The message stands on the page in two places, and in one of them it is not escaped. \
             In a title or in an attribute, too, somebody else's text must be escaped.",
            |knobs| knobs.seen = as_typed_and_raw,
        )
        .wrong(
            "ends-an-attribute",
            "The message stands in an attribute of a tag, and can end it and begin another one, such \
             as onclick, which runs a script. Put the attribute into double quotes, and escape those \
             of the message, too: escape_html does.",
            |knobs| knobs.seen = ends_attribute::<' '>,
        )
        .or(|knobs| knobs.seen = ends_attribute::<'"'>)
        .or(|knobs| knobs.seen = ends_attribute::<'\''>)
        .wrong(
            "ampersand-last",
            "You replace the & after others, and with it those that you have just written: < \
             becomes &amp;lt;. escape_html does it right.",
            |knobs| {
                knobs.seen = |page, message| {
                    let text = message.replace('<', "&lt;").replace('>', "&gt;");
                    as_typed(page, &text.replace('"', "&quot;"))
                };
            },
        )
        .or(|knobs| {
            knobs.seen = |page, message| {
                let text = message.replace('<', "&lt;").replace('>', "&gt;");
                as_typed(page, &text)
            };
        })
        .or(|knobs| {
            knobs.seen = |page, message| {
                let text = message.replace('<', "&lt;").replace('>', "&gt;");
                let text = text.replace('"', "&quot;").replace('\'', "&#39;");
                as_typed(page, &text)
            };
        })
        .or(|knobs| {
            knobs.seen = |page, message| {
                let text = message.replace('<', "&lt;").replace('>', "&gt;");
                let text = text.replace('"', "&quot;").replace('\'', "&#x27;");
                as_typed(page, &text)
            };
        })
        .wrong(
            "escapes-the-page",
            "The reader sees the tags of your own page as text. Escape the message, not the \
             whole page.",
            |knobs| knobs.own_tags = false,
        );
}

fn about_no_message(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "missing-is-empty",
            "A form without a field message gets a page with status 200, as one with an empty \
             message does. It is another thing, a mistake of the client: 400.",
            |knobs| {
                knobs.field = |asked| Some(asked.form_field("message").unwrap_or_default());
            },
        )
        .wrong(
            "utf8-needed",
            "A form with bytes that are not UTF-8 is taken for one without a message. Such bytes become \
             \u{fffd}: from_utf8_lossy makes a text of any bytes.",
            |knobs| {
                knobs.field = |asked| {
                    str::from_utf8(asked.body.as_deref()?).ok()?;
                    asked.form_field("message")
                };
            },
        )
        .wrong(
            "empty-is-missing",
            "An empty message is refused. The field is there, so it is a message: only a form \
             without the field gets 400.",
            |knobs| {
                knobs.field = |asked| asked.form_field("message").filter(|text| !text.is_empty());
            },
        )
        .or(|knobs| {
            knobs.field = |asked| {
                let field = asked.form_field("message");
                field.filter(|text| !text.trim().is_empty())
            };
        })
        .wrong(
            "empty-body-taken",
            "A body with nothing in it is taken for an empty message. It has no field at all, so the \
             answer is 400. An empty message is message= with nothing behind it.",
            |knobs| {
                knobs.field = |asked| match &*asked.text() {
                    "" => Some(String::new()),
                    _ => asked.form_field("message"),
                };
            },
        )
        .wrong(
            "says-nothing",
            "The answer is 400, but it does not say what is missing. The name of the field, \
             message, must be in it.",
            |knobs| knobs.names_what_is_missing = false,
        );
}

/// Started where no file of the lesson is, the program has its page all the same.
fn needs_no_file(run: &mut Run) -> Verdict {
    let server = run.program().elsewhere().serve()?;
    let answer = server.get("/")?;
    answer.expect_status(200).map_err(|failure| {
        failure.because(
            "page-from-a-file",
            "Started in another folder, the program does not find the file of its page. \
             include_str! puts the text of the file into the program when it is compiled.",
        )
    })
}

fn button(run: &mut Run) -> Verdict {
    let line = run.seed().line();
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=message]", &line)?;
    page.submit("[name=message]")?;
    // Whatever the answer is: the message is not in the address.
    page.expect_path("/")?;
    let exchanges = page.exchanges()?;
    if !exchanges.iter().any(|sent| sent.method == "POST") {
        return Err(page.wrong("a POST of the form"));
    }
    Ok(())
}

fn script(run: &mut Run) -> Verdict {
    let number = run.seed().number(10..100);
    let texts = [
        format!("<script>alert({number})</script>"),
        format!("<img src=x onerror=alert({number})>"),
    ];
    let mut page = run.browser()?;
    for text in &texts {
        // This is not about the form of step 1.
        page.post_from("/form-for-step-2", "message", text)?;
        if !page.dialogs().is_empty() {
            return Err(page.wrong("no script of a message runs"));
        }
        page.expect_text(text)?;
    }
    Ok(())
}

/// The style of message.html shows white space, that of the program's own making, too.
fn no_space_before(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let answer = run.program().serve()?.ask(message(&word))?;
    answer.expect_no_space_before(&word)?;
    let mut page = run.browser()?;
    page.post_from("/form-for-step-2", "message", &word)?;
    page.expect_text(&word)?;
    page.expect_no_space_before(&word)
}

/// In HTML, white space looks like one space, unless the style of the page shows it.
fn white_space(run: &mut Run) -> Verdict {
    let words = [(); 5].map(|()| run.seed().word());
    let words = words.each_ref().map(String::as_str);
    let answer = run
        .program()
        .serve()?
        .ask(message(&spaced_message(words)))?;
    let (text, [_, _, one, other, _]) = (answer.text(), words);
    if !text.contains(other) {
        return Err(answer.wrong("a page with the message"));
    }
    // A page that is escaped as a whole is a matter of other checks. Its style is text, too.
    if !text.contains('<') {
        return Ok(());
    }
    let ends = ["\r\n", "\n"].map(|end| format!("{one}{end}{other}"));
    let as_typed: usize = ends.iter().map(|lines| text.matches(lines).count()).sum();
    let may_show = ["white-space", "<pre", "<textarea", "<script", "<link"];
    let page = text.to_lowercase();
    // This much can be said without a browser. What else stands between them is a matter of others.
    if as_typed >= text.matches(one).count() && !may_show.iter().any(|way| page.contains(way)) {
        let wrong = answer.wrong("a page whose style shows line ends, or a tag in their place");
        return Err(wrong.because(LINES_NOT_SHOWN.0, LINES_NOT_SHOWN.1));
    }
    let mut page = run.browser()?;
    page.post_from("/form-for-step-2", "message", &spaced_message(words))?;
    page.expect_white_space_of(words)
}

/// How long a body is that no program can take for all of it by a limit of its own. It is no act of
/// the model: each mistake would have to be tried on it.
const LARGE: usize = 1_100_000;

/// Only the part of the body that is read can have a message in it.
fn long_body(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let service = run.program().serve()?;
    let behind = |length| post("/").form(&[("x", &"x".repeat(length)), ("message", &word)]);
    if service.ask(behind(1))?.status() != 200 {
        return Ok(()); // a field before the message is a matter of other checks
    }
    let status = service.ask(behind(LARGE))?.status();
    let failure = service.wrong(
        &[&format!(
            "post a form with {LARGE} bytes before the field message"
        )],
        "200 OK",
        format!("the status {status}"),
    );
    match status {
        200 => Ok(()),
        400 => Err(failure.because(CUT_OFF.0, CUT_OFF.1)),
        _ => Err(failure),
    }
}

const CUT_OFF: (&str, &str) = (
    "cut-off",
    "The end of a long body is lost: one read takes what is there, or what fits into the buffer, and \
     take(...) no more than its number. Read until the body ends, as read_message of the starter \
     does: read_to_end.",
);
