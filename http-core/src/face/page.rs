//! What the pages that the server makes have in common, and the one that stands for an
//! error.

use http::StatusCode;

use super::escape_html;

/// The beginning of a page: readable on a phone and in the dark.
pub(crate) const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"#;

/// The page `send_error` answers with: the status and an explanation, escaped.
pub(crate) fn error_page(status: StatusCode, explanation: &str) -> String {
    let title = title(status);
    let explanation = escape_html(explanation);
    format!(
        "{HEAD}\
         <title>{title}</title>\n\
         <style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}\n\
         p {{ white-space: pre-wrap; overflow-wrap: anywhere }}</style>\n\
         </head>\n\
         <body>\n\
         <h1>{title}</h1>\n\
         <p>{explanation}</p>\n\
         </body>\n\
         </html>\n"
    )
}

/// `404 Not Found`; the number alone for a status without a name.
fn title(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_it_is_told_and_runs_nothing() {
        let page = error_page(StatusCode::NOT_FOUND, "no <script>'\"&</script>");
        assert!(page.contains("<h1>404 Not Found</h1>"), "{page}");
        assert!(
            page.contains("no &lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;"),
            "{page}"
        );
        assert!(error_page(StatusCode::from_u16(599).unwrap(), "").contains("<h1>599</h1>"));
    }
}
