//! The log: everything that happened, in order, for the record.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::ids::{Position, ProjectId, TaskId};
use team6_core::time::Timestamp;
use team6_store::{LogFilter, RecordedEvent};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::log_filter::Wanted;
use super::page::Filling;
use super::request::{Limit, Query};
use super::types::{LogEvent, Page};

/// How many events are read at once.
const STEP: u32 = 500;
/// How many positions one request looks through from the end back, at most: whoever wants what is rare asks again.
const SCAN: u64 = 50_000;

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
    /// Only events of these kinds, such as `plan_approved,task_cancelled`.
    kind: Option<String>,
    /// Only what this person, agent or worker caused; `team6` for the engine.
    actor: Option<String>,
    /// Only what is about this task.
    task: Option<TaskId>,
    /// Only what happened at this time or later.
    since: Option<Timestamp>,
    /// Only what happened before this time.
    until: Option<Timestamp>,
    /// Without the signs of life that agents at work give all the time.
    #[serde(default)]
    without_signs: bool,
    /// Newest events first.
    #[serde(default)]
    newest: bool,
    /// The `next` of the part before, if oldest come first: the position of its last event.
    after: Option<Position>,
    /// The `next` of the part before, if newest come first. A part may be empty and have a `next` all the same, when it took
    /// long to find nothing.
    before: Option<Position>,
    /// How many, 1 to 1000. A part with large events has fewer.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Reads the log, oldest events first, or newest.
#[utoipa::path(get, path = "/log", tag = "events", params(LogQuery), responses((status = OK, body = Page<LogEvent>)))]
async fn read_log(State(api): State<ApiState>, Query(query): Query<LogQuery>) -> Answer<Page<LogEvent>> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_/".contains(&byte);
    let stream = query.stream.clone().unwrap_or_default();
    if !stream.bytes().all(allowed) {
        let text = format!("stream: {stream:?} is no stream; write sprint/3, or sprint/ for all of them");
        return Err(ApiError::bad("bad-query", text));
    }
    let filter = LogFilter {
        project: query.project.clone(),
        prefix: Some(stream.clone()).filter(|prefix| !prefix.is_empty()),
    };
    let wanted = Wanted {
        stream,
        kinds: query
            .kind
            .as_deref()
            .map(|kinds| kinds.split(',').map(str::to_owned).collect()),
        actor: query.actor.clone(),
        task: match query.task {
            Some(task) => Some(Wanted::about(&api, task).await?),
            None => None,
        },
        since: query.since,
        until: query.until,
        without_signs: query.without_signs,
    };
    match query.newest || query.before.is_some() {
        true => newest_first(&api, &query, &filter, &wanted).await,
        false => oldest_first(&api, &query, &filter, &wanted).await,
    }
}

async fn oldest_first(api: &ApiState, query: &LogQuery, filter: &LogFilter, wanted: &Wanted) -> Answer<Page<LogEvent>> {
    let begin = query.after.unwrap_or_default();
    let mut after = begin;
    let mut part = Filling::new(query.limit);
    loop {
        let events = api.store().read_log(after, filter, STEP).await?;
        let Some(last) = events.last().map(|last| last.position) else {
            if after == begin {
                knows(api, filter, wanted).await?;
            }
            return Ok(Json(part.last()));
        };
        for event in events.into_iter().filter(|event| wanted.wants(event)) {
            if part.is_full() {
                return Ok(Json(part.with_next(|last| last.position.to_string())));
            }
            part.push(event.into());
        }
        after = last;
        // No request reads all of a long log: who looks for what is rare goes on from here.
        if after.0 - begin.0 >= SCAN {
            let mut page = part.last();
            page.next = Some(after.to_string());
            return Ok(Json(page));
        }
    }
}

/// Goes back through the log by windows of positions, which have no gaps.
async fn newest_first(api: &ApiState, query: &LogQuery, filter: &LogFilter, wanted: &Wanted) -> Answer<Page<LogEvent>> {
    let head = api.store().head().await?;
    // Positions in `end..` were looked at.
    let begin = query.before.map_or(head.0 + 1, |before| before.0.min(head.0 + 1));
    let (mut end, mut window) = (begin, u64::from(STEP));
    let mut part: Filling<LogEvent> = Filling::new(query.limit);
    while end > 1 && begin - end < SCAN {
        let from = end.saturating_sub(window).max(1);
        let mut events = within(api, filter, from, end).await?;
        while let Some(event) = events.pop() {
            if wanted.since.is_some_and(|since| event.at < since) {
                return Ok(Json(part.last()));
            }
            if wanted.wants(&event) {
                if part.is_full() {
                    return Ok(Json(part.with_next(|last| last.position.to_string())));
                }
                part.push(event.into());
            }
        }
        end = from;
        window = (window * 2).min(8 * u64::from(STEP));
    }
    if begin == head.0 + 1 && end <= 1 {
        knows(api, filter, wanted).await?;
    }
    let mut page = part.last();
    page.next = (end > 1).then(|| end.to_string());
    Ok(Json(page))
}

/// The events at positions from one to another, without the latter.
async fn within(api: &ApiState, filter: &LogFilter, from: u64, end: u64) -> Result<Vec<RecordedEvent>, ApiError> {
    let mut found: Vec<RecordedEvent> = Vec::new();
    let mut after = Position(from - 1);
    loop {
        let events = api.store().read_log(after, filter, STEP).await?;
        let Some(last) = events.last().map(|last| last.position) else {
            return Ok(found);
        };
        found.extend(events.into_iter().filter(|event| event.position.0 < end));
        if last.0 >= end {
            return Ok(found);
        }
        after = last;
    }
}

/// Refuses what names nothing, so that nobody takes an empty answer for a quiet project.
async fn knows(api: &ApiState, filter: &LogFilter, wanted: &Wanted) -> Result<(), ApiError> {
    api.knows_project(filter.project.as_ref()).await?;
    let sprint = wanted
        .stream
        .strip_prefix("sprint/")
        .and_then(|number| number.parse().ok());
    api.knows_sprint(sprint).await
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
