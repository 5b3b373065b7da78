//! How much may wait for one person's review when a task of theirs begins.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::{PersonId, TaskId};
use team6_core::sprint::{Event, Verdict, WorkId};

use super::{Found, Seen, ensure};

/// Counts no more than there is: what is approved once, or failed once, is never counted again, and no subtask is.
#[derive(Debug, Default)]
pub(super) struct Capacity {
    owners: BTreeMap<TaskId, PersonId>,
    subtasks: BTreeSet<TaskId>,
    begun: BTreeSet<TaskId>,
    settled: BTreeSet<TaskId>,
}

impl Capacity {
    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match seen.event {
            Event::OwnerSet { task, owner, .. } => {
                self.owners.insert(*task, owner.clone());
            }
            Event::SubtaskAdded { task, .. } => {
                self.subtasks.insert(*task);
            }
            Event::AttemptScheduled {
                work: WorkId::Task(task),
                ..
            } => self.scheduled(*task, seen.policy.reviews)?,
            Event::ReviewSubmitted {
                task,
                verdict: Verdict::Approve,
                ..
            }
            | Event::TaskDone { task }
            | Event::TaskCancelled { task, .. }
            | Event::PublishFailed { task, .. } => {
                self.settled.insert(*task);
            }
            Event::AttemptFailed {
                retry_at: None,
                hold_until: None,
                ..
            } => {
                if let Some(WorkId::Task(task)) = seen.work {
                    self.settled.insert(task);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn scheduled(&mut self, task: TaskId, most: usize) -> Found {
        if self.subtasks.contains(&task) || !self.begun.insert(task) {
            return Ok(());
        }
        let owner = self.owners.get(&task);
        let wanted = self
            .begun
            .iter()
            .filter(|other| **other != task && !self.settled.contains(other) && self.owners.get(other) == owner);
        let wanted = wanted.count();
        ensure(most == 0 || wanted < most, "14 review capacity", || {
            format!("task {task} begins while {wanted} tasks of {owner:?} want review, of at most {most}")
        })
    }
}
