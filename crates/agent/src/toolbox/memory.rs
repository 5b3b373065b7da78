//! What an agent may ask of the project's memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use team6_core::ids::RepositoryId;

use super::calls::Slug;

/// Something that was learnt and that others will need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remember {
    /// What sort of thing it is.
    pub kind: MemoryKind,
    /// What was learnt, in one or two sentences that stand for themselves: who reads them was not there.
    #[schemars(length(min = 8, max = 1_000))]
    pub text: String,
    /// The repository that it holds in; leave it out for what holds in the whole project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Slug>")]
    pub repository: Option<RepositoryId>,
    /// The file or folder that it holds at, from the top of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 300))]
    pub path: Option<String>,
    /// How you know: the command with its outcome, the file and line, the commit, or who decided it.
    #[schemars(length(min = 1, max = 1_000))]
    pub evidence: String,
    /// The number of the memory that this contradicts and takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub supersedes: Option<u64>,
}

/// What sort of thing was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// Something was decided, for a reason.
    Decision,
    /// How things are done here.
    Convention,
    /// What goes wrong, and how not to fall into it.
    Pitfall,
    /// A command that works.
    Command,
}

/// What an agent wants to know of what was learnt before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// What you want to know, in a few words.
    #[schemars(length(min = 1, max = 1_000))]
    pub question: String,
    /// The repository that it is about; those of your task unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Slug>")]
    pub repository: Option<RepositoryId>,
    /// The file or folder that it is about, from the top of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 300))]
    pub path: Option<String>,
}
