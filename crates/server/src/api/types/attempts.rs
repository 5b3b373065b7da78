//! Attempts: one run of an agent each.

use serde::{Deserialize, Serialize};
use team6_core::ids::{AgentId, AttemptId, ProjectId, WorkerId};
use team6_core::sprint::{AttemptReason, Outcome, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;
use utoipa::ToSchema;

/// The signs of life of an attempt that a worker has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Running {
    /// The attempt.
    pub attempt: AttemptId,
    /// The agent.
    pub agent: AgentId,
    /// The worker.
    pub worker: WorkerId,
    /// When the worker took it.
    pub started_at: Timestamp,
    /// Whether its workspace is ready.
    pub ready: bool,
    /// What the agent last reported.
    pub progress: Option<String>,
    /// When the agent last said something.
    pub active_at: Timestamp,
    /// Until when it may say nothing; then it is ended and tried again.
    pub silent_until: Timestamp,
    /// When its lease ends unless there is a heartbeat; then it is recovered.
    pub lease_until: Timestamp,
    /// Whether it was asked to stop.
    pub stopping: bool,
}

/// An attempt in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttemptItem {
    /// Its name, such as `s3-a7`.
    pub id: AttemptId,
    /// Whose work it does.
    pub work: WorkId,
    /// The agent.
    pub agent: AgentId,
    /// Why it was made.
    pub reason: AttemptReason,
    /// When it was scheduled.
    pub scheduled_at: Timestamp,
    /// When a worker took it; none if none did.
    pub started_at: Option<Timestamp>,
    /// The worker that took it.
    pub worker: Option<WorkerId>,
    /// When it ended; none if it has not.
    pub ended_at: Option<Timestamp>,
    /// How it ended, with the failure if it failed.
    pub outcome: Option<Outcome>,
    /// Tokens and cost as last reported.
    pub usage: Usage,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttemptDetail {
    /// The attempt as lists show it.
    pub attempt: AttemptItem,
    /// Its project.
    pub project: ProjectId,
    /// The title of the task, or of the sprint that it plans.
    pub title: String,
    /// How far its agent is, as it last said.
    pub progress: Option<String>,
    /// Until when its lease lasts, while it runs.
    pub lease_until: Option<Timestamp>,
    /// The number of the last entry of its trace; 0 if there is none.
    pub trace: u64,
}
