//! Bringing tasks in review up to date with bases that moved: when it begins, and what follows from what came of it.

use std::collections::BTreeMap;

use super::checks::wanted;
use super::{Decider, check_text};
use crate::checks::Check;
use crate::ids::{BranchName, CommitId, RepositoryId, TaskId};
use crate::sprint::{BaseHead, Delivered, Event, Refusal, Stage, UpdateOutcome, WorkId};

/// What came of bringing a branch up to date.
pub(super) struct Tried {
    pub(super) head: CommitId,
    /// The moves of the base that were known when it was looked at.
    pub(super) moves: u32,
    pub(super) outcome: UpdateOutcome,
    /// The checks of the project.
    pub(super) checks: BTreeMap<RepositoryId, Vec<Check>>,
}

impl Decider<'_> {
    /// A base that nothing builds on matters to nobody; the first look at one says only where it is.
    pub(super) fn see_base(&mut self, repository: RepositoryId, branch: BranchName, commit: CommitId) {
        let head = BaseHead { branch, commit };
        let known = self.sprint.bases.get(&repository).and_then(|base| base.head.as_ref());
        if known == Some(&head) || self.open().is_err() || !self.sprint.builds_on(&repository) {
            return;
        }
        let moved = known.is_some();
        self.emit(Event::BaseSeen {
            repository,
            head,
            moved,
        });
    }

    /// Begins what is due, before anybody is asked to look at what is behind.
    pub(super) fn begin_updates(&mut self) {
        let due = self.sprint.deadlines.iter().take_while(|(at, _)| *at <= self.now);
        let due = due.filter_map(|(_, work)| match (work, &self.sprint.work(*work)?.stage) {
            (WorkId::Task(task), Stage::InReview) => Some(*task),
            _ => None,
        });
        for task in due.collect::<Vec<_>>() {
            self.begin_update(task);
        }
    }

    /// Begins it, or begins it again if nobody has answered for long.
    pub(super) fn begin_update(&mut self, id: TaskId) {
        let Some(task) = self.sprint.tasks.get(&id) else { return };
        let repositories = match &task.work.stage {
            Stage::Updating { pending, .. } => pending.clone(),
            _ => self.sprint.outdated(task),
        };
        let update = task.updating.begun + 1;
        self.emit(Event::UpdateBegun {
            task: id,
            update,
            repositories,
        });
        self.settle_update(id);
    }

    /// An answer that nobody waits for any more changes nothing: it came twice, or is of another commit.
    pub(super) fn update_tried(&mut self, id: TaskId, repository: RepositoryId, tried: Tried) -> Result<(), Refusal> {
        let Tried {
            head,
            moves,
            outcome,
            checks,
        } = tried;
        if let UpdateOutcome::NotPossible { why } = &outcome {
            check_text(why)?;
        }
        let task = self.task(id)?;
        let offered = task.pull_requests.get(&repository).map(|offered| &offered.head);
        let already = match &task.work.stage {
            Stage::Updating { pending, checks, .. } if pending.contains(&repository) && offered == Some(&head) => {
                checks
            }
            _ => return Ok(()),
        };
        let approved = task.approved_by.is_some();
        let (mut wanted_checks, mut voided) = (Vec::new(), None);
        if let UpdateOutcome::Updated { base, commit, own } = &outcome {
            let head = commit.clone();
            let results = [(repository.clone(), Delivered { head, changed: true })].into();
            wanted_checks = wanted(task, &results, checks).remove(&repository).unwrap_or_default();
            // What is over all repositories is run once, however many of them are brought up to date.
            wanted_checks.retain(|check| !(check.is_together() && already.values().flatten().any(|one| one == check)));
            voided = (approved && !own.is_empty()).then(|| {
                let branch = &base.branch;
                format!(
                    "{branch} of {repository} has changed what it changes itself: {}",
                    own.join(", ")
                )
            });
        }
        self.emit(Event::UpdateTried {
            task: id,
            repository,
            head,
            moves,
            outcome,
            checks: wanted_checks,
        });
        if let Some(why) = voided {
            self.emit(Event::ApprovalVoided { task: id, why });
        }
        self.settle_update(id);
        Ok(())
    }

    /// When all is known: what conflicts goes to its agent, as long as it has attempts left and something has changed
    /// since the last time; then the work is checked, and a person is asked.
    pub(super) fn settle_update(&mut self, id: TaskId) {
        let Some(task) = self.sprint.tasks.get(&id) else { return };
        if !matches!(&task.work.stage, Stage::Updating { pending, .. } if pending.is_empty()) {
            return;
        }
        let most = self.sprint.policy.attempts;
        let left = task.work.failures + 1 < most && task.updating.rounds + 1 < most;
        let news = task.updating.conflicts.values().any(|conflict| !conflict.again);
        self.emit(Event::UpdateSettled {
            task: id,
            back: left && news,
        });
        self.schedule(WorkId::Task(id));
        self.wake(WorkId::Task(id));
    }
}
