//! Records, written for whoever reads them: one small writer for each format.

use std::path::Path;
use std::str::FromStr;

use grader::count;
use http_core::escape_html;

use crate::edits::Edits;
use crate::record::Record;

mod check50;
mod classroom;
mod classroom50;
mod csv;
mod gradebook;
mod gradescope;
mod html;
mod items;
mod junit;
mod markdown;
mod prairielearn;
mod table;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for the terminal; of one submission, with its reports.
    Table,
    /// The records.
    Json,
    /// A table of scores, a row for each submission.
    Csv,
    /// One page for the instructor.
    Html,
    /// Test results, as continuous integration reads them.
    Junit,
    /// A table and the reports, for a comment or a mail.
    Markdown,
    /// What Canvas imports.
    Canvas,
    /// What Moodle imports.
    Moodle,
    /// What Gradescope reads, of one submission.
    Gradescope,
    /// What GitHub Classroom's reporter reads, of one submission.
    Classroom,
    /// What Classroom 50 reads, of one submission.
    Classroom50,
    /// What check50 writes, of one submission.
    Check50,
    /// What PrairieLearn reads, of one submission.
    PrairieLearn,
}

impl Format {
    const ALL: [(&'static str, Self); 13] = [
        ("table", Self::Table),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("html", Self::Html),
        ("junit", Self::Junit),
        ("markdown", Self::Markdown),
        ("canvas", Self::Canvas),
        ("moodle", Self::Moodle),
        ("gradescope", Self::Gradescope),
        ("classroom", Self::Classroom),
        ("classroom50", Self::Classroom50),
        ("check50", Self::Check50),
        ("prairielearn", Self::PrairieLearn),
    ];

    /// The format that the ending of a file's name tells.
    pub fn of_file(file: &Path) -> Option<Self> {
        let format = match file.extension()?.to_str()? {
            "json" => Self::Json,
            "csv" => Self::Csv,
            "html" | "htm" => Self::Html,
            "xml" => Self::Junit,
            "md" => Self::Markdown,
            "txt" => Self::Table,
            _ => return None,
        };
        Some(format)
    }

    /// How the command line names it.
    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, format)| *format == self)
            .map_or("", |(name, _)| name)
    }

    /// These records in this format. The instructor's report shows mistakes with these edits.
    ///
    /// # Errors
    ///
    /// If the format is for one submission, and there are more; and with Classroom 50, if its
    /// runner has not said which submission it is.
    pub fn write(self, records: &[Record], edits: &Edits) -> Result<String, String> {
        let one = || match records {
            [one] => Ok(one),
            _ => Err(format!(
                "{} reads one submission at a time, not {}",
                self.name(),
                count(records.len(), "submission")
            )),
        };
        Ok(match self {
            Self::Table => table::write(records),
            Self::Json => serde_json::to_string_pretty(records).unwrap_or_default() + "\n",
            Self::Csv => csv::write(records),
            Self::Html => html::write(records, edits),
            Self::Junit => junit::write(records),
            Self::Markdown => markdown::write(records),
            Self::Canvas => gradebook::canvas(records),
            Self::Moodle => gradebook::moodle(records),
            Self::Gradescope => gradescope::write(one()?),
            Self::Classroom => classroom::write(one()?),
            Self::Classroom50 => classroom50::write(one()?, |name| std::env::var(name).ok())?,
            Self::Check50 => check50::write(one()?),
            Self::PrairieLearn => prairielearn::write(one()?),
        })
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format).ok_or_else(|| {
            let known = Self::ALL.map(|(known, _)| known);
            format!("there is no format {name}; there are {}", known.join(", "))
        })
    }
}

pub(crate) use items::bounded;

/// Text between tags, or in an attribute, of HTML and XML. What XML has no way to say is
/// left out.
pub(crate) fn escape(text: &str) -> String {
    let is_left_out = |c: char| {
        matches!(c, '\u{fffe}' | '\u{ffff}') || c.is_control() && !matches!(c, '\n' | '\t')
    };
    let sayable: String = text.chars().filter(|c| !is_left_out(*c)).collect();
    escape_html(&sayable)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::course::tests::course;
    use crate::grading;
    use crate::hash::hash_of;
    use crate::record::{
        Adjustment, Check, Chosen, File, Grading, LessonRecord, Mistake, Outcome, State,
    };

    /// Records of a class: one with full points, one with a failure, and one with nothing.
    pub(crate) fn class() -> Vec<Record> {
        let course = course();
        let grading = Grading {
            commit: Some("1234567".into()),
            changed: false,
            seed: "7342".into(),
            time: "2026-11-27T08:00:00Z".into(),
            confinement: "none".into(),
            rules: None,
        };
        let check = |step: u32, points: u32, outcome: Outcome| {
            let failed = outcome == Outcome::Failed;
            let mistake = Mistake {
                name: "one-too-few".into(),
                says: "You count from 0. Count from 1 & <up>.".into(),
            };
            let check = Check {
                name: format!("check of {points}"),
                points,
                outcome,
                mistakes: failed.then_some(mistake).into_iter().collect(),
                report: failed.then(|| "step 1: check\nasked  curl 'x' <b>\n".to_string()),
                private: false,
            };
            (step, check)
        };
        let file = |path: &str| {
            Some(File {
                path: path.into(),
                sha256: hash_of(path.as_bytes()),
            })
        };
        let [ant, bee] = &course.lessons[..] else {
            panic!("two lessons")
        };
        let graded = |lesson, outcomes: [Outcome; 3]| {
            let [one, two, three] = outcomes;
            let checks = vec![check(1, 1, one), check(1, 2, two), check(2, 3, three)];
            LessonRecord::of(lesson, file("x.rs"), State::Graded, checks)
        };
        let all = [Outcome::Passed; 3];
        let some = [Outcome::Passed, Outcome::Failed, Outcome::Open];
        let broken = LessonRecord {
            state: State::DoesNotCompile,
            why: Some("error: expected `;`\n --> starter/2_bee.rs:3:5".into()),
            ..grading::missing(bee)
        };
        let none = [ant, bee].map(grading::missing).to_vec();
        let note = vec!["main.rs was taken for 1_ant.rs.".into()];
        vec![
            Record::of(
                "ada",
                Vec::new(),
                grading.clone(),
                vec![graded(ant, all), graded(bee, all)],
            ),
            Record::of(
                "bob, jr.",
                note,
                grading.clone(),
                vec![graded(ant, some), broken],
            ),
            Record::of("cy <3", Vec::new(), grading, none),
        ]
    }

    /// The one with full points, but late.
    pub(crate) fn adjusted() -> Record {
        let mut record = class().remove(0);
        record.points = 9;
        record.adjustments = vec![Adjustment {
            lesson: None,
            step: None,
            points: -3,
            reason: "2 days late: 25 % of 12".into(),
        }];
        record
    }

    /// The one with a failure, whose first lesson is another one than the others have.
    pub(crate) fn with_variant() -> Record {
        let mut record = class().remove(1);
        record.lessons[0].variant = vec![Chosen {
            what: "the <path>".into(),
            usual: "a | 2".into(),
            chosen: "b | 3".into(),
        }];
        record
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let all = [class(), vec![adjusted(), with_variant()]].concat();
        let read: Vec<Record> = {
            let json = Format::Json.write(&all, &Edits::default()).unwrap();
            serde_json::from_str(&json).unwrap()
        };
        assert_eq!(read, all);
    }

    #[test]
    fn all_formats_tell_the_same_points() {
        // Of 12: all; 1 of the first lesson's 6; none.
        let class = class();
        let points: Vec<u32> = class.iter().map(|record| record.points).collect();
        assert_eq!(points, [12, 1, 0]);
        for (name, format) in Format::ALL {
            // Those that have one at a time: see there.
            let Ok(written) = format.write(&class, &Edits::default()) else {
                continue;
            };
            assert!(written.ends_with('\n'), "{name}");
            for who in ["ada", "bob, jr."] {
                assert!(
                    written.contains(who),
                    "{name} does not name {who}:\n{written}"
                );
            }
        }
    }

    #[test]
    fn a_format_has_a_name_and_endings() {
        for (name, format) in Format::ALL {
            assert_eq!(name.parse(), Ok(format));
        }
        assert_eq!(Format::of_file(Path::new("a/b.csv")), Some(Format::Csv));
        assert_eq!(Format::of_file(Path::new("csv")), None);
    }

    #[test]
    fn what_is_escaped_is_text() {
        assert_eq!(
            escape("a<b> & \"c\" 'd'\u{1b}[0m\n"),
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;[0m\n"
        );
    }
}
