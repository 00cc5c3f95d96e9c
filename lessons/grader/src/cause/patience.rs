//! For how long a cause is sought: what counts is the time that the thread itself works. So a
//! busy computer finds the same as an idle one.

use std::time::Duration;

/// The time that is left.
pub(super) struct Patience {
    until: Duration,
}

impl Patience {
    /// From now on, this long.
    pub fn of(time: Duration) -> Self {
        let until = worked() + time;
        Self { until }
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        worked() > self.until
    }
}

/// The time that this thread has worked.
#[cfg(unix)]
fn worked() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The time that has passed.
#[cfg(not(unix))]
fn worked() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

#[test]
fn only_work_counts() {
    let patience = Patience::of(Duration::from_millis(20));
    #[cfg(unix)]
    {
        std::thread::sleep(Duration::from_millis(40));
        assert!(!patience.is_over());
    }
    let mut sum = 0_u64;
    while !patience.is_over() {
        sum = std::hint::black_box(sum.wrapping_add(1));
    }
}
