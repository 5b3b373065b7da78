//! What stands in review has what its base has got, once that was still for a while; what does not fit goes to its agent, as
//! often as attempts may fail, and never twice at the same commits.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::sprint::{Event, Sprint, Stage, UpdateOutcome, WorkId};
use team6_core::time::Timestamp;

use super::{Found, Seen, ensure};

/// A commit that did not fit a base.
type Conflict = (RepositoryId, CommitId, CommitId);

#[derive(Debug, Default)]
pub(super) struct Updated {
    /// How often each base moved, and when it last did.
    moved: BTreeMap<RepositoryId, (u32, Timestamp)>,
    /// How many of these moves a task has, or was found not to need.
    has: BTreeMap<(TaskId, RepositoryId), u32>,
    /// What does not fit now, and with how many moves it was tried.
    conflicts: BTreeMap<TaskId, BTreeMap<RepositoryId, (Conflict, u32)>>,
    /// What went back before, or was put to a person.
    back: BTreeMap<TaskId, BTreeSet<Conflict>>,
    /// How often it went back since a person stepped in.
    rounds: BTreeMap<TaskId, u32>,
    /// What each task has commits in from before.
    begun: BTreeSet<(TaskId, RepositoryId)>,
}

impl Updated {
    pub(super) fn event(&mut self, seen: &Seen<'_>) -> Found {
        match (seen.event, seen.work) {
            (
                Event::BaseSeen {
                    repository,
                    moved: true,
                    ..
                },
                _,
            ) => {
                let moved = self.moved.entry(repository.clone()).or_default();
                *moved = (moved.0 + 1, seen.at);
            }
            (Event::AttemptStarted { .. }, Some(WorkId::Task(task))) => {
                for (repository, (moves, _)) in &self.moved {
                    if !self.begun.contains(&(task, repository.clone())) {
                        self.has.insert((task, repository.clone()), *moves);
                    }
                }
            }
            (Event::AttemptDelivered { results, .. }, Some(WorkId::Task(task))) => {
                self.begun
                    .extend(results.keys().map(|repository| (task, repository.clone())));
            }
            (Event::AttemptFailed { left, .. } | Event::AttemptInterrupted { left, .. }, Some(WorkId::Task(task))) => {
                self.begun
                    .extend(left.keys().map(|repository| (task, repository.clone())));
            }
            (
                Event::UpdateTried {
                    task,
                    repository,
                    head,
                    moves,
                    outcome,
                    ..
                },
                _,
            ) => {
                let open = self.conflicts.entry(*task).or_default();
                match outcome {
                    UpdateOutcome::Conflicts { base, .. } => {
                        let conflict = (repository.clone(), head.clone(), base.commit.clone());
                        open.insert(repository.clone(), (conflict, *moves));
                    }
                    _ => {
                        open.remove(repository);
                        self.has.insert((*task, repository.clone()), *moves);
                    }
                }
            }
            (Event::PullRequestMerged { task, repository, .. }, _) => {
                self.conflicts.entry(*task).or_default().remove(repository);
            }
            (Event::UpdateSettled { task, back }, _) => self.settled(*task, *back, seen.policy.attempts)?,
            (Event::ReviewSubmitted { task, .. } | Event::MergeRequested { task, .. }, _) => {
                self.rounds.remove(task);
            }
            (Event::Retried { work, .. } | Event::WorkWanted { work, .. }, _) => {
                if let WorkId::Task(task) = work {
                    self.rounds.remove(task);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn settled(&mut self, task: TaskId, back: bool, most: u32) -> Found {
        let open = self.conflicts.get(&task).cloned().unwrap_or_default();
        let known = self.back.entry(task).or_default();
        if !back {
            // A person is asked, who is told once; it is tried again when the base moves on.
            for (repository, (conflict, moves)) in open {
                self.has.insert((task, repository), moves);
                known.insert(conflict);
            }
            return Ok(());
        }
        let mut news = false;
        for (conflict, _) in open.into_values() {
            news |= known.insert(conflict);
        }
        ensure(news, "13 unchanged", || {
            format!("task {task} goes back at commits that went back before")
        })?;
        let rounds = self.rounds.entry(task).or_default();
        *rounds += 1;
        ensure(*rounds < most, "4 attempts", || {
            format!("task {task} goes back to its agent {rounds} times for bases that move, and nobody is asked")
        })
    }

    /// What a person may look at is not behind for longer than it takes to see whether more is merged.
    pub(super) fn nothing_stays_behind(&self, sprint: &Sprint, now: Timestamp) -> Found {
        let reviewed = sprint.tasks.values().filter(|task| task.work.stage == Stage::InReview);
        for task in reviewed.filter(|task| task.subtask.is_none()) {
            let open = task
                .pull_requests
                .iter()
                .filter(|(_, offered)| offered.merged.is_none());
            let behind = open.filter_map(|(repository, _)| {
                let (moves, at) = self.moved.get(repository)?;
                let has = self.has.get(&(task.id, repository.clone())).copied().unwrap_or(0);
                (has < *moves).then_some(*at)
            });
            let last = behind.max();
            ensure(
                last.is_none_or(|at| now < at + sprint.policy.update_wait),
                "14 up to date",
                || format!("task {} is in review, and its base moved at {last:?}", task.id),
            )?;
        }
        Ok(())
    }
}
