//! What is printed of a run, as `cargo test` prints it.

use std::io::Write as _;
use std::time::Instant;

/// What is said of one test.
pub(super) enum Said {
    Ok,
    Failed(String),
    Ignored(String),
}

/// How tests are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In columns, a line for each.
    Lines,
    /// A letter for each.
    Letters,
    /// Not at all: something else reads what is printed.
    Nothing,
}

/// Prints tests as they end, and counts them.
pub(super) struct Printer {
    width: usize,
    form: Form,
    passed: usize,
    ignored: usize,
    /// The names of tests, and why they failed.
    pub(super) failures: Vec<(String, String)>,
    /// What the compiler said of the program, though it has built it.
    pub(super) warnings: Vec<String>,
}

impl Printer {
    /// Prints these tests in this form.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>, form: Form) -> Self {
        Self {
            width: names.map(|name| name.chars().count()).max().unwrap_or(0),
            form,
            passed: 0,
            ignored: 0,
            failures: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn begin(&self, name: &str) {
        if self.form == Form::Lines {
            let width = self.width;
            print!("test {name:width$} ... ");
            let _ = std::io::stdout().flush();
        }
    }

    pub(super) fn end(&mut self, name: &str, said: Said) {
        let (word, letter) = match &said {
            Said::Ok => ("ok".to_string(), '.'),
            Said::Failed(_) => ("FAILED".into(), 'F'),
            Said::Ignored(why) if why.is_empty() => ("ignored".into(), 'i'),
            Said::Ignored(why) => (format!("ignored ({why})"), 'i'),
        };
        match said {
            Said::Ok => self.passed += 1,
            Said::Ignored(_) => self.ignored += 1,
            Said::Failed(why) => self.failures.push((name.into(), why)),
        }
        match self.form {
            Form::Lines => println!("{word}"),
            Form::Letters => print!("{letter}"),
            Form::Nothing => {}
        }
    }

    /// Why tests failed, which they were, and how many there were.
    pub(super) fn finish(&self, filtered_out: usize, began: Instant) {
        if self.form == Form::Nothing {
            return;
        }
        if !self.failures.is_empty() {
            println!("\nfailures:\n");
            for (name, why) in &self.failures {
                println!("---- {name} ----\n{why}\n");
            }
            if !self.warnings.is_empty() {
                println!(
                    "---- what the compiler warns of ----\n{}",
                    self.warnings.join("\n")
                );
            }
            println!("\nfailures:");
            for (name, _) in &self.failures {
                println!("    {name}");
            }
        }
        let (passed, ignored, failed) = (self.passed, self.ignored, self.failures.len());
        let result = if failed == 0 { "ok" } else { "FAILED" };
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "\ntest result: {result}. {passed} passed; {failed} failed; {ignored} ignored; \
             0 measured; {filtered_out} filtered out; finished in {seconds:.2}s\n"
        );
    }
}
