//! Delegation: subtasks, and the tasks that wait for them.

use std::collections::BTreeMap;

use super::{Decider, some_text, stage_name};
use crate::budget::Budget;
use crate::ids::{CommitId, FencingToken, PersonId, RepositoryId, TaskId};
use crate::plan::PlannedTask;
use crate::sprint::{AgentChoice, Author, Brief, DelegationBlock, Event, Refusal, Stage, Task, WorkId};

/// What an agent wants to hand over.
pub(super) struct Wanted {
    pub(super) brief: Brief,
    pub(super) built_on: BTreeMap<RepositoryId, CommitId>,
    pub(super) instead_of: Option<TaskId>,
    pub(super) task: TaskId,
}

impl Decider<'_> {
    pub(super) fn delegate(&mut self, attempt: u32, token: FencingToken, wanted: Wanted) -> Result<(), Refusal> {
        let Wanted {
            brief,
            built_on,
            instead_of,
            task: id,
        } = wanted;
        let parent = self.running_task(attempt, token)?;
        let planned = self.planned(&brief, id, parent)?;
        let mut reasons = self.sprint.delegation_blocks(parent, &brief, &planned);
        reasons.extend(self.sprint.delegation_loop(parent, &brief));
        if let Some(failed) = instead_of
            && !self.is_failed_subtask(parent, failed)
        {
            reasons.push(DelegationBlock::NotFailed {
                task: failed,
                parent: parent.id,
            });
        }
        if !reasons.is_empty() {
            return Err(Refusal::NotDelegated { reasons });
        }
        let by = match self.sprint.attempt(attempt) {
            Some(attempt) => Author::Agent(attempt.agent.clone()),
            None => return Err(Refusal::NoSuchAttempt { attempt }),
        };
        let parent = parent.id;
        if let Some(failed) = instead_of {
            let reason = format!("task {id} does it anew");
            self.emit(Event::SubtaskGivenUp { task: failed, reason });
        }
        self.add(parent, id, planned, built_on, by, brief.budget);
        self.choose(id, brief);
        self.schedule(WorkId::Task(id));
        Ok(())
    }

    pub(super) fn add_subtask(&mut self, by: PersonId, id: TaskId, brief: &Brief, task: TaskId) -> Result<(), Refusal> {
        self.open()?;
        let parent = self.led(id, &by)?;
        let planned = self.planned(brief, task, parent)?;
        let mut reasons = self.sprint.delegation_blocks(parent, brief, &planned);
        reasons.extend(not_now(parent));
        if !reasons.is_empty() {
            return Err(Refusal::NotDelegated { reasons });
        }
        let built_on = self.published(parent);
        self.add(id, task, planned, built_on, Author::Person(by), brief.budget);
        self.choose(task, brief.clone());
        self.schedule(WorkId::Task(task));
        Ok(())
    }

    /// The commits of a task's branch that others can see.
    fn published(&self, task: &Task) -> BTreeMap<RepositoryId, CommitId> {
        let offered = task.pull_requests.iter();
        let offered = offered.map(|(repository, p)| (repository.clone(), p.head.clone()));
        let mut published: BTreeMap<RepositoryId, CommitId> = offered.collect();
        for part in self.sprint.subtasks(task) {
            published.extend(part.subtask.iter().flat_map(|subtask| subtask.built_on.clone()));
        }
        published
    }

    fn planned(&self, brief: &Brief, id: TaskId, parent: &Task) -> Result<PlannedTask, Refusal> {
        // The number is the engine's; one that is taken, or older than its parent, would be a mistake of ours.
        let free = id > parent.id && !self.sprint.tasks.contains_key(&id);
        if brief.title.trim().is_empty() {
            return Err(Refusal::NoTitle);
        }
        let planned = brief.planned(id, parent).filter(|_| free);
        planned.ok_or(Refusal::NoSuchTask { task: id })
    }

    fn add(
        &mut self,
        parent: TaskId,
        task: TaskId,
        planned: PlannedTask,
        built_on: BTreeMap<RepositoryId, CommitId>,
        by: Author,
        budget: Option<Budget>,
    ) {
        let owner = self.sprint.tasks.get(&parent).and_then(|p| p.owner.clone());
        self.emit(Event::SubtaskAdded {
            task,
            parent,
            planned: Box::new(planned),
            // Whatever is approved has an owner; the lead stands in for nobody.
            owner: owner.unwrap_or_else(|| self.sprint.lead.clone()),
            built_on,
            by,
            budget,
        });
    }

    /// The agent that the brief names, if it names one.
    fn choose(&mut self, task: TaskId, brief: Brief) {
        if let Some(agent) = brief.agent {
            let reason = "named by whoever delegated it".into();
            let choice = AgentChoice {
                agent,
                reason,
                by: None,
            };
            self.emit(Event::AgentChosen { task, choice });
        }
    }

    pub(super) fn await_subtasks(&mut self, attempt: u32, token: FencingToken) -> Result<(), Refusal> {
        let task = self.running_task(attempt, token)?;
        let id = task.id;
        let open = self.sprint.open_subtasks(task).next().is_some();
        if !open && !self.sprint.has_news_of_subtasks(task) {
            return Err(Refusal::NothingToAwait);
        }
        self.emit(Event::SubtasksAwaited { attempt });
        self.wake(WorkId::Task(id));
        Ok(())
    }

    pub(super) fn give_up_subtask(
        &mut self,
        attempt: u32,
        token: FencingToken,
        id: TaskId,
        reason: String,
    ) -> Result<(), Refusal> {
        let parent = self.running_task(attempt, token)?;
        some_text(&reason)?;
        if !self.is_failed_subtask(parent, id) {
            let stage = self.sprint.tasks.get(&id).filter(|t| t.parent() == Some(parent.id));
            let stage = stage.map_or("not a subtask of yours", |t| stage_name(&t.work.stage));
            return Err(Refusal::NotGivenUp {
                task: id,
                stage: stage.into(),
            });
        }
        self.emit(Event::SubtaskGivenUp { task: id, reason });
        Ok(())
    }

    fn is_failed_subtask(&self, parent: &Task, id: TaskId) -> bool {
        let failed = |t: &Task| t.parent() == Some(parent.id) && matches!(t.work.stage, Stage::Failed { .. });
        self.sprint.tasks.get(&id).is_some_and(failed)
    }

    /// Whether a task could be delivered, as far as its subtasks go.
    pub(super) fn completes(&self, attempt: u32, token: FencingToken) -> Result<(), Refusal> {
        let task = self.running_task(attempt, token)?;
        let untold = |t: &&Task| {
            let settled = t.work.stage.is_settled();
            !settled || t.subtask.as_ref().is_some_and(|subtask| !subtask.reported)
        };
        let open: Vec<TaskId> = self.sprint.subtasks(task).filter(untold).map(|t| t.id).collect();
        match open.is_empty() {
            true => Ok(()),
            false => Err(Refusal::SubtasksOpen { tasks: open }),
        }
    }

    /// Whoever delivers without a subtask that failed has decided about it.
    pub(super) fn go_on_without_failed_subtasks(&mut self, task: TaskId) {
        let Some(task) = self.sprint.tasks.get(&task) else {
            return;
        };
        let failed = self.sprint.subtasks(task);
        let failed: Vec<TaskId> = failed
            .filter(|t| matches!(t.work.stage, Stage::Failed { .. }))
            .map(|t| t.id)
            .collect();
        for task in failed {
            let reason = "its parent was delivered without it".into();
            self.emit(Event::SubtaskGivenUp { task, reason });
        }
    }

    /// Ends what is below a task that is merged: what was delivered is done with it, and nothing else is wanted any more.
    pub(super) fn end_subtasks(&mut self, task: TaskId) {
        for id in self.sprint.below(task).into_iter().rev() {
            let Some(stage) = self.sprint.tasks.get(&id).map(|t| &t.work.stage) else {
                continue;
            };
            if stage.is_ended() {
                continue;
            }
            if *stage == Stage::Delivered {
                self.emit(Event::TaskDone { task: id });
                continue;
            }
            self.take_back(WorkId::Task(id));
            let reason = "its parent was merged without it".into();
            self.emit(Event::SubtaskGivenUp { task: id, reason });
        }
    }

    /// Lets the tasks go on whose last open subtask is settled.
    pub(super) fn settle_parents(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let settled = |id: &TaskId| {
            let task = self.sprint.tasks.get(id);
            task.is_some_and(|task| self.sprint.open_subtasks(task).next().is_none())
        };
        let parents: Vec<TaskId> = self.sprint.parked.iter().copied().filter(settled).collect();
        for task in parents {
            self.emit(Event::SubtasksSettled { task });
            self.schedule(WorkId::Task(task));
        }
    }
}

/// Why a person cannot add a subtask at this moment.
fn not_now(parent: &Task) -> Option<DelegationBlock> {
    let next = match &parent.work.stage {
        _ if parent.approved.is_none() => "it is not approved yet: add a task to the plan instead",
        Stage::Publishing { .. } | Stage::InReview | Stage::Delivered => {
            "request changes instead, and say what is to be delegated"
        }
        Stage::Checking { .. } => "wait for the outcome of its checks",
        Stage::Merging { .. } => "wait for the outcome of its merge",
        Stage::Updating { .. } => "wait until it is in review again",
        Stage::Reverting { .. } => "it is being taken back",
        stage if stage.is_ended() => "add a task to the plan instead",
        Stage::Failed { .. } => "retry it first",
        _ => return None,
    };
    Some(DelegationBlock::NotNow {
        task: parent.id,
        stage: stage_name(&parent.work.stage).into(),
        next: next.into(),
    })
}
