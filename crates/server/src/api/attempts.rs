//! Attempts and their traces, to read and to watch.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use team6_core::ids::{AttemptId, Position, SprintId};
use team6_core::sprint::Sprint;
use team6_core::time::Timestamp;
use team6_core::trace::TraceEntry;
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::Answer;
use super::error::ApiError;
use super::live::{HEARTBEAT, last_event_id, with_data};
use super::page::{Filling, whole};
use super::request::{Limit, Path, Query};
use super::types::{AttemptDetail, AttemptItem, Page};
use super::{ApiState, views};
use crate::engine::EngineError;

/// How many entries are read at once. An entry may be large, as tool calls hold whole files.
const PAGE: u32 = 50;
/// For how long after its end the last entries of an attempt may still be on their way.
pub(super) const LATE: Duration = Duration::from_secs(1);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_attempts))
        .routes(routes!(show_attempt))
        .routes(routes!(read_trace))
        .routes(routes!(stream_trace))
}

/// Lists the attempts of a sprint, of its planning and of its tasks, in the order in which they were scheduled.
#[utoipa::path(get, path = "/sprints/{sprint}/attempts", tag = "attempts", params(("sprint" = SprintId, Path)),
    responses((status = OK, body = Page<AttemptItem>)))]
async fn list_attempts(State(api): State<ApiState>, Path(sprint): Path<SprintId>) -> Answer<Page<AttemptItem>> {
    let items = |sprint: &Sprint, _| sprint.attempts.iter().map(views::attempt_item).collect();
    Ok(Json(whole(api.engine.read(sprint, items).await?)))
}

/// Shows an attempt.
#[utoipa::path(get, path = "/attempts/{attempt}", tag = "attempts", params(("attempt" = AttemptId, Path)),
    responses((status = OK, body = AttemptDetail)))]
async fn show_attempt(State(api): State<ApiState>, Path(attempt): Path<AttemptId>) -> Answer<AttemptDetail> {
    let detail = known(&api, attempt).await?;
    let trace = api.traces.last_seq(attempt).await?;
    Ok(Json(AttemptDetail { trace, ..detail }))
}

pub(super) async fn known(api: &ApiState, attempt: AttemptId) -> Result<AttemptDetail, ApiError> {
    let none = || {
        ApiError::missing(
            "no-such-attempt",
            format!("there is no attempt {attempt}; see its task"),
        )
    };
    match api
        .engine
        .read(attempt.sprint, |sprint, _| views::attempt_detail(sprint, attempt.n))
        .await
    {
        Ok(detail) => detail.ok_or_else(none),
        Err(EngineError::NoSuchSprint(_)) => Err(none()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    /// The `next` of the part before: the number of its last entry.
    after: Option<u64>,
    /// Only the last entries before this one: the `next` of the part before, or a number beyond the end.
    before: Option<u64>,
    /// How many, 1 to 1000. A part with large entries has fewer.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Reads the trace of an attempt, oldest entries first: from its beginning on, or with `before` from its end back.
#[utoipa::path(get, path = "/attempts/{attempt}/trace", tag = "attempts",
    params(("attempt" = AttemptId, Path), TraceQuery), responses((status = OK, body = Page<TraceEntry>)))]
async fn read_trace(
    State(api): State<ApiState>,
    Path(attempt): Path<AttemptId>,
    Query(query): Query<TraceQuery>,
) -> Answer<Page<TraceEntry>> {
    known(&api, attempt).await?;
    if let Some(before) = query.before {
        if query.after.is_some() {
            let text = "before: a part is read on or back; give before or after, not both";
            return Err(ApiError::bad("bad-query", text));
        }
        return read_back(&api, attempt, before, query.limit).await;
    }
    let mut after = query.after.unwrap_or(0);
    let mut part = Filling::new(query.limit);
    loop {
        let entries = api.traces.read(attempt, after, PAGE).await?;
        let Some(last) = entries.last().map(|last| last.seq) else {
            return Ok(Json(part.last()));
        };
        for entry in entries {
            if part.is_full() {
                return Ok(Json(part.with_next(|last| last.seq.to_string())));
            }
            part.push(entry);
        }
        after = last;
    }
}

/// The last entries before one; `next` says before which the part before this one ends.
async fn read_back(api: &ApiState, attempt: AttemptId, before: u64, limit: Limit) -> Answer<Page<TraceEntry>> {
    let mut before = before.min(api.traces.last_seq(attempt).await?.saturating_add(1));
    let mut part = Filling::new(limit);
    while before > 1 && !part.is_full() {
        let after = before.saturating_sub(1 + u64::from(PAGE));
        let entries = api.traces.read(attempt, after, PAGE).await?;
        for entry in entries.into_iter().rev().filter(|entry| entry.seq < before) {
            if !part.is_full() {
                part.push(entry);
            }
        }
        before = part.newest().map_or(1, |entry| entry.seq);
    }
    Ok(Json(part.reversed((before > 1).then(|| before.to_string()))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TraceStreamQuery {
    /// Where to begin: after this entry. The header `Last-Event-ID` goes before it; at the first entry unless given.
    after: Option<u64>,
}

/// Streams the trace of an attempt, as server-sent events whose ids are the numbers of the entries.
///
/// Entries come as events named `entry`; after the last one of an attempt that has ended comes `end`, and nothing more.
#[utoipa::path(get, path = "/attempts/{attempt}/trace/stream", tag = "attempts",
    params(("attempt" = AttemptId, Path), TraceStreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was read")),
    responses((status = OK, body = TraceEntry, content_type = "text/event-stream")))]
async fn stream_trace(
    State(api): State<ApiState>,
    Path(attempt): Path<AttemptId>,
    Query(query): Query<TraceStreamQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, ApiError> {
    known(&api, attempt).await?;
    let reader = Reader {
        seq: last_event_id(&headers)?.or(query.after).unwrap_or(0),
        written: api.traces.watch(attempt).await?,
        committed: api.store().committed(),
        api,
        attempt,
        waiting: VecDeque::new(),
        ended: false,
    };
    let messages = unfold(reader, |mut reader| async {
        let message = reader.next().await?;
        Some((Ok(message), reader))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

struct Reader {
    api: ApiState,
    attempt: AttemptId,
    seq: u64,
    written: watch::Receiver<u64>,
    committed: watch::Receiver<Position>,
    waiting: VecDeque<Message>,
    /// Whether `end` was told.
    ended: bool,
}

impl Reader {
    /// The next message; none after the end, and once the server stops or the trace cannot be read.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            if self.ended || self.api.stop.is_cancelled() {
                return None;
            }
            self.written.mark_unchanged();
            self.committed.mark_unchanged();
            // Asked before the entries are read, so that none that came before the end is missed.
            let ended_at = ended_at(&self.api, self.attempt).await;
            let entries = match self.api.traces.read(self.attempt, self.seq, PAGE).await {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!(%error, attempt = %self.attempt, "a trace stream ends early");
                    return None;
                }
            };
            for entry in &entries {
                self.seq = entry.seq;
                let message = Message::default().id(entry.seq.to_string()).event("entry");
                self.waiting.push_back(with_data(message, entry));
            }
            if !entries.is_empty() {
                continue;
            }
            let more = match ended_at {
                None => self.something_happens().await?,
                Some(at) => self.written_until(at + LATE).await,
            };
            if !more {
                self.ended = true;
                return Some(Message::default().event("end").data("{}"));
            }
        }
    }

    /// Waits while the attempt goes on; none once the server stops.
    async fn something_happens(&mut self) -> Option<bool> {
        let stop = self.api.stop.clone();
        tokio::select! {
            () = stop.cancelled() => None,
            changed = self.written.changed() => changed.ok().map(|()| true),
            changed = self.committed.changed() => changed.ok().map(|()| true),
        }
    }

    /// Whether something more is written until a time, which is soon or past.
    async fn written_until(&mut self, until: Timestamp) -> bool {
        let wait = until.since(self.api.engine.now());
        let stop = self.api.stop.clone();
        let written = async {
            tokio::select! {
                () = stop.cancelled() => false,
                changed = self.written.changed() => changed.is_ok(),
            }
        };
        tokio::time::timeout(wait, written).await.unwrap_or(false)
    }
}

/// When an attempt ended; none while it goes on.
pub(super) async fn ended_at(api: &ApiState, attempt: AttemptId) -> Option<Timestamp> {
    let ended = api.engine.read(attempt.sprint, |sprint, _| {
        sprint.attempt(attempt.n)?.ended.as_ref().map(|ended| ended.at)
    });
    // A sprint that cannot be read now is asked again with the next event.
    ended.await.ok().flatten()
}
