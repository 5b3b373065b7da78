//! The port of what checks said: kept by its hash, so that keeping it twice changes nothing and a change is seen.

use async_trait::async_trait;
use team6_core::checks::Digest;
use team6_sqlite::StorageError;

/// The logs of checks.
#[async_trait]
pub trait CheckLogs: Send + Sync {
    /// Keeps a log; gives the hash by which it is found again.
    async fn keep_check_log(&self, said: Vec<u8>) -> Result<Digest, StorageError>;

    /// A log as it is kept; none if it is not.
    async fn check_log(&self, log: &Digest) -> Result<Option<Vec<u8>>, StorageError>;
}
