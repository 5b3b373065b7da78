//! The checks that a worker is to run, and what came of them on record.

use std::collections::BTreeMap;

use team6_core::checks::{Check, Checkout, Digest, Run};
use team6_core::ids::{CommitId, ProjectId, RepositoryId, SprintId, TaskId};
use team6_core::project::Project;
use team6_core::sprint::{Command, Sprint, Stage};
use team6_worker::control::{AssignedRepository, CheckOrder, CheckRan, ControlError, RanOnce};

use super::assignment::{local_files, prepare_repository};
use super::{ControlParts, engine_failed};
use crate::engine::{ENGINE, EngineError};

/// How much of the end of a log its agent is told, in bytes.
const TAIL: usize = 4_000;

/// What is to be run now.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) orders: Vec<CheckOrder>,
    /// Something is wanted besides whose repository cannot be reached at the moment.
    pub(super) left_out: bool,
}

/// What is to be run in a project now.
pub(super) async fn orders(parts: &ControlParts, project: &ProjectId) -> Result<Found, EngineError> {
    let known = parts.engine.project(project).await?;
    let mut found = Found::default();
    for id in parts.engine.open_sprints().await? {
        let wanted = parts.engine.read(id, |sprint, _| match sprint.project == *project {
            true => wanted(sprint),
            false => Vec::new(),
        });
        for one in wanted.await? {
            let Some(repository) = known.repositories.get(&one.repository) else {
                continue;
            };
            let left = [(one.repository.clone(), one.head.clone())].into();
            let mut assigned = match prepare_repository(parts, repository, None, &left).await {
                Ok((assigned, _)) => assigned,
                Err(error) => {
                    tracing::warn!(repository = %one.repository, %error, "its checks have to wait");
                    found.left_out = true;
                    continue;
                }
            };
            if let Some(built_on) = one.built_on {
                assigned.base = built_on;
            }
            match local_files(parts, &known, &one.repository).await {
                Ok(files) => assigned.local_files = files,
                Err(failure) => {
                    tracing::warn!(repository = %one.repository, why = failure.text, "its checks have to wait");
                    found.left_out = true;
                    continue;
                }
            }
            let mut beside = Vec::new();
            let others = one.beside.len();
            for (other, at) in one.beside {
                beside.extend(assigned_beside(parts, &known, &other, at).await);
            }
            if beside.len() < others {
                found.left_out = true;
                continue;
            }
            found.orders.push(CheckOrder {
                beside,
                sprint: id,
                task: one.task,
                repository: assigned,
                head: one.head,
                checks: one.checks,
            });
        }
    }
    Ok(found)
}

/// A repository that a check wants beside another, at what was delivered or at its base; none if it has to wait.
async fn assigned_beside(
    parts: &ControlParts,
    project: &Project,
    id: &RepositoryId,
    at: At,
) -> Option<AssignedRepository> {
    let repository = project.repositories.get(id)?;
    let left = at.head.into_iter().map(|head| (id.clone(), head)).collect();
    let mut assigned = match prepare_repository(parts, repository, None, &left).await {
        Ok((assigned, _)) => assigned,
        Err(error) => {
            tracing::warn!(repository = %id, %error, "checks over it have to wait");
            return None;
        }
    };
    assigned.base = at.built_on.unwrap_or(assigned.base);
    match local_files(parts, project, id).await {
        Ok(files) => assigned.local_files = files,
        Err(failure) => {
            tracing::warn!(repository = %id, why = failure.text, "checks over it have to wait");
            return None;
        }
    }
    Some(assigned)
}

/// Where a repository is wanted.
struct At {
    /// What was delivered, if it was changed.
    head: Option<CommitId>,
    /// The commit of its parent's branch that a subtask builds on.
    built_on: Option<CommitId>,
}

struct Wanted {
    task: TaskId,
    repository: RepositoryId,
    head: CommitId,
    /// The commit of its parent's branch that a subtask builds on.
    built_on: Option<CommitId>,
    checks: Vec<Check>,
    /// The other repositories of the task, if a check is over all of them.
    beside: Vec<(RepositoryId, At)>,
}

fn wanted(sprint: &Sprint) -> Vec<Wanted> {
    let mut all = Vec::new();
    for task in sprint.tasks.values() {
        let Stage::Checking { pending, .. } = &task.work.stage else {
            continue;
        };
        for (repository, checks) in pending {
            let Some(offered) = task.pull_requests.get(repository) else {
                continue;
            };
            let built_on = |repository: &RepositoryId| {
                let subtask = task.subtask.as_ref()?;
                subtask.built_on.get(repository).cloned()
            };
            let others = task.planned.repositories.iter().filter(|other| *other != repository);
            let at = |other: &RepositoryId| {
                let open = task.pull_requests.get(other).filter(|p| p.merged.is_none());
                At {
                    head: open.map(|p| p.head.clone()),
                    built_on: built_on(other),
                }
            };
            all.push(Wanted {
                beside: match checks.iter().any(Check::is_together) {
                    true => others.map(|other| (other.clone(), at(other))).collect(),
                    false => Vec::new(),
                },
                task: task.id,
                repository: repository.clone(),
                head: offered.head.clone(),
                built_on: built_on(repository),
                checks: checks.clone(),
            });
        }
    }
    all
}

/// Keeps the logs, and then puts on record what they say.
pub(super) async fn record(parts: &ControlParts, ran: CheckRan) -> Result<(), ControlError> {
    let tail = String::from_utf8_lossy(&ran.run.log);
    let from = tail.len().saturating_sub(TAIL);
    let from = (from..=tail.len())
        .find(|at| tail.is_char_boundary(*at))
        .unwrap_or(from);
    let tail = tail[from..].to_owned();
    let run = kept(parts, &ran.repository, ran.run).await?;
    let base = match ran.base {
        Some(base) => Some(kept(parts, &ran.repository, base).await?),
        None => None,
    };
    let command = Command::RecordCheck {
        task: ran.task,
        repository: ran.repository,
        check: ran.check,
        run,
        base,
        tail,
    };
    execute(parts, ran.sprint, command).await
}

async fn execute(parts: &ControlParts, sprint: SprintId, command: Command) -> Result<(), ControlError> {
    let done = parts.engine.execute(sprint, command, ENGINE, None).await;
    done.map(drop).map_err(engine_failed)
}

async fn kept(parts: &ControlParts, repository: &RepositoryId, ran: RanOnce) -> Result<Run, ControlError> {
    let (log, log_bytes) = match ran.log.is_empty() {
        true => (Digest::of(b""), 0),
        false => {
            let bytes = ran.log.len() as u64;
            let kept = parts.engine.store().keep_check_log(ran.log).await;
            (
                kept.map_err(|error| ControlError::Unavailable(error.to_string()))?,
                bytes,
            )
        }
    };
    let mut beside = BTreeMap::new();
    for (other, commit) in ran.beside {
        let tree = tree(parts, &other, &commit).await;
        beside.insert(other, Checkout { commit, tree });
    }
    Ok(Run {
        tree: tree(parts, repository, &ran.commit).await,
        commit: ran.commit,
        beside,
        end: ran.end,
        log,
        log_bytes,
        began: ran.began,
        ended: ran.ended,
    })
}

async fn tree(parts: &ControlParts, repository: &RepositoryId, commit: &CommitId) -> Option<CommitId> {
    match parts.evidence.tree(repository, commit).await {
        Ok(tree) => Some(tree),
        Err(error) => {
            tracing::warn!(%repository, %commit, %error, "the tree of a commit that was checked is not known");
            None
        }
    }
}
