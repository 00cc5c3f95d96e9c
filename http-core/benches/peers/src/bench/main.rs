//! Measures http-core beside its peers: starts each server in turn on loopback,
//! checks its answers, loads it, and prints the medians as Markdown.
//!
//! `cargo run --release -- --help` in this folder tells how it is used.
//! It runs on Linux: it reads /proc, and CPU clocks of other processes.

mod client;
mod files;
mod idle;
mod late;
mod machine;
mod options;
mod peer;
mod process;
mod report;
mod sample;
mod scenario;
mod wrk;

use std::error::Error;
use std::process::{Command, ExitCode};
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use options::Options;
use peer::{PEERS, Peer, Programs};
use report::Results;
use sample::Sample;
use scenario::Scenario;

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // 10,000 idle connections need as many descriptors here, and in some servers
    // twice as many. Only root may have more than the limit that is set.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = most.max(65_536);
    setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted)
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, most, most))?;

    for [tool, package] in [["wrk", "wrk"], ["setpriv", "util-linux"]] {
        if let Err(e) = Command::new(tool).arg("--version").output() {
            return Err(format!("{tool} is needed (apt-get install {package}): {e}").into());
        }
    }

    let begun = Instant::now();
    let mut skipped = Vec::new();
    let mut programs = Vec::new();
    let is_needed =
        |peer: &&Peer| options.wants(peer) && options.scenarios.iter().any(|one| peer.serves(one));
    for peer in PEERS.iter().filter(is_needed) {
        eprintln!("building {}", peer.name);
        match Programs::build(peer, options) {
            Ok(built) => programs.push(built),
            Err(why) => {
                eprintln!("  skipped: {why}");
                skipped.push((peer.name, why));
            }
        }
    }

    let machine = machine::describe(options);
    let mut results = Vec::new();
    for scenario in &options.scenarios {
        results.push(measure(scenario, &programs, options));
    }
    print!("{}", report::markdown(&machine, &skipped, &results));
    eprintln!("took {} s", begun.elapsed().as_secs());
    Ok(())
}

/// All rounds of a scenario. In each round every server is started anew, and every
/// other round goes through them backwards: what drifts hits them alike.
fn measure<'p>(scenario: &'p Scenario, programs: &'p [Programs], options: &Options) -> Results<'p> {
    let mut results = Results::new(scenario, programs);
    for round in 0..options.rounds {
        let mut order: Vec<usize> = (0..programs.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            if results.has_failed(index) || !programs[index].peer.serves(scenario) {
                continue;
            }
            let name = programs[index].peer.name;
            let sample = measure_once(scenario, &programs[index], options);
            match &sample {
                Ok(sample) => eprintln!(
                    "{} {}/{} {name}: {sample}",
                    scenario.name,
                    round + 1,
                    options.rounds
                ),
                Err(why) => eprintln!(
                    "{} {}/{} {name}: {why}",
                    scenario.name,
                    round + 1,
                    options.rounds
                ),
            }
            results.add(index, sample);
        }
    }
    results
}

fn measure_once(
    scenario: &Scenario,
    programs: &Programs,
    options: &Options,
) -> Result<Sample, String> {
    let mut server = programs.start(scenario, options)?;
    let result = scenario
        .check(&server)
        .and_then(|()| scenario.measure(&server, options));
    server.stop();
    result.map_err(|why| format!("{why}{}", server.last_words()))
}
