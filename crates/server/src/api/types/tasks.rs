//! Tasks: what they are, where they stand, and what their owners do with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use team6_core::ids::{
    AgentId, BranchName, CommitId, PersonId, PlanVersion, ProjectId, RepositoryId, SprintId, StreamVersion, TaskId,
    TaskKey,
};
use team6_core::packet::Packet;
use team6_core::plan::PlannedTask;
use team6_core::sprint::{
    AgentChoice, Delivery, MergeMethod, Message, Pause, Review, ReviewComment, Thread, Urgency, Verdict,
};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;
use utoipa::ToSchema;

use super::{AttemptItem, Spending, Why};

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskItem {
    /// Its number.
    pub id: TaskId,
    /// Its sprint.
    pub sprint: SprintId,
    /// The task that it is a subtask of, if it was delegated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// Its title.
    pub title: String,
    /// What people call its state, such as `in review`.
    pub state: String,
    /// Its owner.
    pub owner: Option<PersonId>,
    /// Its agent.
    pub agent: Option<AgentId>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// How many attempts it had.
    pub attempts: usize,
    /// Whether it was approved.
    pub approved: bool,
    /// Why it is not done; none if it is done, cancelled, or its sprint is closed.
    pub why: Option<Why>,
}

/// A task with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task as lists show it.
    pub task: TaskItem,
    /// The version of its sprint, which is also the ETag.
    pub version: StreamVersion,
    /// What its attempts were told of the project's memory, oldest first.
    #[serde(default)]
    pub memories: Vec<super::ToldMemories>,
    /// Its project.
    pub project: ProjectId,
    /// Its name in the plan.
    pub key: TaskKey,
    /// What is to be done.
    pub planned: PlannedTask,
    /// The version of the plan in which it was last approved.
    pub approved: Option<PlanVersion>,
    /// Whether the newest version of the plan has it.
    pub in_plan: bool,
    /// Its agent, with the reason for the choice.
    pub agent: Option<AgentChoice>,
    /// Its branch, from the first attempt on.
    pub branch: Option<BranchName>,
    /// The pause, if it is paused.
    pub pause: Option<Pause>,
    /// The tasks that it waits for.
    pub dependencies: Vec<RelatedTask>,
    /// The tasks that wait for it.
    pub dependents: Vec<RelatedTask>,
    /// The task that it is a subtask of, if it was delegated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RelatedTask>,
    /// Its subtasks, in the order in which they were delegated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtasks: Vec<RelatedTask>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptItem>,
    /// What its agent asks its owner now.
    pub question: Option<OpenQuestion>,
    /// What people wrote to its agent.
    pub messages: Vec<Message>,
    /// Its pull requests.
    pub pull_requests: Vec<PullRequestItem>,
    /// What its open branches conflict with: other open branches of its sprint, or their target branch.
    #[serde(default)]
    pub conflicts: Vec<super::TaskConflict>,
    /// What the engine's own checks say of it.
    #[serde(default)]
    pub checks: super::TaskChecks,
    /// What whoever reviews it needs to know: what was asked, what changed, where the risk lies, what is open; none
    /// before it was delivered.
    #[serde(default)]
    pub packet: Option<Packet>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
    /// The threads of its reviews, with the answers of the agent.
    pub threads: Vec<Thread>,
    /// How often it was delivered.
    pub deliveries: u32,
    /// What its agent said of the last delivery.
    pub delivery: Option<Delivery>,
    /// Who approved what was delivered last.
    pub approved_by: Option<PersonId>,
    /// Why the last merge did not happen.
    pub merge_trouble: Option<String>,
    /// Tokens and cost of its ended attempts.
    pub usage: Usage,
    /// What it and all below it may spend, and what they have.
    #[serde(default)]
    pub spending: Spending,
}

/// A task that another one waits for, or that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelatedTask {
    /// Its number.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// What people call its state.
    pub state: String,
}

/// What an agent asks its owner. The owner answers with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenQuestion {
    /// The question.
    pub text: String,
    /// Answers to choose from, if the agent offered some.
    pub options: Vec<String>,
}

/// A pull request of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PullRequestItem {
    /// Its repository.
    pub repository: RepositoryId,
    /// Its number in the forge; none until it is opened.
    pub number: Option<u64>,
    /// Where it stands.
    pub state: PullRequestState,
    /// The commit that it offers.
    pub head: CommitId,
    /// The newest commit that the forge is known to show.
    pub shown: Option<CommitId>,
    /// The commit by which it was merged.
    pub merged: Option<CommitId>,
    /// The commit that took the merge back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted: Option<CommitId>,
}

/// Where a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// It is being opened, or its newest commit is being shown.
    Publishing,
    /// It can be reviewed and merged.
    Open,
    /// It is merged.
    Merged,
    /// It will not be merged, because its task was cancelled, or is merged as a part of another one.
    Closed,
}

/// Writes to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// The text.
    pub text: String,
    /// How urgent it is; delivered when the agent's turn ends unless given.
    #[serde(default = "next_turn")]
    pub urgency: Urgency,
}

fn next_turn() -> Urgency {
    Urgency::NextTurn
}

/// Retries what failed or is held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// What the agent should know.
    #[serde(default)]
    pub note: String,
}

/// Reviews a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// What the reviewer decides.
    pub verdict: Verdict,
    /// The text above all comments.
    #[serde(default)]
    pub body: String,
    /// On files and lines.
    #[serde(default)]
    pub comments: Vec<ReviewComment>,
    /// The commits that were looked at, by repository; the newest unless given.
    #[serde(default)]
    pub heads: BTreeMap<RepositoryId, CommitId>,
}

/// Merges a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// How; as the repository says unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<MergeMethod>,
}

/// Chooses the agent of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRequest {
    /// The agent, from the next attempt on.
    pub agent: AgentId,
}
