//! Appending to the log and reading it.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};
use team6_core::ids::{Position, ProjectId, StreamVersion};
use team6_core::time::Timestamp;
use team6_sqlite::{Abort, Database, StorageError, integer};
use tokio::sync::watch;

use super::values::{and_begins, and_equals, json, json_column, name_column, optional_name_column, page};
use super::{SqliteStore, answers, outbox, read_models};
use crate::{Append, AppendError, Appended, EventLog, LogFilter, RecordedEvent, Snapshot, StoreError, StreamId};

#[async_trait]
impl EventLog for SqliteStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let head = self.head.clone();
        self.database
            .write_then(
                |connection| Box::pin(store(connection, append)),
                move |appended| {
                    head.send_if_modified(|head| {
                        let moved = appended.position > *head;
                        *head = appended.position.max(*head);
                        moved
                    });
                },
            )
            .await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let mut reader = self.database.reader().await?;
        let rows = sqlx::query("SELECT * FROM events WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3")
            .bind(stream.as_str())
            .bind(integer(after.0))
            .bind(page(limit))
            .fetch_all(&mut *reader)
            .await;
        recorded_all(&self.database, rows)
    }

    async fn read_log(
        &self,
        after: Position,
        filter: &LogFilter,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM events WHERE position > ");
        query.push_bind(integer(after.0));
        and_equals(&mut query, "project", filter.project.as_ref());
        and_begins(&mut query, "stream", filter.prefix.as_deref());
        query.push(" ORDER BY position LIMIT ").push_bind(page(limit));
        let mut reader = self.database.reader().await?;
        recorded_all(&self.database, query.build().fetch_all(&mut *reader).await)
    }

    async fn head(&self) -> Result<Position, StorageError> {
        head(&self.database).await
    }

    fn committed(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<Snapshot>, StorageError> {
        let mut reader = self.database.reader().await?;
        let row = sqlx::query("SELECT version, format, body FROM snapshots WHERE stream = $1")
            .bind(stream.as_str())
            .fetch_optional(&mut *reader)
            .await
            .and_then(|row| row.as_ref().map(snapshot).transpose());
        row.map_err(|error| self.database.error(error))
    }

    async fn list_streams(
        &self,
        prefix: &str,
        after: Option<&StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, StreamVersion)>, StorageError> {
        let mut query = QueryBuilder::new("SELECT stream, version FROM streams WHERE stream > ");
        query.push_bind(after.map_or("", StreamId::as_str).to_owned());
        and_begins(&mut query, "stream", Some(prefix));
        query.push(" ORDER BY stream LIMIT ").push_bind(page(limit));
        let mut reader = self.database.reader().await?;
        let rows = query.build().fetch_all(&mut *reader).await;
        rows.and_then(|rows| {
            let one = |row| Ok((name_column(row, "stream")?, StreamVersion(row.try_get("version")?)));
            rows.iter().map(one).collect()
        })
        .map_err(|error| self.database.error(error))
    }

    async fn answer(&self, key: &str, request_hash: &str) -> Result<Option<Value>, StoreError> {
        answers::answer(&self.database, key, request_hash).await
    }

    async fn prune_answers(&self, before: Timestamp) -> Result<u64, StorageError> {
        answers::prune(&self.database, before).await
    }

    async fn reserve(&self, counter: &str, count: u32) -> Result<u64, StorageError> {
        let counter = counter.to_owned();
        let statement = "INSERT INTO counters (name, next) VALUES ($1, 1 + $2)
             ON CONFLICT (name) DO UPDATE SET next = counters.next + $2 RETURNING next - $2";
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query_scalar(statement).bind(counter).bind(i64::from(count));
                    Ok(query.fetch_one(connection).await?)
                })
            })
            .await
    }
}

/// The position of the last event.
pub(super) async fn head(database: &Database) -> Result<Position, StorageError> {
    let mut reader = database.reader().await?;
    head_of(&mut reader).await.map_err(|error| database.error(error))
}

pub(super) async fn head_of(connection: &mut SqliteConnection) -> Result<Position, sqlx::Error> {
    sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(connection)
        .await
        .map(Position)
}

/// The whole of an append, inside of its transaction.
async fn store(connection: &mut SqliteConnection, append: Append) -> Result<Appended, Abort<AppendError>> {
    if let Some(answer) = &append.answer {
        answers::store(connection, answer, append.at).await?;
    }
    let version = advance(connection, &append).await?;
    let position = insert_events(connection, &append).await?;
    outbox::insert(connection, &append.stream, position, &append.effects).await?;
    read_models::change(connection, &append.rows).await?;
    if let Some(snapshot) = &append.snapshot {
        read_models::put_snapshot(connection, &append.stream, version, snapshot).await?;
    }
    Ok(Appended { version, position })
}

/// Checks that the stream is where the command was decided, and moves it on.
async fn advance(connection: &mut SqliteConnection, append: &Append) -> Result<StreamVersion, Abort<AppendError>> {
    let stream = append.stream.as_str();
    let known: Option<u64> = sqlx::query_scalar("SELECT version FROM streams WHERE stream = $1")
        .bind(stream)
        .fetch_optional(&mut *connection)
        .await?;
    let actual = StreamVersion(known.unwrap_or(0));
    if actual != append.expected {
        return Err(Abort::Refused(AppendError::Conflict {
            stream: append.stream.clone(),
            expected: append.expected,
            actual,
        }));
    }
    let next = StreamVersion(actual.0 + append.events.len() as u64);
    sqlx::query(
        "INSERT INTO streams (stream, version) VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET version = $2",
    )
    .bind(stream)
    .bind(integer(next.0))
    .execute(connection)
    .await?;
    Ok(next)
}

/// Returns the head of the log after the events.
async fn insert_events(connection: &mut SqliteConnection, append: &Append) -> Result<Position, sqlx::Error> {
    let mut position = head_of(connection).await?.0;
    let mut version = append.expected.0;
    for event in &append.events {
        position += 1;
        version += 1;
        sqlx::query(
            "INSERT INTO events (position, stream, version, project, at, actor, kind, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(integer(position))
        .bind(append.stream.as_str())
        .bind(integer(version))
        .bind(append.project.as_ref().map(ProjectId::as_str))
        .bind(append.at.0)
        .bind(&append.actor)
        .bind(&event.kind)
        .bind(json(&event.body)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(Position(position))
}

fn recorded_all(
    database: &Database,
    rows: Result<Vec<SqliteRow>, sqlx::Error>,
) -> Result<Vec<RecordedEvent>, StorageError> {
    rows.and_then(|rows| rows.iter().map(recorded).collect())
        .map_err(|error| database.error(error))
}

fn recorded(row: &SqliteRow) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        position: Position(row.try_get("position")?),
        stream: name_column(row, "stream")?,
        version: StreamVersion(row.try_get("version")?),
        project: optional_name_column(row, "project")?,
        at: Timestamp(row.try_get("at")?),
        actor: row.try_get("actor")?,
        kind: row.try_get("kind")?,
        body: json_column(row, "body")?,
    })
}

fn snapshot(row: &SqliteRow) -> Result<Snapshot, sqlx::Error> {
    Ok(Snapshot {
        version: StreamVersion(row.try_get("version")?),
        format: row.try_get("format")?,
        body: row.try_get("body")?,
    })
}
