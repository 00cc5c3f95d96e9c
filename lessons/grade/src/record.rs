//! What a submission's grading has found: the record from which every table, report and
//! feedback is written. It says who, which files, what they were graded with, and when, so
//! that anybody can grade the same again.

use std::collections::BTreeSet;
use std::fmt;

use grader::count;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// The version of this format.
pub const VERSION: u32 = 1;

/// One submission, graded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format: [`VERSION`].
    pub version: u32,
    /// Whose it is: the name of its folder or archive.
    pub who: String,
    /// What is to be known of its files, in sentences: names that were mended, files that
    /// are there twice.
    pub notes: Vec<String>,
    /// With what, and when.
    pub grading: Grading,
    /// The points that were reached.
    pub points: u32,
    /// The points that could be reached.
    pub all_points: u32,
    /// The lessons, in order.
    pub lessons: Vec<LessonRecord>,
    /// Who that is, if the class has a roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// What the rules of the class have changed. It is in the points already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Files of others that are much like those of this submission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<Similar>,
}

/// A student, as the roster has it. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The full name.
    pub name: String,
    /// The number or name under which a learning platform knows the student.
    pub id: String,
    /// The address for mail.
    pub email: String,
}

/// Points that a rule of the class gives or takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The lesson, if it is for one.
    pub lesson: Option<String>,
    /// The step of it, if it is for one.
    pub step: Option<u32>,
    /// The points: below 0 if they are taken away.
    pub points: i64,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(lesson) = &self.lesson {
            write!(f, "{lesson}")?;
            if let Some(step) = self.step {
                write!(f, ", step {step}")?;
            }
            write!(f, ": ")?;
        }
        let points = grader::count(self.points.unsigned_abs() as usize, "point");
        let sign = if self.points < 0 { "−" } else { "+" };
        write!(f, "{sign}{points}: {}", self.reason)
    }
}

/// Two files that are much alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Similar {
    /// The lesson.
    pub lesson: String,
    /// Whose the other file is.
    pub with: String,
    /// How much of the shorter one is in both, of 100, without what the starter says.
    pub percent: u32,
    /// The longest passages that both have.
    pub passages: Vec<Passage>,
}

/// A passage that two files have, in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The number of the first line in one's own file.
    pub line: usize,
    /// The number of the first line in the other's.
    pub other_line: usize,
    /// The lines in one's own file.
    pub text: String,
    /// The lines in the other's.
    pub other_text: String,
}

/// What submissions were graded with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grading {
    /// The commit of the course, if it has one.
    pub commit: Option<String>,
    /// Whether files of the course were not as in that commit.
    pub changed: bool,
    /// What the values of the checks were drawn from.
    pub seed: String,
    /// When, in UTC, as in `2026-11-27T08:00:00Z`.
    pub time: String,
    /// How the submissions were confined.
    pub confinement: String,
    /// The hash of the rules of the class, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Hash>,
}

/// What came of one lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonRecord {
    /// The lesson's package, such as `path_router`.
    pub lesson: String,
    /// Its number.
    pub number: u32,
    /// What stands in this student's lesson in the place of what stands in the course's own, if
    /// that differs from student to student.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant: Vec<Chosen>,
    /// The file, and where it was found in the submission.
    pub file: Option<File>,
    /// What came of it.
    pub state: State,
    /// Why it is not graded, if it is not; the compiler's message, say.
    pub why: Option<String>,
    /// The compiler's warnings.
    pub warnings: Vec<String>,
    /// The points that were reached.
    pub points: u32,
    /// The points that could be reached.
    pub all_points: u32,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// A choice of what may differ in a lesson. What has several forms has ` | ` between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// What it is: `the path of the health check`.
    pub what: String,
    /// What stands in the course's own files.
    pub usual: String,
    /// What stands in its place for this student.
    pub chosen: String,
}

impl Chosen {
    /// The same for the student, who knows no other.
    pub(crate) fn told(&self) -> String {
        let first = self.chosen.split(" | ").next().unwrap_or_default();
        format!("In this copy of the lesson, {} is {first}.", self.what)
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = \"{}\"", self.usual, self.chosen)
    }
}

/// A submitted file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it was found in the submission.
    pub path: String,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
}

/// What came of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its checks were done.
    Graded,
    /// It does not compile.
    DoesNotCompile,
    /// There is no file for it.
    Missing,
    /// The grader itself has failed: nobody's points are lost for it, somebody has to look.
    NotGraded,
}

/// One step of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub step: u32,
    /// Its heading in the lesson's text, if it has one.
    pub title: Option<String>,
    /// What came of it.
    pub state: StepState,
    /// The points that were reached.
    pub points: u32,
    /// The points that could be reached.
    pub all_points: u32,
    /// Its checks, in order.
    pub checks: Vec<Check>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// All its checks passed.
    Passed,
    /// Some did not.
    Failed,
    /// Its `todo!` still stands.
    Open,
    /// It was not graded: the lesson says why.
    NotGraded,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What must be true.
    pub name: String,
    /// Its points.
    pub points: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// The names of the mistakes that explain a failure, if they are known.
    pub mistakes: Vec<Mistake>,
    /// The report of a failure, or why it was not done.
    pub report: Option<String>,
    /// Whether it is a check of the instructor's own, of which students are told the points.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// A mistake, as the lesson knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mistake {
    /// Its name, such as `about-with-slash`.
    pub name: String,
    /// What a teacher would say.
    pub says: String,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// Its step is open.
    Open,
    /// Something else must be mended first. Its points are lost.
    NotGraded,
    /// It is not done here: its points count for nobody.
    #[serde(alias = "skipped")]
    Ignored,
}

impl LessonRecord {
    /// A record of these checks.
    pub(crate) fn of(
        lesson: &crate::course::Lesson,
        file: Option<File>,
        state: State,
        checks: Vec<(u32, Check)>,
    ) -> Self {
        let mut numbers: Vec<u32> = checks.iter().map(|(step, _)| *step).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let step = |number: u32| {
            let own = checks.iter().filter(|(step, _)| *step == number);
            let title = lesson.headings.get(&number).cloned();
            Step::of(
                number,
                title,
                state,
                own.map(|(_, check)| check.clone()).collect(),
            )
        };
        let steps: Vec<Step> = numbers.into_iter().map(step).collect();
        Self {
            lesson: lesson.package.clone(),
            number: lesson.number,
            variant: lesson.variant.clone(),
            file,
            state,
            why: None,
            warnings: Vec::new(),
            points: steps.iter().map(|step| step.points).sum(),
            all_points: steps.iter().map(|step| step.all_points).sum(),
            steps,
        }
    }

    /// All its checks.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.steps.iter().flat_map(|step| &step.checks)
    }
}

impl Step {
    fn of(step: u32, title: Option<String>, lesson: State, checks: Vec<Check>) -> Self {
        let any = |outcome| checks.iter().any(|check| check.outcome == outcome);
        let state = match lesson {
            State::Graded if any(Outcome::Failed) || any(Outcome::NotGraded) => StepState::Failed,
            State::Graded if any(Outcome::Open) => StepState::Open,
            State::Graded => StepState::Passed,
            _ => StepState::NotGraded,
        };
        let mut step = Self {
            step,
            title,
            state,
            points: 0,
            all_points: 0,
            checks,
        };
        step.count();
        step
    }

    fn count(&mut self) {
        let points = |counts: fn(Outcome) -> bool| {
            let counting = self.checks.iter().filter(|check| counts(check.outcome));
            counting.map(|check| check.points).sum()
        };
        (self.points, self.all_points) = (
            points(|outcome| outcome == Outcome::Passed),
            points(|outcome| outcome != Outcome::Ignored),
        );
    }
}

impl Record {
    /// A record of these lessons.
    pub(crate) fn of(
        who: &str,
        notes: Vec<String>,
        grading: Grading,
        lessons: Vec<LessonRecord>,
    ) -> Self {
        Self {
            version: VERSION,
            who: who.into(),
            notes,
            grading,
            points: lessons.iter().map(|lesson| lesson.points).sum(),
            all_points: lessons.iter().map(|lesson| lesson.all_points).sum(),
            lessons,
            person: None,
            adjustments: Vec::new(),
            similar: Vec::new(),
        }
    }

    /// Counts the points again, when those of checks, or the adjustments, have changed.
    pub(crate) fn count(&mut self) {
        let adjusted = |lesson: Option<&str>, step: Option<u32>| -> i64 {
            let own = self.adjustments.iter().filter(|adjustment| {
                (adjustment.lesson.as_deref(), adjustment.step) == (lesson, step)
            });
            own.map(|adjustment| adjustment.points).sum()
        };
        let with = |points: u32, change: i64| {
            u32::try_from(i64::from(points) + change).unwrap_or_default()
        };
        for lesson in &mut self.lessons {
            let name = Some(lesson.lesson.as_str());
            for step in &mut lesson.steps {
                step.count();
                step.points = with(step.points, adjusted(name, Some(step.step)));
            }
            let points = lesson.steps.iter().map(|step| step.points).sum();
            lesson.points = with(points, adjusted(name, None));
            lesson.all_points = lesson.steps.iter().map(|step| step.all_points).sum();
        }
        let points = self.lessons.iter().map(|lesson| lesson.points).sum();
        self.points = with(points, adjusted(None, None));
        self.all_points = self.lessons.iter().map(|lesson| lesson.all_points).sum();
    }

    /// Whether all points were reached.
    pub fn is_full(&self) -> bool {
        self.points == self.all_points && self.is_graded()
    }

    /// Whether everything was graded that could be.
    pub fn is_graded(&self) -> bool {
        self.lessons
            .iter()
            .all(|lesson| lesson.state != State::NotGraded)
    }
}

/// What there is to say of files that the grader itself has failed at, if there are any: how many
/// they are, and why for the first.
pub fn not_graded(records: &[Record]) -> Option<String> {
    let all = records
        .iter()
        .flat_map(|record| record.lessons.iter().map(move |lesson| (record, lesson)));
    let mut failed = all.filter(|(_, lesson)| lesson.state == State::NotGraded);
    let (record, first) = failed.next()?;
    Some(format!(
        "NOT GRADED: {}. The grader itself has failed. The first is {}, {}: {}",
        count(failed.count() + 1, "file"),
        record.who,
        first.lesson,
        first.why.as_deref().unwrap_or_default()
    ))
}

/// Lets a check that is not done here count for nobody: also not for those without a program
/// that it could have been done with, or with one in which its step is still open.
pub(crate) fn level(records: &mut [Record]) {
    let lessons = records.iter().flat_map(|record| &record.lessons);
    let steps = lessons.flat_map(|lesson| lesson.steps.iter().map(move |step| (lesson, step)));
    let checks =
        steps.flat_map(|(lesson, step)| step.checks.iter().map(move |check| (lesson, step, check)));
    let ignored = checks.filter(|(_, _, check)| check.outcome == Outcome::Ignored);
    let ignored: BTreeSet<(String, u32, String)> = ignored
        .map(|(lesson, step, check)| (lesson.lesson.clone(), step.step, check.name.clone()))
        .collect();
    if ignored.is_empty() {
        return;
    }
    for record in records {
        for lesson in &mut record.lessons {
            for step in &mut lesson.steps {
                for check in &mut step.checks {
                    let name = (lesson.lesson.clone(), step.step, check.name.clone());
                    let was_done = matches!(check.outcome, Outcome::Passed | Outcome::Failed);
                    if !was_done && ignored.contains(&name) {
                        check.outcome = Outcome::Ignored;
                    }
                }
            }
        }
        record.count();
    }
}

/// The records of several runs, as one run would have them: in the order of their names.
///
/// # Errors
///
/// If they were not graded alike, or one submission is there twice.
pub fn merged(mut records: Vec<Record>) -> Result<Vec<Record>, String> {
    records.sort_by(|one, other| one.who.cmp(&other.who));
    let alike = |record: &Record| {
        let Grading {
            commit,
            changed,
            seed,
            confinement,
            rules,
            time: _,
        } = &record.grading;
        let lessons = record.lessons.iter().map(|lesson| lesson.lesson.clone());
        let lessons: Vec<String> = lessons.collect();
        (
            record.version,
            commit.clone(),
            *changed,
            seed.clone(),
            confinement.clone(),
            rules.clone(),
            lessons,
        )
    };
    for pair in records.windows(2) {
        let [one, other] = pair else { continue };
        if one.who == other.who {
            return Err(format!("{} is there twice", one.who));
        }
        if alike(one) != alike(other) {
            return Err(format!(
                "{} and {} were not graded alike: with another seed, other lessons, other rules, another commit, or confined in another way",
                one.who, other.who
            ));
        }
    }
    level(&mut records);
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::class;

    #[test]
    fn parts_merged_are_the_whole() {
        let whole = class();
        let parts = [&whole[1..], &whole[..1]].concat();
        assert_eq!(merged(parts), Ok(whole.clone()));
        let twice = [&whole[..], &whole[..1]].concat();
        assert_eq!(merged(twice), Err("ada is there twice".into()));
        let mut other = whole;
        other[1].grading.seed = "1".into();
        assert!(merged(other).unwrap_err().contains("not graded alike"));
    }

    #[test]
    fn what_the_grader_has_failed_at_is_counted() {
        let mut class = class();
        assert_eq!(not_graded(&class), None);
        for record in &mut class[1..] {
            record.lessons[0].state = State::NotGraded;
            record.lessons[0].why = Some("no room".into());
        }
        let said = not_graded(&class).unwrap();
        let (who, lesson) = (&class[1].who, &class[1].lessons[0].lesson);
        assert_eq!(
            said,
            format!(
                "NOT GRADED: 2 files. The grader itself has failed. The first is {who}, {lesson}: no room"
            )
        );
    }

    #[test]
    fn what_is_not_done_here_counts_for_nobody() {
        let all_with = |of_the_second: Outcome| -> Vec<u32> {
            let mut class = class();
            class[0].lessons[0].steps[1].checks[0].outcome = Outcome::Ignored;
            class[1].lessons[0].steps[1].checks[0].outcome = of_the_second;
            level(&mut class);
            class.iter().map(|record| record.all_points).collect()
        };
        assert_eq!(all_with(Outcome::Open), [9, 9, 9]);
        assert_eq!(all_with(Outcome::NotGraded), [9, 9, 9]);
        // With this program, it was done.
        assert_eq!(all_with(Outcome::Failed), [9, 12, 9]);
    }
}
