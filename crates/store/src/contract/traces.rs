//! Traces.

use std::sync::Arc;

use team6_core::ids::{AttemptId, SprintId};
use team6_core::trace::{TraceBody, TraceEntry};
use tokio::task::JoinSet;

use super::{at, soon};
use crate::{TraceError, TraceStore};

fn attempt(n: u32) -> AttemptId {
    AttemptId { sprint: SprintId(1), n }
}

fn entry(seq: u64) -> TraceEntry {
    TraceEntry {
        seq,
        at: at(seq.cast_signed() * 10),
        body: TraceBody::Message {
            text: format!("entry {seq} \u{0}\n\"ü\" \u{1f600}"),
        },
    }
}

fn entries(from: u64, to: u64) -> Vec<TraceEntry> {
    (from..=to).map(entry).collect()
}

pub async fn entries_are_read_back_in_order_and_in_pages(store: Arc<dyn TraceStore>) {
    assert_eq!(store.last_seq(attempt(1)).await.unwrap(), 0);
    assert_eq!(store.append(attempt(1), &entries(1, 5)).await.unwrap(), 5);
    assert_eq!(store.append(attempt(1), &entries(6, 9)).await.unwrap(), 9);
    assert_eq!(store.read(attempt(1), 0, 4).await.unwrap(), entries(1, 4));
    assert_eq!(store.read(attempt(1), 4, 100).await.unwrap(), entries(5, 9));
    assert_eq!(store.last_seq(attempt(1)).await.unwrap(), 9);
}

pub async fn entries_that_are_there_are_skipped(store: Arc<dyn TraceStore>) {
    store.append(attempt(1), &entries(1, 5)).await.unwrap();
    assert_eq!(store.append(attempt(1), &entries(3, 7)).await.unwrap(), 7);
    assert_eq!(store.append(attempt(1), &entries(1, 2)).await.unwrap(), 7);
    assert_eq!(store.append(attempt(1), &[]).await.unwrap(), 7);
    let repeated = [entry(8), entry(8), entry(9), entry(8)];
    assert_eq!(store.append(attempt(1), &repeated).await.unwrap(), 9);
    assert_eq!(store.read(attempt(1), 0, 100).await.unwrap(), entries(1, 9));
}

pub async fn a_gap_is_refused_and_says_what_comes_next(store: Arc<dyn TraceStore>) {
    store.append(attempt(1), &entries(1, 5)).await.unwrap();
    for (sent, next) in [(vec![entry(7)], 6), (vec![entry(5), entry(6), entry(8)], 7)] {
        let error = store.append(attempt(1), &sent).await.unwrap_err();
        let TraceError::Gap { expected, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(expected, next);
    }
    assert_eq!(store.last_seq(attempt(1)).await.unwrap(), 5);
}

pub async fn the_tail_is_the_last_entries_in_order(store: Arc<dyn TraceStore>) {
    store.append(attempt(1), &entries(1, 9)).await.unwrap();
    assert_eq!(store.tail(attempt(1), 3).await.unwrap(), entries(7, 9));
    assert_eq!(store.tail(attempt(1), 100).await.unwrap(), entries(1, 9));
    assert_eq!(store.tail(attempt(2), 3).await.unwrap(), []);
}

pub async fn attempts_are_kept_apart(store: Arc<dyn TraceStore>) {
    store.append(attempt(1), &entries(1, 3)).await.unwrap();
    store.append(attempt(2), &entries(1, 2)).await.unwrap();
    assert_eq!(store.read(attempt(1), 0, 10).await.unwrap().len(), 3);
    assert_eq!(store.last_seq(attempt(2)).await.unwrap(), 2);
    assert_eq!(store.check().await.unwrap(), []);
}

pub async fn a_listener_learns_of_new_entries(store: Arc<dyn TraceStore>) {
    store.append(attempt(1), &entries(1, 3)).await.unwrap();
    let mut last = store.watch(attempt(1)).await.unwrap();
    assert_eq!(*last.borrow_and_update(), 3);
    store.append(attempt(2), &entries(1, 1)).await.unwrap();
    assert!(!last.has_changed().unwrap());
    store.append(attempt(1), &entries(4, 6)).await.unwrap();
    soon("the new entries", last.wait_for(|seq| *seq == 6)).await.unwrap();
    assert_eq!(store.read(attempt(1), 3, 10).await.unwrap(), entries(4, 6));
}

pub async fn many_attempts_are_written_at_once(store: Arc<dyn TraceStore>) {
    let mut writers = JoinSet::new();
    for n in 1..=16 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for batch in 0..5 {
                store
                    .append(attempt(n), &entries(batch * 20 + 1, batch * 20 + 20))
                    .await
                    .unwrap();
            }
        });
    }
    writers.join_all().await;
    for n in 1..=16 {
        assert_eq!(store.read(attempt(n), 0, 1_000).await.unwrap(), entries(1, 100));
    }
}
