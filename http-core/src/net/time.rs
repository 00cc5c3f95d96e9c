//! The time: the value of the `Date` field, and how long a client may keep us waiting.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

use crate::http1::{Date, Limits};

/// The current second. One thread keeps it up to date for all others, so an answer can have
/// the date of its own second without a call to the clock.
#[derive(Debug)]
pub(super) struct Seconds(AtomicU64);

impl Seconds {
    pub fn now() -> Seconds {
        let seconds = Seconds(AtomicU64::new(0));
        seconds.tick();
        seconds
    }

    /// Must be called when a second begins. Returns the time until the next one.
    pub fn tick(&self) -> Duration {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.0.store(since.as_secs(), Ordering::Relaxed);
        Duration::from_secs(1) - Duration::from_nanos(since.subsec_nanos().into())
    }
}

/// The current second as text. Each thread has its own, and formats it once a second.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    second: Option<u64>,
    date: Date,
}

impl Calendar {
    pub fn date(&mut self, seconds: &Seconds) -> &Date {
        let second = seconds.0.load(Ordering::Relaxed);
        if self.second != Some(second) {
            let time = UNIX_EPOCH + Duration::from_secs(second);
            // All dates have this length.
            let written = write!(&mut self.date[..], "{}", HttpDate::from(time));
            debug_assert!(written.is_ok());
            self.second = Some(second);
        }
        &self.date
    }
}

/// This much later. No limit is so long that there is no such time.
pub(super) fn after(start: Instant, time: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    start + time.min(YEAR)
}

/// How long a client may keep us waiting in one transfer: in total, `stall_time` and more for
/// every byte transferred (`least_rate`), for those who are too slow; at once, `stall_time`, for
/// those who have stopped. Only waiting counts: a handler may take its time.
#[derive(Debug, Default)]
pub(super) struct Pace {
    moved: u64,
    waited: Duration,
    /// The part of it since anything was moved.
    silent: Duration,
    /// When the current wait began, and how long it may take.
    wait: Option<(Instant, Duration)>,
}

impl Pace {
    pub fn moved(&mut self, bytes: usize) {
        self.moved += bytes as u64;
        self.silent = Duration::ZERO;
    }

    /// A wait begins. Returns how long it may take. Of the bytes moved, the system may hold up
    /// to `held` that the client has not received yet: it has time for these, too.
    pub fn start_waiting(&mut self, limits: &Limits, held: u32) -> Duration {
        let rate = u64::from(limits.least_rate.max(1));
        let time_for = |bytes: u64| Duration::from_millis(bytes.saturating_mul(1000) / rate);
        let in_total = limits.stall_time.saturating_add(time_for(self.moved));
        let held = self.moved.min(held.into());
        let at_once = limits.stall_time.saturating_add(time_for(held));
        let left = in_total
            .saturating_sub(self.waited)
            .min(at_once.saturating_sub(self.silent));
        self.wait = Some((Instant::now(), left));
        left
    }

    /// The wait is over.
    pub fn stop_waiting(&mut self) {
        if let Some((since, left)) = self.wait.take() {
            // What came in time may have had to wait for a thread.
            let waited = since.elapsed().min(left);
            self.waited += waited;
            self.silent += waited;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_its_second() {
        let seconds = Seconds::now();
        let mut calendar = Calendar::default();
        let date = calendar.date(&seconds);
        let date = std::str::from_utf8(date).unwrap();
        let age = SystemTime::now().duration_since(httpdate::parse_http_date(date).unwrap());
        assert!(age.unwrap() < Duration::from_secs(60), "{date}");
        seconds.0.store(784_111_777, Ordering::Relaxed);
        assert_eq!(calendar.date(&seconds), b"Sun, 06 Nov 1994 08:49:37 GMT");
        let left = seconds.tick();
        assert!(
            !left.is_zero() && left <= Duration::from_secs(1),
            "{left:?}"
        );
        assert_ne!(calendar.date(&seconds), b"Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn time_is_earned_by_bytes() {
        let limits = Limits {
            least_rate: 100,
            stall_time: Duration::from_secs(10),
            ..Limits::default()
        };
        let millis = Duration::from_millis;
        let mut pace = Pace::default();
        assert_eq!(pace.start_waiting(&limits, 0), millis(10_000));
        pace.moved(250);
        pace.waited = millis(12_000);
        assert_eq!(pace.start_waiting(&limits, 0), millis(500));
        pace.waited = millis(20_000);
        assert_eq!(pace.start_waiting(&limits, 0), Duration::ZERO);
        // What has come is no reason to wait longer for what does not come: only what the client
        // may not have yet is.
        pace.moved = 1 << 60;
        assert_eq!(pace.start_waiting(&limits, 0), millis(10_000));
        assert_eq!(pace.start_waiting(&limits, 250), millis(12_500));
        // A wait that ended late has not taken longer than it may: no thread was free.
        pace.waited = Duration::ZERO;
        pace.wait = Some((Instant::now() - millis(5000), millis(300)));
        pace.stop_waiting();
        assert_eq!((pace.waited, pace.silent), (millis(300), millis(300)));
        // If nothing has come, the next one goes on where it ended.
        assert_eq!(pace.start_waiting(&limits, 0), millis(9700));
        pace.moved(1);
        assert_eq!(pace.start_waiting(&limits, 0), millis(10_000));
        let endless = Limits {
            stall_time: Duration::MAX,
            ..limits
        };
        let now = Instant::now();
        assert!(after(now, pace.start_waiting(&endless, 0)) > now + millis(1_000_000_000));
    }
}
