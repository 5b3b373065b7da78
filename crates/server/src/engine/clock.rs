//! The one place where the time comes from.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use team6_core::time::Timestamp;

/// How far behind a clock may be without anybody being told.
const DRIFT: Duration = Duration::from_secs(2);

/// The machine's clock, which for this process never goes back and never stands still.
///
/// A clock that is set back would let leases live on and make events look older than those before them; one that stood
/// still until the machine's has caught up would stop everything that waits for a time. So while the machine's clock is
/// behind, the time goes on from the latest that was told, at the pace of the clock that nobody can set.
#[derive(Debug)]
pub struct Clock(Mutex<Told>);

#[derive(Debug)]
struct Told {
    /// A time that was told, and when.
    time: i64,
    at: Instant,
    /// Whether people know that the machine's clock is behind.
    warned: bool,
}

impl Clock {
    /// A clock that never tells a time before `earliest`, such as that of the last event on record.
    pub fn not_before(earliest: Timestamp) -> Self {
        Self(Mutex::new(Told {
            time: earliest.0,
            at: Instant::now(),
            warned: false,
        }))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.now(millis(wall), Instant::now())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::not_before(Timestamp(0))
    }
}

impl Told {
    fn now(&mut self, wall: i64, steady: Instant) -> Timestamp {
        // Always from the same point, so that nothing is lost by rounding.
        let expected = self
            .time
            .saturating_add(millis(steady.saturating_duration_since(self.at)));
        if wall >= expected {
            (self.time, self.at, self.warned) = (wall, steady, false);
            return Timestamp(wall);
        }
        let behind = expected - wall;
        if behind > millis(DRIFT) && !self.warned {
            self.warned = true;
            tracing::warn!(
                seconds = behind / 1_000,
                "this machine's clock was set back and is behind the last event on record; Team6 goes on by a clock of \
                 its own, whose times are that much ahead: set the machine's clock right, with \
                 `timedatectl set-ntp true` for example, or, if it is right now, expect times ahead until it has \
                 caught up"
            );
        }
        Timestamp(expected)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        fn warnings(&self) -> usize {
            let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8_lossy(&log)
                .matches("set the machine's clock right")
                .count()
        }
    }

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_time_goes_on_when_the_machine_s_clock_was_set_back_and_people_are_told_once() {
        let log = Log::default();
        let written = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || written.clone()).finish();
        let began = Instant::now();
        let mut told = Told {
            time: 1_000_000,
            at: began,
            warned: false,
        };
        let after = |millis: u64| began + Duration::from_millis(millis);
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(told.now(1_000_500, after(500)), Timestamp(1_000_500));
            assert_eq!(
                told.now(999_000, after(1_000)),
                Timestamp(1_001_000),
                "a small step back"
            );
            assert_eq!(log.warnings(), 0, "is nothing to speak of");
            for tenth in 0..10_000 {
                let passed = Duration::from_micros(1_100_000 + 100 * tenth);
                let now = told.now(500_000, began + passed).0;
                assert_eq!(now, 1_000_000 + i64::try_from(passed.as_millis()).unwrap_or_default());
            }
            assert_eq!(log.warnings(), 1);
            assert_eq!(
                told.now(1_003_000, after(2_500)),
                Timestamp(1_003_000),
                "it has caught up"
            );
            assert_eq!(told.now(0, after(2_600)), Timestamp(1_003_100));
            assert_eq!(log.warnings(), 2, "another time is another warning");
        });
    }

    #[test]
    fn the_time_does_not_go_back_when_the_machine_s_clock_does() {
        let future = Timestamp(i64::MAX / 2);
        let clock = Clock::not_before(future);
        assert!(clock.now() >= future && clock.now() < future + Duration::from_secs(3600));
    }
}
