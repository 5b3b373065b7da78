//! The read model of memories.

use std::sync::Arc;

use serde_json::json;
use team6_core::ids::{AttemptId, MemoryId, Position, SprintId, TaskId};

use super::{at, events, project};
use crate::{GivenMemories, MemoryFilter, MemoryRow, ReadModelChanges, Rebuilt, Store, StreamId};

/// An active memory of a project with these words.
fn row(owner: &str, id: u64, words: &str) -> MemoryRow {
    MemoryRow {
        project: project(owner),
        id: MemoryId(id),
        state: "active".into(),
        kind: "pitfall".into(),
        repository: None,
        path: None,
        pinned: false,
        updated_at: at(id.cast_signed()),
        words: words.split(' ').map(str::to_owned).collect(),
        body: json!({ "text": words }),
    }
}

fn at_path(id: u64, repository: &str, path: &str) -> MemoryRow {
    MemoryRow {
        repository: Some(repository.parse().unwrap()),
        path: Some(path.to_owned()),
        ..row("web", id, "word")
    }
}

/// Without the words, which are not read back.
fn read(row: MemoryRow) -> MemoryRow {
    MemoryRow {
        words: Vec::new(),
        ..row
    }
}

async fn put(store: &Arc<dyn Store>, memories: Vec<MemoryRow>, given: Vec<GivenMemories>) {
    let stream = StreamId::memory(&project("web"));
    let version = store.list_streams("memory/", None, 10).await.unwrap();
    let version = version.first().map_or(0, |(_, version)| version.0);
    let mut append = events(&stream, version, 1);
    append.rows = ReadModelChanges {
        memories,
        given_memories: given,
        ..ReadModelChanges::default()
    };
    store.append(append).await.unwrap();
}

/// The numbers of what is found, best first.
async fn search(store: &Arc<dyn Store>, filter: &MemoryFilter, words: &str) -> Vec<u64> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let found = store.search_memories(filter, &words, 10).await.unwrap();
    assert!(found.iter().all(|found| found.rank > 0.0), "{found:?}");
    assert!(found.windows(2).all(|pair| pair[0].rank >= pair[1].rank), "{found:?}");
    found.iter().map(|found| found.row.id.0).collect()
}

fn all() -> MemoryFilter {
    MemoryFilter::of(project("web"))
}

pub async fn a_memory_is_found_by_its_words_those_that_share_rarer_ones_first(store: Arc<dyn Store>) {
    let rows = vec![
        row("web", 1, "migrat databas hand"),
        row("web", 2, "databas pool"),
        row("web", 3, "databas seed test"),
        row("web", 4, "colour button"),
        row("web", 5, "colour page"),
        row("web", 6, "page list"),
    ];
    put(&store, rows, Vec::new()).await;
    assert_eq!(search(&store, &all(), "migrat databas").await.first(), Some(&1));
    let mut found = search(&store, &all(), "colour nowhere").await;
    found.sort_unstable();
    assert_eq!(found, [4, 5]);
    assert_eq!(search(&store, &all(), "nowhere").await, [] as [u64; 0]);
    assert_eq!(store.search_memories(&all(), &[], 10).await.unwrap(), []);
    let many: Vec<String> = (0..200)
        .map(|n| format!("word{n}"))
        .chain(["pool".to_owned()])
        .collect();
    assert_eq!(search(&store, &all(), &many.join(" ")).await, [2]);
}

pub async fn a_changed_memory_is_found_by_its_new_words_alone(store: Arc<dyn Store>) {
    put(&store, vec![row("web", 1, "old word")], Vec::new()).await;
    let changed = MemoryRow {
        state: "retired".into(),
        ..row("web", 1, "new word")
    };
    put(&store, vec![changed.clone()], Vec::new()).await;
    assert_eq!(search(&store, &all(), "old").await, [] as [u64; 0]);
    assert_eq!(search(&store, &all(), "new").await, [1]);
    let active = MemoryFilter {
        states: vec!["active".into()],
        ..all()
    };
    assert_eq!(search(&store, &active, "new").await, [] as [u64; 0]);
    assert_eq!(
        store.memory(&project("web"), MemoryId(1)).await.unwrap(),
        Some(read(changed))
    );
    assert_eq!(store.check().await.unwrap(), []);
}

pub async fn words_are_words_whatever_they_are_made_of(store: Arc<dyn Store>) {
    let rows = vec![
        row("web", 1, "größe"),
        row("web", 2, "grosse"),
        row("web", 3, "or not near"),
        row("web", 4, "日本"),
    ];
    put(&store, rows, Vec::new()).await;
    assert_eq!(search(&store, &all(), "größe").await, [1]);
    assert_eq!(search(&store, &all(), "near").await, [3]);
    assert_eq!(search(&store, &all(), "日本").await, [4]);
    for odd in ["\"", "a\" OR \"b", "*", "near*", "words:or", "("] {
        search(&store, &all(), odd).await;
    }
}

pub async fn a_project_sees_its_own_memories_only(store: Arc<dyn Store>) {
    put(&store, vec![row("web", 1, "same"), row("api", 1, "same")], Vec::new()).await;
    let found = store.search_memories(&all(), &["same".to_owned()], 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].row, read(row("web", 1, "same")));
    let listed = store
        .memories(&MemoryFilter::of(project("api")), None, 10)
        .await
        .unwrap();
    assert_eq!(listed, [read(row("api", 1, "same"))]);
    assert_eq!(store.memory(&project("shop"), MemoryId(1)).await.unwrap(), None);
}

pub async fn memories_are_listed_by_number_in_pages(store: Arc<dyn Store>) {
    let candidate = MemoryRow {
        state: "candidate".into(),
        ..row("web", 3, "c")
    };
    let rows = vec![
        row("web", 2, "b"),
        row("web", 1, "a"),
        candidate,
        at_path(4, "app", "src"),
    ];
    put(&store, rows, Vec::new()).await;
    let list = async |filter: MemoryFilter, after: Option<u64>| {
        let rows = store.memories(&filter, after.map(MemoryId), 3).await.unwrap();
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(list(all(), None).await, [1, 2, 3]);
    assert_eq!(list(all(), Some(3)).await, [4]);
    let candidates = MemoryFilter {
        states: vec!["candidate".into()],
        ..all()
    };
    assert_eq!(list(candidates, None).await, [3]);
    let of_app = MemoryFilter {
        repository: Some("app".parse().unwrap()),
        ..all()
    };
    assert_eq!(list(of_app, None).await, [4]);
}

pub async fn memories_are_found_by_their_place(store: Arc<dyn Store>) {
    let pinned = MemoryRow {
        pinned: true,
        ..row("web", 1, "pinned")
    };
    let retired = MemoryRow {
        state: "retired".into(),
        ..at_path(6, "app", "src")
    };
    let rows = vec![
        pinned,
        at_path(2, "app", "src"),
        at_path(3, "app", "src/billing/tax.rs"),
        at_path(4, "app", "src/bill"),
        at_path(5, "site", "src"),
        retired,
        row("web", 7, "elsewhere"),
    ];
    put(&store, rows, Vec::new()).await;
    let find = async |path: &str| {
        let app = ["app".parse().unwrap()];
        let rows = store
            .memories_at(&project("web"), &app, &[path.to_owned()], 10)
            .await
            .unwrap();
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(find("src/billing").await, [1, 3, 2]);
    assert_eq!(find("src/billing/tax.rs").await, [1, 3, 2]);
    assert_eq!(find("docs").await, [1]);
    let anywhere = store.memories_at(&project("web"), &[], &[], 10).await.unwrap();
    assert_eq!(anywhere.len(), 1);
}

pub async fn what_an_attempt_was_given_is_known_by_its_task(store: Arc<dyn Store>) {
    let given = |n: u32, task: Option<u64>| GivenMemories {
        attempt: AttemptId { sprint: SprintId(1), n },
        project: project("web"),
        task: task.map(TaskId),
        at: at(5),
        memories: vec![MemoryId(3), MemoryId(1)],
    };
    let all = vec![given(2, Some(7)), given(1, Some(7)), given(3, Some(8)), given(4, None)];
    put(&store, Vec::new(), all).await;
    assert_eq!(
        store.given_to(TaskId(7)).await.unwrap(),
        [given(1, Some(7)), given(2, Some(7))]
    );
    assert_eq!(store.given_to(TaskId(9)).await.unwrap(), []);
}

pub async fn a_rebuild_replaces_the_memories(store: Arc<dyn Store>) {
    put(&store, vec![row("web", 1, "wrong"), row("web", 2, "wrong")], Vec::new()).await;
    let rebuilt = Rebuilt {
        memories: vec![row("web", 1, "right")],
        ..Rebuilt::default()
    };
    store.rebuild(Position(1), rebuilt).await.unwrap();
    assert_eq!(search(&store, &all(), "wrong").await, [] as [u64; 0]);
    assert_eq!(search(&store, &all(), "right").await, [1]);
    assert_eq!(store.check().await.unwrap(), []);
}
