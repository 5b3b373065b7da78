//! Answers to requests with an idempotency key.

use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use team6_core::time::Timestamp;
use team6_sqlite::{Abort, Database, StorageError};

use super::values::{json, json_column};
use crate::{AppendError, IdempotentAnswer, StoreError};

const FIND: &str = "SELECT request_hash, body FROM answers WHERE key = $1";

pub(super) async fn answer(database: &Database, key: &str, request_hash: &str) -> Result<Option<Value>, StoreError> {
    let mut reader = database.reader().await?;
    let row = sqlx::query(FIND).bind(key).fetch_optional(&mut *reader).await;
    let found = row.and_then(|row| row.as_ref().map(known).transpose());
    match found.map_err(|error| database.error(error))? {
        Some((hash, _)) if hash != request_hash => Err(StoreError::KeyReused { key: key.to_owned() }),
        found => Ok(found.map(|(_, body)| body)),
    }
}

pub(super) async fn store(
    connection: &mut SqliteConnection,
    answer: &IdempotentAnswer,
    at: Timestamp,
) -> Result<(), Abort<AppendError>> {
    let row = sqlx::query(FIND)
        .bind(&answer.key)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some((hash, body)) = row.as_ref().map(known).transpose()? {
        let key = answer.key.clone();
        return Err(Abort::Refused(if hash == answer.request_hash {
            AppendError::AlreadyAnswered { key, body }
        } else {
            AppendError::KeyReused { key }
        }));
    }
    sqlx::query("INSERT INTO answers (key, request_hash, body, at) VALUES ($1, $2, $3, $4)")
        .bind(&answer.key)
        .bind(&answer.request_hash)
        .bind(json(&answer.body)?)
        .bind(at.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn prune(database: &Database, before: Timestamp) -> Result<u64, StorageError> {
    database
        .write(move |connection| {
            Box::pin(async move {
                let query = sqlx::query("DELETE FROM answers WHERE at < $1").bind(before.0);
                Ok(query.execute(connection).await?.rows_affected())
            })
        })
        .await
}

fn known(row: &SqliteRow) -> Result<(String, Value), sqlx::Error> {
    Ok((row.try_get("request_hash")?, json_column(row, "body")?))
}
