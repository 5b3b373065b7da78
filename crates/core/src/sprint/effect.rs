//! What must happen outside because of an event. Effects are stored with the events and carried out at least once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Event, MergeMethod, Sprint, Stage, WorkId};
use crate::ids::{AttemptId, CommitId, PersonId, RepositoryId, ReviewId, SprintId, TaskId};
use crate::time::Timestamp;

/// Something to be done outside of the core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields carry the names of the types and of the variants' texts"
)]
pub enum Effect {
    /// Put the attempt's job into the project's queue.
    Enqueue {
        attempt: AttemptId,
        priority: i64,
        not_before: Timestamp,
        round: Timestamp,
    },
    /// Take the attempt's job out of the queue, or tell its worker that it is over.
    Dequeue { attempt: AttemptId },
    /// Open a pull request for the task's branch, or bring it up to date.
    OpenPullRequest {
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        delivery: u32,
    },
    /// Say anew what a pull request is about: what stands in it of the others of its task has changed.
    DescribePullRequest {
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        round: Timestamp,
    },
    /// Show a review in the forge.
    PostReview {
        sprint: SprintId,
        task: TaskId,
        review: ReviewId,
    },
    /// Show the agent's answers to threads in the forge.
    PostAnswers {
        sprint: SprintId,
        task: TaskId,
        delivery: u32,
    },
    /// Find out whether all that is to be merged of a task can be, and merge nothing.
    TryMerge {
        sprint: SprintId,
        task: TaskId,
        repositories: Vec<RepositoryId>,
        merge: u32,
    },
    /// Merge a pull request.
    MergePullRequest {
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        by: PersonId,
        method: MergeMethod,
        merge: u32,
    },
    /// Take the merges of a task back, in this order, all or none as far as that can be known before.
    Revert {
        sprint: SprintId,
        task: TaskId,
        repositories: Vec<RepositoryId>,
        by: PersonId,
        revert: u32,
    },
    /// Close a pull request that will not be merged.
    ClosePullRequest {
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        number: u64,
    },
    /// Remove what a task or the planning needs no longer: homes of agents, refs, branches.
    CleanUp { sprint: SprintId, work: WorkId },
}

impl Effect {
    /// The key by which doing it twice is known: two effects with one key are one effect.
    pub fn key(&self) -> String {
        match self {
            Self::Enqueue { attempt, round, .. } => format!("enqueue/{attempt}/{}", round.0),
            Self::Dequeue { attempt } => format!("dequeue/{attempt}"),
            Self::OpenPullRequest {
                task,
                repository,
                delivery,
                ..
            } => format!("open/{task}/{repository}/{delivery}"),
            Self::DescribePullRequest {
                task,
                repository,
                round,
                ..
            } => format!("describe/{task}/{repository}/{}", round.0),
            Self::PostReview { sprint, review, .. } => format!("review/{sprint}/{review}"),
            Self::PostAnswers { task, delivery, .. } => format!("answers/{task}/{delivery}"),
            Self::TryMerge { task, merge, .. } => format!("try/{task}/{merge}"),
            Self::MergePullRequest {
                task,
                repository,
                merge,
                ..
            } => format!("merge/{task}/{repository}/{merge}"),
            Self::Revert { task, revert, .. } => format!("revert/{task}/{revert}"),
            Self::ClosePullRequest { task, repository, .. } => format!("close/{task}/{repository}"),
            Self::CleanUp {
                sprint,
                work: WorkId::Planning,
            } => format!("clean/sprint/{sprint}"),
            Self::CleanUp {
                work: WorkId::Task(task),
                ..
            } => format!("clean/task/{task}"),
        }
    }
}

impl Sprint {
    /// Whether an effect is still wanted. One that could not be carried out for long may have been overtaken: what the
    /// owner has decided since then counts.
    pub fn wants(&self, effect: &Effect) -> bool {
        match effect {
            Effect::MergePullRequest { task, merge, .. } | Effect::TryMerge { task, merge, .. } => self
                .tasks
                .get(task)
                .is_some_and(|t| t.merges == *merge && matches!(t.work.stage, Stage::Merging { .. })),
            Effect::Revert { task, revert, .. } => self
                .tasks
                .get(task)
                .is_some_and(|t| t.reverts == *revert && matches!(t.work.stage, Stage::Reverting { .. })),
            _ => true,
        }
    }

    /// What `event` calls for, given the sprint right after the command that it came from.
    pub fn effects(&self, event: &Event, at: Timestamp) -> Vec<Effect> {
        let id = |n: u32| AttemptId { sprint: self.id, n };
        match event {
            Event::AttemptScheduled {
                attempt,
                work,
                not_before,
                ..
            } => {
                vec![Effect::Enqueue {
                    attempt: id(*attempt),
                    priority: self.queue_priority(*work),
                    not_before: *not_before,
                    round: at,
                }]
            }
            Event::AttemptRequeued { attempt } => {
                let priority = self.attempt(*attempt).map_or(0, |a| self.queue_priority(a.work));
                vec![Effect::Enqueue {
                    attempt: id(*attempt),
                    priority,
                    not_before: at,
                    round: at,
                }]
            }
            Event::AttemptWithdrawn { attempt } | Event::AttemptCancelled { attempt } => {
                vec![Effect::Dequeue { attempt: id(*attempt) }]
            }
            Event::AttemptDelivered { attempt, answers, .. } => {
                let Some(WorkId::Task(task)) = self.attempt(*attempt).map(|a| a.work) else {
                    return Vec::new();
                };
                let mut effects = self.open_pull_requests(task);
                if let (false, Some(t)) = (answers.is_empty(), self.tasks.get(&task)) {
                    effects.push(Effect::PostAnswers {
                        sprint: self.id,
                        task,
                        delivery: t.deliveries,
                    });
                }
                effects
            }
            Event::ChecksSettled { task, .. } => self.open_pull_requests(*task),
            Event::AttemptReplied { attempt, .. } => match self.attempt(*attempt).map(|a| a.work) {
                Some(WorkId::Task(task)) => self.open_pull_requests(task),
                _ => Vec::new(),
            },
            Event::Retried {
                work: WorkId::Task(task),
                ..
            } => self.open_pull_requests(*task),
            Event::ReviewSubmitted { task, review, .. } => {
                vec![Effect::PostReview {
                    sprint: self.id,
                    task: *task,
                    review: *review,
                }]
            }
            Event::MergeRequested { task, .. } | Event::MergeChecked { task, .. } => {
                self.next_merge(*task).into_iter().collect()
            }
            Event::PullRequestMerged { task, .. } => {
                let next = self.next_merge(*task).into_iter();
                next.chain(self.describe_siblings(*task, at)).collect()
            }
            Event::RevertRequested { task, by, revert } => self.revert(*task, by, *revert).into_iter().collect(),
            Event::PullRequestOpened {
                task,
                repository,
                number,
                ..
            } => {
                let ended = self
                    .tasks
                    .get(task)
                    .is_some_and(|t| t.work.stage.is_ended() && !t.is_merged());
                let stray = ended.then(|| Effect::ClosePullRequest {
                    sprint: self.id,
                    task: *task,
                    repository: repository.clone(),
                    number: *number,
                });
                stray.into_iter().chain(self.describe_siblings(*task, at)).collect()
            }
            // Its parent's pull requests held the work of a subtask.
            Event::TaskDone { task } | Event::TaskCancelled { task, .. } | Event::SubtaskGivenUp { task, .. } => {
                self.abandon(*task)
            }
            Event::PlanApproved { dropped, .. } => dropped.iter().flat_map(|task| self.abandon(*task)).collect(),
            Event::SprintFinished | Event::SprintCancelled { .. } => vec![self.clean_up(WorkId::Planning)],
            _ => Vec::new(),
        }
    }

    /// The order in the queue: the longest chain first, then what people called urgent, then what is older.
    fn queue_priority(&self, work: WorkId) -> i64 {
        match work {
            // People wait for a plan.
            WorkId::Planning => i64::MAX,
            WorkId::Task(id) => self.tasks.get(&id).map_or(0, |task| {
                let rank = i64::try_from(task.rank).unwrap_or(i64::MAX).min(1 << 40);
                rank * 4 + task.planned.priority as i64
            }),
        }
    }

    fn open_pull_requests(&self, task: TaskId) -> Vec<Effect> {
        let Some(t) = self.tasks.get(&task) else {
            return Vec::new();
        };
        let Stage::Publishing { pending, .. } = &t.work.stage else {
            return Vec::new();
        };
        let behind = pending
            .iter()
            .filter_map(|repository| Some((repository, t.pull_requests.get(repository)?)));
        behind
            .map(|(repository, p)| Effect::OpenPullRequest {
                sprint: self.id,
                task,
                repository: repository.clone(),
                head: p.head.clone(),
                delivery: t.deliveries,
            })
            .collect()
    }

    /// Pull requests of one task say of each other where they stand. Once all numbers are known, and whenever one was
    /// merged, those that are open say it anew.
    fn describe_siblings(&self, task: TaskId, round: Timestamp) -> Vec<Effect> {
        let Some(t) = self.tasks.get(&task).filter(|t| t.pull_requests.len() > 1) else {
            return Vec::new();
        };
        let mut offered = t.pull_requests.values();
        if t.work.stage.is_ended() || offered.any(|p| p.number.is_none() && p.merged.is_none()) {
            return Vec::new();
        }
        let open = t.pull_requests.iter().filter(|(_, p)| p.merged.is_none());
        open.map(|(repository, _)| Effect::DescribePullRequest {
            sprint: self.id,
            task,
            repository: repository.clone(),
            round,
        })
        .collect()
    }

    /// The next step of a merge: all are tried before the first is made, and then one is made after the other.
    fn next_merge(&self, task: TaskId) -> Option<Effect> {
        let t = self.tasks.get(&task)?;
        let Stage::Merging {
            pending,
            by,
            method,
            checked,
            ..
        } = &t.work.stage
        else {
            return None;
        };
        let order = t
            .merge_order()
            .into_iter()
            .filter(|repository| pending.contains(repository));
        let repositories: Vec<RepositoryId> = order.collect();
        if !checked {
            return Some(Effect::TryMerge {
                sprint: self.id,
                task,
                repositories,
                merge: t.merges,
            });
        }
        let repository = repositories.into_iter().next()?;
        Some(Effect::MergePullRequest {
            sprint: self.id,
            task,
            head: t.pull_requests.get(&repository)?.head.clone(),
            repository,
            by: by.clone(),
            method: *method,
            merge: t.merges,
        })
    }

    fn revert(&self, task: TaskId, by: &PersonId, revert: u32) -> Option<Effect> {
        let t = self.tasks.get(&task)?;
        matches!(t.work.stage, Stage::Reverting { .. }).then(|| Effect::Revert {
            sprint: self.id,
            task,
            repositories: t.to_revert(),
            by: by.clone(),
            revert,
        })
    }

    fn abandon(&self, task: TaskId) -> Vec<Effect> {
        let none = BTreeMap::new();
        let pull_requests = self.tasks.get(&task).map_or(&none, |t| &t.pull_requests);
        let open = pull_requests.iter().filter(|(_, p)| p.merged.is_none());
        let close = open.filter_map(|(repository, p)| {
            let number = p.number?;
            Some(Effect::ClosePullRequest {
                sprint: self.id,
                task,
                repository: repository.clone(),
                number,
            })
        });
        close.chain([self.clean_up(WorkId::Task(task))]).collect()
    }

    fn clean_up(&self, work: WorkId) -> Effect {
        Effect::CleanUp { sprint: self.id, work }
    }
}
