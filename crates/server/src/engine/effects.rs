//! Carries out the effects that events call for: each at least once, begun in the order of their events.
//!
//! They do not wait for each other: an origin that does not answer holds up nothing but its own. Effects of one sprint
//! may so overtake each other, which those who carry them out must bear anyway, since a failed one comes later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use team6_core::sprint::Effect;
use team6_core::time::Timestamp;
use team6_store::EffectId;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineError};

/// How many effects are carried out at the same time. Most wait for a disk or an origin.
const AT_ONCE: usize = 64;
/// How long effects that are being carried out may take to end when the engine stops; others begin again at the start.
const LAST: Duration = Duration::from_secs(5);
/// For how long an effect is ours before another server may take it.
const CLAIM: Duration = Duration::from_secs(120);
/// The longest wait before a failed effect is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why an effect was not carried out; it is tried again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct EffectError(pub String);

/// Whoever carries out effects. Doing one twice must change nothing.
#[async_trait]
pub trait EffectHandler: Send + Sync {
    /// Carries out one effect.
    async fn carry_out(&self, effect: Effect) -> Result<(), EffectError>;
}

/// Carries out effects as they come, until it is told to stop.
pub async fn run(engine: Arc<Engine>, handler: Arc<dyn EffectHandler>, stop: CancellationToken) {
    let mut committed = engine.store().committed();
    let mut running = Running::default();
    loop {
        // Whatever is committed from here on wakes the loop again.
        committed.mark_unchanged();
        let wait = match running.begin(&engine, &handler, &stop).await {
            Ok(Some(due)) => due.since(engine.now()),
            Ok(None) => Duration::from_secs(3600),
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read; it is tried again in a second");
                Duration::from_secs(1)
            }
        };
        let free = running.places() > 0;
        tokio::select! {
            () = stop.cancelled() => break,
            changed = committed.changed(), if free => if changed.is_err() { break },
            () = running.one_ended() => {}
            () = tokio::time::sleep(wait), if free => {}
        }
    }
    let ended = async {
        while running.places() < AT_ONCE {
            running.one_ended().await;
        }
    };
    if tokio::time::timeout(LAST, ended).await.is_err() {
        tracing::warn!("effects that take long are broken off; they begin again at the next start");
    }
}

/// The effects that are being carried out.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    effects: HashMap<task::Id, EffectId>,
}

impl Running {
    /// How many more may begin.
    fn places(&self) -> usize {
        AT_ONCE.saturating_sub(self.effects.len())
    }

    /// Begins all that is due, as far as there are places; gives the time when the next one is.
    async fn begin(
        &mut self,
        engine: &Arc<Engine>,
        handler: &Arc<dyn EffectHandler>,
        stop: &CancellationToken,
    ) -> Result<Option<Timestamp>, EngineError> {
        while let places @ 1.. = self.places() {
            if stop.is_cancelled() {
                break;
            }
            let now = engine.now();
            let places = u32::try_from(places).unwrap_or(u32::MAX);
            let due = engine.store().claim_effects(now, now + CLAIM, places).await?;
            if due.is_empty() {
                break;
            }
            for effect in due {
                // One that takes longer than its claim is still ours, and now for as long again.
                if self.effects.values().any(|running| *running == effect.id) {
                    continue;
                }
                let (engine, handler) = (Arc::clone(engine), Arc::clone(handler));
                let id = effect.id;
                let task = self
                    .tasks
                    .spawn(async move { carry_out(&engine, handler.as_ref(), effect).await });
                self.effects.insert(task.id(), id);
            }
        }
        Ok(engine.store().next_effect_due().await?)
    }

    /// Waits until one has ended; for ever while there is none.
    async fn one_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((task, ()))) => drop(self.effects.remove(&task)),
            Some(Err(error)) => {
                // The claim runs out, and the effect is tried again.
                tracing::error!(%error, "an effect broke off");
                self.effects.remove(&error.id());
            }
        }
    }
}

async fn carry_out(engine: &Engine, handler: &dyn EffectHandler, effect: team6_store::Effect) {
    let done = match serde_json::from_value::<Effect>(effect.body) {
        Ok(known) => handler.carry_out(known).await,
        Err(error) => Err(EffectError(format!("this version does not know the effect: {error}"))),
    };
    if let Err(error) = note(engine, effect.id, &effect.key, effect.attempts, done).await {
        tracing::error!(
            effect = effect.key,
            %error,
            "what came of an effect cannot be noted; it is carried out again when its claim has run out"
        );
    }
}

async fn note(
    engine: &Engine,
    id: EffectId,
    key: &str,
    attempts: u32,
    done: Result<(), EffectError>,
) -> Result<(), EngineError> {
    let now = engine.now();
    match done {
        Ok(()) => engine.store().finish_effect(id, now).await?,
        Err(error) => {
            let wait = Duration::from_millis(200)
                .saturating_mul(1 << attempts.min(16))
                .min(LONGEST_WAIT);
            tracing::warn!(effect = key, %error, "an effect failed; it is tried again");
            engine
                .store()
                .postpone_effect(id, now + wait, &error.to_string())
                .await?;
        }
    }
    Ok(())
}

/// Keeps the deadlines of all sprints, until it is told to stop.
pub async fn keep_deadlines(engine: Arc<Engine>, stop: CancellationToken) {
    let mut changes = engine.deadline_changes();
    loop {
        changes.mark_unchanged();
        let wait = match engine.tick().await {
            // A millisecond more, so that the deadline has passed when the clock is read.
            Some(next) => next.since(engine.now()) + Duration::from_millis(1),
            None => Duration::from_secs(3600),
        };
        tokio::select! {
            () = stop.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}
