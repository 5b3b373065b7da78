//! One run of an agent at a piece of work, from its schedule to its end.

use serde::{Deserialize, Serialize};

use super::WorkId;
use crate::budget::Budget;
use crate::ids::{AgentId, AttemptId, FencingToken, WorkerId};
use crate::sprint::{AttemptReason, Outcome};
use crate::time::Timestamp;
use crate::trace::Usage;

/// An attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// Its number.
    pub id: AttemptId,
    /// Whose work it does.
    pub work: WorkId,
    /// The agent.
    pub agent: AgentId,
    /// Why it was made.
    pub reason: AttemptReason,
    /// When it was scheduled.
    pub scheduled_at: Timestamp,
    /// When and by which worker it was taken.
    pub started: Option<Started>,
    /// How it ended and when.
    pub ended: Option<Ended>,
    /// Tokens and cost as last reported.
    pub usage: Usage,
    /// What it may spend.
    #[serde(default, skip_serializing_if = "Budget::is_unlimited")]
    pub reserved: Budget,
}

/// When a worker took an attempt, which one, and with which token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Started {
    /// When.
    pub at: Timestamp,
    /// The worker.
    pub worker: WorkerId,
    /// The fencing token that it was given.
    pub token: FencingToken,
}

/// When and how an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
}
