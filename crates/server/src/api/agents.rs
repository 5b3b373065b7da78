//! The agents, and whether they can be worked with.

use axum::Json;
use axum::extract::State;
use team6_core::ids::AgentId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::Path;
use super::types::{AgentItem, AgentReport, Page};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_agents))
        .routes(routes!(check_agent))
}

/// Lists the agents that can be given work.
#[utoipa::path(get, path = "/agents", tag = "agents", responses((status = OK, body = Page<AgentItem>)))]
async fn list_agents(State(api): State<ApiState>) -> Json<Page<AgentItem>> {
    Json(whole(api.agents.cards()))
}

/// Starts an agent, opens a session and ends it again, and tells what was found. Nothing is said to its model.
#[utoipa::path(post, path = "/agents/{agent}/check", tag = "agents", params(("agent" = AgentId, Path)),
    responses((status = OK, body = AgentReport)))]
async fn check_agent(State(api): State<ApiState>, Path(agent): Path<AgentId>) -> Answer<AgentReport> {
    let report = api.agents.check(&agent).await;
    let none = || {
        ApiError::missing(
            "no-such-agent",
            format!("there is no agent {agent}; see the list of agents"),
        )
    };
    report.map(Json).ok_or_else(none)
}
