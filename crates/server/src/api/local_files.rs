//! Local files: what workspaces of a repository get and no repository holds.
//!
//! Their content comes in and never goes out again by this way, and no answer, event or error holds any of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use team6_core::ids::{ProjectId, RepositoryId};
use team6_core::local_path::LocalPath;
use team6_core::project::{LocalFile, Project, ProjectCommand, ProjectRefusal, decide};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Caller, Path, PersonHeader, Query};
use super::types::{LocalFileItem, Page};
use crate::engine::EngineError;
use crate::local_files::{LARGEST, LocalFileError};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_local_files, put_local_file, remove_local_file))
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Its path, from the top of the repository.
    #[param(value_type = String)]
    path: LocalPath,
}

/// Lists the local files of a repository, without their contents.
#[utoipa::path(get, path = "/projects/{project}/repositories/{repository}/local-files", tag = "projects",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path)),
    responses((status = OK, body = Page<LocalFileItem>)))]
async fn list_local_files(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
) -> Answer<Page<LocalFileItem>> {
    let project = api.engine.project(&project).await?;
    if !project.repositories.contains_key(&repository) {
        return Err(EngineError::from(ProjectRefusal::RepositoryMissing { repository }).into());
    }
    Ok(Json(whole(items(&api, &project, &repository))))
}

fn items(api: &ApiState, project: &Project, repository: &RepositoryId) -> Vec<LocalFileItem> {
    let files = project.local_files.get(repository).into_iter().flatten();
    let item = |(path, file): (&LocalPath, &LocalFile)| LocalFileItem {
        path: path.clone(),
        size: file.size,
        by: file.by.clone(),
        at: file.at,
        kept: api.local_files.has(&project.id, repository, path),
    };
    files.map(item).collect()
}

/// Gives the workspaces of a repository a local file, or another content of it. The body is the content.
#[utoipa::path(put, path = "/projects/{project}/repositories/{repository}/local-files", tag = "projects",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path), Which, PersonHeader),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = OK, body = Page<LocalFileItem>)))]
async fn put_local_file(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
    Query(Which { path }): Query<Which>,
    Caller(by): Caller,
    content: Result<Bytes, BytesRejection>,
) -> Answer<Page<LocalFileItem>> {
    let content = match content {
        Ok(content) if content.len() <= LARGEST => content,
        Err(broken) if broken.status() != StatusCode::PAYLOAD_TOO_LARGE => {
            return Err(ApiError::bad("bad-body", broken.body_text()));
        }
        _ => {
            let text = format!("{path} is larger than {} KiB; keep it elsewhere", LARGEST >> 10);
            return Err(ApiError::unusable("local-file-too-large", text));
        }
    };
    // Neither repeats nor removals come in between.
    let _alone = api.connecting().lock().await;
    // Whether it may be given is known before anything is written; the event comes when there is something to tell of.
    let put = ProjectCommand::PutLocalFile {
        repository: repository.clone(),
        path: path.clone(),
        size: content.len() as u64,
        by: by.clone(),
    };
    let known = api.engine.project(&project).await?;
    decide(Some(&known), put.clone()).map_err(EngineError::from)?;
    if api.evidence.tracks(&repository, &path).await? {
        let text = format!(
            "{repository} itself has {path}, which would stay as it is in every workspace; give the file another path, or take \
             {path} out of the repository first (`git rm --cached`)"
        );
        return Err(ApiError::unusable("local-file-tracked", text));
    }
    let (files, at) = (api.local_files.clone(), (project.clone(), repository.clone()));
    blocking(move || files.put(&at.0, &at.1, &path, &content)).await?;
    let project = api.on_project(&project, &by, None, put).await?;
    Ok(Json(whole(items(&api, &project, &repository))))
}

/// Takes a local file away. Workspaces that have it keep it until they are removed.
#[utoipa::path(delete, path = "/projects/{project}/repositories/{repository}/local-files", tag = "projects",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path), Which, PersonHeader),
    responses((status = OK, body = Page<LocalFileItem>)))]
async fn remove_local_file(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
    Query(Which { path }): Query<Which>,
    Caller(by): Caller,
) -> Answer<Page<LocalFileItem>> {
    let _alone = api.connecting().lock().await;
    let remove = ProjectCommand::RemoveLocalFile {
        repository: repository.clone(),
        path: path.clone(),
        by: by.clone(),
    };
    let known = api.engine.project(&project).await?;
    decide(Some(&known), remove.clone()).map_err(EngineError::from)?;
    // The content first: what is said to be gone is gone.
    let (files, at) = (api.local_files.clone(), (project.clone(), repository.clone()));
    blocking(move || files.remove(&at.0, &at.1, &path)).await?;
    let project = api.on_project(&project, &by, None, remove).await?;
    Ok(Json(whole(items(&api, &project, &repository))))
}

async fn blocking(work: impl FnOnce() -> Result<(), LocalFileError> + Send + 'static) -> Result<(), ApiError> {
    const FAILED: (StatusCode, &str) = (StatusCode::INTERNAL_SERVER_ERROR, "local-file-failed");
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::failed(FAILED.0, FAILED.1, &error))?
        .map_err(|error| ApiError::failed(FAILED.0, FAILED.1, &error))
}
