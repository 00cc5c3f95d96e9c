//! The time: the value of the `Date` field, and how long a client may keep us waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
            let text = httpdate::fmt_http_date(time);
            self.date.copy_from_slice(text.as_bytes());
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

/// How long a client may keep us waiting in one transfer: a fixed time, and more for every
/// byte transferred. This is one rule for clients that stall and for those that are too
/// slow. Only waiting counts: a handler may take its time.
#[derive(Debug, Default)]
pub(super) struct Pace {
    moved: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    pub fn moved(&mut self, bytes: usize) {
        self.moved += bytes as u64;
    }

    /// A wait begins. Returns how long it may take.
    pub fn start_waiting(&mut self, limits: &Limits) -> Duration {
        self.waiting_since = Some(Instant::now());
        let rate = u64::from(limits.least_rate.max(1));
        let earned = Duration::from_millis(self.moved.saturating_mul(1000) / rate);
        let all = limits.stall_time.saturating_add(earned);
        all.saturating_sub(self.waited)
    }

    /// The wait is over.
    pub fn stop_waiting(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
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
        let mut pace = Pace::default();
        assert_eq!(pace.start_waiting(&limits), Duration::from_secs(10));
        pace.moved(250);
        assert_eq!(pace.start_waiting(&limits), Duration::from_millis(12_500));
        pace.waited = Duration::from_secs(12);
        assert_eq!(pace.start_waiting(&limits), Duration::from_millis(500));
        pace.waited = Duration::from_secs(20);
        assert_eq!(pace.start_waiting(&limits), Duration::ZERO);
        pace.moved = u64::MAX;
        assert!(pace.start_waiting(&limits) > Duration::from_secs(10));
        let endless = Limits {
            stall_time: Duration::MAX,
            ..limits
        };
        let now = Instant::now();
        assert!(after(now, pace.start_waiting(&endless)) > now + Duration::from_secs(1_000_000));
    }
}
