//! What happened, as it is on record and as it happens.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::ids::{AttemptId, Position, ProjectId, StreamVersion};
use team6_core::time::Timestamp;
use team6_core::trace::TraceEntry;
use utoipa::ToSchema;

/// An event of the live stream; its SSE id is its position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveEvent {
    /// Its place in the log, from 1.
    pub position: Position,
    /// Its place in its stream, from 1: what is shown of that stream at this version or a later one knows it already.
    #[serde(default)]
    pub version: Option<StreamVersion>,
    /// Its stream, such as `sprint/3` or `project/web`.
    pub stream: String,
    /// What kind of event, such as `attempt_started`.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// The event, in streams of sprints a `SprintEvent`; none if it is too large for the stream and must be fetched.
    pub data: Option<Value>,
}

/// Where the live stream stands: the data of its `ready` and `reset` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamPosition {
    /// The events after this position follow.
    pub position: Position,
}

/// What happened within a moment, of all that a stream follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Batch {
    /// The place in the log up to which everything was told.
    pub position: Position,
    /// Events of the log, in order.
    pub events: Vec<LiveEvent>,
    /// What was added to traces.
    pub traces: Vec<TracePart>,
}

/// What was added to a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TracePart {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its next entries, in order.
    pub entries: Vec<TraceEntry>,
    /// Whether these were the last: the attempt has ended. This is told once.
    pub ended: bool,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEvent {
    /// Its place in the log, from 1.
    pub position: Position,
    /// Its stream, such as `sprint/3` or `project/web`.
    pub stream: String,
    /// Its place in its stream, from 1.
    pub version: StreamVersion,
    /// The project that it belongs to.
    pub project: Option<ProjectId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// What kind of event.
    pub kind: String,
    /// The event, in streams of sprints a `SprintEvent`.
    pub data: Value,
}
