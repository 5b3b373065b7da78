//! What the read models keep of a sprint: caches that can be made again from the log at any time.

use serde_json::Value;
use team6_core::ids::TaskId;
use team6_core::sprint::{InboxItem, Sprint, SprintPhase};
use team6_core::time::Timestamp;
use team6_store::{InboxRow, ReadModelChanges, SprintRow, TaskRow};

/// The rows of a sprint and of those of its tasks that changed.
pub(super) fn changes(sprint: &Sprint, touched: impl IntoIterator<Item = TaskId>, now: Timestamp) -> ReadModelChanges {
    let mut changes = ReadModelChanges {
        sprint: Some(sprint_row(sprint, now)),
        ..ReadModelChanges::default()
    };
    let mut items = sprint.inbox();
    let wanted: Vec<String> = items.iter().map(|item| item.key.clone()).collect();
    let known = sprint
        .questions
        .iter()
        .map(|q| format!("sprint/{}/question/{}", sprint.id, q.id));
    let known = known.chain([format!("sprint/{}/plan", sprint.id)]);
    changes.removed_inbox.extend(known.filter(|key| !wanted.contains(key)));
    for id in touched {
        match task_row(sprint, id, now) {
            Some(row) => changes.tasks.push(row),
            None => changes.removed_tasks.push(id),
        }
        match sprint.task_inbox(id) {
            Some(item) => items.push(item),
            None => changes.removed_inbox.push(format!("task/{id}")),
        }
    }
    changes.inbox = items.into_iter().map(|item| inbox_row(sprint, item)).collect();
    changes
}

/// All rows of a sprint, for a rebuild.
pub(super) fn all(sprint: &Sprint, now: Timestamp) -> ReadModelChanges {
    changes(sprint, sprint.tasks.keys().copied().collect::<Vec<_>>(), now)
}

fn sprint_row(sprint: &Sprint, now: Timestamp) -> SprintRow {
    let summary = sprint.summary();
    SprintRow {
        id: sprint.id,
        project: sprint.project.clone(),
        phase: phase_name(sprint.phase).to_owned(),
        title: summary.title.clone(),
        updated_at: now,
        body: to_json(&summary),
    }
}

fn task_row(sprint: &Sprint, id: TaskId, now: Timestamp) -> Option<TaskRow> {
    let task = sprint.tasks.get(&id)?;
    if !task.in_plan && task.approved.is_none() {
        return None;
    }
    let summary = sprint.task_summary(id)?;
    Some(TaskRow {
        id,
        sprint: sprint.id,
        project: sprint.project.clone(),
        owner: task.owner.clone(),
        state: summary.state.clone(),
        title: summary.title.clone(),
        updated_at: now,
        body: to_json(&summary),
    })
}

fn inbox_row(sprint: &Sprint, item: InboxItem) -> InboxRow {
    let body = to_json(&item);
    let kind = body
        .pointer("/why/reason/reason")
        .and_then(Value::as_str)
        .unwrap_or("waiting")
        .to_owned();
    InboxRow {
        key: item.key,
        person: item.person,
        project: sprint.project.clone(),
        sprint: item.sprint,
        task: item.task,
        kind,
        since: item.why.since,
        body,
    }
}

/// The name of a phase in the read models.
pub fn phase_name(phase: SprintPhase) -> &'static str {
    match phase {
        SprintPhase::Planning => "planning",
        SprintPhase::Running => "running",
        SprintPhase::Finished => "finished",
        SprintPhase::Cancelled => "cancelled",
    }
}

/// What the core keeps is plain data with string keys, which JSON can always hold.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
