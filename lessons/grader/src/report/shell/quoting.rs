//! How each shell writes a text as a word of a command: in quotes, with what repeats itself
//! written short.

use std::fmt::Write as _;

use super::Shell;

impl Shell {
    /// The text as one word of a command.
    pub(crate) fn word(self, text: &str) -> String {
        let mut plain = "-_./:=+".to_string();
        // In PowerShell, a comma makes a list and an @ a variable; cmd looks for %NAME%.
        if self == Self::Posix {
            plain += ",@%";
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || plain.contains(c);
        if !text.is_empty() && text.chars().all(is_plain) {
            return text.into();
        }
        match self {
            Self::Posix => format!("'{}'", text.replace('\'', r"'\''")),
            Self::Power { seven: true } => single_quoted(text),
            Self::Power { seven: false } => match text {
                "" => "'\"\"'".into(),
                text => single_quoted(&for_windows(text)),
            },
            Self::Cmd if text.contains('"') => {
                // A quote would end the quoting: what has a meaning gets a caret instead.
                let quoted = format!("\"{}\"", for_windows(text));
                let escaped = |c: char| match "()%!^\"<>&|".contains(c) {
                    true => format!("^{c}"),
                    false => c.to_string(),
                };
                quoted.chars().map(escaped).collect()
            }
            Self::Cmd => format!("\"{}\"", for_windows(text)),
        }
    }

    /// The most bytes that a program can be given as one argument. (Linux takes 128 KiB;
    /// Windows takes 32,767 characters for the whole command.)
    pub(super) fn longest_word(self) -> usize {
        match self {
            Self::Posix => 100_000,
            Self::Power { .. } | Self::Cmd => 30_000,
        }
    }

    /// A text as a word, if this shell can take it: what repeats itself is written short.
    pub(super) fn text(self, text: &str) -> Option<String> {
        let can_be_typed = |c: char| match self {
            Self::Posix => !c.is_control() || c == '\n',
            _ => (' '..='~').contains(&c) && c != '"',
        };
        if !text.chars().all(can_be_typed) {
            return None;
        }
        let parts = match text.len() {
            ..=LONGEST_TEXT => parts(text),
            _ => vec![Part::Once(text)],
        };
        if let [Part::Once(_)] | [] = &parts[..] {
            return Some(match text.len() > self.longest_word() {
                // It goes into a file, by PowerShell.
                true if self != Self::Posix => single_quoted(text),
                _ => self.word(text),
            });
        }
        Some(match self {
            Self::Posix => {
                let parts = parts.iter().map(|part| match part {
                    Part::Once(text) => double_quoted(text),
                    Part::Times(unit, number) => {
                        let unit = unit.replace('\\', r"\\").replace('%', "%%");
                        let unit = unit.replace('\'', r"'\''");
                        format!("$(printf '{unit}%.0s' $(seq {number}))")
                    }
                });
                format!("\"{}\"", parts.collect::<String>())
            }
            _ => {
                let parts = parts.iter().map(|part| match part {
                    Part::Once(text) => single_quoted(text),
                    Part::Times(unit, number) => format!("{} * {number}", single_quoted(unit)),
                });
                format!("({})", parts.collect::<Vec<_>>().join(" + "))
            }
        })
    }
}

/// In double quotes of a POSIX shell; without the quotes.
fn double_quoted(text: &str) -> String {
    let escaped = |c: char| match "\\\"$`".contains(c) {
        true => format!("\\{c}"),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// In single quotes of PowerShell.
pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What a program of Windows reads back between double quotes: a quote and the backslashes
/// before one, or before the end, are escaped.
fn for_windows(text: &str) -> String {
    let mut escaped = String::new();
    let mut backslashes = 0;
    for character in text.chars() {
        if character == '"' {
            escaped += &"\\".repeat(backslashes + 1);
        }
        backslashes = match character {
            '\\' => backslashes + 1,
            _ => 0,
        };
        escaped.push(character);
    }
    escaped + &"\\".repeat(backslashes)
}

/// A `printf` command that writes exactly these bytes. The format holds no raw byte
/// outside printable ASCII, so no terminal and no shell can change it. Letters that are repeated
/// for long are written as such.
pub(super) fn printf(bytes: &[u8]) -> String {
    let mut format = String::new();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
    for same in bytes.chunk_by(|one, other| is_letter(one) == is_letter(other)) {
        if let Ok(letters) = str::from_utf8(same)
            && is_letter(&same[0])
        {
            for part in parts(letters) {
                let _ = match part {
                    Part::Once(letters) => write!(format, "{letters}"),
                    Part::Times(unit, number) => {
                        write!(format, "'\"$(printf '{unit}%.0s' $(seq {number}))\"'")
                    }
                };
            }
            continue;
        }
        for &byte in same {
            match byte {
                b'\\' => format.push_str(r"\\"),
                b'%' => format.push_str("%%"),
                b'\'' => format.push_str(r"'\''"),
                b'\r' => format.push_str(r"\r"),
                b'\n' => format.push_str(r"\n"),
                b' '..=b'~' => format.push(char::from(byte)),
                other => {
                    let _ = write!(format, "\\{other:03o}");
                }
            }
        }
    }
    // A format that begins with a dash would be taken for an option.
    let dashes = if format.starts_with('-') { "-- " } else { "" };
    format!("printf {dashes}'{format}'")
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Once(&'a str),
    /// This text, this many times.
    Times(&'a str, usize),
}

/// The longest text whose repetition is noticed: three characters, percent-encoded.
const LONGEST_UNIT: usize = 12;

/// The longest text in which repetitions are looked for.
const LONGEST_TEXT: usize = 512 * 1024;

/// The shortest repetition that is written as such.
const LONG: usize = 60;

/// The text in parts: what repeats itself for long, and what is between.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let units = (1..=LONGEST_UNIT).filter_map(|length| rest.get(..length));
        let repeated = units.map(|unit| {
            let times = rest.as_bytes().chunks_exact(unit.len());
            let times = times.take_while(|chunk| *chunk == unit.as_bytes()).count();
            (unit, times)
        });
        // (The first of several, which has the shortest unit.)
        let long = { repeated }.find(|(unit, times)| *times > 1 && unit.len() * times >= LONG);
        match long {
            Some((unit, times)) => {
                if from < at {
                    parts.push(Part::Once(&text[from..at]));
                }
                parts.push(Part::Times(unit, times));
                at += unit.len() * times;
                from = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if from < text.len() {
        parts.push(Part::Once(&text[from..]));
    }
    parts
}
