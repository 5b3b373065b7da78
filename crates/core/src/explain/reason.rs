//! Why something is not done, who moves it next, and both in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::budget::BudgetShort;
use crate::failure::{Failure, FailureClass, FailureKind};
use crate::ids::{AgentId, PersonId, PlanVersion, QuestionId, RepositoryId, TaskId};
use crate::ledger::FundsShort;
use crate::sprint::{BaseHead, ReviewLoad};

/// Who or what moves something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "actor", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// An agent at work.
    Agent(AgentId),
    /// A worker that takes the job from the queue.
    Worker,
    /// The engine itself.
    Engine,
    /// The provider of the agent's model.
    Provider,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Reason {
    /// The plan is being drafted or revised.
    Planning { progress: Option<String> },
    /// The planning agent asked.
    QuestionOpen { question: QuestionId, text: String },
    /// The planning failed.
    PlanningFailed { failure: Failure },
    /// Tasks have no owner yet.
    NoOwner,
    /// The newest version of the plan waits for approval.
    AwaitsApproval { version: PlanVersion },
    /// The task is in no version that may run.
    NotPlanned,
    /// The sprint is paused.
    SprintPaused { by: PersonId },
    /// The task is paused, or the task `above` that it is a part of.
    Paused {
        by: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        above: Option<TaskId>,
    },
    /// It waits for another task, which waits for its own reason.
    Dependency {
        task: TaskId,
        title: String,
        because: String,
    },
    /// It waits for a task that was cancelled.
    DependencyCancelled { task: TaskId, title: String },
    /// A further attempt follows after a wait.
    Backoff { failure: String, attempt: u32, of: u32 },
    /// Its owner has as many tasks to review, now or soon, as may be.
    Reviews {
        owner: PersonId,
        load: ReviewLoad,
        most: usize,
    },
    /// A slot must become free.
    Queued,
    /// The worker's machine cannot hold one more agent.
    NoRoom { lacking: String },
    /// Its workspace is being made.
    Preparing {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress: Option<String>,
    },
    /// An agent works on it.
    Working { attempt: u32, progress: Option<String> },
    /// An agent is being stopped for a pause.
    Stopping,
    /// Its provider has a limit or an outage.
    Held { failure: Failure },
    /// Its agent waits for a subtask, which waits for its own reason.
    Subtask {
        task: TaskId,
        title: String,
        open: usize,
        because: String,
    },
    /// It was delivered to the task that it is a part of.
    Integration {
        task: TaskId,
        title: String,
        because: String,
    },
    /// A part of it that belongs to somebody else waits for their approval.
    SubtaskReview { task: TaskId, title: String },
    /// Its agent asked its owner.
    Asked { question: String },
    /// The engine runs the repositories' checks on what was delivered.
    Checking { checks: Vec<String> },
    /// Its pull requests are being opened.
    Publishing {
        #[serde(default)]
        trouble: Option<String>,
    },
    /// It waits for its owner's review.
    Review {
        deliveries: u32,
        /// What checks say of it, if not all passed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checks: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// A base has moved, and is merged into it before its owner looks on.
    Updating {
        repository: RepositoryId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<BaseHead>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// It is approved and waits to be merged.
    Merge { trouble: Option<String> },
    /// Some of its pull requests are merged, others are not.
    PartlyMerged {
        trouble: Option<String>,
        /// What is merged of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        merged: Vec<RepositoryId>,
        /// What is not.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<RepositoryId>,
    },
    /// What was merged of it is being taken back.
    Reverting {
        #[serde(default)]
        trouble: Option<String>,
    },
    /// Some of what was merged of it was taken back, or may have been.
    PartlyReverted { trouble: Option<String> },
    /// It is being merged.
    Merging {
        #[serde(default)]
        trouble: Option<String>,
    },
    /// It failed, and a person decides.
    Failed { failure: Failure, attempts: u32 },
    /// A budget of its project, over all its sprints, does not reach for its next attempt.
    Funds { short: FundsShort },
    /// A budget does not reach for its next attempt.
    Budget { short: BudgetShort },
    /// Nothing stands before its next attempt. The scheduler leaves nothing in this state.
    Ready,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried = |text: &Option<String>| {
            let text = text.as_ref().map(|t| format!("; the last try failed: {t}"));
            text.unwrap_or_default()
        };
        let said = |text: &Option<String>| text.as_ref().map(|t| format!(": {t}")).unwrap_or_default();
        match self {
            Self::Planning { progress } => write!(f, "the plan is being drafted{}", said(progress)),
            Self::QuestionOpen { question, text } => write!(f, "question {question} waits for an answer: {text}"),
            Self::PlanningFailed { failure } => write!(f, "the planning failed: {}", failure.text),
            Self::NoOwner => f.write_str("tasks have no owner yet"),
            Self::AwaitsApproval { version } => write!(f, "version {version} of the plan waits for approval"),
            Self::NotPlanned => f.write_str("there is no plan for it that could be approved"),
            Self::SprintPaused { by } => write!(f, "{by} paused the sprint"),
            Self::Paused { by, above: None } => write!(f, "{by} paused it"),
            Self::Paused { by, above: Some(task) } => write!(f, "{by} paused task {task}, whose subtask it is"),
            Self::Dependency { task, title, because } => write!(f, "waits for task {task} \"{title}\" ({because})"),
            Self::DependencyCancelled { task, title } => {
                write!(
                    f,
                    "waits for task {task} \"{title}\", which was cancelled; change the plan"
                )
            }
            Self::Backoff { failure, attempt, of } => {
                write!(
                    f,
                    "attempt {attempt} of {of} follows after a wait; the last one failed: {failure}"
                )
            }
            Self::Reviews { owner, load, most } => write!(
                f,
                "waits for its turn: {} of {owner}'s tasks wait for review and {} are being worked on, of at most {most}",
                load.unreviewed, load.under_way
            ),
            Self::Queued => f.write_str("waits for a free agent slot"),
            Self::NoRoom { lacking } => write!(f, "waits for room on the worker's machine: {lacking}"),
            Self::Preparing { progress } => write!(f, "its workspace is being made{}", said(progress)),
            Self::Working { progress, .. } => write!(f, "its agent is at work{}", said(progress)),
            Self::Stopping => f.write_str("its agent is being stopped"),
            Self::Held { failure } => {
                let what = match failure.kind {
                    FailureKind::Unreachable => "what it needs can be reached again",
                    FailureKind::OutOfRoom => "the machine has room again",
                    _ => "its provider works again",
                };
                write!(f, "held until {what}: {}", failure.text)
            }
            Self::Subtask {
                task,
                title,
                open: 1,
                because,
            } => write!(f, "waits for subtask {task} \"{title}\" ({because})"),
            Self::Subtask {
                task,
                title,
                open,
                because,
            } => write!(
                f,
                "waits for {open} subtasks, {task} \"{title}\" the longest ({because})"
            ),
            Self::Integration { task, title, because } => {
                write!(
                    f,
                    "delivered to task {task} \"{title}\", whose subtask it is ({because})"
                )
            }
            Self::SubtaskReview { task, title } => {
                write!(
                    f,
                    "approved, but for subtask {task} \"{title}\", which its own owner approves first"
                )
            }
            Self::Asked { question } => write!(f, "its agent asks: {question}"),
            Self::Checking { checks } => write!(f, "its checks are being run: {}", checks.join(", ")),
            Self::Publishing { trouble } => write!(f, "its pull requests are being opened{}", tried(trouble)),
            Self::Review {
                deliveries,
                checks,
                trouble,
            } => {
                if let Some(checks) = checks {
                    write!(f, "{checks}; ")?;
                }
                f.write_str("waits for review")?;
                if *deliveries > 1 {
                    write!(f, ", delivery {deliveries}")?;
                }
                f.write_str(&said(trouble))
            }
            Self::Updating {
                repository,
                base,
                trouble,
            } => {
                let with = base.as_ref().map(|base| format!("{base} of ")).unwrap_or_default();
                write!(f, "being brought up to date with {with}{repository}{}", tried(trouble))
            }
            Self::Merge { trouble } => write!(f, "approved, waits to be merged{}", said(trouble)),
            Self::PartlyMerged { trouble, merged, left } if !left.is_empty() => {
                let names = |repositories: &[RepositoryId]| {
                    let names: Vec<&str> = repositories.iter().map(RepositoryId::as_str).collect();
                    names.join(", ")
                };
                write!(
                    f,
                    "merged in part: {} is merged, {} is not{}; merge the rest, or revert what was merged",
                    names(merged),
                    names(left),
                    said(trouble)
                )
            }
            Self::PartlyMerged { trouble, .. } => {
                write!(f, "merged in part, the rest waits to be merged{}", said(trouble))
            }
            Self::Reverting { trouble } => write!(f, "what was merged of it is being taken back{}", tried(trouble)),
            Self::PartlyReverted { trouble } => {
                write!(
                    f,
                    "what was merged of it is not wholly taken back{}; revert it again",
                    said(trouble)
                )
            }
            Self::Merging { trouble } => write!(f, "is being merged{}", tried(trouble)),
            Self::Failed { failure, attempts: 1 } => write!(f, "failed: {}", failure.text),
            Self::Failed { failure, attempts } => match failure.kind.class() {
                FailureClass::Permanent => write!(f, "failed for good: {}", failure.text),
                _ => write!(f, "failed {attempts} times: {}", failure.text),
            },
            Self::Funds { short } => short.fmt(f),
            Self::Budget { short } => short.fmt(f),
            Self::Ready => f.write_str("ready, being scheduled"),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Agent(agent) => write!(f, "agent {agent}"),
            Self::Worker => f.write_str("a worker"),
            Self::Engine => f.write_str("the engine"),
            Self::Provider => f.write_str("the model's provider"),
        }
    }
}
