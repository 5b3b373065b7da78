//! The merge forecast of a sprint: which of its open branches conflict, before anybody reviews them.
//!
//! It is made when somebody asks, from the heads that are open at that moment, so it is never stale; the forge remembers
//! what any two commits come to, so that only what moved costs anything.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use team6_core::ids::{RepositoryId, SprintId, TaskId};
use team6_core::sprint::Sprint;
use team6_forge::{Conflict, ConflictForecast};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::Path;
use super::types::{ConflictingFile, ConflictingPair, OpenBranch, Page, RepositoryConflicts, TaskConflict};

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
    for (repository, branches) in open_branches(&api, sprint).await? {
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
    for (repository, branches) in open_branches(api, sprint).await? {
        let Some(place) = branches.iter().position(|branch| branch.task == task) else {
            continue;
        };
        let forecast = forecast(api, &repository, &branches).await?;
        let conflict = |with: Option<&OpenBranch>, conflicts: &[Conflict]| TaskConflict {
            repository: repository.clone(),
            with: with.map(|branch| branch.task),
            title: with.map(|branch| branch.title.clone()),
            files: files(conflicts),
        };
        let base = &forecast.against_base[place];
        found.extend((!base.is_empty()).then(|| conflict(None, base)));
        let pairs = forecast
            .clashes
            .iter()
            .filter_map(|clash| match (clash.one, clash.other) {
                (one, other) if one == place => Some((other, &clash.files)),
                (one, other) if other == place => Some((one, &clash.files)),
                _ => None,
            });
        found.extend(pairs.map(|(with, files)| conflict(branches.get(with), files)));
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

/// The pull requests that are open into target branches, by repository. What was delegated goes into its parent's.
async fn open_branches(api: &ApiState, sprint: SprintId) -> Result<BTreeMap<RepositoryId, Vec<OpenBranch>>, ApiError> {
    let open = |sprint: &Sprint, _| {
        let mut found: BTreeMap<RepositoryId, Vec<OpenBranch>> = BTreeMap::new();
        let tasks = sprint.tasks.values().filter(|task| task.parent().is_none());
        for task in tasks.filter(|task| !task.work.stage.is_ended() && sprint.is_open()) {
            for (repository, request) in &task.pull_requests {
                // What the forge does not show yet is not there to be merged.
                let (Some(number), None, Some(head)) = (request.number, &request.merged, &request.shown) else {
                    continue;
                };
                found.entry(repository.clone()).or_default().push(OpenBranch {
                    task: task.id,
                    title: task.planned.title.clone(),
                    owner: task.owner.clone(),
                    number,
                    head: head.clone(),
                    conflicts: Vec::new(),
                });
            }
        }
        found
    };
    Ok(api.engine.read(sprint, open).await?)
}

fn repository_conflicts(
    repository: RepositoryId,
    mut branches: Vec<OpenBranch>,
    forecast: ConflictForecast,
    trouble: Option<String>,
) -> RepositoryConflicts {
    for (branch, conflicts) in branches.iter_mut().zip(&forecast.against_base) {
        branch.conflicts = files(conflicts);
    }
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
    RepositoryConflicts {
        repository,
        base: forecast.base,
        trouble,
        branches,
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
