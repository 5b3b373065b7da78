//! What happened lately, read once for everybody who follows it.
//!
//! Whoever follows the log holds a place in it. Most are at its end, so the newest events are kept ready to be sent: the
//! first reader who wants an event brings it here, whatever the number of readers. Who is behind reads the log itself.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use team6_core::ids::{PersonId, Position, ProjectId, SprintId};
use team6_core::sprint::Sprint;
use team6_store::{LogFilter, RecordedEvent, StorageError};
use tokio::sync::Mutex;

use super::ApiState;
use super::types::LiveEvent;

/// How many events are read at once.
const PAGE: u32 = 200;
/// How many events are kept ready, and how many bytes of them.
const KEPT: u64 = 1_000;
const BYTES: usize = 8 * 1024 * 1024;
/// The largest event that is sent whole, in bytes; of a larger one the reader learns that it happened.
const LARGEST: usize = 64 * 1024;

/// An event as readers are told of it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) position: Position,
    pub(super) project: Option<ProjectId>,
    /// The sprint whose stream it is on.
    pub(super) sprint: Option<SprintId>,
    pub(super) kind: String,
    /// A `LiveEvent` as JSON.
    pub(super) json: String,
    /// Whose inbox it may change.
    pub(super) inboxes: Inboxes,
}

/// Whose inboxes an event may change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inboxes {
    Nobodys,
    Everybodys,
    Of(BTreeSet<PersonId>),
}

/// The newest events.
#[derive(Default)]
pub(super) struct Feed {
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    events: VecDeque<Arc<Told>>,
    bytes: usize,
    /// The position of the last one, or where reading begins.
    end: Position,
}

impl Feed {
    /// The next events after a position, in order; none if it is the end of the log.
    pub(super) async fn after(&self, api: &ApiState, position: Position) -> Result<Vec<Arc<Told>>, StorageError> {
        let mut recent = self.recent.lock().await;
        recent.catch_up(api, position).await?;
        if position >= recent.begin() {
            let behind = recent.events.iter().filter(|told| told.position > position);
            return Ok(behind.take(PAGE as usize).cloned().collect());
        }
        drop(recent);
        let events = api.store().read_log(position, &LogFilter::default(), PAGE).await?;
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            told.push(Arc::new(Told::of(api, event).await));
        }
        Ok(told)
    }
}

impl Recent {
    /// The position after which everything is here.
    fn begin(&self) -> Position {
        let first = self.events.front().map(|told| Position(told.position.0 - 1));
        first.unwrap_or(self.end)
    }

    /// Brings what was committed meanwhile. `wanted` is where a reader is: nothing before it is brought without need.
    async fn catch_up(&mut self, api: &ApiState, wanted: Position) -> Result<(), StorageError> {
        let head = *api.store().committed().borrow();
        if self.events.is_empty() || head.0.saturating_sub(self.end.0) > KEPT {
            *self = Self {
                end: Position(wanted.0.clamp(head.0.saturating_sub(KEPT), head.0)),
                ..Self::default()
            };
        }
        while self.end < head {
            let events = api.store().read_log(self.end, &LogFilter::default(), PAGE).await?;
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                let told = Told::of(api, event).await;
                self.end = told.position;
                self.bytes += told.json.len();
                self.events.push_back(Arc::new(told));
            }
            while self.events.len() as u64 > KEPT || self.bytes > BYTES {
                self.bytes -= self.events.pop_front().map_or(self.bytes, |told| told.json.len());
            }
        }
        Ok(())
    }
}

impl Told {
    async fn of(api: &ApiState, event: RecordedEvent) -> Self {
        let sprint = event
            .stream
            .as_str()
            .strip_prefix("sprint/")
            .and_then(|id| id.parse().ok());
        let inboxes = inboxes(api, sprint, &event.kind).await;
        let mut live = LiveEvent {
            position: event.position,
            version: Some(event.version),
            stream: event.stream.to_string(),
            kind: event.kind,
            at: event.at,
            actor: event.actor,
            data: Some(event.body),
        };
        // Plain data can always be written.
        let mut json = serde_json::to_string(&live).unwrap_or_default();
        if json.len() > LARGEST {
            live.data = None;
            json = serde_json::to_string(&live).unwrap_or_default();
        }
        Self {
            position: live.position,
            project: event.project,
            sprint,
            json,
            kind: live.kind,
            inboxes,
        }
    }
}

/// Whose inboxes an event may change, as its sprint is now.
async fn inboxes(api: &ApiState, sprint: Option<SprintId>, kind: &str) -> Inboxes {
    let Some(sprint) = sprint.filter(|_| may_change_inboxes(kind)) else {
        return Inboxes::Nobodys;
    };
    // What was handed on leaves the inbox of somebody whom neither the event nor the sprint names any more.
    if matches!(kind, "owner_set" | "question_handed" | "deputy_set") {
        return Inboxes::Everybodys;
    }
    let concerned = api.engine.read(sprint, |sprint, _| Inboxes::Of(concerned(sprint)));
    concerned.await.unwrap_or(Inboxes::Everybodys)
}

/// Those for whom anything in a sprint can wait.
fn concerned(sprint: &Sprint) -> BTreeSet<PersonId> {
    let owners = sprint.tasks.values().filter_map(|task| task.owner.as_ref());
    let asked = sprint.questions.iter().map(|question| &question.asked);
    let deputies = sprint.deputies.values();
    owners
        .chain(asked)
        .chain(deputies)
        .chain([&sprint.lead])
        .cloned()
        .collect()
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
