//! What checks said, in the same file as the receipts that name it.

use async_trait::async_trait;
use team6_core::checks::Digest;
use team6_sqlite::StorageError;

use crate::{CheckLogs, SqliteStore};

#[async_trait]
impl CheckLogs for SqliteStore {
    async fn keep_check_log(&self, said: Vec<u8>) -> Result<Digest, StorageError> {
        let hash = Digest::of(&said);
        let kept = hash.clone();
        self.database
            .write::<_, StorageError, _>(move |connection| {
                Box::pin(async move {
                    sqlx::query("INSERT INTO check_logs (hash, said) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                        .bind(kept.as_str())
                        .bind(said)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await?;
        Ok(hash)
    }

    async fn check_log(&self, log: &Digest) -> Result<Option<Vec<u8>>, StorageError> {
        let mut reader = self.database.reader().await?;
        sqlx::query_scalar("SELECT said FROM check_logs WHERE hash = $1")
            .bind(log.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|error| self.database.error(error))
    }
}
