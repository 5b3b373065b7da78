//! What people decide over: pull requests as the forge shows them, reviews, merges, and when a task is done.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::checks::{CheckOutcome, Receipt};
use team6_core::ids::{CheckName, CommitId, PersonId, RepositoryId, TaskId};
use team6_core::sprint::{Event, Sprint, Stage, Task, UpdateOutcome, Verdict, WorkId};

use super::{Found, Seen, ensure};
use crate::forge::Forge;

/// Repositories, each at one commit.
type Commits = BTreeMap<RepositoryId, CommitId>;

#[derive(Debug, Default)]
pub(super) struct Reviews {
    owners: BTreeMap<TaskId, PersonId>,
    /// Who decides for whom.
    deputies: BTreeMap<PersonId, PersonId>,
    /// What each subtask is a part of.
    parents: BTreeMap<TaskId, TaskId>,
    /// The commits that an owner approved.
    approved: BTreeMap<TaskId, Commits>,
    merge_wanted: BTreeSet<TaskId>,
    /// The tasks whose owner asked for a merge that the log says nothing more of.
    merging: BTreeSet<TaskId>,
    merged: BTreeSet<(TaskId, RepositoryId)>,
    /// The tasks of which every merge was tried since their owner asked for it.
    tried: BTreeSet<TaskId>,
    /// Checks that broke when they were last run, and at which commits.
    broken: BTreeSet<(TaskId, CheckName, Commits)>,
    /// The tasks whose owner has what was merged taken back, and what was.
    reverting: BTreeMap<TaskId, BTreeSet<RepositoryId>>,
    /// How many deliveries of each task answered threads.
    answered: BTreeMap<TaskId, usize>,
}

impl Reviews {
    pub(super) fn event(&mut self, seen: &Seen<'_>, sprint: &Sprint, forge: &Forge) -> Found {
        match seen.event {
            Event::DeputySet { by, owner, deputy, .. } => {
                let leads = *by == sprint.lead || self.deputies.get(&sprint.lead) == Some(by);
                match deputy {
                    Some(deputy) => self.deputies.insert(owner.clone(), deputy.clone()),
                    None => self.deputies.remove(owner),
                };
                ensure(by == owner || leads, "2 owner decides", || {
                    format!("{by} said who decides for {owner}")
                })
            }
            Event::OwnerSet { task, owner, .. } => {
                self.owners.insert(*task, owner.clone());
                Ok(())
            }
            Event::SubtaskAdded {
                task, parent, owner, ..
            } => {
                self.owners.insert(*task, owner.clone());
                self.parents.insert(*task, *parent);
                Ok(())
            }
            Event::ReviewSubmitted {
                task,
                by,
                verdict,
                heads,
                ..
            } => {
                if *verdict == Verdict::Comment {
                    return Ok(());
                }
                self.owned(*task, by, "decided over")?;
                match verdict {
                    Verdict::Approve => self.approved.insert(*task, heads.clone()),
                    _ => self.approved.remove(task),
                };
                Ok(())
            }
            // Whose files the base left alone is approved as before.
            Event::UpdateTried {
                task,
                repository,
                head,
                outcome: UpdateOutcome::Updated { commit, own, .. },
                ..
            } => {
                let approved = self.approved.get_mut(task).and_then(|heads| heads.get_mut(repository));
                if let Some(approved) = approved.filter(|approved| *approved == head && own.is_empty()) {
                    *approved = commit.clone();
                }
                Ok(())
            }
            Event::ApprovalVoided { task, .. } => {
                self.approved.remove(task);
                Ok(())
            }
            Event::CheckRecorded { task, receipt, .. } => {
                let of = (*task, receipt.check.name.clone(), at(receipt));
                match receipt.outcome {
                    CheckOutcome::Broke => self.broken.insert(of),
                    _ => self.broken.remove(&of),
                };
                Ok(())
            }
            // What breaks checks since it was approved is not what was approved.
            Event::ChecksSettled { task, .. } => {
                let Some(approved) = self.approved.get(task) else {
                    return Ok(());
                };
                let are_approved = |commits: &Commits| match commits.len() {
                    1 => commits.iter().all(|(name, commit)| approved.get(name) == Some(commit)),
                    // What is merged stands in its base, which is what the others are checked beside.
                    _ => approved
                        .iter()
                        .filter(|(name, _)| !self.merged.contains(&(*task, (*name).clone())))
                        .all(|(name, head)| commits.get(name) == Some(head)),
                };
                if self
                    .broken
                    .iter()
                    .any(|(of, _, commits)| of == task && are_approved(commits))
                {
                    self.approved.remove(task);
                }
                Ok(())
            }
            Event::MergeRequested { task, by, .. } => {
                self.owned(*task, by, "merged")?;
                self.merge_wanted.insert(*task);
                self.tried.remove(task);
                self.merging.insert(*task);
                self.parts_are_approved(*task, by, sprint)?;
                let pull_requests = sprint.tasks.get(task).map(|t| &t.pull_requests);
                let approved = self.approved.get(task);
                let unseen = pull_requests.into_iter().flatten().find(|(repository, p)| {
                    p.merged.is_none() && approved.and_then(|heads| heads.get(repository)) != Some(&p.head)
                });
                ensure(unseen.is_none(), "2 approved merge", || {
                    format!("{by} merges task {task}, and nobody approved {unseen:?}")
                })
            }
            Event::RevertRequested { task, by, .. } => {
                self.reverting.entry(*task).or_default();
                self.owned(*task, by, "reverted")
            }
            Event::PullRequestsReverted { task, commits, .. } => {
                let merged = |repository| self.merged.contains(&(*task, repository));
                let stray = commits.keys().find(|repository| !merged((*repository).clone()));
                let asked = self.reverting.get_mut(task);
                ensure(asked.is_some() && stray.is_none(), "15 reverted", || {
                    format!("task {task} is taken back, which nobody asked for, or {stray:?} was not merged")
                })?;
                asked
                    .into_iter()
                    .for_each(|known| known.extend(commits.keys().cloned()));
                Ok(())
            }
            Event::AttemptDelivered { answers, .. } => {
                if let (Some(WorkId::Task(task)), false) = (seen.work, answers.is_empty()) {
                    *self.answered.entry(task).or_default() += 1;
                }
                Ok(())
            }
            Event::MergeChecked { task, .. } => {
                self.tried.insert(*task);
                Ok(())
            }
            Event::PullRequestMerged { task, repository, .. } => {
                self.merged.insert((*task, repository.clone()));
                Ok(())
            }
            Event::MergeConflicted { task, .. } | Event::MergeFailed { task, .. } => {
                self.merging.remove(task);
                self.tried.remove(task);
                Ok(())
            }
            Event::TaskCancelled { task, by } => ensure(!self.merging.contains(task), "7 cancelled", || {
                format!("{by} cancelled task {task} while it is being merged")
            }),
            // What it is a part of was merged.
            Event::TaskDone { task } if self.parents.contains_key(task) => Ok(()),
            Event::TaskDone { task } => {
                self.merging.remove(task);
                let merged = sprint.tasks.get(task).is_some_and(|t| all_merged(t, forge));
                ensure(merged && self.merge_wanted.contains(task), "2 done", || {
                    format!("task {task} is done, but nobody merged all of it")
                })
            }
            _ => Ok(()),
        }
    }

    /// Whoever owns a part of a task has approved what was delivered of it.
    fn parts_are_approved(&self, whole: TaskId, by: &PersonId, sprint: &Sprint) -> Found {
        let is_part = |id: TaskId| {
            let mut above = std::iter::successors(self.parents.get(&id), |id| self.parents.get(id));
            above.any(|of| *of == whole)
        };
        let delivered = |id: &TaskId| sprint.tasks.get(id).is_some_and(|t| t.work.stage == Stage::Delivered);
        let parts = self.parents.keys().filter(|id| is_part(**id) && delivered(id));
        let unseen = parts
            .filter(|id| self.owners.get(id) != self.owners.get(&whole))
            .find(|id| !self.approved.contains_key(id));
        ensure(unseen.is_none(), "2 parts are approved", || {
            format!("{by} merges task {whole}, and the owner of task {unseen:?} has not approved it")
        })
    }

    /// What is merged now is what an owner approves of now.
    pub(super) fn may_merge(&self, task: &Task, repository: &RepositoryId, head: &CommitId, forge: &Forge) -> Found {
        let mine = forge.pull_requests.iter().filter(|((of, _), _)| *of == task.id);
        let taken_back = mine.clone().find(|(_, known)| known.reverted);
        ensure(taken_back.is_none(), "15 reverted", || {
            format!("task {} is merged on, and {taken_back:?} was taken back", task.id)
        })?;
        let is_merged = |repository: &RepositoryId| {
            let known = forge.pull_requests.get(&(task.id, repository.clone()));
            known.is_some_and(|p| p.merged.is_some())
        };
        let said = task.summary.iter().flat_map(|delivery| &delivery.merge_order);
        let order = said.chain(&task.planned.repositories);
        let mut before = order.take_while(|before| *before != repository);
        let early = before.find(|before| task.pull_requests.contains_key(*before) && !is_merged(before));
        let merged = is_merged(repository);
        ensure(merged || early.is_none(), "7 merge order", || {
            format!("task {} is merged in {repository} before {early:?}", task.id)
        })?;
        let open = task
            .pull_requests
            .keys()
            .filter(|repository| !is_merged(repository))
            .count();
        let first = open == task.pull_requests.len();
        let tried = open < 2 || !first || self.tried.contains(&task.id);
        ensure(merged || tried, "7 tried first", || {
            format!(
                "task {} is merged in {repository}, and nobody knows whether the rest can be",
                task.id
            )
        })?;
        let task = task.id;
        let approved = self.approved.get(&task).and_then(|heads| heads.get(repository));
        ensure(merged || approved == Some(head), "2 approved merge", || {
            format!("task {task} is merged at {head} in {repository}, and {approved:?} is approved")
        })
    }

    /// The answers of agents to threads were shown in the end.
    pub(super) fn answers_were_shown(&self, forge: &Forge) -> Found {
        // By number only: pull requests that are opened anew are counted as deliveries by the core, and answer nothing.
        let shown = |task: &TaskId| forge.answers.iter().filter(|(of, _)| of == task).count();
        let missing = self.answered.iter().find(|(task, answered)| shown(task) != **answered);
        ensure(missing.is_none(), "7 answers", || {
            format!("the forge did not show once what each delivery answered: {missing:?}")
        })
    }

    /// Only what an owner wants taken back is, and nothing of it is merged on.
    pub(super) fn may_revert(&self, task: &Task) -> Found {
        ensure(self.reverting.contains_key(&task.id), "15 reverted", || {
            format!("task {} is taken back, and its owner never asked for it", task.id)
        })
    }

    fn owned(&self, task: TaskId, by: &PersonId, did: &str) -> Found {
        let owner = self.owners.get(&task);
        let acts = owner == Some(by) || owner.is_some_and(|owner| self.deputies.get(owner) == Some(by));
        ensure(acts, "2 owner decides", || {
            format!("{by} {did} task {task}, whose owner is {owner:?}")
        })
    }

    /// There is one pull request for each task and repository, and what the sprint believes of it is true.
    pub(super) fn as_the_forge_shows(&self, sprint: &Sprint, forge: &Forge) -> Found {
        for task in sprint.tasks.values() {
            let in_review = task.work.stage == Stage::InReview;
            for (repository, believed) in &task.pull_requests {
                let shown = forge.pull_requests.get(&(task.id, repository.clone()));
                let merged = self.merged.contains(&(task.id, repository.clone()));
                ensure(!merged || believed.merged.is_some(), "7 one pull request", || {
                    format!(
                        "task {} opens a second pull request in {repository} after the merge",
                        task.id
                    )
                })?;
                ensure(
                    believed.number.is_none() || believed.number == shown.map(|p| p.number),
                    "7 effects",
                    || format!("task {} believes in {believed:?}, the forge shows {shown:?}", task.id),
                )?;
                ensure(
                    believed.merged.is_none() || shown.is_some_and(|p| p.merged == believed.merged),
                    "7 effects",
                    || format!("task {} believes {repository} merged, the forge does not", task.id),
                )?;
                let current = shown.is_some_and(|p| p.merged.is_some() || p.head == believed.head);
                ensure(!in_review || current, "7 effects", || {
                    format!(
                        "task {} is in review with {believed:?}, the forge shows {shown:?}",
                        task.id
                    )
                })?;
            }
        }
        Ok(())
    }
}

/// What a check was run at: one commit, or that of each repository that is checked together.
fn at(receipt: &Receipt) -> Commits {
    let run = &receipt.run;
    let beside = run
        .beside
        .iter()
        .map(|(other, checkout)| (other.clone(), checkout.commit.clone()));
    beside
        .chain([(receipt.repository.clone(), run.commit.clone())])
        .collect()
}

fn all_merged(task: &Task, forge: &Forge) -> bool {
    let merged = |repository: &RepositoryId| {
        let shown = forge.pull_requests.get(&(task.id, repository.clone()));
        shown.is_some_and(|p| p.merged.is_some() && !p.reverted)
    };
    !task.pull_requests.is_empty() && task.pull_requests.keys().all(merged)
}

/// Each of several pull requests of a task that was merged names the others that were there by then.
fn siblings_were_told(task: &Task, forge: &Forge) -> Found {
    if task.pull_requests.len() < 2 || task.work.stage != Stage::Done {
        return Ok(());
    }
    let numbers: BTreeSet<u64> = task.pull_requests.values().filter_map(|p| p.number).collect();
    let tells = |repository: &&RepositoryId| {
        let key = (task.id, (*repository).clone());
        let newest = forge.pull_requests.get(&key).map_or(0, |known| known.newest_then);
        let others: BTreeSet<u64> = numbers.iter().copied().filter(|number| *number <= newest).collect();
        others.len() < 2 || forge.told.get(&key).is_some_and(|told| told.is_superset(&others))
    };
    let silent = task.pull_requests.keys().find(|repository| !tells(repository));
    ensure(silent.is_none(), "7 siblings", || {
        format!(
            "the pull request of task {} in {silent:?} does not name all of {numbers:?}",
            task.id
        )
    })
}

/// Whatever the engine owed to the outside was done in the end.
pub(super) fn everything_was_shown(sprint: &Sprint, forge: &Forge) -> Found {
    for task in sprint.tasks.values() {
        let missing = task.reviews.iter().find(|r| !forge.reviews.contains(&(task.id, r.id)));
        ensure(missing.is_none(), "7 effects", || {
            format!("the forge never showed this review of task {}: {missing:?}", task.id)
        })?;
        siblings_were_told(task, forge)?;
        let known = |repository: &RepositoryId| task.pull_requests.get(repository).and_then(|p| p.merged.as_ref());
        let mine = forge.pull_requests.iter().filter(|((id, _), _)| *id == task.id);
        let denied = mine
            .clone()
            .find(|((_, repository), p)| p.merged.is_some() && known(repository).is_none());
        ensure(denied.is_none(), "7 merged is known", || {
            format!(
                "task {} does not know what the forge has merged of it: {denied:?}",
                task.id
            )
        })?;
        let ended_unmerged = match task.work.stage {
            Stage::Done => task.subtask.is_some(),
            _ => task.work.stage.is_ended(),
        };
        let secret = mine.clone().find(|((_, repository), p)| {
            let known = task.pull_requests.get(repository);
            p.reverted && known.is_some_and(|p| p.reverted.is_none())
        });
        ensure(secret.is_none(), "15 reverted", || {
            format!("task {} does not know what was taken back of it: {secret:?}", task.id)
        })?;
        if ended_unmerged {
            ensure(!all_merged(task, forge), "7 cancelled is not merged", || {
                format!("task {} was cancelled, and the forge has merged all of it", task.id)
            })?;
            let mine = forge.pull_requests.iter().filter(|((id, _), _)| *id == task.id);
            let open = mine.map(|(_, p)| p).find(|p| p.merged.is_none() && !p.closed);
            ensure(open.is_none(), "7 effects", || {
                format!(
                    "task {} was cancelled, and its pull request stays open: {open:?}",
                    task.id
                )
            })?;
        }
        let cleaned = forge.cleaned.contains(&WorkId::Task(task.id));
        let worked = task.approved.is_some() && task.work.stage.is_ended();
        ensure(!worked || cleaned, "10 ended", || {
            format!("nobody cleaned up after task {}", task.id)
        })?;
    }
    Ok(())
}
