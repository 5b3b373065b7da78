//! When a sprint will be done, and how the forecast compares with what happened.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use team6_core::forecast::{Forecast, History, Rest, forecast};
use team6_core::ids::SprintId;
use team6_core::sprint::{Sprint, SprintPhase};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::request::Path;
use super::types::SprintForecast;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(forecast_sprint))
}

/// Shows when a sprint will be done, as a range, and what holds it back most; beside that, what was forecast when its plan
/// was approved.
#[utoipa::path(get, path = "/sprints/{sprint}/forecast", tag = "sprints", params(("sprint" = SprintId, Path)),
    responses((status = OK, body = SprintForecast)))]
async fn forecast_sprint(State(api): State<ApiState>, Path(id): Path<SprintId>) -> Answer<SprintForecast> {
    let look = |sprint: &Sprint, _| (sprint.project.clone(), sprint.phase, sprint.phase_since);
    let (project, phase, since) = api.engine.read(id, look).await?;
    let slots = usize::try_from(api.engine.project(&project).await?.concurrency).unwrap_or(usize::MAX);
    let at = api.engine.now();
    let rest = api.engine.read(id, |sprint, _| Rest::of(sprint, slots, at)).await?;
    let now = match rest {
        Some(rest) => Some(made(rest, api.engine.history(id, at).await?).await?),
        None => None,
    };
    // What was forecast once stays the same, so it is made again from the log instead of being kept.
    let approved = api.engine.at_approval(id).await?;
    let approved = approved.and_then(|(sprint, at)| Rest::of(&sprint, slots, at));
    let at_approval = match approved {
        Some(rest) => {
            let history = api.engine.history(id, rest.now).await?;
            Some(made(rest, history).await?)
        }
        None => None,
    };
    let finished = (phase == SprintPhase::Finished).then_some(since);
    let within = |at| {
        at_approval
            .as_ref()
            .map(|made: &Forecast| made.early <= at && at <= made.late)
    };
    Ok(Json(SprintForecast {
        sprint: id,
        within_range: finished.and_then(within),
        now,
        at_approval,
        finished,
    }))
}

/// Makes a forecast, which is plain work for a while.
async fn made(rest: Rest, history: History) -> Result<Forecast, ApiError> {
    let made = tokio::task::spawn_blocking(move || forecast(&rest, &history)).await;
    made.map_err(|error| {
        tracing::error!(%error, "a forecast broke off");
        let text = "the forecast broke off; the server's log says why";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "forecast-failed", text)
    })
}
