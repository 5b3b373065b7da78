//! Sprints in memory, each behind its own lock, and their way to and from the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use serde::Deserialize;
use team6_core::ids::{SprintId, StreamVersion};
use team6_core::sprint::{Command, Event, Opening, Sprint};
use team6_core::time::Timestamp;
use team6_store::{
    Append, AppendError, IdempotentAnswer, NewEffect, NewEvent, NewSnapshot, RecordedEvent, Store, StreamId,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::rows::{self, to_json};
use super::{Clock, EngineError};

/// The format of snapshots; another one is left aside and the log is read from its beginning.
const SNAPSHOT: u32 = 3;
/// After how many events a snapshot is written.
const SNAPSHOT_EVERY: u64 = 200;
/// How many sprints are kept in memory before those that have ended make room.
const KEPT: usize = 200;
/// How many events are read at once.
pub(super) const PAGE: u32 = 1_000;
/// How often a command is decided anew because another server was faster.
const TRIES: usize = 20;

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Done {
    /// The events, in order.
    pub events: Vec<Event>,
    /// The sprint's version after them.
    pub version: StreamVersion,
}

/// A sprint in memory with its version in the log.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) sprint: Sprint,
    pub(super) version: StreamVersion,
    snapshot: StreamVersion,
    /// Whether memory is ahead of the log because an append failed; then it is read anew before anything else.
    stale: bool,
}

type Slot = Arc<Mutex<Option<Loaded>>>;

/// The sprints that go on, and those that were looked at lately.
pub(super) struct Sprints {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    slots: SyncMutex<HashMap<SprintId, Slot>>,
}

impl Sprints {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<Clock>) -> Self {
        Self {
            store,
            clock,
            slots: SyncMutex::default(),
        }
    }

    fn slot(&self, id: SprintId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT && !slots.contains_key(&id) {
            slots.retain(|_, slot| goes_on(slot));
        }
        slots.entry(id).or_default().clone()
    }

    /// Opens a sprint under the next number.
    pub(super) async fn open(
        &self,
        opening: Opening,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<Done, EngineError> {
        let now = self.clock.now();
        let (sprint, events) = Sprint::open(opening, now)?;
        let mut loaded = Loaded {
            sprint,
            version: StreamVersion(0),
            snapshot: StreamVersion(0),
            stale: false,
        };
        let slot = self.slot(loaded.sprint.id);
        let mut place = slot.lock_owned().await;
        let version = self.append(&mut loaded, &events, actor, answer, now).await?;
        *place = Some(loaded);
        Ok(Done { events, version })
    }

    /// Carries out a command: decided on the newest state, stored, and only then visible to anybody.
    pub(super) async fn execute(
        &self,
        id: SprintId,
        command: Command,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<Done, EngineError> {
        for _ in 0..TRIES {
            let mut place = self.lock(id).await?;
            let Some(loaded) = place.as_mut() else {
                return Err(EngineError::NoSuchSprint(id));
            };
            let now = self.clock.now();
            // Until the events are stored, memory is ahead of the log, also if this future is dropped here. What is refused
            // changes nothing.
            loaded.stale = true;
            let handled = loaded.sprint.handle(command.clone(), now);
            loaded.stale = handled.as_ref().is_ok_and(|events| !events.is_empty());
            let events = handled?;
            if events.is_empty() && answer.is_none() {
                return Ok(Done {
                    events,
                    version: loaded.version,
                });
            }
            match self.append(loaded, &events, actor, answer.clone(), now).await {
                Ok(version) => {
                    loaded.stale = false;
                    return Ok(Done { events, version });
                }
                Err(AppendError::Conflict { .. }) => *place = None,
                Err(error) => {
                    *place = None;
                    return Err(error.into());
                }
            }
        }
        Err(EngineError::Busy)
    }

    /// Looks at a sprint as it is on record.
    pub(super) async fn read<T>(
        &self,
        id: SprintId,
        look: impl FnOnce(&Sprint, StreamVersion) -> T,
    ) -> Result<T, EngineError> {
        let place = self.lock(id).await?;
        match place.as_ref() {
            Some(loaded) => Ok(look(&loaded.sprint, loaded.version)),
            None => Err(EngineError::NoSuchSprint(id)),
        }
    }

    /// Forgets a sprint, which is read from the log again when it is needed.
    pub(super) fn forget(&self, id: SprintId) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    async fn lock(&self, id: SprintId) -> Result<OwnedMutexGuard<Option<Loaded>>, EngineError> {
        let mut place = self.slot(id).lock_owned().await;
        if place.as_ref().is_none_or(|loaded| loaded.stale) {
            *place = load(self.store.as_ref(), id).await?;
            if place.is_none() {
                self.forget(id);
            }
        }
        Ok(place)
    }

    async fn append(
        &self,
        loaded: &mut Loaded,
        events: &[Event],
        actor: &str,
        answer: Option<IdempotentAnswer>,
        now: Timestamp,
    ) -> Result<StreamVersion, AppendError> {
        let sprint = &mut loaded.sprint;
        let touched = sprint.take_touched();
        let mut append = Append::new(StreamId::sprint(sprint.id), loaded.version, now, actor);
        append.project = Some(sprint.project.clone());
        append.events = events
            .iter()
            .map(|e| NewEvent {
                kind: e.kind().to_owned(),
                body: to_json(e),
            })
            .collect();
        let effects = events.iter().flat_map(|event| sprint.effects(event, now));
        append.effects = effects
            .map(|effect| NewEffect {
                key: effect.key(),
                body: to_json(&effect),
                not_before: now,
            })
            .collect();
        append.rows = rows::changes(sprint, touched, now);
        append.answer = answer;
        let after = StreamVersion(loaded.version.0 + events.len() as u64);
        let snapshot_due = after.0 >= loaded.snapshot.0 + SNAPSHOT_EVERY;
        if snapshot_due {
            let body = serde_json::to_vec(sprint).unwrap_or_default();
            append.snapshot = Some(NewSnapshot { format: SNAPSHOT, body });
        }
        let appended = self.store.append(append).await?;
        loaded.version = appended.version;
        if snapshot_due {
            loaded.snapshot = appended.version;
        }
        Ok(appended.version)
    }
}

/// Whether a sprint has not ended, or somebody is at it.
fn goes_on(slot: &Slot) -> bool {
    let is_open = |place: &Option<Loaded>| place.as_ref().is_some_and(|loaded| loaded.sprint.is_open());
    Arc::strong_count(slot) > 1 || slot.try_lock().map_or(true, |place| is_open(&place))
}

/// Reads a sprint from its last snapshot and the events after it; none if there is no such sprint.
pub(super) async fn load(store: &dyn Store, id: SprintId) -> Result<Option<Loaded>, EngineError> {
    let stream = StreamId::sprint(id);
    let snapshot = store
        .snapshot(&stream)
        .await?
        .filter(|snapshot| snapshot.format == SNAPSHOT);
    let from = snapshot.and_then(|s| Some((serde_json::from_slice::<Sprint>(&s.body).ok()?, s.version)));
    let (mut sprint, mut version) = match from {
        Some((sprint, version)) => (Some(sprint), version),
        None => (None, StreamVersion(0)),
    };
    let snapshot = version;
    loop {
        let events = store.read_stream(&stream, version, PAGE).await?;
        let full = events.len() == PAGE as usize;
        for recorded in events {
            replayed(&mut sprint, &recorded)?;
            version = recorded.version;
        }
        if !full {
            break;
        }
    }
    Ok(sprint.map(|mut sprint| {
        sprint.take_touched();
        Loaded {
            sprint,
            version,
            snapshot,
            stale: false,
        }
    }))
}

/// Changes a sprint by an event as it is stored, and gives the event; the first one opens it.
pub(super) fn replayed(sprint: &mut Option<Sprint>, recorded: &RecordedEvent) -> Result<Event, EngineError> {
    let event = Event::deserialize(&recorded.body).map_err(|error| EngineError::Unreadable {
        stream: recorded.stream.to_string(),
        position: recorded.version.0,
        why: error.to_string(),
    })?;
    match (sprint, &event) {
        (Some(sprint), event) => sprint.apply(event, recorded.at),
        (sprint, Event::SprintOpened(opening)) => *sprint = Some(Sprint::opened(opening, recorded.at)),
        (_, _) => {}
    }
    Ok(event)
}

/// The sprint whose stream this is.
pub(super) fn sprint_of(stream: &StreamId) -> Option<SprintId> {
    stream.as_str().strip_prefix("sprint/")?.parse().ok()
}
