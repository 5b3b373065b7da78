//! Review and merge: the owner's part.

use std::collections::BTreeMap;

use super::{Decider, check_text, stage_name};
use crate::failure::{Failure, FailureKind};
use crate::ids::{CommitId, PersonId, RepositoryId, ReviewId, TaskId, ThreadId};
use crate::sprint::{Event, MergeMethod, MergeProblem, Refusal, ReviewComment, Stage, Task, Verdict, WorkId};

impl Decider<'_> {
    pub(super) fn pull_request_opened(
        &mut self,
        task: TaskId,
        repository: RepositoryId,
        number: u64,
        head: CommitId,
    ) -> Result<(), Refusal> {
        let known = self.task(task)?;
        let ended = known.work.stage.is_ended();
        let known = known.pull_requests.get(&repository);
        let pull_request = known.ok_or_else(|| Refusal::NoPullRequest {
            task,
            repository: repository.clone(),
        })?;
        // An older head comes from an effect that was carried out late; the newer one is on its way.
        let news = pull_request.head == head && pull_request.shown.as_ref() != Some(&head);
        // One that was opened while the task ended is closed again.
        let stray = ended && pull_request.number.is_none();
        if news || stray {
            self.emit(Event::PullRequestOpened {
                task,
                repository,
                number,
                head,
            });
            self.wake(WorkId::Task(task));
        }
        Ok(())
    }

    pub(super) fn publish_refused(
        &mut self,
        id: TaskId,
        repository: &RepositoryId,
        head: &CommitId,
        why: &str,
    ) -> Result<(), Refusal> {
        let task = self.task(id)?;
        let pending = matches!(&task.work.stage, Stage::Publishing { pending, .. } if pending.contains(repository));
        let current = task.pull_requests.get(repository).is_some_and(|p| p.head == *head);
        if pending && current {
            self.publish_failed(id, format!("no pull request in {repository}: {why}"));
        }
        Ok(())
    }

    /// A person decides what becomes of it; if one has written to the agent meanwhile, that decides.
    pub(super) fn publish_failed(&mut self, task: TaskId, text: String) {
        let failure = Failure {
            kind: FailureKind::PublishFailed,
            text,
            until: None,
        };
        self.emit(Event::PublishFailed { task, failure });
        self.wake(WorkId::Task(task));
    }

    pub(super) fn submit_review(
        &mut self,
        by: PersonId,
        id: TaskId,
        verdict: Verdict,
        body: String,
        comments: Vec<ReviewComment>,
        heads: &BTreeMap<RepositoryId, CommitId>,
    ) -> Result<(), Refusal> {
        self.open()?;
        let task = match verdict {
            Verdict::Comment => self.task(id)?,
            Verdict::Approve | Verdict::RequestChanges => self.owned(id, &by)?,
        };
        self.reviewable(task)?;
        if verdict == Verdict::RequestChanges {
            self.not_taken_over(id)?;
        }
        check_text(&body)?;
        comments.iter().try_for_each(|comment| check_text(&comment.text))?;
        if body.trim().is_empty() && comments.is_empty() && verdict != Verdict::Approve {
            return Err(Refusal::EmptyReview);
        }
        let offered = |repository: &RepositoryId| task.pull_requests.get(repository).map(|p| &p.head);
        let comments_on = comments.iter().map(|c| &c.repository);
        if let Some(repository) = comments_on.chain(heads.keys()).find(|r| offered(r).is_none()) {
            return Err(Refusal::NoPullRequest {
                task: id,
                repository: repository.clone(),
            });
        }
        if heads.iter().any(|(repository, head)| offered(repository) != Some(head)) {
            return Err(Refusal::ReviewOutdated { task: id });
        }
        let heads = task
            .pull_requests
            .iter()
            .map(|(repository, p)| (repository.clone(), p.head.clone()))
            .collect();
        let review = ReviewId(self.sprint.reviews + 1);
        let threads = (self.sprint.threads + 1..).map(ThreadId);
        let comments = threads.zip(comments).collect();
        self.emit(Event::ReviewSubmitted {
            task: id,
            review,
            by,
            verdict,
            body,
            comments,
            heads,
        });
        self.schedule(WorkId::Task(id));
        Ok(())
    }

    pub(super) fn merge(&mut self, by: PersonId, id: TaskId, method: MergeMethod) -> Result<(), Refusal> {
        self.open()?;
        let task = self.owned(id, &by)?;
        self.in_review(task)?;
        if task.taking_back {
            return Err(Refusal::RevertBegun { task: id });
        }
        if task.approved_by.is_none() {
            return Err(Refusal::NotReviewed { task: id });
        }
        let missing = self.sprint.unapproved_subtasks(task);
        if !missing.is_empty() {
            return Err(Refusal::SubtasksNotApproved { task: id, missing });
        }
        let merge = task.merges + 1;
        self.emit(Event::MergeRequested {
            task: id,
            by,
            method,
            merge,
        });
        Ok(())
    }

    /// Nothing of a task is merged if a part of it could not be: the agent resolves the first conflict, or its owner decides.
    pub(super) fn merge_tried(&mut self, id: TaskId, merge: u32, problems: Vec<MergeProblem>) -> Result<(), Refusal> {
        let task = self.task(id)?;
        let waits = matches!(task.work.stage, Stage::Merging { checked: false, .. });
        if task.merges != merge || !waits {
            return Ok(());
        }
        let refused: Vec<String> = problems
            .iter()
            .filter_map(|problem| Some(format!("{}: {}", problem.repository, problem.why.as_ref()?)))
            .collect();
        if !refused.is_empty() {
            self.merge_failed(id, merge, format!("nothing was merged: {}", refused.join("; ")));
            return Ok(());
        }
        match problems.into_iter().find(|problem| !problem.conflicts.is_empty()) {
            Some(problem) => self.merge_conflicted(id, problem.repository, merge, problem.conflicts),
            None => {
                self.emit(Event::MergeChecked { task: id, merge });
                Ok(())
            }
        }
    }

    /// What the forge has merged is merged, whatever people have decided since: a task that was cancelled before its
    /// merge was known is done if all of it is in the base.
    pub(super) fn pull_request_merged(
        &mut self,
        id: TaskId,
        repository: RepositoryId,
        commit: CommitId,
    ) -> Result<(), Refusal> {
        let task = self.task(id)?;
        let known = task.pull_requests.get(&repository);
        let pull_request = known.ok_or_else(|| Refusal::NoPullRequest {
            task: id,
            repository: repository.clone(),
        })?;
        if pull_request.merged.is_some() {
            return Ok(());
        }
        self.emit(Event::PullRequestMerged {
            task: id,
            repository,
            commit,
        });
        self.settle_merged(id);
        Ok(())
    }

    /// Ends a task of which all is merged, unless something of it may have been taken back.
    pub(super) fn settle_merged(&mut self, id: TaskId) {
        let Some(task) = self.sprint.tasks.get(&id) else { return };
        if !task.is_merged() || task.taking_back || task.work.stage == Stage::Done {
            return;
        }
        let dependents = task.dependents.clone();
        self.take_back(WorkId::Task(id));
        self.emit(Event::TaskDone { task: id });
        self.end_subtasks(id);
        for dependent in dependents {
            self.schedule(WorkId::Task(dependent));
        }
        self.finish();
    }

    pub(super) fn merge_conflicted(
        &mut self,
        id: TaskId,
        repository: RepositoryId,
        merge: u32,
        files: Vec<String>,
    ) -> Result<(), Refusal> {
        let task = self.task(id)?;
        // An answer to an older request changes nothing.
        if task.merges == merge && matches!(task.work.stage, Stage::Merging { .. }) {
            self.emit(Event::MergeConflicted {
                task: id,
                repository,
                merge,
                files,
            });
            self.schedule(WorkId::Task(id));
        }
        Ok(())
    }

    /// Matters as long as something of it is under way.
    pub(super) fn forge_fails(&mut self, id: TaskId, repository: RepositoryId, why: String) -> Result<(), Refusal> {
        check_text(&why)?;
        let task = self.task(id)?;
        let under_way = match &task.work.stage {
            Stage::Merging { pending, .. } | Stage::Publishing { pending, .. } => pending.contains(&repository),
            Stage::Reverting { .. } => true,
            _ => false,
        };
        if under_way && task.forge_trouble.as_ref() != Some(&why) {
            self.emit(Event::ForgeFailed {
                task: id,
                repository,
                why,
            });
        }
        Ok(())
    }

    pub(super) fn merge_refused(&mut self, id: TaskId, merge: u32, why: String) -> Result<(), Refusal> {
        let task = self.task(id)?;
        if task.merges == merge && matches!(task.work.stage, Stage::Merging { .. }) {
            self.merge_failed(id, merge, why);
        }
        Ok(())
    }

    /// The owner decides again; if somebody has written to the agent meanwhile, it goes first.
    pub(super) fn merge_failed(&mut self, task: TaskId, merge: u32, why: String) {
        self.emit(Event::MergeFailed { task, merge, why });
        self.wake(WorkId::Task(task));
    }

    /// What was delivered can be looked at: also a subtask's, before it is a part of its parent.
    fn reviewable(&self, task: &Task) -> Result<(), Refusal> {
        match task.work.stage {
            Stage::Delivered => Ok(()),
            _ => self.in_review(task),
        }
    }

    fn in_review(&self, task: &Task) -> Result<(), Refusal> {
        if task.work.stage == Stage::InReview {
            Ok(())
        } else {
            Err(Refusal::NotInReview {
                task: task.id,
                stage: stage_name(&task.work.stage).into(),
            })
        }
    }
}
