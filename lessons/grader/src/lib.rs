//! What every lesson's checks are written with.
//!
//! A lesson's `grade.rs` says once what is right, as a [`Model`]: what the lesson's text
//! promises of each answer. All else follows from it. Examples name what gives points, and
//! drawn sessions find out whatever else a program does wrong. Mistakes that students make are
//! choices of the model set wrong: the one that explains every answer of a program is its
//! cause, and is told with the failure.
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     grader::lesson!(Greeter)
//!         .example(1, 1, "GET /Ada answers 200", Status, |_| [get("/Ada")])
//!         .example(1, 2, "whoever comes is greeted", Whole, |draw| [get(draw.path())])
//!         .sessions(1)
//!         .grade()
//! }
//! ```
//!
//! The model of it, whole:
//!
//! ```
//! use grader::{Act, Draw, Expect, Mistakes, Model, get};
//!
//! /// `/Ada` gets `Hello, Ada`.
//! struct Greeter;
//!
//! /// What it does where students go wrong. The default is right.
//! #[derive(Clone)]
//! struct Knobs {
//!     name: fn(path: &str) -> &str,
//! }
//!
//! impl Default for Knobs {
//!     fn default() -> Self {
//!         Knobs { name: |path| &path[1..] }
//!     }
//! }
//!
//! impl Model for Greeter {
//!     type Knobs = Knobs;
//!     type State = ();
//!
//!     fn expect(knobs: &Knobs, _: &mut (), act: &Act) -> Option<Expect> {
//!         let name = (knobs.name)(act.asked_get()?.path());
//!         Some(Expect::step(1).status(200).body(format!("Hello, {name}\n")))
//!     }
//!
//!     fn draw(draw: &mut Draw, _: &()) -> Vec<Act> {
//!         vec![get(draw.path() + &draw.query())]
//!     }
//!
//!     fn mistakes(mistakes: &mut Mistakes<Knobs>) {
//!         mistakes.wrong("slash", "The name begins behind the slash: &path[1..].", |knobs| {
//!             knobs.name = |path| path;
//!         });
//!     }
//! }
//! ```
//!
//! The checks of a step are ignored while its `todo!("step 2: ...")` stands in the starter,
//! and graded once it is gone. The program is built by the run itself, so one that does not
//! compile fails its own lesson only. A check that fails says what was asked, what was
//! expected, what came back, what the program printed, and the cause, if that is sure. A
//! program is ended with its check, however that ends.
//!
//! How the checks of a lesson are written, and how they are proved, is told in
//! `lessons/AUTHORING.md`.
//!
//! # What no model says
//!
//! A check can also be a function: for a page in a browser, for another program of the
//! lesson, for a port. It gets a [`Run`], asks, and fails in its own words:
//!
//! ```no_run
//! # use grader::{Run, Verdict};
//! fn gets_along_with_the_real_service(run: &mut Run) -> Verdict {
//!     let people = run.binary("people_service").serve()?;
//!     let end = run.program().arg("17").env("PEOPLE", &people.url()).wait()?;
//!     end.expect_code(0)
//! }
//!
//! fn no_script_runs(run: &mut Run) -> Verdict {
//!     let mut page = run.browser()?;
//!     page.open("/?words=<script>alert(1)</script>")?;
//!     match page.dialogs() {
//!         [] => Ok(()),
//!         _ => Err(page.wrong("no script of the words runs")),
//!     }
//! }
//! ```
//!
//! Nobody holds its failure against the model's mistakes, so it has a cause only if what was
//! seen says so by itself, or if the check names one. [`Run::browser`] opens pages in Chromium,
//! where there is one; where there is none, the check is ignored, with the reason, and its
//! points count for nobody. So such a check is best an extra one, with 0 points.
//!
//! # Variables
//!
//! | variable | what it does |
//! | --- | --- |
//! | `GRADE_SEED=7342` | draws the values of the checks from this text; a new number each run if it is not set |
//! | `GRADE_AGAIN=0` | does not play an example once more that has failed by time: for those who do so later, when nothing else runs |
//! | `GRADE_SESSIONS=200` | plays this number of drawn sessions; 20 if it is not set |
//! | `GRADE_PROGRAM=path` | grades this executable: nothing is built, every step counts, the solution is left alone |
//! | `GRADE_SOURCE=path` | with `GRADE_PROGRAM` only: the source that it was made from; the steps whose `todo!` stands in it are open |
//! | `GRADE_WRAP=["bwrap", …]` | with `GRADE_PROGRAM` only: the command that each start of it is given to, which confines it; its path and arguments come at the end |
//! | `GRADE_HELPERS=path` | takes the lesson's other programs from this folder, and builds none that is there |
//! | `GRADE_REPORT=path` | writes the results of the checks that ran as JSON to `PACKAGE.json` in this folder, or to this file if its name ends in `.json`; folders are made |
//! | `GRADE_EVENTS=1` | prints what happens as it happens, each [`record::Event`] as a line of JSON, and nothing else: for a tool that shows it |
//! | `GRADE_BROWSER=path` | drives this Chromium, not the one in the PATH |
//! | `GRADE_BROWSER_STEPS=2` | with `GRADE_PROGRAM` only: skips the browser in the checks of all other steps than these (numbers with commas between); for the check of the course, which grades many programs of which it knows the step that is wrong |
//!
//! Relative paths are meant from the root of the workspace.
//!
//! What shows a run reads its events ([`record::Event`]) and folds them to a
//! [`record::Record`]; [`report`] tells a failure in the words that a student knows from the
//! terminal, and [`guarded`] starts a program that ends with the one that has started it.
//!
//! The JSON holds `lesson`, `seed`, `points`, `all_points`, `not_built` (why, if the program is
//! not built), `warnings` of the compiler, what is `changed` in the files of the course, and
//! `checks`. Each of these has `step`, `name`, `points`, `outcome` (`passed`, `failed`,
//! `open`, `not-graded` where something else must be mended first, `ignored` where this
//! computer cannot do it, or, by `GRADE_BROWSER_STEPS`, `skipped`), `diagnosis` (the name of the cause), `message`, and
//! `finding`: the failure as data, a [`record::Finding`]. A message stands by itself: what a
//! student reads tells a cause that several checks share once.
//!
//! # How it is laid out
//!
//! Each room knows only those that its arrows lead to, and `record`; nothing points back.
//!
//! ```text
//!            ┌─► function ──► bench, client, cause, report
//!            │
//!            ├─► bench ─────► client ──► program ──┐
//! lesson ────┤                                     ├──► record
//!            ├─► cause ─────► model ───────────────┤
//!            │                                     │
//!            └─► report ────► model ───────────────┘
//! ```
//!
//! - [`record`]: acts, what was seen after them, what was expected, what was found
//! - [`model`]: what is right, as a pure function; values and sessions drawn from a seed, and
//!   what fails shrunk to what is needed
//! - `cause`: the rules for what is no misconception, and the mistakes that explain all that
//!   was seen; pure, too
//! - `program`, `client`, `bench`: the program under test, the ways to talk to it, and acts
//!   played on it
//! - `report`: what a student reads, and the JSON
//! - `function`, `lesson`: checks of both kinds, in the order of the steps
//! - `place` (the files of a lesson), `fault` (of the checks themselves), `show` (text for
//!   human eyes) and `sync` are used by all
//! - [`edits`]: programs that differ from a reference, for those who prove a lesson or show its mistakes
//! - [`variants`]: names and limits of a lesson that may differ from student to student

mod bench;
mod cause;
mod client;
pub mod edits;
mod fault;
mod function;
mod lesson;
pub mod model;
mod place;
mod program;
pub mod record;
mod report;
mod show;
mod sync;
pub mod variants;

pub use bench::Limits;
pub use client::browser::{Browser, Exchange, Seen as BrowserSeen, Trouble};
pub use client::site::Site;
pub use function::{
    Answer, Begun, Failure, Finished, Invocation, LINES_NOT_SHOWN, Page, Run, Service, Slow,
    Verdict, spaced_message,
};
pub use lesson::{Judge, Judge::Status, Judge::Whole, Lesson};
pub use model::{Draw, Mistakes, Model};
pub use place::steps::open as open_steps;
pub use program::build::without_variables_of_a_run;
pub use program::guard::{Guarded, command as guarded, guard_if_asked};
pub use record::{
    Act, Bytes, CookieValue, Expect, FORM, NOBODY, OUTSIDE, Reply, SERVICE, Seen, encode_form, get,
    post, random_value, request, run, serves, short_value, start, write,
};
pub use report::{Part, parts as report};
pub use show::{count, with_reason};

/// Begins the list of checks of the lesson whose package this is written in.
#[macro_export]
macro_rules! lesson {
    ($model:expr) => {
        $crate::Lesson::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_PKG_NAME"), $model).built_from(
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/grade.rs")),
        )
    };
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Each room with those that it may know: `crate::ROOM` stands in its files for no other.
    /// A room comes after those that it knows, so there is no circle.
    const ROOMS: [(&str, &[&str]); 15] = [
        ("sync", &[]),
        ("edits", &[]),
        ("variants", &[]),
        ("show", &[]),
        ("record", &[]),
        ("place", &[]),
        ("fault", &["record"]),
        ("model", &["record"]),
        ("cause", &["fault", "model", "place", "record"]),
        ("program", &["place", "record", "show", "sync"]),
        ("client", &["program", "record", "show", "sync"]),
        ("bench", &["client", "program", "record"]),
        ("report", &["model", "place", "record", "show"]),
        (
            "function",
            &[
                "bench", "cause", "client", "fault", "model", "program", "record", "report", "show",
            ],
        ),
        (
            "lesson",
            &[
                "bench", "cause", "fault", "function", "model", "place", "program", "record",
                "report", "show",
            ],
        ),
    ];

    #[test]
    fn nothing_points_back() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut before: Vec<&str> = Vec::new();
        for (room, knows) in ROOMS {
            assert!(knows.iter().all(|known| before.contains(known)), "{room}");
            before.push(room);
            let mut files = vec![source.join(format!("{room}.rs"))];
            let folder = source.join(room);
            files.extend(folder.is_dir().then_some(folder));
            while let Some(file) = files.pop() {
                if let Ok(entries) = fs::read_dir(&file) {
                    files.extend(entries.map(|entry| entry.expect("an entry").path()));
                    continue;
                }
                let text = fs::read_to_string(&file).expect("a source");
                let code = text.lines().filter(|line| !line.trim().starts_with("//"));
                for named in code.flat_map(|line| line.split("crate::").skip(1)) {
                    let end = named.find(|c: char| !c.is_alphanumeric() && c != '_');
                    let named = &named[..end.unwrap_or(named.len())];
                    let is_room = ROOMS.iter().any(|(other, _)| *other == named);
                    let is_known = named == room || knows.contains(&named);
                    assert!(!is_room || is_known, "{} knows {named}", file.display());
                }
            }
        }
        let root = include_str!("lib.rs");
        let rooms = root.lines().filter_map(|line| {
            let line = line.trim_start_matches("pub ").strip_prefix("mod ")?;
            line.strip_suffix(';')
        });
        assert_eq!(rooms.count(), ROOMS.len());
    }
}
