//! Bringing branches up to date with bases that moved.

use std::fmt::Write;

use team6_core::ids::{CommitId, RepositoryId, SprintId, TaskId};
use team6_core::sprint::{BaseHead, Command, Sprint, Task, UpdateOutcome};
use team6_forge::{BranchUpdate, BranchUpdated, PullRequest, State};

use super::Effects;
use crate::engine::EffectError;

/// What is known of a branch before it is brought up to date.
struct Behind {
    number: u64,
    /// How often its base was known to have moved. It is read before the base is, so that a move is never missed.
    moves: u32,
    base: BaseHead,
    message: String,
    /// Whether it was asked for again because no answer had come for long.
    asked_again: bool,
}

impl Effects {
    /// Looks where a base is, and tells everybody who builds on it.
    pub(super) async fn follow_base(&self, sprint: SprintId, repository: &RepositoryId) -> Result<(), EffectError> {
        let project = self.read(sprint, |sprint| sprint.project.clone()).await?;
        let known = self.parts.engine.project(&project).await;
        let known = known.map_err(|error| EffectError(error.to_string()))?;
        let target = known.repositories.get(repository).filter(|_| known.update_branches);
        let Some(target) = target else { return Ok(()) };
        let commit = match self.parts.forge.base(repository).await {
            Ok(commit) => commit,
            Err(error) if error.is_retryable() => return Err(EffectError(error.to_string())),
            Err(error) => {
                tracing::warn!(%sprint, %repository, %error, "it is not known where its base is");
                return Ok(());
            }
        };
        let told = self
            .parts
            .engine
            .see_base(&project, repository, &target.branch, &commit)
            .await;
        told.map_err(|error| EffectError(error.to_string()))
    }

    pub(super) async fn update_branch(
        &self,
        sprint: SprintId,
        task: TaskId,
        repository: RepositoryId,
        head: CommitId,
        update: u32,
    ) -> Result<(), EffectError> {
        let known = self.read_task(sprint, task, |sprint, task| behind(sprint, task, &repository, update));
        let Some(behind) = known.await?.flatten() else {
            return Ok(());
        };
        let asked = BranchUpdate {
            expected_head: head.clone(),
            message: behind.message,
            at: self.parts.engine.now(),
        };
        let branch = behind.base.branch;
        let on = |commit: CommitId| BaseHead {
            branch: branch.clone(),
            commit,
        };
        let forge = &self.parts.forge;
        let outcome = match forge.update_branch(&repository, behind.number, &asked).await {
            Ok(BranchUpdated::UpToDate) => UpdateOutcome::UpToDate,
            Ok(BranchUpdated::Updated { commit, base, own }) => UpdateOutcome::Updated {
                base: on(base),
                commit,
                own: own.iter().map(team6_forge::RepoPath::shown).collect(),
            },
            Ok(BranchUpdated::Conflicts { base, files }) => UpdateOutcome::Conflicts {
                base: on(base),
                files: files.iter().map(|file| file.path.shown()).collect(),
            },
            Ok(BranchUpdated::HeadMoved { now }) => UpdateOutcome::NotPossible {
                why: format!(
                    "its branch is at {}; request changes, so that it is delivered anew",
                    now.short()
                ),
            },
            Ok(BranchUpdated::NotOpen) => match forge.pull_request(&repository, behind.number).await {
                Ok(PullRequest {
                    state: State::Merged { .. },
                    ..
                }) => return self.tell_if_merged(sprint, task, &repository).await,
                _ => UpdateOutcome::NotPossible {
                    why: format!("pull request #{} is not open any more", behind.number),
                },
            },
            Err(error) if error.is_retryable() && !behind.asked_again => {
                return self.fails(sprint, task, repository, &error).await;
            }
            Err(error) => UpdateOutcome::NotPossible { why: error.to_string() },
        };
        let seen = match &outcome {
            UpdateOutcome::Updated { base, .. } | UpdateOutcome::Conflicts { base, .. } => Some(base.commit.clone()),
            UpdateOutcome::UpToDate | UpdateOutcome::NotPossible { .. } => None,
        };
        let command = Command::UpdateTried {
            task,
            repository: repository.clone(),
            head,
            moves: behind.moves,
            outcome,
            checks: [].into(),
        };
        self.tell(sprint, command).await?;
        // Somebody else may have pushed meanwhile.
        let Some(commit) = seen else { return Ok(()) };
        let project = self.read(sprint, |sprint| sprint.project.clone()).await?;
        let told = self
            .parts
            .engine
            .see_base(&project, &repository, &branch, &commit)
            .await;
        told.map_err(|error| EffectError(error.to_string()))
    }
}

fn behind(sprint: &Sprint, task: &Task, repository: &RepositoryId, update: u32) -> Option<Behind> {
    let base = sprint.bases.get(repository)?;
    Some(Behind {
        number: task.pull_requests.get(repository)?.number?,
        moves: base.moves,
        base: base.head.clone()?,
        message: message(sprint, task, repository)?,
        asked_again: task.updating.begun > update,
    })
}

/// The message of the commit that merges the base into the work.
fn message(sprint: &Sprint, task: &Task, repository: &RepositoryId) -> Option<String> {
    let head = sprint.bases.get(repository)?.head.as_ref()?;
    let mut text = format!("Merge {} into {}\n\n", head.branch, task.branch.as_ref()?);
    let merged = sprint.merged_since(task, repository);
    for task in merged.iter().filter_map(|id| sprint.tasks.get(id)) {
        let number = task.pull_requests.get(repository).and_then(|p| p.number);
        let number = number.map(|number| format!(" (#{number})")).unwrap_or_default();
        let _ = writeln!(
            text,
            "It brings in task {}: {}{number}",
            task.id,
            task.planned.title.trim()
        );
    }
    let _ = write!(text, "\nTask: {}\nSprint: {}\n", task.id, sprint.id);
    Some(text)
}
