//! Taking merges back.

use std::collections::BTreeMap;

use team6_core::ids::{CommitId, PersonId, RepositoryId, SprintId, TaskId};
use team6_core::sprint::{Command, Sprint, Task};
use team6_forge::{Conflict, Identity, Revert, RevertOutcome};

use super::Effects;
use crate::engine::EffectError;

/// What the owner wants taken back.
pub(super) struct WantedRevert<'a> {
    pub(super) task: TaskId,
    pub(super) repositories: &'a [RepositoryId],
    pub(super) by: &'a PersonId,
    pub(super) revert: u32,
}

impl Effects {
    /// Tries all before the first is made. What its owner wants no longer is not made; what was made before that is told.
    pub(super) async fn revert(
        &self,
        sprint: SprintId,
        order: WantedRevert<'_>,
        wanted: bool,
    ) -> Result<(), EffectError> {
        let (task, mut commits) = (order.task, BTreeMap::new());
        let mut trouble = match wanted {
            true => self.cannot_be_reverted(sprint, &order).await?,
            false => self.reverted_before(sprint, &order, &mut commits).await?,
        };
        for repository in order.repositories.iter().filter(|_| wanted) {
            if trouble.is_some() {
                break;
            }
            let Some((number, revert)) = self.described(sprint, &order, repository).await? else {
                continue;
            };
            match self.parts.forge.revert(repository, number, &revert).await {
                Ok(RevertOutcome::Reverted { commit }) => drop(commits.insert(repository.clone(), commit)),
                Ok(outcome) => trouble = keeps(repository, &outcome),
                Err(error) if error.is_retryable() => {
                    return self.fails(sprint, task, repository.clone(), &error).await;
                }
                Err(error) => trouble = Some(format!("{repository}: {error}")),
            }
        }
        let command = Command::Reverted {
            task,
            revert: order.revert,
            commits,
            trouble,
        };
        self.tell(sprint, command).await
    }

    /// What keeps any of them from being taken back.
    async fn cannot_be_reverted(
        &self,
        sprint: SprintId,
        order: &WantedRevert<'_>,
    ) -> Result<Option<String>, EffectError> {
        let mut problems = Vec::new();
        for repository in order.repositories {
            let Some((number, revert)) = self.described(sprint, order, repository).await? else {
                continue;
            };
            match self.parts.forge.dry_run_revert(repository, number, &revert).await {
                Ok(outcome) => problems.extend(keeps(repository, &outcome)),
                Err(error) if error.is_retryable() => {
                    self.fails(sprint, order.task, repository.clone(), &error).await?;
                }
                Err(error) => problems.push(format!("{repository}: {error}")),
            }
        }
        Ok((!problems.is_empty()).then(|| format!("nothing was reverted: {}", problems.join("; "))))
    }

    async fn reverted_before(
        &self,
        sprint: SprintId,
        order: &WantedRevert<'_>,
        commits: &mut BTreeMap<RepositoryId, CommitId>,
    ) -> Result<Option<String>, EffectError> {
        for repository in order.repositories {
            let Some((number, _)) = self.described(sprint, order, repository).await? else {
                continue;
            };
            let known = self.parts.forge.pull_request(repository, number).await;
            let known = known.map_err(|error| EffectError(error.to_string()))?;
            commits.extend(known.reverted.map(|reverted| (repository.clone(), reverted.commit)));
        }
        Ok(Some("it was decided otherwise".to_owned()))
    }

    async fn described(
        &self,
        sprint: SprintId,
        order: &WantedRevert<'_>,
        repository: &RepositoryId,
    ) -> Result<Option<(u64, Revert)>, EffectError> {
        let by = self.identity(order.by);
        let at = self.parts.engine.now();
        let read = self.read_task(sprint, order.task, |sprint, task| {
            describe(sprint, task, repository, by, at)
        });
        Ok(read.await?.flatten())
    }
}

/// The number of a pull request, and its revert, also for who only asks what would come of it.
pub(crate) fn describe(
    sprint: &Sprint,
    task: &Task,
    repository: &RepositoryId,
    by: Identity,
    at: team6_core::time::Timestamp,
) -> Option<(u64, Revert)> {
    let offered = task.pull_requests.get(repository)?;
    let (number, merged) = (offered.number?, offered.merged.as_ref()?);
    let title = team6_core::packet::quiet(task.planned.title.trim());
    let message = format!(
        "Revert \"{title}\" (#{number})\n\nThis takes back {merged}: the task could not be merged in all of its \
         repositories.\n\nTask: {}\nSprint: {}\n",
        task.id, sprint.id
    );
    let revert = Revert {
        key: format!("task-{}/{repository}/revert", task.id),
        by,
        message,
        at,
    };
    Some((number, revert))
}

/// What keeps something from being taken back.
fn keeps(repository: &RepositoryId, outcome: &RevertOutcome) -> Option<String> {
    match outcome {
        RevertOutcome::Reverted { .. } => None,
        RevertOutcome::Conflicts { files } => {
            let files: Vec<String> = files.iter().map(shown).collect();
            Some(format!("{repository}: later work builds on it in {}", files.join(", ")))
        }
        RevertOutcome::BaseMoved { base } => Some(format!("{repository}: others keep pushing to {base}")),
        RevertOutcome::Refused { why, next } => Some(format!("{repository}: {why}; {next}")),
    }
}

fn shown(conflict: &Conflict) -> String {
    conflict.path.shown()
}
