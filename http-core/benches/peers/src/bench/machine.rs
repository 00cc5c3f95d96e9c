//! What the figures were measured on: they mean little without it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::options::Options;

const LOCKED: &str = include_str!("../../Cargo.lock");

/// A list in Markdown: machine, settings, versions.
pub fn describe(options: &Options) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();

    let crates = [
        "actix-web",
        "axum",
        "hyper",
        "khttp",
        "may_minihttp",
        "mio",
        "rouille",
        "tiny_http",
        "tokio",
        "tower-http",
    ];
    let crates: Vec<String> = crates.iter().filter_map(|name| locked(name)).collect();
    let tools = [
        ["rustc", "--version"],
        ["nginx", "-v"],
        ["go", "version"],
        ["node", "--version"],
        ["python3", "--version"],
        ["wrk", "-v"],
    ];
    let tools: Vec<String> = tools
        .iter()
        .filter_map(|[tool, flag]| version(tool, flag))
        .collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut subject =
        commit(here).map_or(String::new(), |commit| format!("- http-core at {commit}\n"));
    if let Some(commit) = options.before.as_deref().and_then(commit) {
        subject += &format!("- before: http-core at {commit}\n");
    }

    format!(
        "- machine: {cores} cores of {model}, Linux {}, congestion control {}; load average before the run {load}\n\
         - rounds: {}, of {} s each; servers on {} threads, wrk on the same cores with 2 threads\n\
         {subject}- crates: {}\n- tools: {}\n",
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/sys/net/ipv4/tcp_congestion_control").trim(),
        options.rounds,
        options.time.as_secs(),
        options.threads,
        crates.join(", "),
        tools.join(", "),
    )
}

/// A crate's name and version, from Cargo.lock.
fn locked(name: &str) -> Option<String> {
    let (_, after) = LOCKED.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    let (version, _) = after.split_once('"')?;
    Some(format!("{name} {version}"))
}

/// The commit of a checkout; none where it is none, or none of git's business.
fn commit(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "--short", "HEAD"])
        .current_dir(folder)
        .output()
        .ok()?;
    let commit = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| commit.trim().to_owned())
}

/// The first line that a tool says of itself, as far as it is about the version.
fn version(tool: &str, flag: &str) -> Option<String> {
    let output = Command::new(tool).arg(flag).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next()?.trim();
    let line = line
        .split(" [")
        .next()?
        .trim_start_matches("nginx version: ");
    Some(match tool {
        "node" => format!("node {line}"),
        _ => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_of_crates_are_found() {
        assert!(super::locked("hyper").unwrap().starts_with("hyper 1."));
        assert_eq!(super::locked("no-such-crate"), None);
    }
}
