//! The process between a check and the student's program, so that no program
//! outlives its check, however that ends.
//!
//! The test program starts *itself* with a hidden first argument. That second
//! process, the guard, starts the student's program and ends it when its own
//! standard input ends. The check holds the other end of that pipe, and the system
//! closes it in every case: the check is done, it panics, the test program is
//! interrupted or killed. No unsafe code, and the same on every system.
//!
//! On Unix, guard and program form a process group of their own: Ctrl-C in the
//! terminal does not reach the guard, and the whole group can be ended at once.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

use shared_child::SharedChild;

/// The hidden first argument.
const ARGUMENT: &str = "--guard-a-program";

/// The exit code of a guard that could not start its program, as in a shell.
pub(crate) const NOT_STARTED: i32 = 127;

/// The command that starts `program` under a guard; arguments added to it are the
/// program's. Standard input is the pipe whose end ends the program; standard output
/// and error are the program's own.
///
/// # Errors
///
/// If the path of the running program cannot be found out.
pub(crate) fn command(program: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ARGUMENT).arg(program).stdin(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

/// Ends everything in the process group that the process with this id leads (a guard,
/// say), the leader too. It must not have been waited for, so that no other process
/// can have its number. Elsewhere than on Unix this does nothing.
pub(crate) fn end_group(leader: u32) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(leader) {
        use nix::sys::signal::{Signal, killpg};
        // No such group: it has ended already, as it should.
        let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Does the work of a guard, and does not return, if this process was started as
/// one. [`Lesson::grade`](crate::Lesson::grade) begins with it; any other `main`
/// that runs checks must too.
pub fn guard_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(ARGUMENT)) {
        let program = arguments.next().unwrap_or_default();
        std::process::exit(guard(Path::new(&program), arguments));
    }
}

/// Starts the program, waits for its end or for the end of standard input, and
/// returns the program's exit code.
fn guard(program: &Path, arguments: impl Iterator<Item = OsString>) -> i32 {
    // Ctrl-C in a Windows console reaches every process in it. The guard stays
    // until its pipe is closed, which is at once when the test program ends.
    if let Err(error) = ctrlc::set_handler(|| ()) {
        eprintln!("the guard cannot ignore Ctrl-C: {error}");
    }
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let child = match SharedChild::spawn(&mut command) {
        Ok(child) => Arc::new(child),
        Err(error) => {
            eprintln!("cannot start {}: {error}", program.display());
            return NOT_STARTED;
        }
    };
    let ending = Arc::clone(&child);
    std::thread::spawn(move || {
        // Nobody writes into the pipe: this waits for its end, or an error.
        let _ = std::io::stdin().read(&mut [0]);
        // On Unix this ends all at once: the program, what it has started, and this
        // process. (The program alone first would be wrong: its end lets the guard
        // exit, with the rest still there.)
        end_group(std::process::id());
        let _ = ending.kill();
    });
    let code = child.wait().map_or(NOT_STARTED, code);
    end_orphans();
    code
}

/// Ends what the program has left behind. The guard stays, to hand on the exit code.
fn end_orphans() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, killpg};
        // The handler above lets the guard itself ignore this.
        if let Ok(group) = i32::try_from(std::process::id()) {
            let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGTERM);
        }
    }
}

/// The exit code, or 128 plus the signal that ended the program, as in a shell.
fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(NOT_STARTED)
}
