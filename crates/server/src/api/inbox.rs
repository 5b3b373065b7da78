//! What waits for whom, longest waiting first.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::ids::{PersonId, ProjectId, SprintId};
use team6_core::sprint::InboxItem;
use team6_core::time::Timestamp;
use team6_store::{InboxCursor, InboxFilter, InboxRow};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::page;
use super::request::{Limit, Query};
use super::types::{InboxEntry, Page};
use crate::engine::EngineError;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_inbox))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct InboxQuery {
    /// Only what waits for this person.
    person: Option<PersonId>,
    /// Only what belongs to this project.
    project: Option<ProjectId>,
    /// Only what belongs to this sprint.
    sprint: Option<SprintId>,
    /// The `next` of the part before.
    after: Option<String>,
    /// How many, 1 to 1000.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Lists what waits for people, longest waiting first.
#[utoipa::path(get, path = "/inbox", tag = "people", params(InboxQuery),
    responses((status = OK, body = Page<InboxEntry>)))]
async fn list_inbox(State(api): State<ApiState>, Query(query): Query<InboxQuery>) -> Answer<Page<InboxEntry>> {
    let filter = InboxFilter {
        person: query.person,
        project: query.project,
        sprint: query.sprint,
        after: query.after.as_deref().map(cursor).transpose()?,
    };
    let rows = api.store().inbox(&filter, query.limit.0 + 1).await?;
    if rows.is_empty() {
        api.knows_project(filter.project.as_ref()).await?;
        api.knows_sprint(filter.sprint).await?;
        api.knows_person(filter.person.as_ref())?;
    }
    let part = page(rows, query.limit.0, |last| format!("{}.{}", last.since.0, last.key));
    Ok(Json(Page {
        items: part.items.into_iter().map(entry).collect::<Result<_, _>>()?,
        next: part.next,
    }))
}

fn cursor(text: &str) -> Result<InboxCursor, ApiError> {
    let parsed = text.split_once('.').and_then(|(since, key)| {
        let since = Timestamp(since.parse().ok()?);
        Some(InboxCursor {
            since,
            key: key.to_owned(),
        })
    });
    let text = "after: this is no end of a part of the inbox; give the next of the part before";
    parsed.ok_or_else(|| ApiError::bad("bad-query", text))
}

fn entry(row: InboxRow) -> Result<InboxEntry, ApiError> {
    let item: InboxItem = serde_json::from_value(row.body).map_err(|error| EngineError::Unreadable {
        stream: format!("sprint/{}", row.sprint),
        position: 0,
        why: error.to_string(),
    })?;
    Ok(InboxEntry {
        key: item.key,
        person: item.person,
        project: row.project,
        sprint: item.sprint,
        task: item.task,
        kind: row.kind,
        title: item.title,
        why: item.why.into(),
    })
}
