//! What a project has learnt: listed, searched and corrected by people.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use team6_core::ids::{MemoryId, PersonId, ProjectId, RepositoryId, TaskId};
use team6_core::memory::{Kind, Memory, MemoryCommand, MemoryRefusal, Scope, Source, words_of_question};
use team6_store::{MemoryFilter, MemoryRow};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::{page, whole};
use super::request::{Key, Limit, Nothing, Order, OrderHeaders, Path, Query};
use super::types::{EditMemoryRequest, Page, RememberRequest, RetireMemoryRequest, ToldMemories, ToldMemory};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_memories, remember))
        .routes(routes!(show_memory, edit_memory))
        .routes(routes!(pin_memory))
        .routes(routes!(unpin_memory))
        .routes(routes!(retire_memory))
        .routes(routes!(restore_memory))
        .routes(routes!(accept_memory))
}

/// Which memories are wanted, by whether they count.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    /// Those that attempts may be told.
    #[default]
    Active,
    /// Those that wait for a person to accept them.
    Candidate,
    /// Those whose place another one took.
    Superseded,
    /// Those that a person took out.
    Retired,
    /// All of them.
    Any,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MemoriesQuery {
    /// Only those that share words with this, the best first; then the list has one part.
    q: Option<String>,
    /// Which, by whether they count; the active ones unless given.
    #[serde(default)]
    #[param(value_type = Option<Wanted>, inline)]
    state: Wanted,
    /// Only those of this kind.
    kind: Option<Kind>,
    /// Only those that hold in this repository.
    repository: Option<RepositoryId>,
    /// The `next` of the part before: the number of its last memory.
    after: Option<MemoryId>,
    /// How many, 1 to 1000.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
}

/// Lists what a project's memory holds, by number, or searches it.
#[utoipa::path(get, path = "/projects/{project}/memories", tag = "memories",
    params(("project" = ProjectId, Path), MemoriesQuery), responses((status = OK, body = Page<Memory>)))]
async fn list_memories(
    State(api): State<ApiState>,
    Path(project): Path<ProjectId>,
    Query(query): Query<MemoriesQuery>,
) -> Answer<Page<Memory>> {
    api.knows_project(Some(&project)).await?;
    let state = match query.state {
        Wanted::Active => Some("active"),
        Wanted::Candidate => Some("candidate"),
        Wanted::Superseded => Some("superseded"),
        Wanted::Retired => Some("retired"),
        Wanted::Any => None,
    };
    let filter = MemoryFilter {
        project,
        states: state.into_iter().map(str::to_owned).collect(),
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        repository: query.repository,
    };
    let Limit(limit) = query.limit;
    if let Some(question) = query.q {
        let words = words_of_question(&question, "");
        let found = api.store().search_memories(&filter, &words, limit).await?;
        let found = found.into_iter().map(|found| read(found.row));
        return Ok(Json(whole(found.collect::<Result<_, _>>()?)));
    }
    let rows = api
        .store()
        .memories(&filter, query.after, limit.saturating_add(1))
        .await?;
    let items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(page(items, limit, |last| last.id.to_string())))
}

/// Shows a memory.
#[utoipa::path(get, path = "/projects/{project}/memories/{memory}", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path)), responses((status = OK, body = Memory)))]
async fn show_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
) -> Answer<Memory> {
    api.memory(&project, memory).await.map(Json)
}

/// Keeps something that a person knows. What is known already gains the evidence instead, and is answered with 200.
#[utoipa::path(post, path = "/projects/{project}/memories", tag = "memories",
    params(("project" = ProjectId, Path), OrderHeaders), request_body = RememberRequest,
    responses((status = CREATED, body = Memory), (status = OK, body = Memory)))]
async fn remember(
    State(api): State<ApiState>,
    Path(project): Path<ProjectId>,
    order: Order<RememberRequest>,
) -> Result<(StatusCode, Json<Memory>), ApiError> {
    let Order { by, body, key, .. } = order;
    api.has_repository(&project, Some(&body.scope)).await?;
    let before = api.was_carried_out(key.as_ref()).await?.is_some();
    let answer = key
        .filter(|_| !before)
        .map(|key| key.answer(json!({ "project": project })));
    let command = MemoryCommand::Remember {
        kind: body.kind,
        text: body.text,
        scope: body.scope,
        evidence: body.evidence,
        // Sent again, it finds what it made, and what it superseded is superseded.
        supersedes: body.supersedes.filter(|_| !before),
        source: Source::Person { by: by.clone() },
    };
    let done = api.engine.change_memory(&project, command, by.as_str(), answer).await?;
    let new = done.events.iter().any(|event| event.kind() == "memory_remembered");
    let status = if new || before {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let memory = done
        .memory
        .ok_or_else(|| ApiError::bad("nothing-kept", "nothing was kept; ask again"))?;
    Ok((status, Json(memory)))
}

/// Puts a memory in other words, or elsewhere; what is not given stays.
#[utoipa::path(patch, path = "/projects/{project}/memories/{memory}", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders), request_body = EditMemoryRequest,
    responses((status = OK, body = Memory)))]
async fn edit_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<EditMemoryRequest>,
) -> Answer<Memory> {
    api.has_repository(&project, order.body.scope.as_ref()).await?;
    let edit = |by: PersonId, body: EditMemoryRequest| MemoryCommand::Edit {
        memory,
        kind: body.kind,
        text: body.text,
        scope: body.scope,
        by,
    };
    api.on_memory(&project, memory, order, edit).await
}

/// Has a memory told before all others.
#[utoipa::path(post, path = "/projects/{project}/memories/{memory}/pin", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders),
    responses((status = OK, body = Memory)))]
async fn pin_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<Nothing>,
) -> Answer<Memory> {
    let pin = |by, _| MemoryCommand::Pin { memory, by };
    api.on_memory(&project, memory, order, pin).await
}

/// Has a memory told in its turn.
#[utoipa::path(post, path = "/projects/{project}/memories/{memory}/unpin", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders),
    responses((status = OK, body = Memory)))]
async fn unpin_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<Nothing>,
) -> Answer<Memory> {
    let unpin = |by, _| MemoryCommand::Unpin { memory, by };
    api.on_memory(&project, memory, order, unpin).await
}

/// Takes a memory out. It can be restored.
#[utoipa::path(post, path = "/projects/{project}/memories/{memory}/retire", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders), request_body = RetireMemoryRequest,
    responses((status = OK, body = Memory)))]
async fn retire_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<RetireMemoryRequest>,
) -> Answer<Memory> {
    let retire = |by, body: RetireMemoryRequest| MemoryCommand::Retire {
        memory,
        why: body.why,
        by,
    };
    api.on_memory(&project, memory, order, retire).await
}

/// Takes a memory in again that was retired or superseded.
#[utoipa::path(post, path = "/projects/{project}/memories/{memory}/restore", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders),
    responses((status = OK, body = Memory)))]
async fn restore_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<Nothing>,
) -> Answer<Memory> {
    let restore = |by, _| MemoryCommand::Restore { memory, by };
    api.on_memory(&project, memory, order, restore).await
}

/// Takes a candidate, which counts from then on.
#[utoipa::path(post, path = "/projects/{project}/memories/{memory}/accept", tag = "memories",
    params(("project" = ProjectId, Path), ("memory" = MemoryId, Path), OrderHeaders),
    responses((status = OK, body = Memory)))]
async fn accept_memory(
    State(api): State<ApiState>,
    Path((project, memory)): Path<(ProjectId, MemoryId)>,
    order: Order<Nothing>,
) -> Answer<Memory> {
    let accept = |by, _| MemoryCommand::Accept { memory, by };
    api.on_memory(&project, memory, order, accept).await
}

impl ApiState {
    async fn memory(&self, project: &ProjectId, memory: MemoryId) -> Result<Memory, ApiError> {
        self.knows_project(Some(project)).await?;
        match self.store().memory(project, memory).await? {
            Some(row) => read(row),
            None => Err(crate::engine::EngineError::from(MemoryRefusal::NoSuchMemory { memory }).into()),
        }
    }

    /// Carries out an order on a memory, unless it was carried out before, and shows the memory.
    async fn on_memory<T>(
        &self,
        project: &ProjectId,
        memory: MemoryId,
        order: Order<T>,
        command: impl FnOnce(PersonId, T) -> MemoryCommand,
    ) -> Answer<Memory> {
        let Order { by, body, key, .. } = order;
        if self.was_carried_out(key.as_ref()).await?.is_none() {
            let answer = key.as_ref().map(|key: &Key| key.answer(json!({ "memory": memory })));
            let done = self
                .engine
                .change_memory(project, command(by.clone(), body), by.as_str(), answer);
            // The same order may have come through at the same time, and be what now stands in its own way.
            if let Err(error) = done.await
                && self.was_carried_out(key.as_ref()).await?.is_none()
            {
                return Err(error.into());
            }
        }
        self.memory(project, memory).await.map(Json)
    }

    /// Refuses a place in a repository that the project does not have.
    async fn has_repository(&self, project: &ProjectId, scope: Option<&Scope>) -> Result<(), ApiError> {
        let known = self.engine.project(project).await?.repositories;
        match scope
            .and_then(Scope::repository)
            .filter(|repository| !known.contains_key(*repository))
        {
            None => Ok(()),
            Some(repository) => {
                let names: Vec<&str> = known.keys().map(RepositoryId::as_str).collect();
                let text = format!(
                    "project {project} has no repository {repository}; it has: {}",
                    names.join(", ")
                );
                Err(ApiError::unusable("no-such-repository", text).with("repository", repository))
            }
        }
    }
}

/// What the attempts of a task were told of the memory, as it is now.
pub(super) async fn told(api: &ApiState, project: &ProjectId, task: TaskId) -> Result<Vec<ToldMemories>, ApiError> {
    let given = api.store().given_to(task).await?;
    let ids: BTreeSet<MemoryId> = given.iter().flat_map(|given| given.memories.iter().copied()).collect();
    let mut known = BTreeMap::new();
    for id in ids {
        if let Some(row) = api.store().memory(project, id).await? {
            let memory = read(row)?;
            let told = ToldMemory {
                id,
                kind: memory.kind,
                text: memory.text,
                state: memory.state.as_str().to_owned(),
            };
            known.insert(id, told);
        }
    }
    let told = given.into_iter().map(|given| ToldMemories {
        attempt: given.attempt,
        at: given.at,
        memories: given.memories.iter().filter_map(|id| known.get(id)).cloned().collect(),
    });
    Ok(told.collect())
}

fn read(row: MemoryRow) -> Result<Memory, ApiError> {
    serde_json::from_value(row.body).map_err(|error| {
        tracing::error!(memory = %row.id, project = %row.project, %error, "a memory cannot be read");
        let text = format!("memory {} cannot be read; run `team6 admin rebuild`", row.id);
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable-memory", text)
    })
}
