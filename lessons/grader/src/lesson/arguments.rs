//! The command line of a run, as `cargo test` and `cargo nextest` write it.

use lexopt::prelude::*;

/// What the command line asks for: what `cargo test -- --help` lists, as far as it means
/// something here. Other options of `cargo test` are taken and do nothing.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) filters: Vec<String>,
    skip: Vec<String>,
    pub(super) exact: bool,
    pub(super) list: bool,
    pub(super) ignored: bool,
    include_ignored: bool,
    pub(super) quiet: bool,
}

impl Arguments {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(lexopt::Parser::from_env()).map_err(|error| error.to_string())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(filter) => arguments.filters.push(filter.string()?),
                Long("skip") => arguments.skip.push(parser.value()?.string()?),
                Long("exact") => arguments.exact = true,
                Long("list") => arguments.list = true,
                Long("ignored") => arguments.ignored = true,
                Long("include-ignored") => arguments.include_ignored = true,
                Short('q') | Long("quiet") => arguments.quiet = true,
                Long("test" | "bench" | "nocapture" | "no-capture" | "show-output") => {}
                Long("test-threads" | "color" | "format" | "logfile" | "report-time")
                | Short('Z') => drop(parser.value()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(arguments)
    }

    pub(super) fn asks_for(&self, name: &str) -> bool {
        let fits = |filter: &String| match self.exact {
            true => name == filter,
            false => name.contains(filter.as_str()),
        };
        let wanted = self.filters.is_empty() || self.filters.iter().any(fits);
        wanted && !self.skip.iter().any(fits)
    }

    /// Whether a flag decides what becomes of checks of open steps.
    pub(super) fn flagged(&self) -> bool {
        self.list || self.ignored || self.include_ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &[&str]) -> Arguments {
        let words = ["grade"].iter().chain(line);
        Arguments::parse(lexopt::Parser::from_iter(words)).expect("arguments")
    }

    #[test]
    fn tests_are_chosen_as_cargo_test_chooses_them() {
        let names = ["step 1: a", "step 1: b", "step 12: a"];
        let chosen = |line: &[&str]| {
            let arguments = arguments(line);
            names
                .into_iter()
                .filter(|name| arguments.asks_for(name))
                .collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[]), names);
        assert_eq!(chosen(&["step 1:"]), names[..2]);
        assert_eq!(chosen(&["step 1: b", "step 12"]), names[1..]);
        assert_eq!(chosen(&["--exact", "step 1"]), [""; 0]);
        assert_eq!(chosen(&["--skip", "step 1:", "a"]), names[2..]);
        assert_eq!(
            chosen(&["--nocapture", "--test-threads=1", "--exact", "step 1: a"]),
            names[..1]
        );
    }
}
