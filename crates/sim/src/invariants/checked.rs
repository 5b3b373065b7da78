//! Evidence: nothing comes before a person whose checks are not recorded at exactly its commits, what was broken went back
//! first, and receipts are a chain.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::checks::{Check, CheckOutcome, Digest};
use team6_core::ids::{CheckName, CommitId, RepositoryId, TaskId};
use team6_core::sprint::{Event, Sprint, Stage, Task, UpdateOutcome, WorkId};

use super::{Found, Seen, ensure};
use crate::plans;

/// A check of a task at exactly these commits: of one repository, or of all that it offers.
type Of = (TaskId, CheckName, BTreeMap<RepositoryId, CommitId>);

/// The checks that are over all repositories of a task.
fn together() -> BTreeSet<CheckName> {
    let all = plans::checks().into_values().flatten();
    all.filter(Check::is_together).map(|check| check.name).collect()
}

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
                let beside = receipt.run.beside.iter();
                let mut commits: BTreeMap<RepositoryId, CommitId> =
                    beside.map(|(name, at)| (name.clone(), at.commit.clone())).collect();
                commits.insert(receipt.repository.clone(), receipt.run.commit.clone());
                let of = (*task, receipt.check.name.clone(), commits);
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
                self.may_begin(*task, sprint);
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
            (Event::AttemptReplied { .. }, Some(task)) => {
                self.rest(task);
                self.may_begin(task, sprint);
            }
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

    /// Checks of what the engine merged into its branches.
    fn may_begin(&mut self, task: TaskId, sprint: &Sprint) {
        let is_checked = |t: &Task| matches!(t.work.stage, Stage::Checking { .. });
        if sprint.tasks.get(&task).is_some_and(is_checked) {
            self.under_way.insert(task);
        }
    }

    /// After a delivery: what it conflicted with is settled only when that was tried again.
    fn rest_after(&mut self, task: TaskId) {
        if !self.conflicts.iter().any(|(of, _)| *of == task) {
            self.rest(task);
        }
    }

    /// What a task offers of several repositories was checked as a whole, at exactly these commits.
    fn whole_was_checked(&self, task: &Task) -> Found {
        let has = |repository: &RepositoryId| task.planned.repositories.contains(repository);
        let open = task.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
        let open: BTreeMap<&RepositoryId, &CommitId> = open.map(|(repository, p)| (repository, &p.head)).collect();
        if open.is_empty() || !plans::checked_together().iter().all(has) {
            return Ok(());
        }
        let known = |name: &CheckName| {
            self.recorded.keys().any(|(of, known, commits)| {
                let same = |(repository, head): (&&RepositoryId, &&CommitId)| commits.get(*repository) == Some(*head);
                *of == task.id && known == name && open.iter().all(same)
            })
        };
        let missing = together().into_iter().find(|name| !known(name));
        ensure(missing.is_none(), "14 checked together", || {
            format!(
                "task {} is {:?}, and nobody knows {missing:?} of {open:?}",
                task.id, task.work.stage
            )
        })
    }

    fn rest(&mut self, task: TaskId) {
        self.failures.remove(&task);
    }

    /// Whatever was broken goes back, as often as attempts may fail, and nothing else does.
    fn settled(&mut self, task: TaskId, back: bool, sprint: &Sprint, most: u32) -> Found {
        let offered = sprint.tasks.get(&task).map(|t| &t.pull_requests);
        let together = together();
        let broke = self.recorded.iter().any(|((of, name, commits), outcome)| {
            let head = |repository| offered.and_then(|offered| offered.get(repository)).map(|p| &p.head);
            let open = offered.into_iter().flatten().filter(|(_, p)| p.merged.is_none());
            let mut open = open.map(|(repository, p)| (repository, &p.head));
            let same = match together.contains(name) {
                true => open.all(|(repository, head)| commits.get(repository) == Some(head)),
                false => commits
                    .iter()
                    .all(|(repository, commit)| head(repository) == Some(commit)),
            };
            *of == task && *outcome == CheckOutcome::Broke && same
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
            let open = || task.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
            self.whole_was_checked(task)?;
            for (repository, offered) in open() {
                let wanted = checks.get(repository).into_iter().flatten();
                let missing = wanted.filter(|check| !check.is_together()).find(|check| {
                    let commits = [(repository.clone(), offered.head.clone())].into();
                    !self.recorded.contains_key(&(task.id, check.name.clone(), commits))
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
