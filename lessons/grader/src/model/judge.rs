//! Whether what was seen is what was expected.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::Open;
use super::reader::{Read, folded, spaced};
use crate::record::{
    Answer, Bytes, Ended, Exchange, Expect, Expected, Printed, Request, Seen, Text, What, set_by,
};

impl Expect {
    /// The first thing that is not true of what was seen.
    pub fn differs(&self, seen: &Seen) -> Option<&Expected> {
        self.differs_from(seen, &Read::default())
    }

    /// The same, where the page that was seen may have been read before.
    pub(crate) fn differs_from(&self, seen: &Seen, read: &Read) -> Option<&Expected> {
        let holds = |expected: &&Expected| !expected.what.holds_of(seen, read);
        self.all().iter().find(holds)
    }

    /// The number of things that are not true of it.
    pub(crate) fn wrong(&self, seen: &Seen, read: &Read) -> usize {
        let wrong = |expected: &&Expected| !expected.what.holds_of(seen, read);
        self.all().iter().filter(wrong).count()
    }

    /// What is expected in all steps but these.
    pub(crate) fn without(self, open: &Open) -> Self {
        self.retain(|expected| !open.contains(&expected.step))
    }
}

impl What {
    /// Whether it is true of what was seen. Nothing is true where there is no whole answer,
    /// or no end.
    pub fn holds(&self, seen: &Seen) -> bool {
        self.holds_of(seen, &Read::default())
    }

    fn holds_of(&self, seen: &Seen, read: &Read) -> bool {
        match seen {
            Seen::Exchange(exchange) => self.holds_of_exchange(exchange, read),
            Seen::Ended(ended) => ended.as_ref().as_ref().is_ok_and(|e| self.holds_of_end(e)),
            Seen::Serves => *self == Self::Serves,
            Seen::Nothing => false,
        }
    }

    fn holds_of_exchange(&self, exchange: &Exchange, read: &Read) -> bool {
        let Ok(answer) = &exchange.answer else {
            return false;
        };
        let same = |name: &str, one: &str, value: &str| {
            same_value(name, one, value)
                || name.eq_ignore_ascii_case("location")
                    && value.starts_with('/')
                    && own_path(exchange, one) == Some(value)
        };
        match self {
            Self::Status(statuses) => statuses.contains(&answer.status),
            Self::Field(name, None) => answer.field(name).is_none(),
            Self::Field(name, Some(value)) => has_once(answer, name, |one| same(name, one, value)),
            Self::FieldIn(name, values) => has_once(answer, name, |one| {
                values.iter().any(|value| same(name, one, value))
            }),
            Self::FieldTwice(name, values) => answer.all_fields(name).eq(values),
            Self::OwnField(name) => {
                // The library's fields follow: its Server, or, if the program has sent one, its Date.
                let begins = |it: &&(String, String), first: &str| it.0.eq_ignore_ascii_case(first);
                let is_server =
                    |it: &&(String, String)| begins(it, "server") && it.1.starts_with("http-core/");
                let first = match answer.fields.iter().find(is_server) {
                    Some(_) => "server",
                    None => "date",
                };
                let mut own = answer.fields.iter().take_while(|it| !begins(it, first));
                own.any(|(own, _)| own.eq_ignore_ascii_case(name))
            }
            Self::Cookie(name, kept) => kept.is_said_of(name, answer),
            Self::CookieAttribute(cookie, name, value) => {
                set_by(answer, cookie).is_some_and(|cookie| {
                    let came = cookie.attribute(name);
                    match (came, value) {
                        (None, None) => true,
                        // What stands behind one that has no value, a browser does not read.
                        (Some(_), Some(value)) if value.is_empty() => true,
                        (Some(came), Some(value)) if name.eq_ignore_ascii_case("SameSite") => {
                            came.eq_ignore_ascii_case(value)
                        }
                        (Some(came), Some(value)) => came == value,
                        _ => false,
                    }
                })
            }
            Self::Body(text) => text.holds_of(&answer.body, read),
            Self::Took(range) => holds_time(range, exchange.took),
            // What it prints is seen in the end.
            Self::Unprinted(_) => true,
            Self::Serves | Self::Code(_) | Self::Stdout(_) | Self::Stderr(_) | Self::Asked(_) => {
                false
            }
        }
    }

    /// Whether what a program printed in all keeps this secret, if it is one.
    pub(crate) fn holds_of_printed(&self, printed: &Ended) -> bool {
        let Self::Unprinted(secret) = self else {
            return true;
        };
        let encoded = crate::record::encode_form(&[("", secret)]);
        let encoded = encoded.trim_start_matches('=');
        // As {:?} writes bytes.
        let bytes = format!("{:?}", secret.as_bytes());
        let ways = [secret, encoded, bytes.trim_matches(['[', ']'])];
        let said = [printed.stdout.text(), printed.stderr.text()];
        !said
            .iter()
            .any(|said| ways.iter().any(|way| said.contains(way)))
    }

    fn holds_of_end(&self, ended: &Ended) -> bool {
        let all = |printed: &Printed| {
            let whole = printed.left_out == 0;
            whole.then(|| Bytes([&*printed.head, &*printed.tail].concat()))
        };
        // A text can be looked for in what was kept; the same can only be said of all.
        let text = |text: &Text, printed: &Printed| match (text, all(printed)) {
            (text, Some(printed)) => text.holds(&printed),
            (Text::Exactly(_), None) => false,
            (text, None) => text.holds(&printed.text().into()),
        };
        match self {
            Self::Code(codes) => ended.code.is_some_and(|code| codes.contains(&code)),
            Self::Stdout(due) => text(due, &ended.stdout),
            Self::Stderr(due) => text(due, &ended.stderr),
            Self::Took(range) => holds_time(range, ended.took),
            Self::Unprinted(_) => self.holds_of_printed(ended),
            Self::Asked(requests) => {
                let asked: Vec<_> = ended.asked.iter().map(|asked| &asked.request).collect();
                asked.len() == requests.len()
                    && asked.iter().zip(requests).all(|(asked, expected)| {
                        asked.as_ref().is_some_and(|asked| asks(asked, expected))
                    })
            }
            Self::Serves
            | Self::Status(_)
            | Self::Field(..)
            | Self::FieldIn(..)
            | Self::FieldTwice(..)
            | Self::OwnField(_)
            | Self::Cookie(..)
            | Self::CookieAttribute(..)
            | Self::Body(_) => false,
        }
    }
}

/// The most fields of a request's head that are looked at.
const MOST_FIELDS: usize = 100;

/// The path and query of an address, if it is one of the server that was asked.
fn own_path<'a>(exchange: &Exchange, address: &'a str) -> Option<&'a str> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    head.parse(&exchange.sent).ok()?;
    let mut fields = head.headers.iter();
    let host = fields.find(|field| field.name.eq_ignore_ascii_case("host"))?;
    let host = str::from_utf8(host.value).ok()?;
    address.strip_prefix("http://")?.strip_prefix(host)
}

/// Whether an answer has a field of this name just once, and its value is right.
fn has_once(answer: &Answer, name: &str, is_right: impl Fn(&str) -> bool) -> bool {
    let mut found = answer.all_fields(name);
    match (found.next(), found.next()) {
        (Some(one), None) => is_right(one),
        _ => false,
    }
}

fn holds_time(range: &Range<Duration>, took: Duration) -> bool {
    range.contains(&took)
}

/// Whether a service was asked what is expected.
fn asks(asked: &Request, expected: &Request) -> bool {
    let fields = |request: &Request| {
        let pairs = form_urlencoded::parse(request.query().as_bytes());
        let mut pairs: Vec<_> = pairs.into_owned().collect();
        pairs.sort();
        pairs
    };
    asked.method == expected.method
        && asked.path() == expected.path()
        && fields(asked) == fields(expected)
        && expected.fields.iter().all(|(name, value)| {
            let found = asked.field(name);
            found.is_some_and(|found| same_value(name, found, value))
        })
        && expected
            .body
            .iter()
            .all(|body| asked.body.as_ref() == Some(body))
}

/// The members of a list in a field, which commas separate.
fn members(value: &str) -> BTreeSet<&str> {
    value.split(',').map(str::trim).collect()
}

/// Whether two values of a field mean the same.
fn same_value(name: &str, one: &str, other: &str) -> bool {
    if name.eq_ignore_ascii_case("allow") {
        return members(one) == members(other);
    }
    if name.eq_ignore_ascii_case("cache-control") {
        return members(&one.to_ascii_lowercase()) == members(&other.to_ascii_lowercase());
    }
    if !name.eq_ignore_ascii_case("content-type") {
        return one == other;
    }
    let plain = |value: &str| value.replace([' ', '\t', '"'], "").to_ascii_lowercase();
    plain(one) == plain(other)
}

impl Text {
    /// Whether it is true of this text.
    pub fn holds(&self, bytes: &Bytes) -> bool {
        self.holds_of(bytes, &Read::default())
    }

    fn holds_of(&self, bytes: &Bytes, read: &Read) -> bool {
        let shown = || read.shown(bytes);
        match self {
            Self::Exactly(due) => bytes == due,
            Self::Has(due) => bytes.text().contains(due),
            Self::Lacks(due) => !bytes.text().contains(due),
            Self::Shows(due) => shown().contains(&folded(due)),
            Self::ShowsSpaced(due) => read.spaced(bytes).contains(&spaced(due)),
            Self::Names(words) => {
                let shown = shown().to_lowercase();
                words
                    .iter()
                    .any(|word| shown.contains(&word.to_lowercase()))
            }
            Self::ShowsLines(lines) => {
                shown().contains(&folded(&lines.join("\n"))) && read.parts_lines(bytes, lines)
            }
            Self::Hides(due) => !shown().contains(&folded(due)),
            Self::HidesOwnTags => {
                let mut ends = shown().split("</").skip(1);
                !ends.any(|end| LAYS_OUT.contains(&end.split('>').next().unwrap_or_default()))
            }
            Self::HasAttribute(name, due) => {
                let mut tags = read.tags(bytes).iter();
                tags.any(|tag| tag.attribute(name).is_some()) == *due
            }
            Self::InOnePiece { lines, others } => is_in_one_piece(&bytes.text(), lines, others),
            Self::ShowsNumber(number) => {
                let mut numbers = shown().split(|c: char| !c.is_ascii_digit());
                numbers.any(|digits| digits.parse() == Ok(*number))
            }
            Self::ShowsInOrder(texts) => {
                let mut rest = shown();
                texts.iter().all(|text| {
                    let found = rest.split_once(&folded(text));
                    found.is_some_and(|(_, after)| {
                        rest = after;
                        true
                    })
                })
            }
            Self::ShowsEach(texts) => miscounted(texts, shown()).is_none(),
            Self::Json(due) => {
                let value = |json: &[u8]| serde_json::from_slice::<Value>(json).ok();
                value(bytes).is_some_and(|came| Some(came) == value(due.as_bytes()))
            }
            Self::JsonText(field) => {
                let value = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
                let text = value.get(field).and_then(Value::as_str);
                text.is_some_and(|text| !text.trim().is_empty())
            }
            Self::HasTag(name, attributes) => read.tags(bytes).iter().any(|tag| {
                tag.name == *name
                    && attributes.iter().all(|(name, value)| {
                        let found = tag.attribute(name);
                        let any_case = name == "method" || name == "type";
                        found.is_some_and(|found| {
                            found == value || any_case && found.eq_ignore_ascii_case(value)
                        })
                    })
            }),
            Self::HasForm {
                method,
                action,
                field,
                cannot_be_sent,
            } => read.forms(bytes).iter().any(|form| {
                form.method == *method
                    && form.is_readable()
                    && form.can_be_sent() != *cannot_be_sent
                    && form.leads_to(action)
                    && field
                        .as_ref()
                        .is_none_or(|field| form.fields.contains(field))
            }),
        }
    }
}

/// Tags that a page is laid out with.
const LAYS_OUT: [&str; 30] = [
    "article",
    "blockquote",
    "body",
    "button",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "head",
    "header",
    "html",
    "label",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "span",
    "style",
    "table",
    "td",
    "textarea",
    "title",
    "tr",
    "ul",
];

/// Whether these lines of a page are not parted from each other as from one of the others.
fn is_in_one_piece(page: &str, lines: &[String], others: &[String]) -> bool {
    let [first, second, ..] = lines else {
        return true;
    };
    let Some((_, rest)) = page.split_once(first) else {
        return true;
    };
    let between = rest.split_once(second).map_or("", |(between, _)| between);
    let left = ["<br>", "<br/>", "<br />"]
        .iter()
        .fold(between.to_string(), |left, tag| left.replace(tag, ""));
    let parted = |one: &str, other: &str| page.contains(&format!("{one}{between}{other}"));
    let last = &lines[lines.len() - 1];
    left.trim().is_empty()
        || !others
            .iter()
            .any(|other| parted(last, other) || parted(other, first))
}

/// The first of these texts that a reader sees more or less often than all of them together
/// have it (one may be a part of another), with how often that is, and how often it is seen.
pub(crate) fn miscounted<'a>(texts: &'a [String], shown: &str) -> Option<(&'a str, usize, usize)> {
    let folded: Vec<String> = texts.iter().map(|text| folded(text)).collect();
    let often = |text: &str, of: &str| of.matches(text).count();
    let counted = texts
        .iter()
        .zip(&folded)
        .filter(|(_, text)| !text.is_empty());
    let mut counted = counted.map(|(typed, text)| {
        let due = folded.iter().map(|other| often(text, other)).sum();
        (typed.as_str(), due, often(text, shown))
    });
    counted.find(|(_, due, came)| due != came)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Answer, Broken, get};

    fn exchange(answer: Result<Answer, Broken>) -> Seen {
        Seen::Exchange(Box::new(Exchange {
            request: None,
            answer,
            sent: Bytes::default(),
            came: Bytes::default(),
            connection: 1,
            took: Duration::from_millis(7),
        }))
    }

    fn answer(status: u16, fields: &[(&str, &str)], body: &str) -> Seen {
        let mut answer = Answer::new(status, body);
        answer.fields = fields
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        exchange(Ok(answer))
    }

    /// What of it does not hold.
    fn differs(expect: Expect, seen: &Seen) -> Option<What> {
        expect.differs(seen).map(|expected| expected.what.clone())
    }

    #[test]
    fn the_first_thing_that_is_not_true_is_found() {
        let seen = answer(
            200,
            &[("Location", "/"), ("Server", "http-core/1"), ("Date", "y")],
            "a\n",
        );
        let right = Expect::step(1).status_in(&[200, 204]).body("a\n");
        assert_eq!(differs(right.clone().field("location", "/"), &seen), None);
        assert_eq!(differs(right.clone().own_field("Location"), &seen), None);
        assert_eq!(
            differs(right.clone().field("Location", " /\t"), &seen),
            None
        );
        let fields = [
            ("Server", "mine"),
            ("Age", "1"),
            ("Date", "y"),
            ("Etag", "z"),
        ];
        let of_its_own = answer(200, &fields, "a\n");
        let expect = |name| Expect::step(1).own_field(name);
        assert_eq!(differs(expect("Age"), &of_its_own), None);
        assert!(differs(expect("Etag"), &of_its_own).is_some());
        let own = What::OwnField("Date".into());
        assert_eq!(
            differs(right.clone().own_field("Date").status(1), &seen),
            Some(own)
        );
        assert!(differs(right.clone().field("Location", None), &seen).is_some());
        assert!(differs(right.clone().field("Allow", "GET"), &seen).is_some());
        assert_eq!(differs(right.took(0..8), &seen), None);
        let broken = exchange(Err(Broken::Closed));
        assert_eq!(
            differs(Expect::step(1).status(200), &broken),
            Some(What::Status(vec![200]))
        );
    }

    #[test]
    fn one_content_type_can_be_written_in_more_ways() {
        let same = |a: &str, b: &str| same_value("Content-Type", a, b);
        assert!(same("text/html; charset=utf-8", "text/html;charset=UTF-8"));
        assert!(same(
            "text/html; charset=\"utf-8\"",
            "text/html; charset=utf-8"
        ));
        assert!(!same("text/html", "text/html; charset=utf-8"));
        assert!(!same_value("Location", "/A", "/a"));
    }

    #[test]
    fn attributes_of_a_cookie_may_come_in_any_order_and_any_case() {
        let fields = [(
            "Set-Cookie",
            "a=b; samesite=LAX; path=/A; httponly; Max-Age=60",
        )];
        let seen = answer(303, &fields, "");
        let right = Expect::step(1)
            .cookie("a", "b")
            .cookie_attribute("a", "Max-Age", "60")
            .cookie_attribute("a", "Path", "/A")
            .cookie_attribute("a", "HttpOnly", "")
            .cookie_attribute("a", "SameSite", "Lax")
            .cookie_attribute("a", "Secure", None);
        assert_eq!(differs(right, &seen), None);
        for (name, value) in [
            ("Path", Some("/a")),
            ("Max-Age", Some("6")),
            ("Secure", Some("")),
            ("HttpOnly", None),
        ] {
            let wrong = Expect::step(1).cookie_attribute("a", name, value);
            assert!(differs(wrong, &seen).is_some(), "{name}");
        }
        // Of a cookie that is not set, nothing is true.
        let missing = Expect::step(1).cookie_attribute("b", "Secure", None);
        assert!(differs(missing, &seen).is_some());
        assert_eq!(differs(Expect::step(1).sets_no_cookie("b"), &seen), None);
    }

    #[test]
    fn what_caches_are_told_has_no_order() {
        let same = |other| same_value("Cache-Control", "max-age=60, immutable", other);
        assert!(same("Immutable,max-age=60"));
        for other in [
            "max-age=60",
            "max-age=61, immutable",
            "max-age=60 immutable",
        ] {
            assert!(!same(other), "{other}");
        }
    }

    #[test]
    fn methods_that_are_allowed_have_no_order() {
        assert!(same_value("Allow", "GET, HEAD,PUT", "PUT, HEAD, GET"));
        assert!(!same_value("Allow", "GET", "GET, HEAD"));
        assert!(!same_value("Allow", "get", "GET"));
    }

    #[test]
    fn json_is_judged_by_its_value() {
        let holds = |expect: Expect, body: &str| differs(expect, &answer(200, &[], body)).is_none();
        let expect = || Expect::step(1).json(r#"{"id":1,"text":"ね"}"#);
        assert!(holds(expect(), "{ \"text\": \"\\u306d\", \"id\": 1 }\n"));
        for wrong in [
            "",
            "{}",
            r#"{"id":"1","text":"ね"}"#,
            r#"[{"id":1,"text":"ね"}]"#,
        ] {
            assert!(!holds(expect(), wrong), "{wrong}");
        }
        let words = || Expect::step(1).json_text("error");
        assert!(holds(words(), r#"{"status": 404, "error": "It is gone."}"#));
        for wrong in [
            "gone",
            r#""error""#,
            r#"{"error": ""}"#,
            r#"{"error": 404}"#,
            "[]",
        ] {
            assert!(!holds(words(), wrong), "{wrong}");
        }
    }

    #[test]
    fn a_page_is_judged_as_a_reader_sees_it() {
        let page = "<p>In your password: <b>23</b>\n characters</p><p>&#60;i>x &amp;lt;</p>";
        let seen = answer(200, &[], page);
        let expect = Expect::step(1).shows("23 characters").shows("<i>x &lt;");
        assert_eq!(differs(expect.shows_number(23).hides("<b>"), &seen), None);
        for wrong in [
            Expect::step(1).shows_number(2),
            Expect::step(1).shows("<b>23"),
            Expect::step(1).hides("<i>x"),
            Expect::step(1).shows_in_order(["characters", "23"]),
            Expect::step(1).has_tag("form", &[]),
        ] {
            assert!(differs(wrong.clone(), &seen).is_some(), "{wrong:?}");
        }
        let form = answer(200, &[], "<form action='/x' method=POST>");
        let tag = Expect::step(1).has_tag("form", &[("method", "post")]);
        assert_eq!(differs(tag, &form), None);
    }

    #[test]
    fn forms_are_judged_by_what_they_send() {
        let page = "<form method=Post><textarea name=message></textarea><button></form>
            <form action=/x><input name=words></form>";
        let seen = answer(200, &[], page);
        let has = |method: &str, action: &str, field: Option<&str>| {
            differs(Expect::step(1).has_form(method, action, field), &seen).is_none()
        };
        assert!(has("post", "/", Some("message")), "to its own address");
        assert!(has("post", "/", None));
        for action in ["#", "?x=1", ".", "./", "http://service.test", "/?x=1#y"] {
            let page = format!("<form method=post action='{action}'><button></form>");
            let expect = Expect::step(1).has_form("post", "/", None);
            assert_eq!(differs(expect, &answer(200, &[], &page)), None, "{action}");
        }
        let page = "<form method=post action=./login><button></form>";
        let expect = |path| Expect::step(1).has_form("post", path, None);
        assert_eq!(differs(expect("/login"), &answer(200, &[], page)), None);
        assert!(differs(expect("/"), &answer(200, &[], page)).is_some());
        assert!(has("get", "/x", Some("words")));
        assert!(!has("get", "/", None));
        assert!(
            !has("get", "/x", Some("message")),
            "that is in another form"
        );
        assert!(!has("post", "/", Some("words")));
        let page = "<form method=post><textarea name=x></textarea><button type=button></form>";
        let seen = answer(200, &[], page);
        let expect = Expect::step(1);
        assert!(differs(expect.clone().has_form("post", "/", "x"), &seen).is_some());
        assert!(differs(expect.has_form_without_button("post", "/", "x"), &seen).is_none());
    }

    #[test]
    fn fields_are_sent_in_parts_only_with_a_file() {
        let has = |attributes: &str, field: &str| {
            let page = format!("<form method=post {attributes}>{field}<button></form>");
            let expect = Expect::step(1).has_form("post", "/", "x");
            differs(expect, &answer(200, &[], &page)).is_none()
        };
        let text = "<input name=x>";
        assert!(has("enctype=application/x-www-form-urlencoded", text));
        assert!(!has("enctype=Multipart/form-data", text));
        assert!(!has("enctype=text/plain", text));
        let file = "<input type=file name=x>";
        assert!(has("enctype=multipart/form-data", file));
    }

    #[test]
    fn a_word_may_have_capitals() {
        let seen = answer(400, &[], "<p>The URI is <b>missing</b>.</p>");
        assert_eq!(differs(Expect::step(1).names(&["url", "uri"]), &seen), None);
        assert!(differs(Expect::step(1).names(&["name"]), &seen).is_some());
    }

    #[test]
    fn a_line_end_that_is_shown_needs_no_tag() {
        let holds = |page: &str| {
            let expect = Expect::step(1).shows_lines(["one", "two"]);
            differs(expect, &answer(200, &[], page)).is_none()
        };
        let kept = "<style>p { white-space: pre-wrap }</style>";
        for lines in ["one\r\ntwo", "one<br>two", "<p>one</p>\n<p>two"] {
            assert!(holds(&format!("{kept}<p>{lines}</p>")), "{lines}");
        }
        for lines in ["one<br>\ntwo", "one\r\n<br />two", "one\n\ntwo"] {
            assert!(!holds(&format!("{kept}<p>{lines}</p>")), "{lines}");
            assert!(holds(&format!("<p>{lines}</p>")), "a browser folds them");
        }
        assert!(!holds("<p>one three two"));
        assert!(!holds("<p>one two"), "nothing parts the lines");
    }

    #[test]
    fn lines_of_one_text_are_told_from_others() {
        let holds = |page: &str| {
            let expect = Expect::step(1).in_one_piece(&["one", "two"], &["x", "y"]);
            differs(expect, &answer(200, &[], page)).is_none()
        };
        for page in [
            "<p>x</p>\n<p>one\ntwo</p>\n<p>y</p>",
            "x<br>\none<br>\ntwo<br>\ny",
            "<ul><li>x</ul><ul><li>one<li>two</ul><ul><li>y</ul>",
            "<p>one</p><p>two</p>",
        ] {
            assert!(holds(page), "{page}");
        }
        assert!(!holds("<p>x</p>\n<p>one</p>\n<p>two</p>"));
        assert!(!holds("<p>one</p><p>two</p><p>y</p>"));
    }

    #[test]
    fn a_location_may_have_the_server_before_its_path() {
        let mut seen = answer(303, &[("Location", "http://localhost:81/a?b")], "");
        let location = |seen: &Seen, value: &str| {
            differs(Expect::step(1).field("Location", value), seen).is_none()
        };
        assert!(!location(&seen, "/a?b"), "nobody knows the server");
        if let Seen::Exchange(exchange) = &mut seen {
            exchange.sent = "POST / HTTP/1.1\r\nHost: localhost:81\r\n\r\n".into();
        }
        assert!(location(&seen, "/a?b"));
        assert!(location(&seen, "http://localhost:81/a?b"));
        assert!(!location(&seen, "/a"));
    }

    #[test]
    fn texts_are_counted_in_any_order() {
        let seen = answer(200, &[], "<li>two  cats<li>a <b>cat</b><li>two\ncats");
        let each = |texts: &[&str]| {
            let expect = Expect::step(1).shows_each(texts.iter().copied());
            differs(expect, &seen).is_none()
        };
        assert!(each(&["a cat", "two cats", "two cats"]));
        assert!(each(&["two cats", "two cats", "\n"]), "no text is no text");
        assert!(!each(&["a cat", "two cats"]), "it is there twice");
        assert!(!each(&["a cat", "a cat", "two cats", "two cats"]));
        // What is a part of another text is seen in that one, too.
        assert!(each(&["cat", "two cats", "two cats"]));
        assert!(!each(&["cats", "two cats", "two cats"]));
    }

    #[test]
    fn spaces_can_count() {
        let seen = answer(200, &[], "<ul><li>  two &#32;cats&nbsp;&nbsp;</li></ul>");
        let shows = |text: &str| differs(Expect::step(1).shows_spaced(text), &seen).is_none();
        assert!(shows("  two  cats  "));
        assert!(shows("two\u{a0} cats"));
        assert!(!shows("two cats"));
        assert!(!shows("   two"), "what parts words is no space of the text");
    }

    #[test]
    fn an_end_is_judged() {
        let asked = |target: &str| Exchange {
            request: get(target).asked().cloned(),
            answer: Err(Broken::Silent),
            sent: Bytes::default(),
            came: Bytes::default(),
            connection: 1,
            took: Duration::ZERO,
        };
        let ended = Ended {
            code: Some(1),
            stderr: "no answer from there\n".into(),
            asked: vec![asked("/p?b=2&a=%C3%B8+x")],
            ..Ended::default()
        };
        let seen = Seen::Ended(Box::new(Ok(ended)));
        let right = Expect::step(1).code(1).stdout("").stderr_has("there");
        assert_eq!(
            differs(right.clone().asked([get("/p?a=ø%20x&b=2")]), &seen),
            None
        );
        assert!(differs(right.clone().asked([get("/p?a=1&b=2")]), &seen).is_some());
        assert!(differs(right.clone().asked([]), &seen).is_some());
        assert!(differs(right.status(200), &seen).is_some());
    }

    #[test]
    fn a_secret_is_looked_for_in_all_that_is_printed() {
        let secret = What::Unprinted("ab & é".into());
        let printed = |stderr: &str| Ended {
            stderr: stderr.into(),
            ..Ended::default()
        };
        assert!(secret.holds_of_printed(&printed("ab")));
        assert!(!secret.holds_of_printed(&printed("x ab & é y")));
        assert!(!secret.holds_of_printed(&printed("x=ab+%26+%C3%A9&y=")));
        let form = format!("{:?}", "x=ab & é&y=".as_bytes());
        assert!(!secret.holds_of_printed(&printed(&form)));
    }

    #[test]
    fn open_steps_are_left_out() {
        let expect = Expect::step(1)
            .status(200)
            .then(2)
            .body("x")
            .then(3)
            .code(1);
        let left = expect.without(&[2].into());
        let steps: Vec<u32> = left.all().iter().map(|expected| expected.step).collect();
        assert_eq!(steps, [1, 3]);
    }
}
