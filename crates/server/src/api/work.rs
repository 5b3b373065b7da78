//! What is at work now: every attempt that has not ended, and the room that the machine has for more.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::ids::{AgentId, ProjectId};
use team6_core::sprint::{Sprint, Stage, Work, WorkId};
use team6_core::time::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::page::whole;
use super::request::Query;
use super::types::{Machine, Page, Room, RoomOf, WorkItem, WorkState};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_work))
        .routes(routes!(show_machine))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WorkQuery {
    /// Only that of this project.
    project: Option<ProjectId>,
    /// Only that of this agent.
    agent: Option<AgentId>,
}

/// Lists the attempts that have not ended: those that wait for a worker, and those that an agent works on.
#[utoipa::path(get, path = "/work", tag = "operations", params(WorkQuery), responses((status = OK, body = Page<WorkItem>)))]
async fn list_work(State(api): State<ApiState>, Query(query): Query<WorkQuery>) -> Answer<Page<WorkItem>> {
    api.knows_project(query.project.as_ref()).await?;
    let now = api.engine.now();
    let mut items = Vec::new();
    for id in api.engine.open_sprints().await? {
        let wanted = |sprint: &Sprint, _| match &query.project {
            Some(project) if *project != sprint.project => Vec::new(),
            _ => of(sprint, now),
        };
        items.extend(api.engine.read(id, wanted).await?);
    }
    items.retain(|item| query.agent.as_ref().is_none_or(|agent| item.agent == *agent));
    items.sort_by_key(|item| (item.started_at.is_none(), item.scheduled_at, item.attempt));
    Ok(Json(whole(items)))
}

/// The attempts of a sprint that have not ended.
fn of(sprint: &Sprint, now: Timestamp) -> Vec<WorkItem> {
    let tasks = sprint.tasks.values().map(|task| (WorkId::Task(task.id), &task.work));
    let all = std::iter::once((WorkId::Planning, &sprint.planning)).chain(tasks);
    all.filter_map(|(id, work)| item(sprint, id, work, now)).collect()
}

fn item(sprint: &Sprint, id: WorkId, work: &Work, now: Timestamp) -> Option<WorkItem> {
    let (Stage::Queued { attempt, .. } | Stage::Running { attempt, .. }) = work.stage else {
        return None;
    };
    let attempt = sprint.attempt(attempt)?;
    let (task, title) = match id {
        WorkId::Planning => (None, sprint.title().into_owned()),
        WorkId::Task(task) => (Some(task), sprint.tasks.get(&task)?.planned.title.clone()),
    };
    let item = WorkItem {
        attempt: attempt.id,
        project: sprint.project.clone(),
        sprint: sprint.id,
        task,
        title,
        agent: attempt.agent.clone(),
        state: WorkState::Due,
        scheduled_at: attempt.scheduled_at,
        not_before: None,
        started_at: attempt.started.as_ref().map(|started| started.at),
        worker: None,
        active_at: None,
        silent_until: None,
        lease_until: None,
        progress: None,
        lacking: None,
    };
    Some(match &work.stage {
        Stage::Running {
            worker,
            lease_until,
            active_at,
            ready,
            progress,
            stopping,
            ..
        } => WorkItem {
            state: match (*lease_until < now, *stopping, *ready) {
                (true, ..) => WorkState::Stalled,
                (_, true, _) => WorkState::Stopping,
                (.., true) => WorkState::Working,
                (.., false) => WorkState::Preparing,
            },
            worker: Some(worker.clone()),
            active_at: Some(*active_at),
            silent_until: Some(*active_at + sprint.policy.silence),
            lease_until: Some(*lease_until),
            progress: progress.clone(),
            ..item
        },
        Stage::Queued { not_before, .. } if *not_before > now => WorkItem {
            state: WorkState::Delayed,
            not_before: Some(*not_before),
            ..item
        },
        _ => WorkItem {
            lacking: sprint.shortage.as_ref().map(|shortage| shortage.lacking.clone()),
            ..item
        },
    })
}

/// Shows what the server's machine has left for agents.
#[utoipa::path(get, path = "/machine", tag = "operations", responses((status = OK, body = Machine)))]
async fn show_machine(State(api): State<ApiState>) -> Json<Machine> {
    let room = api.room.measured();
    let one = |of, free, wanted, setting: &str| Room {
        of,
        free,
        wanted,
        setting: setting.to_owned(),
    };
    Json(Machine {
        rooms: vec![
            one(RoomOf::Memory, room.memory, api.room.memory, "agents.spare_memory_mb"),
            one(RoomOf::Disk, room.disk, api.room.disk, "agents.spare_disk_mb"),
        ],
        lacking: room.lacking,
    })
}
