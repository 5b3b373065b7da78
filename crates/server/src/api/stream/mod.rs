//! One stream for everything that a browser follows: events of the log and traces, together.
//!
//! A browser has few connections to a server, so one of them carries all. What happens within a moment comes in one batch,
//! so that a busy sprint costs a page no more than it can draw. Each batch has one id for its place in all that is
//! followed: whoever comes again with it misses nothing and gets nothing twice.

mod cursor;
mod lately;
mod reader;
mod traces;

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::error::ApiError;
use super::live::{HEARTBEAT, begin};
use super::request::Query;
use super::topics::Topics;
use super::types::Batch;
use cursor::Cursor;
use reader::Reader;
use traces::Followed;

pub(super) use lately::Traces;

/// How many traces one stream follows.
const TRACES: usize = 50;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(stream))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct StreamQuery {
    /// What is wanted, separated by commas: `sprint:3`, `project:web`, `inbox:ada`; everything on the log unless one of them is
    /// given. And traces: `trace:s3-a7` from its beginning, `trace:s3-a7@120` after an entry.
    topics: Option<String>,
    /// Where to begin: the id of a batch, or a position of the log. The header `Last-Event-ID` goes before it; now, if
    /// neither is given. A trace that it knows goes on from there, whatever the topic says.
    cursor: Option<String>,
}

/// Streams what happens and what agents do, together and in batches, as server-sent events.
///
/// The first event is `ready` with the position from which events follow, or `reset` if the position that was asked for
/// is not on record: then whatever was fetched before must be fetched again. Further ones are named `batch`, one in 80 ms at
/// most. The id of each is a place in all that is followed, and is given back as it is.
#[utoipa::path(get, path = "/stream", tag = "events",
    params(StreamQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read")),
    responses((status = OK, body = Batch, content_type = "text/event-stream")))]
async fn stream(
    State(api): State<ApiState>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, ApiError> {
    let (topics, wanted) = Topics::read(query.topics.as_deref().unwrap_or_default(), true)?;
    if wanted.len() > TRACES {
        let text = format!(
            "topics: {} traces are too many for one stream; name {TRACES} at most",
            wanted.len()
        );
        return Err(ApiError::bad("bad-query", text));
    }
    let cursor = given(&headers, query.cursor.as_deref())?;
    let (name, position) = begin(&api, cursor.as_ref().map(|cursor| cursor.position)).await?;
    let known = cursor.unwrap_or_default().traces;
    let mut traces = Vec::new();
    for (attempt, after) in wanted {
        let after = known.get(&attempt).copied().unwrap_or(after);
        traces.push(Followed::begin(&api, attempt, after).await?);
    }
    let reader = Reader::new(api, topics, name, position, traces);
    let messages = unfold(reader, |mut reader| async {
        let message = reader.next().await?;
        Some((Ok(message), reader))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// Where somebody who comes again was.
fn given(headers: &HeaderMap, query: Option<&str>) -> Result<Option<Cursor>, ApiError> {
    let refused = |code, what| {
        ApiError::bad(
            code,
            format!("{what} is no id of this stream; leave it out to begin anew"),
        )
    };
    if let Some(header) = headers.get("last-event-id") {
        let cursor = header.to_str().ok().and_then(|text| text.parse().ok());
        return cursor
            .map(Some)
            .ok_or_else(|| refused("bad-last-event-id", "Last-Event-ID"));
    }
    let cursor = query.map(str::parse).transpose();
    cursor.map_err(|()| refused("bad-query", "cursor"))
}
