//! The event log.

use std::sync::Arc;

use serde_json::{Value, json};
use team6_core::ids::{Position, StreamVersion};
use tokio::task::JoinSet;

use super::{at, events, project, soon, sprint};
use crate::{
    Append, AppendError, IdempotentAnswer, LogFilter, NewEvent, NewSnapshot, RecordedEvent, Store, StoreError, StreamId,
};

pub async fn an_append_is_read_back_as_it_was(store: Arc<dyn Store>) {
    let body = json!({"text": "Größe \u{0}\u{1f600} \"quoted\"", "n": 9_007_199_254_740_993_i64, "none": null});
    let mut append = Append::new(sprint(3), StreamVersion(0), at(1_234), "person:ada");
    append.project = Some(project("web"));
    append.events = vec![NewEvent {
        kind: "sprint_created".to_owned(),
        body: body.clone(),
    }];
    let appended = store.append(append).await.unwrap();
    assert_eq!((appended.version, appended.position), (StreamVersion(1), Position(1)));
    let read = store.read_stream(&sprint(3), StreamVersion(0), 10).await.unwrap();
    assert_eq!(
        read,
        [RecordedEvent {
            position: Position(1),
            stream: sprint(3),
            version: StreamVersion(1),
            project: Some(project("web")),
            at: at(1_234),
            actor: "person:ada".to_owned(),
            kind: "sprint_created".to_owned(),
            body,
        }]
    );
    assert_eq!(store.read_stream(&sprint(4), StreamVersion(0), 10).await.unwrap(), []);
}

pub async fn positions_and_versions_have_no_gaps(store: Arc<dyn Store>) {
    for (stream, expected, count) in [(1, 0, 2), (2, 0, 1), (1, 2, 3), (2, 1, 0)] {
        store.append(events(&sprint(stream), expected, count)).await.unwrap();
        // A refused append in between takes no number.
        store.append(events(&sprint(stream), 99, 5)).await.unwrap_err();
    }
    let log = store.read_log(Position(0), &LogFilter::default(), 100).await.unwrap();
    let seen: Vec<_> = log
        .iter()
        .map(|e| (e.position.0, e.stream.as_str(), e.version.0))
        .collect();
    let (one, two) = ("sprint/1", "sprint/2");
    assert_eq!(
        seen,
        [
            (1, one, 1),
            (2, one, 2),
            (3, two, 1),
            (4, one, 3),
            (5, one, 4),
            (6, one, 5)
        ]
    );
    assert_eq!(store.head().await.unwrap(), Position(6));
    let tail = store.read_stream(&sprint(1), StreamVersion(3), 1).await.unwrap();
    assert_eq!(tail.iter().map(|e| e.version.0).collect::<Vec<_>>(), [4]);
}

pub async fn an_append_on_an_older_version_is_refused_and_changes_nothing(store: Arc<dyn Store>) {
    store.append(events(&sprint(1), 0, 2)).await.unwrap();
    let error = store.append(events(&sprint(1), 1, 1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stream sprint/1 is at version 2, not 1: read it again and decide anew"
    );
    let AppendError::Conflict { expected, actual, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((expected, actual), (StreamVersion(1), StreamVersion(2)));
    assert_eq!(store.head().await.unwrap(), Position(2));
}

pub async fn one_of_many_appends_on_the_same_version_wins(store: Arc<dyn Store>) {
    for round in 0..5 {
        let mut racers = JoinSet::new();
        for _ in 0..16 {
            let store = Arc::clone(&store);
            racers.spawn(async move { store.append(events(&sprint(1), round, 1)).await.is_ok() });
        }
        let won = racers.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "in round {round}");
    }
    assert_eq!(store.head().await.unwrap(), Position(5));
}

pub async fn a_reader_that_resumes_misses_nothing_and_sees_nothing_twice(store: Arc<dyn Store>) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for version in 0..EACH {
                store.append(events(&sprint(writer), version, 1)).await.unwrap();
            }
        });
    }
    let mut committed = store.committed();
    let mut cursor = Position(0);
    while cursor.0 < WRITERS * EACH {
        let page = store.read_log(cursor, &LogFilter::default(), 7).await.unwrap();
        for event in &page {
            assert_eq!(event.position, Position(cursor.0 + 1));
            cursor = event.position;
        }
        if page.is_empty() {
            soon("the next commit", committed.wait_for(|head| *head > cursor))
                .await
                .unwrap();
        }
    }
    writers.join_all().await;
}

pub async fn the_log_is_filtered_by_project_and_by_stream(store: Arc<dyn Store>) {
    for (stream, owner) in [
        ("sprint/1", "web"),
        ("sprint/10", "api"),
        ("project/web", "web"),
        ("worker/w", "api"),
    ] {
        let mut append = events(&StreamId::new(stream).unwrap(), 0, 1);
        append.project = Some(project(owner));
        store.append(append).await.unwrap();
    }
    let streams = async |owner: Option<&str>, prefix: Option<&str>| {
        let filter = LogFilter {
            project: owner.map(project),
            prefix: prefix.map(str::to_owned),
        };
        let read = store.read_log(Position(0), &filter, 10).await.unwrap();
        read.into_iter().map(|e| e.stream.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(streams(Some("web"), None).await, ["sprint/1", "project/web"]);
    assert_eq!(streams(None, Some("sprint/")).await, ["sprint/1", "sprint/10"]);
    assert_eq!(streams(Some("api"), Some("sprint/")).await, ["sprint/10"]);
    assert_eq!(streams(None, Some("sprint/1%' OR 1=1 --")).await, [""; 0]);
}

pub async fn commits_are_announced_after_they_can_be_read(store: Arc<dyn Store>) {
    let mut committed = store.committed();
    assert_eq!(*committed.borrow_and_update(), Position(0));
    let appended = store.append(events(&sprint(1), 0, 3)).await.unwrap();
    assert!(committed.has_changed().unwrap());
    assert_eq!(*committed.borrow_and_update(), appended.position);
    store.append(events(&sprint(1), 0, 3)).await.unwrap_err();
    assert!(!committed.has_changed().unwrap());
}

pub async fn an_append_goes_through_when_its_caller_goes_away(store: Arc<dyn Store>) {
    let mut committed = store.committed();
    let asked = Arc::clone(&store);
    let mut asking = Box::pin(async move { asked.append(events(&sprint(1), 0, 1)).await });
    // One look hands the append over; then nobody waits for the answer.
    assert!(futures_once(&mut asking).await.is_none());
    drop(asking);
    soon("the abandoned append", committed.wait_for(|head| *head == Position(1)))
        .await
        .unwrap();
    assert_eq!(store.head().await.unwrap(), Position(1));
}

/// Polls once.
async fn futures_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

pub async fn snapshots_show_the_version_after_the_append(store: Arc<dyn Store>) {
    assert_eq!(store.snapshot(&sprint(1)).await.unwrap(), None);
    for (expected, count, version) in [(0, 2, 2), (2, 1, 3)] {
        let mut append = events(&sprint(1), expected, count);
        append.snapshot = Some(NewSnapshot {
            format: 7,
            body: vec![0, 255, version],
        });
        store.append(append).await.unwrap();
        let snapshot = store.snapshot(&sprint(1)).await.unwrap().unwrap();
        assert_eq!(snapshot.version, StreamVersion(u64::from(version)));
        assert_eq!((snapshot.format, snapshot.body), (7, vec![0, 255, version]));
    }
}

pub async fn streams_are_listed_by_prefix_in_pages(store: Arc<dyn Store>) {
    for name in ["project/a", "project/b", "project/c", "projects/d", "sprint/1"] {
        store.append(events(&StreamId::new(name).unwrap(), 0, 2)).await.unwrap();
    }
    let first = store.list_streams("project/", None, 2).await.unwrap();
    let names = |page: &[(StreamId, StreamVersion)]| page.iter().map(|(s, v)| format!("{s}@{v}")).collect::<Vec<_>>();
    assert_eq!(names(&first), ["project/a@2", "project/b@2"]);
    let rest = store.list_streams("project/", Some(&first[1].0), 2).await.unwrap();
    assert_eq!(names(&rest), ["project/c@2"]);
}

fn answered(expected: u64, key: &str, hash: &str, body: Value) -> Append {
    let mut append = events(&sprint(1), expected, 1);
    append.answer = Some(IdempotentAnswer {
        key: key.to_owned(),
        request_hash: hash.to_owned(),
        body,
    });
    append
}

pub async fn an_answered_request_is_not_done_again(store: Arc<dyn Store>) {
    assert_eq!(store.answer("k", "h").await.unwrap(), None);
    store.append(answered(0, "k", "h", json!({"task": 1}))).await.unwrap();
    assert_eq!(store.answer("k", "h").await.unwrap(), Some(json!({"task": 1})));
    // The version moved on too, and still the answer is what counts.
    for expected in [0, 1] {
        let error = store
            .append(answered(expected, "k", "h", json!({"task": 2})))
            .await
            .unwrap_err();
        let AppendError::AlreadyAnswered { body, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(body, json!({"task": 1}));
    }
    assert_eq!(store.head().await.unwrap(), Position(1));
}

pub async fn a_key_of_another_request_is_refused(store: Arc<dyn Store>) {
    store.append(answered(0, "k", "h", json!(1))).await.unwrap();
    let error = store.answer("k", "other").await.unwrap_err();
    assert!(matches!(error, StoreError::KeyReused { .. }), "{error:?}");
    let error = store.append(answered(1, "k", "other", json!(2))).await.unwrap_err();
    assert!(matches!(error, AppendError::KeyReused { .. }), "{error:?}");
    assert_eq!(store.head().await.unwrap(), Position(1));
}

pub async fn answers_are_forgotten_by_age(store: Arc<dyn Store>) {
    store.append(answered(0, "k", "h", json!(1))).await.unwrap();
    assert_eq!(store.prune_answers(at(1_000)).await.unwrap(), 0);
    assert_eq!(store.prune_answers(at(1_001)).await.unwrap(), 1);
    assert_eq!(store.answer("k", "other").await.unwrap(), None);
}

pub async fn numbers_are_handed_out_once(store: Arc<dyn Store>) {
    assert_eq!(store.reserve("task", 3).await.unwrap(), 1);
    assert_eq!(store.reserve("task", 1).await.unwrap(), 4);
    assert_eq!(store.reserve("sprint", 1).await.unwrap(), 1);
    let mut takers = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        takers.spawn(async move { store.reserve("task", 2).await.unwrap() });
    }
    let mut taken = takers.join_all().await;
    taken.sort_unstable();
    assert_eq!(taken, (0..20).map(|n| 5 + 2 * n).collect::<Vec<_>>());
}
