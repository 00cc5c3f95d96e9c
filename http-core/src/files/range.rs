//! Which bytes of a file are asked for (RFC 9110, section 14).

use std::ops::Range;

/// What a Range field asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: the field is none that is understood, or not worth following.
    Whole,
    /// These parts, at least one.
    Parts(Vec<Range<u64>>),
    /// Parts that it does not have: 416.
    Unsatisfiable,
}

/// More parts than this are answered with the whole file.
const MOST_PARTS: usize = 16;

/// Reads `bytes=0-99`, `bytes=500-`, `bytes=-500`, or several of these, for a file
/// of `length` bytes.
pub(super) fn parse(value: &str, length: u64) -> Wanted {
    let Some((unit, list)) = value.split_once('=') else {
        return Wanted::Whole;
    };
    // Some clients ask for the first bytes of whatever they read: an empty file has them.
    if !unit.trim().eq_ignore_ascii_case("bytes") || length == 0 {
        return Wanted::Whole;
    }
    let mut parts = Vec::new();
    let mut any = false;
    for element in list.split(',').map(|part| part.trim_matches([' ', '\t'])) {
        if element.is_empty() {
            continue;
        }
        any = true;
        match part(element, length) {
            Some(range) if range.is_empty() => {}
            Some(range) => parts.push(range),
            None => return Wanted::Whole,
        }
    }
    // Many small parts, or the same bytes many times, cost more than they are worth.
    let sum = parts.iter().fold(0, |sum: u64, part| {
        sum.saturating_add(part.end - part.start)
    });
    match parts.len() {
        0 if any => Wanted::Unsatisfiable,
        1..=MOST_PARTS if sum <= length => Wanted::Parts(parts),
        _ => Wanted::Whole,
    }
}

/// One element of the list; an empty range where the file has none of it, `None`
/// where it is malformed.
fn part(element: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = element.split_once('-')?;
    match (first, last) {
        ("", suffix) => Some(length.saturating_sub(number(suffix)?)..length),
        (first, "") => Some(number(first)?.min(length)..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first.min(length)..last.saturating_add(1).min(length))
        }
    }
}

/// Digits and nothing else; a number beyond all files stays one.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_to_the_file() {
        for (value, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=0-100", 0..100),
            ("bytes=10-19", 10..20),
            ("bytes=90-", 90..100),
            ("bytes=0-", 0..100),
            ("bytes=-1", 99..100),
            ("bytes=-100", 0..100),
            ("bytes=-1000", 0..100),
            ("bytes=99-99999999999999999999999", 99..100),
            ("bytes=-99999999999999999999999", 0..100),
            ("BYTES=5-5", 5..6),
            ("bytes= 5-5 ,", 5..6),
            ("bytes=200-300, 5-5", 5..6),
        ] {
            assert_eq!(parse(value, 100), Wanted::Parts(vec![expected]), "{value}");
        }
        assert_eq!(
            parse("bytes=0-9,90-,-5", 100),
            Wanted::Parts(vec![0..10, 90..100, 95..100])
        );
    }

    #[test]
    fn what_is_not_there_is_said_so() {
        for value in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=200-300,-0",
        ] {
            assert_eq!(parse(value, 100), Wanted::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn what_is_malformed_or_too_much_is_the_whole_file() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=a",
            "bytes=-",
            "bytes=1",
            "bytes=9-1",
            "bytes=0-1,9-1",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=--1",
            "bytes=0x1-2",
            "lines=0-1",
            "bytes=0-99,0-0",
            "bytes=0-60,40-",
        ] {
            assert_eq!(parse(value, 100), Wanted::Whole, "{value}");
        }
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-"] {
            assert_eq!(parse(value, 0), Wanted::Whole, "{value} of nothing");
        }
        let many = "bytes=".to_owned() + &"1-1,".repeat(MOST_PARTS + 1);
        assert_eq!(parse(&many, 100), Wanted::Whole);
    }
}
