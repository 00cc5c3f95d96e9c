//! The command line of `cargo grade`.

use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use crate::format::Format;

/// What is printed for `--help`.
pub const HELP: &str = "\
cargo grade [LESSON...]            grades the starters of this workspace
cargo grade --class DIR            grades each folder, .zip and .tar.gz in DIR

  LESSON          a lesson's name or number; all lessons if none is named
  --solutions     grades the reference in place of the starters
  --class DIR     grades a class: each folder or archive in DIR is one submission
  --trust         with --class: runs submissions unconfined, as yourself
  --browser       opens pages in a browser, too, where a lesson has checks for that
  --seed SEED     draws the values of the checks from this text
  --format FORMAT table, json, csv, html, junit or markdown
  --output FILE   writes to FILE; its ending tells the format, if --format does not.
                  May be given several times
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
    /// Whether submissions need not be confined.
    pub trust: bool,
    /// Whether there are checks in a browser.
    pub browser: bool,
    /// What values are drawn from.
    pub seed: Option<String>,
    /// What is written, and where: to standard output, if there is no file.
    pub outputs: Vec<(Format, Option<PathBuf>)>,
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
        while let Some(argument) = parser.next()? {
            match argument {
                Value(lesson) => arguments.lessons.push(lesson.string()?),
                Long("solutions") => arguments.solutions = true,
                Long("class") => arguments.class = Some(parser.value()?.into()),
                Long("trust") => arguments.trust = true,
                Long("browser") => arguments.browser = true,
                Long("seed") => arguments.seed = Some(parser.value()?.string()?),
                Long("format") => format = Some(parser.value()?.parse()?),
                Long("output") => {
                    let file = PathBuf::from(parser.value()?);
                    let of_file = || Format::of_file(&file).ok_or_else(|| unknown(&file));
                    let format = format.take().map_or_else(of_file, Ok)?;
                    arguments.outputs.push((format, Some(file)));
                }
                Long("strict") => arguments.strict = true,
                Short('h') | Long("help") => arguments.help = true,
                other => return Err(other.unexpected()),
            }
        }
        match format {
            Some(format) => arguments.outputs.push((format, None)),
            None if arguments.outputs.is_empty() => arguments.outputs.push((Format::Table, None)),
            None => {}
        }
        if arguments.class.is_some() && arguments.solutions {
            return Err("--solutions is for this workspace, not for a class".into());
        }
        if arguments.class.is_none() && arguments.trust {
            return Err("--trust is for a class: your own programs run as yourself anyway".into());
        }
        Ok(arguments)
    }
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
    fn a_class_is_graded_with_the_files_of_the_class() {
        let arguments = parse("3 path_router --class hand-ins --seed 7 --trust").unwrap();
        assert_eq!(arguments.lessons, ["3", "path_router"]);
        assert_eq!(arguments.class, Some("hand-ins".into()));
        assert_eq!(arguments.seed.as_deref(), Some("7"));
        assert!(arguments.trust);
        assert!(parse("--class x --solutions").is_err());
        assert!(parse("--trust").is_err());
        assert!(parse("--nothing").is_err());
    }
}
