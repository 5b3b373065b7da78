//! The ledgers of projects: what all sprints of a project reserve and spend together.
//!
//! Reservations of one project are put one after the other by its ledger's stream: each is decided on the newest version
//! and stored only if nobody was faster, in this process or in another one on the same store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use team6_core::budget::Amount;
use team6_core::ids::{AttemptId, ProjectId, StreamVersion};
use team6_core::ledger::{FundsShort, Ledger, LedgerEvent, ProjectLimits};
use team6_core::time::Timestamp;
use team6_store::{Append, AppendError, NewEvent, NewSnapshot, Store, StreamId};
use tokio::sync::Mutex;

use super::rows::to_json;
use super::{ENGINE, EngineError};

/// The format of snapshots; another one is left aside and the log is read from its beginning.
const SNAPSHOT: u32 = 1;
/// After how many events a snapshot is written.
const SNAPSHOT_EVERY: u64 = 500;
/// How many events are read at once.
const PAGE: u32 = 1_000;

#[derive(Debug, Clone, Default)]
struct Loaded {
    ledger: Ledger,
    version: StreamVersion,
    snapshot: StreamVersion,
}

/// What is reserved for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// How much: what was wanted, or the rest of a budget that nobody else holds anything of.
    pub amount: Amount,
    /// Whether it was not before.
    pub new: bool,
}

/// The ledgers of all projects.
pub struct Ledgers {
    store: Arc<dyn Store>,
    slots: SyncMutex<HashMap<ProjectId, Arc<Mutex<Loaded>>>>,
}

impl Ledgers {
    /// The ledgers in a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            slots: SyncMutex::default(),
        }
    }

    /// Reserves for an attempt, or says which budget does not reach.
    pub async fn reserve(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
        amount: Amount,
        limits: &ProjectLimits,
        now: Timestamp,
    ) -> Result<Result<Reserved, FundsShort>, EngineError> {
        let decide = |ledger: &Ledger| ledger.reserve(attempt, amount, limits, now);
        let (changed, held) = self.change(project, attempt, decide, now).await?;
        Ok(changed.map(|event| Reserved {
            amount: held.unwrap_or_default(),
            new: event.is_some(),
        }))
    }

    /// Holds another amount for an attempt at work; gives what it is now, if that is another one than before.
    pub async fn hold(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
        wanted: Amount,
        used: Amount,
        limits: &ProjectLimits,
        now: Timestamp,
    ) -> Result<Option<Amount>, EngineError> {
        let decide = |ledger: &Ledger| Ok::<_, FundsShort>(ledger.hold(attempt, wanted, used, limits));
        let (changed, held) = self.change(project, attempt, decide, now).await?;
        Ok(held.filter(|_| matches!(changed, Ok(Some(_)))))
    }

    /// Gives back what an attempt has not spent, and counts what it told of later; whether that was news.
    pub async fn settle(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
        spent: Amount,
        now: Timestamp,
    ) -> Result<bool, EngineError> {
        let decide = |ledger: &Ledger| Ok::<_, FundsShort>(ledger.settle(attempt, spent));
        let (changed, _) = self.change(project, attempt, decide, now).await?;
        Ok(matches!(changed, Ok(Some(_))))
    }

    /// The ledger of a project as it is on record.
    pub async fn read(&self, project: &ProjectId) -> Result<Ledger, EngineError> {
        let slot = self.slot(project);
        let mut loaded = slot.lock().await;
        self.catch_up(project, &mut loaded).await?;
        Ok(loaded.ledger.clone())
    }

    fn slot(&self, project: &ProjectId) -> Arc<Mutex<Loaded>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(project.clone()).or_default().clone()
    }

    /// Does what is decided about an attempt; with what is held for it afterwards.
    async fn change<R>(
        &self,
        project: &ProjectId,
        attempt: AttemptId,
        decide: impl Fn(&Ledger) -> Result<Option<LedgerEvent>, R>,
        now: Timestamp,
    ) -> Result<(Result<Option<LedgerEvent>, R>, Option<Amount>), EngineError> {
        let slot = self.slot(project);
        let mut loaded = slot.lock().await;
        // Whoever is refused the store was overtaken by somebody who got on, so this comes to an end.
        loop {
            self.catch_up(project, &mut loaded).await?;
            let event = match decide(&loaded.ledger) {
                Ok(Some(event)) => event,
                other => return Ok((other, loaded.ledger.held_for(attempt))),
            };
            let mut append = Append::new(StreamId::ledger(project), loaded.version, now, ENGINE);
            append.project = Some(project.clone());
            append.events = vec![NewEvent {
                kind: event.kind().to_owned(),
                body: to_json(&event),
            }];
            let mut after = loaded.ledger.clone();
            after.apply(&event);
            let due = loaded.version.0 + 1 >= loaded.snapshot.0 + SNAPSHOT_EVERY;
            if due {
                let body = serde_json::to_vec(&after).unwrap_or_default();
                append.snapshot = Some(NewSnapshot { format: SNAPSHOT, body });
            }
            match self.store.append(append).await {
                Ok(appended) => {
                    loaded.ledger = after;
                    loaded.version = appended.version;
                    if due {
                        loaded.snapshot = appended.version;
                    }
                    return Ok((Ok(Some(event)), loaded.ledger.held_for(attempt)));
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what others have stored meanwhile.
    async fn catch_up(&self, project: &ProjectId, loaded: &mut Loaded) -> Result<(), EngineError> {
        let stream = StreamId::ledger(project);
        if loaded.version == StreamVersion(0) {
            let snapshot = self.store.snapshot(&stream).await?.filter(|s| s.format == SNAPSHOT);
            if let Some(snapshot) = snapshot
                && let Ok(ledger) = serde_json::from_slice(&snapshot.body)
            {
                (loaded.ledger, loaded.version, loaded.snapshot) = (ledger, snapshot.version, snapshot.version);
            }
        }
        loop {
            let page = self.store.read_stream(&stream, loaded.version, PAGE).await?;
            let full = page.len() == PAGE as usize;
            for recorded in page {
                let event = serde_json::from_value(recorded.body).map_err(|error| EngineError::Unreadable {
                    stream: stream.to_string(),
                    position: recorded.version.0,
                    why: error.to_string(),
                })?;
                loaded.ledger.apply(&event);
                loaded.version = recorded.version;
            }
            if !full {
                return Ok(());
            }
        }
    }
}
