//! Why the engine did not do what it was asked.

use team6_core::ids::{ProjectId, SprintId, TaskId};
use team6_core::memory::MemoryRefusal;
use team6_core::project::ProjectRefusal;
use team6_core::sprint::Refusal;
use team6_queue::QueueError;
use team6_store::{AppendError, StorageError, StoreError};

/// Why a command was not carried out. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The rules refuse it.
    #[error(transparent)]
    ProjectRefused(#[from] ProjectRefusal),
    /// The rules refuse it.
    #[error(transparent)]
    MemoryRefused(#[from] MemoryRefusal),
    /// There is no such sprint.
    #[error("there is no sprint {0}")]
    NoSuchSprint(SprintId),
    /// There is no such task.
    #[error("there is no task {0}")]
    NoSuchTask(TaskId),
    /// There is no such project.
    #[error("there is no project {0}")]
    NoSuchProject(ProjectId),
    /// Another request was made with the same idempotency key.
    #[error("idempotency key {0:?} was used for another request; send this one with a new key")]
    KeyReused(String),
    /// The same request was carried out before, and this was its answer.
    #[error("the request was carried out before")]
    AlreadyAnswered(serde_json::Value),
    /// Others changed the same sprint again and again; asking again helps.
    #[error("the sprint is being changed by others; try again")]
    Busy,
    /// What is on record cannot be understood.
    #[error("event {position} of {stream} cannot be read: {why}; run `team6 admin check`")]
    Unreadable {
        /// The stream.
        stream: String,
        /// The event's version in it.
        position: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<AppendError> for EngineError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Busy,
            AppendError::AlreadyAnswered { body, .. } => Self::AlreadyAnswered(body),
            AppendError::KeyReused { key } => Self::KeyReused(key),
            AppendError::Storage(error) => Self::Storage(error),
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused { key } => Self::KeyReused(key),
            StoreError::LogMoved { .. } => Self::Busy,
            StoreError::Storage(error) => Self::Storage(error),
        }
    }
}
