//! Brings a file's schema up to what the program knows: numbered steps, forward only, each in its own transaction.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::StorageError;

/// Runs the steps that the file does not have yet. The number of a step is its place in `steps`, from 1, and is kept in
/// SQLite's `user_version`.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    file: &Path,
    steps: &[&'static str],
) -> Result<(), StorageError> {
    let sql = |error| StorageError::from_sql(file, error);
    let found: u32 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(sql)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StorageError::NewerSchema {
            file: file.to_owned(),
            found,
            known,
        });
    }
    for (number, step) in (1..=known).zip(steps).skip(found as usize) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(sql)?;
        sqlx::raw_sql(*step).execute(&mut *transaction).await.map_err(sql)?;
        let remember = AssertSqlSafe(format!("PRAGMA user_version = {number}"));
        sqlx::raw_sql(remember).execute(&mut *transaction).await.map_err(sql)?;
        transaction.commit().await.map_err(sql)?;
    }
    Ok(())
}
