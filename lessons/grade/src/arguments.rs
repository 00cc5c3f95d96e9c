//! The command line of `cargo grade`.

use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use crate::format::Format;
use crate::pack::Edition;

/// What is printed for `--help`.
pub const HELP: &str = "\
cargo grade [LESSON...]            grades the starters of this workspace
cargo grade --class DIR            grades each folder, .zip and .tar.gz in DIR
cargo grade --submission PATH      grades one folder, .zip or .tar.gz
cargo grade merge FILE.json...     writes what several runs have found as one
cargo grade pack EDITION [LESSON...] --output PATH
                                   makes what is handed out: student, zip,
                                   github-classroom or gradescope
cargo grade new-lesson NAME        begins a lesson (lessons/AUTHORING.md)

  LESSON          a lesson's name or number; all lessons if none is named
  --solutions     grades the reference in place of the starters
  --class DIR     grades a class: each folder or archive in DIR is one submission;
                  DIR/class.toml has its rules (lessons/grade/README.md).
                  With pack student or pack zip: makes one for each student on the
                  roster, PATH/SUBMISSION, in which lessons differ in names and limits
  --shard K/N     with --class: grades the Kth of N parts; needs --seed
  --private DIR   with --submission: does the checks in DIR, too, which students never
                  see; with pack gradescope: packs them. (A class names them in class.toml)
  --trust         runs submissions unconfined, as yourself
  --browser       opens pages in a browser, too, where a lesson has checks for that
  --seed SEED     draws the values of the checks from this text
  --format FORMAT table, json, csv, html, junit, markdown, canvas or moodle; of one
                  submission also gradescope, classroom, classroom50, check50 or
                  prairielearn
  --output FILE   writes to FILE; its ending tells the format, if --format does not.
                  May be given several times
  --feedback DIR  writes a page for each student into DIR, fit to be sent
  --strict        anything but full points is an error
";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The lessons that are named; none means all.
    pub lessons: Vec<String>,
    /// Whether the reference is graded.
    pub solutions: bool,
    /// The folder of the class, if one is graded.
    pub class: Option<PathBuf>,
    /// The one submission that is graded, if one is.
    pub submission: Option<PathBuf>,
    /// Which part of the class is graded, and the number of parts.
    pub shard: Option<(usize, usize)>,
    /// The records that are merged, in place of a grading.
    pub merge: Option<Vec<PathBuf>>,
    /// What is packed, and where to, in place of a grading.
    pub pack: Option<(Edition, PathBuf)>,
    /// The name of a lesson that is begun, in place of a grading.
    pub new_lesson: Option<String>,
    /// The folder of the instructor's own checks, for one submission, or to be packed.
    pub private: Option<PathBuf>,
    /// Whether submissions need not be confined.
    pub trust: bool,
    /// Whether there are checks in a browser.
    pub browser: bool,
    /// What values are drawn from.
    pub seed: Option<String>,
    /// What is written, and where: to standard output, if there is no file.
    pub outputs: Vec<(Format, Option<PathBuf>)>,
    /// The folder for a page for each student, if they are wanted.
    pub feedback: Option<PathBuf>,
    /// Whether anything but full points is an error.
    pub strict: bool,
    /// Whether only help is asked for.
    pub help: bool,
}

impl Arguments {
    /// Reads the command line of this process.
    ///
    /// # Errors
    ///
    /// With what is wrong with it.
    pub fn read() -> Result<Self, String> {
        let wrong = |why: lexopt::Error| format!("{why}\n\n{HELP}");
        Self::parse(lexopt::Parser::from_env()).map_err(wrong)
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        let mut format = None;
        let mut files: Vec<(Option<Format>, PathBuf)> = Vec::new();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(lesson) => arguments.lessons.push(lesson.string()?),
                Long("solutions") => arguments.solutions = true,
                Long("class") => arguments.class = Some(parser.value()?.into()),
                Long("submission") => arguments.submission = Some(parser.value()?.into()),
                Long("shard") => arguments.shard = Some(parser.value()?.parse_with(shard)?),
                Long("private") => arguments.private = Some(parser.value()?.into()),
                Long("trust") => arguments.trust = true,
                Long("browser") => arguments.browser = true,
                Long("seed") => arguments.seed = Some(parser.value()?.string()?),
                Long("format") => format = Some(parser.value()?.parse()?),
                Long("output") => files.push((format.take(), parser.value()?.into())),
                Long("feedback") => arguments.feedback = Some(parser.value()?.into()),
                Long("strict") => arguments.strict = true,
                Short('h') | Long("help") => arguments.help = true,
                other => return Err(other.unexpected()),
            }
        }
        match arguments.lessons.first().map(String::as_str) {
            Some("merge") => {
                let files = arguments.lessons.drain(..).skip(1).map(PathBuf::from);
                arguments.merge = Some(files.collect());
            }
            Some("pack") => {
                let usage = "what, and where to: cargo grade pack student --output PATH";
                let edition: Edition = arguments.lessons.get(1).ok_or(usage)?.parse()?;
                arguments.lessons.drain(..2);
                let [(None, path)] = &files[..] else {
                    return Err(usage.into());
                };
                if arguments.private.is_some() && edition != Edition::Gradescope {
                    return Err(
                        "private checks are packed for gradescope alone: all else is for students"
                            .into(),
                    );
                }
                if arguments.class.is_some() && !edition.is_for_one() {
                    return Err("--class packs a student or zip edition for each student".into());
                }
                arguments.pack = Some((edition, path.clone()));
                return Ok(arguments);
            }
            Some("new-lesson") => {
                let [_, name] = &arguments.lessons[..] else {
                    return Err("one name: cargo grade new-lesson NAME".into());
                };
                arguments.new_lesson = Some(name.clone());
                return Ok(arguments);
            }
            _ => {}
        }
        for (format, file) in files {
            let of_file = || Format::of_file(&file).ok_or_else(|| unknown(&file));
            let format = format.map_or_else(of_file, Ok)?;
            arguments.outputs.push((format, Some(file)));
        }
        match format {
            Some(format) => arguments.outputs.push((format, None)),
            None if arguments.outputs.is_empty() => arguments.outputs.push((Format::Table, None)),
            None => {}
        }
        let Self {
            class, submission, ..
        } = &arguments;
        let of_others = class.is_some() || submission.is_some();
        let wrong = [
            (
                class.is_some() && submission.is_some(),
                "--class or --submission, not both",
            ),
            (
                of_others && arguments.solutions,
                "--solutions is for this workspace alone",
            ),
            (
                !of_others && arguments.trust,
                "--trust is for submissions: your own programs run as yourself anyway",
            ),
            (
                arguments.private.is_some() && submission.is_none(),
                "--private is for a --submission; a class names the folder in its class.toml",
            ),
            (
                arguments.shard.is_some() && (class.is_none() || arguments.seed.is_none()),
                "--shard is for a --class, and needs a --seed: all parts have the same",
            ),
        ];
        if let Some((_, why)) = wrong.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err((*why).into());
        }
        Ok(arguments)
    }
}

/// The numbers in `2/8`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/');
    let numbers = numbers.and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let numbers = numbers.filter(|(k, n)| (1..=*n).contains(k));
    numbers.ok_or_else(|| "which part, of how many: 1/8 to 8/8".into())
}

fn unknown(file: &Path) -> lexopt::Error {
    format!(
        "{}: which format? Say it before, as in --format csv --output FILE",
        file.display()
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let words = line.split_whitespace();
        let words = ["grade"].into_iter().chain(words);
        Arguments::parse(lexopt::Parser::from_iter(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_output_has_the_format_before_it_or_that_of_its_ending() {
        let outputs = |line: &str| parse(line).map(|arguments| arguments.outputs);
        assert_eq!(outputs(""), Ok(vec![(Format::Table, None)]));
        assert_eq!(outputs("--format json"), Ok(vec![(Format::Json, None)]));
        assert_eq!(
            outputs(
                "--output a.csv --output b.html --format junit --output c.xml --format markdown"
            ),
            Ok(vec![
                (Format::Csv, Some("a.csv".into())),
                (Format::Html, Some("b.html".into())),
                (Format::Junit, Some("c.xml".into())),
                (Format::Markdown, None),
            ])
        );
        assert_eq!(
            outputs("--output scores"),
            Err("scores: which format? Say it before, as in --format csv --output FILE".into())
        );
        assert!(outputs("--format pdf").unwrap_err().contains("pdf"));
    }

    #[test]
    fn a_part_of_a_class_is_the_kth_of_n() {
        let shard = |text: &str| {
            parse(&format!("--class x --seed 1 --shard {text}")).map(|arguments| arguments.shard)
        };
        assert_eq!(shard("2/8"), Ok(Some((2, 8))));
        for wrong in ["0/8", "9/8", "2", "a/b"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
        assert!(parse("--class x --shard 1/2").is_err());
        let merge = parse("merge a.json b.json --format csv").unwrap();
        assert_eq!(merge.merge, Some(vec!["a.json".into(), "b.json".into()]));
        assert_eq!(merge.lessons, [""; 0]);
    }

    #[test]
    fn what_is_packed_has_a_place() {
        let packed = parse("pack zip path_router --output a.zip").unwrap();
        assert_eq!(packed.pack, Some((Edition::Zip, "a.zip".into())));
        assert_eq!(packed.lessons, ["path_router"]);
        let packed = parse("pack github-classroom --output folder").unwrap();
        assert_eq!(
            packed.pack,
            Some((Edition::GithubClassroom, "folder".into()))
        );
        let packed = parse("pack gradescope --private mine --output a.zip").unwrap();
        assert_eq!(packed.private, Some("mine".into()));
        for wrong in [
            "pack",
            "pack student --private mine --output x",
            "pack zip",
            "pack tar --output x",
            "pack gradescope --class c --output x",
            "pack zip --output a --output b",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let packed = parse("pack zip --class mine --output folder").unwrap();
        assert_eq!(packed.class, Some("mine".into()));
        let begun = parse("new-lesson cookies").unwrap();
        assert_eq!(begun.new_lesson.as_deref(), Some("cookies"));
        assert!(parse("new-lesson").is_err());
    }

    #[test]
    fn a_class_is_graded_with_the_files_of_the_class() {
        let arguments = parse("3 path_router --class hand-ins --seed 7 --trust").unwrap();
        assert_eq!(arguments.lessons, ["3", "path_router"]);
        assert_eq!(arguments.class, Some("hand-ins".into()));
        assert_eq!(arguments.seed.as_deref(), Some("7"));
        assert!(arguments.trust);
        assert!(parse("--class x --solutions").is_err());
        assert!(parse("--class x --submission y").is_err());
        assert!(parse("--trust").is_err());
        let private = parse("--submission x --private mine").map(|arguments| arguments.private);
        assert_eq!(private, Ok(Some("mine".into())));
        assert!(parse("--private mine").is_err());
        assert!(parse("--class x --private mine").is_err());
        assert!(parse("--nothing").is_err());
    }
}
