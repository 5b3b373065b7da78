//! One database file: its writer, its readers, and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool};

use crate::writer::{Abort, Writer};
use crate::{StorageError, migrate};

const READERS: u32 = 4;

/// What survives a loss of power. After a crash of the program alone, both keep every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every acknowledged commit.
    EveryCommit,
    /// A consistent state that may lack the last commits; for what can be made again.
    Consistent,
}

/// How a file is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What survives a loss of power.
    pub durability: Durability,
    /// How long a call waits for a lock that another program holds before it says busy.
    pub busy_timeout: Duration,
    /// The size that the file may grow to, in pages of 4 KiB; none for as much as the disk holds.
    pub max_pages: Option<u32>,
}

impl Settings {
    /// Settings with this durability, five seconds of patience and no limit of size.
    pub fn new(durability: Durability) -> Self {
        Self {
            durability,
            busy_timeout: Duration::from_secs(5),
            max_pages: None,
        }
    }
}

/// An open database file.
#[derive(Debug)]
pub struct Database {
    file: PathBuf,
    readers: SqlitePool,
    writer: Writer,
}

impl Database {
    /// Opens the file, making it if it is not there, and brings its schema up to the last of `migrations`.
    pub async fn open(file: &Path, settings: &Settings, migrations: &[&'static str]) -> Result<Self, StorageError> {
        let sql = |error| StorageError::from_sql(file, error);
        let mut options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(settings.busy_timeout)
            .disable_statement_logging();
        let readers = options.clone().create_if_missing(false).pragma("query_only", "on");
        if let Some(pages) = settings.max_pages {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let synchronous = match settings.durability {
            Durability::EveryCommit => SqliteSynchronous::Full,
            Durability::Consistent => SqliteSynchronous::Normal,
        };
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous);
        let mut connection = options.connect().await.map_err(sql)?;
        migrate::migrate(&mut connection, file, migrations).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .acquire_timeout(settings.busy_timeout.max(Duration::from_secs(1)))
            .connect_lazy_with(readers);
        Ok(Self {
            file: file.to_owned(),
            readers,
            writer: Writer::start(connection, file.to_owned()),
        })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A connection that only reads. Its errors become ours by [`Database::error`].
    pub async fn reader(&self) -> Result<PoolConnection<Sqlite>, StorageError> {
        self.readers.acquire().await.map_err(|error| self.error(error))
    }

    /// Sorts an error of a reader by what can be done about it.
    pub fn error(&self, error: sqlx::Error) -> StorageError {
        StorageError::from_sql(&self.file, error)
    }

    /// Runs `work` in a transaction and returns once it is committed; whatever it refuses or fails at leaves no trace.
    ///
    /// Work that was handed over runs to its end even when the caller goes away.
    pub async fn write<T, R, W>(&self, work: W) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<StorageError> + Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Abort<R>>> + Send + 'static,
    {
        self.writer.write(work, |_| ()).await
    }

    /// As [`Database::write`], with `committed` called after the commit and before anybody gets an answer, also when the
    /// caller is gone. It must be quick, as the next transaction waits for it.
    pub async fn write_then<T, R, W, C>(&self, work: W, committed: C) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<StorageError> + Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Abort<R>>> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        self.writer.write(work, committed).await
    }

    /// Writes a consistent copy to `target`, which must not exist yet, while readers and the writer go on.
    pub async fn copy_to(&self, target: &Path) -> Result<(), StorageError> {
        let mut own = self.own().await?;
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(target.to_string_lossy().into_owned())
            .execute(&mut own)
            .await;
        let closed = own.close().await;
        copied.map_err(|error| StorageError::from_sql(target, error))?;
        closed.map_err(|error| self.error(error))
    }

    /// A connection for one purpose, which knows nothing of earlier ones.
    async fn own(&self) -> Result<SqliteConnection, StorageError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.file)
            .disable_statement_logging();
        options.connect().await.map_err(|error| self.error(error))
    }

    /// What SQLite's own check finds wrong in the file, at most a hundred lines; nothing for a sound one.
    pub async fn damage(&self) -> Result<Vec<String>, StorageError> {
        // A connection that has searched before holds what it remembers of an index against what others wrote since.
        let mut own = self.own().await?;
        let lines: Result<Vec<String>, _> = sqlx::query_scalar("PRAGMA integrity_check(100)")
            .fetch_all(&mut own)
            .await;
        own.close().await.map_err(|error| self.error(error))?;
        match lines.map_err(|error| self.error(error)) {
            Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
            Err(StorageError::Corrupt { detail, .. }) => Ok(vec![detail]),
            Err(error) => Err(error),
        }
    }

    /// The number of rows of a table; the name comes from the program, never from outside.
    pub async fn rows(&self, table: &'static str) -> Result<u64, StorageError> {
        let mut reader = self.reader().await?;
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut *reader)
            .await
            .map_err(|error| self.error(error))
    }

    /// Finishes the writes that were handed over, then closes the file. Later calls get [`StorageError::Closed`].
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}
