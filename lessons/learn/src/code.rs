//! Code with colours. Not a parser: it tells comments, strings, words and numbers apart,
//! and a piece of a program is as good as a whole one.

use std::fmt::Write as _;

use crate::html::escaped;

/// The words that Rust keeps for itself.
const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "type", "use",
    "where", "while",
];

/// A block of code in this language, as the inside of a `<code>`.
pub(crate) fn colored(language: &str, code: &str) -> String {
    match language {
        "rust" | "rs" => rust(code),
        "console" | "sh" => console(code),
        _ => escaped(code),
    }
}

/// A piece of text with a colour, which is named by a class.
fn span(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{}</span>", escaped(text))
}

/// What was typed is told from what came.
fn console(code: &str) -> String {
    let mut out = String::new();
    for line in code.split_inclusive('\n') {
        match line.strip_prefix("$ ") {
            Some(typed) => {
                let _ = write!(
                    out,
                    "<span class=\"prompt\">$ </span>{}",
                    span("typed", typed)
                );
            }
            None => out += &span("came", line),
        }
    }
    out
}

fn rust(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        // In an address, two slashes begin no comment.
        let behind_colon = code[..code.len() - rest.len()].ends_with(':');
        let (length, class) = match behind_colon && first == '/' {
            true => (1, None),
            false => token(rest, first),
        };
        let (text, after) = rest.split_at(length);
        match class {
            Some(class) => out += &span(class, text),
            None => out += &escaped(text),
        }
        rest = after;
    }
    out
}

/// The length of what the text begins with, and its class.
fn token(rest: &str, first: char) -> (usize, Option<&'static str>) {
    let up_to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return (up_to(rest.find('\n')), Some("c"));
    }
    if rest.starts_with("/*") {
        return (up_to(rest.find("*/").map(|at| at + 2)), Some("c"));
    }
    if let Some(length) = string(rest) {
        return (length, Some("s"));
    }
    if rest.starts_with("#[") || rest.starts_with("#![") {
        return (up_to(rest.find(']').map(|at| at + 1)), Some("a"));
    }
    if first == '_' || first.is_alphabetic() {
        let word = up_to(rest.find(|c: char| c != '_' && !c.is_alphanumeric()));
        let after = &rest[word..];
        let class = match &rest[..word] {
            keyword if KEYWORDS.contains(&keyword) => Some("k"),
            _ if after.starts_with('!') && !after.starts_with("!=") => Some("m"),
            _ if first.is_uppercase() => Some("t"),
            _ if after.starts_with('(') => Some("f"),
            _ => None,
        };
        return (word, class);
    }
    if first.is_ascii_digit() {
        let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        return (up_to(end), Some("n"));
    }
    (first.len_utf8(), None)
}

/// The length of the string or the character that the text begins with, prefix included.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'r' | 'c'))?;
    let (raw, body) = (rest[..prefix].contains('r'), &rest[prefix..]);
    if prefix > 2 {
        return None;
    }
    let hashes = body.len() - body.trim_start_matches('#').len();
    if raw && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = &body[hashes + 1..];
        let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        return Some(prefix + hashes + 1 + length);
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut characters = body.char_indices().skip(1);
    let mut inside = 0;
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            c if c == quote => return Some(prefix + at + 1),
            // A lifetime is no character: no quote comes behind its first letter.
            _ if quote == '\'' && inside > 0 && !body[1..].starts_with('\\') => return None,
            _ => {}
        }
        inside += 1;
    }
    (quote == '"').then_some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_has_colors() {
        let code = "\"/\" => todo!(\"a \\\" b\"), // c\nfn f<'a>(x: &'a str, y: char) { 'x' != y; r#\"q\"# }\nhttp://x";
        let shown = rust(code);
        for expected in [
            "<span class=\"s\">&quot;/&quot;</span>",
            "<span class=\"m\">todo</span>!",
            "<span class=\"s\">&quot;a \\&quot; b&quot;</span>",
            "<span class=\"c\">// c</span>\n",
            "&lt;&#39;a&gt;",
            "<span class=\"s\">&#39;x&#39;</span>",
            "<span class=\"s\">r#&quot;q&quot;#</span>",
            "http://x",
        ] {
            assert!(shown.contains(expected), "{expected} in {shown}");
        }
    }

    /// Whatever it is, each of its characters is there once.
    #[test]
    fn nothing_is_lost() {
        let codes = [
            "'", "\"", "r#\"", "b'", "/*", "'\\", "ねこ'", "r#fn", "#[", "1_000u8.", "rb\"x\"",
        ];
        for code in codes {
            let mut text = String::new();
            let mut tag = false;
            for c in rust(code).chars() {
                match c {
                    '<' => tag = true,
                    '>' => tag = false,
                    c if !tag => text.push(c),
                    _ => {}
                }
            }
            assert_eq!(text, escaped(code));
        }
    }
}
