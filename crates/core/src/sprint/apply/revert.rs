//! What events of reverts change: which merges were taken back, and who decides what becomes of the task.

use crate::ids::TaskId;
use crate::sprint::event::Event;
use crate::sprint::stage::Stage;
use crate::sprint::state::{Sprint, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_revert(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::RevertRequested { task, by, revert } => {
                self.task(*task, |t| {
                    t.reverts = *revert;
                    t.taking_back = true;
                    t.merge_trouble = None;
                });
                let until = at + self.policy.forge_time;
                self.stage(WorkId::Task(*task), Stage::Reverting { by: by.clone(), until }, at);
            }
            Event::PullRequestsReverted { task, commits, .. } => {
                self.task(*task, |t| {
                    t.taking_back = true;
                    t.forge_trouble = None;
                    for (repository, commit) in commits {
                        if let Some(offered) = t.pull_requests.get_mut(repository) {
                            offered.reverted = Some(commit.clone());
                        }
                    }
                });
            }
            Event::RevertFailed { task, why, unknown, .. } => self.revert_failed(*task, why, *unknown, at),
            _ => {}
        }
    }

    fn revert_failed(&mut self, task: TaskId, why: &str, unknown: bool, at: Timestamp) {
        self.task(task, |t| {
            t.merge_trouble = Some(why.to_owned());
            t.taking_back = unknown || t.pull_requests.values().any(|offered| offered.reverted.is_some());
        });
        self.stage(WorkId::Task(task), Stage::InReview, at);
    }
}
