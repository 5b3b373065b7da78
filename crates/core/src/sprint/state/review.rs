//! What a task offers, and what reviewers say of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{CommitId, PersonId, RepositoryId, ReviewId, ThreadId};
use crate::sprint::{ReviewComment, ThreadAnswer};
use crate::time::Timestamp;

/// A pull request of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullRequest {
    /// Its number in the forge; none until it is opened.
    pub number: Option<u64>,
    /// The commit it offers.
    pub head: CommitId,
    /// The newest commit that the forge is known to show.
    pub shown: Option<CommitId>,
    /// The commit by which it was merged.
    pub merged: Option<CommitId>,
    /// The commit that took the merge back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted: Option<CommitId>,
}

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// A merge commit.
    #[default]
    Merge,
    /// One new commit.
    Squash,
    /// Each commit anew on top of the base.
    Rebase,
}

/// A review's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// May be merged.
    Approve,
    /// Goes back to the agent.
    RequestChanges,
    /// Neither.
    Comment,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Review {
    /// Its number.
    pub id: ReviewId,
    /// Who reviewed.
    pub by: PersonId,
    /// What they decided.
    pub verdict: Verdict,
    /// The text above all comments.
    pub body: String,
    /// The threads it opened.
    pub threads: Vec<ThreadId>,
    /// When.
    pub at: Timestamp,
    /// The commits that were looked at.
    pub heads: BTreeMap<RepositoryId, CommitId>,
}

/// A thread of review comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thread {
    /// Its number.
    pub id: ThreadId,
    /// The review that opened it.
    pub review: ReviewId,
    /// Where it stands and what it says.
    pub comment: ReviewComment,
    /// The agent's answer, with the commit that mended it.
    pub answer: Option<ThreadAnswer>,
}
