//! Rules about text that somebody typed into a form and that comes back in an
//! answer: decoded, and escaped where the answer is HTML.

use super::Case;
use crate::failure::Symptom;

/// What stands for a character of HTML's own, `&` last: so that undoing them one
/// after the other undoes each once.
const ESCAPES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// A text that was escaped for HTML, as it was before.
fn unescape(text: &str) -> String {
    ESCAPES
        .iter()
        .fold(text.to_string(), |text, (escape, plain)| {
            text.replace(escape, plain)
        })
}

/// The body that came and the text that was to be in it.
fn missing<'a>(case: &'a Case) -> Option<(String, &'a str)> {
    let (came, due) = case.texts()?;
    let came = String::from_utf8_lossy(came).into_owned();
    Some((came, std::str::from_utf8(due).ok()?.trim_end()))
}

pub(super) fn unescaped(case: &Case) -> Option<String> {
    let is_markup = match case.symptom() {
        Symptom::BodyHas(text) => text.contains('<'),
        _ => {
            let (came, due) = missing(case)?;
            // Nothing escaped, or one character forgotten.
            let forgotten = ESCAPES.map(|(escape, plain)| due.replace(escape, plain));
            let plain = std::iter::once(unescape(due)).chain(forgotten);
            plain
                .into_iter()
                .any(|plain| plain != due && came.contains(&plain))
        }
    };
    is_markup.then(|| {
        "The text of the client stands in the page as it came, or one character of it does. A \
         browser takes a < in it for a tag, and runs a <script>. Escape every text from outside \
         on its way into a page: & < > and the quotes."
            .into()
    })
}

pub(super) fn escaped_twice(case: &Case) -> Option<String> {
    let (came, due) = missing(case)?;
    if !due.contains('&') || came.contains(due) {
        return None;
    }
    let once = |text: &str| text.replace("&amp;", "&");
    let unescaped = once(&came);
    // Where the & itself was replaced last, only some of the escapes are there twice.
    (unescaped.contains(due) || unescaped.contains(&once(due))).then(|| {
        "The text is escaped twice: a reader would see &lt; where < was typed. Escape it once; \
         and if you replace the characters one after the other, & must be the first."
            .into()
    })
}

pub(super) fn escaped_page(case: &Case) -> Option<String> {
    let is_escaped = match case.symptom() {
        // A check posted no < and looks for one.
        Symptom::BodyHas(text) => text == "&lt;",
        _ => {
            let (came, due) = missing(case)?;
            let escaped = due.replace('<', "&lt;").replace('>', "&gt;");
            escaped != due && came.contains(&escaped)
        }
    };
    is_escaped.then(|| {
        "The tags of the page itself are escaped, so a browser shows them instead of obeying \
         them. Escape only the text that comes from outside, before it goes into the page."
            .into()
    })
}

pub(super) fn not_decoded(case: &Case) -> Option<String> {
    let (came, due) = missing(case)?;
    let plain = unescape(due);
    // As a form sends it, and with only one of the two decoded.
    let sent: String = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let sent = [sent.replace('+', " "), plain.replace(' ', "+"), sent];
    let seen = |form: &String| *form != plain && came.contains(form.as_str());
    sent.iter().any(seen).then(|| {
        "The text came back as a form sends it, not as it was typed. In a form's fields a space \
         travels as +, other characters as % and two digits: decode both (parse_form does)."
            .into()
    })
}

pub(super) fn tags_removed(case: &Case) -> Option<String> {
    let (came, due) = missing(case)?;
    let plain = unescape(due);
    if plain == due {
        // These tags were to be tags.
        return None;
    }
    // What is left without everything from a < to the next >.
    let (before, rest) = plain.split_once('<')?;
    let left: String = rest
        .split('<')
        .filter_map(|tag| Some(tag.split_once('>')?.1))
        .collect();
    let left = format!("{before}{left}");
    (!left.trim().is_empty() && came.contains(&left)).then(|| {
        "The tags in the text were taken out. Then nobody can write about HTML, and who knows \
         another tag than those you thought of gets through. Escape the text instead: it comes \
         back as it was typed, and is harmless."
            .into()
    })
}

pub(super) fn unwanted_text(case: &Case) -> Option<String> {
    let Symptom::BodyHas(text) = case.symptom() else {
        return None;
    };
    Some(format!(
        "The body has a text in it that must not be shown in this case: {text:?}. Look where the \
         answer gets it from."
    ))
}

pub(super) fn form_by_get(case: &Case) -> Option<String> {
    const BY_POST: &str = "method=\"post\"";
    let (came, due) = missing(case)?;
    (due == BY_POST && came.contains("<form")).then(|| {
        "The form in this page is still sent by GET: the browser would put what is typed into \
         the address. The method is an attribute of the <form> tag."
            .into()
    })
}

pub(super) fn not_from_body(case: &Case) -> Option<String> {
    let (came, due) = missing(case)?;
    let due = unescape(due);
    let body = case.asked_form().filter(|_| !came.contains(&due))?;
    form_urlencoded::parse(body)
        .any(|(_, value)| value.contains(&due))
        .then(|| {
            "The answer does not show what was sent. The fields of a form that is sent by POST \
             are in the body of the request, not in its query: read the body, take the fields \
             out of it, and compare their names, letter by letter, with those in the request. If \
             the program has the text, look how it gets into the answer."
                .into()
        })
}

pub(super) fn not_from_query(case: &Case) -> Option<String> {
    let (came, due) = missing(case)?;
    let due = unescape(due);
    let query = case.query().filter(|_| !came.contains(&due))?;
    form_urlencoded::parse(query.as_bytes())
        .any(|(_, value)| value.contains(&due))
        .then(|| {
            "The answer does not show what the query says. Compare the names of the fields, \
             letter by letter, with those in the request. If the program has the text, look how \
             it gets into the answer: replace returns a new text, and finds only what is written \
             exactly as in the page."
                .into()
        })
}
