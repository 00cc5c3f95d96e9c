//! Which steps of a lesson are still open: the `todo!("step 2: ...")`s in the
//! starter's source, outside of comments and string literals.

use std::collections::BTreeSet;

/// The numbers of the steps whose `todo!` still stands in this source.
pub(crate) fn open(source: &str) -> BTreeSet<u32> {
    let mut steps = BTreeSet::new();
    let mut rest = source;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let after_word = before.is_alphanumeric() || before == '_';
        let length = if rest.starts_with("todo") && !after_word {
            steps.extend(step_of_todo(&rest["todo".len()..]));
            "todo".len()
        } else {
            // A raw string starts with a letter; `for"` in `for"x"` is no prefix of one.
            blank(rest)
                .or_else(|| (!after_word).then(|| string(rest)).flatten())
                .or_else(|| (first == '"').then(|| quoted(rest)))
                .or_else(|| (first == '\'').then(|| quote(rest)))
                .map_or(first.len_utf8(), |(length, _)| length)
        };
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    steps
}

/// The step that the `todo` before this text names: `!("step 2: ...` is step 2.
fn step_of_todo(after: &str) -> Option<u32> {
    let after = skip_blank(after).strip_prefix('!')?;
    let after = skip_blank(after).strip_prefix(['(', '[', '{'])?;
    let (_, message) = string(skip_blank(after))?;
    number(message.trim_start())
}

/// The step that the message of a `todo!` names: 2 in `step 2: ...`.
pub(crate) fn number(message: &str) -> Option<u32> {
    let number = message.strip_prefix("step ")?;
    let end = number.find(|c: char| !c.is_ascii_digit());
    number[..end.unwrap_or(number.len())].parse().ok()
}

/// The text after its leading white space and comments.
fn skip_blank(mut text: &str) -> &str {
    loop {
        if let Some((length, _)) = blank(text) {
            text = &text[length..];
        } else if text.starts_with(char::is_whitespace) {
            text = text.trim_start();
        } else {
            return text;
        }
    }
}

/// The comment that the text starts with: its length, and nothing inside.
fn blank(text: &str) -> Option<(usize, &str)> {
    if text.starts_with("//") {
        return Some((text.find('\n').unwrap_or(text.len()), ""));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some((at, ""));
            }
        } else {
            at += 1;
        }
    }
    Some((text.len(), ""))
}

/// The string literal that the text starts with: its length and what is between
/// its quotes. Any kind: `"..."`, `b"..."`, `c"..."`, `r#"..."#`, `br"..."`.
fn string(text: &str) -> Option<(usize, &str)> {
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    if prefix > 2 {
        return None;
    }
    let raw = text[..prefix].ends_with('r');
    let after = &text[prefix..];
    if !raw {
        return after.starts_with('"').then(|| {
            let (length, inside) = quoted(after);
            (prefix + length, inside)
        });
    }
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", &after[..hashes]);
    let length = inside.find(&end).unwrap_or(inside.len());
    let whole = prefix + hashes + 1 + length + end.len();
    Some((whole.min(text.len()), &inside[..length]))
}

/// The literal in double quotes that the text starts with.
fn quoted(text: &str) -> (usize, &str) {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (at + 1, &text[1..at]),
            _ => {}
        }
    }
    (text.len(), &text[1..])
}

/// The character literal or lifetime that the text starts with. `'"'` must not
/// open a string, and `'a` is no character that misses its end.
fn quote(text: &str) -> (usize, &str) {
    let mut characters = text.char_indices().skip(1);
    let length = match characters.next() {
        // `'\''`, `'\u{22}'`: through the quote after the escaped character.
        Some((_, '\\')) => characters
            .skip(1)
            .find(|&(_, character)| character == '\'')
            .map_or(1, |(at, _)| at + 1),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    };
    (length, "")
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
    fn a_file_that_stops_in_the_middle_is_read_to_its_end() {
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
}
