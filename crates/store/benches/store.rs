//! How fast appends, trace entries and pages are, beside what the disk gives to a plain file.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;
use team6_core::ids::{AttemptId, SprintId, StreamVersion};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_store::{Append, DataFolder, EventLog, NewEvent, SqliteStore, SqliteTraceStore, StreamId, TraceStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Appends in one sample.
const APPENDS: u64 = 100;
const BODY: usize = 500;
const BATCH: u64 = 500;
const ATTEMPTS: u32 = 4;

fn main() {
    divan::main();
}

struct Place {
    runtime: Runtime,
    folder: DataFolder,
    _place: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        Self {
            runtime: Runtime::new().unwrap(),
            folder: DataFolder::open(place.path().join("data")).unwrap(),
            _place: place,
        }
    }
}

/// The limit: each record written and flushed on its own.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn a_plain_file_flushed_after_each_record(bencher: Bencher<'_, '_>) {
    let place = Place::new();
    let mut file = File::create(place.folder.join("plain")).unwrap();
    bencher.counter(ItemsCount::new(APPENDS)).bench_local(|| {
        for _ in 0..APPENDS {
            file.write_all(&[b'x'; BODY]).unwrap();
            file.sync_data().unwrap();
        }
    });
}

/// Each caller appends to a stream of its own, and goes on once it has the answer.
#[divan::bench(args = [1, 16, 64], sample_count = 20, sample_size = 1)]
fn appends_by_callers(bencher: Bencher<'_, '_>, callers: u64) {
    let place = Place::new();
    let store = Arc::new(place.runtime.block_on(SqliteStore::open(&place.folder)).unwrap());
    let each = APPENDS.div_ceil(callers);
    let mut version = 0;
    bencher.counter(ItemsCount::new(each * callers)).bench_local(|| {
        place.runtime.block_on(async {
            let mut running = JoinSet::new();
            for caller in 0..callers {
                running.spawn(append(Arc::clone(&store), caller, version, each));
            }
            running.join_all().await;
        });
        version += each;
    });
}

async fn append(store: Arc<SqliteStore>, stream: u64, from: u64, count: u64) {
    for version in from..from + count {
        let stream = StreamId::sprint(SprintId(stream));
        let mut append = Append::new(stream, StreamVersion(version), Timestamp(0), "ada");
        append.events.push(NewEvent {
            kind: "noted".to_owned(),
            body: json!("x".repeat(BODY)),
        });
        store.append(append).await.unwrap();
    }
}

fn entries(from: u64) -> Vec<TraceEntry> {
    let entry = |seq| TraceEntry {
        seq,
        at: Timestamp(0),
        body: TraceBody::Message { text: "x".repeat(200) },
    };
    (from..from + BATCH).map(entry).collect()
}

fn attempt(n: u32) -> AttemptId {
    AttemptId { sprint: SprintId(1), n }
}

/// Four attempts at once, in batches of 500.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn trace_entries(bencher: Bencher<'_, '_>) {
    let place = Place::new();
    let traces = Arc::new(place.runtime.block_on(SqliteTraceStore::open(&place.folder)).unwrap());
    let mut next = 1;
    bencher
        .counter(ItemsCount::new(BATCH * u64::from(ATTEMPTS)))
        .bench_local(|| {
            place.runtime.block_on(async {
                let mut running = JoinSet::new();
                for n in 1..=ATTEMPTS {
                    let traces = Arc::clone(&traces);
                    running.spawn(async move { traces.append(attempt(n), &entries(next)).await.unwrap() });
                }
                running.join_all().await;
            });
            next += BATCH;
        });
}

/// Pages of 500 out of a trace of 100,000 entries.
#[divan::bench(args = ["first", "middle", "tail"], sample_count = 50, sample_size = 1)]
fn a_page_of_a_long_trace(bencher: Bencher<'_, '_>, which: &str) {
    let place = Place::new();
    let traces = place.runtime.block_on(async {
        let traces = SqliteTraceStore::open(&place.folder).await.unwrap();
        for batch in 0..200 {
            traces.append(attempt(1), &entries(batch * BATCH + 1)).await.unwrap();
        }
        traces
    });
    bencher.bench_local(|| {
        let page = place.runtime.block_on(async {
            match which {
                "first" => traces.read(attempt(1), 0, 500).await,
                "middle" => traces.read(attempt(1), 50_000, 500).await,
                _ => traces.tail(attempt(1), 500).await,
            }
        });
        assert_eq!(page.unwrap().len(), 500);
    });
}
