//! An attempt's trace on its way to the control plane: numbered, in batches, and never faster than it is stored.

use std::sync::Arc;
use std::time::Instant;

use team6_core::failure::Failure;
use team6_core::ids::{AttemptId, FencingToken};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::again::Again;
use crate::control::{ControlError, ControlPlane};

/// How many entries wait at most before the agent has to.
const WAITING: usize = 1_024;
/// How many entries are sent at once.
const BATCH: usize = 256;

/// Where the parts of an attempt write its trace. Clones write to the same trace.
#[derive(Clone)]
pub(crate) struct Trace {
    control: Arc<dyn ControlPlane>,
    entries: mpsc::Sender<(Timestamp, TraceBody)>,
}

/// The task that sends entries on; it ends when every [`Trace`] is gone.
pub(crate) struct TraceSender(JoinHandle<()>);

impl Trace {
    /// A trace that goes on after entry `last`.
    pub(crate) fn start(
        control: Arc<dyn ControlPlane>,
        attempt: AttemptId,
        token: FencingToken,
        last: u64,
        stop: CancellationToken,
    ) -> (Self, TraceSender) {
        let (entries, received) = mpsc::channel(WAITING);
        let sending = tokio::spawn(send_all(Arc::clone(&control), attempt, token, last, received, stop));
        (Self { control, entries }, TraceSender(sending))
    }

    /// Adds an entry; waits while too many are on their way.
    pub(crate) async fn write(&self, body: TraceBody) {
        self.write_of(body, Instant::now()).await;
    }

    /// Adds an entry of something that happened a while ago.
    pub(crate) async fn write_of(&self, body: TraceBody, happened: Instant) {
        let ago = i64::try_from(happened.elapsed().as_millis()).unwrap_or(i64::MAX);
        let at = Timestamp(self.control.now().0.saturating_sub(ago));
        // The sender stops early only when nobody wants the rest, or nobody can store it.
        let _ = self.entries.send((at, body)).await;
    }

    /// Adds a step of the engine around the agent.
    pub(crate) async fn note(&self, text: impl Into<String>) {
        let text = text.into();
        self.write(TraceBody::Note { text, failed: false }).await;
    }

    /// Says why the attempt failed.
    pub(crate) async fn failed(&self, failure: &Failure) {
        let text = format!("the attempt failed: {}", failure.text);
        self.write(TraceBody::Note { text, failed: true }).await;
    }
}

impl TraceSender {
    /// Waits until everything was sent. Every [`Trace`] must have been dropped.
    pub(crate) async fn finish(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the end of a trace is lost");
        }
    }
}

async fn send_all(
    control: Arc<dyn ControlPlane>,
    attempt: AttemptId,
    token: FencingToken,
    mut last: u64,
    mut received: mpsc::Receiver<(Timestamp, TraceBody)>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while received.recv_many(&mut batch, BATCH).await > 0 {
        let entries: Vec<TraceEntry> = batch
            .drain(..)
            .map(|(at, body)| {
                last += 1;
                TraceEntry { seq: last, at, body }
            })
            .collect();
        let mut again = Again::new(&stop);
        loop {
            match control.trace(attempt, token, entries.clone()).await {
                Ok(()) => break,
                Err(ControlError::Unavailable(why)) => {
                    tracing::warn!(%attempt, why, "the trace waits for the control plane");
                    if !again.wait().await {
                        tracing::error!(%attempt, "the end of the trace is lost: it could not be stored in time");
                        return;
                    }
                }
                Err(error) => {
                    tracing::info!(%attempt, %error, "the rest of the trace is left out");
                    return;
                }
            }
        }
    }
}
