//! What traces cost, beside a plain file and beside the simplest use of the same database.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use team6_core::ids::{AttemptId, SprintId};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_store::{DataFolder, SqliteTraceStore, TraceStore};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::row::Row;

const ENTRIES: u64 = 1_000_000;
const BATCH: u64 = 500;
const ATTEMPTS: u32 = 4;
const TARGET: f64 = 20_000.0;

fn entries(from: u64, count: u64) -> Vec<TraceEntry> {
    let entry = |seq| TraceEntry {
        seq,
        at: Timestamp(0),
        body: TraceBody::Message { text: "x".repeat(200) },
    };
    (from..from + count).map(entry).collect()
}

fn attempt(n: u32) -> AttemptId {
    AttemptId { sprint: SprintId(1), n }
}

/// A store with the traces of four attempts, written at once; and how many entries a second that was.
async fn written(folder: &DataFolder) -> (Arc<SqliteTraceStore>, f64) {
    let traces = Arc::new(SqliteTraceStore::open(folder).await.unwrap());
    let each = ENTRIES / u64::from(ATTEMPTS);
    let began = Instant::now();
    let mut running = JoinSet::new();
    for n in 1..=ATTEMPTS {
        let traces = Arc::clone(&traces);
        running.spawn(async move {
            for batch in 0..each / BATCH {
                traces
                    .append(attempt(n), &entries(batch * BATCH + 1, BATCH))
                    .await
                    .unwrap();
            }
        });
    }
    running.join_all().await;
    (traces, ENTRIES as f64 / began.elapsed().as_secs_f64())
}

/// The same store, an entry at a time.
async fn one_by_one(folder: &DataFolder) -> f64 {
    let traces = SqliteTraceStore::open(folder).await.unwrap();
    let began = Instant::now();
    for seq in 1..=2_000 {
        traces.append(attempt(1), &entries(seq, 1)).await.unwrap();
    }
    2_000.0 / began.elapsed().as_secs_f64()
}

/// The limit: the same bytes written to a plain file and flushed once for each batch.
fn plain() -> f64 {
    let place = tempfile::tempdir().unwrap();
    let mut file = File::create(place.path().join("plain")).unwrap();
    let began = Instant::now();
    for batch in 0..ENTRIES / BATCH {
        let mut bytes = Vec::new();
        for entry in entries(batch * BATCH + 1, BATCH) {
            serde_json::to_writer(&mut bytes, &entry).unwrap();
            bytes.push(b'\n');
        }
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    }
    ENTRIES as f64 / began.elapsed().as_secs_f64()
}

pub fn measure() -> Vec<Row> {
    let place = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let open = |name: &str| DataFolder::open(place.path().join(name)).unwrap();
    let limit = plain();
    let (folder, other) = (open("batches"), open("single"));
    let single = runtime.block_on(one_by_one(&other));
    let (traces, rate) = runtime.block_on(written(&folder));
    let mut pages: Vec<Duration> = (0..200)
        .map(|n| {
            let began = Instant::now();
            let page = runtime
                .block_on(traces.read(attempt(n % ATTEMPTS + 1), u64::from(n) * 120, 500))
                .unwrap();
            assert_eq!(page.len(), 500);
            began.elapsed()
        })
        .collect();
    vec![
        Row {
            what: "trace entries written, 4 attempts at once".into(),
            measured: format!("{rate:.0} a second"),
            target: format!("{TARGET:.0} a second"),
            beside: format!(
                "{:.1} times one entry a transaction; {:.2} times the bytes in a plain file",
                rate / single,
                rate / limit
            ),
            missed: rate < TARGET,
        },
        Row::times(
            "a page of 500 entries of a trace",
            &mut pages,
            Duration::from_millis(10),
        ),
    ]
}
