//! Why a task is not done: one reason, who or what moves it next, since when and by when.
//!
//! `Sprint::explain` is total. It asks the same rules as the scheduler, so a task cannot wait for something that the
//! scheduler does not know of.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::budget::{BudgetOf, BudgetShort};
use crate::checks::CheckOutcome;
use crate::failure::{Failure, FailureClass, FailureKind};
use crate::ids::{AgentId, PersonId, PlanVersion, QuestionId, RepositoryId, TaskId};
use crate::ledger::FundsShort;
use crate::sprint::{
    AttemptReason, BaseHead, Block, Pause, QuestionState, ReviewLoad, Sprint, SprintPhase, Stage, Task, WorkId,
};
use crate::time::Timestamp;

/// The one reason why something is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The reason.
    pub reason: Reason,
    /// Who or what moves it next.
    pub actor: Actor,
    /// Since when it is so.
    pub since: Timestamp,
    /// By when the actor moves it, or the engine looks again; none only where a person decides.
    pub by: Option<Timestamp>,
}

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

impl Sprint {
    /// Why a task is not done; none if it is done, cancelled, or not a task of this sprint.
    pub fn explain(&self, id: TaskId) -> Option<Explanation> {
        let task = self.tasks.get(&id)?;
        if task.work.stage.is_ended() || (task.approved.is_none() && !task.in_plan) || !self.is_open() {
            return None;
        }
        Some(self.explain_task(task, 0))
    }

    /// Why the sprint as a whole is where it is, apart from its tasks; none once it runs and nothing waits for
    /// approval.
    pub fn explain_planning(&self) -> Option<Explanation> {
        if !self.is_open() {
            return None;
        }
        let work = &self.planning;
        let person = |reason, person: &PersonId, since| {
            Some(Explanation {
                reason,
                actor: Actor::Person(person.clone()),
                since,
                by: None,
            })
        };
        match &work.stage {
            Stage::Queued { .. } | Stage::Running { .. } | Stage::Held(_) => Some(self.explain_work(WorkId::Planning)),
            Stage::Waiting { .. } => match &self.paused {
                Some(Pause { by, at }) => person(Reason::SprintPaused { by: by.clone() }, by, *at),
                None if self.funds_block().is_some() => self.explain_funds(),
                None => match self.reservation(WorkId::Planning) {
                    Err(short) => person(Reason::Budget { short }, self.acting_lead(), work.since),
                    Ok(_) => Some(self.explain_work(WorkId::Planning)),
                },
            },
            Stage::Failed { failure } if self.phase == SprintPhase::Planning => person(
                Reason::PlanningFailed {
                    failure: failure.clone(),
                },
                self.acting_lead(),
                work.since,
            ),
            _ => {
                if let Some(question) = self.questions.iter().find(|q| q.state == QuestionState::Open) {
                    let reason = Reason::QuestionOpen {
                        question: question.id,
                        text: question.text.clone(),
                    };
                    return person(reason, self.acting_for(&question.asked), question.at);
                }
                match self.newest_plan() {
                    Some(saved) if self.awaits_approval() => {
                        let missing = self
                            .tasks
                            .values()
                            .any(|t| t.in_plan && t.owner.is_none() && !t.work.stage.is_ended());
                        let (reason, who) = match missing {
                            true => (Reason::NoOwner, self.acting_lead()),
                            false => (Reason::AwaitsApproval { version: saved.version }, self.approver()),
                        };
                        person(reason, who, saved.at)
                    }
                    Some(_) => None,
                    None => person(Reason::NotPlanned, self.acting_lead(), work.since),
                }
            }
        }
    }

    fn explain_task(&self, task: &Task, depth: usize) -> Explanation {
        let waiting = matches!(task.work.stage, Stage::Waiting { .. });
        match self.block(task).filter(|_| waiting) {
            Some(block) => self.explain_block(task, block, depth),
            None => self.explain_work(WorkId::Task(task.id)),
        }
    }

    fn explain_block(&self, task: &Task, block: Block, depth: usize) -> Explanation {
        let since = task.work.since;
        let person = |reason, person: &PersonId, since| Explanation {
            reason,
            actor: Actor::Person(person.clone()),
            since,
            by: None,
        };
        match block {
            Block::SprintCancelled => person(Reason::NotPlanned, self.acting_lead(), since),
            // What keeps the plan from being approved keeps the task.
            Block::NotApproved => self
                .explain_planning()
                .unwrap_or_else(|| person(Reason::NotPlanned, self.acting_lead(), since)),
            Block::SprintPaused(by, at) => person(Reason::SprintPaused { by: by.clone() }, &by, at),
            Block::NoOwner => person(Reason::NoOwner, self.acting_lead(), since),
            Block::Funds(..) | Block::Turn(_) => match self.explain_funds() {
                Some(why) => why,
                None => self.explain_work(WorkId::Task(task.id)),
            },
            Block::Budget(short) => person(Reason::Budget { short }, self.who_raises(short.of), since),
            Block::Paused(Pause { by, at }, above) => person(Reason::Paused { by: by.clone(), above }, &by, at),
            Block::DependencyCancelled(on) => {
                let title = self.tasks.get(&on).map(|t| t.planned.title.clone()).unwrap_or_default();
                person(
                    Reason::DependencyCancelled { task: on, title },
                    self.acting_lead(),
                    since,
                )
            }
            Block::Reviews(owner, load) => self.explain_reviews(owner, load, since),
            Block::Dependency(on) => {
                // Chains are followed to their end; an approved plan has no cycle, so the depth is bounded by its size.
                let Some(dependency) = self.tasks.get(&on).filter(|_| depth <= self.tasks.len()) else {
                    return person(Reason::NotPlanned, self.acting_lead(), since);
                };
                let root = self.root_blocker(dependency);
                let inner = self.explain_task(root, self.tasks.len());
                let because = if root.id == on {
                    inner.reason.to_string()
                } else {
                    format!(
                        "waits for task {} \"{}\": {}",
                        root.id, root.planned.title, inner.reason
                    )
                };
                let reason = Reason::Dependency {
                    task: on,
                    title: dependency.planned.title.clone(),
                    because,
                };
                Explanation {
                    reason,
                    actor: inner.actor,
                    since,
                    by: inner.by,
                }
            }
        }
    }

    /// Whoever ends one of the others moves it: the owner by a review, or an agent by what it delivers.
    fn explain_reviews(&self, owner: PersonId, load: ReviewLoad, since: Timestamp) -> Explanation {
        let moved = self.under_way(&owner).filter(|_| load.unreviewed == 0);
        let (actor, by) = match moved.map(|task| self.explain_task(task, self.tasks.len())) {
            Some(moved) => (moved.actor, moved.by),
            None => (Actor::Person(self.acting_for(&owner).clone()), None),
        };
        Explanation {
            reason: Reason::Reviews {
                owner,
                load,
                most: self.policy.reviews,
            },
            actor,
            since,
            by,
        }
    }

    fn explain_funds(&self) -> Option<Explanation> {
        let lead = || Actor::Person(self.acting_lead().clone());
        let (reason, actor, since, by) = match self.funds_block()? {
            Block::Funds(short, since) => (Reason::Funds { short }, lead(), since, short.until),
            // It waits for a slot behind the one that tries.
            Block::Turn(by) => (self.queued(), Actor::Worker, self.funds?.1, Some(by)),
            _ => return None,
        };
        Some(Explanation {
            reason,
            actor,
            since,
            by,
        })
    }

    /// Who may raise a budget.
    fn who_raises(&self, of: BudgetOf) -> &PersonId {
        let task = match of {
            BudgetOf::Task { task } => self.tasks.get(&task),
            BudgetOf::Sprint => None,
        };
        self.acting_for(task.and_then(|task| task.owner.as_ref()).unwrap_or(&self.lead))
    }

    /// The task at the end of a chain of waiting ones.
    fn root_blocker<'a>(&'a self, from: &'a Task) -> &'a Task {
        let mut at = from;
        for _ in 0..self.tasks.len() {
            let waiting = matches!(at.work.stage, Stage::Waiting { .. });
            match self.block(at).filter(|_| waiting) {
                Some(Block::Dependency(on)) => match self.tasks.get(&on) {
                    Some(next) => at = next,
                    None => break,
                },
                _ => break,
            }
        }
        at
    }

    /// Why work is where it is, by its stage alone.
    fn explain_work(&self, id: WorkId) -> Explanation {
        let (work, owner, task) = match id {
            WorkId::Planning => (&self.planning, &self.lead, None),
            WorkId::Task(task) => match self.tasks.get(&task) {
                Some(task) => (&task.work, task.owner.as_ref().unwrap_or(&self.lead), Some(task)),
                None => (&self.planning, &self.lead, None),
            },
        };
        let by_owner = |reason| (reason, Actor::Person(self.acting_for(owner).clone()), None);
        let agent_of = |n: u32| {
            self.attempt(n)
                .map_or_else(|| self.planner.clone(), |a| a.agent.clone())
        };
        let planning = id == WorkId::Planning;
        let trouble = task.and_then(|task| task.forge_trouble.clone());
        let (reason, actor, by) = match &work.stage {
            Stage::Queued {
                attempt,
                not_before,
                check_at,
            } => match self.attempt(*attempt).map(|a| &a.reason) {
                // Once the job was looked for, the wait is over, and a worker must take it.
                Some(AttemptReason::Retry { of })
                    if *not_before > work.since && *check_at <= *not_before + self.policy.queue_check =>
                {
                    let failure = self.failure_of(*of);
                    let reason = Reason::Backoff {
                        failure,
                        attempt: work.failures + 1,
                        of: self.policy.attempts,
                    };
                    (reason, Actor::Engine, Some(*not_before))
                }
                _ => (self.queued(), Actor::Worker, Some(*check_at)),
            },
            Stage::Running {
                attempt,
                lease_until,
                progress,
                stopping,
                ready,
                ..
            } => {
                let reason = if *stopping {
                    Reason::Stopping
                } else if planning {
                    Reason::Planning {
                        progress: progress.clone(),
                    }
                } else if *ready {
                    Reason::Working {
                        attempt: *attempt,
                        progress: progress.clone(),
                    }
                } else {
                    Reason::Preparing {
                        progress: progress.clone(),
                    }
                };
                (reason, Actor::Agent(agent_of(*attempt)), Some(*lease_until))
            }
            Stage::Held(hold) => (
                Reason::Held {
                    failure: hold.failure.clone(),
                },
                if hold.failure.kind.is_of_provider() {
                    Actor::Provider
                } else {
                    Actor::Engine
                },
                Some(hold.until),
            ),
            Stage::Asking { question, .. } => by_owner(Reason::Asked {
                question: question.clone(),
            }),
            Stage::Checking { pending, until } => {
                let checks = pending
                    .iter()
                    .flat_map(|(repository, checks)| checks.iter().map(move |check| check.of(repository)));
                let checks = checks.collect();
                (Reason::Checking { checks }, Actor::Engine, Some(*until))
            }
            Stage::Publishing { until, .. } => (Reason::Publishing { trouble }, Actor::Engine, Some(*until)),
            Stage::Merging { until, .. } => (Reason::Merging { trouble }, Actor::Engine, Some(*until)),
            Stage::Updating { pending, until, .. } => {
                let reason = match pending.first() {
                    Some(repository) => Reason::Updating {
                        repository: repository.clone(),
                        base: self.bases.get(repository).and_then(|base| base.head.clone()),
                        trouble,
                    },
                    None => Reason::Publishing { trouble },
                };
                (reason, Actor::Engine, Some(*until))
            }
            Stage::Reverting { until, .. } => (Reason::Reverting { trouble }, Actor::Engine, Some(*until)),
            Stage::InReview => match task.and_then(|task| self.unreviewed_part(task)) {
                Some((reason, owner)) => (reason, Actor::Person(owner), None),
                None => by_owner(task.map_or(Reason::NotPlanned, review_reason)),
            },
            Stage::AwaitingSubtasks { .. } | Stage::Delivered => match task.map(|task| self.explain_delegation(task)) {
                Some(found) => found,
                None => by_owner(Reason::NotPlanned),
            },
            Stage::Failed { failure } if planning => by_owner(Reason::PlanningFailed {
                failure: failure.clone(),
            }),
            Stage::Failed { failure } => {
                let attempts = u32::try_from(work.attempts.len()).unwrap_or(u32::MAX);
                by_owner(Reason::Failed {
                    failure: failure.clone(),
                    attempts,
                })
            }
            Stage::Waiting { not_before, .. } => (Reason::Ready, Actor::Engine, Some(*not_before)),
            Stage::Idle | Stage::Done | Stage::Cancelled { .. } | Stage::GivenUp { .. } => by_owner(Reason::NotPlanned),
        };
        Explanation {
            reason,
            actor,
            since: work.since,
            by,
        }
    }

    /// What a task waits for on another level: its subtasks, or the task that it is a part of.
    fn explain_delegation(&self, task: &Task) -> (Reason, Actor, Option<Timestamp>) {
        let owner = |task: &Task| self.acting_for(task.owner.as_ref().unwrap_or(&self.lead)).clone();
        // A pause keeps everything below it from going on; what was delivered goes on elsewhere.
        let waits = matches!(task.work.stage, Stage::AwaitingSubtasks { .. });
        if let Some(Pause { by, .. }) = task.paused.as_ref().filter(|_| waits) {
            let reason = Reason::Paused {
                by: by.clone(),
                above: None,
            };
            return (reason, Actor::Person(by.clone()), None);
        }
        let mut open: Vec<&Task> = self.open_subtasks(task).collect();
        // The one that takes longest holds it up.
        open.sort_by_key(|t| std::cmp::Reverse(t.rank));
        if let Some(subtask) = open.first() {
            let inner = self.explain_task(subtask, 0);
            let reason = Reason::Subtask {
                task: subtask.id,
                title: subtask.planned.title.clone(),
                open: open.len(),
                because: inner.reason.to_string(),
            };
            return (reason, inner.actor, inner.by);
        }
        let Some(parent) = task.parent().and_then(|id| self.tasks.get(&id)) else {
            return (Reason::NotPlanned, Actor::Person(owner(task)), None);
        };
        let inner = self.explain_task(parent, 0);
        let reason = Reason::Integration {
            task: parent.id,
            title: parent.planned.title.clone(),
            because: inner.reason.to_string(),
        };
        (reason, inner.actor, inner.by)
    }

    /// A part of an approved task that somebody else has to approve.
    fn unreviewed_part(&self, task: &Task) -> Option<(Reason, PersonId)> {
        task.approved_by.as_ref()?;
        let (id, owner) = self.unapproved_subtasks(task).into_iter().next()?;
        let title = self.tasks.get(&id)?.planned.title.clone();
        Some((
            Reason::SubtaskReview { task: id, title },
            self.acting_for(&owner).clone(),
        ))
    }

    fn queued(&self) -> Reason {
        let lacking = self.shortage.as_ref().map(|shortage| shortage.lacking.clone());
        lacking.map_or(Reason::Queued, |lacking| Reason::NoRoom { lacking })
    }

    fn failure_of(&self, attempt: u32) -> String {
        use crate::sprint::Outcome;
        match self
            .attempt(attempt)
            .and_then(|a| a.ended.as_ref())
            .map(|ended| &ended.outcome)
        {
            Some(Outcome::Failed { failure } | Outcome::Held { failure }) => failure.text.clone(),
            _ => String::new(),
        }
    }
}

/// What checks say of what is offered now, if not all passed.
fn failing(task: &Task) -> Option<String> {
    let failing = task
        .current_checks()
        .filter(|receipt| receipt.outcome != CheckOutcome::Passed);
    let failing: Vec<String> = failing
        .map(|receipt| match receipt.outcome {
            CheckOutcome::Broke => format!("it breaks {}", receipt.check.of(&receipt.repository)),
            outcome => format!("{} {outcome}", receipt.check.of(&receipt.repository)),
        })
        .collect();
    (!failing.is_empty()).then(|| failing.join(", "))
}

fn review_reason(task: &Task) -> Reason {
    let trouble = task.merge_trouble.clone();
    let (merged, left): (Vec<_>, Vec<_>) = task
        .merge_order()
        .into_iter()
        .partition(|repository| task.pull_requests.get(repository).is_some_and(|p| p.merged.is_some()));
    if task.taking_back {
        Reason::PartlyReverted { trouble }
    } else if !merged.is_empty() {
        Reason::PartlyMerged { trouble, merged, left }
    } else if task.approved_by.is_some() {
        Reason::Merge { trouble }
    } else {
        Reason::Review {
            deliveries: task.deliveries,
            checks: failing(task),
            trouble,
        }
    }
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
            Self::Working { attempt, progress } => write!(f, "attempt {attempt} is at work{}", said(progress)),
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
                _ => write!(f, "failed after {attempts} attempts: {}", failure.text),
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
