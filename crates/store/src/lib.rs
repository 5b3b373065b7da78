//! What Team6 remembers: event log, outbox, snapshots, read models and traces.
//!
//! The event log is the truth; snapshots and read models are caches that can be made again from it. Everything that one
//! command changes is stored in one transaction. The ports say what a store promises, the SQLite files keep it on one
//! machine, and the `contract` suite shows that an implementation does.

mod admin;
mod check_logs;
mod error;
mod folder;
mod log;
mod memories;
mod outbox;
mod recall;
mod rows;
mod sqlite;
mod traces;

#[cfg(feature = "contract")]
pub mod contract;

pub use admin::{Admin, BackupError, Finding, backup};
pub use check_logs::CheckLogs;
pub use error::{AppendError, StoreError, TraceError};
pub use folder::{DataFolder, DataFolderError};
pub use log::{
    Append, Appended, EventLog, IdempotentAnswer, InvalidStream, LogFilter, NewEvent, NewSnapshot, RecordedEvent,
    Snapshot, StreamId,
};
pub use memories::{FoundMemory, GivenMemories, MemoryFilter, MemoryIndex, MemoryRow};
pub use outbox::{Effect, EffectId, NewEffect, Outbox};
pub use recall::{Question, recall};
pub use rows::{
    InboxCursor, InboxFilter, InboxRow, ReadModelChanges, ReadModels, Rebuilt, SprintFilter, SprintRow, TaskFilter,
    TaskRow,
};
pub use sqlite::{SqliteStore, SqliteTraceStore};
pub use team6_sqlite::StorageError;
pub use traces::TraceStore;

/// The most rows that one call reads; a larger limit is cut to this.
pub const LARGEST_PAGE: u32 = 10_000;

/// Everything but the traces, behind one object.
#[async_trait::async_trait]
pub trait Store: EventLog + Outbox + ReadModels + MemoryIndex + CheckLogs + Admin {
    /// Finishes what was begun and closes the files. Later calls get [`StorageError::Closed`].
    async fn close(&self);
}
