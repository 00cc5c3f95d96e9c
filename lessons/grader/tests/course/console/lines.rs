//! What is printed, line by line, held against what a text says.

pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_string).collect()
}

pub fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("    {line}\n")).collect()
}

/// The lines without what may differ: dates, times, addresses of clients; and
/// without the empty lines around them.
pub fn alike(lines: &[String]) -> Vec<String> {
    let mut alike: Vec<String> = lines
        .iter()
        .map(|line| without_what_differs(line))
        .collect();
    while alike.last().is_some_and(String::is_empty) {
        alike.pop();
    }
    alike.drain(..alike.iter().take_while(|line| line.is_empty()).count());
    alike
}

fn without_what_differs(line: &str) -> String {
    let line = line.trim_end().replace("::1 - -", "127.0.0.1 - -");
    let after = |mark: &str, end: &str| -> Option<String> {
        let at = line.find(mark)? + mark.len();
        let rest = &line[at..];
        let end = if end.is_empty() {
            rest.len()
        } else {
            rest.find(end)?
        };
        Some(format!("{}*{}", &line[..at], &rest[end..]))
    };
    // `Date: Sat, 21 Nov 2026 10:00:00 GMT`, also marked and escaped in a trace.
    after("Date: ", " GMT")
        .or_else(|| after(" - - [", "]"))
        .or_else(|| {
            line.starts_with("--- connection ")
                .then(|| after(" from ", ""))
                .flatten()
        })
        .or_else(|| after("User-Agent: ", ""))
        .or_else(|| after("; finished in ", ""))
        .unwrap_or(line.clone())
}

/// Whether the lines found are those said, where `...` is any lines, and `…` inside of a line any text:
/// what a program draws at random is another one each time.
pub fn is_match(said: &[String], found: &[String]) -> bool {
    match said.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=found.len()).any(|skip| is_match(rest, &found[skip..]))
        }
        Some((first, rest)) => match found.split_first() {
            Some((line, others)) => is_line(first, line) && is_match(rest, others),
            None => false,
        },
    }
}

fn is_line(said: &str, found: &str) -> bool {
    let with_gap = |(before, after): (&str, &str)| {
        let rest = found.strip_prefix(before);
        rest.is_some_and(|rest| rest.ends_with(after))
    };
    said == found || said.split_once('…').is_some_and(with_gap)
}

#[test]
fn only_what_may_differ_differs() {
    let same = |a: &str, b: &str| without_what_differs(a) == without_what_differs(b);
    assert!(same(
        "Date: Sat, 21 Nov 2026 10:00:00 GMT",
        "Date: Sun, 22 Nov 2026 11:11:11 GMT"
    ));
    assert!(same(
        "127.0.0.1 - - [21/Nov/2026 10:00:00] \"GET / HTTP/1.1\" 200 -",
        "::1 - - [22/Nov/2026 10:00:00] \"GET / HTTP/1.1\" 200 -"
    ));
    assert!(same(
        "--- connection 1 from 127.0.0.1:50000",
        "--- connection 1 from [::1]:40000"
    ));
    assert!(!same(
        "--- connection 1 from 127.0.0.1:50000",
        "--- connection 2 from 127.0.0.1:50000"
    ));
    assert!(!same(
        "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 -",
        "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 404 -"
    ));
    let lines = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
    assert!(is_match(&lines("a ... d"), &lines("a b c d")));
    assert!(is_match(&lines("a ... d"), &lines("a d")));
    assert!(!is_match(&lines("a ... d"), &lines("a b c")));
    assert!(!is_match(&lines("a b"), &lines("a b c")));
    assert!(is_match(&lines("x=1…9;p y"), &lines("x=1289;p y")));
    assert!(!is_match(&lines("x=1…9;p"), &lines("x=1289;q")));
    assert!(!is_match(&lines("x=1…1;p"), &lines("x=1;p")));
}
