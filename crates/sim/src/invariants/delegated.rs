//! Delegation: whoever waits for parts of its task goes on once, when the last of them is settled, and no tree of tasks
//! grows without bounds.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{Effect, Event, Sprint, Stage, Verdict, WorkId};

use super::{Found, Seen, ensure};

#[derive(Debug, Default)]
pub(super) struct Delegated {
    parents: BTreeMap<TaskId, TaskId>,
    /// Delivered, failed, or at an end.
    settled: BTreeSet<TaskId>,
    /// What was delivered and waits for its pull requests.
    pending: BTreeMap<TaskId, BTreeSet<RepositoryId>>,
    waiting: BTreeSet<TaskId>,
}

impl Delegated {
    pub(super) fn event(&mut self, seen: &Seen<'_>, effects: &[Effect]) -> Found {
        let task = match seen.work {
            Some(WorkId::Task(task)) => Some(task),
            _ => None,
        };
        match seen.event {
            Event::SubtaskAdded { task, parent, .. } => self.added(*task, *parent)?,
            Event::AttemptScheduled { .. } => {
                if let Some(task) = task {
                    self.settled.remove(&task);
                    self.waiting.remove(&task);
                }
            }
            Event::AttemptFailed {
                retry_at: None,
                hold_until: None,
                ..
            }
            | Event::AttemptReplied { .. } => self.settled.extend(task),
            Event::AttemptDelivered { checks, .. } if checks.is_empty() => self.settled.extend(task),
            Event::ChecksSettled { task, back: false } => {
                self.settled.insert(*task);
            }
            // Somebody wants more of it, though its attempt may have to wait.
            Event::WorkWanted {
                work: WorkId::Task(task),
                ..
            }
            | Event::Retried {
                work: WorkId::Task(task),
                ..
            }
            | Event::ReviewSubmitted {
                task,
                verdict: Verdict::RequestChanges,
                ..
            } => {
                self.settled.remove(task);
            }
            Event::PublishFailed { task, .. }
            | Event::SubtaskGivenUp { task, .. }
            | Event::TaskDone { task }
            | Event::TaskCancelled { task, .. } => {
                self.settled.insert(*task);
            }
            Event::PullRequestOpened { task, repository, .. } | Event::PullRequestMerged { task, repository, .. } => {
                self.shown(*task, repository);
            }
            Event::SubtasksAwaited { .. } => self.waiting.extend(task),
            Event::SubtasksSettled { task } => self.goes_on(*task)?,
            Event::PlanApproved { dropped, .. } => self.settled.extend(dropped),
            _ => {}
        }
        self.is_published(effects);
        Ok(())
    }

    /// A task that waits for its subtasks has one that is open.
    pub(super) fn nobody_waits_for_nothing(&self, sprint: &Sprint) -> Found {
        let waits = |id: &TaskId| {
            let stage = sprint.tasks.get(id).map(|t| &t.work.stage);
            matches!(stage, Some(Stage::AwaitingSubtasks { .. })) && self.open_below(*id).is_none()
        };
        let forgotten = self.waiting.iter().find(|id| waits(id));
        ensure(forgotten.is_none(), "6 resumes", || {
            format!("task {forgotten:?} waits, and all its subtasks are settled")
        })
    }

    fn open_below(&self, task: TaskId) -> Option<TaskId> {
        let below = self.parents.iter().filter(|(_, parent)| **parent == task);
        below.map(|(id, _)| *id).find(|id| !self.settled.contains(id))
    }

    fn goes_on(&mut self, task: TaskId) -> Found {
        ensure(self.waiting.remove(&task), "6 resumes", || {
            format!("task {task} goes on a second time")
        })?;
        let open = self.open_below(task);
        ensure(open.is_none(), "6 resumes", || {
            format!("task {task} goes on before task {open:?} is settled")
        })
    }

    fn shown(&mut self, task: TaskId, repository: &RepositoryId) {
        if let Some(pending) = self.pending.get_mut(&task)
            && pending.remove(repository)
            && pending.is_empty()
        {
            self.settled.insert(task);
        }
    }

    /// It is settled when its pull requests are up to date.
    fn is_published(&mut self, effects: &[Effect]) {
        let mut pending: BTreeMap<TaskId, BTreeSet<RepositoryId>> = BTreeMap::new();
        for effect in effects {
            if let Effect::OpenPullRequest { task, repository, .. } = effect {
                pending.entry(*task).or_default().insert(repository.clone());
            }
        }
        for (task, repositories) in pending {
            self.settled.remove(&task);
            self.pending.insert(task, repositories);
        }
    }

    fn added(&mut self, task: TaskId, parent: TaskId) -> Found {
        self.parents.insert(task, parent);
        let above = |task: TaskId| std::iter::successors(Some(task), |id| self.parents.get(id).copied());
        let top = |task: TaskId| above(task).last();
        let depth = above(task).count() - 1;
        let breadth = self.parents.values().filter(|of| **of == parent).count();
        let in_all = self.parents.keys().filter(|id| top(**id) == top(task)).count();
        ensure(depth <= 3 && breadth <= 8 && in_all <= 24, "6 bounded", || {
            format!("task {task} is at depth {depth}, one of {breadth}, of {in_all} in all")
        })
    }
}
