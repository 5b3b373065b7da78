//! The ports on SQLite files: `team6.db` for everything that must not be lost, `traces.db` for traces.

mod admin;
mod answers;
mod check_logs;
mod events;
mod memories;
mod outbox;
mod read_models;
mod traces;
mod values;

use async_trait::async_trait;
use team6_core::ids::Position;
use team6_sqlite::{Database, Durability, Settings, StorageError};
use tokio::sync::watch;

use crate::{DataFolder, Store};

pub use traces::SqliteTraceStore;

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/log-001.sql"),
    include_str!("../../migrations/log-002.sql"),
    include_str!("../../migrations/log-003.sql"),
];

/// The log, the outbox and the read models in `team6.db`.
#[derive(Debug)]
pub struct SqliteStore {
    database: Database,
    head: watch::Sender<Position>,
    _folder: DataFolder,
}

impl SqliteStore {
    /// Opens the database of a data folder, with every acknowledged append kept through a loss of power.
    pub async fn open(folder: &DataFolder) -> Result<Self, StorageError> {
        Self::open_with(folder, &Settings::new(Durability::EveryCommit)).await
    }

    /// As [`SqliteStore::open`], with other settings.
    pub async fn open_with(folder: &DataFolder, settings: &Settings) -> Result<Self, StorageError> {
        let database = Database::open(&folder.join("team6.db"), settings, MIGRATIONS).await?;
        // The folder is ours alone, so whoever held a claim is gone.
        outbox::release_claims(&database).await?;
        let head = events::head(&database).await?;
        Ok(Self {
            database,
            head: watch::Sender::new(head),
            _folder: folder.clone(),
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        self.database.close().await;
    }
}
