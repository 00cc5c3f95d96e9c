//! wrk, the load generator: starts it and reads what it found.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::process::{guarded, wait};

/// What a run of wrk found; times in microseconds.
pub struct Outcome {
    pub requests: f64,
    pub seconds: f64,
    pub p50: f64,
    pub p99: f64,
    pub errors: f64,
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/wrk.lua");

/// A run that is under way.
pub struct Run {
    child: Child,
    time: Duration,
}

/// Begins to load the server, for whole seconds. `mode` is an argument list for wrk.lua.
pub fn start(
    address: SocketAddr,
    path: &str,
    connections: usize,
    time: Duration,
    mode: &[&str],
) -> Result<Run, String> {
    let mut command = Command::new("wrk");
    command
        .args(["--threads", if connections > 1 { "2" } else { "1" }])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", time.as_secs())])
        .args(["--timeout", "2s", "--script", SCRIPT])
        .arg(format!("http://{address}{path}"))
        .arg("--")
        .args(mode);
    let child = guarded(&command, "KILL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("wrk could not be started: {e}"))?;
    Ok(Run { child, time })
}

impl Run {
    /// Waits for its end.
    pub fn finish(mut self) -> Result<Outcome, String> {
        // Its output fits the pipes, so nobody need read while it runs.
        if wait(&mut self.child, self.time + Duration::from_secs(10)).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            return Err("wrk did not end in time".into());
        }
        let output = self.child.wait_with_output().map_err(|e| e.to_string())?;
        let printed = String::from_utf8_lossy(&output.stdout);
        parse(&printed).ok_or_else(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            format!("wrk failed: {} {}", errors.trim(), printed.trim())
        })
    }
}

fn parse(output: &str) -> Option<Outcome> {
    let line = output.lines().find(|line| line.starts_with('{'))?;
    let found: Value = serde_json::from_str(line).ok()?;
    let number = |name: &str| found[name].as_f64();
    Some(Outcome {
        requests: number("requests")?,
        seconds: number("microseconds")? / 1e6,
        p50: number("p50")?,
        p99: number("p99")?,
        errors: number("errors")?,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_of_the_script_is_read_among_wrks_own() {
        let output = "Running 1s test\n  2 threads\n\
            {\"requests\":150,\"microseconds\":1500000,\"p50\":81.0,\"p99\":200.5,\"max\":9,\"errors\":3}\n";
        let outcome = super::parse(output).unwrap();
        assert_eq!((outcome.requests, outcome.seconds), (150.0, 1.5));
        assert_eq!((outcome.p50, outcome.p99), (81.0, 200.5));
        assert_eq!(outcome.errors, 3.0);
        assert!(super::parse("unable to connect to 127.0.0.1:1\n").is_none());
    }
}
