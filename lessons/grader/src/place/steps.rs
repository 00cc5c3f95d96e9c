//! Which steps of a lesson are still open: the `todo!("step 2: ...")`s in the
//! starter's source.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The numbers of the steps whose `todo!` still stands in this source. In what is no Rust,
/// none does: it does not compile either.
pub fn open(source: &str) -> BTreeSet<u32> {
    let mut steps = BTreeSet::new();
    if let Ok(tokens) = source.parse() {
        add(tokens, &mut steps);
    }
    steps
}

/// Adds the steps of the `todo!`s among these tokens.
fn add(tokens: TokenStream, steps: &mut BTreeSet<u32>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        if let [.., name, mark] = &tokens[..at]
            && name.to_string() == "todo"
            && mark.to_string() == "!"
            && group.delimiter() != Delimiter::None
            && let Some(message) = group.stream().into_iter().next()
        {
            steps.extend(text_of(&message.to_string()).and_then(number));
        }
        add(group.stream(), steps);
    }
}

/// What stands between the quotes of a string literal of any kind.
fn text_of(literal: &str) -> Option<&str> {
    let (_, text) = literal.trim_end_matches('#').split_once('"')?;
    text.strip_suffix('"')
}

/// The step that the message of a `todo!` names: 2 in `step 2: ...`.
pub(crate) fn number(message: &str) -> Option<u32> {
    let number = message.trim_start().strip_prefix("step ")?;
    let end = number.find(|c: char| !c.is_ascii_digit());
    number[..end.unwrap_or(number.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::open;

    #[track_caller]
    fn steps(source: &str, expected: &[u32]) {
        let found: Vec<u32> = open(source).into_iter().collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn every_way_to_write_it_counts() {
        steps(r#"fn f() { todo!("step 1: say hello") }"#, &[1]);
        steps("todo!(\n    \"step 2: over\n lines\"\n)", &[2]);
        steps(r#"todo ! ( /* here */ "step 3" )"#, &[3]);
        steps(r##"std::todo!(r#"step 4: "raw""#)"##, &[4]);
        steps(r#"todo!["step 12: {x}"]; todo!{"step 5"}"#, &[5, 12]);
        steps(r#"let s = "a"; todo!("step 1"); todo!("step 1")"#, &[1]);
    }

    #[test]
    fn comments_and_strings_do_not_count() {
        steps("// todo!(\"step 1\")\n", &[]);
        steps("/* a /* b */ todo!(\"step 1\") */", &[]);
        steps(r##"let s = r#"todo!("step 1")"#;"##, &[]);
        steps(r#"let s = "\"todo!(\"step 1\")";"#, &[]);
        steps(r##"let s = br#"" todo!("step 1")"#;"##, &[]);
        steps(r#"my_todo!("step 1"); todo("step 1"); todo!()"#, &[]);
        steps(r#"todo!("stepping 1"); todo!("steps 2")"#, &[]);
    }

    #[test]
    fn what_looks_like_a_string_does_not_hide_a_todo() {
        steps(r#"let q = '"'; todo!("step 1")"#, &[1]);
        steps(r#"let q = '\''; let r = '\\'; todo!("step 2")"#, &[2]);
        steps(r#"let q = '\u{22}'; todo!("step 3")"#, &[3]);
        steps(r#"fn f<'a>(x: &'a str) { todo!("step 4") }"#, &[4]);
        steps("let u = \"http://x\"; todo!(\"step 5\")", &[5]);
        steps(r#"let bar = r; todo!("step 6")"#, &[6]);
        steps(r#"let r#fn = 1; todo!("step 7")"#, &[7]);
    }

    #[test]
    fn in_what_is_no_rust_no_step_is_open() {
        for source in [
            "/* /* todo",
            "\"abc\\",
            "r#\"abc",
            "'",
            "'\\",
            "'\\ね",
            "todo!(",
            "b'",
            "todo",
            "ねこ'",
        ] {
            steps(source, &[]);
        }
    }
    #[test]
    fn editors_leave_their_marks() {
        steps("\u{feff}fn f() {\r\n    todo!(\"step 1\")\r\n}\r\n", &[1]);
        steps(
            "#![allow(unused)]\nmod m { fn f() { g(|| [todo!(\"step 2\")]) } }",
            &[2],
        );
    }
}
