//! What agents have spent, added up by what people ask for, and what is left of budgets.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use team6_core::budget::Amount;
use team6_core::ids::{AgentId, ProjectId, SprintId};
use team6_core::sprint::{Attempt, Sprint, WorkId};
use team6_core::time::Timestamp;
use team6_store::SprintFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::Query;
use super::types::{CostBy, CostItem, Page, Spending};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_costs))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CostQuery {
    /// By what they are added up.
    #[param(inline)]
    by: CostBy,
    /// Only those of this project.
    project: Option<ProjectId>,
    /// Only those of this sprint.
    sprint: Option<SprintId>,
    /// Only those of this agent.
    agent: Option<AgentId>,
    /// Only attempts that began at this time or later.
    since: Option<Timestamp>,
    /// Only attempts that began before this time.
    until: Option<Timestamp>,
}

impl CostQuery {
    fn wants(&self, attempt: &Attempt, began: Timestamp) -> bool {
        self.agent.as_ref().is_none_or(|agent| *agent == attempt.agent)
            && self.since.is_none_or(|since| began >= since)
            && self.until.is_none_or(|until| began < until)
    }
}

/// Adds up what agents have spent.
#[utoipa::path(get, path = "/costs", tag = "operations", params(CostQuery), responses((status = OK, body = Page<CostItem>)))]
async fn list_costs(State(api): State<ApiState>, Query(query): Query<CostQuery>) -> Answer<Page<CostItem>> {
    let now = api.engine.now();
    let models: BTreeMap<AgentId, String> = api
        .agents
        .cards()
        .into_iter()
        .filter_map(|card| Some((card.id, card.model?)))
        .collect();
    let mut sums = Sums {
        models,
        now,
        items: BTreeMap::new(),
    };
    for id in sprints(&api, &query).await? {
        api.engine.read(id, |sprint, _| sums.add(sprint, &query)).await?;
    }
    Ok(Json(whole(sums.sorted(query.by))))
}

/// The sprints that are asked for.
async fn sprints(api: &ApiState, query: &CostQuery) -> Result<Vec<SprintId>, ApiError> {
    if let Some(sprint) = query.sprint {
        api.knows_sprint(Some(sprint)).await?;
        return Ok(vec![sprint]);
    }
    api.knows_project(query.project.as_ref()).await?;
    let mut filter = SprintFilter {
        project: query.project.clone(),
        ..SprintFilter::default()
    };
    let mut ids = Vec::new();
    loop {
        let rows = api.store().sprints(&filter, 1_000).await?;
        let Some(last) = rows.last() else { return Ok(ids) };
        filter.before = Some(last.id);
        ids.extend(rows.into_iter().map(|row| row.id));
    }
}

struct Sums {
    models: BTreeMap<AgentId, String>,
    now: Timestamp,
    items: BTreeMap<(i64, String), CostItem>,
}

impl Sums {
    fn add(&mut self, sprint: &Sprint, query: &CostQuery) {
        for attempt in &sprint.attempts {
            let Some(started) = &attempt.started else { continue };
            if !query.wants(attempt, started.at) {
                continue;
            }
            let ended = attempt.ended.as_ref().map_or(self.now, |ended| ended.at);
            let amount = Amount::new(&attempt.usage, ended.since(started.at));
            self.item(sprint, attempt, started.at, query.by)
                .add(&attempt.usage, &amount);
        }
    }

    /// The item in which an attempt counts.
    fn item(&mut self, sprint: &Sprint, attempt: &Attempt, began: Timestamp, by: CostBy) -> &mut CostItem {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let key = match (by, attempt.work) {
            (CostBy::Sprint, _) => (-number(sprint.id.0), sprint.id.to_string()),
            (CostBy::Task, WorkId::Task(task)) => (number(task.0), task.to_string()),
            (CostBy::Task, WorkId::Planning) => (-number(sprint.id.0), format!("planning of sprint {}", sprint.id)),
            (CostBy::Agent, _) => (0, attempt.agent.to_string()),
            (CostBy::Model, _) => {
                let model = self.models.get(&attempt.agent);
                (0, model.cloned().unwrap_or_else(|| format!("of {}", attempt.agent)))
            }
            (CostBy::Day, _) => {
                let day = began.0.div_euclid(DAY);
                (-day, date(day))
            }
        };
        self.items.entry(key).or_insert_with_key(|(_, key)| {
            let item = CostItem::new(key.clone());
            match (by, attempt.work) {
                (CostBy::Sprint, _) => CostItem {
                    title: Some(sprint.title().into_owned()),
                    sprint: Some(sprint.id),
                    spending: Some(Spending {
                        budget: sprint.budget,
                        spent: sprint.spent,
                        reserved: sprint.reserved(),
                    }),
                    ..item
                },
                (CostBy::Task, WorkId::Task(id)) => CostItem {
                    title: sprint.tasks.get(&id).map(|task| task.planned.title.clone()),
                    sprint: Some(sprint.id),
                    task: Some(id),
                    spending: sprint.tasks.get(&id).map(|task| Spending {
                        budget: sprint.budget_of(task),
                        spent: sprint.spent_by(id),
                        reserved: sprint.reserved_by(id),
                    }),
                    ..item
                },
                (CostBy::Task, WorkId::Planning) => CostItem {
                    title: Some(sprint.title().into_owned()),
                    sprint: Some(sprint.id),
                    ..item
                },
                _ => item,
            }
        })
    }

    fn sorted(self, by: CostBy) -> Vec<CostItem> {
        let mut items: Vec<CostItem> = self.items.into_values().collect();
        if !matches!(by, CostBy::Sprint | CostBy::Day) {
            let spent = |item: &CostItem| {
                (
                    item.usage.cost_micros,
                    item.usage.input_tokens + item.usage.output_tokens,
                )
            };
            items.sort_by_key(|item| std::cmp::Reverse(spent(item)));
        }
        items
    }
}

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A day since 1970 as people write it.
fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(day.saturating_mul(DAY)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%F").to_string()
}
