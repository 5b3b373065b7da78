//! Books of delegation: whose part a task is, what came of it, and who waits for it.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::{RepositoryId, TaskId};
use team6_core::sprint::{Effect, Event, Verdict, WorkId};

#[derive(Debug, Default)]
pub(crate) struct Delegated {
    parents: BTreeMap<TaskId, TaskId>,
    /// Delivered, failed, or at an end.
    settled: BTreeSet<TaskId>,
    /// What was delivered and waits for its pull requests.
    pending: BTreeMap<TaskId, BTreeSet<RepositoryId>>,
    waiting: BTreeMap<TaskId, u32>,
}

impl Delegated {
    pub(crate) fn parent(&self, task: TaskId) -> Option<TaskId> {
        self.parents.get(&task).copied()
    }

    pub(crate) fn top(&self, task: TaskId) -> TaskId {
        self.parent(task).map_or(task, |parent| self.top(parent))
    }

    pub(crate) fn is_settled(&self, task: TaskId) -> bool {
        self.settled.contains(&task)
    }

    pub(crate) fn event(
        &mut self,
        event: &Event,
        effects: &[Effect],
        works: &BTreeMap<u32, WorkId>,
    ) -> Result<(), String> {
        let task_of = |attempt: &u32| match works.get(attempt) {
            Some(WorkId::Task(task)) => Some(*task),
            _ => None,
        };
        match event {
            Event::SubtaskAdded { task, parent, .. } => self.added(*task, *parent)?,
            Event::AttemptScheduled {
                work: WorkId::Task(task),
                ..
            } => {
                self.opened_again(*task);
                self.waiting.remove(task);
            }
            Event::AttemptFailed {
                attempt,
                retry_at: None,
                hold_until: None,
                ..
            } => self.settled.extend(task_of(attempt)),
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
            } => self.opened_again(*task),
            Event::PublishFailed { task, .. }
            | Event::SubtaskGivenUp { task, .. }
            | Event::TaskDone { task }
            | Event::TaskCancelled { task, .. } => {
                self.settled.insert(*task);
            }
            Event::AttemptDelivered { checks, .. } if !checks.is_empty() => {}
            Event::AttemptDelivered { attempt, .. } | Event::AttemptReplied { attempt, .. } => {
                self.settled.extend(task_of(attempt));
            }
            Event::ChecksSettled { task, back: false } => {
                self.settled.insert(*task);
            }
            Event::PullRequestOpened { task, repository, .. } | Event::PullRequestMerged { task, repository, .. } => {
                if let Some(pending) = self.pending.get_mut(task)
                    && pending.remove(repository)
                    && pending.is_empty()
                {
                    self.settled.insert(*task);
                }
            }
            Event::SubtasksAwaited { attempt } => {
                let Some(task) = task_of(attempt) else { return Ok(()) };
                self.waiting.insert(task, *attempt);
            }
            Event::SubtasksSettled { task } => {
                if self.waiting.remove(task).is_none() {
                    return Err(format!("invariant 6: task {task} goes on a second time"));
                }
                let below = self.parents.iter().filter(|(_, parent)| *parent == task);
                let mut open = below.filter(|(id, _)| !self.settled.contains(id));
                if let Some((open, _)) = open.next() {
                    return Err(format!(
                        "invariant 6: task {task} goes on before task {open} is settled"
                    ));
                }
            }
            Event::PlanApproved { dropped, .. } => self.settled.extend(dropped),
            _ => {}
        }
        self.is_published(effects);
        Ok(())
    }

    /// There is more to do; a pull request of what was delivered before, which the forge opened late, does not end it.
    fn opened_again(&mut self, task: TaskId) {
        self.settled.remove(&task);
        self.pending.remove(&task);
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

    fn added(&mut self, task: TaskId, parent: TaskId) -> Result<(), String> {
        self.parents.insert(task, parent);
        let depth = std::iter::successors(Some(task), |id| self.parent(*id)).count() - 1;
        let breadth = self.parents.values().filter(|of| **of == parent).count();
        let top = self.top(task);
        let in_all = self.parents.keys().filter(|id| self.top(**id) == top).count();
        match depth <= 3 && breadth <= 8 && in_all <= 24 {
            true => Ok(()),
            false => Err(format!(
                "invariant 6: task {task} is at depth {depth}, one of {breadth}, of {in_all} in all"
            )),
        }
    }
}
