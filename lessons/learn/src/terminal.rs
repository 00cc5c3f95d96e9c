//! `cargo learn --terminal`: the same for those who have only a terminal. Saved files are
//! checked, the first failed check is shown, and a letter with Enter asks for more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, TryRecvError};
use std::time::Duration;
use std::{env, fs, thread};

use grader::record::{Finding, Outcome};
use grader::{Part, count};

use crate::checks::Checks;
use crate::course::{Course, Lesson};
use crate::status::{State, Status};
use crate::text;

/// How often the keyboard is looked at.
const LOOK: Duration = Duration::from_millis(150);

const KEYS: &str = "h hint, n next lesson, l all lessons, c check again, q quit (each with Enter)";

/// Watches, and talks, until it is told to quit. At the end of standard input it goes on: who
/// has no keyboard here reads all the same.
///
/// # Errors
///
/// If nothing can be printed.
pub(crate) fn run(checks: &Checks) -> io::Result<()> {
    let color = io::stdout().is_terminal()
        && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb");
    let teller = Teller { checks, color };
    let (send, keys) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let mut folder = teller.first_undone();
    teller.say(&teller.heading(&folder))?;
    checks.look_at(&folder);
    let mut seen = 0;
    let mut runs = BTreeMap::new();
    loop {
        let version = checks.wait(seen, LOOK);
        if version != seen {
            seen = version;
            for lesson in checks.course.lessons() {
                let number = checks.with(&lesson.folder, |status| status.runs);
                let before = runs.insert(lesson.folder.clone(), number);
                if number > before.unwrap_or_default()
                    && (before.is_some() || lesson.folder == folder)
                {
                    folder.clone_from(&lesson.folder);
                    teller.say(&teller.told(&lesson))?;
                }
            }
        }
        match keys.try_recv() {
            Ok(key) if key.trim() == "q" => return Ok(()),
            Ok(key) => {
                if key.trim() == "n" {
                    folder = teller.after(&folder);
                    checks.look_at(&folder);
                }
                if key.trim() == "c" {
                    checks.again(&folder);
                }
                teller.say(&teller.answer(key.trim(), &folder))?;
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
    }
}

struct Teller<'a> {
    checks: &'a Checks,
    color: bool,
}

impl Teller<'_> {
    fn course(&self) -> &Course {
        &self.checks.course
    }

    fn say(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", text.trim_end())?;
        out.flush()
    }

    /// The text in this color, if there are colors.
    fn colored(&self, color: u8, text: &str) -> String {
        match self.color {
            true => format!("\u{1b}[{color}m{text}\u{1b}[0m"),
            false => text.into(),
        }
    }

    fn state(&self, state: State) -> String {
        match state {
            State::Open => "open".into(),
            State::Unknown => "not checked yet".into(),
            State::Failing(number) => {
                self.colored(31, &format!("failing: {}", count(number, "check")))
            }
            State::Done => self.colored(32, "done"),
        }
    }

    /// The folder of the lesson to go on with.
    fn first_undone(&self) -> String {
        let lessons = self.course().lessons();
        let undone = lessons.iter().filter(|lesson| !lesson.steps.is_empty());
        let mut undone = undone.filter(|lesson| !self.checks.with(&lesson.folder, Status::is_done));
        let first = undone.next().or(lessons.last());
        first
            .map(|lesson| lesson.folder.clone())
            .unwrap_or_default()
    }

    /// The lesson behind this one, or this one, if it is the last.
    fn after(&self, folder: &str) -> String {
        let lessons = self.course().lessons();
        let next = lessons
            .iter()
            .skip_while(|lesson| lesson.folder != folder)
            .nth(1);
        next.map_or_else(|| folder.into(), |lesson| lesson.folder.clone())
    }

    fn heading(&self, folder: &str) -> String {
        let Some(lesson) = self.course().lesson(folder) else {
            return "There is no lesson.".into();
        };
        format!(
            "\n{}\nread   lessons/{}/README.md\nedit   {}\nEach time you save, it is checked.\n{KEYS}",
            self.colored(1, &format!("Lesson {}: {}", lesson.number, lesson.title)),
            lesson.folder,
            lesson.starter(),
        )
    }

    fn answer(&self, key: &str, folder: &str) -> String {
        let lesson = self.course().lesson(folder);
        match (key, lesson) {
            ("h", Some(lesson)) => self.hint(&lesson),
            ("n", _) => self.heading(folder),
            ("l", _) => self.all(),
            ("c", _) => "Checking.".into(),
            _ => KEYS.into(),
        }
    }

    /// The hint of the step that is in work.
    fn hint(&self, lesson: &Lesson) -> String {
        let text = fs::read_to_string(
            self.course()
                .root
                .join("lessons")
                .join(&lesson.folder)
                .join("README.md"),
        );
        let step = self.checks.with(&lesson.folder, |status| {
            let undone = lesson
                .steps
                .iter()
                .find(|step| status.state(step.number) != State::Done);
            undone.map(|step| step.number)
        });
        let hint = step.and_then(|step| Some((step, text::hint(&text.ok()?, step)?)));
        match hint {
            Some((step, hint)) => format!("A hint for step {step}:\n\n{hint}\n"),
            None => "There is no hint.".into(),
        }
    }

    fn all(&self) -> String {
        let mut out = String::new();
        for lesson in self.course().lessons() {
            let (points, is_done) = self
                .checks
                .with(&lesson.folder, |status| (status.points(), status.is_done()));
            let far = match points {
                Some((points, all)) if points > 0 || is_done => {
                    format!("{points} of {}", count(all as usize, "point"))
                }
                _ if lesson.steps.is_empty() => "nothing to write".into(),
                _ => count(lesson.steps.len(), "step"),
            };
            let far = if is_done { self.colored(32, &far) } else { far };
            let _ = writeln!(out, "{:3} {:22} {far}", lesson.number, lesson.title);
        }
        out
    }

    /// How a lesson is, and the first check that fails.
    fn told(&self, lesson: &Lesson) -> String {
        self.checks.with(&lesson.folder, |status| {
            let mut out = String::from("\n");
            if let Some(why) = &status.trouble {
                return format!("\nThe checks could not be run:\n{why}");
            }
            if let Some(why) = &status.not_built {
                let short = status.not_built_in_short().unwrap_or_default();
                return format!("\n{}\n{why}", self.colored(31, &format!("{short}.")));
            }
            let points = status.points().unwrap_or_default();
            let _ = writeln!(
                out,
                "{}: {} of {}",
                lesson.package,
                points.0,
                count(points.1 as usize, "point")
            );
            let mut failed = None;
            for step in status.steps() {
                let _ = writeln!(out, "  step {step}  {}", self.state(status.state(step)));
                let mut outcomes = status.of_step(step).filter_map(|(_, outcome, _)| outcome);
                let first = outcomes.find_map(|outcome| match outcome {
                    Outcome::Failed(finding) => Some(finding),
                    _ => None,
                });
                failed = failed.or(first.filter(|_| !status.open.contains(&step)));
            }
            if let Some(finding) = failed {
                let _ = write!(out, "\n{}\n", self.failure(lesson, &status.seed, finding));
            }
            if status.is_done() {
                let _ = writeln!(out, "This lesson is done. n and Enter: the next one.");
                out += &self.learned(lesson);
            }
            out
        })
    }

    /// At the end of a part: the idea of each of its lessons.
    fn learned(&self, lesson: &Lesson) -> String {
        let Some(part) = self.course().part_that_ends_with(&lesson.folder) else {
            return String::new();
        };
        let title = format!("What part {} has taught: {}", part.number, part.title);
        let mut out = format!("\n{}\n", self.colored(1, &title));
        let lessons = part.folders.iter();
        for lesson in lessons.filter_map(|folder| self.course().lesson(folder)) {
            let _ = writeln!(out, "{:3} {}", lesson.number, lesson.idea);
        }
        out
    }

    /// The report that `cargo test` prints of it.
    fn failure(&self, lesson: &Lesson, seed: &str, finding: &Finding) -> String {
        let folder = self.course().root.join("lessons").join(&lesson.folder);
        let mut out = self.colored(31, &finding.check) + "\n";
        for Part { label, lines, .. } in
            grader::report(&folder.to_string_lossy(), &lesson.package, seed, finding)
        {
            for (number, line) in lines.iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                let _ = writeln!(out, "{label:13} {line}");
            }
        }
        out
    }
}
