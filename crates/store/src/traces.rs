//! The port of the traces: what agents did, by attempt and sequence number.
//!
//! They are large and come in fast, so they have a file of their own that may lose its last moments in a power failure;
//! the worker sends from the next expected entry on.

use async_trait::async_trait;
use team6_core::ids::AttemptId;
use team6_core::trace::TraceEntry;
use team6_sqlite::StorageError;
use tokio::sync::watch;

use crate::{Admin, TraceError};

/// The traces of all attempts.
#[async_trait]
pub trait TraceStore: Admin {
    /// Adds entries in their order and returns the last sequence number. Entries that are there already are skipped; a
    /// gap is refused and says which entry comes next.
    async fn append(&self, attempt: AttemptId, entries: &[TraceEntry]) -> Result<u64, TraceError>;

    /// The entries after a sequence number, in order.
    async fn read(&self, attempt: AttemptId, after_seq: u64, limit: u32) -> Result<Vec<TraceEntry>, StorageError>;

    /// The last entries, in order.
    async fn tail(&self, attempt: AttemptId, limit: u32) -> Result<Vec<TraceEntry>, StorageError>;

    /// The last sequence number, 0 for an attempt without a trace.
    async fn last_seq(&self, attempt: AttemptId) -> Result<u64, StorageError>;

    /// Tells the last sequence number of an attempt, and each new one after its commit.
    async fn watch(&self, attempt: AttemptId) -> Result<watch::Receiver<u64>, StorageError>;

    /// Finishes what was begun and closes the file. Later calls get [`StorageError::Closed`].
    async fn close(&self);
}
