//! What the event log costs, beside a plain file that is flushed after each record.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use team6_core::ids::{SprintId, StreamVersion};
use team6_core::time::Timestamp;
use team6_store::{Append, DataFolder, EventLog, NewEvent, SqliteStore, StreamId};
use tokio::task::JoinSet;

use crate::row::Row;

const EVENTS: u64 = 1_000;
const BODY: usize = 500;

/// Records of a plain file in a second, each flushed on its own.
fn plain() -> f64 {
    let place = tempfile::tempdir().unwrap();
    let mut file = File::create(place.path().join("plain")).unwrap();
    let began = Instant::now();
    for _ in 0..EVENTS {
        file.write_all(&[b'x'; BODY]).unwrap();
        file.sync_data().unwrap();
    }
    EVENTS as f64 / began.elapsed().as_secs_f64()
}

async fn append(store: Arc<SqliteStore>, stream: u64, count: u64) {
    for version in 0..count {
        let stream = StreamId::sprint(SprintId(stream));
        let mut append = Append::new(stream, StreamVersion(version), Timestamp(0), "ada");
        append.events.push(NewEvent {
            kind: "noted".to_owned(),
            body: json!("x".repeat(BODY)),
        });
        store.append(append).await.unwrap();
    }
}

fn appended(callers: u64) -> f64 {
    let place = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = DataFolder::open(place.path().join("data")).unwrap();
        let store = Arc::new(SqliteStore::open(&folder).await.unwrap());
        let began = Instant::now();
        let mut running = JoinSet::new();
        for caller in 0..callers {
            running.spawn(append(Arc::clone(&store), caller, EVENTS / callers));
        }
        running.join_all().await;
        EVENTS as f64 / began.elapsed().as_secs_f64()
    })
}

pub fn measure() -> Vec<Row> {
    let plain = plain();
    let row = |callers: u64| {
        let rate = appended(callers);
        Row {
            what: format!("events committed by {callers} callers at once"),
            measured: format!("{rate:.0} a second"),
            target: "none".into(),
            beside: format!("{:.2} times a plain file flushed after each record", rate / plain),
            missed: false,
        }
    };
    vec![row(1), row(50)]
}
