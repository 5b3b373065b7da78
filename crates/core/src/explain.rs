//! Why a task is not done: one reason, who or what moves it next, since when and by when.
//!
//! `Sprint::explain` is total. It asks the same rules as the scheduler, so a task cannot wait for something that the
//! scheduler does not know of.

mod reason;

use serde::{Deserialize, Serialize};

use crate::budget::BudgetOf;
use crate::checks::CheckOutcome;
use crate::ids::{PersonId, TaskId};
use crate::sprint::{
    AttemptReason, Block, Pause, QuestionState, ReviewLoad, Sprint, SprintPhase, Stage, Task, Verdict, WorkId,
};
use crate::time::Timestamp;

pub use reason::{Actor, Reason};

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
                // All tries since it last delivered, or since somebody decided.
                let attempts = work.failures + work.holds + work.waits;
                by_owner(Reason::Failed {
                    failure: failure.clone(),
                    attempts: attempts.max(1),
                })
            }
            Stage::Waiting { not_before, .. } => (Reason::Ready, Actor::Engine, Some(*not_before)),
            Stage::Idle | Stage::Done | Stage::Cancelled { .. } | Stage::GivenUp { .. } => by_owner(Reason::NotPlanned),
        };
        // An approved task waits for its merge since it was approved, not since it was delivered.
        let reviews = task
            .filter(|_| matches!(reason, Reason::Merge { .. }))
            .map(|task| &task.reviews);
        let approval = reviews.and_then(|reviews| reviews.iter().rfind(|review| review.verdict == Verdict::Approve));
        Explanation {
            reason,
            actor,
            since: approval.map_or(work.since, |approval| approval.at.max(work.since)),
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
