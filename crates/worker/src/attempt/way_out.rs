//! The proxy of one attempt, and what its trace says of each connection.

use team6_egress::{EgressSession, Record};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use super::trace::Trace;
use crate::surroundings::told;

/// A proxy whose records go into a trace.
pub(crate) struct WayOut {
    proxy: EgressSession,
    records: JoinHandle<()>,
}

impl WayOut {
    pub(crate) fn watch(proxy: EgressSession, mut records: Receiver<Record>, trace: Trace) -> Self {
        let records = tokio::spawn(async move {
            while let Some(record) = records.recv().await {
                trace.note(told(&record)).await;
            }
        });
        Self { proxy, records }
    }

    /// Lets nothing more through, and waits until all is written down.
    pub(crate) async fn close(self) {
        self.proxy.shutdown().await;
        if let Err(error) = self.records.await {
            tracing::error!(%error, "records of the network were lost");
        }
    }
}
