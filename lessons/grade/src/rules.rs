//! The rules of a class: `class.toml`, in its folder. All of it is optional:
//!
//! ```toml
//! roster = "roster.csv"                # who is in the class
//! private = "private"                  # a folder with checks that students never see
//! variants = "any phrase of your own"  # students get lessons that differ in names and limits
//!
//! [points]                             # in place of the points that the checks have
//! path_router = 20                     # a lesson
//! echo_server = { 1 = 5, 3 = 10 }      # steps of a lesson; the others keep theirs
//!
//! [late]
//! due = 2026-12-01T23:59:00+01:00
//! percent_per_day = 10                 # for each day that has begun
//! at_most = 50                         # percent
//! minutes_free = 15
//!
//! [[override]]
//! submission = "ada"
//! lesson = "echo_server"
//! step = 2                             # without it, the whole lesson
//! points = 5
//! reason = "The text was unclear."
//! ```
//!
//! The roster is a table in CSV with a head. Its columns are `submission` (the name of the
//! folder or archive), and if they are known `name`, `id`, `email`, and `handed_in`, a time as
//! in `due`. Other columns are left alone. Every mistake in these files is told with its line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use grader::count;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;
use toml::value::{Datetime, Offset};

use crate::course::{Course, Lesson};
use crate::hash::{Hash, hash};
use crate::record::{Adjustment, Person, Record};
use crate::submission::Submission;
use crate::variants::Variants;

/// The name of the file.
pub const FILE: &str = "class.toml";

/// The rules of a class, of which every name is known to be right.
#[derive(Debug)]
pub struct Rules {
    /// The folder with the instructor's own checks.
    pub private: Option<PathBuf>,
    /// Who has which variant of a lesson, if students have their own.
    pub variants: Option<Variants>,
    /// What the files say, as one hash.
    pub hash: Hash,
    points: Vec<Points>,
    late: Option<Late>,
    overrides: Vec<Override>,
    roster: Option<Roster>,
}

/// What a lesson, or a step of it, is worth.
#[derive(Debug, PartialEq, Eq)]
struct Points {
    lesson: String,
    step: Option<u32>,
    points: u32,
}

#[derive(Debug, PartialEq, Eq)]
struct Late {
    due: SystemTime,
    percent_per_day: u32,
    at_most: u32,
    free: Duration,
}

#[derive(Debug, PartialEq, Eq)]
struct Override {
    submission: String,
    lesson: String,
    step: Option<u32>,
    points: u32,
    reason: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Student {
    person: Person,
    handed_in: Option<SystemTime>,
}

/// Those who are in the class, by the names of their submissions.
type Roster = BTreeMap<String, Student>;

impl Rules {
    /// The rules in this folder, if there are some.
    ///
    /// # Errors
    ///
    /// With the line of what is wrong, and what is wrong there.
    pub fn read(course: &Course, folder: &Path) -> Result<Option<Self>, String> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        let text = read(&file)?;
        let written = Written::parse(&text, &file)?;
        let mut rules = Self::of(&written, &text, &file, course)?;
        if let Some((table, roster)) = written.roster(&text, &file)? {
            rules.roster = Some(roster);
            rules.hash = hash(&[text.as_bytes(), table.as_bytes()]);
        }
        if let Some(private) = &written.private {
            let path = folder.join(private.get_ref());
            if !path.is_dir() {
                let why = format!("there is no folder {}", path.display());
                return Err(fault(&file, &text, private.span(), &why));
            }
            rules.private = Some(path);
        }
        Ok(Some(rules))
    }

    fn of(written: &Written, text: &str, file: &Path, course: &Course) -> Result<Self, String> {
        let fault = |span, why: &str| fault(file, text, span, why);
        let lesson = |name: &Spanned<String>| -> Result<&Lesson, String> {
            let mut lessons = course.lessons.iter();
            let found = lessons.find(|lesson| lesson.is_named(name.get_ref()));
            found.ok_or_else(|| {
                let why = format!("there is no lesson {}", name.get_ref());
                fault(name.span(), &why)
            })
        };
        let step = |lesson: &Lesson, step: u32, span| {
            let has = lesson.checks.iter().any(|check| check.step == step);
            has.then_some(step).ok_or_else(|| {
                let why = format!("{} has no step {step}", lesson.package);
                fault(span, &why)
            })
        };
        let mut points = Vec::new();
        for (name, worth) in &written.points {
            let lesson = lesson(name)?;
            let mut add = |step, points_of_it| {
                points.push(Points {
                    lesson: lesson.package.clone(),
                    step,
                    points: points_of_it,
                });
            };
            match worth {
                Worth::Lesson(all) => add(None, *all),
                Worth::Steps(steps) => {
                    for (number, points) in steps {
                        let known = number.get_ref().parse().map_err(|_| {
                            let why = format!("{} is no number of a step", number.get_ref());
                            fault(number.span(), &why)
                        });
                        add(Some(step(lesson, known?, number.span())?), *points);
                    }
                }
            }
        }
        let overrides = written.overrides.iter().map(|written| {
            let lesson = lesson(&written.lesson)?;
            if written.reason.get_ref().trim().is_empty() {
                return Err(fault(written.reason.span(), "an override needs its reason"));
            }
            let number = written.step.as_ref();
            let number = number.map(|number| step(lesson, *number.get_ref(), number.span()));
            Ok(Override {
                submission: written.submission.clone(),
                lesson: lesson.package.clone(),
                step: number.transpose()?,
                points: written.points,
                reason: written.reason.get_ref().clone(),
            })
        });
        let overrides = overrides.collect::<Result<_, _>>()?;
        let variants = written.variants(text, file)?;
        let late = written.late.as_ref().map(|late| {
            let due = time(late.due.get_ref()).map_err(|why| fault(late.due.span(), &why))?;
            for percent in [Some(&late.percent_per_day), late.at_most.as_ref()] {
                if let Some(percent) = percent.filter(|percent| *percent.get_ref() > 100) {
                    return Err(fault(percent.span(), "more than 100 percent"));
                }
            }
            Ok(Late {
                due,
                percent_per_day: *late.percent_per_day.get_ref(),
                at_most: late.at_most.as_ref().map_or(100, |most| *most.get_ref()),
                free: Duration::from_secs(u64::from(late.minutes_free) * 60),
            })
        });
        Ok(Self {
            private: None,
            variants,
            hash: hash(&[text.as_bytes()]),
            points,
            late: late.transpose()?,
            overrides,
            roster: None,
        })
    }

    /// Adds those of the roster who have handed in nothing, and says who is not on it.
    pub fn call_the_roll(&self, submissions: &mut Vec<Submission>) {
        let Some(roster) = &self.roster else { return };
        for submission in &mut *submissions {
            if !roster.contains_key(&submission.who) {
                let note = format!("{} is not on the roster.", submission.who);
                submission.notes.push(note);
            }
        }
        for who in roster.keys() {
            if !submissions.iter().any(|submission| &submission.who == who) {
                submissions.push(Submission {
                    who: who.clone(),
                    notes: vec!["Nothing was handed in.".into()],
                    ..Submission::default()
                });
            }
        }
        submissions.sort_by(|one, other| one.who.cmp(&other.who));
    }

    /// Says which overrides are for nobody.
    ///
    /// # Errors
    ///
    /// If one is.
    pub fn check_names(&self, submissions: &[Submission]) -> Result<(), String> {
        let is_there = |rule: &&Override| {
            let mut all = submissions.iter();
            !all.any(|submission| submission.who == rule.submission)
        };
        match self.overrides.iter().find(is_there) {
            None => Ok(()),
            Some(rule) => Err(format!(
                "{FILE}: an override is for {}, and there is no such submission",
                rule.submission
            )),
        }
    }

    /// Applies the rules: first the points, then overrides, and lateness at the end.
    pub fn apply(&self, records: &mut [Record]) {
        for record in records {
            for rule in &self.points {
                weigh(record, rule);
            }
            for rule in &self.overrides {
                if rule.submission == record.who {
                    override_points(record, rule);
                }
            }
            let student = self
                .roster
                .as_ref()
                .and_then(|roster| roster.get(&record.who));
            record.person = student.map(|student| student.person.clone());
            if let Some(late) = &self.late {
                late.apply(record, student.and_then(|student| student.handed_in));
            }
            record.grading.rules = Some(self.hash.clone());
        }
    }
}

/// Gives the checks of a lesson or step as many points as the rule says, in the proportion
/// that they have.
fn weigh(record: &mut Record, rule: &Points) {
    let lessons = record.lessons.iter_mut();
    for lesson in lessons.filter(|lesson| lesson.lesson == rule.lesson) {
        let steps = lesson.steps.iter_mut();
        let steps = steps.filter(|step| rule.step.is_none_or(|number| step.step == number));
        let mut checks: Vec<_> = steps.flat_map(|step| &mut step.checks).collect();
        let shares: Vec<u32> = checks.iter().map(|check| check.points).collect();
        for (check, points) in checks.iter_mut().zip(spread(rule.points, &shares)) {
            check.points = points;
        }
    }
    record.count();
}

/// Whole numbers whose sum is `all`, in the proportion of the shares: each is rounded down,
/// and those that lose most by it get one more.
fn spread(all: u32, shares: &[u32]) -> Vec<u32> {
    let whole: u64 = shares.iter().map(|share| u64::from(*share)).sum();
    let shares: Vec<u64> = match whole {
        0 => vec![1; shares.len()],
        _ => shares.iter().map(|share| u64::from(*share)).collect(),
    };
    let whole: u64 = shares.iter().sum();
    let exact = |share: &u64| share * u64::from(all);
    let mut parts: Vec<u64> = shares
        .iter()
        .map(|share| exact(share) / whole.max(1))
        .collect();
    let mut by_loss: Vec<usize> = (0..shares.len()).collect();
    by_loss.sort_by_key(|at| std::cmp::Reverse(exact(&shares[*at]) % whole.max(1)));
    let left = u64::from(all).saturating_sub(parts.iter().sum());
    for at in by_loss.into_iter().take(left as usize) {
        parts[at] += 1;
    }
    let parts = parts
        .into_iter()
        .map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    parts.collect()
}

fn override_points(record: &mut Record, rule: &Override) {
    let mut lessons = record.lessons.iter();
    let Some(lesson) = lessons.find(|lesson| lesson.lesson == rule.lesson) else {
        return;
    };
    let before = match rule.step {
        None => lesson.points,
        Some(number) => {
            let mut steps = lesson.steps.iter();
            steps
                .find(|step| step.step == number)
                .map_or(0, |step| step.points)
        }
    };
    record.adjustments.push(Adjustment {
        lesson: Some(rule.lesson.clone()),
        step: rule.step,
        points: i64::from(rule.points) - i64::from(before),
        reason: rule.reason.clone(),
    });
    record.count();
}

impl Late {
    fn apply(&self, record: &mut Record, handed_in: Option<SystemTime>) {
        let Some(handed_in) = handed_in else {
            if record.lessons.iter().any(|lesson| lesson.file.is_some()) {
                let note = "When it was handed in is not known, so it counts as in time.";
                record.notes.push(note.into());
            }
            return;
        };
        let late = handed_in.duration_since(self.due + self.free);
        let late = late.map_or(0, |late| late.as_secs());
        if late == 0 {
            return;
        }
        // What was free is for those who come within it.
        let late = late + self.free.as_secs();
        let days = late.div_ceil(24 * 60 * 60);
        let percent = days.saturating_mul(u64::from(self.percent_per_day));
        let percent = percent.min(u64::from(self.at_most));
        let lost = u64::from(record.points) * percent / 100;
        record.adjustments.push(Adjustment {
            lesson: None,
            step: None,
            points: -i64::try_from(lost).unwrap_or(0),
            reason: format!(
                "{} late, {percent} % of {}",
                count(days as usize, "day"),
                count(record.points as usize, "point")
            ),
        });
        record.count();
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    roster: Option<Spanned<String>>,
    private: Option<Spanned<String>>,
    variants: Option<Spanned<String>>,
    #[serde(default)]
    points: BTreeMap<Spanned<String>, Worth>,
    late: Option<WrittenLate>,
    #[serde(default, rename = "override")]
    overrides: Vec<WrittenOverride>,
}

impl Written {
    fn parse(text: &str, file: &Path) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            fault(file, text, span, error.message())
        })
    }

    /// The table that it names, beside it: as text, and who is in it.
    fn roster(&self, text: &str, file: &Path) -> Result<Option<(String, Roster)>, String> {
        let Some(roster) = &self.roster else {
            return Ok(None);
        };
        let path = file.with_file_name(roster.get_ref());
        let table = read(&path).map_err(|why| fault(file, text, roster.span(), &why))?;
        let roster = read_roster(&table, &path)?;
        Ok(Some((table, roster)))
    }

    fn variants(&self, text: &str, file: &Path) -> Result<Option<Variants>, String> {
        let Some(phrase) = &self.variants else {
            return Ok(None);
        };
        match phrase.get_ref().trim().is_empty() {
            true => {
                let why = "without a phrase, anybody knows who has what";
                Err(fault(file, text, phrase.span(), why))
            }
            false => Ok(Some(Variants::new(phrase.get_ref()))),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLate {
    due: Spanned<Datetime>,
    percent_per_day: Spanned<u32>,
    at_most: Option<Spanned<u32>>,
    #[serde(default)]
    minutes_free: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOverride {
    submission: String,
    lesson: Spanned<String>,
    step: Option<Spanned<u32>>,
    points: u32,
    reason: Spanned<String>,
}

/// `20`, or `{ 1 = 5, 3 = 10 }`.
enum Worth {
    Lesson(u32),
    Steps(Vec<(Spanned<String>, u32)>),
}

impl<'de> Deserialize<'de> for Worth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both;
        impl<'de> Visitor<'de> for Both {
            type Value = Worth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the points of the lesson, as in 20, or of its steps, as in { 1 = 5 }")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Worth, E> {
                let points = u32::try_from(number);
                points.map(Worth::Lesson).map_err(|_| {
                    E::invalid_value(de::Unexpected::Signed(number), &"a number from 0 up")
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Worth, A::Error> {
                let mut steps = Vec::new();
                while let Some(step) = map.next_entry()? {
                    steps.push(step);
                }
                Ok(Worth::Steps(steps))
            }
        }
        deserializer.deserialize_any(Both)
    }
}

/// Those on the roster of the class in this folder, and who has which variant: what is needed to
/// hand the course out.
///
/// # Errors
///
/// If one is missing, or something is wrong in one of the files.
pub fn students(folder: &Path) -> Result<(Vec<String>, Variants), String> {
    let file = folder.join(FILE);
    let text = read(&file)?;
    let written = Written::parse(&text, &file)?;
    let missing = |what: &str| format!("{} has no {what}", file.display());
    let variants = written.variants(&text, &file)?;
    let variants = variants.ok_or_else(|| {
        missing("line variants = \"any phrase of your own\": all students get the same course")
    })?;
    let roster = written.roster(&text, &file)?;
    let (_, roster) = roster.ok_or_else(|| {
        missing("line roster = \"roster.csv\": it is not known who is to get a course")
    })?;
    Ok((roster.into_keys().collect(), variants))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// What is wrong in a file, with its line.
fn fault(file: &Path, text: &str, span: std::ops::Range<usize>, why: &str) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    format!("{}, line {line}: {why}\n  {}", file.display(), shown.trim())
}

/// A moment. Without an offset it would be another one in each country.
fn time(written: &Datetime) -> Result<SystemTime, String> {
    let why = || {
        "a time with its offset, as in 2026-12-01T23:59:00+01:00 or 2026-12-01T22:59:00Z"
            .to_string()
    };
    let (Some(date), Some(time), Some(offset)) = (written.date, written.time, written.offset)
    else {
        return Err(why());
    };
    let local = humantime::parse_rfc3339(&format!("{date}T{time}Z")).map_err(|_| why())?;
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    };
    let offset = Duration::from_secs(u64::from(minutes.unsigned_abs()) * 60);
    Ok(if minutes < 0 {
        local + offset
    } else {
        local - offset
    })
}

/// The students, by the names of their submissions.
fn read_roster(text: &str, file: &Path) -> Result<Roster, String> {
    let fault = |line: u64, why: &str| format!("{}, line {line}: {why}", file.display());
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let head = reader
        .headers()
        .map_err(|error| fault(1, &error.to_string()))?;
    let head: Vec<String> = head.iter().map(str::to_lowercase).collect();
    let column = |name: &str| head.iter().position(|own| own == name);
    let Some(submission) = column("submission") else {
        return Err(fault(1, "no column is named submission"));
    };
    let [name, id, email, handed_in] = ["name", "id", "email", "handed_in"].map(column);
    let mut roster = BTreeMap::new();
    let line_of = |position: Option<&csv::Position>| {
        let (line, byte) = position.map_or((0, 0), |at| (at.line(), at.byte()));
        // Empty lines before it are none of the row.
        let rest = text.get(byte as usize..).unwrap_or_default();
        let is_end = |c: &char| matches!(c, '\r' | '\n');
        let empty = rest
            .chars()
            .take_while(is_end)
            .filter(|c| *c == '\n')
            .count();
        line + empty as u64
    };
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = line_of(error.position());
            fault(line, "this row has more or fewer cells than the head")
        })?;
        let line = line_of(row.position());
        let cell = |column: Option<usize>| column.and_then(|at| row.get(at)).unwrap_or_default();
        let who = cell(Some(submission));
        if who.is_empty() {
            return Err(fault(line, "the cell submission is empty"));
        }
        let handed_in = match cell(handed_in) {
            "" => None,
            text => {
                let parsed = Datetime::from_str(text).map_err(|_| format!("{text} is no time"));
                let at = parsed.and_then(|written| time(&written));
                Some(at.map_err(|why| fault(line, &format!("handed_in: {why}")))?)
            }
        };
        let [name, id, email] = [name, id, email].map(|at| cell(at).to_string());
        let person = Person { name, id, email };
        let student = Student { person, handed_in };
        if roster.insert(who.to_string(), student).is_some() {
            return Err(fault(line, &format!("{who} is there twice")));
        }
    }
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::course::tests::course;
    use crate::format::tests::class;

    fn rules(text: &str) -> Result<Rules, String> {
        let file = Path::new(FILE);
        Rules::of(&Written::parse(text, file)?, text, file, &course())
    }

    fn with_roster(text: &str, roster: &str) -> Rules {
        let roster = read_roster(roster, Path::new("roster.csv")).unwrap();
        Rules {
            roster: Some(roster),
            ..rules(text).unwrap()
        }
    }

    fn applied(rules: &Rules) -> Vec<Record> {
        let mut class = class();
        rules.apply(&mut class);
        class
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        for (text, expected) in [
            (
                "[points]\nant = 5\ncat = 3",
                "class.toml, line 3: there is no lesson cat\n  cat = 3",
            ),
            (
                "[points]\nant = -1",
                "class.toml, line 2: invalid value: integer `-1`, expected a number from 0 up",
            ),
            (
                "[points]\nant = \"x\"",
                "class.toml, line 2: invalid type: string \"x\", expected the points of the lesson",
            ),
            (
                "[points]\nant = { 7 = 1 }",
                "class.toml, line 2: ant has no step 7",
            ),
            (
                "[points.ant]\n1 = 2\nx = 1",
                "class.toml, line 3: x is no number of a step",
            ),
            (
                "\nrooster = 1",
                "class.toml, line 2: unknown field `rooster`",
            ),
            (
                "[late]\npercent_per_day = 10\ndue = 2026-12-01",
                "class.toml, line 3: a time with its offset",
            ),
            (
                "[late]\ndue = 2026-12-01T00:00:00Z\npercent_per_day = 101",
                "class.toml, line 3: more than 100 percent",
            ),
            (
                "[late]\n\npercent_per_day = 10",
                "class.toml, line 1: missing field `due`",
            ),
            ("a = \n", "class.toml, line 1: "),
            (
                "[[override]]\nsubmission = \"ada\"\nlesson = \"ant\"\npoints = 1\nreason = \" \"",
                "class.toml, line 5: an override needs its reason",
            ),
            (
                "\nvariants = \" \"",
                "class.toml, line 2: without a phrase, anybody knows who has what",
            ),
            (
                "variants = true",
                "class.toml, line 1: invalid type: boolean `true`, expected a string",
            ),
        ] {
            let why = rules(text).unwrap_err();
            assert!(why.starts_with(expected), "{text}\n{why}");
        }
        for (text, expected) in [
            (
                "name\nAda",
                "roster.csv, line 1: no column is named submission",
            ),
            (
                "submission,name\nada",
                "roster.csv, line 2: this row has more or fewer cells",
            ),
            (
                "submission\nada\n\nada",
                "roster.csv, line 4: ada is there twice",
            ),
            (
                "submission,handed_in\nada,now",
                "roster.csv, line 2: handed_in: now is no time",
            ),
            (
                "submission,name\n,Ada",
                "roster.csv, line 2: the cell submission is empty",
            ),
        ] {
            let why = read_roster(text, Path::new("roster.csv")).unwrap_err();
            assert!(why.starts_with(expected), "{text}\n{why}");
        }
    }

    #[test]
    fn points_are_spread_in_whole_numbers() {
        assert_eq!(spread(10, &[1, 2, 1]), [3, 5, 2]);
        assert_eq!(spread(20, &[1, 2, 3]), [3, 7, 10]);
        assert_eq!(spread(2, &[0, 0, 0]), [1, 1, 0]);
        assert_eq!(spread(5, &[]), [0; 0]);
        assert_eq!(spread(0, &[1, 2]), [0, 0]);
    }

    #[test]
    fn a_lesson_and_a_step_are_worth_what_the_file_says() {
        // ant has 1 + 2 points in step 1 and 3 in step 2; so has bee.
        let records = applied(&rules("[points]\nant = 60\n2 = { 2 = 13 }").unwrap());
        let points: Vec<_> = records
            .iter()
            .map(|one| (one.points, one.all_points))
            .collect();
        assert_eq!(points, [(76, 76), (10, 76), (0, 76)]);
        assert_eq!(records[1].lessons[0].steps[0].points, 10);
    }

    #[test]
    fn an_override_gives_points_with_its_reason() {
        let text = "[[override]]\nsubmission = \"bob, jr.\"\nlesson = \"ant\"\nstep = 1\npoints = 3\nreason = \"Unclear.\"\n\
                    [[override]]\nsubmission = \"bob, jr.\"\nlesson = \"2\"\npoints = 4\nreason = \"A semicolon.\"";
        let records = applied(&rules(text).unwrap());
        assert_eq!(records[0].points, 12);
        assert_eq!(records[1].points, 7);
        let lessons: Vec<u32> = records[1]
            .lessons
            .iter()
            .map(|lesson| lesson.points)
            .collect();
        assert_eq!(lessons, [3, 4]);
        assert_eq!(records[1].lessons[0].steps[0].points, 3);
        let said: Vec<String> = records[1]
            .adjustments
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "ant, step 1: +2 points: Unclear.",
                "bee: +4 points: A semicolon."
            ]
        );
    }

    #[test]
    fn who_is_late_pays_for_each_day_begun() {
        let late = "[late]\ndue = 2026-12-01T23:00:00+01:00\npercent_per_day = 10\nat_most = 25\nminutes_free = 15";
        let roster = |time: &str| format!("Submission,handed_in,seat\nada,{time},3\n");
        for (time, points) in [
            ("2026-12-01T22:15:00Z", 12),
            ("2026-12-01T22:15:01Z", 11),
            ("2026-12-02T22:00:01Z", 10),
            ("2027-01-01T00:00:00+00:00", 9),
            ("", 12),
        ] {
            let records = applied(&with_roster(late, &roster(time)));
            assert_eq!(records[0].points, points, "{time}");
        }
        let records = applied(&with_roster(late, &roster("2026-12-03T00:00:00Z")));
        let said = records[0].adjustments[0].to_string();
        assert_eq!(said, "−2 points: 2 days late, 20 % of 12 points");
        // No time: nothing is taken, and that is said; but not to those who gave nothing.
        assert_eq!(records[1].notes.len(), 2);
        assert_eq!(records[2].notes.len(), 0);
    }

    #[test]
    fn the_roster_names_those_who_are_missing_and_those_who_are_not_on_it() {
        let rules = with_roster(
            "",
            "submission,name,id,email\nada,Ada L.,7,ada@x.org\ndan,,,\n",
        );
        let named = |who: &str| Submission {
            who: who.into(),
            ..Submission::default()
        };
        let mut all = vec![named("ada"), named("eve")];
        rules.call_the_roll(&mut all);
        let said: Vec<_> = all
            .iter()
            .map(|one| (&*one.who, one.notes.concat()))
            .collect();
        let expected = [
            ("ada", ""),
            ("dan", "Nothing was handed in."),
            ("eve", "eve is not on the roster."),
        ];
        assert_eq!(said, expected.map(|(who, note)| (who, note.to_string())));
        let ada = applied(&rules).remove(0).person.unwrap();
        assert_eq!(
            (&*ada.name, &*ada.id, &*ada.email),
            ("Ada L.", "7", "ada@x.org")
        );
    }

    #[test]
    fn to_hand_variants_out_takes_a_phrase_and_a_roster() {
        let class = tempfile::tempdir().unwrap();
        let students = |rules: &str| {
            fs::write(class.path().join(FILE), rules).unwrap();
            students(class.path()).map(|(students, _)| students)
        };
        for (rules, expected) in [
            ("roster = \"r.csv\"", "class.toml has no line variants = "),
            ("variants = \"x\"", "class.toml has no line roster = "),
            (
                "variants = \"x\"\nroster = \"r.csv\"",
                "class.toml, line 2: cannot read ",
            ),
        ] {
            let why = students(rules).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
        fs::write(class.path().join("r.csv"), "submission\nbob\nada\n").unwrap();
        let both = students("variants = \"x\"\nroster = \"r.csv\"");
        assert_eq!(both, Ok(vec!["ada".into(), "bob".into()]));
    }

    #[test]
    fn an_override_for_nobody_is_no_override() {
        let text =
            "[[override]]\nsubmission = \"adda\"\nlesson = \"ant\"\npoints = 3\nreason = \"x\"";
        let why = rules(text).unwrap().check_names(&[]).unwrap_err();
        assert!(why.contains("adda"), "{why}");
    }
}
