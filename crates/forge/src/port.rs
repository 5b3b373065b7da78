//! What the engine asks of a forge.
//!
//! The port is level-triggered: `refresh` and `sync` say how things stand, whatever was missed in between. What creates
//! something finds it by its key first; what moves something says from where.

use std::fmt::Debug;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;

use crate::diff::{Diff, DiffOptions, Patch, Range};
use crate::error::ForgeError;
use crate::forecast::ConflictForecast;
use crate::merge::{Merge, MergeOutcome, Mergeability};
use crate::pull_request::{
    NewPullRequest, NewReply, NewReview, PullRequest, Resolution, Review, StateFilter, Summary, Thread,
};
use crate::revert::{Revert, RevertOutcome};

/// Who a commit says made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// Which branch of the origin pull requests are merged into.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetBranch {
    /// The one that the origin calls its default.
    #[default]
    Default,
    /// This one, which is there.
    Existing(BranchName),
    /// This one; made from the origin's default branch if it is not there.
    Create(BranchName),
}

/// What to connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySettings {
    /// Our name for it.
    pub id: RepositoryId,
    /// Where it is: a path on this machine, or a URL (file, https, ssh). May hold credentials, so it is never shown.
    pub origin: String,
    /// The target branch.
    pub branch: TargetBranch,
    /// How pull requests are merged unless the owner says otherwise.
    pub method: MergeMethod,
}

/// A connected repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The target branch.
    pub branch: BranchName,
    /// Its head.
    pub head: CommitId,
    /// What people should know.
    pub notices: Vec<Notice>,
}

/// What people should know of a repository before agents work on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// It has submodules, which workspaces do not fill.
    Submodules {
        /// Where, as far as listed.
        paths: Vec<String>,
    },
    /// Some files are kept by Git LFS; workspaces hold their pointers.
    Lfs,
    /// It is large: the first clone takes a while.
    Large {
        /// Size of its objects in bytes.
        bytes: u64,
    },
    /// The target branch is checked out in a work tree, which git itself brings up to date at each merge if it is clean.
    UpdatesWorkTree {
        /// The work tree.
        work_tree: PathBuf,
    },
}

/// Where a mirror is cloned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloneSource {
    /// A bare repository on this machine.
    Path(PathBuf),
    /// A remote repository.
    Url(String),
}

/// A commit to be pushed to a task's branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The git folder of the store that holds the commit; trusted.
    pub from: PathBuf,
    /// The commit.
    pub commit: CommitId,
    /// The branch.
    pub branch: BranchName,
    /// Where the branch must be for this to be done; none if it must be new.
    pub expected: Option<CommitId>,
    /// Now.
    pub at: Timestamp,
}

/// What publishing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whether the branch moved; if not, it was there already.
    pub moved: bool,
    /// The open pull requests of the branch, now up to date.
    pub pull_requests: Vec<u64>,
}

/// How a repository stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The head of the target branch.
    pub base: CommitId,
    /// Pull requests that were open and changed: a new patch set, or found merged.
    pub changed: Vec<u64>,
}

/// A place where branches are published, reviewed and merged.
///
/// Every call may be repeated after a failure or a crash, and then finishes what was begun. Errors of which
/// [`ForgeError::is_retryable`] is true may go away by themselves.
#[async_trait]
pub trait Forge: Debug + Send + Sync {
    /// Checks that the origin can be used as asked and remembers it. Again with other settings, it changes them.
    async fn connect(&self, settings: &RepositorySettings) -> Result<Connected, ForgeError>;

    /// Where mirrors of the repository are cloned from.
    async fn clone_source(&self, repository: &RepositoryId) -> Result<CloneSource, ForgeError>;

    /// The head of the target branch now, fetched from the origin.
    async fn base(&self, repository: &RepositoryId) -> Result<CommitId, ForgeError>;

    /// The head of a branch as the forge knows it; none if there is no such branch.
    async fn branch(&self, repository: &RepositoryId, branch: &BranchName) -> Result<Option<CommitId>, ForgeError>;

    /// Looks at the origin and at every open pull request, and records what changed.
    async fn sync(&self, repository: &RepositoryId, at: Timestamp) -> Result<Synced, ForgeError>;

    /// Moves a task's branch to a commit, if it is where the caller last saw it. Open pull requests follow.
    async fn publish(&self, repository: &RepositoryId, publish: &Publish) -> Result<Published, ForgeError>;

    /// Opens a pull request, or finds the one with the same key, in whatever state it is. An open one gets the new body.
    async fn open_pull_request(
        &self,
        repository: &RepositoryId,
        new: &NewPullRequest,
    ) -> Result<PullRequest, ForgeError>;

    /// The pull request after a look at its branch: a new head becomes a new patch set.
    async fn refresh(&self, repository: &RepositoryId, number: u64, at: Timestamp) -> Result<PullRequest, ForgeError>;

    /// The pull request as last recorded.
    async fn pull_request(&self, repository: &RepositoryId, number: u64) -> Result<PullRequest, ForgeError>;

    /// The pull requests in a state, newest first.
    async fn pull_requests(&self, repository: &RepositoryId, filter: StateFilter) -> Result<Vec<Summary>, ForgeError>;

    /// Whether it could be merged, against the target branch as last fetched.
    async fn mergeability(&self, repository: &RepositoryId, number: u64) -> Result<Mergeability, ForgeError>;

    /// Adds a review with its comments, all or none; one review per key.
    async fn submit_review(
        &self,
        repository: &RepositoryId,
        number: u64,
        review: &NewReview,
    ) -> Result<Review, ForgeError>;

    /// Adds to a thread; one comment per key.
    async fn reply(&self, repository: &RepositoryId, number: u64, reply: &NewReply) -> Result<Thread, ForgeError>;

    /// Marks a thread as resolved (with who and when) or as open again.
    async fn resolve(
        &self,
        repository: &RepositoryId,
        number: u64,
        thread: u32,
        resolved: Option<&Resolution>,
    ) -> Result<Thread, ForgeError>;

    /// What a pull request changes, in parts, within bounds.
    async fn diff(
        &self,
        repository: &RepositoryId,
        number: u64,
        range: Range,
        options: &DiffOptions,
    ) -> Result<Diff, ForgeError>;

    /// The same as git writes it.
    async fn patch(
        &self,
        repository: &RepositoryId,
        number: u64,
        range: Range,
        options: &DiffOptions,
    ) -> Result<Patch, ForgeError>;

    /// How the commits of one patch set differ from those of another, as git-range-diff(1) writes it.
    async fn interdiff(&self, repository: &RepositoryId, number: u64, from: u32, to: u32) -> Result<Patch, ForgeError>;

    /// What [`Forge::merge`] would answer, without merging. Nothing that anybody sees is changed.
    async fn dry_run_merge(
        &self,
        repository: &RepositoryId,
        number: u64,
        merge: &Merge,
    ) -> Result<MergeOutcome, ForgeError>;

    /// What merging open branches with these heads would come to: against the target branch as last fetched, and against
    /// each other. Nothing is changed.
    async fn forecast_conflicts(
        &self,
        repository: &RepositoryId,
        heads: &[CommitId],
    ) -> Result<ConflictForecast, ForgeError>;

    /// Merges. Merged twice is merged once, by the same commit.
    async fn merge(&self, repository: &RepositoryId, number: u64, merge: &Merge) -> Result<MergeOutcome, ForgeError>;

    /// What [`Forge::revert`] would answer, without doing anything that anybody sees.
    async fn dry_run_revert(
        &self,
        repository: &RepositoryId,
        number: u64,
        revert: &Revert,
    ) -> Result<RevertOutcome, ForgeError>;

    /// Takes the merge of a pull request back by a commit on top of its base. Reverted twice is reverted once, by the same
    /// commit.
    async fn revert(
        &self,
        repository: &RepositoryId,
        number: u64,
        revert: &Revert,
    ) -> Result<RevertOutcome, ForgeError>;

    /// Closes a pull request that will not be merged.
    async fn close(&self, repository: &RepositoryId, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError>;

    /// Opens a closed pull request again; its branch must still be there.
    async fn reopen(&self, repository: &RepositoryId, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError>;

    /// Deletes a task's branch that no open pull request needs. What was reviewed stays.
    async fn delete_branch(&self, repository: &RepositoryId, branch: &BranchName) -> Result<(), ForgeError>;
}
