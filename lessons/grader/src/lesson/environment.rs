//! What the environment asks of a run; see the documentation of the crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The variables of a run.
pub(super) struct Environment {
    pub(super) seed: String,
    pub(super) program: Option<PathBuf>,
    pub(super) report: Option<PathBuf>,
    pub(super) browser_steps: Option<BTreeSet<u32>>,
    pub(super) sessions: usize,
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
        let program = set("GRADE_PROGRAM").map(|path| root.join(path));
        if let Some(missing) = program.as_ref().filter(|path| !path.is_file()) {
            return Err(format!(
                "GRADE_PROGRAM: there is no file {}",
                missing.display()
            ));
        }
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
            report: set("GRADE_REPORT").map(|path| root.join(path)),
            browser_steps,
            sessions,
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
