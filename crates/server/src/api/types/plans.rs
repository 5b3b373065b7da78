//! Plans: versions, questions, owners and approval.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use team6_core::ids::{PersonId, PlanVersion, TaskId};
use team6_core::owners::OwnerSuggestion;
use team6_core::plan::Plan;
use team6_core::sprint::Author;
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// A saved version of a plan in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanVersionItem {
    /// Its number, from 1.
    pub version: PlanVersion,
    /// Its title.
    pub title: String,
    /// How many tasks it has.
    pub tasks: usize,
    /// Who saved it.
    pub by: Author,
    /// When it was saved.
    pub at: Timestamp,
    /// Why.
    pub note: String,
    /// Whether this is the version that was approved last.
    pub approved: bool,
}

/// Saves an edited plan. The header `If-Match` names the version that the edit began from, such as `"3"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavePlanRequest {
    /// The whole plan.
    pub plan: Plan,
    /// Why it was edited.
    #[serde(default)]
    pub note: String,
}

/// Makes an old version the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    /// The old version.
    pub version: PlanVersion,
}

/// Answers a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The answer.
    pub text: String,
}

/// Hands a question to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandRequest {
    /// Who is to answer.
    pub to: PersonId,
}

/// Gives tasks their owners: people by the number of the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct OwnersRequest(
    /// Who owns which task.
    pub BTreeMap<TaskId, PersonId>,
);

/// Says who decides for an owner who is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeputyRequest {
    /// Who is away.
    pub owner: PersonId,
    /// Who reviews, answers and merges for them meanwhile; none when they are back.
    pub deputy: Option<PersonId>,
}

/// Approves a version of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// The version, which must be the newest.
    pub version: PlanVersion,
}

/// Who could own the tasks of a sprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerSuggestions {
    /// The tasks that are not ended, in the order of their numbers.
    pub tasks: Vec<SuggestedOwners>,
}

/// Who could own a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestedOwners {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Who owns it now.
    pub owner: Option<PersonId>,
    /// The people, the best choice first.
    pub suggestions: Vec<OwnerSuggestion>,
}
