//! A program that a check starts with arguments and variables: one that runs to its
//! end, such as a client, or one more server.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::failure::{Came, Failure, Symptom, Verdict};
use crate::program::{EndTrouble, Launch, Program, Trace};
use crate::request::Asked;
use crate::run::Run;
use crate::server::{Server, Service};
use crate::show::{body_lines, count, quoted, shell_word};

/// A program that is about to be started; from [`Run::program`] or [`Run::binary`].
///
/// ```no_run
/// # use grader::{Run, Verdict};
/// fn greets(run: &mut Run) -> Verdict {
///     let end = run.program().arg("Ada").env("SHOUT", "1").wait()?;
///     end.expect_code(0)?;
///     end.expect_stdout("HELLO, ADA\n")
/// }
/// ```
#[must_use = "a program is only started with `wait` or `serve`"]
pub struct Invocation<'run> {
    run: &'run mut Run,
    program: Result<PathBuf, String>,
    /// What a student types to start it, without arguments and variables.
    command: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl<'run> Invocation<'run> {
    pub(crate) fn new(
        run: &'run mut Run,
        program: Result<PathBuf, String>,
        command: String,
    ) -> Self {
        Self {
            run,
            program,
            command,
            arguments: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds a variable to its environment. `PORT=0` is there if nothing else is said,
    /// and no proxy.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Starts the program and waits for its end. Its standard input is empty.
    ///
    /// # Errors
    ///
    /// If it has not ended when the check's time is up, or prints without end. Any
    /// exit code is an end.
    pub fn wait(self) -> Result<Finished, Failure> {
        let command = self.shown();
        let began = Instant::now();
        let launched = self.path().and_then(|path| {
            Program::launch(&self.launch(&path)).map_err(|error| error.to_string())
        });
        let program = launched.map_err(|why| Failure::of_the_grader(&why))?;
        let waited = program.wait(self.run.until);
        let took = began.elapsed();
        let trace = program.end(waited.is_ok()).into();
        let mut asked = vec![command];
        for stub in &self.run.stubs {
            asked.extend(stub.log());
        }
        let finished = Finished { asked, trace, took };
        match waited {
            Ok(()) => Ok(finished),
            Err(trouble) => {
                let limit = self.run.limits().check.as_secs_f32();
                let expected = format!("the program ends by itself, within {limit} seconds");
                Err(finished.failure(expected, Symptom::DoesNotEnd(trouble)))
            }
        }
    }

    /// Starts the program and waits for its start line. It runs until the check is
    /// done.
    ///
    /// # Errors
    ///
    /// If it prints no start line in time.
    pub fn serve(self) -> Result<Service, Failure> {
        let command = self.shown();
        let path = self.path().map_err(|why| Failure::of_the_grader(&why))?;
        let began = Instant::now();
        let started = Server::start(&self.launch(&path), command.clone(), self.run.limits());
        let server = started.map_err(|mut failure| {
            // With which arguments it did not start.
            failure.0.asked.get_or_insert(Asked::Program(vec![command]));
            failure
        })?;
        self.run.until += began.elapsed();
        let server = Rc::new(server);
        self.run.servers.push(Rc::clone(&server));
        Ok(Service { server })
    }

    fn path(&self) -> Result<PathBuf, String> {
        self.program.clone()
    }

    fn launch<'a>(&'a self, program: &'a std::path::Path) -> Launch<'a> {
        Launch {
            program,
            folder: &self.run.setting.place.root,
            arguments: &self.arguments,
            variables: &self.variables,
            input: &[],
        }
    }

    /// The whole command, as a student would type it. Ports of services are other
    /// ones in each run: here they are those that the services have by default.
    fn shown(&self) -> String {
        let mut line = command_line(&self.command, &self.variables, &self.arguments);
        for server in &self.run.servers {
            line = server.with_usual_port(&line);
        }
        line
    }
}

/// A command line for a POSIX shell.
pub(crate) fn command_line(
    command: &str,
    variables: &[(String, String)],
    arguments: &[String],
) -> String {
    let mut line = String::new();
    for (name, value) in variables {
        line += &format!("{name}={} ", shell_word(value));
    }
    line += command;
    if !arguments.is_empty() {
        line += " --";
    }
    for argument in arguments {
        line += " ";
        line += &shell_word(argument);
    }
    line
}

/// A program that has run to its end; from [`Invocation::wait`].
#[derive(Clone, Debug)]
pub struct Finished {
    /// The command, and what it asked the stubs.
    asked: Vec<String>,
    trace: Trace,
    took: Duration,
}

impl Finished {
    /// The exit code; 128 plus the number of a signal that has ended it.
    pub fn code(&self) -> i32 {
        self.trace.exit.unwrap_or(-1)
    }

    /// What it wrote to standard output; of more than 16 KiB, the beginning.
    pub fn stdout(&self) -> &str {
        &self.trace.stdout.head
    }

    /// What it wrote to standard error; of more than 16 KiB, the beginning.
    pub fn stderr(&self) -> &str {
        &self.trace.stderr.head
    }

    /// How long it ran.
    pub fn took(&self) -> Duration {
        self.took
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
        Err(self.failure(format!("exit code {code}"), Symptom::ExitCode(code)))
    }

    /// Expects exactly this on standard output.
    ///
    /// # Errors
    ///
    /// If it is anything else.
    pub fn expect_stdout(&self, text: &str) -> Verdict {
        if self.stdout() == text && self.trace.stdout.left_out == 0 {
            return Ok(());
        }
        let lines = body_lines(text.as_bytes(), 12).join("\n");
        let length = count(text.len(), "byte");
        let expected = format!("exactly this on standard output, {length}:\n{lines}");
        Err(self.failure(expected, Symptom::Stdout(text.into())))
    }

    /// Expects this text anywhere on standard output.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_stdout_contains(&self, text: &str) -> Verdict {
        if self.trace.stdout.contains(text) {
            return Ok(());
        }
        let expected = format!(
            "on standard output, this text:\n{}",
            quoted(text.as_bytes())
        );
        Err(self.failure(expected, Symptom::StdoutLacks(text.into())))
    }

    /// Expects this text anywhere on standard error.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_stderr_contains(&self, text: &str) -> Verdict {
        if self.trace.stderr.contains(text) {
            return Ok(());
        }
        let expected = format!("on standard error, this text:\n{}", quoted(text.as_bytes()));
        Err(self.failure(expected, Symptom::StderrLacks(text.into())))
    }

    /// The failure of a check that looked at this and did not find what it expected,
    /// for what the `expect_...` methods cannot say:
    /// `return Err(end.wrong("one request to the service, not two"))`.
    pub fn wrong(&self, expected: impl Into<String>) -> Failure {
        self.failure(expected.into(), Symptom::Other)
    }

    fn failure(&self, expected: String, symptom: Symptom) -> Failure {
        let seconds = self.took.as_secs_f32();
        let came = match symptom {
            Symptom::DoesNotEnd(EndTrouble::Runs) => {
                format!("it still ran after {seconds:.1} seconds, and was ended")
            }
            Symptom::DoesNotEnd(EndTrouble::Flood) => "output without end".into(),
            // Quoted, so that what looks the same can be told apart.
            Symptom::Stdout(_) if self.stdout().is_empty() => "nothing on standard output".into(),
            Symptom::Stdout(_) => body_lines(self.stdout().as_bytes(), 12).join("\n"),
            _ => format!("exit code {}, after {seconds:.1} seconds", self.code()),
        };
        let asked = Some(Asked::Program(self.asked.clone()));
        let failure = Failure::new(asked, expected, Came::Ended(came), symptom);
        failure.with_trace(self.trace.clone())
    }
}
