//! What a check that is a function has in hand, for what no model says: pages in a browser,
//! other programs of the lesson, arguments, connections of the check's own.
//!
//! Its failure is plain words, with what was done before; the report adds what the program
//! printed. It has a cause only if what was seen says so by itself (a panic, a connection
//! that breaks), or if the check names one: nobody has held it against a mistake of the
//! model.
//!
//! - `service`: a server that is asked, and its answers
//! - `invocation`: a program that is started with arguments, and its end
//! - `page`: a page in a browser

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::TempDir;

use crate::bench::Bench;
use crate::cause;
use crate::client::browser::Browser;
use crate::fault;
use crate::model::Draw;
use crate::program::build::Builds;
use crate::program::{self, Executable};
use crate::record::{
    Act, Cause, CheckInfo, Command, Ended, Fields, Finding, NotServing, Outcome, Seen, Told,
};
use crate::report::shell::Shell;

mod invocation;
mod page;
mod service;

pub use invocation::{Finished, Invocation};
pub use page::{LINES_NOT_SHOWN, Page, spaced_message};
pub use service::{Answer, Begun, Service, Slow};

/// What a check returns: nothing more to say, or why it failed.
pub type Verdict = Result<(), Failure>;

/// Why a check failed. Made by the methods that ask and expect; a check hands it on with
/// `?`. The grader adds what the program printed.
#[derive(Clone, Debug)]
pub struct Failure(Box<Why>);

#[derive(Clone, Debug)]
enum Why {
    /// Something is not as expected.
    Wrong(Wrong),
    /// The check cannot be done on this computer, for this reason.
    NotHere(String),
    /// The program does not serve.
    NotServing(NotServing),
    /// The check itself broke.
    Fault(String),
}

#[derive(Clone, Debug, Default)]
struct Wrong {
    /// What was done, in words, where it is more than the acts say.
    done: Vec<String>,
    acts: Vec<(Act, Seen)>,
    /// What a student types to start the server that was asked.
    running: Option<String>,
    expected: String,
    /// Empty if the last act shows it.
    came: String,
    cause: Option<Told>,
}

impl Failure {
    fn new(why: Why) -> Self {
        Self(Box::new(why))
    }

    /// That the check cannot be done on this computer, for this reason: it is ignored, and its
    /// points count for nobody.
    pub fn not_here(why: impl Into<String>) -> Self {
        Self::new(Why::NotHere(why.into()))
    }

    fn fault(why: impl Into<String>) -> Self {
        Self::new(Why::Fault(why.into()))
    }

    /// Adds a cause that only the lesson knows: a short name for it, and what to look at.
    ///
    /// ```no_run
    /// # fn check(run: &mut grader::Run) -> grader::Verdict {
    /// let answer = run.get("/")?;
    /// answer
    ///     .expect_body_contains("ant, bee, cat")
    ///     .map_err(|failure| failure.because("unsorted", "Sort the names before you list them."))
    /// # }
    /// ```
    pub fn because(mut self, name: &str, says: impl Into<String>) -> Self {
        if let Why::Wrong(wrong) = &mut *self.0 {
            let (name, says) = (name.into(), says.into());
            wrong.cause = Some(Told { name, says });
        }
        self
    }
}

/// What was asked so far, with what came of it.
type Log = Rc<RefCell<Vec<(Act, Seen)>>>;

/// One run of a check: the student's program, which no other check has used, and how to
/// talk to it. A program that serves is started by the first request. One that runs to its
/// end is started by [`Run::program`].
pub struct Run<'a> {
    bench: &'a Bench,
    builds: &'a Builds,
    draw: Draw,
    /// Why it gets no browser, if it gets none.
    no_browser: Option<String>,
    variables: Fields,
    log: Log,
    server: Option<Service>,
    /// All that serve, in the order in which they were started.
    services: Vec<Service>,
    /// How the last program that ran has ended.
    last: Option<Ended>,
    /// The empty folder that programs are started in, if one was.
    elsewhere: Option<TempDir>,
}

/// Does what the check says, with this program.
pub(crate) fn outcome(
    mut run: Run<'_>,
    check: &CheckInfo,
    action: &dyn Fn(&mut Run<'_>) -> Verdict,
) -> Outcome {
    let done = fault::caught(|| action(&mut run));
    let verdict = done.unwrap_or_else(|panic| Err(Failure::fault(panic)));
    let (wrong, cause) = match verdict.map_err(|failure| *failure.0) {
        Ok(()) => match run.came_to_todo(check.step) {
            None => return Outcome::Passed,
            Some(wrong) => (wrong, Cause::Unexplained(Vec::new())),
        },
        Err(Why::NotHere(why)) => return Outcome::NotHere(why),
        Err(Why::Wrong(mut wrong)) => {
            let cause = wrong.cause.take().map(Cause::Rule);
            (wrong, cause.unwrap_or(Cause::Unexplained(Vec::new())))
        }
        Err(Why::NotServing(why)) => {
            run.last = Some(why.so_far());
            let words = cause::never_served(&why);
            (
                Wrong::of_words(words),
                Cause::Rule(cause::not_serving(check.step, &why)),
            )
        }
        Err(Why::Fault(why)) => (
            Wrong::of_words(fault::words(&why)),
            Cause::Rule(fault::told(&why)),
        ),
    };
    let acts = match wrong.acts.is_empty() && wrong.done.is_empty() {
        true => run.log.borrow().clone(),
        false => wrong.acts,
    };
    let ending = acts.last().is_some_and(|(_, seen)| seen.may_be_ending());
    Outcome::Failed(Box::new(Finding {
        done: wrong.done,
        acts,
        running: wrong.running,
        words: Some((wrong.expected, wrong.came)),
        printed: run.end(ending),
        cause,
        ..Finding::of(check)
    }))
}

impl Wrong {
    fn of_words((expected, came): (String, String)) -> Self {
        Self {
            expected,
            came,
            ..Self::default()
        }
    }
}

impl<'check> Run<'check> {
    /// A run with the program on this bench. With `no_browser`, it gets none, for this
    /// reason.
    pub(crate) fn new(
        bench: &'check Bench,
        builds: &'check Builds,
        draw: Draw,
        no_browser: Option<String>,
    ) -> Self {
        Self {
            bench,
            builds,
            draw,
            no_browser,
            variables: Fields::new(),
            log: Log::default(),
            server: None,
            services: Vec::new(),
            last: None,
            elsewhere: None,
        }
    }

    /// Values that differ from run to run: paths, words, numbers, lines of text.
    pub fn seed(&mut self) -> &mut Draw {
        &mut self.draw
    }

    /// Sets a variable in the environment of the student's server, beside `PORT=0`.
    ///
    /// # Panics
    ///
    /// If the server runs already: set it before the first request.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        assert!(
            self.server.is_none(),
            "the server runs already, {name} comes too late"
        );
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Asks for this path with GET.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.ask(crate::get(path))
    }

    /// Asks the student's server: [`get`](crate::get), [`post`](crate::post), …
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    pub fn ask(&mut self, act: Act) -> Result<Answer, Failure> {
        self.server()?.ask(act)
    }

    /// The student's program, to be started with arguments and variables: one that runs to
    /// its end, or one more server.
    pub fn program(&mut self) -> Invocation<'_, 'check> {
        let shown = format!("cargo run -p {}", self.builds.place.package);
        let program = Ok(self.bench.program.clone());
        Invocation::new(self, program, shown)
    }

    /// Another program of the lesson's package, the course's own, built if need be.
    pub fn binary(&mut self, name: &str) -> Invocation<'_, 'check> {
        let shown = format!("cargo run -p {} --bin {name}", self.builds.place.package);
        let built = self.builds.built(name);
        let built = built.map_err(|why| format!("{name} is not built: {}", why.why()));
        let built = built.map(Executable::from);
        Invocation::new(self, built, shown)
    }

    /// An empty page in a real browser, to open the pages of the student's server in. It has
    /// a new profile, and ends with the check.
    ///
    /// # Errors
    ///
    /// If the server does not start. If there is no Chromium, or this run is to do without,
    /// the check is ignored: hand the error on.
    pub fn browser(&mut self) -> Result<Page, Failure> {
        if let Some(why) = &self.no_browser {
            return Err(Failure::not_here(why.clone()));
        }
        let browser = Browser::start().map_err(Failure::not_here)?;
        let limit = self.bench.limits.page;
        Ok(Page::new(browser, self.server()?.clone(), limit))
    }

    /// The folder in which programs are started that are started [elsewhere](Invocation::elsewhere):
    /// what is in it, they have written.
    ///
    /// # Errors
    ///
    /// If none can be made.
    pub fn elsewhere(&mut self) -> Result<PathBuf, Failure> {
        self.folder(true)
    }

    /// The student's server, started if it does not run yet.
    fn server(&mut self) -> Result<&Service, Failure> {
        if self.server.is_none() {
            let command = Command {
                variables: self.variables.clone(),
                ..Command::default()
            };
            let shown = Shell::here().cargo_run(&self.builds.place.package, &command);
            let Bench {
                program, folder, ..
            } = self.bench;
            let service = self.serve(program, folder, &command, shown)?;
            self.server = Some(service);
        }
        Ok(self.server.as_ref().expect("just started"))
    }

    fn serve(
        &mut self,
        program: &Executable,
        folder: &Path,
        command: &Command,
        shown: String,
    ) -> Result<Service, Failure> {
        let limits = &self.bench.limits;
        let command = self.bench.with_variables(command);
        let server = program::serve(program, folder, &command, limits.start);
        let server = server.map_err(|why| Failure::new(Why::NotServing(why)))?;
        let service = Service::new(server, shown, limits.answer, Rc::clone(&self.log));
        self.services.push(service.clone());
        Ok(service)
    }

    /// The folder that a program is started in: the lesson's, or, with `elsewhere`, an empty one,
    /// which stays until the check is done.
    fn folder(&mut self, elsewhere: bool) -> Result<PathBuf, Failure> {
        if !elsewhere {
            return Ok(self.bench.folder.clone());
        }
        if self.elsewhere.is_none() {
            let made = TempDir::new().map_err(|error| Failure::fault(error.to_string()))?;
            self.elsewhere = Some(made);
        }
        let folder = self.elsewhere.as_ref().expect("just made");
        Ok(folder.path().into())
    }

    /// What is wrong if an answer is that of a `todo!` of this step or an earlier one: a check that
    /// is content with it has seen nothing of the step.
    fn came_to_todo(&self, step: u32) -> Option<Wrong> {
        let log = self.log.borrow();
        let at = log.iter().position(|(_, seen)| {
            let told = seen.answer().and_then(cause::todo_told_by);
            told.is_some_and(|told| told <= step)
        })?;
        let server = self.server.as_ref().or(self.services.last());
        Some(Wrong {
            acts: log[..=at].to_vec(),
            running: server.map(|server| server.command().into()),
            expected: "an answer that is not that of a todo!".into(),
            ..Wrong::default()
        })
    }

    /// What the program has printed that the report is about, and how it ended: the one
    /// that ran, or else the student's server, or else the last other one. With `ending`, it
    /// may be ending just now.
    fn end(&mut self, ending: bool) -> Ended {
        let server = self.server.as_ref().or(self.services.last());
        match (self.last.take(), server) {
            (Some(ended), _) => ended,
            (None, Some(server)) => server.end(ending),
            (None, None) => Ended::default(),
        }
    }
}
