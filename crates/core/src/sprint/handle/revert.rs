//! Taking back what was merged of a task that could not be merged whole: only when its owner says so.
//!
//! A branch that was merged and reverted cannot be merged again: git holds its commits for known. So a task that was taken
//! back is not reviewed again, it is closed, with what took it back on record.

use std::collections::BTreeMap;

use super::{Decider, stage_name};
use crate::ids::{CommitId, PersonId, RepositoryId, TaskId};
use crate::sprint::{Event, Refusal, Stage, Task, WorkId};

impl Task {
    /// Whether what is merged of it may be taken back now.
    pub fn may_be_reverted(&self) -> Result<(), Refusal> {
        match &self.work.stage {
            Stage::InReview => Ok(()),
            stage => Err(Refusal::NotInReview {
                task: self.id,
                stage: stage_name(stage).into(),
            }),
        }
    }
}

impl Decider<'_> {
    pub(super) fn revert(&mut self, by: &PersonId, id: TaskId) -> Result<(), Refusal> {
        self.open()?;
        let task = self.owned(id, by)?;
        task.may_be_reverted()?;
        if task.pull_requests.values().all(|offered| offered.merged.is_none()) {
            return Err(Refusal::NothingToRevert { task: id });
        }
        let (revert, over) = (task.reverts + 1, task.to_revert().is_empty());
        self.emit(Event::RevertRequested {
            task: id,
            by: by.clone(),
            revert,
        });
        // What was told late is all there was.
        if over {
            self.give_up(id, by);
        }
        Ok(())
    }

    /// What the forge took back is taken back, whatever people have decided since.
    pub(super) fn reverted(
        &mut self,
        id: TaskId,
        revert: u32,
        mut commits: BTreeMap<RepositoryId, CommitId>,
        trouble: Option<String>,
    ) -> Result<(), Refusal> {
        let there = self.task(id)?.to_revert();
        commits.retain(|repository, _| there.contains(repository));
        if !commits.is_empty() {
            self.emit(Event::PullRequestsReverted {
                task: id,
                revert,
                commits,
            });
        }
        let task = self.task(id)?;
        let Stage::Reverting { by, .. } = &task.work.stage else {
            return Ok(());
        };
        if task.reverts != revert {
            return Ok(());
        }
        let (by, left) = (by.clone(), task.to_revert());
        match (left.as_slice(), trouble) {
            ([], _) => self.give_up(id, &by),
            (_, Some(why)) => self.revert_failed(id, revert, why, false),
            ([repository, ..], None) => {
                let why = format!("{repository} was merged meanwhile");
                self.revert_failed(id, revert, why, false);
            }
        }
        Ok(())
    }

    pub(super) fn revert_expires(&mut self, id: TaskId) {
        let revert = self.sprint.tasks.get(&id).map_or(0, |task| task.reverts);
        let why = "the forge did not answer in time".to_owned();
        self.revert_failed(id, revert, why, true);
    }

    /// The owner decides again; if somebody has written to the agent meanwhile, it goes first.
    fn revert_failed(&mut self, task: TaskId, revert: u32, why: String, unknown: bool) {
        self.emit(Event::RevertFailed {
            task,
            revert,
            why,
            unknown,
        });
        // The rest may have been merged meanwhile, and nothing was taken back.
        self.settle_merged(task);
        self.wake(WorkId::Task(task));
    }
}
