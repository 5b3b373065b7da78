//! The embedded queue keeps the contract.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use team6_queue::{EmbeddedQueue, queue_contract};
use tempfile::TempDir;

async fn queue() -> (EmbeddedQueue, TempDir) {
    let place = TempDir::new().unwrap();
    let queue = EmbeddedQueue::open(&place.path().join("queue.db")).await.unwrap();
    (queue, place)
}

queue_contract!(crate::queue);
