//! The port: what a queue of jobs does for a project.
//!
//! Time always comes in as a value. A lease that has run out is still held until [`JobQueue::recover_stalled`] takes it
//! away, so a clock that is set back can neither hand out a job twice nor more jobs than allowed.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use team6_core::ids::{ProjectId, WorkerId};
use team6_core::time::Timestamp;
use team6_sqlite::StorageError;
use tokio::sync::watch;

/// The name of a project's queue: `agents-<project>`.
pub fn queue_name(project: &ProjectId) -> String {
    format!("agents-{project}")
}

/// One attempt that waits for a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The attempt's id; enqueueing it twice adds one job.
    pub id: String,
    /// The project whose workers may run it.
    pub project: ProjectId,
    /// Higher comes first.
    pub priority: i64,
    /// Not to be handed out earlier.
    pub not_before: Timestamp,
    /// What the worker needs to find the attempt; a pointer, not the task itself.
    pub data: Value,
    /// When it was made.
    pub created: Timestamp,
}

/// Grows with every lease that a queue hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to run a job, until it is given back or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The project of the job.
    pub project: ProjectId,
    /// The id of the job.
    pub job: String,
    /// Which lease of it.
    pub id: LeaseId,
}

/// A job that was handed to a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedJob {
    /// The job.
    pub job: Job,
    /// What the worker shows with every further call.
    pub lease: Lease,
    /// How often a lease of this job ran out.
    pub stalls: u32,
}

/// Whether a job was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It was.
    Added,
    /// Its id was known already, waiting, active or finished; nothing changed.
    Known,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Jobs that a worker could have now.
    pub due: u64,
    /// Jobs that wait for their time.
    pub delayed: u64,
    /// Jobs in the hands of workers.
    pub active: u64,
    /// Jobs whose lease has run out and was not taken away yet.
    pub stalled: u64,
}

/// Why a call was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    /// The lease was taken away, or the job was removed: stop working on it.
    #[error("lease {} of job {} is lost: stop working on it", lease.id, lease.job)]
    Lost {
        /// The lease that counts no more.
        lease: Lease,
    },
    /// The queue could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The queues of all projects.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds a job, unless its id is known.
    async fn enqueue(&self, job: Job) -> Result<Enqueued, QueueError>;

    /// Hands out the first job that is due: highest priority first, then in the order in which they came. None if there
    /// is none, or if the project holds `max_active` leases already, counting those that have run out.
    async fn lease(
        &self,
        project: &ProjectId,
        worker: &WorkerId,
        max_active: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<LeasedJob>, QueueError>;

    /// Holds on to a job until `until`.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), QueueError>;

    /// Finishes a job. Doing so twice with the same lease is fine.
    async fn complete(&self, lease: &Lease, at: Timestamp) -> Result<(), QueueError>;

    /// Gives a job back, to be handed out again from `not_before` on.
    async fn release(&self, lease: &Lease, not_before: Timestamp) -> Result<(), QueueError>;

    /// Takes a job out, whoever has it, and says whether it was there. Its id stays known like that of a finished one.
    async fn remove(&self, project: &ProjectId, job: &str, at: Timestamp) -> Result<bool, QueueError>;

    /// Moves a waiting job, and says whether it was there.
    async fn reprioritize(&self, project: &ProjectId, job: &str, priority: i64) -> Result<bool, QueueError>;

    /// Takes away the leases that have run out, makes their jobs due again, and says which.
    async fn recover_stalled(&self, now: Timestamp) -> Result<Vec<String>, QueueError>;

    /// When the next lease of any project runs out, unless it is renewed.
    async fn next_stall(&self) -> Result<Option<Timestamp>, QueueError>;

    /// How much a project has to do.
    async fn depth(&self, project: &ProjectId, now: Timestamp) -> Result<Depth, QueueError>;

    /// Changes whenever a call here may have made a job of the project available. A worker looks, then waits for this or
    /// for [`JobQueue::next_due`], whichever comes first.
    fn wake(&self, project: &ProjectId) -> watch::Receiver<u64>;

    /// Rings that bell, such as when a project may have more jobs at once.
    fn ring(&self, project: &ProjectId);

    /// When the first waiting job of a project is due; in the past if only the project's limit holds it back.
    async fn next_due(&self, project: &ProjectId) -> Result<Option<Timestamp>, QueueError>;

    /// Forgets the ids of jobs that ended before `ended_before`, and says how many.
    async fn prune(&self, ended_before: Timestamp) -> Result<u64, QueueError>;

    /// What is wrong with what the queue keeps on this machine, for people; nothing for a sound one.
    async fn damage(&self) -> Result<Vec<String>, QueueError> {
        Ok(Vec::new())
    }

    /// Finishes what was begun and lets go of the connection. Later calls get [`StorageError::Closed`].
    async fn close(&self);
}
