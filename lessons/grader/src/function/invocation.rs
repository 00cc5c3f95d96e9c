//! A program that a check starts with arguments and variables, and how it ended.

use std::time::{Duration, Instant};

use super::{Failure, Run, Service, Verdict, Why, Wrong};
use crate::program::{self, Executable};
use crate::record::{Act, Command, Ended, Hangs, Seen};
use crate::report::shell::Shell;
use crate::show::quoted;

/// A program that is about to be started; from [`Run::program`] or [`Run::binary`].
#[must_use = "a program is only started with `wait` or `serve`"]
pub struct Invocation<'run, 'check> {
    run: &'run mut Run<'check>,
    program: Result<Executable, String>,
    /// What a student types to start it, without arguments and variables.
    shown: String,
    command: Command,
    /// Whether it runs in an empty folder, and not in that of the lesson.
    elsewhere: bool,
}

impl<'run, 'check> Invocation<'run, 'check> {
    pub(super) fn new(
        run: &'run mut Run<'check>,
        program: Result<Executable, String>,
        shown: String,
    ) -> Self {
        Self {
            run,
            program,
            shown,
            command: Command::default(),
            elsewhere: false,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arguments.push(argument.into());
        self
    }

    /// Adds a variable to its environment. `PORT=0` is there if nothing else is said, and no
    /// proxy.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.variables.push((name.into(), value.into()));
        self
    }

    /// Leaves `PORT` out of its environment.
    pub fn without_port(mut self) -> Self {
        self.command.no_port = true;
        self
    }

    /// Starts it in an empty folder: what it reads by a relative path is not there.
    pub fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// The whole command, as a student would type it. Ports of services are other ones in
    /// each run: here they are those that the services have by default.
    fn shown(&self) -> String {
        let line = Shell::here().command(&self.shown, &self.command);
        let services = self.run.services.iter();
        services.fold(line, |line, service| service.with_usual_port(&line))
    }

    /// Starts the program and waits for its end. Its standard input is empty.
    ///
    /// # Errors
    ///
    /// If it has not ended when its time is up, or prints without end. Any exit code is an
    /// end.
    pub fn wait(self) -> Result<Finished, Failure> {
        let shown = self.shown();
        let program = self.program.map_err(Failure::fault)?;
        let folder = self.run.folder(self.elsewhere)?;
        let until = Instant::now() + self.run.bench.limits.answer;
        let command = self.run.bench.with_variables(&self.command);
        let ran = program::run(&program, &folder, &command, until);
        let ran = ran.map_err(|error| Failure::fault(error.to_string()))?;
        self.run.last = Some(ran.as_ref().unwrap_or_else(Hangs::so_far).clone());
        Finished::of(shown, self.command, ran)
    }

    /// Starts the program and waits for its start line. It runs until the check is done.
    ///
    /// # Errors
    ///
    /// If it prints no start line in time.
    pub fn serve(self) -> Result<Service, Failure> {
        let shown = self.shown();
        let program = self.program.map_err(Failure::fault)?;
        let folder = self.run.folder(self.elsewhere)?;
        self.run.serve(&program, &folder, &self.command, shown)
    }
}

/// A program that has run to its end; from [`Invocation::wait`].
#[derive(Clone, Debug)]
pub struct Finished {
    /// The command.
    shown: String,
    ended: Ended,
    act: (Act, Seen),
}

impl Finished {
    /// A program that was started like this, and its end.
    pub(super) fn of(
        shown: String,
        command: Command,
        ended: Result<Ended, Hangs>,
    ) -> Result<Self, Failure> {
        let hangs = ended.is_err();
        let so_far = ended.as_ref().unwrap_or_else(Hangs::so_far).clone();
        let finished = Self {
            shown,
            ended: so_far,
            act: (Act::Run(command), Seen::Ended(Box::new(ended))),
        };
        match hangs {
            false => Ok(finished),
            true => Err(finished.wrong("the program ends by itself")),
        }
    }

    /// The exit code; 128 plus the number of a signal that has ended it.
    pub fn code(&self) -> i32 {
        self.ended.code.unwrap_or(-1)
    }

    /// What it wrote to standard output.
    pub fn stdout(&self) -> String {
        self.ended.stdout.text()
    }

    /// What it wrote to standard error.
    pub fn stderr(&self) -> String {
        self.ended.stderr.text()
    }

    /// How long it ran.
    pub fn took(&self) -> Duration {
        self.ended.took
    }

    /// Expects this exit code.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn expect_code(&self, code: i32) -> Verdict {
        if self.code() == code {
            return Ok(());
        }
        Err(self.wrong(format!("exit code {code}")))
    }

    /// Expects exactly this on standard output.
    ///
    /// # Errors
    ///
    /// If it is anything else.
    pub fn expect_stdout(&self, text: &str) -> Verdict {
        if self.stdout() == text {
            return Ok(());
        }
        let text = quoted(text.as_bytes());
        let came = match self.stdout().as_str() {
            "" => "nothing on standard output".into(),
            text => quoted(text.as_bytes()),
        };
        let expected = format!("exactly this on standard output: {text}");
        Err(self.failure(expected, came))
    }

    /// Expects this text anywhere on standard error.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_stderr_contains(&self, text: &str) -> Verdict {
        if self.stderr().contains(text) {
            return Ok(());
        }
        Err(self.wrong(format!("on standard error, {}", quoted(text.as_bytes()))))
    }

    /// The failure of a check that did not find what it expected.
    pub fn wrong(&self, expected: impl Into<String>) -> Failure {
        self.failure(expected.into(), String::new())
    }

    fn failure(&self, expected: String, came: String) -> Failure {
        Failure::new(Why::Wrong(Wrong {
            done: vec![self.shown.clone()],
            acts: vec![self.act.clone()],
            expected,
            came,
            ..Wrong::default()
        }))
    }
}
