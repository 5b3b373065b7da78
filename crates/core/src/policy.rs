//! The numbers by which a sprint is run. They are recorded when it is opened, so that a replay needs nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget::BudgetLimits;
use crate::time::millis;

/// Limits and periods of a sprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How often a worker gives a heartbeat for an attempt.
    #[serde(with = "millis")]
    pub heartbeat: Duration,
    /// How long a lease lasts after a heartbeat.
    #[serde(with = "millis")]
    pub lease: Duration,
    /// How long an agent may say nothing before it counts as stopped.
    #[serde(with = "millis")]
    pub silence: Duration,
    /// How long one attempt may take.
    #[serde(with = "millis")]
    pub attempt_time: Duration,
    /// How many attempts the engine makes by itself before a person must decide.
    pub attempts: u32,
    /// How often an attempt may be interrupted by restarts of the engine before a person must decide.
    pub interruptions: u32,
    /// The wait before the second attempt.
    #[serde(with = "millis")]
    pub backoff_base: Duration,
    /// The longest wait between attempts.
    #[serde(with = "millis")]
    pub backoff_limit: Duration,
    /// How long a provider's limit or outage holds a task when the provider does not say.
    #[serde(with = "millis")]
    pub hold: Duration,
    /// How often in a row a repository that cannot be reached, or a machine without room, holds a task before a person is
    /// asked.
    pub holds: u32,
    /// After how long a job that no worker took is put into the queue again, in case it was lost.
    #[serde(with = "millis")]
    pub queue_check: Duration,
    /// How long opening pull requests, or merging them, may take before a person is asked.
    #[serde(with = "millis")]
    pub forge_time: Duration,
    /// How many tasks of one owner may be at work or wait for review before no further one begins; any number if this is 0.
    pub reviews: usize,
    /// How long checks may have to wait until they are run, besides the time that they may take, before a person is asked
    /// to do without.
    #[serde(with = "millis")]
    pub check_wait: Duration,
    /// How long a base must have been still until work in review is brought up to date with it, so that merges in a row
    /// are one update.
    #[serde(with = "millis")]
    pub update_wait: Duration,
    /// The most tasks of a plan.
    pub tasks: usize,
    /// How far work may be delegated.
    pub delegation: DelegationLimits,
    /// How much of the project's memory an attempt is told at its beginning.
    pub memory: MemoryLimits,
    /// How much may be spent.
    pub budgets: BudgetLimits,
    /// The seed of everything that is drawn by lot.
    pub seed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            heartbeat: Duration::from_secs(30),
            lease: Duration::from_secs(90),
            silence: minutes(15),
            attempt_time: minutes(4 * 60),
            attempts: 5,
            interruptions: 100,
            backoff_base: Duration::from_secs(10),
            backoff_limit: minutes(10),
            hold: minutes(15),
            holds: 24,
            queue_check: minutes(5),
            forge_time: minutes(10),
            reviews: 10,
            check_wait: minutes(60),
            update_wait: Duration::from_secs(30),
            tasks: 500,
            delegation: DelegationLimits::default(),
            memory: MemoryLimits::default(),
            budgets: BudgetLimits::default(),
            seed: 0,
        }
    }
}

/// How far work may be delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelegationLimits {
    /// How many levels of subtasks there may be below an approved task.
    pub depth: usize,
    /// How many subtasks a task may have had.
    pub breadth: usize,
    /// How many an approved task may have had on all levels together.
    pub in_all: usize,
}

impl Default for DelegationLimits {
    fn default() -> Self {
        Self {
            depth: 3,
            breadth: 8,
            in_all: 24,
        }
    }
}

/// How much of the project's memory an attempt is told at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryLimits {
    /// The most tokens, at four characters each; none if this is 0.
    pub tokens: usize,
    /// The most memories.
    pub most: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            tokens: 1_500,
            most: 12,
        }
    }
}
