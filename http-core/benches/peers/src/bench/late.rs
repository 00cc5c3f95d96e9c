//! Are other clients answered while a handler takes its time?
//!
//! Closed loops hide what is asked here: a connection that waits sends nothing, so
//! hardly any of its requests count. These clients have a timetable instead, and an
//! answer is as late as it comes after its request was *due*.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE, get};
use crate::process::Server;
use crate::sample::{Figure, Sample, percentiles};

/// Clients with a timetable. Every fourth connects anew for each request.
const CLIENTS: u32 = 16;
/// The time between two requests of a client.
const PACE: Duration = Duration::from_millis(10);

/// One client asks for `slow` again and again, the others for `/` on their timetable.
pub fn measure(server: &Server, slow: &str, time: Duration) -> Result<Sample, String> {
    let address = server.address;
    let over = AtomicBool::new(false);
    let mut times = thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let mut client = Client::connect(address)?;
            while !over.load(Ordering::Relaxed) {
                if client.ask(&get(slow))?.is_last {
                    client = Client::connect(address)?;
                }
            }
            Ok::<_, String>(())
        });
        let begun = Instant::now() + Duration::from_millis(50);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|index| {
                // Spread over the pace, so that they do not ask all at once.
                let first = begun + PACE * index / CLIENTS;
                scope.spawn(move || keep_time(address, first, time, index % 4 == 0))
            })
            .collect();
        let mut times = Vec::new();
        let mut failed = None;
        for client in clients {
            match client.join().expect("a client that does not panic") {
                Ok(more) => times.extend(more),
                Err(why) => failed = Some(why),
            }
        }
        over.store(true, Ordering::Relaxed);
        let slept = sleeper.join().expect("a sleeper that does not panic");
        slept.map_err(|why| format!("the slow request: {why}"))?;
        failed.map_or(Ok(times), Err)
    })?;
    let rate = times.len() as f64 / time.as_secs_f64();
    let mut figures = vec![(Figure::Rate, rate)];
    figures.extend(percentiles(&mut times));
    Ok(Sample(figures))
}

/// How late each answer was, in microseconds.
fn keep_time(
    address: SocketAddr,
    first: Instant,
    time: Duration,
    anew: bool,
) -> Result<Vec<f64>, String> {
    let mut client = None;
    let mut times = Vec::new();
    let mut due = first;
    // One that lags behind for good is not waited for.
    while due < first + time && first.elapsed() < time + PATIENCE {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut connection = match client.take() {
            Some(connection) => connection,
            None => Client::connect(address)?,
        };
        let reply = connection.ask(&get("/"))?;
        times.push(due.elapsed().as_secs_f64() * 1e6);
        if !anew && !reply.is_last {
            client = Some(connection);
        }
        due += PACE;
    }
    Ok(times)
}
