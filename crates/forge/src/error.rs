//! Why a forge did not do what it was asked, by what the caller can do about it.

use std::fmt;
use std::path::PathBuf;

use team6_core::ids::{BranchName, CommitId, InvalidName, RepositoryId};

use crate::path::RepoPath;
use team6_git::GitError;

/// Why a forge did not do what it was asked. Nothing was changed, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The repository was never connected.
    #[error("repository {repository} is not connected: connect it first")]
    UnknownRepository {
        /// The repository.
        repository: RepositoryId,
    },
    /// There is no such pull request.
    #[error("repository {repository} has no pull request {number}: list its pull requests")]
    UnknownPullRequest {
        /// The repository.
        repository: RepositoryId,
        /// The number that was asked for.
        number: u64,
    },
    /// There is no such branch.
    #[error("repository {repository} has no branch {branch}{}", similar(.near))]
    UnknownBranch {
        /// The repository.
        repository: RepositoryId,
        /// The branch that was asked for.
        branch: BranchName,
        /// Branches with a similar name, or all of them if there are few.
        near: Vec<String>,
    },
    /// The origin is not a git repository.
    #[error("{origin} is not a git repository: {hint}")]
    NotARepository {
        /// Where it should be, without credentials.
        origin: String,
        /// What to do.
        hint: String,
    },
    /// The origin has no commit yet.
    #[error("{origin} has no commits yet: make the first commit there, then connect it again")]
    Empty {
        /// Where it is, without credentials.
        origin: String,
    },
    /// The origin may not be read or written with the rights that the engine has.
    #[error("no permission for {origin}: {why}")]
    NoPermission {
        /// Where it is, without credentials.
        origin: String,
        /// What was said, and what to do.
        why: String,
    },
    /// A push to the target branch would be refused or would surprise whoever works in that work tree.
    #[error(
        "branch {branch} is checked out in {work_tree}, so nothing can be merged into it from outside: choose another \
         target branch (such as --branch team6 --create-branch), or run `git -C {work_tree} config \
         receive.denyCurrentBranch updateInstead`, with which git brings a clean work tree up to date itself",
        work_tree = .work_tree.display()
    )]
    CheckedOut {
        /// The target branch.
        branch: BranchName,
        /// The work tree that has it.
        work_tree: PathBuf,
    },
    /// The origin did not answer. Trying again later may help.
    #[error(
        "{origin} cannot be reached: {why}. {next}; `git ls-remote {origin}` on the server's machine, as the user that \
         runs the server, shows when it is mended"
    )]
    Unreachable {
        /// Where it is, without credentials.
        origin: String,
        /// What was said.
        why: String,
        /// What to look at, as far as what was said tells.
        next: &'static str,
    },
    /// A branch is not where the caller last saw it, so somebody else moved it, or has that name already.
    #[error("branch {branch} is at {}, which is not what was expected: {}", shown(.now), branch_moved(.expected))]
    BranchMoved {
        /// The branch.
        branch: BranchName,
        /// Where the caller believed it to be; none if it was to be new.
        expected: Option<CommitId>,
        /// Where it is; none if it is gone.
        now: Option<CommitId>,
    },
    /// The objects of a commit did not pass git's checks, or the branch may not be written.
    #[error("commit {commit} was refused: {why}")]
    CommitRefused {
        /// The commit.
        commit: CommitId,
        /// What git said.
        why: String,
    },
    /// The branch has nothing that its base does not have.
    #[error("branch {branch} has no commits that {base} does not have: publish some work first")]
    NothingToReview {
        /// The branch.
        branch: BranchName,
        /// The base.
        base: BranchName,
    },
    /// The branch has an open pull request with another key.
    #[error("branch {branch} already has open pull request {number} into {base}: use that one or close it")]
    AlreadyOpen {
        /// The branch.
        branch: BranchName,
        /// The base.
        base: BranchName,
        /// The open pull request.
        number: u64,
    },
    /// The pull request's state does not allow it.
    #[error("pull request {number} is {state}: {hint}")]
    WrongState {
        /// The pull request.
        number: u64,
        /// open, closed or merged.
        state: &'static str,
        /// What can be done instead.
        hint: &'static str,
    },
    /// The branch is needed by open pull requests.
    #[error("branch {branch} is still needed by open pull requests {}: merge or close them first", list(.numbers))]
    BranchInUse {
        /// The branch.
        branch: BranchName,
        /// The pull requests, by number.
        numbers: Vec<u64>,
    },
    /// Comments that do not stand on lines of the diff. No part of the review was kept.
    #[error("{} of the review's comments {} not on the diff: {}", .0.len(), are(.0.len()), list(.0))]
    BadComments(Vec<BadComment>),
    /// What was given cannot be used.
    #[error("{what} cannot be used: {why}")]
    Invalid {
        /// What was given.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// Many others wrote at the same time. Trying again may help.
    #[error("{what} was changed by others at the same time, again and again: try again")]
    Busy {
        /// What was to be changed.
        what: String,
    },
    /// What the forge keeps cannot be read.
    #[error("{what} cannot be read: {why}")]
    Damaged {
        /// Which part.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder of the forge failed.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// The failure.
        source: std::io::Error,
    },
}

impl ForgeError {
    /// Whether the same request may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Busy { .. } => true,
            Self::Git(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether a disk is full: the same request may succeed once somebody has made room.
    pub fn is_out_of_room(&self) -> bool {
        match self {
            Self::Git(GitError::OutOfRoom { .. }) => true,
            Self::Io { source, .. } => {
                matches!(
                    source.kind(),
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
                )
            }
            _ => false,
        }
    }

    pub(crate) fn invalid(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid {
            what: what.into(),
            why: why.into(),
        }
    }
}

impl From<InvalidName> for ForgeError {
    fn from(error: InvalidName) -> Self {
        Self::invalid(format!("{} {:?}", error.kind, error.given), error.rule)
    }
}

/// A comment that does not stand on a line of the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadComment {
    /// Its place among the review's comments, from 0.
    pub index: usize,
    /// The file that it names.
    pub path: RepoPath,
    /// The line that it names.
    pub line: Option<u32>,
    /// What is wrong.
    pub why: Misplaced,
}

/// What is wrong with a comment's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misplaced {
    /// The file is not part of the diff.
    File {
        /// The files of the diff with the most similar names.
        near: Vec<RepoPath>,
    },
    /// The line is not part of the diff on that side.
    Line {
        /// The nearest lines that are, before and after it; none if the file shows no lines on that side.
        near: Vec<u32>,
    },
    /// The last line comes before the first.
    Backwards,
}

impl fmt::Display for BadComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.shown())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.why {
            Misplaced::File { near } if near.is_empty() => f.write_str(" (the file was not changed)"),
            Misplaced::File { near } => {
                let near: Vec<_> = near.iter().map(RepoPath::shown).collect();
                write!(f, " (the file was not changed; did you mean {}?)", near.join(" or "))
            }
            Misplaced::Line { near } if near.is_empty() => {
                f.write_str(" (that side has no lines; comment on the file instead)")
            }
            Misplaced::Line { near } => write!(f, " (nearest lines: {})", list(near)),
            Misplaced::Backwards => f.write_str(" (its last line comes before its first)"),
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(T::to_string).collect();
    texts.join(", ")
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn similar(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(": did you mean {}?", names.join(" or "))
    }
}

fn shown(commit: &Option<CommitId>) -> &str {
    commit.as_ref().map_or("no commit", CommitId::short)
}

fn branch_moved(expected: &Option<CommitId>) -> String {
    match expected {
        Some(commit) => format!(
            "expected {}; look at what changed, then publish on top of it",
            commit.short()
        ),
        None => "expected no such branch; choose another name".to_owned(),
    }
}
