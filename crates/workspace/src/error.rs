//! Why a workspace could not be made or work not be brought out of it, by what can be done about it.

use std::path::PathBuf;

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::RepositoryId;

/// Why something about a workspace failed. Nothing half made is left.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The repository does not answer, or is not there.
    #[error("repository {repository} cannot be fetched: {why}")]
    Unreachable {
        /// The repository.
        repository: RepositoryId,
        /// What git said.
        why: String,
    },
    /// The disk is full.
    #[error("no room is left on the disk of {}: {why}; free some, then retry", path.display())]
    OutOfRoom {
        /// Where.
        path: PathBuf,
        /// What was said.
        why: String,
    },
    /// The workspace is gone, or the agent damaged it beyond what can be brought out.
    #[error("the workspace of {repository} is lost: {why}")]
    Lost {
        /// The repository.
        repository: RepositoryId,
        /// In which way.
        why: String,
    },
    /// What the agent committed may not be taken over.
    #[error("the commits in {repository} are refused: {why}")]
    Refused {
        /// The repository.
        repository: RepositoryId,
        /// Why, and what the agent or a person has to do.
        why: String,
    },
    /// git is missing or too old.
    #[error("git is needed in version 2.40 or newer: {0}")]
    Git(String),
    /// Something else failed.
    #[error("{what}: {why}")]
    Failed {
        /// What was being done.
        what: String,
        /// What was said.
        why: String,
    },
}

impl WorkspaceError {
    /// The failure of an attempt that met this.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::OutOfRoom { .. } => FailureKind::OutOfRoom,
            Self::Lost { .. } | Self::Failed { .. } => FailureKind::WorkspaceLost,
            Self::Refused { .. } => FailureKind::ImportRefused,
            Self::Git(_) => FailureKind::Impossible,
        };
        Failure {
            kind,
            text: self.to_string(),
            until: None,
        }
    }
}
