//! What events of bringing branches up to date change: what is known of bases, and where the work goes on.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::Check;
use crate::ids::{CommitId, RepositoryId, TaskId};
use crate::sprint::event::{AttemptReason, Event};
use crate::sprint::stage::Stage;
use crate::sprint::state::{Sprint, Task, Work, WorkId};
use crate::sprint::updating::{BaseConflict, Update, UpdateOutcome, told};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_updating(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::BaseSeen {
                repository,
                head,
                moved,
            } => {
                let base = self.bases.entry(repository.clone()).or_default();
                base.head = Some(head.clone());
                if *moved {
                    base.moves += 1;
                    base.at = at;
                    let behind = |task: &&Task| task.work.stage == Stage::InReview;
                    let behind: Vec<TaskId> = self.tasks.values().filter(behind).map(|task| task.id).collect();
                    behind.into_iter().for_each(|task| self.redue(task));
                }
            }
            Event::UpdateBegun {
                task,
                update,
                repositories,
            } => self.update_begun(*task, *update, repositories, at),
            Event::UpdateTried {
                task,
                repository,
                head,
                moves,
                outcome,
                checks,
            } => {
                let known = self.tasks.get(task);
                let merged = known.map(|t| self.merged_since(t, repository)).unwrap_or_default();
                self.task(*task, |t| {
                    tried(t, repository, head, *moves, outcome, merged, at);
                    if let Stage::Updating {
                        pending,
                        checks: all,
                        changed,
                        ..
                    } = &mut t.work.stage
                    {
                        pending.remove(repository);
                        *changed |= matches!(outcome, UpdateOutcome::Updated { .. });
                        if !checks.is_empty() {
                            all.insert(repository.clone(), checks.clone());
                        }
                    }
                });
            }
            Event::UpdateSettled { task, back } => self.update_settled(*task, *back, at),
            Event::ApprovalVoided { task, .. } => {
                self.task(*task, |t| t.approved_by = None);
            }
            _ => {}
        }
    }

    fn update_begun(&mut self, task: TaskId, update: u32, repositories: &BTreeSet<RepositoryId>, at: Timestamp) {
        let known = self.task(task, |t| {
            t.updating.begun = update;
            match &t.work.stage {
                // Begun again: what is known of other repositories stays.
                Stage::Updating { checks, changed, .. } => (checks.clone(), *changed),
                _ => (BTreeMap::new(), false),
            }
        });
        let Some((checks, changed)) = known else { return };
        let updating = Stage::Updating {
            pending: repositories.clone(),
            checks,
            changed,
            until: at + self.policy.forge_time,
        };
        self.stage(WorkId::Task(task), updating, at);
    }

    fn update_settled(&mut self, task: TaskId, back: bool, at: Timestamp) {
        let settled = self.task(task, |t| {
            let (checks, changed): (BTreeMap<RepositoryId, Vec<Check>>, bool) = match &t.work.stage {
                Stage::Updating { checks, changed, .. } => (checks.clone(), *changed),
                _ => (BTreeMap::new(), false),
            };
            t.deliveries += u32::from(changed);
            // What has other commits since it was tried may fit by now.
            let offered = |repository: &RepositoryId| t.pull_requests.get(repository).map(|offered| &offered.head);
            let stands = |conflict: &&BaseConflict| offered(&conflict.repository) == Some(&conflict.head);
            let conflicts: Vec<BaseConflict> = t.updating.conflicts.values().filter(stands).cloned().collect();
            // Whoever mends it is told now; until it is tried again, there is nothing new about it.
            for conflict in t.updating.conflicts.values_mut() {
                conflict.again = true;
            }
            if back {
                t.work.failures += 1;
                t.updating.rounds += 1;
            } else {
                t.work.rest();
                if !conflicts.is_empty() {
                    t.merge_trouble = Some(told(conflicts.iter()));
                }
                // Nobody mends it but a person; the next move of the base is another reason to try.
                for conflict in &conflicts {
                    t.updating.caught_up.insert(conflict.repository.clone(), conflict.moves);
                }
            }
            (checks, conflicts, t.updating.begun)
        });
        let Some((checks, conflicts, update)) = settled else {
            return;
        };
        if back {
            self.task(task, |t| t.updating.unchecked = checks);
            let next = AttemptReason::BaseConflicts { update, conflicts };
            self.stage(WorkId::Task(task), Stage::Waiting { next, not_before: at }, at);
        } else if checks.is_empty() {
            self.publish(task, at + self.policy.forge_time, at);
        } else {
            self.begin_checks(task, &checks, at);
        }
    }

    /// Sets anew when a task in review is to be brought up to date.
    pub(super) fn redue(&mut self, task: TaskId) {
        let known = self.tasks.get(&task).filter(|t| t.work.stage == Stage::InReview);
        let due = known.and_then(|t| self.update_due(t));
        let id = WorkId::Task(task);
        let change = self.work_mut(id, |w| {
            let before = w.deadline();
            w.update_at = due;
            (before, w.deadline())
        });
        self.redate(id, change);
    }

    /// A task whose work begins has what its bases have got so far, where it has no commits from before.
    pub(super) fn begins_at_the_base(&mut self, task: TaskId) {
        let moves: BTreeMap<RepositoryId, u32> = self
            .bases
            .iter()
            .map(|(repository, base)| (repository.clone(), base.moves))
            .collect();
        self.task(task, |t| {
            for repository in &t.planned.repositories {
                if let (None, Some(moves)) = (t.heads.get(repository), moves.get(repository)) {
                    t.updating.caught_up.insert(repository.clone(), *moves);
                }
            }
        });
    }

    /// A task of the sprint was merged into a base, which moves by it.
    pub(super) fn merged_into(&mut self, task: TaskId, repository: &RepositoryId) {
        let base = self.bases.entry(repository.clone()).or_default();
        base.merged.push((base.moves, task));
    }
}

/// What came of one repository.
fn tried(
    task: &mut Task,
    repository: &RepositoryId,
    head: &CommitId,
    moves: u32,
    outcome: &UpdateOutcome,
    merged: Vec<TaskId>,
    at: Timestamp,
) {
    let before = task.updating.conflicts.remove(repository);
    if before.is_some() {
        task.merge_trouble = None;
    }
    match outcome {
        UpdateOutcome::Conflicts { base, files } => {
            let again = before.is_some_and(|before| before.head == *head && before.base == *base);
            let conflict = BaseConflict {
                repository: repository.clone(),
                base: base.clone(),
                head: head.clone(),
                files: files.clone(),
                merged,
                moves,
                again,
            };
            // It is behind until it fits.
            task.updating.conflicts.insert(repository.clone(), conflict);
            return;
        }
        UpdateOutcome::Updated { base, commit, own } => {
            task.updating.done.push(Update {
                repository: repository.clone(),
                base: base.clone(),
                from: head.clone(),
                head: commit.clone(),
                own: own.clone(),
                at,
            });
            task.heads.insert(repository.clone(), commit.clone());
            if let Some(offered) = task.pull_requests.get_mut(repository) {
                offered.head = commit.clone();
            }
        }
        UpdateOutcome::NotPossible { why } => {
            task.merge_trouble = Some(format!("{repository} could not be brought up to date: {why}"));
        }
        UpdateOutcome::UpToDate => {}
    }
    task.updating.caught_up.insert(repository.clone(), moves);
}

impl Work {
    /// Counts anew what counts for what was handed in; failures stay as long as what was handed in is not settled.
    pub(super) fn rest_but_for_failures(&mut self) {
        let failures = self.failures;
        self.rest();
        self.failures = failures;
    }
}
