//! Checks, and what came of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use team6_core::checks::{Check, Digest, Receipt, USUAL_SECONDS, Weakened};
use team6_core::ids::{CheckName, CommitId, RepositoryId};
use utoipa::ToSchema;

/// Has the engine run a command on each delivery to a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCheckRequest {
    /// What people call it, once in a repository.
    pub name: CheckName,
    /// What is run, by `sh`, at the top of the repository; all is well if it exits with 0.
    pub command: String,
    /// How long it may take, in seconds; ten minutes unless given.
    #[serde(default = "usual")]
    pub seconds: u32,
}

fn usual() -> u32 {
    USUAL_SECONDS
}

impl From<AddCheckRequest> for Check {
    fn from(request: AddCheckRequest) -> Self {
        Self {
            name: request.name,
            command: request.command,
            seconds: request.seconds,
            together: BTreeSet::new(),
        }
    }
}

/// Has the engine run a command over all repositories of each task that has certain ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCheckTogetherRequest {
    /// What people call it, once in a project.
    pub name: CheckName,
    /// The repositories that a task must have, at least two.
    pub repositories: BTreeSet<RepositoryId>,
    /// What is run, by `sh`, at the top of the folder in which all repositories of the task lie side by side, each under
    /// its name; all is well if it exits with 0.
    pub command: String,
    /// How long it may take, in seconds; ten minutes unless given.
    #[serde(default = "usual")]
    pub seconds: u32,
}

impl From<AddCheckTogetherRequest> for Check {
    fn from(request: AddCheckTogetherRequest) -> Self {
        Self {
            name: request.name,
            command: request.command,
            seconds: request.seconds,
            together: request.repositories,
        }
    }
}

impl From<Check> for AddCheckRequest {
    fn from(check: Check) -> Self {
        Self {
            name: check.name,
            command: check.command,
            seconds: check.seconds,
        }
    }
}

/// What the engine's own checks say of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskChecks {
    /// What came of each, oldest first.
    pub items: Vec<CheckItem>,
    /// What is still to be run on what was delivered last.
    pub pending: Vec<PendingCheck>,
    /// Where what it offers weakens tests.
    pub weakened: Vec<WeakenedTests>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckItem {
    /// The receipt.
    pub receipt: Receipt,
    /// Whether it is of exactly the commit that the task offers now; a new commit makes it void.
    pub current: bool,
}

/// A check that is still to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingCheck {
    /// The repository.
    pub repository: RepositoryId,
    /// The check.
    pub check: Check,
}

/// Where a change of a repository weakens tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeakenedTests {
    /// The repository.
    pub repository: RepositoryId,
    /// Where.
    pub weakened: Vec<Weakened>,
}

/// What a check said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckLog {
    /// The number of the receipt.
    pub receipt: u32,
    /// The commit that it was run on.
    pub commit: CommitId,
    /// The hash of the log.
    pub log: Digest,
    /// The log.
    pub said: String,
}
