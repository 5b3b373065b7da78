//! The merge forecast of a sprint: which of its open branches conflict, before anybody reviews them.
//!
//! It is made when somebody asks, from the heads that are open at that moment, so it is never stale; the forge remembers
//! what any two commits come to, so that only what moved costs anything.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use team6_core::ids::{RepositoryId, SprintId, TaskId};
use team6_forge::{Conflict, ConflictForecast};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::Path;
use super::types::{self, ConflictingFile, ConflictingPair, Page, RepositoryConflicts, TaskConflict};
use crate::open_branches::{OpenBranch, met, open_branches};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(forecast_conflicts))
}

/// Shows which open branches of a sprint conflict with their target branch or with each other, and the order of merging
/// that conflicts least.
#[utoipa::path(get, path = "/sprints/{sprint}/conflicts", tag = "sprints", params(("sprint" = SprintId, Path)),
    responses((status = OK, body = Page<RepositoryConflicts>)))]
async fn forecast_conflicts(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
) -> Answer<Page<RepositoryConflicts>> {
    let mut found = Vec::new();
    for (repository, branches) in api.engine.read(sprint, |sprint, _| open_branches(sprint)).await? {
        // An origin that cannot be reached keeps nobody from seeing what is known.
        let trouble = api.forge.base(&repository).await.err().map(|error| error.to_string());
        let forecast = forecast(&api, &repository, &branches).await?;
        found.push(repository_conflicts(repository, branches, forecast, trouble));
    }
    Ok(Json(whole(found)))
}

/// What a task's open branches conflict with. Never fails: it stands beside what people came for.
pub(super) async fn of_task(api: &ApiState, sprint: SprintId, task: TaskId) -> Vec<TaskConflict> {
    match try_of_task(api, sprint, task).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%task, ?error, "the merge forecast could not be made");
            Vec::new()
        }
    }
}

async fn try_of_task(api: &ApiState, sprint: SprintId, task: TaskId) -> Result<Vec<TaskConflict>, ApiError> {
    let mut found = Vec::new();
    for (repository, branches) in api.engine.read(sprint, |sprint, _| open_branches(sprint)).await? {
        let Some(place) = branches.iter().position(|branch| branch.task == task) else {
            continue;
        };
        let forecast = forecast(api, &repository, &branches).await?;
        found.extend(met(&forecast, place).map(|(with, conflicts)| {
            let with = with.and_then(|place| branches.get(place));
            TaskConflict {
                repository: repository.clone(),
                with: with.map(|branch| branch.task),
                title: with.map(|branch| branch.title.clone()),
                files: files(conflicts),
            }
        }));
    }
    Ok(found)
}

async fn forecast(
    api: &ApiState,
    repository: &RepositoryId,
    branches: &[OpenBranch],
) -> Result<ConflictForecast, ApiError> {
    let heads: Vec<_> = branches.iter().map(|branch| branch.head.clone()).collect();
    Ok(api.forge.forecast_conflicts(repository, &heads).await?)
}

fn repository_conflicts(
    repository: RepositoryId,
    branches: Vec<OpenBranch>,
    forecast: ConflictForecast,
    trouble: Option<String>,
) -> RepositoryConflicts {
    let task = |place: &usize| branches.get(*place).map(|branch| branch.task);
    let pairs = forecast.clashes.iter().filter_map(|clash| {
        Some(ConflictingPair {
            one: task(&clash.one)?,
            other: task(&clash.other)?,
            files: files(&clash.files),
        })
    });
    let pairs = pairs.collect();
    let order: Vec<TaskId> = forecast.order.iter().filter_map(task).collect();
    let to_mend = order[order.len().saturating_sub(forecast.to_mend)..].to_vec();
    let shown = branches.into_iter().zip(&forecast.against_base);
    let shown = shown.map(|(branch, conflicts)| types::OpenBranch {
        task: branch.task,
        title: branch.title,
        owner: branch.owner,
        number: branch.number,
        head: branch.head,
        conflicts: files(conflicts),
    });
    RepositoryConflicts {
        repository,
        base: forecast.base,
        trouble,
        branches: shown.collect(),
        pairs,
        order,
        to_mend,
    }
}

fn files(conflicts: &[Conflict]) -> Vec<ConflictingFile> {
    let file = |conflict: &Conflict| ConflictingFile {
        path: conflict.path.to_string(),
        kind: match serde_json::to_value(&conflict.kind) {
            Ok(Value::String(kind)) => kind,
            _ => "other".to_owned(),
        },
    };
    conflicts.iter().map(file).collect()
}
