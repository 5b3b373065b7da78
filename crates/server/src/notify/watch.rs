//! Looks at the inboxes whenever they may have changed, and tells what is due.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::ids::PersonId;
use team6_core::time::Timestamp;
use team6_notify::{Notice, Told, Waiting};
use team6_store::{InboxCursor, InboxFilter, StorageError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Notifier, Notifiers};
use crate::engine::Engine;

/// The least time between two looks: while agents work, something is recorded all the time.
const PAUSE: Duration = Duration::from_secs(1);
/// How long somebody who could not be told is left alone, at first and at most.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_MOST: Duration = Duration::from_secs(15 * 60);
/// How many rows are read at once.
const ROWS: u32 = 1_000;

impl Notifiers {
    /// Tells people until it is stopped. A channel that fails holds up no other.
    pub async fn run(&self, engine: &Engine, stop: &CancellationToken) {
        let all = self.all().iter().map(|notifier| notifier.run(engine));
        tokio::select! {
            () = stop.cancelled() => {}
            _ = futures_util::future::join_all(all) => {}
        }
    }
}

impl Notifier {
    async fn run(&self, engine: &Engine) {
        let mut told = self.kept.read();
        let mut patience = Patience::default();
        let mut committed = engine.store().committed();
        loop {
            committed.mark_unchanged();
            let next = match self.look(engine, &mut told, &mut patience).await {
                Ok(next) => next,
                Err(why) => {
                    tracing::warn!(channel = self.name, %why, "nobody can be told what waits for them; it is tried again");
                    Some(engine.now() + AGAIN)
                }
            };
            sleep(PAUSE).await;
            let due = next.map(|next| next.since(engine.now()));
            tokio::select! {
                changed = committed.changed() => if changed.is_err() { return },
                () = sleep(due.unwrap_or_default()), if due.is_some() => {}
            }
        }
    }

    /// Tells what is due; answers when to look again if nothing changes.
    async fn look(
        &self,
        engine: &Engine,
        told: &mut Told,
        patience: &mut Patience,
    ) -> Result<Option<Timestamp>, String> {
        let waiting = self.all_that_waits(engine).await.map_err(|error| error.to_string())?;
        if told.forget_solved(&waiting) {
            self.keep(told).await?;
        }
        let now = engine.now();
        let due = told.due(&waiting, &self.rules, now);
        let mut next = due.next;
        for (person, waiting) in due.now {
            // Nobody goes without because somebody else's address is wrong.
            if let Some(until) = patience.holds(&person, now) {
                next = Some(next.map_or(until, |next| next.min(until)));
                continue;
            }
            let id = Notice::id_of(&self.name, &person, &waiting);
            match self.tell(id, &person, waiting.clone(), now).await {
                Ok(()) => {
                    patience.forget(&person);
                    told.tell(&waiting);
                    self.keep(told).await?;
                }
                Err(why) => {
                    let until = patience.hold(&person, now);
                    tracing::warn!(channel = self.name, %person, %why, "somebody could not be told what waits for them");
                    next = Some(next.map_or(until, |next| next.min(until)));
                }
            }
        }
        Ok(next)
    }

    async fn all_that_waits(&self, engine: &Engine) -> Result<Vec<Waiting>, StorageError> {
        let mut waiting = Vec::new();
        let mut filter = InboxFilter::default();
        loop {
            let rows = engine.store().inbox(&filter, ROWS).await?;
            let whole = rows.len() < ROWS as usize;
            filter.after = rows.last().map(|last| InboxCursor {
                since: last.since,
                key: last.key.clone(),
            });
            waiting.extend(rows.into_iter().filter_map(|row| self.waiting(row)));
            if whole {
                return Ok(waiting);
            }
        }
    }

    async fn keep(&self, told: &Told) -> Result<(), String> {
        let (kept, told) = (self.kept.clone(), told.clone());
        let written = tokio::task::spawn_blocking(move || kept.write(&told)).await;
        let written = written.map_err(std::io::Error::other).flatten();
        written.map_err(|error| format!("what was told cannot be kept: {error}"))
    }
}

/// Who could not be told, and until when they are left alone.
#[derive(Debug, Default)]
struct Patience(BTreeMap<PersonId, (Duration, Timestamp)>);

impl Patience {
    fn holds(&self, person: &PersonId, now: Timestamp) -> Option<Timestamp> {
        let (_, until) = self.0.get(person)?;
        Some(*until).filter(|until| *until > now)
    }

    fn hold(&mut self, person: &PersonId, now: Timestamp) -> Timestamp {
        let again = self
            .0
            .get(person)
            .map_or(AGAIN, |(again, _)| (*again * 2).min(AGAIN_MOST));
        self.0.insert(person.clone(), (again, now + again));
        now + again
    }

    fn forget(&mut self, person: &PersonId) {
        self.0.remove(person);
    }
}
