//! Branches that fall behind: when a base moves, what stands in review is brought up to date before its owner looks on.
//!
//! The moves of a base are counted, and each task knows how many of them its branch has. So it does not matter how many
//! merges lie between two looks, in which order they are told, or what a task was doing meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Sprint, Task};
use crate::checks::Check;
use crate::ids::{BranchName, CommitId, RepositoryId, TaskId};
use crate::time::Timestamp;

/// What is known of the branch of a repository that tasks are merged into.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Where it was last seen.
    pub head: Option<BaseHead>,
    /// How often it was seen to move.
    pub moves: u32,
    /// When it last did.
    pub at: Timestamp,
    /// The tasks that were merged into it, each with the moves that were known before.
    pub merged: Vec<(u32, TaskId)>,
}

/// A branch and its commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaseHead {
    /// The branch.
    pub branch: BranchName,
    /// Its commit.
    pub commit: CommitId,
}

impl std::fmt::Display for BaseHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.branch, self.commit.short())
    }
}

/// How a task's branches stand to their bases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Updating {
    /// How many moves of each base its branch has, or was found not to need.
    pub caught_up: BTreeMap<RepositoryId, u32>,
    /// What the engine merged into its branches, in order.
    pub done: Vec<Update>,
    /// What did not fit when it was last tried.
    pub conflicts: BTreeMap<RepositoryId, BaseConflict>,
    /// How often it went back to its agent for that since a person last stepped in.
    pub rounds: u32,
    /// How often it was begun.
    pub begun: u32,
    /// Checks of what the engine merged into some of its branches, which were not run because another went to its agent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unchecked: BTreeMap<RepositoryId, Vec<Check>>,
}

/// A base that the engine merged into a task's branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Update {
    /// The repository.
    pub repository: RepositoryId,
    /// What was merged in.
    pub base: BaseHead,
    /// Where the branch was before.
    pub from: CommitId,
    /// Where it is since then.
    pub head: CommitId,
    /// Files that the task itself changes and that are not as they were before.
    pub own: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// A base that does not fit a task's branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaseConflict {
    /// The repository.
    pub repository: RepositoryId,
    /// The base.
    pub base: BaseHead,
    /// The task's commit.
    pub head: CommitId,
    /// The files.
    pub files: Vec<String>,
    /// The tasks whose pull requests were merged since the branch was last up to date.
    pub merged: Vec<TaskId>,
    /// How often the base was known to have moved when it was tried.
    #[serde(default)]
    pub moves: u32,
    /// Whether it is known already: the same commits did not fit before, or nothing has tried them since it was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// What bringing a branch up to date came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "came_to", rename_all = "snake_case")]
pub enum UpdateOutcome {
    /// It has the base already.
    UpToDate,
    /// The base was merged into it.
    Updated {
        /// What was merged in.
        base: BaseHead,
        /// Where the branch is now.
        commit: CommitId,
        /// Files that the task itself changes and that are not as they were before.
        own: Vec<String>,
    },
    /// It does not fit.
    Conflicts {
        /// What it does not fit with.
        base: BaseHead,
        /// Where.
        files: Vec<String>,
    },
    /// It cannot be done, and would not work if it was tried again.
    NotPossible {
        /// Why.
        why: String,
    },
}

impl Sprint {
    /// How often the base of a repository was seen to move.
    pub fn base_moves(&self, repository: &RepositoryId) -> u32 {
        self.bases.get(repository).map_or(0, |base| base.moves)
    }

    /// The tasks that were merged into a base since a task's branch was last up to date with it.
    pub fn merged_since(&self, task: &Task, repository: &RepositoryId) -> Vec<TaskId> {
        let has = task.updating.caught_up.get(repository).copied().unwrap_or(0);
        let base = self.bases.get(repository);
        let since = base
            .into_iter()
            .flat_map(|base| &base.merged)
            .filter(|(before, _)| *before >= has);
        since.map(|(_, merged)| *merged).collect()
    }

    /// Whether work on a task of this sprint was begun that is to be merged into the base of a repository.
    pub fn builds_on(&self, repository: &RepositoryId) -> bool {
        let open = |task: &Task| match task.pull_requests.get(repository) {
            Some(offered) => offered.merged.is_none(),
            None => task.planned.repositories.contains(repository),
        };
        let mut begun = self
            .tasks
            .values()
            .filter(|task| task.has_started() && task.subtask.is_none());
        begun.any(|task| !task.work.stage.is_ended() && open(task))
    }

    /// The repositories in which a task's pull request lacks what its base has got since.
    pub(crate) fn outdated(&self, task: &Task) -> BTreeSet<RepositoryId> {
        // A subtask goes into its parent's branch.
        if task.subtask.is_some() {
            return BTreeSet::new();
        }
        let open = task
            .pull_requests
            .iter()
            .filter(|(_, offered)| offered.merged.is_none());
        let behind = open.map(|(repository, _)| repository).filter(|repository| {
            let has = task.updating.caught_up.get(*repository).copied().unwrap_or(0);
            has < self.base_moves(repository)
        });
        behind.cloned().collect()
    }

    /// When a task in review is to be brought up to date: once its bases have been still for a while, so that merges in a
    /// row are one update.
    pub(crate) fn update_due(&self, task: &Task) -> Option<Timestamp> {
        let bases = self.outdated(task).into_iter();
        let moved = bases.filter_map(|repository| Some(self.bases.get(&repository)?.at));
        moved.max().map(|at| at + self.policy.update_wait)
    }
}

/// What an owner is told of conflicts that no agent resolves any more.
pub(crate) fn told<'a>(conflicts: impl Iterator<Item = &'a BaseConflict>) -> String {
    let each = conflicts.map(|conflict| {
        let after = match conflict.merged.as_slice() {
            [] => String::new(),
            [task] => format!(" since task {task} was merged"),
            tasks => {
                let tasks: Vec<String> = tasks.iter().map(ToString::to_string).collect();
                format!(" since tasks {} were merged", tasks.join(", "))
            }
        };
        format!(
            "it conflicts with {} of {}{after}, in {}",
            conflict.base,
            conflict.repository,
            conflict.files.join(", ")
        )
    });
    each.collect::<Vec<_>>().join("; ")
}
