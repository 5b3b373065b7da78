//! The live stream: what happens, as it happens, and what a reader missed.
//!
//! A reader holds a place in the log and nothing else. Whoever reads slowly or was away goes on from there, so nothing
//! is buffered, lost or told twice.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use team6_core::ids::{PersonId, Position, ProjectId, SprintId};
use team6_core::sprint::Sprint;
use team6_store::{LogFilter, RecordedEvent, StreamId};
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::error::ApiError;
use super::request::Query;
use super::types::{LiveEvent, StreamPosition};

/// How long a stream says nothing before a comment tells that it is alive.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many events are read at once.
const PAGE: u32 = 200;
/// The largest event that is sent whole, in bytes; of a larger one the reader learns that it happened.
const LARGEST: usize = 64 * 1024;

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
    let topics = Topics::from_str(query.topics.as_deref().unwrap_or_default())?;
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
async fn begin(api: &ApiState, wanted: Option<Position>) -> Result<(&'static str, Position), ApiError> {
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
            let filter = self.topics.filter();
            let events = match self.api.store().read_log(self.position, &filter, PAGE).await {
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
            for event in events {
                self.position = event.position;
                if self.topics.want(&self.api, &event).await {
                    self.waiting.push_back(message(event));
                }
            }
        }
    }
}

fn message(event: RecordedEvent) -> Message {
    let fits = event.body.to_string().len() <= LARGEST;
    let live = LiveEvent {
        position: event.position,
        stream: event.stream.to_string(),
        kind: event.kind,
        at: event.at,
        actor: event.actor,
        data: fits.then_some(event.body),
    };
    let message = Message::default().id(live.position.to_string()).event(&live.kind);
    with_data(message, &live)
}

/// What a reader wants to hear of.
#[derive(Debug, Default)]
struct Topics {
    sprints: BTreeSet<SprintId>,
    projects: BTreeSet<ProjectId>,
    inboxes: BTreeSet<PersonId>,
}

impl FromStr for Topics {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let mut topics = Self::default();
        for topic in text.split(',').map(str::trim).filter(|topic| !topic.is_empty()) {
            let known = match topic.split_once(':') {
                Some(("sprint", id)) => id.parse().map(|id| topics.sprints.insert(id)).is_ok(),
                Some(("project", id)) => id.parse().map(|id| topics.projects.insert(id)).is_ok(),
                Some(("inbox", id)) => id.parse().map(|id| topics.inboxes.insert(id)).is_ok(),
                _ => false,
            };
            if !known {
                let text = format!("topics: {topic:?} is no topic; write sprint:3, project:web or inbox:ada");
                return Err(ApiError::bad("bad-query", text));
            }
        }
        Ok(topics)
    }
}

impl Topics {
    /// What the log itself can sort out.
    fn filter(&self) -> LogFilter {
        let only = self.sprints.is_empty() && self.inboxes.is_empty() && self.projects.len() == 1;
        LogFilter {
            project: self.projects.first().filter(|_| only).cloned(),
            prefix: None,
        }
    }

    async fn want(&self, api: &ApiState, event: &RecordedEvent) -> bool {
        if self.sprints.is_empty() && self.projects.is_empty() && self.inboxes.is_empty() {
            return true;
        }
        let sprint = sprint_of(&event.stream);
        if sprint.is_some_and(|sprint| self.sprints.contains(&sprint))
            || event
                .project
                .as_ref()
                .is_some_and(|project| self.projects.contains(project))
        {
            return true;
        }
        match sprint.filter(|_| !self.inboxes.is_empty() && may_change_inboxes(&event.kind)) {
            // What was handed on leaves the inbox of somebody whom neither the event nor the sprint names any more.
            Some(_) if matches!(event.kind.as_str(), "owner_set" | "question_handed") => true,
            Some(sprint) => {
                let concerned = |sprint: &Sprint, _| self.inboxes.iter().any(|person| concerns(sprint, person));
                api.engine.read(sprint, concerned).await.unwrap_or(true)
            }
            None => false,
        }
    }
}

fn sprint_of(stream: &StreamId) -> Option<SprintId> {
    stream.as_str().strip_prefix("sprint/")?.parse().ok()
}

/// Whether anything in a sprint can wait for a person.
fn concerns(sprint: &Sprint, person: &PersonId) -> bool {
    sprint.lead == *person
        || sprint.tasks.values().any(|task| task.owner.as_ref() == Some(person))
        || sprint.questions.iter().any(|question| question.asked == *person)
        || sprint.deputies.values().any(|deputy| deputy == person)
}

/// Signs of life are most of what happens, and change nobody's inbox.
fn may_change_inboxes(kind: &str) -> bool {
    let signs_of_life = [
        "lease_renewed",
        "progress_reported",
        "workspace_ready",
        "session_opened",
        "messages_delivered",
        "attempt_requeued",
        "room_reported",
    ];
    !signs_of_life.contains(&kind)
}
