//! What the engine's own checks say of a task: receipts, logs, and all that is needed to verify them elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::checks::{Digest, ReceiptExport};
use team6_core::ids::{BranchName, CommitId, RepositoryId, SprintId, TaskId};
use team6_core::sprint::{Sprint, Stage, Task};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::request::{Path, Query};
use super::types::{CheckItem, CheckLog, PendingCheck, TaskChecks, WeakenedTests};
use crate::engine::EngineError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(show_checks))
        .routes(routes!(show_check_log))
        .routes(routes!(export_receipts))
}

/// Shows what the engine's own checks say of a task, and where it weakens tests.
#[utoipa::path(get, path = "/tasks/{task}/checks", tag = "checks", params(("task" = TaskId, Path)),
    responses((status = OK, body = TaskChecks)))]
async fn show_checks(State(api): State<ApiState>, Path(task): Path<TaskId>) -> Answer<TaskChecks> {
    let sprint = api.engine.sprint_of(task).await?;
    let read = api.engine.read(sprint, |sprint, _| sprint.tasks.get(&task).map(of));
    let mut checks = read.await?.ok_or(EngineError::NoSuchTask(task))?;
    checks.weakened = weakened(&api, sprint, task).await?;
    Ok(Json(checks))
}

/// What is known without looking at any repository.
pub(super) fn of(task: &Task) -> TaskChecks {
    let current: Vec<u32> = task.current_checks().map(|receipt| receipt.number).collect();
    let items = task.checked.iter().map(|checked| CheckItem {
        current: current.contains(&checked.receipt.number),
        receipt: checked.receipt.clone(),
    });
    let pending = match &task.work.stage {
        Stage::Checking { pending, .. } => pending
            .iter()
            .flat_map(|(repository, checks)| {
                checks.iter().map(|check| PendingCheck {
                    repository: repository.clone(),
                    check: check.clone(),
                })
            })
            .collect(),
        _ => Vec::new(),
    };
    TaskChecks {
        items: items.collect(),
        pending,
        weakened: Vec::new(),
    }
}

/// Where what a task offers weakens tests. What was merged is in the base, and so weakens nothing any more.
pub(super) async fn weakened(api: &ApiState, sprint: SprintId, task: TaskId) -> Result<Vec<WeakenedTests>, ApiError> {
    let offered = api.engine.read(sprint, |sprint, _| offers(sprint, task)).await?;
    let mut all = Vec::new();
    for (repository, base, head) in offered {
        match api.evidence.weakened(&repository, base.as_ref(), &head).await {
            Ok(weakened) if weakened.is_empty() => {}
            Ok(weakened) => all.push(WeakenedTests { repository, weakened }),
            Err(error) => tracing::warn!(%task, %repository, %error, "it is not known whether tests were weakened"),
        }
    }
    Ok(all)
}

fn offers(sprint: &Sprint, task: TaskId) -> Vec<(RepositoryId, Option<BranchName>, CommitId)> {
    let Some(task) = sprint.tasks.get(&task) else {
        return Vec::new();
    };
    let open = task
        .pull_requests
        .iter()
        .filter(|(_, offered)| offered.merged.is_none());
    open.map(|(repository, offered)| {
        let into = sprint.goes_into(task, repository).cloned();
        (repository.clone(), into, offered.head.clone())
    })
    .collect()
}

/// Which of the two runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichRun {
    /// The run at the base instead of that at the delivered commit.
    #[serde(default)]
    base: bool,
}

/// Shows what a check said, by the number of its receipt.
#[utoipa::path(get, path = "/tasks/{task}/checks/{receipt}/log", tag = "checks",
    params(("task" = TaskId, Path), ("receipt" = u32, Path), WhichRun), responses((status = OK, body = CheckLog)))]
async fn show_check_log(
    State(api): State<ApiState>,
    Path((task, receipt)): Path<(TaskId, u32)>,
    Query(WhichRun { base }): Query<WhichRun>,
) -> Answer<CheckLog> {
    let sprint = api.engine.sprint_of(task).await?;
    let read = api.engine.read(sprint, |sprint, _| {
        let checked = &sprint.tasks.get(&task)?.checked;
        let found = checked.iter().find(|checked| checked.receipt.number == receipt)?;
        match base {
            true => found.receipt.base.clone(),
            false => Some(found.receipt.run.clone()),
        }
    });
    let run = read.await?.ok_or_else(|| {
        let text = format!("task {task} has no such run {receipt}; see the list of its checks");
        ApiError::missing("no-such-receipt", text)
    })?;
    let said = said(&api, &run.log).await?;
    Ok(Json(CheckLog {
        receipt,
        commit: run.commit,
        log: run.log,
        said: said.unwrap_or_default(),
    }))
}

async fn said(api: &ApiState, log: &Digest) -> Result<Option<String>, ApiError> {
    let kept = api.store().check_log(log).await.map_err(EngineError::from)?;
    Ok(kept.map(|said| String::from_utf8_lossy(&said).into_owned()))
}

/// Exports all receipts of a sprint with their logs, as whoever verifies them needs it.
#[utoipa::path(get, path = "/sprints/{sprint}/receipts", tag = "checks", params(("sprint" = SprintId, Path)),
    responses((status = OK, body = ReceiptExport)))]
async fn export_receipts(State(api): State<ApiState>, Path(sprint): Path<SprintId>) -> Answer<ReceiptExport> {
    let receipts = api.engine.read(sprint, |sprint, _| sprint.receipts()).await?;
    let mut wanted: BTreeSet<Digest> = BTreeSet::new();
    for receipt in &receipts {
        wanted.insert(receipt.run.log.clone());
        wanted.extend(receipt.base.as_ref().map(|base| base.log.clone()));
    }
    let mut logs = BTreeMap::new();
    for log in wanted {
        if let Some(said) = said(&api, &log).await? {
            logs.insert(log.to_string(), said);
        }
    }
    Ok(Json(ReceiptExport { receipts, logs }))
}
