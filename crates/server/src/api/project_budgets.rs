//! What the sprints of a project may spend together, in all and in a day.

use axum::Json;
use axum::extract::State;
use team6_core::budget::Budget;
use team6_core::ids::ProjectId;
use team6_core::ledger::BudgetSpan;
use team6_core::project::ProjectCommand;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::request::{Order, OrderHeaders, Path};
use super::types::{ProjectSpending, Spending};
use crate::engine::EngineError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(show_project_budgets))
        .routes(routes!(set_project_budget))
}

/// Shows what the sprints of a project may spend together, and what they have.
#[utoipa::path(get, path = "/projects/{project}/budgets", tag = "projects", params(("project" = ProjectId, Path)),
    responses((status = OK, body = ProjectSpending)))]
async fn show_project_budgets(State(api): State<ApiState>, Path(project): Path<ProjectId>) -> Answer<ProjectSpending> {
    Ok(Json(spending(&api, &project).await?))
}

/// Sets what the sprints of a project may spend together, in all or in a day; what is left out is not limited. It holds from
/// now on, whatever is configured.
#[utoipa::path(put, path = "/projects/{project}/budgets/{of}", tag = "projects",
    params(("project" = ProjectId, Path), ("of" = BudgetSpan, Path), OrderHeaders), request_body = Budget,
    responses((status = OK, body = ProjectSpending)))]
async fn set_project_budget(
    State(api): State<ApiState>,
    Path((project, of)): Path<(ProjectId, BudgetSpan)>,
    Order { by, key, body, .. }: Order<Budget>,
) -> Answer<ProjectSpending> {
    let set = ProjectCommand::SetBudget {
        of,
        budget: body,
        by: by.clone(),
    };
    api.on_project(&project, &by, key.as_ref(), set).await?;
    Ok(Json(spending(&api, &project).await?))
}

async fn spending(api: &ApiState, project: &ProjectId) -> Result<ProjectSpending, EngineError> {
    let limits = api.engine.project_limits(project).await?;
    let of = async |span, budget| {
        let (spent, reserved) = api.engine.project_spending(project, span).await?;
        Ok::<_, EngineError>(Spending {
            budget,
            spent,
            reserved,
        })
    };
    Ok(ProjectSpending {
        project: of(BudgetSpan::Project, limits.project).await?,
        day: of(BudgetSpan::Day, limits.day).await?,
    })
}
