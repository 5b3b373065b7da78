//! The checks of a repository: what the engine runs on each delivery before a person is asked to look.

use axum::Json;
use axum::extract::State;
use team6_core::checks::{Check, Found};
use team6_core::ids::{CheckName, ProjectId, RepositoryId};
use team6_core::project::{Project, ProjectCommand, ProjectRefusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Nothing, Order, OrderHeaders, Path};
use super::types::{AddCheckRequest, AddCheckTogetherRequest, Page};
use crate::engine::EngineError;
use crate::evidence::EvidenceError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_checks, add_check))
        .routes(routes!(remove_check))
        .routes(routes!(find_checks))
        .routes(routes!(list_checks_together, add_check_together))
        .routes(routes!(remove_check_together))
}

/// Lists the checks of a repository, in the order in which they are run.
#[utoipa::path(get, path = "/projects/{project}/repositories/{repository}/checks", tag = "checks",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path)),
    responses((status = OK, body = Page<Check>)))]
async fn list_checks(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
) -> Answer<Page<Check>> {
    let project = known(&api, &project, &repository).await?;
    Ok(Json(of(&project, &repository)))
}

async fn known(api: &ApiState, project: &ProjectId, repository: &RepositoryId) -> Result<Project, ApiError> {
    let project = api.engine.project(project).await?;
    match project.repositories.contains_key(repository) {
        true => Ok(project),
        false => Err(EngineError::from(ProjectRefusal::RepositoryMissing {
            repository: repository.clone(),
        })
        .into()),
    }
}

fn of(project: &Project, repository: &RepositoryId) -> Page<Check> {
    whole(project.checks.get(repository).cloned().unwrap_or_default())
}

/// Has the engine run a command on each delivery to a repository from now on.
#[utoipa::path(post, path = "/projects/{project}/repositories/{repository}/checks", tag = "checks",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path), OrderHeaders),
    request_body = AddCheckRequest, responses((status = OK, body = Page<Check>)))]
async fn add_check(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
    Order { by, key, body, .. }: Order<AddCheckRequest>,
) -> Answer<Page<Check>> {
    let add = ProjectCommand::AddCheck {
        repository: repository.clone(),
        check: body.into(),
        by: by.clone(),
    };
    let project = api.on_project(&project, &by, key.as_ref(), add).await?;
    Ok(Json(of(&project, &repository)))
}

/// Has the engine run it no more. What it said so far stays.
#[utoipa::path(delete, path = "/projects/{project}/repositories/{repository}/checks/{check}", tag = "checks",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path), ("check" = CheckName, Path), OrderHeaders),
    responses((status = OK, body = Page<Check>)))]
async fn remove_check(
    State(api): State<ApiState>,
    Path((project, repository, check)): Path<(ProjectId, RepositoryId, CheckName)>,
    Order { by, key, .. }: Order<Nothing>,
) -> Answer<Page<Check>> {
    let remove = ProjectCommand::RemoveCheck {
        repository: repository.clone(),
        check,
        by: by.clone(),
    };
    let project = api.on_project(&project, &by, key.as_ref(), remove).await?;
    Ok(Json(of(&project, &repository)))
}

/// Finds checks that the files of a repository's target branch speak of, and that it does not have yet. They are
/// proposals: nothing is run before somebody adds them.
#[utoipa::path(get, path = "/projects/{project}/repositories/{repository}/found-checks", tag = "checks",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path)),
    responses((status = OK, body = Page<Found>)))]
async fn find_checks(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
) -> Answer<Page<Found>> {
    let project = known(&api, &project, &repository).await?;
    let mut found = api.evidence.find(&repository).await?;
    let set = project.checks.get(&repository).map(Vec::as_slice).unwrap_or_default();
    found.retain(|one| !set.iter().any(|check| check.command == one.check.command));
    Ok(Json(whole(found)))
}

/// Lists the checks that are run over all repositories of a task together.
#[utoipa::path(get, path = "/projects/{project}/checks", tag = "checks", params(("project" = ProjectId, Path)),
    responses((status = OK, body = Page<Check>)))]
async fn list_checks_together(State(api): State<ApiState>, Path(project): Path<ProjectId>) -> Answer<Page<Check>> {
    Ok(Json(whole(api.engine.project(&project).await?.together)))
}

/// Has the engine run a command over all repositories of each task that has certain ones, from now on.
#[utoipa::path(post, path = "/projects/{project}/checks", tag = "checks",
    params(("project" = ProjectId, Path), OrderHeaders),
    request_body = AddCheckTogetherRequest, responses((status = OK, body = Page<Check>)))]
async fn add_check_together(
    State(api): State<ApiState>,
    Path(project): Path<ProjectId>,
    Order { by, key, body, .. }: Order<AddCheckTogetherRequest>,
) -> Answer<Page<Check>> {
    let add = ProjectCommand::AddCheckTogether {
        check: body.into(),
        by: by.clone(),
    };
    let project = api.on_project(&project, &by, key.as_ref(), add).await?;
    Ok(Json(whole(project.together)))
}

/// Has the engine run it no more. What it said so far stays.
#[utoipa::path(delete, path = "/projects/{project}/checks/{check}", tag = "checks",
    params(("project" = ProjectId, Path), ("check" = CheckName, Path), OrderHeaders),
    responses((status = OK, body = Page<Check>)))]
async fn remove_check_together(
    State(api): State<ApiState>,
    Path((project, check)): Path<(ProjectId, CheckName)>,
    Order { by, key, .. }: Order<Nothing>,
) -> Answer<Page<Check>> {
    let remove = ProjectCommand::RemoveCheckTogether { check, by: by.clone() };
    let project = api.on_project(&project, &by, key.as_ref(), remove).await?;
    Ok(Json(whole(project.together)))
}

impl From<EvidenceError> for ApiError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Forge(error) => error.into(),
            error => Self::failed(axum::http::StatusCode::BAD_GATEWAY, "repository-unreadable", &error),
        }
    }
}
