//! Servers that cannot start, or cannot go on, and what their operators are told.

use std::os::unix::fs::FileExt;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use team6_server::app::AppError;

use crate::client::Answer;
use crate::process::Process;
use crate::server::{Server, config, does_not_start, plan};

/// Another program that uses one of the server's databases.
async fn other_program(file: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

async fn runs(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_told_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path());
    let first = Process::start(folder.path(), &[]).unwrap();
    let error = does_not_start(folder.path()).await;
    assert!(matches!(error, AppError::DataFolder(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&folder.path().display().to_string()), "{text}");
    assert!(
        text.contains(&format!("in use by process {}: stop that one", first.id())),
        "{text}"
    );
    first.client.post("/projects", json!({ "id": "shop" })).await.done();
    // However it ends, the folder is free again.
    drop(first);
    let next = Process::start(folder.path(), &[]).unwrap();
    next.client.get("/projects/shop").await.done();
}

#[tokio::test]
async fn a_damaged_database_is_named_at_the_start_and_left_as_it_is() {
    for file in ["team6.db", "traces.db"] {
        let folder = tempfile::tempdir().unwrap();
        config(folder.path());
        let path = folder.path().join(file);
        let damaged = "not a database ".repeat(1_000);
        std::fs::write(&path, &damaged).unwrap();
        let text = does_not_start(folder.path()).await.to_string();
        assert!(text.contains(file) && text.contains("is damaged"), "{text}");
        assert!(text.contains("restore a backup"), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged, "{file}");
    }
}

/// The log knows what it holds.
#[tokio::test]
async fn a_damaged_queue_is_put_aside_and_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    config(folder.path());
    let damaged = "not a database ".repeat(1_000);
    std::fs::write(folder.path().join("queue.db"), &damaged).unwrap();
    let server = Process::start(folder.path(), &[]).unwrap();
    server.client.post("/projects", json!({ "id": "shop" })).await.done();
    let kept = std::fs::read_to_string(folder.path().join("queue.db.damaged-1")).unwrap();
    assert_eq!(kept, damaged);
}

#[tokio::test]
async fn damage_inside_of_a_database_is_found_by_the_check_and_stops_nothing_else() {
    let server = Server::open().await;
    server.with_project().await;
    let data = server.data().to_owned();
    assert_eq!(
        server.client.post("/admin/check", json!({})).await.done()["findings"],
        json!([])
    );
    let mut other = other_program(&data.join("team6.db")).await;
    runs(&mut other, "UPDATE streams SET version = version + 7").await;
    other.close().await.unwrap();
    let findings = server.client.post("/admin/check", json!({})).await.done()["findings"].take();
    let what = findings[0]["what"].as_str().unwrap();
    assert!(what.contains("project/shop"), "{findings}");
    assert!(
        findings[0]["file"].as_str().unwrap().ends_with("team6.db"),
        "{findings}"
    );
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_to_that_version() {
    for file in ["team6.db", "traces.db", "queue.db"] {
        let folder = tempfile::tempdir().unwrap();
        config(folder.path());
        let mut other = other_program(&folder.path().join(file)).await;
        runs(&mut other, "PRAGMA user_version = 99").await;
        other.close().await.unwrap();
        let text = does_not_start(folder.path()).await.to_string();
        assert!(
            text.contains(file) && text.contains("schema 99") && text.contains("upgrade team6"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn agents_that_cannot_be_read_are_named_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let agents = config(folder.path()).agents.folder;
    std::fs::write(
        agents.join("coder.md"),
        "+++\ntitle = \"Coder\"\ncomand = \"coder\"\n+++\n",
    )
    .unwrap();
    let text = does_not_start(folder.path()).await.to_string();
    assert!(
        text.contains("coder.md") && text.contains("line 3") && text.contains("comand"),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let data = file.join("data");
    let config = team6_server::config::Config {
        data: data.clone(),
        ..config(folder.path())
    };
    let opened = team6_server::app::App::open(config, crate::server::programs(folder.path())).await;
    let text = opened.err().unwrap().to_string();
    assert!(text.contains(&data.display().to_string()), "{text}");
}

#[tokio::test]
async fn while_another_program_locks_the_database_orders_are_told_to_come_again() {
    let server = Server::open().await;
    server.with_project().await;
    let mut other = other_program(&server.data().join("team6.db")).await;
    runs(&mut other, "BEGIN IMMEDIATE").await;
    let order = || {
        let request = server.client.request(reqwest::Method::POST, "/sprints");
        Answer::to(
            request
                .header("Idempotency-Key", "k")
                .json(&json!({ "project": "shop", "goal": "A parser" })),
        )
    };
    let busy = order().await;
    let text = busy.refused(503, "busy");
    assert!(text.contains("team6.db is busy: try again"), "{text}");
    assert_eq!(busy.headers["retry-after"], "1");
    // Whoever reads sees nothing of it.
    assert_eq!(server.client.get("/sprints").await.done()["items"], json!([]));
    runs(&mut other, "ROLLBACK").await;
    order().await.done();
    assert_eq!(
        server.client.get("/sprints").await.done()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn after_a_clock_was_set_back_the_time_goes_on_from_the_last_event() {
    let server = Server::open().await;
    server.with_project().await;
    let file = server.data().join("team6.db");
    let folder = server.ends().await;
    // The clock was a year ahead when the last event was written.
    let ahead = Duration::from_secs(365 * 24 * 3_600).as_millis();
    let mut other = other_program(&file).await;
    runs(&mut other, &format!("UPDATE events SET at = at + {ahead}")).await;
    other.close().await.unwrap();
    let server = Server::reopened(folder).await;
    let last = server.client.get("/log?limit=1000").await.done()["items"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()["at"]
        .as_i64()
        .unwrap();
    let sprint = server.sprint().await;
    server.client.saves(sprint, 0, &plan(&[("lexer", &[])])).await.done();
    let log = server.client.get("/log?limit=1000").await.done();
    let times: Vec<i64> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["at"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    let newest = *times.last().unwrap();
    assert!(newest > last, "the time stands still at {last}");
    let hour = 3_600_000;
    assert!(newest < last + hour, "{newest} is long after {last}");
}

#[tokio::test]
async fn a_database_that_was_written_over_is_named_at_the_start() {
    let server = Server::open().await;
    server.with_project().await;
    server.sprint().await;
    let folder = server.ends().await;
    let file = folder.path().join("data/team6.db");
    let size = std::fs::metadata(&file).unwrap().len();
    let database = std::fs::File::options().write(true).open(&file).unwrap();
    // Everything but the schema.
    database
        .write_all_at(&vec![0xA5; usize::try_from(size - 4_096).unwrap()], 4_096)
        .unwrap();
    let text = does_not_start(&folder.path().join("data")).await.to_string();
    assert!(text.contains("team6.db is damaged"), "{text}");
}
