//! What an agent may ask of the engine.
//!
//! The doc comments of the fields are shown to models as the descriptions in each tool's schema, and the bounds on
//! them are enforced from that same schema, so what a model reads and what it is held to cannot differ.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use team6_core::ids::{AgentId, CommitId, RepositoryId, Specialty, TaskId, TaskKey, ThreadId};

use super::memory::{Recall, Remember};

/// A call of one of the engine's tools, its shape checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tool", content = "arguments", rename_all = "snake_case")]
pub enum ToolCall {
    /// The planner hands in the plan of the sprint, whole.
    SubmitPlan(SubmitPlan),
    /// The planner asks the people of the sprint.
    AskQuestion(AskQuestion),
    /// A specialist asks the owner of its task.
    AskOwner(AskOwner),
    /// Either says how far it is.
    ReportProgress(ReportProgress),
    /// A specialist hands a part of its task to another one.
    DelegateTask(DelegateTask),
    /// A specialist waits for what it delegated.
    AwaitTasks(AwaitTasks),
    /// A specialist goes on without a part that failed.
    GiveUpTask(GiveUpTask),
    /// Either keeps what it learnt.
    Remember(Remember),
    /// Either asks what was learnt before.
    Recall(Recall),
    /// A specialist hands in its task.
    CompleteTask(CompleteTask),
}

/// The plan of a sprint: why, and the graph of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitPlan {
    /// The product requirements in Markdown: a title, the goal, a summary, what is in and what is out of scope.
    #[schemars(length(min = 1, max = 100_000))]
    pub prd: String,
    /// All tasks of the plan, in any order. It replaces the plan that was handed in before.
    // How many there may be is the sprint's policy, which the engine refuses by and the briefing tells.
    #[schemars(length(min = 1))]
    pub tasks: Vec<PlannedTask>,
}

/// One task of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedTask {
    /// A short name that stays the same when the plan is revised, such as "add-parser".
    #[schemars(with = "Slug")]
    pub key: TaskKey,
    /// One line that says what will be there, such as "Add a parser for queries".
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// What to do, precise enough for an engineer who has read nothing else. Markdown.
    #[schemars(length(min = 1, max = 10_000))]
    pub what: String,
    /// Why it is needed, and by whom.
    #[schemars(length(min = 1, max = 4_000))]
    pub why: String,
    /// What a reviewer will check, each as one sentence that is true or false.
    #[schemars(length(min = 1, max = 30), inner(length(min = 1, max = 1_000)))]
    pub acceptance_criteria: Vec<String>,
    /// Keys of the tasks whose result this one builds on. Leave out what could be done at the same time.
    #[serde(default)]
    #[schemars(length(max = 100), with = "Vec<Slug>")]
    pub depends_on: Vec<TaskKey>,
    /// Expected working time of an agent, in minutes.
    #[schemars(range(min = 1, max = 10_080))]
    pub estimate_minutes: u32,
    /// How soon it should be started when there is a choice.
    #[serde(default)]
    pub priority: Priority,
    /// The field of work by which the agent is chosen, such as "backend", "frontend" or "docs".
    #[schemars(with = "Slug")]
    pub specialty: Specialty,
    /// The repositories of the project that the task changes.
    #[schemars(length(min = 1, max = 20), with = "Vec<Slug>")]
    pub repositories: Vec<RepositoryId>,
    /// Files and folders that will likely be touched, so that tasks which would collide are seen early.
    #[serde(default)]
    #[schemars(length(max = 200), inner(length(min = 1, max = 400)))]
    pub paths: Vec<String>,
}

/// How soon a task should be started when there is a choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else is left.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// At once.
    Urgent,
}

/// A question of the planner to the people of the sprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskQuestion {
    /// The question, complete in itself: who answers may not have the plan at hand.
    #[schemars(length(min = 1, max = 2_000))]
    pub question: String,
    /// What depends on the answer.
    #[schemars(length(min = 1, max = 2_000))]
    pub why: String,
    /// Answers to choose from, if there are obvious ones; another answer can always be given.
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 500)))]
    pub options: Vec<String>,
    /// What the question is about.
    pub kind: QuestionKind,
}

/// What a question of the planner is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// What belongs to the sprint and what does not.
    Scope,
    /// What comes first.
    Priority,
    /// What limits the ways to do it.
    Constraint,
    /// Anything else.
    Other,
}

/// A question of a specialist to the owner of its task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOwner {
    /// The question, complete in itself, with what was already tried.
    #[schemars(length(min = 1, max = 4_000))]
    pub question: String,
    /// Answers to choose from, if there are obvious ones; another answer can always be given.
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 500)))]
    pub options: Vec<String>,
}

/// How far an agent is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportProgress {
    /// What is done and what comes next, in one or two sentences.
    #[schemars(length(min = 1, max = 2_000))]
    pub text: String,
    /// How much is done, from 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u8>,
}

/// A part of a task that another agent does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateTask {
    /// One line that says what will be there, such as "Show the balance on the account page".
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// What to do, precise enough for an engineer who knows nothing of your task but what you committed. Markdown.
    #[schemars(length(min = 1, max = 10_000))]
    pub brief: String,
    /// What you will check, each as one sentence that is true or false.
    #[schemars(length(min = 1, max = 30), inner(length(min = 1, max = 1_000)))]
    pub acceptance_criteria: Vec<String>,
    /// The field of work, one of those that your prompt lists. Leave it out if you name an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Slug>")]
    pub specialty: Option<Specialty>,
    /// The agent that is to do it. Leave it out, and the best one of the field does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Slug>")]
    pub agent: Option<AgentId>,
    /// Those of your task's repositories that it changes. Leave it out for all of them.
    #[serde(default)]
    #[schemars(length(max = 20), with = "Vec<Slug>")]
    pub repositories: Vec<RepositoryId>,
    /// Files and folders that will likely be touched.
    #[serde(default)]
    #[schemars(length(max = 200), inner(length(min = 1, max = 400)))]
    pub paths: Vec<String>,
    /// Expected working time of an agent, in minutes.
    #[schemars(range(min = 1, max = 10_080))]
    pub estimate_minutes: u32,
    /// How many tokens it may spend of what your own task has left. Leave it out, and only your task's budget bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub budget_tokens: Option<u64>,
    /// How many US dollars it may spend of what your own task has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 1_000_000.0))]
    pub budget_dollars: Option<f64>,
    /// How many minutes its agents may work, of what your own task has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub budget_minutes: Option<u32>,
    /// The number of a subtask of yours that failed, if this one takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 1_000_000_000))]
    pub instead_of: Option<TaskId>,
}

/// The wait for what was delegated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwaitTasks {}

/// A subtask that failed and is not done anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUpTask {
    /// The number of the subtask.
    #[schemars(with = "u64", range(min = 1, max = 1_000_000_000))]
    pub task: TaskId,
    /// Why it is not needed, or who does it instead.
    #[schemars(length(min = 1, max = 4_000))]
    pub reason: String,
}

/// A finished task, as its pull requests will describe it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// What was changed. It opens the description of the pull request. Markdown.
    #[schemars(length(min = 1, max = 10_000))]
    pub summary_what: String,
    /// Why it was done this way, and what else was considered. Markdown.
    #[schemars(length(min = 1, max = 10_000))]
    pub summary_why: String,
    /// The tests that were run, honestly: a test that failed or was not run is said so.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub tests: Vec<TestRun>,
    /// The repositories in the order in which their pull requests are to be merged, if that matters, such as a server
    /// before what calls it.
    #[serde(default)]
    #[schemars(length(max = 20), with = "Vec<Slug>")]
    pub merge_order: Vec<RepositoryId>,
    /// What is left to do or not sure, and what was assumed, a sentence each: whoever reviews is told of it.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 1_000)))]
    pub left: Vec<String>,
    /// Answers to review threads, one for each thread that was asked about in the prompt.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub answers: Vec<ThreadAnswer>,
}

/// A test command and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestRun {
    /// The command, such as "cargo test".
    #[schemars(length(min = 1, max = 1_000))]
    pub command: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// What to know about it, such as the failing tests or why it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4_000))]
    pub detail: Option<String>,
}

/// How a test command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It was run and passed.
    Passed,
    /// It was run and failed.
    Failed,
    /// It was not run.
    NotRun,
}

/// The answer to a thread of a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadAnswer {
    /// The number of the thread, as the prompt gave it.
    #[schemars(with = "u32", range(min = 1, max = 1_000_000_000))]
    pub thread: ThreadId,
    /// The commit that mends it, if one does: all 40 or 64 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Commit>")]
    pub commit: Option<CommitId>,
    /// What was done about it, or why nothing was.
    #[schemars(length(min = 1, max = 4_000))]
    pub text: String,
}

/// The schema of a slug; see [`team6_core::ids`].
pub(super) struct Slug;

impl JsonSchema for Slug {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Slug".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "slug", "pattern": "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$" })
    }
}

/// The schema of a commit's object name; see [`team6_core::ids`].
struct Commit;

impl JsonSchema for Commit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Commit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "commit", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$" })
    }
}
