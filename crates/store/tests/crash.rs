//! Killed in the middle of its work, a store has everything that it acknowledged.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use team6_core::ids::{AttemptId, Position, SprintId, StreamVersion};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, TraceEntry};
use team6_store::{
    Admin, Append, DataFolder, EventLog, LogFilter, NewEvent, SqliteStore, SqliteTraceStore, Store, StreamId,
    TraceStore,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

const STREAMS: u64 = 4;
const ATTEMPT: AttemptId = AttemptId {
    sprint: SprintId(1),
    n: 1,
};
/// Makes the test play the part of the program that is killed, on this folder.
const CHILD: &str = "TEAM6_TEST_APPENDS_IN";

#[test]
fn kill_9_loses_no_acknowledged_event() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(folder) = env::var_os(CHILD) {
        return runtime.block_on(append_forever(Path::new(&folder)));
    }
    let place = TempDir::new().unwrap();
    for round in 0..5 {
        let seen = kill_after(30 + 37 * round, place.path());
        runtime.block_on(expect_all(place.path(), &seen));
    }
}

/// The last acknowledged version of each stream, and the last acknowledged trace entry.
#[derive(Debug, Default)]
struct Acknowledged {
    versions: [u64; STREAMS as usize],
    trace: u64,
}

impl Acknowledged {
    /// Reads `ack <stream> <version>` or `trace <seq>`, after whatever the test runner wrote on that line.
    fn note(&mut self, line: &str) -> bool {
        if let Some((_, ack)) = line.split_once("ack ") {
            let (stream, version) = ack.split_once(' ').unwrap();
            self.versions[stream.parse::<usize>().unwrap()] = version.parse().unwrap();
            true
        } else if let Some((_, seq)) = line.split_once("trace ") {
            self.trace = seq.parse().unwrap();
            true
        } else {
            false
        }
    }
}

fn kill_after(acknowledgements: usize, folder: &Path) -> Acknowledged {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill_9_loses_no_acknowledged_event", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Acknowledged::default();
    let mut count = 0;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while count < acknowledgements {
        let line = lines.next().expect("the child ended before it was killed").unwrap();
        count += usize::from(seen.note(&line));
    }
    child.kill().unwrap();
    // Whatever it still got out counts too, but for a line that it did not finish.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    for line in rest.iter().rev().skip(1).rev() {
        seen.note(line);
    }
    child.wait().unwrap();
    seen
}

async fn expect_all(folder: &Path, seen: &Acknowledged) {
    let folder = DataFolder::open(folder).unwrap();
    let store = SqliteStore::open(&folder).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
    for (stream, acknowledged) in (0..STREAMS).zip(seen.versions) {
        let events = store
            .read_stream(&name(stream), StreamVersion(0), 10_000)
            .await
            .unwrap();
        assert!(
            events.len() as u64 >= acknowledged,
            "{stream}: {} of {seen:?}",
            events.len()
        );
        for event in events {
            assert_eq!(event.body, json!({ "version": event.version }));
        }
    }
    let log = store
        .read_log(Position(0), &LogFilter::default(), 10_000)
        .await
        .unwrap();
    assert!(log.iter().map(|event| event.position.0).eq(1..=log.len() as u64));
    let traces = SqliteTraceStore::open(&folder).await.unwrap();
    let last = traces.last_seq(ATTEMPT).await.unwrap();
    assert!(last >= seen.trace, "{last} of {seen:?}");
    assert_eq!(traces.check().await.unwrap(), []);
    store.close().await;
    traces.close().await;
}

async fn append_forever(folder: &Path) {
    let folder = DataFolder::open(folder).unwrap();
    let store = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let traces = SqliteTraceStore::open(&folder).await.unwrap();
    let mut writers = JoinSet::new();
    for stream in 0..STREAMS {
        writers.spawn(append_to(Arc::clone(&store), stream));
    }
    writers.spawn(async move {
        let mut last = traces.last_seq(ATTEMPT).await.unwrap();
        loop {
            let entries: Vec<_> = (last + 1..=last + 20).map(entry).collect();
            last = traces.append(ATTEMPT, &entries).await.unwrap();
            say(&format!("trace {last}"));
        }
    });
    writers.join_next().await.unwrap().unwrap();
}

async fn append_to(store: Arc<SqliteStore>, stream: u64) {
    let known = store.list_streams("sprint/", None, 100).await.unwrap();
    let mut version = known
        .iter()
        .find(|(id, _)| *id == name(stream))
        .map_or(0, |(_, version)| version.0);
    loop {
        let mut append = Append::new(name(stream), StreamVersion(version), Timestamp(0), "ada");
        version += 1;
        append.events.push(NewEvent {
            kind: "noted".to_owned(),
            body: json!({ "version": version }),
        });
        store.append(append).await.unwrap();
        say(&format!("ack {stream} {version}"));
    }
}

fn entry(seq: u64) -> TraceEntry {
    TraceEntry {
        seq,
        at: Timestamp(0),
        body: TraceBody::Note {
            text: "n".repeat(200),
            failed: false,
        },
    }
}

fn name(stream: u64) -> StreamId {
    StreamId::sprint(SprintId(stream))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}
