//! A record as the list that most platforms want: each check, then what the rules of the
//! class have changed. The sum of the list is what was reached.
//!
//! These lists are read by students: a check of the instructor's own says no more than that
//! it is there.

use crate::record::{Outcome, Record, State};

/// One entry.
pub(super) struct Item {
    /// Its place, such as `1.2.1`: lesson, step, check.
    pub(super) number: String,
    pub(super) name: String,
    /// Below 0 if points are taken away.
    pub(super) points: i64,
    pub(super) all_points: u32,
    pub(super) outcome: Outcome,
    /// Whether it is no check, but a rule of the class that was applied.
    pub(super) is_rule: bool,
    /// Why points are missing.
    pub(super) why: String,
    /// What a teacher would say of the mistakes, if they are known.
    pub(super) says: Vec<String>,
}

/// All entries of a record.
pub(super) fn items(record: &Record) -> Vec<Item> {
    let mut items = Vec::new();
    for lesson in &record.lessons {
        for step in &lesson.steps {
            for (at, check) in step.checks.iter().enumerate() {
                // Its points count for nobody.
                if check.outcome == Outcome::Ignored {
                    continue;
                }
                let passed = check.outcome == Outcome::Passed;
                let why = check.report.as_ref().or(lesson.why.as_ref());
                let name = if check.private {
                    "a check of the instructor's"
                } else {
                    &check.name
                };
                let is_told = !check.private || lesson.state != State::Graded;
                let says = check.mistakes.iter().map(|mistake| mistake.says.clone());
                items.push(Item {
                    number: format!("{}.{}.{}", lesson.number, step.step, at + 1),
                    name: format!("{}, step {}: {name}", lesson.lesson, step.step),
                    points: if passed { check.points.into() } else { 0 },
                    all_points: check.points,
                    outcome: check.outcome,
                    is_rule: false,
                    why: why.filter(|_| is_told).cloned().unwrap_or_default(),
                    says: says.filter(|_| is_told).collect(),
                });
            }
        }
    }
    for (at, adjustment) in record.adjustments.iter().enumerate() {
        items.push(Item {
            number: format!("rule {}", at + 1),
            name: adjustment.to_string(),
            points: adjustment.points,
            all_points: 0,
            outcome: if adjustment.points < 0 {
                Outcome::Failed
            } else {
                Outcome::Passed
            },
            is_rule: true,
            why: adjustment.reason.clone(),
            says: Vec::new(),
        });
    }
    items
}

/// At most so many characters of a text, and a word about the rest.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}\n... (the rest is left out)", &text[..end]),
        None => text.into(),
    }
}

/// What `write` makes of the longest reports with which it has at most `most` bytes. It is told how
/// many characters of each report there is room for.
pub(super) fn fitting(most: usize, write: impl Fn(usize) -> String) -> String {
    let mut written = [10_000, 2_000, 400, 100].map(&write).into_iter();
    written
        .find(|text| text.len() <= most)
        .unwrap_or_else(|| write(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{adjusted, class};

    #[test]
    fn the_sum_is_what_was_reached() {
        for record in class().into_iter().chain([adjusted()]) {
            let items = items(&record);
            let points: i64 = items.iter().map(|item| item.points).sum();
            let all: u32 = items.iter().map(|item| item.all_points).sum();
            assert_eq!((points, all), (record.points.into(), record.all_points));
        }
    }

    #[test]
    fn what_is_not_done_here_is_left_out() {
        let mut record = class().remove(0);
        record.lessons[0].steps[0].checks[0].outcome = Outcome::Ignored;
        record.count();
        let items = items(&record);
        assert_eq!((items.len(), &*items[0].number), (5, "1.1.2"));
    }

    #[test]
    fn a_private_check_is_not_told() {
        let mut record = class().remove(1);
        record.lessons[0].steps[0].checks[1].private = true;
        let items = items(&record);
        assert_eq!(items[1].name, "ant, step 1: a check of the instructor's");
        assert_eq!((&*items[1].why, items[1].says.len()), ("", 0));
    }

    #[test]
    fn the_longest_reports_that_fit_are_taken() {
        let write = |longest| "x".repeat(longest + 1);
        let lengths = [20_000, 10_001, 10_000, 400, 0].map(|most| fitting(most, write).len());
        assert_eq!(lengths, [10_001, 10_001, 2_001, 101, 1]);
    }

    #[test]
    fn a_text_is_bounded_between_characters() {
        assert_eq!(bounded("ねこ", 2), "ねこ");
        assert_eq!(bounded("ねこ", 1), "ね\n... (the rest is left out)");
    }
}
