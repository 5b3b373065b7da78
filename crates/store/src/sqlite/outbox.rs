//! The outbox.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use team6_core::ids::Position;
use team6_core::time::Timestamp;
use team6_sqlite::{Database, StorageError, integer};

use super::SqliteStore;
use super::values::{json, json_column, name_column, page};
use crate::{Effect, EffectId, NewEffect, Outbox, StreamId};

const LONGEST_ERROR: usize = 2_000;

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Effect>, StorageError> {
        let mut claimed: Vec<Effect> = self
            .database
            .write::<_, StorageError, _>(move |connection| {
                Box::pin(async move {
                    let rows = sqlx::query(
                        "UPDATE effects SET due = $2, claimed = 1, attempts = attempts + 1 WHERE id IN (
                             SELECT id FROM effects WHERE done_at IS NULL AND due <= $1 ORDER BY due, id LIMIT $3
                         ) RETURNING *",
                    )
                    .bind(now.0)
                    .bind(lease_until.0)
                    .bind(page(limit))
                    .fetch_all(connection)
                    .await?;
                    Ok(rows.iter().map(effect).collect::<Result<_, _>>()?)
                })
            })
            .await?;
        claimed.sort_by_key(|effect| effect.id);
        Ok(claimed)
    }

    async fn finish_effect(&self, id: EffectId, at: Timestamp) -> Result<(), StorageError> {
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query("UPDATE effects SET done_at = $2, claimed = 0 WHERE id = $1 AND done_at IS NULL")
                        .bind(integer(id.0))
                        .bind(at.0)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn postpone_effect(&self, id: EffectId, until: Timestamp, error: &str) -> Result<(), StorageError> {
        let error: String = error.chars().take(LONGEST_ERROR).collect();
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let statement =
                        "UPDATE effects SET due = $2, claimed = 0, error = $3 WHERE id = $1 AND done_at IS NULL";
                    sqlx::query(statement)
                        .bind(integer(id.0))
                        .bind(until.0)
                        .bind(error)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn pending_effects(&self, limit: u32) -> Result<Vec<Effect>, StorageError> {
        let mut reader = self.database.reader().await?;
        sqlx::query("SELECT * FROM effects WHERE done_at IS NULL ORDER BY due, id LIMIT $1")
            .bind(page(limit))
            .fetch_all(&mut *reader)
            .await
            .and_then(|rows| rows.iter().map(effect).collect())
            .map_err(|error| self.database.error(error))
    }

    async fn next_effect_due(&self) -> Result<Option<Timestamp>, StorageError> {
        let mut reader = self.database.reader().await?;
        sqlx::query_scalar::<_, Option<i64>>("SELECT min(due) FROM effects WHERE done_at IS NULL")
            .fetch_one(&mut *reader)
            .await
            .map(|due| due.map(Timestamp))
            .map_err(|error| self.database.error(error))
    }

    async fn prune_effects(&self, done_before: Timestamp) -> Result<u64, StorageError> {
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query("DELETE FROM effects WHERE done_at < $1").bind(done_before.0);
                    Ok(query.execute(connection).await?.rows_affected())
                })
            })
            .await
    }
}

/// Adds the effects whose keys are not known yet.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    position: Position,
    effects: &[NewEffect],
) -> Result<(), sqlx::Error> {
    for effect in effects {
        sqlx::query(
            "INSERT INTO effects (key, stream, position, body, due) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(&effect.key)
        .bind(stream.as_str())
        .bind(integer(position.0))
        .bind(json(&effect.body)?)
        .bind(effect.not_before.0)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Makes all claimed effects due at once.
pub(super) async fn release_claims(database: &Database) -> Result<(), StorageError> {
    database
        .write(|connection| {
            Box::pin(async move {
                sqlx::query("UPDATE effects SET due = 0, claimed = 0 WHERE claimed = 1 AND done_at IS NULL")
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
}

fn effect(row: &SqliteRow) -> Result<Effect, sqlx::Error> {
    Ok(Effect {
        id: EffectId(row.try_get("id")?),
        key: row.try_get("key")?,
        stream: name_column(row, "stream")?,
        position: Position(row.try_get("position")?),
        body: json_column(row, "body")?,
        due: Timestamp(row.try_get("due")?),
        claimed: row.try_get("claimed")?,
        attempts: row.try_get("attempts")?,
        error: row.try_get("error")?,
    })
}
