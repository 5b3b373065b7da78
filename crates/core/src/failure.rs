//! Why an attempt failed, and what follows from it.
//!
//! Whoever sees a failure says its kind; the class, which decides what happens next, is derived from the kind here and
//! nowhere else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::time::Timestamp;

/// A failed attempt's failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// What happened, for people; one to a few lines.
    pub text: String,
    /// For a usage limit: when the provider says that it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No heartbeat came before the lease ended: the worker is gone.
    LeaseExpired,
    /// The agent's process lives but said nothing for too long.
    Silent,
    /// The attempt took longer than it may.
    TimedOut,
    /// The agent's process ended in the middle of its work.
    AgentExited,
    /// The agent broke the protocol, or flooded it.
    Protocol,
    /// The agent ended its turn without saying that it completed the task.
    NotCompleted,
    /// The agent's workspace disappeared or was damaged.
    WorkspaceLost,
    /// A repository, or the host that has it, could not be reached.
    Unreachable,
    /// The machine had no room: disk or memory.
    OutOfRoom,
    /// The agent's own work took more memory or disk than its sandbox allows.
    OverLimit,
    /// A pull request could not be opened in time.
    PublishFailed,
    /// The provider's usage limit was reached.
    UsageLimit,
    /// The provider does not answer.
    ProviderOutage,
    /// The agent is not logged in with its provider.
    LoginNeeded,
    /// The agent's program is not installed or does not start.
    AgentUnavailable,
    /// The agent was denied a permission that it needs.
    PermissionDenied,
    /// The agent rewrote the history below its base, or committed what may not be imported.
    ImportRefused,
    /// The agent or its model refused to do the task.
    Refused,
    /// What was reserved for the attempt is spent.
    OverBudget,
    /// Nothing that a further attempt, or a person who changes nothing, could mend.
    Impossible,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Another attempt may succeed.
    Retryable,
    /// Wait until what it needs works again: its provider, a repository, the machine; uses up no attempt.
    Hold,
    /// A person must do something first.
    NeedsPerson,
    /// Another attempt cannot succeed.
    Permanent,
}

impl FailureKind {
    /// Whether it is the provider of the model whose work is waited for.
    pub fn is_of_provider(self) -> bool {
        matches!(self, Self::UsageLimit | Self::ProviderOutage)
    }

    /// What follows from a failure of this kind.
    pub fn class(self) -> FailureClass {
        match self {
            Self::LeaseExpired
            | Self::Silent
            | Self::TimedOut
            | Self::AgentExited
            | Self::Protocol
            | Self::NotCompleted
            | Self::WorkspaceLost
            | Self::OverLimit => FailureClass::Retryable,
            Self::UsageLimit | Self::ProviderOutage => FailureClass::Hold,
            Self::Unreachable | Self::OutOfRoom => FailureClass::Hold,
            Self::LoginNeeded
            | Self::AgentUnavailable
            | Self::PermissionDenied
            | Self::ImportRefused
            | Self::PublishFailed
            | Self::OverBudget
            | Self::Refused => FailureClass::NeedsPerson,
            Self::Impossible => FailureClass::Permanent,
        }
    }
}

/// How long to wait before the attempt that follows the `failures`th failure in a row, from 1.
///
/// Exponential from `policy.backoff_base` to `policy.backoff_limit`, of which `seed` takes away up to half, so that
/// tasks that failed together do not come back together. The same seed gives the same wait.
pub fn backoff(policy: &Policy, failures: u32, seed: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(32);
    let full = policy
        .backoff_base
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX));
    let full = full.min(policy.backoff_limit);
    // 1024 steps from one half to the whole.
    let share = 1024 + u32::try_from(scatter(seed) % 1024).unwrap_or(0);
    full.saturating_mul(share) / 2048
}

/// SplitMix64: one well-mixed number from another (Steele, Lea, Flood 2014).
pub(crate) fn scatter(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_wait_doubles_within_its_limits(failures in 1u32..100, seed: u64) {
            let policy = Policy::default();
            let full = policy.backoff_base.saturating_mul(2_u32.saturating_pow(failures - 1)).min(policy.backoff_limit);
            let wait = backoff(&policy, failures, seed);
            prop_assert!(wait >= full / 2 && wait <= full, "{:?} of {:?}", wait, full);
            prop_assert_eq!(wait, backoff(&policy, failures, seed));
        }
    }
}
