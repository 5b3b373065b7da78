//! What is asked of a merge, and how it can end.

use serde::{Deserialize, Serialize};
use team6_core::ids::{BranchName, CommitId};
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;

use crate::path::RepoPath;
use crate::port::Identity;

/// A merge to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// What asked for it, for the record.
    pub key: String,
    /// How.
    pub method: MergeMethod,
    /// The commit that was approved: another head is not merged.
    pub expected_head: CommitId,
    /// Who merges: the author of a merge or squash commit, the committer of rebased ones.
    pub by: Identity,
    /// The message of a merge or squash commit.
    pub message: String,
    /// Now: the date of the new commits.
    pub at: Timestamp,
}

/// How a merge ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum MergeOutcome {
    /// It is in the base.
    Merged {
        /// The commit that brought it there.
        commit: CommitId,
    },
    /// It does not fit onto the base; nothing was changed.
    Conflicts {
        /// What conflicts, by file.
        files: Vec<Conflict>,
    },
    /// The pull request has another head than the one that was approved; nothing was changed.
    HeadMoved {
        /// The head it has.
        now: CommitId,
    },
    /// Others pushed to the base each time that this was about to; nothing was changed, and trying again may help.
    BaseMoved {
        /// The base.
        base: BranchName,
    },
    /// It is not allowed; nothing was changed.
    Refused {
        /// Why.
        why: String,
        /// What to do about it.
        next: String,
    },
}

/// A file that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conflict {
    /// The file.
    pub path: RepoPath,
    /// In which way.
    pub kind: ConflictKind,
    /// git's sentence on it.
    pub message: String,
}

/// In which way a file does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both sides changed the same lines, or added different files of one name.
    Content,
    /// Both sides changed a binary file.
    Binary,
    /// One side changed what the other deleted.
    ModifyDelete,
    /// One side renamed what the other deleted.
    RenameDelete,
    /// Both sides renamed it, or renamed other files to it.
    RenameRename,
    /// A file on one side is a folder on the other.
    FileDirectory,
    /// The two sides hold different kinds of files.
    Modes,
    /// Both sides moved a submodule.
    Submodule,
    /// Another way, in git's words.
    Other(String),
}

impl ConflictKind {
    /// From what stands between the brackets of `CONFLICT (…)`.
    pub(crate) fn from_git(words: &str) -> Self {
        match words {
            "contents" | "content" | "add/add" => Self::Content,
            "binary" => Self::Binary,
            "modify/delete" => Self::ModifyDelete,
            "rename/delete" => Self::RenameDelete,
            "file/directory" | "directory/file" => Self::FileDirectory,
            "distinct modes" | "distinct types" => Self::Modes,
            _ if words.starts_with("submodule") => Self::Submodule,
            _ if words.starts_with("rename") => Self::RenameRename,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Whether a pull request could be merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mergeability", rename_all = "snake_case")]
pub enum Mergeability {
    /// It fits.
    Clean,
    /// It does not.
    Conflicts {
        /// What conflicts, by file.
        files: Vec<Conflict>,
    },
    /// The base has all of it.
    NothingToMerge,
    /// It is closed or merged.
    NotOpen,
}
