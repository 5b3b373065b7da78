//! The port of the outbox: what has to be done outside, stored with the events that call for it.
//!
//! An effect is executed at least once: whoever claims it and does not finish it in time, or dies, leaves it to the next.
//! Its key makes adding it twice change nothing, and tells the outside that it is the same.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::ids::Position;
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;

use crate::StreamId;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEffect {
    /// The idempotency key, unique over all effects; an effect with a known key is not added again.
    pub key: String,
    /// What to do.
    pub body: Value,
    /// Not to be done earlier.
    pub not_before: Timestamp,
}

/// The number of a stored effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub u64);

/// A stored effect that is not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Its number; effects of one append are numbered in their order.
    pub id: EffectId,
    /// Its idempotency key.
    pub key: String,
    /// The stream whose events called for it.
    pub stream: StreamId,
    /// The head of the log after those events.
    pub position: Position,
    /// What to do.
    pub body: Value,
    /// When it is to be done next; for a claimed one, when the claim ends.
    pub due: Timestamp,
    /// Whether somebody is at it.
    pub claimed: bool,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The effects that wait to be done.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes effects that are due, longest due first; nobody else gets them before `lease_until`.
    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Effect>, StorageError>;

    /// Notes that an effect is done; its key stays known until it is pruned. Doing so twice is fine.
    async fn finish_effect(&self, id: EffectId, at: Timestamp) -> Result<(), StorageError>;

    /// Notes that an effect failed, and is to be tried again at `until`. The error is cut to 2,000 characters.
    async fn postpone_effect(&self, id: EffectId, until: Timestamp, error: &str) -> Result<(), StorageError>;

    /// What is not done yet, next due first.
    async fn pending_effects(&self, limit: u32) -> Result<Vec<Effect>, StorageError>;

    /// When the next effect is due, claimed ones at the end of their claim.
    async fn next_effect_due(&self) -> Result<Option<Timestamp>, StorageError>;

    /// Forgets effects, with their keys, that were done before `done_before`, and says how many.
    async fn prune_effects(&self, done_before: Timestamp) -> Result<u64, StorageError>;
}
