//! A forge that does what it is asked, at least once, and sometimes late: what people see of the sprint outside.

use std::collections::BTreeMap;

use fastrand::Rng;
use team6_core::ids::{CommitId, RepositoryId, TaskId};
use team6_core::sprint::{Command, Effect};

/// The pull requests, by task and repository.
#[derive(Debug, Default)]
pub(crate) struct Forge {
    pub(crate) pull_requests: BTreeMap<(TaskId, RepositoryId), PullRequest>,
    opened: u64,
}

#[derive(Debug)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) head: CommitId,
    pub(crate) merged: Option<CommitId>,
}

impl Forge {
    /// Does what an effect asks; gives the answer, if it has one.
    pub(crate) fn carry_out(&mut self, rng: &mut Rng, effect: &Effect, calm: bool) -> Option<Command> {
        match effect {
            Effect::OpenPullRequest {
                task, repository, head, ..
            } => {
                if !calm && rng.u8(0..20) == 0 {
                    return Some(Command::PublishRefused {
                        task: *task,
                        repository: repository.clone(),
                        head: head.clone(),
                        why: "nothing to review".into(),
                    });
                }
                let key = (*task, repository.clone());
                let number = match self.pull_requests.get_mut(&key) {
                    Some(known) => {
                        known.head = head.clone();
                        known.number
                    }
                    None => {
                        self.opened += 1;
                        let made = PullRequest {
                            number: self.opened,
                            head: head.clone(),
                            merged: None,
                        };
                        self.pull_requests.insert(key, made);
                        self.opened
                    }
                };
                Some(Command::PullRequestOpened {
                    task: *task,
                    repository: repository.clone(),
                    number,
                    head: head.clone(),
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
                let known = self.pull_requests.get_mut(&(task, repository.clone()))?;
                if let Some(commit) = &known.merged {
                    return Some(Command::PullRequestMerged {
                        task,
                        repository,
                        commit: commit.clone(),
                    });
                }
                if known.head != *head {
                    return Some(Command::MergeRefused {
                        task,
                        repository,
                        merge,
                        why: "the head moved".into(),
                    });
                }
                match rng.u8(0..10) {
                    0 if !calm => Some(Command::MergeRefused {
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
                        Some(Command::PullRequestMerged {
                            task,
                            repository,
                            commit: head.clone(),
                        })
                    }
                }
            }
            _ => None,
        }
    }
}
