//! The memories of projects: each project's in memory once it was asked for, and their way to and from the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use team6_core::ids::{MemoryId, ProjectId, StreamVersion, TaskId};
use team6_core::memory::{Memories, Memory, MemoryCommand, MemoryEvent};
use team6_core::time::Timestamp;
use team6_store::{
    Append, AppendError, GivenMemories, IdempotentAnswer, MemoryRow, NewEvent, NewSnapshot, ReadModelChanges, Store,
    StreamId,
};
use tokio::sync::Mutex;

use super::rows::to_json;
use super::{Clock, EngineError};

/// The format of snapshots; another one is left aside and the log is read from its beginning.
const SNAPSHOT: u32 = 2;
/// After how many events a snapshot is written at least. A large memory waits for as many as it has memories, so that
/// writing them stays in proportion.
const SNAPSHOT_EVERY: u64 = 500;
/// How many events are read at once.
const PAGE: u32 = 1_000;
/// How often a command is decided anew because another server was faster.
const TRIES: usize = 20;

/// What a change of a project's memory led to.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The memory that it was about, as it is now; none if it was about several.
    pub memory: Option<Memory>,
    /// The events, in order.
    pub events: Vec<MemoryEvent>,
}

struct Loaded {
    memories: Memories,
    version: StreamVersion,
    snapshot: StreamVersion,
}

type Slot = Arc<Mutex<Option<Loaded>>>;

pub(super) struct ProjectMemories {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    slots: SyncMutex<HashMap<ProjectId, Slot>>,
}

impl ProjectMemories {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<Clock>) -> Self {
        Self {
            store,
            clock,
            slots: SyncMutex::default(),
        }
    }

    fn slot(&self, project: &ProjectId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(project.clone()).or_default().clone()
    }

    /// Carries out a command: decided on the newest state, stored, and only then visible to anybody.
    pub(super) async fn execute(
        &self,
        project: &ProjectId,
        command: MemoryCommand,
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<Remembered, EngineError> {
        let slot = self.slot(project);
        let mut place = slot.lock().await;
        for _ in 0..TRIES {
            // Taken out until the events are stored: whoever comes after a failure, or after this future was dropped, reads
            // the log anew.
            let mut loaded = match place.take() {
                Some(loaded) => loaded,
                None => self.load(project).await?,
            };
            let handled = match loaded.memories.handle(command.clone()) {
                Ok(handled) => handled,
                Err(refusal) => {
                    *place = Some(loaded);
                    return Err(refusal.into());
                }
            };
            let events = handled.events;
            if !events.is_empty() || answer.is_some() {
                match self.append(project, &mut loaded, &events, actor, answer.clone()).await {
                    Ok(()) => {}
                    Err(AppendError::Conflict { .. }) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            let memory = handled.memory.and_then(|id| loaded.memories.get(id)).cloned();
            *place = Some(loaded);
            return Ok(Remembered { memory, events });
        }
        Err(EngineError::Busy)
    }

    /// What the attempts of a task were given so far.
    pub(super) async fn given_to(&self, project: &ProjectId, task: TaskId) -> Result<BTreeSet<MemoryId>, EngineError> {
        let slot = self.slot(project);
        let mut place = slot.lock().await;
        if place.is_none() {
            *place = Some(self.load(project).await?);
        }
        let given = place.as_ref().map(|loaded| loaded.memories.given_to(task).collect());
        Ok(given.unwrap_or_default())
    }

    async fn append(
        &self,
        project: &ProjectId,
        loaded: &mut Loaded,
        events: &[MemoryEvent],
        actor: &str,
        answer: Option<IdempotentAnswer>,
    ) -> Result<(), AppendError> {
        let now = self.clock.now();
        events.iter().for_each(|event| loaded.memories.apply(event, now));
        let mut append = Append::new(StreamId::memory(project), loaded.version, now, actor);
        append.project = Some(project.clone());
        append.answer = answer;
        append.events = events
            .iter()
            .map(|event| NewEvent {
                kind: event.kind().to_owned(),
                body: to_json(event),
            })
            .collect();
        append.rows = changes(project, &loaded.memories, events, now);
        let after = loaded.version.0 + events.len() as u64;
        let every = SNAPSHOT_EVERY.max(loaded.memories.len() as u64);
        let snapshot_due = after >= loaded.snapshot.0 + every;
        if snapshot_due {
            let body = serde_json::to_vec(&loaded.memories).unwrap_or_default();
            append.snapshot = Some(NewSnapshot { format: SNAPSHOT, body });
        }
        let appended = self.store.append(append).await?;
        loaded.version = appended.version;
        if snapshot_due {
            loaded.snapshot = appended.version;
        }
        Ok(())
    }

    /// Reads a project's memory from its last snapshot and the events after it; an empty one if nothing was ever learnt.
    async fn load(&self, project: &ProjectId) -> Result<Loaded, EngineError> {
        let stream = StreamId::memory(project);
        let snapshot = self.store.snapshot(&stream).await?.filter(|s| s.format == SNAPSHOT);
        let known = snapshot.and_then(|s| Some((serde_json::from_slice(&s.body).ok()?, s.version)));
        let (memories, version) = known.unwrap_or_default();
        let mut loaded = Loaded {
            memories,
            version,
            snapshot: version,
        };
        replay(self.store.as_ref(), &stream, &mut loaded, |_, _| {}).await?;
        Ok(loaded)
    }
}

/// Applies the events of a stream that a memory does not know yet.
async fn replay(
    store: &dyn Store,
    stream: &StreamId,
    loaded: &mut Loaded,
    mut seen: impl FnMut(&MemoryEvent, Timestamp),
) -> Result<(), EngineError> {
    loop {
        let page = store.read_stream(stream, loaded.version, PAGE).await?;
        let full = page.len() == PAGE as usize;
        for recorded in page {
            let event: MemoryEvent =
                serde_json::from_value(recorded.body).map_err(|error| EngineError::Unreadable {
                    stream: stream.to_string(),
                    position: recorded.version.0,
                    why: error.to_string(),
                })?;
            loaded.memories.apply(&event, recorded.at);
            loaded.version = recorded.version;
            seen(&event, recorded.at);
        }
        if !full {
            return Ok(());
        }
    }
}

/// All rows of a project's memory, made from the log alone.
pub(super) async fn all_rows(
    store: &dyn Store,
    stream: &StreamId,
) -> Result<(Vec<MemoryRow>, Vec<GivenMemories>), EngineError> {
    let project = stream
        .as_str()
        .strip_prefix("memory/")
        .and_then(|name| name.parse::<ProjectId>().ok());
    let Some(project) = project else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut loaded = Loaded {
        memories: Memories::default(),
        version: StreamVersion(0),
        snapshot: StreamVersion(0),
    };
    let mut all_given = Vec::new();
    let keep = |event: &MemoryEvent, at| all_given.extend(given(&project, event, at));
    replay(store, stream, &mut loaded, keep).await?;
    let rows = loaded.memories.all().map(|memory| MemoryRow::of(&project, memory));
    Ok((rows.collect(), all_given))
}

/// How the read models change by events that were applied.
fn changes(project: &ProjectId, memories: &Memories, events: &[MemoryEvent], now: Timestamp) -> ReadModelChanges {
    let changed: BTreeSet<&MemoryId> = events.iter().flat_map(MemoryEvent::memories).collect();
    let rows = changed.into_iter().filter_map(|id| memories.get(*id));
    ReadModelChanges {
        memories: rows.map(|memory| MemoryRow::of(project, memory)).collect(),
        given_memories: events.iter().filter_map(|event| given(project, event, now)).collect(),
        ..ReadModelChanges::default()
    }
}

fn given(project: &ProjectId, event: &MemoryEvent, at: Timestamp) -> Option<GivenMemories> {
    match event {
        MemoryEvent::MemoriesGiven {
            attempt,
            task,
            memories,
        } => Some(GivenMemories {
            attempt: *attempt,
            project: project.clone(),
            task: *task,
            at,
            memories: memories.clone(),
        }),
        _ => None,
    }
}
