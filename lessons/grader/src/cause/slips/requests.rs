//! Requests that are read as others.

use crate::record::{FORM, Request};

use super::Named;
use super::values::decoded;

/// The request that is read for one.
pub type Reading = fn(&Request) -> Option<Request>;

/// A request whose target is another one.
fn with_target(request: &Request, target: String) -> Option<Request> {
    Some(Request {
        target,
        ..request.clone()
    })
}

/// A request whose path is another one; the query stays.
fn with_path(request: &Request, path: &str) -> Option<Request> {
    let path = if path.is_empty() { "/" } else { path };
    let query = &request.target[request.path().len()..];
    with_target(request, format!("{path}{query}"))
}

/// A request whose body is another one.
fn with_body(request: &Request, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Request> {
    let body = request.body.as_ref()?;
    Some(Request {
        body: Some(change(body).into()),
        ..request.clone()
    })
}

/// The same, if the body is a text.
fn with_body_text(request: &Request, change: impl Fn(&str) -> String) -> Option<Request> {
    let text = str::from_utf8(request.body.as_deref()?).ok()?;
    with_body(request, |_| change(text).into_bytes())
}

/// Requests that are read as others.
#[rustfmt::skip]
pub const READS: &[Named<Reading>] = &[
    ("path-letters", "You make no difference between capital and small letters in a path. To the web, /About and /about are two paths.",
        &[|asked| with_path(asked, &asked.path().to_lowercase())]),
    ("path-end-slash", "You take a slash at the end of a path away, so that /x/ is answered as /x. To the web, these are two paths.", &[
        |asked| with_path(asked, asked.path().trim_end_matches('/')),
        |asked| with_path(asked, asked.path().strip_suffix('/')?),
    ]),
    ("path-slashes", "You make one slash of several in a row. Each of them is a part of the path.",
        &[|asked| with_path(asked, &one_slash(asked.path()))]),
    ("path-beginning", "You look only at the first part of a path, so that /x/y is answered as /x. Compare the whole path.",
        &[|asked| with_path(asked, &format!("/{}", asked.path()[1..].split('/').next()?))]),
    ("path-end", "You look only at the last part of a path, so that /x/y is answered as /y. Compare the whole path.",
        &[
            |asked| with_path(asked, &format!("/{}", asked.path().rsplit('/').next()?)),
            // A slash at the end is no part.
            |asked| with_path(asked, &format!("/{}", asked.path().rsplit('/').next().filter(|last| !last.is_empty())?)),
        ]),
    ("path-extension", "You take .html at the end of a path away. To the web, /about.html and /about are two paths.",
        &[|asked| with_path(asked, asked.path().strip_suffix(".html")?)]),
    ("index-html", "You answer /index.html as you answer /. To the web, these are two paths, and the text names only one of them.",
        &[|asked| with_path(asked, asked.path().strip_suffix("index.html")?)]),
    ("query-in-path", "You take the query, from the ? on, for a part of the path. request.path() comes without it.", &[
        |asked| with_target(asked, format!("{}-", asked.target.split_once('?')?.0)),
        |asked| (!asked.query().is_empty()).then(|| with_target(asked, format!("{}-", asked.path())))?,
    ]),
    ("empty-query", "You take a ? with nothing behind it for a part of the path. A query may be empty; request.path() comes without it.",
        &[|asked| with_path(asked, &format!("{}-", asked.target.strip_suffix('?')?))]),
    ("last-question-mark", "You split the address at its last ?. The query begins at the first one, and may have more of them.",
        &[|asked| (asked.query().contains('?')).then(|| with_target(asked, format!("{}-?{}", asked.path(), asked.target.rsplit('?').next()?)))?]),
    ("query-unread", "You do not look at the query.",
        &[|asked| with_target(asked, asked.path().into())]),
    ("query-decoded-first", "You decode the query before you split it. Then a %26 in a value looks like the & between two fields: split first, then decode each part.",
        &[|asked| with_target(asked, format!("{}?{}", asked.path(), decoded(asked.query())))]),
    ("body-trimmed", "You take white space away at an end of the body. It is a part of the body, too: take the body as it comes.", &[
        |asked| with_body_text(asked, |text| text.trim().into()),
        |asked| with_body_text(asked, |text| text.trim_end().into()),
        |asked| with_body_text(asked, |text| text.trim_start().into()),
        |asked| with_body(asked, |bytes| bytes.trim_ascii().into()),
        |asked| with_body(asked, |bytes| bytes.trim_ascii_end().into()),
    ]),
    ("body-line-end", "You take a line end at the end of the body away. It is a part of the body, too.", &[
        |asked| with_body_text(asked, |text| text.strip_suffix('\n').unwrap_or(text).into()),
        |asked| with_body_text(asked, |text| text.trim_end_matches(['\r', '\n']).into()),
    ]),
    ("body-line-ends", "You change the line ends in the body: CR LF (\\r\\n) is two characters, and both of them count.",
        &[|asked| with_body_text(asked, |text| text.replace("\r\n", "\n"))]),
    ("body-first-line", "You read only the first line of the body. It goes on behind a line end.",
        &[|asked| with_body_text(asked, |text| text.split_inclusive('\n').next().unwrap_or_default().into())]),
    ("body-lossy", "You make the body a text before you look at its bytes, so what is not UTF-8 becomes the sign \u{fffd}. Take the bytes as they come.",
        &[|asked| with_body(asked, |bytes| String::from_utf8_lossy(bytes).into_owned().into_bytes())]),
    ("body-latin-1", "You take each byte of the body for a character. A character in UTF-8 may have several bytes.",
        &[|asked| with_body(asked, |bytes| bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())]),
    ("body-letters", "You change the letters of the body to small or to capital ones. Take the body as it comes.", &[
        |asked| with_body_text(asked, str::to_lowercase),
        |asked| with_body_text(asked, str::to_uppercase),
    ]),
    ("get-as-post", "You answer GET as you answer POST. They are two methods: a GET only asks.",
        &[|asked| (asked.method == "GET").then(|| Request { method: "POST".into(), body: Some(asked.query().into()), ..asked.clone() })]),
    ("post-as-get", "You answer POST as you answer GET. They are two methods: a POST brings something.",
        &[|asked| (asked.method == "POST").then(|| Request { method: "GET".into(), body: None, ..asked.clone() })]),
    ("method-unread", "You do not look at the method: PUT is answered as POST.",
        &[|asked| (asked.method == "PUT").then(|| Request { method: "POST".into(), ..asked.clone() })]),
    ("type-with-more", "You take a form only if nothing stands behind its Content-Type. Scripts in a page send more there, such as ;charset=UTF-8. It is a form, too.",
        &[|asked| asked.field("Content-Type")?.strip_prefix(FORM)?.starts_with(';').then(|| with_body(asked, |_| Vec::new()))?]),
    ("query-for-body", "You look for the fields in the query. A form that is sent by POST has them in its body.",
        &[|asked| with_body(asked, |_| asked.query().into())]),
    ("query-and-body", "You take fields of the query as well. A form that is sent by POST has its fields in the body, and only there.", &[
        |asked| with_body(asked, |body| [body, b"&", asked.query().as_bytes()].concat()),
        |asked| with_body(asked, |body| [asked.query().as_bytes(), b"&", body].concat()),
    ]),
];

fn one_slash(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let end = if path.ends_with('/') && path.len() > 1 {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", parts.collect::<Vec<_>>().join("/"))
}
