//! Taking back what was merged of a task: what would come of it, and the owner's order.

use axum::Json;
use axum::extract::State;
use team6_core::ids::TaskId;
use team6_core::sprint::{Command, Sprint};
use team6_forge::RevertOutcome;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Caller, Nothing, Order, OrderHeaders, Path, PersonHeader};
use super::types::{Changed, Page, RevertForecast, TaskItem};
use crate::effects::identity;
use crate::effects::reverts::describe;
use crate::engine::EngineError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(forecast_revert))
        .routes(routes!(revert_task))
}

/// Tells what taking back what was merged of a task would come to now. Nothing is changed.
#[utoipa::path(get, path = "/tasks/{task}/revert", tag = "tasks", params(("task" = TaskId, Path), PersonHeader),
    responses((status = OK, body = Page<RevertForecast>)))]
async fn forecast_revert(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    Caller(by): Caller,
) -> Answer<Page<RevertForecast>> {
    let sprint = api.engine.sprint_of(task).await?;
    let at = api.engine.now();
    let identity = identity(&api.people, &by);
    let wanted = |sprint: &Sprint, _| {
        let known = sprint.tasks.get(&task)?;
        let there = known.to_revert();
        if !there.is_empty()
            && let Err(refusal) = known.may_be_reverted()
        {
            return Some(Err(refusal));
        }
        let each = there.into_iter();
        let each = each.filter_map(|repository| {
            let merged = known.pull_requests.get(&repository)?.merged.clone()?;
            let (number, revert) = describe(sprint, known, &repository, identity.clone(), at)?;
            Some((repository, number, merged, revert))
        });
        Some(Ok(each.collect::<Vec<_>>()))
    };
    let wanted = api
        .engine
        .read(sprint, wanted)
        .await?
        .ok_or(EngineError::NoSuchTask(task))?
        .map_err(EngineError::from)?;
    let mut forecasts = Vec::new();
    for (repository, number, merged, revert) in wanted {
        let (reverts, text, conflicts) = match api.forge.dry_run_revert(&repository, number, &revert).await {
            Ok(RevertOutcome::Reverted { .. }) => {
                let text = format!("one commit takes back {}", merged.short());
                (true, text, Vec::new())
            }
            Ok(RevertOutcome::Conflicts { files }) => {
                let files = files.iter().map(|conflict| conflict.path.to_string()).collect();
                (false, "later work builds on it; revert it by hand".to_owned(), files)
            }
            Ok(RevertOutcome::BaseMoved { base }) => {
                (false, format!("others keep pushing to {base}; try again"), Vec::new())
            }
            Ok(RevertOutcome::Refused { why, next }) => (false, format!("{why}; {next}"), Vec::new()),
            // Such as an origin that cannot be reached: then nothing would be reverted there.
            Err(error) => (false, error.to_string(), Vec::new()),
        };
        forecasts.push(RevertForecast {
            repository,
            number,
            merged,
            reverts,
            text,
            conflicts,
        });
    }
    Ok(Json(whole(forecasts)))
}

/// Takes back what was merged of a task that is merged in part, and closes the task.
#[utoipa::path(post, path = "/tasks/{task}/revert", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Nothing, responses((status = OK, body = Changed<TaskItem>)))]
async fn revert_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<Nothing>,
) -> Result<Json<Changed<TaskItem>>, ApiError> {
    api.on_task(task, order, |by, _| Command::Revert { by, task }).await
}
