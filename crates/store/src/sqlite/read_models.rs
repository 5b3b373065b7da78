//! Read models and snapshots.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};
use team6_core::ids::{PersonId, Position, SprintId, StreamVersion, TaskId};
use team6_core::time::Timestamp;
use team6_sqlite::{Abort, StorageError, integer};

use super::values::{and_equals, and_in, json, json_column, name_column, optional_name_column, page};
use super::{SqliteStore, events, memories};
use crate::{
    GivenMemories, InboxFilter, InboxRow, MemoryRow, NewSnapshot, ReadModelChanges, ReadModels, Rebuilt, SprintFilter,
    SprintRow, StoreError, StreamId, TaskFilter, TaskRow,
};

#[async_trait]
impl ReadModels for SqliteStore {
    async fn sprint(&self, id: SprintId) -> Result<Option<SprintRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM sprints WHERE id = ");
        query.push_bind(integer(id.0));
        Ok(self.select(query, sprint).await?.pop())
    }

    async fn sprints(&self, filter: &SprintFilter, limit: u32) -> Result<Vec<SprintRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM sprints WHERE id < ");
        query.push_bind(filter.before.map_or(i64::MAX, |id| integer(id.0)));
        and_equals(&mut query, "project", filter.project.as_ref());
        and_in(&mut query, "phase", &filter.phases);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(page(limit));
        self.select(query, sprint).await
    }

    async fn task(&self, id: TaskId) -> Result<Option<TaskRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM tasks WHERE id = ");
        query.push_bind(integer(id.0));
        Ok(self.select(query, task).await?.pop())
    }

    async fn tasks(&self, filter: &TaskFilter, limit: u32) -> Result<Vec<TaskRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM tasks WHERE id > ");
        query.push_bind(filter.after.map_or(-1, |id| integer(id.0)));
        and_equals(&mut query, "project", filter.project.as_ref());
        and_equals(&mut query, "owner", filter.owner.as_ref());
        if let Some(sprint) = filter.sprint {
            query.push(" AND sprint = ").push_bind(integer(sprint.0));
        }
        and_in(&mut query, "state", &filter.states);
        query.push(" ORDER BY id LIMIT ").push_bind(page(limit));
        self.select(query, task).await
    }

    async fn inbox(&self, filter: &InboxFilter, limit: u32) -> Result<Vec<InboxRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT * FROM inbox WHERE 1 = 1");
        and_equals(&mut query, "person", filter.person.as_ref());
        and_equals(&mut query, "project", filter.project.as_ref());
        if let Some(sprint) = filter.sprint {
            query.push(" AND sprint = ").push_bind(integer(sprint.0));
        }
        if let Some(after) = &filter.after {
            query.push(" AND (since, key) > (").push_bind(after.since.0);
            query.push(", ").push_bind(after.key.clone()).push(")");
        }
        query.push(" ORDER BY since, key LIMIT ").push_bind(page(limit));
        self.select(query, inbox).await
    }

    async fn rebuild(&self, head: Position, rebuilt: Rebuilt) -> Result<(), StoreError> {
        self.database
            .write(move |connection| Box::pin(replace(connection, head, rebuilt)))
            .await
    }
}

impl SqliteStore {
    pub(super) async fn select<T>(
        &self,
        mut query: QueryBuilder<sqlx::Sqlite>,
        one: fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StorageError> {
        let mut reader = self.database.reader().await?;
        let rows = query.build().fetch_all(&mut *reader).await;
        rows.and_then(|rows| rows.iter().map(one).collect())
            .map_err(|error| self.database.error(error))
    }
}

/// Applies the changes of one append.
pub(super) async fn change(connection: &mut SqliteConnection, rows: &ReadModelChanges) -> Result<(), sqlx::Error> {
    for id in &rows.removed_tasks {
        let remove = sqlx::query("DELETE FROM tasks WHERE id = $1").bind(integer(id.0));
        remove.execute(&mut *connection).await?;
    }
    for key in &rows.removed_inbox {
        let remove = sqlx::query("DELETE FROM inbox WHERE key = $1").bind(key);
        remove.execute(&mut *connection).await?;
    }
    if let Some(sprint) = &rows.sprint {
        put_sprint(connection, sprint).await?;
    }
    for task in &rows.tasks {
        put_task(connection, task).await?;
    }
    for row in &rows.inbox {
        put_inbox(connection, row).await?;
    }
    put_memories(connection, &rows.memories, &rows.given_memories).await
}

async fn replace(
    connection: &mut SqliteConnection,
    expected: Position,
    rebuilt: Rebuilt,
) -> Result<(), Abort<StoreError>> {
    let actual = events::head_of(connection).await?;
    if actual != expected {
        return Err(Abort::Refused(StoreError::LogMoved { expected, actual }));
    }
    sqlx::raw_sql(
        "DELETE FROM sprints; DELETE FROM tasks; DELETE FROM inbox; DELETE FROM snapshots;
         DELETE FROM memories; DELETE FROM memory_words; DELETE FROM given_memories",
    )
    .execute(&mut *connection)
    .await?;
    for sprint in &rebuilt.sprints {
        put_sprint(connection, sprint).await?;
    }
    for task in &rebuilt.tasks {
        put_task(connection, task).await?;
    }
    for row in &rebuilt.inbox {
        put_inbox(connection, row).await?;
    }
    put_memories(connection, &rebuilt.memories, &rebuilt.given_memories).await?;
    for (stream, version, snapshot) in &rebuilt.snapshots {
        put_snapshot(connection, stream, *version, snapshot).await?;
    }
    Ok(())
}

async fn put_memories(
    connection: &mut SqliteConnection,
    rows: &[MemoryRow],
    given: &[GivenMemories],
) -> Result<(), sqlx::Error> {
    for row in rows {
        memories::put(connection, row).await?;
    }
    for row in given {
        memories::put_given(connection, row).await?;
    }
    Ok(())
}

async fn put_sprint(connection: &mut SqliteConnection, row: &SprintRow) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sprints (id, project, phase, title, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET project = $2, phase = $3, title = $4, updated_at = $5, body = $6",
    )
    .bind(integer(row.id.0))
    .bind(row.project.as_str())
    .bind(&row.phase)
    .bind(&row.title)
    .bind(row.updated_at.0)
    .bind(json(&row.body)?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn put_task(connection: &mut SqliteConnection, row: &TaskRow) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO tasks (id, sprint, project, owner, state, title, updated_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET
             sprint = $2, project = $3, owner = $4, state = $5, title = $6, updated_at = $7, body = $8",
    )
    .bind(integer(row.id.0))
    .bind(integer(row.sprint.0))
    .bind(row.project.as_str())
    .bind(row.owner.as_ref().map(PersonId::as_str))
    .bind(&row.state)
    .bind(&row.title)
    .bind(row.updated_at.0)
    .bind(json(&row.body)?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn put_inbox(connection: &mut SqliteConnection, row: &InboxRow) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO inbox (key, person, project, sprint, task, kind, since, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (key) DO UPDATE SET
             person = $2, project = $3, sprint = $4, task = $5, kind = $6, since = $7, body = $8",
    )
    .bind(&row.key)
    .bind(row.person.as_str())
    .bind(row.project.as_str())
    .bind(integer(row.sprint.0))
    .bind(row.task.map(|task| integer(task.0)))
    .bind(&row.kind)
    .bind(row.since.0)
    .bind(json(&row.body)?)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn put_snapshot(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    version: StreamVersion,
    snapshot: &NewSnapshot,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO snapshots (stream, version, format, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (stream) DO UPDATE SET version = $2, format = $3, body = $4",
    )
    .bind(stream.as_str())
    .bind(integer(version.0))
    .bind(i64::from(snapshot.format))
    .bind(&snapshot.body)
    .execute(connection)
    .await?;
    Ok(())
}

fn sprint(row: &SqliteRow) -> Result<SprintRow, sqlx::Error> {
    Ok(SprintRow {
        id: SprintId(row.try_get("id")?),
        project: name_column(row, "project")?,
        phase: row.try_get("phase")?,
        title: row.try_get("title")?,
        updated_at: Timestamp(row.try_get("updated_at")?),
        body: json_column(row, "body")?,
    })
}

fn task(row: &SqliteRow) -> Result<TaskRow, sqlx::Error> {
    Ok(TaskRow {
        id: TaskId(row.try_get("id")?),
        sprint: SprintId(row.try_get("sprint")?),
        project: name_column(row, "project")?,
        owner: optional_name_column(row, "owner")?,
        state: row.try_get("state")?,
        title: row.try_get("title")?,
        updated_at: Timestamp(row.try_get("updated_at")?),
        body: json_column(row, "body")?,
    })
}

fn inbox(row: &SqliteRow) -> Result<InboxRow, sqlx::Error> {
    Ok(InboxRow {
        key: row.try_get("key")?,
        person: name_column(row, "person")?,
        project: name_column(row, "project")?,
        sprint: SprintId(row.try_get("sprint")?),
        task: row.try_get::<Option<u64>, _>("task")?.map(TaskId),
        kind: row.try_get("kind")?,
        since: Timestamp(row.try_get("since")?),
        body: json_column(row, "body")?,
    })
}
