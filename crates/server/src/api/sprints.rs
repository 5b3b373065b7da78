//! Sprints: opening, lists, details, and what is done to them as a whole.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use team6_core::budget::Budget;
use team6_core::explain::Explanation;
use team6_core::ids::{AgentId, PersonId, Position, ProjectId, SprintId, StreamVersion};
use team6_core::sprint::{Command, Event, SprintPhase, SprintSummary, WorkId};
use team6_store::{LogFilter, SprintFilter, SprintRow};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{Answer, Opened};
use super::error::ApiError;
use super::page::page;
use super::request::{Key, Limit, Nothing, Order, OrderHeaders, Path, Query};
use super::types::{
    AgentItem, AgentRole, Changed, MessageRequest, OpenSprintRequest, Page, RetryRequest, SprintDetail, SprintItem,
};
use super::{ApiState, views};
use crate::engine::{EngineError, phase_name};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_sprints, open_sprint))
        .routes(routes!(show_sprint))
        .routes(routes!(pause_sprint))
        .routes(routes!(resume_sprint))
        .routes(routes!(cancel_sprint))
        .routes(routes!(set_sprint_budget))
        .routes(routes!(retry_planning))
        .routes(routes!(message_planner))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SprintsQuery {
    /// Only those of this project.
    project: Option<ProjectId>,
    /// Only those in this phase.
    phase: Option<SprintPhase>,
    /// The `next` of the part before.
    before: Option<SprintId>,
    /// How many, 1 to 1000.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Lists sprints, newest first.
#[utoipa::path(get, path = "/sprints", tag = "sprints", params(SprintsQuery),
    responses((status = OK, body = Page<SprintItem>)))]
async fn list_sprints(State(api): State<ApiState>, Query(query): Query<SprintsQuery>) -> Answer<Page<SprintItem>> {
    let filter = SprintFilter {
        project: query.project,
        phases: query
            .phase
            .map(|phase| phase_name(phase).to_owned())
            .into_iter()
            .collect(),
        before: query.before,
    };
    let rows = api.store().sprints(&filter, query.limit.0 + 1).await?;
    if rows.is_empty() {
        api.knows_project(filter.project.as_ref()).await?;
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(item(&api, row).await?);
    }
    Ok(Json(page(items, query.limit.0, |last| last.id.to_string())))
}

/// Sprints that are over wait for nothing and are not read again for it.
async fn item(api: &ApiState, row: SprintRow) -> Result<SprintItem, ApiError> {
    let summary: SprintSummary = serde_json::from_value(row.body).map_err(|error| EngineError::Unreadable {
        stream: format!("sprint/{}", row.id),
        position: 0,
        why: error.to_string(),
    })?;
    let why: Option<Explanation> = match summary.phase {
        SprintPhase::Planning | SprintPhase::Running => {
            api.engine.read(row.id, |sprint, _| sprint.explain_planning()).await?
        }
        SprintPhase::Finished | SprintPhase::Cancelled => None,
    };
    Ok(views::summarized(summary, why))
}

/// Opens a sprint, which begins with its planning.
#[utoipa::path(post, path = "/sprints", tag = "sprints", params(OrderHeaders), request_body = OpenSprintRequest,
    responses((status = CREATED, body = Changed<SprintItem>)))]
async fn open_sprint(State(api): State<ApiState>, order: Order<OpenSprintRequest>) -> Result<Response, ApiError> {
    let (sprint, events) = match api.was_carried_out(order.key.as_ref()).await? {
        Some(kept) => (find_opened(&api, order.key.as_ref(), kept).await?, Vec::new()),
        None => open(&api, order).await?,
    };
    let changed = api.changed_sprint(sprint, &events).await?;
    let location = format!("/api/v1/sprints/{sprint}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(changed)).into_response())
}

async fn open(api: &ApiState, order: Order<OpenSprintRequest>) -> Result<(SprintId, Vec<Event>), ApiError> {
    let Order { by, body, key, .. } = order;
    let planner = planner(api, body.planner)?;
    if api.engine.project(&body.project).await?.repositories.is_empty() {
        let text = format!(
            "project {project} has no repository, so there is nothing to plan for; add one with `team6 repo add {project} \
             PATH_OR_URL`",
            project = body.project
        );
        return Err(ApiError::unusable("no-repository", text));
    }
    let mut policy = api.policy.clone();
    let mut answer = None;
    if let Some(key) = &key {
        // The seed spreads retries, any will do; one that follows from the key is how the sprint is found again.
        policy.seed = key.number();
        let after = api.store().head().await?.0;
        answer = Some(key.answer(serde_json::to_value(Opened { after }).unwrap_or_default()));
    }
    let opened = api
        .engine
        .open_sprint(&body.project, body.goal, by, planner, policy, answer);
    match opened.await {
        Ok((sprint, done)) => Ok((sprint, done.events)),
        Err(EngineError::AlreadyAnswered(kept)) => Ok((find_opened(api, key.as_ref(), kept).await?, Vec::new())),
        Err(error) => Err(error.into()),
    }
}

/// The sprint that an order with this key opened; the engine mixes its number into the seed.
async fn find_opened(api: &ApiState, key: Option<&Key>, kept: Value) -> Result<SprintId, ApiError> {
    let filter = LogFilter {
        project: None,
        prefix: Some("sprint/".to_owned()),
    };
    let opened: Option<Opened> = serde_json::from_value(kept).ok();
    let number = key.map(Key::number);
    let mut after = opened.map(|opened| Position(opened.after));
    while let Some(from) = after {
        let events = api.store().read_log(from, &filter, 1_000).await?;
        after = events.last().map(|last| last.position);
        for event in events.into_iter().filter(|event| event.version == StreamVersion(1)) {
            if let Ok(Event::SprintOpened(opening)) = serde_json::from_value(event.body)
                && Some(opening.policy.seed ^ opening.id.0) == number
            {
                return Ok(opening.id);
            }
        }
    }
    let text = "the request was carried out before, and what it opened cannot be found; see the list of sprints";
    Err(ApiError::new(StatusCode::CONFLICT, "already-answered", text))
}

/// Who plans where nobody says who does, the first that is installed: the scripted agent is there only where somebody
/// gave it a scenario, the others are known to understand code.
const PLANNERS: [&str; 6] = ["scripted", "claude-code", "codex", "gemini", "opencode", "goose"];

/// The agent that plans, if nobody named one: one that is made for it, one that is known, or the only one. Of several
/// that could be anything, a person chooses.
fn own_choice(cards: &[AgentItem]) -> Result<AgentId, ApiError> {
    let installed: Vec<&AgentItem> = cards.iter().filter(|card| card.installed).collect();
    let known = || {
        PLANNERS
            .iter()
            .find_map(|name| installed.iter().find(|card| card.id.as_str() == *name))
    };
    let made_for_it = installed.iter().find(|card| card.role == AgentRole::Planner);
    if let Some(card) = made_for_it.or_else(known) {
        return Ok(card.id.clone());
    }
    match installed.as_slice() {
        [] => {
            let text = "no agent is installed on the server; see the list of agents for how to install one";
            Err(ApiError::unusable("no-planner", text))
        }
        [only] => Ok(only.id.clone()),
        several => {
            let names: Vec<&AgentId> = several.iter().map(|card| &card.id).collect();
            let list: Vec<String> = names.iter().map(ToString::to_string).collect();
            let text = format!(
                "several agents could plan: {}; choose one with `--planner NAME`, or for all sprints with `planner` in \
                 [agents] of team6.toml",
                list.join(", ")
            );
            Err(ApiError::unusable("no-planner", text).with("known", names))
        }
    }
}

/// The agent that plans: the one that is asked for, the configured one, or our own choice.
fn planner(api: &ApiState, wanted: Option<AgentId>) -> Result<AgentId, ApiError> {
    let cards = api.agents.cards();
    let Some(wanted) = wanted.or_else(|| api.planner.clone()) else {
        return own_choice(&cards);
    };
    let Some(card) = cards.iter().find(|card| card.id == wanted) else {
        let known: Vec<AgentId> = cards.into_iter().map(|card| card.id).collect();
        let text = format!("there is no agent {wanted}; see the list of agents");
        return Err(ApiError::missing("no-such-agent", text).with("known", known));
    };
    if !card.installed {
        let how = card.install.as_ref().map(|install| format!(": {install}"));
        let text = format!(
            "agent {wanted} is not installed on the server; install it{}",
            how.unwrap_or_default()
        );
        return Err(ApiError::unusable("agent-not-installed", text));
    }
    Ok(wanted)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AtQuery {
    /// As it was at this version, instead of as it is now.
    at: Option<StreamVersion>,
}

/// Shows a sprint with its plan, its questions and its tasks.
#[utoipa::path(get, path = "/sprints/{sprint}", tag = "sprints", params(("sprint" = SprintId, Path), AtQuery),
    responses((status = OK, body = SprintDetail)))]
async fn show_sprint(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    Query(query): Query<AtQuery>,
) -> Result<Response, ApiError> {
    let Some(at) = query.at else {
        let detail = api.engine.read(sprint, views::sprint_detail).await?;
        return Ok(tagged(detail.version, detail));
    };
    api.knows_sprint(Some(sprint)).await?;
    match api.engine.at_version(sprint, at).await? {
        Some(then) => Ok(tagged(at, views::sprint_detail(&then, at))),
        None => {
            let text = format!("sprint {sprint} has no version {at}; give one from 1 to its version now");
            Err(ApiError::missing("no-such-version", text).with("version", at))
        }
    }
}

/// An answer with the version of its sprint as ETag.
pub(super) fn tagged(version: StreamVersion, body: impl serde::Serialize) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Pauses a sprint: agents are stopped, their work is kept.
#[utoipa::path(post, path = "/sprints/{sprint}/pause", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = Nothing,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn pause_sprint(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<Nothing>,
) -> Answer<Changed<SprintItem>> {
    api.on_sprint(sprint, order, |by, _| Command::PauseSprint { by }).await
}

/// Lets a paused sprint go on.
#[utoipa::path(post, path = "/sprints/{sprint}/resume", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = Nothing,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn resume_sprint(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<Nothing>,
) -> Answer<Changed<SprintItem>> {
    api.on_sprint(sprint, order, |by, _| Command::ResumeSprint { by }).await
}

/// Sets what a sprint may spend; what is left out is not limited. Only its lead does this.
#[utoipa::path(put, path = "/sprints/{sprint}/budget", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = Budget,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn set_sprint_budget(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<Budget>,
) -> Answer<Changed<SprintItem>> {
    let set = |by: PersonId, budget: Budget| Command::SetSprintBudget { by, budget };
    api.on_sprint(sprint, order, set).await
}

/// Gives a sprint up.
#[utoipa::path(post, path = "/sprints/{sprint}/cancel", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = Nothing,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn cancel_sprint(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<Nothing>,
) -> Answer<Changed<SprintItem>> {
    api.on_sprint(sprint, order, |by, _| Command::CancelSprint { by }).await
}

/// Retries a planning that failed or is held.
#[utoipa::path(post, path = "/sprints/{sprint}/retry", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = RetryRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn retry_planning(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<RetryRequest>,
) -> Answer<Changed<SprintItem>> {
    let retry = |by: PersonId, body: RetryRequest| Command::Retry {
        by,
        work: WorkId::Planning,
        note: body.note,
    };
    api.on_sprint(sprint, order, retry).await
}

/// Writes to the planning agent, such as to ask for a revision in words.
#[utoipa::path(post, path = "/sprints/{sprint}/messages", tag = "sprints",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = MessageRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn message_planner(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<MessageRequest>,
) -> Answer<Changed<SprintItem>> {
    let chat = |by: PersonId, body: MessageRequest| Command::Chat {
        by,
        to: WorkId::Planning,
        text: body.text,
        urgency: body.urgency,
    };
    api.on_sprint(sprint, order, chat).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str, role: AgentRole) -> AgentItem {
        AgentItem {
            id: name.parse().unwrap_or_else(|_| unreachable!("a valid name")),
            title: name.into(),
            role,
            specialties: Vec::new(),
            installed: name != "gone",
            install: None,
            model: None,
            program: String::new(),
            gateways: Vec::new(),
        }
    }

    #[test]
    fn nobody_plans_because_of_a_place_in_the_alphabet() {
        let specialists = |names: &[&str]| -> Result<String, String> {
            let cards: Vec<AgentItem> = names.iter().map(|name| agent(name, AgentRole::Specialist)).collect();
            own_choice(&cards)
                .map(|id| id.to_string())
                .map_err(|error| format!("{error:?}"))
        };
        assert_eq!(specialists(&["cat", "scripted"]).as_deref(), Ok("scripted"));
        assert_eq!(specialists(&["cat", "codex", "gone"]).as_deref(), Ok("codex"));
        assert_eq!(specialists(&["cat", "gone"]).as_deref(), Ok("cat"));
        let refused = specialists(&["cat", "dog"]).err().unwrap_or_default();
        assert!(
            refused.contains("cat, dog; choose one with `--planner NAME`"),
            "{refused}"
        );
        let planner = [agent("cat", AgentRole::Specialist), agent("dog", AgentRole::Planner)];
        assert_eq!(
            own_choice(&planner).ok().map(|id| id.to_string()).as_deref(),
            Some("dog")
        );
    }
}
