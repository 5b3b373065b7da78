//! Why a command was refused. Every refusal says what is wrong and carries what is needed to mend it.

use serde::{Deserialize, Serialize};

use super::DelegationBlock;
use crate::ids::{
    AgentId, CommitId, FencingToken, PersonId, PlanVersion, QuestionId, RepositoryId, Specialty, TaskId, TaskKey,
    ThreadId,
};
use crate::plan::{PlanDiff, PlanProblem};

/// A refused command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum Refusal {
    #[error("the goal is empty; say in a sentence or more what is wanted")]
    NoGoal,
    #[error("the sprint is {phase}; open a new one")]
    SprintClosed { phase: String },
    #[error("task {task} is not in this sprint")]
    NoSuchTask { task: TaskId },
    #[error("question {question} is not in this sprint")]
    NoSuchQuestion { question: QuestionId },
    #[error("question {question} is already closed")]
    QuestionClosed { question: QuestionId },
    #[error("the plan has no version {version}; the newest is {newest}")]
    NoSuchVersion { version: PlanVersion, newest: PlanVersion },
    #[error("the text is empty")]
    EmptyText,
    #[error("the text is too long: {length} of at most {limit} bytes")]
    TextTooLong { length: usize, limit: usize },

    #[error("the plan is not acceptable: {}", both(problems, late))]
    BadPlan {
        problems: Vec<PlanProblem>,
        /// What it would change too late besides.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        late: Vec<TooLate>,
    },
    #[error("the plan was changed since version {base}; the newest is version {newest}, with these changes:\n{changes}take them over and save again on version {newest}", changes = diff)]
    PlanMoved {
        base: PlanVersion,
        newest: PlanVersion,
        diff: PlanDiff,
    },
    #[error("the plan changes what cannot be changed any more: {}", list(problems))]
    PlanTooLate { problems: Vec<TooLate> },
    #[error("nothing was changed")]
    NothingChanged,
    #[error("version {version} cannot be approved: {}", list(reasons))]
    NotApprovable {
        version: PlanVersion,
        reasons: Vec<ApprovalBlock>,
    },

    #[error("attempt {attempt} does not exist")]
    NoSuchAttempt { attempt: u32 },
    #[error("attempt {attempt} has ended; nothing that it does counts any more")]
    AttemptEnded { attempt: u32 },
    #[error("attempt {attempt} waits in the queue; take it first")]
    AttemptNotStarted { attempt: u32 },
    #[error("attempt {attempt} is held by another worker with token {current}; nothing done with an older one counts")]
    Fenced { attempt: u32, current: FencingToken },
    #[error("attempt {attempt} is already running")]
    AlreadyRunning { attempt: u32 },
    #[error("only the planning agent does this")]
    NotPlanning,
    #[error("only an agent that works on a task does this")]
    NotATask,
    #[error("nothing was submitted; call submit_plan with the plan, or ask_question")]
    NothingSubmitted,
    #[error("there is nothing to deliver; commit the work to the task's branch, then complete the task")]
    NothingDelivered,
    #[error("the task is not completed; call complete_task when it is")]
    NotCompleted,
    #[error("this cannot be delegated: {}", list(reasons))]
    NotDelegated { reasons: Vec<DelegationBlock> },
    #[error("there is nothing to wait for: no subtask is open, and you were told what came of all of them")]
    NothingToAwait,
    #[error(
        "{} still open; wait for what comes of it with await_tasks, then complete your task",
        are_tasks(tasks)
    )]
    SubtasksOpen { tasks: Vec<TaskId> },
    #[error("task {parent} goes on with what task {task} delivered; write to task {parent}, or review that")]
    TakenOver { task: TaskId, parent: TaskId },
    #[error("task {task} is {stage}; only a subtask of yours that failed can be given up")]
    NotGivenUp { task: TaskId, stage: String },
    #[error(
        "task {task} cannot be merged yet: {}; each owner of a subtask approves it first",
        list_owners(missing)
    )]
    SubtasksNotApproved {
        task: TaskId,
        missing: Vec<(TaskId, PersonId)>,
    },
    #[error(
        "these threads of the review are not answered: {}; answer each, with the commit that mended it",
        list(threads)
    )]
    ThreadsOpen { threads: Vec<ThreadId> },
    #[error("repository {repository} does not belong to the task; change only {}", list(allowed))]
    ForeignRepository {
        repository: RepositoryId,
        allowed: Vec<RepositoryId>,
    },
    #[error(
        "the pull request in {repository} is merged already and takes no more commits; put the branch there back to \
         {head}, and deliver the rest"
    )]
    MergedAlready { repository: RepositoryId, head: CommitId },

    #[error("task {task} belongs to {}; only its owner does this", owner_name(owner))]
    NotOwner { task: TaskId, owner: Option<PersonId> },
    #[error("only the owner of task {task} or the sprint's lead {lead} does this; ask one of them")]
    NotOwnerOrLead { task: TaskId, lead: PersonId },
    #[error("only {owner} or the sprint's lead {lead} says who decides for {owner}; ask one of them")]
    NotTheirs { owner: PersonId, lead: PersonId },
    #[error("{owner} cannot be their own deputy; name somebody else, or nobody to end it")]
    OwnDeputy { owner: PersonId },
    #[error("only the sprint's lead {lead} does this; ask {lead}")]
    NotLead { lead: PersonId },
    #[error("task {task} is {stage}, not in review; {}", instead(stage))]
    NotInReview { task: TaskId, stage: String },
    #[error("what is handed over has no title; give it one line that says what is wanted")]
    NoTitle,
    #[error("a review that requests changes says which: write a text or comment on lines")]
    EmptyReview,
    #[error("task {task} was delivered anew since you looked at it; look at the new commits and review again")]
    ReviewOutdated { task: TaskId },
    #[error("task {task} is not approved as it is now; approve it first")]
    NotReviewed { task: TaskId },
    #[error("nothing of task {task} is merged, so there is nothing to revert; request changes, or cancel it")]
    NothingToRevert { task: TaskId },
    #[error("a revert of task {task} was begun; revert it again, which goes on with it and closes the task")]
    RevertBegun { task: TaskId },
    #[error("task {task} has no pull request in {repository}")]
    NoPullRequest { task: TaskId, repository: RepositoryId },
    #[error("task {task} is {stage}; only what failed or is held can be retried")]
    NotRetryable { task: TaskId, stage: String },
    #[error("the planning is {stage}; only what failed or is held can be retried")]
    PlanningNotRetryable { stage: String },
    #[error("task {task} is {stage}; nothing can be changed about it any more")]
    TaskEnded { task: TaskId, stage: String },
    #[error(
        "{} being merged, which cannot be taken back; wait for the outcome, then cancel what was not merged, and pause \
         what must not go on meanwhile",
        are_tasks(tasks)
    )]
    BeingMerged { tasks: Vec<TaskId> },
    #[error("task {task} is already paused")]
    AlreadyPaused { task: TaskId },
    #[error("task {task} is not paused")]
    NotPaused { task: TaskId },
    #[error("the sprint is already paused")]
    SprintAlreadyPaused,
    #[error("the sprint is not paused")]
    SprintNotPaused,
    #[error("agent {agent} is not one of those approved for this sprint: {}", list(known))]
    UnknownAgent { agent: AgentId, known: Vec<AgentId> },
}

/// Something that a plan would change too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum TooLate {
    #[error("task {task} (\"{key}\") has started; tell its agent by chat, or cancel it and plan another one")]
    Started { task: TaskId, key: TaskKey },
    #[error("task {task} (\"{key}\") has started and cannot be left out; cancel it instead")]
    Removed { task: TaskId, key: TaskKey },
    #[error("task \"{key}\" was ended earlier; give the new one another key")]
    Ended { key: TaskKey },
}

/// One reason why a plan cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "block", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum ApprovalBlock {
    #[error("{by} does not have the right to approve")]
    NotAllowed { by: PersonId },
    #[error("version {newest} is newer; look at it and approve that one")]
    NotNewest { newest: PlanVersion },
    #[error("it is approved already")]
    AlreadyApproved,
    #[error("task {task} (\"{title}\") has no owner")]
    NoOwner { task: TaskId, title: String },
    #[error("task {task} needs repository \"{repository}\", which the project does not have")]
    NoRepository { task: TaskId, repository: RepositoryId },
    #[error("no agent does \"{specialty}\", which task {task} needs")]
    NoAgent { task: TaskId, specialty: Specialty },
    #[error("no agent that does tasks is installed on the server; the list of agents says how to install one")]
    NoAgents,
    #[error("{0}")]
    Plan(PlanProblem),
    #[error("{0}")]
    TooLate(TooLate),
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn both(problems: &[PlanProblem], late: &[TooLate]) -> String {
    let late = late.iter().map(ToString::to_string);
    let all: Vec<String> = problems.iter().map(ToString::to_string).chain(late).collect();
    list(&all)
}

fn are_tasks(tasks: &[TaskId]) -> String {
    match tasks {
        [one] => format!("task {one} is"),
        many => {
            let numbers: Vec<String> = many.iter().map(ToString::to_string).collect();
            format!("tasks {} are", numbers.join(", "))
        }
    }
}

fn list_owners(missing: &[(TaskId, PersonId)]) -> String {
    let all: Vec<String> = missing
        .iter()
        .map(|(task, owner)| format!("subtask {task} waits for the approval of {owner}"))
        .collect();
    all.join("; ")
}

fn owner_name(owner: &Option<PersonId>) -> String {
    owner.as_ref().map_or_else(|| "nobody yet".into(), ToString::to_string)
}

/// What there is to do about a task that is not in review.
fn instead(stage: &str) -> &'static str {
    match stage {
        "done" => "it is merged; what should be different there is a task of its own",
        "cancelled" | "given up" => "nothing of it is reviewed or merged any more",
        "merging" | "reverting" => "wait until that has ended",
        "failed" => "retry it, or give it up",
        "asking its owner" => "answer its agent first",
        _ => "wait until its pull requests are open",
    }
}
