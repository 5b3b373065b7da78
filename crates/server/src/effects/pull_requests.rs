//! Opening, merging and closing pull requests.

use std::fmt::Write;

use team6_core::ids::{CommitId, PersonId, RepositoryId, SprintId, TaskId};
use team6_core::packet::quiet;
use team6_core::sprint::{Command, MergeMethod, MergeProblem, Sprint, Task};
use team6_forge::{ForgeError, Merge, MergeOutcome, Mergeability, NewPullRequest, PullRequest, Resolution, State};

use super::Effects;
use crate::engine::{ENGINE, EffectError};
use crate::packets::Places;

/// How often a description is written anew in one go.
const DESCRIPTIONS: u32 = 5;

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
        let Some(new) = self.draft(sprint, task, &repository).await? else {
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

    /// Says anew what a pull request is about. One that was merged or closed meanwhile stays as it is.
    pub(super) async fn describe(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: &RepositoryId,
    ) -> Result<(), EffectError> {
        let Some(mut new) = self.draft(sprint, task, repository).await? else {
            return Ok(());
        };
        for _ in 0..DESCRIPTIONS {
            match self.parts.forge.open_pull_request(repository, &new).await {
                Ok(_) => {}
                Err(error) if error.is_retryable() => return Err(EffectError(error.to_string())),
                Err(error) => {
                    tracing::warn!(%task, %repository, %error, "a pull request does not say what became of the others");
                    return Ok(());
                }
            }
            // Effects overtake each other: what was read before another change must not be what stays.
            match self.draft(sprint, task, repository).await? {
                Some(again) if again.body != new.body => new = again,
                _ => return Ok(()),
            }
        }
        Err(EffectError(format!(
            "what is said of task {task} in {repository} keeps changing"
        )))
    }

    /// The pull request as its review packet describes it.
    async fn draft(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: &RepositoryId,
    ) -> Result<Option<NewPullRequest>, EffectError> {
        let places = Places {
            engine: &self.parts.engine,
            forge: self.parts.forge.as_ref(),
            evidence: &self.parts.evidence,
        };
        let packet = places.packet(sprint, task).await;
        let Some(packet) = packet.map_err(|error| EffectError(error.to_string()))? else {
            return Ok(None);
        };
        let at = self.parts.engine.now();
        let draft = self.read_task(sprint, task, |sprint, task| {
            let by = task.agent.as_ref();
            Some(NewPullRequest {
                branch: task.branch.clone()?,
                base: sprint.goes_into(task, repository).cloned(),
                key: format!("task-{}", task.id),
                title: task.planned.title.clone(),
                body: packet.body(repository),
                author: by.map_or_else(|| ENGINE.to_owned(), |choice| choice.agent.to_string()),
                at,
            })
        });
        Ok(draft.await?.flatten())
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

/// The message of the commit that brings the work into the base.
fn message(sprint: &Sprint, task: &Task, number: u64) -> String {
    let mut text = format!("{} (#{number})\n\n", quiet(task.planned.title.trim()));
    if let Some(delivery) = &task.summary {
        let _ = writeln!(text, "{}\n", quiet(delivery.what.trim()));
    }
    let _ = writeln!(text, "Task: {}\nSprint: {}", task.id, sprint.id);
    if let Some(agent) = &task.agent {
        let _ = writeln!(text, "Agent: {}", agent.agent);
    }
    text
}
