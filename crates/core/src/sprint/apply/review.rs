//! What events of reviews and the forge change: pull requests, reviews, merges, and the end of a task.

use std::collections::BTreeSet;

use crate::failure::FailureKind;
use crate::ids::{PersonId, RepositoryId, TaskId};
use crate::sprint::event::{AttemptReason, Event};
use crate::sprint::stage::Stage;
use crate::sprint::state::{Review, Sprint, Thread, Verdict, Work, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_review(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::PullRequestOpened {
                task,
                repository,
                number,
                head,
            } => {
                self.task(*task, |t| {
                    if let Some(pull_request) = t.pull_requests.get_mut(repository) {
                        pull_request.number = Some(*number);
                        pull_request.shown = Some(head.clone());
                    }
                });
                self.published(*task, repository, at);
            }
            Event::PublishFailed { task, failure } => {
                self.stage(
                    WorkId::Task(*task),
                    Stage::Failed {
                        failure: failure.clone(),
                    },
                    at,
                );
            }
            Event::ReviewSubmitted {
                task,
                review,
                by,
                verdict,
                body,
                comments,
                heads,
            } => {
                self.reviews = self.reviews.max(review.0);
                self.threads = comments.iter().map(|(id, _)| id.0).fold(self.threads, u32::max);
                self.task(*task, |t| {
                    t.reviews.push(Review {
                        id: *review,
                        by: by.clone(),
                        verdict: *verdict,
                        body: body.clone(),
                        threads: comments.iter().map(|(id, _)| *id).collect(),
                        at,
                        heads: heads.clone(),
                    });
                    t.threads.extend(comments.iter().map(|(id, comment)| Thread {
                        id: *id,
                        review: *review,
                        comment: comment.clone(),
                        answer: None,
                    }));
                    match verdict {
                        Verdict::Approve => t.approved_by = Some(by.clone()),
                        Verdict::RequestChanges => t.approved_by = None,
                        Verdict::Comment => {}
                    }
                    t.work.failures = 0;
                    t.updating.rounds = 0;
                });
                if *verdict == Verdict::RequestChanges {
                    let next = AttemptReason::ChangesRequested { review: *review };
                    self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
                }
            }
            Event::MergeRequested {
                task,
                by,
                method,
                merge,
            } => {
                let until = at + self.policy.forge_time;
                let pending: Option<BTreeSet<RepositoryId>> = self.task(*task, |t| {
                    t.merges = *merge;
                    t.merge_trouble = None;
                    t.work.failures = 0;
                    t.updating.rounds = 0;
                    let open = t.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
                    open.map(|(repository, _)| repository.clone()).collect()
                });
                if let Some(pending) = pending {
                    self.stage(
                        WorkId::Task(*task),
                        Stage::Merging {
                            // The merge of a single one is its own trial.
                            checked: pending.len() < 2,
                            pending,
                            by: by.clone(),
                            method: *method,
                            until,
                        },
                        at,
                    );
                }
            }
            Event::ForgeFailed { task, why, .. } => {
                self.task(*task, |t| t.forge_trouble = Some(why.clone()));
            }
            Event::MergeChecked { task, .. } => {
                self.task(*task, |t| {
                    if let Stage::Merging { checked, .. } = &mut t.work.stage {
                        *checked = true;
                    }
                });
            }
            Event::PullRequestMerged {
                task,
                repository,
                commit,
            } => {
                self.task(*task, |t| {
                    t.forge_trouble = None;
                    if let Some(pull_request) = t.pull_requests.get_mut(repository) {
                        pull_request.merged = Some(commit.clone());
                    }
                    if let Stage::Merging { pending, .. } | Stage::Updating { pending, .. } = &mut t.work.stage {
                        pending.remove(repository);
                    }
                    t.updating.conflicts.remove(repository);
                });
                self.merged_into(*task, repository);
                self.redue(*task);
                // What is merged has nothing to be shown any more.
                self.published(*task, repository, at);
            }
            Event::MergeConflicted {
                task,
                repository,
                merge,
                files,
            } => {
                let (repository, files, merge) = (repository.clone(), files.clone(), *merge);
                let next = AttemptReason::Conflict {
                    repository,
                    files,
                    merge,
                };
                self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
            }
            Event::MergeFailed { task, why, .. } => {
                self.task(*task, |t| t.merge_trouble = Some(why.clone()));
                self.stage(WorkId::Task(*task), Stage::InReview, at);
            }
            Event::TaskDone { task } => {
                let dependents = self.task(*task, |t| t.dependents.clone()).unwrap_or_default();
                self.closed(*task);
                self.stage(WorkId::Task(*task), Stage::Done, at);
                for dependent in dependents {
                    // Since it was cancelled, the plan may have gone on without it.
                    self.task(dependent, |t| {
                        if t.dependencies.contains(task) {
                            t.blockers = t.blockers.saturating_sub(1);
                        }
                    });
                }
            }
            _ => {}
        }
    }

    pub(super) fn retried(&mut self, work: WorkId, by: &PersonId, note: &str, at: Timestamp) {
        let Some(state) = self.work(work) else { return };
        let of = state.attempts.last().copied().unwrap_or(0);
        let unpublished =
            matches!(&state.stage, Stage::Failed { failure } if failure.kind == FailureKind::PublishFailed);
        self.work_mut(work, Work::rest);
        if let WorkId::Task(task) = work {
            self.task(task, |t| t.updating.rounds = 0);
        }
        if let (true, WorkId::Task(task)) = (unpublished, work) {
            self.publish_again(task, at);
        } else {
            let next = AttemptReason::PersonRetried {
                by: by.clone(),
                note: note.to_owned(),
                of,
            };
            self.stage(work, Stage::Waiting { next, not_before: at }, at);
        }
    }

    /// Takes up the stage in which pull requests are brought up to date, or the review if none has to be.
    pub(super) fn publish(&mut self, task: TaskId, until: Timestamp, at: Timestamp) {
        let pending: Option<BTreeSet<RepositoryId>> = self.task(task, |t| {
            let behind = t
                .pull_requests
                .iter()
                .filter(|(_, p)| p.merged.is_none() && p.shown.as_ref() != Some(&p.head));
            behind.map(|(repository, _)| repository.clone()).collect()
        });
        match pending {
            Some(pending) if pending.is_empty() => {
                let rests = self.presented(task);
                self.stage(WorkId::Task(task), rests, at);
            }
            Some(pending) => self.stage(WorkId::Task(task), Stage::Publishing { pending, until }, at),
            None => {}
        }
    }

    /// An agent left its work as it was: what was merged into it meanwhile is checked now.
    pub(super) fn offer_again(&mut self, task: TaskId, at: Timestamp) {
        let unchecked = self.task(task, |t| std::mem::take(&mut t.updating.unchecked));
        match unchecked.filter(|checks| !checks.is_empty()) {
            Some(checks) => {
                self.task(task, |t| t.deliveries += 1);
                self.begin_checks(task, &checks, at);
            }
            None => self.publish_again(task, at),
        }
    }

    /// Tries again to bring pull requests up to date, if any are behind, in an effect of its own.
    pub(super) fn publish_again(&mut self, task: TaskId, at: Timestamp) {
        self.publish(task, at + self.policy.forge_time, at);
        self.task(task, |t| {
            if matches!(t.work.stage, Stage::Publishing { .. }) {
                t.deliveries += 1;
            }
        });
    }

    /// One pull request is up to date; a late one also brings a task back that was given up on.
    pub(super) fn published(&mut self, task: TaskId, repository: &RepositoryId, at: Timestamp) {
        let all = self.task(task, |t| {
            if let Stage::Publishing { pending, .. } = &mut t.work.stage {
                pending.remove(repository);
                return pending.is_empty();
            }
            let given_up =
                matches!(&t.work.stage, Stage::Failed { failure } if failure.kind == FailureKind::PublishFailed);
            given_up
                && t.pull_requests
                    .values()
                    .all(|p| p.merged.is_some() || p.shown.as_ref() == Some(&p.head))
        });
        if all == Some(true) {
            let rests = self.presented(task);
            self.stage(WorkId::Task(task), rests, at);
        }
    }
}
