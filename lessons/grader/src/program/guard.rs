//! The process between a check and the student's program, so that no program
//! outlives its check, however that ends.
//!
//! The test program starts *itself* with a hidden first argument. That second
//! process, the guard, starts the student's program and ends it when its own
//! standard input ends. The check holds the other end of that pipe, and the system
//! closes it in every case: the check is done, it panics, the test program is
//! interrupted or killed. No unsafe code, and the same on every system.
//!
//! What the program itself has started ends with it:
//!
//! - On Unix, guard and program form a process group of their own, which can be ended
//!   at once. Ctrl-C in the terminal does not reach it.
//! - On Linux, the guard is also the subreaper of all that descends from it
//!   (`PR_SET_CHILD_SUBREAPER`): a process whose parent ends becomes the guard's child,
//!   in whatever group or session it is. macOS has nothing like it: there a process in a
//!   session of its own (`setsid`) stays.
//! - On Windows, guard and program are in a job object, which ends with the guard.
//!
//! On Unix, a graded program gets limits (`setrlimit`), so that a mistake in it does not
//! take the computer with it: see [`limit`]. They are no wall against malice, and on
//! Windows there are none.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group};
use shared_child::SharedChild;

/// What a guard guards.
// The name of each is the hidden first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// A student's program: it has limits, and leaves nothing behind.
    Program,
    /// Cargo, or a run of the checks: it has no limits. What it leaves behind when it ends by
    /// itself is meant to stay (a compiler's cache may have a server).
    Build,
}

impl Guarded {
    const ALL: [Self; 2] = [Self::Program, Self::Build];

    fn argument(self) -> &'static str {
        match self {
            Self::Program => "--guard-a-program",
            Self::Build => "--guard-a-build",
        }
    }
}

/// The exit code of a guard that could not start its program, as in a shell.
pub(crate) const NOT_STARTED: i32 = 127;

/// What such a guard says, before the program's path.
const CANNOT_START: &str = "cannot start ";

/// How long a guard waits before each further try. A system can be unable to start a
/// program for a moment: somebody still has its file open to write, a virus scanner reads it, or
/// there are too many processes.
const TRY_AGAIN: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(400),
    Duration::from_secs(1),
];

/// The command that starts `program` under a guard: a process between this one and the
/// program, which ends the program, and all that this has started, when its standard input
/// ends. That is a pipe, and the system closes it when this process ends, however that is.
/// So take it (`child.stdin`), and drop it to end the program.
///
/// Arguments added to the command are the program's, which reads the file `input` as its
/// standard input, or nothing; standard output and error are the program's own. The guard's
/// exit code is the program's, or 128 plus the number of the signal that ended it, or 127 if
/// it could not be started, also when tried again for a second or two.
///
/// The guard is this same program, started again: its `main` must begin with
/// [`guard_if_asked`].
///
/// # Errors
///
/// If the path of the running program cannot be found out.
pub fn command(program: &Path, input: Option<&Path>, guarded: Guarded) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(guarded.argument());
    command.arg(input.unwrap_or(Path::new(""))).arg(program);
    command.stdin(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

/// Ends everything in the process group that the process with this id leads (a guard,
/// say), the leader too. It must not have been waited for, so that no other process
/// can have its number. Elsewhere than on Unix this does nothing.
pub(crate) fn end_group(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // No such group: it has ended already, as it should.
        let _ = kill_process_group(group, Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Asks the program of the guard with this id to end, as `kill` does: with SIGTERM. The guard
/// itself stays. Returns whether this system has such a signal.
pub(crate) fn terminate(leader: u32) -> bool {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // No such group: it has ended already.
        let _ = kill_process_group(group, Signal::TERM);
    }
    #[cfg(not(unix))]
    let _ = leader;
    cfg!(unix)
}

/// Asks this program to end, as [`terminate`] does, where it is not the guard's own child but
/// one of a command that wraps it. Returns whether it is found.
pub(crate) fn terminate_within(guard: u32, program: &Path) -> bool {
    #[cfg(target_os = "linux")]
    if let Some(process) = within(guard, program) {
        return rustix::process::kill_process(process, Signal::TERM).is_ok();
    }
    let _ = (guard, program);
    false
}

/// The most memory that this program has used so far, in bytes, as far as it lay in the computer's
/// (`VmHWM`); `None` where the system does not tell.
pub(crate) fn peak_memory(guard: u32, program: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let process = within(guard, program)?.as_raw_nonzero();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (guard, program);
        None
    }
}

/// The nearest process that descends from the guard and has the program's name.
#[cfg(target_os = "linux")]
fn within(guard: u32, program: &Path) -> Option<Pid> {
    let name = program.file_name().unwrap_or_default().as_encoded_bytes();
    // The system keeps 15 bytes of it.
    let name = &name[..name.len().min(15)];
    let mut left: std::collections::VecDeque<u32> = [guard].into();
    while let Some(next) = left.pop_front() {
        let own = std::fs::read(format!("/proc/{next}/comm")).unwrap_or_default();
        if next != guard && own.trim_ascii_end() == name {
            return i32::try_from(next).ok().and_then(Pid::from_raw);
        }
        let children = children(next).into_iter();
        left.extend(children.map(|child| child.as_raw_nonzero().get().cast_unsigned()));
    }
    None
}

/// Does the work of a guard, and does not return, if this process was started as
/// one. [`Lesson::grade`](crate::Lesson::grade) begins with it; any other `main`
/// that runs checks must too.
pub fn guard_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    let Some(first) = arguments.next() else {
        return;
    };
    let mut all = Guarded::ALL.into_iter();
    if let Some(guarded) = all.find(|guarded| first == OsStr::new(guarded.argument())) {
        let input = arguments.next().unwrap_or_default();
        let program = arguments.next().unwrap_or_default();
        let (input, program) = (Path::new(&input), Path::new(&program));
        std::process::exit(guard(guarded, input, program, arguments));
    }
}

/// Starts the program, waits for its end or for the end of standard input, and
/// returns the program's exit code.
fn guard(
    guarded: Guarded,
    input: &Path,
    program: &Path,
    arguments: impl Iterator<Item = OsString>,
) -> i32 {
    // Ctrl-C in a Windows console reaches every process in it. The guard stays
    // until its pipe is closed, which is at once when the test program ends.
    if let Err(error) = outlive_signals() {
        eprintln!("the guard cannot ignore Ctrl-C: {error}");
    }
    adopt();
    if guarded == Guarded::Program {
        limit();
    }
    let mut command = Command::new(program);
    let input = match std::fs::File::open(input) {
        Ok(file) => file.into(),
        Err(_) => Stdio::null(),
    };
    command.args(arguments).stdin(input);
    let child = match spawn(&mut command) {
        Ok(child) => Arc::new(child),
        Err(error) => {
            eprintln!("{CANNOT_START}{}: {error}", program.display());
            return NOT_STARTED;
        }
    };
    let ending = Arc::clone(&child);
    let stopped = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stopped);
    std::thread::spawn(move || {
        // Nobody writes into the pipe: this waits for its end, or an error.
        let _ = std::io::stdin().read(&mut [0]);
        stopping.store(true, SeqCst);
        // The rest of what it has started ends below. Where that does not reach all, the
        // whole group ends now, and the guard with it.
        if cfg!(all(unix, not(target_os = "linux"))) {
            end_group(std::process::id());
        }
        let _ = ending.kill();
    });
    let code = child.wait().map_or(NOT_STARTED, code);
    if guarded == Guarded::Program || stopped.load(SeqCst) {
        end_the_rest();
    }
    code
}

/// Starts a program, if need be after some tries.
fn spawn(command: &mut Command) -> std::io::Result<SharedChild> {
    for wait in TRY_AGAIN {
        match SharedChild::spawn(command) {
            Err(error) if error.kind() != ErrorKind::NotFound => std::thread::sleep(wait),
            done => return done,
        }
    }
    SharedChild::spawn(command)
}

/// What a guard said that could not start its program; `None` if it did start it.
pub(crate) fn why_not_started(code: Option<i32>, stderr: &str) -> Option<&str> {
    let said = stderr.trim_end();
    (code == Some(NOT_STARTED) && said.starts_with(CANNOT_START)).then_some(said)
}

/// Lets this process go on when it is asked to end. (Its program is asked, too: handlers are
/// not inherited.)
fn outlive_signals() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(unix)]
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    #[cfg(windows)]
    ctrlc::set_handler(|| ())?;
    Ok(())
}

/// Makes all that descends from this process end with it, as far as the system can.
fn adopt() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        eprintln!("the guard cannot adopt what its program leaves behind: {error}");
    }
    #[cfg(windows)]
    {
        let mut limits = win32job::ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let adopted = win32job::Job::create_with_limit_info(&limits)
            .and_then(|job| job.assign_current_process().map(|()| job));
        match adopted {
            // Closing it would end this process. The system does it when all is over.
            Ok(job) => std::mem::forget(job),
            Err(error) => eprintln!("the guard has no job object: {error}"),
        }
    }
}

/// Limits what this process and all that it starts may use, where the system can:
///
/// - 1 GiB of data for each process (`RLIMIT_DATA`; on Linux that is all memory of its
///   own, elsewhere less),
/// - files of 1 GiB at most,
/// - on Linux 1,024 processes and threads more than there are now, all that run on this
///   computer counted (not for root, whom the system does not limit),
/// - no core files.
fn limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const GIB: u64 = 1 << 30;
        let lower = |resource, most: u64| {
            // What is limited more already stays so.
            let Rlimit { current, maximum } = getrlimit(resource);
            let lower = |limit: Option<u64>| Some(limit.map_or(most, |limit| limit.min(most)));
            let limit = Rlimit {
                current: lower(current),
                maximum: lower(maximum),
            };
            let _ = setrlimit(resource, limit);
        };
        lower(Resource::Data, GIB);
        lower(Resource::Fsize, GIB);
        lower(Resource::Core, 0);
        #[cfg(target_os = "linux")]
        {
            // The system counts those of this user; this many there are at most.
            let now = u64::from(rustix::system::sysinfo().procs);
            lower(Resource::Nproc, now + 1024);
        }
    }
}

/// Ends what the program has left behind. The guard stays, to hand on the exit code.
#[cfg(target_os = "linux")]
fn end_the_rest() {
    use rustix::io::Errno;
    use rustix::process::{WaitOptions, kill_process, wait};
    use std::time::{Duration, Instant};
    let until = Instant::now() + Duration::from_secs(2);
    // Children of those that end become children of the guard in turn. Most programs leave
    // nothing, and the system says so at once: to look through all processes takes longer
    // than all else that a guard does.
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => continue,
            Ok(None) if Instant::now() < until => {}
            Ok(None) | Err(_) => return,
        }
        for child in children(std::process::id()) {
            let _ = kill_process(child, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The processes whose parent this one is.
#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<Pid> {
    children_of_threads(of).unwrap_or_else(|| children_among_all(of))
}

/// The same, as the system lists them for each thread: that is one file for each, and not
/// two for each process of the computer. Not every system has these lists.
#[cfg(target_os = "linux")]
fn children_of_threads(of: u32) -> Option<Vec<Pid>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{of}/task"))
        .ok()?
        .flatten()
    {
        let listed = std::fs::read_to_string(thread.path().join("children")).ok()?;
        let ids = listed.split_whitespace().filter_map(|id| id.parse().ok());
        children.extend(ids.filter_map(Pid::from_raw));
    }
    Some(children)
}

/// The same, found among all processes.
#[cfg(target_os = "linux")]
fn children_among_all(of: u32) -> Vec<Pid> {
    let own = of.to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten();
    let children = processes.filter_map(|process| {
        let process = process.ok()?;
        let id: i32 = process.file_name().to_str()?.parse().ok()?;
        // `ID (NAME) STATE PARENT …`; a name may hold anything, a bracket too.
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let parent = rest.split_whitespace().nth(1)?;
        Pid::from_raw(id).filter(|_| parent == own)
    });
    children.collect()
}

/// Ends what the program has left behind. The guard stays, to hand on the exit code.
#[cfg(not(target_os = "linux"))]
fn end_the_rest() {
    // The guard itself goes on: see `outlive_signals`.
    #[cfg(unix)]
    let _ = kill_process_group(rustix::process::getpid(), Signal::TERM);
}

/// The exit code, or 128 plus the signal that ended the program, as in a shell.
fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(NOT_STARTED)
}
