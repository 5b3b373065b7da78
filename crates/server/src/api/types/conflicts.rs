//! Which open branches of a sprint do not fit onto their base or onto each other.

use serde::{Deserialize, Serialize};
use team6_core::ids::{CommitId, PersonId, RepositoryId, TaskId};
use utoipa::ToSchema;

/// What merging the open pull requests of a sprint would come to, in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryConflicts {
    /// The repository.
    pub repository: RepositoryId,
    /// The head of the target branch that they were held against.
    pub base: CommitId,
    /// Why the target branch could not be fetched, if it could not: then it is the one that was fetched last.
    pub trouble: Option<String>,
    /// The open pull requests, by task.
    pub branches: Vec<OpenBranch>,
    /// The pairs that conflict.
    pub pairs: Vec<ConflictingPair>,
    /// The order of merging in which fewest have to be mended.
    pub order: Vec<TaskId>,
    /// Those that have to be mended even in that order.
    pub to_mend: Vec<TaskId>,
}

/// An open pull request of a sprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenBranch {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its owner.
    pub owner: Option<PersonId>,
    /// The number of the pull request.
    pub number: u64,
    /// The commit that it offers.
    pub head: CommitId,
    /// What conflicts with the target branch.
    pub conflicts: Vec<ConflictingFile>,
}

/// Two tasks whose branches conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictingPair {
    /// One of them.
    pub one: TaskId,
    /// The other one.
    pub other: TaskId,
    /// What conflicts.
    pub files: Vec<ConflictingFile>,
}

/// A file that conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictingFile {
    /// Its path. A backslash is written `\\` and a byte that is no part of UTF-8 `\xNN`.
    pub path: String,
    /// In which way, such as `content` or `modify_delete`.
    pub kind: String,
}

/// What a task's branch conflicts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskConflict {
    /// The repository.
    pub repository: RepositoryId,
    /// The other task; none for the target branch.
    pub with: Option<TaskId>,
    /// The other task's title.
    pub title: Option<String>,
    /// What conflicts.
    pub files: Vec<ConflictingFile>,
}
