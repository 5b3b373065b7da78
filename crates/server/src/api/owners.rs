//! Who owns which task, and who could.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use team6_core::ids::{PersonId, SprintId};
use team6_core::owners::{OwnerFacts, suggest};
use team6_core::sprint::{Command, Sprint};
use team6_store::TaskFilter;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::Answer;
use super::error::ApiError;
use super::request::{Order, OrderHeaders, Path, known_person};
use super::types::{Changed, DeputyRequest, OwnerSuggestions, OwnersRequest, SprintItem, SuggestedOwners};
use super::{ApiState, TouchedPaths};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(set_owners))
        .routes(routes!(set_deputy))
        .routes(routes!(suggest_owners))
}

/// Gives tasks their owners.
#[utoipa::path(put, path = "/sprints/{sprint}/owners", tag = "plans",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = OwnersRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn set_owners(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<OwnersRequest>,
) -> Answer<Changed<SprintItem>> {
    order
        .body
        .0
        .values()
        .try_for_each(|person| known_person(&api, person))?;
    let set = |by: PersonId, body: OwnersRequest| Command::SetOwners { by, owners: body.0 };
    api.on_sprint(sprint, order, set).await
}

/// Says who decides for an owner who is away, or that they are back.
#[utoipa::path(put, path = "/sprints/{sprint}/deputies", tag = "plans",
    params(("sprint" = SprintId, Path), OrderHeaders), request_body = DeputyRequest,
    responses((status = OK, body = Changed<SprintItem>)))]
async fn set_deputy(
    State(api): State<ApiState>,
    Path(sprint): Path<SprintId>,
    order: Order<DeputyRequest>,
) -> Answer<Changed<SprintItem>> {
    known_person(&api, &order.body.owner)?;
    order
        .body
        .deputy
        .iter()
        .try_for_each(|person| known_person(&api, person))?;
    let deputy = order.body.deputy.as_ref();
    let may_approve = deputy.is_none_or(|deputy| api.people.get(deputy).is_some_and(|person| person.approves));
    let set = |by: PersonId, DeputyRequest { owner, deputy }| Command::SetDeputy {
        by,
        owner,
        deputy,
        may_approve,
    };
    api.on_sprint(sprint, order, set).await
}

/// Suggests owners for the tasks of a sprint, each with the reason.
#[utoipa::path(get, path = "/sprints/{sprint}/owner-suggestions", tag = "plans",
    params(("sprint" = SprintId, Path)), responses((status = OK, body = OwnerSuggestions)))]
async fn suggest_owners(State(api): State<ApiState>, Path(sprint): Path<SprintId>) -> Answer<OwnerSuggestions> {
    let open = |sprint: &Sprint, _| {
        let tasks = sprint.planned_tasks().filter(|task| !task.work.stage.is_ended());
        let tasks = tasks.map(|task| {
            let place = TouchedPaths {
                repositories: task.planned.repositories.clone(),
                paths: task.planned.paths.clone(),
            };
            let suggested = SuggestedOwners {
                task: task.id,
                title: task.planned.title.clone(),
                owner: task.owner.clone(),
                suggestions: Vec::new(),
            };
            (place, suggested)
        });
        (sprint.project.clone(), tasks.unzip())
    };
    let (project, (places, mut tasks)): (_, (Vec<_>, Vec<SuggestedOwners>)) = api.engine.read(sprint, open).await?;
    let mut facts = api.owners.facts(&project, &places).await.into_iter();
    let loads = loads(&api).await?;
    for task in &mut tasks {
        let known = facts.next().unwrap_or_default();
        task.suggestions = suggest(&with_loads(known, &loads));
    }
    Ok(Json(OwnerSuggestions { tasks }))
}

/// The people of the team with what is known of them; whoever left the team is left out.
fn with_loads(
    mut known: BTreeMap<PersonId, OwnerFacts>,
    loads: &BTreeMap<PersonId, u32>,
) -> BTreeMap<PersonId, OwnerFacts> {
    let people = loads.iter().map(|(person, open_tasks)| {
        let facts = known.remove(person).unwrap_or_default();
        let facts = OwnerFacts {
            open_tasks: *open_tasks,
            ..facts
        };
        (person.clone(), facts)
    });
    people.collect()
}

/// How many tasks that are neither done nor cancelled each person owns.
async fn loads(api: &ApiState) -> Result<BTreeMap<PersonId, u32>, ApiError> {
    let mut loads: BTreeMap<PersonId, u32> = api.people.keys().map(|person| (person.clone(), 0)).collect();
    for (person, load) in &mut loads {
        let mut filter = TaskFilter {
            owner: Some(person.clone()),
            ..TaskFilter::default()
        };
        loop {
            let rows = api.store().tasks(&filter, 1_000).await?;
            let Some(last) = rows.last() else { break };
            filter.after = Some(last.id);
            let open = rows
                .iter()
                .filter(|row| !matches!(row.state.as_str(), "done" | "cancelled" | "given up"))
                .count();
            *load = load.saturating_add(u32::try_from(open).unwrap_or(u32::MAX));
        }
    }
    Ok(loads)
}
