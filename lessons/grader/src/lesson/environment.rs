//! What the environment asks of a run; see the documentation of the crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::Executable;

/// The variables of a run.
pub(super) struct Environment {
    pub(super) seed: String,
    pub(super) program: Option<Executable>,
    /// The source that the program was made from.
    pub(super) source: Option<PathBuf>,
    /// The folder of the lesson's other programs, if they are built already.
    pub(super) helpers: Option<PathBuf>,
    pub(super) report: Option<PathBuf>,
    /// Whether a tool reads what is printed: events, and nothing else.
    pub(super) events: bool,
    pub(super) browser_steps: Option<BTreeSet<u32>>,
    pub(super) sessions: usize,
    /// Whether an example that fails by time is played once more.
    pub(super) again: bool,
}

impl Environment {
    /// Paths are meant from the root of the workspace, where people type; Cargo runs
    /// tests in the folder of their package.
    ///
    /// # Errors
    ///
    /// With what is wrong with a variable.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name| set(name).map(|value| value.to_string_lossy().into_owned());
        let program = set("GRADE_PROGRAM").map(|path| Executable::from(root.join(path)));
        let source = set("GRADE_SOURCE").map(|path| root.join(path));
        let wrap = text("GRADE_WRAP");
        for (name, value) in [
            ("GRADE_SOURCE", source.is_some()),
            ("GRADE_WRAP", wrap.is_some()),
        ] {
            if value && program.is_none() {
                return Err(format!("{name} goes with GRADE_PROGRAM only"));
            }
        }
        let path = program.as_ref().map(|program| &program.path);
        for (name, path) in [("GRADE_PROGRAM", path), ("GRADE_SOURCE", source.as_ref())] {
            if let Some(missing) = path.filter(|path| !path.is_file()) {
                return Err(format!("{name}: there is no file {}", missing.display()));
            }
        }
        let wrap = wrap.map_or(Ok(Vec::new()), |wrap| {
            let words = serde_json::from_str(&wrap);
            words.map_err(|why| format!("GRADE_WRAP: a command as a list in JSON ({why})"))
        })?;
        let program = program.map(|program| Executable { wrap, ..program });
        let browser_steps = match text("GRADE_BROWSER_STEPS") {
            Some(_) if program.is_none() => {
                return Err(
                    "GRADE_BROWSER_STEPS goes with GRADE_PROGRAM only: a student's \
                            program gets every check"
                        .into(),
                );
            }
            Some(steps) => Some(numbers(&steps)?),
            None => None,
        };
        let sessions = match text("GRADE_SESSIONS") {
            Some(number) => number
                .parse()
                .map_err(|_| format!("GRADE_SESSIONS={number}: a number of sessions"))?,
            None => super::graded::SESSIONS,
        };
        Ok(Self {
            seed: text("GRADE_SEED").unwrap_or_else(crate::model::any_seed),
            program,
            source,
            helpers: set("GRADE_HELPERS").map(|path| root.join(path)),
            report: set("GRADE_REPORT").map(|path| root.join(path)),
            events: text("GRADE_EVENTS").is_some_and(|value| value != "0"),
            browser_steps,
            sessions,
            again: text("GRADE_AGAIN").is_none_or(|value| value != "0"),
        })
    }
}

/// The numbers in `1,2`.
fn numbers(text: &str) -> Result<BTreeSet<u32>, String> {
    let numbers = text.split(',').map(|number| number.trim().parse());
    numbers.collect::<Result<_, _>>().map_err(|_| {
        format!("GRADE_BROWSER_STEPS={text}: numbers of steps with commas between, such as 1,2")
    })
}
