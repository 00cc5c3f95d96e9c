//! How a server is told to stop: by its program, by Ctrl-C, or by the system.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, Weak};
use std::time::{Duration, Instant};

use super::poller::Poller;
use super::time::after;
use crate::sync::lock;

/// Stops a server from another thread: http.server's `shutdown`.
///
/// ```
/// use http_core::{HttpServer, Request, Response};
///
/// let server = HttpServer::bind("127.0.0.1:0")?;
/// let stop = server.stop_handle();
/// let thread = std::thread::spawn(move || {
///     server.serve_forever(|_: &mut Request, response: Response| response.send_error(404, "Nothing here."))
/// });
/// stop.stop();
/// thread.join().expect("no panic")?;
/// # Ok::<(), http_core::ServerError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StopHandle(Arc<Stop>);

impl StopHandle {
    /// Tells the server to stop. Requests under way are answered; `serve_forever`
    /// returns when they are, or after [`Limits::stop_time`](crate::Limits::stop_time).
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// Whether a server is stopping, and which of its threads are left.
#[derive(Debug)]
pub(super) struct Stop {
    stopping: AtomicBool,
    given_up: AtomicBool,
    poller: Arc<Poller>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    workers: usize,
    error: Option<io::Error>,
}

/// A thread that serves. The server has ended when all of them are gone.
pub(super) struct Worker(Arc<Stop>);

impl Stop {
    pub fn new(poller: Arc<Poller>) -> Arc<Stop> {
        Arc::new(Stop {
            stopping: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            poller,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    pub fn handle(self: &Arc<Stop>) -> StopHandle {
        StopHandle(Arc::clone(self))
    }

    /// Whether the server was told to stop: no more requests are accepted.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub fn stop(&self) {
        let _state = lock(&self.state);
        self.stopping.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        self.poller.wake();
    }

    /// Whether the time to finish is over, too: no thread may wait for its client any longer.
    pub fn has_given_up(&self) -> bool {
        self.given_up.load(Ordering::SeqCst)
    }

    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
        self.poller.wake();
    }

    /// Stops because the server can't go on.
    pub fn fail(&self, error: io::Error) {
        lock(&self.state).error.get_or_insert(error);
        self.stop();
    }

    pub fn worker(self: &Arc<Stop>) -> Worker {
        lock(&self.state).workers += 1;
        Worker(Arc::clone(self))
    }

    /// Waits until the server is told to stop, then up to `patience` until its threads have
    /// ended. Calls `tick` each time that the time it returned before is over, or earlier.
    pub fn wait(&self, patience: Duration, tick: impl Fn() -> Duration) -> io::Result<()> {
        let mut end = None;
        let mut time = tick();
        loop {
            let mut state = lock(&self.state);
            if self.is_stopping() {
                let now = Instant::now();
                let left = *end.get_or_insert(after(now, patience)) - now;
                if state.workers == 0 || left.is_zero() {
                    return state.error.take().map_or(Ok(()), Err);
                }
                time = time.min(left);
            }
            drop(self.changed.wait_timeout(state, time));
            time = tick();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.workers -= 1;
        if state.workers == 0 {
            self.0.changed.notify_all();
        }
    }
}

/// The servers that Ctrl-C stops.
static SERVING: Mutex<Vec<Weak<Stop>>> = Mutex::new(Vec::new());

/// From now on Ctrl-C (SIGINT) and SIGTERM stop this server; a second one ends the
/// program at once. SIGHUP keeps its meaning, so that `nohup` works.
pub(super) fn on_ctrl_c(stop: &Arc<Stop>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        watch_signals(|| {
            let serving = lock(&SERVING);
            let running: Vec<_> = serving.iter().filter_map(Weak::upgrade).collect();
            if running.iter().all(|stop| stop.is_stopping()) {
                // What a shell reports for a program that Ctrl-C ended.
                process::exit(130);
            }
            running.iter().for_each(|stop| stop.stop());
        });
    });
    let mut serving = lock(&SERVING);
    serving.retain(|stop| stop.strong_count() > 0);
    serving.push(Arc::downgrade(stop));
}

/// Calls `on_signal` at each SIGINT and SIGTERM, from a thread of its own. If the
/// system refuses, these signals go on to end the program at once.
#[cfg(unix)]
fn watch_signals(on_signal: impl Fn() + Send + 'static) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    if let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) {
        std::thread::spawn(move || signals.forever().for_each(|_| on_signal()));
    }
}

/// Calls `on_signal` at each Ctrl-C or Ctrl-Break, from a thread of its own.
#[cfg(not(unix))]
fn watch_signals(on_signal: impl Fn() + Send + 'static) {
    let _ = ctrlc::set_handler(on_signal);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// What `tick` does counts by the second, so a thread that ends is no reason for one.
    #[test]
    fn a_thread_that_ends_is_noticed_only_if_it_is_the_last() {
        const LONG: Duration = Duration::from_secs(3600);
        let stop = Stop::new(Arc::new(Poller::new().unwrap()));
        let (first, second) = (stop.worker(), stop.worker());
        let (tell, ticks) = mpsc::channel();
        let waiting = Arc::clone(&stop);
        let wait = thread::spawn(move || {
            waiting.wait(LONG, || {
                tell.send(()).unwrap();
                LONG
            })
        });
        ticks.recv().unwrap();
        drop(first);
        stop.stop();
        drop(second);
        wait.join().unwrap().unwrap();
        // One for the stop and one for the last thread, or one for both.
        assert!(ticks.iter().count() <= 2);
    }
}
