//! The live stream: what happens, as it happens, and what a reader missed.
//!
//! A reader holds a place in the log and nothing else. Whoever reads slowly or was away goes on from there, so nothing
//! is buffered, lost or told twice.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use team6_core::ids::Position;
use team6_store::LogFilter;
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::error::ApiError;
use super::feed::Told;
use super::request::Query;
use super::topics::Topics;
use super::types::{LiveEvent, StreamPosition};

/// How long a stream says nothing before a comment tells that it is alive.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(stream_events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// What is wanted, separated by commas: `sprint:3`, `project:web`, `inbox:ada`; everything unless given.
    topics: Option<String>,
    /// Where to begin: after this position. The header `Last-Event-ID` goes before it; now, if neither is given.
    after: Option<Position>,
}

/// Streams what happens, as server-sent events whose ids are positions in the log.
///
/// The first event is `ready` with the position from which events follow, or `reset` if the position that was asked for
/// is not on record: then whatever was fetched before must be fetched again. Further ones have the kind of what
/// happened as their name and a `LiveEvent` as data.
#[utoipa::path(get, path = "/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that was read")),
    responses((status = OK, body = LiveEvent, content_type = "text/event-stream")))]
async fn stream_events(
    State(api): State<ApiState>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, ApiError> {
    let (topics, _) = Topics::read(query.topics.as_deref().unwrap_or_default(), false)?;
    let wanted = last_event_id(&headers)?.map(Position).or(query.after);
    let committed = api.store().committed();
    let (name, position) = begin(&api, wanted).await?;
    let first = Message::default().event(name).id(position.to_string());
    let reader = Reader {
        api,
        topics,
        position,
        committed,
        waiting: VecDeque::from([with_data(first, &StreamPosition { position })]),
    };
    let messages = unfold(reader, |mut reader| async {
        let message = reader.next().await?;
        Some((Ok(message), reader))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(given) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = given.to_str().ok().and_then(|text| text.trim().parse().ok());
    let text = "Last-Event-ID is not the id of an event of this stream; leave it out to begin anew";
    number.map(Some).ok_or_else(|| ApiError::bad("bad-last-event-id", text))
}

/// Where a stream begins, and under which name it says so.
pub(super) async fn begin(api: &ApiState, wanted: Option<Position>) -> Result<(&'static str, Position), ApiError> {
    let head = api.store().head().await?;
    let Some(wanted) = wanted else {
        return Ok(("ready", head));
    };
    if wanted > head {
        return Ok(("reset", head));
    }
    // Positions have no gaps, so another one than the next says that events are not kept any more.
    let next = api.store().read_log(wanted, &LogFilter::default(), 1).await?;
    match next.first() {
        Some(event) if event.position.0 != wanted.0 + 1 => Ok(("reset", head)),
        _ => Ok(("ready", wanted)),
    }
}

/// The data is plain, so it can always be written.
pub(super) fn with_data(message: Message, data: &impl serde::Serialize) -> Message {
    message.data(serde_json::to_string(data).unwrap_or_default())
}

struct Reader {
    api: ApiState,
    topics: Topics,
    position: Position,
    committed: watch::Receiver<Position>,
    waiting: VecDeque<Message>,
}

impl Reader {
    /// The next message; none once the server stops or the log cannot be read, after which the reader comes again.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            if self.api.stop.is_cancelled() {
                return None;
            }
            self.committed.mark_unchanged();
            let events = match self.api.feed().after(&self.api, self.position).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, "a live stream ends early");
                    return None;
                }
            };
            if events.is_empty() {
                let stop = self.api.stop.clone();
                tokio::select! {
                    () = stop.cancelled() => return None,
                    changed = self.committed.changed() => changed.ok()?,
                }
            }
            for told in events {
                self.position = told.position;
                if self.topics.want(&told) {
                    self.waiting.push_back(message(&told));
                }
            }
        }
    }
}

fn message(told: &Told) -> Message {
    let message = Message::default().id(told.position.to_string());
    message.event(&told.kind).data(&told.json)
}
