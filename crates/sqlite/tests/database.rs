//! One writer that commits together and answers apart.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use sqlx::SqliteConnection;
use team6_sqlite::{Abort, Database, Durability, Settings, StorageError};
use tempfile::TempDir;
use tokio::task::JoinSet;

const FIRST: &str = "CREATE TABLE notes (n INTEGER PRIMARY KEY) STRICT; INSERT INTO notes VALUES (1000)";
const SECOND: &str = "ALTER TABLE notes ADD COLUMN text TEXT NOT NULL DEFAULT 'none'";

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0} is odd")]
    Odd(i64),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

async fn open(place: &Path, migrations: &[&'static str]) -> Result<Database, StorageError> {
    Database::open(
        &place.join("notes.db"),
        &Settings::new(Durability::Consistent),
        migrations,
    )
    .await
}

/// Notes a number, then refuses it if it is odd.
async fn note(connection: &mut SqliteConnection, n: i64) -> Result<i64, Abort<Refusal>> {
    sqlx::query("INSERT INTO notes (n) VALUES ($1)")
        .bind(n)
        .execute(connection)
        .await?;
    if n % 2 == 0 {
        Ok(n)
    } else {
        Err(Abort::Refused(Refusal::Odd(n)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_undoes_its_own_work_and_no_other() {
    let place = TempDir::new().unwrap();
    let database = Arc::new(open(place.path(), &[FIRST]).await.unwrap());
    let mut writers = JoinSet::new();
    for n in 0..300 {
        let database = Arc::clone(&database);
        writers.spawn(async move {
            let noted = database.write(move |connection| Box::pin(note(connection, n))).await;
            match noted {
                Ok(kept) => assert_eq!(kept % 2, 0),
                Err(Refusal::Odd(odd)) => assert_eq!(odd, n),
                Err(Refusal::Storage(error)) => panic!("{error}"),
            }
        });
    }
    writers.join_all().await;
    assert_eq!(database.rows("notes").await.unwrap(), 151);
}

#[tokio::test]
async fn work_that_the_database_refuses_leaves_no_trace() {
    let place = TempDir::new().unwrap();
    let database = open(place.path(), &[FIRST]).await.unwrap();
    let twice = database
        .write::<(), StorageError, _>(|connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO notes VALUES (2)")
                    .execute(&mut *connection)
                    .await?;
                sqlx::query("INSERT INTO notes VALUES (2)").execute(connection).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(twice, Err(StorageError::Io { .. })), "{twice:?}");
    assert_eq!(database.rows("notes").await.unwrap(), 1);
}

#[tokio::test]
async fn later_steps_are_added_to_a_file_that_has_the_first() {
    let place = TempDir::new().unwrap();
    open(place.path(), &[FIRST]).await.unwrap().close().await;
    open(place.path(), &[FIRST, SECOND]).await.unwrap().close().await;
    let database = open(place.path(), &[FIRST, SECOND]).await.unwrap();
    let mut reader = database.reader().await.unwrap();
    let text: String = sqlx::query_scalar("SELECT text FROM notes")
        .fetch_one(&mut *reader)
        .await
        .unwrap();
    assert_eq!(text, "none");
    drop(reader);
    database.close().await;
    let error = open(place.path(), &[FIRST]).await.unwrap_err();
    assert!(
        matches!(error, StorageError::NewerSchema { found: 2, known: 1, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_step_that_fails_is_undone_whole() {
    let place = TempDir::new().unwrap();
    let broken = "CREATE TABLE half (n INTEGER); SELECT * FROM nowhere";
    open(place.path(), &[FIRST, broken]).await.unwrap_err();
    let database = open(place.path(), &[FIRST, SECOND]).await.unwrap();
    assert_eq!(database.rows("notes").await.unwrap(), 1);
    assert!(database.rows("half").await.is_err());
}

#[tokio::test]
async fn readers_cannot_write() {
    let place = TempDir::new().unwrap();
    let database = open(place.path(), &[FIRST]).await.unwrap();
    let mut reader = database.reader().await.unwrap();
    sqlx::query("DELETE FROM notes")
        .execute(&mut *reader)
        .await
        .unwrap_err();
    drop(reader);
    assert_eq!(database.rows("notes").await.unwrap(), 1);
}
