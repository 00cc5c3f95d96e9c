//! Values for acts, drawn from a seed.
//!
//! A value that is the same in every run can be copied into the program instead of being
//! worked out, so paths, names and texts are drawn. Every draw is a number that is kept:
//! whoever plays the same numbers again gets the same acts, and smaller numbers give
//! simpler acts. That is how a session is shrunk.

use std::collections::BTreeSet;
use std::ops::Range;

/// Where acts get their values from.
#[derive(Debug)]
pub struct Draw {
    random: fastrand::Rng,
    /// Numbers to play again; when they are used up, every draw is 0.
    again: Option<std::vec::IntoIter<u64>>,
    /// What was drawn since the last [`Draw::take`].
    drawn: Vec<u64>,
    /// The words that were drawn.
    words: BTreeSet<String>,
}

impl Draw {
    /// Values that follow from these texts: the seed of the run, the name of a check.
    pub fn new(texts: &[&str]) -> Self {
        Self {
            random: fastrand::Rng::with_seed(fingerprint(texts)),
            again: None,
            drawn: Vec::new(),
            words: BTreeSet::new(),
        }
    }

    /// Plays these numbers from here on.
    pub(super) fn play(&mut self, numbers: Vec<u64>) {
        self.again = Some(numbers.into_iter());
    }

    /// The numbers that were drawn since this was last asked.
    pub(super) fn take(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.drawn)
    }

    /// A number below `end`. The simplest one is 0.
    ///
    /// # Panics
    ///
    /// If `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "there is no number below 0");
        let number = match &mut self.again {
            Some(numbers) => numbers.next().unwrap_or(0).min(end - 1),
            None => self.random.u64(..end),
        };
        self.drawn.push(number);
        number
    }

    /// A number in this range. The simplest one is the first.
    ///
    /// # Panics
    ///
    /// If the range is empty.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }

    /// True once in `n` times. The simplest answer is false.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == n - 1 && n > 1
    }

    /// One of these. The simplest one is the first.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }

    /// A word that no program can know, such as `walnut41`. No two words of a session are
    /// the same, and none is a part of another.
    pub fn word(&mut self) -> String {
        let word = WORDS[self.below(WORDS.len() as u64) as usize];
        let number = self.below(90);
        let numbered = (0..90).map(|more| format!("{word}{}", 10 + (number + more) % 90));
        let mut unused = numbered.skip_while(|word| self.words.contains(word));
        let word = unused.next().unwrap_or_else(|| word.to_string());
        self.words.insert(word.clone());
        word
    }

    /// A line of text that is never plain ASCII, such as `walnut41, ねこ`.
    pub fn line(&mut self) -> String {
        format!("{}, {}", self.word(), self.pick(&FOREIGN))
    }

    /// A line of text with something in it that many programs get wrong: markup, percent
    /// signs, quotes, plus signs, letters of several bytes, spaces at an end. The simplest
    /// one is a word.
    pub fn text(&mut self) -> String {
        let (word, number) = (self.word(), self.below(16));
        match number {
            1 => format!("<b>{word}</b>"),
            2 => format!("{word} & \"{}\"", self.word()),
            3 => format!("&lt;{word}&gt;"),
            4 => format!("{word}+{} 100%", self.word()),
            5 => format!("{word}%20{}", self.word()),
            6 => format!("{word} {}", self.word()),
            7 => format!("<script>alert('{word}')</script>"),
            8 => format!("{word}={}&x=1;", self.word()),
            9 => format!("'{word}'\\{} / \\", self.word()),
            10..=12 => format!("{word}, {}", self.pick(&FOREIGN)),
            _ => word,
        }
    }

    /// A path that no program can know, such as `/walnut41`.
    pub fn path(&mut self) -> String {
        format!("/{}", self.word())
    }

    /// One of these paths, or one that is nearly one: longer, shorter, with a slash more, in
    /// capitals, with an encoded byte; or one that nobody knows, which browsers and other
    /// servers may know.
    pub fn path_near(&mut self, known: &[&str]) -> String {
        let mut path = self.pick(known).to_string();
        match self.below(17) {
            4 => path += &self.path(),
            5 => path += &self.word(),
            6 => path.push('/'),
            7 => path = path.to_uppercase(),
            8 => path.insert_str(0, &self.path()),
            9 => drop(path.pop()),
            10 => path += ".html",
            11 => path = self.path(),
            12 => {
                path = self
                    .pick(&["/index.html", "/favicon.ico", "/robots.txt"])
                    .into()
            }
            13 => path = format!("/{}.{}", self.word(), self.pick(&["html", "ico", "txt"])),
            14 => path += self.pick(&["%20", "%2F", "%C3%A4", "%0A", "%3Fa=1"]),
            15 => path = format!("/{}%20{}", self.word(), self.word()),
            16 => path = format!("/%E3%81%AD{}", self.word()),
            _ => {}
        }
        match path.replacen("//", "/", 1) {
            empty if empty.is_empty() => "/".into(),
            path => path,
        }
    }

    /// The end of a target: nothing, or a query that means nothing, such as `?walnut41=7`.
    pub fn query(&mut self) -> String {
        match self.below(10) {
            3 => format!("?{}={}", self.word(), self.below(100)),
            4 => format!("?{}", self.word()),
            5 => "?".into(),
            6 => format!("?{}=a?b", self.word()),
            7 => format!("?{}=/{}", self.word(), self.word()),
            8 => format!("?{}=100%25&%&=", self.word()),
            9 => {
                const USUAL: [&str; 8] = [
                    "color=blue",
                    "color=green",
                    "lang=de",
                    "page=2",
                    "id=1",
                    "q=cat",
                    "debug=1",
                    "name=Ada",
                ];
                format!("?{}", self.pick(&USUAL))
            }
            _ => String::new(),
        }
    }

    /// The values in another order. The simplest one is the order in which they are.
    pub fn shuffled<T>(&mut self, mut values: Vec<T>) -> Vec<T> {
        for end in (1..values.len()).rev() {
            let other = end - self.below(end as u64 + 1) as usize;
            values.swap(end, other);
        }
        values
    }
}

/// A seed for a run in which nobody chose one.
pub(crate) fn any_seed() -> String {
    fastrand::u32(1..100_000).to_string()
}

/// FNV-1a over the texts. The standard library's hasher may change between Rust
/// releases; a seed in a complaint must mean the same next year.
pub(crate) fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        // 0xff is no part of any text: ("ab", "c") and ("a", "bc") differ.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

pub(crate) const FOREIGN: [&str; 8] = [
    "ねこ",
    "кошка",
    "gató",
    "γάτα",
    "Kätzchen",
    "mačka",
    "고양이",
    "naïve 🐈",
];

/// None is the end of another: with a number behind it, none is a part of another.
pub(crate) const WORDS: [&str; 64] = [
    "acorn", "amber", "apple", "arrow", "badge", "basil", "beach", "birch", "bread", "brick",
    "cedar", "chalk", "cloud", "clover", "comet", "coral", "daisy", "delta", "ember", "fable",
    "falcon", "fern", "flint", "garlic", "ginger", "grape", "hazel", "honey", "island", "ivory",
    "jolly", "juniper", "kettle", "lemon", "lilac", "linen", "maple", "marble", "meadow", "melon",
    "nectar", "nutmeg", "olive", "onion", "orbit", "otter", "paper", "pearl", "pebble", "pepper",
    "pine", "plum", "quartz", "raven", "river", "saffron", "silver", "spruce", "tabby", "thistle",
    "tulip", "velvet", "walnut", "willow",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values_and_their_numbers_play_them_again() {
        let values = |draw: &mut Draw| (draw.word(), draw.text(), draw.path_near(&["/about"]));
        let mut draw = Draw::new(&["7342", "a"]);
        let first = values(&mut draw);
        assert_eq!(first, values(&mut Draw::new(&["7342", "a"])));
        assert_ne!(first, values(&mut Draw::new(&["7342", "b"])));
        let mut again = Draw::new(&["other"]);
        again.play(draw.take());
        assert_eq!(first, values(&mut again));
        // Used up: everything is as simple as can be.
        assert_eq!(again.line(), "acorn10, ねこ");
        assert_eq!(again.word(), "acorn11");
    }

    #[test]
    fn no_word_is_a_part_of_another() {
        let mut draw = Draw::new(&["words"]);
        let words: Vec<String> = (0..300).map(|_| draw.word()).collect();
        for (at, one) in words.iter().enumerate() {
            let others = words.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(
                others.clone().all(|(_, other)| !other.contains(one)),
                "{one}"
            );
        }
    }

    #[test]
    fn values_keep_their_promises() {
        for seed in 0..200 {
            let mut draw = Draw::new(&[&seed.to_string()]);
            assert!((3..9).contains(&draw.number(3..9)));
            let line = draw.line();
            assert!(!line.is_ascii() && !line.contains('\n'), "{line}");
            let path = draw.path_near(&["/", "/about"]);
            assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
            let mut shuffled = draw.shuffled(vec![1, 2, 3, 4]);
            shuffled.sort_unstable();
            assert_eq!(shuffled, [1, 2, 3, 4]);
        }
    }

    /// Published by its authors: the value for "foobar" and the empty text.
    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(&[]), 0xcbf2_9ce4_8422_2325);
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        assert_eq!(fingerprint(&["foobar"]), step(0x8594_4171_f739_67e8, 0xff));
    }
}
