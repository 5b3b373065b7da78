//! What is asked of taking a merge back, and how that can end.

use serde::{Deserialize, Serialize};
use team6_core::ids::{BranchName, CommitId};
use team6_core::time::Timestamp;

use crate::merge::Conflict;
use crate::port::Identity;

/// A merge to be taken back by a commit on top of the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// What asked for it, for the record.
    pub key: String,
    /// Who reverts: the author of the commit.
    pub by: Identity,
    /// The message of the commit.
    pub message: String,
    /// Now: the date of the commit.
    pub at: Timestamp,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RevertOutcome {
    /// Nothing of it is in the base any more.
    Reverted {
        /// The commit that took it back; the base itself if there was nothing left of it.
        commit: CommitId,
    },
    /// Later work builds on it; nothing was changed.
    Conflicts {
        /// What conflicts, by file.
        files: Vec<Conflict>,
    },
    /// Others pushed to the base each time that this was about to; nothing was changed, and trying again may help.
    BaseMoved {
        /// The base.
        base: BranchName,
    },
    /// It is not possible or not allowed; nothing was changed.
    Refused {
        /// Why.
        why: String,
        /// What to do about it.
        next: String,
    },
}
