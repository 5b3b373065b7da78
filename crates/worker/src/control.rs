//! What a worker asks of the control plane. It is the only way to it: no worker reaches the log, the queue or the forge.
//!
//! The embedded worker is handed an implementation in the same process; a worker on another machine one over HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use team6_core::briefing::Briefing;
use team6_core::budget::Budget;
use team6_core::checks::{Check, RunEnd};
use team6_core::failure::Failure;
use team6_core::ids::{
    AgentId, AttemptId, BranchName, CheckName, CommitId, FencingToken, MemoryId, MessageId, ProjectId, RepositoryId,
    SprintId, TaskId, ThreadId, WorkerId,
};
use team6_core::memory::{Kind, Memory, ScopePath};
use team6_core::sprint::{Brief, Command, Message, Refusal, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceEntry, Usage};
use team6_workspace::{ClaimRepository, LocalFile};

/// An attempt, with all that is needed to make it.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its fencing token, which goes with everything that is told about it.
    pub token: FencingToken,
    /// The project.
    pub project: ProjectId,
    /// Whose work it is.
    pub work: WorkId,
    /// What people call the work.
    pub title: String,
    /// The agent that does it.
    pub agent: AgentId,
    /// The branch to commit to; none for planning, which changes nothing.
    pub branch: Option<BranchName>,
    /// What the agent is told.
    pub briefing: Briefing,
    /// The messages that are a part of it.
    pub told: Vec<MessageId>,
    /// The agent's session to go on with.
    pub session: Option<String>,
    /// The threads that the agent must answer.
    pub threads: Vec<ThreadId>,
    /// What the subtasks of the task delivered.
    pub subtasks: Vec<(TaskId, BTreeMap<RepositoryId, CommitId>)>,
    /// Whether the agent may end by only answering.
    pub may_reply: bool,
    /// How often to give a heartbeat.
    pub heartbeat: Duration,
    /// When the lease ends unless a heartbeat renews it.
    pub lease_until: Timestamp,
    /// What it may spend.
    pub reserved: Budget,
    /// How long its agent may take to conclude when that is spent.
    pub allowance: Duration,
}

/// A repository of an attempt's workspace.
#[derive(Debug, Clone)]
pub struct AssignedRepository {
    /// The repository.
    pub id: RepositoryId,
    /// Where its mirror is fetched from.
    pub source: String,
    /// Where it comes from, which the addresses of its submodules may be relative to.
    pub origin: String,
    /// The branch that the work builds on.
    pub base_branch: BranchName,
    /// The commit that the work builds on.
    pub base: CommitId,
    /// The head of what earlier attempts left or delivered, if they did.
    pub start: Option<CommitId>,
    /// Branches that it knows besides, those of the task's subtasks.
    pub others: Vec<(BranchName, CommitId)>,
    /// Files of the team's people that lie in its checkout.
    pub local_files: Vec<LocalFile>,
}

impl From<AssignedRepository> for ClaimRepository {
    fn from(assigned: AssignedRepository) -> Self {
        Self {
            id: assigned.id,
            source: assigned.source,
            origin: assigned.origin,
            base_branch: assigned.base_branch,
            base: assigned.base,
            start: assigned.start,
            others: assigned.others,
            local_files: assigned.local_files,
        }
    }
}

/// What an attempt must take note of. It is a state, not a sequence: whoever missed a change sees the newest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instructions {
    /// Messages that the agent has not got yet, in order.
    pub messages: Vec<Message>,
    /// The agent must be stopped and its work kept: the task or the sprint was paused.
    pub stop: bool,
    /// The attempt is over: cancelled, or recovered elsewhere. Nothing that it does counts any more.
    pub over: bool,
    /// What it may spend: less or more than at its beginning if somebody changed a budget.
    pub reserved: Budget,
}

/// What the branch of an attempt is published to the forge with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The repository.
    pub repository: RepositoryId,
    /// The import store that holds the commit.
    pub store: PathBuf,
    /// The commit.
    pub commit: CommitId,
    /// The branch.
    pub branch: BranchName,
}

/// A delivery whose repository's checks are to be run.
#[derive(Debug, Clone)]
pub struct CheckOrder {
    /// The sprint.
    pub sprint: SprintId,
    /// The task that was delivered.
    pub task: TaskId,
    /// The repository, from its base to the commit that was delivered.
    pub repository: AssignedRepository,
    /// That commit.
    pub head: CommitId,
    /// What is to be run on it, in this order.
    pub checks: Vec<Check>,
    /// The other repositories of the task, for checks over all of them: each at what was delivered, or at its base.
    pub beside: Vec<AssignedRepository>,
}

/// What came of a check.
#[derive(Debug, Clone)]
pub struct CheckRan {
    /// The sprint.
    pub sprint: SprintId,
    /// The task.
    pub task: TaskId,
    /// The repository.
    pub repository: RepositoryId,
    /// Which check.
    pub check: CheckName,
    /// The run at the delivered commit.
    pub run: RanOnce,
    /// The run at the base, if the first failed.
    pub base: Option<RanOnce>,
}

/// One run of a check's command.
#[derive(Debug, Clone)]
pub struct RanOnce {
    /// The commit that was checked out.
    pub commit: CommitId,
    /// The commits of the repositories that lay beside it.
    pub beside: BTreeMap<RepositoryId, CommitId>,
    /// How it ended.
    pub end: RunEnd,
    /// What it said, bounded and without secrets.
    pub log: Vec<u8>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// What an agent wants to be kept in its project's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remember {
    /// What sort of thing it is.
    pub kind: Kind,
    /// What was learnt.
    pub text: String,
    /// The repository that it holds in.
    pub repository: Option<RepositoryId>,
    /// The path that it holds at: of the only repository of the task unless one is given.
    pub path: Option<ScopePath>,
    /// How it is known.
    pub evidence: String,
    /// What it takes the place of.
    pub supersedes: Option<MemoryId>,
}

/// What became of something that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The memory that says it.
    pub memory: MemoryId,
    /// Its text, if it was there before.
    pub known: Option<String>,
}

/// What an agent wants to know of its project's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// What it wants to know.
    pub question: String,
    /// The repository that it is about; those of its task unless given.
    pub repository: Option<RepositoryId>,
    /// The path that it is about.
    pub path: Option<ScopePath>,
}

/// Why the control plane did not do what a worker asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ControlError {
    /// The rules refuse it; `Refusal::Fenced` and `Refusal::AttemptEnded` mean that the attempt is over.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// It may work when it is tried again.
    #[error("the control plane does not answer: {0}")]
    Unavailable(String),
    /// It will not work.
    #[error("{0}")]
    Failed(String),
}

/// The control plane as one worker sees it.
#[async_trait]
pub trait ControlPlane: Send + Sync {
    /// Takes the most urgent attempt of the project, if one is due and a slot is free.
    async fn lease(&self, worker: &WorkerId) -> Result<Option<Assignment>, ControlError>;

    /// Tells whether the worker's machine can hold one more agent, and what it is short of if not.
    async fn room(&self, worker: &WorkerId, lacking: Option<String>) -> Result<(), ControlError>;

    /// The repositories of the project with the heads of their base branches, for laying ready what work will build on.
    /// The first call gives them at once, a later one as soon as one may have moved. Those that cannot be reached are
    /// left out.
    async fn bases(&self) -> Result<Vec<AssignedRepository>, ControlError>;

    /// The repositories of the attempt's workspace, as their origins are now; or why it fails before it begins. Origins
    /// take their time, so heartbeats must be given meanwhile. May be dropped and asked again.
    async fn repositories(&self, attempt: AttemptId, token: FencingToken) -> Result<Vec<AssignedRepository>, Failure>;

    /// Waits until `lease` may have something that it had not when it was last called. It may also return for nothing.
    async fn work_may_be_there(&self);

    /// Renews the lease; gives the time when it ends.
    async fn heartbeat(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    ) -> Result<(), ControlError>;

    /// What the attempt must take note of, as soon as it differs from `known`.
    async fn instructions(&self, attempt: AttemptId, known: &Instructions) -> Result<Instructions, ControlError>;

    /// Tells what happened to an attempt: one of the commands that carry its number and token.
    async fn tell(&self, attempt: AttemptId, command: Command) -> Result<(), ControlError>;

    /// Adds to the attempt's trace. Entries that it has already are left out; a gap is refused.
    async fn trace(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        entries: Vec<TraceEntry>,
    ) -> Result<(), ControlError>;

    /// The number of the last entry in the attempt's trace.
    async fn last_trace(&self, attempt: AttemptId) -> Result<u64, ControlError>;

    /// Hands a part of the attempt's task to another agent; it builds on these commits, which are published. Gives the
    /// number of the subtask.
    async fn delegate(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        brief: Brief,
        built_on: BTreeMap<RepositoryId, CommitId>,
        instead_of: Option<TaskId>,
    ) -> Result<TaskId, ControlError>;

    /// Keeps what an agent learnt.
    async fn remember(&self, attempt: AttemptId, token: FencingToken, wanted: Remember) -> Result<Kept, ControlError>;

    /// What the project's memory holds of something, most useful first.
    async fn recall(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        wanted: Recall,
    ) -> Result<Vec<Memory>, ControlError>;

    /// Pushes imported commits to the task's branch in the forge.
    async fn publish(
        &self,
        attempt: AttemptId,
        token: FencingToken,
        publications: Vec<Publication>,
    ) -> Result<(), ControlError>;

    /// The checks that are to be run. The first call gives them at once, a later one as soon as there may be others.
    async fn checks(&self) -> Result<Vec<CheckOrder>, ControlError>;

    /// Tells what came of a check. One that nobody waits for any more is taken and forgotten.
    async fn check_ran(&self, ran: CheckRan) -> Result<(), ControlError>;

    /// Says that a worker is done with an attempt, so that its slot is free again.
    async fn done(&self, attempt: AttemptId) -> Result<(), ControlError>;

    /// The work whose homes and workspaces a worker keeps: everything else may be removed.
    async fn live_work(&self) -> Result<Vec<(SprintId, WorkId)>, ControlError>;

    /// The time.
    fn now(&self) -> Timestamp;
}

/// What an attempt left in each repository.
pub type Left = BTreeMap<RepositoryId, CommitId>;

/// The name of a piece of work in paths: the same for all of its attempts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkName(pub String);

impl WorkName {
    /// `task-<n>` for a task, `sprint-<n>` for the planning of a sprint.
    pub fn of(sprint: SprintId, work: WorkId) -> Self {
        Self(match work {
            WorkId::Planning => format!("sprint-{sprint}"),
            WorkId::Task(task) => format!("task-{task}"),
        })
    }
}

impl std::fmt::Display for WorkName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
