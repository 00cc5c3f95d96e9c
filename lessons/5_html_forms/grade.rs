//! The checks of lesson 5, html_forms: the forms are served, and what is typed into
//! them comes back decoded and escaped.

use grader::{
    Act, Draw, Expect, Mistakes, Model, Run, Seen, Status, Verdict, Whole, encode_form, get, post,
};

const HTML: &str = "text/html; charset=utf-8";

fn main() -> std::process::ExitCode {
    grader::lesson!(Bookshop)
        .example(1, 1, "GET / and GET /login answer the forms", Whole, |_| {
            [get("/"), get("/login")]
        })
        .check(
            1,
            0,
            "in a browser, the search form fills the address bar",
            search_in_address,
        )
        .example(
            2,
            2,
            "GET /search shows the words and the shelf",
            Whole,
            |draw| {
                [
                    search(&draw.word(), &draw.word()),
                    get(format!(
                        "/search?color=blue&shelf={}&words={}",
                        draw.word(),
                        draw.word()
                    )),
                ]
            },
        )
        .example(
            2,
            1,
            "the words come back as they were typed",
            Whole,
            |draw| {
                [search(
                    &format!("{} + {}", draw.line(), draw.word()),
                    "novels",
                )]
            },
        )
        .example(
            2,
            1,
            "a field that does not come is no error",
            Whole,
            |draw| {
                [
                    get(format!("/search?shelf={}", draw.word())),
                    get("/search"),
                ]
            },
        )
        .example(
            3,
            1,
            "a tag that was typed comes back as text",
            Whole,
            |draw| {
                vec![
                    search(
                        &format!("<script>alert({})</script>", draw.number(10..100)),
                        &draw.word(),
                    ),
                    search(&draw.word(), &format!("<b>{}</b>", draw.word())),
                ]
            },
        )
        .example(3, 1, "an & and a quote come back as text", Whole, |draw| {
            [search(
                &format!("{}&\"{}\"", draw.word(), draw.word()),
                "poems",
            )]
        })
        .example(
            3,
            1,
            "an escape that was typed comes back as typed",
            Whole,
            |draw| [search(&format!("&lt;{}", draw.word()), "novels")],
        )
        .check(
            3,
            0,
            "in a browser, a script in the words does not run",
            script,
        )
        .example(
            4,
            1,
            "GET /login answers a form that is sent by POST",
            Whole,
            |_| [get("/login")],
        )
        .example(4, 2, "POST /login greets by name", Whole, |draw| {
            [log_in(&draw.word(), "sesame")]
        })
        .example(4, 1, "the name is decoded and escaped", Whole, |draw| {
            [log_in(&format!("<i>{}</i>", draw.line()), "sesame")]
        })
        .example(
            4,
            1,
            "the password is counted and not shown",
            Whole,
            |draw| {
                let (word, length) = (draw.word(), draw.number(760..1000) as usize);
                [
                    log_in(&word, &"é".repeat(length)),
                    log_in(&word, &"&".repeat(length)),
                    log_in(&word, &format!("{SECRET}{}", draw.word())),
                ]
            },
        )
        .example(4, 1, "a POST to another path gets 404", Status, |draw| {
            [post(draw.path()).form(&[("name", "Ann"), ("password", "sesame")])]
        })
        .example(4, 1, "a password in the query is no login", Whole, |draw| {
            [get(format!("/login?name={}&password=sesame", draw.word()))]
        })
        .check(
            4,
            0,
            "in a browser, the address bar shows no password",
            no_password_in_address,
        )
        .sessions(1)
        .grade()
}

/// What begins a password that stands nowhere else, so that it must not be printed.
const SECRET: &str = "sesame-";

/// Sends the search form as a browser does.
fn search(words: &str, shelf: &str) -> Act {
    let fields = encode_form(&[("words", words), ("shelf", shelf)]);
    get(format!("/search?{fields}"))
}

/// Sends the login form as a browser does.
fn log_in(name: &str, password: &str) -> Act {
    post("/login").form(&[("name", name), ("password", password)])
}

struct Bookshop;

/// What the bookshop does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    kind: Option<String>,
    /// Where the form of the homepage is sent.
    home: &'static str,
    /// The value of a field in a form, which is sent as it stands here.
    value: fn(form: &str, name: &str) -> Option<String>,
    /// The status of an answer for which a field did not come.
    without: u16,
    words: Shown,
    shelf: Shown,
    name: Shown,
    /// How the login form is sent.
    method: &'static str,
    /// Whether a GET of /login with a name in its query greets.
    get_greets: bool,
    /// Where the fields of a login are.
    login: fn(query: &str, body: &str) -> String,
    count: fn(&str) -> usize,
    password: fn(Expect, &str) -> Expect,
    post_elsewhere: u16,
}

/// Adds what is to be seen of a text that somebody has typed.
type Shown = fn(Expect, &str) -> Expect;

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            kind: Some(HTML.into()),
            home: "/search",
            value: first,
            without: 200,
            words: as_typed,
            shelf: as_typed,
            name: as_typed,
            method: "post",
            get_greets: false,
            login: |_, body| body.into(),
            count: |password| password.chars().count(),
            password: |expect, password| match password.len() {
                0..4 => expect,
                _ if password.starts_with(SECRET) => expect.hides(password).keeps_secret(password),
                _ => expect.hides(password),
            },
            post_elsewhere: 404,
        }
    }
}

fn first(form: &str, name: &str) -> Option<String> {
    let mut same = form_urlencoded::parse(form.as_bytes()).filter(|(known, _)| known == name);
    same.next().map(|(_, value)| value.into_owned())
}

/// A reader sees just this text, and nothing of it can be taken for markup.
fn as_typed(expect: Expect, text: &str) -> Expect {
    let expect = raw(text).fold(expect.shows(text), Expect::body_lacks);
    match text.contains('<') {
        true => expect.body_lacks(text),
        false => expect,
    }
}

/// The places of a text where a character that must be escaped stands before a word that was
/// drawn: nobody else writes that, neither the page nor another field.
fn raw(text: &str) -> impl Iterator<Item = String> {
    text.match_indices(['>', '"']).filter_map(|(at, sign)| {
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let is_drawn = word.ends_with(|c: char| c.is_ascii_digit()) && word.len() > 3;
        is_drawn.then(|| format!("{sign}{word}"))
    })
}

/// The text stands in the page letter by letter.
fn as_it_came(expect: Expect, text: &str) -> Expect {
    expect.body_has(text)
}

/// A reader sees nothing of the text.
fn not_there(expect: Expect, text: &str) -> Expect {
    if text.is_empty() {
        expect
    } else {
        expect.hides(text)
    }
}

fn is_special(text: &str) -> bool {
    text.contains(['&', '<', '>', '"'])
}

impl Model for Bookshop {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        if !asked.has_plain_path() {
            return None; // other spellings of a path are left open, as in lesson 1
        }
        let page = |step: u32| {
            Expect::step(step)
                .status(200)
                .field("Content-Type", knobs.kind.as_deref())
        };
        let value = |form: &str, name: &str| (knobs.value)(form, name);
        let query = asked.query();
        Some(match (&*asked.method, asked.path()) {
            ("GET", "/") => page(1).has_tag("form", &[("action", knobs.home)]),
            ("GET", "/login") => {
                let typed = value(query, "name").unwrap_or_default();
                if knobs.get_greets && !query.is_empty() {
                    return Some((knobs.name)(page(1), &typed));
                }
                let form = [("action", "/login"), ("method", knobs.method)];
                let expect = page(1)
                    .has_tag("form", &form[..1])
                    .then(4)
                    .has_tag("form", &form);
                if typed.len() > 3 {
                    expect.hides(typed)
                } else {
                    expect
                }
            }
            ("GET", "/search") => {
                let (words, shelf) = (value(query, "words"), value(query, "shelf"));
                let right = [first(query, "words"), first(query, "shelf")];
                let step = if right.iter().flatten().any(|text| is_special(text)) {
                    3
                } else {
                    2
                };
                if knobs.without != 200 && (words.is_none() || shelf.is_none()) {
                    return Some(Expect::step(step).status(knobs.without));
                }
                let (words, shelf) = (words.unwrap_or_default(), shelf.unwrap_or_default());
                (knobs.shelf)((knobs.words)(page(step), &words), &shelf)
            }
            ("GET", _) => Expect::step(1).status(404),
            ("POST", "/login") => {
                let form = (knobs.login)(query, &asked.text());
                let (name, password) = (value(&form, "name"), value(&form, "password"));
                if knobs.without != 200 && (name.is_none() || password.is_none()) {
                    return Some(Expect::step(4).status(knobs.without));
                }
                let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default());
                let expect = (knobs.name)(page(4), &name).shows_number((knobs.count)(&password));
                (knobs.password)(expect, &password)
            }
            ("POST", _) => Expect::step(4).status(knobs.post_elsewhere),
            _ => return None,
        })
    }

    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        vec![match draw.below(10) {
            0 => search(
                &draw.word(),
                draw.pick(&["novels", "poems", "travel books"]),
            ),
            1 => get(draw.path_near(&["/", "/login", "/search"]) + &draw.query()),
            2 => search(&draw.text(), &draw.text()),
            3 | 4 => get(format!("/search?{}", fields(draw, &["words", "shelf"]))),
            5 => log_in(&draw.text(), &password(draw)),
            6 => {
                let query = fields(draw, &["name", "password"]);
                post(format!("/login?{query}"))
                    .form(&[("password", &password(draw)), ("name", &draw.word())])
            }
            7 => {
                let form = fields(draw, &["name", "password"]);
                post(draw.path_near(&["/login", "/login", "/search", "/"]))
                    .field("Content-Type", "application/x-www-form-urlencoded")
                    .body(form)
            }
            8 => get(format!("/login?{}", fields(draw, &["name", "password"]))),
            _ => {
                let (name, password) = (draw.word(), draw.word());
                let form = [
                    b"name=",
                    name.as_bytes(),
                    b"\xff&password=",
                    password.as_bytes(),
                ]
                .concat();
                post("/login")
                    .field("Content-Type", "application/x-www-form-urlencoded")
                    .body(form)
            }
        }]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("text", "The pages are declared as plain text, so that a browser shows their tags. The type is text/html; charset=utf-8.", |knobs| {
                knobs.kind = Some("text/plain; charset=utf-8".into());
            })
            .wrong("no-charset", "The type does not say which encoding the pages have: it is text/html; charset=utf-8.", |knobs| {
                knobs.kind = Some("text/html".into());
            })
            .wrong("no-type", "The Content-Type is missing: text/html; charset=utf-8.", |knobs| knobs.kind = None)
            .wrong("login-at-home", "The homepage is the login form. The path / has the search form.", |knobs| knobs.home = "/login")
            .wrong("plus", "A + in a form stands for a space. (One that was typed comes as %2B.) parse_form knows that.", |knobs| {
                knobs.value = |form, name| first(&form.replace('+', "%2B"), name);
            })
            .wrong("not-decoded", "The values come back as they stand in the address. They are encoded there: let parse_form decode them.", |knobs| {
                knobs.value = |form, name| {
                    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
                    fields.find(|(known, _)| *known == name).map(|(_, value)| value.into())
                };
            })
            .wrong("decoded-twice", "You decode the values twice. parse_form has done it: %2541 was typed as %41.", |knobs| {
                knobs.value = |form, name| Some(percent_encoding::percent_decode_str(&first(form, name)?).decode_utf8_lossy().into());
            })
            .wrong("last-field", "If a field comes twice, you take the last one. parse_form takes the first.", |knobs| {
                knobs.value = |form, name| {
                    let same = form_urlencoded::parse(form.as_bytes()).filter(|(known, _)| known == name);
                    same.last().map(|(_, value)| value.into_owned())
                };
            })
            .wrong("by-position", "You count on the order of the fields. They may come in any order, with others between them: look for their names.", |knobs| {
                knobs.value = |form, name| {
                    let at = usize::from(matches!(name, "shelf" | "password"));
                    let mut all = form_urlencoded::parse(form.as_bytes());
                    all.nth(at).map(|(_, value)| value.into_owned())
                };
            })
            .wrong("small-letters", "You change capital letters of the values. They come back as they were typed.", |knobs| {
                knobs.value = |form, name| first(form, name).map(|value| value.to_lowercase());
            })
            .wrong("field-needed", "If a field does not come, you answer 400. It is then like an empty one, and the status is 200.", |knobs| knobs.without = 400)
            .wrong("no-shelf", "The shelf is not on the page: look which field is shown in its place.", |knobs| {
                knobs.shelf = not_there;
            })
            .wrong("no-words", "The words are not on the page: look which field is shown in their place.", |knobs| {
                knobs.words = not_there;
            })
            .wrong("words-raw", "The words stand on the page as they came, so that a tag in them is a tag. Escape them on their way into the page.", |knobs| {
                knobs.words = as_it_came;
            })
            .wrong("shelf-raw", "The shelf stands on the page as it came, so that a tag in it is a tag. The form has a list, but an address can have anything in it: escape the shelf, too.", |knobs| {
                knobs.shelf = as_it_came;
            })
            .wrong("name-raw", "The name stands on the page as it came, so that a tag in it is a tag. Escape it on its way into the page.", |knobs| {
                knobs.name = as_it_came;
            })
            .wrong("nothing-escaped", "Nothing is escaped: what was typed stands on the page as it came. Look whether escape returns the new text. replace does not change the old one.", |knobs| {
                knobs.words = as_it_came;
                knobs.shelf = as_it_came;
                knobs.name = as_it_came;
            })
            .wrong("ampersand", "You don't escape the &. So a text such as &lt; that was typed is read as <.", |knobs| {
                all(knobs, |expect, text| expect.body_has(escaped(text, &['<', '>', '"'])));
            })
            .wrong("ampersand-last", "You replace the & last, and with it those that you have just written: < becomes &amp;lt;. The & comes first.", |knobs| {
                all(knobs, |expect, text| expect.shows(escaped(text, &['<', '>', '"'])));
            })
            .wrong("escaped-twice", "You escape the text twice, so that a reader sees &lt; where < was typed.", |knobs| {
                all(knobs, |expect, text| expect.shows(escaped(text, &['&', '<', '>', '"'])));
            })
            .wrong("tags-removed", TAGS_REMOVED, |knobs| {
                all(knobs, |expect, text| without(expect, text, &text.replace("<script>", "").replace("</script>", "")));
            })
            .wrong("tags-removed", TAGS_REMOVED, |knobs| {
                all(knobs, |expect, text| {
                    let parts = text.split('<').enumerate();
                    let kept = parts.map(|(at, part)| if at == 0 { part } else { part.split_once('>').map_or(part, |(_, rest)| rest) });
                    without(expect, text, &kept.collect::<String>())
                });
            })
            .wrong("quote", "You don't escape the double quote. It is one of the four characters of the table: in an attribute, it would end the value.", |knobs| {
                all(knobs, |expect, text| expect.body_has(escaped(text, &['&', '<', '>'])));
            })
            .wrong("greater", "You don't escape the >. It is one of the four characters of the table.", |knobs| {
                all(knobs, |expect, text| expect.body_has(escaped(text, &['&', '<', '"'])));
            })
            .wrong("less", "You don't escape the <. It begins a tag, so it is the most important one of the table.", |knobs| {
                all(knobs, |expect, text| expect.body_has(escaped(text, &['&', '>', '"'])));
            })
            .wrong("still-by-get", "The login form is still sent by GET: method=\"get\". Include login_by_post.html.", |knobs| knobs.method = "get")
            .wrong("login-by-get", "A GET of /login greets as well, so a password may still stand in an address. GET answers the form, whatever the query is.", |knobs| {
                knobs.get_greets = true;
            })
            .wrong("fields-of-the-query", "do_post looks for the fields in the query. A form that is sent by POST has them in the body.", |knobs| {
                knobs.login = |query, _| query.into();
            })
            .wrong("login-everywhere", "A POST to any path is taken for a login. Answer 404 if the path is not /login.", |knobs| knobs.post_elsewhere = 200)
            .wrong("name-missing", "The name is not on the page.", |knobs| knobs.name = not_there)
            .wrong("bytes-counted", "You count the bytes of the password. An é has two of them. Characters are chars().count().", |knobs| knobs.count = str::len)
            .wrong("escaped-counted", "You count the characters of the escaped password, in which & has five. Count what was typed.", |knobs| {
                knobs.count = |password| escaped(password, &['&', '<', '>', '"']).chars().count();
            })
            .wrong("password-trimmed", "White space at the ends of the password is not counted. It was typed, so it counts: take the password as it comes.", |knobs| knobs.count = |password| password.trim().chars().count())
            .wrong("password-shown", "The page shows the password. It must be shown to nobody.", |knobs| {
                knobs.password = |expect, password| expect.shows(password);
            });
    }

    fn mistyped(_: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let Some(answer) = seen.answer().filter(|answer| answer.status == 200) else {
            return;
        };
        let kind = answer.field("Content-Type").map(str::to_string);
        mistakes.wrong(
            "type",
            format!("Compare the Content-Type letter by letter: it is {HTML}."),
            move |knobs| {
                knobs.kind = kind.clone();
            },
        );
    }
}

const TAGS_REMOVED: &str = "You take tags out of what was typed. A reader must see all of it: escape the text, and remove nothing.";

/// A reader sees what was kept of a text, and not all of it.
fn without(expect: Expect, text: &str, kept: &str) -> Expect {
    let expect = expect.shows(kept);
    if kept == text {
        expect
    } else {
        expect.hides(text)
    }
}

fn all(knobs: &mut Knobs, shown: Shown) {
    (knobs.words, knobs.shelf, knobs.name) = (shown, shown, shown);
}

/// The text with these characters escaped, and no others.
fn escaped(text: &str, signs: &[char]) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        c => c.to_string(),
    };
    text.chars()
        .map(|c| {
            if signs.contains(&c) {
                escape(c)
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Fields of a form as they are sent: some of these, in any order, with others between them,
/// some twice, some empty.
fn fields(draw: &mut Draw, names: &[&str]) -> String {
    let number = draw.number(0..4);
    let mut fields: Vec<String> = names
        .iter()
        .take(number as usize)
        .map(|name| format!("{name}={}", draw.word()))
        .collect();
    if number > 0 {
        fields.push(match draw.below(8) {
            0 => format!("{}={}", draw.word(), draw.word()),
            1 => encode_form(&[(draw.pick(names), &draw.text())]),
            2 => format!("{}={}", draw.pick(names), draw.word()),
            3 => format!("{}=", draw.pick(names)),
            4 => draw.pick(names).to_string(),
            5 => format!("{}=%2541%zz%", draw.pick(names)),
            6 => format!("{}={}+%2B+Two", draw.pick(names), draw.word()),
            _ => String::new(),
        });
    }
    draw.shuffled(fields).join("&")
}

/// A password that nobody guesses, of letters with one byte or more.
fn password(draw: &mut Draw) -> String {
    match draw.below(6) {
        5 => format!("  {} ", draw.word()),
        1 => "é".repeat(draw.number(4..60) as usize),
        2 => "&".repeat(draw.number(4..60) as usize),
        3 => format!("{SECRET}{}🐈<\"", draw.word()),
        4 => String::new(),
        _ => format!("{SECRET}{}", draw.word()),
    }
}

/// Whatever the answer is.
fn search_in_address(run: &mut Run) -> Verdict {
    let words = run.seed().line();
    let mut page = run.browser()?;
    page.open("/")?;
    page.fill("[name=words]", &words)?;
    page.follow("button")?;
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    page.expect_path(&format!("/search?{fields}"))
}

fn script(run: &mut Run) -> Verdict {
    let number = run.seed().number(10..100);
    let words = format!("<script>alert({number})</script>");
    let fields = encode_form(&[("words", &words), ("shelf", "novels")]);
    let mut page = run.browser()?;
    page.open(&format!("/search?{fields}"))?;
    if !page.dialogs().is_empty() {
        return Err(page.wrong("no script of the words runs"));
    }
    // No script runs in a page that is not there, either.
    let asked = page.exchanges()?;
    match asked.last() {
        Some(last) if last.status == Some(200) => Ok(()),
        _ => Err(page.wrong("the page of the search, with status 200")),
    }
}

fn no_password_in_address(run: &mut Run) -> Verdict {
    let (name, password) = (run.seed().word(), run.seed().word());
    let mut page = run.browser()?;
    page.open("/login")?;
    page.fill("[name=name]", &name)?;
    page.fill("[name=password]", &password)?;
    page.follow("button")?;
    page.expect_path("/login")?;
    page.expect_text(&name)
}
