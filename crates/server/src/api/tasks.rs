//! Tasks: lists, details, and what their owners do with them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use team6_core::budget::Budget;
use team6_core::ids::{PersonId, ProjectId, SprintId, TaskId};
use team6_core::sprint::{Brief, Command, Event, MergeMethod, STATES, Sprint, TaskSummary, WorkId};
use team6_store::{TaskFilter, TaskRow};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::Answer;
use super::error::ApiError;
use super::page::page;
use super::request::{Limit, Nothing, Order, OrderHeaders, Path, Query};
use super::sprints::tagged;
use super::types::{
    AgentRequest, Changed, MergeRequest, MessageRequest, Page, RetryRequest, ReviewRequest, TaskDetail, TaskItem,
};
use super::{ApiState, conflicts, memories, review_comments, task_checks, views};
use crate::engine::EngineError;
use crate::packets::Places;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks))
        .routes(routes!(show_task))
        .routes(routes!(message_agent))
        .routes(routes!(review_task))
        .routes(routes!(merge_task))
        .routes(routes!(retry_task))
        .routes(routes!(add_subtask))
        .routes(routes!(cancel_task))
        .routes(routes!(pause_task))
        .routes(routes!(resume_task))
        .routes(routes!(choose_agent))
        .routes(routes!(set_task_budget))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    /// Only those of this project.
    project: Option<ProjectId>,
    /// Only those of this sprint.
    sprint: Option<SprintId>,
    /// Only those in these states, separated by commas, such as `in review,failed`.
    state: Option<String>,
    /// Only those of this owner.
    owner: Option<PersonId>,
    /// The `next` of the part before.
    after: Option<TaskId>,
    /// How many, 1 to 1000.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Lists tasks in the order of their numbers.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TasksQuery),
    responses((status = OK, body = Page<TaskItem>)))]
async fn list_tasks(State(api): State<ApiState>, Query(query): Query<TasksQuery>) -> Answer<Page<TaskItem>> {
    let filter = TaskFilter {
        project: query.project,
        sprint: query.sprint,
        owner: query.owner,
        states: states(query.state.as_deref().unwrap_or_default())?,
        after: query.after,
    };
    let rows = api.store().tasks(&filter, query.limit.0 + 1).await?;
    if rows.is_empty() {
        api.knows_project(filter.project.as_ref()).await?;
        api.knows_sprint(filter.sprint).await?;
        api.knows_person(filter.owner.as_ref())?;
    }
    let items = items(&api, rows).await?;
    Ok(Json(page(items, query.limit.0, |last| last.id.to_string())))
}

fn states(given: &str) -> Result<Vec<String>, ApiError> {
    let names = given.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known = |name: &str| STATES.contains(&name).then(|| name.to_owned());
    names
        .map(|name| {
            let text = format!("state: no task is ever {name:?}; choose of: {}", STATES.join(", "));
            known(name).ok_or_else(|| ApiError::bad("bad-query", text))
        })
        .collect()
}

/// Why a task waits may change without a change of the task itself, so it is asked of the sprint, as long as that is
/// open.
async fn items(api: &ApiState, rows: Vec<TaskRow>) -> Result<Vec<TaskItem>, ApiError> {
    let mut of: HashMap<SprintId, Vec<TaskId>> = HashMap::new();
    for row in &rows {
        of.entry(row.sprint).or_default().push(row.id);
    }
    let mut now: HashMap<TaskId, TaskSummary> = HashMap::new();
    for (sprint, tasks) in of {
        let phase = api.store().sprint(sprint).await?.map(|row| row.phase);
        if matches!(phase.as_deref(), Some("finished" | "cancelled")) {
            continue;
        }
        let summaries = |sprint: &Sprint, _| {
            let found = tasks
                .iter()
                .filter_map(|task| Some((*task, sprint.task_summary(*task)?)));
            found.collect::<Vec<_>>()
        };
        now.extend(api.engine.read(sprint, summaries).await?);
    }
    let kept = |row: TaskRow| -> Result<TaskItem, ApiError> {
        if let Some(summary) = now.remove(&row.id) {
            return Ok(views::task_item(summary));
        }
        let summary = serde_json::from_value(row.body).map_err(|error| EngineError::Unreadable {
            stream: format!("sprint/{}", row.sprint),
            position: 0,
            why: error.to_string(),
        })?;
        Ok(TaskItem {
            why: None,
            ..views::task_item(summary)
        })
    };
    rows.into_iter().map(kept).collect()
}

/// Shows a task with its attempts, its pull requests and its reviews.
#[utoipa::path(get, path = "/tasks/{task}", tag = "tasks", params(("task" = TaskId, Path)),
    responses((status = OK, body = TaskDetail)))]
async fn show_task(State(api): State<ApiState>, Path(task): Path<TaskId>) -> Result<Response, ApiError> {
    let sprint = api.engine.sprint_of(task).await?;
    let shown = api
        .engine
        .read(sprint, |sprint, version| views::task_detail(sprint, version, task));
    let mut detail = shown.await?.ok_or(EngineError::NoSuchTask(task))?;
    detail.checks.weakened = task_checks::weakened(&api, sprint, task).await?;
    detail.memories = memories::told(&api, &detail.project, task).await?;
    detail.conflicts = conflicts::of_task(&api, sprint, task).await;
    let places = Places {
        engine: &api.engine,
        forge: api.forge.as_ref(),
        evidence: &api.evidence,
    };
    detail.packet = places.packet(sprint, task).await?;
    Ok(tagged(detail.version, detail))
}

/// Writes to the agent of a task, also to answer what it asked.
#[utoipa::path(post, path = "/tasks/{task}/messages", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = MessageRequest, responses((status = OK, body = Changed<TaskItem>)))]
async fn message_agent(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<MessageRequest>,
) -> Answer<Changed<TaskItem>> {
    let chat = |by: PersonId, body: MessageRequest| Command::Chat {
        by,
        to: WorkId::Task(task),
        text: body.text,
        urgency: body.urgency,
    };
    api.on_task(task, order, chat).await
}

/// Reviews a task.
#[utoipa::path(post, path = "/tasks/{task}/reviews", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = ReviewRequest, responses((status = OK, body = Changed<TaskItem>)))]
async fn review_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<ReviewRequest>,
) -> Answer<Changed<TaskItem>> {
    review_comments::check(&api, task, &order).await?;
    let review = |by: PersonId, body: ReviewRequest| Command::SubmitReview {
        by,
        task,
        verdict: body.verdict,
        body: body.body,
        comments: body.comments,
        heads: body.heads,
    };
    api.on_task(task, order, review).await
}

/// Merges the pull requests of a task.
#[utoipa::path(post, path = "/tasks/{task}/merge", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = MergeRequest, responses((status = OK, body = Changed<TaskItem>)))]
async fn merge_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<MergeRequest>,
) -> Answer<Changed<TaskItem>> {
    let method = match order.body.method {
        Some(method) => method,
        None => default_method(&api, task).await?,
    };
    api.on_task(task, order, |by, _| Command::Merge { by, task, method })
        .await
}

/// How the first repository of the task says that pull requests are merged.
pub(super) async fn default_method(api: &ApiState, task: TaskId) -> Result<MergeMethod, ApiError> {
    let sprint = api.engine.sprint_of(task).await?;
    let of = |sprint: &Sprint, _| {
        let first = sprint
            .tasks
            .get(&task)
            .and_then(|task| task.planned.repositories.first().cloned());
        (sprint.project.clone(), first)
    };
    let (project, first) = api.engine.read(sprint, of).await?;
    let project = api.engine.project(&project).await?;
    let repository = first.and_then(|first| project.repositories.get(&first).cloned());
    Ok(repository.map(|repository| repository.merge_method).unwrap_or_default())
}

/// Retries a task that failed or is held.
#[utoipa::path(post, path = "/tasks/{task}/retry", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = RetryRequest, responses((status = OK, body = Changed<TaskItem>)))]
async fn retry_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<RetryRequest>,
) -> Answer<Changed<TaskItem>> {
    let retry = |by: PersonId, body: RetryRequest| Command::Retry {
        by,
        work: WorkId::Task(task),
        note: body.note,
    };
    api.on_task(task, order, retry).await
}

/// Delegates a subtask of a task to another agent.
#[utoipa::path(post, path = "/tasks/{task}/subtasks", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Brief, responses((status = OK, body = Changed<TaskItem>)))]
async fn add_subtask(
    State(api): State<ApiState>,
    Path(parent): Path<TaskId>,
    order: Order<Brief>,
) -> Answer<Changed<TaskItem>> {
    let add = |by: PersonId, brief: Brief| Command::AddSubtask {
        by,
        parent,
        brief: Box::new(brief),
        task: TaskId(0),
    };
    let added = |event: &Event| match event {
        Event::SubtaskAdded { task, .. } => Some(*task),
        _ => None,
    };
    api.on_task_for(parent, order, add, added).await
}

/// Gives a task up.
#[utoipa::path(post, path = "/tasks/{task}/cancel", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Nothing, responses((status = OK, body = Changed<TaskItem>)))]
async fn cancel_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<Nothing>,
) -> Answer<Changed<TaskItem>> {
    api.on_task(task, order, |by, _| Command::CancelTask { by, task }).await
}

/// Pauses a task: its agent is stopped, its work is kept.
#[utoipa::path(post, path = "/tasks/{task}/pause", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Nothing, responses((status = OK, body = Changed<TaskItem>)))]
async fn pause_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<Nothing>,
) -> Answer<Changed<TaskItem>> {
    api.on_task(task, order, |by, _| Command::PauseTask { by, task }).await
}

/// Lets a paused task go on.
#[utoipa::path(post, path = "/tasks/{task}/resume", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Nothing, responses((status = OK, body = Changed<TaskItem>)))]
async fn resume_task(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<Nothing>,
) -> Answer<Changed<TaskItem>> {
    api.on_task(task, order, |by, _| Command::ResumeTask { by, task }).await
}

/// Sets what a task and all below it may spend; what is left out is not limited.
#[utoipa::path(put, path = "/tasks/{task}/budget", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = Budget, responses((status = OK, body = Changed<TaskItem>)))]
async fn set_task_budget(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<Budget>,
) -> Answer<Changed<TaskItem>> {
    let set = |by: PersonId, budget: Budget| Command::SetTaskBudget { by, task, budget };
    api.on_task(task, order, set).await
}

/// Chooses the agent of a task, from its next attempt on.
#[utoipa::path(put, path = "/tasks/{task}/agent", tag = "tasks", params(("task" = TaskId, Path), OrderHeaders),
    request_body = AgentRequest, responses((status = OK, body = Changed<TaskItem>)))]
async fn choose_agent(
    State(api): State<ApiState>,
    Path(task): Path<TaskId>,
    order: Order<AgentRequest>,
) -> Answer<Changed<TaskItem>> {
    let choose = |by: PersonId, body: AgentRequest| Command::ChooseAgent {
        by,
        task,
        agent: body.agent,
    };
    api.on_task(task, order, choose).await
}
