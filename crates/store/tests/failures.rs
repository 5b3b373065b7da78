//! What goes wrong with files comes out as what a caller can do about it, and loses nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use team6_core::ids::{Position, StreamVersion};
use team6_core::time::Timestamp;
use team6_sqlite::{Durability, Settings};
use team6_store::{
    Admin, Append, AppendError, BackupError, DataFolder, EventLog, NewEffect, NewEvent, Outbox, SqliteStore,
    SqliteTraceStore, StorageError, Store, StreamId, TraceStore, backup,
};
use tempfile::TempDir;

struct Place {
    folder: DataFolder,
    _place: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let folder = DataFolder::open(place.path().join("data")).unwrap();
        Self { folder, _place: place }
    }

    /// A store with `count` events in `sprint/1`, closed again.
    async fn with_events(count: u64) -> Self {
        let place = Self::new();
        let store = SqliteStore::open(&place.folder).await.unwrap();
        for version in 0..count {
            store.append(note(version)).await.unwrap();
        }
        store.close().await;
        place
    }

    /// A connection beside the store.
    async fn other(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.folder.join("team6.db"))
            .foreign_keys(false)
            .connect()
            .await
            .unwrap()
    }

    async fn tamper(&self, sql: &str) {
        let mut other = self.other().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut other)
            .await
            .unwrap();
        other.close().await.unwrap();
    }
}

fn note(expected: u64) -> Append {
    let stream = StreamId::new("sprint/1").unwrap();
    let mut append = Append::new(stream, StreamVersion(expected), Timestamp(1), "ada");
    append.events = vec![NewEvent {
        kind: "noted".to_owned(),
        body: json!("x".repeat(1_000)),
    }];
    append
}

#[tokio::test]
async fn a_full_disk_refuses_the_append_and_keeps_what_was_there() {
    let place = Place::new();
    let mut settings = Settings::new(Durability::EveryCommit);
    settings.max_pages = Some(60);
    let store = SqliteStore::open_with(&place.folder, &settings).await.unwrap();
    let mut stored = 0;
    let error = loop {
        match store.append(note(stored)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 1_000, "60 pages held {stored} events of 1 kB");
    };
    assert!(
        matches!(error, AppendError::Storage(StorageError::DiskFull { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("disk is full: free some space"), "{error}");
    assert_eq!(store.head().await.unwrap(), Position(stored));
    assert_eq!(*store.committed().borrow(), Position(stored));
    store.close().await;

    let store = SqliteStore::open(&place.folder).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
    let appended = store.append(note(stored)).await.unwrap();
    assert_eq!(appended.position, Position(stored + 1));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_as_damaged() {
    let place = Place::new();
    fs::write(place.folder.join("team6.db"), "not a database ".repeat(1_000)).unwrap();
    let error = SqliteStore::open(&place.folder).await.unwrap_err();
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("team6.db is damaged") && text.contains("run `team6 admin check`"),
        "{text}"
    );
}

#[tokio::test]
async fn damage_inside_of_the_file_is_found_by_the_check() {
    let place = Place::with_events(100).await;
    let path = place.folder.join("team6.db");
    let size = fs::metadata(&path).unwrap().len();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&vec![0xA5; 4_096 * 10], size - 4_096 * 12).unwrap();
    drop(file);
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let findings = store.check().await.unwrap();
    assert!(!findings.is_empty());
    assert!(findings.iter().all(|finding| finding.file == path), "{findings:?}");
    let stream = StreamId::new("sprint/1").unwrap();
    let error = store.read_stream(&stream, StreamVersion(0), 1_000).await.unwrap_err();
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_lock_held_by_another_program_says_busy_and_passes() {
    let place = Place::with_events(1).await;
    let mut settings = Settings::new(Durability::EveryCommit);
    settings.busy_timeout = Duration::from_millis(20);
    let store = SqliteStore::open_with(&place.folder, &settings).await.unwrap();
    let mut other = place.other().await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let error = store.append(note(1)).await.unwrap_err();
    let AppendError::Storage(error) = error else {
        panic!("{error:?}")
    };
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(store.head().await.unwrap(), Position(1));
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    store.append(note(1)).await.unwrap();
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let place = Place::with_events(1).await;
    place.tamper("PRAGMA user_version = 99").await;
    let error = SqliteStore::open(&place.folder).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("has schema 99, and this program knows schemas up to 3: upgrade team6"),
        "{text}"
    );
    assert!(matches!(
        error,
        StorageError::NewerSchema {
            found: 99,
            known: 3,
            ..
        }
    ));
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_gone_on_with() {
    let place = Place::with_events(1).await;
    place
        .tamper(
            "DROP TABLE memories; DROP TABLE memory_counts; DROP TABLE memory_words; DROP TABLE given_memories;
             DROP TABLE check_logs;
             PRAGMA user_version = 1",
        )
        .await;
    let store = SqliteStore::open(&place.folder).await.unwrap();
    assert_eq!(store.head().await.unwrap(), Position(1));
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let place = Place::new();
    let store = SqliteStore::open(&place.folder).await.unwrap();
    store.close().await;
    store.close().await;
    let error = store.append(note(0)).await.unwrap_err();
    assert!(
        matches!(error, AppendError::Storage(StorageError::Closed { .. })),
        "{error:?}"
    );
    assert!(matches!(store.head().await, Err(StorageError::Closed { .. })));
}

#[tokio::test]
async fn a_restart_makes_claimed_effects_due_at_once() {
    let place = Place::new();
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let mut append = note(0);
    append.effects = ["a", "b"]
        .map(|key| NewEffect {
            key: key.to_owned(),
            body: json!(null),
            not_before: Timestamp(5),
        })
        .into();
    store.append(append).await.unwrap();
    let claimed = store.claim_effects(Timestamp(5), Timestamp(60_000), 1).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let again = store.claim_effects(Timestamp(4), Timestamp(60_000), 10).await.unwrap();
    assert_eq!(
        again.iter().map(|e| (e.id, e.attempts)).collect::<Vec<_>>(),
        [(claimed[0].id, 2)]
    );
}

#[tokio::test]
async fn the_check_says_what_is_wrong_with_each_row() {
    let place = Place::with_events(5).await;
    place
        .tamper(
            "DELETE FROM events WHERE version = 3;
             UPDATE streams SET version = 9;
             INSERT INTO snapshots VALUES ('sprint/1', 12, 1, x'00');
             INSERT INTO effects (key, stream, position, body, due) VALUES ('lost', 'sprint/7', 1, '1', 0);
             INSERT INTO sprints VALUES (8, 'web', 'running', '', 0, '1');
             INSERT INTO tasks VALUES (4, 5, 'web', NULL, 'ready', '', 0, '1');
             INSERT INTO inbox VALUES ('k', 'ada', 'web', 5, 6, 'review', 0, '1');",
        )
        .await;
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let found: Vec<String> = store
        .check()
        .await
        .unwrap()
        .into_iter()
        .map(|finding| finding.what)
        .collect();
    assert_eq!(
        found,
        [
            "stream sprint/1 has 4 events, numbered from 1 to 5",
            "stream sprint/1 says version 9 and has events up to 5",
            "the log has 4 events, numbered from 1 to 5",
            "snapshot of stream sprint/1 shows version 12, which the stream does not have",
            "effect lost belongs to stream sprint/7 at position 1, which is not there",
            "sprint 8 is listed and has no events",
            "task 4 is listed under sprint 5, which is not there",
            "inbox row k is about sprint 5 and task 6, which is not there",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_consistent_while_appends_go_on() {
    let place = Place::with_events(50).await;
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let traces = SqliteTraceStore::open(&place.folder).await.unwrap();
    let target = place.folder.join("backup");
    let appending = async {
        for version in 50..150 {
            store.append(note(version)).await.unwrap();
        }
    };
    let databases: [&dyn Admin; 2] = [&store, &traces];
    let (made, ()) = tokio::join!(backup(&databases, &target), appending);
    made.unwrap();

    let error = backup(&databases, &target).await.unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error:?}");
    let copy = DataFolder::open(&target).unwrap();
    let restored = SqliteStore::open(&copy).await.unwrap();
    assert_eq!(restored.check().await.unwrap(), []);
    let head = restored.head().await.unwrap().0;
    assert!((50..=150).contains(&head), "{head}");
    restored.append(note(head)).await.unwrap();
    SqliteTraceStore::open(&copy).await.unwrap().close().await;
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing_behind() {
    let place = Place::with_events(1).await;
    let store = SqliteStore::open(&place.folder).await.unwrap();
    let target = place.folder.join("backup");
    // The second copy finds the first in its place.
    backup(&[&store, &store], &target).await.unwrap_err();
    assert!(!target.exists());
    let nowhere = place.folder.join("missing/backup");
    let error = backup(&[&store], &nowhere).await.unwrap_err();
    assert!(matches!(error, BackupError::Io { .. }), "{error:?}");
}
