//! Read models.

use std::sync::Arc;

use serde_json::json;
use team6_core::ids::{PersonId, Position, SprintId, StreamVersion, TaskId};

use super::{at, events, project, sprint};
use crate::{
    InboxCursor, InboxFilter, InboxRow, NewSnapshot, ReadModelChanges, Rebuilt, SprintFilter, SprintRow, Store,
    StoreError, TaskFilter, TaskRow,
};

fn person(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn sprint_row(id: u64, owner: &str, phase: &str) -> SprintRow {
    SprintRow {
        id: SprintId(id),
        project: project(owner),
        phase: phase.to_owned(),
        title: format!("Sprint {id}"),
        updated_at: at(id.cast_signed()),
        body: json!({ "goal": id }),
    }
}

fn task_row(id: u64, in_sprint: u64, owner: Option<&str>, state: &str) -> TaskRow {
    TaskRow {
        id: TaskId(id),
        sprint: SprintId(in_sprint),
        project: project("web"),
        owner: owner.map(person),
        state: state.to_owned(),
        title: format!("Task {id}"),
        updated_at: at(1),
        body: json!([id]),
    }
}

fn inbox_row(key: &str, who: &str, task: Option<u64>, since: i64) -> InboxRow {
    InboxRow {
        key: key.to_owned(),
        person: person(who),
        project: project("web"),
        sprint: SprintId(1),
        task: task.map(TaskId),
        kind: "review".to_owned(),
        since: at(since),
        body: json!({}),
    }
}

/// Appends one event to sprint 1 with these rows.
async fn put(store: &Arc<dyn Store>, expected: u64, rows: ReadModelChanges) {
    let mut append = events(&sprint(1), expected, 1);
    append.rows = rows;
    store.append(append).await.unwrap();
}

pub async fn rows_are_put_replaced_and_removed_with_an_append(store: Arc<dyn Store>) {
    let rows = ReadModelChanges {
        sprint: Some(sprint_row(1, "web", "planning")),
        tasks: vec![task_row(1, 1, None, "ready"), task_row(2, 1, Some("ada"), "ready")],
        inbox: vec![inbox_row("a", "ada", Some(2), 5), inbox_row("b", "ada", None, 6)],
        ..ReadModelChanges::default()
    };
    put(&store, 0, rows).await;
    assert_eq!(
        store.sprint(SprintId(1)).await.unwrap(),
        Some(sprint_row(1, "web", "planning"))
    );
    assert_eq!(
        store.task(TaskId(2)).await.unwrap(),
        Some(task_row(2, 1, Some("ada"), "ready"))
    );
    let rows = ReadModelChanges {
        sprint: Some(sprint_row(1, "web", "running")),
        tasks: vec![task_row(2, 1, Some("bob"), "running")],
        removed_tasks: vec![TaskId(1)],
        inbox: vec![inbox_row("b", "bob", Some(2), 9)],
        removed_inbox: vec!["a".to_owned(), "never there".to_owned()],
        ..ReadModelChanges::default()
    };
    put(&store, 1, rows).await;
    assert_eq!(
        store.sprint(SprintId(1)).await.unwrap(),
        Some(sprint_row(1, "web", "running"))
    );
    let tasks = store.tasks(&TaskFilter::default(), 10).await.unwrap();
    assert_eq!(tasks, [task_row(2, 1, Some("bob"), "running")]);
    let inbox = store.inbox(&InboxFilter::default(), 10).await.unwrap();
    assert_eq!(inbox, [inbox_row("b", "bob", Some(2), 9)]);
    let mut refused = events(&sprint(1), 0, 1);
    refused.rows.removed_tasks = vec![TaskId(2)];
    store.append(refused).await.unwrap_err();
    assert!(store.task(TaskId(2)).await.unwrap().is_some());
}

pub async fn sprints_are_listed_newest_first_in_pages(store: Arc<dyn Store>) {
    for (id, owner, phase) in [
        (1, "web", "done"),
        (2, "api", "running"),
        (3, "web", "running"),
        (4, "web", "planning"),
    ] {
        let mut append = events(&sprint(id), 0, 1);
        append.rows.sprint = Some(sprint_row(id, owner, phase));
        store.append(append).await.unwrap();
    }
    let list = async |filter: SprintFilter, limit| {
        let rows = store.sprints(&filter, limit).await.unwrap();
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(list(SprintFilter::default(), 3).await, [4, 3, 2]);
    let rest = SprintFilter {
        before: Some(SprintId(2)),
        ..SprintFilter::default()
    };
    assert_eq!(list(rest, 3).await, [1]);
    let filter = SprintFilter {
        project: Some(project("web")),
        phases: vec!["running".to_owned(), "done".to_owned()],
        before: None,
    };
    assert_eq!(list(filter, 10).await, [3, 1]);
}

pub async fn tasks_are_filtered_by_owner_state_and_sprint(store: Arc<dyn Store>) {
    let rows = ReadModelChanges {
        tasks: vec![
            task_row(1, 1, Some("ada"), "ready"),
            task_row(2, 1, Some("bob"), "ready"),
            task_row(3, 2, Some("ada"), "running"),
            task_row(4, 2, None, "done"),
        ],
        ..ReadModelChanges::default()
    };
    put(&store, 0, rows).await;
    let list = async |filter: TaskFilter| {
        let rows = store.tasks(&filter, 10).await.unwrap();
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    let all = TaskFilter::default;
    let by_owner = TaskFilter {
        owner: Some(person("ada")),
        ..all()
    };
    assert_eq!(list(by_owner.clone()).await, [1, 3]);
    let page = TaskFilter {
        after: Some(TaskId(1)),
        ..by_owner
    };
    assert_eq!(list(page).await, [3]);
    let by_state = TaskFilter {
        states: vec!["ready".to_owned(), "done".to_owned()],
        ..all()
    };
    assert_eq!(list(by_state).await, [1, 2, 4]);
    let by_sprint = TaskFilter {
        sprint: Some(SprintId(2)),
        project: Some(project("web")),
        ..all()
    };
    assert_eq!(list(by_sprint).await, [3, 4]);
}

pub async fn the_inbox_of_a_person_is_listed_longest_waiting_first(store: Arc<dyn Store>) {
    let rows = ReadModelChanges {
        inbox: vec![
            inbox_row("c", "ada", None, 5),
            inbox_row("a", "ada", None, 7),
            inbox_row("b", "ada", None, 5),
            inbox_row("d", "bob", None, 1),
        ],
        ..ReadModelChanges::default()
    };
    put(&store, 0, rows).await;
    let of_ada = InboxFilter {
        person: Some(person("ada")),
        ..InboxFilter::default()
    };
    let first = store.inbox(&of_ada, 2).await.unwrap();
    assert_eq!(first.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    let after = Some(InboxCursor {
        since: first[1].since,
        key: first[1].key.clone(),
    });
    let rest = store.inbox(&InboxFilter { after, ..of_ada }, 2).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["a"]);
}

pub async fn a_rebuild_replaces_everything(store: Arc<dyn Store>) {
    let rows = ReadModelChanges {
        sprint: Some(sprint_row(1, "web", "wrong")),
        tasks: vec![task_row(9, 1, None, "wrong")],
        inbox: vec![inbox_row("wrong", "ada", None, 1)],
        ..ReadModelChanges::default()
    };
    put(&store, 0, rows).await;
    let snapshot = NewSnapshot {
        format: 2,
        body: vec![1],
    };
    let rebuilt = Rebuilt {
        sprints: vec![sprint_row(1, "web", "running")],
        tasks: vec![task_row(1, 1, None, "ready")],
        inbox: vec![inbox_row("right", "bob", Some(1), 1)],
        snapshots: vec![(sprint(1), StreamVersion(1), snapshot)],
        ..Rebuilt::default()
    };
    store.rebuild(Position(1), rebuilt).await.unwrap();
    let sprints = store.sprints(&SprintFilter::default(), 10).await.unwrap();
    assert_eq!(sprints, [sprint_row(1, "web", "running")]);
    let tasks = store.tasks(&TaskFilter::default(), 10).await.unwrap();
    assert_eq!(tasks, [task_row(1, 1, None, "ready")]);
    let inbox = store.inbox(&InboxFilter::default(), 10).await.unwrap();
    assert_eq!(inbox, [inbox_row("right", "bob", Some(1), 1)]);
    assert_eq!(store.snapshot(&sprint(1)).await.unwrap().unwrap().format, 2);
}

pub async fn a_rebuild_from_an_older_head_is_refused(store: Arc<dyn Store>) {
    put(
        &store,
        0,
        ReadModelChanges {
            tasks: vec![task_row(1, 1, None, "ready")],
            ..ReadModelChanges::default()
        },
    )
    .await;
    let error = store.rebuild(Position(0), Rebuilt::default()).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::LogMoved {
                actual: Position(1),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(store.task(TaskId(1)).await.unwrap().is_some());
}

pub async fn a_sound_store_has_no_findings(store: Arc<dyn Store>) {
    assert_eq!(store.check().await.unwrap(), []);
    let rows = ReadModelChanges {
        sprint: Some(sprint_row(1, "web", "running")),
        tasks: vec![task_row(1, 1, None, "ready")],
        inbox: vec![inbox_row("a", "ada", Some(1), 5)],
        ..ReadModelChanges::default()
    };
    put(&store, 0, rows).await;
    assert_eq!(store.check().await.unwrap(), []);
}
