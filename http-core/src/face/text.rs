//! Text that comes from a browser and goes back to it: form fields, HTML.

use std::collections::HashMap;

/// The fields of a form, decoded: `name=Ann+Lee&city=K%C3%B6ln`. A form that is
/// submitted by GET puts them into the query of the address; one that is submitted
/// by POST into the body (`application/x-www-form-urlencoded`, as the
/// [URL standard] defines it). Python's `urllib.parse.parse_qs`.
///
/// `+` and `%20` are spaces. Bytes that are not UTF-8 become `�`. Of several fields
/// with one name, the first is taken. Nothing that a client sends is an error.
///
/// ```
/// let fields = http_core::parse_form("name=Ann+Lee&city=K%C3%B6ln&note=");
/// assert_eq!(fields["name"], "Ann Lee");
/// assert_eq!(fields["city"], "Köln");
/// assert_eq!(fields["note"], "");
/// assert_eq!(fields.get("age"), None);
/// ```
///
/// [URL standard]: https://url.spec.whatwg.org/#application/x-www-form-urlencoded
pub fn parse_form(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        fields
            .entry(name.into_owned())
            .or_insert_with(|| value.into_owned());
    }
    fields
}

/// Text as it must stand in HTML, so that nothing in it is taken for markup: in
/// the text of an element, and in an attribute's value in quotes. Python's
/// `html.escape`.
///
/// ```
/// assert_eq!(
///     http_core::escape_html("<b>\"Tom\" & 'Jerry'</b>"),
///     "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;"
/// );
/// ```
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_a_form() {
        assert!(parse_form("").is_empty());
        let fields = parse_form("a=1&a=2&&b&=c&d=%zz%ff+%2B&%E3%81%AD=x=y");
        assert_eq!(fields["a"], "1");
        assert_eq!(fields["b"], "");
        assert_eq!(fields[""], "c");
        assert_eq!(fields["d"], "%zz\u{fffd} +");
        assert_eq!(fields["ね"], "x=y");
        assert_eq!(fields.len(), 5);
    }
}
