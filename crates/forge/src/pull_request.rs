//! A pull request with its patch sets, reviews and threads, as people and the engine see it.

use serde::{Deserialize, Serialize};
use team6_core::ids::{BranchName, CommitId, RepositoryId};
use team6_core::sprint::{MergeMethod, Verdict};
use team6_core::time::Timestamp;

use crate::path::RepoPath;

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullRequest {
    /// By which it is found again.
    pub key: String,
    /// The branch that it offers.
    pub branch: BranchName,
    /// The branch that it is to be merged into; none for the target branch. Another task's branch is possible.
    pub base: Option<BranchName>,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Whose work it is.
    pub author: String,
    /// Now.
    pub at: Timestamp,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The repository.
    pub repository: RepositoryId,
    /// Its number in the repository, from 1.
    pub number: u64,
    /// By which it is found again.
    pub key: String,
    /// One line.
    pub title: String,
    /// Markdown; not to be trusted.
    pub body: String,
    /// Whose work it is.
    pub author: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// The branch that it offers.
    pub branch: BranchName,
    /// The branch that it is to be merged into.
    pub base: BranchName,
    /// Where it stands.
    pub state: State,
    /// What took its merge back, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted: Option<Reverted>,
    /// Every head that it had, oldest first; never empty.
    pub patch_sets: Vec<PatchSet>,
    /// Reviews, oldest first.
    pub reviews: Vec<Review>,
    /// Threads of comments on files and lines, oldest first.
    pub threads: Vec<Thread>,
}

impl PullRequest {
    /// The newest patch set.
    pub fn latest(&self) -> Option<&PatchSet> {
        self.patch_sets.last()
    }

    /// The commit that it offers.
    pub fn head(&self) -> Option<&CommitId> {
        self.latest().map(|set| &set.head)
    }

    /// A patch set by its number.
    pub fn patch_set(&self, k: u32) -> Option<&PatchSet> {
        self.patch_sets.iter().find(|set| set.k == k)
    }
}

/// Where a pull request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It can be reviewed and merged.
    Open,
    /// It was closed without being merged.
    Closed {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It was merged.
    Merged {
        /// The commit that brought it into the base; its head, if the base had it already by other ways.
        commit: CommitId,
        /// How; none if it came into the base by other ways.
        method: Option<MergeMethod>,
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// open, closed or merged.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed { .. } => "closed",
            Self::Merged { .. } => "merged",
        }
    }
}

/// A merge that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// The commit that did it.
    pub commit: CommitId,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Which pull requests to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// Those that are open.
    #[default]
    Open,
    /// Those that are closed.
    Closed,
    /// Those that are merged.
    Merged,
    /// All of them.
    All,
}

impl StateFilter {
    /// Whether a state is asked for.
    pub fn takes(self, state: &State) -> bool {
        match self {
            Self::All => true,
            Self::Open => matches!(state, State::Open),
            Self::Closed => matches!(state, State::Closed { .. }),
            Self::Merged => matches!(state, State::Merged { .. }),
        }
    }
}

/// A pull request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its number.
    pub number: u64,
    /// By which it is found again.
    pub key: String,
    /// One line.
    pub title: String,
    /// Whose work it is.
    pub author: String,
    /// The branch that it offers.
    pub branch: BranchName,
    /// The branch that it is to be merged into.
    pub base: BranchName,
    /// The commit that it offers.
    pub head: CommitId,
    /// Where it stands.
    pub state: State,
    /// How many patch sets it had.
    pub patch_sets: u32,
    /// Threads that nobody resolved.
    pub open_threads: u32,
}

/// One state of a pull request's branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchSet {
    /// Its number, from 1.
    pub k: u32,
    /// The branch's head.
    pub head: CommitId,
    /// The base's head at that time.
    pub base: CommitId,
    /// Where the two parted: what the diff begins from.
    pub merge_base: CommitId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A review to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// By which it is found again.
    pub key: String,
    /// Who reviewed.
    pub author: String,
    /// What they think.
    pub verdict: Verdict,
    /// Markdown.
    pub body: String,
    /// The patch set that was looked at.
    pub patch_set: u32,
    /// On files and lines; each begins a thread.
    pub comments: Vec<NewComment>,
    /// Now.
    pub at: Timestamp,
}

/// A comment to begin a thread with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// A file of the diff, by its new name, or its old one if it is gone.
    pub path: RepoPath,
    /// The line, from 1; none for the file as a whole.
    pub line: Option<u32>,
    /// The last line, if there are several.
    pub end_line: Option<u32>,
    /// In which file the lines count.
    pub side: Side,
    /// Markdown.
    pub text: String,
}

/// A side of a diff.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Before the change.
    Old,
    /// After the change.
    #[default]
    New,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its number in the pull request, from 1.
    pub id: u32,
    /// By which it is found again.
    pub key: String,
    /// Who reviewed.
    pub author: String,
    /// What they think.
    pub verdict: Verdict,
    /// Markdown; not to be trusted.
    pub body: String,
    /// The patch set that was looked at.
    pub patch_set: u32,
    /// The threads that it began, in the order of its comments.
    pub threads: Vec<u32>,
    /// When.
    pub at: Timestamp,
}

/// A conversation on a file or on lines of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its number in the pull request, from 1.
    pub id: u32,
    /// The review that began it.
    pub review: u32,
    /// In which file the lines count.
    pub side: Side,
    /// Where it was begun.
    pub origin: Anchor,
    /// Where it stands in the newest patch set; none if its lines are not there any more.
    pub current: Option<Anchor>,
    /// Whether its lines were changed since.
    pub outdated: bool,
    /// Who resolved it, and when; none while it is open.
    pub resolved: Option<Resolution>,
    /// What was said, oldest first.
    pub comments: Vec<Comment>,
}

/// A place in a patch set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The patch set.
    pub patch_set: u32,
    /// The file.
    pub path: RepoPath,
    /// The first line, from 1; none for the file as a whole.
    pub line: Option<u32>,
    /// The last line; the first one if there is only one.
    pub end_line: Option<u32>,
}

/// One comment of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// By which it is found again.
    pub key: String,
    /// Who said it.
    pub author: String,
    /// Markdown; not to be trusted.
    pub text: String,
    /// The commit that does something about it.
    pub commit: Option<CommitId>,
    /// When.
    pub at: Timestamp,
}

/// An answer to a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReply {
    /// By which it is found again.
    pub key: String,
    /// The thread.
    pub thread: u32,
    /// Who says it.
    pub author: String,
    /// Markdown.
    pub text: String,
    /// The commit that does something about it.
    pub commit: Option<CommitId>,
    /// Now.
    pub at: Timestamp,
}
