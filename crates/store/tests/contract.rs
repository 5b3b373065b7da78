//! The SQLite files keep the contract.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use team6_store::{DataFolder, SqliteStore, SqliteTraceStore, store_contract, trace_contract};
use tempfile::TempDir;

async fn store() -> (SqliteStore, TempDir) {
    let place = TempDir::new().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    (SqliteStore::open(&folder).await.unwrap(), place)
}

async fn traces() -> (SqliteTraceStore, TempDir) {
    let place = TempDir::new().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    (SqliteTraceStore::open(&folder).await.unwrap(), place)
}

store_contract!(crate::store);
trace_contract!(crate::traces);
