//! What may differ from student to student: names and limits, in a lesson's text, its starter, its
//! checks and its reference alike.
//!
//! ```text
//! # A line that says more.
//! ~ the number of days that the cookie is kept
//! - thirty | 30 | 2592000
//! + eighty | 80 | 6912000
//! + ninety | 90 | 7776000
//! ```
//!
//! Behind `~` stands what it is, behind `-` the text that stands in the files, and behind each `+`
//! another one that may stand in its place. If one thing is written in several forms, ` | ` stands
//! between them, in all of the lines. All are words: `- shout` is no part of `noshout`. A form is as
//! long as the others in its place, so that the lengths of bodies remain true, and the lines of
//! a program remain as rustfmt has them.

/// The file of a lesson that says what may differ.
pub const FILE: &str = "variants.edits";

/// One thing that may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// What it is: `the path of the health check`.
    pub what: String,
    /// What may stand for it, each in all its forms. The first one is what stands in the files.
    pub choices: Vec<Vec<String>>,
}

/// Reads a lesson's file of variables.
///
/// # Errors
///
/// With the line of what is wrong.
pub fn read(text: &str) -> Result<Vec<Variable>, String> {
    let mut variables: Vec<Variable> = Vec::new();
    // The line of each, for what is wrong with it as a whole.
    let mut begun = Vec::new();
    let mut forms_so_far: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let fault = |why: &str| Err(format!("line {}: {why}: {line}", number + 1));
        let Some((mark, rest)) = line.split_at_checked(1) else {
            continue;
        };
        let rest = rest.trim();
        let forms =
            || -> Vec<String> { rest.split(" | ").map(|form| form.trim().into()).collect() };
        match (mark, variables.last_mut()) {
            ("#", _) => continue,
            ("~", _) if rest.is_empty() => return fault("it does not say what differs"),
            ("~", _) => {
                begun.push(number + 1);
                let (what, choices) = (rest.into(), Vec::new());
                variables.push(Variable { what, choices });
                continue;
            }
            ("-", Some(variable)) if variable.choices.is_empty() => variable.choices.push(forms()),
            ("-", Some(_)) => return fault("there is one line with - for each ~"),
            ("+", Some(variable)) => {
                let Some(usual) = variable.choices.first() else {
                    return fault("the line with - comes first");
                };
                let forms = forms();
                let lengths = |forms: &[String]| forms.iter().map(String::len).collect::<Vec<_>>();
                if lengths(usual) != lengths(&forms) {
                    return fault("it must be as long as what stands behind -");
                }
                variable.choices.push(forms);
            }
            _ => return fault("no line of a variable"),
        }
        for form in forms() {
            if form.is_empty() {
                return fault("a text is missing");
            }
            if forms_so_far.contains(&form) {
                return fault("this text is there twice");
            }
            forms_so_far.push(form);
        }
    }
    let mut all = variables.iter().zip(begun);
    match all.find(|(variable, _)| variable.choices.len() < 2) {
        Some((variable, line)) => Err(format!(
            "line {line}: it needs a line with -, and one with +: {}",
            variable.what
        )),
        None => Ok(variables),
    }
}

/// A choice for each variable of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// What stands in the files, and what is to stand in its place.
    changes: Vec<(String, String)>,
}

impl Variant {
    /// The variant in which each variable has the choice of this number; 0 is as the files are.
    pub fn of(variables: &[Variable], mut choose: impl FnMut(&Variable) -> usize) -> Self {
        let changes = variables.iter().flat_map(|variable| {
            let chosen = variable.choices[choose(variable)].iter().cloned();
            variable.choices[0].iter().cloned().zip(chosen)
        });
        Self {
            changes: changes.collect(),
        }
    }

    /// Whether it leaves all as it is.
    pub fn is_usual(&self) -> bool {
        self.changes.iter().all(|(usual, chosen)| usual == chosen)
    }

    /// A text of the lesson, in this variant.
    pub fn apply(&self, text: &str) -> String {
        let mut changed = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            let here = |(usual, _): &&(String, String)| is_word_at(text, at, usual);
            // Of two that fit, the longer one is meant.
            let found = self.changes.iter().filter(here);
            match found.max_by_key(|(usual, _)| usual.len()) {
                Some((usual, chosen)) => {
                    changed += chosen;
                    at += usual.len();
                }
                None => {
                    changed.push(next);
                    at += next.len_utf8();
                }
            }
        }
        changed
    }
}

/// Whether a text has this in it, as a word or words.
pub fn has_word(text: &str, word: &str) -> bool {
    let mut found = text.match_indices(word);
    found.any(|(at, _)| is_word_at(text, at, word))
}

/// Whether these words stand at this place, and are no part of longer ones.
fn is_word_at(text: &str, at: usize, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    // Two letters side by side are of one word; a letter and a sign are not.
    let is_cut = |before: Option<char>, after: Option<char>| {
        before.is_some_and(is_part) && after.is_some_and(is_part)
    };
    let Some(rest) = text[at..].strip_prefix(word) else {
        return false;
    };
    !is_cut(text[..at].chars().next_back(), word.chars().next())
        && !is_cut(word.chars().next_back(), rest.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "# About.\n~ the word\n- shout\n+ cheer\n+ whoop\n\n\
                       ~ the days\n- thirty | 30\n+ eighty | 80\n";

    #[test]
    fn a_file_says_what_may_stand_for_what() {
        let variables = read(TWO).unwrap();
        assert_eq!(variables[0].what, "the word");
        let words = [["shout"], ["cheer"], ["whoop"]];
        assert_eq!(variables[0].choices, words);
        assert_eq!(variables[1].choices, [["thirty", "30"], ["eighty", "80"]]);
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("- a\n", "line 1: no line of a variable: - a"),
            ("~ \n", "line 1: it does not say what differs"),
            ("~ a\n+ b\n", "line 2: the line with - comes first"),
            ("~ a\n- b\n- c\n", "line 3: there is one line with -"),
            ("~ a\n- b\n+ cc\n", "line 3: it must be as long as"),
            ("~ a\n- b | c\n+ d\n", "line 3: it must be as long as"),
            ("~ a\n- b\n+ b\n", "line 3: this text is there twice: + b"),
            (
                "~ a\n- b\n+ c\n~ d\n- c\n+ e\n",
                "line 5: this text is there twice",
            ),
            ("~ a\n-\n", "line 2: a text is missing"),
            ("#\n~ a\n- b\n", "line 2: it needs a line with -, and one"),
            ("~ a\n", "line 1: it needs a line with -"),
            ("~ a\n- b\n+ c\nd\n", "line 4: no line of a variable: d"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.starts_with(expected), "{text}\n{why}");
        }
    }

    #[test]
    fn words_are_replaced_and_parts_of_words_are_not() {
        let variables = read(TWO).unwrap();
        let other = Variant::of(&variables, |_| 1);
        for (text, expected) in [
            ("?shout=1&noshout=1", "?cheer=1&noshout=1"),
            ("shouts, shout_it, Shout", "shouts, shout_it, Shout"),
            ("\"shout\". shout", "\"cheer\". cheer"),
            ("days(30) of 130, thirty", "days(80) of 130, eighty"),
            ("ä30 30ä ねshout", "ä30 30ä ねshout"),
            ("", ""),
        ] {
            assert_eq!(other.apply(text), expected);
        }
        assert!(!other.is_usual());
        let usual = Variant::of(&variables, |_| 0);
        assert_eq!(usual.apply("shout"), "shout");
        assert!(usual.is_usual());
        assert!(has_word("a shout", "shout") && !has_word("shouts", "shout"));
    }

    #[test]
    fn a_sign_at_its_end_ends_a_word() {
        let path = read("~ the path\n- /length\n+ /amount\n").unwrap();
        let other = Variant::of(&path, |_| 1);
        let text = "http://localhost:8000/length, /lengths, length, \"/length\"";
        let expected = "http://localhost:8000/amount, /lengths, length, \"/amount\"";
        assert_eq!(other.apply(text), expected);
    }

    #[test]
    fn all_is_replaced_at_once() {
        // The one choice is what the other one replaces.
        let variables =
            read("~ one\n- a\n+ x\n\n~ two\n- b c\n+ y z\n~ three\n- b\n+ w\n").unwrap();
        let other = Variant::of(&variables, |_| 1);
        assert_eq!(other.apply("a b c b"), "x y z w");
    }
}
