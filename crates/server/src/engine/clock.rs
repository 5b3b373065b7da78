//! The one place where the time comes from.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use team6_core::time::Timestamp;

/// The machine's clock, which for this process never goes back.
///
/// A clock that is set back would let leases live on and make events look older than those before them; until it has
/// caught up again, the time stands still.
#[derive(Debug, Default)]
pub struct Clock {
    latest: AtomicI64,
}

impl Clock {
    /// A clock that never tells a time before `earliest`, such as that of the last event on record.
    pub fn not_before(earliest: Timestamp) -> Self {
        Self {
            latest: AtomicI64::new(earliest.0),
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = i64::try_from(wall.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.latest.fetch_max(wall, Ordering::AcqRel).max(wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_does_not_go_back_when_the_machine_s_clock_does() {
        let future = Timestamp(i64::MAX / 2);
        assert_eq!(Clock::not_before(future).now(), future);
    }
}
