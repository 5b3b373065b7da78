//! How long the control plane is asked again when it does not answer: as long as the engine goes on.
//!
//! A locked database or a full disk passes, and until then nothing is known of the lease. Whether the attempt is over
//! says the answer, not the time that passed. Only an engine that stops cannot wait for ever.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The wait before the second try; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait between two tries. Each try may itself wait for a locked database.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// For how long is tried again after the engine was told to stop.
const LAST_TRIES: Duration = Duration::from_secs(10);

/// The waits between tries.
pub(super) struct Again<'a> {
    stop: &'a CancellationToken,
    wait: Duration,
    until: Option<Instant>,
}

impl<'a> Again<'a> {
    pub(super) fn new(stop: &'a CancellationToken) -> Self {
        Self {
            stop,
            wait: FIRST_WAIT,
            until: None,
        }
    }

    /// Waits before the next try; false if there is to be none.
    pub(super) async fn wait(&mut self) -> bool {
        if self.stop.is_cancelled() && *self.until.get_or_insert_with(|| Instant::now() + LAST_TRIES) <= Instant::now()
        {
            return false;
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_goes_on_is_asked_for_hours_and_one_that_stops_for_seconds() {
        let stop = CancellationToken::new();
        let mut again = Again::new(&stop);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(3600) {
            assert!(again.wait().await);
        }
        stop.cancel();
        let stopped = Instant::now();
        while again.wait().await {}
        let took = stopped.elapsed();
        assert!(took >= LAST_TRIES && took <= LAST_TRIES + LONGEST_WAIT, "{took:?}");
    }
}
