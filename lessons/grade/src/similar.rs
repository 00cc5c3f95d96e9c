//! Files that are much alike, for a person to look at: alike is not copied, and in a short
//! lesson many right programs are.
//!
//! The way is that of MOSS ([winnowing](https://doi.org/10.1145/872757.872770)). Of each
//! program, names and values do not count, nor do comments and spaces. Of each run of some
//! tokens there is a hash; of those within a window, the smallest stays as a mark of the file.
//! So a passage that two files share, of [`GRAM`] + [`WINDOW`] − 1 tokens or more, has left
//! a mark in both. What the starter says marks nobody, nor does what many have written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::course::Lesson;
use crate::record::{Passage, Similar};
use crate::submission::Submission;

/// The number of tokens that one hash is of.
pub const GRAM: usize = 16;

/// The number of hashes of which one stays.
pub const WINDOW: usize = 8;

/// Files with fewer marks in common are not alike; most of a short answer is given by its question.
const FEWEST: usize = 6;

/// Files of which less is in common are not listed.
const LEAST_PERCENT: usize = 60;

/// A mark that more files have than this part of all is one of the lesson. A few may always.
const COMMON: usize = 10;
const FEW: usize = 3;

/// How many files are listed beside each.
const MOST_FILES: usize = 5;

/// How many passages are shown, and how much of each.
const MOST_PASSAGES: usize = 3;
const MOST_LINES: usize = 40;

/// What is similar, for each submission, the most similar first.
pub fn find(lessons: &[&Lesson], submissions: &[Submission]) -> BTreeMap<String, Vec<Similar>> {
    let mut found: BTreeMap<String, Vec<Similar>> = BTreeMap::new();
    for lesson in lessons {
        for (who, similar) in in_lesson(lesson, submissions) {
            found.entry(who).or_default().push(similar);
        }
    }
    for similar in found.values_mut() {
        similar.sort_by_key(|one| (std::cmp::Reverse(one.percent), one.lesson.clone()));
    }
    found
}

fn in_lesson(lesson: &Lesson, submissions: &[Submission]) -> Vec<(String, Similar)> {
    let of_starter = std::str::from_utf8(&lesson.starter)
        .ok()
        .and_then(Program::read);
    let of_starter: HashSet<u64> = of_starter
        .map(|starter| starter.grams().into_iter().collect())
        .unwrap_or_default();
    let texts = submissions.iter().filter_map(|submission| {
        let file = submission.files.get(&lesson.folder)?;
        let text = std::str::from_utf8(&file.bytes).ok()?;
        Some((&*submission.who, text))
    });
    let texts: Vec<(&str, &str)> = texts.collect();
    // A text that many have handed in, such as the starter, is read once.
    let mut read: HashMap<&str, Option<(u64, Program<'_>)>> = HashMap::new();
    for (_, text) in &texts {
        read.entry(text).or_insert_with(|| {
            let program = Program::read(text)?;
            Some((hash(&program.kinds), program))
        });
    }
    // Programs that differ in nothing that counts are one.
    let mut programs: BTreeMap<u64, Equal<'_>> = BTreeMap::new();
    for (who, text) in texts {
        if let Some((key, program)) = &read[text] {
            let equal = programs.entry(*key).or_default();
            equal.files.push((who, program));
        }
    }
    let programs: Vec<Equal<'_>> = programs.into_values().collect();
    let all: usize = programs.iter().map(|equal| equal.files.len()).sum();
    let most = FEW.max(all / COMMON);

    let marks: Vec<BTreeSet<u64>> = programs
        .iter()
        .map(|equal| equal.program().marks().difference_with(&of_starter))
        .collect();
    let mut having: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, marks) in marks.iter().enumerate() {
        for mark in marks {
            having.entry(*mark).or_default().push(number);
        }
    }
    let rare = |mark: &u64| having[mark].len() <= most;
    let marks: Vec<BTreeSet<u64>> = marks
        .iter()
        .map(|marks| marks.iter().copied().filter(rare).collect())
        .collect();
    let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for numbers in having.values().filter(|numbers| numbers.len() <= most) {
        for (at, one) in numbers.iter().enumerate() {
            for other in &numbers[at + 1..] {
                *pairs.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let mut listed: Vec<(u32, usize, usize)> = Vec::new();
    for ((one, other), shared) in pairs {
        let percent = 100 * shared / marks[one].len().min(marks[other].len()).max(1);
        if shared >= FEWEST && percent >= LEAST_PERCENT {
            listed.push((u32::try_from(percent).unwrap_or(100), one, other));
        }
    }
    // Equal but for names and comments.
    for (number, equal) in programs.iter().enumerate() {
        if (2..=most).contains(&equal.files.len()) && marks[number].len() >= FEWEST {
            listed.push((100, number, number));
        }
    }
    listed.sort_by_key(|(percent, one, other)| (std::cmp::Reverse(*percent), *one, *other));

    let mut similar = Vec::new();
    let mut number_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (percent, one, other) in listed {
        let (ours, theirs) = (&programs[one], &programs[other]);
        let mut owners = ours.files.iter().chain(&theirs.files);
        if owners.all(|(who, _)| number_of.get(who) >= Some(&MOST_FILES)) {
            continue;
        }
        let passages = passages(ours.program(), theirs.program(), &marks[one], &marks[other]);
        for (at, (who, program)) in ours.files.iter().enumerate() {
            let skipped = if one == other { at + 1 } else { 0 };
            for (with, other_program) in theirs.files.iter().skip(skipped) {
                let cut = |(own, others): &(Range<usize>, Range<usize>)| {
                    passage(program, own, other_program, others)
                };
                let passages: Vec<Passage> = passages.iter().map(cut).collect();
                let turned = passages.iter().map(Passage::turned).collect();
                for (own, with, passages) in [(who, with, passages), (with, who, turned)] {
                    let number = number_of.entry(own).or_default();
                    *number += 1;
                    if *number <= MOST_FILES {
                        let (lesson, with) = (lesson.package.clone(), (*with).to_string());
                        similar.push((
                            (*own).to_string(),
                            Similar {
                                lesson,
                                with,
                                percent,
                                passages,
                            },
                        ));
                    }
                }
            }
        }
    }
    similar
}

/// Files that differ in nothing that counts: who has handed in each, and what it says.
#[derive(Default)]
struct Equal<'a> {
    files: Vec<(&'a str, &'a Program<'a>)>,
}

impl<'a> Equal<'a> {
    /// What counts of each of them.
    fn program(&self) -> &'a Program<'a> {
        self.files[0].1
    }
}

/// The tokens of a program, without their names and values.
struct Program<'a> {
    text: &'a str,
    kinds: Vec<Kind>,
    places: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Name,
    Value,
    Sign(char),
    /// `fn`, `match`, and so on, by their hash.
    Word(u64),
}

const WORDS: [&str; 25] = [
    "as", "break", "const", "continue", "else", "enum", "fn", "for", "if", "impl", "in", "let",
    "loop", "match", "move", "mut", "pub", "ref", "return", "static", "struct", "trait", "use",
    "where", "while",
];

impl<'a> Program<'a> {
    /// Reads a program; `None` if its text consists of no tokens of Rust.
    fn read(text: &'a str) -> Option<Self> {
        let mut program = Self {
            text,
            kinds: Vec::new(),
            places: Vec::new(),
        };
        // The crate keeps every text of this thread for its spans, of which none is left here.
        proc_macro2::extra::invalidate_current_thread_spans();
        program.add(text.parse().ok()?);
        Some(program)
    }

    fn add(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let place = token.span().byte_range();
            match token {
                // A comment for rustdoc comes as an attribute.
                TokenTree::Punct(sign) if sign.as_char() == '#' && self.is_comment(&place) => {
                    tokens.next_if(|next| matches!(next, TokenTree::Punct(_)));
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                }
                TokenTree::Punct(sign) => self.push(Kind::Sign(sign.as_char()), place),
                TokenTree::Literal(_) => self.push(Kind::Value, place),
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    let kind = match WORDS.contains(&name.as_str()) {
                        true => Kind::Word(hash(&name)),
                        false => Kind::Name,
                    };
                    self.push(kind, place);
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ('(', ')'),
                        Delimiter::Brace => ('{', '}'),
                        Delimiter::Bracket => ('[', ']'),
                        Delimiter::None => (' ', ' '),
                    };
                    self.push(Kind::Sign(open), group.span_open().byte_range());
                    self.add(group.stream());
                    self.push(Kind::Sign(close), group.span_close().byte_range());
                }
            }
        }
    }

    fn is_comment(&self, place: &Range<usize>) -> bool {
        let text = self.text.trim_start_matches('\u{feff}');
        text.get(place.start..)
            .is_some_and(|text| text.starts_with('/'))
    }

    fn push(&mut self, kind: Kind, place: Range<usize>) {
        self.kinds.push(kind);
        self.places.push(place);
    }

    fn grams(&self) -> Vec<u64> {
        self.kinds.windows(GRAM).map(hash).collect()
    }

    /// The whole lines around these tokens, and the number of the first one.
    fn lines(&self, tokens: &Range<usize>) -> (usize, String) {
        let place = |at: usize| self.places.get(at).cloned().unwrap_or_default();
        let (first, last) = (place(tokens.start), place(tokens.end.saturating_sub(1)));
        let text = self.text.trim_start_matches('\u{feff}');
        let number = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count();
        let (first, last) = (number(first.start), number(last.end));
        let lines = text.lines().skip(first);
        let shown = lines.take((last - first + 1).min(MOST_LINES));
        (first + 1, shown.collect::<Vec<_>>().join("\n"))
    }

    /// The hashes that stay.
    fn marks(&self) -> Marks {
        let grams = self.grams();
        let windows = grams.windows(WINDOW.min(grams.len()).max(1));
        Marks(
            windows
                .filter_map(|window| window.iter().min().copied())
                .collect(),
        )
    }
}

struct Marks(BTreeSet<u64>);

impl Marks {
    fn difference_with(self, others: &HashSet<u64>) -> BTreeSet<u64> {
        let mut own = self.0;
        own.retain(|mark| !others.contains(mark));
        own
    }
}

fn hash<T: std::hash::Hash + ?Sized>(of: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The longest passages that both have, in numbers of their tokens.
fn passages(
    one: &Program<'_>,
    other: &Program<'_>,
    marks: &BTreeSet<u64>,
    others: &BTreeSet<u64>,
) -> Vec<(Range<usize>, Range<usize>)> {
    let (grams, other_grams) = (one.grams(), other.grams());
    let mut found: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (at, gram) in grams.iter().enumerate() {
        let is_shared = marks.contains(gram) && others.contains(gram);
        let is_new = !found.iter().any(|(own, _)| own.contains(&at));
        if !is_shared || !is_new {
            continue;
        }
        let Some(there) = other_grams.iter().position(|other| other == gram) else {
            continue;
        };
        let before = (1..=at.min(there))
            .take_while(|back| one.kinds[at - back] == other.kinds[there - back]);
        let before = before.count();
        let after = one.kinds[at..].iter().zip(&other.kinds[there..]);
        let after = after.take_while(|(one, other)| one == other).count();
        found.push((at - before..at + after, there - before..there + after));
    }
    found.sort_by_key(|(own, _)| (std::cmp::Reverse(own.len()), own.start));
    found.truncate(MOST_PASSAGES);
    found.sort_by_key(|(own, _)| own.start);
    found
}

/// What stands there. The same tokens stand in other places of another's file.
fn passage(
    one: &Program<'_>,
    own: &Range<usize>,
    other: &Program<'_>,
    others: &Range<usize>,
) -> Passage {
    let (line, text) = one.lines(own);
    let (other_line, other_text) = other.lines(others);
    Passage {
        line,
        other_line,
        text,
        other_text,
    }
}

impl Passage {
    /// As the other one sees it.
    fn turned(&self) -> Self {
        Self {
            line: self.other_line,
            other_line: self.line,
            text: self.other_text.clone(),
            other_text: self.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::tests::course;
    use crate::hash::hash_of;
    use crate::record::File;
    use crate::submission::Submitted;

    const STARTER: &str = "//! Lesson 1: the ant.\n";

    const OWN: &str = "
/// How many there are.
fn count(text: &str) -> usize {
    let mut number = 0; // from 0
    for line in text.lines() {
        if line.is_empty() { continue; }
        if let Some((name, value)) = line.split_once('=') {
            number += name.len() * 2 + value.trim().len();
        } else {
            return number.max(7);
        }
    }
    while number > 100 { number /= 3; }
    match number { 0 => 1, 1 | 2 => 5, other => other - 1 }
}
";

    fn submission(who: &str, text: &str) -> Submission {
        let bytes = text.as_bytes().to_vec();
        let file = File {
            path: "1_ant.rs".into(),
            sha256: hash_of(&bytes),
        };
        Submission {
            who: who.into(),
            files: [("1_ant".to_string(), Submitted { file, bytes })].into(),
            ..Submission::default()
        }
    }

    fn found(texts: &[(&str, &str)]) -> BTreeMap<String, Vec<Similar>> {
        let course = course();
        let lessons: Vec<&Lesson> = course.lessons.iter().collect();
        let all = texts.iter().map(|(who, text)| submission(who, text));
        find(&lessons, &all.collect::<Vec<_>>())
    }

    #[test]
    fn other_names_comments_and_spaces_hide_nothing() {
        let renamed = OWN
            .replace("number", "n")
            .replace("line", "row")
            .replace("// from 0", "")
            .replace("/// How many there are.", "/* mine */")
            .replace("    ", "  ");
        let other =
            "fn other() { loop { if true { break } } }\nfn more(x: u8) -> u8 { x + 1 }\n".repeat(9);
        let found = found(&[("ada", OWN), ("bob", &renamed), ("cy", &other)]);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["ada", "bob"]);
        let [similar] = &found["bob"][..] else {
            panic!("{found:?}")
        };
        assert_eq!((&*similar.with, similar.percent), ("ada", 100));
        let passage = &similar.passages[0];
        assert!(passage.text.contains("for row in"), "{passage:?}");
        assert!(passage.other_text.contains("for line in"), "{passage:?}");
        assert_eq!((passage.line, passage.other_line), (3, 3));
    }

    #[test]
    fn a_part_of_another_program_is_found() {
        let more = "fn other() { loop { if true { break } } }\nstatic A: [u8; 3] = [1, 2, 3];\n";
        let found = found(&[("ada", OWN), ("bob", &(more.to_string() + OWN + more))]);
        let similar = &found["ada"][0];
        assert!(similar.percent > 80, "{similar:?}");
        assert_eq!(
            (similar.passages[0].line, similar.passages[0].other_line),
            (3, 5)
        );
    }

    #[test]
    fn what_the_starter_says_is_nobodys() {
        let mut course = course();
        course.lessons[0].starter = format!("{STARTER}{OWN}").into();
        let lessons: Vec<&Lesson> = course.lessons.iter().collect();
        let all = ["ada", "bob"].map(|who| submission(who, &format!("{STARTER}{OWN}")));
        assert!(find(&lessons, &all).is_empty());
    }

    #[test]
    fn what_many_have_written_is_nobodys() {
        let all: Vec<(&str, &str)> = "abcdefgh"
            .split("")
            .filter(|who| !who.is_empty())
            .map(|who| (who, OWN))
            .collect();
        assert!(found(&all).is_empty());
        assert_eq!(found(&all[..3]).len(), 3);
    }

    #[test]
    fn what_is_no_program_is_like_no_other() {
        assert!(found(&[("ada", "fn ("), ("bob", "fn (")]).is_empty());
        assert!(found(&[("ada", ""), ("bob", "")]).is_empty());
    }
}
