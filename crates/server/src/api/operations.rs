//! What an operator asks: health, queues, checks, backups.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use team6_queue::queue_name;
use team6_store::{Admin, Finding};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::Order;
use super::types::{BackupReport, BackupRequest, CheckFinding, CheckReport, Health, Page, QueueItem, RebuildReport};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_queues))
        .routes(routes!(check_databases))
        .routes(routes!(rebuild))
        .routes(routes!(back_up))
}

/// Tells whether the server works. It needs no token.
#[utoipa::path(get, path = "/health", tag = "operations", security(()), responses((status = OK, body = Health)))]
pub(super) async fn health(State(api): State<ApiState>) -> Answer<Health> {
    Ok(Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        head: api.store().head().await?,
    }))
}

/// Tells how much there is to do for each project.
#[utoipa::path(get, path = "/queues", tag = "operations", responses((status = OK, body = Page<QueueItem>)))]
async fn list_queues(State(api): State<ApiState>) -> Answer<Page<QueueItem>> {
    let now = api.engine.now();
    let mut items = Vec::new();
    for (id, project) in api.engine.projects().await? {
        let depth = api.queue.depth(&id, now).await?;
        items.push(QueueItem {
            name: queue_name(&id),
            project: id,
            concurrency: project.concurrency,
            due: depth.due,
            delayed: depth.delayed,
            active: depth.active,
            stalled: depth.stalled,
        });
    }
    Ok(Json(whole(items)))
}

/// Checks the databases.
#[utoipa::path(post, path = "/admin/check", tag = "operations", responses((status = OK, body = CheckReport)))]
async fn check_databases(State(api): State<ApiState>) -> Answer<CheckReport> {
    let mut found: Vec<Finding> = api.store().check().await?;
    found.extend(api.traces.check().await?);
    let damage = api.queue.damage().await?;
    found.extend(damage.into_iter().map(|what| api.records.of_queue(what)));
    let findings = found.into_iter().map(|finding| CheckFinding {
        file: finding.file.display().to_string(),
        what: finding.what,
    });
    Ok(Json(CheckReport {
        findings: findings.collect(),
    }))
}

/// Makes all lists anew from the log.
#[utoipa::path(post, path = "/admin/rebuild", tag = "operations", responses((status = OK, body = RebuildReport)))]
async fn rebuild(State(api): State<ApiState>) -> Answer<RebuildReport> {
    let sprints = api.engine.rebuild().await?;
    Ok(Json(RebuildReport { sprints }))
}

/// Copies the log, the traces, the pull requests and what agents delivered into a new folder on the server, while
/// everything goes on.
#[utoipa::path(post, path = "/admin/backup", tag = "operations", request_body = BackupRequest,
    responses((status = OK, body = BackupReport)))]
async fn back_up(State(api): State<ApiState>, order: Order<BackupRequest>) -> Answer<BackupReport> {
    let folder = order.body.folder;
    let target = Path::new(&folder);
    if !target.is_absolute() {
        let text = format!("folder: {folder:?} is not an absolute path; begin it with /");
        return Err(ApiError::unusable("bad-field", text).with("field", "folder"));
    }
    let (log, traces): (&dyn Admin, &dyn Admin) = (api.store().as_ref(), api.traces.as_ref());
    api.records.back_up(&[log, traces], target).await?;
    Ok(Json(BackupReport { folder }))
}
