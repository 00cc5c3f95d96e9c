//! What is measured, and what a server must show before it is.

use std::thread;
use std::time::{Duration, Instant};

use peers::{HELLO, NAP};

use crate::client::{Client, get};
use crate::options::Options;
use crate::process::Server;
use crate::sample::{Figure, Sample};
use crate::{files, idle, late, wrk};

/// Something to measure.
pub struct Scenario {
    pub name: &'static str,
    pub title: &'static str,
    pub load: Load,
}

/// How the server is loaded; a number is a number of connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// One request after the other on each connection.
    Keep(usize),
    /// A connection for each request.
    Close(usize),
    /// So many requests are sent at once, again when all are answered.
    Pipeline { connections: usize, depth: usize },
    /// Connections that do nothing.
    Idle(usize),
    /// A request for this path, which sleeps, beside fast ones.
    Slow(&'static str),
    /// Bodies of so many bytes.
    Upload { connections: usize, bytes: usize },
    /// A file of so many bytes, 16 connections.
    File(usize),
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// All scenarios, in the order in which they are measured.
#[rustfmt::skip]
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "keep-1", title: "Keep-alive, 1 connection", load: Load::Keep(1) },
    Scenario { name: "keep-16", title: "Keep-alive, 16 connections", load: Load::Keep(16) },
    Scenario { name: "keep-64", title: "Keep-alive, 64 connections", load: Load::Keep(64) },
    Scenario { name: "keep-256", title: "Keep-alive, 256 connections", load: Load::Keep(256) },
    Scenario { name: "keep-1000", title: "Keep-alive, 1,000 connections", load: Load::Keep(1000) },
    Scenario { name: "close", title: "A connection per request, 16 at a time", load: Load::Close(16) },
    Scenario { name: "pipeline", title: "16 requests pipelined, 16 connections", load: Load::Pipeline { connections: 16, depth: 16 } },
    Scenario { name: "idle", title: "10,000 idle connections, and newcomers", load: Load::Idle(10_000) },
    Scenario { name: "sleep", title: "A handler that sleeps (as its library's documentation asks for), and fast ones", load: Load::Slow("/sleep") },
    Scenario { name: "block", title: "A handler that blocks in its midst, and fast ones", load: Load::Slow("/block") },
    Scenario { name: "file-1k", title: "A file of 1 KiB, 16 connections", load: Load::File(KIB) },
    Scenario { name: "file-100k", title: "A file of 100 KiB, 16 connections", load: Load::File(100 * KIB) },
    Scenario { name: "file-10m", title: "A file of 10 MiB, 16 connections", load: Load::File(10 * MIB) },
    Scenario { name: "upload", title: "Uploads of 1 MiB, 16 connections", load: Load::Upload { connections: 16, bytes: MIB } },
];

/// The scenario of this name, or all whose names begin with it and a hyphen.
pub fn named(name: &str) -> Vec<&'static Scenario> {
    let group = format!("{name}-");
    let is_named = |one: &&Scenario| one.name == name || one.name.starts_with(&group);
    SCENARIOS.iter().filter(is_named).collect()
}

impl Scenario {
    /// Whether only `GET /` is asked for: all that the example `hello`, the limits and
    /// nginx answer as they should.
    pub fn is_plain(&self) -> bool {
        !matches!(
            self.load,
            Load::Slow(_) | Load::Upload { .. } | Load::File(_)
        )
    }

    /// The size of the file that is asked for, where it is one.
    pub fn file(&self) -> Option<usize> {
        match self.load {
            Load::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Finds out whether the server does what the scenario takes for granted: a wrong
    /// answer is easily a fast one.
    pub fn check(&self, server: &Server) -> Result<(), String> {
        if let Load::File(bytes) = self.load {
            return files::check(server, bytes);
        }
        let mut client = Client::connect(server.address)?;
        expect_hello(&mut client, &get("/"))?;
        match self.load {
            Load::Keep(_) | Load::Idle(_) | Load::File(_) => Ok(()),
            Load::Close(_) => {
                let mut client = Client::connect(server.address)?;
                let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                expect_hello(&mut client, request)?;
                match client.is_closed()? {
                    true => Ok(()),
                    false => Err("ignores `Connection: close`".into()),
                }
            }
            Load::Pipeline { depth, .. } => {
                let mut client = Client::connect(server.address)?;
                client.send(get("/").repeat(depth).as_bytes())?;
                for answered in 0..depth {
                    let reply = client.reply().map_err(|why| {
                        format!("answers {answered} of {depth} pipelined requests: {why}")
                    })?;
                    if reply.body != HELLO.as_bytes() {
                        return Err("answers pipelined requests wrongly".into());
                    }
                }
                Ok(())
            }
            Load::Slow(path) => {
                let mut client = Client::connect(server.address)?;
                let begun = Instant::now();
                expect_hello(&mut client, &get(path))?;
                match begun.elapsed() >= NAP {
                    true => Ok(()),
                    false => Err(format!("does not sleep at {path}")),
                }
            }
            Load::Upload { bytes, .. } => {
                let mut client = Client::connect(server.address)?;
                client.send(
                    format!("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {bytes}\r\n\r\n")
                        .as_bytes(),
                )?;
                client.send(&vec![b'x'; bytes])?;
                let reply = client.reply()?;
                match reply.body == format!("{bytes}\n").as_bytes() {
                    true => Ok(()),
                    false => Err(format!("does not read the whole body: {reply:?}")),
                }
            }
        }
    }

    /// Loads the server and says what was found.
    pub fn measure(&self, server: &Server, options: &Options) -> Result<Sample, String> {
        let load = |path: &str, connections, mode: &[&str]| {
            // Warm: threads started, memory touched.
            wrk::start(server.address, path, connections, WARM_UP, mode)?.finish()?;
            let before = server.cpu();
            let run = wrk::start(server.address, path, connections, options.time, mode)?;
            thread::sleep(options.time / 2);
            let (memory, threads) = server.memory_and_threads();
            let outcome = run.finish()?;
            let cpu = server.cpu() - before;
            if outcome.requests == 0.0 {
                return Err("answers nothing under this load".to_owned());
            }
            let mut figures = vec![
                (Figure::Cpu, cpu.as_secs_f64() * 1e6 / outcome.requests),
                (Figure::Rate, outcome.requests / outcome.seconds),
            ];
            // wrk makes up for requests that it could not send while it waited for
            // an answer. That goes wrong where it sends many at once.
            if !matches!(self.load, Load::Pipeline { .. }) {
                figures.push((Figure::P50, outcome.p50));
                figures.push((Figure::P99, outcome.p99));
            }
            figures.extend([
                (Figure::Memory, memory),
                (Figure::Threads, threads),
                (Figure::Errors, outcome.errors),
            ]);
            Ok(Sample(figures))
        };
        match self.load {
            Load::Keep(connections) => load("/", connections, &[]),
            Load::File(bytes) => load(&format!("/{}", files::name(bytes)), 16, &[]),
            Load::Close(connections) => load("/", connections, &["close"]),
            Load::Pipeline { connections, depth } => {
                load("/", connections, &["pipeline", &depth.to_string()])
            }
            Load::Upload { connections, bytes } => {
                load("/upload", connections, &["upload", &bytes.to_string()])
            }
            Load::Idle(connections) => idle::measure(server, connections),
            Load::Slow(path) => late::measure(server, path, options.time),
        }
    }
}

const WARM_UP: Duration = Duration::from_secs(1);

fn expect_hello(client: &mut Client, request: &str) -> Result<(), String> {
    let reply = client.ask(request)?;
    let fits = reply.status == 200
        && reply.body == HELLO.as_bytes()
        && reply
            .media_type
            .to_ascii_lowercase()
            .starts_with("text/plain");
    match fits {
        true => Ok(()),
        false => Err(format!("answers wrongly: {reply:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_found_by_its_name_or_its_groups() {
        assert_eq!(named("keep-1").len(), 1);
        assert_eq!(named("keep").len(), 5);
        assert_eq!(named("idle").len(), 1);
        assert!(named("kee").is_empty());
    }
}
