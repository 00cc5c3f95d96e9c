//! A server process: started, looked at, and surely stopped.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{Process, all_processes};

/// A running server. It is stopped when it is dropped, and the kernel ends it when
/// the bench ends in whatever way.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
    log: PathBuf,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

impl Server {
    /// Starts a program that is going to listen on `port`, and waits until it does.
    /// Its standard error goes to the file `log`.
    pub fn start(command: &Command, port: u16, log: PathBuf) -> Result<Server, String> {
        let errors = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        // SIGTERM, so that nginx ends its workers.
        let child = guarded(command, "TERM")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("could not be started: {e}"))?;
        let mut server = Server {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            child,
            log,
        };
        let begun = Instant::now();
        loop {
            if TcpStream::connect(server.address).is_ok() {
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("ended ({status}){}", server.last_words()));
            }
            if begun.elapsed() > Duration::from_secs(10) {
                return Err(format!("does not listen after 10 s{}", server.last_words()));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// CPU time so far, user and system, of all its processes. The clock is the
    /// kernel's own, in nanoseconds, and counts threads that have ended.
    pub fn cpu(&self) -> Duration {
        self.pids()
            .into_iter()
            .filter_map(|pid| {
                let clock = clock_getcpuclockid(Pid::from_raw(pid)).ok()?;
                Some(Duration::from(clock_gettime(clock).ok()?))
            })
            .sum()
    }

    /// Resident memory in bytes, and threads, of all its processes together.
    pub fn memory_and_threads(&self) -> (f64, f64) {
        let stats = self
            .pids()
            .into_iter()
            .filter_map(|pid| Process::new(pid).ok()?.stat().ok());
        stats.fold((0.0, 0.0), |(memory, threads), stat| {
            let pages = stat.rss as f64;
            (
                memory + pages * procfs::page_size() as f64,
                threads + stat.num_threads as f64,
            )
        })
    }

    /// Ends it and all its processes.
    pub fn stop(&mut self) {
        let begun = |pid| Process::new(pid)?.stat().map(|stat| stat.starttime);
        let processes: Vec<_> = self
            .pids()
            .into_iter()
            .map(|pid| (pid, begun(pid).ok()))
            .collect();
        let _ = kill(Pid::from_raw(self.pid()), Signal::SIGTERM);
        if wait(&mut self.child, Duration::from_secs(1)).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // Workers end with their master; those that did not are ended here. (The time
        // tells them from a newer process with the same number.)
        for (pid, time) in processes {
            if time.is_some() && begun(pid).ok() == time {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }

    /// The end of what it wrote to its standard error, for a message.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        match log.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(line) => format!(" (it said: {})", line.trim()),
            None => String::new(),
        }
    }

    fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Its process and all that come from it.
    fn pids(&self) -> Vec<i32> {
        let parents: Vec<(i32, i32)> = all_processes()
            .into_iter()
            .flatten()
            .filter_map(|process| process.ok()?.stat().ok())
            .map(|stat| (stat.pid, stat.ppid))
            .collect();
        let mut pids = vec![self.pid()];
        let mut next = 0;
        while let Some(&parent) = pids.get(next) {
            pids.extend(
                parents
                    .iter()
                    .filter(|(_, p)| *p == parent)
                    .map(|(pid, _)| *pid),
            );
            next += 1;
        }
        pids
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The same command, but the kernel sends it `signal` when the bench ends: in
/// whatever way, no process stays behind.
pub fn guarded(command: &Command, signal: &str) -> Command {
    let mut guarded = Command::new("setpriv");
    guarded
        .args(["--pdeathsig", signal, "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        guarded.env(name, value.unwrap_or_default());
    }
    guarded
}

/// Waits for a process to end, so long at most.
pub fn wait(child: &mut Child, time: Duration) -> Option<std::process::ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if begun.elapsed() > time {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
