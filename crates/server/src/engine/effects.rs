//! Carries out the effects that events call for: each at least once, in the order of their events where nothing fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use team6_core::sprint::Effect;
use team6_core::time::Timestamp;
use team6_store::EffectId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineError};

/// How many effects are carried out at the same time.
const AT_ONCE: u32 = 16;
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
    loop {
        // Whatever is committed from here on wakes the loop again.
        committed.mark_unchanged();
        let wait = match pass(&engine, &handler, &stop).await {
            Ok(Some(due)) => due.since(engine.now()),
            Ok(None) => Duration::from_secs(3600),
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read; it is tried again in a second");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            changed = committed.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Carries out all that is due; gives the time when the next one is.
async fn pass(
    engine: &Arc<Engine>,
    handler: &Arc<dyn EffectHandler>,
    stop: &CancellationToken,
) -> Result<Option<Timestamp>, EngineError> {
    loop {
        let now = engine.now();
        let due = engine.store().claim_effects(now, now + CLAIM, AT_ONCE).await?;
        if due.is_empty() || stop.is_cancelled() {
            return Ok(engine.store().next_effect_due().await?);
        }
        let mut running = JoinSet::new();
        for effect in due {
            let (engine, handler) = (Arc::clone(engine), Arc::clone(handler));
            running.spawn(async move {
                let done = match serde_json::from_value::<Effect>(effect.body) {
                    Ok(known) => handler.carry_out(known).await,
                    Err(error) => Err(EffectError(format!("this version does not know the effect: {error}"))),
                };
                note(&engine, effect.id, &effect.key, effect.attempts, done).await
            });
        }
        while let Some(finished) = running.join_next().await {
            match finished {
                Ok(noted) => noted?,
                // The claim runs out, and the effect is tried again.
                Err(error) => tracing::error!(%error, "an effect broke off"),
            }
        }
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
