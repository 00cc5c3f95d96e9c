//! How far a grading is: one line on standard error, written over and over in a terminal,
//! and once in a while elsewhere.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far it is.
#[derive(Debug)]
pub struct Progress(Mutex<State>);

#[derive(Debug)]
struct State {
    began: Instant,
    all: usize,
    done: usize,
    now: BTreeSet<String>,
    said: Option<Instant>,
    in_terminal: bool,
    quiet: bool,
}

impl Progress {
    /// Tells nothing if it is `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self(Mutex::new(State {
            began: Instant::now(),
            all: 0,
            done: 0,
            now: BTreeSet::new(),
            said: None,
            in_terminal: std::io::stderr().is_terminal(),
            quiet,
        }))
    }

    /// There are so many to do, and so many are known from before.
    pub(crate) fn begin(&self, all: usize, known: usize) {
        let mut state = self.lock();
        (state.all, state.began) = (all, Instant::now());
        state.said = Some(Instant::now());
        if !state.quiet && known > 0 {
            eprintln!("{known} results are known from before, {all} files are to be graded");
        }
    }

    pub(crate) fn begun(&self, name: &str) {
        let mut state = self.lock();
        state.now.insert(name.into());
        state.say();
    }

    /// It is to be done later, once more.
    pub(crate) fn put_off(&self, name: &str) {
        self.lock().now.remove(name);
    }

    pub(crate) fn done(&self, name: &str) {
        let mut state = self.lock();
        state.now.remove(name);
        state.done += 1;
        state.say();
    }

    pub(crate) fn end(&self) {
        let state = self.lock();
        if state.in_terminal && !state.quiet && state.done > 0 {
            eprint!("\r\x1b[K");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn say(&mut self) {
        let often = Duration::from_millis(if self.in_terminal { 100 } else { 15_000 });
        if self.quiet || self.said.is_some_and(|said| said.elapsed() < often) {
            return;
        }
        self.said = Some(Instant::now());
        let line = line(self.done, self.all, self.began.elapsed(), self.now.first());
        match self.in_terminal {
            true => eprint!("\r\x1b[K{line}"),
            false => eprintln!("{line}"),
        }
        let _ = std::io::stderr().flush();
    }
}

/// How far it is, and how long it will take if it goes on like this.
fn line(done: usize, all: usize, took: Duration, now: Option<&String>) -> String {
    let mut line = format!("{done} of {all} files graded");
    if done > 0 && done < all {
        let left = took.mul_f64((all - done) as f64 / done as f64);
        let left = match left.as_secs() {
            seconds @ ..90 => format!("{seconds} s"),
            seconds => format!("{} min", seconds.div_ceil(60)),
        };
        line += &format!(", about {left} left");
    }
    if let Some(now) = now {
        let now: String = now.chars().take(40).collect();
        line += &format!("; now: {now}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_what_is_left_and_what_is_done_now() {
        let seconds = Duration::from_secs;
        assert_eq!(line(0, 8, seconds(0), None), "0 of 8 files graded");
        let now = "ada path_router".to_string();
        assert_eq!(
            line(2, 8, seconds(10), Some(&now)),
            "2 of 8 files graded, about 30 s left; now: ada path_router"
        );
        assert_eq!(
            line(2, 8, seconds(60), None),
            "2 of 8 files graded, about 3 min left"
        );
        assert_eq!(line(8, 8, seconds(60), None), "8 of 8 files graded");
    }
}
