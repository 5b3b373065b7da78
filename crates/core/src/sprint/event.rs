//! What happened to a sprint. Events are kept for ever: fields are added, never taken away or given another meaning.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    AgentCard, AgentChoice, Author, BaseConflict, BaseHead, Delivered, Delivery, MergeMethod, Opening, ReviewComment,
    ThreadAnswer, UpdateOutcome, Urgency, Verdict, WorkId,
};
use crate::budget::Budget;
use crate::checks::{Check, Receipt};
use crate::failure::Failure;
use crate::ids::{
    AgentId, BranchName, CommitId, FencingToken, MessageId, PersonId, PlanVersion, QuestionId, RepositoryId, ReviewId,
    TaskId, TaskKey, ThreadId, WorkerId,
};
use crate::ledger::FundsShort;
use crate::plan::{Plan, PlannedTask};
use crate::time::Timestamp;
use crate::trace::Usage;

/// Why an attempt is made. Each names the new reason that it has; none can be used twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum AttemptReason {
    /// The first one.
    First,
    /// An attempt failed in a way that another one may mend.
    Retry { of: u32 },
    /// An attempt was interrupted by a pause or by the engine's restart.
    Resumed { of: u32 },
    /// The provider's limit or outage is over.
    HoldOver { of: u32 },
    /// A person retried.
    PersonRetried { by: PersonId, note: String, of: u32 },
    /// A person wrote; also the answers of questions.
    Message { message: MessageId },
    /// The owner requested changes.
    ChangesRequested { review: ReviewId },
    /// Checks of the repositories passed at the base and fail on what was delivered.
    ChecksBroken { delivery: u32 },
    /// The subtasks that attempt `of` waited for are settled.
    SubtasksSettled { of: u32 },
    /// The work conflicts with its base.
    Conflict {
        repository: RepositoryId,
        files: Vec<String>,
        merge: u32,
    },
    /// A base has moved since the work was delivered, and does not fit it any more.
    BaseConflicts { update: u32, conflicts: Vec<BaseConflict> },
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Outcome {
    /// It delivered.
    Delivered,
    /// It answered messages and changed nothing.
    Replied,
    /// It asked its owner and waits.
    Asked,
    /// It waits for its subtasks.
    Delegated,
    /// It failed.
    Failed { failure: Failure },
    /// It met a provider's limit or outage.
    Held { failure: Failure },
    /// It was stopped by a pause or by the engine.
    Interrupted { why: String },
    /// It was cancelled, or taken back before a worker had it.
    Cancelled,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SprintEvent))]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Event {
    /// A sprint was opened.
    SprintOpened(Box<Opening>),
    /// A plan was saved. `numbers` gives the numbers of tasks that are new.
    PlanSaved {
        version: PlanVersion,
        plan: Plan,
        by: Author,
        note: String,
        numbers: BTreeMap<TaskKey, TaskId>,
    },
    /// The planning agent asked.
    QuestionAsked {
        question: QuestionId,
        text: String,
        why: String,
        options: Vec<String>,
        asked: PersonId,
    },
    /// A question was answered.
    QuestionAnswered {
        question: QuestionId,
        by: PersonId,
        text: String,
    },
    /// A question was left to the agent's judgement.
    QuestionSkipped {
        question: QuestionId,
        by: PersonId,
        /// Nobody said so: the plan was approved while the question was open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_approval: bool,
    },
    /// A question was handed to another person.
    QuestionHanded {
        question: QuestionId,
        by: PersonId,
        to: PersonId,
    },
    /// Somebody decides for an owner who is away, or nobody does any more.
    DeputySet {
        by: PersonId,
        owner: PersonId,
        deputy: Option<PersonId>,
        /// Whether the deputy may approve plans.
        #[serde(default = "yes")]
        may_approve: bool,
    },
    /// A task has a new owner.
    OwnerSet {
        task: TaskId,
        owner: PersonId,
        by: PersonId,
    },
    /// A task has an agent.
    AgentChosen { task: TaskId, choice: AgentChoice },
    /// A version was approved. `dropped` are tasks that it no longer has.
    PlanApproved {
        version: PlanVersion,
        by: PersonId,
        agents: Vec<AgentCard>,
        dropped: BTreeSet<TaskId>,
    },
    /// Every approved task is done or cancelled.
    SprintFinished,
    /// The sprint was paused.
    SprintPaused { by: PersonId },
    /// The sprint goes on.
    SprintResumed { by: PersonId },
    /// The sprint was given up.
    SprintCancelled { by: PersonId },

    /// An attempt was scheduled.
    AttemptScheduled {
        attempt: u32,
        work: WorkId,
        agent: AgentId,
        reason: AttemptReason,
        not_before: Timestamp,
        branch: Option<BranchName>,
        /// What it may spend.
        #[serde(default, skip_serializing_if = "Budget::is_unlimited")]
        reserved: Budget,
    },
    /// A job may have been lost: it is put into the queue again.
    AttemptRequeued { attempt: u32 },
    /// A worker took an attempt.
    AttemptStarted {
        attempt: u32,
        worker: WorkerId,
        token: FencingToken,
        lease_until: Timestamp,
    },
    /// Its workspace is ready.
    WorkspaceReady { attempt: u32 },
    /// Its agent has a session.
    SessionOpened { attempt: u32, session: String },
    /// Its lease was renewed.
    LeaseRenewed {
        attempt: u32,
        until: Timestamp,
        active_at: Timestamp,
        usage: Usage,
    },
    /// Its agent told how far it is.
    ProgressReported { attempt: u32, text: String },
    /// Its agent got messages.
    MessagesDelivered { attempt: u32, messages: Vec<MessageId> },
    /// Its agent asked its owner; the attempt ended.
    OwnerAsked {
        attempt: u32,
        question: String,
        options: Vec<String>,
    },
    /// It delivered.
    AttemptDelivered {
        attempt: u32,
        delivery: Delivery,
        answers: Vec<ThreadAnswer>,
        results: BTreeMap<RepositoryId, Delivered>,
        /// The subtasks whose work it holds.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        integrated: BTreeSet<TaskId>,
        /// What the engine runs on it before anything else, by repository.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        checks: BTreeMap<RepositoryId, Vec<Check>>,
        usage: Usage,
    },
    /// The engine ran a check. `tail` is the end of what it said.
    CheckRecorded {
        task: TaskId,
        receipt: Box<Receipt>,
        tail: String,
    },
    /// Every check of a delivery is recorded. With `back`, its agent mends what it broke before a person is asked to look.
    ChecksSettled { task: TaskId, back: bool },
    /// It answered messages and changed nothing.
    AttemptReplied { attempt: u32, usage: Usage },
    /// It failed. With `retry_at` another one follows, with `hold_until` its work is held, otherwise a person decides.
    AttemptFailed {
        attempt: u32,
        failure: Failure,
        left: BTreeMap<RepositoryId, CommitId>,
        retry_at: Option<Timestamp>,
        hold_until: Option<Timestamp>,
        usage: Usage,
    },
    /// It was interrupted.
    AttemptInterrupted {
        attempt: u32,
        why: String,
        left: BTreeMap<RepositoryId, CommitId>,
        usage: Usage,
    },
    /// It was ended because its work was: a task cancelled or done, a plan approved.
    AttemptCancelled { attempt: u32 },
    /// It was taken out of the queue by a pause before a worker had it; its reason stands.
    AttemptWithdrawn { attempt: u32 },
    /// Another amount was reserved for it, since a budget was changed.
    AttemptReserved { attempt: u32, reserved: Budget },
    /// A hold is over.
    HoldEnded { work: WorkId },

    /// Work was handed to another agent.
    SubtaskAdded {
        task: TaskId,
        parent: TaskId,
        planned: Box<PlannedTask>,
        owner: PersonId,
        built_on: BTreeMap<RepositoryId, CommitId>,
        by: Author,
        /// How much it may spend, if whoever delegated it said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
    },
    /// An attempt ended, and its task waits for its subtasks.
    SubtasksAwaited { attempt: u32 },
    /// All subtasks of a task that waited for them are settled.
    SubtasksSettled { task: TaskId },
    /// A subtask was given up: its parent went on without it.
    SubtaskGivenUp { task: TaskId, reason: String },

    /// An attempt that ended had used more than was known then.
    UsageReported { attempt: u32, usage: Usage },
    /// The budgets of the project do not reach for another attempt, or reach for all that waited.
    FundsReported { lacking: Option<FundsShort> },
    /// They may reach again: one attempt after the other is queued until one finds too little.
    FundsReturned,
    /// The project's worker has no room for one more agent, or has some again.
    RoomReported { lacking: Option<String> },

    /// The forge shows a pull request.
    PullRequestOpened {
        task: TaskId,
        repository: RepositoryId,
        number: u64,
        head: CommitId,
    },
    /// What was asked of the forge did not work, and is tried again.
    ForgeFailed {
        task: TaskId,
        repository: RepositoryId,
        why: String,
    },
    /// The pull requests could not be opened in time.
    PublishFailed { task: TaskId, failure: Failure },
    /// A person reviewed.
    ReviewSubmitted {
        task: TaskId,
        review: ReviewId,
        by: PersonId,
        verdict: Verdict,
        body: String,
        comments: Vec<(ThreadId, ReviewComment)>,
        heads: BTreeMap<RepositoryId, CommitId>,
    },
    /// The owner merged.
    MergeRequested {
        task: TaskId,
        by: PersonId,
        method: MergeMethod,
        merge: u32,
    },
    /// All that is to be merged of a task can be.
    MergeChecked { task: TaskId, merge: u32 },
    /// The forge merged one pull request.
    PullRequestMerged {
        task: TaskId,
        repository: RepositoryId,
        commit: CommitId,
    },
    /// A merge met conflicts, which go to the agent.
    MergeConflicted {
        task: TaskId,
        repository: RepositoryId,
        merge: u32,
        files: Vec<String>,
    },
    /// A merge was refused or took too long; the owner decides.
    MergeFailed { task: TaskId, merge: u32, why: String },
    /// A base is at this commit. `moved`: it was elsewhere before.
    BaseSeen {
        repository: RepositoryId,
        head: BaseHead,
        moved: bool,
    },
    /// A task in review is being brought up to date with these bases.
    UpdateBegun {
        task: TaskId,
        update: u32,
        repositories: BTreeSet<RepositoryId>,
    },
    /// What bringing a branch up to date came to. `head` is where it was, `checks` is what the engine runs on the result.
    UpdateTried {
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        /// The moves of the base that it was tried with.
        moves: u32,
        outcome: UpdateOutcome,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<Check>,
    },
    /// All branches of a task were tried. With `back`, its agent resolves what conflicts before a person is asked.
    UpdateSettled { task: TaskId, back: bool },
    /// What was approved is not what is there now.
    ApprovalVoided { task: TaskId, why: String },
    /// The owner has what was merged of a task taken back.
    RevertRequested { task: TaskId, by: PersonId, revert: u32 },
    /// The forge took merges back, by these commits.
    PullRequestsReverted {
        task: TaskId,
        revert: u32,
        commits: BTreeMap<RepositoryId, CommitId>,
    },
    /// Not all of what was merged was taken back; the owner decides. With `unknown`, it is not known whether anything was.
    RevertFailed {
        task: TaskId,
        revert: u32,
        why: String,
        unknown: bool,
    },
    /// Every pull request of a task is merged.
    TaskDone { task: TaskId },

    /// A person wrote to an agent.
    MessageSent {
        message: MessageId,
        to: WorkId,
        by: PersonId,
        text: String,
        urgency: Urgency,
    },
    /// A person retried.
    Retried { work: WorkId, by: PersonId, note: String },
    /// An agent was given a reason for another attempt by messages that it has not seen.
    WorkWanted { work: WorkId, message: MessageId },
    /// A task was cancelled.
    TaskCancelled { task: TaskId, by: PersonId },
    /// A task was paused.
    TaskPaused { task: TaskId, by: PersonId },
    /// A task goes on.
    TaskResumed { task: TaskId, by: PersonId },
    /// A task and all below it may spend another amount.
    TaskBudgetSet { task: TaskId, budget: Budget, by: PersonId },
    /// The sprint may spend another amount.
    SprintBudgetSet { budget: Budget, by: PersonId },
}

fn yes() -> bool {
    true
}

impl Event {
    /// The event's name as it stands in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SprintOpened(_) => "sprint_opened",
            Self::PlanSaved { .. } => "plan_saved",
            Self::QuestionAsked { .. } => "question_asked",
            Self::QuestionAnswered { .. } => "question_answered",
            Self::QuestionSkipped { .. } => "question_skipped",
            Self::QuestionHanded { .. } => "question_handed",
            Self::DeputySet { .. } => "deputy_set",
            Self::OwnerSet { .. } => "owner_set",
            Self::AgentChosen { .. } => "agent_chosen",
            Self::PlanApproved { .. } => "plan_approved",
            Self::SprintFinished => "sprint_finished",
            Self::SprintPaused { .. } => "sprint_paused",
            Self::SprintResumed { .. } => "sprint_resumed",
            Self::SprintCancelled { .. } => "sprint_cancelled",
            Self::AttemptScheduled { .. } => "attempt_scheduled",
            Self::AttemptRequeued { .. } => "attempt_requeued",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::WorkspaceReady { .. } => "workspace_ready",
            Self::SessionOpened { .. } => "session_opened",
            Self::LeaseRenewed { .. } => "lease_renewed",
            Self::ProgressReported { .. } => "progress_reported",
            Self::MessagesDelivered { .. } => "messages_delivered",
            Self::OwnerAsked { .. } => "owner_asked",
            Self::AttemptDelivered { .. } => "attempt_delivered",
            Self::CheckRecorded { .. } => "check_recorded",
            Self::ChecksSettled { .. } => "checks_settled",
            Self::AttemptReplied { .. } => "attempt_replied",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::AttemptInterrupted { .. } => "attempt_interrupted",
            Self::AttemptCancelled { .. } => "attempt_cancelled",
            Self::AttemptWithdrawn { .. } => "attempt_withdrawn",
            Self::AttemptReserved { .. } => "attempt_reserved",
            Self::HoldEnded { .. } => "hold_ended",
            Self::SubtaskAdded { .. } => "subtask_added",
            Self::SubtasksAwaited { .. } => "subtasks_awaited",
            Self::SubtasksSettled { .. } => "subtasks_settled",
            Self::SubtaskGivenUp { .. } => "subtask_given_up",
            Self::UsageReported { .. } => "usage_reported",
            Self::FundsReported { .. } => "funds_reported",
            Self::FundsReturned => "funds_returned",
            Self::RoomReported { .. } => "room_reported",
            Self::PullRequestOpened { .. } => "pull_request_opened",
            Self::ForgeFailed { .. } => "forge_failed",
            Self::PublishFailed { .. } => "publish_failed",
            Self::ReviewSubmitted { .. } => "review_submitted",
            Self::MergeRequested { .. } => "merge_requested",
            Self::MergeChecked { .. } => "merge_checked",
            Self::PullRequestMerged { .. } => "pull_request_merged",
            Self::MergeConflicted { .. } => "merge_conflicted",
            Self::MergeFailed { .. } => "merge_failed",
            Self::BaseSeen { .. } => "base_seen",
            Self::UpdateBegun { .. } => "update_begun",
            Self::UpdateTried { .. } => "update_tried",
            Self::UpdateSettled { .. } => "update_settled",
            Self::ApprovalVoided { .. } => "approval_voided",
            Self::RevertRequested { .. } => "revert_requested",
            Self::PullRequestsReverted { .. } => "pull_requests_reverted",
            Self::RevertFailed { .. } => "revert_failed",
            Self::TaskDone { .. } => "task_done",
            Self::MessageSent { .. } => "message_sent",
            Self::Retried { .. } => "retried",
            Self::WorkWanted { .. } => "work_wanted",
            Self::TaskCancelled { .. } => "task_cancelled",
            Self::TaskPaused { .. } => "task_paused",
            Self::TaskResumed { .. } => "task_resumed",
            Self::TaskBudgetSet { .. } => "task_budget_set",
            Self::SprintBudgetSet { .. } => "sprint_budget_set",
        }
    }
}
