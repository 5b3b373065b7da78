//! What is at work now, and what it works with.

use serde::{Deserialize, Serialize};
use team6_core::ids::{AgentId, AttemptId, ProjectId, SprintId, TaskId, WorkerId};
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// An attempt that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkItem {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its project.
    pub project: ProjectId,
    /// Its sprint.
    pub sprint: SprintId,
    /// The task; none if it plans the sprint.
    pub task: Option<TaskId>,
    /// The title of the task, or of the sprint that it plans.
    pub title: String,
    /// The agent.
    pub agent: AgentId,
    /// Where it stands.
    pub state: WorkState,
    /// When it was scheduled.
    pub scheduled_at: Timestamp,
    /// Until when its job waits, if it does.
    pub not_before: Option<Timestamp>,
    /// When a worker took it.
    pub started_at: Option<Timestamp>,
    /// The worker that has it.
    pub worker: Option<WorkerId>,
    /// When its agent last said something.
    pub active_at: Option<Timestamp>,
    /// Until when its agent may say nothing.
    pub silent_until: Option<Timestamp>,
    /// When its lease ends unless there is a heartbeat.
    pub lease_until: Option<Timestamp>,
    /// What its agent last reported.
    pub progress: Option<String>,
    /// Why it is not begun, if a worker said so.
    pub lacking: Option<String>,
}

/// Where an attempt that has not ended stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// A worker could have its job now.
    Due,
    /// Its job waits for its time.
    Delayed,
    /// Its workspace is being made.
    Preparing,
    /// Its agent works.
    Working,
    /// Its agent was asked to stop.
    Stopping,
    /// Its lease has run out, and it is about to be recovered.
    Stalled,
}

/// What the server's machine has left for agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// What can be had of each thing, and what must be free before an agent is started.
    pub rooms: Vec<Room>,
    /// Why no further agent is started now; none if there is room.
    pub lacking: Option<String>,
}

/// What is free of something on the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// Of what.
    pub of: RoomOf,
    /// How much is free, in bytes; none if that cannot be found out.
    pub free: Option<u64>,
    /// How much must be, in bytes.
    pub wanted: u64,
    /// The key of the configuration that says so.
    pub setting: String,
}

/// What agents need room of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomOf {
    /// Memory.
    Memory,
    /// Space on the disk.
    Disk,
}
