//! Plans: versions, questions and approval.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use team6_core::ids::{PersonId, PlanVersion, QuestionId, SprintId, StreamVersion, TaskId};
use team6_core::plan::{PlanDiff, SavedPlan, diff};
use team6_core::sprint::{AgentCard, ApprovalFacts, Command, Refusal, Sprint};
use team6_store::TaskFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Nothing, Order, OrderHeaders, Path, Query, expected_version, known_person};
use super::sprints::tagged;
use super::types::{
    AgentRole, AnswerRequest, ApproveRequest, Changed, HandRequest, Page, PlanVersionItem, RestoreRequest,
    SavePlanRequest, SprintItem,
};
use super::{ApiState, views};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_plan_versions))
        .routes(routes!(show_plan_version))
        .routes(routes!(compare_plan_versions))
        .routes(routes!(save_plan))
        .routes(routes!(restore_plan))
        .routes(routes!(answer_question))
        .routes(routes!(skip_question))
        .routes(routes!(hand_question))
        .routes(routes!(approve_plan))
}

/// Lists the versions of a plan, oldest first.
#[utoipa::path(get, path = "/sprints/{sprint}/plans", tag = "plans", params(("sprint" = SprintId, Path)),
    responses((status = OK, body = Page<PlanVersionItem>)))]
async fn list_plan_versions(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
) -> Answer<Page<PlanVersionItem>> {
    let items = |sprint: &Sprint, _| {
        sprint
            .plans
            .iter()
            .map(|saved| views::plan_version(sprint, saved))
            .collect()
    };
    Ok(Json(whole(api.engine.read(sprint, items).await?)))
}

/// Shows one version of a plan.
#[utoipa::path(get, path = "/sprints/{sprint}/plans/{version}", tag = "plans",
    params(("sprint" = SprintId, Path), ("version" = PlanVersion, Path)), responses((status = OK, body = SavedPlan)))]
async fn show_plan_version(
    State(api): State<ApiState>,
    Path((sprint, version)): Path<(SprintId, PlanVersion)>,
) -> Result<Response, ApiError> {
    let saved = api
        .engine
        .read(sprint, |sprint, _| version_of(sprint, version).cloned())
        .await??;
    Ok(tagged(StreamVersion(saved.version.0.into()), saved))
}

fn version_of(sprint: &Sprint, version: PlanVersion) -> Result<&SavedPlan, Refusal> {
    let newest = sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version);
    sprint.plan(version).ok_or(Refusal::NoSuchVersion { version, newest })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DiffQuery {
    /// The old version.
    from: PlanVersion,
    /// The new version; the newest unless given.
    to: Option<PlanVersion>,
}

/// Compares two versions of a plan.
#[utoipa::path(get, path = "/sprints/{sprint}/diff", tag = "plans", params(("sprint" = SprintId, Path), DiffQuery),
    responses((status = OK, body = PlanDiff)))]
async fn compare_plan_versions(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    Query(query): Query<DiffQuery>,
) -> Answer<PlanDiff> {
    let compare = |sprint: &Sprint, _| {
        let newest = sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version);
        let from = version_of(sprint, query.from)?;
        let to = version_of(sprint, query.to.unwrap_or(newest))?;
        Ok::<_, Refusal>(diff(&from.plan, &to.plan))
    };
    Ok(Json(api.engine.read(sprint, compare).await??))
}

/// Saves an edited plan, if nobody else saved one meanwhile.
#[utoipa::path(put, path = "/sprints/{sprint}/plan", tag = "plans",
    params(("sprint" = SprintId, Path), OrderHeaders,
        ("If-Match" = String, Header, description = "The version that the edit began from, such as \"3\"; \"0\" for none")),
    request_body = SavePlanRequest, responses((status = OK, body = Changed<SprintItem>)))]
async fn save_plan(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<SavePlanRequest>,
) -> Answer<Changed<SprintItem>> {
    let base = PlanVersion(expected_version(&order.headers)?);
    let save = |by: PersonId, body: SavePlanRequest| Command::SavePlan {
        by,
        base,
        plan: body.plan,
        note: body.note,
        first_task: TaskId(0),
    };
    api.on_sprint(sprint, order, save)
        .await
        .map_err(ApiError::for_precondition)
}

/// Makes an old version of a plan the newest.
#[utoipa::path(post, path = "/sprints/{sprint}/restore", tag = "plans",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = RestoreRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn restore_plan(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<RestoreRequest>,
) -> Answer<Changed<SprintItem>> {
    let restore = |by: PersonId, body: RestoreRequest| Command::RestorePlan {
        by,
        version: body.version,
    };
    api.on_sprint(sprint, order, restore).await
}

/// Answers a question of the planning agent.
#[utoipa::path(post, path = "/sprints/{sprint}/questions/{question}/answer", tag = "plans",
    params(("sprint" = SprintId, Path), ("question" = QuestionId, Path), OrderHeaders), request_body = AnswerRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn answer_question(
    State(api): State<ApiState>,
    Path((sprint, question)): Path<(SprintId, QuestionId)>,
    order: Order<AnswerRequest>,
) -> Answer<Changed<SprintItem>> {
    let answer = |by: PersonId, body: AnswerRequest| Command::AnswerQuestion {
        by,
        question,
        text: body.text,
    };
    api.on_sprint(sprint, order, answer).await
}

/// Leaves a question to the agent's judgement.
#[utoipa::path(post, path = "/sprints/{sprint}/questions/{question}/skip", tag = "plans",
    params(("sprint" = SprintId, Path), ("question" = QuestionId, Path), OrderHeaders), request_body = Nothing,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn skip_question(
    State(api): State<ApiState>,
    Path((sprint, question)): Path<(SprintId, QuestionId)>,
    order: Order<Nothing>,
) -> Answer<Changed<SprintItem>> {
    api.on_sprint(sprint, order, |by, _| Command::SkipQuestion { by, question })
        .await
}

/// Hands a question to somebody else.
#[utoipa::path(post, path = "/sprints/{sprint}/questions/{question}/hand", tag = "plans",
    params(("sprint" = SprintId, Path), ("question" = QuestionId, Path), OrderHeaders), request_body = HandRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn hand_question(
    State(api): State<ApiState>,
    Path((sprint, question)): Path<(SprintId, QuestionId)>,
    order: Order<HandRequest>,
) -> Answer<Changed<SprintItem>> {
    known_person(&api, &order.body.to)?;
    let hand = |by: PersonId, body: HandRequest| Command::HandQuestion {
        by,
        question,
        to: body.to,
    };
    api.on_sprint(sprint, order, hand).await
}

/// Approves a version of the plan, so that its tasks may run. A refusal gives every reason at once.
#[utoipa::path(post, path = "/sprints/{sprint}/approve", tag = "plans",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = ApproveRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn approve_plan(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<ApproveRequest>,
) -> Answer<Changed<SprintItem>> {
    let facts = approval_facts(&api, sprint, &order.by).await?;
    let approve = |by: PersonId, body: ApproveRequest| Command::Approve {
        by,
        version: body.version,
        facts,
    };
    api.on_sprint(sprint, order, approve).await
}

/// What an approval is checked against: rights, repositories, and the agents with what became of their tasks so far.
async fn approval_facts(api: &ApiState, sprint: SprintId, by: &PersonId) -> Result<ApprovalFacts, ApiError> {
    let project = api.engine.read(sprint, |sprint, _| sprint.project.clone()).await?;
    let repositories: BTreeSet<_> = api.engine.project(&project).await?.repositories.into_keys().collect();
    let cards = api.agents.cards().into_iter();
    let specialists = cards.filter(|card| card.role == AgentRole::Specialist && card.installed);
    let mut agents: Vec<AgentCard> = specialists
        .map(|card| AgentCard {
            id: card.id,
            specialties: card.specialties,
            merged: 0,
            failed: 0,
        })
        .collect();
    let mut filter = TaskFilter {
        project: Some(project),
        states: vec!["done".to_owned(), "failed".to_owned()],
        ..TaskFilter::default()
    };
    loop {
        let rows = api.store().tasks(&filter, 1_000).await?;
        let Some(last) = rows.last() else { break };
        filter.after = Some(last.id);
        for row in &rows {
            let agent = row.body.get("agent").and_then(serde_json::Value::as_str);
            if let Some(card) = agents.iter_mut().find(|card| Some(card.id.as_str()) == agent) {
                let count = if row.state == "done" {
                    &mut card.merged
                } else {
                    &mut card.failed
                };
                *count += 1;
            }
        }
    }
    Ok(ApprovalFacts {
        may_approve: api.people.get(by).is_some_and(|person| person.approves),
        repositories,
        agents,
    })
}
