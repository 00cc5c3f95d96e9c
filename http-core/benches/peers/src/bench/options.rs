//! The command line.

use std::error::Error;
use std::path::PathBuf;
use std::process;
use std::time::Duration;

use lexopt::prelude::*;

use crate::peer::{PEERS, Peer};
use crate::scenario::{self, SCENARIOS, Scenario};

/// What to measure, and for how long.
pub struct Options {
    pub scenarios: Vec<&'static Scenario>,
    /// Names of peers; none means all.
    peers: Vec<String>,
    pub rounds: usize,
    /// The length of one measurement.
    pub time: Duration,
    /// Threads, or workers, of every server that lets one choose.
    pub threads: usize,
    /// Another checkout of the course, whose http-core is measured as `before`.
    pub before: Option<PathBuf>,
}

impl Options {
    pub fn parse() -> Result<Options, Box<dyn Error>> {
        let mut options = Options {
            scenarios: Vec::new(),
            peers: Vec::new(),
            rounds: 3,
            time: Duration::from_secs(3),
            threads: 2,
            before: None,
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(name) => {
                    let name = name.string()?;
                    let found = scenario::named(&name);
                    if found.is_empty() {
                        return Err(format!("no scenario {name:?}; --help lists them").into());
                    }
                    options.scenarios.extend(found);
                }
                Long("peers") => {
                    for name in arguments.value()?.string()?.split(',') {
                        if !PEERS.iter().any(|peer| peer.name == name) {
                            return Err(format!("no peer {name:?}; --help lists them").into());
                        }
                        options.peers.push(name.to_owned());
                    }
                }
                Long("rounds") => options.rounds = arguments.value()?.parse()?,
                Long("seconds") => {
                    let seconds: f64 = arguments.value()?.parse()?;
                    // wrk takes whole seconds only.
                    options.time = Duration::from_secs(seconds.ceil().clamp(1.0, 600.0) as u64);
                }
                Long("threads") => options.threads = arguments.value()?.parse::<usize>()?.max(1),
                Long("before") => {
                    options.before = Some(PathBuf::from(arguments.value()?).canonicalize()?);
                }
                Short('h') | Long("help") => {
                    print!("{}", help());
                    process::exit(0);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = SCENARIOS.iter().collect();
        }
        Ok(options)
    }

    /// Whether a peer was asked for.
    pub fn wants(&self, peer: &Peer) -> bool {
        if peer.needs_checkout() {
            return self.before.is_some();
        }
        self.peers.is_empty() || self.peers.iter().any(|name| name == peer.name)
    }
}

fn help() -> String {
    let mut help = String::from(
        "Measures http-core beside its peers, on loopback. Prints Markdown on standard output.

usage: peers [SCENARIO ...] [--peers NAME,NAME,...] [--rounds 3] [--seconds 3] [--threads 2] [--before FOLDER]

--rounds   how often each is measured, in turn with the others; medians are printed
--seconds  the length of one measurement
--threads  threads, or workers, of each server that lets one choose
--before   another checkout of the course: its http-core takes part, too

scenarios (all unless some are named; `keep` names all five of the first kind):
",
    );
    for scenario in SCENARIOS {
        help += &format!("  {:<10} {}\n", scenario.name, scenario.title);
    }
    help += "\npeers (all unless some are named):\n";
    for peer in PEERS {
        help += &format!("  {:<20} {}\n", peer.name, peer.what);
    }
    help
}
