//! Evidence: nothing comes before a person whose checks are not recorded at exactly its commits, what was broken went back
//! first, and receipts are a chain.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::checks::{CheckOutcome, Digest};
use team6_core::ids::{CheckName, CommitId, RepositoryId, TaskId};
use team6_core::sprint::{Event, Sprint, Stage, UpdateOutcome, WorkId};

use super::{Found, Seen, ensure};
use crate::plans;

type Of = (TaskId, RepositoryId, CheckName, CommitId);

#[derive(Debug, Default)]
pub(super) struct Checked {
    recorded: BTreeMap<Of, CheckOutcome>,
    receipts: u32,
    last: Option<Digest>,
    /// Failures in a row of each task, and deliveries that went back among them.
    failures: BTreeMap<TaskId, u32>,
    /// Deliveries that wait for their checks.
    under_way: BTreeSet<TaskId>,
    /// What did not fit its base when it was last tried.
    conflicts: BTreeSet<(TaskId, RepositoryId)>,
}

impl Checked {
    pub(super) fn event(&mut self, seen: &Seen<'_>, sprint: &Sprint) -> Found {
        let of_attempt = match seen.work {
            Some(WorkId::Task(task)) => Some(task),
            _ => None,
        };
        match (seen.event, of_attempt) {
            (Event::CheckRecorded { task, receipt, .. }, _) => {
                self.receipts += 1;
                let follows = receipt.number == self.receipts
                    && receipt.previous == self.last.clone().unwrap_or_else(Digest::nothing)
                    && receipt.hash == Digest::of(receipt.canonical().as_bytes());
                ensure(follows, "14 receipts", || {
                    format!("{receipt:?} does not follow {:?}", self.last)
                })?;
                self.last = Some(receipt.hash.clone());
                let of = (
                    *task,
                    receipt.repository.clone(),
                    receipt.check.name.clone(),
                    receipt.run.commit.clone(),
                );
                self.recorded.insert(of, receipt.outcome);
            }
            (
                Event::UpdateTried {
                    task,
                    repository,
                    outcome,
                    ..
                },
                _,
            ) => {
                let of = (*task, repository.clone());
                match outcome {
                    UpdateOutcome::Conflicts { .. } => self.conflicts.insert(of),
                    _ => self.conflicts.remove(&of),
                };
            }
            (Event::PullRequestMerged { task, repository, .. }, _) => {
                self.conflicts.remove(&(*task, repository.clone()));
            }
            (Event::UpdateSettled { task, back: true }, _) => *self.failures.entry(*task).or_default() += 1,
            (Event::UpdateSettled { task, back: false }, _) => {
                self.rest(*task);
                let checks = |stage: &Stage| matches!(stage, Stage::Checking { .. });
                if sprint.tasks.get(task).is_some_and(|t| checks(&t.work.stage)) {
                    self.under_way.insert(*task);
                }
            }
            (Event::ChecksSettled { task, back }, _) => {
                let under_way = self.under_way.remove(task);
                ensure(under_way, "14 checked", || {
                    format!("checks of task {task} are settled twice")
                })?;
                self.settled(*task, *back, sprint, seen.policy.attempts)?;
            }
            (Event::AttemptDelivered { checks, .. }, Some(task)) => match checks.is_empty() {
                true => self.rest_after(task),
                false => {
                    self.under_way.insert(task);
                }
            },
            (Event::AttemptReplied { .. }, Some(task)) => self.rest(task),
            (Event::AttemptFailed { hold_until: None, .. }, Some(task)) => *self.failures.entry(task).or_default() += 1,
            (Event::Retried { work, .. } | Event::WorkWanted { work, .. }, _) => {
                if let WorkId::Task(task) = work {
                    self.rest(*task);
                }
            }
            (Event::ReviewSubmitted { task, .. } | Event::MergeRequested { task, .. }, _) => self.rest(*task),
            _ => {}
        }
        Ok(())
    }

    /// After a delivery: what it conflicted with is settled only when that was tried again.
    fn rest_after(&mut self, task: TaskId) {
        if !self.conflicts.iter().any(|(of, _)| *of == task) {
            self.rest(task);
        }
    }

    fn rest(&mut self, task: TaskId) {
        self.failures.remove(&task);
    }

    /// Whatever was broken goes back, as often as attempts may fail, and nothing else does.
    fn settled(&mut self, task: TaskId, back: bool, sprint: &Sprint, most: u32) -> Found {
        let offered = sprint.tasks.get(&task).map(|t| &t.pull_requests);
        let broke = self.recorded.iter().any(|((of, repository, _, commit), outcome)| {
            let head = offered.and_then(|offered| offered.get(repository)).map(|p| &p.head);
            *of == task && *outcome == CheckOutcome::Broke && head == Some(commit)
        });
        let failures = self.failures.entry(task).or_default();
        *failures += u32::from(broke);
        let allowed = *failures < most;
        ensure(back == (broke && allowed), "14 mended first", || {
            format!("task {task}: broken: {broke}, failures: {failures}, sent back: {back}")
        })?;
        if !back {
            self.rest_after(task);
        }
        Ok(())
    }

    /// What a person may look at was checked at exactly the commits that they see.
    pub(super) fn what_is_offered_was_checked(&self, sprint: &Sprint) -> Found {
        let offers = |stage: &Stage| {
            matches!(
                stage,
                Stage::Publishing { .. } | Stage::InReview | Stage::Delivered | Stage::Merging { .. }
            )
        };
        let checks = plans::checks();
        for task in sprint.tasks.values().filter(|task| offers(&task.work.stage)) {
            for (repository, offered) in task.pull_requests.iter().filter(|(_, p)| p.merged.is_none()) {
                let mut wanted = checks.get(repository).into_iter().flatten();
                let missing = wanted.find(|check| {
                    let of = (task.id, repository.clone(), check.name.clone(), offered.head.clone());
                    !self.recorded.contains_key(&of)
                });
                ensure(missing.is_none(), "14 checked", || {
                    format!(
                        "task {} is {:?}, and nobody knows {missing:?} of {offered:?}",
                        task.id, task.work.stage
                    )
                })?;
            }
        }
        Ok(())
    }
}
