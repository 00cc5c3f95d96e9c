//! The grader against programs that do everything wrong.
//!
//! This one program plays three parts, chosen by the environment: the student's
//! program (`student`), a lesson that grades it (`lesson`), and the tests, which
//! start the lesson and look at its results.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

mod browser;
mod building;
mod client;
mod confined;
mod course;
mod diagnosis;
mod leftovers;
mod lesson;
mod report;
mod sessions;
mod stage;
#[cfg(unix)]
mod starting;
mod student;

fn main() -> ExitCode {
    grader::guard_if_asked();
    if std::env::var_os("PORT").is_some()
        && let Ok(part) = std::env::var("STUDENT")
    {
        return match part.split_once(": ") {
            Some(("client", part)) => client::play(part),
            Some(("board", part)) => browser::play(part),
            _ => student::play(&part),
        };
    }
    if let Ok(folder) = std::env::var("LESSON") {
        return lesson::grade(&folder);
    }
    let mut trials = diagnosis::trials();
    trials.extend(browser::trials());
    trials.extend(client::trials());
    trials.extend(confined::trials());
    trials.extend(leftovers::trials());
    trials.extend(report::trials());
    trials.extend(sessions::trials());
    trials.extend(course::trials());
    trials.extend(building::trials());
    #[cfg(unix)]
    trials.extend(starting::trials());
    // Most of them wait, for limits and for Cargo, more than they work.
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(6);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test from a function that panics if it fails.
fn test(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        run();
        Ok(())
    })
}
