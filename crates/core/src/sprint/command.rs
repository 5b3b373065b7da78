//! What people, workers, the forge and the clock ask of a sprint.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Brief, MergeMethod, UpdateOutcome, Urgency, Verdict};
use crate::budget::Budget;
use crate::checks::{Check, Run};
use crate::failure::Failure;
use crate::ids::{
    AgentId, BranchName, CheckName, CommitId, FencingToken, MessageId, PersonId, PlanVersion, ProjectId, QuestionId,
    RepositoryId, Specialty, SprintId, TaskId, ThreadId, WorkerId,
};
use crate::ledger::FundsShort;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::trace::Usage;

/// What is needed to open a sprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Opening {
    /// Its number.
    pub id: SprintId,
    /// The project.
    pub project: ProjectId,
    /// What the team wants.
    pub goal: String,
    /// Who opens it.
    pub lead: PersonId,
    /// The agent that plans it.
    pub planner: AgentId,
    /// The numbers it is run by.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub policy: Policy,
}

/// An agent as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentCard {
    /// The agent.
    pub id: AgentId,
    /// The fields it is good at; none at all means that it does anything.
    pub specialties: Vec<Specialty>,
    /// How many of its tasks on this project were merged.
    #[serde(default)]
    pub merged: u32,
    /// How many of its tasks on this project were given up.
    #[serde(default)]
    pub failed: u32,
}

/// What an approval is checked against, as known outside of the sprint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApprovalFacts {
    /// Whether the person has the right to approve.
    pub may_approve: bool,
    /// The project's repositories.
    pub repositories: BTreeSet<RepositoryId>,
    /// The agents that can work.
    pub agents: Vec<AgentCard>,
}

/// A comment on lines of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewComment {
    /// The repository.
    pub repository: RepositoryId,
    /// The file.
    pub path: String,
    /// The line, from 1; none for the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The last line of a range that begins at `line`; none for one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// Whether the line counts in the old file instead of the new one.
    #[serde(default)]
    pub old_side: bool,
    /// The text.
    pub text: String,
}

impl ReviewComment {
    /// Its lines as they follow the name of the file: `:7`, `:7-9`, or nothing for the file as a whole.
    pub fn lines(&self) -> String {
        match (self.line, self.end_line) {
            (Some(first), Some(last)) if last > first => format!(":{first}-{last}"),
            (Some(line), _) => format!(":{line}"),
            (None, _) => String::new(),
        }
    }
}

/// An agent's answer to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadAnswer {
    /// The thread.
    pub thread: ThreadId,
    /// The commit that mended it, if one did.
    pub commit: Option<CommitId>,
    /// The text.
    pub text: String,
}

/// What an agent says of what it delivers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// What was done.
    pub what: String,
    /// Why it was done this way.
    pub why: String,
    /// The tests that the agent says it ran.
    pub tests: Vec<TestRun>,
    /// The repositories in the order in which their pull requests are to be merged, where that matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merge_order: Vec<RepositoryId>,
    /// What the agent says is left to do, or not sure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// What stands against merging one pull request of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeProblem {
    /// The repository.
    pub repository: RepositoryId,
    /// The files that conflict with its base.
    pub conflicts: Vec<String>,
    /// What else stands against it.
    pub why: Option<String>,
}

/// A test run as the agent tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestRun {
    /// The command.
    pub command: String,
    /// What came of it.
    pub outcome: String,
}

/// What an attempt delivered in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivered {
    /// The new head of the task's branch.
    pub head: CommitId,
    /// Whether it differs from the base at all.
    pub changed: bool,
}

/// A request that may be refused. Who makes it is a part of it; the time comes beside it.
///
/// Commands of a worker carry the attempt and its fencing token; an older token is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Command {
    /// The planning agent submits a plan that builds on version `base` (none: the newest that it was shown). New tasks
    /// get the numbers from `first_task` on.
    SubmitPlan {
        attempt: u32,
        token: FencingToken,
        base: Option<PlanVersion>,
        plan: Plan,
        first_task: TaskId,
    },
    /// The planning agent asks.
    AskQuestion {
        attempt: u32,
        token: FencingToken,
        text: String,
        why: String,
        options: Vec<String>,
    },
    /// A person answers a question.
    AnswerQuestion {
        by: PersonId,
        question: QuestionId,
        text: String,
    },
    /// A person leaves a question to the agent's judgement.
    SkipQuestion { by: PersonId, question: QuestionId },
    /// A person hands a question to another.
    HandQuestion {
        by: PersonId,
        question: QuestionId,
        to: PersonId,
    },
    /// A person saves an edited plan that began as version `base` (0: there was none).
    SavePlan {
        by: PersonId,
        base: PlanVersion,
        plan: Plan,
        note: String,
        first_task: TaskId,
    },
    /// A person makes an old version the newest.
    RestorePlan { by: PersonId, version: PlanVersion },
    /// A person gives tasks their owners.
    SetOwners {
        by: PersonId,
        owners: BTreeMap<TaskId, PersonId>,
    },
    /// A person says who decides for an owner who is away, or that nobody does any more.
    SetDeputy {
        by: PersonId,
        owner: PersonId,
        deputy: Option<PersonId>,
        /// Whether the deputy may approve plans, as known outside.
        may_approve: bool,
    },
    /// A person chooses the agent of a task, from its next attempt on.
    ChooseAgent { by: PersonId, task: TaskId, agent: AgentId },
    /// A person approves a version of the plan.
    Approve {
        by: PersonId,
        version: PlanVersion,
        facts: ApprovalFacts,
    },

    /// A worker takes an attempt from the queue.
    StartAttempt { attempt: u32, worker: WorkerId },
    /// The worker has the workspace ready.
    WorkspaceReady { attempt: u32, token: FencingToken },
    /// The agent has a session, which a later attempt can go on with.
    SessionOpened {
        attempt: u32,
        token: FencingToken,
        session: String,
    },
    /// The worker renews its lease; the agent last said something at `active_at`.
    Heartbeat {
        attempt: u32,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    },
    /// The agent tells how far it is.
    ReportProgress {
        attempt: u32,
        token: FencingToken,
        text: String,
    },
    /// The agent asks its owner and gives back its slot.
    AskOwner {
        attempt: u32,
        token: FencingToken,
        question: String,
        options: Vec<String>,
    },
    /// The agent hands work to another agent, as subtask `task` of its own. It builds on these commits of its branch.
    /// With `instead_of`, a subtask that failed is given up for it.
    Delegate {
        attempt: u32,
        token: FencingToken,
        brief: Box<Brief>,
        built_on: BTreeMap<RepositoryId, CommitId>,
        instead_of: Option<TaskId>,
        task: TaskId,
    },
    /// The agent waits for its subtasks and gives back its slot.
    AwaitSubtasks { attempt: u32, token: FencingToken },
    /// The agent goes on without a subtask that failed.
    GiveUpSubtask {
        attempt: u32,
        token: FencingToken,
        task: TaskId,
        reason: String,
    },
    /// The agent says that its task is complete. Nothing is delivered by it: it is only said whether it could be.
    Completes { attempt: u32, token: FencingToken },
    /// The agent got messages.
    MessagesDelivered {
        attempt: u32,
        token: FencingToken,
        messages: Vec<MessageId>,
    },
    /// The agent completed its task. For the planning agent: its turn ended.
    Deliver {
        attempt: u32,
        token: FencingToken,
        delivery: Delivery,
        answers: Vec<ThreadAnswer>,
        results: BTreeMap<RepositoryId, Delivered>,
        /// The subtasks whose work the branch holds.
        integrated: BTreeSet<TaskId>,
        /// The checks of the project's repositories, as known outside.
        checks: BTreeMap<RepositoryId, Vec<Check>>,
        usage: Usage,
    },
    /// The agent answered messages and changed nothing.
    Reply {
        attempt: u32,
        token: FencingToken,
        usage: Usage,
    },
    /// The attempt failed. `left` tells the head of each branch as far as its work was kept.
    FailAttempt {
        attempt: u32,
        token: FencingToken,
        failure: Failure,
        left: BTreeMap<RepositoryId, CommitId>,
        usage: Usage,
    },
    /// The attempt was stopped by the engine or a pause: its work is kept, and it uses up no attempt.
    InterruptAttempt {
        attempt: u32,
        token: FencingToken,
        why: String,
        left: BTreeMap<RepositoryId, CommitId>,
        usage: Usage,
    },
    /// What an attempt used in all, told after its end: an agent's last report comes with the end of its turn.
    ReportUsage {
        attempt: u32,
        token: FencingToken,
        usage: Usage,
    },
    /// The budgets of the project do not reach for an attempt that is queued.
    LackFunds { attempt: u32, short: FundsShort },
    /// The project's budgets hold only so much for an attempt that is queued or at work.
    FundsGranted { attempt: u32, most: Budget },
    /// There may be something left of the project's budgets again, or there is still too little.
    FundsReturned { lacking: Option<FundsShort> },
    /// The project's worker tells whether its machine can hold one more agent, and what it is short of if not.
    ReportRoom { lacking: Option<String> },
    /// Time has passed.
    Tick,

    /// A check was run on a delivered commit, and at the base if it failed there.
    RecordCheck {
        task: TaskId,
        repository: RepositoryId,
        check: CheckName,
        run: Run,
        base: Option<Run>,
        /// The end of what it said.
        tail: String,
    },

    /// The forge shows a task's pull request with this commit.
    PullRequestOpened {
        task: TaskId,
        repository: RepositoryId,
        number: u64,
        head: CommitId,
    },
    /// What is asked of the forge for a task does not work now, and is tried again.
    ForgeFails {
        task: TaskId,
        repository: RepositoryId,
        why: String,
    },
    /// The forge refuses to show a task's pull request with this commit, and would refuse it again.
    PublishRefused {
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        why: String,
    },
    /// A person reviews. `heads` are the commits that were looked at; none given means the newest.
    SubmitReview {
        by: PersonId,
        task: TaskId,
        verdict: Verdict,
        body: String,
        comments: Vec<ReviewComment>,
        heads: BTreeMap<RepositoryId, CommitId>,
    },
    /// The owner merges.
    Merge {
        by: PersonId,
        task: TaskId,
        method: MergeMethod,
    },
    /// The forge tried to merge all that is to be merged of a task, and merged nothing.
    MergeTried {
        task: TaskId,
        merge: u32,
        problems: Vec<MergeProblem>,
    },
    /// The forge merged one pull request.
    PullRequestMerged {
        task: TaskId,
        repository: RepositoryId,
        commit: CommitId,
    },
    /// The forge could not merge because of conflicts.
    MergeConflicted {
        task: TaskId,
        repository: RepositoryId,
        merge: u32,
        files: Vec<String>,
    },
    /// The forge refused to merge.
    MergeRefused {
        task: TaskId,
        repository: RepositoryId,
        merge: u32,
        why: String,
    },

    /// The branch that tasks are merged into is at this commit.
    SeeBase {
        repository: RepositoryId,
        branch: BranchName,
        commit: CommitId,
    },
    /// The forge tried to bring a task's branch, which was at `head`, up to date with its base.
    UpdateTried {
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        /// The moves of the base that were known before it was looked at.
        moves: u32,
        outcome: UpdateOutcome,
        /// The checks of the project.
        checks: BTreeMap<RepositoryId, Vec<Check>>,
    },
    /// The owner has what was merged of a task that is merged in part taken back.
    Revert { by: PersonId, task: TaskId },
    /// The forge took merges back, by these commits, and says what keeps the rest.
    Reverted {
        task: TaskId,
        revert: u32,
        commits: BTreeMap<RepositoryId, CommitId>,
        trouble: Option<String>,
    },

    /// A person writes to a task's agent, or to the planning agent.
    Chat {
        by: PersonId,
        to: super::WorkId,
        text: String,
        urgency: Urgency,
    },
    /// A person retries a failed task or the planning.
    Retry {
        by: PersonId,
        work: super::WorkId,
        note: String,
    },
    /// A person adds a subtask.
    AddSubtask {
        by: PersonId,
        parent: TaskId,
        brief: Box<Brief>,
        task: TaskId,
    },
    /// A person cancels a task.
    CancelTask { by: PersonId, task: TaskId },
    /// A person pauses a task.
    PauseTask { by: PersonId, task: TaskId },
    /// A person lets a task go on.
    ResumeTask { by: PersonId, task: TaskId },
    /// A person says how much a task and all below it may spend.
    SetTaskBudget { by: PersonId, task: TaskId, budget: Budget },
    /// The lead says how much the sprint may spend.
    SetSprintBudget { by: PersonId, budget: Budget },
    /// A person pauses the whole sprint.
    PauseSprint { by: PersonId },
    /// A person lets the sprint go on.
    ResumeSprint { by: PersonId },
    /// A person cancels the whole sprint.
    CancelSprint { by: PersonId },
}
