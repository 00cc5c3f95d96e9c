//! Slow clients by the thousand, and how long all others wait for their answers while
//! these are there: 99 of 100 less than 100 ms longer than without them.
//!
//! `cargo test -p http-core --test crowd -- --ignored --nocapture`

// The server is this program, too, with a process of its own: its memory and its threads
// can be told from the clients'. What it takes to look at them is Linux's.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

mod common;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::program::Program;
use common::slow::{self, STREAM};
use common::{Client, PATIENCE};
use http_core::{HttpServer, Limits, Request, Response};
use libtest_mimic::{Arguments, Failed, Trial};

const CROWD: usize = 1000;
/// So many handlers may wait by default.
const MOST_WAITING: usize = 1024;
/// How long the crowd is watched.
const TIME: Duration = Duration::from_secs(5);
/// What a crowd may add to the time in which 99 of 100 others are answered. (On a machine
/// that does nothing else, they are answered in a millisecond without it.)
const LATE: Duration = Duration::from_millis(100);
/// Resident memory for each client that a handler waits for.
const MEMORY_EACH: usize = 96 * 1024;
const STOP_TIME: Duration = Duration::from_millis(500);

/// The server: `/upload` counts what it reads, `/stream` writes piece by piece.
fn serve(threads: usize) -> http_core::Result<()> {
    HttpServer::bind("127.0.0.1:0")?
        .threads(threads)
        .access_log(false)
        .limits(Limits {
            stop_time: STOP_TIME,
            ..Limits::default()
        })
        .serve_forever(
            |request: &mut Request, response: Response| match request.path() {
                "/upload" => slow::count_body(request, response),
                "/stream" => slow::stream(response, &[b'x'; 65_000], STREAM),
                _ => response.send_response(200).end_headers()?.send("fine"),
            },
        )
}

/// What a slow client does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Sends 16 MB at 1.5 kB/s.
    Upload,
    /// Is asked for its body, and sends 100 bytes a second of it.
    Asked,
    /// Takes 1.5 kB/s of a streamed answer.
    Reader,
}

/// One slow client.
struct Slow {
    stream: TcpStream,
    kind: Kind,
    /// The first bytes that came.
    answer: Vec<u8>,
    /// The server has ended the connection.
    is_over: bool,
}

impl Slow {
    fn connect(address: SocketAddr, kind: Kind) -> Slow {
        let mut stream = Client::connect(address).stream;
        let head = match kind {
            Kind::Upload => slow::upload(16_000_000),
            Kind::Asked => slow::upload_on_demand(60_000),
            Kind::Reader => slow::get("/stream"),
        };
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Slow {
            stream,
            kind,
            answer: Vec::new(),
            is_over: false,
        }
    }

    /// What it does in a second.
    fn sip(&mut self) {
        if self.is_over {
            return;
        }
        let mut piece = [0; 1500];
        match self.stream.read(&mut piece) {
            Ok(0) => self.is_over = true,
            Ok(count) if self.answer.len() < 4096 => {
                self.answer.extend_from_slice(&piece[..count]);
            }
            Err(error) if error.kind() != ErrorKind::WouldBlock => self.is_over = true,
            _ => {}
        }
        let sent = match self.kind {
            Kind::Upload => self.stream.write(&[b'x'; 1500]),
            Kind::Asked if self.has("100") => self.stream.write(&[b'x'; 100]),
            _ => Ok(0),
        };
        if sent.is_err_and(|error| error.kind() != ErrorKind::WouldBlock) {
            self.is_over = true;
        }
    }

    /// Whether it was answered with this status.
    fn has(&self, status: &str) -> bool {
        self.answer
            .starts_with(format!("HTTP/1.1 {status} ").as_bytes())
    }

    /// Whether it was one too many: told so, or cut off where its answer had begun.
    fn has_been_refused(&self) -> bool {
        match self.kind {
            Kind::Upload => self.has("503"),
            Kind::Asked => self.answer.windows(12).any(|part| part == b"HTTP/1.1 503"),
            Kind::Reader => self.is_over,
        }
    }

    /// Whether it is as it should be: waited for, and not refused.
    fn is_waited_for(&self) -> bool {
        !self.is_over
            && match self.kind {
                Kind::Upload => self.answer.is_empty(),
                Kind::Asked => self.has("100") && !self.has_been_refused(),
                Kind::Reader => self.has("200"),
            }
    }
}

/// The others: some stay connected, some come anew each time, each once in 10 ms. How late
/// their answers were after they had to be asked for; nothing is left out while one waits.
fn others(address: SocketAddr, is_over: &AtomicBool) -> Vec<Duration> {
    const PACE: Duration = Duration::from_millis(10);
    let one = |anew: bool| {
        let mut times = Vec::new();
        let mut client = Client::connect(address);
        let mut due = Instant::now();
        while !is_over.load(Ordering::Relaxed) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if anew {
                client = Client::connect(address);
            }
            assert_eq!(client.get("/"), "fine");
            times.push(due.elapsed());
            due += PACE;
        }
        times
    };
    let mut times = thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|n| scope.spawn(move || one(n % 2 == 0)))
            .collect();
        let times = clients.into_iter().flat_map(|one| one.join().unwrap());
        times.collect::<Vec<Duration>>()
    });
    times.sort_unstable();
    times
}

/// The server's threads, and KiB of resident memory.
fn usage(server: &Program) -> (usize, usize) {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("resident memory");
    let memory = memory.trim().trim_end_matches(" kB").parse().unwrap();
    (slow::threads(server), memory)
}

fn start(threads: usize) -> Program {
    let this = std::env::current_exe().expect("this program");
    let server = Program::start(Command::new(this).args(["serve", &threads.to_string()]));
    // All its threads are there, and have their memory.
    for _ in 0..100 {
        assert_eq!(server.connect().get("/"), "fine");
    }
    server
}

/// A crowd of these kinds, as many of each as `CROWD`, comes at once, sips for a while, and
/// is gone. How many are waited for must be `expected`.
fn crowd(threads: usize, kinds: &[Kind], expected: usize) -> Result<(), Failed> {
    let server = start(threads);
    let (threads_before, before) = usage(&server);
    let alone = others_meanwhile(&server, || thread::sleep(TIME / 5));
    let mut slow: Vec<Slow> = Vec::new();

    // They come, and all have their place or were refused.
    let while_they_come = others_meanwhile(&server, || {
        let start = Instant::now();
        for n in 0..CROWD {
            // A thousand of each a second.
            let due = start + Duration::from_millis(n as u64);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            for kind in kinds {
                slow.push(Slow::connect(server.address, *kind));
            }
        }
        let start = Instant::now();
        let is_settled = |slow: &[Slow]| {
            usage(&server).0 >= threads_before + expected
                && slow
                    .iter()
                    .all(|one| one.is_waited_for() || one.has_been_refused())
        };
        while !is_settled(&slow) && start.elapsed() < PATIENCE {
            slow.iter_mut().for_each(Slow::sip);
            thread::sleep(Duration::from_millis(50));
        }
    });
    let mut most = (0, 0);
    let while_they_sip = others_meanwhile(&server, || {
        let start = Instant::now();
        while start.elapsed() < TIME {
            // A tenth of them each tenth of a second.
            let tenth = slow.len().div_ceil(10);
            for part in slow.chunks_mut(tenth) {
                part.iter_mut().for_each(Slow::sip);
                thread::sleep(Duration::from_millis(100));
            }
            let (threads, memory) = usage(&server);
            most = (threads.max(most.0), memory.max(most.1));
        }
    });
    let (most_threads, most) = most;
    let waited_for = slow.iter().filter(|one| one.is_waited_for()).count();
    let refused = slow.iter().filter(|one| one.has_been_refused()).count();
    println!(
        "{threads} threads, {CROWD} × {kinds:?}: {waited_for} waited for, {refused} refused\n\
         others alone: {}\nothers while they come: {}\nothers while they sip: {}\n\
         threads {threads_before}, {most_threads}; memory {before} KiB, {most} KiB",
        shown(&alone),
        shown(&while_they_come),
        shown(&while_they_sip),
    );
    let is_all = expected == slow.len();
    if is_all && waited_for != expected || most_threads < threads_before + expected {
        let other = slow.iter().find(|one| !one.is_waited_for());
        let said = other.map(|one| String::from_utf8_lossy(&one.answer).into_owned());
        return Err(format!("{expected} were to be waited for; one got {said:?}").into());
    }
    // (A reader that was cut off has much to read before it sees that.)
    if !is_all && refused < CROWD {
        return Err(format!("only {refused} were refused").into());
    }
    // How long it takes to start a thousand threads is up to the machine, so what others
    // wait while the crowd comes is shown, but not judged.
    let (late, most_late) = (at(&while_they_sip, 0.99), at(&alone, 0.99) + LATE);
    if late > most_late {
        return Err(format!("99 of 100 others are answered after {late:?}").into());
    }
    let more = (most - before) * 1024;
    if more > expected * MEMORY_EACH {
        return Err(format!("{more} bytes of memory for them").into());
    }
    if most_threads > threads_before + expected + threads {
        return Err(format!("{most_threads} threads").into());
    }
    // They are gone, and so is all that they took. (Memory the allocator may keep.)
    drop(slow);
    let start = Instant::now();
    while usage(&server).0 != threads_before {
        if start.elapsed() > PATIENCE {
            return Err(format!("{} threads stay", usage(&server).0).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.connect().get("/"), "fine");
    assert_eq!(server.kill(), "");
    Ok(())
}

/// How long others waited, in order, while `act` was done.
fn others_meanwhile(server: &Program, act: impl FnOnce()) -> Vec<Duration> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let others = scope.spawn(|| others(server.address, &is_over));
        act();
        is_over.store(true, Ordering::Relaxed);
        others.join().unwrap()
    })
}

/// The time that this share of them took at most.
fn at(times: &[Duration], share: f64) -> Duration {
    times[((times.len() - 1) as f64 * share) as usize]
}

fn shown(times: &[Duration]) -> String {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| at(times, share));
    format!(
        "{} times, p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?}",
        times.len()
    )
}

/// Ctrl-C while a thousand are waited for: the server has ended in good order soon after
/// `stop_time`.
fn the_end(threads: usize) -> Result<(), Failed> {
    let server = start(threads);
    let mut slow: Vec<Slow> = (0..CROWD)
        .map(|_| Slow::connect(server.address, Kind::Asked))
        .collect();
    let start = Instant::now();
    while !slow.iter().all(Slow::is_waited_for) {
        if start.elapsed() > PATIENCE {
            return Err("not all are waited for".into());
        }
        slow.iter_mut().for_each(Slow::sip);
        thread::sleep(Duration::from_millis(20));
    }
    let start = Instant::now();
    #[cfg(unix)]
    server.signal("INT");
    let end = server.end();
    let time = start.elapsed();
    println!("{threads} threads: it has ended {time:?} after Ctrl-C");
    if (end.code, &end.stderr[..]) != (Some(0), "") {
        return Err(format!("{end:?}").into());
    }
    if time > STOP_TIME + Duration::from_secs(2) {
        return Err(format!("the end took {time:?}").into());
    }
    Ok(())
}

/// A thousand sockets at each end are more than a program may have by default.
#[cfg(target_os = "linux")]
fn may_have_many_sockets() -> bool {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let wanted = (3 * CROWD) as u64;
    setrlimit(Resource::Nofile, limit).is_ok() && limit.maximum.is_none_or(|most| most >= wanted)
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use Kind::{Asked, Reader, Upload};

    let can = may_have_many_sockets();
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, threads] = &arguments[..]
        && command == "serve"
    {
        return match serve(threads.parse().expect("a number of threads")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let mut arguments = Arguments::from_args();
    // They are measured, so one after the other.
    arguments.test_threads = Some(1);
    let kind = match can {
        true => "takes a minute, with both hands full",
        false => "needs more file descriptors",
    };
    let mut trials = Vec::new();
    let mut add = |name: String, run: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        trials.push(
            Trial::test(name, run)
                .with_kind(kind)
                .with_ignored_flag(true),
        );
    };
    for threads in [1, 8] {
        for (name, kinds, expected) in [
            ("uploads", &[Upload][..], CROWD),
            ("bodies_that_were_asked_for", &[Asked], CROWD),
            ("readers", &[Reader], CROWD),
            // More than may wait: the others of them are refused, and hold up nobody either.
            ("all_at_once", &[Upload, Asked, Reader], MOST_WAITING),
        ] {
            let run = move || crowd(threads, kinds, expected);
            add(
                format!("a_thousand_{name}_{threads}_threads"),
                Box::new(run),
            );
        }
        let run = move || the_end(threads);
        add(format!("the_end_{threads}_threads"), Box::new(run));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    let trial = Trial::test("crowds", || Ok(()));
    let trial = trial.with_kind("looks into /proc").with_ignored_flag(true);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}
