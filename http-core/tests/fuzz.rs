//! A short run of the fuzzing in http-core/fuzz, with its own checks: the cases of
//! the table as they are, then changed at random, for some seconds.
//!
//! `FUZZ_SECONDS` makes it longer, `FUZZ_SEED` starts it elsewhere. An input that
//! fails is printed.

#[path = "protocol/cases/mod.rs"]
#[allow(dead_code)]
mod cases;
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::env;
use std::fmt::Debug;
use std::fs;
use std::panic;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// Longer ones take their time and find no more.
const LONGEST: usize = 3000;

fn from_environment<T: FromStr<Err: Debug>>(name: &str, default: T) -> T {
    env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// What to begin with: the cases, and what libFuzzer kept for this target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let cases = cases::all().into_iter().flat_map(|class| class.cases);
    let mut seeds: Vec<Vec<u8>> = cases.map(|case| case.input).collect();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    // What a connection is sent is the same over a socket.
    let target = if target == "socket" {
        "connection"
    } else {
        target
    };
    for file in fs::read_dir(corpus.join(target)).into_iter().flatten() {
        seeds.push(fs::read(file.unwrap().path()).unwrap());
    }
    if target == "chunks" {
        // Of the cases, what follows the head.
        for seed in &mut seeds {
            if let Some(end) = seed.windows(4).position(|w| w == b"\r\n\r\n") {
                seed.drain(..end + 4);
            }
        }
    }
    if target == "path" {
        // Of the cases, the target of the first request.
        for seed in &mut seeds {
            *seed = seed
                .split(|&b| b == b' ')
                .nth(1)
                .unwrap_or_default()
                .to_vec();
        }
    }
    seeds.retain(|seed| seed.len() <= LONGEST);
    seeds
}

/// One to four faults.
fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut Rng) {
    const PIECES: [&str; 24] = [
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        ";",
        ",",
        "0",
        "1",
        "ffff",
        "\0",
        "\x7f",
        "é",
        "%",
        "GET ",
        "HEAD ",
        " HTTP/1.0",
        "Host: h\r\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "0\r\n\r\n",
    ];
    for _ in 0..rng.usize(1..=4) {
        let at = rng.usize(..=bytes.len());
        let end = (at + rng.usize(..20)).min(bytes.len());
        match rng.u8(..6) {
            0 if at < bytes.len() => bytes[at] = rng.u8(..),
            1 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => {
                // The rest of another one.
                let other = rng.choice(others).expect("there are some");
                bytes.truncate(at);
                bytes.extend_from_slice(&other[rng.usize(..=other.len())..]);
            }
            _ => {
                let piece = rng.choice(PIECES).expect("there are some");
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
    bytes.truncate(LONGEST);
}

/// Runs a check on the seeds, then on changed ones, for `seconds` or at most
/// `most` times.
fn run(target: &str, check: fn(&[u8]), most: usize) {
    let seconds: f64 = from_environment("FUZZ_SECONDS", 2.0);
    let seed = from_environment("FUZZ_SEED", 7);
    let most = if seconds > 2.0 { usize::MAX } else { most };
    let mut rng = Rng::with_seed(seed);
    let seeds = seeds(target);
    for bytes in &seeds {
        try_one(target, check, bytes);
    }
    let start = Instant::now();
    let mut count = 0;
    while count < most && start.elapsed() < Duration::from_secs_f64(seconds) {
        let mut bytes = rng.choice(&seeds).expect("there are some").clone();
        change(&mut bytes, &seeds, &mut rng);
        try_one(target, check, &bytes);
        count += 1;
    }
    println!("{target}: {} seeds, {count} changed ones", seeds.len());
}

fn try_one(target: &str, check: fn(&[u8]), bytes: &[u8]) {
    if panic::catch_unwind(|| check(bytes)).is_err() {
        panic!("{target} fails on b\"{}\"", bytes.escape_ascii());
    }
}

#[test]
fn heads() {
    run("head", fuzz::checks::head, usize::MAX);
}

#[test]
fn paths() {
    run("path", fuzz::checks::path, usize::MAX);
}

#[test]
fn chunks() {
    run("chunks", fuzz::checks::chunks, usize::MAX);
}

#[test]
fn connections() {
    run("connection", fuzz::checks::connection, usize::MAX);
}

/// Each takes a port for a while, and some systems have few.
#[test]
fn sockets() {
    let most = if cfg!(target_os = "linux") {
        4000
    } else {
        1000
    };
    run("socket", fuzz::checks::socket, most);
}
