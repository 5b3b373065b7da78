//! Why a store refuses, by what the caller can do about it.

use serde_json::Value;
use team6_core::ids::{AttemptId, Position, StreamVersion};
use team6_sqlite::StorageError;

use crate::StreamId;

/// Why an append was refused. Nothing of it was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended first: read the stream again, decide again, append again.
    #[error("stream {stream} is at version {actual}, not {expected}: read it again and decide anew")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version that the append was decided on.
        expected: StreamVersion,
        /// The version that the stream has.
        actual: StreamVersion,
    },
    /// The same request was answered before: give that answer again.
    #[error("the request with idempotency key {key:?} was answered before")]
    AlreadyAnswered {
        /// The idempotency key.
        key: String,
        /// The answer that was given.
        body: Value,
    },
    /// Another request was made with the same idempotency key.
    #[error("idempotency key {key:?} was used for another request: send this one with a new key")]
    KeyReused {
        /// The idempotency key.
        key: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why another call was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another request was made with the same idempotency key.
    #[error("idempotency key {key:?} was used for another request: send this one with a new key")]
    KeyReused {
        /// The idempotency key.
        key: String,
    },
    /// Events were appended while the read models were made: make them again.
    #[error("the log grew from {expected} to {actual} meanwhile: make the read models again")]
    LogMoved {
        /// The head that the rows were made from.
        expected: Position,
        /// The head of the log.
        actual: Position,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why trace entries were refused. None of them was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TraceError {
    /// Entries are missing before the first given one, or between two of them: send from `expected` on.
    #[error("the trace of attempt {attempt} goes on with entry {expected}, not {got}: send it from {expected} on")]
    Gap {
        /// The attempt.
        attempt: AttemptId,
        /// The sequence number that comes next.
        expected: u64,
        /// The one that was given instead.
        got: u64,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
