//! The signals by which a program is asked to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks for a stop. They are heeded from the moment when these are there.
pub(crate) struct Signals([Signal; 3]);

impl Signals {
    pub(crate) fn new() -> Result<Self, String> {
        let heed = |kind| signal(kind).map_err(|error| format!("signals cannot be waited for: {error}"));
        Ok(Self([
            heed(SignalKind::terminate())?,
            heed(SignalKind::interrupt())?,
            // The terminal is gone.
            heed(SignalKind::hangup())?,
        ]))
    }

    /// Waits for one.
    pub(crate) async fn one(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
