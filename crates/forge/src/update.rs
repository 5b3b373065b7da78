//! What is asked of bringing a pull request's branch up to date with its base, and what it can come to.

use serde::{Deserialize, Serialize};
use team6_core::ids::CommitId;
use team6_core::time::Timestamp;

use crate::merge::Conflict;
use crate::path::RepoPath;

/// A branch to be brought up to date with its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchUpdate {
    /// Where the branch must be.
    pub expected_head: CommitId,
    /// The message of the merge commit.
    pub message: String,
    /// Now: the date of the merge commit.
    pub at: Timestamp,
}

/// What bringing a branch up to date came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum BranchUpdated {
    /// The base was merged into it, which is its newest patch set.
    Updated {
        /// The merge commit.
        commit: CommitId,
        /// What was merged in.
        base: CommitId,
        /// Files that the pull request itself changes and that are not as they were before.
        own: Vec<RepoPath>,
    },
    /// It has all that the base has.
    UpToDate,
    /// It does not fit; nothing was changed.
    Conflicts {
        /// The base.
        base: CommitId,
        /// What conflicts, by file.
        files: Vec<Conflict>,
    },
    /// The branch is elsewhere; nothing was changed.
    HeadMoved {
        /// Where it is.
        now: CommitId,
    },
    /// It is closed or merged; nothing was changed.
    NotOpen,
}
