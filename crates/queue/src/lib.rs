//! One job queue per project.
//!
//! A job is one attempt; whether and when there is another is decided by the rules, never here. The queue only sees that
//! a job is in one pair of hands at a time, and in no more hands than the project allows. The event log can refill it.

mod embedded;
mod port;

#[cfg(feature = "contract")]
pub mod contract;

pub use embedded::EmbeddedQueue;
pub use port::{Depth, Enqueued, Job, JobQueue, Lease, LeaseId, LeasedJob, QueueError, queue_name};
pub use team6_sqlite::StorageError;
