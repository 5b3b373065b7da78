//! What pull requests change, and whether they would merge.

use serde::{Deserialize, Serialize};
use team6_core::ids::{CommitId, RepositoryId};
use utoipa::ToSchema;

/// What a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PullRequestDiff {
    /// The repository.
    pub repository: RepositoryId,
    /// The number of the pull request.
    pub number: u64,
    /// The number of its newest patch set, from 1: one for each delivery.
    pub patch_sets: u32,
    /// The head of its newest patch set.
    pub head: CommitId,
    /// The files, in git's order.
    pub files: Vec<ChangedFile>,
    /// Whether files or lines are missing because there are too many.
    pub truncated: bool,
}

/// What changed in a file. Paths write a backslash as `\\` and a byte that is no part of UTF-8 as `\xNN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Its path before; none for a new file.
    pub old: Option<String>,
    /// Its path after; none for a deleted file.
    pub new: Option<String>,
    /// In which way it changed.
    pub change: FileChange,
    /// Its mode, where that changed.
    pub mode: Option<ChangedMode>,
    /// Lines that were added.
    pub additions: u32,
    /// Lines that were taken away.
    pub deletions: u32,
    /// What it holds.
    pub content: ChangedContent,
}

/// In which way a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is new.
    Added,
    /// Its content or mode changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name.
    Renamed,
    /// It is a copy of another.
    Copied,
}

/// A file's mode before and after, as git writes it (`100644`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedMode {
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
}

/// The content of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "content", rename_all = "snake_case")]
pub enum ChangedContent {
    /// Text, in pieces.
    Text {
        /// The pieces that changed, with the lines around them.
        hunks: Vec<ChangedHunk>,
    },
    /// Not text.
    Binary,
}

/// A piece of a file that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedHunk {
    /// Its first line before, from 1.
    pub old_start: u32,
    /// Its first line after, from 1.
    pub new_start: u32,
    /// What git says it belongs to, such as a function.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<ChangedLine>,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedLine {
    /// Whether it was there before, after, or both.
    pub kind: LineChange,
    /// Its text without the line's end.
    pub text: String,
    /// Its number before.
    pub old: Option<u32>,
    /// Its number after.
    pub new: Option<u32>,
}

/// Whether a line was there before, after, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// Both.
    Context,
    /// Only after.
    Added,
    /// Only before.
    Deleted,
}

/// What taking the merge of one pull request back would come to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevertForecast {
    /// The repository.
    pub repository: RepositoryId,
    /// The number of the pull request.
    pub number: u64,
    /// The commit by which it was merged.
    pub merged: CommitId,
    /// Whether it would be taken back.
    pub reverts: bool,
    /// What would come of it, for people.
    pub text: String,
    /// The files in which later work builds on it.
    pub conflicts: Vec<String>,
}

/// What a merge of one pull request would come to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergeForecast {
    /// The repository.
    pub repository: RepositoryId,
    /// The number of the pull request; none while it is not open yet.
    pub number: Option<u64>,
    /// Whether it would be merged, or is.
    pub merges: bool,
    /// What would come of it, for people.
    pub text: String,
    /// The files that conflict.
    pub conflicts: Vec<String>,
}
