//! Good, bad, slow, idle and vanishing clients at once, for a while: every good
//! one gets its answers, and the server needs no more memory, threads or file
//! descriptors at the end than at the beginning.
//!
//! ```sh
//! cargo build --release -p http-core --examples
//! SOAK_SECONDS=300 cargo test --release -p http-core --test soak -- --ignored --nocapture
//! ```

mod common;

#[path = "protocol/cases/mod.rs"]
#[allow(dead_code)]
mod cases;

use std::fmt::Write as _;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::program::Program;
use common::{Client, pattern};
use fastrand::Rng;

/// What the clients share.
struct Soak {
    address: SocketAddr,
    is_over: AtomicBool,
    cases: Vec<Vec<u8>>,
    /// Good answers, refused or cut connections, slow requests, connections that
    /// were idle, clients that vanished.
    counts: [AtomicU64; 5],
}

const NAMES: [&str; 5] = [
    "good answers",
    "bad inputs",
    "slow requests",
    "idle connections",
    "vanished clients",
];

/// The number of slow connections at once.
const SLOW: usize = 20;

/// The number of connections whose requests can be with a handler at once: the slow ones, two
/// good ones, a bad one, and one that vanishes.
const WITH_A_HANDLER: usize = SLOW + 4;

impl Soak {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    fn count(&self, kind: usize, number: usize) {
        self.counts[kind].fetch_add(number as u64, Ordering::Relaxed);
    }

    /// Pipelines, bodies with a length and in chunks; all must come back.
    fn good(&self, rng: &mut Rng) {
        while self.goes_on() {
            let mut client = Client::connect(self.address);
            for _ in 0..rng.usize(1..50) {
                let bodies: Vec<Vec<u8>> = (0..rng.usize(1..8))
                    .map(|_| {
                        let limit = rng.choice([1, 100, 3000, 200_000]).unwrap();
                        pattern(rng.usize(..limit))
                    })
                    .collect();
                // So that neither side waits for the other with full buffers.
                let bodies = match bodies.iter().map(Vec::len).sum::<usize>() < 60_000 {
                    true => &bodies[..],
                    false => &bodies[..1],
                };
                for body in bodies {
                    client.send(request(body, rng.bool()));
                }
                for body in bodies {
                    let reply = client.reply();
                    assert!(
                        reply.status == 200 && reply.body == *body,
                        "{}",
                        reply.status
                    );
                }
                self.count(0, bodies.len());
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// The cases of the table with faults. Each has its end.
    fn bad(&self, rng: &mut Rng) {
        while self.goes_on() {
            let mut bytes = rng.choice(&self.cases).unwrap().clone();
            for _ in 0..rng.usize(..3) {
                if !bytes.is_empty() {
                    let at = rng.usize(..bytes.len());
                    bytes[at] = rng.u8(..);
                }
            }
            let mut client = Client::connect(self.address);
            let _ = client.stream.write_all(&bytes);
            client.half_close();
            client.rest();
            self.count(1, 1);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Byte by byte, several at once, up to the handler's body.
    fn slow(&self, rng: &mut Rng) {
        while self.goes_on() {
            let body = pattern(rng.usize(1..40));
            let bytes = request(&body, rng.u8(..8) == 0);
            let mut clients: Vec<Client> =
                (0..SLOW).map(|_| Client::connect(self.address)).collect();
            for piece in bytes.chunks(3) {
                clients.iter_mut().for_each(|client| client.send(piece));
                thread::sleep(Duration::from_millis(10));
            }
            for client in &mut clients {
                assert_eq!(client.reply().body, body);
                self.count(2, 1);
            }
        }
    }

    /// Connections that ask once, or nothing, and stay.
    fn idle(&self) {
        while self.goes_on() {
            let mut clients: Vec<Client> =
                (0..100).map(|_| Client::connect(self.address)).collect();
            clients[0].get("/");
            thread::sleep(Duration::from_millis(500));
            clients[99].get("/");
            self.count(3, clients.len());
        }
    }

    /// Gone in the middle of a request or of its answer, by FIN or by reset.
    fn vanishing(&self, rng: &mut Rng) {
        while self.goes_on() {
            let bytes = request(&pattern(rng.usize(..500_000)), rng.bool());
            let mut stream = TcpStream::connect(self.address).unwrap();
            stream.set_write_timeout(Some(common::PATIENCE)).unwrap();
            let _ = match rng.bool() {
                true => stream.write_all(&bytes),
                false => stream.write_all(&bytes[..rng.usize(..bytes.len().min(200))]),
            };
            if rng.bool() {
                let socket = socket2::SockRef::from(&stream);
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            drop(stream);
            self.count(4, 1);
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn request(body: &[u8], in_chunks: bool) -> Vec<u8> {
    let mut bytes = b"PUT /x HTTP/1.1\r\nHost: h\r\n".to_vec();
    if in_chunks {
        bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in body.chunks(1000) {
            write!(bytes, "{:x}\r\n", chunk.len()).unwrap();
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
    } else {
        write!(bytes, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        bytes.extend_from_slice(body);
    }
    bytes
}

/// What the server's process has: file descriptors, threads, KiB of memory.
#[derive(Debug, Clone, Copy)]
struct Usage {
    descriptors: usize,
    threads: usize,
    memory: usize,
}

impl Usage {
    /// `None` where the system does not tell in /proc.
    fn of(program: &Program) -> Option<Usage> {
        let folder = format!("/proc/{}", program.child.id());
        let count = |name: &str| {
            std::fs::read_dir(format!("{folder}/{name}"))
                .ok()
                .map(Iterator::count)
        };
        let status = std::fs::read_to_string(format!("{folder}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(Usage {
            descriptors: count("fd")?,
            threads: count("task")?,
            memory: line.trim().trim_end_matches(" kB").parse().ok()?,
        })
    }
}

#[test]
#[ignore = "takes as long as SOAK_SECONDS says, else 20 s, with both hands full"]
fn nothing_grows() {
    let seconds =
        std::env::var("SOAK_SECONDS").map_or(20, |text| text.parse().expect("SOAK_SECONDS"));
    let program = Program::echo();
    let cases = cases::all().into_iter().flat_map(|class| class.cases);
    let soak = Soak {
        address: program.address,
        is_over: AtomicBool::new(false),
        cases: cases.map(|case| case.input).collect(),
        counts: Default::default(),
    };
    let begin = Usage::of(&program);
    let mut samples: Vec<Usage> = Vec::new();
    thread::scope(|scope| {
        let soak = &soak;
        scope.spawn(|| soak.good(&mut Rng::with_seed(1)));
        scope.spawn(|| soak.good(&mut Rng::with_seed(2)));
        scope.spawn(|| soak.bad(&mut Rng::with_seed(3)));
        scope.spawn(|| soak.slow(&mut Rng::with_seed(4)));
        scope.spawn(|| soak.idle());
        scope.spawn(|| soak.vanishing(&mut Rng::with_seed(5)));
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) {
            thread::sleep(Duration::from_millis(200));
            samples.extend(Usage::of(&program));
        }
        soak.is_over.store(true, Ordering::Relaxed);
    });

    let mut report = format!("{seconds} s:");
    for (name, count) in NAMES.iter().zip(&soak.counts) {
        let count = count.load(Ordering::Relaxed);
        write!(report, " {count} {name},").unwrap();
        assert!(count > 0, "no {name}");
    }
    println!("{}", report.trim_end_matches(','));

    // It is as it was: all is given back, and it serves on.
    let mut client = program.connect();
    assert_eq!(client.get("/"), "");
    drop(client);
    if let Some(begin) = begin {
        let end = settled(&program, begin);
        let third = samples.len() / 3;
        let memory = |samples: &[Usage]| {
            let mut memory: Vec<usize> = samples.iter().map(|usage| usage.memory).collect();
            memory.sort_unstable();
            memory[memory.len() / 2]
        };
        let (second, last) = (
            memory(&samples[third..2 * third]),
            memory(&samples[2 * third..]),
        );
        let most = |of: fn(&Usage) -> usize| samples.iter().map(of).max().unwrap_or_default();
        let tenths = samples.chunks(samples.len().div_ceil(10));
        let tenths: Vec<usize> = tenths.map(memory).collect();
        println!("memory in KiB, tenth by tenth: {tenths:?}");
        println!(
            "descriptors {} before, {} after, {} at most; threads {}, {}, {}; memory {} KiB before, \
             {second} in the second third, {last} in the last, {} at most",
            begin.descriptors,
            end.descriptors,
            most(|usage| usage.descriptors),
            begin.threads,
            end.threads,
            most(|usage| usage.threads),
            begin.memory,
            most(|usage| usage.memory),
        );
        assert_eq!(end.descriptors, begin.descriptors, "file descriptors");
        assert_eq!(end.threads, begin.threads, "threads");
        // Meanwhile there may be more: a handler that waits for its client hands its place over.
        let at_most = begin.threads + WITH_A_HANDLER;
        assert!(most(|usage| usage.threads) <= at_most, "threads");
        assert!(
            last <= second + second / 10 + 2048,
            "memory grows: {second} KiB, then {last}"
        );
    }
    // No client did anything worth a line.
    assert_eq!(program.kill(), "");
}

/// The usage once the last connections have ended, and the threads that are too many.
fn settled(program: &Program, begin: Usage) -> Usage {
    let start = Instant::now();
    loop {
        let usage = Usage::of(program).expect("it was there before");
        let is_as_before = (usage.descriptors, usage.threads) == (begin.descriptors, begin.threads);
        if is_as_before || start.elapsed() > common::PATIENCE {
            return usage;
        }
        thread::sleep(Duration::from_millis(50));
    }
}
