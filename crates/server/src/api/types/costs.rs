//! What agents have spent.

use serde::{Deserialize, Serialize};
use team6_core::budget::Amount;
use team6_core::ids::{SprintId, TaskId};
use team6_core::trace::Usage;
use utoipa::ToSchema;

use super::Spending;

/// By what costs are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostBy {
    /// By sprint, newest first.
    Sprint,
    /// By task, dearest first; what planning costs stands by itself.
    Task,
    /// By agent, dearest first.
    Agent,
    /// By the model of the agent as it is configured now, dearest first.
    Model,
    /// By the day on which attempts began, by UTC, newest first.
    Day,
}

/// What attempts that have something in common have spent together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostItem {
    /// What they have in common: a number, a name, or a day such as `2026-11-26`.
    pub key: String,
    /// The title of the sprint or the task.
    pub title: Option<String>,
    /// The sprint, by sprint and task.
    pub sprint: Option<SprintId>,
    /// The task, by task; none for planning.
    pub task: Option<TaskId>,
    /// How many attempts there were.
    pub attempts: u32,
    /// Tokens and cost.
    pub usage: Usage,
    /// Milliseconds of agents at work.
    pub time_ms: u64,
    /// What it may spend and has, by sprint and task.
    pub spending: Option<Spending>,
}

impl CostItem {
    /// Nothing yet.
    pub(crate) fn new(key: String) -> Self {
        Self {
            key,
            title: None,
            sprint: None,
            task: None,
            attempts: 0,
            usage: Usage::default(),
            time_ms: 0,
            spending: None,
        }
    }

    /// With one attempt more.
    pub(crate) fn add(&mut self, usage: &Usage, amount: &Amount) {
        self.attempts += 1;
        self.usage.input_tokens = self.usage.input_tokens.saturating_add(usage.input_tokens);
        self.usage.output_tokens = self.usage.output_tokens.saturating_add(usage.output_tokens);
        self.usage.cost_micros = self.usage.cost_micros.saturating_add(usage.cost_micros);
        self.time_ms = self.time_ms.saturating_add(amount.time_ms);
    }
}
