//! Puts right what an earlier run left: processes, workspaces, and attempts that nobody makes any more.

use std::collections::BTreeMap;
use std::path::Path;

use team6_core::ids::{AttemptId, FencingToken, PersonId};
use team6_core::sprint::{Command, Sprint, Stage};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;
use team6_worker::control::WorkName;
use team6_worker::is_of_no_attempt;
use team6_workspace::{Provisioner, Swept};

use super::error::AppError;
use crate::config::Person;
use crate::control::{ControlParts, live};
use crate::engine::{ENGINE, Engine, EngineError};

/// What was found of an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Processes that were ended.
    pub processes: u32,
    /// Workspaces whose work was kept and that were removed.
    pub workspaces: usize,
    /// Attempts that will be gone on with.
    pub attempts: usize,
}

pub(super) async fn recover(
    parts: &ControlParts,
    provisioner: &dyn Provisioner,
    data_folder: &str,
) -> Result<Recovered, AppError> {
    let name = data_folder.to_owned();
    // Agents first: they must not write into what is being saved.
    let ended = tokio::task::spawn_blocking(move || team6_sandbox::sweep(&name)).await;
    let processes = ended.map(|swept| swept.ended).unwrap_or_default();
    let live: Vec<String> = live_names(parts).await?.into_iter().map(|name| name.0).collect();
    let Swept { workspaces, left_alone } = provisioner.sweep(&live).await?;
    for (key, why) in left_alone {
        tracing::warn!(workspace = key, why, "a workspace of an earlier run was left as it is");
    }
    let attempts = interrupt_all(parts).await?;
    // Every worker was a part of the process that ended, so nobody holds a lease.
    parts
        .queue
        .recover_stalled(Timestamp(i64::MAX))
        .await
        .map_err(EngineError::from)?;
    Ok(Recovered {
        processes,
        workspaces: workspaces.len(),
        attempts,
    })
}

/// Attempts that were running are gone on with, which uses up none.
async fn interrupt_all(parts: &ControlParts) -> Result<usize, EngineError> {
    let mut count = 0;
    for id in parts.engine.open_sprints().await? {
        let (project, running) = parts
            .engine
            .read(id, |sprint, _| (sprint.project.clone(), running(sprint)))
            .await?;
        for (attempt, token, usage) in running {
            let command = Command::InterruptAttempt {
                attempt: attempt.n,
                token,
                why: "the engine was restarted".into(),
                left: BTreeMap::new(),
                usage,
            };
            parts.engine.execute(id, command, ENGINE, None).await?;
            parts
                .queue
                .remove(&project, &attempt.to_string(), parts.engine.now())
                .await?;
            count += 1;
        }
    }
    Ok(count)
}

fn running(sprint: &Sprint) -> Vec<(AttemptId, FencingToken, Usage)> {
    let live = sprint
        .live_attempts()
        .filter_map(|(n, work)| match &sprint.work(work)?.stage {
            Stage::Running { token, .. } => {
                let attempt = sprint.attempt(n)?;
                Some((attempt.id, *token, attempt.usage))
            }
            _ => None,
        });
    live.collect()
}

/// All work that may still be gone on with. It is whole or an error: what is not in it is removed.
async fn live_names(parts: &ControlParts) -> Result<Vec<WorkName>, EngineError> {
    let mut names = Vec::new();
    for id in parts.engine.open_sprints().await? {
        let live = parts.engine.read(id, |sprint, _| live(sprint)).await?;
        names.extend(live.into_iter().map(|(sprint, work)| WorkName::of(sprint, work)));
    }
    Ok(names)
}

/// Whether an agent may be being checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checks {
    None,
    GoOn,
}

/// Removes the homes of agents whose work has ended, and of checks if none goes on.
pub(super) async fn remove_homes(parts: &ControlParts, homes: &Path, checks: Checks) {
    let live = match live_names(parts).await {
        Ok(live) => live,
        Err(error) => {
            tracing::warn!(%error, "homes of agents stay, because it is not known whose are needed");
            return;
        }
    };
    let Ok(mut entries) = tokio::fs::read_dir(homes).await else {
        return;
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = WorkName(entry.file_name().to_string_lossy().into_owned());
        let checked = checks == Checks::GoOn && is_of_no_attempt(&name.0);
        if !checked
            && !live.contains(&name)
            && let Err(error) = tokio::fs::remove_dir_all(entry.path()).await
        {
            tracing::warn!(path = %entry.path().display(), %error, "an agent's home stays");
        }
    }
}

/// Says which open tasks belong to people who are not of the team any more: nobody is asked for them.
pub(super) async fn name_strangers(engine: &Engine, people: &BTreeMap<PersonId, Person>) -> Result<(), EngineError> {
    for id in engine.open_sprints().await? {
        let look = |sprint: &Sprint, _| {
            let mut theirs: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
            for task in sprint.tasks.values().filter(|task| !task.work.stage.is_ended()) {
                let owner = task.owner.as_ref().filter(|owner| !people.contains_key(*owner));
                if let Some(owner) = owner {
                    theirs.entry(owner.clone()).or_default().push(task.id.to_string());
                }
            }
            theirs
        };
        for (owner, tasks) in engine.read(id, look).await? {
            let tasks = tasks.join(", ");
            tracing::warn!(
                sprint = %id, %owner, tasks,
                "the owner of these tasks is not among the configured people, so nobody is asked for them; name another with \
                 `team6 sprint owners {id} TASK=NAME`, or add [people.{owner}] again"
            );
        }
    }
    Ok(())
}
