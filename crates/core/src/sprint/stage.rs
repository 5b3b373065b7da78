//! Where a piece of work stands: the states that it goes through, each with what belongs to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::AttemptReason;
use super::state::MergeMethod;
use crate::checks::Check;
use crate::failure::Failure;
use crate::ids::{FencingToken, PersonId, RepositoryId, WorkerId};
use crate::time::Timestamp;

/// Where a piece of work stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Planning only: nothing to do until somebody says something.
    Idle,
    /// An attempt is wanted, but something stands before it: approval, owner, dependencies, a pause.
    Waiting {
        /// Why an attempt is wanted.
        next: AttemptReason,
        /// Not before this time.
        not_before: Timestamp,
    },
    /// An attempt's job is in the queue.
    Queued {
        /// Which attempt.
        attempt: u32,
        /// Not to be taken before this time.
        not_before: Timestamp,
        /// When to look whether the job was lost.
        check_at: Timestamp,
    },
    /// An agent works.
    Running {
        /// Which attempt.
        attempt: u32,
        /// Its fencing token.
        token: FencingToken,
        /// The worker that holds the lease.
        worker: WorkerId,
        /// When the lease ends unless it is renewed.
        lease_until: Timestamp,
        /// When the agent last said something.
        active_at: Timestamp,
        /// Whether the workspace is ready.
        ready: bool,
        /// What the agent last reported.
        progress: Option<String>,
        /// Who asked it to stop (a pause), if anybody did.
        stopping: bool,
    },
    /// Held by a provider's limit or outage.
    Held(Hold),
    /// The agent asked its owner and waits, without a slot.
    Asking {
        /// The question.
        question: String,
        /// Answers to choose from.
        options: Vec<String>,
    },
    /// The agent waits for its subtasks, without a slot.
    AwaitingSubtasks {
        /// The attempt that they were delegated in, or that waited last.
        attempt: u32,
    },
    /// Delivered; the engine runs the repositories' checks on exactly what was delivered.
    Checking {
        /// The checks still to come.
        pending: BTreeMap<RepositoryId, Vec<Check>>,
        /// By when it must have happened.
        until: Timestamp,
    },
    /// Delivered; pull requests are being opened or updated.
    Publishing {
        /// The repositories still to come.
        pending: BTreeSet<RepositoryId>,
        /// By when it must have happened.
        until: Timestamp,
    },
    /// The owner's turn: review and merge.
    InReview,
    /// A subtask's: it was delivered to its parent, which brings it into its own work.
    Delivered,
    /// The owner merged; the forge is doing it.
    Merging {
        /// The repositories still to come.
        pending: BTreeSet<RepositoryId>,
        /// Who merged.
        by: PersonId,
        /// How.
        #[serde(default)]
        method: MergeMethod,
        /// Whether it is known that all of them can be merged; until then none is.
        #[serde(default)]
        checked: bool,
        /// By when it must have happened.
        until: Timestamp,
    },
    /// The owner has what was merged of it taken back; the forge is doing it.
    Reverting {
        /// Who reverts.
        by: PersonId,
        /// By when it must have happened.
        until: Timestamp,
    },
    /// Given up until a person decides.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// Every pull request is merged.
    Done,
    /// Cancelled, or dropped from the plan.
    Cancelled {
        /// Who did it.
        by: PersonId,
    },
    /// A subtask's: its parent went on without it.
    GivenUp {
        /// Why.
        reason: String,
    },
}

impl Stage {
    /// Whether nothing will ever happen any more.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Done | Self::Cancelled { .. } | Self::GivenUp { .. })
    }
}

/// A hold: the work waits for its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    /// What held it.
    pub failure: Failure,
    /// Until when; then another attempt is made.
    pub until: Timestamp,
    /// The attempt that met it.
    pub attempt: u32,
}
