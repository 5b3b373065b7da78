//! What a sprint is: data only. States that differ in data are variants with that data.

mod attempt;
mod message;
mod review;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::AgentCard;
use super::delegation::Subtask;
use super::index::Index;
use super::stage::Stage;
use super::updating::{Base, Updating};
use crate::budget::{Amount, Budget};
use crate::checks::{Digest, Receipt};
use crate::graph::Graph;
use crate::ids::{
    AgentId, BranchName, CommitId, FencingToken, MessageId, PersonId, PlanVersion, ProjectId, QuestionId, RepositoryId,
    SprintId, TaskId, TaskKey,
};
use crate::ledger::FundsShort;
use crate::plan::{Plan, PlannedTask, SavedPlan};
use crate::policy::Policy;
use crate::text::in_line;
use crate::time::Timestamp;
use crate::trace::Usage;

pub use attempt::{Attempt, Ended, Started};
pub use message::{Message, Urgency};
pub use review::{MergeMethod, PullRequest, Review, Thread, Verdict};

/// A sprint with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sprint {
    /// Its number.
    pub id: SprintId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What the team wants, in its own words.
    pub goal: String,
    /// Who opened it; the one who is asked about the sprint as a whole.
    pub lead: PersonId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The agent that plans it.
    pub planner: AgentId,
    /// The numbers it is run by.
    pub policy: Policy,
    /// Where it stands.
    pub phase: SprintPhase,
    /// Since when.
    pub phase_since: Timestamp,
    /// The pause, if it is paused.
    pub paused: Option<Pause>,
    /// Every version of its plan.
    pub plans: Vec<SavedPlan>,
    /// The version that was approved last.
    pub approved: Option<Approval>,
    /// The agents that may work on it, as of the approval.
    pub roster: Vec<AgentCard>,
    /// What the planning agent asked.
    pub questions: Vec<Question>,
    /// The planning agent's work.
    pub planning: Work,
    /// Every task of any version, by number.
    pub tasks: BTreeMap<TaskId, Task>,
    /// The number of each key.
    pub keys: BTreeMap<TaskKey, TaskId>,
    /// Every attempt, in order; the `n`th stands at `n - 1`.
    pub attempts: Vec<Attempt>,
    /// Every chat message, in order.
    pub messages: Vec<Message>,
    /// The fencing token handed out last.
    pub last_token: FencingToken,
    /// How many reviews and threads there are, for their numbers.
    pub reviews: u32,
    /// How many threads of review comments there are.
    pub threads: u32,
    /// How many approved tasks are neither done nor cancelled.
    pub open_tasks: usize,
    /// How many receipts of checks there are, for their numbers.
    #[serde(default)]
    pub receipts: u32,
    /// The hash of the last one, which the next one holds.
    #[serde(default = "Digest::nothing")]
    pub last_receipt: Digest,
    /// What the worker's machine is short of, while no further agent is started for it.
    #[serde(default)]
    pub shortage: Option<Shortage>,
    /// Who decides for whom.
    #[serde(default)]
    pub deputies: BTreeMap<PersonId, PersonId>,
    /// The deputies who may not approve plans.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) may_not_approve: BTreeSet<PersonId>,
    /// The budget of its project that does not reach for another attempt, and since when.
    #[serde(default)]
    pub funds: Option<(FundsShort, Timestamp)>,
    /// Since then it may reach again, and attempts are queued one after the other until one finds too little.
    #[serde(default)]
    pub(crate) trial: Option<Trial>,
    /// How much it may spend.
    #[serde(default)]
    pub budget: Budget,
    /// What its attempts that ended have spent.
    #[serde(default)]
    pub spent: Amount,
    /// The branches that its tasks are merged into.
    #[serde(default)]
    pub bases: BTreeMap<RepositoryId, Base>,
    /// Tasks whose agents wait for their subtasks; derived from the stages.
    #[serde(default)]
    pub(crate) parked: BTreeSet<TaskId>,
    /// What can be told from the tasks alone.
    pub(crate) index: Index,
    /// When something must happen, by whose work; derived from the stages.
    pub(crate) deadlines: BTreeSet<(Timestamp, WorkId)>,
    /// Tasks that changed since somebody last asked; not a part of the state that is kept.
    #[serde(skip)]
    pub(crate) touched: Touched,
}

/// Whether the budgets of the project reach again is tried by one attempt after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trial {
    /// The attempt that tries it, or did before it was started or taken back.
    pub(crate) by: Option<u32>,
}

/// The tasks that events changed, for whoever keeps copies of them. Two sprints never differ by it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    /// Those that changed themselves.
    pub(crate) tasks: BTreeSet<TaskId>,
    /// Whether there is more or less left of a budget, which tasks that wait for it tell.
    pub(crate) funds: bool,
}

impl PartialEq for Touched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where a sprint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SprintPhase {
    /// Being planned; nothing was approved yet.
    Planning,
    /// A version was approved; its tasks run.
    Running,
    /// Every approved task is done or cancelled.
    Finished,
    /// Given up by a person.
    Cancelled,
}

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "author", content = "name", rename_all = "snake_case")]
pub enum Author {
    /// A person.
    Person(PersonId),
    /// An agent.
    Agent(AgentId),
}

impl std::fmt::Display for Author {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Agent(agent) => write!(f, "{agent} (agent)"),
        }
    }
}

/// Who paused something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pause {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What a worker's machine is short of, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// What, in words that stay the same as long as it is short.
    pub lacking: String,
    /// Since when.
    pub since: Timestamp,
}

/// Who approved which version, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Approval {
    /// The version.
    pub version: PlanVersion,
    /// Who approved it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A question of the planning agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// The question.
    pub text: String,
    /// Why it matters.
    pub why: String,
    /// Answers to choose from, if the agent offered some.
    pub options: Vec<String>,
    /// Who is asked; the lead, unless it was handed on.
    pub asked: PersonId,
    /// When.
    pub at: Timestamp,
    /// Whether it still waits.
    pub state: QuestionState,
}

/// Whether a question still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum QuestionState {
    /// Nobody answered yet.
    Open,
    /// Answered.
    Answered {
        /// By whom.
        by: PersonId,
        /// What.
        text: String,
        /// When.
        at: Timestamp,
    },
    /// Left to the agent's judgement.
    Skipped {
        /// By whom.
        by: PersonId,
        /// When.
        at: Timestamp,
        /// Nobody said so: they approved the plan while the question was open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_approval: bool,
    },
}

/// Whose work it is that an attempt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "work", content = "task", rename_all = "snake_case")]
pub enum WorkId {
    /// The planning agent's.
    Planning,
    /// A task's.
    Task(TaskId),
}

/// Work that an agent does in attempts: where it stands, and what it remembers between attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// The numbers of its attempts.
    pub attempts: Vec<u32>,
    /// The agent's session, to go on with.
    pub session: Option<String>,
    /// Failures in a row since a person last stepped in or an attempt delivered.
    pub failures: u32,
    /// Interruptions in a row, likewise.
    pub interruptions: u32,
    /// Holds by its provider in a row, likewise.
    pub holds: u32,
    /// Holds for want of a repository or of room in a row, likewise.
    #[serde(default)]
    pub waits: u32,
    /// Messages that no agent has seen yet.
    pub unread: Vec<MessageId>,
    /// In review only: when it is to be brought up to date with a base that moved.
    #[serde(default)]
    pub update_at: Option<Timestamp>,
    /// The commits that the last failed attempt left, to see whether the next one got any further.
    pub left: Option<(crate::failure::FailureKind, BTreeMap<RepositoryId, CommitId>)>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// What is to be done: as approved, or as in the newest version while nothing is approved.
    pub planned: PlannedTask,
    /// The version in which it was last approved; none if it waits for approval.
    pub approved: Option<PlanVersion>,
    /// Whether the newest version of the plan has it.
    pub in_plan: bool,
    /// Who is accountable.
    pub owner: Option<PersonId>,
    /// Who works on it.
    pub agent: Option<AgentChoice>,
    /// Its branch, from the first attempt on.
    pub branch: Option<BranchName>,
    /// The pause, if it is paused.
    pub paused: Option<Pause>,
    /// The work on it.
    pub work: Work,
    /// How many of its dependencies are not done.
    pub blockers: usize,
    /// The tasks that depend on it.
    pub dependents: Vec<TaskId>,
    /// The tasks that it depends on.
    pub dependencies: Vec<TaskId>,
    /// What it has besides if it was delegated.
    #[serde(default)]
    pub subtask: Option<Subtask>,
    /// The subtasks that were delegated for it.
    #[serde(default)]
    pub subtasks: Vec<TaskId>,
    /// Its rank on the critical path: estimated minutes of the longest chain that begins with it.
    pub rank: u64,
    /// What was delivered last: commits by repository.
    pub heads: BTreeMap<RepositoryId, CommitId>,
    /// What the agent said of its last delivery.
    pub summary: Option<super::Delivery>,
    /// Its pull requests.
    pub pull_requests: BTreeMap<RepositoryId, PullRequest>,
    /// What came of checks on what was delivered, in order.
    #[serde(default)]
    pub checked: Vec<Checked>,
    /// How its branches stand to their bases.
    #[serde(default)]
    pub updating: Updating,
    /// What its agent asked its owner, in order.
    #[serde(default)]
    pub asked: Vec<Asked>,
    /// Its reviews.
    pub reviews: Vec<Review>,
    /// Who approved what was delivered last.
    pub approved_by: Option<PersonId>,
    /// Its threads of review comments.
    pub threads: Vec<Thread>,
    /// How often it was delivered.
    pub deliveries: u32,
    /// How often a merge was asked for.
    pub merges: u32,
    /// How often a revert of what was merged was asked for.
    #[serde(default)]
    pub reverts: u32,
    /// Whether something of it was taken back, or may have been: then it is not merged on.
    #[serde(default)]
    pub taking_back: bool,
    /// Why the last merge, or its revert, did not happen.
    pub merge_trouble: Option<String>,
    /// Why what is asked of the forge at this stage did not work when it was last tried.
    #[serde(default)]
    pub forge_trouble: Option<String>,
    /// Tokens and cost of ended attempts.
    pub usage: Usage,
    /// How long agents worked in ended attempts, in milliseconds.
    #[serde(default)]
    pub time_ms: u64,
    /// How much it and all below it may spend, if somebody said so for this task.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// What came of a check, and the end of what it said as long as it matters to the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What came of it.
    pub receipt: Receipt,
    /// The end of what it said; empty for earlier deliveries.
    pub tail: String,
}

/// What an agent asked its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// The message that answered it.
    pub answer: Option<MessageId>,
}

/// Which agent works on a task, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentChoice {
    /// The agent.
    pub agent: AgentId,
    /// Why this one, for people.
    pub reason: String,
    /// The person who overruled the engine, if one did.
    pub by: Option<PersonId>,
}

impl Work {
    pub(crate) fn new(stage: Stage, at: Timestamp) -> Self {
        Self {
            stage,
            since: at,
            attempts: Vec::new(),
            session: None,
            failures: 0,
            interruptions: 0,
            holds: 0,
            waits: 0,
            unread: Vec::new(),
            update_at: None,
            left: None,
        }
    }

    /// When something must happen if nothing else does.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Queued { check_at, .. } => Some(*check_at),
            Stage::Running { lease_until, .. } => Some(*lease_until),
            Stage::Held(hold) => Some(hold.until),
            Stage::Checking { until, .. }
            | Stage::Publishing { until, .. }
            | Stage::Updating { until, .. }
            | Stage::Merging { until, .. }
            | Stage::Reverting { until, .. } => Some(*until),
            Stage::InReview => self.update_at,
            Stage::Idle
            | Stage::Waiting { .. }
            | Stage::Asking { .. }
            | Stage::AwaitingSubtasks { .. }
            | Stage::Delivered
            | Stage::Failed { .. }
            | Stage::Done
            | Stage::Cancelled { .. }
            | Stage::GivenUp { .. } => None,
        }
    }
}

impl Task {
    /// Whether any attempt was ever scheduled.
    pub fn has_started(&self) -> bool {
        !self.work.attempts.is_empty()
    }

    /// Whether every pull request is merged, and none was taken back; false while there is none.
    pub fn is_merged(&self) -> bool {
        let merged = |p: &PullRequest| p.merged.is_some() && p.reverted.is_none();
        !self.pull_requests.is_empty() && self.pull_requests.values().all(merged)
    }

    /// The repositories in whose base something of it is, in the order in which it would be taken back: the last merged
    /// first.
    pub fn to_revert(&self) -> Vec<RepositoryId> {
        let there = |repository: &RepositoryId| {
            let offered = self.pull_requests.get(repository);
            offered.is_some_and(|p| p.merged.is_some() && p.reverted.is_none())
        };
        self.merge_order().into_iter().rev().filter(there).collect()
    }

    /// The repositories in the order in which their pull requests are merged: as the agent said, then as planned.
    pub fn merge_order(&self) -> Vec<RepositoryId> {
        let said = self.summary.iter().flat_map(|delivery| &delivery.merge_order);
        let mut order: Vec<RepositoryId> = Vec::new();
        for repository in said.chain(&self.planned.repositories).chain(self.pull_requests.keys()) {
            if self.pull_requests.contains_key(repository) && !order.contains(repository) {
                order.push(repository.clone());
            }
        }
        order
    }

    /// Threads that the agent has not answered.
    pub fn open_threads(&self) -> impl Iterator<Item = &Thread> {
        self.threads.iter().filter(|t| t.answer.is_none())
    }
}

impl Sprint {
    /// The work of this id.
    pub fn work(&self, id: WorkId) -> Option<&Work> {
        match id {
            WorkId::Planning => Some(&self.planning),
            WorkId::Task(task) => self.tasks.get(&task).map(|t| &t.work),
        }
    }

    /// The attempt of this number.
    pub fn attempt(&self, n: u32) -> Option<&Attempt> {
        self.attempts.get(usize::try_from(n).ok()?.checked_sub(1)?)
    }

    /// The newest version of the plan.
    pub fn newest_plan(&self) -> Option<&SavedPlan> {
        self.plans.last()
    }

    /// The version of this number.
    pub fn plan(&self, version: PlanVersion) -> Option<&SavedPlan> {
        self.plans.get(usize::try_from(version.0).ok()?.checked_sub(1)?)
    }

    /// The plan that was approved last.
    pub fn approved_plan(&self) -> Option<&Plan> {
        self.plan(self.approved.as_ref()?.version).map(|saved| &saved.plan)
    }

    /// Whether the newest version waits for approval.
    pub fn awaits_approval(&self) -> bool {
        let newest = self.newest_plan().map(|saved| saved.version);
        newest.is_some() && newest != self.approved.as_ref().map(|a| a.version)
    }

    /// Whether it is neither finished nor cancelled.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, SprintPhase::Planning | SprintPhase::Running)
    }

    /// Questions that wait for an answer.
    pub fn open_questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(|q| q.state == QuestionState::Open)
    }

    /// When `Command::Tick` must come next, if nothing else happens before.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let funds = self.funds.filter(|_| self.trial.is_none());
        let funds = funds.and_then(|(short, _)| short.until);
        self.deadlines.first().map(|(at, _)| *at).into_iter().chain(funds).min()
    }

    /// The tasks that changed since this was last called, and those that want something else of people by that.
    pub fn take_touched(&mut self) -> BTreeSet<TaskId> {
        let Touched { mut tasks, funds } = std::mem::take(&mut self.touched);
        let mut others = Vec::new();
        for task in tasks.iter().filter_map(|id| self.tasks.get(id)) {
            // Who waits for what is given up waits for a person now; what is approved may wait for the owners of its parts.
            if matches!(task.work.stage, Stage::Cancelled { .. } | Stage::GivenUp { .. }) {
                others.extend(&task.dependents);
            }
            let wholes = self.above(task).filter(|whole| whole.approved_by.is_some());
            others.extend(wholes.map(|whole| whole.id));
        }
        tasks.extend(others);
        if funds && (self.has_budgets() || self.funds.is_some()) {
            tasks.extend(self.index.ready.iter().map(|(_, task)| *task));
        }
        tasks
    }

    /// The title of the newest plan, or the goal's first line before there is one.
    pub fn title(&self) -> Cow<'_, str> {
        match self.newest_plan() {
            Some(saved) => Cow::Borrowed(&saved.plan.title),
            None => in_line(self.goal.lines().next().unwrap_or_default()).into(),
        }
    }

    /// The graph of the newest plan with the critical path of what is left: done tasks weigh nothing.
    pub fn graph(&self) -> Option<(Graph, Vec<usize>)> {
        let plan = &self.newest_plan()?.plan;
        let graph = plan.graph();
        let mut weights = plan.weights();
        for (weight, task) in weights.iter_mut().zip(&plan.tasks) {
            let ended = self
                .keys
                .get(&task.key)
                .and_then(|id| self.tasks.get(id))
                .is_some_and(|t| t.work.stage.is_ended());
            if ended {
                *weight = 0;
            }
        }
        let path = graph.critical_path(&weights);
        Some((graph, path))
    }
}
