//! What events of delegation change: subtasks, and the tasks that wait for them.

use crate::ids::TaskId;
use crate::sprint::delegation::Subtask;
use crate::sprint::event::{AttemptReason, Event, Outcome};
use crate::sprint::index::Entry;
use crate::sprint::stage::Stage;
use crate::sprint::state::{Sprint, Task, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_delegation(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::SubtaskAdded {
                task,
                parent,
                planned,
                owner,
                built_on,
                by,
                budget,
            } => {
                let subtask = Subtask {
                    parent: *parent,
                    by: by.clone(),
                    built_on: built_on.clone(),
                    reported: false,
                    integrated: false,
                };
                self.subtask_added(Task {
                    owner: Some(owner.clone()),
                    subtask: Some(subtask),
                    budget: *budget,
                    ..Task::new(*task, *planned.clone(), at)
                });
            }
            Event::SubtasksAwaited { attempt } => {
                let parked = Stage::AwaitingSubtasks { attempt: *attempt };
                self.end(*attempt, Outcome::Delegated, None, Some(parked), at);
            }
            Event::SubtasksSettled { task } => {
                let stage = self.tasks.get(task).map(|t| &t.work.stage);
                if let Some(&Stage::AwaitingSubtasks { attempt }) = stage {
                    let next = AttemptReason::SubtasksSettled { of: attempt };
                    self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
                }
            }
            Event::SubtaskGivenUp { task, reason } => {
                self.closed(*task);
                let reason = reason.clone();
                self.stage(WorkId::Task(*task), Stage::GivenUp { reason }, at);
            }
            _ => {}
        }
    }

    /// What people approved covers what is delegated below it.
    fn subtask_added(&mut self, mut task: Task) {
        let (id, parent) = (task.id, task.parent());
        let known = parent.and_then(|parent| self.task(parent, |p| (p.approved, p.in_plan, p.rank)));
        let Some((approved, in_plan, rank)) = known else { return };
        task.approved = approved;
        task.in_plan = in_plan;
        // It holds up all that its parent holds up.
        task.rank = rank + u64::from(task.planned.estimate_minutes.max(1));
        self.index.moved(id, Entry::default(), Entry::of(&task));
        self.tasks.insert(id, task);
        self.touched.tasks.insert(id);
        if let Some(parent) = parent {
            self.task(parent, |p| p.subtasks.push(id));
        }
        if approved.is_some() {
            self.open_tasks += 1;
        }
    }

    /// The agent of a task is told what came of its subtasks as it begins.
    pub(super) fn subtasks_reported(&mut self, task: TaskId) {
        let subtasks = self.tasks.get(&task).map(|t| t.subtasks.clone()).unwrap_or_default();
        for id in subtasks {
            self.task(id, |t| {
                let settled = t.work.stage.is_settled();
                if let Some(subtask) = t.subtask.as_mut().filter(|_| settled) {
                    subtask.reported = true;
                }
            });
        }
    }

    /// One task less is open.
    pub(super) fn closed(&mut self, task: TaskId) {
        let open = |t: &Task| t.approved.is_some() && !t.work.stage.is_ended();
        if self.tasks.get(&task).is_some_and(open) {
            self.open_tasks = self.open_tasks.saturating_sub(1);
        }
    }

    /// Subtasks of a plan's tasks are in it as long as those are.
    pub(super) fn subtasks_follow(&mut self) {
        let parents: Vec<(TaskId, bool)> = self
            .tasks
            .values()
            .filter(|t| t.subtask.is_none() && !t.subtasks.is_empty())
            .map(|t| (t.id, t.in_plan))
            .collect();
        for (parent, in_plan) in parents {
            for id in self.below(parent) {
                self.task(id, |t| t.in_plan = in_plan);
            }
        }
    }

    /// Where a task rests when all its pull requests are up to date.
    pub(super) fn presented(&self, task: TaskId) -> Stage {
        match self.tasks.get(&task).and_then(Task::parent) {
            Some(_) => Stage::Delivered,
            None => Stage::InReview,
        }
    }
}
