//! What a project has learnt.

use serde::{Deserialize, Serialize};
use team6_core::ids::{AttemptId, MemoryId};
use team6_core::memory::{Kind, Scope};
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// Something that a person knows and agents should.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RememberRequest {
    /// What sort of thing it is.
    pub kind: Kind,
    /// What was learnt, in up to 1,000 characters.
    pub text: String,
    /// Where it holds.
    pub scope: Scope,
    /// How it is known, in up to 1,000 characters.
    #[serde(default)]
    pub evidence: String,
    /// The memory that it contradicts and takes the place of.
    #[serde(default)]
    pub supersedes: Option<MemoryId>,
}

/// Another wording of a memory, or another place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMemoryRequest {
    /// What sort of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// What was learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// Why a memory is taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireMemoryRequest {
    /// The reason, which agents are told that say the same again.
    #[serde(default)]
    pub why: String,
}

/// What an attempt was told of the memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToldMemories {
    /// The attempt.
    pub attempt: AttemptId,
    /// When.
    pub at: Timestamp,
    /// The memories, most useful first, as they are now.
    pub memories: Vec<ToldMemory>,
}

/// A memory that an attempt was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToldMemory {
    /// Its number.
    pub id: MemoryId,
    /// What sort of thing it is.
    pub kind: Kind,
    /// What it says.
    pub text: String,
    /// Whether it still counts: `active`, `superseded` or `retired`.
    pub state: String,
}
