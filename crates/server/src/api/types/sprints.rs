//! Sprints, and why they and their tasks are where they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use team6_core::explain::{Actor, Explanation, Reason};
use team6_core::ids::{AgentId, PersonId, PlanVersion, ProjectId, SprintId, StreamVersion, TaskId, TaskKey};
use team6_core::plan::SavedPlan;
use team6_core::sprint::{AgentCard, Approval, Counts, Message, Pause, Question, ReviewLoad, SprintPhase};
use team6_core::text::cleaned;
use team6_core::time::Timestamp;
use utoipa::ToSchema;

use super::{AttemptItem, Running, Spending, TaskItem};

/// Why something is not done: one reason, who moves it next, since when and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// The reason as a sentence.
    pub text: String,
    /// The reason.
    pub reason: Reason,
    /// Who or what moves it next.
    pub actor: Actor,
    /// Since when it is so.
    pub since: Timestamp,
    /// By when the actor moves it, or the engine looks again; none only where a person decides.
    pub by: Option<Timestamp>,
}

impl From<Explanation> for Why {
    fn from(explanation: Explanation) -> Self {
        Self {
            text: cleaned(&explanation.reason.to_string()),
            reason: explanation.reason,
            actor: explanation.actor,
            since: explanation.since,
            by: explanation.by,
        }
    }
}

/// Opens a sprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSprintRequest {
    /// The project.
    pub project: ProjectId,
    /// What the team wants, in its own words.
    pub goal: String,
    /// The agent that plans it; the configured one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planner: Option<AgentId>,
}

/// A sprint in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SprintItem {
    /// Its number.
    pub id: SprintId,
    /// Its project.
    pub project: ProjectId,
    /// Its title, or the first line of its goal.
    pub title: String,
    /// Who leads it.
    pub lead: PersonId,
    /// Where it stands.
    pub phase: SprintPhase,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is paused.
    pub paused: bool,
    /// The newest version of its plan.
    pub newest: Option<PlanVersion>,
    /// The approved version.
    pub approved: Option<PlanVersion>,
    /// Its tasks by state.
    pub counts: Counts,
    /// Why its plan is where it is; none once nothing waits but its tasks.
    pub why: Option<Why>,
}

/// A sprint with its plan, its conversation and its tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SprintDetail {
    /// The sprint as lists show it.
    pub sprint: SprintItem,
    /// Its version, which is also its ETag.
    pub version: StreamVersion,
    /// What the team wants, in its own words.
    pub goal: String,
    /// The agent that plans it.
    pub planner: AgentId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The pause, if it is paused.
    pub pause: Option<Pause>,
    /// Who decides for whom meanwhile.
    #[serde(default)]
    pub deputies: BTreeMap<PersonId, PersonId>,
    /// What each owner has to review, now or soon.
    #[serde(default)]
    pub reviews: BTreeMap<PersonId, ReviewLoad>,
    /// How many that may be before no further task of theirs begins; any number if this is 0.
    #[serde(default)]
    pub most_reviews: usize,
    /// The newest version of the plan.
    pub plan: Option<SavedPlan>,
    /// Who approved which version.
    pub approval: Option<Approval>,
    /// The agents that may work on it, as of the approval.
    pub agents: Vec<AgentCard>,
    /// What the planning agent asked.
    pub questions: Vec<Question>,
    /// What people wrote to the planning agent.
    pub messages: Vec<Message>,
    /// The attempts of the planning agent.
    pub attempts: Vec<AttemptItem>,
    /// The planning agent, while it works.
    #[serde(default)]
    pub running: Option<Running>,
    /// Its tasks.
    pub tasks: Vec<SprintTask>,
    /// The chain of tasks that holds it back most, in order.
    pub critical_path: Vec<TaskId>,
    /// What it may spend, and what it has.
    #[serde(default)]
    pub spending: Spending,
}

/// A task with its place in the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SprintTask {
    /// The task as lists show it.
    pub task: TaskItem,
    /// Its agent, while it works.
    #[serde(default)]
    pub running: Option<Running>,
    /// Its name in the plan.
    pub key: TaskKey,
    /// The tasks that must be done before it starts.
    pub depends_on: Vec<TaskId>,
    /// How many tasks stand before it on the longest way to it; none if the newest plan does not have it.
    pub level: Option<usize>,
    /// Estimated time of work in minutes.
    pub estimate_minutes: u32,
    /// Whether the newest version of the plan has it.
    pub in_plan: bool,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InboxEntry {
    /// The same for the same thing, and for nothing else.
    pub key: String,
    /// Who it waits for.
    pub person: PersonId,
    /// Its project.
    pub project: ProjectId,
    /// Its sprint.
    pub sprint: SprintId,
    /// Its task, if it belongs to one.
    pub task: Option<TaskId>,
    /// What is wanted, such as `review` or `question_open`.
    pub kind: String,
    /// The title of the task or the sprint.
    pub title: String,
    /// Why it waits.
    pub why: Why,
}
