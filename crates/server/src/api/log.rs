//! The log: everything that happened, in order, for the record.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::ids::{Position, ProjectId};
use team6_store::{LogFilter, RecordedEvent};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::Filling;
use super::request::{Limit, Query};
use super::types::{LogEvent, Page};

/// How many events are read at once.
const STEP: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(read_log))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    /// Only events of this stream, such as `sprint/3`, or of a kind of streams, such as `sprint/`.
    stream: Option<String>,
    /// Only events of this project.
    project: Option<ProjectId>,
    /// The `next` of the part before: the position of its last event.
    after: Option<Position>,
    /// How many, 1 to 1000. A part with large events has fewer.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Reads the log, oldest events first.
#[utoipa::path(get, path = "/log", tag = "events", params(LogQuery), responses((status = OK, body = Page<LogEvent>)))]
async fn read_log(State(api): State<ApiState>, Query(query): Query<LogQuery>) -> Answer<Page<LogEvent>> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_/".contains(&byte);
    let stream = query.stream.unwrap_or_default();
    if !stream.bytes().all(allowed) {
        let text = format!("stream: {stream:?} is no stream; write sprint/3, or sprint/ for all of them");
        return Err(ApiError::bad("bad-query", text));
    }
    let filter = LogFilter {
        project: query.project,
        prefix: Some(stream.clone()).filter(|prefix| !prefix.is_empty()),
    };
    let wanted = |event: &RecordedEvent| stream.is_empty() || stream.ends_with('/') || event.stream.as_str() == stream;
    let mut after = query.after.unwrap_or_default();
    let mut part = Filling::new(query.limit);
    loop {
        let events = api.store().read_log(after, &filter, STEP).await?;
        let Some(last) = events.last().map(|last| last.position) else {
            if after == query.after.unwrap_or_default() {
                api.knows_project(filter.project.as_ref()).await?;
                let sprint = stream.strip_prefix("sprint/").and_then(|number| number.parse().ok());
                api.knows_sprint(sprint).await?;
            }
            return Ok(Json(part.last()));
        };
        for event in events.into_iter().filter(wanted) {
            if part.is_full() {
                return Ok(Json(part.with_next(|last| last.position.to_string())));
            }
            part.push(event.into());
        }
        after = last;
    }
}

impl From<RecordedEvent> for LogEvent {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: event.position,
            stream: event.stream.to_string(),
            version: event.version,
            project: event.project,
            at: event.at,
            actor: event.actor,
            kind: event.kind,
            data: event.body,
        }
    }
}
