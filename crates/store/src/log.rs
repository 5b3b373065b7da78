//! The port of the event log: what was decided, in order, and what an append stores along with it.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::ids::{Position, ProjectId, SprintId, StreamVersion};
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;
use tokio::sync::watch;

use crate::{AppendError, NewEffect, ReadModelChanges, StoreError};

/// Why a text is no name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stream \"{given}\" is not valid: write it as kind/name with a-z, 0-9, - and _, such as sprint/3")]
pub struct InvalidStream {
    /// What was given.
    pub given: String,
}

/// The name of a stream, such as `sprint/3` or `project/web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamId(String);

impl StreamId {
    /// Checks and makes the name: `kind/name`, at most 200 of `a-z`, `0-9`, `-`, `_` and `/`.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidStream> {
        let name = name.into();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_/".contains(&b);
        let parts = name.split('/').count();
        if name.len() <= 200 && parts >= 2 && name.bytes().all(allowed) && name.split('/').all(|part| !part.is_empty())
        {
            Ok(Self(name))
        } else {
            Err(InvalidStream { given: name })
        }
    }

    /// The stream of a sprint.
    pub fn sprint(sprint: SprintId) -> Self {
        Self(format!("sprint/{sprint}"))
    }

    /// The stream of a project.
    pub fn project(project: &ProjectId) -> Self {
        Self(format!("project/{project}"))
    }

    /// The stream of a project's memory.
    pub fn memory(project: &ProjectId) -> Self {
        Self(format!("memory/{project}"))
    }

    /// The stream of what the sprints of a project spend together.
    pub fn ledger(project: &ProjectId) -> Self {
        Self(format!("ledger/{project}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for StreamId {
    type Err = InvalidStream;
    fn from_str(text: &str) -> Result<Self, InvalidStream> {
        Self::new(text)
    }
}

impl TryFrom<String> for StreamId {
    type Error = InvalidStream;
    fn try_from(text: String) -> Result<Self, InvalidStream> {
        Self::new(text)
    }
}

impl From<StreamId> for String {
    fn from(stream: StreamId) -> String {
        stream.0
    }
}

/// A fact to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What kind of fact, such as `task_started`.
    pub kind: String,
    /// The fact.
    pub body: Value,
}

/// A stream's state at its version after the append, so that a reader need not begin at the first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot {
    /// The number of the body's format; readers skip formats that they do not know.
    pub format: u32,
    /// The state.
    pub body: Vec<u8>,
}

/// A stored snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The version of the stream that it shows.
    pub version: StreamVersion,
    /// The number of the body's format.
    pub format: u32,
    /// The state.
    pub body: Vec<u8>,
}

/// The answer to a request that carried an idempotency key, kept so that a repeated request gets it again.
#[derive(Debug, Clone, PartialEq)]
pub struct IdempotentAnswer {
    /// The key; callers put the scope into it, such as the account.
    pub key: String,
    /// A hash of the request, by which another request with the same key is noticed.
    pub request_hash: String,
    /// The answer.
    pub body: Value,
}

/// Everything that one command changes, stored whole or not at all.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream that the events belong to.
    pub stream: StreamId,
    /// The project that they belong to, for filtering.
    pub project: Option<ProjectId>,
    /// The version of the stream that the command was decided on.
    pub expected: StreamVersion,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// The facts, in order; none is fine.
    pub events: Vec<NewEvent>,
    /// What has to be done outside because of them.
    pub effects: Vec<NewEffect>,
    /// How the read models change.
    pub rows: ReadModelChanges,
    /// The state after the events.
    pub snapshot: Option<NewSnapshot>,
    /// The answer to the request that caused them.
    pub answer: Option<IdempotentAnswer>,
}

impl Append {
    /// An append of nothing yet: fill in what the command changes.
    pub fn new(stream: StreamId, expected: StreamVersion, at: Timestamp, actor: impl Into<String>) -> Self {
        Self {
            stream,
            project: None,
            expected,
            at,
            actor: actor.into(),
            events: Vec::new(),
            effects: Vec::new(),
            rows: ReadModelChanges::default(),
            snapshot: None,
            answer: None,
        }
    }
}

/// Where an append landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The version of the stream after it.
    pub version: StreamVersion,
    /// The position of its last event, or the head of the log if it had none.
    pub position: Position,
}

/// A stored fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its place in the whole log, from 1, without gaps.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, from 1, without gaps.
    pub version: StreamVersion,
    /// The project that it belongs to.
    pub project: Option<ProjectId>,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// What kind of fact.
    pub kind: String,
    /// The fact.
    pub body: Value,
}

/// Which events of the log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only those of this project.
    pub project: Option<ProjectId>,
    /// Only those whose stream's name begins so, such as `sprint/`.
    pub prefix: Option<String>,
}

/// The event log, with snapshots, numbers and answers.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Stores all of it in one transaction, durable when this returns. It goes through even when the caller goes away.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// The events of a stream after a version, in order.
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// The events of the log after a position, in order. A reader that goes on from the last position misses none.
    async fn read_log(
        &self,
        after: Position,
        filter: &LogFilter,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, StorageError>;

    /// The position of the last event, 0 for an empty log.
    async fn head(&self) -> Result<Position, StorageError>;

    /// Tells the head of the log, and each new head after its commit.
    fn committed(&self) -> watch::Receiver<Position>;

    /// The last snapshot of a stream.
    async fn snapshot(&self, stream: &StreamId) -> Result<Option<Snapshot>, StorageError>;

    /// The streams whose names begin with `prefix`, by name, after `after`.
    async fn list_streams(
        &self,
        prefix: &str,
        after: Option<&StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, StreamVersion)>, StorageError>;

    /// The answer that was given to this request before.
    async fn answer(&self, key: &str, request_hash: &str) -> Result<Option<Value>, StoreError>;

    /// Forgets answers given before `before`, and says how many.
    async fn prune_answers(&self, before: Timestamp) -> Result<u64, StorageError>;

    /// Takes `count` numbers that nobody else gets, and returns the first; the first ever is 1.
    async fn reserve(&self, counter: &str, count: u32) -> Result<u64, StorageError>;
}
