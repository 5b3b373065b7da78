//! Traces in a file of their own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use team6_core::ids::AttemptId;
use team6_core::time::Timestamp;
use team6_core::trace::TraceEntry;
use team6_sqlite::{Abort, Database, Durability, Settings, StorageError, integer};
use tokio::sync::watch;

use super::values::{json, json_column, page};
use crate::{DataFolder, TraceError, TraceStore};

const MIGRATIONS: &[&str] = &[include_str!("../../migrations/traces-001.sql")];

const LAST: &str = "SELECT coalesce(max(seq), 0) FROM entries WHERE sprint = $1 AND n = $2";

/// The traces in `traces.db`.
#[derive(Debug)]
pub struct SqliteTraceStore {
    pub(super) database: Database,
    watched: Arc<Watched>,
    _folder: DataFolder,
}

impl SqliteTraceStore {
    /// Opens the traces of a data folder. A loss of power may cost the last moments, never what lies before them.
    pub async fn open(folder: &DataFolder) -> Result<Self, StorageError> {
        Self::open_with(folder, &Settings::new(Durability::Consistent)).await
    }

    /// As [`SqliteTraceStore::open`], with other settings.
    pub async fn open_with(folder: &DataFolder, settings: &Settings) -> Result<Self, StorageError> {
        Ok(Self {
            database: Database::open(&folder.join("traces.db"), settings, MIGRATIONS).await?,
            watched: Arc::default(),
            _folder: folder.clone(),
        })
    }

    async fn select(
        &self,
        statement: &'static str,
        attempt: AttemptId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<TraceEntry>, StorageError> {
        let mut reader = self.database.reader().await?;
        sqlx::query(statement)
            .bind(integer(attempt.sprint.0))
            .bind(i64::from(attempt.n))
            .bind(integer(after))
            .bind(page(limit))
            .fetch_all(&mut *reader)
            .await
            .and_then(|rows| rows.iter().map(entry).collect())
            .map_err(|error| self.database.error(error))
    }
}

#[async_trait]
impl TraceStore for SqliteTraceStore {
    async fn append(&self, attempt: AttemptId, entries: &[TraceEntry]) -> Result<u64, TraceError> {
        // Made into text here, so that callers share that work and the writer only writes.
        let entries = Entries::prepare(entries).map_err(|error| self.database.error(error))?;
        let watched = Arc::clone(&self.watched);
        self.database
            .write_then(
                move |connection| Box::pin(store(connection, attempt, entries)),
                move |last| watched.tell(attempt, *last),
            )
            .await
    }

    async fn read(&self, attempt: AttemptId, after_seq: u64, limit: u32) -> Result<Vec<TraceEntry>, StorageError> {
        let statement =
            "SELECT seq, at, body FROM entries WHERE sprint = $1 AND n = $2 AND seq > $3 ORDER BY seq LIMIT $4";
        self.select(statement, attempt, after_seq, limit).await
    }

    async fn tail(&self, attempt: AttemptId, limit: u32) -> Result<Vec<TraceEntry>, StorageError> {
        let statement =
            "SELECT seq, at, body FROM entries WHERE sprint = $1 AND n = $2 AND seq > $3 ORDER BY seq DESC LIMIT $4";
        let mut entries = self.select(statement, attempt, 0, limit).await?;
        entries.reverse();
        Ok(entries)
    }

    async fn last_seq(&self, attempt: AttemptId) -> Result<u64, StorageError> {
        let mut reader = self.database.reader().await?;
        last_seq(&mut reader, attempt)
            .await
            .map_err(|error| self.database.error(error))
    }

    async fn watch(&self, attempt: AttemptId) -> Result<watch::Receiver<u64>, StorageError> {
        // First listen, then look, so that nothing falls between.
        let receiver = self.watched.receiver(attempt);
        self.watched.tell(attempt, self.last_seq(attempt).await?);
        Ok(receiver)
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

/// Who listens to which attempt.
#[derive(Debug, Default)]
struct Watched(Mutex<HashMap<AttemptId, watch::Sender<u64>>>);

impl Watched {
    fn receiver(&self, attempt: AttemptId) -> watch::Receiver<u64> {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|_, sender| sender.receiver_count() > 0);
        senders.entry(attempt).or_default().subscribe()
    }

    fn tell(&self, attempt: AttemptId, last: u64) {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = senders.get(&attempt) {
            sender.send_if_modified(|known| {
                let moved = last > *known;
                *known = last.max(*known);
                moved
            });
        }
    }
}

/// Entries ready to be stored.
struct Entries {
    /// The sequence numbers in the given order.
    numbers: Vec<u64>,
    /// An array of `[seq, at, body as text]`, which one statement stores.
    rows: String,
}

impl Entries {
    fn prepare(entries: &[TraceEntry]) -> Result<Self, sqlx::Error> {
        let rows = entries
            .iter()
            .map(|entry| Ok((entry.seq, entry.at, json(&entry.body)?)));
        let rows: Vec<_> = rows.collect::<Result<_, sqlx::Error>>()?;
        Ok(Self {
            numbers: rows.iter().map(|(seq, ..)| *seq).collect(),
            rows: json(&rows)?,
        })
    }
}

async fn store(
    connection: &mut SqliteConnection,
    attempt: AttemptId,
    entries: Entries,
) -> Result<u64, Abort<TraceError>> {
    let known = last_seq(connection, attempt).await?;
    let mut last = known;
    for got in entries.numbers {
        if got > last + 1 {
            return Err(Abort::Refused(TraceError::Gap {
                attempt,
                expected: last + 1,
                got,
            }));
        }
        last = last.max(got);
    }
    if last > known {
        // A repeated number inside of the batch is stored once, as it came first.
        sqlx::query(
            "INSERT INTO entries (sprint, n, seq, at, body)
             SELECT $1, $2, value ->> 0, value ->> 1, value ->> 2 FROM json_each($3) WHERE value ->> 0 > $4
             ON CONFLICT DO NOTHING",
        )
        .bind(integer(attempt.sprint.0))
        .bind(i64::from(attempt.n))
        .bind(entries.rows)
        .bind(integer(known))
        .execute(connection)
        .await?;
    }
    Ok(last)
}

async fn last_seq(connection: &mut SqliteConnection, attempt: AttemptId) -> Result<u64, sqlx::Error> {
    sqlx::query_scalar(LAST)
        .bind(integer(attempt.sprint.0))
        .bind(i64::from(attempt.n))
        .fetch_one(connection)
        .await
}

fn entry(row: &SqliteRow) -> Result<TraceEntry, sqlx::Error> {
    Ok(TraceEntry {
        seq: row.try_get("seq")?,
        at: Timestamp(row.try_get("at")?),
        body: json_column(row, "body")?,
    })
}
