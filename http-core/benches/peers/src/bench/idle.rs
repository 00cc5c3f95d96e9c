//! Thousands of idle connections: what they cost, and how a newcomer fares.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, get};
use crate::process::Server;
use crate::sample::{Figure, Sample, percentiles};

/// How long it may take to open them all.
const OPENING: Duration = Duration::from_secs(30);
const NEWCOMERS: usize = 200;

/// Opens so many connections, has one answer on each, and leaves them alone. Then
/// newcomers connect and ask, one after the other.
pub fn measure(server: &Server, connections: usize) -> Result<Sample, String> {
    let begun = Instant::now();
    let mut idle = Vec::with_capacity(connections);
    while idle.len() < connections {
        let opened = Client::connect(server.address).and_then(|mut client| {
            client.ask(&get("/"))?;
            Ok(client)
        });
        match opened {
            Ok(client) => idle.push(client),
            Err(why) => return Err(format!("with {} idle connections: {why}", idle.len())),
        }
        if begun.elapsed() > OPENING {
            let opened = idle.len();
            return Err(format!(
                "opened {opened} connections in {} s",
                OPENING.as_secs()
            ));
        }
    }
    thread::sleep(Duration::from_millis(300));
    let mut times = Vec::with_capacity(NEWCOMERS);
    for _ in 0..NEWCOMERS {
        let begun = Instant::now();
        Client::connect(server.address)
            .and_then(|mut client| client.ask(&get("/")))
            .map_err(|why| format!("a newcomer: {why}"))?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let (memory, threads) = server.memory_and_threads();
    let open = idle.iter().filter(|client| client.is_open()).count();
    if open < connections {
        return Err(format!(
            "has closed {} of the idle connections",
            connections - open
        ));
    }
    let mut figures = vec![(Figure::Memory, memory), (Figure::Threads, threads)];
    figures.extend(percentiles(&mut times));
    Ok(Sample(figures))
}
