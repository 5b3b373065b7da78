//! Opening, merging and closing pull requests.

use std::fmt::Write;

use team6_core::ids::{BranchName, CommitId, PersonId, RepositoryId, SprintId, TaskId};
use team6_core::sprint::{Command, MergeMethod, MergeProblem, Sprint, Stage, Task};
use team6_core::time::Timestamp;
use team6_forge::{ForgeError, Merge, MergeOutcome, Mergeability, NewPullRequest, PullRequest, Resolution, State};

use super::Effects;
use super::checks::checks;
use crate::engine::{ENGINE, EffectError};

/// A merge that the owner asked for.
pub(super) struct WantedMerge {
    pub(super) task: TaskId,
    pub(super) repository: RepositoryId,
    pub(super) head: CommitId,
    pub(super) by: PersonId,
    pub(super) method: MergeMethod,
    pub(super) merge: u32,
}

impl Effects {
    pub(super) async fn open_pull_request(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
    ) -> Result<(), EffectError> {
        let at = self.parts.engine.now();
        let onto = self.read_task(sprint, task, |sprint, task| {
            sprint.goes_into(task, &repository).cloned()
        });
        let onto = onto.await?.flatten();
        // Hints for who reviews; without them it can be reviewed all the same.
        let weakened = match self.parts.evidence.weakened(&repository, onto.as_ref(), &head).await {
            Ok(weakened) => weakened,
            Err(error) => {
                tracing::warn!(%task, %repository, %error, "it is not known whether tests were weakened");
                Vec::new()
            }
        };
        let draft = self.read_task(sprint, task, |sprint, task| {
            let branch = task.branch.clone()?;
            let mut new = draft(sprint, task, &repository, branch, at);
            let mut checked = String::new();
            checks(&mut checked, task, &repository, &weakened);
            new.body.insert_str(0, &checked);
            Some(new)
        });
        let Some(new) = draft.await?.flatten() else {
            return Ok(());
        };
        let forge = &self.parts.forge;
        let opened = match forge.open_pull_request(&repository, &new).await {
            Ok(found) => forge.refresh(&repository, found.number, at).await,
            Err(error) => Err(error),
        };
        let command = match opened {
            // Merged while this waited: there is nothing left to review.
            Ok(PullRequest {
                state: State::Merged { commit, .. },
                ..
            }) => Command::PullRequestMerged {
                task,
                repository,
                commit,
            },
            Ok(pull_request) => Command::PullRequestOpened {
                task,
                repository,
                number: pull_request.number,
                head: pull_request.head().cloned().unwrap_or(head),
            },
            Err(error) if error.is_retryable() => return self.fails(sprint, task, repository, &error).await,
            Err(error) => Command::PublishRefused {
                task,
                repository,
                head,
                why: error.to_string(),
            },
        };
        self.tell(sprint, command).await
    }

    /// Tries all merges of a task, and makes none.
    pub(super) async fn try_merge(
        &self,
        sprint: SprintId,
        task: TaskId,
        repositories: &[RepositoryId],
        merge: u32,
    ) -> Result<(), EffectError> {
        let mut problems = Vec::new();
        for repository in repositories {
            let number = self.read_task(sprint, task, |_, task| task.pull_requests.get(repository)?.number);
            let Some(number) = number.await?.flatten() else {
                continue;
            };
            let (conflicts, why) = match self.parts.forge.mergeability(repository, number).await {
                Ok(Mergeability::Clean | Mergeability::NothingToMerge) => continue,
                Ok(Mergeability::Conflicts { files }) => (files.iter().map(|file| file.path.shown()).collect(), None),
                // Merged by somebody else, which is told, or closed.
                Ok(Mergeability::NotOpen) => match self.parts.forge.pull_request(repository, number).await {
                    Ok(PullRequest {
                        state: State::Merged { .. },
                        ..
                    }) => {
                        self.tell_if_merged(sprint, task, repository).await?;
                        continue;
                    }
                    _ => (Vec::new(), Some(format!("pull request #{number} is not open any more"))),
                },
                Err(error) if error.is_retryable() => {
                    return self.fails(sprint, task, repository.clone(), &error).await;
                }
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            problems.push(MergeProblem {
                repository: repository.clone(),
                conflicts,
                why,
            });
        }
        self.tell(sprint, Command::MergeTried { task, merge, problems }).await
    }

    pub(super) async fn merge(&self, sprint: SprintId, wanted: WantedMerge) -> Result<(), EffectError> {
        let WantedMerge {
            task,
            repository,
            merge,
            ..
        } = &wanted;
        let known = self.read_task(sprint, *task, |sprint, task| {
            let number = task.pull_requests.get(repository)?.number?;
            Some((number, message(sprint, task, number)))
        });
        let Some((number, message)) = known.await?.flatten() else {
            return Ok(());
        };
        let (task, repository, merge) = (*task, repository.clone(), *merge);
        let asked = Merge {
            key: format!("task-{task}/{repository}/{merge}"),
            method: wanted.method,
            expected_head: wanted.head,
            by: self.identity(&wanted.by),
            message,
            at: self.parts.engine.now(),
        };
        let command = match self.parts.forge.merge(&repository, number, &asked).await {
            Ok(MergeOutcome::Merged { commit }) => Command::PullRequestMerged {
                task,
                repository,
                commit,
            },
            Ok(MergeOutcome::Conflicts { files }) => Command::MergeConflicted {
                task,
                repository,
                merge,
                files: files.iter().map(|conflict| conflict.path.shown()).collect(),
            },
            Ok(refused) => Command::MergeRefused {
                task,
                why: refusal(&refused),
                repository,
                merge,
            },
            Err(error) if error.is_retryable() => return self.fails(sprint, task, repository, &error).await,
            Err(error) => Command::MergeRefused {
                task,
                why: error.to_string(),
                repository,
                merge,
            },
        };
        self.tell(sprint, command).await
    }

    /// It is tried again; people are told why it was not done yet.
    pub(super) async fn fails(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        error: &ForgeError,
    ) -> Result<(), EffectError> {
        let why = error.to_string();
        let command = Command::ForgeFails {
            task,
            repository,
            why: why.clone(),
        };
        self.tell(sprint, command).await?;
        Err(EffectError(why))
    }

    /// A merge that its owner wants no longer is not made; what was made before that is told.
    pub(super) async fn tell_if_merged(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: &RepositoryId,
    ) -> Result<(), EffectError> {
        let number = self.read_task(sprint, task, |_, task| task.pull_requests.get(repository)?.number);
        let Some(number) = number.await?.flatten() else {
            return Ok(());
        };
        // One that broke off after its push is found in the base only by looking.
        let known = self
            .parts
            .forge
            .refresh(repository, number, self.parts.engine.now())
            .await;
        let known = known.map_err(|error| EffectError(error.to_string()))?;
        let State::Merged { commit, .. } = known.state else {
            tracing::info!(%sprint, %task, %repository, number, "a merge is not made: its owner has decided otherwise since");
            return Ok(());
        };
        let repository = repository.clone();
        let command = Command::PullRequestMerged {
            task,
            repository,
            commit,
        };
        self.tell(sprint, command).await
    }

    pub(super) async fn close(
        &self,
        sprint: SprintId,
        repository: &RepositoryId,
        number: u64,
    ) -> Result<(), EffectError> {
        let by = Resolution {
            by: format!("{ENGINE} (sprint {sprint})"),
            at: self.parts.engine.now(),
        };
        match self.parts.forge.close(repository, number, &by).await {
            // Closed or merged by somebody else already.
            Ok(_) | Err(ForgeError::WrongState { .. } | ForgeError::UnknownPullRequest { .. }) => Ok(()),
            Err(error) => Err(EffectError(error.to_string())),
        }
    }
}

fn refusal(outcome: &MergeOutcome) -> String {
    match outcome {
        MergeOutcome::HeadMoved { now } => {
            format!(
                "the pull request has a newer commit, {}; look at it and approve again",
                now.short()
            )
        }
        MergeOutcome::BaseMoved { base } => format!("others keep pushing to {base}; merge again"),
        MergeOutcome::Refused { why, next } => format!("{why}; {next}"),
        MergeOutcome::Merged { .. } | MergeOutcome::Conflicts { .. } => String::new(),
    }
}

/// The pull request as its task and its agent describe it.
fn draft(sprint: &Sprint, task: &Task, repository: &RepositoryId, branch: BranchName, at: Timestamp) -> NewPullRequest {
    let mut body = String::new();
    if let Some(delivery) = &task.summary {
        let _ = writeln!(body, "## What\n\n{}\n", delivery.what.trim());
        if !delivery.why.trim().is_empty() {
            let _ = writeln!(body, "## Why\n\n{}\n", delivery.why.trim());
        }
        if !delivery.tests.is_empty() {
            body.push_str("## Tests that the agent says it ran\n\n");
            for test in &delivery.tests {
                let _ = writeln!(body, "- `{}`: {}", test.command, test.outcome);
            }
            body.push('\n');
        }
    }
    if !task.planned.acceptance_criteria.is_empty() {
        body.push_str("## Acceptance criteria\n\n");
        for criterion in &task.planned.acceptance_criteria {
            let _ = writeln!(body, "- {criterion}");
        }
        body.push('\n');
    }
    subtasks(&mut body, sprint, task);
    order(&mut body, task, repository);
    let _ = write!(body, "Task {} of sprint {}: {}", task.id, sprint.id, sprint.title());
    if let Some(owner) = &task.owner {
        let _ = write!(body, ". Owner: {owner}");
    }
    body.push_str(".\n");
    NewPullRequest {
        branch,
        base: sprint.goes_into(task, repository).cloned(),
        key: format!("task-{}", task.id),
        title: task.planned.title.clone(),
        body,
        author: task
            .agent
            .as_ref()
            .map_or_else(|| ENGINE.to_owned(), |choice| choice.agent.to_string()),
        at,
    }
}

/// Which other pull requests belong to this one, and which is merged first.
fn order(body: &mut String, task: &Task, repository: &RepositoryId) {
    let order = task.merge_order();
    if order.len() < 2 {
        return;
    }
    body.push_str("## One of several\n\nThe task is done when all of these are merged, in this order:\n\n");
    for (place, each) in order.iter().enumerate() {
        let number = task.pull_requests.get(each).and_then(|p| p.number);
        let number = number.map(|number| format!("#{number}")).unwrap_or_default();
        let here = if each == repository { " (this one)" } else { "" };
        let _ = writeln!(body, "{}. {each}{number}{here}", place + 1);
    }
    body.push('\n');
}

/// What each specialist did to whom a subtask was delegated.
fn subtasks(body: &mut String, sprint: &Sprint, task: &Task) {
    if task.subtasks.is_empty() {
        return;
    }
    body.push_str("## Subtasks\n\n");
    for subtask in sprint.subtasks(task) {
        let agent = subtask
            .agent
            .as_ref()
            .map_or_else(String::new, |choice| format!(" by {}", choice.agent));
        let _ = write!(body, "- Task {}, {}{agent}: ", subtask.id, subtask.planned.title);
        let integrated = subtask.subtask.as_ref().is_some_and(|delegated| delegated.integrated);
        let what = subtask
            .summary
            .as_ref()
            .map(|delivery| delivery.what.trim())
            .unwrap_or_default();
        let _ = match &subtask.work.stage {
            Stage::GivenUp { reason } => writeln!(body, "given up: {reason}"),
            Stage::Cancelled { by } => writeln!(body, "cancelled by {by}"),
            _ if integrated => writeln!(body, "{what}"),
            _ => writeln!(body, "{what} Its commits are not on this branch."),
        };
    }
    body.push('\n');
}

/// The message of the commit that brings the work into the base.
fn message(sprint: &Sprint, task: &Task, number: u64) -> String {
    let mut text = format!("{} (#{number})\n\n", task.planned.title.trim());
    if let Some(delivery) = &task.summary {
        let _ = writeln!(text, "{}\n", delivery.what.trim());
    }
    let _ = writeln!(text, "Task: {}\nSprint: {}", task.id, sprint.id);
    if let Some(agent) = &task.agent {
        let _ = writeln!(text, "Agent: {}", agent.agent);
    }
    text
}
