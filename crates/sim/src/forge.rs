//! A forge that does what it is asked, at least once, and sometimes late: what people see of the sprint outside.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use team6_core::ids::{CommitId, RepositoryId, ReviewId, TaskId};
use team6_core::sprint::{BaseHead, Command, Effect, MergeProblem, UpdateOutcome, WorkId};

/// The pull requests, by task and repository, and whatever else effects leave outside.
#[derive(Debug, Default)]
pub(crate) struct Forge {
    pub(crate) pull_requests: BTreeMap<(TaskId, RepositoryId), PullRequest>,
    pub(crate) reviews: BTreeSet<(TaskId, ReviewId)>,
    /// The deliveries whose answers to threads are shown.
    pub(crate) answers: BTreeSet<(TaskId, u32)>,
    pub(crate) cleaned: BTreeSet<WorkId>,
    /// How often something was pushed to each base.
    bases: BTreeMap<RepositoryId, u64>,
    /// What each pull request says of the others of its task: their numbers.
    pub(crate) told: BTreeMap<(TaskId, RepositoryId), BTreeSet<u64>>,
    opened: u64,
}

#[derive(Debug)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) head: CommitId,
    pub(crate) merged: Option<CommitId>,
    /// The newest number when it was merged.
    pub(crate) newest_then: u64,
    pub(crate) closed: bool,
    pub(crate) reverted: bool,
    /// The delivery that was pushed last.
    delivery: u32,
    /// What a base was merged into, the base, and what that came to.
    updated: Option<(CommitId, BaseHead, UpdateOutcome)>,
}

impl Forge {
    /// Does what an effect asks, if it is still wanted; gives the answer, if it has one.
    pub(crate) fn carry_out(&mut self, rng: &mut Rng, effect: &Effect, wanted: bool, calm: bool) -> Option<Command> {
        match effect {
            Effect::OpenPullRequest {
                task,
                repository,
                head,
                delivery,
                ..
            } => {
                let known = self.pull_requests.contains_key(&(*task, repository.clone()));
                if !calm && !known && rng.u8(0..20) == 0 {
                    return Some(Command::PublishRefused {
                        task: *task,
                        repository: repository.clone(),
                        head: head.clone(),
                        why: "nothing to review".into(),
                    });
                }
                let shown = self.open((*task, repository.clone()), head, *delivery);
                if let Some(commit) = shown.merged.clone() {
                    return Some(Command::PullRequestMerged {
                        task: *task,
                        repository: repository.clone(),
                        commit,
                    });
                }
                Some(Command::PullRequestOpened {
                    task: *task,
                    repository: repository.clone(),
                    number: shown.number,
                    head: shown.head.clone(),
                })
            }
            Effect::TryMerge {
                task,
                repositories,
                merge,
                ..
            } => {
                if !wanted {
                    return None;
                }
                Some(Command::MergeTried {
                    task: *task,
                    merge: *merge,
                    problems: trouble(rng, repositories, calm),
                })
            }
            Effect::MergePullRequest {
                task,
                repository,
                head,
                merge,
                ..
            } => {
                let (task, repository, merge) = (*task, repository.clone(), *merge);
                // What is merged in part is what most rules are about: the last of several is mostly refused.
                let others = self.pull_requests.iter();
                let mut others = others.filter(|((of, name), _)| *of == task && *name != repository);
                let is_last = others.clone().next().is_some() && others.all(|(_, known)| known.merged.is_some());
                let known = self.pull_requests.get_mut(&(task, repository.clone()))?;
                if let Some(commit) = &known.merged {
                    return Some(Command::PullRequestMerged {
                        task,
                        repository,
                        commit: commit.clone(),
                    });
                }
                if !wanted {
                    return None;
                }
                if known.head != *head {
                    return Some(Command::MergeRefused {
                        task,
                        repository,
                        merge,
                        why: "the head moved".into(),
                    });
                }
                let drawn = rng.u8(0..10);
                match drawn {
                    0 | 3..=6 if !calm && (is_last || drawn == 0) => Some(Command::MergeRefused {
                        task,
                        repository,
                        merge,
                        why: "no permission".into(),
                    }),
                    1 | 2 if !calm => {
                        let files = vec!["src/lib.rs".into()];
                        Some(Command::MergeConflicted {
                            task,
                            repository,
                            merge,
                            files,
                        })
                    }
                    _ => {
                        known.merged = Some(head.clone());
                        known.newest_then = self.opened;
                        *self.bases.entry(repository.clone()).or_default() += 1;
                        Some(Command::PullRequestMerged {
                            task,
                            repository,
                            commit: head.clone(),
                        })
                    }
                }
            }
            Effect::FollowBase { repository, .. } => self.base(repository),
            Effect::UpdateBranch {
                task, repository, head, ..
            } if wanted => self.update(rng, (*task, repository.clone()), head, calm),
            Effect::UpdateBranch { .. } => None,
            Effect::DescribePullRequest { task, repository, .. } => {
                let of_task = self.pull_requests.iter().filter(|((of, _), _)| of == task);
                let numbers = of_task.map(|(_, known)| known.number).collect();
                self.told.insert((*task, repository.clone()), numbers);
                None
            }
            Effect::PostReview { task, review, .. } => {
                self.reviews.insert((*task, *review));
                None
            }
            Effect::Revert {
                task,
                repositories,
                revert,
                ..
            } => {
                let trouble = match (wanted, rng.bool()) {
                    (true, true) if !calm => Some("app: conflicts in src/lib.rs".to_owned()),
                    _ => None,
                };
                for (place, repository) in repositories.iter().enumerate() {
                    let known = self.pull_requests.get_mut(&(*task, repository.clone()))?;
                    // Trouble may come before the first, or between two.
                    let stops = trouble.is_some() && (place > 0 || rng.bool());
                    known.reverted |= wanted && known.merged.is_some() && !stops;
                }
                let mine = self
                    .pull_requests
                    .iter()
                    .filter(|((of, _), known)| of == task && known.reverted);
                Some(Command::Reverted {
                    task: *task,
                    revert: *revert,
                    commits: mine
                        .map(|((_, name), known)| (name.clone(), known.head.clone()))
                        .collect(),
                    trouble,
                })
            }
            Effect::ClosePullRequest { task, repository, .. } => {
                if let Some(known) = self.pull_requests.get_mut(&(*task, repository.clone())) {
                    known.closed = true;
                }
                None
            }
            Effect::CleanUp { work, .. } => {
                self.cleaned.insert(*work);
                None
            }
            Effect::PostAnswers { task, delivery, .. } => {
                self.answers.insert((*task, *delivery));
                None
            }
            Effect::Enqueue { .. } | Effect::Dequeue { .. } => None,
        }
    }

    /// Somebody else pushes to a base.
    pub(crate) fn pushed(&mut self, repository: &RepositoryId) {
        *self.bases.entry(repository.clone()).or_default() += 1;
    }

    /// Where a base is, as it is told.
    pub(crate) fn base(&self, repository: &RepositoryId) -> Option<Command> {
        let BaseHead { branch, commit } = self.head_of(repository)?;
        Some(Command::SeeBase {
            repository: repository.clone(),
            branch,
            commit,
        })
    }

    fn head_of(&self, repository: &RepositoryId) -> Option<BaseHead> {
        let pushes = self.bases.get(repository).copied().unwrap_or(0);
        Some(BaseHead {
            branch: "main".parse().ok()?,
            commit: CommitId::new(format!("{pushes:040x}")).ok()?,
        })
    }

    /// Merges the base into a branch, mostly; asked again of the same commits, it answers the same.
    fn update(
        &mut self,
        rng: &mut Rng,
        (task, repository): (TaskId, RepositoryId),
        head: &CommitId,
        calm: bool,
    ) -> Option<Command> {
        let base = self.head_of(&repository)?;
        let known = self.pull_requests.get_mut(&(task, repository.clone()))?;
        if let Some(commit) = known.merged.clone() {
            return Some(Command::PullRequestMerged {
                task,
                repository,
                commit,
            });
        }
        let same = |(from, onto, came_to): &(CommitId, BaseHead, UpdateOutcome)| {
            from == head && (*onto == base || matches!(came_to, UpdateOutcome::Updated { .. }))
        };
        let outcome = match known.updated.clone().filter(same) {
            Some((_, _, before)) => before,
            None if known.head != *head => UpdateOutcome::NotPossible {
                why: "the head moved".into(),
            },
            None => match rng.u8(0..8) {
                0 | 1 => UpdateOutcome::UpToDate,
                2 | 3 if !calm => UpdateOutcome::Conflicts {
                    base: base.clone(),
                    files: vec!["src/lib.rs".into()],
                },
                4 if !calm => UpdateOutcome::NotPossible { why: "no room".into() },
                drawn => {
                    let commit = CommitId::new(format!("{:016x}{:024x}", rng.u64(..), rng.u64(..))).ok()?;
                    known.head = commit.clone();
                    let own = if drawn == 5 { vec!["src/lib.rs".into()] } else { vec![] };
                    UpdateOutcome::Updated {
                        base: base.clone(),
                        commit,
                        own,
                    }
                }
            },
        };
        if !matches!(outcome, UpdateOutcome::NotPossible { .. }) {
            known.updated = Some((head.clone(), base, outcome.clone()));
        }
        // What was known before, and the checks, the engine adds itself.
        Some(Command::UpdateTried {
            task,
            repository,
            head: head.clone(),
            moves: 0,
            outcome,
            checks: BTreeMap::new(),
        })
    }

    /// Finds the pull request and brings it up to date, or creates it. An older delivery that comes late finds what a
    /// newer one has pushed; a merged pull request stays as it is.
    fn open(&mut self, key: (TaskId, RepositoryId), head: &CommitId, delivery: u32) -> &PullRequest {
        let opened = &mut self.opened;
        let shown = self.pull_requests.entry(key).or_insert_with(|| {
            *opened += 1;
            PullRequest {
                number: *opened,
                head: head.clone(),
                merged: None,
                newest_then: 0,
                closed: false,
                reverted: false,
                delivery,
                updated: None,
            }
        });
        if shown.merged.is_none() && delivery > shown.delivery {
            shown.head = head.clone();
            shown.delivery = delivery;
        }
        shown
    }
}

/// What stands against merging; mostly nothing.
fn trouble(rng: &mut Rng, repositories: &[RepositoryId], calm: bool) -> Vec<MergeProblem> {
    let mut problems = Vec::new();
    for repository in repositories {
        let (conflicts, why) = match rng.u8(0..12) {
            _ if calm => continue,
            0 => (vec!["src/lib.rs".to_owned()], None),
            1 => (Vec::new(), Some("no permission".to_owned())),
            _ => continue,
        };
        problems.push(MergeProblem {
            repository: repository.clone(),
            conflicts,
            why,
        });
    }
    problems
}
