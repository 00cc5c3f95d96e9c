//! What every lesson's checks are written with.
//!
//! A lesson's `grade.rs` is a list of checks and the functions that do them. Each
//! check has the student's program for itself, and a client:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use grader::{Run, Verdict};
//!
//! fn main() -> ExitCode {
//!     grader::lesson!()
//!         .check(1, "GET / answers 200", 1, homepage)
//!         .check(2, "a path nobody knows answers 404", 2, unknown_path)
//!         .grade()
//! }
//!
//! fn homepage(run: &mut Run) -> Verdict {
//!     run.get("/")?.expect_status(200)
//! }
//!
//! fn unknown_path(run: &mut Run) -> Verdict {
//!     let path = run.seed().path(); // "/tabby-walnut-41": nobody can guess it
//!     let answer = run.get(&path)?;
//!     answer.expect_status(404)?;
//!     answer.expect_body("Page not found\n")
//! }
//! ```
//!
//! The checks of a step are ignored while its `todo!("step 2: ...")` stands in the
//! starter, and graded once it is gone. The program is built by the run itself, so
//! one that does not compile fails its own lesson only. A check that fails says what
//! was asked, what was expected, what came back, what the program printed, and what
//! the likely cause is. A program is ended with its check, however that ends.
//!
//! # Programs that are no servers
//!
//! A server is started by the first request to it. A program that runs to its end is
//! started by the check, with arguments and variables, as often as it likes; what it
//! talks to can be a stub that answers as the check says, or a server that is another
//! program of the lesson:
//!
//! ```no_run
//! # use grader::{Reply, Run, Verdict};
//! fn prints_the_name(run: &mut Run) -> Verdict {
//!     let name = run.seed().word();
//!     let person = format!(r#"{{"name": "{name}"}}"#);
//!     let people = run.stub(move |_| Reply::json(&person));
//!     let end = run.program().arg("17").env("PEOPLE", &people.url()).wait()?;
//!     end.expect_code(0)?;
//!     end.expect_stdout(&format!("My name is {name}\n"))?;
//!     match &people.requests()[..] {
//!         [one] if one.target() == "/people?id=17" => Ok(()),
//!         _ => Err(end.wrong("one request to the server: GET /people?id=17")),
//!     }
//! }
//!
//! fn gets_along_with_the_real_service(run: &mut Run) -> Verdict {
//!     let people = run.binary("people_service").serve()?;
//!     let end = run.program().arg("17").env("PEOPLE", &people.url()).wait()?;
//!     end.expect_code(0)
//! }
//! ```
//!
//! # Pages
//!
//! [`Run::browser`] opens the pages of the student's server in Chromium, where there is
//! one; where there is none, the check is ignored, with the reason, and its points count
//! for nobody. So such a check is best an extra one, with 0 points.
//!
//! # Variables
//!
//! | variable | what it does |
//! | --- | --- |
//! | `GRADE_SEED=7342` | draws the values of the checks from this text; a new number each run if it is not set |
//! | `GRADE_PROGRAM=path` | grades this executable: nothing is built, every step counts, the solution is left alone |
//! | `GRADE_REPORT=path` | writes the results of the checks that ran as JSON to `PACKAGE.json` in this folder, or to this file if its name ends in `.json`; folders are made |
//! | `GRADE_BROWSER=path` | drives this Chromium, not the one in the PATH |
//! | `GRADE_BROWSER_STEPS=2` | with `GRADE_PROGRAM` only: skips the browser in the checks of all other steps than these (numbers with commas between); for the check of the course, which grades many programs of which it knows the step that is wrong |
//!
//! Relative paths are meant from the root of the workspace.
//!
//! The JSON holds `lesson`, `seed` and `checks`; each of these has `step`, `name`,
//! `points`, `outcome` (`passed`, `failed`, `ignored`, `not-graded` where something else
//! than the program was in the way, or, by `GRADE_BROWSER_STEPS`, `skipped`), `diagnosis` (the name of the likely cause) and `message`. A message stands
//! by itself: what a student reads tells a likely cause that several checks share once.
//!
//! # How it is laid out
//!
//! - [`lesson`](crate::lesson!): the list of checks and its run as a test program
//! - `place`: the files of a lesson
//! - `attempt`: one check against one program
//! - `program`: which steps are open, how a program is built, runs, prints and surely
//!   ends
//! - `run`, `request`, `earlier`, `server`, `client`, `wire`, `answer`, `seed`: what a check of a
//!   server works with
//! - `invocation`, `stub`: what a check of a program that runs to its end works with
//! - `browser`, `page`: what a check of pages works with
//! - `failure`, `diagnosis`, `report`, `show`: why it failed, and how that is told
//! - `results`: the summary and the JSON
//! - `sync`: locks

mod answer;
mod attempt;
mod bench;
mod cause;
mod client;
mod diagnosis;
mod earlier;
mod failure;
mod fault;
mod grade;
mod invocation;
mod lesson;
pub mod model;
mod page;
mod place;
mod program;
pub mod record;
mod report;
mod request;
mod results;
mod run;
mod seed;
mod server;
mod shell;
mod show;
mod stub;
mod sync;
mod tell;
mod wire;

pub use answer::Answer;
pub use client::browser::Exchange;
pub use failure::{Failure, Verdict};
pub use grade::{Grading, Judge, Judge::Status, Judge::Whole};
pub use invocation::{Finished, Invocation};
pub use lesson::Lesson;
pub use model::{Draw, Mistakes, Model};
pub use page::Page;
pub use program::guard::guard_if_asked;
pub use record::{
    Act, Bytes, Expect, NOBODY, OUTSIDE, SERVICE, Seen, get, post, request, run, serves, start,
    write,
};
pub use request::encode_form;
pub use run::{Ask, Limits, Run};
pub use seed::Seed;
pub use server::Service;
pub use stub::{Received, Reply, Stub};
pub use wire::Wire;

/// Begins the list of checks of the lesson whose package this is written in.
#[macro_export]
macro_rules! lesson {
    ($model:expr) => {
        $crate::Grading::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_PKG_NAME"), $model).built_from(
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/grade.rs")),
        )
    };
    () => {
        $crate::Lesson::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_PKG_NAME"))
    };
}
