//! Why a workspace could not be made or work not be brought out of it, by what can be done about it.

use std::io;
use std::path::{Path, PathBuf};

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, RepositoryId};
use team6_git::GitError;

/// The oldest git that is worked with.
pub(crate) const OLDEST_GIT: &str = "2.40";

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
    /// What is there is no repository.
    #[error(
        "repository {repository} cannot be fetched: there is no git repository at {source_text}; check its address"
    )]
    NotARepository {
        /// The repository.
        repository: RepositoryId,
        /// Where it was looked for, without credentials.
        source_text: String,
    },
    /// The repository has not, or no longer, what the work builds on.
    #[error(
        "repository {repository} has no commit {commit}: it is empty, another one, or its history was rewritten; \
         start from a commit that it has"
    )]
    NoCommit {
        /// The repository.
        repository: RepositoryId,
        /// What was looked for.
        commit: CommitId,
    },
    /// The name of a workspace could lead out of the folder of workspaces.
    #[error("workspace \"{0}\" cannot be made: use letters, digits and - in its name")]
    BadKey(String),
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
    #[error("git is needed in version {OLDEST_GIT} or newer, but {0}; install it, and see that it comes first in PATH")]
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
    /// A failure of the file system at `path`.
    pub(crate) fn io(what: impl Into<String>, path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::OutOfRoom {
                path: path.to_owned(),
                why: error.to_string(),
            },
            _ => Self::Failed {
                what: what.into(),
                why: format!("{}: {error}", path.display()),
            },
        }
    }

    /// A failure of trusted git that writes to `path`.
    pub(crate) fn git(what: impl Into<String>, path: &Path, error: &GitError) -> Self {
        match error {
            GitError::NotStarted(source) => Self::Git(format!("it does not start ({source})")),
            error @ GitError::OutOfRoom { .. } => Self::OutOfRoom {
                path: path.to_owned(),
                why: error.said().to_owned(),
            },
            error => Self::Failed {
                what: what.into(),
                why: error.to_string(),
            },
        }
    }

    /// Whether work that met this when it was to be brought out may still come out later, so that its workspace must
    /// stay. What is lost or refused will not come out by waiting; what could be kept of it was.
    pub fn leaves_work_behind(&self) -> bool {
        !matches!(self, Self::Lost { .. } | Self::Refused { .. })
    }

    /// The failure of an attempt that met this.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::OutOfRoom { .. } => FailureKind::OutOfRoom,
            Self::Lost { .. } | Self::Failed { .. } => FailureKind::WorkspaceLost,
            Self::Refused { .. } => FailureKind::ImportRefused,
            Self::NotARepository { .. } | Self::NoCommit { .. } | Self::BadKey(_) | Self::Git(_) => {
                FailureKind::Impossible
            }
        };
        Failure {
            kind,
            text: self.to_string(),
            until: None,
        }
    }
}
