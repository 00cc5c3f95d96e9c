//! Whether a lesson's variants are what the lesson is: what may differ stands in its text, its
//! checks and its reference, and means that one thing alone; and with each other choice, the
//! checks take the reference that has it, and reject the one that has not.

use std::fs;
use std::sync::PoisonError;

use grader::edits;
use grader::variants::{self, FILE, Variable, Variant, has_word};

use super::programs::{self, Candidate};
use super::{BUILDING, WORKING};
use crate::faults::Faults;
use crate::lesson::{Lesson, names_in, root};
use crate::workshop::{Asked, Browser, Graded, Which, Workshop};

/// Finds what is wrong with the lesson's variants, if it has some.
pub fn prove_variants(lesson: &Lesson, faults: &Faults) {
    let Some(text) = lesson.find(FILE) else {
        return;
    };
    let variables = match variants::read(&text) {
        Ok(variables) => variables,
        Err(why) => return faults.add(format!("{FILE}, {why}")),
    };
    let files = Files::of(lesson);
    let misplaced: Vec<String> = variables.iter().flat_map(|one| files.faults(one)).collect();
    if !misplaced.is_empty() {
        return faults.add_all(misplaced);
    }
    // Each choice of each variable, while the others are as in the files.
    let all = &variables;
    let others = all.iter().flat_map(|variable| {
        (1..variable.choices.len()).map(move |choice| {
            let name = format!("{FILE}, {}", variable.choices[choice].join(" | "));
            let choose = |other: &Variable| if other == variable { choice } else { 0 };
            (name, Variant::of(all, choose))
        })
    });
    let others: Vec<(String, Variant)> = others.collect();
    let right =
        |name: &str, variant: &Variant, text: &str| Candidate::right(name, variant.apply(text));
    let reference = lesson.solution_text();
    let mut candidates = vec![right("the reference", &Variant::default(), &reference)];
    candidates.extend(
        others
            .iter()
            .map(|(name, other)| right(name, other, &reference)),
    );
    // It is compiled only.
    let starter = lesson.starter_text();
    let starters = others
        .iter()
        .map(|(name, other)| right(&format!("{name}: the starter"), other, &starter));
    candidates.extend(starters);

    let workshop = Workshop::open();
    let folder = workshop.folder();
    let one_lesson = || BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let built = {
        let _one_lesson = one_lesson();
        programs::build(workshop, lesson, &candidates, folder.path())
    };
    let programs = match built {
        Ok(programs) => programs,
        Err(why) => return faults.add(why),
    };
    for (number, (name, other)) in others.iter().enumerate() {
        let folder = workshop.folder();
        let text = other.apply(&lesson.read("grade.rs"));
        let built = {
            let _one_lesson = one_lesson();
            workshop.checks_of(lesson, &text, folder.path())
        };
        let checks = match built {
            Ok(checks) => checks,
            Err(why) => {
                faults.add(format!("{name}: {why}"));
                continue;
            }
        };
        let asked = Asked {
            which: Which::All,
            browser: Browser::No,
            sessions: None,
        };
        let grade = |program: usize| WORKING.take(|| checks.grade(&programs[program], asked));
        let refused = grade(number + 1)
            .into_iter()
            .filter(|check| !["passed", "ignored", "skipped"].contains(&&*check.outcome));
        for check in refused {
            faults.add(format!(
                "{name}: its own reference is rejected:\n{}",
                check.message
            ));
        }
        if !grade(0).iter().any(Graded::has_failed) {
            faults.add(format!(
                "{name}: no check rejects the reference as it is in solutions/, so nobody sees what \
                 differs"
            ));
        }
    }
}

/// What the files of a lesson say.
struct Files {
    /// Those that have variants, with the names that an author knows.
    own: Vec<(&'static str, String)>,
    /// What else lies beside the text, and is the same for everybody.
    others: Vec<(String, String)>,
    /// The names of the lesson's mistakes.
    mistakes: Vec<String>,
}

impl Files {
    fn of(lesson: &Lesson) -> Self {
        let own = vec![
            ("README.md", lesson.readme()),
            ("grade.rs", lesson.read("grade.rs")),
            ("the reference", lesson.solution_text()),
            ("the starter", lesson.starter_text()),
        ];
        let folder = root().join("lessons").join(&lesson.folder);
        let is_other = |name: &String| {
            !["README.md", "grade.rs"].contains(&&**name) && !name.ends_with(".edits")
        };
        // (Pictures are no text, and `right` and folders to serve are folders.)
        let others = names_in(&folder).into_iter().filter(is_other);
        let read = |name: String| Some((name.clone(), fs::read_to_string(folder.join(name)).ok()?));
        let others = others.filter_map(read).collect();
        let edits = edits::read(&lesson.find("wrong.edits").unwrap_or_default());
        let edits = edits.unwrap_or_default().into_iter();
        let mistakes = edits.map(|edit| edit.name).collect();
        Self {
            own,
            others,
            mistakes,
        }
    }

    /// What is wrong with where this stands.
    fn faults(&self, variable: &Variable) -> Vec<String> {
        let mut faults = Vec::new();
        let (usual, others) = (&variable.choices[0], &variable.choices[1..]);
        let has_one = |text: &str, forms: &[String]| forms.iter().any(|form| has_word(text, form));
        for (name, text) in &self.own[..3] {
            if !has_one(text, usual) {
                let usual = usual.join(" | ");
                faults.push(format!("{FILE}: {usual} does not stand in {name}"));
            }
        }
        for form in usual {
            if !self.own.iter().any(|(_, text)| has_word(text, form)) {
                faults.push(format!("{FILE}: {form} stands nowhere"));
            }
            for (name, _) in self.others.iter().filter(|(_, text)| has_word(text, form)) {
                faults.push(format!(
                    "{FILE}: {form} stands in {name}, too, which is the same for everybody"
                ));
            }
            let mut headings = self.own[0].1.lines().filter(|line| line.starts_with('#'));
            if let Some(heading) = headings.find(|line| has_word(line, form)) {
                faults.push(format!(
                    "{FILE}: {form} stands in a heading, which reports name as it is here: {heading}"
                ));
            }
            let mut mistakes = self.mistakes.iter();
            if let Some(name) = mistakes.find(|name| has_word(name, form)) {
                faults.push(format!(
                    "{FILE}: {form} stands in the name of the mistake {name}, by which it is counted"
                ));
            }
        }
        for form in others.iter().flatten() {
            for (name, _) in self.own.iter().filter(|(_, text)| has_word(text, form)) {
                faults.push(format!(
                    "{FILE}: {form} stands in {name} already, so it is not clear what it means there"
                ));
            }
        }
        faults
    }
}

#[test]
fn what_differs_stands_where_it_must_and_nowhere_else() {
    let files = |readme: &str, checks: &str, reference: &str, page: &str| Files {
        own: vec![
            ("README.md", readme.into()),
            ("grade.rs", checks.into()),
            ("the reference", reference.into()),
            ("the starter", String::new()),
        ],
        others: vec![("page.html".into(), page.into())],
        mistakes: vec!["not-four".into()],
    };
    let variables = variants::read("~ x\n- two | 2\n+ six | 6\n").unwrap();
    let four = variants::read("~ x\n- four\n+ five\n").unwrap();
    let of_name = files("four", "four", "four", "")
        .faults(&four[0])
        .join("\n");
    assert!(
        of_name.contains("in the name of the mistake not-four, by"),
        "{of_name}"
    );
    let faults = |readme, checks, reference, page| {
        let all = files(readme, checks, reference, page).faults(&variables[0]);
        all.join("\n")
    };
    assert_eq!(faults("# a\ntwo", "two, 2", "2", "twos"), "");
    for (said, expected) in [
        (faults("2", "2", "2", ""), "two stands nowhere"),
        (
            faults("two", "2", "x", ""),
            "two | 2 does not stand in the reference",
        ),
        (faults("two", "2", "2", "2"), "2 stands in page.html, too"),
        (faults("# two", "2", "2", ""), "two stands in a heading"),
        (
            faults("two", "2, 6", "2", ""),
            "6 stands in grade.rs already",
        ),
    ] {
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}
