//! The time, asked once for many requests, and the text of a `Date` field for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A time as in a `Date` field (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) type Date = [u8; 29];

/// The clock of one thread.
#[derive(Debug)]
pub(crate) struct Clock {
    date: Date,
    /// When `date` is over.
    next_second: Instant,
}

impl Default for Clock {
    fn default() -> Clock {
        let (date, next_second) = today(Instant::now());
        Clock { date, next_second }
    }
}

impl Clock {
    /// Asks for the time.
    pub fn now(&mut self) -> Instant {
        let now = Instant::now();
        if now >= self.next_second {
            (self.date, self.next_second) = today(now);
        }
        now
    }

    /// The time that `now` told last.
    pub fn date(&self) -> Date {
        self.date
    }
}

/// The date, and until when it holds.
fn today(now: Instant) -> (Date, Instant) {
    let time = SystemTime::now();
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_secs(1) - Duration::from_nanos(since.subsec_nanos().into());
    let mut date = [b' '; 29];
    date.copy_from_slice(httpdate::fmt_http_date(time).as_bytes());
    (date, now + left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_now() {
        let mut clock = Clock::default();
        clock.next_second = clock.now();
        clock.date = *b"Sun, 06 Nov 1994 08:49:37 GMT";
        let now = clock.now();
        let left = clock.next_second - now;
        assert!(
            !left.is_zero() && left <= Duration::from_secs(1),
            "{left:?}"
        );
        let date = std::str::from_utf8(&clock.date).unwrap();
        let age = SystemTime::now().duration_since(httpdate::parse_http_date(date).unwrap());
        assert!(age.unwrap() < Duration::from_secs(60), "{date}");
    }
}
