//! Which variant of a lesson a student has.
//!
//! A lesson may say what differs from student to student (`variants.edits`, see
//! lessons/AUTHORING.md). In a class whose `class.toml` has a phrase for it, phrase and name decide
//! which choice is whose. It is a matter of texts alone: who has a variant has other words in the
//! lesson's text, in the starter and in the checks, and next to nobody in the class has the same
//! ones in all lessons.

use std::fs;
use std::path::Path;

use grader::variants::{self, FILE, Variable, Variant};

use crate::hash::hash;
use crate::record::Chosen;

/// What may differ in the lesson of this folder: nothing, if it does not say so.
///
/// # Errors
///
/// With the file and the line of what is wrong.
pub(crate) fn of_lesson(folder: &Path) -> Result<Vec<Variable>, String> {
    let file = folder.join(FILE);
    match fs::read_to_string(&file) {
        Ok(text) => variants::read(&text).map_err(|why| format!("{}, {why}", file.display())),
        Err(_) if !file.exists() => Ok(Vec::new()),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

/// Who has which variant, in a class.
#[derive(Clone, Debug)]
pub struct Variants {
    phrase: String,
}

impl Variants {
    pub(crate) fn new(phrase: &str) -> Self {
        let phrase = phrase.into();
        Self { phrase }
    }

    /// The variant of this lesson that this student has.
    pub(crate) fn of(&self, who: &str, lesson: &str, variables: &[Variable]) -> Variant {
        Variant::of(variables, |variable| self.choice(who, lesson, variable))
    }

    /// What is chosen in it, as a record says it.
    pub(crate) fn chosen(&self, who: &str, lesson: &str, variables: &[Variable]) -> Vec<Chosen> {
        let chosen = variables.iter().map(|variable| {
            let number = self.choice(who, lesson, variable);
            Chosen {
                what: variable.what.clone(),
                usual: variable.choices[0].join(" | "),
                chosen: variable.choices[number].join(" | "),
            }
        });
        chosen.collect()
    }

    /// The same as long as nothing that it comes from has changed.
    fn choice(&self, who: &str, lesson: &str, variable: &Variable) -> usize {
        let usual = &variable.choices[0][0];
        let parts = [&self.phrase, who, lesson, usual].map(str::as_bytes);
        let digits = &hash(&parts).0[..15];
        let number = u64::from_str_radix(digits, 16).unwrap_or_default();
        // (A number below that of the choices is one of a choice on every computer.)
        (number % variable.choices.len() as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Vec<Variable> {
        variants::read("~ the word\n- shout\n+ cheer\n+ blare\n+ whoop\n").unwrap()
    }

    #[test]
    fn a_choice_is_the_same_each_time_and_each_has_its_turn() {
        let variants = Variants::new("a phrase");
        let word = |who: &str| variants.of(who, "echo_server", &variables()).apply("shout");
        // If these change, a class that is under way gets other variants.
        assert_eq!(
            ["ada", "bob", "cy", "dan"].map(word),
            ["whoop", "shout", "whoop", "blare"]
        );
        let mut counts = std::collections::BTreeMap::new();
        for number in 0..400 {
            *counts
                .entry(word(&format!("student {number}")))
                .or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 4);
        assert!(
            counts.values().all(|count| (70..130).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn phrase_student_lesson_and_text_decide() {
        let words = |phrase: &str, lesson: &str| -> String {
            let of_each = (0..20).map(|who| {
                let variants = Variants::new(phrase);
                variants
                    .of(&who.to_string(), lesson, &variables())
                    .apply("shout ")
            });
            of_each.collect()
        };
        assert_ne!(words("a", "x"), words("b", "x"));
        assert_ne!(words("a", "x"), words("a", "y"));
        assert_eq!(words("a", "x"), words("a", "x"));
    }

    #[test]
    fn what_is_chosen_is_told() {
        let variants = Variants::new("a phrase");
        let chosen = variants
            .chosen("ada", "echo_server", &variables())
            .remove(0);
        let word = variants
            .of("ada", "echo_server", &variables())
            .apply("shout");
        assert_eq!(chosen.to_string(), format!("shout = \"{word}\""));
        assert_eq!(chosen.what, "the word");
    }

    #[test]
    fn a_lesson_says_what_differs_or_nothing_does() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_lesson(folder.path()), Ok(Vec::new()));
        fs::write(folder.path().join(FILE), "~ the word\n- a\n+ bb\n").unwrap();
        let why = of_lesson(folder.path()).unwrap_err();
        assert!(
            why.contains("variants.edits, line 3: it must be as long"),
            "{why}"
        );
    }
}
